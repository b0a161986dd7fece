//! From a call to the argument that is wrong in it: its error names a word in backquotes, and the call
//! has that word as a text or as a field.

use super::core::Source;
use crate::error::{Error, Span};

/// Characters of a call that are looked through.
const MOST: usize = 100_000;

/// Marks the argument that an error means instead of the name of the call.
pub(super) fn narrowed(error: Error, source: &Source) -> Error {
    let Some(span) = error.span.as_deref() else { return error };
    let found = error.message.split('`').skip(1).step_by(2).find_map(|word| argument(word, span, source));
    match found {
        Some(found) => Error { span: Some(Box::new(found)), ..error },
        None => error,
    }
}

/// Where the call that begins at `span` has the word as a text (`"word"`) or as a field (`word:`).
fn argument(word: &str, span: &Span, source: &Source) -> Option<Span> {
    let width = word.chars().count();
    if word.is_empty() || width > 200 || word == callee(span) {
        return None;
    }
    let mut depth = 0i32;
    let mut looked = 0;
    for (at, line) in source.text.lines().enumerate().skip(span.line.saturating_sub(1) as usize) {
        let chars: Vec<char> = line.chars().collect();
        let start = if at + 1 == span.line as usize { span.column.saturating_sub(1) as usize } else { 0 };
        let mut quoted = false;
        for (column, c) in chars.iter().enumerate().skip(start) {
            looked += 1;
            if looked > MOST {
                return None;
            }
            let after = chars.get(column + 1..).unwrap_or_default();
            let here = chars.get(column..).unwrap_or_default();
            let starts = |text: &[char]| text.iter().take(width).copied().eq(word.chars());
            let locate = |column: usize| {
                Span::locate_in(&source.name, line, at as u32 + 1, column as u32 + 1, width as u32)
            };
            match c {
                '"' => {
                    quoted = !quoted;
                    if quoted && depth > 0 && starts(after) && after.get(width) == Some(&'"') {
                        return Some(locate(column + 1));
                    }
                }
                _ if quoted => {}
                '(' => depth += 1,
                ')' => {
                    depth -= 1;
                    if depth <= 0 {
                        return None;
                    }
                }
                _ if depth > 0 && starts(here) => {
                    let before = column.checked_sub(1).and_then(|at| chars.get(at));
                    let alone = before.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
                    let mut rest = here.iter().skip(width).skip_while(|c| c.is_whitespace());
                    if alone && rest.next() == Some(&':') {
                        return Some(locate(column));
                    }
                }
                _ => {}
            }
        }
    }
    None
}

fn callee(span: &Span) -> String {
    span.text.chars().skip(span.column.saturating_sub(1) as usize).take(span.width as usize).collect()
}
