//! `$NAME` and `${NAME…}` in values (compose-go `template/template.go`).
//!
//! `$$` is a dollar. `${V:-d}` and `${V-d}` give a default, `${V:?e}` and `${V?e}` refuse, `${V:+r}` and
//! `${V+r}` replace; with a colon an empty value counts as none. What stands behind an operator is expanded
//! in its turn. A name begins with a letter or `_`.

use std::collections::BTreeSet;

/// Where values come from, and what was missing.
pub struct Scope<'a> {
    /// The value of a name.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Names that had no value and no operator: they became empty.
    pub unset: BTreeSet<String>,
    /// Bytes that may still be made.
    pub left: usize,
}

/// Why a template can't be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not of the form: the whole template.
    Invalid(String),
    /// `${NAME:?why}`: name and reason.
    Required(String, String),
    /// Expanding takes more than is allowed.
    TooLong,
}

/// Operators nest; a default within a default within … is enough.
const MOST_DEPTH: usize = 20;

/// Expands a template.
///
/// # Errors
/// See [`Refused`].
pub fn expand(template: &str, scope: &mut Scope<'_>) -> Result<String, Refused> {
    expand_at(template, scope, 0)
}

fn expand_at(template: &str, scope: &mut Scope<'_>, depth: usize) -> Result<String, Refused> {
    if depth > MOST_DEPTH {
        return Err(Refused::TooLong);
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(inside) = behind.strip_prefix('{') {
            let end = closing(inside).ok_or_else(|| Refused::Invalid(template.to_owned()))?;
            out.push_str(&braced(&inside[..end], template, scope, depth)?);
            rest = &inside[end + 1..];
        } else {
            let length = name_length(behind);
            if length == 0 {
                return Err(Refused::Invalid(template.to_owned()));
            }
            out.push_str(&plain(&behind[..length], scope));
            rest = &behind[length..];
        }
        scope.left = scope.left.checked_sub(out.len() / 64 + 1).ok_or(Refused::TooLong)?;
    }
    out.push_str(rest);
    Ok(out)
}

/// `NAME`, or `NAME` with an operator.
fn braced(inside: &str, template: &str, scope: &mut Scope<'_>, depth: usize) -> Result<String, Refused> {
    let length = name_length(inside);
    let (name, operator) = inside.split_at(length);
    if length == 0 {
        return Err(Refused::Invalid(template.to_owned()));
    }
    let (empty_counts, operator) = match operator.strip_prefix(':') {
        Some(rest) => (false, rest),
        None if operator.is_empty() => return Ok(plain(name, scope)),
        None => (true, operator),
    };
    let value = (scope.lookup)(name);
    let there = value.as_ref().is_some_and(|value| empty_counts || !value.is_empty());
    let mut letters = operator.chars();
    let (sign, word) = (letters.next(), letters.as_str());
    match sign {
        Some('-') if there => Ok(value.unwrap_or_default()),
        Some('-') => expand_at(word, scope, depth + 1),
        Some('+') if there => expand_at(word, scope, depth + 1),
        Some('+') => Ok(value.unwrap_or_default()),
        Some('?') if there => Ok(value.unwrap_or_default()),
        Some('?') => Err(Refused::Required(name.to_owned(), expand_at(word, scope, depth + 1)?)),
        _ => Err(Refused::Invalid(template.to_owned())),
    }
}

fn plain(name: &str, scope: &mut Scope<'_>) -> String {
    (scope.lookup)(name).unwrap_or_else(|| {
        scope.unset.insert(name.to_owned());
        String::new()
    })
}

fn name_length(text: &str) -> usize {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if first { end } else { 0 }
}

/// Where the brace closes that is open already.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '{' if before == '$' => open += 1,
            '}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        before = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(template: &str) -> Result<String, Refused> {
        let lookup = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(template, &mut Scope { lookup: &lookup, unset: BTreeSet::new(), left: 1 << 20 })
    }

    /// The cases of the compose specification, chapter 12 "Interpolation", and of compose-go's rules.
    #[test]
    fn operators_are_composes() {
        for (template, text) in [
            ("$SET-${SET}", "value-value"),
            ("$$SET $${SET}", "$SET ${SET}"),
            ("${UNSET}|$UNSET|", "||"),
            ("${UNSET:-d}${EMPTY:-d}${SET:-d}", "ddvalue"),
            ("${UNSET-d}${EMPTY-d}${SET-d}", "dvalue"),
            ("${SET:+r}${EMPTY:+r}${UNSET:+r}", "r"),
            ("${SET+r}${EMPTY+r}${UNSET+r}", "rr"),
            ("${UNSET:-${EMPTY:-${SET}}}", "value"),
            ("${UNSET:-a${UNSET:-b}c}d", "abcd"),
            ("${SET:?no}${EMPTY?no}", "value"),
            ("${UNSET:-http://x:80/y-z}", "http://x:80/y-z"),
            ("{a} 100%", "{a} 100%"),
            ("${UNSET:-ä}", "ä"),
        ] {
            assert_eq!(expanded(template).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let invalid = |template: &str| Err(Refused::Invalid(template.to_owned()));
        for template in ["$", "${", "${}", "${SET", "$1", "${1}", "${SET!x}", "a $ b", "${ SET }", "${SET:x}"]
        {
            assert_eq!(expanded(template), invalid(template), "{template}");
        }
        let required = |why: &str| Err(Refused::Required("UNSET".to_owned(), why.to_owned()));
        assert_eq!(expanded("${UNSET:?set $SET}"), required("set value"));
        assert_eq!(expanded("${UNSET?}"), required(""));
        let deep = format!("{}{}", "${A:-".repeat(100), "}".repeat(100));
        assert_eq!(expanded(&deep), Err(Refused::TooLong));
    }
}
