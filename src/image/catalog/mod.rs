//! The built-in bases: described, not stored.
//!
//! Each image has the config, the history and the layer sizes of the real one as it was around the
//! lab's date, and the names, sizes, modes and owners of its tree from a packed listing
//! ([`listing`]). Small texts are written out; big files are a label and a size
//! ([`crate::fs::Contents::seeded`]), programs a name and a size
//! ([`crate::fs::Contents::of_program`]). A tree is drawn when somebody looks into its layer; its
//! digest and size are known before ([`measured`]). Layers that images share are the same layer.

mod alpine;
mod busybox;
mod debian;
mod golang;
mod listing;
mod measured;
mod nginx;
mod node;
mod postgres;
mod python;
mod recipe;
mod sketch;
mod ubuntu;

use super::{Config, History, Image, ImageLayer};
use recipe::Recipe;
use std::sync::{Arc, LazyLock};

/// A built-in image: its name, the other tags it had on the lab's date, what is known of the real one,
/// and how it is made.
struct Known {
    name: &'static str,
    tags: &'static str,
    facts: Facts,
    image: &'static LazyLock<Arc<Image>>,
}

/// What is known of a real image, and where from.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Bytes, as `docker image ls` shows them.
    pub size: u64,
    /// Where the size is from.
    pub size_from: &'static str,
    /// Names below the root: `find / | wc -l` less one, without what is mounted over `/dev`, `/proc`
    /// and `/sys`.
    pub entries: usize,
    /// Where the number is from.
    pub entries_from: &'static str,
}

const fn entry(
    name: &'static str,
    tags: &'static str,
    facts: Facts,
    image: &'static LazyLock<Arc<Image>>,
) -> Known {
    Known { name, tags, facts, image }
}

const fn facts(size: u64, size_from: &'static str, entries: usize, entries_from: &'static str) -> Facts {
    Facts { size, size_from, entries, entries_from }
}

const LISTED: &str = "docker image ls, December 2023";
const APT: &str = "debootstrap bookworm and the Dockerfile's apt-get, counted 2026-11-30";

static SCRATCH: LazyLock<Arc<Image>> = LazyLock::new(|| Recipe::new(0).finish());

static KNOWN: &[Known] = &[
    entry("scratch", "", facts(0, "by definition", 0, "by definition"), &SCRATCH),
    entry(
        "busybox:latest",
        "1 1.36 1.36.1 stable glibc",
        facts(4_260_000, LISTED, 442, "estimated from the applets of 1.36.1"),
        &busybox::IMAGE,
    ),
    entry(
        "alpine:3.19",
        "latest 3 3.19.0",
        facts(7_380_000, LISTED, 526, "alpine-minirootfs-3.19.4, counted 2026-11-30"),
        &alpine::IMAGE,
    ),
    entry(
        "debian:bookworm-slim",
        "12-slim 12.4-slim stable-slim",
        facts(74_800_000, LISTED, 4_225, "debootstrap bookworm less debuerreotype's slim list, 2026-11-30"),
        &debian::IMAGE,
    ),
    entry(
        "ubuntu:22.04",
        "latest jammy",
        facts(77_900_000, LISTED, 3_095, "debootstrap jammy without documentation, 2026-11-30"),
        &ubuntu::IMAGE,
    ),
    entry(
        "node:20-alpine",
        "20-alpine3.19 20.10-alpine lts-alpine iron-alpine",
        facts(136_000_000, LISTED, 3_700, "node, npm, corepack and yarn of the npm registry, 2026-11-30"),
        &node::IMAGE,
    ),
    entry(
        "golang:1.21-alpine",
        "1.21-alpine3.19 1.21.5-alpine 1-alpine alpine",
        facts(
            220_000_000,
            "estimated: golang-1.21 of Ubuntu 24.04 unpacked, 211.8 MB, on alpine and its certificates",
            14_900,
            "golang-1.21 of Ubuntu 24.04 unpacked, 2026-11-30",
        ),
        &golang::IMAGE,
    ),
    entry(
        "python:3.12-slim",
        "3.12.1-slim 3.12-slim-bookworm 3-slim slim",
        facts(
            131_000_000,
            LISTED,
            6_600,
            "python 3.12.1 built, pip unpacked, packages by apt-get, 2026-11-30",
        ),
        &python::IMAGE,
    ),
    entry(
        "nginx:alpine",
        "1.25.3-alpine 1.25-alpine 1-alpine mainline-alpine",
        facts(42_600_000, LISTED, 2_400, "estimated"),
        &nginx::ALPINE,
    ),
    entry(
        "nginx:latest",
        "1.25.3 1.25 1 mainline bookworm",
        facts(187_000_000, LISTED, 5_800, APT),
        &nginx::LATEST,
    ),
    entry(
        "postgres:15",
        "15.5 15-bookworm 15.5-bookworm",
        facts(425_000_000, LISTED, 10_193, APT),
        &postgres::IMAGE,
    ),
];

/// What is known of the real image of a built-in name (as [`known`] gives it), and where from.
pub fn facts_of(name: &str) -> Option<Facts> {
    KNOWN.iter().find(|known| known.name == name).map(|known| known.facts)
}

/// The names of all built-in images.
pub fn known() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.name)
}

/// A built-in image by name. Without a tag it is `:latest`; `docker.io/` and `library/` in front
/// change nothing. The first call makes the image, later calls share it.
pub fn image(name: &str) -> Option<Arc<Image>> {
    let name = familiar(name);
    let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
    let found = KNOWN.iter().find(|known| match known.name.split_once(':') {
        None => known.name == name,
        Some((its, own)) => {
            its == repository && (own == tag || known.tags.split(' ').any(|other| other == tag))
        }
    })?;
    Some(Arc::clone(found.image))
}

/// The described layers of all built-in images, each once, by the key of its row among the measured.
pub fn layers() -> Vec<(String, ImageLayer)> {
    for known in KNOWN {
        LazyLock::force(known.image);
    }
    measured::handed_out()
}

/// The built-in names nearest to an unknown one, for an error's hint: other tags of the same
/// repository first, else a name that is spelled nearly so, else nothing.
pub fn suggest(name: &str) -> Vec<&'static str> {
    fn repository(name: &str) -> &str {
        name.split(['@', ':']).next().unwrap_or(name)
    }
    let name = familiar(name);
    let of = |wanted: &str| known().filter(|known| repository(known) == wanted).collect();
    let tags: Vec<&'static str> = of(repository(name));
    if !tags.is_empty() {
        return tags;
    }
    if let Some(near) = crate::error::suggest(name, known()) {
        return vec![near];
    }
    let near = crate::error::suggest(repository(name), known().map(repository));
    near.map(of).unwrap_or_default()
}

/// A stand-in for an image that nobody knows here: no files, no environment, no users, sizes
/// unknown. Cache decisions can still be made on it; its id depends on the name alone.
pub fn placeholder(name: &str) -> Image {
    let created_by = format!("placeholder for {name}");
    let history = vec![History { created_by, empty_layer: true, ..History::default() }];
    let config = Config { env: vec![recipe::PATH.to_owned()], ..Config::default() };
    Image { config, history, created: 0, placeholder: true, ..Image::default() }.sealed()
}

/// The name as Docker shows it: without the default registry and its `library/`.
fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}
