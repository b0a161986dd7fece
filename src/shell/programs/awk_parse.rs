//! Programs of `awk`: text to tree (POSIX XCU awk, without user functions and getline).

use super::awk_lexer::{KEYWORDS, Token};

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Regex(String),
    Variable(String),
    Field(Box<Expr>),
    Element(String, Vec<Expr>),
    In(Vec<Expr>, String),
    Assign(Box<Expr>, Option<char>, Box<Expr>),
    Bump(Box<Expr>, f64, bool),
    Unary(char, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Group(Box<Expr>),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Print { format: bool, values: Vec<Expr>, to: Option<(bool, Expr)> },
    Expr(Expr),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    Do(Box<Statement>, Expr),
    For(Option<Box<Statement>>, Option<Expr>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Delete(String, Option<Vec<Expr>>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
}

/// When a rule runs.
#[derive(Clone, Debug)]
pub(super) enum When {
    Begin,
    End,
    Always,
    Match(Expr),
    Range(Expr, Expr),
}

/// A rule; without an action it prints the line.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub when: When,
    pub action: Option<Statement>,
}

pub(super) struct Parser {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    pub(super) token: Token,
    depth: u32,
    /// In the list of a `print`, outside parentheses: `>` names a file.
    printing: bool,
    /// In the head of a `for`: `in` is no operator.
    no_in: bool,
}

pub(super) type Parsed<T> = Result<T, String>;

/// Reads a program.
pub(super) fn parse(source: &str) -> Parsed<Vec<Rule>> {
    let mut parser = Parser {
        chars: source.chars().collect(),
        at: 0,
        token: Token::Newline,
        depth: 0,
        printing: false,
        no_in: false,
    };
    parser.advance(true)?;
    let mut rules = Vec::new();
    loop {
        parser.newlines()?;
        if parser.token == Token::End {
            return Ok(rules);
        }
        rules.push(parser.rule()?);
    }
}

impl Parser {
    fn is(&self, op: &str) -> bool {
        matches!(&self.token, Token::Op(found) if *found == op)
    }

    fn word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Name(found) if found == word)
    }

    fn take(&mut self, op: &str) -> Parsed<bool> {
        let here = self.is(op);
        if here {
            let value = matches!(op, ")" | "]" | "}");
            self.advance(!value)?;
        }
        Ok(here)
    }

    fn expect(&mut self, op: &str) -> Parsed<()> {
        if self.take(op)? { Ok(()) } else { self.mistake() }
    }

    fn newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance(true)?;
        }
        Ok(())
    }

    fn line_ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance(true)?;
        }
        Ok(())
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth > 40 {
            return Err("nested too deep".to_owned());
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let when = if self.word("BEGIN") {
            self.advance(true)?;
            When::Begin
        } else if self.word("END") {
            self.advance(true)?;
            When::End
        } else if self.is("{") {
            When::Always
        } else {
            if matches!(self.token, Token::Function(_))
                && self.chars.get(..8).is_some_and(|c| c.starts_with(&['f', 'u', 'n', 'c']))
            {
                return Err("function definitions are not modelled".to_owned());
            }
            let first = self.expression()?;
            if self.take(",")? {
                self.line_ends()?;
                When::Range(first, self.expression()?)
            } else {
                When::Match(first)
            }
        };
        let action = if self.is("{") { Some(self.deeper(Self::block)?) } else { None };
        Ok(Rule { when, action })
    }

    fn block(&mut self) -> Parsed<Statement> {
        self.expect("{")?;
        let mut body = Vec::new();
        loop {
            self.newlines()?;
            if self.take("}")? {
                return Ok(Statement::Block(body));
            }
            body.push(self.statement()?);
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        self.deeper(Self::statement_inside)
    }

    fn condition(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let condition = self.expression()?;
        if !self.is(")") {
            return self.mistake();
        }
        self.advance(true)?;
        Ok(condition)
    }

    fn body(&mut self) -> Parsed<Box<Statement>> {
        self.line_ends()?;
        if self.take(";")? {
            return Ok(Box::new(Statement::Block(Vec::new())));
        }
        Ok(Box::new(self.statement()?))
    }

    fn statement_inside(&mut self) -> Parsed<Statement> {
        if self.is("{") {
            return self.block();
        }
        let keyword = match &self.token {
            Token::Name(name) => name.clone(),
            _ => String::new(),
        };
        let statement = match keyword.as_str() {
            "if" => {
                self.advance(true)?;
                let condition = self.condition()?;
                let then = self.body()?;
                let (before, token) = (self.at, self.token.clone());
                self.newlines()?;
                if self.word("else") {
                    self.advance(true)?;
                    return Ok(Statement::If(condition, then, Some(self.body()?)));
                }
                (self.at, self.token) = (before, token);
                return Ok(Statement::If(condition, then, None));
            }
            "while" => {
                self.advance(true)?;
                let condition = self.condition()?;
                return Ok(Statement::While(condition, self.body()?));
            }
            "do" => {
                self.advance(true)?;
                let body = self.body()?;
                self.newlines()?;
                if !self.word("while") {
                    return self.mistake();
                }
                self.advance(true)?;
                Statement::Do(body, self.condition()?)
            }
            "for" => {
                self.advance(true)?;
                return self.for_loop();
            }
            "next" => {
                self.advance(true)?;
                Statement::Next
            }
            "break" => {
                self.advance(true)?;
                Statement::Break
            }
            "continue" => {
                self.advance(true)?;
                Statement::Continue
            }
            "exit" => {
                self.advance(true)?;
                let ends = matches!(self.token, Token::Newline | Token::End) || self.is(";") || self.is("}");
                Statement::Exit(if ends { None } else { Some(self.expression()?) })
            }
            _ => self.simple()?,
        };
        if !(self.is("}") || self.token == Token::End || self.token == Token::Newline || self.is(";")) {
            return self.mistake();
        }
        Ok(statement)
    }

    fn simple(&mut self) -> Parsed<Statement> {
        if self.word("print") || self.word("printf") {
            let format = self.word("printf");
            self.advance(true)?;
            return self.print(format);
        }
        if self.word("delete") {
            self.advance(true)?;
            let Token::Name(name) = self.token.clone() else { return self.mistake() };
            self.advance(false)?;
            if self.take("[")? {
                let index = self.list("]")?;
                return Ok(Statement::Delete(name, Some(index)));
            }
            return Ok(Statement::Delete(name, None));
        }
        Ok(Statement::Expr(self.expression()?))
    }

    fn print(&mut self, format: bool) -> Parsed<Statement> {
        let ends = |p: &Self| {
            matches!(p.token, Token::Newline | Token::End)
                || [";", "}", ">", ">>", "|"].iter().any(|op| p.is(op))
        };
        let mut values = Vec::new();
        self.printing = true;
        if !ends(self) {
            values.push(self.expression()?);
            while self.take(",")? {
                self.line_ends()?;
                values.push(self.expression()?);
            }
        }
        self.printing = false;
        // print (a, b): the parentheses belong to the list.
        if let [Expr::Group(inner)] = &values[..]
            && let Expr::Call(name, list) = &**inner
            && name == ","
        {
            values = list.clone();
        }
        let to = if self.is(">") || self.is(">>") {
            let append = self.is(">>");
            self.advance(true)?;
            Some((append, self.concatenation()?))
        } else {
            None
        };
        Ok(Statement::Print { format, values, to })
    }

    fn for_loop(&mut self) -> Parsed<Statement> {
        self.expect("(")?;
        let start = if self.is(";") {
            None
        } else {
            self.no_in = true;
            let start = self.simple();
            self.no_in = false;
            Some(start?)
        };
        if self.word("in") {
            let Some(Statement::Expr(Expr::Variable(name))) = start else { return self.mistake() };
            self.advance(false)?;
            let Token::Name(array) = self.token.clone() else { return self.mistake() };
            self.advance(false)?;
            if !self.is(")") {
                return self.mistake();
            }
            self.advance(true)?;
            return Ok(Statement::ForIn(name, array, self.body()?));
        }
        self.expect(";")?;
        self.line_ends()?;
        let check = if self.is(";") { None } else { Some(self.expression()?) };
        self.expect(";")?;
        self.line_ends()?;
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        if !self.is(")") {
            return self.mistake();
        }
        self.advance(true)?;
        Ok(Statement::For(start.map(Box::new), check, step, self.body()?))
    }

    fn list(&mut self, end: &str) -> Parsed<Vec<Expr>> {
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

    fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(Self::ternary)
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
        let op = match &self.token {
            Token::Op(">") if self.printing => return Ok(left),
            Token::Op(op @ ("<" | "<=" | "==" | "!=" | ">" | ">=")) => *op,
            _ => return Ok(left),
        };
        self.advance(true)?;
        Ok(Expr::Binary(op, Box::new(left), Box::new(self.concatenation()?)))
    }

    fn concatenation(&mut self) -> Parsed<Expr> {
        let mut left = self.sum()?;
        loop {
            let begins = match &self.token {
                Token::Number(_) | Token::Text(_) | Token::Function(_) => true,
                Token::Name(name) => name != "in",
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
