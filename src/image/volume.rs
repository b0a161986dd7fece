//! Volumes, and what is mounted in a container.

use super::mounts::MountKind;
use crate::fs::{EPOCH, Errno, Inode, Kind, Nodes, Tree};
use crate::trace::Trace;
use crate::union::{Mount, Stat, StatKind};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// A volume of the local driver: a plain filesystem with a name.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Its name; of an anonymous one 64 hex digits.
    pub name: String,
    /// Nobody named it: `docker rm -v` and `--rm` remove it with its container.
    pub anonymous: bool,
    /// Labels.
    pub labels: IndexMap<String, String>,
    /// Unix seconds.
    pub created: i64,
    /// What it holds.
    pub mount: Mount,
}

impl Volume {
    /// An empty one. Its root belongs to root, mode 0755 (moby `volume/local/local.go`, `Create`).
    pub fn new(name: &str, anonymous: bool) -> Volume {
        Volume {
            name: name.to_owned(),
            anonymous,
            labels: IndexMap::new(),
            created: EPOCH,
            mount: Mount::native(Tree::new()),
        }
    }

    /// Where the daemon keeps it (20.10 and later, default data root).
    pub fn mountpoint(&self) -> String {
        format!("/var/lib/docker/volumes/{}/_data", self.name)
    }

    /// Bytes of its files, each once, as `docker system df` counts them.
    pub fn size(&self) -> u64 {
        let tree = self.mount.upper();
        (0..tree.inodes() as u32).map(|ino| tree.inode(ino)).filter(|inode| inode.nlink > 0).fold(
            0_u64,
            |sum, inode| match &inode.kind {
                Kind::File(contents) => sum.saturating_add(contents.len()),
                Kind::Symlink(target) => sum.saturating_add(target.len() as u64),
                _ => sum,
            },
        )
    }

    /// Does it hold nothing?
    pub fn is_empty(&self) -> bool {
        self.mount.upper().inode(0).entries().is_none_or(|entries| entries.is_empty())
    }

    /// Gives an empty volume what a directory of a container's files holds, with the directory's own owner
    /// and mode (moby `container/container_unix.go`, `CopyImagePathContent`). How many entries and bytes
    /// that were; none if the volume isn't empty or there is no such directory.
    ///
    /// # Errors
    /// `ENOTDIR`: something else is there.
    pub fn fill(&mut self, from: &mut Mount, at: &str, t: &mut Trace) -> Result<Option<(usize, u64)>, Errno> {
        if !self.is_empty() {
            return Ok(None);
        }
        t.quietly(|t| {
            let Ok(real) = from.realpath(at.as_bytes(), t) else { return Ok(None) };
            if from.stat(&real, t)?.kind != StatKind::Dir {
                return Err(Errno::ENOTDIR);
            }
            let (tree, entries, bytes) = copied(from, &real, t)?;
            let (cred, now) = (self.mount.cred().clone(), EPOCH);
            self.mount = Mount::native(tree);
            self.mount.become_user(cred);
            self.mount.set_time(now);
            Ok(Some((entries, bytes)))
        })
    }
}

/// A directory and all below it as a tree of its own; hard links stay links.
fn copied(from: &mut Mount, real: &[u8], t: &mut Trace) -> Result<(Tree, usize, u64), Errno> {
    let (mut tree, mut entries, mut bytes) = (Tree::new(), 0, 0_u64);
    let mut known: BTreeMap<_, Vec<u8>> = BTreeMap::new();
    for (found, stat) in from.walk(real, t)? {
        let inside = if real == b"/" { &found[..] } else { found.get(real.len()..).unwrap_or(b"") };
        if inside.is_empty() || inside == b"/" {
            *tree.inode_mut(0) =
                Inode { kind: tree.inode(0).kind.clone(), nlink: 2, ..inode(from, &found, &stat, t)? };
            continue;
        }
        entries += 1;
        if stat.nlink > 1 && stat.kind != StatKind::Dir {
            if let Some(first) = known.get(&stat.id) {
                tree.put_link(inside, first);
                continue;
            }
            known.insert(stat.id, inside.to_vec());
        }
        bytes = bytes.saturating_add(if stat.kind == StatKind::Dir { 0 } else { stat.size });
        let mut copy = inode(from, &found, &stat, t)?;
        for name in from.listxattr(&found, t).unwrap_or_default() {
            if let Ok(value) = from.getxattr(&found, &name, t) {
                copy.extra_mut().xattrs.insert(name.into(), value.into());
            }
        }
        tree.put(inside, copy);
    }
    Ok((tree, entries, bytes))
}

fn inode(from: &mut Mount, at: &[u8], stat: &Stat, t: &mut Trace) -> Result<Inode, Errno> {
    let kind = match stat.kind {
        StatKind::File => Kind::File(from.read(at, t)?),
        StatKind::Dir => Kind::Dir(Default::default()),
        StatKind::Symlink => Kind::Symlink(from.readlink(at, t)?.into()),
        StatKind::Fifo => Kind::Fifo,
        StatKind::CharDev(major, minor) => Kind::CharDev(major, minor),
    };
    Ok(Inode { mtime: stat.mtime, ..Inode::new(kind, stat.mode).owned(stat.uid, stat.gid) })
}

/// Something mounted in a container.
#[derive(Clone, Debug)]
pub struct MountPoint {
    /// What kind of thing.
    pub kind: MountKind,
    /// The volume's name, the path on the host; empty for a tmpfs.
    pub source: String,
    /// Where: absolute and clean.
    pub target: String,
    /// Writes fail with EROFS.
    pub read_only: bool,
    /// As `docker inspect` shows it.
    pub mode: String,
    /// Of a tmpfs: its files.
    pub tmpfs: Option<Mount>,
    /// Of a tmpfs: bytes it may hold; not enforced, `mount` and `df` show it.
    pub size: Option<u64>,
}

impl MountPoint {
    /// A fresh tmpfs: world-writable with the sticky bit unless a mode was asked for.
    pub fn empty_tmpfs(mode: Option<u16>) -> Mount {
        let mut tree = Tree::new();
        tree.inode_mut(0).mode = mode.unwrap_or(0o1777);
        Mount::native(tree)
    }

    /// Empties a tmpfs, as when its container stops.
    pub fn forget(&mut self) {
        if let Some(tmpfs) = &mut self.tmpfs {
            let mode = tmpfs.upper().inode(0).mode;
            *tmpfs = MountPoint::empty_tmpfs(Some(mode));
        }
    }
}
