//! Replaying recorded cases: what a real kernel (and a real Docker) did, against what the lab does.
//!
//! A corpus is a set of JSON files. Each case says what was there, what was done and what came of
//! it; the lab does the same and the two are compared. [`run`] walks files and folders, counts per
//! topic and says for each failing case where it first left the recording.

mod analyze;
pub mod build;
mod container;
mod json;
pub mod overlay;
mod report;

pub use report::{Answer, Failure, Report, Topic, Verdict};

use crate::error::{Error, ErrorKind};
use crate::fs::{Host, HostKind};
use serde_json::Value;
use std::collections::HashSet;

/// The largest corpus file, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// Folders in folders are followed this deep.
const MAX_DEPTH: usize = 16;

/// Replays files and folders, in the order given; a folder's files in the order of their names.
/// Each case's answer is handed to `take` as soon as there is one. Files of a folder that hold no
/// cases are passed over; a file that was named must be readable.
///
/// Lab errors (unreadable files, cases that can't be understood) are collected in the report: the
/// other files are replayed all the same.
pub fn run(host: &dyn Host, paths: &[String], take: &mut dyn FnMut(&Answer)) -> Report {
    let mut report = Report::default();
    for path in paths {
        visit(host, path, MAX_DEPTH, true, &mut report, take);
    }
    report
}

fn visit(
    host: &dyn Host,
    path: &str,
    depth: usize,
    named: bool,
    report: &mut Report,
    take: &mut dyn FnMut(&Answer),
) {
    if let Ok(entries) = host.list(path) {
        for entry in entries {
            let Ok(name) = String::from_utf8(entry.name) else { continue };
            let inside = format!("{}/{name}", path.trim_end_matches('/'));
            let wanted = match entry.kind {
                HostKind::Directory => depth > 0,
                HostKind::File { .. } => name.ends_with(".json"),
                _ => false,
            };
            if wanted {
                visit(host, &inside, depth - 1, false, report, take);
            }
        }
        return;
    }
    let replayed = host
        .read(path, MAX_FILE)
        .map_err(|error| {
            Error::new(ErrorKind::Host, error.to_string()).hint("name a file of at most 256 MB, or a folder")
        })
        .and_then(|bytes| {
            let folder = path.rfind('/').map_or("", |at| path.get(..=at).unwrap_or_default());
            let mut beside = Beside {
                bases: &mut || bases(host, path),
                read: &mut |name| {
                    host.read(&format!("{folder}{name}"), MAX_FILE).map_err(|error| error.to_string())
                },
            };
            file_beside(path, &bytes, &mut beside, report, take)
        });
    match replayed {
        Ok(true) => {}
        Ok(false) if named => report.errors.push(no_cases(path)),
        Ok(false) => report.passed_over += 1,
        Err(error) => report.errors.push(error),
    }
}

fn no_cases(path: &str) -> Error {
    Error::new(ErrorKind::Syntax, format!("{path} holds no recorded cases"))
        .hint("a corpus file is JSON with `format` and `cases`, or one case with `name` and `topic`")
}

/// The base images for a file: those of the `bases.json` in the nearest folder above it.
fn bases(host: &dyn Host, path: &str) -> Result<build::Bases, Error> {
    let above = path.rmatch_indices('/').map(|(at, _)| format!("{}/", path.get(..at).unwrap_or_default()));
    for folder in above.chain([String::new()]) {
        let name = format!("{folder}bases.json");
        if let Ok(bytes) = host.read(&name, MAX_FILE) {
            return build::Bases::read(&bytes).map_err(|message| {
                Error::new(ErrorKind::Syntax, format!("{name}: {message}"))
                    .hint("it describes the base images of the cases below its folder")
            });
        }
    }
    Ok(build::Bases::default())
}

/// Replays the cases of one file that needs nothing beside it. False: it holds none.
///
/// # Errors
/// The bytes are no JSON, or a case lacks what it needs.
pub fn file(
    name: &str,
    bytes: &[u8],
    report: &mut Report,
    take: &mut dyn FnMut(&Answer),
) -> Result<bool, Error> {
    let mut nothing = Beside {
        bases: &mut || Ok(build::Bases::default()),
        read: &mut |name| Err(format!("`{name}` is not at hand")),
    };
    file_beside(name, bytes, &mut nothing, report, take)
}

/// What cases may need beside their file.
struct Beside<'a> {
    bases: &'a mut dyn FnMut() -> Result<build::Bases, Error>,
    /// The bytes of a file, by its name from the folder of the cases.
    read: &'a mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
}

fn file_beside(
    name: &str,
    bytes: &[u8],
    beside: &mut Beside<'_>,
    report: &mut Report,
    take: &mut dyn FnMut(&Answer),
) -> Result<bool, Error> {
    let file = json::read(name, bytes)?;
    let value = &file.value;
    if let Some(cases) = value.get("cases") {
        if !cases.is_array() {
            return Err(bad_file(name, "`cases` must be a list"));
        }
        let overlay = is_overlay(&file).map_err(|message| bad_file(name, &message))?;
        let (mut known, mut names, mut count) = (None, HashSet::new(), 0);
        file.each_case(&mut |case| {
            let (at, case) = (count, &case);
            count += 1;
            let twice =
                case.get("name").and_then(Value::as_str).is_some_and(|name| !names.insert(name.to_owned()));
            let replayed = match (overlay, twice) {
                (_, true) => Err(bad_case(name, case, at, "`name`: another case of this file has it")),
                (true, _) => overlay::replay(case).map_err(|message| bad_case(name, case, at, &message)),
                (false, _) => docker(name, case, at, &mut known, beside),
            };
            match replayed {
                Ok(answer) => {
                    report.add(&answer);
                    take(&answer);
                }
                Err(error) => report.errors.push(error),
            }
        });
        return Ok(count > 0);
    }
    if value.get("topic").is_some_and(Value::is_string) && value.get("name").is_some_and(Value::is_string) {
        let answer = match overlay::is_case(value) {
            true => overlay::replay(value).map_err(|message| bad_case(name, value, 0, &message)),
            false => docker(name, value, 0, &mut None, beside),
        }?;
        report.add(&answer);
        take(&answer);
        return Ok(true);
    }
    Ok(false)
}

/// Are these overlay cases? The file must say so.
fn is_overlay(file: &json::File<'_>) -> Result<bool, String> {
    let wanted = format!("for overlay cases it is `{}1`", overlay::FORMAT);
    match file.value.get("format") {
        Some(Value::String(format)) if *format == format!("{}1", overlay::FORMAT) => Ok(true),
        Some(Value::String(format)) if format.starts_with(overlay::FORMAT) => {
            let shown: String = format.chars().take(80).collect();
            Err(format!("`format` is `{shown}`, which is unknown; {wanted}"))
        }
        Some(Value::String(_)) => Ok(false),
        Some(_) => Err("`format` must be text".to_owned()),
        None => {
            let mut any = false;
            file.each_case(&mut |case| any |= overlay::is_case(&case));
            if any { Err(format!("no `format`; {wanted}")) } else { Ok(false) }
        }
    }
}

/// Replays one case of Docker's; its base images are read when the first case needs them.
fn docker(
    file: &str,
    case: &Value,
    at: usize,
    known: &mut Option<build::Bases>,
    beside: &mut Beside<'_>,
) -> Result<Answer, Error> {
    if build::is_ignore_case(case) {
        return build::replay_ignore(case).map_err(|message| bad_case(file, case, at, &message));
    }
    if analyze::is_case(case) {
        return analyze::replay(case, beside.read).map_err(|message| bad_case(file, case, at, &message));
    }
    let replay = match case {
        case if build::is_case(case) => build::replay,
        case if container::is_case(case) => container::replay,
        case => return Ok(Answer::unsupported(case)),
    };
    let bases = match known {
        Some(bases) => bases,
        None => known.insert((beside.bases)()?),
    };
    replay(case, bases).map_err(|message| bad_case(file, case, at, &message))
}

fn bad_file(file: &str, message: &str) -> Error {
    Error::new(ErrorKind::Syntax, format!("{file}: {message}"))
        .hint("a corpus file is JSON with `format` and `cases`")
}

/// `at` is the case's place in the file, for one that has no name.
fn bad_case(file: &str, case: &Value, at: usize, message: &str) -> Error {
    let name = case.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.map_or(format!("cases[{at}]"), |name| {
        let shown: String = name.chars().take(80).collect();
        format!("case `{shown}`")
    });
    Error::new(ErrorKind::Syntax, format!("{file}: {name}: {message}"))
        .hint("the corpus's README says what a case holds")
}
