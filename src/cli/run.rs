//! `layerlab run FILE…`: plays scenarios; of a folder, all that it holds.

use super::interrupt::{self, INTERRUPTED};
use super::screen::{self, Colour};
use super::{DiskHost, conclude, exit_code, refuse, unreadable};
use crate::error::{Error, ErrorKind, Span};
use crate::fs::Host;
use crate::help;
use crate::render::Renderer;
use crate::script::{Ask, Session, Tally};
use crate::trace::{Event, Sink};
use clap::Args;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

/// Bytes of an answer, at most.
const MOST_ANSWER: u64 = 4096;

/// Bytes of a scenario, at most.
const MOST_BYTES: u64 = 4 << 20;

/// Play scenarios; a failed check exits 1
#[derive(Debug, Args)]
pub struct Run {
    /// Scenario files, or folders of them; each reads only below its own folder
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one event a line as JSON
    #[arg(long)]
    json: bool,
    /// Be asked before each answer: HIT or MISS, which layer wins, how many bytes are copied; a score ends it
    #[arg(long)]
    predict: bool,
    /// Answer `--predict` with the lines of this file, as a class hands them in
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
}

/// Plays the files one after the other, each in a lab of its own. The exit code.
pub fn run(order: &Run, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.json, screen::style(colour));
    let mut total = Tally::default();
    let mut worst = 0;
    let files = match scenarios(&order.files) {
        Ok(files) => files,
        Err(error) => return refuse(&error, colour),
    };
    for file in &files {
        if files.len() > 1 && !order.json {
            renderer.clone().take(Event::Story { text: file.display().to_string() });
        }
        match play(order, file, &renderer) {
            Ok(tally) => {
                total.passed += tally.passed;
                total.failed += tally.failed;
            }
            Err(error) => {
                renderer.finish();
                if order.json {
                    renderer.clone().take(Event::from(&error));
                }
                screen::complain(&error, colour);
                worst = worst.max(exit_code(&error));
            }
        }
        if interrupt::pressed() {
            worst = INTERRUPTED;
        }
        if worst == INTERRUPTED || renderer.broken() {
            break;
        }
    }
    let code = worst.max(u8::from(total.failed > 0));
    conclude(
        &renderer,
        order.json,
        colour,
        Event::Result { exit: i32::from(code), passed: total.passed, failed: total.failed },
    );
    code
}

/// The files as named; a folder stands for its `*.rhai`, by name.
fn scenarios(named: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let shown = path.display();
        let refused = |error: std::io::Error| Error::new(ErrorKind::Host, format!("`{shown}`: {error}"));
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).map_err(refused)? {
            found.push(entry.map_err(refused)?.path());
        }
        found.retain(|file| file.extension().is_some_and(|end| end == "rhai"));
        if found.is_empty() {
            return Err(Error::new(ErrorKind::Host, format!("`{shown}`: no scenario in this folder"))
                .hint("a scenario is a file whose name ends in .rhai"));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Answers out of a file, or of whoever types them: one a line, and none when they end.
struct Answers {
    renderer: Renderer,
    lines: Option<std::vec::IntoIter<String>>,
}

impl Ask for Answers {
    fn ask(&mut self, question: &str) -> Option<String> {
        let Some(lines) = &mut self.lines else {
            // Standard input is read as it comes; the question stands before it.
            self.renderer.clone().take(Event::Text { text: question.trim_end().to_owned() });
            self.renderer.finish();
            let mut line = String::new();
            return match std::io::stdin().lock().take(MOST_ANSWER).read_line(&mut line) {
                Ok(read) if read > 0 => Some(line),
                _ => None,
            };
        };
        lines.next()
    }
}

/// Who answers, if anybody is asked.
fn answers(order: &Run, renderer: &Renderer) -> Result<Option<Answers>, Error> {
    let lines = match &order.answers {
        None if !order.predict => return Ok(None),
        None => None,
        Some(file) => {
            let shown = file.display();
            let text = std::fs::read(file).map_err(|error| {
                Error::new(ErrorKind::Host, format!("`{shown}`: {error}"))
                    .hint("a line for each question: h, m, a layer's number, bytes; an empty one skips it")
            })?;
            let text = String::from_utf8_lossy(&text).into_owned();
            Some(text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter())
        }
    };
    Ok(Some(Answers { renderer: renderer.clone(), lines }))
}

fn play(order: &Run, file: &Path, renderer: &Renderer) -> Result<Tally, Error> {
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    let shown = file.display().to_string();
    let bytes = host.read(&name, MOST_BYTES).map_err(|mut error| {
        error.path.clone_from(&shown);
        unreadable(&error)
    })?;
    let source = text_of(&shown, bytes)?;
    let mut session = Session::new(Box::new(host), Box::new(renderer.clone()));
    session.set_help(help::topic);
    session.set_report(crate::report::of);
    if let Some(answers) = answers(order, renderer)? {
        session.set_ask(Box::new(answers));
        session.set_predict(true);
    }
    interrupt::raise_or_end(session.interrupt());
    renderer.begin("");
    session.script(&shown, &source)
}

/// The bytes as text; the error points at the first byte that is none.
fn text_of(name: &str, bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default()).chars().count() + 1;
        let clip = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Error::new(ErrorKind::Syntax, "this is not UTF-8 text")
            .at(Span::locate(name, &text, clip(line), clip(column), 1))
            .hint("a scenario is a text file, such as those in `scenarios/`")
    })
}
