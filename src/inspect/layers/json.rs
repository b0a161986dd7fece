//! The lists as JSON.

use super::{Change, ChangeOf, Layers, Waste, WasteKind};
use crate::fs::path;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A path: as people read it, and its bytes in hexadecimal where it is no text.
fn put_path(value: &mut Map<String, Value>, key: &str, path: &[u8]) {
    value.insert(key.to_owned(), path::show(path).into());
    if let Some(hex) = hex(path) {
        value.insert(format!("{key}Hex"), hex.into());
    }
}

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

/// One list of changes, parted. A million files are written from it without a [`Value`] for each.
#[derive(Serialize)]
pub struct ChangeLists {
    added: Vec<ChangeRow>,
    modified: Vec<ChangeRow>,
    removed: Vec<ChangeRow>,
}

/// `added`, `modified` and `removed` of one list.
pub fn changes_json(layers: &Layers, list: &[Change]) -> ChangeLists {
    let row = |change: &Change| {
        let path = layers.path(change.at);
        let with =
            (change.of == ChangeOf::Removed && change.with != change.at).then(|| layers.path(change.with));
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
    };
    let list = |kind: ChangeOf| list.iter().filter(|change| change.of == kind).map(row).collect();
    ChangeLists {
        added: list(ChangeOf::Added),
        modified: list(ChangeOf::Modified),
        removed: list(ChangeOf::Removed),
    }
}

/// What differs between two images.
pub fn comparison_json(layers: &Layers, names: [&str; 2], list: &[Change]) -> String {
    #[derive(Serialize)]
    struct Comparison<'a> {
        from: &'a str,
        to: &'a str,
        changes: ChangeLists,
    }
    let value = Comparison { from: names[0], to: names[1], changes: changes_json(layers, list) };
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// What could be saved.
pub fn waste_json(layers: &Layers, waste: &Waste) -> Value {
    let command = |layer: usize| layers.layers().get(layer).map_or("", |of| &*of.command);
    let found = waste.found.iter().map(|found| {
        let mut value = Map::new();
        value.insert("kind".to_owned(), found.kind.word().into());
        put_path(&mut value, "path", &layers.path(found.at));
        value.insert("files".to_owned(), found.files.into());
        value.insert("bytes".to_owned(), found.bytes.into());
        value.insert("firstLayer".to_owned(), found.first.into());
        value.insert("firstInstruction".to_owned(), command(found.first).into());
        value.insert("byLayer".to_owned(), found.by.into());
        value.insert("byInstruction".to_owned(), command(found.by).into());
        if let Some(other) = found.other {
            put_path(&mut value, "other", &layers.path(other));
        }
        value.insert("fix".to_owned(), found.fix.clone().into());
        Value::Object(value)
    });
    let kinds = WasteKind::ALL.iter().map(|kind| {
        let (bytes, files) = waste.of(*kind);
        (kind.word().to_owned(), json!({ "bytes": bytes, "files": files }))
    });
    json!({
        "storedBytes": waste.stored,
        "savableBytes": waste.savable(),
        "hiddenBytes": waste.hidden,
        "duplicateBytes": waste.duplicates,
        "kinds": kinds.collect::<Map<_, _>>(),
        "found": found.collect::<Vec<_>>(),
    })
}
