//! `go`: modules sized by `go.mod`, binaries that depend on the sources.

use super::go_sum;
use super::table::{Registry, Table};
use super::writer;
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;

/// A module that `go.mod` requires.
pub(super) struct Module {
    pub path: String,
    pub version: String,
}

/// What `go.mod` says.
pub(super) struct Project {
    pub root: String,
    pub name: String,
    pub modules: Vec<Module>,
    /// Modules with a `replace` line: go.sum says nothing about a directory.
    pub replaced: Vec<String>,
}

const USAGE: &str = "Go is a tool for managing Go source code.\n\nUsage:\n\n\tgo <command> [arguments]\n";

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let args = call.args();
    let (first, rest) = match args {
        [first, rest @ ..] => (first.as_str(), rest),
        [] => {
            call.err(USAGE);
            return 2;
        }
    };
    match (first, rest.first().map(String::as_str)) {
        ("version", _) => {
            let version = version(call);
            call.out(&format!("go version {version} linux/amd64\n"));
            0
        }
        ("env", _) => env(call, rest),
        ("mod", Some("download")) => download(call),
        ("mod", Some("tidy")) => tidy(call),
        ("mod", Some("verify" | "vendor")) => download(call),
        ("mod", Some("init")) => init(call, rest.get(1)),
        ("build" | "install", _) => build(call, rest, first == "install"),
        (
            "test" | "vet" | "generate" | "run" | "fmt" | "list" | "tool" | "work" | "doc" | "fix" | "bug",
            _,
        ) => call.m.not_modelled(&format!("go {first}")),
        ("get", _) => call.m.not_modelled("go get"),
        ("clean", _) => clean(call, rest),
        ("help", _) => {
            call.out(USAGE);
            0
        }
        (other, _) => {
            call.err(&format!("go {other}: unknown command\nRun 'go help' for usage.\n"));
            2
        }
    }
}

fn version(call: &mut Call<'_, '_>) -> String {
    let text = writer::text(call, "/usr/local/go/VERSION");
    text.lines().next().filter(|line| line.starts_with("go")).unwrap_or("go1.21.5").to_owned()
}

fn gopath(call: &Call<'_, '_>) -> String {
    let home = call.env.get("HOME").cloned().unwrap_or_else(|| "/root".to_owned());
    call.env.get("GOPATH").filter(|path| !path.is_empty()).cloned().unwrap_or_else(|| format!("{home}/go"))
}

fn module_cache(call: &Call<'_, '_>) -> String {
    call.env
        .get("GOMODCACHE")
        .filter(|path| !path.is_empty())
        .cloned()
        .unwrap_or_else(|| format!("{}/pkg/mod", gopath(call)))
}

fn build_cache(call: &Call<'_, '_>) -> String {
    let home = call.env.get("HOME").cloned().unwrap_or_else(|| "/root".to_owned());
    call.env
        .get("GOCACHE")
        .filter(|path| !path.is_empty())
        .cloned()
        .unwrap_or_else(|| format!("{home}/.cache/go-build"))
}

fn env(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let version = version(call);
    let rows = [
        ("GOARCH", call.env.get("GOARCH").cloned().unwrap_or_else(|| "amd64".to_owned())),
        ("GOCACHE", build_cache(call)),
        ("GOMODCACHE", module_cache(call)),
        ("GOOS", call.env.get("GOOS").cloned().unwrap_or_else(|| "linux".to_owned())),
        ("GOPATH", gopath(call)),
        ("GOROOT", "/usr/local/go".to_owned()),
        ("GOVERSION", version),
    ];
    if names.first().is_some_and(|name| name == "-w") {
        return 0;
    }
    if names.is_empty() {
        for (name, value) in rows {
            call.out(&format!("{name}='{value}'\n"));
        }
        return 0;
    }
    for name in names {
        let value = rows.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
        call.out(&format!("{value}\n"));
    }
    0
}

/// The project around the working directory.
fn project(call: &mut Call<'_, '_>) -> Option<Project> {
    let mut root = call.cwd();
    loop {
        let at = format!("{}/go.mod", root.trim_end_matches('/'));
        if call.m.exists(at.as_bytes()) {
            let source = writer::text(call, &at);
            return Some(parse(&source, root));
        }
        if root == "/" || root.is_empty() {
            return None;
        }
        root = crate::shell::text::decode(crate::fs::path::parent(root.as_bytes()));
    }
}

fn parse(source: &str, root: String) -> Project {
    let mut project = Project { root, name: String::new(), modules: Vec::new(), replaced: Vec::new() };
    let mut block = "";
    for line in source.lines() {
        let line = line.split("//").next().unwrap_or("").trim();
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("module"), Some(name), _) => project.name = name.trim_matches('"').to_owned(),
            (Some(")"), ..) => block = "",
            (Some("require"), Some("("), _) => block = "require",
            (Some("replace"), Some("("), _) => block = "replace",
            (Some("exclude" | "retract"), Some("("), _) => {
                block = "other";
            }
            (Some("replace"), Some(path), _) => project.replaced.push(path.to_owned()),
            (Some(path), Some(_), _) if block == "replace" => project.replaced.push(path.to_owned()),
            (Some("require"), Some(path), Some(version)) => {
                project.modules.push(Module { path: path.to_owned(), version: version.to_owned() });
            }
            (Some(path), Some(version), _) if block == "require" && version.starts_with('v') => {
                project.modules.push(Module { path: path.to_owned(), version: version.to_owned() });
            }
            _ => {}
        }
    }
    let safe = |text: &str| {
        !text.is_empty()
            && !text.starts_with('/')
            && !text.split('/').any(|piece| piece == ".." || piece.is_empty())
    };
    project.modules.retain(|module| safe(&module.path) && safe(&module.version));
    project
}

/// A module's path in the cache: capitals become `!` and the small letter.
fn escaped(path: &str) -> String {
    path.chars().fold(String::new(), |mut text, c| {
        if c.is_ascii_uppercase() {
            text.push('!');
        }
        text.push(c.to_ascii_lowercase());
        text
    })
}

/// Bytes of a module: a teacher's word, else a number that follows from its path.
fn size(table: &Table, module: &Module) -> u64 {
    if let Some(known) = table.get(&module.path) {
        return known.size;
    }
    let big = ["golang.org/x/", "google.golang.org/", "k8s.io/", "github.com/aws/"];
    let base = 300_000 + writer::weight(&module.path) % 2_500_000;
    if big.iter().any(|start| module.path.starts_with(start)) { base * 4 } else { base }
}

fn download(call: &mut Call<'_, '_>) -> i32 {
    let Some(project) = project(call) else {
        call.err("go: no modules specified (see 'go help mod download')\n");
        return 1;
    };
    match fetch(call, &project, false) {
        Ok(()) => 0,
        Err(errno) => failed(call, errno),
    }
}

fn tidy(call: &mut Call<'_, '_>) -> i32 {
    let Some(project) = project(call) else {
        call.err(
            "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
        );
        return 1;
    };
    match fetch(call, &project, true).and_then(|()| go_sum::tidy(call, &project)) {
        Ok(()) => 0,
        Err(errno) => failed(call, errno),
    }
}

fn failed(call: &mut Call<'_, '_>, errno: Errno) -> i32 {
    let message = call.m.message(errno).to_lowercase();
    call.err(&format!("go: {message}\n"));
    1
}

/// Writes the modules that the cache lacks.
fn fetch(call: &mut Call<'_, '_>, project: &Project, speak: bool) -> Result<(), Errno> {
    let cache = module_cache(call);
    let table = Table::of(Registry::Go, &call.m.packages);
    let mut total = 0;
    for module in &project.modules {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let path = escaped(&module.path);
        let dir = format!("{cache}/{path}@{}", module.version);
        if call.m.is_dir(dir.as_bytes()) {
            continue;
        }
        if speak {
            call.err(&format!("go: downloading {} {}\n", module.path, module.version));
        }
        let bytes = size(&table, module);
        total += bytes;
        let label = format!("go {}@{}", module.path, module.version);
        let names = [
            "doc.go",
            "client.go",
            "server.go",
            "types.go",
            "util.go",
            "LICENSE",
            "README.md",
            "main_test.go",
        ];
        match table.get(&module.path).filter(|known| !known.files.is_empty()) {
            Some(known) => writer::taught(call, &known, &dir)?,
            None => {
                let count = (bytes / 25_000).clamp(8, 90);
                writer::spread(call, &dir, &label, bytes, count, &names).map(drop)?;
            }
        }
        writer::file(
            call,
            &format!("{dir}/go.mod"),
            Contents::text(&format!("module {}\n\ngo 1.20\n", module.path)),
            0o444,
        )?;
        let store = format!("{cache}/cache/download/{path}/@v");
        writer::described(call, &format!("{store}/{}.zip", module.version), &label, bytes / 4)?;
        writer::file(
            call,
            &format!("{store}/{}.mod", module.version),
            Contents::text(&format!("module {}\n", module.path)),
            0o644,
        )?;
        writer::file(
            call,
            &format!("{store}/{}.info", module.version),
            Contents::text(&format!(
                "{{\"Version\":\"{}\",\"Time\":\"2023-01-01T00:00:00Z\"}}",
                module.version
            )),
            0o644,
        )?;
        writer::file(
            call,
            &format!("{store}/{}.ziphash", module.version),
            Contents::text(&format!("h1:{}=", Digest::of(&label).hex().get(..43).unwrap_or(""))),
            0o644,
        )?;
    }
    if total > 0 {
        call.takes(0.5 + total as f64 / 12e6);
    }
    Ok(())
}

fn init(call: &mut Call<'_, '_>, name: Option<&String>) -> i32 {
    let Some(name) = name else {
        call.err("go: cannot determine module path for source directory (outside GOPATH, module path must be specified)\n");
        return 1;
    };
    let text = format!("module {name}\n\ngo 1.21.5\n");
    match call.m.write(b"go.mod", Contents::text(&text), 0o644) {
        Ok(()) => {
            call.err(&format!("go: creating new go.mod: module {name}\n"));
            0
        }
        Err(errno) => failed(call, errno),
    }
}

/// All Go sources of a project, as a digest; how many; and whether the package to build has any.
fn sources(call: &mut Call<'_, '_>, project: &Project, package: &str) -> (String, u64, bool) {
    let (mut digest, mut count) = (String::new(), 0);
    let mut open = vec![project.root.trim_end_matches('/').to_owned()];
    while let Some(at) = open.pop() {
        if !call.m.t.fuel.spend(2) {
            break;
        }
        let names = call.m.readdir(if at.is_empty() { b"/" } else { at.as_bytes() }).unwrap_or_default();
        for name in names.iter().rev() {
            let name = crate::shell::text::decode(name);
            let path = format!("{at}/{name}");
            let Ok(stat) = call.m.lstat(path.as_bytes()) else { continue };
            let system = at.is_empty()
                && matches!(name.as_str(), "proc" | "sys" | "dev" | "usr" | "go" | "lib" | "etc" | "var");
            if stat.kind == crate::union::StatKind::Dir {
                if !name.starts_with(['.', '_']) && name != "testdata" && !system {
                    open.push(path);
                }
            } else if (name.ends_with(".go") && !name.ends_with("_test.go")
                || matches!(name.as_str(), "go.mod" | "go.sum"))
                && let Ok(contents) = call.m.read(path.as_bytes())
            {
                digest.push_str(&format!("{path} {}\n", contents.key_digest().hex()));
                count += 1;
            }
        }
    }
    let inside = call.m.readdir(package.as_bytes()).unwrap_or_default();
    let any = inside.iter().any(|name| name.ends_with(b".go") && !name.ends_with(b"_test.go"));
    (digest, count, any)
}

/// The command line of `go build`.
#[derive(Default)]
struct Building {
    output: Option<String>,
    flags: Vec<String>,
    packages: Vec<String>,
    all: bool,
    stripped: bool,
    verbose: bool,
}

fn building(words: &[String]) -> Building {
    let mut found = Building::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.trim_start_matches('-');
        match name.split_once('=').map_or(name, |(name, _)| name) {
            _ if !word.starts_with('-') => found.packages.push(word.clone()),
            "o" => {
                found.output =
                    name.split_once('=').map(|(_, v)| v.to_owned()).or_else(|| words.next().cloned())
            }
            "a" => found.all = true,
            "v" => found.verbose = true,
            flag @ ("ldflags" | "tags" | "installsuffix" | "gcflags" | "asmflags" | "mod" | "buildmode"
            | "p" | "pkgdir" | "toolexec") => {
                let value = name
                    .split_once('=')
                    .map(|(_, v)| v.to_owned())
                    .or_else(|| words.next().cloned())
                    .unwrap_or_default();
                found.stripped |=
                    flag == "ldflags" && value.split_whitespace().any(|f| f == "-s" || f == "-w");
                found.flags.push(format!("{flag}={value}"));
            }
            other => found.flags.push(other.to_owned()),
        }
    }
    found
}

fn build(call: &mut Call<'_, '_>, words: &[String], installing: bool) -> i32 {
    let wanted = building(words);
    let Some(project) = project(call) else {
        if installing && wanted.packages.iter().any(|p| p.contains('@')) {
            return call.m.not_modelled("go install");
        }
        call.err(
            "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
        );
        return 1;
    };
    let package = wanted.packages.first().map_or(".", String::as_str).to_owned();
    let file = package.ends_with(".go");
    let dir = if file {
        crate::shell::text::decode(crate::fs::path::parent(package.as_bytes()))
    } else {
        package.trim_end_matches("/...").to_owned()
    };
    let dir = if dir.is_empty() { ".".to_owned() } else { dir };
    let at = crate::fs::path::absolute(&call.cwd(), &dir);
    if file && !call.m.exists(package.as_bytes()) {
        call.err(&format!("no required module provides package {package}; to add it:\n\tgo get {package}\n"));
        return 1;
    }
    let (digest, count, any) = sources(call, &project, &at);
    if !any && !package.ends_with("...") {
        if call.m.is_dir(at.as_bytes()) {
            call.err(&format!("no Go files in {at}\n"));
        } else {
            call.err(&format!("stat {at}: directory not found\n"));
        }
        return 1;
    }
    let free = call.env.get("GOFLAGS").is_some_and(|flags| flags.contains("-mod="))
        || wanted.flags.iter().any(|flag| matches!(flag.as_str(), "mod=mod" | "mod=vendor"));
    if go_sum::complains(call, &project, &at, file, free) {
        return 1;
    }
    if let Err(errno) = fetch(call, &project, true) {
        return failed(call, errno);
    }
    let setting = |name: &str| call.env.get(name).cloned().unwrap_or_default();
    let settings =
        [setting("CGO_ENABLED"), setting("GOOS"), setting("GOARCH"), version_key(&wanted)].join(" ");
    let key = Digest::of(format!("{digest}{settings}{at}")).hex();
    let key = key.get(..16).unwrap_or("");
    let table = Table::of(Registry::Go, &call.m.packages);
    let modules: u64 = project.modules.iter().map(|module| size(&table, module)).sum();
    let plain = 1_900_000 + modules / 12 + count * 4_000 + writer::weight(key) % 65_536;
    let bytes = if wanted.stripped { plain * 7 / 10 } else { plain };
    let name = project.name.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("main").to_owned();
    let base = if dir == "." { name } else { at.rsplit('/').next().unwrap_or("main").to_owned() };
    let output = match (&wanted.output, installing) {
        (Some(output), _) if output.ends_with('/') || call.m.is_dir(output.as_bytes()) => {
            format!("{}/{base}", output.trim_end_matches('/'))
        }
        (Some(output), _) => output.clone(),
        (None, true) => format!("{}/bin/{base}", gopath(call)),
        (None, false) => base,
    };
    let program = Contents::of_program(&format!("built go {key}"), bytes);
    let done = fill_cache(call, key, modules, wanted.all).and_then(|fresh| {
        writer::file(call, &output, program, 0o755)?;
        Ok(fresh)
    });
    match done {
        Ok(fresh) => {
            call.takes(if fresh { 18.0 } else { 2.0 } + modules as f64 / 4e6 + count as f64 * 0.02);
            if wanted.verbose {
                call.err(&format!("{}\n", project.name));
            }
            0
        }
        Err(errno) => failed(call, errno),
    }
}

fn version_key(wanted: &Building) -> String {
    let mut flags = wanted.flags.clone();
    flags.sort();
    flags.join(" ")
}

/// The build cache: the standard library once (again with `-a`), the project's packages for each build.
/// Whether the standard library was compiled.
fn fill_cache(call: &mut Call<'_, '_>, key: &str, modules: u64, all: bool) -> Result<bool, Errno> {
    let cache = build_cache(call);
    let readme = format!("{cache}/README");
    let fresh = !call.m.exists(readme.as_bytes());
    if fresh {
        let text = "This directory holds cached build artifacts from the Go build system.\nRun \"go clean -cache\" if the directory is getting too large.\n";
        writer::file(call, &readme, Contents::text(text), 0o644)?;
    }
    if fresh || all {
        objects(call, &cache, "std", 58_000_000, 160)?;
    }
    objects(call, &cache, key, 900_000 + modules / 2, 12)?;
    Ok(fresh || all)
}

/// Compiled packages: `ab/abcd…-d` and their action entries.
fn objects(call: &mut Call<'_, '_>, cache: &str, label: &str, total: u64, count: u64) -> Result<(), Errno> {
    for number in 0..count {
        let hash = Digest::of(format!("{label} {number}")).hex();
        let dir = hash.get(..2).unwrap_or("00");
        let share = total / count / 2 + writer::weight(&hash) % (total / count + 1);
        writer::described(call, &format!("{cache}/{dir}/{hash}-d"), label, share)?;
        writer::described(call, &format!("{cache}/{dir}/{hash}-a"), label, 175)?;
    }
    Ok(())
}

fn clean(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let mut paths = Vec::new();
    if words.iter().any(|word| word == "-cache") {
        paths.push(build_cache(call));
    }
    if words.iter().any(|word| word == "-modcache") {
        paths.push(module_cache(call));
    }
    if paths.is_empty() {
        return 0;
    }
    let mut argv = vec!["rm".to_owned(), "-rf".to_owned()];
    argv.extend(paths);
    call.start(argv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_mod_is_read() {
        let project = parse(
            "module example.com/app\n\ngo 1.21\n\nrequire github.com/a/B v1.0.0\nrequire (\n\tx.org/y v0.1.0 // indirect\n)\n",
            "/app".to_owned(),
        );
        assert_eq!(project.name, "example.com/app");
        let modules: Vec<String> =
            project.modules.iter().map(|m| format!("{}@{}", escaped(&m.path), m.version)).collect();
        assert_eq!(modules, ["github.com/a/!b@v1.0.0", "x.org/y@v0.1.0"]);
    }
}
