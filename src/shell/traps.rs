//! Traps that commands set off: ERR, DEBUG and RETURN (bash; ash knows ERR). EXIT is run where a process
//! ends, those of signals where `kill` strikes.

use super::eval::{Flow, Shell};

/// What functions do not inherit without `set -E` and `set -T`.
pub(super) type Hidden = Vec<(String, String)>;

impl Shell<'_, '_> {
    /// Runs the action of an event, if it has one. `$?` is afterwards what it was.
    pub(super) fn run_trap(&mut self, event: &str) -> Flow {
        let Some(action) = self.s.traps.get(event).filter(|_| !self.trapped).cloned() else {
            return Flow::Next;
        };
        if !self.m.t.fuel.enter() {
            return Flow::Exit;
        }
        let (status, line) = (self.s.status, self.s.line);
        let builtin = self.builtin.take();
        self.trapped = true;
        self.s.level += 1;
        let flow = self.source_within(&action);
        self.s.level -= 1;
        self.trapped = false;
        self.builtin = builtin;
        self.m.t.fuel.leave();
        if flow == Flow::Next {
            (self.s.status, self.s.line) = (status, line);
        }
        flow
    }

    /// Before a simple command, and before each round of a `for`, a `case`, `(( ))` and `[[ ]]`.
    pub(super) fn debug_trap(&mut self) {
        if self.s.traps.contains_key("DEBUG") {
            self.run_trap("DEBUG");
        }
    }

    /// Before a function: takes away the traps that it does not inherit.
    pub(super) fn hide_traps(&mut self) -> Hidden {
        let mut hidden = Vec::new();
        for (event, inherited) in [
            ("ERR", self.s.options.errtrace),
            ("DEBUG", self.s.options.functrace),
            ("RETURN", self.s.options.functrace),
        ] {
            if !inherited && let Some(action) = self.s.traps.shift_remove(event) {
                hidden.push((event.to_owned(), action));
            }
        }
        hidden
    }

    /// After a function: its RETURN trap, and the traps that were hidden, unless it set others.
    pub(super) fn after_function(&mut self, hidden: Hidden) {
        self.run_trap("RETURN");
        for (event, action) in hidden {
            self.s.traps.entry(event).or_insert(action);
        }
    }

    /// After `.`: scripts that are read inherit all traps.
    pub(super) fn after_dot(&mut self) {
        self.run_trap("RETURN");
    }
}
