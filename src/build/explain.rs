//! Why a step hit or missed: its key beside the nearest earlier one.

use super::step::{Build, Step};
use crate::error::{Error, ErrorKind};
use crate::trace::{CacheKey, Event, KeyRow, Part};

/// The keys of step `number` side by side, as [`Event::Explain`]: parent first, then the ingredients in
/// the order in which they are hashed, then what only the earlier key has. `digest` can be recomputed
/// from `key` with [`super::recompute`].
///
/// # Errors
/// There is no such step.
pub fn explain(build: &Build, number: usize) -> Result<Event, Error> {
    // A FROM's triggers share its number; the instruction itself comes first.
    let step = build.steps.iter().find(|step| step.number == number).ok_or_else(|| no_step(build, number))?;
    let verdict = format!("{}  {}", step.verdict.word(), step.verdict.reason());
    let digest = step.key.as_ref().map(|key| key.digest().hex()).unwrap_or_default();
    Ok(Event::Explain {
        step: number,
        instruction: step.instruction.clone(),
        verdict,
        rows: rows(step),
        key: step.cache_key(),
        digest,
    })
}

fn no_step(build: &Build, number: usize) -> Error {
    let last = build.steps.iter().map(|step| step.number).max();
    let error = Error::new(ErrorKind::Unknown, format!("this build has no step {number}"));
    match last {
        Some(last) => error.hint(format!("its steps are 1 to {last}")),
        None => error.hint("it ended before its first step"),
    }
}

/// Both keys of a step, ingredient by ingredient.
pub(super) fn rows(step: &Step) -> Vec<KeyRow> {
    let Some(now) = step.cache_key() else { return Vec::new() };
    let earlier = step.earlier_key();
    let value = |key: &CacheKey, part: &Part| key.parts.get(part).cloned();
    let mut rows = vec![KeyRow {
        part: Part("parent".to_owned()),
        earlier: earlier.as_ref().map(|key| key.parent.clone()),
        now: Some(now.parent.clone()),
    }];
    for (part, text) in &now.parts {
        let before = earlier.as_ref().and_then(|key| value(key, part));
        rows.push(KeyRow { part: part.clone(), earlier: before, now: Some(text.clone()) });
    }
    for (part, text) in earlier.iter().flat_map(|key| &key.parts) {
        if !now.parts.contains_key(part) {
            rows.push(KeyRow { part: part.clone(), earlier: Some(text.clone()), now: None });
        }
    }
    rows
}
