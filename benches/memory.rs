//! Bytes a file costs beyond its contents: in sealed layers, in an upper, and in the cache.
//!
//! Not a benchmark of time: it counts what the allocator hands out, and says what the process grew by.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Inode, Layer, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FILES: usize = 1_000_000;
const LAYERS: usize = 20;
const CONTENTS: usize = 64;

fn main() {
    let before = held();
    let layers: Vec<Layer> = (0..LAYERS).map(sealed).collect();
    report("sealed layers, 1,000,000 files of 64 B", held() - before, FILES, CONTENTS);

    let lowers = layers.iter().map(|layer| Lower { layer: layer.clone(), label: "".into() }).collect();
    let mut m = Mount::new(lowers, Tree::new(), Options::default()).unwrap();
    let (before, mut t) = (held(), Trace::silent());
    for n in 0..100_000 {
        t.fuel.refill();
        let contents = Contents::bytes(vec![b'x'; CONTENTS]);
        m.create(path(n).replace("/f", "/new").as_bytes(), 0o644, contents, &mut t).unwrap();
    }
    m.restart(&mut layerlab::trace::Trace::silent()).unwrap();
    report("upper, 100,000 new files of 64 B", held() - before, 100_000, CONTENTS);

    let before = held();
    for n in 100_000..200_000 {
        t.fuel.refill();
        m.chmod(path(n).as_bytes(), 0o600, &mut t).unwrap();
    }
    m.restart(&mut layerlab::trace::Trace::silent()).unwrap();
    report("upper, 100,000 files copied up (contents shared)", held() - before, 100_000, 0);

    let before = held();
    for n in 0..200_000 {
        t.fuel.refill();
        m.stat(path(n).as_bytes(), &mut t).unwrap();
    }
    report("cache, 200,000 names looked up", held() - before, 200_000, 0);
    let before = held();
    for n in 0..FILES {
        t.fuel.refill();
        m.stat(path(n).as_bytes(), &mut t).unwrap();
    }
    println!("cache after a million more: {} KB more", (held() - before) / 1024);
}

fn sealed(layer: usize) -> Layer {
    let mut tree = Tree::new();
    for n in (layer..FILES).step_by(LAYERS) {
        tree.put(path(n).as_bytes(), Inode::file(Contents::bytes(vec![b'x'; CONTENTS])));
    }
    tree.seal()
}

/// 5,000 directories with 200 files each, 10 of them in every layer.
fn path(n: usize) -> String {
    let dir = n / 200;
    format!("/srv/d{:03}/s{:02}/f{:03}.txt", dir / 20, dir % 20, n % 200)
}

fn held() -> isize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as isize - stats.bytes_deallocated as isize
}

fn report(what: &str, bytes: isize, files: usize, contents: usize) {
    let each = bytes as f64 / files as f64;
    println!("{what}: {:.0} B a file beyond its contents", each - contents as f64);
}
