//! What follows something that isn't modelled: nobody knows what is there, so nothing is refused for
//! being missing, and the cache decisions of the rest still print. A strict build refuses earlier.

use super::execute::Job;
use super::graph::{CopyOp, Node, Source};
use super::key::{FileEntry, Files, UNKNOWN};
use super::play::Player;
use super::select::Missing;
use super::solve::Solver;
use crate::shell::Outcome;
use crate::trace::{Stream, Trace};

impl Solver<'_> {
    /// May files be missing here only because an image, a program or an address isn't modelled?
    pub fn unsure(&self, node: Option<Node>) -> bool {
        let mut at = node;
        loop {
            match at {
                None => return false,
                Some(Node::Image(image)) => {
                    return self.graph.images.get(image).is_some_and(|(_, image)| image.placeholder);
                }
                Some(Node::Vertex(vertex)) => {
                    if self.solved.get(vertex).is_some_and(|solved| solved.unsure) {
                        return true;
                    }
                    at = self.graph.vertices.get(vertex).and_then(|vertex| vertex.base);
                }
            }
        }
    }

    /// The same of what a COPY takes its files from.
    pub fn unsure_source(&self, source: Source) -> bool {
        match source {
            Source::Context => false,
            Source::Tree(node) => self.unsure(node),
        }
    }

    /// Is a source that names nothing passed over?
    pub fn passes_over(&self, missing: &Missing, source: Source) -> bool {
        !self.request.strict && matches!(missing, Missing::Path { .. }) && self.unsure_source(source)
    }

    /// A list of files with those that nobody knows: they are taken to differ whenever the step they
    /// would come from ran anew.
    pub fn with_unknown(&self, list: Files, unknown: &[String], source: Source) -> Files {
        let Source::Tree(node) = source else { return list };
        if unknown.is_empty() {
            return list;
        }
        let made_by = crate::fs::Digest::of(self.ids(node).join(" ")).hex();
        let mut entries = list.entries;
        for path in unknown {
            let shown = path.trim_start_matches('/').to_owned();
            let name = shown.rsplit('/').next().unwrap_or("").to_owned();
            entries.push(FileEntry { name, shown, value: format!("{UNKNOWN} - - {made_by}") });
        }
        Files::new(entries)
    }

    /// Is the failure of this RUN passed over? Says so, with what it printed.
    pub fn forgives(&mut self, job: &Job<'_>, outcome: &Outcome, t: &mut Trace) -> bool {
        let here = !outcome.not_modelled.is_empty() || self.unsure(job.vertex.base);
        if self.request.strict || !here || t.fuel.exhausted().is_some() {
            return false;
        }
        let said =
            outcome.lines.iter().rev().find(|(stream, text)| *stream == Stream::Err && !text.is_empty());
        let said = said.map_or(String::new(), |(_, text)| format!(" ({text})"));
        let what = format!("what this RUN needs; here it ends with exit {}{said}", outcome.exit);
        self.player.not_modelled(job.vertex.step, what, "it counts as done", t);
        true
    }
}

/// Says which sources a COPY passed over.
pub(super) fn tell_missing(player: &mut Player, step: usize, op: &CopyOp, missing: &[String], t: &mut Trace) {
    let from = if op.sources.len() == missing.len() { "nothing is copied" } else { "it is left out" };
    for path in missing {
        let what = format!("the step that would make `{path}`");
        player.not_modelled(step, what, from, t);
    }
}
