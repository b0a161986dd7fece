//! The lists as JSON.

use super::{Change, ChangeOf, Layers, Waste, WasteKind, Wasted};
use crate::fs::path;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The bytes of a path that is no text.
fn hex(path: &[u8]) -> Option<String> {
    let is_text = std::str::from_utf8(path).is_ok();
    (!is_text).then(|| path.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A change as JSON has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeRow {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_hex: Option<String>,
}

/// One list of changes, parted into `added`, `modified` and `removed`, and written path by path: there may be
/// a million.
pub struct ChangeLists<'l> {
    layers: &'l Layers,
    list: List<'l>,
}

enum List<'l> {
    Whole(&'l [Change]),
    /// Of one layer the paths.
    By(usize, [Vec<u32>; 3]),
}

impl ChangeLists<'_> {
    fn changes(&self, of: ChangeOf) -> impl Iterator<Item = Change> {
        let (whole, by, layer) = match &self.list {
            List::Whole(list) => (*list, &[][..], 0),
            List::By(layer, [added, modified, removed]) => {
                let list = match of {
                    ChangeOf::Added => added,
                    ChangeOf::Modified => modified,
                    ChangeOf::Removed => removed,
                };
                (&[][..], list.as_slice(), *layer)
            }
        };
        let by = by.iter().filter_map(move |at| self.layers.change_by(*at as usize, layer));
        whole.iter().copied().chain(by).filter(move |change| change.of == of)
    }
}

impl Serialize for ChangeLists<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serializer.serialize_struct("changes", 3)?;
        value.serialize_field("added", &Rows(self, ChangeOf::Added))?;
        value.serialize_field("modified", &Rows(self, ChangeOf::Modified))?;
        value.serialize_field("removed", &Rows(self, ChangeOf::Removed))?;
        value.end()
    }
}

struct Rows<'l>(&'l ChangeLists<'l>, ChangeOf);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes(self.1).map(|change| row(self.0.layers, &change)))
    }
}

/// Each layer's changes.
pub(in crate::inspect) fn layer_changes(layers: &Layers) -> impl Iterator<Item = ChangeLists<'_>> {
    let lists = layers.changed_paths().into_iter().enumerate();
    lists.map(move |(layer, list)| ChangeLists { layers, list: List::By(layer, list) })
}

fn row(layers: &Layers, change: &Change) -> ChangeRow {
    let path = layers.path(change.at);
    let with = (change.of == ChangeOf::Removed && change.with != change.at).then(|| layers.path(change.with));
    let modified = change.of == ChangeOf::Modified;
    ChangeRow {
        path: path::show(&path).into_owned(),
        path_hex: hex(&path),
        size_bytes: if change.of == ChangeOf::Removed { change.before } else { change.after },
        before_bytes: modified.then_some(change.before),
        changed: modified.then(|| change.changed.words()),
        with: with.as_deref().map(|with| path::show(with).into_owned()),
        with_hex: with.as_deref().and_then(hex),
    }
}

/// What differs between two images.
pub fn comparison_json(layers: &Layers, names: [&str; 2], list: &[Change]) -> String {
    #[derive(Serialize)]
    struct Comparison<'a> {
        from: &'a str,
        to: &'a str,
        changes: ChangeLists<'a>,
    }
    let changes = ChangeLists { layers, list: List::Whole(list) };
    let value = Comparison { from: names[0], to: names[1], changes };
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// What could be saved.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WasteRows<'l> {
    stored_bytes: u64,
    savable_bytes: u64,
    hidden_bytes: u64,
    duplicate_bytes: u64,
    kinds: Map<String, Value>,
    found: Found<'l>,
}

/// The findings, written one by one.
struct Found<'l>(&'l Layers, &'l Waste);

impl Serialize for Found<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.found.iter().map(|found| found_row(self.0, found)))
    }
}

fn found_row<'l>(layers: &'l Layers, found: &'l Wasted) -> FoundRow<'l> {
    let command = |layer: usize| layers.layers().get(layer).map_or("", |of| &*of.command);
    let (path, other) = (layers.path(found.at), found.other.map(|other| layers.path(other)));
    FoundRow {
        kind: found.kind.word(),
        path: path::show(&path).into_owned(),
        path_hex: hex(&path),
        files: found.files,
        bytes: found.bytes,
        first_layer: found.first,
        first_instruction: command(found.first),
        by_layer: found.by,
        by_instruction: command(found.by),
        other: other.as_deref().map(|other| path::show(other).into_owned()),
        other_hex: other.as_deref().and_then(hex),
        fix: &found.fix,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FoundRow<'l> {
    kind: &'static str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    files: usize,
    bytes: u64,
    first_layer: usize,
    first_instruction: &'l str,
    by_layer: usize,
    by_instruction: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_hex: Option<String>,
    fix: &'l str,
}

/// What could be saved, as it is written.
pub fn waste_json<'l>(layers: &'l Layers, waste: &'l Waste) -> WasteRows<'l> {
    let kinds = WasteKind::ALL.iter().map(|kind| {
        let (bytes, files) = waste.of(*kind);
        (kind.word().to_owned(), json!({ "bytes": bytes, "files": files }))
    });
    WasteRows {
        stored_bytes: waste.stored,
        savable_bytes: waste.savable(),
        hidden_bytes: waste.hidden,
        duplicate_bytes: waste.duplicates,
        kinds: kinds.collect(),
        found: Found(layers, waste),
    }
}
