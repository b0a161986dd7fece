//! The build context: the tree that a build may copy from.

use super::ignore::IgnoreError;
use super::key::Files;
use super::request::Builder;
use super::select::Picked;
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Host, HostKind, Inode, Kind, Nodes, Tree, path};
use crate::trace::{Fuel, Trace};
use crate::union::{Mount, StatKind};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

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
/// `cli/command/image/build.go`; buildkit `client/solve.go` `resetUIDAndGID`). Cloning shares
/// everything, what was computed from the context included.
#[derive(Clone, Debug, Default)]
pub struct Context {
    tree: Tree,
    version: u64,
    /// Read from a real disk, whose times are finer than the seconds kept here: a file that was
    /// rewritten has another time, even within one second.
    finer_times: bool,
    views: Arc<Mutex<HashMap<ViewKey, Arc<View>>>>,
}

/// Ignore file, builder and version decide what is left.
type ViewKey = (Vec<u8>, Builder, Version);

/// What an ignore file leaves of a context.
#[derive(Debug)]
pub(super) struct View {
    /// Tells views apart; never shown.
    pub id: u64,
    /// What is left.
    pub tree: Tree,
    /// Regular files and links in it.
    pub files: usize,
    /// Bytes of its files.
    pub bytes: u64,
    /// Files that were left out.
    pub ignored: usize,
    /// Equal times prove nothing: see [`Context`].
    pub finer_times: bool,
    /// What the legacy builder found and hashed in it, by the sources asked for.
    pub lists: Mutex<HashMap<String, Listed>>,
}

/// Files that sources name, and their list.
pub(super) type Listed = (Vec<Picked>, Arc<Files>);

/// Contexts last read from a mount: its generation belongs to one state only, so an unchanged
/// directory needs no second reading.
static MOUNTED: Mutex<Vec<((u64, String), Context)>> = Mutex::new(Vec::new());

/// How many are kept.
const MOUNTED_KEPT: usize = 4;

/// A number that nothing else in this process has had.
pub(super) fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Context {
    /// From a finished tree; owners become 0:0.
    pub fn from_tree(mut tree: Tree) -> Context {
        let mut owned: Vec<u32> = Vec::new();
        tree.walk(&mut |_, ino, inode| {
            if (inode.uid, inode.gid) != (0, 0) {
                owned.push(ino);
            }
        });
        for ino in owned {
            let inode = tree.inode_mut(ino);
            (inode.uid, inode.gid) = (0, 0);
        }
        Context { tree, version: fresh(), finer_times: false, views: Arc::default() }
    }

    /// The same context with another tree.
    #[must_use]
    pub fn edited(&self, tree: Tree) -> Context {
        Context { finer_times: self.finer_times, ..Context::from_tree(tree) }
    }

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
        let mut tree = Tree::new();
        for entry in entries {
            let kind = match entry.kind {
                EntryKind::File(contents) => Kind::File(contents),
                EntryKind::Dir => Kind::Dir(Default::default()),
                EntryKind::Symlink(target) => Kind::Symlink(target.into()),
            };
            let mut inode = Inode::new(kind, entry.mode);
            inode.mtime = entry.mtime;
            tree.put(&path::clean(entry.path.as_bytes()), inode);
        }
        Context::from_tree(tree)
    }

    /// From a directory of a mount (the lab's own host).
    ///
    /// # Errors
    /// There is no such directory, or something in it can't be read.
    pub fn from_mount(mount: &mut Mount, directory: &str, t: &mut Trace) -> Result<Context, Error> {
        let made = (mount.generation(), directory.to_owned());
        let lock = || MOUNTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = lock().iter().find(|(of, _)| *of == made) {
            return Ok(known.clone());
        }
        let context = t.quietly(|t| Context::read_mount(mount, directory, t))?;
        let mut kept = lock();
        if kept.len() >= MOUNTED_KEPT {
            kept.remove(0);
        }
        kept.push((made, context.clone()));
        Ok(context)
    }

    fn read_mount(mount: &mut Mount, directory: &str, t: &mut Trace) -> Result<Context, Error> {
        let unreadable = |errno: crate::fs::Errno| {
            Error::new(ErrorKind::Unknown, format!("the build context `{directory}`: {}", errno.message()))
        };
        let root = directory.as_bytes();
        if mount.stat(root, t).map_err(unreadable)?.kind != StatKind::Dir {
            let message = format!("the build context `{directory}` is not a directory");
            return Err(Error::new(ErrorKind::Usage, message));
        }
        let real = mount.realpath(root, t).map_err(unreadable)?;
        let mut tree = Tree::new();
        for (at, stat) in mount.walk(&real, t).map_err(unreadable)? {
            let inside = at.strip_prefix(real.as_slice()).unwrap_or(&at);
            let inside = if real == b"/" { at.as_slice() } else { inside };
            let kind = match stat.kind {
                StatKind::File => Kind::File(mount.read(&at, t).map_err(unreadable)?),
                StatKind::Dir => Kind::Dir(Default::default()),
                StatKind::Symlink => Kind::Symlink(mount.readlink(&at, t).map_err(unreadable)?.into()),
                StatKind::Fifo => Kind::Fifo,
                StatKind::CharDev(..) => continue,
            };
            let inode = Inode { mtime: stat.mtime, ..Inode::new(kind, stat.mode) };
            tree.put(&path::clean(inside), inode);
        }
        Ok(Context::from_tree(tree))
    }

    /// From a real folder. Symlinks are taken as links and never followed.
    ///
    /// # Errors
    /// Not readable, or beyond `limits`: which limit, and where it was reached.
    pub fn from_host(host: &dyn Host, folder: &str, limits: Limits) -> Result<Context, Error> {
        let mut reading = Reading { host, limits, tree: Tree::new(), entries: 0, bytes: 0 };
        let root = folder.trim_end_matches('/');
        let root = if root.is_empty() { folder } else { root };
        // A list of folders still to read, not recursion: a deep tree can't overflow the stack.
        let mut open: Vec<(String, String, usize)> = vec![(root.to_owned(), String::new(), 0)];
        while let Some((real, inside, depth)) = open.pop() {
            for (name, is_dir) in reading.folder(&real, &inside)? {
                if is_dir {
                    if depth + 1 > limits.depth {
                        let what = format!("more than {} folders inside each other", limits.depth);
                        return Err(reading.beyond(&format!("{real}/{name}"), &what));
                    }
                    open.push((format!("{real}/{name}"), format!("{inside}/{name}"), depth + 1));
                }
            }
        }
        Ok(Context { finer_times: true, ..Context::from_tree(reading.tree) })
    }

    /// What the ignore file of this text leaves, remembered until the context changes.
    ///
    /// # Errors
    /// A pattern that can't be read; or an empty tank.
    pub(super) fn view(
        &self,
        ignore: &[u8],
        builder: Builder,
        version: Version,
        fuel: &mut Fuel,
    ) -> Result<Arc<View>, IgnoreError> {
        let lock = || self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (ignore.to_vec(), builder, version);
        if let Some(view) = lock().get(&key) {
            return Ok(view.clone());
        }
        let view = super::filter::view(&self.tree, ignore, builder, version, fuel)?;
        let view = Arc::new(View { finer_times: self.finer_times, ..view });
        lock().insert(key, view.clone());
        Ok(view)
    }
}

/// A real folder being read.
struct Reading<'h> {
    host: &'h dyn Host,
    limits: Limits,
    tree: Tree,
    entries: usize,
    bytes: u64,
}

impl Reading<'_> {
    fn beyond(&self, at: &str, what: &str) -> Error {
        Error::new(ErrorKind::Limit, format!("the build context is too big at `{at}`: {what}"))
            .hint("name what the build doesn't need in `.dockerignore`, or choose a smaller folder")
    }

    /// Takes one folder's entries; names and whether they are folders.
    fn folder(&mut self, real: &str, inside: &str) -> Result<Vec<(String, bool)>, Error> {
        let failed = |error: crate::fs::HostError| {
            Error::new(ErrorKind::Host, format!("can't read the build context: {error}"))
                .hint("name a readable folder")
        };
        let mut names = Vec::new();
        for entry in self.host.list(real).map_err(failed)? {
            let Ok(name) = String::from_utf8(entry.name) else {
                return Err(Error::new(ErrorKind::Host, format!("a name in `{real}` is no UTF-8 text"))
                    .hint("rename that file; the lab reads contexts with UTF-8 names only"));
            };
            let at = format!("{real}/{name}");
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(self.beyond(&at, &format!("more than {} entries", self.limits.entries)));
            }
            let mut is_dir = false;
            let kind = match entry.kind {
                HostKind::File { size } => {
                    self.bytes = self.bytes.saturating_add(size);
                    if self.bytes > self.limits.bytes {
                        return Err(self.beyond(&at, &format!("more than {} bytes", self.limits.bytes)));
                    }
                    let left = self.limits.bytes.saturating_sub(self.bytes).saturating_add(size);
                    Kind::File(Contents::bytes(self.host.read(&at, left).map_err(failed)?))
                }
                HostKind::Directory => {
                    is_dir = true;
                    Kind::Dir(Default::default())
                }
                HostKind::Symlink { target } => Kind::Symlink(target.into()),
                // The client skips sockets; devices and pipes are not read either.
                HostKind::Other => continue,
            };
            let inode = Inode { mtime: entry.mtime, ..Inode::new(kind, entry.mode) };
            self.tree.put(format!("{inside}/{name}").as_bytes(), inode);
            names.push((name, is_dir));
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::MemoryHost;

    #[test]
    fn a_real_folder_is_read_within_limits() {
        let mut host = MemoryHost::default();
        host.files.insert("app/a.txt".to_owned(), b"a".to_vec());
        host.files.insert("app/src/b.txt".to_owned(), b"bb".to_vec());
        let context = Context::from_host(&host, "app/", Limits::default()).unwrap();
        let tree = context.tree();
        assert_eq!(tree.inode(tree.at(b"/src/b.txt").unwrap()).size(), 2);
        for limits in [
            Limits { entries: 2, ..Limits::default() },
            Limits { bytes: 2, ..Limits::default() },
            Limits { depth: 0, ..Limits::default() },
        ] {
            let error = Context::from_host(&host, "app", limits).unwrap_err();
            assert_eq!(error.kind, ErrorKind::Limit, "{error}");
            assert!(error.hint.is_some());
        }
        assert_eq!(Context::from_host(&host, "none", Limits::default()).unwrap_err().kind, ErrorKind::Host);
    }

    #[test]
    fn each_context_has_its_own_version() {
        let entry = || ContextEntry { path: "f".into(), kind: EntryKind::Dir, mode: 0o755, mtime: 0 };
        let (a, b) = (Context::from_entries([entry()]), Context::from_entries([entry()]));
        assert_ne!(a.version(), b.version());
        assert_eq!(a.version(), a.clone().version());
    }
}
