//! A build's step lines in aligned columns: number, label, instruction, verdict, reason.

use super::measure::{clean, clean_line, columns, flow, hang, pad, wrap};
use super::size;
use super::style::{Style, Tone};
use crate::trace::{Event, Reason, Verdict};

/// Lines an instruction may take before the rest is left to `explain`.
const MOST_LINES: usize = 6;
/// Lines a reason may take beside its step.
const MOST_BESIDE: usize = 2;
/// Columns of a verdict that lines up; `NOT_LOOKED_UP` runs over into the reason.
const VERDICT: usize = 4;
/// Columns that are kept for the reason.
const REASON: usize = 24;

/// A step as it is held until its neighbours are known.
#[derive(Clone, Debug)]
pub struct Row {
    number: String,
    label: String,
    instruction: String,
    tone: Tone,
    verdict: &'static str,
    reason: String,
    /// Bytes and seconds, where the step made something for the first time.
    costs: Vec<String>,
    /// How the reader asks for the whole: `explain` at the prompt.
    pub explain: &'static str,
}

/// Widths shared by the steps of one build.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns {
    number: usize,
    label: usize,
    instruction: usize,
    verdict: usize,
    reason: usize,
}

impl Row {
    /// The row of a step event; `None` for other events.
    pub fn of(event: &Event) -> Option<Row> {
        let Event::Step {
            number, label, instruction, verdict, reason_text, bytes, seconds, modelled, ..
        } = event
        else {
            return None;
        };
        let reason = clean_line(reason_text);
        let mut costs = Vec::new();
        // News the first time only; how much a rebuild repeats is summed up below the steps.
        if matches!(verdict, Verdict::Miss { reason: Reason::FirstBuild }) {
            costs.extend(bytes.filter(|bytes| *bytes > 0).map(size::bytes));
            costs.extend(seconds.and_then(size::seconds));
        }
        if !modelled {
            costs.insert(0, "not modelled".to_owned());
        }
        // Continued lines come with their indent; `explain` shows them as they are.
        let lines = clean(instruction).trim_end().split('\n').map(one_space).collect::<Vec<_>>();
        let instruction = lines.join("\n");
        let (tone, number, label) = (tone(verdict), number.to_string(), clean_line(label));
        Some(Row {
            number,
            label,
            instruction,
            tone,
            verdict: verdict.word(),
            reason,
            costs,
            explain: "explain",
        })
    }
}

/// A line with one space between its words; a line that begins with spaces keeps them.
fn one_space(line: &str) -> String {
    let line = line.replace('\t', " ");
    let indent = line.len() - line.trim_start_matches(' ').len();
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    format!("{}{}", " ".repeat(indent), words.join(" "))
}

fn tone(verdict: &Verdict) -> Tone {
    match verdict {
        Verdict::Base => Tone::Accent,
        Verdict::Hit { .. } => Tone::Good,
        Verdict::Miss { .. } | Verdict::Maybe { .. } => Tone::Warn,
        Verdict::Meta | Verdict::NotLookedUp { .. } => Tone::Dim,
    }
}

impl Columns {
    /// Widens the columns for these rows, within the width of the line. The instruction gets what
    /// the longest reason leaves over; both wrap when they must.
    pub fn fit(&mut self, rows: &[Row], style: &Style) {
        let widest =
            |of: &dyn Fn(&Row) -> usize, least: usize| rows.iter().map(of).max().unwrap_or(0).max(least);
        self.number = widest(&|row| columns(&row.number), self.number);
        self.label = widest(&|row| columns(&row.label), self.label);
        self.verdict = widest(&|row| columns(row.verdict).min(VERDICT), self.verdict);
        self.reason = widest(&|row| columns(&row.reason), self.reason);
        let longest = |row: &Row| row.instruction.lines().map(columns).max().unwrap_or(0);
        let wanted = widest(&longest, self.instruction);
        let fixed = self.before() + 2 + self.verdict + 2;
        let room = style.width.saturating_sub(fixed);
        let for_reason = self.reason.min(room.saturating_sub(wanted).max(REASON)).max(8);
        self.instruction = wanted.min(room.saturating_sub(for_reason)).max(16);
    }

    /// Columns in front of the instruction.
    fn before(&self) -> usize {
        self.number + 1 + if self.label > 0 { self.label + 1 } else { 0 }
    }
}

/// The lines of one step.
pub fn draw(row: &Row, widths: &Columns, style: &Style) -> String {
    let verdict_at = widths.before() + widths.instruction + 2;
    let reason_at = verdict_at + widths.verdict.max(VERDICT) + 2;
    let instruction = instruction_lines(row, widths.instruction);
    let overflow = columns(row.verdict).saturating_sub(VERDICT);
    let mut reason = reason_lines(row, style.width.saturating_sub(reason_at).max(12), overflow);
    // Long words read better across the page than in a narrow column.
    let below = if reason.len() > MOST_BESIDE { std::mem::take(&mut reason) } else { Vec::new() };

    let mut drawn = String::new();
    for at in 0..instruction.len().max(reason.len()) {
        let said = instruction.get(at).map_or("", String::as_str);
        let why = reason.get(at).map_or("", String::as_str);
        let mut line = String::new();
        if at == 0 {
            let number = format!("{:>width$} ", row.number, width = widths.number);
            let label = if widths.label > 0 { pad(&row.label, widths.label) + " " } else { String::new() };
            line.push_str(&style.paint(Tone::Dim, &format!("{number}{label}")));
            line.push_str(&pad(said, widths.instruction + 2));
            line.push_str(&style.paint(row.tone, &pad(row.verdict, VERDICT)));
            line.push_str("  ");
            line.push_str(why);
        } else {
            line.push_str(&" ".repeat(widths.before()));
            line.push_str(said);
            if !why.is_empty() {
                let gap = reason_at.saturating_sub(widths.before() + columns(said));
                line.push_str(&" ".repeat(gap));
                line.push_str(why);
            }
        }
        drawn.push_str(line.trim_end());
        drawn.push('\n');
    }
    if !below.is_empty() {
        drawn.push_str(&reason_below(row, widths.before() + 4, style));
    }
    drawn
}

/// The reason and the costs below the step, from column `indent`.
fn reason_below(row: &Row, indent: usize, style: &Style) -> String {
    let costs = row.costs.iter().map(|cost| format!("   {cost}")).collect::<String>();
    hang(&" ".repeat(indent), &format!("{}{costs}", row.reason), style.width) + "\n"
}

/// The instruction within its column, later lines indented by two.
fn instruction_lines(row: &Row, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, text) in row.instruction.split('\n').enumerate() {
        let (first, indent) = if at == 0 { (width, 0) } else { (width.saturating_sub(2), 2) };
        let Some(head) = wrap(text, first).into_iter().next() else { continue };
        // What is left is wrapped anew in its narrower lines; a word broken in two stays in two.
        let tail = text.strip_prefix(head.as_str()).unwrap_or("").trim_start();
        lines.push(format!("{}{head}", " ".repeat(indent)));
        if !tail.is_empty() {
            lines.extend(wrap(tail, width.saturating_sub(2)).into_iter().map(|line| format!("  {line}")));
        }
    }
    if lines.len() > MOST_LINES {
        let left = lines.len() - (MOST_LINES - 1);
        lines.truncate(MOST_LINES - 1);
        lines.push(format!("  … {left} lines: {} {}", row.explain, row.number));
    }
    lines
}

/// The reason and what the step cost, within their column. A long verdict pushes the first line to
/// the right.
fn reason_lines(row: &Row, width: usize, overflow: usize) -> Vec<String> {
    if overflow > 0 && columns(&row.reason) + overflow <= width {
        return vec![row.reason.clone()];
    }
    let mut segments = wrap(&row.reason, width);
    segments.extend(row.costs.iter().cloned());
    let mut lines = vec![String::new(); usize::from(overflow > 0)];
    lines.extend(flow(&segments, 0, width).split('\n').map(str::to_owned));
    lines
}
