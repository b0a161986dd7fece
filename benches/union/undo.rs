//! An undo point is a clone of the mount; the first write after it pays for what was shared.

use crate::table::Table;
use criterion::{BatchSize, Criterion};
use layerlab::fs::{Contents, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// An upper with 100,000 entries: all in one directory, or in 500.
fn big_upper(directories: usize) -> Mount {
    let lower = Lower { layer: Tree::new().seal(), label: "".into() };
    let mut m = Mount::new(vec![lower], Tree::new(), Options::default()).expect("mounts");
    let mut t = Trace::silent();
    for d in 0..directories {
        m.mkdir(format!("/d{d}").as_bytes(), 0o755, &mut t).unwrap();
        for n in 0..100_000 / directories {
            t.fuel.refill();
            m.create(format!("/d{d}/{n}").as_bytes(), 0o644, Contents::text("x"), &mut t).unwrap();
        }
    }
    m
}

pub fn measure(c: &mut Criterion, table: &mut Table) {
    for (name, directories) in [("1 directory", 1), ("500 directories", 500)] {
        let mut m = big_upper(directories);
        let what = format!("undo point, {name}");
        let mut samples = Vec::new();
        c.bench_function(&what, |b| {
            samples.clear();
            b.iter_custom(|n| {
                let mut kept = Vec::with_capacity(n as usize);
                let begin = Instant::now();
                (0..n).for_each(|_| kept.push(black_box(m.clone())));
                let time = begin.elapsed();
                samples.push(time.as_secs_f64() * 1e9 / n as f64);
                time
            })
        });
        table.add(&what, "ours", samples);
        let what = format!("the next write, {name}");
        let mut samples = Vec::new();
        c.bench_function(&what, |b| {
            samples.clear();
            b.iter_custom(|n| {
                let (mut time, mut t) = (Duration::ZERO, Trace::silent());
                for _ in 0..n {
                    t.fuel.refill();
                    let kept = m.clone();
                    let begin = Instant::now();
                    m.create(b"/d0/new", 0o644, Contents::text("x"), &mut t).unwrap();
                    time += begin.elapsed();
                    m = kept;
                }
                samples.push(time.as_secs_f64() * 1e9 / n as f64);
                time
            })
        });
        table.add(&what, "ours", samples);
        c.bench_function(&format!("create and unlink, {name}"), |b| {
            let mut t = Trace::silent();
            b.iter_batched(
                || (),
                |()| {
                    t.fuel.refill();
                    m.create(b"/d0/new", 0o644, Contents::EMPTY, &mut t).unwrap();
                    m.unlink(b"/d0/new", &mut t).unwrap();
                },
                BatchSize::SmallInput,
            )
        });
    }
}
