//! Which writable branch takes what is new or copied (aufs wbr_policy.c; unionfs create.c, copyup.c).

use super::Rules;
use super::lookup::{topmost, whiteout};
use super::places::CopyUp;
use crate::fs::{Errno, Ino};
use crate::union::Mount;
use crate::union::cache::{DirId, ROOT, Spot};

/// The nearest writable branch at this one or above it (`au_wbr_bu`).
pub(super) fn nearest(m: &Mount, branch: u32) -> Result<u32, Errno> {
    (0..=branch).rev().find(|branch| m.places.is_writable(*branch)).ok_or(Errno::EROFS)
}

fn nearest_above(m: &Mount, branch: u32) -> Result<u32, Errno> {
    nearest(m, branch.checked_sub(1).ok_or(Errno::EROFS)?)
}

/// The inode of a merged directory in one branch.
pub(super) fn in_branch(m: &Mount, dir: DirId, branch: u32) -> Option<Ino> {
    let mut parts = m.cache.dir(dir).entry.parts();
    parts.find(|part| m.layer_of(*part) == branch).map(|(_, ino)| ino)
}

/// The topmost branch that has a merged directory.
pub(super) fn top_of(m: &Mount, dir: DirId) -> u32 {
    m.cache.dir(dir).entry.real().map_or(0, |part| m.layer_of(part))
}

/// Where a new name goes: to the topmost branch that has the parent directory, or, if that is read-only, to
/// the nearest writable one above (`au_wbr_create_tdp`).
pub(super) fn for_new(m: &Mount, dir: DirId) -> Result<u32, Errno> {
    nearest(m, top_of(m, dir))
}

/// Where the copy of an object goes that this read-only branch has.
pub(super) fn for_copy(m: &Mount, rules: Rules, dir: DirId, source: u32) -> Result<u32, Errno> {
    let top = top_of(m, dir);
    let suits = |branch: &u32| m.places.is_writable(*branch) && in_branch(m, dir, *branch).is_some();
    match (rules, m.places.policies().copy_up) {
        (Rules::Unionfs, _) => nearest_above(m, source),
        (Rules::Aufs, CopyUp::BottomUpParent) => match (top..=source).rev().find(suits) {
            Some(branch) => Ok(branch),
            None => nearest_above(m, top),
        },
        (Rules::Aufs, CopyUp::TopDownParent) => match (top..source).find(suits) {
            Some(branch) => Ok(branch),
            None => nearest_above(m, source),
        },
    }
}

/// Where a name is taken away: in the branch that shows it, or where its copy would go.
pub(super) fn for_removal(m: &Mount, rules: Rules, spot: &Spot) -> Result<u32, Errno> {
    let dir = &m.cache.dir(spot.dir).entry;
    let (top, _) = topmost(m, dir, &spot.name).ok_or(Errno::ENOENT)?;
    if m.places.is_writable(top) { Ok(top) } else { for_copy(m, rules, spot.dir, top) }
}

/// The branch at or above which an object must lie to be seen under this name: that of what it replaces, of
/// the whiteout that hides the branches below, or of a directory on the way that is opaque
/// (`au_wbr_nonopq`).
pub(super) fn highest_claim(m: &Mount, spot: &Spot) -> Option<u32> {
    let dir = &m.cache.dir(spot.dir).entry;
    let shown = topmost(m, dir, &spot.name).map(|(branch, _)| branch);
    let claim = shown.or_else(|| whiteout(m, dir, &spot.name));
    claim.into_iter().chain(deepest(m, spot.dir)).min()
}

/// The branch below which a directory is cut off, by itself or one of those above it.
pub(super) fn deepest(m: &Mount, dir: DirId) -> Option<u32> {
    let up = std::iter::successors(Some(dir), |id| Some(m.cache.dir(*id).parent));
    let up = up.take_while(|id| *id != ROOT);
    let opaque = |id: DirId| {
        let mut parts = m.cache.dir(id).entry.parts().map(|part| (m.layer_of(part), part));
        parts.find(|(branch, part)| m.inode(*part).is_opaque() && m.places.honours(*branch))
    };
    up.filter_map(opaque).map(|(branch, _)| branch).min()
}
