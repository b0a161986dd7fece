//! What is not compared, and why. This is the only place that leaves something out.
//!
//! **Shared lower inodes.** The lab answers as a kernel that has nothing cached: what a name leads to is
//! a function of the layers and the index. A real kernel is that too, save for one thing. It keeps one
//! overlay inode for each lower inode (fs/overlayfs/inode.c, `ovl_get_inode`, hashed by the lower one).
//! Where a redirect leads to something that can still be reached by its own name, because nobody covered
//! that with a whiteout as a rename would have, two names share this inode. After a copy-up through one of
//! them the other shows it too, or fails with `ESTALE`, depending on which was asked first. No layer that
//! a kernel made is like this. The other way round, with `userxattr` a symlink, fifo or device can't be
//! given the mark that names its lower inode (`user.` attributes exist on files and directories only,
//! fs/xattr.c, `xattr_permission`): after its copy-up the name that did it keeps an inode hashed by the
//! lower one while new names of it get another, and renaming one onto the other is `ESTALE` until the next
//! mount.
//!
//! A disagreement is excused ([`excuse`]) when a layer was handed over with such a redirect
//! ([`uncovered`]) or, with `userxattr`, with such an object, and the kernel agrees with the lab as soon as
//! it is asked without anything cached: mounted anew before each operation, and at the end before each
//! name. Where it doesn't, because one path or one operation leads past both names, it must itself say so:
//! `ESTALE`, which nothing else in a sequence can give.
//!
//! **Names of one directory that can't be looked up.** If there are several, and the directory is impure,
//! listing it fails or not depending on the order in which the layers' filesystem lists them
//! (fs/overlayfs/readdir.c, `ovl_iterate_merged`: an error after a name was given is forgotten, and the
//! entry skipped by the next getdents(2); two in a row are an error). The lab has no such order. Marks that
//! may be refused are handed over for at most one name of a directory ([`keep_in_scope`]).
//!
//! **The index with `userxattr` over hard-linked symlinks, fifos and devices.** The kernel can't store the
//! link count on these, for the same reason: the operation fails with `EPERM` half done and leaves an index entry which the next
//! mount refuses. Such sequences are mounted with `index=off` ([`keep_in_scope`]).
//!
//! **Fifos and devices kept open.** The lab keeps regular files and directories open and says
//! `EOPNOTSUPP` of others. Sequences with open files have none ([`keep_in_scope`]).

use crate::answer::{Answer, difference};
use crate::case::{Case, Entry, Layer, Op, keep_whole, text};
use crate::real::Kernel;
use serde_json::Value;

/// Is the disagreement about inodes that the kernel has cached?
pub fn excuse(kernel: &Kernel, case: &Case, lab: &Answer) -> bool {
    if !(uncovered(case) || nameless(case)) {
        return false;
    }
    let Ok(cold) = kernel.cold_answer(case, &lab.merged) else { return false };
    difference(case, &cold, lab).is_none_or(|difference| difference.kernel["errno"] == "ESTALE")
}

/// Has a layer been handed over with a redirect whose target can still be reached by its own name?
pub fn uncovered(case: &Case) -> bool {
    case.layers().any(|layer| {
        let targets: Vec<String> = layer.iter().filter_map(|(path, entry)| target(path, entry)).collect();
        let nested = |(at, one): (usize, &String)| {
            targets
                .iter()
                .enumerate()
                .any(|(other, two)| at != other && format!("{two}/").starts_with(one.as_str()))
        };
        targets.iter().any(|target| !covers(layer, target)) || targets.iter().enumerate().any(nested)
    })
}

/// Are there objects that can't be marked with the lower inode they come from?
fn nameless(case: &Case) -> bool {
    let special = |entry: &Entry| matches!(text(entry, "type"), "symlink" | "fifo" | "chardev");
    case.options.userxattr && case.lowers.iter().any(|layer| layer.values().any(special))
}

/// Where the redirect of an entry leads.
pub fn target(path: &str, entry: &Entry) -> Option<String> {
    let redirect = entry.get("redirect").and_then(Value::as_str)?;
    let parent = &path[..path.rfind('/').unwrap_or(0)];
    Some(if redirect.starts_with('/') { redirect.to_owned() } else { format!("{parent}/{redirect}") })
}

/// Does the layer hide what lower layers have at this path?
fn covers(layer: &Layer, path: &str) -> bool {
    let hides = |entry: &Entry| match text(entry, "type") {
        "dir" => entry.get("opaque") == Some(&Value::Bool(true)),
        _ => !entry.contains_key("metacopy"),
    };
    let above = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
    above.chain([path]).any(|path| layer.get(path).is_some_and(hides))
}

/// Takes out of a sequence what is not compared.
pub fn keep_in_scope(case: &mut Case) {
    let mut marked: Vec<String> = Vec::new();
    for layer in case.lowers.iter_mut().chain([&mut case.upper]) {
        let mut here: Vec<String> = Vec::new();
        for (path, entry) in layer.iter_mut() {
            let parent = format!("{}/", &path[..path.rfind('/').unwrap_or(0)]);
            let again = marked.iter().any(|other| {
                *other != *path && other.starts_with(&parent) && !other[parent.len()..].contains('/')
            });
            let first = entry.get("hardlink").and_then(Value::as_str);
            if first.is_some_and(|first| here.iter().any(|other| other == first)) {
                // Another name of a marked file: it would carry the mark as well.
                entry.remove("hardlink");
                entry.insert("data".to_owned(), Value::from(""));
                continue;
            }
            if !(entry.contains_key("redirect") || entry.contains_key("metacopy")) {
                continue;
            }
            if again {
                entry.remove("redirect");
                if entry.remove("metacopy").is_some() {
                    entry.remove("size");
                    entry.insert("data".to_owned(), Value::from(""));
                }
            } else {
                marked.push(path.clone());
                here.push(path.clone());
            }
        }
    }
    let has = |ops: &[Op], name: &str| ops.iter().any(|op| text(op, "op") == name);
    if has(&case.ops, "fopen") {
        for layer in case.lowers.iter_mut().chain([&mut case.upper]) {
            layer.retain(|_, entry| !matches!(text(entry, "type"), "fifo" | "chardev"));
            keep_whole(layer);
        }
        case.ops.retain(|op| !matches!(text(op, "op"), "mkfifo" | "mkchar"));
    }
    let special = |entry: &Entry| text(entry, "type") != "file" && entry.contains_key("hardlink");
    let links = case.lowers.iter().any(|layer| layer.values().any(special));
    if case.options.userxattr && (links || has(&case.ops, "link") && has(&case.ops, "remount")) {
        case.options.index = false;
    }
}
