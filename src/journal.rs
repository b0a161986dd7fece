//! Undo, redo and the log: a stack of whole-state snapshots.
//!
//! Works because states are cheap to clone: layers are shared, uppers copy what a later write
//! touches. The journal knows nothing of what it keeps.

/// One line that was run, with the state before and after it.
#[derive(Clone, Debug)]
struct Entry<S> {
    line: String,
    before: S,
    after: S,
}

/// The lines of one sitting and the states around them.
#[derive(Clone, Debug)]
pub struct Journal<S> {
    entries: Vec<Entry<S>>,
    /// How many of `entries` are done; those behind it were undone and can be redone.
    done: usize,
    limit: usize,
}

impl<S: Clone> Journal<S> {
    /// A journal that forgets the oldest line beyond `limit` lines.
    pub fn new(limit: usize) -> Journal<S> {
        Journal { entries: Vec::new(), done: 0, limit: limit.max(1) }
    }

    /// Notes a line that was run. Undone lines can't be redone after that.
    pub fn note(&mut self, line: &str, before: S, after: S) {
        self.entries.truncate(self.done);
        self.entries.push(Entry { line: line.to_owned(), before, after });
        if self.entries.len() > self.limit {
            self.entries.remove(0);
        }
        self.done = self.entries.len();
    }

    /// Goes back up to `n` lines: the state to go on from and the lines undone, latest first. None when
    /// there is nothing to undo.
    pub fn undo(&mut self, n: usize) -> Option<(S, Vec<String>)> {
        let target = self.done.checked_sub(1)? + 1 - n.clamp(1, self.done);
        let state = self.entries.get(target)?.before.clone();
        let lines = self.entries[target..self.done].iter().rev().map(|entry| entry.line.clone()).collect();
        self.done = target;
        Some((state, lines))
    }

    /// Goes forward again up to `n` lines: the state and the lines redone, oldest first.
    pub fn redo(&mut self, n: usize) -> Option<(S, Vec<String>)> {
        let target = (self.done + n.max(1)).min(self.entries.len());
        if target == self.done {
            return None;
        }
        let state = self.entries.get(target - 1)?.after.clone();
        let lines = self.entries[self.done..target].iter().map(|entry| entry.line.clone()).collect();
        self.done = target;
        Some((state, lines))
    }

    /// The lines that count: those done and not undone.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.entries[..self.done].iter().map(|entry| entry.line.as_str())
    }

    /// The lines that were undone and can be redone, in the order they were run.
    pub fn undone(&self) -> impl Iterator<Item = &str> {
        self.entries[self.done..].iter().map(|entry| entry.line.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Journal<u32> {
        let mut journal = Journal::new(10);
        for n in 0..3 {
            journal.note(&format!("add {n}"), n, n + 1);
        }
        journal
    }

    #[test]
    fn undo_and_redo_walk_the_same_states() {
        let mut journal = three();
        assert_eq!(journal.undo(2), Some((1, vec!["add 2".into(), "add 1".into()])));
        assert_eq!(journal.lines().collect::<Vec<_>>(), ["add 0"]);
        assert_eq!(journal.undone().collect::<Vec<_>>(), ["add 1", "add 2"]);
        assert_eq!(journal.redo(1), Some((2, vec!["add 1".into()])));
        assert_eq!(journal.redo(9), Some((3, vec!["add 2".into()])));
        assert_eq!(journal.redo(1), None);
        assert_eq!(journal.undo(99).unwrap().0, 0);
        assert_eq!(journal.undo(1), None);
    }

    #[test]
    fn a_new_line_after_undo_forgets_what_was_undone() {
        let mut journal = three();
        journal.undo(1);
        journal.note("other", 2, 9);
        assert_eq!(journal.redo(1), None);
        assert_eq!(journal.lines().collect::<Vec<_>>(), ["add 0", "add 1", "other"]);
    }

    #[test]
    fn the_oldest_line_is_forgotten_beyond_the_limit() {
        let mut journal = Journal::new(2);
        for n in 0..3 {
            journal.note("x", n, n + 1);
        }
        assert_eq!(journal.undo(9).unwrap().0, 1);
    }
}
