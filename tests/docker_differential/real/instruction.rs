//! The instructions that a build comes to, triggers of ONBUILD among them.

use crate::case::Builder;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// One instruction, or the one line legacy prints for all triggers of a base.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// -1 before the first FROM.
    pub stage: i64,
    pub stage_name: Option<String>,
    pub text: String,
    pub trigger: bool,
    /// Triggers that this line stands for.
    pub triggers: usize,
}

impl Instruction {
    /// The instruction's word, in capitals.
    pub fn word(&self) -> String {
        self.text.split_whitespace().next().unwrap_or("").to_ascii_uppercase()
    }

    /// Has BuildKit a vertex for it?
    pub fn is_vertex(&self) -> bool {
        self.is_counted() && self.text.split_whitespace().collect::<Vec<_>>() != ["WORKDIR", "/"]
    }

    /// Is it one of the n in BuildKit's `[1/n]`?
    pub fn is_counted(&self) -> bool {
        matches!(self.word().as_str(), "RUN" | "COPY" | "ADD" | "WORKDIR")
    }
}

/// The ONBUILD lines of images built before.
#[derive(Default)]
pub struct Triggers(HashMap<String, Vec<String>>);

impl Triggers {
    /// An image has got this name.
    pub fn built(&mut self, tag: &str, expect: &Map<String, Value>) {
        let lines = expect.get("config").and_then(|config| config["OnBuild"].as_array()).cloned();
        let lines = lines.unwrap_or_default();
        let lines = lines.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        self.0.insert(tag.to_owned(), lines);
    }
}

/// A Dockerfile's logical lines: continuations joined, comments and empty lines dropped.
fn logical(dockerfile: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut open: Option<String> = None;
    for line in dockerfile.lines() {
        let stripped = line.trim_start();
        if stripped.starts_with('#') || (stripped.is_empty()) {
            continue;
        }
        let whole = open.take().unwrap_or_default() + if lines.is_empty() { stripped } else { line };
        match whole.trim_end().strip_suffix('\\') {
            Some(more) => open = Some(more.to_owned()),
            None => lines.push(whole.trim().to_owned()),
        }
    }
    lines.extend(open);
    lines
}

/// The instructions of a build, in order.
pub fn all(given: &Value, builder: Builder, known: &Triggers) -> Vec<Instruction> {
    let mut all: Vec<Instruction> = Vec::new();
    let mut stages: Vec<(Option<String>, Vec<String>)> = Vec::new();
    for text in logical(given["dockerfile"].as_str().unwrap_or("")) {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let word = words.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        let mut triggers = Vec::new();
        if word == "FROM" {
            let names: Vec<&String> = words.iter().skip(1).filter(|word| !word.starts_with("--")).collect();
            let base = names.first().map_or("", |name| name.as_str());
            let name = names.get(2).map(|name| name.to_ascii_lowercase());
            let stage =
                stages.iter().rev().find(|(name, _)| name.as_deref() == Some(&base.to_ascii_lowercase()));
            triggers = match stage {
                Some((_, lines)) => lines.clone(),
                None => known.0.get(base).cloned().unwrap_or_default(),
            };
            stages.push((name, Vec::new()));
        }
        if let (true, Some((_, lines))) = (word == "ONBUILD", stages.last_mut()) {
            lines.push(text["ONBUILD".len()..].trim().to_owned());
        }
        let at = Instruction {
            stage: stages.len() as i64 - 1,
            stage_name: stages.last().and_then(|(name, _)| name.clone()),
            text,
            trigger: false,
            triggers: 0,
        };
        all.push(at.clone());
        let count = triggers.len();
        match builder {
            Builder::Legacy if count > 0 => {
                all.push(Instruction {
                    text: format!("{count} build trigger(s)"),
                    trigger: true,
                    triggers: count,
                    ..at
                });
            }
            Builder::Legacy => {}
            Builder::BuildKit => {
                all.extend(triggers.into_iter().map(|text| Instruction {
                    text,
                    trigger: true,
                    ..at.clone()
                }));
            }
        }
    }
    all
}
