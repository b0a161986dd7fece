//! `layerlab course new` and `test`: a teacher's own exercises.

use super::Place;
use super::desk::{Outcome, read_work};
use super::folder::place;
use crate::cli::screen::Colour;
use crate::course::{self, Course, Exercise, File, Files};
use crate::error::{Error, ErrorKind};
use crate::fs::Kind;
use crate::render::Renderer;
use crate::trace::{CourseNews, Event};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes of one file of an exercise, at most.
const MOST_BYTES: u64 = 32 << 20;

/// The files of a folder. Hidden folders at its top are none of the course's.
fn files(folder: &Path) -> Result<Files, Error> {
    let mut files = Files::new();
    for (path, inode) in read_work(folder, ".")? {
        let Kind::File(contents) = &inode.kind else { continue };
        let bytes = contents
            .to_bytes(MOST_BYTES)
            .ok_or_else(|| Error::new(ErrorKind::Host, format!("`{path}`: more than {MOST_BYTES} bytes")))?;
        files.insert(path, File { bytes, executable: inode.mode & 0o100 != 0 });
    }
    Ok(files)
}

/// A teacher's course.
///
/// # Errors
/// The folder can't be read, or is no course.
pub fn read_course(folder: &Path) -> Result<Course, Error> {
    Course::from_files(files(folder)?)
        .map_err(|error| Error { message: format!("`{}`: {}", folder.display(), error.message), ..error })
}

/// The exercises in a folder, or the one that it is.
fn exercises(folder: &Path) -> Result<Vec<Exercise>, Error> {
    if !folder.join("goals.rhai").exists() {
        return read_course(folder).map(|course| course.exercises);
    }
    let real = std::fs::canonicalize(folder).map_err(|error| super::folder::refused(folder, &error))?;
    let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(vec![Exercise::from_files(&name, files(folder)?)?])
}

/// Tests exercises, and with `watch` again at each save. 0 when all hold, else 1.
///
/// # Errors
/// The folder can't be read, or Ctrl-C.
pub fn test(
    folder: &Path,
    watch: bool,
    json: bool,
    out: (&Renderer, Colour),
    flag: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    let once = || tested(folder, flag);
    if watch { follow(folder, &once, out, json, flag) } else { once() }
}

fn tested(folder: &Path, flag: &Arc<AtomicBool>) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    for exercise in exercises(folder)? {
        let news = course::test(&exercise, Some(flag.clone()))?;
        if !matches!(news, CourseNews::Tested { ok: true, .. }) {
            outcome.code = 1;
        }
        outcome.events.push(Event::Course(Box::new(news)));
    }
    Ok(outcome)
}

#[cfg(feature = "watch")]
fn follow(
    folder: &Path,
    once: &dyn Fn() -> Result<Outcome, Error>,
    out: (&Renderer, Colour),
    json: bool,
    flag: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    super::watch::tests(folder, once, out, json, flag)
}

#[cfg(not(feature = "watch"))]
fn follow(
    _: &Path,
    once: &dyn Fn() -> Result<Outcome, Error>,
    _: (&Renderer, Colour),
    _: bool,
    _: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    once()
}

/// Makes an exercise in the course's folder, or here.
///
/// # Errors
/// The name can't be one, is taken, or the folder can't be written.
pub fn new(
    name: &str,
    watch: bool,
    place_of: &Place,
    out: (&Renderer, Colour),
    flag: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    let folder = place_of.course.clone().unwrap_or_else(|| PathBuf::from("."));
    let name = full_name(name, &folder)?;
    let at = if folder == Path::new(".") { PathBuf::from(&name) } else { folder.join(&name) };
    place(&at, &course::skeleton())?;
    let shown = at.display().to_string();
    let mut outcome = Outcome::of(vec![
        Event::Text {
            text: format!("{shown} is an exercise that holds; goals.rhai says what its parts are for"),
        },
        Event::Next { text: format!("layerlab course test {shown} --watch") },
    ]);
    if watch {
        super::show(&outcome, out.0, place_of.json, out.1);
        outcome = test(&at, true, place_of.json, out, flag)?;
    }
    Ok(outcome)
}

/// The name with its number; a free one if it has none.
fn full_name(name: &str, folder: &Path) -> Result<String, Error> {
    let plain =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if !plain || name.len() > 100 {
        return Err(Error::new(ErrorKind::Usage, format!("`{name}` can't be the name of an exercise"))
            .hint("letters, digits, _ and -: layerlab course new 30_my_exercise"));
    }
    let number = |name: &str| name.split_once('_').and_then(|(digits, _)| digits.parse::<u32>().ok());
    if number(name).is_some() {
        return Ok(name.to_owned());
    }
    let there = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let most = there.filter_map(|entry| number(&entry.file_name().to_string_lossy())).max().unwrap_or(0);
    Ok(format!("{:02}_{name}", most.saturating_add(1)))
}
