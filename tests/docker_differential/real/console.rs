//! Reading what the client prints: each step's decision, and the message of a failed build.

use super::instruction::Instruction;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

fn row(at: &Instruction, status: &str) -> Map<String, Value> {
    let mut row = Map::new();
    row.insert("stage".to_owned(), json!(at.stage));
    if let Some(name) = &at.stage_name {
        row.insert("stage_name".to_owned(), json!(name));
    }
    row.insert("instruction".to_owned(), json!(at.text));
    if at.trigger {
        row.insert("trigger".to_owned(), json!(true));
    }
    row.insert("status".to_owned(), json!(status));
    let cached = match status {
        "cached" => json!(true),
        "done" | "error" => json!(false),
        _ => Value::Null,
    };
    row.insert("cached".to_owned(), cached);
    row
}

/// One of BuildKit's vertices.
#[derive(Default)]
struct Vertex {
    stage: String,
    at: usize,
    of: usize,
    status: Option<&'static str>,
}

/// The steps and the message of BuildKit's plain progress.
pub fn buildkit(progress: &str, instructions: &[Instruction]) -> (Value, String) {
    let header = Regex::new(r"^#(\d+) \[(?:(\S+) +)?(\d+)/(\d+)\] ").unwrap();
    let mut vertices: HashMap<String, Vertex> = HashMap::new();
    for line in progress.lines() {
        if let Some(found) = header.captures(line) {
            let number = |at: usize| found[at].parse().unwrap_or(0);
            let stage = found.get(2).map_or(String::new(), |stage| stage.as_str().to_owned());
            let vertex = vertices.entry(found[1].to_owned()).or_default();
            (vertex.stage, vertex.at, vertex.of) = (stage, number(3), number(4));
            continue;
        }
        let Some((number, said)) = line.strip_prefix('#').and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let Some(vertex) = vertices.get_mut(number) else { continue };
        let status = match said.split(' ').next() {
            Some("CACHED") => "cached",
            Some("DONE") => "done",
            Some("ERROR:" | "ERROR") => "error",
            Some("CANCELED") => "canceled",
            _ => continue,
        };
        // A vertex shown as cached is done, too.
        if vertex.status != Some("cached") {
            vertex.status = Some(status);
        }
    }
    let steps = (0..instructions.len()).map(|at| {
        let one = &instructions[at];
        let status = match one.is_vertex() {
            true => shown(&vertices, instructions, at).unwrap_or("not_shown"),
            false => "metadata",
        };
        Value::Object(row(one, status))
    });
    (steps.collect(), message(progress))
}

/// What BuildKit showed for an instruction.
fn shown(vertices: &HashMap<String, Vertex>, all: &[Instruction], at: usize) -> Option<&'static str> {
    let one = &all[at];
    let own: Vec<&Instruction> = all.iter().filter(|other| other.stage == one.stage).collect();
    let counted = own.iter().filter(|one| one.is_counted()).count();
    let earlier = all[..at].iter().filter(|other| other.stage == one.stage && other.is_vertex()).count();
    let names = [one.stage_name.clone().unwrap_or_default(), format!("stage-{}", one.stage)];
    let ours = |vertex: &&Vertex| match &*vertex.stage {
        "" => one.stage == 0,
        stage => stage == if one.stage_name.is_some() { &names[0] } else { &names[1] },
    };
    // FROM is counted unless its base is another stage, or nothing.
    let found = vertices.values().filter(ours).find(|vertex| vertex.at + counted == earlier + 1 + vertex.of);
    found.and_then(|vertex| vertex.status)
}

/// The line after the last `------`, or else the last one.
fn message(progress: &str) -> String {
    let lines: Vec<&str> = progress.lines().filter(|line| !line.trim().is_empty()).collect();
    let block = lines.iter().rposition(|line| *line == "------").and_then(|at| lines.get(at + 1));
    let message = block.or(lines.last()).copied().unwrap_or("");
    // In a failing Dockerfile its lines are between two rules.
    let rule = "--------------------";
    let message = match message == rule {
        true => lines.last().copied().unwrap_or(""),
        false => message,
    };
    let message = message.strip_prefix("error: ").unwrap_or(message);
    anonymous(message)
}

/// Without the paths of this machine.
fn anonymous(message: &str) -> String {
    let mounted = Regex::new(r"/[^ ]*/buildkit-mount\d+").unwrap().replace_all(message, "<tmp>").into_owned();
    Regex::new(r"/[^ ]*/overlay2/[0-9a-z]+/merged").unwrap().replace_all(&mounted, "<rootfs>").into_owned()
}

/// The steps and the message of the legacy builder.
pub fn legacy(stdout: &str, stderr: &str, instructions: &[Instruction], ok: bool) -> (Value, String) {
    let begin = Regex::new(r"^Step \d+/\d+ : ").unwrap();
    let triggers = Regex::new(r"^# Executing \d+ build trigger").unwrap();
    // What was printed for each instruction that was come to.
    let mut shown: Vec<Vec<&str>> = Vec::new();
    for line in stdout.lines() {
        if begin.is_match(line) || triggers.is_match(line) {
            shown.push(Vec::new());
        } else if let Some(last) = shown.last_mut() {
            last.push(line);
        }
    }
    let mut steps = Vec::new();
    for (at, one) in instructions.iter().enumerate() {
        let lines = shown.get(at);
        let hits = lines.map_or(0, |lines| lines.iter().filter(|line| **line == " ---> Using cache").count());
        let failed = !ok && at + 1 == shown.len();
        let undecided = one.word() == "FROM" || one.stage < 0;
        let status = match lines {
            None => "not_run",
            Some(_) if failed => "error",
            Some(_) if undecided => "metadata",
            Some(_) if hits >= one.triggers.max(1) => "cached",
            Some(_) => "done",
        };
        let mut row = row(one, status);
        if undecided {
            row.insert("cached".to_owned(), Value::Null);
        }
        if one.triggers > 0 {
            row.insert("using_cache_lines".to_owned(), json!(hits));
        }
        steps.push(Value::Object(row));
    }
    let message = stderr.lines().find(|line| !line.trim().is_empty() && !line.starts_with("DEPRECATED"));
    (Value::Array(steps), anonymous(message.unwrap_or("")))
}
