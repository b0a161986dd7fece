//! Pushing: which layers a repository lacks, and where it can take them from (moby `distribution/push_v2.go`).

use super::Registry;
use super::blob::Blob;
use super::manifest::Manifest;
use crate::error::Error;
use crate::fs::{ByDigest, Digest};
use crate::image::{Image, ImageLayer};
use crate::trace::{Fuel, LayerFate};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// In which repositories a host has seen a layer: those it pushed it to or pulled it from, latest last (moby
/// `distribution/metadata/v2_metadata_service.go`).
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<HashMap<Digest, Vec<String>, ByDigest>>);

impl Origins {
    /// The layer of this diff id is in this repository.
    pub fn note(&mut self, diff_id: Digest, repository: &str) {
        if self.of(&diff_id).last().is_some_and(|last| last == repository) {
            return;
        }
        let known = Arc::make_mut(&mut self.0).entry(diff_id).or_default();
        known.retain(|other| other != repository);
        known.push(repository.to_owned());
    }

    /// Where it was seen.
    pub fn of(&self, diff_id: &Digest) -> &[String] {
        self.0.get(diff_id).map_or(&[], Vec::as_slice)
    }
}

/// Where a push goes.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Registry and path.
    pub repository: &'a str,
    /// The tag.
    pub tag: &'a str,
    /// Does this host know the digest of every layer that it has, and ask for it? Containerd's image store does;
    /// the older one knows only what it saw travel.
    pub asks: bool,
}

/// What becomes of each layer of a push, bottom first.
pub type PushPlan = Vec<LayerFate>;

/// Plans the layers of one image: there already, taken over from another repository of the same registry,
/// or sent.
pub fn plan_push(registry: &Registry, to: Target<'_>, layers: &[Blob], origins: &Origins) -> PushPlan {
    let repository = to.repository;
    let kept = registry.repositories.get(repository);
    let domain = domain(repository);
    let mut sent: HashSet<Digest, ByDigest> = HashSet::default();
    let mut fate = |blob: &Blob| {
        let seen = origins.of(&blob.diff_id);
        let there = kept.is_some_and(|kept| kept.blobs.contains(&blob.digest));
        if (there && (to.asks || !seen.is_empty())) || !sent.insert(blob.digest) {
            return LayerFate::There;
        }
        let candidates = seen.iter().rev().filter(|other| {
            self::domain(other) == domain && *other != repository && registry.has_or_hub(other, blob)
        });
        // The most alike name first, of equally alike ones the latest.
        let alike = |other: &&String| {
            let parts = other.split('/').zip(repository.split('/'));
            std::cmp::Reverse(parts.take_while(|(a, b)| a == b).count())
        };
        match candidates.min_by_key(alike) {
            Some(from) => LayerFate::Mounted { from: path(from).to_owned() },
            None => LayerFate::Sent,
        }
    };
    layers.iter().map(&mut fate).collect()
}

/// What a push came to: the manifest, and each layer with what became of it, bottom first.
pub type Pushed = (Arc<Manifest>, Vec<(Blob, LayerFate)>);

/// Pushes an image: its manifest, and each layer with what became of it, bottom first.
///
/// # Errors
/// A layer that can't be packed; nothing is pushed.
pub fn push(
    registry: &mut Registry,
    to: Target<'_>,
    image: &Arc<Image>,
    origins: &mut Origins,
    fuel: &mut Fuel,
) -> Result<Pushed, Error> {
    let mut blobs = Vec::with_capacity(image.layers.len());
    for layer in &image.layers {
        blobs.push(registry.blobs.of(layer, fuel)?);
    }
    let plan = plan_push(registry, to, &blobs, origins);
    for blob in &blobs {
        origins.note(blob.diff_id, to.repository);
    }
    let manifest = Arc::new(Manifest::image(image, blobs.clone()));
    registry.keep(to.repository, Some(to.tag), manifest.clone());
    Ok((manifest, blobs.into_iter().zip(plan).collect()))
}

/// Pushes what a build exported: `config` are its records and keys, `layers` those of its results.
///
/// # Errors
/// As [`push`].
pub fn push_cache(
    registry: &mut Registry,
    to: Target<'_>,
    config: Arc<[u8]>,
    layers: &[ImageLayer],
    origins: &mut Origins,
    fuel: &mut Fuel,
) -> Result<Pushed, Error> {
    let mut packed = Vec::with_capacity(layers.len());
    for layer in layers {
        packed.push((registry.blobs.of(layer, fuel)?, layer.clone()));
    }
    let blobs: Vec<Blob> = packed.iter().map(|(blob, _)| *blob).collect();
    let plan = plan_push(registry, to, &blobs, origins);
    for blob in &blobs {
        origins.note(blob.diff_id, to.repository);
    }
    let manifest = Arc::new(Manifest::cache(config, packed));
    registry.keep(to.repository, Some(to.tag), manifest.clone());
    Ok((manifest, blobs.into_iter().zip(plan).collect()))
}

impl Registry {
    /// Has this repository the blob? What Docker Hub has of the built-in images it was asked for.
    fn has_or_hub(&self, repository: &str, blob: &Blob) -> bool {
        self.has(repository, &blob.digest) || repository.starts_with("docker.io/library/")
    }
}

fn domain(repository: &str) -> &str {
    repository.split('/').next().unwrap_or_default()
}

fn path(repository: &str) -> &str {
    repository.split_once('/').map_or(repository, |(_, path)| path)
}
