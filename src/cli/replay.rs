//! `layerlab replay PATH…`: recorded cases, answered and compared.

use super::screen::{self, Colour};
use super::{DiskHost, refuse, unreadable};
use crate::error::Error;
use crate::fs::Host;
use crate::replay::{Answer, Verdict, run};
use clap::Args;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Answer recorded cases and compare with what the real thing did
#[derive(Debug, Args)]
pub struct Replay {
    /// Files or folders of recorded cases; a folder's other files are passed over
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print one answer a line as JSON; the summary goes to standard error
    #[arg(long)]
    json: bool,
}

/// Answers all cases. The exit code.
pub fn replay(order: &Replay, colour: Colour) -> u8 {
    let host = match admit(&order.paths) {
        Ok(host) => host,
        Err(error) => return refuse(&error, colour),
    };
    let paths: Vec<String> = order.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut out = BufWriter::new(io::stdout());
    let report = run(&host, &paths, &mut |answer: &Answer| {
        if order.json && answer.verdict != Verdict::NotSupported {
            // A closed pipe ends the answers, not the count.
            let _ = writeln!(out, "{}", answer.value);
        }
    });
    let summary = report.summary();
    if order.json {
        let _ = out.flush();
        screen::note(&summary);
    } else {
        let _ = out.write_all(summary.as_bytes()).and_then(|()| out.flush());
    }
    for error in &report.errors {
        screen::complain(error, colour);
    }
    u8::try_from(report.exit()).unwrap_or(2)
}

/// A host that may read what was named: a folder with all below it, a file with its neighbours.
fn admit(paths: &[PathBuf]) -> Result<DiskHost, Error> {
    let mut host = DiskHost::below(Path::new(".")).map_err(|error| unreadable(&error))?;
    for path in paths {
        let beside = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = if path.is_dir() { path } else { beside };
        host.admit(&folder.to_string_lossy()).map_err(|error| unreadable(&error))?;
        // Cases may need the `bases.json` of a folder above them.
        let above = path.canonicalize().ok().and_then(|real| {
            real.ancestors().skip(1).find(|folder| folder.join("bases.json").is_file()).map(Path::to_owned)
        });
        if let Some(above) = above {
            host.admit(&above.to_string_lossy()).map_err(|error| unreadable(&error))?;
        }
    }
    Ok(host)
}
