//! `layerlab check FILE|DIR`: BuildKit's build checks, and what the layers say.

use super::given::{Given, MOST_DOCKERFILE};
use super::interrupt;
use super::screen::{self, Colour};
use super::{DiskHost, end, unreadable};
use crate::build::Request;
use crate::check::{self, Checked, Order};
use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::image::Store;
use crate::render::Renderer;
use crate::shell::NoPrograms;
use crate::trace::{Exhausted, Trace};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Check a Dockerfile: BuildKit's rules, and what its layers say
#[derive(Debug, Args)]
pub struct Check {
    /// A Dockerfile, checked with its folder as the context; or the context
    #[arg(value_name = "FILE|DIR")]
    place: PathBuf,
    #[command(flatten)]
    given: Given,
    /// Files that get edited, one a line [default: each of the context once]
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
    /// Print one finding a line as JSON
    #[arg(long)]
    json: bool,
}

/// Checks. The exit code: 0 nothing found, 1 something found, 2 unreadable.
pub fn check(order: &Check, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.json, screen::style(colour));
    end(look(order, &renderer), &renderer, order.json, colour)
}

fn look(order: &Check, renderer: &Renderer) -> Result<u8, Error> {
    let request = request(order)?;
    let edits = order.edits.as_deref().map(edits).transpose()?.unwrap_or_default();
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());
    let mut trace = Trace::to(Box::new(renderer.clone()));
    trace.fuel.interrupted_by(flag);
    let rules = Order { edits, as_docker: false };
    let checked = check::check(&Store::default(), &request, &rules, &mut NoPrograms, &mut trace);
    match trace.fuel.exhausted() {
        None => {
            let Checked { warnings, layers, failed } = checked;
            Ok(u8::from(failed || !warnings.is_empty() || !layers.is_empty()))
        }
        Some(Exhausted::Interrupted) => Err(Error::new(ErrorKind::Interrupted, "interrupted")),
        Some(why) => Err(Error::new(ErrorKind::Limit, format!("the check was stopped: {}", why.describe()))
            .hint("what was found so far is above; a step that never ends stops here")),
    }
}

fn request(order: &Check) -> Result<Request, Error> {
    let is_file = order.place.metadata().is_ok_and(|found| found.is_file());
    let (folder, file) = match (is_file, &order.given.file) {
        (true, Some(_)) => {
            return Err(Error::new(ErrorKind::Usage, "a Dockerfile was named twice")
                .hint("layerlab check FILE, or layerlab check DIR -f FILE"));
        }
        (true, None) => {
            let folder = order.place.parent().filter(|folder| !folder.as_os_str().is_empty());
            (folder.unwrap_or(Path::new(".")), Some(order.place.as_path()))
        }
        (false, file) => (order.place.as_path(), file.as_deref()),
    };
    let request = order.given.request_of(folder, file)?;
    if request.dockerfile.is_none() && !has(&request) {
        let at = folder.join(request.dockerfile_path());
        return Err(Error::new(ErrorKind::Host, format!("there is no `{}`", at.display()))
            .hint("name the Dockerfile: layerlab check FILE"));
    }
    Ok(request)
}

/// One path a line; blank lines and those that begin with `#` say nothing.
fn edits(file: &Path) -> Result<Vec<String>, Error> {
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    let bytes = host.read(&name, MOST_DOCKERFILE).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}

/// Does the context have its Dockerfile?
fn has(request: &Request) -> bool {
    let path = crate::fs::path::clean(request.dockerfile_path().as_bytes());
    crate::fs::Nodes::at(request.context.tree(), &path).is_some()
}
