//! The names that marks have in a branch, and back.

use super::Rules;
use super::lookup::MARK;
use crate::fs::{Contents, Entries, Ino, Inode, Kind, Layer, Nodes, Tree, path};
use crate::union::Mount;
use std::collections::HashMap;

/// The file that every mark of an aufs branch is a hard link to, so that whiteouts cost no inodes.
const BASE: &[u8] = b"/.wh..wh.aufs";

/// aufs keeps pseudo-links and files that are still open here.
const AUFS_FOLDERS: [&[u8]; 2] = [b"/.wh..wh.plnk", b"/.wh..wh.orph"];

/// What makes a directory opaque (aufs_type.h, `AUFS_WH_DIROPQ`; unionfs union.h, `UNIONFS_DIR_OPAQUE`).
fn opaque_name(rules: Rules) -> &'static [u8] {
    match rules {
        Rules::Aufs => b".wh..wh..opq",
        Rules::Unionfs => b".wh.__dir_opaque",
    }
}

/// One branch as its driver stores it.
pub(in crate::union) fn stored(m: &Mount, branch: u32) -> Tree {
    let (rules, writable) = (m.places.rules(), m.places.is_writable(branch));
    let root = m.places.root(branch);
    let source: &dyn Nodes = match root.0.checked_sub(1).and_then(|at| m.lowers.get(at as usize)) {
        Some(lower) => &lower.layer,
        None => &m.upper,
    };
    let mut tree = Tree::new();
    let top = source.inode(root.1);
    tree.put(b"/", Inode { kind: Inode::dir(0).kind, extra: None, ..top.clone() });
    let mark = Inode::file(Contents::EMPTY).with_mode(0o444);
    let based = rules == Rules::Aufs && writable;
    if based {
        tree.put(BASE, mark.clone());
        for folder in AUFS_FOLDERS {
            tree.put(folder, Inode::dir(0o700));
        }
    }
    let put_mark = |tree: &mut Tree, at: &[u8]| match based {
        true => drop(tree.put_link(at, BASE)),
        false => drop(tree.put(at, mark.clone())),
    };
    let mut first: HashMap<Ino, Vec<u8>> = HashMap::new();
    source.walk_from(root.1, b"", &mut |at, ino, inode| {
        if inode.is_whiteout() {
            let name = [MARK, path::file_name(at)].concat();
            put_mark(&mut tree, &join(path::parent(at), &name));
            return;
        }
        match first.get(&ino).filter(|_| !inode.kind.is_dir()) {
            Some(name) => drop(tree.put_link(at, name)),
            None => {
                first.insert(ino, at.to_vec());
                tree.put(at, plain(inode));
            }
        }
        if inode.is_opaque() {
            put_mark(&mut tree, &join(at, opaque_name(rules)));
        }
    });
    tree
}

fn join(dir: &[u8], name: &[u8]) -> Vec<u8> {
    [if dir == b"/" { b"" } else { dir }, b"/", name].concat()
}

/// An object without the marks that overlay keeps in attributes.
fn plain(inode: &Inode) -> Inode {
    let kind = match &inode.kind {
        Kind::Dir(_) => Inode::dir(0).kind,
        other => other.clone(),
    };
    let mut copy = Inode { kind, extra: None, nlink: 0, ..inode.clone() };
    if let Some(extra) = inode.extra.as_ref().filter(|extra| !extra.xattrs.is_empty()) {
        copy.extra_mut().xattrs = extra.xattrs.clone();
    }
    copy
}

/// A layer whose marks are names, with the marks as objects. One that has none is handed back as it is.
pub(super) fn read(layer: &Layer) -> Layer {
    let mut marked = false;
    layer.walk(&mut |at, _, _| marked |= path::file_name(at).starts_with(MARK));
    if !marked {
        return layer.clone();
    }
    let mut tree = Tree::from_layer(layer);
    let mut names: Vec<Vec<u8>> = Vec::new();
    layer.walk(&mut |at, _, _| {
        if path::file_name(at).starts_with(MARK) {
            names.push(at.to_vec());
        }
    });
    for at in names {
        let (dir, name) = (path::parent(&at), path::file_name(&at));
        let Some(parent) = tree.at(dir) else { continue };
        tree.unlink(parent, name);
        let opaque = [Rules::Aufs, Rules::Unionfs].iter().any(|rules| opaque_name(*rules) == name);
        if opaque {
            tree.inode_mut(parent).extra_mut().opaque = true;
        } else if !name.starts_with(b".wh..wh.") {
            tree.put(&join(dir, name.strip_prefix(MARK).unwrap_or(name)), Inode::whiteout());
        }
    }
    tree.into_layer()
}

/// What lies below one directory of a tree, as a layer of its own.
pub(super) fn below(tree: &Tree, root: Ino) -> Layer {
    let mut copy = Tree::new();
    let top = tree.inode(root);
    copy.put(b"/", Inode { kind: Inode::dir(0).kind, ..top.clone() });
    let mut first: HashMap<Ino, Vec<u8>> = HashMap::new();
    tree.walk_from(root, b"", &mut |at, ino, inode| match first
        .get(&ino)
        .filter(|_| inode.entries().is_none_or(Entries::is_empty) && !inode.kind.is_dir())
    {
        Some(name) => drop(copy.put_link(at, name)),
        None => {
            first.insert(ino, at.to_vec());
            let kind = match &inode.kind {
                Kind::Dir(_) => Inode::dir(0).kind,
                other => other.clone(),
            };
            copy.put(at, Inode { kind, nlink: 0, ..inode.clone() });
        }
    });
    copy.seal()
}
