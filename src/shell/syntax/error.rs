//! Syntax errors, worded as each shell words them.

use super::Dialect;

/// What the parser stumbled over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A token that can't stand here, and the one that would have been right.
    Unexpected(Found, Option<&'static str>),
    /// A quote without its end.
    Quote(char),
    /// A backquote without its end.
    Backquote,
    /// bash: what it says of a wrong `[[ ]]`, and it ends with the status that it has; empty for nothing.
    Condition(String),
    /// `for 1x in`.
    ForVariable(String),
    /// `a-b()`.
    FunctionName,
    /// `${` or `$((` without this end.
    Missing(&'static str),
    /// Nested deeper than the lab follows.
    TooDeep,
}

/// The token found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    End,
    Newline,
    /// With its operator.
    Redirection(String),
    Word(String),
    /// An operator or a reserved word.
    Token(String),
}

/// A mistake and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub mistake: Mistake,
    /// Line, from 1.
    pub line: u32,
    /// That line's text.
    pub text: String,
}

impl SyntaxError {
    /// The lines printed after the shell's own name and place. For bash: with `line N: ` in front.
    pub fn message(&self, dialect: Dialect) -> Vec<String> {
        match dialect {
            Dialect::Ash => vec![format!("syntax error: {}", self.ash())],
            Dialect::Dash => vec![self.dash()],
            Dialect::Bash => self.bash(),
        }
    }

    fn ash(&self) -> String {
        match &self.mistake {
            Mistake::Unexpected(found, expected) => {
                let found = match found {
                    Found::End => "end of file".to_owned(),
                    Found::Newline => "newline".to_owned(),
                    Found::Redirection(_) => "redirection".to_owned(),
                    Found::Word(_) => "word".to_owned(),
                    Found::Token(token) => format!("\"{token}\""),
                };
                match expected {
                    Some(token) => format!("unexpected {found} (expecting {})", quoted(token)),
                    None => format!("unexpected {found}"),
                }
            }
            Mistake::Quote(_) => "unterminated quoted string".to_owned(),
            Mistake::Backquote => "EOF in backquote substitution".to_owned(),
            Mistake::Condition(what) => what.clone(),
            Mistake::ForVariable(_) => "bad for loop variable".to_owned(),
            Mistake::FunctionName => "bad function name".to_owned(),
            Mistake::Missing(end) => format!("missing '{end}'"),
            Mistake::TooDeep => "nested too deep".to_owned(),
        }
    }

    fn dash(&self) -> String {
        match &self.mistake {
            Mistake::Unexpected(found, expected) => {
                let found = match found {
                    Found::End => "end of file".to_owned(),
                    Found::Newline => "newline".to_owned(),
                    Found::Redirection(_) => "redirection".to_owned(),
                    Found::Word(_) => "word".to_owned(),
                    Found::Token(token) => format!("\"{token}\""),
                };
                match expected {
                    Some(token) => {
                        format!("Syntax error: {found} unexpected (expecting {})", quoted(token))
                    }
                    None => format!("Syntax error: {found} unexpected"),
                }
            }
            Mistake::Quote(_) => "Syntax error: Unterminated quoted string".to_owned(),
            Mistake::Backquote => "Syntax error: EOF in backquote substitution".to_owned(),
            Mistake::Condition(what) => what.clone(),
            Mistake::ForVariable(_) => "Syntax error: Bad for loop variable".to_owned(),
            Mistake::FunctionName => "Syntax error: Bad function name".to_owned(),
            Mistake::Missing(end) => format!("Syntax error: Missing '{end}'"),
            Mistake::TooDeep => "Syntax error: nested too deep".to_owned(),
        }
    }

    fn bash(&self) -> Vec<String> {
        let line = self.line;
        // A text counts as one line more than it has, ended or not.
        let last = line + u32::from(!self.text.is_empty());
        let matching =
            |quote: char| vec![format!("line {line}: unexpected EOF while looking for matching `{quote}'")];
        match &self.mistake {
            Mistake::Unexpected(Found::End, Some(")")) if self.text.contains("$(") => {
                vec![format!("line {}: unexpected EOF while looking for matching `)'", last)]
            }
            Mistake::Unexpected(Found::End, _) => {
                vec![format!("line {}: syntax error: unexpected end of file", last)]
            }
            Mistake::Unexpected(found, _) => {
                let token = match found {
                    Found::Token(token) | Found::Word(token) | Found::Redirection(token) => token.as_str(),
                    Found::Newline | Found::End => "newline",
                };
                vec![
                    format!("line {line}: syntax error near unexpected token `{token}'"),
                    format!("line {line}: `{}'", self.text),
                ]
            }
            Mistake::Quote(quote) => matching(*quote),
            Mistake::Backquote => matching('`'),
            Mistake::Condition(what) if what.is_empty() => Vec::new(),
            Mistake::Condition(what) => vec![format!("line {line}: {what}")],
            Mistake::ForVariable(name) => vec![format!("line {line}: `{name}': not a valid identifier")],
            Mistake::FunctionName => vec![format!("line {line}: not a valid identifier")],
            Mistake::Missing(end) => matching(end.chars().next().unwrap_or(')')),
            Mistake::TooDeep => vec![format!("line {line}: nested too deep")],
        }
    }
}

fn quoted(token: &str) -> String {
    match token {
        "word" | "newline" => token.to_owned(),
        _ => format!("\"{token}\""),
    }
}

/// A compound command of bash that is not modelled, where a command begins.
pub(crate) fn opaque(source: &str) -> Option<&'static str> {
    let begins = |before: &str| {
        let before = before.trim_end_matches([' ', '\t']);
        let word = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or("");
        before.is_empty()
            || before.ends_with([';', '&', '|', '\n', '(', '{'])
            || matches!(word, "then" | "do" | "else" | "!" | "time")
    };
    ["select", "coproc"].into_iter().find(|word| {
        source.match_indices(word).any(|(at, _)| {
            let after = source.get(at + word.len()..).unwrap_or("");
            begins(source.get(..at).unwrap_or("")) && after.starts_with([' ', '\t'])
        })
    })
}
