//! The recorded analyses: `docker history`, `inspect`, `image ls` and dive on saved images.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Verdict};
use std::path::Path;

#[test]
fn every_analysis_is_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/docker/analyze");
    let mut host = MemoryHost::default();
    for (from, to) in [("", "analyze/"), ("images", "analyze/images/")] {
        for entry in std::fs::read_dir(folder.join(from)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = format!("{to}{}", path.file_name().unwrap().to_string_lossy());
                host.files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let (mut all, mut differing) = (0, Vec::new());
    let report = replay::run(&host, &["analyze".to_owned()], &mut |answer| {
        all += 1;
        if answer.verdict != Verdict::AsRecorded {
            differing.push(format!("{}: {:?}", answer.name, answer.verdict));
        }
    });
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(all, 25);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
