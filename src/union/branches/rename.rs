//! rename in branches (aufs i_op_ren.c, `aufs_rename`; unionfs rename.c).

use super::Rules;
use super::change::{has_below, has_whiteout, touched, whiteout_inodes};
use super::copy_up::{directories, into, object, put};
use super::lookup::{is_empty, search, topmost};
use super::policy::{highest_claim, nearest};
use crate::fs::path::show;
use crate::fs::{Entries, Errno, Inode};
use crate::trace::{Event, Trace};
use crate::union::cache::{Entry, Part, Spot};
use crate::union::driver::Need;
use crate::union::overlay::index;
use crate::union::{Mount, Rename};
use std::collections::HashSet;

/// Moves a name inside one branch: that of the source or of its copy, or a higher one where the new name
/// could not be seen otherwise.
///
/// # Errors
/// `EXDEV` for a directory with names in more than one branch, or in a read-only one; `EINVAL` for an
/// exchange, which is not modelled.
pub(super) fn rename(
    m: &mut Mount,
    rules: Rules,
    from: &Spot,
    to: &Spot,
    how: Rename,
    t: &mut Trace,
) -> Result<(), Errno> {
    if how == Rename::Exchange {
        return Err(Errno::EINVAL);
    }
    if from.node.dir.is_some() && !movable(m, from) {
        return Err(Errno::EXDEV);
    }
    if to.node.dir.is_some() && !is_empty(m, &to.node.entry) {
        return Err(Errno::ENOTEMPTY);
    }
    let claim = highest_claim(m, to);
    let counted = to.node.entry.upper.filter(|ino| index::count(m, *ino).is_some());
    let mut ino = object(m, rules, from, Need::Attributes, t)?;
    let mut branch = m.places.branch_of((0, ino));
    if let Some(claim) = claim.filter(|claim| *claim < branch) {
        // A directory is copied without what it holds.
        if from.node.dir.is_some() && !is_empty(m, &from.node.entry) {
            return Err(Errno::EXDEV);
        }
        branch = nearest(m, claim)?;
        let from = m.again(from)?;
        ino = into(m, rules, &from, branch, Need::Attributes, t)?;
    }
    let to_parent = directories(m, to.dir, branch, t)?;
    let from_parent = directories(m, from.dir, branch, t)?;
    let leaves_whiteout = has_below(m, from, branch);
    let over_whiteout = has_whiteout(m, to_parent, &to.name);
    let hides = over_whiteout || has_below(m, to, branch);
    let opaque = from.node.dir.is_some() && (hides || rules == Rules::Unionfs);
    if opaque && !m.inode((0, ino)).is_opaque() {
        m.upper_mut().inode_mut(ino).extra_mut().opaque = true;
        t.emit(|| Event::Opaque { path: show(&m.path_of(from)).into_owned() });
    }
    m.upper_mut().rename(from_parent, &from.name, to_parent, &to.name);
    if leaves_whiteout {
        put(m, branch, from_parent, &from.name, Inode::whiteout());
    }
    if let Some(ino) = counted {
        index::drop(m, ino);
    }
    touched(m, from_parent);
    touched(m, to_parent);
    settle(m, rules, from, to);
    t.emit(|| Event::Renamed {
        from: show(&m.path_in(from.dir, &from.name)).into_owned(),
        to: show(&m.path_in(to.dir, &to.name)).into_owned(),
        exchange: false,
        whiteout: leaves_whiteout,
        over_whiteout,
        inodes: whiteout_inodes(rules, leaves_whiteout),
    });
    Ok(())
}

/// Has every name of a directory its place in the one branch that can move? What is below must be empty but
/// for what whiteouts hide (`may_rename_srcdir`; unionfs `may_rename_dir`).
fn movable(m: &Mount, spot: &Spot) -> bool {
    let entry = &spot.node.entry;
    let Some(first) = entry.real() else { return true };
    if !m.places.is_writable(m.layer_of(first)) {
        return is_empty(m, entry);
    }
    let below: Vec<Part> = entry.parts().skip(1).collect();
    let mut hidden: HashSet<&[u8]> = HashSet::new();
    let note = |part: Part, hidden: &mut HashSet<_>| {
        for (name, ino) in m.inode(part).entries().into_iter().flat_map(Entries::unordered) {
            if m.inode((part.0, ino)).is_whiteout() {
                hidden.insert(&**name);
            }
        }
    };
    note(first, &mut hidden);
    below.into_iter().all(|part| {
        let entries = m.inode(part).entries().into_iter().flat_map(Entries::unordered);
        let mut seen = entries
            .filter(|(name, ino)| !m.inode((part.0, *ino)).is_whiteout() && !hidden.contains(&***name));
        let empty = seen.next().is_none();
        note(part, &mut hidden);
        empty
    })
}

/// The cache after the move.
fn settle(m: &mut Mount, rules: Rules, from: &Spot, to: &Spot) {
    m.cache.forget(from.dir, &from.name);
    m.cache.forget(to.dir, &to.name);
    let Some(id) = from.node.dir else { return };
    let parent: Entry = m.cache.dir(to.dir).entry.clone();
    if topmost(m, &parent, &to.name).is_some()
        && let Ok(entry) = search(m, rules, &parent, &to.name, None)
    {
        m.cache.settle(id, to.dir, &to.name, entry);
    }
}
