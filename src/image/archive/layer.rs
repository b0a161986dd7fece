//! A layer's tar as a sealed tree.

use super::entries::{TarEntries, TarEntry};
use super::parts::inside;
use super::{broken, escaped};
use crate::error::Error;
use crate::fs::tarball::{self, Member, MemberKind};
use crate::fs::{Ino, Inode, Kind, Layer, Nodes, Stored, Tree, path, recognised};
use crate::image::History;
use crate::trace::Fuel;
use std::collections::HashMap;
use std::sync::Arc;

/// A layer that was read.
pub(super) struct Read {
    pub(super) layer: Layer,
    pub(super) entries: Arc<TarEntries>,
    /// What was left out.
    pub(super) notes: Vec<String>,
}

const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";
const META: &[u8] = b".wh..wh.";

/// Bytes of a link's text with its final NUL (include/uapi/linux/limits.h, `PATH_MAX`).
const LONGEST: usize = 4096;

/// Bytes of an attribute's value, at most (include/uapi/linux/limits.h, `XATTR_SIZE_MAX`), and of all in a
/// layer.
const MOST_ATTRIBUTE: usize = 65_536;
const MOST_ATTRIBUTES: usize = 64 << 20;

/// Things left out that are told of one layer.
const MOST_NOTES: usize = 100;

/// Reads a layer. Later entries replace earlier ones, whiteouts speak of lower layers only, wherever
/// they stand (OCI image spec `layer.md`; moby `pkg/archive/diff.go`, `UnpackLayer`).
pub(super) fn read(part: &str, tar: &Stored, limit: u64, fuel: &mut Fuel) -> Result<Read, Error> {
    let mut building = Building {
        tree: Tree::new(),
        last: None,
        attributes: 0,
        whiteouts: Vec::new(),
        opaque: Vec::new(),
        notes: Vec::new(),
    };
    let mut entries = TarEntries::default();
    let read = tarball::members(tar, limit, &mut |member| {
        if !fuel.spend(10) {
            return Err("with it the lab's limit is reached".to_owned());
        }
        let at = inside(&member.path)?;
        if at == b"/" {
            return Ok(());
        }
        entries.push(&entry(&at, &member));
        building.take(&at, member)
    });
    if let Err(fault) = read {
        let place = fault.entry.map_or(part.to_owned(), |entry| format!("{part}: {entry}"));
        return Err(broken(&place, &fault.message));
    }
    let notes = std::mem::take(&mut building.notes);
    Ok(Read { layer: building.sealed(), entries: Arc::new(entries.finished()), notes })
}

fn entry(at: &[u8], member: &Member) -> TarEntry {
    TarEntry {
        path: at.get(1..).unwrap_or_default().to_vec(),
        type_flag: member.type_flag,
        link: match &member.kind {
            MemberKind::Symlink(link) | MemberKind::Link(link) => link.clone(),
            _ => Vec::new(),
        },
        size: if let MemberKind::File(data) = &member.kind { data.len() } else { 0 },
        mode: member.mode,
        uid: member.uid,
        gid: member.gid,
    }
}

struct Building {
    tree: Tree,
    /// The folder of the entry before.
    last: Option<(Vec<u8>, Ino)>,
    /// Bytes of all attributes so far.
    attributes: usize,
    whiteouts: Vec<Vec<u8>>,
    opaque: Vec<Vec<u8>>,
    notes: Vec<String>,
}

impl Building {
    fn take(&mut self, at: &[u8], member: Member) -> Result<(), String> {
        let name = path::file_name(at);
        if name == OPAQUE {
            self.opaque.push(path::parent(at).to_vec());
            return Ok(());
        }
        // aufs's own files: nothing for anybody else.
        if name.starts_with(META) {
            return Ok(());
        }
        if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            if matches!(hidden, b"" | b"." | b"..") {
                return Err("a whiteout without a name".to_owned());
            }
            self.whiteouts.push(
                [path::parent(at).strip_suffix(b"/").unwrap_or(path::parent(at)), b"/", hidden].concat(),
            );
            return Ok(());
        }
        let kind = match member.kind {
            MemberKind::File(data) if member.mode & 0o111 != 0 => Kind::File(recognised(data)),
            MemberKind::File(data) => Kind::File(data),
            MemberKind::Dir => Kind::Dir(Default::default()),
            MemberKind::Symlink(link) if link.len() >= LONGEST => {
                return Err(format!("its target has {} bytes, more than {}", link.len(), LONGEST - 1));
            }
            MemberKind::Symlink(link) => Kind::Symlink(link.into()),
            MemberKind::Fifo => Kind::Fifo,
            MemberKind::CharDev(0, 0) => Kind::Whiteout,
            MemberKind::CharDev(major, minor) => Kind::CharDev(major, minor),
            MemberKind::BlockDev(major, minor) => {
                let shown = escaped(&path::show(at));
                self.note(format!("{shown}: a block device ({major}:{minor}), not modelled, left out"));
                return Ok(());
            }
            MemberKind::Link(link) => {
                let to = inside(&link).map_err(|_| "a hard link that leads out of the layer".to_owned())?;
                self.last = None;
                let linked = self.tree.put_link(at, &to);
                let missing =
                    || format!("a hard link to `{}`, which is not before it", escaped(&path::show(&to)));
                return linked.map(|_| ()).ok_or_else(missing);
            }
        };
        let mut inode = Inode::new(kind, member.mode).owned(member.uid, member.gid);
        inode.mtime = member.mtime;
        for (name, value) in &member.xattrs {
            if name.starts_with(b"trusted.overlay.") {
                // In a tar these are no marks of the union: whiteouts have names there.
                let (at, name) = (escaped(&path::show(at)), escaped(&path::show(name)));
                self.note(format!("{at}: {name} left out"));
            } else {
                self.attributes += name.len() + value.len();
                if value.len() > MOST_ATTRIBUTE || self.attributes > MOST_ATTRIBUTES {
                    let most = if value.len() > MOST_ATTRIBUTE { MOST_ATTRIBUTE } else { MOST_ATTRIBUTES };
                    return Err(format!("its attributes have more than {most} bytes"));
                }
                inode.extra_mut().xattrs.insert(name.as_slice().into(), value.as_slice().into());
            }
        }
        self.put(at, inode)
    }

    fn note(&mut self, text: String) {
        match self.notes.len() {
            0..MOST_NOTES => self.notes.push(text),
            MOST_NOTES => self.notes.push("more of the same is left out".to_owned()),
            _ => {}
        }
    }

    /// Puts an entry into the tree. Most lie in the folder of the one before.
    fn put(&mut self, at: &[u8], inode: Inode) -> Result<(), String> {
        let (folder, name) = (path::parent(at), path::file_name(at));
        let dir = match &self.last {
            Some((last, dir)) if last == folder => *dir,
            _ => {
                let dir = self.tree.mkdirs(folder);
                let dir = dir.ok_or_else(|| "what it lies in is no directory".to_owned())?;
                self.last = Some((folder.to_vec(), dir));
                dir
            }
        };
        let taken = self.tree.child(dir, name).map(|ino| self.tree.inode(ino).kind.is_dir());
        if taken == Some(true) && !inode.kind.is_dir() {
            // A folder goes; the one that is remembered may lie in it.
            self.last = None;
        }
        self.tree.put_in(dir, name, inode);
        Ok(())
    }

    fn sealed(mut self) -> Layer {
        for at in std::mem::take(&mut self.opaque) {
            self.mark_opaque(&at);
        }
        for at in std::mem::take(&mut self.whiteouts) {
            match self.tree.at(&at) {
                // It replaces what is below in any case; a directory would be merged.
                Some(_) => self.mark_opaque(&at),
                None => {
                    self.tree.put(&at, Inode::whiteout());
                }
            }
        }
        self.tree.into_layer()
    }

    fn mark_opaque(&mut self, at: &[u8]) {
        if self.tree.at(at).is_none() {
            self.tree.mkdirs(at);
        }
        if let Some(ino) = self.tree.at(at)
            && self.tree.inode(ino).kind.is_dir()
        {
            self.tree.inode_mut(ino).extra_mut().opaque = true;
        }
    }
}

/// The entries that a layer's tar has, in path order: a hard-linked file under its first name.
pub fn tar_entries(layer: &Layer) -> TarEntries {
    let mut entries = TarEntries::default();
    let mut first: HashMap<u32, Vec<u8>> = HashMap::new();
    layer.walk(&mut |at, ino, inode| {
        let path = at.get(1..).unwrap_or_default().to_vec();
        let (mut type_flag, mut link, mut size) = match &inode.kind {
            Kind::File(_) => (b'0', Vec::new(), inode.size()),
            Kind::Dir(_) => (b'5', Vec::new(), 0),
            Kind::Symlink(target) => (b'2', target.to_vec(), 0),
            Kind::Fifo => (b'6', Vec::new(), 0),
            Kind::CharDev(..) => (b'3', Vec::new(), 0),
            Kind::Whiteout => (b'0', Vec::new(), 0),
        };
        let path = match inode.is_whiteout() {
            true => {
                let (name, parent) = (path::file_name(at), path::parent(at));
                let parent = parent.get(1..).filter(|p| !p.is_empty());
                [parent.unwrap_or_default(), if parent.is_some() { b"/" } else { b"" }, WHITEOUT, name]
                    .concat()
            }
            false => path,
        };
        if inode.nlink > 1 && !inode.kind.is_dir() {
            match first.get(&ino) {
                Some(name) => (type_flag, link, size) = (b'1', name.clone(), 0),
                None => {
                    first.insert(ino, path.clone());
                }
            }
        }
        entries.push(&TarEntry {
            path,
            type_flag,
            link,
            size,
            mode: inode.mode,
            uid: inode.uid,
            gid: inode.gid,
        });
    });
    entries.finished()
}

/// What people call a layer: its command without what the builders put around it, or its comment.
pub(super) fn label(entry: &History) -> String {
    const MOST: usize = 60;
    let created_by = if entry.created_by.is_empty() { &entry.comment } else { &entry.created_by };
    let text = created_by.strip_prefix("/bin/sh -c ").unwrap_or(created_by);
    let text = text.strip_prefix("#(nop)").unwrap_or(text).trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", line.get(..cut).unwrap_or_default()),
        None => line,
    }
}
