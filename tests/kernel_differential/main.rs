//! The lab against the real kernel: random stacks of layers and operations, performed on a real overlay
//! mount on a tmpfs and in the model, compared after every operation.
//!
//! Needs root and a kernel with overlayfs; elsewhere it says that it was skipped. More sequences than CI
//! takes, and others: `LAYERLAB_KERNEL_SEQUENCES=100000 LAYERLAB_KERNEL_SEED=7`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

mod answer;
mod case;
mod contents;
mod excluded;
mod generate;
mod model;
mod random;
mod real;
mod scenario;
#[path = "../screen/mod.rs"]
mod screen;
mod shrink;

use answer::{Answer, difference};
use case::Case;
use real::Kernel;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Sequences in CI.
const SEQUENCES: u64 = 2000;

/// Threads that ask the kernel, each in a mount namespace of its own.
const THREADS: usize = 2;

/// Disagreements shrunk and printed; more of them would be the same again.
const SHOWN: usize = 20;

#[test]
fn the_lab_answers_as_the_kernel_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let sequences = number("LAYERLAB_KERNEL_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = number("LAYERLAB_KERNEL_SEED").unwrap_or(1);
    let users = real::links_are_protected();
    let (next, excused) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = || {
        let kernel = Kernel::begin()?;
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= sequences || found.len() >= SHOWN {
                return Ok(found);
            }
            match judge(&kernel, &generate::sequence(seed, at, users)) {
                Verdict::Agreed => {}
                Verdict::Excused => drop(excused.fetch_add(1, Ordering::Relaxed)),
                Verdict::Differs => found.push(told(&kernel, generate::sequence(seed, at, users))),
            }
        }
    };
    let found: Result<Vec<Vec<String>>, real::Refusal> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    match found {
        Err(why) => say(&format!("skipped: kernel_differential: needs root and overlayfs ({why})")),
        Ok(found) => {
            let found = found.concat();
            let excused = excused.into_inner();
            say(&format!(
                "kernel_differential: {sequences} sequences, seed {seed}{}: {} differ, {excused} excused",
                if users { "" } else { ", as root alone (fs.protected_* are others than in the recordings)" },
                found.len()
            ));
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }
}

/// What came of comparing the two sides.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Agreed,
    /// The kernel answered from its caches; see `excluded`.
    Excused,
    Differs,
}

/// Asks both sides.
fn judge(kernel: &Kernel, case: &Case) -> Verdict {
    let real = kernel.answer(case).unwrap_or_else(|why| panic!("{}: {why}", case.name));
    let lab = model::answer(case);
    match difference(case, &real, &lab) {
        None => Verdict::Agreed,
        Some(_) if excluded::excuse(kernel, case, &lab) => Verdict::Excused,
        Some(_) => Verdict::Differs,
    }
}

/// Shrinks a sequence on which the two disagree, and tells it.
fn told(kernel: &Kernel, case: Case) -> String {
    let name = case.name.clone();
    let small = shrink::shrink(case, 2000, &mut |case| judge(kernel, case) == Verdict::Differs);
    let real = kernel.answer(&small).unwrap();
    let lab = model::answer(&small);
    let Some(difference) = difference(&small, &real, &lab) else { return format!("{name}: sometimes") };
    let scenario = scenario::scenario(&small, &real, Some((&lab, &difference)));
    format!(
        "{name}: {}\n\n{scenario}\nas a case of the corpus:\n{}",
        difference.what,
        recorded(&small, &real)
    )
}

/// The sequence with the kernel's answer: a case for the corpus.
fn recorded(case: &Case, real: &Answer) -> String {
    let mut fields = case.to_json();
    fields.extend(real.fields());
    serde_json::Value::Object(fields).to_string()
}

/// The test harness keeps what a passing test prints to itself, but not this.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Sequences of a seed of their own, for the tests of the test.
const PROBES: std::ops::Range<u64> = 0..60;

#[test]
fn a_printed_sequence_plays_in_the_lab_and_says_what_the_lab_answers() {
    for at in PROBES {
        let case = generate::sequence(77, at, true);
        let lab = model::answer(&case);
        let printed = scenario::scenario(&case, &lab, None);
        let (passed, failed, text) = played(&printed);
        let broken = text.find('✗').map_or("", |from| &text[from..]);
        assert!(failed == 0 && passed > 0, "{printed}\n{broken}");
    }
}

/// Plays a scenario in a lab of its own: checks that held, checks that did not, and the screen.
fn played(source: &str) -> (usize, usize, String) {
    let (mut session, renderer, paper) = screen::lab();
    let tally = session.script("printed.rhai", source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    renderer.finish();
    (tally.passed, tally.failed, paper.text())
}

/// Every removal that worked is said to have found nothing.
fn lie(case: &Case) -> Answer {
    let mut answer = model::answer(case);
    for (op, result) in case.ops.iter().zip(&mut answer.results) {
        if case::text(op, "op") == "unlink" && result.get("ok").is_some() {
            *result = serde_json::json!({ "errno": "ENOENT" });
        }
    }
    answer
}

#[test]
fn a_disagreement_is_found_and_shrunk_to_its_core() {
    let mut found = 0;
    for at in PROBES {
        let case = generate::sequence(78, at, true);
        let mut differs = |case: &Case| difference(case, &model::answer(case), &lie(case)).is_some();
        if !differs(&case) {
            continue;
        }
        found += 1;
        let small = shrink::shrink(case, 2000, &mut differs);
        assert!(small.ops.len() <= 3 && small.lowers.len() == 1 && small.entries() <= 4, "{small:?}");
        let lab = model::answer(&small);
        let difference = difference(&small, &lie(&small), &lab).unwrap();
        let (_, failed, text) = played(&scenario::scenario(&small, &lie(&small), Some((&lab, &difference))));
        assert!(failed == 1 && difference.what.contains("unlink"), "{}\n{text}", difference.what);
    }
    assert!(found > 10, "only {found} sequences unlink something");
}

#[test]
fn a_lie_about_the_kernel_is_found() {
    let found = std::thread::spawn(|| {
        let kernel = Kernel::begin()?;
        let mut found = 0;
        for at in PROBES {
            let case = generate::sequence(78, at, false);
            let real = kernel.answer(&case)?;
            let told = difference(&case, &real, &lie(&case)).is_some();
            let truth = model::answer(&case) != lie(&case);
            assert_eq!(told, truth, "{}", case.name);
            found += usize::from(told);
        }
        Ok::<_, real::Refusal>(found)
    });
    match found.join().unwrap() {
        Ok(found) => assert!(found > 10, "only {found}"),
        Err(why) => say(&format!("skipped: a_lie_about_the_kernel_is_found ({why})")),
    }
}
