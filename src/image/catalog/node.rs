//! `node:20-alpine`: on alpine's layer.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-09, Node.js 20.10.0.
const CREATED: i64 = 1_702_080_000;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&alpine::IMAGE, CREATED);
    recipe.meta("/bin/sh -c #(nop)  ENV NODE_VERSION=20.10.0");
    recipe.layer(RUN_NODE, "RUN install node", "node/node", node);
    recipe.meta("/bin/sh -c #(nop)  ENV YARN_VERSION=1.22.19");
    recipe.layer(RUN_YARN, "RUN install yarn", "node/yarn", yarn);
    recipe.layer(COPY_ENTRYPOINT, "COPY entrypoint", "node/entrypoint", entrypoint);
    recipe.meta("/bin/sh -c #(nop)  ENTRYPOINT [\"docker-entrypoint.sh\"]");
    recipe.meta("/bin/sh -c #(nop)  CMD [\"node\"]");
    recipe.config(|config| {
        config.env.extend(words(&["NODE_VERSION=20.10.0", "YARN_VERSION=1.22.19"]));
        config.entrypoint = Some(words(&["docker-entrypoint.sh"]));
        config.cmd = Some(words(&["node"]));
    });
    recipe.finish()
});

const RUN_NODE: &str = "/bin/sh -c addgroup -g 1000 node     && adduser -u 1000 -G node -s /bin/sh -D node     \
    && apk add --no-cache         libstdc++     && apk add --no-cache --virtual .build-deps         curl     \
    && ARCH= OPENSSL_ARCH='linux*' && alpineArch=\"$(apk --print-arch)\"     && curl -fsSLO --compressed \
    \"https://unofficial-builds.nodejs.org/download/release/v$NODE_VERSION/node-v$NODE_VERSION-linux-$ARCH-musl.tar.xz\"     \
    && tar -xJf \"node-v$NODE_VERSION-linux-$ARCH-musl.tar.xz\" -C /usr/local --strip-components=1 --no-same-owner     \
    && ln -s /usr/local/bin/node /usr/local/bin/nodejs     && apk del .build-deps     && node --version     && npm --version";

const RUN_YARN: &str = "/bin/sh -c apk add --no-cache --virtual .build-deps-yarn curl gnupg tar   \
    && curl -fsSLO --compressed \"https://yarnpkg.com/downloads/$YARN_VERSION/yarn-v$YARN_VERSION.tar.gz\"   \
    && mkdir -p /opt   && tar -xzf yarn-v$YARN_VERSION.tar.gz -C /opt/   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarn /usr/local/bin/yarn   \
    && ln -s /opt/yarn-v$YARN_VERSION/bin/yarnpkg /usr/local/bin/yarnpkg   \
    && rm yarn-v$YARN_VERSION.tar.gz   && apk del .build-deps-yarn   && yarn --version";

const COPY_ENTRYPOINT: &str = "/bin/sh -c #(nop) COPY \
    file:4d192565a7220e135cab6c77fbc1c73211b69f3d9fb37e62857b2c6eb9363d51 in /usr/local/bin/ ";

fn node() -> Tree {
    let mut s = Sketch::new("node", CREATED);
    alpine::add_packages(&mut s, PACKAGES, FILES, "libstdc++");
    alpine::add_user(&mut s, "node", 1000, "/home/node", "/bin/sh", "Linux User,,,");
    s.dir_of("/home/node", 0o2755, 1000, 1000).listing(&listing::NODE.text());
    let modules = "/usr/local/lib/node_modules";
    s.text(&format!("{modules}/npm/package.json"), &package_json("npm", "10.2.3"));
    s.text(&format!("{modules}/corepack/package.json"), &package_json("corepack", "0.22.0"));
    s.settle(123_011_427, "/usr/local/bin/node");
    s.done()
}

fn yarn() -> Tree {
    let mut s = Sketch::new("node", CREATED);
    s.listing(&listing::YARN.text());
    s.text("/opt/yarn-v1.22.19/package.json", &package_json("yarn", "1.22.19"));
    s.described("/lib/apk/db/scripts.tar", 13_824, 0o644);
    s.settle(5_344_512, "/opt/yarn-v1.22.19/lib/cli.js");
    s.done()
}

fn entrypoint() -> Tree {
    let mut s = Sketch::new("node", CREATED);
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

const PACKAGES: &str = "\
libgcc 13.2.1_git20231014-r0 gcc 55912 184320 Runtime of GCC
libstdc++ 13.2.1_git20231014-r0 gcc 832000 2719744 C++ standard library
";

/// Where those packages lie.
const FILES: &str = "\
= libgcc
/usr/lib
libgcc_s.so.1 177520
= libstdc++
/usr/lib
libstdc++.so.6 > libstdc++.so.6.0.32
libstdc++.so.6.0.32 2551256 755
";
