//! What Debian's packages bring besides described files: texts, alternatives, users.

/// Text files that packages bring, where students look.
pub(super) fn texts(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "nginx-common" => &[
            ("/etc/nginx/nginx.conf", NGINX_CONF),
            (
                "/etc/nginx/mime.types",
                "types {\n    text/html html htm shtml;\n    text/css css;\n    application/javascript js;\n}\n",
            ),
            ("/etc/nginx/sites-available/default", NGINX_SITE),
            ("/etc/nginx/fastcgi_params", "fastcgi_param  QUERY_STRING       $query_string;\n"),
            (
                "/var/www/html/index.nginx-debian.html",
                "<!DOCTYPE html>\n<title>Welcome to nginx!</title>\n<h1>Welcome to nginx!</h1>\n",
            ),
            ("/etc/default/nginx", "# STOP_SCHEDULE=\"QUIT/5/TERM/5/KILL/5\"\n"),
            ("/etc/logrotate.d/nginx", "/var/log/nginx/*.log {\n\tdaily\n\tmissingok\n}\n"),
        ],
        "ca-certificates" => &[(
            "/etc/ca-certificates.conf",
            "# one certificate a line, below /usr/share/ca-certificates\nmozilla/ISRG_Root_X1.crt\n",
        )],
        "openssh-server" => &[(
            "/etc/ssh/sshd_config",
            "Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server\n",
        )],
        "sudo" => SUDO,
        "supervisor" => &[(
            "/etc/supervisor/supervisord.conf",
            "[supervisord]\nlogfile=/var/log/supervisor/supervisord.log\n",
        )],
        "libpython3.11-stdlib" => &[("/usr/lib/python3.11/EXTERNALLY-MANAGED", MANAGED_BY_APT)],
        _ => &[],
    }
}

/// Who may, and where others are added.
pub(super) const SUDO: &[(&str, &str)] = &[
    (
        "/etc/sudoers",
        "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n\n@includedir /etc/sudoers.d\n",
    ),
    ("/etc/sudoers.d/README", "# Files without a dot in their names are read with /etc/sudoers.\n"),
];

/// What Debian 12 tells users of pip (PEP 668).
const MANAGED_BY_APT: &str = "[externally-managed]
Error=To install Python packages system-wide, try apt install
 python3-xyz, where xyz is the package you are trying to
 install.
 
 If you wish to install a non-Debian-packaged Python package,
 create a virtual environment using python3 -m venv path/to/venv.
 Then use path/to/venv/bin/python and path/to/venv/bin/pip. Make
 sure you have python3-full installed.
 
 If you wish to install a non-Debian packaged Python application,
 it may be easiest to use pipx install xyz, which will manage a
 virtual environment for you. Make sure you have pipx installed.
 
 See /usr/share/doc/python3.11/README.venv for more information.
";

/// What Alpine 3.19 tells users of pip.
pub(super) const MANAGED_BY_APK: &str = "[externally-managed]
Error=The system-wide python installation should be maintained using the system
 package manager (apk) only.
 
 If the package in question is not packaged already (and hence installable via
 \"apk add py3-somepackage\"), please consider installing it inside a virtual
 environment, e.g.:
 
 python3 -m venv /path/to/venv
 . /path/to/venv/bin/activate
 pip install mypackage
 
 To exit the virtual environment, run:
 
 deactivate
 
 The virtual environment is not deleted, and can be re-entered by re-sourcing
 the activate file.
 
 To automatically manage virtual environments, consider using pipx (from the
 pipx package).
";

const NGINX_CONF: &str = "user www-data;
worker_processes auto;
pid /run/nginx.pid;
include /etc/nginx/modules-enabled/*.conf;

events {
\tworker_connections 768;
}

http {
\tsendfile on;
\tinclude /etc/nginx/mime.types;
\tdefault_type application/octet-stream;
\taccess_log /var/log/nginx/access.log;
\terror_log /var/log/nginx/error.log;
\tgzip on;
\tinclude /etc/nginx/conf.d/*.conf;
\tinclude /etc/nginx/sites-enabled/*;
}
";

const NGINX_SITE: &str = "server {
\tlisten 80 default_server;
\tlisten [::]:80 default_server;
\troot /var/www/html;
\tindex index.html index.htm index.nginx-debian.html;
\tserver_name _;
\tlocation / {
\t\ttry_files $uri $uri/ =404;
\t}
}
";

/// Names that maintainer scripts give to a package's program (update-alternatives): the package, the names,
/// and the program. A name's link goes through `/etc/alternatives`.
const ALTERNATIVES: &[(&str, &str, &str)] = &[
    ("vim", "vim vi view ex editor rview rvim vimdiff", "/usr/bin/vim.basic"),
    ("vim-tiny", "vi view ex editor", "/usr/bin/vim.tiny"),
    ("nano", "editor", "/bin/nano"),
    ("netcat-openbsd", "nc netcat", "/bin/nc.openbsd"),
    ("netcat-traditional", "nc netcat", "/bin/nc.traditional"),
    ("gcc", "cc", "/usr/bin/gcc"),
    ("g++", "c++", "/usr/bin/g++"),
    ("gawk", "awk nawk", "/usr/bin/gawk"),
    ("less", "pager", "/usr/bin/less"),
    ("traceroute", "traceroute", "/usr/bin/traceroute.db"),
    ("lua5.3", "lua", "/usr/bin/lua5.3"),
    ("php8.2-cli", "php", "/usr/bin/php8.2"),
    ("php7.4-cli", "php", "/usr/bin/php7.4"),
    ("imagemagick-6.q16", "convert", "/usr/bin/convert-im6.q16"),
    ("imagemagick-6.q16", "identify", "/usr/bin/identify-im6.q16"),
    ("imagemagick-6.q16", "mogrify", "/usr/bin/mogrify-im6.q16"),
    ("openjdk-17-jre-headless", "java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"),
    ("openjdk-17-jre-headless", "keytool", "/usr/lib/jvm/java-17-openjdk-amd64/bin/keytool"),
    ("openjdk-17-jdk-headless", "javac", "/usr/lib/jvm/java-17-openjdk-amd64/bin/javac"),
    ("openjdk-17-jdk-headless", "jar", "/usr/lib/jvm/java-17-openjdk-amd64/bin/jar"),
];

/// Link name and program for each alternative of a package.
pub(super) fn alternatives(package: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = ALTERNATIVES.iter().filter(move |(owner, ..)| *owner == package);
    rows.flat_map(|(_, names, target)| names.split(' ').map(move |name| (name, *target)))
}

/// System users that maintainer scripts make: the package, the user, its home.
const USERS: &[(&str, &str, &str)] = &[
    ("openssh-server", "sshd", "/run/sshd"),
    ("redis-server", "redis", "/var/lib/redis"),
    ("redis-tools", "redis", "/var/lib/redis"),
    ("postgresql-common", "postgres", "/var/lib/postgresql"),
    ("mariadb-server", "mysql", "/nonexistent"),
    ("memcached", "memcache", "/nonexistent"),
    ("haproxy", "haproxy", "/var/lib/haproxy"),
    ("dbus-system-bus-common", "messagebus", "/nonexistent"),
    ("tcpdump", "tcpdump", "/nonexistent"),
    ("nfs-common", "statd", "/var/lib/nfs"),
    ("rpcbind", "_rpc", "/run/rpcbind"),
];

/// User and home that a package makes.
pub(super) fn user(package: &str) -> Option<(&'static str, &'static str)> {
    USERS.iter().find(|(owner, ..)| *owner == package).map(|(_, user, home)| (*user, *home))
}

/// What a package's configuration prints, in the order of the real lines.
pub(super) fn configured(package: &str) -> &'static str {
    match package {
        "ca-certificates" => "Updating certificates in /etc/ssl/certs...\n142 added, 0 removed; done.\n",
        "tzdata" => {
            "\nCurrent default time zone: 'Etc/UTC'\nLocal time is now:      Mon Jan  1 00:00:00 UTC 2024.\n\
             Universal Time is now:  Mon Jan  1 00:00:00 UTC 2024.\n\
             Run 'dpkg-reconfigure tzdata' if you wish to change it.\n\n"
        }
        "locales" => "Generating locales (this might take a while)...\nGeneration complete.\n",
        _ => "",
    }
}

/// The behaviour of a program by its file's name: without version and flavour.
pub(super) fn behaviour(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    match name {
        "cc" => "gcc",
        "nodejs" => "node",
        "pip3" => "pip",
        "vim.basic" | "vim.tiny" => "vim",
        "nc.openbsd" | "nc.traditional" => "nc",
        _ => {
            let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
            match bare.trim_end_matches('-') {
                "python" if name != "python" => "python3",
                "php" => "php",
                "ruby" => "ruby",
                "gem" => "gem",
                "gcc" => "gcc",
                "g++" => "g++",
                "pip" => "pip",
                "perl" => "perl",
                _ => name,
            }
        }
    }
}
