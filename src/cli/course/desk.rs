//! What a student asks for: list, start, check, hint, solution, reset, goto, progress.

use super::What;
use super::folder::Folder;
use crate::build::{Context, Limits};
use crate::cli::{DiskHost, exit_code, unreadable};
use crate::course::{Course, Exercise, Files, Progress};
use crate::error::{Error, ErrorKind};
use crate::fs::Nodes;
use crate::script::{Judgement, Work};
use crate::trace::{CourseNews, CourseState, Event, SolutionFile};
use similar::{ChangeTag, TextDiff};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How much of a student's folder is read.
const MOST: Limits = Limits { entries: 20_000, bytes: 64 << 20, depth: 40 };

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// To be shown, in order.
    pub events: Vec<Event>,
    /// Exit code.
    pub code: u8,
    /// What went wrong besides: the verdict stands, but could not be noted.
    pub problem: Option<Error>,
}

impl Outcome {
    /// These events, and all is well.
    pub fn of(events: Vec<Event>) -> Outcome {
        Outcome { events, ..Outcome::default() }
    }

    fn tell(&mut self, news: CourseNews) {
        self.events.push(Event::Course(Box::new(news)));
    }

    fn damaged(&mut self, words: Option<String>) {
        self.events.extend(words.map(|text| Event::Hint { text }));
    }

    fn fail(mut self, error: Error) -> Outcome {
        self.code = exit_code(&error);
        self.problem = Some(error);
        self
    }
}

/// A student's course.
pub struct Desk {
    pub(super) course: Course,
    pub(super) folder: Folder,
    /// Around what is to be typed next: "layerlab " and " --in DIR".
    words: (&'static str, String),
    pub(super) flag: Arc<AtomicBool>,
    /// Does a program read what is told?
    json: bool,
}

impl Desk {
    /// Over a course and a folder. `words` stand around each line that is to be typed next.
    pub fn new(course: Course, folder: &Path, words: (&'static str, String), flag: Arc<AtomicBool>) -> Desk {
        Desk { course, folder: Folder::new(folder), words, flag, json: false }
    }

    /// For a program.
    #[must_use]
    pub fn json(mut self, json: bool) -> Desk {
        self.json = json;
        self
    }

    /// Does what was asked.
    pub fn run(&mut self, what: &What) -> Outcome {
        let done = match what {
            What::Start { exercise } => self.start(exercise.as_deref()),
            What::Goto { exercise } => self.start(Some(exercise)),
            What::Check { all: true, .. } => self.check_all(),
            What::Check { exercise, .. } => self.named(exercise.as_deref()).and_then(|one| self.check(&one)),
            What::Hint { exercise } => self.named(exercise.as_deref()).and_then(|one| self.hint(&one)),
            What::Solution { exercise, give_up } => {
                self.named(exercise.as_deref()).and_then(|one| self.solution(&one, *give_up))
            }
            What::Reset { exercise } => self.named(exercise.as_deref()).and_then(|one| self.reset(&one)),
            What::Progress => self.progress(),
            _ => self.list(),
        };
        done.unwrap_or_else(|error| Outcome::default().fail(error))
    }

    /// A line to type next.
    pub fn next(&self, line: &str) -> Event {
        Event::Next { text: format!("{}course {line}{}", self.words.0, self.words.1) }
    }

    /// The exercise that is meant: by its word, else the one the student is at.
    ///
    /// # Errors
    /// There is none.
    pub fn named(&self, word: Option<&str>) -> Result<Exercise, Error> {
        if let Some(word) = word {
            return self.course.find(word).cloned();
        }
        let (progress, damaged) = self.folder.progress()?;
        progress.current(&self.course).cloned().ok_or_else(|| {
            let error = match damaged {
                Some(words) => Error::new(ErrorKind::Usage, words),
                None => Error::new(ErrorKind::Usage, "no exercise is open"),
            };
            error.hint(format!("{}course start opens the first", self.words.0))
        })
    }

    fn list(&self) -> Result<Outcome, Error> {
        let (progress, damaged) = self.folder.progress()?;
        let mut outcome = Outcome::default();
        outcome.damaged(damaged);
        outcome.tell(progress.list(&self.course));
        if let Some(next) = progress.next(&self.course) {
            let open = progress.of(next).is_some() && progress.current.as_ref() == Some(&next.name);
            outcome.events.push(self.next(if open { "check" } else { "start" }));
        }
        Ok(outcome)
    }

    /// The same for a teacher: a table with checks and hints.
    fn progress(&self) -> Result<Outcome, Error> {
        let (progress, damaged) = self.folder.progress()?;
        let mut outcome = Outcome::default();
        outcome.damaged(damaged);
        let news = progress.list(&self.course);
        if let (CourseNews::List { rows, passed }, false) = (&news, self.json) {
            let table = rows.iter().map(|row| {
                let state = match row.state {
                    CourseState::New => "",
                    CourseState::Started => "started",
                    CourseState::Passed => "passed",
                };
                let gave_up = if row.gave_up { "read" } else { "" };
                let number = |n: u32| if n == 0 { String::new() } else { n.to_string() };
                [
                    row.exercise.clone(),
                    state.to_owned(),
                    number(row.checks),
                    number(row.hints),
                    gave_up.to_owned(),
                ]
                .to_vec()
            });
            let title = format!("{passed} of {} passed", rows.len());
            let head = ["exercise", "state", "checks", "hints", "solution"].map(str::to_owned).to_vec();
            let rows = table.collect();
            outcome.events.push(Event::Table { title, head, rows });
            return Ok(outcome);
        }
        outcome.tell(news);
        Ok(outcome)
    }

    /// Opens an exercise; without a word the next one that isn't passed.
    pub fn start(&self, word: Option<&str>) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        let exercise = match word {
            Some(word) => self.course.find(word)?.clone(),
            None => {
                let (progress, damaged) = self.folder.progress()?;
                outcome.damaged(damaged);
                match progress.next(&self.course) {
                    Some(exercise) => exercise.clone(),
                    None => return Ok(self.finished(outcome)),
                }
            }
        };
        let files = self.folder.start(&exercise)?;
        outcome.tell(self.task(&exercise, files));
        outcome.events.push(self.next("check"));
        match self.folder.note(|progress| progress.begin(&exercise)) {
            Ok(((), damaged)) => outcome.damaged(damaged),
            Err(error) => return Ok(outcome.fail(error)),
        }
        Ok(outcome)
    }

    fn task(&self, exercise: &Exercise, files: Vec<String>) -> CourseNews {
        CourseNews::Task {
            exercise: exercise.name.clone(),
            task: exercise.readme.clone(),
            folder: self.folder.of(exercise).display().to_string(),
            files,
        }
    }

    fn finished(&self, mut outcome: Outcome) -> Outcome {
        let text = "every exercise is passed: that was the course".to_owned();
        outcome.events.push(Event::Text { text });
        outcome
    }

    /// The student's files, as they lie there.
    fn work(&self, exercise: &Exercise) -> Result<Work, Error> {
        if !self.folder.has(exercise)? {
            let at = self.folder.of(exercise);
            return Err(Error::new(ErrorKind::Host, format!("`{}`: no such folder", at.display()))
                .hint(format!("{}course start {} puts it there", self.words.0, exercise.number)));
        }
        read_work(self.folder.path(), &exercise.name)
    }

    /// Judges the student's files.
    pub fn judge(&self, exercise: &Exercise) -> Result<Judgement, Error> {
        let work = self.work(exercise)?;
        exercise.judge(&work, Some(self.flag.clone()))
    }

    /// Judges and notes it.
    pub fn check(&self, exercise: &Exercise) -> Result<Outcome, Error> {
        let judgement = self.judge(exercise)?;
        let passed = judgement.passed();
        let mut outcome = Outcome { code: u8::from(!passed), ..Outcome::default() };
        outcome.tell(exercise.news(judgement));
        match self.folder.note(|progress| {
            progress.begin(exercise);
            progress.checked(exercise, passed);
            progress.clone()
        }) {
            Ok((progress, damaged)) => {
                outcome.damaged(damaged);
                match (passed, progress.next(&self.course)) {
                    (false, _) => outcome.events.push(self.next("hint")),
                    (true, Some(_)) => outcome.events.push(self.next("start")),
                    (true, None) => return Ok(self.finished(outcome)),
                }
                Ok(outcome)
            }
            Err(error) => Ok(outcome.fail(error)),
        }
    }

    /// Every exercise whose folder is there.
    fn check_all(&self) -> Result<Outcome, Error> {
        let mut whole = Outcome::default();
        let (before, damaged) = self.folder.progress()?;
        whole.damaged(damaged);
        let mut found = false;
        for exercise in &self.course.exercises {
            let there = match self.folder.has(exercise) {
                Ok(there) => there,
                Err(error) => {
                    found = true;
                    whole.events.push(Event::from(&error));
                    whole.code = exit_code(&error);
                    continue;
                }
            };
            if !there {
                continue;
            }
            found = true;
            match self.check(exercise) {
                Ok(one) => {
                    whole.events.extend(
                        one.events
                            .into_iter()
                            .filter(|event| matches!(event, Event::Course(_) | Event::Hint { .. })),
                    );
                    whole.code = whole.code.max(one.code);
                    if let Some(error) = one.problem {
                        return Ok(whole.fail(error));
                    }
                }
                Err(error) if error.kind == ErrorKind::Interrupted => return Ok(whole.fail(error)),
                Err(error) => {
                    whole.events.push(Event::from(&error));
                    whole.code = whole.code.max(exit_code(&error));
                }
            }
        }
        if !found {
            return Err(Error::new(ErrorKind::Usage, "no exercise is open")
                .hint(format!("{}course start opens the first", self.words.0)));
        }
        // Looking at all of them is no reason to lose one's place.
        let back = self.folder.note(|progress| {
            if before.current.is_some() {
                progress.current.clone_from(&before.current);
            }
            progress.list(&self.course)
        });
        match back {
            Ok((list, _)) => {
                whole.tell(list);
                Ok(whole)
            }
            Err(error) => Ok(whole.fail(error)),
        }
    }

    /// The next hint on the first goal that does not hold.
    pub fn hint(&self, exercise: &Exercise) -> Result<Outcome, Error> {
        let judgement = self.judge(exercise)?;
        let mut outcome = Outcome::default();
        let Some(goal) = judgement.goals.iter().find(|goal| !goal.ok) else {
            let text = format!("{}: all goals hold, there is nothing to hint at", exercise.name);
            outcome.events.push(Event::Text { text });
            outcome.events.push(self.next("check"));
            return Ok(outcome);
        };
        let noted = self.folder.note(|progress| progress.hint(exercise, goal));
        let level = match &noted {
            Ok((level, _)) => *level,
            Err(_) => 1,
        };
        outcome.tell(CourseNews::Hint {
            exercise: exercise.name.clone(),
            goal: goal.text.clone(),
            level,
            of: goal.hints.len().max(1),
            text: goal.hints.get(level.saturating_sub(1)).cloned().unwrap_or_default(),
        });
        outcome.events.push(self.next(match level < goal.hints.len() {
            true => "hint",
            false => "solution --give-up",
        }));
        match noted {
            Ok((_, damaged)) => outcome.damaged(damaged),
            Err(error) => return Ok(outcome.fail(error)),
        }
        Ok(outcome)
    }

    fn solution(&self, exercise: &Exercise, give_up: bool) -> Result<Outcome, Error> {
        let (progress, damaged) = self.folder.progress()?;
        let passed = progress.of(exercise).is_some_and(|entry| entry.passed);
        let mut outcome = Outcome::default();
        outcome.damaged(damaged);
        if !passed && !give_up {
            let error = Error::new(ErrorKind::Usage, format!("{} is not passed yet", exercise.name));
            return Ok(Outcome {
                code: 1,
                problem: Some(error.hint(format!(
                    "{0}course hint helps; {0}course solution --give-up shows it all the same",
                    self.words.0
                ))),
                ..outcome
            });
        }
        outcome.tell(solution(exercise));
        if !passed && let Err(error) = self.folder.note(|progress: &mut Progress| progress.gave_up(exercise))
        {
            return Ok(outcome.fail(error));
        }
        outcome.events.push(self.next(if passed { "start" } else { "check" }));
        Ok(outcome)
    }

    fn reset(&self, exercise: &Exercise) -> Result<Outcome, Error> {
        let kept = self.folder.reset(exercise)?;
        let mut outcome = Outcome::default();
        let text = match kept {
            Some(kept) => {
                format!("{} has its start files again\nyours are in {}", exercise.name, kept.display())
            }
            None => format!("{} has its start files", exercise.name),
        };
        outcome.events.push(Event::Text { text });
        outcome.events.push(self.next("check"));
        match self.folder.note(|progress| progress.begin(exercise)) {
            Ok(((), damaged)) => outcome.damaged(damaged),
            Err(error) => return Ok(outcome.fail(error)),
        }
        Ok(outcome)
    }
}

/// What a folder in `base` holds. Links are taken as links, and nothing outside `base` is read.
///
/// # Errors
/// It can't be read, or holds too much.
pub fn read_work(base: &Path, name: &str) -> Result<Work, Error> {
    let host = DiskHost::below(base).map_err(|error| unreadable(&error))?;
    let context = Context::from_host(&host, name, MOST)?;
    let mut work = Work::new();
    context.tree().walk(&mut |path, _, inode| {
        let path = String::from_utf8_lossy(path).trim_start_matches('/').to_owned();
        if !path.is_empty() {
            work.push((path, inode.clone()));
        }
    });
    // The judge makes files, folders and links; what else may lie there a build would refuse.
    work.retain(|(_, inode)| {
        matches!(inode.kind, crate::fs::Kind::File(_) | crate::fs::Kind::Dir(_) | crate::fs::Kind::Symlink(_))
    });
    Ok(work)
}

/// What the solution changes in the start files.
fn solution(exercise: &Exercise) -> CourseNews {
    let none = Files::new();
    let changed = exercise.answers.get("solution").unwrap_or(&none);
    let files = changed.iter().map(|(path, file)| {
        let before = exercise.start.get(path).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        let (before, after) = (before.unwrap_or_default(), String::from_utf8_lossy(&file.bytes).into_owned());
        let changes = TextDiff::from_lines(&before, &after);
        let line = |change: similar::Change<&str>| {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            format!("{sign} {}", change.value().trim_end_matches('\n'))
        };
        SolutionFile { path: path.clone(), diff: changes.iter_all_changes().map(line).collect() }
    });
    CourseNews::Solution { exercise: exercise.name.clone(), files: files.collect() }
}
