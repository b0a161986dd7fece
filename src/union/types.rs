//! What goes in and out of a [`super::Mount`].

use crate::fs::{Layer, Name};
use crate::trace::{LayerRef, Probe};
use std::sync::Arc;

/// A lower layer and what people call it.
#[derive(Clone, Debug)]
pub struct Lower {
    /// The sealed tree.
    pub layer: Layer,
    /// "FROM alpine", "COPY conf" …; may be empty.
    pub label: Arc<str>,
}

/// Mount options of the overlay driver. All off is what Docker's `overlay2` gets by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `redirect_dir=on`.
    pub redirect_dir: bool,
    /// `redirect_dir=off` was written out (it may not be combined with `metacopy=on`).
    pub redirect_dir_off: bool,
    /// `metacopy=on`.
    pub metacopy: bool,
    /// `index=on`.
    pub index: bool,
    /// `xino=on`.
    pub xino: bool,
    /// `userxattr`.
    pub userxattr: bool,
    /// `volatile`: fsync and sync do nothing, and the work directory is marked so that it can't be
    /// mounted again.
    pub volatile: bool,
}

/// Who performs the operations: gives new files their owner, and decides what is allowed. User 0 has
/// all capabilities, other users none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cred {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// The machine's `fs.protected_*` settings (Documentation/admin-guide/sysctl/fs.rst): who may follow,
/// link and open what others left in shared directories. They hold for containers too, which share
/// their host's kernel.
///
/// The default is what Debian and Ubuntu ship (procps, `99-protect-links.conf`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protected {
    /// Somebody else's symlink in a sticky directory open to all is not followed, by root neither.
    pub symlinks: bool,
    /// Somebody else's file gets no second name, unless one may read and write it and it carries no
    /// privileges.
    pub hardlinks: bool,
    /// Somebody else's fifo is not opened with `O_CREAT` in a sticky directory: 1 where it is open to
    /// all, 2 also where it is open to its group.
    pub fifos: u8,
    /// The same for regular files.
    pub regular: u8,
}

impl Default for Protected {
    fn default() -> Protected {
        Protected { symlinks: true, hardlinks: true, fifos: 1, regular: 2 }
    }
}

impl Protected {
    /// What the kernel starts with, before anybody sets anything: no protection.
    pub const NONE: Protected = Protected { symlinks: false, hardlinks: false, fifos: 0, regular: 0 };
}

/// What stat tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: StatKind,
    /// 12 permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes; 0 for directories and devices.
    pub size: u64,
    /// Link count; 1 for directories (not modelled).
    pub nlink: u32,
    /// Unix seconds.
    pub mtime: i64,
    /// Equal exactly for names of one and the same object (as device and inode number are).
    pub id: (u32, u32),
}

/// The type in a [`Stat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A character device with its numbers.
    CharDev(u32, u32),
}

/// How to rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rename {
    /// Replace what is there.
    Plain,
    /// `RENAME_NOREPLACE`.
    NoReplace,
    /// `RENAME_EXCHANGE`.
    Exchange,
}

/// Flags of [`Mount::open`], as open(2) has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Open {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    pub create: bool,
    pub excl: bool,
    pub trunc: bool,
    pub directory: bool,
    pub nofollow: bool,
    /// Mode of a file that is made.
    pub mode: u16,
}

/// The answer of [`Mount::which`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// The path, cleaned.
    pub path: String,
    /// Every layer, top first, that has something to say.
    pub probes: Vec<Probe>,
    /// Who wins; none when the name is not in the merged view.
    pub winner: Option<LayerRef>,
    /// Layers whose part shows: the winner, directories that merge with it, a metacopy's data. Counted
    /// from the base; 0 is the upper.
    pub shown: Vec<usize>,
    /// One sentence.
    pub why: String,
}

/// The names that readdir gives: without `.` and `..`, in byte order. Shared with the mount, so a
/// second listing copies nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Arc<Vec<Name>>);

impl Names {
    /// Puts one name right: is it in the list?
    pub(super) fn put(&mut self, name: &[u8], listed: bool) {
        match (self.0.binary_search_by(|n| (**n).cmp(name)), listed) {
            (Ok(at), false) => drop(Arc::make_mut(&mut self.0).remove(at)),
            (Err(at), true) => Arc::make_mut(&mut self.0).insert(at, name.into()),
            _ => {}
        }
    }
}

impl From<Vec<Name>> for Names {
    fn from(names: Vec<Name>) -> Names {
        Names(Arc::new(names))
    }
}

impl std::ops::Deref for Names {
    type Target = [Name];

    fn deref(&self) -> &[Name] {
        &self.0
    }
}

impl IntoIterator for Names {
    type Item = Name;
    type IntoIter = std::vec::IntoIter<Name>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Names {
    type Item = &'a Name;
    type IntoIter = std::slice::Iter<'a, Name>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// What a mount keeps in memory beside its layers, to answer faster. It is bounded, is not part of a
/// clone, and nothing that can be seen depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cached {
    /// Merged directories.
    pub directories: usize,
    /// Names that were looked up, those that are missing included.
    pub names: usize,
    /// Names in listings.
    pub listed: usize,
    /// Bytes, about.
    pub bytes: usize,
}
