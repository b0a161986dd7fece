//! Listing a merged directory (fs/overlayfs/readdir.c: `ovl_iterate`, `ovl_dir_read_merged`,
//! `ovl_check_empty_dir`).

use crate::fs::Name;
use crate::union::Mount;
use crate::union::cache::Entry;
use std::collections::BTreeMap;

/// The names that readdir gives. A directory of a single layer is handed on as it is, whiteouts
/// included: such a name is listed and yet not found.
pub(super) fn names(m: &Mount, dir: &Entry) -> Vec<Name> {
    if dir.merged_dir() { visible(m, dir) } else { raw(m, dir) }
}

fn raw(m: &Mount, dir: &Entry) -> Vec<Name> {
    let entries = m.real(dir).and_then(|inode| inode.entries());
    entries.map_or_else(Vec::new, |entries| entries.iter().map(|(name, _)| name.clone()).collect())
}

/// All names whose topmost entry is no whiteout. The names themselves are not looked up.
pub(super) fn visible(m: &Mount, dir: &Entry) -> Vec<Name> {
    let mut merged: BTreeMap<&Name, bool> = BTreeMap::new();
    for part in dir.parts() {
        for (name, ino) in m.inode(part).entries().into_iter().flat_map(|entries| entries.iter()) {
            merged.entry(name).or_insert_with(|| !m.inode((part.0, ino)).is_whiteout());
        }
    }
    merged.into_iter().filter(|(_, visible)| *visible).map(|(name, _)| name.clone()).collect()
}

/// Has the directory nothing that could be seen?
pub(super) fn is_empty(m: &Mount, dir: &Entry) -> bool {
    visible(m, dir).is_empty()
}
