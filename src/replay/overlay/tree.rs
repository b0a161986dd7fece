//! Layers as the corpus writes them, raw: whiteouts, marks and hard links shown.

use super::contents;
use crate::fs::path::{names, parent, show};
use crate::fs::{Contents, Ino, Inode, Kind, Nodes, Tree};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Reads a tree.
pub(super) fn read(value: &Value) -> Result<Tree, String> {
    let entries = value.as_object().ok_or("a tree is an object of paths")?;
    let mut tree = Tree::new();
    for (path, entry) in entries {
        let inside = |message: String| format!("`{path}`: {message}");
        let sound = path.starts_with('/') && names(path.as_bytes()).all(|name| name != b"." && name != b"..");
        let parent = tree.at(parent(path.as_bytes()));
        if !sound || path.len() > 4095 || !parent.is_some_and(|dir| tree.inode(dir).kind.is_dir()) {
            return Err(inside("its parent is not listed before it as a directory".to_owned()));
        }
        let placed = match entry.get("hardlink") {
            Some(first) => {
                let first = first.as_str().ok_or_else(|| inside("`hardlink` is no path".to_owned()))?;
                tree.put_link(path.as_bytes(), first.as_bytes())
            }
            None => tree.put(path.as_bytes(), inode(entry).map_err(inside)?),
        };
        if placed.is_none() {
            return Err(inside("there is no place for it in the tree".to_owned()));
        }
    }
    Ok(tree)
}

fn inode(entry: &Value) -> Result<Inode, String> {
    let number = |key: &str| match entry.get(key) {
        None => Ok(0),
        Some(value) => value
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .ok_or_else(|| format!("`{key}` is no number of 32 bits")),
    };
    let mut inode = match entry.get("type").and_then(Value::as_str) {
        Some("file") => Inode::file(contents::read(entry)?.unwrap_or(Contents::EMPTY)),
        Some("dir") => Inode::dir(0o755),
        Some("symlink") => {
            let target = entry.get("target").and_then(Value::as_str).ok_or("no `target`")?;
            Inode::symlink(target.as_bytes())
        }
        Some("fifo") => Inode::new(Kind::Fifo, 0o644),
        Some("chardev") => match device(entry).ok_or("`rdev` is [major, minor]")? {
            (0, 0) => Inode::whiteout(),
            (major, minor) => Inode::new(Kind::CharDev(major, minor), 0o644),
        },
        Some("whiteout") => Inode::whiteout(),
        _ => return Err("no known `type`".to_owned()),
    };
    if let Some(text) = entry.get("mode") {
        let text = text.as_str().ok_or("`mode` is octal text")?;
        inode.mode = u16::from_str_radix(text, 8).map_err(|_| "`mode` is octal text")? & 0o7777;
    }
    (inode.uid, inode.gid) = (number("uid")?, number("gid")?);
    marks(entry, &mut inode)?;
    Ok(inode)
}

pub(super) fn device(value: &Value) -> Option<(u32, u32)> {
    let numbers = value.get("rdev")?.as_array()?;
    let number = |at: usize| u32::try_from(numbers.get(at)?.as_u64()?).ok();
    Some((number(0)?, number(1)?))
}

fn marks(entry: &Value, inode: &mut Inode) -> Result<(), String> {
    if let Some(xattrs) = entry.get("xattrs") {
        for (name, value) in xattrs.as_object().ok_or("`xattrs` is no object")? {
            let value = value.as_str().ok_or("an attribute's value is text")?;
            inode.extra_mut().xattrs.insert(name.as_bytes().into(), value.as_bytes().into());
        }
    }
    match entry.get("opaque") {
        Some(Value::Bool(true)) => inode.extra_mut().opaque = true,
        Some(Value::String(mark)) if mark == "x" => inode.extra_mut().xwhiteouts = true,
        _ => {}
    }
    if entry.get("whiteout").and_then(Value::as_str) == Some("xattr") {
        inode.extra_mut().xwhiteout = true;
    }
    if let Some(redirect) = entry.get("redirect") {
        let redirect = redirect.as_str().ok_or("`redirect` is text")?;
        inode.extra_mut().redirect = Some(redirect.as_bytes().into());
    }
    if entry.get("metacopy").and_then(Value::as_bool) == Some(true) {
        inode.extra_mut().metacopy = Some(entry.get("size").and_then(Value::as_u64).unwrap_or(0));
    }
    Ok(())
}

/// Every path with its whole entry, hard links written out: what deltas are made from. With
/// `userxattr` the overlay's own attributes (`user.overlay.…`) are not shown.
pub(super) fn flat(tree: &Tree, userxattr: bool) -> BTreeMap<String, Value> {
    let mut entries = BTreeMap::new();
    visit(tree, &mut |path, _, inode| {
        entries.insert(path, entry(inode, userxattr));
    });
    entries
}

/// A tree in the corpus's shape.
pub(super) fn write(tree: &Tree, userxattr: bool) -> Value {
    let mut entries: BTreeMap<String, (Ino, Value)> = BTreeMap::new();
    visit(tree, &mut |path, ino, inode| {
        entries.insert(path, (ino, entry(inode, userxattr)));
    });
    let mut first: BTreeMap<Ino, String> = BTreeMap::new();
    let mut written = Map::new();
    for (path, (ino, mut entry)) in entries {
        let plain = path == "/" && entry == json!({ "type": "dir" });
        let kind = &tree.inode(ino).kind;
        if !kind.is_dir() && !matches!(kind, Kind::Whiteout) {
            match first.get(&ino) {
                Some(earlier) => entry = json!({ "type": entry["type"], "hardlink": earlier }),
                None => {
                    first.insert(ino, path.clone());
                }
            }
        }
        if !plain {
            written.insert(path, entry);
        }
    }
    Value::Object(written)
}

fn visit(tree: &Tree, take: &mut dyn FnMut(String, Ino, &Inode)) {
    take("/".to_owned(), 0, tree.inode(0));
    tree.walk(&mut |path, ino, inode| take(show(path).into_owned(), ino, inode));
}

fn entry(inode: &Inode, userxattr: bool) -> Value {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
    if inode.is_whiteout() {
        put("type", json!("whiteout"));
        return Value::Object(entry);
    }
    put("type", json!(type_word(&inode.kind)));
    mode(&inode.kind, inode.mode).map(|mode| put("mode", json!(mode)));
    if inode.uid != 0 {
        put("uid", json!(inode.uid));
    }
    if inode.gid != 0 {
        put("gid", json!(inode.gid));
    }
    match &inode.kind {
        Kind::Symlink(target) => {
            put("target", json!(show(target)));
        }
        Kind::CharDev(major, minor) => {
            put("rdev", json!([major, minor]));
        }
        _ => {}
    }
    let Some(extra) = &inode.extra else { return with_contents(inode, entry) };
    let own = |name: &[u8]| userxattr && name.starts_with(b"user.overlay.");
    let xattrs: Map<String, Value> = extra
        .xattrs
        .iter()
        .filter(|(name, _)| name.starts_with(b"user.") && !own(name))
        .map(|(name, value)| (show(name).into_owned(), json!(show(value))))
        .collect();
    if !xattrs.is_empty() {
        put("xattrs", Value::Object(xattrs));
    }
    if extra.opaque {
        put("opaque", json!(true));
    } else if extra.xwhiteouts {
        put("opaque", json!("x"));
    }
    if extra.xwhiteout {
        put("whiteout", json!("xattr"));
    }
    if let Some(redirect) = &extra.redirect {
        put("redirect", json!(show(redirect)));
    }
    if let Some(size) = extra.metacopy {
        put("metacopy", json!(true));
        put("size", json!(size));
        return Value::Object(entry);
    }
    with_contents(inode, entry)
}

fn with_contents(inode: &Inode, mut entry: Map<String, Value>) -> Value {
    if let Kind::File(data) = &inode.kind {
        contents::write(data, &mut entry);
    }
    Value::Object(entry)
}

fn type_word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Dir(_) => "dir",
        other => other.word(),
    }
}

/// The mode, left out when it is the type's default.
pub(super) fn mode(kind: &Kind, mode: u16) -> Option<String> {
    let default = match kind {
        Kind::Dir(_) => 0o755,
        Kind::Symlink(_) => return None,
        _ => 0o644,
    };
    (mode != default).then(|| format!("{mode:04o}"))
}

/// What changed between two trees.
pub(super) fn delta(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Value {
    let mut delta = Map::new();
    let mut put = |key: &str, paths: Vec<&String>| {
        if !paths.is_empty() {
            delta.insert(key.to_owned(), json!(paths));
        }
    };
    put("added", after.keys().filter(|path| !before.contains_key(*path)).collect());
    put("removed", before.keys().filter(|path| !after.contains_key(*path)).collect());
    let changed = after.iter().filter(|(path, entry)| before.get(*path).is_some_and(|was| was != *entry));
    put("changed", changed.map(|(path, _)| path).collect());
    Value::Object(delta)
}
