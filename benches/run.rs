//! RUN lines: a typical one (parse, ten commands, fifty files) in under 100 µs; `find /` over a view of
//! 300,000 files in under 150 ms.
#![allow(clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::image::catalog;
use layerlab::shell::{NoPrograms, Process, run};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::{Lower, Mount, Options};
use std::hint::black_box;

/// `sh -c line` on the mount; its exit status.
fn sh(mount: &mut Mount, line: &str) -> i32 {
    let process = Process { argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(), ..Process::default() };
    let limits = Limits { operations: 1 << 40, bytes: 1 << 40, ..Limits::LINE };
    let mut t = Trace::silent();
    t.fuel = Fuel::new(limits);
    run(mount, &process, &mut NoPrograms, &mut t).exit
}

/// Ten commands over fifty files.
const TYPICAL: &str = "set -eux; mkdir -p /opt/app/bin; cp /src/f1* /opt/app; chmod 755 /opt/app; \
    echo ready > /opt/app/state; ln -s app /opt/current; chown -R 1000:1000 /opt/app; \
    sed -i s/file/data/ /opt/app/f10; rm -f /src/f2*; test -f /opt/app/state && cat /opt/app/state";

fn lines(c: &mut Criterion) {
    let image = catalog::image("alpine:3.19").unwrap();
    let mut tree = Tree::new();
    for at in 0..50 {
        let inode = Inode::file(Contents::text(&format!("file {at}\n")));
        tree.put(format!("/src/f{at}").as_bytes(), inode);
    }
    let mut lowers = image.lowers();
    lowers.push(Lower { layer: tree.seal(), label: "src".into() });
    let mount = Mount::new(lowers, Tree::new(), Options::default()).unwrap();
    for (name, line) in [("true", "true"), ("typical", TYPICAL)] {
        assert_eq!(sh(&mut mount.clone(), line), 0, "{name}");
        c.bench_function(&format!("RUN {name}"), |b| {
            b.iter_batched_ref(
                || mount.clone(),
                |mount| black_box(sh(mount, line)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
}

fn find(c: &mut Criterion) {
    let image = catalog::image("alpine:3.19").unwrap();
    let mut tree = Tree::new();
    for at in 0..300_000 {
        tree.put(format!("/data/d{}/f{at}", at / 300).as_bytes(), Inode::file(Contents::EMPTY));
    }
    let mut lowers = image.lowers();
    lowers.push(Lower { layer: tree.seal(), label: "data".into() });
    let mut mount = Mount::new(lowers, Tree::new(), Options::default()).unwrap();
    for (name, line) in
        [("find / > /dev/null", "find / > /dev/null"), ("find / -name", "find / -name 'f29999*' > /dev/null")]
    {
        assert_eq!(sh(&mut mount, line), 0, "{name}");
        c.bench_function(name, |b| b.iter(|| black_box(sh(&mut mount, line))));
    }
}

criterion_group! { name = benches; config = Criterion::default().sample_size(10); targets = lines, find }
criterion_main!(benches);
