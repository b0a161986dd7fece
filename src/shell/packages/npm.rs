//! `npm`: lock files are really read; packages are described.
//!
//! Lines are those of npm 10.2 without terminal.

use super::npm_tree::{self, Module};
use super::table::{Registry, Table};
use super::{npm_manage, npm_run, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value};

/// What was asked for.
#[derive(Default)]
pub(super) struct Request {
    pub production: bool,
    pub global: bool,
    pub save_dev: bool,
    pub no_save: bool,
    pub silent: bool,
    pub force: bool,
    pub if_present: bool,
    pub lock_only: bool,
    pub no_lock: bool,
    pub all: bool,
    pub audit: bool,
    pub dir: Option<String>,
    pub cache: Option<String>,
    pub names: Vec<String>,
}

const LOG: &str = "_logs/2024-01-01T00_00_00_000Z-debug-0.log";

fn request(call: &Call<'_, '_>) -> (Option<String>, Request) {
    let mut request = Request { audit: true, ..Request::default() };
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--production" | "--only=production" | "--only=prod" | "--omit=dev" | "--production=true" => {
                request.production = true;
            }
            "--only" | "--omit" => {
                request.production |= words.next().is_some_and(|v| v.starts_with("prod") || v == "dev");
            }
            "--include=dev" | "--production=false" | "--also=dev" => request.production = false,
            "-g" | "--global" | "--location=global" => request.global = true,
            "-D" | "--save-dev" => request.save_dev = true,
            "--no-save" => request.no_save = true,
            "-f" | "--force" => request.force = true,
            "--if-present" => request.if_present = true,
            "--package-lock-only" => request.lock_only = true,
            "--no-package-lock" => request.no_lock = true,
            "-a" | "--all" => request.all = true,
            "--no-audit" | "--audit=false" => request.audit = false,
            "-s" | "--silent" | "--quiet" | "-q" | "--loglevel=error" | "--loglevel=silent" => {
                request.silent = matches!(word.as_str(), "-s" | "--silent" | "--loglevel=silent");
            }
            "--prefix" => request.dir = words.next().cloned(),
            "--cache" => request.cache = words.next().cloned(),
            "--registry" | "--loglevel" | "-w" | "--workspace" | "--fetch-retries" | "--userconfig" => {
                words.next();
            }
            "--" => {
                request.names.extend(words.by_ref().cloned());
                break;
            }
            word if word.starts_with("--cache=") => request.cache = word.get(8..).map(str::to_owned),
            word if word.starts_with("--prefix=") => request.dir = word.get(9..).map(str::to_owned),
            word if word.starts_with('-') => {}
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    request.production |= call.env.get("NODE_ENV").is_some_and(|value| value == "production")
        && !call.args().iter().any(|word| word == "--include=dev" || word == "--production=false");
    (command, request)
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let (command, mut request) = request(call);
    if command.is_none() && call.args().iter().any(|word| word == "--version" || word == "-v") {
        call.out("10.2.3\n");
        return 0;
    }
    if let Some(dir) = request.dir.clone().filter(|_| !request.global) {
        let at = crate::fs::path::absolute(&call.cwd(), &dir);
        if call.m.is_dir(at.as_bytes()) {
            let before = std::mem::replace(&mut call.m.cwd, at.into_bytes());
            let exit = dispatch(call, command.as_deref().unwrap_or(""), &mut request);
            call.m.cwd = before;
            return exit;
        }
    }
    dispatch(call, command.as_deref().unwrap_or(""), &mut request)
}

fn dispatch(call: &mut Call<'_, '_>, command: &str, request: &mut Request) -> i32 {
    match command {
        "ci" | "clean-install" | "ic" | "install-clean" | "isntall-clean" => ci(call, request),
        "install" | "i" | "add" | "in" | "ins" | "isntall" => install(call, request),
        "uninstall" | "un" | "remove" | "rm" | "r" | "unlink" => uninstall(call, request),
        "run" | "run-script" | "rum" | "urn" => npm_run::script(call, request),
        "test" | "t" | "tst" | "start" | "stop" | "restart" => {
            let name = if matches!(command, "t" | "tst") { "test" } else { command };
            request.names.insert(0, name.to_owned());
            npm_run::script(call, request)
        }
        "exec" | "x" => call.m.not_modelled(&format!("npm exec {}", request.names.join(" "))),
        "ls" | "list" | "la" | "ll" => npm_manage::list(call, request),
        "cache" => npm_manage::cache(call, request),
        "prune" => npm_manage::prune(call, request),
        "init" => npm_manage::init(call),
        "config" | "c" | "set" | "get" => npm_manage::config(call, request),
        "root" | "prefix" | "bin" => npm_manage::place(call, request, command),
        "audit" | "fund" | "pkg" | "rebuild" | "rb" | "update" | "up" | "dedupe" | "version" | "link"
        | "doctor" | "ping" | "whoami" | "login" | "publish" | "pack" | "view" | "outdated" => {
            call.m.not_modelled(&format!("npm {command}"))
        }
        "" | "help" => {
            call.out("npm <command>\n\nUsage:\n\nnpm install        install all the dependencies in your project\n");
            i32::from(command.is_empty())
        }
        other => {
            call.err(&format!(
                "Unknown command: \"{other}\"\n\nTo see a list of supported npm commands, run:\n  npm help\n"
            ));
            1
        }
    }
}

pub(super) fn table(call: &Call<'_, '_>) -> Table {
    Table::of(Registry::Npm, &call.m.packages)
}

pub(super) fn libc(call: &Call<'_, '_>) -> &'static str {
    if call.m.musl { "musl" } else { "glibc" }
}

pub(super) fn home(call: &Call<'_, '_>) -> String {
    call.env.get("HOME").filter(|home| !home.is_empty()).cloned().unwrap_or_else(|| "/root".to_owned())
}

pub(super) fn cache_dir(call: &Call<'_, '_>, request: &Request) -> String {
    let env = call.env.get("npm_config_cache").or_else(|| call.env.get("NPM_CONFIG_CACHE"));
    request.cache.clone().or_else(|| env.cloned()).unwrap_or_else(|| format!("{}/.npm", home(call)))
}

/// Prints an error with the line about the log, which is written. The exit status.
pub(super) fn fail(call: &mut Call<'_, '_>, text: &str, exit: i32) -> i32 {
    let log = format!("{}/{LOG}", cache_dir(call, &Request::default()));
    call.err(&format!("{text}\nnpm ERR! A complete log of this run can be found in: {log}\n"));
    // A log that can't be written changes nothing.
    let _ = writer::described(call, &log, text, 1_500 + text.len() as u64 * 2);
    exit
}

/// A JSON file of the working directory. The errors are npm's.
pub(super) fn read_json(call: &mut Call<'_, '_>, name: &str) -> Result<Option<Map<String, Value>>, i32> {
    let cwd = call.cwd();
    if !call.m.exists(name.as_bytes()) {
        return Ok(None);
    }
    let source = writer::text(call, name);
    match serde_json::from_str(source.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        _ => {
            let at = format!("{}/{name}", cwd.trim_end_matches('/'));
            Err(fail(
                call,
                &format!(
                    "npm ERR! code EJSONPARSE\nnpm ERR! path {at}\nnpm ERR! JSON.parse Invalid {name}\nnpm ERR! JSON.parse Failed to parse JSON data.\nnpm ERR! JSON.parse Note: {name} must be actual JSON, not just JavaScript.\n"
                ),
                1,
            ))
        }
    }
}

pub(super) fn no_package(call: &mut Call<'_, '_>) -> i32 {
    let cwd = call.cwd();
    let at = format!("{}/package.json", cwd.trim_end_matches('/'));
    fail(
        call,
        &format!(
            "npm ERR! code ENOENT\nnpm ERR! syscall open\nnpm ERR! path {at}\nnpm ERR! errno -2\nnpm ERR! enoent ENOENT: no such file or directory, open '{at}'\nnpm ERR! enoent This is related to npm not being able to find a file.\nnpm ERR! enoent \n"
        ),
        254,
    )
}

pub(super) fn failed(call: &mut Call<'_, '_>, at: &str, errno: Errno) -> i32 {
    let (name, message) = (errno.name(), call.m.message(errno).to_lowercase());
    let text = format!(
        "npm ERR! code {name}\nnpm ERR! syscall open\nnpm ERR! path {at}\nnpm ERR! errno -{}\nnpm ERR! Error: {name}: {message}, open '{at}'\n",
        errno.number()
    );
    fail(call, &text, (256 - errno.number()).clamp(1, 255))
}

const USAGE_OF_CI: &str = "npm ERR! \nnpm ERR! Clean install a project\nnpm ERR! \nnpm ERR! Usage:\nnpm ERR! npm ci\nnpm ERR! \nnpm ERR! Options:\nnpm ERR! [--install-strategy <hoisted|nested|shallow|linked>] [--legacy-bundling]\nnpm ERR! [--global-style] [--omit <dev|optional|peer> [--omit <dev|optional|peer> ...]]\nnpm ERR! [--include <prod|dev|optional|peer> [--include <prod|dev|optional|peer> ...]]\nnpm ERR! [--strict-peer-deps] [--foreground-scripts] [--ignore-scripts] [--no-audit]\nnpm ERR! [--no-bin-links] [--no-fund] [--dry-run]\nnpm ERR! [-w|--workspace <workspace-name> [-w|--workspace <workspace-name> ...]]\nnpm ERR! [-ws|--workspaces] [--include-workspace-root] [--install-links]\nnpm ERR! \nnpm ERR! aliases: clean-install, ic, install-clean, isntall-clean\nnpm ERR! \nnpm ERR! Run \"npm help ci\" for more info\n";

fn ci(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let lock = match read_json(call, "package-lock.json").and_then(|lock| match lock {
        Some(lock) => Ok(Some(lock)),
        None => read_json(call, "npm-shrinkwrap.json"),
    }) {
        Ok(Some(lock)) => lock,
        Ok(None) => {
            let text = format!(
                "npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! The `npm ci` command can only install with an existing package-lock.json or\nnpm ERR! npm-shrinkwrap.json with lockfileVersion >= 1. Run an install with npm@5 or\nnpm ERR! later to generate a package-lock.json file, then try again.\n{USAGE_OF_CI}"
            );
            return fail(call, &text, 1);
        }
        Err(status) => return status,
    };
    let package = match read_json(call, "package.json") {
        Ok(Some(package)) => package,
        Ok(None) => return no_package(call),
        Err(status) => return status,
    };
    let table = table(call);
    let unlocked = npm_tree::unlocked(&table, &package, &lock);
    if !unlocked.is_empty() {
        let missing: String =
            unlocked.iter().map(|name| format!("npm ERR! Missing: {name} from lock file\n")).collect();
        let text = format!(
            "npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.\nnpm ERR! \n{missing}{USAGE_OF_CI}"
        );
        return fail(call, &text, 1);
    }
    if call.m.exists(b"node_modules") {
        call.start(vec!["rm".to_owned(), "-rf".to_owned(), "node_modules".to_owned()]);
    }
    let packages = npm_tree::from_lock(&table, &lock, request.production, libc(call));
    finish(call, request, &package, &packages)
}

fn install(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    if let Err(status) = refused(call, &request.names) {
        return status;
    }
    if request.global {
        return global(call, request);
    }
    let mut package = match read_json(call, "package.json") {
        Ok(Some(package)) => package,
        Ok(None) if request.names.is_empty() => return no_package(call),
        Ok(None) => Map::new(),
        Err(status) => return status,
    };
    let lock = match read_json(call, "package-lock.json") {
        Ok(lock) => lock.filter(|_| !request.no_lock),
        Err(status) => return status,
    };
    let table = table(call);
    if let Err(status) = add_names(call, request, &table, &mut package) {
        return status;
    }
    let fresh = lock.as_ref().is_some_and(|lock| npm_tree::unlocked(&table, &package, lock).is_empty());
    let packages = match &lock {
        Some(lock) if fresh => npm_tree::from_lock(&table, lock, request.production, libc(call)),
        _ => npm_tree::from_package(&table, &package, request.production),
    };
    if !request.lock_only {
        let status = finish(call, request, &package, &packages);
        if status != 0 {
            return status;
        }
    }
    if !fresh && !request.no_lock && (!request.no_save || lock.is_none()) {
        let all = npm_tree::from_package(&table, &package, false);
        let text = npm_tree::lock_text(&table, &package, &all);
        if let Err(errno) = call.m.write(b"package-lock.json", Contents::text(&text), 0o644) {
            return failed(call, "package-lock.json", errno);
        }
    }
    0
}

/// Is a word a package of the registry, not a folder, tarball or repository?
fn from_registry(word: &str) -> bool {
    !word.starts_with(['.', '/', '~'])
        && !word.contains("://")
        && !word.starts_with("git+")
        && !word.ends_with(".tgz")
        && !word.ends_with(".tar.gz")
        && (word.starts_with('@') || !word.contains('/'))
}

/// A name that the registry lacks, or a version newer than its newest. Older versions are all there.
fn refused(call: &mut Call<'_, '_>, words: &[String]) -> Result<(), i32> {
    let table = table(call);
    for word in words {
        if !from_registry(word) {
            call.m.not_modelled(&format!("npm install {word}"));
            continue;
        }
        let (name, wanted) = npm_tree::split_name(word);
        if table.get(name).is_none() {
            let range = wanted.unwrap_or("*");
            let place = name.replace('/', "%2f");
            return Err(fail(
                call,
                &format!(
                    "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://registry.npmjs.org/{place} - Not found\nnpm ERR! 404 \nnpm ERR! 404  '{name}@{range}' is not in this registry.\nnpm ERR! 404 \nnpm ERR! 404 Note that you can also install from a\nnpm ERR! 404 tarball, folder, http url, or git url.\n"
                ),
                1,
            ));
        }
        if npm_tree::available(&table, name, wanted).is_err() {
            let wanted = wanted.unwrap_or("");
            return Err(fail(
                call,
                &format!(
                    "npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for {name}@{wanted}.\nnpm ERR! notarget In most cases you or one of your dependencies are requesting\nnpm ERR! notarget a package version that doesn't exist.\n"
                ),
                1,
            ));
        }
    }
    Ok(())
}

/// `npm install name…`: the names enter package.json.
fn add_names(
    call: &mut Call<'_, '_>,
    request: &Request,
    table: &Table,
    package: &mut Map<String, Value>,
) -> Result<(), i32> {
    let words: Vec<&String> = request.names.iter().filter(|word| from_registry(word)).collect();
    if words.is_empty() {
        return Ok(());
    }
    let key = if request.save_dev { "devDependencies" } else { "dependencies" };
    for word in words {
        let (name, wanted) = npm_tree::split_name(word);
        let range = match wanted {
            Some(range) if range.starts_with(|c: char| !c.is_ascii_alphabetic()) => range.to_owned(),
            _ => format!("^{}", npm_tree::version_of(table, name)),
        };
        let range = if range.starts_with(|c: char| c.is_ascii_digit()) && wanted != Some(range.as_str()) {
            format!("^{range}")
        } else {
            range
        };
        let list = package.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(list) = list {
            list.insert(name.to_owned(), Value::String(range));
        }
    }
    if request.no_save {
        return Ok(());
    }
    store_package(call, package)
}

fn store_package(call: &mut Call<'_, '_>, package: &Map<String, Value>) -> Result<(), i32> {
    let mut text = serde_json::to_string_pretty(&Value::Object(package.clone())).unwrap_or_default();
    text.push('\n');
    let written = call.m.write(b"package.json", Contents::text(&text), 0o644);
    written.map_err(|errno| failed(call, "package.json", errno))
}

fn uninstall(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = global_prefix(call, request);
    let root = if request.global { format!("{prefix}/lib/node_modules") } else { "node_modules".to_owned() };
    let mut removed = 0;
    for name in &request.names {
        let at = format!("{root}/{name}");
        let safe = !name.split('/').any(|piece| piece == ".." || piece.is_empty());
        if safe && call.m.exists(at.as_bytes()) {
            let bins = table(call).get(name).map(|known| known.programs.clone()).unwrap_or_default();
            for bin in bins {
                let dir = if request.global { format!("{prefix}/bin") } else { format!("{root}/.bin") };
                // A command that another package took over is not there any more.
                let _ = call.m.unlink(format!("{dir}/{bin}").as_bytes());
            }
            call.start(vec!["rm".to_owned(), "-rf".to_owned(), at]);
            removed += 1;
        }
    }
    if !request.global
        && let Ok(Some(mut package)) = read_json(call, "package.json")
    {
        for key in ["dependencies", "devDependencies", "optionalDependencies"] {
            if let Some(Value::Object(list)) = package.get_mut(key) {
                list.retain(|known, _| !request.names.contains(known));
            }
        }
        if let Err(status) = store_package(call, &package) {
            return status;
        }
    }
    let packages = if removed == 1 { "package" } else { "packages" };
    call.out(&match removed {
        0 => "\nup to date in 1s\n".to_owned(),
        removed => format!("\nremoved {removed} {packages} in 1s\n"),
    });
    0
}

pub(super) fn global_prefix(call: &mut Call<'_, '_>, request: &Request) -> String {
    let env = call.env.get("NPM_CONFIG_PREFIX").or_else(|| call.env.get("npm_config_prefix"));
    if let Some(prefix) = request.dir.clone().or_else(|| env.cloned()) {
        return prefix.trim_end_matches('/').to_owned();
    }
    let local = call.m.exists(b"/usr/local/lib/node_modules") || call.m.exists(b"/usr/local/bin/node");
    if local { "/usr/local".to_owned() } else { "/usr".to_owned() }
}

/// Each package of `-g` has a folder with all it needs inside.
fn global(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = global_prefix(call, request);
    let (table, mut count) = (table(call), 0);
    for word in request.names.iter().filter(|word| from_registry(word)) {
        let (name, wanted) = npm_tree::split_name(word);
        let range = wanted.unwrap_or("latest").to_owned();
        let mut modules = npm_tree::closure(&table, [(name.to_owned(), range)].into());
        for module in modules.iter_mut().filter(|module| module.path != name) {
            module.path = format!("{name}/node_modules/{}", module.path);
        }
        let root = format!("{prefix}/lib/node_modules");
        for module in &modules {
            let commands = (module.path == name).then(|| format!("{prefix}/bin"));
            if let Err(errno) = npm_tree::write(call, &root, module, commands.as_deref()) {
                return failed(call, &format!("{root}/{}", module.path), errno);
            }
        }
        if let Err(errno) = fill_cache(call, request, &modules) {
            return failed(call, &prefix, errno);
        }
        count += modules.len();
    }
    if !request.silent {
        call.out(&format!("\nadded {count} package{} in 1s\n", if count == 1 { "" } else { "s" }));
    }
    call.takes(1.0 + count as f64 * 0.05);
    0
}

/// The cache: for each package its archive and an entry of the index.
fn fill_cache(call: &mut Call<'_, '_>, request: &Request, packages: &[Module]) -> Result<(), Errno> {
    let cache = format!("{}/_cacache", cache_dir(call, request));
    for module in packages {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let label = format!("{}@{}", module.name(), module.version);
        let hash = Digest::of(&label).hex();
        let (a, b, rest) = (hash.get(..2), hash.get(2..4), hash.get(4..));
        let place = [a, b, rest].map(|part| part.unwrap_or("00")).join("/");
        let archive = module.known.as_ref().map_or(module.size() * 3 / 10, |known| known.archive);
        writer::described(call, &format!("{cache}/content-v2/sha512/{place}"), &label, archive)?;
        writer::described(call, &format!("{cache}/index-v5/{place}"), &label, 640)?;
    }
    writer::directories(call, format!("{cache}/tmp").as_bytes()).map(drop)
}

fn finish(
    call: &mut Call<'_, '_>,
    request: &Request,
    package: &Map<String, Value>,
    packages: &[Module],
) -> i32 {
    let root = format!("{}/node_modules", call.cwd().trim_end_matches('/'));
    for module in packages {
        if call.m.stopped() {
            return 1;
        }
        if let Err(errno) = npm_tree::write(call, &root, module, None) {
            return failed(call, &format!("{root}/{}", module.path), errno);
        }
    }
    let size = packages.iter().fold(0u64, |sum, module| sum.saturating_add(module.size()));
    let cache = cache_dir(call, request);
    let log = format!("{cache}/{LOG}");
    let written = if packages.is_empty() {
        Ok(())
    } else {
        let hidden = npm_tree::hidden_lock(package, packages);
        writer::file(call, &format!("{root}/.package-lock.json"), Contents::text(&hidden), 0o644)
            .and_then(|()| fill_cache(call, request, packages))
    };
    let written =
        written.and_then(|()| writer::described(call, &log, "npm log", 1_500 + 80 * packages.len() as u64));
    if let Err(errno) = written {
        return failed(call, &cache, errno);
    }
    let seconds = 1.0 + packages.len() as f64 * 0.03 + size as f64 / 9e6;
    call.takes(seconds);
    if !request.silent {
        let count = packages.len();
        let added = match count {
            0 => "up to date".to_owned(),
            1 => "added 1 package".to_owned(),
            count => format!("added {count} packages"),
        };
        let time = seconds as u64 + 1;
        call.out(&match request.audit {
            true => {
                let all = count + 1;
                let s = if all == 1 { "" } else { "s" };
                let comma = if count == 0 { "," } else { ", and" };
                format!("\n{added}{comma} audited {all} package{s} in {time}s\n\nfound 0 vulnerabilities\n")
            }
            false => format!("\n{added} in {time}s\n"),
        });
    }
    0
}
