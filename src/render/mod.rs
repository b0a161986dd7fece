//! What a person sees: events as text, and as JSON for programs.
//!
//! [`text`] has one arm per event, [`json`] is one line per event; both see the same data. A
//! [`Renderer`] is the sink that prints either, and knows what only a whole run knows: numbers of
//! lines within one command, columns of a build's steps.

mod bars;
mod bill;
mod course;
mod diagnostic;
mod explain;
mod finding;
mod graph;
mod handle;
mod measure;
mod mounted;
mod order;
mod renderer;
mod saved;
mod size;
mod stack;
mod step;
mod storage;
mod style;
pub mod svg;
mod table;
mod union;
mod whatif;

pub use diagnostic::advice;
pub use measure::{clean, clean_line, columns, cut, pad, wrap};
pub use renderer::{Mode, Renderer};
pub use size::{bytes, count, seconds};
pub use style::{Style, Tone};

use crate::error::Error;
use crate::trace::{Answer, Cost, Event, LayerRef, Probe, Stream};
use measure::{flow, hang};

/// The prompt, also in front of lines that a scenario or a piped file runs.
pub const PROMPT: &str = "lab> ";
/// In front of the further lines of one that goes on.
pub const CONTINUED: &str = "   > ";

/// One event as a line of JSON, without the line end.
pub fn json(event: &Event) -> String {
    /// The event's own fields, and what was paid.
    #[derive(serde::Serialize)]
    struct Paid<'e> {
        #[serde(flatten)]
        event: &'e Event,
        paid: Cost,
    }
    let cost = event.cost();
    let text = match cost.is_nothing() {
        true => serde_json::to_string(event),
        false => serde_json::to_string(&Paid { event, paid: cost }),
    };
    text.unwrap_or_else(|error| {
        serde_json::json!({"event": "error", "message": error.to_string()}).to_string()
    })
}

/// A lab error as text.
pub fn error(error: &Error, style: &Style) -> String {
    text(&Event::from(error), style)
}

/// One event as text for people: whole lines, each with its end.
pub fn text(event: &Event, style: &Style) -> String {
    match event {
        Event::Lookup { .. }
        | Event::CopyUpDirectories { .. }
        | Event::CopyUp { .. }
        | Event::LinkedUp { .. }
        | Event::Cleared { .. }
        | Event::Write { .. }
        | Event::Created { .. }
        | Event::Removed { .. }
        | Event::Opaque { .. }
        | Event::Redirect { .. }
        | Event::Renamed { .. }
        | Event::Attributes { .. }
        | Event::Failed { .. }
        | Event::Handle { .. }
        | Event::Map { .. }
        | Event::OnMount(_)
        | Event::Committed { .. } => {
            union::tell(event).map_or_else(String::new, |told| told.lines("", None, style))
        }
        Event::Saved { file, bytes, images } => saved::draw(file, *bytes, images, style),
        Event::Stack { name, paths, rows, view, svg } => match svg {
            true => svg::draw(name, paths, rows, view),
            false => stack::draw(name, paths, rows, view, style),
        },
        Event::Which { path, probes, winner, shown, why } => {
            which(path, probes, (winner.as_ref(), shown), why, style)
        }
        Event::BuildStart { name, builder, context_files, context_bytes, ignored_files } => {
            build_start(name, builder, (*context_files, *context_bytes), *ignored_files, style)
        }
        Event::Step { .. } => step_alone(event, style),
        Event::Output { stream, text } => output(*stream, text),
        Event::Built { tag, image, size, layers, hits, misses, seconds, not_modelled } => {
            let name = if tag.is_empty() { image.clone() } else { format!("{tag} {image}") };
            built(&name, (*hits, *misses, *not_modelled), (*size, *layers), *seconds, style)
        }
        Event::BuildFailed { message, exit, plain, place, hint } => {
            let told = plain.as_deref().or(place.as_ref().map(|_| "the build ended here"));
            let told = match (told, hint) {
                (Some(told), hint) => diagnostic::draw(told, place.as_ref(), hint.as_deref(), style),
                (None, Some(hint)) => advice("hint: ", hint, style),
                (None, None) => String::new(),
            };
            build_failed(message, &told, *exit, style)
        }
        Event::Warnings { warnings } => finding::warnings(warnings, style),
        Event::Checked { by, found } => finding::checked(by, *found, style),
        Event::Finding(found) => finding::draw(found, style),
        Event::Explain { step, instruction, verdict, rows, digest, .. } => {
            explain::draw(&explain::Explained { step: *step, instruction, verdict, rows, digest }, style)
        }
        Event::Decisions(decisions) => whatif::draw_decisions(decisions, style),
        Event::WhatIf(answer) => whatif::draw(answer, style),
        Event::Order(answer) => order::draw(answer, style),
        Event::Graph(drawn) => graph::draw(drawn, style),
        Event::Bill { name, drivers, rows } => bill::draw(name, drivers, rows, style),
        Event::Bars(bars) => bars::draw(bars, style),
        Event::Reclaimed(told) => storage::reclaimed(told, style),
        Event::Transferred(told) => storage::transferred(told, style),
        Event::Held { layers } => storage::held(layers, style),
        Event::Printed { out, err, exit } => printed(out, err, *exit, style),
        Event::Started { name, lowers, driver, .. } => {
            let name = style.paint(Tone::Strong, &clean_line(name));
            let by = match driver.as_str() {
                "overlay2" => String::new(),
                driver => format!(" ({})", clean_line(driver)),
            };
            match *lowers {
                0 if driver == "vfs" => format!("{name} started: a copy of the whole image{by}\n"),
                lowers => format!("{name} started: empty upper over {}{by}\n", count(lowers, "lower layer")),
            }
        }
        Event::Mounted(news) => mounted::draw(news, style),
        Event::Table { title, head, rows } => table::draw(title, head, rows, style),
        Event::Value { text } | Event::Text { text } => whole_lines(text),
        Event::NotModelled { what, instead } => {
            let instead = if instead.is_empty() { String::new() } else { format!("; {instead}") };
            advice("not modelled: ", &format!("{what}{instead}"), style)
        }
        Event::Hint { text } => advice("hint: ", text, style),
        // Meant to be copied, so it is never wrapped.
        Event::Next { text } => format!("{} {}\n", style.paint(Tone::Accent, "next:"), clean(text)),
        Event::Story { text } => story(text, style),
        Event::Line { text } => line(text, style),
        Event::Check { name, ok, expected, actual } => check(name, *ok, expected, actual, style),
        Event::Course(news) => course::draw(news, style),
        Event::Predicted { instruction, predicted, actual, ok } => {
            let said = format!("{instruction}   you said {predicted}, it was {actual}");
            let (tone, sign) = if *ok { (Tone::Good, "✓") } else { (Tone::Bad, "✗") };
            format!("{} {}\n", style.paint(tone, sign), clean_line(&said))
        }
        Event::Error { message, place, hint } => {
            diagnostic::draw(message, place.as_ref(), hint.as_deref(), style)
        }
        Event::Tracing { mode } => {
            format!("{}\n", style.paint(Tone::Dim, &format!("trace {}", clean_line(mode))))
        }
        Event::Result { passed, failed, .. } => result(*passed, *failed, style),
    }
}

/// Cleaned text that ends with a line end; nothing for nothing.
fn whole_lines(text: &str) -> String {
    let mut lines = clean(text);
    if !lines.is_empty() && !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

/// A line of a simulated process. Both streams look alike, as on a terminal.
fn output(stream: Stream, text: &str) -> String {
    match stream {
        Stream::Out | Stream::Err => clean(text) + "\n",
    }
}

fn which(
    path: &str,
    probes: &[Probe],
    (winner, shown): (Option<&LayerRef>, &[usize]),
    why: &str,
    style: &Style,
) -> String {
    let mut drawn = match winner {
        Some(layer) if layer.number == 0 => format!("{}: the upper wins\n", clean_line(path)),
        Some(layer) => format!("{}: layer {} wins\n", clean_line(path), layer.number),
        None => format!("{}: not in the merged view\n", clean_line(path)),
    };
    let label = |probe: &Probe| clean_line(&probe.layer.label);
    let width = probes.iter().map(|probe| columns(&label(probe))).max().unwrap_or(0).min(28);
    for probe in probes {
        let (sign, tone) = match probe.answer {
            Answer::Whiteout => ("✕", Tone::Bad),
            _ if shown.contains(&probe.layer.number) => ("●", Tone::Good),
            _ => ("○", Tone::Dim),
        };
        let name = pad(&cut(&label(probe), width), width);
        let said = union::answer(&probe.answer);
        let first = format!("{:>7}  {name}  ", union::short(&probe.layer));
        let said = hang(&format!("{first}  "), &clean_line(&said), style.width);
        drawn.push_str(
            said.strip_prefix(&first)
                .map_or(said.clone(), |rest| {
                    format!("{first}{} {}", style.paint(tone, sign), rest.trim_start())
                })
                .as_str(),
        );
        drawn.push('\n');
    }
    if !why.is_empty() {
        drawn.push_str(&hang("", &clean(why), style.width));
        drawn.push('\n');
    }
    drawn
}

fn build_start(name: &str, builder: &str, context: (usize, u64), ignored: usize, style: &Style) -> String {
    let mut segments = vec![format!("building {}", clean_line(name))];
    segments.push(format!("context: {}, {}", count(context.0, "file"), bytes(context.1)));
    if ignored > 0 {
        segments.push(format!("ignored: {}", count(ignored, "file")));
    }
    if builder != "buildkit" {
        segments.push(format!("{} builder", clean_line(builder)));
    }
    let lines = flow(&segments, 0, style.width);
    lines.lines().map(|line| style.paint(Tone::Dim, line) + "\n").collect()
}

fn step_alone(event: &Event, style: &Style) -> String {
    let Some(row) = step::Row::of(event) else { return String::new() };
    let mut widths = step::Columns::default();
    widths.fit(std::slice::from_ref(&row), style);
    step::draw(&row, &widths, style)
}

fn built(
    name: &str,
    steps: (usize, usize, u64),
    image: (u64, usize),
    repeated: f64,
    style: &Style,
) -> String {
    let mut segments = vec![clean_line(name), format!("{} hit, {} miss", steps.0, steps.1)];
    if steps.2 > 0 {
        segments.push(format!("{} not modelled", count(steps.2 as usize, "step")));
    }
    segments.push(format!("{} in {}", bytes(image.0), count(image.1, "layer")));
    if let Some(seconds) = seconds(repeated) {
        segments.push(format!("{seconds} of work repeated"));
    }
    let lines = flow(&segments, 0, style.width) + "\n";
    match lines.split_once("   ") {
        Some((name, rest)) => format!("{}   {rest}", style.paint(Tone::Strong, name)),
        None => lines,
    }
}

/// Docker's own words, then the lab's.
fn build_failed(message: &str, told: &str, exit: i32, style: &Style) -> String {
    let mut drawn = String::new();
    for line in clean(message).trim_end().lines() {
        drawn.push_str(&style.paint(Tone::Bad, line));
        drawn.push('\n');
    }
    format!("{drawn}{told}{}\n", style.paint(Tone::Dim, &format!("exit {exit}")))
}

fn printed(out: &str, err: &str, exit: i32, style: &Style) -> String {
    let mut drawn = format!("{}{}", whole_lines(out), whole_lines(err));
    if exit != 0 {
        drawn.push_str(&style.paint(Tone::Dim, &format!("exit {exit}")));
        drawn.push('\n');
    }
    drawn
}

fn story(text: &str, style: &Style) -> String {
    let mut told = "\n".to_owned();
    for line in wrap(&clean(text), style.width.saturating_sub(3)) {
        told.push_str(&style.paint(Tone::Strong, &format!("── {line}")));
        told.push('\n');
    }
    told
}

fn line(text: &str, style: &Style) -> String {
    let mut shown = String::new();
    for (at, line) in clean(text).trim_end().lines().enumerate() {
        let prompt = if at == 0 { PROMPT } else { CONTINUED };
        shown.push_str(&style.paint(Tone::Accent, prompt));
        shown.push_str(line);
        shown.push('\n');
    }
    shown
}

fn check(name: &str, ok: bool, expected: &str, actual: &str, style: &Style) -> String {
    let name = clean_line(name);
    if ok {
        return format!("{} {name}\n", style.paint(Tone::Good, "✓"));
    }
    let mut drawn = format!("{} {name}\n", style.paint(Tone::Bad, "✗"));
    for (word, value) in [("expected  ", expected), ("actual    ", actual)] {
        let value = clean(value).replace('\n', &format!("\n{}", " ".repeat(14)));
        drawn.push_str(&format!("    {word}{value}\n"));
    }
    drawn
}

fn result(passed: usize, failed: usize, style: &Style) -> String {
    match (passed, failed) {
        (0, 0) => String::new(),
        (passed, 0) => format!("{} {} passed\n", style.paint(Tone::Good, "✓"), count(passed, "check")),
        (passed, failed) => format!(
            "{} {failed} of {} failed\n",
            style.paint(Tone::Bad, "✗"),
            count(passed.saturating_add(failed), "check")
        ),
    }
}
