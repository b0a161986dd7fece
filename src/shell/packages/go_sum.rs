//! What `go build` asks of `go.mod` and `go.sum` before it compiles: every import has a module, and every
//! module a line in `go.sum` (cmd/go `modload/import.go`, `ImportMissingError` and `ImportMissingSumError`).

use super::go::Project;
use super::writer;
use crate::fs::{Contents, Digest};
use crate::shell::call::Call;
use crate::shell::text;
use std::collections::BTreeSet;

/// An import as it stands in a file.
struct Import {
    path: String,
    /// `main.go:4:2`, seen from the working directory.
    place: String,
}

/// Complains about imports that go.mod or go.sum has nothing about. Are there any?
pub(super) fn complains(
    call: &mut Call<'_, '_>,
    project: &Project,
    dir: &str,
    file: bool,
    free: bool,
) -> bool {
    let root = project.root.trim_end_matches('/').to_owned();
    let exists = |call: &mut Call<'_, '_>, name: &str| call.m.exists(format!("{root}/{name}").as_bytes());
    if free || exists(call, "vendor/modules.txt") || exists(call, "go.work") {
        return false;
    }
    let sums = writer::text(call, &format!("{root}/go.sum"));
    let known: BTreeSet<(&str, &str)> = sums
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    let (mut open, mut seen) = (vec![dir.trim_end_matches('/').to_owned()], BTreeSet::new());
    let mut failed = false;
    while let Some(at) = open.pop() {
        if !seen.insert(at.clone()) || !call.m.t.fuel.spend(20) {
            continue;
        }
        let below = at.strip_prefix(&root).unwrap_or("").trim_matches('/');
        let importer = match below {
            "" => project.name.clone(),
            below => format!("{}/{below}", project.name),
        };
        for import in imports(call, &at) {
            if let Some(own) = inside(&import.path, &project.name) {
                open.push(format!("{root}/{own}").trim_end_matches('/').to_owned());
                continue;
            }
            // The standard library's have no dot in their first name.
            if !import.path.split('/').next().is_some_and(|first| first.contains('.')) {
                continue;
            }
            let modules =
                project.modules.iter().filter(|module| inside(&import.path, &module.path).is_some());
            let Some(module) = modules.max_by_key(|module| module.path.len()) else {
                if !project.replaced.iter().any(|replaced| inside(&import.path, replaced).is_some()) {
                    let path = &import.path;
                    call.err(&format!(
                        "{}: no required module provides package {path}; to add it:\n\tgo get {path}\n",
                        import.place
                    ));
                    failed = true;
                }
                continue;
            };
            let replaced = project.replaced.contains(&module.path);
            if replaced || known.contains(&(module.path.as_str(), module.version.as_str())) {
                continue;
            }
            let (by, hint) = match file && at == dir {
                true => (String::new(), format!("go mod download {}", module.path)),
                false => (format!(" (imported by {importer})"), format!("go get {importer}")),
            };
            call.err(&format!(
                "{}: missing go.sum entry for module providing package {}{by}; to add:\n\t{hint}\n",
                import.place, import.path
            ));
            failed = true;
        }
    }
    failed
}

/// The path of a package inside a module.
fn inside<'p>(package: &'p str, module: &str) -> Option<&'p str> {
    let rest = package.strip_prefix(module).filter(|_| !module.is_empty())?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// The imports of a directory's files, but tests.
fn imports(call: &mut Call<'_, '_>, dir: &str) -> Vec<Import> {
    let cwd = call.cwd();
    let mut found = Vec::new();
    let names = call.m.readdir(dir.as_bytes()).unwrap_or_default();
    let mut names: Vec<String> = names.iter().map(|name| text::decode(name)).collect();
    names.sort();
    for name in names.iter().filter(|name| name.ends_with(".go") && !name.ends_with("_test.go")) {
        let at = format!("{dir}/{name}");
        let source = writer::text(call, &at);
        let shown = at.strip_prefix(&format!("{}/", cwd.trim_end_matches('/'))).unwrap_or(&at).to_owned();
        let mut block = false;
        for (number, line) in source.lines().enumerate() {
            let bare = line.trim_start();
            let spec = match bare.strip_prefix("import") {
                Some(rest) if !block && rest.starts_with([' ', '\t', '(', '"', '`']) => {
                    block = rest.trim_start().starts_with('(');
                    rest
                }
                _ if block && bare.starts_with(')') => {
                    block = false;
                    continue;
                }
                _ if block => bare,
                _ if ["func ", "type ", "var ", "const "].iter().any(|word| bare.starts_with(word)) => break,
                _ => continue,
            };
            let spec = spec.split("//").next().unwrap_or("");
            let Some((before, rest)) = spec.split_once(['"', '`']) else { continue };
            let Some((path, _)) = rest.split_once(['"', '`']) else { continue };
            let indent = line.len() - bare.len();
            let column = indent + bare.find(spec).unwrap_or(0) + before.len() + 1;
            found.push(Import { path: path.to_owned(), place: format!("{shown}:{}:{column}", number + 1) });
        }
    }
    found
}

/// `go mod tidy`: the lines that go.sum lacks.
pub(super) fn tidy(call: &mut Call<'_, '_>, project: &Project) -> Result<(), crate::fs::Errno> {
    let at = format!("{}/go.sum", project.root.trim_end_matches('/'));
    let before = writer::text(call, &at);
    let mut lines: BTreeSet<String> = before.lines().map(str::to_owned).collect();
    for module in project.modules.iter().filter(|module| !project.replaced.contains(&module.path)) {
        for what in [
            format!("{} {}", module.path, module.version),
            format!("{} {}/go.mod", module.path, module.version),
        ] {
            if !lines.iter().any(|line| line.starts_with(&format!("{what} "))) {
                let hash = Digest::of(format!("go sum {what}")).hex();
                lines.insert(format!("{what} h1:{}=", hash.get(..43).unwrap_or("")));
            }
        }
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    if text == before {
        return Ok(());
    }
    writer::file(call, &at, Contents::text(&text), 0o644)
}
