//! BuildKit's solver: each vertex is looked up by its keys, executed if no result answers to them, and
//! stored under all of them (moby/buildkit `solver/edge.go`, `docs/dev/solver.md`).

use super::cache::{Cache, Record, link};
use super::fetch::Fetched;
use super::graph::{CopyOp, Graph, Node, Op, Source, Vertex};
use super::ignore::Ignore;
use super::key::{Files, Key};
use super::missing::Doomed;
use super::play::Player;
use super::request::Request;
use super::select::{Naming, Picked, files};
use super::sent::Sent;
use super::settle::Asked;
use super::step::{Failure, Status};
use super::verdict;
use crate::fs::Digest;
use crate::image::ImageLayer;
use crate::image::registry::Platform;
use crate::shell::Programs;
use crate::trace::{Trace, Verdict};
use crate::union::Mount;
use std::sync::Arc;

/// What a vertex came to.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    /// The id of its record.
    pub record: String,
    /// Definition keys: what stands on it may be stored under any of them.
    pub ids: Vec<String>,
    /// Its own layer.
    pub layer: ImageLayer,
    /// Unix seconds.
    pub created: i64,
    /// Layers up to and with its own.
    pub depth: usize,
    /// Their name as a stack.
    pub chain: Digest,
    /// It was executed in this build.
    pub executed: bool,
    /// Its cache was switched off, so nothing matches through its definition key.
    pub ignored: bool,
    /// Something in it isn't modelled: files may be missing.
    pub unsure: bool,
    /// What-if: whether it is the step with this number, or another one, depends on what that makes.
    pub depends_on: Option<usize>,
}

/// The solver at work.
pub(super) struct Solver<'a> {
    pub graph: &'a Graph,
    pub request: &'a Request,
    pub cache: &'a mut Cache,
    pub player: &'a mut Player,
    pub programs: &'a mut dyn Programs,
    /// The context as BuildKit has it.
    pub sent: Arc<Sent>,
    pub solved: Vec<Solved>,
    /// What the vertex at hand stands on.
    pub onto: Option<Node>,
    /// A source is missing, so that nothing runs.
    pub is_doomed: bool,
    /// Which vertices must have a result; empty where no cache was imported, then all must.
    pub wanted: Vec<bool>,
    /// Layers that came with an imported cache: where from, the layer and its chain id.
    pub fetched: Vec<(String, ImageLayer, Digest)>,
}

/// One input of a vertex: the keys by which it can be matched.
pub(super) struct Input {
    pub name: String,
    /// Which input it is, from 0: a result is found through the same one only (moby/buildkit
    /// `solver/cachestorage.go`, `CacheInfoLink`). What is copied onto nothing comes first.
    place: usize,
    /// Definition keys.
    pub keys: Vec<String>,
    /// Content key.
    pub content: Option<Digest>,
}

impl Input {
    pub fn links(&self, op: Digest) -> Vec<Digest> {
        let content = self.content.map(|digest| digest.hex());
        let input = format!("{} {}", self.place, self.name);
        let definition = self.keys.iter().map(|key| link(op, &input, key));
        definition.chain(content.map(|key| link(op, &format!("{input} content"), &key))).collect()
    }
}

impl Solver<'_> {
    /// Solves all vertices in the order of the file.
    ///
    /// # Errors
    /// The failure of the first step that fails; steps before it are stored.
    pub fn solve(&mut self, t: &mut Trace) -> Result<(), Failure> {
        let graph = self.graph;
        if !self.sent.is_known() && self.sends_something(t) {
            self.sent.becomes_known();
        }
        if !self.request.imports.is_empty() || !self.cache.known.is_empty() {
            self.wanted = self.needed(t);
            let imports = self.request.imports.clone();
            self.cache.remember(&imports);
        }
        let doomed = self.doomed(t);
        self.is_doomed = doomed.is_some();
        for vertex in graph.vertices.iter().take(doomed.as_ref().map_or(usize::MAX, |doomed| doomed.at)) {
            self.player.before(vertex.step, t);
            if !t.fuel.spend(10) {
                return Err(Failure::new("the lab's limit was reached", 1));
            }
            let solved = match self.vertex(vertex, t) {
                Ok(None) => break,
                Ok(Some(solved)) => solved,
                Err(failure) => return Err(self.ends_at(vertex, failure, t)),
            };
            self.player.show(vertex.step, t);
            self.solved.push(solved);
        }
        let Some(Doomed { at, step, failure }) = doomed else { return Ok(()) };
        let Some(vertex) = graph.vertices.get(at) else { return Err(failure) };
        for before in graph.vertices.get(self.solved.len()..at).unwrap_or_default() {
            if let Some(one) = self.player.steps.get_mut(before.step) {
                let reason = format!("the build ended at step {step} before this one ran");
                one.verdict = Verdict::NotLookedUp { reason };
            }
        }
        Err(self.ends_at(vertex, failure, t))
    }

    /// Tells the step that fails.
    fn ends_at(&mut self, vertex: &Vertex, failure: Failure, t: &mut Trace) -> Failure {
        if let Some(step) = self.player.steps.get_mut(vertex.step) {
            step.status = Status::Error;
            if matches!(step.verdict, Verdict::NotLookedUp { .. }) {
                let reason = "it has no key: what it copies can't be read".to_owned();
                step.verdict = Verdict::NotLookedUp { reason };
            }
        }
        self.player.show(vertex.step, t);
        self.placed(failure, vertex.place)
    }

    /// Adds a place in the file, unless there is a better one or none at all.
    pub(super) fn placed(&self, failure: Failure, place: crate::dockerfile::Place) -> Failure {
        match &self.player.file {
            Some(file) if place.line > 0 => super::plan::placed(failure, file, place),
            _ => failure,
        }
    }

    /// What a vertex itself consists of.
    pub(super) fn key_of(&self, vertex: &Vertex) -> Key {
        let mut key = verdict::op_key(&vertex.op);
        if matches!(vertex.op, Op::Run(_)) && self.request.platform != Platform::default() {
            key.part(super::key::PLATFORM, self.request.platform.to_string());
        }
        key
    }

    /// Nothing for a step that would have to run in a build that can't end well.
    fn vertex(&mut self, vertex: &Vertex, t: &mut Trace) -> Result<Option<Solved>, Failure> {
        let mut key = self.key_of(vertex);
        let op = key.op_digest();
        let onto = self.ids(vertex.base);
        self.onto = vertex.base;
        key.parent = onto.first().cloned().unwrap_or_default();
        let mut inputs = self.inputs(vertex, &onto);
        let by_definition = !vertex.ignore_cache && !inputs.is_empty();
        let mut hit = if by_definition { self.lookup(op, &inputs) } else { None };
        let mut answer = None;
        if hit.is_none() && by_definition {
            answer = self.imported(op, &inputs);
            hit = self.adopt(answer.as_ref());
        }
        let through_definition = hit.is_some() || answer.is_some();
        let mut picked = Vec::new();
        if let Some(known) = self.not_wanted(answer.as_ref()) {
            return Ok(Some(self.passed_over(vertex, &Arc::new(key), known)));
        }
        if hit.is_none() && self.foresees_source(vertex) {
            self.contents(vertex, &mut inputs, &mut key, &mut picked, t)?;
            if let Some(solved) = self.perhaps(vertex, op, &inputs) {
                return Ok(Some(solved));
            }
            key.files = Some(self.unseen(vertex, &inputs));
        } else if hit.is_none() {
            self.contents(vertex, &mut inputs, &mut key, &mut picked, t)?;
            if by_definition {
                hit = self.lookup(op, &inputs);
            }
            if hit.is_none() && by_definition && answer.is_none() {
                answer = self.imported(op, &inputs);
                hit = self.adopt(answer.as_ref());
                if let Some(known) = self.not_wanted(answer.as_ref()) {
                    return Ok(Some(self.passed_over(vertex, &Arc::new(key), known)));
                }
            }
            if hit.is_none()
                && let Some(solved) = self.perhaps(vertex, op, &inputs)
            {
                return Ok(Some(solved));
            }
        }
        let key = Arc::new(key);
        match hit {
            Some(record) => {
                self.store(op, &inputs, &record.id);
                let mut solved = self.found(vertex, &key, &record, through_definition);
                if let Some(answer) = &answer {
                    self.tell_imported(vertex, answer, &mut solved);
                }
                Ok(Some(self.in_doubt(vertex, solved, through_definition)))
            }
            None if self.is_doomed => Ok(None),
            None => {
                let asked = Asked { op, inputs: &inputs, picked: &picked, answer: answer.as_ref() };
                self.miss(vertex, key, &asked, t).map(Some)
            }
        }
    }

    /// The definition keys of a node; none for nothing.
    pub(super) fn ids(&self, node: Option<Node>) -> Vec<String> {
        match node {
            None => Vec::new(),
            Some(Node::Vertex(at)) => {
                self.solved.get(at).map(|solved| solved.ids.clone()).unwrap_or_default()
            }
            Some(Node::Image(at)) => match self.graph.images.get(at) {
                // First the image itself, then its stack of layers: a base that was rebuilt with
                // the same layers still answers (moby/buildkit source/containerimage/pull.go).
                Some((_, image)) => {
                    let own = format!("image {}{}", image.id.hex(), self.for_platform());
                    std::iter::once(own)
                        .chain(
                            image.chain_id().map(|id| format!("layers {}{}", id.hex(), self.for_platform())),
                        )
                        .collect()
                }
                None => Vec::new(),
            },
        }
    }

    /// What a base's key says of another platform than the usual one.
    fn for_platform(&self) -> String {
        match &self.request.platform {
            usual if *usual == Platform::default() => String::new(),
            other => format!(" {other}"),
        }
    }

    /// Is what is copied from the very thing that is copied onto? Then its content is no key, and is not
    /// looked at before the copy (`ops/file.go`, `markInvalid`).
    pub(super) fn onto_itself(&self, source: Source) -> bool {
        let Source::Tree(node) = source else { return false };
        let ids = self.ids(node);
        !ids.is_empty() && ids == self.ids(self.onto)
    }

    /// Can definition keys of this node be matched?
    fn matchable(&self, node: Option<Node>) -> bool {
        match node {
            Some(Node::Vertex(at)) => self.solved.get(at).is_none_or(|solved| !solved.ignored),
            _ => true,
        }
    }

    pub(super) fn inputs(&self, vertex: &Vertex, onto: &[String]) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut add = |name: String, keys: Vec<String>| {
            inputs.push(Input { name, place: inputs.len(), keys, content: None });
        };
        let linked = matches!(&vertex.op, Op::Copy(copy) if copy.link);
        if vertex.base.is_some() && !linked {
            add("parent".to_owned(), if self.matchable(vertex.base) { onto.to_vec() } else { Vec::new() });
        }
        match &vertex.op {
            Op::Copy(copy) if !copy.sources.is_empty() => {
                let keys = self.source_keys(copy.source, &copy.sources.join("\0"));
                add("files".to_owned(), keys);
            }
            Op::Copy(copy) if !copy.fetched.is_empty() => {
                let keys: Vec<String> = copy.fetched.iter().map(Fetched::definition).collect();
                add("files".to_owned(), vec![keys.join("\0")]);
            }
            Op::Copy(_) if vertex.base.is_none() || linked => add("nothing".to_owned(), vec!["-".to_owned()]),
            Op::Run(run) => {
                for (at, (mount, source)) in run.mounts.iter().enumerate() {
                    if mount.kind == crate::dockerfile::MountType::Bind {
                        add(format!("mount {at}"), self.source_keys(*source, &mount.source));
                    }
                }
                // A RUN on nothing has no input to match; it fails anyway for want of a shell.
            }
            _ => {}
        }
        inputs
    }

    /// Definition keys of what is copied from a stage or image: its keys with the paths. The context
    /// has none that lasts: its own changes with every build (`ops/source.go`).
    fn source_keys(&self, source: Source, selector: &str) -> Vec<String> {
        match source {
            Source::Context => Vec::new(),
            Source::Tree(None) => vec![format!("nothing\0{selector}")],
            Source::Tree(node) if !self.matchable(node) => Vec::new(),
            Source::Tree(node) => self.ids(node).into_iter().map(|id| format!("{id}\0{selector}")).collect(),
        }
    }

    /// The newest result that all inputs lead to.
    pub(super) fn lookup(&self, op: Digest, inputs: &[Input]) -> Option<Arc<Record>> {
        let mut common: Option<Vec<&String>> = None;
        for input in inputs {
            let links = input.links(op);
            let ids: Vec<&String> = links.iter().flat_map(|link| self.cache.records.linked(link)).collect();
            common = Some(match common {
                None => ids,
                Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            });
        }
        let records = common?.into_iter().filter_map(|id| self.cache.records.get(id));
        records.max_by_key(|record| (record.build, record.created)).cloned()
    }

    /// Stores a result under all keys of this time.
    pub(super) fn store(&mut self, op: Digest, inputs: &[Input], id: &str) {
        let links: Vec<Digest> = inputs.iter().flat_map(|input| input.links(op)).collect();
        if !self.cache.records.has_links(id, &links) {
            let records = Arc::make_mut(&mut self.cache.records);
            links.into_iter().for_each(|link| records.add_link(link, id));
        }
    }

    /// Computes the content keys: what the files are that a COPY or bind mount takes.
    pub(super) fn contents(
        &mut self,
        vertex: &Vertex,
        inputs: &mut [Input],
        key: &mut Key,
        picked: &mut Vec<Picked>,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        match &vertex.op {
            Op::Copy(copy)
                if (!copy.sources.is_empty() || !copy.fetched.is_empty())
                    && copy.source != Source::Tree(None)
                    && !self.in_the_dark(copy.source) =>
            {
                let places: &[_] = if vertex.place.line > 0 { &copy.places } else { &[] };
                let mut list = match copy.sources.is_empty() {
                    true => Arc::new(Files::new(Vec::new())),
                    false => self.copied(copy, places, picked, t)?,
                };
                if !copy.fetched.is_empty() {
                    let mut entries = list.entries.clone();
                    entries.extend(copy.fetched.iter().flat_map(|fetched| fetched.entries(t)));
                    list = Arc::new(Files::new(entries));
                }
                if let Some(input) = inputs.iter_mut().find(|input| input.name == "files") {
                    input.content = Some(list.digest);
                }
                key.files = Some(list);
            }
            Op::Run(run) => {
                for (at, (mount, source)) in run.mounts.iter().enumerate() {
                    let name = format!("mount {at}");
                    if self.in_the_dark(*source) {
                        continue;
                    }
                    let Some(input) = inputs.iter_mut().find(|input| input.name == name) else { continue };
                    let wanted = if mount.source.is_empty() { "/" } else { mount.source.as_str() };
                    let list = self.listed(
                        *source,
                        std::slice::from_ref(&wanted.to_owned()),
                        &[],
                        None,
                        &mut Vec::new(),
                        t,
                    )?;
                    input.content = Some(list.digest);
                    key.files = Some(list);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The patterns of `--exclude`.
    pub fn exclude(&self, copy: &CopyOp, t: &mut Trace) -> Result<Option<Ignore>, Failure> {
        if copy.exclude.is_empty() {
            return Ok(None);
        }
        let text = copy.exclude.join("\n");
        let rules = Ignore::parse(text.as_bytes(), self.request.version, &mut t.fuel);
        rules.map(Some).map_err(|error| Failure::new(format!("failed to solve: {}", error.message), 1))
    }

    fn copied(
        &mut self,
        copy: &CopyOp,
        places: &[crate::dockerfile::Place],
        picked: &mut Vec<Picked>,
        t: &mut Trace,
    ) -> Result<Arc<Files>, Failure> {
        if copy.source != Source::Context || !copy.exclude.is_empty() {
            let exclude = self.exclude(copy, t)?;
            return self.listed(copy.source, &copy.sources, places, exclude.as_ref(), picked, t);
        }
        let what = copy.sources.join("\0");
        if let Some(known) = self.sent.remembered(&what) {
            return Ok(known);
        }
        let list = self.listed(copy.source, &copy.sources, places, None, picked, t)?;
        self.sent.remember(what, list.clone());
        Ok(list)
    }

    fn listed(
        &mut self,
        source: Source,
        wanted: &[String],
        places: &[crate::dockerfile::Place],
        exclude: Option<&Ignore>,
        picked: &mut Vec<Picked>,
        t: &mut Trace,
    ) -> Result<Arc<Files>, Failure> {
        let mut mount = self.source(source);
        let (mut unknown, unsure) = (Vec::new(), self.unsure_source(source));
        let mut take = |one: &str, found: Vec<Picked>| match found.is_empty() && unsure {
            true => unknown.push(one.to_owned()),
            false => picked.extend(found),
        };
        self.all_there(source, &mut mount, wanted, places, &mut take, t)?;
        let sent = self.sent.clone();
        let in_context = source == Source::Context;
        let directory_mode = |at: &[u8], mode: u16| match in_context {
            true => sent.directory_modes.get(at).copied().unwrap_or(mode),
            false => mode,
        };
        let naming = Naming { whole_path: false, directory_mode: &directory_mode, exclude };
        let list = t.quietly(|t| files(&mut mount, picked, naming, t));
        let list = list.map_err(|errno| Failure::new(errno.message(), 1))?;
        Ok(Arc::new(self.with_unknown(list, &unknown, source)))
    }

    /// What a COPY takes its files from, mounted.
    pub fn source(&self, source: Source) -> Mount {
        match source {
            Source::Context => Mount::native(self.sent.tree.clone()),
            Source::Tree(node) => super::rootfs::mount(&self.layers(node), self.request.storage),
        }
    }

    /// The layers of a node, bottom first.
    pub fn layers(&self, node: Option<Node>) -> Vec<ImageLayer> {
        let (mut layers, mut at) = (Vec::new(), node);
        loop {
            match at {
                None => break,
                Some(Node::Image(image)) => {
                    let below = self.graph.images.get(image).map(|(_, image)| image.layers.as_slice());
                    layers.extend(below.unwrap_or_default().iter().rev().cloned());
                    break;
                }
                Some(Node::Vertex(vertex)) => {
                    layers.extend(self.solved.get(vertex).map(|solved| solved.layer.clone()));
                    at = self.graph.vertices.get(vertex).and_then(|vertex| vertex.base);
                }
            }
        }
        layers.reverse();
        layers
    }

    /// How many layers a node has.
    pub(super) fn depth(&self, node: Option<Node>) -> usize {
        match node {
            None => 0,
            Some(Node::Image(image)) => {
                self.graph.images.get(image).map_or(0, |(_, image)| image.layers.len())
            }
            Some(Node::Vertex(vertex)) => self.solved.get(vertex).map_or(0, |solved| solved.depth),
        }
    }

    /// The name of a node's stack of layers; none for no layers.
    pub(super) fn chain(&self, node: Option<Node>) -> Option<Digest> {
        match node? {
            Node::Image(image) => self.graph.images.get(image).and_then(|(_, image)| image.chain_id()),
            Node::Vertex(vertex) => self.solved.get(vertex).map(|solved| solved.chain),
        }
    }
}
