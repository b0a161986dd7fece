//! Verdicts of BuildKit's steps and their reasons: this key against the nearest earlier one.

use super::cache::{Cache, Record};
use super::graph::{CopyOp, Op, RunOp, Source};
use super::key::{Key, platform_of};
use super::request::Request;
use super::select::Missing;
use super::sent::Sent;
use super::solve::Solver;
use super::step::Failure;
use crate::dockerfile::{Difference, MountType};
use crate::trace::{Reason, Verdict};
use std::sync::Arc;

/// What is said of a step that hits although its source stage was rebuilt.
pub(super) const CONVERGED: &str = "stage rebuilt, copied files identical";

/// How many earlier results are compared with a key that was not found.
const COMPARED: usize = 512;

/// What a vertex itself consists of, in the order in which it is hashed.
pub(super) fn op_key(op: &Op) -> Key {
    let mut key = Key::default();
    match op {
        Op::Run(run) => run_key(run, &mut key),
        Op::Copy(copy) => copy_key(copy, &mut key),
        Op::Workdir { path, user } => {
            key.part("step", format!("WORKDIR {path}"));
            if !user.is_empty() {
                key.part("owner", user.as_str());
            }
        }
    }
    key
}

/// RUN: the command, the environment in order, directory, user, mounts; proxies, comments and what is
/// mounted from where are left out (moby/buildkit `solver/llbsolver/ops/exec.go`, `CacheMap`).
fn run_key(run: &RunOp, key: &mut Key) {
    match (run.shell_form, run.argv.split_last()) {
        (true, Some((text, shell))) => {
            key.part("step", format!("RUN {text}")).part("shell", shell.join(" "));
        }
        _ => {
            let words: Vec<String> = run.argv.iter().map(|word| crate::dockerfile::quoted(word)).collect();
            key.part("step", format!("RUN [{}]", words.join(", ")));
        }
    }
    for (name, value) in run.env.iter() {
        key.part(format!("environment {name}"), value.as_str());
    }
    key.part("workdir", run.cwd.as_str());
    if !run.user.is_empty() {
        key.part("user", run.user.as_str());
    }
    for (at, (mount, _)) in run.mounts.iter().enumerate() {
        let mut value = format!("{} {}", mount.kind.word(), mount.target);
        match mount.kind {
            MountType::Bind => value.push_str(if mount.read_only { " ro" } else { " rw" }),
            MountType::Tmpfs => value.extend(mount.size.map(|size| format!(" {size}"))),
            MountType::Secret | MountType::Ssh => {
                value.push_str(&format!(" id={}", mount.id));
                let numbers = [("uid", mount.uid), ("gid", mount.gid)];
                value.extend(mount.mode.map(|mode| format!(" mode={mode:04o}")));
                value.extend(numbers.iter().filter_map(|(name, id)| id.map(|id| format!(" {name}={id}"))));
                value.extend(mount.env.iter().map(|name| format!(" env={name}")));
            }
            MountType::Cache => {}
        }
        key.part(format!("mount {at}"), value);
    }
    if let Some((_, text)) = &run.script {
        key.part("script", text.as_str());
    }
}

/// COPY: base names, destination, owner, mode, flags; not the directories of the sources, nor
/// `--from`, nor the environment (moby/buildkit `solver/llbsolver/ops/file.go`, `CacheMap`).
fn copy_key(copy: &CopyOp, key: &mut Key) {
    let base = |source: &String| {
        let clean = crate::fs::path::clean(source.as_bytes());
        let name = String::from_utf8_lossy(crate::fs::path::file_name(&clean)).into_owned();
        match name.as_str() {
            "" => ".".to_owned(),
            _ if name.contains([' ', '"']) => crate::dockerfile::quoted(&name),
            _ => name,
        }
    };
    let mut words = vec![copy.word.to_owned()];
    words.extend(copy.sources.iter().map(base));
    words.extend(copy.fetched.iter().map(|fetched| fetched.name.clone()));
    words.extend(copy.contents.iter().map(|(name, _)| format!("<<{name}")));
    words.push(copy.destination.clone());
    key.part("step", words.join(" "));
    for (name, value) in [("owner", &copy.chown), ("mode", &copy.chmod)] {
        if let Some(value) = value {
            key.part(name, value.as_str());
        }
    }
    for (name, set) in [("--link", copy.link), ("--parents", copy.parents)] {
        if set {
            key.part(name, "yes");
        }
    }
    if copy.word == "ADD" && !copy.unpack {
        key.part("--unpack", "no");
    }
    if copy.unpack_fetched && !copy.fetched.is_empty() {
        key.part("--unpack", "yes");
    }
    for pattern in &copy.exclude {
        key.part(format!("--exclude {pattern}"), "yes");
    }
    for (name, text) in &copy.contents {
        key.part(format!("text of {name}"), text.as_str());
    }
}

/// The earlier result whose key is least unlike this one; it must share the step or the parent.
/// Results of this very build and of other projects don't count.
pub(super) fn nearest(cache: &Cache, key: &Key) -> Option<Arc<Record>> {
    let word = |key: &Key| {
        let step = key.parts.iter().find(|(name, _)| name == "step").map_or("", |(_, step)| step.as_str());
        step.split(' ').next().unwrap_or("").to_owned()
    };
    let (own, mut best): (String, Option<(usize, &Arc<Record>)>) = (word(key), None);
    for record in
        cache.records.list.iter().rev().take(COMPARED).filter(|record| cache.is_earlier(record.build))
    {
        if word(&record.key) != own {
            continue;
        }
        let distance = key.distance(&record.key);
        let akin = record.key.parent == key.parent || same_step(key, &record.key);
        if akin && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, record));
        }
    }
    best.map(|(_, record)| record.clone())
}

fn same_step(a: &Key, b: &Key) -> bool {
    a.parts.first() == b.parts.first()
}

/// Why nothing was found: `rebuilt` is the number of the step below if it was executed, `base` the
/// name of the image if the step stands on one. `again` says that the step below was executed for another
/// reason than that it is new.
pub(super) fn miss(
    key: &Key,
    earlier: Option<&Record>,
    rebuilt: Option<usize>,
    again: bool,
    base: Option<&str>,
) -> Reason {
    let Some(earlier) = earlier else {
        return rebuilt.filter(|_| again).map_or(Reason::FirstBuild, |step| Reason::ParentRebuilt { step });
    };
    if earlier.key.parent == key.parent {
        return key.difference(&earlier.key).unwrap_or(Reason::FirstBuild);
    }
    let own = key.difference(&earlier.key);
    match (rebuilt, base) {
        (Some(step), _) if same_step(key, &earlier.key) => Reason::ParentRebuilt { step },
        (None, Some(image)) if earlier.key.parent.starts_with("image ") && same_step(key, &earlier.key) => {
            let (old, new) = (platform_of(&earlier.key.parent), platform_of(&key.parent));
            if old == new {
                return Reason::BaseChanged { image: image.to_owned() };
            }
            let part = super::key::PLATFORM.to_owned();
            Reason::StepChanged { part, old: old.to_owned(), new: new.to_owned() }
        }
        (Some(step), _) => own.unwrap_or(Reason::ParentRebuilt { step }),
        _ => own.unwrap_or(Reason::ParentDiffers),
    }
}

/// A result that was found, and how.
pub(super) struct Found<'a> {
    pub record: &'a Record,
    /// The source stage's last step, if it was executed in this build.
    pub rebuilt: Option<usize>,
    /// Found without looking at any file.
    pub definition: bool,
    /// This build's number.
    pub build: u64,
    /// What changed about the copied files without reaching the key.
    pub note: Option<String>,
}

/// The verdict of a result that was found.
pub(super) fn hit(found: &Found<'_>, instruction: &str) -> Verdict {
    let reason = if found.rebuilt.is_some() && !found.definition {
        CONVERGED.to_owned()
    } else if let Some(note) = &found.note {
        note.clone()
    } else if found.record.build == found.build {
        "the same step was just built, once is enough".to_owned()
    } else if found.record.instruction != instruction {
        "written differently, but it comes to the same step".to_owned()
    } else if found.record.build + 1 < found.build {
        format!("same key as in build {}", found.record.build)
    } else {
        "same parent, same step".to_owned()
    };
    Verdict::Hit { reason }
}

/// BuildKit's words about a source that isn't there.
///
/// `above`: is the folder there in which it was looked for? Where nothing is known of a source, BuildKit walks
/// that folder first (moby/buildkit `cache/contenthash/checksum.go`, `scanPath`); of a context it knows what
/// was sent.
pub(super) fn missing(missing: Missing, source: Source, above: bool, solver: &Solver<'_>) -> Failure {
    let (request, sent) = (solver.request, &solver.sent);
    let today = request.version.has(Difference::MissingSource);
    let (asked, absent) = match missing {
        Missing::Path { asked, absent } => (asked, absent),
        Missing::Exhausted => return Failure::new("the lab's limit was reached", 1),
        Missing::Loop { asked } => {
            let before = match today {
                false => "failed to compute cache key: ",
                true => "failed to solve: failed to compute cache key: failed to calculate checksum of ref: ",
            };
            return circle(format!("{before}too many symlinks: {asked}"), &asked);
        }
    };
    if source != Source::Context {
        let message = match today {
            _ if source == Source::Tree(None) => {
                format!(
                    "{}lstat <tmp>{asked}: no such file or directory",
                    if today { "failed to solve: " } else { "" }
                )
            }
            false if solver.onto_itself(source) => {
                format!("lstat <rootfs>{asked}: no such file or directory")
            }
            false if !above => not_walked(&asked),
            false => format!("failed to compute cache key: \"{asked}\" not found: not found"),
            true => format!(
                "failed to solve: failed to compute cache key: failed to calculate checksum of ref: \"{asked}\": not found"
            ),
        };
        let mut failure = Failure::new(message, 1);
        failure.plain = Some(format!("`{asked}` is not in what COPY --from names"));
        return failure;
    }
    let message = match today {
        false if !above && !sent.is_known() => not_walked(&absent),
        false => format!("failed to compute cache key: \"{absent}\" not found: not found"),
        true => format!(
            "failed to solve: failed to compute cache key: failed to calculate checksum of ref: \"{absent}\": not found"
        ),
    };
    not_in_context(Failure::new(message, 1), &absent, request, sent)
}

/// Links that lead in circles, in the builder's words and in plain ones.
pub(super) fn circle(message: String, asked: &str) -> Failure {
    let mut failure = Failure::new(message, 1);
    failure.plain = Some(format!("the symlink `{}` leads in circles", asked.trim_start_matches('/')));
    failure.hint = Some("point it at a file of the build context".to_owned());
    failure
}

fn not_walked(asked: &str) -> String {
    let above = asked.rsplit_once('/').map_or("", |(above, _)| above);
    let walked = format!("<tmp>{above}: lstat <tmp>{above}: no such file or directory");
    format!("failed to compute cache key: failed to walk {walked}")
}

/// Adds the lab's own words about a file that the context lacks, or that the ignore file keeps out.
pub(super) fn not_in_context(mut failure: Failure, absent: &str, request: &Request, sent: &Sent) -> Failure {
    use crate::fs::Nodes;
    let name = absent.trim_start_matches('/');
    let ignored = request.context.tree().at(name.as_bytes()).is_some();
    let context = if request.context_name.is_empty() { "." } else { &request.context_name };
    failure.plain = Some(match ignored {
        true => format!("`{name}` is kept out of the build context by the ignore file"),
        false => format!("`{name}` is not in the build context `{context}`"),
    });
    let mut names = Vec::new();
    sent.tree.walk(&mut |path, _, _| {
        if names.len() < 10_000 {
            names.push(String::from_utf8_lossy(path.get(1..).unwrap_or_default()).into_owned());
        }
    });
    let near = crate::error::suggest(name, names.iter().map(String::as_str));
    failure.hint = Some(match (ignored, near) {
        (true, _) => format!("add a line `!{name}` to .dockerignore"),
        (false, Some(near)) => format!("did you mean `{near}`? COPY reads the context, never the image."),
        (false, None) => "COPY reads the context, never the image.".to_owned(),
    });
    failure
}
