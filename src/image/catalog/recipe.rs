//! From a recipe (base, history, layers, config) to an image.

use crate::fs::{Digest, Hasher, Inode, Kind, Layer, Nodes, Piece};
use crate::image::{Config, History, Image, ImageLayer};
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
        let image = Image {
            id: Digest([0; 32]),
            config: Config::default(),
            history: Vec::new(),
            layers: Vec::new(),
            created,
            author: String::new(),
            parent: None,
            placeholder: false,
        };
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

    /// One entry of the history with its layer; `label` is what people call it.
    pub(super) fn layer(&mut self, created_by: &str, label: &str, layer: Layer) -> &mut Recipe {
        self.image.layers.push(ImageLayer {
            diff_id: diff_id(&layer),
            size: layer.bytes(),
            label: label.into(),
            layer,
        });
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
        let mut image = self.image.clone();
        image.id = image_id(&image);
        Arc::new(image)
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

/// A digest of what the layer is described by: equal descriptions, equal layers.
fn diff_id(layer: &Layer) -> Digest {
    let mut hasher = Hasher::new();
    layer.walk(&mut |path, ino, inode| {
        hasher.field(path).number(u64::from(ino)).number(u64::from(inode.mode));
        hasher.number(u64::from(inode.uid) << 32 | u64::from(inode.gid)).number(inode.mtime as u64);
        describe(inode, &mut hasher);
    });
    hasher.finish()
}

fn describe(inode: &Inode, hasher: &mut Hasher) {
    hasher.field(inode.kind.word());
    match &inode.kind {
        Kind::File(contents) => {
            for piece in contents.pieces() {
                match piece {
                    Piece::Bytes(bytes) => hasher.field(bytes),
                    Piece::Fill { byte, len } => hasher.field([*byte]).number(*len),
                    Piece::Seeded { label, offset, len } => {
                        hasher.field(label.as_bytes()).number(*offset).number(*len)
                    }
                };
            }
        }
        Kind::Symlink(target) => {
            hasher.field(target);
        }
        _ => {}
    }
}

/// The digest of config, history and diff ids.
fn image_id(image: &Image) -> Digest {
    let diff_ids: Vec<Digest> = image.layers.iter().map(|layer| layer.diff_id).collect();
    let parts = (&image.config, &image.history, diff_ids, image.created, &image.author);
    Digest::of(serde_json::to_vec(&parts).unwrap_or_default())
}
