//! dive's JSON (`cmd/dive/cli/internal/command/export/export.go`).

use super::{Analysis, DiveLayer};
use crate::fs::path;
use crate::image::archive::TarEntry;
use crate::inspect::layers::{ChangeLists, Layers, WasteRows, layer_changes, waste_json};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::io::{self, Write};

/// As `dive --json FILE` writes it, indented by two blanks, and beside dive's fields what it lacks: each
/// layer's `changes` (`added`, `modified`, `removed`), and `waste`, what really could be saved.
///
/// # Errors
/// What `out` says.
pub fn export(analysis: &Analysis, layers: &Layers, out: &mut dyn Write) -> io::Result<()> {
    let waste = layers.waste(0);
    let told = analysis.layers.iter().zip(layer_changes(layers)).enumerate();
    let told = told.map(|(index, (layer, changes))| LayerRow {
        own: layer_json(index, layer),
        file_list: Files(layer),
        changes,
    });
    let value =
        Export { layer: told.collect(), image: ImageRow::of(analysis), waste: waste_json(layers, &waste) };
    serde_json::to_writer_pretty(&mut *out, &value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// The same with the number of files in place of each list, `files`.
pub fn summary(analysis: &Analysis) -> Value {
    let layers = analysis.layers.iter().enumerate().map(|(index, layer)| {
        let mut own = layer_json(index, layer);
        own.insert("files".to_owned(), layer.files().into());
        Value::Object(own)
    });
    json!({ "layer": layers.collect::<Vec<_>>(), "image": ImageRow::of(analysis) })
}

#[derive(Serialize)]
struct Export<'a> {
    layer: Vec<LayerRow<'a>>,
    image: ImageRow<'a>,
    waste: WasteRows<'a>,
}

#[derive(Serialize)]
struct LayerRow<'a> {
    #[serde(flatten)]
    own: Map<String, Value>,
    #[serde(rename = "fileList")]
    file_list: Files<'a>,
    changes: ChangeLists<'a>,
}

/// The files of a layer, written one by one: there may be a million.
struct Files<'a>(&'a DiveLayer);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut failed = None;
        self.0.tree.each(&mut |visited| {
            let entry = visited.entry();
            let row = entry.as_ref().map_or_else(FileRow::default, |entry| file(entry));
            failed = list.serialize_element(&row).err();
            failed.is_none()
        });
        failed.map_or(Ok(()), Err)?;
        list.end()
    }
}

/// A file as dive writes it. A directory that only names on the way imply is empty.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FileRow<'a> {
    path: Cow<'a, str>,
    type_flag: u8,
    link_name: Cow<'a, str>,
    size: u64,
    file_mode: u32,
    uid: u64,
    gid: u64,
    is_dir: bool,
}

fn layer_json(index: usize, layer: &DiveLayer) -> Map<String, Value> {
    let row = [
        ("index", json!(index)),
        ("id", json!(layer.id)),
        ("digestId", json!(layer.diff_id)),
        ("sizeBytes", json!(layer.size)),
        ("command", json!(layer.command)),
    ];
    row.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageRow<'a> {
    size_bytes: u64,
    inefficient_bytes: u64,
    efficiency_score: Value,
    file_reference: References<'a>,
}

impl<'a> ImageRow<'a> {
    fn of(analysis: &'a Analysis) -> ImageRow<'a> {
        ImageRow {
            size_bytes: analysis.size(),
            inefficient_bytes: analysis.wasted_bytes,
            efficiency_score: number(analysis.efficiency),
            file_reference: References(analysis),
        }
    }
}

/// The inefficient paths, written one by one.
struct References<'a>(&'a Analysis);

impl Serialize for References<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let file = |path| String::from_utf8_lossy(path);
        serializer.collect_seq(self.0.inefficiencies.iter().map(|found| Reference {
            count: found.count,
            size_bytes: found.bytes,
            file: file(&found.path),
        }))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'a> {
    count: usize,
    size_bytes: u64,
    file: Cow<'a, str>,
}

/// Go writes 1 for 1.0.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

fn file(entry: &TarEntry) -> FileRow<'_> {
    FileRow {
        path: path::show(&entry.path),
        type_flag: entry.type_flag,
        link_name: path::show(&entry.link),
        size: entry.size,
        file_mode: go_mode(entry),
        uid: entry.uid.into(),
        gid: entry.gid.into(),
        is_dir: entry.type_flag == b'5',
    }
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
