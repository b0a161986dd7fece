//! The lab against real shells: random RUN lines, run by busybox-static, dash and bash in a chroot and by the
//! lab over a mount of the same tree; exit status, both outputs and the resulting tree are compared.
//!
//! Needs root and the three programs (Debian: `apt-get install busybox-static dash bash`); elsewhere it says
//! that it was skipped. More lines than CI takes, and others:
//! `LAYERLAB_SHELL_LINES=100000 LAYERLAB_SHELL_SEED=7`. One line by hand, real and lab:
//! `LAYERLAB_SHELL_TRY='echo ${x:?no}'`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

mod answer;
mod case;
mod corpus;
mod excuses;
mod generate;
mod model;
mod normal;
// That test uses all of it.
#[allow(dead_code)]
#[path = "../kernel_differential/random.rs"]
mod random;
mod real;
mod rootfs;
mod shrink;

use answer::{Answer, Difference, difference};
use case::{Case, Shell};
use real::{Machine, Refusal};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lines in CI, over the three shells.
const LINES: u64 = 3000;

/// Threads that ask the real shells, each in a chroot of its own.
const THREADS: usize = 2;

/// Differences shrunk and printed; more of them would be the same again.
const SHOWN: usize = 20;

/// Questions to the real shell while a line is made smaller.
const BUDGET: usize = 600;

/// How often a real shell is asked again about a line that differs: where processes run at once it may give
/// more than one answer, and the lab's may be one of them.
const AGAIN: usize = 4;

const SOMETIMES: &str =
    "the shell answers in more than one way as its processes happen to run; one of them is the lab's";

/// What came of all lines.
#[derive(Default)]
struct Tally {
    excused: BTreeMap<&'static str, u64>,
    endless: u64,
    found: Vec<Case>,
}

#[test]
fn the_lab_answers_as_the_shells_do() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let lines = number("LAYERLAB_SHELL_LINES").unwrap_or(LINES);
    let seed = number("LAYERLAB_SHELL_SEED").unwrap_or(1);
    let shown = number("LAYERLAB_SHELL_SHOWN").map(|shown| shown as usize);
    let (shells, missing) = real::shells();
    for what in missing {
        say(&format!("skipped: shell_differential: a shell ({what})"));
    }
    if shells.is_empty() {
        return;
    }
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let outcome = on_machines(THREADS, &|machine| {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= lines {
                return true;
            }
            let shell = shells[at as usize % shells.len()];
            let case = generate::case(seed, at, shell);
            match judge(machine, &case) {
                Ok(Verdict::Agreed) => {}
                Ok(Verdict::Excused(reason)) => {
                    *tally.lock().unwrap().excused.entry(reason).or_default() += 1;
                }
                Ok(Verdict::Differs) => tally.lock().unwrap().found.push(case),
                Err(why @ (Refusal::Endless | Refusal::Loud)) => {
                    say(&format!("{why}: {} ({}): {}", case.name, shell.word(), case.line));
                    tally.lock().unwrap().endless += 1;
                    if matches!(why, Refusal::Endless) {
                        return false;
                    }
                }
                Err(why) => panic!("line {at}: {why}"),
            }
        }
    });
    if let Err(why) = outcome {
        return say(&format!("skipped: shell_differential: needs root and busybox-static ({why})"));
    }
    let Tally { excused, endless, found } = tally.into_inner().unwrap();
    let names: Vec<&str> = shells.iter().map(|shell| shell.word()).collect();
    say(&format!(
        "shell_differential: {lines} lines in {}, seed {seed}: {} differ, {} excused, {endless} not compared",
        names.join(", "),
        found.len(),
        excused.values().sum::<u64>()
    ));
    for (reason, count) in &excused {
        say(&format!("  {count} excused: {reason}"));
    }
    let count = found.len();
    let told = all_told(found, shown.unwrap_or(SHOWN));
    assert!(count == 0, "{count} differ:\n{}", told.join("\n"));
}

/// Shrinks the first differences, and tells them.
fn all_told(found: Vec<Case>, most: usize) -> Vec<String> {
    let (left, told) = (Mutex::new(found.into_iter().take(most).collect::<Vec<_>>()), Mutex::new(Vec::new()));
    let outcome = on_machines(THREADS, &|machine| {
        loop {
            let Some(case) = left.lock().unwrap().pop() else { return true };
            let (text, lost) = shrunk(machine, &case);
            told.lock().unwrap().push(text);
            if lost {
                return false;
            }
        }
    });
    assert!(outcome.is_ok());
    told.into_inner().unwrap()
}

/// Runs `work` on machines, one a thread; a machine that was lost is replaced until it says it is done.
fn on_machines(threads: usize, work: &(dyn Fn(&mut Machine) -> bool + Sync)) -> Result<(), Refusal> {
    let one = || -> Result<(), Refusal> {
        loop {
            // Namespaces are left once in a thread's life: a new machine takes a new thread.
            let done = std::thread::scope(|scope| {
                scope.spawn(|| Machine::begin().map(|mut machine| work(&mut machine))).join().unwrap()
            })?;
            if done {
                return Ok(());
            }
        }
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        all.into_iter().try_for_each(|thread| thread.join().unwrap())
    })
}

/// What came of one line.
enum Verdict {
    Agreed,
    Excused(&'static str),
    Differs,
}

fn compared(machine: &mut Machine, case: &Case) -> Result<(Answer, Answer, Option<Difference>), Refusal> {
    let real = machine.answer(case)?;
    let lab = model::answer(case);
    let difference = difference(case, &real, &lab);
    Ok((real, lab, difference))
}

fn judge(machine: &mut Machine, case: &Case) -> Result<Verdict, Refusal> {
    for asked in 0..=AGAIN {
        let (real, lab, found) = compared(machine, case)?;
        match found.map(|found| excuses::excuse(case, &real, &lab, &found)) {
            None if asked == 0 => return Ok(Verdict::Agreed),
            None => return Ok(Verdict::Excused(SOMETIMES)),
            Some(Some(reason)) => return Ok(Verdict::Excused(reason)),
            // Only what runs at once can end in two ways; anything else is asked once more, since a machine
            // under load stumbles (a script is still open for writing: ETXTBSY).
            Some(None) if asked > 0 && !case.line.contains(['&', '|']) => break,
            Some(None) => {}
        }
    }
    Ok(Verdict::Differs)
}

/// The smallest line that differs as this one does; true: the machine was lost on the way.
fn shrunk(machine: &mut Machine, case: &Case) -> (String, bool) {
    let Ok((real, _, Some(found))) = compared(machine, case) else {
        return (format!("---- {}: sometimes: {}", case.name, case.line), true);
    };
    let (kinds, refused) = (found.kinds(), real.is_refused());
    let mut lost = false;
    let mut last = (real.clone(), found.clone());
    let small = shrink::shrink(case.clone(), BUDGET, &mut |case| {
        if lost {
            return false;
        }
        match compared(machine, case) {
            // What is left must go wrong in the same way.
            Ok((real, lab, Some(found))) => {
                let fails = found.kinds().iter().all(|kind| kinds.contains(kind))
                    && real.is_refused() == refused
                    && excuses::excuse(case, &real, &lab, &found).is_none();
                if fails {
                    last = (real, found);
                }
                fails
            }
            Ok(_) | Err(Refusal::Loud) => false,
            Err(_) => {
                lost = true;
                false
            }
        }
    });
    (told(&small, &last.0, &last.1), lost)
}

/// A disagreement as a Dockerfile to try and as a case for the corpus.
fn told(case: &Case, real: &Answer, found: &Difference) -> String {
    format!(
        "---- {} ({})\n{}\n{}as a Dockerfile:\n{}as a case of the corpus:\n{}\n",
        case.name,
        case.shell.word(),
        case.line,
        found.told(),
        case.dockerfile(),
        corpus::row(case, real)
    )
}

/// The test harness keeps what a passing test prints to itself, but not this.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
fn recorded_lines_answer_as_they_were_recorded() {
    let mut wrong = Vec::new();
    let cases = corpus::all();
    for (case, real) in &cases {
        let lab = model::answer(case);
        if let Some(found) = difference(case, real, &lab) {
            wrong.push(format!("{} ({}): {}\n{}", case.name, case.shell.word(), case.line, found.told()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn recorded_lines_are_what_the_real_shells_answer() {
    let (shells, _) = real::shells();
    let cases = Mutex::new(corpus::all());
    let outcome = on_machines(1, &|machine| {
        while let Some((case, recorded)) = { cases.lock().unwrap().pop() } {
            if shells.contains(&case.shell) {
                let real = machine.answer(&case).unwrap();
                let found = difference(&case, &real, &recorded);
                assert!(found.is_none(), "{}: {}\n{}", case.name, case.line, found.unwrap().told());
            }
        }
        true
    });
    if let Err(why) = outcome {
        say(&format!("skipped: recorded_lines_are_what_the_real_shells_answer ({why})"));
    }
}

#[test]
fn a_line_by_hand() {
    let Ok(line) = std::env::var("LAYERLAB_SHELL_TRY") else { return };
    // `@file`: many lines, one in each line of the file.
    let lines: Vec<String> = match line.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect(),
        None => vec![line],
    };
    let only = std::env::var("LAYERLAB_SHELL").ok();
    let outcome = on_machines(1, &|machine| {
        let wanted = |shell: &Shell| only.as_deref().is_none_or(|only| only == shell.word());
        for (line, shell) in lines.iter().flat_map(|line| Shell::ALL.map(|shell| (line, shell))) {
            if !wanted(&shell) {
                continue;
            }
            let case = Case { name: "by hand".to_owned(), shell, line: line.clone(), files: Vec::new() };
            match compared(machine, &case) {
                Ok((real, _, None)) => say(&format!("same: {}", corpus::row(&case, &real))),
                Ok((_, _, Some(found))) => {
                    say(&format!("{} differs: {line}\n{}", shell.word(), found.told()));
                }
                Err(why) => {
                    say(&format!("{}: {why}", shell.word()));
                    return true;
                }
            }
        }
        true
    });
    assert!(outcome.is_ok());
}

/// A lab that always says it went well.
fn lie(case: &Case) -> Answer {
    Answer { exit: 0, ..model::answer(case) }
}

#[test]
fn a_difference_is_found_and_shrunk_to_its_core() {
    let mut found = 0;
    for at in 0..60 {
        let case = generate::case(78, at, Shell::Ash);
        let mut differs = |case: &Case| difference(case, &model::answer(case), &lie(case)).is_some();
        if !differs(&case) {
            continue;
        }
        found += 1;
        let small = shrink::shrink(case, 3000, &mut differs);
        assert!(small.line.len() <= 5, "{small:?}");
    }
    assert!(found > 10, "only {found} lines fail");
}

#[test]
fn a_case_is_read_as_it_was_written() {
    for at in 0..60 {
        let case = generate::case(79, at, Shell::Bash);
        let answer = model::answer(&case);
        let row: Value = serde_json::from_str(&corpus::row(&case, &answer)).unwrap();
        assert_eq!(corpus::read(&row), Some((case, answer)));
    }
}
