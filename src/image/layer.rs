//! A layer of an image: a sealed tree, the digest that names it, and its size.

use crate::fs::{Digest, Hasher, Inode, Kind, Layer, Nodes, Stored, key_digests};
use std::collections::HashMap;
use std::sync::Arc;

/// A layer of an image.
#[derive(Clone, Debug)]
pub struct ImageLayer {
    /// The sealed tree: whiteouts and opaque marks included.
    pub layer: Layer,
    /// Names the layer: equal digests are stored once.
    pub diff_id: Digest,
    /// Bytes as `docker history` shows them.
    pub size: u64,
    /// What people call it: "FROM alpine", "COPY conf".
    pub label: Arc<str>,
    /// The tar it was read from, if it came out of an archive; its SHA-256 is the diff id.
    pub tar: Option<Stored>,
}

/// Who made a layer, which decides how its size is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// BuildKit: regular files only.
    BuildKit,
    /// The legacy builder, `docker commit`, `import`, `load`: each symlink counts with its text's length.
    Daemon,
}

impl ImageLayer {
    /// Names and measures a sealed tree.
    pub fn new(layer: Layer, origin: Origin, label: impl Into<Arc<str>>) -> ImageLayer {
        let diff_id = diff_id(&layer);
        let size = size(&layer, origin);
        ImageLayer { layer, diff_id, size, label: label.into(), tar: None }
    }

    /// As a lower of a mount.
    pub fn lower(&self) -> crate::union::Lower {
        crate::union::Lower { layer: self.layer.clone(), label: self.label.clone() }
    }
}

/// Bytes Docker 20.10's overlay2 store counts for a layer: a hard-linked file once, directories and
/// whiteouts nothing (moby `pkg/archive/changes.go` `ChangesSize`; BuildKit's own differ leaves
/// symlinks out).
pub fn size(layer: &Layer, origin: Origin) -> u64 {
    let mut bytes = layer.bytes();
    if origin == Origin::Daemon {
        layer.walk(&mut |_, _, inode| {
            if let Kind::Symlink(target) = &inode.kind {
                bytes = bytes.saturating_add(target.len() as u64);
            }
        });
    }
    bytes
}

/// The digest that names a layer: two layers have the same exactly when their archives would hold the
/// same entries (names, kinds, modes, owners, contents, whole seconds of the modification time,
/// marks). The real tar's bytes are not made for it, so the digest differs from Docker's, but it is
/// equal and unequal where Docker's is (OCI image spec `layer.md`; moby `pkg/archive/archive.go`).
///
/// A directory that only carries changes below it is an entry of its own, with its time, as in the tar.
pub fn diff_id(layer: &Layer) -> Digest {
    // What the files hold first, all at once.
    let mut contents = Vec::new();
    let mut first: HashMap<u32, Vec<u8>> = HashMap::new();
    layer.walk(&mut |_, ino, inode| {
        if let Kind::File(held) = &inode.kind
            && (inode.nlink <= 1 || first.insert(ino, Vec::new()).is_none())
        {
            contents.push(held.clone());
        }
    });
    let mut digests = key_digests(&contents).into_iter();
    first.clear();

    let mut hasher = Hasher::new();
    hasher.field("layerlab layer 1");
    layer.walk(&mut |path, ino, inode| {
        hasher.field(path);
        if inode.nlink > 1 && !inode.kind.is_dir() {
            if let Some(name) = first.get(&ino) {
                hasher.field("hardlink").field(name);
                return;
            }
            first.insert(ino, path.to_vec());
        }
        let contents = if let Kind::File(_) = &inode.kind { digests.next() } else { None };
        describe(&mut hasher, inode, contents);
    });
    hasher.finish()
}

/// Adds everything an archive says of an inode, apart from its name.
fn describe(hasher: &mut Hasher, inode: &Inode, digest: Option<Digest>) {
    hasher.field(inode.kind.word());
    match &inode.kind {
        Kind::File(contents) => {
            let digest = digest.unwrap_or_else(|| contents.key_digest());
            hasher.number(contents.len()).field(digest.0)
        }
        Kind::Symlink(target) => hasher.field(target),
        Kind::CharDev(major, minor) => hasher.number(u64::from(*major)).number(u64::from(*minor)),
        // A whiteout's time is fixed (containerd `archive/tar.go`), its mode and owner mean nothing.
        Kind::Whiteout => return,
        Kind::Dir(_) => hasher.number(u64::from(inode.is_opaque())),
        Kind::Fifo => hasher,
    };
    hasher.number(u64::from(inode.mode)).number(u64::from(inode.uid)).number(u64::from(inode.gid));
    hasher.number(inode.mtime as u64);
    let Some(extra) = &inode.extra else { return };
    for (name, value) in &extra.xattrs {
        hasher.field(name).field(value);
    }
    if let Some(redirect) = &extra.redirect {
        hasher.field("redirect").field(redirect);
    }
    if let Some(size) = extra.metacopy {
        hasher.field("metacopy").number(size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::{Contents, Tree};

    fn sealed(make: impl FnOnce(&mut Tree)) -> Layer {
        let mut tree = Tree::new();
        make(&mut tree);
        tree.seal()
    }

    fn one(path: &[u8], inode: Inode) -> Layer {
        sealed(|tree| {
            tree.put(path, inode);
        })
    }

    #[test]
    fn every_attribute_of_an_archive_entry_names_the_layer() {
        let file = || Inode::file(Contents::text("x"));
        let mut changes: Vec<Layer> = vec![
            one(b"/f", file()),
            one(b"/g", file()),
            one(b"/f", file().with_mode(0o755)),
            one(b"/f", file().owned(1, 0)),
            one(b"/f", file().owned(0, 1)),
            one(b"/f", Inode { mtime: 7, ..file() }),
            one(b"/f", Inode::file(Contents::text("y"))),
            one(b"/f", Inode::dir(0o644)),
            one(b"/f", Inode::whiteout()),
            one(b"/f", Inode::symlink(b"x")),
        ];
        changes.push(sealed(|t| {
            t.put(b"/f", file());
            t.put(b"/g", file());
        }));
        changes.push(sealed(|t| {
            t.put(b"/f", file());
            t.put_link(b"/g", b"/f");
        }));
        let digests: std::collections::BTreeSet<Digest> = changes.iter().map(diff_id).collect();
        assert_eq!(digests.len(), changes.len());
        assert_eq!(diff_id(&changes[0]), diff_id(&one(b"/f", file())));
    }

    #[test]
    fn only_the_daemon_counts_symlinks() {
        let layer = sealed(|t| {
            t.put(b"/f", Inode::file(Contents::text("1234")));
            t.put_link(b"/g", b"/f");
            t.put(b"/l", Inode::symlink(b"target"));
        });
        assert_eq!((size(&layer, Origin::BuildKit), size(&layer, Origin::Daemon)), (4, 10));
    }
}
