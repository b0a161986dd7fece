//! POSIX regular expressions, basic and extended, rewritten for the `regex` crate.
//!
//! Back references (`\1`) in a pattern can't be expressed; such a pattern does not compile.

use regex::Regex;

/// A basic expression, as `grep` and `sed` read it.
pub(crate) fn basic(source: &str, fold: bool) -> Option<Regex> {
    compile(&translate(source, false)?, fold)
}

/// An extended expression, as `grep -E`, `awk` and `[[ =~ ]]` read it.
pub(crate) fn extended(source: &str, fold: bool) -> Option<Regex> {
    compile(&translate(source, true)?, fold)
}

/// Exactly this text.
pub(crate) fn fixed(source: &str, fold: bool) -> Option<Regex> {
    compile(&regex::escape(source), fold)
}

/// Does a pattern refer back to a group (`\\1`)? Such a one is right, but not modelled.
pub(crate) fn refers_back(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.next().is_some_and(|c| ('1'..='9').contains(&c)) {
            return true;
        }
    }
    false
}

/// What the C library says is wrong with a pattern.
pub(crate) fn problem(source: &str, extended: bool) -> &'static str {
    let chars: Vec<char> = source.chars().collect();
    let (mut at, mut open) = (0usize, 0i32);
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        match c {
            '\\' => match chars.get(at) {
                None => return "Trailing backslash",
                Some('(') if !extended => {
                    at += 1;
                    open += 1;
                }
                Some(')') if !extended => {
                    at += 1;
                    open -= 1;
                }
                Some('{') if !extended => {
                    match chars.get(at + 1..).and_then(|rest| rest.windows(2).position(|p| p == ['\\', '}']))
                    {
                        Some(_) => at += 1,
                        None => return "Unmatched \\{",
                    }
                }
                Some(_) => at += 1,
            },
            '[' => match bracket(&chars, at, &mut String::new()) {
                Some(end) => at = end,
                None => return "Unmatched [, [^, [:, [., or [=",
            },
            '(' if extended => open += 1,
            ')' if extended => open -= 1,
            _ => {}
        }
        if open < 0 {
            return "Unmatched ) or \\)";
        }
    }
    if open > 0 { "Unmatched ( or \\(" } else { "Invalid preceding regular expression" }
}

fn compile(source: &str, fold: bool) -> Option<Regex> {
    regex::RegexBuilder::new(source)
        .case_insensitive(fold)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
        .ok()
}

/// The same pattern with a line's or a word's borders around it.
pub(crate) fn bordered(regex: &Regex, line: bool, fold: bool) -> Option<Regex> {
    let inner = regex.as_str();
    compile(&if line { format!("^(?:{inner})$") } else { format!(r"\b(?:{inner})\b") }, fold)
}

fn translate(source: &str, extended: bool) -> Option<String> {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len() + 8);
    let mut at = 0;
    // Nothing before: a star here is a plain character in a basic expression.
    let mut fresh = true;
    while let Some(c) = chars.get(at).copied() {
        at += 1;
        let was_fresh = std::mem::replace(&mut fresh, false);
        match c {
            '\\' => {
                let next = chars.get(at).copied()?;
                at += 1;
                match next {
                    '(' | ')' | '{' | '}' | '|' if !extended => {
                        out.push(next);
                        fresh = matches!(next, '(' | '|');
                    }
                    '+' | '?' if !extended => out.push(next),
                    '1'..='9' => return None,
                    'w' => out.push_str("[A-Za-z0-9_]"),
                    'W' => out.push_str("[^A-Za-z0-9_]"),
                    's' => out.push_str("[ \\t\\n\\r\\x0b\\x0c]"),
                    'S' => out.push_str("[^ \\t\\n\\r\\x0b\\x0c]"),
                    'b' | '<' | '>' => out.push_str("\\b"),
                    'B' => out.push_str("\\B"),
                    'n' => out.push_str("\\n"),
                    't' => out.push_str("\\t"),
                    '`' => out.push_str("\\A"),
                    '\'' => out.push_str("\\z"),
                    c => out.push_str(&regex::escape(&c.to_string())),
                }
            }
            '[' => at = bracket(&chars, at, &mut out)?,
            '*' if was_fresh => out.push_str("\\*"),
            '*' | '.' => out.push(c),
            '^' => {
                let anchor = extended || was_fresh;
                out.push_str(if anchor { "^" } else { "\\^" });
                fresh = anchor && !extended;
                if extended && chars.get(at) == Some(&'*') {
                    out.push_str("\\*");
                    at += 1;
                }
            }
            '$' => {
                let end = at >= chars.len()
                    || (!extended
                        && chars.get(at) == Some(&'\\')
                        && matches!(chars.get(at + 1), Some(')' | '|')));
                out.push_str(if extended || end { "$" } else { "\\$" });
            }
            '{' if extended => {
                let body: String =
                    chars.get(at..).unwrap_or_default().iter().take_while(|c| **c != '}').collect();
                let closed = chars.get(at + body.chars().count()) == Some(&'}');
                let interval =
                    closed && !body.is_empty() && body.chars().all(|c| c.is_ascii_digit() || c == ',');
                if interval && chars.get(at) == Some(&',') {
                    out.push_str("{0");
                } else {
                    out.push_str(if interval { "{" } else { "\\{" });
                }
            }
            '}' if extended => {
                let inside = out.rfind('{').is_some_and(|open| {
                    !out[..open].ends_with('\\')
                        && out[open + 1..].chars().all(|c| c.is_ascii_digit() || c == ',')
                        && open + 1 < out.len()
                });
                out.push_str(if inside { "}" } else { "\\}" });
            }
            '(' | '|' if extended => {
                out.push(c);
                fresh = true;
            }
            ')' | '+' | '?' if extended => out.push(c),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    Some(out)
}

/// A bracket expression after its `[`; where it ends.
fn bracket(chars: &[char], start: usize, out: &mut String) -> Option<usize> {
    let mut at = start;
    out.push('[');
    if chars.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let first = at;
    loop {
        let c = *chars.get(at)?;
        at += 1;
        match c {
            ']' if at - 1 > first => {
                out.push(']');
                return Some(at);
            }
            '[' if chars.get(at) == Some(&':') => {
                let rest = chars.get(at + 1..)?;
                let end = rest.windows(2).position(|pair| pair == [':', ']'])?;
                let name: String = rest.iter().take(end).collect();
                out.push_str(&format!("[:{name}:]"));
                at += end + 3;
            }
            '-' if at - 1 > first && chars.get(at).is_some_and(|c| *c != ']') => out.push('-'),
            c @ ('[' | ']' | '\\' | '&' | '~' | '-' | '^') => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_and_extended_differ_where_posix_says() {
        for (pattern, text, basic_matches, extended_matches) in [
            ("a+", "aa", false, true),
            ("a\\+", "aa", true, false),
            ("^*ab", "*ab", true, true),
            ("a{2}", "aa", false, true),
            ("a\\{2\\}", "aa", true, false),
            ("(a)", "(a)", true, true),
            ("x$y", "x$y", true, false),
            ("[[:digit:]]\\.", "1.", true, true),
            ("[]a]", "]", true, true),
            ("[a\\.]", "\\", true, true),
        ] {
            assert_eq!(basic(pattern, false).unwrap().is_match(text), basic_matches, "basic {pattern}");
            assert_eq!(
                extended(pattern, false).unwrap().is_match(text),
                extended_matches,
                "extended {pattern}"
            );
        }
        assert!(basic("\\(a\\)\\1", false).is_none());
    }
}
