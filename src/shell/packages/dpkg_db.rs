//! dpkg's database: `/var/lib/dpkg/status` and the lists in `/var/lib/dpkg/info`, and the files of packages.
//!
//! (Fields and states: dpkg's `lib/dpkg/fields.c`, `parsedump.h`; lists: one path a line, directories too.)

use super::table::{Package, Table, program_path};
use super::{deb_files, writer};
use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::taught::Kind;
use crate::union::StatKind;
use std::collections::{BTreeSet, HashSet};

const STATUS: &str = "/var/lib/dpkg/status";
const INFO: &str = "/var/lib/dpkg/info";

/// A package, as the database has it.
#[derive(Clone, Debug)]
pub(super) struct Installed {
    pub name: String,
    pub version: String,
    pub architecture: String,
    pub description: String,
    /// KiB.
    pub size: String,
    /// Named with its architecture.
    pub same: bool,
    /// Only its configuration files are left.
    pub removed: bool,
    pub held: bool,
    /// Names, without versions.
    pub depends: Vec<String>,
    pub recommends: Vec<String>,
}

impl Installed {
    /// As dpkg names it.
    pub fn full_name(&self) -> String {
        if self.same { format!("{}:{}", self.name, self.architecture) } else { self.name.clone() }
    }
}

/// The records of the status file, without their blank lines.
pub(super) fn records(call: &mut Call<'_, '_>) -> Vec<String> {
    let status = writer::text(call, STATUS);
    let records = status.split("\n\n").map(|record| record.trim_matches('\n'));
    records.filter(|record| !record.is_empty()).map(str::to_owned).collect()
}

/// The value of a field's first line; empty when the record lacks it.
pub(super) fn field<'r>(record: &'r str, name: &str) -> &'r str {
    let line = record.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map_or("", str::trim)
}

fn names(list: &str) -> Vec<String> {
    let bare = |item: &str| {
        let first = item.split('|').next().unwrap_or("").trim();
        first.split([' ', '(', ':']).next().unwrap_or("").to_owned()
    };
    list.split(',').map(bare).filter(|name| !name.is_empty()).collect()
}

/// All packages that the database knows, removed ones with configuration files too, in its order.
pub(super) fn all(call: &mut Call<'_, '_>) -> Vec<Installed> {
    let read = |record: &String| {
        let text = |name: &str| field(record, name).to_owned();
        let state = text("Status");
        let mut words = state.split(' ');
        let (want, status) = (words.next().unwrap_or(""), words.next_back().unwrap_or(""));
        matches!(status, "installed" | "config-files" | "unpacked" | "half-configured").then(|| Installed {
            name: text("Package"),
            version: text("Version"),
            architecture: text("Architecture"),
            description: text("Description"),
            size: text("Installed-Size"),
            same: field(record, "Multi-Arch") == "same",
            removed: status == "config-files",
            held: want == "hold",
            depends: [names(field(record, "Pre-Depends")), names(field(record, "Depends"))].concat(),
            recommends: names(field(record, "Recommends")),
        })
    };
    records(call).iter().filter_map(read).filter(|package| !package.name.is_empty()).collect()
}

/// The installed packages, in the database's order.
pub(super) fn installed(call: &mut Call<'_, '_>) -> Vec<Installed> {
    all(call).into_iter().filter(|package| !package.removed).collect()
}

/// Writes the records back.
pub(super) fn store(call: &mut Call<'_, '_>, records: &[String]) -> Result<(), Errno> {
    let text: String = records.iter().map(|record| format!("{record}\n\n")).collect();
    writer::file(call, STATUS, Contents::text(&text), 0o644)
}

/// Enters packages into the database, sorted in as dpkg does.
pub(super) fn register(call: &mut Call<'_, '_>, packages: &[std::sync::Arc<Package>]) -> Result<(), Errno> {
    let new: HashSet<&str> = packages.iter().map(|package| &*package.name).collect();
    let mut records = records(call);
    records.retain(|record| !new.contains(field(record, "Package")));
    records.extend(packages.iter().map(|package| record(package)));
    records.sort_by(|a, b| field(a, "Package").cmp(field(b, "Package")));
    store(call, &records)
}

fn record(package: &Package) -> String {
    let list = |name: &str, words: &[super::table::Text]| match words {
        [] => String::new(),
        words => format!("{name}: {}\n", words.join(", ")),
    };
    format!(
        "Package: {}\nStatus: install ok installed\nPriority: optional\nInstalled-Size: {}\nArchitecture: {}\n{}Version: {}\n{}{}{}Description: package {}",
        package.name,
        package.size.div_ceil(1024),
        package.arch(),
        if package.same { "Multi-Arch: same\n" } else { "" },
        package.version,
        list("Depends", &package.depends),
        list("Recommends", &package.recommends),
        list("Suggests", &package.suggests),
        package.name
    )
}

/// Sets the first word of the state ("install", "hold") of packages.
pub(super) fn select(call: &mut Call<'_, '_>, names: &[String], want: &str) -> Result<(), Errno> {
    let mut records = records(call);
    for record in &mut records {
        if names.iter().any(|name| name == field(record, "Package")) {
            let state = field(record, "Status").to_owned();
            let rest = state.split_once(' ').map_or("ok installed", |(_, rest)| rest);
            *record = record.replacen(&format!("Status: {state}"), &format!("Status: {want} {rest}"), 1);
        }
    }
    store(call, &records)
}

// ---- the lists of files ---------------------------------------------------------------------------

/// The file that lists what a package brought, if it is there.
fn list_path(call: &mut Call<'_, '_>, name: &str) -> Option<String> {
    [format!("{INFO}/{name}.list"), format!("{INFO}/{name}:amd64.list")]
        .into_iter()
        .find(|at| call.m.exists(at.as_bytes()))
}

/// The paths that a package brought, as its list has them. The lists of the built-in bases may be only
/// described; then there is none to read.
pub(super) fn paths(call: &mut Call<'_, '_>, name: &str) -> Option<Vec<String>> {
    let at = list_path(call, name)?;
    let text = writer::text(call, &at);
    if !text.starts_with('/') {
        return None;
    }
    Some(text.lines().map(str::to_owned).collect())
}

/// How many files and directories dpkg counts: the lines of all lists.
pub(super) fn count_paths(call: &mut Call<'_, '_>) -> u64 {
    let mut count = 0;
    for name in call.m.readdir(INFO.as_bytes()).unwrap_or_default() {
        if name.ends_with(b".list") {
            let at = [INFO.as_bytes(), b"/", &name].concat();
            // A line has some 44 characters.
            count += call.m.stat(&at).map_or(0, |stat| stat.size / 44);
        }
    }
    count
}

/// Who brought the paths that contain the text: package and path, in the order of the lists.
pub(super) fn owners(call: &mut Call<'_, '_>, matches: &dyn Fn(&str) -> bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for package in installed(call) {
        for path in paths(call, &package.name).unwrap_or_default() {
            if matches(&path) {
                found.push((package.full_name(), path));
            }
        }
    }
    found
}

// ---- files ----------------------------------------------------------------------------------------

/// What an unpacking printed on the way and what it brought.
#[derive(Default)]
pub(super) struct Unpacked {
    /// It brought a shared library: the loader's cache has to be renewed.
    pub libraries: bool,
    /// Lines of its configuration.
    pub lines: String,
}

/// Writes the files of a package and its lists.
pub(super) fn unpack(call: &mut Call<'_, '_>, package: &Package) -> Result<Unpacked, Errno> {
    let mut files = Files { written: Vec::new(), left: package.size };
    let mut unpacked = Unpacked::default();
    let name = &*package.name;
    if package.files.is_empty() {
        texts(call, name, &mut files)?;
    }
    for (at, file) in &package.files {
        taught(call, at, file, &mut files)?;
    }
    let copyright = format!("/usr/share/doc/{name}/copyright");
    let size = (1_200 + name.len() as u64 * 97).min(files.left);
    files.described(call, &copyright, name, size)?;
    programs(call, package, &mut files)?;
    if package.files.is_empty() {
        unpacked.libraries = data(call, package, &mut files)?;
    }
    write_lists(call, package, &files.written)?;
    unpacked.lines = configure(call, package)?;
    Ok(unpacked)
}

/// Files of one package while they are written.
struct Files {
    written: Vec<String>,
    /// Bytes of the package's size that are not given away yet.
    left: u64,
}

impl Files {
    fn described(&mut self, call: &mut Call<'_, '_>, at: &str, label: &str, size: u64) -> Result<(), Errno> {
        writer::described(call, at, label, size)?;
        self.written.push(at.to_owned());
        self.left = self.left.saturating_sub(size);
        Ok(())
    }
}

fn texts(call: &mut Call<'_, '_>, name: &str, files: &mut Files) -> Result<(), Errno> {
    for (at, text) in deb_files::texts(name) {
        let mode = if at.starts_with("/etc/sudoers") { 0o440 } else { 0o644 };
        writer::file(call, at, Contents::text(text), mode)?;
        files.written.push((*at).to_owned());
        files.left = files.left.saturating_sub(text.len() as u64);
    }
    if name == "nginx-common" {
        for dir in ["/etc/nginx/conf.d", "/etc/nginx/modules-enabled", "/var/log/nginx", "/var/lib/nginx"] {
            writer::directories(call, dir.as_bytes())?;
            files.written.push(dir.to_owned());
        }
        let link = "/etc/nginx/sites-enabled/default";
        writer::link(call, link, "/etc/nginx/sites-available/default")?;
        files.written.push(link.to_owned());
    }
    Ok(())
}

fn taught(
    call: &mut Call<'_, '_>,
    at: &str,
    file: &crate::shell::taught::File,
    files: &mut Files,
) -> Result<(), Errno> {
    match &file.kind {
        Kind::File(contents) => {
            writer::file(call, at, contents.clone(), file.mode)?;
            files.left = files.left.saturating_sub(contents.len());
        }
        Kind::Link(target) => writer::link(call, at, target)?,
    }
    files.written.push(at.to_owned());
    Ok(())
}

/// Programs are most of a package that has any.
fn programs(call: &mut Call<'_, '_>, package: &Package, files: &mut Files) -> Result<(), Errno> {
    let share = (files.left * 7 / 10).checked_div(package.programs.len() as u64).unwrap_or(0);
    for program in &package.programs {
        let at = program_path(program);
        let size = share.clamp(1_024, 60_000_000).min(files.left);
        writer::file(call, &at, Contents::of_program(deb_files::behaviour(&at), size), 0o755)?;
        files.left = files.left.saturating_sub(size);
        files.written.push(at);
    }
    for (_, target) in deb_files::alternatives(&package.name) {
        if !files.written.iter().any(|at| at == target) {
            let size = 18_000.min(files.left);
            writer::file(call, target, Contents::of_program(deb_files::behaviour(target), size), 0o755)?;
            files.left -= size;
            files.written.push(target.to_owned());
        }
    }
    Ok(())
}

/// The rest of a package by what its name says about it: a library, headers, fonts, data. Whether it was a
/// shared library.
fn data(call: &mut Call<'_, '_>, package: &Package, files: &mut Files) -> Result<bool, Errno> {
    let name = &*package.name;
    if files.left == 0 {
        return Ok(false);
    }
    if package.same && name.starts_with("lib") && !name.ends_with("-dev") {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        let soname = format!("{stem}.so.{}", name.trim_start_matches(stem).trim_start_matches('-'));
        let at = format!("/usr/lib/x86_64-linux-gnu/{}", soname.trim_end_matches('.'));
        let left = files.left;
        files.described(call, &format!("{at}.0"), name, left)?;
        writer::link(call, &at, &format!("{}.0", soname.trim_end_matches('.')))?;
        files.written.push(at);
        return Ok(true);
    }
    let (dir, names): (String, &[&str]) = if name.ends_with("-dev") || name.ends_with("-src") {
        (format!("/usr/include/{name}"), &["api.h", "config.h", "types.h", "version.h"])
    } else if name.starts_with("fonts-") {
        (format!("/usr/share/fonts/truetype/{name}"), &["Sans.ttf", "Sans-Bold.ttf", "Mono.ttf", "Serif.ttf"])
    } else if name.starts_with("python3") {
        (format!("/usr/lib/python3/dist-packages/{name}"), &["__init__.py", "core.py", "util.py"])
    } else {
        (format!("/usr/share/{name}"), &["data.db", "defaults.conf", "messages.mo", "schema.xml"])
    };
    let count = (files.left / 120_000).clamp(1, 60);
    files.written.extend(writer::spread(call, &dir, name, files.left, count, names)?);
    Ok(false)
}

/// `NAME.list` with the directories above every file, and `NAME.md5sums`.
fn write_lists(call: &mut Call<'_, '_>, package: &Package, files: &[String]) -> Result<(), Errno> {
    let mut all: BTreeSet<&[u8]> = BTreeSet::new();
    for file in files {
        let mut at = file.as_bytes();
        while at.len() > 1 && all.insert(at) {
            at = path::parent(at);
        }
    }
    let mut list = "/.\n".to_owned();
    for at in all {
        list.push_str(&String::from_utf8_lossy(at));
        list.push('\n');
    }
    let info = format!("{INFO}/{}", package.full_name());
    writer::file(call, &format!("{info}.list"), Contents::text(&list), 0o644)?;
    let sums: String = files
        .iter()
        .filter(|file| !file.starts_with("/etc/"))
        .map(|file| {
            let hex = crate::fs::Digest::of(file).hex();
            format!("{}  {}\n", hex.get(..32).unwrap_or(""), file.trim_start_matches('/'))
        })
        .collect();
    writer::file(call, &format!("{info}.md5sums"), Contents::text(&sums), 0o644)
}

/// What the maintainer scripts do that a student can see: alternatives, users, certificates.
fn configure(call: &mut Call<'_, '_>, package: &Package) -> Result<String, Errno> {
    let mut lines = String::new();
    for (link, target) in deb_files::alternatives(&package.name) {
        let middle = format!("/etc/alternatives/{link}");
        let place = format!("/usr/bin/{link}");
        if call.m.lstat(middle.as_bytes()).is_err() {
            writer::link(call, &middle, target)?;
            lines.push_str(&format!(
                "update-alternatives: using {target} to provide {place} ({link}) in auto mode\n"
            ));
        }
        if call.m.lstat(place.as_bytes()).is_err() {
            writer::link(call, &place, &middle)?;
        }
    }
    if let Some((user, home)) = deb_files::user(&package.name) {
        add_user(call, user, home)?;
    }
    if package.name == "ca-certificates" {
        writer::described(call, "/etc/ssl/certs/ca-certificates.crt", "ca-certificates", 213_777)?;
    }
    lines.push_str(deb_files::configured(&package.name));
    Ok(lines)
}

/// A system user and its group, with the first free id from 100 on.
fn add_user(call: &mut Call<'_, '_>, user: &str, home: &str) -> Result<(), Errno> {
    let (passwd, group) = (writer::text(call, "/etc/passwd"), writer::text(call, "/etc/group"));
    if passwd.lines().any(|line| line.split(':').next() == Some(user)) {
        return Ok(());
    }
    let taken: HashSet<&str> =
        passwd.lines().chain(group.lines()).filter_map(|line| line.split(':').nth(2)).collect();
    let id = (100..1_000).find(|id: &u32| !taken.contains(id.to_string().as_str())).unwrap_or(999);
    writer::append(call, "/etc/passwd", &format!("{user}:x:{id}:{id}::{home}:/usr/sbin/nologin\n"))?;
    writer::append(call, "/etc/group", &format!("{user}:x:{id}:\n"))?;
    writer::append(call, "/etc/shadow", &format!("{user}:!:19723::::::\n"))
}

/// Removes a package's files and its record among `records`, which the caller stores. Configuration (files below `/etc`) and the record stay unless
/// it is purged. Whether a shared library went.
pub(super) fn erase(
    call: &mut Call<'_, '_>,
    records: &mut Vec<String>,
    name: &str,
    purge: bool,
) -> Result<bool, Errno> {
    let list = list_path(call, name);
    let all = paths(call, name).unwrap_or_default();
    let (mut kept, mut libraries) = (Vec::new(), false);
    // Where /usr is merged, a directory of the list may be a link: then it is none of the package's.
    let dirs: HashSet<&[u8]> = all.iter().map(|file| path::parent(file.as_bytes())).collect();
    for file in all.iter().rev().filter(|file| file.len() > 2) {
        let Ok(stat) = call.m.lstat(file.as_bytes()) else { continue };
        if stat.kind != StatKind::Dir && dirs.contains(file.as_bytes()) {
            continue;
        }
        if stat.kind == StatKind::Dir {
            let removed = !is_base(file) && call.m.rmdir(file.as_bytes()).is_ok();
            if !removed && kept.iter().any(|below: &String| below.starts_with(&format!("{file}/"))) {
                kept.push(file.clone());
            }
        } else if file.starts_with("/etc/") && !purge {
            kept.push(file.clone());
        } else {
            libraries |= file.contains(".so.");
            call.m.unlink(file.as_bytes())?;
        }
    }
    for (link, target) in deb_files::alternatives(name) {
        let middle = format!("/etc/alternatives/{link}");
        let ours = call.m.readlink(middle.as_bytes()).is_ok_and(|to| to == target.as_bytes());
        if ours {
            call.m.unlink(middle.as_bytes())?;
            let place = format!("/usr/bin/{link}");
            if call.m.readlink(place.as_bytes()).is_ok_and(|to| to == middle.as_bytes()) {
                call.m.unlink(place.as_bytes())?;
            }
        }
    }
    let of = |record: &String| field(record, "Package") == name;
    if kept.is_empty() {
        records.retain(|record| !of(record));
        forget_lists(call, list.as_deref())?;
    } else {
        for record in records.iter_mut().filter(|record| of(record)) {
            let state = field(record, "Status").to_owned();
            *record = record.replacen(&state, "deinstall ok config-files", 1);
        }
        kept.reverse();
        let text = format!("/.\n{}\n", kept.join("\n"));
        if let Some(list) = list {
            writer::file(call, &list, Contents::text(&text), 0o644)?;
        }
    }
    Ok(libraries)
}

/// Directories that more than one package brought stay, even when they are empty for a while.
fn is_base(dir: &str) -> bool {
    match dir.matches('/').count() {
        0 | 1 => true,
        2 => dir.starts_with("/usr/") || dir.starts_with("/var/"),
        _ => dir == "/usr/lib/x86_64-linux-gnu" || dir == "/usr/share/doc",
    }
}

fn forget_lists(call: &mut Call<'_, '_>, list: Option<&str>) -> Result<(), Errno> {
    let Some(stem) = list.and_then(|list| list.strip_suffix(".list")) else { return Ok(()) };
    for end in ["list", "md5sums"] {
        let at = format!("{stem}.{end}");
        if call.m.lstat(at.as_bytes()).is_ok() {
            call.m.unlink(at.as_bytes())?;
        }
    }
    Ok(())
}

/// What a package needs: the table's word, else the database's.
pub(super) fn needs(table: &Table, package: &Installed, recommends: bool) -> Vec<String> {
    let (mut needed, more) = match table.get(&package.name) {
        Some(known) => {
            let words = |list: &[super::table::Text]| list.iter().map(|name| name.to_string()).collect();
            (words(&known.depends), words(&known.recommends))
        }
        None => (package.depends.clone(), package.recommends.clone()),
    };
    if recommends {
        needed.extend::<Vec<String>>(more);
    }
    needed
}
