//! One instruction of a stage: what it adds to the graph, the config and the history.

use super::convert::Convert;
use super::fetch;
use super::graph::{CopyOp, Entry, Node, Op, RunOp, Source, StageEnd, Vertex};
use super::meta::{self, Change, Expander};
use super::request::Builder;
use super::scope::{global, is_proxy};
use super::secret;
use super::step::{Failure, Status};
use crate::dockerfile::{
    Copy, Difference, Instruction, Kind, Lexer, MountType, Place, Run, Version, Word, script, step_text,
};
use crate::fs::path;
use crate::trace::{Fuel, Trace, Verdict};

/// A stage's instructions, one after the other.
pub(super) struct Dispatch {
    stage: usize,
    ignore_cache: bool,
    cmd_set: bool,
}

impl Dispatch {
    /// Before the first instruction of a stage.
    pub fn new(stage: usize, ignore_cache: bool) -> Dispatch {
        Dispatch { stage, ignore_cache, cmd_set: false }
    }

    /// Plays one instruction whose step stands at `place`.
    ///
    /// # Errors
    /// A variable or value that Docker refuses.
    pub fn instruction(
        &mut self,
        all: &mut Convert<'_>,
        end: &mut StageEnd,
        instruction: &Instruction,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let version = all.request.version;
        all.at = instruction.place;
        let lexer = all.file.lexer(version);
        let env = end.env.clone();
        let lookup = |name: &str| env.0.get(name).cloned();
        if let Some(step) = all.steps.get_mut(place) {
            step.printed = step_text(instruction, lexer, &lookup, &mut t.fuel);
        }
        let mut x = Expander { lexer, env: &lookup, fuel: &mut t.fuel };
        match &instruction.kind {
            Kind::Run(run) => self.run(all, end, instruction, run, place, lexer, t),
            Kind::Copy(copy) => self.copy(all, end, instruction, copy, "COPY", place, &mut x),
            Kind::Add(copy) => self.copy(all, end, instruction, copy, "ADD", place, &mut x),
            kind => {
                let change = meta::change(kind, &end.config, Builder::BuildKit, &mut x);
                if let Some(change) = change.map_err(|error| all.refuse(instruction, &error))? {
                    // Nobody else looks at it now: what is set is set in place.
                    drop(env);
                    self.change(all, end, change, place, &mut t.fuel);
                }
                Ok(())
            }
        }
    }

    fn change(
        &mut self,
        all: &mut Convert<'_>,
        end: &mut StageEnd,
        change: Change,
        place: usize,
        fuel: &mut Fuel,
    ) {
        let version = all.request.version;
        let mut text = meta::text(&change, Builder::BuildKit, version);
        let mut vertex = None;
        match &change {
            Change::Arg(args) => {
                let effective = self.declare(all, end, args);
                if version.has(Difference::ArgHistory) {
                    text = meta::text(&Change::Arg(effective), Builder::BuildKit, version);
                }
            }
            Change::Env(pairs) => set(end, pairs, fuel),
            Change::Maintainer(name) => end.author = name.clone(),
            Change::Workdir(path) => {
                let path = String::from_utf8_lossy(&path::clean(path.as_bytes())).into_owned();
                if path != "/" {
                    let op = Op::Workdir { path, user: end.config.user.clone() };
                    // --no-cache does not reach WORKDIR (moby/buildkit convert.go, `dispatchWorkdir`).
                    vertex = Some(add(all, end, op, place, false));
                }
            }
            _ => {}
        }
        if !matches!(change, Change::Env(_)) {
            meta::apply(&change, &mut end.config, &mut self.cmd_set, Builder::BuildKit);
        }
        if let Some(text) = text {
            end.history.push(Entry { text, vertex });
        }
        if let (None, Some(step)) = (vertex, all.steps.get_mut(place)) {
            step.status = Status::Metadata;
            step.verdict = Verdict::Meta;
        }
    }

    /// ARG: the command line's value, else the default, else the global one. Values go into the
    /// environment beside ENV's; the last one written wins.
    fn declare(
        &self,
        all: &Convert<'_>,
        end: &mut StageEnd,
        args: &[(String, Option<String>)],
    ) -> Vec<(String, Option<String>)> {
        let mut effective = Vec::new();
        for (key, default) in args {
            let given = all.request.args.get(key).cloned().or_else(|| default.clone());
            let value = given.or_else(|| global(&all.globals, key));
            if let Some(value) = &value {
                end.env.set(key, value);
            }
            let known = end.args.iter_mut().find(|(name, _)| name == key);
            match known {
                Some(known) if all.request.version.has(Difference::ArgTwice) => known.1 = value.clone(),
                _ => end.args.push((key.clone(), value.clone())),
            }
            effective.push((key.clone(), value));
        }
        effective
    }

    #[allow(clippy::too_many_arguments)] // One call; a struct for it would only be taken apart again.
    fn run(
        &self,
        all: &mut Convert<'_>,
        end: &mut StageEnd,
        instruction: &Instruction,
        run: &Run,
        place: usize,
        lexer: Lexer,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        let shell = end.config.shell.clone().unwrap_or_else(meta::default_shell);
        let script = script(&run.command, &instruction.heredocs);
        let argv = script.argv(&shell);
        let cwd = clean(&end.config.working_dir);
        let mounts = self.mounts(all, end, instruction, run, &cwd, lexer, &mut t.fuel)?;
        let (shell_form, script) = match script {
            crate::dockerfile::Script::Exec(_) => (false, None),
            crate::dockerfile::Script::File { path, content } => (true, Some((path, content))),
            _ => (true, None),
        };
        let mut words: Vec<String> = Vec::new();
        if !end.args.is_empty() {
            words.push(format!("|{}", end.args.len()));
            let seen = |name: &str, own: &Option<String>| {
                end.env.0.get(name).cloned().or_else(|| own.clone()).unwrap_or_default()
            };
            words.extend(end.args.iter().map(|(name, value)| format!("{name}={}", seen(name, value))));
        }
        words.extend(argv.iter().cloned());
        let text = format!("RUN {} # buildkit", words.join(" "));
        let (env, user) = (end.env.0.clone(), end.config.user.clone());
        let op = Op::Run(RunOp { argv, shell_form, env, cwd, user, mounts, script });
        let vertex = Some(add(all, end, op, place, self.ignore_cache));
        end.history.push(Entry { text, vertex });
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn mounts(
        &self,
        all: &mut Convert<'_>,
        end: &StageEnd,
        instruction: &Instruction,
        run: &Run,
        cwd: &str,
        lexer: Lexer,
        fuel: &mut Fuel,
    ) -> Result<Vec<(crate::dockerfile::RunMount, Source)>, Failure> {
        let (mut mounts, mut agents) = (Vec::new(), 0);
        for mount in &run.mounts {
            let mut mount = mount.clone();
            if all.request.version.has(crate::dockerfile::Difference::MountExpansion) {
                let lookup = |name: &str| end.env.0.get(name).cloned();
                for text in [&mut mount.target, &mut mount.source, &mut mount.id] {
                    *text =
                        lexer.word(text, &lookup, fuel).map_err(|error| all.refuse(instruction, &error))?;
                }
            }
            if !mount.target.is_empty() {
                mount.target = path::absolute(cwd, &mount.target);
            }
            secret::complete(&mut mount, agents);
            agents += usize::from(mount.kind == MountType::Ssh);
            let source = match mount.kind {
                MountType::Bind | MountType::Cache if !mount.from.is_empty() => {
                    let from = mount.from.clone();
                    self.source(all, instruction, &from, false)?
                }
                MountType::Bind => Source::Context,
                _ => Source::Tree(None),
            };
            mounts.push((mount, source));
        }
        Ok(mounts)
    }

    /// What `--from` means.
    fn source(
        &self,
        all: &mut Convert<'_>,
        instruction: &Instruction,
        from: &str,
        numbers: bool,
    ) -> Result<Source, Failure> {
        if let Some(stage) = all.stage_named(instruction, from, numbers)? {
            // A later stage is accepted, but there is nothing in it yet.
            let end = all.ends.get(stage).and_then(Option::as_ref);
            return Ok(Source::Tree(end.and_then(|end| end.node)));
        }
        if from == "scratch" {
            return Ok(Source::Tree(None));
        }
        let image = all.image(instruction, from, true)?;
        Ok(Source::Tree(image.map(|image| Node::Image(all.graph.image(from, image)))))
    }

    #[allow(clippy::too_many_arguments)]
    fn copy(
        &self,
        all: &mut Convert<'_>,
        end: &mut StageEnd,
        instruction: &Instruction,
        copy: &Copy,
        word: &'static str,
        place: usize,
        x: &mut Expander<'_>,
    ) -> Result<(), Failure> {
        let failed =
            |error: crate::dockerfile::ExpandError, all: &Convert<'_>| all.refuse(instruction, &error);
        let mut one = |word: &Option<Word>| word.as_ref().map(|word| x.word(word)).transpose();
        let chown = one(&copy.chown).map_err(|error| failed(error, all))?;
        // `--chown=$X` without an X is none at all.
        let chown = chown.filter(|chown| !chown.is_empty());
        let chmod = one(&copy.chmod).map_err(|error| failed(error, all))?;
        let sources = x.each(&copy.sources).map_err(|error| failed(error, all))?;
        let written = x.word(&copy.destination).map_err(|error| failed(error, all))?;
        let contents = bodies(copy, x).map_err(|error| failed(error, all))?;
        if let Some(chmod) = chmod.as_deref()
            && all.request.version.has(Difference::ChmodChecked)
            && mode(chmod).is_none()
        {
            let quoted = format!("'{chmod}'");
            let words = format!(
                "invalid chmod parameter: {quoted}. it should be octal string and between 0 and 07777"
            );
            return Err(all.fail(instruction, &words));
        }
        let source = match &copy.from {
            Some(from) => self.source(all, instruction, &from.text, true)?,
            None => Source::Context,
        };
        let text =
            history(copy, word, &sources, &written, chown.as_deref(), chmod.as_deref(), all.request.version);
        let mut places: Vec<Place> = copy.sources.iter().map(|word| word.place).collect();
        let checksum = copy.checksum.as_ref().map(|word| x.word(word)).transpose();
        let checksum = checksum.map_err(|error| failed(error, all))?.filter(|_| word == "ADD");
        if let Some(words) = checksum.as_deref().and_then(|sum| fetch::checksum_fault(sum, &sources)) {
            return Err(all.fail(instruction, words));
        }
        let (sources, fetched) = match word {
            "ADD" => {
                let mut local = sources.iter().map(|source| !fetch::is_address(source));
                places.retain(|_| local.next().unwrap_or(true));
                fetch::addresses(sources, all.request, checksum.as_deref())
            }
            _ => (sources, Vec::new()),
        };
        if all.request.strict && fetched.iter().any(fetch::Fetched::is_unknown) {
            return Err(all.fail(instruction, "the lab has no network: ADD can't fetch an address"));
        }
        let op = Op::Copy(CopyOp {
            word,
            source,
            places,
            fetched,
            unpack_fetched: copy.unpack == Some(true),
            sources,
            contents,
            destination: destination(&end.config.working_dir, &written),
            chown,
            link: copy.link && chmod.is_none(),
            chmod,
            unpack: word == "ADD" && copy.unpack != Some(false),
            parents: copy.parents,
            exclude: copy.exclude.iter().map(|word| word.text.clone()).collect(),
        });
        let vertex = Some(add(all, end, op, place, self.ignore_cache));
        end.history.push(Entry { text, vertex });
        let _ = self.stage;
        Ok(())
    }
}

/// ENV: into the variables and the config. A name that no variable has is in the config neither, so that
/// only a name that is set again has to be looked for there.
fn set(end: &mut StageEnd, pairs: &[(String, String)], fuel: &mut Fuel) {
    for (key, value) in pairs {
        if end.env.0.contains_key(key) {
            fuel.spend(1 + end.env.0.len() as u64 / 16);
            meta::set_env(&mut end.config.env, key, value);
        } else {
            end.config.env.push(format!("{key}={value}"));
        }
        end.env.set(key, value);
    }
}

/// Adds a vertex on top of a stage; its place.
fn add(all: &mut Convert<'_>, end: &mut StageEnd, op: Op, step: usize, ignore_cache: bool) -> usize {
    let at = all.graph.vertices.len();
    // A trigger's places belong to another text.
    let trigger = all.steps.get(step).is_some_and(|step| step.trigger);
    let place = if trigger { Place::default() } else { all.at };
    all.graph.vertices.push(Vertex { step, place, base: end.node, op, ignore_cache });
    end.node = Some(Node::Vertex(at));
    at
}

fn clean(dir: &str) -> String {
    String::from_utf8_lossy(&path::clean(dir.as_bytes())).into_owned()
}

/// The absolute destination, with a slash at its end where a directory is meant: `.` or nothing, or a
/// slash as written (moby/buildkit `convert_copy.go`, `dispatchCopy`).
pub(super) fn destination(workdir: &str, written: &str) -> String {
    let mut destination = path::absolute(if workdir.is_empty() { "/" } else { workdir }, written);
    if (written == "." || written.is_empty() || written.ends_with('/')) && !destination.ends_with('/') {
        destination.push('/');
    }
    destination
}

/// Heredocs of a COPY: name and text, expanded unless their delimiter was quoted.
fn bodies(
    copy: &Copy,
    x: &mut Expander<'_>,
) -> Result<Vec<(String, String)>, crate::dockerfile::ExpandError> {
    let lexer = Lexer::for_body(x.lexer.version);
    let mut bodies = Vec::new();
    for heredoc in &copy.contents {
        let mut text = heredoc.content.clone();
        if heredoc.chomp {
            text = text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect();
        }
        if heredoc.expand {
            text = lexer.word(&text, x.env, x.fuel)?;
        }
        bodies.push((heredoc.name.clone(), text));
    }
    Ok(bodies)
}

/// `--chmod` as a number: octal, 0 to 07777.
pub(super) fn mode(text: &str) -> Option<u16> {
    let octal = !text.is_empty() && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    u16::from_str_radix(text, 8).ok().filter(|mode| octal && *mode <= 0o7777)
}

/// `created_by` of a COPY. 20.10 shows no flags.
fn history(
    copy: &Copy,
    word: &str,
    sources: &[String],
    destination: &str,
    chown: Option<&str>,
    chmod: Option<&str>,
    version: Version,
) -> String {
    let mut words = vec![word.to_owned()];
    if version.has(Difference::CopyHistory) {
        words.extend(copy.parents.then(|| "--parents".to_owned()));
        words.extend(chown.map(|owner| format!("--chown={owner}")));
        words.extend(chmod.map(|mode| format!("--chmod={mode}")));
    }
    words.extend(sources.iter().cloned());
    words.extend(copy.contents.iter().map(|heredoc| format!("<<{}", heredoc.name)));
    words.push(destination.to_owned());
    words.push("# buildkit".to_owned());
    words.join(" ")
}

/// Proxy variables of the command line: they reach a RUN, but no key (moby/buildkit `convert.go`,
/// `proxyEnvFromBuildArgs`).
pub(super) fn proxies(args: &indexmap::IndexMap<String, String>) -> Vec<(String, String)> {
    let given = args.iter().filter(|(name, _)| is_proxy(name));
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}
