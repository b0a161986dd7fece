//! What Go refuses while it reads a template, in Go's words and order (Go `text/template/parse`,
//! `lex.go` and `parse.go`). The engine accepts some of it, or says it otherwise.

use super::functions;
use super::template::Fault;

const BUILT_IN: &str =
    "and call eq ge gt html index js le len lt ne not or print printf println slice urlquery";
const VALUES: &str = "nil true false";
const KEYWORDS: &str = "if else end range with define template block break continue";

/// Reads the actions of a template.
///
/// # Errors
/// The first thing Go's lexer or parser would refuse.
pub fn check(source: &str) -> Result<(), Fault> {
    let mut reader = Reader { source, at: 0, blocks: Vec::new(), variables: vec!["$"] };
    while let Some(start) = source[reader.at..].find("{{") {
        reader.at += start + 2;
        reader.action()?;
    }
    reader.at = source.len();
    if reader.blocks.is_empty() { Ok(()) } else { Err(reader.fault("unexpected EOF")) }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    /// Open `if`, `range` …: the keyword, and how many variables were known before it.
    blocks: Vec<(&'a str, usize)>,
    variables: Vec<&'a str>,
}

/// How far an action has been read.
#[derive(Default)]
struct Action<'a> {
    /// The keyword it began with.
    keyword: &'a str,
    /// Anything after the keyword?
    begun: bool,
    /// An operand of the current command was read.
    operand: bool,
    /// Variables that stand before a `:=`.
    declaring: Vec<&'a str>,
    parentheses: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn fault(&self, words: impl Into<String>) -> Fault {
        let line = 1 + self.source[..self.at].bytes().filter(|byte| *byte == b'\n').count();
        Fault::Parse(format!("template: :{line}: {}", words.into()))
    }

    /// Reads up to the end of one action.
    fn action(&mut self) -> Result<(), Fault> {
        if self.rest().starts_with("- ") {
            self.at += 1;
        }
        if let Some(comment) = self.rest().trim_start().strip_prefix("/*") {
            let Some(end) = comment.find("*/") else { return Err(self.fault("unclosed comment")) };
            self.at = self.source.len() - comment.len() + end + 2;
            return self.end_of_comment();
        }
        let mut action = Action::default();
        loop {
            if let Some(length) = self.closing() {
                self.finish(&action)?;
                self.at += length;
                return Ok(());
            }
            self.token(&mut action)?;
        }
    }

    fn end_of_comment(&mut self) -> Result<(), Fault> {
        let rest = self.rest();
        let trimmed = rest.trim_start().trim_start_matches('-');
        if !trimmed.starts_with("}}") {
            return Err(self.fault("comment ends before closing delimiter"));
        }
        self.at = self.source.len() - trimmed.len() + 2;
        Ok(())
    }

    /// Length of the end of the action, if it is here: `}}` or ` -}}`.
    fn closing(&self) -> Option<usize> {
        let rest = self.rest();
        let trimmed = rest.strip_prefix([' ', '\t', '\r', '\n']).is_some_and(|rest| rest.starts_with("-}}"));
        if trimmed { Some(4) } else { rest.starts_with("}}").then_some(2) }
    }

    fn token(&mut self, action: &mut Action<'a>) -> Result<(), Fault> {
        let Some(c) = self.rest().chars().next() else { return Err(self.fault("unclosed action")) };
        match c {
            ' ' | '\t' | '\r' | '\n' => self.at += 1,
            '"' | '`' | '\'' => {
                self.quoted(c)?;
                (action.begun, action.operand) = (true, true);
            }
            '$' => self.variable(action)?,
            '.' if self.rest()[1..].starts_with(is_word) => {
                self.at += 1;
                self.word()?;
                (action.begun, action.operand) = (true, true);
            }
            '.' => self.operand(action, 1),
            '+' | '-' | '0'..='9' => {
                let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-');
                let length = self.rest().find(|c| !part(c)).unwrap_or(self.rest().len());
                self.operand(action, length.max(1));
            }
            '|' => {
                self.at += 1;
                action.operand = false;
            }
            ',' => self.at += 1,
            ':' | '=' => self.assignment(action)?,
            '(' => {
                action.parentheses += 1;
                self.operand(action, 1);
            }
            ')' if action.parentheses == 0 => return Err(self.fault("unexpected right paren")),
            ')' => {
                action.parentheses -= 1;
                self.at += 1;
            }
            _ if is_word(c) => self.name(action)?,
            _ if c.is_ascii_graphic() => {
                let place = match action {
                    Action { operand: true, .. } => "operand",
                    Action { keyword: "", .. } => "command",
                    Action { keyword, .. } => keyword,
                };
                return Err(self.fault(format!("unexpected {:?} in {place}", c.to_string())));
            }
            _ => return Err(self.fault(format!("unrecognized character in action: {}", shown(c)))),
        }
        Ok(())
    }

    fn operand(&mut self, action: &mut Action<'a>, length: usize) {
        self.at += length;
        (action.begun, action.operand) = (true, true);
    }

    fn quoted(&mut self, quote: char) -> Result<(), Fault> {
        let mut escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' if quote != '`' => break,
                _ if escaped => escaped = false,
                '\\' if quote != '`' => escaped = true,
                _ if c == quote => {
                    self.at += at + 1;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.fault(match quote {
            '"' => "unterminated quoted string",
            '`' => "unterminated raw quoted string",
            _ => "unterminated character constant",
        }))
    }

    /// A name's letters; what follows must be able to end it.
    fn word(&mut self) -> Result<&'a str, Fault> {
        let rest = self.rest();
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.at += length;
        match self.rest().chars().next() {
            Some(c) if !(c.is_ascii_whitespace() || ".,|:)(".contains(c)) && self.closing().is_none() => {
                Err(self.fault(format!("bad character {}", shown(c))))
            }
            _ => Ok(&rest[..length]),
        }
    }

    fn variable(&mut self, action: &mut Action<'a>) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        self.word()?;
        let name = &self.source[start..self.at];
        let after = self.rest().trim_start();
        if after.starts_with(":=") || (action.keyword == "range" && after.starts_with(',')) {
            action.declaring.push(name);
        } else if !self.variables.contains(&name) && action.declaring.is_empty() {
            return Err(self.fault(format!("undefined variable {name:?}")));
        }
        (action.begun, action.operand) = (true, true);
        Ok(())
    }

    /// `:=` makes its variables known; `=` wants them known.
    fn assignment(&mut self, action: &mut Action<'a>) -> Result<(), Fault> {
        let declares = self.rest().starts_with(":=");
        if !declares && self.rest().starts_with(':') {
            return Err(self.fault("expected :="));
        }
        self.at += if declares { 2 } else { 1 };
        self.variables.append(&mut action.declaring);
        (action.begun, action.operand) = (false, false);
        Ok(())
    }

    fn name(&mut self, action: &mut Action<'a>) -> Result<(), Fault> {
        let start = self.at;
        let name = self.word()?;
        let known = |list: &str| list.split(' ').any(|known| known == name);
        if known(KEYWORDS) {
            if !action.begun && (action.keyword.is_empty() || action.keyword == "else") {
                return self.keyword(action, name);
            }
            return Err(self.fault(format!("unexpected <{name}> in {}", place(action))));
        }
        if !(known(BUILT_IN) || known(VALUES) || functions::NAMES.contains(&name)) {
            self.at = start;
            return Err(self.fault(format!("function {name:?} not defined")));
        }
        (action.begun, action.operand) = (true, true);
        Ok(())
    }

    fn keyword(&mut self, action: &mut Action<'a>, name: &'a str) -> Result<(), Fault> {
        let inside = |kinds: &[&str]| self.blocks.iter().any(|(kind, _)| kinds.contains(kind));
        match name {
            "else" | "end" if self.blocks.is_empty() => {
                return Err(self.fault(format!("unexpected {{{{{name}}}}}")));
            }
            "break" | "continue" if !inside(&["range"]) => {
                return Err(self.fault(format!("{{{{{name}}}}} outside {{{{range}}}}")));
            }
            "end" => {
                if let Some((_, variables)) = self.blocks.pop() {
                    self.variables.truncate(variables);
                }
            }
            // `else if` goes on with the block that is open.
            "if" | "with" if action.keyword == "else" => {}
            "if" | "range" | "with" | "define" | "block" => self.blocks.push((name, self.variables.len())),
            _ => {}
        }
        action.keyword = name;
        Ok(())
    }

    /// Judges an action at its end.
    fn finish(&self, action: &Action<'_>) -> Result<(), Fault> {
        if action.parentheses > 0 {
            return Err(self.fault("unclosed left paren"));
        }
        match action.keyword {
            "if" | "range" | "with" if !action.begun => {
                Err(self.fault(format!("missing value for {}", action.keyword)))
            }
            "" if !action.begun => Err(self.fault("missing value for command")),
            _ => Ok(()),
        }
    }
}

fn place<'a>(action: &Action<'a>) -> &'a str {
    if action.keyword.is_empty() { "command" } else { action.keyword }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// Go's `%#U`.
fn shown(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}
