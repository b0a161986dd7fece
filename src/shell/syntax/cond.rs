//! `[[ … ]]`.

use super::Parser;
use super::error::SyntaxError;
use super::lexer::Token;
use super::tree::{Cond, Part, Word};

const UNARY: &str = "abcdefghknoprstuvwxzGLNORS";
const BINARY: [&str; 14] =
    ["=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot"];

impl Parser {
    /// After `[[`, to `]]`, which is taken.
    pub(super) fn condition(&mut self) -> Result<Cond, SyntaxError> {
        let cond = self.deeper(Parser::either)?;
        match self.token()? {
            Token::Word(word) if word.plain() == Some("]]") => Ok(cond),
            token => self.unexpected(&token, None),
        }
    }

    fn skip_lines(&mut self) -> Result<(), SyntaxError> {
        while matches!(self.peek()?, Token::Newline) {
            self.peeked = None;
        }
        Ok(())
    }

    fn either(&mut self) -> Result<Cond, SyntaxError> {
        let mut left = self.both()?;
        self.skip_lines()?;
        while matches!(self.peek()?, Token::Op("||")) {
            self.peeked = None;
            left = Cond::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Cond, SyntaxError> {
        let mut left = self.deeper(Parser::one)?;
        self.skip_lines()?;
        while matches!(self.peek()?, Token::Op("&&")) {
            self.peeked = None;
            left = Cond::And(Box::new(left), Box::new(self.deeper(Parser::one)?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Cond, SyntaxError> {
        self.skip_lines()?;
        let token = self.token()?;
        let word = match token {
            Token::Op("(") => {
                let inside = self.deeper(Parser::either)?;
                return match self.token()? {
                    Token::Op(")") => Ok(inside),
                    token => self.unexpected(&token, Some(")")),
                };
            }
            Token::Word(word) => word,
            token => return self.unexpected(&token, None),
        };
        match word.plain() {
            Some("!") => return Ok(Cond::Not(Box::new(self.deeper(Parser::one)?))),
            Some("]]") => return self.unexpected(&Token::Word(word), None),
            Some(op) if op.len() == 2 && op.starts_with('-') && UNARY.contains(&op[1..]) => {
                let op = op.to_owned();
                if let Token::Word(next) = self.peek()?
                    && next.plain() != Some("]]")
                {
                    let Token::Word(operand) = self.token()? else { return Ok(Cond::Word(word)) };
                    return Ok(Cond::Unary(op, operand));
                }
            }
            _ => {}
        }
        let op = match self.peek()? {
            Token::Word(next) => next.plain().filter(|op| BINARY.contains(op)).map(str::to_owned),
            Token::Op(op @ ("<" | ">")) => Some((*op).to_owned()),
            _ => None,
        };
        let Some(op) = op else { return Ok(Cond::Word(word)) };
        self.peeked = None;
        if op == "=~" {
            return Ok(Cond::Binary(word, op, self.regex()?));
        }
        match self.token()? {
            Token::Word(right) => Ok(Cond::Binary(word, op, right)),
            token => self.unexpected(&token, None),
        }
    }

    /// The right side of `=~`: parentheses and bars belong to it.
    fn regex(&mut self) -> Result<Word, SyntaxError> {
        while matches!(self.look(0), Some(' ' | '\t')) {
            self.bump();
        }
        let (mut parts, mut open) = (Vec::new(), 0u32);
        loop {
            parts.extend(self.parts(super::lexer::End::Word)?);
            match self.look(0) {
                Some('(') => open += 1,
                Some(')') if open > 0 => open -= 1,
                Some('|' | '<' | '>') => {}
                Some(' ') if open > 0 => {}
                _ => return Ok(Word(parts)),
            }
            if self.look(0) == Some('|') && self.look(1) == Some('|') && open == 0 {
                return Ok(Word(parts));
            }
            if let Some(c) = self.bump() {
                parts.push(Part::Text(c.to_string()));
            }
        }
    }
}
