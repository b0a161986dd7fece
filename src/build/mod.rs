//! Builds: a Dockerfile, a context and a cache go in, an image and a decision for every step come out.
//!
//! Two builders, as in Docker: [`Builder::BuildKit`] turns the file into a graph of vertices and looks
//! each up by what it consists of; [`Builder::Legacy`] walks the file from the top and asks whether
//! the image so far has a child with the same config. Start with [`build`]; [`explain`] shows why one
//! step hit or missed.

mod archive;
mod beside;
mod buildkit;
mod cache;
mod context;
mod convert;
mod copy;
mod dispatch;
mod execute;
mod explain;
mod export;
mod fetch;
mod filter;
mod foresee;
mod glob;
mod graph;
mod hint;
pub mod ignore;
mod ignore_glob;
mod ignore_pattern;
mod key;
mod legacy;
mod legacy_commit;
mod legacy_copy;
mod legacy_foresee;
mod legacy_from;
mod legacy_key;
mod legacy_run;
mod lint;
mod meta;
mod missing;
mod mounted;
mod odd;
mod outline;
mod owner;
pub mod pattern;
mod persist;
mod persist_tree;
mod plan;
mod play;
mod prune;
mod request;
mod rootfs;
mod scope;
mod secret;
mod select;
mod sent;
mod settle;
mod solve;
mod special;
mod stages;
mod step;
mod unsure;
mod verdict;

pub use beside::{decisions, ended, side_by_side};
pub use cache::Cache;
pub use context::{Context, ContextEntry, EntryKind, Limits};
pub use explain::explain;
pub use export::{CacheExport, CacheImport, ExportMode};
pub use hint::needs;
pub use key::{Key, recompute};
pub use lint::{Lint, Options as CheckOptions, RULES, Rule, Warning, names_secret};
pub use prune::{CacheRow, PruneCache};
pub use request::{Builder, Catalog, Request, Runs};
pub use secret::{MOST_SECRET, SecretSource, Secrets, agent, secret};
pub use stages::stage_graph;
pub use step::{Build, Failure, Status, Step};

use crate::dockerfile::{self, Class, Difference, Dockerfile, ParseError, Version};
use crate::fs::{Kind, Nodes};
use crate::image::Store;
use crate::shell::Programs;
use crate::trace::{Event, Trace};
use play::Player;
use std::sync::Arc;

/// Largest Dockerfile or ignore file that is read, in bytes.
const MAX_TEXT: u64 = dockerfile::MAX_SIZE as u64;

/// Plays one build.
///
/// Emits [`Event::BuildStart`], a `Step` for every instruction with the output of RUNs before it, then
/// `Built` or `BuildFailed`, then hints. A failed build is a result: the steps that finished stay in
/// the cache. When `t.fuel` runs dry the build ends as failed; the caller finds `t.fuel.exhausted()`
/// set and restores what it had.
pub fn build(
    images: &mut Store,
    cache: &mut Cache,
    request: &Request,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Build {
    cache.begin(&request.context_name);
    t.fuel.running("docker build");
    let mut build = Build::failed(request, Failure::new("", 1));
    let mut player = Player::default();
    let result = play(images, cache, request, programs, &mut player, t);
    player.rest_if(result.is_ok(), t);
    build.steps = player.steps;
    (build.results, build.fetched) = (player.results, player.fetched);
    build.warnings = player.warnings;
    build.result = match result {
        Ok(image) => {
            let id = images.share(image.clone());
            for tag in &request.tags {
                if images.tag(tag, id) {
                    build.tags.push(tag.clone());
                }
            }
            build.image = Some(image);
            Ok(id)
        }
        Err(failure) => Err(failure),
    };
    play::ending(&build, t);
    if !build.warnings.is_empty() && request.builder == Builder::BuildKit {
        t.emit(|| Event::Warnings { warnings: build.warnings.clone() });
    }
    hint::wasteful_order(&build, request, player.file.as_deref(), t);
    hint::unknown_bases(&player.unknown, t);
    build
}

fn play(
    images: &mut Store,
    cache: &mut Cache,
    request: &Request,
    programs: &mut dyn Programs,
    player: &mut Player,
    t: &mut Trace,
) -> Result<Arc<crate::image::Image>, Failure> {
    let text = dockerfile_text(request)?;
    let view = view(request, t)?;
    odd::check(&view, request.builder, request.version)?;
    t.emit(|| Event::BuildStart {
        name: request.name().to_owned(),
        builder: request.builder.name().to_owned(),
        context_files: view.files,
        context_bytes: view.bytes,
        ignored_files: view.ignored,
    });
    for text in &view.altered {
        t.emit(|| Event::Hint { text: text.clone() });
    }
    let file = match dockerfile::parse(request.dockerfile_path(), &text, request.version) {
        Ok(file) => Arc::new(file),
        Err(error) => {
            player.steps = outline::steps(&text, request.builder);
            return Err(unreadable(&error, request));
        }
    };
    player.steps = plan::skeleton(&file, request.builder);
    player.file = Some(file.clone());
    let at = Stage { file: &file, request, view: &view };
    match request.builder {
        Builder::BuildKit => buildkit::build(&at, images, cache, player, programs, t).map(Arc::new),
        Builder::Legacy => legacy::build(&at, images, cache, player, programs, t),
    }
}

/// Why a Dockerfile can't be checked, and what was noticed before that.
#[derive(Clone, Debug)]
pub struct Unchecked {
    /// How the build would fail.
    pub failure: Failure,
    /// The instructions before the fault, and what BuildKit says of them.
    pub before: Option<(Dockerfile, Lint)>,
}

impl From<Failure> for Box<Unchecked> {
    fn from(failure: Failure) -> Box<Unchecked> {
        Box::new(Unchecked { failure, before: None })
    }
}

/// Reads the Dockerfile and checks it as `docker build --check` does: nothing is built. Without a
/// target every stage is looked at. Images that a FROM names are taken into `images`.
///
/// # Errors
/// The Dockerfile can't be read, or its check options can't: how the build would fail.
pub fn check(
    images: &mut Store,
    request: &Request,
    t: &mut Trace,
) -> Result<(Dockerfile, Lint), Box<Unchecked>> {
    t.fuel.running("docker build --check");
    let text = dockerfile_text(request)?;
    let parsed = dockerfile::parse_up_to(request.dockerfile_path(), &text, Version::Current);
    let (name, text) = ignore_file(request);
    let ignore = ignore::Ignore::parse(&text, Version::Current, &mut t.fuel)
        .map_err(|error| unreadable_ignore(&error, &name, &text, request));
    let file = match parsed {
        Ok(file) => file,
        Err(unread) => {
            let failure = unreadable(&unread.error, request);
            let noticed = |file: Dockerfile| {
                let ignore = ignore.ok()?;
                let lint = lint::lint_before(&file, request, &ignore, &mut t.fuel).ok()?;
                Some((file, lint))
            };
            return Err(Box::new(Unchecked { failure, before: unread.before.and_then(noticed) }));
        }
    };
    let checked = lint::lint(&file, request, images, &ignore?, true, &mut t.fuel);
    let checked = checked.map_err(|words| lint::refused(&file, &words, request))?;
    Ok((file, checked))
}

/// The files of the context that reach the builder, relative to it, in the order of their names.
///
/// # Errors
/// The ignore file can't be read: how the build would fail.
pub fn context_files(request: &Request, t: &mut Trace) -> Result<Vec<String>, Failure> {
    let view = view(request, t)?;
    let mut files = Vec::with_capacity(view.files);
    view.tree.walk(&mut |path, _, inode| {
        if matches!(inode.kind, Kind::File(_)) {
            files.push(String::from_utf8_lossy(path).trim_start_matches('/').to_owned());
        }
    });
    Ok(files)
}

/// What both builders start from.
pub(crate) struct Stage<'a> {
    file: &'a Dockerfile,
    request: &'a Request,
    view: &'a Arc<context::View>,
}

/// The Dockerfile's text: given with the request, or lying in the context (ignored or not).
fn dockerfile_text(request: &Request) -> Result<Vec<u8>, Failure> {
    if let Some(text) = &request.dockerfile {
        return Ok(text.clone());
    }
    let path = request.dockerfile_path();
    if let Some(text) = context_file(request, path) {
        return Ok(text);
    }
    if let Some(bytes) = context_size(request, path).filter(|bytes| *bytes > MAX_TEXT) {
        let words = format!("the Dockerfile has {bytes} bytes, the lab reads at most {MAX_TEXT}");
        let mut failure = Failure::new(words, 1);
        failure.hint = Some("COPY large files instead of writing them here".to_owned());
        return Err(failure);
    }
    let message = match (request.builder, request.version) {
        (Builder::Legacy, _) => {
            format!(
                "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat <context>/{path}: no such file or directory"
            )
        }
        (_, version) if !version.has(Difference::NoDockerfile) => {
            format!(
                "failed to solve with frontend dockerfile.v0: failed to read dockerfile: open <tmp>/{path}: no such file or directory"
            )
        }
        _ => format!("failed to solve: failed to read dockerfile: open {path}: no such file or directory"),
    };
    let mut failure = Failure::new(message, 1);
    failure.plain = Some(format!("there is no `{path}` in `{}`{}", request.context_name, held(request)));
    failure.hint = Some("name it with -f, or write one".to_owned());
    Err(failure)
}

/// The Dockerfile that a request means.
///
/// # Errors
/// There is none; or it is no text.
pub fn dockerfile_of(request: &Request) -> Result<String, crate::error::Error> {
    use crate::error::{Error, ErrorKind};
    let text = dockerfile_text(request).map_err(|failure| {
        let error = Error::new(ErrorKind::Host, failure.plain.unwrap_or(failure.message));
        match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    })?;
    String::from_utf8(text)
        .map_err(|_| Error::new(ErrorKind::Host, format!("`{}` is no UTF-8 text", request.dockerfile_path())))
}

/// Does the ignore file keep this path out of the context? The name of the ignore file.
pub fn kept_out_by(request: &Request, path: &str, t: &mut Trace) -> Option<&'static str> {
    let view = view(request, t).ok()?;
    let at = crate::fs::path::clean(path.as_bytes());
    let out = request.context.tree().at(&at).is_some() && view.tree.at(&at).is_none();
    out.then_some(".dockerignore")
}

/// What a context without its Dockerfile holds, for the message.
fn held(request: &Request) -> String {
    const SHOWN: usize = 6;
    let tree = request.context.tree();
    let names: Vec<String> = match tree.at(b"/").map(|ino| &tree.inode(ino).kind) {
        Some(Kind::Dir(entries)) => {
            let mut names: Vec<String> =
                entries.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
            names.sort();
            names
        }
        _ => Vec::new(),
    };
    match names.len() {
        0 => ", which is empty".to_owned(),
        more if more > SHOWN => {
            format!(
                "; it holds {} and {} more",
                names.get(..SHOWN).unwrap_or_default().join(", "),
                more - SHOWN
            )
        }
        _ => format!("; it holds {}", names.join(", ")),
    }
}

/// A small file of the context.
fn context_file(request: &Request, path: &str) -> Option<Vec<u8>> {
    let tree = request.context.tree();
    let ino = tree.at(&crate::fs::path::clean(path.as_bytes()))?;
    match &tree.inode(ino).kind {
        Kind::File(contents) => contents.to_bytes(MAX_TEXT),
        _ => None,
    }
}

/// Bytes of a file of the context.
fn context_size(request: &Request, path: &str) -> Option<u64> {
    let tree = request.context.tree();
    let inode = tree.inode(tree.at(&crate::fs::path::clean(path.as_bytes()))?);
    matches!(inode.kind, Kind::File(_)).then(|| inode.size())
}

/// The ignore file's name and text: `NAME.dockerignore` beside the Dockerfile NAME before the one in the
/// root (BuildKit only).
fn ignore_file(request: &Request) -> (String, Vec<u8>) {
    let beside = format!("{}.dockerignore", request.dockerfile_path());
    let own = match request.builder {
        Builder::BuildKit => context_file(request, &beside).map(|text| (beside, text)),
        Builder::Legacy => None,
    };
    let root = || context_file(request, ".dockerignore").map(|text| (".dockerignore".to_owned(), text));
    own.or_else(root).unwrap_or_default()
}

/// What the ignore file leaves.
fn view(request: &Request, t: &mut Trace) -> Result<Arc<context::View>, Failure> {
    let (name, text) = ignore_file(request);
    let view = request.context.view(&text, request.builder, request.version, &mut t.fuel);
    view.map_err(|error| unreadable_ignore(&error, &name, &text, request))
}

/// An ignore file that can't be read, in the builder's words.
fn unreadable_ignore(error: &ignore::IgnoreError, name: &str, text: &[u8], request: &Request) -> Failure {
    let message = match request.builder {
        Builder::BuildKit => error.buildkit(),
        Builder::Legacy => error.legacy(),
    };
    let shown = error.shown(name, text);
    Failure { message, exit: 1, plain: Some(shown.message), span: shown.span, hint: shown.hint }
}

/// A Dockerfile that can't be read, in the builder's words.
fn unreadable(error: &ParseError, request: &Request) -> Failure {
    let today = request.version.has(Difference::ParseMessage);
    let words = match (&error.class, error.message.as_str(), request.builder) {
        (Class::Top, "the Dockerfile cannot be empty", Builder::Legacy) => {
            format!("the Dockerfile ({}) cannot be empty", request.dockerfile_path())
        }
        _ => error.docker_message(today),
    };
    let message = match (request.builder, &error.class) {
        (Builder::BuildKit, _) => format!("{}{words}", convert::prefix(request.version)),
        (Builder::Legacy, Class::Lower) => {
            format!("Error response from daemon: failed to parse Dockerfile: {words}")
        }
        (Builder::Legacy, _) => format!("Error response from daemon: {words}"),
    };
    Failure {
        message,
        exit: 1,
        plain: Some(error.message.clone()),
        span: Some(error.span.clone()),
        hint: error.hint.clone(),
    }
}

/// Applies config instructions (`docker import -c`, `docker commit -c`) to a config, as the legacy
/// builder does.
///
/// # Errors
/// A line that can't be read, or a value Docker refuses.
pub fn configure(
    config: &mut crate::image::Config,
    lines: &[&str],
    version: Version,
) -> Result<(), crate::error::Error> {
    use crate::error::{Error, ErrorKind};
    let mut cmd_set = false;
    for line in lines {
        let instruction = dockerfile::parse_trigger(line, version).map_err(Error::from)?;
        let env: Vec<(String, String)> =
            meta::env_pairs(config).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let lookup = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let mut fuel = crate::trace::Fuel::default();
        let lexer = dockerfile::Lexer::new('\\', version);
        let mut x = meta::Expander { lexer, env: &lookup, fuel: &mut fuel };
        let change = meta::change(&instruction.kind, config, Builder::Legacy, &mut x)
            .map_err(|error| Error::new(ErrorKind::Usage, error.message))?;
        match change {
            Some(change) => meta::apply(&change, config, &mut cmd_set, Builder::Legacy),
            None => {
                let words = format!("{} is not a valid change command", instruction.keyword);
                return Err(
                    Error::new(ErrorKind::Usage, words).hint("take CMD, ENV, USER, WORKDIR and their kin")
                );
            }
        }
    }
    Ok(())
}
