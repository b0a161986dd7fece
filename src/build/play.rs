//! Telling a build's story: steps and output as events, in order.

use super::step::{Build, Status, Step};
use crate::dockerfile::Dockerfile;
use crate::fs::Digest;
use crate::image::ImageLayer;
use crate::shell::Outcome;
use crate::trace::{Event, Place, Stream, Trace};
use std::sync::Arc;

/// The steps of a build being played, and how many of them have been told.
#[derive(Debug, Default)]
pub(super) struct Player {
    pub steps: Vec<Step>,
    /// Warnings the builder prints.
    pub warnings: Vec<String>,
    /// The file, once it was read.
    pub file: Option<Arc<Dockerfile>>,
    /// Images that nobody knows and that became placeholders.
    pub unknown: Vec<String>,
    /// BuildKit's results, and whether each is part of the image.
    pub results: Vec<(String, bool)>,
    /// Layers that came with an imported cache.
    pub fetched: Vec<(String, ImageLayer, Digest)>,
    told: usize,
}

impl Player {
    /// Tells everything before a step: instructions that make none.
    pub fn before(&mut self, step: usize, t: &mut Trace) {
        while self.told < step.min(self.steps.len()) {
            self.tell(t);
        }
    }

    /// Tells everything up to and including a step.
    pub fn show(&mut self, step: usize, t: &mut Trace) {
        self.before(step.saturating_add(1), t);
    }

    /// Tells the rest of a build that ended well.
    pub fn rest_if(&mut self, ended_well: bool, t: &mut Trace) {
        if ended_well {
            self.before(self.steps.len(), t);
        }
    }

    fn tell(&mut self, t: &mut Trace) {
        if let Some(step) = self.steps.get(self.told) {
            t.emit(|| event(step));
        }
        self.told += 1;
    }

    /// Says that something of a step is not modelled, and marks the step.
    pub fn not_modelled(&mut self, step: usize, what: String, instead: &str, t: &mut Trace) {
        t.emit(|| Event::NotModelled { what, instead: instead.to_owned() });
        if let Some(step) = self.steps.get_mut(step) {
            step.modelled = false;
        }
    }

    /// Keeps and tells what a step's programs printed, and what of it is not modelled.
    pub fn output(&mut self, step: usize, lines: Vec<(Stream, String)>, outcome: &Outcome, t: &mut Trace) {
        for (stream, text) in &lines {
            t.emit(|| Event::Output { stream: *stream, text: text.clone() });
        }
        for what in &outcome.not_modelled {
            t.emit(|| Event::not_modelled(what, "it does nothing"));
        }
        if let Some(step) = self.steps.get_mut(step) {
            step.output = lines;
            step.modelled &= outcome.not_modelled.is_empty();
        }
    }
}

/// A step as an event.
fn event(step: &Step) -> Event {
    let executed = matches!(step.status, Status::Done | Status::Cached);
    Event::Step {
        number: step.number,
        label: step.label.clone(),
        stage: match (&step.stage_name, step.stage) {
            (Some(name), _) => name.clone(),
            (None, Some(number)) => number.to_string(),
            (None, None) => String::new(),
        },
        instruction: step.instruction.clone(),
        verdict: step.verdict.clone(),
        reason_text: step.verdict.reason(),
        bytes: step.layer.as_ref().filter(|_| executed).map(|layer| layer.size),
        seconds: step.seconds,
        modelled: step.modelled,
    }
}

/// Tells how a build ended.
pub(super) fn ending(build: &Build, t: &mut Trace) {
    match (&build.result, &build.image) {
        (Ok(id), Some(image)) => t.emit(|| Event::Built {
            tag: build.tags.first().cloned().unwrap_or_default(),
            image: id.short(12),
            size: image.size(),
            layers: image.layers.len(),
            hits: build.hits(),
            misses: build.misses(),
            seconds: build.repeated_seconds(),
            not_modelled: build.not_modelled() as u64,
        }),
        (Err(failure), _) => t.emit(|| Event::BuildFailed {
            message: failure.message.clone(),
            exit: failure.exit,
            plain: failure.plain.clone(),
            place: failure.span.as_deref().map(place),
            hint: failure.hint.clone(),
        }),
        (Ok(_), None) => {}
    }
}

fn place(span: &crate::error::Span) -> Place {
    Place {
        file: span.file.to_string(),
        line: span.line,
        column: span.column,
        width: span.width,
        text: span.text.to_string(),
    }
}
