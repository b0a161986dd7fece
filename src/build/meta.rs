//! Instructions that only change an image's config: their values after expansion, the text that
//! stands in the history, and what they do to the config.
//!
//! Sources: moby/buildkit `frontend/dockerfile/dockerfile2llb/convert.go` (`dispatch*`) and
//! moby/moby `daemon/builder/dockerfile/dispatchers.go`.

use super::request::Builder;
use crate::dockerfile::{self as language, Command, Difference, ExpandError, Kind, Pair, Version, Word};
use crate::image::{Config, Health};
use crate::trace::Fuel;

/// The PATH that both builders add when an image has none (moby/buildkit `util/system/path.go`).
pub(super) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A config instruction with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Arg(Vec<(String, Option<String>)>),
    Cmd(Vec<String>),
    Entrypoint(Vec<String>),
    Env(Vec<(String, String)>),
    Expose {
        words: Vec<String>,
        ports: Vec<String>,
    },
    Healthcheck(Health),
    Label(Vec<(String, String)>),
    Maintainer(String),
    Onbuild(String),
    Shell(Vec<String>),
    Stopsignal(String),
    User(String),
    Volume(Vec<String>),
    /// The directory as the config gets it: joined if it was relative.
    Workdir(String),
}

/// Expands words for one instruction.
pub(super) struct Expander<'a> {
    pub lexer: language::Lexer,
    pub env: &'a dyn Fn(&str) -> Option<String>,
    pub fuel: &'a mut Fuel,
}

impl Expander<'_> {
    /// One word.
    pub fn word(&mut self, word: &Word) -> Result<String, ExpandError> {
        self.lexer.word(&word.text, self.env, self.fuel).map_err(|error| error.at(word.place))
    }

    /// Several words, one for one.
    pub fn each(&mut self, words: &[Word]) -> Result<Vec<String>, ExpandError> {
        words.iter().map(|word| self.word(word)).collect()
    }

    fn pairs(&mut self, pairs: &[Pair]) -> Result<Vec<(String, String)>, ExpandError> {
        let value = |this: &mut Self, pair: &Pair| match &pair.value {
            Some(value) => this.word(value),
            None => Ok(String::new()),
        };
        pairs.iter().map(|pair| Ok((self.word(&pair.key)?, value(self, pair)?))).collect()
    }
}

/// What an instruction changes, given the config before it; none for the instructions that make files.
///
/// # Errors
/// Docker's words about a variable or a value.
pub(super) fn change(
    kind: &Kind,
    config: &Config,
    builder: Builder,
    x: &mut Expander<'_>,
) -> Result<Option<Change>, ExpandError> {
    let version = x.lexer.version;
    let shell = config.shell.clone().unwrap_or_else(default_shell);
    Ok(Some(match kind {
        Kind::Arg(pairs) => Change::Arg(args(pairs, builder, x)?),
        Kind::Cmd(command) => Change::Cmd(argv(command, &shell, builder, false)),
        Kind::Entrypoint(command) => Change::Entrypoint(argv(command, &shell, builder, true)),
        Kind::Env(pairs) => Change::Env(x.pairs(pairs)?),
        Kind::Label(pairs) => Change::Label(x.pairs(pairs)?),
        Kind::Expose(words) => {
            // all words are expanded before the first is read as a port
            let mut each = Vec::new();
            for word in words {
                let texts = x.lexer.words(&word.text, x.env, x.fuel).map_err(|error| error.at(word.place))?;
                each.push((word.place, texts));
            }
            let mut ports = Vec::new();
            for (place, texts) in &each {
                ports.extend(language::ports(texts, version, x.fuel).map_err(|error| error.at(*place))?);
            }
            let expanded = each.into_iter().flat_map(|(_, texts)| texts).collect();
            ports.sort();
            ports.dedup();
            Change::Expose { words: expanded, ports }
        }
        Kind::Healthcheck(check) => Change::Healthcheck(health(check)),
        Kind::Maintainer(name) => Change::Maintainer(name.text.clone()),
        Kind::Onbuild(trigger) => Change::Onbuild(trigger.expression.clone()),
        Kind::Shell(words) => Change::Shell(words.iter().map(|word| word.text.clone()).collect()),
        Kind::Stopsignal(word) => {
            let signal = x.word(word)?;
            language::check_signal(&signal, version)
                .map_err(|words| ExpandError::refused(words).at(word.place))?;
            Change::Stopsignal(signal)
        }
        Kind::User(word) => Change::User(x.word(word)?),
        Kind::Volume(words) => Change::Volume(x.each(words)?),
        Kind::Workdir(word) => {
            let path = x.word(word)?;
            // moby/moby daemon/builder/dockerfile/dispatchers_unix.go, normalizeWorkdir
            if path.is_empty() && builder == Builder::Legacy {
                return Err(ExpandError::refused("cannot normalize nothing".to_owned()).at(word.place));
            }
            Change::Workdir(workdir(&config.working_dir, &path))
        }
        Kind::Add(_) | Kind::Copy(_) | Kind::From(_) | Kind::Run(_) => return Ok(None),
    }))
}

/// `/bin/sh -c`.
pub(super) fn default_shell() -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned()]
}

/// ARG's declarations, defaults expanded. Today's BuildKit lets each pair see those before it.
fn args(
    pairs: &[Pair],
    builder: Builder,
    x: &mut Expander<'_>,
) -> Result<Vec<(String, Option<String>)>, ExpandError> {
    let left_to_right =
        builder == Builder::BuildKit && x.lexer.version.has(language::Difference::ArgLeftToRight);
    let mut done: Vec<(String, Option<String>)> = Vec::new();
    for pair in pairs {
        let seen = done.clone();
        let outer = x.env;
        let env = |name: &str| {
            let before = seen.iter().rev().find(|(key, _)| left_to_right && key == name);
            before.and_then(|(_, value)| value.clone()).or_else(|| outer(name))
        };
        let mut inner = Expander { lexer: x.lexer, env: &env, fuel: &mut *x.fuel };
        let key = inner.word(&pair.key)?;
        let value = pair.value.as_ref().map(|value| inner.word(value)).transpose()?;
        done.push((key, value));
    }
    Ok(done)
}

/// The argument vector of CMD and ENTRYPOINT. Without any text BuildKit still gives the shell an empty
/// one; the legacy builder doesn't.
fn argv(command: &Command, shell: &[String], builder: Builder, entrypoint: bool) -> Vec<String> {
    match command {
        Command::Exec(words) => words.iter().map(|word| word.text.clone()).collect(),
        Command::Shell(text) if text.text.is_empty() && builder == Builder::Legacy => {
            if entrypoint {
                Vec::new()
            } else {
                shell.to_vec()
            }
        }
        Command::Shell(text) => shell.iter().chain(std::iter::once(&text.text)).cloned().collect(),
    }
}

fn health(check: &language::Healthcheck) -> Health {
    match check {
        language::Healthcheck::None => Health { test: vec!["NONE".to_owned()], ..Health::default() },
        language::Healthcheck::Cmd { command, interval, timeout, start_period, start_interval, retries } => {
            let test = match command {
                Command::Shell(text) => vec!["CMD-SHELL".to_owned(), text.text.clone()],
                Command::Exec(words) => {
                    std::iter::once("CMD".to_owned()).chain(words.iter().map(|w| w.text.clone())).collect()
                }
            };
            Health {
                test,
                interval: *interval,
                timeout: *timeout,
                start_period: *start_period,
                start_interval: *start_interval,
                retries: *retries,
            }
        }
    }
}

/// WORKDIR: a relative path is joined to the one before and cleaned, an absolute one stays as written.
fn workdir(current: &str, requested: &str) -> String {
    if requested.starts_with('/') {
        return requested.to_owned();
    }
    crate::fs::path::absolute(if current.is_empty() { "/" } else { current }, requested)
}

/// The `<TEXT>` of a history entry. None where the builder makes no entry.
pub(super) fn text(change: &Change, builder: Builder, version: Version) -> Option<String> {
    let pairs = |pairs: &[(String, String)]| {
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    Some(match change {
        Change::Arg(args) => {
            let arg = |(key, value): &(String, Option<String>)| match value {
                Some(value) => format!("{key}={value}"),
                None => key.clone(),
            };
            format!("ARG {}", args.iter().map(arg).collect::<Vec<_>>().join(" "))
        }
        Change::Cmd(argv) => format!("CMD {}", quoted_list(argv)),
        Change::Entrypoint(argv) => format!("ENTRYPOINT {}", quoted_list(argv)),
        Change::Env(list) => format!("ENV {}", pairs(list)),
        Change::Label(list) => format!("LABEL {}", pairs(list)),
        Change::Expose { words, ports } => match (builder, version.has(Difference::ExposeHistory)) {
            (Builder::Legacy, _) => format!("EXPOSE {}", words.join(" ")),
            (Builder::BuildKit, false) => {
                let ports: Vec<String> = ports.iter().map(|port| format!("{port}:{{}}")).collect();
                format!("EXPOSE map[{}]", ports.join(" "))
            }
            (Builder::BuildKit, _) => format!("EXPOSE [{}]", ports.join(" ")),
        },
        Change::Healthcheck(check) => format!("HEALTHCHECK {}", health_text(check, builder, version)),
        Change::Maintainer(name) => format!("MAINTAINER {name}"),
        Change::Onbuild(_) if builder == Builder::BuildKit => return None,
        Change::Onbuild(trigger) => format!("ONBUILD {trigger}"),
        Change::Shell(words) => format!("SHELL [{}]", words.join(" ")),
        Change::Stopsignal(signal) => format!("STOPSIGNAL {signal}"),
        Change::User(user) => format!("USER {user}"),
        Change::Volume(paths) => format!("VOLUME [{}]", paths.join(" ")),
        Change::Workdir(path) => format!("WORKDIR {path}"),
    })
}

/// Go's `%q` of a list: quoted, no commas.
fn quoted_list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| language::quoted(word)).collect();
    format!("[{}]", words.join(" "))
}

/// Go's print of the health check: `%q` in 20.10, `%v` since.
fn health_text(check: &Health, builder: Builder, version: Version) -> String {
    let duration = language::duration::print;
    if !version.has(Difference::HealthHistory) {
        let times =
            [check.interval, check.timeout, check.start_period].map(|n| format!("\"{}\"", duration(n)));
        return format!(
            "&{{{} {} {}}}",
            quoted_list(&check.test),
            times.join(" "),
            quoted_char(check.retries)
        );
    }
    let pointer = if builder == Builder::Legacy { "&" } else { "" };
    format!(
        "{pointer}{{Test:[{}] Interval:{} Timeout:{} StartPeriod:{} StartInterval:{} Retries:{}}}",
        check.test.join(" "),
        duration(check.interval),
        duration(check.timeout),
        duration(check.start_period),
        duration(check.start_interval),
        check.retries
    )
}

/// Go's `%q` of a number: the character it stands for, in single quotes.
fn quoted_char(number: i64) -> String {
    let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let inner = match c {
        '\'' => "\\'".to_owned(),
        '"' => "\"".to_owned(),
        '\0'..='\u{6}' | '\u{e}'..='\u{1f}' | '\u{7f}' => format!("\\x{:02x}", c as u32),
        _ => language::quoted(&c.to_string()).trim_matches('"').to_owned(),
    };
    format!("'{inner}'")
}

/// Does to a config what the instruction says. `cmd_set` remembers whether this stage has had a CMD.
pub(super) fn apply(change: &Change, config: &mut Config, cmd_set: &mut bool, builder: Builder) {
    let add = |list: &mut Vec<String>, items: &[String]| {
        for item in items {
            if !list.contains(item) {
                list.push(item.clone());
            }
        }
    };
    match change {
        Change::Arg(_) | Change::Maintainer(_) => {}
        Change::Cmd(argv) => {
            config.cmd = Some(argv.clone());
            config.args_escaped |= builder == Builder::BuildKit;
            *cmd_set = true;
        }
        Change::Entrypoint(argv) => {
            config.entrypoint = Some(argv.clone());
            if !*cmd_set {
                config.cmd = None;
            }
        }
        Change::Env(pairs) => pairs.iter().for_each(|(key, value)| set_env(&mut config.env, key, value)),
        Change::Label(pairs) => {
            for (key, value) in pairs {
                config.labels.insert(key.clone(), value.clone());
            }
        }
        Change::Expose { ports, .. } => add(&mut config.exposed_ports, ports),
        Change::Healthcheck(check) => config.healthcheck = Some(check.clone()),
        Change::Onbuild(trigger) => config.on_build.push(trigger.clone()),
        Change::Shell(words) => config.shell = Some(words.clone()),
        Change::Stopsignal(signal) => config.stop_signal = signal.clone(),
        Change::User(user) => config.user = user.clone(),
        Change::Volume(paths) => add(&mut config.volumes, paths),
        Change::Workdir(path) => config.working_dir = path.clone(),
    }
}

/// Sets a variable where it stands, or at the end.
pub(super) fn set_env(env: &mut Vec<String>, key: &str, value: &str) {
    let entry = format!("{key}={value}");
    match env.iter_mut().find(|old| old.split_once('=').map_or(old.as_str(), |(name, _)| name) == key) {
        Some(old) => *old = entry,
        None => env.push(entry),
    }
}

/// A config's environment as pairs.
pub(super) fn env_pairs(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    config.env.iter().map(|entry| entry.split_once('=').unwrap_or((entry, "")))
}

/// Gives a config the default PATH if it has none.
pub(super) fn ensure_path(config: &mut Config) {
    if !env_pairs(config).any(|(name, _)| name == "PATH") {
        config.env.push(format!("PATH={DEFAULT_PATH}"));
    }
}
