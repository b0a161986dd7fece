//! open, and what is done with the descriptor before it is closed (fs/namei.c: `path_openat`,
//! `open_last_lookups`, `do_open`, `may_open`; fs/overlayfs/file.c, `ovl_open`). Every open is
//! non-blocking, so a fifo never waits.

use super::cache::Spot;
use super::driver::Need;
use super::explain::short;
use super::mount::Mount;
use super::permit::{READ, WRITE};
use super::types::Open;
use super::walk::{Last, Walk};
use crate::fs::path::shown;
use crate::fs::{Contents, Errno, Ino, Inode, Kind, Nodes, Piece};
use crate::trace::{Event, Trace};

/// The largest file (include/linux/fs.h, `MAX_LFS_FILESIZE`).
pub(super) const MAX_SIZE: u64 = i64::MAX as u64;

impl Mount {
    /// `O_CREAT|O_EXCL|O_WRONLY`, write, close.
    ///
    /// # Errors
    /// `EEXIST`, also for a dangling symlink; `EISDIR` for a path with a slash at its end.
    pub fn create(&mut self, path: &[u8], mode: u16, contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        let flags = Open { write: true, create: true, excl: true, mode, ..Open::default() };
        self.call("create", path, t, |m, t| m.open_file(path, flags, Some(&contents), false, t)).map(|_| ())
    }

    /// `O_WRONLY|O_TRUNC`, write, close: the file must exist.
    ///
    /// # Errors
    /// `ENOENT`, `EISDIR`, `ENXIO` for a fifo that nobody reads.
    pub fn write(&mut self, path: &[u8], contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        let flags = Open { write: true, trunc: true, ..Open::default() };
        self.call("write", path, t, |m, t| m.open_file(path, flags, Some(&contents), false, t)).map(|_| ())
    }

    /// `O_WRONLY|O_APPEND`, write, close: the file must exist.
    ///
    /// # Errors
    /// As [`Mount::write`].
    pub fn append(&mut self, path: &[u8], contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        let flags = Open { write: true, append: true, ..Open::default() };
        self.call("append", path, t, |m, t| m.open_file(path, flags, Some(&contents), false, t)).map(|_| ())
    }

    /// Opens with these flags; writes `data` if given (at 0, or the end with append); reads from there
    /// to the end if `read_back`; closes. What a shell's `>` and `>>` do in one call.
    ///
    /// # Errors
    /// Those of open(2), write(2) and read(2); what an earlier step did stays.
    pub fn open(
        &mut self,
        path: &[u8],
        flags: Open,
        data: Option<Contents>,
        read_back: bool,
        t: &mut Trace,
    ) -> Result<Contents, Errno> {
        self.call("open", path, t, |m, t| m.open_file(path, flags, data.as_ref(), read_back, t))
    }

    /// truncate(2): cuts, or pads with zero bytes.
    ///
    /// # Errors
    /// `EINVAL` for a negative size, before the path is looked at; `EISDIR`; `EINVAL` for what is no
    /// regular file (fs/open.c, `vfs_truncate`).
    pub fn truncate(&mut self, path: &[u8], size: i64, t: &mut Trace) -> Result<(), Errno> {
        self.call("truncate", path, t, |m, t| {
            let size = u64::try_from(size).map_err(|_| Errno::EINVAL)?;
            let spot = m.resolve(path, true, true, t)?;
            match m.real(&spot.node.entry).map(|inode| &inode.kind) {
                Some(Kind::File(_)) => {}
                Some(Kind::Dir(_)) => return Err(Errno::EISDIR),
                _ => return Err(Errno::EINVAL),
            }
            m.may(&spot, WRITE)?;
            let copied = m.bytes_to_copy(&spot.node.entry, Need::Contents);
            let ino = m.driver.copy_up(m, &spot, Need::Contents, t)?;
            m.lose_privileges(&spot, ino, t);
            let now = m.file_of(ino).resized(size);
            m.set_contents(ino, now);
            m.tell_write(&spot, ino, Wrote { copied, ..Wrote::default() }, t);
            Ok(())
        })
    }

    fn open_file(
        &mut self,
        path: &[u8],
        flags: Open,
        data: Option<&Contents>,
        read_back: bool,
        t: &mut Trace,
    ) -> Result<Contents, Errno> {
        if flags.create && flags.directory {
            return Err(Errno::EINVAL);
        }
        if let Some(data) = data {
            draw(data, t)?;
        }
        match self.find_or_create(path, flags, t)? {
            Opened::Existing { spot, must_be_dir } => {
                self.may_open(&spot, flags, must_be_dir)?;
                self.use_existing(&spot, flags, data, read_back, t)
            }
            Opened::Created { spot, ino } => {
                self.use_file(&spot, Ready { ino, copied: 0 }, flags, data, read_back, t)
            }
        }
    }

    /// Walks to the file, through symlinks at the end, and makes it where that was asked for.
    pub(super) fn find_or_create(
        &mut self,
        path: &[u8],
        flags: Open,
        t: &mut Trace,
    ) -> Result<Opened, Errno> {
        let mut walk = Walk::new(path)?;
        let mut must_be_dir = flags.directory;
        let mut slash = false;
        loop {
            let parent = walk.go_to_parent(self, t)?;
            let name = match parent.last {
                Last::Normal(name) => name,
                Last::DotDot => {
                    let spot = self.spot_of(self.cache.dir(parent.dir).parent);
                    return Ok(Opened::Existing { spot, must_be_dir });
                }
                Last::Dot | Last::Root => {
                    return Ok(Opened::Existing { spot: self.spot_of(parent.dir), must_be_dir });
                }
            };
            slash |= parent.slash;
            must_be_dir |= parent.slash;
            if flags.create && slash {
                return Err(Errno::EISDIR);
            }
            let spot = self.spot(parent.dir, &name);
            if spot.is_err() {
                self.tell_lookup(parent.dir, &name, true, t);
            }
            let spot = spot?;
            let stays = (flags.nofollow || (flags.create && flags.excl)) && !slash;
            if let (Some(target), false) = (self.symlink_target(&spot.node), stays) {
                walk.enter(&spot, &target, self)?;
                continue;
            }
            self.tell_lookup(parent.dir, &name, true, t);
            if spot.node.entry.exists() {
                return Ok(Opened::Existing { spot, must_be_dir });
            }
            if !flags.create {
                return Err(Errno::ENOENT);
            }
            let inode = Inode::file(Contents::EMPTY).with_mode(flags.mode & 0o7777);
            self.may_create(spot.dir)?;
            let ino = self.driver.create(self, &spot, inode, t)?;
            return Ok(Opened::Created { spot, ino });
        }
    }

    /// Judges what was found (fs/namei.c, `do_open`, `may_open`).
    pub(super) fn may_open(&mut self, spot: &Spot, flags: Open, must_be_dir: bool) -> Result<(), Errno> {
        let is_dir = spot.node.dir.is_some();
        if flags.create && flags.excl {
            return Err(Errno::EEXIST);
        }
        if flags.create && is_dir {
            return Err(Errno::EISDIR);
        }
        if flags.create {
            self.may_create_in_sticky(spot)?;
        }
        if must_be_dir && !is_dir {
            return Err(Errno::ENOTDIR);
        }
        let writes = flags.write || flags.trunc;
        let lonely = match self.real(&spot.node.entry).map(|inode| &inode.kind) {
            Some(Kind::Symlink(_)) => return Err(Errno::ELOOP),
            Some(Kind::Dir(_)) if writes => return Err(Errno::EISDIR),
            Some(Kind::Fifo) => flags.write && !flags.read,
            _ => false,
        };
        let reads = flags.read || !flags.write;
        self.may(spot, if reads { READ } else { 0 } | if writes { WRITE } else { 0 })?;
        if lonely { Err(Errno::ENXIO) } else { Ok(()) }
    }

    fn use_existing(
        &mut self,
        spot: &Spot,
        flags: Open,
        data: Option<&Contents>,
        read_back: bool,
        t: &mut Trace,
    ) -> Result<Contents, Errno> {
        let Some(inode) = self.real(&spot.node.entry) else { return Err(Errno::ENOENT) };
        if let Some(errno) = spot.node.entry.dataless {
            return Err(errno);
        }
        match &inode.kind {
            Kind::File(_) if flags.write || flags.trunc => {
                let need = if flags.trunc { Need::Emptied } else { Need::Contents };
                let copied = self.bytes_to_copy(&spot.node.entry, need);
                let ino = self.driver.copy_up(self, spot, need, t)?;
                if flags.trunc {
                    self.lose_privileges(spot, ino, t);
                    self.set_contents(ino, Contents::EMPTY);
                    if data.is_none_or(Contents::is_empty) || !flags.write {
                        self.tell_write(spot, ino, Wrote::default(), t);
                    }
                }
                self.use_file(spot, Ready { ino, copied }, flags, data, read_back, t)
            }
            kind => {
                let (is_file, is_dir) = (matches!(kind, Kind::File(_)), kind.is_dir());
                let fifo = matches!(kind, Kind::Fifo);
                if data.is_some() && !flags.write {
                    return Err(Errno::EBADF);
                }
                match read_back {
                    true if flags.write && !flags.read => Err(Errno::EBADF),
                    true if is_dir => Err(Errno::EISDIR),
                    true if fifo && flags.write => Err(Errno::EAGAIN),
                    true if is_file => Ok(self.contents_of(&spot.node.entry)),
                    _ => Ok(Contents::EMPTY),
                }
            }
        }
    }

    /// Writes to and reads from a regular file in the upper.
    fn use_file(
        &mut self,
        spot: &Spot,
        Ready { ino, copied }: Ready,
        flags: Open,
        data: Option<&Contents>,
        read_back: bool,
        t: &mut Trace,
    ) -> Result<Contents, Errno> {
        let mut position = 0;
        if let Some(data) = data {
            if !flags.write {
                return Err(Errno::EBADF);
            }
            if !data.is_empty() {
                self.lose_privileges(spot, ino, t);
                position = self.write_data(ino, flags.append, data)?;
                let at = position.saturating_sub(data.len());
                let wrote = Wrote { bytes: data.len(), append: flags.append, at, data: Some(data), copied };
                self.tell_write(spot, ino, wrote, t);
            }
        }
        match read_back {
            true if flags.write && !flags.read => Err(Errno::EBADF),
            true => {
                let now = self.file_of(ino);
                Ok(now.slice(position, now.len()))
            }
            false => Ok(Contents::EMPTY),
        }
    }

    /// Writes at the beginning or at the end; the position afterwards.
    fn write_data(&mut self, ino: Ino, append: bool, data: &Contents) -> Result<u64, Errno> {
        let begin = if append { self.upper.inode(ino).size() } else { 0 };
        let end = begin.checked_add(data.len()).filter(|end| *end <= MAX_SIZE).ok_or(Errno::EFBIG)?;
        if append {
            self.append_to(ino, data);
            return Ok(end);
        }
        let now = self.file_of(ino);
        let after = if now.len() <= end { data.clone() } else { now.overwritten(0, data) };
        self.set_contents(ino, after);
        Ok(end)
    }

    pub(super) fn append_to(&mut self, ino: Ino, data: &Contents) {
        let time = self.now;
        let inode = self.upper_mut().inode_mut(ino);
        inode.mtime = time;
        if let Kind::File(contents) = &mut inode.kind {
            contents.append(data);
        }
    }

    pub(super) fn file_of(&self, ino: Ino) -> Contents {
        match &self.upper.inode(ino).kind {
            Kind::File(contents) => contents.clone(),
            _ => Contents::EMPTY,
        }
    }

    pub(super) fn set_contents(&mut self, ino: Ino, contents: Contents) {
        let time = self.now;
        let inode = self.upper_mut().inode_mut(ino);
        inode.kind = Kind::File(contents);
        inode.mtime = time;
    }

    pub(super) fn tell_write(&self, spot: &Spot, ino: Ino, wrote: Wrote<'_>, t: &mut Trace) {
        t.emit(|| Event::Write {
            path: shown(self.path_of(spot)),
            bytes: wrote.bytes,
            size: self.upper.inode(ino).size(),
            append: wrote.append,
            copied: wrote.copied,
            at: wrote.at,
            into: self.branch_ref(ino),
            data: wrote.data.and_then(short),
            untouched: self.driver.covered(self, spot).map(|(layer, _)| self.layer_ref(layer)),
        });
    }
}

/// A file of the upper, and how many bytes were copied before it could be used.
struct Ready {
    ino: Ino,
    copied: u64,
}

/// What a write did, for its event.
#[derive(Default)]
pub(super) struct Wrote<'d> {
    pub bytes: u64,
    pub append: bool,
    pub at: u64,
    pub data: Option<&'d Contents>,
    /// Bytes copied up before.
    pub copied: u64,
}

pub(super) enum Opened {
    Existing { spot: Spot, must_be_dir: bool },
    Created { spot: Spot, ino: Ino },
}

/// New data draws on the fuel: its bytes, and a little for every piece, so that contents made of
/// contents can't double for ever.
pub(super) fn draw(data: &Contents, t: &mut Trace) -> Result<(), Errno> {
    let held = data.pieces().iter().fold(0u64, |sum, piece| match piece {
        Piece::Bytes(bytes) => sum.saturating_add(bytes.len() as u64),
        _ => sum.saturating_add(16),
    });
    if t.fuel.spend_bytes(held) && t.fuel.spend(data.pieces().len() as u64) {
        Ok(())
    } else {
        Err(Errno::EINTR)
    }
}
