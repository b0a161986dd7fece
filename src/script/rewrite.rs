//! Command lines inside Rhai.
//!
//! A scenario mixes Rhai statements with lines such as `docker build -t app app` or `undo`. Before
//! Rhai parses the text, each such line becomes a call; `check(name, a < b)` becomes a call that can
//! show both sides; and in a scenario every statement is preceded by a call that echoes it. Strings and
//! comments are left alone, line numbers never change, and [`Rewritten::original`] translates columns
//! back, so positions in errors stay true.

use super::scan::{
    arguments, comment_end, comparison, goes_on, is_word, next_significant, quoted, statement_end, string_end,
};

/// Words that begin a command line wherever a statement may begin.
pub const COMMAND_WORDS: &[&str] = &["docker", "docker-compose", "dive", "mount"];

/// Words of the session; at the start of a line, followed by its end or a space.
pub const SESSION_WORDS: &[&str] = &[
    "help", "undo", "redo", "log", "stack", "explain", "why", "order", "graph", "predict", "trace", "open",
    "save", "bill", "course", "host", "quit", "exit",
];

/// Is this a command line or a session line (and not Rhai)?
pub fn is_command_line(line: &str) -> bool {
    let line = line.trim_start();
    if line == "$" || line.starts_with("$ ") {
        return true;
    }
    let mut words = line.split_whitespace();
    let Some(mut word) = words.next() else { return false };
    let mut assigned = false;
    while crate::command::words::assignment(word).is_some() && !word.contains(['(', '[', '{', ';']) {
        assigned = true;
        match words.next() {
            Some(next) => word = next,
            None => return false,
        }
    }
    let word = word.strip_suffix(';').unwrap_or(word);
    match word {
        // `mount([..])` is Rhai; `mount -t overlay …` is a command.
        "mount" => words.next().is_some_and(|next| next.starts_with('-')),
        _ if COMMAND_WORDS.contains(&word) => true,
        _ => !assigned && SESSION_WORDS.contains(&word),
    }
}

/// A text for Rhai and the way back.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    /// What Rhai parses.
    pub text: String,
    /// Command lines, by the number in their call.
    pub commands: Vec<Written>,
    /// Echoed statements, by the number in their call.
    pub statements: Vec<Written>,
    /// The first variable that is named like a command or session word: `let docker = …`.
    pub taken: Option<Written>,
    /// Per line of `text`: (new column, old column) where a stretch begins, ascending, from 1.
    columns: Vec<Vec<(usize, usize)>>,
}

/// A piece of the original text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// As written.
    pub text: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

impl Rewritten {
    /// The original column of a position in [`Rewritten::text`], both from 1.
    pub fn original(&self, line: usize, column: usize) -> usize {
        let Some(stretches) = line.checked_sub(1).and_then(|line| self.columns.get(line)) else {
            return column;
        };
        match stretches.iter().rposition(|(new, _)| *new <= column) {
            Some(at) => {
                let (new, old) = stretches[at];
                let end = stretches.get(at + 1).map_or(usize::MAX, |(_, next)| *next);
                (old + (column - new)).min(end)
            }
            None => column,
        }
    }
}

/// Rewrites a text. `echo`: precede top-level statements by a call that echoes them.
pub fn rewrite(source: &str, echo: bool) -> Rewritten {
    let mut rewriter = Rewriter {
        chars: source.chars().collect(),
        at: 0,
        line: 1,
        column: 1,
        new_column: 1,
        out: Rewritten { columns: vec![vec![(1, 1)]], ..Rewritten::default() },
    };
    rewriter.run(echo);
    rewriter.out
}

struct Rewriter {
    chars: Vec<char>,
    at: usize,
    line: usize,
    column: usize,
    new_column: usize,
    out: Rewritten,
}

impl Rewriter {
    fn run(&mut self, echo: bool) {
        let mut nesting: Vec<char> = Vec::new();
        // May a statement begin here?
        let mut fresh = true;
        // Only blanks so far on this line?
        let mut line_start = true;
        while let Some(&c) = self.chars.get(self.at) {
            if c == '\n' {
                self.copy(1);
                line_start = true;
            } else if c.is_whitespace() {
                self.copy(1);
            } else if let Some(n) = self.comment() {
                self.copy(n);
            } else {
                let block = nesting.last().is_none_or(|open| *open == '{');
                if fresh && line_start && block && self.command() {
                    line_start = false;
                    continue;
                }
                if fresh && echo && nesting.is_empty() {
                    self.echo();
                }
                line_start = false;
                fresh = self.token(c, &mut nesting, fresh);
            }
        }
    }

    /// Takes one token; may a statement begin behind it?
    fn token(&mut self, c: char, nesting: &mut Vec<char>, fresh: bool) -> bool {
        match c {
            '(' | '[' | '{' => {
                // `#{` opens a map: no statements inside.
                let map = c == '{' && self.at > 0 && self.chars[self.at - 1] == '#';
                nesting.push(if map { '#' } else { c });
                self.copy(1);
                c == '{' && !map
            }
            ')' | ']' | '}' => {
                let open = nesting.pop();
                self.copy(1);
                open == Some('{')
            }
            ';' => {
                self.copy(1);
                true
            }
            '"' | '`' | '\'' | '#' => {
                let n = string_end(&self.chars, self.at) - self.at;
                self.copy(n);
                false
            }
            c if is_word(c) => {
                let n = self.chars[self.at..].iter().take_while(|c| is_word(**c)).count();
                let word: String = self.chars[self.at..self.at + n].iter().collect();
                if word == "check" && !self.behind_dot_or_fn() {
                    // What a check looks at is not the story: its look-ups are held back.
                    if fresh {
                        self.insert("__hush();");
                    }
                    if self.check(n) {
                        return false;
                    }
                }
                if matches!(word.as_str(), "let" | "const") {
                    self.note_taken(n);
                }
                self.copy(n);
                // `else` and the like go on; anything else ends the chance of a statement here.
                fresh && matches!(word.as_str(), "else")
            }
            _ => {
                self.copy(1);
                false
            }
        }
    }

    fn comment(&self) -> Option<usize> {
        comment_end(&self.chars, self.at).map(|end| end - self.at)
    }

    /// Turns the rest of the line into a call, if it is a command line.
    fn command(&mut self) -> bool {
        let mut end = self.at;
        let mut text = String::new();
        let mut lines = 0;
        loop {
            let stop =
                self.chars[end..].iter().position(|c| *c == '\n').map_or(self.chars.len(), |n| end + n);
            let part: String = self.chars[end..stop].iter().collect();
            let goes_on = part.trim_end().ends_with('\\') && !part.trim_end().ends_with("\\\\");
            end = stop;
            if goes_on && stop < self.chars.len() {
                text.push_str(part.trim_end().trim_end_matches('\\'));
                lines += 1;
                end += 1;
            } else {
                text.push_str(part.trim_end());
                break;
            }
        }
        if !is_command_line(&text) {
            return false;
        }
        let text = text.trim_end_matches(';').trim_end().to_owned();
        let number = self.out.commands.len();
        let (line, column) = (self.line as u32, self.column as u32);
        self.out.commands.push(Written { text, line, column });
        self.insert(&format!("__line({number});"));
        // What was written is passed over, but its line ends stay.
        let _ = lines;
        while self.at < end {
            if self.chars[self.at] == '\n' {
                self.copy(1);
            } else {
                self.skip(1);
            }
        }
        true
    }

    fn echo(&mut self) {
        let end = statement_end(&self.chars, self.at);
        let text: String = self.chars[self.at..end].iter().collect();
        let text = text.trim_end();
        let silent = ["step(", "check(", "fn ", "private ", "import ", "predict(", "}", "{", ";", "command("];
        if silent.iter().any(|word| text.starts_with(word)) || goes_on(text) {
            return;
        }
        let number = self.out.statements.len();
        let (line, column) = (self.line as u32, self.column as u32);
        self.out.statements.push(Written { text: text.to_owned(), line, column });
        self.insert(&format!("__echo({number});"));
    }

    /// Notes the variable behind the `let` at hand, if its name is taken.
    fn note_taken(&mut self, word: usize) {
        let Some(start) = next_significant(&self.chars, self.at + word) else { return };
        let name: String = self.chars[start..].iter().take_while(|c| is_word(**c)).collect();
        let known = COMMAND_WORDS.iter().chain(SESSION_WORDS).any(|word| *word == name);
        if known && self.out.taken.is_none() && !self.chars[self.at..start].contains(&'\n') {
            let column = (self.column + (start - self.at)) as u32;
            self.out.taken = Some(Written { text: name, line: self.line as u32, column });
        }
    }

    fn behind_dot_or_fn(&self) -> bool {
        let before: String = self.chars[self.at.saturating_sub(8)..self.at].iter().collect();
        let before = before.trim_end();
        before.ends_with('.') || before.ends_with("::") || before.ends_with("fn")
    }

    /// `check(name, condition)` → `__check(name, "condition", left, "op", right)`.
    fn check(&mut self, word: usize) -> bool {
        let Some(open) = next_significant(&self.chars, self.at + word).filter(|i| self.chars[*i] == '(')
        else {
            return false;
        };
        let Some(arguments) = arguments(&self.chars, open) else { return false };
        let [_, (start, end)] = arguments[..] else { return false };
        let start = next_significant(&self.chars, start).unwrap_or(start);
        let source: String = self.chars[start..end].iter().collect();
        let source = quoted(source.trim_end());
        let operator = comparison(&self.chars, start, end);
        self.insert("__");
        self.copy(start - self.at);
        self.insert(&format!("{source}, "));
        if let Some((at, length)) = operator {
            self.copy(at - self.at);
            let sign: String = self.chars[at..at + length].iter().collect();
            self.insert(&format!(", \"{sign}\", "));
            self.skip(length);
        }
        true
    }

    fn copy(&mut self, n: usize) {
        for _ in 0..n {
            let Some(&c) = self.chars.get(self.at) else { return };
            self.out.text.push(c);
            self.at += 1;
            if c == '\n' {
                self.line += 1;
                self.column = 1;
                self.new_column = 1;
                self.out.columns.push(vec![(1, 1)]);
            } else {
                self.column += 1;
                self.new_column += 1;
            }
        }
    }

    fn insert(&mut self, text: &str) {
        self.out.text.push_str(text);
        self.new_column += text.chars().count();
        self.mark();
    }

    fn skip(&mut self, n: usize) {
        self.at += n;
        self.column += n;
        self.mark();
    }

    fn mark(&mut self) {
        if let Some(stretches) = self.out.columns.last_mut() {
            stretches.push((self.new_column, self.column));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_told_from_rhai() {
        for line in [
            "docker ps",
            "$ ls -l",
            "CI=true dive x",
            "A=1 B=2 docker build .",
            "undo",
            "undo 3",
            "mount -t overlay x /m",
            "stack web /a",
        ] {
            assert!(is_command_line(line), "{line}");
        }
        for line in [
            "docker(\"ps\")",
            "let x = 1",
            "mount([a])",
            "undone",
            "logs(1)",
            "stack(\"web\")",
            "x=1",
            "x = docker",
            "dockerx ps",
            "",
        ] {
            assert!(!is_command_line(line), "{line}");
        }
    }

    #[test]
    fn lines_become_calls_but_never_inside_strings_or_comments() {
        let source = "let a = `\ndocker ps\n`;\n/* \ndocker ps\n*/\nif a != 1 {\n  docker ps\n}\nlet m = #{\n  x: \"\n\"\n};\nf(\nundo\n);\ndocker build \\\n  -t app app;\nundo\n";
        let r = rewrite(source, false);
        let commands: Vec<&str> = r.commands.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(commands, ["docker ps", "docker build   -t app app", "undo"]);
        assert_eq!(r.text.lines().count(), source.lines().count());
        assert_eq!((r.commands[1].line, r.commands[1].column), (17, 1));
        assert!(r.text.contains("  __line(0);") && r.text.contains("`\ndocker ps\n`"));
    }

    #[test]
    fn a_check_shows_its_source_and_its_operands() {
        let r = rewrite("check(\"small\", img.size(\"a<b\") < 12_000_000);", false);
        assert_eq!(
            r.text,
            "__hush();__check(\"small\", \"img.size(\\\"a<b\\\") < 12_000_000\", img.size(\"a<b\") , \"<\",  12_000_000);"
        );
        assert_eq!(rewrite("check(\"x\", ok);", false).text, "__hush();__check(\"x\", \"ok\", ok);");
        assert_eq!(
            rewrite("check(\"x\", a && b == 1);", false).text,
            "__hush();__check(\"x\", \"a && b == 1\", a && b == 1);"
        );
        assert_eq!(rewrite("check(\"x\", a, b);", false).text, "__hush();check(\"x\", a, b);");
        assert_eq!(
            rewrite("m.check(1, 2); fn check(a, b) {}", false).text,
            "m.check(1, 2); fn check(a, b) {}"
        );
    }

    #[test]
    fn columns_translate_back() {
        let source = "  check(\"x\", aa < bb);";
        let r = rewrite(source, false);
        let new = r.text.find("bb);").unwrap() + 1;
        assert_eq!(r.original(1, new), source.find("bb);").unwrap() + 1);
        let new = r.text.find("aa ,").unwrap() + 1;
        assert_eq!(r.original(1, new), source.find("aa <").unwrap() + 1);
    }

    #[test]
    fn statements_are_echoed_in_scenarios_only() {
        let r = rewrite(
            "let a = 1; a.f(\n 2);\nstep(\"x\");\nfn f() { g(); }\nif a { b(); } else { c(); }\nd();",
            true,
        );
        let echoed: Vec<&str> = r.statements.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(echoed, ["let a = 1;", "a.f(\n 2);", "if a { b(); } else { c(); }", "d();"]);
        assert!(r.text.starts_with("__echo(0);let a = 1; __echo(1);a.f("));
    }

    #[test]
    fn a_block_ends_its_statement_unless_it_goes_on() {
        let r = rewrite(
            "try { a(); } catch (e) { b(); }\nif c { d } else { e }\ndo { f(); } while g < 1;\nwhile h { }\nlet i = #{};",
            true,
        );
        let echoed: Vec<&str> = r.statements.iter().map(|s| s.text.as_str()).collect();
        assert_eq!(
            echoed,
            [
                "try { a(); } catch (e) { b(); }",
                "if c { d } else { e }",
                "do { f(); } while g < 1;",
                "while h { }",
                "let i = #{};"
            ]
        );
        assert!(!r.text.contains(";catch") && !r.text.contains(";else") && !r.text.contains(";while g"));
    }

    #[test]
    fn unfinished_texts_do_not_loop_or_panic() {
        for source in
            ["\"", "`${", "#\"", "check(", "check(\"a\", ", "/*", "'", "docker \\", "check(\"a\", b <", "}"]
        {
            rewrite(source, true);
        }
    }
}
