//! The sink that prints. It holds what one event alone can't know: the numbers of the lines within
//! a command, the path the reader has in mind, the columns of a build's steps.

use super::measure::clean_line;
use super::step::{Columns, Row, draw};
use super::style::{Style, Tone};
use super::{json, size, text, union};
use crate::trace::{Event, Sink};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

/// Union events that one command shows unless `trace on`.
const MOST_LINES: usize = 32;
/// Lines of output that a failed step shows unless `trace on`.
const MOST_OUTPUT: usize = 20;

/// How much is printed, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Union events of single operations, not those inside a build; output of failed steps only.
    Auto,
    /// Everything.
    On,
    /// No union events.
    Off,
    /// One event a line, as JSON.
    Json,
}

impl Mode {
    /// The mode that a [`Event::Tracing`] names; unknown words mean [`Mode::Auto`].
    fn named(word: &str) -> Mode {
        match word {
            "on" => Mode::On,
            "off" => Mode::Off,
            "json" => Mode::Json,
            _ => Mode::Auto,
        }
    }
}

/// Prints events. Clones are handles to one and the same printer: one goes to the session as its
/// sink, another stays with the door to say where a command begins and to finish.
#[derive(Clone)]
pub struct Renderer {
    screen: Rc<RefCell<Screen>>,
}

struct Screen {
    out: Box<dyn Write>,
    style: Style,
    mode: Mode,
    /// A program reads: whatever a scenario says about its trace, JSON it stays.
    json_only: bool,
    echo: bool,
    broken: bool,
    line: usize,
    unshown: usize,
    known: Option<String>,
    explain: &'static str,
    build: Build,
}

/// Steps of a build that wait for their neighbours.
#[derive(Default)]
struct Build {
    running: bool,
    columns: Columns,
    held: Vec<(Row, Vec<String>)>,
    /// What the step now running has said so far.
    said: Vec<String>,
    output: Vec<String>,
    output_before: Vec<String>,
}

impl Renderer {
    /// Prints for people.
    pub fn new(out: Box<dyn Write>, style: Style) -> Renderer {
        Renderer::with(out, style, Mode::Auto)
    }

    /// Prints one event a line.
    pub fn json(out: Box<dyn Write>) -> Renderer {
        Renderer::with(out, Style::default(), Mode::Json)
    }

    fn with(out: Box<dyn Write>, style: Style, mode: Mode) -> Renderer {
        let screen = Screen {
            out,
            style,
            mode,
            json_only: mode == Mode::Json,
            echo: true,
            broken: false,
            line: 0,
            unshown: 0,
            known: None,
            explain: "explain",
            build: Build::default(),
        };
        Renderer { screen: Rc::new(RefCell::new(screen)) }
    }

    /// A new command begins: numbers start again. `typed` tells which path the reader has in mind.
    pub fn begin(&self, typed: &str) {
        let mut screen = self.screen.borrow_mut();
        screen.settle();
        screen.known = only_path(typed);
    }

    /// Prints what was held back. Before a question, and at the end.
    pub fn finish(&self) {
        let mut screen = self.screen.borrow_mut();
        screen.settle();
        screen.broken |= screen.out.flush().is_err();
    }

    /// Are lines that are about to run shown? Not where the person has just typed them.
    pub fn echo(&self, echo: bool) {
        self.screen.borrow_mut().echo = echo;
    }

    /// How the reader asks for the whole of a long step; `explain` at the prompt.
    pub fn explain_by(&self, word: &'static str) {
        self.screen.borrow_mut().explain = word;
    }

    /// The terminal has another width now.
    pub fn resize(&self, width: usize) {
        self.screen.borrow_mut().style.width = width;
    }

    /// Nobody reads any more (a closed pipe): nothing is printed from here on.
    pub fn broken(&self) -> bool {
        self.screen.borrow().broken
    }

    /// How this one prints now.
    pub fn mode(&self) -> Mode {
        self.screen.borrow().mode
    }
}

impl Sink for Renderer {
    fn take(&mut self, event: Event) {
        self.screen.borrow_mut().take(&event);
    }
}

impl Screen {
    fn take(&mut self, event: &Event) {
        if let Event::Tracing { mode } = event
            && !self.json_only
        {
            self.settle();
            self.mode = Mode::named(mode);
        }
        if self.mode == Mode::Json {
            self.write(&(json(event) + "\n"));
        } else if self.build.running || matches!(event, Event::Step { .. } | Event::BuildStart { .. }) {
            self.take_of_build(event);
        } else {
            self.settle_steps();
            self.take_plain(event);
        }
    }

    /// An event outside a build.
    fn take_plain(&mut self, event: &Event) {
        match event {
            Event::Line { text: typed } => {
                self.settle();
                self.known = only_path(typed);
                if self.echo {
                    self.write(&text(event, &self.style));
                }
            }
            _ => match union::tell(event) {
                Some(_) if self.mode == Mode::Off => {}
                // How a process finds its user and its program is no part of what was asked for.
                Some(_) if self.mode == Mode::Auto && union::is_aside(event) => {}
                Some(told) => self.tell(&told),
                None => {
                    self.settle_unshown();
                    self.write(&text(event, &self.style));
                }
            },
        }
    }

    fn tell(&mut self, told: &union::Told) {
        self.line += 1;
        if self.line > MOST_LINES && self.mode == Mode::Auto {
            self.unshown += 1;
            return;
        }
        let number = format!("{} ", self.line);
        let lines = told.lines(&number, self.known.as_deref(), &self.style);
        if told.path.is_some() {
            self.known.clone_from(&told.path);
        }
        self.write(&lines);
    }

    /// An event of a build: steps wait until all are known, so that their columns line up.
    fn take_of_build(&mut self, event: &Event) {
        match event {
            Event::BuildStart { .. } => {
                self.settle();
                self.build = Build { running: true, ..Build::default() };
                self.write(&text(event, &self.style));
            }
            Event::Step { .. } => {
                let Some(mut row) = Row::of(event) else { return };
                row.explain = self.explain;
                let mut said = std::mem::take(&mut self.build.said);
                let mut output = std::mem::take(&mut self.build.output);
                if self.mode == Mode::On {
                    said.append(&mut output);
                }
                self.build.held.push((row, said));
                self.build.output_before = output;
            }
            Event::Output { .. } => self.build.output.extend(self.quote(event)),
            Event::Built { .. } => {
                if self.mode != Mode::On {
                    self.build.output.clear();
                }
                self.end_build(event);
            }
            Event::BuildFailed { .. } => {
                // The failed step may be told before or after what it printed.
                if self.build.output.is_empty() {
                    self.build.output = std::mem::take(&mut self.build.output_before);
                }
                self.end_build(event);
            }
            _ if union::tell(event).is_some() => {
                if self.mode == Mode::On {
                    self.build.said.extend(self.quote(event));
                }
            }
            _ => self.build.said.extend(self.below_step(event, "    ")),
        }
    }

    /// What a step printed, behind a bar.
    fn quote(&self, event: &Event) -> Vec<String> {
        self.below_step(event, &self.style.paint(Tone::Dim, "    │ "))
    }

    /// An event below its step.
    fn below_step(&self, event: &Event, before: &str) -> Vec<String> {
        let inner = Style { width: self.style.width.saturating_sub(6), ..self.style };
        text(event, &inner).lines().map(|line| format!("{before}{line}\n")).collect()
    }

    fn end_build(&mut self, event: &Event) {
        self.settle_steps();
        let output = std::mem::take(&mut self.build.output);
        let hidden = if self.mode == Mode::On { 0 } else { output.len().saturating_sub(MOST_OUTPUT) };
        if hidden > 0 {
            let words = format!("    … {} more above: trace on\n", size::count(hidden, "line"));
            self.write(&self.style.paint(Tone::Dim, &words));
        }
        for line in output.iter().skip(hidden) {
            self.write(line);
        }
        self.build = Build::default();
        self.write(&text(event, &self.style));
    }

    /// Prints everything held back and starts counting again.
    fn settle(&mut self) {
        self.settle_steps();
        self.settle_unshown();
        self.line = 0;
        self.known = None;
    }

    fn settle_steps(&mut self) {
        let held = std::mem::take(&mut self.build.held);
        let rows: Vec<Row> = held.iter().map(|(row, _)| row.clone()).collect();
        if !rows.is_empty() {
            self.build.columns.fit(&rows, &self.style);
        }
        for (row, said) in held {
            self.write(&draw(&row, &self.build.columns, &self.style));
            for line in said {
                self.write(&line);
            }
        }
        for line in std::mem::take(&mut self.build.said) {
            self.write(&line);
        }
        if !self.build.running {
            self.build.columns = Columns::default();
        }
    }

    fn settle_unshown(&mut self) {
        let unshown = std::mem::take(&mut self.unshown);
        if unshown > 0 {
            let words = format!("… {} more: trace on", size::count(unshown, "line"));
            self.write(&format!("{}\n", self.style.paint(Tone::Dim, &words)));
        }
    }

    fn write(&mut self, text: &str) {
        if !self.broken && self.out.write_all(text.as_bytes()).is_err() {
            self.broken = true;
        }
    }
}

/// The path in a typed line, when there is exactly one: `c.read("/etc/motd")`.
fn only_path(typed: &str) -> Option<String> {
    let mut paths = typed
        .split(|char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '`' | ',' | '(' | ')'))
        .filter(|word| word.starts_with('/') && word.len() > 1)
        .map(clean_line);
    let first = paths.next()?;
    paths.all(|path| path == first).then_some(first)
}
