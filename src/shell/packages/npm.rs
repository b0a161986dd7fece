//! `npm`, `npx`, `node`: lock files are really read; packages are described.

use super::{npm_tree, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value};

/// What was asked for.
#[derive(Default)]
struct Request {
    production: bool,
    global: bool,
    save_dev: bool,
    no_save: bool,
    silent: bool,
    names: Vec<String>,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let mut request = Request::default();
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--production" | "--only=production" | "--only=prod" | "--omit=dev" => request.production = true,
            "--only" | "--omit" => {
                request.production |= words.next().is_some_and(|v| v.starts_with("prod") || v == "dev")
            }
            "-g" | "--global" | "--location=global" => request.global = true,
            "-D" | "--save-dev" => request.save_dev = true,
            "--no-save" => request.no_save = true,
            "-s" | "--silent" | "--loglevel=error" | "--quiet" => request.silent = true,
            "--prefix" | "--cache" | "--registry" | "--loglevel" => drop(words.next()),
            "--version" | "-v" if command.is_none() => {
                call.out("10.2.3\n");
                return 0;
            }
            "--" => {
                request.names.extend(words.by_ref().cloned());
                break;
            }
            word if word.starts_with('-') => {}
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    request.production |= call.env.get("NODE_ENV").is_some_and(|value| value == "production");
    match command.as_deref().unwrap_or("") {
        "ci" | "clean-install" => ci(call, &request),
        "install" | "i" | "add" => install(call, &request),
        "run" | "run-script" => script(call, &request),
        "test" | "t" | "start" | "stop" | "restart" => {
            let name = command.unwrap_or_default();
            let name = if name == "t" { "test".to_owned() } else { name };
            request.names.insert(0, name);
            script(call, &request)
        }
        "cache" => {
            let home = home(call);
            let cache = format!("{home}/.npm/_cacache");
            if call.m.exists(cache.as_bytes()) {
                return call.start(vec!["rm".to_owned(), "-rf".to_owned(), cache]);
            }
            0
        }
        "prune" => prune(call),
        "config" | "set" | "audit" | "fund" | "pkg" | "rebuild" | "update" | "dedupe" => 0,
        "" => {
            call.out("npm <command>\n\nUsage:\n\nnpm install        install all the dependencies in your project\n");
            1
        }
        other => {
            call.err(&format!(
                "Unknown command: \"{other}\"\n\nTo see a list of supported npm commands, run:\n  npm help\n"
            ));
            1
        }
    }
}

fn home(call: &Call<'_, '_>) -> String {
    call.env.get("HOME").filter(|home| !home.is_empty()).cloned().unwrap_or_else(|| "/root".to_owned())
}

/// A JSON file of the working directory. The errors are npm's.
fn read_json(call: &mut Call<'_, '_>, name: &str) -> Result<Option<Map<String, Value>>, i32> {
    let cwd = call.cwd();
    if !call.m.exists(name.as_bytes()) {
        return Ok(None);
    }
    let source = writer::text(call, name);
    match serde_json::from_str(&source) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        _ => {
            let at = format!("{}/{name}", cwd.trim_end_matches('/'));
            call.err(&format!("npm ERR! code EJSONPARSE\nnpm ERR! path {at}\nnpm ERR! JSON.parse Invalid {name}\nnpm ERR! JSON.parse Failed to parse JSON data.\nnpm ERR! JSON.parse Note: {name} must be actual JSON, not just JavaScript.\n"));
            Err(1)
        }
    }
}

fn no_package(call: &mut Call<'_, '_>) -> i32 {
    let cwd = call.cwd();
    let at = format!("{}/package.json", cwd.trim_end_matches('/'));
    call.err(&format!("npm ERR! code ENOENT\nnpm ERR! syscall open\nnpm ERR! path {at}\nnpm ERR! errno -2\nnpm ERR! enoent ENOENT: no such file or directory, open '{at}'\nnpm ERR! enoent This is related to npm not being able to find a file.\nnpm ERR! enoent \n"));
    254
}

fn ci(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let package = match read_json(call, "package.json") {
        Ok(Some(package)) => package,
        Ok(None) => return no_package(call),
        Err(status) => return status,
    };
    let lock = match read_json(call, "package-lock.json").and_then(|lock| match lock {
        Some(lock) => Ok(Some(lock)),
        None => read_json(call, "npm-shrinkwrap.json"),
    }) {
        Ok(Some(lock)) => lock,
        Ok(None) => {
            call.err("npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! The `npm ci` command can only install with an existing package-lock.json or\nnpm ERR! npm-shrinkwrap.json with lockfileVersion >= 1. Run an install with npm@5 or\nnpm ERR! later to generate a package-lock.json file, then try again.\nnpm ERR! \nnpm ERR! Clean install a project\nnpm ERR! \nnpm ERR! Usage:\nnpm ERR! npm ci\n");
            return 1;
        }
        Err(status) => return status,
    };
    let unlocked = npm_tree::unlocked(&package, &lock);
    if !unlocked.is_empty() {
        let missing: String =
            unlocked.iter().map(|name| format!("npm ERR! Missing: {name} from lock file\n")).collect();
        call.err(&format!("npm ERR! code EUSAGE\nnpm ERR! \nnpm ERR! `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.\nnpm ERR! \n{missing}npm ERR! \nnpm ERR! Clean install a project\n"));
        return 1;
    }
    if call.m.exists(b"node_modules") {
        call.start(vec!["rm".to_owned(), "-rf".to_owned(), "node_modules".to_owned()]);
    }
    let packages = npm_tree::from_lock(&lock, request.production);
    finish(call, request, &packages, "added")
}

fn install(call: &mut Call<'_, '_>, request: &Request) -> i32 {
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
        Ok(lock) => lock,
        Err(status) => return status,
    };
    if let Err(status) = add_names(call, request, &mut package) {
        return status;
    }
    let packages = match &lock {
        Some(lock) if npm_tree::unlocked(&package, lock).is_empty() => {
            npm_tree::from_lock(lock, request.production)
        }
        _ => npm_tree::from_package(&package, request.production),
    };
    let status = finish(call, request, &packages, "added");
    if status != 0 {
        return status;
    }
    let all = npm_tree::from_package(&package, false);
    let stale = lock.as_ref().is_none_or(|lock| !npm_tree::unlocked(&package, lock).is_empty());
    if stale && !request.no_save {
        let text = npm_tree::lock_text(&package, &all);
        if let Err(errno) = call.m.write(b"package-lock.json", Contents::text(&text), 0o644) {
            return failed(call, "package-lock.json", errno);
        }
    }
    0
}

/// `npm install name…`: the names enter package.json.
fn add_names(
    call: &mut Call<'_, '_>,
    request: &Request,
    package: &mut Map<String, Value>,
) -> Result<(), i32> {
    if request.names.is_empty() {
        return Ok(());
    }
    let key = if request.save_dev { "devDependencies" } else { "dependencies" };
    for word in &request.names {
        let (name, version) = npm_tree::split_name(word);
        let version = version.map_or_else(|| format!("^{}", npm_tree::version_of(name)), str::to_owned);
        let list = package.entry(key).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(list) = list {
            list.insert(name.to_owned(), Value::String(version));
        }
    }
    if request.no_save {
        return Ok(());
    }
    let mut text = serde_json::to_string_pretty(&Value::Object(package.clone())).unwrap_or_default();
    text.push('\n');
    call.m
        .write(b"package.json", Contents::text(&text), 0o644)
        .map_err(|errno| failed(call, "package.json", errno))
}

fn failed(call: &mut Call<'_, '_>, at: &str, errno: Errno) -> i32 {
    let (name, message) = (errno.name(), call.m.message(errno).to_lowercase());
    call.err(&format!("npm ERR! code {name}\nnpm ERR! syscall open\nnpm ERR! path {at}\nnpm ERR! errno -{}\nnpm ERR! Error: {name}: {message}, open '{at}'\n", errno.number()));
    (256 - errno.number()).clamp(1, 255)
}

fn global(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = if call.m.exists(b"/usr/local/lib/node_modules") { "/usr/local" } else { "/usr" };
    let mut count = 0;
    for word in &request.names {
        let (name, version) = npm_tree::split_name(word);
        let version = version
            .filter(|v| v.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or_else(|| npm_tree::version_of(name))
            .to_owned();
        let package = npm_tree::Module { path: name.to_owned(), version, bins: npm_tree::bins(name) };
        if let Err(errno) = npm_tree::write(
            call,
            &format!("{prefix}/lib/node_modules"),
            &package,
            Some(&format!("{prefix}/bin")),
        ) {
            return failed(call, prefix, errno);
        }
        count += 1;
    }
    call.out(&format!("\nadded {count} package{} in 1s\n", if count == 1 { "" } else { "s" }));
    call.takes(1.0 + f64::from(count));
    0
}

fn finish(call: &mut Call<'_, '_>, request: &Request, packages: &[npm_tree::Module], verb: &str) -> i32 {
    let cache = format!("{}/.npm", home(call));
    for package in packages {
        if call.m.stopped() {
            return 1;
        }
        if let Err(errno) = npm_tree::write(call, "node_modules", package, None) {
            return failed(call, "node_modules", errno);
        }
    }
    let names: String =
        packages.iter().map(|package| format!("{}@{} ", package.path, package.version)).collect();
    let size: u64 = packages.iter().map(|package| npm_tree::size(&package.path)).sum();
    if !packages.is_empty() {
        let listing =
            serde_json::to_string_pretty(&npm_tree::hidden_lock(packages)).unwrap_or_default() + "\n";
        let written = writer::file(call, "node_modules/.package-lock.json", Contents::text(&listing), 0o644)
            .and_then(|()| {
                writer::spread(
                    call,
                    &format!("{cache}/_cacache/content-v2/sha512"),
                    &names,
                    size * 3 / 10,
                    (packages.len() as u64).min(200),
                    &["00"],
                )
                .map(drop)
            })
            .and_then(|()| {
                writer::described(
                    call,
                    &format!("{cache}/_cacache/index-v5/index"),
                    &names,
                    400 * packages.len() as u64,
                )
            });
        if let Err(errno) = written {
            return failed(call, &cache, errno);
        }
    }
    let logged = writer::described(
        call,
        &format!("{cache}/_logs/2024-01-01T00_00_00_000Z-debug-0.log"),
        &names,
        1_500 + 80 * packages.len() as u64,
    );
    if let Err(errno) = logged {
        return failed(call, &cache, errno);
    }
    let seconds = 1.0 + packages.len() as f64 * 0.03 + size as f64 / 9e6;
    call.takes(seconds);
    if !request.silent {
        let count = packages.len();
        let audited = format!("audited {} packages", count + 1);
        call.out(&format!(
            "\n{verb} {count} package{}, and {audited} in {}s\n\nfound 0 vulnerabilities\n",
            if count == 1 { "" } else { "s" },
            seconds as u64 + 1
        ));
    }
    0
}

fn prune(call: &mut Call<'_, '_>) -> i32 {
    let lock = match read_json(call, "package-lock.json") {
        Ok(Some(lock)) => lock,
        Ok(None) => return 0,
        Err(status) => return status,
    };
    let kept = npm_tree::from_lock(&lock, true);
    let all = npm_tree::from_lock(&lock, false);
    let mut removed = 0;
    for package in all.iter().filter(|package| !kept.iter().any(|k| k.path == package.path)) {
        call.start(vec!["rm".to_owned(), "-rf".to_owned(), format!("node_modules/{}", package.path)]);
        for bin in &package.bins {
            let _ = call.m.unlink(format!("node_modules/.bin/{bin}").as_bytes());
        }
        removed += 1;
    }
    call.out(&format!("\nremoved {removed} packages, and audited {} packages in 1s\n", kept.len() + 1));
    0
}

/// `npm run NAME`: the script of package.json, in a shell that finds `node_modules/.bin`.
fn script(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let package = match read_json(call, "package.json") {
        Ok(Some(package)) => package,
        Ok(None) => return no_package(call),
        Err(status) => return status,
    };
    let scripts = package.get("scripts").and_then(Value::as_object).cloned().unwrap_or_default();
    let Some(name) = request.names.first() else {
        for (name, line) in &scripts {
            call.out(&format!("  {name}\n    {}\n", line.as_str().unwrap_or("")));
        }
        return 0;
    };
    if !scripts.contains_key(name) {
        let given: String = scripts.keys().map(|known| format!("npm ERR!   npm run {known}\n")).collect();
        call.err(&format!("npm ERR! Missing script: \"{name}\"\nnpm ERR! \nnpm ERR! To see a list of scripts, run:\nnpm ERR!   npm run\n{given}"));
        return 1;
    }
    let title = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let who = format!("{}@{}", title("name"), title("version"));
    for step in [format!("pre{name}"), name.clone(), format!("post{name}")] {
        let Some(line) = scripts.get(&step).and_then(Value::as_str) else { continue };
        let mut line = line.to_owned();
        if step == *name {
            for word in request.names.iter().skip(1) {
                line.push_str(&format!(" '{word}'"));
            }
        }
        if !request.silent {
            call.out(&format!("\n> {who} {step}\n> {line}\n\n"));
        }
        let mut env = call.env.clone();
        let cwd = call.cwd();
        let search = env.get("PATH").cloned().unwrap_or_default();
        env.insert("PATH".to_owned(), format!("{}/node_modules/.bin:{search}", cwd.trim_end_matches('/')));
        env.insert("npm_lifecycle_event".to_owned(), step.clone());
        env.insert("npm_package_name".to_owned(), title("name"));
        env.insert("npm_package_version".to_owned(), title("version"));
        let before = call.m.not_modelled.len();
        let status = call.start_in(vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()], &env);
        if status != 0 {
            call.err(&format!("npm ERR! Lifecycle script `{step}` failed with error: \nnpm ERR! Error: command failed \nnpm ERR!   in workspace: {who} \nnpm ERR!   at location: {cwd} \n"));
            return status;
        }
        // A build by a script of one's own: its result is modelled as a bundle.
        if step == "build"
            && call.m.not_modelled.len() > before
            && !call.m.exists(b"dist")
            && !call.m.exists(b"build")
        {
            return bundle_into(call, "dist", "build");
        }
    }
    0
}

pub(in super::super) fn npx(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<String> = call.args().iter().skip_while(|word| word.starts_with('-')).cloned().collect();
    let Some(name) = words.first() else { return 1 };
    let local = format!("node_modules/.bin/{name}");
    if call.m.exists(local.as_bytes()) {
        let mut argv = words.clone();
        if let Some(first) = argv.first_mut() {
            *first = format!("./{local}");
        }
        return call.start(argv);
    }
    call.m.not_modelled(&format!("npx {name}"))
}

pub(in super::super) fn node(call: &mut Call<'_, '_>) -> i32 {
    match call.args().first().map(String::as_str) {
        Some("--version" | "-v") => {
            call.out("v20.10.0\n");
            0
        }
        Some(script) if !script.starts_with('-') => {
            let found = [script.to_owned(), format!("{script}.js"), format!("{script}/index.js")];
            if !found.iter().any(|at| call.m.exists(at.as_bytes())) {
                let at = crate::fs::path::absolute(&call.cwd(), script);
                call.err(&format!("node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\nError: Cannot find module '{at}'\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}}\n\nNode.js v20.10.0\n"));
                return 1;
            }
            call.m.not_modelled(&format!("node {script}"))
        }
        _ => call.m.not_modelled("node"),
    }
}

/// A bundler from `node_modules/.bin`: `vite build`, `tsc`, `webpack` …
pub(in super::super) fn bundle(call: &mut Call<'_, '_>) -> i32 {
    let tool = call.argv.first().map_or("", |argv0| argv0.rsplit('/').next().unwrap_or("")).to_owned();
    let target = match tool.as_str() {
        "react-scripts" => "build",
        "next" => ".next",
        _ => "dist",
    };
    let word = call.args().first().cloned().unwrap_or_default();
    if matches!(word.as_str(), "lint" | "test" | "--version" | "serve" | "dev" | "start" | "preview") {
        return call.m.not_modelled(&format!("{tool} {word}"));
    }
    bundle_into(call, target, &tool)
}

/// Writes a bundle whose names and bytes follow from the sources.
fn bundle_into(call: &mut Call<'_, '_>, target: &str, tool: &str) -> i32 {
    let (mut digest, mut total, mut files) = (String::new(), 0u64, 0usize);
    let mut page = None;
    let mut open = vec![".".to_owned()];
    while let Some(at) = open.pop() {
        if !call.m.t.fuel.spend(2) {
            return 1;
        }
        let name = at.rsplit('/').next().unwrap_or("");
        if matches!(name, "node_modules" | ".git" | "dist" | "build" | ".next" | "coverage") {
            continue;
        }
        let Ok(stat) = call.m.stat(at.as_bytes()) else { continue };
        if stat.kind == crate::union::StatKind::Dir {
            let names = call.m.readdir(at.as_bytes()).unwrap_or_default();
            open.extend(names.iter().rev().map(|name| format!("{at}/{}", crate::shell::text::decode(name))));
            continue;
        }
        let source =
            [".js", ".jsx", ".ts", ".tsx", ".css", ".scss", ".vue", ".svelte", ".html", ".json", ".svg"];
        let name = name.to_owned();
        if !source.iter().any(|end| name.ends_with(end)) || name == "package-lock.json" {
            continue;
        }
        let Ok(contents) = call.m.read(at.as_bytes()) else { continue };
        if name == "index.html" {
            page.get_or_insert(contents.clone());
        }
        digest.push_str(&format!("{at} {}\n", contents.key_digest().hex()));
        total += contents.len();
        files += 1;
    }
    let hash: String = crate::fs::Digest::of(&digest).hex().chars().take(8).collect();
    let script = 143_000 + total / 2;
    let style = 4_200 + total / 8;
    let html = page.unwrap_or_else(|| {
        Contents::text(&format!("<!doctype html>\n<html>\n  <head>\n    <script type=\"module\" src=\"/assets/index-{hash}.js\"></script>\n    <link rel=\"stylesheet\" href=\"/assets/index-{hash}.css\">\n  </head>\n  <body>\n    <div id=\"root\"></div>\n  </body>\n</html>\n"))
    });
    let shown = |bytes: u64| format!("{:.2} kB", bytes as f64 / 1000.0);
    let written = if tool == "tsc" {
        writer::file(
            call,
            &format!("{target}/index.js"),
            Contents::seeded(format!("tsc {hash}"), total.max(400)),
            0o644,
        )
    } else {
        writer::file(call, &format!("{target}/index.html"), html.clone(), 0o644)
            .and_then(|()| {
                writer::file(
                    call,
                    &format!("{target}/assets/index-{hash}.js"),
                    Contents::seeded(format!("bundle js {hash}"), script),
                    0o644,
                )
            })
            .and_then(|()| {
                writer::file(
                    call,
                    &format!("{target}/assets/index-{hash}.css"),
                    Contents::seeded(format!("bundle css {hash}"), style),
                    0o644,
                )
            })
    };
    if let Err(errno) = written {
        return failed(call, target, errno);
    }
    if tool != "tsc" {
        call.out(&format!(
            "{files} modules transformed.\n{target}/index.html                {}\n{target}/assets/index-{hash}.css   {}\n{target}/assets/index-{hash}.js  {}\n",
            shown(html.len()),
            shown(style),
            shown(script)
        ));
    }
    call.takes(3.0 + files as f64 * 0.02);
    0
}
