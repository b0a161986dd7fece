//! What every registered function reaches: the lab, the trace, the host and the settings.

use super::ask::Ask;
use super::desk::Desk;
use super::handle::{Answer, refuse};
use super::rewrite::Rewritten;
use crate::command::Screen;
use crate::command::dive::Report;
use crate::error::{Error, Span};
use crate::fs::Host;
use crate::journal::Journal;
use crate::lab::Lab;
use crate::trace::{Event, Trace};
use indexmap::IndexMap;
use rhai::{AST, Engine, EvalAltResult, FnPtr, Position};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

/// The shared core. Borrowed for one call at a time; while a build runs it stays borrowed, which is
/// how a script's own program finds that the lab is busy.
pub type Shared = Rc<RefCell<Core>>;

/// How much of the union's work is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TraceMode {
    /// Events of single operations as text, not those inside a build.
    #[default]
    Auto,
    /// Every event as text.
    On,
    /// Only what commands print.
    Off,
    /// Every event as JSON.
    Json,
}

impl TraceMode {
    /// The word in [`Event::Tracing`].
    pub fn word(self) -> &'static str {
        match self {
            TraceMode::Auto => "auto",
            TraceMode::On => "on",
            TraceMode::Off => "off",
            TraceMode::Json => "json",
        }
    }
}

/// Switches that undo restores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `trace on|off|json`.
    pub trace: TraceMode,
    /// `predict on|off`.
    pub predict: bool,
}

/// Checks that held, checks that did not, and predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that held.
    pub passed: usize,
    /// Checks that did not.
    pub failed: usize,
    /// Right predictions.
    pub predicted: usize,
    /// Wrong predictions.
    pub mispredicted: usize,
}

/// The text that is running, to point at its lines.
#[derive(Default)]
pub struct Source {
    /// Its name.
    pub name: Rc<str>,
    /// As written.
    pub text: Rc<str>,
    /// As Rhai sees it.
    pub rewritten: Rewritten,
}

impl Source {
    /// The place of a position in the rewritten text.
    pub fn span(&self, position: Position) -> Option<Span> {
        let line = position.line()?;
        let column = self.rewritten.original(line, position.position().unwrap_or(1));
        let text = self.text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        let word = text
            .chars()
            .skip(column.saturating_sub(1))
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .count();
        Some(Span::locate_in(&self.name, text, line as u32, column as u32, word as u32))
    }
}

/// See the module's text.
pub struct Core {
    /// The lab.
    pub lab: Lab,
    /// Events and fuel of the running line.
    pub trace: Trace,
    /// The real host, confined.
    pub host: Box<dyn Host>,
    /// Switches.
    pub settings: Settings,
    /// Programs taught by `command(…)`.
    pub commands: IndexMap<String, FnPtr>,
    /// Predictions made by the script for the next build: instruction text, verdict word.
    pub predictions: Vec<(String, String)>,
    /// The person at the terminal, if there is one.
    pub ask: Option<Box<dyn Ask>>,
    /// Who shows what is more than lines of text.
    pub screen: Option<Box<dyn Screen>>,
    /// Who writes a report.
    pub report: Option<Report>,
    /// Who keeps the course.
    pub desk: Option<Box<dyn Desk>>,
    /// Checks and predictions so far.
    pub tally: Tally,
    /// What is running.
    pub source: Source,
    /// (kind, name, path) of what this line changed, for the drawn stack.
    pub touched: Vec<(String, String, String)>,
    /// A lab error raised inside a registered function, richer than what Rhai can carry.
    pub error: Option<Error>,
    /// A session word asked for something only the session can do.
    pub wish: Option<Wish>,
    /// The engine and the functions defined so far, for programs that a script teaches.
    pub engine: Weak<Engine>,
    /// Functions that are defined.
    pub functions: AST,
    /// Variables that hold files: name in the script → (kind, name in the lab).
    pub variables: IndexMap<String, (&'static str, String)>,
    /// The variable that the running statement assigns: `let m = mount(…)` names the mount `m`.
    pub assigning: Option<String>,
    /// While a scenario runs: its own undo, statement by statement. None at the REPL.
    pub story: Option<Story>,
    /// Where help topics come from.
    pub help: fn(&str) -> Result<String, Error>,
    /// What `help` answers to.
    pub help_words: fn() -> Vec<String>,
}

/// What a session word leaves to the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `undo [n]`.
    Undo(usize),
    /// `redo [n]`.
    Redo(usize),
    /// `log`.
    Log,
    /// `save FILE`.
    Save(String),
    /// `quit`.
    Quit,
}

/// Undo inside a scenario: one entry for every statement or command line.
#[derive(Default)]
pub struct Story {
    journal: Option<Journal<Lab>>,
    pending: Option<(String, Lab)>,
}

impl Story {
    /// A statement is about to run.
    pub fn mark(&mut self, text: &str, lab: &Lab) {
        self.settle(lab);
        self.pending = Some((text.to_owned(), lab.clone()));
    }

    /// The statement before is done: notes it. The journal, to undo in.
    pub fn settle(&mut self, lab: &Lab) -> &mut Journal<Lab> {
        let journal = self.journal.get_or_insert_with(|| Journal::new(1000));
        if let Some((line, before)) = self.pending.take()
            && before.fingerprint() != lab.fingerprint()
        {
            journal.note(&line, before, lab.clone());
        }
        journal
    }
}

impl Core {
    /// Emits an event.
    pub fn emit(&mut self, event: Event) {
        self.trace.emit(|| event);
    }

    /// A statement begins: nothing is held back, and it may name what it makes.
    pub fn begin(&mut self, text: &str) {
        self.trace.hush(false);
        let assigned = text.trim_start().strip_prefix("let ").and_then(|rest| rest.split_once('='));
        self.assigning = assigned.map(|(name, _)| name.trim().to_owned());
    }

    /// Lets the assigned variable stand for a mount or container.
    pub fn name_it(&mut self, kind: &'static str, name: &str) {
        if let Some(variable) = self.assigning.take() {
            self.variables.insert(variable, (kind, name.to_owned()));
        }
    }

    /// Notes that a path of a mount or container was changed.
    pub fn touch(&mut self, kind: &str, name: &str, path: &str) {
        let entry = (kind.to_owned(), name.to_owned(), path.to_owned());
        if self.touched.len() < 4 && !self.touched.contains(&entry) {
            self.touched.push(entry);
        }
    }

    /// Ends the script when the fuel has run out.
    ///
    /// # Errors
    /// `ErrorTerminated`, which no script can catch.
    pub fn stop_if_exhausted(&self) -> Answer<()> {
        match self.trace.fuel.exhausted() {
            Some(why) => Err(Box::new(EvalAltResult::ErrorTerminated(why.describe().into(), Position::NONE))),
            None => Ok(()),
        }
    }

    /// Carries a lab error through Rhai: kept whole here, thrown as its words.
    pub fn raise(&mut self, error: Error) -> Box<EvalAltResult> {
        let words = error.message.clone();
        self.error = Some(error);
        refuse(&words)
    }
}
