//! `layerlab course …`: exercises in the student's own folder, and `course …` at the prompt.

mod author;
mod class;
mod desk;
mod folder;
#[cfg(feature = "watch")]
mod keys;
#[cfg(feature = "watch")]
mod watch;

use super::screen::{self, Colour};
use super::{conclude, exit_code, interrupt, refuse};
use crate::course::Course;
use crate::error::{Error, ErrorKind};
use crate::render::Renderer;
use crate::script;
use crate::trace::{Event, Sink};
use clap::{Args, Parser, Subcommand};
use desk::{Desk, Outcome};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Where the student works, unless `--in` says otherwise.
const FOLDER: &str = "layerlab-course";
/// Names a teacher's course.
const VARIABLE: &str = "LAYERLAB_COURSE";

/// Learn by doing: exercises, checked on what your builds come to
#[derive(Debug, Args)]
pub struct Order {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    place: Place,
}

/// Which course, and where the work lies.
#[derive(Clone, Debug, Default, Args)]
struct Place {
    /// A teacher's course in place of the built-in one [LAYERLAB_COURSE]
    #[arg(long, global = true, value_name = "DIR")]
    course: Option<PathBuf>,
    /// The folder you work in [default: layerlab-course]
    #[arg(long = "in", global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Print one event a line as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// The exercises, and how far you are
    List,
    /// Open an exercise: its files are put into your folder
    Start {
        /// Number or name [default: the next one]
        #[arg(value_name = "N|NAME")]
        exercise: Option<String>,
    },
    /// Do the goals hold?
    Check {
        /// Number or name [default: the one you are at]
        #[arg(value_name = "N|NAME", conflicts_with = "all")]
        exercise: Option<String>,
        /// Check every exercise you have started
        #[arg(long)]
        all: bool,
    },
    /// The next of three hints on the first goal that does not hold
    Hint {
        /// Number or name [default: the one you are at]
        #[arg(value_name = "N|NAME")]
        exercise: Option<String>,
    },
    /// A solution, once you have passed
    Solution {
        /// Number or name [default: the one you are at]
        #[arg(value_name = "N|NAME")]
        exercise: Option<String>,
        /// Show it before that
        #[arg(long)]
        give_up: bool,
    },
    /// Begin again with the start files; yours are kept aside
    Reset {
        /// Number or name [default: the one you are at]
        #[arg(value_name = "N|NAME")]
        exercise: Option<String>,
    },
    /// Go to an exercise, without passing those before it
    Goto {
        /// Number or name
        #[arg(value_name = "N|NAME")]
        exercise: String,
    },
    /// Check at each save
    Watch {
        /// Number or name [default: the one you are at]
        #[arg(value_name = "N|NAME")]
        exercise: Option<String>,
    },
    /// Checks and hints, exercise by exercise; --json for teachers
    Progress,
    /// Check a class: a folder with one folder for each student
    CheckAll {
        /// The folder of the students' folders
        #[arg(value_name = "DIR")]
        students: PathBuf,
        /// Only this exercise
        #[arg(long, value_name = "N|NAME")]
        exercise: Option<String>,
    },
    /// Begin an exercise of your own: a small one that holds, with notes
    New {
        /// Its name: 30_my_exercise; without a number it gets the next free one
        name: String,
        /// Then test it at each save
        #[arg(long)]
        watch: bool,
    },
    /// Test exercises: the start fails, the solution passes, wrong answers get hints
    Test {
        /// An exercise, or a folder of them
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
        /// Test again at each save
        #[arg(long)]
        watch: bool,
    },
}

/// Does what was asked. The exit code: 0 the goals hold, 1 they don't, 2 usage or a folder that can't be
/// read or written.
pub fn course(order: &Order, colour: Colour) -> u8 {
    let json = order.place.json;
    let renderer = screen::renderer(json, screen::style(colour));
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());
    let what = order.what.clone().unwrap_or(What::List);
    let outcome = match &what {
        What::New { name, watch } => author::new(name, *watch, &order.place, (&renderer, colour), &flag),
        What::Test { folder, watch } => author::test(folder, *watch, json, (&renderer, colour), &flag),
        What::CheckAll { students, exercise } => order
            .place
            .course()
            .and_then(|course| class::check_all(&course, students, exercise.as_deref(), &flag)),
        What::Watch { exercise } => order
            .place
            .desk("layerlab ", &flag)
            .and_then(|mut desk| watch_at(&mut desk, exercise.as_deref(), (&renderer, colour), json)),
        _ => order.place.desk("layerlab ", &flag).map(|mut desk| desk.run(&what)),
    };
    match outcome {
        Ok(outcome) => close(outcome, &renderer, json, colour),
        Err(error) if json => {
            renderer.clone().take(Event::from(&error));
            close(Outcome { code: exit_code(&error), ..Outcome::default() }, &renderer, json, colour);
            refuse(&error, colour)
        }
        Err(error) => {
            renderer.finish();
            refuse(&error, colour)
        }
    }
}

#[cfg(feature = "watch")]
fn watch_at(
    desk: &mut Desk,
    exercise: Option<&str>,
    out: (&Renderer, Colour),
    json: bool,
) -> Result<Outcome, Error> {
    watch::exercise(desk, exercise, out, json)
}

#[cfg(not(feature = "watch"))]
fn watch_at(_: &mut Desk, _: Option<&str>, _: (&Renderer, Colour), _: bool) -> Result<Outcome, Error> {
    Err(Error::new(ErrorKind::Usage, "this layerlab was built without the feature `watch`")
        .hint("layerlab course check checks once"))
}

/// Shows what came out, then why it ended. The exit code.
fn close(outcome: Outcome, renderer: &Renderer, json: bool, colour: Colour) -> u8 {
    show(&outcome, renderer, json, colour);
    let event = Event::Result { exit: i32::from(outcome.code), passed: 0, failed: 0 };
    conclude(renderer, json, colour, event);
    outcome.code
}

/// Shows what came out so far.
fn show(outcome: &Outcome, renderer: &Renderer, json: bool, colour: Colour) {
    for event in &outcome.events {
        renderer.clone().take(event.clone());
    }
    renderer.finish();
    if let Some(error) = &outcome.problem {
        if json {
            renderer.clone().take(Event::from(error));
        }
        screen::complain(error, colour);
    }
}

impl Place {
    /// The course that is meant.
    fn course(&self) -> Result<Course, Error> {
        let named = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        match self.course.clone().or(named) {
            None => Course::embedded(),
            Some(folder) => author::read_course(&folder),
        }
    }

    fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(FOLDER))
    }

    fn desk(&self, prefix: &'static str, flag: &Arc<AtomicBool>) -> Result<Desk, Error> {
        let mut suffix = String::new();
        for (option, value) in [("--course", &self.course), ("--in", &self.folder)] {
            if let Some(value) = value {
                suffix.push_str(&format!(" {option} {}", value.display()));
            }
        }
        Ok(Desk::new(self.course()?, self.folder(), (prefix, suffix), flag.clone()).json(self.json))
    }
}

/// The course at the prompt: the same words, read the same way.
#[derive(Debug, Default)]
pub struct AtPrompt;

#[derive(Debug, Parser)]
#[command(name = "course", no_binary_name = true, disable_help_flag = true)]
struct Typed {
    #[command(flatten)]
    order: Order,
}

impl script::Desk for AtPrompt {
    fn course(&mut self, words: &[&str]) -> Result<Vec<Event>, Error> {
        let typed = Typed::try_parse_from(words).map_err(|error| unread(&error))?;
        let what = typed.order.what.unwrap_or(What::List);
        let shell = |line: &str| {
            Error::new(ErrorKind::Usage, "this is not done at the prompt").hint(format!("in a shell: {line}"))
        };
        match &what {
            What::Watch { .. } => return Err(shell("layerlab course watch")),
            What::CheckAll { .. } => return Err(shell("layerlab course check-all DIR")),
            What::New { .. } => return Err(shell("layerlab course new NAME")),
            What::Test { .. } => return Err(shell("layerlab course test DIR")),
            _ => {}
        }
        let flag = Arc::new(AtomicBool::new(false));
        interrupt::raise(flag.clone());
        let outcome = typed.order.place.desk("", &flag)?.run(&what);
        interrupt::forget(&flag);
        let mut events = outcome.events;
        match outcome.problem {
            Some(error) if events.is_empty() => Err(error),
            Some(error) => {
                events.push(Event::from(&error));
                Ok(events)
            }
            None => Ok(events),
        }
    }
}

/// What clap says of words that it can't read, in one sentence.
fn unread(error: &clap::Error) -> Error {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    Error::new(ErrorKind::Usage, first.to_owned())
        .hint("course [list], start, check, hint, solution, reset, goto, progress")
}
