//! `layerlab replay PATH…`: recorded cases, answered and compared.

use super::screen::{self, Colour};
use super::{DiskHost, exit_code, unreadable};
use crate::error::{Error, ErrorKind};
use crate::fs::{Host, HostKind};
use crate::render::{Style, Tone, clean_line, pad};
use crate::replay::{Answered, Outcome, answer};
use clap::Args;
use indexmap::IndexMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Folders in folders, at most.
const MOST_DEPTH: usize = 32;

/// Answer recorded cases and compare with what the real thing did
#[derive(Debug, Args)]
pub struct Replay {
    /// Files or folders of recorded cases; other files are passed over
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print one answer a line as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Default)]
struct Score {
    cases: usize,
    as_recorded: usize,
    not_supported: usize,
}

/// Answers all cases. The exit code.
pub fn replay(order: &Replay, colour: Colour) -> u8 {
    let style = if order.json { screen::style_of_errors(colour) } else { screen::style(colour) };
    // Words for people, and answers for programs.
    let mut words: Box<dyn Write> =
        if order.json { Box::new(io::stderr()) } else { Box::new(BufWriter::new(io::stdout())) };
    let mut answers = BufWriter::new(io::stdout());
    let mut scores: IndexMap<String, Score> = IndexMap::new();
    let mut code = 0;

    for path in &order.paths {
        let mut take = |answered: Answered| {
            let score = scores.entry(answered.topic.clone()).or_default();
            score.cases += 1;
            if order.json && answered.outcome != Outcome::NotSupported {
                let _ = writeln!(answers, "{}", answered.answer);
            }
            match &answered.outcome {
                Outcome::AsRecorded => score.as_recorded += 1,
                Outcome::NotSupported => score.not_supported += 1,
                Outcome::Differs(difference) => {
                    let _ = words.write_all(differs(&answered.name, difference, &style).as_bytes());
                }
            }
        };
        if let Err(error) = replay_path(path, &mut take) {
            screen::complain(&error, colour);
            code = code.max(exit_code(&error));
        }
    }
    let _ = answers.flush();
    let _ = words.write_all(summary(&scores, &style).as_bytes());
    let _ = words.flush();
    match code {
        0 if scores.is_empty() => {
            let error = Error::new(ErrorKind::Usage, "there are no recorded cases in what was named");
            screen::complain(&error.hint("a file of cases is JSON with a list `cases`"), colour);
            2
        }
        0 => u8::from(scores.values().any(|score| score.as_recorded < score.cases)),
        code => code,
    }
}

fn replay_path(path: &Path, take: &mut dyn FnMut(Answered)) -> Result<(), Error> {
    let shown = |mut error: Error| {
        error.message = error.message.replacen("`./", &format!("`{}/", path.display()), 1);
        error
    };
    if path.is_dir() {
        let host = DiskHost::below(path).map_err(|error| unreadable(&error))?;
        return walk(&host, ".", 0, take).map_err(shown);
    }
    let (host, name) = DiskHost::beside(path).map_err(|error| unreadable(&error))?;
    answer(&host, &name, take).map(drop)
}

/// All files below a folder, by name; links are not followed.
fn walk(host: &DiskHost, folder: &str, depth: usize, take: &mut dyn FnMut(Answered)) -> Result<(), Error> {
    if depth > MOST_DEPTH {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("`{folder}`: folders in more than {MOST_DEPTH} folders"),
        ));
    }
    for entry in host.list(folder).map_err(|error| unreadable(&error))? {
        // Cases have plain names; another name is no case.
        let Ok(name) = String::from_utf8(entry.name) else { continue };
        let path = format!("{folder}/{name}");
        match entry.kind {
            HostKind::Directory => walk(host, &path, depth + 1, take)?,
            HostKind::File { .. } if name.ends_with(".json") => drop(answer(host, &path, take)?),
            HostKind::File { .. } | HostKind::Symlink { .. } | HostKind::Other => {}
        }
    }
    Ok(())
}

fn differs(name: &str, difference: &str, style: &Style) -> String {
    let difference = clean_line(difference);
    format!("{} {}\n    {difference}\n", style.paint(Tone::Bad, "✗"), clean_line(name))
}

/// A line a topic, and one for all.
fn summary(scores: &IndexMap<String, Score>, style: &Style) -> String {
    let width = scores.keys().map(|topic| crate::render::columns(topic)).max().unwrap_or(0);
    let mut lines = String::new();
    for (topic, score) in scores {
        let (tone, sign) =
            if score.as_recorded == score.cases { (Tone::Good, "✓") } else { (Tone::Bad, "✗") };
        let counted = if score.not_supported == score.cases {
            format!("not supported ({})", crate::render::count(score.cases, "case"))
        } else {
            format!("{} of {} as recorded", score.as_recorded, score.cases)
        };
        lines.push_str(&format!(
            "{} {}  {counted}\n",
            style.paint(tone, sign),
            pad(&clean_line(topic), width)
        ));
    }
    if scores.len() > 1 {
        let sum = |of: fn(&Score) -> usize| scores.values().map(of).sum::<usize>();
        let (right, all) = (sum(|score| score.as_recorded), sum(|score| score.cases));
        lines.push_str(&format!("{}  {right} of {all} as recorded\n", pad("  all", width + 2)));
    }
    lines
}
