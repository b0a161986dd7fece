//! `memcached`: on Debian's slim base and on alpine.

use super::alpine;
use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// 2023-12-19, memcached 1.6.22.
const CREATED: i64 = 1_702_944_000;

pub(super) fn image(on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine { alpine::shared(&alpine::V3_19) } else { debian::slim() };
    let word = if on_alpine { "alpine" } else { "debian" };
    let key = |what: &str| format!("memcached/{what}/{word}");
    let mut recipe = Recipe::from(&base, CREATED);
    let run = if on_alpine { RUN_USER_ALPINE } else { RUN_USER };
    recipe.run(run, "RUN add memcache", &key("user"), move || user(on_alpine));
    let run = if on_alpine { "set -eux; \tapk add --no-cache \t\tlibsasl \t;" } else { RUN_SASL };
    recipe.run(run, "RUN install sasl", &key("sasl"), move || sasl(on_alpine));
    recipe.env("MEMCACHED_VERSION", "1.6.22");
    recipe.env("MEMCACHED_URL", "https://memcached.org/files/memcached-1.6.22.tar.gz");
    recipe.env("MEMCACHED_SHA1", "7a691f390d59616dbebfc9e2e4942d499c39a338");
    recipe.run(RUN_SERVER, "RUN make memcached", &key("server"), move || server(on_alpine));
    recipe.copy("docker-entrypoint.sh /usr/local/bin/", "COPY entrypoint", "memcached/entrypoint", || {
        let mut s = Sketch::new("memcached", CREATED);
        s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 207);
        s.done()
    });
    recipe.run(
        "ln -s usr/local/bin/docker-entrypoint.sh /entrypoint.sh # backwards compat",
        "RUN ln",
        "memcached/ln",
        || {
            let mut s = Sketch::new("memcached", CREATED);
            s.link("/entrypoint.sh", "usr/local/bin/docker-entrypoint.sh");
            s.done()
        },
    );
    recipe.entrypoint(&["docker-entrypoint.sh"]).user("memcache").expose("11211/tcp").cmd(&["memcached"]);
    recipe.finish()
}

const RUN_USER: &str = "set -eux; \tgroupadd --system --gid 11211 memcache; \tuseradd --system --gid memcache --uid 11211 memcache";
const RUN_USER_ALPINE: &str =
    "set -eux; \taddgroup -g 11211 memcache; \tadduser -D -u 11211 -G memcache memcache";
const RUN_SASL: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tlibsasl2-modules \t; \
    \trm -rf /var/lib/apt/lists/*";
const RUN_SERVER: &str = "set -eux; \twget -O memcached.tar.gz \"$MEMCACHED_URL\"; \tmkdir -p /usr/src/memcached; \
    \ttar -xzf memcached.tar.gz -C /usr/src/memcached --strip-components=1; \tcd /usr/src/memcached; \
    \t./configure --enable-extstore --enable-sasl --enable-sasl-pwdb --enable-tls; \tmake -j \"$nproc\"; \tmake install; \
    \tcd /; \trm -rf /usr/src/memcached; \tmemcached -V";

fn user(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("memcached", CREATED);
    if on_alpine {
        let user = "memcache:x:11211:11211:Linux User,,,:/home/memcache:/bin/ash\n";
        alpine::add_accounts(&mut s, user, "memcache:x:11211:\n");
        s.dir_of("/home/memcache", 0o2755, 11211, 11211);
    } else {
        debian::add_user(&mut s, "memcache", 11211, "/home/memcache", "/bin/sh");
    }
    s.done()
}

const SASL: &str = "libsasl2-2 libsasl2-modules libsasl2-modules-db libssl3";

fn sasl(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("memcached", CREATED);
    if on_alpine {
        let new = "gdbm libsasl";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: "", new, world: "libsasl" });
    } else {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: SASL });
    }
    s.done()
}

fn server(on_alpine: bool) -> Tree {
    let mut s = Sketch::new("memcached", CREATED);
    if on_alpine {
        let (before, new) = ("gdbm libsasl", ".memcached-rundeps libevent");
        let world = ".memcached-rundeps libsasl";
        alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before, new, world });
    } else {
        let added = Added { base: &debian::BOOKWORM_SLIM, before: SASL, new: "libevent-2.1-7" };
        debian::install(&mut s, &added);
    }
    s.program("/usr/local/bin/memcached", "memcached", if on_alpine { 311_000 } else { 334_000 });
    s.files("/usr/local/include/memcached", "protocol_binary.h 16848");
    s.files("/usr/local/share/man/man1", "memcached.1 4021");
    s.done()
}

const ENTRYPOINT: &str = "#!/bin/sh
set -e
# Options are meant for the server.
case \"$1\" in
  -*) set -- memcached \"$@\" ;;
esac
exec \"$@\"
";
