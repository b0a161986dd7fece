//! The Dockerfile language: text in, instructions out, and the rules of its variables.
//!
//! [`parse`] follows BuildKit's own parser (moby/buildkit `frontend/dockerfile/parser` and
//! `frontend/dockerfile/instructions`), because the exact text of an instruction feeds cache keys
//! and histories. What differs between versions stands in one table, [`DIFFERENCES`].

mod args;
mod directive;
mod display;
pub mod duration;
mod expand;
mod fault;
mod flags;
mod glob;
mod health;
mod heredoc;
mod instruction;
mod lines;
mod mount;
mod node;
mod quote;
mod spans;
mod split;
mod substitution;
mod suggest;
mod values;
mod version;
mod words;

pub use directive::{Directive, frontend};
pub use display::{Script, script, step_text};
pub use expand::{ExpandError, Expanded, Lexer, Lookup};
pub use fault::{Class, ParseError};
pub use flags::{FlagKind, FlagRule, known as known_flags};
pub use instruction::{
    Command, Copy, Flag, From, Healthcheck, Heredoc, Instruction, Kind, MountType, Onbuild, Pair, Run,
    RunMount,
};
pub use mount::fields as mount_fields;
pub use node::KEYWORDS;
pub use quote::quoted;
pub use spans::{LineMap, Place, Source, Word};
pub use suggest::near;
pub use values::{check_signal, ports};
pub use version::{DIFFERENCES, Difference, Row, Version};

use fault::Fault;

/// The largest Dockerfile that the lab reads, in bytes.
pub const MAX_SIZE: usize = 32 << 20;

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

/// A warning of the parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The build check's name: "NoEmptyContinuation".
    pub rule: &'static str,
    /// Docker's words.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The last line of the instruction, bodies left out: the line that Docker names.
    pub last_line: u32,
}

impl Dockerfile {
    /// The span to show for a place in it.
    pub fn span(&self, place: Place) -> crate::error::Span {
        self.source.span(place)
    }

    /// The word lexer for its arguments.
    pub fn lexer(&self, version: Version) -> Lexer {
        Lexer::new(self.escape, version)
    }
}

/// A Dockerfile that can't be read.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The first fault in the order in which Docker finds them, with its place.
    pub error: ParseError,
    /// What stands before the fault, if the lines as such could be read. There may be no FROM in it.
    pub before: Option<Dockerfile>,
}

/// Reads a Dockerfile named `name` by the rules of `version`. Bytes that are no UTF-8 are replaced.
///
/// # Errors
/// The first fault in the order in which Docker finds them, with its place.
pub fn parse(name: &str, text: &[u8], version: Version) -> Result<Dockerfile, ParseError> {
    parse_up_to(name, text, version).map_err(|unread| unread.error)
}

/// [`parse`] that also brings the instructions before a fault.
///
/// # Errors
/// As there.
pub fn parse_up_to(name: &str, text: &[u8], version: Version) -> Result<Dockerfile, Box<Unread>> {
    let (source, parsed) =
        lower(name, text, version).map_err(|error| Box::new(Unread { error, before: None }))?;
    let lines::Parsed { nodes, directives, escape, warnings, .. } = parsed;
    let mut file =
        Dockerfile { source, directives, escape, instructions: Vec::with_capacity(nodes.len()), warnings };
    match instructions(&mut file, nodes, version) {
        Ok(()) => Ok(file),
        Err((fault, line)) => {
            Err(Box::new(Unread { error: fault.show(&file.source, line), before: Some(file) }))
        }
    }
}

/// Understands the instructions, until one is at fault.
fn instructions(file: &mut Dockerfile, nodes: Vec<node::Node>, version: Version) -> Result<(), (Fault, u32)> {
    let mut in_stage = false;
    for node in nodes {
        let line = node.keyword.place.line;
        let instruction = args::instruction(node, version).map_err(|fault| (fault, line))?;
        match instruction.kind {
            Kind::From(_) => in_stage = true,
            Kind::Arg(_) => {}
            _ if !in_stage => {
                let fault = Fault::top("no build stage in current context", instruction.place);
                return Err((fault.hint("only ARG may stand before the first FROM"), line));
            }
            _ => {}
        }
        file.instructions.push(instruction);
    }
    if !in_stage {
        let place = file.instructions.last().map_or(Place::start_of(1), |last| last.place);
        let fault = Fault::top("dockerfile contains no stages to build", place);
        return Err((fault.hint("add FROM and the name of an image"), place.line));
    }
    Ok(())
}

/// Reads the text of an ONBUILD trigger, when a child image is built.
///
/// # Errors
/// As [`parse`]; also a text that holds more than one instruction.
pub fn parse_trigger(text: &str, version: Version) -> Result<Instruction, ParseError> {
    let (source, parsed) = lower("ONBUILD", text.as_bytes(), version)?;
    let mut nodes = parsed.nodes.into_iter();
    let (Some(node), None) = (nodes.next(), nodes.next()) else {
        return Err(
            Fault::top("onbuild trigger should be a single expression", Place::start_of(1)).show(&source, 1)
        );
    };
    let line = node.keyword.place.line;
    args::instruction(node, version).map_err(|fault| fault.show(&source, line))
}

fn lower(name: &str, text: &[u8], version: Version) -> Result<(Source, lines::Parsed), ParseError> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    if text.is_empty() {
        return Err(Fault::top("the Dockerfile cannot be empty", Place::start_of(1))
            .hint("begin with FROM and the name of an image")
            .show(&Source::new(name, ""), 1));
    }
    if text.len() > MAX_SIZE {
        let message = format!("the Dockerfile has {} bytes, the lab reads at most {MAX_SIZE}", text.len());
        let fault = Fault { class: Class::Lab, ..Fault::top(message, Place::start_of(1)) };
        return Err(fault
            .hint("COPY large files instead of writing them here")
            .show(&Source::new(name, ""), 1));
    }
    let source = Source::new(name, &String::from_utf8_lossy(text));
    let parsed = lines::read(&source, version).map_err(|(fault, line)| fault.show(&source, line))?;
    Ok((source, parsed))
}
