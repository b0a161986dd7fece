//! Go: on alpine and on buildpack-deps.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, buildpack, debian, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Go. The tree is 1.21's in all of them.
pub(super) struct Release {
    version: &'static str,
    /// The second line of its VERSION.
    time: &'static str,
    /// Unix seconds.
    created: i64,
}

pub(super) static V1_20: Release =
    Release { version: "1.20.12", time: "2023-12-04T20:29:31Z", created: 1_702_083_600 };
pub(super) static V1_21: Release =
    Release { version: "1.21.5", time: "2023-11-29T21:21:46Z", created: 1_702_083_600 };
pub(super) static V1_22: Release =
    Release { version: "1.22.10", time: "2024-11-26T16:21:55Z", created: super::YOUNGER };

const PATH: &str =
    "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The image of a release: on alpine, or on buildpack-deps with a C compiler.
pub(super) fn image(go: &'static Release, on_alpine: bool) -> Arc<Image> {
    let base = if on_alpine {
        alpine::shared(&alpine::V3_19)
    } else {
        super::image("buildpack-deps:bookworm-scm").unwrap_or_else(|| buildpack::image(2))
    };
    let mut recipe = Recipe::from(&base, go.created);
    let (version, word) = (go.version, if on_alpine { "alpine" } else { "full" });
    if on_alpine {
        let run = "/bin/sh -c apk add --no-cache ca-certificates";
        recipe.layer(run, "RUN apk add", "golang/certificates", certificates);
    } else {
        recipe.layer(RUN_COMPILER, "RUN apt-get", "golang/compiler", compiler);
    }
    recipe.meta(
        "/bin/sh -c #(nop)  ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV GOLANG_VERSION={version}"));
    let key = format!("golang/{version}/{word}");
    recipe.layer(RUN_GO, "RUN install go", &key, move || toolchain(go, on_alpine));
    recipe.meta("/bin/sh -c #(nop)  ENV GOTOOLCHAIN=local").meta("/bin/sh -c #(nop)  ENV GOPATH=/go");
    recipe.meta(&format!("/bin/sh -c #(nop)  ENV {PATH}"));
    recipe.layer(
        "/bin/sh -c mkdir -p \"$GOPATH/src\" \"$GOPATH/bin\" && chmod -R 1777 \"$GOPATH\"",
        "RUN mkdir /go",
        "golang/workspace",
        workspace,
    );
    recipe.meta("/bin/sh -c #(nop) WORKDIR /go");
    recipe.config(|config| {
        config.env = words(&[PATH, &format!("GOLANG_VERSION={version}"), "GOTOOLCHAIN=local", "GOPATH=/go"]);
        config.working_dir = "/go".to_owned();
    });
    recipe.finish()
}

const RUN_COMPILER: &str = "RUN /bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \
    \t\tg++ \t\tgcc \t\tlibc6-dev \t\tmake \t\tpkg-config \t; \trm -rf /var/lib/apt/lists/* # buildkit";

const RUN_GO: &str = "/bin/sh -c set -eux; \tapk add --no-cache --virtual .fetch-deps gnupg; \tarch=\"$(apk --print-arch)\"; \
    \turl='https://dl.google.com/go/go$GOLANG_VERSION.linux-amd64.tar.gz'; \twget -O go.tgz \"$url\"; \
    \ttar -C /usr/local -xzf go.tgz; \trm go.tgz; \tapk del --no-network .fetch-deps; \tgo version";

fn certificates() -> Tree {
    let mut s = Sketch::new("golang", V1_21.created);
    let files = alpine::certificates(&mut s);
    alpine::add_packages(&mut s, &alpine::V3_19, &files, "ca-certificates");
    s.done()
}

fn compiler() -> Tree {
    let mut s = Sketch::new("golang", V1_21.created);
    debian::add_packages(&mut s, &buildpack::SCM, &[&listing::GOLANG_COMPILER.text()]);
    s.done()
}

fn toolchain(go: &Release, on_alpine: bool) -> Tree {
    let mut s = Sketch::new("golang", go.created);
    s.listing(&listing::GO.text());
    s.text("/usr/local/go/VERSION", &format!("go{}\ntime {}\n", go.version, go.time));
    if on_alpine {
        s.described("/lib/apk/db/scripts.tar", 15_360, 0o644);
    }
    s.done()
}

fn workspace() -> Tree {
    let mut s = Sketch::new("golang", V1_21.created);
    s.dirs(0o1777, "/go /go/bin /go/src");
    s.done()
}
