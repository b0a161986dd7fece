//! Where real Docker itself answers in more than one way.

use crate::case::Builder;
use regex::Regex;
use serde_json::Value;

const RACE: &str = "BuildKit works on several steps at once when one fails: the others are cancelled or finish, as it happens";

const SEVERAL: &str =
    "BuildKit looks for all sources of all steps at once: which of several missing ones it names is chance";
const TWINS: &str = "equal steps of two stages are one to BuildKit: at which of them it shows it is chance";
const TRIGGER: &str = "a trigger of a stage that Docker does not come to is shown nowhere";

/// Why a recorded sequence need not come out as the lab says; none for nearly all of them.
pub fn excuse(builder: Builder, recorded: &Value, difference: &str) -> Option<&'static str> {
    let builds = recorded["builds"].as_array()?;
    let at: usize = difference.strip_prefix("build ")?.split(':').next()?.parse().ok()?;
    let build = builds.get(at)?;
    if builder == Builder::Legacy {
        let idle = |step: &Value| step["trigger"] == Value::Bool(true) && step["status"] == "not_run";
        let idle = build["expect"]["steps"].as_array()?.iter().any(idle);
        return (idle && difference.contains(": steps[")).then_some(TRIGGER);
    }
    if let Some((docker, lab)) = difference.split_once(", here ")
        && let (Some(docker), Some(lab)) = (missing(docker), missing(lab))
        && (docker != lab && sources(build) > 1)
    {
        return Some(SEVERAL);
    }
    if difference.contains(": error: recorded \"failed to compute cache key") && stages(build) > 1 {
        return Some(RACE);
    }
    if is_twin(build, difference) {
        return Some(TWINS);
    }
    if difference.contains(": steps[") && has_idle_trigger(build) {
        return Some(TRIGGER);
    }
    // The first build that failed, and those after it, which find what the race left in the cache.
    let failed =
        builds.iter().position(|build| build["expect"]["ok"] == Value::Bool(false) && races(build))?;
    let decision = difference.contains(": steps[");
    (at >= failed && decision).then_some(RACE)
}

/// The folder and, where it is told, the name of what a message misses.
fn missing(message: &str) -> Option<(String, String)> {
    let asked = Regex::new(r#"failed to compute cache key: \\"([^"]*)/([^"/]*)\\" not found"#).ok()?;
    let walked = Regex::new(r"failed to walk <tmp>([^:]*): lstat").ok()?;
    if let Some(found) = asked.captures(message) {
        return Some((found[1].to_owned(), found[2].to_owned()));
    }
    walked.captures(message).map(|found| (found[1].to_owned(), String::new()))
}

/// Was more than one step under way when this build failed?
fn races(build: &Value) -> bool {
    let message = build["expect"]["error"].as_str().unwrap_or("");
    let steps = build["expect"]["steps"].as_array().cloned().unwrap_or_default();
    let stages = steps.iter().filter(|step| step["cached"].is_boolean() || step["status"] == "canceled");
    let stages: std::collections::BTreeSet<i64> = stages.filter_map(|step| step["stage"].as_i64()).collect();
    message.contains("failed to compute cache key") || stages.len() > 1
}

/// Is it about a step that wasn't shown, and that another stage has too?
fn is_twin(build: &Value, difference: &str) -> bool {
    let Some((_, rest)) = difference.split_once(": steps[") else { return false };
    let Some((at, told)) = rest.split_once("][1]: ") else { return false };
    let (Ok(at), Some(steps)) = (at.parse::<usize>(), build["expect"]["steps"].as_array()) else {
        return false;
    };
    let Some(step) = steps.get(at).filter(|step| step["status"] == "not_shown") else { return false };
    let twin = |other: &&Value| {
        other["instruction"] == step["instruction"]
            && other["stage"] != step["stage"]
            && other["cached"].is_boolean()
    };
    told.starts_with("recorded null, here ") && steps.iter().any(|other| twin(&other))
}

/// How many sources are copied.
fn sources(build: &Value) -> usize {
    let lines = build["dockerfile"].as_str().unwrap_or("").lines();
    let copies = lines.filter(|line| line.contains("COPY ") || line.contains("ADD "));
    let words = copies.flat_map(|line| line.split_whitespace().skip(2));
    words.filter(|word| !word.starts_with("--")).count()
}

fn stages(build: &Value) -> usize {
    build["dockerfile"].as_str().unwrap_or("").matches("FROM ").count()
}

/// Is there a trigger in a stage that BuildKit showed nothing of?
fn has_idle_trigger(build: &Value) -> bool {
    let steps = build["expect"]["steps"].as_array().cloned().unwrap_or_default();
    let last = steps.last().map(|step| step["stage"].clone());
    let shown =
        |stage: &Value| steps.iter().any(|step| step["stage"] == *stage && step["cached"].is_boolean());
    steps.iter().any(|step| {
        step["trigger"] == Value::Bool(true)
            && Some(&step["stage"]) != last.as_ref()
            && !shown(&step["stage"])
    })
}
