//! Our union.

use crate::work::{BIG_BYTES, Contender, FILE_BYTES, LAYERS, Work, bytes};
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::{Lower, Mount, Options, StorageDriver};
use std::hint::black_box;

/// The 20 layers, topmost first.
pub fn layers(work: &Work) -> Vec<Lower> {
    let mut number = 0;
    let layer = |layer: usize| {
        let mut tree = Tree::new();
        for path in work.layer(layer) {
            tree.put(path.as_bytes(), Inode::file(Contents::bytes(bytes(number, FILE_BYTES))));
            number += 1;
        }
        if layer + 1 == LAYERS {
            for (n, path) in work.big.iter().enumerate() {
                tree.put(path.as_bytes(), Inode::file(Contents::bytes(bytes(n, BIG_BYTES))));
            }
        }
        Lower { layer: tree.seal(), label: format!("layer {}", LAYERS - layer).into() }
    };
    (0..LAYERS).map(layer).collect()
}

pub struct Ours<'w> {
    work: &'w Work,
    empty: Mount,
    mount: Mount,
    trace: Trace,
    events: bool,
    byte: Contents,
    called: &'static str,
}

impl<'w> Ours<'w> {
    pub fn new(work: &'w Work, layers: &[Lower], events: bool) -> Ours<'w> {
        let empty = Mount::new(layers.to_vec(), Tree::new(), Options::default()).unwrap();
        let (mount, byte) = (empty.clone(), Contents::text("x"));
        let called = if events { "ours, events kept" } else { "ours" };
        Ours { work, empty, mount, trace: Trace::silent(), events, byte, called }
    }

    /// The same layers under another storage driver.
    pub fn with(driver: StorageDriver, work: &'w Work, layers: &[Lower]) -> Ours<'w> {
        let empty = driver.mount(layers.to_vec(), Tree::new(), &mut unlimited()).unwrap();
        let (mount, byte) = (empty.clone(), Contents::text("x"));
        Ours { work, empty, mount, trace: Trace::silent(), events: false, byte, called: driver.name() }
    }
}

impl Contender for Ours<'_> {
    fn name(&self) -> &'static str {
        self.called
    }

    fn only_changes(&self) -> bool {
        self.events
    }

    fn fresh(&mut self) {
        self.trace = Trace::silent();
        self.mount = self.empty.clone();
    }

    fn rested(&mut self) {
        if self.events {
            // The list of events grows outside the stretch, which may be some dozens of operations long.
            self.trace = Trace::to(Box::new(Vec::with_capacity(1024)));
        }
    }

    fn stat(&mut self, at: usize) -> bool {
        self.trace.fuel.refill();
        black_box(self.mount.stat(self.work.stats[at].as_bytes(), &mut self.trace)).is_ok()
    }

    fn list(&mut self, at: usize) -> usize {
        self.trace.fuel.refill();
        let names = self.mount.readdir(self.work.dirs[at].as_bytes(), &mut self.trace).unwrap();
        for name in &names[..] {
            black_box(name.len());
        }
        names.len()
    }

    fn append(&mut self, at: usize) {
        self.trace.fuel.refill();
        self.mount.append(self.work.changed[at].as_bytes(), self.byte.clone(), &mut self.trace).unwrap();
    }

    fn append_big(&mut self, at: usize) {
        self.trace.fuel.refill();
        self.mount.append(self.work.big[at].as_bytes(), self.byte.clone(), &mut self.trace).unwrap();
    }

    fn unlink(&mut self, at: usize) {
        self.trace.fuel.refill();
        self.mount.unlink(self.work.changed[at].as_bytes(), &mut self.trace).unwrap();
    }
}

/// Putting 100,000 files together is more than one line of a script may do.
fn unlimited() -> Trace {
    let limits = Limits { operations: u64::MAX, bytes: u64::MAX, ..Limits::LINE };
    let mut trace = Trace::silent();
    trace.fuel = Fuel::new(limits);
    trace
}
