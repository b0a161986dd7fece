//! What the `--mount`s of a RUN bring, for as long as it runs.

use super::copy::mkdir_all;
use super::graph::{RunOp, Source};
use super::rootfs;
use super::secret;
use super::solve::Solver;
use crate::dockerfile::{MountType, RunMount};
use crate::fs::{Contents, Inode, Tree, path};
use crate::shell::Submount;
use crate::trace::Trace;
use crate::union::{Mount, Stat};
use std::sync::Arc;

/// The name of a file that is mounted alone, in the tree that holds it.
const ALONE: &[u8] = b"/file";

/// What `--mount` brings, and the mount points that stay behind: a directory does, a file doesn't
/// (moby/buildkit `executor/stubs.go`).
pub(super) fn submounts(solver: &Solver<'_>, op: &RunOp, mount: &mut Mount, t: &mut Trace) -> Vec<Submount> {
    let mut submounts = Vec::new();
    if let Some((path, text)) = &op.script {
        let mut tree = Tree::new();
        let inode = Inode::file(Contents::text(text)).with_mode(0o755);
        let name = path::file_name(path.as_bytes()).to_vec();
        tree.put(&name, inode);
        let target = String::from_utf8_lossy(path::parent(path.as_bytes())).into_owned();
        submounts.push(Submount {
            target,
            mount: Mount::native(tree),
            file: Vec::new(),
            read_only: true,
            ..Submount::default()
        });
    }
    for (spec, source) in &op.mounts {
        let (tree, read_only) = match spec.kind {
            MountType::Bind => {
                let wanted = if spec.source.is_empty() { "/" } else { spec.source.as_str() };
                if let Some((file, stat)) = rootfs::single_file(&mut solver.source(*source), wanted, t) {
                    submounts.push(alone(spec, file, &stat, mount, t));
                    continue;
                }
                (rootfs::subtree(&mut solver.source(*source), wanted, t), spec.read_only)
            }
            MountType::Cache => match solver.cache.mounts.get(&spec.id) {
                Some(tree) => (tree.clone(), spec.read_only),
                None if *source != Source::Tree(None) => {
                    (rootfs::subtree(&mut solver.source(*source), &spec.source, t), spec.read_only)
                }
                None => (Tree::new(), spec.read_only),
            },
            MountType::Tmpfs => (Tree::new(), false),
            MountType::Secret => {
                if let (Some(value), false) =
                    (solver.request.secrets.values.get(&spec.id), spec.target.is_empty())
                {
                    submounts.push(alone(spec, value.clone(), &secret::stat(spec, value.len()), mount, t));
                }
                continue;
            }
            MountType::Ssh => continue,
        };
        if mount.lstat(spec.target.as_bytes(), t).is_err() {
            // A failure shows when the process looks for the directory.
            let _ = mkdir_all(mount, spec.target.as_bytes(), 0o755, None, t);
        }
        submounts.push(Submount {
            target: spec.target.clone(),
            mount: Mount::native(tree),
            file: Vec::new(),
            read_only,
            ..Submount::default()
        });
    }
    submounts
}

/// One file over a path.
fn alone(spec: &RunMount, file: Contents, stat: &Stat, mount: &mut Mount, t: &mut Trace) -> Submount {
    // What fails here shows as a missing file when the process looks for it.
    let _ = mkdir_all(mount, path::parent(spec.target.as_bytes()), 0o755, None, t);
    let mut tree = Tree::new();
    tree.put(ALONE, Inode::file(file).with_mode(stat.mode).owned(stat.uid, stat.gid));
    Submount {
        target: spec.target.clone(),
        mount: Mount::native(tree),
        file: ALONE.to_vec(),
        read_only: spec.read_only,
        ..Submount::default()
    }
}

/// Keeps what a RUN wrote to its cache mounts for the next one.
pub(super) fn keep_caches(solver: &mut Solver<'_>, op: &RunOp, submounts: &[Submount]) {
    for (spec, _) in op.mounts.iter().filter(|(spec, _)| spec.kind == MountType::Cache && !spec.read_only) {
        if let Some(submount) = submounts.iter().find(|submount| submount.target == spec.target) {
            let tree = submount.mount.upper().clone();
            Arc::make_mut(&mut solver.cache.mounts).insert(spec.id.clone(), tree);
        }
    }
}
