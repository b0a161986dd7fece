//! What if: edits as data, and what a build would do after them. Nothing is executed.
//!
//! [`why`] answers for both builders. [`order`] tries other orders of a Dockerfile's lines and counts what
//! they save over a list of edits; [`graph`] draws the stages.
//!
//! A cache is needed to hit. If earlier builds of the context are recorded, they count; else one is assumed
//! to have ended just before the edits. Assumed means that no RUN is executed in it either: each counts as
//! done, and what it made is unknown ([`crate::build::Runs`]). Then the edits are applied to a copy of the
//! request, and the builders look their steps up as ever.

mod edit;
mod graph;
mod lines;
mod moves;
mod order;
mod reads;

pub use edit::{Edit, WORDS, apply as edited, parse_edits};
pub use graph::graph;
pub use order::order;

use crate::build::{self, Build, Builder, Cache, Failure, Request, Runs, Status, Step};
use crate::error::{Error, ErrorKind};
use crate::image::Store;
use crate::shell::NoPrograms;
use crate::trace::{
    Edited, Ended, Event, Place, Reason, Trace, Verdict, WhatIf, WhatIfCell, WhatIfEnd, WhatIfRow,
};
use std::collections::BTreeSet;

/// What a question is about.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The build as it would be asked for; the builder in it doesn't matter.
    pub request: Request,
    /// The images that are here.
    pub images: Store,
    /// What earlier builds left.
    pub cache: Cache,
    /// The builders that are asked.
    pub builders: Vec<Builder>,
}

impl Project {
    fn of(&self, builder: Builder, request: &Request, runs: Runs) -> Request {
        Request {
            builder,
            runs,
            strict: false,
            tags: Vec::new(),
            context_name: self.request.context_name.clone(),
            ..request.clone()
        }
    }
}

/// What a build would do after the edits.
///
/// # Errors
/// An edit names what isn't there; there is no Dockerfile; or the limit was reached.
pub fn why(project: &Project, edits: &[Edit], t: &mut Trace) -> Result<Event, Error> {
    t.fuel.running("why");
    build::dockerfile_of(&project.request)?;
    let (after, told) = edit::apply(&project.request, edits, t)?;
    answer(project, &after, told, &edit::made_up(edits, project.request.dockerfile_path()), t)
}

/// What a build of `after` would do, `edits` being in words what happened since the project's own request.
///
/// # Errors
/// There is no Dockerfile; or the limit was reached.
pub fn compare(
    project: &Project,
    after: &Request,
    edits: Vec<Edited>,
    t: &mut Trace,
) -> Result<Event, Error> {
    t.fuel.running("why");
    build::dockerfile_of(after)?;
    answer(project, after, edits, &BTreeSet::new(), t)
}

fn answer(
    project: &Project,
    after: &Request,
    told: Vec<Edited>,
    made_up: &BTreeSet<String>,
    t: &mut Trace,
) -> Result<Event, Error> {
    let mut answer = WhatIf { name: project.request.context_name.clone(), edits: told, ..WhatIf::default() };
    let mut builds = Vec::new();
    for builder in &project.builders {
        let mut end = WhatIfEnd { builder: builder.name().to_owned(), ..WhatIfEnd::default() };
        let built = foresee(project, *builder, after, &mut end, t);
        stopped(t)?;
        answer.builders.push(end);
        builds.push(built);
    }
    answer.rows = rows(&builds, made_up);
    for (at, end) in answer.builders.iter_mut().enumerate() {
        let of = |word: &str| {
            answer
                .rows
                .iter()
                .filter(|row| row.cells.get(at).is_some_and(|cell| cell.verdict == word))
                .count()
        };
        (end.hits, end.misses, end.maybe) = (of("HIT"), of("MISS"), of("MAYBE"));
    }
    Ok(Event::WhatIf(answer))
}

/// One builder's look-ups after the edits, on copies of store and cache.
fn foresee(
    project: &Project,
    builder: Builder,
    after: &Request,
    end: &mut WhatIfEnd,
    t: &mut Trace,
) -> Build {
    let (mut images, mut cache) = (project.images.clone(), project.cache.clone());
    let mut play = |request: &Request, cache: &mut Cache, t: &mut Trace| {
        t.quietly(|t| build::build(&mut images, cache, request, &mut NoPrograms, t))
    };
    if cache.has_built(&project.request.context_name, builder) {
        end.earlier = "recorded".to_owned();
    } else {
        end.earlier = "assumed".to_owned();
        let built = play(&project.of(builder, &project.request, Runs::Assumed), &mut cache, t);
        end.failed_before = built.result.as_ref().err().map(ended);
    }
    let built = play(&project.of(builder, after, Runs::Foreseen), &mut cache, t);
    end.failure = built.result.as_ref().err().map(ended);
    built
}

/// The lab error of an empty tank.
fn stopped(t: &Trace) -> Result<(), Error> {
    match t.fuel.exhausted() {
        None => Ok(()),
        Some(crate::trace::Exhausted::Interrupted) => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
        Some(why) => Err(Error::new(ErrorKind::Limit, format!("it was stopped: {}", why.describe()))
            .hint("name what the build doesn't need in `.dockerignore`")),
    }
}

fn ended(failure: &Failure) -> Ended {
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

/// The builders' steps side by side. ONBUILD triggers are several steps to one builder and one line to the
/// other: they stand below their FROM in the order in which they come.
fn rows(builds: &[Build], made_up: &BTreeSet<String>) -> Vec<WhatIfRow> {
    let place = |build: &Build, at: usize| -> (usize, usize) {
        let number = build.steps.get(at).map_or(0, |step| step.number);
        let before = build.steps.iter().take(at).rev().take_while(|step| step.number == number).count();
        (number, before)
    };
    let mut keys: BTreeSet<(usize, usize)> = BTreeSet::new();
    let mut placed = Vec::new();
    for build in builds {
        let places: std::collections::BTreeMap<(usize, usize), &Step> =
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
