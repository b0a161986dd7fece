//! Copy-up in branches (aufs cpup.c; unionfs copyup.c). Nothing is really copied; the events say how much
//! the kernel would copy.

use super::Rules;
use super::places::entry_of;
use super::policy::{for_copy, in_branch};
use crate::fs::path::{show, shown};
use crate::fs::{Contents, Errno, Ino, Inode, Kind, Name, Nodes};
use crate::trace::{CopiedDirectory, Event, Trace};
use crate::union::Mount;
use crate::union::cache::{DirId, Part, Spot};
use crate::union::driver::Need;
use crate::union::overlay::{copy_of, index};

/// Makes a directory, and all above it, present in one branch; its inode there.
pub(super) fn directories(m: &mut Mount, dir: DirId, branch: u32, t: &mut Trace) -> Result<Ino, Errno> {
    let (mut missing, mut at) = (Vec::new(), dir);
    let mut parent = loop {
        match in_branch(m, at, branch) {
            Some(ino) => break ino,
            None => missing.push(at),
        }
        at = m.cache.dir(at).parent;
    };
    let (mut paths, mut made) = (Vec::new(), Vec::new());
    for id in missing.into_iter().rev() {
        let from = m.cache.dir(id).entry.real().map_or(0, |part| m.layer_of(part));
        parent = one_directory(m, id, branch, parent)?;
        if t.listening() {
            paths.push(show(&m.cache.path_of(id)).into_owned());
            made.push(CopiedDirectory { from: m.layer_ref(from), object: m.object(parent) });
        }
    }
    if !paths.is_empty() {
        let into = Some(m.layer_ref(branch));
        t.emit(|| Event::CopyUpDirectories { inodes: paths.len(), paths, made, into });
    }
    Ok(parent)
}

/// A directory is copied without what it holds. Where the branch had a whiteout for it, the copy is opaque.
fn one_directory(m: &mut Mount, id: DirId, branch: u32, parent: Ino) -> Result<Ino, Errno> {
    let dir = m.cache.dir(id);
    let (name, above) = (dir.name.clone(), dir.parent);
    let mut copy = copy_of(m, &dir.entry, None)?;
    if m.upper.child(parent, &name).is_some_and(|ino| m.upper.inode(ino).is_whiteout()) {
        copy.extra_mut().opaque = true;
    }
    let ino = put(m, branch, parent, &name, copy);
    let mut parts: Vec<Part> = m.cache.dir(id).entry.parts().chain([(0, ino)]).collect();
    parts.sort_by_key(|part| m.layer_of(*part));
    let entry = entry_of(m, &parts);
    m.cache.settle(id, above, &name, entry);
    Ok(ino)
}

/// Makes an object changeable, with as much of it as is needed; its inode. What lies in a writable branch is
/// changed where it is.
pub(super) fn object(
    m: &mut Mount,
    rules: Rules,
    spot: &Spot,
    need: Need,
    t: &mut Trace,
) -> Result<Ino, Errno> {
    let entry = &spot.node.entry;
    if let (Some(ino), false) = (entry.upper, entry.unlinked) {
        return Ok(ino);
    }
    if let Some(ino) = entry.upper {
        return link_up(m, spot, ino, t);
    }
    let source = entry.real().ok_or(Errno::ENOENT)?;
    let branch = for_copy(m, rules, spot.dir, m.layer_of(source))?;
    into(m, rules, spot, branch, need, t)
}

/// Copies an object into one branch.
pub(super) fn into(
    m: &mut Mount,
    rules: Rules,
    spot: &Spot,
    branch: u32,
    need: Need,
    t: &mut Trace,
) -> Result<Ino, Errno> {
    let entry = &spot.node.entry;
    let source = entry.real().ok_or(Errno::ENOENT)?;
    let parent = directories(m, spot.dir, branch, t)?;
    if let Some(id) = spot.node.dir {
        let ino = one_directory(m, id, branch, parent)?;
        tell(m, spot, source, ino, (0, false), t);
        return Ok(ino);
    }
    let inode = m.inode(source);
    let is_file = matches!(inode.kind, Kind::File(_));
    let shared = rules == Rules::Aufs && inode.nlink > 1 && source.0 > 0;
    let contents = match need {
        _ if !is_file => None,
        Need::Emptied => Some(Contents::EMPTY),
        Need::Attributes | Need::Contents => Some(m.contents_of(entry)),
    };
    let bytes = contents.as_ref().map_or(0, Contents::len);
    let copy = copy_of(m, entry, contents)?;
    let ino = put(m, branch, parent, &spot.name, copy);
    if shared {
        index::enter(m, source, ino);
    }
    tell(m, spot, source, ino, (bytes, is_file && need == Need::Emptied), t);
    m.handles_copied(spot, Some(source), ino, t);
    m.cache.forget(spot.dir, &spot.name);
    Ok(ino)
}

/// A pseudo-link becomes a real one: the copy gets this name too (aufs plink.c, `au_plink_append`).
fn link_up(m: &mut Mount, spot: &Spot, ino: Ino, t: &mut Trace) -> Result<Ino, Errno> {
    let branch = m.places.branch_of((0, ino));
    let parent = directories(m, spot.dir, branch, t)?;
    m.upper_mut().link(parent, &spot.name, ino);
    t.emit(|| Event::LinkedUp { path: show(&m.path_of(spot)).into_owned(), index: ino, inodes: 0 });
    m.cache.forget(spot.dir, &spot.name);
    m.handles_copied(spot, None, ino, t);
    Ok(ino)
}

/// Adds an inode under a name of one branch; what was there, a whiteout too, goes.
pub(super) fn put(m: &mut Mount, branch: u32, parent: Ino, name: &Name, inode: Inode) -> Ino {
    let upper = m.upper_mut();
    let ino = upper.add(Inode { nlink: 0, ..inode });
    upper.link_name(parent, name.clone(), ino);
    m.places.put(ino, branch);
    ino
}

fn tell(m: &Mount, spot: &Spot, source: Part, ino: Ino, (bytes, emptied): (u64, bool), t: &mut Trace) {
    t.emit(|| Event::CopyUp {
        path: shown(m.path_of(spot)),
        kind: m.inode(source).kind.word().to_owned(),
        source: None,
        contents: None,
        bytes,
        from: m.layer_ref(m.layer_of(source)),
        into: Some(m.layer_ref(m.layer_of((0, ino)))),
        metadata_only: emptied,
        completes: false,
        metacopy: false,
        index: index::count(m, ino).map(|_| ino),
        inodes: 1,
        object: m.object(ino),
    });
}
