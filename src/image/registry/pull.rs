//! Pulling: which layers a host lacks (moby `distribution/pull_v2.go`, `distribution/xfer/download.go`).

use super::blob::Blob;
use super::manifest::{Manifest, Platform, What};
use super::{Absent, Registry};
use crate::fs::{ByDigest, Digest};
use crate::image::reference::Reference;
use crate::image::{Image, Store, Usage};
use crate::trace::LayerFate;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What earlier pulls that broke off have left: bytes by the digest of the blob.
#[derive(Clone, Debug, Default)]
pub struct Downloads(Arc<HashMap<Digest, u64>>);

impl Downloads {
    /// Bytes of a blob that are here.
    pub fn of(&self, blob: &Digest) -> u64 {
        self.0.get(blob).copied().unwrap_or_default()
    }

    /// Nothing left?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn keep(&mut self, blob: &Digest, bytes: u64) {
        if bytes > self.of(blob) {
            Arc::make_mut(&mut self.0).insert(*blob, bytes);
        }
    }

    fn done(&mut self, blob: &Digest) {
        if self.0.contains_key(blob) {
            Arc::make_mut(&mut self.0).remove(blob);
        }
    }
}

/// What becomes of each layer of a pull, bottom first.
pub type PullPlan = Vec<LayerFate>;

/// Plans the layers of one image: a layer is here if the whole stack up to it is, in whatever image.
pub fn plan_pull(image: &Image, layers: &[Blob], here: &mut Usage, downloads: &Downloads) -> PullPlan {
    let chains = here.chains_of(image);
    // A layer that a stack has twice is fetched once.
    let mut begun: HashSet<Digest, ByDigest> = HashSet::default();
    let mut fate = |(chain, blob): (Digest, &Blob)| match downloads.of(&blob.digest) {
        _ if here.is_used(&chain) || !begun.insert(blob.digest) => LayerFate::There,
        0 => LayerFate::Fetched,
        had if had >= blob.size => LayerFate::Resumed { had: blob.size },
        had => LayerFate::Resumed { had },
    };
    chains.iter().copied().zip(layers).map(&mut fate).collect()
}

/// What a pull came to.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// What the name leads to: an image's manifest, or the index that names it.
    pub asked: Arc<Manifest>,
    /// The image.
    pub image: Arc<Image>,
    /// Its layers, bottom first, and what became of each; none when the image is here already.
    pub layers: Vec<(Blob, LayerFate)>,
    /// Bytes of manifests and config that were fetched beside them.
    pub beside: u64,
    /// The connection broke before everything was here: nothing is to be stored.
    pub cut: bool,
}

/// Pulls an image for a platform. `keeps` says whether what was fetched survives a broken connection.
///
/// # Errors
/// There is no such image there.
pub fn pull(
    registry: &mut Registry,
    name: &Reference,
    platform: &Platform,
    images: &Store,
    here: &mut Usage,
    (downloads, keeps): (&mut Downloads, bool),
) -> Result<Pulled, Absent> {
    let asked = registry.find(name)?;
    let of = registry.for_platform(name, &asked, platform)?;
    let What::Image { image, config, layers } = &of.what else {
        return Err(Absent::Unknown(name.shown()));
    };
    let mut pulled = Pulled {
        asked: asked.clone(),
        image: image.clone(),
        layers: Vec::new(),
        beside: asked.size() + if of.digest == asked.digest { 0 } else { of.size() },
        cut: false,
    };
    if images.by_id(&image.id).is_some() {
        return Ok(pulled);
    }
    pulled.beside += config;
    let plan = plan_pull(image, layers, here, downloads);
    let mut left = registry.next_cut(&name.domain);
    for (blob, fate) in layers.iter().zip(plan) {
        let fate = if pulled.cut && fate != LayerFate::There { LayerFate::Waiting } else { fate };
        let had = match fate {
            LayerFate::Fetched => 0,
            LayerFate::Resumed { had } => had,
            _ => {
                pulled.layers.push((*blob, fate));
                continue;
            }
        };
        let missing = blob.size.saturating_sub(had);
        let got = left.map_or(missing, |left| left.min(missing));
        left = left.map(|left| left - got);
        if keeps {
            downloads.keep(&blob.digest, had + got);
        }
        pulled.cut = got < missing;
        pulled.layers.push((*blob, if pulled.cut { LayerFate::Cut { had, got } } else { fate }));
    }
    if !pulled.cut {
        layers.iter().for_each(|blob| downloads.done(&blob.digest));
    }
    Ok(pulled)
}
