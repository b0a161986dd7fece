//! Directory trees: [`Tree`] can be changed (an upper), [`Layer`] is sealed and shared (a lower).

use super::entries::Entries;
use super::inode::{Inode, Kind, Nested};
use super::path;
use super::sealed::{PAGE, Sealed, sealed_of};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// A name in a directory: any bytes but `/` and NUL.
pub type Name = Arc<[u8]>;

/// Number of an inode inside its tree; 0 is the root directory.
pub type Ino = u32;

/// Reading, the same for both kinds of tree.
pub trait Nodes {
    /// The inode of this number. The number must come from this tree.
    fn inode(&self, ino: Ino) -> &Inode;

    /// What `name` leads to in the directory `dir`; none also when `dir` is no directory.
    fn child(&self, dir: Ino, name: &[u8]) -> Option<Ino> {
        self.inode(dir).entries()?.get(name)
    }

    /// What a path leads to, from the root, name by name: no symlinks followed, `.` and `..` are names.
    fn at(&self, path: &[u8]) -> Option<Ino> {
        path::names(path).try_fold(0, |dir, name| self.child(dir, name))
    }

    /// Visits everything below the root, parents first, names in byte order, with absolute paths.
    /// The root itself is not visited.
    fn walk(&self, visit: &mut dyn FnMut(&[u8], Ino, &Inode)) {
        self.walk_from(0, b"", visit);
    }

    /// [`Nodes::walk`] below one directory; paths begin with `prefix`. No recursion: a deep tree can't
    /// overflow the stack.
    fn walk_from(&self, dir: Ino, prefix: &[u8], visit: &mut dyn FnMut(&[u8], Ino, &Inode)) {
        let Some(entries) = self.inode(dir).entries() else { return };
        let mut at = prefix.to_vec();
        let mut open = vec![(entries.iter(), at.len())];
        while let Some((entries, len)) = open.last_mut() {
            at.truncate(*len);
            let Some((name, ino)) = entries.next() else {
                open.pop();
                continue;
            };
            at.push(b'/');
            at.extend_from_slice(name);
            let inode = self.inode(ino);
            visit(&at, ino, inode);
            if let Some(inside) = inode.entries() {
                open.push((inside.iter(), at.len()));
            }
        }
    }
}

/// A tree that can be changed. Cloning shares everything; the first write after it copies one page
/// of 256 inodes and one directory's list.
#[derive(Clone, Debug)]
pub struct Tree {
    pages: Arc<Vec<Arc<Vec<Inode>>>>,
    len: u32,
    /// The last inode that lost all its names; its `uid` is the one before it. 0: none.
    free: Ino,
    /// Inodes that stay although they may lose all their names, and how many times they are held.
    pins: Option<Arc<BTreeMap<Ino, u32>>>,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree::new()
    }
}

impl Nodes for Tree {
    #[inline]
    fn inode(&self, ino: Ino) -> &Inode {
        &self.pages[ino as usize / PAGE][ino as usize % PAGE]
    }
}

impl Tree {
    /// An empty root, 0755, 0:0.
    pub fn new() -> Tree {
        let mut tree = Tree { pages: Arc::default(), len: 0, free: 0, pins: None };
        tree.add(Inode { nlink: 1, ..Inode::dir(0o755) });
        tree
    }

    /// A tree that begins as a copy of a sealed one; contents are shared.
    pub fn from_layer(layer: &Layer) -> Tree {
        let pages = layer.sealed().pages.iter().map(|page| Arc::new(page.to_vec())).collect();
        Tree { pages: Arc::new(pages), len: layer.sealed().inodes as u32, free: 0, pins: None }
    }

    /// Adds an inode without a name. Takes the place of one that lost all its names, if there is one.
    pub fn add(&mut self, inode: Inode) -> Ino {
        if self.free != 0 {
            let ino = self.free;
            self.free = self.inode(ino).uid;
            *self.inode_mut(ino) = inode;
            return ino;
        }
        let pages = Arc::make_mut(&mut self.pages);
        if (self.len as usize).is_multiple_of(PAGE) {
            pages.push(Arc::default());
        }
        if let Some(page) = pages.last_mut() {
            Arc::make_mut(page).push(inode);
        }
        self.len += 1;
        self.len - 1
    }

    /// An inode to change.
    pub fn inode_mut(&mut self, ino: Ino) -> &mut Inode {
        let page = &mut Arc::make_mut(&mut self.pages)[ino as usize / PAGE];
        &mut Arc::make_mut(page)[ino as usize % PAGE]
    }

    fn entries_mut(&mut self, dir: Ino) -> Option<&mut Entries> {
        match &mut self.inode_mut(dir).kind {
            Kind::Dir(entries) => Some(entries),
            _ => None,
        }
    }

    /// Gives an inode one more name. An older inode of that name loses it and is returned.
    pub fn link(&mut self, dir: Ino, name: &[u8], ino: Ino) -> Option<Ino> {
        self.link_name(dir, name.into(), ino)
    }

    /// [`Tree::link`] under a name that is shared already.
    pub fn link_name(&mut self, dir: Ino, name: Name, ino: Ino) -> Option<Ino> {
        let before = self.entries_mut(dir)?.insert(name, ino);
        self.inode_mut(ino).nlink += 1;
        if let Some(before) = before {
            self.drop_link(before);
        }
        before
    }

    /// Takes a name away; the inode that had it.
    pub fn unlink(&mut self, dir: Ino, name: &[u8]) -> Option<Ino> {
        let ino = self.entries_mut(dir)?.remove(name)?;
        self.drop_link(ino);
        Some(ino)
    }

    /// Takes a name away from one place and puts it in another, keeping the link count.
    pub fn rename(&mut self, dir: Ino, name: &[u8], to: Ino, new: &[u8]) -> Option<Ino> {
        let ino = self.entries_mut(dir)?.remove(name)?;
        if let Some(before) = self.entries_mut(to)?.insert(new.into(), ino) {
            self.drop_link(before);
        }
        Some(ino)
    }

    /// Exchanges what two names lead to. False if either is missing.
    pub fn exchange(&mut self, dir: Ino, name: &[u8], other: Ino, second: &[u8]) -> bool {
        let (Some(a), Some(b)) = (self.child(dir, name), self.child(other, second)) else { return false };
        if let Some(entries) = self.entries_mut(dir) {
            entries.insert(name.into(), b);
        }
        if let Some(entries) = self.entries_mut(other) {
            entries.insert(second.into(), a);
        }
        true
    }

    fn drop_link(&mut self, ino: Ino) {
        let inode = self.inode_mut(ino);
        inode.nlink = inode.nlink.saturating_sub(1);
        if inode.nlink == 0 && self.pins.as_ref().is_none_or(|pins| !pins.contains_key(&ino)) {
            self.release(ino);
        }
    }

    fn release(&mut self, ino: Ino) {
        let free = self.free;
        let inode = self.inode_mut(ino);
        // A directory that still holds names is left alone: what is below may have other names.
        if inode.entries().is_none_or(Entries::is_empty) {
            *inode = Inode { uid: free, ..Inode::new(Kind::Fifo, 0) };
            self.free = ino;
        }
    }

    /// Holds an inode, so that it stays when it loses all its names: somebody has it open. Each hold
    /// is to be given back with [`Tree::unpin`].
    pub fn pin(&mut self, ino: Ino) {
        let pins = Arc::make_mut(self.pins.get_or_insert_default());
        let held = pins.entry(ino).or_default();
        *held = held.saturating_add(1);
    }

    /// Gives a hold back. With the last one an inode without a name goes: how many bytes it had.
    pub fn unpin(&mut self, ino: Ino) -> Option<u64> {
        let pins = Arc::make_mut(self.pins.as_mut()?);
        let held = pins.get_mut(&ino)?;
        *held = held.saturating_sub(1);
        if *held > 0 {
            return None;
        }
        pins.remove(&ino);
        if pins.is_empty() {
            self.pins = None;
        }
        let inode = self.inode(ino);
        let (nameless, bytes) = (inode.nlink == 0, inode.size());
        if nameless {
            self.release(ino);
        }
        nameless.then_some(bytes)
    }

    /// Makes the directories of `path` that are missing (0755, 0:0); the last one. None if something
    /// on the way is no directory.
    pub fn mkdirs(&mut self, path: &[u8]) -> Option<Ino> {
        let mut dir = 0;
        for name in path::names(path) {
            dir = match self.child(dir, name) {
                Some(ino) => ino,
                None => {
                    let ino = self.add(Inode::dir(0o755));
                    self.link(dir, name, ino);
                    ino
                }
            };
        }
        self.inode(dir).kind.is_dir().then_some(dir)
    }

    /// Puts an inode at a path, making parents; what was there is replaced, but a directory put on a
    /// directory keeps the names inside. None if something on the way is no directory.
    pub fn put(&mut self, at: &[u8], mut inode: Inode) -> Option<Ino> {
        let name = path::file_name(at);
        if name.is_empty() {
            if let (Kind::Dir(new), Kind::Dir(old)) = (&mut inode.kind, &self.inode(0).kind) {
                *new = old.clone();
                inode.nlink = 1;
                *self.inode_mut(0) = inode;
                return Some(0);
            }
            return None;
        }
        let dir = self.mkdirs(path::parent(at))?;
        Some(self.put_in(dir, name, inode))
    }

    /// [`Tree::put`] under a name of a directory that is known.
    pub fn put_in(&mut self, dir: Ino, name: &[u8], mut inode: Inode) -> Ino {
        if let Kind::Dir(new) = &mut inode.kind
            && let Some(old) = self.child(dir, name)
            && let Kind::Dir(entries) = &self.inode(old).kind
        {
            *new = entries.clone();
            inode.nlink = 1;
            *self.inode_mut(old) = inode;
            return old;
        }
        inode.nlink = 0;
        let ino = self.add(inode);
        self.link(dir, name, ino);
        ino
    }

    /// Gives what `existing` leads to the second name `at`, making parents. None if there is nothing, or
    /// a directory: that would make a tree without an end.
    pub fn put_link(&mut self, at: &[u8], existing: &[u8]) -> Option<Ino> {
        let ino = self.at(existing)?;
        if self.inode(ino).kind.is_dir() || path::file_name(at).is_empty() {
            return None;
        }
        let dir = self.mkdirs(path::parent(at))?;
        self.link(dir, path::file_name(at), ino);
        Some(ino)
    }

    /// Seals a copy: inodes in path order, unreachable ones dropped.
    pub fn seal(&self) -> Layer {
        let sealed = OnceLock::from(self.sealed());
        Layer(Arc::new(Held { sealed, described: None }))
    }

    /// Seals the tree itself: what nobody shares stays where it is, in another order.
    pub fn into_layer(mut self) -> Layer {
        let mut numbers: Vec<Ino> = vec![Ino::MAX; self.len as usize];
        numbers[0] = 0;
        let mut count: Ino = 1;
        let (mut files, mut bytes) = (0usize, 0u64);
        self.walk(&mut |_, ino, inode| {
            files += 1;
            if numbers[ino as usize] == Ino::MAX {
                if matches!(inode.kind, Kind::File(_)) && inode.metacopy().is_none() {
                    bytes = bytes.saturating_add(inode.size());
                }
                numbers[ino as usize] = count;
                count += 1;
            }
        });
        for ino in 0..self.len {
            if numbers[ino as usize] != Ino::MAX
                && let Kind::Dir(entries) = &mut self.inode_mut(ino).kind
            {
                let named = entries.iter().filter_map(|(name, ino)| {
                    let number = *numbers.get(ino as usize)?;
                    (number != Ino::MAX).then(|| (name.clone(), number))
                });
                let sealed = Entries::sealed(named);
                *entries = sealed;
            }
        }
        // Each goes to its place, and what stood there takes its turn.
        for at in 0..self.len {
            loop {
                let to = numbers[at as usize];
                if to == at || to == Ino::MAX {
                    break;
                }
                let moving = std::mem::replace(self.inode_mut(at), Inode::new(Kind::Fifo, 0));
                let met = std::mem::replace(self.inode_mut(to), moving);
                *self.inode_mut(at) = met;
                numbers.swap(at as usize, to as usize);
            }
        }
        drop(numbers);
        let pages = Arc::try_unwrap(self.pages).unwrap_or_else(|shared| (*shared).clone());
        let mut left = count as usize;
        let pages = pages.into_iter().filter_map(|page| {
            let mut page = Arc::try_unwrap(page).unwrap_or_else(|shared| (*shared).clone());
            page.truncate(left);
            left -= page.len();
            (!page.is_empty()).then(|| page.into_boxed_slice())
        });
        let pages = pages.collect();
        let sealed = OnceLock::from(sealed_of(pages, count as usize, files, bytes));
        Layer(Arc::new(Held { sealed, described: None }))
    }

    fn sealed(&self) -> Sealed {
        let mut inodes: Vec<Inode> = Vec::new();
        let mut numbers: HashMap<Ino, Ino> = HashMap::new();
        numbers.insert(0, 0);
        inodes.push(self.inode(0).clone());
        let (mut files, mut bytes) = (0usize, 0u64);
        self.walk(&mut |_, ino, inode| {
            files += 1;
            numbers.entry(ino).or_insert_with(|| {
                if matches!(inode.kind, Kind::File(_)) && inode.metacopy().is_none() {
                    bytes = bytes.saturating_add(inode.size());
                }
                inodes.push(inode.clone());
                inodes.len() as Ino - 1
            });
        });
        for inode in &mut inodes {
            if let Kind::Dir(entries) = &mut inode.kind {
                // The names anew, one behind the other in memory: a search stays in a few pages.
                let named = entries
                    .iter()
                    .filter_map(|(name, ino)| Some((Name::from(&name[..]), *numbers.get(&ino)?)));
                let sealed = Entries::sealed(named);
                *entries = sealed;
            }
        }
        let count = inodes.len();
        let mut rest = inodes.into_iter();
        let pages = (0..count.div_ceil(PAGE)).map(|_| rest.by_ref().take(PAGE).collect()).collect();
        sealed_of(pages, count, files, bytes)
    }

    /// Number of inodes held, those without a name included.
    pub fn inodes(&self) -> usize {
        self.len as usize
    }

    /// Has it nothing but its root?
    pub fn is_bare(&self) -> bool {
        self.inode(0).entries().is_none_or(Entries::is_empty)
    }
}

/// How a described layer is drawn.
pub type Draw = Arc<dyn Fn() -> Tree + Send + Sync>;

/// What is known of a layer before anybody looks into it.
#[derive(Clone)]
pub struct Described {
    /// Number of names in it.
    pub entries: usize,
    /// Bytes of its regular files; a hard-linked file counts once.
    pub bytes: u64,
    /// Makes the tree: without whiteouts and marks, and the same at every call.
    pub draw: Draw,
}

impl std::fmt::Debug for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Described").field("entries", &self.entries).field("bytes", &self.bytes).finish()
    }
}

#[derive(Debug)]
struct Held {
    sealed: OnceLock<Sealed>,
    described: Option<Described>,
}

/// A sealed tree: immutable, shared, cheap to clone.
#[derive(Clone, Debug)]
pub struct Layer(Arc<Held>);

impl Nodes for Layer {
    #[inline]
    fn inode(&self, ino: Ino) -> &Inode {
        &self.sealed().pages[ino as usize / PAGE][ino as usize % PAGE]
    }
}

impl Layer {
    /// An empty layer.
    pub fn empty() -> Layer {
        Tree::new().seal()
    }

    /// Has this directory perhaps a name with this `name_hash`? No means no; yes means that it is worth
    /// looking.
    #[inline]
    pub fn may_have(&self, dir: Ino, hash: u64) -> bool {
        self.sealed().filter.as_ref().is_none_or(|filter| filter.may_have(dir, hash))
    }

    /// A layer that is drawn when somebody first looks into it.
    pub fn described(described: Described) -> Layer {
        Layer(Arc::new(Held { sealed: OnceLock::new(), described: Some(described) }))
    }

    #[inline]
    fn sealed(&self) -> &Sealed {
        match self.0.sealed.get() {
            Some(sealed) => sealed,
            None => self.drawn(),
        }
    }

    #[cold]
    fn drawn(&self) -> &Sealed {
        self.0.sealed.get_or_init(|| match &self.0.described {
            Some(described) => (described.draw)().sealed(),
            None => Tree::new().sealed(),
        })
    }

    /// Is it still only described: has nobody looked into it?
    pub fn is_untouched(&self) -> bool {
        self.0.sealed.get().is_none()
    }

    /// Number of names in it.
    pub fn entries(&self) -> usize {
        self.0.described.as_ref().map_or_else(|| self.sealed().entries, |described| described.entries)
    }

    /// Bytes of its regular files; a hard-linked file counts once.
    pub fn bytes(&self) -> u64 {
        self.0.described.as_ref().map_or_else(|| self.sealed().bytes, |described| described.bytes)
    }

    /// Number of inodes in it, the root not counted.
    pub fn inodes(&self) -> usize {
        self.sealed().inodes.saturating_sub(1)
    }

    /// Is any of its inodes a whiteout?
    pub fn has_whiteouts(&self) -> bool {
        !self.is_plain() && self.sealed().whiteouts
    }

    /// Has any of its inodes a redirect mark?
    pub fn has_redirects(&self) -> bool {
        !self.is_plain() && self.sealed().redirects
    }

    /// Is it known, without a look into it, that no inode has a mark of an overlay? So it is of
    /// described layers.
    pub fn is_plain(&self) -> bool {
        self.0.described.is_some()
    }

    /// What an overlay that is a layer itself keeps at its root.
    pub fn nested(&self) -> Option<&Nested> {
        if self.is_plain() { None } else { self.inode(0).nested() }
    }

    /// The very same layer (not just an equal one)?
    pub fn same(&self, other: &Layer) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::contents::Contents;
    use super::*;

    #[test]
    fn hard_links_stay_one_inode_through_sealing() {
        let mut tree = Tree::new();
        tree.put(b"/a/f", Inode::file(Contents::text("x")));
        tree.put_link(b"/b", b"/a/f");
        tree.put(b"/gone", Inode::file(Contents::text("zz")));
        tree.unlink(0, b"gone");
        let layer = tree.seal();
        assert_eq!(layer.at(b"/a/f"), layer.at(b"/b"));
        assert_eq!(layer.inode(layer.at(b"/b").unwrap()).nlink, 2);
        assert_eq!((layer.entries(), layer.bytes()), (3, 1));
        let shared = tree.clone();
        for moved in [tree.into_layer(), shared.into_layer()] {
            assert_eq!((moved.entries(), moved.bytes(), moved.at(b"/b")), (3, 1, layer.at(b"/b")));
            assert!((0..3).all(|ino| moved.inode(ino) == layer.inode(ino)));
        }
    }

    #[test]
    fn a_clone_is_not_changed_by_later_writes() {
        let mut tree = Tree::new();
        for i in 0..200 {
            tree.put(format!("/d/{i}").as_bytes(), Inode::file(Contents::EMPTY));
        }
        let before = tree.clone();
        tree.put(b"/d/x", Inode::file(Contents::EMPTY));
        let dir = tree.at(b"/d").unwrap();
        tree.unlink(dir, b"7");
        assert!(before.at(b"/d/x").is_none() && before.at(b"/d/7").is_some());
        assert!(tree.at(b"/d/x").is_some() && tree.at(b"/d/7").is_none());
    }

    #[test]
    fn inodes_without_a_name_are_used_again() {
        let mut tree = Tree::new();
        tree.put(b"/kept", Inode::file(Contents::text("kept")));
        let before = tree.clone();
        for _ in 0..1000 {
            tree.put(b"/f", Inode::file(Contents::text("x")));
            tree.put(b"/d", Inode::dir(0o755));
            tree.unlink(0, b"f");
            tree.unlink(0, b"d");
        }
        assert!(tree.inodes() <= before.inodes() + 2);
        assert_eq!(tree.inode(tree.at(b"/kept").unwrap()).size(), 4);
        assert_eq!((tree.seal().entries(), before.seal().entries()), (1, 1));
    }

    #[test]
    fn a_described_layer_is_drawn_when_it_is_looked_into() {
        let draw = || {
            let mut tree = Tree::new();
            tree.put(b"/etc/motd", Inode::file(Contents::text("hello")));
            tree
        };
        let layer = Layer::described(Described { entries: 2, bytes: 5, draw: Arc::new(draw) });
        assert_eq!((layer.entries(), layer.bytes(), layer.has_whiteouts()), (2, 5, false));
        assert!(layer.nested().is_none() && layer.is_untouched());
        assert!(layer.at(b"/etc/motd").is_some());
        assert!(!layer.is_untouched() && layer.clone().same(&layer));
    }
}
