//! `layerlab build DIR`: a real Dockerfile and a real folder, played.

use super::interrupt;
use super::screen::{self, Colour};
use super::{DiskHost, conclude, exit_code, unreadable};
use crate::build::{self, Builder, Cache, Catalog, Context, Limits, Request};
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::image::Store;
use crate::render::Renderer;
use crate::shell::{MOST_JSON, NoPrograms, Packages, Urls};
use crate::trace::{Event, Exhausted, Sink, Trace};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes of a Dockerfile, at most.
pub(super) const MOST_DOCKERFILE: u64 = crate::dockerfile::MAX_SIZE as u64;
/// Bytes of a cache file, at most.
const MOST_CACHE: u64 = 256 << 20;

/// Play a build of a real folder and show what hits, what misses and why
#[derive(Debug, Args)]
pub struct Build {
    /// The build context
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The Dockerfile [default: DIR/Dockerfile]; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Name the image
    #[arg(short, long, value_name = "NAME[:TAG]")]
    tag: Vec<String>,
    /// Set an ARG; without a value it is taken from the environment
    #[arg(long, value_name = "K[=V]")]
    build_arg: Vec<String>,
    /// Build up to this stage
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Whose rules
    #[arg(long, value_enum, default_value_t)]
    builder: Which,
    /// Which Docker: current or 20.10
    #[arg(long, value_name = "VERSION", value_parser = version, default_value = "current")]
    docker_version: Version,
    /// Take the known base KNOWN where a FROM says NAME
    #[arg(long, value_name = "NAME=KNOWN")]
    base: Vec<String>,
    /// Add the packages of this JSON file to the package managers' tables
    #[arg(long, value_name = "FILE")]
    packages: Vec<PathBuf>,
    /// Let the addresses of this JSON file answer curl, wget, git clone and ADD
    #[arg(long, value_name = "FILE")]
    urls: Vec<PathBuf>,
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
    let code = play(order, &renderer).unwrap_or_else(|error| {
        renderer.finish();
        if order.json {
            renderer.clone().take(Event::from(&error));
        }
        screen::complain(&error, colour);
        exit_code(&error)
    });
    // Without checks the text of the result is empty: the build has said how it ended.
    conclude(&renderer, order.json, colour, Event::Result { exit: i32::from(code), passed: 0, failed: 0 });
    code
}

fn play(order: &Build, renderer: &Renderer) -> Result<u8, Error> {
    let request = request(order)?;
    let mut record = order.cache.as_deref().map(Record::open).transpose()?;
    let mut cache = record.as_mut().and_then(|record| record.cache.take()).unwrap_or_default();
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());

    let mut images = Store::default();
    if order.again {
        build_once(&mut images, &mut cache, &request, Trace::silent(), &flag)?;
    }
    let built = build_once(&mut images, &mut cache, &request, Trace::to(Box::new(renderer.clone())), &flag)?;
    if let Some(record) = &mut record {
        record.save(&cache)?;
    }
    if let Some(step) = order.explain {
        let explained = build::explain(&built, step).map_err(|mut error| {
            error.kind = ErrorKind::Usage;
            error
        })?;
        renderer.clone().take(explained);
    }
    Ok(u8::from(built.result.is_err()))
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
    let host = DiskHost::below(&order.folder).map_err(|error| unreadable(&error))?;
    let (dockerfile_path, dockerfile) = dockerfile(order.file.as_deref(), &host)?;
    let mut request = Request {
        dockerfile_path,
        dockerfile,
        context: Context::from_host(&host, ".", Limits::default())?,
        context_name: host.base().file_name().map_or("/".into(), |name| name.to_string_lossy().into_owned()),
        target: order.target.clone(),
        no_cache: order.no_cache,
        tags: order.tag.clone(),
        builder: match order.builder {
            Which::Buildkit => Builder::BuildKit,
            Which::Legacy => Builder::Legacy,
        },
        strict: order.strict,
        version: order.docker_version,
        packages: packages(&order.packages)?,
        urls: urls(&order.urls)?,
        catalog: Catalog(crate::image::catalog::image),
        ..Request::default()
    };
    with_args(&mut request, &order.build_arg);
    with_bases(&mut request, &order.base)?;
    Ok(request)
}

/// `--build-arg K[=V]`, each; without a value it is taken from the environment.
pub(super) fn with_args(request: &mut Request, given: &[String]) {
    for given in given {
        match given.split_once('=') {
            Some((name, value)) => drop(request.args.insert(name.to_owned(), value.to_owned())),
            None => {
                if let Ok(value) = std::env::var(given) {
                    request.args.insert(given.clone(), value);
                }
            }
        }
    }
}

/// `--base NAME=KNOWN`, each.
pub(super) fn with_bases(request: &mut Request, given: &[String]) -> Result<(), Error> {
    for given in given {
        let (name, known) = base(given)?;
        request.base_map.insert(name, known);
    }
    Ok(())
}

fn version(word: &str) -> Result<Version, String> {
    Version::from_word(word).ok_or_else(|| "versions are current and 20.10".to_owned())
}

/// `NAME=KNOWN`, KNOWN being one of the built-in bases.
pub(super) fn base(given: &str) -> Result<(String, String), Error> {
    let usage = || Error::new(ErrorKind::Usage, format!("`--base {given}` is not of the form NAME=KNOWN"));
    let (name, known) = given
        .split_once('=')
        .filter(|(name, known)| !name.is_empty() && !known.is_empty())
        .ok_or_else(|| usage().hint("for example --base registry.local/app:1=alpine:3.19"))?;
    if known != "scratch" && crate::image::catalog::image(known).is_none() {
        let list: Vec<&str> = crate::image::catalog::known().collect();
        return Err(Error::new(ErrorKind::Usage, format!("`{known}` is not a base that the lab knows"))
            .did_you_mean(known, list.iter().copied())
            .hint(format!("known are {}", list.join(", "))));
    }
    Ok((name.to_owned(), known.to_owned()))
}

/// The packages of every `--packages FILE`; later files replace what earlier ones said.
pub(super) fn packages(files: &[PathBuf]) -> Result<Packages, Error> {
    files.iter().try_fold(Packages::default(), |taught, file| {
        taught.taught_by_file(&file.display().to_string(), &table(file)?)
    })
}

/// The addresses of every `--urls FILE`, likewise.
pub(super) fn urls(files: &[PathBuf]) -> Result<Urls, Error> {
    files.iter().try_fold(Urls::default(), |taught, file| {
        taught.taught_by_file(&file.display().to_string(), &table(file)?)
    })
}

fn table(file: &Path) -> Result<Vec<u8>, Error> {
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    host.read(&name, MOST_JSON).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })
}

/// Where the Dockerfile is in the context, and its bytes when it is elsewhere.
pub(super) fn dockerfile(
    file: Option<&Path>,
    context: &DiskHost,
) -> Result<(String, Option<Vec<u8>>), Error> {
    let Some(file) = file else { return Ok((String::new(), None)) };
    if file.as_os_str() == "-" {
        return Ok((String::new(), Some(standard_input()?)));
    }
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    let inside = host.base().strip_prefix(context.base()).ok().map(|folder| folder.join(&name));
    let bytes = host.read(&name, MOST_DOCKERFILE).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })?;
    match inside {
        Some(path) => Ok((path.to_string_lossy().into_owned(), None)),
        None => Ok((name, Some(bytes))),
    }
}

pub(super) fn standard_input() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(
        &mut std::io::Read::take(std::io::stdin(), MOST_DOCKERFILE + 1),
        &mut bytes,
    );
    match read {
        Ok(_) if bytes.len() as u64 <= MOST_DOCKERFILE => Ok(bytes),
        Ok(_) => {
            Err(Error::new(ErrorKind::Host, format!("standard input: more than {MOST_DOCKERFILE} bytes")))
        }
        Err(error) => Err(Error::new(ErrorKind::Host, format!("standard input: {error}"))),
    }
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
