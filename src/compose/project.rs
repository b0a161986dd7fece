//! What a compose file says, read: services, their images and mounts, volumes.

use super::keys::Unmodelled;
use super::yaml::Place;
use crate::image::mounts::{MountKind, MountRequest};
use indexmap::IndexMap;

/// A project: what one or several compose files describe together.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its name: containers and volumes begin with it.
    pub name: String,
    /// The directory of its first file on the lab's host; relative paths begin there.
    pub directory: String,
    /// Services that are switched on, by name.
    pub services: IndexMap<String, Service>,
    /// Volumes by the name the file calls them.
    pub volumes: IndexMap<String, Volume>,
    /// What stands in the files and does nothing here.
    pub unmodelled: Vec<Unmodelled>,
    /// Variables without a value.
    pub unset: Vec<String>,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Where it is described.
    pub at: Place,
    /// `image`.
    pub image: Option<String>,
    /// `build`.
    pub build: Option<Build>,
    /// `command`; an empty one takes the image's away.
    pub command: Option<Vec<String>>,
    /// `entrypoint`.
    pub entrypoint: Option<Vec<String>>,
    /// `environment` and what the files of `env_file` say. None: the variable is taken away.
    pub environment: IndexMap<String, Option<String>>,
    /// `env_file`: path, and whether it has to be there.
    pub env_files: Vec<(String, bool)>,
    /// `volumes`.
    pub mounts: Vec<Mount>,
    /// `tmpfs`, each as `docker run --tmpfs` takes it.
    pub tmpfs: Vec<String>,
    /// `read_only`.
    pub read_only: Option<bool>,
    /// `depends_on`: what it waits for.
    pub depends_on: IndexMap<String, Dependency>,
    /// `user`.
    pub user: Option<String>,
    /// `working_dir`.
    pub working_dir: Option<String>,
    /// `container_name`.
    pub container_name: Option<String>,
    /// `labels`.
    pub labels: IndexMap<String, String>,
    /// `profiles`: it is on only if one of them is.
    pub profiles: Vec<String>,
}

impl Service {
    /// One that says nothing.
    pub fn new(at: Place) -> Service {
        Service {
            at,
            image: None,
            build: None,
            command: None,
            entrypoint: None,
            environment: IndexMap::new(),
            env_files: Vec::new(),
            mounts: Vec::new(),
            tmpfs: Vec::new(),
            read_only: None,
            depends_on: IndexMap::new(),
            user: None,
            working_dir: None,
            container_name: None,
            labels: IndexMap::new(),
            profiles: Vec::new(),
        }
    }
}

/// How a service's image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The context: a directory on the lab's host; none: the project's.
    pub context: Option<String>,
    /// The Dockerfile, below the context.
    pub dockerfile: Option<String>,
    /// The Dockerfile's text.
    pub inline: Option<String>,
    /// The stage to stop at.
    pub target: Option<String>,
    /// Build arguments; none: from the environment.
    pub args: IndexMap<String, Option<String>>,
    /// Labels of the image.
    pub labels: IndexMap<String, String>,
    /// Look nothing up.
    pub no_cache: bool,
}

/// Something that a service mounts.
#[derive(Clone, Debug)]
pub struct Mount {
    /// What; a volume's source is the name that the file calls it.
    pub request: MountRequest,
    /// Do options of its own kind belong to it, be they none? The short form always says so.
    pub options: bool,
    /// Where it is asked for.
    pub at: Place,
}

/// What a service waits for.
#[derive(Clone, Debug)]
pub struct Dependency {
    /// "service_started" …
    pub condition: String,
    /// Must it exist?
    pub required: bool,
    /// Where it is named.
    pub at: Place,
}

/// A volume of the file.
#[derive(Clone, Debug)]
pub struct Volume {
    /// What Docker calls it.
    pub name: String,
    /// It has to be there already, and stays.
    pub external: bool,
    /// Labels.
    pub labels: IndexMap<String, String>,
}

impl Project {
    /// What a service's image is called (compose `api.GetImageNameOrDefault`).
    pub fn image_of(&self, name: &str) -> String {
        let image = self.services.get(name).and_then(|service| service.image.clone());
        image.unwrap_or_else(|| format!("{}-{name}", self.name))
    }

    /// What Docker calls the source of a mount.
    pub fn volume_of(&self, request: &MountRequest) -> String {
        let named = request.kind == MountKind::Volume && !request.source.is_empty();
        let volume = self.volumes.get(&request.source).filter(|_| named);
        volume.map_or_else(|| request.source.clone(), |volume| volume.name.clone())
    }

    /// What a service's container is called.
    pub fn container_of(&self, name: &str) -> String {
        let own = self.services.get(name).and_then(|service| service.container_name.clone());
        own.unwrap_or_else(|| format!("{}-{name}-1", self.name))
    }
}
