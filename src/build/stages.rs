//! The stages of a file and what they take from each other, before anything is built.

use super::convert::{Base, Convert, convert_only, reachable};
use super::request::Request;
use super::step::Failure;
use crate::dockerfile::{Dockerfile, Instruction, Kind};
use crate::trace::{Graph, GraphEdge, GraphSource, GraphStage, Trace};
use std::collections::HashMap;

/// The graph of a file: stages, edges, and which stages the target needs. BuildKit builds those; the legacy
/// builder builds every stage up to the target (moby `daemon/builder/dockerfile/evaluator.go`).
///
/// # Errors
/// What BuildKit finds wrong with stages and their names: an unknown target, a circle, a bad index.
pub fn stage_graph(file: &Dockerfile, request: &Request, t: &mut Trace) -> Result<Graph, Failure> {
    convert_only(file, request, t, |this, bases, needs, target| {
        let reached = reachable(needs, target);
        let mut drawing = Drawing { graph: Graph::default(), images: HashMap::new() };
        for (number, stage) in this.stages.iter().enumerate() {
            let Some(from) = file.instructions.get(stage.from) else { continue };
            drawing.graph.stages.push(GraphStage {
                index: number,
                name: stage.name.clone(),
                line: from.place.line,
                instructions: stage.end - stage.from,
                needed: reached.get(number).copied().unwrap_or(false),
                legacy: number <= target,
            });
            let source = match bases.get(number) {
                Some(Base::Stage(base)) => GraphSource::FromStage(*base),
                Some(Base::Image(name)) => drawing.image(name),
                _ => GraphSource::Scratch,
            };
            drawing.edge(number, source, "FROM", from.place.line, Vec::new());
            for instruction in file.instructions.iter().take(stage.end).skip(stage.from + 1) {
                drawing.takes(this, number, instruction)?;
            }
        }
        drawing.graph.target = target;
        Ok(drawing.graph)
    })
}

struct Drawing {
    graph: Graph,
    images: HashMap<String, usize>,
}

impl Drawing {
    fn image(&mut self, name: &str) -> GraphSource {
        let known = self.images.get(name).copied();
        GraphSource::FromImage(known.unwrap_or_else(|| {
            self.graph.images.push(name.to_owned());
            self.images.insert(name.to_owned(), self.graph.images.len() - 1);
            self.graph.images.len() - 1
        }))
    }

    fn edge(&mut self, stage: usize, from: GraphSource, by: &str, line: u32, paths: Vec<String>) {
        self.graph.edges.push(GraphEdge { stage, from, by: by.to_owned(), line, paths });
    }

    /// The edges of one instruction.
    fn takes(&mut self, this: &Convert<'_>, stage: usize, instruction: &Instruction) -> Result<(), Failure> {
        let mut taken: Vec<(&str, bool, &'static str, Vec<String>)> = Vec::new();
        match &instruction.kind {
            Kind::Copy(copy) | Kind::Add(copy) => {
                let paths = copy.sources.iter().map(|source| source.text.clone()).collect();
                taken.extend(
                    copy.from.as_ref().map(|from| (from.text.as_str(), true, instruction.keyword, paths)),
                );
            }
            Kind::Run(run) => {
                for mount in run.mounts.iter().filter(|mount| !mount.from.is_empty()) {
                    let paths = if mount.source.is_empty() { Vec::new() } else { vec![mount.source.clone()] };
                    taken.push((&mount.from, false, "RUN --mount", paths));
                }
            }
            _ => {}
        }
        for (name, numbers, by, paths) in taken {
            let source = match this.stage_named(instruction, name, numbers)? {
                Some(index) => GraphSource::FromStage(index),
                None if name == "scratch" => GraphSource::Scratch,
                None => self.image(name),
            };
            self.edge(stage, source, by, instruction.place.line, paths);
        }
        Ok(())
    }
}
