//! The union: deep stacks, big copy-ups, snapshots, many entries.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

fn lower(paths: impl IntoIterator<Item = String>) -> Lower {
    let mut tree = Tree::new();
    for path in paths {
        tree.put(path.as_bytes(), Inode::file(Contents::text("x")));
    }
    Lower { layer: tree.seal(), label: "".into() }
}

/// `depth` layers with a directory of their own each; the bottom one also holds /base/d/f.
fn stack(depth: usize) -> Mount {
    let layer = |at: usize| match at + 1 == depth {
        true => lower(["/base/d/f".to_owned()]),
        false => lower((0..20).map(|n| format!("/layer{at}/{n}"))),
    };
    Mount::new((0..depth).map(layer).collect(), Tree::new(), Options::default()).expect("at most 500")
}

/// The peer: every layer a flat map, asked from the top.
fn flat(depth: usize) -> Vec<BTreeMap<String, &'static str>> {
    let layer = |at: usize| match at + 1 == depth {
        true => [("/base/d/f".to_owned(), "x")].into(),
        false => (0..20).map(|n| (format!("/layer{at}/{n}"), "x")).collect(),
    };
    (0..depth).map(layer).collect()
}

fn lookups(c: &mut Criterion) {
    let mut group = c.benchmark_group("lookup");
    for depth in [8, 127, 500] {
        let mut m = stack(depth);
        let mut t = Trace::silent();
        group.bench_function(format!("warm, {depth} layers"), |b| {
            b.iter(|| {
                t.fuel.refill();
                m.stat(black_box(b"/base/d/f"), &mut t).map(|stat| stat.size)
            })
        });
        group.bench_function(format!("cold, {depth} layers"), |b| {
            b.iter(|| {
                t.fuel.refill();
                m.restart(&mut Trace::silent()).unwrap();
                m.stat(black_box(b"/base/d/f"), &mut t).map(|stat| stat.size)
            })
        });
        let layers = flat(depth);
        group.bench_function(format!("peer: flat maps, {depth} layers"), |b| {
            b.iter(|| layers.iter().find_map(|layer| layer.get(black_box("/base/d/f"))))
        });
    }
    group.finish();
}

fn copy_up(c: &mut Criterion) {
    let mut tree = Tree::new();
    tree.put(b"/big", Inode::file(Contents::seeded("big", 1 << 30)));
    tree.put(b"/real", Inode::file(Contents::bytes(vec![7; 8 << 20])));
    let lower = Lower { layer: tree.seal(), label: "".into() };
    let mount = Mount::new(vec![lower], Tree::new(), Options::default()).expect("mounts");
    let mut group = c.benchmark_group("copy-up");
    for path in ["/big", "/real"] {
        group.bench_function(format!("append to {path}"), |b| {
            b.iter_batched(
                || mount.clone(),
                |mut m| {
                    let _ = m.append(path.as_bytes(), Contents::text("x"), &mut Trace::silent());
                    m
                },
                BatchSize::SmallInput,
            )
        });
    }
    group.bench_function("peer: copy 8 MiB", |b| {
        let bytes = vec![7u8; 8 << 20];
        b.iter(|| black_box(bytes.clone()))
    });
    group.finish();
}

fn snapshots(c: &mut Criterion) {
    let mut m = stack(8);
    let mut t = Trace::silent();
    for n in 0..100_000 {
        t.fuel.refill();
        let _ = m.create(format!("/{n}").as_bytes(), 0o644, Contents::EMPTY, &mut t);
    }
    let mut group = c.benchmark_group("upper of 100,000 entries");
    group.bench_function("snapshot", |b| b.iter(|| black_box(m.clone())));
    group.bench_function("first write after a snapshot", |b| {
        b.iter_batched(
            || m.clone(),
            |mut m| {
                let _ = m.create(b"/new", 0o644, Contents::EMPTY, &mut Trace::silent());
                m
            },
            BatchSize::SmallInput,
        )
    });
    group.bench_function("create and unlink", |b| {
        b.iter(|| {
            t.fuel.refill();
            let _ = m.create(b"/new", 0o644, Contents::EMPTY, &mut t);
            m.unlink(b"/new", &mut t)
        })
    });
    group.finish();
}

fn creates(c: &mut Criterion) {
    let mount = stack(8);
    let mut group = c.benchmark_group("10,000 creates");
    group.sample_size(10);
    for (name, directories) in [("in one directory", 1), ("in 100 directories", 100)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || mount.clone(),
                |mut m| {
                    let mut t = Trace::silent();
                    for d in 0..directories {
                        let _ = m.mkdir(format!("/d{d}").as_bytes(), 0o755, &mut t);
                        for n in 0..10_000 / directories {
                            let path = format!("/d{d}/{n}");
                            let _ = m.create(path.as_bytes(), 0o644, Contents::EMPTY, &mut t);
                        }
                    }
                    m
                },
                BatchSize::LargeInput,
            )
        });
    }
    group.finish();
}

criterion_group! {
    name = union;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(20);
    targets = lookups, copy_up, snapshots, creates
}
criterion_main!(union);
