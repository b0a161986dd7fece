//! `apt-get install`: which packages, what is said about them, and how they land.

use super::apt::{Apt, Done, READING, STATES, amount, columns, have_lists};
use super::dpkg_db::{self, Installed};
use super::table::{Package, Text};
use super::writer;
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A word of the command line: a name, and the version it is pinned to.
struct Asked {
    name: String,
    version: Option<String>,
}

/// Names that several packages provide and none has: Debian 12's.
const VIRTUAL: [(&str, &[&str]); 5] = [
    ("awk", &["original-awk", "mawk", "gawk"]),
    ("netcat", &["netcat-openbsd", "netcat-traditional"]),
    ("mail-transport-agent", &["postfix", "exim4-daemon-light"]),
    ("java-runtime-headless", &["openjdk-17-jre-headless", "default-jre-headless"]),
    ("libz-dev", &["zlib1g-dev"]),
];

/// Names that went: what replaces them.
const REPLACED: [(&str, &str); 2] = [("python", "python-is-python3 2to3"), ("python-pip", "python3-pip")];

/// `name`, `name=version`, `name/suite`, `name:amd64`, `name+`.
fn asked(apt: &Apt, word: &str) -> Asked {
    let (name, version) = match word.split_once('=') {
        Some((name, version)) => (name, Some(version.to_owned())),
        None => (word.split('/').next().unwrap_or(word), None),
    };
    let name = name.strip_suffix(":amd64").or_else(|| name.strip_suffix(":any")).unwrap_or(name);
    let name = match name.strip_suffix('+') {
        Some(shorter) if !apt.table.has(name) => shorter,
        _ => name,
    };
    Asked { name: name.to_owned(), version }
}

pub(super) fn install(call: &mut Call<'_, '_>, apt: &mut Apt) -> Done {
    let words = std::mem::take(&mut apt.request.names);
    if let Some(file) = words.iter().find(|word| word.contains('/') && word.ends_with(".deb")) {
        apt.say(call, "Reading package lists...\n");
        if call.m.stat(file.as_bytes()).is_err() {
            call.err(&format!("E: Unsupported file {file} given on commandline\n"));
            return Ok(100);
        }
        return Ok(call.m.not_modelled(&format!("{} install {file}", call.name)));
    }
    apt.say(call, READING);
    let installed = dpkg_db::installed(call);
    let here: BTreeMap<&str, &Installed> = installed.iter().map(|p| (p.name.as_str(), p)).collect();
    let lists = have_lists(call);
    let asked = globs(call, apt, words.iter().map(|word| asked(apt, word)).collect(), lists);
    let errors = refused(call, apt, &asked, &here, lists);
    if !errors.is_empty() {
        call.err(&errors);
        return Ok(100);
    }
    already(call, apt, &asked, &here)?;
    let wanted: Vec<&Asked> = asked
        .iter()
        .filter(|asked| apt.request.reinstall || !here.contains_key(asked.name.as_str()))
        .collect();
    let wanted = if apt.request.only_upgrade { Vec::new() } else { wanted };
    let chosen = resolve(call, apt, &wanted, &here);
    if let Some(broken) = unmet(apt, &chosen, &here) {
        apt.say(call, BROKEN);
        apt.say(call, &broken);
        call.err("E: Unable to correct problems, you have held broken packages.\n");
        return Ok(100);
    }
    let names: BTreeSet<&str> = wanted.iter().map(|asked| asked.name.as_str()).collect();
    announce(call, apt, &chosen, &names, &here);
    if chosen.is_empty() || apt.request.dry {
        return Ok(0);
    }
    // apt asks when it does more than it was told.
    if !apt.request.yes && chosen.iter().any(|package| !names.contains(&*package.name)) || apt.request.no {
        call.out("Do you want to continue? [Y/n] Abort.\n");
        return Ok(1);
    }
    put_in_place(call, apt, &chosen, &names)?;
    Ok(0)
}

const BROKEN: &str = "Some packages could not be installed. This may mean that you have\nrequested an impossible situation or if you are using the unstable\ndistribution that some required packages have not yet been created\nor been moved out of Incoming.\nThe following information may help to resolve the situation:\n\n";

/// Names that only one package provides: apt takes it.
const PROVIDED: [(&str, &str); 1] = [("libc-dev", "libc6-dev")];

/// `'php8.2-*'` stands for all names that match.
fn globs(call: &mut Call<'_, '_>, apt: &Apt, asked: Vec<Asked>, lists: bool) -> Vec<Asked> {
    let mut all = Vec::new();
    for mut word in asked {
        if let Some((_, real)) = PROVIDED.iter().find(|(name, _)| *name == word.name).filter(|_| lists) {
            apt.say(call, &format!("Note, selecting '{real}' instead of '{}'\n", word.name));
            (*real).clone_into(&mut word.name);
        }
        if !lists || !word.name.contains(['*', '?']) {
            all.push(word);
            continue;
        }
        let pattern = Pattern::new(&word.name);
        let found: Vec<String> =
            apt.table.names().into_iter().filter(|name| pattern.matches_text(name)).collect();
        for name in &found {
            apt.say(call, &format!("Note, selecting '{name}' for glob '{}'\n", word.name));
        }
        if found.is_empty() {
            all.push(word);
        } else {
            all.extend(found.into_iter().map(|name| Asked { name, version: None }));
        }
    }
    all
}

/// The errors about names and versions, in the order of the words; what apt explains before them is said.
fn refused(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    asked: &[Asked],
    here: &BTreeMap<&str, &Installed>,
    lists: bool,
) -> String {
    let mut errors = String::new();
    for Asked { name, version } in asked {
        let known = apt.table.get(name).filter(|_| lists);
        let own = here.get(name.as_str()).map(|package| package.version.clone());
        match (known, own, version) {
            (None, None, _) => errors.push_str(&unknown(call, apt, name, lists)),
            (_, _, None) => {}
            (known, own, Some(version)) => {
                let pattern = Pattern::new(version);
                let there = known.map(|package| package.version.to_string());
                if !there.iter().chain(&own).any(|version| pattern.matches_text(version)) {
                    if apt.distribution.says_unavailable {
                        apt.say(call, &unavailable(name));
                        apt.say(call, "\n");
                    }
                    errors.push_str(&format!("E: Version '{version}' for '{name}' was not found\n"));
                }
            }
        }
    }
    errors
}

fn unavailable(name: &str) -> String {
    format!(
        "Package {name} is not available, but is referred to by another package.\nThis may mean that the package is missing, has been obsoleted, or\nis only available from another source\n"
    )
}

/// The error about a name that no package has.
fn unknown(call: &mut Call<'_, '_>, apt: &Apt, name: &str, lists: bool) -> String {
    let debian = lists && apt.distribution.id == "debian";
    if let Some((_, providers)) = VIRTUAL.iter().find(|(known, _)| debian && *known == name) {
        apt.say(call, &format!("Package {name} is a virtual package provided by:\n"));
        for provider in *providers {
            if let Some(package) = apt.table.get(provider) {
                apt.say(call, &format!("  {provider} {}\n", package.version));
            }
        }
        apt.say(call, "\n");
        return format!("E: Package '{name}' has no installation candidate\n");
    }
    if let Some((_, others)) = REPLACED.iter().find(|(known, _)| debian && *known == name) {
        apt.say(call, &unavailable(name));
        apt.say(call, &format!("However the following packages replace it:\n  {others}\n\n"));
        return format!("E: Package '{name}' has no installation candidate\n");
    }
    let mut errors = format!("E: Unable to locate package {name}\n");
    // Such a name could be a pattern, too.
    if name.contains(['*', '?', '.']) {
        errors.push_str(&format!(
            "E: Couldn't find any package by glob '{name}'\nE: Couldn't find any package by regex '{name}'\n"
        ));
    }
    errors
}

/// Says which are here, and that they are wanted from now on.
fn already(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    asked: &[Asked],
    here: &BTreeMap<&str, &Installed>,
) -> Result<(), Errno> {
    if apt.request.reinstall {
        return Ok(());
    }
    let states = writer::text(call, STATES);
    let mut records: Vec<&str> = states.split("\n\n").filter(|record| !record.trim().is_empty()).collect();
    let before = records.len();
    for Asked { name, .. } in asked {
        let Some(package) = here.get(name.as_str()) else { continue };
        apt.say(call, &format!("{name} is already the newest version ({}).\n", package.version));
        let of =
            |record: &&str| dpkg_db::field(record, "Package") == name && record.contains("Auto-Installed: 1");
        if records.iter().any(of) {
            apt.say(call, &format!("{name} set to manually installed.\n"));
            records.retain(|record| !of(record));
        }
    }
    if records.len() < before && !apt.request.dry {
        let text: String = records.iter().map(|record| format!("{}\n\n", record.trim())).collect();
        writer::file(call, STATES, Contents::text(&text), 0o644)?;
    }
    Ok(())
}

/// The packages to install for these names, dependencies first.
fn resolve(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    wanted: &[&Asked],
    here: &BTreeMap<&str, &Installed>,
) -> Vec<Arc<Package>> {
    let mut chosen: Vec<Arc<Package>> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    // (package, its dependencies are done)
    let mut open: Vec<(Arc<Package>, bool)> =
        wanted.iter().rev().filter_map(|asked| Some((apt.table.get(&asked.name)?, false))).collect();
    while let Some((package, done)) = open.pop() {
        if done {
            chosen.push(package);
            continue;
        }
        let asked = wanted.iter().any(|asked| asked.name == package.name);
        let present = here.contains_key(&*package.name) && !(asked && apt.request.reinstall);
        if present || !seen.insert(package.name.to_string()) || !call.m.t.fuel.spend(20) {
            continue;
        }
        let more: &[Text] = if apt.request.recommends { &package.recommends } else { &[] };
        // What the table lacks is a part of every base.
        let needed: Vec<(Arc<Package>, bool)> = (package.depends.iter().chain(more).rev())
            .filter_map(|name| Some((apt.table.get(name)?, false)))
            .collect();
        open.push((package, true));
        open.extend(needed);
    }
    chosen
}

/// What a taught package needs and nobody has: apt's lines about it.
fn unmet(apt: &Apt, chosen: &[Arc<Package>], here: &BTreeMap<&str, &Installed>) -> Option<String> {
    let mut lines = String::new();
    for package in chosen.iter().filter(|package| package.taught) {
        let missing =
            (package.depends.iter()).filter(|name| !apt.table.has(name) && !here.contains_key(&***name));
        for (at, name) in missing.enumerate() {
            let start = if at == 0 { format!(" {} :", package.name) } else { String::new() };
            let width = package.name.len() + 3;
            lines.push_str(&format!("{start:width$} Depends: {name} but it is not installable\n"));
        }
    }
    (!lines.is_empty()).then_some(lines)
}

fn announce(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    chosen: &[Arc<Package>],
    asked: &BTreeSet<&str>,
    here: &BTreeMap<&str, &Installed>,
) {
    let mut sorted: Vec<&Arc<Package>> = chosen.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let names: Vec<String> = sorted.iter().map(|package| package.name.to_string()).collect();
    let block = |title: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("{title}\n{}", columns(names)),
    };
    let extra: Vec<String> = names.iter().filter(|name| !asked.contains(name.as_str())).cloned().collect();
    let absent = |name: &str| !here.contains_key(name) && names.binary_search(&name.to_owned()).is_err();
    let hints = |list: &dyn Fn(&Package) -> Vec<Text>| -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for hint in sorted.iter().flat_map(|package| list(package)) {
            let text = hint.replace('|', " | ");
            if hint.split('|').all(|name| absent(name.split(':').next().unwrap_or(name)))
                && !found.contains(&text)
            {
                found.push(text);
            }
        }
        found
    };
    let mut text = block("The following additional packages will be installed:", &extra);
    text.push_str(&block("Suggested packages:", &hints(&|package| package.suggests.clone())));
    text.push_str(&block("Recommended packages:", &hints(&|package| package.recommends.clone())));
    text.push_str(&block("The following NEW packages will be installed:", &names));
    text.push_str(&format!("0 upgraded, {} newly installed, 0 to remove and 0 not upgraded.\n", names.len()));
    if !names.is_empty() && !apt.request.dry {
        let bytes = |of: &dyn Fn(&Package) -> u64| {
            amount(chosen.iter().fold(0, |sum: u64, package| sum.saturating_add(of(package))))
        };
        text.push_str(&format!(
            "Need to get {} of archives.\nAfter this operation, {} of additional disk space will be used.\n",
            bytes(&|package| package.archive),
            bytes(&|package| package.size)
        ));
    }
    if apt.request.dry {
        for package in chosen {
            text.push_str(&format!("Inst {} ({} {})\n", package.name, package.version, apt.suite));
        }
        for package in chosen {
            text.push_str(&format!("Conf {} ({} {})\n", package.name, package.version, apt.suite));
        }
    }
    apt.say(call, &text);
}

/// The name of a package's archive: `name_version_arch.deb`, colons written out.
fn archive(package: &Package) -> String {
    format!("{}_{}_{}.deb", package.name, package.version.replace(':', "%3a"), package.arch())
}

fn fetch(call: &mut Call<'_, '_>, apt: &Apt, chosen: &[Arc<Package>]) -> Result<(), Errno> {
    let keeps = !writer::text(call, "/etc/apt/apt.conf.d/docker-clean").contains("archives");
    let total = chosen.iter().fold(0u64, |sum, package| sum.saturating_add(package.archive));
    let (site, mut text) = (apt.named(apt.distribution.site), String::new());
    for (number, package) in chosen.iter().enumerate() {
        text.push_str(&format!(
            "Get:{} {site}/main amd64 {} {} {} [{}]\n",
            number + 1,
            package.name,
            package.arch(),
            package.version,
            amount(package.archive)
        ));
        if keeps || apt.request.download_only {
            let at = format!("/var/cache/apt/archives/{}", archive(package));
            writer::described(call, &at, "deb", package.archive)?;
        }
    }
    let seconds = 1 + total / 12_000_000;
    text.push_str(&format!("Fetched {} in {seconds}s ({}/s)\n", amount(total), amount(total / seconds)));
    apt.say(call, &text);
    writer::file(call, "/var/cache/apt/archives/lock", Contents::EMPTY, 0o640)?;
    writer::directories(call, b"/var/cache/apt/archives/partial").map(drop)
}

fn put_in_place(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    chosen: &[Arc<Package>],
    asked: &BTreeSet<&str>,
) -> Result<(), Errno> {
    fetch(call, apt, chosen)?;
    if apt.request.download_only {
        apt.say(call, "Download complete and in download only mode\n");
        return Ok(());
    }
    let tables = dpkg_db::installed(call);
    let has = |name: &str| tables.iter().any(|package| package.name == name);
    if !has("apt-utils") {
        call.err("debconf: delaying package configuration, since apt-utils is not installed\n");
    }
    let files = dpkg_db::count_paths(call);
    let (mut libraries, mut lines) = (false, Vec::new());
    for (number, package) in chosen.iter().enumerate() {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let mut text = format!("Selecting previously unselected package {}.\n", package.full_name());
        if number == 0 {
            text.push_str(&format!(
                "(Reading database ... {files} files and directories currently installed.)\n"
            ));
        }
        let shown = shown_archive(package, number, chosen.len());
        let (name, version) = (package.full_name(), &package.version);
        text.push_str(&format!("Preparing to unpack .../{shown} ...\nUnpacking {name} ({version}) ...\n"));
        call.out(&text);
        let unpacked = dpkg_db::unpack(call, package)?;
        libraries |= unpacked.libraries;
        lines.push(unpacked.lines);
    }
    dpkg_db::register(call, chosen)?;
    for (package, lines) in chosen.iter().zip(lines) {
        call.out(&format!("Setting up {} ({}) ...\n{lines}", package.full_name(), package.version));
    }
    triggers(call, libraries, chosen)?;
    note(call, chosen, asked)?;
    let size = chosen.iter().fold(0u64, |sum, package| sum.saturating_add(package.size));
    call.takes(2.0 + chosen.len() as f64 * 0.15 + size as f64 / 12e6);
    Ok(())
}

/// The archive's path as dpkg shortens it to 30 characters; five archives and more are numbered
/// (apt's `dpkg::install::recursive::minimum`).
fn shown_archive(package: &Package, number: usize, count: usize) -> String {
    let archive = archive(package);
    if count >= 5 {
        let digits = (count - 1).to_string().len();
        return format!("{number:0digits$}-{archive}");
    }
    let longer = format!("archives/{archive}");
    if longer.len() <= 30 { longer } else { archive }
}

/// What installed packages do when others come or go.
pub(super) fn triggers(
    call: &mut Call<'_, '_>,
    libraries: bool,
    chosen: &[Arc<Package>],
) -> Result<(), Errno> {
    let installed = dpkg_db::installed(call);
    let version = |name: &str| installed.iter().find(|p| p.name == name).map(|p| p.version.clone());
    if let Some(version) = version("libc-bin").filter(|_| libraries) {
        call.out(&format!("Processing triggers for libc-bin ({version}) ...\n"));
        writer::described(call, "/etc/ld.so.cache", "ld.so.cache", 4_000 + 60 * installed.len() as u64)?;
    }
    if let Some(package) = chosen.iter().find(|package| package.name == "ca-certificates") {
        call.out(&format!(
            "Processing triggers for ca-certificates ({}) ...\nUpdating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\nRunning hooks in /etc/ca-certificates/update.d...\ndone.\n",
            package.version
        ));
    }
    Ok(())
}

/// What apt writes down: which came along by themselves, and its logs.
fn note(call: &mut Call<'_, '_>, chosen: &[Arc<Package>], asked: &BTreeSet<&str>) -> Result<(), Errno> {
    let automatic: String = chosen
        .iter()
        .filter(|package| !asked.contains(&*package.name))
        .map(|package| format!("Package: {}\nArchitecture: amd64\nAuto-Installed: 1\n\n", package.name))
        .collect();
    writer::directories(call, b"/var/lib/apt")?;
    writer::append(call, STATES, &automatic)?;
    let entry = |package: &Arc<Package>| {
        let mark = if asked.contains(&*package.name) { "" } else { ", automatic" };
        format!("{}:amd64 ({}{mark})", package.name, package.version)
    };
    let list: Vec<String> = chosen.iter().map(entry).collect();
    let line = call.argv.join(" ");
    writer::directories(call, b"/var/log/apt")?;
    writer::append(
        call,
        "/var/log/apt/history.log",
        &format!(
            "\nStart-Date: 2024-01-01  00:00:00\nCommandline: {line}\nInstall: {}\nEnd-Date: 2024-01-01  00:00:00\n",
            list.join(", ")
        ),
    )?;
    let log: String = chosen
        .iter()
        .map(|p| format!("2024-01-01 00:00:00 status installed {}:{} {}\n", p.name, p.arch(), p.version))
        .collect();
    writer::append(call, "/var/log/dpkg.log", &log)
}
