//! Replaying recorded containers: what commands in them print and change, `docker diff`, sizes and
//! `docker commit`.

use super::build::{Bases, Files, layer_diff};
use super::report::{Answer, Verdict};
use crate::build::{self, Builder, Cache, configure};
use crate::dockerfile::Version;
use crate::fs::{Ino, Tree};
use crate::image::{Container, Image, ImageLayer, Origin, docker_config};
use crate::inspect;
use crate::shell::{self, NoPrograms, Process, Sandbox};
use crate::trace::Trace;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A day: recorded images are older than what is done in their containers, while the lab's clock
/// stands still.
const DAY: i64 = 86_400;

/// Is it a recorded container?
pub fn is_case(case: &Value) -> bool {
    case.get("commands").is_some_and(Value::is_array) && case.get("image").is_some_and(Value::is_string)
}

/// Plays a case.
///
/// # Errors
/// What the case lacks.
pub fn replay(case: &Value, bases: &Bases) -> Result<Answer, String> {
    let name = case.get("name").and_then(Value::as_str).unwrap_or_default();
    let image = image(case, bases)?;
    let expect = play(case, &image)?;
    let difference = compare(case.get("expect").unwrap_or(&Value::Null), &expect);
    Ok(Answer {
        name: name.to_owned(),
        topic: "container".to_owned(),
        value: json!({ "name": name, "expect": expect }),
        verdict: difference.map_or(Verdict::AsRecorded, Verdict::Differs),
    })
}

fn play(case: &Value, image: &Arc<Image>) -> Result<Value, String> {
    let start = |image: &Arc<Image>| {
        Container::create("recorded", "", image.clone(), 0).map_err(|errno| errno.to_string())
    };
    let user = case.get("user").and_then(Value::as_str);
    let mut container = start(image)?;
    texts(case, "volumes").for_each(|volume| container.add_volume(volume));
    container.config.cmd = Some(vec!["sleep".to_owned(), "600".to_owned()]);
    let mut answer = Map::new();
    answer.insert("start_diff".to_owned(), diff(&container));
    answer.insert("commands".to_owned(), commands(&mut container, texts(case, "commands"), user));
    answer.insert("second_container_diff".to_owned(), diff(&start(image)?));
    answer.insert("size_rw".to_owned(), json!(container.size_rw()));
    answer.insert("size_root_fs".to_owned(), json!(container.size_root_fs()));
    let mut config = container.config.clone();
    let changes: Vec<&str> = texts(case, "commit_changes").collect();
    configure(&mut config, &changes, Version::V20_10).map_err(|error| error.message)?;
    let committed = Arc::new(container.commit_as("", "", config));
    answer.insert("commit".to_owned(), commit(image, &committed));
    if case.get("after").is_some() {
        let mut after = start(&committed)?;
        answer.insert("after".to_owned(), commands(&mut after, texts(case, "after"), None));
    }
    Ok(Value::Object(answer))
}

/// The case's image: a base, or built from its Dockerfile by the legacy builder.
fn image(case: &Value, bases: &Bases) -> Result<Arc<Image>, String> {
    let mut images = bases.store();
    let image = if case.get("dockerfile").is_some() {
        let mut given = case.clone();
        // Here a context's file is its text alone.
        for file in given.get_mut("context").and_then(Value::as_object_mut).into_iter().flatten() {
            if file.1.is_string() {
                *file.1 = json!({ "data": file.1 });
            }
        }
        let request = Files::default().request(&given, Builder::Legacy)?;
        let mut t = Trace::silent();
        let built = build::build(&mut images, &mut Cache::default(), &request, &mut NoPrograms, &mut t);
        let id = built.result.map_err(|failure| failure.message)?;
        images.by_id(&id)
    } else {
        images.named(case.get("image").and_then(Value::as_str).unwrap_or_default())
    };
    let image = image.ok_or("its image is not among the bases")?;
    let layers = image.layers.iter().map(aged).collect();
    Ok(Arc::new(Image { layers, ..Image::clone(&image) }.sealed()))
}

/// The same layer, a day older.
fn aged(layer: &ImageLayer) -> ImageLayer {
    let mut tree = Tree::from_layer(&layer.layer);
    for ino in 0..tree.inodes() {
        tree.inode_mut(ino as Ino).mtime -= DAY;
    }
    ImageLayer::new(tree.seal(), Origin::Daemon, layer.label.clone())
}

fn commands<'a>(
    container: &mut Container,
    commands: impl Iterator<Item = &'a str>,
    user: Option<&str>,
) -> Value {
    let mut answers = Vec::new();
    for command in commands {
        let env = container.config.env.iter().filter_map(|entry| entry.split_once('='));
        let process = Process {
            argv: ["sh", "-c", command].map(str::to_owned).to_vec(),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            cwd: container.config.working_dir.clone(),
            user: user.unwrap_or(&container.config.user).to_owned(),
            sandbox: Sandbox::Container,
            strict: true,
            ..Process::default()
        };
        let outcome = shell::run(&mut container.mount, &process, &mut NoPrograms, &mut Trace::silent());
        answers.push(json!({
            "command": command,
            "exit": outcome.exit,
            "stdout": String::from_utf8_lossy(&outcome.out),
            "stderr": String::from_utf8_lossy(&outcome.err),
            "diff": diff(container),
        }));
    }
    Value::Array(answers)
}

fn diff(container: &Container) -> Value {
    let changes = inspect::changes(container, &mut Trace::silent());
    changes.iter().map(|change| json!(format!("{} {}", change.kind.letter(), change.path))).collect()
}

fn commit(image: &Image, committed: &Image) -> Value {
    let new = committed.layers.len().saturating_sub(image.layers.len());
    let entry = committed.history.last().cloned().unwrap_or_default();
    let mut answer = json!({
        "new_layers": new,
        "created_by": entry.created_by,
        "empty_layer": entry.empty_layer,
        "size": if new > 0 { committed.layers.last().map_or(0, |layer| layer.size) } else { 0 },
        "config": docker_config(&committed.config),
    });
    if let (Some(layer), true, Some(map)) = (committed.layers.last(), new > 0, answer.as_object_mut()) {
        map.insert("diff".to_owned(), layer_diff(&layer.layer, &image.layers));
    }
    answer
}

/// The first key of the expectation that the answer gives otherwise, in words.
fn compare(expect: &Value, answer: &Value) -> Option<String> {
    for (key, want) in expect.as_object().into_iter().flatten() {
        let got = answer.get(key).unwrap_or(&Value::Null);
        if let (Some(wanted), Some(given)) = (want.as_array(), got.as_array())
            && wanted.iter().any(Value::is_object)
        {
            let pairs = wanted.iter().zip(given);
            for (number, (want, got)) in pairs.enumerate() {
                if let Some(words) = fields(want, got) {
                    return Some(format!("{key} {}: {words}", number + 1));
                }
            }
        } else if want.is_object() {
            if let Some(words) = fields(want, got) {
                return Some(format!("{key}: {words}"));
            }
        } else if tidy(want) != tidy(got) {
            return Some(format!("{key}: recorded {want}, here {got}"));
        }
    }
    None
}

fn fields(want: &Value, got: &Value) -> Option<String> {
    for (key, want) in want.as_object()? {
        let got = got.get(key).unwrap_or(&Value::Null);
        if tidy(want) != tidy(got) {
            return Some(format!("{key}: recorded {want}, here {got}"));
        }
    }
    None
}

/// Without empty lists, maps and texts in maps: the corpus leaves them out.
fn tidy(value: &Value) -> Value {
    let Some(map) = value.as_object() else { return value.clone() };
    let filled = |value: &&Value| match value {
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => !text.is_empty(),
        other => !other.is_null(),
    };
    let mut kept: Vec<(&String, &Value)> = map.iter().filter(|(_, value)| filled(value)).collect();
    kept.sort_by_key(|(key, _)| *key);
    kept.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>().into()
}

fn texts<'v>(case: &'v Value, key: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    case.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
