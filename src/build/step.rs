//! What a build did: its steps and its end.

use super::key::Key;
use super::request::{Builder, Request};
use crate::error::Span;
use crate::fs::Digest;
use crate::image::{Image, ImageLayer};
use crate::trace::{CacheKey, Stream, Verdict};
use std::sync::Arc;

/// What became of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Executed.
    Done,
    /// Found in the cache.
    Cached,
    /// No step of its own: FROM, and BuildKit's config instructions.
    Metadata,
    /// Executed, and failed.
    Error,
    /// BuildKit never came to it: its stage was not needed, or the build ended before.
    NotShown,
    /// The legacy builder did not come to it.
    NotRun,
}

impl Status {
    /// "done", "cached", "metadata", "error", "not_shown", "not_run".
    pub fn word(self) -> &'static str {
        match self {
            Status::Done => "done",
            Status::Cached => "cached",
            Status::Metadata => "metadata",
            Status::Error => "error",
            Status::NotShown => "not_shown",
            Status::NotRun => "not_run",
        }
    }
}

/// One instruction of a build.
#[derive(Clone, Debug)]
pub struct Step {
    /// Counts instructions from 1 over the file; an ONBUILD trigger has its FROM's number.
    pub number: usize,
    /// `[2/4]` or `[builder 2/4]`, where BuildKit shows one.
    pub label: String,
    /// Stage, counted from 0; none before the first FROM.
    pub stage: Option<usize>,
    /// The stage's name after AS, as written.
    pub stage_name: Option<String>,
    /// The logical line.
    pub instruction: String,
    /// What the builder prints: BuildKit puts variables' values in.
    pub printed: String,
    /// What became of it.
    pub status: Status,
    /// What the builder decided, and why.
    pub verdict: Verdict,
    /// The cache key; none where nothing is looked up.
    pub key: Option<Arc<Key>>,
    /// The nearest earlier key of the same step, which the reason compares with.
    pub earlier: Option<Arc<Key>>,
    /// The layer it made or found.
    pub layer: Option<ImageLayer>,
    /// What its programs printed.
    pub output: Vec<(Stream, String)>,
    /// Simulated seconds of its programs; none where nothing is modelled.
    pub seconds: Option<f64>,
    /// Is all that it executed modelled?
    pub modelled: bool,
    /// An ONBUILD trigger of the base image.
    pub trigger: bool,
    /// Legacy: how often `Using cache` was printed for it.
    pub using_cache: usize,
    /// Legacy: the image after it.
    pub image: Option<Digest>,
}

impl Step {
    /// The cache key with its ingredients; none where nothing is looked up.
    pub fn cache_key(&self) -> Option<CacheKey> {
        self.key.as_ref().map(|key| key.flat())
    }

    /// The nearest earlier key of the same step, which the reason compares with.
    pub fn earlier_key(&self) -> Option<CacheKey> {
        self.earlier.as_ref().map(|key| key.flat())
    }

    /// The paths of the files that it copies, as people know them; none for a step that copies nothing, or
    /// files that nobody knows.
    pub fn copied_paths(&self) -> impl Iterator<Item = &str> {
        let files = self.key.as_ref().and_then(|key| key.files.as_ref());
        let entries = files.into_iter().flat_map(|files| files.entries.iter());
        entries
            .filter(|entry| !entry.value.starts_with(super::key::UNKNOWN))
            .map(|entry| entry.shown.as_str())
    }

    /// Did the cache have it? None where no decision was shown.
    pub fn cached(&self) -> Option<bool> {
        match self.status {
            Status::Cached => Some(true),
            Status::Done => Some(false),
            Status::Error => (!matches!(self.verdict, Verdict::Base)).then_some(false),
            Status::Metadata | Status::NotShown | Status::NotRun => None,
        }
    }
}

/// How a build failed. A result: what was built before stays in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The builder's own message.
    pub message: String,
    /// Exit status of `docker build`.
    pub exit: i32,
    /// The same in the lab's plain words.
    pub plain: Option<String>,
    /// Where in the Dockerfile.
    pub span: Option<Box<Span>>,
    /// The next word to type.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure without a place.
    pub fn new(message: impl Into<String>, exit: i32) -> Failure {
        Failure { message: message.into(), exit, plain: None, span: None, hint: None }
    }
}

/// A build that has ended.
#[derive(Clone, Debug)]
pub struct Build {
    /// Which builder.
    pub builder: Builder,
    /// Every instruction of the file in order, ONBUILD triggers after their FROM.
    pub steps: Vec<Step>,
    /// The image's id, or how the build failed.
    pub result: Result<Digest, Failure>,
    /// The image.
    pub image: Option<Arc<Image>>,
    /// The names it got.
    pub tags: Vec<String>,
    /// Warnings the builder prints.
    pub warnings: Vec<String>,
    /// BuildKit: the results, and whether each is part of the image.
    pub(super) results: Vec<(String, bool)>,
    /// BuildKit: layers that came with an imported cache: where from, and their chain ids.
    pub fetched: Vec<(String, ImageLayer, Digest)>,
}

impl Build {
    /// A build that failed before its first step.
    pub fn failed(request: &Request, failure: Failure) -> Build {
        Build {
            builder: request.builder,
            steps: Vec::new(),
            result: Err(failure),
            image: None,
            tags: Vec::new(),
            warnings: Vec::new(),
            results: Vec::new(),
            fetched: Vec::new(),
        }
    }

    /// Steps found in the cache.
    pub fn hits(&self) -> usize {
        self.steps.iter().filter(|step| step.cached() == Some(true)).count()
    }

    /// Steps executed.
    pub fn misses(&self) -> usize {
        self.steps.iter().filter(|step| step.cached() == Some(false)).count()
    }

    /// Steps of which something is not modelled.
    pub fn not_modelled(&self) -> usize {
        self.steps.iter().filter(|step| !step.modelled).count()
    }

    /// Simulated seconds of the steps that were executed.
    pub fn seconds(&self) -> f64 {
        let executed = self.steps.iter().filter(|step| step.cached() == Some(false));
        // An empty sum of floats is -0.
        executed.filter_map(|step| step.seconds).fold(0.0, |sum, seconds| sum + seconds)
    }

    /// Simulated seconds of the executed steps that some earlier build had executed before: work repeated.
    pub fn repeated_seconds(&self) -> f64 {
        let again = |step: &&Step| step.cached() == Some(false) && step.earlier.is_some();
        self.steps
            .iter()
            .filter(again)
            .filter_map(|step| step.seconds)
            .fold(0.0, |sum, seconds| sum + seconds)
    }
}
