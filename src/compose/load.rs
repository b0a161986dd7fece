//! From files to a [`Project`]: found, read, expanded, merged, judged.

use super::keys::{self, Unmodelled};
use super::project::{Project, Service, Volume};
use super::read::{Reading, flag, labels, string};
use super::template::{self, Refused, Scope};
use super::yaml::{self, Node, Scalar, Value};
use super::{dotenv, merge, order};
use crate::error::{Error, ErrorKind};
use crate::fs::path;
use crate::image::mounts::MountKind;
use crate::trace::Trace;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// What a command line asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `-f`, in order; empty: what lies in the working directory or above it.
    pub files: Vec<String>,
    /// `-p`.
    pub name: Option<String>,
    /// `--env-file`; none: `.env` beside the first file.
    pub env_file: Option<String>,
    /// `--profile`.
    pub profiles: Vec<String>,
    /// `--project-directory`.
    pub directory: Option<String>,
    /// `NAME=value` before the command.
    pub environment: Vec<(String, String)>,
    /// The working directory on the lab's host.
    pub cwd: String,
}

/// Reads a file of the lab's host by its absolute path; none if there is none.
pub type Read<'a> = dyn FnMut(&str, &mut Trace) -> Option<Vec<u8>> + 'a;

/// The names that are looked for, the first one wins (compose-go `cli/options.go`).
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What is read beside it.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
/// Compose files of one project, at most.
const MOST_FILES: usize = 20;

/// Loads a project.
///
/// # Errors
/// Files that are missing or can't be read, and whatever compose refuses in them; with the place.
pub fn load(asked: &Asked, read: &mut Read<'_>, t: &mut Trace) -> Result<Project, Error> {
    let found = find(asked, read, t)?;
    let first = found.first().map(|(path, _)| path.clone()).unwrap_or_default();
    let beside = path::show(path::parent(first.as_bytes())).into_owned();
    let directory = asked.directory.as_ref().map_or(beside, |given| path::absolute(&asked.cwd, given));
    let dotenv = variables(asked, &directory, read, t)?;
    let mut nodes = Vec::new();
    for (file, bytes) in &found {
        let (text, node) = yaml::parse(&shown(file, &asked.cwd), bytes, t)?;
        match &node.value {
            Value::Map(_) => nodes.push(node),
            Value::Scalar(Scalar::Null) => {
                return Err(Error::new(ErrorKind::Usage, format!("{}: empty compose file", text.name))
                    .hint("a compose file begins with services:"));
            }
            _ => return Err(node.error("top-level object must be a mapping")),
        }
    }
    let given =
        |name: &str| asked.environment.iter().rev().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    let outer = |name: &str| given(name).or_else(|| dotenv.get(name).cloned());
    let mut unset = BTreeSet::new();
    let name = project_name(asked, &nodes, &directory, &outer, &mut unset)?;
    let lookup = |key: &str| if key == "COMPOSE_PROJECT_NAME" { Some(name.clone()) } else { outer(key) };
    for node in &mut nodes {
        expand_file(node, &lookup, &mut unset)?;
    }
    let mut project = Project {
        name: name.clone(),
        directory: directory.clone(),
        services: IndexMap::new(),
        volumes: IndexMap::new(),
        unmodelled: Vec::new(),
        unset: unset.into_iter().collect(),
    };
    for node in &nodes {
        read_file(node, &mut project)?;
    }
    let mut profiles = asked.profiles.clone();
    profiles.extend(outer("COMPOSE_PROFILES").iter().flat_map(|list| list.split(',')).map(str::to_owned));
    let on = |service: &Service| {
        let wanted = |profile: &String| profile == "*" || service.profiles.contains(profile);
        service.profiles.is_empty() || profiles.iter().any(wanted)
    };
    // In the order of their names, as compose keeps them.
    project.services.sort_keys();
    project.volumes.sort_keys();
    let disabled: Vec<String> =
        project.services.iter().filter(|(_, service)| !on(service)).map(|(name, _)| name.clone()).collect();
    project.services.retain(|_, service| on(service));
    project.services.values_mut().for_each(|service| normalize(service, &lookup));
    judge(&project, &disabled)?;
    for service in project.services.values_mut() {
        environment(service, &lookup, read, t)?;
    }
    // A volume that no service mounts is none (compose-go `WithoutUnnecessaryResources`).
    let mounts = |service: &Service, volume: &String| {
        let mut requests = service.mounts.iter().map(|mount| &mount.request);
        requests.any(|request| request.kind == MountKind::Volume && request.source == *volume)
    };
    let Project { services, volumes, .. } = &mut project;
    volumes.retain(|name, _| services.values().any(|service| mounts(service, name)));
    Ok(project)
}

/// The files, by absolute path.
fn find(asked: &Asked, read: &mut Read<'_>, t: &mut Trace) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let environment = asked.environment.iter().find(|(name, _)| name == "COMPOSE_FILE");
    let from_environment = environment.iter().flat_map(|(_, list)| list.split(':')).map(str::to_owned);
    let named: Vec<String> =
        if asked.files.is_empty() { from_environment.collect() } else { asked.files.clone() };
    if named.len() > MOST_FILES {
        return Err(Error::new(ErrorKind::Limit, format!("more than {MOST_FILES} compose files")));
    }
    let mut found = Vec::new();
    for file in &named {
        let at = path::absolute(&asked.cwd, file);
        match read(&at, t) {
            Some(bytes) => found.push((at, bytes)),
            None => {
                return Err(Error::new(ErrorKind::Unknown, format!("open {at}: no such file or directory"))
                    .hint("compose files lie on the lab's host, in a build context, or beside the script"));
            }
        }
    }
    let mut directory = Some(asked.cwd.clone()).filter(|_| found.is_empty());
    while let Some(at) = directory {
        let mut first = |names: &[&str], t: &mut Trace| {
            names.iter().find_map(|name| {
                let file = path::absolute(&at, name);
                read(&file, t).map(|bytes| (file, bytes))
            })
        };
        if let Some(file) = first(&NAMES, t) {
            found.push(file);
            found.extend(first(&OVERRIDES, t));
            break;
        }
        directory = (at != "/").then(|| path::show(path::parent(at.as_bytes())).into_owned());
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::Unknown, "no configuration file provided: not found").hint(
            format!(
                "compose looks for {} in the working directory and above; -f FILE names another",
                NAMES.join(", ")
            ),
        ));
    }
    Ok(found)
}

/// The variables of `.env`.
fn variables(
    asked: &Asked,
    directory: &str,
    read: &mut Read<'_>,
    t: &mut Trace,
) -> Result<IndexMap<String, String>, Error> {
    let at = match &asked.env_file {
        Some(file) => path::absolute(&asked.cwd, file),
        None => path::absolute(directory, ".env"),
    };
    let outer = |name: &str| asked.environment.iter().find(|(key, _)| key == name).map(|(_, v)| v.clone());
    match read(&at, t) {
        Some(bytes) => dotenv::parse(&shown(&at, &asked.cwd), &String::from_utf8_lossy(&bytes), &outer),
        None if asked.env_file.is_some() => {
            Err(Error::new(ErrorKind::Unknown, format!("couldn't find env file: {at}")))
        }
        None => Ok(IndexMap::new()),
    }
}

/// A path as people see it: from the working directory on, where it lies below.
fn shown(file: &str, cwd: &str) -> String {
    let below = file.strip_prefix(cwd.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    below.unwrap_or(file).to_owned()
}

// ---- names ----------------------------------------------------------------------------------------

/// The project's name: `-p`, COMPOSE_PROJECT_NAME, `name:`, the directory (compose-go `cli/options.go`,
/// `loader/loader.go`).
fn project_name(
    asked: &Asked,
    nodes: &[Node],
    directory: &str,
    outer: &dyn Fn(&str) -> Option<String>,
    unset: &mut BTreeSet<String>,
) -> Result<String, Error> {
    let invalid = |name: &str| {
        format!(
            "invalid project name {name:?}: must consist only of lowercase alphanumeric characters, hyphens, \
             and underscores as well as start with a letter or number"
        )
    };
    let set = asked.name.clone().or_else(|| outer("COMPOSE_PROJECT_NAME")).filter(|name| !name.is_empty());
    if let Some(name) = set {
        return match normalised(&name) == name {
            true => Ok(name),
            false => {
                Err(Error::new(ErrorKind::Usage, invalid(&name)).hint(format!("try {}", normalised(&name))))
            }
        };
    }
    let mut name = normalised(&path::show(path::file_name(directory.as_bytes())));
    for node in nodes {
        let Value::Map(map) = &node.value else { continue };
        let Some((_, value)) = map.iter().find(|(key, _)| key.text == "name") else { continue };
        let mut value = value.clone();
        expand(&mut value, "name", outer, unset, &mut BUDGET.clone())?;
        let given = normalised(&string(&value, "name")?);
        if !given.is_empty() {
            name = given;
        }
    }
    match name.is_empty() {
        true => {
            Err(Error::new(ErrorKind::Usage, "project name must not be empty").hint("-p NAME gives it one"))
        }
        false => Ok(name),
    }
}

fn normalised(name: &str) -> String {
    let lower = name.to_lowercase();
    let kept: String = lower
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    kept.trim_start_matches(['_', '-']).to_owned()
}

// ---- expansion ------------------------------------------------------------------------------------

/// Bytes that expanding the variables of one file may make.
const BUDGET: usize = 4 << 20;

/// Expands the variables of everything that is read. Keys and extensions stay as they are.
fn expand_file(
    node: &mut Node,
    lookup: &dyn Fn(&str) -> Option<String>,
    unset: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let mut left = BUDGET;
    let Value::Map(map) = &mut node.value else { return Ok(()) };
    for (key, value) in map.iter_mut().filter(|(key, _)| !key.text.starts_with("x-") && key.text != "name") {
        expand(value, &key.text.clone(), lookup, unset, &mut left)?;
    }
    Ok(())
}

fn expand(
    node: &mut Node,
    path: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    unset: &mut BTreeSet<String>,
    left: &mut usize,
) -> Result<(), Error> {
    if let Value::Scalar(Scalar::Text(text)) = &mut node.value {
        if !text.contains('$') {
            return Ok(());
        }
        let mut scope = Scope { lookup, unset: std::mem::take(unset), left: *left };
        let expanded = template::expand(text, &mut scope);
        (*unset, *left) = (scope.unset, scope.left);
        let expanded = expanded.map_err(|why| {
            let message = match &why {
                Refused::Invalid(template) => format!(
                    "invalid interpolation format for {path}.\nYou may need to escape any $ with another $.\n{template}"
                ),
                _ => format!("error while interpolating {path}: {}", dotenv::refused(&why)),
            };
            node.error(message)
        })?;
        node.value = Value::Scalar(Scalar::Text(expanded));
        return Ok(());
    }
    match &mut node.value {
        Value::Scalar(_) => {}
        Value::List(list) => {
            for item in list {
                expand(item, &format!("{path}.[]"), lookup, unset, left)?;
            }
        }
        Value::Map(map) => {
            for (key, value) in map {
                expand(value, &format!("{path}.{}", key.text), lookup, unset, left)?;
            }
        }
    }
    Ok(())
}

// ---- one file -------------------------------------------------------------------------------------

fn read_file(node: &Node, project: &mut Project) -> Result<(), Error> {
    let mut unmodelled: Vec<Unmodelled> = Vec::new();
    for (key, value) in keys::entries(node, "", &keys::TOP, &mut unmodelled)? {
        let Value::Map(map) = &value.value else {
            match (key.text.as_str(), &value.value) {
                (word @ ("services" | "volumes"), Value::Scalar(Scalar::Null)) => {
                    return Err(key
                        .error(format!("{word} must be a mapping"))
                        .hint("an empty one is written {}, or left out"));
                }
                (word @ ("services" | "volumes"), _) => {
                    return Err(value.error(format!("{word} must be a mapping")));
                }
                _ => continue,
            }
        };
        for (name, value) in map {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if name.text.starts_with("x-") {
                continue;
            }
            if name.text.is_empty() || !name.text.chars().all(legal) {
                return Err(name
                    .error(format!("{} additional properties '{}' not allowed", key.text, name.text))
                    .hint("names have letters, digits, `.`, `_` and `-`"));
            }
            if key.text == "services" {
                let mut reading = Reading { directory: &project.directory, unmodelled: &mut unmodelled };
                let service = reading.service(&name.text, value)?;
                merge::add(&mut project.services, &name.text, service);
            } else {
                let volume = volume(&name.text, value, &project.name, &mut unmodelled)?;
                project.volumes.insert(name.text.clone(), volume);
            }
        }
    }
    // What would change a service's meaning can't be passed over.
    let refused = |one: &&Unmodelled| one.path == "include" || one.path.ends_with(".extends");
    if let Some(one) = unmodelled.iter().find(refused) {
        let width = one.path.rsplit('.').next().unwrap_or_default().len();
        return Err(Error::new(ErrorKind::Usage, format!("{} is not modelled", one.path))
            .at(one.at.span(width))
            .hint("write out what it brings, or give several files: -f base.yaml -f more.yaml"));
    }
    unmodelled.sort_by_key(|one| one.at.position());
    project.unmodelled.extend(unmodelled);
    Ok(())
}

fn volume(name: &str, node: &Node, project: &str, unmodelled: &mut Vec<Unmodelled>) -> Result<Volume, Error> {
    let path = format!("volumes.{name}");
    let mut volume = Volume { name: String::new(), external: false, labels: IndexMap::new() };
    if !matches!(node.value, Value::Scalar(Scalar::Null)) {
        for (key, value) in keys::entries(node, &path, &keys::VOLUME, unmodelled)? {
            let here = format!("{path}.{}", key.text);
            match key.text.as_str() {
                "name" => volume.name = string(value, &here)?,
                "labels" => volume.labels = labels(value, &here)?,
                "external" => match &value.value {
                    Value::Map(_) => {
                        let only_name = keys::Keys { modelled: &["name"], known: &[] };
                        volume.external = true;
                        for (_, value) in keys::entries(value, &here, &only_name, unmodelled)? {
                            volume.name = string(value, &format!("{here}.name"))?;
                        }
                    }
                    _ => volume.external = flag(value, &here)?,
                },
                _ => {
                    let driver = string(value, &here)?;
                    if driver != "local" && !driver.is_empty() {
                        return Err(value
                            .error(format!("{path}: the volume driver {driver:?} is not modelled"))
                            .hint("the lab has local"));
                    }
                }
            }
        }
    }
    if volume.name.is_empty() {
        volume.name = if volume.external { name.to_owned() } else { format!("{project}_{name}") };
    }
    Ok(volume)
}

/// Two spellings of one target are two until here, and an argument that has a value nowhere isn't given
/// (compose-go `loader/normalize.go`).
fn normalize(service: &mut Service, lookup: &dyn Fn(&str) -> Option<String>) {
    for request in service.mounts.iter_mut().map(|mount| &mut mount.request) {
        if request.target.starts_with('/') {
            request.target = path::absolute("/", &request.target);
            request.in_config = request.in_config.take().map(|_| request.target.clone());
        }
    }
    if let Some(build) = &mut service.build {
        for (name, value) in &mut build.args {
            *value = value.take().or_else(|| lookup(name));
        }
        build.args.retain(|_, value| value.is_some());
    }
}

/// What the files of `env_file` say, and then `environment`; what has no value there takes the outer one.
fn environment(
    service: &mut Service,
    lookup: &dyn Fn(&str) -> Option<String>,
    read: &mut Read<'_>,
    t: &mut Trace,
) -> Result<(), Error> {
    let mut whole: IndexMap<String, Option<String>> = IndexMap::new();
    for (file, required) in &service.env_files {
        match read(file, t) {
            Some(bytes) => {
                let values = dotenv::parse(file, &String::from_utf8_lossy(&bytes), lookup)?;
                whole.extend(values.into_iter().map(|(name, value)| (name, Some(value))));
            }
            None if *required => {
                let missing = format!("env file {file} not found: stat {file}: no such file or directory");
                return Err(Error::new(ErrorKind::Unknown, missing).at(service.at.span(1)));
            }
            None => {}
        }
    }
    for (name, value) in std::mem::take(&mut service.environment) {
        let value = value.or_else(|| lookup(&name));
        whole.insert(name, value);
    }
    whole.sort_keys();
    service.environment = whole;
    Ok(())
}

/// What a project must be, all files together (compose-go `loader/validate.go`).
fn judge(project: &Project, disabled: &[String]) -> Result<(), Error> {
    const INVALID: &str = "invalid compose project";
    for (name, service) in &project.services {
        let wrong = |message: String| Error::new(ErrorKind::Usage, message).at(service.at.span(1));
        match (&service.image, &service.build) {
            (None, None) => {
                let both = "has neither an image nor a build context specified";
                return Err(wrong(format!("service {name:?} {both}: {INVALID}"))
                    .hint("image: NAME, or build: DIRECTORY"));
            }
            (_, Some(build)) if build.inline.is_some() && build.dockerfile.is_some() => {
                let both = "declares mutualy exclusive dockerfile and dockerfile_inline";
                return Err(wrong(format!("service {name:?} {both}: {INVALID}")));
            }
            _ => {}
        }
        order::exist(name, service, &project.services, disabled)?;
        let mut taken: IndexMap<String, String> = IndexMap::new();
        for (number, spec) in service.tmpfs.iter().enumerate() {
            let target = spec.split(':').next().unwrap_or_default().to_owned();
            let here = format!("services.{name}.tmpfs[{number}]");
            if let Some(other) = taken.get(&target) {
                return Err(wrong(format!("{here}: target {target} already mounted as {other}")));
            }
            taken.insert(target, here);
        }
        for (number, mount) in service.mounts.iter().enumerate() {
            let (source, target) = (&mount.request.source, &mount.request.target);
            let named = mount.request.kind.word() == "volume" && !source.is_empty();
            if named && !project.volumes.contains_key(source) {
                let message = format!("service {name:?} refers to undefined volume {source}: {INVALID}");
                let known: Vec<&str> = project.volumes.keys().map(String::as_str).collect();
                let error = Error::new(ErrorKind::Usage, message).at(mount.at.span(source.chars().count()));
                return Err(match crate::error::suggest(source, known.iter().copied()) {
                    Some(_) => error.did_you_mean(source, known.iter().copied()),
                    None => error.hint(format!("declare it: volumes:, below that {source}:")),
                });
            }
            let here = format!("services.{name}.volumes[{number}]");
            if let Some(other) = taken.get(target) {
                let message = format!("{here}: target {target} already mounted as {other}");
                return Err(Error::new(ErrorKind::Usage, message).at(mount.at.span(1)));
            }
            taken.insert(target.clone(), here);
        }
    }
    order::without_circle(&project.services)
}
