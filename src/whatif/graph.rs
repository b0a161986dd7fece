//! The graph of a Dockerfile's stages.

use crate::build::{self, Request};
use crate::dockerfile;
use crate::error::{Error, ErrorKind};
use crate::trace::{Event, Trace};

/// The ways to draw one.
const FORMATS: [&str; 3] = ["text", "mermaid", "dot"];

/// Stages, edges, and what the target needs.
///
/// # Errors
/// An unknown format; there is no Dockerfile, or it can't be read; its stages go in a circle, or the target
/// is none of them.
pub fn graph(request: &Request, format: &str, t: &mut Trace) -> Result<Event, Error> {
    if !FORMATS.contains(&format) {
        return Err(Error::new(ErrorKind::Usage, format!("a graph can't be drawn as `{format}`"))
            .did_you_mean(format, FORMATS)
            .hint("formats are text, mermaid and dot"));
    }
    t.fuel.running("graph");
    let text = build::dockerfile_of(request)?;
    let file = dockerfile::parse(request.dockerfile_path(), text.as_bytes(), request.version)?;
    let mut graph = build::stage_graph(&file, request, t).map_err(|failure| {
        let mut error = Error::new(ErrorKind::Usage, failure.plain.unwrap_or(failure.message));
        error.span = failure.span;
        error.hint = failure.hint;
        error
    })?;
    super::stopped(t)?;
    request.dockerfile_path().clone_into(&mut graph.file);
    format.clone_into(&mut graph.format);
    Ok(Event::Graph(graph))
}
