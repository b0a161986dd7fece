//! Builds side by side: one row for each instruction, a cell for each builder, and why they disagree.

use super::request::Builder;
use super::step::{Build, Failure, Status, Step};
use super::verdict::CONVERGED;
use crate::trace::{
    Decisions, Ended, Event, KeyRow, Place, Reason, Verdict, WhatIfCell, WhatIfEnd, WhatIfRow,
};
use std::collections::{BTreeMap, BTreeSet};

/// Every decision of one build, or of two builders' builds of the same context, as [`Event::Decisions`].
pub fn decisions(name: &str, builds: &[Build]) -> Event {
    let mut rows = side_by_side(builds, &BTreeSet::new());
    for row in &mut rows {
        if let [buildkit, legacy] = &row.cells[..] {
            row.disagree = disagreement(buildkit, legacy).unwrap_or_default();
        }
    }
    if let [build] = builds {
        // One build alone: the steps stand in the order of the rows.
        for (row, step) in rows.iter_mut().zip(&build.steps) {
            let (same, differs): (Vec<KeyRow>, Vec<KeyRow>) =
                super::explain::rows(step).into_iter().partition(|row| row.earlier == row.now);
            if step.earlier.is_some() {
                (row.same, row.differs) = (same.len(), differs);
            }
        }
    }
    let end = |build: &Build| WhatIfEnd {
        builder: build.builder.name().to_owned(),
        hits: build.hits(),
        misses: build.misses(),
        failure: build.result.as_ref().err().map(ended),
        ..WhatIfEnd::default()
    };
    Event::Decisions(Decisions { name: name.to_owned(), rows, builders: builds.iter().map(end).collect() })
}

/// A failure, as events have it.
pub fn ended(failure: &Failure) -> Ended {
    let place = failure.span.as_deref().map(|span| Place {
        file: span.file.to_string(),
        line: span.line,
        column: span.column,
        width: span.width,
        text: span.text.to_string(),
    });
    let message = failure.plain.clone().unwrap_or_else(|| failure.message.clone());
    Ended { message, place, hint: failure.hint.clone() }
}

/// Why one builder executes what the other does not; none where both do the same. The rules are those that
/// tell the builders apart (moby `daemon/internal/image/cache/compare.go` and
/// `daemon/builder/dockerfile/imageprobe.go`; buildkit `solver/llbsolver/ops/file.go` and `exec.go`).
fn disagreement(buildkit: &WhatIfCell, legacy: &WhatIfCell) -> Option<String> {
    let words = match (buildkit.verdict.as_str(), legacy.verdict.as_str()) {
        ("META", "MISS") => {
            "the config is part of the legacy key, and all that follows stands on it; BuildKit keeps it out"
        }
        ("NONE", "MISS") if buildkit.reason.contains("not needed") => {
            "BuildKit leaves out what the target doesn't need, legacy builds every stage above it"
        }
        (_, "NONE") | ("NONE", _) => match (buildkit.verdict.as_str(), legacy.verdict.as_str()) {
            ("MISS", "NONE") => "the legacy build ended before",
            ("NONE", "MISS") => "the BuildKit build ended before",
            _ => return None,
        },
        ("HIT", "MISS") if buildkit.reason == CONVERGED => {
            "BuildKit asks again for the files that are copied; legacy asks no more after a miss"
        }
        ("HIT", "MISS") if legacy.reason.starts_with("not looked up") => {
            "legacy asks no more after a miss; BuildKit asks for each step, by what goes into it"
        }
        ("HIT", "MISS") if buildkit.reason.contains("was not sent") => {
            "BuildKit's transfer trusts size and time; legacy gets every byte"
        }
        ("HIT", "MISS") if buildkit.reason.contains("directory that was sent before") => {
            "BuildKit doesn't compare a directory again that it was sent; legacy hashes its mode"
        }
        ("HIT", "MISS") if legacy.reason.ends_with("now names another image") => {
            "BuildKit also knows a base by its layers, which are the same; legacy by its id"
        }
        ("HIT", "MISS") if legacy.reason.starts_with("instruction changed, COPY") => {
            "BuildKit's key has base names and the whole destination; legacy's has the line's own words"
        }
        ("HIT" | "BASE", "MISS") => return Some(format!("only legacy's key holds it: {}", legacy.reason)),
        ("MISS", "HIT" | "BASE" | "META") => {
            return Some(format!("only BuildKit's key holds it: {}", buildkit.reason));
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// The builders' steps side by side; of the files in `made_up` nobody knows what they would hold. ONBUILD triggers are several steps to one builder and one line to the
/// other: they stand below their FROM in the order in which they come.
pub fn side_by_side(builds: &[Build], made_up: &BTreeSet<String>) -> Vec<WhatIfRow> {
    let place = |build: &Build, at: usize| -> (usize, usize) {
        let number = build.steps.get(at).map_or(0, |step| step.number);
        let before = build.steps.iter().take(at).rev().take_while(|step| step.number == number).count();
        (number, before)
    };
    let mut keys: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut placed = Vec::new();
    for build in builds {
        let places: BTreeMap<(usize, usize), &Step> =
            build.steps.iter().enumerate().map(|(at, step)| (place(build, at), step)).collect();
        keys.extend(places.keys());
        placed.push((build.builder, places));
    }
    let row = |key: (usize, usize)| {
        let step = placed.iter().find_map(|(_, places)| places.get(&key))?;
        let cells = placed.iter().map(|(builder, places)| cell(*builder, places.get(&key).copied(), made_up));
        Some(WhatIfRow {
            number: step.number,
            stage: match (&step.stage_name, step.stage) {
                (Some(name), _) => name.clone(),
                (None, Some(number)) => number.to_string(),
                (None, None) => String::new(),
            },
            instruction: step.instruction.clone(),
            cells: cells.collect(),
            disagree: String::new(),
            differs: Vec::new(),
            same: 0,
        })
    };
    keys.into_iter().filter_map(row).collect()
}

fn cell(builder: Builder, step: Option<&Step>, made_up: &BTreeSet<String>) -> WhatIfCell {
    let mut cell = WhatIfCell {
        builder: builder.name().to_owned(),
        verdict: "NONE".to_owned(),
        ..WhatIfCell::default()
    };
    let Some(step) = step else { return cell };
    cell.reason = reason(&step.verdict, made_up);
    cell.verdict = match &step.verdict {
        Verdict::NotLookedUp { .. } if step.status == Status::Done => "MISS".to_owned(),
        Verdict::NotLookedUp { .. } if is_base(step) => "BASE".to_owned(),
        Verdict::NotLookedUp { .. } => "NONE".to_owned(),
        verdict => verdict.word().to_owned(),
    };
    if let Verdict::Maybe { step } = &step.verdict {
        cell.depends_on = Some(*step);
    }
    cell
}

/// A FROM that goes on with a stage, or begins with nothing.
fn is_base(step: &Step) -> bool {
    let is_from = step.instruction.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("FROM"));
    is_from
        && !step.verdict.reason().contains("not needed")
        && !step.verdict.reason().contains("ended before")
}

/// The reason in words. What the file would hold after a made-up edit nobody knows: its digest says nothing.
fn reason(verdict: &Verdict, made_up: &BTreeSet<String>) -> String {
    match verdict {
        Verdict::Miss { reason: Reason::FileChanged { path, what, .. } }
            if what == "content" && made_up.contains(path) =>
        {
            format!("{path} changed")
        }
        verdict => verdict.reason(),
    }
}
