//! Listing a merged directory (fs/overlayfs/readdir.c: `ovl_iterate`, `ovl_dir_read_merged`,
//! `ovl_check_empty_dir`).

use super::{namei, xwhiteouts};
use crate::fs::{Kind, Name};
use crate::union::Mount;
use crate::union::cache::{Entry, Part};
use std::collections::BTreeMap;

/// The names that readdir gives. A directory of a single layer is handed on as it is, whiteouts
/// included: such a name is listed and yet not found.
pub(super) fn names(m: &Mount, dir: &Entry) -> Vec<Name> {
    if !dir.merged_dir() {
        return raw(m, dir);
    }
    let listed = visible(m, dir);
    // Over several filesystems `xino` numbers the inodes anew, so every name is looked up
    // (`ovl_calc_d_ino`).
    let every = m.options.xino && m.depth() > 1;
    if !dir.xwhiteouts && !every {
        return listed.into_iter().map(|(name, _)| name).collect();
    }
    let asks = |(layer, ino): Part| {
        matches!(m.inode((layer, ino)).kind, Kind::File(_)) && xwhiteouts::asks(m, dir, layer)
    };
    let found = |name: &Name| namei::search(m, dir, name, None).is_ok_and(|entry| entry.exists());
    let shows = |(name, part): &(Name, Option<Part>)| !(every || part.is_some_and(asks)) || found(name);
    listed.into_iter().filter(|found| shows(found)).map(|(name, _)| name).collect()
}

fn raw(m: &Mount, dir: &Entry) -> Vec<Name> {
    let Some(inode) = m.real(dir) else { return Vec::new() };
    let entries = inode.entries().into_iter().flat_map(|entries| entries.iter());
    let mut names: Vec<Name> = entries.map(|(name, _)| name.clone()).collect();
    if let Some(nested) = inode.nested() {
        names.extend(nested.ghosts.keys().cloned());
        names.sort();
    }
    names
}

/// All names whose topmost entry is no device 0:0, and where that is. The names themselves are not
/// looked up; of what a nested overlay lists and doesn't find there is no inode.
fn visible(m: &Mount, dir: &Entry) -> Vec<(Name, Option<Part>)> {
    let mut merged: BTreeMap<&Name, Option<Part>> = BTreeMap::new();
    for part in dir.parts() {
        let inode = m.inode(part);
        for (name, ino) in inode.entries().into_iter().flat_map(|entries| entries.iter()) {
            merged.entry(name).or_insert(Some((part.0, ino)));
        }
        for name in inode.nested().into_iter().flat_map(|nested| nested.ghosts.keys()) {
            merged.entry(name).or_insert(None);
        }
    }
    let shows = |part: &Option<Part>| part.is_none_or(|part| !m.inode(part).is_whiteout());
    merged.into_iter().filter(|(_, part)| shows(part)).map(|(name, part)| (name.clone(), part)).collect()
}

/// Has the directory nothing that could be seen? Whiteouts made of attributes are not told from files
/// here, so rmdir refuses a directory that holds nothing else (`ovl_check_empty_dir`).
pub(super) fn is_empty(m: &Mount, dir: &Entry) -> bool {
    visible(m, dir).is_empty()
}
