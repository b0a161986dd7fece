//! Every topic of the overlay corpus is a lesson: a help text, a line to try, a scenario.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::help;
use screen::lab;
use std::collections::BTreeSet;
use std::path::Path;

/// The designed topics, as the corpus names them.
const TOPICS: &[&str] = &[
    "lookup",
    "deep-stacks",
    "whiteouts",
    "recreated-directories",
    "rmdir",
    "lower-opaque",
    "middle-whiteouts",
    "stray-whiteouts",
    "type-conflicts",
    "copy-up-triggers",
    "no-copy-up",
    "copy-up-parents",
    "hard-links",
    "hard-links-index",
    "special-files",
    "permissions",
    "large-files",
    "xattrs",
    "rename-files",
    "rename-dirs",
    "rename-dirs-redirect",
    "rename-flags",
    "symlinks",
    "errors",
    "commits",
    "root-directory",
    "odd-names",
    "initial-upper",
    "redirect-marks",
    "metacopy",
    "open-flags",
    "userxattr",
    "mounting",
    "restarts",
    "image-stories",
    "xattr-whiteouts",
    "data-only-lower",
    "nested",
];

/// The scenario that a help text names.
fn scenario(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.trim().strip_prefix("layerlab run "))
}

#[test]
fn every_topic_has_a_text_that_names_its_scenario() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for topic in TOPICS {
        let text = help::topic(topic).unwrap_or_else(|error| panic!("{topic}: {error}"));
        assert!(!text.starts_with("what mentions"), "{topic} has no text of its own");
        assert_eq!(scenario(&text), Some(format!("scenarios/overlay/{topic}.rhai").as_str()), "{text}");
        let source = std::fs::read_to_string(root.join(scenario(&text).unwrap())).unwrap();
        assert!((15..=55).contains(&source.lines().count()), "{topic}: {} lines", source.lines().count());
    }
}

#[test]
fn every_scenario_is_named_by_a_text() {
    let named: BTreeSet<String> = help::words()
        .iter()
        .filter_map(|word| Some(scenario(&help::topic(word).ok()?)?.to_owned()))
        .collect();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/overlay")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(named.contains(&format!("scenarios/overlay/{name}")), "no help text names {name}");
    }
}

/// What a text shows indented is typed into a fresh lab, line by line; a call that fails as the kernel's
/// does is fine, a mistake of the text is not.
#[test]
fn the_lines_to_try_can_be_typed() {
    for topic in TOPICS {
        let (mut session, renderer, paper) = lab();
        let text = help::topic(topic).unwrap();
        let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        let typed: Vec<&&str> = lines.iter().filter(|line| !line.starts_with("layerlab run ")).collect();
        assert!(typed.len() >= 2, "{topic}: nothing to try");
        for line in typed {
            renderer.begin(line);
            session.line("<repl>", line).unwrap_or_else(|error| panic!("{topic}: {line}\n{error}"));
            renderer.finish();
        }
        assert!(!paper.text().is_empty(), "{topic}: nothing is to be seen");
    }
}

#[test]
fn plain_words_lead_to_the_topics() {
    for (word, topic) in [
        ("ghosts", "stray-whiteouts"),
        ("setuid", "permissions"),
        ("nlink", "hard-links"),
        ("EXDEV", "rename-dirs"),
        ("whiteout", "whiteouts"),
        ("opaque", "recreated-directories"),
        ("redirect_dir", "rename-dirs-redirect"),
        ("index", "hard-links-index"),
        ("O_TRUNC", "open-flags"),
        ("mknod", "special-files"),
        (".wh.", "odd-names"),
        ("rootless", "userxattr"),
        ("ENOTEMPTY", "rmdir"),
        ("mv", "rename-files"),
        ("exchange", "rename-flags"),
    ] {
        let (said, meant) = (help::topic(word).unwrap(), help::topic(topic).unwrap());
        assert_eq!(scenario(&said), scenario(&meant), "{word}");
    }
}
