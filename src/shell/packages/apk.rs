//! `apk`.

use super::table::{self, Package};
use super::writer;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use std::collections::BTreeSet;

const INSTALLED: &str = "/lib/apk/db/installed";
const WORLD: &str = "/etc/apk/world";
const INDEX: [(&str, &str, u64); 2] =
    [("main", "APKINDEX.b53f7c9d.tar.gz", 486_127), ("community", "APKINDEX.d68d12fe.tar.gz", 1_847_302)];

/// What was asked for.
#[derive(Default)]
struct Request {
    no_cache: bool,
    update: bool,
    quiet: bool,
    virtual_name: Option<String>,
    names: Vec<String>,
    files: bool,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let mut request = Request::default();
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--no-cache" => request.no_cache = true,
            "-U" | "--update" | "--update-cache" => request.update = true,
            "-q" | "--quiet" => request.quiet = true,
            "-t" | "--virtual" => request.virtual_name = words.next().cloned(),
            "-L" | "--contents" => request.files = true,
            "-X" | "--repository" | "-p" | "--root" | "--keys-dir" | "--cache-dir" => drop(words.next()),
            "--print-arch" => {
                call.out("x86_64\n");
                return 0;
            }
            "--version" | "-V" => {
                call.out("apk-tools 2.14.0, compiled for x86_64.\n");
                return 0;
            }
            word => match word.strip_prefix("--virtual=").or_else(|| word.strip_prefix("-t=")) {
                Some(name) => request.virtual_name = Some(name.to_owned()),
                None if word.starts_with('-') => {}
                None if command.is_none() => command = Some(word.to_owned()),
                None => request.names.push(word.to_owned()),
            },
        }
    }
    let command = command.unwrap_or_default();
    if matches!(command.as_str(), "add" | "del" | "update" | "upgrade" | "fix") && call.m.cred.uid != 0 {
        call.err("ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n");
        return 99;
    }
    let done = match command.as_str() {
        "update" => update(call, true).map(|()| 0),
        "add" => add(call, &request),
        "del" => del(call, &request),
        "upgrade" => upgrade(call, &request),
        "info" => return info(call, &request),
        "list" => return info(call, &request),
        "search" => return search(call, &request),
        "fix" | "audit" | "verify" => Ok(0),
        "cache" => clean(call),
        "" => {
            call.out("apk-tools 2.14.0, compiled for x86_64.\n\nusage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]\n");
            return 1;
        }
        other => {
            call.err(&format!("ERROR: '{other}' is not an apk command. See 'apk --help'.\n"));
            return 1;
        }
    };
    done.unwrap_or_else(|errno| {
        let message = call.m.message(errno);
        call.err(&format!("ERROR: {message}\n"));
        1
    })
}

/// `v3.19`, from the image.
fn branch(call: &mut Call<'_, '_>) -> String {
    let release = writer::text(call, "/etc/alpine-release");
    let mut parts = release.trim().split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if !major.is_empty() => format!("v{major}.{minor}"),
        _ => "v3.19".to_owned(),
    }
}

fn fetch_lines(call: &mut Call<'_, '_>) {
    let branch = branch(call);
    for (repository, ..) in INDEX {
        call.out(&format!(
            "fetch https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}/x86_64/APKINDEX.tar.gz\n"
        ));
    }
}

fn update(call: &mut Call<'_, '_>, speak: bool) -> Result<(), Errno> {
    fetch_lines(call);
    for (_, name, size) in INDEX {
        writer::described(call, &format!("/var/cache/apk/{name}"), "apk index", size)?;
    }
    if speak {
        let branch = branch(call);
        for (repository, ..) in INDEX {
            call.out(&format!(
                "{branch}.0-1-g0 [https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}]\n"
            ));
        }
        call.out("OK: 22983 distinct packages available\n");
    }
    call.takes(1.5);
    Ok(())
}

/// Name and fields of each record of the database.
fn records(call: &mut Call<'_, '_>) -> Vec<String> {
    let text = writer::text(call, INSTALLED);
    text.split("\n\n")
        .map(|record| record.trim_matches('\n').to_owned())
        .filter(|record| !record.is_empty())
        .collect()
}

fn field<'r>(record: &'r str, letter: &str) -> &'r str {
    record.lines().find_map(|line| line.strip_prefix(letter)?.strip_prefix(':')).unwrap_or("")
}

fn store(call: &mut Call<'_, '_>, records: &[String]) -> Result<(), Errno> {
    let text: String = records.iter().map(|record| format!("{record}\n\n")).collect();
    writer::file(call, INSTALLED, Contents::text(&text), 0o644)
}

fn world(call: &mut Call<'_, '_>) -> BTreeSet<String> {
    writer::text(call, WORLD).split_whitespace().map(str::to_owned).collect()
}

fn store_world(call: &mut Call<'_, '_>, world: &BTreeSet<String>) -> Result<(), Errno> {
    let text: String = world.iter().map(|name| format!("{name}\n")).collect();
    writer::file(call, WORLD, Contents::text(&text), 0o644)
}

/// `name`, `name=1.2`, `name>1`, `name@tag`.
fn bare(word: &str) -> &str {
    word.split(['=', '<', '>', '~', '@']).next().unwrap_or(word)
}

fn add(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    let cached = call
        .m
        .readdir(b"/var/cache/apk")
        .unwrap_or_default()
        .iter()
        .any(|name| name.starts_with(b"APKINDEX"));
    if request.no_cache {
        if !request.quiet {
            fetch_lines(call);
        }
    } else if request.update || !cached {
        if request.update {
            update(call, false)?;
        } else {
            let branch = branch(call);
            for (repository, ..) in INDEX {
                call.err(&format!("WARNING: opening from cache https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}: No such file or directory\n"));
            }
        }
    }
    let known = request.no_cache || request.update || cached;
    let mut records = records(call);
    let here: BTreeSet<String> = records.iter().map(|record| field(record, "P").to_owned()).collect();
    let mut missing = Vec::new();
    for word in &request.names {
        let name = bare(word);
        let package = table::alpine().get(name).filter(|_| known);
        let version = word.split_once('=').map(|(_, version)| version.trim_start_matches('='));
        match (package, version) {
            _ if here.contains(name) => {}
            (Some(package), Some(version)) if !package.version.starts_with(version.trim_end_matches('*')) => {
                missing.push(format!("  {name}-{}:\n    breaks: world[{word}]\n", package.version));
            }
            (Some(_), _) => {}
            (None, _) => {
                missing.push(format!("  {name} (no such package):\n    required by: world[{word}]\n"))
            }
        }
    }
    if !missing.is_empty() {
        call.err(&format!("ERROR: unable to select packages:\n{}", missing.concat()));
        return Ok(missing.len() as i32);
    }
    let chosen = resolve(&request.names, &here);
    let virtual_package = request.virtual_name.clone();
    let total = chosen.len() + usize::from(virtual_package.is_some());
    for (number, package) in chosen.iter().enumerate() {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        if !request.quiet {
            call.out(&format!(
                "({}/{total}) Installing {} ({})\n",
                number + 1,
                package.name,
                package.version
            ));
        }
        records.push(unpack(call, package)?);
    }
    if let Some(name) = &virtual_package {
        if !request.quiet {
            call.out(&format!("({total}/{total}) Installing {name} (20240101.000000)\n"));
        }
        let depends: Vec<&str> = request.names.iter().map(|word| bare(word)).collect();
        records.retain(|record| field(record, "P") != name);
        records.push(format!(
            "P:{name}\nV:20240101.000000\nA:noarch\nS:0\nI:0\nT:virtual meta package\nD:{}",
            depends.join(" ")
        ));
    }
    let mut world = world(call);
    match &virtual_package {
        Some(name) => drop(world.insert(name.clone())),
        None => world.extend(request.names.iter().cloned()),
    }
    finish(call, request, &records, &world, chosen.len(), chosen.iter().map(|package| package.size).sum())
}

fn finish(
    call: &mut Call<'_, '_>,
    request: &Request,
    records: &[String],
    world: &BTreeSet<String>,
    changed: usize,
    size: u64,
) -> Result<i32, Errno> {
    store(call, records)?;
    store_world(call, world)?;
    if changed > 0 {
        writer::described(call, "/lib/apk/db/scripts.tar", "apk scripts", 13_824 + 512 * changed as u64)?;
    }
    if !request.quiet {
        if changed > 0 {
            let busybox = records
                .iter()
                .find(|record| field(record, "P") == "busybox")
                .map(|record| field(record, "V").to_owned());
            if let Some(version) = busybox {
                call.out(&format!("Executing busybox-{version}.trigger\n"));
            }
        }
        let bytes: u64 = records.iter().filter_map(|record| field(record, "I").parse::<u64>().ok()).sum();
        call.out(&format!("OK: {} MiB in {} packages\n", (bytes >> 20).max(1), records.len()));
    }
    call.takes(0.8 + changed as f64 * 0.05 + size as f64 / 25_000.0);
    Ok(0)
}

fn resolve(names: &[String], here: &BTreeSet<String>) -> Vec<&'static Package> {
    let table = table::alpine();
    let mut chosen: Vec<&Package> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<(&Package, bool)> =
        names.iter().rev().filter_map(|word| table.get(bare(word))).map(|p| (p, false)).collect();
    while let Some((package, done)) = open.pop() {
        if done {
            chosen.push(package);
        } else if !here.contains(package.name) && seen.insert(package.name) {
            open.push((package, true));
            open.extend(package.depends.iter().rev().filter_map(|name| table.get(name)).map(|p| (p, false)));
        }
    }
    chosen
}

/// Writes a package's files; its record.
fn unpack(call: &mut Call<'_, '_>, package: &Package) -> Result<String, Errno> {
    let name = package.name;
    let mut left = package.size * 1024;
    let mut files: Vec<String> = Vec::new();
    let share = package.programs.len() as u64;
    for program in &package.programs {
        let size = (left * 7 / 10).checked_div(share).unwrap_or(0).clamp(9_000, 60_000_000).min(left);
        let at = format!("/{program}");
        let tag = program.rsplit('/').next().unwrap_or(program);
        let tag = match tag {
            "pip3" => "pip",
            "cc" => "gcc",
            tag => tag,
        };
        writer::file(call, &at, Contents::of_program(tag, size), 0o755)?;
        files.push(at);
        left = left.saturating_sub(size);
    }
    let library = name.starts_with("lib") || name.ends_with("-libs");
    let (dir, names): (String, &[&str]) = if library && !name.ends_with("-dev") {
        ("/usr/lib".to_owned(), &[])
    } else if name.ends_with("-dev") {
        (format!("/usr/include/{name}"), &["api.h", "config.h", "types.h"])
    } else if name == "tzdata" {
        (
            "/usr/share/zoneinfo".to_owned(),
            &["UTC", "Europe/Paris", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "zone.tab"],
        )
    } else {
        (format!("/usr/share/{name}"), &["data.db", "defaults.conf", "messages.mo"])
    };
    if left > 0 {
        if names.is_empty() {
            let at = format!("{dir}/{}.so.1", name.trim_end_matches("-libs"));
            writer::described(call, &at, name, left)?;
            files.push(at);
        } else {
            let count = (left / 150_000).clamp(names.len() as u64, 60);
            files.extend(writer::spread(call, &dir, name, left, count, names)?);
        }
    }
    if name == "bash" && !writer::text(call, "/etc/shells").contains("/bin/bash") {
        writer::append(call, "/etc/shells", "/bin/bash\n")?;
    }
    if name == "ca-certificates" {
        writer::directories(call, b"/usr/local/share/ca-certificates")?;
    }
    let listed: String = files
        .iter()
        .filter_map(|file| file.rsplit_once('/'))
        .map(|(dir, file)| format!("\nF:{}\nR:{file}", dir.trim_start_matches('/')))
        .collect();
    Ok(format!(
        "P:{name}\nV:{}\nA:x86_64\nS:{}\nI:{}\nT:package {name}\no:{name}\nD:{}{listed}",
        package.version,
        package.size * 1024 * 2 / 5,
        package.size * 1024,
        package.depends.join(" ")
    ))
}

fn del(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    let before = records(call);
    let mut world = world(call);
    for name in &request.names {
        if !world.remove(name) {
            let other = world.iter().find(|word| bare(word) == name).cloned();
            match other {
                Some(word) => drop(world.remove(&word)),
                None => {
                    call.err(&format!(
                        "World updated, but the following packages are not removed due to:\n  {name}\n"
                    ));
                }
            }
        }
    }
    // What the world needs stays; so does everything that no package of the table brought.
    let mut kept: BTreeSet<String> = world.iter().map(|word| bare(word).to_owned()).collect();
    let brought = |name: &str| {
        table::alpine().contains_key(name)
            || request.names.iter().any(|asked| asked == name)
            || name.starts_with('.')
    };
    kept.extend(before.iter().map(|record| field(record, "P").to_owned()).filter(|name| !brought(name)));
    let mut open: Vec<String> = kept.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(record) = before.iter().find(|record| field(record, "P") == name) else { continue };
        for needed in field(record, "D").split_whitespace().map(|word| bare(word).to_owned()) {
            if kept.insert(needed.clone()) {
                open.push(needed);
            }
        }
    }
    let (stay, gone): (Vec<String>, Vec<String>) =
        before.into_iter().partition(|record| kept.contains(field(record, "P")));
    for (number, record) in gone.iter().rev().enumerate() {
        if !request.quiet {
            call.out(&format!(
                "({}/{}) Purging {} ({})\n",
                number + 1,
                gone.len(),
                field(record, "P"),
                field(record, "V")
            ));
        }
        erase(call, record)?;
    }
    finish(call, request, &stay, &world, gone.len(), 0)
}

fn erase(call: &mut Call<'_, '_>, record: &str) -> Result<(), Errno> {
    let mut dir = String::new();
    for line in record.lines() {
        if let Some(at) = line.strip_prefix("F:") {
            dir = format!("/{at}");
        } else if let Some(name) = line.strip_prefix("R:") {
            let at = format!("{}/{name}", dir.trim_end_matches('/'));
            if call.m.lstat(at.as_bytes()).is_ok() {
                call.m.unlink(at.as_bytes())?;
            }
            let mut above = crate::fs::path::parent(at.as_bytes()).to_vec();
            while above.len() > 9 && call.m.rmdir(&above).is_ok() {
                above = crate::fs::path::parent(&above).to_vec();
            }
        }
    }
    Ok(())
}

fn upgrade(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    if request.no_cache {
        fetch_lines(call);
    } else {
        update(call, false)?;
    }
    let records = records(call);
    let bytes: u64 = records.iter().filter_map(|record| field(record, "I").parse::<u64>().ok()).sum();
    call.out(&format!("OK: {} MiB in {} packages\n", (bytes >> 20).max(1), records.len()));
    Ok(0)
}

fn clean(call: &mut Call<'_, '_>) -> Result<i32, Errno> {
    for name in call.m.readdir(b"/var/cache/apk").unwrap_or_default() {
        call.m.unlink(&[b"/var/cache/apk/".as_slice(), &name].concat())?;
    }
    Ok(0)
}

fn info(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let records = records(call);
    if request.names.is_empty() {
        let mut names: Vec<&str> = records.iter().map(|record| field(record, "P")).collect();
        names.sort_unstable();
        for name in names {
            call.out(&format!("{name}\n"));
        }
        return 0;
    }
    let mut status = 0;
    for name in &request.names {
        let Some(record) = records.iter().find(|record| field(record, "P") == name) else {
            status = 1;
            continue;
        };
        let title = format!("{name}-{}", field(record, "V"));
        if request.files {
            call.out(&format!("{title} contains:\n"));
            let mut dir = "";
            for line in record.lines() {
                if let Some(at) = line.strip_prefix("F:") {
                    dir = at;
                } else if let Some(file) = line.strip_prefix("R:") {
                    call.out(&format!("{dir}/{file}\n"));
                }
            }
            call.out("\n");
        } else if call.args().iter().any(|word| word == "-e" || word == "--installed") {
            call.out(&format!("{name}\n"));
        } else {
            let bytes: u64 = field(record, "I").parse().unwrap_or(0);
            call.out(&format!(
                "{title} description:\n{}\n\n{title} installed size:\n{} KiB\n\n",
                field(record, "T"),
                bytes >> 10
            ));
        }
    }
    status
}

fn search(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let mut found: Vec<String> = table::alpine()
        .values()
        .filter(|package| request.names.iter().all(|name| package.name.contains(name.as_str())))
        .map(|package| format!("{}-{}\n", package.name, package.version))
        .collect();
    found.sort();
    call.out(&found.concat());
    0
}
