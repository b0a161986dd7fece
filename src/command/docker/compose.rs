//! `docker compose …`: words in, the project's services up or down.

use super::compose_up::{build, run_once, say, up};
use super::{Answer, Call, Subcommand};
use crate::command::emit_lines;
use crate::command::options::{self, Flag, Given, switch, valued};
use crate::command::words::{CommandLine, Word};
use crate::compose::{self, Asked, Project};
use crate::error::{Error, ErrorKind};
use crate::inspect;
use crate::lab::HOME;
use crate::trace::{Event, Stream, Trace};

pub(super) const SUBCOMMANDS: &[Subcommand] = &[Subcommand {
    name: "compose",
    usage: "[-f FILE]… [-p NAME] config|build|up|ps|exec|run|down",
    about: "Build and start the services of a compose file",
    flags: &[
        valued("file", Some('f'), "FILE", "a compose file; several lie over each other"),
        valued("project-name", Some('p'), "NAME", "what containers and volumes begin with"),
        valued("project-directory", None, "DIR", "where relative paths begin"),
        valued("env-file", None, "FILE", "variables, in place of .env"),
        valued("profile", None, "NAME", "switch services with this profile on"),
        valued("progress", None, "KIND", "accepted: progress is plain"),
        valued("ansi", None, "WHEN", "accepted"),
    ],
    stop_at_operand: true,
    run,
}];

/// A word behind `docker compose`.
struct Verb {
    name: &'static str,
    usage: &'static str,
    flags: &'static [Flag],
    stop_at_operand: bool,
    run: fn(&mut Call<'_, '_>, &Project, &Given) -> Result<Answer, Error>,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "config",
        usage: "[--services|--volumes|--images] [-q]",
        flags: &[
            switch("services", None, "names of the services"),
            switch("volumes", None, "names of the volumes"),
            switch("images", None, "names of the images"),
            switch("quiet", Some('q'), "only judge the files"),
        ],
        stop_at_operand: false,
        run: config,
    },
    Verb {
        name: "build",
        usage: "[--no-cache] [SERVICE…]",
        flags: &[switch("no-cache", None, "look nothing up"), switch("pull", None, "accepted")],
        stop_at_operand: false,
        run: build,
    },
    Verb {
        name: "up",
        usage: "[-d] [--build] [SERVICE…]",
        flags: &[
            switch("detach", Some('d'), "start, run nothing"),
            switch("build", None, "build first, images that are there too"),
            switch("no-build", None, "accepted"),
            switch("wait", None, "accepted: nothing takes time"),
        ],
        stop_at_operand: false,
        run: up,
    },
    Verb {
        name: "ps",
        usage: "[-a] [-q] [--services]",
        flags: &[
            switch("all", Some('a'), "also those that have ended"),
            switch("quiet", Some('q'), "ids only"),
            switch("services", None, "names of the services"),
        ],
        stop_at_operand: false,
        run: ps,
    },
    Verb {
        name: "exec",
        usage: "SERVICE COMMAND…",
        flags: &[
            switch("no-tty", Some('T'), "accepted"),
            valued("env", Some('e'), "NAME=VALUE", "set a variable"),
            valued("user", Some('u'), "USER", "run as this user"),
            valued("workdir", Some('w'), "DIR", "run in this directory"),
        ],
        stop_at_operand: true,
        run: exec,
    },
    Verb {
        name: "run",
        usage: "[--rm] SERVICE [COMMAND…]",
        flags: &[
            switch("rm", None, "remove the container when the command has ended"),
            switch("no-tty", Some('T'), "accepted"),
            switch("no-deps", None, "start no other service"),
            valued("env", Some('e'), "NAME=VALUE", "set a variable"),
            valued("user", Some('u'), "USER", "run as this user"),
            valued("workdir", Some('w'), "DIR", "run in this directory"),
        ],
        stop_at_operand: true,
        run: run_once,
    },
    Verb {
        name: "down",
        usage: "[-v]",
        flags: &[
            switch("volumes", Some('v'), "with the volumes of the file, and those without a name"),
            switch("remove-orphans", None, "accepted"),
            valued("timeout", Some('t'), "SECONDS", "accepted"),
        ],
        stop_at_operand: false,
        run: down,
    },
];

/// Words that compose has and the lab has not, and what to do instead.
const OTHERS: &[(&str, &str)] = &[
    ("logs", "containers run no process of their own; up without -d prints what the commands say"),
    ("start", "docker start NAME, or up -d"),
    ("stop", "docker stop NAME"),
    ("restart", "docker stop NAME, docker start NAME"),
    ("rm", "docker compose down"),
    ("pull", "up fetches what is missing"),
    ("push", "docker push IMAGE"),
    ("create", "docker compose up -d"),
    ("kill", "docker compose down"),
    ("images", "docker compose config --images"),
    ("ls", "docker ps"),
    ("cp", "docker compose exec, or a volume"),
    ("watch", "layerlab why DIR --watch"),
    ("volumes", "docker volume ls"),
];

fn run(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.given.operands.clone();
    let Some((first, rest)) = words.split_first() else {
        return Err(call.usage("the command is missing"));
    };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == first.text) else {
        let known = || VERBS.iter().map(|verb| verb.name);
        if let Some((word, instead)) = OTHERS.iter().find(|(word, _)| *word == first.text) {
            let message = format!("`docker compose {word}` is not modelled");
            return Err(Error::new(ErrorKind::Unknown, message).at(call.origin.of(first)).hint(*instead));
        }
        let message = format!("docker compose has no command `{}` here", first.text);
        return Err(Error::new(ErrorKind::Unknown, message)
            .at(call.origin.of(first))
            .did_you_mean(&first.text, known())
            .hint(format!("it has {}", known().collect::<Vec<_>>().join(", "))));
    };
    if rest
        .iter()
        .take_while(|word| !verb.stop_at_operand || word.text.starts_with('-'))
        .any(|word| word.text == "--help")
    {
        return Ok(Answer::printed(help(verb)));
    }
    let given = options::parse(rest, verb.flags, verb.stop_at_operand, call.origin)?;
    let project = load(call)?;
    for name in given.operands.iter().take(if verb.stop_at_operand { 1 } else { usize::MAX }) {
        if !project.services.contains_key(&name.text) && verb.name != "config" {
            return Err(Error::new(ErrorKind::Unknown, format!("no such service: {}", name.text))
                .at(call.origin.of(name))
                .did_you_mean(&name.text, project.services.keys().map(String::as_str)));
        }
    }
    let unset: String = project
        .unset
        .iter()
        .map(|name| format!("WARN[0000] The {name:?} variable is not set. Defaulting to a blank string.\n"))
        .collect();
    emit_lines(Stream::Err, &unset, call.t);
    for one in &project.unmodelled {
        let what = format!("{}: {}", one.at.shown(), one.path);
        call.t.emit(|| Event::NotModelled { what, instead: "it does nothing here".to_owned() });
    }
    // What is said on the way is the command's output, for scripts and pipes.
    let Call { lab, given: flags, env, subcommand, origin, name, outside, programs, t } = call;
    let (answer, events) = t.collect(|t| {
        let (given_before, name) = (flags.clone(), name.clone());
        let mut call = Call {
            lab,
            given: given_before,
            env,
            subcommand,
            origin: *origin,
            name,
            outside,
            programs: &mut **programs,
            t,
        };
        (verb.run)(&mut call, &project, &given)
    });
    let lines = |wanted: Stream| -> String {
        let said = events.iter().filter_map(|event| match event {
            Event::Output { stream, text } if *stream == wanted => Some(format!("{text}\n")),
            _ => None,
        });
        said.collect()
    };
    let answer = answer.map(|answer| match answer.shown && answer.out.is_empty() && answer.err.is_empty() {
        true => Answer { out: lines(Stream::Out), err: lines(Stream::Err), ..answer },
        false => answer,
    });
    t.replay(events);
    answer
}

fn help(verb: &Verb) -> String {
    let mut text = format!("Usage: docker compose {} {}\n", verb.name, verb.usage);
    for flag in verb.flags {
        let short = flag.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
        text.push_str(&format!("  {short}--{:<16} {}\n", flag.long, flag.help));
    }
    text
}

fn load(call: &mut Call<'_, '_>) -> Result<Project, Error> {
    let text = |flag: &str| call.given.text(flag).map(str::to_owned);
    let asked = Asked {
        files: call.given.all("file").map(|word| word.text.clone()).collect(),
        name: text("project-name"),
        env_file: text("env-file"),
        profiles: call.given.all("profile").map(|word| word.text.clone()).collect(),
        directory: text("project-directory"),
        environment: call.env.to_vec(),
        cwd: call.lab.cwd.clone(),
    };
    let (lab, host) = (&mut *call.lab, &*call.outside.host);
    let mut read = |path: &str, t: &mut Trace| {
        let here = t.quietly(|t| lab.host.read(path.as_bytes(), t)).ok();
        match here.and_then(|contents| contents.to_bytes(MOST_BYTES)) {
            Some(bytes) => Some(bytes),
            // Beside the script, as a build context may be.
            None => host.read(below_home(path)?, MOST_BYTES).ok(),
        }
    };
    let span = call.origin.of(&call.name);
    compose::load(&asked, &mut read, call.t).map_err(|error| match error.span {
        Some(_) => error,
        None => error.at(span),
    })
}

/// Bytes of a file of variables or a compose file, at most; a longer compose file is refused as such.
const MOST_BYTES: u64 = 2 << 20;

/// The path from the lab's own folder on: that is where the script lies.
pub(super) fn below_home(path: &str) -> Option<&str> {
    path.strip_prefix(HOME)?.strip_prefix('/')
}

// ---- config ---------------------------------------------------------------------------------------

fn config(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let lines = |names: Vec<String>| names.into_iter().map(|name| format!("{name}\n")).collect::<String>();
    let images = || project.services.keys().map(|name| project.image_of(name)).collect();
    let out = if given.is_set("quiet") {
        String::new()
    } else if given.is_set("services") {
        lines(compose::order(project))
    } else if given.is_set("volumes") {
        lines(project.volumes.keys().cloned().collect())
    } else if given.is_set("images") {
        lines(images())
    } else {
        compose::config(project)
    };
    let next = format!("docker compose{} up -d", files(call));
    Ok(Answer { next: (!given.is_set("quiet")).then_some(next), ..Answer::printed(out) })
}

/// The `-f`s of the line, for the next one.
pub(super) fn files(call: &Call<'_, '_>) -> String {
    call.given.all("file").map(|word| format!(" -f {}", word.text)).collect()
}

/// Runs a docker command of the lab's own making; its errors point at `compose`.
pub(super) fn typed(call: &mut Call<'_, '_>, words: Vec<String>) -> Result<Answer, Error> {
    let word = |text: String| Word { text, ..call.name.clone() };
    let line = CommandLine {
        env: call.env.to_vec(),
        words: words.into_iter().map(word).collect(),
        filters: Vec::new(),
    };
    super::run(call.lab, &line, call.origin, call.outside, call.programs, call.t)
}

// ---- ps, exec, down -------------------------------------------------------------------------------

fn ps(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let rows = compose::ps(call.lab, project, given.is_set("all"));
    let names = |column: usize| {
        rows.iter()
            .filter_map(move |(_, row)| row.split('\t').nth(column))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    if given.is_set("services") {
        return Ok(Answer::printed(names(3).iter().map(|name| format!("{name}\n")).collect::<String>()));
    }
    if given.is_set("quiet") {
        let ids =
            names(0).into_iter().filter_map(|name| call.lab.containers.get(&name).map(|c| c.id.clone()));
        return Ok(Answer::printed(ids.map(|id| format!("{id}\n")).collect::<String>()));
    }
    let mut text = "NAME\tIMAGE\tCOMMAND\tSERVICE\tCREATED\tSTATUS\tPORTS\n".to_owned();
    let values = rows
        .iter()
        .map(|(service, row)| serde_json::json!({ "name": row.split('\t').next(), "service": service }))
        .collect();
    rows.iter().for_each(|(_, row)| text.push_str(&format!("{row}\n")));
    Ok(Answer { rows: values, ..Answer::printed(inspect::align(&text)) })
}

fn exec(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let Some((service, command)) = given.operands.split_first() else {
        return Err(call.usage("the service is missing"));
    };
    let mut words = vec!["docker".to_owned(), "exec".to_owned()];
    for flag in ["env", "user", "workdir"] {
        words.extend(given.all(flag).flat_map(|word| [format!("--{flag}"), word.text.clone()]));
    }
    let container = project.container_of(&service.text);
    if !call.lab.containers.get(&container).is_some_and(|container| container.running) {
        return Ok(Answer {
            err: format!("service {:?} is not running\n", service.text),
            exit: 1,
            next: Some(format!("docker compose{} up -d {}", files(call), service.text)),
            ..Answer::default()
        });
    }
    words.push(container);
    words.extend(command.iter().map(|word| word.text.clone()));
    typed(call, words)
}

fn down(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let lines = compose::down(call.lab, project, given.is_set("volumes"));
    say(&lines, call.t);
    Ok(Answer { shown: true, ..Answer::default() })
}
