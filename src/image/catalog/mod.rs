//! The built-in bases: described, not stored.
//!
//! Each image has the config, the history and the layer sizes of the real one as it was around the
//! lab's date, and the names, sizes, modes and owners of its tree from a packed listing
//! ([`listing`]). Small texts are written out; big files are a label and a size
//! ([`crate::fs::Contents::seeded`]), programs a name and a size
//! ([`crate::fs::Contents::of_program`]). A tree is drawn when somebody looks into its layer; its
//! digest and size are known before ([`measured`]). Layers that images share are the same layer.

mod alpine;
mod buildpack;
mod busybox;
mod debian;
mod distroless;
mod golang;
mod httpd;
mod java;
mod listing;
mod mariadb;
mod measured;
mod memcached;
mod nginx;
mod node;
mod php;
mod postgres;
mod python;
mod recipe;
mod redis;
mod rpm;
mod ruby;
mod rust;
mod shared;
mod sketch;
mod table;

use super::{Config, History, Image, ImageLayer};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The time of images that are younger than the lab's clock: its last day before.
const YOUNGER: i64 = 1_703_980_800;

/// A built-in image: its name, the other tags it had on the lab's date, what is known of the real one,
/// and how it is made.
struct Known {
    name: &'static str,
    tags: &'static str,
    facts: Facts,
    make: fn() -> Arc<Image>,
}

/// Images that were made, so that everybody shares them.
static MADE: Mutex<BTreeMap<&str, Arc<Image>>> = Mutex::new(BTreeMap::new());

impl Known {
    fn image(&self) -> Arc<Image> {
        // Not held while an image is made: it asks for the one below it.
        let made = MADE.lock().unwrap_or_else(PoisonError::into_inner).get(self.name).cloned();
        made.unwrap_or_else(|| {
            let image = (self.make)();
            let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(made.entry(self.name).or_insert(image))
        })
    }
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

/// What is known of the real image of a built-in name (as [`known`] gives it), and where from.
pub fn facts_of(name: &str) -> Option<Facts> {
    table::rows().find(|known| known.name == name).map(|known| known.facts)
}

/// The names of all built-in images.
pub fn known() -> impl Iterator<Item = &'static str> {
    table::rows().map(|known| known.name)
}

/// A built-in image by name. Without a tag it is `:latest`; `docker.io/` and `library/` in front
/// change nothing. The first call makes the image, later calls share it.
pub fn image(name: &str) -> Option<Arc<Image>> {
    let name = familiar(name);
    let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
    let found = table::rows().find(|known| match known.name.split_once(':') {
        None => known.name == name,
        Some((its, own)) => {
            let mut others = known.tags.split(' ');
            // A tag of another repository is named with it.
            let elsewhere = |other: &str| other.split_once(':') == Some((repository, tag));
            its == repository && (own == tag || others.clone().any(|other| other == tag))
                || others.any(elsewhere)
        }
    })?;
    Some(found.image())
}

/// The described layers of all built-in images, each once, by the key of its row among the measured.
pub fn layers() -> Vec<(String, ImageLayer)> {
    for known in table::rows() {
        known.image();
    }
    measured::handed_out()
}

/// The built-in names nearest to an unknown one, for an error's hint: the tag of the same repository that
/// is spelled nearly so, else those of the same variant (`-alpine`, `-slim`), else all of its tags; else
/// a repository that is spelled nearly so, else nothing.
pub fn suggest(name: &str) -> Vec<&'static str> {
    let split = |name: &str| -> (String, String) {
        let (repository, tag) = name.split_once(['@', ':']).unwrap_or((name, "latest"));
        (repository.to_owned(), tag.to_owned())
    };
    let (repository, tag) = split(familiar(name));
    let of =
        |wanted: &str| -> Vec<&'static str> { known().filter(|known| split(known).0 == wanted).collect() };
    let tags = of(&repository);
    if tags.is_empty() {
        if let Some(near) = crate::error::suggest(familiar(name), known()) {
            return vec![near];
        }
        let repositories: Vec<String> = known().map(|known| split(known).0).collect();
        let near = crate::error::suggest(&repository, repositories.iter().map(String::as_str));
        return near.map(of).unwrap_or_default();
    }
    let near = crate::error::suggest(&tag, tags.iter().filter_map(|known| Some(known.split_once(':')?.1)));
    if let Some(near) = near {
        return tags.into_iter().filter(|known| known.ends_with(&format!(":{near}"))).collect();
    }
    let variant = |tag: &str| tag.rsplit_once('-').map(|(_, variant)| variant.to_owned());
    let alike = |known: &&&'static str| variant(known) == variant(&tag);
    let same: Vec<&'static str> = tags.iter().filter(alike).copied().collect();
    if same.is_empty() { tags } else { same }
}

/// The base that an official image which is not built in most likely stands on, by its tag's variant:
/// `ruby:3.2-slim` on Debian's slim base. None without a variant, or from another registry.
pub fn stands_on(name: &str) -> Option<&'static str> {
    let (repository, tag) = familiar(name).split_once(':')?;
    let variant = |word: &str| tag.split('-').any(|part| part.starts_with(word));
    if repository.contains('/') {
        None
    } else if variant("alpine") {
        Some("alpine:3.19")
    } else if variant("bullseye") {
        Some("debian:bullseye-slim")
    } else if variant("slim") || variant("bookworm") {
        Some("debian:bookworm-slim")
    } else if variant("jammy") {
        Some("ubuntu:22.04")
    } else if variant("focal") {
        Some("ubuntu:20.04")
    } else {
        None
    }
}

/// A stand-in for an image that nobody knows here: no files, no environment, no users, sizes
/// unknown. Cache decisions can still be made on it; its id depends on the name alone.
pub fn placeholder(name: &str) -> Image {
    let created_by = format!("placeholder for {name}");
    let history = [History { created_by, empty_layer: true, ..History::default() }].into_iter().collect();
    let config = Config { env: vec![recipe::PATH.to_owned()], ..Config::default() };
    Image { config, history, created: 0, placeholder: true, ..Image::default() }.sealed()
}

/// The name as Docker shows it: without the default registry and its `library/`.
fn familiar(name: &str) -> &str {
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}
