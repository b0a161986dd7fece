//! The stages of a build that was made here, what each takes from where, and how its steps went.

use crate::build::{Build, Builder, Status, Step};
use crate::trace::Verdict;

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildStage {
    /// After AS, or `stage-N`.
    pub name: String,
    /// Its instructions, FROM first.
    pub steps: Vec<StageStep>,
    /// What it takes: from which stage or image, and with which instruction.
    pub takes: Vec<(StageSource, &'static str)>,
    /// The image is its last step's.
    pub is_target: bool,
    /// The target takes from it, or from what takes from it.
    pub needed: bool,
}

/// An instruction of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageStep {
    /// Counted from 1 over the file.
    pub number: usize,
    /// The logical line.
    pub instruction: String,
    /// HIT, MISS, META, BASE, NOT_LOOKED_UP.
    pub verdict: &'static str,
}

/// Where a stage takes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageSource {
    /// An earlier stage, by its index.
    Stage(usize),
    /// An image.
    Image(String),
}

/// The stages of a build in the order of the file.
pub fn build_stages(build: &Build) -> Vec<BuildStage> {
    let target = target_stage(build);
    let mut stages: Vec<BuildStage> = Vec::new();
    for step in &build.steps {
        let Some(number) = step.stage else { continue };
        if stages.len() <= number {
            let name = step.stage_name.clone().unwrap_or_else(|| format!("stage-{number}"));
            let is_target = target == Some(number);
            stages.push(BuildStage { name, steps: Vec::new(), takes: Vec::new(), is_target, needed: false });
        }
        let source = source(step, &stages, number);
        let Some(stage) = stages.get_mut(number) else { continue };
        stage.steps.push(StageStep {
            number: step.number,
            instruction: step.instruction.clone(),
            verdict: step.verdict.word(),
        });
        if let Some(source) = source.filter(|source| !stage.takes.contains(source)) {
            stage.takes.push(source);
        }
    }
    // What the target takes from, and what that takes from; only earlier stages can be named.
    for number in (0..stages.len()).rev() {
        let Some(stage) = stages.get_mut(number) else { continue };
        stage.needed |= stage.is_target;
        let takes = if stage.needed { stage.takes.clone() } else { Vec::new() };
        for (from, _) in takes {
            if let StageSource::Stage(from) = from
                && let Some(stage) = stages.get_mut(from)
            {
                stage.needed = true;
            }
        }
    }
    stages
}

/// The stage that the image is the end of: the last one that the builder did something for.
pub(super) fn target_stage(build: &Build) -> Option<usize> {
    let reached = |step: &&Step| match build.builder {
        Builder::BuildKit => {
            step.status != Status::NotShown && !matches!(step.verdict, Verdict::NotLookedUp { .. })
        }
        Builder::Legacy => step.status != Status::NotRun,
    };
    build.steps.iter().rfind(reached).and_then(|step| step.stage)
}

/// `FROM x`, `COPY --from=x`, `RUN --mount=…,from=x`; variables have their values in what the builder prints.
fn source(step: &Step, stages: &[BuildStage], own: usize) -> Option<(StageSource, &'static str)> {
    let words: Vec<&str> = step.instruction.split_whitespace().collect();
    let (first, rest) = words.split_first()?;
    let (by, name) = match first.to_ascii_uppercase().as_str() {
        "FROM" => ("FROM", rest.iter().find(|word| !word.starts_with("--")).copied()),
        "COPY" => ("COPY", rest.iter().find_map(|word| word.strip_prefix("--from="))),
        "RUN" => {
            let mounts = rest.iter().filter_map(|word| word.strip_prefix("--mount="));
            ("RUN", mounts.flat_map(|mount| mount.split(',')).find_map(|part| part.strip_prefix("from=")))
        }
        _ => return None,
    };
    let name = name?;
    let named = |stage: &BuildStage| stage.name.eq_ignore_ascii_case(name);
    let earlier = stages.get(..own).unwrap_or_default();
    let by_number = || name.parse().ok().filter(|number| by != "FROM" && *number < own);
    let stage = earlier.iter().rposition(named).or_else(by_number);
    Some((stage.map_or_else(|| StageSource::Image(name.to_owned()), StageSource::Stage), by))
}
