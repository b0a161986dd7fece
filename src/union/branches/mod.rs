//! The drivers `aufs` and `unionfs`: branches in an order of priority, several of which may be writable.
//!
//! Both mark with names: `.wh.NAME` deletes, a marked name inside a directory makes it opaque. In memory the
//! marks are the same as overlay's, so that one layer serves every driver; `marks` makes the names that such
//! a driver stores. Rules and sources: aufs(5) and aufs5.10 fs/aufs (`dentry.c`, `wbr_policy.c`,
//! `i_op_add.c`, `i_op_del.c`, `i_op_ren.c`, `plink.c`, `vdir.c`); unionfs 2.5 fs/unionfs (`lookup.c`,
//! `create.c`, `unlink.c`, `rename.c`, `copyup.c`).
//!
//! Not modelled: adding and removing branches of a mounted union, `dirren`, RENAME_EXCHANGE, a first branch
//! that is read-only.

mod change;
mod copy_up;
mod lookup;
mod marks;
mod places;
mod policy;
mod rename;
mod why;

pub(super) use marks::stored;
pub use places::{Access, Branch, CopyUp, Create, Policies};
pub(super) use places::{Places, commit};
pub(super) use why::rule;

use super::cache::{Entry, Spot};
use super::driver::{Driver, Need, Trail};
use super::overlay::index;
use super::{Mount, Names, Options, Rename};
use crate::fs::{Errno, Ino, Inode, Name};
use crate::trace::Trace;
use std::borrow::Cow;

/// Which of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rules {
    /// AUFS.
    #[default]
    Aufs,
    /// Unionfs 2.
    Unionfs,
}

impl Rules {
    /// The longest name: the marks' names must fit too (aufs_type.h, `AUFS_MAX_NAMELEN`; unionfs
    /// whiteout.c, `alloc_whname`).
    pub fn longest_name(self) -> usize {
        match self {
            Rules::Aufs => 242,
            Rules::Unionfs => 251,
        }
    }

    /// Branches at most: aufs counts them in a byte by default (Kconfig, `AUFS_BRANCH_MAX_127`);
    /// unionfs has 128 (union.h, `UNIONFS_MAX_BRANCHES`).
    pub fn most_branches(self) -> usize {
        match self {
            Rules::Aufs => 127,
            Rules::Unionfs => 128,
        }
    }
}

/// The driver. It has no state; the mount's [`Places`] are its branches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Branches(pub Rules);

impl Driver for Branches {
    fn judge(&self, lowers: usize, options: &Options) -> Result<(), Errno> {
        match lowers < self.0.most_branches() && *options == Options::default() {
            true => Ok(()),
            false => Err(Errno::EINVAL),
        }
    }

    fn search(&self, m: &Mount, dir: &Entry, name: &[u8], trail: Trail<'_>) -> Result<Entry, Errno> {
        lookup::search(m, self.0, dir, name, trail)
    }

    /// Not kept: what the table of pseudo-links may change from afar.
    fn keeps(&self, m: &Mount, entry: &Entry) -> bool {
        match entry.upper {
            Some(_) => !entry.unlinked,
            None => m.real(entry).is_none_or(|inode| inode.nlink <= 1),
        }
    }

    fn found(&self, _: &mut Mount, _: &Entry, _: &Entry) {}

    fn failed(&self, _: &mut Mount, _: &Entry, _: &[u8]) {}

    fn listed(&self, m: &Mount, dir: &Entry) -> Vec<Name> {
        lookup::listed(m, dir)
    }

    fn lists(&self, m: &Mount, dir: &Entry, name: &[u8]) -> bool {
        lookup::topmost(m, dir, name).is_some()
    }

    fn filtered(&self, _: &Mount, _: &Entry, names: Names) -> Result<Names, Errno> {
        Ok(names)
    }

    fn nlink(&self, m: &Mount, entry: &Entry) -> u32 {
        let counted = entry.upper.and_then(|ino| index::count(m, ino));
        counted.unwrap_or_else(|| m.real(entry).map_or(0, |inode| inode.nlink))
    }

    fn covered(&self, m: &Mount, spot: &Spot) -> Option<(u32, Ino)> {
        lookup::covered(m, spot).map(|(branch, part)| (branch, part.1))
    }

    fn copy_up(&self, m: &mut Mount, spot: &Spot, need: Need, t: &mut Trace) -> Result<Ino, Errno> {
        copy_up::object(m, self.0, spot, need, t)
    }

    fn create(&self, m: &mut Mount, spot: &Spot, inode: Inode, t: &mut Trace) -> Result<Ino, Errno> {
        change::create(m, self.0, spot, inode, t)
    }

    fn remove(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<(), Errno> {
        change::remove(m, self.0, spot, t)
    }

    fn rename(&self, m: &mut Mount, from: &Spot, to: &Spot, how: Rename, t: &mut Trace) -> Result<(), Errno> {
        rename::rename(m, self.0, from, to, how, t)
    }

    fn link(&self, m: &mut Mount, from: &Spot, to: &Spot, t: &mut Trace) -> Result<(), Errno> {
        change::link(m, self.0, from, to, t)
    }

    fn same(&self, _: &Mount, a: &Spot, b: &Spot) -> bool {
        let real = a.node.entry.real();
        (a.dir == b.dir && a.name == b.name) || (real.is_some() && real == b.node.entry.real())
    }

    fn attributes_of(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<Ino, Errno> {
        copy_up::object(m, self.0, spot, Need::Attributes, t)
    }

    fn stored_xattr<'n>(&self, _: &Mount, name: &'n [u8]) -> Result<Cow<'n, [u8]>, Errno> {
        Ok(Cow::Borrowed(name))
    }

    fn shown_xattr<'n>(&self, _: &Mount, name: &'n [u8]) -> Option<Cow<'n, [u8]>> {
        Some(Cow::Borrowed(name))
    }
}
