//! `$name` and `${…}`.

use super::error::{Mistake, SyntaxError};
use super::lexer::End;
use super::tree::{Anchor, Op, Param, Word};
use super::{Dialect, Parser};

/// `$name`.
pub(super) fn value(name: String) -> Param {
    Param { source: format!("${name}"), name, index: None, indirect: false, op: Op::Value }
}

pub(super) fn is_name_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Parser {
    /// A name or special parameter after `$`, without braces: one digit only.
    pub(super) fn plain_name(&mut self) -> Option<String> {
        let c = self.look(0)?;
        if is_name_start(c) {
            return Some(self.name());
        }
        if c.is_ascii_digit() || "@*#?-$!".contains(c) {
            self.bump();
            return Some(c.to_string());
        }
        None
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.look(0).filter(|c| is_name(*c)) {
            name.push(c);
            self.bump();
        }
        name
    }

    /// After `${`, to the closing brace, which is taken.
    pub(super) fn braced(&mut self, quoted: bool) -> Result<Param, SyntaxError> {
        let start = self.pos;
        let mut param =
            Param { name: String::new(), index: None, indirect: false, op: Op::Value, source: String::new() };
        let length = self.look(0) == Some('#')
            && (self.look(1).is_some_and(|c| is_name(c) || "@*?-$!".contains(c))
                || (self.look(1) == Some('#') && self.look(2) == Some('}')))
            && !(matches!(self.look(1), Some('-' | '?')) && self.look(2) != Some('}'));
        if length {
            self.bump();
        }
        let all = matches!(self.look(1), Some('*' | '@')) && self.look(2) == Some('}');
        let indirect = all || self.look(1).is_some_and(is_name);
        if self.dialect == Dialect::Bash && self.look(0) == Some('!') && indirect {
            self.bump();
            param.indirect = true;
        }
        param.name = match self.look(0) {
            // No prefix before `*` or `@`: what the parameters name, and there the lab has no answer but nothing.
            Some('*' | '@') if param.indirect => String::new(),
            Some(c) if c.is_ascii_digit() => {
                let mut digits = String::new();
                while let Some(c) = self.look(0).filter(char::is_ascii_digit) {
                    digits.push(c);
                    self.bump();
                }
                digits
            }
            _ => self.plain_name().unwrap_or_default(),
        };
        if self.dialect == Dialect::Bash && self.look(0) == Some('[') {
            self.bump();
            param.index = Some(Word(self.parts(End::Bracket)?));
        }
        let prefixed = param.indirect && self.look(1) == Some('}') && matches!(self.look(0), Some('*' | '@'));
        param.op = if prefixed {
            let joins = self.bump() == Some('*');
            self.bump();
            Op::Names { joins }
        } else if param.name.is_empty() {
            self.bad(quoted)?
        } else if length {
            if self.look(0) == Some('}') {
                self.bump();
                Op::Length
            } else {
                self.bad(quoted)?
            }
        } else {
            self.operator(quoted)?
        };
        let end = self.pos.min(self.src.len());
        param.source = format!("${{{}", self.src.get(start..end).unwrap_or(&[]).iter().collect::<String>());
        Ok(param)
    }

    fn bad(&mut self, quoted: bool) -> Result<Op, SyntaxError> {
        self.parts(if quoted { End::BraceDouble } else { End::Brace })?;
        Ok(Op::Bad)
    }

    fn rest(&mut self, quoted: bool) -> Result<Word, SyntaxError> {
        Ok(Word(self.parts(if quoted { End::BraceDouble } else { End::Brace })?))
    }

    fn operator(&mut self, quoted: bool) -> Result<Op, SyntaxError> {
        let unclosed =
            if quoted && self.dialect != Dialect::Bash { Mistake::Quote('"') } else { Mistake::Missing("}") };
        let Some(c) = self.look(0) else {
            return self.error(unclosed);
        };
        let colon = c == ':' && self.look(1).is_some_and(|c| "-=?+".contains(c));
        if colon {
            self.bump();
        }
        let Some(c) = self.bump() else {
            return self.error(unclosed);
        };
        let fancy = self.dialect != Dialect::Dash;
        Ok(match c {
            '}' => Op::Value,
            '-' => Op::Default(colon, self.rest(quoted)?),
            '=' => Op::Assign(colon, self.rest(quoted)?),
            '?' => Op::Error(colon, self.rest(quoted && self.dialect != Dialect::Bash)?),
            '+' => Op::Alternate(colon, self.rest(quoted)?),
            '#' | '%' => {
                let longest = self.look(0) == Some(c);
                if longest {
                    self.bump();
                }
                let pattern = self.rest(false)?;
                if c == '#' { Op::Prefix(longest, pattern) } else { Op::Suffix(longest, pattern) }
            }
            '/' if fancy => self.replacement(quoted)?,
            ':' if fancy => {
                let offset = self.parts(End::Colon)?;
                match self.bump() {
                    Some(':') => Op::Slice(offset, Some(self.parts(End::Brace)?)),
                    _ => Op::Slice(offset, None),
                }
            }
            '^' | ',' if self.dialect == Dialect::Bash => {
                let all = self.look(0) == Some(c);
                if all {
                    self.bump();
                }
                let pattern = Word(self.parts(End::Brace)?);
                Op::Case { upper: c == '^', all, pattern }
            }
            '@' if self.dialect == Dialect::Bash => {
                let letter = self.look(0).filter(|c| "QEPAKaUuLk".contains(*c) && self.look(1) == Some('}'));
                match letter {
                    Some(letter) => {
                        self.bump();
                        self.bump();
                        Op::Transform(Some(letter))
                    }
                    None => {
                        self.bad(quoted)?;
                        Op::Transform(None)
                    }
                }
            }
            _ => self.bad(quoted)?,
        })
    }

    fn replacement(&mut self, quoted: bool) -> Result<Op, SyntaxError> {
        let anchor = match self.look(0) {
            Some('/') => Anchor::All,
            Some('#') => Anchor::Start,
            Some('%') => Anchor::End,
            _ => Anchor::First,
        };
        if anchor != Anchor::First {
            self.bump();
        }
        let pattern = Word(self.parts(End::Slash)?);
        let with = match self.bump() {
            Some('/') => self.rest(quoted)?,
            _ => Word::default(),
        };
        Ok(Op::Replace { anchor, pattern, with, quoted })
    }
}
