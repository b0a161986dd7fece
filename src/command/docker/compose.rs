//! `docker compose …`: words in, the project's services up or down.

use super::{Answer, Call, Subcommand};
use crate::command::options::{self, Flag, Given, switch, valued};
use crate::command::words::{CommandLine, Word};
use crate::command::{emit_lines, report_not_modelled};
use crate::compose::{self, Asked, Brought, Build, Project};
use crate::error::{Error, ErrorKind};
use crate::fs::Contents;
use crate::inspect;
use crate::lab::{HOME, Lab};
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
    (verb.run)(call, &project, &given)
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
fn below_home(path: &str) -> Option<&str> {
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
fn files(call: &Call<'_, '_>) -> String {
    call.given.all("file").map(|word| format!(" -f {}", word.text)).collect()
}

// ---- build ----------------------------------------------------------------------------------------

fn build(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let wanted: Vec<String> = given.operands.iter().map(|word| word.text.clone()).collect();
    let mut last = Answer { shown: true, ..Answer::default() };
    for name in compose::order(project) {
        let asked = wanted.is_empty() || wanted.contains(&name);
        let Some(build) = project.services.get(&name).and_then(|s| s.build.as_ref()).filter(|_| asked) else {
            continue;
        };
        last = build_one(call, project, &name, build, given.is_set("no-cache"))?;
        if last.exit != 0 {
            break;
        }
    }
    Ok(last)
}

/// Builds a service's image by the command that a person would type.
fn build_one(
    call: &mut Call<'_, '_>,
    project: &Project,
    name: &str,
    build: &Build,
    no_cache: bool,
) -> Result<Answer, Error> {
    let image = project.image_of(name);
    let context = build.context.clone().unwrap_or_else(|| project.directory.clone());
    fetch(call, &context);
    let mut words = vec!["docker".to_owned(), "build".to_owned(), "-t".to_owned(), image.clone()];
    let inline = format!("/tmp/{image}.Dockerfile").replace(['/', ':'], "-").replacen("-tmp-", "/tmp/", 1);
    if let Some(text) = &build.inline {
        let contents = Contents::text(text);
        let (host, t) = (&mut call.lab.host, &mut *call.t);
        // A failure shows as a missing Dockerfile.
        let _ = t.quietly(|t| host.create(inline.as_bytes(), 0o644, contents, t));
        words.extend(["-f".to_owned(), inline.clone()]);
    } else if let Some(file) = &build.dockerfile {
        words.extend(["-f".to_owned(), crate::fs::path::absolute(&context, file)]);
    }
    words.extend(build.target.iter().flat_map(|target| ["--target".to_owned(), target.clone()]));
    for (argument, value) in &build.args {
        let word = value.as_ref().map_or(argument.clone(), |value| format!("{argument}={value}"));
        words.extend(["--build-arg".to_owned(), word]);
    }
    for (label, value) in &build.labels {
        words.extend(["--label".to_owned(), format!("{label}={value}")]);
    }
    if no_cache || build.no_cache {
        words.push("--no-cache".to_owned());
    }
    let below =
        context.strip_prefix(call.lab.cwd.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
    words.push(below.filter(|rest| !rest.is_empty()).unwrap_or(&context).to_owned());
    emit_lines(Stream::Err, &format!(" Image {image} Building\n"), call.t);
    let answer = typed(call, words);
    if build.inline.is_some() {
        let (host, t) = (&mut call.lab.host, &mut *call.t);
        let _ = t.quietly(|t| host.unlink(inline.as_bytes(), t));
    }
    let answer = answer?;
    if answer.exit == 0 {
        emit_lines(Stream::Err, &format!(" Image {image} Built\n"), call.t);
    }
    // Its lines were shown as it was built.
    Ok(Answer { out: String::new(), err: String::new(), shown: true, ..answer })
}

/// A folder beside the script becomes one of the lab's host when a file names it.
fn fetch(call: &mut Call<'_, '_>, directory: &str) {
    let lab = &mut *call.lab;
    let there = call.t.quietly(|t| lab.host.stat(directory.as_bytes(), t)).is_ok();
    if let (false, Some(folder)) = (there, below_home(directory))
        && Lab::host_folder(&*call.outside.host, folder)
    {
        // What can't be read is missing where it is looked for.
        let _ = lab.open(&*call.outside.host, folder, folder, call.t);
    }
}

/// Runs a docker command of the lab's own making; its errors point at `compose`.
fn typed(call: &mut Call<'_, '_>, words: Vec<String>) -> Result<Answer, Error> {
    let word = |text: String| Word { text, ..call.name.clone() };
    let line = CommandLine {
        env: call.env.to_vec(),
        words: words.into_iter().map(word).collect(),
        filters: Vec::new(),
    };
    super::run(call.lab, &line, call.origin, call.outside, call.programs, call.t)
}

// ---- up -------------------------------------------------------------------------------------------

fn up(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let wanted = with_dependencies(project, given.operands.iter().map(|word| word.text.clone()).collect());
    let brought = match bring(call, project, wanted, given.is_set("build"))? {
        Ok(brought) => brought,
        Err(answer) => return Ok(*answer),
    };
    if !given.is_set("detach") {
        for (name, one) in &brought {
            attach(call, project, name, one)?;
        }
    }
    let next = format!("docker compose{} ps", files(call));
    Ok(Answer { shown: true, next: Some(next), ..Answer::default() })
}

/// Services that came up, by name, or the answer of what failed on the way.
type Up = Result<Vec<(String, Brought)>, Box<Answer>>;

/// Builds what has to be built, makes volumes and containers, and starts them.
fn bring(
    call: &mut Call<'_, '_>,
    project: &Project,
    wanted: Vec<String>,
    rebuild: bool,
) -> Result<Up, Error> {
    if let Err(answer) = prepare(call, project, &wanted, rebuild)? {
        return Ok(Err(answer));
    }
    let mut brought: Vec<(String, Brought)> = Vec::new();
    for name in wanted {
        match compose::create(call.lab, project, &name, call.t)? {
            Ok(one) => {
                tell(call, &one, project.image_of(&name));
                brought.push((name, one));
            }
            Err(words) => return Ok(Err(failed(words))),
        }
    }
    for (_, one) in &brought {
        let lines = compose::start(call.lab, one);
        say(&lines, call.t);
    }
    Ok(Ok(brought))
}

/// Images, folders of the host and volumes.
fn prepare(
    call: &mut Call<'_, '_>,
    project: &Project,
    wanted: &[String],
    rebuild: bool,
) -> Result<Result<(), Box<Answer>>, Error> {
    compose::judge(project)?;
    for name in wanted {
        let Some(service) = project.services.get(name) else { continue };
        let missing = call.lab.images.get(&project.image_of(name)).is_none();
        if let Some(build) = service.build.as_ref().filter(|_| missing || rebuild) {
            let answer = build_one(call, project, name, build, false)?;
            if answer.exit != 0 {
                return Ok(Err(Box::new(answer)));
            }
        }
        for mount in service.mounts.iter().filter(|mount| mount.request.kind.word() == "bind") {
            fetch(call, &mount.request.source);
        }
    }
    Ok(match compose::volumes(call.lab, project) {
        Ok(lines) => {
            say(&lines, call.t);
            Ok(())
        }
        Err(words) => Err(failed(words)),
    })
}

fn failed(words: String) -> Box<Answer> {
    let next = Some("help compose".to_owned());
    Box::new(Answer { err: format!("{words}\n"), exit: 1, next, ..Answer::default() })
}

/// Says what came of a container.
fn tell(call: &mut Call<'_, '_>, one: &Brought, image: String) {
    say(&one.lines, call.t);
    if let Some(lowers) = one.lowers {
        let container = one.container.clone();
        call.t.emit(|| Event::Started { name: container, image, lowers });
    }
    for news in one.mounted.clone() {
        call.t.emit(|| Event::Mounted(news));
    }
}

/// `docker compose run`: what the service waits for comes up, then one command runs in a container of its own.
fn run_once(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    let Some((service, command)) = given.operands.split_first() else {
        return Err(call.usage("the service is missing"));
    };
    let name = service.text.clone();
    let mut others = with_dependencies(project, vec![name.clone()]);
    others.retain(|other| *other != name && !given.is_set("no-deps"));
    if let Err(answer) = prepare(call, project, std::slice::from_ref(&name), false)? {
        return Ok(*answer);
    }
    if let Err(answer) = bring(call, project, others, false)? {
        return Ok(*answer);
    }
    let one = match compose::one_off(call.lab, project, &name, call.t)? {
        Ok(one) => one,
        Err(words) => return Ok(*failed(words)),
    };
    tell(call, &one, project.image_of(&name));
    let container = call.lab.container(&one.container)?;
    container.running = true;
    if !command.is_empty() {
        container.config.cmd = Some(command.iter().map(|word| word.text.clone()).collect());
    }
    let argv = inspect::argv(container);
    let mut words = vec!["docker".to_owned(), "exec".to_owned()];
    for flag in ["env", "user", "workdir"] {
        words.extend(given.all(flag).flat_map(|word| [format!("--{flag}"), word.text.clone()]));
    }
    words.push(one.container.clone());
    words.extend(argv);
    let answer = typed(call, words)?;
    call.lab.set_running(&one.container, false);
    if let Some(container) = call.lab.containers.get_mut(&one.container) {
        container.exit = answer.exit;
    }
    if given.is_set("rm") {
        call.lab.remove_container(&one.container, true);
    }
    Ok(answer)
}

/// The services that were asked for, and what they wait for, in order.
fn with_dependencies(project: &Project, mut wanted: Vec<String>) -> Vec<String> {
    let order = compose::order(project);
    if wanted.is_empty() {
        return order;
    }
    let mut at = 0;
    while let Some(name) = wanted.get(at).cloned() {
        let others = project.services.get(&name).into_iter().flat_map(|service| service.depends_on.keys());
        let more: Vec<String> = others.filter(|other| !wanted.contains(other)).cloned().collect();
        wanted.extend(more);
        at += 1;
    }
    order.into_iter().filter(|name| wanted.contains(name)).collect()
}

/// Runs the command that the file gives a service, and prints what it says behind the service's name.
fn attach(call: &mut Call<'_, '_>, project: &Project, name: &str, one: &Brought) -> Result<(), Error> {
    let Some(service) = project.services.get(name) else { return Ok(()) };
    if service.command.is_none() && service.entrypoint.is_none() {
        return Ok(());
    }
    let (packages, urls, strict) = (call.lab.packages.clone(), call.lab.urls.clone(), call.lab.strict);
    let container = call.lab.container(&one.container)?;
    let argv = inspect::argv(container);
    let process = super::containers::process(container, argv, strict);
    let process = crate::shell::Process { packages, urls, ..process };
    let (lab, programs) = (&mut *call.lab, &mut *call.programs);
    let (outcome, events) = call.t.collect(|t| lab.run_in(&one.container, &process, programs, t));
    call.t.replay(super::containers::changes_only(events));
    for (stream, text) in &outcome.lines {
        call.t.emit(|| Event::Output { stream: *stream, text: format!("{name}-1  | {text}") });
    }
    if let Some(error) = &outcome.start {
        emit_lines(Stream::Err, &super::containers::start_error(error), call.t);
    }
    report_not_modelled(&outcome, call.t);
    let exit = outcome.exit;
    call.t.emit(|| Event::Output { stream: Stream::Out, text: format!("{name}-1 exited with code {exit}") });
    call.lab.set_running(&one.container, false);
    if let Some(container) = call.lab.containers.get_mut(&one.container) {
        container.exit = exit;
    }
    Ok(())
}

fn say(lines: &[String], t: &mut Trace) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    emit_lines(Stream::Err, &text, t);
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
