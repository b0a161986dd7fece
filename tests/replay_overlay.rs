//! The recorded overlay cases, all of them as recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Report};
use std::path::Path;

/// Every file of a folder as a host in memory.
fn corpus(folder: &Path) -> MemoryHost {
    let mut host = MemoryHost::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            host.files.insert(format!("corpus/{name}"), std::fs::read(&path).unwrap());
        }
    }
    host
}

fn replay(folder: &Path) -> Report {
    replay::run(&corpus(folder), &["corpus".to_owned()], &mut |_| {})
}

/// `OVERLAY_CORPUS=FOLDER` replays another corpus instead: one that tests/kernel/record.py made, say.
#[test]
fn every_case_of_the_corpus_is_as_recorded() {
    let folder = std::env::var_os("OVERLAY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/overlay"), Into::into);
    let report = replay(&folder);
    assert_eq!(report.exit(), 0, "{}{:?}", report.summary(), report.errors);
    let (good, all) = report.total();
    assert!(good == all && all > 700, "{}", report.summary());
    eprint!("{}", report.summary());
}
