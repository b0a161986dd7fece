//! `set -x`: what is about to run, on standard error as it was before the command's own redirections.
//! (busybox and dash `evalcommand`; bash `print_cmd.c`, `xtrace_print_*`.)

use super::eval::Shell;
use super::state::Value as Stored;
use super::syntax::{Assign, Dialect, Part, Value, Word};
use super::{builtins, text};

impl Shell<'_, '_> {
    /// A simple command. ash and dash show its assignments in the same line.
    pub(super) fn trace_line(&mut self, assigns: &[Assign], argv: &[String]) {
        let dialect = self.s.dialect;
        if !self.s.options.xtrace || (dialect == Dialect::Bash && argv.is_empty()) {
            return;
        }
        let mut words: Vec<String> = Vec::new();
        if dialect != Dialect::Bash {
            words.extend(assigns.iter().map(|assign| self.assigned(assign)));
        }
        // ash has taken `command` away by then.
        let skipped = match (dialect, argv) {
            (Dialect::Ash, [first, next, ..]) if first == "command" && !next.starts_with('-') => 1,
            _ => 0,
        };
        words.extend(argv.iter().skip(skipped).map(|word| builtins::quote_trace(word, dialect)));
        self.trace(&words.join(" "));
    }

    /// bash gives every assignment a line of its own.
    pub(super) fn trace_assign(&mut self, assign: &Assign) {
        if self.s.options.xtrace && self.s.dialect == Dialect::Bash {
            let line = self.assigned(assign);
            self.trace(&line);
        }
    }

    fn assigned(&self, assign: &Assign) -> String {
        let dialect = self.s.dialect;
        let sign = if assign.append { "+=" } else { "=" };
        // A reserved word needs no quotes there.
        let quoted = |value: &str| match builtins::quote_trace(value, dialect) {
            _ if value.is_empty() => String::new(),
            _ if dialect == Dialect::Ash && value.chars().all(|c| c.is_ascii_lowercase()) => value.to_owned(),
            quoted => quoted,
        };
        let value = match (&assign.value, self.s.variables.get(&assign.name).map(|v| &v.value)) {
            (Value::Array(_), Some(Some(Stored::Array(items)))) => {
                let items: Vec<String> = items.values().map(|item| quoted(item)).collect();
                format!("({})", items.join(" "))
            }
            (Value::Word(word), _) if assign.index.is_some() => {
                quoted(&self.element(assign).unwrap_or_else(|| word.written()))
            }
            _ => quoted(&self.s.get(&assign.name).unwrap_or_default()),
        };
        let index = assign.index.as_ref().map(|index| format!("[{}]", index.written())).unwrap_or_default();
        format!("{}{index}{sign}{value}", assign.name)
    }

    /// What an element was set to.
    fn element(&self, assign: &Assign) -> Option<String> {
        let index = assign.index.as_ref()?.written();
        match self.s.variables.get(&assign.name)?.value.as_ref()? {
            Stored::Array(items) => items.get(&index.parse().ok()?).cloned(),
            Stored::Map(items) => items.get(&index).cloned(),
            Stored::Text(_) => None,
        }
    }

    /// What only bash shows: the heads of compound commands.
    pub(super) fn trace_bash(&mut self, line: &str) {
        if self.s.options.xtrace && self.s.dialect == Dialect::Bash {
            self.traced = self.s.fds.get(2).cloned();
            self.trace(line);
        }
    }

    /// One comparison of `[[ ]]`.
    pub(super) fn trace_condition(&mut self, not: bool, left: Option<&str>, op: &str, right: &str) {
        if !self.s.options.xtrace {
            return;
        }
        self.traced = self.s.fds.get(2).cloned();
        let dialect = self.s.dialect;
        let mut words: Vec<String> = Vec::new();
        if dialect == Dialect::Ash {
            words.extend(not.then_some("!").into_iter().chain(left).chain([op, right]).map(str::to_owned));
            let words = words.iter().map(|word| builtins::quote_trace(word, dialect));
            let words: Vec<String> = words.collect();
            return self.trace(&format!("'[[' {} ]]", words.join(" ")));
        }
        let quoted = |word: &str| if word.is_empty() { "''".to_owned() } else { word.to_owned() };
        words.extend(not.then_some("!".to_owned()));
        words.extend(left.map(quoted));
        words.push(op.to_owned());
        words.push(quoted(right));
        self.trace(&format!("[[ {} ]]", words.join(" ")));
    }

    /// The right side of a comparison. In a pattern bash shows what was quoted with backslashes. What runs
    /// something is shown as `…`: it must run once.
    pub(super) fn pattern_shown(&mut self, word: &Word, op: &str) -> super::expand::Expanded<String> {
        if runs_something(&word.0) {
            return Ok("…".to_owned());
        }
        if self.s.dialect != Dialect::Bash || !matches!(op, "=" | "==" | "!=" | "=~") {
            return self.text(word);
        }
        let mut shown = String::new();
        for part in &word.0 {
            match part {
                Part::Text(text) => shown.push_str(text),
                part => {
                    let quoted = matches!(part, Part::Quoted(_) | Part::Double(_));
                    let value = self.text(&Word(vec![part.clone()]))?;
                    for c in value.chars() {
                        if quoted {
                            shown.push('\\');
                        }
                        shown.push(c);
                    }
                }
            }
        }
        Ok(shown)
    }

    /// A line with PS4 before it; in bash, its first character once more for each `$( )`, `eval` and `.`
    /// around the command.
    fn trace(&mut self, line: &str) {
        let mut prefix = self.s.get("PS4").unwrap_or_else(|| "+ ".to_owned());
        if self.s.dialect == Dialect::Bash
            && let Some(first) = prefix.chars().next()
        {
            prefix.insert_str(0, &first.to_string().repeat(self.s.level.min(64) as usize));
        }
        if let Some(stream) = self.traced.clone() {
            self.m.emit(&stream, &text::encode(&format!("{prefix}{line}\n")));
        }
    }
}

/// Would expanding this twice be seen?
fn runs_something(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Command(_) | Part::Process(_) | Part::Arith(_) => true,
        Part::Double(parts) => runs_something(parts),
        Part::Text(_) | Part::Quoted(_) | Part::Param(_) => false,
    })
}
