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
