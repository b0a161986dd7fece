//! RUN lines and `docker exec`: a shell and its programs over a mounted union.
//!
//! [`run`] starts one process, waits for it and says what it printed and how it ended. What it did to
//! the files is in the [`Mount`] afterwards, a failure's half-done work included.

pub(crate) mod escape;
mod syntax;
pub(crate) mod text;

use crate::trace::{Stream, Trace};
use crate::union::Mount;
use indexmap::IndexMap;

/// A process to start.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Program and arguments; the program is looked for in PATH unless it has a `/`.
    pub argv: Vec<String>,
    /// Environment, in order. HOME and PATH are added when missing, as the container runtimes do.
    pub env: IndexMap<String, String>,
    /// Working directory; empty is `/`.
    pub cwd: String,
    /// As USER says: "", "app", "1000", "1000:1000", "app:grp".
    pub user: String,
    /// What is mounted over the image.
    pub sandbox: Sandbox,
    /// Programs that are not modelled fail instead of doing nothing.
    pub strict: bool,
    /// Report every look-up and write of the process as an event. Off, a RUN is quiet.
    pub verbose: bool,
}

/// What is mounted over the image while a process runs. (Reference for the differences: BuildKit's
/// `executor/oci/spec.go` and `hosts.go`, moby's `daemon/oci_linux.go`.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// A RUN step of BuildKit: `/etc/hosts` and `/etc/resolv.conf` are mounted read-only.
    #[default]
    BuildKit,
    /// A RUN step of the legacy builder: a container.
    Legacy,
    /// A container: `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` are mounted.
    Container,
    /// The lab's own host: devices, and nothing else mounted.
    Host,
}

/// Why a process did not even start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartError {
    /// No such program: as it was named.
    ProgramMissing(String),
    /// The file has no execute bit, or is a directory.
    NotExecutable(String),
    /// USER names somebody who is not in `/etc/passwd`.
    UnknownUser(String),
    /// The group after the colon of USER is not in `/etc/group`.
    UnknownGroup(String),
    /// The working directory is a file, or can't be entered.
    WorkingDirectory(String),
    /// A file without `#!` that is no program: the kernel's `exec format error`.
    ExecFormat(String),
}

/// How a process ended and what it printed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Exit status, 0 to 255.
    pub exit: i32,
    /// Lines of both streams, in the order they were printed, without their line ends.
    pub lines: Vec<(Stream, String)>,
    /// All of standard output.
    pub out: Vec<u8>,
    /// All of standard error.
    pub err: Vec<u8>,
    /// It did not start.
    pub start: Option<StartError>,
    /// Simulated seconds; none when nothing that ran has a modelled cost.
    pub seconds: Option<f64>,
    /// Programs that are not modelled and did nothing, in the order of their first call.
    pub not_modelled: Vec<String>,
}

/// A tree mounted over the image while a process runs: `RUN --mount`, a volume.
#[derive(Clone, Debug)]
pub struct Submount {
    /// Where: absolute, clean. A missing mount point is seen, but not made in the image.
    pub target: String,
    /// What: its root appears at the target. Holds what was written, afterwards.
    pub mount: Mount,
    /// Writes fail with EROFS.
    pub read_only: bool,
}

/// Programs that somebody else supplies. They are asked before the built-in ones.
pub trait Programs {
    /// Runs the program of this name, if it has one; the exit status.
    fn call(&mut self, name: &str, call: &mut Call<'_, '_>) -> Option<i32>;
}

/// No programs but the built-in ones.
pub struct NoPrograms;

impl Programs for NoPrograms {
    fn call(&mut self, _: &str, _: &mut Call<'_, '_>) -> Option<i32> {
        None
    }
}

/// A program being called: its arguments, environment and streams, and the machine it runs on.
pub struct Call<'c, 'm> {
    /// Arguments, the program's own name first.
    pub argv: &'c [String],
    /// Environment.
    pub env: &'c IndexMap<String, String>,
    mount: &'c mut Mount,
    t: &'c mut Trace,
    marker: std::marker::PhantomData<&'m ()>,
}

impl Call<'_, '_> {
    /// The image's files. Sandbox mounts are not in it.
    pub fn mount(&mut self) -> (&mut Mount, &mut Trace) {
        (self.mount, self.t)
    }
    /// The working directory.
    pub fn cwd(&self) -> String {
        String::new()
    }
    /// Prints.
    pub fn out(&mut self, _: &str) {}
    /// Prints on standard error.
    pub fn err(&mut self, _: &str) {}
    /// A process like this one.
    pub fn process(&self, argv: Vec<String>) -> Process {
        Process { argv, ..Process::default() }
    }
}

/// Starts a process over `mount` and waits for it.
///
/// Never fails as a function: a missing program or a failing one is an [`Outcome`]. When `t.fuel` runs
/// dry the process is stopped (exit 137) and the caller finds `t.fuel.exhausted()` set.
pub fn run(mount: &mut Mount, process: &Process, programs: &mut dyn Programs, t: &mut Trace) -> Outcome {
    run_with(mount, &mut [], process, programs, t)
}

/// [`run`] with more trees mounted.
pub fn run_with(
    _mount: &mut Mount,
    _submounts: &mut [Submount],
    process: &Process,
    _programs: &mut dyn Programs,
    _t: &mut Trace,
) -> Outcome {
    Outcome { not_modelled: process.argv.first().cloned().into_iter().collect(), ..Outcome::default() }
}
