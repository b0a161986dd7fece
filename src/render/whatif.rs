//! A what-if: one row for each instruction, one column for each builder, the reasons below.

use super::diagnostic;
use super::explain;
use super::measure::{clean_line, columns, flow, hang, pad, wrap};
use super::size::count;
use super::style::{Style, Tone};
use crate::trace::{Decisions, Ended, WhatIf, WhatIfCell, WhatIfEnd, WhatIfRow};

/// Columns of one builder.
const CELL: usize = 8;
/// Lines that an instruction may take.
const MOST_LINES: usize = 4;

/// Draws the whole answer.
pub fn draw(answer: &WhatIf, style: &Style) -> String {
    let mut drawn = String::new();
    for (at, edit) in answer.edits.iter().enumerate() {
        let before = if at == 0 { "what if  " } else { "    and  " };
        let line = hang(before, &clean_line(&edit.what), style.width);
        drawn.push_str(&style.paint(Tone::Strong, &line));
        drawn.push('\n');
        if !edit.note.is_empty() {
            drawn.push_str(&hang("         ", &clean_line(&edit.note), style.width));
            drawn.push('\n');
        }
    }
    if answer.edits.is_empty() {
        let words = format!("what if  {} is built now", clean_line(&answer.name));
        drawn.push_str(&style.paint(Tone::Strong, &words));
        drawn.push('\n');
    }
    drawn.push_str(&table(&answer.rows, &answer.builders, &reasons, style));
    for end in &answer.builders {
        drawn.push_str(&draw_end(end, style));
    }
    drawn.push_str(&compared(answer, style));
    drawn
}

/// Draws what builders decided; with two of them, where and why they disagree.
pub fn draw_decisions(decided: &Decisions, style: &Style) -> String {
    let told = |row: &WhatIfRow| {
        let mut told = every_reason(row);
        if !row.disagree.is_empty() {
            told.push(format!("≠ {}", clean_line(&row.disagree)));
        }
        told.extend(row.differs.iter().map(|key| format!("≠ {}", explain::in_words(key))));
        if row.same > 0 {
            let more = if row.differs.is_empty() { "the whole key" } else { "the rest of the key" };
            told.push(format!("= {more} ({})", count(row.same, "ingredient")));
        }
        told
    };
    let mut drawn = table(&decided.rows, &decided.builders, &told, style);
    for end in &decided.builders {
        if let Some(failed) = &end.failure {
            drawn.push_str(&failure(&format!("{}: the build failed", end.builder), failed, style));
        }
        let words = format!("{}  {} hit, {} miss", pad(&end.builder, CELL), end.hits, end.misses);
        drawn.push_str(&style.paint(Tone::Strong, &words));
        drawn.push('\n');
    }
    if decided.builders.len() > 1 {
        let rows = decided.rows.iter().filter(|row| !row.disagree.is_empty()).count();
        let words = match rows {
            0 => "the builders agree on every line".to_owned(),
            rows => format!("≠ the builders disagree on {}", count(rows, "line")),
        };
        drawn.push_str(&style.paint(Tone::Strong, &words));
        drawn.push('\n');
    }
    drawn
}

/// A row for each instruction, a column for each builder.
fn table(
    rows: &[WhatIfRow],
    builders: &[WhatIfEnd],
    reasons: &dyn Fn(&WhatIfRow) -> Vec<String>,
    style: &Style,
) -> String {
    let mut drawn = String::new();
    let number = rows.iter().map(|row| row.number.to_string().len()).max().unwrap_or(1);
    let cells = builders.len() * (CELL + 2);
    let room = style.width.saturating_sub(number + 1 + cells).max(16);
    let longest =
        |row: &WhatIfRow| shown(&row.instruction).iter().map(|line| columns(line)).max().unwrap_or(0);
    let width = rows.iter().map(longest).max().unwrap_or(0).clamp(16, room);
    if !rows.is_empty() {
        let heads: Vec<&str> = builders.iter().map(|end| end.builder.as_str()).collect();
        let line = format!("{}{}", " ".repeat(number + 1 + width), cells_of(&heads));
        drawn.push_str(&style.paint(Tone::Dim, &line));
        drawn.push('\n');
    }
    for row in rows {
        drawn.push_str(&draw_row(row, number, width, &reasons(row), style));
    }
    drawn
}

fn cells_of(words: &[&str]) -> String {
    let cells: String = words.iter().map(|word| format!("  {}", pad(word, CELL))).collect();
    cells.trim_end().to_owned()
}

/// The instruction's lines, each with one space between its words.
fn shown(instruction: &str) -> Vec<String> {
    instruction
        .trim_end()
        .lines()
        .map(|line| clean_line(line).split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

fn draw_row(row: &WhatIfRow, number: usize, width: usize, reasons: &[String], style: &Style) -> String {
    let indent = " ".repeat(number + 1);
    let lines: Vec<String> = shown(&row.instruction)
        .iter()
        .enumerate()
        .flat_map(|(at, line)| {
            let inner = wrap(line, width.saturating_sub(if at == 0 { 0 } else { 2 }));
            let more = if at == 0 { "" } else { "  " };
            inner.into_iter().map(move |line| format!("{more}{line}")).collect::<Vec<_>>()
        })
        .collect();
    let mut drawn = String::new();
    for (at, line) in lines.iter().take(MOST_LINES).enumerate() {
        if at > 0 {
            drawn.push_str(&format!("{indent}{line}\n"));
            continue;
        }
        drawn.push_str(&style.paint(Tone::Dim, &format!("{:>number$} ", row.number)));
        drawn.push_str(&pad(line, width));
        let last = row.cells.len().saturating_sub(1);
        for (at, cell) in row.cells.iter().enumerate() {
            let word = if cell.verdict == "NONE" { "-" } else { cell.verdict.as_str() };
            let word = if at == last { word.to_owned() } else { pad(word, CELL) };
            drawn.push_str(&format!("  {}", style.paint(tone(cell), &word)));
        }
        drawn.push('\n');
    }
    if lines.len() > MOST_LINES {
        let more = format!("{indent}… {} more\n", count(lines.len() - MOST_LINES, "line"));
        drawn.push_str(&style.paint(Tone::Dim, &more));
    }
    for reason in reasons {
        let line = hang(&format!("{indent}  "), reason, style.width);
        drawn.push_str(&style.paint(Tone::Dim, &line));
        drawn.push('\n');
    }
    drawn
}

fn tone(cell: &WhatIfCell) -> Tone {
    match cell.verdict.as_str() {
        "HIT" => Tone::Good,
        "MISS" | "MAYBE" => Tone::Warn,
        "BASE" => Tone::Accent,
        _ => Tone::Dim,
    }
}

/// The reasons of all cells, alike ones once.
fn every_reason(row: &WhatIfRow) -> Vec<String> {
    let told: Vec<&WhatIfCell> = row.cells.iter().filter(|cell| !cell.reason.is_empty()).collect();
    said(row, &told)
}

/// The reasons worth a line: of everything but what is as it always is.
fn reasons(row: &WhatIfRow) -> Vec<String> {
    let worth = |cell: &&WhatIfCell| match cell.verdict.as_str() {
        "HIT" => cell.reason != "same parent, same step" && !cell.reason.starts_with("same key as in build"),
        "MISS" | "MAYBE" => true,
        "NONE" => !cell.reason.is_empty() && cell.reason != "the build ended before",
        _ => false,
    };
    let told: Vec<&WhatIfCell> = row.cells.iter().filter(worth).collect();
    said(row, &told)
}

fn said(row: &WhatIfRow, told: &[&WhatIfCell]) -> Vec<String> {
    let alike = told.len() == row.cells.len()
        && told.windows(2).all(|pair| matches!(pair, [a, b] if a.reason == b.reason));
    let alone = row.cells.len() == 1;
    match told.first() {
        Some(first) if alike || alone => vec![clean_line(&first.reason)],
        _ => told.iter().map(|cell| format!("{}: {}", cell.builder, clean_line(&cell.reason))).collect(),
    }
}

fn draw_end(end: &WhatIfEnd, style: &Style) -> String {
    let mut drawn = String::new();
    let already = end.failed_before == end.failure;
    if let Some(failed) = end.failed_before.as_ref().filter(|_| !already) {
        drawn.push_str(&failure(
            &format!("{}: the build before the edits fails already", end.builder),
            failed,
            style,
        ));
    }
    if let Some(failed) = &end.failure {
        let words = if already { "the build fails, without the edits too" } else { "the build would fail" };
        drawn.push_str(&failure(&format!("{}: {words}", end.builder), failed, style));
    }
    let mut parts = vec![format!("{} hit, {} miss", end.hits, end.misses)];
    if end.maybe > 0 {
        parts.push(format!("{} maybe", end.maybe));
    }
    let words = format!("{}  {}", pad(&end.builder, CELL), parts.join(", "));
    drawn.push_str(&style.paint(Tone::Strong, &words));
    drawn.push('\n');
    drawn
}

fn failure(head: &str, failed: &Ended, style: &Style) -> String {
    let message = format!("{head}: {}", failed.message);
    diagnostic::draw(&message, failed.place.as_ref(), failed.hint.as_deref(), style)
}

/// What the answer rests on.
fn compared(answer: &WhatIf, style: &Style) -> String {
    let assumed: Vec<&str> = answer
        .builders
        .iter()
        .filter(|end| end.earlier == "assumed")
        .map(|end| end.builder.as_str())
        .collect();
    let words = if assumed.is_empty() {
        "compared with the builds on record; nothing was executed".to_owned()
    } else if assumed.len() == answer.builders.len() {
        "compared with a build just before; nothing was executed".to_owned()
    } else {
        format!(
            "{}: compared with a build just before, none is on record; nothing was executed",
            assumed.join(", ")
        )
    };
    let lines = flow(&[words], 0, style.width);
    lines.lines().map(|line| style.paint(Tone::Dim, line) + "\n").collect()
}
