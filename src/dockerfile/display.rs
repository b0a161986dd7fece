//! What a builder shows and runs: the printed text of a step, the script of a RUN.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (`dispatchRun`,
//! `processCmdEnv`, `uppercaseCmd`, `summarizeHeredoc`, `withSecretEnvMask`).

use super::expand::{Lexer, Lookup};
use super::heredoc;
use super::instruction::{Command, Heredoc, Instruction, Kind, MountType};
use crate::trace::Fuel;

/// The text that BuildKit prints for a step: set variables replaced, the keyword in capitals.
///
/// In a RUN, quotes and variables that are not set stay as written; in the other instructions they
/// go the way of all arguments. This is display only: keys and histories keep the original.
pub fn step_text(instruction: &Instruction, lexer: Lexer, env: Lookup, fuel: &mut Fuel) -> String {
    let mut original = instruction.original.clone();
    let mut secrets: Vec<&str> = Vec::new();
    let mut lexer = lexer;
    if let Kind::Run(run) = &instruction.kind {
        lexer = lexer.for_display();
        secrets.extend(
            run.mounts.iter().filter(|m| m.kind == MountType::Secret).filter_map(|m| m.env.as_deref()),
        );
        if let Script::Body { .. } | Script::File { .. } = script(&run.command, &instruction.heredocs) {
            let body = instruction.heredocs.first().map_or("", |heredoc| heredoc.content.as_str());
            original.push_str(&format!(" ({})", summary(body)));
        }
    }
    let masked = |name: &str| if secrets.contains(&name) { Some("****".to_owned()) } else { env(name) };
    let text = lexer.word(&original, &masked, fuel).unwrap_or(original);
    match text.split_once(' ') {
        Some((keyword, rest)) => format!("{} {rest}", keyword.to_uppercase()),
        None => text.to_uppercase(),
    }
}

/// The first line of a body, and dots if there are more.
fn summary(body: &str) -> String {
    let body = body.trim().replace("\r\n", "\n");
    match body.split_once('\n') {
        Some((first, _)) => format!("{first}..."),
        None => body,
    }
}

/// What a RUN, CMD or ENTRYPOINT gives to the shell or the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// The argument vector itself (exec form).
    Exec(Vec<String>),
    /// A text for the shell, from the line alone or with its heredocs glued back on.
    Line(String),
    /// The body of the only heredoc, as a text for the shell.
    Body(String),
    /// The body begins with `#!`: it becomes a file, and the shell is given the file's path.
    File {
        /// `/dev/pipes/NAME`
        path: String,
        /// The body; mode 0755, on a read-only mount.
        content: String,
    },
}

impl Script {
    /// The argument vector, given the stage's shell (`/bin/sh -c` unless SHELL changed it).
    pub fn argv(&self, shell: &[String]) -> Vec<String> {
        let text = match self {
            Script::Exec(argv) => return argv.clone(),
            Script::Line(text) | Script::Body(text) => text,
            Script::File { path, .. } => path,
        };
        shell.iter().chain(std::iter::once(text)).cloned().collect()
    }
}

/// What a command and the bodies below it come to.
pub fn script(command: &Command, heredocs: &[Heredoc]) -> Script {
    let line = match command {
        Command::Exec(words) => return Script::Exec(words.iter().map(|word| word.text.clone()).collect()),
        Command::Shell(line) => &line.text,
    };
    let Some(first) = heredocs.first() else { return Script::Line(line.clone()) };
    if heredoc::parse(line).ok().flatten().is_some() {
        let content = if first.chomp { heredoc::chomped(&first.content) } else { first.content.clone() };
        if content.starts_with("#!") {
            return Script::File { path: format!("/dev/pipes/{}", first.name), content };
        }
        return Script::Body(content);
    }
    let bodies = heredocs.iter().map(|heredoc| format!("\n{}{}", heredoc.content, heredoc.name));
    Script::Line(std::iter::once(line.clone()).chain(bodies).collect())
}
