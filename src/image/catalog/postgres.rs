//! `postgres:15`: on Debian's layer.

use super::debian;
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-19, PostgreSQL 15.5.
const CREATED: i64 = 1_702_987_200;

const PATH: &str =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin";

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&debian::IMAGE, CREATED);
    recipe.layer(RUN_USER, "RUN add postgres", user());
    recipe.layer(RUN_TOOLS, "RUN apt-get tools", tools());
    recipe.meta("ENV GOSU_VERSION=1.16");
    recipe.layer(RUN_GOSU, "RUN install gosu", gosu());
    recipe.layer(RUN_LOCALES, "RUN locales", locales());
    recipe.meta("ENV LANG=en_US.utf8");
    recipe.layer(RUN_HELPERS, "RUN apt-get helpers", helpers());
    recipe.layer(
        "RUN /bin/sh -c mkdir /docker-entrypoint-initdb.d # buildkit",
        "RUN mkdir",
        made("/docker-entrypoint-initdb.d", 0o755, 0),
    );
    recipe.meta("ENV PG_MAJOR=15").meta(&format!("ENV {PATH}")).meta("ENV PG_VERSION=15.5-1.pgdg120+1");
    recipe.layer(RUN_SERVER, "RUN install postgres", server());
    recipe.layer(RUN_SAMPLE, "RUN sed", sample());
    recipe.layer(RUN_SOCKETS, "RUN mkdir /var/run", made("/run/postgresql", 0o2777, 999));
    recipe.meta("ENV PGDATA=/var/lib/postgresql/data");
    recipe.layer(RUN_DATA, "RUN mkdir data", data());
    recipe.meta("VOLUME [/var/lib/postgresql/data]");
    recipe.layer(
        "COPY docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/ # buildkit",
        "COPY entrypoint",
        scripts(),
    );
    recipe.layer(
        "RUN /bin/sh -c ln -sT docker-ensure-initdb.sh /usr/local/bin/docker-enforce-initdb.sh # buildkit",
        "RUN ln",
        second_name(),
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
    \t\tgnupg \t\tless \t; \trm -rf /var/lib/apt/lists/* # buildkit";
const RUN_GOSU: &str = "RUN /bin/sh -c set -eux; \tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends ca-certificates wget; \trm -rf /var/lib/apt/lists/*; \
    \twget -O /usr/local/bin/gosu \"https://github.com/tianon/gosu/releases/download/$GOSU_VERSION/gosu-amd64\"; \
    \tchmod +x /usr/local/bin/gosu; \tgosu --version; \tgosu nobody true # buildkit";
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
gpg 2.2.40-1.1 - 1581 amd64 utils signs and encrypts
gpg-agent 2.2.40-1.1 - 1348 amd64 utils keeps secret keys
less 590-2 - 316 amd64 text pages through text
libassuan0 2.5.5-5 - 100 amd64 libs talks to servers of GnuPG
libksba8 1.6.3-2 - 265 amd64 libs X.509
libsqlite3-0 3.40.1-2 - 1686 amd64 libs SQL database in a file
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
libedit2 3.1-20221030-2 - 258 amd64 libs line editing
libicu72 72.1-3 - 37052 amd64 libs Unicode and locales
libllvm14 1:14.0.6-12 - 112846 amd64 libs compiler library
libpq5 16.1-1.pgdg120+1 - 957 amd64 libs client library of PostgreSQL
libssl3 3.0.11-1~deb12u2 - 6016 amd64 libs TLS of OpenSSL
libxml2 2.9.14+dfsg-1.3~deb12u1 - 2140 amd64 libs XML library
libz3-4 4.8.12-3.1 - 24266 amd64 libs theorem prover
perl 5.36.0-7+deb12u1 - 670 amd64 perl Perl
postgresql-15 15.5-1.pgdg120+1 - 56452 amd64 database database server
postgresql-client-15 15.5-1.pgdg120+1 - 9412 amd64 database client programs
postgresql-common 256.pgdg120+1 - 747 all database manages clusters
ssl-cert 1.1.2 - 63 all utils makes certificates
";

fn user() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_user(&mut s, "postgres", 999, "/var/lib/postgresql", "/bin/bash");
    s.dir_of("/var/lib/postgresql", 0o755, 999, 999);
    s.seal()
}

fn tools() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, "", TOOLS);
    s.programs("/usr/bin", "gpg 1075976 gpg-agent 354344 gpgconf 157048 gpgsm 523144 dirmngr 568360 less 198960 lesskey 27376 lessecho 14408");
    s.fill_up(
        9_812_480,
        debian::LIB,
        "libassuan.so.0.8.5 libksba.so.8.14.3 libsqlite3.so.0.8.6 libldap-2.5.so.0.1.11 libsasl2.so.2.0.25",
    );
    s.seal()
}

fn gosu() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.program("/usr/local/bin/gosu", "gosu", 2_191_360);
    s.fill_up(4_217_344, "/usr/share/ca-certificates", "mozilla/roots-a.crt mozilla/roots-b.crt");
    s.seal()
}

fn locales() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, TOOLS, LOCALES);
    s.program("/usr/sbin/locale-gen", "locale-gen", 1_331).text("/etc/locale.gen", "en_US.UTF-8 UTF-8\n");
    s.files("/usr/lib/locale", "locale-archive 3055120").spread(
        "/usr/share/i18n/charmaps",
        6_300_000,
        "ANSI_X3.4-1968.gz BIG5.gz EUC-JP.gz GB18030.gz ISO-8859-1.gz ISO-8859-15.gz KOI8-R.gz UTF-8.gz",
    );
    s.fill_up(25_217_536, "/usr/share/i18n/locales", "C cs_CZ da_DK de_AT de_CH de_DE el_GR en_AU en_GB en_US es_ES et_EE fi_FI fr_FR he_IL hu_HU it_IT ja_JP ko_KR nl_NL nb_NO pl_PL pt_BR ru_RU sv_SE tr_TR uk_UA zh_CN iso14651_t1_common translit_combining");
    s.seal()
}

fn helpers() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, &[TOOLS, LOCALES].concat(), HELPERS);
    s.programs("/usr/bin", "xz 89256 lzmainfo 18520 zstd 1047888 pzstd 1130672");
    s.links("/usr/bin", "xz", "unxz xzcat lzma unlzma").links("/usr/bin", "zstd", "unzstd zstdcat zstdmt");
    s.fill_up(3_121_152, debian::LIB, "libnss_wrapper.so.0.3.1");
    s.seal()
}

fn server() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, &[TOOLS, LOCALES, HELPERS].concat(), SERVER);
    let bin = "/usr/lib/postgresql/15/bin";
    s.programs(bin, BIN)
        .programs("/usr/bin", "pg_ctlcluster 26010 pg_lsclusters 7144 pg_config 1166 openssl 989160");
    for name in [
        "psql",
        "createdb",
        "createuser",
        "dropdb",
        "pg_dump",
        "pg_dumpall",
        "pg_restore",
        "pg_isready",
        "vacuumdb",
    ] {
        s.link(&format!("/usr/bin/{name}"), "../share/postgresql-common/pg_wrapper");
    }
    s.program("/usr/share/postgresql-common/pg_wrapper", "psql", 9_584);
    s.spread("/usr/lib/postgresql/15/lib", 9_700_000, "adminpack.so amcheck.so auth_delay.so btree_gin.so citext.so cube.so dblink.so hstore.so llvmjit.so ltree.so pg_trgm.so pgcrypto.so plpgsql.so postgres_fdw.so tablefunc.so uuid-ossp.so");
    s.spread("/usr/lib/postgresql/15/lib/bitcode", 24_900_000, "btree_gin.bc citext.bc cube.bc hstore.bc ltree.bc pgcrypto.bc postgres.bc postgres.index.bc tablefunc.bc");
    s.spread("/usr/share/postgresql/15", 3_300_000, "errcodes.txt information_schema.sql pg_hba.conf.sample pg_ident.conf.sample postgres.bki postgresql.conf.sample psqlrc.sample snowball_create.sql system_views.sql");
    s.spread("/usr/share/postgresql/15/extension", 1_900_000, "adminpack.control amcheck--1.3.sql citext--1.4.sql hstore--1.4.sql pg_trgm--1.3.sql pgcrypto--1.3.sql plpgsql--1.0.sql uuid-ossp--1.1.sql");
    s.spread("/usr/share/perl/5.36.0", 18_100_000, "CPAN.pm Encode.pm Getopt/Long.pm IPC/Open3.pm Module/CoreList.pm Pod/Simple.pm Test/More.pm unicore/Name.pl unicore/UCD.pl");
    s.text("/etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n");
    s.fill_up(305_107_968, debian::LIB, "libLLVM-14.so.1 libcrypto.so.3 libedit.so.2.0.70 libicudata.so.72.1 libicui18n.so.72.1 libicuuc.so.72.1 libperl.so.5.36.0 libpq.so.5.16 libssl.so.3 libxml2.so.2.9.14 libxslt.so.1.1.35 libz3.so.4");
    s.seal()
}

fn sample() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.files("/usr/share/postgresql", "postgresql.conf.sample 29516 postgresql.conf.sample.dpkg 29525");
    s.link("/usr/share/postgresql/15/postgresql.conf.sample", "../postgresql.conf.sample");
    s.text("/var/lib/dpkg/diversions", "/usr/share/postgresql/15/postgresql.conf.sample\n/usr/share/postgresql/postgresql.conf.sample.dpkg\n:\n");
    s.seal()
}

fn made(path: &str, mode: u16, id: u32) -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.dir_of(path, mode, id, id);
    s.seal()
}

fn data() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.dir_of("/var/lib/postgresql", 0o755, 999, 999).dir_of("/var/lib/postgresql/data", 0o1777, 999, 999);
    s.seal()
}

fn scripts() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 13_716);
    s.script("/usr/local/bin/docker-ensure-initdb.sh", ENSURE, 2_472);
    s.seal()
}

fn second_name() -> Layer {
    let mut s = Sketch::new("postgres", CREATED);
    s.link("/usr/local/bin/docker-enforce-initdb.sh", "docker-ensure-initdb.sh");
    s.seal()
}

const BIN: &str = "clusterdb 79208 createdb 83304 createuser 87400 dropdb 74984 dropuser 74984 initdb 201432 \
    oid2name 54384 pg_amcheck 141104 pg_archivecleanup 46440 pg_basebackup 186712 pg_checksums 79304 \
    pg_controldata 62776 pg_ctl 75192 pg_dump 446616 pg_dumpall 121176 pg_isready 58480 pg_receivewal 112928 \
    pg_recvlogical 117024 pg_resetwal 87352 pg_restore 199064 pg_rewind 145152 pg_test_fsync 54496 \
    pg_test_timing 42152 pg_upgrade 186232 pg_verifybackup 108320 pg_waldump 162104 pgbench 194928 \
    postgres 8868752 psql 755744 reindexdb 99784 vacuumdb 99784 vacuumlo 58480";

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
