//! A report on an image as one HTML file: nothing is loaded from elsewhere, nothing runs.
//!
//! Every text in it comes from an image and is taken as hostile: what would steer a terminal is written out,
//! what HTML would obey becomes an entity, and the page's own policy forbids scripts and connections.

mod graph;
mod treemap;

use crate::command::dive::Subject;
use crate::inspect::dive::{Analysis, human};
use crate::inspect::layers::{Layers, Waste, WasteKind, show};
use crate::inspect::{BuildStage, HistoryStep};

/// What is reported.
pub struct Reported<'a> {
    /// The image's name.
    pub name: &'a str,
    /// Its layers.
    pub layers: &'a Layers,
    /// What could be saved.
    pub waste: &'a Waste,
    /// dive's figures.
    pub analysis: &'a Analysis,
    /// Its history, newest first.
    pub steps: &'a [HistoryStep],
    /// The stages of its build, if it was built here.
    pub stages: &'a [BuildStage],
}

/// A report on what `dive` and `layerlab report` look at.
pub fn of(subject: &Subject, steps: &[HistoryStep], stages: &[BuildStage]) -> String {
    let layers = subject.layers();
    html(&Reported {
        name: &subject.name,
        layers: &layers,
        waste: &layers.waste(0),
        analysis: &subject.analysis(),
        steps,
        stages,
    })
}

/// Findings that are listed; the sums have all.
const MOST_FINDINGS: usize = 200;

/// Colours of the layers; further ones begin again, and every layer has its number too.
const COLOURS: usize = 8;

/// The whole file.
pub fn html(reported: &Reported<'_>) -> String {
    let name = text(reported.name);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: layers</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("style.css")
    );
    header(&mut page, reported);
    layers(&mut page, reported);
    treemap::draw(&mut page, reported);
    waste(&mut page, reported);
    graph::draw(&mut page, reported.stages);
    page.push_str(
        "<footer>Made by layerlab. Sizes are decimal: 1 kB = 1000 B.</footer>\n</main>\n</body>\n</html>\n",
    );
    page
}

/// Text of an image as HTML.
fn text(text: &str) -> String {
    let mut escaped = String::new();
    for c in show(text.as_bytes()).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A path as HTML.
fn path(layers: &Layers, at: usize) -> String {
    text(&show(&layers.path(at)))
}

fn header(page: &mut String, reported: &Reported<'_>) {
    let (analysis, waste) = (reported.analysis, reported.waste);
    let count = reported.layers.layers().len();
    page.push_str(&format!("<h1>{}</h1>\n<ul class=\"tiles\">\n", text(reported.name)));
    let saved = percent(waste.savable(), waste.stored);
    for (big, small) in [
        (human(waste.stored), format!("stored in {count} {}", if count == 1 { "layer" } else { "layers" })),
        (human(waste.savable()), format!("could be saved ({saved} %), each byte counted once")),
        (human(analysis.wasted_bytes), "wasted as dive counts: every copy, the needed one too".to_owned()),
        (format!("{:.1} %", analysis.efficiency * 100.0), "efficiency as dive computes it".to_owned()),
    ] {
        page.push_str(&format!("<li><strong>{big}</strong> <span>{small}</span></li>\n"));
    }
    page.push_str("</ul>\n");
}

fn percent(part: u64, all: u64) -> String {
    format!("{:.1}", part as f64 / all.max(1) as f64 * 100.0)
}

/// Each layer as a bar, the newest first, with its command in full.
fn layers(page: &mut String, reported: &Reported<'_>) {
    page.push_str("<section>\n<h2>Layers</h2>\n<p>The newest first. Open one for its whole command. <span class=\"key hidden-key\"></span> hidden by a later layer: stored, and never seen.</p>\n<ol class=\"layers\" reversed>\n");
    let all = reported.layers.layers();
    let most = all.iter().map(|layer| layer.bytes).max().unwrap_or(0).max(1);
    let mut hidden = vec![0u64; all.len()];
    for (layer, bytes) in reported.layers.hidden_bytes() {
        if let Some(sum) = hidden.get_mut(layer) {
            *sum += bytes;
        }
    }
    let changes = reported.layers.changes();
    let layered: Vec<&HistoryStep> = reported.steps.iter().filter(|step| step.bytes.is_some()).collect();
    for (number, layer) in all.iter().enumerate().rev() {
        let gone = hidden.get(number).copied().unwrap_or(0).min(layer.bytes);
        let width = |bytes: u64| percent(bytes, most);
        let command = text(&layer.command);
        page.push_str(&format!(
            "<li><details>\n<summary><span class=\"number\">{number}</span><span class=\"size\">{}</span>\
             <span class=\"bar\"><i class=\"c{}\" style=\"width:{}%\"></i><i class=\"hidden\" style=\"width:{}%\"></i></span>\
             <span class=\"command\">{command}</span></summary>\n<pre>{command}</pre>\n<dl>\n",
            human(layer.bytes),
            number % COLOURS,
            width(layer.bytes - gone),
            width(gone),
        ));
        let mut row =
            |word: &str, value: String| page.push_str(&format!("<dt>{word}</dt><dd>{value}</dd>\n"));
        row("diff id", text(&layer.diff_id));
        if gone > 0 {
            row("hidden later", human(gone));
        }
        if let Some(list) = changes.get(number) {
            use crate::inspect::layers::ChangeOf;
            let count = |of: ChangeOf| list.iter().filter(|change| change.of == of).count();
            let (added, modified, removed) =
                (count(ChangeOf::Added), count(ChangeOf::Modified), count(ChangeOf::Removed));
            row("paths", format!("{added} added, {modified} modified, {removed} removed"));
        }
        let step = all.len().checked_sub(number + 1).and_then(|at| layered.get(at));
        if let Some(step) = step.filter(|step| !step.verdict.is_empty()) {
            let number = step.number.map(|number| format!("step {number}: ")).unwrap_or_default();
            row("cache", format!("{number}{} {}", text(&step.verdict), text(&step.reason)));
        }
        page.push_str("</dl>\n</details></li>\n");
    }
    page.push_str("</ol>\n</section>\n");
}

/// What is wasted, most first.
fn waste(page: &mut String, reported: &Reported<'_>) {
    let (layers, waste) = (reported.layers, reported.waste);
    page.push_str("<section>\n<h2>What could be saved</h2>\n");
    if waste.found.is_empty() {
        page.push_str("<p>Nothing: every byte is seen, and seen once.</p>\n</section>\n");
        return;
    }
    page.push_str("<ul class=\"kinds\">\n");
    for kind in WasteKind::ALL {
        let (bytes, files) = waste.of(kind);
        if files > 0 {
            let s = if files == 1 { "" } else { "s" };
            page.push_str(&format!(
                "<li><strong>{}</strong> {} <span>{files} file{s}</span></li>\n",
                human(bytes),
                kind.word()
            ));
        }
    }
    page.push_str("</ul>\n<ol class=\"waste\">\n");
    for found in waste.found.iter().take(MOST_FINDINGS) {
        let command =
            |layer: usize| layers.layers().get(layer).map(|of| text(&of.command)).unwrap_or_default();
        let files =
            if found.files > 1 { format!(" <span>{} files</span>", found.files) } else { String::new() };
        let (put, hid) = match found.kind {
            WasteKind::Duplicate => ("has it", "again"),
            _ => ("put it", "hid it"),
        };
        page.push_str(&format!(
            "<li><details>\n<summary><span class=\"size\">{}</span><span class=\"kind\">{}</span>\
             <code>{}</code>{files}</summary>\n<dl>\n<dt>layer {} {put}</dt><dd><code>{}</code></dd>\n\
             <dt>layer {} {hid}</dt><dd><code>{}</code></dd>\n<dt>fix</dt><dd class=\"fix\">{}</dd>\n</dl>\n</details></li>\n",
            human(found.bytes),
            found.kind.word(),
            path(layers, found.at),
            found.first,
            command(found.first),
            found.by,
            command(found.by),
            text(&found.fix),
        ));
    }
    page.push_str("</ol>\n");
    if waste.found.len() > MOST_FINDINGS {
        page.push_str(&format!(
            "<p>And {} more; the sums have all.</p>\n",
            waste.found.len() - MOST_FINDINGS
        ));
    }
    page.push_str("</section>\n");
}
