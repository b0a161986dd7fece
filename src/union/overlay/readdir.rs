//! Listing a merged directory (fs/overlayfs/readdir.c: `ovl_iterate`, `ovl_dir_read_merged`,
//! `ovl_check_empty_dir`).

use crate::fs::{Entries, Ino, Name};
use crate::union::Mount;
use crate::union::cache::Entry;

/// The names that the layers list. A directory of a single layer is handed on as it is, whiteouts
/// included: such a name is listed and yet not found.
pub(super) fn listed(m: &Mount, dir: &Entry) -> Vec<Name> {
    if dir.merged_dir() {
        return visible(m, dir).into_iter().cloned().collect();
    }
    let entries = m.real(dir).and_then(|inode| inode.entries());
    entries.into_iter().flat_map(Entries::iter).map(|(name, _)| name.clone()).collect()
}

/// Is this name listed?
pub(super) fn lists(m: &Mount, dir: &Entry, name: &[u8]) -> bool {
    let topmost = dir.parts().find_map(|part| Some((part.0, m.inode(part).entries()?.get(name)?)));
    topmost.is_some_and(|part| !dir.merged_dir() || !m.inode(part).is_whiteout())
}

/// All names whose topmost entry is no whiteout. The names themselves are not looked up.
fn visible<'m>(m: &'m Mount, dir: &Entry) -> Vec<&'m Name> {
    let mut all: Vec<(&Name, Ino, u32)> = Vec::new();
    for part in dir.parts() {
        let entries = m.inode(part).entries().into_iter().flat_map(Entries::unordered);
        all.extend(entries.map(|(name, ino)| (name, ino, part.0)));
    }
    // Of one name the topmost layer's entry is in front.
    all.sort_unstable_by(|a, b| a.0.cmp(b.0).then(a.2.cmp(&b.2)));
    all.dedup_by(|below, above| below.0 == above.0);
    let shows = |(_, ino, layer): &(&Name, Ino, u32)| {
        !m.has_whiteouts(*layer) || !m.inode((*layer, *ino)).is_whiteout()
    };
    all.into_iter().filter(shows).map(|(name, ..)| name).collect()
}

/// Has the directory nothing that could be seen?
pub(super) fn is_empty(m: &Mount, dir: &Entry) -> bool {
    visible(m, dir).is_empty()
}
