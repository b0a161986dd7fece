//! From a recipe (base, history, layers, config) to an image.

use super::measured;
use crate::fs::{Digest, Tree};
use crate::image::{Config, History, Image};
use std::sync::Arc;

/// `PATH` of nearly every image.
pub(super) const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Builds an image step by step, oldest first.
pub(super) struct Recipe {
    image: Image,
}

impl Recipe {
    /// An image without anything yet, made at this time (Unix seconds).
    pub(super) fn new(created: i64) -> Recipe {
        let image = Image { created, ..Image::default() };
        Recipe { image }
    }

    /// Goes on from another image: its layers are shared, its history kept.
    pub(super) fn from(base: &Image, created: i64) -> Recipe {
        let mut image = base.clone();
        image.created = created;
        Recipe { image }
    }

    /// One entry of the history that has no layer.
    pub(super) fn meta(&mut self, created_by: &str) -> &mut Recipe {
        self.entry(created_by, true)
    }

    /// One entry of the history with its layer, which is drawn when somebody looks into it; `label` is
    /// what people call it, `key` names it in the table of what is known without looking.
    pub(super) fn layer(
        &mut self,
        created_by: &str,
        label: &str,
        key: &str,
        draw: impl Fn() -> Tree + Send + Sync + 'static,
    ) -> &mut Recipe {
        self.image.layers.push(measured::layer(key, label, Arc::new(draw)));
        self.entry(created_by, false)
    }

    /// Drops entries of the history that have no layer and begin so.
    pub(super) fn forget(&mut self, created_by: &str) -> &mut Recipe {
        let goes = |entry: &&History| entry.empty_layer && entry.created_by.starts_with(created_by);
        self.image.history = self.image.history.iter().filter(|entry| !goes(entry)).cloned().collect();
        self
    }

    /// Changes the config.
    pub(super) fn config(&mut self, change: impl FnOnce(&mut Config)) -> &mut Recipe {
        change(&mut self.image.config);
        self
    }

    /// A `RUN` as BuildKit writes it into the history.
    pub(super) fn run(
        &mut self,
        script: &str,
        label: &str,
        key: &str,
        draw: impl Fn() -> Tree + Send + Sync + 'static,
    ) -> &mut Recipe {
        self.layer(&format!("RUN /bin/sh -c {script} # buildkit"), label, key, draw)
    }

    /// A `COPY`, likewise.
    pub(super) fn copy(
        &mut self,
        words: &str,
        label: &str,
        key: &str,
        draw: impl Fn() -> Tree + Send + Sync + 'static,
    ) -> &mut Recipe {
        self.layer(&format!("COPY {words} # buildkit"), label, key, draw)
    }

    /// `ENV`: a variable that is there keeps its place.
    pub(super) fn env(&mut self, name: &str, value: &str) -> &mut Recipe {
        self.meta(&format!("ENV {name}={value}")).set(name, value)
    }

    /// Several variables in one `ENV`: `A=1 B=2`.
    pub(super) fn envs(&mut self, pairs: &[(&str, &str)]) -> &mut Recipe {
        let text: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.meta(&format!("ENV {}", text.join(" ")));
        for (name, value) in pairs {
            self.set(name, value);
        }
        self
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Recipe {
        let (env, entry) = (&mut self.image.config.env, format!("{name}={value}"));
        match env.iter_mut().find(|entry| entry.split('=').next() == Some(name)) {
            Some(there) => *there = entry,
            None => env.push(entry),
        }
        self
    }

    /// Puts directories in front of `PATH`.
    pub(super) fn path(&mut self, dirs: &str) -> &mut Recipe {
        let now = self.image.config.env.iter().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or("");
        let path = format!("{dirs}:{now}");
        self.env("PATH", &path)
    }

    /// `WORKDIR` to a directory that is there: BuildKit makes a layer without anything.
    pub(super) fn workdir(&mut self, dir: &str) -> &mut Recipe {
        self.image.config.working_dir = dir.to_owned();
        self.layer(&format!("WORKDIR {dir}"), "WORKDIR", "nothing", Tree::new)
    }

    /// `VOLUME`.
    pub(super) fn volume(&mut self, dir: &str) -> &mut Recipe {
        self.image.config.volumes.push(dir.to_owned());
        self.meta(&format!("VOLUME [{dir}]"))
    }

    /// `EXPOSE`: `6379/tcp`.
    pub(super) fn expose(&mut self, ports: &str) -> &mut Recipe {
        self.image.config.exposed_ports.extend(ports.split(' ').map(str::to_owned));
        let ports: Vec<String> = ports.split(' ').map(|port| format!("{port}:{{}}")).collect();
        self.meta(&format!("EXPOSE map[{}]", ports.join(" ")))
    }

    /// `STOPSIGNAL`.
    pub(super) fn stop_signal(&mut self, signal: &str) -> &mut Recipe {
        self.image.config.stop_signal = signal.to_owned();
        self.meta(&format!("STOPSIGNAL {signal}"))
    }

    /// `USER`.
    pub(super) fn user(&mut self, user: &str) -> &mut Recipe {
        self.image.config.user = user.to_owned();
        self.meta(&format!("USER {user}"))
    }

    /// `ENTRYPOINT`: the base's CMD no longer holds.
    pub(super) fn entrypoint(&mut self, command: &[&str]) -> &mut Recipe {
        self.image.config.entrypoint = Some(words(command));
        self.image.config.cmd = None;
        self.meta(&format!("ENTRYPOINT {}", listed(command)))
    }

    /// `CMD`.
    pub(super) fn cmd(&mut self, command: &[&str]) -> &mut Recipe {
        self.image.config.cmd = Some(words(command));
        self.meta(&format!("CMD {}", listed(command)))
    }

    /// The config as it is now.
    pub(super) fn now(&self) -> &Config {
        &self.image.config
    }

    /// The image with its id.
    pub(super) fn finish(&mut self) -> Arc<Image> {
        Arc::new(self.image.clone().sealed())
    }

    fn entry(&mut self, created_by: &str, empty_layer: bool) -> &mut Recipe {
        let legacy = created_by.starts_with("/bin/sh -c") || created_by.is_empty();
        self.image.history.push_back_mut(History {
            created: self.image.created,
            author: String::new(),
            created_by: created_by.to_owned(),
            comment: if legacy { String::new() } else { "buildkit.dockerfile.v0".to_owned() },
            empty_layer,
        });
        self
    }
}

/// The name of the archive that an `ADD` of a base took. Where the real one isn't known, it is one of the
/// lab's own.
pub(super) fn archive(release: &str) -> String {
    match release {
        "3.19.0" => "1f4eb46669b5b6275af19eb7471a6899a61c276aa7d925b8ae99310b14b75b92".to_owned(),
        "12.4-slim" => "d261a6f6921593f1e3c7b4f8d5a8cf3f1a0d9a1c5b5ae3c06ed0d56a0f2e16d4".to_owned(),
        "jammy" => "2b3b5254f38a790d40e31cb26155609f7fc99ef7bc99eae1e0d67fa9ae605f77".to_owned(),
        release => Digest::of(release).hex(),
    }
}

/// Words as a list.
pub(super) fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

/// Words as the history shows them: `["nginx" "-g"]`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", quoted.join(" "))
}
