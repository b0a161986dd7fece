//! `apt-get remove`, `purge`, `autoremove`.

use super::apt::{Apt, Done, READING, STATES, amount, columns};
use super::dpkg_db::{self, Installed};
use super::{apt_install, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn remove(call: &mut Call<'_, '_>, apt: &Apt, purge: bool) -> Done {
    apt.say(call, READING);
    let all = dpkg_db::all(call);
    let mut gone: BTreeSet<String> = BTreeSet::new();
    let mut errors = String::new();
    for name in &apt.request.names {
        let pattern = Pattern::new(name);
        let mut found = all.iter().filter(|package| pattern.matches_text(&package.name)).peekable();
        if found.peek().is_none() && !apt.table.has(name) {
            errors.push_str(&format!("E: Unable to locate package {name}\n"));
        }
        let mut any = false;
        for package in found.filter(|package| purge || !package.removed) {
            any = true;
            gone.insert(package.name.clone());
        }
        if !any && errors.is_empty() {
            apt.say(call, &format!("Package '{name}' is not installed, so not removed\n"));
        }
    }
    if !errors.is_empty() {
        call.err(&errors);
        return Ok(100);
    }
    let installed: Vec<Installed> = all.iter().filter(|package| !package.removed).cloned().collect();
    with_dependents(apt, &installed, &mut gone);
    let idle = idle(call, apt, &installed, &gone);
    if apt.request.auto_remove {
        gone.extend(idle);
    } else if !idle.is_empty() && !gone.is_empty() {
        apt.say(
            call,
            &format!(
                "The following packages were automatically installed and are no longer required:\n{}Use 'apt autoremove' to remove {}.\n",
                columns(&idle),
                if idle.len() == 1 { "it" } else { "them" }
            ),
        );
    }
    take_away(call, apt, &all, &gone, purge)
}

/// What needs a removed package goes with it.
fn with_dependents(apt: &Apt, installed: &[Installed], gone: &mut BTreeSet<String>) {
    let needs: Vec<(&str, Vec<String>)> = installed
        .iter()
        .map(|package| (package.name.as_str(), dpkg_db::needs(&apt.table, package, false)))
        .collect();
    loop {
        let more: Vec<&str> = needs
            .iter()
            .filter(|(name, needed)| {
                !gone.contains(*name) && needed.iter().any(|needed| gone.contains(needed))
            })
            .map(|(name, _)| *name)
            .collect();
        if more.is_empty() {
            return;
        }
        gone.extend(more.into_iter().map(str::to_owned));
    }
}

/// Names that came along by themselves, from apt's own file.
pub(super) fn automatic(call: &mut Call<'_, '_>) -> BTreeSet<String> {
    let states = writer::text(call, STATES);
    let records = states.split("\n\n").filter(|record| record.contains("Auto-Installed: 1"));
    records.map(|record| dpkg_db::field(record, "Package").to_owned()).collect()
}

/// Packages that came along and that nothing needs or recommends once `gone` is gone, sorted.
fn idle(call: &mut Call<'_, '_>, apt: &Apt, installed: &[Installed], gone: &BTreeSet<String>) -> Vec<String> {
    let automatic = automatic(call);
    let by_name: BTreeMap<&str, &Installed> = installed
        .iter()
        .filter(|package| !gone.contains(&package.name))
        .map(|package| (package.name.as_str(), package))
        .collect();
    let mut kept: BTreeSet<String> =
        by_name.keys().filter(|name| !automatic.contains(**name)).map(|name| (*name).to_owned()).collect();
    let mut open: Vec<String> = kept.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(package) = by_name.get(name.as_str()) else { continue };
        for needed in dpkg_db::needs(&apt.table, package, true) {
            if kept.insert(needed.clone()) {
                open.push(needed);
            }
        }
    }
    by_name.keys().filter(|name| !kept.contains(**name)).map(|name| (*name).to_owned()).collect()
}

pub(super) fn autoremove(call: &mut Call<'_, '_>, apt: &Apt, purge: bool) -> Done {
    apt.say(call, READING);
    let all = dpkg_db::all(call);
    let installed: Vec<Installed> = all.iter().filter(|package| !package.removed).cloned().collect();
    let mut gone: BTreeSet<String> = apt.request.names.iter().cloned().collect();
    gone.retain(|name| installed.iter().any(|package| package.name == *name));
    gone.extend(idle(call, apt, &installed, &gone));
    take_away(call, apt, &all, &gone, purge)
}

fn take_away(
    call: &mut Call<'_, '_>,
    apt: &Apt,
    all: &[Installed],
    gone: &BTreeSet<String>,
    purge: bool,
) -> Done {
    let star = if purge { "*" } else { "" };
    let shown: Vec<String> = gone.iter().map(|name| format!("{name}{star}")).collect();
    if !shown.is_empty() {
        apt.say(call, &format!("The following packages will be REMOVED:\n{}", columns(&shown)));
    }
    let count = gone.len();
    apt.say(call, &format!("0 upgraded, 0 newly installed, {count} to remove and 0 not upgraded.\n"));
    if gone.is_empty() {
        return Ok(0);
    }
    let going: Vec<&Installed> = all.iter().filter(|package| gone.contains(&package.name)).collect();
    let freed = going
        .iter()
        .filter(|package| !package.removed)
        .fold(0u64, |sum, package| sum.saturating_add(package.size.parse::<u64>().unwrap_or(0) * 1024));
    apt.say(
        call,
        &match freed {
            0 => "After this operation, 0 B of additional disk space will be used.\n".to_owned(),
            freed => format!("After this operation, {} disk space will be freed.\n", amount(freed)),
        },
    );
    if apt.request.dry {
        return Ok(0);
    }
    if !apt.request.yes {
        call.out("Do you want to continue? [Y/n] Abort.\n");
        return Ok(1);
    }
    let ordered = users_first(apt, &going);
    let files = dpkg_db::count_paths(call);
    call.out(&format!("(Reading database ... {files} files and directories currently installed.)\n"));
    let libraries = erase(call, &ordered, purge)?;
    let left: String = writer::text(call, STATES)
        .split("\n\n")
        .filter(|record| !record.trim().is_empty() && !gone.contains(dpkg_db::field(record, "Package")))
        .map(|record| format!("{}\n\n", record.trim()))
        .collect();
    writer::file(call, STATES, Contents::text(&left), 0o644)?;
    apt_install::triggers(call, libraries, &[])?;
    call.takes(1.0 + gone.len() as f64 * 0.1);
    Ok(0)
}

/// Those that need others before them.
fn users_first<'p>(apt: &Apt, going: &[&'p Installed]) -> Vec<&'p Installed> {
    let mut ordered: Vec<&Installed> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let by_name: BTreeMap<&str, &'p Installed> =
        going.iter().map(|package| (package.name.as_str(), *package)).collect();
    let mut open: Vec<(&'p Installed, bool)> = going.iter().rev().map(|package| (*package, false)).collect();
    while let Some((package, done)) = open.pop() {
        if done {
            ordered.push(package);
        } else if seen.insert(&package.name) {
            open.push((package, true));
            for needed in dpkg_db::needs(&apt.table, package, false) {
                open.extend(by_name.get(needed.as_str()).map(|needed| (*needed, false)));
            }
        }
    }
    ordered.reverse();
    ordered
}

/// Removes packages from files and database, with dpkg's lines. Whether a shared library went.
pub(super) fn erase(call: &mut Call<'_, '_>, going: &[&Installed], purge: bool) -> Result<bool, Errno> {
    let mut records = dpkg_db::records(call);
    let mut libraries = false;
    for package in going {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let (name, version) = (package.full_name(), &package.version);
        let configured = purge
            && dpkg_db::paths(call, &package.name)
                .is_some_and(|paths| paths.iter().any(|path| path.starts_with("/etc/")));
        if !package.removed {
            call.out(&format!("Removing {name} ({version}) ...\n"));
        }
        libraries |= dpkg_db::erase(call, &mut records, &package.name, purge)?;
        if configured {
            call.out(&format!("Purging configuration files for {name} ({version}) ...\n"));
        }
    }
    dpkg_db::store(call, &records)?;
    Ok(libraries)
}
