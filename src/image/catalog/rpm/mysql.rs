//! `mysql`: on Oracle Linux.

use super::{install, store, texts, versions};
use crate::fs::Tree;
use crate::image::Image;
use crate::image::catalog::recipe::Recipe;
use crate::image::catalog::sketch::Sketch;
use crate::image::catalog::{self, shared};
use std::sync::Arc;

/// 2023-12-18, MySQL 8.0.35.
const CREATED: i64 = 1_702_921_500;

pub(in crate::image::catalog) fn image() -> Arc<Image> {
    let base = catalog::image("oraclelinux:8-slim").unwrap_or_else(|| super::ORACLE_8.image());
    let mut recipe = Recipe::from(&base, CREATED);
    let run = "set -eux; \tgroupadd --system --gid 999 mysql; \tuseradd --system --uid 999 --gid 999 --home-dir /var/lib/mysql \
        --no-create-home mysql";
    recipe.run(run, "RUN add mysql", "mysql/user", || {
        let mut s = Sketch::new("mysql", CREATED);
        let passwd = [texts::PASSWD, "mysql:x:999:999::/var/lib/mysql:/bin/bash\n"].concat();
        let group = [texts::GROUP, "mysql:x:999:\n"].concat();
        s.text("/etc/passwd", &passwd).text("/etc/group", &group);
        s.text_of("/etc/shadow", 0, 0, &texts::locked(&passwd, "19700:0:99999:7:::"));
        s.text_of("/etc/gshadow", 0, 0, &texts::locked(&group, ":"));
        s.done()
    });
    recipe.env("GOSU_VERSION", "1.16");
    recipe.run(RUN_GOSU, "RUN install gosu", "mysql/gosu", || {
        let mut s = Sketch::new("mysql", CREATED);
        shared::gosu(&mut s, true);
        s.done()
    });
    let run = "set -eux; \tmicrodnf install -y \t\tbzip2 \t\tgzip \t\topenssl \t\txz \t\tzstd \t\tfindutils \t; \tmicrodnf clean all";
    recipe.run(run, "RUN microdnf tools", "mysql/tools", || {
        let mut s = Sketch::new("mysql", CREATED);
        install(&mut s, versions::ORACLE_8, versions::MYSQL_TOOLS);
        s.done()
    });
    recipe.run(RUN_KEY, "RUN import key", "mysql/key", || {
        let mut s = Sketch::new("mysql", CREATED);
        s.described("/etc/pki/rpm-gpg/RPM-GPG-KEY-mysql", 3_106, 0o644);
        s.done()
    });
    recipe.env("MYSQL_MAJOR", "8.0").env("MYSQL_VERSION", "8.0.35-1.el8");
    repository(&mut recipe, "server-minimal", "mysql8.0-server-minimal", "minimal");
    recipe.run(RUN_SERVER, "RUN install mysql", "mysql/server", server);
    repository(&mut recipe, "tools", "mysql-tools-community", "tools");
    recipe.env("MYSQL_SHELL_VERSION", "8.0.35-1.el8");
    recipe.run(RUN_SHELL, "RUN install mysqlsh", "mysql/shell", shell);
    recipe.volume("/var/lib/mysql");
    recipe.copy("docker-entrypoint.sh /usr/local/bin/", "COPY entrypoint", "mysql/entrypoint", || {
        let mut s = Sketch::new("mysql", CREATED);
        s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 14_080);
        s.done()
    });
    let run = "ln -s usr/local/bin/docker-entrypoint.sh /entrypoint.sh # backwards compat";
    recipe.run(run, "RUN ln", "mysql/ln", || {
        let mut s = Sketch::new("mysql", CREATED);
        s.link("/entrypoint.sh", "usr/local/bin/docker-entrypoint.sh");
        s.done()
    });
    recipe.entrypoint(&["docker-entrypoint.sh"]).expose("3306/tcp 33060/tcp").cmd(&["mysqld"]);
    recipe.finish()
}

const RUN_GOSU: &str = "set -eux; \tcurl -fL -o /usr/local/bin/gosu \
    \"https://github.com/tianon/gosu/releases/download/$GOSU_VERSION/gosu-amd64\"; \tchmod +x /usr/local/bin/gosu; \
    \tgosu --version; \tgosu nobody true";
const RUN_KEY: &str = "set -eux; \tkey='859BE8D7C586F538430B19C2467B942D3A79BD29'; \texport GNUPGHOME=\"$(mktemp -d)\"; \
    \tgpg --batch --keyserver keyserver.ubuntu.com --recv-keys \"$key\"; \
    \tgpg --batch --export --armor \"$key\" > /etc/pki/rpm-gpg/RPM-GPG-KEY-mysql; \trm -rf \"$GNUPGHOME\"";
const RUN_SERVER: &str = "set -eux; \tmicrodnf install -y \"mysql-community-server-minimal-$MYSQL_VERSION\"; \tmicrodnf clean all; \
    \tsed -i 's!^socket=.*!socket=/var/run/mysqld/mysqld.sock!' /etc/my.cnf; \tmkdir -p /etc/mysql/conf.d; \
    \tmkdir -p /var/lib/mysql /var/run/mysqld; \tchown mysql:mysql /var/lib/mysql /var/run/mysqld; \
    \tchmod 1777 /var/lib/mysql /var/run/mysqld; \tmkdir /docker-entrypoint-initdb.d; \tmysqld --version; \tmysql --version";
const RUN_SHELL: &str = "set -eux; \tmicrodnf install -y \"mysql-shell-$MYSQL_SHELL_VERSION\"; \tmicrodnf clean all; \tmysqlsh --version";

fn repository(recipe: &mut Recipe, what: &'static str, name: &'static str, file: &'static str) {
    let run =
        format!("set -eu; \t{{ \t\techo '[{name}]'; \t}} | tee /etc/yum.repos.d/mysql-community-{file}.repo");
    recipe.run(&run, "RUN repository", &format!("mysql/repository/{file}"), move || {
        let mut s = Sketch::new("mysql", CREATED);
        let text = format!(
            "[{name}]\nname=MySQL {what}\nenabled=1\nbaseurl=https://repo.mysql.com/yum/{name}/el/8/$basearch/\ngpgcheck=1\n\
             gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-mysql\nmodule_hotfixes=true\n"
        );
        s.text(&format!("/etc/yum.repos.d/mysql-community-{file}.repo"), &text);
        s.done()
    });
}

/// The database with what a layer adds to the tools.
fn database(s: &mut Sketch, more: &[(&str, &[String])]) {
    let mut below = Sketch::new("mysql", CREATED);
    install(&mut below, &[versions::ORACLE_8, versions::MYSQL_TOOLS, "libaio=0.3.112-1.el8"].join(" "), "");
    let mut lines: Vec<String> =
        below.read("/var/lib/rpm/rpmdb.sqlite").lines().map(|line| format!("{line}\n")).collect();
    for (name, files) in more {
        lines.push(format!("{name}\t8.0.35-1.el8\tx86_64\tuser\t\t{}\n", files.join(",")));
    }
    store(s, lines);
}

const PROGRAMS: &str = "mysqld mysql mysqladmin mysqldump mysql_config_editor mysql_ssl_rsa_setup mysql_tzinfo_to_sql mysql_upgrade \
    mysqlpump mysqlcheck mysqlimport mysqlshow mysqlslap my_print_defaults mysql_migrate_keyring mysqldumpslow mysql_secure_installation \
    mysqlbinlog mysqld_safe ibd2sdi innochecksum lz4_decompress perror zlib_decompress";
const LANGUAGES: &str = "bulgarian czech danish dutch english estonian french german greek hungarian italian japanese korean norwegian \
    norwegian-ny polish portuguese romanian russian serbian slovak spanish swedish ukrainian";
const CHARSETS: &str = "Index armscii8 ascii cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r \
    koi8u latin1 latin2 latin5 latin7 macce macroman swe7";
const PLUGINS: &str = "adt_null auth_socket authentication_oci_client component_audit_api_message_emit component_keyring_file \
    component_log_filter_dragnet component_log_sink_json component_log_sink_syseventlog component_mysqlbackup component_query_attributes \
    component_reference_cache component_validate_password conflicting_variables connection_control ddl_rewriter group_replication \
    ha_example ha_mock keyring_file keyring_udf locking_service mypluglib mysql_clone mysql_no_login rewrite_example rewriter semisync_master \
    semisync_replica semisync_slave semisync_source validate_password version_token";

fn server_files() -> Vec<String> {
    let each = |names: &str, dir: &str, end: &str| -> Vec<String> {
        names.split_whitespace().map(|name| format!("{dir}/{name}{end}")).collect()
    };
    let programs = PROGRAMS.split_whitespace().map(|name| {
        if name == "mysqld" { "/usr/sbin/mysqld".to_owned() } else { format!("/usr/bin/{name}") }
    });
    let errors = LANGUAGES.split_whitespace().map(|name| format!("/usr/share/mysql-8.0/{name}/errmsg.sys"));
    let mut files: Vec<String> = programs.chain(errors).collect();
    files.extend(each(CHARSETS, "/usr/share/mysql-8.0/charsets", ".xml"));
    files.extend(each(PLUGINS, "/usr/lib64/mysql/plugin", ".so"));
    files
}

fn server() -> Tree {
    let mut s = Sketch::new("mysql", CREATED);
    let files = server_files();
    for path in &files {
        let name = path.rsplit('/').next().unwrap_or_default();
        if path.contains("bin/") {
            s.program(path, name, if name == "mysqld" { 66_000_000 } else { 7_200_000 });
        } else {
            s.described(
                path,
                if name.ends_with(".so") { 250_000 } else { 60_000 },
                if name.ends_with(".so") { 0o755 } else { 0o644 },
            );
        }
    }
    install(&mut s, "", "libaio=0.3.112-1.el8");
    database(&mut s, &[("mysql-community-server-minimal", &files)]);
    s.text("/etc/my.cnf", CNF).dirs(0o755, "/etc/mysql/conf.d /docker-entrypoint-initdb.d");
    s.dir_of("/var/lib/mysql", 0o1777, 999, 999).dir_of("/run/mysqld", 0o1777, 999, 999);
    s.dir_of("/var/lib/mysql-files", 0o750, 999, 999).dir_of("/var/lib/mysql-keyring", 0o750, 999, 999);
    s.settle(343_500_000, "/usr/sbin/mysqld");
    s.done()
}

/// The shell for administrators: its size is what is left of the image's, its names are estimated.
fn shell() -> Tree {
    let mut s = Sketch::new("mysql", CREATED);
    let mut files = vec!["/usr/bin/mysqlsh".to_owned()];
    s.program("/usr/bin/mysqlsh", "mysqlsh", 44_000_000);
    let libraries = "libprotobuf.so.24.4.0 libpython3.10.so.1.0 libssh.so.4.9.6 libjitexecutor.so libantlr4-runtime.so.4.10.1 libcurl.so.4.8.0";
    s.spread("/usr/lib/mysqlsh", 96_000_000, libraries);
    files.extend(libraries.split(' ').map(|name| format!("/usr/lib/mysqlsh/{name}")));
    let server = server_files();
    database(&mut s, &[("mysql-community-server-minimal", &server), ("mysql-shell", &files)]);
    s.done()
}

const CNF: &str = "[mysqld]
skip-host-cache
skip-name-resolve
datadir=/var/lib/mysql
socket=/var/run/mysqld/mysqld.sock
secure-file-priv=/var/lib/mysql-files
user=mysql
pid-file=/var/run/mysqld/mysqld.pid

[client]
socket=/var/run/mysqld/mysqld.sock

!includedir /etc/mysql/conf.d/
";

const ENTRYPOINT: &str = "#!/bin/bash
# Makes the database on the first start, then becomes the server.
set -eo pipefail
if [ \"${1:0:1}\" = '-' ]; then
  set -- mysqld \"$@\"
fi
if [ \"$1\" = mysqld ] && [ \"$(id -u)\" = 0 ]; then
  chown mysql /var/lib/mysql /var/run/mysqld
  exec gosu mysql \"$0\" \"$@\"
fi
if [ \"$1\" = mysqld ] && [ ! -d /var/lib/mysql/mysql ]; then
  if [ -z \"$MYSQL_ROOT_PASSWORD$MYSQL_ALLOW_EMPTY_PASSWORD$MYSQL_RANDOM_ROOT_PASSWORD\" ]; then
    echo 'Database is uninitialized and password option is not specified' >&2
    exit 1
  fi
  mysqld --initialize-insecure
fi
exec \"$@\"
";
