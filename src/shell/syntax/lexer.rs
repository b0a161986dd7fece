//! Characters to tokens and parts of words.

use super::error::{Mistake, SyntaxError};
use super::tree::{Part, Script, Word};
use super::{Dialect, Parser};
use crate::shell::text;
use std::rc::Rc;

/// A token of the grammar.
#[derive(Clone, Debug)]
pub(super) enum Token {
    End,
    Newline,
    Op(&'static str),
    /// Digits right before `<` or `>`.
    Number(u32),
    Word(Word),
}

/// What ends the parts being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A blank or an operator.
    Word,
    /// `"`
    Double,
    /// `}` of `${…}`.
    Brace,
    /// `}` of `${…}` inside double quotes.
    BraceDouble,
    /// `/` or `}`: the pattern of `${x/pattern/…}`.
    Slash,
    /// `:` or `}`: the offset of `${x:offset:…}`.
    Colon,
    /// `]` of an index.
    Bracket,
    /// `))`
    Arith,
    /// `;` or `))`: a part of `for ((…))`.
    Semicolon,
    /// `)` of an extended pattern, `@(…)`.
    Group,
    /// `]` of `$[…]`, bash's old arithmetic.
    Square,
    /// The end of the text: a here-document.
    Here,
}

/// Longest first.
const OPERATORS: [(&str, bool); 23] = [
    (";;&", true),
    ("&>>", true),
    ("<<<", true),
    ("<<-", false),
    ("&&", false),
    ("||", false),
    (";;", false),
    (";&", true),
    ("|&", true),
    ("&>", true),
    ("<<", false),
    ("<&", false),
    ("<>", false),
    (">>", false),
    (">&", false),
    (">|", false),
    ("<", false),
    (">", false),
    ("&", false),
    ("|", false),
    (";", false),
    ("(", false),
    (")", false),
];

impl Parser {
    pub(super) fn look(&self, ahead: usize) -> Option<char> {
        self.src.get(self.pos + ahead).copied()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.look(0)?;
        self.pos += 1;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    pub(super) fn starts(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.look(i) == Some(c))
    }

    pub(super) fn error<T>(&self, mistake: Mistake) -> Result<T, SyntaxError> {
        self.error_at(mistake, self.line)
    }

    pub(super) fn error_at<T>(&self, mistake: Mistake, line: u32) -> Result<T, SyntaxError> {
        let number = (line.saturating_sub(self.first_line)) as usize;
        let text = self.src.split(|c| *c == '\n').nth(number).unwrap_or_default();
        Err(SyntaxError { mistake, line, text: text.iter().collect() })
    }

    /// One level of nesting; too many are a mistake of their own.
    pub(super) fn deeper<T>(
        &mut self,
        f: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= Parser::DEEPEST {
            return self.error(Mistake::TooDeep);
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.look(0) {
                Some(' ' | '\t') => self.pos += 1,
                Some('\\') if self.look(1) == Some('\n') => {
                    self.bump();
                    self.bump();
                }
                Some('#') => {
                    while self.look(0).is_some_and(|c| c != '\n') {
                        self.pos += 1;
                    }
                }
                _ => return,
            }
        }
    }

    pub(super) fn token(&mut self) -> Result<Token, SyntaxError> {
        self.skip_blanks();
        (self.token_line, self.token_start) = (self.line, self.pos);
        let Some(c) = self.look(0) else {
            self.read_documents()?;
            return Ok(Token::End);
        };
        if c == '\n' {
            self.bump();
            self.read_documents()?;
            return Ok(Token::Newline);
        }
        if self.process_substitution_here() {
            return Ok(Token::Word(Word(self.parts(End::Word)?)));
        }
        let operators = if "<>&|;()".contains(c) { OPERATORS.as_slice() } else { &[] };
        for (op, special) in operators {
            if self.starts(op) && (!special || self.has_operator(op)) {
                self.pos += op.len();
                return Ok(Token::Op(op));
            }
        }
        if c.is_ascii_digit() {
            let digits = (0..9).take_while(|i| self.look(*i).is_some_and(|c| c.is_ascii_digit())).count();
            let most = if self.dialect == Dialect::Dash { 1 } else { 9 };
            if digits <= most && matches!(self.look(digits), Some('<' | '>')) {
                let number = self.src[self.pos..self.pos + digits].iter().collect::<String>();
                self.pos += digits;
                return Ok(Token::Number(number.parse().unwrap_or(0)));
            }
        }
        Ok(Token::Word(Word(self.parts(End::Word)?)))
    }

    fn has_operator(&self, op: &str) -> bool {
        match self.dialect {
            Dialect::Bash => true,
            Dialect::Ash => op == "&>" || op == "&>>",
            Dialect::Dash => false,
        }
    }

    pub(super) fn process_substitution_here(&self) -> bool {
        self.dialect != Dialect::Dash && (self.starts("<(") || self.starts(">("))
    }

    /// The parts of a word or of something like one, up to its end. The end itself is taken, except
    /// after [`End::Word`] and the separators `/`, `:` and `;`.
    pub(super) fn parts(&mut self, end: End) -> Result<Vec<Part>, SyntaxError> {
        let quoted = matches!(
            end,
            End::Double | End::BraceDouble | End::Here | End::Arith | End::Semicolon | End::Square
        );
        let mut parts: Vec<Part> = Vec::new();
        let (mut open, start) = (0u32, self.line);
        loop {
            let Some(c) = self.look(0) else {
                return match end {
                    End::Word | End::Here => Ok(parts),
                    End::Double => self.unclosed('"', start),
                    End::BraceDouble if self.dialect != Dialect::Bash => self.unclosed('"', start),
                    End::Group => self.error_at(Mistake::Missing(")"), start),
                    End::Square => self.error_at(Mistake::Missing("]"), start),
                    End::Arith | End::Semicolon => self.error_at(Mistake::Missing("))"), start),
                    _ => self.error_at(Mistake::Missing("}"), start),
                };
            };
            if self.extglob
                && matches!(end, End::Word | End::Group)
                && "?*+@!".contains(c)
                && self.look(1) == Some('(')
            {
                self.bump();
                self.bump();
                push_text(&mut parts, c);
                push_text(&mut parts, '(');
                parts.extend(self.deeper(|p| p.parts(End::Group))?);
                push_text(&mut parts, ')');
                continue;
            }
            match (end, c) {
                (End::Group, ')') => {
                    self.bump();
                    return Ok(parts);
                }
                (End::Word, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')') => return Ok(parts),
                (End::Word, '<' | '>') if !(self.process_substitution_here()) => return Ok(parts),
                (End::Double, '"')
                | (End::Brace | End::BraceDouble, '}')
                | (End::Bracket | End::Square, ']') => {
                    self.bump();
                    return Ok(parts);
                }
                (End::Slash, '/' | '}') => return Ok(parts),
                (End::Colon, ':' | '}') if open == 0 => return Ok(parts),
                (End::Semicolon, ';') if open == 0 => return Ok(parts),
                (End::Arith | End::Semicolon, ')') if open == 0 => {
                    if self.look(1) == Some(')') {
                        self.pos += 2;
                        return Ok(parts);
                    }
                    return self.error_at(Mistake::Missing("))"), start);
                }
                (End::Arith | End::Semicolon | End::Colon, '(') => open += 1,
                (End::Arith | End::Semicolon | End::Colon, ')') => open = open.saturating_sub(1),
                _ => {}
            }
            self.part(c, end, quoted, &mut parts)?;
        }
    }

    /// A quote without its end: bash names the line of its beginning, ash and dash where they gave up.
    fn unclosed<T>(&self, quote: char, start: u32) -> Result<T, SyntaxError> {
        let line = if self.dialect == Dialect::Bash { start } else { self.line };
        self.error_at(Mistake::Quote(quote), line)
    }

    fn part(&mut self, c: char, end: End, quoted: bool, parts: &mut Vec<Part>) -> Result<(), SyntaxError> {
        match c {
            '\\' => {
                self.bump();
                match self.look(0) {
                    Some('\n') => drop(self.bump()),
                    Some(next) if !quoted || "$`\\".contains(next) => {
                        self.bump();
                        push_quoted(parts, next);
                    }
                    Some('"') if matches!(end, End::Double | End::BraceDouble) => {
                        self.bump();
                        push_quoted(parts, '"');
                    }
                    Some('}') if end == End::BraceDouble => {
                        self.bump();
                        push_quoted(parts, '}');
                    }
                    _ if quoted => push_quoted(parts, '\\'),
                    _ => push_text(parts, '\\'),
                }
            }
            '\'' if !quoted => {
                let line = self.line;
                self.bump();
                let mut inside = String::new();
                loop {
                    match self.bump() {
                        Some('\'') => break,
                        Some(c) => inside.push(c),
                        None => return self.unclosed('\'', line),
                    }
                }
                parts.push(Part::Quoted(inside));
            }
            '"' if matches!(end, End::Arith | End::Semicolon | End::Square) => drop(self.bump()),
            '"' if end != End::Here && end != End::Double => {
                self.bump();
                let inside = self.deeper(|p| p.parts(End::Double))?;
                parts.push(Part::Double(inside));
            }
            '$' => self.dollar(quoted, parts)?,
            '`' => {
                self.bump();
                let script = self.backquote(quoted)?;
                parts.push(Part::Command(Rc::new(script)));
            }
            '<' | '>' if end == End::Word => {
                self.pos += 2;
                let script = self.deeper(Parser::substitution)?;
                if c == '<' {
                    parts.push(Part::Process(Rc::new(script)));
                }
            }
            _ => {
                self.bump();
                if quoted {
                    push_quoted(parts, c);
                } else {
                    push_text(parts, c);
                }
            }
        }
        Ok(())
    }

    fn dollar(&mut self, quoted: bool, parts: &mut Vec<Part>) -> Result<(), SyntaxError> {
        self.bump();
        match self.look(0) {
            Some('(') if self.look(1) == Some('(') && self.is_arithmetic() => {
                self.pos += 2;
                let inside = self.deeper(|p| p.parts(End::Arith))?;
                parts.push(Part::Arith(Rc::new(inside)));
            }
            Some('(') => {
                self.bump();
                let mut script = self.deeper(Parser::substitution)?;
                script.source = format!("$({})", script.source);
                parts.push(Part::Command(Rc::new(script)));
            }
            Some('[') if self.dialect == Dialect::Bash => {
                self.bump();
                let inside = self.deeper(|p| p.parts(End::Square))?;
                parts.push(Part::Arith(Rc::new(inside)));
            }
            Some('{') => {
                self.bump();
                let param = self.deeper(|p| p.braced(quoted))?;
                parts.push(Part::Param(Rc::new(param)));
            }
            Some('\'') if !quoted && self.dialect != Dialect::Dash => {
                self.bump();
                let inside = self.ansi_quoted()?;
                parts.push(Part::Quoted(inside));
            }
            Some('"') if !quoted && self.dialect == Dialect::Bash => {}
            _ => match self.plain_name() {
                Some(name) => parts.push(Part::Param(Rc::new(super::param::value(name)))),
                None if quoted => push_quoted(parts, '$'),
                None => push_text(parts, '$'),
            },
        }
        Ok(())
    }

    /// Is the `((` here closed by `))`? Otherwise it is a subshell in a substitution.
    pub(super) fn is_arithmetic(&self) -> bool {
        let (mut open, mut at) = (0u32, self.pos);
        while let Some(c) = self.src.get(at) {
            match c {
                '(' => open += 1,
                ')' if open == 2 => return self.src.get(at + 1) == Some(&')'),
                ')' => open = open.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        true
    }

    /// Backquotes: the text between them is unescaped, then parsed by itself.
    fn backquote(&mut self, quoted: bool) -> Result<Script, SyntaxError> {
        let line = self.line;
        let mut inside = String::new();
        loop {
            match self.bump() {
                Some('`') => break,
                Some('\\') => match self.look(0) {
                    Some(c @ ('$' | '`' | '\\')) => {
                        self.bump();
                        inside.push(c);
                    }
                    Some('"') if quoted => {
                        self.bump();
                        inside.push('"');
                    }
                    _ => inside.push('\\'),
                },
                Some(c) => inside.push(c),
                None => return self.error_at(Mistake::Backquote, line),
            }
        }
        self.deeper(|p| {
            // dash counts its lines anew.
            let line = if p.dialect == Dialect::Dash { 1 } else { line };
            let mut inner = p.within(&inside, line);
            let mut lists = Vec::new();
            while let Some(list) = inner.next()? {
                lists.push(list);
            }
            Ok(Script { lists, source: format!("`{inside}`") })
        })
    }

    /// `$'…'`: escapes as ANSI C has them.
    fn ansi_quoted(&mut self) -> Result<String, SyntaxError> {
        let line = self.line;
        let mut raw = String::new();
        loop {
            match self.bump() {
                Some('\'') => break,
                Some('\\') => {
                    raw.push('\\');
                    match self.bump() {
                        Some(c) => raw.push(c),
                        None => return self.error_at(Mistake::Quote('\''), line),
                    }
                }
                Some(c) => raw.push(c),
                None => return self.error_at(Mistake::Quote('\''), line),
            }
        }
        Ok(text::decode(&crate::shell::escape::ansi_c(&raw)))
    }
}

pub(super) fn push_text(parts: &mut Vec<Part>, c: char) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.push(c),
        _ => parts.push(Part::Text(c.to_string())),
    }
}

pub(super) fn push_quoted(parts: &mut Vec<Part>, c: char) {
    match parts.last_mut() {
        Some(Part::Quoted(text)) => text.push(c),
        _ => parts.push(Part::Quoted(c.to_string())),
    }
}
