//! `predict on`: every answer of the lab is a question first. HIT or MISS? Which layer wins? How many bytes are
//! copied up?

use super::core::{Core, Settings};
use crate::trace::{Event, Trace, Verdict};

/// Is there somebody to ask, and something that will be shown?
pub(super) fn is_on(core: &Core) -> bool {
    is_on_for(&core.settings, core.ask.is_some(), &core.trace)
}

/// [`is_on`] while a part of the core is lent out.
pub(super) fn is_on_for(settings: &Settings, asked: bool, trace: &Trace) -> bool {
    settings.predict && asked && trace.listening()
}

/// Hands on what a line did, asking before each step of a build that looks the cache up, before it is told
/// which layer wins, and before a write is told of the bytes that it copies up.
pub(super) fn guess(core: &mut Core, events: Vec<Event>) {
    let mut asking = true;
    if let Some(question) = about_copies(&events) {
        asking = ask(core, &question);
    }
    for event in events {
        let question = match &event {
            Event::Step { verdict, number, instruction, .. }
                if matches!(verdict, Verdict::Hit { .. } | Verdict::Miss { .. }) =>
            {
                let line = instruction.lines().next().unwrap_or("");
                Some(Question {
                    text: format!("step {number}  {line}   HIT or MISS? "),
                    about: instruction.clone(),
                    actual: verdict.word().to_owned(),
                    kind: Kind::Verdict,
                })
            }
            Event::Which { path, winner, .. } => Some(Question {
                text: format!("which layer wins {path}? its number, 0 for the upper, n for none: "),
                about: format!("which layer wins {path}"),
                actual: winner.as_ref().map_or("none".to_owned(), |layer| layer.number.to_string()),
                kind: Kind::Layer,
            }),
            _ => None,
        };
        match question.filter(|_| asking) {
            Some(question) => {
                let answer = answered(core, &question);
                asking = answer.is_some();
                core.emit(event);
                judge(core, &question, answer);
            }
            None => core.emit(event),
        }
    }
    // At the prompt a line is a round; a scenario tells its score at its end.
    if core.story.is_none() {
        score(core);
    }
}

/// The score so far, if anything was asked.
pub(super) fn score(core: &mut Core) {
    let (right, wrong) = (core.tally.predicted, core.tally.mispredicted);
    if right + wrong > 0 {
        core.emit(Event::Text { text: format!("score: {right} of {} right", right + wrong) });
    }
}

/// What is asked, and what is true.
struct Question {
    text: String,
    about: String,
    actual: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Verdict,
    Layer,
    Bytes,
}

/// A change of a file that may have to be copied first.
fn about_copies(events: &[Event]) -> Option<Question> {
    let path = events.iter().find_map(|event| match event {
        Event::Write { path, .. } | Event::Attributes { path, .. } => Some(path.clone()),
        Event::CopyUp { path, kind, .. } if kind == "file" => Some(path.clone()),
        _ => None,
    })?;
    // What is new has nothing to copy, and everybody knows.
    if events.iter().any(|event| matches!(event, Event::Created { .. })) {
        return None;
    }
    let copied: u64 = events.iter().map(|event| event.cost().copied).sum();
    Some(Question {
        text: format!("how many bytes are copied up for this change of {path}? "),
        about: format!("bytes copied up for {path}"),
        actual: copied.to_string(),
        kind: Kind::Bytes,
    })
}

/// Asks at once and tells what is true; is there still somebody who answers?
fn ask(core: &mut Core, question: &Question) -> bool {
    let answer = answered(core, question);
    let goes_on = answer.is_some();
    judge(core, question, answer);
    goes_on
}

/// Asks until the answer makes sense; empty when the person skips it, none when they want no more.
fn answered(core: &mut Core, question: &Question) -> Option<String> {
    let mut text = question.text.clone();
    loop {
        let answer = core.ask.as_mut()?.ask(&text)?;
        let answer = answer.trim().to_lowercase();
        if answer.is_empty() {
            return Some(answer);
        }
        match understood(&answer, question) {
            Some(answer) => return Some(answer),
            None => text = format!("{} Enter skips it, Ctrl-C the rest: ", usage(question.kind)),
        }
    }
}

fn usage(kind: Kind) -> &'static str {
    match kind {
        Kind::Verdict => "h or m;",
        Kind::Layer => "a layer's number, 0 for the upper, n for none;",
        Kind::Bytes => "a number: 0, 1200, 3 kB, 1.5 MB;",
    }
}

/// The answer as it is compared; a size within a hundredth of the true one is the true one.
fn understood(answer: &str, question: &Question) -> Option<String> {
    match question.kind {
        Kind::Verdict => match answer {
            "h" | "hit" => Some("HIT".to_owned()),
            "m" | "miss" => Some("MISS".to_owned()),
            _ => None,
        },
        Kind::Layer => match answer {
            "n" | "none" | "nobody" => Some("none".to_owned()),
            "u" | "upper" => Some("0".to_owned()),
            number => number.parse::<usize>().ok().map(|number| number.to_string()),
        },
        Kind::Bytes => {
            let said = size(answer)?;
            let actual = question.actual.parse::<u64>().unwrap_or_default();
            let near = said.abs_diff(actual) <= actual / 100;
            Some(if near { question.actual.clone() } else { said.to_string() })
        }
    }
}

/// "1200", "3 kB", "1.5 MB".
fn size(text: &str) -> Option<u64> {
    let text = text.trim_end_matches('b').trim_end();
    let (number, unit) = match text.char_indices().next_back()? {
        (at, 'k') => (&text[..at], 1_000.0),
        (at, 'm') => (&text[..at], 1_000_000.0),
        (at, 'g') => (&text[..at], 1_000_000_000.0),
        _ => (text, 1.0),
    };
    let number: f64 = number.trim().replace([',', '_'], "").parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some((number * unit) as u64)
}

fn judge(core: &mut Core, question: &Question, answer: Option<String>) {
    let Some(predicted) = answer.filter(|answer| !answer.is_empty()) else { return };
    let ok = predicted == question.actual;
    if ok {
        core.tally.predicted += 1;
    } else {
        core.tally.mispredicted += 1;
    }
    let (instruction, actual) = (question.about.clone(), question.actual.clone());
    core.emit(Event::Predicted { instruction, predicted, actual, ok });
}
