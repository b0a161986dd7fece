//! Looking names up in branches (aufs dentry.c, `au_lkup_dentry`; unionfs lookup.c,
//! `unionfs_lookup_full`) and listing them (aufs vdir.c; unionfs dirfops.c).

use super::Rules;
use super::places::entry_of;
use crate::fs::{Entries, Errno, Inode, Kind, Name, Nodes, name_hash};
use crate::trace::Answer;
use crate::union::Mount;
use crate::union::cache::{Entry, Part, Spot};
use crate::union::driver::Trail;
use crate::union::overlay::index;
use std::collections::BTreeMap;

/// What the names of marks begin with. Nobody sees or makes such a name.
pub(super) const MARK: &[u8] = b".wh.";

/// Finds one name: the branch of highest priority wins, directories merge. Unlike in an overlay, what is
/// no directory below a directory is passed over and does not end the search.
pub(super) fn search(
    m: &Mount,
    rules: Rules,
    dir: &Entry,
    name: &[u8],
    mut trail: Trail<'_>,
) -> Result<Entry, Errno> {
    if name.starts_with(MARK) {
        return Err(Errno::EPERM);
    }
    if name.len() > rules.longest_name() {
        return Err(Errno::ENAMETOOLONG);
    }
    let mut parts: Vec<Part> = Vec::new();
    for part in dir.parts() {
        let branch = m.layer_of(part);
        let found = child(m, part, name).map(|ino| ((part.0, ino), m.inode((part.0, ino))));
        let (answer, ends) = match found {
            Some((_, inode)) if inode.is_whiteout() && m.places.honours(branch) => (Answer::Whiteout, true),
            Some((part, inode)) if shows(inode) && (parts.is_empty() || inode.kind.is_dir()) => {
                parts.push(part);
                let opaque = inode.is_opaque() && m.places.honours(branch);
                (said(inode, opaque), opaque || !inode.kind.is_dir())
            }
            _ => (Answer::Absent, false),
        };
        if let Some(trail) = &mut trail {
            trail.push((branch, answer));
        }
        if ends {
            break;
        }
    }
    let mut entry = entry_of(m, &parts);
    if rules == Rules::Aufs && entry.upper.is_none() {
        // A pseudo-link: another name of the object was copied already (plink.c).
        index::find(m, &mut entry)?;
        if let (Some(trail), Some(ino), true) = (&mut trail, entry.upper, entry.unlinked) {
            let inode = m.upper.inode(ino);
            trail.push((0, Answer::Indexed { kind: inode.kind.word(), size: inode.size() }));
        }
    }
    Ok(entry)
}

fn said(inode: &Inode, opaque: bool) -> Answer {
    match inode.kind {
        Kind::Dir(_) => Answer::Directory { opaque, redirect: None },
        _ => Answer::Found { kind: inode.kind.word(), size: inode.size() },
    }
}

/// Is this more than a mark?
fn shows(inode: &Inode) -> bool {
    !inode.is_whiteout()
}

/// What a name leads to in one directory of one branch.
pub(super) fn child(m: &Mount, dir: Part, name: &[u8]) -> Option<u32> {
    let hash = name_hash(name);
    if !m.may_have(dir, hash) {
        return None;
    }
    m.inode(dir).entries()?.get_hashed(name, hash)
}

/// The first branch that shows the name, and what it has there.
pub(super) fn topmost(m: &Mount, dir: &Entry, name: &[u8]) -> Option<(u32, Part)> {
    instances(m, dir, name).next()
}

/// All branches that have the name, as far as no whiteout hides them, whatever it is there.
pub(super) fn instances<'m>(
    m: &'m Mount,
    dir: &'m Entry,
    name: &'m [u8],
) -> impl Iterator<Item = (u32, Part)> + 'm {
    let mut hidden = false;
    let found = dir.parts().map_while(move |part| {
        if hidden || name.starts_with(MARK) {
            return None;
        }
        let branch = m.layer_of(part);
        let ino = child(m, part, name);
        let whiteout = ino.is_some_and(|ino| m.inode((part.0, ino)).is_whiteout());
        hidden = whiteout && m.places.honours(branch);
        Some(ino.filter(|_| !whiteout).map(|ino| (branch, (part.0, ino))))
    });
    found.flatten()
}

/// The branch that has a whiteout for the name before any other has something to show.
pub(super) fn whiteout(m: &Mount, dir: &Entry, name: &[u8]) -> Option<u32> {
    for part in dir.parts() {
        let branch = m.layer_of(part);
        if let Some(ino) = child(m, part, name) {
            let hides = m.inode((part.0, ino)).is_whiteout();
            match hides && m.places.honours(branch) {
                true => return Some(branch),
                false if !hides => return None,
                false => {}
            }
        }
    }
    None
}

/// The branch below the one that shows the name, if deleting it there would let something appear.
pub(super) fn covered(m: &Mount, spot: &Spot) -> Option<(u32, Part)> {
    let dir = &m.cache.dir(spot.dir).entry;
    let mut found = instances(m, dir, &spot.name);
    let first = found.next()?;
    let next = found.next();
    // Where only a read-only branch has it, that is the one.
    if m.places.is_writable(first.0) { next } else { Some(first) }
}

/// The names of a merged directory, in byte order. A whiteout hides the name in the branches below it, not
/// in its own; marks themselves are never listed.
pub(super) fn listed(m: &Mount, dir: &Entry) -> Vec<Name> {
    let mut names: BTreeMap<&Name, bool> = BTreeMap::new();
    for part in dir.parts() {
        let honours = m.places.honours(m.layer_of(part));
        for (name, ino) in m.inode(part).entries().into_iter().flat_map(Entries::unordered) {
            let whiteout = m.inode((part.0, ino)).is_whiteout();
            if (!whiteout || honours) && !name.starts_with(MARK) {
                names.entry(name).or_insert(!whiteout);
            }
        }
    }
    names.into_iter().filter(|(_, shows)| *shows).map(|(name, _)| name.clone()).collect()
}

/// Has a merged directory nothing that could be seen?
pub(super) fn is_empty(m: &Mount, dir: &Entry) -> bool {
    listed(m, dir).is_empty()
}
