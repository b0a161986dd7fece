//! `layerlab why DIR`: what a build would do after some edits, nothing executed.

use super::project::Folder;
use super::screen::{self, Colour};
use super::{end, interrupt};
use crate::error::{Error, ErrorKind};
use crate::render::Renderer;
use crate::trace::{Event, Sink, Trace};
use crate::whatif::{self, Edit};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Say which steps an edit would make run again, and why; nothing is executed
#[derive(Debug, Args)]
pub(super) struct Why {
    #[command(flatten)]
    folder: Folder,
    /// This file of the context has other contents
    #[arg(long, value_name = "FILE")]
    change: Vec<String>,
    /// Only its time is another one
    #[arg(long, value_name = "FILE")]
    touch: Vec<String>,
    /// It has this mode
    #[arg(long, num_args = 2, value_names = ["FILE", "MODE"])]
    chmod: Vec<String>,
    /// It is new
    #[arg(long, value_name = "FILE")]
    add: Vec<String>,
    /// It is gone
    #[arg(long, value_name = "FILE")]
    delete: Vec<String>,
    /// A build argument has this value
    #[arg(long, value_name = "NAME=VALUE")]
    arg: Vec<String>,
    /// This line of the Dockerfile, counted from 1, is another one
    #[arg(long, num_args = 2, value_names = ["NUMBER", "TEXT"], allow_hyphen_values = true)]
    edit_line: Vec<String>,
    /// Compare with the builds of this record (`layerlab build --cache`), not with one of just before
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
    /// Follow the folder and answer again at each save; Ctrl-C ends it
    #[cfg(feature = "watch")]
    #[arg(long, conflicts_with_all = ["change", "touch", "chmod", "add", "delete", "arg", "edit_line"])]
    watch: bool,
}

impl Why {
    fn edits(&self) -> Result<Vec<Edit>, Error> {
        let mut edits = Vec::new();
        for pair in self.edit_line.chunks(2) {
            edits.push(Edit::parse("edit-line", &pair.join(" "))?);
        }
        let lists =
            [("add", &self.add), ("delete", &self.delete), ("change", &self.change), ("touch", &self.touch)];
        for (word, list) in lists {
            for file in list {
                edits.push(Edit::parse(word, file)?);
            }
        }
        for pair in self.chmod.chunks(2) {
            edits.push(Edit::parse("chmod", &pair.join(" "))?);
        }
        for arg in &self.arg {
            edits.push(Edit::parse("arg", arg)?);
        }
        Ok(edits)
    }
}

/// Answers. The exit code: 1 when a build would fail.
pub(super) fn why(order: &Why, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.folder.json, screen::style(colour));
    let result = play(order, &renderer, colour);
    end(result, &renderer, order.folder.json, colour)
}

fn play(order: &Why, renderer: &Renderer, colour: Colour) -> Result<u8, Error> {
    let project = order.folder.read(order.cache.as_deref())?;
    let mut trace = interruptible();
    #[cfg(feature = "watch")]
    if order.watch {
        return super::watch::follow(&order.folder, project, renderer, colour);
    }
    #[cfg(not(feature = "watch"))]
    let _ = colour;
    let edits = order.edits()?;
    let answer = whatif::why(&project, &edits, &mut trace).map_err(usage)?;
    // A builder that can't build the file as it is (`RUN --mount` in the legacy one) is no news.
    let fails = matches!(&answer, Event::WhatIf(answer)
        if answer.builders.iter().any(|end| end.failure.is_some() && end.failed_before.is_none()));
    renderer.clone().take(answer);
    Ok(u8::from(fails))
}

/// A trace that Ctrl-C stops.
pub(super) fn interruptible() -> Trace {
    let flag = Arc::new(AtomicBool::new(false));
    interrupt::raise_or_end(flag.clone());
    let mut trace = Trace::silent();
    trace.fuel.interrupted_by(flag);
    trace
}

/// On the command line a name that isn't there is a wrong call.
pub(super) fn usage(mut error: Error) -> Error {
    if error.kind == ErrorKind::Unknown {
        error.kind = ErrorKind::Usage;
    }
    error
}
