//! `docker diff`: a container against its image (moby `pkg/archive/changes.go`, `addChanges`).

use crate::fs::EPOCH;
use crate::image::Container;
use crate::trace::Trace;
use crate::union::{Cred, Mount, Stat, StatKind};
use std::collections::BTreeMap;

/// A line of `docker diff`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Absolute; bytes that are no text are shown escaped.
    pub path: String,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was added.
    Added,
    /// It, or for a directory something inside it, was changed.
    Changed,
    /// It was deleted.
    Deleted,
}

impl ChangeKind {
    /// `A`, `C` or `D`.
    pub fn letter(&self) -> char {
        match self {
            ChangeKind::Added => 'A',
            ChangeKind::Changed => 'C',
            ChangeKind::Deleted => 'D',
        }
    }
}

type Paths = BTreeMap<Vec<u8>, Stat>;

/// What a container changed, sorted by path. Paths on the runtime's own mounts and inside volumes
/// never show. Emits no events. Empty when the fuel runs out.
pub fn changes(container: &Container, t: &mut Trace) -> Vec<Change> {
    let mut now = container.mount.clone();
    now.become_user(Cred::default());
    let Ok(mut before) = container.fresh() else { return Vec::new() };
    t.quietly(|t| {
        let Ok(old) = paths(&mut before, container, t) else { return Vec::new() };
        let Ok(new) = paths(&mut now, container, t) else { return Vec::new() };
        let mut found: BTreeMap<&[u8], ChangeKind> = BTreeMap::new();
        for (path, stat) in &new {
            match old.get(path) {
                None => drop(found.insert(path, ChangeKind::Added)),
                Some(was) if differs(path, was, stat, &mut before, &mut now, t) => {
                    found.insert(path, ChangeKind::Changed);
                }
                Some(_) => {}
            }
        }
        for path in old.keys().filter(|path| !new.contains_key(*path)) {
            // Only what lay directly in a directory that is still one: the rest went with its parent.
            let parent = crate::fs::path::parent(path);
            if parent == b"/" || new.get(parent).is_some_and(|stat| stat.kind == StatKind::Dir) {
                found.insert(path, ChangeKind::Deleted);
            }
        }
        with_parents(found)
    })
}

fn paths(mount: &mut Mount, container: &Container, t: &mut Trace) -> Result<Paths, crate::fs::Errno> {
    let all = mount.walk(b"/", t)?.into_iter();
    Ok(all.filter(|(path, _)| path != b"/" && !container.is_mounted(path)).collect())
}

/// `statDifferent`: mode, owner, device; for what is no directory size and modification time. The
/// lab's clock stands still, so equal times of "now" don't prove that nothing was written: then the
/// contents decide.
fn differs(path: &[u8], was: &Stat, is: &Stat, before: &mut Mount, now: &mut Mount, t: &mut Trace) -> bool {
    if was.id == is.id {
        return false;
    }
    if was.kind != is.kind || (was.mode, was.uid, was.gid) != (is.mode, is.uid, is.gid) {
        return true;
    }
    const CAPABILITY: &[u8] = b"security.capability";
    if is.kind == StatKind::File && before.getxattr(path, CAPABILITY, t) != now.getxattr(path, CAPABILITY, t)
    {
        return true;
    }
    if is.kind == StatKind::Dir {
        return false;
    }
    if was.mtime != is.mtime || was.size != is.size {
        return true;
    }
    is.mtime == EPOCH
        && match is.kind {
            StatKind::File => before.read(path, t) != now.read(path, t),
            StatKind::Symlink => before.readlink(path, t) != now.readlink(path, t),
            _ => false,
        }
}

/// Adds a `C` for each directory in which something happened, but not for the root.
fn with_parents(found: BTreeMap<&[u8], ChangeKind>) -> Vec<Change> {
    let mut all = found.clone();
    for path in found.keys() {
        let mut parent = crate::fs::path::parent(path);
        while parent.len() > 1 && !all.contains_key(parent) {
            all.insert(parent, ChangeKind::Changed);
            parent = crate::fs::path::parent(parent);
        }
    }
    let show = |path: &[u8]| crate::fs::path::show(path).into_owned();
    all.into_iter().map(|(path, kind)| Change { kind, path: show(path) }).collect()
}
