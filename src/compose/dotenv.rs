//! `.env` and `env_file` (compose-go `dotenv/parser.go`).

use super::template::{self, Refused, Scope};
use crate::error::{Error, ErrorKind, Span};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Variables of a file, in its order; later ones see earlier ones, then `outer`.
///
/// # Errors
/// A line that is no assignment, an open quote, a template that can't be expanded.
pub fn parse(
    name: &str,
    text: &str,
    outer: &dyn Fn(&str) -> Option<String>,
) -> Result<IndexMap<String, String>, Error> {
    let mut values: IndexMap<String, String> = IndexMap::new();
    let mut left: usize = 1 << 20;
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(values);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, below)| below);
            continue;
        }
        let line = line_of(text, rest);
        let wrong = |message: String, column: u32, width: u32| {
            Error::new(ErrorKind::Syntax, format!("failed to read {name}: line {line}: {message}"))
                .at(Span::locate(name, text, line, column, width))
        };
        let statement =
            rest.strip_prefix("export").filter(|below| below.starts_with([' ', '\t'])).unwrap_or(rest);
        let statement = statement.trim_start_matches([' ', '\t']);
        let end = statement.find(['=', ':', '\n']).unwrap_or(statement.len());
        let key = statement[..end].trim_end();
        let fits =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']' | ' ' | '\t' | '\r');
        if let Some(odd) = key.chars().find(|c| !fits(*c)) {
            let shown = statement.lines().next().unwrap_or_default();
            let column = statement.find(odd).map_or(1, |at| statement[..at].chars().count() as u32 + 1);
            return Err(wrong(format!("unexpected character {odd:?} in variable name {shown:?}"), column, 1));
        }
        if key.contains([' ', '\t']) {
            return Err(wrong("key cannot contain a space".to_owned(), 1, key.chars().count() as u32));
        }
        let inherited = !statement[end..].starts_with(['=', ':']);
        if inherited {
            if let Some(value) = outer(key) {
                values.insert(key.to_owned(), value);
            }
            rest = &statement[end..];
            continue;
        }
        let value = statement[end + 1..].trim_start_matches([' ', '\t', '\r']);
        let (raw, below) = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            Some(quote) => match quoted(&value[1..], quote) {
                Some((inside, below)) => {
                    (if quote == '"' { Ok(escapes(&inside)) } else { Err(inside) }, below)
                }
                None => {
                    let shown = value.lines().next().unwrap_or_default();
                    return Err(wrong(format!("unterminated quoted value {shown}"), 1, 1));
                }
            },
            None => {
                let (one, below) = value.split_once('\n').unwrap_or((value, ""));
                let one = one.split_once(" #").map_or(one, |(before, _)| before);
                (Ok(one.trim_end().to_owned()), below)
            }
        };
        let expanded = match raw {
            // Single quotes: as it stands.
            Err(literal) => literal,
            Ok(text) => {
                let lookup = |name: &str| values.get(name).cloned().or_else(|| outer(name));
                let mut scope = Scope { lookup: &lookup, unset: BTreeSet::new(), left };
                let expanded = template::expand(&text, &mut scope);
                left = scope.left;
                expanded.map_err(|why| wrong(refused(&why), 1, 1))?
            }
        };
        values.insert(key.to_owned(), expanded);
        rest = below;
    }
}

/// A refusal of a template in compose's words.
pub fn refused(why: &Refused) -> String {
    match why {
        Refused::Invalid(template) => format!("Invalid template: {template:?}"),
        Refused::Required(name, why) if why.is_empty() => {
            format!("required variable {name} is missing a value")
        }
        Refused::Required(name, why) => format!("required variable {name} is missing a value: {why}"),
        Refused::TooLong => "expanding its variables takes more than the lab allows".to_owned(),
    }
}

fn line_of(text: &str, rest: &str) -> u32 {
    let before = text.len().saturating_sub(rest.len());
    text.get(..before).map_or(1, |before| before.matches('\n').count() as u32 + 1)
}

/// What stands between quotes, `\"` resolved, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let (mut inside, mut escaped) = (String::new(), false);
    for (at, letter) in text.char_indices() {
        if letter == quote && !escaped {
            return Some((inside, &text[at + letter.len_utf8()..]));
        }
        if escaped && letter != quote {
            inside.push('\\');
        }
        escaped = letter == '\\' && !escaped;
        if !escaped {
            inside.push(letter);
        }
    }
    None
}

/// The escapes that double quotes have.
fn escapes(text: &str) -> String {
    let (mut out, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('a') => out.push('\u{7}'),
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('v') => out.push('\u{b}'),
            Some('$') => out.push_str("$$"),
            Some(other @ ('"' | '\\')) => out.push(other),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, String> {
        let outer = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        parse(".env", text, &outer).map(|map| map.into_iter().collect()).map_err(|error| error.message)
    }

    fn one(text: &str) -> String {
        parsed(text).unwrap().remove(0).1
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (line, value) in [
            ("A=b", "b"),
            ("A = b # note", "b"),
            ("A=b#c", "b#c"),
            ("export A=b", "b"),
            ("A: b", "b"),
            ("A='$HOME\\n'", "$HOME\\n"),
            ("A=\"x\\ny $HOME\"", "x\ny /root"),
            ("A=$HOME/x", "/root/x"),
            ("A=${B:-d}", "d"),
            ("A=\"a \\\"q\\\"\"", "a \"q\""),
            ("A=\"two\nlines\"", "two\nlines"),
            ("A=", ""),
            ("A=\"\\$HOME\"", "$HOME"),
            ("HOME", "/root"),
            ("\u{feff}A=1\r\n", "1"),
        ] {
            assert_eq!(one(line), value, "{line:?}");
        }
        let both = parsed("# c\n\nA=1\nB=${A}2\nNOPE\n").unwrap();
        assert_eq!(both, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "12".to_owned())]);
    }

    #[test]
    fn what_is_no_assignment_is_refused_with_its_line() {
        for (text, message) in [
            ("A=1\nB!=2", "failed to read .env: line 2: unexpected character '!' in variable name \"B!=2\""),
            ("A B=1", "failed to read .env: line 1: key cannot contain a space"),
            ("A=\"x", "failed to read .env: line 1: unterminated quoted value \"x"),
            ("A=${B", "failed to read .env: line 1: Invalid template: \"${B\""),
        ] {
            assert_eq!(parsed(text).unwrap_err(), message);
        }
    }
}
