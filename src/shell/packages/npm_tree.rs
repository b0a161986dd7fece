//! The tree of `node_modules`: from a lock file, or grown from `package.json`.

use super::writer;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A package in `node_modules`.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// Path below `node_modules`: `express`, `@types/node`, `a/node_modules/b`.
    pub path: String,
    pub version: String,
    /// Commands it puts into `.bin`.
    pub bins: Vec<String>,
}

/// What people install: name, version, number of packages it brings in, its own KiB, its commands.
const KNOWN: &[(&str, &str, u64, u64, &str)] = &[
    ("@angular/cli", "17.0.8", 220, 3_800, "ng"),
    ("@nestjs/core", "10.3.0", 18, 900, ""),
    ("@types/node", "20.10.6", 1, 1_950, ""),
    ("@vitejs/plugin-react", "4.2.1", 40, 60, ""),
    ("axios", "1.6.3", 8, 1_800, ""),
    ("bcrypt", "5.1.1", 56, 1_300, ""),
    ("cors", "2.8.5", 2, 20, ""),
    ("dotenv", "16.3.1", 0, 76, ""),
    ("esbuild", "0.19.11", 1, 9_700, "esbuild"),
    ("eslint", "8.56.0", 97, 2_900, "eslint"),
    ("express", "4.18.2", 57, 210, ""),
    ("fastify", "4.25.2", 46, 2_400, ""),
    ("jest", "29.7.0", 260, 120, "jest"),
    ("lodash", "4.17.21", 0, 1_380, ""),
    ("mocha", "10.2.0", 76, 3_600, "mocha"),
    ("mongoose", "8.0.3", 17, 2_600, ""),
    ("next", "14.0.4", 20, 85_000, "next"),
    ("nodemon", "3.0.2", 32, 260, "nodemon"),
    ("parcel", "2.10.3", 150, 300, "parcel"),
    ("pg", "8.11.3", 14, 110, ""),
    ("pm2", "5.3.0", 180, 2_400, "pm2"),
    ("prettier", "3.1.1", 0, 8_300, "prettier"),
    ("react", "18.2.0", 2, 330, ""),
    ("react-dom", "18.2.0", 4, 4_500, ""),
    ("react-scripts", "5.0.1", 1_380, 260, "react-scripts"),
    ("rollup", "4.9.2", 1, 2_400, "rollup"),
    ("serve", "14.2.1", 88, 60, "serve"),
    ("sharp", "0.33.1", 12, 640, ""),
    ("tailwindcss", "3.4.0", 72, 4_900, "tailwindcss"),
    ("ts-node", "10.9.2", 16, 780, "ts-node"),
    ("typescript", "5.3.3", 0, 31_000, "tsc"),
    ("vite", "5.0.10", 10, 3_100, "vite"),
    ("vue", "3.4.3", 20, 2_300, ""),
    ("webpack", "5.89.0", 74, 5_300, "webpack"),
    ("webpack-cli", "5.1.4", 38, 160, "webpack-cli"),
    ("yarn", "1.22.21", 0, 5_200, "yarn"),
];

/// Packages that come along, in this order.
const COMPANIONS: [&str; 24] = [
    "accepts",
    "ansi-styles",
    "balanced-match",
    "brace-expansion",
    "bytes",
    "chalk",
    "color-convert",
    "debug",
    "depd",
    "escape-html",
    "etag",
    "fast-glob",
    "glob-parent",
    "has-flag",
    "inherits",
    "is-number",
    "mime-types",
    "minimatch",
    "ms",
    "picomatch",
    "qs",
    "safe-buffer",
    "semver",
    "supports-color",
];

fn known(name: &str) -> Option<&'static (&'static str, &'static str, u64, u64, &'static str)> {
    KNOWN.binary_search_by(|row| row.0.cmp(name)).ok().and_then(|at| KNOWN.get(at))
}

/// The current version of a package.
pub(super) fn version_of(name: &str) -> &'static str {
    known(name).map_or("1.0.0", |row| row.1)
}

/// `name@version`, with scopes.
pub(super) fn split_name(word: &str) -> (&str, Option<&str>) {
    let start = usize::from(word.starts_with('@'));
    match word.get(start..).and_then(|rest| rest.find('@')) {
        Some(at) => (&word[..start + at], Some(&word[start + at + 1..])),
        None => (word, None),
    }
}

/// The commands of a package.
pub(super) fn bins(path: &str) -> Vec<String> {
    let name = path.rsplit("node_modules/").next().unwrap_or(path);
    known(name)
        .map(|row| row.4)
        .filter(|bin| !bin.is_empty())
        .map(|bin| vec![bin.to_owned()])
        .unwrap_or_default()
}

/// Bytes of a package.
pub(super) fn size(path: &str) -> u64 {
    let name = path.rsplit("node_modules/").next().unwrap_or(path);
    known(name).map_or_else(|| 8_000 + writer::weight(name) % 90_000, |row| row.3 * 1024)
}

fn dependencies(package: &Map<String, Value>, production: bool) -> BTreeMap<String, String> {
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

fn exact(range: &str, name: &str) -> String {
    let bare = range.trim_start_matches(['^', '~', '=', 'v', '>', '<', ' ']);
    let usable = bare.starts_with(|c: char| c.is_ascii_digit())
        && bare.matches('.').count() == 2
        && !bare.contains('x');
    if usable { bare.to_owned() } else { version_of(name).to_owned() }
}

/// Dependencies of package.json that the lock file lacks: `name@range`.
pub(super) fn unlocked(package: &Map<String, Value>, lock: &Map<String, Value>) -> Vec<String> {
    let has = |name: &str| {
        let packages = lock.get("packages").and_then(Value::as_object);
        let old = lock.get("dependencies").and_then(Value::as_object);
        let here = packages.is_some_and(|list| list.contains_key(&format!("node_modules/{name}")));
        here || old.is_some_and(|list| list.contains_key(name)) || packages.is_none() && old.is_none()
    };
    dependencies(package, false)
        .into_iter()
        .filter(|(name, _)| !has(name))
        .map(|(name, range)| format!("{name}@{}", exact(&range, &name)))
        .collect()
}

/// All packages of a lock file of any version.
pub(super) fn from_lock(lock: &Map<String, Value>, production: bool) -> Vec<Module> {
    let mut modules = Vec::new();
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let skip = |entry: &Value| {
        let flag = |key: &str| entry.get(key).and_then(Value::as_bool).unwrap_or(false);
        production && (flag("dev") || flag("devOptional")) || flag("link")
    };
    let entry_bins = |entry: &Value, path: &str| match entry.get("bin") {
        Some(Value::Object(list)) => list.keys().cloned().collect(),
        Some(Value::String(_)) => vec![path.rsplit('/').next().unwrap_or(path).to_owned()],
        _ => bins(path),
    };
    if let Some(packages) = lock.get("packages").and_then(Value::as_object) {
        for (key, entry) in packages {
            let Some(path) = key.strip_prefix("node_modules/").filter(|path| safe(path)) else { continue };
            if !skip(entry) {
                modules.push(Module {
                    path: path.to_owned(),
                    version: text(entry, "version"),
                    bins: entry_bins(entry, path),
                });
            }
        }
    } else if let Some(list) = lock.get("dependencies").and_then(Value::as_object) {
        for (name, entry) in list.iter().filter(|(name, _)| safe(name)) {
            if !skip(entry) {
                modules.push(Module {
                    path: name.clone(),
                    version: text(entry, "version"),
                    bins: bins(name),
                });
            }
        }
    }
    modules
}

/// A path that stays below `node_modules`.
fn safe(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.split('/').any(|piece| piece == ".." || piece.is_empty())
}

/// The packages that an install without a lock file brings.
pub(super) fn from_package(package: &Map<String, Value>, production: bool) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    let mut companions = 0u64;
    for (name, range) in dependencies(package, production) {
        if !safe(&name) {
            continue;
        }
        companions += known(&name).map_or(writer::weight(&name) % 6, |row| row.2);
        let module = Module { version: exact(&range, &name), bins: bins(&name), path: name.clone() };
        modules.insert(name, module);
    }
    // Projects share most of what comes along.
    for number in 0..companions.min(2_000) {
        let base = COMPANIONS.get(number as usize % COMPANIONS.len()).copied().unwrap_or("util");
        let round = number as usize / COMPANIONS.len();
        let path = if round == 0 { base.to_owned() } else { format!("{base}-{round}") };
        modules.entry(path.clone()).or_insert(Module { path, version: "1.0.0".to_owned(), bins: Vec::new() });
    }
    modules.into_values().collect()
}

/// `package-lock.json` for these packages.
pub(super) fn lock_text(package: &Map<String, Value>, modules: &[Module]) -> String {
    let mut packages = Map::new();
    let mut root = Map::new();
    for key in ["name", "version", "dependencies", "devDependencies"] {
        if let Some(value) = package.get(key) {
            root.insert(key.to_owned(), value.clone());
        }
    }
    packages.insert(String::new(), Value::Object(root));
    let production = from_package(package, true);
    for module in modules {
        let mut entry = json!({ "version": module.version, "resolved": format!("https://registry.npmjs.org/{}/-/{}-{}.tgz", module.path, module.path.rsplit('/').next().unwrap_or(""), module.version) });
        if !production.iter().any(|kept| kept.path == module.path)
            && let Some(entry) = entry.as_object_mut()
        {
            entry.insert("dev".to_owned(), Value::Bool(true));
        }
        packages.insert(format!("node_modules/{}", module.path), entry);
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
pub(super) fn hidden_lock(modules: &[Module]) -> Value {
    let packages: Map<String, Value> = modules
        .iter()
        .map(|module| (format!("node_modules/{}", module.path), json!({ "version": module.version })))
        .collect();
    json!({ "lockfileVersion": 3, "requires": true, "packages": packages })
}

/// Writes one package below `root`; its commands go to `commands` or `root/.bin`.
pub(super) fn write(
    call: &mut Call<'_, '_>,
    root: &str,
    module: &Module,
    commands: Option<&str>,
) -> Result<(), Errno> {
    let dir = format!("{root}/{}", module.path);
    let name = module.path.rsplit("node_modules/").next().unwrap_or(&module.path);
    let label = format!("npm {name}@{}", module.version);
    let manifest = json!({ "name": name, "version": module.version, "main": "index.js", "license": "MIT" });
    let manifest = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    writer::directories(call, dir.as_bytes())?;
    call.m.write(format!("{dir}/package.json").as_bytes(), Contents::text(&manifest), 0o644)?;
    let total = size(&module.path);
    call.m.write(
        format!("{dir}/LICENSE").as_bytes(),
        Contents::seeded(format!("{label} LICENSE"), 1_070),
        0o644,
    )?;
    call.m.write(
        format!("{dir}/README.md").as_bytes(),
        Contents::seeded(format!("{label} README"), 900 + writer::weight(name) % 6_000),
        0o644,
    )?;
    call.m.write(
        format!("{dir}/index.js").as_bytes(),
        Contents::seeded(format!("{label} index"), total / 4),
        0o644,
    )?;
    let count = (total / 40_000).clamp(1, 80);
    writer::spread(
        call,
        &format!("{dir}/lib"),
        &label,
        total * 3 / 4,
        count,
        &["index.js", "util.js", "core.js", "parse.js", "types.d.ts"],
    )?;
    for bin in &module.bins {
        let script = format!("{dir}/bin/{bin}.js");
        writer::file(call, &script, Contents::of_program("bundler", 1_200), 0o755)?;
        match commands {
            Some(commands) => writer::link(call, &format!("{commands}/{bin}"), &script)?,
            None => {
                let up = "../";
                writer::link(
                    call,
                    &format!("{root}/.bin/{bin}"),
                    &format!("{up}{}/bin/{bin}.js", module.path),
                )?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tables() {
        assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(split_name("@scope/a@1.2.3"), ("@scope/a", Some("1.2.3")));
        assert_eq!(split_name("@scope/a"), ("@scope/a", None));
        assert_eq!(split_name("a@^1"), ("a", Some("^1")));
        assert_eq!(exact("^4.18.2", "express"), "4.18.2");
        assert_eq!(exact("latest", "express"), "4.18.2");
        assert!(!safe("../x") && safe("@a/b"));
    }
}
