//! The analysis for people: layers, figures, wasted files, within 80 columns; nothing is cut.

use super::Analysis;
use super::ci::percent;
use crate::fs::path;
use unicode_width::UnicodeWidthChar;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// The text of `dive NAME`.
pub fn table(name: &str, analysis: &Analysis) -> String {
    let count = analysis.layers.len();
    let layers = if count == 1 { "layer" } else { "layers" };
    let mut out = format!("{name}: {count} {layers}, {}\n\n", human(analysis.size()));
    out.push_str("LAYER       SIZE   FILES   COMMAND\n");
    for (at, layer) in analysis.layers.iter().enumerate() {
        let head = format!("{at:>5}   {:>8}   {:>5}   ", human(layer.size), layer.files());
        row(&mut out, &head, &shown(layer.command.as_bytes()));
    }
    let (wasted, savable) = (human(analysis.wasted_bytes), human(analysis.savable_bytes));
    out.push_str(&format!("\nefficiency    {} %\n", percent(analysis.efficiency)));
    out.push_str(&format!("wasted        {wasted}: every copy counts, also the one that is needed\n"));
    if analysis.layers.len() > 1 {
        let above = human(analysis.user_bytes());
        out.push_str(&format!(
            "              {} % of the {above} above the lowest layer\n",
            percent(analysis.wasted_ratio())
        ));
    }
    out.push_str(&format!("in fact       {savable} would be saved with the smallest copy of each alone\n"));
    if analysis.inefficiencies.is_empty() {
        return out;
    }
    out.push_str("\nCOUNT      SPACE   PATH\n");
    for found in &analysis.inefficiencies {
        row(&mut out, &format!("{:>5}   {:>8}   ", found.count, human(found.bytes)), &shown(&found.path));
    }
    out
}

/// A line whose last cell goes on below itself.
pub(in crate::inspect) fn row(out: &mut String, head: &str, cell: &str) {
    let (room, mut used) = (WIDTH.saturating_sub(head.len()).max(20), 0);
    let start = out.len();
    out.push_str(head);
    for c in cell.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > room {
            out.push('\n');
            out.push_str(&" ".repeat(head.len()));
            used = 0;
        }
        out.push(c);
        used += wide;
    }
    let end = out.trim_end().len().max(start);
    out.truncate(end);
    out.push('\n');
}

/// A path or command as text: what a terminal would obey is written out.
pub(in crate::inspect) fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for c in path::show(bytes).chars() {
        match c {
            '\n' => text.push('↵'),
            // What turns the direction of a line around.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                text.extend(c.escape_unicode());
            }
            c if c.is_control() => text.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

/// `6.0 kB`, `21 B` (dustin/go-humanize `bytes.go`, `Bytes`).
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let power = (0..UNITS.len()).rev().find(|power| bytes >= 1000u64.pow(*power as u32)).unwrap_or(0);
    let size = (bytes as f64 / 1000f64.powi(power as i32) * 10.0 + 0.5).floor() / 10.0;
    let unit = UNITS.get(power).copied().unwrap_or_default();
    if size < 10.0 { format!("{size:.1} {unit}") } else { format!("{size:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_humanize_does() {
        for (bytes, text) in [
            (0, "0 B"),
            (9, "9 B"),
            (21, "21 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (8000, "8.0 kB"),
            (12_345, "12 kB"),
            (9_960, "10 kB"),
            (82_854_982, "83 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(human(bytes), text, "{bytes}");
        }
    }
}
