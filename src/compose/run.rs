//! `up`, `down` and `ps` on the lab. The lines are those that compose writes where no terminal is (docker/compose
//! v5 `cmd/display/plain.go`), without the network that the lab has not.

use super::order;
use super::project::{Project, Service};
use crate::error::{Error, ErrorKind};
use crate::fs::{Digest, EPOCH};
use crate::image::Container;
use crate::image::mounts::{MountKind, MountRequest, parse_tmpfs, placed};
use crate::inspect;
use crate::lab::{Lab, Start};
use crate::trace::{Mounted, Trace};

const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const HASH: &str = "com.docker.compose.config-hash";
const NUMBER: &str = "com.docker.compose.container-number";
const ONE_OFF: &str = "com.docker.compose.oneoff";
const VOLUME: &str = "com.docker.compose.volume";

/// A service's container.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Its name.
    pub container: String,
    /// What was said while it was made.
    pub lines: Vec<String>,
    /// What it mounts, if it is new.
    pub mounted: Vec<Mounted>,
    /// Layers below its upper, if it is new.
    pub lowers: Option<usize>,
    /// It runs already.
    pub running: bool,
}

/// What the daemon would refuse to mount, before anything is made.
///
/// # Errors
/// Docker's words, at the place in the file.
pub fn judge(project: &Project) -> Result<(), Error> {
    for service in project.services.values() {
        for mount in &service.mounts {
            let named = MountRequest { source: project.volume_of(&mount.request), ..mount.request.clone() };
            placed(named).map_err(|why| Error::new(ErrorKind::Usage, why).at(mount.at.span(1)))?;
        }
        for spec in &service.tmpfs {
            parse_tmpfs(spec).map_err(|why| Error::new(ErrorKind::Usage, why).at(service.at.span(1)))?;
        }
    }
    Ok(())
}

/// Makes the volumes that the services use.
///
/// # Errors
/// Compose's words: an external one is missing.
pub fn volumes(lab: &mut Lab, project: &Project) -> Result<Vec<String>, String> {
    let mut lines = Vec::new();
    let used = |name: &str| {
        let mounts = project.services.values().flat_map(|service| &service.mounts);
        mounts
            .into_iter()
            .any(|mount| mount.request.kind == MountKind::Volume && mount.request.source == name)
    };
    let wanted = || project.volumes.iter().filter(|(name, _)| used(name));
    for (_, volume) in wanted().filter(|(_, volume)| volume.external) {
        if !lab.volumes.contains_key(&volume.name) {
            return Err(format!("external volume {:?} not found", volume.name));
        }
    }
    for (key, volume) in wanted().filter(|(_, volume)| !volume.external) {
        if let Some(known) = lab.volumes.get(&volume.name) {
            if known.labels.get(PROJECT) != Some(&project.name) {
                lines.push(format!(
                    "WARN[0000] volume {:?} already exists but was not created by Docker Compose. Use `external: \
                     true` to use an existing volume",
                    volume.name
                ));
            }
            continue;
        }
        let name = lab.create_volume(Some(&volume.name))?;
        if let Some(made) = lab.volumes.get_mut(&name) {
            made.labels = volume.labels.clone();
            made.labels.insert(PROJECT.to_owned(), project.name.clone());
            made.labels.insert(VOLUME.to_owned(), key.clone());
            made.labels.sort_keys();
        }
        lines.push(format!(" Volume {name} Creating"));
        lines.push(format!(" Volume {name} Created"));
    }
    Ok(lines)
}

/// Makes the container of a service, if it isn't there or is another than the file describes. The inner error
/// is Docker's refusal.
///
/// # Errors
/// The image is unknown.
pub fn create(
    lab: &mut Lab,
    project: &Project,
    name: &str,
    t: &mut Trace,
) -> Result<Result<Brought, String>, Error> {
    let Some(service) = project.services.get(name) else {
        return Ok(Err(format!("no such service: {name}")));
    };
    let (container, image) = (project.container_of(name), project.image_of(name));
    let id = lab.image(&image).map_err(|error| error.at(service.at.span(1)))?.id;
    let hash = hash(project, service, &image);
    let mut brought = Brought {
        container: container.clone(),
        lines: Vec::new(),
        mounted: Vec::new(),
        lowers: None,
        running: false,
    };
    let mut inherited = Vec::new();
    let mut words = ("Creating", "Created");
    if let Some(known) = lab.containers.get(&container) {
        if !is_of(known, project, Some(name)) {
            return Ok(Err(format!(
                "Error response from daemon: Conflict. The container name \"/{container}\" is already in use by \
                 container {:?}. You have to remove (or rename) that container to be able to reuse that name.",
                known.id
            )));
        }
        if known.config.labels.get(HASH) == Some(&hash) && known.image.id == id {
            brought.running = known.running;
            if known.running {
                brought.lines.push(format!(" Container {container} Running"));
            }
            return Ok(Ok(brought));
        }
        // The volumes without a name go over to the new one (compose `getCreateConfigs`).
        let anonymous = known.mounts.iter().filter(|point| {
            let volume = lab.volumes.get(&point.source);
            point.kind == MountKind::Volume && volume.is_some_and(|volume| volume.anonymous)
        });
        inherited = anonymous.map(|point| (point.target.clone(), point.source.clone())).collect();
        words = ("Recreate", "Recreated");
    }
    let old = lab.containers.shift_remove(&container);
    match make(lab, project, (name, service), &container, &inherited, t)? {
        Ok((mounted, lowers)) => (brought.mounted, brought.lowers) = (mounted, Some(lowers)),
        Err(refused) => {
            lab.containers.extend(old.map(|old| (container, old)));
            return Ok(Err(refused));
        }
    }
    if let Some(made) = lab.containers.get_mut(&container) {
        made.config.labels.insert(HASH.to_owned(), hash);
        made.config.labels.insert(ONE_OFF.to_owned(), "False".to_owned());
        made.config.labels.sort_keys();
    }
    brought.lines.push(format!(" Container {container} {}", words.0));
    brought.lines.push(format!(" Container {container} {}", words.1));
    Ok(Ok(brought))
}

/// `docker compose run`: a container of its own for one command of a service. The inner error is Docker's refusal.
///
/// # Errors
/// The image is unknown.
pub fn one_off(
    lab: &mut Lab,
    project: &Project,
    name: &str,
    t: &mut Trace,
) -> Result<Result<Brought, String>, Error> {
    let Some(service) = project.services.get(name) else {
        return Ok(Err(format!("no such service: {name}")));
    };
    let numbers = 1..;
    let free = |number: &u64| !lab.containers.contains_key(&one_off_name(project, name, *number));
    let container = one_off_name(project, name, numbers.into_iter().find(free).unwrap_or_default());
    let made = make(lab, project, (name, service), &container, &[], t)?;
    Ok(made.map(|(mounted, lowers)| {
        if let Some(made) = lab.containers.get_mut(&container) {
            made.config.labels.insert(ONE_OFF.to_owned(), "True".to_owned());
            made.config.labels.sort_keys();
        }
        let lines = ["Creating", "Created"].map(|word| format!(" Container {container} {word}")).into();
        Brought { container, lines, mounted, lowers: Some(lowers), running: false }
    }))
}

/// Compose takes twelve random digits; the lab counts.
fn one_off_name(project: &Project, service: &str, number: u64) -> String {
    let id = Digest::of(format!("run {} {service} {number}", project.name)).hex();
    format!("{}-{service}-run-{}", project.name, id.get(..12).unwrap_or(&id))
}

/// Makes a service's container, not running.
fn make(
    lab: &mut Lab,
    project: &Project,
    (name, service): (&str, &Service),
    container: &str,
    inherited: &[(String, String)],
    t: &mut Trace,
) -> Result<Result<(Vec<Mounted>, usize), String>, Error> {
    let mounts = match mounts(project, service, inherited) {
        Ok(mounts) => mounts,
        Err(refused) => return Ok(Err(refused)),
    };
    let start = Start {
        name: Some(container.to_owned()),
        mounts,
        volumes_from: Vec::new(),
        read_only: service.read_only.unwrap_or_default(),
    };
    let image = project.image_of(name);
    let mounted = match lab.start(&image, &start, t)? {
        Ok((_, mounted)) => mounted,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut lowers = 0;
    if let Some(made) = lab.containers.get_mut(container) {
        configure(made, service);
        lowers = made.mount.lowers().len();
        let labels = [(NUMBER, "1"), (PROJECT, project.name.as_str()), (SERVICE, name)];
        made.config.labels.extend(labels.map(|(label, value)| (label.to_owned(), value.to_owned())));
        made.running = false;
    }
    Ok(Ok((mounted, lowers)))
}

/// Starts a container that was made.
pub fn start(lab: &mut Lab, brought: &Brought) -> Vec<String> {
    if brought.running {
        return Vec::new();
    }
    lab.set_running(&brought.container, true);
    ["Starting", "Started"].map(|word| format!(" Container {} {word}", brought.container)).into()
}

/// Removes the project's containers, the last to start first; with `volumes` also its volumes and those without
/// a name.
pub fn down(lab: &mut Lab, project: &Project, with_volumes: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut services = order::of(&project.services);
    services.reverse();
    let of = |lab: &Lab, service: Option<&str>| -> Vec<String> {
        let found = lab.containers.values().filter(|container| is_of(container, project, service));
        found.map(|container| container.name.clone()).collect()
    };
    let mut names: Vec<String> = services.iter().flat_map(|service| of(lab, Some(service))).collect();
    // Containers of services that the files don't name any more.
    let orphans: Vec<String> = of(lab, None).into_iter().filter(|name| !names.contains(name)).collect();
    if !orphans.is_empty() {
        lines.push(format!(
            "WARN[0000] Found orphan containers ([{}]) for this project. If you removed or renamed this service in \
             your compose file, you can run this command with the --remove-orphans flag to clean it up.",
            orphans.join(" ")
        ));
    }
    names.dedup();
    for name in names {
        lines.push(format!(" Container {name} Stopping"));
        lines.push(format!(" Container {name} Stopped"));
        lines.push(format!(" Container {name} Removing"));
        lab.remove_container(&name, with_volumes);
        lines.push(format!(" Container {name} Removed"));
    }
    for volume in project.volumes.values().filter(|volume| with_volumes && !volume.external) {
        if !lab.volumes.contains_key(&volume.name) {
            continue;
        }
        lines.push(format!(" Volume {} Removing", volume.name));
        let removed = lab.remove_volume(&volume.name, false).is_ok();
        let word = if removed { "Removed" } else { "Resource is still in use" };
        lines.push(format!(" Volume {} {word}", volume.name));
    }
    lines
}

/// The table of `docker compose ps`, by name (compose `cmd/formatter/container.go`).
pub fn ps(lab: &Lab, project: &Project, all: bool) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = lab
        .containers
        .values()
        .filter(|container| is_of(container, project, None) && (all || container.running))
        .filter(|container| container.config.labels.get(ONE_OFF).is_none_or(|flag| flag != "True"))
        .map(|container| {
            let service = container.config.labels.get(SERVICE).cloned().unwrap_or_default();
            let row = [
                container.name.clone(),
                container.image_name.clone(),
                format!("{:?}", inspect::ellipsis(&inspect::argv(container).join(" "), 20)),
                service.clone(),
                inspect::age(container.created, EPOCH),
                inspect::status(container),
                if container.running { container.config.exposed_ports.join(", ") } else { String::new() },
            ];
            (service, row.join("\t"))
        })
        .collect();
    rows.sort_by(|a, b| a.1.cmp(&b.1));
    rows
}

fn is_of(container: &Container, project: &Project, service: Option<&str>) -> bool {
    let label = |name: &str| container.config.labels.get(name).map(String::as_str);
    label(PROJECT) == Some(&project.name) && service.is_none_or(|service| label(SERVICE) == Some(service))
}

/// What the daemon is asked to mount.
fn mounts(
    project: &Project,
    service: &Service,
    inherited: &[(String, String)],
) -> Result<Vec<MountRequest>, String> {
    let mut mounts = Vec::new();
    for mount in &service.mounts {
        mounts.push(placed(MountRequest {
            source: project.volume_of(&mount.request),
            ..mount.request.clone()
        })?);
    }
    for spec in &service.tmpfs {
        mounts.push(parse_tmpfs(spec)?);
    }
    for (target, volume) in inherited {
        match mounts.iter_mut().find(|mount| mount.target == *target) {
            Some(own) if own.kind == MountKind::Volume && own.source.is_empty() => {
                own.source.clone_from(volume)
            }
            Some(_) => {}
            None => mounts.push(MountRequest {
                source: volume.clone(),
                target: target.clone(),
                ..MountRequest::default()
            }),
        }
    }
    Ok(mounts)
}

/// What the file says over what the image says.
fn configure(container: &mut Container, service: &Service) {
    let config = &mut container.config;
    for (name, value) in &service.environment {
        let own = format!("{name}=");
        config.env.retain(|entry| !entry.starts_with(&own) && entry != name);
        config.env.extend(value.as_ref().map(|value| format!("{name}={value}")));
    }
    if let Some(entrypoint) = &service.entrypoint {
        config.entrypoint = Some(entrypoint.clone()).filter(|words| !words.is_empty());
        // A new entrypoint doesn't take the image's command along.
        config.cmd = None;
    }
    if let Some(command) = &service.command {
        config.cmd = Some(command.clone()).filter(|words| !words.is_empty());
    }
    if let Some(user) = &service.user {
        config.user.clone_from(user);
    }
    if let Some(directory) = &service.working_dir {
        config.working_dir.clone_from(directory);
    }
    config.labels.extend(service.labels.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// Tells whether a container is still what the file describes.
fn hash(project: &Project, service: &Service, image: &str) -> String {
    let volumes: Vec<String> = service.mounts.iter().map(|mount| project.volume_of(&mount.request)).collect();
    Digest::of(format!("{image}\n{}\n{}", super::config::text(project, service), volumes.join("\n"))).hex()
}
