//! Programs of `awk`: characters to tokens.

use super::awk_parse::{Parsed, Parser};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    End,
    Newline,
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name with a parenthesis right behind it.
    Function(String),
    Op(&'static str),
}

const OPERATORS: [&str; 45] = [
    "**=", "&&", "||", "==", "!=", "<=", ">=", ">>", "+=", "-=", "*=", "/=", "%=", "^=", "++", "--", "**",
    "!~", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":",
    "~", "$", "=", "&", "@", "\\", "#",
];

pub(super) const KEYWORDS: [&str; 20] = [
    "BEGIN", "END", "if", "else", "while", "for", "do", "in", "print", "printf", "next", "exit", "break",
    "continue", "function", "func", "return", "getline", "delete", "nextfile",
];

impl Parser {
    fn look(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    pub(super) fn mistake<T>(&self) -> Parsed<T> {
        Err("Unexpected token".to_owned())
    }

    /// Reads the next token. `regex`: a slash begins a pattern here.
    pub(super) fn advance(&mut self, regex: bool) -> Parsed<()> {
        loop {
            match self.look(0) {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.look(1) == Some('\n') => self.at += 2,
                Some('#') => {
                    while self.look(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
        let Some(c) = self.look(0) else {
            self.token = Token::End;
            return Ok(());
        };
        self.token = match c {
            '\n' => {
                self.at += 1;
                Token::Newline
            }
            '"' => Token::Text(self.quoted('"')?),
            '/' if regex => Token::Regex(self.quoted('/')?),
            c if c.is_ascii_digit() || c == '.' && self.look(1).is_some_and(|c| c.is_ascii_digit()) => {
                let mut text = String::new();
                while let Some(c) = self.look(0).filter(|c| c.is_ascii_digit() || *c == '.') {
                    text.push(c);
                    self.at += 1;
                }
                let sign = usize::from(matches!(self.look(1), Some('+' | '-')));
                let exponent = matches!(self.look(0), Some('e' | 'E'))
                    && self.look(1 + sign).is_some_and(|c| c.is_ascii_digit());
                if exponent {
                    text.extend(self.chars.get(self.at..=self.at + sign).unwrap_or_default());
                    self.at += 1 + sign;
                    while let Some(c) = self.look(0).filter(char::is_ascii_digit) {
                        text.push(c);
                        self.at += 1;
                    }
                }
                Token::Number(text.parse().unwrap_or(0.0))
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.look(0).filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                    self.at += 1;
                }
                if self.look(0) == Some('(') && !KEYWORDS.contains(&name.as_str()) {
                    Token::Function(name)
                } else {
                    Token::Name(name)
                }
            }
            _ => {
                let found =
                    OPERATORS.iter().find(|op| op.chars().enumerate().all(|(i, c)| self.look(i) == Some(c)));
                let op = *found.ok_or("Unexpected token")?;
                self.at += op.len();
                Token::Op(op)
            }
        };
        Ok(())
    }

    fn quoted(&mut self, end: char) -> Parsed<String> {
        self.at += 1;
        let mut raw = String::new();
        loop {
            let c = self.look(0).ok_or("Unexpected end of string")?;
            self.at += 1;
            match c {
                c if c == end => break,
                '\\' if end == '/' => {
                    let next = self.look(0).ok_or("Unexpected end of string")?;
                    self.at += 1;
                    if next != '/' {
                        raw.push('\\');
                    }
                    raw.push(next);
                }
                '\\' => {
                    raw.push('\\');
                    raw.extend(self.look(0));
                    self.at += 1;
                }
                c => raw.push(c),
            }
        }
        if end == '/' {
            return Ok(raw);
        }
        let (bytes, _) = crate::shell::escape::format(&raw);
        Ok(crate::shell::text::decode(&bytes).replace("\\/", "/"))
    }
}
