//! `docker build`.

use super::{Answer, Call, Subcommand, cache_flags};
use crate::build::{self, Build, Builder, Catalog, Context, MOST_SECRET, Request, SecretSource, Secrets};
use crate::check;
use crate::command::options::{switch, valued};
use crate::error::{Error, ErrorKind};
use crate::fs::Contents;
use crate::image::catalog;
use crate::image::registry::Platform;
use crate::lab::HOME;
use crate::trace::Event;
use serde_json::json;
use std::sync::Arc;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[Subcommand {
    name: "build",
    usage: "[FLAGS] CONTEXT",
    about: "Build an image from a Dockerfile, and say why each step hit or missed",
    flags: &[
        valued("tag", Some('t'), "NAME", "name the image"),
        valued("file", Some('f'), "FILE", "the Dockerfile, if not CONTEXT/Dockerfile"),
        valued("build-arg", None, "NAME=VALUE", "set an ARG"),
        valued("target", None, "STAGE", "build up to this stage"),
        switch("no-cache", None, "look nothing up"),
        valued("no-cache-filter", None, "STAGES", "look nothing up in these stages"),
        valued("secret", None, "id=NAME,src=FILE", "let RUN --mount=type=secret see a file or variable"),
        valued("ssh", None, "ID", "let RUN --mount=type=ssh find an agent"),
        valued("label", None, "NAME=VALUE", "add a label"),
        valued("builder", None, "WHICH", "buildkit (default) or legacy"),
        valued("base", None, "NAME=KNOWN", "take a known image for a FROM nobody knows"),
        switch("check", None, "check the Dockerfile, build nothing"),
        valued("call", None, "METHOD", "build (default) or check"),
        switch("why", None, "print every decision in one table at the end"),
        switch("compare", None, "build with both builders, and print one table"),
        switch("strict", None, "refuse unknown bases and unmodelled programs"),
        switch("quiet", Some('q'), "print the image's id only"),
        switch("pull", None, "accepted: built-in images never change"),
        valued("progress", None, "KIND", "accepted: the lab prints every step"),
        valued("network", None, "MODE", "accepted: RUN has no network"),
        valued(
            "cache-to",
            None,
            "PLACE",
            "leave the cache for others: type=inline; type=registry,ref=NAME,mode=max",
        ),
        valued(
            "cache-from",
            None,
            "PLACE",
            "take steps from a cache that others left: a name, or type=registry,ref=NAME",
        ),
        valued("platform", None, "OS/ARCH", "what the image is for; the files are the same"),
    ],
    stop_at_operand: false,
    run,
}];

fn run(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let platform = match platform(call) {
        Ok(platform) => platform,
        Err(refused) => return Ok(refused),
    };
    if let Some(refused) = cache_flags::refused(call, builder(call)?)? {
        return Ok(refused);
    }
    let mut request = Request { platform, registry: call.lab.registry.clone(), ..request(call)? };
    if checks(call)? {
        return Ok(check(call, &request));
    }
    let quiet = call.given.is_set("quiet");
    let hushed = call.t.hush(quiet);
    let flags = cache_flags::request(call, &mut request);
    call.t.hush(hushed);
    flags?;
    if call.given.is_set("compare") {
        return Ok(compare(call, request));
    }
    let here = (!request.imports.is_empty()).then(|| call.lab.usage());
    let lab = &mut *call.lab;
    let mut play = |t: &mut crate::trace::Trace| {
        build::build(&mut lab.images, &mut lab.cache, &request, call.programs, t)
    };
    let built = if quiet { call.t.quietly(&mut play) } else { play(call.t) };
    if call.given.is_set("why") {
        call.t.emit(|| build::decisions(&request.context_name, std::slice::from_ref(&built)));
    }
    if let Some(here) = &here {
        cache_flags::fetched(call, &built, here);
    }
    if built.result.is_ok() {
        cache_flags::export(call, &built)?;
    }
    let built = Arc::new(built);
    call.lab.builds.push(built.clone());
    let (exit, out, err) = match &built.result {
        Ok(id) => (0, format!("{id}\n"), String::new()),
        Err(failure) => (failure.exit, String::new(), format!("{}\n", failure.message)),
    };
    let rows = rows(&built);
    let next = first_miss(&built).map(|number| format!("explain {number}"));
    Ok(Answer { out, err, exit, build: Some(built), rows, shown: !quiet, next, ..Answer::default() })
}

/// `--platform`: one of them (docker/buildx `driver/docker/driver.go`).
fn platform(call: &Call<'_, '_>) -> Result<Platform, Answer> {
    let words: Vec<&str> = call.given.all("platform").flat_map(|word| word.text.split(',')).collect();
    let failed = |err: String, next: Option<String>| Answer { err, exit: 1, next, ..Answer::default() };
    match words.as_slice() {
        [] => Ok(Platform::default()),
        [one] => Platform::parse(one).map_err(|words| failed(format!("ERROR: failed to build: {words}\n"), None)),
        _ => Err(failed(
            "ERROR: Multi-platform build is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\n".to_owned(),
            Some("docker build --platform … once for each, then docker buildx imagetools create -t NAME …".to_owned()),
        )),
    }
}

/// `--check`, or `--call=check` (docker/buildx `util/buildflags/callfunc.go`).
fn checks(call: &Call<'_, '_>) -> Result<bool, Error> {
    match call.given.last("call") {
        Some(word) if matches!(word.text.as_str(), "check" | "lint") => Ok(true),
        Some(word) if word.text != "build" => {
            Err(Error::new(ErrorKind::Usage, format!("`--call {}` is not modelled", word.text))
                .at(call.origin.of(word))
                .did_you_mean(&word.text, ["build", "check"])
                .hint("calls are build and check"))
        }
        _ => Ok(call.given.is_set("check")),
    }
}

/// Checks the Dockerfile; no image, no cache, no build is kept. Docker's exit status: 1 when BuildKit's
/// rules find something. What the layers say is told beside it.
fn check(call: &mut Call<'_, '_>, request: &Request) -> Answer {
    let order = check::Order { as_docker: true, ..check::Order::default() };
    let checked = check::check(&call.lab.images, request, &order, call.programs, call.t);
    let found = checked.warnings.iter().chain(&checked.layers);
    let rows = found.filter_map(|finding| serde_json::to_value(finding).ok()).collect();
    let exit = i32::from(checked.failed || !checked.warnings.is_empty());
    Answer { exit, rows, shown: true, ..Answer::default() }
}

/// Both builders, in silence, and their decisions side by side. The image that stays is BuildKit's.
fn compare(call: &mut Call<'_, '_>, request: Request) -> Answer {
    let lab = &mut *call.lab;
    let mut play = |builder: Builder, t: &mut crate::trace::Trace| {
        let request = Request { builder, ..request.clone() };
        t.quietly(|t| build::build(&mut lab.images, &mut lab.cache, &request, call.programs, t))
    };
    let legacy = play(Builder::Legacy, call.t);
    let builds = [play(Builder::BuildKit, call.t), legacy];
    let event = build::decisions(&request.context_name, &builds);
    let rows = match &event {
        Event::Decisions(decided) => {
            decided.rows.iter().filter_map(|row| serde_json::to_value(row).ok()).collect()
        }
        _ => Vec::new(),
    };
    call.t.emit(|| event);
    let failure = builds.iter().find_map(|build| build.result.as_ref().err());
    let (exit, err) =
        failure.map_or((0, String::new()), |failure| (failure.exit, format!("{}\n", failure.message)));
    let [buildkit, legacy] = builds.map(Arc::new);
    // `explain` asks the last one.
    lab.builds.extend([legacy, buildkit.clone()]);
    let next = first_miss(&buildkit).map(|number| format!("explain {number}"));
    Answer { exit, err, build: Some(buildkit), rows, shown: true, next, ..Answer::default() }
}

/// The step worth a question: the first one that was rebuilt although something was cached.
fn first_miss(build: &Build) -> Option<usize> {
    let missed = build.steps.iter().find(|step| step.cached() == Some(false))?;
    missed.earlier_key().map(|_| missed.number)
}

/// The steps as scripts and JSON see them.
fn rows(build: &Build) -> Vec<serde_json::Value> {
    let row = |step: &build::Step| {
        json!({
            "number": step.number,
            "stage": step.stage_name.clone().unwrap_or_else(|| step.stage.map_or(String::new(), |n| n.to_string())),
            "instruction": step.instruction,
            "verdict": step.verdict.word(),
            "reason": step.verdict.reason(),
            "bytes": step.layer.as_ref().map_or(0, |layer| layer.size),
            "output": step.output.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n"),
        })
    };
    build.steps.iter().map(row).collect()
}

fn request(call: &mut Call<'_, '_>) -> Result<Request, Error> {
    let context_word = call.operand("the build context")?.clone();
    let directory = directory(call, &context_word)?;
    let context = Context::from_mount(&mut call.lab.host, &directory, call.t)
        .map_err(|error| error.at(call.origin.of(&context_word)))?;
    let pairs = |flag: &str| -> Result<indexmap::IndexMap<String, String>, Error> {
        let mut pairs = indexmap::IndexMap::new();
        for word in call.given.all(flag) {
            match word.text.split_once('=') {
                Some((name, value)) => pairs.insert(name.to_owned(), value.to_owned()),
                // `--build-arg NAME` takes the value from the environment, here what stands before `docker`.
                None if flag == "build-arg" => match call.env.iter().find(|(name, _)| *name == word.text) {
                    Some((name, value)) => pairs.insert(name.clone(), value.clone()),
                    None => None,
                },
                None if flag == "label" => pairs.insert(word.text.clone(), String::new()),
                None => {
                    return Err(Error::new(ErrorKind::Usage, format!("--{flag} needs NAME=KNOWN"))
                        .at(call.origin.of(word)));
                }
            };
        }
        Ok(pairs)
    };
    let (args, labels, mut base_map) = (pairs("build-arg")?, pairs("label")?, pairs("base")?);
    for (name, known) in &call.lab.bases {
        base_map.entry(name.clone()).or_insert_with(|| known.clone());
    }
    let mut request = Request {
        context,
        context_name: context_word.text.clone(),
        args,
        labels,
        base_map,
        target: call.given.text("target").map(str::to_owned),
        no_cache: call.given.is_set("no-cache"),
        tags: call.given.all("tag").map(|word| word.text.clone()).collect(),
        builder: builder(call)?,
        strict: call.lab.strict || call.given.is_set("strict"),
        version: call.lab.version,
        storage: call.lab.storage,
        packages: call.lab.packages.clone(),
        urls: call.lab.urls.clone(),
        catalog: Catalog(catalog::image),
        ..Request::default()
    };
    request.no_cache_filter =
        call.given.all("no-cache-filter").flat_map(|word| word.text.split(',')).map(str::to_owned).collect();
    request.secrets = secrets(call)?;
    if let Some(file) = call.given.last("file").cloned() {
        dockerfile(call, &file, &directory, &mut request)?;
    }
    Ok(request)
}

/// `--secret` and `--ssh`: files of the lab's host, variables that stand before `docker`.
fn secrets(call: &mut Call<'_, '_>) -> Result<Secrets, Error> {
    let mut secrets = Secrets::default();
    let words: Vec<_> = call.given.all("secret").cloned().collect();
    for word in words {
        let variable =
            |wanted: &str| call.env.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        let place = call.origin.of(&word);
        let refused = |why: String| {
            Error::new(ErrorKind::Usage, format!("could not parse secrets: [{}]: {why}", word.text))
                .at(place.clone())
                .hint(
                    "for example --secret id=token,src=token.txt, or TOKEN=x docker build --secret id=TOKEN",
                )
        };
        let (id, source) = build::secret(&word.text, &|name| variable(name).is_some()).map_err(refused)?;
        let value = match source {
            SecretSource::Variable(name) => Contents::text(variable(&name).map_or("", String::as_str)),
            SecretSource::File(file) => {
                let lab = &mut *call.lab;
                let places = [&*lab.cwd, HOME].map(|dir| crate::fs::path::absolute(dir, &file));
                let mut read = |at: &String| call.t.quietly(|t| lab.host.read(at.as_bytes(), t));
                let read = read(&places[0]).or_else(|first| read(&places[1]).map_err(|_| first));
                read.map_err(|errno| {
                    refused(format!("failed to stat {file}: stat {file}: {}", errno.message().to_lowercase()))
                })?
            }
        };
        if value.len() > MOST_SECRET {
            return Err(refused(format!("secret {id} too big. max size {MOST_SECRET} bytes")));
        }
        secrets.values.insert(id, value);
    }
    secrets.agents = call.given.all("ssh").map(|word| build::agent(&word.text)).collect();
    Ok(secrets)
}

/// The context's directory on the lab's host: below the working directory, or one of `/lab`.
fn directory(call: &mut Call<'_, '_>, word: &crate::command::words::Word) -> Result<String, Error> {
    let found = call.lab.find_context(&word.text, call.t);
    found.map_err(|error| error.at(call.origin.of(word)))
}

fn builder(call: &Call<'_, '_>) -> Result<Builder, Error> {
    let classic = call.env.iter().any(|(name, value)| name == "DOCKER_BUILDKIT" && value == "0");
    match call.given.last("builder") {
        None if classic => Ok(Builder::Legacy),
        None => Ok(Builder::BuildKit),
        Some(word) => Builder::from_name(&word.text).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("there is no builder `{}`", word.text))
                .at(call.origin.of(word))
                .did_you_mean(&word.text, ["buildkit", "legacy"])
                .hint("builders are buildkit and legacy")
        }),
    }
}

/// `-f FILE`: inside the context as a path there, elsewhere on the lab's host as text.
fn dockerfile(
    call: &mut Call<'_, '_>,
    file: &crate::command::words::Word,
    directory: &str,
    request: &mut Request,
) -> Result<(), Error> {
    let lab = &mut *call.lab;
    let candidates = [
        crate::fs::path::absolute(&lab.cwd, &file.text),
        crate::fs::path::absolute(directory, &file.text),
        crate::fs::path::absolute(HOME, &file.text),
    ];
    for path in candidates {
        let Ok(contents) = call.t.quietly(|t| lab.host.read(path.as_bytes(), t)) else { continue };
        match path.strip_prefix(&format!("{}/", directory.trim_end_matches('/'))) {
            Some(inside) => request.dockerfile_path = inside.to_owned(),
            None => request.dockerfile = contents.to_bytes(1 << 20),
        }
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unknown, format!("there is no Dockerfile `{}`", file.text))
        .at(call.origin.of(file))
        .hint("it is looked for in the working directory and in the context"))
}

/// Judges predictions (instruction, "HIT" or "MISS") against a build: one event each. How many were right
/// and wrong.
pub fn judge(build: &Build, predictions: &[(String, String)]) -> (Vec<Event>, usize, usize) {
    let (mut events, mut right, mut wrong) = (Vec::new(), 0, 0);
    for (instruction, predicted) in predictions {
        let step = build.steps.iter().find(|step| step.instruction.trim() == instruction.trim());
        let actual = step.map_or("no such step".to_owned(), |step| step.verdict.word().to_owned());
        let ok = actual == *predicted;
        if ok {
            right += 1;
        } else {
            wrong += 1;
        }
        events.push(Event::Predicted {
            instruction: instruction.clone(),
            predicted: predicted.clone(),
            actual,
            ok,
        });
    }
    (events, right, wrong)
}
