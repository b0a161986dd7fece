//! dpkg's database and the files of packages.

use super::table::{self, Package};
use super::writer;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;

const STATUS: &str = "/var/lib/dpkg/status";

/// An installed package, as the database has it.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    pub name: String,
    pub version: String,
    pub architecture: String,
    pub description: String,
    pub size: String,
    pub configured: bool,
}

/// All installed packages, in the database's order.
pub(super) fn installed(call: &mut Call<'_, '_>) -> Vec<Installed> {
    let status = writer::text(call, STATUS);
    let record = |record: &str| {
        let field = |name: &str| {
            let line = record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or("").to_owned()
        };
        let state = field("Status");
        (state.ends_with(" installed")).then(|| Installed {
            name: field("Package"),
            version: field("Version"),
            architecture: field("Architecture"),
            description: field("Description"),
            size: field("Installed-Size"),
            configured: true,
        })
    };
    status.split("\n\n").filter_map(record).filter(|package| !package.name.is_empty()).collect()
}

/// Text files that packages bring, where students look.
fn texts(name: &str) -> &'static [(&'static str, &'static str)] {
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
        "sudo" => {
            &[("/etc/sudoers", "Defaults\tenv_reset\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n")]
        }
        "supervisor" => &[(
            "/etc/supervisor/supervisord.conf",
            "[supervisord]\nlogfile=/var/log/supervisor/supervisord.log\n",
        )],
        _ => &[],
    }
}

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

/// Names of data files by what a package's name says about it.
fn data(package: &Package) -> (String, Vec<&'static str>) {
    let name = package.name;
    let library = name.starts_with("lib") && !name.ends_with("-dev") && !name.ends_with("-data");
    if library {
        return ("/usr/lib/x86_64-linux-gnu".to_owned(), Vec::new());
    }
    if name.ends_with("-dev") || name.ends_with("-src") {
        return (format!("/usr/include/{name}"), vec!["api.h", "config.h", "types.h", "version.h"]);
    }
    if name.starts_with("fonts-") {
        return (
            format!("/usr/share/fonts/truetype/{name}"),
            vec!["Sans.ttf", "Sans-Bold.ttf", "Mono.ttf", "Serif.ttf"],
        );
    }
    if name.starts_with("python3") {
        return (format!("/usr/lib/python3/dist-packages/{name}"), vec!["__init__.py", "core.py", "util.py"]);
    }
    (format!("/usr/share/{name}"), vec!["data.db", "defaults.conf", "messages.mo", "schema.xml"])
}

/// Writes the files of a package.
pub(super) fn unpack(call: &mut Call<'_, '_>, package: &Package) -> Result<(), Errno> {
    let name = package.name;
    let mut files: Vec<String> = Vec::new();
    let mut left = package.size * 1024;
    for (at, text) in texts(name) {
        writer::file(call, at, Contents::text(text), 0o644)?;
        files.push((*at).to_owned());
        left = left.saturating_sub(text.len() as u64);
    }
    let info = 160 * 12;
    left = left.saturating_sub(info);
    let share = package.programs.len() as u64;
    for program in &package.programs {
        // Programs are most of a package that has any.
        let size = (left * 7 / 10).checked_div(share).unwrap_or(0).clamp(14_000, 20_000_000).min(left);
        let at = format!("/{program}");
        let tag = program.rsplit('/').next().unwrap_or(program);
        let tag = match tag {
            "pip3" => "pip",
            "cc" => "gcc",
            "python3.10" => "python3",
            tag => tag,
        };
        writer::file(call, &at, Contents::of_program(tag, size), 0o755)?;
        files.push(at);
        left = left.saturating_sub(size);
    }
    let (dir, names) = data(package);
    if names.is_empty() {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        let soname = format!("{stem}.so.{}", name.trim_start_matches(stem).trim_start_matches('-'));
        let soname = soname.trim_end_matches('.').to_owned();
        let at = format!("{dir}/{soname}.0");
        writer::described(call, &at, name, left)?;
        writer::link(call, &format!("{dir}/{soname}"), &format!("{soname}.0"))?;
        files.push(at);
        files.push(format!("{dir}/{soname}"));
    } else {
        let count = (left / 120_000).clamp(1, 60);
        files.extend(writer::spread(call, &dir, name, left, count, &names)?);
    }
    if name == "nginx-common" {
        writer::link(call, "/etc/nginx/sites-enabled/default", "/etc/nginx/sites-available/default")?;
        for dir in ["/etc/nginx/conf.d", "/etc/nginx/modules-enabled", "/var/log/nginx", "/var/lib/nginx"] {
            writer::directories(call, dir.as_bytes())?;
        }
    }
    if name == "ca-certificates" {
        writer::described(call, "/etc/ssl/certs/ca-certificates.crt", name, 214_000)?;
    }
    let sums: String = files
        .iter()
        .map(|file| format!("{:032x}  {}\n", writer::weight(file), file.trim_start_matches('/')))
        .collect();
    let list: String = files.iter().map(|file| format!("{file}\n")).collect();
    writer::file(call, &format!("/var/lib/dpkg/info/{name}.list"), Contents::text(&list), 0o644)?;
    writer::file(call, &format!("/var/lib/dpkg/info/{name}.md5sums"), Contents::text(&sums), 0o644)
}

/// Enters packages into the database.
pub(super) fn register(call: &mut Call<'_, '_>, packages: &[&Package]) -> Result<(), Errno> {
    let mut status = writer::text(call, STATUS);
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    status = without(&status, &names);
    for package in packages {
        status.push_str(&format!(
            "Package: {}\nStatus: install ok installed\nPriority: optional\nInstalled-Size: {}\nArchitecture: amd64\nVersion: {}\n{}Description: package {}\n\n",
            package.name,
            package.size,
            package.version,
            if package.depends.is_empty() { String::new() } else { format!("Depends: {}\n", package.depends.join(", ")) },
            package.name
        ));
    }
    writer::file(call, STATUS, Contents::text(&status), 0o644)
}

fn without(status: &str, names: &[&str]) -> String {
    let kept = status.split("\n\n").filter(|record| !record.trim().is_empty()).filter(|record| {
        let name = record.lines().find_map(|line| line.strip_prefix("Package: "));
        !name.is_some_and(|name| names.contains(&name))
    });
    kept.map(|record| format!("{}\n\n", record.trim_start_matches('\n'))).collect()
}

/// Takes packages out of the database.
pub(super) fn unregister(call: &mut Call<'_, '_>, names: &[String]) -> Result<(), Errno> {
    let status = writer::text(call, STATUS);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    writer::file(call, STATUS, Contents::text(&without(&status, &names)), 0o644)
}

/// Removes the files of a package; configuration stays unless it is purged.
pub(super) fn erase(call: &mut Call<'_, '_>, name: &str, purge: bool) -> Result<(), Errno> {
    let info = format!("/var/lib/dpkg/info/{name}.list");
    let list = writer::text(call, &info);
    for file in list.lines().filter(|file| file.starts_with('/')) {
        if file.starts_with("/etc/") && !purge {
            continue;
        }
        match call.m.lstat(file.as_bytes()) {
            Ok(stat) if stat.kind != crate::union::StatKind::Dir => call.m.unlink(file.as_bytes())?,
            _ => {}
        }
        let mut dir = crate::fs::path::parent(file.as_bytes()).to_vec();
        while dir.len() > 5 && call.m.rmdir(&dir).is_ok() {
            dir = crate::fs::path::parent(&dir).to_vec();
        }
    }
    for end in ["list", "md5sums"] {
        let at = format!("/var/lib/dpkg/info/{name}.{end}");
        if call.m.lstat(at.as_bytes()).is_ok() {
            call.m.unlink(at.as_bytes())?;
        }
    }
    Ok(())
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let args = call.args();
    let first = args.first().map_or("", String::as_str);
    let names: Vec<String> = args.iter().skip(1).filter(|word| !word.starts_with('-')).cloned().collect();
    match first {
        "-l" | "--list" => list(call, &names),
        "-s" | "--status" => status(call, &names),
        "-L" | "--listfiles" => files(call, &names),
        "-S" | "--search" => search(call, &names),
        "--print-architecture" => {
            call.out("amd64\n");
            0
        }
        "--version" => {
            call.out("Debian 'dpkg' package management program version 1.21.1 (amd64).\n");
            0
        }
        "--get-selections" => {
            for package in installed(call) {
                call.out(&format!("{:<48}install\n", package.name));
            }
            0
        }
        "-r" | "--remove" | "-P" | "--purge" => {
            for name in &names {
                let gone = erase(call, name, first != "-r")
                    .and_then(|()| unregister(call, std::slice::from_ref(name)));
                if let Err(errno) = gone {
                    return call.fail_errno(name, errno);
                }
            }
            0
        }
        "-i" | "--install" => {
            let missing = names.iter().find(|name| call.m.stat(name.as_bytes()).is_err()).cloned();
            if let Some(name) = missing {
                call.err(&format!(
                    "dpkg: error: cannot access archive '{name}': No such file or directory\n"
                ));
                return 2;
            }
            call.m.not_modelled("dpkg -i")
        }
        "--configure" | "--add-architecture" | "--force-all" => 0,
        _ => {
            call.err("dpkg: error: need an action option\n");
            2
        }
    }
}

fn list(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let patterns: Vec<Pattern> = names.iter().map(|name| Pattern::new(name)).collect();
    let mut packages = installed(call);
    packages.retain(|package| patterns.is_empty() || patterns.iter().any(|p| p.matches_text(&package.name)));
    if packages.is_empty() {
        for name in names {
            call.err(&format!("dpkg-query: no packages found matching {name}\n"));
        }
        return 1;
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    call.out("Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ Name                 Version                  Architecture Description\n+++-====================-========================-============-=================================\n");
    for package in packages {
        call.out(&format!(
            "ii  {:<20} {:<24} {:<12} {}\n",
            package.name, package.version, package.architecture, package.description
        ));
    }
    0
}

fn status(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let text = writer::text(call, STATUS);
    let mut exit = 0;
    for name in names {
        let wanted = format!("Package: {name}");
        match text.split("\n\n").find(|record| record.lines().any(|line| line == wanted)) {
            Some(record) => call.out(&format!("{}\n", record.trim_start_matches('\n'))),
            None => {
                call.err(&format!(
                    "dpkg-query: package '{name}' is not installed and no information is available\n"
                ));
                exit = 1;
            }
        }
    }
    exit
}

fn info_file(call: &mut Call<'_, '_>, name: &str) -> Option<String> {
    [format!("/var/lib/dpkg/info/{name}.list"), format!("/var/lib/dpkg/info/{name}:amd64.list")]
        .into_iter()
        .find(|at| call.m.exists(at.as_bytes()))
}

fn files(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    for name in names {
        let Some(at) = info_file(call, name) else {
            call.err(&format!("dpkg-query: error: package '{name}' is not installed\n"));
            return 1;
        };
        let list = writer::text(call, &at);
        call.out(&format!("/.\n{list}"));
    }
    0
}

fn search(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let mut exit = 1;
    let entries = call.m.readdir(b"/var/lib/dpkg/info").unwrap_or_default();
    for wanted in names {
        let mut found = false;
        for entry in &entries {
            let Some(name) = std::str::from_utf8(entry).ok().and_then(|name| name.strip_suffix(".list"))
            else {
                continue;
            };
            if table::debian().get(name).is_none() {
                continue;
            }
            let list = writer::text(call, &format!("/var/lib/dpkg/info/{name}.list"));
            for file in list.lines().filter(|file| *file == wanted || file.ends_with(&format!("/{wanted}"))) {
                call.out(&format!("{name}: {file}\n"));
                found = true;
            }
        }
        if found {
            exit = 0;
        } else {
            call.err(&format!("dpkg-query: no path found matching pattern *{wanted}*\n"));
        }
    }
    exit
}

/// `dpkg-query -W [-f FORMAT] [name…]` and what `dpkg` hands on to it.
pub(in super::super) fn query(call: &mut Call<'_, '_>) -> i32 {
    let (mut format, mut names, mut show) = ("${Package}\t${Version}\n".to_owned(), Vec::new(), false);
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-W" | "--show" => show = true,
            "-f" | "--showformat" => {
                if let Some(value) = words.next() {
                    format.clone_from(value);
                }
            }
            word => match word
                .strip_prefix("-f=")
                .or_else(|| word.strip_prefix("--showformat="))
                .or_else(|| word.strip_prefix("-f"))
            {
                Some(value) => value.clone_into(&mut format),
                None if word.starts_with('-') => {}
                None => names.push(word.to_owned()),
            },
        }
    }
    if !show {
        return run(call);
    }
    let format = format.replace("\\n", "\n").replace("\\t", "\t");
    let packages = installed(call);
    let mut exit = 0;
    for name in &names {
        if !packages.iter().any(|package| Pattern::new(name).matches_text(&package.name)) {
            call.err(&format!("dpkg-query: no packages found matching {name}\n"));
            exit = 1;
        }
    }
    for package in packages {
        if !names.is_empty() && !names.iter().any(|name| Pattern::new(name).matches_text(&package.name)) {
            continue;
        }
        let state = if package.configured { "install ok installed" } else { "deinstall ok config-files" };
        let line = format
            .replace("${Package}", &package.name)
            .replace("${binary:Package}", &package.name)
            .replace("${Version}", &package.version)
            .replace("${Architecture}", &package.architecture)
            .replace("${Installed-Size}", &package.size)
            .replace("${db:Status-Abbrev}", "ii ")
            .replace("${Status}", state);
        call.out(&line);
    }
    exit
}
