//! The build context: the tree that a build may copy from.

use crate::error::Error;
use crate::fs::{Contents, Host, Tree};
use crate::trace::Trace;
use crate::union::Mount;

/// How much of a real folder is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and directories.
    pub entries: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Directories in directories.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { entries: 200_000, bytes: 1 << 30, depth: 64 }
    }
}

/// One entry of a context given as a list.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// Path in the context, without a leading slash.
    pub path: String,
    /// What is there.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u16,
    /// Unix seconds.
    pub mtime: i64,
}

/// What an entry of a context is.
#[derive(Clone, Debug)]
pub enum EntryKind {
    /// A regular file.
    File(Contents),
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink(Vec<u8>),
}

/// A build context. Owners are always 0:0: the client sends them so (docker/cli
/// `cli/command/image/build.go`; buildkit `client/solve.go`).
#[derive(Clone, Debug, Default)]
pub struct Context {
    tree: Tree,
    version: u64,
}

impl Context {
    /// The context's tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// A number that changes with every change; equal numbers mean equal trees.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// From a list of entries; missing parents are made 0755.
    pub fn from_entries(entries: impl IntoIterator<Item = ContextEntry>) -> Context {
        let _ = entries;
        Context::default()
    }

    /// From a directory of a mount (the lab's own host).
    ///
    /// # Errors
    /// There is no such directory.
    pub fn from_mount(mount: &mut Mount, directory: &str, t: &mut Trace) -> Result<Context, Error> {
        let _ = (mount, directory, t);
        Ok(Context::default())
    }

    /// From a real folder. Symlinks are taken as links and never followed.
    ///
    /// # Errors
    /// Not readable, or beyond `limits`.
    pub fn from_host(host: &dyn Host, folder: &str, limits: Limits) -> Result<Context, Error> {
        let _ = (host, folder, limits);
        Ok(Context::default())
    }
}
