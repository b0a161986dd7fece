//! The built-in bases: described, not stored.
//!
//! Each image has the config, the history and the layer sizes of the real one as it was around the
//! lab's date, and a tree of believable names. Small texts are written out; big files are a label
//! and a size ([`crate::fs::Contents::seeded`]), programs a name and a size
//! ([`crate::fs::Contents::of_program`]). Nothing is built before somebody asks for it, and layers
//! that images share are the same layer.

mod alpine;
mod busybox;
mod debian;
mod recipe;
mod sketch;
mod ubuntu;

use super::{Config, History, Image};
use crate::fs::Digest;
use recipe::Recipe;
use std::sync::{Arc, LazyLock};

/// A built-in image: its name, the other tags it had on the lab's date, and how it is made.
struct Known {
    name: &'static str,
    tags: &'static [&'static str],
    image: &'static LazyLock<Arc<Image>>,
}

static SCRATCH: LazyLock<Arc<Image>> = LazyLock::new(|| Recipe::new(0).finish());

static KNOWN: &[Known] = &[
    Known { name: "scratch", tags: &[], image: &SCRATCH },
    Known { name: "busybox:latest", tags: &["1.36", "1.36.1", "stable", "glibc"], image: &busybox::IMAGE },
    Known { name: "alpine:3.19", tags: &["latest", "3", "3.19.0"], image: &alpine::IMAGE },
    Known {
        name: "debian:bookworm-slim",
        tags: &["12-slim", "12.4-slim", "stable-slim"],
        image: &debian::IMAGE,
    },
    Known { name: "ubuntu:22.04", tags: &["latest", "jammy"], image: &ubuntu::IMAGE },
];

/// The names of all built-in images, the smallest first.
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
        Some((its, own)) => its == repository && (own == tag || known.tags.contains(&tag)),
    })?;
    Some(Arc::clone(found.image))
}

/// The built-in names nearest to an unknown one, for an error's hint: other tags of the same
/// repository first, else a name that is spelled nearly so, else nothing.
pub fn suggest(name: &str) -> Vec<&'static str> {
    let name = familiar(name);
    let repository = name.split(['@', ':']).next().unwrap_or(name);
    let same = |known: &&str| known.split(':').next() == Some(repository);
    let tags: Vec<&'static str> = known().filter(same).collect();
    if !tags.is_empty() {
        return tags;
    }
    if let Some(near) = crate::error::suggest(name, known()) {
        return vec![near];
    }
    let repositories = known().map(|known| known.split(':').next().unwrap_or(known));
    let near = crate::error::suggest(repository, repositories);
    known().filter(|known| known.split(':').next() == near).collect()
}

/// A stand-in for an image that nobody knows here: no files, no environment, no users, sizes
/// unknown. Cache decisions can still be made on it; its id depends on the name alone.
pub fn placeholder(name: &str) -> Image {
    let entry =
        History { created_by: format!("placeholder for {name}"), empty_layer: true, ..History::default() };
    Image {
        id: Digest::of(format!("placeholder {name}")),
        config: Config { env: vec![recipe::PATH.to_owned()], ..Config::default() },
        history: vec![entry],
        layers: Vec::new(),
        created: 0,
        author: String::new(),
        parent: None,
        placeholder: true,
    }
}

/// The name as Docker shows it: without the default registry and its `library/`.
fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}
