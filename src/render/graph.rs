//! The stages of a Dockerfile as text, mermaid or dot.

use super::measure::{clean_line, hang};
use super::size::count;
use super::style::{Style, Tone};
use crate::trace::{Graph, GraphEdge, GraphSource, GraphStage};

/// Draws it as asked for.
pub fn draw(graph: &Graph, style: &Style) -> String {
    match graph.format.as_str() {
        "mermaid" => mermaid(graph),
        "dot" => dot(graph),
        _ => text(graph, style),
    }
}

fn name(stage: &GraphStage) -> String {
    stage.name.as_deref().map_or_else(|| format!("stage-{}", stage.index), clean_line)
}

fn source(graph: &Graph, from: GraphSource) -> String {
    match from {
        GraphSource::FromStage(at) => graph.stages.get(at).map_or_else(String::new, name),
        GraphSource::FromImage(at) => {
            graph.images.get(at).map_or_else(String::new, |image| clean_line(image))
        }
        GraphSource::Scratch => "scratch".to_owned(),
    }
}

fn edges(graph: &Graph, stage: usize) -> impl Iterator<Item = &GraphEdge> {
    // Edges stand in the order of their stages.
    let start = graph.edges.partition_point(|edge| edge.stage < stage);
    graph.edges.iter().skip(start).take_while(move |edge| edge.stage == stage)
}

/// One stage below the other, what each takes under it.
fn text(graph: &Graph, style: &Style) -> String {
    let mut drawn = String::new();
    for stage in &graph.stages {
        let is_target = stage.index == graph.target;
        let (sign, tone) = if stage.needed { ("●", Tone::Good) } else { ("○", Tone::Dim) };
        let mut notes = vec![format!("line {}", stage.line), count(stage.instructions, "instruction")];
        match (is_target, stage.needed, stage.legacy) {
            (true, ..) => notes.push("the target".to_owned()),
            (false, true, _) => {}
            (false, false, true) => notes.push("not needed; the legacy builder builds it".to_owned()),
            (false, false, false) => notes.push("not needed".to_owned()),
        }
        let title = format!("{}   {}", name(stage), notes.join(" · "));
        let line = hang(&format!("{sign} "), &title, style.width);
        drawn.push_str(&style.paint(tone, &line));
        drawn.push('\n');
        let own: Vec<&GraphEdge> = edges(graph, stage.index).collect();
        for (at, edge) in own.iter().enumerate() {
            let (branch, stem) = if at + 1 == own.len() { ("└─", "  ") } else { ("├─", "│ ") };
            let mut words = format!("{} {}", edge.by, source(graph, edge.from));
            if matches!(edge.from, GraphSource::FromImage(_)) && edge.by != "FROM" {
                words.push_str(" (image)");
            }
            if !edge.paths.is_empty() {
                let paths: Vec<String> = edge.paths.iter().map(|path| clean_line(path)).collect();
                words = format!("{words}: {}", paths.join(" "));
            }
            let hung = hang(&format!("  {branch} "), &words, style.width);
            for (at, line) in hung.lines().enumerate() {
                match line.strip_prefix("     ").filter(|_| at > 0) {
                    Some(rest) => drawn.push_str(&format!("  {stem} {rest}\n")),
                    None => drawn.push_str(&format!("{line}\n")),
                }
            }
        }
    }
    let needed = graph.stages.iter().filter(|stage| stage.needed).count();
    let words = format!("{}, {} needed for the target", count(graph.stages.len(), "stage"), needed);
    drawn.push_str(&style.paint(Tone::Dim, &format!("{words}   ● needed  ○ not needed")));
    drawn.push('\n');
    drawn
}

/// Text inside `"…"` of a mermaid label: quotes and angle brackets become entities
/// (mermaid's syntax of flowcharts, "Entity codes to escape characters").
fn entity(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '"' => escaped.push_str("#quot;"),
            '#' => escaped.push_str("#35;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn id(from: GraphSource) -> String {
    match from {
        GraphSource::FromStage(at) => format!("s{at}"),
        GraphSource::FromImage(at) => format!("i{at}"),
        GraphSource::Scratch => "scratch".to_owned(),
    }
}

/// What stands on an edge.
fn label(edge: &GraphEdge) -> String {
    let paths: Vec<String> = edge.paths.iter().map(|path| clean_line(path)).collect();
    format!("{} {}", edge.by, paths.join(" ")).trim_end().to_owned()
}

fn has_scratch(graph: &Graph) -> bool {
    graph.edges.iter().any(|edge| edge.from == GraphSource::Scratch)
}

fn mermaid(graph: &Graph) -> String {
    let mut drawn = "flowchart TD\n".to_owned();
    for (at, image) in graph.images.iter().enumerate() {
        drawn.push_str(&format!("    i{at}([\"{}\"])\n", entity(&clean_line(image))));
    }
    if has_scratch(graph) {
        drawn.push_str("    scratch([\"scratch\"])\n");
    }
    for stage in &graph.stages {
        let class = match (stage.index == graph.target, stage.needed) {
            (true, _) => ":::target",
            (_, true) => "",
            _ => ":::unneeded",
        };
        drawn.push_str(&format!("    s{}[\"{}\"]{class}\n", stage.index, entity(&name(stage))));
    }
    for edge in &graph.edges {
        let arrow = if edge.by == "FROM" { "-->" } else { "-.->" };
        let label = entity(&label(edge));
        drawn.push_str(&format!("    {} {arrow}|\"{label}\"| s{}\n", id(edge.from), edge.stage));
    }
    drawn.push_str(
        "    classDef target stroke-width:3px\n    classDef unneeded stroke-dasharray:4 4,color:#888\n",
    );
    drawn
}

/// Text inside `"…"` of dot: only quotes and backslashes are special (graphviz, "The DOT Language").
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn dot(graph: &Graph) -> String {
    let mut drawn = "digraph stages {\n  rankdir=TB;\n  node [shape=box];\n".to_owned();
    for (at, image) in graph.images.iter().enumerate() {
        drawn.push_str(&format!("  i{at} [label={}, shape=oval];\n", quoted(&clean_line(image))));
    }
    if has_scratch(graph) {
        drawn.push_str("  scratch [shape=oval];\n");
    }
    for stage in &graph.stages {
        let look = match (stage.index == graph.target, stage.needed) {
            (true, _) => ", penwidth=2",
            (_, true) => "",
            _ => ", style=dashed, fontcolor=gray",
        };
        drawn.push_str(&format!("  s{} [label={}{look}];\n", stage.index, quoted(&name(stage))));
    }
    for edge in &graph.edges {
        let look = if edge.by == "FROM" { "" } else { ", style=dashed" };
        drawn.push_str(&format!(
            "  {} -> s{} [label={}{look}];\n",
            id(edge.from),
            edge.stage,
            quoted(&label(edge))
        ));
    }
    drawn.push_str("}\n");
    drawn
}
