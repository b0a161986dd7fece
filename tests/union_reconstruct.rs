//! The events are the whole story: from them alone, as JSON, the upper layer is rebuilt after every
//! operation of the recorded cases, and the winner of every look-up.
//!
//! `OVERLAY_CORPUS=FOLDER` takes the cases of another folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "reconstruct/model.rs"]
mod model;
#[path = "reconstruct/search.rs"]
mod search;

use layerlab::replay::overlay;
use layerlab::trace::Trace;
use layerlab::union::Mount;
use model::{Layer, Model, Object};
use search::{Options, look_up};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One of the tests silences panics for a while.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

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

/// Who wins, by a look-up's event: the index if it knows the object, else the first that found it.
fn winner(event: &Value) -> Option<u64> {
    let probes = event["probes"].as_array().unwrap();
    let found =
        |probe: &&Value| ["found", "directory", "metacopy"].contains(&probe["answer"].as_str().unwrap());
    let indexed = probes.iter().find(|probe| probe["answer"] == json!("indexed"));
    let winner = indexed.or_else(|| probes.iter().find(found)).filter(|_| event["found"] == json!(true));
    winner.map(|probe| probe["layer"]["number"].as_u64().unwrap())
}

/// Compares the winner that a look-up's event tells with the one that a search over the rebuilt layers
/// finds, and with the one that `which` names.
fn judge_lookup(event: &Value, model: &Model, options: &Options, mount: &mut Mount) -> Result<bool, String> {
    let path = event["path"].as_str().unwrap();
    let told = match event.get("errno") {
        Some(errno) => Err(errno.as_str().unwrap()),
        None => Ok(winner(event)),
    };
    let emptied = |object: &Object| object.xwhiteout && object.data.len() == 0;
    if event["found"] == json!(true) && model.upper.get(path).is_some_and(emptied) {
        // A marked file was emptied while the kernel remembered it: only a cold look-up takes it for a
        // whiteout.
        return Ok(false);
    }
    let searched = look_up(model, options, path).map(|record| record.winner(model));
    if told != searched {
        return Err(format!("{path}: the event tells {told:?}, a search finds {searched:?}: {event}"));
    }
    let which = mount.which(path.as_bytes(), &mut Trace::silent());
    let named = which.winner.map(|layer| layer.number as u64);
    if told.ok().flatten() != named {
        return Err(format!("{path}: the event tells {told:?}, `which` names {named:?}: {event}"));
    }
    Ok(true)
}

/// Rebuilds one case: look-ups judged and left out, or the first difference. Events of the kind `withheld` are not
/// handed on.
fn rebuild(case: &Value, withheld: &str) -> Result<(usize, usize), String> {
    let own = case["options"]["userxattr"] == json!(true);
    let shown = |name: &str| name.starts_with("user.") && !(own && name.starts_with("user.overlay."));
    let mut mount = overlay::mount(case).unwrap().unwrap();
    let sealed: Vec<_> = mount.lowers().iter().map(|lower| lower.layer.clone()).collect();
    let mut model = Model::new(case, &sealed);
    let (options, mut lookups) = (Options::of(case), (0, 0));
    for (at, op) in case["ops"].as_array().unwrap().iter().enumerate() {
        let before = model.upper.flat(shown);
        let mut before_op = mount.clone();
        let (_, events) = Trace::silent().collect(|t| overlay::perform(&mut mount, op, t).unwrap());
        let mut remounted = false;
        for event in events {
            let event: Value = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
            remounted |= event["event"] == json!("committed");
            if event["event"] == json!(withheld) {
                continue;
            }
            // The search here knows no data-only layers; the upper is rebuilt from those too.
            if event["event"] == json!("lookup") && case.get("data").is_none() {
                let judged = judge_lookup(&event, &model, &options, &mut before_op)
                    .map_err(|difference| format!("op {at}, {op}: {difference}"))?;
                lookups.0 += usize::from(judged);
                lookups.1 += usize::from(!judged);
            }
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
    Ok(lookups)
}

#[test]
fn upper_and_winners_are_rebuilt_from_the_events_alone() {
    let _alone = ALONE.lock();
    let (cases, refused) = cases();
    let (mut wrong, mut lookups, mut left_out) = (Vec::new(), 0, Vec::new());
    for case in &cases {
        let rebuilt = std::panic::catch_unwind(|| rebuild(case, ""));
        match rebuilt {
            Ok(Ok((judged, remembered))) => {
                lookups += judged;
                left_out.extend((remembered > 0).then(|| format!("{}: {remembered}", case["name"])));
            }
            Ok(Err(difference)) => wrong.push(format!("{}: {difference}", case["name"])),
            Err(panic) => {
                let panic = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                wrong.push(format!("{}: {panic}", case["name"]));
            }
        }
    }
    assert!(cases.len() > 700);
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    eprintln!(
        "{} cases rebuilt, none left out, and {refused} that the kernel does not mount; {lookups} look-ups judged; \
         left out, since the kernel answered from memory: {left_out:?}",
        cases.len()
    );
    // Of all the corpora one look-up.
    assert!(left_out.len() <= 1, "{left_out:?}");
}

/// The rebuilding notices what is missing: without any one kind of event some case comes out wrong. (A
/// corpus from elsewhere need not have them all.)
#[test]
fn no_kind_of_event_can_be_spared() {
    if std::env::var_os("OVERLAY_CORPUS").is_some() {
        return;
    }
    let (cases, _) = cases();
    let _alone = ALONE.lock();
    std::panic::set_hook(Box::new(|_| {}));
    let kinds = [
        "copy_up_directories",
        "copy_up",
        "linked_up",
        "write",
        "created",
        "removed",
        "cleared",
        "opaque",
        "redirect",
        "renamed",
        "attributes",
        "committed",
    ];
    let mut spared = kinds.to_vec();
    for case in &cases {
        if spared.is_empty() {
            break;
        }
        let told = told(case);
        spared.retain(|kind| {
            let missed = || !matches!(std::panic::catch_unwind(|| rebuild(case, kind)), Ok(Ok(_)));
            !(told.contains(*kind) && missed())
        });
    }
    let _ = std::panic::take_hook();
    assert!(spared.is_empty(), "nothing is missed without {spared:?}");
}

/// The kinds of events that a case tells.
fn told(case: &Value) -> BTreeSet<String> {
    let mut mount = overlay::mount(case).unwrap().unwrap();
    let (_, events) = Trace::silent().collect(|t| {
        for op in case["ops"].as_array().unwrap() {
            let _ = overlay::perform(&mut mount, op, t).unwrap();
        }
    });
    let kind = |event| serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
    events.into_iter().map(kind).collect()
}
