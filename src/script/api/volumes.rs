//! Volumes and what a container mounts.

use super::objects::{lab, with};
use crate::error::{Error, ErrorKind};
use crate::script::core::Shared;
use crate::script::handle::{Files, OfContainer, OfVolume, Place, refuse};
use rhai::{Array, Dynamic, Engine, INT, Map};

/// Registers `volume(name)` and the mounts of a container.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("volume", move |name: &str| {
        lab(&shared, |core| {
            if core.lab.volumes.contains_key(name) {
                return Ok(());
            }
            let known: Vec<&str> = core.lab.volumes.keys().map(String::as_str).collect();
            Err(Error::new(ErrorKind::Unknown, format!("there is no volume `{name}`"))
                .did_you_mean(name, known.iter().copied())
                .hint(match known.is_empty() {
                    true => format!("make it: docker volume create {name}"),
                    false => format!("there are {}", known.join(", ")),
                }))
        })?;
        Ok::<_, Box<rhai::EvalAltResult>>(Files::<OfVolume>::new(&shared, Place::Volume(name.to_owned())))
    });
    engine.register_get("size", |volume: &mut Files<OfVolume>| {
        with(&volume.core, |core| {
            let found = core.lab.volumes.get(volume.name());
            found.map(|found| found.size() as INT).ok_or_else(|| refuse("the volume is gone"))
        })
    });
    engine.register_get("users", |volume: &mut Files<OfVolume>| {
        with(&volume.core, |core| {
            let users = core.lab.users_of(volume.name());
            Ok(users.iter().map(|user| Dynamic::from(user.name.clone())).collect::<Array>())
        })
    });
    engine.register_get("volumes", |c: &mut Files<OfContainer>| {
        with(&c.core, |core| {
            let container =
                core.lab.containers.get(c.name()).ok_or_else(|| refuse("the container is gone"))?;
            let points = container.mounts.iter().map(|point| {
                let mut map = Map::new();
                map.insert("type".into(), point.kind.word().into());
                map.insert("source".into(), point.source.clone().into());
                map.insert("target".into(), point.target.clone().into());
                map.insert("read_only".into(), point.read_only.into());
                Dynamic::from_map(map)
            });
            Ok(points.collect::<Array>())
        })
    });
}
