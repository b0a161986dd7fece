//! Things by name: mounts, contexts, images, containers, and commands as functions.

use super::layers::{build, entry};
use super::programs::ScriptPrograms;
use crate::command::words::Origin;
use crate::command::{self, Answer as Printed};
use crate::error::Error;
use crate::image::{History, Image, ImageLayer, Origin as LayerOrigin};
use crate::script::core::{Core, Shared};
use crate::script::handle::{
    Answer, EntryValue, Files, LayerValue, OfContainer, OfContext, Place, busy, refuse,
};
use crate::trace::Event;
use rhai::{Array, Dynamic, Engine, INT, Map, NativeCallContext};
use std::sync::Arc;

/// An image, by id: what `image("app")` gives.
#[derive(Clone)]
pub struct ImageValue(pub(super) Arc<Image>);

impl ImageValue {
    /// Its layers, topmost first, as a mount takes them.
    pub fn layers(&self) -> Vec<crate::fs::Layer> {
        self.0.lowers().into_iter().map(|lower| lower.layer).collect()
    }

    /// The image itself.
    pub fn image(&self) -> Arc<Image> {
        self.0.clone()
    }

    /// One line: id, layers, bytes.
    pub fn describe(&self) -> String {
        let layers = self.0.layers.len();
        let word = if layers == 1 { "layer" } else { "layers" };
        let size = crate::inspect::human_size(self.0.size(), 3);
        format!("Image {}: {layers} {word}, {size}", self.0.id.short(12))
    }
}

/// Registers the constructors and what they give.
pub fn register(engine: &mut Engine, core: &Shared) {
    contexts(engine, core);
    images(engine, core);
    containers(engine, core);
    commands(engine, core);
}

/// Borrows the core for one call.
pub fn with<R>(core: &Shared, f: impl FnOnce(&mut Core) -> Answer<R>) -> Answer<R> {
    let mut core = core.try_borrow_mut().map_err(|_| busy())?;
    let result = f(&mut core)?;
    core.stop_if_exhausted()?;
    Ok(result)
}

/// Runs `f` in the core; a lab error travels whole.
pub fn lab<R>(core: &Shared, f: impl FnOnce(&mut Core) -> Result<R, Error>) -> Answer<R> {
    with(core, |core| f(core).map_err(|error| core.raise(error)))
}

// ---- contexts -------------------------------------------------------------------------------------

fn contexts(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("context", move |name: &str, files: Map| {
        let mut inodes = Vec::new();
        for (path, value) in &files {
            match entry(path, value)? {
                EntryValue::Inode(inode) => inodes.push((path.to_string(), inode)),
                EntryValue::HardLink(_) => return Err(refuse("a build context has no hard links")),
            }
        }
        lab(&shared, |core| {
            core.lab.tick();
            core.lab.remove_context(name, &mut core.trace);
            core.lab.add_to_context(name, &inodes, &mut core.trace)
        })?;
        Ok(Files::<OfContext>::new(&shared, Place::Context(name.to_owned())))
    });
    let shared = core.clone();
    engine.register_fn("context", move |name: &str| {
        lab(&shared, |core| {
            if core.lab.contexts().iter().any(|known| known == name) {
                return Ok(());
            }
            core.lab.open(&*core.host, name, name, &mut core.trace).map_err(|error| {
                error.hint(format!(
                    "context(\"{name}\", #{{ \"Dockerfile\": \"FROM alpine:3.19\\n\" }}) makes one"
                ))
            })
        })?;
        Ok::<_, Box<rhai::EvalAltResult>>(Files::<OfContext>::new(&shared, Place::Context(name.to_owned())))
    });
}

// ---- images ---------------------------------------------------------------------------------------

fn images(engine: &mut Engine, core: &Shared) {
    engine.register_type_with_name::<ImageValue>("Image");
    let shared = core.clone();
    engine.register_fn("image", move |name: &str| lab(&shared, |core| core.lab.image(name)).map(ImageValue));
    let shared = core.clone();
    engine.register_fn("image", move |name: &str, files: Map| {
        let layer = ImageLayer::new(build(&files)?, LayerOrigin::Daemon, format!("FROM {name}"));
        with(&shared, |core| {
            let id = core.lab.images.insert(imported(layer));
            if !core.lab.images.tag(name, id) {
                return Err(refuse(&format!(
                    "`{name}` can't name an image; names are lower case: name or name:tag"
                )));
            }
            core.lab.images.by_id(&id).map(ImageValue).ok_or_else(|| refuse("the image is gone"))
        })
    });
    engine.register_get("id", |image: &mut ImageValue| image.0.id.to_string());
    engine.register_get("size", |image: &mut ImageValue| image.0.size() as INT);
    engine.register_get("layers", |image: &mut ImageValue| {
        image.0.layers.iter().map(|layer| Dynamic::from(LayerValue(layer.layer.clone()))).collect::<Array>()
    });
    engine.register_get("layer_sizes", |image: &mut ImageValue| {
        image.0.layers.iter().map(|layer| Dynamic::from(layer.size as INT)).collect::<Array>()
    });
    engine.register_get("digests", |image: &mut ImageValue| {
        image.0.layers.iter().map(|layer| Dynamic::from(layer.diff_id.to_string())).collect::<Array>()
    });
    engine.register_fn("history", |image: &mut ImageValue| history(&image.0));
    engine.register_get("config", |image: &mut ImageValue| {
        rhai::serde::to_dynamic(crate::image::docker_config(&image.0.config))
    });
    engine.register_fn("to_string", |image: &mut ImageValue| image.describe());
    engine.register_fn("to_debug", |image: &mut ImageValue| image.describe());
    engine.register_fn("==", |a: ImageValue, b: ImageValue| a.0.id == b.0.id);
}

/// An image of one layer, as `docker import` makes it.
fn imported(layer: ImageLayer) -> Image {
    let entry = History { comment: "Imported from -".to_owned(), ..History::default() };
    Image { layers: vec![layer], history: [entry].into_iter().collect(), ..Image::default() }
}

/// Newest first, as `docker history` shows it.
fn history(image: &Image) -> Array {
    let mut rows: Array = image
        .history_layers()
        .map(|(entry, layer)| {
            let mut row = Map::new();
            row.insert("created_by".into(), entry.created_by.clone().into());
            row.insert("comment".into(), entry.comment.clone().into());
            row.insert("empty_layer".into(), entry.empty_layer.into());
            row.insert("size".into(), (layer.map_or(0, |layer| layer.size) as INT).into());
            Dynamic::from_map(row)
        })
        .collect();
    rows.reverse();
    rows
}

// ---- containers -----------------------------------------------------------------------------------

fn containers(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("container", move |name: &str| {
        let name = lab(&shared, |core| {
            let name = core.lab.container(name)?.name.clone();
            core.name_it("Container", &name);
            Ok(name)
        })?;
        Ok::<_, Box<rhai::EvalAltResult>>(Files::<OfContainer>::new(&shared, Place::Container(name)))
    });
    let shared = core.clone();
    engine.register_fn("exec", move |context: NativeCallContext, c: &mut Files<OfContainer>, line: &str| {
        let quoted = line.replace('\'', "'\\''");
        let answer = docker(&context, &shared, &format!("exec {} sh -c '{quoted}'", c.name()))?;
        let mut map = Map::new();
        map.insert("exit".into(), INT::from(answer.exit).into());
        map.insert("out".into(), answer.out.into());
        map.insert("err".into(), answer.err.into());
        Ok::<_, Box<rhai::EvalAltResult>>(map)
    });
    let shared = core.clone();
    engine.register_fn("diff", move |context: NativeCallContext, c: &mut Files<OfContainer>| {
        // The value says it all; it need not be printed as well.
        let hushed = with(&shared, |core| Ok(core.trace.hush(true)))?;
        let answer = docker(&context, &shared, &format!("diff {}", c.name()));
        with(&shared, |core| Ok(core.trace.hush(hushed)))?;
        let answer = answer?;
        Ok::<_, Box<rhai::EvalAltResult>>(
            answer.out.lines().map(|line| Dynamic::from(line.to_owned())).collect::<Array>(),
        )
    });
    let shared = core.clone();
    engine.register_fn("commit", move |context: NativeCallContext, c: &mut Files<OfContainer>, tag: &str| {
        docker(&context, &shared, &format!("commit {} '{tag}'", c.name()))?;
        lab(&shared, |core| core.lab.image(tag)).map(ImageValue)
    });
    engine.register_fn("restart", super::mounts::restart::<OfContainer>);
}

// ---- commands -------------------------------------------------------------------------------------

fn commands(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("docker", move |context: NativeCallContext, line: &str| {
        docker(&context, &shared, line).map(|answer| answer_map(&answer))
    });
    let shared = core.clone();
    engine.register_fn("dive", move |context: NativeCallContext, line: &str| {
        command_line(&context, &shared, &format!("dive {line}")).map(|answer| answer_map(&answer))
    });
    let shared = core.clone();
    engine.register_fn("sh", move |context: NativeCallContext, line: &str| {
        command_line(&context, &shared, &format!("$ {line}")).map(|answer| answer_map(&answer))
    });
}

fn docker(context: &NativeCallContext, core: &Shared, line: &str) -> Answer<Printed> {
    command_line(context, core, &format!("docker {line}"))
}

/// Runs a command line that a function was given.
pub fn run_at(context: &NativeCallContext, core: &Shared, line: &str) -> Answer<Printed> {
    command_line(context, core, line)
}

fn command_line(context: &NativeCallContext, core: &Shared, line: &str) -> Answer<Printed> {
    let position = context.call_position();
    let origin = Origin { file: "<command>", line: 1, column: 1, text: line };
    run_line(core, line, origin).map_err(|mut error| {
        error.set_position(position);
        error
    })
}

/// Runs one command line, judges predictions and plays the person's guesses.
pub fn run_line(core: &Shared, line: &str, origin: Origin<'_>) -> Answer<Printed> {
    let shared = core;
    let mut guard = core.try_borrow_mut().map_err(|_| busy())?;
    let core = &mut *guard;
    let engine = core.engine.upgrade().map(|engine| (engine, core.functions.clone(), shared.clone()));
    let mut programs = ScriptPrograms::new(core.commands.clone(), engine);
    let guessing = crate::script::quiz::is_on(core);
    let (lab, trace) = (&mut core.lab, &mut core.trace);
    let typed = core.story.is_none();
    let screen = core.screen.as_deref_mut().filter(|_| typed);
    let mut outside = command::Outside { host: &mut *core.host, typed, screen, report: core.report };
    let result = if guessing {
        let (result, events) =
            trace.collect(|t| command::run(lab, line, origin, &mut outside, &mut programs, t));
        crate::script::quiz::guess(core, events);
        result
    } else {
        command::run(lab, line, origin, &mut outside, &mut programs, trace)
    };
    if let Some(error) = programs.failed.take() {
        return Err(error);
    }
    core.stop_if_exhausted()?;
    let answer = result.map_err(|error| core.raise(error))?;
    if let Some(build) = &answer.build {
        let predictions = std::mem::take(&mut core.predictions);
        let (events, right, wrong) = command::docker::judge(build, &predictions);
        events.into_iter().for_each(|event: Event| core.emit(event));
        core.tally.predicted += right;
        core.tally.mispredicted += wrong;
        // What a scenario foretells it stands for, as for a check.
        core.tally.passed += right;
        core.tally.failed += wrong;
    }
    Ok(answer)
}

/// `#{ ok, exit, out, err, rows }` and, for a build, `steps, hits, misses, image`.
pub fn answer_map(answer: &Printed) -> Map {
    let mut map = Map::new();
    map.insert("ok".into(), (answer.exit == 0).into());
    map.insert("exit".into(), INT::from(answer.exit).into());
    map.insert("out".into(), answer.out.clone().into());
    map.insert("err".into(), answer.err.clone().into());
    let rows = rhai::serde::to_dynamic(&answer.rows).unwrap_or_default();
    if let Some(build) = &answer.build {
        map.insert("steps".into(), rows.clone());
        map.insert("hits".into(), (build.hits() as INT).into());
        map.insert("misses".into(), (build.misses() as INT).into());
        map.insert("seconds".into(), (build.seconds().round() as INT).into());
        let image = build.image.clone().map_or(Dynamic::UNIT, |image| Dynamic::from(ImageValue(image)));
        map.insert("image".into(), image);
    }
    map.insert("rows".into(), rows);
    map
}
