//! Heredocs: which words of a line announce one, and their names.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/parser.go` (`heredocsFromLine`,
//! `heredocFromMatch`, `reHeredoc`, `ChompHeredocContent`).

use super::expand::Lexer;
use super::fault::Fault;
use super::instruction::Heredoc;
use super::spans::Piece;
use super::version::Version;
use crate::trace::Fuel;

/// The heredocs that a logical line announces, in order, still without their bodies.
pub(super) fn announced(line: Piece) -> Result<Vec<Heredoc>, Fault> {
    let lexer =
        Lexer { raw_quotes: true, raw_escapes: true, skip_unset: true, ..Lexer::new('\\', Version::Current) };
    // a line that can't be split into words, say for an open quote, announces none
    let words = lexer.words(line.text(), &|_| None, &mut Fuel::default()).unwrap_or_default();
    let (mut found, mut from) = (Vec::new(), 0);
    for word in words {
        let Some(mut heredoc) = parse(&word).map_err(|message| Fault::lower(message, line.place()))? else {
            continue;
        };
        // quotes, escapes and variables are all kept, so the word stands in the line as it is
        if let Some(at) = line.text().get(from..).and_then(|rest| rest.find(word.as_str())) {
            heredoc.place = line.part(from + at, from + at + word.len()).place();
            from += at + word.len();
        }
        found.push(heredoc);
    }
    Ok(found)
}

/// Reads `[fd]<<[-][blanks]NAME`; None when the word is something else.
///
/// # Errors
/// A name with an open quote.
pub(super) fn parse(word: &str) -> Result<Option<Heredoc>, String> {
    let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let Some(rest) = word.get(digits..).and_then(|rest| rest.strip_prefix("<<")) else { return Ok(None) };
    let (chomp, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let rest = rest.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
    if rest.is_empty() || rest.contains('<') {
        return Ok(None);
    }
    let lexer = Lexer { skip_unset: true, ..Lexer::new('\\', Version::Current) };
    let split =
        |lexer: Lexer| lexer.words(rest, &|_| None, &mut Fuel::default()).map_err(|error| error.message);
    let plain = split(lexer)?;
    let raw = split(Lexer { raw_quotes: true, ..lexer })?;
    let ([name], [raw]) = (plain.as_slice(), raw.as_slice()) else { return Ok(None) };
    let quotes = |text: &str| text.matches(['\'', '"']).count();
    Ok(Some(Heredoc {
        name: name.clone(),
        content: String::new(),
        expand: quotes(name) == quotes(raw),
        chomp,
        descriptor: word.get(..digits).unwrap_or("").parse().unwrap_or(0),
        place: Default::default(),
    }))
}

/// A body with the tabs at the front of each line removed.
pub(super) fn chomped(content: &str) -> String {
    content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
}
