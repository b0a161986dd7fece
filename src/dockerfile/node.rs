//! The lower parser's view of a logical line: keyword, flags and raw arguments.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/parser.go` (`newNodeFromLine`,
//! `canContainHeredoc`) and `line_parsers.go`.

use super::fault::Fault;
use super::flags::{self, RawFlag};
use super::instruction::{Heredoc, Pair};
use super::spans::{LineMap, Piece, Place, Word};
use super::version::{Difference, Version};
use super::words;

/// All keywords, in capitals.
pub const KEYWORDS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// The keyword in capitals, if there is such an instruction.
pub(super) fn keyword(word: &str) -> Option<&'static str> {
    KEYWORDS.iter().find(|known| known.eq_ignore_ascii_case(word)).copied()
}

/// ONBUILD in ONBUILD is refused anyway; below this depth nobody looks.
const MAX_NESTING: u32 = 8;

/// Raw arguments.
#[derive(Clone)]
pub(super) enum Args {
    /// Words. For the instructions that take one string, it is the only word.
    Words(Vec<Word>),
    /// Of ENV, LABEL and ARG.
    Pairs(Vec<Pair>),
    /// Of ONBUILD.
    Child(Box<Node>),
}

/// A logical line, split.
#[derive(Clone)]
pub(super) struct Node {
    pub original: String,
    pub map: LineMap,
    pub keyword: Word,
    pub flags: Vec<RawFlag>,
    pub args: Args,
    /// The arguments were a JSON array.
    pub json: bool,
    /// Where the arguments stand as a whole.
    pub place: Place,
    pub comments: Vec<String>,
    pub heredocs: Vec<Heredoc>,
    pub last_line: u32,
}

impl Node {
    /// Splits a logical line without blanks at its ends.
    pub fn read(original: String, map: LineMap, escape: char, version: Version) -> Result<Node, Fault> {
        let (keyword, flags, args, json, place) =
            split(Piece::whole(&original, &map), escape, version, MAX_NESTING)?;
        let (comments, heredocs, last_line) = (Vec::new(), Vec::new(), 0);
        Ok(Node { original, map, keyword, flags, args, json, place, comments, heredocs, last_line })
    }

    /// May bodies follow this line? Only RUN, COPY and ADD, also under ONBUILD, and not in JSON form.
    pub fn takes_heredocs(&self) -> bool {
        let inner = match &self.args {
            Args::Child(child) => child,
            _ => self,
        };
        !inner.json && matches!(keyword(&inner.keyword.text), Some("RUN" | "COPY" | "ADD"))
    }

    /// The words, when there are words.
    pub fn words(&self) -> &[Word] {
        match &self.args {
            Args::Words(words) => words,
            _ => &[],
        }
    }
}

type Split = (Word, Vec<RawFlag>, Args, bool, Place);

fn split(line: Piece, escape: char, version: Version, depth: u32) -> Result<Split, Fault> {
    let (word, rest) = words::first_word(line);
    let token = if version.has(Difference::FlagEscape) { escape } else { '\\' };
    let (flags, args) = match rest {
        Some(rest) => flags::cut(rest, token),
        None => (Vec::new(), line.after(line.text().len())),
    };
    let args = args.trimmed();
    let name = keyword(word.text());
    let (parsed, json) = arguments(name, args, escape, version, depth)?;
    Ok((word.word(), flags, parsed, json, args.place()))
}

/// Splits the arguments as the instruction wants them; true when they were a JSON array.
fn arguments(
    keyword: Option<&'static str>,
    args: Piece,
    escape: char,
    version: Version,
    depth: u32,
) -> Result<(Args, bool), Fault> {
    let one = |piece: Piece| if piece.text().is_empty() { Vec::new() } else { vec![piece.word()] };
    Ok(match keyword {
        Some("ADD" | "COPY" | "VOLUME") => match words::json_array(args, version)? {
            Some(array) => (Args::Words(array), true),
            None => (Args::Words(words::split_at_blanks(args)), false),
        },
        Some("CMD" | "ENTRYPOINT" | "RUN" | "SHELL") => match words::json_array(args, version)? {
            Some(array) => (Args::Words(array), true),
            None => (Args::Words(one(args)), false),
        },
        Some("EXPOSE" | "FROM") => (Args::Words(words::split_at_blanks(args)), false),
        Some("MAINTAINER" | "STOPSIGNAL" | "USER" | "WORKDIR") => (Args::Words(one(args)), false),
        Some("ARG") => (Args::Pairs(words::arg_words(args, escape)), false),
        Some(name @ ("ENV" | "LABEL")) => {
            (Args::Pairs(words::pairs(args, name, escape)?.unwrap_or_default()), false)
        }
        Some("HEALTHCHECK") => healthcheck(args, version)?,
        Some("ONBUILD") if !args.text().is_empty() && depth > 0 => {
            let (keyword, flags, inner, json, place) = split(args, escape, version, depth - 1)?;
            let mut map = args.map().clone();
            map.drop_front(args.line(), args.start());
            let child = Node {
                original: args.text().to_owned(),
                map,
                keyword,
                flags,
                args: inner,
                json,
                place,
                comments: Vec::new(),
                heredocs: Vec::new(),
                last_line: 0,
            };
            (Args::Child(Box::new(child)), false)
        }
        // the arguments of an unknown instruction are left alone
        _ => (Args::Words(Vec::new()), false),
    })
}

/// The type, then a command in either form.
fn healthcheck(args: Piece, version: Version) -> Result<(Args, bool), Fault> {
    let text = args.text();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    if end == 0 {
        return Ok((Args::Words(Vec::new()), false));
    }
    let mut found = vec![args.part(0, end).word()];
    let command = args.after(end).trimmed();
    let array = if command.text().is_empty() { None } else { words::json_array(command, version)? };
    let json = array.is_some();
    match array {
        Some(array) => found.extend(array),
        None if command.text().is_empty() => {}
        None => found.push(command.word()),
    }
    Ok((Args::Words(found), json))
}
