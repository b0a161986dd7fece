//! The driver `overlay`: what Linux 6.18 OverlayFS does.
//!
//! One file per file of fs/overlayfs in the kernel: `namei` (look-up), `readdir`, `copy_up`, `dir`
//! (create, remove, link), `rename` (with redirects), `index`, `attr`, `options`.

mod attr;
mod copy_up;
mod data;
mod dir;
mod impure;
pub(super) mod index;
mod namei;
mod options;
mod readdir;
mod redirect;
mod rename;
mod xwhiteouts;

pub(super) use copy_up::copy_of;
pub(super) use impure::Private;
pub(super) use index::Index;
pub(super) use xwhiteouts::{Layers as XWhiteouts, at_mount as xwhiteouts_at_mount};

use super::cache::{Entry, Spot};
use super::driver::{Driver, Need, Trail};
use super::{Mount, Names, Options, Rename};
use crate::fs::{Errno, Ino, Inode, Name};
use crate::trace::Trace;
use std::borrow::Cow;

/// The driver. It has no state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlay;

impl Driver for Overlay {
    fn judge(&self, lowers: usize, options: &Options) -> Result<(), Errno> {
        options::judge(lowers, options)
    }

    fn search(&self, m: &Mount, dir: &Entry, name: &[u8], trail: Trail<'_>) -> Result<Entry, Errno> {
        namei::search(m, dir, name, trail)
    }

    /// Not kept: a metacopy, which is completed under any of its names, and what the index may
    /// change from afar.
    fn keeps(&self, m: &Mount, entry: &Entry) -> bool {
        let lower = !entry.lowers.parts().is_empty();
        !lower || (entry.upper.is_none() && !m.options.index)
    }

    fn found(&self, m: &mut Mount, dir: &Entry, entry: &Entry) {
        if let (Some(ino), false) = (entry.upper, entry.pure_upper()) {
            impure::merges(m, dir.upper, ino);
        }
        if entry.xwhiteouts {
            xwhiteouts::met(m, dir, entry);
        }
    }

    fn failed(&self, m: &mut Mount, dir: &Entry, name: &[u8]) {
        if let Some(ino) = namei::merged_before_failing(m, dir, name) {
            impure::merges(m, dir.upper, ino);
        }
    }

    fn listed(&self, m: &Mount, dir: &Entry) -> Vec<Name> {
        readdir::listed(m, dir)
    }

    fn lists(&self, m: &Mount, dir: &Entry, name: &[u8]) -> bool {
        readdir::lists(m, dir, name)
    }

    fn filtered(&self, m: &Mount, dir: &Entry, names: Names) -> Result<Names, Errno> {
        impure::filtered(m, dir, readdir::looked_up(m, dir, names))
    }

    fn nlink(&self, m: &Mount, entry: &Entry) -> u32 {
        let counted = entry.upper.and_then(|ino| index::count(m, ino));
        counted.unwrap_or_else(|| m.real(entry).map_or(0, |inode| inode.nlink))
    }

    fn covered(&self, m: &Mount, spot: &Spot) -> Option<(u32, Ino)> {
        namei::covered_by(m, spot)
    }

    fn copy_up(&self, m: &mut Mount, spot: &Spot, need: Need, t: &mut Trace) -> Result<Ino, Errno> {
        copy_up::object(m, spot, need, t)
    }

    fn create(&self, m: &mut Mount, spot: &Spot, inode: Inode, t: &mut Trace) -> Result<Ino, Errno> {
        dir::create(m, spot, inode, t)
    }

    fn remove(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<(), Errno> {
        dir::remove(m, spot, t)
    }

    fn rename(&self, m: &mut Mount, from: &Spot, to: &Spot, how: Rename, t: &mut Trace) -> Result<(), Errno> {
        rename::rename(m, from, to, how, t)
    }

    fn link(&self, m: &mut Mount, from: &Spot, to: &Spot, t: &mut Trace) -> Result<(), Errno> {
        dir::link(m, from, to, t)
    }

    fn same(&self, m: &Mount, a: &Spot, b: &Spot) -> bool {
        rename::same(m, a, b)
    }

    fn attributes_of(&self, m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<Ino, Errno> {
        attr::inode_for_xattr(m, spot, t)
    }

    fn stored_xattr<'n>(&self, m: &Mount, name: &'n [u8]) -> Result<Cow<'n, [u8]>, Errno> {
        attr::stored(m, name)
    }

    fn shown_xattr<'n>(&self, m: &Mount, name: &'n [u8]) -> Option<Cow<'n, [u8]>> {
        attr::shown(m, name)
    }
}
