//! Attributes through a handle: fstat, fchmod, fchown, extended attributes.

use super::super::attr::{judge_attribute, judge_length, judge_namespace, set_mode, set_owner};
use super::super::cache::{Node, ROOT, Spot};
use super::super::driver::Need;
use super::super::mount::Mount;
use super::super::types::Stat;
use super::{Handle, Named};
use crate::fs::path::{file_name, names, show};
use crate::fs::{Errno, Ino, Inode, Name, Nodes};
use crate::trace::{Event, HandleNews, Trace};

impl Mount {
    /// fstat(2): the object as it is now; without a name in the upper its link count is 0. One that
    /// was deleted in a lower layer keeps that layer's count (fs/overlayfs/inode.c, `ovl_getattr`).
    ///
    /// # Errors
    /// `EBADF`.
    pub fn fstat(&mut self, fd: u32, t: &mut Trace) -> Result<Stat, Errno> {
        self.through("fstat", fd, t, |m, t| {
            let entry = m.held(fd, t)?.node.entry;
            m.stat_of(&Node::of(entry, None)).ok_or(Errno::ENOENT)
        })
    }

    /// fchmod(2).
    ///
    /// # Errors
    /// `EBADF`; those of [`Mount::chmod`], and of a copy-up that has no name to go to, see
    /// [`Mount::fsetxattr`].
    pub fn fchmod(&mut self, fd: u32, mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.through("fchmod", fd, t, |m, t| {
            let spot = m.held(fd, t)?;
            m.may_change(&spot)?;
            let mode = m.real(&spot.node.entry).map_or(mode, |inode| m.mode_to_set(inode, mode));
            m.set_held(fd, t, |inode| set_mode(inode, mode))
        })
    }

    /// fchown(2); `None` leaves an id as it is.
    ///
    /// # Errors
    /// As [`Mount::fchmod`]; those of [`Mount::chown`].
    pub fn fchown(
        &mut self,
        fd: u32,
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        self.through("fchown", fd, t, |m, t| {
            let spot = m.held(fd, t)?;
            m.may_chown(&spot, uid, gid)?;
            let lost = m.real(&spot.node.entry).map_or(0, |inode| m.lost_by_chown(inode));
            m.set_held(fd, t, |inode| set_owner(inode, uid, gid, lost))
        })
    }

    fn set_held(
        &mut self,
        fd: u32,
        t: &mut Trace,
        change: impl FnOnce(&mut Inode) -> String,
    ) -> Result<(), Errno> {
        match self.nameless(fd, t)? {
            None => {
                let spot = self.held(fd, t)?;
                self.set_attributes(&spot, t, change)
            }
            Some(ino) => {
                let change = change(self.upper_mut().inode_mut(ino));
                match self.other_name(fd, t) {
                    Some(spot) => self.tell_attributes(&spot, ino, 0, change, None, t),
                    None => self.tell_nameless(fd, change, t),
                }
                Ok(())
            }
        }
    }

    /// fsetxattr(2).
    ///
    /// # Errors
    /// `EBADF`; those of [`Mount::setxattr`]. The copy of an object that was deleted in a lower layer
    /// takes its old name, as any copy does: a regular file is refused with `EEXIST`, for a whiteout or
    /// another object has the name; a directory replaces an empty one (else `ENOTDIR`, `ENOTEMPTY`); a
    /// device replaces all but a directory (`EISDIR`), so it comes back. If the directory above is gone
    /// too: `ENOENT` for a file, else `EIO` (fs/overlayfs/copy_up.c: `ovl_copy_up_tmpfile`,
    /// `ovl_copy_up_workdir`).
    ///
    /// What was replaced so goes on answering to its name in a running kernel while that remembers the
    /// name; here, as after a new mount, the layers decide.
    pub fn fsetxattr(&mut self, fd: u32, name: &[u8], value: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.through("fsetxattr", fd, t, |m, t| {
            judge_attribute(name, value, t)?;
            let spot = m.held(fd, t)?;
            m.may_xattr(&spot, name, true)?;
            let stored: Name = m.driver.stored_xattr(m, name)?.as_ref().into();
            let copied = m.bytes_to_copy(&spot.node.entry, Need::Attributes);
            let nameless = m.nameless(fd, t)?;
            let spot = m.held(fd, t)?;
            let ino = match nameless {
                Some(ino) => ino,
                None => m.driver.attributes_of(m, &spot, t)?,
            };
            judge_namespace(name)?;
            m.upper_mut().inode_mut(ino).extra_mut().xattrs.insert(stored.clone(), value.into());
            let spot = if nameless.is_some() { m.other_name(fd, t) } else { Some(spot) };
            match spot {
                Some(spot) => m.tell_xattr(&spot, ino, copied, (name, &stored), Some(value), t),
                None => m.tell_nameless(fd, format!("xattr {} set", show(name)), t),
            }
            Ok(())
        })
    }

    /// fgetxattr(2).
    ///
    /// # Errors
    /// `EBADF`; those of [`Mount::getxattr`].
    pub fn fgetxattr(&mut self, fd: u32, name: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        self.through("fgetxattr", fd, t, |m, t| {
            judge_length(name)?;
            let spot = m.held(fd, t)?;
            m.attribute_of(&spot, name)
        })
    }

    /// What a handle holds: its place in the merged view, or a place that nobody can look up.
    pub(super) fn held(&mut self, fd: u32, t: &mut Trace) -> Result<Spot, Errno> {
        let handle = self.handles.file(fd)?;
        let path = handle.path.clone();
        if handle.named == Named::Yes {
            return self.spot_at(&path, t);
        }
        let node = Node::of(handle.entry.clone(), None);
        Ok(Spot { dir: ROOT, name: file_name(&path).into(), node })
    }

    /// The inode in the upper of an object that has no name; none if it has one, again or still.
    fn nameless(&mut self, fd: u32, t: &mut Trace) -> Result<Option<Ino>, Errno> {
        let handle = self.handles.file(fd)?;
        match (handle.named, handle.entry.upper) {
            (Named::Yes, _) => Ok(None),
            (_, Some(ino)) => Ok(Some(ino)),
            _ => self.come_back(fd, t).map(|()| None),
        }
    }

    /// What the path of a handle leads to now.
    ///
    /// # Errors
    /// `ESTALE` if it leads nowhere; `EINTR`.
    pub(super) fn spot_at(&mut self, path: &[u8], t: &mut Trace) -> Result<Spot, Errno> {
        let mut spot = self.spot_of(ROOT);
        for name in names(path) {
            if !t.fuel.spend(1) {
                return Err(Errno::EINTR);
            }
            let dir = spot.node.dir.ok_or(Errno::ESTALE)?;
            spot = self.spot(dir, &name.into())?;
        }
        if spot.node.entry.exists() { Ok(spot) } else { Err(Errno::ESTALE) }
    }

    /// Has the object no name at all, whatever became of the one it was opened by?
    pub(super) fn is_nameless(&self, handle: &Handle) -> bool {
        let left = handle.entry.upper.is_some() && self.driver.nlink(self, &handle.entry) > 0;
        handle.named != Named::Yes && (handle.is_dir || !left)
    }

    /// The name by which an event can tell of the object: its own, or else another hard link.
    pub(super) fn told_as(&mut self, handle: &Handle, t: &mut Trace) -> Option<Spot> {
        if handle.named == Named::Yes {
            return self.spot_at(&handle.path, t).ok();
        }
        let ino = handle.entry.upper.filter(|_| !self.is_nameless(handle))?;
        let mut name = None;
        self.upper.walk(&mut |path, found, _| {
            if found == ino && name.is_none() {
                name = Some(path.to_vec());
            }
        });
        self.spot_at(&name?, t).ok()
    }

    fn other_name(&mut self, fd: u32, t: &mut Trace) -> Option<Spot> {
        let handle = self.handles.file(fd).ok().filter(|_| t.listening())?.clone();
        self.told_as(&handle, t)
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
