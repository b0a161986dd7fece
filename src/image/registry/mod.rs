//! A simulated registry: repositories of manifests and layers, shared by all Docker hosts of the lab.
//!
//! Names lead to manifests by tag or digest, a manifest to a config and to layers by digest (OCI distribution
//! spec; OCI image spec `manifest.md`, `image-index.md`). A layer that a repository has is never sent twice.
//! Start with [`push`] and [`pull`]: each plans what has to travel before anything does.

mod blob;
mod manifest;
mod pull;
mod push;

pub use blob::{Blob, BlobKind, Blobs};
pub use manifest::{CACHE_CONFIG, Manifest, Part, Platform, What};
pub use pull::{Downloads, PullPlan, Pulled, plan_pull, pull};
pub use push::{Origins, PushPlan, Pushed, Target, plan_push, push, push_cache};

use super::reference::{HUB, Reference};
use super::{Image, catalog};
use crate::fs::{ByDigest, Digest};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// All registries that the lab's names lead to. Cloning costs the number of repositories.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// By registry and path: `docker.io/library/alpine`.
    repositories: IndexMap<String, Arc<Repository>>,
    /// What each layer is on the wire, by its diff id: packed once.
    pub blobs: Blobs,
    /// The next pull from this registry breaks off after this many bytes.
    cut_after: Option<(String, u64)>,
    /// Grows with every change.
    generation: u64,
}

/// What the names of directories begin with, in which caches are kept beside all registries.
pub const DIRECTORY: &str = "dir:";

/// What is kept under one name.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    tags: IndexMap<String, Digest>,
    manifests: HashMap<Digest, Arc<Manifest>, ByDigest>,
    blobs: HashSet<Digest, ByDigest>,
}

/// Why a registry has nothing to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Docker Hub does not say whether a repository is private or not there.
    Denied(String),
    /// The repository, the tag or the digest is not known.
    Unknown(String),
    /// An index has no image for the platform.
    Platform(Platform),
}

impl Absent {
    /// The daemon's words (moby `distribution/errors.go`).
    pub fn words(&self) -> String {
        match self {
            Absent::Denied(name) => format!(
                "pull access denied for {name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
            ),
            Absent::Unknown(name) => {
                format!("manifest for {name} not found: manifest unknown: manifest unknown")
            }
            Absent::Platform(platform) => {
                format!("no matching manifest for {platform} in the manifest list entries")
            }
        }
    }
}

impl Registry {
    /// The manifest that a name means: an image's, an index, or a cache's. Docker Hub has the built-in images.
    ///
    /// # Errors
    /// Nothing there has this name.
    pub fn find(&self, name: &Reference) -> Result<Arc<Manifest>, Absent> {
        let repository = self.repositories.get(&name.repository());
        let kept = repository.and_then(|repository| match (&name.digest, &name.tag) {
            (Some(digest), _) => repository.manifests.get(digest),
            (None, tag) => {
                let digest = repository.tags.get(tag.as_deref().unwrap_or("latest"))?;
                repository.manifests.get(digest)
            }
        });
        if let Some(kept) = kept {
            return Ok(kept.clone());
        }
        if name.domain == HUB
            && let Some(built_in) = self.built_in(name)
        {
            return Ok(built_in);
        }
        let is_known = repository.is_some() || self.tags(name).next().is_some();
        match name.domain == HUB && !is_known {
            true => Err(Absent::Denied(name.familiar())),
            false => Err(Absent::Unknown(name.shown())),
        }
    }

    /// A built-in image, as Docker Hub has it.
    fn built_in(&self, name: &Reference) -> Option<Arc<Manifest>> {
        let short = name.path.strip_prefix("library/")?;
        match name.digest {
            Some(digest) => {
                let tags = catalog::known().filter(|known| known.split(':').next() == Some(short));
                let mut found = tags.filter_map(|known| Some(Manifest::built_in(&catalog::image(known)?)));
                found.find(|manifest| manifest.digest == digest).map(Arc::new)
            }
            None => {
                let tag = name.tag.as_deref().unwrap_or("latest");
                Some(Arc::new(Manifest::built_in(&catalog::image(&format!("{short}:{tag}"))?)))
            }
        }
    }

    /// All tags of a repository.
    pub fn tags(&self, name: &Reference) -> impl Iterator<Item = String> {
        let pushed = self.repositories.get(&name.repository()).into_iter();
        let pushed: Vec<String> = pushed.flat_map(|repository| repository.tags.keys().cloned()).collect();
        let short = name.path.strip_prefix("library/").filter(|_| name.domain == HUB).map(str::to_owned);
        let built_in = short.into_iter().flat_map(|short| {
            catalog::known().filter_map(move |known| {
                let (repository, tag) = known.split_once(':').unwrap_or((known, "latest"));
                (repository == short).then(|| tag.to_owned())
            })
        });
        pushed.into_iter().chain(built_in)
    }

    /// Names of the repositories that were pushed to, in the order of their first push.
    pub fn repositories(&self) -> impl Iterator<Item = (&str, &Repository)> {
        let pushed = self.repositories.iter().filter(|(name, _)| !name.starts_with(DIRECTORY));
        pushed.map(|(name, repository)| (name.as_str(), &**repository))
    }

    /// The manifest under a tag of a repository's whole name.
    pub fn at(&self, repository: &str, tag: &str) -> Option<Arc<Manifest>> {
        let repository = self.repositories.get(repository)?;
        repository.manifests.get(repository.tags.get(tag)?).cloned()
    }

    /// Has this repository a blob?
    pub fn has(&self, repository: &str, blob: &Digest) -> bool {
        self.repositories.get(repository).is_some_and(|repository| repository.blobs.contains(blob))
    }

    /// An image that may be fetched under this name for linux/amd64 or the platform: what a build's FROM and
    /// `docker run` take. Built-in images are not among them.
    pub fn image(&self, name: &str, platform: &Platform) -> Option<(Arc<Image>, Digest)> {
        let reference = Reference::parse(name).ok()?;
        self.repositories.get(&reference.repository())?;
        let manifest = self.find(&reference).ok()?;
        let (of, digest) = (self.for_platform(&reference, &manifest, platform).ok()?, manifest.digest);
        match &of.what {
            What::Image { image, .. } => Some((image.clone(), digest)),
            _ => None,
        }
    }

    /// The image manifest for a platform: itself, or the one an index names.
    ///
    /// # Errors
    /// The index has none for it.
    pub fn for_platform(
        &self,
        name: &Reference,
        manifest: &Arc<Manifest>,
        platform: &Platform,
    ) -> Result<Arc<Manifest>, Absent> {
        let What::Index(parts) = &manifest.what else { return Ok(manifest.clone()) };
        let part = parts.iter().find(|part| part.platform == *platform);
        let part = part.ok_or_else(|| Absent::Platform(platform.clone()))?;
        let within = self.repositories.get(&name.repository());
        let found = within.and_then(|repository| repository.manifests.get(&part.digest));
        found.cloned().ok_or_else(|| Absent::Unknown(format!("{}@{}", name.familiar(), part.digest)))
    }

    /// Keeps a manifest in a repository, and a tag for it; its blobs are there already.
    pub fn keep(&mut self, repository: &str, tag: Option<&str>, manifest: Arc<Manifest>) {
        self.generation += 1;
        let kept = Arc::make_mut(self.repositories.entry(repository.to_owned()).or_default());
        kept.blobs.extend(manifest.blobs());
        if let Some(tag) = tag {
            kept.tags.insert(tag.to_owned(), manifest.digest);
        }
        kept.manifests.insert(manifest.digest, manifest);
    }

    /// The next pull from a registry breaks off after this many bytes of layers.
    pub fn cut_after(&mut self, domain: &str, bytes: u64) {
        self.generation += 1;
        self.cut_after = Some((domain.to_owned(), bytes));
    }

    /// How many bytes a pull gets; asked once.
    fn next_cut(&mut self, domain: &str) -> Option<u64> {
        let (_, bytes) = self.cut_after.take_if(|(cut, _)| cut == domain)?;
        self.generation += 1;
        Some(bytes)
    }

    /// Bytes of layers that a registry keeps, each once.
    pub fn bytes(&self, domain: &str) -> u64 {
        let mut seen = HashSet::new();
        let own = self.repositories.iter().filter(|(name, _)| name.split('/').next() == Some(domain));
        let manifests = own.flat_map(|(_, repository)| repository.manifests.values());
        manifests
            .flat_map(|manifest| manifest.layers())
            .filter(|blob| seen.insert(blob.digest))
            .map(|blob| blob.size)
            .sum()
    }

    /// Differs after every change.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl Repository {
    /// Its tags, and the manifests they name.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &Digest)> {
        self.tags.iter().map(|(tag, digest)| (tag.as_str(), digest))
    }
}
