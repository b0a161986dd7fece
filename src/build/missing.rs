//! Sources that are not there, and what can't be fetched. BuildKit works out the keys of all steps at once,
//! so one that the context or an image lacks ends the build before anything has run (moby/buildkit
//! `solver/edge.go`, `createInputRequests`; `cache/contenthash/checksum.go`).

use super::fetch::Fetched;
use super::glob;
use super::graph::{Node, Op, Source, Vertex};
use super::select::{Missing, pick};
use super::solve::Solver;
use super::step::Failure;
use super::verdict;
use crate::dockerfile::{MountType, Place};
use crate::fs::path;
use crate::trace::Trace;
use crate::union::Mount;

/// A vertex that can't be solved.
pub(super) struct Doomed {
    /// Its number among the vertices.
    pub at: usize,
    /// The number of its instruction.
    pub step: usize,
    /// Why.
    pub failure: Failure,
}

impl Solver<'_> {
    /// The first vertex that names what the context or an image lacks.
    pub(super) fn doomed(&mut self, t: &mut Trace) -> Option<Doomed> {
        let graph = self.graph;
        for (at, vertex) in graph.vertices.iter().enumerate() {
            let number = |this: &Self| this.player.steps.get(vertex.step).map_or(0, |step| step.number);
            if let Some(failure) = not_fetched(vertex) {
                return Some(Doomed { at, step: number(self), failure });
            }
            for (source, wanted, places) in at_hand(vertex) {
                let known = source == Source::Context && self.sent.remembered(&wanted.join("\0")).is_some();
                self.onto = vertex.base;
                if known || self.in_the_dark(source) || self.onto_itself(source) {
                    continue;
                }
                let mut mount = self.source(source);
                if let Err(failure) = self.all_there(source, &mut mount, wanted, places, &mut |_, _| {}, t) {
                    return Some(Doomed { at, step: number(self), failure });
                }
            }
        }
        None
    }

    /// Looks for each of `wanted` in a source and hands over what it comes to. Of several that are missing
    /// BuildKit names whichever it comes to first, which is nearly always the last one in the order of their
    /// names.
    ///
    /// # Errors
    /// What is missing, in BuildKit's words.
    pub(super) fn all_there(
        &self,
        source: Source,
        mount: &mut Mount,
        wanted: &[String],
        places: &[Place],
        take: &mut dyn FnMut(&str, Vec<super::select::Picked>),
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let mut named: Option<(Vec<u8>, usize, Missing)> = None;
        for (at, one) in wanted.iter().enumerate() {
            match t.quietly(|t| pick(mount, one, t)) {
                Ok(found) => take(one, found),
                Err(missing) if self.passes_over(&missing, source) => take(one, Vec::new()),
                Err(missing) => {
                    let asked = path::clean(one.as_bytes());
                    if named.as_ref().is_none_or(|(before, ..)| asked > *before) {
                        named = Some((asked, at, missing));
                    }
                }
            }
        }
        let Some((_, at, missing)) = named else { return Ok(()) };
        let above = t.quietly(|t| folder_of(&missing, mount, t));
        let failure = verdict::missing(missing, source, above, self);
        Err(self.placed(failure, places.get(at).copied().unwrap_or_default()))
    }

    /// Does this build send something of the context? BuildKit asks for the paths that are copied, and gets the
    /// folders on the way as well (tonistiigi/fsutil `walker.go`).
    pub(super) fn sends_something(&self, t: &mut Trace) -> bool {
        let mut context = Mount::native(self.sent.tree.clone());
        let wanted = self.graph.vertices.iter().flat_map(at_hand);
        let mut wanted =
            wanted.filter(|(source, ..)| *source == Source::Context).flat_map(|(_, wanted, _)| wanted);
        t.quietly(|t| {
            wanted.any(|one| {
                let clean = path::clean(one.as_bytes());
                let text = String::from_utf8_lossy(&clean).into_owned();
                let first = text.split('/').find(|name| !name.is_empty()).unwrap_or("");
                match first {
                    "" => context.readdir(b"/", t).is_ok_and(|names| !names.is_empty()),
                    // A link counts also when it leads nowhere.
                    first if glob::has_wildcard(first) => {
                        pick(&mut context, first, t).map_or(true, |found| !found.is_empty())
                    }
                    first => context.lstat(format!("/{first}").as_bytes(), t).is_ok(),
                }
            })
        })
    }
}

/// Is the folder there in which something is missing?
pub(super) fn folder_of(missing: &Missing, source: &mut Mount, t: &mut Trace) -> bool {
    match missing {
        Missing::Path { absent, .. } => source.stat(path::parent(absent.as_bytes()), t).is_ok(),
        Missing::Loop { .. } | Missing::Exhausted => true,
    }
}

/// Why what ADD fetches can't be had.
fn not_fetched(vertex: &Vertex) -> Option<Failure> {
    let Op::Copy(copy) = &vertex.op else { return None };
    let refused = copy.fetched.iter().find_map(Fetched::refused);
    refused.or_else(|| copy.fetched.iter().find_map(|fetched| fetched.verified().err()))
}

/// What a vertex takes from the context or an image, where nothing has to run before it can be looked at.
fn at_hand(vertex: &Vertex) -> Vec<(Source, &[String], &[Place])> {
    let ready = |source: Source| matches!(source, Source::Context | Source::Tree(Some(Node::Image(_))));
    match &vertex.op {
        Op::Copy(copy) if ready(copy.source) && !copy.sources.is_empty() => {
            let places: &[_] = if vertex.place.line > 0 { &copy.places } else { &[] };
            vec![(copy.source, &copy.sources, places)]
        }
        Op::Run(run) => {
            let bound = run.mounts.iter().filter(|(mount, _)| mount.kind == MountType::Bind);
            // Without a source it is the whole, which is always there.
            let bound = bound.filter(|(mount, source)| ready(*source) && !mount.source.is_empty());
            bound
                .map(|(mount, source)| (*source, std::slice::from_ref(&mount.source), [].as_slice()))
                .collect()
        }
        _ => Vec::new(),
    }
}
