//! The session: lines of Rhai, command lines and session words over one lab.
//!
//! [`Session::line`] runs one line of the REPL, [`Session::script`] a scenario. Both go through the same
//! rewriting ([`rewrite`]), the same engine and the same functions ([`api`]).

mod api;
mod ask;
mod bill;
mod complete;
mod core;
mod desk;
mod engine;
mod errors;
mod foresee;
mod handle;
mod judge;
pub mod methods;
mod narrow;
mod quiz;
#[cfg(test)]
mod registered;
pub mod rewrite;
mod scan;
mod shown;
pub mod vocabulary;
mod words;

pub use self::ask::Ask;
pub use self::complete::Completion;
pub use self::core::{Settings, Tally, TraceMode, Wish};
pub use self::desk::Desk;
pub use self::judge::{Judgement, STUDENT, Work, judge};

use self::core::{Core, Shared, Source, Story};
use self::handle::{Files, OfContainer, OfContext, OfMount, OfVolume};
use crate::command::Screen;
use crate::command::dive::Report;
use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::journal::Journal;
use crate::lab::Lab;
use crate::trace::{Event, Exhausted, Place, Sink, Trace};
use indexmap::IndexMap;
use rhai::{AST, Dynamic, Engine, FnPtr, Scope};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What to do after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Read the next line.
    Continue,
    /// The person is done.
    Quit,
}

/// Everything that undo restores.
#[derive(Clone)]
struct State {
    lab: Lab,
    settings: Settings,
    commands: IndexMap<String, FnPtr>,
    scope: Scope<'static>,
    functions: AST,
}

/// One person's sitting: the lab, the variables, what was defined, and the way back.
pub struct Session {
    core: Shared,
    engine: Rc<Engine>,
    scope: Scope<'static>,
    functions: AST,
    journal: Journal<State>,
    interrupt: Arc<AtomicBool>,
}

impl Session {
    /// A new lab. Files are read through `host`, events go to `sink`.
    pub fn new(host: Box<dyn Host>, sink: Box<dyn Sink>) -> Session {
        Session::made(host, sink, |_, _| ())
    }

    /// [`Session::new`] with functions that not every session has.
    fn made(host: Box<dyn Host>, sink: Box<dyn Sink>, more: impl FnOnce(&mut Engine, &Shared)) -> Session {
        let interrupt = Arc::new(AtomicBool::new(false));
        let mut trace = Trace::to(sink);
        trace.fuel.interrupted_by(interrupt.clone());
        let core = Rc::new(RefCell::new(Core {
            lab: Lab::new(),
            trace,
            host,
            settings: Settings::default(),
            commands: IndexMap::new(),
            predictions: Vec::new(),
            ask: None,
            screen: None,
            report: None,
            desk: None,
            tally: Tally::default(),
            source: Source::default(),
            touched: Vec::new(),
            error: None,
            wish: None,
            engine: std::rc::Weak::new(),
            functions: AST::empty(),
            variables: IndexMap::new(),
            assigning: None,
            story: None,
            help: |_| Err(Error::new(ErrorKind::Unknown, "there is no help here")),
            help_words: Vec::new,
        }));
        let engine = engine::build(&core, more);
        core.borrow_mut().engine = Rc::downgrade(&engine);
        Session {
            core,
            engine,
            scope: Scope::new(),
            functions: AST::empty(),
            journal: Journal::new(500),
            interrupt,
        }
    }

    /// Where `help` finds its topics.
    pub fn set_help(&mut self, help: fn(&str) -> Result<String, Error>) {
        self.core.borrow_mut().help = help;
    }

    /// What `help` answers to, for completion.
    pub fn set_help_words(&mut self, words: fn() -> Vec<String>) {
        self.core.borrow_mut().help_words = words;
    }

    /// Is every answer a question first? As the word `predict` switches it.
    pub fn set_predict(&mut self, predict: bool) {
        self.core.borrow_mut().settings.predict = predict;
    }

    /// Who is asked while `predict on`.
    pub fn set_ask(&mut self, ask: Box<dyn Ask>) {
        self.core.borrow_mut().ask = Some(ask);
    }

    /// Who shows what is more than lines of text: `dive IMAGE` typed at a terminal.
    pub fn set_screen(&mut self, screen: Box<dyn Screen>) {
        self.core.borrow_mut().screen = Some(screen);
    }

    /// Who writes the page of `dive IMAGE --report FILE`.
    pub fn set_report(&mut self, report: Report) {
        self.core.borrow_mut().report = Some(report);
    }

    /// Who keeps the course: `course` typed at the prompt.
    pub fn set_desk(&mut self, desk: Box<dyn Desk>) {
        self.core.borrow_mut().desk = Some(desk);
    }

    /// A flag that stops what is running, to be raised by Ctrl-C.
    pub fn interrupt(&self) -> Arc<AtomicBool> {
        self.interrupt.clone()
    }

    /// The switches.
    pub fn settings(&self) -> Settings {
        self.core.borrow().settings.clone()
    }

    /// Checks and predictions so far.
    pub fn tally(&self) -> Tally {
        self.core.borrow().tally
    }

    /// Looks at (or changes) the lab.
    pub fn with_lab<R>(&mut self, f: impl FnOnce(&mut Lab, &mut Trace) -> R) -> R {
        let mut core = self.core.borrow_mut();
        let core = &mut *core;
        f(&mut core.lab, &mut core.trace)
    }

    /// Reads a real folder as the build context `name`.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn open(&mut self, folder: &str, name: &str) -> Result<(), Error> {
        let mut core = self.core.borrow_mut();
        let core = &mut *core;
        core.trace.fuel.refill();
        core.lab.open(&*core.host, folder, name, &mut core.trace)
    }

    /// Emits a lab error as an event.
    pub fn emit_error(&mut self, error: &Error) {
        self.core.borrow_mut().emit(error_event(error));
    }

    /// Emits an event of the front's own.
    pub fn emit(&mut self, event: Event) {
        self.core.borrow_mut().emit(event);
    }

    /// Runs one line (or several, if they belong together) of the REPL.
    ///
    /// # Errors
    /// A lab error: the state is as it was before the line. A simulated failure is no error.
    pub fn line(&mut self, name: &str, text: &str) -> Result<Flow, Error> {
        let text = &*crate::command::without_passwords(text);
        let trimmed = text.trim();
        if trimmed.is_empty() || (trimmed.starts_with("//") && !trimmed.contains('\n')) {
            return Ok(Flow::Continue);
        }
        let before = self.state();
        self.prepare(name, text, false);
        let result = self.evaluate(text);
        let exhausted = self.core.borrow().trace.fuel.exhausted().cloned();
        let result = match (result, exhausted) {
            (Ok(()), Some(why)) => Err(errors::limit(&why, self.core.borrow().trace.fuel.what())),
            // Files are written and read past the fuel.
            (Err(error), _)
                if error.kind == ErrorKind::Host && self.core.borrow().trace.fuel.is_stopped() =>
            {
                Err(errors::limit(&Exhausted::Interrupted, None))
            }
            (result, _) => result,
        };
        // What was read wrongly is the reason of what followed; an error that says so itself stays.
        let result = match (self.all_was_read(), result) {
            (Err(_), Err(error)) if error.kind == ErrorKind::Host => Err(error),
            (read, result) => read.and(result),
        };
        if let Err(error) = result {
            self.restore(before);
            return Err(error);
        }
        self.note_variables();
        self.draw_touched();
        let wish = self.core.borrow_mut().wish.take();
        match wish {
            Some(wish) => self.grant(&wish),
            None => {
                let after = self.state();
                if !is_looking(trimmed, &before, &after) {
                    self.journal.note(trimmed, before, after);
                }
                Ok(Flow::Continue)
            }
        }
    }

    /// Runs a scenario: every statement is echoed, every check counted.
    ///
    /// # Errors
    /// A lab error, also an errno that nobody caught.
    pub fn script(&mut self, name: &str, source: &str) -> Result<Tally, Error> {
        let source = &*crate::command::without_passwords(source);
        let before = self.core.borrow().tally;
        self.prepare(name, source, true);
        self.core.borrow_mut().story = Some(Story::default());
        let result = self.run_rhai(true);
        self.core.borrow_mut().story = None;
        let failed_by_errno = result?;
        self.all_was_read()?;
        self.unjudged();
        if self.core.borrow().settings.predict {
            quiz::score(&mut self.core.borrow_mut());
        }
        if let Some((errno, op, path)) = failed_by_errno {
            let core = self.core.borrow();
            let error = Error::new(ErrorKind::Script, format!("{op} {path}: {errno}")).hint(format!(
                "try {{ … }} catch (e) {{ check(\"it fails\", e.errno, \"{errno}\"); }} expects it"
            ));
            return Err(match core.error.as_ref().and_then(|e| e.span.clone()) {
                Some(span) => error.at(*span),
                None => error,
            });
        }
        let after = self.core.borrow().tally;
        Ok(Tally {
            passed: after.passed - before.passed,
            failed: after.failed - before.failed,
            predicted: after.predicted - before.predicted,
            mispredicted: after.mispredicted - before.mispredicted,
        })
    }

    /// Predictions that no build followed: wrong, for a check that never happens checks nothing.
    fn unjudged(&mut self) {
        let mut core = self.core.borrow_mut();
        for (instruction, predicted) in std::mem::take(&mut core.predictions) {
            core.tally.mispredicted += 1;
            core.tally.failed += 1;
            let actual = "no build".to_owned();
            core.emit(Event::Predicted { instruction, predicted, actual, ok: false });
        }
    }

    /// Does the text need more lines?
    pub fn incomplete(&self, text: &str) -> bool {
        if rewrite::is_command_line(text) {
            return text.trim_end().ends_with('\\');
        }
        // `cd /` is no unfinished division.
        errors::meant(text).is_none() && complete::unfinished(&self.engine, text)
    }

    /// What could stand at the cursor (a byte offset): where the word begins, and the candidates.
    pub fn complete(&mut self, line: &str, cursor: usize) -> (usize, Vec<Completion>) {
        let Ok(mut core) = self.core.try_borrow_mut() else { return (cursor, Vec::new()) };
        complete::complete(&mut core, &self.scope, line, cursor)
    }

    /// The lines that count, as `log` and `save` have them.
    pub fn lines(&self) -> Vec<String> {
        self.journal.lines().map(str::to_owned).collect()
    }

    /// An error when a file that an archive was loaded from could no longer be read: the lab took zeros for it.
    fn all_was_read(&self) -> Result<(), Error> {
        let fault = self.core.borrow().host.fault();
        fault.map_or(Ok(()), |fault| {
            Err(Error::new(ErrorKind::Host, fault.to_string())
                .hint("docker load -i FILE again: contents stay in the file until they are asked for"))
        })
    }

    fn state(&self) -> State {
        let core = self.core.borrow();
        State {
            lab: core.lab.clone(),
            settings: core.settings.clone(),
            commands: core.commands.clone(),
            scope: self.scope.clone(),
            functions: self.functions.clone(),
        }
    }

    fn restore(&mut self, state: State) {
        let mut core = self.core.borrow_mut();
        core.lab = state.lab;
        if core.settings.trace != state.settings.trace {
            core.emit(Event::Tracing { mode: state.settings.trace.word().to_owned() });
        }
        core.settings = state.settings;
        core.commands = state.commands;
        core.functions = state.functions.clone();
        self.scope = state.scope;
        self.functions = state.functions;
        drop(core);
        self.note_variables();
    }

    fn prepare(&mut self, name: &str, text: &str, echo: bool) {
        let mut core = self.core.borrow_mut();
        core.trace.fuel.refill();
        core.touched.clear();
        core.error = None;
        core.wish = None;
        core.begin(text);
        core.source =
            Source { name: name.into(), text: text.into(), rewritten: rewrite::rewrite(text, echo) };
    }

    fn evaluate(&mut self, text: &str) -> Result<(), Error> {
        let first = text.trim_start();
        if rewrite::is_command_line(first) && !first.trim_end().contains('\n') {
            // A command line at the prompt needs no Rhai around it.
            let indent = (text.chars().count() - first.chars().count()) as u32;
            return api::run_written(&self.core, first.trim_end(), 1, indent + 1)
                .map_err(|error| self.lab_error(&error));
        }
        self.run_rhai(false).map(|_| ())
    }

    /// Compiles and runs the prepared text. An errno that nobody caught is given back: at the REPL it is a
    /// result whose effects stay.
    fn run_rhai(&mut self, script: bool) -> Result<Option<(String, String, String)>, Error> {
        let text = self.core.borrow().source.rewritten.text.clone();
        if let Some(error) = errors::taken_word(&self.core.borrow().source) {
            return Err(error);
        }
        let ast = self.engine.compile_with_scope(&self.scope, &text).map_err(|error| {
            let source = &self.core.borrow().source;
            errors::mistyped_command(source).unwrap_or_else(|| errors::parse_error(&error, source))
        })?;
        let merged = self.functions.merge(&ast);
        let functions = merged.clone_functions_only();
        self.core.borrow_mut().functions = functions.clone();
        let result = self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &self.functions.merge(&ast));
        match result {
            Ok(value) => {
                self.functions = functions;
                if !script {
                    self.show(&value);
                }
                Ok(None)
            }
            Err(error) => match errors::errno(&error) {
                Some(errno) if self.core.borrow().trace.fuel.exhausted().is_none() => {
                    let placed = self.lab_error(&error);
                    self.core.borrow_mut().error = Some(placed);
                    Ok(Some(errno))
                }
                _ => Err(self.lab_error(&error)),
            },
        }
    }

    fn lab_error(&self, error: &rhai::EvalAltResult) -> Error {
        let mut core = self.core.borrow_mut();
        let whole = core.error.take();
        let translated = errors::run_error(error, &core.source, &core.trace.fuel);
        match whole {
            // What a registered function raised is richer than its words; Rhai knows where it was called.
            Some(whole) if translated.message == whole.message => match translated.span {
                Some(span) => {
                    let own = whole.span.filter(|s| &*s.file != "<command>");
                    let known = own.is_some();
                    let placed = Error { span: own.or(Some(span)), ..whole };
                    if known { placed } else { narrow::narrowed(placed, &core.source) }
                }
                None => whole,
            },
            _ => translated,
        }
    }

    fn show(&mut self, value: &Dynamic) {
        if value.is_unit() || shown::has_shown_itself(value) {
            return;
        }
        let text = shown::shown(value);
        self.core.borrow_mut().emit(Event::Value { text });
    }

    /// Variables that hold files, for `stack m` and completion.
    fn note_variables(&mut self) {
        let mut variables = IndexMap::new();
        for (name, _, value) in self.scope.iter() {
            if let Some(files) = value.clone().try_cast::<Files<OfMount>>() {
                variables.insert(name.to_owned(), ("Mount", files.name().to_owned()));
            } else if let Some(files) = value.clone().try_cast::<Files<OfContainer>>() {
                variables.insert(name.to_owned(), ("Container", files.name().to_owned()));
            } else if let Some(files) = value.clone().try_cast::<Files<OfContext>>() {
                variables.insert(name.to_owned(), ("Context", files.name().to_owned()));
            } else if let Some(files) = value.clone().try_cast::<Files<OfVolume>>() {
                variables.insert(name.to_owned(), ("Volume", files.name().to_owned()));
            }
        }
        self.core.borrow_mut().variables = variables;
    }

    /// Draws the stack over what the line changed.
    fn draw_touched(&mut self) {
        let mut core = self.core.borrow_mut();
        let touched = std::mem::take(&mut core.touched);
        let Some((kind, name, _)) = touched.first().cloned() else { return };
        if core.settings.trace == TraceMode::Off {
            return;
        }
        let paths: Vec<Vec<u8>> = touched
            .iter()
            .filter(|(k, n, _)| *k == kind && *n == name)
            .map(|(_, _, path)| path.clone().into_bytes())
            .collect();
        words::draw(&mut core, &kind, &name, &paths, false);
    }

    fn grant(&mut self, wish: &Wish) -> Result<Flow, Error> {
        match wish {
            Wish::Quit => return Ok(Flow::Quit),
            Wish::Undo(n) => {
                let (state, lines) = self.journal.undo(*n).ok_or_else(|| {
                    Error::new(ErrorKind::Usage, "there is nothing to undo")
                        .hint("log shows the lines so far")
                })?;
                self.restore(state);
                self.tell(lines.iter().map(|line| format!("undone: {}", first_line(line))));
            }
            Wish::Redo(n) => {
                let (state, lines) = self
                    .journal
                    .redo(*n)
                    .ok_or_else(|| Error::new(ErrorKind::Usage, "there is nothing to redo"))?;
                self.restore(state);
                self.tell(lines.iter().map(|line| format!("done again: {}", first_line(line))));
            }
            Wish::Log => {
                let done = self.journal.lines().enumerate().map(|(n, line)| format!("{:>3}  {line}", n + 1));
                let undone = self.journal.undone().map(|line| format!("  -  {line}   (undone; redo)"));
                let lines: Vec<String> = done.chain(undone).collect();
                let empty = lines.is_empty();
                self.tell(lines.into_iter());
                if empty {
                    self.tell(std::iter::once("nothing was run yet".to_owned()));
                }
            }
            Wish::Save(file) => self.save(file)?,
        }
        Ok(Flow::Continue)
    }

    fn tell(&mut self, lines: impl Iterator<Item = String>) {
        let text = lines.collect::<Vec<_>>().join("\n");
        if !text.is_empty() {
            self.core.borrow_mut().emit(Event::Text { text });
        }
    }

    /// Writes the lines that count as a scenario.
    fn save(&mut self, file: &str) -> Result<(), Error> {
        let mut text = String::from("// A session, saved as a scenario: layerlab run FILE plays it again.\n");
        for line in self.journal.lines() {
            text.push_str(line);
            let open = rewrite::is_command_line(line) || line.ends_with(';') || line.ends_with('}');
            text.push_str(if open { "\n" } else { ";\n" });
        }
        let file = if file.ends_with(".rhai") { file.to_owned() } else { format!("{file}.rhai") };
        let saved = self.core.borrow_mut().host.write(&file, text.as_bytes());
        saved.map_err(|error| {
            Error::new(ErrorKind::Host, error.to_string())
                .hint("save below the working folder: save mine.rhai")
        })?;
        self.tell(std::iter::once(format!("saved {} lines in {file}", self.lines().len())));
        Ok(())
    }
}

/// A lab error as an event.
pub fn error_event(error: &Error) -> Event {
    Event::Error {
        message: error.message.clone(),
        place: error.span.as_ref().map(|span| Place {
            file: span.file.to_string(),
            line: span.line,
            column: span.column,
            width: span.width,
            text: span.text.to_string(),
        }),
        hint: error.hint.clone(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}

/// Lines that only look: undo passes them over. An assignment always counts; another line counts when
/// it left a trace in the lab.
fn is_looking(line: &str, before: &State, after: &State) -> bool {
    !line.contains('=')
        && before.lab.fingerprint() == after.lab.fingerprint()
        && before.scope.len() == after.scope.len()
        && before.commands.len() == after.commands.len()
        && before.settings == after.settings
        && before.functions.iter_functions().count() == after.functions.iter_functions().count()
}
