//! What a layer added, changed and removed: lists.

use super::{At, Layers, View, beginning};
use crate::fs::{Inode, Kind};
use std::ops::BitOr;

/// What differs between two versions of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed(u8);

impl Changed {
    /// The same, apart from the time perhaps; or the path went.
    pub const NOTHING: Changed = Changed(0);
    /// There was nothing before.
    pub const ADDED: Changed = Changed(1);
    /// It is something else: a file in a directory's place.
    pub const KIND: Changed = Changed(2);
    /// A file's bytes, a symlink's text, a device's numbers.
    pub const CONTENTS: Changed = Changed(4);
    /// Permission bits.
    pub const MODE: Changed = Changed(8);
    /// Owner or group.
    pub const OWNER: Changed = Changed(16);
    /// Extended attributes.
    pub const XATTRS: Changed = Changed(32);
    /// Modification time.
    pub const TIME: Changed = Changed(64);

    const WORDS: [(Changed, &'static str); 6] = [
        (Changed::KIND, "kind"),
        (Changed::CONTENTS, "contents"),
        (Changed::MODE, "mode"),
        (Changed::OWNER, "owner"),
        (Changed::XATTRS, "xattrs"),
        (Changed::TIME, "time"),
    ];

    /// Does it have all of `other`?
    pub fn has(self, other: Changed) -> bool {
        self.0 & other.0 == other.0
    }

    /// "mode", "owner" …; none for what was added.
    pub fn words(self) -> Vec<&'static str> {
        Changed::WORDS.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, word)| *word).collect()
    }

    /// Is the change one of attributes only, the bytes being the same?
    pub fn is_metadata(self) -> bool {
        self.0 & (Changed::MODE | Changed::OWNER | Changed::XATTRS).0 != 0 && !self.is_contents()
    }

    /// Are the bytes or the kind other ones?
    pub fn is_contents(self) -> bool {
        self.0 & (Changed::KIND | Changed::CONTENTS | Changed::ADDED).0 != 0
    }

    /// Does nothing differ but the time, at most?
    pub fn is_nothing(self) -> bool {
        self.0 & !Changed::TIME.0 == 0
    }

    /// What differs from `was` to `is`. A directory's entries are no part of it. Files of the same size are
    /// compared by their bytes.
    pub(super) fn between(was: &Inode, is: &Inode) -> Changed {
        let contents = match (&was.kind, &is.kind) {
            (Kind::File(a), Kind::File(b)) => {
                was.size() != is.size() || beginning(a) != beginning(b) || a.key_digest() != b.key_digest()
            }
            (Kind::Symlink(a), Kind::Symlink(b)) => a != b,
            (Kind::CharDev(a, b), Kind::CharDev(c, d)) => (a, b) != (c, d),
            (Kind::Dir(_), Kind::Dir(_)) | (Kind::Fifo, Kind::Fifo) => false,
            _ => return Changed::KIND,
        };
        let xattrs =
            |inode: &Inode| inode.extra.as_ref().map(|extra| extra.xattrs.clone()).unwrap_or_default();
        let bit = |differs: bool, bit: Changed| if differs { bit } else { Changed::NOTHING };
        bit(contents, Changed::CONTENTS)
            | bit(was.mode != is.mode, Changed::MODE)
            | bit((was.uid, was.gid) != (is.uid, is.gid), Changed::OWNER)
            | bit((was.extra.is_some() || is.extra.is_some()) && xattrs(was) != xattrs(is), Changed::XATTRS)
            | bit(was.mtime != is.mtime, Changed::TIME)
    }
}

impl BitOr for Changed {
    type Output = Changed;

    fn bitor(self, other: Changed) -> Changed {
        Changed(self.0 | other.0)
    }
}

/// How a path changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOf {
    /// It was not visible before.
    Added,
    /// It was, and is there again: with other bytes or attributes, or the same once more.
    Modified,
    /// It is no longer visible.
    Removed,
}

impl ChangeOf {
    /// `A`, `M` or `D`.
    pub fn letter(self) -> char {
        match self {
            ChangeOf::Added => 'A',
            ChangeOf::Modified => 'M',
            ChangeOf::Removed => 'D',
        }
    }
}

/// A path that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path.
    pub at: At,
    /// How.
    pub of: ChangeOf,
    /// What differs.
    pub changed: Changed,
    /// Bytes that were visible before.
    pub before: u64,
    /// Bytes that are now.
    pub after: u64,
    /// What it was removed with: itself, or a directory above it.
    pub with: At,
}

impl Layers {
    /// What each layer did, in the order of the paths. A directory that a layer has only because something
    /// in it changed is in no list; a file that is there once more, unchanged, is: its bytes are stored again.
    pub fn changes(&self) -> Vec<Vec<Change>> {
        let mut lists = vec![Vec::new(); self.layers.len()];
        for at in 1..self.paths() {
            self.changes_at(at, &mut |layer, change| {
                if let Some(list) = lists.get_mut(layer) {
                    list.push(change);
                }
            });
        }
        lists
    }

    /// The paths of [`Layers::changes`] alone, 4 bytes each: of each layer those of every kind.
    pub(super) fn changed_paths(&self) -> Vec<[Vec<u32>; 3]> {
        let mut lists = vec![<[Vec<u32>; 3]>::default(); self.layers.len()];
        for at in 1..self.paths() {
            self.changes_at(at, &mut |layer, change| {
                if let Some([added, modified, removed]) = lists.get_mut(layer) {
                    let list = match change.of {
                        ChangeOf::Added => added,
                        ChangeOf::Modified => modified,
                        ChangeOf::Removed => removed,
                    };
                    list.push(at as u32);
                }
            });
        }
        lists
    }

    /// What a layer did to a path.
    pub(super) fn change_by(&self, at: At, layer: usize) -> Option<Change> {
        let mut found = None;
        self.changes_at(at, &mut |by, change| {
            if by == layer {
                found = Some(change);
            }
        });
        found
    }

    /// What the layers did to a path, one after the other.
    fn changes_at(&self, at: At, take: &mut dyn FnMut(usize, Change)) {
        let mut before = None;
        for version in self.versions(at) {
            let start = self.images.iter().find(|image| image.contains(&(version.layer as usize)));
            let starts = start.map_or(0, |image| image.start as u32);
            let was = before.filter(|was: &&super::Version| was.layer >= starts);
            if let Some(change) = self.change(at, was, Some(version)) {
                take(version.layer as usize, change);
            }
            before = Some(version).filter(|version| version.ino.is_some());
        }
    }

    /// What differs between the two sides of a view, in the order of the paths.
    pub fn changes_of(&self, view: &View) -> Vec<Change> {
        let (lower, upper) = self.sides(view);
        let mut list = Vec::new();
        for at in 1..self.paths() {
            let (was, is) = (self.visible(at, lower.clone()), self.visible(at, upper.clone()));
            let changed = match (was, is) {
                (Some(was), Some(is)) => self.between(was, is),
                _ => Changed::NOTHING,
            };
            let same = was.is_some() && is.is_some() && changed.is_nothing();
            let is = is.map(|is| super::Version { changed, ..*is });
            let gone = super::Version { layer: 0, ino: None, changed, with: at as u32, linked: false };
            if let Some(change) = self.change(at, was, is.as_ref().or(Some(&gone))).filter(|_| !same) {
                list.push(change);
            }
        }
        list
    }

    fn change(&self, at: At, was: Option<&super::Version>, is: Option<&super::Version>) -> Option<Change> {
        let now = is.filter(|version| version.ino.is_some());
        let of = match (was, now) {
            (None, None) => return None,
            (None, Some(_)) => ChangeOf::Added,
            (Some(_), None) => ChangeOf::Removed,
            (Some(_), Some(_)) => ChangeOf::Modified,
        };
        let changed = now.map_or(Changed::NOTHING, |version| version.changed);
        let is_dir = now.and_then(|version| self.inode(version)).is_some_and(|inode| inode.kind.is_dir());
        if of == ChangeOf::Modified && is_dir && changed.is_nothing() {
            return None;
        }
        let bytes = |version: Option<&super::Version>| version.map_or(0, |version| self.bytes(version));
        let with = is.map_or(at, |version| version.with as At);
        Some(Change { at, of, changed, before: bytes(was), after: bytes(now), with })
    }

    /// What differs between two versions; the same inode of the same layer never does.
    pub(super) fn between(&self, was: &super::Version, is: &super::Version) -> Changed {
        let layer = |version: &super::Version| self.layers.get(version.layer as usize);
        let same = layer(was).zip(layer(is)).is_some_and(|(a, b)| a.diff_id == b.diff_id);
        if same && was.ino == is.ino {
            return Changed::NOTHING;
        }
        match (self.inode(was), self.inode(is)) {
            (Some(was), Some(is)) => Changed::between(was, is),
            _ => Changed::KIND,
        }
    }
}
