//! Programs of `awk`: expressions.

use super::awk_lexer::{KEYWORDS, Token};
use super::awk_parse::{Expr, From, Parsed, Parser};

impl Parser {
    pub(super) fn list(&mut self, end: &str) -> Parsed<Vec<Expr>> {
        let mut values = Vec::new();
        let outer = std::mem::replace(&mut self.no_in, false);
        let printing = std::mem::replace(&mut self.printing, false);
        while !self.is(end) {
            values.push(self.expression()?);
            if !self.take(",")? {
                break;
            }
            self.line_ends()?;
        }
        self.printing = printing;
        self.no_in = outer;
        self.expect(end)?;
        Ok(values)
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Self::ternary)
    }

    /// `command | getline [variable]` after a command.
    fn piped(&mut self, mut left: Expr) -> Parsed<Expr> {
        while self.is("|") && self.follows_getline() {
            self.advance(true)?;
            self.advance(false)?;
            let target = self.getline_target()?;
            left = Expr::Getline(From::Command(Box::new(left)), target);
        }
        Ok(left)
    }

    /// Is the next word `getline`?
    fn follows_getline(&self) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let rest: String = rest.iter().skip_while(|c| c.is_whitespace()).take(8).collect();
        rest.starts_with("getline")
            && !rest.ends_with(|c: char| rest.len() == 8 && (c.is_ascii_alphanumeric() || c == '_'))
    }

    /// The variable after `getline`, if there is one.
    fn getline_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        let begins = match &self.token {
            Token::Name(name) => !KEYWORDS.contains(&name.as_str()),
            _ => self.is("$"),
        };
        if begins { Ok(Some(Box::new(self.deeper(Self::primary)?))) } else { Ok(None) }
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let left = self.either()?;
        if self.take("?")? {
            let yes = self.expression()?;
            self.expect(":")?;
            return Ok(Expr::Ternary(Box::new(left), Box::new(yes), Box::new(self.expression()?)));
        }
        let op = match &self.token {
            Token::Op(op @ ("=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=" | "**=")) => *op,
            _ => return Ok(left),
        };
        if !matches!(left, Expr::Variable(_) | Expr::Field(_) | Expr::Element(..)) {
            return self.mistake();
        }
        self.advance(true)?;
        let op = op.chars().next().filter(|c| *c != '=').map(|c| if op == "**=" { '^' } else { c });
        Ok(Expr::Assign(Box::new(left), op, Box::new(self.expression()?)))
    }

    fn either(&mut self) -> Parsed<Expr> {
        let mut left = self.both()?;
        while self.take("||")? {
            self.line_ends()?;
            left = Expr::Binary("||", Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Parsed<Expr> {
        let mut left = self.member()?;
        while self.take("&&")? {
            self.line_ends()?;
            left = Expr::Binary("&&", Box::new(left), Box::new(self.member()?));
        }
        Ok(left)
    }

    fn member(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while self.word("in") && !self.no_in {
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.mistake() };
            self.advance(false)?;
            let keys = match left {
                Expr::Group(inner) => match *inner {
                    Expr::Call(name, list) if name == "," => list,
                    other => vec![other],
                },
                other => vec![other],
            };
            left = Expr::In(keys, array);
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let op = if self.is("~") {
                "~"
            } else if self.is("!~") {
                "!~"
            } else {
                return Ok(left);
            };
            self.advance(true)?;
            left = Expr::Binary(op, Box::new(left), Box::new(self.comparison()?));
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let left = self.concatenation()?;
        let left = if self.piping { left } else { self.piped(left)? };
        let op = match &self.token {
            Token::Op(">") if self.printing => return Ok(left),
            Token::Op(op @ ("<" | "<=" | "==" | "!=" | ">" | ">=")) => *op,
            _ => return Ok(left),
        };
        self.advance(true)?;
        Ok(Expr::Binary(op, Box::new(left), Box::new(self.concatenation()?)))
    }

    pub(super) fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let begins = match &self.token {
                Token::Number(_) | Token::Text(_) | Token::Function(_) => true,
                Token::Name(name) => name != "in" && (name != "getline" || !self.is("|")),
                Token::Op(op) => matches!(*op, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
                _ => false,
            };
            if !begins {
                return Ok(left);
            }
            left = Expr::Binary(" ", Box::new(left), Box::new(self.sum()?));
        }
    }

    fn sum(&mut self) -> Parsed<Expr> {
        let mut left = self.product()?;
        loop {
            let op = if self.is("+") {
                "+"
            } else if self.is("-") {
                "-"
            } else {
                return Ok(left);
            };
            self.advance(true)?;
            left = Expr::Binary(op, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let op = match &self.token {
                Token::Op(op @ ("*" | "/" | "%")) => *op,
                _ => return Ok(left),
            };
            self.advance(true)?;
            left = Expr::Binary(op, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        for (op, letter) in [("!", '!'), ("-", '-'), ("+", '+')] {
            if self.is(op) {
                self.advance(true)?;
                let inner = self.deeper(Self::unary)?;
                return Ok(Expr::Unary(letter, Box::new(inner)));
            }
        }
        self.power()
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.postfix()?;
        if self.is("^") || self.is("**") {
            self.advance(true)?;
            let exponent = self.deeper(Self::unary)?;
            return Ok(Expr::Binary("^", Box::new(base), Box::new(exponent)));
        }
        Ok(base)
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let primary = self.primary()?;
        if matches!(primary, Expr::Variable(_) | Expr::Field(_) | Expr::Element(..)) {
            for (op, step) in [("++", 1.0), ("--", -1.0)] {
                if self.is(op) {
                    self.advance(false)?;
                    return Ok(Expr::Bump(Box::new(primary), step, false));
                }
            }
        }
        Ok(primary)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let token = std::mem::replace(&mut self.token, Token::End);
        match token {
            Token::Number(number) => {
                self.advance(false)?;
                Ok(Expr::Number(number))
            }
            Token::Text(text) => {
                self.advance(false)?;
                Ok(Expr::Text(text))
            }
            Token::Regex(source) => {
                self.advance(false)?;
                Ok(Expr::Regex(source))
            }
            Token::Function(name) => {
                self.advance(true)?;
                self.expect("(")?;
                Ok(Expr::Call(name, self.list(")")?))
            }
            Token::Name(name) if name == "getline" => {
                self.advance(false)?;
                let target = self.getline_target()?;
                if !self.is("<") {
                    return Ok(Expr::Getline(From::Input, target));
                }
                self.advance(true)?;
                let file = self.deeper(Self::primary)?;
                Ok(Expr::Getline(From::File(Box::new(file)), target))
            }
            Token::Name(name) if name == "length" => {
                self.advance(false)?;
                Ok(Expr::Call(name, Vec::new()))
            }
            Token::Name(name) if !KEYWORDS.contains(&name.as_str()) => {
                self.advance(false)?;
                if self.is("[") {
                    self.advance(true)?;
                    return Ok(Expr::Element(name, self.list("]")?));
                }
                Ok(Expr::Variable(name))
            }
            Token::Op("$") => {
                self.advance(true)?;
                let inner =
                    self.deeper(
                        |p| if p.is("++") || p.is("--") || p.is("-") { p.unary() } else { p.primary() },
                    )?;
                Ok(Expr::Field(Box::new(inner)))
            }
            Token::Op(op @ ("++" | "--")) => {
                self.advance(true)?;
                let inner = self.deeper(Self::primary)?;
                Ok(Expr::Bump(Box::new(inner), if op == "++" { 1.0 } else { -1.0 }, true))
            }
            Token::Op("(") => {
                self.advance(true)?;
                if self.is(")") {
                    return Err("Empty sequence".to_owned());
                }
                let mut list = self.deeper(|p| p.list(")"))?;
                Ok(Expr::Group(Box::new(match list.pop() {
                    Some(only) if list.is_empty() => only,
                    Some(last) => {
                        list.push(last);
                        Expr::Call(",".to_owned(), list)
                    }
                    None => return self.mistake(),
                })))
            }
            other => {
                self.token = other;
                self.mistake()
            }
        }
    }
}
