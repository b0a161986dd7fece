//! `buildpack-deps:bookworm` and its smaller kin: what the full variants of node, python and golang
//! stand on.

use super::debian;
use super::listing::{self, Listing};
use super::recipe::Recipe;
use super::sketch::Sketch;
use crate::image::Image;
use std::sync::Arc;

/// 2023-12-19.
const CREATED: i64 = 1_702_958_400;

/// One layer: what its apt-get brings, and what the layers below have.
struct Step {
    key: &'static str,
    created_by: &'static str,
    label: &'static str,
    new: &'static Listing,
    before: &'static [&'static Listing],
}

static STEPS: [Step; 3] = [
    Step {
        key: "buildpack/curl",
        created_by: "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends \t\tca-certificates \t\tcurl \
            \t\tgnupg \t\tnetbase \t\tsq \t\twget \t&& rm -rf /var/lib/apt/lists/*",
        label: "RUN apt-get curl",
        new: &listing::BUILDPACK_CURL,
        before: &[&listing::DEBIAN, &listing::DEBIAN_DOCS],
    },
    Step {
        key: "buildpack/scm",
        created_by: "/bin/sh -c apt-get update && apt-get install -y --no-install-recommends \t\tgit \t\tmercurial \
            \t\topenssh-client \t\tsubversion \t\t\t\tprocps \t&& rm -rf /var/lib/apt/lists/*",
        label: "RUN apt-get scm",
        new: &listing::BUILDPACK_SCM,
        before: &[&listing::DEBIAN, &listing::DEBIAN_DOCS, &listing::BUILDPACK_CURL],
    },
    Step {
        key: "buildpack/full",
        created_by: "/bin/sh -c set -ex; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tautoconf \
            \t\tautomake \t\tbzip2 \t\tdefault-libmysqlclient-dev \t\tdpkg-dev \t\tfile \t\tg++ \t\tgcc \t\timagemagick \
            \t\tlibbz2-dev \t\tlibc6-dev \t\tmake \t\tpatch \t\tunzip \t\txz-utils \t\tzlib1g-dev \t; \
            \trm -rf /var/lib/apt/lists/*",
        label: "RUN apt-get full",
        new: &listing::BUILDPACK_FULL,
        before: &[&listing::DEBIAN, &listing::DEBIAN_DOCS, &listing::BUILDPACK_CURL, &listing::BUILDPACK_SCM],
    },
];

/// Every listing up to and with so many layers.
pub(super) static SCM: [&Listing; 4] =
    [&listing::DEBIAN, &listing::DEBIAN_DOCS, &listing::BUILDPACK_CURL, &listing::BUILDPACK_SCM];

/// `bookworm-curl` has one layer above Debian, `bookworm-scm` two, `bookworm` three.
pub(super) fn image(layers: usize) -> Arc<Image> {
    let base = super::image("debian:bookworm").unwrap_or_else(|| debian::BOOKWORM.image());
    let mut recipe = Recipe::from(&base, CREATED);
    for step in STEPS.iter().take(layers) {
        recipe.layer(step.created_by, step.label, step.key, || {
            let mut s = Sketch::new("buildpack", CREATED);
            debian::add_packages(&mut s, step.before, &[&step.new.text()]);
            if step.key == "buildpack/scm" {
                debian::add_groups(&mut s, "_ssh:x:101:\n");
            }
            s.done()
        });
    }
    recipe.finish()
}
