//! Files on disk: read at any place, replaced in one step, and kept for a while without a name.

use crate::fs::{Fill, Source, Spool, Spooling, Stored};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A file that stays open. It must stay as it is too: what was read from a changed one is refused.
#[derive(Debug)]
struct DiskFile {
    faults: Faults,
    file: File,
    len: u64,
    /// None: the file is the lab's own, without a name.
    named: Option<Named>,
}

/// The first reading that went wrong, in words.
pub(super) type Faults = Arc<Mutex<Option<String>>>;

/// What a file was called and when it was written, when it was opened.
#[derive(Debug)]
struct Named {
    shown: String,
    modified: Option<SystemTime>,
}

impl Source for DiskFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read(offset, buffer);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
        {
            let mut fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            fault.get_or_insert_with(|| error.to_string());
        }
        read
    }
}

impl DiskFile {
    fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = read_at(&self.file, offset, buffer)?;
        // Asked behind the reading: a file gets its new time before its new bytes, so that nothing newer has
        // been read. The handle stays at the file that was opened when another takes its name.
        if let Some(named) = &self.named {
            let about = self.file.metadata()?;
            if about.len() != self.len || about.modified().ok() != named.modified {
                return Err(io::Error::other(format!("{} has changed since it was opened", named.shown)));
            }
        }
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Opens a regular file.
///
/// # Errors
/// What the system says.
pub(super) fn open(path: &Path, faults: &Faults) -> io::Result<Stored> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let named = Some(Named { shown, modified: about.modified().ok() });
    Ok(Stored::all(Arc::new(DiskFile { faults: faults.clone(), len: about.len(), file, named })))
}

/// Writes beside `target` and renames: readers see the old file or the new one, never a part.
///
/// # Errors
/// What the system or `fill` says; the old file is then as it was.
pub(super) fn replace(target: &Path, fill: &mut Fill<'_>) -> io::Result<()> {
    let before = fs::metadata(target).ok();
    if before.as_ref().is_some_and(|about| !about.is_file()) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(256 << 10, file);
        fill(&mut out)?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&beside, target));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

/// Keeps what is unpacked in files without a name, which are gone with the process.
#[derive(Clone, Debug, Default)]
pub struct DiskSpool {
    pub(super) faults: Faults,
}

impl Spool for DiskSpool {
    fn begin(&self) -> io::Result<Box<dyn Spooling>> {
        let out = BufWriter::with_capacity(256 << 10, tempfile::tempfile()?);
        Ok(Box::new(Growing { faults: self.faults.clone(), out, len: 0 }))
    }
}

struct Growing {
    faults: Faults,
    out: BufWriter<File>,
    len: u64,
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Spooling for Growing {
    fn finish(self: Box<Self>) -> io::Result<Arc<dyn Source>> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Arc::new(DiskFile { faults: self.faults, file, len: self.len, named: None }))
    }
}
