//! What happens to a project between two builds.

use super::{files, lines, run};
use crate::case::{Build, Builder};
use crate::random::Random;
use serde_json::{Value, json};

/// The project after a further edit or two.
pub fn next(random: &mut Random, builder: Builder, builds: &[Build], number: i64) -> Build {
    let mut next = builds.last().cloned().unwrap_or_default();
    next.no_cache = false;
    if random.chance(10) {
        next.edits = "nothing".to_owned();
        return next;
    }
    if builds.len() > 1 && random.chance(12) {
        let at = random.below(builds.len() - 1);
        next = builds[at].clone();
        next.no_cache = false;
        next.edits = format!("back to build {at}");
        return next;
    }
    let mut said = vec![edit(random, builder, &mut next, number)];
    if random.chance(25) {
        said.push(edit(random, builder, &mut next, number));
    }
    next.edits = said.join(", ");
    next
}

fn edit(random: &mut Random, builder: Builder, build: &mut Build, number: i64) -> String {
    match random.below(100) {
        0..=39 => edit_file(random, build, number),
        40..=79 => edit_line(random, builder, build),
        80..=87 => {
            let value = random.pick(&["1", "2", "3", "a b", ""]);
            build.args.insert("V".to_owned(), value.to_owned());
            format!("V={value}")
        }
        88..=90 => {
            build.args.clear();
            "no build args".to_owned()
        }
        91..=93 => {
            let stages = build.lines.iter().filter(|line| line.starts_with("FROM")).count();
            build.target = match random.chance(70) {
                true => Some(lines::STAGES[random.below(stages)].to_ascii_lowercase()),
                false => None,
            };
            "another target".to_owned()
        }
        94..=97 => {
            let mut ignore = build.ignore.take().unwrap_or_default();
            match ignore.is_empty() || random.chance(60) {
                true => ignore.push(files::ignored(random)),
                false => drop(ignore.remove(random.below(ignore.len()))),
            }
            build.ignore = Some(ignore);
            ".dockerignore".to_owned()
        }
        _ => {
            build.no_cache = true;
            "--no-cache".to_owned()
        }
    }
}

fn edit_file(random: &mut Random, build: &mut Build, number: i64) -> String {
    let known: Vec<String> = build.context.keys().cloned().collect();
    let path = match known.is_empty() {
        true => "a.txt".to_owned(),
        false => random.pick(&known),
    };
    let Some(old) = build.context.get(&path).cloned() else { return add(random, build, number) };
    let kind = old["type"].as_str().unwrap_or("file").to_owned();
    match random.below(100) {
        0..=34 if path == "pack.tar" => {
            let entry = files::archive(random, number);
            build.context.insert(path.clone(), entry);
            format!("{path} packed again")
        }
        0..=34 if kind == "file" => {
            let mut entry = files::file(random, &path, number);
            entry["mode"] = old["mode"].clone();
            // An editor may keep time and size.
            if random.chance(8) && old["data"].is_string() && entry["data"].is_string() {
                entry["mtime"] = old.get("mtime").cloned().unwrap_or(json!(files::time(0)));
            }
            build.context.insert(path.clone(), entry);
            format!("{path} changed")
        }
        35..=54 => add(random, build, number),
        55..=66 => {
            build.context.remove(&path);
            format!("{path} removed")
        }
        67..=74 => {
            let to = match path.rsplit_once('/') {
                Some((above, _)) if random.chance(50) => format!("{above}/moved{number}.txt"),
                _ => format!("moved{number}.txt"),
            };
            if kind == "dir" {
                return touch(build, &path, &old, number);
            }
            build.context.remove(&path);
            build.context.insert(to.clone(), old);
            format!("{path} renamed to {to}")
        }
        75..=86 if kind != "symlink" => {
            let mode = match kind == "dir" {
                true => random.pick(&["0755", "0700", "0777"]),
                false => files::mode(random),
            };
            let mut entry = old;
            entry["mode"] = json!(mode);
            build.context.insert(path.clone(), entry);
            format!("{path} {mode}")
        }
        87..=89 if kind == "symlink" => {
            let target = random.pick(&["b.txt", "conf", "gone"]);
            let entry = json!({ "type": "symlink", "target": target, "mtime": files::time(number) });
            build.context.insert(path.clone(), entry);
            format!("{path} points to {target}")
        }
        _ => touch(build, &path, &old, number),
    }
}

fn touch(build: &mut Build, path: &str, old: &Value, number: i64) -> String {
    let mut entry = old.clone();
    entry["mtime"] = json!(files::time(number));
    build.context.insert(path.to_owned(), entry);
    format!("{path} touched")
}

fn add(random: &mut Random, build: &mut Build, number: i64) -> String {
    let above = random.pick(&["", "", "src/", "src/lib/", "conf/", "new/"]);
    let path = format!("{above}n{number}.{}", random.pick(&["txt", "conf"]));
    let entry = files::file(random, &path, number);
    build.context.insert(path.clone(), entry);
    format!("{path} added")
}

fn edit_line(random: &mut Random, builder: Builder, build: &mut Build) -> String {
    // Lines that are no FROM, with the number of their stage.
    let mut stage = 0;
    let mut free = Vec::new();
    for (at, line) in build.lines.iter().enumerate() {
        match line.starts_with("FROM") {
            true => stage += 1,
            false if stage > 0 => free.push((at, stage - 1)),
            false => {}
        }
    }
    let scratch = |build: &Build, at: usize| {
        build.lines[..at]
            .iter()
            .rev()
            .find(|line| line.starts_with("FROM"))
            .is_some_and(|from| from.contains("scratch"))
    };
    if free.is_empty() {
        build.lines.push("LABEL only=1".to_owned());
        return "a line added".to_owned();
    }
    let (at, stage) = random.pick(&free);
    let fresh = |random: &mut Random, build: &Build| match scratch(build, at) {
        true => format!("LABEL fresh={}", random.below(9)),
        false => lines::line(random, builder, build, stage),
    };
    match random.below(100) {
        0..=34 if build.lines[at].starts_with("RUN ") && !build.lines[at].contains('[') => {
            build.lines[at] = format!("RUN {}", run::command(random));
            format!("line {at} runs another command")
        }
        0..=34 => {
            build.lines[at] = fresh(random, build);
            format!("line {at} is another")
        }
        35..=59 => {
            let line = fresh(random, build);
            build.lines.insert(at, line);
            format!("a line before {at}")
        }
        60..=79 => {
            build.lines.remove(at);
            format!("line {at} removed")
        }
        80..=94 => match free.iter().find(|(other, of)| *other == at + 1 && *of == stage) {
            Some((other, _)) => {
                build.lines.swap(at, *other);
                format!("lines {at} and {other} swapped")
            }
            None => {
                build.lines.insert(at, "# a note".to_owned());
                format!("a comment before {at}")
            }
        },
        _ => {
            build.lines.insert(at, "# a note".to_owned());
            format!("a comment before {at}")
        }
    }
}
