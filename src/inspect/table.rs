//! Columns as Go's `text/tabwriter` aligns them.

/// Docker's settings: least width of a column (its padding included), blanks after the widest cell.
const LEAST: usize = 10;
const PADDING: usize = 3;

/// Aligns text whose cells end in tabs. A column is a run of neighbouring lines that all have a cell
/// ending in a tab there; what follows the last tab of a line is not padded (Go `text/tabwriter`,
/// `format`).
pub fn align(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let widths = widths(&lines);
    let mut aligned = String::with_capacity(text.len() * 2);
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            aligned.push('\n');
        }
        for (column, cell) in line.iter().enumerate() {
            aligned.push_str(cell);
            if let Some(width) = widths[number].get(column) {
                aligned.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
            }
        }
    }
    aligned
}

/// For each line the width of each of its cells that end in a tab.
fn widths(lines: &[Vec<&str>]) -> Vec<Vec<usize>> {
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|line| Vec::with_capacity(line.len())).collect();
    // Lines that still have a cell in this column; every round drops those that end before it, so
    // the work is bounded by the number of cells.
    let mut alive: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].len() > 1).collect();
    let mut column = 0;
    while !alive.is_empty() {
        for run in alive.chunk_by(|a, b| a + 1 == *b) {
            let cells = run.iter().filter_map(|line| lines[*line].get(column));
            let widest = cells.map(|cell| cell.chars().count() + PADDING).max().unwrap_or(0).max(LEAST);
            for line in run {
                widths[*line].push(widest);
            }
        }
        column += 1;
        alive.retain(|line| lines[*line].len() > column + 1);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_three() {
        assert_eq!(
            align("A\tB\tC\nlonger than ten\t\tz\n"),
            "A                 B         C\nlonger than ten             z\n"
        );
    }

    #[test]
    fn a_line_without_the_column_ends_it() {
        let text = "a\tb\nno tab at all\naaaaaaaaaaaaaaa\tb\n";
        assert_eq!(align(text), "a         b\nno tab at all\naaaaaaaaaaaaaaa   b\n");
        assert_eq!(align(""), "");
        assert_eq!(align("x\t"), "x         ");
    }
}
