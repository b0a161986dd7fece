//! `redis`: on Debian's slim base and on alpine.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, shared};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Redis.
pub(super) struct Release {
    version: &'static str,
    sum: &'static str,
    /// Unix seconds.
    created: i64,
    /// Bytes of the layer with the server: on Debian, on alpine.
    debian: u64,
    alpine: u64,
}

pub(super) static V7_2: Release = Release {
    version: "7.2.3",
    sum: "3e2b196d6eb4ddb9e743088bfc2915ccbb42d40f5a8a3edd8cb69c716ec34be7",
    created: 1_702_339_200,
    debian: 58_900_000,
    alpine: 29_300_000,
};
pub(super) static V6_2: Release = Release {
    version: "6.2.14",
    sum: "34e74856cbd66fdb3a684fb349d93961d8c7aa668b06f81fd93ff267d09bc277",
    created: 1_702_339_200,
    debian: 30_100_000,
    alpine: 19_700_000,
};

pub(super) fn image(redis: &'static Release, on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine { alpine::shared(&alpine::V3_19) } else { debian::slim() };
    let word = if on_alpine { "alpine" } else { "debian" };
    let key = |what: &str| format!("redis/{what}/{word}");
    let mut recipe = Recipe::from(&base, redis.created);
    let run = if on_alpine { RUN_USER_ALPINE } else { RUN_USER };
    recipe.run(run, "RUN add redis", &key("user"), move || user(on_alpine));
    let run = if on_alpine { "set -eux; \tapk add --no-cache \t\ttzdata \t;" } else { RUN_ZONES };
    recipe.run(run, "RUN tzdata", &key("tzdata"), move || zones(on_alpine));
    recipe.env("GOSU_VERSION", "1.17");
    recipe.run(RUN_GOSU, "RUN install gosu", &key("gosu"), move || gosu(on_alpine));
    recipe.env("REDIS_VERSION", redis.version);
    let url = format!("http://download.redis.io/releases/redis-{}.tar.gz", redis.version);
    recipe.env("REDIS_DOWNLOAD_URL", &url).env("REDIS_DOWNLOAD_SHA", redis.sum);
    let run = if on_alpine { RUN_REDIS_ALPINE } else { RUN_REDIS };
    let layer = format!("redis/{}/{word}", redis.version);
    recipe.run(run, "RUN make redis", &layer, move || server(redis, on_alpine));
    recipe.run("mkdir /data && chown redis:redis /data", "RUN mkdir /data", &key("data"), move || {
        let mut s = Sketch::new("redis", V7_2.created);
        s.dir_of("/data", 0o755, 999, if on_alpine { 1000 } else { 999 });
        s.done()
    });
    recipe.volume("/data").workdir("/data");
    recipe.copy("docker-entrypoint.sh /usr/local/bin/", "COPY entrypoint", "redis/entrypoint", || {
        let mut s = Sketch::new("redis", V7_2.created);
        s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 661);
        s.done()
    });
    recipe.entrypoint(&["docker-entrypoint.sh"]).expose("6379/tcp").cmd(&["redis-server"]);
    recipe.finish()
}

const RUN_USER: &str = "set -eux; \tgroupadd -r -g 999 redis; \tuseradd -r -g redis -u 999 redis";
const RUN_USER_ALPINE: &str = "set -eux; \taddgroup -S -g 1000 redis; \tadduser -S -G redis -u 999 redis";
const RUN_ZONES: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\ttzdata \t; \
    \trm -rf /var/lib/apt/lists/*";
const RUN_GOSU: &str = "set -eux; \twget -O /usr/local/bin/gosu \
    \"https://github.com/tianon/gosu/releases/download/$GOSU_VERSION/gosu-amd64\"; \tchmod +x /usr/local/bin/gosu; \
    \tgosu --version; \tgosu nobody true";
const RUN_REDIS: &str = "set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends \t\tca-certificates \t\twget \t\tdpkg-dev \t\tgcc \t\tlibc6-dev \t\tlibssl-dev \t\tmake \t; \
    \trm -rf /var/lib/apt/lists/*; \t\twget -O redis.tar.gz \"$REDIS_DOWNLOAD_URL\"; \tmkdir -p /usr/src/redis; \
    \ttar -xzf redis.tar.gz -C /usr/src/redis --strip-components=1; \texport BUILD_TLS=yes; \tmake -C /usr/src/redis -j \"$(nproc)\" all; \
    \tmake -C /usr/src/redis install; \trm -r /usr/src/redis; \tapt-get purge -y --auto-remove; \t\tredis-server --version";
const RUN_REDIS_ALPINE: &str = "set -eux; \t\tapk add --no-cache --virtual .build-deps \t\tcoreutils \t\tdpkg-dev dpkg \t\tgcc \
    \t\tlinux-headers \t\tmake \t\tmusl-dev \t\topenssl-dev \t\twget \t; \t\twget -O redis.tar.gz \"$REDIS_DOWNLOAD_URL\"; \
    \tmkdir -p /usr/src/redis; \ttar -xzf redis.tar.gz -C /usr/src/redis --strip-components=1; \texport BUILD_TLS=yes; \
    \tmake -C /usr/src/redis -j \"$(nproc)\" all; \tmake -C /usr/src/redis install; \trm -r /usr/src/redis; \
    \tapk del --no-network .build-deps; \t\tredis-server --version";

fn user(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("redis", V7_2.created);
    if on_alpine {
        let user = "redis:x:999:1000:Linux User,,,:/home/redis:/sbin/nologin\n";
        alpine::add_accounts(&mut s, user, "redis:x:1000:redis\n");
        s.dir_of("/home/redis", 0o2755, 999, 1000);
    } else {
        debian::add_user(&mut s, "redis", 999, "/home/redis", "/bin/sh");
    }
    s.done()
}

/// The zones: Debian's base has them.
fn zones(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("redis", V7_2.created);
    if on_alpine {
        alpine::add_packages(&mut s, &alpine::V3_19, &alpine::zones(), "tzdata");
    } else {
        s.files("/var/log/apt", "eipp.log.xz 10240 history.log 152");
    }
    s.done()
}

fn gosu(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("redis", V7_2.created);
    shared::gosu(&mut s, on_alpine);
    s.done()
}

fn server(redis: &Release, on_alpine: bool) -> Tree {
    let mut s = Sketch::new("redis", redis.created);
    if on_alpine {
        alpine::add_database(&mut s, &alpine::V3_19, &(alpine::zones() + RUNDEPS), ".redis-rundeps tzdata");
    } else {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: "libssl3" });
    }
    let tenth = if on_alpine { redis.alpine } else { redis.debian } / 10;
    let bin = "/usr/local/bin";
    s.program(&format!("{bin}/redis-server"), "redis-server", tenth);
    s.program(&format!("{bin}/redis-cli"), "redis-cli", tenth * 2);
    s.program(&format!("{bin}/redis-benchmark"), "redis-benchmark", tenth * 2);
    for name in ["redis-check-aof", "redis-check-rdb", "redis-sentinel"] {
        s.link(&format!("{bin}/{name}"), "redis-server");
    }
    s.described("/usr/local/redis.spdx.json", 482, 0o644);
    let bytes = if on_alpine { redis.alpine } else { redis.debian };
    s.settle(bytes, &format!("{bin}/redis-server"));
    s.done()
}

/// What `apk add --virtual` leaves: a package without files.
const RUNDEPS: &str = "\n= .redis-rundeps 20231212.000000 .redis-rundeps 0 0 virtual meta package\n";

const ENTRYPOINT: &str = "#!/bin/sh
set -e
# Options, and the name of a settings file, are meant for the server.
case \"$1\" in
  -*|*.conf) set -- redis-server \"$@\" ;;
esac
# Root gives the data to redis and becomes it.
if [ \"$1\" = redis-server ] && [ \"$(id -u)\" = 0 ]; then
  find . ! -user redis -exec chown redis '{}' +
  exec gosu redis \"$0\" \"$@\"
fi
exec \"$@\"
";
