//! Comparing a build with its recording, as strictly as the corpus asks: result, error (loosely),
//! decisions, history (checksums left open), sizes, diffs, config.

use serde_json::{Map, Value, json};

/// A part of a build that is compared.
type View = fn(&Value) -> Value;

/// The first difference between recorded builds and answers.
pub fn builds(recorded: &[Value], answers: &[Value]) -> Option<String> {
    recorded.iter().enumerate().find_map(|(at, build)| {
        let expected = build.get("expect").unwrap_or(&Value::Null);
        let answer = answers.get(at).unwrap_or(&Value::Null);
        one(expected, answer).map(|words| format!("build {at}: {words}"))
    })
}

fn one(expected: &Value, answer: &Value) -> Option<String> {
    if expected.get("ok") != answer.get("ok") {
        let error = answer.get("error").or(expected.get("error")).and_then(Value::as_str).unwrap_or("");
        return Some(format!(
            "ok: recorded {}, here {} ({error})",
            show(expected.get("ok")),
            show(answer.get("ok"))
        ));
    }
    let ok = expected.get("ok").and_then(Value::as_bool).unwrap_or(false);
    if !ok && !loosely(expected.get("error"), answer.get("error")) {
        let (expected, answer) = (show(expected.get("error")), show(answer.get("error")));
        return Some(format!("error: recorded {expected}, here {answer}"));
    }
    let views: &[(&str, View)] =
        &[("steps", steps), ("history", history), ("sizes", sizes), ("diff", diffs), ("config", config)];
    let compared = if ok { views } else { views.get(..1).unwrap_or_default() };
    compared.iter().find_map(|(name, view)| {
        let (expected, answer) = (view(expected), view(answer));
        (expected != answer).then(|| format!("{name}{}", difference(&expected, &answer)))
    })
}

/// The first difference between a recorded ignore case and the answers of both builders.
pub fn ignore(expected: &Value, answer: &Value) -> Option<String> {
    ["buildkit", "legacy"].iter().find_map(|builder| {
        let expected = expected.get("both").or_else(|| expected.get(*builder))?;
        let answer = answer.get(*builder)?;
        if expected.get("ok") == Some(&json!(false)) && answer.get("ok") == Some(&json!(false)) {
            let same = loosely(expected.get("error"), answer.get("error"));
            return (!same).then(|| format!("{builder}: {}", difference(expected, answer)));
        }
        (expected != answer).then(|| format!("{builder}{}", difference(expected, answer)))
    })
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

fn rows<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn steps(value: &Value) -> Value {
    rows(value, "steps").iter().map(|step| json!([step.get("stage"), step.get("cached")])).collect()
}

fn history(value: &Value) -> Value {
    let row = |layer: &Value| {
        let by = layer.get("created_by").and_then(Value::as_str).unwrap_or("");
        json!([open_checksums(by), layer.get("empty_layer").and_then(Value::as_bool).unwrap_or(false)])
    };
    rows(value, "layers").iter().map(row).collect()
}

fn sizes(value: &Value) -> Value {
    rows(value, "layers").iter().map(|layer| json!(layer.get("size"))).collect()
}

fn diffs(value: &Value) -> Value {
    let entry = |entry: &Value| {
        let keys = ["path", "type", "mode", "uid", "gid", "size", "target"];
        let kept = keys.iter().filter_map(|key| Some(((*key).to_owned(), entry.get(*key)?.clone())));
        Value::Object(kept.collect::<Map<_, _>>())
    };
    let path = |entry: &Value| entry.get("path").and_then(Value::as_str).unwrap_or("").to_owned();
    let list = |diff: &Value, key: &str| -> Value {
        let mut list: Vec<Value> = rows(diff, key).to_vec();
        list.sort_by_key(path);
        list.iter().map(entry).collect()
    };
    let names = |diff: &Value, key: &str| -> Value {
        let mut names: Vec<&str> = rows(diff, key).iter().filter_map(Value::as_str).collect();
        names.sort_unstable();
        json!(names)
    };
    let own = rows(value, "layers").iter().filter(|layer| layer.get("base").is_none());
    own.map(|layer| {
        let diff = layer.get("diff").unwrap_or(&Value::Null);
        json!({
            "added": list(diff, "added"),
            "modified": list(diff, "modified"),
            "deleted": names(diff, "deleted"),
            "opaque": names(diff, "opaque"),
        })
    })
    .collect()
}

fn config(value: &Value) -> Value {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let config = value.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    Value::Object(config.into_iter().filter(|(_, value)| !empty(value)).collect())
}

/// `file:`, `dir:` and `multi:` checksums are left open.
fn open_checksums(text: &str) -> String {
    let mut open = text.to_owned();
    for kind in ["file:", "dir:", "multi:"] {
        let mut from = 0;
        while let Some(at) =
            open.get(from..).and_then(|rest| rest.find(kind)).map(|at| from + at + kind.len())
        {
            let end = at + 64;
            let is_hash = open.get(at..end).is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_hexdigit()));
            if is_hash {
                open.replace_range(at..end, "<hash>");
            }
            from = at;
        }
    }
    open
}

/// Most of the recorded message's words occur in ours.
fn loosely(expected: Option<&Value>, answer: Option<&Value>) -> bool {
    const PREFIXES: [&str; 9] = [
        "error response from daemon: ",
        "failed to solve with frontend dockerfile.v0: ",
        "failed to solve: ",
        "failed to create llb definition: ",
        "failed to compute cache key: ",
        "failed to read dockerfile: ",
        "rpc error: code = unknown desc = ",
        "executor failed running ",
        "dockerfile parse error ",
    ];
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("").to_lowercase();
    let wanted = text(expected);
    let mut core = wanted.as_str();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| core.strip_prefix(prefix)) {
        core = rest;
    }
    let answer = text(answer);
    let (wanted, found) = (words(core), words(&answer));
    let common = wanted.iter().filter(|word| found.contains(word)).count();
    wanted.is_empty() || common * 10 >= wanted.len() * 6
}

fn words(text: &str) -> Vec<&str> {
    let split = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_./-".contains(c)));
    split.filter(|word| !word.is_empty()).collect()
}

/// Where two values first differ, in words.
fn difference(expected: &Value, answer: &Value) -> String {
    match (expected, answer) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            let null = Value::Null;
            let key = keys.into_iter().find(|key| a.get(*key) != b.get(*key));
            key.map_or_else(String::new, |key| {
                format!(".{key}{}", difference(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null)))
            })
        }
        (Value::Array(a), Value::Array(b)) => {
            let at = (0..a.len().max(b.len())).find(|at| a.get(*at) != b.get(*at)).unwrap_or(0);
            match (a.get(at), b.get(at)) {
                (Some(a), Some(b)) => format!("[{at}]{}", difference(a, b)),
                (a, b) => format!("[{at}]: recorded {}, here {}", show(a), show(b)),
            }
        }
        (a, b) => format!(": recorded {a}, here {b}"),
    }
}
