//! What a layer changes, against the layers below it: the corpus's `diff`.

use crate::fs::{Inode, Kind, Layer, Nodes, path};
use crate::image::ImageLayer;
use crate::trace::Trace;
use crate::union::{Mount, Options, Stat, StatKind};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Contents up to this size are shown.
const SHOWN: u64 = 240;

/// Compares a layer with those below it (bottom first).
pub fn diff(layer: &Layer, below: &[ImageLayer]) -> Value {
    let lowers = below.iter().rev().map(ImageLayer::lower).collect();
    let mut t = Trace::silent();
    let mut mount = Mount::new(lowers, crate::fs::Tree::new(), Options::default())
        .unwrap_or_else(|_| Mount::native(crate::fs::Tree::new()));
    let mut lists: HashMap<&str, Vec<Value>> = HashMap::new();
    let mut first: HashMap<u32, String> = HashMap::new();
    layer.walk(&mut |at, ino, inode| {
        let shown = path::show(at).into_owned();
        if inode.is_whiteout() {
            lists.entry("deleted").or_default().push(json!(shown));
            return;
        }
        if inode.is_opaque() {
            lists.entry("opaque").or_default().push(json!(shown));
        }
        let mut entry = describe(&shown, inode);
        let linked = !inode.kind.is_dir() && inode.nlink > 1;
        if let Some(target) = first.get(&ino).filter(|_| linked) {
            entry.insert("type".to_owned(), json!("hardlink"));
            entry.insert("target".to_owned(), json!(target));
            entry.remove("size");
            entry.remove("data");
        }
        if linked {
            first.entry(ino).or_insert_with(|| shown.clone());
        }
        match mount.lstat(at, &mut t) {
            Err(_) => lists.entry("added").or_default().push(Value::Object(entry)),
            Ok(old) => {
                // A further name of a file is of another type than the file that was there.
                let again = entry.get("type").is_some_and(|kind| kind == "hardlink");
                let changed = if again { vec!["type"] } else { changed(inode, &old, at, &mut mount, &mut t) };
                if inode.kind.is_dir() && changed.is_empty() {
                    lists.entry("parents").or_default().push(json!(shown));
                } else {
                    entry.insert("changed".to_owned(), json!(changed));
                    lists.entry("modified").or_default().push(Value::Object(entry));
                }
            }
        }
    });
    let mut diff = Map::new();
    for key in ["added", "modified", "parents", "deleted", "opaque"] {
        if let Some(list) = lists.remove(key) {
            diff.insert(key.to_owned(), Value::Array(list));
        }
    }
    Value::Object(diff)
}

/// An entry in the corpus's shape.
fn describe(at: &str, inode: &Inode) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("path".to_owned(), json!(at));
    let kind = match &inode.kind {
        Kind::File(_) => "file",
        Kind::Dir(_) => "dir",
        Kind::Symlink(_) => "symlink",
        Kind::Fifo => "fifo",
        Kind::CharDev(..) | Kind::Whiteout => "chardev",
    };
    entry.insert("type".to_owned(), json!(kind));
    if !matches!(inode.kind, Kind::Symlink(_)) {
        entry.insert("mode".to_owned(), json!(format!("{:04o}", inode.mode)));
    }
    entry.insert("uid".to_owned(), json!(inode.uid));
    entry.insert("gid".to_owned(), json!(inode.gid));
    match &inode.kind {
        Kind::File(contents) => {
            entry.insert("size".to_owned(), json!(contents.len()));
            if let Some(data) = contents.to_text(SHOWN) {
                entry.insert("data".to_owned(), json!(data));
            }
        }
        Kind::Symlink(target) => drop(entry.insert("target".to_owned(), json!(path::show(target)))),
        _ => {}
    }
    entry
}

fn changed(inode: &Inode, old: &Stat, at: &[u8], mount: &mut Mount, t: &mut Trace) -> Vec<&'static str> {
    let same_kind = matches!(
        (&inode.kind, old.kind),
        (Kind::File(_), StatKind::File)
            | (Kind::Dir(_), StatKind::Dir)
            | (Kind::Symlink(_), StatKind::Symlink)
            | (Kind::Fifo, StatKind::Fifo)
            | (Kind::CharDev(..), StatKind::CharDev(..))
    );
    if !same_kind {
        return vec!["type"];
    }
    let mut changed = Vec::new();
    match &inode.kind {
        Kind::File(contents) if mount.read(at, t).is_ok_and(|old| old != *contents) => {
            changed.push("content")
        }
        Kind::Symlink(target) if mount.readlink(at, t).is_ok_and(|old| old != **target) => {
            changed.push("target")
        }
        _ => {}
    }
    if !matches!(inode.kind, Kind::Symlink(_)) && inode.mode != old.mode {
        changed.push("mode");
    }
    if (inode.uid, inode.gid) != (old.uid, old.gid) {
        changed.push("owner");
    }
    changed
}
