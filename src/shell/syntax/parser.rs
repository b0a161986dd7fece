//! Tokens to commands.

use super::Dialect;
use super::error::{Found, Mistake, SyntaxError};
use super::lexer::{End, Token};
use super::param::{is_name, is_name_start};
use super::tree::*;
use std::cell::OnceCell;
use std::rc::Rc;

/// A here-document whose text has not come yet.
pub(super) struct Document {
    delimiter: String,
    quoted: bool,
    tabs: bool,
    text: Rc<OnceCell<Word>>,
}

/// Reads one complete command after the other.
pub(crate) struct Parser {
    pub(super) src: Vec<char>,
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) first_line: u32,
    pub(super) token_line: u32,
    pub(super) dialect: Dialect,
    pub(super) peeked: Option<Token>,
    pub(super) depth: u32,
    documents: Vec<Document>,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Words that mean something where a command may begin.
const RESERVED: [&str; 16] = [
    "!", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "then", "until",
    "while", "{", "}",
];

impl Parser {
    /// Nesting of commands and substitutions that the lab follows.
    pub(super) const DEEPEST: u32 = 60;

    pub fn new(source: &str, dialect: Dialect) -> Parser {
        Parser {
            src: source.chars().collect(),
            pos: 0,
            line: 1,
            first_line: 1,
            token_line: 1,
            dialect,
            peeked: None,
            depth: 0,
            documents: Vec::new(),
        }
    }

    /// The next complete command: up to a newline. None at the end.
    pub fn next(&mut self) -> Parsed<Option<List>> {
        loop {
            match self.peek()? {
                Token::End => return Ok(None),
                Token::Newline => self.peeked = None,
                _ => break,
            }
        }
        let mut items = Vec::new();
        loop {
            let item = self.item()?;
            let more = item.background;
            items.push(item);
            match self.token()? {
                Token::End | Token::Newline => break,
                Token::Op(";") => {}
                token if more => self.peeked = Some(token),
                token => return self.unexpected(&token, None),
            }
            match self.peek()? {
                Token::End | Token::Newline => {
                    self.peeked = None;
                    break;
                }
                _ => {}
            }
        }
        Ok(Some(List(items)))
    }

    pub(super) fn unexpected<T>(&self, token: &Token, expected: Option<&'static str>) -> Parsed<T> {
        let mut found = token.found();
        if let Found::Word(word) = &found
            && RESERVED.contains(&word.as_str())
        {
            found = Found::Token(word.clone());
        }
        self.error_at(Mistake::Unexpected(found, expected), self.token_line)
    }

    fn skip_newlines(&mut self) -> Parsed<()> {
        while matches!(self.peek()?, Token::Newline) {
            self.peeked = None;
        }
        Ok(())
    }

    /// The text of the next token if it is an unquoted word.
    fn keyword(&mut self) -> Parsed<Option<&str>> {
        Ok(match self.peek()? {
            Token::Word(word) => word.plain(),
            _ => None,
        })
    }

    fn take_keyword(&mut self, word: &str) -> Parsed<bool> {
        let here = self.keyword()? == Some(word);
        if here {
            self.peeked = None;
        }
        Ok(here)
    }

    fn expect_keyword(&mut self, word: &'static str) -> Parsed<()> {
        if self.take_keyword(word)? {
            return Ok(());
        }
        let token = self.token()?;
        self.unexpected(&token, Some(word))
    }

    /// Commands up to one of these words (not taken), a closing parenthesis, `;;` or the end.
    pub(super) fn list_until(&mut self, stops: &[&str]) -> Parsed<List> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines()?;
            let stop = match self.peek()? {
                Token::End => true,
                Token::Op(op) => matches!(*op, ")" | ";;" | ";&" | ";;&"),
                Token::Word(word) => word.plain().is_some_and(|w| stops.contains(&w)),
                _ => false,
            };
            if stop {
                return Ok(List(items));
            }
            let item = self.item()?;
            let background = item.background;
            items.push(item);
            match self.peek()? {
                Token::Op(";") | Token::Newline => self.peeked = None,
                _ if background => {}
                _ => return Ok(List(items)),
            }
        }
    }

    /// A list that must hold something, then the stop word, which is taken.
    fn body(&mut self, stop: &'static str) -> Parsed<List> {
        let list = self.list_until(&[stop])?;
        if list.0.is_empty() {
            let token = self.token()?;
            let expected = matches!(token, Token::End).then_some(stop);
            return self.unexpected(&token, expected);
        }
        self.expect_keyword(stop)?;
        Ok(list)
    }

    fn item(&mut self) -> Parsed<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            let join = match self.peek()? {
                Token::Op("&&") => Join::And,
                Token::Op("||") => Join::Or,
                _ => break,
            };
            self.peeked = None;
            self.skip_newlines()?;
            rest.push((join, self.pipeline()?));
        }
        let background = matches!(self.peek()?, Token::Op("&"));
        if background {
            self.peeked = None;
        }
        Ok(Item { first, rest, background })
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        let mut bang = false;
        while self.take_keyword("!")? {
            bang = !bang;
        }
        if self.dialect == Dialect::Bash && self.keyword()? == Some("time") {
            self.peeked = None;
        }
        let (mut commands, mut both) = (vec![self.command()?], Vec::new());
        loop {
            match self.peek()? {
                Token::Op("|") => {}
                Token::Op("|&") => both.push(commands.len() - 1),
                _ => return Ok(Pipeline { bang, commands, both }),
            }
            self.peeked = None;
            self.skip_newlines()?;
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        self.deeper(|p| {
            p.peek()?;
            let line = p.token_line;
            let kind = p.compound()?;
            match kind {
                Some(kind) => {
                    let mut redirects = Vec::new();
                    while let Some(redirect) = p.redirect()? {
                        redirects.push(redirect);
                    }
                    Ok(Command { kind, redirects, line })
                }
                None => p.simple(line),
            }
        })
    }

    fn compound(&mut self) -> Parsed<Option<Kind>> {
        if matches!(self.peek()?, Token::Op("(")) {
            return self.parenthesis().map(Some);
        }
        let Some(word) = self.keyword()?.map(str::to_owned) else { return Ok(None) };
        let dialect = self.dialect;
        let kind = match word.as_str() {
            "{" => {
                self.peeked = None;
                Kind::Group(self.body("}")?)
            }
            "if" => {
                self.peeked = None;
                self.conditional()?
            }
            "while" | "until" => {
                self.peeked = None;
                let condition = self.body("do")?;
                Kind::Loop { until: word == "until", condition, body: self.body("done")? }
            }
            "for" => {
                self.peeked = None;
                self.loop_over()?
            }
            "case" => {
                self.peeked = None;
                self.case()?
            }
            "function" if dialect != Dialect::Dash => {
                self.peeked = None;
                self.function_keyword()?
            }
            "[[" if dialect != Dialect::Dash => {
                self.peeked = None;
                Kind::Cond(self.condition()?)
            }
            word if RESERVED.contains(&word) && word != "function" => {
                let token = self.token()?;
                return self.unexpected(&token, None);
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    fn parenthesis(&mut self) -> Parsed<Kind> {
        self.peeked = None;
        if self.dialect == Dialect::Bash && self.look(0) == Some('(') {
            self.pos -= 1;
            let arithmetic = self.is_arithmetic();
            self.pos += 1;
            if arithmetic {
                self.pos += 1;
                return Ok(Kind::Arith(Word(self.parts(End::Arith)?)));
            }
        }
        let list = self.list_until(&[])?;
        let token = self.token()?;
        match token {
            Token::Op(")") if !list.0.is_empty() => Ok(Kind::Subshell(Rc::new(list))),
            Token::Op(")") => self.unexpected(&token, None),
            _ => self.unexpected(&token, Some(")")),
        }
    }

    fn conditional(&mut self) -> Parsed<Kind> {
        let mut arms = Vec::new();
        loop {
            let condition = self.body("then")?;
            let body = self.list_until(&["elif", "else", "fi"])?;
            if body.0.is_empty() {
                let token = self.token()?;
                return self.unexpected(&token, None);
            }
            arms.push((condition, body));
            if self.take_keyword("elif")? {
                continue;
            }
            let other = if self.take_keyword("else")? { Some(self.body("fi")?) } else { None };
            if other.is_none() {
                self.expect_keyword("fi")?;
            }
            return Ok(Kind::If { arms, other });
        }
    }

    fn loop_over(&mut self) -> Parsed<Kind> {
        if self.dialect == Dialect::Bash
            && matches!(self.peek()?, Token::Op("("))
            && self.look(0) == Some('(')
        {
            return self.loop_arithmetic();
        }
        let token = self.token()?;
        let name = match &token {
            Token::Word(word) => word.plain().unwrap_or("").to_owned(),
            _ => String::new(),
        };
        if !name.starts_with(is_name_start) || !name.chars().all(is_name) {
            return self.error_at(Mistake::ForVariable(name), self.token_line);
        }
        self.skip_newlines()?;
        let mut words = None;
        if self.take_keyword("in")? {
            let list = words.insert(Vec::new());
            loop {
                match self.token()? {
                    Token::Word(word) => list.push(word),
                    Token::Op(";") | Token::Newline => break,
                    token => return self.unexpected(&token, None),
                }
            }
        } else if matches!(self.peek()?, Token::Op(";")) {
            self.peeked = None;
        }
        self.skip_newlines()?;
        let body = self.do_group()?;
        Ok(Kind::For { name, words, body })
    }

    fn do_group(&mut self) -> Parsed<List> {
        if self.dialect == Dialect::Bash && self.take_keyword("{")? {
            return self.body("}");
        }
        self.expect_keyword("do")?;
        self.body("done")
    }

    fn loop_arithmetic(&mut self) -> Parsed<Kind> {
        self.peeked = None;
        self.bump();
        let start = Word(self.parts(End::Semicolon)?);
        self.bump();
        let check = Word(self.parts(End::Semicolon)?);
        self.bump();
        let step = Word(self.parts(End::Arith)?);
        if matches!(self.peek()?, Token::Op(";")) {
            self.peeked = None;
        }
        self.skip_newlines()?;
        let body = self.do_group()?;
        Ok(Kind::ForArith { start, check, step, body })
    }

    fn case(&mut self) -> Parsed<Kind> {
        let word = match self.token()? {
            Token::Word(word) => word,
            token => return self.unexpected(&token, Some("word")),
        };
        self.skip_newlines()?;
        self.expect_keyword("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_keyword("esac")? {
                return Ok(Kind::Case { word, arms });
            }
            if matches!(self.peek()?, Token::Op("(")) {
                self.peeked = None;
            }
            let mut patterns = Vec::new();
            loop {
                match self.token()? {
                    Token::Word(word) => patterns.push(word),
                    token if patterns.is_empty() && !matches!(token, Token::End) => {
                        return self.unexpected(&token, None);
                    }
                    token => return self.unexpected(&token, Some(")")),
                }
                match self.token()? {
                    Token::Op("|") => {}
                    Token::Op(")") => break,
                    token => return self.unexpected(&token, Some(")")),
                }
            }
            let body = self.list_until(&["esac"])?;
            let end = match self.peek()? {
                Token::Op(";;") => ArmEnd::Break,
                Token::Op(";&") => ArmEnd::FallThrough,
                Token::Op(";;&") => ArmEnd::TryNext,
                _ => {
                    arms.push(Arm { patterns, body, end: ArmEnd::Break });
                    self.expect_arm_end()?;
                    return Ok(Kind::Case { word, arms });
                }
            };
            self.peeked = None;
            arms.push(Arm { patterns, body, end });
        }
    }

    fn expect_arm_end(&mut self) -> Parsed<()> {
        if self.take_keyword("esac")? {
            return Ok(());
        }
        let token = self.token()?;
        self.unexpected(&token, Some(";;"))
    }

    fn function_keyword(&mut self) -> Parsed<Kind> {
        let token = self.token()?;
        let Token::Word(word) = &token else { return self.unexpected(&token, None) };
        let Some(name) = word.plain().map(str::to_owned) else { return self.unexpected(&token, None) };
        if matches!(self.peek()?, Token::Op("(")) {
            self.peeked = None;
            match self.token()? {
                Token::Op(")") => {}
                token => return self.unexpected(&token, Some(")")),
            }
        }
        self.function_body(name)
    }

    fn function_body(&mut self, name: String) -> Parsed<Kind> {
        self.skip_newlines()?;
        let command = self.command()?;
        if self.dialect == Dialect::Bash && matches!(command.kind, Kind::Simple { .. }) {
            let word = match command.kind {
                Kind::Simple { words, .. } => words.into_iter().next().unwrap_or_default(),
                _ => Word::default(),
            };
            return self.unexpected(&Token::Word(word), None);
        }
        Ok(Kind::Function { name, body: Rc::new(command) })
    }

    fn simple(&mut self, line: u32) -> Parsed<Command> {
        let (mut assigns, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            match self.peek()? {
                Token::Word(_) => {}
                Token::Op("(") if words.len() == 1 && assigns.is_empty() && redirects.is_empty() => {
                    return self.function_parens(words.remove(0), line);
                }
                Token::Op("(") if !words.is_empty() || !assigns.is_empty() => {
                    let token = self.token()?;
                    return self.unexpected(&token, None);
                }
                token => {
                    if words.is_empty() && assigns.is_empty() && redirects.is_empty() {
                        let token = token.clone();
                        return self.unexpected(&token, None);
                    }
                    let kind = Kind::Simple { assigns, words };
                    return Ok(Command { kind, redirects, line });
                }
            }
            let Token::Word(word) = self.token()? else { continue };
            let declares = || {
                let first = words.first().and_then(|w: &Word| w.plain()).unwrap_or("");
                self.dialect == Dialect::Bash
                    && ["declare", "local", "export", "readonly", "typeset"].contains(&first)
            };
            if words.is_empty() || (declares() && self.look(0) == Some('(')) {
                match self.assignment(word)? {
                    Ok(assign) if words.is_empty() => assigns.push(assign),
                    Ok(assign) => words.push(Word::quoted(format!("{}=", assign.name))),
                    Err(word) => words.push(word),
                }
            } else {
                words.push(word);
            }
        }
    }

    fn function_parens(&mut self, name: Word, line: u32) -> Parsed<Command> {
        let open = self.token()?;
        let Some(name) = name.plain().map(str::to_owned) else { return self.unexpected(&open, None) };
        let token = self.token()?;
        if !matches!(token, Token::Op(")")) {
            return self.unexpected(&token, (self.dialect != Dialect::Bash).then_some(")"));
        }
        if self.dialect != Dialect::Bash && !(name.starts_with(is_name_start) && name.chars().all(is_name)) {
            return self.unexpected(&open, None);
        }
        Ok(Command { kind: self.function_body(name)?, redirects: Vec::new(), line })
    }

    /// `name=value`, or the word back.
    fn assignment(&mut self, word: Word) -> Parsed<Result<Assign, Word>> {
        let Some(Part::Text(text)) = word.0.first() else { return Ok(Err(word)) };
        let bash = self.dialect == Dialect::Bash;
        let length = text.chars().take_while(|c| is_name(*c)).count();
        if length == 0 || !text.starts_with(is_name_start) {
            return Ok(Err(word));
        }
        let (name, mut rest) = (text[..length].to_owned(), &text[length..]);
        let mut index = None;
        if bash && rest.starts_with('[') {
            let Some(close) = rest.find(']') else { return Ok(Err(word)) };
            index = Some(Word(vec![Part::Text(rest[1..close].to_owned())]));
            rest = &rest[close + 1..];
        }
        let append = bash && rest.starts_with("+=");
        rest = if append { &rest[1..] } else { rest };
        let Some(first) = rest.strip_prefix('=') else { return Ok(Err(word)) };
        let mut parts = Vec::new();
        if !first.is_empty() {
            parts.push(Part::Text(first.to_owned()));
        }
        parts.extend(word.0.iter().skip(1).cloned());
        if bash && parts.is_empty() && self.look(0) == Some('(') && self.peeked.is_none() {
            self.bump();
            let items = self.array()?;
            return Ok(Ok(Assign { name, index, append, value: Value::Array(items) }));
        }
        Ok(Ok(Assign { name, index, append, value: Value::Word(Word(parts)) }))
    }

    fn array(&mut self) -> Parsed<Vec<(Option<Word>, Word)>> {
        let mut items = Vec::new();
        loop {
            match self.token()? {
                Token::Newline => {}
                Token::Op(")") => return Ok(items),
                Token::Word(word) => {
                    let keyed = match word.0.first() {
                        Some(Part::Text(text)) if text.starts_with('[') => {
                            text.find("]=").map(|at| (text[1..at].to_owned(), text[at + 2..].to_owned()))
                        }
                        _ => None,
                    };
                    items.push(match keyed {
                        Some((key, value)) => {
                            let mut parts = vec![Part::Text(value)];
                            parts.extend(word.0.into_iter().skip(1));
                            (Some(Word(vec![Part::Text(key)])), Word(parts))
                        }
                        None => (None, word),
                    });
                }
                token => return self.unexpected(&token, Some(")")),
            }
        }
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let number = match self.peek()? {
            Token::Number(number) => Some(*number),
            Token::Op(op) if op.contains(['<', '>']) => None,
            _ => return Ok(None),
        };
        if number.is_some() {
            self.peeked = None;
        }
        let Token::Op(op) = self.token()? else { return Ok(None) };
        let default = if op.starts_with('<') { 0 } else { 1 };
        let fd = number.unwrap_or(default);
        let token = self.token()?;
        let Token::Word(word) = token else { return self.unexpected(&token, None) };
        let kind = match op {
            "<" => RedirectKind::Read(word),
            ">" => RedirectKind::Write { word, clobber: false },
            ">|" => RedirectKind::Write { word, clobber: true },
            ">>" => RedirectKind::Append(word),
            "<>" => RedirectKind::ReadWrite(word),
            ">&" if number.is_none() && self.dialect == Dialect::Bash && !is_descriptor(&word) => {
                RedirectKind::Both { word, append: false }
            }
            ">&" | "<&" => RedirectKind::Dup(word),
            "&>" => RedirectKind::Both { word, append: false },
            "&>>" => RedirectKind::Both { word, append: true },
            "<<<" => RedirectKind::HereString(word),
            _ => RedirectKind::Here(self.document(&word, op == "<<-")),
        };
        Ok(Some(Redirect { fd, kind }))
    }

    fn document(&mut self, word: &Word, tabs: bool) -> Rc<OnceCell<Word>> {
        let mut delimiter = String::new();
        let mut quoted = false;
        for part in &word.0 {
            match part {
                Part::Text(text) => delimiter.push_str(text),
                Part::Quoted(text) => {
                    quoted = true;
                    delimiter.push_str(text);
                }
                Part::Double(parts) => {
                    quoted = true;
                    for part in parts {
                        if let Part::Quoted(text) = part {
                            delimiter.push_str(text);
                        }
                    }
                }
                Part::Param(param) => delimiter.push_str(&param.source),
                _ => {}
            }
        }
        let text = Rc::new(OnceCell::new());
        self.documents.push(Document { delimiter, quoted, tabs, text: text.clone() });
        text
    }

    /// After a newline: the texts of the here-documents before it.
    pub(super) fn read_documents(&mut self) -> Parsed<()> {
        for document in std::mem::take(&mut self.documents) {
            let mut text = String::new();
            let line = self.line;
            while self.pos < self.src.len() {
                let mut row = String::new();
                let mut ended = false;
                while let Some(c) = self.bump() {
                    if c == '\n' {
                        ended = true;
                        break;
                    }
                    row.push(c);
                }
                let shown = if document.tabs { row.trim_start_matches('\t') } else { &row };
                if shown == document.delimiter {
                    break;
                }
                text.push_str(shown);
                if ended {
                    text.push('\n');
                }
            }
            let word = if document.quoted {
                Word::quoted(text)
            } else {
                let mut inner = Parser::new(&text, self.dialect);
                (inner.line, inner.first_line, inner.depth) = (line, line, self.depth);
                Word(vec![Part::Double(inner.deeper(|p| p.parts(End::Here))?)])
            };
            // Each document is read once: its cell is empty.
            let _ = document.text.set(word);
        }
        Ok(())
    }
}

fn is_descriptor(word: &Word) -> bool {
    match word.plain() {
        Some(text) => text == "-" || text.chars().all(|c| c.is_ascii_digit()),
        None => !word.0.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Text(_))),
    }
}
