//! Scripts.
mod ask;
pub mod rewrite;

pub use ask::Ask;

use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::trace::{Event, Sink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a door does after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Asks for the next.
    Continue,
    /// Ends.
    Quit,
}

/// Checks of a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Held.
    pub passed: usize,
    /// Did not hold.
    pub failed: usize,
}

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is put in.
    pub text: String,
    /// What is listed.
    pub shown: String,
}

/// A session (a stand-in).
pub struct Session {
    sink: Box<dyn Sink>,
    interrupt: Arc<AtomicBool>,
}

#[allow(missing_docs)]
impl Session {
    pub fn new(_host: Box<dyn Host>, sink: Box<dyn Sink>) -> Session {
        Session { sink, interrupt: Arc::default() }
    }

    pub fn set_ask(&mut self, _ask: Box<dyn Ask>) {}

    /// # Errors
    /// Any.
    pub fn line(&mut self, _name: &str, text: &str) -> Result<Flow, Error> {
        self.interrupt.store(false, Ordering::Relaxed);
        match text.trim() {
            "quit" => return Ok(Flow::Quit),
            "oops" => return Err(Error::new(ErrorKind::Unknown, "there is no `oops`").hint("help")),
            "loop {}" => {
                while !self.interrupt.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
            }
            text => self.sink.take(Event::Value { text: text.to_owned() }),
        }
        Ok(Flow::Continue)
    }

    /// # Errors
    /// Any.
    pub fn script(&mut self, name: &str, source: &str) -> Result<Tally, Error> {
        for line in source.lines() {
            self.line(name, line)?;
        }
        Ok(Tally::default())
    }

    pub fn incomplete(&self, text: &str) -> bool {
        text.matches('{').count() > text.matches('}').count()
    }

    pub fn complete(&mut self, line: &str, cursor: usize) -> (usize, Vec<Completion>) {
        let head = line.get(..cursor).unwrap_or(line);
        let start = head.rfind(' ').map_or(0, |at| at + 1);
        let word = head.get(start..).unwrap_or("");
        let found = ["docker", "help"].into_iter().filter(|known| known.starts_with(word));
        (start, found.map(|text| Completion { text: text.into(), shown: text.into() }).collect())
    }

    pub fn interrupt(&self) -> Arc<AtomicBool> {
        self.interrupt.clone()
    }

    pub fn emit_error(&mut self, error: &Error) {
        self.sink.take(Event::from(error));
    }
}
