//! Moves of a Dockerfile's lines that change nothing in the image but the order of its layers and history,
//! and what has to be taken for granted for that.
//!
//! A move goes down, within one stage, past instructions that can't see what is moved. RUN is the hard one:
//! it may read anything. Only a RUN whose every command is an installer or a package manager of
//! [`super::reads`] is crossed by a COPY; an ARG or ENV crosses a RUN that doesn't name it.

use super::lines::Lines;
use super::reads::{self, Reads};
use crate::build::{self, Request};
use crate::dockerfile::{Copy, Dockerfile, Instruction, Kind};
use crate::trace::Trace;
use std::ops::Range;

/// One move, made.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub lines: Lines,
    /// In words.
    pub what: String,
    /// What was taken for granted.
    pub assumed: Vec<String>,
}

/// Variables that programs look at without being told.
const WELL_KNOWN: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TERM",
    "CI",
    "DEBUG",
    "SHELL",
    "PWD",
    "TMPDIR",
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "MAKEFLAGS",
    "NODE_ENV",
    "DEBIAN_FRONTEND",
    "GOFLAGS",
    "GOPROXY",
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
    "GOPATH",
    "JAVA_HOME",
    "MAVEN_OPTS",
    "RUSTFLAGS",
    "CARGO_HOME",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
    "SOURCE_DATE_EPOCH",
    "RAILS_ENV",
    "RACK_ENV",
];

/// What such variables begin with, among them those of package managers.
const WELL_KNOWN_BEGIN: &[&str] =
    &["NPM_", "npm_", "PIP_", "UV_", "POETRY_", "YARN_", "PNPM_", "LD_", "TARGET", "BUILD"];

/// All moves that are worth a try.
pub(super) fn moves(lines: &Lines, file: &Dockerfile, request: &Request) -> Vec<Move> {
    let mut moves = Vec::new();
    let mut from = 0;
    while from < file.instructions.len() {
        let stage = |instruction: &Instruction| matches!(instruction.kind, Kind::From(_));
        let later = file.instructions.iter().skip(from + 1).position(stage);
        let end = later.map_or(file.instructions.len(), |at| from + 1 + at);
        if file.instructions.get(from).is_some_and(stage) {
            let own = file.instructions.get(from + 1..end).unwrap_or_default();
            for at in 0..own.len() {
                moves.extend(one(lines, own, at, request));
            }
        }
        from = end;
    }
    moves
}

/// The move of one instruction of a stage, if there is one.
fn one(lines: &Lines, own: &[Instruction], at: usize, request: &Request) -> Option<Move> {
    let instruction = own.get(at)?;
    let rest = own.get(at + 1..)?;
    match &instruction.kind {
        Kind::Copy(copy) if copy.from.is_none() && copy.contents.is_empty() => {
            files_later(lines, instruction, copy, rest, request)
        }
        Kind::Arg(pairs) | Kind::Env(pairs) => {
            let names: Vec<&str> = pairs.iter().map(|pair| pair.key.text.as_str()).collect();
            variables_later(lines, instruction, &names, rest)
        }
        _ if is_config(instruction) => config_later(lines, instruction, rest),
        _ => None,
    }
}

fn is_config(instruction: &Instruction) -> bool {
    matches!(
        instruction.keyword,
        "LABEL" | "EXPOSE" | "STOPSIGNAL" | "HEALTHCHECK" | "CMD" | "ENTRYPOINT" | "MAINTAINER"
    )
}

fn head(instruction: &Instruction) -> String {
    let first =
        instruction.original.lines().next().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    if first.chars().count() <= 40 { first } else { first.chars().take(39).chain(['…']).collect() }
}

/// COPY behind RUNs that can't read what it brings; what they do read is copied before them.
fn files_later(
    lines: &Lines,
    instruction: &Instruction,
    copy: &Copy,
    rest: &[Instruction],
    request: &Request,
) -> Option<Move> {
    let mut needed: Vec<String> = Vec::new();
    let (mut assumed, mut last, mut first_run) = (Vec::new(), None, None);
    for (at, next) in rest.iter().enumerate() {
        match &next.kind {
            Kind::Run(_) => {
                let Some(Reads { files, outputs, assumes }) = reads::of(next, request) else { break };
                // What it installs beside the files would be copied over.
                let kept =
                    |output: &&str| build::kept_out_by(request, output, &mut Trace::silent()).is_none();
                if outputs.iter().any(|output| brings(copy, output, request) && kept(output)) {
                    break;
                }
                needed.extend(files.into_iter().filter(|file| brings(copy, file, request)));
                let line = lines.was(&Lines::block(next));
                assumed.extend(assumes.into_iter().map(|words| format!("line {line}: {words}")));
                last = Some(at);
                first_run.get_or_insert(at);
            }
            Kind::Env(_) | Kind::Arg(_) if !instruction.original.contains('$') => {}
            Kind::User(_) | Kind::Shell(_) => {}
            Kind::Copy(other) | Kind::Add(other) if apart(copy, other) => {}
            _ if is_config(next) => {}
            _ => break,
        }
    }
    let (last, first_run) = (rest.get(last?)?, rest.get(first_run?)?);
    needed.sort();
    needed.dedup();
    let block = Lines::block(instruction);
    let line = lines.was(&block);
    let mut what =
        format!("line {line}, {}, goes below line {}", head(instruction), lines.was(&Lines::block(last)));
    let mut moved = lines.moved(&block, last.last_line as usize);
    // Only what a plain destination directory takes can be copied ahead.
    if !needed.is_empty() {
        let ahead = ahead(copy, instruction, &needed)?;
        let at = Lines::block(first_run).start.saturating_sub(block.len());
        for text in ahead.iter().rev() {
            moved = moved.with(at, text);
        }
        let are = if needed.len() == 1 { "is" } else { "are" };
        what = format!("{} {are} copied first; {what}", needed.join(" and "));
    }
    Some(Move { lines: moved, what, assumed })
}

/// Does this COPY bring that path of the context?
fn brings(copy: &Copy, path: &str, request: &Request) -> bool {
    use crate::fs::Nodes;
    let inside = |source: &str| {
        let clean = crate::fs::path::clean(source.as_bytes());
        let clean = String::from_utf8_lossy(&clean).trim_start_matches('/').to_owned();
        let wild = clean.contains(['*', '?', '[', '$']);
        wild || clean.is_empty() || path == clean || path.starts_with(&format!("{clean}/"))
    };
    let there = request.context.tree().at(path.as_bytes()).is_some();
    there && copy.sources.iter().any(|source| inside(&source.text))
}

/// Do two copies write to directories that have nothing to do with each other?
fn apart(one: &Copy, other: &Copy) -> bool {
    let (a, b) = (one.destination.text.as_str(), other.destination.text.as_str());
    let plain = |text: &str| {
        text.starts_with('/') && !text.contains(['$', '.']) && !text.trim_matches('/').is_empty()
    };
    let inside = |a: &str, b: &str| {
        format!("{}/", a.trim_end_matches('/')).starts_with(&format!("{}/", b.trim_end_matches('/')))
    };
    plain(a) && plain(b) && !inside(a, b) && !inside(b, a)
}

/// COPY lines for some files of a COPY of a whole directory. None where it isn't plain enough.
fn ahead(copy: &Copy, instruction: &Instruction, needed: &[String]) -> Option<Vec<String>> {
    let [source] = copy.sources.as_slice() else { return None };
    if !matches!(source.text.as_str(), "." | "./" | "/") || copy.parents || !copy.exclude.is_empty() {
        return None;
    }
    let odd = |name: &String| name.contains([' ', '"', '*', '?', '[', '$', '\\']);
    if copy.destination.text.contains([' ', '$']) || needed.iter().any(odd) {
        return None;
    }
    let flags: String = instruction
        .flags
        .iter()
        .map(|flag| match &flag.value {
            Some(value) => format!("--{}={} ", flag.name, value.text),
            None => format!("--{} ", flag.name),
        })
        .collect();
    let to = copy.destination.text.trim_end_matches('/');
    let mut by_folder: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for file in needed {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        by_folder.entry(folder).or_default().push(file);
    }
    let line = |(folder, files): (&str, Vec<&str>)| {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        format!("COPY {flags}{} {to}/{folder}", files.join(" "))
    };
    Some(by_folder.into_iter().map(line).collect())
}

/// Is this name in the text, not as a part of another one?
fn names(text: &str, name: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|text| text.chars().next());
        !part(before) && !part(after)
    })
}

/// ARG and ENV to where the first of their variables is named.
fn variables_later(
    lines: &Lines,
    instruction: &Instruction,
    own: &[&str],
    rest: &[Instruction],
) -> Option<Move> {
    let known = |name: &&str| {
        WELL_KNOWN.contains(name)
            || name.to_uppercase().ends_with("_PROXY")
            || WELL_KNOWN_BEGIN.iter().any(|begin| name.starts_with(begin))
    };
    if own.iter().any(known) || instruction.original.contains('$') {
        return None;
    }
    let whole = |next: &Instruction| {
        let bodies: String = next.heredocs.iter().map(|doc| doc.content.as_str()).collect();
        format!("{}\n{bodies}", next.original)
    };
    let free = rest.iter().take_while(|next| {
        let text = whole(next);
        !own.iter().any(|name| names(&text, name)) && !matches!(next.kind, Kind::Onbuild(_))
    });
    let crossed: Vec<&Instruction> = free.collect();
    let runs: Vec<usize> = crossed
        .iter()
        .filter(|next| matches!(next.kind, Kind::Run(_)))
        .map(|next| lines.was(&Lines::block(next)))
        .collect();
    let last = crossed.last()?;
    if runs.is_empty() {
        return None;
    }
    let block = Lines::block(instruction);
    let moved = lines.moved(&block, last.last_line as usize);
    let where_to = format!("goes below line {}", lines.was(&Lines::block(last)));
    let what = format!("line {}, {}, {where_to}", lines.was(&block), head(instruction));
    let word = if runs.len() == 1 { "line" } else { "lines" };
    let list: Vec<String> = runs.iter().map(ToString::to_string).collect();
    let assumed = vec![format!("the programs of {word} {} don't read {}", list.join(", "), own.join(" or "))];
    Some(Move { lines: moved, what, assumed })
}

/// Config that no RUN sees, to the end of its stage.
fn config_later(lines: &Lines, instruction: &Instruction, rest: &[Instruction]) -> Option<Move> {
    let commands = ["CMD", "ENTRYPOINT"];
    let stops = |next: &Instruction| {
        next.keyword == instruction.keyword
            || (commands.contains(&next.keyword) && commands.contains(&instruction.keyword))
            || matches!(next.kind, Kind::Onbuild(_))
            || (matches!(next.kind, Kind::Shell(_)) && instruction.keyword != "LABEL")
            || (matches!(next.kind, Kind::Env(_) | Kind::Arg(_)) && instruction.original.contains('$'))
    };
    let crossed: Vec<&Instruction> = rest.iter().take_while(|next| !stops(next)).collect();
    // Behind the last step that makes files; config among config saves nothing.
    let makes = |next: &&&Instruction| {
        matches!(next.kind, Kind::Run(_) | Kind::Copy(_) | Kind::Add(_) | Kind::Workdir(_))
    };
    let last = crossed.iter().rfind(makes)?;
    let block: Range<usize> = Lines::block(instruction);
    let moved = lines.moved(&block, last.last_line as usize);
    let what = format!(
        "line {}, {}, goes below line {}",
        lines.was(&block),
        head(instruction),
        lines.was(&Lines::block(last))
    );
    let assumed = vec!["nobody minds the order of entries in the image's history".to_owned()];
    Some(Move { lines: moved, what, assumed })
}
