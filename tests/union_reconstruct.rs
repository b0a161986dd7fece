//! The events are the whole story: from them alone, as JSON, the upper layer is rebuilt after every
//! operation of the recorded cases, and the winner of every look-up.
//!
//! `OVERLAY_CORPUS=FOLDER` takes the cases of another folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "reconstruct/model.rs"]
mod model;

use layerlab::replay::overlay;
use layerlab::trace::Trace;
use model::{Layer, Model, Object};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// All cases of the corpus that the kernel mounted, and how many it refused.
fn cases() -> (Vec<Value>, usize) {
    let folder = std::env::var_os("OVERLAY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/overlay"), Into::into);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "json"));
    files.sort();
    let all = files.iter().flat_map(|path| {
        let mut file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        file["cases"].as_array_mut().map(std::mem::take).unwrap_or_default()
    });
    let (refused, mounted): (Vec<Value>, Vec<Value>) = all.partition(|case| case.get("mount").is_some());
    (mounted, refused.len())
}

/// What changed between two states, in the corpus's shape.
fn delta(before: &BTreeMap<String, Object>, after: &BTreeMap<String, Object>) -> Value {
    let mut delta = json!({});
    let mut put = |key: &str, paths: Vec<&String>| {
        if !paths.is_empty() {
            delta[key] = json!(paths);
        }
    };
    put("added", after.keys().filter(|path| !before.contains_key(*path)).collect());
    put("removed", before.keys().filter(|path| !after.contains_key(*path)).collect());
    let changed = after.iter().filter(|(path, object)| before.get(*path).is_some_and(|was| was != *object));
    put("changed", changed.map(|(path, _)| path).collect());
    delta
}

/// A recorded delta without its empty lists.
fn recorded(delta: &Value) -> Value {
    let lists = delta.as_object().unwrap().iter().filter(|(_, paths)| **paths != json!([]));
    Value::Object(lists.map(|(key, paths)| (key.clone(), paths.clone())).collect())
}

/// Rebuilds one case; the first difference.
fn rebuild(case: &Value) -> Result<(), String> {
    let own = case["options"]["userxattr"] == json!(true);
    let shown = |name: &str| name.starts_with("user.") && !(own && name.starts_with("user.overlay."));
    let mut mount = overlay::mount(case).unwrap().unwrap();
    let mut model = Model::new(case);
    for (at, op) in case["ops"].as_array().unwrap().iter().enumerate() {
        let before = model.upper.flat(shown);
        let (_, events) = Trace::silent().collect(|t| overlay::perform(&mut mount, op, t).unwrap());
        let mut remounted = false;
        for event in events {
            let event: Value = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
            remounted |= event["event"] == json!("committed");
            model.feed(&event);
        }
        let told = if remounted { json!({}) } else { delta(&before, &model.upper.flat(shown)) };
        let kernel = recorded(&case["upper_delta"][at]);
        if told != kernel {
            return Err(format!("op {at}, {op}: the events tell {told}, the kernel did {kernel}"));
        }
    }
    let want = Layer::read(&case["upper"]);
    let (told, kernel) = (model.upper.flat(shown), want.flat(shown));
    for path in told.keys().chain(kernel.keys()) {
        if told.get(path) != kernel.get(path) {
            let (told, kernel) = (told.get(path), kernel.get(path));
            return Err(format!("at the end, {path}: the events tell {told:?}, the kernel has {kernel:?}"));
        }
    }
    let (told, kernel) = (model.upper.links(), want.links());
    if told != kernel {
        return Err(format!("at the end: hard links {told:?}, the kernel has {kernel:?}"));
    }
    Ok(())
}

#[test]
fn the_upper_is_rebuilt_from_the_events_alone() {
    let (cases, refused) = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let rebuilt = std::panic::catch_unwind(|| rebuild(case));
        match rebuilt {
            Ok(Ok(())) => {}
            Ok(Err(difference)) => wrong.push(format!("{}: {difference}", case["name"])),
            Err(panic) => {
                let panic = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                wrong.push(format!("{}: {panic}", case["name"]));
            }
        }
    }
    assert!(cases.len() > 700);
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    eprintln!("{} cases rebuilt, none left out; {refused} that the kernel does not mount", cases.len());
}
