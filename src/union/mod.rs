//! The union: lower layers, one upper, and the merged view a process sees.
//!
//! A [`Mount`] is the whole of it. Every operation is a system call as root inside a chroot to the
//! merged directory: it takes a path as a program would write it, answers what the kernel would, and
//! emits what happened. [`Mount::which`] explains who wins.

use crate::fs::{Contents, Errno, Layer, Tree};
use crate::trace::{LayerRef, Probe, Trace};
use std::sync::Arc;

/// A lower layer and what people call it.
#[derive(Clone, Debug)]
pub struct Lower {
    /// The sealed tree.
    pub layer: Layer,
    /// "FROM alpine", "COPY conf" …; may be empty.
    pub label: Arc<str>,
}

/// Mount options of the overlay driver. All off is what Docker's `overlay2` gets by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `redirect_dir=on`.
    pub redirect_dir: bool,
    /// `redirect_dir=off` was written out (it may not be combined with `metacopy=on`).
    pub redirect_dir_off: bool,
    /// `metacopy=on`.
    pub metacopy: bool,
    /// `index=on`.
    pub index: bool,
    /// `xino=on`.
    pub xino: bool,
    /// `userxattr`.
    pub userxattr: bool,
}

/// Who performs the operations: gives new files their owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cred {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// What stat tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: StatKind,
    /// 12 permission bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes; 0 for directories and devices.
    pub size: u64,
    /// Link count; 1 for directories (not modelled).
    pub nlink: u32,
    /// Unix seconds.
    pub mtime: i64,
    /// Equal exactly for names of one and the same object (as device and inode number are).
    pub id: (u32, u32),
}

/// The type in a [`Stat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A character device with its numbers.
    CharDev(u32, u32),
}

/// How to rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rename {
    /// Replace what is there.
    Plain,
    /// `RENAME_NOREPLACE`.
    NoReplace,
    /// `RENAME_EXCHANGE`.
    Exchange,
}

/// Flags of [`Mount::open`], as open(2) has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Open {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    pub create: bool,
    pub excl: bool,
    pub trunc: bool,
    pub directory: bool,
    pub nofollow: bool,
    /// Mode of a file that is made.
    pub mode: u16,
}

/// The answer of [`Mount::which`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// The path, cleaned.
    pub path: String,
    /// Every layer, top first, that has something to say.
    pub probes: Vec<Probe>,
    /// Who wins; none when the name is not in the merged view.
    pub winner: Option<LayerRef>,
    /// One sentence.
    pub why: String,
}

/// A mounted union. Cloning shares all layers and the upper.
#[derive(Clone, Debug)]
pub struct Mount {
    upper: Tree,
    lowers: Arc<[Lower]>,
}

#[allow(unused_variables, missing_docs, clippy::needless_pass_by_ref_mut)]
impl Mount {
    /// Mounts `lowers` (topmost first, as in `lowerdir=A:B:C`) with `upper`.
    ///
    /// # Errors
    /// `EINVAL` for the combinations the kernel refuses.
    pub fn new(lowers: Vec<Lower>, upper: Tree, options: Options) -> Result<Mount, Errno> {
        Ok(Mount { upper, lowers: lowers.into() })
    }

    /// A plain filesystem: no lowers, so nothing is ever copied up or whited out.
    pub fn native(tree: Tree) -> Mount {
        Mount { upper: tree, lowers: Arc::new([]) }
    }

    /// Performs what follows as this user. The default is root.
    pub fn become_user(&mut self, cred: Cred) {}
    pub fn cred(&self) -> &Cred {
        todo!()
    }

    // ---- reading: change nothing ----
    pub fn stat(&mut self, path: &[u8], t: &mut Trace) -> Result<Stat, Errno> {
        Err(Errno::EIO)
    }
    pub fn lstat(&mut self, path: &[u8], t: &mut Trace) -> Result<Stat, Errno> {
        Err(Errno::EIO)
    }
    pub fn read(&mut self, path: &[u8], t: &mut Trace) -> Result<Contents, Errno> {
        Err(Errno::EIO)
    }
    pub fn readlink(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        Err(Errno::EIO)
    }
    /// Names without `.` and `..`, in byte order.
    pub fn readdir(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<crate::fs::Name>, Errno> {
        Err(Errno::EIO)
    }
    pub fn getxattr(&mut self, path: &[u8], name: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        Err(Errno::EIO)
    }
    /// All names in the `user.` namespace, sorted.
    pub fn listxattr(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<Vec<u8>>, Errno> {
        Err(Errno::EIO)
    }
    /// The path with every symlink, `.` and `..` resolved (realpath).
    pub fn realpath(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<u8>, Errno> {
        Err(Errno::EIO)
    }

    // ---- changing ----
    pub fn mkdir(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn rmdir(&mut self, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// `O_CREAT|O_EXCL|O_WRONLY`, write, close.
    pub fn create(&mut self, path: &[u8], mode: u16, contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// `O_WRONLY|O_TRUNC`, write, close: the file must exist.
    pub fn write(&mut self, path: &[u8], contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// `O_WRONLY|O_APPEND`, write, close: the file must exist.
    pub fn append(&mut self, path: &[u8], contents: Contents, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// Opens with these flags; writes `data` if given (at 0, or the end with append); reads from there
    /// to the end if `read_back`; closes. What a shell's `>` and `>>` do in one call.
    pub fn open(
        &mut self,
        path: &[u8],
        flags: Open,
        data: Option<Contents>,
        read_back: bool,
        t: &mut Trace,
    ) -> Result<Contents, Errno> {
        Err(Errno::EIO)
    }
    pub fn truncate(&mut self, path: &[u8], size: i64, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn unlink(&mut self, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn rename(&mut self, src: &[u8], dst: &[u8], how: Rename, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn link(&mut self, src: &[u8], dst: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn symlink(&mut self, target: &[u8], path: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn chmod(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// Follows symlinks; `None` leaves an id as it is (-1).
    pub fn chown(
        &mut self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn lchown(
        &mut self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    /// Sets the modification time (Unix seconds); follows symlinks.
    pub fn utimes(&mut self, path: &[u8], mtime: i64, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn setxattr(&mut self, path: &[u8], name: &[u8], value: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn removexattr(&mut self, path: &[u8], name: &[u8], t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn mkfifo(&mut self, path: &[u8], mode: u16, t: &mut Trace) -> Result<(), Errno> {
        Err(Errno::EIO)
    }
    pub fn mkchar(
        &mut self,
        path: &[u8],
        mode: u16,
        major: u32,
        minor: u32,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        Err(Errno::EIO)
    }

    // ---- explaining ----
    /// Which layer wins for this path, which are hidden, and why.
    pub fn which(&mut self, path: &[u8], t: &mut Trace) -> Which {
        todo!()
    }
    /// The stack drawn for these paths: an `Event::Stack` with this name.
    pub fn stack(&mut self, name: &str, paths: &[Vec<u8>], t: &mut Trace) -> crate::trace::Event {
        todo!()
    }
    /// Everything visible, parents first: absolute path and lstat. For trees, `COPY --from`, export.
    pub fn walk(&mut self, path: &[u8], t: &mut Trace) -> Result<Vec<(Vec<u8>, Stat)>, Errno> {
        Err(Errno::EIO)
    }

    // ---- layers ----
    pub fn upper(&self) -> &Tree {
        &self.upper
    }
    /// Topmost first.
    pub fn lowers(&self) -> &[Lower] {
        &self.lowers
    }
    pub fn options(&self) -> Options {
        Options::default()
    }
    /// Seals the upper as a layer (raw: whiteouts and marks as they are) without changing the mount.
    pub fn sealed_upper(&self) -> Layer {
        self.upper.seal()
    }
    /// Commit: the upper becomes the topmost lower under this label; a fresh upper takes its place.
    pub fn commit(&mut self, label: &str, t: &mut Trace) -> Layer {
        todo!()
    }
    /// Unmounts and mounts the same layers again.
    pub fn restart(&mut self) {}
    /// A number that no other state of any mount of this process has had: changes with every change
    /// of the upper. For memoising what was computed from the merged view; never shown.
    pub fn generation(&self) -> u64 {
        0
    }
}
