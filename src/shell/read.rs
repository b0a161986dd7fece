//! Text to commands, one by one: a command is read, run, and only then comes the next.

use super::eval::{Flow, Shell};
use super::syntax::{Command, Dialect, List, Mistake, Parser, opaque};

impl Shell<'_, '_> {
    /// Reads and runs commands one by one, as they come.
    pub fn source(&mut self, source: &str) -> Flow {
        self.read_and_run(source, false)
    }

    /// The same for a text inside another: in bash a mistake ends only this one.
    pub fn source_within(&mut self, source: &str) -> Flow {
        self.read_and_run(source, self.s.dialect == Dialect::Bash)
    }

    fn read_and_run(&mut self, source: &str, within: bool) -> Flow {
        if !self.m.t.fuel.spend(source.len() as u64) {
            return Flow::Exit;
        }
        let mut parser = Parser::new(source, self.s.dialect);
        let (calls, subshell) = (self.s.calls, self.s.subshell);
        loop {
            parser.set_extglob(self.s.dialect == Dialect::Bash && self.s.options.extglob);
            if self.s.dialect != Dialect::Bash || self.s.options.expand_aliases {
                parser.set_aliases(&self.s.aliases);
            }
            let next = parser.next();
            self.s.reached = parser.line();
            for (last, line, wanted) in std::mem::take(&mut parser.cut_off) {
                self.here_document_cut_off(last, line, &wanted);
            }
            match next {
                Ok(None) => return Flow::Next,
                Ok(Some(list)) if !within && subshell == 0 && self.becomes_last(&parser) => {
                    self.tail = tail(&list);
                    let flow = self.whole(&list, parser.last_line());
                    if flow != Flow::Discard {
                        return flow;
                    }
                }
                Ok(Some(list)) => match self.whole(&list, parser.last_line()) {
                    Flow::Next => {}
                    // bash forgets the rest of the line and reads on.
                    Flow::Discard if (within || subshell == 0) && !self.m.stopped() => {
                        self.s.calls = calls;
                    }
                    flow => return flow,
                },
                Err(error) => {
                    self.s.line = error.line;
                    if let Some(word) = opaque(source).filter(|_| self.s.dialect == Dialect::Bash) {
                        self.s.status = self
                            .m
                            .not_modelled(&format!("bash's {word}; its line and what follows are left out"));
                        return if within { Flow::Next } else { Flow::Exit };
                    }
                    self.syntax_error(&error);
                    if !matches!(error.mistake, Mistake::Condition(_)) {
                        self.s.status = 2;
                    }
                    return if within { Flow::Next } else { Flow::Exit };
                }
            }
        }
    }

    /// Does bash become the program that its `-c` ends with? Not when a trap waits for its end.
    fn becomes_last(&self, parser: &Parser) -> bool {
        let command = self.s.dialect == Dialect::Bash && self.s.input == "-c" && self.s.traps.is_empty();
        command && parser.is_at_end()
    }

    /// A command as it was read, whose last token is on this line.
    fn whole(&mut self, list: &List, last: u32) -> Flow {
        let outer = self.s.whole_line.replace(last);
        let flow = self.list(list);
        self.s.whole_line = outer;
        flow
    }
}

/// The simple command that a list ends with, if one does.
fn tail(list: &List) -> Option<*const Command> {
    let item = list.0.last().filter(|item| !item.background)?;
    let pipeline = item.rest.last().map_or(&item.first, |(_, pipeline)| pipeline);
    match &pipeline.commands[..] {
        [command] if !pipeline.bang && pipeline.timed.is_none() => Some(std::ptr::from_ref(command)),
        _ => None,
    }
}
