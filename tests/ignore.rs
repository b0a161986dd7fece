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

fn read(text: &str, version: Version) -> Ignore {
    Ignore::parse(text.as_bytes(), version, &mut Fuel::default())
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Where the versions part: (file, path, excluded today, excluded in 20.10).
#[test]
fn differences_between_versions() {
    for (text, path, today, old) in [
        ("docs", "docs/sub/x", true, true),
        ("**/x", "a/b/x/c", true, false),
        ("a.(txt|md)", "a.md", false, true),
        ("a.(txt|md)", "a.(txt|md)", true, false),
        ("a{2}", "aa", false, true),
        ("a{2}", "a{2}", true, false),
        ("{a,b}", "{a,b}", true, true),
        ("b+", "bbb", false, true),
        ("^x", "x", false, true),
        ("^x", "^x", true, false),
        ("x\\+y", "x+y", true, true),
        ("[[:alpha:]]", "q", true, true),
        ("[a&&b]", "&", true, true),
        ("[^a-c]x", "dx", true, true),
        ("\\<", "<", true, true),
        ("a?", "aé", true, true),
        ("**", "any/thing", true, true),
        ("a/**", "a", false, false),
        ("a/**/b", "a/b", true, true),
        ("*\n!a", "a/b", false, false),
        ("**/b\n!a", "a/b", true, false),
    ] {
        for (version, wanted) in [(Version::Current, today), (Version::V20_10, old)] {
            assert_eq!(
                read(text, version).excludes(path, &mut Fuel::default()),
                wanted,
                "{text} {path} {version:?}"
            );
        }
    }
}

/// An excluded directory is looked into when an exception may match below it.
#[test]
fn the_walk_passes_over_directories() {
    let visit = |text: &str, version| {
        read(text, version).visit("src", true, &Trail::default(), &mut Fuel::default()).0
    };
    for (text, today, old) in [
        ("*", Visit::Skip, Visit::Skip),
        ("*\n!docs", Visit::Skip, Visit::Skip),
        ("*\n!src/lib", Visit::Enter, Visit::Enter),
        ("*\n!src/lib/*", Visit::Enter, Visit::Enter),
        ("*\n!**/t1.rs", Visit::Enter, Visit::Skip),
        ("*\n!docs/*.md", Visit::Enter, Visit::Skip),
        ("*\n!docs/*", Visit::Skip, Visit::Skip),
        ("*\n!src", Visit::Keep, Visit::Keep),
        ("docs", Visit::Keep, Visit::Keep),
    ] {
        assert_eq!((visit(text, Version::Current), visit(text, Version::V20_10)), (today, old), "{text}");
    }
}

#[test]
fn tells_which_line_decides() {
    let ignore = read("# notes\n*.md\n\n  !README.md \nREADME.md/x\n", Version::Current);
    let why = |path: &str| {
        let decision = ignore.why(path, &mut Fuel::default())?;
        Some((decision.line, decision.pattern, decision.excluded))
    };
    assert_eq!(why("a.md"), Some((2, "*.md".to_owned(), true)));
    assert_eq!(why("README.md"), Some((4, "!README.md".to_owned(), false)));
    assert_eq!(why("a.txt"), None);
}

#[test]
fn errors_point_into_the_file() {
    for (text, line, buildkit, hint) in [
        (
            "a\nfile[1\n",
            2,
            "error from sender: invalid excludepatterns: [a file[1]: syntax error in pattern",
            "close",
        ),
        (
            "*\n! \n",
            2,
            "error from sender: invalid excludepatterns: [* !]: illegal exclusion pattern: \"!\"",
            "write",
        ),
        (
            "!/\n",
            1,
            "error from sender: invalid excludepatterns: [!/]: illegal exclusion pattern: \"!\"",
            "write",
        ),
        ("a(b\n", 1, "error from sender: failed to match excludepatterns: syntax error in pattern", "close"),
        ("a++\n", 1, "error from sender: failed to match excludepatterns: syntax error in pattern", "close"),
    ] {
        let error = Ignore::parse(text.as_bytes(), Version::V20_10, &mut Fuel::default()).expect_err(text);
        assert_eq!((error.line, error.buildkit().as_str()), (line, buildkit), "{text}");
        let shown = error.shown(".dockerignore", text.as_bytes());
        assert!(shown.hint.unwrap().starts_with(hint));
        assert_eq!(shown.span.unwrap().line, line);
    }
    let long = "x".repeat(70_000);
    let error = Ignore::parse(long.as_bytes(), Version::Current, &mut Fuel::default()).expect_err("too long");
    assert_eq!(error.message, "bufio.Scanner: token too long");
}

#[test]
fn too_many_expressions_end_with_the_tank() {
    let text = "a(b|c)d\n".repeat(100_000);
    let mut fuel =
        Fuel::new(layerlab::trace::Limits { operations: 1_000_000, ..layerlab::trace::Limits::LINE });
    let error = Ignore::parse(text.as_bytes(), Version::V20_10, &mut fuel).expect_err("too many");
    assert!(error.exhausted);
}
