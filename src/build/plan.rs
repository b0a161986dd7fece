//! The file as stages, and where a FROM's image comes from: common to both builders.

use super::request::{Builder, Request};
use super::step::{Failure, Status, Step};
use crate::dockerfile::{Dockerfile, ExpandError, Instruction, Kind, Place};
use crate::image::{Config, Image, Store, reference};
use crate::trace::Verdict;
use std::sync::Arc;

/// A stage: where it begins and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// In lower case.
    pub name: Option<String>,
    /// Index of its FROM among the instructions.
    pub from: usize,
    /// Indexes of the instructions after it, up to this one.
    pub end: usize,
}

/// The file's stages.
pub(super) fn stages(file: &Dockerfile) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for (at, instruction) in file.instructions.iter().enumerate() {
        if let Kind::From(from) = &instruction.kind {
            stages.push(Stage {
                name: from.name.as_ref().map(|name| name.text.clone()),
                from: at,
                end: at + 1,
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.end = at + 1;
        }
    }
    stages
}

/// The stage that `--target` means; the last without one. Numbers count as names.
pub(super) fn target(stages: &[Stage], target: Option<&str>) -> Option<usize> {
    match target {
        None => stages.len().checked_sub(1),
        Some(wanted) => {
            let wanted = wanted.to_lowercase();
            stages.iter().rposition(|stage| stage.name.as_deref() == Some(&wanted))
        }
    }
}

/// One step for each instruction, before anything was decided.
pub(super) fn skeleton(file: &Dockerfile, builder: Builder) -> Vec<Step> {
    let mut stage: Option<(usize, Option<String>)> = None;
    let mut steps = Vec::with_capacity(file.instructions.len());
    for (at, instruction) in file.instructions.iter().enumerate() {
        if let Kind::From(from) = &instruction.kind {
            let name = from.name.as_ref().map(|_| written_name(instruction));
            stage = Some((stage.map_or(0, |(number, _)| number + 1), name));
        }
        let (number, name) = stage.clone().map_or((None, None), |(number, name)| (Some(number), name));
        let mut step = blank(at + 1, &instruction.original, number, name);
        step.status = match (builder, &instruction.kind) {
            (Builder::Legacy, Kind::Arg(_)) if stage.is_none() => Status::Metadata,
            (Builder::Legacy, _) => Status::NotRun,
            (_, Kind::Run(_) | Kind::Copy(_) | Kind::Add(_) | Kind::Workdir(_)) => Status::NotShown,
            _ => Status::Metadata,
        };
        steps.push(step);
    }
    steps
}

/// The name after AS as written (the parser keeps it in lower case).
fn written_name(from: &Instruction) -> String {
    from.original.split_whitespace().last().unwrap_or("").to_owned()
}

/// A step about which nothing is known yet.
pub(super) fn blank(number: usize, text: &str, stage: Option<usize>, name: Option<String>) -> Step {
    Step {
        number,
        label: String::new(),
        stage,
        stage_name: name,
        instruction: text.to_owned(),
        printed: text.to_owned(),
        status: Status::NotShown,
        verdict: Verdict::NotLookedUp { reason: "the build ended before".to_owned() },
        key: None,
        earlier: None,
        layer: None,
        output: Vec::new(),
        seconds: None,
        modelled: true,
        trigger: false,
        using_cache: 0,
        image: None,
    }
}

/// Why a FROM or `--from` finds no image.
pub(super) enum NoImage {
    /// Not a name at all: Docker's words.
    Invalid(&'static str),
    /// Nobody has it: the name with its tag.
    Unknown(String),
}

/// The image of this name: the one that `--base` maps it to, else the store's, else the catalog's.
/// One that nobody knows becomes a placeholder, unless the request is strict.
pub(super) fn image(images: &mut Store, request: &Request, name: &str) -> Result<Arc<Image>, NoImage> {
    let mapped = request.base_map.get(name).map_or(name, String::as_str);
    let shown = reference::normalise(mapped).map_err(NoImage::Invalid)?;
    if let Some(image) = images.get(mapped) {
        return Ok(image);
    }
    if let Some(image) = (request.catalog.0)(&shown).or_else(|| (request.catalog.0)(mapped)) {
        let id = images.share(image.clone());
        images.tag(&shown, id);
        return Ok(image);
    }
    if let Some((image, digest)) = request.registry.image(&shown, &request.platform) {
        let id = images.share(image.clone());
        images.tag(&shown, id);
        if let Ok(name) = reference::Reference::parse(&shown) {
            images.note_digest(&name.familiar(), digest, id);
        }
        return Ok(image);
    }
    if request.strict {
        return Err(NoImage::Unknown(shown));
    }
    Ok(Arc::new(placeholder(&shown)))
}

/// A stand-in for an image that nobody knows: no files, no users, ENV unknown. Its id depends on its
/// name, so that cache decisions can still be made.
fn placeholder(name: &str) -> Image {
    let mut config = Config::default();
    config.labels.insert("layerlab.placeholder".to_owned(), name.to_owned());
    let mut image = Image { config, placeholder: true, ..Image::default() }.sealed();
    image.config.labels.clear();
    image
}

/// Docker's words when the registry can't be reached, and the lab's.
pub(super) fn unreachable(name: &str, builder: Builder, request: &Request) -> Failure {
    let (path, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
    let path = if path.contains('/') { path.to_owned() } else { format!("library/{path}") };
    let offline = "dial tcp: lookup registry-1.docker.io: no such host";
    let message = match builder {
        Builder::Legacy => format!("Get \"https://registry-1.docker.io/v2/\": {offline}"),
        Builder::BuildKit => {
            format!(
                "failed to do request: Head \"https://registry-1.docker.io/v2/{path}/manifests/{tag}\": {offline}"
            )
        }
    };
    let mut failure = Failure::new(message, 1);
    failure.plain = Some(format!("there is no image `{name}`, and the lab has no registry"));
    failure.hint = Some(match request.strict {
        true => {
            let known: Vec<&str> = crate::image::catalog::known().collect();
            format!(
                "known are {}; map it: --base {name}=KNOWN, or define it at the prompt: image(\"{name}\", #{{ \"/etc/motd\": \"hi\" }})",
                known.join(", ")
            )
        }
        false => "docker image ls names the images that are here".to_owned(),
    });
    failure
}

/// Adds the place of an instruction to a failure. A COPY with what looks like a comment at its end
/// fails because of that, whatever Docker says.
pub(super) fn placed(mut failure: Failure, file: &Dockerfile, place: Place) -> Failure {
    let mut around = file.instructions.iter().filter(|i| (i.place.line..=i.last_line).contains(&place.line));
    if let Some(comment) = around.find_map(|instruction| instruction.end_comment()) {
        failure.span = Some(Box::new(file.source.span(comment)));
        failure.hint =
            Some("a comment needs a line of its own: here `#` and the words after it are files".to_owned());
        return failure;
    }
    if failure.span.is_none() {
        failure.span = Some(Box::new(file.source.span(place)));
    }
    failure
}

/// Adds what a refused variable or value knows of its place, and what to do about it.
pub(super) fn refused(mut failure: Failure, file: &Dockerfile, error: &ExpandError) -> Failure {
    if let Some(place) = error.place {
        failure.span = Some(Box::new(file.source.span(place)));
    }
    failure.hint.get_or_insert_with(|| error.advice().to_owned());
    failure
}

/// The size of a layer's label: enough to know the step again.
pub(super) fn label(instruction: &str) -> String {
    let line = instruction.lines().next().unwrap_or("");
    if line.chars().count() <= 60 { line.to_owned() } else { line.chars().take(59).chain(['…']).collect() }
}
