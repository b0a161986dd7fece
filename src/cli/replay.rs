//! `layerlab replay PATH…`: recorded cases, answered and compared.

use super::screen::{self, Colour};
use super::{DiskHost, exit_code, unreadable};
use crate::replay::{Answer, Report, Verdict, run};
use clap::Args;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

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

/// Answers all cases. The exit code.
pub fn replay(order: &Replay, colour: Colour) -> u8 {
    let mut answers = BufWriter::new(io::stdout());
    let mut report = Report::default();
    for path in &order.paths {
        let mut take = |answer: &Answer| {
            if order.json && answer.verdict != Verdict::NotSupported {
                let _ = writeln!(answers, "{}", answer.value);
            }
        };
        match replay_path(path, &mut take) {
            Ok(part) => report.merge(part),
            Err(error) => report.errors.push(error),
        }
    }
    for error in &report.errors {
        screen::complain(error, colour);
    }
    // Words for people, and answers for programs.
    let _ = match order.json {
        true => answers.flush().and_then(|()| io::stderr().write_all(report.summary().as_bytes())),
        false => answers.write_all(report.summary().as_bytes()).and_then(|()| answers.flush()),
    };
    let worst = report.errors.iter().map(exit_code).max().unwrap_or(0);
    worst.max(u8::try_from(report.exit()).unwrap_or(2))
}

fn replay_path(path: &Path, take: &mut dyn FnMut(&Answer)) -> Result<Report, crate::error::Error> {
    // Cases may need the `bases.json` of a folder above them: the host has to reach that far.
    if let Ok(real) = path.canonicalize()
        && let Some(root) = real.ancestors().skip(1).find(|folder| folder.join("bases.json").is_file())
        && let Some(inside) = real.strip_prefix(root).ok().and_then(Path::to_str)
    {
        let host = DiskHost::below(root).map_err(|error| unreadable(&error))?;
        return Ok(run(&host, &[format!("./{inside}")], take));
    }
    if path.is_dir() {
        let host = DiskHost::below(path).map_err(|error| unreadable(&error))?;
        return Ok(run(&host, &[".".to_owned()], take));
    }
    let (host, name) = DiskHost::beside(path).map_err(|error| unreadable(&error))?;
    Ok(run(&host, &[format!("./{name}")], take))
}
