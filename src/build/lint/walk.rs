//! Rules about the instructions of a stage, with the variables each of them sees
//! (`dockerfile2llb/convert.go`, `dispatch*`; `convert_copy.go`; `convert_expose.go`).

use super::file::keyword;
use super::rules::{self, Rule};
use super::{At, Linter, Options, names_secret};
use crate::build::fetch::is_address;
use crate::build::meta::{ensure_path, env_pairs};
use crate::build::scope::global;
use crate::dockerfile::{Command, Copy, Instruction, Kind, Lexer, Pair, Run, Version, Word, near, quoted};
use crate::image::Config;
use crate::trace::Fuel;
use indexmap::IndexMap;
use std::collections::HashSet;
use std::rc::Rc;

/// Args that are never variables (`convert.go`, `nonEnvArgs`).
const NO_VARIABLES: [&str; 2] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

/// A stage as far as it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    /// ENV, and ARG where it has a value.
    env: Rc<IndexMap<String, String>>,
    /// ARGs, with a value or without.
    declared: Rc<HashSet<String>>,
    /// SHELL was given, here or in the base.
    shell: bool,
    /// WORKDIR was given in this file.
    workdir: bool,
    /// ONBUILD, for stages and images on top of this one.
    pub triggers: Vec<String>,
    cmd: Option<At>,
    entrypoint: Option<At>,
    healthcheck: Option<At>,
}

impl End {
    /// `FROM scratch`.
    pub fn scratch() -> End {
        End::of_image(&Config::default())
    }

    /// On an image.
    pub fn of_image(config: &Config) -> End {
        let mut config = config.clone();
        ensure_path(&mut config);
        let env = env_pairs(&config).map(|(name, value)| (name.to_owned(), value.to_owned()));
        End {
            env: Rc::new(env.collect()),
            shell: config.shell.as_ref().is_some_and(|shell| !shell.is_empty()),
            triggers: config.on_build.clone(),
            ..End::default()
        }
    }

    /// A stage on top of this one; `others` share it. What may stand only once is counted anew.
    pub fn child(self, others: usize, fuel: &mut Fuel) -> End {
        if others > 0 {
            // The first ENV of the new stage copies the list.
            fuel.spend(1 + self.env.len() as u64 / 8);
        }
        End { cmd: None, entrypoint: None, healthcheck: None, ..self }
    }

    fn set(&mut self, name: &str, value: &str) {
        Rc::make_mut(&mut self.env).insert(name.to_owned(), value.to_owned());
    }
}

impl Linter<'_> {
    /// One instruction of a stage, or a trigger of its base.
    pub(super) fn instruction(
        &mut self,
        end: &mut End,
        instruction: &Instruction,
        at: At,
        options: &Options,
        globals: &[(String, Option<String>)],
    ) {
        let name = keyword(instruction);
        let mut see = Seeing { linter: self, at, options };
        match &instruction.kind {
            Kind::Arg(pairs) => see.arg(end, pairs, globals),
            Kind::Env(pairs) => {
                for (pair, value) in see.pairs(end, pairs, name) {
                    see.secret("ENV", pair, &value.0);
                    end.set(&value.0, &value.1);
                }
            }
            Kind::Label(pairs) => drop(see.pairs(end, pairs, name)),
            Kind::Workdir(path) => {
                let path_text = see.word(end, path);
                if !end.workdir && !path_text.starts_with('/') {
                    let words = format!(
                        "Relative workdir {} can have unexpected results if the base image changes",
                        quoted(&path_text)
                    );
                    see.add(rules::WORKDIR_RELATIVE_PATH, path, words);
                }
                end.workdir = true;
            }
            Kind::User(word) | Kind::Stopsignal(word) => drop(see.word(end, word)),
            Kind::Volume(words) => words.iter().for_each(|word| drop(see.word(end, word))),
            Kind::Run(run) => see.mounts(end, run),
            Kind::Copy(copy) => see.copy(end, copy, "Copy"),
            Kind::Add(copy) => see.copy(end, copy, "Add"),
            Kind::Expose(words) => words.iter().for_each(|word| see.port(end, word)),
            Kind::Cmd(command) => {
                see.once(&mut end.cmd, name);
                see.shell_form(end.shell, command, name);
            }
            Kind::Entrypoint(command) => {
                see.once(&mut end.entrypoint, name);
                see.shell_form(end.shell, command, name);
            }
            Kind::Healthcheck(_) => see.once(&mut end.healthcheck, name),
            Kind::Shell(_) => end.shell = true,
            Kind::Onbuild(onbuild) => end.triggers.push(onbuild.expression.clone()),
            Kind::From(_) | Kind::Maintainer(_) => {}
        }
    }
}

/// One instruction being looked at.
struct Seeing<'a, 'b> {
    linter: &'a mut Linter<'b>,
    at: At,
    options: &'a Options,
}

impl Seeing<'_, '_> {
    fn add(&mut self, rule: &'static Rule, word: &Word, words: String) {
        self.linter.report.add(self.options, rule, self.at.marking(word.place), words);
    }

    /// Expands a word, and reports variables that are neither set nor declared.
    fn word(&mut self, end: &End, word: &Word) -> String {
        let lexer = self.linter.lexer();
        self.expand(end, word, lexer)
    }

    fn expand(&mut self, end: &End, word: &Word, lexer: Lexer) -> String {
        let lookup = |name: &str| end.env.get(name).cloned();
        // What can't be expanded fails the build, with words of its own.
        let Ok(expanded) = lexer.expand(&word.text, &lookup, self.linter.fuel) else {
            return word.text.clone();
        };
        for name in &expanded.unmatched {
            if end.declared.contains(name) || NO_VARIABLES.contains(&name.as_str()) {
                continue;
            }
            if !self.linter.fuel.spend(1 + end.env.len() as u64) {
                break;
            }
            let mut words = format!("Usage of undefined variable '${name}'");
            if let Some(near) = near(name, end.env.keys().map(String::as_str), true) {
                words.push_str(&format!(" (did you mean ${near}?)"));
            }
            self.add(rules::UNDEFINED_VAR, word, words);
        }
        expanded.text
    }

    /// Pairs of ENV and LABEL, each with its name and value as they are then.
    fn pairs<'p>(
        &mut self,
        end: &End,
        pairs: &'p [Pair],
        keyword: &str,
    ) -> Vec<(&'p Word, (String, String))> {
        let mut values = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let key = self.word(end, &pair.key);
            let value = pair.value.as_ref().map_or(String::new(), |value| self.word(end, value));
            values.push((&pair.key, (key, value)));
        }
        for pair in pairs.iter().filter(|pair| pair.old_form) {
            let words = format!(
                "\"{keyword} key=value\" should be used instead of legacy \"{keyword} key value\" format"
            );
            self.add(rules::LEGACY_KEY_VALUE_FORMAT, &pair.key, words);
        }
        values
    }

    fn secret(&mut self, instruction: &str, word: &Word, name: &str) {
        if names_secret(name) {
            let words = format!(
                "Do not use ARG or ENV instructions for sensitive data ({instruction} {})",
                quoted(name)
            );
            self.add(rules::SECRETS_USED_IN_ARG_OR_ENV, word, words);
        }
    }

    /// The command line's value, else the default, else the global one.
    fn arg(&mut self, end: &mut End, pairs: &[Pair], globals: &[(String, Option<String>)]) {
        for pair in pairs {
            let name = &pair.key.text;
            self.secret("ARG", &pair.key, name);
            let given = self.linter.request.args.get(name).cloned();
            let value = match (given, &pair.value) {
                (Some(given), _) => Some(given),
                (None, Some(default)) => Some(self.word(end, default)),
                (None, None) => global(globals, name),
            };
            if let Some(value) = value
                && !NO_VARIABLES.contains(&name.as_str())
            {
                end.set(name, &value);
            }
            if !end.declared.contains(name) {
                Rc::make_mut(&mut end.declared).insert(name.clone());
            }
        }
    }

    /// Values of `RUN --mount`.
    fn mounts(&mut self, end: &End, run: &Run) {
        for mount in &run.mounts {
            for field in mount.written.text.split(',') {
                if let Some((_, value)) = field.split_once('=') {
                    self.word(end, &Word::new(value, mount.written.place));
                }
            }
        }
    }

    fn copy(&mut self, end: &End, copy: &Copy, verb: &str) {
        for word in [&copy.chown, &copy.chmod, &copy.checksum].into_iter().flatten() {
            self.word(end, word);
        }
        let sources: Vec<String> = copy.sources.iter().map(|source| self.word(end, source)).collect();
        self.word(end, &copy.destination);
        for content in copy.contents.iter().filter(|content| content.expand) {
            let body = Word::new(content.content.as_str(), content.place);
            self.expand(end, &body, Lexer::for_body(Version::Current));
        }
        if copy.from.is_some() {
            return;
        }
        for (word, source) in copy.sources.iter().zip(&sources) {
            self.ignored(word, source, verb);
        }
    }

    /// Does the ignore file keep the source out? With any `!` in it nobody can tell
    /// (`validations.go`, `validateCopySourcePath`).
    fn ignored(&mut self, word: &Word, source: &str, verb: &str) {
        let ignore = self.linter.ignore;
        if ignore.is_empty() || ignore.has_exceptions() || is_address(source) {
            return;
        }
        let cleaned = go_clean(source);
        let root = cleaned == "." || cleaned == "/";
        if root && !ignore.patterns().any(|pattern| matches!(pattern, "*" | "**" | "**/*")) {
            return;
        }
        if ignore.excludes(&cleaned, self.linter.fuel) {
            let file = quoted(&cleaned);
            let words = format!("Attempting to {verb} file {file} that is excluded by .dockerignore");
            self.add(rules::COPY_IGNORED_FILE, word, words);
        }
    }

    /// EXPOSE: the address, the host's port and the protocol's case (`convert_expose.go`, `parsePort`).
    fn port(&mut self, end: &End, word: &Word) {
        let lookup = |name: &str| end.env.get(name).cloned();
        let lexer = self.linter.lexer();
        let ports = lexer.words(&word.text, &lookup, self.linter.fuel).unwrap_or_default();
        for port in ports {
            let (before, container) = match port.rsplit_once(':') {
                Some((before, container)) => (before, container),
                None => ("", port.as_str()),
            };
            let (number, protocol) = container.split_once('/').unwrap_or((container, ""));
            let lower = protocol.to_lowercase();
            if number.is_empty() || !matches!(lower.as_str(), "" | "tcp" | "udp" | "sctp") {
                continue;
            }
            if protocol != lower {
                let words = format!("Defined protocol '{port}' in EXPOSE instruction should be lowercase");
                self.add(rules::EXPOSE_PROTO_CASING, word, words);
            }
            if before.chars().any(|c| c != ':') {
                let words = format!(
                    "EXPOSE instruction should not define an IP address or host-port mapping, found '{port}'"
                );
                self.add(rules::EXPOSE_INVALID_FORMAT, word, words);
            }
        }
    }

    /// Only the last one counts, so the one before is reported.
    fn once(&mut self, before: &mut Option<At>, keyword: &str) {
        if let Some(earlier) = before.replace(self.at) {
            let words = format!(
                "Multiple {keyword} instructions should not be used in the same stage because only the last one will be used"
            );
            self.linter.report.add(self.options, rules::MULTIPLE_INSTRUCTIONS, earlier, words);
        }
    }

    fn shell_form(&mut self, shell_given: bool, command: &Command, keyword: &str) {
        if let (Command::Shell(text), false) = (command, shell_given) {
            let words = format!(
                "JSON arguments recommended for {keyword} to prevent unintended behavior related to OS signals"
            );
            self.add(rules::JSON_ARGS_RECOMMENDED, text, words);
        }
    }
}

/// Go's `filepath.Clean`.
fn go_clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}
