//! Files are copied before a step that doesn't need them: each edit of them runs it again.
//!
//! Which files a step needs is known of package managers only (`needs.rs`). That it really runs
//! again is not guessed: one edit is played against the cache of the build that was looked into.

use super::needs::{Needs, needs};
use super::played::Played;
use super::{Look, Said};
use crate::build::{self, Cache, Context, Request, Step, pattern};
use crate::dockerfile::{Copy, Instruction, Kind};
use crate::fs::{Contents, Kind as Node, Nodes};
use crate::image::Store;
use crate::shell::Programs;
use crate::trace::{Fuel, OrderCost, Trace};
use std::collections::HashMap;

pub(super) const RULE: &str = "CacheHostileOrder";

/// Copies whose edits are played; the builds cost time.
const MOST_PLAYED: usize = 16;

/// What the edits are played against.
pub(super) struct Playing<'a> {
    /// The images after the build.
    pub images: &'a Store,
    /// Its cache.
    pub cache: &'a Cache,
    /// Files to edit; none means each file of the context once.
    pub edits: &'a [String],
}

/// A COPY out of the context, and the steps after it that don't need all of it.
struct Hostile<'a> {
    step: &'a Step,
    instruction: &'a Instruction,
    /// An edit to play.
    edit: String,
    /// Edits that run any of the steps again without need.
    edits: usize,
    /// Each step, what it needs, and how many edits run it again without need.
    steps: Vec<(&'a Step, Needs, usize)>,
}

pub(super) fn look(look: &mut Look<'_>, playing: &Playing<'_>, programs: &mut dyn Programs) {
    if look.played.build.result.is_err() {
        return;
    }
    let edits = edits(look, playing.edits);
    let mut played = 0;
    for hostile in hostile(look.played, &edits, &mut look.t.fuel) {
        played += 1;
        if played > MOST_PLAYED || look.t.fuel.exhausted().is_some() {
            return;
        }
        let again = again(look, playing, &hostile.edit, programs);
        let steps: Vec<_> =
            hostile.steps.into_iter().filter(|(step, ..)| again.contains(&step.number)).collect();
        let Some((first, needs, times)) = steps.first() else { continue };
        let cost = OrderCost {
            edits: hostile.edits,
            steps: steps.iter().map(|(.., times)| times).sum(),
            seconds: steps.iter().map(|(step, _, times)| step.seconds.unwrap_or(0.0) * *times as f64).sum(),
        };
        let here = |needs: &Needs| -> Vec<String> {
            let tree = look.played.request.context.tree();
            // Settings such as .npmrc may hold secrets: nobody is told to copy them.
            let named = needs.files.iter().filter(|file| !file.starts_with('.'));
            named.filter(|file| tree.at(file.as_bytes()).is_some()).cloned().collect()
        };
        let files = here(needs);
        let what =
            if files.is_empty() { "nothing of it".to_owned() } else { format!("only {}", files.join(", ")) };
        let mut message = format!(
            "`{}` in step {} needs {what}, yet stands behind this copy: {times} of {} edits run it again for nothing",
            needs.command,
            first.number,
            edits.len()
        );
        let mut fix = way_out(first.number, &files);
        for (step, needs, times) in steps.iter().skip(1) {
            message.push_str(&format!("; so do {times} with `{}` in step {}", needs.command, step.number));
            fix.push_str(&format!("; {}", way_out(step.number, &here(needs))));
        }
        let said = Said { message, cost: Some(cost), fix, ..Said::default() };
        look.add(RULE, hostile.step.number, hostile.instruction, said);
    }
}

/// What to write instead.
fn way_out(step: usize, files: &[String]) -> String {
    match files {
        [] => format!("move step {step} above this line"),
        files => format!("COPY {} ./ first, then step {step}, then the rest", files.join(" ")),
    }
}

/// The files to edit, as far as they reach the builder. The Dockerfile and .git have rules of their own.
fn edits(look: &mut Look<'_>, given: &[String]) -> Vec<String> {
    let request = look.played.request;
    let sent = build::context_files(request, look.t).unwrap_or_default();
    let own = |path: &str| {
        path == request.dockerfile_path() || path.ends_with(".dockerignore") || path.starts_with(".git/")
    };
    if given.is_empty() {
        return sent.into_iter().filter(|path| !own(path)).collect();
    }
    let sent: std::collections::HashSet<String> = sent.into_iter().collect();
    let cleaned = given.iter().map(|path| path.trim_start_matches("./").trim_start_matches('/'));
    cleaned.filter(|path| sent.contains(*path)).map(str::to_owned).collect()
}

/// Copies with steps behind them that could stand before.
fn hostile<'a>(played: &Played<'a>, edits: &[String], fuel: &mut Fuel) -> Vec<Hostile<'a>> {
    let mut all = Vec::new();
    let own: Vec<(&Step, &Instruction)> = played
        .build
        .steps
        .iter()
        .filter(|step| !step.trigger)
        .filter_map(|step| Some((step, played.instruction(step)?)))
        .collect();
    let mut from = 0;
    while let Some((first, _)) = own.get(from) {
        let rest = own.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|(step, _)| step.stage == first.stage).count().max(1);
        of_stage(rest.get(..count).unwrap_or_default(), edits, &mut all, fuel);
        from += count;
    }
    all
}

fn of_stage<'a>(
    steps: &[(&'a Step, &'a Instruction)],
    edits: &[String],
    all: &mut Vec<Hostile<'a>>,
    fuel: &mut Fuel,
) {
    let judged: Vec<(usize, Needs)> = steps
        .iter()
        .enumerate()
        .filter(|(_, (step, _))| step.layer.is_some())
        .filter_map(|(at, (_, instruction))| Some((at, needs(instruction)?)))
        .collect();
    let Some((last, _)) = judged.last() else { return };
    let copies: Vec<(usize, &Copy)> = steps
        .iter()
        .enumerate()
        .take(*last)
        .filter_map(|(at, (_, instruction))| match &instruction.kind {
            Kind::Copy(copy) | Kind::Add(copy) if copy.from.is_none() => Some((at, copy)),
            _ => None,
        })
        .collect();
    // Place of the copy → what its edits do; the first copy that takes a file is where it misses.
    let mut found: HashMap<usize, Hostile<'a>> = HashMap::new();
    for edit in edits {
        if !fuel.spend(1 + (copies.len() + judged.len()) as u64) {
            return;
        }
        let Some((at, _)) = copies.iter().find(|(_, copy)| takes(copy, edit, fuel)) else { continue };
        let needless: Vec<&(usize, Needs)> =
            judged.iter().filter(|(run, needs)| run > at && !needs.has(edit)).collect();
        let Some((step, instruction)) = steps.get(*at).filter(|_| !needless.is_empty()) else { continue };
        let hostile = found.entry(*at).or_insert_with(|| Hostile {
            step,
            instruction,
            edit: edit.clone(),
            edits: 0,
            steps: Vec::new(),
        });
        hostile.edits += 1;
        for (run, needs) in needless {
            let Some((step, _)) = steps.get(*run) else { continue };
            match hostile.steps.iter_mut().find(|(known, ..)| known.number == step.number) {
                Some((.., times)) => *times += 1,
                None => hostile.steps.push((step, needs.clone(), 1)),
            }
        }
    }
    let mut found: Vec<Hostile<'a>> = found.into_values().collect();
    found.sort_by_key(|hostile| hostile.step.number);
    for hostile in &mut found {
        hostile.steps.sort_by_key(|(step, ..)| step.number);
    }
    all.extend(found);
}

/// Does the copy take this file of the context?
fn takes(copy: &Copy, file: &str, fuel: &mut Fuel) -> bool {
    copy.sources.iter().any(|source| {
        let source = source.text.trim_start_matches("./").trim_matches('/');
        if matches!(source, "" | ".") {
            return true;
        }
        if pattern::has_wildcards(source.as_bytes()) {
            let parts = source.split('/').count();
            let front: Vec<&str> = file.split('/').take(parts).collect();
            return pattern::matches(source.as_bytes(), front.join("/").as_bytes(), fuel).unwrap_or(false);
        }
        file == source || file.strip_prefix(source).is_some_and(|rest| rest.starts_with('/'))
    })
}

/// Numbers of the steps that run again after an edit of this file.
fn again(look: &mut Look<'_>, playing: &Playing<'_>, edit: &str, programs: &mut dyn Programs) -> Vec<usize> {
    let Some(request) = edited(look.played.request, edit) else { return Vec::new() };
    let (mut images, mut cache) = (playing.images.clone(), playing.cache.clone());
    let build = look.t.quietly(|t: &mut Trace| build::build(&mut images, &mut cache, &request, programs, t));
    build.steps.iter().filter(|step| step.cached() == Some(false)).map(|step| step.number).collect()
}

/// The request with one more line in this file.
fn edited(request: &Request, edit: &str) -> Option<Request> {
    let mut tree = request.context.tree().clone();
    let ino = tree.at(edit.as_bytes())?;
    let inode = tree.inode_mut(ino);
    let Node::File(contents) = &inode.kind else { return None };
    inode.kind = Node::File(contents.joined(&Contents::text("\n")));
    inode.mtime = inode.mtime.saturating_add(1);
    Some(Request { context: Context::from_tree(tree), ..request.clone() })
}
