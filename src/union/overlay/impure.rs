//! Attributes the kernel keeps for itself on upper inodes: `origin` (it was copied up, or found to
//! merge) and `impure` (a directory that holds such an object). They are never shown. Their one
//! effect: listing an impure directory looks its upper entries up (fs/overlayfs/readdir.c,
//! `ovl_calc_d_ino`, `ovl_cache_update`), so an entry that can't be looked up is missed there.

use crate::fs::{Entries, Errno, Ino, Name, Nodes};
use crate::union::cache::Entry;
use crate::union::{Mount, Names};
use std::sync::Arc;

/// What is known of upper inodes: a byte for each, in pages that clones of the mount share.
#[derive(Clone, Debug, Default)]
pub(in crate::union) struct Private(Arc<Vec<Arc<[u8; PAGE]>>>);

const PAGE: usize = 1024;
const ORIGIN: u8 = 1;
const IMPURE: u8 = 2;

impl Private {
    fn marks(&self, ino: Ino) -> u8 {
        let (page, at) = (ino as usize / PAGE, ino as usize % PAGE);
        self.0.get(page).and_then(|page| page.get(at)).copied().unwrap_or(0)
    }

    fn set(&mut self, ino: Ino, marks: u8) {
        if self.marks(ino) == marks {
            return;
        }
        let (page, at) = (ino as usize / PAGE, ino as usize % PAGE);
        let pages = Arc::make_mut(&mut self.0);
        if pages.len() <= page {
            let blank = Arc::new([0; PAGE]);
            pages.resize(page + 1, blank);
        }
        if let Some(page) = pages.get_mut(page) {
            Arc::make_mut(page)[at] = marks;
        }
    }
}

fn has(m: &Mount, ino: Ino, mark: u8) -> bool {
    m.private.marks(ino) & mark != 0
}

fn mark(m: &mut Mount, ino: Ino, mark: u8) {
    let marks = m.private.marks(ino) | mark;
    m.private.set(ino, marks);
}

/// A new inode: what was known of this number was known of another.
pub(super) fn made(m: &mut Mount, ino: Ino) {
    m.private.set(ino, 0);
}

/// An object was copied up into a directory (`ovl_do_copy_up`, `ovl_set_impure`). A broken hard link
/// has no origin.
pub(super) fn copied(m: &mut Mount, parent: Ino, ino: Ino, origin: bool) {
    mark(m, parent, IMPURE);
    if origin {
        mark(m, ino, ORIGIN);
    }
}

/// An object got a name in another directory (`ovl_rename`, `ovl_link`).
pub(super) fn arrived(m: &mut Mount, parent: Ino, ino: Ino) {
    if has(m, ino, ORIGIN) {
        mark(m, parent, IMPURE);
    }
}

/// A look-up found that an upper directory merges (`ovl_fix_origin`).
pub(super) fn merges(m: &mut Mount, parent: Option<Ino>, ino: Ino) {
    if has(m, ino, ORIGIN) {
        return;
    }
    mark(m, ino, ORIGIN);
    if let Some(parent) = parent {
        mark(m, parent, IMPURE);
    }
}

/// What is left of a directory's list when it is impure. Merged: upper entries that can't be looked
/// up are missing. In the upper alone: the whole listing fails.
pub(super) fn filtered(m: &Mount, dir: &Entry, names: Names) -> Result<Names, Errno> {
    let Some(upper) = dir.upper.filter(|ino| has(m, *ino, IMPURE)) else {
        return Ok(names);
    };
    // Over several filesystems names are looked up for `xino` only (`ovl_cache_update`).
    if m.depth() > 1 && !m.options.xino {
        return Ok(names);
    }
    let mut missed: Vec<&[u8]> = Vec::new();
    for (name, ino) in m.upper.inode(upper).entries().into_iter().flat_map(Entries::iter) {
        // Only a directory or a metacopy has anything below that can fail.
        let inode = m.upper.inode(ino);
        if !inode.kind.is_dir() && inode.metacopy().is_none() && !inode.is_xwhiteout() {
            continue;
        }
        match super::namei::search(m, dir, name, None) {
            Err(errno) if dir.pure_upper() => return Err(errno),
            Err(_) => missed.push(name),
            Ok(entry) if !entry.exists() && !dir.pure_upper() => missed.push(name),
            Ok(_) => {}
        }
    }
    if missed.is_empty() {
        return Ok(names);
    }
    // Both are in byte order.
    let is_found = |name: &&Name| missed.binary_search(&&name[..]).is_err();
    Ok(names.iter().filter(is_found).cloned().collect::<Vec<Name>>().into())
}
