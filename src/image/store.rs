//! The image store: content-addressed, cheap to clone.

use super::config::{Config, History, HistoryJson, config_json, config_json_after};
use super::layer::ImageLayer;
use super::reference::{self, Reference};
use super::remove::Done;
use crate::fs::{Digest, Hasher};
use indexmap::IndexMap;
use rpds::VectorSync;
use std::sync::Arc;

/// An image. Layers are bottom first, as in `rootfs.diff_ids`.
#[derive(Clone, Debug)]
pub struct Image {
    /// SHA-256 of its config JSON; set by [`Image::sealed`].
    pub id: Digest,
    /// What containers start with.
    pub config: Config,
    /// Oldest first; entries without `empty_layer` match the layers one by one.
    pub history: VectorSync<History>,
    /// Bottom first.
    pub layers: Vec<ImageLayer>,
    /// Unix seconds.
    pub created: i64,
    /// Maintainer.
    pub author: String,
    /// The image it was built on by the legacy builder or by commit.
    pub parent: Option<Digest>,
    /// `amd64`, unless an archive says otherwise.
    pub architecture: Arc<str>,
    /// `linux`, unless an archive says otherwise.
    pub os: Arc<str>,
    /// The config JSON as it lay in the archive that the image came from: the bytes that its id is of.
    pub config_bytes: Option<Arc<[u8]>>,
    /// What BuildKit keeps of its cache in the config (`type=inline`): records and keys.
    pub inline_cache: Option<Arc<[u8]>>,
    /// A labelled placeholder for an unknown FROM: its files, users and sizes are not known.
    pub placeholder: bool,
}

impl Default for Image {
    fn default() -> Image {
        Image {
            id: Digest([0; 32]),
            config: Config::default(),
            history: VectorSync::new_sync(),
            layers: Vec::new(),
            created: super::config::EPOCH,
            author: String::new(),
            parent: None,
            architecture: "amd64".into(),
            os: "linux".into(),
            config_bytes: None,
            inline_cache: None,
            placeholder: false,
        }
    }
}

impl Image {
    /// The same image with its id computed: SHA-256 of [`config_json`] (moby
    /// `daemon/internal/image/store.go`, `Create`). The parent is not part of it.
    #[must_use]
    pub fn sealed(mut self) -> Image {
        self.config_bytes = None;
        self.id = Digest::of(config_json(&self));
        self
    }

    /// [`Image::sealed`], where `written` is the JSON of the history of the image below.
    #[must_use]
    pub fn sealed_after(mut self, written: &mut HistoryJson) -> Image {
        self.config_bytes = None;
        let mut hasher = Hasher::new();
        for part in config_json_after(&self, written) {
            hasher.raw(part.as_bytes());
        }
        self.id = hasher.finish();
        self
    }

    /// Sum of the layers' sizes, as `docker image ls` shows it: a shared layer counts in every image.
    pub fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size).fold(0, u64::saturating_add)
    }

    /// The lowers for a mount: topmost first.
    pub fn lowers(&self) -> Vec<crate::union::Lower> {
        self.layers.iter().rev().map(ImageLayer::lower).collect()
    }

    /// Name of the whole stack of layers; none without layers. Equal stacks share storage (OCI image
    /// spec `config.md`, "Layer ChainID").
    pub fn chain_id(&self) -> Option<Digest> {
        chain_id(&self.layers)
    }

    /// The layer that belongs to each history entry; none for empty ones.
    pub fn history_layers(&self) -> impl Iterator<Item = (&History, Option<&ImageLayer>)> {
        let mut layers = self.layers.iter();
        self.history.iter().map(move |entry| (entry, if entry.empty_layer { None } else { layers.next() }))
    }
}

/// `chain(L0) = diff(L0)`, `chain(L0..Ln) = sha256(chain(L0..Ln-1) + " " + diff(Ln))`; none for no layers.
pub fn chain_id(layers: &[ImageLayer]) -> Option<Digest> {
    layers.iter().fold(None, |below, layer| Some(next_link(below, layer.diff_id)))
}

/// The chain id of a layer on the stack with this chain id.
pub fn next_link(below: Option<Digest>, diff_id: Digest) -> Digest {
    let Some(below) = below else { return diff_id };
    let mut hasher = Hasher::new();
    hasher.raw(b"sha256:").raw(&below.digits()).raw(b" sha256:").raw(&diff_id.digits());
    hasher.finish()
}

/// All images and their names. Cloning costs the number of images, not of files.
#[derive(Clone, Debug, Default)]
pub struct Store {
    images: IndexMap<Digest, Arc<Image>>,
    tags: IndexMap<String, Digest>,
    /// `name@sha256:…`, the digest of the manifest it was pulled or pushed by.
    digests: IndexMap<String, Digest>,
    /// Grows with every change.
    generation: u64,
}

impl Store {
    /// Takes an image, computing its id; the id. An image that is there already stays as it is.
    pub fn insert(&mut self, image: Image) -> Digest {
        let image = image.sealed();
        let id = image.id;
        self.generation += 1;
        self.images.entry(id).or_insert_with(|| Arc::new(image));
        id
    }

    /// Takes a shared image whose id is right already (from the catalog or a cache).
    pub fn share(&mut self, image: Arc<Image>) -> Digest {
        let id = image.id;
        self.generation += 1;
        self.images.entry(id).or_insert(image);
        id
    }

    /// Gives an image a name (`nginx` means `nginx:latest`). False when there is no such image or
    /// the name is no valid reference.
    pub fn tag(&mut self, name: &str, id: Digest) -> bool {
        let Ok(name) = reference::normalise(name) else { return false };
        let known = self.images.contains_key(&id);
        if known {
            self.generation += 1;
            self.tags.insert(name, id);
        }
        known
    }

    /// Takes away what a removal came to. Layers live on in other images.
    pub fn take_away(&mut self, done: &Done) {
        if done.untagged.is_empty() && done.deleted.is_empty() {
            return;
        }
        self.generation += 1;
        let stays =
            |name: &String, id: &mut Digest| !done.untagged.contains(name) && !done.deleted.contains(id);
        self.tags.retain(stays);
        self.digests.retain(stays);
        if !done.deleted.is_empty() {
            self.images.retain(|id, _| !done.deleted.contains(id));
        }
    }

    /// Notes the manifest that an image was pulled or pushed by: `repository` as Docker shows it.
    pub fn note_digest(&mut self, repository: &str, manifest: Digest, id: Digest) {
        if self.images.contains_key(&id) {
            self.generation += 1;
            self.digests.insert(format!("{repository}@{manifest}"), id);
        }
    }

    /// All `name@sha256:…` with their images.
    pub fn digests(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.digests.iter().map(|(name, id)| (name.as_str(), id))
    }

    /// Differs after every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// An image by id (`sha256:…` or its digits), name, or unambiguous beginning of an id, tried in
    /// this order (moby `daemon/images/image.go`, `GetImage`).
    pub fn get(&self, name: &str) -> Option<Arc<Image>> {
        if let Some(image) = Digest::parse(name).and_then(|id| self.images.get(&id)) {
            return Some(image.clone());
        }
        if let Some(image) = self.named(name) {
            return Some(image);
        }
        let digits = name.strip_prefix("sha256:").unwrap_or(name);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut matching = self.images.values().filter(|image| image.id.hex().starts_with(digits));
        match (matching.next(), matching.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }

    /// An image by name only.
    pub fn named(&self, name: &str) -> Option<Arc<Image>> {
        let reference = Reference::parse(name).ok()?;
        let id = match reference.digest {
            // Beside a digest the tag says nothing.
            Some(digest) => self.digests.get(&format!("{}@{digest}", reference.familiar()))?,
            None => self.tags.get(&reference.shown())?,
        };
        self.images.get(id).cloned()
    }

    /// An image by its whole id.
    pub fn by_id(&self, id: &Digest) -> Option<Arc<Image>> {
        self.images.get(id).cloned()
    }

    /// All names with their images, in the order they were given.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.tags.iter().map(|(name, id)| (name.as_str(), id))
    }

    /// The names of one image.
    pub fn names_of(&self, id: &Digest) -> Vec<String> {
        self.tags.iter().filter(|(_, tagged)| *tagged == id).map(|(name, _)| name.clone()).collect()
    }

    /// All images in the order they came, nameless ones and the legacy builder's steps included.
    pub fn images(&self) -> impl Iterator<Item = &Arc<Image>> {
        self.images.values()
    }

    /// Is an image built on this one (so that listings hide it when it has no name)?
    pub fn has_children(&self, id: &Digest) -> bool {
        self.images.values().any(|image| image.parent == Some(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(command: &str) -> Image {
        Image {
            config: Config { cmd: Some(vec![command.to_owned()]), ..Config::default() },
            ..Image::default()
        }
    }

    #[test]
    fn names_ids_and_beginnings_of_ids_find_an_image() {
        let mut store = Store::default();
        let (a, b) = (store.insert(image("a")), store.insert(image("b")));
        assert_ne!(a, b);
        assert!(store.tag("nginx", a));
        for name in ["nginx", "nginx:latest", "docker.io/library/nginx", "library/nginx:latest"] {
            assert_eq!(store.get(name).unwrap().id, a, "{name}");
        }
        assert_eq!(store.get(&b.hex()).unwrap().id, b);
        assert_eq!(store.get(&b.short(12)).unwrap().id, b);
        assert!(store.get("").is_none() && store.get("nginx:1").is_none());
        store.take_away(&Done { untagged: ["nginx:latest".to_owned()].into(), ..Done::default() });
        assert!(store.named("nginx").is_none() && store.by_id(&a).is_some());
    }

    #[test]
    fn an_equal_image_is_kept_once() {
        let mut store = Store::default();
        assert_eq!(store.insert(image("a")), store.insert(image("a")));
        assert_eq!(store.images().count(), 1);
        assert!(!store.tag("x", Digest([1; 32])));
    }
}
