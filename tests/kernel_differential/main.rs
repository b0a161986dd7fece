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
mod generate;
mod model;
mod random;
mod real;

use std::io::Write;

#[test]
fn the_lab_answers_as_the_kernel_does() {
    let kernel = std::thread::spawn(|| {
        let kernel = match real::Kernel::begin() {
            Ok(kernel) => kernel,
            Err(why) => {
                return say(&format!("skipped: kernel_differential: needs root and overlayfs ({why})"));
            }
        };
        let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let seed = number("LAYERLAB_KERNEL_SEED").unwrap_or(1);
        for at in 0..number("LAYERLAB_KERNEL_SEQUENCES").unwrap_or(2000) {
            let case = generate::sequence(seed, at);
            let real = kernel.answer(&case).unwrap_or_else(|why| panic!("{}: {why}", case.name));
            let lab = model::answer(&case);
            if let Some(difference) = answer::difference(&case, &real, &lab) {
                say(&format!("{}: {}", case.name, difference.what));
            }
        }
    });
    kernel.join().unwrap();
}

/// The test harness keeps what a passing test prints to itself, but not this.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
