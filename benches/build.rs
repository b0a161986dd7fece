//! A rebuild in which nothing changed: 100 instructions over a context of 10,000 files.
//! The limit is 5 ms for each builder.
//!
//! A project as people have them: 40 instructions in three stages, 20,000 context files (200 MB described,
//! 20 MB real). Rebuilt without a change, with one changed file, and first of all with every file to be
//! hashed. The limits: 10 ms where all is hashed already, and hashing at 80 % of what `sha2` does with the same
//! bytes on as many threads.
//!
//! A thousand instructions: under 20 ms, and no more than twice that for two thousand.
//!
//! Every build that was recorded of Docker, answered: under 5 s.
//!
//! A real folder of 20,000 files of 1 KB each, built without any cache: the whole process, beside
//! `tar c DIR | sha256sum`. The limit is one and a half times as long.
//!
//! Where `LAYERLAB_DOCKER_HOST` names a daemon that has an image `busybox:lab` (tests/docker_differential
//! makes one): 40 cached RUN steps, the whole process of `layerlab build --cache FILE` and of `docker build`, and how
//! many times faster the first one is. The limit is a fifth of Docker's time.
//!
//! Opening a built-in base that nobody has looked into: 1 ms, the first time and every time.
//!
//! `npm ci` of a tree of 20,000 files: the limit is 30 ms.

#![allow(clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use layerlab::build::{self, Builder, Cache, Catalog, Context, ContextEntry, EntryKind, Request};
use layerlab::dockerfile::Version;
use layerlab::fs::{Contents, Digest, Nodes};
use layerlab::image::{Container, Store, catalog};
use layerlab::shell::{self, NoPrograms, Process};
use layerlab::trace::{Fuel, Limits, Trace};
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

/// 40 instructions, three stages.
fn real_looking() -> String {
    let mut lines: Vec<String> = [
        "ARG NODE=20",
        "FROM alpine:3.19 AS deps",
        "WORKDIR /app",
        "COPY package.json package-lock.json ./",
        "COPY vendor vendor",
        "FROM alpine:3.19 AS build",
        "WORKDIR /app",
        "ARG VERSION=1",
        "ENV NODE_ENV=production VERSION=$VERSION",
        "COPY --from=deps /app/vendor vendor",
        "COPY . .",
        "FROM alpine:3.19",
        "LABEL org.example.name=shop",
        "ENV PORT=8080",
        "WORKDIR /srv",
        "COPY --from=build /app/src src",
        "COPY --from=build /app/assets assets",
        "EXPOSE 8080",
        "USER 1000:1000",
    ]
    .map(str::to_owned)
    .to_vec();
    for at in 0..19 {
        lines.push(match at % 3 {
            0 => format!("COPY src/m{at} /srv/modules/m{at}"),
            1 => format!("ENV FLAG_{at}=on"),
            _ => format!("LABEL part.{at}=yes"),
        });
    }
    lines.push("HEALTHCHECK CMD [\"/srv/health\"]".to_owned());
    lines.push("CMD [\"/srv/run\"]".to_owned());
    lines.join("\n") + "\n"
}

/// 20,000 files: 10,000 real ones of 2 KB, 10,000 described ones of 20 KB.
fn shop(changed: &str) -> Context {
    let file = |path: String, contents: Contents| ContextEntry {
        path,
        kind: EntryKind::File(contents),
        mode: 0o644,
        mtime: TIME + changed.len() as i64,
    };
    let text = |at: usize| -> Vec<u8> {
        let mut state = at as u64 + 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        (0..2_048).map(|_| next()).collect()
    };
    let mut entries = vec![
        file("package.json".to_owned(), Contents::text("{}")),
        file("package-lock.json".to_owned(), Contents::text(changed)),
    ];
    for at in 0..10_000 {
        let folder = if at % 7 == 0 { "vendor".to_owned() } else { format!("src/m{}", at % 40) };
        entries.push(file(format!("{folder}/f{at}.js"), Contents::bytes(text(at))));
        let described = Contents::seeded(format!("picture {at}"), 20 << 10);
        entries.push(file(format!("assets/p{}/i{at}.png", at % 100), described));
    }
    Context::from_entries(entries)
}

fn request(builder: Builder, dockerfile: String, context: Context) -> Request {
    Request {
        dockerfile: Some(dockerfile.into_bytes()),
        context,
        builder,
        version: Version::Current,
        catalog: Catalog(catalog::image),
        ..Request::default()
    }
}

/// Builds; what was built before is in the cache.
fn play(images: &mut Store, cache: &mut Cache, request: &Request) -> build::Build {
    let mut t = Trace::silent();
    t.fuel = Fuel::new(Limits { operations: 1 << 40, bytes: 1 << 40, ..Limits::LINE });
    let built = build::build(images, cache, request, &mut NoPrograms, &mut t);
    assert!(built.result.is_ok(), "{:?}", built.result);
    built
}

fn shop_builds(c: &mut Criterion) {
    let (context, other) = (shop("{}"), shop("{ }"));
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut images, mut cache) = (Store::default(), Cache::default());
        let same = request(builder, real_looking(), context.clone());
        play(&mut images, &mut cache, &same);
        assert_eq!(play(&mut images, &mut cache, &same).misses(), 0);
        let name = builder.name();
        c.bench_function(&format!("20,000 files, nothing changed, {name}"), |b| {
            b.iter(|| black_box(play(&mut images, &mut cache, &same)));
        });
        let edited = request(builder, real_looking(), other.clone());
        c.bench_function(&format!("20,000 files, one changed, {name}"), |b| {
            b.iter_batched(
                || (images.clone(), cache.clone()),
                |(mut images, mut cache)| black_box(play(&mut images, &mut cache, &edited)),
                criterion::BatchSize::LargeInput,
            );
        });
    }
    hashing(c, &context);
}

/// The key of `COPY . .` over files that nobody has hashed yet, and `sha2` over the same bytes.
fn hashing(c: &mut Criterion, context: &Context) {
    let mut real: Vec<Vec<u8>> = Vec::new();
    context.tree().walk(&mut |_, _, inode| {
        if let layerlab::fs::Kind::File(contents) = &inode.kind
            && let [layerlab::fs::Piece::Bytes(bytes)] = contents.pieces()
        {
            real.push(bytes.to_vec());
        }
    });
    let bytes: u64 = real.iter().map(|bytes| bytes.len() as u64).sum();
    let mut group = c.benchmark_group("20 MB hashed");
    group.throughput(criterion::Throughput::Bytes(bytes));
    group.bench_function("a first build's keys", |b| {
        b.iter_batched(
            || {
                let fresh = Context::from_tree(context.tree().clone());
                let request = request(Builder::BuildKit, "FROM scratch\nCOPY . /\n".to_owned(), fresh);
                (Store::default(), Cache::default(), request)
            },
            |(mut images, mut cache, request)| black_box(play(&mut images, &mut cache, &request)),
            criterion::BatchSize::LargeInput,
        );
    });
    let all: Vec<Contents> = real.iter().map(|bytes| Contents::bytes(bytes.clone())).collect();
    group.bench_function("keys alone", |b| b.iter(|| black_box(layerlab::fs::key_digests(&all))));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    group.bench_function("sha2", |b| {
        b.iter(|| {
            std::thread::scope(|scope| {
                for part in real.chunks(real.len().div_ceil(threads)) {
                    scope.spawn(move || {
                        for bytes in part {
                            black_box(Digest::of(bytes));
                        }
                    });
                }
            });
        });
    });
    group.finish();
}

fn long_files(c: &mut Criterion) {
    for count in [1_000, 2_000] {
        // An image has 125 layers at most.
        let line = |at: usize| match at % 20 {
            0 => format!("COPY package.json /copy{at}/\n"),
            1..=6 => format!("ENV K{}=v{at}\n", at % 50),
            7..=12 => "CMD [\"true\"]\n".to_owned(),
            _ => format!("LABEL l{}=v{at}\n", at % 50),
        };
        let text = format!("FROM scratch\n{}", (1..count).map(line).collect::<String>());
        let one = ContextEntry {
            path: "package.json".to_owned(),
            kind: EntryKind::File(Contents::text("{}")),
            mode: 0o644,
            mtime: TIME,
        };
        let context = Context::from_entries([one]);
        for builder in [Builder::BuildKit, Builder::Legacy] {
            let request = request(builder, text.clone(), context.clone());
            let (mut images, mut cache) = (Store::default(), Cache::default());
            play(&mut images, &mut cache, &request);
            c.bench_function(&format!("{count} instructions, cached, {}", builder.name()), |b| {
                b.iter(|| black_box(play(&mut images, &mut cache, &request)));
            });
            c.bench_function(&format!("{count} instructions, new, {}", builder.name()), |b| {
                b.iter(|| black_box(play(&mut Store::default(), &mut Cache::default(), &request)));
            });
        }
    }
}

/// The recorded builds of Docker, all of them.
fn recorded(c: &mut Criterion) {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let host = layerlab::cli::DiskHost::below(&tests).expect("the folder of the tests");
    let replay = || layerlab::replay::run(&host, &["corpus/docker".to_owned()], &mut |_| {});
    let report = replay();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let cases: usize = report.topics.values().map(|topic| topic.cases).sum();
    c.bench_function(&format!("{cases} recorded cases of Docker"), |b| b.iter(|| black_box(replay())));
}

/// The median of both, one after the other in turns.
fn in_turns(mut both: [&mut dyn FnMut(); 2]) -> [std::time::Duration; 2] {
    let mut all = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (run, times) in both.iter_mut().zip(&mut all) {
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    all.map(|mut times| {
        times.sort();
        times[times.len() / 2]
    })
}

/// A real folder: the lab beside what only reads and hashes.
fn real_folder(_: &mut Criterion) {
    use std::process::{Command, Stdio};
    let folder = std::env::temp_dir().join(format!("layerlab-bench-folder-{}", std::process::id()));
    for at in 0..20_000 {
        let inside = folder.join(format!("src/m{}", at % 100));
        if at < 100 {
            std::fs::create_dir_all(&inside).expect("a folder");
        }
        std::fs::write(inside.join(format!("f{at}.js")), format!("{at:08}").repeat(128)).expect("a file");
    }
    std::fs::write(folder.join("Dockerfile"), "FROM alpine:3.19\nCOPY . /app\n").expect("a Dockerfile");
    let run = |command: &mut Command| {
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        assert!(status.expect("it starts").success(), "{command:?}");
    };
    let mut lab = || run(Command::new(env!("CARGO_BIN_EXE_layerlab")).arg("build").arg(&folder));
    let mut tar = || run(Command::new("sh").args(["-c", "tar c \"$0\" 2>&- | sha256sum"]).arg(&folder));
    let [ours, theirs] = in_turns([&mut lab, &mut tar]);
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "20,000 real files: layerlab build {ours:.2?}, tar | sha256sum {theirs:.2?}, {ratio:.2} times as long"
    );
    let _ = std::fs::remove_dir_all(folder);
}

/// Real Docker beside the lab, in whole processes.
fn processes(_: &mut Criterion) {
    use std::process::{Command, Stdio};
    let Ok(host) = std::env::var("LAYERLAB_DOCKER_HOST") else {
        println!("40 cached RUN steps beside Docker: skipped, LAYERLAB_DOCKER_HOST names no daemon");
        return;
    };
    let folder = std::env::temp_dir().join(format!("layerlab-bench-{}", std::process::id()));
    let context = folder.join("context");
    std::fs::create_dir_all(&context).expect("a folder");
    let steps: String = (0..40).map(|at| format!("RUN echo {at} > /f{at}\n")).collect();
    std::fs::write(context.join("Dockerfile"), format!("FROM busybox:lab\n{steps}")).expect("a Dockerfile");
    let lab = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
        command.args(["build", "--base", "busybox:lab=busybox:latest", "--cache"]);
        command.arg(folder.join("cache.json")).arg(&context);
        command
    };
    let client = std::env::var("LAYERLAB_DOCKER").unwrap_or_else(|_| "docker".to_owned());
    let docker = |buildkit: &str| {
        let mut command = Command::new(&client);
        command.args(["build", "--network", "none"]).arg(&context);
        command
            .env("DOCKER_HOST", host.split(',').next().unwrap_or_default())
            .env("DOCKER_BUILDKIT", buildkit);
        command
    };
    let run = |command: &mut Command| {
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("it starts").success(), "{command:?}");
    };
    let time = |make: &dyn Fn() -> Command| {
        run(&mut make());
        let mut all: Vec<_> = (0..15)
            .map(|_| {
                let start = Instant::now();
                run(&mut make());
                start.elapsed()
            })
            .collect();
        all.sort();
        all[all.len() / 2]
    };
    let ours = time(&lab);
    for (name, buildkit) in [("BuildKit", "1"), ("the legacy builder", "0")] {
        let theirs = time(&|| docker(buildkit));
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        println!(
            "40 cached RUN steps: layerlab {ours:.2?}, Docker with {name} {theirs:.2?}, {ratio:.1} times faster"
        );
    }
    let _ = std::fs::remove_dir_all(folder);
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
    targets = processes, real_folder, open, rebuild, shop_builds, long_files, recorded, npm_ci
}
criterion_main!(benches);
