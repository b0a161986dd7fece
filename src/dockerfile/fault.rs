//! A Dockerfile that can't be read: Docker's own words, and the place for people.

use super::spans::{Place, Source};
use crate::error::{Error, ErrorKind, Span};
use std::fmt;

/// Who finds a fault, which decides the prefix each builder puts before its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The file as a whole: empty, no FROM. No line in the message.
    Top,
    /// The lower parser: lines, directives, words. No line in the message.
    Lower,
    /// An instruction's flags and arguments: `dockerfile parse error line N: ` comes first.
    Line,
    /// Not Docker but a limit of the lab.
    Lab,
}

/// Why a Dockerfile can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Who found it.
    pub class: Class,
    /// The first line of the instruction, counted from 1.
    pub line: u32,
    /// Docker's words, without any prefix.
    pub message: String,
    /// The exact place.
    pub span: Box<Span>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ParseError {
    /// The message with the line where Docker names one: "dockerfile parse error line 3: …".
    pub fn docker_message(&self, buildkit_today: bool) -> String {
        match (self.class, buildkit_today) {
            (Class::Line, false) => format!("dockerfile parse error line {}: {}", self.line, self.message),
            (Class::Line, true) => format!("dockerfile parse error on line {}: {}", self.line, self.message),
            _ => self.message.clone(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.span, self.message)
    }
}

impl std::error::Error for ParseError {}

impl From<ParseError> for Error {
    fn from(fault: ParseError) -> Error {
        let kind = if fault.class == Class::Lab { ErrorKind::Limit } else { ErrorKind::Syntax };
        let mut error = Error::new(kind, fault.message).at(*fault.span);
        error.hint = fault.hint;
        error
    }
}

/// A fault while it is still inside the parser: no text to show yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub class: Class,
    pub message: String,
    pub place: Place,
    pub hint: Option<String>,
}

impl Fault {
    /// A fault of the file as a whole.
    pub fn top(message: impl Into<String>, place: Place) -> Fault {
        Fault { class: Class::Top, message: message.into(), place, hint: None }
    }

    /// A fault of the lower parser.
    pub fn lower(message: impl Into<String>, place: Place) -> Fault {
        Fault { class: Class::Lower, message: message.into(), place, hint: None }
    }

    /// A fault in flags or arguments.
    pub fn line(message: impl Into<String>, place: Place) -> Fault {
        Fault { class: Class::Line, message: message.into(), place, hint: None }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the text around it.
    pub fn show(self, source: &Source, line: u32) -> ParseError {
        ParseError {
            class: self.class,
            line,
            message: self.message,
            span: Box::new(source.span(self.place)),
            hint: self.hint,
        }
    }
}
