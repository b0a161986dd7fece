//! `test` of dash and of busybox, which descend from one program and read their words from left to right:
//! dash `src/bltin/test.c`, busybox `coreutils/test.c`.

use super::test::{self, Mistake, is_unary};
use crate::shell::machine::Machine;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Classic {
    Dash,
    Busybox,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    End,
    Operand,
    Unary,
    Binary,
    And,
    Or,
    Not,
    Open,
    Close,
}

type Answer = Result<bool, Mistake>;

struct Reader<'a, 'm, 'w> {
    m: &'a mut Machine<'m>,
    words: &'w [String],
    at: usize,
    depth: u32,
    which: Classic,
}

const DASH_BINARY: [&str; 13] =
    ["=", "!=", "<", ">", "-eq", "-ne", "-ge", "-gt", "-le", "-lt", "-nt", "-ot", "-ef"];

/// Evaluates the words between `[` and `]`.
pub(crate) fn evaluate(m: &mut Machine<'_>, words: &[String], which: Classic) -> Answer {
    let mut reader = Reader { m, words, at: 0, depth: 0, which };
    match which {
        Classic::Dash => reader.dash(),
        Classic::Busybox => reader.busybox(),
    }
}

impl Reader<'_, '_, '_> {
    fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }

    fn plain(&self, at: usize) -> Token {
        let Some(word) = self.word(at) else { return Token::End };
        let binary = DASH_BINARY.contains(&word) || (word == "==" && self.which == Classic::Busybox);
        match word {
            "!" => Token::Not,
            "(" => Token::Open,
            ")" => Token::Close,
            "-a" => Token::And,
            "-o" => Token::Or,
            _ if binary => Token::Binary,
            _ if is_unary(word) && !matches!(word, "-v" | "-N") => Token::Unary,
            _ => Token::Operand,
        }
    }

    /// dash: an operator that has nothing to work on is a plain word.
    fn token(&self, at: usize) -> Token {
        let token = self.plain(at);
        if self.which == Classic::Busybox {
            return token;
        }
        let alone = self.word(at + 1).is_none();
        let left = alone || (self.word(at + 2).is_some() && self.plain(at + 1) == Token::Binary);
        match token {
            Token::Unary if left => Token::Operand,
            Token::Open if alone => Token::Operand,
            token => token,
        }
    }

    fn dash(&mut self) -> Answer {
        let all = self.words.len();
        let (mut first, mut last) = (0, all);
        let mut answer = None;
        if all == 0 {
            return Ok(false);
        }
        if all == 4 && self.word(0) == Some("!") {
            let rest = self.words.get(1..).unwrap_or_default();
            return evaluate(self.m, rest, Classic::Dash).map(|yes| !yes);
        }
        if all == 3 && self.plain(1) == Token::Binary {
            answer = Some(self.either(Token::Operand)?);
        } else if all == 3 || all == 4 {
            if self.word(0) == Some("(") && self.word(all - 1) == Some(")") {
                (first, last) = (1, all - 1);
            } else if self.word(0) == Some("!") {
                answer = Some(self.either(Token::Not)?);
            }
        }
        self.words = self.words.get(..last).unwrap_or_default();
        let answer = match answer {
            Some(answer) => answer,
            None => {
                self.at = first;
                self.either(self.token(first))?
            }
        };
        match (self.word(self.at), self.word(self.at + 1)) {
            (Some(word), Some(_)) => Err(Mistake::TooMany(word.to_owned())),
            _ => Ok(answer),
        }
    }

    fn busybox(&mut self) -> Answer {
        match self.words.len() {
            0 => return Ok(false),
            1 => return Ok(self.word(0) != Some("")),
            3 if self.plain(1) == Token::Binary => return self.binary(),
            _ => {}
        }
        let answer = self.either(self.token(0))?;
        match self.word(self.at + 1) {
            Some(word) => Err(Mistake::TooMany(word.to_owned())),
            None => Ok(answer),
        }
    }

    fn either(&mut self, mut token: Token) -> Answer {
        let mut answer = false;
        loop {
            answer |= self.both(token)?;
            if self.token(self.at + 1) != Token::Or {
                return Ok(answer);
            }
            self.at += 2;
            token = self.token(self.at);
        }
    }

    fn both(&mut self, mut token: Token) -> Answer {
        let mut answer = true;
        loop {
            answer &= self.negated(token)?;
            if self.token(self.at + 1) != Token::And {
                return Ok(answer);
            }
            self.at += 2;
            token = self.token(self.at);
        }
    }

    fn negated(&mut self, token: Token) -> Answer {
        if token != Token::Not {
            return self.primary(token);
        }
        self.depth += 1;
        if self.depth > 200 {
            return Err(Mistake::Missing);
        }
        let next = self.token(self.at + 1);
        if next != Token::End || self.which == Classic::Busybox {
            self.at += 1;
        }
        let answer = self.negated(next);
        self.depth -= 1;
        Ok(!answer?)
    }

    fn primary(&mut self, token: Token) -> Answer {
        match token {
            Token::End if self.which == Classic::Busybox => Err(Mistake::Missing),
            Token::End => Ok(false),
            Token::Open => self.parenthesis(),
            _ if self.which == Classic::Busybox => self.busybox_primary(token),
            Token::Unary => self.unary(),
            _ if self.token(self.at + 1) == Token::Binary => self.binary(),
            _ => Ok(self.word(self.at).is_some_and(|word| !word.is_empty())),
        }
    }

    fn busybox_primary(&mut self, token: Token) -> Answer {
        let next = self.plain(self.at + 1);
        if next == Token::Binary && self.word(self.at + 2).is_some() {
            return self.binary();
        }
        if token == Token::Unary {
            return self.unary();
        }
        if next == Token::Binary {
            return self.binary();
        }
        Ok(self.word(self.at).is_some_and(|word| !word.is_empty()))
    }

    fn parenthesis(&mut self) -> Answer {
        self.depth += 1;
        if self.depth > 50 {
            return Err(Mistake::Missing);
        }
        self.at += 1;
        let token = self.token(self.at);
        if token == Token::Close && self.which == Classic::Dash {
            return Ok(false);
        }
        let answer = self.either(token)?;
        self.at += 1;
        self.depth -= 1;
        if self.token(self.at) == Token::Close { Ok(answer) } else { Err(Mistake::Parenthesis) }
    }

    fn unary(&mut self) -> Answer {
        let op = self.word(self.at).unwrap_or_default().to_owned();
        self.at += 1;
        let Some(operand) = self.word(self.at).map(str::to_owned) else { return Err(Mistake::Operand(op)) };
        test::evaluate(self.m, &[op, operand], false)
    }

    fn binary(&mut self) -> Answer {
        let left = self.word(self.at).unwrap_or_default().to_owned();
        let op = self.word(self.at + 1).unwrap_or_default().to_owned();
        self.at += 2;
        let Some(right) = self.word(self.at).map(str::to_owned) else { return Err(Mistake::Operand(op)) };
        test::evaluate(self.m, &[left, op, right], false)
    }
}
