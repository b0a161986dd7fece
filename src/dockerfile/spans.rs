//! Places in a Dockerfile, small enough to ride on every word.
//!
//! A logical line is glued from several physical ones, so a byte of its text can come from any of
//! them. [`LineMap`] keeps where each piece came from and turns an offset back into a [`Place`].

use crate::error::Span;
use std::fmt;
use std::sync::Arc;

/// A place in a source text. The text itself is kept by [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// Physical line, counted from 1; 0 means "nowhere".
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// Width of the marked part in characters, at least 1 for a real place.
    pub width: u32,
}

impl Place {
    /// The first character of a physical line.
    pub fn start_of(line: u32) -> Place {
        Place { line, column: 1, width: 1 }
    }
}

/// A text with its name, kept so that places can be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file's name, as a person should see it.
    pub name: Arc<str>,
    /// The whole text; bytes that are no UTF-8 are replaced.
    pub text: Arc<str>,
}

impl Source {
    /// Keeps a text under a name.
    pub fn new(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// The span to show for a place: file, line, column and the line's own text.
    pub fn span(&self, place: Place) -> Span {
        Span::locate(&self.name, &self.text, place.line, place.column, place.width)
    }
}

/// A word of an instruction and where it stands.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// Its text. Quotes, escapes and variables are still in it unless its owner says otherwise.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Word {
    /// A word at a place.
    pub fn new(text: impl Into<String>, place: Place) -> Word {
        Word { text: text.into(), place }
    }
}

impl fmt::Debug for Word {
    /// Short, so that a syntax tree stays readable in a snapshot: `"text"@3:6+4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, width } = self.place;
        write!(f, "{:?}@{line}:{column}+{width}", self.text)
    }
}

/// Where the pieces of a logical line came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineMap {
    /// Piece starts at this byte of the logical line, on this physical line and column, ascending.
    pieces: Vec<(usize, u32, u32)>,
}

impl LineMap {
    /// Notes that the logical line's text from byte `offset` on comes from `line`, `column`.
    pub fn piece(&mut self, offset: usize, line: u32, column: u32) {
        self.pieces.push((offset, line, column));
    }

    /// Drops `bytes` at the front of the logical line (they were blanks, or an outer keyword).
    pub fn drop_front(&mut self, text: &str, bytes: usize) {
        let start = self.place(text, bytes, bytes);
        self.pieces.retain(|piece| piece.0 > bytes);
        for piece in &mut self.pieces {
            piece.0 -= bytes;
        }
        self.pieces.insert(0, (0, start.line, start.column));
    }

    /// The place of the bytes `from..to` of the logical line `text`, cut at the end of the physical
    /// line on which they begin.
    pub fn place(&self, text: &str, from: usize, to: usize) -> Place {
        let next = self.pieces.partition_point(|piece| piece.0 <= from);
        let Some(&(start, line, column)) = next.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return Place::default();
        };
        let end = self.pieces.get(next).map_or(to, |piece| piece.0.min(to)).max(from);
        let count = |a: usize, b: usize| text.get(a..b).map_or(0, |part| part.chars().count()) as u32;
        Place { line, column: column + count(start, from), width: count(from, end).max(1) }
    }
}

/// A part of a logical line that knows where it stands.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    line: &'a str,
    map: &'a LineMap,
    from: usize,
    to: usize,
}

impl<'a> Piece<'a> {
    /// The whole logical line.
    pub fn whole(line: &'a str, map: &'a LineMap) -> Piece<'a> {
        Piece { line, map, from: 0, to: line.len() }
    }

    /// Its text.
    pub fn text(&self) -> &'a str {
        self.line.get(self.from..self.to).unwrap_or("")
    }

    /// Where it begins in the logical line, in bytes.
    pub fn start(&self) -> usize {
        self.from
    }

    /// The whole logical line that it belongs to.
    pub fn line(&self) -> &'a str {
        self.line
    }

    /// The map of that line.
    pub fn map(&self) -> &'a LineMap {
        self.map
    }

    /// The bytes `from..to` of it.
    pub fn part(&self, from: usize, to: usize) -> Piece<'a> {
        let to = self.from.saturating_add(to).min(self.to);
        Piece { from: self.from.saturating_add(from).min(to), to, ..*self }
    }

    /// From byte `from` to its end.
    pub fn after(&self, from: usize) -> Piece<'a> {
        self.part(from, usize::MAX)
    }

    /// Without blanks at both ends.
    pub fn trimmed(&self) -> Piece<'a> {
        let text = self.text();
        let front = text.len() - text.trim_start().len();
        self.part(front, text.trim_end().len().max(front))
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.map.place(self.line, self.from, self.to)
    }

    /// It as a word.
    pub fn word(&self) -> Word {
        Word::new(self.text(), self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_finds_its_physical_line() {
        // `RUN ä \` on line 3, `  b c` on line 5
        let (text, mut map) = ("RUN ä   b c", LineMap::default());
        map.piece(0, 3, 1);
        map.piece("RUN ä ".len(), 5, 1);
        assert_eq!(map.place(text, 4, 6), Place { line: 3, column: 5, width: 1 });
        let b = text.find('b').unwrap();
        assert_eq!(map.place(text, b, b + 1), Place { line: 5, column: 3, width: 1 });
        assert_eq!(map.place(text, 4, text.len()), Place { line: 3, column: 5, width: 2 });
        let mut cut = map.clone();
        cut.drop_front(text, 4);
        assert_eq!(cut.place(&text[4..], 0, 2), Place { line: 3, column: 5, width: 1 });
        assert_eq!(cut.place(&text[4..], b - 4, b - 3), Place { line: 5, column: 3, width: 1 });
    }
}
