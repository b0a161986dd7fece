//! A build with BuildKit: convert, solve, export.

use super::Stage;
use super::cache::Cache;
use super::convert::convert;
use super::export::ExportMode;
use super::graph::{Entry, Graph, Node};
use super::ignore::Ignore;
use super::lint::{self, Lint};
use super::play::Player;
use super::request::Request;
use super::sent::Sent;
use super::solve::Solver;
use super::step::Failure;
use crate::dockerfile::{Difference, Version};
use crate::image::{History, Image, Store};
use crate::shell::Programs;
use crate::trace::Trace;

/// What BuildKit writes beside each history entry.
const COMMENT: &str = "buildkit.dockerfile.v0";

/// Plays a parsed file. The image, not yet stored.
///
/// # Errors
/// How the build failed.
pub(super) fn build(
    at: &Stage<'_>,
    images: &mut Store,
    cache: &mut Cache,
    player: &mut Player,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Image, Failure> {
    let (file, request, view) = (at.file, at.request, at.view);
    let checks = request.version.has(Difference::BuildChecks);
    if checks {
        lint::options(file, request).map_err(|words| lint::refused(file, &words, request))?;
    }
    let graph = convert(file, request, images, &mut player.steps, t);
    if checks {
        // Warnings are printed whether or not the file can be built; errors come first.
        let checked = warn(at, images, player, t)?;
        if let (Ok(_), Some(words)) = (&graph, checked.failure()) {
            return Err(lint::refused(file, &words, request));
        }
    }
    let graph = graph?;
    super::odd::check_copied(view, &graph, file, request.version)?;
    let unknown = graph.images.iter().filter(|(_, image)| image.placeholder);
    player.unknown = unknown.map(|(name, _)| name.clone()).collect();
    let sent = Sent::update(cache.sent.as_ref(), view);
    cache.sent = Some(sent.clone());
    let size = |text: Vec<u8>| text.len() as u64;
    let written = super::dockerfile_text(request).map_or(0, size);
    let parts = [
        ("context", view.bytes),
        ("Dockerfile", written),
        (".dockerignore", size(super::ignore_file(request).1)),
    ];
    cache.received(&request.context_name, parts);
    let solved = Vec::new();
    let mut solver = Solver {
        graph: &graph,
        request,
        cache,
        player,
        programs,
        sent,
        solved,
        onto: None,
        is_doomed: false,
        wanted: Vec::new(),
        fetched: Vec::new(),
    };
    let solved = solver.solve(t);
    solver.player.fetched = std::mem::take(&mut solver.fetched);
    solved?;
    let mut image = export(&solver, &graph, request);
    let results = results(&solver, &graph);
    if request.inline_cache {
        let exported = solver.cache.export_results(&results, ExportMode::Min);
        image = Image { inline_cache: Some(exported.config), ..image }.sealed();
    }
    player.results = results;
    Ok(image)
}

/// Checks the stages that are built, and keeps what the builder says of them.
fn warn(at: &Stage<'_>, images: &mut Store, player: &mut Player, t: &mut Trace) -> Result<Lint, Failure> {
    let (_, text) = super::ignore_file(at.request);
    let ignore = Ignore::parse(&text, Version::Current, &mut t.fuel)
        .unwrap_or_else(|_| Ignore::nothing(Version::Current));
    let checked = lint::lint(at.file, at.request, images, &ignore, false, &mut t.fuel);
    let checked = checked.map_err(|words| lint::refused(at.file, &words, at.request))?;
    player.warnings = checked.warnings.iter().map(lint::Warning::short).collect();
    Ok(checked)
}

/// The results of a build, and which of them make up the final image.
fn results(solver: &Solver<'_>, graph: &Graph) -> Vec<(String, bool)> {
    let mut is_final = vec![false; graph.vertices.len()];
    let mut at = graph.target.node;
    while let Some(Node::Vertex(vertex)) = at {
        if let Some(slot) = is_final.get_mut(vertex) {
            *slot = true;
        }
        at = graph.vertices.get(vertex).and_then(|vertex| vertex.base);
    }
    let ids = solver.solved.iter().map(|solved| solved.record.clone());
    ids.zip(is_final).collect()
}

/// The target stage as an image (moby/buildkit `exporter/containerimage/writer.go`).
fn export(solver: &Solver<'_>, graph: &Graph, request: &Request) -> Image {
    let end = &graph.target;
    let base = end.image.as_deref();
    let mut history = base.map(|image| image.history.clone()).unwrap_or_default();
    let layers = solver.layers(end.node);
    // Entries without a layer take the time of the new layer beside them.
    let start = base.map_or(super::rootfs::EPOCH, |image| image.created);
    let created =
        |entry: &Entry| entry.vertex.and_then(|at| solver.solved.get(at)).map(|solved| solved.created);
    let mut time = end.history.iter().find_map(created).unwrap_or(start);
    for entry in &end.history {
        time = created(entry).unwrap_or(time);
        history.push_back_mut(History {
            created: time,
            author: String::new(),
            created_by: entry.text.clone(),
            comment: COMMENT.to_owned(),
            empty_layer: entry.vertex.is_none(),
        });
    }
    let mut config = end.config.clone();
    for (name, value) in &request.labels {
        config.labels.insert(name.clone(), value.clone());
    }
    let placeholder = base.is_some_and(|image| image.placeholder);
    let author = end.author.clone();
    let (os, architecture) = (&*request.platform.os, &*request.platform.architecture);
    let (os, architecture) = (os.into(), architecture.into());
    Image {
        os,
        architecture,
        config,
        history,
        layers,
        created: time,
        author,
        parent: None,
        placeholder,
        ..Image::default()
    }
    .sealed()
}
