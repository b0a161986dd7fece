//! One pattern of an ignore file, compiled.
//!
//! Docker turns a pattern into a regular expression with a few translations, and what it does not
//! translate keeps its meaning there. Source of the rules: moby/patternmatcher `patternmatcher.go`
//! (`compile`, `match`), docker/docker `pkg/fileutils/fileutils.go` (`compile`) for Docker 20.10, and the
//! syntax of Go's `regexp`, where it differs from ours.

use super::ignore_glob::Glob;
use crate::dockerfile::{Difference, Version};
use regex::{Regex, RegexBuilder};
use std::iter::Peekable;
use std::str::Chars;

/// A compiled pattern may not grow beyond this many bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// The most often that Go lets `{n,m}` repeat something.
const MAX_REPEAT: u32 = 1_000;

/// How a pattern is compared with paths.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// The path is this text.
    Exact(String),
    /// The path begins with this text.
    Prefix(String),
    /// The path ends with this text, or is this text without the `/` at its front.
    Suffix(String),
    /// The path matches these wildcards.
    Glob(Glob),
    /// The path matches this expression.
    Regex(Box<Regex>),
}

impl Matcher {
    /// Does the pattern match this path, as a whole?
    pub fn matches(&self, path: &str) -> bool {
        match self {
            Matcher::Exact(text) => path == text,
            Matcher::Prefix(text) => path.starts_with(text.as_str()),
            Matcher::Suffix(text) => path.ends_with(text.as_str()) || text.strip_prefix('/') == Some(path),
            Matcher::Glob(glob) => glob.matches(path),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// Compiles a cleaned pattern; None when it is no regular expression in the end.
pub(super) fn compile(pattern: &str, version: Version) -> Option<Matcher> {
    let today = version.has(Difference::IgnoreEscapes);
    if today && let Some(simple) = simple(pattern) {
        return Some(simple);
    }
    let special = |c| matches!(c, '\\' | '[' | ']' | '^') || (!today && "+(){}|".contains(c));
    if !pattern.contains(['*', '?']) && !pattern.contains(special) {
        return Some(Matcher::Exact(pattern.to_owned()));
    }
    match Glob::new(pattern, special) {
        Some(glob) => Some(Matcher::Glob(glob)),
        None => regular(pattern, today).map(|regex| Matcher::Regex(Box::new(regex))),
    }
}

/// The regular expression that Docker makes of a pattern.
pub(super) fn regular(pattern: &str, today: bool) -> Option<Regex> {
    let mut translation =
        Translation { out: "^".to_owned(), chars: pattern.chars().peekable(), repeated: false };
    translation.run(today)?;
    translation.out.push('$');
    RegexBuilder::new(&translation.out).size_limit(SIZE_LIMIT).build().ok()
}

/// Today, patterns without real wildcards are compared as text.
fn simple(pattern: &str) -> Option<Matcher> {
    let plain = |text: &str| !text.contains(['*', '?', '\\', '[', ']']);
    if plain(pattern) {
        return Some(Matcher::Exact(pattern.to_owned()));
    }
    // `**` and `**/x`; the first is a suffix of nothing
    if let Some(rest) = pattern.strip_prefix("**").filter(|rest| plain(rest)) {
        return Some(Matcher::Suffix(rest.to_owned()));
    }
    pattern.strip_suffix("**").filter(|rest| plain(rest)).map(|rest| Matcher::Prefix(rest.to_owned()))
}

struct Translation<'a> {
    out: String,
    chars: Peekable<Chars<'a>>,
    /// The last thing written was a repetition: Go refuses a second one.
    repeated: bool,
}

impl Translation<'_> {
    fn run(&mut self, today: bool) -> Option<()> {
        while let Some(c) = self.chars.next() {
            let repeated = std::mem::take(&mut self.repeated);
            match c {
                '*' => self.star(),
                '?' => self.out.push_str("[^/]"),
                '.' | '$' => self.literal(c),
                '+' | '(' | ')' | '|' | '{' | '}' if today => self.literal(c),
                '\\' => self.escaped()?,
                '[' => self.class()?,
                '+' if repeated => return None,
                '+' => {
                    self.out.push('+');
                    self.repeated = true;
                }
                '{' => self.braces(repeated)?,
                '^' | '(' | ')' | '|' => self.out.push(c),
                _ => self.literal(c),
            }
        }
        Some(())
    }

    fn literal(&mut self, c: char) {
        self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }

    /// `*` stays within a segment; `**` spans any number of them, none included.
    fn star(&mut self) {
        self.repeated = true;
        if self.chars.next_if_eq(&'*').is_none() {
            self.out.push_str("[^/]*");
            return;
        }
        self.chars.next_if_eq(&'/');
        self.out.push_str(if self.chars.peek().is_none() { ".*" } else { "(.*/)?" });
    }

    /// A backslash and a character: a class for a few letters, else the character itself.
    fn escaped(&mut self) -> Option<()> {
        match self.chars.next() {
            Some(c @ ('d' | 'D' | 'w' | 'W' | 's' | 'S')) => {
                let set = perl_set(c);
                let negated = if c.is_ascii_uppercase() { "^" } else { "" };
                self.out.push_str(&format!("[{negated}{set}]"));
            }
            Some('b') => self.out.push_str("(?-u:\\b)"),
            Some('B') => self.out.push_str("\\B"),
            Some('A') => self.out.push('^'),
            Some('z') => self.out.push('$'),
            Some('C') => self.out.push('.'),
            Some(c) => {
                let c = control(c)?;
                self.literal(c);
            }
            // a last backslash is refused before it comes here
            None => return None,
        }
        Some(())
    }

    /// `{` is a repetition if it reads like one, else a character.
    fn braces(&mut self, repeated: bool) -> Option<()> {
        let Some((text, least, most)) = repetition(self.chars.clone()) else {
            self.out.push_str("\\{");
            return Some(());
        };
        if repeated || least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT || most < least) {
            return None;
        }
        self.chars.nth(text.len().checked_sub(1)?);
        self.out.push('{');
        self.out.push_str(&text);
        self.repeated = true;
        Some(())
    }

    /// `[…]`: Go knows ranges, `^`, escapes and `[:alpha:]`, nothing else is special.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.chars.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.chars.peek().copied()? {
                ']' if !first => {
                    self.chars.next();
                    self.out.push(']');
                    return Some(());
                }
                '[' if self.posix() => {}
                _ => self.class_range()?,
            }
            first = false;
        }
    }

    /// `[:alpha:]` inside a class. False when it is something else, and nothing was read.
    fn posix(&mut self) -> bool {
        let text: String = self.chars.clone().take(12).collect();
        let end = text.find(":]").map(|at| at + 2);
        let name = end.and_then(|end| text.get(..end)).filter(|name| name.starts_with("[:"));
        let Some(name) = name else { return false };
        let inner = name.trim_start_matches("[:").trim_start_matches('^').trim_end_matches(":]");
        if !POSIX.contains(&inner) {
            return false;
        }
        self.chars.nth(name.len() - 1);
        self.out.push_str(name);
        true
    }

    fn class_range(&mut self) -> Option<()> {
        if self.chars.peek() == Some(&'\\') {
            let mut ahead = self.chars.clone();
            ahead.next();
            if let Some(c @ ('d' | 'w' | 's')) = ahead.next() {
                self.chars = ahead;
                self.out.push_str(perl_set(c));
                return Some(());
            }
        }
        let low = self.class_char()?;
        self.out.push_str(&class_escape(low));
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            self.chars = ahead;
            let high = self.class_char()?;
            if high < low {
                return None;
            }
            self.out.push('-');
            self.out.push_str(&class_escape(high));
        }
        Some(())
    }

    fn class_char(&mut self) -> Option<char> {
        match self.chars.next()? {
            '\\' => control(self.chars.next()?),
            c => Some(c),
        }
    }
}

const POSIX: &[&str] = &[
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// The characters of `\d`, `\w` and `\s`, which know only ASCII in Go.
fn perl_set(c: char) -> &'static str {
    match c.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        _ => "\\t\\n\\x0C\\r ",
    }
}

/// What a backslash and this character stand for; None when Go knows no such escape.
fn control(c: char) -> Option<char> {
    Some(match c {
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        c if c.is_ascii_alphanumeric() || !c.is_ascii() => return None,
        c => c,
    })
}

/// A character of a class, so that nothing in it is special.
fn class_escape(c: char) -> String {
    if c.is_ascii_punctuation() { format!("\\x{:02X}", c as u32) } else { c.to_string() }
}

/// `n}`, `n,}` or `n,m}`: the text with its brace, and the numbers.
fn repetition(chars: Peekable<Chars>) -> Option<(String, u32, Option<u32>)> {
    let text: String = chars.take(12).collect();
    let inner = text.get(..text.find('}')?)?;
    let number = |text: &str| -> Option<u32> {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // Go does not read 01 as a number here
        (plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
    };
    let (least, most) = match inner.split_once(',') {
        None => (number(inner)?, None),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((format!("{inner}}}"), least, most))
}
