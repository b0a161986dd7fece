//! Executing one of BuildKit's vertices.

use super::copy::{self, Manner, mkdir_all};
use super::dispatch::{mode, proxies};
use super::fetch;
use super::graph::{CopyOp, Op, RunOp, Vertex};
use super::mounted;
use super::owner::{owner, owner_on_nothing};
use super::plan::label;
use super::request::Builder;
use super::rootfs::{self, seal};
use super::secret;
use super::select::{Picked, pick, walk_failure};
use super::solve::Solver;
use super::step::Failure;
use super::unsure::tell_missing;
use super::verdict;
use crate::dockerfile::{Difference, RunMount, Version};
use crate::fs::Tree;
use crate::image::ImageLayer;
use crate::shell::{Process, Sandbox, run_with};
use crate::trace::{Stream, Trace};
use crate::union::Mount;

/// What is to be executed.
pub(super) struct Job<'a> {
    pub vertex: &'a Vertex,
    /// What a COPY names, if it was looked at already.
    pub picked: &'a [Picked],
    /// The build's time.
    pub now: i64,
}

/// What it made.
pub(super) struct Made {
    pub layer: ImageLayer,
    pub seconds: Option<f64>,
    /// Something in it isn't modelled.
    pub unsure: bool,
}

/// Executes a vertex on the layers below it.
///
/// # Errors
/// The step failed; what it did is dropped.
pub(super) fn execute(solver: &mut Solver<'_>, job: &Job<'_>, t: &mut Trace) -> Result<Made, Failure> {
    let mut mount = match &job.vertex.op {
        // A linked copy sees nothing of what is below.
        Op::Copy(copy) if copy.link => Mount::new(Vec::new(), Tree::new(), Default::default())
            .unwrap_or_else(|_| Mount::native(Tree::new())),
        _ => rootfs::mount(&solver.layers(job.vertex.base), solver.request.storage),
    };
    let (mut seconds, mut unsure) = (None, false);
    let failed = |message: String| Failure::new(prefixed(&message, solver.request.version), 1);
    let lenient = !solver.request.strict && solver.unsure(job.vertex.base);
    let is_run = matches!(job.vertex.op, Op::Run(_));
    match &job.vertex.op {
        Op::Workdir { path, user } => {
            t.quietly(|t| {
                let owner = match user.as_str() {
                    "" => Ok(None),
                    user if job.vertex.base.is_none() => owner_on_nothing(user).map(Some),
                    user => owner(user, &mut mount, solver.request.version, t).map(Some),
                };
                let owner = if lenient { Ok(owner.unwrap_or(None)) } else { owner };
                mkdir_all(&mut mount, path.as_bytes(), 0o755, owner?, t)
            })
            .map_err(failed)?;
        }
        Op::Copy(copy) => unsure = copy_files(solver, copy, job, &mut mount, t)?,
        Op::Run(run) => (seconds, unsure) = run_command(solver, run, job, &mut mount, t)?,
    }
    let label =
        solver.player.steps.get(job.vertex.step).map(|step| label(&step.instruction)).unwrap_or_default();
    let layer = seal(&mount, Builder::BuildKit, &label, job.now, !is_run);
    if t.fuel.exhausted().is_some() {
        return Err(Failure::new("the lab's limit was reached", 1));
    }
    Ok(Made { layer, seconds, unsure })
}

/// Errors of a step carry no prefix in 20.10.
fn prefixed(message: &str, version: Version) -> String {
    match version.has(Difference::FailurePrefix) {
        false => message.to_owned(),
        true => format!("failed to solve: {message}"),
    }
}

/// The storage driver refuses another layer. `id` stands for the random name that Docker gives it.
pub(super) fn too_deep(id: &str, version: Version) -> Failure {
    let name = id.get(..25).unwrap_or(id);
    let message = prefixed(&format!("failed to prepare {name}: max depth exceeded"), version);
    let mut failure = Failure::new(message, 1);
    failure.plain = Some("a step can stand on no more than 128 layers".to_owned());
    failure.hint = Some("join steps: RUN one && two is one layer".to_owned());
    failure
}

fn copy_files(
    solver: &mut Solver<'_>,
    op: &CopyOp,
    job: &Job<'_>,
    mount: &mut Mount,
    t: &mut Trace,
) -> Result<bool, Failure> {
    let version = solver.request.version;
    let mut source = solver.source(op.source);
    let mut found = job.picked.to_vec();
    let mut passed_over = Vec::new();
    if found.is_empty() {
        for one in &op.sources {
            match t.quietly(|t| pick(&mut source, one, t)) {
                Ok(more) => found.extend(more),
                Err(missing) if solver.passes_over(&missing, op.source) => passed_over.push(one.clone()),
                Err(missing) => {
                    let above = t.quietly(|t| super::missing::folder_of(&missing, &mut source, t));
                    return Err(verdict::missing(missing, op.source, above, solver));
                }
            }
        }
    } else if solver.unsure_source(op.source) {
        let mut there = |one: &&String| t.quietly(|t| pick(&mut source, one, t)).is_err();
        passed_over.extend(op.sources.iter().filter(|one| there(one)).cloned());
    }
    tell_missing(solver.player, job.vertex.step, op, &passed_over, t);
    let unknown = fetch::tell_unknown(&op.fetched, solver.player, job.vertex.step, t);
    let lenient = !solver.request.strict && solver.unsure(job.vertex.base);
    let exclude = solver.exclude(op, t)?;
    t.quietly(|t| {
        let owner = match &op.chown {
            // Users of an unknown image are unknown too.
            Some(chown) if job.vertex.base.is_none() => Some(owner_on_nothing(chown)?),
            Some(chown) if lenient => owner(chown, mount, version, t).ok(),
            Some(chown) => Some(owner(chown, mount, version, t)?),
            None => None,
        };
        let manner = Manner {
            destination: op.destination.clone(),
            owner,
            mode: op.chmod.as_deref().and_then(mode),
            special_kept: !version.has(Difference::ChmodSpecial),
            unpack: op.unpack,
            legacy: false,
            parents_mode: version.has(Difference::ChmodOnTheWay),
            exclude,
        };
        let root = if solver.onto_itself(op.source) { "<rootfs>" } else { "<tmp>" };
        let walked = op.sources.iter().find_map(|one| walk_failure(&mut source, one, root, t));
        if let (Some(failed), false) = (walked, solver.unsure_source(op.source)) {
            return Err(failed);
        }
        if op.parents {
            super::special::copy_with_parents(&mut source, mount, &found, op, &manner, t)?;
        } else {
            copy::copy(&mut source, mount, &found, &manner, t)?;
        }
        op.contents.iter().try_for_each(|(name, text)| copy::write(mount, name, text, &manner, t))?;
        let manner = Manner { unpack: op.unpack_fetched, ..manner };
        op.fetched.iter().try_for_each(|fetched| fetched.copy(mount, &manner, t))
    })
    .map_err(|message| Failure::new(prefixed(&message, version), 1))?;
    Ok(unknown || solver.unsure_source(op.source))
}

/// Runs a command. The seconds its programs take, and whether something in it isn't modelled.
fn run_command(
    solver: &mut Solver<'_>,
    op: &RunOp,
    job: &Job<'_>,
    mount: &mut Mount,
    t: &mut Trace,
) -> Result<(Option<f64>, bool), Failure> {
    let step = job.vertex.step;
    if placeholder(solver, step) {
        let what = "RUN in an image that nobody knows".to_owned();
        solver.player.not_modelled(step, what, "it changes nothing", t);
        return Ok((None, true));
    }
    let mounts: Vec<&RunMount> = op.mounts.iter().map(|(mount, _)| mount).collect();
    if let Some(failure) = secret::missing(&mounts, &solver.request.secrets, solver.request.version) {
        let message = prefixed(&failure.message, solver.request.version);
        return Err(Failure { message, ..failure });
    }
    let mut submounts = t.quietly(|t| {
        rootfs::mount_points(mount, t);
        rootfs::enter(mount, &op.cwd, t);
        mounted::submounts(solver, op, mount, t)
    });
    let mut env = (*op.env).clone();
    for (name, value) in proxies(&solver.request.args) {
        env.entry(name).or_insert(value);
    }
    env.extend(secret::variables(&mounts, &solver.request.secrets));
    let process = Process {
        argv: op.argv.clone(),
        env,
        cwd: op.cwd.clone(),
        user: op.user.clone(),
        sandbox: Sandbox::BuildKit,
        strict: solver.request.strict,
        packages: solver.request.packages.clone(),
        urls: solver.request.urls.clone(),
        ..Process::default()
    };
    let outcome = run_with(mount, &mut submounts, &process, solver.programs, t);
    mounted::keep_caches(solver, op, &submounts);
    let today = solver.request.version.has(Difference::ExitMessage);
    let fault = rootfs::fault(&outcome, &op.argv, Builder::BuildKit, today);
    let mut lines = outcome.lines.clone();
    lines.extend(fault.as_ref().and_then(|fault| fault.line.clone()).map(|line| (Stream::Err, line)));
    solver.player.output(step, lines, &outcome, t);
    match fault {
        None => Ok((outcome.seconds, !outcome.not_modelled.is_empty())),
        Some(_) if solver.forgives(job, &outcome, t) => Ok((outcome.seconds, true)),
        Some(fault) => {
            let failure = Failure::new(prefixed(&fault.message, solver.request.version), fault.exit);
            Err(Failure { hint: fetch::hint(&outcome), ..failure })
        }
    }
}

/// Does the step's stage stand on an image that nobody knows?
fn placeholder(solver: &Solver<'_>, step: usize) -> bool {
    use super::graph::Node;
    let mut at =
        solver.graph.vertices.iter().find(|vertex| vertex.step == step).and_then(|vertex| vertex.base);
    while let Some(Node::Vertex(vertex)) = at {
        at = solver.graph.vertices.get(vertex).and_then(|vertex| vertex.base);
    }
    match at {
        Some(Node::Image(image)) => {
            solver.graph.images.get(image).is_some_and(|(_, image)| image.placeholder)
        }
        _ => false,
    }
}
