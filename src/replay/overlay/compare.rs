//! Where an answer first leaves the recording, in words.

use super::fields::cut;
use serde_json::{Map, Value};

/// None: equal. Looked at in the order in which a difference explains those after it: the mount, the
/// results, the upper step by step, the upper at the end, the merged view.
pub(super) fn first_difference(case: &Value, answer: &Value) -> Option<String> {
    if super::case::RECORDED.iter().all(|key| case.get(key).is_none()) {
        return Some("nothing is recorded to compare with; `--json` prints the lab's answer".to_owned());
    }
    let (want, got) = (case.get("mount"), answer.get("mount"));
    if want != got {
        return Some(format!("the mount: the kernel {}, the lab {}", mounted(want), mounted(got)));
    }
    steps(case, answer, "results", &|value| answered(value))
        .or_else(|| steps(case, answer, "upper_delta", &|value| changed(value)))
        .or_else(|| trees(case, answer, "upper", "in the upper layer"))
        .or_else(|| trees(case, answer, "merged", "in the merged view"))
}

fn mounted(mount: Option<&Value>) -> String {
    match mount.and_then(|mount| mount.get("errno")).and_then(Value::as_str) {
        Some(errno) => format!("refuses it with {errno}"),
        None => "mounts it".to_owned(),
    }
}

fn steps(case: &Value, answer: &Value, key: &str, words: &dyn Fn(&Value) -> String) -> Option<String> {
    let empty = Vec::new();
    let list = |value: &'_ Value| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let (want, got) = (list(case), list(answer));
    let ops = case.get("ops").and_then(Value::as_array).unwrap_or(&empty);
    for at in 0..want.len().max(got.len()) {
        let (want, got) = (want.get(at).unwrap_or(&Value::Null), got.get(at).unwrap_or(&Value::Null));
        if normal(want) != normal(got) {
            let op = ops.get(at).map_or_else(String::new, operation);
            let what = if key == "results" { "" } else { ", in the upper layer" };
            return Some(format!("op {at}, {op}{what}: the kernel {}, the lab {}", words(want), words(got)));
        }
    }
    None
}

/// An empty list in a delta is the same as none.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .filter(|(key, value)| {
                    !(matches!(key.as_str(), "added" | "removed" | "changed")
                        && value.as_array().is_some_and(Vec::is_empty))
                })
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// `rename /a /b`.
fn operation(op: &Value) -> String {
    let mut words = Vec::new();
    for key in ["op", "target", "src", "dst", "path", "mode", "uid", "gid", "size", "name"] {
        match op.get(key) {
            Some(Value::String(text)) => words.push(cut(text)),
            Some(value) => words.push(value.to_string()),
            None => {}
        }
    }
    if let Some(flags) = op.get("flags").and_then(Value::as_array) {
        words.push(flags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"));
    }
    format!("`{}`", words.join(" "))
}

fn answered(result: &Value) -> String {
    match (result.get("ok"), result.get("errno").and_then(Value::as_str)) {
        (Some(Value::Bool(true)), _) => "does it".to_owned(),
        (Some(value), _) => format!("answers {}", cut(&value.to_string())),
        (None, Some(errno)) => format!("refuses with {errno}"),
        _ => "says nothing".to_owned(),
    }
}

fn changed(delta: &Value) -> String {
    let empty = Map::new();
    let delta = delta.as_object().unwrap_or(&empty);
    let mut words = Vec::new();
    for (key, verb) in [("added", "adds"), ("removed", "removes"), ("changed", "changes")] {
        let paths = delta.get(key).and_then(Value::as_array).filter(|paths| !paths.is_empty());
        if let Some(paths) = paths {
            let paths: Vec<&str> = paths.iter().filter_map(Value::as_str).collect();
            words.push(format!("{verb} {}", cut(&paths.join(" "))));
        }
    }
    if words.is_empty() { "changes nothing".to_owned() } else { words.join(" and ") }
}

fn trees(case: &Value, answer: &Value, key: &str, place: &str) -> Option<String> {
    let empty = Map::new();
    let want = case.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let got = answer.get(key).and_then(Value::as_object).unwrap_or(&empty);
    let mut paths: Vec<&String> = want.keys().chain(got.keys()).collect();
    paths.sort();
    let path = paths.into_iter().find(|path| want.get(*path) != got.get(*path))?;
    let words = |entry: Option<&Value>| entry.map_or("nothing".to_owned(), |entry| cut(&entry.to_string()));
    Some(format!(
        "at the end, {} {place}: the kernel has {}, the lab {}",
        cut(path),
        words(want.get(path)),
        words(got.get(path))
    ))
}
