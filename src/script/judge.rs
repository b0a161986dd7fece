//! Judging: an exercise's goals run in a fresh lab on a student's files.
//!
//! The goals come from the course, never from the student's folder. A script of the student's is played in a
//! session of its own, which has no host and none of the judge's functions; what it leaves behind (its lab,
//! its variables) is handed on as data. So it can neither hold a goal true nor read another file, and both
//! draw on [`crate::trace::Fuel`].

use super::core::Story;
use super::{Session, api, errors};
use crate::error::{Error, ErrorKind};
use crate::fs::{Inode, Kind, MemoryHost};
use crate::trace::{Event, Exhausted, Goal, Sink};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The build context that holds the student's files.
pub const STUDENT: &str = "student";

/// Files of a student, by path; parents need not be listed.
pub type Work = Vec<(String, Inode)>;

/// How the goals went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Every goal that was looked at, in order. The last one may be the judge's own: that the student's
    /// Dockerfile builds, that the script runs.
    pub goals: Vec<Goal>,
    /// What `why(…)` said.
    pub why: Vec<String>,
}

impl Judgement {
    /// Were there goals, and do all of them hold?
    pub fn passed(&self) -> bool {
        !self.goals.is_empty() && self.goals.iter().all(|goal| goal.ok)
    }
}

/// What the judge's functions write to.
#[derive(Default)]
pub(super) struct Judging {
    /// So far.
    pub judgement: Judgement,
    /// The student's files gave nothing to look at further: the last goal says why.
    pub ended: bool,
    /// Ctrl-C came while the student's script ran.
    pub interrupted: bool,
    /// Raised by Ctrl-C.
    pub interrupt: Option<Arc<AtomicBool>>,
}

/// Operations of a student's script, at most; builds and containers draw on the fuel of any line. Far fewer
/// than a scenario has: one operation may copy a list of thousands, which no operation is counted for.
pub(super) const MOST_OPERATIONS: u64 = 20_000;
/// Elements of a list in it, at most.
pub(super) const MOST_ELEMENTS: usize = 20_000;

/// Hears everything and keeps nothing: events must be made so that a bill can be counted.
pub(super) struct Deaf;

impl Sink for Deaf {
    fn take(&mut self, _: Event) {}
}

/// Bytes of a file that the goals can name where a host's file is asked for, at most.
const MOST_NAMED: u64 = 1 << 20;

/// The student's small files, as the host that `--ci-config FILE` and its like read.
fn files_of(work: &Work) -> MemoryHost {
    let mut host = MemoryHost::default();
    for (path, inode) in work {
        if let Kind::File(contents) = &inode.kind
            && let Some(bytes) = contents.to_bytes(MOST_NAMED)
        {
            host.files.insert(path.clone(), bytes);
        }
    }
    host
}

/// Runs the goals (`source`, called `name` in errors) on the student's files.
///
/// # Errors
/// The goals themselves are wrong, or Ctrl-C. Whatever the student's files do is a goal that does not hold.
pub fn judge(
    name: &str,
    source: &str,
    work: &Work,
    interrupt: Option<Arc<AtomicBool>>,
) -> Result<Judgement, Error> {
    on_a_deep_stack(|| judged(name, source, work, interrupt))
}

/// Bytes of stack for judging. Rhai copies and measures a value by recursion: a list in a list in a list needs
/// a frame for each.
#[cfg(not(target_family = "wasm"))]
const STACK: usize = 256 << 20;

/// Runs `f` with room for whatever a script of 20,000 operations can nest.
#[cfg(not(target_family = "wasm"))]
fn on_a_deep_stack<R: Send>(f: impl FnOnce() -> Result<R, Error> + Send) -> Result<R, Error> {
    let stopped = |why: &str| Error::new(ErrorKind::Limit, format!("the judging was stopped: {why}"));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, f);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(stopped("it ended without an answer")),
            Err(error) => Err(stopped(&error.to_string())),
        }
    })
}

#[cfg(target_family = "wasm")]
fn on_a_deep_stack<R>(f: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    f()
}

fn judged(
    name: &str,
    source: &str,
    work: &Work,
    interrupt: Option<Arc<AtomicBool>>,
) -> Result<Judgement, Error> {
    let judging = Rc::new(RefCell::new(Judging { interrupt: interrupt.clone(), ..Judging::default() }));
    let mut session = Session::made(Box::new(files_of(work)), Box::new(Deaf), |engine, core| {
        api::judging(engine, core, &judging);
    });
    if let Some(flag) = interrupt {
        session.core.borrow_mut().trace.fuel.interrupted_by(flag);
    }
    session.with_lab(|lab, t| {
        lab.tick();
        lab.add_to_context(STUDENT, work, t)
    })?;
    api::name_student(&session.core, &mut session.scope);
    session.prepare(name, source, false);
    session.core.borrow_mut().story = Some(Story::default());
    let result = session.run_rhai(true);
    let state = std::mem::take(&mut *judging.borrow_mut());
    let stopped = session.core.borrow().trace.fuel.exhausted().cloned();
    if state.interrupted || stopped == Some(Exhausted::Interrupted) {
        return Err(Error::new(ErrorKind::Interrupted, "interrupted"));
    }
    if state.ended {
        return Ok(state.judgement);
    }
    if let Some(why) = stopped {
        return Err(errors::limit(&why, session.core.borrow().trace.fuel.what()));
    }
    match result? {
        None => Ok(state.judgement),
        Some((errno, op, path)) => {
            let error = Error::new(ErrorKind::Script, format!("{op} {path}: {errno}"))
                .hint("text_of(files, path) reads a file that may not be there");
            Err(match session.core.borrow().error.as_ref().and_then(|error| error.span.clone()) {
                Some(span) => error.at(*span),
                None => error,
            })
        }
    }
}
