//! The drawn stack as a picture: an SVG that is readable on a light and on a dark page.

use super::measure::{clean_line, columns};
use super::union::short;
use crate::trace::{Cell, CellMark, StackRow};
use std::fmt::Write;

/// Pixels of a column of text, and of a row.
const CHAR: usize = 8;
const ROW: usize = 34;
const GAP: usize = 6;
/// Characters of a label or a cell, at most.
const MOST: usize = 34;

/// Colours follow the reader's page: the style sheet has both.
const STYLE: &str = "<style>\
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328}\
.dim{fill:#59636e}.layer{fill:#eef1f4;stroke:#b7bfc8}.upper{fill:#fff4d6;stroke:#c69026}\
.view{fill:#ddf4e4;stroke:#3f9c5f}.wins{font-weight:bold}.gone{fill:#a40e26}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.layer{fill:#21262d;stroke:#4b535d}\
.upper{fill:#3b2e0a;stroke:#bf8700}.view{fill:#12361f;stroke:#3f9c5f}.gone{fill:#ff9492}}\
</style>";

/// Draws the stack as SVG text.
pub fn draw(name: &str, paths: &[String], rows: &[StackRow], view: &[Cell]) -> String {
    let name = clean_line(name);
    let label = |row: &StackRow| match &*row.layer.label {
        "" if row.layer.number == 0 => format!("upper  {name} (rw)"),
        "" => format!("layer {}", short(&row.layer)),
        label if row.layer.number == 0 => format!("upper  {label}"),
        label => format!("{}  {label}", short(&row.layer)),
    };
    let labels: Vec<String> = rows.iter().map(|row| cut(&label(row))).collect();
    let first = labels.iter().map(|label| columns(label)).max().unwrap_or(0).max(columns("merged view")) + 2;
    let widths: Vec<usize> = paths
        .iter()
        .enumerate()
        .map(|(at, path)| {
            let cells = rows.iter().filter_map(|row| row.cells.get(at)).chain(view.get(at));
            let widest = cells.map(|cell| columns(&words(cell))).max().unwrap_or(0);
            widest.max(columns(&cut(path))) + 2
        })
        .collect();
    let width = (first + widths.iter().sum::<usize>()) * CHAR + 2;
    let height = (rows.len() + 1) * (ROW + GAP) + ROW + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">{STYLE}<title>{}</title>\n",
        escaped(&format!("layers of {name}"))
    );
    let mut line = |y: usize, class: &str, label: &str, cells: &[(String, &str)]| {
        if !class.is_empty() {
            let _ = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"1\" y=\"{y}\" width=\"{}\" height=\"{ROW}\" rx=\"5\"/>",
                width - 2
            );
        }
        let baseline = y + ROW / 2 + 5;
        let mut x = CHAR;
        let mut put = |x: usize, class: &str, text: &str| {
            if !text.is_empty() {
                let text = escaped(text);
                let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x}\" y=\"{baseline}\">{text}</text>");
            }
        };
        put(x, "dim", label);
        x += first * CHAR;
        for ((text, class), width) in cells.iter().zip(&widths) {
            put(x, class, text);
            x += width * CHAR;
        }
    };
    let heads: Vec<(String, &str)> = paths.iter().map(|path| (cut(path), "")).collect();
    line(0, "", "", &heads);
    for (at, (row, label)) in rows.iter().zip(&labels).enumerate() {
        let class = if row.layer.number == 0 { "upper" } else { "layer" };
        let cells: Vec<(String, &str)> =
            row.cells.iter().map(|cell| (words(cell), tone(cell.mark))).collect();
        line((at + 1) * (ROW + GAP), class, label, &cells);
    }
    let cells: Vec<(String, &str)> = view.iter().map(|cell| (words(cell), tone(cell.mark))).collect();
    line((rows.len() + 1) * (ROW + GAP), "view", "merged view", &cells);
    svg.push_str("</svg>\n");
    svg
}

fn tone(mark: CellMark) -> &'static str {
    match mark {
        CellMark::Visible => "wins",
        CellMark::Whiteout | CellMark::Opaque => "gone",
        CellMark::Hidden | CellMark::Absent => "dim",
    }
}

fn words(cell: &Cell) -> String {
    let sign = match cell.mark {
        CellMark::Visible => "●",
        CellMark::Hidden => "○",
        CellMark::Whiteout => "✕",
        CellMark::Opaque => "⊘",
        CellMark::Absent => return "·".to_owned(),
    };
    cut(&format!("{sign} {}", clean_line(&cell.text)))
}

fn cut(text: &str) -> String {
    super::measure::cut(&clean_line(text), MOST)
}

/// Text between tags. What no XML may hold was taken out by [`clean_line`].
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
