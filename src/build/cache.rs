//! Both builders' caches.

use super::context::Listed;
use super::export::CacheImport;
use super::key::Key;
use super::prune::{Bases, LocalSources, Use};
use super::sent::Sent;
use crate::error::Error;
use crate::fs::{Digest, Hasher, Tree};
use crate::image::{Image, ImageLayer};
use rpds::HashTrieMapSync;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// What earlier builds left: both builders' caches, and what of the context was sent before. Cheap to
/// clone; belongs to one image store.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    /// BuildKit's results.
    pub(super) records: Arc<Records>,
    /// The legacy builder's images, by the image they were built on.
    pub(super) chain: Arc<Chain>,
    /// What-if: images of the chain whose files nobody knows, because a RUN was only thought of.
    pub(super) unseen: Arc<HashSet<Digest>>,
    /// BuildKit's copy of the context.
    pub(super) sent: Option<Arc<Sent>>,
    /// `RUN --mount=type=cache`, by id.
    pub(super) mounts: Arc<BTreeMap<String, Tree>>,
    /// Builds so far.
    pub(super) builds: u64,
    /// What each build was a build of: its context's name. A reason compares with earlier builds of the
    /// same project only; another project's step is no earlier form of this one.
    pub(super) projects: Arc<BTreeMap<u64, String>>,
    /// Seconds that executed steps have taken, one each: no two share a second.
    pub(super) clock: i64,
    /// The images that results of BuildKit's stand on.
    pub(super) bases: Arc<Bases>,
    /// What was sent of each project.
    pub(super) local: Arc<LocalSources>,
    /// How often each record was used, by id.
    pub(super) uses: HashTrieMapSync<String, Use>,
    /// Keys whose results were removed, and what these were.
    pub(super) pruned: Arc<HashMap<String, &'static str>>,
    /// Keys that came with imported caches, whose results did not come along.
    pub(super) known: Arc<Vec<Arc<CacheImport>>>,
    /// Changes that were no build.
    pub(super) changes: u64,
    /// What the legacy builder found and hashed in images.
    pub(super) looked: Arc<Mutex<Looked>>,
}

/// Lists of files in images, by the image's stack of layers and what was asked for. Equal layers give equal
/// lists, so it never shows whether one was kept.
#[derive(Debug, Default)]
pub(super) struct Looked {
    lists: HashMap<(Digest, String), Listed>,
    /// Files in them.
    files: usize,
}

impl Looked {
    /// Files in all lists, at most.
    const MOST: usize = 200_000;

    /// What was found before.
    pub fn get(&self, stack: Digest, asked: &str) -> Option<Listed> {
        self.lists.get(&(stack, asked.to_owned())).cloned()
    }

    /// Keeps a list; when there are too many, the others are given up.
    pub fn keep(&mut self, stack: Digest, asked: String, list: Listed) {
        let more = list.1.entries.len();
        if self.files + more > Looked::MOST {
            *self = Looked::default();
        }
        if more <= Looked::MOST {
            self.files += more;
            self.lists.insert((stack, asked), list);
        }
    }
}

impl Cache {
    /// As text, for `--cache FILE`: keys with their ingredients, result layers and digests.
    pub fn to_json(&self) -> String {
        super::persist::to_json(self)
    }

    /// Reads what [`Cache::to_json`] wrote.
    ///
    /// # Errors
    /// Says what is wrong with any other bytes.
    pub fn from_json(bytes: &[u8]) -> Result<Cache, Error> {
        super::persist::from_json(bytes)
    }

    /// A build of this project begins.
    pub(super) fn begin(&mut self, project: &str) {
        self.builds = self.builds.saturating_add(1);
        Arc::make_mut(&mut self.projects).insert(self.builds, project.to_owned());
    }

    /// Was that an earlier build of the project that is being built now?
    pub(super) fn is_earlier(&self, build: u64) -> bool {
        build != self.builds && self.projects.get(&build) == self.projects.get(&self.builds)
    }

    /// Did this builder keep anything of this project?
    pub fn has_built(&self, project: &str, builder: super::Builder) -> bool {
        let own = |build: u64| self.projects.get(&build).is_some_and(|name| name == project);
        match builder {
            super::Builder::BuildKit => self.records.list.iter().any(|record| own(record.build)),
            super::Builder::Legacy => self.chain.list.iter().any(|child| own(child.build)),
        }
    }

    /// Forgets everything both builders know; images stay.
    pub fn clear(&mut self) {
        let (builds, clock) = (self.builds, self.clock);
        *self = Cache { builds, clock, ..Cache::default() };
    }

    /// Number of results kept.
    pub fn len(&self) -> usize {
        self.records.list.len() + self.chain.len()
    }

    /// Nothing kept?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The time of the next executed step, Unix seconds.
    pub(super) fn tick(&mut self) -> i64 {
        self.clock = self.clock.saturating_add(1);
        super::rootfs::EPOCH.saturating_add(self.clock)
    }
}

/// One result of BuildKit's.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Digest of the key it was first stored under, in hex: the definition key for what stands on it.
    pub id: String,
    /// What it was made from.
    pub key: Arc<Key>,
    /// What it made.
    pub layer: ImageLayer,
    /// Unix seconds.
    pub created: i64,
    /// Simulated seconds.
    pub seconds: Option<f64>,
    /// The number of the build that made it.
    pub build: u64,
    /// The instruction as it was written then.
    pub instruction: String,
    /// The name of the stack of layers up to and with its own.
    pub chain: Option<Digest>,
    /// Something in it isn't modelled: files may be missing.
    pub unsure: bool,
    /// Its step said that something of it is not modelled; a later hit says so again.
    pub not_modelled: bool,
}

/// BuildKit's results and the keys they are stored under (moby/buildkit `solver/cachemanager.go`).
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// In the order they were made; an id that was made again moves to the end.
    pub list: Vec<Arc<Record>>,
    /// (op, input, key of the input) → ids of results.
    pub links: HashMap<Digest, Vec<String>>,
    at: HashMap<String, usize>,
}

/// The digest under which a link is kept.
pub(super) fn link(op: Digest, input: &str, key: &str) -> Digest {
    let mut hasher = Hasher::new();
    hasher.field(op.0).field(input).field(key);
    hasher.finish()
}

impl Records {
    /// A result by its id.
    pub fn get(&self, id: &str) -> Option<&Arc<Record>> {
        self.list.get(*self.at.get(id)?)
    }

    /// Stores a result in the place of an older one of the same id.
    pub fn put(&mut self, record: Record) {
        self.put_shared(Arc::new(record));
    }

    /// [`Records::put`] of a shared one.
    pub fn put_shared(&mut self, record: Arc<Record>) {
        match self.at.get(&record.id) {
            Some(&at) => {
                if let Some(slot) = self.list.get_mut(at) {
                    *slot = record;
                }
            }
            None => {
                self.at.insert(record.id.clone(), self.list.len());
                self.list.push(record);
            }
        }
    }

    /// Results linked to this key.
    pub fn linked(&self, link: &Digest) -> &[String] {
        self.links.get(link).map_or(&[], Vec::as_slice)
    }

    /// Is this result linked to all of these keys?
    pub fn has_links(&self, id: &str, links: &[Digest]) -> bool {
        links.iter().all(|link| self.linked(link).iter().any(|known| known == id))
    }

    /// Links a result to a key.
    pub fn add_link(&mut self, link: Digest, id: &str) {
        let ids = self.links.entry(link).or_default();
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }
}

/// A child of an image, made by the legacy builder.
#[derive(Clone, Debug)]
pub(super) struct Child {
    /// The config it was compared by.
    pub key: Arc<Key>,
    /// Digest of the key.
    pub digest: Digest,
    /// The image.
    pub image: Arc<Image>,
    /// Simulated seconds.
    pub seconds: Option<f64>,
    /// The number of the build that made it.
    pub build: u64,
    /// Its step said that something of it is not modelled.
    pub not_modelled: bool,
}

/// All of them, oldest first, and by the digest of their key.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// Oldest first.
    pub list: Vec<Child>,
    by_key: HashMap<Digest, usize>,
    /// Their images.
    images: HashSet<Digest>,
}

impl Chain {
    /// The most recent child with this key (moby `daemon/internal/image/cache/cache.go`,
    /// `getLocalCachedImage`); the key holds the parent.
    pub fn get(&self, digest: &Digest) -> Option<&Child> {
        self.list.get(*self.by_key.get(digest)?)
    }

    /// Was the image of this id (in hex) made here?
    pub fn made(&self, id: &str) -> bool {
        Digest::parse(id).is_some_and(|id| self.images.contains(&id))
    }

    /// Adds a child.
    pub fn add(&mut self, child: Child) {
        self.by_key.insert(child.digest, self.list.len());
        self.images.insert(child.image.id);
        self.list.push(child);
    }

    fn len(&self) -> usize {
        self.list.len()
    }
}
