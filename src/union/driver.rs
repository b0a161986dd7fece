//! What a storage driver decides. The walk through a path and the checks of the system calls are
//! the same for all of them, as they are in the kernel; see the other files of this folder.

use super::cache::{Entry, Spot};
use super::{Mount, Names, Options, Rename};
use crate::fs::{Errno, Ino, Inode, Name};
use crate::trace::{Answer, Trace};
use std::borrow::Cow;
use std::fmt::Debug;

/// What an operation needs of a file that may still lie in a lower layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Its attributes: chmod, chown, utimes, xattrs, link, rename.
    Attributes,
    /// Its contents: open for writing, truncate.
    Contents,
    /// An empty file to write to: open with `O_TRUNC`.
    Emptied,
}

/// Layer by layer, what was answered. Collected for events only.
pub(super) type Trail<'a> = Option<&'a mut Vec<(u32, Answer)>>;

/// The policy of a union: how layers make one view, and how a change is kept out of the lowers.
///
/// A driver has no state of its own; the mount's layers, index and cache are handed in.
pub(super) trait Driver: Debug + Sync {
    /// Judges the mount options.
    fn judge(&self, lowers: usize, options: &Options) -> Result<(), Errno>;

    /// Finds one name in one merged directory, asking the layers that hold the directory.
    /// Changes nothing and knows no cache.
    fn search(&self, m: &Mount, dir: &Entry, name: &[u8], trail: Trail<'_>) -> Result<Entry, Errno>;

    /// May an answer be kept until the name itself changes?
    fn keeps(&self, m: &Mount, entry: &Entry) -> bool;

    /// Takes note of a directory that was found, where that leaves a trace in the layers.
    fn found(&self, m: &mut Mount, dir: &Entry, entry: &Entry);

    /// The same of a look-up that failed.
    fn failed(&self, m: &mut Mount, dir: &Entry, name: &[u8]);

    /// The names that the layers list, in byte order. May be kept until a name changes.
    fn listed(&self, m: &Mount, dir: &Entry) -> Vec<Name>;

    /// Is this name one of [`Driver::listed`]?
    fn lists(&self, m: &Mount, dir: &Entry, name: &[u8]) -> bool;

    /// What readdir gives of the names that are listed: some are looked up first.
    fn filtered(&self, m: &Mount, dir: &Entry, names: Names) -> Result<Names, Errno>;

    /// What readdir gives, where nothing is kept.
    fn names(&self, m: &Mount, dir: &Entry) -> Result<Names, Errno> {
        self.filtered(m, dir, self.listed(m, dir).into())
    }

    /// The link count that stat gives.
    fn nlink(&self, m: &Mount, entry: &Entry) -> u32;

    /// The topmost lower layer that still has something under this name, if deleting the upper's
    /// would make it appear.
    fn covered(&self, m: &Mount, spot: &Spot) -> Option<(u32, Ino)>;

    /// Brings an existing object into the upper, with its parents; its inode there.
    fn copy_up(&self, m: &mut Mount, spot: &Spot, need: Need, t: &mut Trace) -> Result<Ino, Errno>;

    /// Makes a new object; its inode. The name is free.
    fn create(&self, m: &mut Mount, spot: &Spot, inode: Inode, t: &mut Trace) -> Result<Ino, Errno>;

    /// Removes a name: unlink or rmdir.
    fn remove(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<(), Errno>;

    /// Renames; everything the system call itself checks was checked.
    fn rename(&self, m: &mut Mount, from: &Spot, to: &Spot, how: Rename, t: &mut Trace) -> Result<(), Errno>;

    /// Gives an object a second name.
    fn link(&self, m: &mut Mount, from: &Spot, to: &Spot, t: &mut Trace) -> Result<(), Errno>;

    /// Are the two one and the same object, so that a rename does nothing?
    fn same(&self, m: &Mount, a: &Spot, b: &Spot) -> bool;

    /// The inode in the upper whose extended attributes are set and removed.
    fn attributes_of(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<Ino, Errno>;

    /// The name under which a layer keeps an extended attribute that a program calls `name`.
    fn stored_xattr<'n>(&self, m: &Mount, name: &'n [u8]) -> Result<Cow<'n, [u8]>, Errno>;

    /// The opposite; none if programs never see it.
    fn shown_xattr<'n>(&self, m: &Mount, name: &'n [u8]) -> Option<Cow<'n, [u8]>>;
}
