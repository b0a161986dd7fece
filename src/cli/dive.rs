//! `layerlab dive FILE`: what dive tells about an archive, without its interactive view.

use super::screen::{self, Colour};
use super::{DiskHost, exit_code, unreadable};
use crate::error::{Error, ErrorKind};
use crate::fs::{Host, HostError};
use crate::image::archive::{self, Loaded, Options};
use crate::inspect::dive;
use crate::trace::{Fuel, Limits};
use clap::Args;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Look into an image archive: layers, efficiency, waste, verdicts
///
/// Prints text; the interactive view of dive is not there yet.
#[derive(Debug, Args)]
pub struct Dive {
    /// What `docker save` wrote, or an OCI layout as a tar or folder; plain, gzip or zstd
    #[arg(value_name = "FILE.tar")]
    file: PathBuf,
    /// Write dive's JSON to OUT (`-`: standard output); no rule is evaluated then
    #[arg(short, long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Judge by the rules of `.dive-ci`; so does CI=true
    #[arg(long)]
    ci: bool,
    /// The rules; without the file dive's defaults
    #[arg(long, value_name = "F", default_value = ".dive-ci", hide_default_value = true)]
    ci_config: PathBuf,
    /// Unpack at most this much
    #[arg(long, value_name = "BYTES", default_value_t = 2 << 30)]
    limit: u64,
    /// Compare no digests: only headers are read
    #[arg(long)]
    no_verify: bool,
}

/// Looks into it. The exit code: 1 when a rule fails.
pub fn dive(order: &Dive, colour: Colour) -> u8 {
    look(order).unwrap_or_else(|error| {
        screen::complain(&error, colour);
        exit_code(&error)
    })
}

fn look(order: &Dive) -> Result<u8, Error> {
    let name = order.file.to_string_lossy();
    let name = name.strip_prefix("docker-archive://").unwrap_or(&name);
    let loaded = load(Path::new(name), order.limit, !order.no_verify)?;
    let first = loaded.first().ok_or_else(|| Error::new(ErrorKind::Host, "the archive has no image"))?;
    first.notes.iter().for_each(|note| screen::note(&format!("{note}\n")));
    let analysis = dive::of_archive(first);
    if let Some(out) = &order.json {
        let text = dive::export(&analysis);
        if out.as_os_str() == "-" {
            print(&text)?;
        } else {
            let (mut host, name) = DiskHost::beside(out).map_err(|error| unreadable(&error))?;
            host.write(&name, text.as_bytes()).map_err(|error| unreadable(&error))?;
        }
        return Ok(0);
    }
    if !order.ci && !asked_by_environment() {
        let shown = Path::new(name).file_name().map_or(name.into(), |name| name.to_string_lossy());
        print(&dive::table(first.names.first().map_or(&shown, |name| name.as_str()), &analysis))?;
        return Ok(0);
    }
    let text = match order.ci_config.is_file() {
        true => Some(String::from_utf8_lossy(&read(&order.ci_config, 1 << 20)?).into_owned()),
        // As dive: a missing file means the defaults, without a word.
        false => None,
    };
    let shown = order.ci_config.to_string_lossy();
    let config = text.as_deref().map(|text| (&*shown, text));
    let printed = dive::ci(&analysis, &format!("docker-archive://{name}"), config).map_err(|message| {
        Error::new(ErrorKind::Syntax, format!("{shown}: {message}")).hint("  lowestEfficiency: 0.95")
    })?;
    print(&printed.out)?;
    Ok(u8::try_from(printed.exit).unwrap_or(1))
}

/// `CI` as Go's ParseBool reads it.
fn asked_by_environment() -> bool {
    let yes = ["1", "t", "T", "true", "True", "TRUE"];
    std::env::var("CI").is_ok_and(|value| yes.contains(&value.as_str()))
}

/// Reads an archive, or a folder that one was unpacked to; contents of files stay on disk.
fn load(file: &Path, limit: u64, verify: bool) -> Result<Vec<Loaded>, Error> {
    let told = |mut error: HostError| {
        error.path = file.display().to_string();
        unreadable(&error)
    };
    let limits = Limits { operations: u64::MAX, bytes: u64::MAX, ..Limits::LINE };
    let mut fuel = Fuel::new(limits);
    if file.is_dir() {
        let host = DiskHost::below(file).map_err(told)?;
        let options = Options { verify, spool: host.spool(), ..Options::new(limit) };
        return archive::open_folder(&host, ".", &options, &mut fuel);
    }
    let (host, name) = DiskHost::beside(file).map_err(told)?;
    let options = Options { verify, spool: host.spool(), ..Options::new(limit) };
    archive::open(&host.open(&name, limit).map_err(told)?, &options, &mut fuel)
}

fn read(file: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    host.read(&name, most).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })
}

fn print(text: &str) -> Result<(), Error> {
    // A closed pipe has seen enough.
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Host, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
