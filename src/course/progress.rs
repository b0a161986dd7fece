//! How far a student is: what `progress.json` holds.

use super::{Course, Exercise};
use crate::trace::{CourseNews, CourseRow, CourseState, Goal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The layout of the file.
const VERSION: u32 = 1;

/// Progress of one student, as `progress.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The layout: 1.
    pub version: u32,
    /// The exercise that is being worked on.
    #[serde(default)]
    pub current: Option<String>,
    /// What was done, by the exercise's name.
    #[serde(default)]
    pub exercises: BTreeMap<String, Entry>,
}

/// What was done in an exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// All its goals held once.
    #[serde(default)]
    pub passed: bool,
    /// Times it was checked.
    #[serde(default)]
    pub checks: u32,
    /// Hints that were read, by goal.
    #[serde(default)]
    pub hints: BTreeMap<String, u32>,
    /// The solution was shown before it was passed.
    #[serde(default)]
    pub gave_up: bool,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress { version: VERSION, current: None, exercises: BTreeMap::new() }
    }
}

impl Progress {
    /// From the bytes of the file.
    ///
    /// # Errors
    /// Why they can't be read, in words.
    pub fn read(bytes: &[u8]) -> Result<Progress, String> {
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if !value.is_object() {
            return Err("it holds something else".to_owned());
        }
        let progress: Progress = serde_json::from_value(value).map_err(|error| error.to_string())?;
        match progress.version {
            VERSION => Ok(progress),
            other => Err(format!("its version is {other}, this layerlab reads {VERSION}")),
        }
    }

    /// As the file has it.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What is noted of an exercise.
    pub fn of(&self, exercise: &Exercise) -> Option<&Entry> {
        self.exercises.get(&exercise.name)
    }

    /// It is being worked on from now on.
    pub fn begin(&mut self, exercise: &Exercise) {
        self.exercises.entry(exercise.name.clone()).or_default();
        self.current = Some(exercise.name.clone());
    }

    /// It was checked.
    pub fn checked(&mut self, exercise: &Exercise, passed: bool) {
        let entry = self.exercises.entry(exercise.name.clone()).or_default();
        entry.checks = entry.checks.saturating_add(1);
        entry.passed |= passed;
    }

    /// The next hint on a goal: its number from 1, the last one again when all were read.
    pub fn hint(&mut self, exercise: &Exercise, goal: &Goal) -> usize {
        let entry = self.exercises.entry(exercise.name.clone()).or_default();
        let read = entry.hints.entry(goal.text.clone()).or_default();
        let most = u32::try_from(goal.hints.len()).unwrap_or(u32::MAX).max(1);
        *read = read.saturating_add(1).min(most);
        *read as usize
    }

    /// The solution was shown before it was passed.
    pub fn gave_up(&mut self, exercise: &Exercise) {
        let entry = self.exercises.entry(exercise.name.clone()).or_default();
        entry.gave_up |= !entry.passed;
    }

    /// The exercise to go on with: the current one unless it is passed, else the first that isn't.
    pub fn next<'c>(&self, course: &'c Course) -> Option<&'c Exercise> {
        let open = |exercise: &&Exercise| !self.of(exercise).is_some_and(|entry| entry.passed);
        let current = course.exercises.iter().position(|one| Some(&one.name) == self.current.as_ref());
        let from = current.unwrap_or(0);
        let (before, after) = course.exercises.split_at(from);
        after.iter().chain(before).find(open)
    }

    /// The exercise that words such as `check` mean when none is named.
    pub fn current<'c>(&self, course: &'c Course) -> Option<&'c Exercise> {
        course.exercises.iter().find(|one| Some(&one.name) == self.current.as_ref())
    }

    /// The list.
    pub fn list(&self, course: &Course) -> CourseNews {
        let row = |exercise: &Exercise| {
            let entry = self.of(exercise);
            CourseRow {
                number: exercise.number,
                exercise: exercise.name.clone(),
                title: exercise.title.clone(),
                state: match entry {
                    None => CourseState::New,
                    Some(entry) if entry.passed => CourseState::Passed,
                    Some(_) => CourseState::Started,
                },
                checks: entry.map_or(0, |entry| entry.checks),
                hints: entry.map_or(0, |entry| entry.hints.values().fold(0, |sum, n| sum.saturating_add(*n))),
                gave_up: entry.is_some_and(|entry| entry.gave_up),
                current: self.current.as_ref() == Some(&exercise.name),
            }
        };
        let rows: Vec<CourseRow> = course.exercises.iter().map(row).collect();
        let passed = rows.iter().filter(|row| row.state == CourseState::Passed).count();
        CourseNews::List { rows, passed }
    }
}
