//! Commands about containers: `run`, `exec`, `ps`, `rm`, `diff`, `commit`.

use super::mounts::{MOUNT, READ_ONLY, TMPFS, VOLUME, VOLUMES_FROM};
use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::command::{report_not_modelled, words::assignment};
use crate::error::Error;
use crate::image::Container;
use crate::inspect;
use crate::shell::{self, Process, Sandbox};
use crate::trace::{Event, Stream};

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "run",
        usage: "[FLAGS] IMAGE [COMMAND…]",
        about: "Start a container: an empty upper over the image's layers",
        flags: &[
            switch("detach", Some('d'), "keep it, run nothing yet"),
            valued("name", None, "NAME", "name the container"),
            switch("rm", None, "remove it when the command has ended"),
            switch("interactive", Some('i'), "accepted"),
            switch("tty", Some('t'), "accepted"),
            valued("env", Some('e'), "NAME=VALUE", "set a variable"),
            valued("user", Some('u'), "USER", "run as this user"),
            valued("workdir", Some('w'), "DIR", "run in this directory"),
            valued("publish", Some('p'), "PORTS", "accepted: there is no network"),
            VOLUME,
            MOUNT,
            TMPFS,
            VOLUMES_FROM,
            READ_ONLY,
        ],
        stop_at_operand: true,
        run,
    },
    Subcommand {
        name: "exec",
        usage: "[FLAGS] CONTAINER COMMAND…",
        about: "Run a command in a container",
        flags: &[
            switch("interactive", Some('i'), "accepted"),
            switch("tty", Some('t'), "accepted"),
            valued("env", Some('e'), "NAME=VALUE", "set a variable"),
            valued("user", Some('u'), "USER", "run as this user"),
            valued("workdir", Some('w'), "DIR", "run in this directory"),
        ],
        stop_at_operand: true,
        run: exec,
    },
    Subcommand {
        name: "ps",
        usage: "[-a] [-q]",
        about: "List containers",
        flags: &[
            switch("all", Some('a'), "also those that have ended"),
            switch("quiet", Some('q'), "ids only"),
            switch("size", Some('s'), "with the size of the upper"),
            switch("no-trunc", None, "whole ids and commands"),
        ],
        stop_at_operand: false,
        run: ps,
    },
    Subcommand {
        name: "rm",
        usage: "[-f] CONTAINER…",
        about: "Remove containers with their uppers",
        flags: &[
            switch("force", Some('f'), "also running ones"),
            switch("volumes", Some('v'), "with the volumes that nobody named"),
        ],
        stop_at_operand: false,
        run: rm,
    },
    Subcommand {
        name: "stop",
        usage: "CONTAINER…",
        about: "Stop containers; their uppers stay",
        flags: &[valued("time", Some('t'), "SECONDS", "accepted")],
        stop_at_operand: false,
        run: |call| set_running(call, false),
    },
    Subcommand {
        name: "start",
        usage: "CONTAINER…",
        about: "Start stopped containers; their uppers are as they were",
        flags: &[],
        stop_at_operand: false,
        run: |call| set_running(call, true),
    },
    Subcommand {
        name: "diff",
        usage: "CONTAINER",
        about: "What a container's upper adds (A), changes (C) and deletes (D)",
        flags: &[],
        stop_at_operand: false,
        run: diff,
    },
    Subcommand {
        name: "commit",
        usage: "[FLAGS] CONTAINER [NAME]",
        about: "Make an image of a container: its upper becomes a layer",
        flags: &[
            valued("message", Some('m'), "TEXT", "comment in the history"),
            valued("author", Some('a'), "WHO", "author"),
        ],
        stop_at_operand: false,
        run: commit,
    },
];

fn run(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the image")?.to_vec();
    let (image, command) = (&words[0], &words[1..]);
    let start = match super::mounts::start(call) {
        Ok(start) => start,
        Err(refused) => return Ok(super::mounts::refused(&refused, call.lab.version)),
    };
    let started = call.lab.start(&image.text, &start, call.t);
    let (name, mounted) = match call.about(image, started)? {
        Ok(started) => started,
        Err(refused) => return Ok(super::mounts::refused(&refused, call.lab.version)),
    };
    let detach = call.given.is_set("detach");
    let container = call.lab.container(&name)?;
    if !command.is_empty() {
        container.config.cmd = Some(command.iter().map(|word| word.text.clone()).collect());
    }
    let driver = container.mount.storage().name().to_owned();
    let (lowers, id) = (container.mount.lowers().len(), container.id.clone());
    call.t.emit(|| Event::Started { name: name.clone(), image: image.text.clone(), lowers, driver });
    mounted.into_iter().for_each(|news| call.t.emit(|| Event::Mounted(news)));
    if detach || command.is_empty() {
        let next = format!("let c = container(\"{name}\");   then   c.exec(\"ls /\")");
        return Ok(Answer { out: format!("{id}\n"), shown: true, next: Some(next), ..Answer::default() });
    }
    let argv = container.config.entrypoint.iter().chain(&container.config.cmd).flatten().cloned().collect();
    let answer = execute(call, &name, argv)?;
    call.lab.set_running(&name, false);
    if call.given.is_set("rm") {
        call.lab.remove_container(&name, true);
    }
    Ok(answer)
}

fn exec(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the container")?.to_vec();
    let found =
        call.lab.container(&words[0].text).map(|container| (container.name.clone(), container.running));
    let (name, running) = call.about(&words[0], found)?;
    if !running {
        return Ok(Answer {
            err: format!("Error response from daemon: Container {name} is not running\n"),
            exit: 1,
            next: Some(format!("docker start {name}")),
            ..Answer::default()
        });
    }
    if words.len() == 1 {
        return Err(call.usage("the command is missing"));
    }
    execute(call, &name, words[1..].iter().map(|word| word.text.clone()).collect())
}

/// Runs `argv` in a container and shows what it prints.
fn execute(call: &mut Call<'_, '_>, name: &str, argv: Vec<String>) -> Result<Answer, Error> {
    let (strict, packages, urls) = (call.lab.strict, call.lab.packages.clone(), call.lab.urls.clone());
    let container = call.lab.container(name)?;
    let mut process = Process { packages, urls, ..process(container, argv, strict) };
    for (variable, value) in call.given.all("env").filter_map(|word| assignment(&word.text)) {
        process.env.insert(variable, value);
    }
    if let Some(user) = call.given.text("user") {
        process.user = user.to_owned();
    }
    if let Some(directory) = call.given.text("workdir") {
        process.cwd = directory.to_owned();
    }
    let (lab, programs) = (&mut *call.lab, &mut *call.programs);
    let (outcome, events) = call.t.collect(|t| lab.run_in(name, &process, programs, t));
    call.t.replay(changes_only(events));
    let mut answer = answer(&outcome);
    if let Some(error) = &outcome.start {
        answer.err = start_error(error);
        crate::command::emit_lines(Stream::Err, &answer.err, call.t);
    }
    for (stream, text) in &outcome.lines {
        call.t.emit(|| Event::Output { stream: *stream, text: text.clone() });
    }
    report_not_modelled(&outcome, call.t);
    Ok(answer)
}

/// Of all look-ups of a process only those that led to a change: finding programs and libraries is not
/// what the reader asked about.
pub(super) fn changes_only(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    for event in events {
        if matches!(event, Event::Lookup { .. }) && matches!(kept.last(), Some(Event::Lookup { .. })) {
            kept.pop();
        }
        kept.push(event);
    }
    if matches!(kept.last(), Some(Event::Lookup { .. })) {
        kept.pop();
    }
    kept
}

/// A process as the container's config has it.
pub(crate) fn process(container: &Container, argv: Vec<String>, strict: bool) -> Process {
    Process {
        argv,
        env: container.config.env.iter().filter_map(|entry| assignment(entry)).collect(),
        cwd: container.config.working_dir.clone(),
        user: container.config.user.clone(),
        sandbox: Sandbox::Container,
        strict,
        verbose: true,
        ..Process::default()
    }
}

fn answer(outcome: &shell::Outcome) -> Answer {
    Answer {
        out: String::from_utf8_lossy(&outcome.out).into_owned(),
        err: String::from_utf8_lossy(&outcome.err).into_owned(),
        exit: outcome.exit,
        shown: true,
        ..Answer::default()
    }
}

/// The daemon's words for a process that did not start (runc `libcontainer/standard_init_linux.go`).
pub(super) fn start_error(error: &shell::StartError) -> String {
    use shell::StartError as E;
    let words = match error {
        E::ProgramMissing(program) => format!("exec: \"{program}\": executable file not found in $PATH"),
        E::NotExecutable(program) => format!("exec: \"{program}\": permission denied"),
        E::ExecFormat(program) => format!("exec {program}: exec format error"),
        E::WorkingDirectory(path) => {
            format!("chdir to cwd (\"{path}\") set in config.json failed: not a directory")
        }
        E::UnknownUser(user) => format!("unable to find user {user}: no matching entries in passwd file"),
        E::UnknownGroup(group) => format!("unable to find group {group}: no matching entries in group file"),
    };
    format!("OCI runtime exec failed: exec failed: unable to start container process: {words}: unknown\n")
}

fn ps(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let all = call.given.is_set("all");
    let shown: Vec<&Container> = call.lab.containers.values().rev().filter(|c| all || c.running).collect();
    let whole = call.given.is_set("no-trunc");
    if call.given.is_set("quiet") {
        let ids: String = shown
            .iter()
            .map(|c| format!("{}\n", if whole { &c.id } else { &c.id[..12.min(c.id.len())] }))
            .collect();
        return Ok(Answer::printed(ids));
    }
    Ok(Answer::printed(inspect::ps(&call.lab.images, &shown, call.given.is_set("size"), whole)))
}

fn rm(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the container")?.to_vec();
    let force = call.given.is_set("force");
    let (mut out, mut gone) = (String::new(), Vec::new());
    for word in &words {
        let found =
            call.lab.container(&word.text).map(|container| (container.name.clone(), container.running));
        let (name, running) = call.about(word, found)?;
        if running && !force {
            return Ok(Answer {
                out,
                err: format!(
                    "Error response from daemon: You cannot remove a running container {name}. Stop the container before attempting removal or force remove\n"
                ),
                exit: 1,
                next: Some(format!("docker rm -f {name}")),
                ..Answer::default()
            });
        }
        gone.extend(call.lab.remove_container(&name, call.given.is_set("volumes")));
        out.push_str(&format!("{name}\n"));
    }
    Ok(Answer::printed(out).telling(super::housekeeping::orphaned(call.lab, &gone)))
}

fn set_running(call: &mut Call<'_, '_>, running: bool) -> Result<Answer, Error> {
    let words = call.operands("the container")?.to_vec();
    let mut out = String::new();
    for word in &words {
        let found = call.lab.container(&word.text).map(|container| container.name.clone());
        let name = call.about(word, found)?;
        call.lab.set_running(&name, running);
        out.push_str(&format!("{name}\n"));
    }
    Ok(Answer::printed(out))
}

fn diff(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let word = call.operand("the container")?.clone();
    let found = call.lab.container(&word.text).map(|container| container.clone());
    let container = call.about(&word, found)?;
    let changes = inspect::changes(&container, call.t);
    let rows = changes
        .iter()
        .map(|change| serde_json::json!({ "kind": change.kind.letter().to_string(), "path": change.path }))
        .collect();
    let out = changes
        .iter()
        .map(|change| format!("{} {}\n", change.kind.letter(), change.path))
        .collect::<String>();
    Ok(Answer { rows, ..Answer::printed(out) })
}

fn commit(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the container")?.to_vec();
    if let Some(extra) = words.get(2) {
        return Err(call.usage("there is one word too many").at(call.origin.of(extra)));
    }
    let found = call.lab.container(&words[0].text).map(|container| container.clone());
    let container = call.about(&words[0], found)?;
    let (message, author) =
        (call.given.text("message").unwrap_or(""), call.given.text("author").unwrap_or(""));
    let image = container.commit(message, author);
    let layer = image.layers.last().filter(|_| image.layers.len() > container.image.layers.len());
    let (entries, bytes) = layer.map_or((0, 0), |layer| (layer.layer.entries(), layer.size));
    let id = call.lab.images.insert(image);
    call.name_image(id, words.get(1))?;
    call.t.emit(|| Event::Committed { what: container.name.clone(), entries, bytes });
    Ok(Answer { out: format!("{id}\n"), ..Answer::default() })
}
