//! Variables, quotes and escapes: the word lexer.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/shell/lex.go` (`Lex`, `shellWord`), today's
//! and that of v0.8 for Docker 20.10. What stands inside `${…}` is in [`super::substitution`].

use super::quote::quoted;
use super::spans::Place;
use super::split::Words;
use super::version::{Difference, Version};
use crate::trace::Fuel;
use std::collections::BTreeSet;
use std::fmt;

/// Gives the value of a variable, or nothing when it is not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings of the word lexer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexer {
    /// The escape token.
    pub escape: char,
    /// Whose rules.
    pub version: Version,
    /// Quotes stay in the result.
    pub raw_quotes: bool,
    /// Escape tokens stay in the result.
    pub raw_escapes: bool,
    /// Quotes are ordinary characters.
    pub skip_quotes: bool,
    /// Variables that are not set stay as written.
    pub skip_unset: bool,
}

impl Lexer {
    /// The lexer for an instruction's arguments.
    pub fn new(escape: char, version: Version) -> Lexer {
        Lexer {
            escape,
            version,
            raw_quotes: false,
            raw_escapes: false,
            skip_quotes: false,
            skip_unset: false,
        }
    }

    /// The lexer for the body of a COPY or ADD heredoc: `\` escapes whatever the file's escape
    /// token is, and quotes stay (BuildKit `ExpandRaw`).
    pub fn for_body(version: Version) -> Lexer {
        Lexer { skip_quotes: true, ..Lexer::new('\\', version) }
    }

    /// The lexer for the text shown for a RUN: quotes and unset variables stay.
    pub fn for_display(self) -> Lexer {
        Lexer { raw_quotes: true, skip_unset: true, ..self }
    }

    /// Expands `text` into one word. Blanks in it stay.
    ///
    /// # Errors
    /// Bad syntax, `${v:?…}`, or an empty tank.
    pub fn word(&self, text: &str, env: Lookup, fuel: &mut Fuel) -> Result<String, ExpandError> {
        self.scan(text, env, fuel, false).map(|expanded| expanded.text)
    }

    /// Expands `text` and splits the result at blanks that are neither quoted nor escaped.
    ///
    /// # Errors
    /// As [`Lexer::word`].
    pub fn words(&self, text: &str, env: Lookup, fuel: &mut Fuel) -> Result<Vec<String>, ExpandError> {
        self.expand(text, env, fuel).map(|expanded| expanded.words)
    }

    /// Expands `text` and tells which variables were asked for.
    ///
    /// # Errors
    /// As [`Lexer::word`].
    pub fn expand(&self, text: &str, env: Lookup, fuel: &mut Fuel) -> Result<Expanded, ExpandError> {
        self.scan(text, env, fuel, true)
    }

    fn scan(&self, text: &str, env: Lookup, fuel: &mut Fuel, split: bool) -> Result<Expanded, ExpandError> {
        // Go's scanner passes over a byte order mark at the beginning
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut scan = Scan {
            lexer: *self,
            rest,
            raw_escapes: self.raw_escapes,
            split,
            env,
            fuel,
            matched: BTreeSet::new(),
            unmatched: BTreeSet::new(),
        };
        match scan.until(None, self.raw_escapes) {
            Ok((result, words)) => {
                Ok(Expanded { text: result, words, matched: scan.matched, unmatched: scan.unmatched })
            }
            Err(Stop::Fault(fault)) => {
                Err(ExpandError::refused(format!("failed to process {}: {fault}", quoted(text))))
            }
            Err(Stop::Exhausted) => Err(ExpandError::exhausted()),
        }
    }
}

/// What became of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// The text as one word.
    pub text: String,
    /// The text as several words.
    pub words: Vec<String>,
    /// Variables that were asked for and set.
    pub matched: BTreeSet<String>,
    /// Variables that were asked for and not set.
    pub unmatched: BTreeSet<String>,
}

/// Why a text can't be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandError {
    /// Docker's words: `failed to process "${B": …`.
    pub message: String,
    /// It was not Docker's refusal but a limit: the tank is empty.
    pub exhausted: bool,
    /// Where the text stands, when somebody said so.
    pub place: Option<Place>,
}

impl ExpandError {
    /// A value that Docker refuses.
    pub fn refused(message: impl Into<String>) -> ExpandError {
        ExpandError { message: message.into(), exhausted: false, place: None }
    }

    /// The tank ran empty.
    pub fn exhausted() -> ExpandError {
        ExpandError { exhausted: true, ..ExpandError::refused("the expansion of variables grew too large") }
    }

    /// Adds where the text stands, unless a more exact place is there already.
    #[must_use]
    pub fn at(mut self, place: Place) -> ExpandError {
        self.place.get_or_insert(place);
        self
    }

    /// What to do about it, by the words of the refusal.
    pub fn advice(&self) -> &'static str {
        let says = |words: &str| self.message.contains(words);
        if self.exhausted {
            "a variable that doubles with every line grows without end"
        } else if says("matching double-quote") || says("matching single-quote") {
            "close the quote, or put the escape token before it"
        } else if says("missing ':'") {
            "Docker 20.10 knows ${v}, ${v:-word}, ${v:+word} and ${v:?message}"
        } else if says("missing '}'") || says("\u{fffd}") {
            "close the `${` with `}`"
        } else if says("missing '/'") {
            "write ${v/pattern/replacement}"
        } else if says("unsupported modifier") {
            "write ${v:-word}, ${v:+word}, ${v:?message}, ${v#pattern}, ${v%pattern} or ${v/pattern/replacement}"
        } else if says("bad substitution") {
            "write a name between `${` and `}`"
        } else if says("in substitution: ") {
            "only `*`, `?` and `\\` can be escaped in a pattern"
        } else if says("Port") || says("port") || says("proto") {
            "write a port or a range, and tcp, udp or sctp after a slash: 8080 or 8000-8010/udp"
        } else if says(" signal: ") {
            "write a signal's number or name, such as 9 or SIGTERM"
        } else if says("failed to process") {
            "give the variable a value, with ARG, ENV or --build-arg"
        } else {
            "look at the values that the variables have here"
        }
    }
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpandError {}

/// Why the scan stopped.
pub(super) enum Stop {
    /// Docker's words.
    Fault(String),
    /// The tank is empty.
    Exhausted,
}

impl From<&str> for Stop {
    fn from(words: &str) -> Stop {
        Stop::Fault(words.to_owned())
    }
}

/// The scan over one text. `rest` is what has not been read.
pub(super) struct Scan<'a> {
    pub lexer: Lexer,
    pub rest: &'a str,
    raw_escapes: bool,
    /// Are the words asked for?
    split: bool,
    env: Lookup<'a>,
    pub fuel: &'a mut Fuel,
    matched: BTreeSet<String>,
    unmatched: BTreeSet<String>,
}

impl Scan<'_> {
    /// The next character, without reading it.
    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Reads the next character.
    pub fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    /// Draws on the tank for `bytes` of result.
    pub fn pay(&mut self, bytes: usize) -> Result<(), Stop> {
        let bytes = bytes as u64;
        if self.fuel.spend(1 + bytes / 64) && self.fuel.spend_bytes(bytes) {
            Ok(())
        } else {
            Err(Stop::Exhausted)
        }
    }

    /// A variable's value; notes that it was asked for.
    pub fn value(&mut self, name: &str) -> Result<Option<String>, Stop> {
        let value = (self.env)(name);
        self.pay(name.len() + value.as_ref().map_or(0, String::len))?;
        let noted = if value.is_some() { &mut self.matched } else { &mut self.unmatched };
        if !noted.contains(name) {
            noted.insert(name.to_owned());
        }
        Ok(value)
    }

    /// Reads up to `stop` (which is read too) or, without one, to the end (`processStopOn`).
    pub fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<(String, Vec<String>), Stop> {
        if !self.fuel.enter() {
            return Err(Stop::Exhausted);
        }
        let before = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        let result = self.read_until(stop);
        self.raw_escapes = before;
        self.fuel.leave();
        result
    }

    fn read_until(&mut self, stop: Option<char>) -> Result<(String, Vec<String>), Stop> {
        let (mut result, mut words) = (String::new(), Words::new(self.split));
        while let Some(next) = self.peek() {
            if !self.fuel.spend(1) {
                return Err(Stop::Exhausted);
            }
            if stop == Some(next) {
                self.next();
                return Ok((result, words.finish()));
            }
            match next {
                '$' => {
                    let value = self.dollar()?;
                    self.pay(value.len())?;
                    words.add_all(&value);
                    result.push_str(&value);
                }
                '\'' | '"' if !self.lexer.skip_quotes => {
                    let text = if next == '"' { self.double_quoted()? } else { self.single_quoted()? };
                    words.add_raw(&text);
                    result.push_str(&text);
                }
                '<' if self.lexer.version.has(Difference::Heredocs) => {
                    let text = self.maybe_heredoc();
                    words.add_raw(&text);
                    result.push_str(&text);
                }
                _ => self.plain(&mut result, &mut words),
            }
        }
        match stop {
            None => Ok((result, words.finish())),
            Some(stop) => {
                Err(Stop::Fault(format!("unexpected end of statement while looking for matching {stop}")))
            }
        }
    }

    /// An ordinary or an escaped character.
    fn plain(&mut self, result: &mut String, words: &mut Words) {
        let Some(mut c) = self.next() else { return };
        if c != self.lexer.escape {
            words.add(c);
            result.push(c);
            return;
        }
        if self.raw_escapes {
            words.push(c);
            result.push(c);
        }
        let Some(escaped) = self.next() else { return };
        c = escaped;
        words.push(c);
        result.push(c);
    }

    fn single_quoted(&mut self) -> Result<String, Stop> {
        self.next();
        let Some(end) = self.rest.find('\'') else {
            return Err("unexpected end of statement while looking for matching single-quote".into());
        };
        let text = self.rest.get(..end).unwrap_or("");
        let text = if self.lexer.raw_quotes { format!("'{text}'") } else { text.to_owned() };
        self.rest = self.rest.get(end + 1..).unwrap_or("");
        self.pay(text.len())?;
        Ok(text)
    }

    fn double_quoted(&mut self) -> Result<String, Stop> {
        let mut result = String::new();
        self.next();
        if self.lexer.raw_quotes {
            result.push('"');
        }
        loop {
            if !self.fuel.spend(1) {
                return Err(Stop::Exhausted);
            }
            match self.peek() {
                None => {
                    return Err("unexpected end of statement while looking for matching double-quote".into());
                }
                Some('"') => {
                    self.next();
                    if self.lexer.raw_quotes {
                        result.push('"');
                    }
                    return Ok(result);
                }
                Some('$') => {
                    let value = self.dollar()?;
                    self.pay(value.len())?;
                    result.push_str(&value);
                }
                Some(c) => {
                    self.next();
                    self.quoted_char(c, &mut result);
                }
            }
        }
    }

    /// A character between double quotes: there, only `"`, `$` and the escape token can be escaped.
    fn quoted_char(&mut self, c: char, result: &mut String) {
        if c != self.lexer.escape {
            result.push(c);
            return;
        }
        if self.raw_escapes {
            result.push(c);
        }
        match self.peek() {
            None => {}
            Some(next) if next == '"' || next == '$' || next == c => {
                self.next();
                result.push(next);
            }
            Some(_) => result.push(c),
        }
    }

    /// `<<` with the blanks after it is one piece, so that `<< EOF` stays one word
    /// (`processPossibleHeredoc`).
    fn maybe_heredoc(&mut self) -> String {
        self.next();
        let mut text = "<".to_owned();
        if self.peek() == Some('<') {
            self.next();
            text.push('<');
            while let Some(blank @ ('\t' | '\r' | ' ')) = self.peek() {
                self.next();
                text.push(blank);
            }
        }
        text
    }

    /// A variable's name: letters, digits and `_`; or digits only; or one special character
    /// (`processName`). Empty when there is none.
    pub fn name(&mut self) -> String {
        let mut name = String::new();
        let mut digits = false;
        while let Some(c) = self.peek() {
            let numeric = c.is_numeric() && !c.is_alphabetic();
            if name.is_empty() {
                if matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!') {
                    self.next();
                    return c.to_string();
                }
                digits = numeric;
            }
            let belongs = if digits { numeric } else { c == '_' || c.is_alphanumeric() };
            if !belongs {
                break;
            }
            self.next();
            name.push(c);
        }
        name
    }
}
