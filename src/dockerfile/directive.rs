//! Parser directives: `# escape=…`, `# syntax=…`, `# check=…` at the top of the file.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/directives.go`
//! (`DirectiveParser.ParseLine`, `DetectSyntax`).

use super::fault::Fault;
use super::spans::{Place, Word};
use super::version::{Difference, Version};

/// A parser directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// In lower case: "syntax", "escape", "check".
    pub name: String,
    /// As written, outer blanks removed.
    pub value: Word,
}

/// Reads directives until the first line that is none.
pub(super) struct Directives {
    pub escape: char,
    pub found: Vec<Directive>,
    version: Version,
    done: bool,
}

impl Directives {
    pub fn new(version: Version) -> Directives {
        Directives { escape: '\\', found: Vec::new(), version, done: false }
    }

    /// Looks at a line without its leading blanks, which stood before `column`. True: it is a directive.
    pub fn read(&mut self, line: &str, number: u32, column: u32) -> Result<bool, Fault> {
        if self.done {
            return Ok(false);
        }
        let Some((name, from, value)) = split(line).filter(|(name, ..)| self.knows(name)) else {
            self.done = true;
            return Ok(false);
        };
        let count = |text: &str| text.chars().count() as u32;
        let before = line.get(..from).unwrap_or("");
        let place = Place { line: number, column: column + count(before), width: count(value).max(1) };
        if self.found.iter().any(|earlier| earlier.name == name) {
            let whole = Place { line: number, column, width: count(line).max(1) };
            return Err(Fault::lower(format!("only one {name} parser directive can be used"), whole)
                .hint("remove one of the two lines"));
        }
        if name == "escape" {
            self.escape = match value {
                "\\" => '\\',
                "`" => '`',
                _ => {
                    let message = format!("invalid escape token '{value}' does not match ` or \\");
                    return Err(Fault::lower(message, place).hint("write # escape=` or leave the line out"));
                }
            };
        }
        self.found.push(Directive { name, value: Word::new(value, place) });
        Ok(true)
    }

    fn knows(&self, name: &str) -> bool {
        match name {
            "syntax" | "escape" => true,
            "check" => self.version.has(Difference::CheckDirective),
            _ => false,
        }
    }
}

/// `# name = value`: the name in lower case, where the value begins, and the value.
fn split(line: &str) -> Option<(String, usize, &str)> {
    // what Go's \s matches
    let blank = |c: char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ');
    let text = line.strip_prefix('#')?.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (name, rest) = text.split_at_checked(end)?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let after = rest.trim_start_matches(blank).strip_prefix('=')?;
    let value = after.trim_matches(blank);
    if value.is_empty() {
        // the expression needs one character, so the last blank becomes the value
        let last = after.chars().next_back()?;
        let from = line.len() - last.len_utf8();
        return Some((name.to_ascii_lowercase(), from, line.get(from..)?));
    }
    let from = line.len() - after.trim_start_matches(blank).len();
    Some((name.to_ascii_lowercase(), from, value))
}

/// The frontend image that a Dockerfile asks for, with what is passed along to it: from `# syntax=`,
/// or from `// syntax=` or a JSON object with that key, as BuildKit accepts them when it only looks
/// for a frontend. A `#!` line before it is passed over.
pub fn frontend(source: &str) -> Option<(String, String)> {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let text = if text.starts_with("#!") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let found = from_comments(text, "#").or_else(|| from_comments(text, "//")).or_else(|| {
        let object: serde_json::Value = serde_json::from_str(text).ok()?;
        object.get("syntax")?.as_str().map(str::to_owned)
    })?;
    let image = found.split(' ').next().unwrap_or("").to_owned();
    Some((image, found))
}

fn from_comments(text: &str, sign: &str) -> Option<String> {
    let mut directives = Directives::new(Version::Current);
    for line in text.lines() {
        let line = format!("#{}", line.strip_prefix(sign)?);
        if !directives.read(&line, 1, 1).ok()? {
            return None;
        }
        if let Some(last) = directives.found.last().filter(|last| last.name == "syntax") {
            return Some(last.value.text.clone());
        }
    }
    None
}
