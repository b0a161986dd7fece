//! The build context: the tree that a build may copy from.

use super::ignore::IgnoreError;
use super::key::Files;
use super::odd::{Odd, Odds, Refused};
use super::request::Builder;
use super::select::Picked;
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Host, HostFolder, HostKind, Inode, Kind, Nodes, Tree, path};
use crate::trace::{Fuel, Trace};
use crate::union::{Mount, StatKind};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::fs::FolderLimits as Limits;

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
    /// What each builder has its own way with.
    odd: Arc<Odds>,
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
    /// What the builder would not get past, or would only when it is copied.
    pub refused: Vec<Refused>,
    /// Files that arrive otherwise than they are, in words.
    pub altered: Vec<String>,
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
        Context { tree, version: fresh(), finer_times: false, odd: Arc::default(), views: Arc::default() }
    }

    /// The same context with another tree.
    #[must_use]
    pub fn edited(&self, tree: Tree) -> Context {
        let odd = self.odd.clone();
        Context { finer_times: self.finer_times, odd, ..Context::from_tree(tree) }
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
        let mut reading = Reading { host, limits, tree: Tree::new(), odd: Odds::new(), entries: 0, bytes: 0 };
        let root = folder.trim_end_matches('/');
        let root = if root.is_empty() { folder } else { root };
        if let Some(folders) = host.whole(root, limits) {
            return Ok(Context::from_folders(folders));
        }
        // A list of folders still to read, not recursion: a deep tree can't overflow the stack.
        let mut open: Vec<(Vec<u8>, Vec<u8>, usize)> = vec![(root.into(), Vec::new(), 0)];
        while let Some((real, inside, depth)) = open.pop() {
            for name in reading.folder(&real, &inside)? {
                let real = [&real, b"/".as_slice(), &name].concat();
                if depth + 1 > limits.depth {
                    let what = format!("more than {} folders inside each other", limits.depth);
                    return Err(reading.beyond(&real, &what));
                }
                open.push((real, [&inside, b"/".as_slice(), &name].concat(), depth + 1));
            }
        }
        let odd = Arc::new(reading.odd);
        Ok(Context { finer_times: true, odd, ..Context::from_tree(reading.tree) })
    }

    /// From all folders of a real one, parents first.
    fn from_folders(folders: Vec<HostFolder>) -> Context {
        let (mut tree, mut odd) = (Tree::new(), Odds::new());
        for folder in folders {
            let dir = match folder.path.as_slice() {
                b"" => Some(0),
                path => {
                    let kind = Kind::Dir(Default::default());
                    tree.put(path, Inode { mtime: folder.mtime, ..Inode::new(kind, folder.mode) })
                }
            };
            let Some(dir) = dir else { continue };
            for (entry, bytes) in folder.entries {
                let Some((kind, strange)) = taken(entry.kind, bytes) else { continue };
                tree.put_in(dir, &entry.name, Inode { mtime: entry.mtime, ..Inode::new(kind, entry.mode) });
                odd.extend(
                    strange.map(|strange| ([&folder.path, b"/".as_slice(), &entry.name].concat(), strange)),
                );
            }
        }
        Context { finer_times: true, odd: Arc::new(odd), ..Context::from_tree(tree) }
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
        let mut view = View { finer_times: self.finer_times, ..view };
        super::odd::settle(&mut view, &self.odd, builder, version);
        let view = Arc::new(view);
        lock().insert(key, view.clone());
        Ok(view)
    }
}

/// A real folder being read.
struct Reading<'h> {
    host: &'h dyn Host,
    limits: Limits,
    tree: Tree,
    odd: Odds,
    entries: usize,
    bytes: u64,
}

impl Reading<'_> {
    fn beyond(&self, at: &[u8], what: &str) -> Error {
        let at = path::show(at);
        Error::new(ErrorKind::Limit, format!("the build context is too big at `{at}`: {what}"))
            .hint("name what the build doesn't need in `.dockerignore`, or choose a smaller folder")
    }

    /// Takes one folder's entries; the names of its folders.
    fn folder(&mut self, real: &[u8], inside: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
        let failed = |error: crate::fs::HostError| {
            Error::new(ErrorKind::Host, format!("can't read the build context: {error}"))
                .hint("name a readable folder")
        };
        let list = match self.host.list_at(real) {
            // Whether that matters, the build decides; the context itself must be readable.
            Err(error) if error.denied && !inside.is_empty() => {
                self.odd.insert(inside.to_vec(), Odd::UnreadableDir);
                return Ok(Vec::new());
            }
            list => list.map_err(failed)?,
        };
        let mut folders = Vec::new();
        for entry in list {
            let at = [real, b"/", &entry.name].concat();
            let inside = [inside, b"/", &entry.name].concat();
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(self.beyond(&at, &format!("more than {} entries", self.limits.entries)));
            }
            let mut unreadable = None;
            let mut bytes = Arc::default();
            match entry.kind {
                HostKind::File { size } => {
                    self.bytes = self.bytes.saturating_add(size);
                    if self.bytes > self.limits.bytes {
                        return Err(self.beyond(&at, &format!("more than {} bytes", self.limits.bytes)));
                    }
                    let left = self.limits.bytes.saturating_sub(self.bytes).saturating_add(size);
                    match self.host.read_at(&at, left) {
                        Err(error) if error.denied => unreadable = Some(Odd::UnreadableFile),
                        read => bytes = read.map_err(failed)?.into(),
                    }
                }
                HostKind::Directory => folders.push(entry.name.clone()),
                _ => {}
            }
            let Some((kind, odd)) = taken(entry.kind, bytes) else { continue };
            let odd = odd.or(unreadable);
            self.tree.put(&inside, Inode { mtime: entry.mtime, ..Inode::new(kind, entry.mode) });
            self.odd.extend(odd.map(|odd| (inside, odd)));
        }
        Ok(folders)
    }
}

/// An entry of a real folder as the context has it, and what is odd about it. None for what is nothing.
fn taken(kind: HostKind, bytes: Arc<[u8]>) -> Option<(Kind, Option<Odd>)> {
    let empty = || Kind::File(Contents::EMPTY);
    Some(match kind {
        HostKind::File { .. } => (Kind::File(Contents::bytes(bytes)), None),
        HostKind::Directory => (Kind::Dir(Default::default()), None),
        HostKind::Symlink { target } => (Kind::Symlink(target.into()), None),
        HostKind::Fifo => (Kind::Fifo, Some(Odd::Fifo)),
        HostKind::CharDev(major, minor) => (Kind::CharDev(major, minor), Some(Odd::CharDev)),
        HostKind::BlockDev => (empty(), Some(Odd::BlockDev)),
        HostKind::Socket => (empty(), Some(Odd::Socket)),
        HostKind::Other => return None,
    })
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
