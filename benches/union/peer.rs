//! `OverlayFS` over `MemoryFS` of the crate `vfs`. Its paths are made before the clock runs.

use crate::work::{BIG_BYTES, Contender, FILE_BYTES, LAYERS, Work, bytes};
use std::hint::black_box;
use std::io::Write;
use vfs::{MemoryFS, OverlayFS, VfsPath};

pub struct Peer {
    layers: Vec<VfsPath>,
    names: [Vec<String>; 4],
    stats: Vec<VfsPath>,
    dirs: Vec<VfsPath>,
    files: Vec<VfsPath>,
    big: Vec<VfsPath>,
}

fn file(root: &VfsPath, path: &str, data: &[u8]) {
    let path = root.join(&path[1..]).unwrap();
    path.parent().create_dir_all().unwrap();
    path.create_file().unwrap().write_all(data).unwrap();
}

impl Peer {
    pub fn new(work: &Work) -> Peer {
        let mut number = 0;
        let layer = |layer: usize| {
            let root = VfsPath::new(MemoryFS::new());
            for path in work.layer(layer) {
                file(&root, path, &bytes(number, FILE_BYTES));
                number += 1;
            }
            if layer + 1 == LAYERS {
                work.big.iter().enumerate().for_each(|(n, path)| file(&root, path, &bytes(n, BIG_BYTES)));
            }
            root
        };
        let layers = (0..LAYERS).map(layer).collect();
        let names = [&work.stats, &work.dirs, &work.changed, &work.big].map(Clone::clone);
        let (stats, dirs, files, big) = Default::default();
        let mut peer = Peer { layers, names, stats, dirs, files, big };
        peer.fresh();
        peer
    }
}

impl Contender for Peer {
    fn name(&self) -> &'static str {
        "vfs"
    }

    fn fresh(&mut self) {
        let mut layers = vec![VfsPath::new(MemoryFS::new())];
        layers.extend(self.layers.iter().cloned());
        let root = VfsPath::new(OverlayFS::new(&layers));
        let paths = |names: &[String]| names.iter().map(|name| root.join(&name[1..]).unwrap()).collect();
        let [stats, dirs, files, big] = &self.names;
        (self.stats, self.dirs) = (paths(stats), paths(dirs));
        (self.files, self.big) = (paths(files), paths(big));
    }

    fn stat(&mut self, at: usize) -> bool {
        black_box(self.stats[at].metadata()).is_ok()
    }

    fn list(&mut self, at: usize) -> usize {
        self.dirs[at].read_dir().unwrap().map(|path| drop(black_box(path))).count()
    }

    fn append(&mut self, at: usize) {
        self.files[at].append_file().unwrap().write_all(b"x").unwrap();
    }

    fn append_big(&mut self, at: usize) {
        self.big[at].append_file().unwrap().write_all(b"x").unwrap();
    }

    fn unlink(&mut self, at: usize) {
        self.files[at].remove_file().unwrap();
    }
}
