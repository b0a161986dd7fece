//! Attributes the kernel keeps for itself on upper inodes: `origin` (it was copied up, or found to
//! merge) and `impure` (a directory that holds such an object). They are never shown. Their one
//! effect: listing an impure directory looks its upper entries up (fs/overlayfs/readdir.c,
//! `ovl_calc_d_ino`, `ovl_cache_update`), so an entry that can't be looked up is missed there.

use crate::fs::{Errno, Ino, Name, Nodes};
use crate::union::Mount;
use crate::union::cache::Entry;
use rpds::RedBlackTreeMapSync;

/// What is known of upper inodes.
#[derive(Clone, Debug, Default)]
pub(in crate::union) struct Private(RedBlackTreeMapSync<Ino, Marks>);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Marks {
    origin: bool,
    impure: bool,
}

fn mark(m: &mut Mount, ino: Ino, change: impl FnOnce(&mut Marks)) {
    let before = m.private.0.get(&ino).copied().unwrap_or_default();
    let mut marks = before;
    change(&mut marks);
    if marks != before {
        m.private.0.insert_mut(ino, marks);
    }
}

/// A new inode: what was known of this number was known of another.
pub(super) fn made(m: &mut Mount, ino: Ino) {
    if m.private.0.contains_key(&ino) {
        m.private.0.remove_mut(&ino);
    }
}

/// An object was copied up into a directory (`ovl_do_copy_up`, `ovl_set_impure`). A broken hard link
/// has no origin.
pub(super) fn copied(m: &mut Mount, parent: Ino, ino: Ino, origin: bool) {
    mark(m, parent, |marks| marks.impure = true);
    if origin {
        mark(m, ino, |marks| marks.origin = true);
    }
}

/// An object got a name in another directory (`ovl_rename`, `ovl_link`).
pub(super) fn arrived(m: &mut Mount, parent: Ino, ino: Ino) {
    if m.private.0.get(&ino).is_some_and(|marks| marks.origin) {
        mark(m, parent, |marks| marks.impure = true);
    }
}

/// A look-up found that an upper directory merges (`ovl_fix_origin`).
pub(super) fn merges(m: &mut Mount, parent: Option<Ino>, ino: Ino) {
    if m.private.0.get(&ino).is_some_and(|marks| marks.origin) {
        return;
    }
    mark(m, ino, |marks| marks.origin = true);
    if let Some(parent) = parent {
        mark(m, parent, |marks| marks.impure = true);
    }
}

/// What is left of a directory's list when it is impure. Merged: upper entries that can't be looked
/// up are missing. In the upper alone: the whole listing fails.
pub(super) fn filtered(m: &Mount, dir: &Entry, names: Vec<Name>) -> Result<Vec<Name>, Errno> {
    let Some(upper) = dir.upper.filter(|ino| m.private.0.get(ino).is_some_and(|marks| marks.impure)) else {
        return Ok(names);
    };
    // Over several filesystems names are looked up for `xino` only (`ovl_cache_update`).
    if m.depth() > 1 && !m.options.xino {
        return Ok(names);
    }
    let mut kept = Vec::with_capacity(names.len());
    for name in names {
        // Only a directory or a metacopy has anything below that can fail.
        let suspect = m.upper.child(upper, &name).is_some_and(|ino| {
            let inode = m.upper.inode(ino);
            inode.kind.is_dir() || inode.metacopy().is_some() || inode.is_xwhiteout()
        });
        match suspect.then(|| super::namei::search(m, dir, &name, None)) {
            Some(Err(errno)) if dir.pure_upper() => return Err(errno),
            Some(Err(_)) => {}
            Some(Ok(entry)) if !entry.exists() && !dir.pure_upper() => {}
            _ => kept.push(name),
        }
    }
    Ok(kept)
}
