//! `apt-get`, `apt`, `apt-cache`, `apt-mark`.

use super::apt_lists::{DEBIAN, Distribution, UBUNTU};
use super::table::{self, Package};
use super::{dpkg, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use std::collections::BTreeSet;

const LISTS: &str = "/var/lib/apt/lists";

fn distribution(call: &mut Call<'_, '_>) -> &'static Distribution {
    let release = writer::text(call, "/etc/os-release");
    if release.lines().any(|line| line == format!("ID={}", UBUNTU.id)) { &UBUNTU } else { &DEBIAN }
}

/// What was asked for.
#[derive(Default)]
struct Request {
    yes: bool,
    recommends: bool,
    quiet: u32,
    names: Vec<String>,
    download_only: bool,
    dry: bool,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut request = Request { recommends: true, ..Request::default() };
    let mut command = None;
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-y" | "--yes" | "--assume-yes" => request.yes = true,
            "--no-install-recommends" => request.recommends = false,
            "--install-recommends" => request.recommends = true,
            "-q" | "--quiet" => request.quiet += 1,
            "-qq" => {
                request.quiet += 2;
                request.yes = true;
            }
            "-d" | "--download-only" => request.download_only = true,
            "-s" | "--dry-run" | "--simulate" => request.dry = true,
            "-o" | "-t" | "-c" | "--option" | "--target-release" => drop(words.next()),
            word if word.starts_with('-') && !word.starts_with("--") => {
                request.yes |= word.contains('y');
                request.quiet += word.chars().filter(|c| *c == 'q').count() as u32;
            }
            word if word.starts_with('-') => {}
            word if command.is_none() => command = Some(word.to_owned()),
            word => request.names.push(word.to_owned()),
        }
    }
    let command = command.unwrap_or_default();
    if call.name == "apt" && !matches!(command.as_str(), "list" | "search" | "show") {
        call.err("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n");
    }
    let changes = matches!(
        command.as_str(),
        "update"
            | "install"
            | "remove"
            | "purge"
            | "autoremove"
            | "upgrade"
            | "dist-upgrade"
            | "full-upgrade"
            | "clean"
            | "reinstall"
    );
    if changes && call.m.cred.uid != 0 {
        let file =
            if command == "update" { "/var/lib/apt/lists/lock" } else { "/var/lib/dpkg/lock-frontend" };
        call.err(&format!("E: Could not open lock file {file} - open (13: Permission denied)\n"));
        return 100;
    }
    let done = match command.as_str() {
        "update" => update(call, &request),
        "install" | "reinstall" => install(call, &request),
        "upgrade" | "dist-upgrade" | "full-upgrade" => upgrade(call),
        "remove" | "purge" => remove(call, &request, command == "purge"),
        "autoremove" | "autopurge" => autoremove(call),
        "clean" | "autoclean" | "distclean" => clean(call),
        "list" | "search" | "show" | "policy" => return cache(call),
        "download" | "source" | "build-dep" | "changelog" => {
            return call.m.not_modelled(&format!("{} {command}", call.name));
        }
        "" => {
            call.err("apt 2.4.11 (amd64)\nUsage: apt-get [options] command\n");
            return 1;
        }
        other => {
            call.err(&format!("E: Invalid operation {other}\n"));
            return 100;
        }
    };
    done.unwrap_or_else(|errno| {
        let message = call.m.message(errno);
        call.err(&format!("E: Write error - write ({}: {message})\n", errno.number()));
        100
    })
}

type Done = Result<i32, Errno>;

fn update(call: &mut Call<'_, '_>, request: &Request) -> Done {
    let distribution = distribution(call);
    if request.quiet < 2 {
        for line in distribution.hits {
            call.out(&format!("{line}\n"));
        }
        call.out(&format!("{}\nReading package lists...\n", distribution.fetched));
    }
    for (name, size) in distribution.lists {
        writer::described(call, &format!("{LISTS}/{name}"), distribution.id, *size)?;
    }
    writer::file(call, &format!("{LISTS}/lock"), Contents::EMPTY, 0o640)?;
    writer::directories(call, format!("{LISTS}/partial").as_bytes())?;
    call.takes(6.0);
    Ok(0)
}

fn have_lists(call: &mut Call<'_, '_>) -> bool {
    let names = call.m.readdir(LISTS.as_bytes()).unwrap_or_default();
    names.iter().any(|name| name.windows(8).any(|part| part == b"Packages"))
}

/// The packages to install for these names, dependencies first; an unknown name is the error.
fn resolve<'t>(
    names: &[(String, Option<String>)],
    installed: &BTreeSet<String>,
    recommends: bool,
) -> Result<Vec<&'t Package>, String> {
    let table = table::debian();
    let mut chosen: Vec<&Package> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    // (package, its dependencies are done)
    let mut open: Vec<(&Package, bool)> = Vec::new();
    for (name, version) in names.iter().rev() {
        let package = table
            .get(name.as_str())
            .filter(|_| true)
            .ok_or_else(|| format!("E: Unable to locate package {name}"))?;
        if let Some(version) = version {
            let pattern = crate::shell::pattern::Pattern::new(version);
            if !pattern.matches_text(package.version) {
                return Err(format!("E: Version '{version}' for '{name}' was not found"));
            }
        }
        open.push((package, false));
    }
    while let Some((package, done)) = open.pop() {
        if done {
            chosen.push(package);
            continue;
        }
        if installed.contains(package.name) || !seen.insert(package.name) {
            continue;
        }
        open.push((package, true));
        let more = if recommends { &package.recommends[..] } else { &[] };
        for name in package.depends.iter().chain(more).rev() {
            // What the table lacks is a part of every base.
            if let Some(needed) = table.get(name) {
                open.push((needed, false));
            }
        }
    }
    Ok(chosen)
}

fn install(call: &mut Call<'_, '_>, request: &Request) -> Done {
    let mut names = Vec::new();
    for word in &request.names {
        let word = word.split(['/', '+']).next().unwrap_or(word);
        match word.split_once('=') {
            Some((name, version)) => names.push((name.to_owned(), Some(version.to_owned()))),
            None => names.push((word.trim_end_matches(":amd64").to_owned(), None)),
        }
    }
    if request.quiet < 2 {
        call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...\n");
    }
    if let Some(file) = names.iter().find(|(name, _)| name.starts_with("./") || name.ends_with(".deb")) {
        return Ok(call.m.not_modelled(&format!("apt-get install {}", file.0)));
    }
    let installed: BTreeSet<String> = dpkg::installed(call).into_iter().map(|package| package.name).collect();
    let lists = have_lists(call);
    let unknown: Vec<&str> = names
        .iter()
        .filter(|(name, _)| {
            !installed.contains(name) && (!lists || !table::debian().contains_key(name.as_str()))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if !unknown.is_empty() {
        for name in unknown {
            call.err(&format!("E: Unable to locate package {name}\n"));
        }
        return Ok(100);
    }
    let wanted: Vec<(String, Option<String>)> =
        names.iter().filter(|(name, _)| !installed.contains(name)).cloned().collect();
    for (name, _) in names.iter().filter(|(name, _)| installed.contains(name)) {
        call.out(&format!("{name} is already the newest version.\n"));
    }
    let chosen = match resolve(&wanted, &installed, request.recommends) {
        Ok(chosen) => chosen,
        Err(message) => {
            call.err(&format!("{message}\n"));
            return Ok(100);
        }
    };
    announce(call, request, &chosen, &wanted);
    if chosen.is_empty() || request.dry {
        return Ok(0);
    }
    if !request.yes {
        // Nobody answers on standard input.
        call.out("Do you want to continue? [Y/n] Abort.\n");
        return Ok(1);
    }
    let manual: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    put_in_place(call, request, &chosen, &manual)?;
    Ok(0)
}

fn announce(
    call: &mut Call<'_, '_>,
    request: &Request,
    chosen: &[&Package],
    wanted: &[(String, Option<String>)],
) {
    if request.quiet >= 2 {
        return;
    }
    let mut names: Vec<&str> = chosen.iter().map(|package| package.name).collect();
    names.sort_unstable();
    let extra: Vec<&str> =
        names.iter().copied().filter(|name| !wanted.iter().any(|(asked, _)| asked == name)).collect();
    if !extra.is_empty() {
        call.out(&format!("The following additional packages will be installed:\n  {}\n", extra.join(" ")));
    }
    if !names.is_empty() {
        call.out(&format!("The following NEW packages will be installed:\n  {}\n", names.join(" ")));
    }
    call.out(&format!("0 upgraded, {} newly installed, 0 to remove and 0 not upgraded.\n", names.len()));
    if !names.is_empty() {
        let size: u64 = chosen.iter().map(|package| package.size).sum();
        call.out(&format!(
            "Need to get {} of archives.\nAfter this operation, {} of additional disk space will be used.\n",
            amount(size * 3 / 10),
            amount(size)
        ));
    }
}

/// KiB as apt writes them.
fn amount(kib: u64) -> String {
    let bytes = kib * 1024;
    if bytes >= 100_000_000 {
        format!("{} MB", bytes / 1_000_000)
    } else if bytes >= 1_000_000 {
        format!("{:.1} MB", bytes as f64 / 1e6)
    } else {
        format!("{} kB", bytes / 1000)
    }
}

fn put_in_place(
    call: &mut Call<'_, '_>,
    request: &Request,
    chosen: &[&Package],
    manual: &[&str],
) -> Result<(), Errno> {
    let keeps = !writer::text(call, "/etc/apt/apt.conf.d/docker-clean").contains("archives");
    for (number, package) in chosen.iter().enumerate() {
        if request.quiet == 0 && chosen.len() <= 40 {
            call.out(&format!("Get:{} {} {} amd64\n", number + 1, package.name, package.version));
        }
        if keeps || request.download_only {
            let archive = format!(
                "/var/cache/apt/archives/{}_{}_amd64.deb",
                package.name,
                package.version.replace(':', "%3a")
            );
            writer::described(call, &archive, "deb", package.size * 1024 * 3 / 10)?;
        }
    }
    if request.download_only {
        return Ok(());
    }
    for package in chosen {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        dpkg::unpack(call, package)?;
        if request.quiet < 2 {
            call.out(&format!("Setting up {} ({}) ...\n", package.name, package.version));
        }
    }
    dpkg::register(call, chosen)?;
    let automatic: String = chosen
        .iter()
        .filter(|package| !manual.contains(&package.name))
        .map(|package| format!("Package: {}\nArchitecture: amd64\nAuto-Installed: 1\n\n", package.name))
        .collect();
    writer::directories(call, b"/var/lib/apt")?;
    writer::append(call, "/var/lib/apt/extended_states", &automatic)?;
    let log: String =
        chosen.iter().map(|package| format!("{}:amd64 ({}), ", package.name, package.version)).collect();
    writer::directories(call, b"/var/log/apt")?;
    writer::append(
        call,
        "/var/log/apt/history.log",
        &format!(
            "\nStart-Date: 2024-01-01  00:00:00\nInstall: {}\nEnd-Date: 2024-01-01  00:00:00\n",
            log.trim_end_matches(", ")
        ),
    )?;
    writer::append(
        call,
        "/var/log/dpkg.log",
        &chosen
            .iter()
            .map(|package| {
                format!("2024-01-01 00:00:00 status installed {}:amd64 {}\n", package.name, package.version)
            })
            .collect::<String>(),
    )?;
    if request.quiet < 2 {
        call.out("Processing triggers for libc-bin ...\n");
    }
    writer::described(call, "/etc/ld.so.cache", "ld.so.cache", 8_000 + 60 * chosen.len() as u64)?;
    let size: u64 = chosen.iter().map(|package| package.size).sum();
    call.takes(2.0 + chosen.len() as f64 * 0.15 + size as f64 / 12_000.0);
    Ok(())
}

fn upgrade(call: &mut Call<'_, '_>) -> Done {
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...\nCalculating upgrade...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
    Ok(0)
}

fn remove(call: &mut Call<'_, '_>, request: &Request, purge: bool) -> Done {
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...\n");
    let installed = dpkg::installed(call);
    let mut gone: Vec<String> = Vec::new();
    for name in &request.names {
        let pattern = crate::shell::pattern::Pattern::new(name);
        let found: Vec<String> = installed
            .iter()
            .filter(|package| pattern.matches_text(&package.name))
            .map(|package| package.name.clone())
            .collect();
        if found.is_empty() {
            if table::debian().contains_key(name.as_str()) || name.contains('*') {
                call.out(&format!("Package '{name}' is not installed, so not removed\n"));
            } else {
                call.err(&format!("E: Unable to locate package {name}\n"));
                return Ok(100);
            }
        }
        gone.extend(found);
    }
    // What needs a removed package goes with it.
    loop {
        let more: Vec<String> = installed
            .iter()
            .filter(|package| !gone.contains(&package.name))
            .filter(|package| {
                table::debian()
                    .get(package.name.as_str())
                    .is_some_and(|p| p.depends.iter().any(|d| gone.iter().any(|g| g == d)))
            })
            .map(|package| package.name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        gone.extend(more);
    }
    take_away(call, &gone, request.yes, purge)
}

fn take_away(call: &mut Call<'_, '_>, gone: &[String], yes: bool, purge: bool) -> Done {
    if !gone.is_empty() {
        let star = if purge { "*" } else { "" };
        let names: Vec<String> = gone.iter().map(|name| format!("{name}{star}")).collect();
        call.out(&format!("The following packages will be REMOVED:\n  {}\n", names.join(" ")));
    }
    call.out(&format!("0 upgraded, 0 newly installed, {} to remove and 0 not upgraded.\n", gone.len()));
    if gone.is_empty() {
        return Ok(0);
    }
    if !yes {
        call.out("Do you want to continue? [Y/n] Abort.\n");
        return Ok(1);
    }
    for name in gone {
        call.out(&format!("Removing {name} ...\n"));
        dpkg::erase(call, name, purge)?;
    }
    dpkg::unregister(call, gone)?;
    call.takes(1.0 + gone.len() as f64 * 0.1);
    Ok(0)
}

fn autoremove(call: &mut Call<'_, '_>) -> Done {
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...\n");
    let states = writer::text(call, "/var/lib/apt/extended_states");
    let automatic: BTreeSet<&str> = states
        .split("\n\n")
        .filter(|record| record.contains("Auto-Installed: 1"))
        .filter_map(|record| record.lines().find_map(|line| line.strip_prefix("Package: ")))
        .collect();
    let installed: Vec<String> = dpkg::installed(call).into_iter().map(|package| package.name).collect();
    let mut kept: BTreeSet<&str> =
        installed.iter().map(String::as_str).filter(|name| !automatic.contains(name)).collect();
    let mut open: Vec<&str> = kept.iter().copied().collect();
    while let Some(name) = open.pop() {
        let Some(package) = table::debian().get(name) else { continue };
        for needed in package.depends.iter().chain(&package.recommends) {
            if kept.insert(needed) {
                open.push(needed);
            }
        }
    }
    let gone: Vec<String> = installed.iter().filter(|name| !kept.contains(name.as_str())).cloned().collect();
    take_away(call, &gone, true, false)
}

fn clean(call: &mut Call<'_, '_>) -> Done {
    for dir in ["/var/cache/apt/archives", "/var/cache/apt/archives/partial", "/var/cache/apt"] {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            if name.ends_with(b".deb") || name.ends_with(b".bin") {
                call.m.unlink(&[dir.as_bytes(), b"/", &name].concat())?;
            }
        }
    }
    Ok(0)
}

/// `apt-cache policy|show|search`.
pub(in super::super) fn cache(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let [command, names @ ..] = &words[..] else { return 1 };
    let lists = have_lists(call);
    let installed = dpkg::installed(call);
    for name in names {
        let known = table::debian().get(name.as_str()).filter(|_| lists);
        let here = installed.iter().find(|package| package.name == *name);
        match (command.as_str(), known, here) {
            ("policy" | "madison", known, here) if known.is_some() || here.is_some() => {
                let version = here.map_or("(none)", |package| package.version.as_str()).to_owned();
                let candidate = known.map_or(version.as_str(), |package| package.version);
                call.out(&format!("{name}:\n  Installed: {version}\n  Candidate: {candidate}\n"));
            }
            ("search", ..) => {
                let mut found: Vec<&str> =
                    table::debian().keys().copied().filter(|known| known.contains(name.as_str())).collect();
                found.sort_unstable();
                for known in found.into_iter().filter(|_| lists) {
                    call.out(&format!("{known} - package {known}\n"));
                }
            }
            (_, Some(package), _) => {
                call.out(&format!(
                    "Package: {}\nVersion: {}\nInstalled-Size: {}\nDepends: {}\n\n",
                    package.name,
                    package.version,
                    package.size,
                    package.depends.join(", ")
                ));
            }
            _ => {
                call.err(&format!("N: Unable to locate package {name}\nE: No packages found\n"));
                return 100;
            }
        }
    }
    if command == "list" {
        for package in installed {
            call.out(&format!("{}/now {} amd64 [installed,local]\n", package.name, package.version));
        }
    }
    0
}

/// `apt-mark auto|manual|hold …`.
pub(in super::super) fn mark(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let [command, names @ ..] = &words[..] else { return 1 };
    let file = "/var/lib/apt/extended_states";
    let states = writer::text(call, file);
    let mut records: Vec<String> =
        states.split("\n\n").filter(|r| !r.trim().is_empty()).map(|r| r.trim().to_owned()).collect();
    let of = |record: &str, name: &str| record.lines().next() == Some(&format!("Package: {name}"));
    match command.as_str() {
        "showmanual" | "showauto" => {
            let automatic =
                |name: &str| records.iter().any(|r| of(r, name) && r.contains("Auto-Installed: 1"));
            for package in dpkg::installed(call) {
                if automatic(&package.name) == (command == "showauto") {
                    call.out(&format!("{}\n", package.name));
                }
            }
            return 0;
        }
        "auto" | "manual" => {
            let all: Vec<String> = dpkg::installed(call).into_iter().map(|package| package.name).collect();
            let wanted: Vec<String> = names
                .iter()
                .flat_map(|name| {
                    let pattern = crate::shell::pattern::Pattern::new(name);
                    all.iter().filter(move |known| pattern.matches_text(known)).cloned()
                })
                .collect();
            records.retain(|record| !wanted.iter().any(|name| of(record, name)));
            if command == "auto" {
                records.extend(
                    wanted
                        .iter()
                        .map(|name| format!("Package: {name}\nArchitecture: amd64\nAuto-Installed: 1")),
                );
            }
            for name in &wanted {
                let how = if command == "auto" { "automatically" } else { "manually" };
                call.out(&format!("{name} set to {how} installed.\n"));
            }
        }
        _ => {
            for name in names {
                call.out(&format!("{name} set on {command}.\n"));
            }
            return 0;
        }
    }
    let mut after = records.join("\n\n");
    if !after.is_empty() {
        after.push_str("\n\n");
    }
    match writer::file(call, file, Contents::text(&after), 0o644) {
        Ok(()) => 0,
        Err(errno) => call.fail_errno(file, errno),
    }
}
