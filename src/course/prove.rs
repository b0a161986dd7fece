//! What an author owes: the start fails on a goal, the solution passes, wrong answers fail with hints of
//! their own, another right answer passes too.

use super::{Exercise, Files, work_of};
use crate::error::{Error, ErrorKind};
use crate::script::Judgement;
use crate::trace::{CourseNews, Goal, Proof};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Hints that each goal has.
const HINTS: usize = 3;

/// What was judged: the start, or an answer by its folder's name, and how it went.
pub type Part = (String, Result<Judgement, Error>);

/// Judges the start and every answer, the start first.
///
/// # Errors
/// Ctrl-C.
pub fn plays(exercise: &Exercise, interrupt: Option<Arc<AtomicBool>>) -> Result<Vec<Part>, Error> {
    let mut parts: Vec<(String, Files)> = vec![("start".to_owned(), exercise.start.clone())];
    parts.extend(exercise.answers.keys().map(|answer| (answer.clone(), exercise.with(answer))));
    let mut played = Vec::new();
    for (name, files) in parts {
        let judged = exercise.judge(&work_of(&files), interrupt.clone());
        if let Err(error) = &judged
            && error.kind == ErrorKind::Interrupted
        {
            return Err(error.clone());
        }
        played.push((name, judged));
    }
    Ok(played)
}

/// Tests an exercise.
///
/// # Errors
/// Ctrl-C.
pub fn test(exercise: &Exercise, interrupt: Option<Arc<AtomicBool>>) -> Result<CourseNews, Error> {
    let parts = plays(exercise, interrupt)?;
    let mut proofs = vec![readme(exercise)];
    for (name, judged) in &parts {
        let fails = name == "start" || name.starts_with("wrong");
        proofs.push(if fails { fails_on_a_goal(name, judged) } else { passes(name, judged) });
    }
    proofs.push(enough(&parts));
    proofs.push(differ(&parts));
    proofs.push(hinted(&parts));
    let ok = proofs.iter().all(|proof| proof.ok);
    Ok(CourseNews::Tested { exercise: exercise.name.clone(), proofs, ok })
}

fn proof(what: impl Into<String>, wrong: Option<String>) -> Proof {
    Proof { what: what.into(), ok: wrong.is_none(), note: wrong.unwrap_or_default() }
}

fn readme(exercise: &Exercise) -> Proof {
    let titled = exercise.readme.lines().next().is_some_and(|line| line.starts_with("# "));
    let wrong = (!titled).then(|| "its first line is `# TITLE`, then comes the task".to_owned());
    proof("README.md begins with a title", wrong)
}

fn told(error: &Error) -> String {
    let hint = error.hint.as_ref().map_or(String::new(), |hint| format!("\n{hint}"));
    format!("{error}{hint}")
}

fn failing(judgement: &Judgement) -> Option<&Goal> {
    judgement.goals.iter().find(|goal| !goal.ok)
}

fn fails_on_a_goal(name: &str, judged: &Result<Judgement, Error>) -> Proof {
    let what = format!("{name} fails on a goal");
    match judged {
        Err(error) => proof(what, Some(told(error))),
        Ok(judgement) => match failing(judgement) {
            Some(goal) => Proof { what: format!("{what}: {}", goal.text), ok: true, note: String::new() },
            None if judgement.goals.is_empty() => proof(what, Some("goals.rhai has no goal(…)".to_owned())),
            None => proof(what, Some("all goals hold".to_owned())),
        },
    }
}

fn passes(name: &str, judged: &Result<Judgement, Error>) -> Proof {
    let what = format!("{name} passes");
    match judged {
        Err(error) => proof(what, Some(told(error))),
        Ok(judgement) => proof(
            what,
            match failing(judgement) {
                Some(goal) => {
                    let (text, wanted, actual) = (&goal.text, &goal.wanted, &goal.actual);
                    Some(format!("{text}\nwanted {wanted}\nis {actual}"))
                }
                None if judgement.goals.is_empty() => Some("goals.rhai has no goal(…)".to_owned()),
                None if judgement.why.is_empty() => Some("why(…) is missing: say why it is so".to_owned()),
                None => None,
            },
        ),
    }
}

fn enough(parts: &[Part]) -> Proof {
    let count = |kind: &str| parts.iter().filter(|(name, _)| name.starts_with(kind)).count();
    let missing = [("solution", 1), ("alternative", 1), ("wrong", 2)]
        .into_iter()
        .filter(|(kind, least)| count(kind) < *least)
        .map(|(kind, least)| format!("{kind}: {} of {least}", count(kind)));
    let missing: Vec<String> = missing.collect();
    let wrong = (!missing.is_empty()).then(|| format!("folders are missing: {}", missing.join(", ")));
    proof("there are a solution, an alternative and two wrong answers", wrong)
}

/// The hint that the first failing goal gives, for each wrong answer.
fn differ(parts: &[Part]) -> Proof {
    let hints: Vec<Option<&String>> = parts
        .iter()
        .filter(|(name, _)| name.starts_with("wrong"))
        .map(|(_, judged)| judged.as_ref().ok().and_then(failing).and_then(|goal| goal.hints.first()))
        .collect();
    let different: BTreeSet<_> = hints.iter().collect();
    let wrong = (different.len() < hints.len())
        .then(|| "two of them are told the same; a wrong answer deserves a goal of its own".to_owned());
    proof("wrong answers get different hints", wrong)
}

fn hinted(parts: &[Part]) -> Proof {
    let goals = parts.iter().filter_map(|(_, judged)| judged.as_ref().ok()).flat_map(|judged| &judged.goals);
    let few = goals
        .filter(|goal| goal.hints.len() != HINTS || goal.hints.iter().any(|hint| hint.trim().is_empty()));
    let few: BTreeSet<&str> = few.map(|goal| goal.text.as_str()).collect();
    let wrong = (!few.is_empty()).then(|| few.into_iter().collect::<Vec<_>>().join("\n"));
    proof(format!("each goal has {HINTS} hints"), wrong)
}
