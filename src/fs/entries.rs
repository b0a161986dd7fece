//! The names of one directory.

use super::tree::{Ino, Name};
use std::sync::Arc;

/// The names of one directory in byte order. Few, and those of a sealed directory, live in one
/// sorted, shared list; many in a persistent B+ tree, so that one more name copies a path of the tree
/// and a snapshot costs nothing.
#[derive(Clone, Debug)]
pub struct Entries(Node);

#[derive(Clone, Debug)]
enum Node {
    /// Names and what they lead to, sorted.
    Leaf(Arc<Vec<(Name, Ino)>>),
    /// Subtrees, each with a name that is not greater than any in it, and greater than all before.
    Inner(Arc<Vec<(Name, Node)>>),
}

/// What an insertion did to a node: the earlier number, and a new right neighbour if it was split.
type Inserted = (Option<Ino>, Option<(Name, Node)>);

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
    /// Up to here a sorted list is cheaper to copy than a tree is to walk; also the width of the tree.
    pub const FEW: usize = 64;

    /// A sealed list.
    pub(super) fn sealed(mut sorted: Vec<(Name, Ino)>) -> Entries {
        sorted.shrink_to_fit();
        Entries(Node::Leaf(Arc::new(sorted)))
    }

    /// What this name leads to.
    pub fn get(&self, name: &[u8]) -> Option<Ino> {
        let mut node = &self.0;
        loop {
            match node {
                Node::Leaf(list) => return find(list, name).ok().and_then(|at| Some(list.get(at)?.1)),
                Node::Inner(list) => node = &list.get(below(list, name))?.1,
            }
        }
    }

    /// Sets a name; what it led to before.
    pub(super) fn insert(&mut self, name: Name, ino: Ino) -> Option<Ino> {
        self.split_up();
        let (before, right) = self.0.insert(name, ino);
        if let Some(right) = right {
            let left = std::mem::replace(&mut self.0, Node::Leaf(Arc::default()));
            self.0 = Node::Inner(Arc::new(vec![(Name::from(*b""), left), right]));
        }
        before
    }

    /// A sealed list of any length becomes a tree when it is written to.
    fn split_up(&mut self) {
        if let Node::Leaf(list) = &self.0
            && list.len() > Entries::FEW
        {
            let chunks = list.chunks(Entries::FEW / 2);
            let mut level: Vec<(Name, Node)> = chunks
                .filter_map(|chunk| Some((chunk.first()?.0.clone(), Node::Leaf(Arc::new(chunk.to_vec())))))
                .collect();
            while level.len() > Entries::FEW {
                let chunks = level.chunks(Entries::FEW / 2);
                level = chunks
                    .filter_map(|chunk| {
                        Some((chunk.first()?.0.clone(), Node::Inner(Arc::new(chunk.to_vec()))))
                    })
                    .collect();
            }
            self.0 = Node::Inner(Arc::new(level));
        }
    }

    /// Removes a name; what it led to.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<Ino> {
        self.get(name)?;
        let before = self.0.remove(name);
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
                Node::Leaf(list) => list.len(),
                Node::Inner(list) => list.iter().map(|(_, node)| count(node)).sum(),
            }
        }
        count(&self.0)
    }

    /// No names?
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Node::Leaf(list) => list.is_empty(),
            Node::Inner(_) => false,
        }
    }

    /// Names in byte order.
    pub fn iter(&self) -> Iter<'_> {
        let mut iter = Iter { leaf: [].iter(), open: Vec::new() };
        iter.enter(&self.0);
        iter
    }
}

/// The names of a directory in byte order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    leaf: std::slice::Iter<'a, (Name, Ino)>,
    open: Vec<std::slice::Iter<'a, (Name, Node)>>,
}

impl<'a> Iter<'a> {
    fn enter(&mut self, mut node: &'a Node) {
        loop {
            match node {
                Node::Leaf(list) => {
                    self.leaf = list.iter();
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

impl<'a> Iterator for Iter<'a> {
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

#[inline]
fn find(list: &[(Name, Ino)], name: &[u8]) -> Result<usize, usize> {
    list.binary_search_by(|(n, _)| (**n).cmp(name))
}

/// The subtree in which a name is or would be.
fn below(list: &[(Name, Node)], name: &[u8]) -> usize {
    list.partition_point(|(n, _)| **n <= *name).saturating_sub(1)
}

/// Cuts a full list. One that grows at its end stays full: names often come in order.
fn cut<T: Clone>(list: &mut Vec<T>, at_end: bool) -> Vec<T> {
    list.split_off(if at_end { list.len() - 1 } else { list.len() / 2 })
}

impl Node {
    /// Recursion as deep as the tree: five levels hold a thousand million names.
    fn insert(&mut self, name: Name, ino: Ino) -> Inserted {
        match self {
            Node::Leaf(list) => {
                let at = match find(list, &name) {
                    Ok(at) => {
                        let slot = Arc::make_mut(list).get_mut(at);
                        return (slot.map(|slot| std::mem::replace(&mut slot.1, ino)), None);
                    }
                    Err(at) => at,
                };
                let list = Arc::make_mut(list);
                list.insert(at, (name, ino));
                if list.len() <= Entries::FEW {
                    return (None, None);
                }
                let at_end = at + 1 == list.len();
                let right = cut(list, at_end);
                let first = right.first().map(|(name, _)| name.clone());
                (None, first.map(|first| (first, Node::Leaf(Arc::new(right)))))
            }
            Node::Inner(list) => {
                let at = below(list, &name);
                let list = Arc::make_mut(list);
                let Some((_, child)) = list.get_mut(at) else { return (None, None) };
                let (before, right) = child.insert(name, ino);
                let Some(right) = right else { return (before, None) };
                list.insert(at + 1, right);
                if list.len() <= Entries::FEW {
                    return (before, None);
                }
                let at_end = at + 2 == list.len();
                let right = cut(list, at_end);
                let first = right.first().map(|(name, _)| name.clone());
                (before, first.map(|first| (first, Node::Inner(Arc::new(right)))))
            }
        }
    }

    /// Removes a name that is there. Subtrees without a name go.
    fn remove(&mut self, name: &[u8]) -> Option<Ino> {
        match self {
            Node::Leaf(list) => {
                let at = find(list, name).ok()?;
                Some(Arc::make_mut(list).remove(at).1)
            }
            Node::Inner(list) => {
                let at = below(list, name);
                let list = Arc::make_mut(list);
                let child = &mut list.get_mut(at)?.1;
                let before = child.remove(name);
                if child.is_bare() {
                    list.remove(at);
                }
                before
            }
        }
    }

    fn is_bare(&self) -> bool {
        match self {
            Node::Leaf(list) => list.is_empty(),
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
        let mut entries = Entries::sealed((0..10_000).map(|n| (names(n), n)).collect());
        assert_eq!(entries.insert(names(5_000), 1), Some(5_000));
        assert_eq!((entries.insert(names(20_000), 2), entries.len()), (None, 10_001));
        assert_eq!((entries.remove(&names(0)), entries.get(&names(0))), (Some(0), None));
        for n in 1..10_000 {
            assert!(entries.remove(&names(n)).is_some());
        }
        assert!(entries.iter().eq([(&names(20_000), 2)]));
    }
}
