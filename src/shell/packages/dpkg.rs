//! `dpkg`, `dpkg-query`: what is installed, whose a file is, removal.
//!
//! Lines are those of dpkg 1.21 without terminal.

use super::apt_lists;
use super::dpkg_db::{self, Installed, field};
use super::{apt_remove, writer};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let args = call.args();
    let action = args.iter().find(|word| word.starts_with('-') && !word.starts_with("--force"));
    let names: Vec<String> = args.iter().filter(|word| !word.starts_with('-')).cloned().collect();
    match action.map_or("", String::as_str) {
        "-l" | "--list" => list(call, &names),
        "-s" | "--status" => status(call, &names),
        "-L" | "--listfiles" => files(call, &names),
        "-S" | "--search" => search(call, &names),
        "-p" | "--print-avail" => status(call, &names),
        "-W" | "--show" => query(call),
        "--print-architecture" => {
            call.out("amd64\n");
            0
        }
        "--print-foreign-architectures" => 0,
        "--version" => {
            let release = writer::text(call, "/etc/os-release");
            let version = apt_lists::distribution(&release).dpkg;
            call.out(&format!("Debian 'dpkg' package management program version {version} (amd64).\n"));
            0
        }
        "--get-selections" => selections(call),
        "--compare-versions" => compare(call, &names),
        "-r" | "--remove" => remove(call, &names, false),
        "-P" | "--purge" => remove(call, &names, true),
        "-i" | "--install" | "--unpack" => {
            let missing = names.iter().find(|name| call.m.stat(name.as_bytes()).is_err()).cloned();
            if let Some(name) = missing {
                call.err(&format!(
                    "dpkg: error: cannot access archive '{name}': No such file or directory\n"
                ));
                return 2;
            }
            call.m.not_modelled("dpkg -i")
        }
        "--configure" | "--add-architecture" | "--remove-architecture" | "-a" | "--audit" | "-C" => 0,
        _ => {
            call.err("dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\nType dpkg -Dhelp for a list of dpkg debug flag values;\nType dpkg --force-help for a list of forcing options;\nType dpkg-deb --help for help about manipulating *.deb files;\n\nOptions marked [*] produce a lot of output - pipe it through 'less' or 'more' !\n");
            2
        }
    }
}

fn remove(call: &mut Call<'_, '_>, names: &[String], purge: bool) -> i32 {
    if call.m.cred.uid != 0 {
        call.err("dpkg: error: requested operation requires superuser privilege\n");
        return 2;
    }
    let all = dpkg_db::all(call);
    let mut going: Vec<&Installed> = Vec::new();
    for name in names {
        match all.iter().find(|package| package.name == *name && (purge || !package.removed)) {
            Some(package) => going.push(package),
            None => {
                call.err(&format!("dpkg: warning: ignoring request to remove {name} which isn't installed\n"))
            }
        }
    }
    let gone: Vec<&str> = going.iter().map(|package| package.name.as_str()).collect();
    for user in all.iter().filter(|package| !package.removed && !gone.contains(&package.name.as_str())) {
        if let Some(needed) = user.depends.iter().find(|needed| gone.contains(&needed.as_str())) {
            call.err(&format!(
                "dpkg: dependency problems prevent removal of {needed}:\n {} depends on {needed}.\n\ndpkg: error processing package {needed} (--{}):\n dependency problems - not removing\nErrors were encountered while processing:\n {needed}\n",
                user.name,
                if purge { "purge" } else { "remove" }
            ));
            return 1;
        }
    }
    if going.is_empty() {
        return 0;
    }
    let files = dpkg_db::count_paths(call);
    call.out(&format!("(Reading database ... {files} files and directories currently installed.)\n"));
    match apt_remove::erase(call, &going, purge) {
        Ok(_) => 0,
        Err(errno) => call.fail_errno(names.first().map_or("", String::as_str), errno),
    }
}

fn list(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let packages = dpkg_db::all(call);
    let mut shown: Vec<&Installed> = Vec::new();
    let mut exit = 0;
    for name in names {
        let pattern = Pattern::new(name);
        let found = packages.iter().filter(|p| pattern.matches_text(&p.name)).collect::<Vec<_>>();
        if found.is_empty() {
            exit = 1;
            call.err(&format!("dpkg-query: no packages found matching {name}\n"));
        }
        shown.extend(found);
    }
    if names.is_empty() {
        shown.extend(&packages);
    }
    if shown.is_empty() {
        return exit;
    }
    shown.sort_by(|a, b| a.name.cmp(&b.name));
    shown.dedup_by(|a, b| a.name == b.name);
    let widest = |least: usize, of: &dyn Fn(&Installed) -> usize| {
        shown.iter().map(|package| of(package)).max().unwrap_or(0).max(least)
    };
    let name = widest(14, &|package| package.full_name().len());
    let version = widest(12, &|package| package.version.len());
    let arch = widest(12, &|package| package.architecture.len());
    let description = widest(33, &|package| package.description.len());
    let mut text = format!(
        "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ {:name$} {:version$} {:arch$} Description\n+++-{}-{}-{}-{}\n",
        "Name",
        "Version",
        "Architecture",
        "=".repeat(name),
        "=".repeat(version),
        "=".repeat(arch),
        "=".repeat(description)
    );
    for package in shown {
        let state = if package.removed { "rc" } else { "ii" };
        let state = if package.held { "hi" } else { state };
        text.push_str(&format!(
            "{state}  {:name$} {:version$} {:arch$} {}\n",
            package.full_name(),
            package.version,
            package.architecture,
            package.description
        ));
    }
    call.out(&text);
    exit
}

fn status(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let records = dpkg_db::records(call);
    let mut exit = 0;
    for (at, name) in names.iter().enumerate() {
        match records.iter().find(|record| field(record, "Package") == name) {
            Some(record) => {
                let space = if at > 0 { "\n" } else { "" };
                call.out(&format!("{space}{record}\n"));
            }
            None => {
                call.err(&format!(
                    "dpkg-query: package '{name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n"
                ));
                exit = 1;
            }
        }
    }
    exit
}

fn files(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let mut exit = 0;
    let known = dpkg_db::all(call);
    for name in names {
        let bare = name.strip_suffix(":amd64").unwrap_or(name);
        if !known.iter().any(|package| package.name == bare) {
            call.err(&format!(
                "dpkg-query: package '{name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n"
            ));
            exit = 1;
            continue;
        }
        match dpkg_db::paths(call, bare) {
            Some(paths) => {
                // The root comes first, as in dpkg's own lists.
                let root = if paths.first().is_some_and(|path| path == "/.") { "" } else { "/.\n" };
                call.out(&format!("{root}{}\n", paths.join("\n")));
            }
            None => exit = call.m.not_modelled(&format!("dpkg -L {name}")),
        }
    }
    exit
}

/// A plain text matches anywhere in a path, one that begins with `/` the whole path, one with wildcards as
/// such.
fn search(call: &mut Call<'_, '_>, names: &[String]) -> i32 {
    let mut exit = 0;
    for wanted in names {
        let globbing = wanted.contains(['*', '?', '[']);
        let pattern = Pattern::new(wanted);
        let matches = |path: &str| match (globbing, wanted.starts_with('/')) {
            (true, _) => pattern.matches_text(path),
            (false, true) => path == wanted,
            (false, false) => path.contains(wanted.as_str()),
        };
        let mut found = dpkg_db::owners(call, &matches);
        if found.is_empty() && wanted.starts_with("/bin/") {
            // With /usr merged, many a list still names the old place.
            let merged = format!("/usr{wanted}");
            found = dpkg_db::owners(call, &|path| path == merged);
        }
        if found.is_empty() {
            let star = if wanted.starts_with('/') || globbing { "" } else { "*" };
            call.err(&format!("dpkg-query: no path found matching pattern {star}{wanted}{star}\n"));
            exit = 1;
        }
        // A directory of several packages is one line.
        let mut lines: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
        for (package, path) in found {
            lines.entry(path).or_default().push(package);
        }
        for (path, packages) in lines {
            call.out(&format!("{}: {path}\n", packages.join(", ")));
        }
    }
    exit
}

fn selections(call: &mut Call<'_, '_>) -> i32 {
    for package in dpkg_db::all(call) {
        let name = package.full_name();
        let state = match (package.held, package.removed) {
            (true, _) => "hold",
            (_, true) => "deinstall",
            _ => "install",
        };
        let tabs = "\t".repeat(((47 - name.len().min(39)) / 8).max(1));
        call.out(&format!("{name}{tabs}{state}\n"));
    }
    0
}

/// `--compare-versions A op B`: by epoch, then version and revision (deb-version(7)).
fn compare(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let [left, relation, right] = words else {
        call.err("dpkg: error: --compare-versions takes three arguments: <version> <relation> <version>\n");
        return 2;
    };
    let order = super::version::compare(left, right);
    let holds = match relation.as_str() {
        "lt" | "lt-nl" | "<<" => order.is_lt(),
        "le" | "le-nl" | "<=" | "<" => order.is_le(),
        "eq" | "=" => order.is_eq(),
        "ne" => order.is_ne(),
        "ge" | "ge-nl" | ">=" | ">" => order.is_ge(),
        "gt" | "gt-nl" | ">>" => order.is_gt(),
        other => {
            call.err(&format!("dpkg: error: --compare-versions bad relation: {other}\n"));
            return 2;
        }
    };
    i32::from(!holds)
}

/// `dpkg-query -W [-f FORMAT] [name…]` and what `dpkg` hands on to it.
pub(in super::super) fn query(call: &mut Call<'_, '_>) -> i32 {
    let (mut format, mut names, mut show) = ("${binary:Package}\t${Version}\n".to_owned(), Vec::new(), false);
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-W" | "--show" => show = true,
            "-f" | "--showformat" => {
                if let Some(value) = words.next() {
                    format.clone_from(value);
                }
            }
            word => match word
                .strip_prefix("-f=")
                .or_else(|| word.strip_prefix("--showformat="))
                .or_else(|| word.strip_prefix("-f"))
            {
                Some(value) => value.clone_into(&mut format),
                None if word.starts_with('-') => {}
                None => names.push(word.to_owned()),
            },
        }
    }
    if !show {
        return run(call);
    }
    let records = dpkg_db::records(call);
    let mut exit = 0;
    let patterns: Vec<Pattern> = names.iter().map(|name| Pattern::new(name)).collect();
    for (name, pattern) in names.iter().zip(&patterns) {
        if !records.iter().any(|record| pattern.matches_text(field(record, "Package"))) {
            call.err(&format!("dpkg-query: no packages found matching {name}\n"));
            exit = 1;
        }
    }
    for record in &records {
        let name = field(record, "Package");
        if !patterns.is_empty() && !patterns.iter().any(|pattern| pattern.matches_text(name)) {
            continue;
        }
        let line = formatted(&format, record);
        call.out(&line);
    }
    exit
}

/// `${field}`, `${field;width}`, `\n` and `\t` of a format, filled in from a record.
fn formatted(format: &str, record: &str) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find(['$', '\\']) {
        text.push_str(&rest[..at]);
        let after = &rest[at..];
        if let Some((inside, more)) = after.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            let (name, width) = inside.split_once(';').unwrap_or((inside, "0"));
            let width: i32 = width.parse().unwrap_or(0);
            let value = value(record, name);
            let size = (width.unsigned_abs() as usize).min(200);
            text.push_str(&if width < 0 { format!("{value:<size$}") } else { format!("{value:>size$}") });
            rest = more;
        } else {
            let mut chars = after.chars();
            match (chars.next(), chars.next()) {
                (Some('\\'), Some('n')) => text.push('\n'),
                (Some('\\'), Some('t')) => text.push('\t'),
                (Some('\\'), Some(other)) => text.push(other),
                (Some(first), Some(other)) => text.extend([first, other]),
                (Some(first), None) => text.push(first),
                _ => {}
            }
            rest = chars.as_str();
        }
    }
    text.push_str(rest);
    text
}

fn value(record: &str, name: &str) -> String {
    let state = field(record, "Status");
    match name {
        "binary:Package" if field(record, "Multi-Arch") == "same" => {
            format!("{}:{}", field(record, "Package"), field(record, "Architecture"))
        }
        "binary:Package" => field(record, "Package").to_owned(),
        "binary:Summary" => field(record, "Description").to_owned(),
        "db:Status-Abbrev" => match state {
            "deinstall ok config-files" => "rc ".to_owned(),
            state if state.starts_with("hold") => "hi ".to_owned(),
            _ => "ii ".to_owned(),
        },
        "db:Status-Want" => state.split(' ').next().unwrap_or("").to_owned(),
        "db:Status-Status" => state.rsplit(' ').next().unwrap_or("").to_owned(),
        other => field(record, other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_filled_in() {
        let record = "Package: less\nStatus: install ok installed\nVersion: 590\nInstalled-Size: 313";
        assert_eq!(formatted("${Package}=${Version}\\n", record), "less=590\n");
        assert_eq!(formatted("${Package;-8}|${Installed-Size;5}$", record), "less    |  313$");
        assert_eq!(formatted("${db:Status-Abbrev}${Nope}\\", record), "ii \\");
    }
}
