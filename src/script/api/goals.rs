//! What only the goals of an exercise can call: `student`, `rebuild`, `play`, `edit`, `goal`, `why`.

use super::objects::{ImageValue, answer_map, run_line, with};
use super::story::{compare, shown};
use crate::build::Failure;
use crate::command::Answer as Printed;
use crate::command::words::Origin;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Inode, NoHost};
use crate::image::Container;
use crate::lab::context_dir;
use crate::script::Session;
use crate::script::core::Shared;
use crate::script::handle::{
    Answer, Files, Kind, LayerValue, OfContainer, OfContext, OfMount, OfVolume, Place, refuse, type_word,
};
use crate::script::judge::{Deaf, Judging, MOST_ELEMENTS, MOST_OPERATIONS, STUDENT};
use crate::trace::{Exhausted, Goal};
use crate::union::StatKind;
use rhai::{
    Array, Dynamic, Engine, EvalAltResult, INT, ImmutableString, Map, NativeCallContext, Position, Scope,
};
use similar::{ChangeTag, TextDiff};
use std::cell::RefCell;
use std::rc::Rc;

type Judge = Rc<RefCell<Judging>>;

/// Goals of one exercise, at most.
const MOST_GOALS: usize = 100;
/// Bytes of a student's script, at most.
const MOST_SCRIPT: u64 = 1 << 20;
/// Lists in lists of a student's variable that are handed on, at most.
const MOST_DEPTH: usize = 8;
/// Bytes of a value that are shown, at most.
const MOST_SHOWN: usize = 4096;

/// What a goal wants, where that is not one value.
#[derive(Clone)]
enum Wanted {
    AtMost(INT),
    AtLeast(INT),
    OneOf(Array),
    Having(Dynamic),
}

/// Registers the judge's functions.
pub fn judging(engine: &mut Engine, core: &Shared, judge: &Judge) {
    building(engine, core, judge);
    wanting(engine, judge);
    reading::<OfMount>(engine);
    reading::<OfContainer>(engine);
    reading::<OfContext>(engine);
    reading::<OfVolume>(engine);
}

/// Lets the scope know the student's folder.
pub fn name_student(core: &Shared, scope: &mut Scope<'static>) {
    scope.push_constant(STUDENT, Files::<OfContext>::new(core, Place::Context(STUDENT.to_owned())));
}

fn building(engine: &mut Engine, core: &Shared, judge: &Judge) {
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("rebuild", move || rebuild(&shared, &state, ""));
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("rebuild", move |options: &str| rebuild(&shared, &state, options));
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("play", move |file: &str| play(&shared, &state, file));
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("play", move |file: &str, wanted: Map| {
        let left = play(&shared, &state, file)?;
        leaves(&state, file, &left, &wanted)?;
        Ok::<_, Box<EvalAltResult>>(left)
    });
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("start", move || start(&shared, &state));
    let shared = core.clone();
    engine.register_fn("view", move |image: ImageValue| view(&shared, &image));
    let (shared, state) = (core.clone(), judge.clone());
    engine.register_fn("edit", move |path: &str, text: &str| edit(&shared, &state, path, text));
}

fn wanting(engine: &mut Engine, judge: &Judge) {
    engine.register_type_with_name::<Wanted>("Wanted");
    engine.register_fn("at_most", Wanted::AtMost);
    engine.register_fn("at_least", Wanted::AtLeast);
    engine.register_fn("one_of", Wanted::OneOf);
    engine.register_fn("having", Wanted::Having);
    let state = judge.clone();
    engine.register_fn(
        "goal",
        move |context: NativeCallContext, text: &str, actual: Dynamic, wanted: Dynamic, hint: Dynamic| {
            let hints = hints(hint)?;
            if actual.is::<Wanted>() {
                return Err(refuse("what is wanted is the goal's third argument, what is there its second"));
            }
            let ok = holds(&context, &actual, &wanted)?;
            // Against a range or a choice there is no line to compare.
            let one_value = !wanted.is::<Wanted>();
            let goal = {
                let (wanted, actual) = both(&wanted, &actual);
                judged(text, ok, &wanted, &actual, hints)
            };
            add(&state, if one_value { goal } else { Goal { diff: Vec::new(), ..goal } })
        },
    );
    let state = judge.clone();
    engine.register_fn("why", move |text: &str| state.borrow_mut().judgement.why.push(text.to_owned()));
}

/// `text_of(files, path)` and `ls_of(files, path)`: a file or directory that may not be there.
fn reading<K: Kind>(engine: &mut Engine) {
    engine.register_fn("text_of", |files: &mut Files<K>, path: &str| {
        let (files, inside) = at(files, path)?;
        let read = files.on(|mount, t| t.quietly(|t| mount.read(inside.as_bytes(), t)))?;
        Ok::<_, Box<EvalAltResult>>(match read {
            Ok(contents) => match contents.to_bytes(1 << 20) {
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => format!("({} bytes)", contents.len()),
            },
            Err(errno) => format!("({})", errno.message().to_lowercase()),
        })
    });
    engine.register_fn("ls_of", |files: &mut Files<K>, path: &str| {
        let (files, inside) = at(files, path)?;
        let read = files.on(|mount, t| t.quietly(|t| mount.readdir(inside.as_bytes(), t)))?;
        Ok::<Array, Box<EvalAltResult>>(match read {
            Ok(names) => names.iter().map(|name| String::from_utf8_lossy(name).into_owned().into()).collect(),
            Err(errno) => vec![format!("({})", errno.message().to_lowercase()).into()],
        })
    });
}

/// Where a path's files are: a container's may lie in a volume.
fn at<K: Kind>(files: &Files<K>, path: &str) -> Answer<(Files<K>, String)> {
    Ok(files.crossed(path, true)?.unwrap_or_else(|| (files.clone(), files.path(path))))
}

// ---- the student's files --------------------------------------------------------------------------

/// Builds the student's folder. A build that fails ends the judging: there is nothing further to look at.
fn rebuild(core: &Shared, judge: &Judge, options: &str) -> Answer<Map> {
    let words: Vec<&str> = options.split_whitespace().collect();
    let is_setting = |word: &&&str| crate::command::words::assignment(word).is_some();
    let (settings, options) = words.split_at(words.iter().take_while(is_setting).count());
    let line = [settings, &["docker", "build", "-t", STUDENT], options, &[STUDENT]].concat().join(" ");
    let origin = Origin { file: "<command>", line: 1, column: 1, text: &line };
    let built = run_line(core, &line, origin);
    let what = "the Dockerfile builds";
    match ran(core, judge, built, what)? {
        answer if answer.exit == 0 => Ok(answer_map(&answer)),
        answer if dockerfile_is_no_file(core)?.is_some() => {
            let said = dockerfile_is_no_file(core)?.unwrap_or(answer.err);
            Err(end(judge, what, "an image", &said, BUILD_HINTS))
        }
        answer => {
            let said = format!("{}{}", answer.out, answer.err);
            let failure = answer.build.as_ref().and_then(|build| build.result.as_ref().err()).map(failed);
            Err(end(judge, what, "an image", &failure.unwrap_or(said), BUILD_HINTS))
        }
    }
}

/// Starts a container of what was built last. One that does not start ends the judging.
fn start(core: &Shared, judge: &Judge) -> Answer<Files<OfContainer>> {
    let name = with(core, |core| Ok(format!("{STUDENT}{}", core.lab.containers.len())))?;
    let line = format!("docker run -d --name {name} {STUDENT}");
    let what = "a container of the image starts";
    let ran_line = run_line(core, &line, Origin { file: "<command>", line: 1, column: 1, text: &line });
    let answer = ran(core, judge, ran_line, what)?;
    let there = with(core, |core| Ok(core.lab.containers.contains_key(&name)))?;
    if answer.exit != 0 || !there {
        return Err(end(judge, what, "a container", &format!("{}{}", answer.out, answer.err), BUILD_HINTS));
    }
    Ok(Files::new(core, Place::Container(name)))
}

/// Words on a Dockerfile that is something else.
fn dockerfile_is_no_file(core: &Shared) -> Answer<Option<String>> {
    let at = format!("{}/Dockerfile", context_dir(STUDENT));
    with(core, |core| {
        let stat = core.trace.quietly(|t| core.lab.host.lstat(at.as_bytes(), t));
        Ok(match stat.map(|stat| stat.kind) {
            Ok(StatKind::Dir) => Some("Dockerfile is a folder; it should be a file".to_owned()),
            Ok(StatKind::Symlink) => Some("Dockerfile is a link; put the file itself there".to_owned()),
            _ => None,
        })
    })
}

/// The answer, or the end of the judging with what the lab said.
fn ran(core: &Shared, judge: &Judge, result: Answer<Printed>, what: &str) -> Answer<Printed> {
    let error = match result {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    let mut core = core.try_borrow_mut().map_err(|_| super::super::handle::busy())?;
    match core.trace.fuel.exhausted().cloned() {
        Some(Exhausted::Interrupted) => {
            judge.borrow_mut().interrupted = true;
            Err(stop())
        }
        Some(why) => {
            let said = format!("it was stopped: {}", why.describe());
            Err(end(judge, what, "an end", &said, BUILD_HINTS))
        }
        None => {
            let said = core.error.take().map_or_else(|| error.to_string(), |error| told(&error));
            Err(end(judge, what, "an image", &said, BUILD_HINTS))
        }
    }
}

const BUILD_HINTS: &[&str] = &[
    "Read the message: it names what is wrong, and often the line.",
    "`layerlab build DIR` builds the folder outside the course and shows every step.",
    "`layerlab course reset` puts the start files back; your own are kept aside.",
];

const SCRIPT_HINTS: &[&str] = &[
    "Read the message: it names the line and the column.",
    "Type the lines one by one into `layerlab`: there each answers at once.",
    "`layerlab course reset` puts the start files back; your own are kept aside.",
];

const VARIABLE_HINTS: &[&str] = &[
    "The start file has this variable. Its name and its kind must stay.",
    "`let NAME = …;` makes a variable. The goals look it up by its name.",
    "`layerlab course reset` puts the start files back; your own are kept aside.",
];

/// A failed build in words: the lab's plain ones where there are any.
fn failed(failure: &Failure) -> String {
    let place = failure.span.as_ref().map_or(String::new(), |span| format!("{span}: "));
    let said = failure.plain.as_ref().unwrap_or(&failure.message);
    // Docker's own messages hold a suggestion already.
    let hint = failure.hint.as_ref().filter(|_| !said.contains("did you mean"));
    let hint = hint.map_or(String::new(), |hint| format!("\n{hint}"));
    format!("{place}{said}{hint}")
}

/// An error with its place and its advice.
fn told(error: &Error) -> String {
    match &error.hint {
        Some(hint) => format!("{error}\n{hint}"),
        None => error.to_string(),
    }
}

/// Plays a script of the student's in a session of its own. The lab goes on where that script left it; its
/// variables are given back, as far as they are data.
fn play(core: &Shared, judge: &Judge, file: &str) -> Answer<Map> {
    let what = format!("{file} runs to its end");
    let refused = |said: &str| end(judge, &what, "an end without an error", said, SCRIPT_HINTS);
    let at = format!("{}/{}", context_dir(STUDENT), file.trim_start_matches('/'));
    let (read, lab) = with(core, |core| {
        let contents = core.trace.quietly(|t| core.lab.host.read(at.as_bytes(), t));
        Ok((contents.map(|contents| contents.to_bytes(MOST_SCRIPT)), core.lab.clone()))
    })?;
    let text = match read {
        Err(errno) => return Err(refused(&format!("{file}: {}", errno.message()))),
        Ok(None) => return Err(refused(&format!("{file}: more than {MOST_SCRIPT} bytes"))),
        Ok(Some(bytes)) => String::from_utf8(bytes.to_vec())
            .map_err(|_| refused(&format!("{file}: this is not UTF-8 text")))?,
    };
    let mut session = Session::made(Box::new(NoHost), Box::new(Deaf), |engine, core| {
        engine.set_max_array_size(MOST_ELEMENTS);
        let core = core.clone();
        engine.on_progress(move |operations| {
            if operations & 0xff != 0 {
                return None;
            }
            let mut core = core.try_borrow_mut().ok()?;
            let fuel = &mut core.trace.fuel;
            fuel.running("the script");
            if operations > MOST_OPERATIONS {
                fuel.stop(Exhausted::Operations { limit: MOST_OPERATIONS });
            }
            if fuel.spend(256) { None } else { Some("stopped".into()) }
        });
    });
    if let Some(flag) = judge.borrow().interrupt.clone() {
        session.core.borrow_mut().trace.fuel.interrupted_by(flag);
    }
    session.with_lab(|own, _| {
        *own = lab;
        own.cwd = context_dir(STUDENT);
    });
    if let Err(error) = session.script(file, &text) {
        if error.kind == ErrorKind::Interrupted {
            judge.borrow_mut().interrupted = true;
            return Err(stop());
        }
        return Err(refused(&told(&error)));
    }
    let left = session.core.borrow().lab.clone();
    with(core, |core| {
        core.lab = left;
        Ok(())
    })?;
    let variables = session.scope.iter();
    Ok(variables.filter_map(|(name, _, value)| Some((name.into(), data(core, &value, 0)?))).collect())
}

/// Ends the judging where a variable is missing, or something else than the goals can look at.
fn leaves(judge: &Judge, file: &str, left: &Map, wanted: &Map) -> Answer<()> {
    for (name, kind) in wanted {
        let kind =
            kind.clone().into_string().map_err(|_| refuse("the kind of a variable is text: \"Mount\""))?;
        let is = left.get(name).map_or("no variable of this name", type_of);
        if is != kind {
            let what = format!("{file} leaves a variable `{name}`");
            return Err(end(judge, &what, &kind, is, VARIABLE_HINTS));
        }
    }
    Ok(())
}

/// What scripts call the type of a value.
fn type_of(value: &Dynamic) -> &'static str {
    match () {
        () if value.is::<Files<OfMount>>() => "Mount",
        () if value.is::<Files<OfContainer>>() => "Container",
        () if value.is::<Files<OfVolume>>() => "Volume",
        () if value.is::<LayerValue>() => "Layer",
        () if value.is::<ImageValue>() => "Image",
        () => type_word(value),
    }
}

/// A value of the student's session as one of the judge's: data only, nothing that could run.
fn data(core: &Shared, value: &Dynamic, depth: usize) -> Option<Dynamic> {
    if let Some(files) = value.clone().try_cast::<Files<OfMount>>() {
        return Some(Dynamic::from(Files::<OfMount>::new(core, Place::Mount(files.name().to_owned()))));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfContainer>>() {
        let place = Place::Container(files.name().to_owned());
        return Some(Dynamic::from(Files::<OfContainer>::new(core, place)));
    }
    if let Some(files) = value.clone().try_cast::<Files<OfVolume>>() {
        return Some(Dynamic::from(Files::<OfVolume>::new(core, Place::Volume(files.name().to_owned()))));
    }
    let plain = value.is_int() || value.is_bool() || value.is_string() || value.is_unit() || value.is_char();
    if plain || value.is_float() || value.is::<LayerValue>() || value.is::<ImageValue>() {
        return Some(value.clone());
    }
    if depth >= MOST_DEPTH {
        return None;
    }
    if let Some(list) = value.read_lock::<Array>() {
        let list: Array = list.iter().filter_map(|value| data(core, value, depth + 1)).collect();
        return Some(list.into());
    }
    let map = value.read_lock::<Map>()?;
    let map: Map =
        map.iter().filter_map(|(key, value)| Some((key.clone(), data(core, value, depth + 1)?))).collect();
    Some(Dynamic::from_map(map))
}

/// Edits a file of the student's as a person would: its mode stays, its time moves on.
fn edit(core: &Shared, judge: &Judge, path: &str, text: &str) -> Answer<()> {
    let at = format!("{}/{}", context_dir(STUDENT), path.trim_start_matches('/'));
    let edited = with(core, |core| {
        core.lab.tick();
        let stat = core.trace.quietly(|t| core.lab.host.stat(at.as_bytes(), t));
        let mut inode = Inode::file(Contents::text(text));
        if let Ok(stat) = stat {
            inode.mode = stat.mode;
        }
        Ok(core.lab.add_to_context(STUDENT, &[(path.to_owned(), inode)], &mut core.trace))
    })?;
    edited.map_err(|error| {
        end(judge, &format!("{path} is a file that can be edited"), "a file", &error.to_string(), BUILD_HINTS)
    })
}

/// An image as a container of it would see it.
fn view(core: &Shared, image: &ImageValue) -> Answer<Files<OfMount>> {
    let container = Container::create("view", "", image.image(), 0)
        .map_err(|errno| refuse(&format!("the image's layers can't be mounted: {errno}")))?;
    let name = with(core, |core| Ok(core.lab.keep_mount(container.mount)))?;
    Ok(Files::new(core, Place::Mount(name)))
}

// ---- goals ----------------------------------------------------------------------------------------

/// The judging ends here: the student's files gave nothing to look at further.
fn end(judge: &Judge, what: &str, wanted: &str, said: &str, hints: &[&str]) -> Box<EvalAltResult> {
    let hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
    let said: Vec<String> = said.trim().lines().map(|line| line.trim_end().to_owned()).collect();
    let goal = judged(what, false, &[wanted.to_owned()], &said, hints);
    let goal = Goal { diff: Vec::new(), ..goal };
    let mut state = judge.borrow_mut();
    state.judgement.goals.push(goal);
    state.ended = true;
    stop()
}

/// No script can catch it.
fn stop() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated("the judging ended".into(), Position::NONE))
}

fn add(judge: &Judge, goal: Goal) -> Answer<()> {
    let goals = &mut judge.borrow_mut().judgement.goals;
    if goals.len() >= MOST_GOALS {
        return Err(refuse(&format!("an exercise has at most {MOST_GOALS} goals")));
    }
    goals.push(goal);
    Ok(())
}

/// One hint, or several in a list, the gentlest first.
fn hints(hint: Dynamic) -> Answer<Vec<String>> {
    let wrong = || refuse("a goal's hint is text, or a list of texts: the gentlest first");
    if let Ok(text) = hint.clone().into_immutable_string() {
        return Ok(vec![text.to_string()]);
    }
    let list = hint.into_array().map_err(|_| wrong())?;
    list.into_iter().map(|one| one.into_string().map_err(|_| wrong())).collect()
}

fn holds(context: &NativeCallContext, actual: &Dynamic, wanted: &Dynamic) -> Answer<bool> {
    match wanted.clone().try_cast::<Wanted>() {
        None => compare(context, actual, "==", wanted),
        Some(Wanted::AtMost(most)) => compare(context, actual, "<=", &Dynamic::from_int(most)),
        Some(Wanted::AtLeast(least)) => compare(context, actual, ">=", &Dynamic::from_int(least)),
        Some(Wanted::OneOf(values)) => {
            for value in &values {
                if compare(context, actual, "==", value)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(Wanted::Having(value)) => {
            let list = actual.read_lock::<Array>().map(|list| list.clone()).unwrap_or_default();
            for element in &list {
                if compare(context, element, "==", &value)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// Both values as lines; of two texts none is quoted when the other has several lines.
fn both(wanted: &Dynamic, actual: &Dynamic) -> (Vec<String>, Vec<String>) {
    let (one, other) = (lines(wanted), lines(actual));
    let text = |value: &Dynamic| value.clone().into_immutable_string().ok();
    match (text(wanted), text(actual)) {
        (Some(wanted), Some(actual)) if one.len() > 1 || other.len() > 1 => {
            let split = |text: &str| text.lines().map(|line| clipped(line.to_owned())).collect();
            (split(&wanted), split(&actual))
        }
        _ => (one, other),
    }
}

/// A value as lines: a text its lines, a list one for each element, a map one for each key.
fn lines(value: &Dynamic) -> Vec<String> {
    if let Some(wanted) = value.clone().try_cast::<Wanted>() {
        return vec![match wanted {
            Wanted::AtMost(most) => format!("at most {}", grouped(most)),
            Wanted::AtLeast(least) => format!("at least {}", grouped(least)),
            Wanted::OneOf(values) => {
                let values: Vec<String> = values.iter().map(one_line).collect();
                format!("one of {}", values.join(", "))
            }
            Wanted::Having(value) => format!("among them {}", plain(&value)),
        }];
    }
    if let Ok(text) = value.clone().into_immutable_string() {
        let text = text.trim_end_matches('\n');
        return if text.contains('\n') {
            text.lines().map(str::to_owned).collect()
        } else {
            vec![one_line(value)]
        };
    }
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(plain).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect();
    }
    vec![one_line(value)]
}

fn one_line(value: &Dynamic) -> String {
    match value.as_int() {
        Ok(number) => grouped(number),
        Err(_) => clipped(shown(value)),
    }
}

/// An element of a list: a text without quotes.
fn plain(value: &Dynamic) -> String {
    match value.clone().try_cast::<ImmutableString>() {
        Some(text) => clipped(text.replace('\n', "\\n")),
        None => one_line(value),
    }
}

fn clipped(text: String) -> String {
    if text.len() <= MOST_SHOWN {
        return text;
    }
    let end = (0..=MOST_SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or(""))
}

/// Thousands apart, as sizes are easier read.
fn grouped(number: INT) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn judged(text: &str, ok: bool, wanted: &[String], actual: &[String], hints: Vec<String>) -> Goal {
    let diff = if ok || (wanted.len() <= 1 && actual.len() <= 1) { Vec::new() } else { diff(wanted, actual) };
    let joined = |lines: &[String]| if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") };
    Goal { text: text.to_owned(), ok, wanted: joined(wanted), actual: joined(actual), diff, hints }
}

/// `- ` wanted and missing, `+ ` there and not wanted.
pub(crate) fn diff(wanted: &[String], actual: &[String]) -> Vec<String> {
    let (wanted, actual): (Vec<&str>, Vec<&str>) =
        (wanted.iter().map(String::as_str).collect(), actual.iter().map(String::as_str).collect());
    let changes = TextDiff::from_slices(&wanted, &actual);
    let line = |change: similar::Change<&str>| {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        format!("{sign} {}", change.value())
    };
    changes.iter_all_changes().map(line).collect()
}
