//! The recorded container cases: `docker diff`, sizes and `docker commit`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Verdict};
use std::path::Path;

/// Not as recorded yet: a process that is not root may still write everywhere.
const OPEN: [&str; 1] = ["ct_user"];

#[test]
fn every_container_is_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/docker");
    let mut host = MemoryHost::default();
    host.files.insert("bases.json".to_owned(), std::fs::read(folder.join("bases.json")).unwrap());
    for entry in std::fs::read_dir(folder.join("container")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("container/{}", path.file_name().unwrap().to_string_lossy());
        host.files.insert(name, std::fs::read(&path).unwrap());
    }
    let (mut all, mut differing) = (0, Vec::new());
    let report = replay::run(&host, &["container".to_owned()], &mut |answer| {
        all += 1;
        if answer.verdict != Verdict::AsRecorded && !OPEN.contains(&&*answer.name) {
            differing.push(format!("{}: {:?}", answer.name, answer.verdict));
        }
    });
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(all, 22);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
