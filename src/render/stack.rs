//! The drawn stack: layers down, paths across. More paths than fit go into further boxes.

use super::measure::{clean_line, columns, cut, hang, pad, wrap_path};
use super::style::{Style, Tone};
use super::union::short;
use crate::trace::{Cell, CellMark, StackRow};

const LEGEND: &str = "● visible  ○ hidden  ✕ whiteout  ⊘ opaque  · absent\n";
/// Columns of the layer's number: "upper".
const NUMBER: usize = 5;
/// Columns of the layer's label, at most.
const LABEL: usize = 28;
/// Columns of a path, at least.
const PATH: usize = 8;
/// Columns of label and path, at most, when not everything fits into one box.
const TIGHT: usize = 20;

/// One column of cells: a path with its texts, laid out.
struct Column {
    head: Vec<String>,
    width: usize,
    index: usize,
}

/// Draws the stack.
pub fn draw(name: &str, paths: &[String], rows: &[StackRow], view: &[Cell], style: &Style) -> String {
    let label = |row: &StackRow| match &*row.layer.label {
        "" if row.layer.number == 0 => clean_line(&format!("{name} (rw)")),
        label => clean_line(label),
    };
    let labels: Vec<String> = rows.iter().map(label).collect();
    let longest = labels.iter().map(|label| columns(label)).max().unwrap_or(0).max(columns("merged"));
    let lay_out = |label_width: usize, path_most: usize| {
        // "│ upper │ label │" before the first path; " cell │" for each path.
        let room = style.width.saturating_sub(NUMBER + label_width + 7).max(PATH + 3);
        let all: Vec<Column> = (paths.iter().enumerate())
            .map(|(index, path)| column(index, path, rows, view, (room - 3, path_most)))
            .collect();
        (label_width, room, all)
    };
    let (mut label_width, mut room, mut all) = lay_out(longest.min(LABEL), usize::MAX);
    if all.iter().map(|column| column.width + 3).sum::<usize>() > room {
        (label_width, room, all) = lay_out(longest.min(TIGHT), TIGHT);
    }
    let mut drawn = "\n".to_owned();
    for group in groups(&all, room) {
        drawn.push_str(&draw_box(name, group, rows, &labels, view, label_width, style));
    }
    drawn.push_str(&style.paint(Tone::Dim, LEGEND.trim_end()));
    drawn.push('\n');
    for (row, label) in rows.iter().zip(&labels).filter(|(_, label)| columns(label) > label_width) {
        let first = format!("{:>NUMBER$}  ", short(&row.layer));
        drawn.push_str(&hang(&first, label, style.width));
        drawn.push('\n');
    }
    drawn
}

/// Lays out one path: as wide as its cells need, and as itself up to `most.1`; never above `most.0`.
fn column(index: usize, path: &str, rows: &[StackRow], view: &[Cell], most: (usize, usize)) -> Column {
    let path = clean_line(path);
    let cells = rows.iter().filter_map(|row| row.cells.get(index)).map(cell_text);
    let needed = cells.chain(view.get(index).map(view_text)).map(|text| columns(&text)).max().unwrap_or(1);
    let width = needed.max(columns(&path).min(most.1)).max(PATH).min(most.0);
    Column { head: wrap_path(&path, width), width, index }
}

/// As many columns a box as fit; at least one.
fn groups(all: &[Column], room: usize) -> Vec<&[Column]> {
    let mut groups = Vec::new();
    let mut rest = all;
    loop {
        let mut used = 0;
        let fitting = rest
            .iter()
            .take_while(|column| {
                used += column.width + 3;
                used <= room
            })
            .count();
        let (group, after) = rest.split_at(fitting.max(1).min(rest.len()));
        groups.push(group);
        rest = after;
        if rest.is_empty() {
            return groups;
        }
    }
}

fn draw_box(
    name: &str,
    group: &[Column],
    rows: &[StackRow],
    labels: &[String],
    view: &[Cell],
    label_width: usize,
    style: &Style,
) -> String {
    let mut drawn = head(name, group, label_width, style);
    let rule = |left: &str, middle: &str, right: &str| {
        let widths = [NUMBER, label_width].into_iter().chain(group.iter().map(|column| column.width));
        let lines: Vec<String> = widths.map(|width| "─".repeat(width + 2)).collect();
        style.paint(Tone::Dim, &format!("{left}{}{right}", lines.join(middle))) + "\n"
    };
    let bar = style.paint(Tone::Dim, "│");
    let line = |number: &str, label: &str, cells: Vec<(Tone, String)>| {
        let mut line =
            format!("{bar} {number:>NUMBER$} {bar} {} {bar}", pad(&cut(label, label_width), label_width));
        for (column, (tone, text)) in group.iter().zip(cells) {
            let padded = pad(&cut(&text, column.width), column.width);
            line.push_str(&format!(" {} {bar}", style.paint(tone, &padded)));
        }
        line + "\n"
    };
    drawn.push_str(&rule("┌", "┬", "┐"));
    for (index, (row, label)) in rows.iter().zip(labels).enumerate() {
        let cells = group.iter().map(|column| {
            row.cells
                .get(column.index)
                .map_or((Tone::Dim, "·".into()), |cell| (tone(cell.mark), cell_text(cell)))
        });
        drawn.push_str(&line(&short(&row.layer), label, cells.collect()));
        if index == 0 && row.layer.number == 0 && rows.len() > 1 {
            drawn.push_str(&rule("├", "┼", "┤"));
        }
    }
    drawn.push_str(&rule("├", "┼", "┤"));
    let cells = group.iter().map(|column| {
        view.get(column.index).map_or((Tone::Dim, "·".into()), |cell| (Tone::Plain, view_text(cell)))
    });
    drawn.push_str(&line("view ", "merged", cells.collect()));
    drawn.push_str(&rule("└", "┴", "┘"));
    drawn
}

/// "stack of web" and the paths, each above its column; a long path takes several lines.
fn head(name: &str, group: &[Column], label_width: usize, style: &Style) -> String {
    let left = NUMBER + label_width + 8;
    let height = group.iter().map(|column| column.head.len()).max().unwrap_or(0).max(1);
    let mut head = String::new();
    for line in 0..height {
        let title =
            if line == 0 { cut(&format!("stack of {}", clean_line(name)), left - 1) } else { String::new() };
        head.push_str(&style.paint(Tone::Strong, &pad(&title, left)));
        let mut paths = String::new();
        for column in group {
            // A path shorter than its column stands at the bottom of the head.
            let missing = height - column.head.len();
            let text = line.checked_sub(missing).and_then(|line| column.head.get(line));
            paths.push_str(&pad(text.map_or("", String::as_str), column.width + 3));
        }
        head.push_str(paths.trim_end());
        head.push('\n');
    }
    head.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn tone(mark: CellMark) -> Tone {
    match mark {
        CellMark::Visible => Tone::Good,
        CellMark::Hidden | CellMark::Absent => Tone::Dim,
        CellMark::Whiteout | CellMark::Opaque => Tone::Bad,
    }
}

fn cell_text(cell: &Cell) -> String {
    let text = clean_line(&cell.text);
    let shared = ["dir", "data"].iter().any(|word| text.starts_with(word));
    match cell.mark {
        CellMark::Visible if shared => format!("● {text}"),
        CellMark::Visible => format!("● {text}  wins"),
        CellMark::Hidden => format!("○ {text}  hidden"),
        CellMark::Whiteout if text.is_empty() => "✕ whiteout".to_owned(),
        CellMark::Whiteout => format!("✕ {text}"),
        CellMark::Opaque if text.is_empty() => "⊘ opaque".to_owned(),
        CellMark::Opaque => format!("⊘ {text}"),
        CellMark::Absent => "·".to_owned(),
    }
}

fn view_text(cell: &Cell) -> String {
    if cell.mark == CellMark::Absent || cell.text.is_empty() {
        "·".to_owned()
    } else {
        clean_line(&cell.text)
    }
}
