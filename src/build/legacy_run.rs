//! RUN in the legacy builder.

use super::legacy::{Commit, Legacy, State, requires_buildkit};
use super::meta;
use super::request::Builder;
use super::step::Failure;
use crate::dockerfile::{Command, Instruction, Run, script};
use crate::fs::Tree;
use crate::image::Config;
use crate::shell::{Process, Sandbox, Submount, run_with};
use crate::trace::{Event, Trace};
use crate::union::{Mount, StatKind};

impl Legacy<'_> {
    /// RUN: looked up by its command and the build args before it.
    pub(super) fn run(
        &mut self,
        state: &mut State,
        instruction: &Instruction,
        run: &Run,
        place: usize,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        if let Some(flag) = instruction.flags.first() {
            return Err(Failure::new(requires_buildkit(&flag.name), 1));
        }
        let shell = state.config.shell.clone().unwrap_or_else(meta::default_shell);
        let argv = match &run.command {
            Command::Shell(text) if text.text.is_empty() => shell,
            // Heredocs are parsed and then forgotten: only the line runs.
            command => script(command, &[]).argv(&shell),
        };
        let args = self.args.allowed(&state.config, &self.request.args);
        let shown = self.shown_args(&args);
        let command = argv.join(" ");
        let words: Vec<&str> = shown.iter().flatten().map(String::as_str).collect();
        let bar = shown.as_ref().map(|shown| format!("|{} ", shown.len())).unwrap_or_default();
        let prefix: String = words.iter().map(|word| format!("{word} ")).collect();
        let commit = Commit {
            text: format!("{bar}{prefix}{command}"),
            config: state.config.clone(),
            step: command,
            files: None,
            owner: None,
            args: shown,
            run: true,
            unseen: None,
        };
        self.commit(state, commit, place, t, |this, state, t| {
            let (mount, seconds) = this.execute(state, &argv, &args, place, t)?;
            Ok((Some(mount), seconds))
        })
    }

    /// The args that have a value, sorted, as they stand behind `|N`; proxies that nobody declared count
    /// for nothing but the bar itself (`prependEnvOnCmd`). None: no bar.
    fn shown_args(&self, args: &[(String, String)]) -> Option<Vec<String>> {
        if args.is_empty() {
            return None;
        }
        let declared = |name: &str| self.args.declared.contains_key(name) || !super::scope::is_proxy(name);
        let own = args.iter().filter(|(name, _)| declared(name));
        let mut shown: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        shown.sort();
        Some(shown)
    }

    fn execute(
        &mut self,
        state: &State,
        argv: &[String],
        args: &[(String, String)],
        place: usize,
        t: &mut Trace,
    ) -> Result<(Mount, Option<f64>), Failure> {
        let mut mount = self.rootfs(state);
        if state.image.as_ref().is_some_and(|image| image.placeholder) {
            let what = "RUN in an image that nobody knows".to_owned();
            t.emit(|| Event::NotModelled { what, instead: "it changes nothing".to_owned() });
            return Ok((mount, None));
        }
        let mut env: indexmap::IndexMap<String, String> =
            meta::env_pairs(&state.config).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        env.extend(args.iter().cloned());
        let cwd = if state.config.working_dir.is_empty() { "/" } else { &state.config.working_dir };
        let mut volumes = t.quietly(|t| {
            super::rootfs::enter(&mut mount, cwd, t);
            volumes(&state.config, &mut mount, t)
        });
        let process = Process {
            argv: argv.to_vec(),
            env,
            cwd: cwd.to_owned(),
            user: state.config.user.clone(),
            sandbox: Sandbox::Legacy,
            strict: self.request.strict,
            packages: self.request.packages.clone(),
            urls: self.request.urls.clone(),
            ..Process::default()
        };
        let outcome = run_with(&mut mount, &mut volumes, &process, self.programs, t);
        self.player.output(place, outcome.lines.clone(), &outcome, t);
        match super::rootfs::fault(&outcome, argv, Builder::Legacy, false) {
            None => Ok((mount, outcome.seconds)),
            Some(fault) => {
                let hint = super::fetch::hint(&outcome);
                Err(Failure { hint, ..Failure::new(fault.message, fault.exit) })
            }
        }
    }
}

impl Legacy<'_> {
    /// A container is not made where a volume's place is taken by something that is no directory
    /// (moby/moby `daemon/create_unix.go`).
    pub(super) fn volumes_are_free(
        &self,
        state: &State,
        config: &Config,
        t: &mut Trace,
    ) -> Result<(), Failure> {
        if config.volumes.is_empty() {
            return Ok(());
        }
        let mut mount = self.rootfs(state);
        let taken = config.volumes.iter().find(|path| {
            let kind = t.quietly(|t| mount.stat(path.as_bytes(), t)).map(|stat| stat.kind);
            kind.is_ok_and(|kind| kind != StatKind::Dir)
        });
        taken.map_or(Ok(()), |path| {
            let words = format!("cannot mount volume over existing file, file exists <rootfs>{path}");
            Err(Failure::new(words, 1))
        })
    }
}

/// Anonymous volumes of a RUN: fresh ones, filled from the image; a missing directory is made.
fn volumes(config: &Config, mount: &mut Mount, t: &mut Trace) -> Vec<Submount> {
    let mut volumes = Vec::new();
    for path in &config.volumes {
        let target = String::from_utf8_lossy(&crate::fs::path::clean(path.as_bytes())).into_owned();
        // A failure shows as a missing directory when the process runs.
        let _ = super::copy::mkdir_all(mount, target.as_bytes(), 0o755, None, t);
        let tree: Tree = super::rootfs::subtree(mount, &target, t);
        volumes.push(Submount {
            target,
            mount: Mount::native(tree),
            file: Vec::new(),
            read_only: false,
            ..Submount::default()
        });
    }
    volumes
}
