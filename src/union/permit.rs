//! Who may do what: the kernel's permission checks for a caller with a [`super::Cred`].
//!
//! A check looks at the merged object with the caller's credentials; what follows from it (copy-up,
//! whiteouts, the index, the work directory) is done with those of the mounter, who is root
//! (fs/overlayfs/inode.c, `ovl_permission`; Documentation/filesystems/overlayfs.rst, "Permission
//! model"). So a copy-up succeeds where the caller may write the file, though not the directory that
//! gets the copy.
//!
//! User 0 has all capabilities, every other user none. No ACLs, no user namespaces.

use super::cache::{DirId, Spot};
use super::change::judge_types;
use super::mount::Mount;
use super::refused::{Refused, Rule};
use super::types::Protected;
use crate::fs::{Errno, Inode, Kind};
use crate::trace::Trace;

/// Bits of a request, as access(2) has them.
pub(super) const READ: u16 = 4;
pub(super) const WRITE: u16 = 2;
/// Of a directory: to search it.
pub(super) const EXECUTE: u16 = 1;

const SETUID: u16 = 0o4000;
const SETGID: u16 = 0o2000;
const STICKY: u16 = 0o1000;
const GROUP_EXECUTE: u16 = 0o010;

impl Mount {
    /// May the user read (4), write (2), execute or search (1) this? A sum of them, 0 for "is it
    /// there", as access(2) and a shell's `test -w` ask. Follows symlinks. Root may do all but execute a
    /// file that has no execute bit.
    ///
    /// # Errors
    /// `EACCES`; `EINVAL` for other bits; what every path can give (fs/open.c, `do_faccessat`).
    pub fn access(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.begin(t)?;
        if mode & !(READ | WRITE | EXECUTE) != 0 {
            return Err(Errno::EINVAL);
        }
        let spot = self.resolve(path, true, false, t)?;
        self.may(&spot, mode)
    }

    /// The settings of the machine that decide about links and files in sticky directories.
    pub fn protect(&mut self, protected: Protected) {
        self.protected = protected;
    }

    /// Runs `f` as the mounter: for views that are the lab's and no program's.
    pub(super) fn as_mounter<R>(&mut self, f: impl FnOnce(&mut Mount) -> R) -> R {
        let before = std::mem::replace(&mut self.judged, false);
        let result = f(self);
        self.judged = before;
        result
    }

    /// Do the permission bits allow it (fs/namei.c, `acl_permission_check`, `generic_permission`)?
    fn permits(&self, inode: &Inode, want: u16) -> bool {
        if !self.judged {
            return want & EXECUTE == 0 || inode.kind.is_dir() || inode.mode & 0o111 != 0;
        }
        let bits = if inode.uid == self.cred.uid {
            inode.mode >> 6
        } else if self.in_group(inode.gid) {
            inode.mode >> 3
        } else {
            inode.mode
        };
        want & !bits == 0
    }

    fn in_group(&self, gid: u32) -> bool {
        self.cred.gid == gid || self.cred.groups.contains(&gid)
    }

    /// fs/attr.c, `in_group_or_capable`.
    pub(super) fn in_group_or_root(&self, gid: u32) -> bool {
        !self.judged || self.in_group(gid)
    }

    /// fs/inode.c, `inode_owner_or_capable`.
    fn owns(&self, inode: &Inode) -> bool {
        !self.judged || inode.uid == self.cred.uid
    }

    /// fs/namei.c, `inode_permission`.
    pub(super) fn may(&mut self, spot: &Spot, want: u16) -> Result<(), Errno> {
        match self.real(&spot.node.entry) {
            Some(inode) if !self.permits(inode, want) => {
                Err(self.refuse(Errno::EACCES, spot, Rule::Bits(want)))
            }
            _ => Ok(()),
        }
    }

    fn may_in(&mut self, dir: DirId, want: u16) -> Result<(), Errno> {
        let allowed = self.real(&self.cache.dir(dir).entry).is_none_or(|inode| self.permits(inode, want));
        if allowed {
            return Ok(());
        }
        let spot = self.spot_of(dir);
        Err(self.refuse(Errno::EACCES, &spot, Rule::Bits(want)))
    }

    /// Before a name is looked for in a directory (fs/namei.c, `may_lookup`); also before `.` and `..`.
    #[inline]
    pub(super) fn may_search(&mut self, dir: DirId) -> Result<(), Errno> {
        if self.judged { self.may_in(dir, EXECUTE) } else { Ok(()) }
    }

    /// Before a name is made (fs/namei.c, `may_create`, `may_o_create`).
    #[inline]
    pub(super) fn may_create(&mut self, dir: DirId) -> Result<(), Errno> {
        if self.judged { self.may_in(dir, WRITE | EXECUTE) } else { Ok(()) }
    }

    /// Before a name is removed, renamed or replaced (fs/namei.c, `may_delete`, `__check_sticky`): in
    /// a sticky directory only the directory's owner and the object's may.
    pub(super) fn may_delete(&mut self, spot: &Spot) -> Result<(), Errno> {
        if !self.judged {
            return Ok(());
        }
        self.may_in(spot.dir, WRITE | EXECUTE)?;
        let sticky = |dir: &Inode| dir.mode & STICKY != 0 && !self.owns(dir);
        let foreign = self.real(&self.cache.dir(spot.dir).entry).is_some_and(sticky)
            && self.real(&spot.node.entry).is_some_and(|inode| !self.owns(inode));
        if foreign { Err(self.refuse(Errno::EPERM, spot, Rule::Sticky)) } else { Ok(()) }
    }

    /// Before a rename, after the judgement that both names exist as they should (fs/namei.c,
    /// `vfs_rename`). A directory that gets another parent must be writable, for its `..` changes.
    pub(super) fn may_rename(&mut self, from: &Spot, to: &Spot, exchange: bool) -> Result<(), Errno> {
        self.may_delete(from)?;
        match to.node.entry.exists() {
            true => self.may_delete(to)?,
            false => self.may_create(to.dir)?,
        }
        judge_types(from, to, exchange)?;
        if from.dir == to.dir {
            return Ok(());
        }
        for (spot, moves) in [(from, true), (to, exchange)] {
            if moves && spot.node.dir.is_some() {
                self.may(spot, WRITE)?;
            }
        }
        Ok(())
    }

    /// Before a second name for somebody else's file (fs/namei.c, `may_linkat`,
    /// `safe_hardlink_source`).
    pub(super) fn may_link(&mut self, from: &Spot) -> Result<(), Errno> {
        let Some(inode) = self.real(&from.node.entry) else { return Ok(()) };
        if !self.protected.hardlinks || self.owns(inode) {
            return Ok(());
        }
        let setgid = SETGID | GROUP_EXECUTE;
        let safe = matches!(inode.kind, Kind::File(_))
            && inode.mode & SETUID == 0
            && inode.mode & setgid != setgid
            && self.permits(inode, READ | WRITE);
        if safe { Ok(()) } else { Err(self.refuse(Errno::EPERM, from, Rule::Hardlink)) }
    }

    /// Before a symlink at the end of a path is followed (fs/namei.c, `may_follow_link`). Root is no
    /// exception.
    pub(super) fn may_follow(&mut self, spot: &Spot) -> Result<(), Errno> {
        let caller = self.cred.uid;
        if !self.protected.symlinks {
            return Ok(());
        }
        let danger = |dir: &Inode, link: &Inode| {
            let open = STICKY | 0o002;
            link.uid != caller && dir.mode & open == open && dir.uid != link.uid
        };
        let dir = self.real(&self.cache.dir(spot.dir).entry);
        match (dir, self.real(&spot.node.entry)) {
            (Some(dir), Some(link)) if danger(dir, link) => {
                Err(self.refuse(Errno::EACCES, spot, Rule::Symlink))
            }
            _ => Ok(()),
        }
    }

    /// Before an existing object is opened with `O_CREAT` (fs/namei.c, `may_create_in_sticky`). Root is
    /// no exception. Devices and symlinks have no setting of their own: they are always judged.
    pub(super) fn may_create_in_sticky(&mut self, spot: &Spot) -> Result<(), Errno> {
        let protected = self.protected;
        let caller = self.cred.uid;
        let danger = |dir: &Inode, inode: &Inode| {
            let level = match inode.kind {
                Kind::File(_) => protected.regular,
                Kind::Fifo => protected.fifos,
                _ => 1,
            };
            level > 0
                && dir.mode & STICKY != 0
                && inode.uid != dir.uid
                && inode.uid != caller
                && (dir.mode & 0o002 != 0 || (dir.mode & 0o020 != 0 && level > 1))
        };
        let dir = self.real(&self.cache.dir(spot.dir).entry);
        match (dir, self.real(&spot.node.entry)) {
            (Some(dir), Some(inode)) if danger(dir, inode) => {
                Err(self.refuse(Errno::EACCES, spot, Rule::CreateInSticky))
            }
            _ => Ok(()),
        }
    }

    /// mknod of a device needs `CAP_MKNOD`; 0:0, a whiteout, needs none (fs/namei.c, `vfs_mknod`).
    pub(super) fn may_make_device(&mut self, spot: &Spot, whiteout: bool) -> Result<(), Errno> {
        if self.judged && !whiteout { Err(self.refuse(Errno::EPERM, spot, Rule::Device)) } else { Ok(()) }
    }

    /// Before mode or times are set: the owner may (fs/attr.c, `setattr_prepare`).
    pub(super) fn may_change(&mut self, spot: &Spot) -> Result<(), Errno> {
        let mine = self.real(&spot.node.entry).is_none_or(|inode| self.owns(inode));
        if mine { Ok(()) } else { Err(self.refuse(Errno::EPERM, spot, Rule::Owner)) }
    }

    /// Before times are set to now: the owner may, and who may write (fs/attr.c, `may_setattr`).
    pub(super) fn may_touch(&mut self, spot: &Spot) -> Result<(), Errno> {
        let mine = self.real(&spot.node.entry).is_none_or(|inode| self.owns(inode));
        if mine { Ok(()) } else { self.may(spot, WRITE) }
    }

    /// The mode that chmod sets: without setgid if the file's group is not one of the caller's
    /// (fs/attr.c, `setattr_prepare`).
    pub(super) fn mode_to_set(&self, inode: &Inode, mode: u16) -> u16 {
        if self.in_group_or_root(inode.gid) { mode } else { mode & !SETGID }
    }

    /// Before chown (fs/attr.c, `chown_ok`, `chgrp_ok`): the owner may give the file to one of their
    /// groups, and to nobody else. Where setuid or setgid go with it, that is a change of mode.
    pub(super) fn may_chown(&mut self, spot: &Spot, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        if !self.judged {
            return Ok(());
        }
        let Some(inode) = self.real(&spot.node.entry) else { return Ok(()) };
        let mine = self.owns(inode);
        let user = uid.is_none_or(|uid| mine && uid == inode.uid);
        let group = gid.is_none_or(|gid| mine && (gid == inode.gid || self.in_group(gid)));
        let mode = mine || self.lost_by_chown(inode) == 0;
        match (user && group, mode) {
            (true, true) => Ok(()),
            (true, false) => Err(self.refuse(Errno::EPERM, spot, Rule::Owner)),
            (false, _) => Err(self.refuse(Errno::EPERM, spot, Rule::Give)),
        }
    }

    /// setuid and setgid as far as chown takes them away, even when no id changes and from root too
    /// (fs/open.c, `chown_common`). Directories keep both.
    pub(super) fn lost_by_chown(&self, inode: &Inode) -> u16 {
        if inode.kind.is_dir() { 0 } else { inode.mode & SETUID | self.lost_setgid(inode) }
    }

    /// setuid and setgid as far as a write or a truncation takes them away; from root never
    /// (fs/inode.c, `file_remove_privs`; fs/attr.c, `setattr_should_drop_suidgid`).
    pub(super) fn lost_by_write(&self, inode: &Inode) -> u16 {
        if self.judged { self.lost_by_chown(inode) } else { 0 }
    }

    /// Without an execute bit for the group, setgid once meant mandatory locking; members keep it
    /// (fs/attr.c, `setattr_should_drop_sgid`).
    fn lost_setgid(&self, inode: &Inode) -> u16 {
        let keeps = inode.mode & GROUP_EXECUTE == 0 && self.in_group_or_root(inode.gid);
        if keeps { 0 } else { inode.mode & SETGID }
    }

    /// Owner, group and setgid as a new inode gets them in this directory (fs/inode.c,
    /// `inode_init_owner`, `mode_strip_sgid`).
    pub(super) fn inherit(&self, dir: &Inode, inode: &mut Inode) {
        (inode.uid, inode.gid) = (self.cred.uid, self.cred.gid);
        if dir.mode & SETGID == 0 {
            return;
        }
        inode.gid = dir.gid;
        let executable = SETGID | GROUP_EXECUTE;
        if inode.kind.is_dir() {
            inode.mode |= SETGID;
        } else if inode.mode & executable == executable && !self.in_group_or_root(dir.gid) {
            inode.mode &= !SETGID;
        }
    }

    /// Before an extended attribute is read or written (fs/xattr.c, `xattr_permission`; for
    /// `security.` names security/commoncap.c, `cap_inode_setxattr`, `cap_inode_removexattr`).
    ///
    /// # Errors
    /// `user.` exists on files and directories only: `EPERM` to write, `ENODATA` to read. `trusted.` is
    /// root's: the same. In a sticky directory's own `user.` attributes its owner alone writes: `EPERM`.
    /// Else the permission bits: `EACCES`.
    pub(super) fn may_xattr(&mut self, spot: &Spot, name: &[u8], write: bool) -> Result<(), Errno> {
        let Some(inode) = self.real(&spot.node.entry) else { return Err(Errno::ENOENT) };
        let refused = if write { Errno::EPERM } else { Errno::ENODATA };
        let (is_file, is_dir) = (matches!(inode.kind, Kind::File(_)), inode.kind.is_dir());
        if name.starts_with(b"user.") {
            if !is_file && !is_dir {
                return Err(refused);
            }
            if write && is_dir && inode.mode & STICKY != 0 && !self.owns(inode) {
                return Err(self.refuse(Errno::EPERM, spot, Rule::Owner));
            }
        }
        if !self.judged {
            return Ok(());
        }
        if name.starts_with(b"trusted.") || (write && name.starts_with(b"security.")) {
            return Err(self.refuse(refused, spot, Rule::RootsAttribute));
        }
        if name.starts_with(b"security.") || name.starts_with(b"system.") {
            return Ok(());
        }
        self.may(spot, if write { WRITE } else { READ })
    }

    /// Notes why, for the event that tells of the failure.
    fn refuse(&mut self, errno: Errno, spot: &Spot, rule: Rule) -> Errno {
        self.refused = Some(Box::new(Refused { spot: spot.clone(), rule }));
        errno
    }
}
