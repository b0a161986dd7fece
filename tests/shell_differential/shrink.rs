//! Makes a failing line small: leaves out files, pieces of text, and longer words.

use crate::case::Case;

/// The smallest case found that still fails. Asks `fails` at most `budget` times.
pub fn shrink(case: Case, budget: usize, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut shrinking = Shrinking { best: case, left: budget, fails };
    loop {
        let before = shrinking.best.clone();
        shrinking.files();
        for pieces in [by_lines, by_statements, by_words, by_characters] {
            shrinking.leave_out(pieces);
        }
        shrinking.matching_pairs();
        if shrinking.best == before || shrinking.left == 0 {
            return shrinking.best;
        }
    }
}

struct Shrinking<'f> {
    best: Case,
    left: usize,
    fails: &'f mut dyn FnMut(&Case) -> bool,
}

impl Shrinking<'_> {
    fn attempt(&mut self, smaller: Case) -> bool {
        if smaller == self.best || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let still = (self.fails)(&smaller);
        if still {
            self.best = smaller;
        }
        still
    }

    fn files(&mut self) {
        for at in (0..self.best.files.len()).rev() {
            let mut smaller = self.best.clone();
            smaller.files.remove(at);
            if !self.attempt(smaller) {
                let mut text = self.best.clone();
                text.files[at].text = text.files[at].text.lines().next().unwrap_or("").to_owned();
                self.attempt(text);
            }
        }
    }

    /// Leaves out runs of pieces, long ones first.
    fn leave_out(&mut self, cut: fn(&str) -> Vec<String>) {
        let mut length = cut(&self.best.line).len();
        while length > 0 {
            let mut end = cut(&self.best.line).len();
            while end > 0 {
                let start = end.saturating_sub(length);
                let mut pieces = cut(&self.best.line);
                pieces.drain(start..end.min(pieces.len()));
                self.attempt(Case { line: pieces.concat(), ..self.best.clone() });
                end = start.min(cut(&self.best.line).len());
            }
            length /= 2;
        }
    }

    /// Leaves out what opens and what closes, and keeps what is between.
    fn matching_pairs(&mut self) {
        for (open, close) in [("(", ")"), ("{ ", "}"), ("\"", "\""), ("'", "'"), ("$(", ")"), ("if ", "fi")] {
            let line = self.best.line.clone();
            for (start, _) in line.match_indices(open) {
                let from = start + open.len();
                for (at, _) in line[from..].match_indices(close).take(4) {
                    let end = from + at;
                    let shorter = [&line[..start], &line[from..end], &line[end + close.len()..]].concat();
                    if self.attempt(Case { line: shorter, ..self.best.clone() }) {
                        return;
                    }
                }
            }
        }
    }
}

fn by_lines(line: &str) -> Vec<String> {
    line.split_inclusive('\n').map(str::to_owned).collect()
}

fn by_statements(line: &str) -> Vec<String> {
    line.split_inclusive([';', '\n', '|', '&']).map(str::to_owned).collect()
}

/// Words, blanks and single signs.
fn by_words(line: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for c in line.chars() {
        match pieces.last_mut() {
            Some(last) if c.is_alphanumeric() && last.ends_with(char::is_alphanumeric) => last.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}

fn by_characters(line: &str) -> Vec<String> {
    line.chars().map(String::from).collect()
}
