//! `yarn` of version 1: the lock file decides; lines are those of yarn 1.22 without terminal.

use super::node_locks::{self, LockFile};
use super::npm_tree::{self, Module};
use super::table::{Registry, Table};
use super::{npm, npm_run, scripts, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const VERSION: &str = "1.22.19";

/// What was asked for.
#[derive(Default)]
struct Request {
    frozen: bool,
    production: bool,
    dev: bool,
    silent: bool,
    names: Vec<String>,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut request = Request::default();
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--version" | "-v" if command.is_none() => {
                call.out(&format!("{VERSION}\n"));
                return 0;
            }
            "--frozen-lockfile" | "--immutable" => request.frozen = true,
            "--production" | "--prod" | "--production=true" => request.production = true,
            "-D" | "--dev" => request.dev = true,
            "-s" | "--silent" => request.silent = true,
            "--cwd" | "--cache-folder" | "--network-timeout" | "--registry" | "--modules-folder" => {
                words.next();
            }
            word if word.starts_with('-') && command.as_deref() != Some("run") => {}
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    request.production |= call.env.get("NODE_ENV").is_some_and(|value| value == "production");
    match command.as_deref().unwrap_or("install") {
        "install" => install(call, &request),
        "add" => add(call, &request),
        "global" if request.names.first().is_some_and(|word| word == "add") => global(call, &request),
        "cache" => cache(call, &request),
        "run" | "run-script" if !request.names.is_empty() => script(call, &request),
        word @ ("remove" | "upgrade" | "why" | "list" | "config" | "set" | "dlx" | "exec" | "workspaces"
        | "workspace" | "plugin" | "import" | "link" | "init" | "audit" | "outdated" | "pack"
        | "global") => call.m.not_modelled(&format!("yarn {word}")),
        name => {
            request.names.insert(0, name.to_owned());
            script(call, &request)
        }
    }
}

fn error(call: &mut Call<'_, '_>, command: &str, message: &str) -> i32 {
    call.err(&format!("error {message}\n"));
    call.out(&format!(
        "info Visit https://yarnpkg.com/en/docs/cli/{command} for documentation about this command.\n"
    ));
    1
}

/// Root's cache is no part of its home. (yarn's `util/user-dirs.js`.)
fn cache_dir(call: &Call<'_, '_>) -> String {
    match call.env.get("YARN_CACHE_FOLDER") {
        Some(dir) => dir.clone(),
        None if call.m.cred.uid == 0 => "/usr/local/share/.cache/yarn".to_owned(),
        None => format!("{}/.cache/yarn", npm::home(call)),
    }
}

/// The project's manifest; a yarn without one installs nothing.
fn manifest(call: &mut Call<'_, '_>) -> Result<Map<String, Value>, i32> {
    if !call.m.exists(b"package.json") {
        return Ok(Map::new());
    }
    let source = writer::text(call, "package.json");
    match scripts::parsed(&source) {
        Some(map) => Ok(map),
        None => {
            let at = crate::fs::path::absolute(&call.cwd(), "package.json");
            Err(error(call, "install", &format!("{at}: Unexpected token in JSON")))
        }
    }
}

fn install(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    scripts::say(call, request.silent, &format!("yarn install v{VERSION}\n"));
    let package = match manifest(call) {
        Ok(package) => package,
        Err(status) => return status,
    };
    let lock = call.m.exists(b"yarn.lock").then(|| writer::text(call, "yarn.lock"));
    if lock.is_none() {
        scripts::say(call, request.silent, "info No lockfile found.\n");
    }
    let lock = lock.map(|source| node_locks::yarn(&source));
    let wanted = npm_tree::dependencies(&package, false);
    let covered = lock.as_ref().is_some_and(|lock| covers(lock, &wanted));
    scripts::say(call, request.silent, "[1/4] Resolving packages...\n");
    if request.frozen && lock.is_some() && !covered {
        let message = "Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`.";
        return error(call, "install", message);
    }
    let table = Table::of(Registry::Npm, &call.m.packages);
    let modules = match &lock {
        Some(lock) if covered => locked(&table, lock, npm_tree::dependencies(&package, request.production)),
        _ => npm_tree::from_package(&table, &package, request.production),
    };
    let status = finish(call, request, &modules);
    if status != 0 {
        return status;
    }
    if !covered && !request.frozen {
        let text = lock_text(&table, &package);
        if let Err(errno) = call.m.write(b"yarn.lock", Contents::text(&text), 0o644) {
            return call.fail_errno("yarn.lock", errno);
        }
        scripts::say(call, request.silent, "success Saved lockfile.\n");
    }
    scripts::say(call, request.silent, "Done in 1.00s.\n");
    0
}

fn covers(lock: &LockFile, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, range)| {
        let range = range.strip_prefix("npm:").unwrap_or(range);
        lock.entries.contains_key(&format!("{name}@{range}"))
    })
}

/// The packages of a lock file that the project needs: one version of a name at the top, others inside
/// those that need them.
fn locked(table: &Table, lock: &LockFile, wanted: BTreeMap<String, String>) -> Vec<Module> {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: std::collections::VecDeque<(String, String)> =
        wanted.iter().map(|(name, range)| (format!("{name}@{range}"), String::new())).collect();
    while let Some((key, above)) = open.pop_front() {
        let Some(entry) = lock.entries.get(&key) else { continue };
        if !npm_tree::safe(&entry.name) || !seen.insert(key) {
            continue;
        }
        let top = modules.get(&entry.name);
        let path = match top {
            Some(other) if other.version != entry.version && !above.is_empty() => {
                format!("{above}/node_modules/{}", entry.name)
            }
            _ => entry.name.clone(),
        };
        open.extend(entry.needs.iter().map(|need| (need.clone(), path.clone())));
        modules.entry(path.clone()).or_insert_with(|| Module::new(table, path, entry.version.clone()));
    }
    modules.into_values().collect()
}

fn finish(call: &mut Call<'_, '_>, request: &Request, modules: &[Module]) -> i32 {
    scripts::say(
        call,
        request.silent,
        "[2/4] Fetching packages...\n[3/4] Linking dependencies...\n[4/4] Building fresh packages...\n",
    );
    let root = format!("{}/node_modules", call.cwd().trim_end_matches('/'));
    let cache = cache_dir(call);
    for module in modules {
        if call.m.stopped() {
            return 1;
        }
        let written = npm_tree::write(call, &root, module, None).and_then(|()| keep(call, &cache, module));
        if let Err(errno) = written {
            return denied(call, &root, errno);
        }
    }
    let names: BTreeMap<&str, &str> =
        modules.iter().map(|module| (module.path.as_str(), module.version.as_str())).collect();
    let integrity =
        serde_json::json!({ "nodeVersion": "v20.10.0", "linkedModules": [], "topLevelPatterns": names });
    let text = serde_json::to_string_pretty(&integrity).unwrap_or_default();
    if let Err(errno) = writer::file(call, &format!("{root}/.yarn-integrity"), Contents::text(&text), 0o644) {
        return denied(call, &root, errno);
    }
    let size = modules.iter().fold(0u64, |sum, module| sum.saturating_add(module.size()));
    call.takes(1.0 + modules.len() as f64 * 0.03 + size as f64 / 9e6);
    0
}

fn denied(call: &mut Call<'_, '_>, at: &str, errno: Errno) -> i32 {
    let message = call.m.message(errno).to_lowercase();
    error(call, "install", &format!("{}: {message}, mkdir '{at}'", errno.name()))
}

/// The cache holds every package unpacked, with its archive.
fn keep(call: &mut Call<'_, '_>, cache: &str, module: &Module) -> Result<(), Errno> {
    let label = format!("{}@{}", module.name(), module.version);
    let hash = Digest::of(&label).hex();
    let flat = module.name().replace('/', "-");
    let slug = format!("npm-{flat}-{}-{}-integrity", module.version, hash.get(..40).unwrap_or(&hash));
    let dir = format!("{cache}/v6/{slug}/node_modules/{}", module.name());
    writer::described(call, &format!("{dir}/.yarn-tarball.tgz"), &label, module.archive())?;
    writer::described(call, &format!("{dir}/.yarn-metadata.json"), &label, 1_900)?;
    writer::described(call, &format!("{dir}/index.js"), &label, module.size())
}

/// `yarn.lock` for what package.json asks for.
fn lock_text(table: &Table, package: &Map<String, Value>) -> String {
    let mut text =
        "# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.\n# yarn lockfile v1\n\n".to_owned();
    let asked = npm_tree::dependencies(package, false);
    for module in npm_tree::from_package(table, package, false) {
        let (name, version) = (module.name(), &module.version);
        let range = asked.get(name).cloned().unwrap_or_else(|| format!("^{version}"));
        let key = format!("{name}@{range}");
        let key = if name.starts_with('@') || range.contains(' ') { format!("\"{key}\"") } else { key };
        let file = name.rsplit('/').next().unwrap_or(name);
        text.push_str(&format!(
            "\n{key}:\n  version \"{version}\"\n  resolved \"https://registry.yarnpkg.com/{name}/-/{file}-{version}.tgz\"\n"
        ));
        let needed = module.known.as_ref().map(|known| known.depends.clone()).unwrap_or_default();
        if !needed.is_empty() {
            text.push_str("  dependencies:\n");
            for need in needed {
                let range = asked.get(&*need).cloned();
                let range = range.unwrap_or_else(|| format!("^{}", npm_tree::version_of(table, &need)));
                let quoted = if need.starts_with('@') { format!("\"{need}\"") } else { need.to_string() };
                text.push_str(&format!("    {quoted} \"{range}\"\n"));
            }
        }
    }
    text
}

fn add(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    scripts::say(call, request.silent, &format!("yarn add v{VERSION}\n"));
    let table = Table::of(Registry::Npm, &call.m.packages);
    let mut package = match manifest(call) {
        Ok(package) => package,
        Err(status) => return status,
    };
    scripts::say(call, request.silent, "[1/4] Resolving packages...\n");
    let key = if request.dev { "devDependencies" } else { "dependencies" };
    for word in &request.names {
        let (name, wanted) = npm_tree::split_name(word);
        if let Err(message) = npm_tree::available(&table, name, wanted) {
            return error(call, "add", &message);
        }
        let range = wanted.map_or_else(|| format!("^{}", npm_tree::version_of(&table, name)), str::to_owned);
        let list = package.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(list) = list {
            list.insert(name.to_owned(), Value::String(range));
        }
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(package.clone())).unwrap_or_default();
    text.push('\n');
    let lock = lock_text(&table, &package);
    let written = call
        .m
        .write(b"package.json", Contents::text(&text), 0o644)
        .and_then(|()| call.m.write(b"yarn.lock", Contents::text(&lock), 0o644));
    if let Err(errno) = written {
        return call.fail_errno("package.json", errno);
    }
    let modules = npm_tree::from_package(&table, &package, request.production);
    let status = finish(call, request, &modules);
    if status == 0 {
        scripts::say(call, request.silent, "success Saved lockfile.\nDone in 1.00s.\n");
    }
    status
}

fn global(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    scripts::say(call, request.silent, &format!("yarn global v{VERSION}\n[1/4] Resolving packages...\n"));
    let table = Table::of(Registry::Npm, &call.m.packages);
    let root = match call.m.cred.uid {
        0 => "/usr/local/share/.config/yarn/global/node_modules".to_owned(),
        _ => format!("{}/.config/yarn/global/node_modules", npm::home(call)),
    };
    scripts::say(
        call,
        request.silent,
        "[2/4] Fetching packages...\n[3/4] Linking dependencies...\n[4/4] Building fresh packages...\n",
    );
    for word in request.names.iter().skip(1) {
        let (name, wanted) = npm_tree::split_name(word);
        if let Err(message) = npm_tree::available(&table, name, wanted) {
            return error(call, "global", &message);
        }
        let modules = npm_tree::closure(&table, [(name.to_owned(), wanted.unwrap_or("").to_owned())].into());
        let cache = cache_dir(call);
        let mut bins = Vec::new();
        for module in &modules {
            let written = npm_tree::write(call, &root, module, None).and_then(|()| {
                for bin in module.bins.iter().filter(|_| module.path == name) {
                    bins.push(bin.clone());
                    writer::link(call, &format!("/usr/local/bin/{bin}"), &format!("{root}/.bin/{bin}"))?;
                }
                keep(call, &cache, module)
            });
            if let Err(errno) = written {
                return denied(call, &root, errno);
            }
        }
        let version = modules.iter().find(|module| module.path == name).map_or("", |m| m.version.as_str());
        let list: String = bins.iter().map(|bin| format!("      - {bin}\n")).collect();
        scripts::say(
            call,
            request.silent,
            &format!("success Installed \"{name}@{version}\" with binaries:\n{list}"),
        );
    }
    scripts::say(call, request.silent, "Done in 1.00s.\n");
    0
}

fn cache(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let dir = format!("{}/v6", cache_dir(call));
    match request.names.first().map_or("", String::as_str) {
        "dir" => {
            call.out(&format!("{dir}\n"));
            0
        }
        "clean" => {
            scripts::say(call, request.silent, &format!("yarn cache v{VERSION}\n"));
            if call.m.exists(dir.as_bytes()) {
                call.start(vec!["rm".to_owned(), "-rf".to_owned(), dir]);
            }
            scripts::say(call, request.silent, "success Cleared cache.\nDone in 0.04s.\n");
            0
        }
        other => call.m.not_modelled(&format!("yarn cache {other}")),
    }
}

fn script(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    scripts::say(call, request.silent, &format!("yarn run v{VERSION}\n"));
    let package = match manifest(call) {
        Ok(package) => package,
        Err(status) => return status,
    };
    let name = request.names.first().cloned().unwrap_or_default();
    let line = scripts::script(&package, &name);
    let bin = format!("node_modules/.bin/{name}");
    let line = match line {
        Some(line) => line.to_owned(),
        None if call.m.exists(bin.as_bytes()) => bin,
        None => return error(call, "run", &format!("Command \"{name}\" not found.")),
    };
    let line = scripts::with_words(&line, &request.names);
    scripts::say(call, request.silent, &format!("$ {line}\n"));
    let status = npm_run::line(call, &package, &name, &line);
    if status != 0 {
        return error(call, "run", &format!("Command failed with exit code {status}.")).max(status);
    }
    scripts::say(call, request.silent, "Done in 1.00s.\n");
    0
}
