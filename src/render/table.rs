//! Tables without frames: columns as wide as they need; when the line is too short the widest
//! columns wrap, and nothing is cut.

use super::measure::{clean_line, columns, pad, wrap};
use super::style::{Style, Tone};

/// Draws a table, its columns `gap` spaces apart.
pub fn draw(title: &str, head: &[String], rows: &[Vec<String>], style: &Style) -> String {
    let mut drawn = String::new();
    if !title.is_empty() {
        drawn.push_str(&style.paint(Tone::Strong, &clean_line(title)));
        drawn.push('\n');
    }
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| clean_line(cell)).collect()).collect();
    let widths = widths(head, &cells, style.width);
    if !head.is_empty() {
        drawn.push_str(&line(head, &widths, &|_, text| style.paint(Tone::Dim, text)));
    }
    for row in &cells {
        drawn.push_str(&line(row, &widths, &|_, text| text.to_owned()));
    }
    drawn
}

/// Spaces between two columns.
pub const GAP: usize = 3;

/// Widths that hold head and rows within `most` columns, taken from the widest first.
pub fn widths(head: &[String], rows: &[Vec<String>], most: usize) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..count)
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at)).chain(head.get(at));
            cells.map(|cell| columns(cell)).max().unwrap_or(0)
        })
        .collect();
    let room = most.saturating_sub(GAP * count.saturating_sub(1)).max(count * 6);
    let mut over = widths.iter().sum::<usize>().saturating_sub(room);
    while over > 0 {
        let widest = widths.iter().copied().max().unwrap_or(0);
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0).max(6);
        let several = widths.iter().filter(|width| **width == widest).count();
        let step = (widest.saturating_sub(next)).min(over.div_ceil(several)).max(1);
        if widest <= 6 {
            break;
        }
        for width in widths.iter_mut().filter(|width| **width == widest) {
            let less = step.min(over);
            *width -= less;
            over -= less;
        }
    }
    widths
}

/// One row; its cells wrap within their widths. `paint` colours a padded cell.
pub fn line(cells: &[String], widths: &[usize], paint: &dyn Fn(usize, &str) -> String) -> String {
    let wrapped: Vec<Vec<String>> =
        cells.iter().zip(widths).map(|(cell, width)| wrap_cell(cell, *width)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
    let mut drawn = String::new();
    for at in 0..height {
        let filled = wrapped.iter().rposition(|lines| lines.get(at).is_some_and(|text| !text.is_empty()));
        for (index, (lines, width)) in wrapped.iter().zip(widths).enumerate() {
            let text = lines.get(at).map_or("", String::as_str);
            match filled {
                Some(last) if index < last => drawn.push_str(&paint(index, &pad(text, width + GAP))),
                Some(last) if index == last => drawn.push_str(&paint(index, text)),
                _ => {}
            }
        }
        drawn.push('\n');
    }
    drawn
}

/// A cell on several lines; one that is indented keeps its indent, and a little more.
fn wrap_cell(cell: &str, width: usize) -> Vec<String> {
    let text = cell.trim_start();
    let indent = cell.len() - text.len();
    if columns(cell) <= width || indent == 0 {
        return wrap(cell, width);
    }
    let lines = wrap(text, width.saturating_sub(indent + 2));
    let more = |at: usize| if at == 0 { indent } else { indent + 2 };
    lines.iter().enumerate().map(|(at, line)| format!("{}{line}", " ".repeat(more(at)))).collect()
}
