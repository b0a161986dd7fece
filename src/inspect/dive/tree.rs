//! dive's file tree: names with what a tar's header says (`dive/filetree/file_tree.go`).

use crate::image::archive::TarEntry;
use std::collections::BTreeMap;

/// A tree of one layer, or of several stacked.
#[derive(Clone, Debug)]
pub(super) struct FileTree {
    /// The root is the first. Removed nodes stay behind without a name.
    nodes: Vec<Node>,
}

/// A node. Without an entry it is a directory that only a deeper name implies.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    children: BTreeMap<Vec<u8>, usize>,
    pub(super) entry: Option<TarEntry>,
}

impl Node {
    /// Bytes in its header.
    pub(super) fn size(&self) -> u64 {
        self.entry.as_ref().map_or(0, |entry| entry.size)
    }

    fn is_dir(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.type_flag == b'5')
    }
}

/// A node that is being visited.
pub(super) struct Visited<'t> {
    pub(super) node: &'t Node,
    /// Absolute; a whiteout's without `.wh.` before the last name.
    pub(super) path: &'t [u8],
    pub(super) is_whiteout: bool,
    pub(super) is_leaf: bool,
}

const WHITEOUT: &[u8] = b".wh.";

impl Default for FileTree {
    fn default() -> FileTree {
        FileTree { nodes: vec![Node::default()] }
    }
}

impl FileTree {
    /// The tree of a layer's entries; opaque markers are dropped.
    pub(super) fn of(entries: &[TarEntry]) -> FileTree {
        let mut tree = FileTree::default();
        for entry in entries {
            let dropped = |name: &[u8]| name.starts_with(b".wh..wh.");
            if !entry.path.split(|b| *b == b'/').any(dropped) {
                tree.put(&entry.path, Some(entry.clone()));
            }
        }
        tree
    }

    /// Names in the tree.
    pub(super) fn len(&self) -> usize {
        let mut count = 0;
        self.each(&mut |_| {
            count += 1;
            true
        });
        count
    }

    /// Visits everything below the root, children first, names in byte order, until `visit` says no.
    pub(super) fn each(&self, visit: &mut dyn FnMut(Visited<'_>) -> bool) {
        let Some(root) = self.nodes.first() else { return };
        let mut at: Vec<u8> = Vec::new();
        let mut open = vec![(root, root.children.iter(), 0usize, false)];
        while let Some((node, children, before, is_whiteout)) = open.last_mut() {
            if let Some((name, child)) = children.next() {
                let Some(child) = self.nodes.get(*child) else { continue };
                let before = at.len();
                let hidden = name.strip_prefix(WHITEOUT);
                at.push(b'/');
                at.extend_from_slice(hidden.unwrap_or(name));
                open.push((child, child.children.iter(), before, hidden.is_some()));
                continue;
            }
            let (node, before, is_whiteout) = (*node, *before, *is_whiteout);
            open.pop();
            if open.is_empty() {
                return;
            }
            let is_leaf = node.children.is_empty();
            if !visit(Visited { node, path: &at, is_whiteout, is_leaf }) {
                return;
            }
            at.truncate(before);
        }
    }

    /// Puts an upper layer on this tree (`Stack`): whiteouts take away, everything else sets what the header
    /// says. Whiteouts of what is not there do nothing.
    pub(super) fn put_on(&mut self, upper: &FileTree) {
        upper.each(&mut |visited| {
            match visited.is_whiteout {
                true => self.remove(visited.path),
                false => self.put(visited.path, visited.node.entry.clone()),
            }
            true
        });
    }

    /// What a whiteout of this path takes away: a directory's bytes with all below, nothing for a file. None
    /// if it is not there.
    pub(super) fn removed_bytes(&self, path: &[u8]) -> Option<u64> {
        let node = self.nodes.get(self.find(path)?)?;
        if !node.is_dir() {
            return Some(0);
        }
        let (mut sum, mut open) = (0u64, vec![node]);
        while let Some(node) = open.pop() {
            sum = sum.saturating_add(node.size());
            open.extend(node.children.values().filter_map(|child| self.nodes.get(*child)));
        }
        Some(sum)
    }

    fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
        path.split(|b| *b == b'/').filter(|name| !name.is_empty())
    }

    fn find(&self, path: &[u8]) -> Option<usize> {
        FileTree::names(path).try_fold(0, |at, name| self.nodes.get(at)?.children.get(name).copied())
    }

    fn put(&mut self, path: &[u8], entry: Option<TarEntry>) {
        let mut at = 0;
        for name in FileTree::names(path) {
            let next = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            at = *node.children.entry(name.to_vec()).or_insert(next);
            if at == next {
                self.nodes.push(Node::default());
            }
        }
        if at > 0
            && let Some(node) = self.nodes.get_mut(at)
        {
            node.entry = entry;
        }
    }

    fn remove(&mut self, path: &[u8]) {
        let end = path.iter().rposition(|b| *b == b'/').unwrap_or(0);
        let (parent, name) = (path.get(..end).unwrap_or_default(), path.get(end + 1..).unwrap_or_default());
        if let Some(parent) = self.find(parent).and_then(|at| self.nodes.get_mut(at)) {
            parent.children.remove(name);
        }
    }
}
