//! `composer`: `vendor` from `composer.lock`, and its cache of archives.
//!
//! Lines are those of composer 2.6 without terminal; it speaks on standard error.

use super::table::{Registry, Table};
use super::{npm, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;
use serde_json::{Map, Value, json};

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words: Vec<String> = call.args().to_vec();
    let names: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let flag = |name: &str| words.iter().any(|word| word == name);
    let dev = !flag("--no-dev") && call.env.get("COMPOSER_NO_DEV").is_none_or(|value| value == "0");
    match names.first().map_or("", |word| word.as_str()) {
        "" if flag("--version") || flag("-V") => {
            call.out("Composer version 2.6.6 2023-12-08 18:32:26\n");
            0
        }
        "install" | "i" => install(call, dev),
        "clear-cache" | "clearcache" | "cc" => {
            let dir = cache_dir(call);
            call.err("Cache directory does not exist (cache-vcs-dir): \nClearing cache (cache-files-dir)\nAll caches cleared.\n");
            if call.m.exists(dir.as_bytes()) {
                call.start(vec!["rm".to_owned(), "-rf".to_owned(), dir])
            } else {
                0
            }
        }
        "dump-autoload" | "dumpautoload" => {
            call.err("Generating autoload files\nGenerated autoload files\n");
            match autoload(call) {
                Ok(()) => 0,
                Err(errno) => call.fail_errno("vendor/autoload.php", errno),
            }
        }
        "config" => 0,
        "" => {
            call.out(
                "Composer version 2.6.6 2023-12-08 18:32:26\n\nUsage:\n  command [options] [arguments]\n",
            );
            0
        }
        other => call.m.not_modelled(&format!("composer {other}")),
    }
}

fn cache_dir(call: &Call<'_, '_>) -> String {
    let own = call.env.get("COMPOSER_CACHE_DIR").cloned();
    let home = call.env.get("COMPOSER_HOME").map(|home| format!("{home}/cache"));
    own.or(home).unwrap_or_else(|| format!("{}/.composer/cache", npm::home(call)))
}

fn safe(name: &str) -> bool {
    name.len() < 200
        && name.split('/').count() == 2
        && name.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
}

fn read(call: &mut Call<'_, '_>, name: &str) -> Result<Map<String, Value>, i32> {
    match serde_json::from_str(&writer::text(call, name)) {
        Ok(Value::Object(map)) => Ok(map),
        _ => {
            call.err(&format!("\nIn JsonFile.php line 347:\n                                       \n  \"./{name}\" does not contain valid JSON  \n                                       \n\n"));
            Err(1)
        }
    }
}

/// Name and version of the packages of a lock file.
fn locked(lock: &Map<String, Value>, dev: bool) -> Vec<(String, String)> {
    let lists = ["packages", "packages-dev"].into_iter().take(if dev { 2 } else { 1 });
    let entries = lists.filter_map(|key| lock.get(key).and_then(Value::as_array)).flatten();
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    entries
        .map(|entry| (text(entry, "name"), text(entry, "version")))
        .filter(|(name, _)| safe(name))
        .collect()
}

fn install(call: &mut Call<'_, '_>, dev: bool) -> i32 {
    if !call.m.exists(b"composer.json") {
        let cwd = call.cwd();
        call.err(&format!("Composer could not find a composer.json file in {cwd}\nTo initialize a project, please create a composer.json file. See https://getcomposer.org/basic-usage\n"));
        return 1;
    }
    let project = match read(call, "composer.json") {
        Ok(project) => project,
        Err(status) => return status,
    };
    let packages = if call.m.exists(b"composer.lock") {
        let lock = match read(call, "composer.lock") {
            Ok(lock) => lock,
            Err(status) => return status,
        };
        let which = if dev { " (including require-dev)" } else { "" };
        call.err(&format!("Installing dependencies from lock file{which}\nVerifying lock file contents can be installed on current platform.\n"));
        locked(&lock, dev)
    } else {
        call.err("No composer.lock file present. Updating dependencies to latest instead of installing from lock file. See https://getcomposer.org/install for more information.\nLoading composer repositories with package information\nUpdating dependencies\n");
        match resolved(call, &project, dev) {
            Ok(packages) => packages,
            Err(status) => return status,
        }
    };
    let count = packages.len();
    match count {
        0 => call.err("Nothing to install, update or remove\n"),
        _ => call.err(&format!(
            "Package operations: {count} install{}, 0 updates, 0 removals\n",
            if count == 1 { "" } else { "s" }
        )),
    }
    let done = place(call, &packages).and_then(|()| autoload(call));
    if let Err(errno) = done {
        return call.fail_errno("vendor", errno);
    }
    call.err("Generating autoload files\n");
    call.takes(1.0 + count as f64 * 0.2);
    0
}

/// Without a lock file: what the project requires and what that needs; the lock file is written.
fn resolved(
    call: &mut Call<'_, '_>,
    project: &Map<String, Value>,
    dev: bool,
) -> Result<Vec<(String, String)>, i32> {
    let table = Table::of(Registry::Composer, &call.m.packages);
    let lists = ["require", "require-dev"].into_iter().take(if dev { 2 } else { 1 });
    let asked =
        lists.filter_map(|key| project.get(key).and_then(Value::as_object)).flat_map(|list| list.keys());
    let mut open: Vec<String> = asked.filter(|name| safe(name)).cloned().collect();
    let mut found: Vec<(String, String)> = Vec::new();
    while let Some(name) = open.pop() {
        if found.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let Some(known) = table.get(&name) else {
            call.err(&format!("Your requirements could not be resolved to an installable set of packages.\n\n  Problem 1\n    - Root composer.json requires {name}, it could not be found in any version, there may be a typo in the package name.\n"));
            return Err(2);
        };
        open.extend(known.depends.iter().map(|name| name.to_string()));
        found.push((name, known.version.to_string()));
    }
    found.sort();
    let entries: Vec<Value> =
        found.iter().map(|(name, version)| json!({ "name": name, "version": version })).collect();
    let text =
        serde_json::to_string_pretty(&json!({ "packages": entries, "packages-dev": [] })).unwrap_or_default();
    match call.m.write(b"composer.lock", Contents::text(&text), 0o644) {
        Ok(()) => Ok(found),
        Err(errno) => Err(call.fail_errno("composer.lock", errno)),
    }
}

fn place(call: &mut Call<'_, '_>, packages: &[(String, String)]) -> Result<(), Errno> {
    let table = Table::of(Registry::Composer, &call.m.packages);
    let cache = cache_dir(call);
    for (name, version) in packages {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        call.err(&format!("  - Downloading {name} ({version})\n"));
    }
    let mut list = Vec::new();
    for (name, version) in packages {
        let known = table.get(name);
        let label = format!("composer {name} {version}");
        let size = known.as_ref().map_or(40_000 + writer::weight(name) % 400_000, |known| known.size);
        let hash = Digest::of(&label).hex();
        let archive = format!("{cache}/files/{name}/{}.zip", hash.get(..40).unwrap_or(&hash));
        writer::described(call, &archive, &label, known.as_ref().map_or(size / 4, |known| known.archive))?;
        let dir = format!("vendor/{name}");
        let source = format!("{dir}/src");
        writer::laid(
            call,
            known.as_deref(),
            &dir,
            &source,
            &label,
            size,
            &["Client.php", "Factory.php", "Exception.php"],
        )?;
        for bin in known.iter().flat_map(|known| &known.programs) {
            writer::file(call, &format!("vendor/bin/{bin}"), Contents::of_program(bin, 3_200), 0o755)?;
        }
        call.err(&format!("  - Installing {name} ({version}): Extracting archive\n"));
        list.push(json!({ "name": name, "version": version }));
    }
    let text = serde_json::to_string_pretty(&json!({ "packages": list, "dev": true })).unwrap_or_default();
    writer::file(call, "vendor/composer/installed.json", Contents::text(&text), 0o644)
}

fn autoload(call: &mut Call<'_, '_>) -> Result<(), Errno> {
    writer::described(call, "vendor/composer/autoload_real.php", "composer autoload", 1_500)?;
    writer::described(call, "vendor/composer/ClassLoader.php", "composer autoload", 16_400)?;
    let text = "<?php\nrequire_once __DIR__ . '/composer/autoload_real.php';\n";
    writer::file(call, "vendor/autoload.php", Contents::text(text), 0o644)
}
