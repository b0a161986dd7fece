//! What a build would do, without a RUN: which steps hit, which miss, and which depend on what another
//! step would make.
//!
//! The rules are those of the solver itself; only where a COPY or bind mount takes files that a RUN made is
//! there something to think of. By definition (the step that made them, and the path) it still hits for
//! certain. Else BuildKit would look at the files, and nobody knows them before the RUN is executed: if some
//! earlier result of the same operation on the same parent waits, the step hits exactly when the files are
//! those of then ([`Verdict::Maybe`]); if none does, it misses whatever they are. What stands on a step in
//! doubt is in doubt too if its result for that case is here, and a certain miss otherwise.

use super::cache::Record;
use super::execute::Made;
use super::graph::{Node, Op, Source, Vertex};
use super::key::{FileEntry, Files, UNKNOWN};
use super::request::Runs;
use super::solve::{Input, Solved, Solver};
use super::step::Status;
use crate::dockerfile::MountType;
use crate::fs::{Digest, Layer};
use crate::image::{ImageLayer, Origin};
use crate::trace::Verdict;
use std::sync::Arc;

/// What a step makes that is only thought of.
pub(super) fn unknown() -> Made {
    let layer = ImageLayer::new(Layer::empty(), Origin::BuildKit, "not executed");
    Made { layer, seconds: None, unsure: true }
}

impl Solver<'_> {
    /// Is this vertex not executed? RUN never is; nor what would be copied from or onto files that nobody
    /// knows, nor what would be unpacked.
    pub fn is_only_thought_of(&self, vertex: &Vertex) -> bool {
        if self.request.runs == Runs::Executed {
            return false;
        }
        match &vertex.op {
            Op::Run(_) => true,
            Op::Workdir { .. } => self.unsure(vertex.base),
            Op::Copy(copy) => {
                copy.unpack || (!copy.link && self.unsure(vertex.base)) || self.unsure_source(copy.source)
            }
        }
    }

    /// Does it take files that nobody knows?
    pub fn foresees_source(&self, vertex: &Vertex) -> bool {
        sources(vertex).iter().any(|(_, source, _)| self.in_the_dark(*source))
    }

    /// Are there files that nobody knows, because what makes them is only thought of?
    pub fn in_the_dark(&self, source: Source) -> bool {
        if self.request.runs == Runs::Executed {
            return false;
        }
        let doubted =
            |node| matches!(node, Some(Node::Vertex(at)) if self.doubt(Some(Node::Vertex(at))).is_some());
        self.unsure_source(source) || matches!(source, Source::Tree(node) if doubted(node))
    }

    /// The step on which it depends what this node is.
    fn doubt(&self, node: Option<Node>) -> Option<usize> {
        match node {
            Some(Node::Vertex(at)) => self.solved.get(at)?.depends_on,
            _ => None,
        }
    }

    /// The step that decides over these files: the last one above them that would run, else the last that
    /// made files which nobody knows.
    fn decider(&self, source: Source) -> Option<usize> {
        let Source::Tree(mut node) = source else { return None };
        if let Some(step) = self.doubt(node) {
            return Some(step);
        }
        let mut unseen = None;
        while let Some(Node::Vertex(at)) = node {
            let (vertex, solved) = (self.graph.vertices.get(at)?, self.solved.get(at)?);
            let number = self.player.steps.get(vertex.step).map(|step| step.number);
            if solved.executed && solved.unsure {
                return number;
            }
            if solved.unsure && unseen.is_none() {
                unseen = number;
            }
            node = vertex.base;
        }
        unseen
    }

    /// The result that waits for the files to be those of an earlier build, if there is one. Where the files
    /// are known now, one that was stored without anybody knowing its files may still be it.
    pub fn perhaps(&mut self, vertex: &Vertex, op: Digest, inputs: &[Input]) -> Option<Solved> {
        if self.request.runs != Runs::Foreseen || vertex.ignore_cache {
            return None;
        }
        let all = sources(vertex);
        let mut dark: Vec<_> = all.iter().filter(|(_, source, _)| self.in_the_dark(*source)).collect();
        // Known files may still be those that an earlier build took without anybody having seen them.
        let seen = dark.is_empty();
        if seen {
            dark = all.iter().collect();
        }
        let known = inputs.iter().filter(|input| !dark.iter().any(|(name, ..)| *name == input.name));
        let mut records = self.waiting(op, &known.collect::<Vec<_>>());
        if seen {
            records.retain(|record| record.key.files.as_ref().is_some_and(|files| files.has_unknown()));
        }
        let newest = records.iter().max_by_key(|record| (record.build, record.created)).cloned()?;
        let on_base = self.doubt(vertex.base);
        let step = dark.iter().find_map(|(_, source, _)| self.decider(*source)).or(on_base).unwrap_or(0);
        if let Some(shown) = self.player.steps.get_mut(vertex.step) {
            shown.verdict = Verdict::Maybe { step };
            shown.status = Status::NotShown;
        }
        let mut solved = self.result(vertex, &newest, false);
        let ids = records.iter().flat_map(|record| self.result(vertex, record, false).ids);
        solved.ids = ids.collect();
        solved.ids.sort();
        solved.ids.dedup();
        (solved.unsure, solved.depends_on) = (true, Some(step));
        Some(solved)
    }

    /// All results of an operation that these inputs lead to; with no input, all there are.
    fn waiting(&self, op: Digest, known: &[&Input]) -> Vec<Arc<Record>> {
        if known.is_empty() {
            let same = |record: &&Arc<Record>| record.key.op_digest() == op;
            return self.cache.records.list.iter().filter(same).cloned().collect();
        }
        let mut common: Option<Vec<&String>> = None;
        for input in known {
            let links = input.links(op);
            let ids: Vec<&String> = links.iter().flat_map(|link| self.cache.records.linked(link)).collect();
            common = Some(match common {
                None => ids,
                Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            });
        }
        common.into_iter().flatten().filter_map(|id| self.cache.records.get(id)).cloned().collect()
    }

    /// Stands for files that nobody knows: what would make them, and which of them are taken.
    pub fn unseen(&self, vertex: &Vertex, inputs: &[Input]) -> Arc<Files> {
        let entry = |(name, source, wanted): (String, Source, String)| {
            let known = inputs.iter().find(|input| input.name == name).and_then(|input| input.content);
            let made_by = match (known, source) {
                (Some(content), _) => content.hex(),
                (None, Source::Tree(node)) => self.ids(node).join(" "),
                (None, Source::Context) => String::new(),
            };
            let made_by = Digest::of(format!("{made_by} {wanted}")).hex();
            FileEntry { name, shown: wanted, value: format!("{UNKNOWN} - - {made_by}") }
        };
        Arc::new(Files::new(sources(vertex).into_iter().map(entry).collect()))
    }

    /// A result that was found through a step in doubt is in doubt with it.
    pub fn in_doubt(&mut self, vertex: &Vertex, mut solved: Solved, definition: bool) -> Solved {
        if self.request.runs != Runs::Foreseen {
            return solved;
        }
        let linked = matches!(&vertex.op, Op::Copy(copy) if copy.link);
        let below = self.doubt(vertex.base);
        let beside = sources(vertex).into_iter().find_map(|(_, source, _)| match source {
            Source::Tree(node) if definition => self.doubt(node),
            _ => None,
        });
        let own = if linked { beside } else { below.or(beside) };
        if let Some(step) = own
            && let Some(shown) = self.player.steps.get_mut(vertex.step)
        {
            shown.verdict = Verdict::Maybe { step };
            shown.status = Status::NotShown;
        }
        // A linked copy is merged onto what is below: that merge is in doubt, the copy isn't.
        solved.depends_on = own.or(below);
        solved
    }
}

/// What a vertex takes files from besides what it stands on: the input's name, the source and the paths.
fn sources(vertex: &Vertex) -> Vec<(String, Source, String)> {
    match &vertex.op {
        Op::Copy(copy) if !copy.sources.is_empty() => {
            vec![("files".to_owned(), copy.source, copy.sources.join(" "))]
        }
        Op::Run(run) => {
            let bound = run.mounts.iter().enumerate().filter(|(_, (mount, _))| mount.kind == MountType::Bind);
            bound
                .map(|(at, (mount, source))| (format!("mount {at}"), *source, mount.source.clone()))
                .collect()
        }
        _ => Vec::new(),
    }
}
