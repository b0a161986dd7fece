//! The legacy builder's side of a what-if: see [`super::foresee`].
//!
//! There is one way through the file, and the image so far is the parent of every look-up. A COPY of files
//! that nobody knows hits if they are those of an earlier build; from there on the image so far is one of
//! those that wait, or a new one. What isn't found on any of them misses for certain; what is found is in
//! doubt.

use super::cache::Child;
use super::key::{FileEntry, Files, Key, UNKNOWN};
use super::legacy::{Commit, Legacy, State};
use super::request::Runs;
use super::step::Status;
use crate::fs::Digest;
use crate::image::Image;
use crate::trace::Verdict;
use std::sync::Arc;

impl Legacy<'_> {
    /// Is this instruction not executed? RUN never is, nor what works on files that nobody knows.
    pub(super) fn is_only_thought_of(&self, state: &State, commit: &Commit) -> bool {
        self.request.runs != Runs::Executed
            && (commit.run
                || commit.unseen.is_some()
                || commit.step.starts_with("ADD ")
                || state.image.as_ref().is_some_and(|image| self.is_unseen(image)))
    }

    fn is_unseen(&self, image: &Image) -> bool {
        image.placeholder || self.cache.unseen.contains(&image.id)
    }

    /// What a COPY takes from a stage or image whose files nobody knows: the step that decides over them,
    /// and what stands for them. None where they are known.
    pub(super) fn in_the_dark(&mut self, from: &str, wanted: &str) -> Option<(usize, Arc<Files>)> {
        if self.request.runs == Runs::Executed {
            return None;
        }
        let stage =
            match from.parse::<usize>() {
                Ok(index) => Some((index, self.stages.get(index)?)),
                Err(_) => self.stages.iter().enumerate().rfind(|(_, stage)| {
                    stage.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(from))
                }),
            };
        let (image, step, doubted) = match stage {
            Some((number, stage)) => {
                let image = stage.image.clone()?;
                let decider = stage.doubt.step.or(self.last_run(number));
                (image, decider.unwrap_or_default(), stage.doubt.step.is_some())
            }
            None => (self.image(from).ok()?, 0, false),
        };
        if !doubted && !self.is_unseen(&image) {
            return None;
        }
        let made_by = Digest::of(format!("{doubted} {}", image.id.hex())).hex();
        let value = format!("{UNKNOWN} - - {made_by}");
        let entry = FileEntry { name: wanted.to_owned(), shown: wanted.to_owned(), value };
        Some((step, Arc::new(Files::new(vec![entry]))))
    }

    /// The number of the last RUN of a stage that would be executed, else of the last RUN.
    fn last_run(&self, stage: usize) -> Option<usize> {
        let is_run = |step: &&super::step::Step| {
            let word = step.instruction.get(..3).unwrap_or("");
            step.stage == Some(stage) && ["RUN", "ADD"].iter().any(|run| word.eq_ignore_ascii_case(run))
        };
        let mut runs = self.player.steps.iter().filter(is_run);
        let executed = self.player.steps.iter().rfind(|step| is_run(step) && step.status == Status::Done);
        executed.or_else(|| runs.next_back()).map(|step| step.number)
    }

    /// Looks a step up on every image that the one so far may be. True: it was found, or may be.
    pub(super) fn foresee(
        &mut self,
        state: &mut State,
        key: &Arc<Key>,
        unseen: Option<usize>,
        hit: Option<&Child>,
        place: usize,
    ) -> bool {
        let mut found: Vec<Child> = hit.into_iter().cloned().collect();
        for other in &state.doubt.others {
            let on = Key { parent: other.id.hex(), ..(**key).clone() };
            found.extend(self.cache.chain.get(&on.digest()).cloned());
        }
        let mut step = state.doubt.step;
        let certain = unseen.is_none() || (step.is_none() && hit.is_some());
        if !certain {
            let others = state.doubt.others.iter().map(|image| image.id.hex());
            let parents: Vec<String> = std::iter::once(key.parent.clone()).chain(others).collect();
            let waits = |child: &&Child| {
                parents.contains(&child.key.parent)
                    && child.key.parts == key.parts
                    && child.key.files.is_some()
            };
            found = self.cache.chain.list.iter().rev().filter(waits).cloned().collect();
            step = step.or(unseen);
        } else if found.is_empty() && key.files.is_some() {
            // An earlier build took files that nobody saw: they may be these.
            let others = state.doubt.others.iter().map(|image| image.id.hex());
            let parents: Vec<String> = std::iter::once(key.parent.clone()).chain(others).collect();
            let unseen = |child: &&Child| {
                parents.contains(&child.key.parent)
                    && child.key.parts == key.parts
                    && child.key.files.as_ref().is_some_and(|files| files.has_unknown())
            };
            found = self.cache.chain.list.iter().rev().filter(unseen).cloned().collect();
            step = step.or(Some(0)).filter(|_| !found.is_empty());
        }
        let Some((first, others)) = found.split_first() else {
            state.doubt = super::legacy::Doubt::default();
            return false;
        };
        self.found(place, key, first);
        if let Some(step) = step
            && let Some(shown) = self.player.steps.get_mut(place)
        {
            shown.verdict = Verdict::Maybe { step };
            shown.status = Status::NotRun;
        }
        state.doubt.step = step;
        state.doubt.others = others.iter().map(|child| child.image.clone()).collect();
        (state.config, state.image) = (first.image.config.clone(), Some(first.image.clone()));
        // It may stand on another image than the one before.
        state.written = crate::image::HistoryJson::default();
        self.images.share(first.image.clone());
        true
    }
}
