//! What a vertex comes to: a result that is taken over, or one that is made, and the verdict of its step.

use super::cache::Record;
use super::execute::{Job, Made, execute};
use super::export::Answer;
use super::graph::{Node, Op, Source, Vertex};
use super::key::Key;
use super::select::Picked;
use super::solve::{Input, Solved, Solver};
use super::step::{Failure, Status};
use super::verdict::{self, Found};
use crate::fs::Digest;
use crate::image::next_link;
use crate::trace::{Reason, Trace, Verdict};
use std::sync::Arc;

/// Layers that a step may stand on (moby `daemon/graphdriver/overlay2/overlay.go`, `maxDepth`).
const MOST_LOWERS: usize = 128;

/// What was looked for and not found.
pub(super) struct Asked<'a> {
    pub op: Digest,
    pub inputs: &'a [Input],
    /// The files that it copies.
    pub picked: &'a [Picked],
    /// What an imported cache says of it.
    pub answer: Option<&'a Answer>,
}

impl Solver<'_> {
    /// The step below this vertex that was executed in this build: its number.
    fn rebuilt(&self, node: Option<Node>) -> Option<usize> {
        let Some(Node::Vertex(at)) = node else { return None };
        let step = self.graph.vertices.get(at)?.step;
        let executed = self.solved.get(at)?.executed;
        executed.then(|| self.player.steps.get(step).map(|step| step.number)).flatten()
    }

    /// Was the step below executed for another reason than that it is new?
    fn again(&self, node: Option<Node>) -> bool {
        let Some(Node::Vertex(at)) = node else { return false };
        let step = self.graph.vertices.get(at).and_then(|vertex| self.player.steps.get(vertex.step));
        step.is_some_and(
            |step| matches!(&step.verdict, Verdict::Miss { reason } if *reason != Reason::FirstBuild),
        )
    }

    /// What changed about the files of a COPY without reaching its key.
    fn note(&self, vertex: &Vertex, key: &Key) -> Option<String> {
        match &vertex.op {
            Op::Copy(copy) if copy.source == Source::Context => {
                let files = key.files.as_ref()?;
                files.entries.iter().find_map(|entry| self.sent.notes.get(&entry.shown)).cloned()
            }
            _ => None,
        }
    }

    /// A result that is taken over: its step, its verdict.
    pub(super) fn found(
        &mut self,
        vertex: &Vertex,
        key: &Arc<Key>,
        record: &Arc<Record>,
        definition: bool,
    ) -> Solved {
        let rebuilt = match &vertex.op {
            Op::Copy(copy) => match copy.source {
                Source::Tree(node) => self.rebuilt(node),
                Source::Context => None,
            },
            _ => None,
        };
        let now = if definition { record.key.clone() } else { key.clone() };
        let note = self.note(vertex, key);
        let seen = Found { record, rebuilt, definition, build: self.cache.builds, note };
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            step.verdict = verdict::hit(&seen, &step.instruction);
            step.status = Status::Cached;
            step.layer = Some(record.layer.clone());
            step.seconds = record.seconds;
            step.modelled = !record.not_modelled;
            step.earlier = Some(record.key.clone());
            step.key = Some(now);
        }
        self.result(vertex, record, false)
    }

    /// A step that is executed.
    ///
    /// # Errors
    /// How it failed.
    pub(super) fn miss(
        &mut self,
        vertex: &Vertex,
        key: Arc<Key>,
        asked: &Asked<'_>,
        t: &mut Trace,
    ) -> Result<Solved, Failure> {
        let Asked { op, inputs, picked, answer } = *asked;
        let id = key.digest().hex();
        let earlier = verdict::nearest(self.cache, &key);
        let base_image = match vertex.base {
            Some(Node::Image(at)) => self.graph.images.get(at).map(|(name, _)| name.as_str()),
            _ => None,
        };
        let pruned = self.cache.was_pruned(&id);
        let reason = match (answer, pruned) {
            _ if inputs.is_empty() && !vertex.ignore_cache => Reason::NeverCached,
            _ if vertex.ignore_cache => Reason::NoCache,
            (Some(answer), _) => Reason::NotExported { from: answer.from.clone() },
            (None, Some(what)) => Reason::Pruned { what: what.to_owned() },
            (None, None) => {
                let (rebuilt, again) = (self.rebuilt(vertex.base), self.again(vertex.base));
                verdict::miss(&key, earlier.as_deref(), rebuilt, again, base_image)
            }
        };
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            step.verdict = Verdict::Miss { reason };
            step.status = Status::Done;
            step.key = Some(key.clone());
            step.earlier = earlier.map(|record| record.key.clone());
        }
        if self.depth(vertex.base) > MOST_LOWERS {
            return Err(super::execute::too_deep(&id, self.request.version));
        }
        let now = self.cache.tick();
        let job = Job { vertex, picked, now };
        let made = match self.is_only_thought_of(vertex) {
            true => super::foresee::unknown(),
            false => execute(self, &job, t)?,
        };
        // A step without any input is executed each time, but its first result stays.
        let kept = if inputs.is_empty() { self.cache.records.get(&id).cloned() } else { None };
        let record = kept.unwrap_or_else(|| {
            let build = self.cache.builds;
            let step = self.player.steps.get(vertex.step);
            let instruction = step.map(|step| step.instruction.clone()).unwrap_or_default();
            let not_modelled = step.is_some_and(|step| !step.modelled);
            let Made { layer, seconds, unsure } = made;
            let id = id.clone();
            Arc::new(Record {
                id,
                key,
                chain: Some(next_link(self.chain(vertex.base), layer.diff_id)),
                layer,
                created: now,
                seconds,
                build,
                instruction,
                unsure,
                not_modelled,
            })
        });
        Arc::make_mut(&mut self.cache.records).put((*record).clone());
        self.cache.is_back(&id);
        self.store(op, inputs, &id);
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            step.layer = Some(record.layer.clone());
            step.seconds = record.seconds;
        }
        Ok(self.result(vertex, &record, true))
    }

    /// What a record is to the steps above it.
    pub(super) fn result(&mut self, vertex: &Vertex, record: &Record, executed: bool) -> Solved {
        self.cache.used(&record.id);
        if let Some(Node::Image(at)) = vertex.base
            && let Some((_, image)) = self.graph.images.get(at)
        {
            self.cache.stands_on(image);
        }
        let ids = self.ids_of_result(vertex, record.id.clone());
        Solved {
            record: record.id.clone(),
            ids,
            layer: record.layer.clone(),
            created: record.created,
            depth: self.depth(vertex.base) + 1,
            chain: next_link(self.chain(vertex.base), record.layer.diff_id),
            executed,
            ignored: vertex.ignore_cache,
            unsure: record.unsure,
            depends_on: None,
        }
    }

    /// The definition keys of what stands on a result.
    pub(super) fn ids_of_result(&self, vertex: &Vertex, id: String) -> Vec<String> {
        match &vertex.op {
            // A linked copy is merged onto what is below: that merge is what the next step stands on.
            Op::Copy(copy) if copy.link && vertex.base.is_some() => {
                let below = self.ids(vertex.base);
                below.iter().map(|below| Digest::of(format!("merge {below} {id}")).hex()).collect()
            }
            _ => vec![id],
        }
    }

    /// An imported record with its result, as one of this host's.
    pub(super) fn adopt(&mut self, answer: Option<&Answer>) -> Option<Arc<Record>> {
        let answer = answer.filter(|answer| answer.has_result)?;
        self.take_over(answer);
        self.cache.records.get(&answer.record.id).cloned()
    }

    /// An imported key without its result, at a vertex whose result nothing needs.
    pub(super) fn not_wanted<'a>(&self, answer: Option<&'a Answer>) -> Option<&'a Answer> {
        let wanted = self.wanted.get(self.solved.len()).copied().unwrap_or(true);
        answer.filter(|answer| !answer.has_result && !wanted)
    }

    /// Says where an imported result is from; its layer is fetched if anything needs it.
    pub(super) fn tell_imported(&mut self, vertex: &Vertex, answer: &Answer, solved: &mut Solved) {
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            step.verdict = Verdict::Hit { reason: format!("imported from {}", answer.from) };
        }
        if self.wanted.get(self.solved.len()).copied().unwrap_or(true) {
            self.fetched.push((answer.from.clone(), solved.layer.clone(), solved.chain));
        }
    }
}
