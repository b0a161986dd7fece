//! Mounts of every driver, and what can be seen on them.

use layerlab::fs::{Contents, Inode, Layer, Nodes, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, StatKind, StorageDriver};

/// Every driver that puts layers together.
pub const ALL: [StorageDriver; 5] = [
    StorageDriver::Overlay2,
    StorageDriver::Overlay,
    StorageDriver::Aufs,
    StorageDriver::Unionfs,
    StorageDriver::Vfs,
];

pub fn lower(layer: Layer, label: &str) -> Lower {
    Lower { layer, label: label.into() }
}

/// A layer of small text files.
pub fn layer(files: &[(&str, &str)]) -> Layer {
    let mut tree = Tree::new();
    for (path, text) in files {
        tree.put(path.as_bytes(), Inode::file(Contents::text(text)));
    }
    tree.seal()
}

pub fn mount(driver: StorageDriver, lowers: &[Layer]) -> Mount {
    let lowers = lowers.iter().cloned().map(|layer| lower(layer, "")).collect();
    driver.mount(lowers, Tree::new(), &mut Trace::silent()).unwrap()
}

/// A line for everything that can be seen: path, type, mode, owner, contents or target.
pub fn seen(mount: &mut Mount) -> Vec<String> {
    let mut t = Trace::silent();
    let all = mount.walk(b"/", &mut t).unwrap();
    all.into_iter()
        .map(|(path, stat)| {
            let inside = match stat.kind {
                StatKind::File => mount.read(&path, &mut t).unwrap().to_text(10_000).unwrap(),
                StatKind::Symlink => {
                    String::from_utf8(mount.readlink(&path, &mut t).unwrap().to_vec()).unwrap()
                }
                _ => String::new(),
            };
            format!(
                "{} {:?} {:04o} {}:{} {inside:?}",
                String::from_utf8_lossy(&path),
                stat.kind,
                stat.mode,
                stat.uid,
                stat.gid
            )
        })
        .collect()
}

/// The names of a tree as it is stored.
pub fn names(tree: &Tree) -> Vec<String> {
    let mut names = Vec::new();
    tree.walk(&mut |path, _, _| names.push(String::from_utf8_lossy(path).into_owned()));
    names
}
