//! The patterns of `${v#p}`, `${v%p}` and `${v/p/r}`: `*`, `?` and their escapes.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/shell/lex.go` (`convertShellPatternToRegex`,
//! `trimPrefix`, `trimSuffix`, `reversePattern`).

use regex::{Regex, RegexBuilder};

/// Compiled patterns may not grow beyond this many bytes.
const SIZE_LIMIT: usize = 4 << 20;

/// Compiles a pattern: `*` takes as much (greedy) or as little as it can.
///
/// # Errors
/// The words after `invalid pattern (p) in substitution: `.
pub(super) fn regex(pattern: &str, greedy: bool, anchored: bool) -> Result<Regex, String> {
    let mut out = String::with_capacity(pattern.len() + 4);
    if anchored {
        out.push('^');
    }
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push_str(if greedy { ".*" } else { ".*?" }),
            '?' => out.push('.'),
            // `\}` and `\/` only keep the substitution from ending there
            '\\' if matches!(chars.peek(), Some('}' | '/')) => {}
            '\\' => match chars.next() {
                Some(escaped @ ('*' | '?' | '\\')) => {
                    out.push('\\');
                    out.push(escaped);
                }
                other => return Err(format!("invalid escape '\\{}'", other.unwrap_or('\u{fffd}'))),
            },
            _ => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    RegexBuilder::new(&out).size_limit(SIZE_LIMIT).build().map_err(|_| "pattern too large".to_owned())
}

/// Drops the shortest (or longest) match at the front.
pub(super) fn trim_prefix(pattern: &str, value: &str, greedy: bool) -> Result<String, String> {
    let found = regex(pattern, greedy, true)?.find(value).map_or(0, |found| found.end());
    Ok(value.get(found..).unwrap_or("").to_owned())
}

/// Drops the shortest (or longest) match at the end: a leftmost search from the other side.
pub(super) fn trim_suffix(pattern: &str, value: &str, greedy: bool) -> Result<String, String> {
    let value: String = value.chars().rev().collect();
    let rest = trim_prefix(&reversed(pattern), &value, greedy)?;
    Ok(rest.chars().rev().collect())
}

/// Reverses a pattern, but not its escapes: `a\*c` becomes `c\*a`.
fn reversed(pattern: &str) -> String {
    let mut pieces: Vec<(char, Option<char>)> = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        let second = if c == '\\' { chars.next() } else { None };
        pieces.push((c, second));
    }
    pieces.iter().rev().flat_map(|(first, second)| std::iter::once(*first).chain(*second)).collect()
}
