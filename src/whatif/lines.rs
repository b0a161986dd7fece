//! A Dockerfile as lines that can change places and still know where they were.

use crate::dockerfile::Instruction;
use std::ops::Range;

/// A line, and the number that it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Counted from 1; none for a new line.
    pub was: Option<usize>,
    pub text: String,
}

/// All lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines(pub Vec<Line>);

impl Lines {
    pub fn of(text: &str) -> Lines {
        let line = |(at, text): (usize, &str)| Line { was: Some(at + 1), text: text.to_owned() };
        Lines(text.lines().enumerate().map(line).collect())
    }

    pub fn text(&self) -> String {
        self.0.iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// The number that a line of the first text has now.
    pub fn now(&self, was: usize) -> Option<usize> {
        self.0.iter().position(|line| line.was == Some(was)).map(|at| at + 1)
    }

    /// The lines of an instruction with the comments directly above it, counted from 0.
    pub fn block(instruction: &Instruction) -> Range<usize> {
        let first = (instruction.place.line as usize).saturating_sub(1);
        first.saturating_sub(instruction.comments.len())..instruction.last_line as usize
    }

    /// The number that the first line of a block had, for people.
    pub fn was(&self, block: &Range<usize>) -> usize {
        self.0.iter().skip(block.start).take(block.len()).find_map(|line| line.was).unwrap_or(block.start + 1)
    }

    /// Moves a block down to before the line `to` (counted from 0, as it is now).
    pub fn moved(&self, block: &Range<usize>, to: usize) -> Lines {
        let mut lines = self.0.clone();
        if block.end <= to && to <= lines.len() {
            lines.get_mut(block.start..to).unwrap_or_default().rotate_left(block.len());
        }
        Lines(lines)
    }

    /// Puts a new line before the line `at`.
    pub fn with(&self, at: usize, text: &str) -> Lines {
        let mut lines = self.0.clone();
        lines.insert(at.min(lines.len()), Line { was: None, text: text.to_owned() });
        Lines(lines)
    }
}
