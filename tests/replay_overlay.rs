//! The recorded overlay cases, all of them as recorded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Report};
use std::path::{Path, PathBuf};

/// Threads that share the files.
const SHARES: usize = 4;

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

/// Replays these files, each as a host in memory.
fn replay(files: &[PathBuf]) -> Report {
    let mut host = MemoryHost::default();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        host.files.insert(format!("corpus/{name}"), std::fs::read(path).unwrap());
    }
    replay::run(&host, &["corpus".to_owned()], &mut |_| {})
}

/// `OVERLAY_CORPUS=FOLDER` replays another corpus instead: one that tests/kernel/record.py made, say.
#[test]
fn every_case_of_the_corpus_is_as_recorded() {
    let other = std::env::var_os("OVERLAY_CORPUS");
    let folder = other
        .as_ref()
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/overlay"), Into::into);
    let files = files(&folder);
    let report = std::thread::scope(|scope| {
        let share = |at: usize| files.iter().skip(at).step_by(SHARES).cloned().collect::<Vec<_>>();
        let shares: Vec<_> =
            (0..SHARES).map(share).map(|files| scope.spawn(move || replay(&files))).collect();
        let mut whole = Report::default();
        for share in shares {
            whole.merge(share.join().unwrap());
        }
        whole
    });
    assert_eq!(report.exit(), 0, "{}{:?}", report.summary(), report.errors);
    let (good, all) = report.total();
    assert!(good == all && (other.is_some() || all > 2144), "{}", report.summary());
    eprint!("{}", report.summary());
}
