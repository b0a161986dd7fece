//! Makes a failing sequence small: fewer builds, lines, files and flags, shorter commands.

use crate::case::{Build, Case};
use std::collections::BTreeSet;

/// The smallest sequence found that still fails. Asks `fails` at most `budget` times.
pub fn shrink(case: Case, budget: usize, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut shrinking = Shrinking { best: case, left: budget, fails };
    loop {
        let before = shrinking.best.clone();
        shrinking.builds();
        shrinking.lines();
        shrinking.paths();
        shrinking.flags();
        shrinking.commands();
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
    /// Keeps the change if the sequence still fails with it.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut smaller = self.best.clone();
        change(&mut smaller);
        // The daemon of 20.10 ends with a panic when it is asked to build no stage at all.
        let staged = |build: &Build| build.lines.iter().any(|line| line.starts_with("FROM "));
        if smaller == self.best || self.left == 0 || !smaller.builds.iter().all(staged) {
            return false;
        }
        self.left -= 1;
        let still = (self.fails)(&smaller);
        if still {
            self.best = smaller;
        }
        still
    }

    /// The same change in every build.
    fn everywhere(&mut self, change: impl Fn(&mut Build)) -> bool {
        self.attempt(|case| case.builds.iter_mut().for_each(change))
    }

    fn builds(&mut self) {
        for at in (0..self.best.builds.len()).rev() {
            if self.best.builds.len() > 1 {
                self.attempt(|case| drop(case.builds.remove(at)));
            }
        }
    }

    /// Leaves a line out of every build, whole stages first.
    fn lines(&mut self) {
        for name in crate::generate::STAGES {
            let named = format!(" AS {name}");
            self.everywhere(|build| {
                let Some(from) = build.lines.iter().position(|line| line.ends_with(&named)) else { return };
                let rest = &build.lines[from + 1..];
                let length = rest.iter().position(|line| line.starts_with("FROM")).unwrap_or(rest.len());
                build.lines.drain(from..=from + length);
            });
        }
        let all: BTreeSet<String> = self.best.builds.iter().flat_map(|build| build.lines.clone()).collect();
        for line in all.into_iter().filter(|line| !line.starts_with("FROM")) {
            self.everywhere(|build| build.lines.retain(|kept| *kept != line));
        }
    }

    fn paths(&mut self) {
        let all: BTreeSet<String> =
            self.best.builds.iter().flat_map(|build| build.context.keys().cloned()).collect();
        for path in all {
            self.everywhere(|build| drop(build.context.remove(&path)));
            for field in ["mode", "mtime"] {
                self.everywhere(|build| {
                    let entry = build.context.get_mut(&path).and_then(|entry| entry.as_object_mut());
                    entry.map(|entry| entry.remove(field));
                });
            }
        }
    }

    fn flags(&mut self) {
        self.everywhere(|build| build.ignore = None);
        self.everywhere(|build| build.args.clear());
        self.everywhere(|build| build.target = None);
        self.everywhere(|build| build.no_cache = false);
        for at in 0..4 {
            self.everywhere(|build| {
                if let Some(ignore) = build.ignore.as_mut().filter(|ignore| ignore.len() > at) {
                    ignore.remove(at);
                }
            });
        }
    }

    /// Shorter RUN lines, and words that may be left out.
    fn commands(&mut self) {
        let all: BTreeSet<String> = self.best.builds.iter().flat_map(|build| build.lines.clone()).collect();
        for line in all {
            let mut line = line;
            'again: loop {
                for shorter in shorter(&line) {
                    let replaced = |build: &mut Build| {
                        for kept in build.lines.iter_mut().filter(|kept| **kept == line) {
                            shorter.clone_into(kept);
                        }
                    };
                    if self.everywhere(replaced) {
                        line = shorter;
                        continue 'again;
                    }
                }
                break;
            }
        }
    }
}

fn shorter(line: &str) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(command) = line.strip_prefix("RUN ").filter(|command| !command.starts_with('[')) {
        for joint in [" && ", "; ", " \\\n    && "] {
            let parts: Vec<&str> = command.split(joint).collect();
            for at in (0..parts.len()).filter(|_| parts.len() > 1) {
                let mut kept = parts.clone();
                kept.remove(at);
                all.push(format!("RUN {}", kept.join(joint)));
            }
        }
        return all;
    }
    let words: Vec<&str> = line.split(' ').collect();
    for at in 1..words.len().saturating_sub(1) {
        if words[at].starts_with("--") && !words[at].starts_with("--from")
            || words.len() > 3 && words[0] != "FROM"
        {
            let mut kept = words.clone();
            kept.remove(at);
            all.push(kept.join(" "));
        }
    }
    all
}
