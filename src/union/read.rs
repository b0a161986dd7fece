//! Reading: changes nothing, copies nothing up (Documentation/filesystems/overlayfs.rst,
//! "Non-directories").

use super::cache::{DirId, Entry, Node, Plain, ROOT};
use super::mount::Mount;
use super::permit::READ;
use super::types::{Names, Stat, StatKind};
use crate::fs::{Contents, Entries, Errno, Inode, Kind, Name, Tree};
use crate::trace::{Cost, Trace};
use std::collections::HashMap;

impl Mount {
    /// stat(2): follows a final symlink.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `ELOOP`, `ENAMETOOLONG` from the walk, as every call with a path.
    pub fn stat(&mut self, path: &[u8], t: &mut Trace) -> Result<Stat, Errno> {
        self.ask("stat", path, t, |m, t| {
            let node = m.find(path, true, t)?;
            m.stat_of(&node).ok_or(Errno::ENOENT)
        })
    }

    /// lstat(2): the symlink itself.
    ///
    /// # Errors
    /// As [`Mount::stat`].
    pub fn lstat(&mut self, path: &[u8], t: &mut Trace) -> Result<Stat, Errno> {
        self.ask("lstat", path, t, |m, t| {
            let node = m.find(path, false, t)?;
            m.stat_of(&node).ok_or(Errno::ENOENT)
        })
    }

    /// Opens for reading and reads to the end. The look-up is told, found or not.
    ///
    /// # Errors
    /// From the walk; `EISDIR` for a directory. A fifo without a writer and a device read as empty.
    pub fn read(&mut self, path: &[u8], t: &mut Trace) -> Result<Contents, Errno> {
        self.ask("read", path, t, |m, t| {
            let spot = m.resolve(path, true, true, t)?;
            m.may(&spot, READ)?;
            if spot.node.dir.is_some() {
                return Err(Errno::EISDIR);
            }
            if let Some(errno) = spot.node.entry.dataless {
                return Err(errno);
            }
            let contents = m.contents_of(&spot.node.entry);
            t.pay(|| Cost { read: contents.len(), ..Cost::default() });
            Ok(contents)
        })
    }

    /// readlink(2).
    ///
    /// # Errors
    /// From the walk; `EINVAL` when it is no symlink.
    pub fn readlink(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        self.ask("readlink", path, t, |m, t| {
            let node = m.find(path, false, t)?;
            m.symlink_target(&node).map(|target| target.to_vec()).ok_or(Errno::EINVAL)
        })
    }

    /// Names without `.` and `..`, in byte order.
    ///
    /// # Errors
    /// From the walk; `ENOTDIR`.
    pub fn readdir(&mut self, path: &[u8], t: &mut Trace) -> Result<Names, Errno> {
        self.ask("readdir", path, t, |m, t| {
            let id = m.find(path, true, t)?.dir.ok_or(Errno::ENOTDIR)?;
            let spot = m.spot_of(id);
            m.may(&spot, READ)?;
            let names = m.names_of(id)?;
            t.pay(|| m.listing_cost(id));
            if !t.fuel.spend(names.len() as u64) {
                return Err(Errno::EINTR);
            }
            Ok(names)
        })
    }

    /// What a first listing reads: the entries of every layer that has the directory.
    fn listing_cost(&self, id: DirId) -> Cost {
        let parts = self.cache.dir(id).entry.parts();
        let entries = parts.map(|part| self.inode(part).entries().map_or(0, Entries::len) as u64).sum();
        Cost { entries, ..Cost::default() }
    }

    /// What readdir gives of a directory. Its names are kept, and those that changed put right.
    fn names_of(&mut self, id: DirId) -> Result<Names, Errno> {
        for name in self.cache.touched(id) {
            let listed = self.driver.lists(self, &self.cache.dir(id).entry, &name);
            self.cache.put_right(id, &name, listed);
        }
        let names = match self.cache.listing(id) {
            Some(names) => names,
            None => {
                let names = Names::from(self.driver.listed(self, &self.cache.dir(id).entry));
                self.cache.keep_listing(id, &names);
                names
            }
        };
        self.driver.filtered(self, &self.cache.dir(id).entry, names)
    }

    /// The path with every symlink, `.` and `..` resolved (realpath).
    ///
    /// # Errors
    /// As [`Mount::stat`].
    pub fn realpath(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        self.begin(t)?;
        let spot = self.resolve(path, true, false, t)?;
        Ok(self.path_of(&spot))
    }

    /// Everything visible at and below a path, parents first, names in byte order: absolute path and
    /// lstat. A name that readdir gives but that can't be looked up is left out. For trees, `COPY
    /// --from`, export: it is the lab that looks, as root, whoever performs the operations.
    ///
    /// # Errors
    /// From the walk to `path`; `EINTR`.
    pub fn walk(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<(Vec<u8>, Stat)>, Errno> {
        self.begin(t)?;
        self.as_mounter(|m| m.everything_below(path, t, |_, path, _, stat| (path, stat)))
    }

    /// [`Mount::walk`] that also brings what each object holds.
    ///
    /// # Errors
    /// As there.
    pub fn walk_held(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<Held>, Errno> {
        self.begin(t)?;
        self.as_mounter(|m| {
            m.everything_below(path, t, |m, path, node, stat| {
                let data = match node.entry.dataless {
                    Some(errno) => Err(errno),
                    None if stat.kind == StatKind::File => Ok(m.contents_of(&node.entry)),
                    None => Ok(Contents::EMPTY),
                };
                let extra = m.real(&node.entry).and_then(|inode| inode.extra.as_ref());
                let has_xattrs = extra.is_some_and(|extra| !extra.xattrs.is_empty());
                Held { path, stat, data, has_xattrs }
            })
        })
    }

    /// Everything visible as one tree of its own: what `docker export` takes. Names of one object stay
    /// hard links; marks of the overlay are gone, other attributes stay.
    ///
    /// # Errors
    /// `EINTR`; `ENODATA` and the like for files whose data is in no layer.
    pub fn flat(&mut self, t: &mut Trace) -> Result<Tree, Errno> {
        let seen = self.walk(b"/", t)?;
        self.as_mounter(|m| {
            let mut tree = Tree::new();
            let mut first: HashMap<(u32, u32), Vec<u8>> = HashMap::new();
            for (path, stat) in seen {
                if stat.kind != StatKind::Dir && stat.nlink > 1 {
                    if let Some(name) = first.get(&stat.id) {
                        tree.put_link(&path, name);
                        continue;
                    }
                    first.insert(stat.id, path.clone());
                }
                let node = m.find(&path, false, t)?;
                let Some(inode) = m.real(&node.entry) else { continue };
                let kind = match &inode.kind {
                    Kind::Dir(_) => Inode::dir(0).kind,
                    Kind::File(_) => match node.entry.dataless {
                        Some(errno) => return Err(errno),
                        None => Kind::File(m.contents_of(&node.entry)),
                    },
                    other => other.clone(),
                };
                let xattrs = inode.extra.as_ref().map(|extra| extra.xattrs.clone()).unwrap_or_default();
                let mut flat = Inode { mtime: stat.mtime, ..Inode::new(kind, stat.mode) };
                (flat.uid, flat.gid) = (stat.uid, stat.gid);
                if !xattrs.is_empty() {
                    flat.extra_mut().xattrs = xattrs;
                }
                tree.put(&path, flat);
            }
            Ok(tree)
        })
    }

    fn everything_below<R>(
        &mut self,
        path: &[u8],
        t: &mut Trace,
        see: impl Fn(&Mount, Vec<u8>, &Node, Stat) -> R,
    ) -> Result<Vec<R>, Errno> {
        let top = self.resolve(path, false, false, t)?;
        let mut seen = Vec::new();
        let at = self.path_of(&top);
        let Some(id) = top.node.dir else {
            seen.extend(self.stat_of(&top.node).map(|stat| see(self, at, &top.node, stat)));
            return Ok(seen);
        };
        if id != ROOT {
            seen.extend(self.stat_of(&top.node).map(|stat| see(self, at.clone(), &top.node, stat)));
        }
        let at = if id == ROOT { Vec::new() } else { at };
        let mut open = vec![self.open_dir(id, at)?];
        while let Some((dir, at, names)) = open.last_mut() {
            let Some(name) = names.next() else {
                open.pop();
                continue;
            };
            if !t.fuel.spend(1) {
                return Err(Errno::EINTR);
            }
            let (dir, path) = (*dir, [&at[..], b"/", &name].concat());
            let Ok(node) = self.lookup(dir, &name) else { continue };
            let Some(stat) = self.stat_of(&node) else { continue };
            if let Some(id) = node.dir {
                seen.push(see(self, path.clone(), &node, stat));
                open.push(self.open_dir(id, path)?);
            } else {
                seen.push(see(self, path, &node, stat));
            }
        }
        Ok(seen)
    }

    fn open_dir(&mut self, id: DirId, at: Vec<u8>) -> Result<OpenDir, Errno> {
        Ok((id, at, self.names_of(id)?.into_iter()))
    }

    /// What stat tells of an entry (fs/overlayfs/inode.c, `ovl_getattr`): all from its real inode.
    pub(super) fn stat_of(&self, node: &Node) -> Option<Stat> {
        let id = node.entry.real()?;
        if let Some(Plain { mode, uid, gid, size, mtime }) = node.plain {
            return Some(Stat { kind: StatKind::File, mode, uid, gid, size, nlink: 1, mtime, id });
        }
        let inode = self.inode(id);
        let (kind, nlink) = match &inode.kind {
            Kind::Dir(_) => (StatKind::Dir, 1),
            kind => (stat_kind(kind), self.driver.nlink(self, &node.entry)),
        };
        Some(Stat {
            kind,
            mode: inode.mode,
            uid: inode.uid,
            gid: inode.gid,
            size: inode.size(),
            nlink,
            mtime: inode.mtime,
            id,
        })
    }

    /// A file's data: a metacopy's are those of its deepest part (fs/overlayfs/util.c,
    /// `ovl_path_lowerdata`).
    pub(super) fn contents_of(&self, entry: &Entry) -> Contents {
        let data = match entry.upper {
            Some(ino) if self.inode((0, ino)).metacopy().is_none() => Some((0, ino)),
            _ => entry.lowers.parts().last().copied(),
        };
        let Some(inode) = data.map(|part| self.inode(part)) else { return Contents::EMPTY };
        match (&inode.kind, inode.metacopy()) {
            // In a data-only layer the mark means nothing: the file is what it is, a hole.
            (Kind::File(_), Some(size)) => Contents::fill(0, size),
            (Kind::File(contents), None) => contents.clone(),
            _ => Contents::EMPTY,
        }
    }
}

/// An object that [`Mount::walk_held`] found.
#[derive(Clone, Debug)]
pub struct Held {
    /// Absolute.
    pub path: Vec<u8>,
    /// As lstat tells.
    pub stat: Stat,
    /// A file's data, or the errno of reading it; nothing of anything else.
    pub data: Result<Contents, Errno>,
    /// Are there extended attributes? Those that are not shown count too.
    pub has_xattrs: bool,
}

/// A directory that is being walked: its path, and the names still to come.
type OpenDir = (DirId, Vec<u8>, std::vec::IntoIter<Name>);

fn stat_kind(kind: &Kind) -> StatKind {
    match kind {
        Kind::File(_) => StatKind::File,
        Kind::Dir(_) => StatKind::Dir,
        Kind::Symlink(_) => StatKind::Symlink,
        Kind::Fifo => StatKind::Fifo,
        Kind::CharDev(major, minor) => StatKind::CharDev(*major, *minor),
        Kind::Whiteout => StatKind::CharDev(0, 0),
    }
}
