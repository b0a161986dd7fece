//! `pnpm` and `corepack`: a store of files, hard links into `node_modules/.pnpm`, symbolic links above.
//!
//! Lines are those of pnpm 8.12 without terminal.

use super::node_locks::{self, LockFile};
use super::npm_tree::{self, Module};
use super::table::{Registry, Table};
use super::{npm, npm_run, scripts, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What was asked for.
#[derive(Default)]
struct Request {
    frozen: Option<bool>,
    production: bool,
    dev: bool,
    global: bool,
    silent: bool,
    store: Option<String>,
    names: Vec<String>,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut request = Request::default();
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--version" | "-v" => {
                call.out("8.12.1\n");
                return 0;
            }
            "--frozen-lockfile" => request.frozen = Some(true),
            "--no-frozen-lockfile" | "--frozen-lockfile=false" => request.frozen = Some(false),
            "-P" | "--prod" | "--production" => request.production = true,
            "-D" | "--save-dev" | "--dev" => request.dev = true,
            "-g" | "--global" => request.global = true,
            "-s" | "--silent" | "--reporter=silent" => request.silent = true,
            "--store-dir" => request.store = words.next().cloned(),
            "-C" | "--dir" | "--filter" | "-F" | "--reporter" | "--loglevel" => drop(words.next().cloned()),
            word if word.starts_with("--store-dir=") => request.store = word.get(12..).map(str::to_owned),
            word if word.starts_with('-') && command.as_deref() != Some("run") => {}
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    request.production |= call.env.get("NODE_ENV").is_some_and(|value| value == "production");
    match command.as_deref().unwrap_or("") {
        "install" | "i" if request.names.is_empty() => install(call, &request, true),
        "fetch" => install(call, &request, false),
        "add" | "install" | "i" => add(call, &request),
        "run" | "run-script" if !request.names.is_empty() => script(call, &request),
        "store" => store(call, &request),
        "config" | "setup" => 0,
        word @ ("prune" | "remove" | "rm" | "update" | "deploy" | "dlx" | "exec" | "list" | "ls" | "why"
        | "audit" | "rebuild" | "init" | "import" | "publish" | "pack" | "link") => {
            call.m.not_modelled(&format!("pnpm {word}"))
        }
        "" => {
            call.out("Version 8.12.1\nUsage: pnpm [command] [flags]\n       pnpm [ -h | --help | -v | --version ]\n");
            0
        }
        name => {
            request.names.insert(0, name.to_owned());
            script(call, &request)
        }
    }
}

fn error(call: &mut Call<'_, '_>, code: &str, text: &str) -> i32 {
    call.out(&format!("\u{2009}ERR_PNPM_{code}\u{2009} {text}\n"));
    1
}

fn store_dir(call: &Call<'_, '_>, request: &Request) -> String {
    let home = call.env.get("PNPM_HOME").cloned();
    let data = call.env.get("XDG_DATA_HOME").map(|data| format!("{data}/pnpm"));
    let home = home.or(data).unwrap_or_else(|| format!("{}/.local/share/pnpm", npm::home(call)));
    let dir = request.store.clone().unwrap_or_else(|| format!("{home}/store"));
    format!("{dir}/v3")
}

fn manifest(call: &mut Call<'_, '_>) -> Result<Map<String, Value>, i32> {
    let cwd = call.cwd();
    if !call.m.exists(b"package.json") {
        return Err(error(call, "NO_PKG_MANIFEST", &format!("No package.json found in {cwd}")));
    }
    let source = writer::text(call, "package.json");
    match scripts::parsed(&source) {
        Some(map) => Ok(map),
        None => Err(error(
            call,
            "JSON_PARSE",
            &format!("Unexpected token in JSON while parsing {cwd}/package.json"),
        )),
    }
}

const NOTE: &str = "\nNote that in CI environments this setting is true by default. If you still need to run install in such cases, use \"pnpm install --no-frozen-lockfile\"";

/// `pnpm install`; without `link`, `pnpm fetch`: the store and the virtual store alone, from the lock file.
fn install(call: &mut Call<'_, '_>, request: &Request, link: bool) -> i32 {
    let package = match manifest(call) {
        Ok(package) => package,
        Err(status) if link => return status,
        Err(_) => Map::new(),
    };
    let ci = call.env.get("CI").is_some_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    let frozen = request.frozen.unwrap_or(ci);
    let source = call.m.exists(b"pnpm-lock.yaml").then(|| writer::text(call, "pnpm-lock.yaml"));
    if source.is_none() && (request.frozen == Some(true) || !link) {
        let text =
            format!("Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is absent\n{NOTE}");
        return error(call, "NO_LOCKFILE", &text);
    }
    let lock = source.as_deref().map(node_locks::pnpm);
    let wanted = npm_tree::dependencies(&package, false);
    let same = !link || lock.as_ref().is_some_and(|lock| lock.specifiers == wanted);
    if let Some(lock) = lock.as_ref().filter(|_| frozen && !same) {
        let show = |map: &BTreeMap<String, String>| serde_json::to_string(map).unwrap_or_default();
        let text = format!(
            "Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is not up to date with package.json\n{NOTE}\n\n    Failure reason:\n    specifiers in the lockfile ({}) don't match specs in package.json ({})",
            show(&lock.specifiers),
            show(&wanted)
        );
        return error(call, "OUTDATED_LOCKFILE", &text);
    }
    let table = Table::of(Registry::Npm, &call.m.packages);
    let modules: Vec<Module> = match &lock {
        Some(lock) if same => locked(&table, lock, &package, request.production, link),
        _ => npm_tree::from_package(&table, &package, request.production),
    };
    if same && lock.is_some() {
        scripts::say(call, request.silent, "Lockfile is up to date, resolution step is skipped\n");
    } else if let Err(errno) = write_lock(call, &table, &package) {
        return call.fail_errno("pnpm-lock.yaml", errno);
    }
    let direct = if link { npm_tree::dependencies(&package, request.production) } else { BTreeMap::new() };
    if let Err(errno) = lay_out(call, request, &modules, &direct) {
        return call.fail_errno("node_modules", errno);
    }
    report(call, request, &modules, &package, link);
    0
}

/// The packages of a lock file: those that the project needs, or all for `fetch`.
fn locked(
    table: &Table,
    lock: &LockFile,
    package: &Map<String, Value>,
    production: bool,
    link: bool,
) -> Vec<Module> {
    let direct = npm_tree::dependencies(package, production);
    let entries = if production && link && lock.entries.values().all(|entry| !entry.dev) {
        // Version 9 doesn't say which are of development: what the others need does.
        let keys = lock.entries.iter().filter(|(_, entry)| direct.contains_key(&entry.name));
        lock.reachable(keys.map(|(key, _)| key.clone()).collect::<Vec<_>>())
    } else {
        lock.entries.values().filter(|entry| !production || !entry.dev).cloned().collect()
    };
    let safe =
        entries.into_iter().filter(|entry| npm_tree::safe(&entry.name) && npm_tree::safe(&entry.version));
    safe.map(|entry| Module::new(table, entry.name, entry.version)).collect()
}

/// `.pnpm/NAME@VERSION/node_modules/NAME`, every file also in the store; links for what the project names.
fn lay_out(
    call: &mut Call<'_, '_>,
    request: &Request,
    modules: &[Module],
    direct: &BTreeMap<String, String>,
) -> Result<(), Errno> {
    let root = format!("{}/node_modules", call.cwd().trim_end_matches('/'));
    let store = store_dir(call, request);
    for module in modules {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let name = module.name().to_owned();
        let folder = format!("{}@{}", name.replace('/', "+"), module.version);
        let place = format!("{root}/.pnpm/{folder}/node_modules");
        if call.m.exists(format!("{place}/{name}").as_bytes()) {
            continue;
        }
        npm_tree::write(call, &place, &Module { bins: Vec::new(), ..module.clone() }, None)?;
        into_store(call, &store, &place)?;
        let needs = module.known.iter().flat_map(|known| &known.depends);
        for other in needs.filter_map(|need| modules.iter().find(|other| other.name() == &**need)) {
            let up = if name.contains('/') { "../../.." } else { "../.." };
            let target = format!(
                "{up}/{}@{}/node_modules/{}",
                other.name().replace('/', "+"),
                other.version,
                other.name()
            );
            let at = format!("{place}/{}", other.name());
            if at != format!("{place}/{name}") {
                writer::link(call, &at, &target)?;
            }
        }
        if direct.contains_key(&name) {
            let up = if name.contains('/') { "../" } else { "" };
            writer::link(
                call,
                &format!("{root}/{name}"),
                &format!("{up}.pnpm/{folder}/node_modules/{name}"),
            )?;
            for bin in &module.bins {
                let script = format!("{place}/{name}/bin/{bin}.js");
                writer::file(call, &script, Contents::of_program(&npm_tree::behaviour(bin), 1_200), 0o755)?;
                writer::link(call, &format!("{root}/.bin/{bin}"), &format!("../{name}/bin/{bin}.js"))?;
            }
        }
    }
    let list = serde_json::json!({ "hoistPattern": ["*"], "layoutVersion": 5, "packageManager": "pnpm@8.12.1", "storeDir": store });
    let text = serde_json::to_string_pretty(&list).unwrap_or_default() + "\n";
    writer::file(call, &format!("{root}/.modules.yaml"), Contents::text(&text), 0o644)
}

/// Gives every file below a folder a second name in the store, by a hash.
fn into_store(call: &mut Call<'_, '_>, store: &str, place: &str) -> Result<(), Errno> {
    let mut open = vec![place.to_owned()];
    while let Some(dir) = open.pop() {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            let at = format!("{dir}/{}", crate::shell::text::decode(&name));
            let stat = call.m.lstat(at.as_bytes())?;
            match stat.kind {
                crate::union::StatKind::Dir => open.push(at),
                crate::union::StatKind::File => {
                    let hash = Digest::of(at.rsplit("/.pnpm/").next().unwrap_or(&at)).hex();
                    let (folder, rest) = hash.split_at(2.min(hash.len()));
                    let kept = format!("{store}/files/{folder}/{rest}");
                    writer::parents(call, &kept)?;
                    match call.m.link(at.as_bytes(), kept.as_bytes()) {
                        // Another device, as with a cache mount: a copy then, which is the file itself.
                        Ok(()) | Err(Errno::EEXIST | Errno::EXDEV) => {}
                        Err(errno) => return Err(errno),
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn report(
    call: &mut Call<'_, '_>,
    request: &Request,
    modules: &[Module],
    package: &Map<String, Value>,
    link: bool,
) {
    let count = modules.len();
    let size = modules.iter().fold(0u64, |sum, module| sum.saturating_add(module.size()));
    call.takes(1.0 + count as f64 * 0.02 + size as f64 / 12e6);
    let mut text = String::new();
    if count > 0 {
        text.push_str(&format!(
            "Packages: +{count}\n{}\nProgress: resolved {count}, reused 0, downloaded {count}, added {count}, done\n",
            "+".repeat(count.min(80))
        ));
    } else {
        text.push_str("Already up to date\n");
    }
    let versions: BTreeMap<&str, &str> = modules.iter().map(|m| (m.name(), m.version.as_str())).collect();
    for (title, key) in [("dependencies", "dependencies"), ("devDependencies", "devDependencies")] {
        let Some(list) = package.get(key).and_then(Value::as_object).filter(|_| link) else { continue };
        if key == "devDependencies" && request.production {
            text.push_str("\ndevDependencies: skipped\n");
            continue;
        }
        text.push_str(&format!("\n{title}:\n"));
        for name in list.keys().collect::<BTreeSet<_>>() {
            text.push_str(&format!("+ {name} {}\n", versions.get(name.as_str()).unwrap_or(&"")));
        }
    }
    if link {
        text.push_str("\nDone in 1s\n");
    }
    scripts::say(call, request.silent, &text);
}

/// `pnpm-lock.yaml` for what package.json asks for.
fn write_lock(call: &mut Call<'_, '_>, table: &Table, package: &Map<String, Value>) -> Result<(), Errno> {
    let mut text =
        "lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n"
            .to_owned();
    let quoted = |name: &str| if name.starts_with('@') { format!("'{name}'") } else { name.to_owned() };
    for key in ["dependencies", "devDependencies"] {
        let Some(list) = package.get(key).and_then(Value::as_object).filter(|list| !list.is_empty()) else {
            continue;
        };
        text.push_str(&format!("\n{key}:\n"));
        for (name, range) in list.iter().collect::<BTreeMap<_, _>>() {
            let range = range.as_str().unwrap_or("*");
            let version = npm_tree::exact(table, range, name);
            text.push_str(&format!("  {}:\n    specifier: {range}\n    version: {version}\n", quoted(name)));
        }
    }
    let production: BTreeSet<String> =
        npm_tree::from_package(table, package, true).into_iter().map(|module| module.path).collect();
    text.push_str("\npackages:\n");
    for module in npm_tree::from_package(table, package, false) {
        let dev = !production.contains(&module.path);
        let key = format!("/{}@{}", module.path, module.version);
        text.push_str(&format!("\n  {key}:\n"));
        let needed = module.known.as_ref().map(|known| known.depends.clone()).unwrap_or_default();
        if !needed.is_empty() {
            text.push_str("    dependencies:\n");
            for need in needed {
                let version = npm_tree::version_of(table, &need);
                text.push_str(&format!("      {}: {version}\n", quoted(&need)));
            }
        }
        text.push_str(&format!("    dev: {dev}\n"));
    }
    call.m.write(b"pnpm-lock.yaml", Contents::text(&text), 0o644)
}

fn add(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let table = Table::of(Registry::Npm, &call.m.packages);
    for word in &request.names {
        let (name, wanted) = npm_tree::split_name(word);
        if table.get(name).is_none() {
            let text = format!(
                "GET https://registry.npmjs.org/{}: Not Found - 404\n\n{name} is not in the npm registry, or you have no permission to fetch it.\n\nNo authorization header was set for the request.",
                name.replace('/', "%2F")
            );
            return error(call, "FETCH_404", &text);
        }
        if npm_tree::available(&table, name, wanted).is_err() {
            let text = format!("No matching version found for {name}@{}", wanted.unwrap_or(""));
            return error(call, "NO_MATCHING_VERSION", &text);
        }
    }
    if request.global {
        return call.m.not_modelled(&format!("pnpm add -g {}", request.names.join(" ")));
    }
    let mut package = manifest(call).unwrap_or_default();
    let key = if request.dev { "devDependencies" } else { "dependencies" };
    for word in &request.names {
        let (name, wanted) = npm_tree::split_name(word);
        let range = wanted.map_or_else(|| format!("^{}", npm_tree::version_of(&table, name)), str::to_owned);
        let list = package.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(list) = list {
            list.insert(name.to_owned(), Value::String(range));
        }
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(package)).unwrap_or_default();
    text.push('\n');
    if let Err(errno) = call.m.write(b"package.json", Contents::text(&text), 0o644) {
        return call.fail_errno("package.json", errno);
    }
    install(call, &Request { frozen: Some(false), ..Request::default() }, true)
}

fn store(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let dir = store_dir(call, request);
    match request.names.first().map_or("", String::as_str) {
        "path" => {
            call.out(&format!("{dir}\n"));
            0
        }
        other => call.m.not_modelled(&format!("pnpm store {other}")),
    }
}

fn script(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let package = match manifest(call) {
        Ok(package) => package,
        Err(status) => return status,
    };
    let name = request.names.first().cloned().unwrap_or_default();
    let line = scripts::script(&package, &name);
    let Some(line) = line else {
        let text = format!("Missing script: {name}\n\nCommand \"{name}\" not found.");
        return error(call, "NO_SCRIPT", &text);
    };
    let line = scripts::with_words(line, &request.names);
    let title = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let cwd = call.cwd();
    scripts::say(
        call,
        request.silent,
        &format!("\n> {}@{} {name} {cwd}\n> {line}\n\n", title("name"), title("version")),
    );
    let status = npm_run::line(call, &package, &name, &line);
    if status != 0 {
        call.out(&format!("\u{2009}ELIFECYCLE\u{2009} Command failed with exit code {status}.\n"));
    }
    status
}

/// `corepack enable`: the names of yarn and pnpm beside corepack's own.
pub(in super::super) fn corepack(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<&str> =
        call.args().iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    match words.first().copied().unwrap_or("") {
        "enable" => {
            for (name, tag) in [("yarn", "yarn"), ("yarnpkg", "yarn"), ("pnpm", "pnpm"), ("pnpx", "pnpm")] {
                let wanted = words.len() == 1 || words.iter().any(|word| name.starts_with(word));
                let at = format!("/usr/local/bin/{name}");
                if wanted && let Err(errno) = writer::file(call, &at, Contents::of_program(tag, 121), 0o755) {
                    return call.fail_errno(&at, errno);
                }
            }
            0
        }
        "prepare" | "install" | "use" | "up" => {
            for word in words.iter().skip(1) {
                let (name, version) = npm_tree::split_name(word);
                call.out(&format!("Preparing {word} for immediate activation...\n"));
                let version = version.unwrap_or("latest");
                let home = npm::home(call);
                let at = format!("{home}/.cache/node/corepack/{name}/{version}/bin/{name}.cjs");
                let size = if name == "pnpm" { 7_400_000 } else { 2_700_000 };
                if npm_tree::safe(name)
                    && npm_tree::safe(version)
                    && let Err(errno) = writer::described(call, &at, word, size)
                {
                    return call.fail_errno(&at, errno);
                }
            }
            0
        }
        "disable" | "hydrate" | "cache" => 0,
        "" => {
            call.out("0.22.0\n");
            0
        }
        other => call.m.not_modelled(&format!("corepack {other}")),
    }
}
