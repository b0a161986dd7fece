//! Every errno that the kernel answered in the recorded cases is explained in a sentence that fits.
//!
//! `OVERLAY_CORPUS=FOLDER` takes the cases of another folder (the snapshot is then not compared).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::Layer;
use layerlab::replay::overlay;
use layerlab::trace::{Event, Trace};
use layerlab::union::{Call, Lower, Mount, Options};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A sentence with what differs from case to case taken out: names of the case become letters.
fn shape(why: &str) -> String {
    let short = |word: &str| {
        if word.len() > 40 {
            format!("{}…", word.chars().take(12).collect::<String>())
        } else {
            word.into()
        }
    };
    why.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_recorded_errno_has_its_sentence() {
    let other = std::env::var_os("OVERLAY_CORPUS");
    let folder = other
        .clone()
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/overlay"), Into::into);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "json"));
    files.sort();
    let mut said: BTreeMap<(String, String), BTreeMap<String, usize>> = BTreeMap::new();
    for path in files {
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for case in file["cases"].as_array().unwrap() {
            if case.get("mount").is_none() {
                collect(case, &mut said);
            }
        }
    }
    let mut table = String::new();
    for ((op, errno), sentences) in &said {
        let mut sentences: Vec<(&String, &usize)> = sentences.iter().collect();
        sentences.sort_by_key(|(why, count)| (std::cmp::Reverse(**count), (*why).clone()));
        for (why, _) in sentences.iter().take(3) {
            assert!(!why.is_empty(), "{op} {errno} is not explained");
            table.push_str(&format!("{op} {errno}: {}\n", shape(why)));
        }
    }
    if other.is_none() {
        insta::assert_snapshot!("every_recorded_errno", table);
    } else {
        println!("{table}");
    }
}

/// Runs a case; the sentences of its failures.
fn collect(case: &Value, said: &mut BTreeMap<(String, String), BTreeMap<String, usize>>) {
    let mut m = overlay::mount(case).unwrap().unwrap();
    for op in case["ops"].as_array().unwrap() {
        let name = op["op"].as_str().unwrap();
        let (result, events) = Trace::silent().collect(|t| overlay::perform(&mut m, op, t).unwrap());
        let Err(errno) = result else { continue };
        let told = events.into_iter().find_map(|event| match event {
            Event::Failed { why, .. } => Some(why),
            _ => None,
        });
        // Reading calls are told by those who make them.
        let path = op.get("path").and_then(Value::as_str).unwrap_or("");
        let why = told.unwrap_or_else(|| m.why(Call::of(name, path.as_bytes()), errno, &mut Trace::silent()));
        let seen = said.entry((name.to_owned(), errno.name().to_owned())).or_default();
        *seen.entry(why).or_default() += 1;
    }
}

#[test]
fn a_refused_mount_says_which_options_do_not_go_together() {
    let options = |set: &dyn Fn(&mut Options)| {
        let mut options = Options::default();
        set(&mut options);
        options
    };
    let lowers = |count: usize| vec![Lower { layer: Layer::empty(), label: "".into() }; count];
    let table = [
        Mount::why_not(&lowers(1), &[], &options(&|o| (o.metacopy, o.redirect_dir_off) = (true, true))),
        Mount::why_not(&lowers(1), &[], &options(&|o| (o.userxattr, o.redirect_dir) = (true, true))),
        Mount::why_not(&lowers(1), &[], &options(&|o| (o.userxattr, o.metacopy) = (true, true))),
        Mount::why_not(&lowers(501), &[], &Options::default()),
    ];
    insta::assert_snapshot!(table.join("\n"), @r"
metacopy=on does not go with redirect_dir=off: a metacopy that is renamed needs a redirect to find its data
redirect_dir=on does not go with userxattr: anybody may write user attributes, so they must not steer the look-up
metacopy=on does not go with userxattr: anybody may write user attributes, so they must not steer the look-up
501 lower layers; an overlay has at most 500
");
}
