//! `golang:1.21-alpine`: on alpine's layer.

use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::{Arc, LazyLock};

/// 2023-12-09, Go 1.21.5.
const CREATED: i64 = 1_702_083_600;

const PATH: &str =
    "PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::from(&alpine::IMAGE, CREATED);
    recipe.layer(
        "/bin/sh -c apk add --no-cache ca-certificates",
        "RUN apk add",
        "golang/certificates",
        certificates,
    );
    recipe.meta(
        "/bin/sh -c #(nop)  ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    recipe.meta("/bin/sh -c #(nop)  ENV GOLANG_VERSION=1.21.5");
    recipe.layer(RUN_GO, "RUN install go", "golang/go", toolchain);
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
        config.env = words(&[PATH, "GOLANG_VERSION=1.21.5", "GOTOOLCHAIN=local", "GOPATH=/go"]);
        config.working_dir = "/go".to_owned();
    });
    recipe.finish()
});

const RUN_GO: &str = "/bin/sh -c set -eux; \tapk add --no-cache --virtual .fetch-deps gnupg; \tarch=\"$(apk --print-arch)\"; \
    \turl='https://dl.google.com/go/go1.21.5.linux-amd64.tar.gz'; \twget -O go.tgz \"$url\"; \
    \ttar -C /usr/local -xzf go.tgz; \trm go.tgz; \tapk del --no-network .fetch-deps; \tgo version";

fn certificates() -> Tree {
    let mut s = Sketch::new("golang", CREATED);
    let files = alpine::certificates(&mut s);
    let row = "ca-certificates 20230506-r0 ca-certificates 150236 704512 Root certificates\n";
    alpine::add_packages(&mut s, row, &files, "ca-certificates");
    s.done()
}

fn toolchain() -> Tree {
    let mut s = Sketch::new("golang", CREATED);
    s.listing(&listing::GO.text());
    s.text("/usr/local/go/VERSION", "go1.21.5\ntime 2023-11-29T21:21:46Z\n");
    s.described("/lib/apk/db/scripts.tar", 15_360, 0o644);
    s.done()
}

fn workspace() -> Tree {
    let mut s = Sketch::new("golang", CREATED);
    s.dirs(0o1777, "/go /go/bin /go/src");
    s.done()
}
