//! What goes in and out of a [`super::Mount`].

use crate::fs::Layer;
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

/// Who performs the operations: gives new files their owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cred {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
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
    /// One sentence.
    pub why: String,
}
