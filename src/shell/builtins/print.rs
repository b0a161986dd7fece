//! `echo`, `printf`, `test` and `[[ ]]`.

use super::super::eval::{Flow, Shell};
use super::super::expand::{Abort, Expanded};
use super::super::pattern::Pattern;
use super::super::programs::test_classic::{self, Classic};
use super::super::programs::{echo as echoing, printf as formatting, test as testing};
use super::super::syntax::{Cond, Dialect, Part, Word};
use super::super::text;

pub(super) fn echo(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let flavour = match shell.s.dialect {
        Dialect::Dash => echoing::Flavour::Always,
        _ => echoing::Flavour::Options,
    };
    let bytes = echoing::render(argv.get(1..).unwrap_or_default(), flavour);
    shell.s.status = i32::from(!shell.say_bytes(&bytes));
    write_failed(shell, "echo");
    pipe_broke(shell)
}

/// What a builtin says when its output can't be written: nowhere to, or the disk is full.
pub(super) fn write_failed(shell: &mut Shell<'_, '_>, name: &str) {
    let message = match shell.s.fds.get(1).map(|stream| stream.borrow()) {
        None => "Bad file descriptor",
        Some(stream) if matches!(*stream, super::super::stream::Open::Full) => "No space left on device",
        Some(_) => return,
    };
    shell.s.status = 1;
    match shell.s.dialect {
        // busybox's printf and pwd say nothing.
        Dialect::Ash if name == "echo" => {
            let applet = shell.s.applet.clone();
            shell.print_error(&format!("{applet}: write error: {message}\n"));
        }
        Dialect::Ash => {}
        Dialect::Dash => shell.complain(&format!("{name}: I/O error")),
        Dialect::Bash => shell.complain(&format!("write error: {message}")),
    }
}

/// After writing: a pipe that nobody reads any more ends the shell, as SIGPIPE does.
fn pipe_broke(shell: &mut Shell<'_, '_>) -> Expanded<Flow> {
    let broke = shell.s.fds.get(1).is_some_and(|stream| match &*stream.borrow() {
        super::super::stream::Open::Bag(bag) => bag.full,
        _ => false,
    });
    if broke || shell.m.stopped() {
        return Err(Abort(141));
    }
    Ok(Flow::Next)
}

pub(super) fn printf(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let mut words = argv.get(1..).unwrap_or_default();
    let bash = shell.s.dialect == Dialect::Bash;
    let mut variable = None;
    if let (true, [option, name, rest @ ..]) = (bash, words)
        && option == "-v"
    {
        variable = Some(name.clone());
        words = rest;
    }
    if words.first().is_some_and(|word| word == "--") {
        words = words.get(1..).unwrap_or_default();
    } else if let Some(letter) = words.first().and_then(|word| word.strip_prefix('-')?.chars().next())
        && shell.s.dialect == Dialect::Dash
    {
        return illegal_option(shell, letter);
    }
    let [format, arguments @ ..] = words else {
        match shell.s.dialect {
            Dialect::Ash => {
                let name = shell.s.applet.clone();
                shell.print_error(&format!("{name}: usage: printf FORMAT [ARGUMENT...]\n"));
            }
            Dialect::Dash => shell.complain("usage: printf format [arg ...]"),
            Dialect::Bash => shell.print_error("printf: usage: printf [-v var] format [arguments]\n"),
        }
        shell.s.status = 2;
        return Ok(Flow::Next);
    };
    let flavour = match shell.s.dialect {
        Dialect::Ash => formatting::Flavour::Busybox,
        Dialect::Dash => formatting::Flavour::Dash,
        Dialect::Bash => formatting::Flavour::Bash,
    };
    let result = formatting::format(format, arguments, flavour, &mut shell.m.t.fuel);
    for mistake in &result.mistakes {
        let message = match (shell.s.dialect, mistake) {
            (Dialect::Ash, formatting::Mistake::Number(word)) => {
                format!("invalid number '{}'", word.trim_start())
            }
            (Dialect::Ash, formatting::Mistake::Partial(word)) => format!("invalid number '{word}'"),
            (Dialect::Ash, formatting::Mistake::Format(_, word)) => {
                format!("{}: invalid format", word.trim_end_matches(['h', 'l', 'L', 'j', 'z', 't']))
            }
            (Dialect::Bash, formatting::Mistake::Unfinished(word)) => {
                format!("`{word}': missing format character")
            }
            (Dialect::Dash, formatting::Mistake::Unfinished(word))
                if word.ends_with(|c| "hlLjzt".contains(c)) =>
            {
                format!("{word}: invalid directive")
            }
            (Dialect::Dash, formatting::Mistake::Unfinished(_)) => "missing format character".to_owned(),
            (Dialect::Ash, formatting::Mistake::Unfinished(word)) => {
                format!("{}: invalid format", word.trim_end_matches(['h', 'l', 'L', 'j', 'z', 't']))
            }
            (Dialect::Dash, formatting::Mistake::Number(word)) => format!("{word}: expected numeric value"),
            (Dialect::Bash, formatting::Mistake::Number(word) | formatting::Mistake::Partial(word)) => {
                format!("{word}: invalid {}number", base_of(word))
            }
            (_, formatting::Mistake::Partial(word)) => format!("{word}: not completely converted"),
            (Dialect::Bash, formatting::Mistake::Format(_, rest)) => {
                let mut letters = rest.chars().skip(1).skip_while(|c| "-+ #.*0123456789".contains(*c));
                format!("`{}': invalid format character", letters.next().unwrap_or('%'))
            }
            (_, formatting::Mistake::Format(word, _)) => format!("{word}: invalid directive"),
        };
        if shell.s.dialect == Dialect::Ash {
            let name = shell.s.applet.clone();
            shell.print_error(&format!("{name}: {message}\n"));
        } else {
            shell.complain(&message);
        }
    }
    let unknown = result
        .mistakes
        .iter()
        .any(|m| matches!(m, formatting::Mistake::Format(..) | formatting::Mistake::Unfinished(_)));
    shell.s.status = i32::from(!result.mistakes.is_empty());
    if unknown && shell.s.dialect == Dialect::Dash {
        shell.s.status = 2;
    }
    match variable {
        Some(name) => drop(shell.s.set(&name, text::decode(&result.bytes))),
        None => {
            if !shell.say_bytes(&result.bytes) {
                shell.s.status = 1;
            }
            if !result.bytes.is_empty() {
                write_failed(shell, "printf");
            }
            return pipe_broke(shell);
        }
    }
    Ok(Flow::Next)
}

/// dash's builtins that take no options end the command with 2.
fn illegal_option(shell: &mut Shell<'_, '_>, letter: char) -> Expanded<Flow> {
    shell.complain(&format!("Illegal option -{letter}"));
    shell.s.status = 2;
    Ok(Flow::Next)
}

/// What bash takes a wrong number for by its beginning (`builtins/common.c`, `sh_invalidnum`).
fn base_of(word: &str) -> &'static str {
    match word.as_bytes() {
        [b'0', b'0'..=b'9', ..] => "octal ",
        [b'0', b'x', ..] => "hex ",
        _ => "",
    }
}

/// `-v name` of bash's `test`, which only the shell can answer, put as a question about a text.
fn with_variables(shell: &mut Shell<'_, '_>, words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    for at in 0..words.len() {
        let begins =
            at == 0 || matches!(words.get(at - 1).map(String::as_str), Some("!" | "-a" | "-o" | "("));
        if begins
            && let Some([option, name]) = words.get_mut(at..at + 2)
            && option == "-v"
        {
            "-n".clone_into(option);
            let set = shell.lookup(name).is_some();
            *name = if set { "set".to_owned() } else { String::new() };
        }
    }
    words
}

pub(super) fn test(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let mut words = argv.get(1..).unwrap_or_default();
    let name = argv.first().map_or("test", String::as_str);
    let dialect = shell.s.dialect;
    if name == "[" {
        match words.split_last() {
            Some((last, rest)) if last == "]" => words = rest,
            _ => {
                let message = if dialect == Dialect::Bash { "missing `]'" } else { "missing ]" };
                say_test(shell, message);
                shell.s.status = 2;
                return Ok(Flow::Next);
            }
        }
    }
    let answer = match dialect {
        Dialect::Ash => test_classic::evaluate(shell.m, words, Classic::Busybox),
        Dialect::Dash => test_classic::evaluate(shell.m, words, Classic::Dash),
        Dialect::Bash => {
            let words = with_variables(shell, words);
            testing::evaluate(shell.m, &words, true)
        }
    };
    shell.s.status = match answer {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(mistake) => {
            let message = match (dialect, &mistake) {
                (Dialect::Ash, testing::Mistake::Number(word)) if word.is_empty() => "bad number".to_owned(),
                (Dialect::Ash, testing::Mistake::Number(word)) => format!("{word}: bad number"),
                (Dialect::Dash, testing::Mistake::Number(word)) => format!("Illegal number: {word}"),
                (Dialect::Bash, testing::Mistake::Number(word)) => {
                    format!("{word}: integer expression expected")
                }
                (Dialect::Bash, testing::Mistake::Unary(word)) => format!("{word}: unary operator expected"),
                (Dialect::Bash, testing::Mistake::Binary(word)) => {
                    format!("{word}: binary operator expected")
                }
                (Dialect::Bash, testing::Mistake::TooMany(_)) => "too many arguments".to_owned(),
                // Neither names a word that is empty.
                (Dialect::Dash, testing::Mistake::TooMany(word)) if word.is_empty() => {
                    "unexpected operator".to_owned()
                }
                (
                    Dialect::Dash,
                    testing::Mistake::Binary(word)
                    | testing::Mistake::TooMany(word)
                    | testing::Mistake::Unary(word),
                ) => format!("{word}: unexpected operator"),
                (_, testing::Mistake::Operand(word)) => format!("{word}: argument expected"),
                (Dialect::Bash, testing::Mistake::Parenthesis) => "`)' expected".to_owned(),
                (_, testing::Mistake::Parenthesis) => "closing paren expected".to_owned(),
                (Dialect::Ash, testing::Mistake::Binary(word) | testing::Mistake::TooMany(word)) => {
                    format!("{word}: unknown operand")
                }
                (Dialect::Ash, testing::Mistake::Unary(_)) => {
                    format!("{}: unknown operand", words.get(1).map_or("", String::as_str))
                }
                (_, testing::Mistake::Missing) => "argument expected".to_owned(),
            };
            say_test(shell, &message);
            2
        }
    };
    Ok(Flow::Next)
}

/// busybox's `test` complains as the applet, not as a builtin.
fn say_test(shell: &mut Shell<'_, '_>, message: &str) {
    if shell.s.dialect == Dialect::Ash {
        let name = shell.s.applet.clone();
        shell.print_error(&format!("{name}: {message}\n"));
    } else {
        shell.complain(message);
    }
}

impl Shell<'_, '_> {
    /// `[[ … ]]`.
    pub(in super::super) fn holds(&mut self, cond: &Cond) -> Expanded<bool> {
        if !self.m.t.fuel.spend(1) {
            return Err(Abort(137));
        }
        Ok(match cond {
            Cond::Not(inner) => {
                let outer = self.negated;
                self.negated = !outer;
                let holds = self.holds(inner);
                self.negated = outer;
                !holds?
            }
            Cond::And(left, right) => self.holds(left)? && self.holds(right)?,
            Cond::Or(left, right) => self.holds(left)? || self.holds(right)?,
            Cond::Unary(op, word) => {
                let operand = self.text(word)?;
                self.trace_condition(self.negated, None, op, &operand);
                if op == "-v" {
                    self.s.get(&operand).is_some()
                } else {
                    testing::evaluate(self.m, &[op.clone(), operand], true).unwrap_or(false)
                }
            }
            Cond::Binary(left, op, right) => self.compare(left, op, right)?,
        })
    }

    fn compare(&mut self, left: &Word, op: &str, right: &Word) -> Expanded<bool> {
        let text = self.text(left)?;
        if self.s.options.xtrace {
            let shown = self.pattern_shown(right, op)?;
            self.trace_condition(self.negated, Some(&text), op, &shown);
        }
        match op {
            "=" | "==" | "!=" => {
                let extended = self.s.dialect == Dialect::Bash;
                let flavour = super::super::pattern::Flavour { extended, ..self.flavour() };
                let pattern = Pattern::of(&self.pattern(right)?, flavour);
                if !self.m.t.fuel.spend(pattern.len().saturating_add(text.len() as u64)) {
                    return Err(Abort(137));
                }
                Ok(pattern.matches_text(&text) == (op != "!="))
            }
            "=~" => self.regex_matches(&text, right),
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" if self.s.dialect == Dialect::Bash => {
                let right = self.text(right)?;
                let (a, b) = (self.calculate_in("[[", &text)?, self.calculate_in("[[", &right)?);
                Ok(testing::compare_numbers(op, a, b))
            }
            _ => {
                let right = self.text(right)?;
                Ok(testing::evaluate(self.m, &[text, op.to_owned(), right], self.s.dialect == Dialect::Bash)
                    .unwrap_or(false))
            }
        }
    }

    fn regex_matches(&mut self, text: &str, right: &Word) -> Expanded<bool> {
        let mut source = String::new();
        for part in &right.0 {
            match part {
                Part::Quoted(quoted) => source.push_str(&regex::escape(quoted)),
                Part::Double(_) => source.push_str(&regex::escape(&self.text(&Word(vec![part.clone()]))?)),
                Part::Text(text) => source.push_str(text),
                other => source.push_str(&self.text(&Word(vec![other.clone()]))?),
            }
        }
        let Some(regex) = super::super::programs::posix_regex::extended(&source, false) else {
            self.malformed = true;
            return Ok(false);
        };
        let Some(found) = regex.captures(text) else { return Ok(false) };
        let groups = found.iter().enumerate();
        let array =
            groups.map(|(i, m)| (i as i64, m.map_or(String::new(), |m| m.as_str().to_owned()))).collect();
        self.s.entry("BASH_REMATCH").value = Some(super::super::state::Value::Array(array));
        Ok(true)
    }
}
