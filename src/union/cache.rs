//! Merged directories, found once and kept: what the kernel's dentry cache is to overlayfs.
//!
//! The cache is bounded, is not cloned with its mount, and never shows: what a name leads to is a
//! function of the layers and the index alone, and every change forgets the names it touched.

use crate::fs::{Errno, Ino, Name};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
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

/// A cached answer.
#[derive(Debug)]
pub(super) enum Dentry {
    /// No such name, or no directory.
    Leaf(Entry),
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
    dentries: HashMap<Name, Dentry, BuildHasherDefault<Fnv>>,
}

/// The merged directories of one mount.
#[derive(Debug, Default)]
pub(super) struct Cache {
    dirs: Vec<MergedDir>,
    held: usize,
}

impl Cache {
    /// Names and directories kept before all are forgotten.
    const BOUND: usize = 1 << 18;

    /// Is it new, or so full that all is to be forgotten?
    pub fn needs_root(&self) -> bool {
        self.dirs.is_empty() || self.held > Cache::BOUND
    }

    /// Begins anew with this root.
    pub fn begin(&mut self, root: Entry) {
        *self = Cache::default();
        self.add(ROOT, Name::from(*b""), root);
    }

    /// A directory. Numbers come from this cache and this operation.
    pub fn dir(&self, id: DirId) -> &MergedDir {
        &self.dirs[id as usize]
    }

    /// A directory, to change.
    pub fn dir_mut(&mut self, id: DirId) -> &mut MergedDir {
        &mut self.dirs[id as usize]
    }

    fn add(&mut self, parent: DirId, name: Name, entry: Entry) -> DirId {
        self.dirs.push(MergedDir { parent, name, entry, dentries: HashMap::default() });
        self.held += 1;
        self.dirs.len() as DirId - 1
    }

    /// What is known of a name.
    pub fn get(&self, dir: DirId, name: &[u8]) -> Option<Node> {
        match self.dir(dir).dentries.get(name)? {
            Dentry::Leaf(entry) => Some(Node { entry: entry.clone(), dir: None }),
            Dentry::Dir(id) => Some(Node { entry: self.dir(*id).entry.clone(), dir: Some(*id) }),
        }
    }

    /// Keeps an answer that is no directory.
    pub fn keep(&mut self, dir: DirId, name: &[u8], entry: Entry) {
        self.held += 1;
        self.dir_mut(dir).dentries.insert(name.into(), Dentry::Leaf(entry));
    }

    /// Keeps a directory; its number.
    pub fn keep_dir(&mut self, dir: DirId, name: &[u8], entry: Entry) -> DirId {
        let name = Name::from(name);
        let id = self.add(dir, name.clone(), entry);
        self.dir_mut(dir).dentries.insert(name, Dentry::Dir(id));
        id
    }

    /// Forgets a name (and with it, if it is a directory, everything below).
    pub fn forget(&mut self, dir: DirId, name: &[u8]) {
        self.dir_mut(dir).dentries.remove(name);
    }

    /// Puts a directory that was moved in its new place. What is known of the names inside stays
    /// true, because that depends on the directory's parts alone; should those differ it is dropped.
    pub fn settle(&mut self, id: DirId, parent: DirId, name: &Name, entry: Entry) {
        let dir = self.dir_mut(id);
        if dir.entry.upper != entry.upper || dir.entry.lowers != entry.lowers {
            dir.dentries.clear();
        }
        dir.parent = parent;
        dir.name = name.clone();
        dir.entry = entry;
        self.dir_mut(parent).dentries.insert(name.clone(), Dentry::Dir(id));
    }

    /// The directory's path in the merged view.
    pub fn path_of(&self, dir: DirId) -> Vec<u8> {
        let (mut names, mut at) = (Vec::new(), dir);
        while at != ROOT {
            names.push(self.dir(at).name.clone());
            at = self.dir(at).parent;
        }
        if names.is_empty() {
            return b"/".to_vec();
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
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

/// FNV-1a, 64 bits: names are short, and the order of a map must not change from run to run.
#[derive(Clone)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
