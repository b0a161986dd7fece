//! `explain`: two cache keys side by side.

use super::measure::{clean_line, columns, hang};
use super::style::{Style, Tone};
use super::table;
use crate::trace::KeyRow;

/// What one `explain` shows.
pub struct Explained<'a> {
    /// The step's number.
    pub step: usize,
    /// The logical line.
    pub instruction: &'a str,
    /// The verdict's word and reason.
    pub verdict: &'a str,
    /// The ingredients.
    pub rows: &'a [KeyRow],
    /// The digest of this build's key.
    pub digest: &'a str,
}

/// Draws the comparison.
pub fn draw(explained: &Explained<'_>, style: &Style) -> String {
    let mut drawn =
        hang(&format!("{} ", explained.step), &clean_line(explained.instruction), style.width) + "\n";
    if !explained.verdict.is_empty() {
        drawn.push_str(&hang("  ", &clean_line(explained.verdict), style.width));
        drawn.push('\n');
    }
    let compared = explained.rows.iter().any(|row| row.earlier.is_some());
    let mut head = vec![format!("cache key of {}", explained.step)];
    if compared {
        head.push("earlier build".to_owned());
    }
    head.push("this build".to_owned());
    head.push(String::new());

    let mut rows: Vec<Vec<String>> = explained.rows.iter().map(|row| cells(row, compared)).collect();
    if !explained.digest.is_empty() {
        let mut last = vec!["  = key".to_owned(), shorten(explained.digest, "")];
        if compared {
            last.insert(1, String::new());
        }
        rows.push(last);
    }
    let widths = table::widths(&head, &rows, style.width);
    drawn.push_str(&table::line(&head, &widths, &|_, text| style.paint(Tone::Dim, text)));
    for row in &rows {
        let changed = row.last().is_some_and(|word| word.chars().all(|char| char.is_ascii_uppercase()));
        let tone = |at: usize| if changed && at + 1 == row.len() { Tone::Warn } else { Tone::Plain };
        drawn.push_str(&table::line(row, &widths, &|at, text| style.paint(tone(at), text)));
    }
    if !compared && !explained.rows.is_empty() {
        drawn.push_str(&style.paint(Tone::Dim, "nothing earlier to compare it with"));
        drawn.push('\n');
    }
    drawn
}

/// One ingredient that differs, in a line.
pub(super) fn in_words(row: &KeyRow) -> String {
    let cells = cells(row, true);
    match &cells[..] {
        [part, earlier, now, word] if word == "CHANGED" => format!("{}: {earlier} → {now}", part.trim()),
        [part, earlier, _, word] if word == "REMOVED" => format!("{}: {earlier}, removed", part.trim()),
        [part, _, now, _] => format!("{}: {now}, added", part.trim()),
        _ => String::new(),
    }
}

fn cells(row: &KeyRow, compared: bool) -> Vec<String> {
    let part = format!("  {}", clean_line(&row.part.0));
    let (earlier, now) = (row.earlier.as_deref(), row.now.as_deref());
    let shown = |value: Option<&str>, other: Option<&str>| match value {
        Some("") => "(none)".to_owned(),
        Some(value) => short_words(&clean_line(value), other.unwrap_or("")),
        None => "-".to_owned(),
    };
    if !compared {
        return vec![part, shown(now, None), String::new()];
    }
    let word = match (earlier, now) {
        (Some(earlier), Some(now)) if earlier == now => "same",
        (Some(_), Some(_)) => "CHANGED",
        (None, Some(_)) => "ADDED",
        (Some(_), None) => "REMOVED",
        (None, None) => "",
    };
    vec![part, shown(earlier, now), shown(now, earlier), word.to_owned()]
}

/// A value with the digests in it shortened, word by word.
fn short_words(value: &str, other: &str) -> String {
    let mut others = other.split(' ');
    let words = value.split(' ').map(|word| shorten(word, others.next().unwrap_or("")));
    words.collect::<Vec<_>>().join(" ")
}

/// A digest as its first six digits, or as many as tell it from `other`; anything else unchanged.
/// `--json` has it whole.
fn shorten(value: &str, other: &str) -> String {
    let bare = |text: &str| text.strip_prefix("sha256:").unwrap_or(text).to_owned();
    let digits = bare(value);
    if columns(&digits) < 32 || !digits.chars().all(|char| char.is_ascii_hexdigit()) {
        return value.to_owned();
    }
    let same = digits.chars().zip(bare(other).chars()).take_while(|(a, b)| a == b).count();
    let keep = if value == other { 6 } else { (same + 2).max(6) };
    digits.chars().take(keep).collect()
}
