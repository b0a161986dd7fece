//! The build as a picture: stages as boxes, what they take from each other as arrows.

use super::text;
use crate::inspect::{BuildStage, StageSource};
use crate::render::cut;
use std::collections::BTreeSet;

const BOX: f64 = 296.0;
const GAP: f64 = 72.0;
const LINE: f64 = 18.0;
const TOP: f64 = 30.0;

/// A box: an image, or a stage.
struct Node {
    column: usize,
    x: f64,
    y: f64,
    height: f64,
}

/// Draws the graph; nothing for an image that was not built here.
pub(super) fn draw(page: &mut String, stages: &[BuildStage]) {
    if stages.is_empty() {
        return;
    }
    let images: BTreeSet<&str> = stages
        .iter()
        .flat_map(|stage| &stage.takes)
        .filter_map(|(from, _)| if let StageSource::Image(name) = from { Some(name.as_str()) } else { None })
        .collect();
    let images: Vec<&str> = images.into_iter().collect();
    let nodes = placed(stages, &images);
    let width = nodes.iter().map(|node| node.x + BOX).fold(0.0, f64::max) + 2.0;
    let height = nodes.iter().map(|node| node.y + node.height).fold(0.0, f64::max) + 2.0;
    page.push_str("<section>\n<h2>The build</h2>\n<p>Stages, and what each takes from where. Full arrows are FROM, broken ones COPY --from and mounts.</p>\n<div class=\"scroll\">\n");
    page.push_str(&format!(
        "<svg class=\"graph\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\" aria-label=\"Graph of {} stages; the list below has their steps\">\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        stages.len()
    ));
    for (index, stage) in stages.iter().enumerate() {
        for (from, by) in &stage.takes {
            let source = match from {
                StageSource::Stage(at) => images.len() + at,
                StageSource::Image(name) => images.iter().position(|image| image == name).unwrap_or(0),
            };
            if let (Some(from), Some(to)) = (nodes.get(source), nodes.get(images.len() + index)) {
                arrow(page, from, to, by);
            }
        }
    }
    for (image, node) in images.iter().zip(&nodes) {
        frame(page, node, "image");
        label(page, node.x + 10.0, node.y + 20.0, 44, image, "stage-name");
    }
    for (stage, node) in stages.iter().zip(nodes.iter().skip(images.len())) {
        let class = match (stage.is_target, stage.needed) {
            (true, _) => "stage target",
            (_, true) => "stage",
            _ => "stage unneeded",
        };
        frame(page, node, class);
        let note = match (stage.is_target, stage.needed) {
            (true, _) => "  the image",
            (_, true) => "",
            _ => "  not needed",
        };
        label(page, node.x + 10.0, node.y + 20.0, 44, &format!("{}{note}", stage.name), "stage-name");
        for (row, step) in stage.steps.iter().enumerate() {
            let y = node.y + TOP + LINE * (row as f64) + 12.0;
            let verdict = if step.verdict == "NOT_LOOKED_UP" { "·" } else { step.verdict };
            label(page, node.x + 10.0, y, 7, verdict, step.verdict);
            label(page, node.x + 62.0, y, 36, &step.instruction, "instruction");
        }
    }
    page.push_str("</svg>\n</div>\n<details>\n<summary>The steps as a list</summary>\n");
    for stage in stages {
        page.push_str(&format!("<h3>{}</h3>\n<table>\n<tbody>\n", text(&stage.name)));
        for step in &stage.steps {
            page.push_str(&format!(
                "<tr><td>{}</td><td><b class=\"{}\">{}</b></td><td><code>{}</code></td></tr>\n",
                step.number,
                step.verdict,
                step.verdict,
                text(&step.instruction)
            ));
        }
        page.push_str("</tbody>\n</table>\n");
    }
    page.push_str("</details>\n</section>\n");
}

/// Images in the first column, each stage in the one behind the last it takes from.
fn placed(stages: &[BuildStage], images: &[&str]) -> Vec<Node> {
    let mut nodes: Vec<Node> =
        images.iter().map(|_| Node { column: 0, x: 0.0, y: 0.0, height: TOP }).collect();
    for stage in stages {
        let columns = stage.takes.iter().map(|(from, _)| match from {
            StageSource::Stage(at) => nodes.get(images.len() + at).map_or(0, |node| node.column),
            StageSource::Image(_) => 0,
        });
        let column = columns.max().map_or(0, |column| column + 1);
        let height = TOP + LINE * (stage.steps.len() as f64) + 6.0;
        nodes.push(Node { column, x: 0.0, y: 0.0, height });
    }
    let columns = nodes.iter().map(|node| node.column + 1).max().unwrap_or(0);
    let mut ends = vec![1.0; columns];
    for node in &mut nodes {
        node.x = 1.0 + node.column as f64 * (BOX + GAP);
        if let Some(end) = ends.get_mut(node.column) {
            node.y = *end;
            *end += node.height + 20.0;
        }
    }
    nodes
}

fn frame(page: &mut String, node: &Node, class: &str) {
    page.push_str(&format!(
        "<rect class=\"{class}\" x=\"{:.0}\" y=\"{:.0}\" width=\"{BOX:.0}\" height=\"{:.0}\" rx=\"6\"/>\n",
        node.x, node.y, node.height
    ));
}

fn arrow(page: &mut String, from: &Node, to: &Node, by: &str) {
    let (x1, y1) = (from.x + BOX, from.y + 15.0);
    let (x2, y2) = (to.x, to.y + 15.0);
    let bend = (x2 - x1) / 2.0;
    let class = if by == "FROM" { "from" } else { "copy" };
    page.push_str(&format!(
        "<path class=\"arrow {class}\" d=\"M{x1:.0} {y1:.0}C{:.0} {y1:.0} {:.0} {y2:.0} {x2:.0} {y2:.0}\" marker-end=\"url(#tip)\"><title>{by}</title></path>\n",
        x1 + bend,
        x2 - bend
    ));
}

fn label(page: &mut String, x: f64, y: f64, most: usize, words: &str, class: &str) {
    let shown = cut(&crate::inspect::layers::show(words.as_bytes()), most);
    page.push_str(&format!(
        "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\">{}<title>{}</title></text>\n",
        text(&shown),
        text(words)
    ));
}
