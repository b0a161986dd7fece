//! Session words: `help`, `undo`, `redo`, `log`, `stack`, `explain`, `why`, `order`, `graph`, `bill`, `predict`, `trace`, `host`, `open`, `save`, `course`, `quit`.

use super::core::{Core, TraceMode, Wish};
use super::foresee;
use super::rewrite::SESSION_WORDS;
use crate::build;
use crate::command::words::{CommandLine, Origin, Word};
use crate::error::{Error, ErrorKind, Span};
use crate::fs::Nodes;
use crate::trace::Event;
use crate::union::Mount;

/// Is the line's first word a session word?
pub fn is_session_line(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or("");
    SESSION_WORDS.contains(&first.trim_end_matches(';'))
}

/// Runs a session line as far as the core can; what is left is a wish for the session.
pub fn run(core: &mut Core, line: &str, origin: Origin<'_>) -> Result<Option<Wish>, Error> {
    let parsed = CommandLine::parse(line, origin)?;
    let Some((first, rest)) = parsed.words.split_first() else { return Ok(None) };
    if rest.first().is_some_and(|word| matches!(word.text.as_str(), "=" | "+=" | "==")) {
        return Err(Error::new(
            ErrorKind::Syntax,
            format!("`{}` is a word of the lab and can't be a variable", first.text),
        )
        .at(origin.of(first))
        .hint("choose another name for the variable"));
    }
    match first.text.as_str() {
        "help" => help(core, rest).map(|()| None),
        "undo" => Ok(Some(Wish::Undo(count(rest, origin)?))),
        "redo" => Ok(Some(Wish::Redo(count(rest, origin)?))),
        "log" => Ok(Some(Wish::Log)),
        "stack" => stack(core, rest, origin).map(|()| None),
        "bill" => super::bill::line(core, rest, origin).map(|()| None),
        "explain" => explain(core, rest, origin).map(|()| None),
        "why" | "order" | "graph" => foresee::line(core, first, rest, origin).map(|()| None),
        "predict" => switch(rest, origin, &["on", "off"]).map(|word| {
            core.settings.predict = word == "on";
            None
        }),
        "trace" => switch(rest, origin, &["on", "off", "json"]).map(|word| {
            core.settings.trace = match word {
                "json" => TraceMode::Json,
                "off" => TraceMode::Off,
                _ => TraceMode::On,
            };
            core.emit(Event::Tracing { mode: word.to_owned() });
            None
        }),
        "host" => host(core, rest, origin).map(|()| None),
        "open" => open(core, rest, first, origin).map(|()| None),
        "save" => match rest {
            [file] => Ok(Some(Wish::Save(file.text.clone()))),
            _ => Err(Error::new(ErrorKind::Usage, "save needs one file name")
                .at(origin.of(first))
                .hint("save mine.rhai")),
        },
        "quit" | "exit" => Ok(Some(Wish::Quit)),
        "course" => course(core, rest, origin.of(first)).map(|()| None),
        other => Err(Error::new(ErrorKind::Unknown, format!("`{other}` is no word of the lab"))
            .at(origin.of(first))
            .did_you_mean(other, SESSION_WORDS.iter().copied())),
    }
}

/// The course belongs to a person at the prompt: it writes files.
fn course(core: &mut Core, rest: &[Word], at: Span) -> Result<(), Error> {
    let desk = core.desk.as_mut().filter(|_| core.story.is_none());
    let Some(desk) = desk else {
        return Err(Error::new(ErrorKind::Usage, "the course is for a person at the prompt")
            .at(at)
            .hint("in a shell: layerlab course"));
    };
    let words: Vec<&str> = rest.iter().map(|word| word.text.as_str()).collect();
    for event in desk.course(&words).map_err(|error| error.at(at))? {
        core.emit(event);
    }
    Ok(())
}

fn help(core: &mut Core, rest: &[Word]) -> Result<(), Error> {
    let topic = rest.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    // `help c.write` asks by the variable's type.
    let topic = match topic.split_once('.') {
        Some((variable, method)) if core.variables.contains_key(variable) => {
            format!("{}.{method}", core.variables[variable].0.to_lowercase())
        }
        _ => topic,
    };
    let text = (core.help)(&topic)?;
    core.emit(Event::Text { text });
    Ok(())
}

fn count(rest: &[Word], origin: Origin<'_>) -> Result<usize, Error> {
    match rest {
        [] => Ok(1),
        [word, ..] => word.text.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{}` is not a number of lines", word.text))
                .at(origin.of(word))
                .hint("undo 3")
        }),
    }
}

fn switch<'w>(rest: &'w [Word], origin: Origin<'_>, known: &[&str]) -> Result<&'w str, Error> {
    match rest {
        [word] if known.contains(&word.text.as_str()) => Ok(&word.text),
        [] => Err(Error::new(ErrorKind::Usage, "say which").at(origin.span(1, 1)).hint(known.join(" or "))),
        [word, ..] => Err(Error::new(ErrorKind::Usage, format!("it can't be `{}`", word.text))
            .at(origin.of(word))
            .did_you_mean(&word.text, known.iter().copied())
            .hint(known.join(" or "))),
    }
}

/// `host NAME`: command lines go to this Docker host from now on; `host` lists all.
fn host(core: &mut Core, rest: &[Word], origin: Origin<'_>) -> Result<(), Error> {
    match rest {
        [] => {}
        [name] => {
            core.lab.go_to(&name.text).map_err(|error| error.at(origin.of(name)))?;
        }
        [_, extra, ..] => {
            return Err(Error::new(ErrorKind::Usage, "there is one word too many")
                .at(origin.of(extra))
                .hint("host ci"));
        }
    }
    let here = core.lab.here().to_owned();
    let mut rows = Vec::new();
    for name in core.lab.hosts() {
        core.lab.go_to(&name)?;
        let (images, containers) = (core.lab.images.names().count(), core.lab.containers.len());
        let mark = if name == here { "*" } else { "" };
        rows.push(vec![
            format!("{name}{mark}"),
            images.to_string(),
            containers.to_string(),
            core.lab.cache.len().to_string(),
        ]);
    }
    core.lab.go_to(&here)?;
    let head = ["host", "image names", "containers", "cache records"].map(str::to_owned).to_vec();
    core.emit(Event::Table { title: String::new(), head, rows });
    Ok(())
}

fn open(core: &mut Core, rest: &[Word], first: &Word, origin: Origin<'_>) -> Result<(), Error> {
    let (folder, name) = match rest {
        [folder] => (folder, crate::fs::path::file_name(folder.text.as_bytes())),
        [folder, word, name] if word.text == "as" => (folder, name.text.as_bytes()),
        _ => {
            return Err(Error::new(ErrorKind::Usage, "open needs a folder")
                .at(origin.of(first))
                .hint("open DIR as NAME"));
        }
    };
    let name = match name {
        b"" | b"." | b".." => "app".to_owned(),
        name => String::from_utf8_lossy(name).into_owned(),
    };
    // At the prompt a person names the folder; a scenario stays below its own.
    if core.story.is_none() {
        core.host
            .admit(&folder.text)
            .map_err(|error| Error::new(ErrorKind::Host, error.to_string()).at(origin.of(folder)))?;
    }
    core.lab
        .open(&*core.host, &folder.text, &name, &mut core.trace)
        .map_err(|error| error.at(origin.of(folder)))?;
    core.emit(Event::Text { text: format!("{} is the build context `{name}`", folder.text) });
    core.emit(Event::Next { text: format!("docker build -t {name} {name}") });
    Ok(())
}

fn explain(core: &mut Core, rest: &[Word], origin: Origin<'_>) -> Result<(), Error> {
    let Some(built) = core.lab.last_build().cloned() else {
        return Err(Error::new(ErrorKind::Unknown, "nothing was built yet")
            .at(origin.span(1, 7))
            .hint("docker build -t app app"));
    };
    let number = match rest {
        [] => built.steps.iter().find(|step| step.cached() == Some(false)).map_or(1, |step| step.number),
        [word, ..] => word.text.parse().map_err(|_| {
            Error::new(ErrorKind::Usage, format!("`{}` is not the number of a step", word.text))
                .at(origin.of(word))
                .hint("explain 3")
        })?,
    };
    let event = build::explain(&built, number).map_err(|error| match rest.first() {
        Some(word) => error.at(origin.of(word)),
        None => error,
    })?;
    core.emit(event);
    Ok(())
}

/// `stack [--svg] [what] [path…]`: draws the layers of a mount or container.
fn stack(core: &mut Core, rest: &[Word], origin: Origin<'_>) -> Result<(), Error> {
    let svg = rest.iter().any(|word| word.text == "--svg");
    let rest: Vec<Word> = rest.iter().filter(|word| word.text != "--svg").cloned().collect();
    if let Some(flag) = rest.iter().find(|word| word.text.starts_with("--")) {
        return Err(Error::new(ErrorKind::Usage, format!("stack has no flag {}", flag.text))
            .at(origin.of(flag))
            .did_you_mean(&flag.text, ["--svg"])
            .hint("stack --svg NAME /path prints the drawing as SVG"));
    }
    let (name, paths) = match rest.split_first() {
        Some((first, paths)) if !first.text.starts_with('/') => (Some(first), paths),
        _ => (None, rest.as_slice()),
    };
    let (kind, target) = match name {
        Some(word) => target(core, &word.text).ok_or_else(|| {
            let known: Vec<String> = core
                .lab
                .containers
                .keys()
                .chain(core.variables.keys())
                .chain(core.lab.mounts.keys())
                .cloned()
                .collect();
            Error::new(ErrorKind::Unknown, format!("there is no mount or container `{}`", word.text))
                .at(origin.of(word))
                .did_you_mean(&word.text, known.iter().map(String::as_str))
                .hint("stack NAME /path draws the layers of a container or of a mount in a variable")
        })?,
        None => latest(core).ok_or_else(|| {
            Error::new(ErrorKind::Unknown, "nothing is mounted yet")
                .at(origin.span(1, 5))
                .hint("docker run -d --name web nginx:alpine")
        })?,
    };
    let paths: Vec<Vec<u8>> = paths.iter().map(|word| word.text.clone().into_bytes()).collect();
    draw(core, kind, &target, &paths, svg);
    Ok(())
}

fn target(core: &Core, name: &str) -> Option<(&'static str, String)> {
    if core.lab.containers.contains_key(name) {
        return Some(("Container", name.to_owned()));
    }
    if let Some((kind, name)) =
        core.variables.get(name).filter(|(kind, _)| matches!(*kind, "Mount" | "Container"))
    {
        return Some((kind, name.clone()));
    }
    core.lab.mounts.contains_key(name).then(|| ("Mount", name.to_owned()))
}

fn latest(core: &Core) -> Option<(&'static str, String)> {
    let mount = core.lab.mounts.keys().next_back().map(|name| ("Mount", name.clone()));
    core.lab.containers.keys().next_back().map(|name| ("Container", name.clone())).or(mount)
}

/// Draws the stack of a mount or container over these paths, or over what its upper holds.
pub fn draw(core: &mut Core, kind: &str, name: &str, paths: &[Vec<u8>], as_svg: bool) {
    // People know a mount by its variable.
    let called = core
        .variables
        .iter()
        .find(|(_, (of, known))| *of == kind && known == name)
        .filter(|_| kind == "Mount")
        .map_or(name.to_owned(), |(variable, _)| variable.clone());
    let mount = match kind {
        "Container" => core.lab.containers.get_mut(name).map(|container| &mut container.mount),
        _ => core.lab.mounts.get_mut(name),
    };
    let Some(mount) = mount else { return };
    let paths = if paths.is_empty() { telling(mount) } else { paths.to_vec() };
    let t = &mut core.trace;
    let mut event = t.quietly(|t| mount.stack(&called, &paths, t));
    if let Event::Stack { svg, .. } = &mut event {
        *svg = as_svg;
    }
    t.emit(|| event);
    for path in paths.iter().filter(|_| kind == "Container") {
        let path = String::from_utf8_lossy(path);
        if let Some(located) = core.lab.locate(name, &path, false, &mut core.trace) {
            let target = &located.told.target;
            let text =
                format!("something is mounted at {target}: a process sees that at {path}, not the stack");
            core.trace.emit(|| Event::Hint { text });
        }
    }
}

/// Up to three paths worth drawing: what the upper holds besides plain directories, else what the
/// topmost layer holds.
fn telling(mount: &Mount) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    let mut take = |path: &[u8], inode: &crate::fs::Inode| {
        if paths.len() < 3 && (!inode.kind.is_dir() || inode.is_opaque()) {
            paths.push(path.to_vec());
        }
    };
    mount.upper().walk(&mut |path, _, inode| take(path, inode));
    for lower in mount.lowers() {
        lower.layer.walk(&mut |path, _, inode| take(path, inode));
    }
    if paths.is_empty() {
        paths.push(b"/".to_vec());
    }
    paths
}
