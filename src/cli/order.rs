//! `layerlab order DIR`: a better order of a Dockerfile's lines.

use super::end;
use super::project::Folder;
use super::screen::{self, Colour};
use super::why::{interruptible, usage};
use super::{DiskHost, unreadable};
use crate::error::{Error, ErrorKind};
use crate::fs::Host;
use crate::render::Renderer;
use crate::trace::{Event, Sink};
use crate::whatif;
use clap::Args;
use std::path::PathBuf;

/// Bytes of a list of edits, at most.
const MOST_EDITS: u64 = 1 << 20;

/// Propose an order of the Dockerfile's lines that runs fewer steps again, and say what it saves
#[derive(Debug, Args)]
pub(super) struct Order {
    #[command(flatten)]
    folder: Folder,
    /// The edits to count over, one a line: `change src/app.js`, `arg X=2`, `edit-line 3 RUN make`
    /// [default: each file of the context changes once]
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
    /// Write the proposed Dockerfile here
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Answers. The exit code.
pub(super) fn order(order: &Order, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.folder.json, screen::style(colour));
    let result = play(order, &renderer);
    end(result, &renderer, order.folder.json, colour)
}

fn play(order: &Order, renderer: &Renderer) -> Result<u8, Error> {
    let project = order.folder.read(None)?;
    let edits = match &order.edits {
        None => None,
        Some(file) => {
            let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
            let shown = file.display().to_string();
            let bytes = host.read(&name, MOST_EDITS).map_err(|mut error| {
                error.path.clone_from(&shown);
                unreadable(&error)
            })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| Error::new(ErrorKind::Syntax, format!("`{shown}` is not UTF-8 text")))?;
            Some(whatif::parse_edits(&shown, &text)?)
        }
    };
    let mut trace = interruptible();
    let answer = whatif::order(&project, edits.as_deref(), &mut trace).map_err(usage)?;
    if let (Some(file), Event::Order(answer)) = (&order.output, &answer) {
        let (mut host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
        host.write(&name, answer.after.as_bytes()).map_err(|mut error| {
            error.path = file.display().to_string();
            unreadable(&error)
        })?;
    }
    renderer.clone().take(answer);
    Ok(0)
}
