//! A better order of a Dockerfile's lines: the one that runs the fewest steps again over a list of edits.
//!
//! Each proposal of [`super::moves`] is played like any other Dockerfile: one earlier build, then every
//! edit, in each builder; its score is the number of steps that run again, those in doubt counted. The best
//! one is taken and the search goes on from there, a few times. Edits that the same steps notice count as
//! one, as often as they are; a context of thousands of files comes down to a handful that way.

use super::edit::{self, Edit};
use super::lines::Lines;
use super::moves::{Move, moves};
use super::{Project, reads, stopped};
use crate::build::{self, Build, Builder, Cache, Request, Runs, Status};
use crate::dockerfile::{self, Dockerfile};
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Kind, Nodes, Tree, path};
use crate::shell::NoPrograms;
use crate::trace::{Event, Order, OrderRow, Trace, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Moves that are made one after the other, at most.
const MOST_MOVES: usize = 8;

/// Instructions of a file that is looked at: each proposal is played whole.
const MOST_LINES: usize = 2_000;

/// Edits that make the same steps run again.
struct Group {
    words: String,
    edit: Edit,
    count: u64,
}

/// A better order of the lines over these edits; without edits, each file of the context changes once.
///
/// # Errors
/// There is no Dockerfile or it can't be read; an edit names what isn't there; or the limit was reached.
pub fn order(project: &Project, edits: Option<&[Edit]>, t: &mut Trace) -> Result<Event, Error> {
    t.fuel.running("order");
    let project = &able(project, t)?;
    let request = &project.request;
    let text = build::dockerfile_of(request)?;
    let first = parse(request, &text)?;
    if first.instructions.len() > MOST_LINES {
        let words =
            format!("order looks at up to {MOST_LINES} instructions, here are {}", first.instructions.len());
        return Err(Error::new(ErrorKind::Limit, words).hint("give it one stage of the file: -f FILE"));
    }
    let groups = match edits {
        Some(edits) => given(request, edits, t)?,
        None => each_file(project, &first, t)?,
    };
    let thin = Project { request: thinned(request, &text, &groups, &first), ..project.clone() };
    let start = Lines::of(&text);
    // A file that the thinning missed would fail the build: then the whole context is used.
    let project = match score(&thin, &start, &groups, t) {
        Some(_) => &thin,
        None => project,
    };
    stopped(t)?;
    let mut answer = Order {
        name: request.context_name.clone(),
        file: request.dockerfile_path().to_owned(),
        builders: project.builders.iter().map(|builder| builder.name().to_owned()).collect(),
        before: start.text(),
        ..Order::default()
    };
    let before = score(project, &start, &groups, t);
    stopped(t)?;
    let before = before.ok_or_else(|| Error::new(ErrorKind::Limit, "the edits can't be counted"))?;
    let (best, after, made) = search(project, request, start, &before, &groups, t)?;
    answer.after = best.text();
    for one in made {
        answer.moves.push(one.what);
        for words in one.assumed {
            if !answer.assumed.contains(&words) {
                answer.assumed.push(words);
            }
        }
    }
    let rows = groups.iter().zip(before.iter().zip(&after));
    answer.rows = rows
        .map(|(group, (before, after))| OrderRow {
            edit: group.words.clone(),
            count: group.count,
            before: *before,
            after: *after,
        })
        .collect();
    (answer.misses_before, answer.misses_after) = (total(&before, &groups), total(&after, &groups));
    Ok(Event::Order(answer))
}

type Found = (Lines, Vec<usize>, Vec<Move>);

/// Takes the best move again and again.
fn search(
    project: &Project,
    whole: &Request,
    start: Lines,
    before: &[usize],
    groups: &[Group],
    t: &mut Trace,
) -> Result<Found, Error> {
    let (mut best, mut least, mut made) = (start, before.to_vec(), Vec::new());
    for _ in 0..MOST_MOVES {
        let Ok(file) = parse(&project.request, &best.text()) else { break };
        let mut found: Option<(Move, Vec<usize>)> = None;
        for one in moves(&best, &file, whole) {
            let misses = score(project, &one.lines, groups, t);
            stopped(t)?;
            let Some(misses) = misses else { continue };
            let than = found.as_ref().map_or(&least, |(_, misses)| misses);
            if total(&misses, groups) < total(than, groups) {
                found = Some((one, misses));
            }
        }
        stopped(t)?;
        let Some((one, misses)) = found else { break };
        (best, least) = (one.lines.clone(), misses);
        made.push(one);
    }
    Ok((best, least, made))
}

fn parse(request: &Request, text: &str) -> Result<Dockerfile, Error> {
    Ok(dockerfile::parse(request.dockerfile_path(), text.as_bytes(), request.version)?)
}

fn total(misses: &[usize], groups: &[Group]) -> u64 {
    misses.iter().zip(groups).map(|(misses, group)| group.count.saturating_mul(*misses as u64)).sum()
}

/// The project with the builders that can build it as it is: a file with `RUN --mount` counts in BuildKit
/// only.
///
/// # Errors
/// None of them can.
fn able(project: &Project, t: &mut Trace) -> Result<Project, Error> {
    let text = build::dockerfile_of(&project.request)?;
    parse(&project.request, &text)?;
    let (mut builders, mut first) = (Vec::new(), None);
    for builder in &project.builders {
        match assumed(project, *builder, t).0.result {
            Ok(_) => builders.push(*builder),
            Err(failure) => {
                first.get_or_insert((builder.name(), failure));
            }
        }
        stopped(t)?;
    }
    match first {
        Some((name, failure)) if builders.is_empty() => {
            let message = failure.plain.unwrap_or(failure.message);
            let message = format!("the {name} build fails before any edit: {message}");
            let mut error = Error::new(ErrorKind::Unknown, message);
            (error.span, error.hint) = (failure.span, failure.hint);
            Err(error)
        }
        _ => Ok(Project { builders, ..project.clone() }),
    }
}

/// The earlier build, and the cache it leaves.
fn assumed(project: &Project, builder: Builder, t: &mut Trace) -> (Build, Cache) {
    let request = project.of(builder, &project.request, Runs::Assumed);
    let (mut images, mut cache) = (project.images.clone(), Cache::default());
    let built = t.quietly(|t| build::build(&mut images, &mut cache, &request, &mut NoPrograms, t));
    (built, cache)
}

/// How many steps each edit makes run again, all builders together. None when a build fails.
fn score(project: &Project, lines: &Lines, groups: &[Group], t: &mut Trace) -> Option<Vec<usize>> {
    let mut request = project.request.clone();
    let text = lines.text();
    if request.dockerfile.is_some() {
        request.dockerfile = Some(text.into_bytes());
    } else {
        let mut tree = request.context.tree().clone();
        let ino = tree.at(&path::clean(request.dockerfile_path().as_bytes()))?;
        tree.inode_mut(ino).kind = Kind::File(Contents::text(&text));
        request.context = request.context.edited(tree);
    }
    let project = Project { request, ..project.clone() };
    let mut misses = vec![0; groups.len()];
    for builder in &project.builders {
        let (built, cache) = assumed(&project, *builder, t);
        built.result.ok()?;
        for (group, misses) in groups.iter().zip(&mut misses) {
            let edit = match &group.edit {
                Edit::EditLine(line, text) => Edit::EditLine(lines.now(*line)?, text.clone()),
                other => other.clone(),
            };
            let (after, _) = edit::apply_only(&project.request, &[edit]).ok()?;
            let after = project.of(*builder, &after, Runs::Foreseen);
            let (mut images, mut cache) = (project.images.clone(), cache.clone());
            let built = t.quietly(|t| build::build(&mut images, &mut cache, &after, &mut NoPrograms, t));
            // An edit may well end in a failure (a file is gone): what ran until then counts.
            let again = |step: &&build::Step| {
                step.status == Status::Done || matches!(step.verdict, Verdict::Maybe { .. })
            };
            *misses += built.steps.iter().filter(again).count();
        }
    }
    Some(misses)
}

/// The edits of a list; equal ones count together.
fn given(request: &Request, edits: &[Edit], t: &mut Trace) -> Result<Vec<Group>, Error> {
    let mut groups: Vec<Group> = Vec::new();
    for edit in edits {
        edit::apply(request, std::slice::from_ref(edit), t)?;
        match groups.iter_mut().find(|group| group.edit == *edit) {
            Some(group) => group.count += 1,
            None => groups.push(Group { words: edit.words(), edit: edit.clone(), count: 1 }),
        }
    }
    Ok(groups)
}

/// Each file of the context once; files that the same steps copy count together, but what an installer
/// reads stands for itself.
fn each_file(project: &Project, file: &Dockerfile, t: &mut Trace) -> Result<Vec<Group>, Error> {
    let mut steps: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for builder in &project.builders {
        let (built, _) = assumed(project, *builder, t);
        stopped(t)?;
        let copies = |step: &&build::Step| {
            let word = step.instruction.split_whitespace().next().unwrap_or("").to_uppercase();
            let from = step.instruction.contains("--from=") || step.instruction.contains("from=");
            ["COPY", "ADD", "RUN"].contains(&word.as_str()) && !from
        };
        for step in built.steps.iter().filter(copies) {
            for path in step.copied_paths() {
                steps.entry(path.to_owned()).or_default().insert(step.number);
            }
        }
    }
    let special: BTreeSet<String> = manifests(file, &project.request);
    let tree = project.request.context.tree();
    let is_file = |path: &str| tree.at(path.as_bytes()).is_some_and(|ino| !tree.inode(ino).kind.is_dir());
    let mut groups: BTreeMap<(Option<String>, BTreeSet<usize>), (String, u64)> = BTreeMap::new();
    for (path, steps) in steps.into_iter().filter(|(path, _)| is_file(path)) {
        let own = special.contains(&path) || path == project.request.dockerfile_path();
        let key = (own.then(|| path.clone()), steps);
        let group = groups.entry(key).or_insert_with(|| (path.clone(), 0));
        // One that people know by name stands for the rest.
        if group.0.starts_with('.') && !path.starts_with('.') {
            group.0 = path;
        }
        group.1 += 1;
    }
    let group = |(path, count): (String, u64)| Group {
        words: match count {
            1 => path.clone(),
            count => format!("{path} and {} like it", count - 1),
        },
        edit: Edit::Change(path),
        count,
    };
    Ok(groups.into_values().map(group).collect())
}

fn manifests(file: &Dockerfile, request: &Request) -> BTreeSet<String> {
    let read = |run| reads::of(run, request).map(|reads| reads.files);
    file.instructions.iter().filter_map(read).flatten().collect()
}

/// The request with a context that holds what the edits and the Dockerfile name, and no more.
fn thinned(request: &Request, text: &str, groups: &[Group], file: &Dockerfile) -> Request {
    let whole = request.context.tree();
    let mut kept: BTreeSet<String> = manifests(file, request);
    kept.extend(groups.iter().filter_map(|group| group.edit.file().map(str::to_owned)));
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '[' | ']' | '=');
    kept.extend(text.split(ends).map(edit::tidy).filter(|word| !word.is_empty()));
    let dockerfile = edit::tidy(request.dockerfile_path());
    kept.extend([".dockerignore".to_owned(), format!("{dockerfile}.dockerignore"), dockerfile]);
    let mut tree = Tree::new();
    for name in &kept {
        let at = path::clean(name.as_bytes());
        let Some(ino) = whole.at(&at) else { continue };
        let mut inode = whole.inode(ino).clone();
        inode.nlink = 0;
        if inode.kind.is_dir() {
            inode.kind = Kind::Dir(Default::default());
        }
        tree.put(&at, inode);
    }
    Request { context: request.context.edited(tree), ..request.clone() }
}
