//! A sealed tree in memory.

use super::entries::{Entries, name_hash};
use super::filter::Filter;
use super::inode::Inode;
use super::tree::Ino;

/// Inodes that lie together: what the first write after a snapshot copies.
pub(super) const PAGE: usize = 256;

/// A sealed tree of these inodes.
pub(super) fn sealed_of(pages: Box<[Box<[Inode]>]>, inodes: usize, entries: usize, bytes: u64) -> Sealed {
    let filter = filter_of(&pages, entries);
    let all = || pages.iter().flatten();
    let whiteouts = all().any(Inode::is_whiteout);
    let redirects = all().any(|inode| inode.redirect().is_some());
    Sealed { pages, inodes, filter, whiteouts, redirects, entries, bytes }
}

/// The filter of a sealed tree. None where directories list names that can't be looked up: those are
/// asked for, too.
fn filter_of(pages: &[Box<[Inode]>], names: usize) -> Option<Filter> {
    let mut filter = Filter::for_names(names);
    for (dir, inode) in pages.iter().flatten().enumerate() {
        if inode.nested().is_some() {
            return None;
        }
        for (name, _) in inode.entries().into_iter().flat_map(Entries::unordered) {
            filter.add(dir as Ino, name_hash(name));
        }
    }
    Some(filter)
}

#[derive(Debug)]
pub(super) struct Sealed {
    /// Each of [`PAGE`] inodes, the last of what is left.
    pub(super) pages: Box<[Box<[Inode]>]>,
    /// How many.
    pub(super) inodes: usize,
    pub(super) filter: Option<Filter>,
    pub(super) whiteouts: bool,
    pub(super) redirects: bool,
    pub(super) entries: usize,
    pub(super) bytes: u64,
}
