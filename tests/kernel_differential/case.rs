//! A sequence: a stack of layers, mount options, and operations, in the shapes of the overlay corpus.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What stands at one path of a layer.
pub type Entry = Map<String, Value>;

/// A layer: path to entry, parents before what is inside.
pub type Layer = BTreeMap<String, Entry>;

/// One operation with its arguments.
pub type Op = Map<String, Value>;

/// Mount options. With all off this is what Docker's `overlay2` mounts with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    pub redirect_dir: bool,
    pub metacopy: bool,
    pub index: bool,
    pub xino: bool,
    pub userxattr: bool,
}

impl Options {
    /// The four that are on or off, by name.
    pub fn switches(&self) -> [(&'static str, bool); 4] {
        [
            ("redirect_dir", self.redirect_dir),
            ("metacopy", self.metacopy),
            ("index", self.index),
            ("xino", self.xino),
        ]
    }
}

/// A sequence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    pub name: String,
    pub options: Options,
    /// Topmost first.
    pub lowers: Vec<Layer>,
    /// Data-only lowers, topmost first.
    pub data: Vec<Layer>,
    pub upper: Layer,
    pub ops: Vec<Op>,
}

impl Case {
    /// As a case of the corpus, without a recording.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut options = Map::new();
        for (name, on) in self.options.switches() {
            options.insert(name.to_owned(), json!(if on { "on" } else { "off" }));
        }
        options.insert("userxattr".to_owned(), json!(self.options.userxattr));
        let data = (!self.data.is_empty()).then(|| ("data".to_owned(), json!(self.data)));
        let fields = [
            ("name", json!(self.name)),
            ("topic", json!("differential")),
            ("options", Value::Object(options)),
            ("lowers", json!(self.lowers)),
            ("initial_upper", json!(self.upper)),
            ("ops", json!(self.ops)),
        ];
        fields.into_iter().map(|(key, value)| (key.to_owned(), value)).chain(data).collect()
    }

    /// All layers: lowers, data-only lowers, the upper.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.lowers.iter().chain(&self.data).chain([&self.upper])
    }

    /// Entries of all layers together.
    pub fn entries(&self) -> usize {
        self.layers().map(BTreeMap::len).sum()
    }
}

/// The text of a field, empty when it has none.
pub fn text<'o>(object: &'o Map<String, Value>, key: &str) -> &'o str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Drops what has lost its parent or the path it is a hard link to.
pub fn keep_whole(layer: &mut Layer) {
    let mut dirs = vec![String::new()];
    let mut firsts = Vec::new();
    layer.retain(|path, entry| {
        if path == "/" {
            return true;
        }
        let parent = &path[..path.rfind('/').unwrap_or(0)];
        let first = entry.get("hardlink").and_then(Value::as_str);
        let whole = dirs.iter().any(|dir| dir == parent)
            && first.is_none_or(|first| firsts.iter().any(|known| known == first));
        match text(entry, "type") {
            "dir" if whole => dirs.push(path.clone()),
            _ if whole && first.is_none() => firsts.push(path.clone()),
            _ => {}
        }
        whole
    });
}
