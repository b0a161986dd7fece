//! `postgres:15`: on Debian's layer.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{debian, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-19, PostgreSQL 15.5.
const CREATED: i64 = 1_702_987_200;

const PATH: &str =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin";

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.layer(RUN_USER, "RUN add postgres", "postgres/user", user);
    recipe.layer(RUN_TOOLS, "RUN apt-get tools", "postgres/tools", tools);
    recipe.meta("ENV GOSU_VERSION=1.16");
    recipe.layer(RUN_GOSU, "RUN install gosu", "postgres/gosu", gosu);
    recipe.layer(RUN_LOCALES, "RUN locales", "postgres/locales", locales);
    recipe.meta("ENV LANG=en_US.utf8");
    recipe.layer(RUN_HELPERS, "RUN apt-get helpers", "postgres/helpers", helpers);
    recipe.layer(
        "RUN /bin/sh -c mkdir /docker-entrypoint-initdb.d # buildkit",
        "RUN mkdir",
        "postgres/initdb",
        || made("/docker-entrypoint-initdb.d", 0o755, 0),
    );
    recipe.layer(RUN_KEY, "RUN import key", "postgres/key", key);
    recipe.meta("ENV PG_MAJOR=15").meta(&format!("ENV {PATH}")).meta("ENV PG_VERSION=15.5-1.pgdg120+1");
    recipe.layer(RUN_SERVER, "RUN install postgres", "postgres/server", server);
    recipe.layer(RUN_SAMPLE, "RUN sed", "postgres/sample", sample);
    recipe.layer(RUN_SOCKETS, "RUN mkdir /var/run", "postgres/sockets", || {
        made("/run/postgresql", 0o3777, 999)
    });
    recipe.meta("ENV PGDATA=/var/lib/postgresql/data");
    recipe.layer(RUN_DATA, "RUN mkdir data", "postgres/data", data);
    recipe.meta("VOLUME [/var/lib/postgresql/data]");
    recipe.layer(
        "COPY docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/ # buildkit",
        "COPY entrypoint",
        "postgres/scripts",
        scripts,
    );
    recipe.layer(
        "RUN /bin/sh -c ln -sT docker-ensure-initdb.sh /usr/local/bin/docker-enforce-initdb.sh # buildkit",
        "RUN ln",
        "postgres/ln",
        second_name,
    );
    recipe.meta("ENTRYPOINT [\"docker-entrypoint.sh\"]").meta("STOPSIGNAL SIGINT");
    recipe.meta("EXPOSE map[5432/tcp:{}]").meta("CMD [\"postgres\"]");
    recipe.config(|config| {
        config.env = words(&[
            PATH,
            "GOSU_VERSION=1.16",
            "LANG=en_US.utf8",
            "PG_MAJOR=15",
            "PG_VERSION=15.5-1.pgdg120+1",
            "PGDATA=/var/lib/postgresql/data",
        ]);
        config.cmd = Some(words(&["postgres"]));
        config.entrypoint = Some(words(&["docker-entrypoint.sh"]));
        config.exposed_ports = words(&["5432/tcp"]);
        config.volumes = words(&["/var/lib/postgresql/data"]);
        config.stop_signal = "SIGINT".to_owned();
    });
    recipe.finish()
});

const RUN_USER: &str = "RUN /bin/sh -c set -eux; \tgroupadd -r postgres --gid=999; \
    \tuseradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres; \
    \tmkdir -p /var/lib/postgresql; \tchown -R postgres:postgres /var/lib/postgresql # buildkit";
const RUN_TOOLS: &str = "RUN /bin/sh -c set -ex; \tapt-get update; \tapt-get install -y --no-install-recommends \
    \t\tgnupg \t; \trm -rf /var/lib/apt/lists/* # buildkit";
const RUN_GOSU: &str = "RUN /bin/sh -c set -eux; \tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends ca-certificates wget; \trm -rf /var/lib/apt/lists/*; \
    \twget -O /usr/local/bin/gosu \"https://github.com/tianon/gosu/releases/download/$GOSU_VERSION/gosu-amd64\"; \
    \tchmod +x /usr/local/bin/gosu; \tgosu --version; \tgosu nobody true # buildkit";
const RUN_KEY: &str = "RUN /bin/sh -c set -ex; \tkey='B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8'; \
    \texport GNUPGHOME=\"$(mktemp -d)\"; \tmkdir -p /usr/local/share/keyrings/; \
    \tgpg --batch --keyserver keyserver.ubuntu.com --recv-keys \"$key\"; \
    \tgpg --batch --export --armor \"$key\" > /usr/local/share/keyrings/postgres.gpg.asc; \tgpgconf --kill all; \
    \trm -rf \"$GNUPGHOME\" # buildkit";
const RUN_LOCALES: &str = "RUN /bin/sh -c set -eux; \tapt-get update; \
    apt-get install -y --no-install-recommends locales; rm -rf /var/lib/apt/lists/*; \
    \techo 'en_US.UTF-8 UTF-8' >> /etc/locale.gen; \tlocale-gen; \tlocale -a | grep 'en_US.utf8' # buildkit";
const RUN_HELPERS: &str = "RUN /bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \
    \t\tlibnss-wrapper \t\txz-utils \t\tzstd \t; \trm -rf /var/lib/apt/lists/* # buildkit";
const RUN_SERVER: &str = "RUN /bin/sh -c set -ex; \t\texport PYTHONDONTWRITEBYTECODE=1; \
    \tdpkgArch=\"$(dpkg --print-architecture)\"; \tapt-get update; \tapt-get install -y --no-install-recommends postgresql-common; \
    \tapt-get install -y --no-install-recommends \t\t\"postgresql-$PG_MAJOR=$PG_VERSION\" \t; \
    \trm -rf /var/lib/apt/lists/*; \t\tpostgres --version # buildkit";
const RUN_SAMPLE: &str = "RUN /bin/sh -c set -eux; \
    \tdpkg-divert --add --rename --divert \"/usr/share/postgresql/postgresql.conf.sample.dpkg\" \"/usr/share/postgresql/$PG_MAJOR/postgresql.conf.sample\"; \
    \tcp -v /usr/share/postgresql/postgresql.conf.sample.dpkg /usr/share/postgresql/postgresql.conf.sample; \
    \tln -sv ../postgresql.conf.sample \"/usr/share/postgresql/$PG_MAJOR/\"; \
    \tsed -ri \"s!^#?(listen_addresses)\\s*=\\s*\\S+.*!\\1 = '*'!\" /usr/share/postgresql/postgresql.conf.sample # buildkit";
const RUN_SOCKETS: &str = "RUN /bin/sh -c mkdir -p /var/run/postgresql && chown -R postgres:postgres /var/run/postgresql \
    && chmod 3777 /var/run/postgresql # buildkit";
const RUN_DATA: &str = "RUN /bin/sh -c mkdir -p \"$PGDATA\" && chown -R postgres:postgres \"$PGDATA\" && chmod 1777 \"$PGDATA\" # buildkit";

const TOOLS: &str = "\
dirmngr 2.2.40-1.1 - 1324 amd64 utils fetches certificates
gnupg 2.2.40-1.1 - 885 all utils privacy guard
gnupg-l10n 2.2.40-1.1+deb12u1 - 4875 all localization translations of GnuPG
gnupg-utils 2.2.40-1.1+deb12u1 - 1837 amd64 utils small tools of GnuPG
gpg 2.2.40-1.1 - 1581 amd64 utils signs and encrypts
gpg-agent 2.2.40-1.1 - 1348 amd64 utils keeps secret keys
gpg-wks-client 2.2.40-1.1+deb12u1 - 683 amd64 utils publishes keys
gpg-wks-server 2.2.40-1.1+deb12u1 - 658 amd64 utils serves keys
gpgconf 2.2.40-1.1+deb12u1 - 804 amd64 utils settings of GnuPG
gpgsm 2.2.40-1.1+deb12u1 - 993 amd64 utils S/MIME
libassuan0 2.5.5-5 - 100 amd64 libs talks to servers of GnuPG
libksba8 1.6.3-2 - 265 amd64 libs X.509
libldap-2.5-0 2.5.13+dfsg-5 - 553 amd64 libs directories by LDAP
libncursesw6 6.4-4 - 412 amd64 libs screens of text
libnpth0 1.6-3 - 50 amd64 libs portable threads
libreadline8 8.2-1.3 - 475 amd64 libs line editing
libsasl2-2 2.1.28+dfsg-10+deb12u1 - 167 amd64 libs SASL
libsasl2-modules-db 2.1.28+dfsg-10+deb12u1 - 77 amd64 libs SASL, passwords in a file
libsqlite3-0 3.40.1-2 - 1686 amd64 libs SQL database in a file
pinentry-curses 1.2.1-1 - 140 amd64 utils asks for a passphrase
readline-common 8.2-1.3 - 89 all utils files for line editing
";
const LOCALES: &str = "\
libc-l10n 2.36-9+deb12u3 - 4582 all localization translations of the C library
locales 2.36-9+deb12u3 - 16588 all localization national languages
";
const HELPERS: &str = "\
libnss-wrapper 1.1.13-1 - 85 amd64 libs users and groups from files
xz-utils 5.4.1-0.2 - 1234 amd64 utils strong compression
zstd 1.5.4+dfsg2-5 - 1687 amd64 utils fast compression
";
const SERVER: &str = "\
libbsd0 0.11.7-2 - 202 amd64 libs functions of BSD
libedit2 3.1-20221030-2 - 258 amd64 libs line editing
libgdbm-compat4 1.23-3 - 70 amd64 libs database in a file, old interface
libgdbm6 1.23-3 - 129 amd64 libs GNU database library
libgssapi-krb5-2 1.20.1-2+deb12u1 - 425 amd64 libs Kerberos, GSS-API
libicu72 72.1-3 - 37052 amd64 libs Unicode and locales
libjson-perl 4.10000-1 - 244 all perl JSON for Perl
libk5crypto3 1.20.1-2+deb12u1 - 261 amd64 libs Kerberos, cryptography
libkeyutils1 1.6.3-2 - 40 amd64 libs keys in the kernel
libkrb5-3 1.20.1-2+deb12u1 - 1077 amd64 libs Kerberos
libkrb5support0 1.20.1-2+deb12u1 - 134 amd64 libs Kerberos, helpers
libllvm14 1:14.0.6-12 - 112846 amd64 libs compiler library
libperl5.36 5.36.0-7+deb12u1 - 28875 amd64 libs Perl in a library
libpq5 16.1-1.pgdg120+1 - 957 amd64 libs client library of PostgreSQL
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
libxml2 2.9.14+dfsg-1.3~deb12u1 - 2140 amd64 libs XML library
libxslt1.1 1.1.35-1 - 522 amd64 libs XSLT library
libz3-4 4.8.12-3.1 - 24266 amd64 libs theorem prover
netbase 6.4 - 41 all admin names of networks and services
openssl 3.0.11-1~deb12u2 - 2293 amd64 utils command line of OpenSSL
perl 5.36.0-7+deb12u1 - 670 amd64 perl Perl
perl-modules-5.36 5.36.0-7+deb12u1 - 17821 all libs modules of Perl
postgresql-15 15.5-1.pgdg120+1 - 56452 amd64 database database server
postgresql-client-15 15.5-1.pgdg120+1 - 9412 amd64 database client programs
postgresql-client-common 248+deb12u1 - 130 all database manages client versions
postgresql-common 256.pgdg120+1 - 747 all database manages clusters
sensible-utils 0.0.17+nmu1 0.0.17 62 all utils chooses editors and browsers
ssl-cert 1.1.2 - 63 all utils makes certificates
ucf 3.0043+nmu1+deb12u1 - 214 all utils keeps changed configuration
";

fn user() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_user(&mut s, "postgres", 999, "/var/lib/postgresql", "/bin/bash");
    s.dir_of("/var/lib/postgresql", 0o755, 999, 999);
    s.done()
}

fn tools() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, "", TOOLS, &[&listing::POSTGRES_TOOLS.text()]);
    s.done()
}

fn gosu() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.program("/usr/local/bin/gosu", "gosu", 2_191_360);
    s.files("/var/cache/debconf", "config.dat 16881 templates.dat 802871").files("/etc", "ld.so.cache 7140");
    s.fill_up(4_217_344, "/var/lib/dpkg", "available status-old");
    s.done()
}

fn key() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.files("/usr/local/share/keyrings", "postgres.gpg.asc 4812");
    s.done()
}

fn locales() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, TOOLS, LOCALES, &[&listing::POSTGRES_LOCALES.text()]);
    s.settle(25_217_536, "/usr/lib/locale/locale-archive");
    s.done()
}

fn helpers() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, &[TOOLS, LOCALES].concat(), HELPERS, &[&listing::POSTGRES_HELPERS.text()]);
    s.done()
}

fn server() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    let before = [TOOLS, LOCALES, HELPERS].concat();
    debian::add_packages(&mut s, &before, SERVER, &[&listing::POSTGRES_SERVER.text()]);
    let (home, group) = ("/var/lib/postgresql", "ssl-cert:x:101:postgres\n");
    debian::add_user_and(&mut s, "postgres", 999, home, "/bin/bash", group);
    s.text("/etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n");
    s.settle(305_107_968, "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1");
    s.done()
}

fn sample() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.files("/usr/share/postgresql", "postgresql.conf.sample 29516 postgresql.conf.sample.dpkg 29525");
    s.link("/usr/share/postgresql/15/postgresql.conf.sample", "../postgresql.conf.sample");
    s.text("/var/lib/dpkg/diversions", "/usr/share/postgresql/15/postgresql.conf.sample\n/usr/share/postgresql/postgresql.conf.sample.dpkg\n:\n");
    s.done()
}

fn made(path: &str, mode: u16, id: u32) -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.dir_of(path, mode, id, id);
    s.done()
}

fn data() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.dir_of("/var/lib/postgresql", 0o755, 999, 999).dir_of("/var/lib/postgresql/data", 0o1777, 999, 999);
    s.done()
}

fn scripts() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 13_716);
    s.script("/usr/local/bin/docker-ensure-initdb.sh", ENSURE, 2_472);
    s.done()
}

fn second_name() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    s.link("/usr/local/bin/docker-enforce-initdb.sh", "docker-ensure-initdb.sh");
    s.done()
}

const ENTRYPOINT: &str = "#!/usr/bin/env bash
# Makes the database on the first start, then becomes the server.
set -e
if [ \"${1:0:1}\" = '-' ]; then
  set -- postgres \"$@\"
fi
if [ \"$1\" = postgres ] && [ \"$(id -u)\" = 0 ]; then
  mkdir -p \"$PGDATA\"
  chown -R postgres \"$PGDATA\"
  exec gosu postgres \"$0\" \"$@\"
fi
if [ \"$1\" = postgres ] && [ ! -s \"$PGDATA/PG_VERSION\" ]; then
  initdb --username=\"${POSTGRES_USER:-postgres}\"
fi
exec \"$@\"
";

const ENSURE: &str = "#!/usr/bin/env bash
# Makes the database and stops.
set -e
if [ ! -s \"$PGDATA/PG_VERSION\" ]; then
  initdb --username=\"${POSTGRES_USER:-postgres}\"
fi
";
