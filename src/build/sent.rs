//! What BuildKit has of the context: it only asks for files whose size or time changed.

use super::context::{View, fresh};
use super::key::Files;
use crate::fs::{Inode, Kind, Nodes, Tree};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// BuildKit's copy of a context (moby/buildkit `session/filesync`, tonistiigi/fsutil `diff.go`).
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Tells copies apart; never shown.
    pub id: u64,
    /// The view it was made from; none for a copy read from a file.
    pub view: u64,
    /// The copy.
    pub tree: Tree,
    /// Directories whose mode in keys is not the one they have: path → mode. A directory that was sent
    /// before keeps the mode it was first hashed with.
    pub directory_modes: BTreeMap<Vec<u8>, u16>,
    memo: Mutex<HashMap<String, Arc<Files>>>,
}

impl Sent {
    /// Files lists computed from this copy, by what was asked for.
    pub fn remembered(&self, what: &str) -> Option<Arc<Files>> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).get(what).cloned()
    }

    /// Keeps a list.
    pub fn remember(&self, what: String, files: Arc<Files>) {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).insert(what, files);
    }

    /// A copy as read back from a cache file.
    pub fn restored(tree: Tree, directory_modes: BTreeMap<Vec<u8>, u16>) -> Sent {
        Sent { id: fresh(), view: 0, tree, directory_modes, memo: Mutex::default() }
    }

    /// Sends a view: a file whose kind, mode, size and time are those of the last transfer is not sent
    /// again, whatever it holds (fsutil `diff.go`, `sameFile`).
    pub fn update(before: Option<&Arc<Sent>>, view: &View) -> Arc<Sent> {
        let Some(before) = before else {
            let (tree, modes) = (view.tree.clone(), BTreeMap::new());
            return Arc::new(Sent { view: view.id, ..Sent::restored(tree, modes) });
        };
        if before.view == view.id {
            return before.clone();
        }
        let mut tree = view.tree.clone();
        let (mut kept, mut modes) = (Vec::new(), BTreeMap::new());
        view.tree.walk(&mut |path, ino, inode| {
            let Some(old) = before.tree.at(path).map(|ino| before.tree.inode(ino)) else { return };
            match (&old.kind, &inode.kind) {
                (Kind::Dir(_), Kind::Dir(_)) => {
                    let hashed = before.directory_modes.get(path).copied().unwrap_or(old.mode);
                    if hashed != inode.mode {
                        modes.insert(path.to_vec(), hashed);
                    }
                }
                (Kind::File(contents), Kind::File(new)) if same(old, inode) && contents != new => {
                    kept.push((ino, old.kind.clone()));
                }
                _ => {}
            }
        });
        for (ino, kind) in kept {
            tree.inode_mut(ino).kind = kind;
        }
        Arc::new(Sent { view: view.id, ..Sent::restored(tree, modes) })
    }
}

fn same(old: &Inode, new: &Inode) -> bool {
    (old.mode, old.size(), old.mtime) == (new.mode, new.size(), new.mtime)
}
