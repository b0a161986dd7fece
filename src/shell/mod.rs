//! RUN lines and `docker exec`: a shell and its programs over a mounted union.
//!
//! [`run`] starts one process, waits for it and says what it printed and how it ended. What it did to
//! the files is in the [`Mount`] afterwards, a failure's half-done work included.
//!
//! Where to read on: `syntax` turns text into a tree, `eval` walks it, `expand` and `param` make fields of
//! words; `machine` and `files` are the kernel as a process sees it; `programs` holds the programs, one
//! file a group, `packages` the package managers, and `urls` what the network would answer.

mod arith;
mod begin;
mod braces;
mod builtins;
mod call;
pub(crate) mod escape;
mod eval;
mod expand;
mod fields;
mod files;
mod glob;
mod machine;
pub(crate) mod packages;
mod param;
pub(crate) mod pattern;
mod programs;
mod read;
mod real;
mod redirect;
mod sandbox;
mod simple;
mod standalone;
mod start;
mod state;
pub(crate) mod stream;
mod syntax;
mod taught;
pub(crate) mod text;
mod traps;
pub(crate) mod urls;
mod users;
mod xtrace;

pub use call::Call;
pub use packages::table::Registry;
pub use packages::teach::Packages;
pub use start::{run, run_with, user_of};
pub use taught::MOST_JSON;
pub use urls::Urls;

use crate::trace::{MountRef, Stream};
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
    /// Packages that a teacher added to the tables of the package managers.
    pub packages: Packages,
    /// The addresses that curl, wget and git find an answer at.
    pub urls: Urls,
    /// Report every look-up and write of the process as an event. Off, a RUN is quiet.
    pub verbose: bool,
    /// The root can't be written to (`docker run --read-only`), nor what is mounted from the network's files.
    pub read_only: bool,
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
    /// The first address that a program asked for and that is not in the table.
    pub unresolved: Option<String>,
}

/// A tree mounted over the image while a process runs: `RUN --mount`, a volume.
#[derive(Clone, Debug)]
pub struct Submount {
    /// Where: absolute, clean. A missing mount point is seen, but not made in the image.
    pub target: String,
    /// What: its root appears at the target. Holds what was written, afterwards.
    pub mount: Mount,
    /// Not its root but this file of it, absolute and clean; empty for the root.
    pub file: Vec<u8>,
    /// Writes fail with EROFS.
    pub read_only: bool,
    /// It shows the tree of this earlier one of the list, and its own stays unused.
    pub shares: Option<usize>,
    /// What events, `df` and `mount` call it; none of what a build mounts.
    pub told: Option<Told>,
}

/// What a mounted tree is called.
#[derive(Clone, Debug)]
pub struct Told {
    /// In events.
    pub mount: MountRef,
    /// Bytes that fit, if that is limited.
    pub size: Option<u64>,
}

impl Default for Submount {
    /// Nothing, nowhere.
    fn default() -> Submount {
        let mount = Mount::native(crate::fs::Tree::new());
        Submount {
            target: String::new(),
            mount,
            file: Vec::new(),
            read_only: false,
            shares: None,
            told: None,
        }
    }
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

/// The shell that a program's tag and name stand for.
fn shell_dialect(tag: &str, name: &str) -> Option<syntax::Dialect> {
    match (tag, name) {
        ("busybox", "sh" | "ash") => Some(syntax::Dialect::Ash),
        ("ash", _) => Some(syntax::Dialect::Ash),
        ("dash" | "sh", _) => Some(syntax::Dialect::Dash),
        ("bash", _) => Some(syntax::Dialect::Bash),
        _ => None,
    }
}

/// Names of all built-in programs with a line about each, sorted.
pub fn programs() -> Vec<(&'static str, &'static str)> {
    programs::TABLE.iter().map(|program| (program.name, program.help)).collect()
}

/// A word quoted for a shell, as `printf %q` does.
fn builtins_quote(word: &str) -> String {
    builtins::backslash_quoted(word)
}

fn sandbox_hostname(sandbox: Sandbox) -> &'static str {
    sandbox::hostname(sandbox)
}
