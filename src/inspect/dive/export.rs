//! dive's JSON (`cmd/dive/cli/internal/command/export/export.go`).

use super::{Analysis, DiveLayer};
use crate::fs::path;
use crate::image::archive::TarEntry;
use crate::inspect::layers::{Layers, changes_json, waste_json};
use serde_json::{Value, json};

/// As `dive --json FILE` writes it, indented by two blanks, and beside dive's fields what it lacks: each
/// layer's `changes` (`added`, `modified`, `removed`), and `waste`, what really could be saved.
pub fn export(analysis: &Analysis, layers: &Layers) -> String {
    let files = |layer: &DiveLayer| {
        let mut files = Vec::new();
        layer.tree.each(&mut |visited| {
            files.push(visited.entry().as_ref().map_or_else(implied, file));
            true
        });
        ("fileList", Value::from(files))
    };
    let mut value = value(analysis, &files);
    let told = value.get_mut("layer").and_then(Value::as_array_mut).into_iter().flatten();
    for (layer, list) in told.zip(layers.changes()) {
        layer["changes"] = changes_json(layers, &list);
    }
    value["waste"] = waste_json(layers, &layers.waste(0));
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// The same with the number of files in place of each list, `files`.
pub fn summary(analysis: &Analysis) -> Value {
    value(analysis, &|layer| ("files", layer.files().into()))
}

fn value(analysis: &Analysis, files: &dyn Fn(&DiveLayer) -> (&'static str, Value)) -> Value {
    let layers = analysis.layers.iter().enumerate().map(|(index, layer)| {
        let (key, files) = files(layer);
        let mut value = json!({
            "index": index,
            "id": layer.id,
            "digestId": layer.diff_id,
            "sizeBytes": layer.size,
            "command": layer.command,
        });
        value[key] = files;
        value
    });
    let references = analysis.inefficiencies.iter().map(|found| {
        json!({ "count": found.count, "sizeBytes": found.bytes, "file": String::from_utf8_lossy(&found.path) })
    });
    json!({
        "layer": layers.collect::<Vec<_>>(),
        "image": {
            "sizeBytes": analysis.size(),
            "inefficientBytes": analysis.wasted_bytes,
            "efficiencyScore": number(analysis.efficiency),
            "fileReference": references.collect::<Vec<_>>(),
        },
    })
}

/// Go writes 1 for 1.0.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

fn implied() -> Value {
    json!({ "path": "", "typeFlag": 0, "linkName": "", "size": 0, "fileMode": 0, "uid": 0, "gid": 0, "isDir": false })
}

fn file(entry: &TarEntry) -> Value {
    json!({
        "path": path::show(&entry.path),
        "typeFlag": entry.type_flag,
        "linkName": path::show(&entry.link),
        "size": entry.size,
        "fileMode": go_mode(entry),
        "uid": entry.uid,
        "gid": entry.gid,
        "isDir": entry.type_flag == b'5',
    })
}

/// The bits of Go's `os.FileMode` (Go `io/fs`, `archive/tar` `headerFileInfo.Mode`).
fn go_mode(entry: &TarEntry) -> u32 {
    let special = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)];
    let special = special.iter().filter(|(bit, _)| entry.mode & bit != 0).map(|(_, bit)| *bit);
    let kind: u32 = match entry.type_flag {
        b'2' => 1 << 27,
        b'3' => 1 << 26 | 1 << 21,
        b'4' => 1 << 26,
        b'5' => 1 << 31,
        b'6' => 1 << 25,
        _ => 0,
    };
    u32::from(entry.mode & 0o777) | kind | special.sum::<u32>()
}
