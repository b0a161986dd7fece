//! `CI=true dive IMAGE`: verdicts by rules, as dive 0.13.1 prints them (`command/ci/evaluator.go`).

use super::Analysis;
use super::rules::{self, Outcome, RULES};
use super::table::{human, shown};
use crate::inspect::Printed;

/// Judges an analysis. `source` is what dive calls the image (`docker-archive://x.tar`), `config` the name and
/// text of a rules file. Exit 0: no rule failed; 1: one did, or its value can't be read.
///
/// # Errors
/// What in the rules file is no rule.
pub fn ci(analysis: &Analysis, source: &str, config: Option<(&str, &str)>) -> Result<Printed, String> {
    let values = rules::read(config.map_or("", |(_, text)| text))?;
    let judged: Vec<(&str, Outcome)> = RULES
        .iter()
        .zip(&values)
        .map(|((name, _), value)| (*name, rules::judge(name, value, analysis)))
        .collect();
    let broken = judged.iter().any(|(_, outcome)| matches!(outcome, Outcome::Misconfigured(_)));
    let mut out = match config {
        Some((name, _)) => format!("  Using CI config: {name}\n"),
        None => "  Using default CI config\n".to_owned(),
    };
    let kind = source.split_once("://").map_or("docker", |(kind, _)| kind);
    out.push_str(&format!("Image Source: {source}\nExtracting image from {kind}... (this can take a while for large images)\nAnalyzing image...\n"));
    out.push_str(&format!("  efficiency: {:2.4} %\n", analysis.efficiency * 100.0));
    out.push_str(&format!(
        "  wastedBytes: {} bytes ({})\n",
        analysis.wasted_bytes,
        human(analysis.wasted_bytes)
    ));
    out.push_str(&format!("  userWastedPercent: {} %\n", percent(analysis.wasted_ratio())));
    out.push_str("Inefficient Files:\nCount  Wasted Space  File Path\n");
    let listed = if broken { &[][..] } else { &analysis.inefficiencies };
    for found in listed {
        out.push_str(&format!("{:5}  {:>12}  {}\n", found.count, human(found.bytes), shown(&found.path)));
    }
    if listed.is_empty() {
        out.push_str("None\n");
    }
    out.push_str("Results:\n");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, outcome) in &judged {
        out.push_str(&match outcome {
            Outcome::Misconfigured(why) => format!("  MISCONFIGURED: {name}: {why}\n"),
            _ if broken => format!("  CONFIGURED   : {name}: test\n"),
            Outcome::Pass => {
                passed += 1;
                format!("  PASS: {name}\n")
            }
            Outcome::Fail(why) => {
                failed += 1;
                format!("  FAIL: {name}: {why}\n")
            }
            Outcome::Skip => {
                skipped += 1;
                format!("  SKIP: {name}: rule disabled\n")
            }
        });
    }
    if broken {
        out.push_str("CI Misconfigured\n\n");
        return Ok(Printed { out, exit: 1, ..Printed::default() });
    }
    let verdict = if failed > 0 { "FAIL" } else { "PASS" };
    out.push_str(&format!(
        "Result:{verdict} [Total:{}] [Passed:{passed}] [Failed:{failed}] [Warn:0] [Skipped:{skipped}]\n\n",
        judged.len()
    ));
    Ok(Printed { out, exit: i32::from(failed > 0), ..Printed::default() })
}

/// Is a value of `CI` a yes, as Go's ParseBool reads it?
pub fn is_true(value: &str) -> bool {
    ["1", "t", "T", "true", "True", "TRUE"].contains(&value)
}

/// Go's `%2.4f` of a ratio as percent.
pub(super) fn percent(ratio: f64) -> String {
    match ratio {
        ratio if ratio.is_nan() => "NaN".to_owned(),
        ratio if ratio.is_infinite() => "+Inf".to_owned(),
        ratio => format!("{:2.4}", ratio * 100.0),
    }
}
