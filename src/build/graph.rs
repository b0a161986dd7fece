//! BuildKit's graph: what a Dockerfile is turned into before anything is run.

use super::fetch::Fetched;
use super::request::Request;
use crate::dockerfile::{Place, RunMount};
use crate::image::{Config, Image};
use indexmap::IndexMap;
use std::sync::Arc;

/// What a vertex can stand on or copy from. None means: nothing at all (`scratch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// An image, by its place in [`Graph::images`].
    Image(usize),
    /// A vertex, by its place in [`Graph::vertices`].
    Vertex(usize),
}

/// Where a COPY takes its files from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The build context.
    Context,
    /// A stage or an image; none for an empty one.
    Tree(Option<Node>),
}

/// RUN.
#[derive(Clone, Debug)]
pub(super) struct RunOp {
    /// The argument vector.
    pub argv: Vec<String>,
    /// Is it the shell's text (the last of `argv`), or an exec form?
    pub shell_form: bool,
    /// Environment in the order that is keyed.
    pub env: Arc<IndexMap<String, String>>,
    /// Working directory, clean.
    pub cwd: String,
    /// USER.
    pub user: String,
    /// `--mount`, with what it takes files from.
    pub mounts: Vec<(RunMount, Source)>,
    /// A script file mounted for the RUN: path and text.
    pub script: Option<(String, String)>,
}

/// COPY or ADD.
#[derive(Clone, Debug)]
pub(super) struct CopyOp {
    /// "COPY" or "ADD".
    pub word: &'static str,
    /// Where from.
    pub source: Source,
    /// Paths and wildcards, expanded.
    pub sources: Vec<String>,
    /// Where each stands in the file.
    pub places: Vec<Place>,
    /// Heredocs: name and text.
    pub contents: Vec<(String, String)>,
    /// Absolute; ends in `/` when a directory was asked for.
    pub destination: String,
    /// `--chown`.
    pub chown: Option<String>,
    /// `--chmod`.
    pub chmod: Option<String>,
    /// Archives are unpacked.
    pub unpack: bool,
    /// `--link`.
    pub link: bool,
    /// `--parents`.
    pub parents: bool,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// Addresses that ADD names.
    pub fetched: Vec<Fetched>,
    /// `--unpack`: fetched archives are unpacked too.
    pub unpack_fetched: bool,
}

/// What a vertex does.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Run(RunOp),
    Copy(CopyOp),
    /// WORKDIR: the directory, clean, and USER at that point.
    Workdir {
        path: String,
        user: String,
    },
}

/// A vertex.
#[derive(Clone, Debug)]
pub(super) struct Vertex {
    /// Place of its step.
    pub step: usize,
    /// Where its instruction stands in the file; nowhere for an ONBUILD trigger.
    pub place: Place,
    /// What it stands on.
    pub base: Option<Node>,
    /// What it does.
    pub op: Op,
    /// `--no-cache`.
    pub ignore_cache: bool,
}

/// One entry of a stage's history.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// `created_by`.
    pub text: String,
    /// The vertex that makes its layer.
    pub vertex: Option<usize>,
}

/// A stage at its end.
#[derive(Clone, Debug, Default)]
pub(super) struct StageEnd {
    /// What it comes to.
    pub node: Option<Node>,
    /// The image at the bottom.
    pub image: Option<Arc<Image>>,
    /// Its config.
    pub config: Config,
    /// What was added to the image's history.
    pub history: Vec<Entry>,
    /// MAINTAINER.
    pub author: String,
    /// ENV and ARG in one list.
    pub env: super::scope::Environment,
    /// ARG declarations, in order, for the `|N` prefix.
    pub args: Vec<(String, Option<String>)>,
}

impl StageEnd {
    /// What a copy of it costs, in operations: its lists are as long as the file so far.
    pub fn length(&self) -> u64 {
        let lists = self.history.len() + self.env.0.len() + self.args.len();
        (1 + lists + self.config.env.len() + self.config.labels.len()) as u64
    }
}

/// The whole graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub images: Vec<(String, Arc<Image>)>,
    pub vertices: Vec<Vertex>,
    /// The stage that was asked for.
    pub target: StageEnd,
}

impl Graph {
    /// The place of an image; images are kept once.
    pub fn image(&mut self, name: &str, image: Arc<Image>) -> usize {
        if let Some(at) = self.images.iter().position(|(_, known)| known.id == image.id) {
            return at;
        }
        self.images.push((name.to_owned(), image));
        self.images.len() - 1
    }
}

/// Is the cache switched off for this stage?
pub(super) fn no_cache(request: &Request, stage_name: Option<&str>) -> bool {
    let named = |filter: &String| stage_name.is_some_and(|name| name.eq_ignore_ascii_case(filter));
    request.no_cache || request.no_cache_filter.iter().any(named)
}
