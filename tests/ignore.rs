//! Replays what Docker left of a build context, for every recorded `.dockerignore`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::build::ignore::{Ignore, Trail, Visit};
use layerlab::dockerfile::Version;
use layerlab::trace::Fuel;
use serde_json::Value;
use std::collections::BTreeMap;

/// A case's files as directories and files, `/`-separated; directories end in `/`.
fn tree(case: &Value) -> BTreeMap<String, bool> {
    let mut entries = BTreeMap::new();
    let files = case["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap());
    for file in files.chain([".dockerignore", "Dockerfile"]) {
        for (at, _) in file.match_indices('/') {
            entries.insert(file[..at].to_owned(), true);
        }
        if !file.ends_with('/') {
            entries.insert(file.to_owned(), false);
        }
    }
    entries
}

/// What reaches `/ctx` by the rules: the walk, then the directories above what it kept.
fn copied(ignore: &Ignore, entries: &BTreeMap<String, bool>, sends_entered: bool) -> Vec<String> {
    let mut fuel = Fuel::default();
    let mut trails: BTreeMap<String, Trail> = BTreeMap::from([(String::new(), Trail::default())]);
    let mut kept = std::collections::BTreeSet::new();
    // sorted as paths are, a directory comes before what is in it
    for (path, &directory) in entries {
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let Some(above) = trails.get(parent) else { continue };
        let (visit, trail) = ignore.visit(path, directory, above, &mut fuel);
        if directory && visit != Visit::Skip {
            trails.insert(path.clone(), trail);
        }
        if visit == Visit::Keep || (visit == Visit::Enter && sends_entered) {
            for (at, _) in path.match_indices('/') {
                kept.insert(format!("{}/", &path[..at]));
            }
            kept.insert(if directory { format!("{path}/") } else { path.clone() });
        }
    }
    kept.into_iter().collect()
}

#[test]
fn every_recorded_ignore_file_leaves_what_docker_left() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/docker/ignore");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 100, "only {} cases", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let text = case["dockerignore"].as_str().unwrap();
        let entries = tree(&case);
        for builder in ["buildkit", "legacy"] {
            let expect = &case["expect"];
            let expect = expect.get(builder).or(expect.get("both")).unwrap();
            let got = Ignore::parse(text.as_bytes(), Version::V20_10, &mut Fuel::default());
            let (got, wanted) = match got {
                Ok(ignore) => {
                    let wanted = expect["copied"].as_array().map(|list| {
                        list.iter().map(|path| path.as_str().unwrap().to_owned()).collect::<Vec<_>>()
                    });
                    (Ok(copied(&ignore, &entries, builder == "buildkit")), wanted.ok_or(()))
                }
                Err(error) => {
                    let message = if builder == "buildkit" { error.buildkit() } else { error.legacy() };
                    let wanted = expect["error"].as_str().unwrap_or("no error").to_owned();
                    if message != wanted {
                        wrong.push(format!("{} {builder}: {message:?}, not {wanted:?}", case["name"]));
                    }
                    continue;
                }
            };
            if got != wanted {
                wrong.push(format!(
                    "{} {builder} {text:?}\n  got    {got:?}\n  wanted {wanted:?}",
                    case["name"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
