//! From a Dockerfile to BuildKit's graph, and every error that can be found without running anything.
//!
//! Follows moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (`Dockerfile2LLB`).

use super::dispatch::Dispatch;
use super::graph::{Graph, Node, StageEnd, no_cache};
use super::meta::ensure_path;
use super::plan::{self, NoImage, Stage, placed};
use super::request::{Builder, Request};
use super::scope::{global, platform_args};
use super::step::{Failure, Status, Step};
use crate::dockerfile::{Difference, Dockerfile, Instruction, Kind, Version, Word, parse_trigger};
use crate::image::{Config, Image, Store};
use crate::trace::{Fuel, Trace, Verdict};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything that converting needs at hand.
pub(super) struct Convert<'a> {
    pub file: &'a Dockerfile,
    pub request: &'a Request,
    pub images: &'a mut Store,
    pub steps: &'a mut Vec<Step>,
    /// Place of the step of each instruction.
    pub places: Vec<usize>,
    pub stages: Vec<Stage>,
    pub globals: Vec<(String, Option<String>)>,
    pub graph: Graph,
    /// The instruction being looked at.
    pub at: crate::dockerfile::Place,
    /// Stages at their end, as far as they have come. What no further stage goes on from keeps its node only.
    pub ends: Vec<Option<StageEnd>>,
    /// How many stages are still to go on where this one ends; the target counts as one.
    pub children: Vec<usize>,
    /// The last stage of each name.
    pub named: HashMap<String, usize>,
}

/// What comes before every message about the Dockerfile.
pub(super) fn prefix(version: Version) -> &'static str {
    match version.has(Difference::FailurePrefix) {
        true => "failed to solve: ",
        false => "failed to solve with frontend dockerfile.v0: failed to create LLB definition: ",
    }
}

/// Where the base of a stage comes from.
pub(super) enum Base {
    Scratch,
    Stage(usize),
    Image(String),
}

/// Converts a file.
///
/// # Errors
/// The first error that Docker finds, with its place.
pub(super) fn convert(
    file: &Dockerfile,
    request: &Request,
    images: &mut Store,
    steps: &mut Vec<Step>,
    t: &mut Trace,
) -> Result<Graph, Failure> {
    let mut this = Convert::of(file, request, images, steps);
    this.places = (0..file.instructions.len()).collect();
    this.ends = vec![None; this.stages.len()];
    this.global_args(&mut t.fuel)?;
    let bases = this.bases(&mut t.fuel)?;
    let target = this.target()?;
    let needs = this.needs(&bases)?;
    this.refuse_loops(&needs)?;
    let reached = reachable(&needs, target);
    let base_images = this.resolve(&bases, &reached)?;
    this.children = children(&bases, &reached, target);
    for (number, (base, image)) in bases.into_iter().zip(base_images).enumerate() {
        if reached.get(number).copied().unwrap_or(false) {
            let end = this.stage(number, base, image, t)?;
            if let Some(slot) = this.ends.get_mut(number) {
                *slot = Some(end);
            }
        } else {
            this.unneeded(number);
        }
    }
    this.graph.target = this.end_of(target, t).unwrap_or_default();
    Ok(this.graph)
}

/// Looks at stages, bases and needs only: the numbers of the stages that each stage needs, and the target.
///
/// # Errors
/// What is wrong with the stages and their names.
pub(super) fn convert_only<R>(
    file: &Dockerfile,
    request: &Request,
    t: &mut Trace,
    look: impl FnOnce(&Convert<'_>, &[Base], &[Vec<usize>], usize) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let (mut images, mut steps) = (Store::default(), Vec::new());
    let mut this = Convert::of(file, request, &mut images, &mut steps);
    this.global_args(&mut t.fuel)?;
    let bases = this.bases(&mut t.fuel)?;
    let target = this.target()?;
    let needs = this.needs(&bases)?;
    this.refuse_loops(&needs)?;
    look(&this, &bases, &needs, target)
}

impl<'a> Convert<'a> {
    /// Before anything was looked at.
    fn of(
        file: &'a Dockerfile,
        request: &'a Request,
        images: &'a mut Store,
        steps: &'a mut Vec<Step>,
    ) -> Convert<'a> {
        let stages = plan::stages(file);
        let names = stages.iter().enumerate();
        let named = names.filter_map(|(number, stage)| Some((stage.name.clone()?, number))).collect();
        Convert {
            file,
            request,
            images,
            steps,
            places: Vec::new(),
            stages,
            globals: Vec::new(),
            graph: Graph::default(),
            at: crate::dockerfile::Place::default(),
            ends: Vec::new(),
            children: Vec::new(),
            named,
        }
    }
}

impl Convert<'_> {
    /// A failure at an instruction, with the prefix of everything found before running.
    pub fn fail(&self, instruction: &Instruction, words: &str) -> Failure {
        let message = format!("{}{words}", prefix(self.request.version));
        let mut failure = placed(Failure::new(message, 1), self.file, instruction.place);
        failure.plain = Some(words.to_owned());
        failure
    }

    /// A failure at an instruction whose variables or values are refused.
    pub fn refuse(&self, instruction: &Instruction, error: &crate::dockerfile::ExpandError) -> Failure {
        let failure = self.fail(instruction, &error.message);
        plan::refused(failure, self.file, error)
    }

    fn instruction(&self, at: usize) -> Option<&Instruction> {
        self.file.instructions.get(at)
    }

    /// ARGs above the first FROM.
    fn global_args(&mut self, fuel: &mut Fuel) -> Result<(), Failure> {
        let target = self.request.target.as_deref().unwrap_or("default");
        self.globals = platform_args(target);
        let first = self.stages.first().map_or(0, |stage| stage.from);
        let lexer = self.file.lexer(self.request.version);
        for step in self.steps.iter_mut().take(first) {
            step.verdict = Verdict::NotLookedUp { reason: "seen by FROM only".to_owned() };
        }
        for instruction in self.file.instructions.iter().take(first) {
            let Kind::Arg(pairs) = &instruction.kind else { continue };
            let before = self.globals.len();
            let left_to_right = self.request.version.has(crate::dockerfile::Difference::ArgLeftToRight);
            for pair in pairs {
                let known = if left_to_right { self.globals.len() } else { before };
                let env = |name: &str| global(self.globals.get(..known).unwrap_or_default(), name);
                let mut expand = |word: &Word| lexer.word(&word.text, &env, fuel);
                let pair = expand(&pair.key)
                    .and_then(|key| Ok((key, pair.value.as_ref().map(&mut expand).transpose()?)))
                    .map_err(|error| self.refuse(instruction, &error))?;
                let value = self.request.args.get(&pair.0).cloned().or(pair.1);
                self.globals.push((pair.0, value));
            }
        }
        Ok(())
    }

    /// What each FROM names.
    fn bases(&self, fuel: &mut Fuel) -> Result<Vec<Base>, Failure> {
        let lexer = self.file.lexer(self.request.version);
        let env = |name: &str| global(&self.globals, name);
        let (mut bases, mut named) = (Vec::new(), HashMap::<&str, usize>::new());
        for (number, stage) in self.stages.iter().enumerate() {
            let Some(instruction) = self.instruction(stage.from) else { continue };
            let Kind::From(from) = &instruction.kind else { continue };
            let name = lexer.word(&from.image.text, &env, fuel);
            let name = name.map_err(|error| self.refuse(instruction, &error))?;
            if name.is_empty() {
                let words = format!("base name ({}) should not be blank", from.image.text);
                return Err(self.fail(instruction, &words));
            }
            let earlier = named.get(name.as_str()).copied();
            named.extend(stage.name.as_deref().map(|own| (own, number)));
            bases.push(match earlier {
                Some(stage) => Base::Stage(stage),
                None if name == "scratch" => Base::Scratch,
                None => Base::Image(name),
            });
        }
        Ok(bases)
    }

    fn target(&self) -> Result<usize, Failure> {
        plan::target(&self.stages, self.request.target.as_deref()).ok_or_else(|| {
            let wanted = self.request.target.as_deref().unwrap_or("");
            let words = match self.request.version.has(Difference::NoTarget) {
                true => format!("target stage \"{wanted}\" could not be found"),
                false => format!("target stage {wanted} could not be found"),
            };
            let mut failure = Failure::new(format!("{}{words}", prefix(self.request.version)), 1);
            let names: Vec<&str> = self.stages.iter().filter_map(|stage| stage.name.as_deref()).collect();
            failure.plain = Some(format!("no stage is called `{wanted}`"));
            failure.hint = Some(match crate::error::suggest(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean --target {near}?"),
                None if names.is_empty() => "name a stage: FROM … AS name".to_owned(),
                None => format!("the stages are: {}", names.join(", ")),
            });
            failure
        })
    }

    /// Which stages each stage needs: its base and those it copies or mounts from.
    fn needs(&self, bases: &[Base]) -> Result<Vec<Vec<usize>>, Failure> {
        let mut needs = Vec::new();
        for (number, stage) in self.stages.iter().enumerate() {
            let mut needed = match bases.get(number) {
                Some(Base::Stage(base)) => vec![*base],
                _ => Vec::new(),
            };
            for instruction in self.file.instructions.iter().take(stage.end).skip(stage.from + 1) {
                for (name, numbers) in froms(instruction) {
                    needed.extend(self.stage_named(instruction, &name, numbers)?);
                }
            }
            needs.push(needed);
        }
        Ok(needs)
    }

    /// The stage that `--from` means; none for an image.
    pub fn stage_named(
        &self,
        instruction: &Instruction,
        name: &str,
        numbers: bool,
    ) -> Result<Option<usize>, Failure> {
        if let (true, Ok(index)) = (numbers, name.parse::<i64>()) {
            let found = usize::try_from(index).ok().filter(|index| *index < self.stages.len());
            return match found {
                Some(index) => Ok(Some(index)),
                None => Err(self.fail(instruction, &format!("invalid stage index {index}"))),
            };
        }
        Ok(self.named.get(&name.to_lowercase()).copied())
    }

    fn refuse_loops(&self, needs: &[Vec<usize>]) -> Result<(), Failure> {
        let Some(number) = first_in_a_circle(needs) else { return Ok(()) };
        let Some(stage) = self.stages.get(number) else { return Ok(()) };
        let name = stage.name.clone().unwrap_or_else(|| number.to_string());
        let words = format!("circular dependency detected on stage: {name}");
        Err(match self.instruction(stage.from) {
            Some(instruction) => self.fail(instruction, &words),
            None => Failure::new(words, 1),
        })
    }

    /// Finds the images of all stages; names are checked even where a stage isn't needed.
    fn resolve(&mut self, bases: &[Base], reached: &[bool]) -> Result<Vec<Option<Arc<Image>>>, Failure> {
        let mut found = Vec::new();
        for (number, base) in bases.iter().enumerate() {
            let Base::Image(name) = base else {
                found.push(None);
                continue;
            };
            let at = self.stages.get(number).map_or(0, |stage| stage.from);
            let Some(instruction) = self.file.instructions.get(at) else { continue };
            let needed = reached.get(number).copied().unwrap_or(false);
            found.push(self.image(instruction, name, needed)?);
        }
        Ok(found)
    }

    /// An image by name; none when it isn't needed.
    pub fn image(
        &mut self,
        instruction: &Instruction,
        name: &str,
        needed: bool,
    ) -> Result<Option<Arc<Image>>, Failure> {
        if let Err(words) = crate::image::reference::normalise(name) {
            let name = crate::dockerfile::quoted(name);
            return Err(self.fail(instruction, &format!("failed to parse stage name {name}: {words}")));
        }
        if !needed {
            return Ok(None);
        }
        match plan::image(self.images, self.request, name) {
            Ok(image) if !image.placeholder => Ok(Some(image)),
            Ok(image) => match self.mistyped_stage(name) {
                Some(stage) => {
                    let mut failure = plan::unreachable(name, Builder::BuildKit, self.request);
                    failure.message.insert_str(0, prefix(self.request.version));
                    failure.plain =
                        Some(format!("there is no stage `{name}`, and no image that the lab knows"));
                    failure.hint = Some(format!("did you mean the stage `{stage}`?"));
                    Err(placed(failure, self.file, instruction.place))
                }
                None => Ok(Some(image)),
            },
            Err(NoImage::Invalid(words)) => Err(self.fail(instruction, words)),
            Err(NoImage::Unknown(shown)) => {
                let mut failure = plan::unreachable(&shown, Builder::BuildKit, self.request);
                failure.message.insert_str(0, prefix(self.request.version));
                Err(placed(failure, self.file, instruction.place))
            }
        }
    }

    /// The stage that a bare name nearly names: no placeholder stands for a slip of the pen.
    fn mistyped_stage(&self, name: &str) -> Option<&str> {
        /// Among more stages than these nobody looks for a slip, and every FROM would look again.
        const LOOKED_AT: usize = 500;
        if name.contains(['/', ':', '.']) {
            return None;
        }
        let names = self.stages.iter().filter_map(|stage| stage.name.as_deref()).take(LOOKED_AT);
        crate::error::suggest(name, names)
    }

    /// A stage that nothing needs: its steps stay as they are.
    fn unneeded(&mut self, number: usize) {
        for step in self.steps.iter_mut().filter(|step| step.stage == Some(number)) {
            step.verdict = Verdict::NotLookedUp { reason: "its stage is not needed".to_owned() };
        }
    }

    /// Plays a stage's instructions on its config.
    fn stage(
        &mut self,
        number: usize,
        base: Base,
        image: Option<Arc<Image>>,
        t: &mut Trace,
    ) -> Result<StageEnd, Failure> {
        let stage = match self.stages.get(number) {
            Some(stage) => stage.clone(),
            None => return Ok(StageEnd::default()),
        };
        let mut end = self.beginning(&base, image, t);
        let triggers = std::mem::take(&mut end.config.on_build);
        self.label_from(number, &stage, &base);
        let many = self.stages.len() > 1;
        let shown = stage.name.clone().unwrap_or_else(|| format!("stage-{number}"));
        let own = self.file.instructions.iter().take(stage.end).skip(stage.from + 1);
        let total = usize::from(matches!(base, Base::Image(_))) + own.filter(|i| is_step(i)).count();
        let trigger_steps = self.parse_triggers(&stage, triggers)?;
        let counted = self.request.version.has(crate::dockerfile::Difference::Heredocs);
        let total = total + if counted { trigger_steps.iter().filter(|i| is_step(i)).count() } else { 0 };
        let label = |index: usize| match many {
            true => format!("[{shown} {index}/{total}]"),
            false => format!("[{index}/{total}]"),
        };
        let mut index = 0;
        if matches!(base, Base::Image(_)) {
            index += 1;
            let place = self.places.get(stage.from).copied().unwrap_or(0);
            if let Some(step) = self.steps.get_mut(place) {
                step.label = label(index);
            }
        }
        let ignore_cache = no_cache(self.request, stage.name.as_deref());
        let mut dispatch = Dispatch::new(number, ignore_cache);
        let first = self.places.get(stage.from).copied().unwrap_or(0) + 1;
        let triggers = trigger_steps.iter().enumerate().map(|(at, instruction)| (first + at, instruction));
        let file = self.file;
        let own: Vec<(usize, &Instruction)> = (stage.from + 1..stage.end)
            .filter_map(|at| Some((*self.places.get(at)?, file.instructions.get(at)?)))
            .collect();
        for (place, instruction) in triggers.chain(own) {
            if is_step(instruction) {
                index += 1;
                if let Some(step) = self.steps.get_mut(place) {
                    step.label = label(index);
                }
            }
            dispatch.instruction(self, &mut end, instruction, place, t)?;
        }
        Ok(end)
    }

    /// Where a stage ended, for one that goes on there: a copy, or for the last of them the thing itself.
    fn end_of(&mut self, stage: usize, t: &mut Trace) -> Option<StageEnd> {
        let left = self.children.get_mut(stage)?;
        *left = left.saturating_sub(1);
        let (more, slot) = (*left > 0, self.ends.get_mut(stage)?);
        if more {
            let end = slot.clone();
            t.fuel.spend(end.as_ref().map_or(1, StageEnd::length));
            return end;
        }
        let end = slot.take()?;
        *slot = Some(StageEnd { node: end.node, ..StageEnd::default() });
        Some(end)
    }

    /// The state of a stage before its first instruction.
    fn beginning(&mut self, base: &Base, image: Option<Arc<Image>>, t: &mut Trace) -> StageEnd {
        match (base, image) {
            (Base::Stage(below), _) => {
                let mut end = self.end_of(*below, t).unwrap_or_default();
                // 20.10 starts a new list; today the declarations are inherited too.
                if !self.request.version.has(Difference::InheritedArgs) {
                    end.args.clear();
                }
                end
            }
            (Base::Image(name), Some(image)) => {
                let node = self.graph.image(name, image.clone());
                let mut end = StageEnd {
                    node: Some(Node::Image(node)),
                    config: image.config.clone(),
                    ..StageEnd::default()
                };
                end.author = image.author.clone();
                end.image = Some(image);
                ensure_path(&mut end.config);
                end.env.take(&end.config);
                end
            }
            _ => {
                let mut config = Config { working_dir: "/".to_owned(), ..Config::default() };
                ensure_path(&mut config);
                let mut end = StageEnd { config, ..StageEnd::default() };
                end.env.take(&end.config);
                end
            }
        }
    }

    /// The verdict of a FROM.
    fn label_from(&mut self, number: usize, stage: &Stage, base: &Base) {
        let place = self.places.get(stage.from).copied().unwrap_or(0);
        let placeholder = match base {
            Base::Image(_) => self.graph.images.last().is_some_and(|(_, image)| image.placeholder),
            _ => false,
        };
        let below = match base {
            Base::Stage(below) => self.stages.get(*below).and_then(|stage| stage.name.clone()),
            _ => None,
        };
        if let Some(step) = self.steps.get_mut(place) {
            step.status = Status::Metadata;
            step.stage = Some(number);
            step.verdict = match base {
                Base::Scratch => {
                    Verdict::NotLookedUp { reason: "scratch is empty, nothing to fetch".to_owned() }
                }
                Base::Stage(_) => Verdict::NotLookedUp {
                    reason: format!("goes on where stage {} ended", below.unwrap_or_default()),
                },
                Base::Image(_) if placeholder => {
                    Verdict::NotLookedUp { reason: "unknown image: a placeholder without files".to_owned() }
                }
                Base::Image(_) => Verdict::Base,
            };
        }
    }

    /// Reads the base's ONBUILD triggers and gives each a step after the FROM.
    fn parse_triggers(&mut self, stage: &Stage, triggers: Vec<String>) -> Result<Vec<Instruction>, Failure> {
        let Some(from) = self.file.instructions.get(stage.from) else { return Ok(Vec::new()) };
        let mut parsed = Vec::new();
        for text in &triggers {
            let instruction = parse_trigger(text, self.request.version).map_err(|error| {
                self.fail(from, &error.docker_message(self.request.version.has(Difference::ParseMessage)))
            })?;
            for (name, numbers) in froms(&instruction) {
                self.stage_named(from, &name, numbers)?;
            }
            parsed.push(instruction);
        }
        let place = self.places.get(stage.from).copied().unwrap_or(0);
        let Some(model) = self.steps.get(place).cloned() else { return Ok(parsed) };
        for (at, instruction) in parsed.iter().enumerate() {
            let mut step =
                plan::blank(model.number, &instruction.original, model.stage, model.stage_name.clone());
            step.trigger = true;
            step.status = if is_step(instruction) { Status::NotShown } else { Status::Metadata };
            self.steps.insert(place + 1 + at, step);
        }
        for later in self.places.iter_mut().skip(stage.from + 1) {
            *later += parsed.len();
        }
        Ok(parsed)
    }
}

/// Does the instruction make a step with a label?
fn is_step(instruction: &Instruction) -> bool {
    matches!(instruction.kind, Kind::Run(_) | Kind::Copy(_) | Kind::Add(_) | Kind::Workdir(_))
}

/// What an instruction takes files from besides the context; true where a number is a stage's index.
pub(super) fn froms(instruction: &Instruction) -> Vec<(String, bool)> {
    match &instruction.kind {
        Kind::Copy(copy) => copy.from.iter().map(|from| (from.text.clone(), true)).collect(),
        Kind::Run(run) => {
            let named = run.mounts.iter().filter(|mount| !mount.from.is_empty());
            named.map(|mount| (mount.from.clone(), false)).collect()
        }
        _ => Vec::new(),
    }
}

/// For each stage: does this one need it? It needs itself.
pub(super) fn reachable(needs: &[Vec<usize>], from: usize) -> Vec<bool> {
    let mut seen = vec![false; needs.len()];
    reach(needs, from, &mut seen);
    seen
}

fn reach(needs: &[Vec<usize>], from: usize, seen: &mut [bool]) {
    let mut open = vec![from];
    while let Some(stage) = open.pop() {
        if let Some(seen) = seen.get_mut(stage).filter(|seen| !**seen) {
            *seen = true;
            open.extend(needs.get(stage).into_iter().flatten());
        }
    }
}

/// How many of the stages that are built go on where each ends. The target's end is wanted once more.
fn children(bases: &[Base], reached: &[bool], target: usize) -> Vec<usize> {
    let mut children = vec![0; bases.len()];
    let wanted = bases.iter().zip(reached).filter_map(|(base, reached)| match base {
        Base::Stage(below) if *reached => Some(*below),
        _ => None,
    });
    for stage in wanted.chain(std::iter::once(target)) {
        if let Some(count) = children.get_mut(stage) {
            *count += 1;
        }
    }
    children
}

/// The first stage that needs itself, through whatever others. Takes away what needs nothing that is
/// left; then, of the rest, what nothing that is left needs: only circles, and ways between two, remain.
fn first_in_a_circle(needs: &[Vec<usize>]) -> Option<usize> {
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (stage, needed) in needs.iter().enumerate() {
        for other in needed {
            needed_by.get_mut(*other)?.push(stage);
        }
    }
    let mut left = vec![true; needs.len()];
    take_away(needs, &needed_by, &mut left);
    take_away(&needed_by, needs, &mut left);
    // Each look is as long as the file, and nearly always the first one finds it.
    let mut open = (0..needs.len()).filter(|stage| left.get(*stage) == Some(&true));
    let comes_back = |stage: &usize| {
        let direct = needs.get(*stage).into_iter().flatten();
        let mut seen = vec![false; needs.len()];
        direct.for_each(|other| reach(needs, *other, &mut seen));
        seen.get(*stage) == Some(&true)
    };
    open.find(comes_back)
}

/// Takes away, again and again, what needs nothing that is left.
fn take_away(needs: &[Vec<usize>], needed_by: &[Vec<usize>], left: &mut [bool]) {
    let is_left = |left: &[bool], stage: usize| left.get(stage).copied().unwrap_or(false);
    let waits = |needed: &Vec<usize>| needed.iter().filter(|other| is_left(left, **other)).count();
    let mut waiting: Vec<usize> = needs.iter().map(waits).collect();
    let mut open: Vec<usize> =
        (0..needs.len()).filter(|stage| is_left(left, *stage) && waiting.get(*stage) == Some(&0)).collect();
    while let Some(stage) = open.pop() {
        if let Some(left) = left.get_mut(stage) {
            *left = false;
        }
        for other in needed_by.get(stage).into_iter().flatten().filter(|other| is_left(left, **other)) {
            if let Some(count) = waiting.get_mut(*other) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    open.push(*other);
                }
            }
        }
    }
}
