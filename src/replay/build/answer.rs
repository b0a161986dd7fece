//! What the lab's build did, in the corpus's shape.

use super::bases::Bases;
use super::diff::diff;
use crate::build::{Build, Status, Step};
use crate::fs::{Digest, Nodes};
use crate::image::{Image, docker_config};
use serde_json::{Map, Value, json};

/// Images and layers numbered in the order in which a case first shows them.
#[derive(Default)]
pub struct Numbers {
    images: Vec<Digest>,
    layers: Vec<Digest>,
}

fn number(list: &mut Vec<Digest>, digest: Digest) -> usize {
    list.iter().position(|known| *known == digest).unwrap_or_else(|| {
        list.push(digest);
        list.len() - 1
    })
}

impl Numbers {
    /// One build's `expect`.
    pub fn answer(&mut self, built: &Build, bases: &Bases) -> Value {
        let mut answer = Map::new();
        answer.insert("ok".to_owned(), json!(built.result.is_ok()));
        answer.insert("steps".to_owned(), built.steps.iter().map(step).collect());
        if let Err(failure) = &built.result {
            answer.insert("exit".to_owned(), json!(failure.exit));
            answer.insert("error".to_owned(), json!(failure.message));
        }
        if !built.warnings.is_empty() {
            answer.insert("warnings".to_owned(), json!(built.warnings));
        }
        if let Some(image) = &built.image {
            answer.insert("image".to_owned(), json!(number(&mut self.images, image.id)));
            answer.insert("image_size".to_owned(), json!(image.size()));
            answer.insert("rootfs_layer_count".to_owned(), json!(image.layers.len()));
            answer.insert("layers".to_owned(), self.layers(image, bases));
            answer.insert("config".to_owned(), docker_config(&image.config));
        }
        Value::Object(answer)
    }

    fn layers(&mut self, image: &Image, bases: &Bases) -> Value {
        let mut below = 0;
        let mut rows = Vec::new();
        for (entry, layer) in image.history_layers() {
            let mut row = Map::new();
            row.insert("created_by".to_owned(), json!(entry.created_by));
            row.insert("empty_layer".to_owned(), json!(entry.empty_layer));
            row.insert("size".to_owned(), json!(layer.map_or(0, |layer| layer.size)));
            if !entry.comment.is_empty() {
                row.insert("comment".to_owned(), json!(entry.comment));
            }
            if let Some(layer) = layer {
                match bases.owner(layer) {
                    Some(base) => drop(row.insert("base".to_owned(), json!(base))),
                    None => {
                        row.insert("layer".to_owned(), json!(number(&mut self.layers, layer.diff_id)));
                        let lower = image.layers.get(..below).unwrap_or_default();
                        row.insert("diff".to_owned(), diff(&layer.layer, lower));
                    }
                }
                below += 1;
            }
            rows.push(Value::Object(row));
        }
        Value::Array(rows)
    }
}

fn step(step: &Step) -> Value {
    let mut row = Map::new();
    row.insert("stage".to_owned(), json!(step.stage.map_or(-1, |stage| stage as i64)));
    if let Some(name) = &step.stage_name {
        row.insert("stage_name".to_owned(), json!(name));
    }
    row.insert("instruction".to_owned(), json!(step.instruction));
    if step.printed != step.instruction && !matches!(step.status, Status::Metadata | Status::NotShown) {
        row.insert("printed".to_owned(), json!(step.printed));
    }
    row.insert("status".to_owned(), json!(step.status.word()));
    row.insert("cached".to_owned(), json!(step.cached()));
    if step.trigger {
        row.insert("trigger".to_owned(), json!(true));
    }
    if !step.output.is_empty() {
        let lines: Vec<&str> = step.output.iter().map(|(_, line)| line.as_str()).collect();
        row.insert("output".to_owned(), json!(lines));
    }
    Value::Object(row)
}

/// What an ignore case copied below `/ctx`, or how it failed.
pub fn copied(built: &Build) -> Value {
    if let Err(failure) = &built.result {
        return json!({ "ok": false, "error": failure.message });
    }
    let mut paths = Vec::new();
    for layer in built.image.iter().flat_map(|image| &image.layers) {
        layer.layer.walk(&mut |path, _, inode| {
            let path = String::from_utf8_lossy(path);
            if let Some(path) = path.strip_prefix("/ctx/") {
                paths.push(if inode.kind.is_dir() { format!("{path}/") } else { path.to_owned() });
            }
        });
    }
    paths.sort();
    json!({ "ok": true, "copied": paths })
}
