//! Completion, and "is there more to come?".

use super::core::Core;
use super::handle::{Kind, OfContainer, OfContext, OfMount, OfVolume};
use super::methods;
use super::rewrite::{COMMAND_WORDS, SESSION_WORDS};
use crate::command::docker;
use crate::fs::HostKind;
use crate::image::catalog;
use crate::trace::Trace;
use crate::union::{Mount, StatKind};
use rhai::{Engine, ParseErrorType, Scope};

/// A candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What is put in place of the word.
    pub text: String,
    /// What is shown in the list.
    pub shown: String,
}

impl Completion {
    fn plain(text: impl Into<String>) -> Completion {
        let text = text.into();
        Completion { shown: text.clone(), text }
    }
}

/// Does a text need more lines? Open brackets, strings and comments do; so does a trailing operator.
pub fn unfinished(engine: &Engine, text: &str) -> bool {
    let rewritten = super::rewrite::rewrite(text, false);
    match engine.compile(&rewritten.text) {
        Ok(_) => false,
        Err(error) => match error.err_type() {
            ParseErrorType::UnexpectedEOF => true,
            ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => text.contains('`'),
            _ => error.position().is_none() || at_end(text, error.position()),
        },
    }
}

/// Rhai reports a missing bracket at the end of the text.
fn at_end(text: &str, position: rhai::Position) -> bool {
    let last = text.lines().count();
    let open = text.matches(['(', '[', '{']).count();
    let closed = text.matches([')', ']', '}']).count();
    position.line().is_some_and(|line| line >= last) && open > closed
}

/// What could stand at the cursor (a byte offset): where the word begins, and the candidates.
pub fn complete(core: &mut Core, scope: &Scope<'_>, line: &str, cursor: usize) -> (usize, Vec<Completion>) {
    let Some(before) = line.get(..cursor) else { return (cursor, Vec::new()) };
    let (word, mut found) = match super::rewrite::is_command_line(before) {
        true => command(core, before),
        false => match open_string(before) {
            Some((call, content)) => argument(core, call, content),
            None => script(core, scope, before),
        },
    };
    found.retain(|candidate| candidate.text.starts_with(word));
    found.dedup();
    (cursor - word.len(), found)
}

type Found<'b> = (&'b str, Vec<Completion>);

// ---- Rhai -----------------------------------------------------------------------------------------

/// A name or a method being typed.
fn script<'b>(core: &Core, scope: &Scope<'_>, before: &'b str) -> Found<'b> {
    let word = last(before, |c| !(c.is_alphanumeric() || c == '_' || c == '$'));
    let start = before.len() - word.len();
    if let Some(variable) = before[..start].strip_suffix('.').map(last_name).filter(|name| !name.is_empty()) {
        return (word, members(core, scope, variable));
    }
    let variables = scope.iter().map(|(name, _, _)| Completion::plain(name));
    let first = before.trim_start() == word;
    // At the start of a line `docker` is the command, not the function.
    let functions = methods::functions()
        .filter(|f| !first || !(f.name == "docker" || f.name == "dive" || SESSION_WORDS.contains(&f.name)));
    // A function whose name begins like a command waits until the word is longer than that.
    let hidden =
        |name: &str| COMMAND_WORDS.iter().any(|c| name != *c && name.starts_with(c) && word.len() <= c.len());
    let functions = functions.filter(|f| !first || !hidden(f.name));
    let functions = functions.map(|f| Completion { text: format!("{}(", f.name), shown: f.signature() });
    let names = variables.chain(functions).chain(["let ", "true", "false"].map(Completion::plain));
    let words =
        ["docker "].iter().chain(SESSION_WORDS).filter(|_| first).map(|word| Completion::plain(*word));
    (word, words.chain(names).collect())
}

/// What follows the last character that `ends` a word.
fn last(text: &str, ends: impl Fn(char) -> bool) -> &str {
    text.rsplit(ends).next().unwrap_or("")
}

/// The name at the end of a text.
fn last_name(text: &str) -> &str {
    last(text, |c| !(c.is_alphanumeric() || c == '_'))
}

fn members(core: &Core, scope: &Scope<'_>, variable: &str) -> Vec<Completion> {
    let kind = match core.variables.get(variable) {
        Some((kind, _)) => (*kind).to_owned(),
        None => scope.iter().find(|(name, _, _)| *name == variable).map_or(String::new(), |(_, _, value)| {
            value.type_name().rsplit("::").next().unwrap_or("").trim_end_matches("Value").to_owned()
        }),
    };
    let completion = |method: &methods::Method| match method.parameters {
        Some("") => Completion { text: format!("{}()", method.name), shown: method.signature() },
        Some(_) => Completion { text: format!("{}(", method.name), shown: method.signature() },
        None => Completion::plain(method.name),
    };
    methods::of(&kind).map(completion).collect()
}

/// What is in front of the bracket, and the text of the string that the cursor stands in.
fn open_string(before: &str) -> Option<(&str, &str)> {
    let mut open = None;
    let mut escaped = false;
    for (at, c) in before.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => open = if open.is_none() { Some(at) } else { None },
            _ => {}
        }
    }
    let quote = open?;
    let call = before[..quote].rfind('(').map_or("", |bracket| &before[..bracket]);
    Some((call, &before[quote + 1..]))
}

/// A string among the arguments of `call`.
fn argument<'b>(core: &mut Core, call: &str, content: &'b str) -> Found<'b> {
    let name = last_name(call);
    let on = call.strip_suffix(name).and_then(|rest| rest.strip_suffix('.')).map(last_name);
    let target = on.and_then(|variable| core.variables.get(variable).cloned());
    match (target, name) {
        (Some((kind, of)), "exec") => of_shell(core, kind, &of, content),
        (Some((kind, of)), _)
            if content.is_empty() || content.starts_with('/') || kind == OfContext::NAME =>
        {
            paths(core, kind, &of, content)
        }
        (None, "docker") => command_words(core, "docker ", content),
        (None, "sh") => of_shell(core, "Host", "", content),
        (None, "image" | "bill") => (content, images(core)),
        (None, "container") => (content, containers(core)),
        (None, "volume") => (content, core.lab.volumes.keys().cloned().map(Completion::plain).collect()),
        (None, "context" | "why" | "order" | "graph") => (content, contexts(core)),
        (None, "help" | "stack" | "explain" | "open" | "trace" | "predict") => {
            command_words(core, &format!("{name} "), content)
        }
        _ => (content, Vec::new()),
    }
}

// ---- command lines --------------------------------------------------------------------------------

fn command<'b>(core: &mut Core, before: &'b str) -> Found<'b> {
    let line = before.trim_start();
    match line.strip_prefix("$ ") {
        Some(script) => of_shell(core, "Host", "", script),
        None => command_words(core, "", line),
    }
}

/// A word of the command line `head` + `rest`; the cursor stands at the end.
fn command_words<'b>(core: &mut Core, head: &str, rest: &'b str) -> Found<'b> {
    let word = last(rest, char::is_whitespace);
    let whole = format!("{head}{}", &rest[..rest.len() - word.len()]);
    let words: Vec<&str> = whole.split_whitespace().skip_while(|word| word.contains('=')).collect();
    let plain = |list: &[&str]| list.iter().map(|text| Completion::plain(*text)).collect::<Vec<_>>();
    let found = match words.as_slice() {
        [] => COMMAND_WORDS.iter().chain(SESSION_WORDS).map(|word| Completion::plain(*word)).collect(),
        ["docker"] => docker::subcommands().map(|s| Completion::plain(s.name)).collect(),
        ["docker", "help"] | ["help", "docker"] => {
            docker::subcommands().map(|s| Completion::plain(s.name)).collect()
        }
        ["docker", name, given @ ..] => return docker_words(core, name, given, word),
        ["stack"] => {
            let variables = core
                .variables
                .iter()
                .filter(|(_, (kind, _))| *kind == OfMount::NAME || *kind == OfContainer::NAME);
            let variables: Vec<_> = variables.map(|(name, _)| Completion::plain(name)).collect();
            containers(core).into_iter().chain(variables).collect()
        }
        ["stack", name, ..] => match stacked(core, name) {
            Some((kind, of)) => return paths(core, kind, &of, word),
            None => Vec::new(),
        },
        ["bill"] => {
            let variables = core.variables.iter().filter(|(_, (kind, _))| *kind != OfContext::NAME);
            let variables: Vec<_> = variables.map(|(name, _)| Completion::plain(name)).collect();
            images(core).into_iter().chain(containers(core)).chain(variables).collect()
        }
        ["explain"] => {
            let steps = core.lab.last_build().map(|build| build.steps.iter().map(|step| step.number));
            steps.into_iter().flatten().map(|number| Completion::plain(number.to_string())).collect()
        }
        ["why" | "order" | "graph"] => contexts(core),
        [name @ ("why" | "order" | "graph"), ..] if word.starts_with("--") => super::foresee::flags(name)
            .iter()
            .map(|flag| Completion::plain(format!("--{}", flag.long)))
            .collect(),
        ["why", context, .., "--change" | "--touch" | "--delete" | "--chmod"] => {
            return paths(core, OfContext::NAME, context, word);
        }
        ["trace"] => plain(&["on", "off", "json"]),
        ["predict"] => plain(&["on", "off"]),
        ["help"] => (core.help_words)().into_iter().map(Completion::plain).collect(),
        ["open"] => return folders(core, word),
        ["open", _] => plain(&["as"]),
        _ => Vec::new(),
    };
    (word, found)
}

/// A word behind `docker NAME`.
fn docker_words<'b>(core: &mut Core, name: &str, given: &[&str], word: &'b str) -> Found<'b> {
    let Some(subcommand) = docker::subcommands().find(|s| s.name == name) else { return (word, Vec::new()) };
    // Words that are no flags: `exec WEB cat`. A flag's own value counts too, which costs no more than a guess.
    let operands: Vec<&&str> = given.iter().filter(|word| !word.starts_with('-')).collect();
    if word.starts_with('-') && (operands.is_empty() || !matches!(name, "exec" | "run")) {
        let flags = subcommand.flags.iter().map(|flag| Completion::plain(format!("--{}", flag.long)));
        return (word, flags.collect());
    }
    let found = match name {
        "build" => contexts(core),
        "exec" => match operands.as_slice() {
            [] => containers(core),
            [of, ..] => {
                let of = (**of).to_owned();
                return of_shell(core, OfContainer::NAME, &of, word);
            }
        },
        "rm" | "diff" | "commit" | "start" | "stop" => containers(core),
        "inspect" => containers(core).into_iter().chain(images(core)).collect(),
        "rmi" | "tag" => here(core).into_iter().map(Completion::plain).collect(),
        "ps" => Vec::new(),
        _ => images(core),
    };
    (word, found)
}

/// The last word of a shell line, if it is a path.
fn of_shell<'b>(core: &mut Core, kind: &str, name: &str, line: &'b str) -> Found<'b> {
    let word = last(line, |c| c.is_whitespace() || "'\"=<>;|&(".contains(c));
    match word.starts_with('/') || (kind == "Host" && word.len() < line.len()) {
        true => paths(core, kind, name, word),
        false => (word, Vec::new()),
    }
}

fn stacked(core: &Core, name: &str) -> Option<(&'static str, String)> {
    match core.variables.get(name) {
        Some(known) => Some(known.clone()),
        None => core.lab.containers.contains_key(name).then(|| (OfContainer::NAME, name.to_owned())),
    }
}

// ---- names ----------------------------------------------------------------------------------------

fn here(core: &Core) -> Vec<String> {
    core.lab.images.names().map(|(name, _)| name.to_owned()).collect()
}

fn images(core: &Core) -> Vec<Completion> {
    let mut names = here(core);
    names.extend(catalog::known().filter(|name| *name != "scratch").map(str::to_owned));
    names.sort();
    names.dedup();
    names.into_iter().map(Completion::plain).collect()
}

fn containers(core: &Core) -> Vec<Completion> {
    core.lab.containers.keys().cloned().map(Completion::plain).collect()
}

fn contexts(core: &mut Core) -> Vec<Completion> {
    core.lab.contexts().into_iter().map(Completion::plain).collect()
}

// ---- paths ----------------------------------------------------------------------------------------

/// The folder and the beginning of a name.
fn split(path: &str) -> (&str, &str) {
    path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1))
}

/// Names in a mount, container, context or on the lab's own host that begin as the path does.
fn paths<'b>(core: &mut Core, kind: &str, name: &str, path: &'b str) -> Found<'b> {
    let (folder, word) = split(path);
    let folder = match kind {
        OfContext::NAME => {
            format!("{}/{}", crate::lab::context_dir(name), folder.trim_start_matches('/'))
        }
        "Host" => crate::fs::path::absolute(&core.lab.cwd, folder),
        _ => format!("/{folder}"),
    };
    let mount = match kind {
        OfContainer::NAME => core.lab.containers.get_mut(name).map(|container| &mut container.mount),
        OfMount::NAME => core.lab.mounts.get_mut(name),
        OfVolume::NAME => core.lab.volumes.get_mut(name).map(|volume| &mut volume.mount),
        _ => Some(&mut core.lab.host),
    };
    let found = mount.map(|mount| core.trace.quietly(|t| names_in(mount, &folder, word, t)));
    let slash = if path.is_empty() && kind != OfContext::NAME && kind != "Host" { "/" } else { "" };
    let whole = found
        .unwrap_or_default()
        .into_iter()
        .map(|name| Completion { text: format!("{slash}{name}"), shown: name });
    (word, whole.collect())
}

fn names_in(mount: &mut Mount, folder: &str, word: &str, t: &mut Trace) -> Vec<String> {
    let names = mount.readdir(folder.as_bytes(), t).unwrap_or_default();
    let names = names.iter().map(|name| String::from_utf8_lossy(name).into_owned());
    let fitting = names.filter(|name| name.starts_with(word));
    fitting
        .map(|name| {
            let inside = crate::fs::path::absolute(folder, &name);
            let stat = mount.stat(inside.as_bytes(), t);
            if stat.is_ok_and(|stat| stat.kind == StatKind::Dir) { format!("{name}/") } else { name }
        })
        .collect()
}

/// Real folders, for `open`.
fn folders<'b>(core: &Core, path: &'b str) -> Found<'b> {
    let (folder, word) = split(path);
    let entries = core.host.list(if folder.is_empty() { "." } else { folder }).unwrap_or_default();
    let folders = entries.into_iter().filter(|entry| entry.kind == HostKind::Directory);
    let names = folders.map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
    let shown = names.filter(|name| word.starts_with('.') || !name.starts_with('.'));
    (word, shown.map(|name| Completion::plain(format!("{name}/"))).collect())
}
