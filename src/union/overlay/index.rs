//! `index=on`: the names of a lower hard link stay one object after copy-up
//! (Documentation/filesystems/overlayfs.rst, "index").

use crate::fs::{Errno, Ino, Nodes};
use crate::union::Mount;
use crate::union::cache::{Entry, Lowers, Part};
use rpds::RedBlackTreeMapSync;

/// The index of a work directory: which upper inode stands for which lower one.
#[derive(Clone, Debug, Default)]
pub(in crate::union) struct Index {
    by_lower: RedBlackTreeMapSync<Part, Ino>,
    by_upper: RedBlackTreeMapSync<Ino, Indexed>,
    broken: bool,
}

impl Index {
    /// Holds it something that no mount takes (fs/overlayfs/readdir.c, `ovl_indexdir_cleanup`)?
    pub(in crate::union) fn is_broken(&self) -> bool {
        self.broken
    }
}

/// An object could not be entered: its copy stays in the index directory, without the mark that says
/// what it is a copy of.
pub(super) fn leave_broken(m: &mut Mount) {
    m.index.broken = true;
    m.changed();
}

#[derive(Clone, Copy, Debug)]
struct Indexed {
    lower: Part,
    /// Names of the object in the merged view, those hidden by other layers included.
    count: u32,
}

/// Completes an entry from the index (fs/overlayfs/namei.c, `ovl_lookup_index`).
pub(in crate::union) fn find(m: &Mount, entry: &mut Entry) -> Result<(), Errno> {
    if entry.upper.is_some() {
        return Ok(());
    }
    let Some(ino) = entry.lowers.parts().first().and_then(|lower| m.index.by_lower.get(lower)) else {
        return Ok(());
    };
    let inode = m.upper.inode(*ino);
    entry.upper = Some(*ino);
    entry.unlinked = true;
    if inode.metacopy().is_some() {
        entry.redirect = inode.redirect().cloned();
        if !m.options.metacopy {
            return Err(Errno::EPERM);
        }
    } else {
        entry.lowers = Lowers::None;
    }
    Ok(())
}

/// Is the upper inode of this entry in the index?
pub(super) fn holds(m: &Mount, entry: &Entry) -> bool {
    entry.upper.is_some_and(|ino| m.index.by_upper.contains_key(&ino))
}

/// The union count of an indexed upper inode.
pub(in crate::union) fn count(m: &Mount, ino: Ino) -> Option<u32> {
    m.index.by_upper.get(&ino).map(|indexed| indexed.count)
}

/// Must a name be in the index before its link count may change (fs/overlayfs/util.c,
/// `ovl_need_index`, `ovl_nlink_start`)?
pub(super) fn concerns(m: &Mount, entry: &Entry) -> bool {
    m.options.index
        && (holds(m, entry)
            || entry.lowers.parts().first().is_some_and(|lower| {
                let inode = m.inode(*lower);
                !inode.kind.is_dir() && inode.nlink > 1
            }))
}

/// Enters a fresh copy. The index holds one link of it.
pub(in crate::union) fn enter(m: &mut Mount, lower: Part, upper: Ino) {
    let count = m.inode(lower).nlink;
    m.index.by_lower.insert_mut(lower, upper);
    m.index.by_upper.insert_mut(upper, Indexed { lower, count });
    m.upper_mut().inode_mut(upper).nlink += 1;
}

/// One name more.
pub(in crate::union) fn add(m: &mut Mount, upper: Ino) {
    change(m, upper, |count| count.saturating_add(1));
}

/// One name less. Without names the entry goes.
pub(in crate::union) fn drop(m: &mut Mount, upper: Ino) {
    change(m, upper, |count| count.saturating_sub(1));
}

fn change(m: &mut Mount, upper: Ino, by: impl FnOnce(u32) -> u32) {
    let Some(indexed) = m.index.by_upper.get(&upper).copied() else { return };
    let count = by(indexed.count);
    if count > 0 {
        m.index.by_upper.insert_mut(upper, Indexed { count, ..indexed });
        return;
    }
    m.index.by_upper.remove_mut(&upper);
    m.index.by_lower.remove_mut(&indexed.lower);
    let inode = m.upper_mut().inode_mut(upper);
    inode.nlink = inode.nlink.saturating_sub(1);
}
