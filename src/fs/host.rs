//! The host's files, behind a trait: the real ones live in `cli`, memory serves tests and wasm.

use super::folder::{FillFolder, FolderForm, FolderWriter, names_below};
use super::stored::{MemorySpool, Spool, Stored};
use indexmap::IndexMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

/// What a host path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// A regular file of this many bytes.
    File {
        /// Bytes.
        size: u64,
    },
    /// A directory.
    Directory,
    /// A symbolic link and its text; never followed by the reader.
    Symlink {
        /// The text.
        target: Vec<u8>,
    },
    /// A named pipe; not read.
    Fifo,
    /// A character device, major and minor number; not read.
    CharDev(u32, u32),
    /// A block device; not read.
    BlockDev,
    /// A socket; not read.
    Socket,
    /// Anything else.
    Other,
}

/// One directory entry of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEntry {
    /// Its name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: HostKind,
    /// Permission bits.
    pub mode: u16,
    /// Modification time, Unix seconds.
    pub mtime: i64,
}

/// Why the host refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// The path.
    pub path: String,
    /// In words: "no such file", "not below the script's folder".
    pub message: String,
    /// It is there, and this user may not read it.
    pub denied: bool,
}

impl HostError {
    /// A refusal of `path`, in words.
    pub fn new(path: &str, message: &str) -> HostError {
        HostError { path: path.to_owned(), message: message.to_owned(), denied: false }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for HostError {}

/// How much of a real folder is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderLimits {
    /// Files and directories.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Directories in directories.
    pub depth: usize,
}

impl Default for FolderLimits {
    fn default() -> FolderLimits {
        FolderLimits { entries: 200_000, bytes: 1 << 30, depth: 64 }
    }
}

/// A directory below one that is read whole, or a part of a large one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFolder {
    /// Its path from there, each name with a `/` before it; empty for the folder itself.
    pub path: Vec<u8>,
    /// Permission bits.
    pub mode: u16,
    /// Modification time, Unix seconds.
    pub mtime: i64,
    /// What is in it besides directories, sorted by name; regular files with what they hold.
    pub entries: Vec<(HostEntry, Arc<[u8]>)>,
}

/// Access to files outside the lab. Paths are `/`-separated and relative to the folders the
/// implementation was confined to; a path that leaves them is refused.
pub trait Host {
    /// The whole file, refused when it has more than `limit` bytes.
    ///
    /// # Errors
    /// Not there, not a file, too big, or outside.
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, HostError>;

    /// The entries of a directory, sorted by name.
    ///
    /// # Errors
    /// Not there, not a directory, or outside.
    fn list(&self, path: &str) -> Result<Vec<HostEntry>, HostError>;

    /// [`Host::read`] of a path whose names need not be text.
    ///
    /// # Errors
    /// As [`Host::read`].
    fn read_at(&self, path: &[u8], limit: u64) -> Result<Vec<u8>, HostError> {
        self.read(text(path)?, limit)
    }

    /// [`Host::list`] of a path whose names need not be text.
    ///
    /// # Errors
    /// As [`Host::list`].
    fn list_at(&self, path: &[u8]) -> Result<Vec<HostEntry>, HostError> {
        self.list(text(path)?)
    }

    /// A directory and all that is below it in one go, parents first, from a host that is faster so. No
    /// symlink is followed.
    ///
    /// None: it is not, or something is in the way (a limit, something unreadable or changing):
    /// [`Host::list_at`] and [`Host::read_at`] tell what.
    fn whole(&self, path: &str, limits: FolderLimits) -> Option<Vec<HostFolder>> {
        let _ = (path, limits);
        None
    }

    /// A person named this folder (`open DIR`): from now on it may be read too. Never called for a
    /// path that comes from a script.
    ///
    /// # Errors
    /// Not there, or not a folder.
    fn admit(&mut self, folder: &str) -> Result<(), HostError> {
        let _ = folder;
        Ok(())
    }

    /// A file whose bytes are read when they are asked for. A host that must hold it in memory refuses
    /// one of more than `limit` bytes.
    ///
    /// # Errors
    /// As [`Host::read`].
    fn open(&self, path: &str, limit: u64) -> Result<Stored, HostError> {
        self.read(path, limit).map(Stored::memory)
    }

    /// What could not be read of an open file since this was asked last: until somebody asks, it counts as
    /// zeros.
    fn fault(&self) -> Option<HostError> {
        None
    }

    /// Where to keep what is unpacked.
    fn spool(&self) -> Arc<dyn Spool> {
        Arc::new(MemorySpool)
    }

    /// Replaces a file in one step (written beside it, then renamed).
    ///
    /// # Errors
    /// Not writable, or outside.
    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), HostError>;

    /// [`Host::write`] of bytes that `fill` brings one after the other. When it fails, the old file is
    /// as it was.
    ///
    /// # Errors
    /// As [`Host::write`], and what `fill` says.
    fn write_with(&mut self, path: &str, fill: &mut Fill<'_>) -> Result<(), HostError> {
        let mut bytes = Vec::new();
        fill(&mut bytes).map_err(|error| HostError::new(path, &error.to_string()))?;
        self.write(path, &bytes)
    }

    /// Writes a folder in one step: beside it, then renamed. One that is there is replaced as a whole if it
    /// is of the form; when anything fails it is as it was.
    ///
    /// # Errors
    /// Not writable, outside, or a folder of another form; what `fill` says.
    fn write_folder(
        &mut self,
        path: &str,
        form: &FolderForm,
        fill: &mut FillFolder<'_>,
    ) -> Result<(), HostError> {
        let _ = (form, fill);
        Err(HostError::new(path, "there are no folders here"))
    }
}

/// Brings the bytes of a file that is being written.
pub type Fill<'f> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'f;

/// A path of a host that knows text only.
fn text(path: &[u8]) -> Result<&str, HostError> {
    std::str::from_utf8(path).map_err(|_| HostError::new(&super::path::show(path), "no such file or folder"))
}

/// A host that has nothing and takes nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl NoHost {
    fn refuse<T>(path: &str) -> Result<T, HostError> {
        Err(HostError::new(path, "there is no host here"))
    }
}

impl Host for NoHost {
    fn read(&self, path: &str, _limit: u64) -> Result<Vec<u8>, HostError> {
        NoHost::refuse(path)
    }

    fn list(&self, path: &str) -> Result<Vec<HostEntry>, HostError> {
        NoHost::refuse(path)
    }

    fn write(&mut self, path: &str, _bytes: &[u8]) -> Result<(), HostError> {
        NoHost::refuse(path)
    }
}

/// A host in memory: path → bytes. Directories are implied.
#[derive(Clone, Debug, Default)]
pub struct MemoryHost {
    /// The files, by path without a leading slash.
    pub files: IndexMap<String, Vec<u8>>,
}

impl Host for MemoryHost {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, HostError> {
        let fail = |message: &str| HostError::new(path, message);
        let bytes = self.files.get(path.trim_matches('/')).ok_or_else(|| fail("no such file"))?;
        if bytes.len() as u64 > limit {
            return Err(fail(&format!("more than {limit} bytes")));
        }
        Ok(bytes.clone())
    }

    fn list(&self, path: &str) -> Result<Vec<HostEntry>, HostError> {
        let folder = path.trim_matches('/').trim_start_matches("./");
        let prefix = if folder.is_empty() || folder == "." { String::new() } else { format!("{folder}/") };
        let mut entries: Vec<HostEntry> = Vec::new();
        for (file, bytes) in &self.files {
            let Some(rest) = file.strip_prefix(&prefix) else { continue };
            let (name, kind, mode) = match rest.split_once('/') {
                Some((name, _)) => (name, HostKind::Directory, 0o755),
                None => (rest, HostKind::File { size: bytes.len() as u64 }, 0o644),
            };
            if !entries.iter().any(|entry| entry.name == name.as_bytes()) {
                entries.push(HostEntry { name: name.into(), kind, mode, mtime: 1_704_067_200 });
            }
        }
        if entries.is_empty() && !prefix.is_empty() {
            return Err(HostError::new(path, "no such folder"));
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), HostError> {
        self.files.insert(path.trim_matches('/').to_owned(), bytes.to_vec());
        Ok(())
    }

    fn write_folder(
        &mut self,
        path: &str,
        form: &FolderForm,
        fill: &mut FillFolder<'_>,
    ) -> Result<(), HostError> {
        let folder = path.trim_matches('/');
        let refused = |message: &str| HostError::new(path, message);
        if self.files.contains_key(folder) {
            return Err(refused("a file has this name"));
        }
        let there = self.list(folder).unwrap_or_default();
        form.admits(there.iter().map(|entry| entry.name.as_slice())).map_err(|why| refused(&why))?;
        let mut written = Written(IndexMap::new());
        fill(&mut written).map_err(|error| refused(&error.to_string()))?;
        let prefix = format!("{folder}/");
        self.files.retain(|file, _| !file.starts_with(&prefix));
        self.files.extend(written.0.into_iter().map(|(name, bytes)| (format!("{prefix}{name}"), bytes)));
        Ok(())
    }
}

/// The files of a folder in memory.
struct Written(IndexMap<String, Vec<u8>>);

impl FolderWriter for Written {
    fn file(&mut self, name: &str, fill: &mut Fill<'_>) -> io::Result<()> {
        names_below(name)?;
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        match self.0.insert(name.to_owned(), bytes) {
            None => Ok(()),
            Some(_) => Err(io::Error::other(format!("`{name}` was written before"))),
        }
    }
}
