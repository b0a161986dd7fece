//! Where real Docker itself answers in more than one way.

use crate::case::Builder;
use serde_json::Value;

const RACE: &str = "BuildKit works on several steps at once when one fails: the others are cancelled or finish, as it happens";

/// Why a recorded sequence need not come out as the lab says; none for nearly all of them.
pub fn excuse(builder: Builder, recorded: &Value, difference: &str) -> Option<&'static str> {
    if builder == Builder::Legacy {
        return None;
    }
    // The first build that failed, and those after it, which find what the race left in the cache.
    let builds = recorded["builds"].as_array()?;
    let failed =
        builds.iter().position(|build| build["expect"]["ok"] == Value::Bool(false) && races(build))?;
    let at: usize = difference.strip_prefix("build ")?.split(':').next()?.parse().ok()?;
    let decision = difference.contains(": steps[");
    (at >= failed && decision).then_some(RACE)
}

/// Was more than one step under way when this build failed?
fn races(build: &Value) -> bool {
    let message = build["expect"]["error"].as_str().unwrap_or("");
    let steps = build["expect"]["steps"].as_array().cloned().unwrap_or_default();
    let stages = steps.iter().filter(|step| step["cached"].is_boolean() || step["status"] == "canceled");
    let stages: std::collections::BTreeSet<i64> = stages.filter_map(|step| step["stage"].as_i64()).collect();
    message.contains("failed to compute cache key") || stages.len() > 1
}
