//! Physical lines to logical lines: continuations, comments, heredoc bodies.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/parser.go` (`Parse`, `processLine`,
//! `trimContinuationCharacter`, `handleScannerError`).

use super::directive::Directives;
use super::fault::Fault;
use super::heredoc;
use super::instruction::Heredoc;
use super::node::Node;
use super::spans::{LineMap, Piece, Place, Source};
use super::version::{Difference, Version};
use super::{Directive, Warning};

/// The longest line that Docker reads, in bytes without its newline.
const MAX_LINE: usize = 65_535;

/// What the lower parser finds in a file.
pub(super) struct Parsed {
    pub directives: Vec<Directive>,
    pub escape: char,
    pub nodes: Vec<Node>,
    pub warnings: Vec<Warning>,
}

/// A fault, and the line that Docker counts it to.
pub(super) type Located = (Fault, u32);

/// The physical lines of a file, with their newlines.
struct Reader<'a> {
    lines: std::str::SplitInclusive<'a, char>,
    number: u32,
    too_long: bool,
}

impl<'a> Reader<'a> {
    /// The next line. A line that is too long ends the file here, as it does for Docker's scanner,
    /// which reports it only when everything before it is fine.
    fn next(&mut self) -> Option<&'a str> {
        if self.too_long {
            return None;
        }
        let line = self.lines.next()?;
        self.number += 1;
        if line.strip_suffix('\n').unwrap_or(line).len() > MAX_LINE {
            self.too_long = true;
            return None;
        }
        Some(line)
    }
}

/// Reads a whole file.
pub(super) fn read(source: &Source, version: Version) -> Result<Parsed, Located> {
    let mut reader = Reader { lines: source.text.split_inclusive('\n'), number: 0, too_long: false };
    let mut parser = Parser {
        directives: Directives::new(version),
        version,
        nodes: Vec::new(),
        warnings: Vec::new(),
        comments: Vec::new(),
    };
    while let Some(raw) = reader.next() {
        parser.instruction(raw, &mut reader)?;
    }
    let end = Place::start_of(reader.number.max(1));
    if parser.nodes.is_empty() {
        let fault =
            Fault::lower("file with no instructions", end).hint("begin with FROM and the name of an image");
        return Err((fault, end.line));
    }
    if reader.too_long {
        let message = format!("dockerfile line greater than max allowed size of {MAX_LINE}");
        return Err((
            Fault::lower(message, end).hint("break the line with continuations, or COPY a file"),
            end.line,
        ));
    }
    Ok(Parsed {
        escape: parser.directives.escape,
        directives: parser.directives.found,
        nodes: parser.nodes,
        warnings: parser.warnings,
    })
}

struct Parser {
    directives: Directives,
    version: Version,
    nodes: Vec<Node>,
    warnings: Vec<Warning>,
    comments: Vec<String>,
}

impl Parser {
    /// Reads one logical line that begins with the physical line `raw`.
    fn instruction(&mut self, raw: &str, reader: &mut Reader) -> Result<(), Located> {
        let first = reader.number;
        let raw = trim_newline(raw);
        let line = raw.trim_start();
        let column = (raw.chars().count() - line.chars().count()) as u32 + 1;
        let directive = self.directives.read(line, first, column).map_err(|fault| (fault, first))?;
        if line.starts_with('#') {
            if !directive {
                self.note_comment(raw);
            }
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let (text, map) = self.join(line, column, reader);
        let (text, map) = trimmed(text, map);
        let comments = std::mem::take(&mut self.comments);
        let located = |fault| (fault, first);
        let mut node = Node::read(text, map, self.directives.escape, self.version).map_err(located)?;
        node.comments = comments;
        if self.version.has(Difference::Heredocs) && node.takes_heredocs() && node.original.contains("<<") {
            for heredoc in heredoc::announced(node.piece()).map_err(located)? {
                let heredoc = body(heredoc, reader).map_err(located)?;
                node.heredocs.push(heredoc);
            }
        }
        node.last_line = reader.number;
        self.nodes.push(node);
        Ok(())
    }

    /// Keeps a comment for the instruction below it. An empty one parts what stands above from it.
    fn note_comment(&mut self, raw: &str) {
        // Docker drops the first character before it trims, so an indented comment keeps its `#`
        let text = raw.chars().next().and_then(|first| raw.get(first.len_utf8()..)).unwrap_or("").trim();
        if text.is_empty() {
            self.comments.clear();
        } else {
            self.comments.push(text.to_owned());
        }
    }

    /// Glues the continuation lines to the first one.
    fn join(&mut self, first: &str, column: u32, reader: &mut Reader) -> (String, LineMap) {
        let escape = self.directives.escape;
        let (mut text, mut map, mut empty) = (String::new(), LineMap::default(), None);
        let (part, mut more) = trim_continuation(first, escape);
        map.piece(0, reader.number, column);
        text.push_str(part);
        while more {
            let Some(raw) = reader.next() else { break };
            let line = trim_newline(raw);
            if line.trim_start().starts_with('#') {
                continue;
            }
            if line.trim_start().is_empty() {
                empty.get_or_insert(reader.number);
                continue;
            }
            let (part, again) = trim_continuation(line, escape);
            map.piece(text.len(), reader.number, 1);
            text.push_str(part);
            more = again;
        }
        if let Some(number) = empty
            && self.version.has(Difference::EmptyContinuation)
        {
            self.warnings.push(Warning {
                rule: "NoEmptyContinuation",
                message: format!("Empty continuation line found in: {text}"),
                place: Place::start_of(number),
                last_line: reader.number,
            });
        }
        (text, map)
    }
}

/// Without blanks at both ends.
fn trimmed(mut text: String, mut map: LineMap) -> (String, LineMap) {
    let front = text.len() - text.trim_start().len();
    if front > 0 {
        map.drop_front(&text, front);
        text.drain(..front);
    }
    text.truncate(text.trim_end().len());
    (text, map)
}

/// Reads the body of a heredoc, up to its terminator.
fn body(mut heredoc: Heredoc, reader: &mut Reader) -> Result<Heredoc, Fault> {
    while let Some(raw) = reader.next() {
        let line = trim_newline(raw);
        let line = if heredoc.chomp { line.trim_start_matches('\t') } else { line };
        if line == heredoc.name {
            return Ok(heredoc);
        }
        heredoc.content.push_str(raw);
    }
    let hint = format!("end the body with a line that holds only {}", heredoc.name);
    Err(Fault::lower("unterminated heredoc", heredoc.place).hint(hint))
}

fn trim_newline(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// Takes a continuation mark off the end: the escape token, blanks after it, and not two of them.
fn trim_continuation(line: &str, escape: char) -> (&str, bool) {
    let Some(before) = line.trim_end_matches([' ', '\t']).strip_suffix(escape) else { return (line, false) };
    if before.ends_with(escape) { (line, false) } else { (before, true) }
}

impl Node {
    /// The logical line as a piece.
    pub(super) fn piece(&self) -> Piece<'_> {
        Piece::whole(&self.original, &self.map)
    }
}
