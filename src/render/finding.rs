//! Findings of a check. BuildKit's look as `docker build --check` prints them (moby/buildkit
//! `frontend/subrequests/lint/lint.go`, `solver/errdefs/source.go`; docker/buildx
//! `commands/build.go`); the lab's go on with layer, bytes and cost.

use super::measure::{clean, clean_line, hang};
use super::size;
use super::style::{Style, Tone};
use crate::trace::Finding;

const RULE: &str = "--------------------";

/// How many findings there are, as the first line of a check says it.
pub fn checked(by: &str, found: usize, style: &Style) -> String {
    let words = match (by, found) {
        ("buildkit", 0) => "Check complete, no warnings found.".to_owned(),
        ("buildkit", 1) => "Check complete, 1 warning has been found!".to_owned(),
        ("buildkit", many) => format!("Check complete, {many} warnings have been found!"),
        (_, 0) => "Layers played, nothing found in them.".to_owned(),
        (_, 1) => "Layers played, 1 thing more:".to_owned(),
        (_, many) => format!("Layers played, {many} things more:"),
    };
    let before = if by == "buildkit" { "" } else { "\n" };
    let tone = if found == 0 { Tone::Good } else { Tone::Strong };
    format!("{before}{}\n", style.paint(tone, &words))
}

/// The short list after a build.
pub fn warnings(warnings: &[String], style: &Style) -> String {
    let head = match warnings.len() {
        1 => "1 warning found (use docker --debug to expand):".to_owned(),
        many => format!("{many} warnings found (use docker --debug to expand):"),
    };
    let mut drawn = format!("\n {}\n", style.paint(Tone::Warn, &head));
    for warning in warnings {
        drawn.push_str(&format!(" - {}\n", clean_line(warning)));
    }
    drawn
}

/// A finding with the lines it is about.
pub fn draw(finding: &Finding, style: &Style) -> String {
    let mut drawn = format!("\n{} {}", style.paint(Tone::Warn, "WARNING:"), clean_line(&finding.rule));
    if !finding.url.is_empty() {
        drawn.push_str(&format!(" - {}", clean_line(&finding.url)));
    } else if finding.by != "buildkit" {
        drawn.push_str(" - a rule of the lab's own");
    }
    drawn.push('\n');
    match finding.by.as_str() {
        // Docker's own words are never wrapped.
        "buildkit" => drawn.push_str(&clean_line(&finding.message)),
        _ => drawn.push_str(&hang("", &clean(&finding.message), style.width)),
    }
    drawn.push_str(&format!("\n{}:{}\n{RULE}\n", clean_line(&finding.file), finding.line));
    for line in &finding.source {
        let mark = if line.marked { style.paint(Tone::Bad, ">>>") } else { "   ".to_owned() };
        let text = format!(" {:>3} | {mark} {}", line.number, clean_line(&line.text));
        drawn.push_str(text.trim_end());
        drawn.push('\n');
    }
    drawn.push_str(RULE);
    drawn.push('\n');
    let mut row = |word: &str, text: &str| {
        let head = format!("{word:<7}");
        let said = hang(&head, &clean(text), style.width);
        let rest = said.strip_prefix(&head).unwrap_or(&said);
        drawn.push_str(&format!("{}{rest}\n", style.paint(Tone::Dim, &head)));
    };
    if let Some(layer) = &finding.layer {
        let step = layer.step.map_or(String::new(), |step| format!("step {step}: "));
        row("layer", &format!("{} of {}, {step}{}", layer.number, layer.of, layer.made_by));
    }
    if let Some(bytes) = finding.bytes {
        let files = if finding.files > 1 {
            format!(" in {}", size::count(finding.files, "file"))
        } else {
            String::new()
        };
        row("bytes", &format!("{}{files}", size::bytes(bytes)));
    }
    if let Some(cost) = &finding.cost {
        let mut words =
            format!("{} run again by {}", size::count(cost.steps, "step"), size::count(cost.edits, "edit"));
        if let Some(seconds) = size::seconds(cost.seconds) {
            words.push_str(&format!(", {seconds}"));
        }
        row("cost", &words);
    }
    if !finding.fix.is_empty() {
        row("fix", &finding.fix);
    }
    drawn
}
