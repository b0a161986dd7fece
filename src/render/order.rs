//! A proposed order: the difference of the texts, what it saves, what was taken for granted.

use super::measure::{clean_line, hang};
use super::size::{count, grouped};
use super::style::{Style, Tone};
use super::table;
use crate::trace::Order;
use similar::{ChangeTag, TextDiff};

/// Rows of the table, at most.
const MOST_ROWS: usize = 20;

/// Draws the whole answer.
pub fn draw(order: &Order, style: &Style) -> String {
    let mut drawn = String::new();
    let number = |n: u64| grouped(usize::try_from(n).unwrap_or(usize::MAX));
    let runs = |misses: u64| count(usize::try_from(misses).unwrap_or(usize::MAX), "step");
    if order.moves.is_empty() {
        drawn.push_str("no other order that is known to be safe saves anything\n");
    } else {
        drawn.push_str(&style.paint(Tone::Strong, &clean_line(&order.file)));
        drawn.push('\n');
        drawn.push_str(&difference(order, style));
        for (at, one) in order.moves.iter().enumerate() {
            drawn.push_str(&hang(&format!("{}. ", at + 1), &clean_line(one), style.width));
            drawn.push('\n');
        }
        drawn.push('\n');
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut sorted: Vec<_> = order.rows.iter().collect();
    sorted.sort_by_key(|row| std::cmp::Reverse((row.before.saturating_sub(row.after)) as u64 * row.count));
    for row in sorted.iter().take(MOST_ROWS) {
        rows.push(vec![
            row.edit.clone(),
            row.count.to_string(),
            row.before.to_string(),
            row.after.to_string(),
        ]);
    }
    let head = ["edit", "times", "now", "then"].map(str::to_owned);
    drawn.push_str(&table::draw("", &head, &rows, style));
    if sorted.len() > MOST_ROWS {
        let words = format!("… {} more: --json has all\n", count(sorted.len() - MOST_ROWS, "edit"));
        drawn.push_str(&style.paint(Tone::Dim, &words));
    }
    let saved = order.misses_before.saturating_sub(order.misses_after);
    let words = match saved {
        0 => format!(
            "{} run again over all edits ({})",
            runs(order.misses_before),
            order.builders.join(" and ")
        ),
        _ => format!(
            "{} run again over all edits, instead of {}: {} saved ({})",
            runs(order.misses_after),
            number(order.misses_before),
            number(saved),
            order.builders.join(" and ")
        ),
    };
    drawn.push_str(&style.paint(Tone::Strong, &hang("", &words, style.width)));
    drawn.push('\n');
    for words in &order.assumed {
        drawn.push_str(&hang("assumed: ", &clean_line(words), style.width));
        drawn.push('\n');
    }
    drawn
}

/// Changed lines with two around them.
fn difference(order: &Order, style: &Style) -> String {
    let diff = TextDiff::from_lines(order.before.as_str(), order.after.as_str());
    let mut drawn = String::new();
    for (at, group) in diff.grouped_ops(2).iter().enumerate() {
        if at > 0 {
            drawn.push_str(&style.paint(Tone::Dim, "  ⋮\n"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, tone) = match change.tag() {
                ChangeTag::Delete => ('-', Tone::Bad),
                ChangeTag::Insert => ('+', Tone::Good),
                ChangeTag::Equal => (' ', Tone::Dim),
            };
            let line = format!("  {sign} {}", clean_line(change.value().trim_end()));
            drawn.push_str(&style.paint(tone, line.trim_end()));
            drawn.push('\n');
        }
    }
    drawn.push('\n');
    drawn
}
