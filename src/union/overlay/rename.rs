//! rename (fs/overlayfs/dir.c, `ovl_rename`). The order of the steps is the kernel's: what an early
//! step did stays when a later one fails.

use super::dir::{changed, count_start, is_bare, merged_in_upper, tell_cleared};
use super::{copy_up, impure, index, namei, readdir, redirect};
use crate::fs::path::show;
use crate::fs::{Entries, Errno, Inode, Kind, Nodes};
use crate::trace::{Event, Trace};
use crate::union::cache::{DirId, Spot};
use crate::union::driver::Need;
use crate::union::{Mount, Rename};

pub(super) fn rename(m: &mut Mount, from: &Spot, to: &Spot, how: Rename, t: &mut Trace) -> Result<(), Errno> {
    let exchange = how == Rename::Exchange;
    if !movable(m, from) || (exchange && !movable(m, to)) {
        return Err(Errno::EXDEV);
    }
    let target = &to.node.entry;
    if !exchange && to.node.dir.is_some() && !target.pure_upper() && !readdir::is_empty(m, target) {
        return Err(Errno::ENOTEMPTY);
    }
    let leaves_whiteout = lower_positive(m, from);
    let source = copy_up::object(m, from, Need::Attributes, t)?;
    let to_parent = copy_up::directories(m, to.dir, t)?;
    let (mut counted, mut other) = (None, None);
    if exchange {
        other = Some(copy_up::object(m, to, Need::Attributes, t)?);
    } else if target.exists() {
        counted = count_start(m, to, t)?;
        clear(m, to, t);
    }
    let from_parent = copy_up::directories(m, from.dir, t)?;
    mark(m, from, to.dir, t)?;
    if exchange {
        mark(m, to, from.dir, t)?;
        m.upper_mut().exchange(from_parent, &from.name, to_parent, &to.name);
    } else {
        let blocked = m.upper.child(to_parent, &to.name).is_some_and(|ino| !is_bare(m, ino));
        if to.node.dir.is_some() && blocked {
            return Err(Errno::ENOTEMPTY);
        }
        if leaves_whiteout && to.node.entry.upper_whiteout() {
            // The whiteout that was there, of whatever make, changes places with the source.
            m.upper_mut().exchange(from_parent, &from.name, to_parent, &to.name);
        } else {
            m.upper_mut().rename(from_parent, &from.name, to_parent, &to.name);
            if leaves_whiteout {
                copy_up::put(m, from_parent, &from.name, Inode::whiteout());
            }
        }
    }
    if from_parent != to_parent {
        impure::arrived(m, to_parent, source);
    }
    if let Some(ino) = other.filter(|_| from_parent != to_parent) {
        impure::arrived(m, from_parent, ino);
    }
    if let Some(ino) = counted {
        index::drop(m, ino);
    }
    changed(m, from_parent);
    changed(m, to_parent);
    settle(m, from, to, exchange)?;
    let (whiteout, over_whiteout) = (leaves_whiteout && !exchange, target.upper_whiteout());
    t.emit(|| Event::Renamed {
        from: show(&m.path_in(from.dir, &from.name)).into_owned(),
        to: show(&m.path_in(to.dir, &to.name)).into_owned(),
        exchange,
        whiteout,
        over_whiteout,
        inodes: usize::from(whiteout && !over_whiteout),
    });
    Ok(())
}

/// May it move at all (`ovl_can_move`)? The children of a lower directory would stay behind.
fn movable(m: &Mount, spot: &Spot) -> bool {
    m.options.redirect_dir || spot.node.dir.is_none() || spot.node.entry.pure_upper()
}

fn lower_positive(m: &Mount, spot: &Spot) -> bool {
    spot.node.entry.upper.is_none() || namei::covered(m, &m.cache.dir(spot.dir).entry, &spot.name).is_some()
}

/// An overwritten directory that holds whiteouts in the upper, and nothing that can be seen, becomes
/// an empty opaque one first (`ovl_clear_empty`).
fn clear(m: &mut Mount, to: &Spot, t: &mut Trace) {
    let Some(ino) = to.node.entry.upper else { return };
    if to.node.dir.is_none() || to.node.entry.pure_upper() || is_bare(m, ino) {
        return;
    }
    tell_cleared(m, to, t);
    let inode = m.upper_mut().inode_mut(ino);
    inode.kind = Kind::Dir(Entries::default());
    inode.extra_mut().opaque = true;
    inode.extra_mut().redirect = None;
    m.cache.forget(to.dir, &to.name);
}

/// Sees to it that the object keeps its lower parts, and no others, under its new name.
fn mark(m: &mut Mount, spot: &Spot, new_parent: DirId, t: &mut Trace) -> Result<(), Errno> {
    let spot = m.again(spot)?;
    if redirect::needed(m, &spot) {
        return redirect::set(m, &spot, spot.dir != new_parent, t);
    }
    let (Some(id), Some(ino)) = (spot.node.dir, spot.node.entry.upper) else { return Ok(()) };
    if spot.node.entry.opaque || !merged_in_upper(&m.cache.dir(new_parent).entry) {
        return Ok(());
    }
    m.upper_mut().inode_mut(ino).extra_mut().opaque = true;
    m.cache.dir_mut(id).entry.opaque = true;
    t.emit(|| Event::Opaque { path: show(&m.path_of(&spot)).into_owned() });
    Ok(())
}

/// The cache after the move: names are looked up afresh, directories keep what is known inside.
fn settle(m: &mut Mount, from: &Spot, to: &Spot, exchange: bool) -> Result<(), Errno> {
    m.cache.forget(from.dir, &from.name);
    m.cache.forget(to.dir, &to.name);
    if let Some(id) = from.node.dir {
        settle_one(m, id, to);
    }
    if let (Some(id), true) = (to.node.dir, exchange) {
        settle_one(m, id, from);
    }
    Ok(())
}

fn settle_one(m: &mut Mount, id: DirId, at: &Spot) {
    let parent = m.cache.dir(at.dir).entry.clone();
    if let Ok(entry) = namei::search(m, &parent, &at.name, None) {
        m.cache.settle(id, at.dir, &at.name, entry);
    }
}

/// One object under two names (fs/namei.c, `vfs_rename`; fs/overlayfs/inode.c, `ovl_hash_bylower`).
pub(super) fn same(m: &Mount, a: &Spot, b: &Spot) -> bool {
    if a.dir == b.dir && a.name == b.name {
        return true;
    }
    let (x, y) = (&a.node.entry, &b.node.entry);
    match (x.upper, y.upper) {
        (Some(x), Some(y)) => x == y,
        (None, None) => {
            let (Some(x), Some(y)) = (x.real(), y.real()) else { return false };
            let inode = m.inode(x);
            x == y && (m.options.index || inode.kind.is_dir() || inode.nlink == 1)
        }
        _ => false,
    }
}
