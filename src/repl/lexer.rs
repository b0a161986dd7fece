//! A small lexer for colours: what a typed line is made of. It judges nothing; the session does.

use crate::render::Tone;
use crate::script::rewrite::{COMMAND_WORDS, SESSION_WORDS, is_command_line};

/// What a piece of a typed line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// The first word of a session line or command line: `undo`, `docker`, `$`.
    Command,
    /// `docker`'s second word: `build`.
    Subcommand,
    /// `-t`, `--no-cache`.
    Flag,
    /// `let`, `for`, `true` …
    Keyword,
    /// A name in front of `(`: `layer(`, `c.write(`.
    Call,
    /// A string, closed or not.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// HIT
    Hit,
    /// MISS
    Miss,
    /// `|`, `&&`, `>` on a command line.
    Operator,
    /// Anything else, spaces included.
    Plain,
}

impl Token {
    /// Its colour.
    pub fn tone(self) -> Tone {
        match self {
            Token::Command | Token::Keyword => Tone::Strong,
            Token::Subcommand | Token::Call => Tone::Accent,
            Token::Text | Token::Hit => Tone::Good,
            Token::Miss => Tone::Warn,
            Token::Flag | Token::Comment | Token::Operator => Tone::Dim,
            Token::Number | Token::Plain => Tone::Plain,
        }
    }
}

const KEYWORDS: &[&str] = &[
    "let", "const", "if", "else", "for", "in", "while", "loop", "do", "until", "break", "continue", "return",
    "fn", "switch", "throw", "try", "catch", "true", "false", "import", "as",
];

/// The pieces of a text, in order; together they are the text.
pub fn tokens(text: &str) -> Vec<(Token, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        // A string or comment may go on over the next lines.
        if is_command_line(line) {
            command_line(line, &mut found);
            rest = after;
        } else {
            rest = script(rest, &mut found);
        }
    }
    found
}

/// Words of a command line.
fn command_line<'t>(line: &'t str, found: &mut Vec<(Token, &'t str)>) {
    let mut rest = line;
    let mut place = Place::Start;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            char if char.is_whitespace() => (Token::Plain, run(rest, char::is_whitespace)),
            '"' | '\'' => (Token::Text, quoted(rest, first)),
            '|' | '&' | '>' | '<' | ';' => (Token::Operator, first.len_utf8()),
            '#' => (Token::Comment, line_end(rest)),
            _ => {
                let length = run(rest, |char| {
                    !char.is_whitespace() && !matches!(char, '"' | '\'' | '|' | '&' | '>' | '<' | ';')
                });
                (place.word(&rest[..length]), length)
            }
        };
        let (piece, after) = rest.split_at(length);
        found.push((token, piece));
        rest = after;
    }
}

/// Where in a command line a word stands.
#[derive(PartialEq)]
enum Place {
    Start,
    AfterDocker,
    Arguments,
}

impl Place {
    fn word(&mut self, word: &str) -> Token {
        if word.starts_with('-') {
            return Token::Flag;
        }
        match self {
            Place::Start if COMMAND_WORDS.contains(&word) || SESSION_WORDS.contains(&word) || word == "$" => {
                let has_subcommand = word.starts_with("docker");
                *self = if has_subcommand { Place::AfterDocker } else { Place::Arguments };
                Token::Command
            }
            Place::AfterDocker => {
                *self = Place::Arguments;
                Token::Subcommand
            }
            Place::Start | Place::Arguments => verdict(word).unwrap_or(Token::Plain),
        }
    }
}

/// Rhai up to the end of a line that is outside strings and comments. What is left.
fn script<'t>(text: &'t str, found: &mut Vec<(Token, &'t str)>) -> &'t str {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\n' => (Token::Plain, 1),
            char if char.is_whitespace() => (Token::Plain, run(rest, |c| c != '\n' && c.is_whitespace())),
            '"' | '`' | '\'' => (Token::Text, quoted(rest, first)),
            '/' if rest.starts_with("//") => (Token::Comment, line_end(rest)),
            '/' if rest.starts_with("/*") => {
                (Token::Comment, rest.find("*/").map_or(rest.len(), |at| at + 2))
            }
            char if char.is_ascii_digit() => {
                (Token::Number, run(rest, |c| c.is_ascii_alphanumeric() || c == '_'))
            }
            char if is_name(char) => {
                let length = run(rest, |c| is_name(c) || c.is_ascii_digit());
                let (word, after) = rest.split_at(length);
                (name(word, after), length)
            }
            char => (Token::Plain, char.len_utf8()),
        };
        let (piece, after) = rest.split_at(length);
        found.push((token, piece));
        rest = after;
        if piece == "\n" {
            break;
        }
    }
    rest
}

fn name(word: &str, after: &str) -> Token {
    if KEYWORDS.contains(&word) {
        Token::Keyword
    } else if after.starts_with('(') {
        Token::Call
    } else {
        verdict(word).unwrap_or(Token::Plain)
    }
}

fn verdict(word: &str) -> Option<Token> {
    match word {
        "HIT" => Some(Token::Hit),
        "MISS" => Some(Token::Miss),
        _ => None,
    }
}

fn is_name(char: char) -> bool {
    char == '_' || char.is_alphabetic()
}

/// Bytes of the characters at the start that `fits`; at least one character.
fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    text.char_indices().skip(1).find(|(_, char)| !fits(*char)).map_or(text.len(), |(at, _)| at).max(first)
}

fn line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Bytes of a string with its quotes; an unclosed one goes on to the end.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            char if char == quote => return at + char.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        let pieces = tokens(text).into_iter().filter(|(token, _)| *token != Token::Plain);
        pieces.map(|(token, piece)| format!("{token:?}:{piece}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_command_line() {
        insta::assert_snapshot!(
            shown("docker build -t app 'my app' | grep MISS"),
            @"Command:docker Subcommand:build Flag:-t Text:'my app' Operator:| Miss:MISS"
        );
        insta::assert_snapshot!(shown("undo 2"), @"Command:undo");
    }

    #[test]
    fn a_line_of_script() {
        insta::assert_snapshot!(
            shown("let c = container(\"web\"); c.write(`/a`, 0x1f) // HIT\n"),
            @"Keyword:let Call:container Text:\"web\" Call:write Text:`/a` Number:0x1f Comment:// HIT"
        );
    }

    #[test]
    fn several_lines_mix_both() {
        insta::assert_snapshot!(
            shown("let a = \"x\ndocker\";\ndocker images\n/* docker\n */ step(\"HIT\")"),
            @r#"
        Keyword:let Text:"x
        docker" Command:docker Subcommand:images Comment:/* docker
         */ Call:step Text:"HIT"
        "#
        );
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text in "[ -~\n\t層]{0,80}") {
            prop_assert_eq!(tokens(&text).into_iter().map(|(_, piece)| piece).collect::<String>(), text);
        }

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            prop_assert_eq!(tokens(&text).into_iter().map(|(_, piece)| piece).collect::<String>(), text);
        }
    }
}
