//! The real host: files on disk, confined to named folders.
//!
//! Paths are relative to the first folder, the base. Every path is resolved, symlinks included, and
//! must then lie in one of the folders: neither `..` nor a link leads out. Nothing else is followed:
//! a listing tells links as links. Only regular files are read, so that no pipe or device can stall
//! the lab. Files are replaced in one step: written beside, then renamed.

use super::disk::{self, DiskSpool, Faults};
use super::folder;
use crate::fs::{Fill, FillFolder, FolderForm, Host, HostEntry, HostError, HostKind, Spool, Stored};
#[cfg(target_os = "linux")]
use crate::fs::{FolderLimits, HostFolder};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Entries of one directory, at most.
const MOST_ENTRIES: usize = 200_000;

/// Files on disk, below named folders.
#[derive(Debug)]
pub struct DiskHost {
    base: PathBuf,
    admitted: Vec<PathBuf>,
    /// The folder of the file that was read last: its path and its real place.
    last: Mutex<Option<(PathBuf, PathBuf)>>,
    faults: Faults,
}

impl Clone for DiskHost {
    fn clone(&self) -> DiskHost {
        DiskHost {
            base: self.base.clone(),
            admitted: self.admitted.clone(),
            last: Mutex::default(),
            faults: self.faults.clone(),
        }
    }
}

impl DiskHost {
    /// Confined to `folder`, which may itself be a link.
    ///
    /// # Errors
    /// Not there, or not a folder.
    pub fn below(folder: &Path) -> Result<DiskHost, HostError> {
        let base = folder_at(folder).map_err(|error| refusal(&folder.to_string_lossy(), &error))?;
        Ok(DiskHost { admitted: vec![base.clone()], base, last: Mutex::default(), faults: Faults::default() })
    }

    /// The host that holds a single named file, and the file's name in it.
    ///
    /// # Errors
    /// Its folder is not there.
    pub fn beside(file: &Path) -> Result<(DiskHost, String), HostError> {
        let shown = file.to_string_lossy();
        let name = file.file_name().ok_or_else(|| HostError::new(&shown, "not a file"))?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let host = DiskHost::below(folder).map_err(|error| HostError::new(&shown, &error.message))?;
        Ok((host, name.to_string_lossy().into_owned()))
    }

    /// Where the base lies.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The real place of `path`, if that is in an admitted folder.
    fn resolve(&self, path: &Path) -> Result<PathBuf, HostError> {
        let named = self.base.join(path);
        // Judged as text first, so that what lies outside can't be probed for.
        if !self.is_inside(&flat(&named)) {
            return Err(self.outside(path));
        }
        let real = fs::canonicalize(&named).map_err(|error| refusal(&shown(path), &error))?;
        if self.is_inside(&real) { Ok(real) } else { Err(self.outside(path)) }
    }

    /// A name in the folder of the file that was read last, which needs no second way there. None: another
    /// folder, or a link, whose way is to be gone.
    fn beside_the_last(&self, path: &Path) -> Option<(PathBuf, Metadata)> {
        let (folder, name) = split(path)?;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, real) = last.as_ref().filter(|(known, _)| known == folder)?;
        let file = real.join(name);
        let about = fs::symlink_metadata(&file).ok().filter(|about| !about.is_symlink())?;
        Some((file, about))
    }

    fn remember(&self, path: &Path, real: &Path) {
        let Some((folder, name)) = split(path) else { return };
        // Only where no link led elsewhere.
        if real.file_name().is_some_and(|last| last == name)
            && let Ok(of_folder) = self.resolve(folder)
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some((folder.to_owned(), of_folder));
        }
    }

    fn is_inside(&self, real: &Path) -> bool {
        self.admitted.iter().any(|folder| real.starts_with(folder))
    }

    fn outside(&self, path: &Path) -> HostError {
        let name = self.base.file_name().map_or_else(|| "/".into(), |name| name.to_string_lossy());
        HostError::new(
            &shown(path),
            &format!("outside the folder `{name}`, which is all that may be read here"),
        )
    }

    fn file(&self, path: &Path, limit: u64) -> Result<Vec<u8>, HostError> {
        let refuse = |error: io::Error| refusal(&shown(path), &error);
        let (real, about) = match self.beside_the_last(path) {
            Some(found) => found,
            None => {
                let real = self.resolve(path)?;
                let about = fs::metadata(&real).map_err(refuse)?;
                self.remember(path, &real);
                (real, about)
            }
        };
        if !about.is_file() {
            let what = if about.is_dir() { "a folder, not a file" } else { "not a regular file" };
            return Err(HostError::new(&shown(path), what));
        }
        let too_big = || HostError::new(&shown(path), &format!("more than {limit} bytes"));
        if about.len() > limit {
            return Err(too_big());
        }
        // One byte more than there should be: the end is found without another look.
        let room = about.len().saturating_add(1).min(limit.saturating_add(1));
        let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
        // A file may grow while it is read.
        File::open(&real)
            .map_err(refuse)?
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(refuse)?;
        if bytes.len() as u64 > limit { Err(too_big()) } else { Ok(bytes) }
    }

    fn folder(&self, path: &Path) -> Result<Vec<HostEntry>, HostError> {
        let real = self.resolve(path)?;
        let refuse = |error: io::Error| refusal(&shown(path), &error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&real).map_err(refuse)? {
            let entry = entry.map_err(refuse)?;
            if entries.len() >= MOST_ENTRIES {
                return Err(HostError::new(&shown(path), &format!("more than {MOST_ENTRIES} entries")));
            }
            let about = entry.metadata().map_err(refuse)?;
            let target = || fs::read_link(entry.path()).map(|target| bytes_of(target.as_os_str()));
            let kind = kind(&about, target).map_err(refuse)?;
            let name = bytes_of(&entry.file_name());
            entries.push(HostEntry { name, kind, mode: mode(&about), mtime: mtime(&about) });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

impl DiskHost {
    /// Where a file or folder of this name is to be written.
    fn target(&self, path: &str, what: &str) -> Result<PathBuf, HostError> {
        let (folder, name) = match path.trim_end_matches('/').rsplit_once('/') {
            Some((folder, name)) => (if folder.is_empty() { "/" } else { folder }, name),
            None => (".", path),
        };
        if matches!(name, "" | "." | "..") {
            return Err(HostError::new(path, &format!("not the name of a {what}")));
        }
        let target = self.resolve(Path::new(folder))?.join(name);
        match target.symlink_metadata().is_ok() {
            true => self.resolve(Path::new(path)),
            false => Ok(target),
        }
    }
}

impl Host for DiskHost {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, HostError> {
        self.file(Path::new(path), limit)
    }

    fn list(&self, path: &str) -> Result<Vec<HostEntry>, HostError> {
        self.folder(Path::new(path))
    }

    fn read_at(&self, path: &[u8], limit: u64) -> Result<Vec<u8>, HostError> {
        self.file(&path_of(path), limit)
    }

    fn list_at(&self, path: &[u8]) -> Result<Vec<HostEntry>, HostError> {
        self.folder(&path_of(path))
    }

    #[cfg(target_os = "linux")]
    fn whole(&self, path: &str, limits: FolderLimits) -> Option<Vec<HostFolder>> {
        super::whole::read(&self.resolve(Path::new(path)).ok()?, limits, MOST_ENTRIES)
    }

    fn admit(&mut self, folder: &str) -> Result<(), HostError> {
        let real = folder_at(&self.base.join(folder)).map_err(|error| refusal(folder, &error))?;
        if !self.is_inside(&real) {
            self.admitted.push(real);
        }
        Ok(())
    }

    fn open(&self, path: &str, _limit: u64) -> Result<Stored, HostError> {
        let real = self.resolve(Path::new(path))?;
        let refuse = |error: io::Error| refusal(path, &error);
        // Judged before it is opened: opening a pipe would wait for its other end.
        let about = fs::metadata(&real).map_err(refuse)?;
        if !about.is_file() {
            let what = if about.is_dir() { "a folder, not a file" } else { "not a regular file" };
            return Err(HostError::new(path, what));
        }
        disk::open(&real, &self.faults).map_err(refuse)
    }

    fn fault(&self) -> Option<HostError> {
        let words = self.faults.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(HostError::new("an archive that was loaded", &words))
    }

    fn spool(&self) -> Arc<dyn Spool> {
        Arc::new(DiskSpool { faults: self.faults.clone() })
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), HostError> {
        self.write_with(path, &mut |out| out.write_all(bytes))
    }

    fn write_with(&mut self, path: &str, fill: &mut Fill<'_>) -> Result<(), HostError> {
        disk::replace(&self.target(path, "file")?, fill).map_err(|error| refusal(path, &error))
    }

    fn write_folder(
        &mut self,
        path: &str,
        form: &FolderForm,
        fill: &mut FillFolder<'_>,
    ) -> Result<(), HostError> {
        let target = self.target(path.trim_end_matches('/'), "folder")?;
        folder::replace(&target, form, fill).map_err(|error| refusal(path, &error))
    }
}

/// Folder and name of a path that ends in one.
fn split(path: &Path) -> Option<(&Path, &std::ffi::OsStr)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    Some((folder, path.file_name()?))
}

/// A path for people; bytes that are no text are written `\xNN`.
fn shown(path: &Path) -> String {
    crate::fs::path::shown(bytes_of(path.as_os_str()))
}

#[cfg(unix)]
fn path_of(path: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path))
}

#[cfg(not(unix))]
fn path_of(path: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path).into_owned())
}

/// The real place of a folder.
fn folder_at(path: &Path) -> io::Result<PathBuf> {
    let real = fs::canonicalize(path)?;
    if real.is_dir() { Ok(real) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// `..` and `.` taken out as text.
fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                flat.pop();
            }
            Component::CurDir => {}
            part => flat.push(part),
        }
    }
    flat
}

/// What something is; `target` reads a link's text.
pub(super) fn kind(about: &Metadata, target: impl FnOnce() -> io::Result<Vec<u8>>) -> io::Result<HostKind> {
    let kind = about.file_type();
    Ok(if kind.is_symlink() {
        HostKind::Symlink { target: target()? }
    } else if kind.is_dir() {
        HostKind::Directory
    } else if kind.is_file() {
        HostKind::File { size: about.len() }
    } else {
        special(about)
    })
}

/// Pipes, devices and sockets.
#[cfg(unix)]
fn special(about: &Metadata) -> HostKind {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let (kind, number) = (about.file_type(), about.rdev());
    if kind.is_fifo() {
        HostKind::Fifo
    } else if kind.is_char_device() {
        // The C library's packing: the low parts are 8 and 12 bits wide and lie in the lower half.
        let major = ((number >> 8) & 0xfff) | ((number >> 32) & !0xfff);
        let minor = (number & 0xff) | ((number >> 12) & !0xff);
        HostKind::CharDev(major as u32, minor as u32)
    } else if kind.is_block_device() {
        HostKind::BlockDev
    } else if kind.is_socket() {
        HostKind::Socket
    } else {
        HostKind::Other
    }
}

#[cfg(not(unix))]
fn special(_about: &Metadata) -> HostKind {
    HostKind::Other
}

#[cfg(unix)]
pub(super) fn bytes_of(text: &std::ffi::OsStr) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(text).to_vec()
}

#[cfg(not(unix))]
pub(super) fn bytes_of(text: &std::ffi::OsStr) -> Vec<u8> {
    text.to_string_lossy().into_owned().into_bytes()
}

#[cfg(unix)]
pub(super) fn mode(about: &Metadata) -> u16 {
    (std::os::unix::fs::MetadataExt::mode(about) & 0o7777) as u16
}

#[cfg(not(unix))]
pub(super) fn mode(about: &Metadata) -> u16 {
    if about.is_dir() { 0o755 } else { 0o644 }
}

/// Unix seconds; 0 where the host doesn't tell.
pub(super) fn mtime(about: &Metadata) -> i64 {
    let since = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}

/// The host's refusal in plain words, without numbers of errors.
fn refusal(path: &str, error: &io::Error) -> HostError {
    let words = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "not a folder".to_owned(),
        io::ErrorKind::AlreadyExists => "something that is not a file has this name".to_owned(),
        io::ErrorKind::InvalidInput => "not a possible path".to_owned(),
        // Our own words, perhaps with names in them.
        _ if error.raw_os_error().is_none() => error.to_string(),
        _ => {
            let words = error.to_string().to_lowercase();
            words.split(" (os error").next().unwrap_or(&words).to_owned()
        }
    };
    HostError { denied: error.kind() == io::ErrorKind::PermissionDenied, ..HostError::new(path, &words) }
}
