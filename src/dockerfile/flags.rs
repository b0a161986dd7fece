//! Flags of instructions: cut off the line, then checked against what the instruction knows.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/split_command.go`
//! (`extractBuilderFlags`) and `frontend/dockerfile/instructions/bflag.go` (`Parse`).

use super::fault::Fault;
use super::instruction::Flag;
use super::spans::{Piece, Place, Word};
use super::suggest::near;
use super::version::{Difference, Version};

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// Nothing, or `true` or `false`.
    Switch,
    /// A value, once.
    Text,
    /// A value, as often as you like.
    Texts,
}

/// A flag that an instruction knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagRule {
    /// Without dashes.
    pub name: &'static str,
    /// What it takes.
    pub kind: FlagKind,
    /// Newer than Docker 20.10.
    pub new: bool,
}

const fn rule(name: &'static str, kind: FlagKind, new: bool) -> FlagRule {
    FlagRule { name, kind, new }
}

use FlagKind::{Switch, Text, Texts};

const ADD: &[FlagRule] = &[
    rule("chown", Text, false),
    rule("chmod", Text, false),
    rule("link", Switch, true),
    rule("keep-git-dir", Switch, true),
    rule("checksum", Text, true),
    rule("unpack", Switch, true),
    rule("exclude", Texts, true),
];
const COPY: &[FlagRule] = &[
    rule("chown", Text, false),
    rule("from", Text, false),
    rule("chmod", Text, false),
    rule("link", Switch, true),
    rule("exclude", Texts, true),
    rule("parents", Switch, true),
];
const FROM: &[FlagRule] = &[rule("platform", Text, false)];
const HEALTHCHECK: &[FlagRule] = &[
    rule("interval", Text, false),
    rule("timeout", Text, false),
    rule("start-period", Text, false),
    rule("start-interval", Text, true),
    rule("retries", Text, false),
];
const RUN: &[FlagRule] = &[
    rule("mount", Texts, false),
    rule("network", Text, true),
    rule("security", Text, true),
    rule("device", Texts, true),
];

/// The flags that `keyword` (in capitals) knows in any version, in the order of its documentation.
pub fn known(keyword: &str) -> &'static [FlagRule] {
    match keyword {
        "ADD" => ADD,
        "COPY" => COPY,
        "FROM" => FROM,
        "HEALTHCHECK" => HEALTHCHECK,
        "RUN" => RUN,
        _ => &[],
    }
}

/// A flag cut off the line: quotes and escape tokens are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawFlag {
    pub text: String,
    pub place: Place,
    /// Where the text after `=` stands.
    pub value_place: Place,
}

/// Cuts the flags off the front of `piece`; the rest are the arguments.
pub(super) fn cut(piece: Piece, escape: char) -> (Vec<RawFlag>, Piece) {
    let (mut flags, mut rest) = (Vec::new(), piece);
    loop {
        let text = rest.text();
        let front = text.len() - text.trim_start().len();
        rest = rest.after(front);
        if !rest.text().starts_with("--") {
            return (flags, rest);
        }
        let (word, quoted, end) = flag_word(rest.text(), escape);
        let whole = rest.part(0, end);
        rest = rest.after(end);
        if word == "--" {
            return (flags, rest);
        }
        if quoted || !word.is_empty() {
            let value = whole.text().find('=').map_or(whole, |at| whole.after(at + 1));
            flags.push(RawFlag { text: word, place: whole.place(), value_place: value.place() });
        }
    }
}

/// Reads one word without its quotes and escape tokens: (text, had quotes, bytes read).
fn flag_word(text: &str, escape: char) -> (String, bool, usize) {
    let (mut word, mut quote, mut quoted) = (String::new(), None, false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            None if c.is_whitespace() => return (word, quoted, at),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                quoted = true;
            }
            Some(open) if c == open => quote = None,
            _ if c == escape => word.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => word.push(c),
        }
    }
    (word, quoted, text.len())
}

/// Checks flags against the rules of `keyword` (`Parse`).
pub(super) fn check(flags: &[RawFlag], keyword: &str, version: Version) -> Result<Vec<Flag>, Fault> {
    let known: Vec<&FlagRule> =
        known(keyword).iter().filter(|rule| !rule.new || version.has(Difference::NewFlags)).collect();
    let today = version.has(Difference::FlagErrors);
    let mut checked: Vec<Flag> = Vec::with_capacity(flags.len());
    for flag in flags {
        let (dashed, value) = match flag.text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (flag.text.as_str(), None),
        };
        let name = dashed.strip_prefix("--").unwrap_or(dashed);
        let shown = if today { dashed } else { name };
        let fault = |today_words: &str, old_words: &str| {
            Fault::line(format!("{}: {shown}", if today { today_words } else { old_words }), flag.place)
        };
        let Some(rule) = known.iter().find(|rule| rule.name == name) else {
            return Err(unknown(fault("unknown flag", "Unknown flag"), name, keyword, &known, today));
        };
        if rule.kind != Texts && checked.iter().any(|earlier| earlier.name == name) {
            return Err(
                fault("duplicate flag specified", "Duplicate flag specified").hint("keep one of them")
            );
        }
        let missing = match rule.kind {
            Switch => value == Some(""),
            Text | Texts => value.is_none(),
        };
        if missing {
            let hint = match rule.kind {
                Switch => format!("write `--{name}` or `--{name}=false`"),
                Text | Texts => format!("write `--{name}=VALUE`, without blanks around `=`"),
            };
            return Err(fault("missing a value on flag", "Missing a value on flag").hint(hint));
        }
        if let (Switch, Some(value)) = (rule.kind, value)
            && !value.eq_ignore_ascii_case("true")
            && !value.eq_ignore_ascii_case("false")
        {
            let words = if today { "expecting" } else { "Expecting" };
            let message = format!("{words} boolean value for flag {shown}, not: {value}");
            return Err(
                Fault::line(message, flag.value_place).hint(format!("write `--{name}` or `--{name}=false`"))
            );
        }
        let value = value.map(|value| Word::new(value, flag.value_place));
        checked.push(Flag { name: name.to_owned(), value, place: flag.place });
    }
    Ok(checked)
}

fn unknown(fault: Fault, name: &str, keyword: &str, known: &[&FlagRule], today: bool) -> Fault {
    if let Some(near) = near(name, known.iter().map(|rule| rule.name), true) {
        let mut fault = fault.hint(format!("did you mean `--{near}`?"));
        if today {
            fault.message.push_str(&format!(" (did you mean {near}?)"));
        }
        return fault;
    }
    if known.is_empty() {
        return fault.hint(format!("{keyword} takes no flags"));
    }
    let names: Vec<String> = known.iter().map(|rule| format!("--{}", rule.name)).collect();
    fault.hint(format!("{keyword} takes {}", names.join(" ")))
}
