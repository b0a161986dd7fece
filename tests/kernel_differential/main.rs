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
    let (next, excused) = (AtomicU64::new(0), AtomicU64::new(0));
    let run = || {
        let kernel = Kernel::begin()?;
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= sequences || found.len() >= SHOWN {
                return Ok(found);
            }
            match judge(&kernel, &generate::sequence(seed, at)) {
                Verdict::Agreed => {}
                Verdict::Excused => drop(excused.fetch_add(1, Ordering::Relaxed)),
                Verdict::Differs => found.push(told(&kernel, generate::sequence(seed, at))),
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
                "kernel_differential: {sequences} sequences, seed {seed}: {} differ, {excused} excused",
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
    let what = difference(&small, &real, &model::answer(&small)).map_or_else(String::new, |d| d.what);
    format!("{name}: {what}\n{}", recorded(&small, &real))
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
