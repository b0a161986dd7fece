//! `docker compose build`, `up` and `run`: what a project's services need, in order.

use super::compose::{below_home, files, typed};
use super::{Answer, Call};
use crate::command::options::Given;
use crate::command::{emit_lines, report_not_modelled};
use crate::compose::{self, Brought, Build, Project};
use crate::error::{Error, ErrorKind};
use crate::fs::Contents;
use crate::inspect;
use crate::lab::Lab;
use crate::trace::{Event, Stream, Trace};

// ---- build ----------------------------------------------------------------------------------------

pub(super) fn build(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
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

// ---- up -------------------------------------------------------------------------------------------

pub(super) fn up(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
    if project.services.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "no service selected")
            .at(call.origin.of(&call.name))
            .hint("services: begins the list; one with profiles is off until --profile"));
    }
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
        let name = one.container.clone();
        let made = call.lab.containers.get(&name);
        let driver = made.map_or_else(String::new, |made| made.mount.storage().name().to_owned());
        call.t.emit(|| Event::Started { name, image, lowers, driver });
    }
    for news in one.mounted.clone() {
        call.t.emit(|| Event::Mounted(news));
    }
}

/// `docker compose run`: what the service waits for comes up, then one command runs in a container of its own.
pub(super) fn run_once(call: &mut Call<'_, '_>, project: &Project, given: &Given) -> Result<Answer, Error> {
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

pub(super) fn say(lines: &[String], t: &mut Trace) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    emit_lines(Stream::Err, &text, t);
}
