//! Reads one complete command after the other.

use super::convert::Converter;
use super::error::{Found, Mistake, SyntaxError};
use super::lexer::{End, Token};
use super::param::{is_name, is_name_start};
use super::reading::Reading;
use super::tree::{List, Part, Script, Word};
use super::{Dialect, grammar};
use indexmap::IndexMap;
use std::cell::OnceCell;
use std::rc::Rc;

/// A here-document whose text has not come yet.
pub(super) struct Document {
    delimiter: String,
    quoted: bool,
    tabs: bool,
    line: u32,
    text: Rc<OnceCell<Word>>,
}

/// Reads one complete command after the other.
pub(crate) struct Parser {
    pub(super) src: Vec<char>,
    pub(super) pos: usize,
    pub(super) line: u32,
    pub(super) first_line: u32,
    pub(super) token_line: u32,
    pub(super) token_start: usize,
    pub(super) dialect: Dialect,
    pub(super) depth: u32,
    /// `@(…)` and its like are patterns: `shopt -s extglob`, or the right side of a comparison.
    pub(super) extglob: bool,
    /// Words that stand for other text where a command may begin (ash, dash; bash with `expand_aliases`).
    aliases: Rc<IndexMap<String, String>>,
    /// Aliases that were put in, and where their text ends: none is put into its own.
    expanding: Vec<(String, usize)>,
    expanded: usize,
    /// Here-documents that the end of the text cut off: the text's last line, its own, and what should
    /// have ended it.
    pub cut_off: Vec<(u32, u32, String)>,
    documents: Vec<Document>,
    last_line: u32,
}

/// Where reading stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    End,
    /// A newline with nothing open.
    Line,
    /// The parenthesis that ends a substitution.
    Parenthesis,
}

/// Aliases inside aliases, at most.
const MOST_ALIASES: usize = 50;

/// Aliases in one text, at most: each moves all the text behind it.
const MOST_EXPANDED: usize = 1000;

type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    /// Nesting of commands and substitutions that the lab follows.
    pub(super) const DEEPEST: u32 = 60;
    /// Nesting of `case`, and operators in one `[[ ]]`.
    const MOST_CASES: usize = 8;
    const MOST_CONDITIONS: u32 = 100;

    pub fn new(source: &str, dialect: Dialect) -> Parser {
        Parser {
            src: source.chars().collect(),
            pos: 0,
            line: 1,
            first_line: 1,
            token_line: 1,
            token_start: 0,
            dialect,
            depth: 0,
            extglob: false,
            aliases: Rc::default(),
            expanding: Vec::new(),
            expanded: 0,
            cut_off: Vec::new(),
            last_line: 1,
            documents: Vec::new(),
        }
    }

    /// The line on which the command that was read last ends.
    pub fn last_line(&self) -> u32 {
        self.last_line
    }

    /// The line that reading has come to.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Is there nothing more to read?
    pub fn is_at_end(&self) -> bool {
        self.src.get(self.pos..).is_none_or(|rest| rest.iter().all(|c| c.is_ascii_whitespace()))
    }

    /// Text inside this one, which begins on a line of it.
    pub(super) fn within(&self, source: &str, line: u32) -> Parser {
        let inner = Parser::new(source, self.dialect);
        let aliases = Rc::clone(&self.aliases);
        Parser { line, first_line: line, depth: self.depth, extglob: self.extglob, aliases, ..inner }
    }

    /// Extended patterns from here on, or not.
    pub fn set_extglob(&mut self, on: bool) {
        self.extglob = on;
    }

    /// The aliases from here on.
    pub fn set_aliases(&mut self, aliases: &Rc<IndexMap<String, String>>) {
        self.aliases = Rc::clone(aliases);
    }

    /// Puts an alias's text in the place of the word just read. False: it is none.
    fn expand_alias(&mut self, word: &Word) -> bool {
        let Some(name) = word.plain() else { return false };
        let Some(value) = self.aliases.get(name) else { return false };
        let start = self.token_start;
        self.expanding.retain(|(_, end)| start < *end);
        let again = self.expanding.iter().any(|(known, _)| known == name);
        if again || self.expanding.len() > MOST_ALIASES || self.expanded > MOST_EXPANDED {
            return false;
        }
        self.expanded += 1;
        let text: Vec<char> = value.chars().collect();
        let (old, new) = (self.pos - start, text.len());
        for (_, end) in &mut self.expanding {
            *end = *end + new - old.min(*end + new);
        }
        // One more, so that a text that ends in the alias's own name stands inside it.
        self.expanding.push((name.to_owned(), start + new + 1));
        self.src.splice(start..self.pos, text);
        (self.pos, self.line) = (start, self.token_line);
        true
    }

    /// The next complete command: up to a newline. None at the end.
    pub fn next(&mut self) -> Parsed<Option<List>> {
        let mut reading = Reading::new(self.dialect);
        loop {
            let stop = self.read(&mut reading, false)?;
            if reading.tokens.is_empty() {
                return Ok(None);
            }
            // A newline that was taken belongs to the line that it ends.
            self.last_line = self.line.saturating_sub(u32::from(stop == Stop::Line)).max(1);
            match grammar::parse(&reading.tokens, self.dialect) {
                Ok(program) => return Ok(Some(Converter::new(&reading).program(&program))),
                Err(at) if at >= reading.tokens.len() && stop == Stop::Line => {}
                Err(at) => return self.refuse(&reading, at, Found::End),
            }
        }
    }

    /// The commands up to the closing parenthesis, which is taken.
    pub(super) fn substitution(&mut self) -> Parsed<Script> {
        let mut reading = Reading::new(self.dialect);
        let (start, token_start, token_line) = (self.pos, self.token_start, self.token_line);
        let stop = self.read(&mut reading, true)?;
        let found = if stop == Stop::End { Found::End } else { Found::Token(")".to_owned()) };
        match grammar::parse(&reading.tokens, self.dialect) {
            Ok(_) if stop == Stop::End => {
                self.error_at(Mistake::Unexpected(Found::End, Some(")")), self.token_line)
            }
            Ok(program) => {
                let end = self.pos.saturating_sub(1).max(start);
                let source = self.src.get(start..end).unwrap_or(&[]).iter().collect();
                // The token that holds it is still being read.
                (self.token_start, self.token_line) = (token_start, token_line);
                Ok(Script { lists: vec![Converter::new(&reading).program(&program)], source })
            }
            Err(at) => self.refuse(&reading, at, found),
        }
    }

    /// The error for a token, or for what stands after the last one.
    fn refuse<T>(&self, reading: &Reading, at: usize, after: Found) -> Parsed<T> {
        let (found, line) = reading.origins.get(at).cloned().unwrap_or((after, self.token_line));
        self.error_at(grammar::mistake(reading, at, found), line)
    }

    /// Tokens up to where the command may be complete. What is wrong with those before a mistake
    /// of the lexer comes first, as a shell that reads on token by token finds it first.
    fn read(&mut self, reading: &mut Reading, inside: bool) -> Parsed<Stop> {
        let depth = self.depth;
        let result = loop {
            match self.step(reading, inside) {
                Ok(None) => {}
                Ok(Some(stop)) => break Ok(stop),
                Err(error) => break Err(error),
            }
            self.depth = depth + reading.depth() as u32;
            if self.depth > Parser::DEEPEST
                || reading.cases() > Parser::MOST_CASES
                || reading.conditions > Parser::MOST_CONDITIONS
            {
                break self.error(Mistake::TooDeep);
            }
        };
        self.depth = depth;
        if result.is_err()
            && let Err(at) = grammar::parse(&reading.tokens, self.dialect)
            && at < reading.tokens.len()
        {
            return self.refuse(reading, at, Found::End);
        }
        result
    }

    fn step(&mut self, reading: &mut Reading, inside: bool) -> Parsed<Option<Stop>> {
        if reading.in_condition() && reading.last(0) == "=~" {
            let word = self.regex()?;
            reading.word(word, String::new(), self.line, false);
            return Ok(None);
        }
        let extglob = self.extglob;
        let compares = matches!(reading.last(0), "=" | "==" | "!=") && reading.in_condition();
        self.extglob |= compares && self.dialect == Dialect::Bash;
        let token = self.token();
        self.extglob = extglob;
        let token = token?;
        let line = self.token_line;
        if reading.in_condition() && self.dialect == Dialect::Bash {
            self.check_condition(reading, &token)?;
        }
        self.check(reading, &token)?;
        match &token {
            Token::Op("(") => {}
            Token::Op(op) if op.contains(['<', '>']) => reading.begin_body(line),
            Token::Word(word) if word.plain().is_some_and(super::reading::compound) => {}
            Token::Word(_) | Token::Number(_) => reading.begin_body(line),
            Token::Op(_) | Token::End | Token::Newline => reading.end_body(line),
        }
        match token {
            Token::End => return Ok(Some(Stop::End)),
            Token::Newline if reading.tokens.is_empty() => {}
            Token::Newline => {
                reading.operator("\n", line);
                if !inside && reading.complete() {
                    return Ok(Some(Stop::Line));
                }
            }
            Token::Number(number) => reading.number(number, line),
            Token::Op(")") if inside && reading.closes() => return Ok(Some(Stop::Parenthesis)),
            Token::Op("(") if reading.takes_arithmetic() && self.doubled() => self.arithmetic(reading)?,
            Token::Op(op @ ("<<" | "<<-")) => {
                reading.operator(op, line);
                if let Token::Word(word) = self.token()? {
                    let text = self.document(&word, op == "<<-");
                    reading.document(text, line);
                } else {
                    (self.pos, self.line) = (self.token_start, self.token_line);
                }
            }
            Token::Op("(") if reading.takes_subshell_body() && !self.closes_at_once() => {
                reading.operator("(", line);
                reading.begin_subshell_body();
            }
            Token::Op(op) => reading.operator(op, line),
            Token::Word(word) if reading.takes_alias() && self.expand_alias(&word) => {}
            Token::Word(word) => {
                let raw = self.raw();
                let array = self.dialect == Dialect::Bash && self.look(0) == Some('(');
                // `[[ -f ]]` of ash asks whether the text `-f` is empty.
                let alone = self.dialect == Dialect::Ash
                    && raw.starts_with('-')
                    && reading.in_condition()
                    && self.condition_ends();
                let word = if alone { Word::quoted(raw.clone()) } else { word };
                // A word is read where it ends.
                reading.word(word, raw, self.line, array);
            }
        }
        Ok(None)
    }

    /// Does `]]` come next?
    fn condition_ends(&self) -> bool {
        let rest = self.src.get(self.pos..).unwrap_or(&[]);
        let mut rest = rest.iter().skip_while(|c| matches!(c, ' ' | '\t'));
        (rest.next(), rest.next()) == (Some(&']'), Some(&']'))
    }

    /// After one parenthesis: does a second one begin arithmetic?
    fn doubled(&mut self) -> bool {
        if self.look(0) != Some('(') {
            return false;
        }
        self.pos -= 1;
        let arithmetic = self.is_arithmetic();
        self.pos += 1;
        arithmetic
    }

    /// `((…))` or the head of `for ((…;…;…))`: for the crate a mark between its punctuation.
    fn arithmetic(&mut self, reading: &mut Reading) -> Parsed<()> {
        let line = self.token_line;
        let parts = if reading.last(0) == "for" { 3 } else { 1 };
        self.bump();
        let mut texts = vec!["(".to_owned(), "(".to_owned()];
        for number in 1..=parts {
            let end = if number < parts { End::Semicolon } else { End::Arith };
            let word = Word(self.parts(end)?);
            texts.push(reading.mark(word));
            if number < parts {
                if self.bump() != Some(';') {
                    return self.error(Mistake::Unexpected(Found::Token(")".to_owned()), None));
                }
                texts.push(";".to_owned());
            }
        }
        texts.extend([")".to_owned(), ")".to_owned()]);
        for text in texts {
            reading.push(&text, Found::Token(text.clone()), line);
        }
        reading.begin();
        Ok(())
    }

    /// What the crate would accept, or find fault with too late.
    fn check(&self, reading: &Reading, token: &Token) -> Parsed<()> {
        let line = self.token_line;
        let bash = self.dialect == Dialect::Bash;
        let found = match token {
            Token::End => Found::End,
            Token::Newline => Found::Newline,
            Token::Op(op) if op.contains(['<', '>']) => Found::Redirection((*op).to_owned()),
            Token::Op(op) => Found::Token((*op).to_owned()),
            Token::Number(number) => Found::Redirection(number.to_string()),
            Token::Word(_) => Found::Word(self.raw()),
        };
        if reading.last(0) == "for"
            && !matches!(token, Token::Word(word) if word.plain().is_some_and(is_whole_name))
            && !bash
        {
            return self.error_at(Mistake::ForVariable(self.raw()), line);
        }
        if reading.in_function() {
            if !matches!(token, Token::Op(")")) {
                return self.error_at(Mistake::Unexpected(found, (!bash).then_some(")")), line);
            }
            let name = super::reading::marked(reading.last(1)).and_then(|number| reading.words.get(number));
            if !bash && !name.and_then(Word::plain).is_some_and(is_whole_name) {
                return self.error_at(Mistake::FunctionName, line);
            }
        }
        // bash alone knows a `!` without a command.
        let alone = match token {
            Token::Op(";") | Token::End | Token::Newline => !bash,
            Token::Op(op) => *op != "(" && !op.contains(['<', '>']),
            _ => false,
        };
        if matches!(token, Token::Op("(")) && !reading.takes_parenthesis()
            || reading.takes_target() && matches!(token, Token::Number(_))
            || reading.last(0) == "!" && alone && !reading.in_condition()
        {
            return self.refuse(reading, reading.tokens.len(), found);
        }
        Ok(())
    }

    /// `[[ ]]` of bash has mistakes of its own (bash `parse.y`, `cond_term`).
    fn check_condition(&self, reading: &Reading, token: &Token) -> Parsed<()> {
        let (last, before) = (reading.last(0), reading.last(1));
        let begins = |text: &str| matches!(text, "[[" | "!" | "(" | "&&" | "||" | "\n");
        let word = match token {
            Token::Word(word) => word.plain(),
            Token::Number(_) => return Ok(()),
            Token::Op(_) | Token::Newline | Token::End => None,
        };
        let shown = match token {
            Token::Newline => "newline".to_owned(),
            Token::End => return Ok(()),
            _ => self.raw(),
        };
        let argument = matches!(token, Token::Word(_)) && word != Some("]]");
        let operator =
            |text: &str| text.starts_with('-') || matches!(text, "=" | "==" | "!=" | "=~" | "<" | ">");
        let unary = last.starts_with('-') && begins(before);
        let message = if begins(last) && word == Some("]]") {
            String::new()
        } else if unary && !argument {
            format!("unexpected argument `{shown}' to conditional unary operator")
        } else if operator(last) && before.starts_with(super::reading::MARK) && !argument {
            format!("unexpected argument `{shown}' to conditional binary operator")
        } else if last.starts_with(super::reading::MARK)
            && begins(before)
            && argument
            && !word.is_some_and(operator)
        {
            "conditional binary operator expected".to_owned()
        } else {
            return Ok(());
        };
        self.error(Mistake::Condition(message))
    }

    /// Is the parenthesis that was just read closed by the next token?
    fn closes_at_once(&self) -> bool {
        let rest = self.src.get(self.pos..).unwrap_or(&[]);
        rest.iter().find(|c| !matches!(c, ' ' | '\t')) == Some(&')')
    }

    /// The text of the token just read.
    fn raw(&self) -> String {
        self.src.get(self.token_start..self.pos).unwrap_or(&[]).iter().collect()
    }

    /// The right side of `=~`: parentheses and bars belong to it.
    fn regex(&mut self) -> Parsed<Word> {
        while matches!(self.look(0), Some(' ' | '\t')) {
            self.bump();
        }
        let (mut parts, mut open) = (Vec::new(), 0u32);
        loop {
            parts.extend(self.parts(End::Word)?);
            match self.look(0) {
                Some('(') => open += 1,
                Some(')') if open > 0 => open -= 1,
                Some('|') if open == 0 && self.look(1) == Some('|') => return Ok(Word(parts)),
                Some('|' | '<' | '>') => {}
                Some(' ') if open > 0 => {}
                _ => return Ok(Word(parts)),
            }
            if let Some(c) = self.bump() {
                parts.push(Part::Text(c.to_string()));
            }
        }
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
        self.documents.push(Document { delimiter, quoted, tabs, line: self.token_line, text: text.clone() });
        text
    }

    /// After a newline: the texts of the here-documents before it.
    pub(super) fn read_documents(&mut self) -> Parsed<()> {
        for document in std::mem::take(&mut self.documents) {
            let mut text = String::new();
            let line = self.line;
            let mut found = false;
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
                    found = true;
                    break;
                }
                text.push_str(shown);
                if ended {
                    text.push('\n');
                }
            }
            if !found {
                let ended = u32::from(self.src.last() == Some(&'\n'));
                self.cut_off.push((self.line - ended, document.line, document.delimiter.clone()));
            }
            let word = if document.quoted {
                Word::quoted(text)
            } else {
                let mut inner = self.within(&text, line);
                Word(vec![Part::Double(inner.deeper(|p| p.parts(End::Here))?)])
            };
            // Each document is read once: its cell is empty.
            let _ = document.text.set(word);
        }
        Ok(())
    }
}

/// A variable's name?
pub(crate) fn is_whole_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name)
}
