//! `layerlab dive FILE`: what dive tells about an archive, and what could be saved.

use super::screen::{self, Colour};
use super::{DiskHost, exit_code, unreadable};
use crate::command::dive::Subject;
use crate::error::{Error, ErrorKind};
use crate::fs::{Fill, Host, HostError};
use crate::image::archive::{self, Form, Loaded, Options, Place};
use crate::image::{Store, catalog};
use crate::inspect::dive;
use crate::trace::{Fuel, Limits};
use clap::Args;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Look into an image: layers, efficiency, waste, verdicts
///
/// At a terminal it is dive's interactive view; `?` shows the keys. Else text: dive's figures, and what
/// really could be saved, and how.
#[derive(Debug, Args)]
pub struct Dive {
    /// What `docker save` wrote, or an OCI layout as a tar or folder (also oci:DIR[:TAG]); plain, gzip or zstd.
    /// Else a built-in image
    #[arg(value_name = "FILE.tar|IMAGE")]
    file: PathBuf,
    /// Write dive's JSON to OUT (`-`: standard output), with each layer's changes; no rule is evaluated then
    #[arg(short, long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// List what each layer added, modified and removed
    #[arg(long)]
    changes: bool,
    /// Print text, also at a terminal
    #[arg(long)]
    text: bool,
    /// Show what differs in another archive
    #[arg(long, value_name = "FILE.tar|IMAGE")]
    compare: Option<PathBuf>,
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
        refused(&error)
    })
}

/// The exit code of an error about an archive: one that is too large is unreadable, not a rule that fails.
pub(super) fn refused(error: &Error) -> u8 {
    if error.kind == ErrorKind::Limit { 2 } else { exit_code(error) }
}

fn look(order: &Dive) -> Result<u8, Error> {
    let subject = subject(&order.file, order.limit, !order.no_verify)?;
    let other = match &order.compare {
        Some(other) => Some(self::subject(other, order.limit, !order.no_verify)?),
        None => None,
    };
    let by_rules = order.ci || std::env::var("CI").is_ok_and(|value| dive::is_true(&value));
    #[cfg(feature = "tui")]
    if !(by_rules || order.json.is_some() || order.changes || order.text) && super::look::can_look() {
        super::look::look(&subject, other.as_ref())?;
        return Ok(0);
    }
    if let Some(other) = &other {
        let text = subject.compared(other, order.json.is_some());
        return give(order.json.as_deref(), &text);
    }
    if let Some(out) = &order.json {
        let mut subject = Some(subject);
        return give_with(Some(out), &mut |out| match subject.take() {
            Some(subject) => subject.write_json(out),
            None => Ok(()),
        });
    }
    if order.changes {
        return give(None, &subject.changes());
    }
    if !by_rules {
        return give(None, &subject.text());
    }
    let text = match order.ci_config.is_file() {
        true => Some(String::from_utf8_lossy(&read(&order.ci_config, 1 << 20)?).into_owned()),
        // As dive: a missing file means the defaults, without a word.
        false => None,
    };
    let shown = order.ci_config.to_string_lossy();
    let config = text.as_deref().map(|text| (&*shown, text));
    let printed = dive::ci(&subject.analysis(), &subject.source, config).map_err(|message| {
        Error::new(ErrorKind::Syntax, format!("{shown}: {message}")).hint("  lowestEfficiency: 0.95")
    })?;
    print(&printed.out)?;
    Ok(u8::try_from(printed.exit).unwrap_or(1))
}

/// The first image of an archive or, where no file has this name, a built-in image. `limit` bounds the bytes
/// of what is unpacked.
pub(super) fn subject(file: &Path, limit: u64, verify: bool) -> Result<Subject, Error> {
    let named = file.to_string_lossy();
    let place = Place::of(&named);
    let name = place.path;
    if place.form == Form::Any
        && !file.exists()
        && let Some(image) = catalog::image(name)
    {
        return Ok(Subject::image(name, image, &Store::default(), &[]));
    }
    // A name that is no text can only be a path.
    let path = if place.form == Form::Any { file } else { Path::new(name) };
    let loaded = archive::chosen(load(path, place.form, limit, verify)?, place.tag)?.into_iter().next();
    let first = loaded.ok_or_else(|| Error::new(ErrorKind::Host, "the archive has no image"))?;
    first.notes.iter().for_each(|note| screen::note(&format!("{note}\n")));
    let shown = Path::new(name).file_name().map_or(name.into(), |name| name.to_string_lossy());
    let shown = first.names.first().cloned().unwrap_or_else(|| shown.into_owned());
    let mut subject = Subject::archive(name, first);
    subject.name = shown;
    Ok(subject)
}

/// Writes to a file in one step, or to standard output. The exit code.
pub(super) fn give(out: Option<&Path>, text: &str) -> Result<u8, Error> {
    give_with(out, &mut |out| out.write_all(text.as_bytes()))
}

/// [`give`] of what `fill` brings.
fn give_with(out: Option<&Path>, fill: &mut Fill<'_>) -> Result<u8, Error> {
    match out.filter(|out| out.as_os_str() != "-") {
        None => printed(fill)?,
        Some(out) => {
            let (mut host, name) = DiskHost::beside(out).map_err(|error| unreadable(&error))?;
            host.write_with(&name, fill).map_err(|error| unreadable(&error))?;
        }
    }
    Ok(0)
}

/// Reads an archive, or a folder that one was unpacked to; contents of files stay on disk.
fn load(file: &Path, form: Form, limit: u64, verify: bool) -> Result<Vec<Loaded>, Error> {
    let told = |mut error: HostError| {
        error.path = file.display().to_string();
        unreadable(&error)
    };
    let limits = Limits { operations: u64::MAX, bytes: u64::MAX, ..Limits::LINE };
    let mut fuel = Fuel::new(limits);
    if form == Form::OciFolder || form == Form::Any && file.is_dir() {
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
    printed(&mut |out| out.write_all(text.as_bytes()))
}

fn printed(fill: &mut Fill<'_>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout());
    // A closed pipe has seen enough.
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::Host, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
