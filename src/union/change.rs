//! Changing names: mkdir, mknod, symlink, unlink, rmdir, rename, link. Here are the checks the
//! kernel makes before it asks the filesystem, in its order (fs/namei.c).

use super::cache::{DirId, ROOT, Spot};
use super::mount::Mount;
use super::types::Rename;
use super::walk::{Last, Parent, Walk, judge};
use super::why::Call;
use crate::fs::{Errno, Inode, Kind};
use crate::trace::Trace;

impl Mount {
    /// mkdir(2). Of `mode` the permission bits and the sticky bit count.
    ///
    /// # Errors
    /// `EEXIST`, and what every path can give.
    pub fn mkdir(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.call("mkdir", path, t, |m, t| {
            let spot = m.vacant(path, true, t)?;
            m.may_create(spot.dir)?;
            m.driver.create(m, &spot, Inode::dir(mode & 0o1777), t).map(|_| ())
        })
    }

    /// mknod(2) of a named pipe.
    ///
    /// # Errors
    /// As [`Mount::symlink`].
    pub fn mkfifo(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        self.call("mkfifo", path, t, |m, t| {
            let spot = m.vacant(path, false, t)?;
            m.may_create(spot.dir)?;
            m.driver.create(m, &spot, Inode::new(Kind::Fifo, mode & 0o7777), t).map(|_| ())
        })
    }

    /// mknod(2) of a character device.
    ///
    /// # Errors
    /// As [`Mount::symlink`]; `EPERM` for 0:0 in a union, since that would be a whiteout
    /// (fs/overlayfs/dir.c, `ovl_mknod`).
    pub fn mkchar(
        &mut self,
        path: &[u8],
        mode: u16,
        major: u32,
        minor: u32,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        self.call("mkchar", path, t, |m, t| {
            let spot = m.vacant(path, false, t)?;
            m.may_create(spot.dir)?;
            m.may_make_device(&spot, (major, minor) == (0, 0))?;
            let kind = match (major, minor) {
                (0, 0) if !m.native => return Err(Errno::EPERM),
                (0, 0) => Kind::Whiteout,
                _ => Kind::CharDev(major, minor),
            };
            m.driver.create(m, &spot, Inode::new(kind, mode & 0o7777), t).map(|_| ())
        })
    }

    /// symlink(2).
    ///
    /// # Errors
    /// `EEXIST` (a dangling symlink exists too), `ENOENT` for an empty target or a path with a slash
    /// at its end, and what every path can give.
    pub fn symlink(&mut self, target: &[u8], path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("symlink", path, t, |m, t| {
            judge(target)?;
            let spot = m.vacant(path, false, t)?;
            m.may_create(spot.dir)?;
            m.driver.create(m, &spot, Inode::symlink(target), t).map(|_| ())
        })
    }

    /// link(2): a second name. A symlink at `src` is linked, not followed.
    ///
    /// # Errors
    /// `EEXIST` before `EPERM` for a directory (fs/namei.c, `do_linkat`, `vfs_link`).
    pub fn link(&mut self, src: &[u8], dst: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.calls(Call { other: Some(src), ..Call::of("link", dst) }, t, |m, t| {
            let from = m.resolve(src, false, true, t)?;
            let to = t.quietly(|t| m.vacant(dst, false, t))?;
            m.may_link(&from)?;
            m.may_create(to.dir)?;
            if from.node.dir.is_some() {
                return Err(Errno::EPERM);
            }
            m.driver.link(m, &from, &to, t)
        })
    }

    /// unlink(2).
    ///
    /// # Errors
    /// `EISDIR` for a directory; a symlink is removed itself (fs/namei.c, `do_unlinkat`).
    pub fn unlink(&mut self, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("unlink", path, t, |m, t| {
            let parent = m.parent_of(path, t)?;
            let spot = match &parent.last {
                Last::Normal(name) => m.told(parent.dir, name, t)?,
                _ => return Err(Errno::EISDIR),
            };
            if !spot.node.entry.exists() {
                return Err(Errno::ENOENT);
            }
            match (spot.node.dir, parent.slash) {
                (Some(_), true) => return Err(Errno::EISDIR),
                (None, true) => return Err(Errno::ENOTDIR),
                _ => m.may_delete(&spot)?,
            }
            if spot.node.dir.is_some() { Err(Errno::EISDIR) } else { m.take_away(&spot, t) }
        })
    }

    /// rmdir(2).
    ///
    /// # Errors
    /// `ENOTEMPTY`, `ENOTDIR`; `EINVAL` for `.`, `EBUSY` for the root (fs/namei.c, `do_rmdir`).
    pub fn rmdir(&mut self, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        self.call("rmdir", path, t, |m, t| {
            let parent = m.parent_of(path, t)?;
            let spot = match &parent.last {
                Last::Normal(name) => m.told(parent.dir, name, t)?,
                Last::Dot => return Err(Errno::EINVAL),
                Last::DotDot => return Err(Errno::ENOTEMPTY),
                Last::Root => return Err(Errno::EBUSY),
            };
            if !spot.node.entry.exists() {
                return Err(Errno::ENOENT);
            }
            m.may_delete(&spot)?;
            if spot.node.dir.is_some() { m.take_away(&spot, t) } else { Err(Errno::ENOTDIR) }
        })
    }

    /// rename(2) and renameat2(2).
    ///
    /// # Errors
    /// In the kernel's order, see fs/namei.c, `do_renameat2` and `vfs_rename`. `EXDEV` for a
    /// directory with lower parts where redirects are not made.
    pub fn rename(&mut self, src: &[u8], dst: &[u8], how: Rename, t: &mut Trace) -> Result<(), Errno> {
        self.calls(Call { other: Some(dst), how, ..Call::of("rename", src) }, t, |m, t| {
            let from_parent = m.parent_of(src, t)?;
            let to_parent = m.parent_of(dst, t)?;
            let Last::Normal(name) = &from_parent.last else { return Err(Errno::EBUSY) };
            let Last::Normal(new_name) = &to_parent.last else {
                return Err(if how == Rename::NoReplace { Errno::EEXIST } else { Errno::EBUSY });
            };
            let from = m.told(from_parent.dir, name, t)?;
            if !from.node.entry.exists() {
                return Err(Errno::ENOENT);
            }
            let to = m.spot(to_parent.dir, new_name)?;
            m.judge_rename(&from_parent, &from, &to_parent, &to, how)?;
            if m.driver.same(m, &from, &to) {
                return Ok(());
            }
            m.may_rename(&from, &to, how == Rename::Exchange)?;
            if m.handles.is_empty() {
                return m.driver.rename(m, &from, &to, how, t);
            }
            let (old, new) = (m.path_in(from.dir, &from.name), m.path_in(to.dir, &to.name));
            m.handles_hold(&to);
            m.driver.rename(m, &from, &to, how, t)?;
            if how != Rename::Exchange {
                m.handles_gone(&new, t);
            }
            m.handles_moved(&old, &new, how == Rename::Exchange);
            Ok(())
        })
    }

    /// Removes a name; what is open keeps its object.
    fn take_away(&mut self, spot: &Spot, t: &mut Trace) -> Result<(), Errno> {
        self.handles_hold(spot);
        self.driver.remove(self, spot, t)?;
        if !self.handles.is_empty() {
            let path = self.path_in(spot.dir, &spot.name);
            self.handles_gone(&path, t);
        }
        Ok(())
    }

    /// What is judged before the question whether both are the same object.
    fn judge_rename(
        &self,
        from_parent: &Parent,
        from: &Spot,
        to_parent: &Parent,
        to: &Spot,
        how: Rename,
    ) -> Result<(), Errno> {
        let exists = to.node.entry.exists();
        match how {
            Rename::Exchange if !exists => return Err(Errno::ENOENT),
            Rename::NoReplace if exists => return Err(Errno::EEXIST),
            Rename::Exchange if to_parent.slash && to.node.dir.is_none() => return Err(Errno::ENOTDIR),
            _ => {}
        }
        let slash = from_parent.slash || (to_parent.slash && how != Rename::Exchange);
        if from.node.dir.is_none() && slash {
            return Err(Errno::ENOTDIR);
        }
        if from.dir == to.dir {
            return Ok(());
        }
        if self.holds(from, to.dir) {
            return Err(Errno::EINVAL);
        }
        if self.holds(to, from.dir) {
            return Err(if how == Rename::Exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
        }
        Ok(())
    }

    fn holds(&self, above: &Spot, below: DirId) -> bool {
        above.node.dir.is_some_and(|id| id != ROOT && self.cache.holds(id, below))
    }

    /// The place of a name that is to be made (fs/namei.c, `filename_create`). Only a directory may
    /// be written with a slash at its end.
    fn vacant(&mut self, path: &[u8], is_dir: bool, t: &mut Trace) -> Result<Spot, Errno> {
        let parent = Walk::new(path)?.go_to_parent(self, t)?;
        let Last::Normal(name) = &parent.last else { return Err(Errno::EEXIST) };
        let spot = self.told(parent.dir, name, t)?;
        if spot.node.entry.exists() {
            return Err(Errno::EEXIST);
        }
        if parent.slash && !is_dir { Err(Errno::ENOENT) } else { Ok(spot) }
    }
}

/// Does what is replaced suit what replaces it (fs/namei.c, `may_delete`)?
pub(super) fn judge_types(from: &Spot, to: &Spot, exchange: bool) -> Result<(), Errno> {
    if exchange || !to.node.entry.exists() {
        return Ok(());
    }
    match (from.node.dir, to.node.dir) {
        (Some(_), None) => Err(Errno::ENOTDIR),
        (None, Some(_)) => Err(Errno::EISDIR),
        _ => Ok(()),
    }
}
