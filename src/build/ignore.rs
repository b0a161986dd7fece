//! `.dockerignore`: which files of a directory become the build context.
//!
//! Source of the rules: moby/patternmatcher `ignorefile/ignorefile.go` (`ReadAll`) and
//! `patternmatcher.go` (`New`, `Matches`, `MatchesUsingParentResults`), tonistiigi/fsutil `filter.go` and,
//! for Docker 20.10, `walker.go` and docker/docker `pkg/fileutils/fileutils.go`.

use super::ignore_pattern::{self, Matcher};
use super::pattern::{self, PatternError};
use crate::dockerfile::{Difference, Version};
use crate::error::{Error, ErrorKind, Span};
use crate::trace::Fuel;
use std::fmt;

/// The longest line that Docker reads, in bytes.
const MAX_LINE: usize = 65_535;

/// What a pattern costs when it is read, in operations. Those that become a regular expression cost
/// about as much as so many comparisons.
const PATTERN_COST: u64 = 50;
const EXPRESSION_COST: u64 = 4_000;

/// The patterns of an ignore file.
#[derive(Clone, Debug)]
pub struct Ignore {
    rules: Vec<Rule>,
    version: Version,
    /// Is there any `!`?
    exceptions: bool,
    /// Can directories be passed over because no exception can match below them?
    may_skip: bool,
}

/// One line that is a pattern.
#[derive(Clone, Debug)]
struct Rule {
    /// Cleaned, without the `!`.
    pattern: String,
    segments: usize,
    exception: bool,
    line: u32,
    matcher: Matcher,
}

/// What the walk over the context does with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// It reaches the builder.
    Keep,
    /// A directory that is excluded itself, but something below it may come back. BuildKit of Docker
    /// 20.10 sends the directory all the same; today's does when something below it comes; the legacy
    /// builder never does.
    Enter,
    /// It is excluded. A directory is not even looked into.
    Skip,
}

/// Which rules matched a directory, handed on to what lies below it. Empty at the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail(Vec<bool>);

/// The line that decided about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Line of the ignore file, counted from 1.
    pub line: u32,
    /// The pattern as it is matched, with its `!`.
    pub pattern: String,
    /// It excludes the path; else it brings it back.
    pub excluded: bool,
}

impl Ignore {
    /// An ignore file without patterns.
    pub fn nothing(version: Version) -> Ignore {
        Ignore { rules: Vec::new(), version, exceptions: false, may_skip: true }
    }

    /// Reads an ignore file. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// The first pattern that Docker refuses; or an empty tank.
    pub fn parse(text: &[u8], version: Version, fuel: &mut Fuel) -> Result<Ignore, IgnoreError> {
        let lines = read_lines(text)?;
        let mut ignore = Ignore::nothing(version);
        for (line, written) in &lines {
            let rule = Rule::read(*line, written, version, fuel)
                .map_err(|refusal| refusal.error(*line, written, lines.iter().map(|(_, pattern)| pattern)))?;
            ignore.exceptions |= rule.exception;
            if rule.exception && version.has(Difference::IgnoreWalk) {
                ignore.may_skip &=
                    !without_trailing_glob(&rule.pattern).contains(['*', '[', ']', '?', '^', '\\']);
            }
            ignore.rules.push(rule);
        }
        Ok(ignore)
    }

    /// Are there no patterns?
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Is there any `!`?
    pub fn has_exceptions(&self) -> bool {
        self.exceptions
    }

    /// The patterns as they are matched: cleaned, without their `!`.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.pattern.as_str())
    }

    /// What the walk does with a path, `/`-separated and relative to the context. `trail` is that of
    /// its directory; the second answer is the path's own, for what lies below it.
    ///
    /// When the tank is empty, everything is skipped.
    pub fn visit(&self, path: &str, directory: bool, trail: &Trail, fuel: &mut Fuel) -> (Visit, Trail) {
        if !fuel.spend(1 + self.rules.len() as u64 * (1 + path.len() as u64 / 64)) {
            return (Visit::Skip, Trail::default());
        }
        let (excluded, trail) = if self.version.has(Difference::IgnoreParents) {
            self.match_with_trail(path, trail)
        } else {
            (self.match_20_10(path).is_some_and(|(_, excluded)| excluded), Trail::default())
        };
        let visit = match (excluded, directory) {
            (false, _) => Visit::Keep,
            (true, true) if self.may_return_below(path) => Visit::Enter,
            (true, _) => Visit::Skip,
        };
        (visit, trail)
    }

    /// Is the path excluded, walk or no walk? A file below an excluded directory may be kept by the
    /// rules and still never be reached: [`Ignore::visit`] tells.
    pub fn excludes(&self, path: &str, fuel: &mut Fuel) -> bool {
        self.why(path, fuel).is_some_and(|decision| decision.excluded)
    }

    /// May the walk leave this excluded directory unvisited?
    pub fn may_skip_dir(&self, path: &str) -> bool {
        !self.may_return_below(path)
    }

    /// Which line decides about a path; none when no line speaks of it.
    pub fn why(&self, path: &str, fuel: &mut Fuel) -> Option<Decision> {
        if !fuel.spend(1 + self.rules.len() as u64 * (1 + path.len() as u64 / 16)) {
            return None;
        }
        let (rule, excluded) = if self.version.has(Difference::IgnoreParents) {
            self.why_with_trail(path)
        } else {
            self.match_20_10(path)
        }?;
        let sign = if rule.exception { "!" } else { "" };
        Some(Decision { line: rule.line, pattern: format!("{sign}{}", rule.pattern), excluded })
    }

    /// Docker 20.10: a rule matches the path itself, or as many segments of its directory as the
    /// rule has. The last rule that matches decides.
    fn match_20_10(&self, path: &str) -> Option<(&Rule, bool)> {
        let parent = path.rsplit_once('/').map(|(parent, _)| parent);
        let rule = self.rules.iter().rfind(|rule| {
            let above = parent.and_then(|parent| first_segments(parent, rule.segments));
            rule.matcher.matches(path) || above.is_some_and(|above| rule.matcher.matches(above))
        })?;
        Some((rule, !rule.exception))
    }

    /// Today: what matched the directory matches what is below it. A rule is only asked when it
    /// could change the answer, so a trail can lack it.
    fn match_with_trail(&self, path: &str, trail: &Trail) -> (bool, Trail) {
        let (mut excluded, mut own) = (false, Vec::with_capacity(self.rules.len()));
        for (i, rule) in self.rules.iter().enumerate() {
            let inherited = trail.0.get(i).copied().unwrap_or(false);
            let matched = inherited || (rule.exception == excluded && rule.matcher.matches(path));
            own.push(matched);
            if matched {
                excluded = !rule.exception;
            }
        }
        (excluded, Trail(own))
    }

    fn why_with_trail(&self, path: &str) -> Option<(&Rule, bool)> {
        let mut trail = Trail::default();
        let mut excluded = false;
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            (excluded, trail) = self.match_with_trail(path.get(..end).unwrap_or(path), &trail);
        }
        let last = trail.0.iter().rposition(|matched| *matched)?;
        Some((self.rules.get(last)?, excluded))
    }

    /// Can an exception bring back something below this directory? Docker only compares texts here.
    fn may_return_below(&self, directory: &str) -> bool {
        if !self.may_skip {
            return true;
        }
        let below = format!("{directory}/");
        self.exceptions
            && self.rules.iter().filter(|rule| rule.exception).any(|rule| {
                let pattern = match self.version.has(Difference::IgnoreWalk) {
                    true => without_trailing_glob(&rule.pattern),
                    false => &rule.pattern,
                };
                format!("{pattern}/").starts_with(&below)
            })
    }
}

impl Rule {
    /// Reads a pattern as it stands in the file (`New`).
    fn read(line: u32, written: &str, version: Version, fuel: &mut Fuel) -> Result<Rule, Refusal> {
        if !fuel.spend(PATTERN_COST + written.len() as u64) {
            return Err(Refusal::Exhausted);
        }
        let cleaned = clean(written);
        let (exception, pattern) = match cleaned.strip_prefix('!') {
            Some("") => return Err(Refusal::BareException),
            Some(pattern) => (true, pattern),
            None => (false, cleaned.as_str()),
        };
        match pattern::check(pattern.as_bytes(), fuel) {
            Ok(()) => {}
            Err(PatternError::Bad) => return Err(Refusal::Syntax),
            Err(PatternError::Exhausted) => return Err(Refusal::Exhausted),
        }
        let matcher = ignore_pattern::compile(pattern, version).ok_or(Refusal::Expression)?;
        if matches!(matcher, Matcher::Regex(_)) && !fuel.spend(EXPRESSION_COST) {
            return Err(Refusal::Exhausted);
        }
        let (pattern, segments) = (pattern.to_owned(), pattern.split('/').count());
        Ok(Rule { pattern, segments, exception, line, matcher })
    }
}

/// What is wrong with a pattern.
#[derive(Clone, Copy)]
enum Refusal {
    /// `!` with nothing behind it.
    BareException,
    /// Go's `filepath.Match` refuses it.
    Syntax,
    /// It is no regular expression; that shows only when the first file is compared.
    Expression,
    /// The tank is empty.
    Exhausted,
}

impl Refusal {
    fn error<'a>(self, line: u32, pattern: &str, all: impl Iterator<Item = &'a String>) -> IgnoreError {
        let message = match self {
            Refusal::BareException => "illegal exclusion pattern: \"!\"",
            Refusal::Syntax | Refusal::Expression => "syntax error in pattern",
            Refusal::Exhausted => "too many patterns",
        };
        IgnoreError {
            message: message.to_owned(),
            line,
            pattern: pattern.to_owned(),
            patterns: all.cloned().collect(),
            late: matches!(self, Refusal::Expression),
            exhausted: matches!(self, Refusal::Exhausted),
        }
    }
}

/// Why an ignore file can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreError {
    /// Docker's words without what its builders put around them.
    pub message: String,
    /// Line, counted from 1.
    pub line: u32,
    /// The pattern of that line, cleaned.
    pub pattern: String,
    /// All patterns of the file.
    pub patterns: Vec<String>,
    /// Docker finds it only when it meets the first file.
    pub late: bool,
    /// Not Docker's refusal but an empty tank.
    pub exhausted: bool,
}

impl IgnoreError {
    /// What a build with BuildKit prints.
    pub fn buildkit(&self) -> String {
        if self.late {
            return format!("error from sender: failed to match excludepatterns: {}", self.message);
        }
        format!("error from sender: invalid excludepatterns: [{}]: {}", self.patterns.join(" "), self.message)
    }

    /// What a build with the legacy builder prints.
    pub fn legacy(&self) -> String {
        format!("error checking context: {}", self.message)
    }

    /// The same for people, pointing into the file.
    pub fn shown(&self, name: &str, text: &[u8]) -> Error {
        let kind = if self.exhausted { ErrorKind::Limit } else { ErrorKind::Syntax };
        let text = String::from_utf8_lossy(text);
        let span = Span::locate(name, &text, self.line, 1, u32::MAX);
        let hint = match self.message.as_str() {
            message if message.starts_with("illegal") => "write the path to bring back after the `!`",
            message if message.starts_with("bufio") => "a line may have 65,535 bytes at most",
            _ if self.exhausted => "use fewer patterns, or simpler ones",
            _ => "close `[` with `]`, and put `\\` before a character that is meant literally",
        };
        Error::new(kind, self.message.clone()).at(span).hint(hint)
    }
}

impl fmt::Display for IgnoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for IgnoreError {}

/// The patterns of a file with their line numbers, cleaned (`ReadAll`).
fn read_lines(text: &[u8]) -> Result<Vec<(u32, String)>, IgnoreError> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut found = Vec::new();
    for (number, raw) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if raw.len() > MAX_LINE {
            return Err(IgnoreError {
                message: "bufio.Scanner: token too long".to_owned(),
                line: number,
                pattern: String::new(),
                patterns: Vec::new(),
                late: false,
                exhausted: false,
            });
        }
        if raw.starts_with(b"#") {
            continue;
        }
        let line = String::from_utf8_lossy(raw);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (sign, path) = match line.strip_prefix('!') {
            Some(path) => ("!", path.trim()),
            None => ("", line),
        };
        let cleaned = if path.is_empty() { String::new() } else { clean(path) };
        let relative = cleaned.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&cleaned);
        found.push((number, format!("{sign}{relative}")));
    }
    Ok(found)
}

/// The shortest path of the same meaning, by its text alone (Go `filepath.Clean`).
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            ".." if rooted => {}
            _ => kept.push(segment),
        }
    }
    match (rooted, kept.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}

/// The first `count` segments of a path, if it has as many.
fn first_segments(path: &str, count: usize) -> Option<&str> {
    let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    path.get(..ends.nth(count.checked_sub(1)?)?)
}

fn without_trailing_glob(pattern: &str) -> &str {
    let pattern = pattern.strip_suffix("/**").unwrap_or(pattern);
    pattern.strip_suffix("/*").unwrap_or(pattern)
}
