//! `apt-cache`, `apt list`, `apt-mark`.

use super::apt::{LISTS, STATES, have_lists};
use super::apt_lists;
use super::dpkg_db::{self, Installed};
use super::table::{Package, Table};
use super::{apt_remove, writer};
use crate::fs::Contents;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::programs::posix_regex;
use std::sync::Arc;

/// What a question is answered from.
struct Known {
    table: Table,
    distribution: &'static apt_lists::Distribution,
    site: String,
    lists: bool,
    installed: Vec<Installed>,
}

impl Known {
    fn package(&self, name: &str) -> Option<Arc<Package>> {
        self.table.get(name).filter(|_| self.lists)
    }

    fn here(&self, name: &str) -> Option<&Installed> {
        self.installed.iter().find(|package| package.name == name)
    }
}

fn known(call: &mut Call<'_, '_>) -> Known {
    let release = writer::text(call, "/etc/os-release");
    let distribution = apt_lists::distribution(&release);
    let table = Table::of_archive(distribution.rows, &call.m.packages);
    let site = distribution.site.replace(distribution.suite, &apt_lists::suite(&release));
    Known { table, distribution, site, lists: have_lists(call), installed: dpkg_db::installed(call) }
}

/// `apt-cache policy|madison|show|search|depends|pkgnames` and the same words of `apt`.
pub(in super::super) fn cache(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let [command, names @ ..] = &words[..] else {
        call.out("apt 2.6.1 (amd64)\nUsage: apt-cache [options] command\n");
        return 1;
    };
    let known = known(call);
    match command.as_str() {
        "list" => list(call, &known, names),
        "search" => search(call, &known, names),
        "policy" => policy(call, &known, names),
        "madison" => madison(call, &known, names),
        "show" | "showpkg" | "depends" => show(call, &known, names, command),
        "pkgnames" => {
            for name in known.table.names().into_iter().filter(|_| known.lists) {
                call.out(&format!("{name}\n"));
            }
            0
        }
        "gencaches" | "stats" | "unmet" | "dump" | "rdepends" => {
            call.m.not_modelled(&format!("{} {command}", call.name))
        }
        other => {
            call.err(&format!("E: Invalid operation {other}\n"));
            100
        }
    }
}

/// `name/suite,now version arch [installed,automatic]`.
fn list(call: &mut Call<'_, '_>, known: &Known, patterns: &[String]) -> i32 {
    let only_installed = call.args().iter().any(|word| word == "--installed" || word == "-i");
    let automatic = apt_remove::automatic(call);
    let patterns: Vec<Pattern> = patterns.iter().map(|pattern| Pattern::new(pattern)).collect();
    let wanted = |name: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches_text(name));
    let mut rows: Vec<(String, String)> = Vec::new();
    for package in known.installed.iter().filter(|package| wanted(&package.name)) {
        let (name, version) = (&package.name, &package.version);
        let suite = match known.package(name) {
            Some(_) => format!("{},now", known.distribution.label),
            None => "now".to_owned(),
        };
        let mut state = "installed".to_owned();
        if automatic.contains(name) {
            state.push_str(",automatic");
        } else if known.package(name).is_none() {
            state.push_str(",local");
        }
        rows.push((name.clone(), format!("{name}/{suite} {version} {} [{state}]\n", package.architecture)));
    }
    if !only_installed && known.lists {
        let here = |name: &str| known.here(name).is_some();
        for name in known.table.names().into_iter().filter(|name| wanted(name) && !here(name)) {
            if let Some(package) = known.package(&name) {
                let row =
                    format!("{name}/{} {} {}\n", known.distribution.label, package.version, package.arch());
                rows.push((name, row));
            }
        }
    }
    rows.sort();
    call.out("Listing...\n");
    for (_, row) in rows {
        call.out(&row);
    }
    0
}

/// A regular expression over names, as `apt-cache search` takes it.
fn search(call: &mut Call<'_, '_>, known: &Known, words: &[String]) -> i32 {
    let mut patterns = Vec::new();
    for word in words {
        match regex::RegexBuilder::new(word).size_limit(1 << 20).case_insensitive(true).build() {
            Ok(pattern) => patterns.push(pattern),
            Err(_) => {
                call.err(&format!("E: Regex compilation error - {word}\n"));
                return 100;
            }
        }
    }
    for name in known.table.names().into_iter().filter(|_| known.lists && !patterns.is_empty()) {
        if patterns.iter().all(|pattern| pattern.is_match(&name)) {
            call.out(&format!("{name} - package {name}\n"));
        }
    }
    0
}

fn policy(call: &mut Call<'_, '_>, known: &Known, names: &[String]) -> i32 {
    for name in names {
        let (package, here) = (known.package(name), known.here(name));
        if package.is_none() && here.is_none() {
            continue;
        }
        let own = here.map_or("(none)", |package| package.version.as_str());
        let newest = package.as_ref().map(|package| package.version.to_string());
        // The archive is of the base's day: what is installed is the newest.
        let candidate = here.map(|package| package.version.clone()).or(newest.clone()).unwrap_or_default();
        let star = if here.is_some() { " ***" } else { "    " };
        let mut text = format!(
            "{name}:\n  Installed: {own}\n  Candidate: {candidate}\n  Version table:\n{star} {candidate} "
        );
        match &newest {
            Some(newest) => {
                text.push_str("500\n");
                if *newest == candidate {
                    text.push_str(&format!("        500 {}/main amd64 Packages\n", known.site));
                }
            }
            None => text.push_str("100\n"),
        }
        if here.is_some() {
            text.push_str("        100 /var/lib/dpkg/status\n");
        }
        call.out(&text);
    }
    0
}

fn madison(call: &mut Call<'_, '_>, known: &Known, names: &[String]) -> i32 {
    for package in names.iter().filter_map(|name| known.package(name)) {
        call.out(&format!(
            "{:>10} | {:>10} | {}/main amd64 Packages\n",
            package.name, package.version, known.site
        ));
    }
    0
}

fn show(call: &mut Call<'_, '_>, known: &Known, names: &[String], command: &str) -> i32 {
    let mut found = false;
    for name in names {
        let Some(package) = known.package(name) else {
            // apt's notice about it is for terminals.
            continue;
        };
        found = true;
        if command == "depends" {
            call.out(&format!("{name}\n"));
            for (kind, list) in [("Depends", &package.depends), ("Recommends", &package.recommends)] {
                for needed in list {
                    call.out(&format!("  {kind}: {needed}\n"));
                }
            }
            continue;
        }
        let list = |title: &str, words: &[super::table::Text]| match words {
            [] => String::new(),
            words => format!("{title}: {}\n", words.join(", ")),
        };
        call.out(&format!(
            "Package: {name}\nVersion: {}\nInstalled-Size: {}\nArchitecture: {}\n{}{}{}Description: package {name}\nSize: {}\n\n",
            package.version,
            package.size.div_ceil(1024),
            package.arch(),
            list("Depends", &package.depends),
            list("Recommends", &package.recommends),
            list("Suggests", &package.suggests),
            package.archive
        ));
    }
    if found {
        return 0;
    }
    call.err("E: No packages found\n");
    100
}

/// `apt-mark auto|manual|hold|unhold|showauto|showmanual|showhold`.
pub(in super::super) fn mark(call: &mut Call<'_, '_>) -> i32 {
    let words: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let [command, patterns @ ..] = &words[..] else { return 1 };
    let known = known(call);
    let automatic = apt_remove::automatic(call);
    let matchers: Vec<Wanted> = patterns.iter().map(|pattern| Wanted::new(pattern)).collect();
    let wanted = |name: &str| matchers.is_empty() || matchers.iter().any(|wanted| wanted.fits(name));
    let shown = |package: &&Installed| match command.as_str() {
        "showauto" => automatic.contains(&package.name),
        "showmanual" => !automatic.contains(&package.name),
        _ => package.held,
    };
    if command.starts_with("show") {
        for package in known.installed.iter().filter(|p| wanted(&p.name)).filter(shown) {
            call.out(&format!("{}\n", package.name));
        }
        return 0;
    }
    let unknown = patterns.iter().find(|pattern| {
        let matcher = Wanted::new(pattern);
        !known.installed.iter().any(|package| matcher.fits(&package.name)) && !known.table.has(pattern)
    });
    if let Some(name) = unknown {
        call.err(&format!("E: Unable to locate package {name}\nE: No packages found\n"));
        return 100;
    }
    let chosen: Vec<&Installed> =
        known.installed.iter().filter(|p| !patterns.is_empty() && wanted(&p.name)).collect();
    let names: Vec<String> = chosen.iter().map(|package| package.name.clone()).collect();
    let done = match command.as_str() {
        "auto" | "manual" => set_states(call, &names, command == "auto", &automatic),
        "hold" | "unhold" => {
            for package in &chosen {
                call.out(&match (command.as_str(), package.held) {
                    ("hold", true) => format!("{} was already set on hold.\n", package.name),
                    ("hold", false) => format!("{} set on hold.\n", package.name),
                    (_, true) => format!("Canceled hold on {}.\n", package.name),
                    (_, false) => format!("{} was already not on hold.\n", package.name),
                });
            }
            dpkg_db::select(call, &names, if command == "hold" { "hold" } else { "install" })
        }
        "minimize-manual" => Ok(()),
        other => {
            call.err(&format!("E: Invalid operation {other}\n"));
            return 100;
        }
    };
    match done {
        Ok(()) => 0,
        Err(errno) => call.fail_errno(STATES, errno),
    }
}

/// What names packages: a glob, or a regular expression found anywhere in the name, where it has a
/// character that no name has (apt `cacheset.cc`, `FromRegEx` and `FromFnmatch`).
enum Wanted {
    Glob(Pattern),
    Regex(regex::Regex),
}

impl Wanted {
    fn new(pattern: &str) -> Wanted {
        let special = pattern.contains(['^', '$', '|']) || pattern.contains(".*") || pattern.contains(".+");
        match special.then(|| posix_regex::extended(pattern, true)).flatten() {
            Some(regex) => Wanted::Regex(regex),
            None => Wanted::Glob(Pattern::new(pattern)),
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Wanted::Glob(pattern) => pattern.matches_text(name),
            Wanted::Regex(regex) => regex.is_match(name),
        }
    }
}

fn set_states(
    call: &mut Call<'_, '_>,
    names: &[String],
    auto: bool,
    before: &std::collections::BTreeSet<String>,
) -> Result<(), crate::fs::Errno> {
    let mut after = before.clone();
    let how = if auto { "automatically" } else { "manually" };
    for name in names {
        let changed = if auto { after.insert(name.clone()) } else { after.remove(name) };
        let already = if changed { "" } else { "was already " };
        call.out(&format!("{name} {already}set to {how} installed.\n"));
    }
    let text: String = after
        .iter()
        .map(|name| format!("Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n"))
        .collect();
    writer::directories(call, LISTS.rsplit_once('/').map_or(LISTS, |(above, _)| above).as_bytes())?;
    writer::file(call, STATES, Contents::text(&text), 0o644)
}
