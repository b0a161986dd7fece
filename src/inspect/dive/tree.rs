//! dive's file tree: names with what a tar's header says (`dive/filetree/file_tree.go`).
//!
//! All names lie in one text and all nodes in one list: 32 bytes an entry and its last name, and no step costs
//! more than its path is long.

use crate::fs::name_hash;
use crate::image::archive::{TarEntries, TarEntry};
use hashbrown::HashTable;
use std::collections::HashMap;
use std::sync::Arc;

/// A tree of one layer, or of several stacked.
#[derive(Clone, Debug)]
pub(super) struct FileTree {
    /// The root is the first. Removed nodes stay behind without a place.
    nodes: Nodes,
    /// Names and links.
    text: Text,
    /// What nodes have in common with others.
    common: Vec<Common>,
    /// Nodes by parent and name, while names are looked for.
    places: HashTable<u32>,
    deletes: bool,
}

/// Nodes by number, in pages that a clone shares until it changes them.
#[derive(Clone, Debug, Default)]
struct Nodes {
    pages: Vec<Arc<Vec<Node>>>,
    len: usize,
}

impl Nodes {
    const PAGE: usize = 64;

    fn get(&self, at: u32) -> Option<&Node> {
        self.pages.get(at as usize / Nodes::PAGE)?.get(at as usize % Nodes::PAGE)
    }

    fn get_mut(&mut self, at: u32) -> Option<&mut Node> {
        Arc::make_mut(self.pages.get_mut(at as usize / Nodes::PAGE)?).get_mut(at as usize % Nodes::PAGE)
    }

    /// Adds a node; its number.
    fn push(&mut self, node: Node) -> u32 {
        let at = self.len as u32;
        if self.len.is_multiple_of(Nodes::PAGE) {
            self.pages.push(Arc::new(Vec::with_capacity(Nodes::PAGE)));
        }
        if let Some(page) = self.pages.last_mut() {
            Arc::make_mut(page).push(node);
        }
        self.len += 1;
        at
    }
}

/// Text that goes on where another's ends.
#[derive(Clone, Debug, Default)]
struct Text {
    shared: Arc<Vec<u8>>,
    own: Vec<u8>,
}

impl Text {
    fn get(&self, begin: u32, len: usize) -> &[u8] {
        let begin = begin as usize;
        let (text, begin) = match begin.checked_sub(self.shared.len()) {
            Some(begin) => (&self.own, begin),
            None => (&*self.shared, begin),
        };
        text.get(begin..begin + len).unwrap_or_default()
    }

    fn write(&mut self, bytes: &[u8]) -> u32 {
        let begin = self.shared.len() + self.own.len();
        self.own.extend_from_slice(bytes);
        begin as u32
    }
}

/// A node. Without an entry it is a directory that only a deeper name implies.
#[derive(Clone, Debug)]
pub(super) struct Node {
    size: u64,
    name: u32,
    parent: u32,
    first_child: u32,
    next: u32,
    common: u32,
    name_len: u16,
    type_flag: u8,
    has_entry: bool,
}

/// What an entry says beside its size, and where a link's text lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Common {
    link: u32,
    link_len: u32,
    uid: u32,
    gid: u32,
    mode: u16,
}

/// No node.
const NONE: u32 = u32::MAX;

/// The `parent` of a node that was removed.
const GONE: u32 = u32::MAX - 1;

impl Node {
    fn of(parent: u32, name: u32, name_len: u16) -> Node {
        Node {
            size: 0,
            name,
            parent,
            first_child: NONE,
            next: NONE,
            common: 0,
            name_len,
            type_flag: 0,
            has_entry: false,
        }
    }

    /// Bytes in its header.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn is_dir(&self) -> bool {
        self.has_entry && self.type_flag == b'5'
    }
}

/// A node that is being visited.
pub(super) struct Visited<'t> {
    pub(super) node: &'t Node,
    /// Its number.
    pub(super) at: u32,
    /// Absolute; a whiteout's without `.wh.` before the last name.
    pub(super) path: &'t [u8],
    pub(super) is_whiteout: bool,
    pub(super) is_leaf: bool,
    tree: &'t FileTree,
}

impl Visited<'_> {
    /// What its header says; none for a directory that is only implied.
    pub(super) fn entry(&self) -> Option<TarEntry> {
        let Node { size, type_flag, .. } = *self.node;
        let Common { link, link_len, uid, gid, mode } = self.tree.common_of(self.node);
        self.node.has_entry.then(|| TarEntry {
            path: self.tree.path(self.at, |name| name).get(1..).unwrap_or_default().to_vec(),
            type_flag,
            link: self.tree.text.get(link, link_len as usize).to_vec(),
            size,
            mode,
            uid,
            gid,
        })
    }
}

const WHITEOUT: &[u8] = b".wh.";

impl Default for FileTree {
    fn default() -> FileTree {
        let mut nodes = Nodes::default();
        nodes.push(Node::of(NONE, 0, 0));
        FileTree {
            nodes,
            text: Text::default(),
            common: vec![Common::default()],
            places: HashTable::new(),
            deletes: false,
        }
    }
}

/// A name as the tree shows it: a whiteout's without its mark.
pub(super) fn hidden(name: &[u8]) -> &[u8] {
    name.strip_prefix(WHITEOUT).unwrap_or(name)
}

fn place_hash(parent: u32, name: &[u8]) -> u64 {
    name_hash(name) ^ u64::from(parent).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl FileTree {
    /// The tree of a layer's entries, and the bytes of all of them; opaque markers are dropped.
    pub(super) fn of(entries: &TarEntries) -> (FileTree, u64) {
        let (mut tree, mut bytes) = (FileTree::default(), 0u64);
        // Nothing is in it: nothing is moved.
        tree.places.reserve(entries.len(), |_| 0);
        let mut known = HashMap::new();
        for entry in entries.iter() {
            bytes = bytes.saturating_add(entry.size);
            let dropped = |name: &[u8]| name.starts_with(b".wh..wh.");
            if !entry.path.split(|b| *b == b'/').any(dropped) {
                let at = tree.make(&entry.path);
                tree.set(at, &entry, &mut known);
            }
        }
        tree.sort();
        // Nobody looks for names in the tree of one layer.
        tree.places = HashTable::new();
        tree.text = Text { shared: Arc::new(std::mem::take(&mut tree.text.own)), own: Vec::new() };
        (tree, bytes)
    }

    /// A tree that others can be put on, which begins as this one. Names are shared.
    pub(super) fn stack(&self) -> FileTree {
        let mut places = HashTable::with_capacity(self.nodes());
        for (at, node) in self.nodes.pages.iter().flat_map(|page| page.iter()).enumerate().skip(1) {
            // There is room: nothing is moved.
            places.insert_unique(place_hash(node.parent, self.name(at as u32)), at as u32, |_| 0);
        }
        let text = Text { shared: self.text.shared.clone(), own: Vec::new() };
        FileTree { nodes: self.nodes.clone(), text, common: Vec::new(), places, deletes: self.deletes }
    }

    /// Nodes held.
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len
    }

    /// Is a whiteout in it?
    pub(super) fn deletes(&self) -> bool {
        self.deletes
    }

    /// Every folder's names in byte order.
    fn sort(&mut self) {
        let mut children: Vec<u32> = Vec::new();
        for at in 0..self.nodes.len as u32 {
            let first = self.nodes.get(at).map_or(NONE, |node| node.first_child);
            if first == NONE {
                continue;
            }
            children.clear();
            let mut child = first;
            while let Some(node) = self.nodes.get(child) {
                children.push(child);
                child = node.next;
            }
            // They were put in front of each other.
            children.reverse();
            children.sort_by(|a, b| self.name(*a).cmp(self.name(*b)));
            let mut next = NONE;
            for child in children.iter().rev() {
                if let Some(node) = self.nodes.get_mut(*child) {
                    node.next = next;
                }
                next = *child;
            }
            if let Some(node) = self.nodes.get_mut(at) {
                node.first_child = next;
            }
        }
    }

    /// A node's bytes.
    pub(super) fn size(&self, at: u32) -> u64 {
        self.nodes.get(at).map_or(0, |node| node.size)
    }

    fn name(&self, at: u32) -> &[u8] {
        self.nodes.get(at).map_or(b"", |node| self.text.get(node.name, node.name_len.into()))
    }

    fn common_of(&self, node: &Node) -> Common {
        self.common.get(node.common as usize).copied().unwrap_or_default()
    }

    /// Absolute, each name as `show` has it.
    pub(super) fn path(&self, at: u32, show: impl Fn(&[u8]) -> &[u8]) -> Vec<u8> {
        let (mut up, mut names) = (at, Vec::new());
        while up != 0 && up < GONE {
            names.push(show(self.name(up)));
            up = self.nodes.get(up).map_or(NONE, |node| node.parent);
        }
        names.iter().rev().flat_map(|name| [b"/", *name]).flatten().copied().collect()
    }

    /// Is this the path of the node, marks of whiteouts left out?
    pub(super) fn is_at(&self, at: u32, path: &[u8]) -> bool {
        let (mut up, mut rest) = (at, path);
        while up != 0 && up < GONE {
            match rest.strip_suffix(hidden(self.name(up))).and_then(|rest| rest.strip_suffix(b"/")) {
                Some(before) => rest = before,
                None => return false,
            }
            up = self.nodes.get(up).map_or(NONE, |node| node.parent);
        }
        rest.is_empty()
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

    /// Visits everything below the root, children first, names in byte order, until `visit` says no. Only of
    /// a tree that [`FileTree::of`] made.
    pub(super) fn each(&self, visit: &mut dyn FnMut(Visited<'_>) -> bool) {
        let Some(root) = self.nodes.get(0) else { return };
        let mut path: Vec<u8> = Vec::new();
        let mut open = vec![(0u32, root.first_child, 0usize, false)];
        while let Some((at, child, before, is_whiteout)) = open.last_mut() {
            if let Some(node) = self.nodes.get(*child) {
                let (this, before) = (*child, path.len());
                *child = node.next;
                let name = self.name(this);
                path.push(b'/');
                path.extend_from_slice(hidden(name));
                open.push((this, node.first_child, before, name.starts_with(WHITEOUT)));
                continue;
            }
            let (at, before, is_whiteout) = (*at, *before, *is_whiteout);
            open.pop();
            let (false, Some(node)) = (open.is_empty(), self.nodes.get(at)) else { return };
            let is_leaf = node.first_child == NONE;
            if !visit(Visited { node, at, path: &path, is_whiteout, is_leaf, tree: self }) {
                return;
            }
            path.truncate(before);
        }
    }

    /// Puts an upper layer on this tree (`Stack`): whiteouts take away, everything else sets what the header
    /// says. Whiteouts of what is not there do nothing.
    pub(super) fn put_on(&mut self, upper: &FileTree) {
        upper.each(&mut |visited| {
            if visited.is_whiteout {
                self.remove(visited.path);
                return true;
            }
            let at = self.make(visited.path);
            if at > 0
                && let Some(node) = self.nodes.get_mut(at)
            {
                // Of a stack nobody asks for owners and links.
                (node.size, node.type_flag, node.has_entry) =
                    (visited.node.size, visited.node.type_flag, visited.node.has_entry);
            }
            true
        });
    }

    /// What a whiteout of this path takes away: a directory's bytes with all below, nothing for a file. None
    /// if it is not there.
    pub(super) fn removed_bytes(&self, path: &[u8]) -> Option<u64> {
        let at = self.find(path)?;
        if !self.nodes.get(at)?.is_dir() {
            return Some(0);
        }
        let (mut sum, mut open) = (0u64, vec![at]);
        while let Some(at) = open.pop() {
            let Some(node) = self.nodes.get(at).filter(|node| node.parent != GONE) else { continue };
            sum = sum.saturating_add(node.size);
            let mut child = node.first_child;
            while let Some(node) = self.nodes.get(child) {
                open.push(child);
                child = node.next;
            }
        }
        Some(sum)
    }

    fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
        path.split(|b| *b == b'/').filter(|name| !name.is_empty())
    }

    fn child(&self, parent: u32, name: &[u8]) -> Option<u32> {
        let same = |at: &u32| {
            self.nodes.get(*at).is_some_and(|node| node.parent == parent) && self.name(*at) == name
        };
        self.places.find(place_hash(parent, name), same).copied()
    }

    fn find(&self, path: &[u8]) -> Option<u32> {
        FileTree::names(path).try_fold(0, |at, name| self.child(at, name))
    }

    /// The node of a path, made with all above where it is missing.
    fn make(&mut self, path: &[u8]) -> u32 {
        let mut at = 0;
        for name in FileTree::names(path) {
            at = match self.child(at, name) {
                Some(child) => child,
                None => self.add(at, name),
            };
        }
        at
    }

    fn add(&mut self, parent: u32, name: &[u8]) -> u32 {
        self.deletes |= name.starts_with(WHITEOUT);
        let at = self.nodes.len as u32;
        // Paths are shorter than that.
        let len = u16::try_from(name.len()).unwrap_or(u16::MAX);
        let begin = self.text.write(name.get(..len.into()).unwrap_or(name));
        let mut node = Node::of(parent, begin, len);
        if let Some(above) = self.nodes.get_mut(parent) {
            node.next = above.first_child;
            above.first_child = at;
        }
        self.nodes.push(node);
        let (nodes, text) = (&self.nodes, &self.text);
        self.places.insert_unique(place_hash(parent, name), at, |at| {
            nodes
                .get(*at)
                .map_or(0, |node| place_hash(node.parent, text.get(node.name, node.name_len.into())))
        });
        at
    }

    fn set(&mut self, at: u32, entry: &TarEntry, known: &mut HashMap<Common, u32>) {
        let TarEntry { size, mode, uid, gid, type_flag, .. } = *entry;
        let (link, link_len) = match entry.link.as_slice() {
            b"" => (0, 0),
            link => (self.text.write(link), link.len() as u32),
        };
        if at == 0 {
            return;
        }
        let new = Common { link, link_len, uid, gid, mode };
        let all = &mut self.common;
        let mut add = || {
            all.push(new);
            all.len() as u32 - 1
        };
        // No two links have the same place.
        let common = if link_len > 0 { add() } else { *known.entry(new).or_insert_with(add) };
        if let Some(node) = self.nodes.get_mut(at) {
            *node = Node { size, common, type_flag, has_entry: true, ..*node };
        }
    }

    /// Takes a node away with all below it.
    fn remove(&mut self, path: &[u8]) {
        let Some(at) = self.find(path).filter(|at| *at > 0) else { return };
        let Some(node) = self.nodes.get(at) else { return };
        let hash = place_hash(node.parent, self.name(at));
        if let Ok(place) = self.places.find_entry(hash, |other| *other == at) {
            place.remove();
        }
        // It stays in its folder's list: looking for its neighbours would take as long as the folder is large.
        if let Some(node) = self.nodes.get_mut(at) {
            node.parent = GONE;
        }
    }
}
