//! Listing a merged directory (fs/overlayfs/readdir.c: `ovl_iterate`, `ovl_dir_read_merged`,
//! `ovl_check_empty_dir`).

use super::{namei, xwhiteouts};
use crate::fs::{Entries, Ino, Kind, Name};
use crate::union::cache::{Entry, Part};
use crate::union::{Mount, Names};

/// The names that the layers list. A directory of a single layer is handed on as it is, whiteouts
/// included: such a name is listed and yet not found.
pub(super) fn listed(m: &Mount, dir: &Entry) -> Vec<Name> {
    if dir.merged_dir() {
        return visible(m, dir).into_iter().cloned().collect();
    }
    let Some(inode) = m.real(dir) else { return Vec::new() };
    let entries = inode.entries().into_iter().flat_map(Entries::iter);
    let mut names: Vec<Name> = entries.map(|(name, _)| name.clone()).collect();
    if let Some(nested) = inode.nested() {
        names.extend(nested.ghosts.keys().cloned());
        names.sort();
    }
    names
}

/// Is this name listed?
pub(super) fn lists(m: &Mount, dir: &Entry, name: &[u8]) -> bool {
    match topmost(m, dir, name) {
        None => false,
        Some((layer, Some(ino))) => !dir.merged_dir() || !m.inode((layer, ino)).is_whiteout(),
        Some((_, None)) => true,
    }
}

/// The topmost layer that has or lists a name; of what a nested overlay lists and doesn't find there
/// is no inode.
fn topmost(m: &Mount, dir: &Entry, name: &[u8]) -> Option<(u32, Option<Ino>)> {
    dir.parts().find_map(|part| {
        let inode = m.inode(part);
        let ghost = || inode.nested().is_some_and(|nested| nested.ghosts.contains_key(name));
        let found = inode.entries().and_then(|entries| entries.get(name));
        (found.is_some() || ghost()).then_some((part.0, found))
    })
}

/// What is left of a merged list where names are looked up before they are given.
pub(super) fn looked_up(m: &Mount, dir: &Entry, names: Names) -> Names {
    // Over several filesystems `xino` numbers the inodes anew, so every name is looked up
    // (`ovl_calc_d_ino`).
    let every = m.options.xino && m.depth() > 1;
    if !dir.merged_dir() || (!dir.xwhiteouts && !every) {
        return names;
    }
    let asks = |(layer, ino): Part| {
        matches!(m.inode((layer, ino)).kind, Kind::File(_)) && xwhiteouts::asks(m, dir, layer)
    };
    let asked = |name: &Name| match topmost(m, dir, name) {
        Some((layer, Some(ino))) => asks((layer, ino)),
        _ => false,
    };
    let found = |name: &Name| namei::search(m, dir, name, None).is_ok_and(|entry| entry.exists());
    let shows = |name: &&Name| !(every || asked(name)) || found(name);
    names.iter().filter(shows).cloned().collect::<Vec<Name>>().into()
}

/// All names whose topmost entry is no device 0:0. The names themselves are not looked up; of what a
/// nested overlay lists and doesn't find there is no inode.
fn visible<'m>(m: &'m Mount, dir: &Entry) -> Vec<&'m Name> {
    let mut all: Vec<(&Name, u32, Option<Ino>)> = Vec::new();
    for part in dir.parts() {
        let inode = m.inode(part);
        let entries = inode.entries().into_iter().flat_map(Entries::unordered);
        all.extend(entries.map(|(name, ino)| (name, part.0, Some(ino))));
        let ghosts = inode.nested().into_iter().flat_map(|nested| nested.ghosts.keys());
        all.extend(ghosts.map(|name| (name, part.0, None)));
    }
    // Of one name the topmost layer's entry is in front, and an inode before a ghost.
    all.sort_unstable_by(|a, b| a.0.cmp(b.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2)));
    all.dedup_by(|below, above| below.0 == above.0);
    let shows = |(_, layer, ino): &(&Name, u32, Option<Ino>)| match ino {
        Some(ino) => !m.has_whiteouts(*layer) || !m.inode((*layer, *ino)).is_whiteout(),
        None => true,
    };
    all.into_iter().filter(shows).map(|(name, ..)| name).collect()
}

/// Has the directory nothing that could be seen? Whiteouts made of attributes are not told from files
/// here, so rmdir refuses a directory that holds nothing else (`ovl_check_empty_dir`).
pub(super) fn is_empty(m: &Mount, dir: &Entry) -> bool {
    visible(m, dir).is_empty()
}
