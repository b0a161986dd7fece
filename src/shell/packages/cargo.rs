//! `cargo` and `rustup`: the lock file, the registry's cache and `target`. What a build compiles is not modelled.
//!
//! Lines are those of cargo 1.75 without terminal; the layout of the registry is that of `CARGO_HOME`.

use super::table::{Registry, Table};
use super::{npm, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;

/// What a manifest says, as far as it matters here.
#[derive(Default)]
struct Manifest {
    name: String,
    version: String,
    /// Name and version of each dependency; empty when it is a path or a repository.
    depends: Vec<(String, String)>,
    /// It names its targets itself.
    targets: bool,
}

const INDEX: &str = "index.crates.io-6f17d22bba15001f";

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('+')).cloned().collect();
    let command = words.iter().find(|word| !word.starts_with('-')).cloned().unwrap_or_default();
    match command.as_str() {
        "" if words.iter().any(|word| word == "--version" || word == "-V") => {
            call.out("cargo 1.75.0 (1d8b05cdd 2023-11-20)\n");
            0
        }
        "build" | "b" | "check" | "c" | "test" | "t" | "run" | "r" | "rustc" => build(call, &words, &command),
        "fetch" => fetch_command(call, &words),
        "install" => install(call, &words),
        "new" | "init" => new(call, &words, command == "init"),
        "clean" => call.start(vec!["rm".to_owned(), "-rf".to_owned(), target_dir(call)]),
        "chef" | "vendor" | "generate-lockfile" | "update" | "add" | "fmt" | "clippy" | "doc" | "bench"
        | "metadata" | "tree" | "publish" | "package" | "search" | "remove" | "login" => {
            call.m.not_modelled(&format!("cargo {command}"))
        }
        "" | "help" => {
            call.out("Rust's package manager\n\nUsage: cargo [+toolchain] [OPTIONS] [COMMAND]\n");
            0
        }
        other => {
            call.err(&format!(
                "error: no such command: `{other}`\n\n\tView all installed commands with `cargo --list`\n"
            ));
            101
        }
    }
}

/// `rustup`: targets and toolchains are not modelled, they change nothing that is counted here. Its file has
/// the names of the toolchain's programs as well and is the one that it is called by.
pub(in super::super) fn rustup(call: &mut Call<'_, '_>) -> i32 {
    let called = call.argv.first().and_then(|argv0| argv0.rsplit('/').next()).unwrap_or("rustup").to_owned();
    let version = call.env.get("RUST_VERSION").cloned();
    match (called.as_str(), version) {
        ("cargo", _) => return run(call),
        ("rustc", Some(version)) if matches!(call.args(), [word] if word == "--version" || word == "-V") => {
            call.out(&format!("rustc {version}{}\n", commit(&version)));
            return 0;
        }
        ("rustup", _) => {}
        _ => return call.m.not_modelled(&called),
    }
    let words = call.args().join(" ");
    call.m.not_modelled(&format!("rustup {words}"))
}

/// Hash and date of a release's commit, where they are known.
fn commit(version: &str) -> &'static str {
    match version {
        "1.73.0" => " (cc66ad468 2023-10-03)",
        "1.74.1" => " (a28077b28 2023-12-04)",
        "1.75.0" => " (82e1608df 2023-12-21)",
        _ => "",
    }
}

fn home(call: &Call<'_, '_>) -> String {
    call.env.get("CARGO_HOME").cloned().unwrap_or_else(|| format!("{}/.cargo", npm::home(call)))
}

fn target_dir(call: &Call<'_, '_>) -> String {
    let dir = call.env.get("CARGO_TARGET_DIR").cloned().unwrap_or_else(|| "target".to_owned());
    crate::fs::path::absolute(&call.cwd(), &dir)
}

/// Sections and `name = …` lines of a manifest; values in several lines are not looked into.
fn manifest(source: &str) -> Manifest {
    let mut found = Manifest::default();
    let mut section = String::new();
    for line in source.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_matches(['[', ']']).trim().to_owned();
            found.targets |= section == "bin" || section == "lib" || section == "workspace";
            let table = section.strip_prefix("dependencies.").filter(|name| !name.is_empty());
            found.depends.extend(table.map(|name| (name.to_owned(), String::new())));
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let (key, value) = (key.trim().trim_matches('"'), value.trim());
        let text = value.trim_matches('"').to_owned();
        match (section.as_str(), key) {
            ("package", "name") => found.name = text,
            ("package", "version") => found.version = text,
            ("dependencies" | "dev-dependencies" | "build-dependencies", name) => {
                let local = value.contains("path") && value.contains('{') || value.contains("git =");
                if !local {
                    let version = value.split('"').nth(1).unwrap_or("").to_owned();
                    found.depends.push((name.to_owned(), version));
                }
            }
            _ => {}
        }
    }
    found.depends.retain(|(name, _)| safe(name));
    found
}

/// Name and version of the crates of a lock file that come from a registry.
fn locked(source: &str) -> Vec<(String, String)> {
    let value = |record: &str, key: &str| {
        let line = record.lines().find_map(|line| line.trim().strip_prefix(key)?.trim().strip_prefix('='));
        line.unwrap_or("").trim().trim_matches('"').to_owned()
    };
    source
        .split("[[package]]")
        .skip(1)
        .filter(|record| value(record, "source").starts_with("registry+"))
        .map(|record| (value(record, "name"), value(record, "version")))
        .filter(|(name, version)| safe(name) && safe(version))
        .collect()
}

fn safe(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 200
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
        && word != "."
        && word != ".."
}

/// The project around the working directory, and the crates that it needs.
fn project(call: &mut Call<'_, '_>, words: &[String]) -> Result<(Manifest, Vec<(String, String)>), i32> {
    let cwd = call.cwd();
    if !call.m.exists(b"Cargo.toml") {
        call.err(&format!("error: could not find `Cargo.toml` in `{cwd}` or any parent directory\n"));
        return Err(101);
    }
    let found = manifest(&writer::text(call, "Cargo.toml"));
    let any = ["src/main.rs", "src/lib.rs", "src/bin"].iter().any(|at| call.m.exists(at.as_bytes()));
    if !any && !found.targets {
        call.err(&format!("error: failed to parse manifest at `{cwd}/Cargo.toml`\n\nCaused by:\n  no targets specified in the manifest\n  either src/lib.rs, src/main.rs, a [lib] section, or [[bin]] section must be present\n"));
        return Err(101);
    }
    let strict = words.iter().any(|word| word == "--locked" || word == "--frozen");
    let lock = call.m.exists(b"Cargo.lock").then(|| writer::text(call, "Cargo.lock"));
    let crates = lock.as_deref().map(locked).unwrap_or_default();
    let missing = found.depends.iter().any(|(name, _)| !crates.iter().any(|(known, _)| known == name));
    if strict && (lock.is_none() || missing) {
        call.err(&format!("error: the lock file {cwd}/Cargo.lock needs to be updated but --locked was passed to prevent this\nIf you want to try to generate the lock file without accessing the network, remove the --locked flag and use --offline instead.\n"));
        return Err(101);
    }
    if lock.is_some() && !missing {
        return Ok((found, crates));
    }
    let table = Table::of(Registry::Cargo, &call.m.packages);
    call.err("    Updating crates.io index\n");
    let mut all = crates;
    for (name, version) in found.depends.iter().filter(|(name, _)| !name.is_empty()) {
        if !all.iter().any(|(known, _)| known == name) {
            let newest = table.get(name).map(|known| known.version.to_string());
            let own = (version.matches('.').count() == 2)
                .then(|| version.trim_start_matches(['^', '=', '~']).to_owned());
            all.push((name.clone(), own.or(newest).unwrap_or_else(|| "1.0.0".to_owned())));
        }
    }
    all.retain(|(_, version)| safe(version));
    let text = lock_text(&found, &all);
    match call.m.write(b"Cargo.lock", Contents::text(&text), 0o644) {
        Ok(()) => Ok((found, all)),
        Err(errno) => Err(failed(call, "Cargo.lock", errno)),
    }
}

fn lock_text(own: &Manifest, crates: &[(String, String)]) -> String {
    let mut text = "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 3\n".to_owned();
    for (name, version) in crates {
        text.push_str(&format!("\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n"));
    }
    text.push_str(&format!("\n[[package]]\nname = \"{}\"\nversion = \"{}\"\n", own.name, own.version));
    text
}

fn failed(call: &mut Call<'_, '_>, at: &str, errno: Errno) -> i32 {
    let message = call.m.message(errno);
    call.err(&format!(
        "error: failed to write `{at}`\n\nCaused by:\n  {message} (os error {})\n",
        errno.number()
    ));
    101
}

/// Brings crates into the registry's cache: the archive, and the sources unpacked.
fn download(call: &mut Call<'_, '_>, crates: &[(String, String)]) -> Result<(), Errno> {
    let registry = format!("{}/registry", home(call));
    let table = Table::of(Registry::Cargo, &call.m.packages);
    let (mut total, mut lines) = (0u64, String::new());
    for (name, version) in crates {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let archive = format!("{registry}/cache/{INDEX}/{name}-{version}.crate");
        if call.m.exists(archive.as_bytes()) {
            continue;
        }
        let known = table.get(name);
        let label = format!("crate {name} {version}");
        let size = known.as_ref().map_or(60_000 + writer::weight(name) % 400_000, |known| known.size);
        let packed = known.as_ref().map_or(size / 5, |known| known.archive);
        let count = known.as_ref().map_or(0, |known| known.count);
        writer::described(call, &archive, &label, packed)?;
        let source = format!("{registry}/src/{INDEX}/{name}-{version}");
        let names = ["lib.rs", "error.rs", "types.rs", "util.rs"];
        let count = if count == 0 { 12 } else { count.min(300) };
        writer::spread(call, &format!("{source}/src"), &label, size, count, &names)?;
        let text = format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n");
        writer::file(call, &format!("{source}/Cargo.toml"), Contents::text(&text), 0o644)?;
        let index = Digest::of(name).hex();
        let index = format!("{registry}/index/{INDEX}/.cache/{}/{name}", index.get(..2).unwrap_or("00"));
        writer::described(call, &index, &label, 6_000)?;
        lines.push_str(&format!("  Downloaded {name} v{version}\n"));
        total = total.saturating_add(size);
    }
    if !lines.is_empty() {
        call.err(&format!(" Downloading crates ...\n{lines}"));
        call.takes(1.0 + total as f64 / 20e6);
    }
    Ok(())
}

fn fetch_command(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let (_, crates) = match project(call, words) {
        Ok(found) => found,
        Err(status) => return status,
    };
    match download(call, &crates) {
        Ok(()) => 0,
        Err(errno) => failed(call, "registry", errno),
    }
}

/// The registry is filled and `target` begun; what the compiler makes of it has no size here.
fn build(call: &mut Call<'_, '_>, words: &[String], command: &str) -> i32 {
    let (own, crates) = match project(call, words) {
        Ok(found) => found,
        Err(status) => return status,
    };
    if let Err(errno) = download(call, &crates) {
        return failed(call, "registry", errno);
    }
    let release = words.iter().any(|word| word == "--release" || word == "-r");
    let profile = if release { "release" } else { "debug" };
    let triple = words.iter().skip_while(|word| *word != "--target").nth(1).filter(|triple| safe(triple));
    let named = words.iter().find_map(|word| word.strip_prefix("--target=")).filter(|triple| safe(triple));
    let root = target_dir(call);
    let inner = triple.map(String::as_str).or(named).map_or(String::new(), |triple| format!("/{triple}"));
    let dir = format!("{root}{inner}/{profile}");
    for (name, version) in &crates {
        call.err(&format!("   Compiling {name} v{version}\n"));
    }
    let cwd = call.cwd();
    call.err(&format!("   Compiling {} v{} ({cwd})\n", own.name, own.version));
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# This file is a cache directory tag created by cargo.\n# For information about cache directory tags see https://bford.info/cachedir/\n";
    let status =
        call.m.not_modelled(&format!("cargo {command}: what it compiles; {dir} is left empty but for names"));
    if status != 0 {
        return status;
    }
    let written = writer::file(call, &format!("{root}/CACHEDIR.TAG"), Contents::text(tag), 0o644)
        .and_then(|()| {
            ["deps", "build", "examples", "incremental"]
                .iter()
                .try_for_each(|name| writer::directories(call, format!("{dir}/{name}").as_bytes()).map(drop))
        })
        .and_then(|()| match safe(&own.name) && call.m.exists(b"src/main.rs") && command != "check" {
            true => writer::file(call, &format!("{dir}/{}", own.name), Contents::EMPTY, 0o755),
            false => Ok(()),
        });
    if let Err(errno) = written {
        return failed(call, &dir, errno);
    }
    let what = if release { "release [optimized]" } else { "dev [unoptimized + debuginfo]" };
    call.err(&format!("    Finished {what} target(s) in 1.00s\n"));
    0
}

fn install(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let names: Vec<&String> = words.iter().skip(1).filter(|word| !word.starts_with('-')).collect();
    let from = words.iter().any(|word| word.starts_with("--path") || word.starts_with("--git"));
    let table = Table::of(Registry::Cargo, &call.m.packages);
    if !from {
        call.err("    Updating crates.io index\n");
    }
    let mut crates = Vec::new();
    for word in names.iter().filter(|_| !from) {
        let (name, version) = word.split_once('@').unwrap_or((word, "*"));
        let Some(known) = table.get(name).filter(|_| safe(name)) else {
            call.err(&format!(
                "error: could not find `{name}` in registry `crates-io` with version `{version}`\n"
            ));
            return 101;
        };
        crates.push((name.to_owned(), known.version.to_string()));
    }
    if let Err(errno) = download(call, &crates) {
        return failed(call, "registry", errno);
    }
    call.m.not_modelled(&format!("cargo {}: what it compiles", words.join(" ")))
}

/// `cargo new NAME`, `cargo init`: a manifest and a first program.
fn new(call: &mut Call<'_, '_>, words: &[String], here: bool) -> i32 {
    let library = words.iter().any(|word| word == "--lib");
    let operand = words.iter().skip(1).find(|word| !word.starts_with('-')).cloned();
    let dir = operand.unwrap_or_else(|| if here { ".".to_owned() } else { String::new() });
    if dir.is_empty() {
        call.err("error: the following required arguments were not provided:\n  <path>\n");
        return 1;
    }
    let at = crate::fs::path::absolute(&call.cwd(), &dir);
    let name = at.rsplit('/').next().unwrap_or("app").to_owned();
    if call.m.exists(format!("{at}/Cargo.toml").as_bytes()) {
        call.err("error: `cargo init` cannot be run on existing Cargo packages\n");
        return 101;
    }
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n# See more keys and their definitions at https://doc.rust-lang.org/cargo/reference/manifest.html\n\n[dependencies]\n"
    );
    let (file, text) = match library {
        true => ("lib.rs", "pub fn add(left: usize, right: usize) -> usize {\n    left + right\n}\n"),
        false => ("main.rs", "fn main() {\n    println!(\"Hello, world!\");\n}\n"),
    };
    let written = writer::file(call, &format!("{at}/Cargo.toml"), Contents::text(&manifest), 0o644)
        .and_then(|()| writer::file(call, &format!("{at}/src/{file}"), Contents::text(text), 0o644))
        .and_then(|()| writer::file(call, &format!("{at}/.gitignore"), Contents::text("/target\n"), 0o644));
    if let Err(errno) = written {
        return failed(call, &at, errno);
    }
    let what = if library { "library" } else { "binary (application)" };
    call.err(&format!("     Created {what} `{name}` package\n"));
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn manifests_and_locks_are_read() {
        let found = manifest(
            "[package]\nname = \"app\"\nversion = \"0.2.0\"\n[dependencies]\nserde = { version = \"1.0\", features = [\"derive\"] }\nown = { path = \"../own\" }\nlog = \"0.4.20\"\n[dependencies.tokio]\nversion = \"1\"\n",
        );
        assert_eq!((found.name.as_str(), found.version.as_str()), ("app", "0.2.0"));
        let names: Vec<&str> = found.depends.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["serde", "log", "tokio"]);
        let lock = "version = 3\n\n[[package]]\nname = \"log\"\nversion = \"0.4.20\"\nsource = \"registry+https://x\"\n\n[[package]]\nname = \"app\"\nversion = \"0.2.0\"\n";
        assert_eq!(locked(lock), [("log".to_owned(), "0.4.20".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "[ a=\"\\[\\]{}.\n#packgedni]{0,200}") {
            let _ = (manifest(&source).depends.len(), locked(&source).len());
        }
    }
}
