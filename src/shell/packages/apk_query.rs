//! `apk info`, `apk list`, `apk search`, `apk policy`.

use super::apk::{Request, branch, has_index};
use super::apk_db::{self, field};
use super::table::{Registry, Table};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;

pub(super) fn info(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let records = apk_db::records(call);
    let flag = |letter| request.flags.contains(&letter);
    if flag('W') {
        return owners(call, request, &records);
    }
    if request.names.is_empty() {
        for record in &records {
            let (name, version) = (field(record, "P"), field(record, "V"));
            call.out(&match (flag('V'), flag('v')) {
                (true, _) => format!("{name}-{version} - {}\n", field(record, "T")),
                (_, true) => format!("{name}-{version}\n"),
                _ => format!("{name}\n"),
            });
        }
        return 0;
    }
    let mut exit = 0;
    for name in &request.names {
        let Some(record) = records.iter().find(|record| field(record, "P") == name) else {
            exit = 1;
            continue;
        };
        if flag('e') {
            call.out(&format!("{name}\n"));
        } else {
            call.out(&about(record, request));
        }
    }
    exit
}

/// The blocks of one package: those that were asked for, else description, web page and size.
fn about(record: &str, request: &Request) -> String {
    let title = format!("{}-{}", field(record, "P"), field(record, "V"));
    let any = ['L', 'R', 's', 'd', 'w'].iter().any(|letter| request.flags.contains(letter));
    let wanted = |letter: char| {
        request.flags.contains(&letter)
            || request.flags.contains(&'a')
            || !any && matches!(letter, 'd' | 'w' | 's')
    };
    let mut text = String::new();
    if wanted('d') {
        text.push_str(&format!("{title} description:\n{}\n\n", field(record, "T")));
    }
    if wanted('w') {
        text.push_str(&format!("{title} webpage:\n{}\n\n", field(record, "U")));
    }
    if wanted('s') {
        let bytes: u64 = field(record, "I").parse().unwrap_or(0);
        let (value, unit) = size(bytes);
        text.push_str(&format!("{title} installed size:\n{value} {unit}\n\n"));
    }
    if wanted('R') {
        let depends = field(record, "D").split_whitespace().collect::<Vec<_>>().join("\n");
        text.push_str(&format!("{title} depends on:\n{depends}\n\n"));
    }
    if wanted('L') {
        let mut paths = apk_db::paths(record);
        paths.push(String::new());
        text.push_str(&format!("{title} contains:\n{}\n", paths.join("\n")));
    }
    text
}

/// Bytes in the largest unit of 1024 that leaves a number below 10000 (apk-tools `apk_get_human_size`).
fn size(bytes: u64) -> (u64, &'static str) {
    let (mut value, mut unit) = (bytes, "B");
    for next in ["KiB", "MiB", "GiB"] {
        if value < 10_000 {
            break;
        }
        (value, unit) = (value / 1024, next);
    }
    (value, unit)
}

fn owners(call: &mut Call<'_, '_>, request: &Request, records: &[String]) -> i32 {
    let mut exit = 0;
    for file in &request.names {
        let wanted = file.trim_start_matches('/');
        match records.iter().find(|record| apk_db::paths(record).iter().any(|path| path == wanted)) {
            Some(record) => {
                let (name, version) = (field(record, "P"), field(record, "V"));
                call.out(&format!("{file} is owned by {name}-{version}\n"));
            }
            None => {
                call.err(&format!("ERROR: {file}: Could not find owner package\n"));
                exit = 1;
            }
        }
    }
    exit
}

/// `name-version arch {origin} (licence) [installed]`.
pub(super) fn list(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let records = apk_db::records(call);
    let patterns: Vec<Pattern> = request.names.iter().map(|name| Pattern::new(name)).collect();
    let wanted = |name: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches_text(name));
    let mut rows = Vec::new();
    for record in records.iter().filter(|record| wanted(field(record, "P"))) {
        let (name, version, arch) = (field(record, "P"), field(record, "V"), field(record, "A"));
        rows.push(format!("{name}-{version} {arch} {{{name}}} () [installed]\n"));
    }
    if !request.flags.contains(&'I') && !request.flags.contains(&'e') && has_index(call) {
        let table = Table::of(Registry::Apk, &call.m.packages);
        let here = |name: &str| records.iter().any(|record| field(record, "P") == name);
        for name in table.names().into_iter().filter(|name| wanted(name) && !here(name)) {
            if let Some(package) = table.get(&name) {
                rows.push(format!("{name}-{} x86_64 {{{name}}} ()\n", package.version));
            }
        }
    }
    rows.sort();
    call.out(&rows.concat());
    0
}

pub(super) fn search(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    if !has_index(call) && !request.no_cache && !request.update {
        return 0;
    }
    let table = Table::of(Registry::Apk, &call.m.packages);
    let exact = request.flags.contains(&'e') || request.flags.contains(&'x');
    let matches = |name: &str| {
        request.names.is_empty()
            || request.names.iter().any(|wanted| match exact {
                true => name == wanted,
                false if wanted.contains(['*', '?']) => Pattern::new(wanted).matches_text(name),
                false => name.contains(wanted.as_str()),
            })
    };
    for name in table.names().into_iter().filter(|name| matches(name)) {
        if let Some(package) = table.get(&name) {
            call.out(&format!("{name}-{}\n", package.version));
        }
    }
    0
}

pub(super) fn policy(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    let records = apk_db::records(call);
    let table = Table::of(Registry::Apk, &call.m.packages);
    let branch = branch(call);
    for name in &request.names {
        let here = records.iter().find(|record| field(record, "P") == name).map(|r| field(r, "V").to_owned());
        let there = table.get(name).map(|package| package.version.to_string());
        let Some(version) = here.clone().or(there.clone()) else { continue };
        call.out(&format!("{name} policy:\n  {version}:\n"));
        if here.is_some() {
            call.out("    lib/apk/db/installed\n");
        }
        if there.is_some() {
            call.out(&format!("    https://dl-cdn.alpinelinux.org/alpine/{branch}/main\n"));
        }
    }
    0
}
