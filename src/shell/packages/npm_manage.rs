//! What npm does beside installing: `ls`, `prune`, `cache`, `init`, `config`, where things are.

use super::npm::{Request, cache_dir, fail, failed, global_prefix, home, libc, read_json, table};
use super::{npm_tree, writer};
use crate::fs::Contents;
use crate::shell::call::Call;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(super) fn prune(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let lock = match read_json(call, "package-lock.json") {
        Ok(Some(lock)) => lock,
        Ok(None) => Map::new(),
        Err(status) => return status,
    };
    let table = table(call);
    let kept = npm_tree::from_lock(&table, &lock, request.production, libc(call));
    let mut removed = 0;
    let paths: std::collections::BTreeSet<&str> = kept.iter().map(|module| module.path.as_str()).collect();
    for module in npm_tree::from_lock(&table, &lock, false, libc(call)) {
        let at = format!("node_modules/{}", module.path);
        if paths.contains(module.path.as_str()) || !call.m.exists(at.as_bytes()) {
            continue;
        }
        call.start(vec!["rm".to_owned(), "-rf".to_owned(), at]);
        for bin in &module.bins {
            // It may be gone with another package already.
            let _ = call.m.unlink(format!("node_modules/.bin/{bin}").as_bytes());
        }
        removed += 1;
    }
    let all = kept.len() + 1;
    call.out(&match removed {
        0 => format!("\nup to date, audited {all} packages in 1s\n\nfound 0 vulnerabilities\n"),
        n => format!(
            "\nremoved {n} package{}, and audited {all} packages in 1s\n\nfound 0 vulnerabilities\n",
            if n == 1 { "" } else { "s" }
        ),
    });
    0
}

/// `npm ls`: what package.json names and what lies in `node_modules`.
pub(super) fn list(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let prefix = global_prefix(call, request);
    let (root, title) = if request.global {
        (format!("{prefix}/lib/node_modules"), format!("{prefix}/lib"))
    } else {
        let package = read_json(call, "package.json").ok().flatten().unwrap_or_default();
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        let cwd = call.cwd();
        let title = match text("name") {
            name if name.is_empty() => cwd.clone(),
            name => format!("{name}@{} {cwd}", text("version")),
        };
        (format!("{}/node_modules", cwd.trim_end_matches('/')), title)
    };
    let package = read_json(call, "package.json").ok().flatten().unwrap_or_default();
    let mut rows: BTreeMap<String, String> = BTreeMap::new();
    let mut missing = Vec::new();
    if request.global {
        for name in call.m.readdir(root.as_bytes()).unwrap_or_default() {
            let name = crate::shell::text::decode(&name);
            if let Some(version) = installed(call, &root, &name) {
                rows.insert(name, version);
            }
        }
    } else {
        for (name, range) in npm_tree::dependencies(&package, request.production) {
            match installed(call, &root, &name) {
                Some(version) => drop(rows.insert(name, version)),
                None => missing.push((name, range)),
            }
        }
    }
    let mut lines: Vec<String> = missing
        .iter()
        .map(|(name, range)| format!("UNMET DEPENDENCY {name}@{range}"))
        .chain(rows.iter().map(|(name, version)| format!("{name}@{version}")))
        .collect();
    let last = lines.pop();
    let mut text = format!("{title}\n");
    for line in lines {
        text.push_str(&format!("├── {line}\n"));
    }
    text.push_str(&format!("└── {}\n\n", last.unwrap_or_else(|| "(empty)".to_owned())));
    call.out(&text);
    if missing.is_empty() {
        return 0;
    }
    let who = title.rsplit(' ').next().unwrap_or("").to_owned();
    let lines: String = missing
        .iter()
        .map(|(name, range)| {
            format!(
                "npm ERR! missing: {name}@{range}, required by {}\n",
                title.split(' ').next().unwrap_or(&who)
            )
        })
        .collect();
    fail(call, &format!("npm ERR! code ELSPROBLEMS\n{lines}"), 1)
}

/// The version that an installed package's manifest states.
fn installed(call: &mut Call<'_, '_>, root: &str, name: &str) -> Option<String> {
    let source = writer::text(call, &format!("{root}/{name}/package.json"));
    let manifest: Value = serde_json::from_str(&source).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

pub(super) fn cache(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let cache = format!("{}/_cacache", cache_dir(call, request));
    match request.names.first().map_or("", String::as_str) {
        "clean" | "clear" | "rm" if request.force => {
            call.err("npm WARN using --force Recommended protections disabled.\n");
            if call.m.exists(cache.as_bytes()) {
                return call.start(vec!["rm".to_owned(), "-rf".to_owned(), cache]);
            }
            0
        }
        "clean" | "clear" | "rm" => fail(
            call,
            "npm ERR! As of npm@5, the npm cache self-heals from corruption issues\nnpm ERR!   by treating integrity mismatches as cache misses.  As a result,\nnpm ERR!   data extracted from the cache is guaranteed to be valid.  If you\nnpm ERR!   want to make sure everything is consistent, use `npm cache verify`\nnpm ERR!   instead.  Deleting the cache can only make npm go slower, and is\nnpm ERR!   not likely to correct any problems you may be encountering!\nnpm ERR! \nnpm ERR!   On the other hand, if you're debugging an issue with the installer,\nnpm ERR!   or race conditions that depend on the timing of writing to an empty\nnpm ERR!   cache, you can use `npm install --cache /tmp/empty-cache` to use a\nnpm ERR!   temporary cache instead of nuking the actual one.\nnpm ERR! \nnpm ERR!   If you're sure you want to delete the entire cache, rerun this command\nnpm ERR!   with --force.\n",
            1,
        ),
        "verify" => 0,
        other => call.m.not_modelled(&format!("npm cache {other}")),
    }
}

/// `npm init -y`.
pub(super) fn init(call: &mut Call<'_, '_>) -> i32 {
    let cwd = call.cwd();
    let name = cwd.rsplit('/').next().unwrap_or("app").to_lowercase();
    let text = format!(
        "{{\n  \"name\": \"{name}\",\n  \"version\": \"1.0.0\",\n  \"description\": \"\",\n  \"main\": \"index.js\",\n  \"scripts\": {{\n    \"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"\n  }},\n  \"keywords\": [],\n  \"author\": \"\",\n  \"license\": \"ISC\"\n}}\n"
    );
    if call.m.exists(b"package.json") {
        return 0;
    }
    if let Err(errno) = call.m.write(b"package.json", Contents::text(&text), 0o644) {
        return failed(call, "package.json", errno);
    }
    call.out(&format!("Wrote to {}/package.json:\n\n{text}\n\n", cwd.trim_end_matches('/')));
    0
}

/// `npm config set name value` enters `~/.npmrc`.
pub(super) fn config(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let mut words = request.names.iter().filter(|word| *word != "set").map(String::as_str);
    let (name, value) = match (words.next(), words.next()) {
        (Some("get" | "list" | "ls" | "delete" | "rm") | None, _) => return 0,
        (Some(pair), None) => pair.split_once('=').unwrap_or((pair, "")),
        (Some(name), Some(value)) => (name, value),
    };
    let at = format!("{}/.npmrc", home(call));
    match writer::append(call, &at, &format!("{name}={value}\n")) {
        Ok(()) => 0,
        Err(errno) => failed(call, &at, errno),
    }
}

pub(super) fn place(call: &mut Call<'_, '_>, request: &Request, what: &str) -> i32 {
    let prefix = global_prefix(call, request);
    let here = call.cwd();
    let end = if what == "root" { "/node_modules" } else { "" };
    call.out(&match (request.global, what) {
        (true, "root") => format!("{prefix}/lib/node_modules\n"),
        (true, _) => format!("{prefix}\n"),
        _ => format!("{}{end}\n", here.trim_end_matches('/')),
    });
    0
}
