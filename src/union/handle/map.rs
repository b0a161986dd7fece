//! mmap(2) as a view: shared, for reading, of the whole file.

use super::super::cache::Part;
use super::super::explain::failed;
use super::super::generation::serial;
use super::super::mount::Mount;
use super::{MAX_OPEN, Named, lowest_free};
use crate::fs::path::show;
use crate::fs::{Contents, Errno, Ino, Kind};
use crate::trace::{Event, MapNews, Trace};
use std::sync::Arc;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// A mapped file.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// No other map of this program's life has it.
    pub serial: u64,
    /// The file it shows: the one that was opened, not what a copy-up made of it.
    pub part: Part,
    /// Bytes that were mapped.
    pub len: u64,
    /// The inode that the object has in the upper now.
    pub upper: Option<Ino>,
    /// The object's name, and what became of it.
    pub path: Arc<[u8]>,
    pub named: Named,
    /// The file was copied up: what programs write now doesn't show here.
    pub behind: bool,
}

impl Mount {
    /// mmap(2) with `MAP_SHARED` and `PROT_READ`, as long as fstat says the file is; the map's number,
    /// the lowest free one from 1. It shows the file that was found at open: after a copy-up the
    /// handle follows, a map does not, not even one made later (fs/overlayfs/file.c, `ovl_mmap`;
    /// Documentation/filesystems/overlayfs.rst, "Non-standard behavior").
    ///
    /// # Errors
    /// `EBADF`; `EINVAL` for an empty file; `EACCES` when not opened for reading; `ENODEV` for a
    /// directory; `ENOMEM` with 1,024 maps.
    pub fn mmap(&mut self, fd: u32, t: &mut Trace) -> Result<u32, Errno> {
        self.through("mmap", fd, t, |m, t| {
            let handle = m.handles.file(fd)?;
            let inode = m.real(&handle.entry).ok_or(Errno::EBADF)?;
            let len = inode.size();
            if len == 0 && !handle.is_dir {
                return Err(Errno::EINVAL);
            }
            if !handle.flags.read {
                return Err(Errno::EACCES);
            }
            let Some(part) = handle.first.filter(|_| matches!(inode.kind, Kind::File(_))) else {
                return Err(Errno::ENODEV);
            };
            if m.handles.table().is_some_and(|table| table.maps.len() >= MAX_OPEN) {
                return Err(Errno::ENOMEM);
            }
            let behind = m.data_part(&handle.entry) != Some(part);
            let (path, named, upper) = (handle.path.clone(), handle.named, handle.entry.upper);
            let map = Map { serial: serial(), part, len, upper, path, named, behind };
            let path = map.path.clone();
            m.pin((part.0 == 0).then_some(part.1));
            m.changed();
            let table = m.handles.table_mut();
            let number = lowest_free(&table.maps, 1);
            table.maps.insert(number, map);
            t.emit(|| Event::Map {
                map: number,
                path: show(&path).into_owned(),
                news: MapNews::Made { fd, bytes: len, from: m.layer_ref(part.0), behind },
            });
            Ok(number)
        })
    }

    /// Reads all that was mapped. Past the end of the file the rest of its last page is zero bytes.
    ///
    /// # Errors
    /// `EBADF` for a number that nobody has; `EFAULT` when a whole page has no file behind it any
    /// more: the program that touches it is killed by SIGBUS.
    pub fn mread(&mut self, map: u32, t: &mut Trace) -> Result<Contents, Errno> {
        self.begin(t)?;
        let held = self.handles.table().and_then(|table| table.maps.get(&map)).ok_or(Errno::EBADF)?;
        let contents = match &self.inode(held.part).kind {
            Kind::File(contents) => contents.clone(),
            _ => Contents::EMPTY,
        };
        let pages = contents.len().div_ceil(PAGE).saturating_mul(PAGE);
        if held.len > pages {
            let path = held.path.clone();
            t.emit(|| {
                let why = format!(
                    "the file was cut, and map {map} has nothing behind it: SIGBUS kills who touches it"
                );
                failed("read", &path, Errno::EFAULT, why)
            });
            return Err(Errno::EFAULT);
        }
        t.emit(|| Event::Map {
            map,
            path: show(&held.path).into_owned(),
            news: MapNews::Read { bytes: held.len, from: self.layer_ref(held.part.0), behind: held.behind },
        });
        Ok(contents.resized(held.len))
    }

    /// munmap(2).
    ///
    /// # Errors
    /// `EBADF` for a number that nobody has.
    pub fn munmap(&mut self, map: u32, t: &mut Trace) -> Result<(), Errno> {
        self.begin(t)?;
        if self.handles.table().is_none_or(|table| !table.maps.contains_key(&map)) {
            return Err(Errno::EBADF);
        }
        let Some(held) = self.handles.table_mut().maps.remove(&map) else { return Err(Errno::EBADF) };
        self.handles.settle();
        let freed = self.unpin((held.part.0 == 0).then_some(held.part.1));
        self.changed();
        t.emit(|| Event::Map { map, path: show(&held.path).into_owned(), news: MapNews::Unmapped { freed } });
        Ok(())
    }
}
