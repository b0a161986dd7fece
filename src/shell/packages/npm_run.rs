//! `npm run`, `npx`, `node`, and the bundlers of `node_modules/.bin`.

use super::npm::{self, Request};
use super::writer;
use crate::fs::Contents;
use crate::shell::call::Call;
use serde_json::{Map, Value};

/// `npm run NAME`: the script of package.json, in a shell that finds `node_modules/.bin`.
pub(super) fn script(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let package = match npm::read_json(call, "package.json") {
        Ok(Some(package)) => package,
        Ok(None) => return npm::no_package(call),
        Err(status) => return status,
    };
    let scripts = package.get("scripts").and_then(Value::as_object).cloned().unwrap_or_default();
    let title = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let who = format!("{}@{}", title("name"), title("version"));
    let Some(name) = request.names.first() else {
        if !scripts.is_empty() {
            call.out(&format!("Scripts available in {who} via `npm run-script`:\n"));
        }
        for (name, line) in &scripts {
            call.out(&format!("  {name}\n    {}\n", line.as_str().unwrap_or("")));
        }
        return 0;
    };
    // node starts server.js when nobody says how.
    let scripts = match name.as_str() {
        "start" if !scripts.contains_key("start") && call.m.exists(b"server.js") => {
            [("start".to_owned(), Value::String("node server.js".to_owned()))].into_iter().collect()
        }
        _ => scripts,
    };
    if !scripts.contains_key(name) {
        if request.if_present {
            return 0;
        }
        return npm::fail(
            call,
            &format!(
                "npm ERR! Missing script: \"{name}\"\nnpm ERR! \nnpm ERR! To see a list of scripts, run:\nnpm ERR!   npm run\n"
            ),
            1,
        );
    }
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
        let status = self::line(call, &package, &step, &line);
        if status != 0 {
            return status;
        }
    }
    0
}

/// A line of package.json in a shell that finds `node_modules/.bin`; the exit status.
pub(super) fn line(call: &mut Call<'_, '_>, package: &Map<String, Value>, step: &str, line: &str) -> i32 {
    let title = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let mut env = call.env.clone();
    let cwd = call.cwd();
    let search = env.get("PATH").cloned().unwrap_or_default();
    env.insert("PATH".to_owned(), format!("{}/node_modules/.bin:{search}", cwd.trim_end_matches('/')));
    env.insert("npm_lifecycle_event".to_owned(), step.to_owned());
    env.insert("npm_package_name".to_owned(), title("name"));
    env.insert("npm_package_version".to_owned(), title("version"));
    let before = call.m.not_modelled.len();
    let status = call.start_in(vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()], &env);
    // A build by a script of one's own: its result is modelled as a bundle.
    let opaque = status == 0 && step == "build" && call.m.not_modelled.len() > before;
    if opaque && !call.m.exists(b"dist") && !call.m.exists(b"build") {
        return bundle_into(call, "dist", "build");
    }
    status
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

/// The images of node say which one they have.
fn version(call: &Call<'_, '_>) -> String {
    call.env.get("NODE_VERSION").cloned().unwrap_or_else(|| "20.10.0".to_owned())
}

pub(in super::super) fn node(call: &mut Call<'_, '_>) -> i32 {
    match call.args().first().map(String::as_str) {
        Some("--version" | "-v") => {
            let version = version(call);
            call.out(&format!("v{version}\n"));
            0
        }
        Some(script) if !script.starts_with('-') => {
            let found = [script.to_owned(), format!("{script}.js"), format!("{script}/index.js")];
            if !found.iter().any(|at| call.m.exists(at.as_bytes())) {
                let at = crate::fs::path::absolute(&call.cwd(), script);
                let version = version(call);
                call.err(&format!("node:internal/modules/cjs/loader:1080\n  throw err;\n  ^\n\nError: Cannot find module '{at}'\n  code: 'MODULE_NOT_FOUND',\n  requireStack: []\n}}\n\nNode.js v{version}\n"));
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

/// Leaves the names of a bundle, which follow from the sources, and no bytes: nobody knows what a bundler
/// would make of them. Another source is another name, so what depends on it is built again.
fn bundle_into(call: &mut Call<'_, '_>, target: &str, tool: &str) -> i32 {
    if call.m.not_modelled(&format!("{tool}: the bytes of its bundle; its files are empty")) != 0 {
        return 1;
    }
    let (mut digest, mut files) = (String::new(), 0usize);
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
        files += 1;
    }
    let hash: String = crate::fs::Digest::of(&digest).hex().chars().take(8).collect();
    let html = page.unwrap_or_else(|| {
        Contents::text(&format!("<!doctype html>\n<html>\n  <head>\n    <script type=\"module\" src=\"/assets/index-{hash}.js\"></script>\n    <link rel=\"stylesheet\" href=\"/assets/index-{hash}.css\">\n  </head>\n  <body>\n    <div id=\"root\"></div>\n  </body>\n</html>\n"))
    });
    let mut bundle = match tool {
        // Other programs ask for this name; the line tells one source from another.
        "tsc" => vec![(
            format!("{target}/index.js"),
            Contents::text(&format!("// stands for what tsc makes of {hash}\n")),
        )],
        _ => vec![(format!("{target}/index.html"), html)],
    };
    if tool != "tsc" {
        let asset = |end: &str| (format!("{target}/assets/index-{hash}.{end}"), Contents::EMPTY);
        bundle.extend([asset("css"), asset("js")]);
    }
    let written =
        bundle.iter().try_for_each(|(name, contents)| writer::file(call, name, contents.clone(), 0o644));
    if let Err(errno) = written {
        return npm::failed(call, target, errno);
    }
    if tool != "tsc" {
        let names: Vec<&str> = bundle.iter().map(|(name, _)| name.as_str()).collect();
        call.out(&format!("{files} modules transformed.\n{}\n", names.join("\n")));
    }
    call.takes(3.0 + files as f64 * 0.02);
    0
}
