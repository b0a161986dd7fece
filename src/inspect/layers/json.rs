//! The lists as JSON.

use super::{Change, ChangeOf, Layers, Waste, WasteKind};
use crate::fs::path;
use serde_json::{Map, Value, json};

/// A path: as people read it, and its bytes in hexadecimal where it is no text.
fn put_path(value: &mut Map<String, Value>, key: &str, path: &[u8]) {
    value.insert(key.to_owned(), path::show(path).into());
    if std::str::from_utf8(path).is_err() {
        let hex: String = path.iter().map(|byte| format!("{byte:02x}")).collect();
        value.insert(format!("{key}Hex"), hex.into());
    }
}

/// `added`, `modified` and `removed` of one list.
pub fn changes_json(layers: &Layers, list: &[Change]) -> Value {
    let of = |kind: ChangeOf| list.iter().filter(move |change| change.of == kind);
    let value = |change: &Change| {
        let mut value = Map::new();
        put_path(&mut value, "path", &layers.path(change.at));
        match change.of {
            ChangeOf::Added => drop(value.insert("sizeBytes".to_owned(), change.after.into())),
            ChangeOf::Removed => {
                value.insert("sizeBytes".to_owned(), change.before.into());
                if change.with != change.at {
                    put_path(&mut value, "with", &layers.path(change.with));
                }
            }
            ChangeOf::Modified => {
                value.insert("sizeBytes".to_owned(), change.after.into());
                value.insert("beforeBytes".to_owned(), change.before.into());
                value.insert("changed".to_owned(), change.changed.words().into());
            }
        }
        Value::Object(value)
    };
    let list = |kind: ChangeOf| of(kind).map(value).collect::<Vec<_>>();
    json!({
        "added": list(ChangeOf::Added),
        "modified": list(ChangeOf::Modified),
        "removed": list(ChangeOf::Removed),
    })
}

/// What differs between two images.
pub fn comparison_json(layers: &Layers, names: [&str; 2], list: &[Change]) -> String {
    let value = json!({ "from": names[0], "to": names[1], "changes": changes_json(layers, list) });
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
