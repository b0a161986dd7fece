//! Trees as lists of entries, for the cache file.

use crate::fs::{Contents, Inode, Kind, Layer, Nodes, Piece, Seeded, Tree, path};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most bytes that a file's described contents may claim, so that a forged size stays harmless.
const MAX_FILE: u64 = 1 << 44;

/// One name of a tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Absolute; bytes that are no UTF-8 as `base16:…`.
    path: String,
    #[serde(flatten)]
    kind: EntryKind,
    #[serde(default, skip_serializing_if = "is_zero")]
    mode: u16,
    #[serde(default, skip_serializing_if = "is_zero32")]
    uid: u32,
    #[serde(default, skip_serializing_if = "is_zero32")]
    gid: u32,
    #[serde(default)]
    mtime: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    opaque: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    xattrs: BTreeMap<String, String>,
}

fn is_zero(n: &u16) -> bool {
    *n == 0
}

fn is_zero32(n: &u32) -> bool {
    *n == 0
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum EntryKind {
    File { contents: Vec<Stretch> },
    Dir,
    Symlink { target: String },
    Hardlink { to: String },
    Fifo,
    Chardev { major: u32, minor: u32 },
    Whiteout,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stretch {
    Text(String),
    Bytes(String),
    Fill { byte: u8, len: u64 },
    Seeded { label: String, offset: u64, len: u64 },
}

/// A layer's entries.
pub(super) fn write_layer(layer: &Layer) -> Vec<Entry> {
    write(layer)
}

/// A tree's entries.
pub(super) fn write_tree(tree: &Tree) -> Vec<Entry> {
    write(tree)
}

fn write(nodes: &dyn Nodes) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut first: HashMap<u32, String> = HashMap::new();
    nodes.walk(&mut |at, ino, inode| {
        let path = text(at);
        let linked = inode.nlink > 1 && !inode.kind.is_dir();
        let kind = match first.get(&ino).filter(|_| linked) {
            Some(to) => EntryKind::Hardlink { to: to.clone() },
            None => kind(&inode.kind),
        };
        if linked {
            first.entry(ino).or_insert_with(|| path.clone());
        }
        let xattrs = inode.extra.iter().flat_map(|extra| &extra.xattrs);
        entries.push(Entry {
            path,
            kind,
            mode: inode.mode,
            uid: inode.uid,
            gid: inode.gid,
            mtime: inode.mtime,
            opaque: inode.is_opaque(),
            xattrs: xattrs.map(|(name, value)| (text(name), text(value))).collect(),
        });
    });
    entries
}

fn kind(kind: &Kind) -> EntryKind {
    match kind {
        Kind::File(contents) => EntryKind::File { contents: contents.pieces().iter().map(stretch).collect() },
        Kind::Dir(_) => EntryKind::Dir,
        Kind::Symlink(target) => EntryKind::Symlink { target: text(target) },
        Kind::Fifo => EntryKind::Fifo,
        Kind::CharDev(major, minor) => EntryKind::Chardev { major: *major, minor: *minor },
        Kind::Whiteout => EntryKind::Whiteout,
    }
}

fn stretch(piece: &Piece) -> Stretch {
    let held = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => Stretch::Text(text.to_owned()),
        Err(_) => Stretch::Bytes(base16(bytes)),
    };
    match piece {
        Piece::Bytes(bytes) => held(bytes),
        stored @ Piece::Stored { .. } => {
            let mut bytes = Vec::new();
            Contents::from_pieces(vec![stored.clone()])
                .for_each_chunk(&mut |chunk| bytes.extend_from_slice(chunk));
            held(&bytes)
        }
        Piece::Fill { byte, len } => Stretch::Fill { byte: *byte, len: *len },
        Piece::Seeded(seeded) => {
            Stretch::Seeded { label: seeded.label.to_string(), offset: seeded.offset, len: seeded.len }
        }
    }
}

/// A tree from its entries. In words, what is wrong with them.
pub(super) fn read_tree(entries: &[Entry]) -> Result<Tree, String> {
    let mut tree = Tree::new();
    for entry in entries {
        let at = path::clean(&bytes(&entry.path)?);
        let placed = match &entry.kind {
            EntryKind::Hardlink { to } => tree.put_link(&at, &path::clean(&bytes(to)?)),
            kind => tree.put(&at, inode(entry, kind)?),
        };
        if placed.is_none() {
            return Err(format!("`{}` can't be placed", entry.path));
        }
    }
    Ok(tree)
}

fn inode(entry: &Entry, kind: &EntryKind) -> Result<Inode, String> {
    let kind = match kind {
        EntryKind::File { contents } => Kind::File(file(contents)?),
        EntryKind::Dir | EntryKind::Hardlink { .. } => Kind::Dir(Default::default()),
        EntryKind::Symlink { target } => Kind::Symlink(bytes(target)?.into()),
        EntryKind::Fifo => Kind::Fifo,
        EntryKind::Chardev { major, minor } => Kind::CharDev(*major, *minor),
        EntryKind::Whiteout => Kind::Whiteout,
    };
    let mut inode = Inode { mtime: entry.mtime, ..Inode::new(kind, entry.mode & 0o7777) };
    inode = inode.owned(entry.uid, entry.gid);
    if entry.opaque {
        inode.extra_mut().opaque = true;
    }
    for (name, value) in &entry.xattrs {
        inode.extra_mut().xattrs.insert(bytes(name)?.into(), bytes(value)?.into());
    }
    Ok(inode)
}

fn file(stretches: &[Stretch]) -> Result<Contents, String> {
    let mut pieces = Vec::new();
    for stretch in stretches {
        pieces.push(match stretch {
            Stretch::Text(text) => Piece::Bytes(text.as_bytes().into()),
            Stretch::Bytes(text) => {
                Piece::Bytes(from_base16(text).ok_or("bytes that are no hex digits")?.into())
            }
            Stretch::Fill { len, .. } | Stretch::Seeded { len, .. } if *len > MAX_FILE => {
                return Err(format!("a file of {len} bytes"));
            }
            Stretch::Fill { byte, len } => Piece::Fill { byte: *byte, len: *len },
            Stretch::Seeded { label, offset, len } if *offset <= MAX_FILE => {
                Piece::Seeded(Arc::new(Seeded { label: label.as_str().into(), offset: *offset, len: *len }))
            }
            Stretch::Seeded { offset, .. } => return Err(format!("a stretch that begins at byte {offset}")),
        });
    }
    Ok(Contents::from_pieces(pieces))
}

const HEX: &str = "base16:";

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(HEX) => text.to_owned(),
        _ => format!("{HEX}{}", base16(bytes)),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    match text.strip_prefix(HEX) {
        Some(digits) => from_base16(digits).ok_or_else(|| format!("`{text}` is no path")),
        None => Ok(text.as_bytes().to_vec()),
    }
}

fn base16(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_base16(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(pair).collect()
}
