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
mod golang;
mod nginx;
mod node;
mod postgres;
mod python;
mod recipe;
mod sketch;
mod ubuntu;

use super::{Config, History, Image};
use recipe::Recipe;
use std::sync::{Arc, LazyLock};

/// A built-in image: its name, the other tags it had on the lab's date, and how it is made.
struct Known {
    name: &'static str,
    tags: &'static str,
    image: &'static LazyLock<Arc<Image>>,
}

const fn entry(name: &'static str, tags: &'static str, image: &'static LazyLock<Arc<Image>>) -> Known {
    Known { name, tags, image }
}

static SCRATCH: LazyLock<Arc<Image>> = LazyLock::new(|| Recipe::new(0).finish());

static KNOWN: &[Known] = &[
    entry("scratch", "", &SCRATCH),
    entry("busybox:latest", "1 1.36 1.36.1 stable glibc", &busybox::IMAGE),
    entry("alpine:3.19", "latest 3 3.19.0", &alpine::IMAGE),
    entry("debian:bookworm-slim", "12-slim 12.4-slim stable-slim", &debian::IMAGE),
    entry("ubuntu:22.04", "latest jammy", &ubuntu::IMAGE),
    entry("node:20-alpine", "20-alpine3.19 20.10-alpine lts-alpine iron-alpine", &node::IMAGE),
    entry("golang:1.21-alpine", "1.21-alpine3.19 1.21.5-alpine 1-alpine alpine", &golang::IMAGE),
    entry("python:3.12-slim", "3.12.1-slim 3.12-slim-bookworm 3-slim slim", &python::IMAGE),
    entry("nginx:alpine", "1.25.3-alpine 1.25-alpine 1-alpine mainline-alpine", &nginx::ALPINE),
    entry("nginx:latest", "1.25.3 1.25 1 mainline bookworm", &nginx::LATEST),
    entry("postgres:15", "15.5 15-bookworm 15.5-bookworm", &postgres::IMAGE),
];

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
