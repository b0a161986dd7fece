//! Merged directories, found once and kept: what the kernel's dentry cache is to overlayfs.
//!
//! The cache is bounded, is not cloned with its mount, and never shows: what a name leads to is a
//! function of the layers and the index alone, and every change forgets the names it touched.

use super::dentry::Table;
use super::types::{Cached, Names};
use crate::fs::{Errno, Ino, Name};
use std::sync::Arc;

/// Number of a merged directory in its mount's cache. Valid until the next operation begins.
pub(super) type DirId = u32;

/// The merged root.
pub(super) const ROOT: DirId = 0;

/// An inode of one layer: the layer (0 is the upper, 1 the topmost lower …) and its number there.
pub(super) type Part = (u32, Ino);

/// The lower parts of an entry, top first. One is by far the most frequent number.
#[derive(Clone, Debug, Default)]
pub(super) enum Lowers {
    /// Nothing below.
    #[default]
    None,
    /// One.
    One([Part; 1]),
    /// More.
    Many(Arc<[Part]>),
}

impl Lowers {
    /// These parts, top first.
    pub fn from_parts(parts: &[Part]) -> Lowers {
        match parts {
            [] => Lowers::None,
            [one] => Lowers::One([*one]),
            many => Lowers::Many(many.into()),
        }
    }

    /// The parts, top first.
    pub fn parts(&self) -> &[Part] {
        match self {
            Lowers::None => &[],
            Lowers::One(one) => one,
            Lowers::Many(many) => many,
        }
    }
}

impl PartialEq for Lowers {
    fn eq(&self, other: &Lowers) -> bool {
        self.parts() == other.parts()
    }
}

/// What one name of a merged directory is made of. Neither upper nor lowers: there is no such name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// Its inode in the upper.
    pub upper: Option<Ino>,
    /// Its inodes in the lowers: directories that merge, or a metacopy and its data.
    pub lowers: Lowers,
    /// The upper inode is an opaque directory; of a missing name: the upper has a whiteout there.
    pub opaque: bool,
    /// The redirect mark that was followed from the upper.
    pub redirect: Option<Arc<[u8]>>,
    /// The upper inode was found through the index; the upper directory lacks the name.
    pub unlinked: bool,
    /// A directory with a lower part that may hold whiteouts made of attributes.
    pub xwhiteouts: bool,
    /// A metacopy whose contents no data-only layer has: what opening it answers.
    pub dataless: Option<Errno>,
}

impl Entry {
    /// Does the merged view have it?
    pub fn exists(&self) -> bool {
        self.upper.is_some() || !self.lowers.parts().is_empty()
    }

    /// Deleted by a whiteout in the upper.
    pub fn upper_whiteout(&self) -> bool {
        self.opaque && !self.exists()
    }

    /// The inode that gives type, mode, owner and attributes.
    pub fn real(&self) -> Option<Part> {
        match self.upper {
            Some(ino) => Some((0, ino)),
            None => self.lowers.parts().first().copied(),
        }
    }

    /// Only in the upper.
    pub fn pure_upper(&self) -> bool {
        self.upper.is_some() && self.lowers.parts().is_empty()
    }

    /// Of a directory: in more than one layer.
    pub fn merged_dir(&self) -> bool {
        self.lowers.parts().len() + usize::from(self.upper.is_some()) > 1
    }

    /// All parts, top first.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        self.upper.map(|ino| (0, ino)).into_iter().chain(self.lowers.parts().iter().copied())
    }
}

/// An entry and, if it is a directory, its place in the cache.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// What it is made of.
    pub entry: Entry,
    /// Its merged directory.
    pub dir: Option<DirId>,
    /// Of a plain file what stat tells, if that is kept.
    pub plain: Option<Plain>,
}

impl Node {
    /// What an entry leads to.
    pub fn of(entry: Entry, dir: Option<DirId>) -> Node {
        Node { entry, dir, plain: None }
    }
}

/// What stat tells of a file with one name in one lower layer, the most frequent thing there is. Such a
/// file never changes, so this may stand beside its name, where it is read without asking the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    /// As in its inode.
    pub mode: u16,
    /// As in its inode.
    pub uid: u32,
    /// As in its inode.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// As in its inode.
    pub mtime: i64,
}

/// A name in a merged directory, looked up.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// The directory that holds the name.
    pub dir: DirId,
    /// The name; empty for the root.
    pub name: Name,
    /// What it leads to, or that it leads nowhere.
    pub node: Node,
}

/// What is known of a name.
#[derive(Debug)]
pub(super) enum Known {
    /// No such name, or no directory.
    Leaf(Entry, Option<Plain>),
    /// A directory.
    Dir(DirId),
}

/// A directory of the merged view.
#[derive(Debug)]
pub(super) struct MergedDir {
    /// The directory above; the root's is the root.
    pub parent: DirId,
    /// Its name there.
    pub name: Name,
    /// What it is made of.
    pub entry: Entry,
    /// Its names, once they were listed.
    listing: Option<Box<Listing>>,
}

/// A list of names, and which of them changed since.
#[derive(Debug)]
struct Listing {
    names: Names,
    touched: Vec<Name>,
    /// The upper directory that was part of it.
    upper: Option<Ino>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// Under this number its names are kept. A new one forgets them all.
    key: u32,
    /// Lower layers that hold the directory.
    lowers: u32,
}

/// The merged directories of one mount.
#[derive(Debug, Default)]
pub(super) struct Cache {
    dirs: Vec<MergedDir>,
    /// Of each directory what a walk through it needs, close together.
    steps: Vec<Step>,
    table: Table,
    keys: u32,
    /// Names in listings.
    listed: usize,
}

impl Cache {
    /// Names and directories kept before all are forgotten.
    const BOUND: usize = 1 << 18;

    /// Names in listings kept before all listings are forgotten.
    const LISTED: usize = 1 << 20;

    /// Is it new, or so full that all is to be forgotten?
    #[inline]
    pub fn needs_root(&self) -> bool {
        self.dirs.is_empty() || self.is_full()
    }

    fn is_full(&self) -> bool {
        self.dirs.len() + self.table.len() > Cache::BOUND
    }

    /// Begins anew with this root.
    pub fn begin(&mut self, root: Entry) {
        *self = Cache::default();
        self.add(ROOT, Name::from(*b""), root);
    }

    /// How much is kept.
    pub fn size(&self) -> Cached {
        let lists: usize = self.dirs.iter().filter_map(|dir| dir.listing.as_ref()).map(|l| l.bytes()).sum();
        Cached {
            directories: self.dirs.len(),
            names: self.table.len(),
            listed: self.listed,
            bytes: self.table.bytes() + self.dirs.capacity() * size_of::<MergedDir>() + lists,
        }
    }

    /// A directory. Numbers come from this cache and this operation.
    #[inline]
    pub fn dir(&self, id: DirId) -> &MergedDir {
        &self.dirs[id as usize]
    }

    #[inline]
    fn step(&self, id: DirId) -> Step {
        self.steps[id as usize]
    }

    /// Number of lower layers that hold a directory.
    #[inline]
    pub fn lowers(&self, id: DirId) -> u64 {
        u64::from(self.step(id).lowers)
    }

    /// A directory, to change. Its lowers only [`Cache::settle`] may change.
    pub fn dir_mut(&mut self, id: DirId) -> &mut MergedDir {
        &mut self.dirs[id as usize]
    }

    fn add(&mut self, parent: DirId, name: Name, entry: Entry) -> DirId {
        self.keys += 1;
        self.steps.push(Step { key: self.keys, lowers: entry.lowers.parts().len() as u32 });
        self.dirs.push(MergedDir { parent, name, entry, listing: None });
        self.dirs.len() as DirId - 1
    }

    /// What is known of a name.
    #[inline]
    pub fn known(&self, dir: DirId, name: &[u8]) -> Option<Known> {
        self.table.get(self.step(dir).key, name)
    }

    /// What is known of a name, with what a directory is made of.
    pub fn get(&self, dir: DirId, name: &[u8]) -> Option<Node> {
        match self.known(dir, name)? {
            Known::Leaf(entry, plain) => Some(Node { entry, dir: None, plain }),
            Known::Dir(id) => Some(Node::of(self.dir(id).entry.clone(), Some(id))),
        }
    }

    /// Keeps an answer that is no directory; while one operation asks for more than fits, not.
    pub fn keep(&mut self, dir: DirId, name: &[u8], entry: Entry, plain: Option<Plain>) {
        if !self.is_full() {
            self.table.set(self.step(dir).key, name, Known::Leaf(entry, plain));
        }
    }

    /// Keeps a directory; its number.
    pub fn keep_dir(&mut self, dir: DirId, name: &[u8], entry: Entry) -> DirId {
        let id = self.add(dir, name.into(), entry);
        self.table.set(self.step(dir).key, name, Known::Dir(id));
        id
    }

    /// Forgets a name (and with it, if it is a directory, everything below).
    pub fn forget(&mut self, dir: DirId, name: &[u8]) {
        let above = &mut self.dirs[dir as usize];
        if let Some(listing) = &mut above.listing {
            listing.touched.push(name.into());
            if listing.touched.len() > 16 + listing.names.len() / 8 {
                self.listed -= listing.names.len();
                above.listing = None;
            }
        }
        self.table.remove(self.step(dir).key, name);
    }

    /// Puts a directory that was moved in its new place. What is known of the names inside stays
    /// true, because that depends on the directory's parts alone; should those differ it is dropped.
    pub fn settle(&mut self, id: DirId, parent: DirId, name: &Name, entry: Entry) {
        self.keys += 1;
        let key = self.keys;
        let dir = self.dir_mut(id);
        if dir.entry.upper != entry.upper || dir.entry.lowers != entry.lowers {
            let dropped = dir.listing.take().map_or(0, |listing| listing.names.len());
            self.listed -= dropped;
            self.steps[id as usize].key = key;
        }
        self.steps[id as usize].lowers = entry.lowers.parts().len() as u32;
        let dir = self.dir_mut(id);
        dir.parent = parent;
        dir.name = name.clone();
        dir.entry = entry;
        self.table.set(self.step(parent).key, name, Known::Dir(id));
    }

    /// Names that changed since the directory was listed; each is to be [`Cache::put_right`].
    pub fn touched(&mut self, id: DirId) -> Vec<Name> {
        self.dir_mut(id)
            .listing
            .as_mut()
            .map(|listing| std::mem::take(&mut listing.touched))
            .unwrap_or_default()
    }

    /// Is this name in the directory's list?
    pub fn put_right(&mut self, id: DirId, name: &[u8], listed: bool) {
        if let Some(listing) = &mut self.dir_mut(id).listing {
            let before = listing.names.len();
            listing.names.put(name, listed);
            let now = listing.names.len();
            self.listed = self.listed + now - before;
        }
    }

    /// The names of a directory as they were listed before.
    pub fn listing(&mut self, id: DirId) -> Option<Names> {
        let dir = self.dir_mut(id);
        let listing = dir.listing.as_ref()?;
        if listing.upper == dir.entry.upper {
            return Some(listing.names.clone());
        }
        self.listed -= listing.names.len();
        self.dir_mut(id).listing = None;
        None
    }

    /// Keeps the names of a directory.
    pub fn keep_listing(&mut self, id: DirId, names: &Names) {
        if let Some(before) = self.dir_mut(id).listing.take() {
            self.listed -= before.names.len();
        }
        if self.listed + names.len() > Cache::LISTED {
            self.dirs.iter_mut().for_each(|dir| dir.listing = None);
            self.listed = 0;
        }
        if names.len() <= Cache::LISTED {
            self.listed += names.len();
            let upper = self.dir(id).entry.upper;
            let listing = Listing { names: names.clone(), touched: Vec::new(), upper };
            self.dir_mut(id).listing = Some(Box::new(listing));
        }
    }

    /// The directory's path in the merged view.
    pub fn path_of(&self, dir: DirId) -> Vec<u8> {
        if dir == ROOT { b"/".to_vec() } else { self.path_in(dir, None) }
    }

    /// The path of a name in a directory, or of the directory itself; empty for the root.
    pub fn path_in(&self, dir: DirId, name: Option<&[u8]>) -> Vec<u8> {
        let above = || {
            let up = std::iter::successors(Some(dir), |id| Some(self.dir(*id).parent));
            up.take_while(|id| *id != ROOT).map(|id| &*self.dir(id).name)
        };
        // From the end to the beginning, since that is the way the directories know each other.
        let length: usize = name.into_iter().chain(above()).map(|name| name.len() + 1).sum();
        let mut path = vec![b'/'; length];
        let mut end = length;
        for name in name.into_iter().chain(above()) {
            let begin = end.saturating_sub(name.len());
            if let Some(place) = path.get_mut(begin..end) {
                place.copy_from_slice(name);
            }
            end = begin.saturating_sub(1);
        }
        path
    }

    /// Is `above` the directory `below` or one of those over it?
    pub fn holds(&self, above: DirId, below: DirId) -> bool {
        let mut at = below;
        loop {
            if at == above {
                return true;
            }
            if at == ROOT {
                return false;
            }
            at = self.dir(at).parent;
        }
    }
}

impl Listing {
    fn bytes(&self) -> usize {
        size_of::<Listing>() + (self.names.len() + self.touched.capacity()) * size_of::<Name>()
    }
}
