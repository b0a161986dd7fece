//! The played build, as the lab's rules see it: which step made which layer of the image.

use crate::build::{Build, Request, Step};
use crate::dockerfile::{Dockerfile, Instruction, Kind};
use crate::image::{Image, ImageLayer};
use crate::trace::FoundLayer;
use std::sync::Arc;

/// A layer of the image that this Dockerfile made.
pub(super) struct Made<'a> {
    /// Its place among the image's layers, from 0.
    pub at: usize,
    pub layer: &'a ImageLayer,
    pub step: &'a Step,
    pub instruction: &'a Instruction,
}

/// A build that was played for a check.
pub(super) struct Played<'a> {
    pub file: &'a Dockerfile,
    pub request: &'a Request,
    pub build: &'a Build,
    pub image: Option<&'a Arc<Image>>,
    /// Layers that this Dockerfile made, bottom first; those of the base are left out.
    pub made: Vec<Made<'a>>,
    /// Stages that the image is made of, topmost first.
    pub chain: Vec<usize>,
}

impl<'a> Played<'a> {
    pub fn new(file: &'a Dockerfile, request: &'a Request, build: &'a Build) -> Played<'a> {
        let chain = chain(file, request.target.as_deref());
        let image = build.image.as_ref();
        let mut played = Played { file, request, build, image, made: Vec::new(), chain };
        played.made = played.match_layers();
        played
    }

    /// The instruction of a step; a trigger's is its FROM.
    pub fn instruction(&self, step: &Step) -> Option<&'a Instruction> {
        self.file.instructions.get(step.number.checked_sub(1)?)
    }

    /// Goes down the image's layers and the steps side by side.
    fn match_layers(&self) -> Vec<Made<'a>> {
        let Some(image) = self.image else { return Vec::new() };
        let mut at = image.layers.len();
        let mut made = Vec::new();
        for stage in &self.chain {
            let own = self.build.steps.iter().rev().filter(|step| step.stage == Some(*stage));
            for step in own {
                let (Some(layer), Some(below)) = (&step.layer, at.checked_sub(1)) else { continue };
                let Some(found) = image.layers.get(below) else { continue };
                if found.diff_id != layer.diff_id {
                    continue;
                }
                if let Some(instruction) = self.instruction(step) {
                    made.push(Made { at: below, layer: found, step, instruction });
                }
                at = below;
            }
        }
        made.reverse();
        made
    }

    /// What made a layer, for a finding.
    pub fn found_layer(&self, at: usize) -> Option<FoundLayer> {
        let image = self.image?;
        let layer = image.layers.get(at)?;
        let made = self.made.iter().find(|made| made.at == at);
        Some(FoundLayer {
            number: at + 1,
            of: image.layers.len(),
            diff_id: layer.diff_id.to_string(),
            step: made.map(|made| made.step.number),
            made_by: match made {
                Some(made) => one_line(&made.step.instruction),
                None => format!("the base: {}", layer.label.trim_start_matches("FROM ")),
            },
        })
    }

    /// Did this Dockerfile make the layer?
    pub fn own(&self, at: usize) -> Option<&Made<'a>> {
        self.made.iter().find(|made| made.at == at)
    }
}

/// The stages from the target down to the one that stands on an image.
fn chain(file: &Dockerfile, target: Option<&str>) -> Vec<usize> {
    let froms: Vec<&crate::dockerfile::From> = file
        .instructions
        .iter()
        .filter_map(|instruction| match &instruction.kind {
            Kind::From(from) => Some(from),
            _ => None,
        })
        .collect();
    let called = |from: &crate::dockerfile::From, name: &str| {
        from.name.as_ref().is_some_and(|own| own.text.eq_ignore_ascii_case(name))
    };
    let mut at = match target {
        Some(target) => froms.iter().rposition(|from| called(from, target)),
        None => froms.len().checked_sub(1),
    };
    let mut chain = Vec::new();
    while let Some(stage) = at {
        chain.push(stage);
        let below = froms.get(..stage).unwrap_or_default();
        at =
            froms.get(stage).and_then(|from| below.iter().rposition(|lower| called(lower, &from.image.text)));
    }
    chain
}

/// An instruction on one line, cut where it grows long.
pub(super) fn one_line(instruction: &str) -> String {
    const MOST: usize = 60;
    let words: Vec<&str> = instruction.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST - 1).chain(['…']).collect() }
}

/// `a`, `b` and 3 more.
pub(super) fn listed(paths: &[String]) -> String {
    const MOST: usize = 3;
    let quoted: Vec<String> = paths.iter().take(MOST).map(|path| format!("`{path}`")).collect();
    let more = paths.len().saturating_sub(MOST);
    match quoted.split_last() {
        _ if more > 0 => format!("{} and {more} more", quoted.join(", ")),
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
