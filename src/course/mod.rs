//! The course: exercises as data, judged on what their builds and mounts come to.
//!
//! Nothing here touches a disk. [`Course::embedded`] is the one in the binary, [`Course::from_files`] a
//! teacher's; [`Exercise::judge`] runs its goals in a fresh lab on a student's files; [`Progress`] says how
//! far a student is; [`test`] asks of an exercise what its author owes.

mod pack;
mod progress;
mod prove;
mod skeleton;

pub use progress::{Entry, Progress};
pub use prove::{Part, plays, test};
pub use skeleton::skeleton;

use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Inode};
use crate::script::{self, Judgement, Work};
use crate::trace::CourseNews;
use indexmap::IndexMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A file of an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// May it be run?
    pub executable: bool,
}

/// Files by path, `/` between names.
pub type Files = IndexMap<String, File>;

/// An exercise: the folder `scenarios/course/NN_name` as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// The folder's name: "01_shadowing".
    pub name: String,
    /// The number in front of it.
    pub number: u32,
    /// First heading of its README.
    pub title: String,
    /// The task: README.md.
    pub readme: String,
    /// What the student begins with, README.md among it.
    pub start: Files,
    /// Answers: "solution", "wrong-1", "alternative" …, each with the files in which it differs from the
    /// start.
    pub answers: IndexMap<String, Files>,
    /// goals.rhai.
    pub goals: String,
}

/// Exercises by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Course {
    /// In order.
    pub exercises: Vec<Exercise>,
}

impl Course {
    /// From the files of a folder of exercises, by path: `01_name/goals.rhai` …. Other folders and files are
    /// passed over.
    ///
    /// # Errors
    /// An exercise lacks its README or goals, has no number, or one that another has.
    pub fn from_files(files: Files) -> Result<Course, Error> {
        let mut folders: IndexMap<String, Files> = IndexMap::new();
        for (path, file) in files {
            if let Some((folder, rest)) = path.split_once('/') {
                folders.entry(folder.to_owned()).or_default().insert(rest.to_owned(), file);
            }
        }
        folders.retain(|name, files| number(name).is_some() || files.contains_key("goals.rhai"));
        let mut exercises = Vec::new();
        for (name, files) in folders {
            exercises.push(Exercise::from_files(&name, files)?);
        }
        exercises.sort_by_key(|exercise| exercise.number);
        for pair in exercises.windows(2) {
            if let [one, two] = pair
                && one.number == two.number
            {
                let message = format!("`{}` and `{}` have the same number", one.name, two.name);
                return Err(
                    Error::new(ErrorKind::Usage, message).hint("give one of the folders another number")
                );
            }
        }
        match exercises.is_empty() {
            true => Err(Error::new(ErrorKind::Usage, "there are no exercises here")
                .hint("layerlab course new NAME makes one: a folder NN_name with README.md and goals.rhai")),
            false => Ok(Course { exercises }),
        }
    }

    /// An exercise by its number, its folder's name, or that without the number.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, word: &str) -> Result<&Exercise, Error> {
        let word = word.trim().trim_end_matches('/');
        let number = word.parse::<u32>().ok();
        let found = self.exercises.iter().find(|exercise| {
            Some(exercise.number) == number || exercise.name == word || exercise.short() == word
        });
        found.ok_or_else(|| {
            let names = self.exercises.iter().flat_map(|exercise| [exercise.short(), exercise.name.as_str()]);
            Error::new(ErrorKind::Unknown, format!("there is no exercise `{word}`"))
                .did_you_mean(word, names)
                .hint("course lists them with their numbers")
        })
    }
}

impl Exercise {
    /// From the files of its folder.
    ///
    /// # Errors
    /// README.md or goals.rhai is missing or no text, or the folder's name has no number.
    pub fn from_files(name: &str, files: Files) -> Result<Exercise, Error> {
        let refuse = |message: String| Error::new(ErrorKind::Usage, format!("exercise `{name}`: {message}"));
        let number = number(name).ok_or_else(|| {
            refuse("its name has no number in front".to_owned()).hint("a name such as 30_my_exercise")
        })?;
        let text = |path: &str| {
            let file = files.get(path).ok_or_else(|| {
                refuse(format!("there is no {path}"))
                    .hint("layerlab course new NAME shows what an exercise has")
            })?;
            String::from_utf8(file.bytes.clone()).map_err(|_| refuse(format!("{path} is not UTF-8 text")))
        };
        let (readme, goals) = (text("README.md")?, text("goals.rhai")?);
        let title = readme.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(name).trim().to_owned();
        let mut exercise = Exercise {
            name: name.to_owned(),
            number,
            title,
            readme,
            start: Files::new(),
            answers: IndexMap::new(),
            goals,
        };
        for (path, file) in files {
            match path.split_once('/') {
                Some((folder, rest)) if is_answer(folder) => {
                    exercise.answers.entry(folder.to_owned()).or_default().insert(rest.to_owned(), file);
                }
                _ if path == "goals.rhai" => {}
                _ => {
                    exercise.start.insert(path, file);
                }
            }
        }
        exercise.start.sort_keys();
        exercise.answers.sort_keys();
        Ok(exercise)
    }

    /// The name without its number.
    pub fn short(&self) -> &str {
        self.name.split_once('_').map_or(self.name.as_str(), |(_, short)| short)
    }

    /// The start files with those of an answer over them.
    pub fn with(&self, answer: &str) -> Files {
        let mut files = self.start.clone();
        for (path, file) in self.answers.get(answer).into_iter().flatten() {
            files.insert(path.clone(), file.clone());
        }
        files
    }

    /// Runs the goals on a student's files, in a fresh lab. Whatever lies in the files, their goals.rhai
    /// too, is only looked at.
    ///
    /// # Errors
    /// The goals themselves are wrong, or Ctrl-C.
    pub fn judge(&self, work: &Work, interrupt: Option<Arc<AtomicBool>>) -> Result<Judgement, Error> {
        script::judge(&format!("{}/goals.rhai", self.name), &self.goals, work, interrupt)
    }

    /// A judgement as news.
    pub fn news(&self, judgement: Judgement) -> CourseNews {
        let passed = judgement.passed();
        CourseNews::Judged {
            exercise: self.name.clone(),
            title: self.title.clone(),
            goals: judgement.goals,
            passed,
            why: if passed { judgement.why } else { Vec::new() },
        }
    }
}

/// Files as a student's work.
pub fn work_of(files: &Files) -> Work {
    let inode = |file: &File| Inode {
        mode: if file.executable { 0o755 } else { 0o644 },
        ..Inode::file(Contents::bytes(file.bytes.clone()))
    };
    files.iter().map(|(path, file)| (path.clone(), inode(file))).collect()
}

/// The digits in front of `_`.
fn number(name: &str) -> Option<u32> {
    let (digits, rest) = name.split_once('_')?;
    let plain =
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    digits.parse().ok().filter(|_| plain && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Folders of an exercise that the student doesn't get.
fn is_answer(folder: &str) -> bool {
    ["solution", "wrong", "alternative"]
        .iter()
        .any(|kind| folder.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}
