//! Lab errors: what the *lab* refuses, as opposed to what a simulated kernel or Docker refuses.
//!
//! An [`Error`] always says what is wrong, where (when there is a text to point at) and what to do
//! next. It leaves the state as it was before the line. A simulated failure (an errno, an exit
//! status, a failed build) is not an error of this kind: it is a result.

use std::fmt;
use std::sync::Arc;

/// What kind of refusal this is; decides the exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text could not be read as what it should be.
    Syntax,
    /// A name (image, context, command, path on the host …) that nothing answers to.
    Unknown,
    /// A call with arguments it can't take.
    Usage,
    /// A limit of [`crate::trace::Fuel`] was reached.
    Limit,
    /// A file of the host that can't be read or written.
    Host,
    /// A script threw, or a check failed hard.
    Script,
    /// Ctrl-C.
    Interrupted,
}

/// A place in a text, with the line shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Name of the text: a file's path, `<repl>`, `Dockerfile` …
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Width of the marked part in characters, at least 1.
    pub width: u32,
    /// The whole line, without its end.
    pub text: Arc<str>,
}

impl Span {
    /// Points at `width` characters from `column` (both counted from 1) of line `line` of `source`.
    ///
    /// Positions outside the text are moved to its nearest end, so any numbers are safe.
    pub fn locate(file: &str, source: &str, line: u32, column: u32, width: u32) -> Span {
        let text = source.lines().nth(line.saturating_sub(1) as usize).unwrap_or("");
        Span::locate_in(file, text, line, column, width)
    }

    /// As [`Span::locate`], when the text of that one line is at hand.
    pub fn locate_in(file: &str, text: &str, line: u32, column: u32, width: u32) -> Span {
        let length = text.chars().count() as u32;
        let column = column.clamp(1, length + 1);
        let width = width.clamp(1, (length + 1).saturating_sub(column).max(1));
        Span { file: file.into(), line: line.max(1), column, width, text: text.into() }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A refusal by the lab: what, where, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Decides exit codes and how a REPL reacts.
    pub kind: ErrorKind,
    /// One sentence without a full stop, lower case.
    pub message: String,
    /// Where, when there is a text to point at. Boxed: errors travel through every `Result`.
    pub span: Option<Box<Span>>,
    /// The next word to type.
    pub hint: Option<String>,
}

impl Error {
    /// An error without a place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), span: None, hint: None }
    }

    /// Adds the place, unless a more exact one is there already.
    #[must_use]
    pub fn at(mut self, span: Span) -> Error {
        self.span.get_or_insert_with(|| Box::new(span));
        self
    }

    /// Adds what to do next, unless something better is there already.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Adds "did you mean `…`?" when one of `known` is near to `word`.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
        match suggest(word, known) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.span {
            Some(span) => write!(f, "{span}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}

/// The nearest known word: same letters in another case, else the least edit distance, at most a
/// third of the word's length (but one edit is always forgiven).
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in known {
        if candidate == word {
            continue;
        }
        let distance = if candidate.eq_ignore_ascii_case(word) {
            0
        } else if candidate.len().abs_diff(word.len()) > allowed * 4 {
            continue;
        } else {
            edits(word, candidate)
        };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Edit distance with transpositions of neighbours counted once.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_nearest_word_only() {
        assert_eq!(suggest("wirte", ["read", "write", "rmdir"]), Some("write"));
        assert_eq!(suggest("aap.py", ["app.py", "map.py"]), Some("app.py"));
        assert_eq!(suggest("DOCKER", ["docker"]), Some("docker"));
        assert_eq!(suggest("zzz", ["docker", "dive"]), None);
    }

    #[test]
    fn a_span_outside_the_text_is_moved_inside() {
        let span = Span::locate("f", "ab\ncd", 2, 99, 99);
        assert_eq!((span.line, span.column, span.width, &*span.text), (2, 3, 1, "cd"));
        let none = Span::locate("f", "", 0, 0, 0);
        assert_eq!((none.line, none.column, none.width), (1, 1, 1));
    }
}
