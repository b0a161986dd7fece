//! How the text after a keyword falls into words, pairs and JSON arrays.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/parser/line_parsers.go` (`parseWords`,
//! `parseNameVal`, `parseStringsWhitespaceDelimited`, `parseJSON`) and `split_command.go`.

use super::fault::Fault;
use super::instruction::Pair;
use super::quote::quoted;
use super::spans::{Piece, Word};
use super::version::{Difference, Version};

/// The blanks that separate words. A newline and other Unicode blanks are not among them.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// Splits at blanks, without any quoting.
pub(super) fn split_at_blanks(piece: Piece) -> Vec<Word> {
    let (text, mut words, mut start) = (piece.text(), Vec::new(), None);
    for (at, c) in text.char_indices() {
        match (is_blank(c), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(piece.part(from, at).word());
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| piece.after(from).word()));
    words
}

/// The piece up to the first blanks, and the piece after them if there are any.
pub(super) fn first_word(piece: Piece) -> (Piece, Option<Piece>) {
    let text = piece.text();
    let Some(end) = text.find(is_blank) else { return (piece, None) };
    let rest = text.get(end..).unwrap_or("").trim_start_matches(is_blank);
    (piece.part(0, end), Some(piece.after(text.len() - rest.len())))
}

/// A word of ENV, LABEL or ARG: its text, and where in the piece it begins and ends.
struct Quoted {
    text: String,
    from: usize,
    to: usize,
}

/// Splits at blanks that are neither quoted nor escaped; quotes and escape tokens stay in the words.
fn split_quoted(piece: Piece, escape: char) -> Vec<Quoted> {
    let text = piece.text();
    let (mut words, mut word, mut from): (_, String, Option<usize>) = (Vec::new(), String::new(), None);
    let mut quote: Option<char> = None;
    let mut blank_ok = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            if let Some(start) = from.take() {
                if blank_ok || !word.is_empty() {
                    words.push(Quoted { text: std::mem::take(&mut word), from: start, to: at });
                }
                blank_ok = false;
            }
            continue;
        }
        from.get_or_insert(at);
        match quote {
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                blank_ok = true;
            }
            Some(open) if c == open => quote = None,
            _ => {}
        }
        if c == escape && quote != Some('\'') {
            // the escape token at the very end vanishes; else it stays, with what it escapes
            let Some((_, escaped)) = chars.next() else { break };
            word.push(c);
            word.push(escaped);
        } else {
            word.push(c);
        }
    }
    if let Some(start) = from
        && (blank_ok || !word.is_empty())
    {
        words.push(Quoted { text: word, from: start, to: text.len() });
    }
    words
}

/// The words of ARG: names, or names with a default.
pub(super) fn arg_words(piece: Piece, escape: char) -> Vec<Pair> {
    split_quoted(piece, escape).into_iter().map(|word| pair(piece, word)).collect()
}

/// Cuts a word at its first `=`.
fn pair(piece: Piece, word: Quoted) -> Pair {
    match word.text.split_once('=') {
        None => {
            let place = piece.part(word.from, word.to).place();
            Pair { key: Word::new(word.text, place), value: None, old_form: false }
        }
        Some((key, value)) => {
            let cut = word.from + key.len();
            let value = Word::new(value, piece.part(cut + 1, word.to.max(cut + 1)).place());
            Pair {
                key: Word::new(key, piece.part(word.from, cut).place()),
                value: Some(value),
                old_form: false,
            }
        }
    }
}

/// The pairs of ENV and LABEL, in either form. None when there is nothing at all.
pub(super) fn pairs(piece: Piece, keyword: &str, escape: char) -> Result<Option<Vec<Pair>>, Fault> {
    let words = split_quoted(piece, escape);
    let Some(first) = words.first() else { return Ok(None) };
    if !first.text.contains('=') {
        let (key, Some(value)) = first_word(piece) else {
            return Err(Fault::lower(format!("{keyword} must have two arguments"), piece.place())
                .hint(format!("write `{keyword} {}=value`", first.text)));
        };
        return Ok(Some(vec![Pair { key: key.word(), value: Some(value.word()), old_form: true }]));
    }
    let mut pairs = Vec::with_capacity(words.len());
    for word in words {
        if !word.text.contains('=') {
            let message = format!(
                "Syntax error - can't find = in {}. Must be of the form: name=value",
                quoted(&word.text)
            );
            let place = piece.part(word.from, word.to).place();
            return Err(
                Fault::lower(message, place).hint("put a value with blanks in quotes: name=\"two words\"")
            );
        }
        pairs.push(pair(piece, word));
    }
    Ok(Some(pairs))
}

/// A JSON array of strings at the start of the piece; None when it is something else.
///
/// # Errors
/// A valid array with something in it that is no string.
pub(super) fn json_array(piece: Piece, version: Version) -> Result<Option<Vec<Word>>, Fault> {
    let text = piece.text();
    let front = text.len() - text.trim_start().len();
    let text = text.trim_start();
    if !text.starts_with('[') {
        return Ok(None);
    }
    let values: Option<Vec<serde_json::Value>> = if version.has(Difference::TextAfterJson) {
        serde_json::from_str(text).ok()
    } else {
        serde_json::Deserializer::from_str(text).into_iter().next().and_then(Result::ok)
    };
    let Some(values) = values else { return Ok(None) };
    let mut places = string_places(text);
    let mut words = Vec::with_capacity(values.len());
    for value in values {
        let serde_json::Value::String(string) = value else {
            let message = "when using JSON array syntax, arrays must be comprised of strings only";
            return Err(Fault::lower(message, piece.place()).hint("put every element in double quotes"));
        };
        let (from, to) = places.next().unwrap_or((0, text.len()));
        words.push(Word::new(string, piece.part(front + from, front + to).place()));
    }
    Ok(Some(words))
}

/// Where the strings of a valid JSON text begin and end, quotes included.
fn string_places(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut bytes = text.bytes().enumerate();
    std::iter::from_fn(move || {
        let (from, _) = bytes.find(|(_, byte)| *byte == b'"')?;
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                b'"' => return Some((from, at + 1)),
                _ => {}
            }
        }
        None
    })
}
