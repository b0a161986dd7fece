//! Attributes through a handle: fstat, fchmod, fchown, extended attributes.

use super::super::attr::{judge_length, judge_namespace, set_mode, set_owner, user_on_special};
use super::super::cache::{Node, Spot};
use super::super::mount::Mount;
use super::super::types::Stat;
use super::Named;
use crate::fs::path::{file_name, names, parent, show};
use crate::fs::{Errno, Ino, Inode, Name, Nodes};
use crate::trace::{Event, HandleNews, Trace};

/// Where a change of attributes goes.
enum Target {
    /// The object has its name.
    Spot(Spot),
    /// It has none, but lies in the upper.
    Nameless(Ino),
}

impl Mount {
    /// fstat(2): the object as it is now; without a name in the upper its link count is 0. One that
    /// was deleted in a lower layer keeps that layer's count (fs/overlayfs/inode.c, `ovl_getattr`).
    ///
    /// # Errors
    /// `EBADF`.
    pub fn fstat(&mut self, fd: u32, t: &mut Trace) -> Result<Stat, Errno> {
        self.begin(t)?;
        let handle = self.handles.file(fd)?;
        let mut entry = handle.entry.clone();
        if handle.is_dir && handle.named == Named::Yes {
            let path = handle.path.clone();
            entry = self.spot_at(&path, t)?.node.entry;
        }
        self.stat_of(&Node { entry, dir: None }).ok_or(Errno::ENOENT)
    }

    /// fchmod(2).
    ///
    /// # Errors
    /// `EBADF`; those of a copy-up that has no name to go to, see [`Mount::fsetxattr`].
    pub fn fchmod(&mut self, fd: u32, mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.begin(t)?;
        self.set_through(fd, "fchmod", t, |inode| set_mode(inode, mode))
    }

    /// fchown(2); `None` leaves an id as it is.
    ///
    /// # Errors
    /// As [`Mount::fchmod`].
    pub fn fchown(
        &mut self,
        fd: u32,
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        self.begin(t)?;
        self.set_through(fd, "fchown", t, |inode| set_owner(inode, uid, gid))
    }

    fn set_through(
        &mut self,
        fd: u32,
        op: &str,
        t: &mut Trace,
        change: impl FnOnce(&mut Inode) -> String,
    ) -> Result<(), Errno> {
        match self.target(fd, op, t)? {
            Target::Spot(spot) => self.set_attributes(&spot, t, change),
            Target::Nameless(ino) => {
                let change = change(self.upper_mut().inode_mut(ino));
                self.tell_nameless(fd, change, t);
                Ok(())
            }
        }
    }

    /// fsetxattr(2).
    ///
    /// # Errors
    /// `EBADF`; those of [`Mount::setxattr`]. The copy-up of a deleted file is refused where it comes
    /// to take its old name: `EEXIST`, for a whiteout or another object has it; of a directory
    /// `ENOTDIR`; `ENOENT` if the directory above is gone too (fs/overlayfs/copy_up.c:
    /// `ovl_copy_up_tmpfile`, `ovl_copy_up_workdir`).
    pub fn fsetxattr(&mut self, fd: u32, name: &[u8], value: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.begin(t)?;
        self.handles.file(fd)?;
        judge_length(name)?;
        if !t.fuel.spend_bytes(value.len() as u64) {
            return Err(Errno::EINTR);
        }
        let entry = self.handles.file(fd)?.entry.clone();
        if self.real(&entry).is_none_or(|inode| user_on_special(inode, name)) {
            return Err(Errno::EPERM);
        }
        let stored: Name = self.driver.stored_xattr(self, name)?.as_ref().into();
        let change = |m: &mut Mount, ino: Ino| {
            m.upper_mut().inode_mut(ino).extra_mut().xattrs.insert(stored.clone(), value.into());
        };
        let words = format!("xattr {} set", show(name));
        match self.target(fd, "fsetxattr", t)? {
            Target::Spot(spot) => {
                let ino = self.driver.attributes_of(self, &spot, t)?;
                judge_namespace(name)?;
                change(self, ino);
                self.tell_attributes(&spot, words, t);
            }
            Target::Nameless(ino) => {
                judge_namespace(name)?;
                change(self, ino);
                self.tell_nameless(fd, words, t);
            }
        }
        Ok(())
    }

    /// fgetxattr(2).
    ///
    /// # Errors
    /// `EBADF`; those of [`Mount::getxattr`].
    pub fn fgetxattr(&mut self, fd: u32, name: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        self.begin(t)?;
        let handle = self.handles.file(fd)?;
        judge_length(name)?;
        let mut entry = handle.entry.clone();
        if handle.is_dir && handle.named == Named::Yes {
            let path = handle.path.clone();
            entry = self.spot_at(&path, t)?.node.entry;
        }
        let inode = self.real(&entry).ok_or(Errno::ENOENT)?;
        if user_on_special(inode, name) {
            return Err(Errno::ENODATA);
        }
        let stored = self.driver.stored_xattr(self, name)?;
        judge_namespace(name)?;
        let extra = inode.extra.as_ref().ok_or(Errno::ENODATA)?;
        extra.xattrs.get(&*stored).map(|value| value.to_vec()).ok_or(Errno::ENODATA)
    }

    fn target(&mut self, fd: u32, op: &str, t: &mut Trace) -> Result<Target, Errno> {
        let handle = self.handles.file(fd)?;
        let (path, named, is_dir, upper) =
            (handle.path.clone(), handle.named, handle.is_dir, handle.entry.upper);
        if named == Named::Yes {
            return self.spot_at(&path, t).map(Target::Spot);
        }
        if let Some(ino) = upper {
            return Ok(Target::Nameless(ino));
        }
        let errno = self.nowhere(&path, named, is_dir, t);
        t.emit(|| Event::Failed {
            op: op.to_owned(),
            path: show(&path).into_owned(),
            errno: errno.name().to_owned(),
            why: "it lies in a lower layer and has no name any more: its copy has no place".to_owned(),
        });
        Err(errno)
    }

    /// Why the copy of an object without a name can't take its old one.
    fn nowhere(&mut self, path: &[u8], named: Named, is_dir: bool, t: &mut Trace) -> Errno {
        if named == Named::Orphan {
            return Errno::ENOENT;
        }
        if !is_dir {
            return Errno::EEXIST;
        }
        let dir = self.spot_at(parent(path), t).ok().and_then(|spot| spot.node.entry.upper);
        let there = dir.and_then(|dir| self.upper.child(dir, file_name(path)));
        match there {
            Some(ino) if self.upper.inode(ino).kind.is_dir() => Errno::ENOTEMPTY,
            _ => Errno::ENOTDIR,
        }
    }

    /// What the path of a handle leads to now.
    ///
    /// # Errors
    /// `ESTALE` if it leads nowhere; `EINTR`.
    pub(super) fn spot_at(&mut self, path: &[u8], t: &mut Trace) -> Result<Spot, Errno> {
        let mut spot = self.spot_of(super::super::cache::ROOT);
        for name in names(path) {
            if !t.fuel.spend(1) {
                return Err(Errno::EINTR);
            }
            let dir = spot.node.dir.ok_or(Errno::ESTALE)?;
            spot = self.spot(dir, &name.into())?;
        }
        if spot.node.entry.exists() { Ok(spot) } else { Err(Errno::ESTALE) }
    }

    fn tell_nameless(&self, fd: u32, change: String, t: &mut Trace) {
        let Ok(handle) = self.handles.file(fd) else { return };
        t.emit(|| Event::Handle {
            fd,
            path: show(&handle.path).into_owned(),
            news: HandleNews::Attributes { change },
        });
    }
}
