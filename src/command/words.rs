//! A command line as words: quotes, leading assignments and the pipe into a filter.
//!
//! The rules are a shell's for plain words (single quotes, double quotes, backslash); nothing is
//! expanded. Every word knows where it stands, so an error can point at it.

use crate::error::{Error, ErrorKind, Span};

/// One word and its place in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text, quotes removed.
    pub text: String,
    /// Column of its first character, from 1.
    pub column: u32,
    /// Width as written, quotes included.
    pub width: u32,
}

/// A filter behind a pipe: its name and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The words, name first; never empty.
    pub words: Vec<Word>,
}

/// A command line, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// `NAME=value` before the command.
    pub env: Vec<(String, String)>,
    /// The command and its arguments.
    pub words: Vec<Word>,
    /// What stands behind each `|`.
    pub filters: Vec<Filter>,
}

/// Where a line comes from, to point at its words.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Name of the text the line stands in.
    pub file: &'a str,
    /// Line number in that text, from 1.
    pub line: u32,
    /// Column of the line's first character in that text, from 1.
    pub column: u32,
    /// The whole line of that text.
    pub text: &'a str,
}

impl Origin<'_> {
    /// The place of `width` characters at `column` of the command line.
    pub fn span(&self, column: u32, width: u32) -> Span {
        Span::locate_in(self.file, self.text, self.line, self.column + column.max(1) - 1, width)
    }

    /// The place of a word.
    pub fn of(&self, word: &Word) -> Span {
        self.span(word.column, word.width)
    }
}

impl CommandLine {
    /// Takes a line apart.
    ///
    /// # Errors
    /// An open quote, an operator other than `|`, or an empty side of a pipe.
    pub fn parse(line: &str, origin: Origin<'_>) -> Result<CommandLine, Error> {
        let mut parts: Vec<Vec<Word>> = vec![Vec::new()];
        for token in tokens(line, origin)? {
            match token {
                Token::Word(word) => {
                    if let Some(part) = parts.last_mut() {
                        part.push(word);
                    }
                }
                Token::Pipe(column) if parts.last().is_some_and(Vec::is_empty) => {
                    return Err(Error::new(ErrorKind::Syntax, "nothing stands before this `|`")
                        .at(origin.span(column, 1)));
                }
                Token::Pipe(_) => parts.push(Vec::new()),
            }
        }
        if parts.len() > 1 && parts.last().is_some_and(Vec::is_empty) {
            let end = line.chars().count() as u32;
            return Err(Error::new(ErrorKind::Syntax, "nothing stands after the last `|`")
                .at(origin.span(end, 1))
                .hint("filters are grep, head, tail, sort, wc and jq"));
        }
        let mut parts = parts.into_iter();
        let mut words = parts.next().unwrap_or_default();
        let assignments = words.iter().take_while(|word| assignment(&word.text).is_some()).count();
        let env = words.drain(..assignments).filter_map(|word| assignment(&word.text)).collect();
        Ok(CommandLine { env, words, filters: parts.map(|words| Filter { words }).collect() })
    }
}

/// `NAME=value` as a pair, if the word is one.
pub fn assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let mut letters = name.chars();
    let first = letters.next()?;
    let fits = (first.is_ascii_alphabetic() || first == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then(|| (name.to_owned(), value.to_owned()))
}

enum Token {
    Word(Word),
    Pipe(u32),
}

fn tokens(line: &str, origin: Origin<'_>) -> Result<Vec<Token>, Error> {
    let chars: Vec<char> = line.chars().collect();
    let (mut tokens, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        match chars[i] {
            c if c.is_whitespace() => i += 1,
            '|' if chars.get(i + 1) != Some(&'|') => {
                tokens.push(Token::Pipe(i as u32 + 1));
                i += 1;
            }
            '#' if matches!(tokens.last(), None | Some(Token::Word(_))) && starts_comment(&chars, i) => break,
            c @ ('|' | '&' | ';' | '<' | '>') => {
                return Err(Error::new(
                    ErrorKind::Syntax,
                    format!("`{c}` is not understood in a command line"),
                )
                .at(origin.span(i as u32 + 1, 1))
                .hint("a shell line on the lab's own host begins with `$ `; quotes keep the sign as it is"));
            }
            _ => {
                let (word, end) = word(&chars, i, origin)?;
                tokens.push(Token::Word(word));
                i = end;
            }
        }
    }
    Ok(tokens)
}

fn starts_comment(chars: &[char], at: usize) -> bool {
    at == 0 || chars[at - 1].is_whitespace()
}

fn word(chars: &[char], start: usize, origin: Origin<'_>) -> Result<(Word, usize), Error> {
    let (mut text, mut i, mut quote): (String, usize, Option<(char, usize)>) = (String::new(), start, None);
    while let Some(&c) = chars.get(i) {
        i += 1;
        match (quote, c) {
            (Some((q, _)), c) if c == q => quote = None,
            (Some(('"', _)), '\\') if matches!(chars.get(i), Some('"' | '\\' | '$' | '`')) => {
                text.push(chars[i]);
                i += 1;
            }
            (Some(_), c) => text.push(c),
            (None, '\'' | '"') => quote = Some((c, i)),
            (None, '\\') => {
                if let Some(&next) = chars.get(i) {
                    text.push(next);
                    i += 1;
                }
            }
            (None, c) if c.is_whitespace() || matches!(c, '|' | '&' | ';' | '<' | '>') => {
                i -= 1;
                break;
            }
            (None, c) => text.push(c),
        }
    }
    if let Some((q, at)) = quote {
        return Err(Error::new(ErrorKind::Syntax, format!("this {q} is never closed"))
            .at(origin.span(at as u32, 1))
            .hint(format!("add a {q} where the text ends")));
    }
    Ok((Word { text, column: start as u32 + 1, width: (i - start) as u32 }, i))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<CommandLine, Error> {
        CommandLine::parse(line, Origin { file: "t", line: 1, column: 1, text: line })
    }

    fn texts(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.text.as_str()).collect()
    }

    #[test]
    fn quotes_assignments_and_filters() {
        let line =
            parse("CI=true docker inspect --format '{{json .A}}' \"n g\" a\\ b | jq . | head -n 2").unwrap();
        assert_eq!(line.env, [("CI".to_owned(), "true".to_owned())]);
        assert_eq!(texts(&line.words), ["docker", "inspect", "--format", "{{json .A}}", "n g", "a b"]);
        assert_eq!(texts(&line.filters[0].words), ["jq", "."]);
        assert_eq!(texts(&line.filters[1].words), ["head", "-n", "2"]);
        assert_eq!(texts(&parse("docker ps # all").unwrap().words), ["docker", "ps"]);
    }

    #[test]
    fn errors_point_at_the_sign() {
        for (line, column) in [("docker 'x", 8), ("| jq", 1), ("docker ps |", 11), ("docker ps && x", 11)] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.span.unwrap().column, column, "{line}");
        }
    }
}
