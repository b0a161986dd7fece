//! Making, removing and linking names in branches (aufs i_op_add.c, i_op_del.c; unionfs create.c, unlink.c).

use super::copy_up::{directories, object, put};
use super::lookup::{MARK, instances, is_empty, topmost};
use super::policy::{for_new, for_removal, highest_claim, in_branch, nearest};
use super::{Branches, Rules};
use crate::fs::path::{show, shown};
use crate::fs::{Errno, Ino, Inode, Kind, Nodes};
use crate::trace::{Event, Trace};
use crate::union::Mount;
use crate::union::cache::{Part, Spot};
use crate::union::driver::{Driver, Need};
use crate::union::overlay::index;

/// Makes a new object under a free name (`add_simple`, `aufs_mkdir`). A directory that takes the place of a
/// whiteout is opaque; in unionfs every new one is (create.c, `unionfs_mkdir`).
pub(super) fn create(
    m: &mut Mount,
    rules: Rules,
    spot: &Spot,
    inode: Inode,
    t: &mut Trace,
) -> Result<Ino, Errno> {
    let branch = for_new(m, spot.dir)?;
    let parent = directories(m, spot.dir, branch, t)?;
    let over_whiteout = has_whiteout(m, parent, &spot.name);
    let mut inode = Inode { mtime: m.now, ..inode };
    m.inherit(m.upper.inode(parent), &mut inode);
    let opaque = inode.kind.is_dir() && (over_whiteout || rules == Rules::Unionfs);
    if opaque {
        inode.extra_mut().opaque = true;
    }
    let kind = inode.kind.word();
    let ino = put(m, branch, parent, &spot.name, inode);
    touched(m, parent);
    m.cache.forget(spot.dir, &spot.name);
    t.emit(|| Event::Created {
        path: show(&m.path_of(spot)).into_owned(),
        kind: kind.to_owned(),
        over_whiteout,
        opaque,
        of: None,
        inodes: 1,
        object: Some(m.object(ino)),
        into: m.branch_ref(ino),
    });
    Ok(ino)
}

/// Removes a name (`aufs_unlink`, `aufs_rmdir`).
pub(super) fn remove(m: &mut Mount, rules: Rules, spot: &Spot, t: &mut Trace) -> Result<(), Errno> {
    let entry = &spot.node.entry;
    if spot.node.dir.is_some() && !is_empty(m, entry) {
        return Err(Errno::ENOTEMPTY);
    }
    let kind = m.real(entry).map_or("file", |inode| inode.kind.word());
    let below = Branches(rules).covered(m, spot).map(|(branch, _)| branch);
    let stored = stored_below(m, spot);
    let counted = entry.upper.filter(|ino| index::count(m, *ino).is_some());
    let (whiteout, inodes, branch) = match rules {
        Rules::Aufs => remove_shown(m, rules, spot, t)?,
        Rules::Unionfs if spot.node.dir.is_some() => remove_directory(m, rules, spot, t)?,
        Rules::Unionfs => remove_all(m, spot, t)?,
    };
    if let Some(ino) = counted {
        index::drop(m, ino);
    }
    m.cache.forget(spot.dir, &spot.name);
    t.emit(|| Event::Removed {
        path: shown(m.path_in(spot.dir, &spot.name)),
        kind: kind.to_owned(),
        whiteout_over: below.filter(|_| whiteout).map(|branch| m.layer_ref(branch)),
        still_stored: if whiteout { stored } else { 0 },
        whiteout,
        mark: whiteout.then(|| show(&[MARK, &spot.name].concat()).into_owned()),
        into: (branch > 0).then(|| m.layer_ref(branch)),
        inodes,
    });
    Ok(())
}

/// Bytes that the first branch below keeps.
fn stored_below(m: &Mount, spot: &Spot) -> u64 {
    let dir = &m.cache.dir(spot.dir).entry;
    let mut found = instances(m, dir, &spot.name).filter(|(branch, _)| !m.places.is_writable(*branch));
    let inode = found.next().map(|(_, part)| m.inode(part));
    inode.filter(|inode| matches!(inode.kind, Kind::File(_))).map_or(0, Inode::size)
}

/// In the branch that shows it the name goes, with a whiteout in its place if a branch below has it too; what
/// only a read-only branch has gets a whiteout where its copy would go (`au_wr_dir_need_wh`).
fn remove_shown(
    m: &mut Mount,
    rules: Rules,
    spot: &Spot,
    t: &mut Trace,
) -> Result<(bool, usize, u32), Errno> {
    let branch = for_removal(m, rules, spot)?;
    let parent = directories(m, spot.dir, branch, t)?;
    let below = has_below(m, spot, branch);
    take(m, branch, parent, spot, below);
    Ok((below, whiteout_inodes(rules, below), branch))
}

/// The instance that shows goes if its branch is writable, and a whiteout takes its place if others are
/// below; else there is a whiteout in the nearest writable branch above (`unionfs_rmdir`).
fn remove_directory(
    m: &mut Mount,
    rules: Rules,
    spot: &Spot,
    t: &mut Trace,
) -> Result<(bool, usize, u32), Errno> {
    let dir = &m.cache.dir(spot.dir).entry;
    let (top, _) = topmost(m, dir, &spot.name).ok_or(Errno::ENOENT)?;
    let branch = nearest(m, top)?;
    let parent = directories(m, spot.dir, branch, t)?;
    let below = has_below(m, spot, branch);
    take(m, branch, parent, spot, below);
    Ok((below, whiteout_inodes(rules, below), branch))
}

/// Whatever can be removed is, branch by branch; where that ends at a read-only one, the first branch gets a
/// whiteout (`unionfs_unlink_whiteout`).
fn remove_all(m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<(bool, usize, u32), Errno> {
    let dir = &m.cache.dir(spot.dir).entry;
    let found: Vec<(u32, Part)> = instances(m, dir, &spot.name).collect();
    let top = found.first().map_or(0, |(branch, _)| *branch);
    for (branch, part) in found {
        let full = m.inode(part).entries().is_some_and(|entries| !entries.is_empty());
        if !m.places.is_writable(branch) || full {
            let parent = directories(m, spot.dir, 0, t)?;
            take(m, 0, parent, spot, true);
            return Ok((true, 1, 0));
        }
        if let Some(parent) = in_branch(m, spot.dir, branch) {
            take(m, branch, parent, spot, false);
        }
    }
    Ok((false, 0, top))
}

/// Takes a name away from one branch, or puts a whiteout there.
fn take(m: &mut Mount, branch: u32, parent: Ino, spot: &Spot, whiteout: bool) {
    match whiteout {
        true => drop(put(m, branch, parent, &spot.name, Inode::whiteout())),
        false => drop(m.upper_mut().unlink(parent, &spot.name)),
    }
    touched(m, parent);
}

/// The first whiteout of an aufs branch makes the file that all of them are links to (aufs whout.c,
/// `AUFS_WH_BASE`; it is there since the branch was mounted). In unionfs each is a file.
pub(super) fn whiteout_inodes(rules: Rules, whiteout: bool) -> usize {
    usize::from(whiteout && rules == Rules::Unionfs)
}

/// Has a branch below this one the name, so that it would appear?
pub(super) fn has_below(m: &Mount, spot: &Spot, branch: u32) -> bool {
    let dir = &m.cache.dir(spot.dir).entry;
    instances(m, dir, &spot.name).any(|(at, _)| at > branch)
}

pub(super) fn has_whiteout(m: &Mount, parent: Ino, name: &[u8]) -> bool {
    m.upper.child(parent, name).is_some_and(|ino| m.upper.inode(ino).is_whiteout())
}

/// A directory's list of names changed.
pub(super) fn touched(m: &mut Mount, dir: Ino) {
    let now = m.now;
    m.upper_mut().inode_mut(dir).mtime = now;
}

/// Gives an object a second name, in the branch where it lies (`aufs_link`).
///
/// # Errors
/// `EXDEV` where a whiteout of a higher branch would hide the new name.
pub(super) fn link(m: &mut Mount, rules: Rules, from: &Spot, to: &Spot, t: &mut Trace) -> Result<(), Errno> {
    let ino = object(m, rules, from, Need::Attributes, t)?;
    let branch = m.places.branch_of((0, ino));
    if highest_claim(m, to).is_some_and(|claim| claim < branch) {
        return Err(Errno::EXDEV);
    }
    let parent = directories(m, to.dir, branch, t)?;
    let over_whiteout = has_whiteout(m, parent, &to.name);
    m.upper_mut().link(parent, &to.name, ino);
    index::add(m, ino);
    touched(m, parent);
    m.cache.forget(to.dir, &to.name);
    m.cache.forget(from.dir, &from.name);
    m.tell_link((from, to), over_whiteout, m.branch_ref(ino), t);
    Ok(())
}
