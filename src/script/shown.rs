//! Values as people read them.

use super::handle::{Files, LayerValue, OfContainer, OfContext, OfMount, OfVolume};
use rhai::{Array, Dynamic, Map};

/// A value as the REPL shows it: text as it is, lists and maps with one entry a line when they are long.
pub fn shown(value: &Dynamic) -> String {
    if let Ok(text) = value.clone().into_immutable_string() {
        return text.to_string();
    }
    if let Some(map) = value.read_lock::<Map>() {
        if !map.is_empty() && map.iter().all(|(path, entry)| path.starts_with('/') && is_entry(entry)) {
            let width = map.keys().map(|path| path.chars().count()).max().unwrap_or(0);
            let lines = map.iter().map(|(path, value)| format!("{path:width$}  {}", entry_line(value)));
            return lines.collect::<Vec<_>>().join("\n");
        }
        let width: usize = map.iter().map(|(key, value)| key.len() + value.to_string().len() + 4).sum();
        if width > 70 {
            let lines: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect();
            return lines.join("\n");
        }
    }
    if let Some(list) = value.read_lock::<Array>() {
        let lines: Vec<String> = list.iter().map(one_line).collect();
        let width: usize = lines.iter().map(|line| line.chars().count() + 2).sum();
        if width > 70 || list.iter().any(|value| thing(value).is_some()) {
            return lines.join("\n");
        }
    }
    thing(value).unwrap_or_else(|| value.to_string())
}

/// What a command gave: its output was printed while it ran.
pub fn has_shown_itself(value: &Dynamic) -> bool {
    value
        .read_lock::<Map>()
        .is_some_and(|map| ["exit", "out", "err"].iter().all(|key| map.contains_key(*key)))
}

/// The lab's own values: what it is, and the first things to do with it.
fn thing(value: &Dynamic) -> Option<String> {
    let value = value.clone();
    if let Some(files) = value.clone().try_cast::<Files<OfMount>>() {
        return Some(format!("Mount {}   try .ls(\"/\")  .write(path, text)  .which(path)", files.name()));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfContainer>>() {
        return Some(format!(
            "Container {}   try .exec(\"ls /\")  .append(path, text)  .diff()",
            files.name()
        ));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfContext>>() {
        let name = files.name();
        return Some(format!("Context {name}   try docker build -t {name} {name}"));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfVolume>>() {
        return Some(format!("Volume {}   try .ls(\"/\")  .read(path)  .size  .users", files.name()));
    }
    if let Some(layer) = value.clone().try_cast::<LayerValue>() {
        let listing = super::api::listing(&layer.0);
        return Some(format!("{}\n{listing}", super::api::described(&layer.0)).trim_end().to_owned());
    }
    if let Some(file) = value.clone().try_cast::<super::api::FileValue>() {
        return Some(format!("{}   try .read()  .stat()  .map()  .close()", file.describe()));
    }
    if let Some(map) = value.clone().try_cast::<super::api::MemoryMapValue>() {
        return Some(format!("{}   try .read()  .unmap()", map.describe()));
    }
    value.try_cast::<super::api::ImageValue>().map(|image| image.describe())
}

/// An entry of a layer, as `upper()` and `entries()` give it?
fn is_entry(value: &Dynamic) -> bool {
    value.read_lock::<Map>().is_some_and(|map| map.contains_key("type"))
}

/// "dir 0755 0:0", "file 0644 0:0 9 B", "whiteout".
fn entry_line(value: &Dynamic) -> String {
    let Some(map) = value.read_lock::<Map>() else { return value.to_string() };
    let number = |key: &str| map.get(key).and_then(|value| value.as_int().ok());
    let text = |key: &str| map.get(key).map(|value| value.to_string());
    let mut line = text("type").unwrap_or_default();
    if let (Some(mode), Some(uid), Some(gid)) = (number("mode"), number("uid"), number("gid")) {
        line.push_str(&format!(" {mode:04o} {uid}:{gid}"));
    }
    if let Some(size) = number("size") {
        line.push_str(&format!(" {size} B"));
    }
    if let Some(target) = text("target") {
        line.push_str(&format!(" -> {target}"));
    }
    for mark in ["opaque", "metacopy"].into_iter().filter(|mark| map.contains_key(*mark)) {
        line.push_str(&format!(" {mark}"));
    }
    if let Some(to) = text("redirect") {
        line.push_str(&format!(" redirect {to}"));
    }
    line
}

fn one_line(value: &Dynamic) -> String {
    let whole = thing(value).unwrap_or_else(|| value.to_string());
    whole.lines().next().unwrap_or("").to_owned()
}
