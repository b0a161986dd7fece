//! Writes layers as the corpus does, raw: whiteouts, marks and hard links shown.

use super::contents;
use crate::fs::path::show;
use crate::fs::{Ino, Inode, Kind, Nodes, Tree};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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

/// The word of the corpus for a type.
pub(super) fn type_word(kind: &Kind) -> &'static str {
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
