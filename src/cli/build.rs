//! `layerlab build DIR`: a real Dockerfile and a real folder, played.

use super::given::Given;
use super::interrupt;
use super::screen::{self, Colour};
use super::{DiskHost, end, unreadable};
use crate::build::{self, Builder, Cache, Request};
use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::image::Store;
use crate::render::Renderer;
use crate::shell::NoPrograms;
use crate::trace::{Exhausted, Sink, Trace};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes of a cache file, at most.
const MOST_CACHE: u64 = 256 << 20;

/// Play a build of a real folder and show what hits, what misses and why
#[derive(Debug, Args)]
pub struct Build {
    /// The build context
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    given: Given,
    /// Name the image
    #[arg(short, long, value_name = "NAME[:TAG]")]
    tag: Vec<String>,
    /// Whose rules
    #[arg(long, value_enum, default_value_t)]
    builder: Which,
    /// Refuse unknown bases and programs that are not modelled
    #[arg(long)]
    strict: bool,
    /// Look nothing up
    #[arg(long)]
    no_cache: bool,
    /// Read and rewrite this record of earlier builds
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Build twice and show the second
    #[arg(long)]
    again: bool,
    /// After the build, show why this step hit or missed
    #[arg(long, value_name = "STEP")]
    explain: Option<usize>,
    /// After the build, print every decision in one table
    #[arg(long)]
    why: bool,
    /// Build with both builders, and print one table of their decisions
    #[arg(long, conflicts_with_all = ["why", "explain", "builder"])]
    compare: bool,
    /// Print one event a line as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Which {
    #[default]
    Buildkit,
    Legacy,
}

/// Plays the build. The exit code.
pub fn build(order: &Build, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.json, screen::style(colour));
    renderer.explain_by("--explain");
    end(play(order, &renderer), &renderer, order.json, colour)
}

fn play(order: &Build, renderer: &Renderer) -> Result<u8, Error> {
    let request = request(order)?;
    let mut record = order.cache.as_deref().map(Record::open).transpose()?;
    let mut cache = record.as_mut().and_then(|record| record.cache.take()).unwrap_or_default();
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());

    if order.compare {
        let builds = both(order, &request, &mut cache, &flag)?;
        if let Some(record) = &mut record {
            record.save(&cache)?;
        }
        renderer.clone().take(build::decisions(&request.context_name, &builds));
        return Ok(u8::from(builds.iter().any(|build| build.result.is_err())));
    }
    let mut images = Store::default();
    if order.again {
        build_once(&mut images, &mut cache, &request, Trace::silent(), &flag)?;
    }
    let built = build_once(&mut images, &mut cache, &request, Trace::to(Box::new(renderer.clone())), &flag)?;
    if let Some(record) = &mut record {
        record.save(&cache)?;
    }
    if order.why {
        renderer.clone().take(build::decisions(&request.context_name, std::slice::from_ref(&built)));
    }
    if let Some(step) = order.explain {
        let explained = build::explain(&built, step).map_err(|mut error| {
            error.kind = ErrorKind::Usage;
            error
        })?;
        renderer.clone().take(explained);
    }
    let code = u8::from(built.result.is_err());
    // The process ends: the system takes all of it back faster than it could be given back file by file.
    std::mem::forget((request, images, cache, built));
    Ok(code)
}

/// BuildKit's build and the legacy builder's, the last of each.
fn both(
    order: &Build,
    request: &Request,
    cache: &mut Cache,
    flag: &Arc<AtomicBool>,
) -> Result<Vec<build::Build>, Error> {
    let mut builds = Vec::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let (mut images, request) = (Store::default(), Request { builder, ..request.clone() });
        if order.again {
            build_once(&mut images, cache, &request, Trace::silent(), flag)?;
        }
        builds.push(build_once(&mut images, cache, &request, Trace::silent(), flag)?);
    }
    Ok(builds)
}

fn build_once(
    images: &mut Store,
    cache: &mut Cache,
    request: &Request,
    mut trace: Trace,
    flag: &Arc<AtomicBool>,
) -> Result<build::Build, Error> {
    trace.fuel.interrupted_by(flag.clone());
    let built = build::build(images, cache, request, &mut NoPrograms, &mut trace);
    match trace.fuel.exhausted() {
        None => Ok(built),
        Some(Exhausted::Interrupted) => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
        Some(why) => {
            let what = trace.fuel.what().map_or_else(String::new, |what| format!(" in `{what}`"));
            Err(Error::new(ErrorKind::Limit, format!("the build was stopped{what}: {}", why.describe()))
                .hint("a step that never ends stops here instead of running for ever"))
        }
    }
}

fn request(order: &Build) -> Result<Request, Error> {
    Ok(Request {
        no_cache: order.no_cache,
        tags: order.tag.clone(),
        builder: match order.builder {
            Which::Buildkit => Builder::BuildKit,
            Which::Legacy => Builder::Legacy,
        },
        strict: order.strict,
        ..order.given.request(&order.folder)?
    })
}

/// The record of `--cache FILE`.
pub(super) struct Record {
    host: DiskHost,
    name: String,
    shown: String,
    pub cache: Option<Cache>,
}

impl Record {
    /// Reads the record; one that isn't there yet is empty.
    pub fn open(file: &Path) -> Result<Record, Error> {
        let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
        let shown = file.display().to_string();
        let mut record = Record { host, name, shown, cache: None };
        if file.symlink_metadata().is_ok() {
            let bytes = record.host.read(&record.name, MOST_CACHE).map_err(|mut error| {
                error.path.clone_from(&record.shown);
                unreadable(&error)
            })?;
            let cache = Cache::from_json(&bytes).map_err(|mut error| {
                error.kind = ErrorKind::Host;
                error.message = format!("`{}`: {}", record.shown, error.message);
                error.hint("remove the file to begin a new record")
            })?;
            record.cache = Some(cache);
        }
        Ok(record)
    }

    fn save(&mut self, cache: &Cache) -> Result<(), Error> {
        self.host.write(&self.name, cache.to_json().as_bytes()).map_err(|mut error| {
            error.path.clone_from(&self.shown);
            unreadable(&error)
        })
    }
}
