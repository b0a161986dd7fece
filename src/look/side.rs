//! The list of layers, what is to be said of the chosen one, and the list of what is wasted.

use super::draw::{cursor, dim, heading, of_mark, strong, text};
use super::page::told;
use super::{Look, Pane};
use crate::inspect::dive::human;
use crate::inspect::layers::{Mark, show};
use crate::render::wrap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// Rows from `first` on such that row `at` is among `height` of them.
fn first(at: usize, count: usize, height: u16) -> usize {
    let height = usize::from(height.max(1));
    at.saturating_sub(height / 2).min(count.saturating_sub(height))
}

pub(super) fn layers(buffer: &mut Buffer, part: Rect, look: &Look) {
    let has_keys = look.pane == Pane::Layers;
    heading(buffer, part, "Layers", has_keys);
    let count = look.entries();
    let (lower, upper) = look.looked.layers.sides(&look.view());
    for (row, entry) in
        (first(look.entry, count, part.height)..count).take(usize::from(part.height)).enumerate()
    {
        let y = part.y + u16::try_from(row).unwrap_or(u16::MAX);
        match look.layer_of(entry) {
            None => {
                let names: Vec<String> = look.looked.names.iter().map(|name| show(name.as_bytes())).collect();
                text(buffer, part.x, y, part.width, &format!("  {}", names.join(" → ")), strong());
            }
            Some(layer) => {
                let Some(of) = look.looked.layers.layers().get(layer) else { continue };
                // As dive's two bars: what is compared with what.
                let (bar, colour) = match (lower.contains(&layer), upper.contains(&layer)) {
                    (true, _) => ("▌", Color::Blue),
                    (false, true) => ("▌", Color::Magenta),
                    _ => (" ", Color::Reset),
                };
                text(buffer, part.x, y, 1, bar, Style::new().fg(colour));
                let command = show(of.command.as_bytes());
                let told = format!("{layer:>2} {:>7} {command}", human(of.bytes));
                text(buffer, part.x + 1, y, part.width.saturating_sub(1), &told, Style::new());
            }
        }
        if entry == look.entry {
            cursor(buffer, part, y, has_keys);
        }
    }
}

pub(super) fn details(buffer: &mut Buffer, part: Rect, look: &Look) {
    heading(buffer, part, "Details", false);
    let width = usize::from(part.width);
    let mut lines: Vec<(String, Style)> = Vec::new();
    let figures = figures(look, width);
    if let Some(layer) = look.layer_of(look.entry)
        && let Some(of) = look.looked.layers.layers().get(layer)
    {
        let room = usize::from(part.height).saturating_sub(figures.len() + 1);
        let mut command: Vec<String> = wrap(&show(of.command.as_bytes()), width).into_iter().collect();
        if command.len() > room.max(1) {
            command.truncate(room.max(1).saturating_sub(1));
            command.push("… Enter shows all of it".to_owned());
        }
        lines.extend(command.into_iter().map(|line| (line, strong())));
        lines.push((counts(look), dim()));
    }
    lines.extend(figures);
    for (row, (line, style)) in lines.iter().take(usize::from(part.height)).enumerate() {
        text(buffer, part.x, part.y + u16::try_from(row).unwrap_or(0), part.width, line, *style);
    }
}

/// How many files of each kind the view has.
fn counts(look: &Look) -> String {
    let [added, removed, modified, _] = look.tree.counts;
    format!("+{added} ~{modified} -{removed} paths")
}

/// dive's figures and the lab's.
fn figures(look: &Look, width: usize) -> Vec<(String, Style)> {
    let (analysis, waste) = (&look.looked.analysis, &look.looked.waste);
    let name = look.looked.names.first().map(|name| show(name.as_bytes())).unwrap_or_default();
    let mut lines = vec![
        (format!("{name}  {}", human(analysis.size())), Style::new()),
        (
            format!(
                "dive: {:.0} % efficient, {} wasted",
                analysis.efficiency * 100.0,
                human(analysis.wasted_bytes)
            ),
            Style::new(),
        ),
    ];
    lines.push(match waste.savable() {
        0 => ("could be saved: nothing".to_owned(), Style::new()),
        bytes => (format!("could be saved: {}", human(bytes)), of_mark(Mark::Removed)),
    });
    let wrapped = lines.into_iter().flat_map(|(line, style)| {
        wrap(&line, width).into_iter().map(move |line| (line, style)).collect::<Vec<_>>()
    });
    wrapped.collect()
}

pub(super) fn waste(buffer: &mut Buffer, part: Rect, look: &Look) {
    let has_keys = look.pane == Pane::Waste;
    let found = &look.looked.waste.found;
    let name = match found.len() {
        0 => "Waste: none".to_owned(),
        count => format!("Waste: {} in {count}", human(look.looked.waste.savable())),
    };
    heading(buffer, part, &name, has_keys);
    // The fix of the chosen one takes the last rows.
    let fix =
        found.get(look.waste).map(|found| wrap(&format!("fix: {}", found.fix), usize::from(part.width)));
    let fix = fix.filter(|fix| has_keys && usize::from(part.height) > fix.len() + 1).unwrap_or_default();
    let height = part.height - u16::try_from(fix.len()).unwrap_or(0).min(part.height);
    let rows = first(look.waste, found.len(), height)..found.len();
    for (row, index) in rows.take(usize::from(height)).enumerate() {
        let y = part.y + u16::try_from(row).unwrap_or(u16::MAX);
        let Some(found) = found.get(index) else { continue };
        text(buffer, part.x, y, part.width, &told(&look.looked, found), Style::new());
        if index == look.waste {
            cursor(buffer, part, y, has_keys);
        }
    }
    for (row, line) in fix.iter().enumerate() {
        let y = part.y + height + u16::try_from(row).unwrap_or(0);
        text(buffer, part.x, y, part.width, line, of_mark(Mark::Added));
    }
}
