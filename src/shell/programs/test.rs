//! `test` and `[`.

use crate::shell::call::Call;
use crate::shell::machine::Machine;
use crate::shell::text;
use crate::union::StatKind;

/// Why an expression has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Not a number.
    Number(String),
    /// Two words, the first of which is no operator.
    Unary(String),
    /// Three words, the second of which is no operator.
    Binary(String),
    /// Words left over.
    TooMany(String),
    /// A word is missing.
    Missing,
    /// The operator's last word is missing.
    Operand(String),
    /// `)` is missing.
    Parenthesis,
}

type Answer = Result<bool, Mistake>;

const BINARY: [&str; 16] =
    ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "=~", "-a"];
const UNARY: &str = "bcdefghknoprstuvwxzGLNOS";

struct Reader<'a, 'm, 'w> {
    m: &'a mut Machine<'m>,
    words: &'w [String],
    at: usize,
    depth: u32,
    /// A missing file counts as older than any (bash, GNU test; not ash and dash).
    missing_is_old: bool,
}

/// Evaluates the words between `[` and `]` (POSIX XCU test: by the number of words up to four, else as
/// an expression with `-a`, `-o`, `!` and parentheses).
pub(crate) fn evaluate(m: &mut Machine<'_>, words: &[String], missing_is_old: bool) -> Answer {
    let mut reader = Reader { m, words, at: 0, depth: 0, missing_is_old };
    match words {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        [not, one] if not == "!" => Ok(one.is_empty()),
        [op, operand] if is_unary(op) => reader.unary(op, operand),
        [op, _] => Err(Mistake::Unary(op.clone())),
        [left, op, right] if is_binary(op) => reader.binary(left, op, right),
        [left, op, right] if op == "-a" || op == "-o" => {
            let (a, b) = (!left.is_empty(), !right.is_empty());
            Ok(if op == "-a" { a && b } else { a || b })
        }
        [not, rest @ ..] if not == "!" && rest.len() == 2 => {
            evaluate(reader.m, rest, missing_is_old).map(|yes| !yes)
        }
        [open, one, close] if open == "(" && close == ")" => Ok(!one.is_empty()),
        [_, op, _] => Err(Mistake::Binary(op.clone())),
        [not, rest @ ..] if not == "!" && rest.len() == 3 => {
            evaluate(reader.m, rest, missing_is_old).map(|yes| !yes)
        }
        _ => {
            let answer = reader.either()?;
            match words.get(reader.at) {
                None => Ok(answer),
                Some(word) => Err(Mistake::TooMany(word.clone())),
            }
        }
    }
}

pub(crate) fn is_unary(op: &str) -> bool {
    op.strip_prefix('-').is_some_and(|letter| letter.len() == 1 && UNARY.contains(letter))
}

fn is_binary(op: &str) -> bool {
    op != "-a" && BINARY.contains(&op)
}

/// `-eq` and its friends.
pub(crate) fn compare_numbers(op: &str, a: i64, b: i64) -> bool {
    match op {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        _ => a >= b,
    }
}

impl Reader<'_, '_, '_> {
    fn peek(&self, ahead: usize) -> Option<&str> {
        self.words.get(self.at + ahead).map(String::as_str)
    }

    fn take(&mut self) -> Result<String, Mistake> {
        let word = self.words.get(self.at).cloned().ok_or(Mistake::Missing)?;
        self.at += 1;
        Ok(word)
    }

    fn either(&mut self) -> Answer {
        let mut answer = self.both()?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            answer |= self.both()?;
        }
        Ok(answer)
    }

    fn both(&mut self) -> Answer {
        let mut answer = self.one()?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            answer &= self.one()?;
        }
        Ok(answer)
    }

    fn one(&mut self) -> Answer {
        self.depth += 1;
        if self.depth > 50 {
            return Err(Mistake::Missing);
        }
        let answer = self.one_deep();
        self.depth -= 1;
        answer
    }

    fn one_deep(&mut self) -> Answer {
        let word = self.take()?;
        if self.peek(0).is_some_and(is_binary) && self.peek(1).is_some() {
            let op = self.take()?;
            let right = self.take()?;
            return self.binary(&word, &op, &right);
        }
        if word == "!" {
            return self.one().map(|yes| !yes);
        }
        if word == "(" {
            let answer = self.either()?;
            return match self.take()?.as_str() {
                ")" => Ok(answer),
                other => Err(Mistake::TooMany(other.to_owned())),
            };
        }
        if is_unary(&word) && self.peek(0).is_some() {
            let operand = self.take()?;
            return self.unary(&word, &operand);
        }
        Ok(!word.is_empty())
    }

    fn unary(&mut self, op: &str, operand: &str) -> Answer {
        let path = text::encode(operand).into_owned();
        let kind = |m: &mut Machine<'_>| m.stat(&path).ok().map(|stat| stat.kind);
        Ok(match op {
            "-n" => !operand.is_empty(),
            "-z" => operand.is_empty(),
            "-e" => kind(self.m).is_some(),
            "-f" => kind(self.m) == Some(StatKind::File),
            "-d" => kind(self.m) == Some(StatKind::Dir),
            "-p" => kind(self.m) == Some(StatKind::Fifo),
            "-c" => matches!(kind(self.m), Some(StatKind::CharDev(..))),
            "-h" | "-L" => self.m.lstat(&path).is_ok_and(|stat| stat.kind == StatKind::Symlink),
            "-s" => self.m.stat(&path).is_ok_and(|stat| stat.size > 0 || stat.kind == StatKind::Dir),
            "-r" => self.m.access(&path, b'r'),
            "-w" => self.m.access(&path, b'w'),
            "-x" => self.m.access(&path, b'x'),
            "-u" => self.m.stat(&path).is_ok_and(|stat| stat.mode & 0o4000 != 0),
            "-g" => self.m.stat(&path).is_ok_and(|stat| stat.mode & 0o2000 != 0),
            "-k" => self.m.stat(&path).is_ok_and(|stat| stat.mode & 0o1000 != 0),
            "-O" => {
                let uid = self.m.cred.uid;
                self.m.stat(&path).is_ok_and(|stat| stat.uid == uid)
            }
            "-G" => {
                let gid = self.m.cred.gid;
                self.m.stat(&path).is_ok_and(|stat| stat.gid == gid)
            }
            _ => false,
        })
    }

    fn binary(&mut self, left: &str, op: &str, right: &str) -> Answer {
        let number = |word: &str| word.trim().parse::<i64>().map_err(|_| Mistake::Number(word.to_owned()));
        match op {
            "=" | "==" => Ok(left == right),
            "!=" => Ok(left != right),
            "<" => Ok(left < right),
            ">" => Ok(left > right),
            "=~" => Ok(super::posix_regex::extended(right, false).is_some_and(|regex| regex.is_match(left))),
            "-nt" | "-ot" | "-ef" => {
                let a = self.m.stat(&text::encode(left)).ok();
                let b = self.m.stat(&text::encode(right)).ok();
                Ok(match (op, a, b) {
                    ("-ef", Some(a), Some(b)) => a.id == b.id,
                    ("-nt", Some(a), Some(b)) => a.mtime > b.mtime,
                    ("-nt", Some(_), None) => self.missing_is_old,
                    ("-ot", Some(a), Some(b)) => a.mtime < b.mtime,
                    ("-ot", None, Some(_)) => self.missing_is_old,
                    _ => false,
                })
            }
            _ => Ok(compare_numbers(op, number(left)?, number(right)?)),
        }
    }
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let mut words = call.args();
    if call.name.starts_with('[') {
        let end = if call.name == "[[" { "]]" } else { "]" };
        match words.split_last() {
            Some((last, rest)) if last == end => words = rest,
            _ => {
                call.either(&format!("missing {end}"), "missing ']'");
                return 2;
            }
        }
    }
    let answer = match call.busybox {
        true => super::test_classic::evaluate(call.m, words, super::test_classic::Classic::Busybox),
        false => evaluate(call.m, words, true),
    };
    match answer {
        Ok(yes) => i32::from(!yes),
        Err(mistake) => {
            let (busybox, gnu) = match mistake {
                Mistake::Number(word) => (format!("{word}: bad number"), format!("invalid integer '{word}'")),
                Mistake::Unary(word) => {
                    (format!("{word}: unknown operand"), format!("'{word}': unary operator expected"))
                }
                Mistake::Binary(word) => {
                    (format!("{word}: unknown operand"), format!("'{word}': binary operator expected"))
                }
                Mistake::TooMany(word) => {
                    (format!("{word}: unknown operand"), format!("extra argument '{word}'"))
                }
                Mistake::Operand(word) => {
                    (format!("{word}: argument expected"), format!("missing argument after '{word}'"))
                }
                Mistake::Parenthesis => ("closing paren expected".to_owned(), "')' expected".to_owned()),
                Mistake::Missing => ("argument expected".to_owned(), "missing argument".to_owned()),
            };
            call.either(&busybox, &gnu);
            2
        }
    }
}
