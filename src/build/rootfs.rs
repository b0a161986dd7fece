//! The filesystem a step works on: layers mounted, owners looked up, a RUN started, the upper sealed.

use super::copy::mkdir_all;
use super::request::Builder;
use crate::fs::{Inode, Kind, Layer, Nodes, Tree, path};
use crate::image::{ImageLayer, Origin};
use crate::shell::{Outcome, StartError};
use crate::trace::Trace;
use crate::union::{Mount, Stat, StatKind, StorageDriver};

/// The lab's clock when nothing has happened yet.
pub(super) const EPOCH: i64 = 1_704_067_200;

/// Layers (bottom first) under a fresh upper, by a storage driver.
pub(super) fn mount(layers: &[ImageLayer], storage: StorageDriver) -> Mount {
    let lowers = layers.iter().rev().map(ImageLayer::lower).collect();
    let mount = storage.mount(lowers, Tree::new(), &mut Trace::silent());
    // Only too many layers are refused, and a build stops before; a plain empty filesystem stands in.
    mount.unwrap_or_else(|_| Mount::native(Tree::new()))
}

/// Seals what a step left in the upper. Directories and everything that bears the mount's own time get
/// the build's time; `keep_times` leaves files alone (COPY keeps the time of the source).
pub(super) fn seal(mount: &Mount, builder: Builder, label: &str, now: i64, keep_times: bool) -> ImageLayer {
    let mut tree = mount.changes();
    let mut stamped = Vec::new();
    tree.walk(&mut |_, ino, inode| {
        let own = inode.kind.is_dir() || (!keep_times && inode.mtime == EPOCH);
        if own && inode.mtime != now && !inode.is_whiteout() {
            stamped.push(ino);
        }
    });
    for ino in stamped {
        tree.inode_mut(ino).mtime = now;
    }
    let layer = if tree.is_bare() { Layer::empty() } else { tree.seal() };
    ImageLayer::new(layer, origin(builder), label)
}

/// How a builder's layers are measured.
pub(super) fn origin(builder: Builder) -> Origin {
    match builder {
        Builder::BuildKit => Origin::BuildKit,
        Builder::Legacy => Origin::Daemon,
    }
}

/// Makes the directories that the runtime mounts over during a RUN, where BuildKit leaves them behind
/// (moby/buildkit `executor/oci/spec.go`; runc makes missing mount points).
pub(super) fn mount_points(mount: &mut Mount, t: &mut Trace) {
    for dir in [&b"/dev"[..], b"/etc", b"/proc", b"/sys"] {
        if mount.lstat(dir, t).is_err() {
            // A failure shows when the process starts.
            let _ = mount.mkdir(dir, 0o755, t);
        }
    }
}

/// A copy of everything below a path, as a tree of its own; a file becomes the tree's only entry.
pub(super) fn subtree(mount: &mut Mount, at: &str, t: &mut Trace) -> Tree {
    let mut tree = Tree::new();
    let Ok(real) = mount.realpath(at.as_bytes(), t) else { return tree };
    for (found, stat) in mount.walk(&real, t).unwrap_or_default() {
        let inside = if real == b"/" { found.as_slice() } else { found.get(real.len()..).unwrap_or(b"") };
        let kind = match stat.kind {
            StatKind::File => Kind::File(mount.read(&found, t).unwrap_or_default()),
            StatKind::Dir => Kind::Dir(Default::default()),
            StatKind::Symlink => Kind::Symlink(mount.readlink(&found, t).unwrap_or_default().into()),
            StatKind::Fifo => Kind::Fifo,
            StatKind::CharDev(major, minor) => Kind::CharDev(major, minor),
        };
        let inode = Inode { mtime: stat.mtime, ..Inode::new(kind, stat.mode).owned(stat.uid, stat.gid) };
        tree.put(&path::clean(inside), inode);
    }
    tree
}

/// What a path leads to, if it is a file.
pub(super) fn single_file(mount: &mut Mount, at: &str, t: &mut Trace) -> Option<(crate::fs::Contents, Stat)> {
    let stat = mount.stat(at.as_bytes(), t).ok().filter(|stat| stat.kind == StatKind::File)?;
    Some((mount.read(at.as_bytes(), t).ok()?, stat))
}

/// Makes the working directory if it is missing (moby `container.SetupWorkingDirectory`; runc).
pub(super) fn enter(mount: &mut Mount, cwd: &str, t: &mut Trace) {
    if mount.stat(cwd.as_bytes(), t).is_err() {
        let _ = mkdir_all(mount, cwd.as_bytes(), 0o755, None, t);
    }
}

/// How a RUN that didn't end well is reported.
pub(super) struct Fault {
    /// The builder's message.
    pub message: String,
    /// Exit status of `docker build`.
    pub exit: i32,
    /// A line the runtime prints first.
    pub line: Option<String>,
}

/// The builder's words about a RUN; none when it ended well.
pub(super) fn fault(outcome: &Outcome, argv: &[String], builder: Builder, today: bool) -> Option<Fault> {
    let command = argv.join(" ");
    let (exit, why) = match &outcome.start {
        None if outcome.exit == 0 => return None,
        None => (outcome.exit, None),
        Some(StartError::UnknownUser(user)) => {
            (1, Some(format!("unable to find user {user}: no matching entries in passwd file")))
        }
        Some(StartError::UnknownGroup(group)) => {
            (1, Some(format!("unable to find group {group}: no matching entries in group file")))
        }
        Some(error) => return Some(runtime_fault(error, &command, builder, today)),
    };
    let message = match (builder, why, today) {
        (Builder::Legacy, Some(why), _) => why,
        (Builder::Legacy, None, _) => format!("The command '{command}' returned a non-zero code: {exit}"),
        (Builder::BuildKit, Some(why), false) => format!("executor failed running [{command}]: {why}"),
        (Builder::BuildKit, None, false) => format!("executor failed running [{command}]: exit code: {exit}"),
        (Builder::BuildKit, Some(why), true) => {
            format!("process \"{command}\" did not complete successfully: {why}")
        }
        (Builder::BuildKit, None, true) => {
            format!("process \"{command}\" did not complete successfully: exit code: {exit}")
        }
    };
    let exit = if builder == Builder::Legacy { exit } else { 1 };
    Some(Fault { message, exit, line: None })
}

/// runc's words about a program that can't be started.
fn runtime_fault(error: &StartError, command: &str, builder: Builder, today: bool) -> Fault {
    let exec = match error {
        StartError::ProgramMissing(name) if name.contains('/') => {
            format!("exec: \"{name}\": stat {name}: no such file or directory")
        }
        StartError::ProgramMissing(name) => format!("exec: \"{name}\": executable file not found in $PATH"),
        StartError::NotExecutable(name) => format!("exec: \"{name}\": permission denied"),
        StartError::ExecFormat(name) => format!("exec {name}: exec format error"),
        StartError::WorkingDirectory(path) => format!("chdir to cwd (\"{path}\") set in config.json failed"),
        StartError::UnknownUser(name) | StartError::UnknownGroup(name) => name.clone(),
    };
    let start = format!("unable to start container process: {exec}");
    match (builder, today) {
        (Builder::Legacy, _) => Fault {
            message: format!(
                "failed to create shim task: OCI runtime create failed: runc create failed: {start}: unknown"
            ),
            exit: 1,
            line: None,
        },
        (Builder::BuildKit, false) => Fault {
            message: format!("executor failed running [{command}]: exit code: 1"),
            exit: 1,
            line: Some(format!("runc run failed: {start}")),
        },
        (Builder::BuildKit, true) => Fault {
            message: format!("process \"{command}\" did not complete successfully: exit code: 1"),
            exit: 1,
            line: Some(format!("runc run failed: {start}")),
        },
    }
}
