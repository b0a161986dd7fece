//! Looking a step up, and committing what it did as a new image.
//!
//! moby/moby `daemon/builder/dockerfile/internals.go` (`commit`, `probeCache`) and `imageprobe.go`.

use super::cache::Child;
use super::key::Key;
use super::legacy::{Commit, Legacy, State};
use super::legacy_from::Probed;
use super::legacy_key;
use super::plan::label;
use super::request::{Builder, Runs};
use super::step::{Failure, Status};
use crate::fs::Digest;
use crate::image::registry::Platform;
use crate::image::{Config, History, HistoryJson, Image};
use crate::trace::{Reason, Trace, Verdict};
use crate::union::Mount;
use std::sync::Arc;

/// Layers that an image may have (moby `layer/layer_store.go`, `maxLayerDepth`).
const MOST_LAYERS: usize = 125;

/// Bytes that a variable or label takes in an image and a key.
const HELD: u64 = 100;

impl Legacy<'_> {
    /// Asks the cache; on a miss makes the change and commits it as a new image.
    pub(super) fn commit(
        &mut self,
        state: &mut State,
        config: Config,
        commit: Commit,
        place: usize,
        t: &mut Trace,
        make: impl FnOnce(&mut Self, &State, &mut Trace) -> Result<(Option<Mount>, Option<f64>), Failure>,
    ) -> Result<(), Failure> {
        let parent = state.image.as_ref().map(|image| image.id.hex()).unwrap_or_default();
        let mut key = legacy_key::key(parent, &commit.probe);
        if self.request.platform != Platform::default() {
            key.part("platform", self.request.platform.to_string());
        }
        let key = Arc::new(key);
        let digest = key.digest();
        let number = self.player.steps.get(place).map_or(0, |step| step.number);
        let looked_up = !self.request.no_cache && state.busted.is_none();
        let on = state.on.take();
        let hit = looked_up.then(|| self.cache.chain.get(&digest).cloned()).flatten();
        if self.request.runs == Runs::Foreseen
            && looked_up
            && self.foresee(state, &key, commit.unseen, hit.as_ref(), place)
        {
            return Ok(());
        }
        let mut elsewhere = None;
        if looked_up && self.request.runs != Runs::Foreseen {
            match self.probe_images(state, &config, &commit, hit) {
                Probed::Local(child) => {
                    self.images.share(child.image.clone());
                    self.found(place, &key, &child);
                    (state.config, state.image) = (child.image.config.clone(), Some(child.image));
                    return Ok(());
                }
                Probed::History(name, image) => {
                    self.images.share(image.clone());
                    self.found_in(place, key, &name, &image);
                    state.written = HistoryJson::default();
                    (state.config, state.image) = (image.config.clone(), Some(image));
                    return Ok(());
                }
                Probed::Nothing(why) => elsewhere = why,
            }
        }
        let earlier = legacy_key::nearest(self.cache, &key);
        let based = earlier.as_ref().is_some_and(|child| !self.cache.chain.made(&child.key.parent));
        let verdict = match (elsewhere, self.cache.was_pruned(&digest.hex())) {
            (Some(words), _) => Verdict::Miss { reason: Reason::Other { words } },
            (None, Some(what)) if looked_up => {
                Verdict::Miss { reason: Reason::Pruned { what: what.to_owned() } }
            }
            _ => legacy_key::missed(
                &key,
                earlier.as_ref(),
                self.request.no_cache,
                state.busted,
                on.as_ref(),
                based,
            ),
        };
        if let Some(step) = self.player.steps.get_mut(place) {
            step.verdict = verdict;
            step.status = Status::Done;
            step.key = Some(key.clone());
            step.earlier = earlier.map(|child| child.key);
        }
        state.busted.get_or_insert(number);
        let only_thought_of = self.is_only_thought_of(state, &commit);
        // A COPY needs no container; whatever else does is refused a volume where a file is.
        if commit.probe.files.is_none() && !only_thought_of {
            let config = if commit.probe.run { &state.config } else { &config };
            self.volumes_are_free(state, config, t)?;
        }
        let (mount, seconds) = if only_thought_of { (None, None) } else { make(self, state, t)? };
        let now = self.cache.tick();
        let keep_times = commit.probe.files.is_some();
        let instruction =
            self.player.steps.get(place).map(|step| step.instruction.clone()).unwrap_or_default();
        let layer = mount
            .filter(|mount| !mount.changes().is_bare())
            .map(|mount| super::rootfs::seal(&mount, Builder::Legacy, &label(&instruction), now, keep_times));
        let depth = state.image.as_ref().map_or(0, |image| image.layers.len());
        if layer.is_some() && depth >= MOST_LAYERS {
            let mut failure = Failure::new("max depth exceeded", 1);
            failure.plain = Some(format!("an image can have no more than {MOST_LAYERS} layers"));
            failure.hint = Some("join steps: RUN one && two is one layer".to_owned());
            return Err(failure);
        }
        let (below, made) = (state.image.as_ref().map(|image| image.id), layer.is_some());
        let image = child(state, config, commit.text, layer, now, &self.request.platform);
        let image = Arc::new(image);
        if only_thought_of {
            Arc::make_mut(&mut self.cache.unseen).insert(image.id);
        } else if keep_times {
            self.exported(below, made, &image)?;
        }
        // Each image keeps its config, and each step a key with all of it.
        let config = &image.config;
        let held = config.env.len() + config.labels.len() + config.on_build.len();
        if !t.fuel.spend_bytes(held as u64 * HELD) || !t.fuel.spend(image.history.len() as u64) {
            return Err(Failure::new("the lab's limit was reached", 1));
        }
        self.images.share(image.clone());
        if let Some(step) = self.player.steps.get_mut(place) {
            step.layer =
                image.layers.last().filter(|_| image.history.last().is_some_and(|h| !h.empty_layer)).cloned();
            step.seconds = seconds;
            step.image = Some(image.id);
        }
        let build = self.cache.builds;
        let not_modelled = self.player.steps.get(place).is_some_and(|step| !step.modelled);
        let kept = Child { key, digest, image: image.clone(), seconds, build, not_modelled };
        self.cache.is_back(&digest.hex());
        Arc::make_mut(&mut self.cache.chain).add(kept);
        (state.config, state.image) = (image.config.clone(), Some(image));
        Ok(())
    }

    /// A COPY that changed nothing leaves a layer that its image doesn't list; a COPY right after it stands on
    /// that layer and can't be exported (moby/moby issue 37965). A container between them starts from the image.
    fn exported(&mut self, below: Option<Digest>, made: bool, image: &Image) -> Result<(), Failure> {
        let lost = below.is_some_and(|below| self.unchanged.contains(&below));
        if lost && made {
            let layer = image.chain_id().map(|id| id.hex()).unwrap_or_default();
            let words = format!("failed to get layer sha256:{layer}: layer does not exist");
            return Err(Failure::new(format!("failed to export image: failed to create image: {words}"), 1));
        }
        if !made {
            self.unchanged.push(image.id);
        }
        Ok(())
    }

    pub(super) fn found(&mut self, place: usize, key: &Arc<Key>, child: &Child) {
        let reason = match child.build + 1 < self.cache.builds {
            true => format!("same key as in build {}", child.build),
            false => "same parent, same step".to_owned(),
        };
        if let Some(step) = self.player.steps.get_mut(place) {
            step.verdict = Verdict::Hit { reason };
            step.status = Status::Cached;
            step.using_cache = 1;
            step.key = Some(key.clone());
            step.earlier = Some(child.key.clone());
            let made = child.image.history.last().is_some_and(|entry| !entry.empty_layer);
            step.layer = if made { child.image.layers.last().cloned() } else { None };
            step.seconds = child.seconds;
            step.modelled = !child.not_modelled;
            step.image = Some(child.image.id);
        }
    }
}

/// The image after an instruction: the one before with this config, one more history entry and perhaps
/// one more layer (moby `daemon/internal/image/image.go`, `NewChildImage`).
fn child(
    state: &mut State,
    config: Config,
    text: String,
    layer: Option<crate::image::ImageLayer>,
    now: i64,
    platform: &Platform,
) -> Image {
    let mut image = state.image.as_deref().cloned().unwrap_or_default();
    image.inline_cache = None;
    image.parent = state.image.as_ref().map(|image| image.id);
    image.config = config;
    image.author = state.author.clone();
    image.created = now;
    if *platform != Platform::default() {
        (image.os, image.architecture) = (platform.os.as_str().into(), platform.architecture.as_str().into());
    }
    image.history.push_back_mut(History {
        created: now,
        author: state.author.clone(),
        created_by: text,
        comment: String::new(),
        empty_layer: layer.is_none(),
    });
    image.layers.extend(layer);
    image.sealed_after(&mut state.written)
}
