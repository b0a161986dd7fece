//! `layerlab graph FILE|DIR`: the stages of a Dockerfile.

use super::end;
use super::project::file_or_folder;
use super::screen::{self, Colour};
use super::why::{interruptible, usage};
use crate::error::Error;
use crate::render::Renderer;
use crate::trace::Sink;
use crate::whatif;
use clap::Args;
use std::path::PathBuf;

/// Draw the stages of a Dockerfile: what each takes from where, and which the target needs
#[derive(Debug, Args)]
pub(super) struct Graph {
    /// A Dockerfile, or a folder that has one; `-` reads standard input
    #[arg(value_name = "FILE|DIR")]
    path: PathBuf,
    /// The stage that is wanted [default: the last]
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Set an ARG
    #[arg(long, value_name = "K=V")]
    build_arg: Vec<String>,
    /// text, mermaid or dot
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: String,
    /// Print one event a line as JSON
    #[arg(long)]
    json: bool,
}

/// Draws. The exit code.
pub(super) fn graph(order: &Graph, colour: Colour) -> u8 {
    let renderer = screen::renderer(order.json, screen::style(colour));
    let result = play(order, &renderer);
    end(result, &renderer, order.json, colour)
}

fn play(order: &Graph, renderer: &Renderer) -> Result<u8, Error> {
    let mut request = file_or_folder(&order.path)?;
    request.target.clone_from(&order.target);
    for (name, value) in order.build_arg.iter().filter_map(|given| given.split_once('=')) {
        request.args.insert(name.to_owned(), value.to_owned());
    }
    let drawn = whatif::graph(&request, &order.format, &mut interruptible()).map_err(usage)?;
    renderer.clone().take(drawn);
    Ok(0)
}
