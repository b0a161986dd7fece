//! An image's history with what its build says of it: the step of each entry and its cache verdict.

use super::layers::{Layers, told};
use super::stages::target_stage;
use super::table;
use super::units::human_size;
use crate::build::{Build, Step};
use crate::dockerfile::KEYWORDS;
use crate::image::{Image, Store};
use crate::trace::{Bar, Bars};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// An entry of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// Its text, without what the builders put around the instruction.
    pub command: String,
    /// Bytes of its layer; none without one.
    pub bytes: Option<u64>,
    /// It belongs to the image that the build stood on.
    pub from_base: bool,
    /// The number of its instruction in the Dockerfile, if the image was built here.
    pub number: Option<usize>,
    /// HIT, MISS, META; BASE for what the base brings; empty when the image was not built here.
    pub verdict: String,
    /// The verdict's reason in words.
    pub reason: String,
}

/// The images here with a name that this one's layers begin with, the smallest first.
fn bases(images: &Store, image: &Image) -> Vec<Arc<Image>> {
    let ids = |image: &Image| image.layers.iter().map(|layer| layer.diff_id).collect::<Vec<_>>();
    let own = ids(image);
    let named = images.images().filter(|other| !images.names_of(&other.id).is_empty());
    let mut bases: Vec<Arc<Image>> = named
        .filter(|other| {
            let ids = ids(other);
            !ids.is_empty() && ids.len() < own.len() && own.starts_with(&ids)
        })
        .filter(|base| base.history.iter().zip(&image.history).all(|(a, b)| a.created_by == b.created_by))
        .cloned()
        .collect();
    bases.sort_by_key(|base| base.history.len());
    bases
}

/// How many of an image's layers belong to what it was built on: those that no step of its build made and an
/// image here with a name has too.
pub fn base_layers(images: &Store, builds: &[Arc<Build>], image: &Image) -> usize {
    let steps = history_steps(images, builds, image);
    steps.iter().filter(|step| step.from_base && step.bytes.is_some()).count()
}

/// The history of an image, newest first. `builds` are those of the lab, oldest first: the last one that made
/// this image is asked.
pub fn history_steps(images: &Store, builds: &[Arc<Build>], image: &Image) -> Vec<HistoryStep> {
    let build = builds.iter().rev().find(|build| build.result.as_ref().ok() == Some(&image.id));
    let bases = bases(images, image);
    let mut steps: Vec<&Step> = build.map(|build| chain(build)).unwrap_or_default();
    let entries: Vec<_> = image.history_layers().collect();
    let mut told_steps = Vec::with_capacity(entries.len());
    for (index, (entry, layer)) in entries.iter().enumerate().rev() {
        let (command, _) = told(entry);
        let mut step = HistoryStep {
            bytes: layer.map(|layer| layer.size),
            from_base: false,
            number: None,
            verdict: String::new(),
            reason: String::new(),
            command,
        };
        if let Some(at) = steps.iter().rposition(|made_it| made(made_it, &step, layer.map(|l| l.diff_id))) {
            if let Some(found) = steps.get(at) {
                step.number = Some(found.number);
                found.verdict.word().clone_into(&mut step.verdict);
                step.reason = found.verdict.reason();
            }
            steps.truncate(at);
        } else if let Some(base) = bases.iter().find(|base| index < base.history.len()) {
            step.from_base = true;
            step.verdict = "BASE".to_owned();
            step.reason = images.names_of(&base.id).into_iter().next().unwrap_or_default();
        }
        told_steps.push(step);
    }
    told_steps
}

/// The steps of the target's stage, those of the stage that it goes on from in front of them.
fn chain(build: &Build) -> Vec<&Step> {
    let mut stage = target_stage(build);
    let mut chained = Vec::new();
    while let Some(number) = stage {
        let own: Vec<&Step> = build.steps.iter().filter(|step| step.stage == Some(number)).collect();
        let from = own.first().map(|from| from.printed.as_str()).unwrap_or_default();
        let name = from.split_whitespace().skip(1).find(|word| !word.starts_with("--")).unwrap_or_default();
        // Only an earlier stage can be gone on from, so this ends.
        stage = build.steps.iter().rev().find_map(|step| {
            let named = step.stage_name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
            step.stage.filter(|other| named && *other < number)
        });
        chained.splice(0..0, own);
    }
    chained
}

/// Did this step make this entry: the same instruction, the same layer where both are known?
fn made(step: &Step, entry: &HistoryStep, diff_id: Option<crate::fs::Digest>) -> bool {
    let word = |text: &str| text.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    let (of_step, of_entry) = (word(&step.instruction), word(&entry.command));
    let same_word = of_step == of_entry || (of_step == "RUN" && !KEYWORDS.contains(&of_entry.as_str()));
    let layers = step.layer.as_ref().map(|layer| layer.diff_id).zip(diff_id);
    same_word && layers.is_none_or(|(a, b)| a == b)
}

/// The columns of [`steps_table`].
pub const STEP_HEADS: [&str; 5] = ["STEP", "VERDICT", "SIZE", "CREATED BY", "REASON"];

/// The cells of a table, newest first.
pub fn step_rows(steps: &[HistoryStep]) -> Vec<Vec<String>> {
    let row = |step: &HistoryStep| {
        vec![
            step.number.map(|number| number.to_string()).unwrap_or_default(),
            step.verdict.clone(),
            step.bytes.map(|bytes| human_size(bytes, 3)).unwrap_or_default(),
            super::layers::show(step.command.as_bytes()),
            step.reason.clone(),
        ]
    };
    steps.iter().map(row).collect()
}

/// The same as text with aligned columns, for what stands behind a pipe.
pub fn steps_table(steps: &[HistoryStep]) -> String {
    let mut text = format!("{}\n", STEP_HEADS.join("\t"));
    for row in step_rows(steps) {
        text.push_str(&row.join("\t"));
        text.push('\n');
    }
    table::align(&text)
}

/// Rows for scripts and JSON.
pub fn step_values(steps: &[HistoryStep]) -> Vec<Value> {
    let value = |step: &HistoryStep| {
        json!({
            "step": step.number,
            "verdict": step.verdict,
            "bytes": step.bytes,
            "created_by": step.command,
            "reason": step.reason,
            "from_base": step.from_base,
        })
    };
    steps.iter().map(value).collect()
}

/// The layers of an image as bars, newest first: how long, and how much of each a later layer hides.
pub fn bars(name: &str, steps: &[HistoryStep], layers: &Layers) -> Bars {
    let mut hidden: HashMap<usize, u64> = HashMap::new();
    for (layer, bytes) in layers.hidden_bytes() {
        *hidden.entry(layer).or_default() += bytes;
    }
    let layered = steps.iter().filter(|step| step.bytes.is_some());
    let count = layered.clone().count();
    let rows = layered.enumerate().map(|(index, step)| {
        let layer = count - 1 - index;
        Bar {
            layer,
            step: step.number,
            verdict: step.verdict.clone(),
            bytes: step.bytes.unwrap_or(0),
            hidden: hidden.get(&layer).copied().unwrap_or(0),
            command: step.command.clone(),
        }
    });
    let rows: Vec<Bar> = rows.collect();
    let bytes = rows.iter().map(|row| row.bytes).fold(0, u64::saturating_add);
    Bars { name: name.to_owned(), bytes, rows }
}
