//! What a container mounts, in use: by a process, or by whoever looks at a path from outside.

use super::Lab;
use crate::image::mounts::MountKind;
use crate::image::{Container, MountPoint};
use crate::shell::{self, Outcome, Process, Programs, Submount, Told};
use crate::trace::{MountRef, MountedAt, Trace};
use crate::union::Mount;
use std::sync::Arc;

/// A path of a container that leads out of its union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Which of the container's mounts.
    pub mount: usize,
    /// The path in the mounted tree.
    pub inside: String,
    /// It is the mount point itself.
    pub is_point: bool,
    /// Writes fail with EROFS.
    pub read_only: bool,
    /// How events tell it.
    pub told: Arc<MountedAt>,
}

/// Symlinks that a path may lead through (include/linux/namei.h, `MAXSYMLINKS`).
const MOST_LINKS: u32 = 40;

impl Lab {
    /// Runs a process in a container, with everything that is mounted there.
    pub fn run_in(
        &mut self,
        name: &str,
        process: &Process,
        programs: &mut dyn Programs,
        t: &mut Trace,
    ) -> Outcome {
        let mut submounts = self.lend(name);
        let outcome = match self.containers.get_mut(name) {
            Some(container) => {
                let process = Process { read_only: container.read_only, ..process.clone() };
                shell::run_with(&mut container.mount, &mut submounts, &process, programs, t)
            }
            None => Outcome::default(),
        };
        self.take_back(name, submounts);
        outcome
    }

    /// The container's mounts for a run: their trees are moved there, and what is mounted twice is there
    /// once.
    fn lend(&mut self, name: &str) -> Vec<Submount> {
        let Some(container) = self.containers.get_mut(name) else { return Vec::new() };
        let mut points = std::mem::take(&mut container.mounts);
        let mut submounts: Vec<Submount> = Vec::new();
        for at in 0..points.len() {
            let (before, rest) = points.split_at_mut(at);
            let Some(point) = rest.first_mut() else { break };
            let same = |other: &MountPoint| match point.kind {
                MountKind::Volume => other.kind == MountKind::Volume && other.source == point.source,
                MountKind::Bind => other.kind == MountKind::Bind,
                MountKind::Tmpfs => false,
            };
            let shares = before.iter().position(same);
            let mut submount = Submount {
                target: point.target.clone(),
                file: inside_of(point).into_bytes(),
                read_only: point.read_only,
                shares,
                told: Some(Told { mount: told(point), size: point.size }),
                ..Submount::default()
            };
            if let (None, Some(tree)) = (shares, tree_of(self, point)) {
                std::mem::swap(tree, &mut submount.mount);
            }
            submounts.push(submount);
        }
        if let Some(container) = self.containers.get_mut(name) {
            container.mounts = points;
        }
        submounts
    }

    fn take_back(&mut self, name: &str, submounts: Vec<Submount>) {
        let Some(container) = self.containers.get_mut(name) else { return };
        let mut points = std::mem::take(&mut container.mounts);
        for (point, mut submount) in points.iter_mut().zip(submounts) {
            if let (None, Some(tree)) = (submount.shares, tree_of(self, point)) {
                std::mem::swap(tree, &mut submount.mount);
            }
        }
        if let Some(container) = self.containers.get_mut(name) {
            container.mounts = points;
        }
    }

    /// Where a path of a container leads, as a process in it sees it; none: the union has it.
    /// `follow`: also a symlink at its end.
    pub fn locate(&mut self, name: &str, given: &str, follow: bool, t: &mut Trace) -> Option<Located> {
        self.containers.get(name).filter(|container| !container.mounts.is_empty())?;
        t.quietly(|t| self.follow(name, given, follow, t))
    }

    fn follow(&mut self, name: &str, given: &str, follow: bool, t: &mut Trace) -> Option<Located> {
        let (mut rest, mut at, mut links) = (path_names(given), String::new(), 0);
        rest.reverse();
        while let Some(next) = rest.pop() {
            match next.as_str() {
                "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let here = format!("{at}/{next}");
            let target = match rest.is_empty() && !follow {
                true => None,
                false => self.link_at(name, &here, t),
            };
            match target {
                Some(target) => {
                    links += 1;
                    if links > MOST_LINKS || !t.fuel.spend(1) {
                        return None;
                    }
                    if target.starts_with('/') {
                        at.clear();
                    }
                    rest.extend(path_names(&target).into_iter().rev());
                }
                None => at = here,
            }
        }
        self.at(name, &at)
    }

    /// Where the symlink at a canonical path leads to, if there is one.
    fn link_at(&mut self, name: &str, at: &str, t: &mut Trace) -> Option<String> {
        let link = match self.at(name, at) {
            Some(located) => self.mounted(name, located.mount)?.readlink(located.inside.as_bytes(), t),
            None => self.containers.get_mut(name)?.mount.readlink(at.as_bytes(), t),
        };
        link.ok().map(|target| String::from_utf8_lossy(&target).into_owned())
    }

    /// The mount that holds a canonical path.
    fn at(&self, name: &str, at: &str) -> Option<Located> {
        let container = self.containers.get(name)?;
        let mount = holding(container, at)?;
        let point = container.mounts.get(mount)?;
        let inside = inside_of(point);
        let rest = at.get(point.target.len()..)?;
        let whole = format!("{inside}{rest}");
        Some(Located {
            mount,
            inside: if whole.is_empty() { "/".to_owned() } else { whole },
            is_point: rest.is_empty(),
            read_only: point.read_only,
            told: Arc::new(MountedAt { mount: told(point), inside, target: point.target.clone() }),
        })
    }

    /// The tree that is mounted in a container.
    pub fn mounted(&mut self, name: &str, mount: usize) -> Option<&mut Mount> {
        let point = self.containers.get_mut(name)?.mounts.get_mut(mount)?;
        match point.kind {
            MountKind::Volume => self.volumes.get_mut(&point.source).map(|volume| &mut volume.mount),
            MountKind::Bind => Some(&mut self.host),
            MountKind::Tmpfs => point.tmpfs.as_mut(),
        }
    }
}

/// The tree of a mount point that is not in the lab at the moment.
pub(super) fn tree_of<'a>(lab: &'a mut Lab, point: &'a mut MountPoint) -> Option<&'a mut Mount> {
    match point.kind {
        MountKind::Volume => lab.volumes.get_mut(&point.source).map(|volume| &mut volume.mount),
        MountKind::Bind => Some(&mut lab.host),
        MountKind::Tmpfs => point.tmpfs.as_mut(),
    }
}

/// The path of the mounted tree that shows at its target, without a slash at its end.
pub(super) fn inside_of(point: &MountPoint) -> String {
    match point.kind {
        MountKind::Bind => point.source.trim_end_matches('/').to_owned(),
        _ => String::new(),
    }
}

fn told(point: &MountPoint) -> MountRef {
    MountRef { kind: point.kind.word(), source: point.source.as_str().into() }
}

/// The deepest mount at or above a canonical path.
pub(super) fn holding(container: &Container, at: &str) -> Option<usize> {
    let holds = |point: &MountPoint| {
        at.strip_prefix(&point.target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let holding = container.mounts.iter().enumerate().filter(|(_, point)| holds(point));
    holding.max_by_key(|(_, point)| point.target.len()).map(|(at, _)| at)
}

fn path_names(path: &str) -> Vec<String> {
    path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
