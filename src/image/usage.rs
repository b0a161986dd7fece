//! Who uses which image and which layer, gathered once for a removal or a question.
//!
//! A layer lies on the disk as long as anything stands on it: an image, a container, a record of BuildKit's
//! cache (moby `layer/layer_store.go`, `releaseLayer`). Layers are told apart by their chain id: the same
//! tar over another stack is another layer.

use super::store::next_link;
use super::{Container, Image, ImageLayer, Store, reference};
use crate::fs::{ByDigest, Digest};
use crate::trace::{HeldLayer, LayerHolder};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How many holders of one layer are told; the rest are counted.
const MOST_HOLDERS: usize = 12;

/// Something outside the image store that keeps a layer: a record of BuildKit's.
#[derive(Clone, Debug)]
pub struct Keeper {
    /// The layer.
    pub chain: Digest,
    /// Who.
    pub holder: LayerHolder,
}

/// A container as a removal sees it.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub id: String,
    pub name: String,
    pub running: bool,
}

/// Chain ids that were computed before.
#[derive(Debug, Default)]
pub(super) struct Chains(HashMap<(Option<Digest>, Digest), Digest, ByDigest>);

impl Chains {
    /// The chain id of each layer of a stack, bottom first.
    pub fn of(&mut self, layers: &[ImageLayer]) -> Vec<Digest> {
        let mut below = None;
        let mut link = |layer: &ImageLayer| {
            let next = || next_link(below, layer.diff_id);
            let chain = *self.0.entry((below, layer.diff_id)).or_insert_with(next);
            below = Some(chain);
            chain
        };
        layers.iter().map(&mut link).collect()
    }
}

/// Names, children and containers of every image; how many things stand on every layer.
#[derive(Debug, Default)]
pub struct Usage {
    pub(super) names: HashMap<Digest, Vec<String>, ByDigest>,
    /// `name@sha256:…`.
    pub(super) digests: HashMap<Digest, Vec<String>, ByDigest>,
    pub(super) children: HashMap<Digest, usize, ByDigest>,
    pub(super) containers: HashMap<Digest, Vec<User>, ByDigest>,
    pub(super) layers: HashMap<Digest, usize, ByDigest>,
    /// The chain ids of each image's layers, bottom first.
    stacks: HashMap<Digest, Arc<[Digest]>, ByDigest>,
    pub(super) chains: Chains,
}

impl Usage {
    /// Looks through everything once.
    pub fn of<'c>(
        images: &Store,
        containers: impl Iterator<Item = &'c Container>,
        keepers: &[Keeper],
    ) -> Usage {
        let mut usage = Usage::default();
        for (name, id) in images.names() {
            usage.names.entry(*id).or_default().push(name.to_owned());
        }
        for names in usage.names.values_mut().filter(|names| names.len() > 1) {
            // As moby lists them (`reference/store.go`, `References`).
            names.sort_by_cached_key(|name| reference::whole(name));
        }
        for (name, id) in images.digests() {
            usage.digests.entry(*id).or_default().push(name.to_owned());
        }
        for image in images.images() {
            usage.stand_on(image);
            if let Some(parent) = image.parent {
                *usage.children.entry(parent).or_default() += 1;
            }
        }
        for container in containers {
            usage.stand_on(&container.image);
            usage.containers.entry(container.image.id).or_default().push(User {
                id: container.id.clone(),
                name: container.name.clone(),
                running: container.running,
            });
        }
        for keeper in keepers {
            *usage.layers.entry(keeper.chain).or_default() += 1;
        }
        usage
    }

    fn stand_on(&mut self, image: &Image) {
        for chain in self.chains_of(image).iter() {
            *self.layers.entry(*chain).or_default() += 1;
        }
    }

    /// The names of an image, sorted.
    pub fn names_of(&self, id: &Digest) -> &[String] {
        self.names.get(id).map_or(&[], Vec::as_slice)
    }

    /// The names with the digest of a manifest.
    pub fn digests_of(&self, id: &Digest) -> &[String] {
        self.digests.get(id).map_or(&[], Vec::as_slice)
    }

    /// Were other images built on this one?
    pub fn has_children(&self, id: &Digest) -> bool {
        self.children.get(id).is_some_and(|children| *children > 0)
    }

    /// The chain id of each layer of an image, bottom first.
    pub fn chains_of(&mut self, image: &Image) -> Arc<[Digest]> {
        if let Some(known) = self.stacks.get(&image.id) {
            return known.clone();
        }
        let chains: Arc<[Digest]> = self.chains.of(&image.layers).into();
        self.stacks.insert(image.id, chains.clone());
        chains
    }

    /// Does an image or container stand on this layer?
    pub fn is_used(&self, chain: &Digest) -> bool {
        self.layers.get(chain).is_some_and(|users| *users > 0)
    }

    /// One thing less stands on each of these layers. Those that nothing stands on any more, topmost first.
    pub(super) fn let_go<'l>(&mut self, image: &'l Image) -> Vec<(Digest, &'l ImageLayer)> {
        let chains = self.chains_of(image);
        let mut freed = Vec::new();
        for (chain, layer) in chains.iter().zip(&image.layers).rev() {
            if let Some(users) = self.layers.get_mut(chain) {
                *users = users.saturating_sub(1);
                if *users == 0 {
                    self.layers.remove(chain);
                    freed.push((*chain, layer));
                }
            }
        }
        freed
    }

    /// Is this an image without a name that others were built on?
    pub fn is_step(&self, id: &Digest) -> bool {
        self.names_of(id).is_empty() && self.digests_of(id).is_empty() && self.has_children(id)
    }
}

/// Who uses each of these layers, given topmost first.
pub fn held<'c>(
    wanted: &[(Digest, ImageLayer)],
    images: &Store,
    containers: impl Iterator<Item = &'c Container>,
    keepers: &[Keeper],
) -> Vec<HeldLayer> {
    let chosen: HashSet<Digest> = wanted.iter().map(|(chain, _)| *chain).collect();
    let mut holders: HashMap<Digest, (Vec<LayerHolder>, usize)> = HashMap::new();
    let mut hold = |chain: Digest, holder: &dyn Fn() -> LayerHolder| {
        let (told, more) = holders.entry(chain).or_default();
        if told.len() < MOST_HOLDERS { told.push(holder()) } else { *more += 1 }
    };
    let usage = Usage::of(images, std::iter::empty(), &[]);
    let mut chains = Chains::default();
    // Images that somebody named come first: these are what a person can act on.
    let mut order: Vec<&Arc<Image>> = images.images().collect();
    order.sort_by_key(|image| usage.names_of(&image.id).is_empty());
    for image in order {
        for chain in chains.of(&image.layers).into_iter().filter(|chain| chosen.contains(chain)) {
            hold(chain, &|| LayerHolder::Image {
                id: image.id.short(12),
                names: usage.names_of(&image.id).to_vec(),
                step: usage.is_step(&image.id),
            });
        }
    }
    for container in containers {
        let own = chains.of(&container.image.layers);
        for chain in own.into_iter().filter(|chain| chosen.contains(chain)) {
            let holder =
                || LayerHolder::Container { name: container.name.clone(), running: container.running };
            hold(chain, &holder);
        }
    }
    for keeper in keepers.iter().filter(|keeper| chosen.contains(&keeper.chain)) {
        hold(keeper.chain, &|| keeper.holder.clone());
    }
    let told = |(chain, layer): &(Digest, ImageLayer)| {
        let (holders, more) = holders.get(chain).cloned().unwrap_or_default();
        HeldLayer {
            chain_id: chain.to_string(),
            diff_id: layer.diff_id.to_string(),
            label: layer.label.to_string(),
            bytes: layer.size,
            holders,
            more,
        }
    };
    wanted.iter().map(told).collect()
}

/// The layers of an image with their chain ids, topmost first.
pub fn stack(image: &Image) -> Vec<(Digest, ImageLayer)> {
    let chains = Chains::default().of(&image.layers);
    chains.into_iter().zip(image.layers.iter().cloned()).rev().collect()
}
