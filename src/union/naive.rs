//! The difference of two whole trees, which is all that a driver without layers on disk can tell of a change
//! (moby `daemon/graphdriver/fsdiff.go`, `NaiveDiffDriver`; `pkg/archive/changes.go`, `addChanges`;
//! `changes_unix.go`, `statDifferent`).

use super::Mount;
use crate::fs::{Errno, Ino, Inode, Kind, Layer, Nodes, Tree, path};
use crate::trace::Trace;
use std::collections::HashMap;

impl Mount {
    /// [`Mount::diff`] as a tree that can be changed. Empty when the fuel of one line does not suffice.
    pub fn changes(&self) -> Tree {
        match self.base {
            None => self.upper.clone(),
            Some(_) => {
                self.diff(&mut Trace::silent()).map_or_else(|_| Tree::new(), |layer| Tree::from_layer(&layer))
            }
        }
    }

    /// What a commit of this mount makes a layer of. Where the driver keeps changes apart, those; else what
    /// differs from the tree that the mount began with: a file whose mode, owner, size, time and contents
    /// are as before is not in it, however often it was written.
    ///
    /// # Errors
    /// `EINTR` when the fuel runs out.
    pub fn diff(&self, t: &mut Trace) -> Result<Layer, Errno> {
        let Some(base) = &self.base else { return Ok(self.sealed_upper()) };
        let now = t.quietly(|t| self.clone().flat(t))?;
        let mut layer = Tree::new();
        // Names of one object stay hard links, as far as they changed.
        let mut first: HashMap<Ino, Vec<u8>> = HashMap::new();
        now.walk(&mut |at, ino, inode| {
            let same = base.at(at).is_some_and(|before| is_same(base.inode(before), inode));
            if same {
                return;
            }
            above(&mut layer, &now, at);
            match first.get(&ino).filter(|_| !inode.kind.is_dir()) {
                Some(name) => drop(layer.put_link(at, name)),
                None => {
                    layer.put(at, bare(inode));
                    if inode.nlink > 1 {
                        first.insert(ino, at.to_vec());
                    }
                }
            }
        });
        base.walk(&mut |at, _, _| {
            let parent = now.at(path::parent(at)).map(|dir| now.inode(dir).kind.is_dir());
            if now.at(at).is_none() && parent == Some(true) {
                above(&mut layer, &now, at);
                layer.put(at, Inode::whiteout());
            }
        });
        Ok(layer.into_layer())
    }
}

/// An object without what it holds.
fn bare(inode: &Inode) -> Inode {
    let kind = match &inode.kind {
        Kind::Dir(_) => Inode::dir(0).kind,
        other => other.clone(),
    };
    Inode { kind, nlink: 0, ..inode.clone() }
}

/// The directories above a change belong to it, with their attributes.
fn above(layer: &mut Tree, now: &Tree, at: &[u8]) {
    let mut dir = Vec::new();
    for name in path::names(path::parent(at)) {
        dir.push(b'/');
        dir.extend_from_slice(name);
        if layer.at(&dir).is_none()
            && let Some(inode) = now.at(&dir).map(|ino| now.inode(ino))
        {
            layer.put(&dir, bare(inode));
        }
    }
}

/// `statDifferent`: mode, owner, device, and of what is no directory size and time. The lab's clock stands
/// still, so that equal times prove nothing: there the contents decide.
fn is_same(before: &Inode, now: &Inode) -> bool {
    let attributes = |inode: &Inode| (inode.mode, inode.uid, inode.gid);
    let capability = |inode: &Inode| {
        let extra = inode.extra.as_ref();
        extra.and_then(|extra| extra.xattrs.get(&b"security.capability"[..]).cloned())
    };
    let contents = match (&before.kind, &now.kind) {
        (Kind::Dir(_), Kind::Dir(_)) => true,
        (before_kind, now_kind) => before_kind == now_kind && before.mtime == now.mtime,
    };
    contents && attributes(before) == attributes(now) && capability(before) == capability(now)
}
