//! Inodes: what a name leads to.

use super::contents::Contents;
use super::entries::Entries;
use super::errno::Errno;
use super::tree::Name;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File(Contents),
    /// A directory.
    Dir(Entries),
    /// A symbolic link and its text.
    Symlink(Arc<[u8]>),
    /// A named pipe.
    Fifo,
    /// A character device, major and minor number. `0:0` is spelled [`Kind::Whiteout`].
    CharDev(u32, u32),
    /// A character device 0:0: in a layer of an overlay it deletes the name.
    Whiteout,
}

impl Kind {
    /// "file", "directory", "symlink", "fifo", "chardev", "whiteout": as people read it.
    pub fn word(&self) -> &'static str {
        match self {
            Kind::File(_) => "file",
            Kind::Dir(_) => "directory",
            Kind::Symlink(_) => "symlink",
            Kind::Fifo => "fifo",
            Kind::CharDev(..) => "chardev",
            Kind::Whiteout => "whiteout",
        }
    }

    /// Is it a directory?
    pub fn is_dir(&self) -> bool {
        matches!(self, Kind::Dir(_))
    }
}

/// What few inodes have: boxed, so that a plain file stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Extended attributes other than the overlay's marks, full name to value.
    pub xattrs: BTreeMap<Arc<[u8]>, Arc<[u8]>>,
    /// `trusted.overlay.opaque=y`, on a directory.
    pub opaque: bool,
    /// `trusted.overlay.redirect`, on a directory or metacopy file.
    pub redirect: Option<Arc<[u8]>>,
    /// `trusted.overlay.metacopy`, on a file: contents live in a lower layer, this is their size.
    pub metacopy: Option<u64>,
    /// `trusted.overlay.whiteout`, on a file: while the file is empty it deletes the name.
    pub xwhiteout: bool,
    /// `trusted.overlay.opaque=x`, on a directory: whiteouts made of files may be in it.
    pub xwhiteouts: bool,
    /// What only a layer that is another overlay's merged directory has.
    pub nested: Option<Box<Nested>>,
}

/// How an overlay's merged directory differs from a plain one, seen from the overlay above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nested {
    /// Of a directory: names it lists and doesn't find, with what looking them up answers.
    pub ghosts: BTreeMap<Name, Errno>,
    /// Of a file: its link count in memory is 1, whatever stat shows (fs/overlayfs/inode.c,
    /// `ovl_get_inode`, of a lower hard link that copy-up will break).
    pub alone: bool,
    /// Of the root: overlays stacked up to here, this one included.
    pub depth: u32,
}

/// An inode of one layer. The number of its names is kept by the [`super::Tree`] that holds it.
///
/// One line of the processor's cache: whoever asks for a file waits for memory once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Inode {
    /// What it is, with contents, entries or target.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: 12 bits.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Number of names in its own layer; for a directory always 1.
    pub nlink: u32,
    /// Modification time, Unix seconds. The union ignores it; the builders don't.
    pub mtime: i64,
    /// Attributes and marks that few inodes have.
    pub extra: Option<Box<Extra>>,
}

/// The lab's clock: one fixed date, 2024-01-01T00:00:00Z.
pub const EPOCH: i64 = 1_704_067_200;

impl Inode {
    /// An inode owned by 0:0 with the lab's date.
    pub fn new(kind: Kind, mode: u16) -> Inode {
        Inode { kind, mode, uid: 0, gid: 0, nlink: 0, mtime: EPOCH, extra: None }
    }

    /// A regular file, 0644.
    pub fn file(contents: Contents) -> Inode {
        Inode::new(Kind::File(contents), 0o644)
    }

    /// An empty directory.
    pub fn dir(mode: u16) -> Inode {
        Inode::new(Kind::Dir(Entries::default()), mode)
    }

    /// A symbolic link.
    pub fn symlink(target: &[u8]) -> Inode {
        Inode::new(Kind::Symlink(target.into()), 0o777)
    }

    /// A whiteout.
    pub fn whiteout() -> Inode {
        Inode::new(Kind::Whiteout, 0)
    }

    /// The same inode with another owner.
    #[must_use]
    pub fn owned(mut self, uid: u32, gid: u32) -> Inode {
        (self.uid, self.gid) = (uid, gid);
        self
    }

    /// The same inode with another mode.
    #[must_use]
    pub fn with_mode(mut self, mode: u16) -> Inode {
        self.mode = mode;
        self
    }

    /// Size as stat shows it: bytes of a file (or what a metacopy's mark says) or of a symlink's text,
    /// else 0.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(contents) => self.metacopy().unwrap_or_else(|| contents.len()),
            Kind::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }

    /// Marked opaque?
    pub fn is_opaque(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.opaque)
    }

    /// Its redirect mark.
    pub fn redirect(&self) -> Option<&Arc<[u8]>> {
        self.extra.as_ref()?.redirect.as_ref()
    }

    /// Its metacopy mark.
    pub fn metacopy(&self) -> Option<u64> {
        self.extra.as_ref()?.metacopy
    }

    /// Is it a whiteout?
    pub fn is_whiteout(&self) -> bool {
        matches!(self.kind, Kind::Whiteout)
    }

    /// Does it delete its name in the layers below: a device 0:0, or an empty file with the whiteout
    /// mark (fs/overlayfs/util.c, `ovl_path_is_whiteout`)?
    pub fn deletes(&self) -> bool {
        self.is_whiteout() || self.is_xwhiteout()
    }

    /// Is it a whiteout made of an attribute (`ovl_path_check_xwhiteout_xattr`)?
    pub fn is_xwhiteout(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.xwhiteout)
            && matches!(&self.kind, Kind::File(contents) if contents.is_empty())
            && self.size() == 0
    }

    /// Marked as a directory that may hold whiteouts made of attributes?
    pub fn holds_xwhiteouts(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.xwhiteouts && !extra.opaque)
    }

    /// What it has as a part of another overlay's merged directory.
    pub fn nested(&self) -> Option<&Nested> {
        self.extra.as_ref()?.nested.as_deref()
    }

    /// The rare attributes, made when missing.
    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_with(Box::default)
    }

    /// A directory's entries.
    pub fn entries(&self) -> Option<&Entries> {
        match &self.kind {
            Kind::Dir(entries) => Some(entries),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inode_is_one_line_of_the_cache() {
        assert_eq!(size_of::<Inode>(), 64);
    }
}
