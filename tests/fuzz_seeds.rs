//! The seeds of the fuzz targets, and what fuzzing found, as an ordinary test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "fuzz/checks.rs"]
mod checks;

fn seeds(target: &str, least: usize, check: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= least, "{} has only {} seeds", folder.display(), paths.len());
    for path in paths {
        let data = std::fs::read(&path).unwrap();
        if std::panic::catch_unwind(|| check(&data)).is_err() {
            panic!("{} failed", path.display());
        }
    }
}

#[test]
fn archive() {
    seeds("archive", 8, checks::archive);
}

#[test]
fn compose() {
    seeds("compose", 8, checks::compose);
}

#[test]
fn dockerfile_parse() {
    seeds("dockerfile_parse", 15, checks::dockerfile_parse);
}

#[test]
fn dockerignore() {
    seeds("dockerignore", 10, checks::dockerignore);
}

#[test]
fn overlay_corpus() {
    seeds("overlay_corpus", 12, checks::overlay_corpus);
}

#[test]
fn packages() {
    seeds("packages", 8, checks::packages);
}

#[test]
fn shell_eval() {
    seeds("shell_eval", 10, checks::shell_eval);
}
