//! Every scenario is played; its whole output is a snapshot, and all its checks hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::lab;
use std::path::{Path, PathBuf};
use std::process::Command;

fn in_folder(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "rhai"))
        .collect();
    files.sort();
    files
}

fn files() -> Vec<PathBuf> {
    [in_folder("scenarios"), in_folder("scenarios/overlay")].concat()
}

/// What its snapshot is called: `09_whiteout`, `overlay_whiteouts`.
fn snapshot(path: &Path) -> String {
    let name = path.file_stem().unwrap().to_string_lossy();
    let overlay = path.parent().is_some_and(|folder| folder.ends_with("overlay"));
    format!("scenario_{}{name}", if overlay { "overlay_" } else { "" })
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
        let name = snapshot(&path);
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
                || line.starts_with("failed to solve: ")
                || line.starts_with("Error response from daemon: ")
                || line.contains(": digest: sha256:")
                || line.contains("https://docs.docker.com/go/dockerfile/rule/")
                || line.starts_with("JSON arguments recommended ");
            assert!(echoed || dockers || line.chars().count() <= 80, "{name}: {line}");
        }
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, text);
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

/// A check behind a `catch` counts only if something was caught.
#[test]
fn every_check_of_an_overlay_scenario_is_reached() {
    for path in in_folder("scenarios/overlay") {
        let written = std::fs::read_to_string(&path).unwrap().matches("check(\"").count();
        assert_eq!(play(&path).1, written, "{}", path.display());
    }
}

/// What the overlay scenarios claim is true of the kernel too, where it can be asked.
#[test]
fn the_kernel_keeps_the_promises_of_the_overlay_scenarios() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel/scenarios.py");
    let Ok(run) = Command::new("python3").arg(script).args(in_folder("scenarios/overlay")).output() else {
        eprintln!("skipped: there is no python3");
        return;
    };
    let said = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    match run.status.code() {
        Some(77) => eprintln!("skipped: {said}"),
        code => assert_eq!(code, Some(0), "{said}"),
    }
}

#[test]
fn a_scenario_gives_the_same_output_every_time() {
    for path in files().into_iter().take(6) {
        assert_eq!(play(&path).0, play(&path).0);
    }
}
