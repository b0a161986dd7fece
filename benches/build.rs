//! A rebuild in which nothing changed: 100 instructions over a context of 10,000 files.
//! The limit is 5 ms for each builder.
//!
//! Opening a built-in base that nobody has looked into: 1 ms, the first time and every time.
//!
//! `npm ci` of a tree of 20,000 files: the limit is 30 ms.

#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use layerlab::build::{self, Builder, Cache, Catalog, Context, ContextEntry, EntryKind, Request};
use layerlab::dockerfile::Version;
use layerlab::fs::Contents;
use layerlab::image::{Container, Store, catalog};
use layerlab::shell::{self, NoPrograms, Process};
use layerlab::trace::Trace;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const TIME: i64 = 1_704_067_200;

/// 10,000 files in 100 folders, an ignore file, and 100 instructions.
fn project() -> (Context, String) {
    let file = |path: String, text: String| ContextEntry {
        path,
        kind: EntryKind::File(Contents::text(&text)),
        mode: 0o644,
        mtime: TIME,
    };
    let mut entries = vec![file(".dockerignore".to_owned(), "*.log\n**/tmp\n".to_owned())];
    for at in 0..10_000 {
        entries.push(file(format!("d{}/f{at}.txt", at % 100), format!("file {at}\n")));
    }
    let mut dockerfile = "FROM scratch\nCOPY . /app\n".to_owned();
    for at in 0..98 {
        dockerfile.push_str(&match at % 4 {
            0 => format!("COPY d{at} /copy{at}/\n"),
            1 => format!("ENV K{at}=v\n"),
            2 => format!("WORKDIR /w{at}\n"),
            _ => format!("COPY d1/f{at}*.txt /some{at}/\n"),
        });
    }
    (Context::from_entries(entries), dockerfile)
}

fn rebuild(c: &mut Criterion) {
    let (context, dockerfile) = project();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let request = Request {
            dockerfile: Some(dockerfile.clone().into_bytes()),
            context: context.clone(),
            builder,
            version: Version::Current,
            ..Request::default()
        };
        let (mut images, mut cache) = (Store::default(), Cache::default());
        let mut play = || {
            let mut t = Trace::silent();
            build::build(&mut images, &mut cache, &request, &mut NoPrograms, &mut t)
        };
        let first = play();
        assert!(first.result.is_ok(), "{:?}", first.result);
        assert_eq!(play().misses(), 0);
        c.bench_function(&format!("cached rebuild, {}", builder.name()), |b| b.iter(|| black_box(play())));
    }
}

/// A lock file of the packages that the registry's table has, until they hold 20,000 files.
fn lock_file() -> String {
    let known = "react-scripts@5.0.1 next@14.0.4 typescript@5.3.3 eslint@8.56.0 webpack@5.89.0 vite@5.0.10";
    let mut packages: Vec<String> = known
        .split(' ')
        .filter_map(|word| word.split_once('@'))
        .map(|(name, version)| format!("\"node_modules/{name}\":{{\"version\":\"{version}\"}}"))
        .collect();
    for at in 0..1_650 {
        packages.push(format!("\"node_modules/package-{at}\":{{\"version\":\"1.{at}.0\"}}"));
    }
    format!("{{\"name\":\"app\",\"lockfileVersion\":3,\"packages\":{{\"\":{{}},{}}}}}", packages.join(","))
}

fn npm_ci(c: &mut Criterion) {
    let image = catalog::image("node:20-alpine").expect("a built-in base");
    let mut container = Container::create("c", "node:20-alpine", image, 0).expect("it mounts");
    let mut t = Trace::silent();
    let mount = &mut container.mount;
    let mut put = |path: &str, text: &str| {
        mount.create(path.as_bytes(), 0o644, Contents::text(text), &mut t).expect("a new file");
    };
    put("/package.json", "{\"name\":\"app\",\"version\":\"1.0.0\"}");
    put("/package-lock.json", &lock_file());
    let process = Process {
        argv: ["/bin/sh", "-c", "npm ci"].map(str::to_owned).to_vec(),
        env: [("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())].into_iter().collect(),
        ..Process::default()
    };
    let before = container.mount.sealed_upper().entries();
    let play = || {
        let mut mount = container.mount.clone();
        let outcome = shell::run(&mut mount, &process, &mut NoPrograms, &mut Trace::silent());
        assert_eq!(outcome.exit, 0, "{}", String::from_utf8_lossy(&outcome.err));
        mount
    };
    let files = play().sealed_upper().entries() - before;
    c.bench_function(&format!("npm ci, {files} files and folders"), |b| b.iter(|| black_box(play())));
}

/// The first time an image is asked for happens once in a process, so it is timed apart.
fn open(c: &mut Criterion) {
    for name in ["debian:bookworm-slim", "golang:1.21-alpine", "postgres:15"] {
        let start = Instant::now();
        let image = catalog::image(name).expect("a built-in name");
        black_box(Container::create("c", name, Arc::clone(&image), 0).expect("it mounts"));
        println!("{name}: first opened in {:?}", start.elapsed());
        assert!(image.layers.iter().all(|layer| layer.layer.is_untouched()));
        c.bench_function(&format!("open {name}"), |b| {
            b.iter(|| {
                let image = catalog::image(name).expect("a built-in name");
                black_box(Container::create("c", name, image, 0).expect("it mounts"))
            });
        });
    }
    let request = Request {
        dockerfile: Some(b"FROM debian:bookworm-slim\nENV A=b\nCMD [\"sh\"]\n".to_vec()),
        catalog: Catalog(catalog::image),
        ..Request::default()
    };
    c.bench_function("build on an untouched base", |b| {
        b.iter(|| {
            let (mut images, mut cache) = (Store::default(), Cache::default());
            let mut t = Trace::silent();
            black_box(build::build(&mut images, &mut cache, &request, &mut NoPrograms, &mut t))
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = open, rebuild, npm_ci
}
criterion_main!(benches);
