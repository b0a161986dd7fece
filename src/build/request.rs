//! What a build is asked to do.

use super::context::Context;
use super::export::CacheImport;
use super::secret::Secrets;
use crate::dockerfile::Version;
use crate::image::Image;
use crate::image::registry::{Platform, Registry};
use crate::shell::{Packages, Urls};
use crate::union::StorageDriver;
use indexmap::IndexMap;
use std::sync::Arc;

/// Which of Docker's two builders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Builder {
    /// A graph of vertices, looked up by content.
    #[default]
    BuildKit,
    /// `DOCKER_BUILDKIT=0`: a chain of images.
    Legacy,
}

impl Builder {
    /// "buildkit" or "legacy".
    pub fn name(self) -> &'static str {
        match self {
            Builder::BuildKit => "buildkit",
            Builder::Legacy => "legacy",
        }
    }

    /// The builder of this name.
    pub fn from_name(name: &str) -> Option<Builder> {
        match name {
            "buildkit" => Some(Builder::BuildKit),
            "legacy" => Some(Builder::Legacy),
            _ => None,
        }
    }
}

/// What becomes of RUN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runs {
    /// Each is executed, as in a build.
    #[default]
    Executed,
    /// Each counts as done, and nobody knows which files it made: the earlier build of a what-if.
    Assumed,
    /// As [`Runs::Assumed`]; and a step that copies files which nobody knows, because what makes them would
    /// run again, gets the verdict [`crate::trace::Verdict::Maybe`].
    Foreseen,
}

/// What a build is asked to do: `docker build` with its flags.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where the Dockerfile lies in the context (`-f`); empty means `Dockerfile`.
    pub dockerfile_path: String,
    /// The Dockerfile's text, when it is not the one in the context (`-f -`, or a file elsewhere).
    pub dockerfile: Option<Vec<u8>>,
    /// The build context.
    pub context: Context,
    /// What people call the context: its directory.
    pub context_name: String,
    /// `--build-arg NAME=VALUE`, in order.
    pub args: IndexMap<String, String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--no-cache`.
    pub no_cache: bool,
    /// `--no-cache-filter`: names of stages (BuildKit).
    pub no_cache_filter: Vec<String>,
    /// `--label NAME=VALUE`.
    pub labels: IndexMap<String, String>,
    /// `-t`, each a name the image gets.
    pub tags: Vec<String>,
    /// Which builder.
    pub builder: Builder,
    /// Whose rules where versions differ.
    pub version: Version,
    /// `--base NAME=KNOWN`: a FROM of NAME takes KNOWN instead.
    pub base_map: IndexMap<String, String>,
    /// Refuse a FROM that nobody knows (instead of a placeholder) and programs that aren't modelled.
    pub strict: bool,
    /// Packages that a teacher added for the package managers.
    pub packages: Packages,
    /// `--secret` and `--ssh` (BuildKit).
    pub secrets: Secrets,
    /// Is RUN executed, or only thought of?
    pub runs: Runs,
    /// The addresses that RUN's programs and ADD find an answer at.
    pub urls: Urls,
    /// `--platform`.
    pub platform: Platform,
    /// What FROM may take besides the images that are here and the built-in ones.
    pub registry: Arc<Registry>,
    /// `--cache-from`: what other builds left (BuildKit).
    pub imports: Vec<Arc<CacheImport>>,
    /// `--cache-from`: the images that a result must be part of (legacy); none where it was not given.
    pub ancestors: Option<Vec<(String, Arc<Image>)>>,
    /// Keep the cache in the image's config: `--cache-to type=inline`, `BUILDKIT_INLINE_CACHE=1`.
    pub inline_cache: bool,
    /// The storage driver that mounts the layers of each step.
    pub storage: StorageDriver,
    /// Names of images that may be fetched: `catalog` looks up one that the store lacks.
    pub catalog: Catalog,
}

/// Finds images that the store lacks, as a registry would.
#[derive(Clone, Copy)]
pub struct Catalog(pub fn(&str) -> Option<std::sync::Arc<crate::image::Image>>);

impl Default for Catalog {
    fn default() -> Catalog {
        Catalog(|_| None)
    }
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Catalog")
    }
}

impl Request {
    /// The Dockerfile's path in the context.
    pub fn dockerfile_path(&self) -> &str {
        if self.dockerfile_path.is_empty() { "Dockerfile" } else { &self.dockerfile_path }
    }

    /// What the build is called: its first tag or the context.
    pub fn name(&self) -> &str {
        self.tags.first().map_or(self.context_name.as_str(), String::as_str)
    }
}
