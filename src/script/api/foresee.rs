//! `why(…)`, `order(…)` and `graph(…)` as functions.

use super::objects::lab;
use crate::error::{Error, ErrorKind};
use crate::script::core::Shared;
use crate::script::foresee::{Question, ask};
use crate::script::handle::{Answer, Files, OfContext};
use crate::trace::{Event, GraphSource};
use crate::whatif::{Edit, parse_edits};
use rhai::{Array, Dynamic, Engine, INT, Map};

/// Registers each for a context and for its name, with and without options.
pub fn register(engine: &mut Engine, core: &Shared) {
    for word in ["why", "order", "graph"] {
        let shared = core.clone();
        engine.register_fn(word, move |name: &str| answer(&shared, word, name, Map::new()));
        let shared = core.clone();
        engine.register_fn(word, move |name: &str, options: Map| answer(&shared, word, name, options));
        let shared = core.clone();
        engine.register_fn(word, move |context: Files<OfContext>| {
            answer(&shared, word, context.name(), Map::new())
        });
        let shared = core.clone();
        engine.register_fn(word, move |context: Files<OfContext>, options: Map| {
            answer(&shared, word, context.name(), options)
        });
    }
}

fn answer(core: &Shared, word: &str, name: &str, options: Map) -> Answer<Dynamic> {
    lab(core, |core| {
        let question = question(word, name, options)?;
        let event = ask(core, word, &question)?;
        let value = match &event {
            Event::WhatIf(answer) => why_map(answer).into(),
            Event::Order(answer) => order_map(answer).into(),
            Event::Graph(graph) => graph_map(graph).into(),
            _ => Dynamic::UNIT,
        };
        core.emit(event);
        Ok(value)
    })
}

/// One text or several.
fn texts(key: &str, value: &Dynamic) -> Result<Vec<String>, Error> {
    let one = |value: &Dynamic| {
        value.clone().into_string().map_err(|kind| {
            Error::new(ErrorKind::Usage, format!("{key} needs text, not {kind}"))
                .hint(format!("{key}: [\"app.py\"]"))
        })
    };
    match value.clone().try_cast::<Array>() {
        Some(list) => list.iter().map(one).collect(),
        None => one(value).map(|text| vec![text]),
    }
}

/// Name and value of each entry of a map.
fn pairs(key: &str, value: Dynamic) -> Result<Vec<(String, Dynamic)>, Error> {
    let map = value.try_cast::<Map>().ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("{key} is a map")).hint(match key {
            "chmod" => "chmod: #{ \"run.sh\": 0o755 }",
            "edit_line" => "edit_line: #{ \"3\": \"RUN make\" }",
            _ => "arg: #{ X: \"2\" }",
        })
    })?;
    Ok(map.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

fn question(word: &str, name: &str, options: Map) -> Result<Question, Error> {
    let mut question = Question { context: name.to_owned(), ..Question::default() };
    let mut edits: Vec<Edit> = Vec::new();
    for (key, value) in options {
        match (word, key.as_str()) {
            ("why", edit @ ("change" | "touch" | "delete" | "add")) => {
                for file in texts(edit, &value)? {
                    edits.push(Edit::parse(edit, &file)?);
                }
            }
            ("why", "chmod") => {
                for (file, mode) in pairs("chmod", value)? {
                    let mode =
                        mode.as_int().map_or_else(|_| mode.to_string(), |mode: INT| format!("{mode:o}"));
                    edits.push(Edit::parse("chmod", &format!("{file} {mode}"))?);
                }
            }
            ("why", "arg") => {
                for (name, value) in pairs("arg", value)? {
                    edits.push(Edit::parse("arg", &format!("{name}={value}"))?);
                }
            }
            ("why", "edit_line") => {
                for (line, text) in pairs("edit_line", value)? {
                    edits.push(Edit::parse("edit-line", &format!("{line} {text}"))?);
                }
            }
            ("order", "edits") => {
                let list = texts("edits", &value)?.join("\n");
                edits.extend(parse_edits("edits", &list)?);
            }
            (_, "build_arg") => {
                let list = pairs("build_arg", value)?;
                question.build_args =
                    list.into_iter().map(|(name, value)| (name, value.to_string())).collect();
            }
            (_, "file") => question.file = Some(value.to_string()),
            (_, "target") => question.target = Some(value.to_string()),
            ("why" | "order", "builder") => question.builder = Some(value.to_string()),
            ("graph", "format") => question.format = Some(value.to_string()),
            (_, other) => {
                let known: &[&str] = match word {
                    "why" => &[
                        "change",
                        "touch",
                        "delete",
                        "add",
                        "chmod",
                        "arg",
                        "edit_line",
                        "build_arg",
                        "file",
                        "target",
                        "builder",
                    ],
                    "order" => &["edits", "build_arg", "file", "target", "builder"],
                    _ => &["format", "build_arg", "file", "target"],
                };
                return Err(Error::new(ErrorKind::Usage, format!("{word} has no option `{other}`"))
                    .did_you_mean(other, known.iter().copied())
                    .hint(format!("options are {}", known.join(", "))));
            }
        }
    }
    // A line that is edited counts from the file as it is.
    edits.sort_by_key(|edit| !matches!(edit, Edit::EditLine(..)));
    question.edits = (!edits.is_empty()).then_some(edits);
    Ok(question)
}

fn int(number: usize) -> Dynamic {
    Dynamic::from(INT::try_from(number).unwrap_or(INT::MAX))
}

/// `#{ rows: [#{ number, instruction, buildkit, legacy, reason }], buildkit: #{ hits, misses, maybe, ok } … }`.
fn why_map(answer: &crate::trace::WhatIf) -> Map {
    let mut map = Map::new();
    let row = |row: &crate::trace::WhatIfRow| {
        let mut map = Map::new();
        map.insert("number".into(), int(row.number));
        map.insert("instruction".into(), row.instruction.clone().into());
        let mut reasons = Map::new();
        for cell in &row.cells {
            map.insert(cell.builder.as_str().into(), cell.verdict.clone().into());
            reasons.insert(cell.builder.as_str().into(), cell.reason.clone().into());
        }
        map.insert("reason".into(), reasons.into());
        Dynamic::from(map)
    };
    map.insert("rows".into(), answer.rows.iter().map(row).collect::<Array>().into());
    for end in &answer.builders {
        let mut of = Map::new();
        of.insert("hits".into(), int(end.hits));
        of.insert("misses".into(), int(end.misses));
        of.insert("maybe".into(), int(end.maybe));
        of.insert("ok".into(), end.failure.is_none().into());
        map.insert(end.builder.as_str().into(), of.into());
    }
    map
}

/// `#{ before, after, moves, assumed, saved }`.
fn order_map(order: &crate::trace::Order) -> Map {
    let list =
        |texts: &[String]| Dynamic::from(texts.iter().map(|text| text.clone().into()).collect::<Array>());
    let saved = order.misses_before.saturating_sub(order.misses_after);
    let mut map = Map::new();
    map.insert("before".into(), order.before.clone().into());
    map.insert("after".into(), order.after.clone().into());
    map.insert("moves".into(), list(&order.moves));
    map.insert("assumed".into(), list(&order.assumed));
    map.insert("saved".into(), int(usize::try_from(saved).unwrap_or(usize::MAX)));
    map
}

/// `#{ stages: [#{ name, line, needed }], edges: [#{ stage, from, by, paths }], target }`.
fn graph_map(graph: &crate::trace::Graph) -> Map {
    let name = |at: usize| {
        let stage = graph.stages.get(at);
        stage.and_then(|stage| stage.name.clone()).unwrap_or_else(|| at.to_string())
    };
    let stage = |stage: &crate::trace::GraphStage| {
        let mut map = Map::new();
        map.insert("name".into(), name(stage.index).into());
        map.insert("line".into(), int(stage.line as usize));
        map.insert("needed".into(), stage.needed.into());
        Dynamic::from(map)
    };
    let edge = |edge: &crate::trace::GraphEdge| {
        let from = match edge.from {
            GraphSource::FromStage(at) => name(at),
            GraphSource::FromImage(at) => graph.images.get(at).cloned().unwrap_or_default(),
            GraphSource::Scratch => "scratch".to_owned(),
        };
        let mut map = Map::new();
        map.insert("stage".into(), name(edge.stage).into());
        map.insert("from".into(), from.into());
        map.insert("by".into(), edge.by.clone().into());
        let paths = edge.paths.iter().map(|path| path.clone().into()).collect::<Array>();
        map.insert("paths".into(), paths.into());
        Dynamic::from(map)
    };
    let mut map = Map::new();
    map.insert("stages".into(), graph.stages.iter().map(stage).collect::<Array>().into());
    map.insert("edges".into(), graph.edges.iter().map(edge).collect::<Array>().into());
    map.insert("target".into(), name(graph.target).into());
    map
}
