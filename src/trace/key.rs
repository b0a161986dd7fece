//! Cache keys with their ingredients, and what a builder decided.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One ingredient of a cache key. The text is what a person sees in the first column of `explain`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Part(pub String);

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A cache key: the ingredients stay beside each other in the order they are hashed, so the reason
/// for a MISS is the difference between two keys and `explain` can be recomputed from its print.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheKey {
    /// Key (BuildKit) or image id (legacy) of the step this one builds on; empty for none.
    pub parent: String,
    /// Ingredient → digest or text.
    pub parts: IndexMap<Part, String>,
}

impl CacheKey {
    /// A key on `parent` without ingredients yet.
    pub fn on(parent: impl Into<String>) -> CacheKey {
        CacheKey { parent: parent.into(), parts: IndexMap::new() }
    }

    /// Adds an ingredient.
    #[must_use]
    pub fn with(mut self, part: impl Into<String>, value: impl Into<String>) -> CacheKey {
        self.parts.insert(Part(part.into()), value.into());
        self
    }
}

/// Why a step was executed. Each is a row of the decision table; the words are made by a renderer
/// from [`Reason::words`] only, so screen and JSON always agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Reason {
    /// Nothing like it was ever built here.
    FirstBuild,
    /// The parent step was rebuilt.
    ParentRebuilt {
        /// Its number in the file.
        step: usize,
    },
    /// The parent step is another one than before (inserted, removed or swapped lines).
    ParentDiffers,
    /// The instruction's own text or parameters changed.
    StepChanged {
        /// Which ingredient, in words: "command", "environment APP", "user".
        part: String,
        /// Before.
        old: String,
        /// Now.
        new: String,
    },
    /// A file that the step copies changed.
    FileChanged {
        /// Path in the context or source stage.
        path: String,
        /// What about it: "content", "mode", "type", "name".
        what: String,
        /// Before: short digest or mode.
        old: String,
        /// Now.
        new: String,
    },
    /// A file appeared among those the step copies.
    FileAdded {
        /// Path in the context or source stage.
        path: String,
    },
    /// A file vanished from those the step copies.
    FileRemoved {
        /// Path in the context or source stage.
        path: String,
    },
    /// The base image is another one.
    BaseChanged {
        /// Its name.
        image: String,
    },
    /// The cache was switched off for this step.
    NoCache,
    /// The builder never keeps a result for such a step.
    NeverCached,
    /// It was built before, and what the cache would have answered with was removed since.
    Pruned {
        /// What: "cache record" (BuildKit), "image" (legacy: its images are its cache).
        what: String,
    },
    /// An imported cache knows the step, but its result did not travel (`mode=min`).
    NotExported {
        /// Where the cache came from.
        from: String,
    },
    /// Anything else, in words.
    Other {
        /// The words.
        words: String,
    },
}

impl Reason {
    /// The reason in words, without a full stop.
    pub fn words(&self) -> String {
        match self {
            Reason::FirstBuild => "never built here before".to_owned(),
            Reason::ParentRebuilt { step } => format!("its parent, step {step}, was rebuilt"),
            Reason::ParentDiffers => "it stands on another parent step than before".to_owned(),
            Reason::StepChanged { part, old, new } => match (old.is_empty(), new.is_empty()) {
                (true, false) => format!("{part} added: {new}"),
                (false, true) => format!("{part} removed, was {old}"),
                _ => format!("{part} changed, {old} → {new}"),
            },
            Reason::FileChanged { path, what, old, new } if what == "content" => {
                format!("{path} changed, {old} → {new}")
            }
            Reason::FileChanged { path, what, old, new } => {
                format!("{what} of {path} changed, {old} → {new}")
            }
            Reason::FileAdded { path } => format!("{path} was added"),
            Reason::FileRemoved { path } => format!("{path} was removed"),
            Reason::BaseChanged { image } => format!("{image} now names another image"),
            Reason::NoCache => "the cache was switched off".to_owned(),
            Reason::Pruned { what } => format!("built before, but its {what} was removed since"),
            Reason::NeverCached => "such a step is never cached".to_owned(),
            Reason::NotExported { from } => {
                format!("{from} has its key, not its result: only the final image's travel with mode=min")
            }
            Reason::Other { words } => words.clone(),
        }
    }
}

/// What the builder decided for one instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// FROM an image that is already here.
    Base,
    /// The result was found in the cache.
    Hit {
        /// Why it was found, in words.
        reason: String,
    },
    /// The step was executed.
    Miss {
        /// Why.
        reason: Reason,
    },
    /// What-if only (see `whatif`): the cache answers by the files that another step makes, and that one would run
    /// first.
    Maybe {
        /// Its number in the file; 0 where the files are those of an earlier build or of an image, and nobody here has
        /// seen them.
        step: usize,
    },
    /// Changes the image's config only: no layer, no look-up (BuildKit).
    Meta,
    /// The builder did not ask the cache, or never came here.
    NotLookedUp {
        /// Why not, in words.
        reason: String,
    },
}

impl Verdict {
    /// The word on the screen, in JSON and in scripts.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Base => "BASE",
            Verdict::Hit { .. } => "HIT",
            Verdict::Miss { .. } => "MISS",
            Verdict::Maybe { .. } => "MAYBE",
            Verdict::Meta => "META",
            Verdict::NotLookedUp { .. } => "NOT_LOOKED_UP",
        }
    }

    /// The reason in words.
    pub fn reason(&self) -> String {
        match self {
            Verdict::Base => "already local".to_owned(),
            Verdict::Hit { reason } | Verdict::NotLookedUp { reason } => reason.clone(),
            Verdict::Miss { reason } => reason.words(),
            Verdict::Maybe { step: 0 } => "depends on files that nobody here has seen".to_owned(),
            Verdict::Maybe { step } => format!("depends on what step {step} makes"),
            Verdict::Meta => "config only, no layer".to_owned(),
        }
    }
}
