//! `dnf`, `yum`, `microdnf`, `rpm`: RPM packages, their database, the caches of metadata.
//!
//! Lines are those of dnf 4 without terminal. The database is rpm's in name; its text is the lab's own.

use super::table::{Package, Registry, Table, program_path};
use super::{deb_files, writer};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use std::sync::Arc;

const DATABASE: &str = "/var/lib/rpm/rpmdb.sqlite";
const CACHE: &str = "/var/cache/dnf";

/// An installed package: a line of the database.
#[derive(Clone)]
struct Installed {
    name: String,
    version: String,
    arch: String,
    /// Somebody asked for it.
    wanted: bool,
    needs: Vec<String>,
    files: Vec<String>,
}

fn installed(call: &mut Call<'_, '_>) -> Vec<Installed> {
    let list = |text: &str| text.split(',').filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let text = writer::text(call, DATABASE);
    let line = |line: &str| {
        let mut words = line.split('\t');
        Some(Installed {
            name: words.next().filter(|name| !name.is_empty())?.to_owned(),
            version: words.next()?.to_owned(),
            arch: words.next()?.to_owned(),
            wanted: words.next()? == "user",
            needs: list(words.next()?),
            files: list(words.next()?),
        })
    };
    text.lines().filter_map(line).collect()
}

fn store(call: &mut Call<'_, '_>, all: &[Installed]) -> Result<(), Errno> {
    let mut lines: Vec<String> = all
        .iter()
        .map(|p| {
            let who = if p.wanted { "user" } else { "dependency" };
            format!(
                "{}\t{}\t{}\t{who}\t{}\t{}\n",
                p.name,
                p.version,
                p.arch,
                p.needs.join(","),
                p.files.join(",")
            )
        })
        .collect();
    lines.sort();
    writer::file(call, DATABASE, Contents::text(&lines.concat()), 0o644)
}

fn nevra(name: &str, version: &str, arch: &str) -> String {
    format!("{name}-{}.{arch}", version.split_once(':').map_or(version, |(_, version)| version))
}

/// What was asked for.
struct Request {
    yes: bool,
    quiet: bool,
    weak: bool,
    keep: bool,
    words: Vec<String>,
}

pub(in super::super) fn run(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut request = Request { yes: false, quiet: false, weak: true, keep: false, words: Vec::new() };
    for word in call.args() {
        match word.as_str() {
            "-y" | "--assumeyes" => request.yes = true,
            "-q" | "--quiet" => request.quiet = true,
            "-yq" | "-qy" => (request.yes, request.quiet) = (true, true),
            "--setopt=install_weak_deps=False"
            | "--setopt=install_weak_deps=false"
            | "--setopt=install_weak_deps=0" => {
                request.weak = false;
            }
            "--setopt=keepcache=1" | "--setopt=keepcache=True" => request.keep = true,
            "--version" => {
                call.out("4.14.0\n");
                return 0;
            }
            word if word.starts_with('-') => {}
            word => request.words.push(word.to_owned()),
        }
    }
    let command = if request.words.is_empty() { String::new() } else { request.words.remove(0) };
    let changes =
        matches!(command.as_str(), "install" | "remove" | "erase" | "autoremove" | "update" | "upgrade");
    if changes && call.m.cred.uid != 0 {
        call.err("Error: This command has to be run with superuser privileges (under the root user on most systems).\n");
        return 1;
    }
    match command.as_str() {
        "install" | "localinstall" => install(call, &request),
        "remove" | "erase" | "autoremove" => remove(call, &request, command == "autoremove"),
        "clean" => clean(call),
        "makecache" => match metadata(call, &request) {
            Ok(()) => {
                call.out("Metadata cache created.\n");
                0
            }
            Err(errno) => call.fail_errno(CACHE, errno),
        },
        "update" | "upgrade" | "check-update" | "upgrade-minimal" => {
            if let Err(errno) = metadata(call, &request) {
                return call.fail_errno(CACHE, errno);
            }
            call.out("Dependencies resolved.\nNothing to do.\nComplete!\n");
            0
        }
        "list" | "info" | "search" | "provides" | "repolist" | "config-manager" | "module"
        | "groupinstall" | "group" | "builddep" | "download" | "swap" | "reinstall" => {
            call.m.not_modelled(&format!("{} {command} {}", call.name, request.words.join(" ")))
        }
        "" => {
            call.out("usage: dnf [options] COMMAND\n");
            1
        }
        other => {
            call.err(&format!("No such command: {other}. Please use /usr/bin/dnf --help\nIt could be a DNF plugin command, try: \"dnf install 'dnf-command({other})'\"\n"));
            1
        }
    }
}

/// The metadata of the repositories, as dnf keeps it.
fn metadata(call: &mut Call<'_, '_>, request: &Request) -> Result<(), Errno> {
    let here = format!("{CACHE}/baseos-2d3d5e5a4a5d1b3c/repodata/repomd.xml");
    if call.m.exists(here.as_bytes()) {
        return Ok(());
    }
    if !request.quiet {
        call.out("BaseOS                                          6.1 MB/s | 2.2 MB     00:00\nAppStream                                       9.4 MB/s | 7.4 MB     00:00\nExtras                                           24 kB/s |  14 kB     00:00\n");
    }
    for (repository, size) in [("baseos", 2_300_000), ("appstream", 7_400_000), ("extras", 14_000)] {
        let dir = format!("{CACHE}/{repository}-2d3d5e5a4a5d1b3c/repodata");
        writer::described(call, &format!("{dir}/repomd.xml"), repository, 4_000)?;
        writer::described(call, &format!("{dir}/primary.xml.gz"), repository, size)?;
        writer::described(call, &format!("{CACHE}/{repository}.solv"), repository, size * 3)?;
    }
    call.takes(4.0);
    Ok(())
}

fn install(call: &mut Call<'_, '_>, request: &Request) -> i32 {
    if let Err(errno) = metadata(call, request) {
        return call.fail_errno(CACHE, errno);
    }
    let table = Table::of(Registry::Dnf, &call.m.packages);
    let mut all = installed(call);
    let mut chosen: Vec<(Arc<Package>, bool)> = Vec::new();
    let mut missing = Vec::new();
    let mut open: Vec<(String, bool)> = request.words.iter().rev().map(|word| (word.clone(), true)).collect();
    while let Some((word, wanted)) = open.pop() {
        let found = table.get(&word).or_else(|| pinned(&table, &word));
        let here = all.iter().any(|package| package.name == word);
        match found {
            _ if here && wanted => call.out(&format!("Package {word} is already installed.\n")),
            _ if here => {}
            Some(package) if chosen.iter().all(|(known, _)| known.name != package.name) => {
                let weak = if request.weak { &package.recommends[..] } else { &[] };
                open.extend(package.depends.iter().chain(weak).map(|name| (name.to_string(), false)));
                chosen.push((package, wanted));
            }
            None if wanted => missing.push(word),
            _ => {}
        }
    }
    if !missing.is_empty() {
        for word in &missing {
            call.out(&format!("No match for argument: {word}\n"));
        }
        call.err(&format!("Error: Unable to find a match: {}\n", missing.join(" ")));
        return 1;
    }
    if chosen.is_empty() {
        call.out("Dependencies resolved.\nNothing to do.\nComplete!\n");
        return 0;
    }
    announce(call, request, &chosen);
    if !request.yes {
        call.out("Is this ok [y/N]: Operation aborted.\n");
        return 1;
    }
    let total = chosen.len();
    for (number, (package, wanted)) in chosen.iter().rev().enumerate() {
        if call.m.stopped() {
            return 1;
        }
        match unpack(call, request, package) {
            Ok(files) => all.push(Installed {
                name: package.name.to_string(),
                version: package.version.to_string(),
                arch: arch(package).to_owned(),
                wanted: *wanted,
                needs: package.depends.iter().map(|name| name.to_string()).collect(),
                files,
            }),
            Err(errno) => return call.fail_errno(&package.name, errno),
        }
        if !request.quiet {
            let shown = nevra(&package.name, &package.version, arch(package));
            call.out(&format!("  Installing       : {shown:<52} {}/{total} \n", number + 1));
        }
    }
    if let Err(errno) = store(call, &all) {
        return call.fail_errno(DATABASE, errno);
    }
    if !request.quiet {
        let mut names: Vec<String> =
            chosen.iter().map(|(package, _)| nevra(&package.name, &package.version, arch(package))).collect();
        names.sort();
        let list: String = names.iter().map(|name| format!("  {name}\n")).collect();
        call.out(&format!("\nInstalled:\n{list}\nComplete!\n"));
    }
    call.takes(3.0 + total as f64 * 0.2);
    0
}

/// `name-version`: a package of exactly this version.
fn pinned(table: &Table, word: &str) -> Option<Arc<Package>> {
    let bare = word.strip_suffix(".x86_64").unwrap_or(word);
    let cuts = bare.match_indices('-').map(|(at, _)| at);
    cuts.filter_map(|at| Some((table.get(bare.get(..at)?)?, bare.get(at + 1..)?)))
        .find(|(package, version)| {
            let own = package.version.split_once(':').map_or(&*package.version, |(_, version)| version);
            own == *version
                || own.strip_prefix(version).is_some_and(|rest| rest.starts_with('-'))
                || Pattern::new(version).matches_text(own)
        })
        .map(|(package, _)| package)
}

fn arch(package: &Package) -> &'static str {
    if package.all { "noarch" } else { "x86_64" }
}

fn announce(call: &mut Call<'_, '_>, request: &Request, chosen: &[(Arc<Package>, bool)]) {
    if request.quiet {
        return;
    }
    let line = "=".repeat(80);
    let row = |package: &Package| {
        format!(
            " {:<24} {:<8} {:<28} {:<10} {}\n",
            package.name,
            arch(package),
            package.version,
            "baseos",
            amount(package.archive)
        )
    };
    let rows = |asked: bool| -> String {
        chosen.iter().filter(|(_, wanted)| *wanted == asked).map(|(package, _)| row(package)).collect()
    };
    let mut text = format!(
        "Dependencies resolved.\n{line}\n {:<24} {:<8} {:<28} {:<10} Size\n{line}\nInstalling:\n{}",
        "Package",
        "Arch",
        "Version",
        "Repository",
        rows(true)
    );
    if chosen.iter().any(|(_, wanted)| !wanted) {
        text.push_str(&format!("Installing dependencies:\n{}", rows(false)));
    }
    let sum = |of: &dyn Fn(&Package) -> u64| {
        amount(chosen.iter().fold(0, |sum: u64, (package, _)| sum.saturating_add(of(package))))
    };
    text.push_str(&format!(
        "\nTransaction Summary\n{line}\nInstall  {} Package{}\n\nTotal download size: {}\nInstalled size: {}\n",
        chosen.len(),
        if chosen.len() == 1 { "" } else { "s" },
        sum(&|package| package.archive),
        sum(&|package| package.size)
    ));
    call.out(&text);
}

/// Bytes as dnf writes them.
fn amount(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes}  "),
        1_024..1_048_576 => format!("{} k", bytes / 1_024),
        _ => format!("{:.1} M", bytes as f64 / 1_048_576.0),
    }
}

fn unpack(call: &mut Call<'_, '_>, request: &Request, package: &Package) -> Result<Vec<String>, Errno> {
    let name = &*package.name;
    let mut files = Vec::new();
    if request.keep {
        let at = format!(
            "{CACHE}/baseos-2d3d5e5a4a5d1b3c/packages/{}.rpm",
            nevra(name, &package.version, arch(package))
        );
        writer::described(call, &at, name, package.archive)?;
    }
    writer::taught(call, package, "")?;
    files.extend(package.files.iter().map(|(at, _)| at.clone()));
    let mut left = package.size;
    let share = (left * 7 / 10).checked_div(package.programs.len() as u64).unwrap_or(0);
    for program in &package.programs {
        let at = program_path(program);
        let size = share.clamp(1_024, 60_000_000).min(left);
        writer::file(call, &at, Contents::of_program(deb_files::behaviour(&at), size), 0o755)?;
        left -= size;
        files.push(at);
    }
    if left > 0 && package.files.is_empty() {
        let library = name.starts_with("lib") && !name.ends_with("-devel");
        if library {
            let at = format!("/usr/lib64/{name}.so.1");
            writer::described(call, &at, name, left)?;
            files.push(at);
        } else {
            let dir = format!("/usr/share/{name}");
            let count = (left / 120_000).clamp(1, 60);
            files.extend(writer::spread(
                call,
                &dir,
                name,
                left,
                count,
                &["data.db", "defaults.conf", "messages.mo"],
            )?);
        }
    }
    Ok(files)
}

fn remove(call: &mut Call<'_, '_>, request: &Request, automatic: bool) -> i32 {
    let mut all = installed(call);
    let mut gone: Vec<String> = Vec::new();
    for word in &request.words {
        if all.iter().any(|package| package.name == *word) {
            gone.push(word.clone());
        } else {
            call.out(&format!("No match for argument: {word}\n"));
        }
    }
    // What needs a removed package, and what came along and nobody needs any more.
    loop {
        let before = gone.len();
        for package in &all {
            let needed =
                all.iter().any(|user| !gone.contains(&user.name) && user.needs.contains(&package.name));
            let broken = package.needs.iter().any(|need| gone.contains(need));
            let idle = !package.wanted && !needed && (automatic || !gone.is_empty());
            if !gone.contains(&package.name) && (broken || idle) {
                gone.push(package.name.clone());
            }
        }
        if gone.len() == before {
            break;
        }
    }
    if gone.is_empty() {
        call.out("No packages marked for removal.\nDependencies resolved.\nNothing to do.\nComplete!\n");
        return 0;
    }
    if !request.yes {
        call.out("Is this ok [y/N]: Operation aborted.\n");
        return 1;
    }
    let (going, stay): (Vec<Installed>, Vec<Installed>) =
        all.drain(..).partition(|package| gone.contains(&package.name));
    let mut list = String::new();
    for package in &going {
        for file in &package.files {
            // Shared or already removed by hand: nothing to do.
            let _ = call.m.unlink(file.as_bytes());
        }
        list.push_str(&format!("  {}\n", nevra(&package.name, &package.version, &package.arch)));
    }
    if let Err(errno) = store(call, &stay) {
        return call.fail_errno(DATABASE, errno);
    }
    call.out(&format!("\nRemoved:\n{list}\nComplete!\n"));
    0
}

/// `dnf clean all`.
fn clean(call: &mut Call<'_, '_>) -> i32 {
    let (mut open, mut files) = (vec![CACHE.to_owned()], 0);
    let mut dirs = Vec::new();
    while let Some(dir) = open.pop() {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            let at = format!("{dir}/{}", crate::shell::text::decode(&name));
            if call.m.is_dir(at.as_bytes()) {
                dirs.push(at.clone());
                open.push(at);
            } else if call.m.unlink(at.as_bytes()).is_ok() {
                files += 1;
            }
        }
    }
    for dir in dirs.iter().rev() {
        // One that is not empty stays.
        let _ = call.m.rmdir(dir.as_bytes());
    }
    call.out(&format!("{files} files removed\n"));
    0
}

/// `rpm -q`, `-qa`, `-ql`, `-qf`, `-e`.
pub(in super::super) fn rpm(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words: Vec<&str> = call.args().iter().map(String::as_str).collect();
    let flags: String =
        words.iter().filter(|w| w.starts_with('-') && !w.starts_with("--")).copied().collect();
    let long = |name: &str| words.contains(&name);
    let names: Vec<String> = words.iter().filter(|w| !w.starts_with('-')).map(|w| (*w).to_owned()).collect();
    let all = installed(call);
    let query = flags.contains('q') || long("--query");
    if query && flags.contains('a') {
        let patterns: Vec<Pattern> = names.iter().map(|name| Pattern::new(name)).collect();
        for package in &all {
            if patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches_text(&package.name)) {
                call.out(&format!("{}\n", nevra(&package.name, &package.version, &package.arch)));
            }
        }
        return 0;
    }
    let mut exit = 0;
    for name in &names {
        let by_file = flags.contains('f');
        let found = all
            .iter()
            .find(|package| if by_file { package.files.contains(name) } else { package.name == *name });
        match found {
            Some(package) if query && flags.contains('l') => {
                call.out(&format!("{}\n", package.files.join("\n")))
            }
            Some(package) if query => {
                call.out(&format!("{}\n", nevra(&package.name, &package.version, &package.arch)))
            }
            None if query && by_file => {
                call.out(&format!("error: file {name}: No such file or directory\n"));
                exit = 1;
            }
            None if query => {
                call.out(&format!("package {name} is not installed\n"));
                exit = 1;
            }
            Some(package) if flags.contains('e') => {
                for file in &package.files {
                    // Shared or already removed by hand: nothing to do.
                    let _ = call.m.unlink(file.as_bytes());
                }
                let stay: Vec<Installed> = all.iter().filter(|other| other.name != *name).cloned().collect();
                if let Err(errno) = store(call, &stay) {
                    return call.fail_errno(DATABASE, errno);
                }
            }
            None if flags.contains('e') => {
                call.err(&format!("error: package {name} is not installed\n"));
                exit = 1;
            }
            _ => return call.m.not_modelled(&format!("rpm {}", words.join(" "))),
        }
    }
    if names.is_empty() && !long("--version") {
        call.out("RPM version 4.16.1.3\n");
    }
    exit
}
