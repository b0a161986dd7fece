//! `node_modules`: which packages a lock file or a `package.json` brings, and how they lie on disk.
//!
//! Names, versions and flags of a lock file are npm's (`package-lock.json`, lockfileVersion 1 to 3).

use super::table::{Package, Table};
use super::{version, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::taught::Kind;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A package to write below `node_modules`.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// `express`, `@scope/name`, `a/node_modules/b`.
    pub path: String,
    pub version: String,
    pub bins: Vec<String>,
    /// What the registry knows of it.
    pub known: Option<Arc<Package>>,
}

impl Module {
    pub fn new(table: &Table, path: String, version: String) -> Module {
        let known = table.get(name_of(&path));
        let bins = known.iter().flat_map(|package| &package.programs).map(|bin| bin.to_string()).collect();
        Module { path, version, bins, known }
    }

    /// Its name, without the folders above it.
    pub fn name(&self) -> &str {
        name_of(&self.path)
    }

    /// Bytes on disk; of a package that the table lacks, a number that follows from its name.
    pub fn size(&self) -> u64 {
        match &self.known {
            Some(package) => package.size,
            None => 8_000 + writer::weight(self.name()) % 90_000,
        }
    }

    /// Bytes of its archive.
    pub fn archive(&self) -> u64 {
        self.known.as_ref().map_or(self.size() * 3 / 10, |known| known.archive)
    }

    fn files(&self) -> u64 {
        match self.known.as_ref().map_or(0, |package| package.count) {
            0 => (self.size() / 12_000).clamp(4, 200),
            count => count,
        }
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit("node_modules/").next().unwrap_or(path)
}

/// `name@version`, with scopes.
pub(super) fn split_name(word: &str) -> (&str, Option<&str>) {
    let start = usize::from(word.starts_with('@'));
    match word.get(start..).and_then(|rest| rest.find('@')) {
        Some(at) => (&word[..start + at], Some(&word[start + at + 1..])),
        None => (word, None),
    }
}

/// The newest version of a package.
pub(super) fn version_of(table: &Table, name: &str) -> String {
    table.get(name).map_or_else(|| "1.0.0".to_owned(), |package| package.version.to_string())
}

pub(super) fn dependencies(package: &Map<String, Value>, production: bool) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for key in ["dependencies", "optionalDependencies", "devDependencies"] {
        if production && key == "devDependencies" {
            continue;
        }
        if let Some(list) = package.get(key).and_then(Value::as_object) {
            all.extend(
                list.iter().map(|(name, range)| (name.clone(), range.as_str().unwrap_or("*").to_owned())),
            );
        }
    }
    all
}

/// The version that a range stands for: itself when it is whole, else the newest.
pub(super) fn exact(table: &Table, range: &str, name: &str) -> String {
    let bare = range.trim_start_matches(['^', '~', '=', 'v', '>', '<', ' ']);
    let whole = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.split('-').next().unwrap_or("").matches('.').count() == 2
        && !bare.contains(['x', ' ', '|', '*', '/']);
    let newest = table.get(name).map(|package| package.version.to_string());
    match (newest, whole) {
        // A caret takes the newest of the same first number.
        (Some(newest), true) if range.starts_with('^') && major(&newest) == major(bare) => newest,
        (_, true) => bare.to_owned(),
        (Some(newest), false) => newest,
        (None, false) => "1.0.0".to_owned(),
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// Packages that package.json asks for and the lock file lacks, with what they bring: `name@version`.
pub(super) fn unlocked(
    table: &Table,
    package: &Map<String, Value>,
    lock: &Map<String, Value>,
) -> Vec<String> {
    let packages = lock.get("packages").and_then(Value::as_object);
    let old = lock.get("dependencies").and_then(Value::as_object);
    let has = |name: &str| {
        let here = packages.is_some_and(|list| list.contains_key(&format!("node_modules/{name}")));
        here || old.is_some_and(|list| list.contains_key(name)) || packages.is_none() && old.is_none()
    };
    let mut missing: BTreeMap<String, String> = BTreeMap::new();
    let mut open: Vec<(String, String)> =
        dependencies(package, false).into_iter().filter(|(name, _)| !has(name)).collect();
    while let Some((name, range)) = open.pop() {
        if missing.contains_key(&name) {
            continue;
        }
        if let Some(known) = table.get(&name) {
            let more = known.depends.iter().filter(|name| !has(name));
            open.extend(more.map(|name| (name.to_string(), String::new())));
        }
        let version = exact(table, &range, &name);
        missing.insert(name, version);
    }
    missing.into_iter().map(|(name, version)| format!("{name}@{version}")).collect()
}

/// All packages of a lock file of any version, for Linux on x86-64 with this C library.
pub(super) fn from_lock(
    table: &Table,
    lock: &Map<String, Value>,
    production: bool,
    libc: &str,
) -> Vec<Module> {
    let mut modules = Vec::new();
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        for (key, entry) in packages {
            let Some(path) = key.strip_prefix("node_modules/").filter(|path| safe(path)) else { continue };
            if !skipped(entry, production, libc) {
                modules.push(locked(table, path.to_owned(), entry));
            }
        }
        return modules;
    }
    // Version 1: each entry holds those below it. (How deep is bounded by the JSON reader.)
    let root = lock.get("dependencies").and_then(Value::as_object);
    let mut open: Vec<(String, &Value)> =
        root.iter().flat_map(|list| list.iter()).map(|(name, entry)| (name.clone(), entry)).collect();
    while let Some((path, entry)) = open.pop() {
        if !safe(&path) || skipped(entry, production, libc) {
            continue;
        }
        if let Some(list) = entry.get("dependencies").and_then(Value::as_object) {
            open.extend(list.iter().map(|(name, entry)| (format!("{path}/node_modules/{name}"), entry)));
        }
        modules.push(locked(table, path, entry));
    }
    modules.sort_by(|a, b| a.path.cmp(&b.path));
    modules
}

fn locked(table: &Table, path: String, entry: &Value) -> Module {
    let version = entry.get("version").and_then(Value::as_str).unwrap_or("").to_owned();
    let mut module = Module::new(table, path, version);
    match entry.get("bin") {
        Some(Value::Object(list)) => {
            module.bins = list.keys().filter(|bin| safe(bin) && !bin.contains('/')).cloned().collect();
        }
        Some(Value::String(_)) => {
            module.bins = vec![module.path.rsplit('/').next().unwrap_or("").to_owned()];
        }
        _ => {}
    }
    module
}

/// Is an entry left out: of development, a link into the project, for another system?
fn skipped(entry: &Value, production: bool, libc: &str) -> bool {
    let flag = |key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or(false);
    let other = |key: &str, ours: &str| {
        let Some(list) = entry.get(key).and_then(Value::as_array) else { return false };
        let mut words = list.iter().filter_map(Value::as_str);
        let refused = words.clone().any(|word| word.strip_prefix('!') == Some(ours));
        let named = words.clone().any(|word| !word.starts_with('!'));
        refused || named && !words.any(|word| word == ours)
    };
    production && flag("dev")
        || flag("link")
        || flag("extraneous")
        || flag("optional") && (other("os", "linux") || other("cpu", "x64") || other("libc", libc))
}

/// A path that stays below `node_modules`.
pub(super) fn safe(path: &str) -> bool {
    !path.is_empty()
        && path.len() < 1_000
        && !path.starts_with('/')
        && !path.contains('\0')
        && !path.split('/').any(|piece| piece == ".." || piece == "." || piece.is_empty())
}

/// The packages that an install without a lock file brings.
pub(super) fn from_package(table: &Table, package: &Map<String, Value>, production: bool) -> Vec<Module> {
    closure(table, dependencies(package, production))
}

/// These packages and all they need, one folder each.
pub(super) fn closure(table: &Table, wanted: BTreeMap<String, String>) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    let mut open: Vec<(String, String)> = wanted.into_iter().filter(|(name, _)| safe(name)).collect();
    open.reverse();
    // Those that are asked for by name decide on their version before what others bring.
    let asked: BTreeSet<String> = open.iter().map(|(name, _)| name.clone()).collect();
    while let Some((name, range)) = open.pop() {
        if modules.contains_key(&name) {
            continue;
        }
        let version = exact(table, &range, &name);
        let module = Module::new(table, name.clone(), version);
        if let Some(known) = &module.known {
            let more = known.depends.iter().filter(|name| !asked.contains(&***name));
            open.splice(0..0, more.map(|name| (name.to_string(), String::new())));
        }
        modules.insert(name, module);
    }
    modules.into_values().collect()
}

/// `package-lock.json` for these packages.
pub(super) fn lock_text(table: &Table, package: &Map<String, Value>, modules: &[Module]) -> String {
    let mut packages = Map::new();
    let mut root = Map::new();
    for key in ["name", "version", "dependencies", "devDependencies"] {
        if let Some(value) = package.get(key) {
            root.insert(key.to_owned(), value.clone());
        }
    }
    packages.insert(String::new(), Value::Object(root));
    let production: BTreeSet<String> =
        from_package(table, package, true).into_iter().map(|module| module.path).collect();
    for module in modules {
        let (path, version) = (&module.path, &module.version);
        let file = path.rsplit('/').next().unwrap_or("");
        let mut entry = Map::new();
        entry.insert("version".to_owned(), json!(version));
        entry.insert(
            "resolved".to_owned(),
            json!(format!("https://registry.npmjs.org/{path}/-/{file}-{version}.tgz")),
        );
        if !production.contains(path) {
            entry.insert("dev".to_owned(), Value::Bool(true));
        }
        if let Some(needed) = module.known.as_ref().map(|known| &known.depends).filter(|d| !d.is_empty()) {
            let list: Map<String, Value> =
                needed.iter().map(|name| (name.to_string(), json!(version_of(table, name)))).collect();
            entry.insert("dependencies".to_owned(), Value::Object(list));
        }
        packages.insert(format!("node_modules/{path}"), Value::Object(entry));
    }
    let lock = json!({
        "name": package.get("name").cloned().unwrap_or(Value::Null),
        "version": package.get("version").cloned().unwrap_or(Value::Null),
        "lockfileVersion": 3,
        "requires": true,
        "packages": packages,
    });
    serde_json::to_string_pretty(&lock).unwrap_or_default() + "\n"
}

/// `node_modules/.package-lock.json`.
pub(super) fn hidden_lock(package: &Map<String, Value>, modules: &[Module]) -> String {
    let packages: Map<String, Value> = modules
        .iter()
        .map(|module| (format!("node_modules/{}", module.path), json!({ "version": module.version })))
        .collect();
    let lock = json!({
        "name": package.get("name").cloned().unwrap_or(Value::Null),
        "version": package.get("version").cloned().unwrap_or(Value::Null),
        "lockfileVersion": 3,
        "requires": true,
        "packages": packages,
    });
    serde_json::to_string_pretty(&lock).unwrap_or_default() + "\n"
}

const NAMES: [&str; 8] =
    ["README.md", "LICENSE", "index.js", "util.js", "core.js", "parse.js", "types.d.ts", "index.js.map"];

/// Has the registry a package of this name, and a version that the range allows? It keeps what was ever
/// there, so only what is newer than the newest is missing. The error is yarn's.
pub(super) fn available(table: &Table, name: &str, range: Option<&str>) -> Result<(), String> {
    let Some(known) = table.get(name) else {
        return Err(format!("Couldn't find package \"{name}\" on the \"npm\" registry."));
    };
    let range = range.unwrap_or("");
    let wanted = range.trim_start_matches(['^', '~', '=', 'v', '>']);
    let wanted = wanted.split(['x', '*', ' ']).next().unwrap_or("");
    let newer =
        wanted.starts_with(|c: char| c.is_ascii_digit()) && version::compare(wanted, &known.version).is_gt();
    if newer {
        Err(format!("Couldn't find any versions for \"{name}\" that matches \"{range}\""))
    } else {
        Ok(())
    }
}

/// The behaviour of a command of a package: a package manager's, a bundler's, or one that is not modelled.
pub(super) fn behaviour(bin: &str) -> String {
    match bin {
        "vite" | "webpack" | "tsc" | "rollup" | "parcel" | "esbuild" | "next" | "react-scripts"
        | "vue-cli-service" | "ng" | "nest" | "gatsby" | "nuxt" | "svelte-kit" | "turbo" | "vue-tsc" => {
            "bundler".to_owned()
        }
        "yarnpkg" => "yarn".to_owned(),
        other => other.to_owned(),
    }
}

/// Writes one package below `root`; its commands go to `commands` or to `.bin` beside it.
pub(super) fn write(
    call: &mut Call<'_, '_>,
    root: &str,
    module: &Module,
    commands: Option<&str>,
) -> Result<(), Errno> {
    let dir = format!("{root}/{}", module.path);
    let name = module.name();
    let label = format!("npm {name}@{}", module.version);
    writer::directories(call, dir.as_bytes())?;
    let manifest = format!(
        "{{\n  \"name\": {},\n  \"version\": {},\n  \"main\": \"index.js\"\n}}\n",
        json!(name),
        json!(module.version)
    );
    let taught = module.known.as_ref().filter(|package| !package.files.is_empty());
    let own = taught.is_some_and(|package| package.files.iter().any(|(at, _)| at == "package.json"));
    let mut left = module.size().saturating_sub(manifest.len() as u64);
    if !own {
        call.m.write(format!("{dir}/package.json").as_bytes(), Contents::text(&manifest), 0o644)?;
    }
    if let Some(package) = taught {
        for (at, file) in &package.files {
            let at = if at.starts_with('/') { at.clone() } else { format!("{dir}/{at}") };
            match &file.kind {
                Kind::File(contents) => writer::file(call, &at, contents.clone(), file.mode)?,
                Kind::Link(target) => writer::link(call, &at, target)?,
            }
        }
    } else {
        // Most of a package lies in folders of some twenty files.
        let mut count = module.files().saturating_sub(1 + module.bins.len() as u64).max(1);
        let (mut number, first) = (0, 6.min(count));
        let share = left * first / count;
        writer::spread(call, &dir, &label, share, first, &NAMES)?;
        (left, count) = (left - share, count - first);
        while count > 0 && !call.m.stopped() {
            let here = 20.min(count);
            let share = left * here / count;
            let folder = if number == 0 { format!("{dir}/lib") } else { format!("{dir}/lib/{number}") };
            writer::spread(call, &folder, &label, share, here, &NAMES[2..])?;
            (left, count, number) = (left - share, count - here, number + 1);
        }
    }
    for bin in &module.bins {
        let script = format!("{dir}/bin/{bin}.js");
        writer::file(call, &script, Contents::of_program(&behaviour(bin), 1_200), 0o755)?;
        match commands {
            Some(commands) => {
                let target = format!("../lib/node_modules/{}/bin/{bin}.js", module.path);
                writer::link(call, &format!("{commands}/{bin}"), &target)?;
            }
            None => {
                let above = dir.strip_suffix(name).unwrap_or(&dir);
                writer::link(call, &format!("{above}.bin/{bin}"), &format!("../{name}/bin/{bin}.js"))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Registry;

    #[test]
    fn names_and_ranges() {
        let table = Table::of(Registry::Npm, &crate::shell::Packages::default());
        assert_eq!(split_name("@scope/a@1.2.3"), ("@scope/a", Some("1.2.3")));
        assert_eq!(split_name("@scope/a"), ("@scope/a", None));
        assert_eq!(split_name("a@^1"), ("a", Some("^1")));
        for (range, version) in
            [("^4.18.2", "4.18.2"), ("latest", "4.18.2"), ("^3.0.1", "3.0.1"), ("~4.17.0", "4.17.0")]
        {
            assert_eq!(exact(&table, range, "express"), version, "{range}");
        }
        assert!(!safe("../x") && safe("@a/b"));
    }

    #[test]
    fn a_lock_file_of_the_first_version_nests() {
        let table = Table::of(Registry::Npm, &crate::shell::Packages::default());
        let lock = json!({ "lockfileVersion": 1, "dependencies": {
            "a": { "version": "1.0.0", "dependencies": { "b": { "version": "2.0.0" } } },
            "c": { "version": "3.0.0", "dev": true } } });
        let paths = |production| -> Vec<String> {
            let lock = lock.as_object().cloned().unwrap_or_default();
            from_lock(&table, &lock, production, "musl").into_iter().map(|module| module.path).collect()
        };
        assert_eq!(paths(false), ["a", "a/node_modules/b", "c"]);
        assert_eq!(paths(true), ["a", "a/node_modules/b"]);
    }

    #[test]
    fn what_is_for_another_system_is_left_out() {
        let table = Table::of(Registry::Npm, &crate::shell::Packages::default());
        let entry = |os: &str, cpu: &str, libc: &str| json!({ "version": "1.0.0", "optional": true, "os": [os], "cpu": [cpu], "libc": [libc] });
        let lock = json!({ "packages": {
            "node_modules/mac": entry("darwin", "x64", "musl"),
            "node_modules/arm": entry("linux", "arm64", "musl"),
            "node_modules/gnu": entry("linux", "x64", "glibc"),
            "node_modules/ours": entry("linux", "x64", "musl"),
            "node_modules/no-win": { "version": "1.0.0", "optional": true, "os": ["!win32"] } } });
        let lock = lock.as_object().cloned().unwrap_or_default();
        let found: Vec<String> =
            from_lock(&table, &lock, false, "musl").into_iter().map(|module| module.path).collect();
        assert_eq!(found, ["ours", "no-win"]);
    }
}
