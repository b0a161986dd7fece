//! The image store: content-addressed, cheap to clone.

use super::config::{Config, History};
use crate::fs::{Digest, Layer};
use indexmap::IndexMap;
use std::sync::Arc;

/// A layer of an image: the tree, its digest and the size Docker shows for it.
#[derive(Clone, Debug)]
pub struct ImageLayer {
    /// The sealed tree: whiteouts and opaque marks included.
    pub layer: Layer,
    /// Names the layer: equal digests are stored once.
    pub diff_id: Digest,
    /// Bytes as `docker history` shows them.
    pub size: u64,
    /// What people call it: "FROM alpine", "COPY conf".
    pub label: Arc<str>,
}

/// An image. Layers are bottom first, as in `rootfs.diff_ids`.
#[derive(Clone, Debug)]
pub struct Image {
    /// SHA-256 of its config JSON.
    pub id: Digest,
    /// What containers start with.
    pub config: Config,
    /// Oldest first; entries without `empty_layer` match the layers one by one.
    pub history: Vec<History>,
    /// Bottom first.
    pub layers: Vec<ImageLayer>,
    /// Unix seconds.
    pub created: i64,
    /// Maintainer.
    pub author: String,
    /// The image it was built on by the legacy builder or by commit.
    pub parent: Option<Digest>,
    /// A labelled placeholder for an unknown FROM: its files, users and sizes are not known.
    pub placeholder: bool,
}

impl Image {
    /// Sum of the layers' sizes, as `docker image ls` shows it.
    pub fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size).sum()
    }

    /// The lowers for a mount: topmost first.
    pub fn lowers(&self) -> Vec<crate::union::Lower> {
        let lower = |l: &ImageLayer| crate::union::Lower { layer: l.layer.clone(), label: l.label.clone() };
        self.layers.iter().rev().map(lower).collect()
    }
}

/// All images and their names.
#[derive(Clone, Debug, Default)]
pub struct Store {
    images: IndexMap<Digest, Arc<Image>>,
    tags: IndexMap<String, Digest>,
}
