//! `postgres:15`: on Debian's layer.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{debian, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// 2023-12-19, PostgreSQL 15.5.
const CREATED: i64 = 1_702_987_200;

const PATH: &str =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin";

pub(super) fn image() -> Arc<Image> {
    let mut recipe = Recipe::from(&debian::slim(), CREATED);
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
}

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

fn user() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_user(&mut s, "postgres", 999, "/var/lib/postgresql", "/bin/bash");
    s.dir_of("/var/lib/postgresql", 0o755, 999, 999);
    s.done()
}

fn tools() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(&mut s, &[&listing::DEBIAN], &[&listing::POSTGRES_TOOLS.text()]);
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
    debian::add_packages(
        &mut s,
        &[&listing::DEBIAN, &listing::POSTGRES_TOOLS],
        &[&listing::POSTGRES_LOCALES.text()],
    );
    s.settle(25_217_536, "/usr/lib/locale/locale-archive");
    s.done()
}

fn helpers() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    debian::add_packages(
        &mut s,
        &[&listing::POSTGRES_TOOLS, &listing::POSTGRES_LOCALES],
        &[&listing::POSTGRES_HELPERS.text()],
    );
    s.done()
}

fn server() -> Tree {
    let mut s = Sketch::new("postgres", CREATED);
    let before =
        [&listing::DEBIAN, &listing::POSTGRES_TOOLS, &listing::POSTGRES_LOCALES, &listing::POSTGRES_HELPERS];
    debian::add_packages(&mut s, &before, &[&listing::POSTGRES_SERVER.text()]);
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
