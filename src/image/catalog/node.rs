//! Node.js: on alpine, on Debian's slim base, and on buildpack-deps.

use super::alpine::Release as Alpine;
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, buildpack, debian, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Node.js.
pub(super) struct Release {
    version: &'static str,
    npm: &'static str,
    corepack: &'static str,
    /// Unix seconds.
    created: i64,
    /// Bytes of the layer with the program: in the alpine variant, and in those on Debian.
    musl: u64,
    glibc: u64,
}

pub(super) static V16: Release = Release {
    version: "16.20.2",
    npm: "8.19.4",
    corepack: "0.17.0",
    created: 1_701_907_200,
    musl: 105_300_000,
    glibc: 107_600_000,
};
pub(super) static V18: Release = Release {
    version: "18.19.0",
    npm: "10.2.3",
    corepack: "0.22.0",
    created: 1_702_080_000,
    musl: 114_700_000,
    glibc: 113_400_000,
};
pub(super) static V20: Release = Release {
    version: "20.10.0",
    npm: "10.2.3",
    corepack: "0.22.0",
    created: 1_702_080_000,
    musl: 123_011_427,
    glibc: 117_900_000,
};
pub(super) static V22: Release = Release {
    version: "22.12.0",
    npm: "10.9.0",
    corepack: "0.30.0",
    created: super::YOUNGER,
    musl: 143_000_000,
    glibc: 137_000_000,
};

impl Release {
    /// `20.10.0`.
    pub(super) fn version(&self) -> &'static str {
        self.version
    }
}

const YARN: &str = "1.22.19";

/// What an image of it stands on.
#[derive(Clone, Copy)]
pub(super) enum On {
    Alpine(&'static Alpine),
    Slim,
    Full,
}

impl On {
    fn word(self) -> &'static str {
        match self {
            On::Alpine(_) => "alpine",
            On::Slim => "slim",
            On::Full => "full",
        }
    }

    /// The image below.
    fn image(self) -> Arc<Image> {
        match self {
            On::Alpine(release) => alpine::shared(release),
            On::Slim => debian::slim(),
            On::Full => super::image("buildpack-deps:bookworm").unwrap_or_else(|| buildpack::image(3)),
        }
    }

    /// Who makes a home directory, and the user.
    fn add_user(self, s: &mut Sketch) {
        match self {
            On::Alpine(_) => alpine::add_user(s, "node", 1000, "/home/node", "/bin/sh", "Linux User,,,"),
            On::Slim => debian::add_user(s, "node", 1000, "/home/node", "/bin/bash"),
            On::Full => {
                debian::add_user_and(s, "node", 1000, "/home/node", "/bin/bash", "_ssh:x:101:\n");
            }
        }
        let mode = if matches!(self, On::Alpine(_)) { 0o2755 } else { 0o755 };
        s.dir_of("/home/node", mode, 1000, 1000);
    }
}

/// The image of a release on one of the three.
pub(super) fn image(node: &'static Release, on: On) -> Arc<Image> {
    let mut recipe = Recipe::from(&on.image(), node.created);
    let (version, word) = (node.version, on.word());
    let key = |what: &str| format!("node/{version}/{word}/{what}");
    let run = match on {
        On::Alpine(_) => RUN_NODE,
        _ => {
            recipe.layer(RUN_USER, "RUN add node", &key("user"), move || {
                let mut s = Sketch::new("node", node.created);
                on.add_user(&mut s);
                s.done()
            });
            RUN_NODE_GLIBC
        }
    };
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV NODE_VERSION={version}"));
    recipe.layer(run, "RUN install node", &key("node"), move || draw(node, on));
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV YARN_VERSION={YARN}"));
    let run = if matches!(on, On::Alpine(_)) { RUN_YARN } else { RUN_YARN_GLIBC };
    recipe.layer(run, "RUN install yarn", &format!("node/yarn/{word}"), move || yarn(on));
    recipe.layer(COPY_ENTRYPOINT, "COPY entrypoint", "node/entrypoint", entrypoint);
    recipe.meta("/bin/sh -c #(nop)  ENTRYPOINT [\"docker-entrypoint.sh\"]");
    recipe.meta("/bin/sh -c #(nop)  CMD [\"node\"]");
    recipe.config(|config| {
        config.env.push(format!("NODE_VERSION={version}"));
        config.env.push(format!("YARN_VERSION={YARN}"));
        config.entrypoint = Some(words(&["docker-entrypoint.sh"]));
        config.cmd = Some(words(&["node"]));
    });
    recipe.finish()
}

const RUN_NODE: &str = "/bin/sh -c addgroup -g 1000 node     && adduser -u 1000 -G node -s /bin/sh -D node     \
    && apk add --no-cache         libstdc++     && apk add --no-cache --virtual .build-deps         curl     \
    && ARCH= OPENSSL_ARCH='linux*' && alpineArch=\"$(apk --print-arch)\"     && curl -fsSLO --compressed \
    \"https://unofficial-builds.nodejs.org/download/release/v$NODE_VERSION/node-v$NODE_VERSION-linux-$ARCH-musl.tar.xz\"     \
    && tar -xJf \"node-v$NODE_VERSION-linux-$ARCH-musl.tar.xz\" -C /usr/local --strip-components=1 --no-same-owner     \
    && ln -s /usr/local/bin/node /usr/local/bin/nodejs     && apk del .build-deps     && node --version     && npm --version";

const RUN_USER: &str = "/bin/sh -c groupadd --gid 1000 node   \
    && useradd --uid 1000 --gid node --shell /bin/bash --create-home node";

const RUN_NODE_GLIBC: &str = "/bin/sh -c ARCH= && dpkgArch=\"$(dpkg --print-architecture)\"     \
    && curl -fsSLO --compressed \"https://nodejs.org/dist/v$NODE_VERSION/node-v$NODE_VERSION-linux-$ARCH.tar.xz\"     \
    && tar -xJf \"node-v$NODE_VERSION-linux-$ARCH.tar.xz\" -C /usr/local --strip-components=1 --no-same-owner     \
    && ln -s /usr/local/bin/node /usr/local/bin/nodejs     && node --version     && npm --version";

const RUN_YARN_GLIBC: &str = "/bin/sh -c set -ex     \
    && curl -fsSLO --compressed \"https://yarnpkg.com/downloads/$YARN_VERSION/yarn-v$YARN_VERSION.tar.gz\"   \
    && mkdir -p /opt   && tar -xzf yarn-v$YARN_VERSION.tar.gz -C /opt/   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarn /usr/local/bin/yarn   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarnpkg /usr/local/bin/yarnpkg   \
    && rm yarn-v$YARN_VERSION.tar.gz   && yarn --version";

const RUN_YARN: &str = "/bin/sh -c apk add --no-cache --virtual .build-deps-yarn curl gnupg tar   \
    && curl -fsSLO --compressed \"https://yarnpkg.com/downloads/$YARN_VERSION/yarn-v$YARN_VERSION.tar.gz\"   \
    && mkdir -p /opt   && tar -xzf yarn-v$YARN_VERSION.tar.gz -C /opt/   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarn /usr/local/bin/yarn   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarnpkg /usr/local/bin/yarnpkg   \
    && rm yarn-v$YARN_VERSION.tar.gz   && apk del .build-deps-yarn   && yarn --version";

const COPY_ENTRYPOINT: &str = "/bin/sh -c #(nop) COPY \
    file:4d192565a7220e135cab6c77fbc1c73211b69f3d9fb37e62857b2c6eb9363d51 in /usr/local/bin/ ";

fn draw(node: &Release, on: On) -> Tree {
    let mut s = Sketch::new("node", node.created);
    let bytes = match on {
        On::Alpine(release) => {
            alpine::add_packages(&mut s, release, FILES, "libstdc++");
            on.add_user(&mut s);
            node.musl
        }
        _ => node.glibc,
    };
    s.listing(&listing::NODE.text());
    let modules = "/usr/local/lib/node_modules";
    s.text(&format!("{modules}/npm/package.json"), &package_json("npm", node.npm));
    s.text(&format!("{modules}/corepack/package.json"), &package_json("corepack", node.corepack));
    s.settle(bytes, "/usr/local/bin/node");
    s.done()
}

fn yarn(on: On) -> Tree {
    let mut s = Sketch::new("node", V20.created);
    s.listing(&listing::YARN.text());
    s.text("/opt/yarn-v1.22.19/package.json", &package_json("yarn", YARN));
    if matches!(on, On::Alpine(_)) {
        s.described("/lib/apk/db/scripts.tar", 13_824, 0o644);
    }
    s.settle(5_344_512, "/opt/yarn-v1.22.19/lib/cli.js");
    s.done()
}

fn entrypoint() -> Tree {
    let mut s = Sketch::new("node", V20.created);
    s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 388);
    s.done()
}

fn package_json(name: &str, version: &str) -> String {
    format!("{{\n  \"name\": \"{name}\",\n  \"version\": \"{version}\",\n  \"main\": \"lib/index.js\"\n}}\n")
}

const ENTRYPOINT: &str = "#!/bin/sh
set -e
# A first word that is an option, or no command, is meant for node.
if [ \"${1#-}\" != \"$1\" ] || [ -z \"$(command -v \"$1\")\" ]; then
  set -- node \"$@\"
fi
exec \"$@\"
";

/// The C++ library of Alpine.
const FILES: &str = "\
= libgcc 13.2.1_git20231014-r0 gcc 55912 184320 Runtime of GCC
/usr/lib
libgcc_s.so.1 177520
= libstdc++ 13.2.1_git20231014-r0 gcc 832000 2719744 C++ standard library
/usr/lib
libstdc++.so.6 > libstdc++.so.6.0.32
libstdc++.so.6.0.32 2551256 755
";
