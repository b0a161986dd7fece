//! Looking a step up, and committing what it did as a new image.
//!
//! moby/moby `daemon/builder/dockerfile/internals.go` (`commit`, `probeCache`) and `imageprobe.go`.

use super::cache::Child;
use super::key::Key;
use super::legacy::{Commit, Legacy, On, State};
use super::legacy_from::Probed;
use super::legacy_key;
use super::plan::label;
use super::request::{Builder, Runs};
use super::step::{Failure, Status};
use crate::fs::Digest;
use crate::image::registry::Platform;
use crate::image::{History, HistoryJson, Image, ImageLayer};
use crate::trace::{Reason, Trace, Verdict};
use crate::union::Mount;
use std::sync::Arc;

/// Layers that an image may have (moby `layer/layer_store.go`, `maxLayerDepth`).
const MOST_LAYERS: usize = 125;

/// Bytes that a variable or label takes in an image and a key.
const HELD: u64 = 100;

/// A step that was not found: what it was looked up by.
struct Missed {
    key: Arc<Key>,
    digest: Digest,
}

/// What a step left: files, if it works on them, and simulated seconds.
type Left = (Option<Mount>, Option<f64>);

impl Legacy<'_> {
    /// Asks the cache; on a miss makes the change and commits it as a new image.
    pub(super) fn commit(
        &mut self,
        state: &mut State,
        mut commit: Commit,
        place: usize,
        t: &mut Trace,
        make: impl FnOnce(&mut Self, &State, &mut Trace) -> Result<Left, Failure>,
    ) -> Result<(), Failure> {
        let Some(missed) = self.look_up(state, &mut commit, place) else { return Ok(()) };
        let only_thought_of = self.is_only_thought_of(state, &commit);
        // A COPY needs no container; whatever else does is refused a volume where a file is.
        if commit.files.is_none() && !only_thought_of {
            self.volumes_are_free(state, &commit.config, t)?;
        }
        let (mount, seconds) = if only_thought_of { (None, None) } else { make(self, state, t)? };
        let image = self.image_of(state, commit, mount, place, only_thought_of)?;
        self.keep(state, missed, image, seconds, place, t)
    }

    /// Looks a step up. None: it was found, and the stage goes on with what it made then.
    fn look_up(&mut self, state: &mut State, commit: &mut Commit, place: usize) -> Option<Missed> {
        let parent = state.image.as_ref().map(|image| image.id.hex()).unwrap_or_default();
        let looked_up = !self.request.no_cache && state.busted.is_none();
        let on = state.on.take();
        let platform = &self.request.platform;
        let digest = looked_up.then(|| legacy_key::digest(&parent, commit, platform));
        let hit = digest.and_then(|digest| self.cache.chain.get(&digest).cloned());
        // An equal digest is an equal key: what is found brings its own.
        let key = match &hit {
            Some(child) => child.key.clone(),
            None => Arc::new(legacy_key::key(parent, commit, platform)),
        };
        let digest = digest.unwrap_or_else(|| key.digest());
        let mut elsewhere = None;
        if looked_up && self.request.runs == Runs::Foreseen {
            if self.foresee(state, &key, commit.unseen, hit.as_ref(), place) {
                return None;
            }
        } else if looked_up {
            match self.probe_images(state, commit, hit) {
                Probed::Local(child) => {
                    self.images.share(child.image.clone());
                    self.found(place, &key, &child);
                    // Cmd, and a RUN's Entrypoint, are all that equal keys on one parent may differ in.
                    let (mut config, made) = (std::mem::take(&mut commit.config), &child.image.config);
                    config.cmd.clone_from(&made.cmd);
                    config.entrypoint.clone_from(&made.entrypoint);
                    state.config = config;
                    state.image = Some(child.image);
                    return None;
                }
                Probed::History(name, image) => {
                    self.images.share(image.clone());
                    self.found_in(place, key, &name, &image);
                    state.written = HistoryJson::default();
                    (state.config, state.image) = (image.config.clone(), Some(image));
                    return None;
                }
                Probed::Nothing(why) => elsewhere = why,
            }
        }
        let missed = Missed { key, digest };
        self.tell_missed(state, &missed, (looked_up, elsewhere, on.as_ref()), place);
        Some(missed)
    }

    /// Says why a step was not found: whether it was looked up, why a result that is here doesn't count, and
    /// what the stage begins with.
    fn tell_missed(
        &mut self,
        state: &mut State,
        missed: &Missed,
        (looked_up, elsewhere, on): (bool, Option<String>, Option<&On>),
        place: usize,
    ) {
        let earlier = legacy_key::nearest(self.cache, &missed.key);
        let based = || earlier.as_ref().is_some_and(|child| !self.cache.chain.made(&child.key.parent));
        let verdict = match (elsewhere, self.cache.was_pruned(&missed.digest.hex())) {
            (Some(words), _) => Verdict::Miss { reason: Reason::Other { words } },
            (None, Some(what)) if looked_up => {
                Verdict::Miss { reason: Reason::Pruned { what: what.to_owned() } }
            }
            _ => {
                let no_cache = self.request.no_cache;
                legacy_key::missed(&missed.key, earlier.as_ref(), no_cache, state.busted, on, based)
            }
        };
        let Some(step) = self.player.steps.get_mut(place) else { return };
        step.verdict = verdict;
        step.status = Status::Done;
        step.key = Some(missed.key.clone());
        step.earlier = earlier.map(|child| child.key);
        state.busted.get_or_insert(step.number);
    }

    /// The image that a step makes of the one before and of what it left.
    fn image_of(
        &mut self,
        state: &mut State,
        commit: Commit,
        mount: Option<Mount>,
        place: usize,
        only_thought_of: bool,
    ) -> Result<Arc<Image>, Failure> {
        let now = self.cache.tick();
        let keep_times = commit.files.is_some();
        let instruction = self.player.steps.get(place).map_or("", |step| step.instruction.as_str());
        let layer = mount
            .filter(|mount| !mount.changes().is_bare())
            .map(|mount| super::rootfs::seal(&mount, Builder::Legacy, &label(instruction), now, keep_times));
        let depth = state.image.as_ref().map_or(0, |image| image.layers.len());
        if layer.is_some() && depth >= MOST_LAYERS {
            let mut failure = Failure::new("max depth exceeded", 1);
            failure.plain = Some(format!("an image can have no more than {MOST_LAYERS} layers"));
            failure.hint = Some("join steps: RUN one && two is one layer".to_owned());
            return Err(failure);
        }
        let (below, made) = (state.image.as_ref().map(|image| image.id), layer.is_some());
        let image = Arc::new(child(state, commit, layer, now, &self.request.platform));
        if only_thought_of {
            Arc::make_mut(&mut self.cache.unseen).insert(image.id);
        } else if keep_times {
            self.exported(below, made, &image)?;
        }
        Ok(image)
    }

    /// Keeps a new image for later builds; the stage goes on with it.
    fn keep(
        &mut self,
        state: &mut State,
        missed: Missed,
        image: Arc<Image>,
        seconds: Option<f64>,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        // Each image keeps its config, and each step a key with all of it.
        let config = &image.config;
        let held = config.env.len() + config.labels.len() + config.on_build.len();
        if !t.fuel.spend_bytes(held as u64 * HELD) || !t.fuel.spend(image.history.len() as u64) {
            return Err(Failure::new("the lab's limit was reached", 1));
        }
        self.images.share(image.clone());
        let mut not_modelled = false;
        if let Some(step) = self.player.steps.get_mut(place) {
            step.layer = last_layer(&image);
            step.seconds = seconds;
            step.image = Some(image.id);
            not_modelled = !step.modelled;
        }
        let Missed { key, digest } = missed;
        let build = self.cache.builds;
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
            step.layer = last_layer(&child.image);
            step.seconds = child.seconds;
            step.modelled = !child.not_modelled;
            step.image = Some(child.image.id);
        }
    }
}

/// The layer that the last step of an image made, if it made one.
fn last_layer(image: &Image) -> Option<ImageLayer> {
    let made = image.history.last().is_some_and(|entry| !entry.empty_layer);
    if made { image.layers.last().cloned() } else { None }
}

/// The image after an instruction: the one before with this config, one more history entry and perhaps
/// one more layer (moby `daemon/internal/image/image.go`, `NewChildImage`).
fn child(
    state: &mut State,
    commit: Commit,
    layer: Option<ImageLayer>,
    now: i64,
    platform: &Platform,
) -> Image {
    let Commit { config, text, .. } = commit;
    let mut image = match state.image.as_deref() {
        None => Image { config, ..Image::default() },
        Some(below) => Image {
            id: below.id,
            config,
            history: below.history.clone(),
            layers: below.layers.clone(),
            architecture: below.architecture.clone(),
            os: below.os.clone(),
            parent: Some(below.id),
            placeholder: below.placeholder,
            ..Image::default()
        },
    };
    image.author.clone_from(&state.author);
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
