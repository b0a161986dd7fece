//! Ruby: on Debian's slim base, on buildpack-deps, and on alpine.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, buildpack, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Ruby. The tree is the same in all of them but for its names.
pub(super) struct Release {
    version: &'static str,
    /// `3.2`.
    minor: &'static str,
    sum: &'static str,
    /// Unix seconds.
    created: i64,
}

pub(super) static V3_1: Release = Release {
    version: "3.1.4",
    minor: "3.1",
    sum: "1b6d6010e76036c937b9671f4752f065aeca800a6c664f71f6c9a699453af94f",
    created: 1_702_944_000,
};
pub(super) static V3_2: Release = Release {
    version: "3.2.2",
    minor: "3.2",
    sum: "4b352d0f7ec384e332e3e44cdbfdcd5ff2d594af3c8296b5636c710975149e23",
    created: 1_702_944_000,
};
pub(super) static V3_3: Release = Release {
    version: "3.3.0",
    minor: "3.3",
    sum: "676b65a36e637e90f982b57b059189b3276b9045034dcd186a7e9078847b975b",
    created: 1_703_635_200,
};

/// What an image of it stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Alpine,
    Slim,
    Full,
}

pub(super) fn image(ruby: &'static Release, on: On) -> Arc<Image> {
    let (base, word) = match on {
        On::Alpine => (alpine::shared(&alpine::V3_19), "alpine"),
        On::Slim => (debian::slim(), "slim"),
        On::Full => (super::image("buildpack-deps:bookworm").unwrap_or_else(|| buildpack::image(3)), "full"),
    };
    let mut recipe = Recipe::from(&base, ruby.created);
    match on {
        On::Alpine => {
            recipe.run(RUN_APK, "RUN apk add", "ruby/alpine", || {
                let mut s = Sketch::new("ruby", V3_2.created);
                let (new, world) = (APK, APK_WORLD);
                alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: "", new, world });
                s.done()
            });
        }
        On::Slim => {
            recipe.run(RUN_APT, "RUN apt-get", "ruby/slim", || {
                let mut s = Sketch::new("ruby", V3_2.created);
                debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: APT });
                s.done()
            });
        }
        On::Full => {}
    }
    recipe.run(RUN_GEMRC, "RUN gemrc", "ruby/gemrc", || {
        let mut s = Sketch::new("ruby", V3_2.created);
        s.text("/usr/local/etc/gemrc", "install: --no-document\nupdate: --no-document\n");
        s.done()
    });
    recipe.env("LANG", "C.UTF-8").env("RUBY_MAJOR", ruby.minor).env("RUBY_VERSION", ruby.version);
    recipe.env("RUBY_DOWNLOAD_SHA256", ruby.sum);
    let key = format!("ruby/{}/{word}", ruby.version);
    recipe.run(RUN_RUBY, "RUN make ruby", &key, move || interpreter(ruby, on));
    recipe.env("GEM_HOME", "/usr/local/bundle");
    recipe
        .envs(&[("BUNDLE_SILENCE_ROOT_WARNING", "1"), ("BUNDLE_APP_CONFIG", "/usr/local/bundle")])
        .path("/usr/local/bundle/bin");
    let run = "mkdir -p \"$GEM_HOME\" && chmod 1777 \"$GEM_HOME\"";
    recipe.run(run, "RUN mkdir bundle", "ruby/bundle", || {
        let mut s = Sketch::new("ruby", V3_2.created);
        s.dir_of("/usr/local/bundle", 0o1777, 0, 0);
        s.done()
    });
    recipe.cmd(&["irb"]);
    recipe.finish()
}

const RUN_APT: &str = "set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tbzip2 \t\tca-certificates \
    \t\tlibffi-dev \t\tlibgmp-dev \t\tlibssl-dev \t\tlibyaml-dev \t\tprocps \t\tzlib1g-dev \t; \trm -rf /var/lib/apt/lists/*";
const RUN_APK: &str = "set -eux; \tapk add --no-cache \t\tbzip2 \t\tca-certificates \t\tgmp-dev \t\tlibffi-dev \t\tprocps \
    \t\tyaml-dev \t\tzlib-dev \t;";
const RUN_GEMRC: &str = "set -eux; \tmkdir -p /usr/local/etc; \t{ \t\techo 'install: --no-document'; \
    \t\techo 'update: --no-document'; \t} >> /usr/local/etc/gemrc";
const RUN_RUBY: &str = "set -eux; \twget -O ruby.tar.xz \"https://cache.ruby-lang.org/pub/ruby/$RUBY_MAJOR/ruby-$RUBY_VERSION.tar.xz\"; \
    \tmkdir -p /usr/src/ruby; \ttar -xJf ruby.tar.xz -C /usr/src/ruby --strip-components=1; \trm ruby.tar.xz; \tcd /usr/src/ruby; \
    \tautoconf; \t./configure --disable-install-doc --enable-shared --enable-yjit; \tmake -j \"$(nproc)\"; \tmake install; \
    \tcd /; \trm -r /usr/src/ruby; \truby --version; \tgem --version; \tbundle --version";

const APT: &str = "bzip2 ca-certificates libffi-dev libgmp-dev libgmpxx4ldbl libncurses6 libproc2-0 libssl-dev libssl3 libyaml-0-2 \
    libyaml-dev openssl procps zlib1g-dev";
/// What the interpreter is linked with.
const APT_MORE: &str = "libgdbm-compat4 libgdbm6 libreadline8 readline-common";
const APK: &str = "bzip2 ca-certificates gmp gmp-dev libbz2 libffi libffi-dev libgcc libgmpxx libintl libncursesw libproc2 libstdc++ \
    ncurses-terminfo-base pkgconf procps-ng yaml yaml-dev zlib-dev";
const APK_WORLD: &str = "bzip2 ca-certificates gmp-dev libffi-dev procps-ng yaml-dev zlib-dev";

fn interpreter(ruby: &Release, on: On) -> Tree {
    let mut s = Sketch::new("ruby", ruby.created);
    let listing = listing::RUBY.text();
    let listing = listing.replace("3.2.2", ruby.version).replace("3.2.0", &format!("{}.0", ruby.minor));
    s.listing(&listing.replace("so.3.2", &format!("so.{}", ruby.minor)));
    let bin = "/usr/local/bin";
    for (name, size) in PROGRAMS {
        s.program(&format!("{bin}/{name}"), name, *size);
    }
    s.program(&format!("{bin}/bundler"), "bundle", 605);
    let bytes = match on {
        On::Alpine => {
            let (before, new) = (APK, ".ruby-rundeps readline");
            let world = [APK_WORLD, ".ruby-rundeps"].join(" ");
            alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before, new, world: &world });
            60_000_000
        }
        On::Slim => {
            debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: APT, new: APT_MORE });
            68_000_000
        }
        On::Full => 66_000_000,
    };
    s.settle(bytes, &format!("/usr/local/lib/libruby.so.{}", ruby.version));
    s.done()
}

/// Its commands: scripts of a few lines in the real image, which need the interpreter.
const PROGRAMS: &[(&str, u64)] =
    &[("ruby", 14_464), ("gem", 557), ("bundle", 603), ("irb", 559), ("rake", 583), ("erb", 566)];
