//! Asks `brush-parser` for the tree of what was read, and words its refusals.

use super::Dialect;
use super::error::{Found, Mistake};
use super::reading::{Reading, number, reserved, token};
use brush_parser::ast::Program;
use brush_parser::{ParseError, ParserOptions, Token};

/// What may end a list that is open.
const ENDS: [&str; 7] = ["then", "do", "fi", "done", "}", ")", ";;"];

/// The crate's tree, or the number of the token it stumbled over.
pub(super) fn parse(tokens: &[Token], dialect: Dialect) -> Result<Program, usize> {
    let mut at = match furthest(tokens, dialect) {
        Ok(program) => return Ok(program),
        Err(at) => at,
    };
    // It looks one token too far: for `<(…)` where a file should be, and past any word that stands
    // where a command should, which might have been `name=(`.
    let token = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    let looked = match token(1) {
        Some(Token::Operator(op, _)) => {
            matches!(op.as_str(), "<" | ">")
                && token(2).is_some_and(|token| token.to_str().contains(['<', '>']))
        }
        Some(Token::Word(word, _)) => reserved(word) && !tokens.get(..at).is_some_and(|t| viable(t, dialect)),
        None => false,
    };
    at -= usize::from(looked);
    Err(at)
}

fn furthest(tokens: &[Token], dialect: Dialect) -> Result<Program, usize> {
    let options = ParserOptions {
        sh_mode: dialect == Dialect::Dash,
        posix_mode: false,
        enable_extended_globbing: false,
        tilde_expansion_at_word_start: false,
        ..ParserOptions::default()
    };
    brush_parser::parse_tokens(tokens, &options).map_err(|error| match error {
        ParseError::ParsingNear(position) => number(&position),
        _ => tokens.len(),
    })
}

/// May a command begin like this? Then a word or a semicolon can follow.
fn viable(tokens: &[Token], dialect: Dialect) -> bool {
    ["x", ";"].into_iter().any(|next| {
        let mut tokens = tokens.to_vec();
        tokens.push(token(next, tokens.len(), 1));
        furthest(&tokens, dialect).map_or_else(|at| at >= tokens.len(), |_| true)
    })
}

/// What is wrong at a token: `found` stands there. ash and dash name the one word that would have
/// been right. The crate does not tell, but it can be asked: it accepts that word in this place.
pub(super) fn mistake(reading: &Reading, at: usize, found: Found) -> Mistake {
    let expected = if reading.dialect == Dialect::Bash { None } else { expected(reading, at, &found) };
    Mistake::Unexpected(found, expected)
}

fn expected(reading: &Reading, at: usize, found: &Found) -> Option<&'static str> {
    let before = reading.tokens.get(..at)?;
    let fits = |words: &[&str]| {
        let more = words.iter().enumerate().map(|(number, word)| token(word, at + number, 1));
        viable(&before.iter().cloned().chain(more).collect::<Vec<_>>(), reading.dialect)
    };
    // At the end of the text a list may be empty: what is missed is its end.
    let opener = before.iter().rev().map(Token::to_str).find(|text| *text != "\n").unwrap_or("");
    let opens = ["if", "elif", "while", "until", "then", "do", "else", "{"].contains(&opener);
    match before.last().map_or("", Token::to_str) {
        _ if opens && *found == Found::End => ENDS.into_iter().find(|word| fits(&["x", ";", word])),
        "case" => Some("word"),
        op if op.contains(['<', '>']) => None,
        // After a separator a list goes on: only what can end a list is measured against its end.
        ";" | "&" | "\n" => {
            let ends = match found {
                Found::End => true,
                Found::Token(token) => !["&&", "||", "|", ";", "&", "("].contains(&token.as_str()),
                _ => false,
            };
            ENDS.into_iter().find(|word| ends && fits(&[word]))
        }
        _ if fits(&["&&"]) => ENDS.into_iter().find(|word| fits(&[";", word])),
        _ if fits(&[")"]) || (*found == Found::End && fits(&["x", ")"])) => Some(")"),
        _ => ["in", "do"].into_iter().find(|word| fits(&[word]) && !fits(&["x"])),
    }
}
