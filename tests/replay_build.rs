//! The recorded builds and ignore files of Docker 20.10, as recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Report};
use std::path::Path;

fn take_in(host: &mut MemoryHost, folder: &Path, name: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inside = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            take_in(host, &path, &inside);
        } else {
            host.files.insert(inside, std::fs::read(&path).unwrap());
        }
    }
}

fn replay(part: &str) -> Report {
    let folder = std::env::var_os("DOCKER_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/docker"), Into::into);
    let mut host = MemoryHost::default();
    take_in(&mut host, &folder, "corpus");
    replay::run(&host, &[format!("corpus/{part}")], &mut |_| {})
}

#[test]
fn builds_are_as_recorded() {
    let report = replay("build");
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let (good, all) = report.total();
    // What is left hinges on programs of the recorded image that are not modelled.
    assert!(all > 500 && good * 100 >= all * 99, "{}", report.summary());
}

#[test]
fn ignore_files_are_as_recorded() {
    let report = replay("ignore");
    let (good, all) = report.total();
    assert!(report.errors.is_empty() && all > 100 && good == all, "{}", report.summary());
}
