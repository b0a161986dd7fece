//! `mariadb`: on Ubuntu.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::shared;
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of MariaDB: its files are 10.11's in all of them.
pub(super) struct Release {
    version: &'static str,
    /// Bytes of the layer with the server.
    bytes: u64,
}

pub(super) static V11_2: Release = Release { version: "11.2.2", bytes: 308_000_000 };
pub(super) static V10_11: Release = Release { version: "10.11.6", bytes: 306_000_000 };

/// 2023-11-30.
const CREATED: i64 = 1_701_302_400;

pub(super) fn image(mariadb: &'static Release) -> Arc<Image> {
    let base = super::image("ubuntu:22.04").unwrap_or_else(|| debian::JAMMY.image());
    let mut recipe = Recipe::from(&base, CREATED);
    let run = "groupadd -r mysql && useradd -r -g mysql mysql --home-dir /var/lib/mysql";
    recipe.run(run, "RUN add mysql", "mariadb/user", || {
        let mut s = Sketch::new("mariadb", CREATED);
        debian::JAMMY.add_accounts(&mut s, USER, "mysql:x:999:\n");
        s.done()
    });
    recipe.env("GOSU_VERSION", "1.17").meta("ARG GPG_KEYS=177F4010FE56CA3336300305F1656F24C74CD1D8");
    recipe.run(RUN_TOOLS, "RUN install tools", "mariadb/tools", || {
        let mut s = Sketch::new("mariadb", CREATED);
        debian::install(&mut s, &Added { base: &debian::JAMMY, before: "", new: TOOLS });
        shared::gosu(&mut s, true);
        s.described("/etc/apt/trusted.gpg.d/mariadb.gpg", 2_265, 0o644);
        s.done()
    });
    recipe.run("mkdir /docker-entrypoint-initdb.d", "RUN mkdir", "mariadb/initdb", || {
        let mut s = Sketch::new("mariadb", CREATED);
        s.dirs(0o755, "/docker-entrypoint-initdb.d");
        s.done()
    });
    recipe.env("LANG", "C.UTF-8");
    let labels = [
        ("authors", "MariaDB Community"),
        ("base.name", "docker.io/library/ubuntu:jammy"),
        ("licenses", "GPL-2.0"),
        ("title", "MariaDB Database"),
        ("vendor", "MariaDB Community"),
        ("version", mariadb.version),
    ];
    recipe.meta(&format!("LABEL org.opencontainers.image.version={}", mariadb.version));
    recipe.config(|config| {
        for (name, value) in labels {
            config.labels.insert(format!("org.opencontainers.image.{name}"), value.to_owned());
        }
    });
    let package = format!("1:{}+maria~ubu2204", mariadb.version);
    recipe.meta(&format!("ARG MARIADB_VERSION={package}")).env("MARIADB_VERSION", &package);
    let url =
        format!("http://archive.mariadb.org/mariadb-{}/repo/ubuntu/ jammy main main/debug", mariadb.version);
    recipe.meta(&format!("ARG REPOSITORY={url}"));
    recipe.run(RUN_LIST, "RUN sources", &format!("mariadb/{}/sources", mariadb.version), move || {
        let mut s = Sketch::new("mariadb", CREATED);
        s.text("/etc/apt/sources.list.d/mariadb.list", &format!("deb {url}\n"));
        s.text("/etc/apt/preferences.d/mariadb", "Package: *\nPin: release o=MariaDB\nPin-Priority: 999\n");
        s.done()
    });
    recipe.run(
        RUN_SERVER,
        "RUN install mariadb",
        &format!("mariadb/{}/server", mariadb.version),
        move || server(mariadb),
    );
    recipe.volume("/var/lib/mysql");
    recipe.copy(
        "healthcheck.sh /usr/local/bin/healthcheck.sh",
        "COPY healthcheck",
        "mariadb/healthcheck",
        || {
            let mut s = Sketch::new("mariadb", CREATED);
            s.script("/usr/local/bin/healthcheck.sh", HEALTHCHECK, 9_600);
            s.done()
        },
    );
    recipe.copy("docker-entrypoint.sh /usr/local/bin/", "COPY entrypoint", "mariadb/entrypoint", || {
        let mut s = Sketch::new("mariadb", CREATED);
        s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 24_200);
        s.done()
    });
    recipe.entrypoint(&["docker-entrypoint.sh"]).expose("3306/tcp").cmd(&["mariadbd"]);
    recipe.finish()
}

const USER: &str = "mysql:x:999:999::/var/lib/mysql:/bin/sh\n";

const RUN_TOOLS: &str = "set -eux; \tapt-get update; \tDEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    \t\tca-certificates \t\tgpg \t\tgpgv \t\tlibjemalloc2 \t\tpwgen \t\ttzdata \t\txz-utils \t\tzstd ; \
    \twget -q -O /usr/local/bin/gosu \"https://github.com/tianon/gosu/releases/download/$GOSU_VERSION/gosu-$dpkgArch\"; \
    \tgpg --batch --export \"$GPG_KEYS\" > /etc/apt/trusted.gpg.d/mariadb.gpg; \tchmod +x /usr/local/bin/gosu; \tgosu nobody true";
const RUN_LIST: &str = "set -e;\techo \"deb ${REPOSITORY}\" > /etc/apt/sources.list.d/mariadb.list; \
    \t{ \t\techo 'Package: *'; \t\techo 'Pin: release o=MariaDB'; \t\techo 'Pin-Priority: 999'; \t} > /etc/apt/preferences.d/mariadb";
const RUN_SERVER: &str = "set -ex; \tapt-get update; \tapt-get install -y --no-install-recommends \
    mariadb-server=\"$MARIADB_VERSION\" mariadb-backup socat \t; \trm -rf /var/lib/apt/lists/*; \
    \trm -rf /var/lib/mysql /etc/mysql/mariadb.conf.d/50-mysqld_safe.cnf; \tmkdir -p /var/lib/mysql /run/mysqld; \
    \tchown -R mysql:mysql /var/lib/mysql /run/mysqld; \tchmod 1777 /run/mysqld; \
    \tprintf \"[mariadb]\\nhost-cache-size=0\\nskip-name-resolve\\n\" > /etc/mysql/mariadb.conf.d/05-skipcache.cnf";

/// Ubuntu 22.04's versions; the files are those of Debian 12.
const TOOLS: &str = "ca-certificates=20230311ubuntu0.22.04.1 gpg=2.2.27-3ubuntu2.1 gpgconf=2.2.27-3ubuntu2.1 libassuan0=2.5.5-1build1 \
    libjemalloc2=5.2.1-4ubuntu1 libreadline8=8.1.2-1 libsqlite3-0=3.37.2-2ubuntu0.1 openssl=3.0.2-0ubuntu1.12 pwgen=2.08-2build1 \
    readline-common=8.1.2-1 tzdata=2023c-0ubuntu0.22.04.2 xz-utils=5.2.5-2ubuntu1 zstd=1.4.8+dfsg-3build1";
const SERVER: &str = "galera-4=26.4.16-ubu2204 gawk=1:5.1.0-1ubuntu0.1 iproute2=5.15.0-1ubuntu2 libbpf1 libcap2-bin=1:2.44-1ubuntu0.22.04.1 \
    libconfig-inifiles-perl=3.000003-1 libdbd-mariadb-perl=1.21-3ubuntu2 libdbi-perl=1.643-3build3 libelf1=0.186-1build1 \
    libgdbm-compat4=1.23-1 libgdbm6=1.23-1 libmnl0=1.0.4-3build2 libperl5.36 libpopt0=1.18-3build1 libsigsegv2=2.13-1ubuntu3 \
    libsnappy1v5=1.1.8-1build3 liburing2=2.1-2build1 libwrap0=7.6.q-31build2 libxtables12=1.8.7-1ubuntu5.1 lsof=4.93.2+dfsg-1.1build2 \
    perl perl-modules-5.36 psmisc=23.4-2build3 rsync=3.2.7-0ubuntu0.22.04.2 socat=1.7.4.1-3ubuntu4";
const OWN: &str = "libmariadb3 mariadb-backup mariadb-client mariadb-client-core mariadb-common mariadb-server mariadb-server-core mysql-common";

fn server(mariadb: &Release) -> Tree {
    let mut s = Sketch::new("mariadb", CREATED);
    let own: String =
        OWN.split(' ').map(|name| format!(" {name}=1:{}+maria~ubu2204", mariadb.version)).collect();
    let new = [SERVER, &own].concat();
    debian::install(&mut s, &Added { base: &debian::JAMMY, before: TOOLS, new: &new });
    s.text("/etc/mysql/mariadb.conf.d/05-skipcache.cnf", "[mariadb]\nhost-cache-size=0\nskip-name-resolve\n");
    s.remove("/etc/mysql/mariadb.conf.d/50-mysqld_safe.cnf");
    s.link("/etc/alternatives/my.cnf", "/etc/mysql/mariadb.cnf")
        .link("/etc/mysql/my.cnf", "/etc/alternatives/my.cnf");
    s.dirs(0o755, "/etc/mysql/conf.d").dir_of("/var/lib/mysql", 0o755, 999, 999).dir_of(
        "/run/mysqld",
        0o1777,
        999,
        999,
    );
    s.settle(mariadb.bytes, "/usr/sbin/mariadbd");
    s.done()
}

const HEALTHCHECK: &str = "#!/bin/bash
# Asks the server: --connect, --innodb_initialized.
set -eo pipefail
for question in \"$@\"; do
  case $question in
    --connect) mariadb-admin ping > /dev/null ;;
    --innodb_initialized) mariadb -e 'select 1' > /dev/null ;;
  esac
done
";

const ENTRYPOINT: &str = "#!/bin/bash
# Makes the database on the first start, then becomes the server.
set -eo pipefail
if [ \"${1:0:1}\" = '-' ]; then
  set -- mariadbd \"$@\"
fi
case $1 in
  mariadbd|mysqld)
    if [ \"$(id -u)\" = 0 ]; then
      chown mysql /var/lib/mysql /run/mysqld
      exec gosu mysql \"$0\" \"$@\"
    fi
    if [ ! -d /var/lib/mysql/mysql ]; then
      if [ -z \"$MARIADB_ROOT_PASSWORD$MYSQL_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD\" ]; then
        echo 'Database is uninitialized and password option is not specified' >&2
        exit 1
      fi
      mariadb-install-db --user=mysql
    fi
    ;;
esac
exec \"$@\"
";
