//! Attributes: mode, owner, time, extended attributes (fs/open.c, fs/attr.c, fs/xattr.c).

use super::cache::Spot;
use super::driver::Need;
use super::mount::Mount;
use crate::fs::path::show;
use crate::fs::{Errno, Ino, Inode, Nodes};
use crate::trace::{Event, Trace, XattrChange};
use std::borrow::Cow;

/// Bytes of an extended attribute's value (include/uapi/linux/limits.h; fs/xattr.c, `setxattr_copy`).
const XATTR_SIZE_MAX: usize = 65_536;

impl Mount {
    /// chmod(2): all 12 bits; follows symlinks.
    ///
    /// # Errors
    /// What every path can give.
    pub fn chmod(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.call("chmod", path, t, |m, t| {
            let spot = m.resolve(path, true, true, t)?;
            m.may_change(&spot)?;
            let mode = m.real(&spot.node.entry).map_or(mode, |inode| m.mode_to_set(inode, mode));
            m.set_attributes(&spot, t, |inode| set_mode(inode, mode))
        })
    }

    /// chown(2): follows symlinks; `None` leaves an id as it is (-1).
    ///
    /// Of anything but a directory it clears setuid, and setgid if the group may execute, even when
    /// no id changes (fs/open.c, `chown_common`; fs/attr.c, `setattr_should_drop_sgid`).
    ///
    /// # Errors
    /// What every path can give.
    pub fn chown(
        &mut self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        self.call("chown", path, t, |m, t| m.change_owner(path, true, uid, gid, t))
    }

    /// lchown(2): of a symlink itself. Else as [`Mount::chown`].
    ///
    /// # Errors
    /// What every path can give.
    pub fn lchown(
        &mut self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        self.call("lchown", path, t, |m, t| m.change_owner(path, false, uid, gid, t))
    }

    fn change_owner(
        &mut self,
        path: &[u8],
        follow: bool,
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        let spot = self.resolve(path, follow, true, t)?;
        self.may_chown(&spot, uid, gid)?;
        let lost = self.real(&spot.node.entry).map_or(0, |inode| self.lost_by_chown(inode));
        self.set_attributes(&spot, t, |inode| set_owner(inode, uid, gid, lost))
    }

    /// Sets the modification time (Unix seconds); follows symlinks.
    ///
    /// # Errors
    /// What every path can give.
    pub fn utimes(&mut self, path: &[u8], mtime: i64, t: &mut Trace) -> Result<(), Errno> {
        self.call("utimes", path, t, |m, t| {
            let spot = m.resolve(path, true, true, t)?;
            m.may_change(&spot)?;
            m.set_attributes(&spot, t, |inode| {
                inode.mtime = mtime;
                "modification time".to_owned()
            })
        })
    }

    /// Sets the modification time to now, as `touch` does; follows symlinks.
    ///
    /// # Errors
    /// `EACCES` for who neither owns the file nor may write it; what every path can give.
    pub fn touch(&mut self, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("utimes", path, t, |m, t| {
            let spot = m.resolve(path, true, true, t)?;
            m.may_touch(&spot)?;
            let now = m.now;
            m.set_attributes(&spot, t, |inode| {
                inode.mtime = now;
                "modification time".to_owned()
            })
        })
    }

    /// What a write takes from a file in the upper: setuid and setgid, unless root writes.
    pub(super) fn lose_privileges(&mut self, spot: &Spot, ino: Ino, t: &mut Trace) {
        let inode = self.upper.inode(ino);
        let (before, lost) = (inode.mode, self.lost_by_write(inode));
        if lost != 0 {
            self.upper_mut().inode_mut(ino).mode &= !lost;
            let now = before & !lost;
            self.tell_attributes(spot, ino, 0, format!("mode {before:04o} → {now:04o}"), None, t);
        }
    }

    pub(super) fn set_attributes(
        &mut self,
        spot: &Spot,
        t: &mut Trace,
        change: impl FnOnce(&mut Inode) -> String,
    ) -> Result<(), Errno> {
        let copied = self.bytes_to_copy(&spot.node.entry, Need::Attributes);
        let ino = self.driver.copy_up(self, spot, Need::Attributes, t)?;
        let change = change(self.upper_mut().inode_mut(ino));
        self.tell_attributes(spot, ino, copied, change, None, t);
        Ok(())
    }

    pub(super) fn tell_attributes(
        &self,
        spot: &Spot,
        ino: Ino,
        copied: u64,
        change: String,
        xattr: Option<XattrChange>,
        t: &mut Trace,
    ) {
        t.emit(|| {
            let inode = self.upper.inode(ino);
            Event::Attributes {
                path: show(&self.path_of(spot)).into_owned(),
                change,
                mode: inode.mode,
                uid: inode.uid,
                gid: inode.gid,
                index: (xattr.is_some() && spot.node.entry.unlinked).then_some(ino),
                xattr,
                copied,
            }
        });
    }

    pub(super) fn tell_xattr(
        &self,
        spot: &Spot,
        ino: Ino,
        copied: u64,
        (name, stored): (&[u8], &[u8]),
        value: Option<&[u8]>,
        t: &mut Trace,
    ) {
        if !t.listening() {
            return;
        }
        let [name, stored] = [name, stored].map(|name| show(name).into_owned());
        let mut change = format!("xattr {name} {}", if value.is_some() { "set" } else { "removed" });
        if stored != name {
            change.push_str(&format!(", kept as {stored}, so that it is no mark"));
        }
        let xattr = XattrChange { name, stored, value: value.map(|value| show(value).into_owned()) };
        self.tell_attributes(spot, ino, copied, change, Some(xattr), t);
    }

    /// getxattr(2): follows symlinks.
    ///
    /// # Errors
    /// `ERANGE` for a name that is empty or has more than 255 bytes; `ENODATA`; `EINVAL` and
    /// `EOPNOTSUPP` for names no filesystem takes.
    pub fn getxattr(&mut self, path: &[u8], name: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        self.ask("getxattr", path, t, |m, t| {
            judge_length(name)?;
            let spot = m.resolve(path, true, false, t)?;
            m.attribute_of(&spot, name)
        })
    }

    /// The value of an attribute of what was found.
    pub(super) fn attribute_of(&mut self, spot: &Spot, name: &[u8]) -> Result<Vec<u8>, Errno> {
        self.may_xattr(spot, name, false)?;
        let inode = self.real(&spot.node.entry).ok_or(Errno::ENOENT)?;
        let stored = self.driver.stored_xattr(self, name)?;
        judge_namespace(name)?;
        let extra = inode.extra.as_ref().ok_or(Errno::ENODATA)?;
        extra.xattrs.get(&*stored).map(|value| value.to_vec()).ok_or(Errno::ENODATA)
    }

    /// All names in the `user.` namespace, sorted.
    ///
    /// # Errors
    /// What every path can give.
    pub fn listxattr(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<Vec<u8>>, Errno> {
        self.begin(t)?;
        let spot = self.resolve(path, true, false, t)?;
        let inode = self.real(&spot.node.entry).ok_or(Errno::ENOENT)?;
        let names = inode.extra.iter().flat_map(|extra| extra.xattrs.keys());
        let mut names: Vec<Vec<u8>> = names
            .filter_map(|name| self.driver.shown_xattr(self, name))
            .filter(|name| name.starts_with(b"user."))
            .map(Cow::into_owned)
            .collect();
        names.sort();
        Ok(names)
    }

    /// setxattr(2): follows symlinks. The object is copied up before its filesystem judges the name
    /// (fs/overlayfs/xattrs.c, `ovl_xattr_set`), so a refused name leaves a copy.
    ///
    /// # Errors
    /// As [`Mount::getxattr`]; `E2BIG` for a value of more than 65,536 bytes, before the path is looked
    /// at; `EPERM` for `user.` names on what is neither file nor directory.
    pub fn setxattr(&mut self, path: &[u8], name: &[u8], value: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("setxattr", path, t, |m, t| {
            judge_attribute(name, value, t)?;
            let spot = m.resolve(path, true, true, t)?;
            m.may_xattr(&spot, name, true)?;
            let stored = m.driver.stored_xattr(m, name)?.into_owned();
            let copied = m.bytes_to_copy(&spot.node.entry, Need::Attributes);
            let ino = m.driver.attributes_of(m, &spot, t)?;
            judge_namespace(name)?;
            m.upper_mut().inode_mut(ino).extra_mut().xattrs.insert((*stored).into(), value.into());
            m.tell_xattr(&spot, ino, copied, (name, &stored), Some(value), t);
            Ok(())
        })
    }

    /// removexattr(2): follows symlinks. A missing one copies nothing up.
    ///
    /// # Errors
    /// As [`Mount::setxattr`]; `ENODATA`.
    pub fn removexattr(&mut self, path: &[u8], name: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("removexattr", path, t, |m, t| {
            judge_length(name)?;
            let spot = m.resolve(path, true, true, t)?;
            m.may_xattr(&spot, name, true)?;
            let stored = m.driver.stored_xattr(m, name)?.into_owned();
            judge_namespace(name)?;
            let inode = m.real(&spot.node.entry).ok_or(Errno::ENOENT)?;
            if !inode.extra.as_ref().is_some_and(|extra| extra.xattrs.contains_key(&*stored)) {
                return Err(Errno::ENODATA);
            }
            let copied = m.bytes_to_copy(&spot.node.entry, Need::Attributes);
            let ino = m.driver.attributes_of(m, &spot, t)?;
            m.upper_mut().inode_mut(ino).extra_mut().xattrs.remove(&*stored);
            m.tell_xattr(&spot, ino, copied, (name, &stored), None, t);
            Ok(())
        })
    }
}

/// All 12 bits; what changed, in words.
pub(super) fn set_mode(inode: &mut Inode, mode: u16) -> String {
    let before = std::mem::replace(&mut inode.mode, mode & 0o7777);
    format!("mode {before:04o} → {:04o}", inode.mode)
}

/// Owner and group, and the bits that go with them; what changed, in words.
pub(super) fn set_owner(inode: &mut Inode, uid: Option<u32>, gid: Option<u32>, lost: u16) -> String {
    let before = (inode.uid, inode.gid);
    (inode.uid, inode.gid) = (uid.unwrap_or(before.0), gid.unwrap_or(before.1));
    let mode = inode.mode;
    inode.mode &= !lost;
    let mode = match mode & lost {
        0 => String::new(),
        _ => format!("; mode {mode:04o} → {:04o}", inode.mode),
    };
    format!("owner {}:{} → {}:{}{mode}", before.0, before.1, inode.uid, inode.gid)
}

/// fs/xattr.c, `path_setxattrat`.
pub(super) fn judge_length(name: &[u8]) -> Result<(), Errno> {
    if name.is_empty() || name.len() > 255 { Err(Errno::ERANGE) } else { Ok(()) }
}

/// Judges an attribute that is to be set, before anything is looked up (fs/xattr.c, `setxattr_copy`).
pub(super) fn judge_attribute(name: &[u8], value: &[u8], t: &mut Trace) -> Result<(), Errno> {
    judge_length(name)?;
    if value.len() > XATTR_SIZE_MAX {
        return Err(Errno::E2BIG);
    }
    if t.fuel.spend_bytes(value.len() as u64) { Ok(()) } else { Err(Errno::EINTR) }
}

/// What the layer's own filesystem says of a name (fs/xattr.c, `xattr_resolve_name`).
pub(super) fn judge_namespace(name: &[u8]) -> Result<(), Errno> {
    let spaces: [&[u8]; 3] = [b"user.", b"trusted.", b"security."];
    match spaces.iter().find_map(|space| name.strip_prefix(*space)) {
        Some([]) => Err(Errno::EINVAL),
        Some(_) => Ok(()),
        None => Err(Errno::EOPNOTSUPP),
    }
}
