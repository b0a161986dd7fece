//! The names of one directory.

use super::tree::{Ino, Name};
use std::sync::Arc;

/// The names of one directory. Few, and those of a sealed directory, live in one shared list; many in
/// a persistent B+ tree, so that one more name copies a path of the tree and a snapshot costs nothing.
///
/// Beside the names stand their hashes, close together: a search looks at numbers and at one name. The
/// order of a list never shows.
#[derive(Clone, Debug)]
pub struct Entries(Node);

#[derive(Clone, Debug)]
enum Node {
    Leaf(Arc<Leaf>),
    /// Subtrees, each with a hash that is not greater than any in it, and greater than all before.
    Inner(Arc<Vec<(u32, Node)>>),
}

/// A list of names. One of at most [`Entries::FEW`] is in no order; a longer one is sealed, or all of
/// one hash, and in the order of the hashes.
#[derive(Clone, Debug, Default)]
struct Leaf {
    hashes: Vec<u32>,
    named: Vec<(Name, Ino)>,
}

/// What an insertion did to a node: the earlier number, and a new right neighbour if it was split.
type Inserted = (Option<Ino>, Option<(u32, Node)>);

impl Default for Entries {
    fn default() -> Entries {
        Entries(Node::Leaf(Arc::default()))
    }
}

impl PartialEq for Entries {
    fn eq(&self, other: &Entries) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Entries {}

impl Entries {
    /// Up to here a list is cheaper to copy than a tree is to walk; also the width of the tree.
    pub const FEW: usize = 64;

    /// A sealed list.
    pub(super) fn sealed(names: impl Iterator<Item = (Name, Ino)>) -> Entries {
        let mut leaf = Leaf::sorted(names.collect());
        leaf.hashes.shrink_to_fit();
        leaf.named.shrink_to_fit();
        Entries(Node::Leaf(Arc::new(leaf)))
    }

    /// What this name leads to.
    pub fn get(&self, name: &[u8]) -> Option<Ino> {
        self.get_hashed(name, name_hash(name))
    }

    /// [`Entries::get`] with the name's [`name_hash`], for whoever asks many directories.
    pub fn get_hashed(&self, name: &[u8], hash: u64) -> Option<Ino> {
        let hash = shortened(hash);
        let mut node = &self.0;
        loop {
            match node {
                Node::Leaf(leaf) => return leaf.named.get(leaf.find(hash, name)?).map(|(_, ino)| *ino),
                Node::Inner(list) => node = &list.get(below(list, hash))?.1,
            }
        }
    }

    /// Sets a name; what it led to before.
    pub(super) fn insert(&mut self, name: Name, ino: Ino) -> Option<Ino> {
        self.split_up();
        let (before, right) = self.0.insert(short_hash(&name), name, ino);
        if let Some(right) = right {
            let left = std::mem::replace(&mut self.0, Node::Leaf(Arc::default()));
            self.0 = Node::Inner(Arc::new(vec![(0, left), right]));
        }
        before
    }

    /// A sealed list of any length becomes a tree when it is written to.
    fn split_up(&mut self) {
        let Node::Leaf(leaf) = &self.0 else { return };
        if leaf.hashes.len() <= Entries::FEW {
            return;
        }
        let mut level = Vec::new();
        let mut rest = (**leaf).clone();
        while rest.hashes.len() > Entries::FEW {
            let behind = rest.split_off(Entries::FEW / 2);
            level.push((rest.first_hash(), Node::Leaf(Arc::new(rest))));
            rest = behind;
        }
        level.push((rest.first_hash(), Node::Leaf(Arc::new(rest))));
        while level.len() > Entries::FEW {
            let chunks = level.chunks(Entries::FEW / 2);
            level = chunks
                .filter_map(|chunk| Some((chunk.first()?.0, Node::Inner(Arc::new(chunk.to_vec())))))
                .collect();
        }
        self.0 = Node::Inner(Arc::new(level));
    }

    /// Removes a name; what it led to.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<Ino> {
        self.get(name)?;
        self.split_up();
        let before = self.0.remove(short_hash(name), name);
        // A tree that became a single list is one again.
        while let Node::Inner(list) = &self.0
            && list.len() <= 1
        {
            self.0 = list.first().map_or_else(|| Node::Leaf(Arc::default()), |(_, node)| node.clone());
        }
        before
    }

    /// Number of names. Counts them: a directory of many names has a list of lists.
    pub fn len(&self) -> usize {
        fn count(node: &Node) -> usize {
            match node {
                Node::Leaf(leaf) => leaf.named.len(),
                Node::Inner(list) => list.iter().map(|(_, node)| count(node)).sum(),
            }
        }
        count(&self.0)
    }

    /// No names?
    pub fn is_empty(&self) -> bool {
        self.0.is_bare()
    }

    /// Names in byte order. Sorts them first.
    pub fn iter(&self) -> std::vec::IntoIter<(&Name, Ino)> {
        let mut all: Vec<(&Name, Ino)> = self.unordered().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        all.into_iter()
    }

    /// Names in an order that means nothing: for whoever sorts or only counts.
    pub fn unordered(&self) -> Unordered<'_> {
        let mut iter = Unordered { leaf: [].iter(), open: Vec::new() };
        iter.enter(&self.0);
        iter
    }
}

/// The names of a directory in the order in which they are kept.
#[derive(Clone, Debug)]
pub struct Unordered<'a> {
    leaf: std::slice::Iter<'a, (Name, Ino)>,
    open: Vec<std::slice::Iter<'a, (u32, Node)>>,
}

impl<'a> Unordered<'a> {
    fn enter(&mut self, mut node: &'a Node) {
        loop {
            match node {
                Node::Leaf(leaf) => {
                    self.leaf = leaf.named.iter();
                    return;
                }
                Node::Inner(list) => {
                    let mut inside = list.iter();
                    let Some((_, first)) = inside.next() else { return };
                    self.open.push(inside);
                    node = first;
                }
            }
        }
    }
}

impl<'a> Iterator for Unordered<'a> {
    type Item = (&'a Name, Ino);

    #[inline]
    fn next(&mut self) -> Option<(&'a Name, Ino)> {
        loop {
            if let Some((name, ino)) = self.leaf.next() {
                return Some((name, *ino));
            }
            match self.open.last_mut()?.next() {
                Some((_, node)) => self.enter(node),
                None => {
                    self.open.pop();
                }
            }
        }
    }
}

/// A fixed hash of a name, eight bytes at a time, each step folding a full product.
#[inline]
pub fn name_hash(name: &[u8]) -> u64 {
    let mut state = fold(name.len() as u64, 0x2545_f491_4f6c_dd1d);
    let (words, rest) = name.as_chunks::<8>();
    for word in words {
        state = fold(state, u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(state, u64::from_le_bytes(last))
}

/// Mixes a word into a hash.
#[inline]
pub fn fold(state: u64, word: u64) -> u64 {
    let product = u128::from(state ^ word) * 0x9e37_79b9_7f4a_7c15;
    (product as u64) ^ (product >> 64) as u64
}

#[inline]
fn short_hash(name: &[u8]) -> u32 {
    shortened(name_hash(name))
}

#[inline]
fn shortened(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// The subtree in which a name with this hash is or would be.
#[inline]
fn below(list: &[(u32, Node)], hash: u32) -> usize {
    list.partition_point(|(first, _)| *first <= hash).saturating_sub(1)
}

impl Leaf {
    fn sorted(named: Vec<(Name, Ino)>) -> Leaf {
        let mut all: Vec<(u32, (Name, Ino))> =
            named.into_iter().map(|named| (short_hash(&named.0), named)).collect();
        all.sort_unstable_by(|a, b| (a.0, &a.1.0).cmp(&(b.0, &b.1.0)));
        let (hashes, named) = all.into_iter().unzip();
        Leaf { hashes, named }
    }

    /// Where a name is. A short list is looked through, which needs no jumps; a long one is searched.
    #[inline]
    fn find(&self, hash: u32, name: &[u8]) -> Option<usize> {
        let long = self.hashes.len() > Entries::FEW;
        let begin = if long { self.hashes.partition_point(|other| *other < hash) } else { 0 };
        for (at, other) in self.hashes.iter().enumerate().skip(begin) {
            if *other == hash && self.named.get(at).is_some_and(|(known, _)| **known == *name) {
                return Some(at);
            }
            if long && *other != hash {
                return None;
            }
        }
        None
    }

    fn first_hash(&self) -> u32 {
        self.hashes.first().copied().unwrap_or(0)
    }

    /// Cuts a sorted list at `wanted` or behind: names of one hash stay together.
    fn split_off(&mut self, wanted: usize) -> Leaf {
        let same = |at: usize| at > 0 && self.hashes.get(at) == self.hashes.get(at - 1);
        let at = (wanted..self.hashes.len()).find(|at| !same(*at)).unwrap_or(self.hashes.len());
        Leaf { hashes: self.hashes.split_off(at), named: self.named.split_off(at) }
    }

    /// Adds a name that is not there. A list that grew too long is cut in two.
    fn add(&mut self, hash: u32, name: Name, ino: Ino) -> Option<(u32, Node)> {
        self.hashes.push(hash);
        self.named.push((name, ino));
        if self.hashes.len() <= Entries::FEW {
            return None;
        }
        *self = Leaf::sorted(std::mem::take(&mut self.named));
        let right = self.split_off(self.hashes.len() / 2);
        if right.hashes.is_empty() {
            return None;
        }
        Some((right.first_hash(), Node::Leaf(Arc::new(right))))
    }
}

impl Node {
    /// Recursion as deep as the tree: five levels hold a thousand million names.
    fn insert(&mut self, hash: u32, name: Name, ino: Ino) -> Inserted {
        match self {
            Node::Leaf(leaf) => {
                let at = leaf.find(hash, &name);
                let leaf = Arc::make_mut(leaf);
                match at.and_then(|at| leaf.named.get_mut(at)) {
                    Some((_, before)) => (Some(std::mem::replace(before, ino)), None),
                    None => (None, leaf.add(hash, name, ino)),
                }
            }
            Node::Inner(list) => {
                let at = below(list, hash);
                let list = Arc::make_mut(list);
                let Some((_, child)) = list.get_mut(at) else { return (None, None) };
                let (before, right) = child.insert(hash, name, ino);
                let Some(right) = right else { return (before, None) };
                list.insert(at + 1, right);
                if list.len() <= Entries::FEW {
                    return (before, None);
                }
                let right = list.split_off(list.len() / 2);
                let first = right.first().map(|(hash, _)| *hash);
                (before, first.map(|first| (first, Node::Inner(Arc::new(right)))))
            }
        }
    }

    /// Removes a name that is there. Subtrees without a name go.
    fn remove(&mut self, hash: u32, name: &[u8]) -> Option<Ino> {
        match self {
            Node::Leaf(leaf) => {
                let at = leaf.find(hash, name)?;
                let leaf = Arc::make_mut(leaf);
                // A long list stays in order.
                if leaf.hashes.len() > Entries::FEW {
                    leaf.hashes.remove(at);
                    return Some(leaf.named.remove(at).1);
                }
                leaf.hashes.swap_remove(at);
                Some(leaf.named.swap_remove(at).1)
            }
            Node::Inner(list) => {
                let at = below(list, hash);
                let list = Arc::make_mut(list);
                let child = &mut list.get_mut(at)?.1;
                let before = child.remove(hash, name);
                if child.is_bare() {
                    list.remove(at);
                }
                before
            }
        }
    }

    fn is_bare(&self) -> bool {
        match self {
            Node::Leaf(leaf) => leaf.named.is_empty(),
            Node::Inner(list) => list.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The same answers as a map of the standard library, through growth, splits and decay.
    #[test]
    fn a_directory_is_a_sorted_map() {
        let mut random = 7u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        for (span, inserts) in [(30, 9), (500, 7), (20_000, 6), (20_000, 4)] {
            let (mut map, mut entries) = (BTreeMap::new(), Entries::default());
            let mut kept = Vec::new();
            for step in 0..20_000u32 {
                let name: Name = format!("n{}", next(span)).into_bytes().into();
                if next(10) < inserts {
                    assert_eq!(entries.insert(name.clone(), step), map.insert(name, step));
                } else {
                    assert_eq!(entries.remove(&name), map.remove(&name));
                }
                if step % 4_000 == 0 {
                    kept.push((entries.clone(), map.clone()));
                }
            }
            kept.push((entries, map));
            for (entries, map) in &kept {
                assert_eq!((entries.len(), entries.is_empty()), (map.len(), map.is_empty()));
                assert!(entries.iter().eq(map.iter().map(|(name, ino)| (name, *ino))));
                assert!(map.iter().all(|(name, ino)| entries.get(name) == Some(*ino)));
            }
        }
    }

    #[test]
    fn a_sealed_list_of_any_length_can_be_written_to() {
        let names = |n: u32| Name::from(format!("{n:06}").into_bytes());
        let mut entries = Entries::sealed((0..10_000).map(|n| (names(n), n)));
        assert_eq!(entries.insert(names(5_000), 1), Some(5_000));
        assert_eq!((entries.insert(names(20_000), 2), entries.len()), (None, 10_001));
        assert_eq!((entries.remove(&names(0)), entries.get(&names(0))), (Some(0), None));
        for n in 1..10_000 {
            assert!(entries.remove(&names(n)).is_some());
        }
        assert!(entries.iter().eq([(&names(20_000), 2)]));
    }
}
