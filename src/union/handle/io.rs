//! Reading and writing through a handle (fs/read_write.c; fs/overlayfs/file.c).

use super::super::mount::Mount;
use super::super::open::{Wrote, draw};
use super::{Handle, Named};
use crate::fs::path::show;
use crate::fs::{Contents, Errno, Kind, Name};
use crate::trace::{Event, HandleNews, Trace};

/// The largest file (include/linux/fs.h, `MAX_LFS_FILESIZE`).
const MAX_SIZE: u64 = i64::MAX as u64;

/// What a new position is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// The beginning: `SEEK_SET`.
    Set,
    /// Where the handle is: `SEEK_CUR`.
    Current,
    /// The end of the file: `SEEK_END`.
    End,
}

impl Mount {
    /// read(2): up to `size` bytes from the position on, all that is left without a size. A handle
    /// opened before a copy-up reads the upper's file after it (fs/overlayfs/file.c,
    /// `ovl_real_file`; Linux 4.19 and later).
    ///
    /// # Errors
    /// `EBADF` also when not opened for reading; `EISDIR`.
    pub fn fread(&mut self, fd: u32, size: Option<u64>, t: &mut Trace) -> Result<Contents, Errno> {
        self.through("read", fd, t, |m, t| {
            let position = m.handles.file(fd)?.position;
            let read = m.read_at(fd, position, size, t)?;
            m.handles.file_mut(fd)?.position = position.saturating_add(read.len());
            m.changed();
            Ok(read)
        })
    }

    /// pread(2): the position stays.
    ///
    /// # Errors
    /// `EINVAL` for a negative offset; as [`Mount::fread`].
    pub fn pread(&mut self, fd: u32, offset: i64, size: u64, t: &mut Trace) -> Result<Contents, Errno> {
        self.through("pread", fd, t, |m, t| {
            let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
            m.read_at(fd, offset, Some(size), t)
        })
    }

    fn read_at(&mut self, fd: u32, from: u64, size: Option<u64>, t: &mut Trace) -> Result<Contents, Errno> {
        let handle = self.handles.file(fd)?;
        if !handle.flags.read {
            return Err(Errno::EBADF);
        }
        if handle.is_dir {
            return Err(Errno::EISDIR);
        }
        let all = self.contents_of(&handle.entry);
        if !t.fuel.spend(all.pieces().len() as u64) {
            return Err(Errno::EINTR);
        }
        let read = all.slice(from, size.map_or(all.len(), |size| from.saturating_add(size)));
        let part = self.data_part(&handle.entry);
        t.emit(|| Event::Handle {
            fd,
            path: show(&handle.path).into_owned(),
            news: HandleNews::Read {
                bytes: read.len(),
                from: self.layer_ref(part.map_or(0, |(layer, _)| layer)),
                nameless: self.is_nameless(handle),
            },
        });
        Ok(read)
    }

    /// write(2): at the position, or at the end with `O_APPEND`; the bytes written.
    ///
    /// # Errors
    /// `EBADF` also when not opened for writing; `EINVAL` past the largest position, `EFBIG` past the
    /// largest file.
    pub fn fwrite(&mut self, fd: u32, data: &Contents, t: &mut Trace) -> Result<u64, Errno> {
        self.through("write", fd, t, |m, t| {
            let position = m.handles.file(fd)?.position;
            let (end, written) = m.write_at(fd, position, data, t)?;
            m.handles.file_mut(fd)?.position = end;
            Ok(written)
        })
    }

    /// pwrite(2): the position stays. With `O_APPEND` the offset is ignored, as Linux does it.
    ///
    /// # Errors
    /// `EINVAL` for a negative offset; as [`Mount::fwrite`].
    pub fn pwrite(&mut self, fd: u32, offset: i64, data: &Contents, t: &mut Trace) -> Result<u64, Errno> {
        self.through("pwrite", fd, t, |m, t| {
            let offset = u64::try_from(offset).map_err(|_| Errno::EINVAL)?;
            m.write_at(fd, offset, data, t).map(|(_, written)| written)
        })
    }

    /// The position after the last byte, and the number of bytes (fs/read_write.c:
    /// `rw_verify_area`, `generic_write_checks`).
    fn write_at(&mut self, fd: u32, at: u64, data: &Contents, t: &mut Trace) -> Result<(u64, u64), Errno> {
        let handle = self.handles.file(fd)?;
        if !handle.flags.write {
            return Err(Errno::EBADF);
        }
        let end = at.checked_add(data.len()).filter(|end| *end <= MAX_SIZE).ok_or(Errno::EINVAL)?;
        if data.is_empty() {
            return Ok((at, 0));
        }
        let Some(ino) = handle.entry.upper.filter(|_| self.is_file(handle)) else {
            return Ok((end, data.len()));
        };
        draw(data, t)?;
        let append = handle.flags.append;
        let now = self.file_of(ino);
        let begin = if append { now.len() } else { at };
        let room = MAX_SIZE.saturating_sub(begin);
        if room == 0 {
            return Err(Errno::EFBIG);
        }
        if !t.fuel.spend(now.pieces().len() as u64 / 8) {
            return Err(Errno::EINTR);
        }
        let data = data.slice(0, room);
        drop(now);
        let spot = self.held(fd, t)?;
        self.lose_privileges(&spot, ino, t);
        let now = self.file_of(ino);
        if begin == now.len() {
            drop(now);
            self.append_to(ino, &data);
        } else {
            self.set_contents(ino, now.overwritten(begin, &data));
        }
        let wrote = Wrote { bytes: data.len(), append, at: begin, data: Some(&data), copied: 0 };
        self.tell_written(fd, wrote, t);
        Ok((begin.saturating_add(data.len()), data.len()))
    }

    fn is_file(&self, handle: &Handle) -> bool {
        matches!(self.real(&handle.entry).map(|inode| &inode.kind), Some(Kind::File(_)))
    }

    /// A write to a file with a name is told as any other; without one it changes nothing that a
    /// path leads to.
    fn tell_written(&mut self, fd: u32, wrote: Wrote<'_>, t: &mut Trace) {
        if !t.listening() {
            return;
        }
        let Ok(handle) = self.handles.file(fd).cloned() else { return };
        let Some(ino) = handle.entry.upper else { return };
        if let Some(spot) = self.told_as(&handle, t) {
            return self.tell_write(&spot, ino, wrote, t);
        }
        let (bytes, size) = (wrote.bytes, self.file_of(ino).len());
        t.emit(|| Event::Handle {
            fd,
            path: show(&handle.path).into_owned(),
            news: HandleNews::Wrote { bytes, size },
        });
    }

    /// lseek(2): the new position. Of a directory only the beginning can be asked for.
    ///
    /// # Errors
    /// `EBADF`; `EINVAL` for a position before the beginning or past the largest file.
    pub fn lseek(&mut self, fd: u32, offset: i64, whence: Whence, t: &mut Trace) -> Result<u64, Errno> {
        self.through("lseek", fd, t, |m, _| {
            let handle = m.handles.file(fd)?;
            let position = match (handle.is_dir, whence, offset) {
                (true, Whence::Set, 0) => 0,
                (true, ..) => return Err(Errno::EINVAL),
                (false, ..) if !m.is_file(handle) => 0,
                (false, ..) => m.position(handle, offset, whence)?,
            };
            m.handles.file_mut(fd)?.position = position;
            m.changed();
            Ok(position)
        })
    }

    fn position(&self, handle: &Handle, offset: i64, whence: Whence) -> Result<u64, Errno> {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => handle.position,
            Whence::End => self.contents_of(&handle.entry).len(),
        };
        let position = i64::try_from(base).ok().and_then(|base| base.checked_add(offset));
        position.and_then(|position| u64::try_from(position).ok()).ok_or(Errno::EINVAL)
    }

    /// ftruncate(2).
    ///
    /// # Errors
    /// `EINVAL` for a negative size, before the number is looked at; `EBADF`; `EINVAL` when not opened
    /// for writing or no regular file (fs/open.c, `do_ftruncate`).
    pub fn ftruncate(&mut self, fd: u32, size: i64, t: &mut Trace) -> Result<(), Errno> {
        self.through("ftruncate", fd, t, |m, t| {
            let size = u64::try_from(size).map_err(|_| Errno::EINVAL)?;
            let handle = m.handles.file(fd)?;
            let ino = handle.entry.upper.filter(|_| handle.flags.write && m.is_file(handle));
            let ino = ino.ok_or(Errno::EINVAL)?;
            let spot = m.held(fd, t)?;
            m.lose_privileges(&spot, ino, t);
            let resized = m.file_of(ino).resized(size);
            m.set_contents(ino, resized);
            m.tell_written(fd, Wrote::default(), t);
            Ok(())
        })
    }

    /// getdents(2): the names from the position to the end, in byte order. A stream that came to its
    /// end has nothing more, even if names were added, until it is rewound; then the list is made
    /// afresh (fs/overlayfs/readdir.c: `ovl_iterate`, `ovl_dir_reset`).
    ///
    /// # Errors
    /// `EBADF`, `ENOTDIR`; `ENOENT` once the directory was removed (fs/readdir.c, `iterate_dir`).
    pub fn getdents(&mut self, fd: u32, t: &mut Trace) -> Result<Vec<Name>, Errno> {
        self.through("getdents", fd, t, |m, t| {
            let handle = m.handles.file(fd)?;
            if !handle.is_dir {
                return Err(Errno::ENOTDIR);
            }
            if handle.named != Named::Yes {
                return Err(Errno::ENOENT);
            }
            if handle.position > 0 {
                return Ok(Vec::new());
            }
            let spot = m.held(fd, t)?;
            let names = m.driver.names(m, &spot.node.entry)?;
            if !t.fuel.spend(names.len() as u64) {
                return Err(Errno::EINTR);
            }
            m.handles.file_mut(fd)?.position = 1;
            m.changed();
            Ok(names.to_vec())
        })
    }

    /// fsync(2). Everything is in memory: nothing to be done, and on a `volatile` mount the kernel
    /// does nothing either (fs/overlayfs/super.c, `ovl_sync_status`).
    ///
    /// # Errors
    /// `EBADF`; `EINVAL` for a device.
    pub fn fsync(&mut self, fd: u32, t: &mut Trace) -> Result<(), Errno> {
        self.through("fsync", fd, t, |m, t| {
            let handle = m.handles.file(fd)?;
            if !handle.is_dir && !m.is_file(handle) {
                return Err(Errno::EINVAL);
            }
            let in_upper = handle.entry.upper.is_some();
            let skipped = m.options.volatile;
            t.emit(|| Event::Handle {
                fd,
                path: show(&handle.path).into_owned(),
                news: HandleNews::Synced { skipped, in_upper },
            });
            Ok(())
        })
    }
}
