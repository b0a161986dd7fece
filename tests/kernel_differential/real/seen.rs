//! What stands in a real directory: a layer raw, or the merged tree as a program sees it.

use crate::contents;
use nix::errno::Errno;
use rustix::fs::{FileType, lgetxattr, llistxattr, major, minor};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// One entry. Two are equal when the corpus would write the same of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    kind: &'static str,
    mode: u32,
    owner: (u32, u32),
    target: String,
    rdev: (u32, u32),
    xattrs: BTreeMap<String, String>,
    opaque: Option<String>,
    whiteout: bool,
    redirect: Option<String>,
    metacopy: Option<u64>,
    data: Option<Vec<u8>>,
    errno: Option<String>,
    nlink: u64,
}

/// Everything in a directory, by path; the numbers of inodes that have several names, by path too.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub entries: BTreeMap<String, Seen>,
    inodes: BTreeMap<String, u64>,
}

/// How to look.
#[derive(Clone, Copy)]
pub struct View<'p> {
    /// Prefix of the overlay's marks.
    pub prefix: &'p str,
    /// The merged tree: no marks, link counts shown.
    pub merged: bool,
}

/// Looks at everything below `root`. A directory that can't be listed shows nothing inside.
pub fn look(root: &str, view: View<'_>) -> Tree {
    let mut tree = Tree::default();
    tree.add(root, "/", view);
    let mut open = vec![String::new()];
    while let Some(dir) = open.pop() {
        for name in names(&format!("{root}{dir}")).unwrap_or_default() {
            let path = format!("{dir}/{name}");
            if tree.add(root, &path, view) == "dir" {
                open.push(path);
            }
        }
    }
    tree
}

/// The names in a directory, sorted.
pub fn names(path: &str) -> std::io::Result<Vec<String>> {
    let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<std::io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}

/// The corpus's word for a type.
pub fn word(mode: u32) -> &'static str {
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => "file",
        FileType::Directory => "dir",
        FileType::Symlink => "symlink",
        FileType::Fifo => "fifo",
        _ => "chardev",
    }
}

/// The errno's name.
pub fn errno_name(code: i32) -> String {
    format!("{:?}", Errno::from_raw(code))
}

fn describe(at: &str, view: View<'_>) -> (Seen, Option<u64>) {
    let status = match fs::symlink_metadata(at) {
        Ok(status) => status,
        Err(error) => {
            let errno = errno_name(error.raw_os_error().unwrap_or(0));
            return (Seen { kind: "error", errno: Some(errno), ..Seen::default() }, None);
        }
    };
    let kind = word(status.mode());
    if kind == "chardev" && status.rdev() == 0 && !view.merged {
        return (Seen { kind: "whiteout", ..Seen::default() }, None);
    }
    let mut seen = Seen {
        kind,
        mode: if kind == "symlink" { 0 } else { status.mode() & 0o7777 },
        owner: (status.uid(), status.gid()),
        nlink: if view.merged && kind != "dir" { status.nlink() } else { 0 },
        ..Seen::default()
    };
    match kind {
        "symlink" => {
            seen.target = fs::read_link(at).map(|t| t.to_string_lossy().into_owned()).unwrap_or_default();
        }
        "chardev" => seen.rdev = (major(status.rdev()), minor(status.rdev())),
        _ => {}
    }
    for name in attribute_names(at) {
        let value = attribute(at, &name);
        match name.strip_prefix(view.prefix).filter(|_| !view.merged) {
            Some("opaque") => seen.opaque = Some(value).filter(|mark| mark == "x" || mark == "y"),
            Some("whiteout") => seen.whiteout = true,
            Some("redirect") => seen.redirect = Some(value),
            Some("metacopy") => seen.metacopy = Some(status.size()),
            Some(_) => {}
            None if name.starts_with("user.") => {
                seen.xattrs.insert(name, value);
            }
            None => {}
        }
    }
    if kind == "file" && seen.metacopy.is_none() {
        match fs::read(at) {
            Ok(data) => seen.data = Some(data),
            Err(error) => seen.errno = Some(errno_name(error.raw_os_error().unwrap_or(0))),
        }
    }
    let inode = (kind != "dir" && status.nlink() > 1 && !view.merged).then(|| status.ino());
    (seen, inode)
}

fn attribute_names(at: &str) -> Vec<String> {
    let mut space = [0u8; 4096];
    let length = llistxattr(at, &mut space[..]).unwrap_or(0);
    let names = space[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn attribute(at: &str, name: &str) -> String {
    let mut space = [0u8; 1024];
    let length = lgetxattr(at, name, &mut space[..]).unwrap_or(0);
    String::from_utf8_lossy(&space[..length]).into_owned()
}

impl Seen {
    fn to_json(&self) -> Map<String, Value> {
        let mut entry = Map::new();
        let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
        put("type", json!(self.kind));
        if let Some(errno) = &self.errno {
            put("errno", json!(errno));
        }
        if matches!(self.kind, "error" | "whiteout") {
            return entry;
        }
        let default = if self.kind == "dir" { 0o755 } else { 0o644 };
        if self.kind != "symlink" && self.mode != default {
            put("mode", json!(format!("{:04o}", self.mode)));
        }
        for (key, id) in [("uid", self.owner.0), ("gid", self.owner.1)] {
            if id != 0 {
                put(key, json!(id));
            }
        }
        if self.nlink > 1 {
            put("nlink", json!(self.nlink));
        }
        match self.kind {
            "symlink" => drop(put("target", json!(self.target))),
            "chardev" => drop(put("rdev", json!([self.rdev.0, self.rdev.1]))),
            _ => {}
        }
        if !self.xattrs.is_empty() {
            put("xattrs", json!(self.xattrs));
        }
        if let Some(mark) = &self.opaque {
            put("opaque", if mark == "y" { json!(true) } else { json!(mark) });
        }
        if self.whiteout {
            put("whiteout", json!("xattr"));
        }
        if let Some(redirect) = &self.redirect {
            put("redirect", json!(redirect));
        }
        if let Some(size) = self.metacopy {
            put("metacopy", json!(true));
            put("size", json!(size));
        }
        entry.extend(self.data.as_deref().map(contents::fields).unwrap_or_default());
        entry
    }
}

impl Tree {
    /// Looks at one path; its type.
    pub fn add(&mut self, root: &str, path: &str, view: View<'_>) -> &'static str {
        let (entry, inode) = describe(&format!("{root}{}", path.trim_end_matches('/')), view);
        let kind = entry.kind;
        if let Some(inode) = inode {
            self.inodes.insert(path.to_owned(), inode);
        }
        self.entries.insert(path.to_owned(), entry);
        kind
    }

    /// In the corpus's shape.
    pub fn to_json(&self) -> Value {
        let mut tree = Map::new();
        let mut firsts: BTreeMap<u64, &String> = BTreeMap::new();
        for (path, seen) in &self.entries {
            let mut entry = seen.to_json();
            if path == "/" && entry.len() == 1 {
                continue;
            }
            if let Some(inode) = self.inodes.get(path) {
                match firsts.get(inode) {
                    Some(first) => {
                        entry = Map::new();
                        entry.insert("type".to_owned(), json!(seen.kind));
                        entry.insert("hardlink".to_owned(), json!(first));
                    }
                    None => {
                        firsts.insert(*inode, path);
                    }
                }
            }
            tree.insert(path.clone(), Value::Object(entry));
        }
        Value::Object(tree)
    }

    /// What changed since `before`, as the corpus's `upper_delta` has it.
    pub fn delta(&self, before: &Tree) -> Value {
        let mut delta = Map::new();
        let mut put = |key: &str, paths: Vec<&String>| {
            if !paths.is_empty() {
                delta.insert(key.to_owned(), json!(paths));
            }
        };
        let (was, is) = (&before.entries, &self.entries);
        put("added", is.keys().filter(|path| !was.contains_key(*path)).collect());
        put("removed", was.keys().filter(|path| !is.contains_key(*path)).collect());
        let changed = is.iter().filter(|(path, seen)| was.get(*path).is_some_and(|old| old != *seen));
        put("changed", changed.map(|(path, _)| path).collect());
        Value::Object(delta)
    }
}
