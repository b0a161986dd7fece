//! Advice after a build.

use super::request::Request;
use super::step::Build;
use crate::dockerfile::Dockerfile;
use crate::trace::Trace;

/// Says so when the order of instructions wastes the cache.
pub(super) fn wasteful_order(build: &Build, request: &Request, file: Option<&Dockerfile>, t: &mut Trace) {
    let _ = (build, request, file, t);
}
