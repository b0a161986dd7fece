//! Docker's storage drivers, and two that came before them: one table.
//!
//! A storage driver decides how a container's view is put together out of an image's layers. What a process
//! sees is the same with all of them for plain use; what is stored, and what it costs, is not.

use super::branches::{Access, Branch, Policies};
use super::{Lower, Mount, Options};
use crate::fs::{Errno, Layer, Tree};
use crate::trace::{Cost, Trace};

/// A storage driver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StorageDriver {
    /// Linux OverlayFS with several lower directories.
    #[default]
    Overlay2,
    /// OverlayFS as it was in 2014, with one lower directory: every image layer is a whole tree of hard
    /// links.
    Overlay,
    /// AUFS.
    Aufs,
    /// Unionfs.
    Unionfs,
    /// No union: every layer and every container is a whole copy.
    Vfs,
    /// A directory as it is: volumes and bind mounts.
    Native,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Storage {
    /// Which.
    pub driver: StorageDriver,
    /// What `docker info` calls it.
    pub name: &'static str,
    /// What else `mount` takes for it.
    pub aliases: &'static [&'static str],
    /// When it was there.
    pub years: &'static str,
    /// One line.
    pub about: &'static str,
    /// Layers that an image may have with it, if there is a limit.
    pub most_layers: Option<usize>,
    /// Is the difference of a layer what its directory holds? Else two whole trees are compared.
    pub native_diff: bool,
    /// Can `docker --storage-driver` name it?
    pub docker: bool,
}

/// All drivers, the usual one first. Sources: moby `daemon/graphdriver/overlay2/overlay.go` (`maxDepth`),
/// `overlay/overlay.go`, `aufs/aufs.go`, `vfs/driver.go`, `fsdiff.go` (`NaiveDiffDriver`); aufs(5);
/// Wright et al., "Versatility and Unix Semantics in Namespace Unification", 2006.
pub const DRIVERS: &[Storage] = &[
    Storage {
        driver: StorageDriver::Overlay2,
        name: "overlay2",
        aliases: &["overlay"],
        years: "2016 to today",
        about: "OverlayFS: a directory for each layer, all of them lowerdirs, changes in one upperdir",
        most_layers: Some(125),
        native_diff: true,
        docker: true,
    },
    Storage {
        driver: StorageDriver::Overlay,
        name: "overlay",
        aliases: &["overlay1"],
        years: "2014 to 2023",
        about: "OverlayFS with one lowerdir: each layer is the whole tree again, made of hard links",
        most_layers: None,
        native_diff: false,
        docker: true,
    },
    Storage {
        driver: StorageDriver::Aufs,
        name: "aufs",
        aliases: &[],
        years: "2006; in Docker 2013 to 2023",
        about: "branches in an order of priority; whiteouts are files named .wh.NAME",
        most_layers: Some(125),
        native_diff: true,
        docker: true,
    },
    Storage {
        driver: StorageDriver::Unionfs,
        name: "unionfs",
        aliases: &[],
        years: "2004; never in Docker",
        about: "the first of them: branches, .wh.NAME, and deletion in every branch that can be written",
        most_layers: Some(127),
        native_diff: true,
        docker: false,
    },
    Storage {
        driver: StorageDriver::Vfs,
        name: "vfs",
        aliases: &[],
        years: "2013 to today",
        about: "no union at all: a whole copy for every layer and every container",
        most_layers: None,
        native_diff: false,
        docker: true,
    },
    Storage {
        driver: StorageDriver::Native,
        name: "native",
        aliases: &[],
        years: "always",
        about: "a directory as it is, as in volumes and bind mounts: no layers, no copy-up",
        most_layers: None,
        native_diff: false,
        docker: false,
    },
];

impl StorageDriver {
    /// Its row.
    pub fn row(self) -> &'static Storage {
        DRIVERS.iter().find(|row| row.driver == self).unwrap_or(&DRIVERS[0])
    }

    /// What `docker info` calls it.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The driver that `mount` calls so: there `overlay` is what the kernel's mount type is called, with as
    /// many lowers as one likes, and `overlay1` the Docker driver of 2014.
    pub fn of_mount(name: &str) -> Option<StorageDriver> {
        let alias = DRIVERS.iter().find(|row| row.aliases.contains(&name));
        alias.or_else(|| DRIVERS.iter().find(|row| row.name == name)).map(|row| row.driver)
    }

    /// The driver that `docker --storage-driver` calls so.
    pub fn of_docker(name: &str) -> Option<StorageDriver> {
        DRIVERS
            .iter()
            .find(|row| row.name == name && row.driver != StorageDriver::Native)
            .map(|row| row.driver)
    }

    /// Mounts layers (topmost first) with an upper, as Docker does with this driver. What must be copied for
    /// that is in [`super::Mount::account`].
    ///
    /// # Errors
    /// `EINVAL` for more layers than the driver takes; `EINTR` when the fuel runs out while a whole tree is
    /// put together.
    pub fn mount(self, lowers: Vec<Lower>, upper: Tree, t: &mut Trace) -> Result<Mount, Errno> {
        match self {
            StorageDriver::Overlay2 => Mount::new(lowers, upper, Options::default()),
            StorageDriver::Overlay => {
                let label = lowers.first().map_or_else(|| "".into(), |lower| lower.label.clone());
                let base = flatten(lowers, t)?;
                let lower = Lower { layer: base.clone(), label };
                let mut mount = Mount::new(vec![lower], upper, Options::default())?;
                mount.storage = self;
                mount.base = Some(base);
                Ok(mount)
            }
            StorageDriver::Aufs | StorageDriver::Unionfs => {
                let first = Branch { layer: upper.into_layer(), label: "".into(), access: Access::Write };
                let access = Access::Read { whiteouts: true };
                let below = lowers.into_iter().map(|Lower { layer, label }| Branch { layer, label, access });
                let branches = std::iter::once(first).chain(below).collect();
                Mount::of_branches(self, branches, Policies::default())
            }
            StorageDriver::Vfs | StorageDriver::Native => {
                let base = flatten(lowers, t)?;
                let tree = match upper.is_bare() {
                    true => Tree::from_layer(&base),
                    false => {
                        let parts = [upper.into_layer(), base.clone()];
                        let lower = |layer| Lower { layer, label: "".into() };
                        Tree::from_layer(&flatten(parts.into_iter().map(lower).collect(), t)?)
                    }
                };
                let mut mount = Mount::native(tree);
                mount.storage = self;
                if self == StorageDriver::Vfs {
                    // A container is a copy of its image (moby `vfs/driver.go`, `create`).
                    mount.account =
                        Cost { copied: base.bytes(), inodes: base.inodes() as u64, ..Cost::default() };
                }
                mount.base = Some(base);
                Ok(mount)
            }
        }
    }
}

/// Layers as one tree: what a driver without a union makes of them.
///
/// # Errors
/// `EINTR` when the fuel runs out; what mounting the layers answers.
pub fn flatten(lowers: Vec<Lower>, t: &mut Trace) -> Result<Layer, Errno> {
    if let [only] = &lowers[..]
        && only.layer.is_plain()
    {
        return Ok(only.layer.clone());
    }
    let mut union = Mount::new(lowers, Tree::new(), Options::default())?;
    let root = union.lowers().first().map(|lower| crate::fs::Nodes::inode(&lower.layer, 0).clone());
    let mut tree = t.quietly(|t| union.flat(t))?;
    if let Some(root) = root {
        tree.put(b"/", crate::fs::Inode { kind: crate::fs::Inode::dir(0).kind, extra: None, ..root });
    }
    Ok(tree.into_layer())
}
