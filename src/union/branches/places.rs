//! Which branches a mount has, and where each of them lies.
//!
//! The first branch is the mount's upper. A further writable branch lies in the same tree under a root of
//! its own, so whatever can be changed is in one tree; a table says which of its objects belong to which
//! branch. Read-only branches are the mount's lowers.

use super::{Branches, Rules, marks};
use crate::fs::{Errno, Ino, Inode, Kind, Layer, Nodes, Tree};
use crate::trace::LayerRef;
use crate::union::cache::{Entry, Lowers, Part};
use crate::union::driver::Driver;
use crate::union::{Lower, Mount, Options, StorageDriver};
use rpds::RedBlackTreeMapSync;
use std::sync::Arc;

/// May a branch be written to (aufs(5), "Branch Syntax")?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `rw`.
    Write,
    /// `ro`; with `+wh` its whiteouts count.
    Read {
        /// `+wh`.
        whiteouts: bool,
    },
    /// `rr`: read-only by nature, as a CD is. Nothing is even looked at twice.
    Real {
        /// `+wh`.
        whiteouts: bool,
    },
}

/// A branch as it is mounted.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its files. Marks may be there as objects or as `.wh.` names.
    pub layer: Layer,
    /// What people call it.
    pub label: Arc<str>,
    /// What may be done to it.
    pub access: Access,
}

/// `create=`: which writable branch takes a new object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Create {
    /// The topmost one that has the parent directory; if that is read-only, the nearest writable one above.
    #[default]
    TopDownParent,
}

/// `cpup=`: which writable branch takes a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CopyUp {
    /// `bup`: the nearest above the source that has the parent directory, else the nearest.
    #[default]
    BottomUpParent,
    /// `tdp`: the topmost that has the parent directory, else the nearest. It is what aufs does when
    /// nothing is said.
    TopDownParent,
}

/// The policies of an aufs mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// `create=`.
    pub create: Create,
    /// `cpup=`.
    pub copy_up: CopyUp,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    root: Part,
    access: Access,
}

/// The branches of a mount; none for other drivers.
#[derive(Clone, Debug, Default)]
pub(in crate::union) struct Places {
    rules: Rules,
    list: Arc<[Place]>,
    /// Objects of the upper's tree that belong to another branch than the first.
    placed: RedBlackTreeMapSync<Ino, u32>,
    policies: Policies,
}

impl Places {
    /// Is this another driver's mount?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whose rules hold.
    pub fn rules(&self) -> Rules {
        self.rules
    }

    /// How a new copy finds its branch.
    pub fn policies(&self) -> Policies {
        self.policies
    }

    /// Is any branch but the first writable?
    pub fn several(&self) -> bool {
        self.list.iter().skip(1).any(|place| place.access == Access::Write)
    }

    /// The branch that an object belongs to, numbered from the top: the first is 0.
    pub fn branch_of(&self, (layer, ino): Part) -> u32 {
        match layer {
            0 if !self.placed.is_empty() => self.placed.get(&ino).copied().unwrap_or(0),
            layer => layer,
        }
    }

    /// May this branch be written to?
    pub fn is_writable(&self, branch: u32) -> bool {
        self.list.get(branch as usize).is_some_and(|place| place.access == Access::Write)
    }

    /// Do whiteouts and opaque marks count in this branch?
    pub fn honours(&self, branch: u32) -> bool {
        self.list.get(branch as usize).is_some_and(|place| match place.access {
            Access::Write => true,
            Access::Read { whiteouts } | Access::Real { whiteouts } => whiteouts,
        })
    }

    /// The root of a branch.
    pub fn root(&self, branch: u32) -> Part {
        self.list.get(branch as usize).map_or((branch, 0), |place| place.root)
    }

    /// All roots, top first.
    pub fn roots(&self) -> Vec<Part> {
        self.list.iter().map(|place| place.root).collect()
    }

    /// An object was put into this branch.
    pub fn put(&mut self, ino: Ino, branch: u32) {
        match branch {
            0 => {
                if !self.placed.is_empty() {
                    self.placed.remove_mut(&ino);
                }
            }
            branch => self.placed.insert_mut(ino, branch),
        }
    }
}

impl Mount {
    /// Mounts branches, the one of highest priority first. Other drivers than aufs and unionfs have none.
    ///
    /// # Errors
    /// `EINVAL` when the first branch is not writable (the kernel mounts that too; it is not modelled), for
    /// more branches than the driver takes, and for another driver.
    pub fn of_branches(
        driver: StorageDriver,
        branches: Vec<Branch>,
        policies: Policies,
    ) -> Result<Mount, Errno> {
        let (rules, branches_driver): (Rules, &'static dyn Driver) = match driver {
            StorageDriver::Aufs => (Rules::Aufs, &Branches(Rules::Aufs)),
            StorageDriver::Unionfs => (Rules::Unionfs, &Branches(Rules::Unionfs)),
            _ => return Err(Errno::EINVAL),
        };
        let mut branches = branches.into_iter();
        let first = branches.next().filter(|first| first.access == Access::Write).ok_or(Errno::EINVAL)?;
        branches_driver.judge(branches.len(), &Options::default())?;
        let mut upper = Tree::from_layer(&marks::read(&first.layer));
        let mut list = vec![Place { root: (0, 0), access: Access::Write }];
        let (mut lowers, mut placed) = (Vec::new(), RedBlackTreeMapSync::default());
        for branch in branches {
            let number = list.len() as u32;
            let layer = marks::read(&branch.layer);
            let (root, layer) = match branch.access {
                Access::Write => ((0, graft(&mut upper, &layer, number, &mut placed)), Layer::empty()),
                _ => ((number, 0), layer),
            };
            list.push(Place { root, access: branch.access });
            lowers.push(Lower { layer, label: branch.label });
        }
        let places = Places { rules, list: list.into(), placed, policies };
        Ok(Mount::assembled(lowers.into(), upper, driver, branches_driver, places))
    }

    /// Which layer of the mount a part belongs to, as people see it.
    pub(in crate::union) fn layer_of(&self, part: Part) -> u32 {
        self.places.branch_of(part)
    }

    /// The root directory of a layer.
    pub(in crate::union) fn root_of(&self, layer: u32) -> Part {
        if self.places.is_empty() { (layer, 0) } else { self.places.root(layer) }
    }

    /// The branch that a change went to, where that is not the first one.
    pub(in crate::union) fn branch_ref(&self, ino: Ino) -> Option<LayerRef> {
        match self.places.branch_of((0, ino)) {
            0 => None,
            branch => Some(self.layer_ref(branch)),
        }
    }

    /// The files of one branch as its driver stores them, marks included; the first is 0. None: there is no
    /// such branch.
    pub fn branch(&self, number: usize) -> Option<Tree> {
        let number =
            u32::try_from(number).ok().filter(|number| (*number as usize) < self.places.list.len())?;
        Some(marks::stored(self, number))
    }

    /// How many branches there are; 0 for a driver that has none.
    pub fn branches(&self) -> usize {
        self.places.list.len()
    }
}

/// The parts of a directory or file as an entry, top first. What may be changed in place is its upper.
pub(super) fn entry_of(m: &Mount, parts: &[Part]) -> Entry {
    match parts {
        [first, rest @ ..] if first.0 == 0 && m.places.is_writable(m.places.branch_of(*first)) => {
            Entry { upper: Some(first.1), lowers: Lowers::from_parts(rest), ..Entry::default() }
        }
        parts => Entry { lowers: Lowers::from_parts(parts), ..Entry::default() },
    }
}

/// Copies a whole layer into the tree, under a root without a name.
fn graft(tree: &mut Tree, layer: &Layer, branch: u32, placed: &mut RedBlackTreeMapSync<Ino, u32>) -> Ino {
    let mut add = |tree: &mut Tree, inode: &Inode| {
        let kind = match &inode.kind {
            Kind::Dir(_) => Inode::dir(0).kind,
            other => other.clone(),
        };
        let ino = tree.add(Inode { kind, nlink: 0, ..inode.clone() });
        placed.insert_mut(ino, branch);
        ino
    };
    let root = add(tree, layer.inode(0));
    tree.inode_mut(root).nlink = 1;
    let mut made: std::collections::HashMap<Ino, Ino> = [(0, root)].into();
    let mut pending: Vec<(Ino, Vec<u8>, Ino)> = Vec::new();
    layer.walk(&mut |path, ino, _| {
        let parent = layer.at(crate::fs::path::parent(path)).unwrap_or(0);
        pending.push((parent, crate::fs::path::file_name(path).to_vec(), ino));
    });
    for (parent, name, ino) in pending {
        let copy = *made.entry(ino).or_insert_with(|| add(tree, layer.inode(ino)));
        if let Some(parent) = made.get(&parent).copied() {
            tree.link(parent, &name, copy);
        }
    }
    root
}

/// The first branch was sealed as `layer` and is one below a new, empty one from now on.
pub(in crate::union) fn commit(m: &mut Mount, layer: &Layer, label: &str) {
    let places = std::mem::take(&mut m.places);
    let old = std::mem::take(&mut m.upper);
    let mut list = vec![Place { root: (0, 0), access: Access::Write }];
    let mut placed = RedBlackTreeMapSync::default();
    list.push(Place { root: (1, 0), access: Access::Read { whiteouts: true } });
    for place in places.list.iter().skip(1) {
        let number = list.len() as u32;
        let root = match place.root {
            (0, root) => (0, graft(&mut m.upper, &marks::below(&old, root), number, &mut placed)),
            (branch, root) => (branch + 1, root),
        };
        list.push(Place { root, access: place.access });
    }
    let top = Lower { layer: layer.clone(), label: label.into() };
    m.lowers = std::iter::once(top).chain(m.lowers.iter().cloned()).collect();
    m.places = Places { list: list.into(), placed, ..places };
}
