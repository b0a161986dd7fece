//! The steps of a file that can't be read: only its lines and stages are known.

use super::plan::blank;
use super::request::Builder;
use super::step::{Status, Step};

/// One step for each logical line, none of them run.
pub(super) fn steps(text: &[u8], builder: Builder) -> Vec<Step> {
    let text = String::from_utf8_lossy(text);
    let mut stage: Option<usize> = None;
    let mut name = None;
    let mut steps: Vec<Step> = Vec::new();
    for line in logical_lines(&text) {
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or("").to_uppercase();
        if word == "FROM" {
            stage = Some(stage.map_or(0, |number| number + 1));
            let mut after = words.skip_while(|word| !word.eq_ignore_ascii_case("as"));
            name = after.nth(1).map(str::to_owned);
        }
        let mut step = blank(steps.len() + 1, &line, stage, name.clone());
        step.status = match (builder, word.as_str()) {
            (Builder::Legacy, "ARG") if stage.is_none() => Status::Metadata,
            (Builder::Legacy, _) => Status::NotRun,
            (_, "RUN" | "COPY" | "ADD" | "WORKDIR") => Status::NotShown,
            _ => Status::Metadata,
        };
        steps.push(step);
    }
    steps
}

/// Lines with continuations joined, comments and blank lines dropped.
fn logical_lines(text: &str) -> Vec<String> {
    let escape = if text.lines().any(|line| line.replace(' ', "").eq_ignore_ascii_case("#escape=`")) {
        '`'
    } else {
        '\\'
    };
    let mut lines = Vec::new();
    let mut open = String::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        match line.trim_end().strip_suffix(escape) {
            Some(start) => open.push_str(start),
            None => {
                open.push_str(line);
                lines.push(std::mem::take(&mut open).trim().to_owned());
            }
        }
    }
    if !open.trim().is_empty() {
        lines.push(open.trim().to_owned());
    }
    lines
}
