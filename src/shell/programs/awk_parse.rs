//! Programs of `awk`: text to tree (POSIX XCU awk).

use super::awk_lexer::Token;
use std::collections::HashMap;
use std::rc::Rc;

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
    /// `getline`: where from, and into what.
    Getline(From, Option<Box<Expr>>),
}

/// What `getline` reads.
#[derive(Clone, Debug)]
pub(super) enum From {
    /// The program's own input.
    Input,
    File(Box<Expr>),
    Command(Box<Expr>),
}

/// Where a `print` goes.
#[derive(Clone, Debug)]
pub(super) enum To {
    File(Expr),
    Append(Expr),
    Command(Expr),
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    Print {
        format: bool,
        values: Vec<Expr>,
        to: Option<To>,
    },
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
    Return(Option<Expr>),
    /// `nextfile`
    NextFile,
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

/// A function that the program defines.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub parameters: Vec<String>,
    pub body: Statement,
}

/// A program.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub rules: Vec<Rule>,
    pub functions: HashMap<String, Rc<Function>>,
}

pub(super) struct Parser {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    pub(super) token: Token,
    depth: u32,
    /// In the list of a `print`, outside parentheses: `>` names a file.
    pub(super) printing: bool,
    /// In the head of a `for`: `in` is no operator.
    pub(super) no_in: bool,
    /// Behind a `print … |`: what follows is no `getline`.
    pub(super) piping: bool,
}

pub(super) type Parsed<T> = Result<T, String>;

/// Reads a program.
pub(super) fn parse(source: &str) -> Parsed<Program> {
    let mut parser = Parser {
        chars: source.chars().collect(),
        at: 0,
        token: Token::Newline,
        depth: 0,
        printing: false,
        no_in: false,
        piping: false,
    };
    parser.advance(true)?;
    let mut program = Program::default();
    loop {
        parser.newlines()?;
        if parser.token == Token::End {
            return Ok(program);
        }
        if parser.word("function") || parser.word("func") {
            let (name, function) = parser.definition()?;
            program.functions.insert(name, Rc::new(function));
        } else {
            program.rules.push(parser.rule()?);
        }
    }
}

impl Parser {
    pub(super) fn is(&self, op: &str) -> bool {
        matches!(&self.token, Token::Op(found) if *found == op)
    }

    pub(super) fn word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Name(found) if found == word)
    }

    pub(super) fn take(&mut self, op: &str) -> Parsed<bool> {
        let here = self.is(op);
        if here {
            let value = matches!(op, ")" | "]" | "}");
            self.advance(!value)?;
        }
        Ok(here)
    }

    pub(super) fn expect(&mut self, op: &str) -> Parsed<()> {
        if self.take(op)? { Ok(()) } else { self.mistake() }
    }

    pub(super) fn newlines(&mut self) -> Parsed<()> {
        while self.token == Token::Newline || self.is(";") {
            self.advance(true)?;
        }
        Ok(())
    }

    pub(super) fn line_ends(&mut self) -> Parsed<()> {
        while self.token == Token::Newline {
            self.advance(true)?;
        }
        Ok(())
    }

    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth > 40 {
            return Err("nested too deep".to_owned());
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// `function name(a, b) { … }`
    fn definition(&mut self) -> Parsed<(String, Function)> {
        self.advance(false)?;
        let name = match self.token.clone() {
            Token::Name(name) | Token::Function(name) => name,
            _ => return self.mistake(),
        };
        self.advance(false)?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while let Token::Name(parameter) = self.token.clone() {
            parameters.push(parameter);
            self.advance(false)?;
            if !self.take(",")? {
                break;
            }
            self.line_ends()?;
        }
        self.expect(")")?;
        self.line_ends()?;
        let body = self.block()?;
        Ok((name, Function { parameters, body }))
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
            "nextfile" => {
                self.advance(true)?;
                Statement::NextFile
            }
            "return" => {
                self.advance(true)?;
                Statement::Return(if self.statement_ends() { None } else { Some(self.expression()?) })
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
                Statement::Exit(if self.statement_ends() { None } else { Some(self.expression()?) })
            }
            _ => self.simple()?,
        };
        if !(self.is("}") || self.token == Token::End || self.token == Token::Newline || self.is(";")) {
            return self.mistake();
        }
        Ok(statement)
    }

    fn statement_ends(&self) -> bool {
        matches!(self.token, Token::Newline | Token::End) || self.is(";") || self.is("}")
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
        let kind = [">", ">>", "|"].into_iter().find(|op| self.is(op));
        let to = match kind {
            Some(kind) => {
                self.advance(true)?;
                self.piping = true;
                let target = self.destination();
                self.piping = false;
                let target = target?;
                Some(match kind {
                    ">" => To::File(target),
                    ">>" => To::Append(target),
                    _ => To::Command(target),
                })
            }
            None => None,
        };
        Ok(Statement::Print { format, values, to })
    }

    /// What stands behind `>`: a name, put together or chosen.
    fn destination(&mut self) -> Parsed<Expr> {
        let left = self.concatenation()?;
        if self.take("?")? {
            let yes = self.expression()?;
            self.expect(":")?;
            return Ok(Expr::Ternary(Box::new(left), Box::new(yes), Box::new(self.expression()?)));
        }
        Ok(left)
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
}
