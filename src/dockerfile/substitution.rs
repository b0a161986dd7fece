//! What stands behind a `$`: `$v`, `${v}`, `${v:-w}`, `${v#p}`, `${v/p/r}` …
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/shell/lex.go` (`processDollar`), today's and
//! that of v0.8 for Docker 20.10.

use super::expand::{Scan, Stop};
use super::glob;
use super::version::Difference;

/// What Go's `string(rune)` makes of the end of the text.
const NO_CHAR: char = '\u{fffd}';
const MISSING_BRACE: &str = "syntax error: missing '}'";

impl Scan<'_> {
    /// Reads from the `$` on and gives the value.
    pub(super) fn dollar(&mut self) -> Result<String, Stop> {
        self.next();
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                return Ok("$".to_owned());
            }
            return Ok(match self.value(&name)? {
                None if self.lexer.skip_unset => format!("${name}"),
                value => value.unwrap_or_default(),
            });
        }
        self.next();
        match self.peek() {
            None => return Err(MISSING_BRACE.into()),
            Some('{' | '}' | ':') => return Err("syntax error: bad substitution".into()),
            _ => {}
        }
        let name = self.name();
        let operator = self.next();
        if operator == Some('}') {
            return Ok(match self.value(&name)? {
                None if self.lexer.skip_unset => format!("${{{name}}}"),
                value => value.unwrap_or_default(),
            });
        }
        if self.lexer.version.has(Difference::Substitutions) {
            self.operator(&name, operator)
        } else {
            self.old_operator(&name, operator)
        }
    }

    fn operator(&mut self, name: &str, first: Option<char>) -> Result<String, Stop> {
        match first {
            Some(':') => {
                let second = self.next();
                let shown = format!(":{}", second.unwrap_or(NO_CHAR));
                if matches!(second, Some('#' | '%')) {
                    return Err(unsupported(&shown));
                }
                self.modifier(name, second, true, &shown)
            }
            Some(c @ ('+' | '-' | '?')) => self.modifier(name, first, false, c.encode_utf8(&mut [0; 4])),
            Some(c @ ('#' | '%')) => self.trimmed(name, c),
            Some('/') => self.replaced(name),
            other => Err(unsupported(other.unwrap_or(NO_CHAR).encode_utf8(&mut [0; 4]))),
        }
    }

    /// Docker 20.10 knows `:-`, `:+`, `:?` and `?`.
    fn old_operator(&mut self, name: &str, first: Option<char>) -> Result<String, Stop> {
        match first {
            Some('?') => self.modifier(name, first, false, "?"),
            Some(':') => {
                let second = self.next();
                let shown = second.unwrap_or(NO_CHAR).to_string();
                if matches!(second, Some('+' | '-' | '?')) {
                    return self.modifier(name, second, true, &format!(":{shown}"));
                }
                self.argument('}', false)?;
                Err(unsupported(&shown))
            }
            _ => Err("missing ':' in substitution".into()),
        }
    }

    /// The text up to `stop`. An unclosed one is reported as the missing brace.
    fn argument(&mut self, stop: char, raw_escapes: bool) -> Result<String, Stop> {
        match self.until(Some(stop), raw_escapes) {
            Ok((word, _)) => Ok(word),
            Err(Stop::Fault(_)) if self.peek().is_none() && stop == '}' => Err(MISSING_BRACE.into()),
            Err(Stop::Fault(_)) if self.peek().is_none() => Err("syntax error: missing '/' in ${}".into()),
            Err(stop) => Err(stop),
        }
    }

    /// `-`, `+` and `?`, with or without `:`; `shown` is the operator as written.
    fn modifier(
        &mut self,
        name: &str,
        operator: Option<char>,
        colon: bool,
        shown: &str,
    ) -> Result<String, Stop> {
        let word = self.argument('}', false)?;
        let value = self.value(name)?;
        if value.is_none() && self.lexer.skip_unset {
            return Ok(format!("${{{name}{shown}{word}}}"));
        }
        let usable = value.as_ref().is_some_and(|value| !(colon && value.is_empty()));
        match operator {
            Some('-') if !usable => Ok(word),
            Some('-') => Ok(value.unwrap_or_default()),
            Some('+') if !usable => Ok(String::new()),
            Some('+') => Ok(word),
            Some('?') if usable => Ok(value.unwrap_or_default()),
            Some('?') => {
                let default = match value {
                    None => "is not allowed to be unset",
                    Some(_) => "is not allowed to be empty",
                };
                let message = if word.is_empty() { default } else { &word };
                Err(Stop::Fault(format!("{name}: {message}")))
            }
            _ => Err(unsupported(shown)),
        }
    }

    /// `${v#p}`, `${v##p}`, `${v%p}`, `${v%%p}`.
    fn trimmed(&mut self, name: &str, operator: char) -> Result<String, Stop> {
        let word = self.argument('}', true)?;
        let value = self.value(name)?;
        if value.is_none() && self.lexer.skip_unset {
            return Ok(format!("${{{name}{operator}{word}}}"));
        }
        let value = value.unwrap_or_default();
        let (pattern, greedy) = match word.strip_prefix(operator) {
            Some(pattern) => (pattern, true),
            None => (word.as_str(), false),
        };
        self.pay_match(pattern, &value)?;
        let trim = if operator == '#' { glob::trim_prefix } else { glob::trim_suffix };
        trim(pattern, &value, greedy).map_err(|why| invalid_pattern(pattern, &why))
    }

    /// `${v/p/r}` and `${v//p/r}`.
    fn replaced(&mut self, name: &str) -> Result<String, Stop> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.argument('/', true)?;
        let replacement = self.argument('}', true)?;
        let value = self.value(name)?;
        if value.is_none() && self.lexer.skip_unset {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        let value = value.unwrap_or_default();
        self.pay_match(&pattern, &value)?;
        let regex = glob::regex(&pattern, true, false).map_err(|why| invalid_pattern(&pattern, &why))?;
        if all {
            // the replacement is a template, in Go as in Rust: `$0` may bring the match in again
            let copies = replacement.matches('$').count().saturating_add(1);
            let matches = regex.find_iter(&value).count();
            self.pay(
                value.len().saturating_mul(copies).saturating_add(matches.saturating_mul(replacement.len())),
            )?;
            return Ok(regex.replace_all(&value, replacement.as_str()).into_owned());
        }
        Ok(match regex.find(&value) {
            None => value,
            Some(found) => {
                let (before, after) = (value.get(..found.start()), value.get(found.end()..));
                format!("{}{replacement}{}", before.unwrap_or(""), after.unwrap_or(""))
            }
        })
    }

    /// Matching takes time in proportion to pattern times value.
    fn pay_match(&mut self, pattern: &str, value: &str) -> Result<(), Stop> {
        let steps = (pattern.len() as u64 + 1).saturating_mul(value.len() as u64 + 1) / 8;
        if self.fuel.spend(steps) { Ok(()) } else { Err(Stop::Exhausted) }
    }
}

fn unsupported(operator: &str) -> Stop {
    Stop::Fault(format!("unsupported modifier ({operator}) in substitution"))
}

fn invalid_pattern(pattern: &str, why: &str) -> Stop {
    Stop::Fault(format!("invalid pattern ({pattern}) in substitution: {why}"))
}
