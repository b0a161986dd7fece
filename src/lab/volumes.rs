//! The lab's volumes: making, finding out who uses one, removing.

use super::Lab;
use crate::fs::Digest;
use crate::image::mounts::{MountKind, name_error};
use crate::image::{Container, MountPoint, Volume};

/// How the daemon's refusals begin.
pub(super) const DAEMON: &str = "Error response from daemon: ";

impl Lab {
    /// `docker volume create`; the name it has. One that exists is left as it is.
    ///
    /// # Errors
    /// Docker's words.
    pub fn create_volume(&mut self, name: Option<&str>) -> Result<String, String> {
        match name {
            Some(name) if self.volumes.contains_key(name) => Ok(name.to_owned()),
            Some(name) => match name_error(name) {
                Some(refused) => Err(format!("{DAEMON}{refused}")),
                None => {
                    self.volumes.insert(name.to_owned(), Volume::new(name, false));
                    Ok(name.to_owned())
                }
            },
            None => Ok(self.anonymous_volume()),
        }
    }

    pub(super) fn anonymous_volume(&mut self) -> String {
        self.volumes_made += 1;
        let name = Digest::of(format!("volume {}", self.volumes_made)).hex();
        self.volumes.insert(name.clone(), Volume::new(&name, true));
        name
    }

    /// The containers that a volume is mounted in, running or not.
    pub fn users_of(&self, volume: &str) -> Vec<&Container> {
        let mounts = |point: &MountPoint| point.kind == MountKind::Volume && point.source == volume;
        self.containers.values().filter(|container| container.mounts.iter().any(mounts)).collect()
    }

    /// `docker volume rm`. With `force` one that isn't there is removed all the same.
    ///
    /// # Errors
    /// Docker's words: there is none, or containers use it (moby `volume/service/service.go`, `Remove`).
    pub fn remove_volume(&mut self, name: &str, force: bool) -> Result<(), String> {
        if !self.volumes.contains_key(name) {
            return if force { Ok(()) } else { Err(format!("{DAEMON}get {name}: no such volume")) };
        }
        let users: Vec<&str> = self.users_of(name).iter().map(|user| user.id.as_str()).collect();
        if !users.is_empty() {
            return Err(format!("{DAEMON}remove {name}: volume is in use - [{}]", users.join(", ")));
        }
        self.volumes.shift_remove(name);
        Ok(())
    }

    /// Removes a container; with `volumes` also those volumes of it that nobody named and nobody else uses.
    /// What was removed.
    pub fn remove_container(&mut self, name: &str, volumes: bool) -> Option<Container> {
        let container = self.containers.shift_remove(name)?;
        for point in container.mounts.iter().filter(|point| volumes && point.kind == MountKind::Volume) {
            let anonymous = self.volumes.get(&point.source).is_some_and(|volume| volume.anonymous);
            if anonymous && self.users_of(&point.source).is_empty() {
                self.volumes.shift_remove(&point.source);
            }
        }
        Some(container)
    }

    /// Starts or stops a container. What stops forgets its tmpfs.
    pub fn set_running(&mut self, name: &str, running: bool) {
        if let Some(container) = self.containers.get_mut(name) {
            if !running {
                container.mounts.iter_mut().for_each(MountPoint::forget);
            }
            container.running = running;
        }
    }
}
