//! `--cache-from` with the legacy builder: a result counts only as part of one of the named images (moby
//! `daemon/internal/image/cache/cache.go`, `ImageCache.GetCache`).

use super::cache::Child;
use super::key::Key;
use super::legacy::{Commit, Legacy, State};
use crate::fs::Digest;
use crate::image::Image;
use std::sync::Arc;

/// An image that `--cache-from` names, and its name.
pub(crate) type Ancestor = (String, Arc<Image>);

/// What was found of a step.
pub(super) enum Probed {
    /// A local result, as without `--cache-from`.
    Local(Child),
    /// A step in the history of this image.
    History(String, Arc<Image>),
    /// Nothing, and why, if a local result was there.
    Nothing(Option<String>),
}

impl Legacy<'_> {
    /// What answers to a step when only parts of the named images count.
    pub(super) fn probe_images(&mut self, state: &State, commit: &Commit, local: Option<Child>) -> Probed {
        let Some(sources) = self.ancestors.clone() else {
            return local.map_or(Probed::Nothing(None), Probed::Local);
        };
        if let Some(child) = &local
            && sources.iter().any(|(_, source)| self.is_below(&child.image.id, source))
        {
            return Probed::Local(child.clone());
        }
        let parent = state.image.as_deref();
        let done = parent.map_or(0, |parent| parent.history.len());
        for (name, source) in &sources {
            let next = source.history.get(done).filter(|next| next.created_by == commit.text);
            let (Some(next), true) = (next, begins_with(source, parent)) else { continue };
            if source.history.len() == done + 1 {
                return Probed::History(name.clone(), source.clone());
            }
            let mut image = parent.cloned().unwrap_or_default();
            image.parent = parent.map(|parent| parent.id);
            image.inline_cache = None;
            image.config.clone_from(&commit.config);
            image.created = next.created;
            image.history.push_back_mut(next.clone());
            if !next.empty_layer {
                image.layers.extend(source.layers.get(image.layers.len()).cloned());
            }
            // From now on only this one counts.
            self.ancestors = Some(vec![(name.clone(), source.clone())]);
            return Probed::History(name.clone(), Arc::new(image.sealed()));
        }
        let names: Vec<&str> = sources.iter().map(|(name, _)| name.as_str()).collect();
        Probed::Nothing(local.map(|_| match names.as_slice() {
            [] => "it is here, but --cache-from names no image that is here".to_owned(),
            names => format!("it is here, but it is no part of {} (--cache-from)", names.join(", ")),
        }))
    }

    /// Was the image built on this one?
    fn is_below(&self, id: &Digest, image: &Image) -> bool {
        let mut at = image.parent;
        while let Some(parent) = at {
            if parent == *id {
                return true;
            }
            at = self.images.by_id(&parent).and_then(|image| image.parent);
        }
        false
    }

    /// A step found in the history of an image.
    pub(super) fn found_in(&mut self, place: usize, key: Arc<Key>, name: &str, image: &Arc<Image>) {
        if let Some(step) = self.player.steps.get_mut(place) {
            let reason = format!("the history of {name} goes on with this step");
            step.verdict = crate::trace::Verdict::Hit { reason };
            step.status = super::step::Status::Cached;
            step.using_cache = 1;
            step.key = Some(key);
            let made = image.history.last().is_some_and(|entry| !entry.empty_layer);
            step.layer = if made { image.layers.last().cloned() } else { None };
            step.image = Some(image.id);
        }
    }
}

/// Does an image begin with all of another's history and layers, and go on?
fn begins_with(image: &Image, parent: Option<&Image>) -> bool {
    let Some(parent) = parent else { return !image.history.is_empty() };
    parent.history.len() < image.history.len()
        && parent.layers.len() <= image.layers.len()
        && parent.history.iter().zip(&image.history).all(|(a, b)| a == b)
        && parent.layers.iter().zip(&image.layers).all(|(a, b)| a.diff_id == b.diff_id)
}
