//! Random RUN lines. What is grammar of the shell and what are calls of programs are separate files.

mod builtins;
mod commands;
mod compound;
mod programs;
mod scripts;
mod tools;
mod words;
mod wrong;

use crate::case::{Case, Copied, Shell};
use crate::random::Random;

/// The line of this number.
pub fn case(seed: u64, at: u64, shell: Shell) -> Case {
    // Programs with all their options: `LAYERLAB_SHELL_TOOLS=1`.
    let tools = std::env::var("LAYERLAB_SHELL_TOOLS").is_ok();
    let random = Random::new(seed, at);
    let mut writer = Writer { random, shell, depth: 0, heredocs: Vec::new(), files: Vec::new(), tools };
    let line = writer.line();
    Case { name: format!("seed {seed} line {at}"), shell, line, files: writer.files }
}

/// Writes one line.
pub struct Writer {
    random: Random,
    shell: Shell,
    /// How deep in compound commands.
    depth: u32,
    /// Here-documents whose text follows the next line end.
    heredocs: Vec<String>,
    /// Scripts that the line uses.
    files: Vec<Copied>,
    /// Many programs with their options instead of a few.
    tools: bool,
}

impl Writer {
    fn line(&mut self) -> String {
        let text = match self.random.below(100) {
            0..56 => self.shell_line(),
            56..92 if self.tools => self.tool_line(),
            56..92 => self.program_line(),
            92..99 => self.script_line(),
            _ => {
                let line = self.shell_line();
                self.damaged(&line)
            }
        };
        let mut text = text;
        self.finish_heredocs(&mut text);
        text
    }

    fn bash(&self) -> bool {
        self.shell == Shell::Bash
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.random.chance(percent)
    }

    fn pick(&mut self, from: &[&str]) -> String {
        self.random.pick(from).to_owned()
    }

    /// Options, variables, a few statements, and what they left in `$?`.
    fn shell_line(&mut self) -> String {
        let mut parts = Vec::new();
        if self.chance(25) {
            let options: &[&str] = if self.bash() {
                &[
                    "set -e",
                    "set -u",
                    "set -x",
                    "set -ex",
                    "set -eu",
                    "set -o pipefail",
                    "set -euo pipefail",
                    "set -f",
                    "set -euxo pipefail",
                ]
            } else {
                &["set -e", "set -u", "set -x", "set -ex", "set -eu", "set -f", "set -eux"]
            };
            parts.push(self.pick(options));
        }
        if self.chance(60) {
            parts.push(self.assignments());
        }
        for _ in 0..=self.random.below(3) {
            parts.push(self.statement());
            if self.chance(40) {
                parts.push("echo \"[$?]\"".to_owned());
            }
        }
        self.joined(&parts)
    }

    /// Statements one after the other. A here-document's text comes where its line ends.
    fn joined(&mut self, parts: &[String]) -> String {
        let mut text = String::new();
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                let background = text.ends_with('&');
                if !self.heredocs.is_empty() || text.ends_with('\n') {
                    self.finish_heredocs(&mut text);
                } else if self.chance(85) {
                    text.push_str(if background { " " } else { "; " });
                } else {
                    text.push('\n');
                }
            }
            text.push_str(part);
        }
        text
    }

    /// Ends the line and adds the texts of its here-documents.
    fn finish_heredocs(&mut self, text: &mut String) {
        if self.heredocs.is_empty() {
            return;
        }
        text.push('\n');
        for body in std::mem::take(&mut self.heredocs) {
            text.push_str(&body);
        }
    }
}
