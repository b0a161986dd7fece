//! Starting a process in a sandbox.

use super::machine::{Machine, NotStarted};
use super::stream::{self, Descriptors, Open};
use super::{Outcome, Process, Programs, Sandbox, StartError, Submount, text, users};
use crate::fs::path;
use crate::trace::{Stream, Trace};
use crate::union::{Cred, Mount, StatKind};
use indexmap::IndexMap;

/// PATH where the image sets none (moby `oci/defaults.go`, BuildKit `util/system/path.go`).
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Starts a process over `mount` and waits for it.
///
/// Never fails as a function: a missing program or a failing one is an [`Outcome`]. When `t.fuel` runs
/// dry the process is stopped (exit 137) and the caller finds `t.fuel.exhausted()` set. Emits no events
/// but, with [`Process::verbose`], those of its system calls; printing `lines` is the caller's.
pub fn run(mount: &mut Mount, process: &Process, programs: &mut dyn Programs, t: &mut Trace) -> Outcome {
    run_with(mount, &mut [], process, programs, t)
}

/// [`run`] with more trees mounted. What was written below a mount point is in its tree afterwards.
pub fn run_with(
    mount: &mut Mount,
    submounts: &mut [Submount],
    process: &Process,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Outcome {
    if process.verbose {
        return run_loud(mount, submounts, process, programs, t);
    }
    t.quietly(|t| run_loud(mount, submounts, process, programs, t))
}

fn run_loud(
    mount: &mut Mount,
    submounts: &mut [Submount],
    process: &Process,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Outcome {
    let cred = mount.cred().clone();
    mount.become_user(Cred::default());
    t.fuel.running(&process.argv.join(" "));
    if process.sandbox == Sandbox::BuildKit {
        mount_points(mount, t);
    }
    let mut machine = Machine::new(mount, submounts, process, programs, t);
    let (exit, start) = match start(&mut machine, process) {
        Ok(exit) => (exit, None),
        Err((error, exit)) => (exit, Some(error)),
    };
    let mut outcome = outcome(&mut machine, exit);
    outcome.start = start;
    machine.become_user(Cred::default());
    machine.give_back(submounts);
    mount.become_user(cred);
    outcome
}

/// BuildKit's runtime makes missing mount points in the image itself; they stay in the layer.
fn mount_points(mount: &mut Mount, t: &mut Trace) {
    for dir in ["/dev", "/etc", "/proc", "/sys"] {
        if mount.lstat(dir.as_bytes(), t).is_err() {
            // A file in the way makes the runtime fail later, at the mount.
            let _ = mount.mkdir(dir.as_bytes(), 0o755, t);
        }
    }
}

fn start(m: &mut Machine<'_>, process: &Process) -> Result<i32, (StartError, i32)> {
    let aside = m.t.set_aside(true);
    let identity = identity(m, &process.user).map_err(|error| (error, 1));
    m.t.set_aside(aside);
    let (cred, home) = identity?;
    let mut env = process.env.clone();
    if !env.contains_key("PATH") {
        env.insert("PATH".to_owned(), PATH.to_owned());
    }
    if process.sandbox != Sandbox::Host && !env.contains_key("HOSTNAME") {
        env.insert("HOSTNAME".to_owned(), super::sandbox::hostname(process.sandbox).to_owned());
    }
    if env.get("HOME").is_none_or(String::is_empty) {
        env.insert("HOME".to_owned(), home);
    }
    enter(m, &process.cwd).map_err(|error| (error, 1))?;
    m.become_user(cred);
    let console = |which| stream::new(Open::Console(which));
    let fds = Descriptors::standard(stream::new(Open::Null), console(Stream::Out), console(Stream::Err));
    let name = process.argv.first().cloned().unwrap_or_default();
    launch(m, process, &env, &fds).map_err(|why| match why {
        NotStarted::Missing | NotStarted::Interpreter => (StartError::ProgramMissing(name), 127),
        NotStarted::Denied => (StartError::NotExecutable(name), 126),
        NotStarted::Format => (StartError::ExecFormat(name), 126),
    })
}

fn launch(
    m: &mut Machine<'_>,
    process: &Process,
    env: &IndexMap<String, String>,
    fds: &Descriptors,
) -> Result<i32, NotStarted> {
    let search = env.get("PATH").cloned();
    m.start(process.argv.clone(), env, fds, search.as_deref())
}

/// The working directory; made when missing, as the runtimes do.
fn enter(m: &mut Machine<'_>, cwd: &str) -> Result<(), StartError> {
    if cwd.is_empty() || cwd == "/" {
        return Ok(());
    }
    let wanted = path::clean(&text::encode(cwd));
    if m.stat(&wanted).is_err() {
        let mut at = Vec::new();
        for name in path::names(&wanted) {
            at.push(b'/');
            at.extend_from_slice(name);
            // One that exists is no mistake; a failure shows right below.
            let _ = m.mkdir(&at, 0o755);
        }
    }
    let missing = || StartError::WorkingDirectory(cwd.to_owned());
    let place = m.locate(&wanted, true).map_err(|_| missing())?;
    if place.stat.is_none_or(|stat| stat.kind != StatKind::Dir) {
        return Err(missing());
    }
    m.cwd = place.canonical;
    Ok(())
}

/// Who the process runs as, and that user's home.
fn identity(m: &mut Machine<'_>, user: &str) -> Result<(Cred, String), StartError> {
    let (passwd, groups) = (users::read(m, "/etc/passwd"), users::read(m, "/etc/group"));
    let legacy = matches!(m.sandbox, Sandbox::Legacy | Sandbox::Container);
    users::identity(user, &passwd, &groups, legacy)
}

/// Who `docker run --user` makes of a word in this tree: "app", "1000", "1000:1000", "app:grp".
///
/// # Errors
/// The name of a user or group that `/etc/passwd` or `/etc/group` lacks.
pub fn user_of(mount: &mut Mount, user: &str, t: &mut Trace) -> Result<Cred, StartError> {
    let before = mount.cred().clone();
    mount.become_user(Cred::default());
    let mut text = |path: &str| {
        let contents = t.quietly(|t| mount.read(path.as_bytes(), t)).unwrap_or_default();
        contents.to_bytes(1 << 20).map(|bytes| text::decode(&bytes)).unwrap_or_default()
    };
    let (passwd, groups) = (text("/etc/passwd"), text("/etc/group"));
    mount.become_user(before);
    users::identity(user, &passwd, &groups, true).map(|(cred, _)| cred)
}

fn outcome(m: &mut Machine<'_>, exit: i32) -> Outcome {
    let mut outcome = Outcome {
        exit: if m.stopped() { 137 } else { exit },
        seconds: m.seconds,
        not_modelled: std::mem::take(&mut m.not_modelled),
        unresolved: m.unresolved.take(),
        ..Outcome::default()
    };
    let mut open: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    for (which, bytes) in std::mem::take(&mut m.console) {
        let (all, partial) = match which {
            Stream::Out => (&mut outcome.out, &mut open[0]),
            Stream::Err => (&mut outcome.err, &mut open[1]),
        };
        all.extend_from_slice(&bytes);
        let mut pieces = bytes.split(|b| *b == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            partial.extend_from_slice(piece);
            if pieces.peek().is_some() {
                outcome.lines.push((which, line(partial)));
                partial.clear();
            }
        }
    }
    for (which, partial) in [(Stream::Out, &open[0]), (Stream::Err, &open[1])] {
        if !partial.is_empty() {
            outcome.lines.push((which, line(partial)));
        }
    }
    outcome
}

fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_suffix('\r').unwrap_or(&text).to_owned()
}
