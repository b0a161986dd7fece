//! Files kept open: what a process holds between two calls (fs/overlayfs/file.c).
//!
//! A handle belongs to an object, not to a name. It follows the object through renames and
//! copy-up, and keeps it when its last name goes: the inode stays in the upper without a name until
//! the last handle and map are closed. Numbers are those of a process that has nothing else open:
//! the lowest free one from 3.
//!
//! `io` reads and writes, `attr` asks and sets attributes, `map` is mmap(2), and `track` follows
//! what happens to the object meanwhile.

mod attr;
mod io;
mod map;
mod track;

pub use io::Whence;

use super::cache::{Entry, Part, Spot};
use super::driver::Need;
use super::explain::failed;
use super::generation::serial;
use super::mount::Mount;
use super::open::{Opened, Wrote};
use super::types::Open;
use super::walk::judge;
use super::why::{Call, rule};
use crate::fs::path::{names, parent, show};
use crate::fs::{Contents, Errno, Kind};
use crate::trace::{Event, HandleNews, Trace};
use map::Map;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files that one mount keeps open, and maps of files (the usual soft limit of a process,
/// include/uapi/linux/fs.h, `INR_OPEN_CUR`).
const MAX_OPEN: usize = 1024;

/// The first number: 0, 1 and 2 are taken in every process.
const FIRST_FD: u32 = 3;

/// Everything that is open. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub(super) struct Handles(Option<Arc<Table>>);

#[derive(Clone, Debug, Default)]
struct Table {
    files: BTreeMap<u32, Handle>,
    maps: BTreeMap<u32, Map>,
}

/// What became of the name a handle was opened by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// It still leads to the object.
    Yes,
    /// It was removed, or another object took its place.
    Gone,
    /// Gone, and its directory too.
    Orphan,
}

/// An open file.
#[derive(Clone, Debug)]
struct Handle {
    /// No other handle of this program's life has it.
    serial: u64,
    flags: Open,
    /// Of a directory: 0 at the beginning, 1 at the end.
    position: u64,
    /// What the object is made of.
    entry: Entry,
    is_dir: bool,
    /// Where its data were when it was opened: a map shows that file, whatever happens to this one
    /// (fs/overlayfs/file.c, `ovl_mmap`).
    first: Option<Part>,
    /// Its name in the merged view, the last one while it had any.
    path: Arc<[u8]>,
    named: Named,
}

impl Handles {
    /// Is nothing open?
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn table(&self) -> Option<&Table> {
        self.0.as_deref()
    }

    fn table_mut(&mut self) -> &mut Table {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    fn file(&self, fd: u32) -> Result<&Handle, Errno> {
        self.table().and_then(|table| table.files.get(&fd)).ok_or(Errno::EBADF)
    }

    fn file_mut(&mut self, fd: u32) -> Result<&mut Handle, Errno> {
        self.file(fd)?;
        self.table_mut().files.get_mut(&fd).ok_or(Errno::EBADF)
    }

    /// Drops the table when nothing is left in it.
    fn settle(&mut self) {
        if self.table().is_some_and(|table| table.files.is_empty() && table.maps.is_empty()) {
            self.0 = None;
        }
    }
}

fn lowest_free<T>(taken: &BTreeMap<u32, T>, first: u32) -> u32 {
    taken
        .keys()
        .zip(first..)
        .find(|(taken, free)| *taken != free)
        .map_or_else(|| first.saturating_add(taken.len() as u32), |(_, free)| free)
}

impl Mount {
    /// open(2), and the file stays open; its number. Opening for writing copies up.
    ///
    /// # Errors
    /// `EMFILE` with 1,024 files open; those of [`Mount::open`]. `EOPNOTSUPP` for a named pipe: what
    /// waits in a pipe is not modelled.
    pub fn open_handle(&mut self, path: &[u8], flags: Open, t: &mut Trace) -> Result<u32, Errno> {
        self.call("open", path, t, |m, t| m.open_path(path, flags, t))
    }

    /// openat(2): a relative path begins at an open directory, wherever that is now.
    ///
    /// # Errors
    /// `EBADF`, `ENOTDIR`; `ENOENT` for every name in a directory that was removed; those of
    /// [`Mount::open_handle`].
    pub fn open_handle_at(&mut self, at: u32, path: &[u8], flags: Open, t: &mut Trace) -> Result<u32, Errno> {
        let begins_here = !path.is_empty() && !path.starts_with(b"/");
        let dir = self.handles.file(at).ok().filter(|dir| begins_here && dir.is_dir).cloned();
        if let Some(dir) = dir.filter(|dir| dir.named != Named::Yes) {
            self.begin(t)?;
            let judged = self.judge_open(flags).and_then(|()| judge(path));
            let opened = judged.and_then(|()| self.open_in_removed(dir, path, flags, t));
            return opened.inspect_err(|errno| {
                let why = "the directory was removed: nothing can be found or made in it";
                t.emit(|| failed("open", path, *errno, why.to_owned()));
            });
        }
        self.call("open", path, t, |m, t| {
            if !begins_here {
                return m.open_path(path, flags, t);
            }
            m.judge_open(flags)?;
            let dir = m.handles.file(at)?;
            if !dir.is_dir {
                return Err(Errno::ENOTDIR);
            }
            let path = [&dir.path[..], b"/", path].concat();
            m.open_path(&path, flags, t)
        })
    }

    /// In a removed directory only `.` and `..` are left (fs/namei.c, `IS_DEADDIR`).
    fn open_in_removed(
        &mut self,
        dir: Handle,
        path: &[u8],
        flags: Open,
        t: &mut Trace,
    ) -> Result<u32, Errno> {
        let mut rest = names(path).skip_while(|name| *name == b".");
        match rest.next() {
            None if flags.create => Err(if flags.excl { Errno::EEXIST } else { Errno::EISDIR }),
            None if flags.write || flags.trunc => Err(Errno::EISDIR),
            None => Ok(self.keep(Handle { serial: serial(), position: 0, flags, ..dir }, t)),
            Some(b"..") if dir.named == Named::Gone => {
                let mut path = parent(&dir.path).to_vec();
                path.push(b'/');
                rest.for_each(|name| path.extend_from_slice(&[name, b"/"].concat()));
                self.open_path(&path, flags, t)
            }
            // fs/namei.c, `open_last_lookups`: no file is made as `x/`.
            Some(_) if flags.create && path.ends_with(b"/") && rest.next().is_none() => Err(Errno::EISDIR),
            Some(_) => Err(Errno::ENOENT),
        }
    }

    /// What is judged before the path is looked at (fs/open.c, `build_open_flags`, `do_sys_openat2`).
    fn judge_open(&self, flags: Open) -> Result<(), Errno> {
        if flags.create && flags.directory {
            return Err(Errno::EINVAL);
        }
        match self.handles.table() {
            Some(table) if table.files.len() >= MAX_OPEN => Err(Errno::EMFILE),
            _ => Ok(()),
        }
    }

    fn open_path(&mut self, path: &[u8], flags: Open, t: &mut Trace) -> Result<u32, Errno> {
        self.judge_open(flags)?;
        let spot = match self.find_or_create(path, flags, t)? {
            Opened::Existing { spot, must_be_dir } => {
                self.may_open(&spot, flags, must_be_dir)?;
                self.ready(&spot, flags, t)?;
                self.again(&spot)?
            }
            Opened::Created { spot, .. } => self.again(&spot)?,
        };
        let entry = spot.node.entry.clone();
        let handle = Handle {
            serial: serial(),
            flags,
            position: 0,
            is_dir: spot.node.dir.is_some(),
            first: self.data_part(&entry),
            entry,
            path: self.path_of(&spot).into(),
            named: Named::Yes,
        };
        Ok(self.keep(handle, t))
    }

    /// Copies up what is opened for writing, empties what is opened with `O_TRUNC`
    /// (fs/overlayfs/copy_up.c, `ovl_open_need_copy_up`).
    fn ready(&mut self, spot: &Spot, flags: Open, t: &mut Trace) -> Result<(), Errno> {
        if let Some(errno) = spot.node.entry.dataless {
            return Err(errno);
        }
        match self.real(&spot.node.entry).map(|inode| &inode.kind) {
            Some(Kind::Fifo) => Err(Errno::EOPNOTSUPP),
            Some(Kind::File(_)) if flags.write || flags.trunc => {
                let need = if flags.trunc { Need::Emptied } else { Need::Contents };
                let ino = self.driver.copy_up(self, spot, need, t)?;
                if flags.trunc {
                    self.lose_privileges(spot, ino, t);
                    self.set_contents(ino, Contents::EMPTY);
                    self.tell_write(spot, ino, Wrote::default(), t);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Gives a handle a number and pins what it holds.
    fn keep(&mut self, handle: Handle, t: &mut Trace) -> u32 {
        self.pin(handle.entry.upper);
        self.changed();
        let from = handle.first.or(handle.entry.real()).map(|(layer, _)| self.layer_ref(layer));
        let table = self.handles.table_mut();
        let fd = lowest_free(&table.files, FIRST_FD);
        let (path, flags) = (handle.path.clone(), handle.flags);
        let directory = handle.is_dir;
        table.files.insert(fd, handle);
        t.emit(|| Event::Handle {
            fd,
            path: show(&path).into_owned(),
            news: HandleNews::Opened {
                read: flags.read,
                write: flags.write,
                append: flags.append,
                directory,
                from,
            },
        });
        fd
    }

    /// close(2). An object without a name is gone with its last handle and map.
    ///
    /// # Errors
    /// `EBADF`.
    pub fn close(&mut self, fd: u32, t: &mut Trace) -> Result<(), Errno> {
        self.through("close", fd, t, |m, t| {
            m.handles.file(fd)?;
            let Some(handle) = m.handles.table_mut().files.remove(&fd) else { return Err(Errno::EBADF) };
            m.handles.settle();
            let freed = m.unpin(handle.entry.upper).filter(|_| !handle.is_dir);
            m.changed();
            t.emit(|| Event::Handle {
                fd,
                path: show(&handle.path).into_owned(),
                news: HandleNews::Closed { freed },
            });
            Ok(())
        })
    }

    /// A call on a handle: what it answers, and an event if it fails.
    fn through<R>(
        &mut self,
        op: &str,
        fd: u32,
        t: &mut Trace,
        run: impl FnOnce(&mut Mount, &mut Trace) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.begin(t)?;
        let path = self.handles.file(fd).ok().map(|handle| handle.path.clone());
        let result = run(self, t);
        if let Err(errno) = result
            && errno != Errno::EINTR
        {
            match path {
                Some(path) if self.refused.is_some() => self.tell_failure(Call::of(op, &path), errno, t),
                path => t.emit(|| {
                    let why = why(op, errno, path.is_some()).to_owned();
                    failed(op, path.as_deref().unwrap_or(format!("fd {fd}").as_bytes()), errno, why)
                }),
            }
        }
        result
    }

    /// Numbers of the open files, ascending.
    pub fn open_files(&self) -> Vec<u32> {
        self.handles.table().map_or_else(Vec::new, |table| table.files.keys().copied().collect())
    }

    /// A number that only the handle opened here under this number has, for those who keep the
    /// number and must know whether it is still the same file. None: it is not open.
    pub fn handle_serial(&self, fd: u32) -> Option<u64> {
        self.handles.file(fd).ok().map(|handle| handle.serial)
    }

    /// The path an open file was found by, as it is called now, or was at last.
    pub fn handle_path(&self, fd: u32) -> Option<Vec<u8>> {
        self.handles.file(fd).ok().map(|handle| handle.path.to_vec())
    }

    /// As [`Mount::handle_serial`], of a map.
    pub fn map_serial(&self, map: u32) -> Option<u64> {
        self.handles.table().and_then(|table| table.maps.get(&map)).map(|map| map.serial)
    }

    /// Unmounting is refused while anything is open or mapped (fs/namespace.c, `do_umount`).
    ///
    /// # Errors
    /// `EBUSY`.
    pub(super) fn unbusy(&self, op: &str, t: &mut Trace) -> Result<(), Errno> {
        let Some(table) = self.handles.table() else { return Ok(()) };
        t.emit(|| failed(op, b"/", Errno::EBUSY, busy(table)));
        Err(Errno::EBUSY)
    }

    /// Where the data of an entry are; none for a directory (fs/overlayfs/util.c,
    /// `ovl_path_realdata`).
    fn data_part(&self, entry: &Entry) -> Option<Part> {
        let real = self.real(entry)?;
        if real.kind.is_dir() {
            return None;
        }
        match entry.upper {
            Some(ino) if self.inode((0, ino)).metacopy().is_none() => Some((0, ino)),
            _ => entry.lowers.parts().last().copied(),
        }
    }

    fn pin(&mut self, ino: Option<crate::fs::Ino>) {
        if let Some(ino) = ino {
            self.upper_mut().pin(ino);
        }
    }

    /// Bytes that went with the last hold on a nameless file.
    fn unpin(&mut self, ino: Option<crate::fs::Ino>) -> Option<u64> {
        ino.and_then(|ino| self.upper_mut().unpin(ino))
    }
}

/// "fd 3, fd 5 and map 1 are open".
fn busy(table: &Table) -> String {
    let files = table.files.iter().map(|(fd, handle)| format!("fd {fd} ({})", show(&handle.path)));
    let maps = table.maps.iter().map(|(map, held)| format!("map {map} ({})", show(&held.path)));
    let mut holds: Vec<String> = files.chain(maps).collect();
    let more = holds.len().saturating_sub(3);
    holds.truncate(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("still in use: {}{more}; close what is open first", holds.join(", "))
}

/// Why the kernel answers so, where the bare name of the error does not say it.
fn why(op: &str, errno: Errno, open: bool) -> &'static str {
    match (op, errno) {
        (_, Errno::EBADF) if !open => "it is not open",
        ("read" | "pread", Errno::EBADF) => "it was not opened for reading",
        ("write" | "pwrite", Errno::EBADF) => "it was not opened for writing",
        ("read" | "pread", Errno::EISDIR) => "a directory is listed, not read",
        ("getdents", Errno::ENOENT) => "the directory was removed",
        ("ftruncate", Errno::EINVAL) => "it was not opened for writing, or the size is negative",
        ("mmap", Errno::EINVAL) => "an empty file can't be mapped",
        ("mmap", Errno::EACCES) => "it was not opened for reading",
        ("mmap", Errno::ENODEV) => "a directory can't be mapped",
        ("lseek", Errno::EINVAL) => "there is no such position",
        ("pread" | "pwrite", Errno::EINVAL) => "a position is not negative",
        ("fchmod" | "fchown" | "fsetxattr", Errno::EEXIST) => {
            "it was deleted in a lower layer, and the name that its copy would take is not free"
        }
        (
            "fchmod" | "fchown" | "fsetxattr",
            Errno::EIO | Errno::ENOENT | Errno::EISDIR | Errno::ENOTDIR | Errno::ENOTEMPTY,
        ) => "it was deleted in a lower layer, and its copy has no place",
        _ => rule(&Call::of(op, b""), errno),
    }
}
