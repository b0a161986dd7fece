//! Completion, "is there more to come?", and values as people read them.

use super::core::Core;
use super::handle::{Files, Kind, LayerValue, OfContainer, OfContext, OfMount};
use super::methods;
use super::rewrite::{COMMAND_WORDS, SESSION_WORDS};
use crate::command::docker;
use crate::image::catalog;
use crate::union::StatKind;
use rhai::{Array, Dynamic, Engine, Map, ParseErrorType, Scope};

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

/// What could stand at the cursor.
pub fn complete(core: &mut Core, scope: &Scope<'_>, line: &str, cursor: usize) -> (usize, Vec<Completion>) {
    let Some(before) = line.get(..cursor) else { return (cursor, Vec::new()) };
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| {
            !c.is_whitespace() && !"\"'`()[]{},;|=.".contains(*c) || matches!(c, '.') && in_path(before)
        })
        .last()
        .map_or(before.len(), |(at, _)| at);
    let word = &before[start..];
    let mut found = if let Some((files, path)) = path_argument(core, before) {
        let start = before.len() - path.len();
        return paths(core, files.0, &files.1, path, start);
    } else if let Some(variable) = method_of(before, start) {
        members(core, scope, variable)
    } else if is_command(before) {
        return command(core, before, start);
    } else if before.trim_start() == word {
        first_words(scope)
    } else {
        names(scope)
    };
    found.retain(|candidate| candidate.text.starts_with(word));
    found.dedup();
    (start, found)
}

fn in_path(before: &str) -> bool {
    before.rsplit([' ', '"']).next().is_some_and(|word| word.contains('/') || word.contains(':'))
}

fn is_command(before: &str) -> bool {
    let first = before.split_whitespace().next().unwrap_or("");
    before.trim_start().contains(' ') && (COMMAND_WORDS.contains(&first) || SESSION_WORDS.contains(&first))
}

fn first_words(scope: &Scope<'_>) -> Vec<Completion> {
    let words = ["docker"].iter().chain(SESSION_WORDS).map(|word| Completion::plain(*word));
    words.chain(names(scope)).collect()
}

fn names(scope: &Scope<'_>) -> Vec<Completion> {
    let variables = scope.iter().map(|(name, _, _)| Completion::plain(name));
    let functions =
        methods::functions().map(|f| Completion { text: format!("{}(", f.name), shown: f.signature() });
    variables.chain(functions).chain(["let ", "true", "false"].map(Completion::plain)).collect()
}

/// The variable before the dot, when the cursor stands behind `variable.`.
fn method_of(before: &str, start: usize) -> Option<&str> {
    let head = before[..start].strip_suffix('.')?;
    let name_start = head.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    Some(&head[name_start..]).filter(|name| !name.is_empty())
}

fn members(core: &Core, scope: &Scope<'_>, variable: &str) -> Vec<Completion> {
    let kind = match core.variables.get(variable) {
        Some((kind, _)) => (*kind).to_owned(),
        None => scope.iter().find(|(name, _, _)| *name == variable).map_or(String::new(), |(_, _, value)| {
            value.type_name().rsplit("::").next().unwrap_or("").trim_end_matches("Value").to_owned()
        }),
    };
    methods::of(&kind)
        .map(|method| match method.parameters {
            Some("") => Completion { text: format!("{}()", method.name), shown: method.signature() },
            Some(_) => Completion { text: format!("{}(", method.name), shown: method.signature() },
            None => Completion::plain(method.name),
        })
        .collect()
}

type Target = (&'static str, String);

/// A path being typed: in a string of a call on files (`c.read("/et`), or behind `stack NAME `.
fn path_argument<'b>(core: &Core, before: &'b str) -> Option<(Target, &'b str)> {
    if let Some(rest) = before.trim_start().strip_prefix("stack ") {
        let (name, tail) = rest.split_once(' ')?;
        let path = tail.rsplit(' ').next().filter(|path| path.starts_with('/'))?;
        let target = match core.variables.get(name) {
            Some(known) => known.clone(),
            None if core.lab.containers.contains_key(name) => ("Container", name.to_owned()),
            None => return None,
        };
        return Some((target, path));
    }
    let quote = before.rfind('"')?;
    if !before.matches('"').count().is_multiple_of(2) {
        let path = &before[quote + 1..];
        let call = before[..quote].trim_end_matches(|c: char| c != '(').trim_end_matches('(');
        let dot = call.rfind('.')?;
        let head = &call[..dot];
        let name_start = head.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        let target = core.variables.get(&head[name_start..])?;
        return Some((target.clone(), path)).filter(|_| path.starts_with('/') || path.is_empty());
    }
    None
}

fn paths(core: &mut Core, kind: &str, name: &str, path: &str, start: usize) -> (usize, Vec<Completion>) {
    let (folder, word) = path.rfind('/').map_or(("/", path), |slash| (&path[..=slash], &path[slash + 1..]));
    let root = match kind {
        OfContext::NAME => crate::lab::context_dir(name),
        _ => String::new(),
    };
    let mount = match kind {
        OfContainer::NAME => core.lab.containers.get_mut(name).map(|container| &mut container.mount),
        OfMount::NAME => core.lab.mounts.get_mut(name),
        _ => Some(&mut core.lab.host),
    };
    let Some(mount) = mount else { return (start, Vec::new()) };
    let inside = format!("{root}{folder}");
    let found = core.trace.quietly(|t| {
        let names = mount.readdir(inside.as_bytes(), t).unwrap_or_default();
        names
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .filter(|name| name.starts_with(word))
            .map(|name| {
                let is_dir = mount
                    .stat(format!("{inside}/{name}").as_bytes(), t)
                    .is_ok_and(|stat| stat.kind == StatKind::Dir);
                Completion::plain(if is_dir { format!("{name}/") } else { name })
            })
            .collect()
    });
    (start + path.len() - word.len(), found)
}

fn command(core: &mut Core, before: &str, start: usize) -> (usize, Vec<Completion>) {
    let words: Vec<&str> = before[..start].split_whitespace().collect();
    let word = &before[start..];
    let mut found: Vec<Completion> = match words.as_slice() {
        ["docker"] => docker::subcommands().map(|s| Completion::plain(s.name)).collect(),
        ["docker", name, ..] if word.starts_with('-') => docker::subcommands()
            .find(|s| s.name == *name)
            .map(|s| s.flags.iter().map(|flag| Completion::plain(format!("--{}", flag.long))).collect())
            .unwrap_or_default(),
        ["docker", "build", ..] => core.lab.contexts().into_iter().map(Completion::plain).collect(),
        ["docker", "exec" | "rm" | "diff" | "commit" | "start" | "stop", ..] | ["stack", ..] => {
            core.lab.containers.keys().chain(core.variables.keys()).cloned().map(Completion::plain).collect()
        }
        ["docker", ..] => images(core),
        ["trace"] => ["on", "off", "json"].map(Completion::plain).to_vec(),
        ["predict"] => ["on", "off"].map(Completion::plain).to_vec(),
        ["help"] => methods::functions().map(|f| Completion::plain(f.name)).collect(),
        _ => Vec::new(),
    };
    found.retain(|candidate| candidate.text.starts_with(word));
    (start, found)
}

fn images(core: &Core) -> Vec<Completion> {
    let mut names: Vec<String> = core.lab.images.names().map(|(name, _)| name.to_owned()).collect();
    names.extend(catalog::known().map(str::to_owned));
    names.sort();
    names.dedup();
    names.into_iter().map(Completion::plain).collect()
}

/// A value as the REPL shows it: text as it is, lists and maps with one entry a line when they are long.
pub fn shown(value: &Dynamic) -> String {
    if let Ok(text) = value.clone().into_immutable_string() {
        return text.to_string();
    }
    if let Some(map) = value.read_lock::<Map>() {
        if !map.is_empty() && map.iter().all(|(path, entry)| path.starts_with('/') && is_entry(entry)) {
            let width = map.keys().map(|path| path.chars().count()).max().unwrap_or(0);
            let lines = map.iter().map(|(path, value)| format!("{path:width$}  {}", entry_line(value)));
            return lines.collect::<Vec<_>>().join("\n");
        }
        let width: usize = map.iter().map(|(key, value)| key.len() + value.to_string().len() + 4).sum();
        if width > 70 {
            let lines: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect();
            return lines.join("\n");
        }
    }
    if let Some(list) = value.read_lock::<Array>() {
        let lines: Vec<String> = list.iter().map(one_line).collect();
        let width: usize = lines.iter().map(|line| line.chars().count() + 2).sum();
        if width > 70 || list.iter().any(|value| thing(value).is_some()) {
            return lines.join("\n");
        }
    }
    thing(value).unwrap_or_else(|| value.to_string())
}

/// The lab's own values: what it is, and the first things to do with it.
fn thing(value: &Dynamic) -> Option<String> {
    let value = value.clone();
    if let Some(files) = value.clone().try_cast::<Files<OfMount>>() {
        return Some(format!("Mount {}   try .ls(\"/\")  .write(path, text)  .which(path)", files.name()));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfContainer>>() {
        return Some(format!(
            "Container {}   try .exec(\"ls /\")  .append(path, text)  .diff()",
            files.name()
        ));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfContext>>() {
        let name = files.name();
        return Some(format!("Context {name}   try docker build -t {name} {name}"));
    }
    if let Some(layer) = value.clone().try_cast::<LayerValue>() {
        let listing = super::api::listing(&layer.0);
        return Some(format!("{}\n{listing}", super::api::described(&layer.0)).trim_end().to_owned());
    }
    value.try_cast::<super::api::ImageValue>().map(|image| image.describe())
}

/// An entry of a layer, as `upper()` and `entries()` give it?
fn is_entry(value: &Dynamic) -> bool {
    value.read_lock::<Map>().is_some_and(|map| map.contains_key("type"))
}

/// "dir 0755 0:0", "file 0644 0:0 9 B", "whiteout".
fn entry_line(value: &Dynamic) -> String {
    let Some(map) = value.read_lock::<Map>() else { return value.to_string() };
    let number = |key: &str| map.get(key).and_then(|value| value.as_int().ok());
    let text = |key: &str| map.get(key).map(|value| value.to_string());
    let mut line = text("type").unwrap_or_default();
    if let (Some(mode), Some(uid), Some(gid)) = (number("mode"), number("uid"), number("gid")) {
        line.push_str(&format!(" {mode:04o} {uid}:{gid}"));
    }
    if let Some(size) = number("size") {
        line.push_str(&format!(" {size} B"));
    }
    if let Some(target) = text("target") {
        line.push_str(&format!(" -> {target}"));
    }
    for mark in ["opaque", "metacopy"].into_iter().filter(|mark| map.contains_key(*mark)) {
        line.push_str(&format!(" {mark}"));
    }
    if let Some(to) = text("redirect") {
        line.push_str(&format!(" redirect {to}"));
    }
    line
}

fn one_line(value: &Dynamic) -> String {
    let whole = thing(value).unwrap_or_else(|| value.to_string());
    whole.lines().next().unwrap_or("").to_owned()
}
