//! Layers as bars: what is seen of each, and what a later layer hides.

use super::measure::{clean_line, columns, cut, hang, pad};
use super::size::{bytes, count};
use super::style::{Style, Tone};
use crate::trace::{Bar, Bars};

/// Columns of the longest bar, and of the shortest that a narrow terminal gets.
const WIDEST: usize = 32;
const NARROWEST: usize = 12;

/// Draws them, newest first. Nothing depends on colour alone.
pub(super) fn draw(bars: &Bars, style: &Style) -> String {
    let mut drawn = style.paint(Tone::Strong, &clean_line(&bars.name));
    drawn.push_str(&format!("   {} in {}\n", bytes(bars.bytes), count(bars.rows.len(), "layer")));
    let most = bars.rows.iter().map(|row| row.bytes).max().unwrap_or(0).max(1);
    let width = (style.width / 3).clamp(NARROWEST, WIDEST);
    let verdicts = bars.rows.iter().map(|row| columns(&row.verdict)).max().unwrap_or(0);
    for row in &bars.rows {
        let (mut seen, mut hidden) = parts(row, most, width);
        let head = format!(
            "{:>3}  {}  {:>7}  ",
            row.layer,
            pad(&clean_line(&row.verdict), verdicts),
            bytes(row.bytes)
        );
        let tail = pad("", width.saturating_sub(seen + hidden) + 2);
        // Less than half a column is a thin line.
        let thin = u128::from(row.bytes) * 2 * (width as u128) < u128::from(most) && row.bytes > 0;
        if thin {
            hidden = usize::from(row.hidden > row.bytes / 2);
            seen = 1 - hidden;
        }
        let full = if thin { "▏" } else { "█" }.repeat(seen);
        let plain = format!("{head}{full}{}{tail}", "░".repeat(hidden));
        let step = row.step.map(|step| format!("step {step}   ")).unwrap_or_default();
        let told = hang(&plain, &format!("{step}{}", clean_line(&row.command)), style.width);
        // Colours go in last: they have no columns.
        let rest = told.strip_prefix(plain.as_str()).unwrap_or_default();
        let tone = match row.verdict.as_str() {
            "HIT" => Tone::Good,
            "MISS" => Tone::Warn,
            "BASE" => Tone::Accent,
            _ => Tone::Plain,
        };
        drawn.push_str(&head);
        drawn.push_str(&style.paint(tone, &full));
        drawn.push_str(&style.paint(Tone::Bad, &"░".repeat(hidden)));
        drawn.push_str(&tail);
        drawn.push_str(rest);
        drawn.push('\n');
    }
    let hidden: u64 = bars.rows.iter().map(|row| row.hidden).fold(0, u64::saturating_add);
    let words = match hidden {
        0 => "█ seen in the image".to_owned(),
        hidden => format!("█ seen in the image   ░ hidden by a later layer: {}", bytes(hidden)),
    };
    drawn.push_str(&style.paint(Tone::Dim, &cut(&words, style.width)));
    drawn.push('\n');
    drawn
}

/// Columns of both parts of a bar. What has bytes has a column.
fn parts(row: &Bar, most: u64, width: usize) -> (usize, usize) {
    let columns = |bytes: u64| -> usize {
        let exact = u128::from(bytes) * width as u128;
        let rounded = (exact + u128::from(most) / 2) / u128::from(most);
        let least = u128::from(bytes > 0);
        usize::try_from(rounded.max(least)).unwrap_or(width).min(width)
    };
    let all = columns(row.bytes);
    let hidden = columns(row.hidden.min(row.bytes)).min(all);
    let seen = all - hidden;
    match (row.bytes.saturating_sub(row.hidden) > 0, seen) {
        (true, 0) if hidden > 1 => (1, hidden - 1),
        (true, 0) if all == hidden => (1, hidden.min(width - 1)),
        _ => (seen, hidden),
    }
}
