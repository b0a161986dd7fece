//! Advice after a build.

use super::request::Request;
use super::step::{Build, Status, Step};
use crate::dockerfile::{Command, Dockerfile, Instruction, Kind};
use crate::fs::Nodes;
use crate::image::catalog;
use crate::trace::{Event, Reason, Trace, Verdict};

/// A command that installs dependencies, and the files it needs for that.
struct Installer {
    /// The program's name.
    name: &'static str,
    /// Words that must follow somewhere in the command; any of these.
    words: &'static [&'static str],
    /// Files it reads, in the order in which they are named.
    files: &'static [&'static str],
}

const INSTALLERS: &[Installer] = &[
    Installer { name: "pip", words: &["install"], files: &["requirements.txt"] },
    Installer { name: "pip3", words: &["install"], files: &["requirements.txt"] },
    Installer { name: "npm", words: &["install", "ci", "i"], files: &["package.json", "package-lock.json"] },
    Installer { name: "yarn", words: &["install", ""], files: &["package.json", "yarn.lock"] },
    Installer { name: "pnpm", words: &["install", "i"], files: &["package.json", "pnpm-lock.yaml"] },
    Installer { name: "go", words: &["download"], files: &["go.mod", "go.sum"] },
    Installer { name: "bundle", words: &["install"], files: &["Gemfile", "Gemfile.lock"] },
    Installer { name: "composer", words: &["install"], files: &["composer.json", "composer.lock"] },
    Installer { name: "poetry", words: &["install"], files: &["pyproject.toml", "poetry.lock"] },
    Installer { name: "cargo", words: &["fetch"], files: &["Cargo.toml", "Cargo.lock"] },
    Installer { name: "mvn", words: &["dependency:go-offline"], files: &["pom.xml"] },
];

/// Says so when a whole directory is copied before dependencies are installed, and a file that the
/// installation doesn't need made it run again.
pub(super) fn wasteful_order(build: &Build, request: &Request, file: Option<&Dockerfile>, t: &mut Trace) {
    let Some(file) = file else { return };
    let own: Vec<&Step> = build.steps.iter().filter(|step| !step.trigger).collect();
    for (at, step) in own.iter().enumerate() {
        if !file.instructions.get(at).is_some_and(whole_directory) {
            continue;
        }
        let Some(changed) = changed_file(step) else { continue };
        let later = own.iter().enumerate().skip(at + 1).take_while(|(_, later)| later.stage == step.stage);
        for (at, _) in later.filter(|(_, later)| later.status == Status::Done) {
            let Some((name, files)) = file.instructions.get(at).and_then(|run| needs(run, request)) else {
                continue;
            };
            if files.iter().any(|file| changed == *file || changed.ends_with(&format!("/{file}"))) {
                continue;
            }
            let them = if files.len() == 1 { "it" } else { "them" };
            let text =
                format!("{name} needs only {}; COPY {them} before RUN, the rest after.", listed(&files));
            t.emit(|| Event::Hint { text });
            return;
        }
    }
}

/// Names the bases that nobody knows, once, and the way to a known one.
pub(super) fn unknown_bases(unknown: &[String], t: &mut Trace) {
    let mut names: Vec<String> = Vec::new();
    for name in unknown {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        return;
    }
    for name in &names {
        let near = catalog::suggest(name).first().copied();
        let text = match (near, catalog::stands_on(name)) {
            (Some(near), _) => format!("the known image nearest to it: --base {name}={near}"),
            (None, Some(below)) => format!("what its like stands on is known: --base {name}={below}"),
            (None, None) => continue,
        };
        t.emit(|| Event::Hint { text });
    }
    let (are, their) = if names.len() == 1 { ("is", "its") } else { ("are", "their") };
    let text = format!(
        "{} {are} not built in, so {their} RUN steps change nothing here. --base NAME=KNOWN takes a known image instead, --strict refuses.",
        listed(&names)
    );
    t.emit(|| Event::Hint { text });
}

/// A COPY of a directory out of the context.
fn whole_directory(instruction: &Instruction) -> bool {
    match &instruction.kind {
        Kind::Copy(copy) | Kind::Add(copy) if copy.from.is_none() => {
            copy.sources.iter().any(|source| matches!(source.text.as_str(), "." | "./" | "/"))
        }
        _ => false,
    }
}

/// The file that made the step miss.
fn changed_file(step: &Step) -> Option<&str> {
    match &step.verdict {
        Verdict::Miss {
            reason:
                Reason::FileChanged { path, .. } | Reason::FileAdded { path } | Reason::FileRemoved { path },
        } => Some(path),
        _ => None,
    }
}

/// The installer that a RUN calls, and those of its files that the context has.
pub fn needs(run: &Instruction, request: &Request) -> Option<(&'static str, Vec<String>)> {
    let Kind::Run(run) = &run.kind else { return None };
    let text = match &run.command {
        Command::Shell(text) => text.text.clone(),
        Command::Exec(words) => words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "),
    };
    text.split(['&', ';', '|', '\n']).find_map(|command| {
        let mut words = command.split_whitespace();
        let name = words.next()?;
        let rest: Vec<&str> = words.collect();
        let installer = INSTALLERS.iter().find(|known| known.name == name)?;
        let asked =
            installer.words.iter().any(|word| rest.contains(word) || (word.is_empty() && rest.is_empty()));
        let named = rest.iter().skip_while(|word| **word != "-r").nth(1);
        let files: Vec<String> = match named {
            Some(named) => vec![named.trim_start_matches("./").to_owned()],
            None => installer.files.iter().map(|file| (*file).to_owned()).collect(),
        };
        let here = |file: &String| request.context.tree().at(file.as_bytes()).is_some();
        let files: Vec<String> = files.into_iter().filter(here).collect();
        (asked && !files.is_empty()).then_some((installer.name, files))
    })
}

fn listed(files: &[String]) -> String {
    match files.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => files.join(""),
    }
}
