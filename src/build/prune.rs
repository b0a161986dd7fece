//! What lies in BuildKit's cache, as `docker system df -v` lists it, and what `docker builder prune` takes
//! (moby/buildkit `cache/manager.go`, `pruneOnce`, `DiskUsage`; moby `daemon/internal/builder-next/builder.go`).

use super::cache::{Cache, Chain, Records};
use crate::fs::{ByDigest, Digest, Kind, Nodes};
use crate::image::{Image, ImageLayer, Keeper, Usage, stack};
use crate::trace::LayerHolder;
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A row of `docker system df -v`: a record of BuildKit's cache.
#[derive(Clone, Debug)]
pub struct CacheRow {
    /// Its id.
    pub id: String,
    /// `regular`, `source.local` or `exec.cachemount`.
    pub kind: &'static str,
    /// What it is: the instruction, the base, the part of the context.
    pub description: String,
    /// The record that it stands on.
    pub parent: Option<String>,
    /// Bytes of its own. A base has none: its layers are the image's.
    pub size: u64,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub last_used: i64,
    /// In how many builds it was used.
    pub used: u64,
    /// An image has the same layer, so removing the record frees nothing.
    pub shared: bool,
    /// The layers that it keeps on the disk, topmost first.
    pub layers: Vec<(Digest, ImageLayer)>,
}

impl CacheRow {
    /// The id as Docker's lists show it whole: 25 characters.
    pub fn short(&self) -> &str {
        self.id.get(..25).unwrap_or(&self.id)
    }
}

/// Which records to take.
#[derive(Clone, Debug, Default)]
pub struct PruneCache {
    /// Also those whose layer an image has.
    pub all: bool,
    /// Only those that were last used before this, Unix seconds.
    pub until: Option<i64>,
    /// Stop when what is left is no more than this many bytes.
    pub keep: Option<u64>,
    /// Only the record of this id, or of this beginning.
    pub id: Option<String>,
    /// Only records of this kind.
    pub kind: Option<String>,
}

/// How often something of the cache was used, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub count: u64,
    pub last: i64,
    /// The build that used it last: one build counts once.
    build: u64,
}

/// What BuildKit was sent of a project: the Dockerfile, the ignore file, the context.
#[derive(Clone, Debug)]
pub(super) struct LocalSource {
    size: u64,
    created: i64,
}

/// What a removed record was.
const RECORD: &str = "cache record";
const IMAGE: &str = "image";

impl Cache {
    /// A record or source is used by the build at hand.
    pub(super) fn used(&mut self, id: &str) {
        let before = self.uses.get(id).copied().unwrap_or_default();
        let (last, build) = (self.now(), self.builds);
        let count = before.count + u64::from(before.build != build || before.count == 0);
        self.uses.insert_mut(id.to_owned(), Use { count, last, build });
    }

    /// A step stands on this base, so the base is kept as long as the cache is.
    pub(super) fn stands_on(&mut self, image: &Arc<Image>) {
        if !self.bases.contains_key(&image.id) {
            let base = Base { image: image.clone(), created: self.now() };
            Arc::make_mut(&mut self.bases).insert(image.id, base);
        }
        self.used(&base_id(&image.id));
    }

    /// The parts of a project's context were sent, with their bytes.
    pub(super) fn received(&mut self, project: &str, parts: [(&str, u64); 3]) {
        let created = self.now();
        for (part, size) in parts {
            let name = format!("{part} of {project}");
            let known = self.local.get(&name).map(|source| source.created);
            let source = LocalSource { size, created: known.unwrap_or(created) };
            self.used(&source_id(&name));
            Arc::make_mut(&mut self.local).insert(name, source);
        }
    }

    /// Everything that is kept, in the order it came: what was sent, bases, results, cache mounts.
    pub fn rows(&self, images: &Usage) -> Vec<CacheRow> {
        let mut rows: Vec<CacheRow> = Vec::new();
        let row = |id: String, kind, description: &str, size, created| {
            let used = self.uses.get(&id).copied().unwrap_or_default();
            CacheRow {
                kind,
                description: description.to_owned(),
                parent: None,
                size,
                created,
                last_used: used.last.max(created),
                used: used.count.max(1),
                shared: false,
                layers: Vec::new(),
                id,
            }
        };
        for (name, source) in self.local.iter() {
            rows.push(row(source_id(name), "source.local", name, source.size, source.created));
        }
        for Base { image, created } in self.bases.values() {
            let shared = image.chain_id().is_some_and(|chain| images.is_used(&chain));
            let words = format!("FROM {}", image.id.short(12));
            let own = row(base_id(&image.id), "regular", &words, 0, *created);
            rows.push(CacheRow { shared, layers: stack(image), ..own });
        }
        let bases = self.base_keys();
        for record in &self.records.list {
            let parent = self.records.get(&record.key.parent).map(|parent| &parent.id);
            // `image ID` or `layers CHAIN`, perhaps with a platform behind it.
            let base = || {
                let words: Vec<&str> = record.key.parent.splitn(3, ' ').take(2).collect();
                bases.get(&words.join(" "))
            };
            rows.push(CacheRow {
                parent: parent.or_else(base).cloned(),
                shared: record.chain.is_some_and(|chain| images.is_used(&chain)),
                layers: record.chain.map(|chain| (chain, record.layer.clone())).into_iter().collect(),
                ..row(record.id.clone(), "regular", &record.instruction, record.layer.size, record.created)
            });
        }
        for (id, tree) in self.mounts.iter() {
            let mut bytes = 0u64;
            tree.walk(&mut |_, _, inode| {
                if matches!(inode.kind, Kind::File(_)) {
                    bytes = bytes.saturating_add(inode.size());
                }
            });
            let (id, words) = (mount_id(id), format!("cache mount {id}"));
            rows.push(row(id, "exec.cachemount", &words, bytes, super::rootfs::EPOCH));
        }
        rows
    }

    /// The ids of the bases by the keys that steps on them have.
    fn base_keys(&self) -> HashMap<String, String> {
        let mut keys = HashMap::new();
        for Base { image, .. } in self.bases.values() {
            keys.insert(format!("image {}", image.id.hex()), base_id(&image.id));
            if let Some(chain) = image.chain_id() {
                keys.entry(format!("layers {}", chain.hex())).or_insert_with(|| base_id(&image.id));
            }
        }
        keys
    }

    /// The base whose key this is.
    pub(super) fn base_of(&self, key: &str) -> Option<&Arc<Image>> {
        let id = Digest::parse(key.strip_prefix("image ")?.split(' ').next()?)?;
        self.bases.get(&id).map(|base| &base.image)
    }

    /// The layers that the cache keeps on the disk.
    pub fn keepers(&self) -> Vec<Keeper> {
        let cache = |id: &str, step: &str| {
            let (id, step) = (id.chars().take(12).collect(), step.to_owned());
            LayerHolder::Cache { id, step }
        };
        let mut keepers = Vec::new();
        for Base { image, .. } in self.bases.values() {
            let holder = cache(&base_id(&image.id), "the base of cached steps");
            for (chain, _) in stack(image) {
                keepers.push(Keeper { chain, holder: holder.clone() });
            }
        }
        for record in &self.records.list {
            let holder = cache(&record.id, &record.instruction);
            keepers.extend(record.chain.map(|chain| Keeper { chain, holder }));
        }
        keepers
    }

    /// The layers that the cache has, with their chain ids.
    pub fn layers(&self) -> impl Iterator<Item = (Digest, ImageLayer)> {
        let made = self.records.list.iter();
        let made = made.filter_map(|record| Some((record.chain?, record.layer.clone())));
        self.bases.values().flat_map(|base| stack(&base.image)).chain(made)
    }

    /// `docker builder prune`: the records that went, in the order they did. A record goes after everything
    /// that stands on it; a later build that would have found it says so.
    pub fn prune(&mut self, order: &PruneCache, images: &Usage) -> Vec<CacheRow> {
        let rows = self.rows(images);
        let mut children: HashMap<&str, usize> = HashMap::new();
        for parent in rows.iter().filter_map(|row| row.parent.as_deref()) {
            *children.entry(parent).or_default() += 1;
        }
        // What `--keep-storage` counts is what may go.
        let counts = |row: &&CacheRow| order.all || !row.shared;
        let mut left: u64 = rows.iter().filter(counts).map(|row| row.size).sum();
        let may_go = |row: &CacheRow| {
            (order.all || !row.shared)
                && order.until.is_none_or(|until| row.last_used < until)
                && order.id.as_ref().is_none_or(|id| row.id.starts_with(id.as_str()))
                && order.kind.as_ref().is_none_or(|kind| kind == row.kind)
        };
        let at: HashMap<&str, usize> = rows.iter().enumerate().map(|(n, row)| (row.id.as_str(), n)).collect();
        // Least recently used first where only a part goes; else the newest, whose parents follow it.
        let rank = |n: &usize| {
            let last = rows.get(*n).map_or(0, |row| row.last_used);
            (if order.keep.is_some() { last } else { 0 }, std::cmp::Reverse(*n))
        };
        let free = |n: &usize, children: &HashMap<&str, usize>| {
            rows.get(*n).is_some_and(|row| may_go(row) && !children.contains_key(row.id.as_str()))
        };
        let mut ready: std::collections::BTreeSet<_> =
            (0..rows.len()).filter(|n| free(n, &children)).map(|n| (rank(&n), n)).collect();
        let mut gone: Vec<usize> = Vec::new();
        while let Some((_, n)) = ready.pop_first() {
            if order.keep.is_some_and(|keep| left <= keep) {
                break;
            }
            let Some(row) = rows.get(n) else { continue };
            gone.push(n);
            left = left.saturating_sub(row.size);
            let Some(parent) = row.parent.as_deref() else { continue };
            if let Some(count) = children.get_mut(parent) {
                *count -= 1;
                if *count == 0 {
                    children.remove(parent);
                }
            }
            ready.extend(at.get(parent).filter(|n| free(n, &children)).map(|n| (rank(n), *n)));
        }
        let gone: Vec<CacheRow> = gone.iter().filter_map(|n| rows.get(*n).cloned()).collect();
        if order.all && gone.len() == rows.len() {
            self.known = Arc::default();
        }
        self.forget(&gone);
        gone
    }

    fn forget(&mut self, gone: &[CacheRow]) {
        if gone.is_empty() {
            return;
        }
        self.changes += 1;
        let ids: HashSet<&str> = gone.iter().map(|row| row.id.as_str()).collect();
        if self.records.list.iter().any(|record| ids.contains(record.id.as_str())) {
            let records = Arc::make_mut(&mut self.records);
            *records = records.without(&ids);
        }
        if gone.iter().any(|row| row.kind == "source.local") {
            Arc::make_mut(&mut self.local).retain(|name, _| !ids.contains(source_id(name).as_str()));
            // Without its copy of the context the next build is sent all of it again.
            self.sent = None;
        }
        Arc::make_mut(&mut self.bases).retain(|id, _| !ids.contains(base_id(id).as_str()));
        Arc::make_mut(&mut self.mounts).retain(|id, _| !ids.contains(mount_id(id).as_str()));
        let pruned = Arc::make_mut(&mut self.pruned);
        for row in gone {
            self.uses.remove_mut(&row.id);
            if row.kind == "regular" {
                pruned.insert(row.id.clone(), RECORD);
            }
        }
    }

    /// These images were removed: the legacy builder finds them no more.
    pub fn forget_images(&mut self, removed: &HashSet<Digest, ByDigest>) {
        let is_gone = |image: &Arc<Image>| removed.contains(&image.id);
        if !self.chain.list.iter().any(|child| is_gone(&child.image)) {
            return;
        }
        self.changes += 1;
        let (mut kept, pruned) = (Chain::default(), Arc::make_mut(&mut self.pruned));
        for child in &self.chain.list {
            if is_gone(&child.image) {
                pruned.insert(child.digest.hex(), IMAGE);
            } else {
                kept.add(child.clone());
            }
        }
        self.chain = Arc::new(kept);
    }

    /// What the result of this key was, if it was removed.
    pub(super) fn was_pruned(&self, key: &str) -> Option<&'static str> {
        self.pruned.get(key).copied()
    }

    /// A result is kept under this key again.
    pub(super) fn is_back(&mut self, key: &str) {
        if self.pruned.contains_key(key) {
            Arc::make_mut(&mut self.pruned).remove(key);
        }
    }

    /// Differs after every change that is no build.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Builds so far.
    pub fn builds(&self) -> u64 {
        self.builds
    }

    /// Unix seconds: as far as the steps that were executed have moved the lab's clock.
    pub fn now(&self) -> i64 {
        super::rootfs::EPOCH.saturating_add(self.clock)
    }
}

impl Records {
    fn without(&self, ids: &HashSet<&str>) -> Records {
        let mut kept = Records::default();
        for record in self.list.iter().filter(|record| !ids.contains(record.id.as_str())) {
            kept.put_shared(record.clone());
        }
        for (link, linked) in &self.links {
            let left: Vec<String> = linked.iter().filter(|id| !ids.contains(id.as_str())).cloned().collect();
            if !left.is_empty() {
                kept.links.insert(*link, left);
            }
        }
        kept
    }
}

fn base_id(image: &Digest) -> String {
    Digest::of(format!("base {}", image.hex())).hex()
}

fn source_id(name: &str) -> String {
    Digest::of(format!("source.local {name}")).hex()
}

fn mount_id(id: &str) -> String {
    Digest::of(format!("exec.cachemount {id}")).hex()
}

/// An image that results stand on.
#[derive(Clone, Debug)]
pub(super) struct Base {
    image: Arc<Image>,
    /// When the first of them was made, Unix seconds.
    created: i64,
}

/// All of them.
pub(super) type Bases = IndexMap<Digest, Base>;

/// What each part of a context was last sent as, by its name.
pub(super) type LocalSources = IndexMap<String, LocalSource>;
