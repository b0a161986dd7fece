//! `why`, `order` and `graph` at the prompt and in scenarios: the same answers as the command line's, about
//! a build context of the lab.

use super::core::Core;
use crate::build::{Builder, Catalog, Context, Request};
use crate::command::docker;
use crate::command::options::{self, Flag, Given, valued};
use crate::command::words::{Origin, Word};
use crate::error::{Error, ErrorKind};
use crate::trace::Event;
use crate::whatif::{self, Edit, Project};

const WHY: &[Flag] = &[
    valued("change", None, "FILE", "the file has other contents"),
    valued("touch", None, "FILE", "only its time is another one"),
    valued("chmod", None, "'FILE MODE'", "it has this mode"),
    valued("add", None, "FILE", "it is new"),
    valued("delete", None, "FILE", "it is gone"),
    valued("arg", None, "NAME=VALUE", "a build argument has this value"),
    valued("edit-line", None, "'NUMBER TEXT'", "a line of the Dockerfile is another one"),
    valued("file", Some('f'), "FILE", "the Dockerfile, if not CONTEXT/Dockerfile"),
    valued("build-arg", None, "NAME=VALUE", "set an ARG, in the earlier build too"),
    valued("target", None, "STAGE", "build up to this stage"),
    valued("builder", None, "WHICH", "buildkit or legacy; both by default"),
];

const ORDER: &[Flag] = &[
    valued("file", Some('f'), "FILE", "the Dockerfile, if not CONTEXT/Dockerfile"),
    valued("build-arg", None, "NAME=VALUE", "set an ARG"),
    valued("target", None, "STAGE", "build up to this stage"),
    valued("builder", None, "WHICH", "buildkit or legacy; both by default"),
    valued("edit", None, "EDIT", "an edit to count, such as `change app.py`"),
];

const GRAPH: &[Flag] = &[
    valued("file", Some('f'), "FILE", "the Dockerfile, if not CONTEXT/Dockerfile"),
    valued("build-arg", None, "NAME=VALUE", "set an ARG"),
    valued("target", None, "STAGE", "the stage that is wanted"),
    valued("format", None, "FORMAT", "text, mermaid or dot"),
];

/// The flags of one of the three words.
pub(super) fn flags(word: &str) -> &'static [Flag] {
    match word {
        "why" => WHY,
        "order" => ORDER,
        _ => GRAPH,
    }
}

/// What is asked, whoever asks it.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    /// The context's name.
    pub context: String,
    pub file: Option<String>,
    pub target: Option<String>,
    pub build_args: Vec<(String, String)>,
    pub builder: Option<String>,
    pub format: Option<String>,
    pub edits: Option<Vec<Edit>>,
}

/// Runs a line that begins with one of the words.
///
/// # Errors
/// A flag or a name that says nothing.
pub(super) fn line(core: &mut Core, first: &Word, rest: &[Word], origin: Origin<'_>) -> Result<(), Error> {
    // `why layer WORD` asks who uses a layer; `why layer --change …` is about a context of that name.
    if let ("why", [layer, name]) = (first.text.as_str(), rest)
        && layer.text == "layer"
        && !name.text.starts_with('-')
    {
        let told = docker::why_layer(&core.lab, &name.text).map_err(|error| error.at(origin.of(name)))?;
        core.emit(told);
        return Ok(());
    }
    let given = options::parse(&joined(rest), flags(&first.text), false, origin)?;
    let [context] = given.operands.as_slice() else {
        let usage = format!(
            "{} CONTEXT [--{} …]",
            first.text,
            flags(&first.text).first().map_or("", |flag| flag.long)
        );
        let at = given.operands.get(1).unwrap_or(first);
        let message =
            if given.operands.is_empty() { "which build context?" } else { "there is one word too many" };
        return Err(Error::new(ErrorKind::Usage, message).at(origin.of(at)).hint(format!("usage: {usage}")));
    };
    let question = question(&given, context, origin)?;
    let event = ask(core, &first.text, &question).map_err(|error| {
        // What the message names first is what is wrong.
        let named = |word: &&Word| error.message.find(&format!("`{}`", word.text));
        let at = rest.iter().filter(|word| named(word).is_some()).min_by_key(named).unwrap_or(context);
        error.at(origin.of(at))
    })?;
    core.emit(event);
    Ok(())
}

/// `--chmod FILE MODE` and `--edit-line NUMBER TEXT` take two words; here they become one.
fn joined(words: &[Word]) -> Vec<Word> {
    let mut joined: Vec<Word> = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        joined.push(word.clone());
        if matches!(word.text.as_str(), "--chmod" | "--edit-line")
            && let Some(value) = rest.next()
        {
            let mut value = value.clone();
            if !value.text.contains(' ')
                && let Some(second) = rest.next()
            {
                value.text = format!("{} {}", value.text, second.text);
            }
            joined.push(value);
        }
    }
    joined
}

fn question(given: &Given, context: &Word, origin: Origin<'_>) -> Result<Question, Error> {
    let mut edits = Vec::new();
    // Lines first: everything else is about the files of then.
    for word in ["edit-line", "add", "delete", "change", "touch", "chmod", "arg"] {
        for value in given.all(word) {
            edits.push(Edit::parse(word, &value.text).map_err(|error| error.at(origin.of(value)))?);
        }
    }
    for value in given.all("edit") {
        edits.extend(whatif::parse_edits("--edit", &value.text).map_err(|mut error| {
            error.span = None;
            error.at(origin.of(value))
        })?);
    }
    let mut build_args = Vec::new();
    for value in given.all("build-arg") {
        let (name, text) = value.text.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::Usage, "--build-arg needs NAME=VALUE").at(origin.of(value))
        })?;
        build_args.push((name.to_owned(), text.to_owned()));
    }
    let text = |flag: &str| given.text(flag).map(str::to_owned);
    Ok(Question {
        context: context.text.clone(),
        file: text("file"),
        target: text("target"),
        build_args,
        builder: text("builder"),
        format: text("format"),
        edits: (!edits.is_empty()).then_some(edits),
    })
}

/// Answers.
///
/// # Errors
/// There is no such context, file, line, builder or format.
pub(super) fn ask(core: &mut Core, word: &str, question: &Question) -> Result<Event, Error> {
    let project = project(core, question)?;
    let t = &mut core.trace;
    match word {
        "why" => whatif::why(&project, question.edits.as_deref().unwrap_or_default(), t),
        "order" => whatif::order(&project, question.edits.as_deref(), t),
        _ => whatif::graph(&project.request, question.format.as_deref().unwrap_or("text"), t),
    }
}

/// The context as `docker build` would take it, with what was built before.
fn project(core: &mut Core, question: &Question) -> Result<Project, Error> {
    let (lab, t) = (&mut core.lab, &mut core.trace);
    let directory = lab.find_context(&question.context, t)?;
    let context = Context::from_mount(&mut lab.host, &directory, t)?;
    let mut request = Request {
        context,
        context_name: question.context.clone(),
        args: question.build_args.iter().cloned().collect(),
        base_map: lab.bases.clone(),
        target: question.target.clone(),
        packages: lab.packages.clone(),
        version: lab.version,
        storage: lab.storage,
        urls: lab.urls.clone(),
        catalog: Catalog(crate::image::catalog::image),
        ..Request::default()
    };
    if let Some(file) = &question.file {
        let beside = [crate::fs::path::absolute(&directory, file), crate::fs::path::absolute(&lab.cwd, file)];
        let found = beside.iter().find_map(|path| {
            t.quietly(|t| lab.host.read(path.as_bytes(), t)).ok().map(|contents| (path, contents))
        });
        let Some((path, contents)) = found else {
            return Err(Error::new(ErrorKind::Unknown, format!("there is no Dockerfile `{file}`"))
                .hint("it is looked for in the context and in the working directory"));
        };
        match path.strip_prefix(&format!("{}/", directory.trim_end_matches('/'))) {
            Some(inside) => request.dockerfile_path = inside.to_owned(),
            None => request.dockerfile = contents.to_bytes(1 << 20),
        }
    }
    let builders = match question.builder.as_deref() {
        None | Some("both") => vec![Builder::BuildKit, Builder::Legacy],
        Some(name) => vec![Builder::from_name(name).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("there is no builder `{name}`"))
                .did_you_mean(name, ["buildkit", "legacy"])
                .hint("builders are buildkit and legacy")
        })?],
    };
    Ok(Project { request, images: lab.images.clone(), cache: lab.cache.clone(), builders })
}
