//! Telling a build's story: steps and output as events, in order.

use super::step::{Status, Step};
use crate::shell::Outcome;
use crate::trace::{Event, Stream, Trace};

/// The steps of a build being played, and how many of them have been told.
#[derive(Debug, Default)]
pub(super) struct Player {
    pub steps: Vec<Step>,
    told: usize,
}

impl Player {
    /// A player of these steps.
    pub fn new(steps: Vec<Step>) -> Player {
        Player { steps, told: 0 }
    }

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

    /// Tells the rest.
    pub fn rest(&mut self, t: &mut Trace) {
        self.before(self.steps.len(), t);
    }

    fn tell(&mut self, t: &mut Trace) {
        if let Some(step) = self.steps.get(self.told) {
            t.emit(|| event(step));
        }
        self.told += 1;
    }

    /// Keeps and tells what a step's programs printed, and what of it is not modelled.
    pub fn output(&mut self, step: usize, lines: Vec<(Stream, String)>, outcome: &Outcome, t: &mut Trace) {
        for (stream, text) in &lines {
            t.emit(|| Event::Output { stream: *stream, text: text.clone() });
        }
        for what in &outcome.not_modelled {
            let instead = "it does nothing".to_owned();
            t.emit(|| Event::NotModelled { what: what.clone(), instead });
        }
        if let Some(step) = self.steps.get_mut(step) {
            step.output = lines;
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
    }
}
