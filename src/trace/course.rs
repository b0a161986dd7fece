//! News of the course: exercises, goals and progress.

use serde::Serialize;

/// What the course has to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum CourseNews {
    /// The exercises, with how far the student is.
    List {
        /// In the order of the course.
        rows: Vec<CourseRow>,
        /// Exercises that are passed.
        passed: usize,
    },
    /// An exercise was opened: its task.
    Task {
        /// The folder's name: "01_shadowing".
        exercise: String,
        /// The task, as its README has it.
        task: String,
        /// Where the student's files are.
        folder: String,
        /// Files that were put there; none when they were there already.
        files: Vec<String>,
    },
    /// The student's files were judged.
    Judged {
        /// The folder's name.
        exercise: String,
        /// The title.
        title: String,
        /// Every goal that was looked at.
        goals: Vec<Goal>,
        /// Do all goals hold?
        passed: bool,
        /// Why it is so; only of what is passed.
        why: Vec<String>,
    },
    /// A hint on a goal that does not hold.
    Hint {
        /// The folder's name.
        exercise: String,
        /// The goal.
        goal: String,
        /// Which hint, from 1.
        level: usize,
        /// How many there are.
        of: usize,
        /// The hint.
        text: String,
    },
    /// A solution: what it changes in the start files.
    Solution {
        /// The folder's name.
        exercise: String,
        /// Files it changes or adds.
        files: Vec<SolutionFile>,
    },
    /// The submissions of a class.
    Class {
        /// The exercises.
        exercises: Vec<String>,
        /// The students, by name.
        students: Vec<Student>,
    },
    /// An exercise was tested, as its author does.
    Tested {
        /// The folder's name.
        exercise: String,
        /// What was asked of it.
        proofs: Vec<Proof>,
        /// Does all of it hold?
        ok: bool,
    },
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CourseRow {
    /// The number that `start N` takes.
    pub number: u32,
    /// The folder's name.
    pub exercise: String,
    /// The title.
    pub title: String,
    /// How far the student is.
    pub state: CourseState,
    /// Times it was checked.
    pub checks: u32,
    /// Hints that were read.
    pub hints: u32,
    /// The solution was shown before it was passed.
    pub gave_up: bool,
    /// It is the one that is being worked on.
    pub current: bool,
}

/// How far a student is with an exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CourseState {
    /// Not opened yet.
    New,
    /// Opened.
    Started,
    /// All goals held.
    Passed,
}

/// A goal of an exercise, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// What should be.
    pub text: String,
    /// Is it?
    pub ok: bool,
    /// The wanted value, as text.
    pub wanted: String,
    /// The value that is there, as text.
    pub actual: String,
    /// Line by line, where the values have several: `-` wanted and missing, `+` there and not wanted,
    /// else a blank.
    pub diff: Vec<String>,
    /// Hints, the gentlest first.
    #[serde(skip)]
    pub hints: Vec<String>,
}

/// A file of a solution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SolutionFile {
    /// Its path in the student's folder.
    pub path: String,
    /// Line by line against the start file: `-` goes, `+` comes.
    pub diff: Vec<String>,
}

/// A student of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Student {
    /// The folder's name.
    pub name: String,
    /// For each exercise how it went.
    pub marks: Vec<Mark>,
    /// Exercises whose goals hold.
    pub passed: usize,
}

/// How one submission went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// "passed", "failed", "missing" or "unreadable".
    pub mark: String,
    /// The first goal that does not hold, or why it could not be read.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// One thing that is asked of an exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What.
    pub what: String,
    /// Does it hold?
    pub ok: bool,
    /// What came of it, or what to do.
    pub note: String,
}
