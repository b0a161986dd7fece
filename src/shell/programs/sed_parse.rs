//! Scripts of `sed`: text to commands.

use super::posix_regex;
use super::sed_text::{control_characters, pieces};
use regex::Regex;
use std::rc::Rc;

/// Where a command applies.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    /// None: the last expression used.
    Match(Option<Rc<Regex>>),
    /// `first~step`
    Step(usize, usize),
    /// `+n`, only as the second.
    Plus(usize),
}

/// A command with its addresses.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub from: Option<Address>,
    pub to: Option<Address>,
    pub not: bool,
    pub what: What,
}

/// What a command does.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// `{`: the index behind the closing one.
    Open(usize),
    Close,
    Substitute {
        regex: Option<Rc<Regex>>,
        with: Vec<Piece>,
        global: bool,
        number: usize,
        print: bool,
        write: Option<String>,
    },
    Translate(Vec<(char, char)>),
    Delete,
    DeleteFirst,
    Print,
    PrintFirst,
    Append(String),
    Insert(String),
    Change(String),
    Next,
    NextAppend,
    Quit(bool, i32),
    Number,
    Hold(bool),
    Get(bool),
    Exchange,
    Label,
    /// The index to go on at.
    Branch(usize),
    BranchIf(usize),
    BranchUnless(usize),
    Read(String),
    Write(String),
    List,
    /// `z`: an empty pattern.
    Zap,
}

/// A piece of a replacement.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// `&` is group 0.
    Group(usize),
    /// `\U \L \u \l \E`
    Case(char),
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    commands: Vec<Command>,
    open: Vec<usize>,
    labels: Vec<(String, usize)>,
    jumps: Vec<(usize, String)>,
    busybox: bool,
    source: std::marker::PhantomData<&'a str>,
}

/// What is wrong with a script.
pub(super) enum Wrong {
    /// GNU's words, and how many characters were read.
    At(usize, String),
    /// A label that is not there.
    Label(String),
    /// A command that only the real one has.
    NotModelled(char),
}

/// Reads a script. The error is in GNU's words.
pub(super) fn parse(source: &str, extended: bool, busybox: bool) -> Result<Vec<Command>, Wrong> {
    let mut reader = Reader {
        chars: source.chars().collect(),
        at: 0,
        extended,
        commands: Vec::new(),
        open: Vec::new(),
        labels: Vec::new(),
        jumps: Vec::new(),
        busybox,
        source: std::marker::PhantomData,
    };
    if let Err(text) = reader.script() {
        if let Some(letter) = text.strip_prefix(NOT_MODELLED).and_then(|rest| rest.chars().next()) {
            return Err(Wrong::NotModelled(letter));
        }
        let at = if text.starts_with("unmatched `{") { 0 } else { reader.at };
        return Err(Wrong::At(at, text));
    }
    reader.resolve().map_err(Wrong::Label)
}

/// Marks a command of GNU sed that is not modelled.
const NOT_MODELLED: &str = "not modelled: ";

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
    }

    fn script(&mut self) -> Result<(), String> {
        loop {
            while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
                self.at += 1;
            }
            match self.peek() {
                None => break,
                Some('#') => {
                    self.line();
                    continue;
                }
                _ => {}
            }
            self.command()?;
            self.command_ends()?;
        }
        // busybox closes what is left open.
        if self.open.is_empty() || self.busybox { Ok(()) } else { Err("unmatched `{'".to_owned()) }
    }

    /// What may stand behind a command on its line.
    fn command_ends(&mut self) -> Result<(), String> {
        let brace = matches!(self.commands.last().map(|command| &command.what), Some(What::Open(_)));
        self.blanks();
        match self.peek() {
            Some(c) if !brace && !self.busybox && !c.is_whitespace() && !";}#".contains(c) => {
                let text = matches!(
                    self.commands.last().map(|command| &command.what),
                    Some(
                        What::Append(_) | What::Insert(_) | What::Change(_) | What::Read(_) | What::Write(_)
                    )
                );
                if text {
                    return Ok(());
                }
                self.at += 1;
                Err("extra characters after command".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn resolve(mut self) -> Result<Vec<Command>, String> {
        let end = self.commands.len();
        for at in std::mem::take(&mut self.open) {
            if let Some(command) = self.commands.get_mut(at) {
                command.what = What::Open(end);
            }
        }
        for (at, label) in std::mem::take(&mut self.jumps) {
            let target = if label.is_empty() {
                end
            } else {
                let found = self.labels.iter().find(|(name, _)| *name == label);
                found.ok_or_else(|| label.clone())?.1
            };
            if let Some(command) = self.commands.get_mut(at) {
                match &mut command.what {
                    What::Branch(to) | What::BranchIf(to) | What::BranchUnless(to) => *to = target,
                    _ => {}
                }
            }
        }
        Ok(self.commands)
    }

    /// The rest of the line.
    fn line(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == '\n' {
                break;
            }
            text.push(c);
        }
        text
    }

    fn number(&mut self) -> Option<usize> {
        let mut value: Option<usize> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize));
            self.at += 1;
        }
        value
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some('/') => {
                self.at += 1;
                Some(self.match_until('/')?)
            }
            Some('\\') => {
                self.at += 1;
                let delimiter = self.peek().ok_or("unterminated address regex")?;
                self.at += 1;
                Some(self.match_until(delimiter)?)
            }
            Some('+') => {
                self.at += 1;
                Some(Address::Plus(self.number().unwrap_or(0)))
            }
            _ => match self.number() {
                Some(first) if self.peek() == Some('~') && !self.busybox => {
                    self.at += 1;
                    Some(Address::Step(first, self.number().unwrap_or(0)))
                }
                Some(line) => Some(Address::Line(line)),
                None => None,
            },
        })
    }

    fn match_until(&mut self, delimiter: char) -> Result<Address, String> {
        let source = self.delimited(delimiter, true).ok_or("unterminated address regex")?;
        let fold = self.peek() == Some('I') && !self.busybox;
        if fold {
            self.at += 1;
        }
        Ok(Address::Match(self.regex(&source, fold)?))
    }

    fn regex(&self, source: &str, fold: bool) -> Result<Option<Rc<Regex>>, String> {
        if source.is_empty() {
            return Ok(None);
        }
        let source = &control_characters(source, self.busybox);
        let regex = if self.extended {
            posix_regex::extended(source, fold)
        } else {
            posix_regex::basic(source, fold)
        };
        match regex {
            Some(regex) => Ok(Some(Rc::new(regex))),
            None if posix_regex::refers_back(source) => Err(format!("{NOT_MODELLED}\\ (a back reference)")),
            None => {
                let why = posix_regex::problem(source, self.extended);
                Err(if self.busybox { format!("bad regex '{source}': {why}") } else { why.to_owned() })
            }
        }
    }

    /// Text up to an unescaped delimiter, which is taken. In an expression a bracket hides it.
    fn delimited(&mut self, delimiter: char, regex: bool) -> Option<String> {
        let mut text = String::new();
        let mut bracket = false;
        loop {
            let c = self.peek()?;
            self.at += 1;
            match c {
                '\\' => {
                    let next = self.peek()?;
                    self.at += 1;
                    if next == delimiter && next != '\\' {
                        // An escaped delimiter is the character itself, but stays special where it was.
                        if regex && ".*[]^$+?(){}|".contains(next) && next != '|' {
                            text.push('\\');
                        }
                        text.push(next);
                    } else if next == 'n' && regex {
                        text.push_str("\\n");
                    } else {
                        text.push('\\');
                        text.push(next);
                    }
                    continue;
                }
                '[' if regex && !bracket => {
                    bracket = true;
                    text.push(c);
                    if self.peek() == Some('^') {
                        text.push('^');
                        self.at += 1;
                    }
                    if self.peek() == Some(']') {
                        text.push(']');
                        self.at += 1;
                    }
                    continue;
                }
                '[' if regex && bracket && self.peek() == Some(':') => {
                    text.push(c);
                    while let Some(c) = self.peek() {
                        self.at += 1;
                        text.push(c);
                        if c == ']' {
                            break;
                        }
                    }
                    continue;
                }
                ']' if bracket => bracket = false,
                c if c == delimiter && !bracket => return Some(text),
                _ => {}
            }
            text.push(c);
        }
    }

    fn command(&mut self) -> Result<(), String> {
        let from = self.address()?;
        self.blanks();
        let mut to = None;
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.blanks();
            to = self.address()?;
            if to.is_none() {
                self.at += usize::from(self.peek().is_some());
                return Err("unexpected `,'".to_owned());
            }
        }
        self.blanks();
        let mut not = false;
        while self.peek() == Some('!') {
            not = true;
            self.at += 1;
            self.blanks();
        }
        let Some(letter) = self.peek() else { return Err("missing command".to_owned()) };
        self.at += 1;
        let what = self.what(letter)?;
        self.commands.push(Command { from, to, not, what });
        Ok(())
    }

    fn what(&mut self, letter: char) -> Result<What, String> {
        let here = self.commands.len();
        Ok(match letter {
            '{' => {
                self.open.push(here);
                What::Open(0)
            }
            '}' => {
                match self.open.pop() {
                    Some(open) => {
                        if let Some(command) = self.commands.get_mut(open) {
                            command.what = What::Open(here + 1);
                        }
                    }
                    None if self.busybox => {}
                    None => return Err("unexpected `}'".to_owned()),
                }
                What::Close
            }
            's' => self.substitute()?,
            'y' => self.translate()?,
            'd' => What::Delete,
            'D' => What::DeleteFirst,
            'p' => What::Print,
            'P' => What::PrintFirst,
            'a' => What::Append(self.text()?),
            'i' => What::Insert(self.text()?),
            'c' => What::Change(self.text()?),
            'n' => What::Next,
            'N' => What::NextAppend,
            'q' if self.busybox => What::Quit(true, 0),
            'q' | 'Q' if !self.busybox => {
                self.blanks();
                What::Quit(letter == 'q', self.number().unwrap_or(0) as i32)
            }
            'z' if !self.busybox => What::Zap,
            'e' | 'F' | 'R' | 'v' | 'W' if !self.busybox => return Err(format!("{NOT_MODELLED}{letter}")),
            '=' => What::Number,
            'h' => What::Hold(false),
            'H' => What::Hold(true),
            'g' => What::Get(false),
            'G' => What::Get(true),
            'x' => What::Exchange,
            'l' => What::List,
            ':' => {
                let label = self.word();
                if label.is_empty() && !self.busybox {
                    return Err("\":\" lacks a label".to_owned());
                }
                self.labels.push((label, here));
                What::Label
            }
            'b' | 't' | 'T' => {
                let label = self.word();
                self.jumps.push((here, label));
                match letter {
                    'b' => What::Branch(0),
                    't' => What::BranchIf(0),
                    _ => What::BranchUnless(0),
                }
            }
            'r' => {
                self.blanks();
                What::Read(self.file_name()?)
            }
            'w' => {
                self.blanks();
                What::Write(self.file_name()?)
            }
            other => return Err(format!("unknown command: `{other}'")),
        })
    }

    fn file_name(&mut self) -> Result<String, String> {
        let name = self.line();
        match name.is_empty() {
            true => Err("missing filename in r/R/w/W commands".to_owned()),
            false => Ok(name),
        }
    }

    fn word(&mut self) -> String {
        self.blanks();
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && *c != ';' && *c != '}') {
            word.push(c);
            self.at += 1;
        }
        word
    }

    /// The text of `a`, `i`, `c`: on the same line or after `\`; a backslash keeps a newline.
    fn text(&mut self) -> Result<String, String> {
        self.blanks();
        if self.peek() == Some('\\') {
            self.at += 1;
            self.blanks();
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        if self.peek().is_none() && self.busybox {
            return Ok("\n".to_owned());
        }
        if self.peek().is_none() {
            return Err("expected \\ after `a', `c' or `i'".to_owned());
        }
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\\' => {
                    if let Some(next) = self.peek() {
                        self.at += 1;
                        text.push(if next == 't' { '\t' } else { next });
                    }
                }
                '\n' => break,
                c => text.push(c),
            }
        }
        text.push('\n');
        Ok(text)
    }

    fn substitute(&mut self) -> Result<What, String> {
        let delimiter = self.peek().ok_or("unterminated `s' command")?;
        self.at += 1;
        let source = self.delimited(delimiter, true).ok_or("unterminated `s' command")?;
        let replacement = self.delimited(delimiter, false).ok_or("unterminated `s' command")?;
        let (mut global, mut print, mut fold, mut number, mut write) = (false, false, false, 1, None);
        loop {
            match self.peek() {
                Some('g') => global = true,
                Some('p') => print = true,
                Some('i' | 'I') => fold = true,
                Some('m' | 'M' | 'e') => {}
                Some('w') => {
                    self.at += 1;
                    self.blanks();
                    write = Some(self.line());
                    break;
                }
                Some(c) if c.is_ascii_digit() => {
                    number = self.number().unwrap_or(1).max(1);
                    continue;
                }
                Some(c) if !c.is_whitespace() && !";}#".contains(c) => {
                    self.at += 1;
                    return Err("unknown option to `s'".to_owned());
                }
                _ => break,
            }
            self.at += 1;
        }
        let regex = self.regex(&source, fold)?;
        // busybox forgets the number when there is a g.
        let number = if self.busybox && global { 1 } else { number };
        let with = pieces(&replacement, self.busybox);
        Ok(What::Substitute { regex, with, global, number, print, write })
    }

    fn translate(&mut self) -> Result<What, String> {
        let delimiter = self.peek().ok_or("unterminated `y' command")?;
        self.at += 1;
        let from = self.delimited(delimiter, false).ok_or("unterminated `y' command")?;
        let to = self.delimited(delimiter, false).ok_or("unterminated `y' command")?;
        let plain =
            |text: String| -> Vec<char> { text.replace("\\n", "\n").replace("\\\\", "\\").chars().collect() };
        let (from, to) = (plain(from), plain(to));
        if from.len() != to.len() && !self.busybox {
            return Err("strings for `y' command are different lengths".to_owned());
        }
        Ok(What::Translate(from.into_iter().zip(to).collect()))
    }
}
