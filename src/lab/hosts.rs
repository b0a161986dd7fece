//! Docker hosts: each has its own images, containers and build cache; the lab's files and the registry are
//! shared.

use super::Lab;
use crate::build::Cache;
use crate::error::{Error, ErrorKind};
use crate::image::reference::Reference;
use crate::image::registry::{Absent, Downloads, Origins, Platform, Pulled, Registry};
use crate::image::{Container, Image, Store, Volume, catalog};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// The host that a lab begins with.
pub const FIRST: &str = "local";

/// How many there can be.
const MOST_HOSTS: usize = 32;

/// What a Docker host has of its own.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Its images.
    pub images: Store,
    /// Both builders' caches.
    pub cache: Cache,
    /// Its containers, by name.
    pub containers: IndexMap<String, Container>,
    /// Its volumes, by name.
    pub volumes: IndexMap<String, Volume>,
    /// Where its layers were seen travelling.
    pub origins: Origins,
    /// What pulls that broke off have left.
    pub downloads: Downloads,
    /// Who is logged in, by registry. Passwords are never kept.
    pub logins: IndexMap<String, String>,
}

impl Machine {
    /// Differs after every change.
    fn marks(&self) -> Vec<u64> {
        let mut marks = vec![self.images.generation(), self.cache.changes(), self.cache.builds()];
        marks.extend(self.containers.values().map(|c| c.mount.generation() * 2 + u64::from(c.running)));
        marks.push(self.volumes.len() as u64);
        marks.extend(self.volumes.values().map(|volume| volume.mount.generation()));
        marks.push(self.logins.len() as u64);
        marks
    }
}

impl Lab {
    /// The host that commands go to.
    pub fn here(&self) -> &str {
        &self.here
    }

    /// All hosts, the first one first.
    pub fn hosts(&self) -> Vec<String> {
        let mut names: IndexSet<String> = [FIRST.to_owned()].into();
        names.extend(self.known_hosts.iter().cloned());
        names.into_iter().collect()
    }

    /// Commands go to this host from now on; it is made if there is none of the name. Where they went before.
    ///
    /// # Errors
    /// The name says nothing; there are too many.
    pub fn go_to(&mut self, name: &str) -> Result<String, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
        if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
            let words = format!("a host can't be called `{name}`");
            return Err(Error::new(ErrorKind::Usage, words).hint("letters, digits, dot, dash: host(\"ci\")"));
        }
        let before = self.here.clone();
        if name == before {
            return Ok(before);
        }
        if !self.hosts().iter().any(|known| known == name) {
            if self.known_hosts.len() >= MOST_HOSTS {
                let words = format!("there are {MOST_HOSTS} hosts already");
                return Err(Error::new(ErrorKind::Limit, words).hint("undo takes the last one back"));
            }
            self.known_hosts.insert(name.to_owned());
        }
        let mut there = self.elsewhere.shift_remove(name).unwrap_or_default();
        self.exchange(&mut there);
        self.elsewhere.insert(before.clone(), there);
        self.here = name.to_owned();
        Ok(before)
    }

    /// Swaps what the host at hand has with what another one has.
    fn exchange(&mut self, other: &mut Machine) {
        std::mem::swap(&mut self.images, &mut other.images);
        std::mem::swap(&mut self.cache, &mut other.cache);
        std::mem::swap(&mut self.containers, &mut other.containers);
        std::mem::swap(&mut self.volumes, &mut other.volumes);
        std::mem::swap(&mut self.origins, &mut other.origins);
        std::mem::swap(&mut self.downloads, &mut other.downloads);
        std::mem::swap(&mut self.logins, &mut other.logins);
    }

    /// What tells this state of hosts and registry from every other.
    pub(super) fn host_marks(&self) -> Vec<u64> {
        let mut marks = vec![self.registry.generation(), self.known_hosts.len() as u64];
        marks.extend(self.hosts().iter().position(|name| *name == self.here).map(|at| at as u64));
        marks.push(self.logins.values().chain(self.logins.keys()).map(|text| text.len() as u64).sum());
        marks.push(u64::from(self.downloads.is_empty()));
        let hosts = self.hosts();
        marks.extend(hosts.iter().filter_map(|name| self.elsewhere.get(name)).flat_map(Machine::marks));
        marks
    }

    /// The registry, to change it.
    pub fn registry_mut(&mut self) -> &mut Registry {
        Arc::make_mut(&mut self.registry)
    }

    /// Pulls an image: what is fetched, and the image with its name in the store unless the connection broke.
    ///
    /// # Errors
    /// There is no such image there.
    pub fn pull(&mut self, name: &Reference, platform: &Platform) -> Result<Pulled, Absent> {
        let mut here = self.usage();
        let keeps = self.version.has(crate::dockerfile::Difference::KeptDownloads);
        let registry = Arc::make_mut(&mut self.registry);
        let left = (&mut self.downloads, keeps);
        let pulled = crate::image::registry::pull(registry, name, platform, &self.images, &mut here, left)?;
        if pulled.cut {
            return Ok(pulled);
        }
        let id = self.images.share(pulled.image.clone());
        if name.digest.is_none() {
            self.images.tag(&name.shown(), id);
        }
        self.images.note_digest(&name.familiar(), pulled.asked.digest, id);
        let repository = name.repository();
        for layer in &pulled.image.layers {
            self.origins.note(layer.diff_id, &repository);
        }
        Ok(pulled)
    }

    /// The image of a `docker run`: one that is here, else one that a registry has, else a built-in one.
    ///
    /// # Errors
    /// Nobody knows the name.
    pub(super) fn image_to_run(&mut self, image: &str) -> Result<Arc<Image>, Error> {
        if let Some(found) = self.images.get(image) {
            return Ok(found);
        }
        let platform = Platform::default();
        let name = Reference::parse(image).ok().filter(|_| self.registry.image(image, &platform).is_some());
        let Some(name) = name else { return self.image(image) };
        let pulled = self.pull(&name, &platform);
        Ok(pulled.map_err(|absent| Error::new(ErrorKind::Unknown, absent.words()))?.image)
    }

    /// The built-in images that are here came from Docker Hub, whoever asked for them.
    pub fn note_built_in(&mut self) {
        let names: Vec<String> = self.images.names().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let Ok(reference) = Reference::parse(&name) else { continue };
            if !reference.repository().starts_with("docker.io/library/") {
                continue;
            }
            let (Some(built_in), Some(image)) = (catalog::image(&name), self.images.named(&name)) else {
                continue;
            };
            if built_in.id == image.id {
                let repository = reference.repository();
                image.layers.iter().for_each(|layer| self.origins.note(layer.diff_id, &repository));
            }
        }
    }
}
