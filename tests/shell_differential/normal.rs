//! The only things that are made equal before two answers are compared, each with its reason.

use crate::answer::Answer;
use crate::case::Case;
use regex::Regex;
use std::sync::LazyLock;

/// What is replaced, by what, and why.
struct Rule {
    pattern: &'static str,
    by: &'static str,
    #[allow(dead_code)]
    reason: &'static str,
}

/// The table.
const RULES: &[Rule] = &[
    Rule {
        pattern: r"(/bin/bash: line \d+: +)\d+ (Killed|Terminated|Segmentation fault)",
        by: "${1}PID $2",
        reason: "the number of a process",
    },
    Rule {
        pattern: r"BusyBox v1[^\n]* multi-call binary\.\n\n(?s:.*)",
        by: "",
        reason: "an applet's page of options: it differs from build to build, and the lab does not print it",
    },
    Rule {
        pattern: r"(?m)^(real|user|sys)(\s+)(\d+m ?)?\d+\.\d+s?$",
        by: "$1$2${3}TIME",
        reason: "how long something took",
    },
    Rule { pattern: r"(?m)^\d+m\d+\.\d+s \d+m\d+\.\d+s$", by: "TIMES", reason: "how long something took" },
    Rule {
        pattern: r"(: invalid option\n)Usage:\t/bin/bash(?s:.*)arg \.\.\.|(: invalid option\n)Usage:\t/bin/bash(?s:.*)-o option\n",
        by: "${1}${2}",
        reason: "bash's page of options: the lab does not print it",
    },
    Rule {
        pattern: r"/dev/fd/6\d",
        by: "/dev/fd/6N",
        reason: "bash takes the highest free descriptor, which depends on who started it",
    },
];

static COMPILED: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| RULES.iter().map(|rule| (Regex::new(rule.pattern).unwrap(), rule.by)).collect());

/// The answer as it is compared.
pub fn normal(_: &Case, answer: &Answer) -> Answer {
    let text = |text: &str| {
        let mut text = text.to_owned();
        for (pattern, by) in COMPILED.iter() {
            if pattern.is_match(&text) {
                text = pattern.replace_all(&text, *by).into_owned();
            }
        }
        text
    };
    Answer { out: text(&answer.out), err: text(&answer.err), ..answer.clone() }
}
