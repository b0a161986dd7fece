//! Creating, removing, linking (fs/overlayfs/dir.c).

use super::{copy_up, impure, index, namei, options, readdir, redirect};
use crate::fs::path::{show, shown};
use crate::fs::{Entries, Errno, Ino, Inode, Kind, Nodes};
use crate::trace::{Event, Trace};
use crate::union::Mount;
use crate::union::cache::{DirId, Entry, Spot};
use crate::union::driver::Need;

/// Makes a new object under a free name (`ovl_create_object`).
pub(super) fn create(m: &mut Mount, spot: &Spot, inode: Inode, t: &mut Trace) -> Result<Ino, Errno> {
    let parent = copy_up::directories(m, spot.dir, t)?;
    let over_whiteout = spot.node.entry.upper_whiteout();
    let mut inode = Inode { mtime: m.now, ..inode };
    m.inherit(m.upper.inode(parent), &mut inode);
    let opaque = inode.kind.is_dir() && (over_whiteout || must_hide(m, spot.dir));
    if opaque {
        inode.extra_mut().opaque = true;
    }
    let kind = inode.kind.word();
    let ino = copy_up::put(m, parent, &spot.name, inode);
    changed(m, parent);
    m.cache.forget(spot.dir, &spot.name);
    t.emit(|| Event::Created {
        path: show(&m.path_of(spot)).into_owned(),
        kind: kind.to_owned(),
        over_whiteout,
        opaque,
        of: None,
        inodes: 1,
        object: Some(m.object(ino)),
        into: None,
    });
    Ok(ino)
}

/// Is a new directory in this one marked opaque although the upper had no whiteout there
/// (`ovl_create_upper`)? Where the layers may be edited between mounts it is not.
fn must_hide(m: &Mount, parent: DirId) -> bool {
    merged_in_upper(&m.cache.dir(parent).entry) && options::features_used(&m.options)
}

/// Of a directory: has it an upper and something below?
pub(super) fn merged_in_upper(entry: &Entry) -> bool {
    entry.upper.is_some() && !entry.lowers.parts().is_empty()
}

/// A directory's list of names changed.
pub(super) fn changed(m: &mut Mount, dir: Ino) {
    let now = m.now;
    m.upper_mut().inode_mut(dir).mtime = now;
}

/// unlink and rmdir (`ovl_do_remove`).
pub(super) fn remove(m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<(), Errno> {
    let below = namei::covered_by(m, spot);
    let entry = &spot.node.entry;
    let lower_positive = below.is_some() || entry.upper.is_none();
    if spot.node.dir.is_some() && (lower_positive || !entry.pure_upper()) && !readdir::is_empty(m, entry) {
        return Err(Errno::ENOTEMPTY);
    }
    let kind = if t.listening() { m.real(entry).map_or("file", |inode| inode.kind.word()) } else { "" };
    let parent = copy_up::directories(m, spot.dir, t)?;
    let counted = count_start(m, spot, t)?;
    if lower_positive || !entry.pure_upper() {
        tell_cleared(m, spot, t);
    }
    let mut inodes = 0;
    if lower_positive {
        copy_up::put(m, parent, &spot.name, Inode::whiteout());
        inodes = usize::from(!std::mem::replace(&mut m.shared_whiteout, true));
    } else {
        let upper = || m.upper.child(parent, &spot.name);
        if entry.pure_upper() && spot.node.dir.is_some() && upper().is_some_and(|ino| !is_bare(m, ino)) {
            return Err(Errno::ENOTEMPTY);
        }
        m.upper_mut().unlink(parent, &spot.name);
    }
    if let Some(ino) = counted {
        index::drop(m, ino);
    }
    changed(m, parent);
    m.cache.forget(spot.dir, &spot.name);
    t.emit(|| Event::Removed {
        path: shown(m.path_in(spot.dir, &spot.name)),
        kind: kind.to_owned(),
        whiteout_over: below.map(|(layer, _)| m.layer_ref(layer)),
        still_stored: below.map_or(0, |part| stored_bytes(m, part)),
        whiteout: lower_positive,
        mark: None,
        into: None,
        inodes,
    });
    Ok(())
}

/// A directory that goes and has nothing but whiteouts in the upper: the kernel first puts an empty
/// opaque one in its place (`ovl_clear_empty`).
pub(super) fn tell_cleared(m: &Mount, spot: &Spot, t: &mut Trace) {
    let Some(ino) = spot.node.entry.upper.filter(|_| spot.node.dir.is_some()) else { return };
    let whiteouts = m.upper.inode(ino).entries().map_or(0, Entries::len);
    if whiteouts > 0 {
        let path = || show(&m.path_of(spot)).into_owned();
        t.emit(|| Event::Cleared { path: path(), whiteouts, inodes: 1 });
    }
}

/// Bytes that a layer keeps although nobody sees them.
fn stored_bytes(m: &Mount, part: (u32, Ino)) -> u64 {
    let inode = m.inode(part);
    if matches!(inode.kind, Kind::File(_)) { inode.size() } else { 0 }
}

/// Is a directory of the upper layer without any entry, whiteouts included?
pub(super) fn is_bare(m: &Mount, ino: Ino) -> bool {
    m.upper.inode(ino).entries().is_none_or(|entries| entries.is_empty())
}

/// Before the link count of an indexed object changes, the name must be in the upper
/// (fs/overlayfs/util.c, `ovl_nlink_start`). The inode whose count is to change, if any.
pub(super) fn count_start(m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<Option<Ino>, Errno> {
    if spot.node.dir.is_some() || !index::concerns(m, &spot.node.entry) {
        return Ok(None);
    }
    let ino = copy_up::object(m, spot, Need::Attributes, t)?;
    Ok(Some(ino))
}

/// Gives an object a second name (`ovl_link`).
pub(super) fn link(m: &mut Mount, from: &Spot, to: &Spot, t: &mut Trace) -> Result<(), Errno> {
    let ino = copy_up::object(m, from, Need::Attributes, t)?;
    let parent = copy_up::directories(m, to.dir, t)?;
    if m.upper.inode(ino).metacopy().is_some() {
        let from = m.again(from)?;
        redirect::set(m, &from, true, t)?;
    }
    let over_whiteout = to.node.entry.upper_whiteout();
    m.upper_mut().link(parent, &to.name, ino);
    impure::arrived(m, parent, ino);
    index::add(m, ino);
    changed(m, parent);
    m.cache.forget(to.dir, &to.name);
    m.cache.forget(from.dir, &from.name);
    m.tell_link((from, to), over_whiteout, None, t);
    Ok(())
}
