//! Replaying recorded analyses: `docker history`, `inspect`, `image ls` and dive on saved images.

use super::report::{Answer, Verdict};
use crate::image::archive;
use crate::image::{Image, Store};
use crate::inspect::{self, HistoryOptions, ListOptions, dive};
use crate::trace::Fuel;
use serde_json::{Map, Value, json};

/// Bytes of an archive, unpacked.
const MOST: u64 = 256 << 20;

/// Is it a recorded analysis?
pub fn is_case(case: &Value) -> bool {
    case.get("archive").is_some_and(Value::is_string) && case.get("expect").is_some_and(Value::is_object)
}

/// Plays a case; `read` gives the bytes of a file beside it.
///
/// # Errors
/// What the case or its archive lacks.
pub fn replay(case: &Value, read: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>) -> Result<Answer, String> {
    let name = case.get("name").and_then(Value::as_str).unwrap_or_default();
    let bytes = read(case.get("archive").and_then(Value::as_str).unwrap_or_default())?;
    let loaded = archive::read(&bytes, MOST, &mut Fuel::default()).map_err(|error| error.message)?;
    let loaded = loaded.first().ok_or("its archive has no image")?;
    let mut store = Store::default();
    let id = store.share(loaded.image.clone());
    for name in &loaded.names {
        store.tag(name, id);
    }
    let expect = case.get("expect").unwrap_or(&Value::Null);
    let mut answer = Map::new();
    history(&mut answer, &store, &loaded.image);
    inspected(&mut answer, expect, &store, &loaded.image);
    let analysis = dive::of_archive(loaded);
    answer.insert("dive".to_owned(), dive::summary(&analysis));
    for (rules, text) in case.get("ci_files").and_then(Value::as_object).into_iter().flatten() {
        let config = text.as_str().map(|text| ("<dir>/.dive-ci", text));
        let printed = dive::ci(&analysis, "docker-archive://<archive>", config)?;
        answer.insert(format!("dive_ci_{rules}"), json!({ "exit": printed.exit, "output": printed.out }));
    }
    // In the order of the recording.
    let keys = expect.as_object().into_iter().flatten().map(|(key, _)| key);
    let ordered: Map<String, Value> =
        keys.filter_map(|key| Some((key.clone(), answer.get(key)?.clone()))).collect();
    let answer = Value::Object(ordered);
    let difference = first_difference("expect", expect, &answer);
    Ok(Answer {
        name: name.to_owned(),
        topic: "analyze".to_owned(),
        value: json!({ "name": name, "expect": answer }),
        verdict: difference.map_or(Verdict::AsRecorded, Verdict::Differs),
    })
}

fn history(answer: &mut Map<String, Value>, store: &Store, image: &Image) {
    const TABLE: &str = "table {{.ID}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}";
    let print = |no_trunc: bool, human: bool, quiet: bool, format: Option<&str>| {
        let options = HistoryOptions { no_trunc, human, quiet, format: format.map(str::to_owned) };
        inspect::history(store, image, &options).out
    };
    let lines = print(true, true, false, Some("{{json .}}"));
    let rows = lines.lines().map(|line| {
        let mut row: Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(fields) = row.as_object_mut() {
            fields.retain(|key, _| key != "CreatedAt" && key != "CreatedSince");
        }
        row
    });
    answer.insert("history".to_owned(), rows.collect());
    let bytes = print(true, false, false, Some("{{.Size}}"));
    let bytes = bytes.lines().map(|line| json!(line.parse::<u64>().unwrap_or_default()));
    answer.insert("history_bytes".to_owned(), bytes.collect());
    for (key, text) in [
        ("history_table", print(false, true, false, Some(TABLE))),
        ("history_table_no_trunc", print(true, true, false, Some(TABLE))),
        ("history_table_bytes", print(false, false, false, Some("table {{.CreatedBy}}\\t{{.Size}}"))),
        ("history_quiet", print(false, true, true, None)),
    ] {
        answer.insert(key.to_owned(), text.into());
    }
}

fn inspected(answer: &mut Map<String, Value>, expect: &Value, store: &Store, image: &Image) {
    let value = inspect::image_value(store, image);
    let things = std::slice::from_ref(&value);
    let mut all: Value = serde_json::from_str(&inspect::inspect(things, None).out).unwrap_or_default();
    let mut shown = all.get_mut(0).map(Value::take).unwrap_or_default();
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|key, _| {
            !["GraphDriver", "Metadata", "RepoDigests", "VirtualSize"].contains(&key.as_str())
        });
    }
    answer.insert("inspect".to_owned(), shown);
    let templates = expect.get("templates").and_then(Value::as_object).into_iter().flatten();
    let printed = templates.map(|(template, _)| {
        let printed = inspect::inspect(things, Some(template));
        let mut said = json!({ "stdout": printed.out });
        if printed.exit != 0 {
            said["exit"] = json!(printed.exit);
            said["stderr"] = json!(printed.err);
        }
        (template.clone(), said)
    });
    answer.insert("templates".to_owned(), printed.collect::<Map<_, _>>().into());
    let format = Some("table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.Size}}".to_owned());
    let listed = inspect::image_list(store, None, &ListOptions { format, ..ListOptions::default() });
    answer.insert("image_ls".to_owned(), listed.out.into());
}

/// The first place where two values differ, in words; the order of fields means nothing.
fn first_difference(at: &str, want: &Value, got: &Value) -> Option<String> {
    match (want, got) {
        (Value::Object(wanted), Value::Object(given)) => {
            let mut fields =
                wanted.iter().map(|(key, want)| (key, want, given.get(key).unwrap_or(&Value::Null)));
            let extra = || given.keys().find(|key| !wanted.contains_key(*key));
            fields
                .find_map(|(key, want, got)| first_difference(&format!("{at}.{key}"), want, got))
                .or_else(|| extra().map(|key| format!("{at}.{key}: not recorded")))
        }
        (Value::Array(wanted), Value::Array(given)) if wanted.len() == given.len() => {
            let mut items = wanted.iter().zip(given).enumerate();
            items.find_map(|(number, (want, got))| first_difference(&format!("{at}[{number}]"), want, got))
        }
        (Value::Number(want), Value::Number(got)) if same(want.as_f64(), got.as_f64()) => None,
        (want, got) if want == got => None,
        (want, got) => Some(format!("{at}: recorded {want}, here {got}")),
    }
}

/// Reading a fraction may miss its last bit; whole numbers are exact.
fn same(want: Option<f64>, got: Option<f64>) -> bool {
    let (Some(want), Some(got)) = (want, got) else { return false };
    (want - got).abs() <= if want.fract() == 0.0 { 0.0 } else { 2.0 * f64::EPSILON * want.abs() }
}
