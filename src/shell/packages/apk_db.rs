//! apk's database: `/lib/apk/db/installed` and `/etc/apk/world`, and the files of packages.
//!
//! (Letters of a record, from apk-tools' `database.c`: P name, V version, A architecture, S and I sizes, T
//! description, U address, L licence, o origin, D dependencies, p provides, F directory, R file, Z checksum.)

use super::table::{Package, program_path};
use super::{deb_files, writer};
use crate::fs::{Contents, Errno, path};
use crate::shell::call::Call;
use crate::shell::taught::Kind;
use std::collections::{BTreeMap, BTreeSet};

const INSTALLED: &str = "/lib/apk/db/installed";
const WORLD: &str = "/etc/apk/world";

/// The records of the database.
pub(super) fn records(call: &mut Call<'_, '_>) -> Vec<String> {
    let text = writer::text(call, INSTALLED);
    let records = text.split("\n\n").map(|record| record.trim_matches('\n'));
    records.filter(|record| !record.is_empty()).map(str::to_owned).collect()
}

/// The value of a letter; empty when the record lacks it.
pub(super) fn field<'r>(record: &'r str, letter: &str) -> &'r str {
    record.lines().find_map(|line| line.strip_prefix(letter)?.strip_prefix(':')).unwrap_or("")
}

/// Paths of a record's files, without the leading slash.
pub(super) fn paths(record: &str) -> Vec<String> {
    let (mut dir, mut found) = ("", Vec::new());
    for line in record.lines() {
        if let Some(at) = line.strip_prefix("F:") {
            dir = at;
        } else if let Some(name) = line.strip_prefix("R:") {
            found.push(if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") });
        }
    }
    found
}

/// Writes the records back, sorted by name as apk keeps them.
pub(super) fn store(call: &mut Call<'_, '_>, records: &[String]) -> Result<(), Errno> {
    let mut sorted: Vec<&String> = records.iter().collect();
    sorted.sort_by(|a, b| field(a, "P").cmp(field(b, "P")));
    let text: String = sorted.iter().map(|record| format!("{record}\n\n")).collect();
    writer::file(call, INSTALLED, Contents::text(&text), 0o644)
}

/// What somebody asked for: names with their conditions.
pub(super) fn world(call: &mut Call<'_, '_>) -> BTreeSet<String> {
    writer::text(call, WORLD).split_whitespace().map(str::to_owned).collect()
}

/// Writes the world back.
pub(super) fn store_world(call: &mut Call<'_, '_>, world: &BTreeSet<String>) -> Result<(), Errno> {
    let text: String = world.iter().map(|name| format!("{name}\n")).collect();
    writer::file(call, WORLD, Contents::text(&text), 0o644)
}

/// Writes a package's files; its record.
pub(super) fn unpack(call: &mut Call<'_, '_>, package: &Package) -> Result<String, Errno> {
    let name = &*package.name;
    let mut left = package.size;
    let mut files: Vec<String> = Vec::new();
    for (at, file) in &package.files {
        match &file.kind {
            Kind::File(contents) => {
                writer::file(call, at, contents.clone(), file.mode)?;
                left = left.saturating_sub(contents.len());
            }
            Kind::Link(target) => writer::link(call, at, target)?,
        }
        files.push(at.clone());
    }
    let share = (left * 7 / 10).checked_div(package.programs.len() as u64).unwrap_or(0);
    for program in &package.programs {
        let size = share.clamp(1_024, 60_000_000).min(left);
        let at = program_path(program);
        writer::file(call, &at, Contents::of_program(deb_files::behaviour(&at), size), 0o755)?;
        left = left.saturating_sub(size);
        files.push(at);
    }
    if name == "sudo" && !package.taught {
        for (at, text) in deb_files::SUDO {
            writer::file(call, at, Contents::text(text), 0o440)?;
            files.push((*at).to_owned());
        }
    }
    if name == "python3" && !package.taught {
        let at = "/usr/lib/python3.11/EXTERNALLY-MANAGED";
        writer::file(call, at, Contents::text(deb_files::MANAGED_BY_APK), 0o644)?;
        files.push(at.to_owned());
    }
    if left > 0 && package.files.is_empty() {
        data(call, name, left, &mut files)?;
    }
    configure(call, name)?;
    Ok(record(package, &files))
}

/// The rest of a package by what its name says about it: a library, headers, time zones, data.
fn data(call: &mut Call<'_, '_>, name: &str, left: u64, files: &mut Vec<String>) -> Result<(), Errno> {
    let library = (name.starts_with("lib") || name.ends_with("-libs")) && !name.ends_with("-dev");
    if library {
        let at = format!("/usr/lib/{}.so.1", name.trim_end_matches("-libs"));
        writer::described(call, &at, name, left)?;
        files.push(at);
        return Ok(());
    }
    let (dir, names): (String, &[&str]) = if name.ends_with("-dev") {
        (format!("/usr/include/{name}"), &["api.h", "config.h", "types.h"])
    } else if name == "tzdata" {
        let zones = &["UTC", "Europe/Paris", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "zone.tab"];
        ("/usr/share/zoneinfo".to_owned(), zones)
    } else {
        (format!("/usr/share/{name}"), &["data.db", "defaults.conf", "messages.mo"])
    };
    let count = (left / 150_000).clamp(names.len() as u64, 60);
    files.extend(writer::spread(call, &dir, name, left, count, names)?);
    Ok(())
}

/// What the package's scripts do that a student can see.
fn configure(call: &mut Call<'_, '_>, name: &str) -> Result<(), Errno> {
    match name {
        "bash" if !writer::text(call, "/etc/shells").contains("/bin/bash") => {
            writer::append(call, "/etc/shells", "/bin/bash\n")
        }
        "ca-certificates" => writer::directories(call, b"/usr/local/share/ca-certificates").map(drop),
        "python3" => writer::link(call, "/usr/bin/python", "python3"),
        _ => Ok(()),
    }
}

/// Directories and their files, as the database lists them.
fn record(package: &Package, files: &[String]) -> String {
    let mut dirs: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
    for file in files {
        let mut above = path::parent(file.as_bytes());
        let name = file.rsplit('/').next().unwrap_or(file);
        dirs.entry(above).or_default().push(name);
        while above.len() > 1 {
            above = path::parent(above);
            if above.len() > 1 {
                dirs.entry(above).or_default();
            }
        }
    }
    let mut listed = String::new();
    for (dir, mut names) in dirs {
        listed.push_str(&format!("\nF:{}", String::from_utf8_lossy(dir).trim_start_matches('/')));
        names.sort_unstable();
        for name in names {
            listed.push_str(&format!("\nR:{name}"));
        }
    }
    let depends = match &package.depends[..] {
        [] => String::new(),
        words => format!("\nD:{}", words.join(" ")),
    };
    format!(
        "P:{0}\nV:{1}\nA:{2}\nS:{3}\nI:{4}\nT:package {0}\no:{0}{depends}{listed}",
        package.name,
        package.version,
        if package.all { "noarch" } else { "x86_64" },
        package.archive,
        package.size,
    )
}

/// Removes a record's files, and the directories that are empty then.
pub(super) fn erase(call: &mut Call<'_, '_>, record: &str) -> Result<(), Errno> {
    for file in paths(record) {
        let at = format!("/{file}");
        if call.m.lstat(at.as_bytes()).is_ok() {
            call.m.unlink(at.as_bytes())?;
        }
        let mut above = path::parent(at.as_bytes()).to_vec();
        while above.len() > 9 && call.m.rmdir(&above).is_ok() {
            above = path::parent(&above).to_vec();
        }
    }
    let link = b"/usr/bin/python";
    if field(record, "P") == "python3" && call.m.readlink(link).is_ok_and(|to| to == b"python3") {
        call.m.unlink(link)?;
    }
    Ok(())
}
