//! From a recipe (base, history, layers, config) to an image.

use super::measured;
use crate::fs::Tree;
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
        self.image.history.retain(|entry| !(entry.empty_layer && entry.created_by.starts_with(created_by)));
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
        self.image.history.push(History {
            created: self.image.created,
            author: String::new(),
            created_by: created_by.to_owned(),
            comment: if legacy { String::new() } else { "buildkit.dockerfile.v0".to_owned() },
            empty_layer,
        });
        self
    }
}

/// Words as a list.
pub(super) fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}
