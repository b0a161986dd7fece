//! The lab's side.

use crate::answer::Answer;
use crate::case::Case;
use layerlab::replay::{self, Report};
use serde_json::{Value, json};

/// What the lab answers to a sequence: it is replayed as a case of the corpus.
pub fn answer(case: &Case) -> Answer {
    let mut fields = case.to_json();
    // A recording that nobody made: what stands in it is not looked at here.
    let recorded = Answer {
        results: vec![json!({ "ok": true }); case.ops.len()],
        deltas: vec![json!({}); case.ops.len()],
        ..Answer::default()
    };
    fields.extend(recorded.fields());
    let file = json!({ "format": "layerlab-overlay-corpus/1", "cases": [fields] });
    let mut report = Report::default();
    let mut value = Value::Null;
    let bytes = serde_json::to_vec(&file).unwrap();
    replay::file("sequence", &bytes, &mut report, &mut |answer| value = answer.value.clone())
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(report.errors.is_empty(), "{:?}\n{}", report.errors, file);
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    Answer {
        mount: value["mount"]["errno"].as_str().map(str::to_owned),
        results: list("results"),
        deltas: list("upper_delta"),
        merged: value["merged"].clone(),
        upper: value["upper"].clone(),
    }
}
