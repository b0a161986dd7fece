//! What events carry beside plain values.

use super::event::Event;
use super::key::Part;
use crate::error::Error;
use serde::Serialize;

/// A row of `explain`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// The ingredient.
    pub part: Part,
    /// Its value in the earlier build, if that had it.
    pub earlier: Option<String>,
    /// Its value in this build, if this one has it.
    pub now: Option<String>,
}

/// Which stream a line of output went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A place in a text, as an event carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Name of the text.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// Width of the mark.
    pub width: u32,
    /// The line's text.
    pub text: String,
}

impl From<&Error> for Event {
    fn from(error: &Error) -> Event {
        let place = error.span.as_deref().map(|span| Place {
            file: span.file.to_string(),
            line: span.line,
            column: span.column,
            width: span.width,
            text: span.text.to_string(),
        });
        Event::Error { message: error.message.clone(), place, hint: error.hint.clone() }
    }
}
