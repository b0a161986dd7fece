//! A whole real folder at once: every directory opened from the one above it, every file looked at and read
//! through one descriptor, on all processors.
//!
//! No path is walked twice and no link is followed: each name is opened in its directory with `O_NOFOLLOW`. What
//! is no regular file is only looked at (`O_PATH`), so that no pipe or device can stall the lab.

use super::host::{kind, mode, mtime};
use crate::fs::{FolderLimits, HostEntry, HostFolder, HostKind, processors};
use rustix::fs::{Dir, FileType, Mode, OFlags, openat};
use std::ffi::{CStr, CString};
use std::fs::{File, Metadata};
use std::io::{IoSliceMut, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Entries of a large directory that one thread takes at once.
const TAKEN: usize = 128;

/// Below so many entries, other threads are not worth starting.
const FEW: usize = 512;

/// Reads the folder that lies at `real`, an absolute path without links. None when anything is in the way.
pub(super) fn read(real: &Path, limits: FolderLimits, most_in_one: usize) -> Option<Vec<HostFolder>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(real, flags, Mode::empty()).ok()?.into();
    let whole = Whole { limits, most_in_one, ..Whole::default() };
    let mut read = Vec::new();
    whole.list(folder, Vec::new(), 0, &mut read)?;
    whole.work(&mut read, FEW);
    let more = if whole.tasks().open.is_empty() { 0 } else { processors().saturating_sub(1) };
    let parts = Mutex::new(read);
    let work = || {
        let mut read = Vec::new();
        whole.work(&mut read, usize::MAX);
        parts.lock().unwrap_or_else(PoisonError::into_inner).append(&mut read);
    };
    std::thread::scope(|scope| {
        for _ in 0..more {
            // A host without threads to give: this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut read = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tasks = whole.tasks.into_inner().unwrap_or_else(PoisonError::into_inner);
    if tasks.failed {
        return None;
    }
    // Parents come before what they hold, whichever thread was faster.
    let first = |part: &HostFolder| part.entries.first().map(|(entry, _)| entry.name.clone());
    read.sort_by_cached_key(|part| (part.path.clone(), first(part)));
    Some(read)
}

/// A folder being read.
#[derive(Default)]
struct Whole {
    limits: FolderLimits,
    most_in_one: usize,
    entries: AtomicUsize,
    bytes: AtomicU64,
    tasks: Mutex<Tasks>,
    changed: Condvar,
}

#[derive(Default)]
struct Tasks {
    /// The last is taken first, so that few directories are open at once.
    open: Vec<Task>,
    /// Tasks that somebody is at.
    taken: usize,
    failed: bool,
}

enum Task {
    /// A directory to be opened in the one above it.
    Folder { above: Arc<Dir>, name: CString, path: Vec<u8>, depth: usize },
    /// Some entries of a directory.
    Entries { part: HostFolder, within: Arc<Dir>, names: Vec<(CString, FileType)> },
}

impl Whole {
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what there is to do, until nothing is left, something is in the way, or there are `most` entries.
    fn work(&self, read: &mut Vec<HostFolder>, most: usize) {
        while self.entries.load(Ordering::Relaxed) < most
            && let Some(task) = self.take()
        {
            let done = match task {
                Task::Folder { above, name, path, depth } => {
                    open(&above, &name, OFlags::RDONLY | OFlags::DIRECTORY)
                        .and_then(|folder| self.list(folder, path, depth, read))
                }
                Task::Entries { part, within, names } => self.entries(part, &within, &names, read),
            };
            let mut tasks = self.tasks();
            tasks.taken -= 1;
            tasks.failed |= done.is_none();
            if tasks.failed || (tasks.taken == 0 && tasks.open.is_empty()) {
                self.changed.notify_all();
            }
        }
    }

    /// The next task. While others are at work, there may still come some.
    fn take(&self) -> Option<Task> {
        let mut tasks = self.tasks();
        loop {
            if tasks.failed {
                return None;
            }
            if let Some(task) = tasks.open.pop() {
                tasks.taken += 1;
                return Some(task);
            }
            if tasks.taken == 0 {
                return None;
            }
            tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lists an open directory; what is in it becomes tasks.
    fn list(&self, folder: File, path: Vec<u8>, depth: usize, read: &mut Vec<HostFolder>) -> Option<()> {
        let about = folder.metadata().ok()?;
        let part = || HostFolder {
            path: path.clone(),
            mode: mode(&about),
            mtime: mtime(&about),
            entries: Vec::new(),
        };
        let (mut folders, mut others) = (Vec::new(), Vec::new());
        let mut within = Dir::new(folder).ok()?;
        while let Some(entry) = within.read() {
            let entry = entry.ok()?;
            let (name, kind) = (entry.file_name(), entry.file_type());
            if name == c"." || name == c".." {
                continue;
            }
            if folders.len() + others.len() >= self.most_in_one
                || self.entries.fetch_add(1, Ordering::Relaxed) >= self.limits.entries
            {
                return None;
            }
            // Not every filesystem tells the kind.
            let is_folder = match kind {
                FileType::Unknown => open(&within, name, OFlags::PATH)?.metadata().ok()?.is_dir(),
                kind => kind == FileType::Directory,
            };
            if !is_folder {
                others.push((entry.ino(), name.to_owned(), kind));
            } else if depth < self.limits.depth {
                folders.push(name.to_owned());
            } else {
                return None;
            }
        }
        // In the order of their numbers they lie beside each other on a disk.
        others.sort_unstable_by_key(|(ino, ..)| *ino);
        let mut names = others.into_iter().map(|(_, name, kind)| (name, kind)).peekable();
        let own: Vec<_> = names.by_ref().take(TAKEN).collect();
        // Directories stay open for what is opened in them.
        let within = Arc::new(within);
        let below = folders.into_iter().map(|name| Task::Folder {
            above: within.clone(),
            path: [&path, b"/".as_slice(), name.to_bytes()].concat(),
            name,
            depth: depth + 1,
        });
        let mut tasks: Vec<Task> = below.collect();
        while names.peek().is_some() {
            let names = names.by_ref().take(TAKEN).collect();
            tasks.push(Task::Entries { part: part(), within: within.clone(), names });
        }
        if !tasks.is_empty() {
            self.tasks().open.append(&mut tasks);
            self.changed.notify_all();
        }
        self.entries(part(), &within, &own, read)
    }

    /// Reads some entries of a directory.
    fn entries(
        &self,
        mut part: HostFolder,
        within: &Dir,
        names: &[(CString, FileType)],
        read: &mut Vec<HostFolder>,
    ) -> Option<()> {
        part.entries.reserve_exact(names.len());
        for (name, kind) in names {
            part.entries.push(self.entry(within, name, *kind)?);
        }
        part.entries.sort_unstable_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        read.push(part);
        Some(())
    }

    fn entry(&self, within: &Dir, name: &CStr, known: FileType) -> Option<(HostEntry, Arc<[u8]>)> {
        let mut bytes: Arc<[u8]> = Arc::default();
        let (kind, about) = if known == FileType::RegularFile {
            // Should it have become a pipe by now, opening doesn't wait.
            let mut file = open(within, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?;
            let about = file.metadata().ok().filter(Metadata::is_file)?;
            bytes = self.contents(&mut file, about.len())?;
            (HostKind::File { size: about.len() }, about)
        } else {
            let file = open(within, name, OFlags::PATH)?;
            let about = file.metadata().ok()?;
            if about.is_file() {
                return self.entry(within, name, FileType::RegularFile);
            }
            let target = || Ok(rustix::fs::readlinkat(&file, c"", Vec::new())?.into_bytes());
            (kind(&about, target).ok().filter(|kind| *kind != HostKind::Directory)?, about)
        };
        let name = name.to_bytes().to_vec();
        Some((HostEntry { name, kind, mode: mode(&about), mtime: mtime(&about) }, bytes))
    }

    /// All of a file; none when it is not as long as it was said to be.
    fn contents(&self, file: &mut File, size: u64) -> Option<Arc<[u8]>> {
        let before = self.bytes.fetch_add(size, Ordering::Relaxed);
        if before.checked_add(size).is_none_or(|all| all > self.limits.bytes) {
            return None;
        }
        let size = usize::try_from(size).ok()?;
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, size).collect();
        let room = Arc::get_mut(&mut bytes)?;
        let mut done = 0;
        loop {
            // One byte more than there should be: the end is found without another look.
            let mut beyond = [0];
            let parts = &mut [IoSliceMut::new(&mut room[done..]), IoSliceMut::new(&mut beyond)];
            match file.read_vectored(parts) {
                Ok(0) if done < size => return None,
                Ok(n) if done + n < size => done += n,
                Ok(n) => return (done + n == size).then_some(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }
}

fn open(within: &Dir, name: &CStr, flags: OFlags) -> Option<File> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(within.fd().ok()?, name, flags, Mode::empty()).ok().map(File::from)
}
