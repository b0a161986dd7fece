//! The command line: arguments, the real host's files, exit codes. One file per subcommand.
//!
//! Exit codes: 0 yes; 1 the answer is no (a check, a build, a replay); 2 usage or unreadable input;
//! 130 interrupted.

mod build;
mod check;
mod course;
mod disk;
mod dive;
mod folder;
mod given;
mod graph;
mod host;
mod interrupt;
#[cfg(feature = "tui")]
mod look;
mod order;
mod project;
mod replay;
mod report;
mod run;
mod screen;
#[cfg(feature = "tui")]
mod terminal;
#[cfg(feature = "watch")]
mod watch;
#[cfg(target_os = "linux")]
mod whole;
mod why;

pub use course::AtPrompt;
pub use disk::DiskSpool;
pub use host::DiskHost;
pub use interrupt::INTERRUPTED;
pub use screen::Colour;

use crate::command::Screen;
use crate::error::{Error, ErrorKind};
use crate::fs::{Host, HostError};
use crate::render::{Renderer, Style};
use crate::script::Desk;
use crate::trace::{Event, Sink};
use clap::{Parser, Subcommand};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Take container image layers apart: union filesystems, builds and cache decisions, in memory.
///
/// Without a command it opens the REPL, or runs the lines of a pipe.
#[derive(Debug, Parser)]
#[command(name = "layerlab", version, max_term_width = 80, after_help = AFTER)]
pub struct Arguments {
    /// Colours: auto, always or never; NO_COLOR switches them off too
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    color: Colour,
    #[command(subcommand)]
    door: Option<Door>,
}

const AFTER: &str = "\
Examples:
  layerlab                                     explore; `help` says how
  layerlab run scenarios/02_cache_bust.rhai    play a story
  layerlab build . --again                     what would a second build hit?
  layerlab check .                             what is wrong with this Dockerfile?
  layerlab why . --change src/app.js           which steps would run again, and why?
  layerlab course                              learn by doing

LAYERLAB_COURSE names a teacher's course in place of the built-in one.
LAYERLAB_HISTORY names the REPL's history file; empty switches history off.
Exit codes: 0 yes, 1 the answer is no, 2 usage or unreadable input, 130 interrupted.";

/// What the program's exit status says, in every door.
pub const EXIT_CODES: &[(u8, &str)] = &[
    (0, "yes: it was done, nothing was found, every check holds"),
    (1, "the answer is no: a failed check, build or replay, a finding, an unknown name"),
    (2, "usage or unreadable input: nothing was done"),
    (INTERRUPTED, "interrupted"),
];

/// What the REPL gets: the host, the printer, how it prints, and who raises a flag at Ctrl-C.
pub struct Talk {
    /// Files, below the current folder.
    pub host: Box<dyn Host>,
    /// Standard output.
    pub renderer: Renderer,
    /// Its style.
    pub style: Style,
    /// The interactive view of `dive`, where it is built in and the terminal can show it.
    pub screen: Option<Box<dyn Screen>>,
    /// Raises a flag at Ctrl-C.
    pub watch: fn(Arc<AtomicBool>),
    /// Keeps the course.
    pub desk: Box<dyn Desk>,
}

#[derive(Debug, Subcommand)]
enum Door {
    Run(run::Run),
    Build(Box<build::Build>),
    Check(check::Check),
    Why(Box<why::Why>),
    Order(Box<order::Order>),
    Graph(graph::Graph),
    Dive(dive::Dive),
    Report(Box<report::Report>),
    Replay(replay::Replay),
    Course(course::Order),
}

/// Opens the door that the arguments name; `talk` is the one without a subcommand. The exit code.
pub fn open(arguments: Arguments, talk: impl FnOnce(Talk) -> u8) -> u8 {
    let colour = arguments.color;
    match arguments.door {
        Some(Door::Run(order)) => run::run(&order, colour),
        Some(Door::Build(order)) => build::build(&order, colour),
        Some(Door::Check(order)) => check::check(&order, colour),
        Some(Door::Why(order)) => why::why(&order, colour),
        Some(Door::Order(order)) => order::order(&order, colour),
        Some(Door::Graph(order)) => graph::graph(&order, colour),
        Some(Door::Dive(order)) => dive::dive(&order, colour),
        Some(Door::Report(order)) => report::report(&order, colour),
        Some(Door::Replay(order)) => replay::replay(&order, colour),
        Some(Door::Course(order)) => course::course(&order, colour),
        None => match DiskHost::below(Path::new(".")) {
            Ok(host) => {
                let style = screen::style(colour);
                let renderer = screen::renderer(false, style);
                let screen = screen_of(&renderer);
                let desk = Box::new(AtPrompt);
                talk(Talk { host: Box::new(host), renderer, style, screen, watch: interrupt::raise, desk })
            }
            Err(error) => refuse(&unreadable(&error), colour),
        },
    }
}

#[cfg(feature = "tui")]
fn screen_of(renderer: &Renderer) -> Option<Box<dyn Screen>> {
    look::can_look().then(|| Box::new(look::OnTerminal { renderer: renderer.clone() }) as Box<dyn Screen>)
}

#[cfg(not(feature = "tui"))]
fn screen_of(_: &Renderer) -> Option<Box<dyn Screen>> {
    None
}

/// The exit code of a run that ended with this lab error.
fn exit_code(error: &Error) -> u8 {
    match error.kind {
        ErrorKind::Syntax | ErrorKind::Usage | ErrorKind::Host => 2,
        ErrorKind::Unknown | ErrorKind::Limit | ErrorKind::Script => 1,
        ErrorKind::Interrupted => INTERRUPTED,
    }
}

/// A refusal of the host as a lab error.
fn unreadable(error: &HostError) -> Error {
    Error::new(ErrorKind::Host, format!("`{}`: {}", error.path, error.message))
}

/// Says why nothing was done. The exit code.
fn refuse(error: &Error, colour: Colour) -> u8 {
    screen::complain(error, colour);
    exit_code(error)
}

/// The last event of a run; in `--json` the words for people go to standard error.
fn conclude(renderer: &Renderer, json: bool, colour: Colour, result: Event) {
    if json {
        screen::note(&crate::render::text(&result, &screen::style_of_errors(colour)));
    }
    renderer.clone().take(result);
    renderer.finish();
}

/// The last event, and a lab error before it. The exit code.
fn end(result: Result<u8, Error>, renderer: &Renderer, json: bool, colour: Colour) -> u8 {
    let code = result.unwrap_or_else(|error| {
        renderer.finish();
        if json {
            renderer.clone().take(Event::from(&error));
        }
        screen::complain(&error, colour);
        exit_code(&error)
    });
    conclude(renderer, json, colour, Event::Result { exit: i32::from(code), passed: 0, failed: 0 });
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_tells_every_exit_code() {
        let line = AFTER.lines().last().unwrap_or_default();
        for (code, words) in EXIT_CODES {
            let first = words.split([':', ',']).next().unwrap_or_default();
            let first = first.split(' ').next().unwrap_or_default();
            assert!(line.contains(&format!("{code} ")) && line.contains(first), "{code} {words}");
        }
    }
}
