//! What must hold for any bytes. The fuzz targets feed these, and so does an ordinary test with the
//! seeds (`tests/fuzz_seeds.rs`).
//!
//! Run a target with
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz TARGET tests/fuzz/corpus/TARGET tests/fuzz/seeds/TARGET`.
#![allow(dead_code, clippy::expect_used, clippy::indexing_slicing)]

use indexmap::IndexMap;
use layerlab::build::ignore::{Ignore, Trail, Visit};
use layerlab::build::pattern;
use layerlab::compose;
use layerlab::dockerfile::{
    Instruction, Kind, Lexer, Version, check_signal, parse, ports, script, step_text,
};
use layerlab::fs::{Contents, Nodes, Stored, Tree, path};
use layerlab::image::archive;
use layerlab::image::{Image, catalog};
use layerlab::replay::{self, Report};
use layerlab::shell::{NoPrograms, Packages, Process, run};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::{Mount, Options};
use std::sync::Arc;

const VERSIONS: [Version; 2] = [Version::Current, Version::V20_10];

/// What one input may use: a fraction of a line's tank, so that inputs stay quick.
const LIMITS: Limits = Limits { operations: 2_000_000, bytes: 16 << 20, depth: 48 };

fn env(name: &str) -> Option<String> {
    match name {
        "A" => Some("a value/of *A".to_owned()),
        "B" | "PATH" => Some("/bin:/usr/bin".to_owned()),
        "E" => Some(String::new()),
        _ => None,
    }
}

/// The parser reads or refuses, with a place and a hint; what it read can be expanded and shown.
pub fn dockerfile_parse(data: &[u8]) {
    for version in VERSIONS {
        match parse("Dockerfile", data, version) {
            Ok(file) => {
                let lexer = file.lexer(version);
                let mut fuel = Fuel::new(LIMITS);
                for instruction in &file.instructions {
                    assert!(instruction.place.line >= 1 && instruction.last_line >= instruction.place.line);
                    assert_eq!(file.span(instruction.place).line, instruction.place.line);
                    look_at(instruction, lexer, &mut fuel);
                }
            }
            Err(error) => {
                assert!(error.span.line >= 1 && error.span.column >= 1 && error.span.width >= 1);
                assert!(error.hint.is_some() && !error.message.is_empty(), "{error}");
            }
        }
    }
}

fn look_at(instruction: &Instruction, lexer: Lexer, fuel: &mut Fuel) {
    step_text(instruction, lexer, &env, fuel);
    match &instruction.kind {
        Kind::Run(run) => {
            script(&run.command, &instruction.heredocs);
            for mount in &run.mounts {
                let _ = mount.expand(lexer, &env, fuel);
            }
        }
        Kind::Expose(words) => {
            let expanded = words.iter().filter_map(|word| lexer.words(&word.text, &env, fuel).ok());
            let expanded: Vec<String> = expanded.flatten().collect();
            let _ = ports(&expanded, lexer.version, fuel);
        }
        Kind::Env(pairs) | Kind::Label(pairs) | Kind::Arg(pairs) => {
            for word in pairs.iter().flat_map(|pair| std::iter::once(&pair.key).chain(&pair.value)) {
                let _ = lexer.expand(&word.text, &env, fuel);
            }
        }
        Kind::Copy(copy) | Kind::Add(copy) => {
            for body in &copy.contents {
                let _ = Lexer::for_body(lexer.version).word(&body.content, &env, fuel);
            }
            for source in &copy.sources {
                let _ = pattern::matches(source.text.as_bytes(), b"src/main.rs", fuel);
            }
        }
        Kind::Stopsignal(word) => drop(check_signal(&word.text, lexer.version)),
        Kind::Onbuild(onbuild) => {
            if let Some(inner) = &onbuild.inner {
                look_at(inner, lexer, fuel);
            }
        }
        _ => {}
    }
}

/// The file before a zero byte is an ignore file, what follows is one path more to ask about.
pub fn dockerignore(data: &[u8]) {
    let (file, path) = match data.iter().position(|byte| *byte == 0) {
        Some(at) => (&data[..at], String::from_utf8_lossy(&data[at + 1..]).into_owned()),
        None => (data, "docs/a.md".to_owned()),
    };
    for version in VERSIONS {
        let mut fuel = Fuel::new(LIMITS);
        match Ignore::parse(file, version, &mut fuel) {
            Ok(ignore) => {
                for path in ["a", "src", "src/lib/mod.rs", ".git/HEAD", &path] {
                    let (visit, trail) = ignore.visit(path, true, &Trail::default(), &mut fuel);
                    ignore.visit(&format!("{path}/below"), false, &trail, &mut fuel);
                    let excluded = ignore.excludes(path, &mut fuel);
                    let why = ignore.why(path, &mut fuel);
                    if fuel.exhausted().is_none() {
                        assert_eq!(excluded, why.is_some_and(|decision| decision.excluded));
                        assert!(version == Version::Current || excluded == (visit != Visit::Keep));
                    }
                }
            }
            Err(error) => {
                let shown = error.shown(".dockerignore", file);
                assert!(shown.hint.is_some() && shown.span.is_some_and(|span| span.line == error.line));
            }
        }
    }
}

/// A line for the shell of a small image: it ends, and the tank says so when it had to be stopped.
pub fn shell_eval(data: &[u8]) {
    thread_local! {
        static IMAGE: Arc<Image> = catalog::image("busybox").expect("busybox is built in");
    }
    let Ok(mut mount) = Mount::new(IMAGE.with(|image| image.lowers()), Tree::new(), Options::default())
    else {
        return;
    };
    let line = String::from_utf8_lossy(data).into_owned();
    let process = Process {
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), line],
        env: IndexMap::from([("A".to_owned(), "1".to_owned())]),
        cwd: "/".to_owned(),
        ..Process::default()
    };
    let mut trace = Trace::silent();
    trace.fuel = Fuel::new(Limits { operations: 100_000, bytes: 1 << 20, ..LIMITS });
    let outcome = run(&mut mount, &process, &mut NoPrograms, &mut trace);
    assert!(outcome.start.is_none(), "the shell did not start: {:?}", outcome.start);
    assert!((0..256).contains(&outcome.exit), "exit status {}", outcome.exit);
}

/// A file of packages is read or refused, and an error names the file. The same bytes as manifests and lock
/// files of npm, yarn, pnpm and pip: the managers end, whatever they read.
pub fn packages(data: &[u8]) {
    thread_local! {
        static IMAGE: Arc<Image> = catalog::image("node:20-alpine").expect("it is built in");
    }
    if let Err(error) = Packages::default().taught_by_file("x.json", data) {
        assert!(error.message.starts_with("x.json"), "{}", error.message);
    }
    let Ok(mut mount) = Mount::new(IMAGE.with(|image| image.lowers()), Tree::new(), Options::default())
    else {
        return;
    };
    let mut trace = Trace::silent();
    trace.fuel = Fuel::new(Limits { operations: 400_000, bytes: 8 << 20, ..LIMITS });
    for name in ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "requirements.txt"] {
        let made =
            mount.create(format!("/{name}").as_bytes(), 0o644, Contents::bytes(data.to_vec()), &mut trace);
        assert!(made.is_ok(), "{name}");
    }
    let line = "npm ci; npm install; yarn install; corepack enable; pnpm install --frozen-lockfile";
    let process = Process { argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(), ..Process::default() };
    let outcome = run(&mut mount, &process, &mut NoPrograms, &mut trace);
    assert!((0..256).contains(&outcome.exit), "exit status {}", outcome.exit);
}

/// A file of recorded cases: each case is answered, or refused by name; a file that can't be read is
/// refused whole.
pub fn overlay_corpus(data: &[u8]) {
    let mut report = Report::default();
    let mut answers = 0;
    match replay::file("c.json", data, &mut report, &mut |_| answers += 1) {
        Ok(cases) => {
            let (good, all) = report.total();
            assert_eq!(all, answers);
            assert!(good <= all && cases == (all + report.errors.len() > 0));
        }
        Err(error) => report.errors.push(error),
    }
    for error in &report.errors {
        let place =
            error.span.as_ref().map_or(error.message.starts_with("c.json"), |span| &*span.file == "c.json");
        assert!(place && error.hint.is_some(), "{error}");
    }
    report.summary();
}

/// Bytes as a compose file and, behind a zero byte, its `.env`: a project that prints as YAML and reads back the
/// same, or an error that says which file.
pub fn compose(data: &[u8]) {
    let zero = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (file, variables) = (&data[..zero], data.get(zero + 1..).unwrap_or_default());
    let load = |file: &[u8], variables: &[u8]| {
        let name = Some("p".to_owned());
        let asked = compose::Asked { cwd: "/lab".to_owned(), name, ..compose::Asked::default() };
        let mut read = |path: &str, _: &mut Trace| match path {
            "/lab/compose.yaml" => Some(file.to_vec()),
            "/lab/.env" => Some(variables.to_vec()),
            _ => None,
        };
        compose::load(&asked, &mut read, &mut Trace::silent())
    };
    match load(file, variables) {
        Ok(project) => {
            let printed = compose::config(&project);
            let again = load(printed.as_bytes(), b"").expect("what was printed can be read");
            assert_eq!(compose::config(&again), printed);
            assert_eq!(compose::order(&project).len(), project.services.len());
        }
        Err(error) => assert!(!error.message.is_empty() && error.message.len() < 10_000, "{error}"),
    }
}

/// Bytes as an archive of images and as a tar of files: read, or refused by name. What was read is saved,
/// and the archive read again holds the same.
pub fn archive(data: &[u8]) {
    for bytes in [data.to_vec(), with_sums(data)] {
        for verify in [true, false] {
            let options = archive::Options { verify, ..archive::Options::new(4 << 20) };
            let stored = Stored::memory(bytes.clone());
            match archive::open(&stored, &options, &mut Fuel::new(LIMITS)) {
                Ok(images) if verify => images.iter().for_each(|loaded| saved_again(&loaded.image)),
                Ok(_) => {}
                Err(error) => refused(&error),
            }
        }
        let options = archive::Options::new(4 << 20);
        match archive::import(&Stored::memory(bytes), &options, "import", &mut Fuel::new(LIMITS)) {
            Ok((layer, _)) => {
                layer.layer.walk(&mut |at, _, _| assert_eq!(path::clean(at), at));
                saved_again(&Image { layers: vec![layer], ..Image::default() }.sealed());
            }
            Err(error) => refused(&error),
        }
    }
}

fn refused(error: &layerlab::error::Error) {
    assert!(error.message.starts_with('`') && error.hint.is_some(), "{error}");
    assert!(error.message.len() < 2000 && !error.message.contains('\u{1b}'), "{error}");
}

fn saved_again(image: &Image) {
    let whole = Arc::new(image.clone());
    let mut bytes = Vec::new();
    let saved = archive::archive(&[(whole, Vec::new())], &mut Fuel::new(LIMITS));
    saved.expect("what was read can be saved").write(&mut bytes).expect("memory takes it");
    // An image without layers is written too; only `docker save` refuses it.
    let again = archive::read(&bytes, u64::MAX, &mut Fuel::default()).expect("what was saved can be read");
    let ids = |image: &Image| image.layers.iter().map(|layer| layer.diff_id).collect::<Vec<_>>();
    assert_eq!(ids(&again[0].image), ids(image));
}

/// Every block that looks like a tar header gets the sum it should have.
fn with_sums(data: &[u8]) -> Vec<u8> {
    let mut bytes = data.to_vec();
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].copy_from_slice(b"        ");
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
    bytes
}
