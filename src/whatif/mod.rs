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

use crate::build::{self, Build, Builder, Cache, Request, Runs, ended};
use crate::error::{Error, ErrorKind};
use crate::image::Store;
use crate::shell::NoPrograms;
use crate::trace::{Edited, Event, Trace, WhatIf, WhatIfEnd};
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
    answer.rows = build::side_by_side(&builds, made_up);
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
