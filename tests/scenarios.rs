//! Every scenario is played; its whole output is a snapshot, and all its checks hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::lab;
use std::path::{Path, PathBuf};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rhai"))
        .collect();
    files.sort();
    files
}

/// Plays a scenario in a lab of its own: what it printed, checks that held, checks that did not.
fn play(path: &Path) -> (String, usize, usize) {
    let (mut session, renderer, paper) = lab();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let tally = session
        .script(&name, &std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{error}\n{}", paper.text()));
    renderer.finish();
    (paper.text(), tally.passed, tally.failed)
}

#[test]
fn every_scenario_tells_its_story_and_keeps_its_promises() {
    let mut broken = Vec::new();
    for path in files() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (text, passed, failed) = play(&path);
        if failed > 0 || passed == 0 {
            broken.push(format!("{name}: {failed} failed, {passed} passed\n{text}"));
        }
        for line in text.lines() {
            // The scenario's own lines are echoed as written; Docker's tables keep their width.
            let echoed = line.starts_with("lab> ") || line.starts_with("   > ");
            let dockers = line.contains("buildkit.dockerfile.v0")
                || line.contains("CREATED BY")
                || line.contains("<missing>")
                || line.starts_with("failed to solve: ");
            assert!(echoed || dockers || line.chars().count() <= 80, "{name}: {line}");
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("scenario_{name}"), text);
        });
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_scenario_begins_with_its_subject_and_says_what_comes_next() {
    for path in files() {
        let source = std::fs::read_to_string(&path).unwrap();
        assert!(source.starts_with("// "), "{}", path.display());
        assert!(source.contains("step(\"") && source.contains("check("), "{}", path.display());
    }
}

#[test]
fn a_scenario_gives_the_same_output_every_time() {
    for path in files().into_iter().take(6) {
        assert_eq!(play(&path).0, play(&path).0);
    }
}
