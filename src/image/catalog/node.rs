//! `node:20-alpine`: on alpine's layer.

use super::alpine;
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use crate::fs::Layer;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-09, Node.js 20.10.0.
const CREATED: i64 = 1_702_080_000;

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&alpine::IMAGE, CREATED);
    recipe.meta("/bin/sh -c #(nop)  ENV NODE_VERSION=20.10.0");
    recipe.layer(RUN_NODE, "RUN install node", node());
    recipe.meta("/bin/sh -c #(nop)  ENV YARN_VERSION=1.22.19");
    recipe.layer(RUN_YARN, "RUN install yarn", yarn());
    recipe.layer(COPY_ENTRYPOINT, "COPY entrypoint", entrypoint());
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

fn node() -> Layer {
    let mut s = Sketch::new("node", CREATED);
    alpine::add_packages(&mut s, PACKAGES, "libstdc++");
    alpine::add_user(&mut s, "node", 1000, "/home/node", "/bin/sh", "Linux User,,,");
    s.dir_of("/home/node", 0o2755, 1000, 1000);
    s.files("/usr/lib", "libgcc_s.so.1 177520 libstdc++.so.6.0.32 2551256")
        .link("/usr/lib/libstdc++.so.6", "libstdc++.so.6.0.32");
    s.program("/usr/local/bin/node", "node", 97_108_264).link("/usr/local/bin/nodejs", "/usr/local/bin/node");
    let npm = "/usr/local/lib/node_modules/npm";
    s.program(&format!("{npm}/bin/npm-cli.js"), "npm", 54).program(
        &format!("{npm}/bin/npx-cli.js"),
        "npx",
        2922,
    );
    s.link("/usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js");
    s.link("/usr/local/bin/npx", "../lib/node_modules/npm/bin/npx-cli.js");
    s.text(&format!("{npm}/package.json"), &package_json("npm", "10.2.3"))
        .files(npm, "LICENSE 9742 README.md 2766 index.js 97");
    s.spread(&format!("{npm}/lib/commands"), 310_000, NPM_COMMANDS);
    for name in NPM_MODULES.split_whitespace() {
        let dir = format!("{npm}/node_modules/{name}");
        s.text(&format!("{dir}/package.json"), &package_json(name, "1.0.0"));
        s.spread(&dir, 26_000 + 1_700 * name.len() as u64, "LICENSE README.md lib/index.js lib/util.js");
    }
    let corepack = "/usr/local/lib/node_modules/corepack";
    s.program(&format!("{corepack}/dist/corepack.js"), "corepack", 105)
        .files(&format!("{corepack}/dist/lib"), "corepack.cjs 1058716");
    s.text(&format!("{corepack}/package.json"), &package_json("corepack", "0.22.0"));
    s.link("/usr/local/bin/corepack", "../lib/node_modules/corepack/dist/corepack.js");
    s.files("/usr/local", "CHANGELOG.md 285322 LICENSE 129080 README.md 38466")
        .files("/usr/local/share/doc/node", "gdbinit 8776 lldb_commands.py 6012");
    s.files("/usr/local/share/man/man1", "node.1 20216");
    s.fill_up(123_011_427, "/usr/local/include/node", HEADERS);
    s.seal()
}

fn yarn() -> Layer {
    let mut s = Sketch::new("node", CREATED);
    let dir = "/opt/yarn-v1.22.19";
    s.program(&format!("{dir}/bin/yarn"), "yarn", 1025).link(&format!("{dir}/bin/yarnpkg"), "./yarn");
    s.link("/usr/local/bin/yarn", &format!("{dir}/bin/yarn"))
        .link("/usr/local/bin/yarnpkg", &format!("{dir}/bin/yarnpkg"));
    s.text(&format!("{dir}/package.json"), &package_json("yarn", "1.22.19"));
    s.files(dir, "LICENSE 1346 README.md 4024 bin/yarn.cmd 34 bin/yarn.js 1015 preinstall.js 2218 lib/v8-compile-cache.js 12072");
    s.files("/lib/apk/db", "scripts.tar 13824");
    s.fill_up(5_344_512, &format!("{dir}/lib"), "cli.js");
    s.seal()
}

fn entrypoint() -> Layer {
    let mut s = Sketch::new("node", CREATED);
    s.script("/usr/local/bin/docker-entrypoint.sh", ENTRYPOINT, 388);
    s.seal()
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

const NPM_COMMANDS: &str = "access.js adduser.js audit.js bugs.js cache.js ci.js completion.js config.js dedupe.js \
    deprecate.js diff.js dist-tag.js docs.js doctor.js edit.js exec.js explain.js explore.js find-dupes.js \
    fund.js get.js help.js init.js install.js link.js login.js logout.js ls.js org.js outdated.js owner.js \
    pack.js ping.js pkg.js prefix.js profile.js prune.js publish.js query.js rebuild.js repo.js restart.js \
    root.js run-script.js search.js set.js shrinkwrap.js star.js start.js stop.js team.js test.js token.js \
    uninstall.js unpublish.js update.js version.js view.js whoami.js";

const NPM_MODULES: &str = "@isaacs/cliui @npmcli/agent @npmcli/arborist @npmcli/config @npmcli/fs @npmcli/git \
    @npmcli/map-workspaces @npmcli/package-json @npmcli/promise-spawn @npmcli/run-script @sigstore/bundle \
    @sigstore/sign @tufjs/models abbrev agent-base aggregate-error ansi-regex ansi-styles aproba archy balanced-match \
    bin-links binary-extensions brace-expansion builtins cacache chalk chownr ci-info cidr-regex clean-stack \
    cli-columns cmd-shim color-convert color-name color-support columnify console-control-strings cross-spawn \
    cssesc debug defaults delegates diff eastasianwidth emoji-regex encoding env-paths err-code \
    exponential-backoff fastest-levenshtein foreground-child fs-minipass function-bind gauge glob graceful-fs \
    has-unicode hasown hosted-git-info http-cache-semantics http-proxy-agent https-proxy-agent iconv-lite \
    ignore-walk imurmurhash indent-string ini init-package-json ip ip-regex is-cidr is-core-module \
    is-fullwidth-code-point is-lambda isexe jackspeak json-parse-even-better-errors json-stringify-nice jsonparse \
    just-diff just-diff-apply libnpmaccess libnpmdiff libnpmexec libnpmfund libnpmhook libnpmorg libnpmpack \
    libnpmpublish libnpmsearch libnpmteam libnpmversion lru-cache make-fetch-happen minimatch minipass \
    minipass-collect minipass-fetch minipass-flush minipass-pipeline minipass-sized minizlib mkdirp ms mute-stream \
    negotiator node-gyp nopt normalize-package-data npm-audit-report npm-bundled npm-install-checks \
    npm-normalize-package-bin npm-package-arg npm-packlist npm-pick-manifest npm-profile npm-registry-fetch \
    npm-user-validate npmlog p-map pacote parse-conflict-json path-key path-scurry postcss-selector-parser proc-log \
    promise-all-reject-late promise-inflight promise-retry promzard qrcode-terminal read read-cmd-shim \
    read-package-json read-package-json-fast retry safer-buffer semver set-blocking shebang-command shebang-regex \
    signal-exit sigstore smart-buffer socks socks-proxy-agent spdx-correct spdx-exceptions spdx-expression-parse \
    spdx-license-ids ssri string-width strip-ansi supports-color tar text-table tiny-relative-date treeverse tuf-js \
    unique-filename unique-slug util-deprecate validate-npm-package-license validate-npm-package-name walk-up-path \
    wcwidth which wide-align wrap-ansi write-file-atomic yallist";

const HEADERS: &str = "common.gypi config.gypi js_native_api.h js_native_api_types.h node.h node_api.h \
    node_api_types.h node_buffer.h node_object_wrap.h node_version.h v8-array-buffer.h v8-callbacks.h \
    v8-container.h v8-context.h v8-data.h v8-date.h v8-exception.h v8-extension.h v8-external.h v8-function.h \
    v8-initialization.h v8-internal.h v8-isolate.h v8-json.h v8-locker.h v8-message.h v8-object.h v8-platform.h \
    v8-primitive.h v8-profiler.h v8-promise.h v8-script.h v8-template.h v8-value.h v8.h v8config.h zconf.h zlib.h \
    openssl/aes.h openssl/asn1.h openssl/bio.h openssl/bn.h openssl/crypto.h openssl/ec.h openssl/err.h \
    openssl/evp.h openssl/rsa.h openssl/sha.h openssl/ssl.h openssl/x509.h uv/errno.h uv/threadpool.h uv/unix.h uv.h";
