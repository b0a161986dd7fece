//! A lab error: what, where with the line and carets, and what to do next.

use super::measure::{clean, clean_line, columns, cut, hang};
use super::style::{Style, Tone};
use crate::trace::Place;
use unicode_width::UnicodeWidthChar;

/// Bytes of a message that is shown whole.
const MOST_MESSAGE: usize = 2000;

/// Draws an error.
pub fn draw(message: &str, place: Option<&Place>, hint: Option<&str>, style: &Style) -> String {
    let place_first = place.filter(|place| !is_typed(place)).map_or(String::new(), |place| {
        clean_line(&format!("{}:{}:{}: ", place.file, place.line, place.column))
    });
    // A name of a thousand letters is no news; its beginning is.
    let message =
        if message.len() > MOST_MESSAGE { cut(message, MOST_MESSAGE / 2) } else { message.to_owned() };
    let said = hang("error: ", &format!("{place_first}{}", clean(&message)), style.width);
    let (word, said) = said.split_at("error:".len());
    let mut drawn = format!("{}{said}\n", style.paint(Tone::Bad, word));
    if let Some(place) = place {
        drawn.push_str(&snippet(place, style));
    }
    if let Some(hint) = hint {
        drawn.push_str(&advice("hint: ", hint, style));
    }
    drawn
}

/// `hint: …` wrapped behind its word.
pub fn advice(word: &str, text: &str, style: &Style) -> String {
    let hung = hang(word, &clean(text), style.width);
    let (head, rest) = hung.split_at(word.len().min(hung.len()));
    format!("{}{rest}\n", style.paint(Tone::Accent, head))
}

/// A line just typed needs no name: the snippet shows it.
fn is_typed(place: &Place) -> bool {
    place.file.starts_with('<')
}

/// The line behind its number, carets below the marked part; a long line shows the part around it.
fn snippet(place: &Place, style: &Style) -> String {
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let bar = style.paint(Tone::Dim, "│");
    let room = style.width.saturating_sub(number.len() + 6).max(20);
    let (line, before, marked) = window(place, room);
    format!(
        "  {} {bar} {line}\n  {gutter} {bar} {}{}\n",
        style.paint(Tone::Dim, &number),
        " ".repeat(before),
        style.paint(Tone::Bad, &"^".repeat(marked.max(1))),
    )
}

/// The shown part of the line, columns before the mark, columns of the mark.
fn window(place: &Place, room: usize) -> (String, usize, usize) {
    let shown: Vec<char> =
        clean(&place.text).chars().map(|char| if char == '\t' { ' ' } else { char }).collect();
    let start = (place.column.max(1) as usize - 1).min(shown.len());
    let end = start.saturating_add(place.width.max(1) as usize).min(shown.len());
    let width = |part: &[char]| part.iter().map(|char| char.width().unwrap_or(0)).sum::<usize>();
    let part = |from: usize, to: usize| shown.get(from..to).unwrap_or_default();
    if width(&shown) <= room {
        return (shown.iter().collect(), width(part(0, start)), width(part(start, end)));
    }
    let from = start.saturating_sub(room / 3);
    let mut to = from;
    let mut used = 2;
    while let Some(char) = shown.get(to).filter(|char| used + char.width().unwrap_or(0) <= room) {
        used += char.width().unwrap_or(0);
        to += 1;
    }
    let left = if from > 0 { "…" } else { "" };
    let right = if to < shown.len() { "…" } else { "" };
    let line = format!("{left}{}{right}", part(from, to).iter().collect::<String>());
    let end = end.min(to).max(start);
    (line, columns(left) + width(part(from, start)), width(part(start, end)))
}
