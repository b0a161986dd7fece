//! Cache that travels: what `--cache-to` writes and `--cache-from` reads (moby/buildkit `solver/exporter.go`,
//! `cache/remotecache/v1`; README, "Export cache").
//!
//! A record travels with its keys. Its result, the layer, travels only where the mode says so: of the final
//! image with `min` and `inline`, of every step of every stage with `max`.

use super::cache::{Cache, Record};
use super::graph::{Node, Op, Source, Vertex};
use super::key::Key;
use super::solve::{Solved, Solver};
use super::step::{Build, Status};
use crate::error::{Error, ErrorKind};
use crate::fs::{Digest, Layer};
use crate::image::{ImageLayer, Origin};
use crate::trace::{Trace, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The format's name.
const FORMAT: &str = "layerlab-cache-export/1";

/// Which results travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportMode {
    /// Those of the final image.
    #[default]
    Min,
    /// All.
    Max,
}

/// What a build leaves for others: the config of a cache manifest, and the layers beside it.
#[derive(Clone, Debug)]
pub struct CacheExport {
    /// Records and keys, as JSON.
    pub config: Arc<[u8]>,
    /// The layers of the results that travel, in the order of the steps.
    pub layers: Vec<ImageLayer>,
    /// Records in it, and how many of them have their result.
    pub records: (usize, usize),
}

/// What another build left.
#[derive(Clone, Debug)]
pub struct CacheImport {
    /// Where it came from, for people.
    pub from: String,
    records: HashMap<String, Imported>,
    links: HashMap<Digest, Vec<String>>,
}

#[derive(Clone, Debug)]
struct Imported {
    record: Arc<Record>,
    /// Did the layer travel?
    has_result: bool,
}

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    records: Vec<RecordFile>,
    links: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, Deserialize)]
struct RecordFile {
    id: String,
    key: Key,
    /// Its layer's diff id, size and label, if that travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer: Option<(Digest, u64, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<Digest>,
    created: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    instruction: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unsure: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_modelled: bool,
}

impl Cache {
    /// What a build of BuildKit's leaves for others.
    pub fn export(&self, build: &Build, mode: ExportMode) -> CacheExport {
        self.export_results(&build.results, mode)
    }

    /// [`Cache::export`] of these results: their ids, and whether they are part of the final image.
    pub(super) fn export_results(&self, results: &[(String, bool)], mode: ExportMode) -> CacheExport {
        let (mut layers, mut records): (Vec<ImageLayer>, Vec<RecordFile>) = (Vec::new(), Vec::new());
        let mut kept: HashMap<&str, ()> = HashMap::new();
        for (id, is_final) in results {
            let Some(record) = self.records.get(id).filter(|_| !kept.contains_key(id.as_str())) else {
                continue;
            };
            kept.insert(id, ());
            let travels = mode == ExportMode::Max || *is_final;
            // A result is a whole stack: what it stands on travels with it.
            let base = self.base_of(&record.key.parent).filter(|_| travels);
            for layer in base.iter().flat_map(|base| &base.layers) {
                if !layers.iter().any(|known| known.diff_id == layer.diff_id) {
                    layers.push(layer.clone());
                }
            }
            if travels && !layers.iter().any(|layer| layer.diff_id == record.layer.diff_id) {
                layers.push(record.layer.clone());
            }
            let layer = &record.layer;
            records.push(RecordFile {
                id: record.id.clone(),
                key: (*record.key).clone(),
                layer: travels.then(|| (layer.diff_id, layer.size, layer.label.to_string())),
                chain: record.chain,
                created: record.created,
                seconds: record.seconds,
                instruction: record.instruction.clone(),
                unsure: record.unsure,
                not_modelled: record.not_modelled,
            });
        }
        let mut links = BTreeMap::new();
        for (link, ids) in &self.records.links {
            let ids: Vec<String> = ids.iter().filter(|id| kept.contains_key(id.as_str())).cloned().collect();
            if !ids.is_empty() {
                links.insert(link.hex(), ids);
            }
        }
        let counts = (records.len(), records.iter().filter(|record| record.layer.is_some()).count());
        let file = File { format: FORMAT.to_owned(), records, links };
        // These types have text keys only, so writing them can't fail.
        let config = serde_json::to_vec(&file).unwrap_or_default().into();
        CacheExport { config, layers, records: counts }
    }
}

/// How many imported caches a host remembers the keys of.
const MOST_KNOWN: usize = 8;

impl Cache {
    /// Remembers the keys of imported caches: what they say of a step holds for later builds too.
    pub(super) fn remember(&mut self, imports: &[Arc<CacheImport>]) {
        if imports.is_empty() {
            return;
        }
        let known = Arc::make_mut(&mut self.known);
        for import in imports {
            known.retain(|other| other.from != import.from);
            known.push(import.clone());
        }
        let surplus = known.len().saturating_sub(MOST_KNOWN);
        known.drain(..surplus);
    }
}

impl CacheImport {
    /// Reads what [`Cache::export`] wrote; `layers` are those that lie beside it.
    ///
    /// # Errors
    /// Other bytes.
    pub fn read(from: &str, config: &[u8], layers: &[ImageLayer]) -> Result<CacheImport, Error> {
        let broken = |words: String| Error::new(ErrorKind::Syntax, format!("the cache at {from}: {words}"));
        let file: File = serde_json::from_slice(config).map_err(|error| broken(error.to_string()))?;
        if file.format != FORMAT {
            return Err(broken(format!("its format is `{}`, the lab reads `{FORMAT}`", file.format)));
        }
        let layers: HashMap<Digest, &ImageLayer> =
            layers.iter().map(|layer| (layer.diff_id, layer)).collect();
        let mut import =
            CacheImport { from: from.to_owned(), records: HashMap::new(), links: HashMap::new() };
        for one in file.records {
            let found = one.layer.and_then(|(diff_id, size, label)| {
                let layer = (*layers.get(&diff_id)?).clone();
                Some(ImageLayer { size, label: label.into(), ..layer })
            });
            let has_result = found.is_some();
            let record = Record {
                id: one.id.clone(),
                key: Arc::new(one.key),
                layer: found.unwrap_or_else(absent),
                created: one.created,
                seconds: one.seconds,
                build: 0,
                instruction: one.instruction,
                chain: one.chain,
                unsure: one.unsure,
                not_modelled: one.not_modelled,
            };
            import.records.insert(one.id, Imported { record: Arc::new(record), has_result });
        }
        for (link, ids) in file.links {
            let link = Digest::parse(&link).ok_or_else(|| broken(format!("`{link}` is no digest")))?;
            import.links.insert(link, ids);
        }
        Ok(import)
    }

    /// How many records it has, and how many of them with their result.
    pub fn records(&self) -> (usize, usize) {
        (self.records.len(), self.records.values().filter(|one| one.has_result).count())
    }
}

/// Stands for a layer that did not travel.
fn absent() -> ImageLayer {
    ImageLayer::new(Layer::empty(), Origin::BuildKit, "not here")
}

/// An imported record that answers to a vertex.
pub(super) struct Answer {
    pub record: Arc<Record>,
    pub has_result: bool,
    pub from: String,
}

impl Solver<'_> {
    /// The newest imported record that all inputs lead to; one with its result before one without.
    pub(super) fn imported(&self, op: Digest, inputs: &[super::solve::Input]) -> Option<Answer> {
        let mut best: Option<Answer> = None;
        // Of what earlier builds imported only the keys are here.
        let known = self.cache.known.iter().map(|import| (import, false));
        for (import, results) in self.request.imports.iter().map(|import| (import, true)).chain(known) {
            let mut common: Option<Vec<&String>> = None;
            for input in inputs {
                let links = input.links(op);
                let ids: Vec<&String> =
                    links.iter().filter_map(|link| import.links.get(link)).flatten().collect();
                common = Some(match common {
                    None => ids,
                    Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
                });
            }
            let found = common.into_iter().flatten().filter_map(|id| import.records.get(id));
            let newest = found.max_by_key(|one| (one.has_result, one.record.created));
            let Some(one) = newest else { continue };
            let has_result = results && one.has_result;
            if best.as_ref().is_none_or(|best| has_result && !best.has_result) {
                best = Some(Answer { record: one.record.clone(), has_result, from: import.from.clone() });
            }
        }
        best
    }

    /// Takes an imported result over: from now on it is in this host's cache.
    pub(super) fn take_over(&mut self, answer: &Answer) {
        let record = Record { build: self.cache.builds, ..(*answer.record).clone() };
        self.cache.is_back(&record.id);
        Arc::make_mut(&mut self.cache.records).put(record);
    }

    /// Which vertices must have a result: what is found by its definition alone needs none of what it was
    /// made from. Only asked where a cache was imported; `solved` is left as it was.
    pub(super) fn needed(&mut self, t: &mut Trace) -> Vec<bool> {
        let graph = self.graph;
        // How each would be answered: 0 executed, 1 a key without a result, 2 a result.
        let mut answers: Vec<u8> = Vec::with_capacity(graph.vertices.len());
        for vertex in &graph.vertices {
            let (solved, answer) = t.quietly(|t| self.probe(vertex, t));
            self.solved.push(solved);
            answers.push(answer);
        }
        self.solved.clear();
        let mut needed = vec![false; graph.vertices.len()];
        let need = |node: Option<Node>, needed: &mut Vec<bool>| {
            if let Some(Node::Vertex(at)) = node
                && let Some(slot) = needed.get_mut(at)
            {
                *slot = true;
            }
        };
        need(graph.target.node, &mut needed);
        for (at, vertex) in graph.vertices.iter().enumerate().rev() {
            if !needed.get(at).copied().unwrap_or_default() {
                continue;
            }
            need(vertex.base, &mut needed);
            if answers.get(at) != Some(&2) {
                for source in sources(vertex) {
                    need(source, &mut needed);
                }
            }
        }
        needed
    }

    /// How a vertex would be answered without looking at any stage's files.
    fn probe(&mut self, vertex: &Vertex, t: &mut Trace) -> (Solved, u8) {
        let mut key = self.key_of(vertex);
        let op = key.op_digest();
        let onto = self.ids(vertex.base);
        key.parent = onto.first().cloned().unwrap_or_default();
        let mut inputs = self.inputs(vertex, &onto);
        let by_definition = !vertex.ignore_cache && !inputs.is_empty();
        let look = |this: &Self, inputs: &[super::solve::Input]| -> Option<(Arc<Record>, u8)> {
            if let Some(record) = this.lookup(op, inputs) {
                return Some((record, 2));
            }
            let answer = this.imported(op, inputs)?;
            Some((answer.record, 1 + u8::from(answer.has_result)))
        };
        let mut found = if by_definition { look(self, &inputs) } else { None };
        if found.is_none()
            && by_definition
            && matches!(&vertex.op, Op::Copy(copy) if copy.source == Source::Context)
            && self.contents(vertex, &mut inputs, &mut key, &mut Vec::new(), t).is_ok()
        {
            found = look(self, &inputs);
        }
        let (id, answer) = match found {
            Some((record, answer)) => (record.id.clone(), answer),
            None => (key.digest().hex(), 0),
        };
        (self.stand_in(vertex, id), answer)
    }

    /// A result that nobody has looked at.
    fn stand_in(&self, vertex: &Vertex, id: String) -> Solved {
        Solved {
            record: id.clone(),
            ids: self.ids_of_result(vertex, id),
            layer: absent(),
            created: 0,
            depth: 0,
            chain: Digest([0; 32]),
            executed: false,
            ignored: vertex.ignore_cache,
            unsure: false,
            depends_on: None,
        }
    }

    /// A step that is known by its key and that nothing needs: it is neither fetched nor executed.
    pub(super) fn passed_over(&mut self, vertex: &Vertex, key: &Arc<Key>, answer: &Answer) -> Solved {
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            let reason = format!("known from {}; nothing needs its files", answer.from);
            step.verdict = Verdict::Hit { reason };
            step.status = Status::Cached;
            step.seconds = answer.record.seconds;
            step.earlier = Some(answer.record.key.clone());
            step.key = Some(key.clone());
        }
        self.stand_in(vertex, answer.record.id.clone())
    }
}

/// Everything that a vertex takes files from besides what it stands on.
fn sources(vertex: &Vertex) -> Vec<Option<Node>> {
    match &vertex.op {
        Op::Copy(copy) => match copy.source {
            Source::Tree(node) => vec![node],
            Source::Context => Vec::new(),
        },
        Op::Run(run) => {
            let bound = run.mounts.iter().filter_map(|(_, source)| match source {
                Source::Tree(node) => Some(*node),
                Source::Context => None,
            });
            bound.collect()
        }
        Op::Workdir { .. } => Vec::new(),
    }
}
