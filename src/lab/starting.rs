//! Starting a container, and mounting in it what was asked for.

use super::Lab;
use super::mounted::{holding, inside_of, tree_of};
use super::volumes::DAEMON;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Errno, path};
use crate::image::mounts::{MountKind, MountRequest, name_error};
use crate::image::{Container, MountPoint};
use crate::trace::{MountRef, Mounted, Trace};
use crate::union::{Mount, StatKind};

/// How a container is to start.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Its name; none: the next free one of "c1", "c2" …
    pub name: Option<String>,
    /// What it mounts.
    pub mounts: Vec<MountRequest>,
    /// `--volumes-from`: containers, each with whether only to read.
    pub volumes_from: Vec<(String, bool)>,
    /// `--read-only`.
    pub read_only: bool,
}

impl Lab {
    /// Starts a container: an empty upper over the image's layers, and what is mounted over it. The inner
    /// error is Docker's own refusal, the text behind `docker: `; nothing has changed then.
    ///
    /// # Errors
    /// The image is unknown, or the name is taken.
    pub fn start(
        &mut self,
        image: &str,
        start: &Start,
        t: &mut Trace,
    ) -> Result<Result<(String, Vec<Mounted>), String>, Error> {
        let found = self.image_to_run(image)?;
        let name = match &start.name {
            Some(name) if self.containers.contains_key(name) => {
                let taken = format!("the name `{name}` is taken by another container");
                return Err(
                    Error::new(ErrorKind::Usage, taken).hint(format!("docker rm -f {name} removes it"))
                );
            }
            Some(name) => name.clone(),
            None => {
                (1..).map(|n| format!("c{n}")).find(|n| !self.containers.contains_key(n)).unwrap_or_default()
            }
        };
        let mut container =
            Container::create_with(self.storage, &name, image, found, self.containers.len() as u64).map_err(
                |errno| Error::new(ErrorKind::Usage, format!("the layers can't be mounted: {errno}")),
            )?;
        container.read_only = start.read_only;
        let before = (self.volumes.clone(), self.host.clone());
        match self.attach(&mut container, start, t) {
            Ok(mounted) => {
                self.containers.insert(name.clone(), container);
                Ok(Ok((name, mounted)))
            }
            Err(refused) => {
                (self.volumes, self.host) = before;
                Ok(Err(refused))
            }
        }
    }

    /// Mounts what was asked for and the image's own volumes.
    fn attach(
        &mut self,
        container: &mut Container,
        start: &Start,
        t: &mut Trace,
    ) -> Result<Vec<Mounted>, String> {
        let mut wanted = self.taken_over(&start.volumes_from)?;
        let own = own_mounts(&start.mounts)?;
        wanted.retain(|point| own.iter().all(|own| own.target != point.target));
        for request in &own {
            self.check_source(request, t)?;
        }
        wanted.extend(own);
        for target in container.volumes.clone() {
            if wanted.iter().all(|point| point.target != target) {
                wanted.push(MountRequest { target, ..MountRequest::default() });
            }
        }
        let mut news = Vec::new();
        for request in wanted {
            news.push(self.mount_one(container, request, t)?);
        }
        // A mount point on another mount is made there, so that one has to be mounted first.
        container.mounts.sort_by_key(|point| path::names(point.target.as_bytes()).count());
        for at in 0..container.mounts.len() {
            self.make_room(container, at, t)?;
        }
        Ok(news)
    }

    /// What the containers of `--volumes-from` mount.
    fn taken_over(&mut self, from: &[(String, bool)]) -> Result<Vec<MountRequest>, String> {
        let mut wanted = Vec::new();
        for (name, read_only) in from {
            let Ok(other) = self.container(name) else {
                return Err(format!("{DAEMON}No such container: {name}"));
            };
            let points = other.mounts.iter().filter(|point| point.kind != MountKind::Tmpfs);
            wanted.extend(points.map(|point| MountRequest {
                kind: point.kind,
                source: point.source.clone(),
                target: point.target.clone(),
                read_only: point.read_only || *read_only,
                mode: point.mode.clone(),
                make_source: true,
                ..MountRequest::default()
            }));
        }
        Ok(wanted)
    }

    /// A folder of the host that `--mount` names has to be there.
    fn check_source(&mut self, request: &MountRequest, t: &mut Trace) -> Result<(), String> {
        let mut there = |t: &mut Trace| t.quietly(|t| self.host.stat(request.source.as_bytes(), t)).is_ok();
        if request.kind == MountKind::Bind && !request.make_source && !there(t) {
            return Err(format!(
                "{DAEMON}invalid mount config for type \"bind\": bind source path does not exist: {}",
                request.source
            ));
        }
        Ok(())
    }

    fn mount_one(
        &mut self,
        container: &mut Container,
        request: MountRequest,
        t: &mut Trace,
    ) -> Result<Mounted, String> {
        let MountRequest { kind, target, read_only, .. } = request;
        let (mut made, mut copied, mut tmpfs) = (false, None, None);
        let source = match kind {
            MountKind::Volume => {
                made = !self.volumes.contains_key(&request.source);
                let name = match request.source.as_str() {
                    "" => self.anonymous_volume(),
                    name => self.create_volume(Some(name))?,
                };
                if let Some(volume) = self.volumes.get_mut(&name) {
                    if made {
                        volume.labels.extend(request.labels);
                    }
                    if !request.no_copy {
                        let filled = volume.fill(&mut container.mount, &target, t);
                        let over_file = |_| {
                            format!("{DAEMON}cannot mount volume over existing file, file exists {target}")
                        };
                        copied = filled.map_err(over_file)?.filter(|(entries, _)| *entries > 0);
                    }
                }
                name
            }
            MountKind::Bind => {
                if request.make_source {
                    // What is there already is taken as it is.
                    let _ = t.quietly(|t| self.make_directory(&request.source, t));
                }
                let real = t.quietly(|t| self.host.realpath(request.source.as_bytes(), t));
                real.map_or(request.source, |real| path::show(&real).into_owned())
            }
            MountKind::Tmpfs => {
                tmpfs = Some(MountPoint::empty_tmpfs(request.tmpfs_mode));
                String::new()
            }
        };
        let hidden = match copied {
            Some(_) => 0,
            None => {
                let names = t.quietly(|t| container.mount.readdir(target.as_bytes(), t));
                names.map_or(0, |names| names.len())
            }
        };
        if let Some(written) = request.in_config.filter(|written| !container.config.volumes.contains(written))
        {
            container.config.volumes.push(written);
        }
        let mount = MountRef { kind: kind.word(), source: source.as_str().into() };
        container.mounts.push(MountPoint {
            kind,
            source,
            target: target.clone(),
            read_only,
            mode: request.mode,
            tmpfs,
            size: request.tmpfs_size,
        });
        Ok(Mounted { container: container.name.clone(), target, mount, read_only, made, copied, hidden })
    }

    /// Makes a mount point: in the union, or on what is mounted above it.
    fn make_room(&mut self, container: &mut Container, at: usize, t: &mut Trace) -> Result<(), String> {
        let Some(point) = container.mounts.get(at) else { return Ok(()) };
        let target = point.target.clone();
        let is_file = point.kind == MountKind::Bind
            && t.quietly(|t| self.host.stat(point.source.as_bytes(), t))
                .is_ok_and(|s| s.kind != StatKind::Dir);
        if let Some(outer) = outer_mount(container, &target) {
            if let Some(outer) = container.mounts.get_mut(outer) {
                let inside = target.get(outer.target.len()..).unwrap_or_default();
                let whole = format!("{}{inside}", inside_of(outer));
                if let Some(mount) = tree_of(self, outer) {
                    t.quietly(|t| make_point(mount, &whole, is_file, t));
                }
            }
            return Ok(());
        }
        let there = t.quietly(|t| container.mount.stat(target.as_bytes(), t)).ok();
        if let (Some(stat), MountPoint { kind, source, .. }) = (there, &container.mounts[at])
            && (stat.kind == StatKind::Dir) == is_file
        {
            let what = if *kind == MountKind::Bind { source.as_str() } else { kind.word() };
            return Err(format!(
                "{DAEMON}failed to create task for container: failed to create shim task: OCI runtime create \
                 failed: runc create failed: unable to start container process: error during container init: \
                 error mounting \"{what}\" to rootfs at \"{target}\": mount {what}:{target}: not a directory: \
                 unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the \
                 specified host path exists and is the expected type"
            ));
        }
        match is_file {
            true => container.add_mounted_file(&target),
            false => container.add_mount_point(&target),
        }
        Ok(())
    }
}

/// What `-v`, `--mount` and `--tmpfs` ask for together: no two at one place, but an anonymous volume or an
/// earlier tmpfs gives way (moby `daemon/volumes_unix.go`, `daemon/create_unix.go`).
fn own_mounts(requests: &[MountRequest]) -> Result<Vec<MountRequest>, String> {
    let mut own: Vec<MountRequest> = Vec::new();
    for request in requests {
        let same = |other: &MountRequest| other.target == request.target;
        let Some(at) = own.iter().position(same) else {
            let named = request.kind == MountKind::Volume && !request.source.is_empty();
            if let Some(why) = name_error(&request.source).filter(|_| named) {
                return Err(format!("{DAEMON}{why}"));
            }
            own.push(request.clone());
            continue;
        };
        match (&own[at], request) {
            (_, new) if new.in_config.is_some() => {}
            (old, _) if old.in_config.is_some() => own[at] = request.clone(),
            (old, new) if old == new => {}
            (old, new) if old.kind == MountKind::Tmpfs && new.kind == MountKind::Tmpfs => {
                own[at] = request.clone()
            }
            _ => return Err(format!("{DAEMON}Duplicate mount point: {}", request.target)),
        }
    }
    Ok(own)
}

fn make_point(mount: &mut Mount, at: &str, is_file: bool, t: &mut Trace) {
    let directories = if is_file { path::parent(at.as_bytes()).to_vec() } else { at.as_bytes().to_vec() };
    let mut made = Vec::new();
    for name in path::names(&directories) {
        made.push(b'/');
        made.extend_from_slice(name);
        // What is there answers EEXIST.
        let _ = mount.mkdir(&made, 0o755, t);
    }
    if is_file && mount.lstat(at.as_bytes(), t) == Err(Errno::ENOENT) {
        let _ = mount.create(at.as_bytes(), 0o755, Contents::EMPTY, t);
    }
}

/// The deepest mount above a mount point.
fn outer_mount(container: &Container, target: &str) -> Option<usize> {
    holding(container, &path::show(path::parent(target.as_bytes())))
}
