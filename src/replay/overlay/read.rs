//! Reads the tree of a layer. What no layer can hold is refused in words.

use super::contents;
use super::fields::{Fields, cut};
use super::ops::MAX_ID;
use super::tree::type_word;
use crate::fs::path::parent;
use crate::fs::{Contents, Inode, Kind, Nodes, Tree};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Bytes of a name (include/uapi/linux/limits.h, `NAME_MAX`), and of a path without its NUL.
const NAME_MAX: usize = 255;
const PATH_MAX: usize = 4095;

/// The largest file (include/linux/fs.h, `MAX_LFS_FILESIZE`).
const MAX_SIZE: i64 = i64::MAX;

/// Reads a layer. Paths come sorted, so every parent comes before what it holds.
pub(super) fn layer(value: &Value) -> Result<Tree, String> {
    let entries = Fields::of(value, "a tree of paths")?.all();
    let mut tree = Tree::new();
    for (path, entry) in entries {
        place(&mut tree, entries, path, entry).map_err(|message| format!("`{}`: {message}", cut(path)))?;
    }
    Ok(tree)
}

fn place(tree: &mut Tree, entries: &Map<String, Value>, path: &str, entry: &Value) -> Result<(), String> {
    judge_path(path)?;
    let fields = Fields::of(entry, "an entry")?;
    if !tree.at(parent(path.as_bytes())).is_some_and(|dir| tree.inode(dir).kind.is_dir()) {
        return Err("its parent is not listed before it as a directory".to_owned());
    }
    let placed = if fields.get("hardlink").is_some() {
        let first = judge_link(tree, entries, path, fields)?;
        tree.put_link(path.as_bytes(), first.as_bytes())
    } else {
        let inode = inode(fields)?;
        if path == "/" && !inode.kind.is_dir() {
            return Err("`type` must be `dir`: it is the layer's root".to_owned());
        }
        tree.put(path.as_bytes(), inode)
    };
    placed.map(|_| ()).ok_or_else(|| "there is no place for it in the tree".to_owned())
}

/// A path as a layer can hold it: absolute, written in one way only, every name short enough.
pub(super) fn judge_path(path: &str) -> Result<(), String> {
    let Some(names) = path.strip_prefix('/') else {
        return Err("a path of a tree begins with `/`".to_owned());
    };
    if path.contains('\0') {
        return Err("no path has a NUL character".to_owned());
    }
    if path.len() > PATH_MAX {
        return Err(format!("a path of {} bytes; {PATH_MAX} is the most", path.len()));
    }
    if names.is_empty() {
        return Ok(());
    }
    for name in names.split('/') {
        match name {
            "" => return Err("a path of a tree has one `/` between names and none at its end".to_owned()),
            "." | ".." => return Err(format!("`{name}` is no name in a tree")),
            name if name.len() > NAME_MAX => {
                return Err(format!("a name of {} bytes; {NAME_MAX} is the most", name.len()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The path that a hard link links to: an earlier one, of the same type, no directory.
fn judge_link<'v>(
    tree: &Tree,
    entries: &Map<String, Value>,
    path: &str,
    fields: Fields<'v>,
) -> Result<&'v str, String> {
    let first = fields.string("hardlink")?;
    let said = |message: &str| format!("`hardlink` to `{}`: {message}", cut(first));
    judge_path(first).map_err(|message| said(&message))?;
    let Some(ino) = tree.at(first.as_bytes()) else {
        return Err(match (cycle(entries, path), entries.contains_key(first)) {
            (Some(cycle), _) => format!("`hardlink`: a cycle of hard links: {cycle}"),
            (None, true) => said("it comes later; the first of the linked paths carries the entry"),
            (None, false) => said("this tree has no such path"),
        });
    };
    let kind = &tree.inode(ino).kind;
    if kind.is_dir() {
        return Err(said("a directory has one name only"));
    }
    let own = fields.text("type")?;
    let other = type_word(kind);
    if own != other {
        return Err(format!("`type` is `{}`, that of `{}` is `{other}`", cut(own), cut(first)));
    }
    Ok(first)
}

/// The circle that hard links make from this path, written out.
fn cycle(entries: &Map<String, Value>, path: &str) -> Option<String> {
    let mut seen: HashSet<&str> = HashSet::from([path]);
    let (mut at, mut shown) = (path, format!("`{}`", cut(path)));
    while let Some(next) = entries.get(at)?.get("hardlink").and_then(Value::as_str) {
        if seen.len() <= 8 {
            shown.push_str(&format!(" → `{}`", cut(next)));
        }
        if next == path {
            return Some(shown);
        }
        if !seen.insert(next) {
            return None;
        }
        at = next;
    }
    None
}

fn inode(fields: Fields<'_>) -> Result<Inode, String> {
    let id = |key: &str| match fields.get(key) {
        None => Ok(0),
        Some(_) => fields.number(key, 0, MAX_ID).map(|id| id as u32),
    };
    let mut inode = kind(fields)?;
    if fields.get("mode").is_some() {
        inode.mode = fields.mode("mode")?;
    }
    (inode.uid, inode.gid) = (id("uid")?, id("gid")?);
    attributes(fields, &mut inode)?;
    marks(fields, &mut inode)?;
    Ok(inode)
}

fn kind(fields: Fields<'_>) -> Result<Inode, String> {
    Ok(match fields.text("type")? {
        "file" if fields.flag("metacopy")? => Inode::file(Contents::EMPTY),
        "file" => match contents::read(fields)? {
            Some(contents) => Inode::file(contents),
            None => return Err("no contents: `data`, `size` with `fill`, or `runs`".to_owned()),
        },
        "dir" => Inode::dir(0o755),
        "symlink" => match fields.string("target")? {
            "" => return Err("`target` is empty; no symlink is".to_owned()),
            long if long.len() > PATH_MAX => {
                return Err(format!("`target` has {} bytes; {PATH_MAX} is the most", long.len()));
            }
            target => Inode::symlink(target.as_bytes()),
        },
        "fifo" => Inode::new(Kind::Fifo, 0o644),
        "chardev" => match fields.device("rdev")? {
            (0, 0) => Inode::whiteout(),
            (major, minor) => Inode::new(Kind::CharDev(major, minor), 0o644),
        },
        "whiteout" => Inode::whiteout(),
        other => return Err(format!("`type` is `{}`; {TYPES}", cut(other))),
    })
}

const TYPES: &str = "a layer has `file`, `dir`, `symlink`, `fifo`, `chardev` and `whiteout`";

fn attributes(fields: Fields<'_>, inode: &mut Inode) -> Result<(), String> {
    if fields.get("xattrs").is_none() {
        return Ok(());
    }
    for (name, value) in fields.object("xattrs")?.all() {
        let inside = |message: &str| format!("`xattrs`: `{}`: {message}", cut(name));
        let value = value.as_str().ok_or_else(|| inside("its value must be text"))?;
        // include/uapi/linux/limits.h: XATTR_NAME_MAX, XATTR_SIZE_MAX.
        if name.len() > 255 || name.contains('\0') || value.len() > 65_536 {
            return Err(inside("a name has up to 255 bytes and no NUL, a value up to 65536"));
        }
        inode.extra_mut().xattrs.insert(name.as_bytes().into(), value.as_bytes().into());
    }
    Ok(())
}

/// What the overlay itself writes on inodes.
fn marks(fields: Fields<'_>, inode: &mut Inode) -> Result<(), String> {
    match fields.get("opaque").map(|mark| mark.as_str()) {
        Some(Some("x")) => inode.extra_mut().xwhiteouts = true,
        Some(Some(_)) => return Err("`opaque` must be true, or \"x\"".to_owned()),
        _ if fields.flag("opaque")? => inode.extra_mut().opaque = true,
        _ => {}
    }
    match fields.get("whiteout").map(|_| fields.text("whiteout")).transpose()? {
        None => {}
        Some("xattr") if matches!(inode.kind, Kind::File(_)) => inode.extra_mut().xwhiteout = true,
        Some(_) => return Err("`whiteout` must be `xattr`, and on a file".to_owned()),
    }
    if fields.get("redirect").is_some() {
        inode.extra_mut().redirect = Some(fields.string("redirect")?.as_bytes().into());
    }
    if fields.flag("metacopy")? {
        let size = fields.number("size", 0, MAX_SIZE)?;
        inode.extra_mut().metacopy = Some(size.unsigned_abs());
    }
    Ok(())
}
