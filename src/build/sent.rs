//! What BuildKit has of the context: it only asks for files whose size or time changed.

use super::context::{View, fresh};
use super::key::Files;
use crate::fs::{Inode, Kind, Nodes, Tree};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// What changed since the copy before without reaching a key, by path: in words.
    pub notes: BTreeMap<String, String>,
    /// Was any of it ever sent? Of a context from which nothing came BuildKit knows not even the root
    /// (moby/buildkit `cache/contenthash/checksum.go`, `HandleChange`).
    known: AtomicBool,
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

    /// Was any of it sent, by this build or one before?
    pub fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Some of it is sent.
    pub fn becomes_known(&self) {
        self.known.store(true, Ordering::Relaxed);
    }

    /// A copy as read back from a cache file.
    pub fn restored(tree: Tree, directory_modes: BTreeMap<Vec<u8>, u16>) -> Sent {
        Sent { id: fresh(), view: 0, tree, directory_modes, ..Sent::default() }
    }

    /// Sends a view: a file whose kind, mode, size and time are those of the last transfer is not sent
    /// again, whatever it holds (fsutil `diff.go`, `sameFile`).
    pub fn update(before: Option<&Arc<Sent>>, view: &View) -> Arc<Sent> {
        let Some(before) = before else {
            let (tree, modes) = (view.tree.clone(), BTreeMap::new());
            return Arc::new(Sent { view: view.id, ..Sent::restored(tree, modes) });
        };
        if before.view == view.id {
            return before.quiet();
        }
        let mut notes = BTreeMap::new();
        let mut tree = view.tree.clone();
        let (mut kept, mut modes) = (Vec::new(), BTreeMap::new());
        view.tree.walk(&mut |path, ino, inode| {
            let mut note = |path: &[u8], words: &str| {
                let path = crate::fs::path::show(path.strip_prefix(b"/").unwrap_or(path)).into_owned();
                let words = format!("{path}: {words}");
                notes.insert(path, words);
            };
            let Some(old) = before.tree.at(path).map(|ino| before.tree.inode(ino)) else { return };
            match (&old.kind, &inode.kind) {
                (Kind::Dir(_), Kind::Dir(_)) => {
                    let hashed = before.directory_modes.get(path).copied().unwrap_or(old.mode);
                    if hashed != inode.mode {
                        modes.insert(path.to_vec(), hashed);
                        note(
                            path,
                            "its mode changed, but a directory that was sent before is not compared again",
                        );
                    }
                }
                (Kind::File(contents), Kind::File(new))
                    if !view.finer_times && same(old, inode) && contents != new =>
                {
                    kept.push((ino, old.kind.clone()));
                    note(
                        path,
                        "its bytes changed, but not its size and time: it was not sent, the old ones stay",
                    );
                }
                (Kind::File(contents), Kind::File(new)) if old.mtime != inode.mtime && contents == new => {
                    note(path, "only its time changed, which is not part of the key");
                }
                _ => {}
            }
        });
        for (ino, kind) in kept {
            tree.inode_mut(ino).kind = kind;
        }
        let known = AtomicBool::new(before.is_known());
        Arc::new(Sent { view: view.id, notes, known, ..Sent::restored(tree, modes) })
    }

    /// The same copy, about which there is nothing new to say.
    fn quiet(self: &Arc<Sent>) -> Arc<Sent> {
        if self.notes.is_empty() {
            return self.clone();
        }
        let memo = self.memo.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(Sent {
            id: self.id,
            view: self.view,
            tree: self.tree.clone(),
            directory_modes: self.directory_modes.clone(),
            notes: BTreeMap::new(),
            known: AtomicBool::new(self.is_known()),
            memo: Mutex::new(memo),
        })
    }
}

fn same(old: &Inode, new: &Inode) -> bool {
    (old.mode, old.size(), old.mtime) == (new.mode, new.size(), new.mtime)
}
