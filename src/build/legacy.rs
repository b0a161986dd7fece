//! A build with the legacy builder: from the top to the target, one image for each instruction.
//!
//! Follows moby/moby `daemon/builder/dockerfile`: `evaluator.go`, `dispatchers.go`, `internals.go`,
//! `imageprobe.go`.

use super::Stage;
use super::cache::Cache;
use super::context::View;
use super::key::Files;
use super::legacy_copy::{Copied, Copying};
use super::legacy_from::Ancestor;
use super::meta::{self, Change, Expander};
use super::plan::{self, NoImage, placed};
use super::play::Player;
use super::request::{Builder, Request};
use super::scope::{LegacyArgs, global};
use super::step::{Failure, Status, Step};
use crate::dockerfile::{Dockerfile, ExpandError, Instruction, Kind, parse_trigger};
use crate::image::{Config, HistoryJson, Image, Store};
use crate::shell::Programs;
use crate::trace::{Trace, Verdict};
use crate::union::Mount;
use std::sync::Arc;

/// Plays a parsed file. The image.
///
/// # Errors
/// How the build failed; the images made before stay.
pub(super) fn build(
    at: &Stage<'_>,
    images: &mut Store,
    cache: &mut Cache,
    player: &mut Player,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Arc<Image>, Failure> {
    let (file, request) = (at.file, at.request);
    let stages = plan::stages(file);
    let target = plan::target(&stages, request.target.as_deref()).ok_or_else(|| {
        let wanted = request.target.as_deref().unwrap_or("");
        let words =
            format!("Error response from daemon: failed to reach build target {wanted} in Dockerfile");
        let mut failure = Failure::new(words, 1);
        failure.plain = Some(format!("no stage is called `{wanted}`"));
        failure
    })?;
    let source = Mount::native(at.view.tree.clone());
    let args = LegacyArgs::default();
    let this = Legacy {
        file,
        request,
        images,
        cache,
        player,
        programs,
        view: at.view,
        source,
        args,
        unchanged: Vec::new(),
        ancestors: request.ancestors.clone(),
        stages: Vec::new(),
        in_trigger: false,
    };
    this.play(&stages, target, t)
}

/// The builder at work.
pub(super) struct Legacy<'a> {
    pub file: &'a Dockerfile,
    pub request: &'a Request,
    pub images: &'a mut Store,
    pub cache: &'a mut Cache,
    pub player: &'a mut Player,
    pub programs: &'a mut dyn Programs,
    /// The context.
    pub view: &'a View,
    /// The same, mounted.
    pub source: Mount,
    pub args: LegacyArgs,
    /// Finished stages.
    pub stages: Vec<Finished>,
    /// Images of this build that a COPY which changed nothing ended with.
    pub unchanged: Vec<crate::fs::Digest>,
    /// The images that a result must be part of (`--cache-from`).
    pub ancestors: Option<Vec<Ancestor>>,
    /// An ONBUILD trigger is being run: places belong to another text.
    pub in_trigger: bool,
}

/// The stage being built.
pub(super) struct State {
    /// The image so far; none on scratch before the first instruction.
    pub image: Option<Arc<Image>>,
    /// The config that the next instruction changes.
    pub config: Config,
    cmd_set: bool,
    /// The step that missed in this stage: from there on nothing is looked up.
    pub busted: Option<usize>,
    pub author: String,
    /// What the first instruction stands on; none after it.
    pub on: Option<On>,
    /// What-if: it is not certain that the image is this one.
    pub doubt: Doubt,
    /// The history so far as it is in the image's config.
    pub written: HistoryJson,
}

/// What-if: the image so far is one of several, or a new one.
#[derive(Clone, Default)]
pub(super) struct Doubt {
    /// The number of the step whose files decide; none where there is no doubt.
    pub step: Option<usize>,
    /// What it may be besides the first.
    pub others: Vec<Arc<Image>>,
}

/// What a stage begins with.
pub(super) enum On {
    /// An image of this name.
    Image(String),
    /// An earlier stage, and the last of its steps that was executed in this build.
    Stage(Option<usize>),
}

/// A stage that is done.
pub(super) struct Finished {
    pub name: Option<String>,
    /// None for an empty one.
    pub image: Option<Arc<Image>>,
    /// The last of its steps that was executed in this build.
    pub executed: Option<usize>,
    /// What-if: is the image certain?
    pub doubt: Doubt,
    /// Its history as it is in its config.
    written: HistoryJson,
}

/// An instruction that is to be committed: what it is compared by and what its history says.
pub(super) struct Commit {
    /// The config of the image that is to be; all of it but Cmd is compared.
    pub config: Config,
    /// The description that stands in Cmd when it is compared, without the files' checksum.
    pub step: String,
    /// What a COPY or ADD takes.
    pub files: Option<Arc<Files>>,
    /// `--chown`.
    pub owner: Option<String>,
    /// RUN: what stands behind `|N`; none when there is no bar.
    pub args: Option<Vec<String>>,
    /// RUN: Entrypoint is left out of the comparison.
    pub run: bool,
    /// `created_by`.
    pub text: String,
    /// What-if: the step that decides over copied files which nobody knows.
    pub unseen: Option<usize>,
}

impl Legacy<'_> {
    fn play(mut self, stages: &[plan::Stage], target: usize, t: &mut Trace) -> Result<Arc<Image>, Failure> {
        let first = stages.first().map_or(0, |stage| stage.from);
        self.global_args(first, t)?;
        let mut result = None;
        // ONBUILD lines push later steps down.
        let mut shift = 0;
        for (number, stage) in stages.iter().enumerate().take(target + 1) {
            let place = stage.from + shift;
            let state = self.attempt(place, t, |this, t| this.from(number, stage, place, t));
            let from = self.file.instructions.get(stage.from).map(|from| from.place).unwrap_or_default();
            let mut state = state.map_err(|failure| placed(failure, self.file, from))?;
            let added = self.triggers(&mut state, place, t);
            shift += added.map_err(|failure| placed(failure, self.file, from))?;
            let file = self.file;
            for at in stage.from + 1..stage.end {
                let Some(instruction) = file.instructions.get(at) else { continue };
                let place = at + shift;
                let result =
                    self.attempt(place, t, |this, t| this.instruction(&mut state, instruction, place, t));
                result.map_err(|failure| placed(failure, file, instruction.place))?;
            }
            if number == target {
                self.labels(&mut state, t)?;
            }
            let executed = |step: &&Step| step.stage == Some(number) && step.status == Status::Done;
            let executed = self.player.steps.iter().rfind(executed).map(|step| step.number);
            let (name, image, doubt) = (stage.name.clone(), state.image.clone(), state.doubt);
            let written = state.written;
            self.stages.push(Finished { name, image, executed, doubt, written });
            result = state.image;
        }
        self.unused_args();
        result.ok_or_else(|| {
            if let Some(step) = self.player.steps.last_mut() {
                step.status = Status::Error;
                step.verdict = Verdict::Base;
            }
            Failure::new("No image was generated. Is your Dockerfile empty?", 1)
        })
    }

    /// Runs one step; marks it when it fails, and tells it.
    fn attempt<R>(
        &mut self,
        place: usize,
        t: &mut Trace,
        step: impl FnOnce(&mut Self, &mut Trace) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        self.player.before(place, t);
        if !t.fuel.spend(10) {
            return Err(Failure::new("the lab's limit was reached", 1));
        }
        let result = step(self, t);
        if let (Err(_), Some(step)) = (&result, self.player.steps.get_mut(place)) {
            step.status = Status::Error;
        }
        if result.is_ok() && t.fuel.exhausted().is_some() {
            return Err(Failure::new("the lab's limit was reached", 1));
        }
        self.player.show(place, t);
        result
    }

    /// ARGs above the first FROM: a whole line is expanded before any of it counts.
    fn global_args(&mut self, first: usize, t: &mut Trace) -> Result<(), Failure> {
        let lexer = self.file.lexer(self.request.version);
        let file = self.file;
        for (place, instruction) in file.instructions.iter().take(first).enumerate() {
            let Kind::Arg(pairs) = &instruction.kind else { continue };
            let env = |name: &str| global(&self.args.global, name);
            let mut declared = Vec::new();
            for pair in pairs {
                let mut word = |word: &crate::dockerfile::Word| lexer.word(&word.text, &env, &mut t.fuel);
                let one = word(&pair.key)
                    .and_then(|key| Ok((key, pair.value.as_ref().map(&mut word).transpose()?)));
                let (key, default) = one.map_err(|error| {
                    if let Some(step) = self.player.steps.get_mut(place) {
                        step.status = Status::Error;
                    }
                    let failure = plan::refused(Failure::new(error.message.clone(), 1), file, &error);
                    placed(failure, file, instruction.place)
                })?;
                let value = self.request.args.get(&key).cloned().or(default);
                declared.push((key, value));
            }
            self.args.used.extend(declared.iter().map(|(key, _)| key.clone()));
            self.args.global.extend(declared);
            if let Some(step) = self.player.steps.get_mut(place) {
                step.verdict = Verdict::NotLookedUp { reason: "seen by FROM only".to_owned() };
            }
        }
        Ok(())
    }

    /// FROM: the stage's first image.
    fn from(
        &mut self,
        number: usize,
        stage: &plan::Stage,
        place: usize,
        t: &mut Trace,
    ) -> Result<State, Failure> {
        if let Some(step) = self.player.steps.get_mut(place) {
            step.verdict = Verdict::Base;
            step.status = Status::Metadata;
        }
        let taken = |name: &String| self.stages.iter().any(|stage| stage.name.as_ref() == Some(name));
        if let Some(name) = stage.name.as_ref().filter(|name| taken(name)) {
            return Err(Failure::new(format!("{name} stage name already used"), 1));
        }
        let Some(Kind::From(from)) = self.file.instructions.get(stage.from).map(|i| &i.kind) else {
            return Err(Failure::new("a stage without FROM", 1));
        };
        let env = |name: &str| global(&self.args.global, name);
        let name = self.file.lexer(self.request.version).word(&from.image.text, &env, &mut t.fuel);
        let name =
            name.map_err(|error| plan::refused(Failure::new(error.message.clone(), 1), self.file, &error))?;
        if name.is_empty() {
            return Err(Failure::new(format!("base name ({}) should not be blank", from.image.text), 1));
        }
        self.args.declared.clear();
        let known =
            |stage: &&Finished| stage.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&name));
        let (mut doubt, mut written) = (Doubt::default(), HistoryJson::default());
        let (image, on) = match self.stages.iter().take(number).rfind(known) {
            Some(stage) => {
                (doubt, written) = (stage.doubt.clone(), stage.written.clone());
                (stage.image.clone(), Some(On::Stage(stage.executed)))
            }
            None if name == "scratch" => (None, None),
            None => (Some(self.image(&name)?), Some(On::Image(name.clone()))),
        };
        if matches!(on, Some(On::Image(_))) && image.as_ref().is_some_and(|image| image.placeholder) {
            self.player.unknown.push(name.clone());
        }
        self.base_verdict(place, &name, image.as_ref());
        let mut config = image.as_ref().map(|image| image.config.clone()).unwrap_or_default();
        meta::ensure_path(&mut config);
        let author = image.as_ref().map(|image| image.author.clone()).unwrap_or_default();
        Ok(State { image, config, cmd_set: false, busted: None, author, on, doubt, written })
    }

    fn base_verdict(&mut self, place: usize, name: &str, image: Option<&Arc<Image>>) {
        let reason = match image {
            None => Some("scratch is empty, nothing to fetch".to_owned()),
            Some(image) if image.placeholder => Some("unknown image: a placeholder without files".to_owned()),
            Some(_) if self.stages.iter().any(|stage| stage.name.as_deref() == Some(name)) => {
                Some(format!("goes on where stage {name} ended"))
            }
            Some(_) => None,
        };
        if let Some(step) = self.player.steps.get_mut(place) {
            step.verdict = reason.map_or(Verdict::Base, |reason| Verdict::NotLookedUp { reason });
            step.image = image.map(|image| image.id);
        }
    }

    /// An image by name.
    pub fn image(&mut self, name: &str) -> Result<Arc<Image>, Failure> {
        plan::image(self.images, self.request, name).map_err(|error| match error {
            NoImage::Invalid(words) => Failure::new(words, 1),
            NoImage::Unknown(shown) => plan::unreachable(&shown, Builder::Legacy, self.request),
        })
    }

    /// The base's ONBUILD triggers: one line for all of them. How many steps were added.
    fn triggers(&mut self, state: &mut State, from: usize, t: &mut Trace) -> Result<usize, Failure> {
        let triggers = std::mem::take(&mut state.config.on_build);
        if triggers.is_empty() {
            return Ok(0);
        }
        let Some(model) = self.player.steps.get(from).cloned() else { return Ok(0) };
        let text = format!("{} build trigger(s)", triggers.len());
        let mut line = plan::blank(model.number, &text, model.stage, model.stage_name.clone());
        line.trigger = true;
        line.status = Status::NotRun;
        let place = from + 1;
        self.player.steps.insert(place, line);
        let (mut hits, mut first) = (0, None::<Step>);
        self.player.before(place, t);
        self.in_trigger = true;
        let result = triggers.iter().try_for_each(|text| {
            let instruction = parse_trigger(text, self.request.version).map_err(|error| {
                Failure::new(format!("Error response from daemon: {}", error.docker_message(false)), 1)
            })?;
            self.instruction(state, &instruction, place, t)?;
            let Some(step) = self.player.steps.get(place) else { return Ok(()) };
            hits += usize::from(step.status == Status::Cached);
            // The line shows the first trigger that was not found.
            let missed = step.status != Status::Cached;
            if first.as_ref().is_none_or(|first| missed && first.status == Status::Cached) {
                first = Some(step.clone());
            }
            Ok(())
        });
        self.in_trigger = false;
        if let Some(step) = self.player.steps.get_mut(place) {
            if let Some(first) = first {
                *step = first;
            }
            step.instruction = text;
            step.using_cache = hits;
            if result.is_err() {
                step.status = Status::Error;
            }
        }
        self.player.show(place, t);
        result.map(|()| 1)
    }

    /// `--label`: one LABEL step each, sorted, at the end.
    fn labels(&mut self, state: &mut State, t: &mut Trace) -> Result<(), Failure> {
        let mut labels: Vec<(String, String)> =
            self.request.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        labels.sort();
        for (name, value) in labels {
            let stage = self.player.steps.iter().rev().find_map(|step| step.stage);
            let number = self.player.steps.len() + 1;
            let place = self.player.steps.len();
            let text = format!("LABEL {name}={value}");
            self.player.steps.push(plan::blank(number, &text, stage, None));
            let change = Change::Label(vec![(name, value)]);
            self.attempt(place, t, |this, t| this.change(state, change, place, t))?;
        }
        Ok(())
    }

    /// One instruction of a stage.
    fn instruction(
        &mut self,
        state: &mut State,
        instruction: &Instruction,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let lexer = self.file.lexer(self.request.version);
        let args = self.args.allowed(&state.config, &self.request.args);
        let lookup = |name: &str| {
            let own = meta::env_pairs(&state.config)
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned());
            own.or_else(|| args.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
        };
        let mut x = Expander { lexer, env: &lookup, fuel: &mut t.fuel };
        let file = self.file;
        let failed = |error: ExpandError| plan::refused(Failure::new(error.message.clone(), 1), file, &error);
        match &instruction.kind {
            Kind::Run(run) => self.run(state, instruction, run, place, t),
            Kind::Copy(copy) | Kind::Add(copy) => {
                let word = if matches!(instruction.kind, Kind::Add(_)) { "ADD" } else { "COPY" };
                let copying = Copying::expand(copy, word, &mut x, self.request).map_err(failed)?;
                self.copy(state, &copying, place, t)
            }
            kind => match meta::change(kind, &state.config, Builder::Legacy, &mut x).map_err(failed)? {
                Some(change) => self.change(state, change, place, t),
                None => Ok(()),
            },
        }
    }

    /// An instruction that changes the config; WORKDIR also makes its directory.
    fn change(
        &mut self,
        state: &mut State,
        change: Change,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let text = meta::text(&change, Builder::Legacy, self.request.version).unwrap_or_default();
        // From here on the stage goes on with the config of an image, found or made.
        let mut config = std::mem::take(&mut state.config);
        meta::apply(&change, &mut config, &mut state.cmd_set, Builder::Legacy);
        match &change {
            Change::Arg(args) => {
                for (name, default) in args {
                    self.args.declared.insert(name.clone(), default.clone());
                    self.args.used.push(name.clone());
                }
            }
            Change::Maintainer(name) => state.author = name.clone(),
            _ => {}
        }
        // WORKDIR is one argument, the others two: hence the two blanks (`withCmdComment`).
        let blank = if matches!(change, Change::Workdir(_)) { "" } else { " " };
        let shell = config.shell.clone().unwrap_or_else(meta::default_shell).join(" ");
        let commit = Commit {
            text: format!("{shell} #(nop) {blank}{text}"),
            config,
            step: text,
            files: None,
            owner: None,
            args: None,
            run: false,
            unseen: None,
        };
        let workdir = match &change {
            Change::Workdir(path) => Some(path.clone()),
            _ => None,
        };
        self.commit(state, commit, place, t, |this, state, t| match &workdir {
            None => Ok((None, None)),
            Some(path) => {
                let mut mount = this.rootfs(state);
                let clean = crate::fs::path::clean(path.as_bytes());
                let made = t.quietly(|t| super::copy::mkdir_all(&mut mount, &clean, 0o755, None, t));
                made.map_err(|_| {
                    Failure::new(
                        format!("Cannot mkdir: {} is not a directory", String::from_utf8_lossy(&clean)),
                        1,
                    )
                })?;
                Ok((Some(mount), None))
            }
        })
    }

    /// The files of the image so far, under a fresh upper.
    pub fn rootfs(&self, state: &State) -> Mount {
        let layers = state.image.as_ref().map_or(&[][..], |image| image.layers.as_slice());
        super::rootfs::mount(layers, self.request.storage)
    }

    fn copy(
        &mut self,
        state: &mut State,
        copying: &Copying<'_>,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let copied = copying.prepare(self, state, t)?;
        let Copied { files, checksum, .. } = &copied;
        let chown = copying.chown.as_ref().map(|owner| format!("--chown={owner}")).unwrap_or_default();
        let step = format!("{} {chown}{checksum} in {} ", copying.word, copying.destination);
        let shell = state.config.shell.clone().unwrap_or_else(meta::default_shell).join(" ");
        let commit = Commit {
            text: format!("{shell} #(nop) {step}"),
            config: state.config.clone(),
            step: format!("{} in {}", copying.word, copying.destination),
            files: Some(files.clone()),
            owner: copying.chown.clone(),
            args: None,
            run: false,
            unseen: copied.unseen,
        };
        self.commit(state, commit, place, t, |this, state, t| {
            copying.tell_unknown(this, place, t);
            Ok((Some(copying.perform(&copied, this, state, t)?), None))
        })?;
        let step = self.player.steps.get_mut(place).filter(|step| step.status == Status::Cached);
        if let Some(step) = step.filter(|_| copied.rebuilt) {
            step.verdict = Verdict::Hit { reason: super::verdict::CONVERGED.to_owned() };
        }
        Ok(())
    }

    /// Build args that no ARG asked for.
    fn unused_args(&mut self) {
        let unused: Vec<&str> = self
            .request
            .args
            .keys()
            .map(String::as_str)
            .filter(|name| !self.args.used.iter().any(|used| used == name) && !super::scope::is_proxy(name))
            .collect();
        if !unused.is_empty() {
            let words = format!("[Warning] One or more build-args [{}] were not consumed", unused.join(" "));
            self.player.warnings.push(words);
        }
    }
}

/// The builder's words about an option it lacks.
pub(super) fn requires_buildkit(option: &str) -> String {
    format!(
        "the --{option} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images with BuildKit enabled"
    )
}
