//! `layerlab course check-all DIR`: the submissions of a class.

use super::desk::{Outcome, read_work};
use crate::cli::{DiskHost, unreadable};
use crate::course::{Course, Exercise};
use crate::error::{Error, ErrorKind};
use crate::fs::{Host, HostKind};
use crate::trace::{CourseNews, Event, Mark, Student};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Judges every student's folder in `students`; nothing is written. 0 when all passed, else 1.
///
/// # Errors
/// The folder can't be read, the exercise is unknown, or Ctrl-C.
pub fn check_all(
    course: &Course,
    students: &Path,
    only: Option<&str>,
    flag: &Arc<AtomicBool>,
) -> Result<Outcome, Error> {
    let exercises: Vec<&Exercise> = match only {
        Some(word) => vec![course.find(word)?],
        None => course.exercises.iter().collect(),
    };
    let mut rows = Vec::new();
    for name in names(students)? {
        let base = students.join(&name);
        let base = home(&base);
        let mut marks = Vec::new();
        for exercise in &exercises {
            marks.push(mark(exercise, &base, flag)?);
        }
        let passed = marks.iter().filter(|mark| mark.mark == "passed").count();
        rows.push(Student { name, marks, passed });
    }
    if rows.is_empty() {
        return Err(Error::new(
            ErrorKind::Host,
            format!("`{}`: no student's folder in it", students.display()),
        )
        .hint("DIR/ada/01_shadowing/… or DIR/ada/layerlab-course/01_shadowing/…"));
    }
    let all = rows.iter().all(|student| student.passed == exercises.len());
    let exercises = exercises.iter().map(|exercise| exercise.name.clone()).collect();
    let news = CourseNews::Class { exercises, students: rows };
    Ok(Outcome { code: u8::from(!all), ..Outcome::of(vec![Event::Course(Box::new(news))]) })
}

/// The folders of a folder, hidden ones and links left out.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let host = DiskHost::below(folder).map_err(|error| unreadable(&error))?;
    let entries = host.list(".").map_err(|error| unreadable(&error))?;
    let folders = entries.into_iter().filter(|entry| entry.kind == HostKind::Directory);
    let names = folders.map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
    Ok(names.filter(|name| !name.starts_with('.')).collect())
}

/// Where a student's exercises are: the folder itself, or the course's own in it.
fn home(base: &Path) -> PathBuf {
    let own = base.join(super::FOLDER);
    if own.symlink_metadata().is_ok_and(|about| about.is_dir()) { own } else { base.to_owned() }
}

fn mark(exercise: &Exercise, base: &Path, flag: &Arc<AtomicBool>) -> Result<Mark, Error> {
    let noted = |mark: &str, note: String| Ok(Mark { mark: mark.to_owned(), note });
    if base.join(&exercise.name).symlink_metadata().is_err() {
        return noted("missing", String::new());
    }
    let judged = read_work(base, &exercise.name).and_then(|work| exercise.judge(&work, Some(flag.clone())));
    match judged {
        Err(error) if error.kind == ErrorKind::Interrupted => Err(error),
        Err(error) => noted("unreadable", error.to_string()),
        Ok(judgement) if judgement.passed() => noted("passed", String::new()),
        Ok(judgement) => {
            let goal = judgement.goals.iter().find(|goal| !goal.ok);
            noted("failed", goal.map_or_else(String::new, |goal| goal.text.clone()))
        }
    }
}
