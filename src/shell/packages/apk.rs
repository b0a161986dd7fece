//! `apk`.
//!
//! Lines and exit statuses are meant to be those of apk-tools 2.14, which was not at hand to compare with;
//! a solver's failure exits with the number of its errors.

use super::apk_db::{self, field};
use super::table::{Package, Registry, Table};
use super::{apk_query, version, writer};
use crate::fs::Errno;
use crate::shell::call::Call;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

const INDEX: [(&str, &str, u64); 2] =
    [("main", "APKINDEX.b53f7c9d.tar.gz", 486_127), ("community", "APKINDEX.d68d12fe.tar.gz", 1_847_302)];

/// What was asked for.
#[derive(Default)]
pub(super) struct Request {
    pub no_cache: bool,
    pub update: bool,
    pub quiet: bool,
    pub simulate: bool,
    pub virtual_name: Option<String>,
    pub names: Vec<String>,
    /// Options of `info` and `list`, by letter.
    pub flags: BTreeSet<char>,
}

const WITH_VALUE: [&str; 12] = [
    "-X",
    "--repository",
    "-p",
    "--root",
    "--keys-dir",
    "--cache-dir",
    "--repositories-file",
    "--arch",
    "--wait",
    "--cache-max-age",
    "--progress-fd",
    "--timeout",
];

fn request(call: &mut Call<'_, '_>) -> Result<(String, Request), i32> {
    let mut request = Request::default();
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--no-cache" => request.no_cache = true,
            "-U" | "--update" | "--update-cache" => request.update = true,
            "-q" | "--quiet" => request.quiet = true,
            "-s" | "--simulate" => request.simulate = true,
            "-t" | "--virtual" => request.virtual_name = words.next().cloned(),
            "--print-arch" => {
                call.out("x86_64\n");
                return Err(0);
            }
            "--version" | "-V" => {
                call.out("apk-tools 2.14.0, compiled for x86_64.\n");
                return Err(0);
            }
            word if WITH_VALUE.contains(&word) => drop(words.next()),
            word => match word.strip_prefix("--virtual=") {
                Some(name) => request.virtual_name = Some(name.to_owned()),
                None if word.len() > 1 && word.starts_with('-') => flags(&mut request, word),
                None if command.is_none() => command = Some(word.to_owned()),
                None => request.names.push(word.to_owned()),
            },
        }
    }
    Ok((command.unwrap_or_default(), request))
}

/// `--installed`, `-vv`, `-Uq`.
fn flags(request: &mut Request, word: &str) {
    const LONG: [(&str, char); 10] = [
        ("--contents", 'L'),
        ("--installed", 'e'),
        ("--who-owns", 'W'),
        ("--depends", 'R'),
        ("--size", 's'),
        ("--description", 'd'),
        ("--webpage", 'w'),
        ("--all", 'a'),
        ("--verbose", 'v'),
        ("--exact", 'e'),
    ];
    if word.starts_with("--") {
        request.flags.extend(LONG.iter().find(|(name, _)| *name == word).map(|(_, letter)| *letter));
        return;
    }
    for letter in word.chars().skip(1) {
        match letter {
            'U' => request.update = true,
            'q' => request.quiet = true,
            'v' if request.flags.contains(&'v') => drop(request.flags.insert('V')),
            letter => drop(request.flags.insert(letter)),
        }
    }
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let (command, request) = match request(call) {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    let changes = matches!(command.as_str(), "add" | "del" | "update" | "upgrade" | "fix");
    if changes && call.m.cred.uid != 0 {
        call.err("ERROR: Unable to lock database: Permission denied\nERROR: Failed to open apk database: Permission denied\n");
        return 99;
    }
    let done = match command.as_str() {
        "update" => update(call, &request).map(|()| 0),
        "add" => add(call, &request),
        "del" => del(call, &request),
        "upgrade" => upgrade(call, &request),
        "info" => return apk_query::info(call, &request),
        "list" => return apk_query::list(call, &request),
        "search" => return apk_query::search(call, &request),
        "policy" => return apk_query::policy(call, &request),
        "fix" | "audit" | "verify" | "stats" => Ok(0),
        "version" | "dot" | "fetch" | "manifest" | "index" => {
            return call.m.not_modelled(&format!("apk {command}"));
        }
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
pub(super) fn branch(call: &mut Call<'_, '_>) -> String {
    let release = writer::text(call, "/etc/alpine-release");
    let mut parts = release.trim().split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if !major.is_empty() => format!("v{major}.{minor}"),
        _ => "v3.19".to_owned(),
    }
}

fn fetch_lines(call: &mut Call<'_, '_>, request: &Request) {
    let branch = branch(call);
    for (repository, ..) in INDEX.iter().filter(|_| !request.quiet) {
        call.out(&format!(
            "fetch https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}/x86_64/APKINDEX.tar.gz\n"
        ));
    }
}

fn write_index(call: &mut Call<'_, '_>) -> Result<(), Errno> {
    for (_, name, size) in INDEX {
        writer::described(call, &format!("/var/cache/apk/{name}"), "apk index", size)?;
    }
    call.takes(1.5);
    Ok(())
}

fn update(call: &mut Call<'_, '_>, request: &Request) -> Result<(), Errno> {
    fetch_lines(call, request);
    write_index(call)?;
    if !request.quiet {
        let branch = branch(call);
        for (repository, ..) in INDEX {
            call.out(&format!(
                "{branch}.0-1-g0 [https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}]\n"
            ));
        }
        call.out("OK: 22983 distinct packages available\n");
    }
    Ok(())
}

/// Is the index in the cache?
pub(super) fn has_index(call: &mut Call<'_, '_>) -> bool {
    let names = call.m.readdir(b"/var/cache/apk").unwrap_or_default();
    names.iter().any(|name| name.starts_with(b"APKINDEX"))
}

/// `name`, `name=1.2`, `name>1`, `name~1.2`, `name@tag`: the name.
pub(super) fn bare(word: &str) -> &str {
    word.trim_start_matches('!').split(['=', '<', '>', '~', '@']).next().unwrap_or(word)
}

/// Does a version fulfil the condition of a word? `~` asks for the beginning of it. (apk-tools `version.c`.)
fn fulfils(version: &str, word: &str) -> bool {
    let condition = &word[bare(word).len()..];
    let condition = condition.split('@').next().unwrap_or("");
    let operator = condition.find(|c| !"=<>~".contains(c)).unwrap_or(condition.len());
    let (operator, wanted) = condition.split_at(operator);
    let begins =
        version.strip_prefix(wanted).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    let order = || version::compare(version, wanted);
    match operator {
        "" => true,
        "=" | "==" => order() == Ordering::Equal,
        "~" | "~=" | "=~" => begins,
        ">" => order().is_gt(),
        ">=" => order().is_ge(),
        "<" => order().is_lt(),
        "<=" => order().is_le(),
        ">~" | "~>" => begins || order().is_gt(),
        "<~" | "~<" => begins || order().is_lt(),
        _ => false,
    }
}

fn add(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    let cached = has_index(call);
    if request.no_cache {
        fetch_lines(call, request);
    } else if request.update {
        fetch_lines(call, request);
        write_index(call)?;
    } else if !cached {
        let branch = branch(call);
        for (repository, ..) in INDEX {
            call.err(&format!("WARNING: opening from cache https://dl-cdn.alpinelinux.org/alpine/{branch}/{repository}: No such file or directory\n"));
        }
    }
    let known = request.no_cache || request.update || cached;
    let table = Table::of(Registry::Apk, &call.m.packages);
    let mut records = apk_db::records(call);
    let errors = refused(request, &table, &records, known);
    if !errors.is_empty() {
        call.err(&format!("ERROR: unable to select packages:\n{}", errors.concat()));
        return Ok((errors.len() as i32).clamp(1, 99));
    }
    let here: BTreeSet<String> = records.iter().map(|record| field(record, "P").to_owned()).collect();
    let chosen = resolve(call, &table, &request.names, &here);
    let total = chosen.len() + usize::from(request.virtual_name.is_some());
    let mut installed = Vec::new();
    for (number, package) in chosen.iter().enumerate() {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        if !request.quiet {
            let (number, name, version) = (number + 1, &package.name, &package.version);
            call.out(&format!("({number}/{total}) Installing {name} ({version})\n"));
        }
        if !request.simulate {
            records.push(apk_db::unpack(call, package)?);
        }
        installed.push((package.name.to_string(), package.version.to_string()));
    }
    if let Some(name) = &request.virtual_name {
        if !request.quiet {
            call.out(&format!("({total}/{total}) Installing {name} (20240101.000000)\n"));
        }
        records.retain(|record| field(record, "P") != name);
        records.push(format!(
            "P:{name}\nV:20240101.000000\nA:noarch\nS:0\nI:0\nT:virtual meta package\nU:\nL:\nD:{}",
            request.names.join(" ")
        ));
    }
    let mut world = apk_db::world(call);
    match &request.virtual_name {
        Some(name) => drop(world.insert(name.clone())),
        None => {
            for word in &request.names {
                world.retain(|known| bare(known) != bare(word));
                world.insert(word.clone());
            }
        }
    }
    let size = chosen.iter().fold(0u64, |sum, package| sum.saturating_add(package.size));
    finish(call, request, &records, &world, &installed)?;
    call.takes(0.8 + chosen.len() as f64 * 0.05 + size as f64 / 25e6);
    Ok(0)
}

/// The solver's errors about words: one text for each.
fn refused(request: &Request, table: &Table, records: &[String], known: bool) -> Vec<String> {
    let mut errors = Vec::new();
    for word in &request.names {
        let name = bare(word);
        let here = records.iter().find(|record| field(record, "P") == name).map(|r| field(r, "V").to_owned());
        let there = table.get(name).filter(|_| known).map(|package| package.version.to_string());
        let by = match &request.virtual_name {
            Some(name) => format!("{name}-20240101.000000[{word}]"),
            None => format!("world[{word}]"),
        };
        match (here, there) {
            (None, None) => {
                errors.push(format!("  {name} (no such package):\n    required by: {by}\n"));
            }
            (here, there) if here.iter().chain(&there).any(|version| fulfils(version, word)) => {}
            (here, there) => {
                let version = there.or(here).unwrap_or_default();
                errors.push(format!("  {name}-{version}:\n    breaks: {by}\n"));
            }
        }
    }
    errors.sort();
    errors
}

fn resolve(
    call: &mut Call<'_, '_>,
    table: &Table,
    names: &[String],
    here: &BTreeSet<String>,
) -> Vec<Arc<Package>> {
    let mut chosen: Vec<Arc<Package>> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<(Arc<Package>, bool)> =
        names.iter().rev().filter_map(|word| Some((table.get(bare(word))?, false))).collect();
    while let Some((package, done)) = open.pop() {
        if done {
            chosen.push(package);
        } else if !here.contains(&*package.name)
            && seen.insert(package.name.to_string())
            && call.m.t.fuel.spend(20)
        {
            let needed: Vec<(Arc<Package>, bool)> =
                package.depends.iter().rev().filter_map(|name| Some((table.get(name)?, false))).collect();
            open.push((package, true));
            open.extend(needed);
        }
    }
    chosen
}

/// Writes the database and says what apk says at its end.
fn finish(
    call: &mut Call<'_, '_>,
    request: &Request,
    records: &[String],
    world: &BTreeSet<String>,
    changed: &[(String, String)],
) -> Result<(), Errno> {
    if !request.simulate {
        apk_db::store(call, records)?;
        apk_db::store_world(call, world)?;
        if !changed.is_empty() {
            let size = 13_824 + 512 * changed.len() as u64;
            writer::described(call, "/lib/apk/db/scripts.tar", "apk scripts", size)?;
        }
    }
    if request.quiet {
        return Ok(());
    }
    for trigger in ["busybox", "ca-certificates"] {
        let record = records.iter().find(|record| field(record, "P") == trigger);
        let concerns = trigger == "busybox" || changed.iter().any(|(name, _)| name == trigger);
        if let Some(record) = record.filter(|_| concerns && !changed.is_empty()) {
            call.out(&format!("Executing {trigger}-{}.trigger\n", field(record, "V")));
        }
    }
    summary(call, records);
    Ok(())
}

fn summary(call: &mut Call<'_, '_>, records: &[String]) {
    let bytes: u64 = records
        .iter()
        .filter_map(|record| field(record, "I").parse::<u64>().ok())
        .fold(0, u64::saturating_add);
    call.out(&format!("OK: {} MiB in {} packages\n", bytes >> 20, records.len()));
}

fn del(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    let before = apk_db::records(call);
    let mut world = apk_db::world(call);
    for name in &request.names {
        world.retain(|word| bare(word) != bare(name));
    }
    let kept = needed(call, request, &before, &world);
    let (stay, gone): (Vec<String>, Vec<String>) =
        before.into_iter().partition(|record| kept.contains(field(record, "P")));
    let held: Vec<String> = request.names.iter().filter_map(|name| holders(name, &stay)).collect();
    if !held.is_empty() && !request.quiet {
        call.out(&format!(
            "World updated, but the following packages are not removed due to:\n{}\n",
            held.concat()
        ));
    }
    let table = Table::of(Registry::Apk, &call.m.packages);
    let gone = users_first(&table, gone);
    for (number, record) in gone.iter().enumerate() {
        if !request.quiet {
            let (name, version) = (field(record, "P"), field(record, "V"));
            call.out(&format!("({}/{}) Purging {name} ({version})\n", number + 1, gone.len()));
        }
        if !request.simulate {
            apk_db::erase(call, record)?;
        }
    }
    let changed: Vec<(String, String)> =
        gone.iter().map(|record| (field(record, "P").to_owned(), field(record, "V").to_owned())).collect();
    finish(call, request, &stay, &world, &changed)?;
    call.takes(0.3 + gone.len() as f64 * 0.02);
    Ok(0)
}

/// What the world needs; and what no package of the table brought, a base's own packages.
fn needed(
    call: &mut Call<'_, '_>,
    request: &Request,
    before: &[String],
    world: &BTreeSet<String>,
) -> BTreeSet<String> {
    let table = Table::of(Registry::Apk, &call.m.packages);
    let mut kept: BTreeSet<String> = world.iter().map(|word| bare(word).to_owned()).collect();
    let brought = |name: &str| {
        table.has(name) || request.names.iter().any(|asked| asked == name) || name.starts_with('.')
    };
    kept.extend(before.iter().map(|record| field(record, "P").to_owned()).filter(|name| !brought(name)));
    let mut open: Vec<String> = kept.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(record) = before.iter().find(|record| field(record, "P") == name) else { continue };
        for needed in needs(&table, record) {
            if kept.insert(needed.clone()) {
                open.push(needed);
            }
        }
    }
    kept
}

/// What a record needs: its own word, and the table's (a base's records may be silent).
fn needs(table: &Table, record: &str) -> Vec<String> {
    let mut names: Vec<String> =
        field(record, "D").split_whitespace().map(|word| bare(word).to_owned()).collect();
    let known = table.get(field(record, "P"));
    names.extend(known.iter().flat_map(|package| &package.depends).map(|name| name.to_string()));
    names
}

/// "  libcurl: curl git": who still needs a package that should go.
fn holders(name: &str, stay: &[String]) -> Option<String> {
    stay.iter().find(|record| field(record, "P") == name)?;
    let users: Vec<&str> = stay
        .iter()
        .filter(|record| field(record, "D").split_whitespace().any(|word| bare(word) == name))
        .map(|record| field(record, "P"))
        .collect();
    (!users.is_empty()).then(|| format!("  {name}: {}\n", users.join(" ")))
}

/// Records in the order of removal: those that need others before them.
fn users_first(table: &Table, gone: Vec<String>) -> Vec<String> {
    let mut left = gone;
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let needed: BTreeSet<String> = left.iter().flat_map(|record| needs(table, record)).collect();
        let (later, now): (Vec<String>, Vec<String>) =
            left.into_iter().partition(|record| needed.contains(field(record, "P")));
        // A circle of needs ends here.
        if now.is_empty() {
            ordered.extend(later);
            break;
        }
        ordered.extend(now);
        left = later;
    }
    ordered
}

fn upgrade(call: &mut Call<'_, '_>, request: &Request) -> Result<i32, Errno> {
    if request.no_cache || request.update || !has_index(call) {
        fetch_lines(call, request);
    }
    if !request.no_cache && (request.update || !has_index(call)) {
        write_index(call)?;
    }
    let records = apk_db::records(call);
    if !request.quiet {
        summary(call, &records);
    }
    Ok(0)
}

fn clean(call: &mut Call<'_, '_>) -> Result<i32, Errno> {
    for name in call.m.readdir(b"/var/cache/apk").unwrap_or_default() {
        call.m.unlink(&[b"/var/cache/apk/".as_slice(), &name].concat())?;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_words() {
        for (version, word, holds) in [
            ("8.5.0-r0", "curl", true),
            ("8.5.0-r0", "curl=8.5.0-r0", true),
            ("8.5.0-r0", "curl=8.5.0", false),
            ("8.5.0-r0", "curl~8.5", true),
            ("8.5.0-r0", "curl~=8.5", true),
            ("8.50.0-r0", "curl~8.5", false),
            ("8.5.0-r0", "curl>8", true),
            ("8.5.0-r0", "curl<8.5", false),
            ("8.5.0-r0", "curl>=8.5.0-r0", true),
            ("8.5.0-r0", "curl@edge", true),
        ] {
            assert_eq!(fulfils(version, word), holds, "{word}");
        }
    }
}
