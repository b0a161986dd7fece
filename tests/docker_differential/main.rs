//! The lab against a real Docker 20.10: random projects and edits, built by the daemon and by the lab;
//! decisions, layers, history, sizes and config are compared as the recorded corpus's are.
//!
//! Runs only where `LAYERLAB_DOCKER_HOST` names a daemon, best one of its own whose data are on a tmpfs:
//! `dockerd --iptables=false --bridge=none --data-root /dev/shm/d -H unix:///dev/shm/d.sock`. Several
//! daemons, separated by commas, share the work. All images named `built:*` and all of BuildKit's cache are
//! removed there between sequences. `LAYERLAB_DOCKER` names a client of the same age (default `docker`).
//! Other sequences: `LAYERLAB_DOCKER_SEQUENCES=3000 LAYERLAB_DOCKER_SEED=7`, of one builder:
//! `LAYERLAB_DOCKER_BUILDER=legacy`, one of them: `LAYERLAB_DOCKER_ONLY=17`. Shrinking plays a sequence up to
//! `LAYERLAB_DOCKER_BUDGET` times, and no more than `LAYERLAB_DOCKER_SHOWN` are shrunk.
//! `LAYERLAB_DOCKER_RECORD=cases.json` records the cases of a file anew, in place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

mod base64;
mod case;
mod excuses;
mod generate;
// That test uses all of it.
#[allow(dead_code)]
#[path = "../kernel_differential/random.rs"]
mod random;
mod real;
mod shrink;

use case::{Builder, Case};
use layerlab::replay::{Verdict, build};
use real::Daemon;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sequences of each builder.
const SEQUENCES: u64 = 300;

/// Disagreements shrunk and printed; more of them would be the same again.
const SHOWN: u64 = 10;

/// Sequences played while one is made smaller.
const BUDGET: usize = 60;

/// The recorded base images.
fn bases() -> (Value, build::Bases) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/docker/bases.json");
    let bytes = std::fs::read(file).unwrap();
    (serde_json::from_slice(&bytes).unwrap(), build::Bases::read(&bytes).unwrap())
}

/// The daemons that were given, or why there are none.
fn daemons(bases: &Value) -> Result<Vec<Daemon>, String> {
    let hosts = std::env::var("LAYERLAB_DOCKER_HOST").map_err(|_| "LAYERLAB_DOCKER_HOST names no daemon")?;
    hosts.split(',').map(|host| Daemon::begin(host, bases)).collect()
}

/// What came of all sequences.
#[derive(Default)]
struct Tally {
    excused: BTreeMap<&'static str, u64>,
    builds: usize,
    decisions: usize,
    failed: usize,
    told: Vec<String>,
    found: usize,
}

#[test]
fn the_lab_builds_as_docker_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let sequences = number("LAYERLAB_DOCKER_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = number("LAYERLAB_DOCKER_SEED").unwrap_or(1);
    let range = number("LAYERLAB_DOCKER_ONLY").map_or(0..sequences, |only| only..only + 1);
    let shown = number("LAYERLAB_DOCKER_SHOWN").unwrap_or(SHOWN);
    let wanted = std::env::var("LAYERLAB_DOCKER_BUILDER").ok();
    let (described, bases) = bases();
    let daemons = match daemons(&described) {
        Ok(daemons) => daemons,
        Err(why) => {
            return say(&format!("skipped: docker_differential: needs a Docker 20.10 daemon ({why})"));
        }
    };
    let mut wrong = Vec::new();
    for builder in Builder::ALL {
        if wanted.as_ref().is_some_and(|wanted| wanted != builder.word()) {
            continue;
        }
        let (next, tally) = (AtomicU64::new(range.start), Mutex::new(Tally::default()));
        std::thread::scope(|scope| {
            for daemon in &daemons {
                scope.spawn(|| {
                    while let Some(at) =
                        Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < range.end)
                    {
                        one(daemon, &bases, &generate::case(seed, at, builder), &tally, shown);
                    }
                });
            }
        });
        let tally = tally.into_inner().unwrap();
        say(&format!(
            "docker_differential: {} sequences, {}, seed {seed}: {} differ, {} excused \
             ({} builds, {} failed; {} decisions)",
            range.end - range.start,
            builder.word(),
            tally.found,
            tally.excused.values().sum::<u64>(),
            tally.builds,
            tally.failed,
            tally.decisions
        ));
        for (reason, count) in &tally.excused {
            say(&format!("  {count} excused: {reason}"));
        }
        wrong.extend(tally.told);
        assert!(tally.found == 0 || !wrong.is_empty());
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Plays one sequence on both sides.
fn one(daemon: &Daemon, bases: &build::Bases, case: &Case, tally: &Mutex<Tally>, shown: u64) {
    let recorded = daemon.record(&case.to_json()).unwrap_or_else(|why| panic!("{}: {why}", case.name));
    let judged = judge(bases, case.builder, &recorded);
    let shown = {
        let mut tally = tally.lock().unwrap();
        let builds = recorded["builds"].as_array().unwrap();
        tally.builds += builds.len();
        tally.failed += builds.iter().filter(|build| build["expect"]["ok"] == Value::Bool(false)).count();
        let steps = builds.iter().flat_map(|build| build["expect"]["steps"].as_array().unwrap());
        tally.decisions += steps.filter(|step| step["cached"].is_boolean()).count();
        match &judged {
            Judged::Agreed => return,
            Judged::Excused(reason) => {
                *tally.excused.entry(reason).or_default() += 1;
                return;
            }
            Judged::Differs(difference) => {
                say(&format!("{} ({}): {difference}", case.name, case.builder.word()));
                tally.found += 1;
                tally.found as u64 <= shown
            }
        }
    };
    let told = if shown { told(daemon, bases, case) } else { format!("---- {}: another", case.name) };
    tally.lock().unwrap().told.push(told);
}

enum Judged {
    Agreed,
    Excused(&'static str),
    Differs(String),
}

/// Replays a recorded sequence in the lab.
fn judge(bases: &build::Bases, builder: Builder, recorded: &Value) -> Judged {
    match build::replay(recorded, bases).unwrap().verdict {
        Verdict::Differs(difference) => match excuses::excuse(builder, recorded, &difference) {
            Some(reason) => Judged::Excused(reason),
            None => Judged::Differs(difference),
        },
        _ => Judged::Agreed,
    }
}

/// Shrinks a sequence on which the two disagree, and tells it.
fn told(daemon: &Daemon, bases: &build::Bases, case: &Case) -> String {
    let mut last = None;
    let budget = std::env::var("LAYERLAB_DOCKER_BUDGET").ok().and_then(|text| text.parse().ok());
    let small = shrink::shrink(case.clone(), budget.unwrap_or(BUDGET), &mut |case| {
        let Ok(recorded) = daemon.record(&case.to_json()) else { return false };
        let Judged::Differs(difference) = judge(bases, case.builder, &recorded) else { return false };
        last = Some((recorded, difference));
        true
    });
    let again = |case: &Case| {
        let recorded = daemon.record(&case.to_json()).unwrap();
        match judge(bases, case.builder, &recorded) {
            Judged::Differs(difference) => Some((recorded, difference)),
            _ => None,
        }
    };
    match last.or_else(|| again(&small)) {
        None => format!("---- {}: sometimes\n{}", case.name, case.told()),
        Some((recorded, difference)) => format!(
            "---- {} ({}): {difference}\n{}as a case of the corpus:\n{recorded}\n",
            case.name,
            case.builder.word(),
            small.told()
        ),
    }
}

/// The test harness keeps what a passing test prints to itself, but not this.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn cases_are_recorded() {
    let Ok(file) = std::env::var("LAYERLAB_DOCKER_RECORD") else { return };
    let (described, bases) = bases();
    let daemon = daemons(&described).unwrap().remove(0);
    let given: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut lines = Vec::new();
    for case in given["cases"].as_array().unwrap() {
        let recorded = daemon.record(case).unwrap();
        if let Verdict::Differs(difference) = build::replay(&recorded, &bases).unwrap().verdict {
            say(&format!("{}: {difference}", case["name"]));
        }
        lines.push(recorded.to_string());
    }
    std::fs::write(&file, format!("{{\"cases\":[\n{}\n]}}\n", lines.join(",\n"))).unwrap();
}
