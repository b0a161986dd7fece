//! Patterns of ignore files that need no regular expression: text, `*`, `?` and `**`.
//!
//! They are most of all patterns, and compiling a regular expression takes longer than all the
//! comparing that follows. What they mean is what [`super::ignore_pattern`] makes of them.

/// Bits of a state set.
const MOST: usize = 127;

/// One state of the automaton. "Next" is the state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// This character, then next.
    Char(char),
    /// Any character but `/`, then next.
    Any,
    /// Any number of characters but `/`; next at any time.
    Star,
    /// Any number of characters; next at any time. A `**` at the end.
    Deep,
    /// Next, or the one after it, without reading anything.
    Fork,
    /// Any number of characters; next after a `/`. With a fork before it, `**/`.
    Directories,
}

/// A pattern as an automaton that is in several states at once.
#[derive(Clone, Debug)]
pub(super) struct Glob(Vec<State>);

impl Glob {
    /// Compiles a pattern; None when something in it has another meaning, or it is too long.
    /// `special` tells which characters have one.
    pub fn new(pattern: &str, special: impl Fn(char) -> bool) -> Option<Glob> {
        let mut states = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' if chars.next_if_eq(&'*').is_none() => states.push(State::Star),
                '*' => {
                    chars.next_if_eq(&'/');
                    match chars.peek() {
                        None => states.push(State::Deep),
                        Some(_) => states.extend([State::Fork, State::Directories]),
                    }
                }
                '?' => states.push(State::Any),
                c if special(c) => return None,
                c => states.push(State::Char(c)),
            }
        }
        (states.len() <= MOST).then_some(Glob(states))
    }

    /// Does the pattern match the whole path?
    pub fn matches(&self, path: &str) -> bool {
        let mut now = self.settle(1);
        for c in path.chars() {
            now = self.settle(self.read(now, c));
            if now == 0 {
                return false;
            }
        }
        now & bit(self.0.len()) != 0
    }

    /// The states after reading a character.
    fn read(&self, now: u128, c: char) -> u128 {
        let mut then = 0;
        for (i, state) in self.0.iter().enumerate().filter(|(i, _)| now & bit(*i) != 0) {
            then |= match state {
                State::Char(wanted) if *wanted == c => bit(i + 1),
                State::Any if c != '/' => bit(i + 1),
                State::Star if c != '/' => bit(i),
                State::Directories if c == '/' => bit(i) | bit(i + 1),
                State::Deep | State::Directories if c != '\n' => bit(i),
                _ => 0,
            };
        }
        then
    }

    /// Adds the states that are reached without reading. They lie ahead, so one pass is enough.
    fn settle(&self, mut now: u128) -> u128 {
        for (i, state) in self.0.iter().enumerate() {
            if now & bit(i) != 0 {
                now |= match state {
                    State::Star | State::Deep => bit(i + 1),
                    State::Fork => bit(i + 1) | bit(i + 2),
                    _ => 0,
                };
            }
        }
        now
    }
}

fn bit(i: usize) -> u128 {
    1u128.checked_shl(i as u32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Glob;
    use crate::build::ignore_pattern::regular;
    use proptest::prelude::*;

    proptest! {
        /// The automaton says what the regular expression says.
        #[test]
        fn agrees_with_the_regular_expression(
            pattern in "([ab./?]|\\*|\\*\\*|\\*\\*/){1,8}",
            paths in proptest::collection::vec("[ab./\n]{0,8}", 1..20),
        ) {
            let glob = Glob::new(&pattern, |c| "\\[]^+(){}|".contains(c)).unwrap();
            for today in [true, false] {
                let regex = regular(&pattern, today).unwrap();
                for path in &paths {
                    prop_assert_eq!(glob.matches(path), regex.is_match(path), "{} {}", pattern, path);
                }
            }
        }
    }
}
