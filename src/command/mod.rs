//! Command lines: `docker …`, `$ …` and what stands behind their pipes.
//!
//! One door: a REPL line, `docker("…")` in a script and a course goal all come through [`run`].

pub mod dive;
pub mod docker;
mod filter;
pub mod options;
mod secret;
pub mod words;

use crate::build::Build;
use crate::error::{Error, ErrorKind};
use crate::fs::{Fill, FillFolder, FolderForm, FolderWriter, Host, HostError, Stored};
use crate::image::archive::{self, Form, Loaded, Place};
use crate::lab::Lab;
use crate::shell::{self, Process, Programs, Sandbox};
use crate::trace::{Event, Fuel, Stream, Trace};
pub use secret::without_passwords;
use std::sync::Arc;
use words::{CommandLine, Origin};

/// What a command answered. A failing command is an answer too: `exit` says so.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Exit status.
    pub exit: i32,
    /// The build, if it was one.
    pub build: Option<Arc<Build>>,
    /// Rows of a table it printed, as JSON values, for scripts.
    pub rows: Vec<serde_json::Value>,
    /// What the command showed through events of its own; `out` then isn't printed once more.
    pub shown: bool,
    /// Events beside what was printed.
    told: Option<Box<Told>>,
    /// The next word to type.
    pub next: Option<String>,
}

/// What an answer tells beside its output.
#[derive(Clone, Debug, Default)]
struct Told {
    /// What `out` says, as an event of its own: shown in its place, unless a filter stands behind a pipe.
    picture: Option<Event>,
    /// What the lab adds.
    after: Vec<Event>,
}

impl Answer {
    /// The same, with an event that is shown in the place of its output.
    #[must_use]
    fn drawn(mut self, picture: Event) -> Answer {
        self.told.get_or_insert_default().picture = Some(picture);
        self
    }

    /// The same, with what the lab adds behind the output.
    #[must_use]
    fn telling(mut self, after: Vec<Event>) -> Answer {
        if !after.is_empty() {
            self.told.get_or_insert_default().after = after;
        }
        self
    }

    /// A successful answer that prints this.
    pub fn printed(out: impl Into<String>) -> Answer {
        Answer { out: out.into(), ..Answer::default() }
    }
}

/// The files outside the lab, and whether a person typed the line: then the files it names may be
/// anywhere, while a script stays below its folder.
pub struct Outside<'a> {
    /// The files.
    pub host: &'a mut dyn Host,
    /// Typed at the prompt?
    pub typed: bool,
    /// Who shows an image's layers and files, if somebody looks at a screen.
    pub screen: Option<&'a mut (dyn Screen + 'static)>,
    /// Who writes a report on an image.
    pub report: Option<dive::Report>,
}

/// Shows things that are more than lines of text.
pub trait Screen {
    /// Shows an image, or what differs in another, until somebody has seen enough.
    ///
    /// # Errors
    /// There is no usable screen.
    fn look(&mut self, subject: dive::Subject, other: Option<dive::Subject>) -> Result<(), Error>;
}

impl Outside<'_> {
    /// The bytes of a named file.
    fn read(&mut self, word: &words::Word, origin: Origin<'_>) -> Result<Vec<u8>, Error> {
        self.admit(word);
        let read = self.host.read(&word.text, MOST_ARCHIVE);
        read.map_err(|error| Error::new(ErrorKind::Host, error.to_string()).at(origin.of(word)))
    }

    /// A named file, to be read where it lies; in memory at most `limit` bytes of it.
    fn open(&mut self, word: &words::Word, limit: u64, origin: Origin<'_>) -> Result<Stored, Error> {
        self.admit(word);
        let opened = self.host.open(&word.text, limit);
        opened.map_err(|error| Error::new(ErrorKind::Host, error.to_string()).at(origin.of(word)))
    }

    /// The images of the archive, or of its folder, that a word names.
    fn images(
        &mut self,
        word: &words::Word,
        options: &archive::Options,
        origin: Origin<'_>,
        fuel: &mut Fuel,
    ) -> Result<Vec<Loaded>, Error> {
        let place = Place::of(&word.text);
        let file = words::Word { text: place.path.to_owned(), ..word.clone() };
        self.admit(&file);
        let is_folder = self.host.list(&file.text).is_ok();
        let read = match (place.form, is_folder) {
            (Form::OciFolder, false) => {
                let opened = self.host.list(&file.text);
                let error = opened.err().unwrap_or_else(|| HostError::new(&file.text, "not a folder"));
                return Err(Error::new(ErrorKind::Host, error.to_string()).at(origin.of(word)));
            }
            (Form::OciFolder | Form::Any, true) => archive::open_folder(self.host, &file.text, options, fuel),
            _ => archive::open(&self.open(&file, options.limit, origin)?, options, fuel),
        };
        let chosen = read.and_then(|read| archive::chosen(read, place.tag));
        chosen.map_err(|error| error.at(origin.of(word)))
    }

    /// Writes a named folder in one step; what a script writes goes nowhere. Was it written?
    fn write_folder(
        &mut self,
        word: &words::Word,
        origin: Origin<'_>,
        form: &FolderForm,
        fill: &mut FillFolder<'_>,
    ) -> Result<bool, Error> {
        let refused = |message: String| Error::new(ErrorKind::Host, message).at(origin.of(word));
        if !self.typed {
            let made = fill(&mut Nowhere);
            return made.map(|()| false).map_err(|error| refused(error.to_string()));
        }
        self.admit(word);
        let written = self.host.write_folder(&word.text, form, fill);
        written.map(|()| true).map_err(|error| refused(error.to_string()))
    }

    /// Replaces a named file in one step. Only a person writes files: for a script the bytes are made and go
    /// nowhere. Was it written?
    fn write_with(
        &mut self,
        word: &words::Word,
        origin: Origin<'_>,
        fill: &mut Fill<'_>,
    ) -> Result<bool, Error> {
        let refused = |message: String| Error::new(ErrorKind::Host, message).at(origin.of(word));
        if !self.typed {
            let made = fill(&mut std::io::sink());
            return made.map(|()| false).map_err(|error| refused(error.to_string()));
        }
        self.admit(word);
        let written = self.host.write_with(&word.text, fill);
        written.map(|()| true).map_err(|error| refused(error.to_string()))
    }

    /// A file that a person names may be anywhere.
    fn admit(&mut self, word: &words::Word) {
        if self.typed {
            let file = word.text.trim_end_matches('/');
            let folder = file.rfind('/').map_or(".", |at| if at == 0 { "/" } else { &file[..at] });
            // A folder that is not there is told by the reading.
            let _ = self.host.admit(folder);
        }
    }
}

/// A folder that is not written.
struct Nowhere;

impl FolderWriter for Nowhere {
    fn file(&mut self, _name: &str, fill: &mut Fill<'_>) -> std::io::Result<()> {
        fill(&mut std::io::sink())
    }
}

/// Largest archive that is read, packed or not, in bytes: what a line may write out in memory.
const MOST_ARCHIVE: u64 = crate::trace::Limits::LINE.bytes;

/// Runs one command line: what it prints goes out as events, once its filters have had it.
///
/// # Errors
/// The line can't be read, or names something that isn't there. A command that fails as the real one
/// would is no error.
pub fn run(
    lab: &mut Lab,
    line: &str,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Answer, Error> {
    if let Some(script) = host_line(line) {
        let answer = on_host(lab, script, programs, t);
        show(&answer, t);
        return Ok(answer);
    }
    let parsed = CommandLine::parse(line, origin)?;
    let Some(first) = parsed.words.first() else {
        return Err(Error::new(ErrorKind::Syntax, "there is no command")
            .at(origin.span(1, 1))
            .hint("try docker ps"));
    };
    let mut answer = match first.text.as_str() {
        "docker" | "docker-compose" => {
            let docker = if first.text == "docker" { parsed.clone() } else { as_plugin(&parsed) };
            match parsed.filters.is_empty() {
                true => docker::run(lab, &docker, origin, outside, programs, t)?,
                false => piped(t, |t| docker::run(lab, &docker, origin, outside, programs, t))?,
            }
        }
        "dive" => dive::run(lab, &parsed, origin, outside, t)?,
        word @ "mount" => return Err(later(word, origin, first)),
        other => {
            return Err(Error::new(ErrorKind::Unknown, format!("there is no command `{other}`"))
                .at(origin.of(first))
                .did_you_mean(other, ["docker", "dive"])
                .hint("commands are docker and `$ …` for a shell line"));
        }
    };
    if !parsed.filters.is_empty() {
        if let Some(told) = &mut answer.told {
            told.picture = None;
        }
        filter::apply(lab, &mut answer, &parsed.filters, origin, t)?;
    }
    show(&answer, t);
    Ok(answer)
}

/// `docker-compose …` as `docker compose …`.
fn as_plugin(line: &CommandLine) -> CommandLine {
    let mut plugin = line.clone();
    if let Some(first) = plugin.words.first().cloned() {
        let word = |text: &str| words::Word { text: text.to_owned(), ..first.clone() };
        plugin.words.splice(..1, [word("docker"), word("compose")]);
    }
    plugin
}

/// A command whose output goes into a pipe: what a program of a container prints is not shown as it comes.
fn piped(t: &mut Trace, run: impl FnOnce(&mut Trace) -> Result<Answer, Error>) -> Result<Answer, Error> {
    if !t.listening() {
        return run(t);
    }
    let (mut answer, mut events) = t.collect(run);
    if let Ok(answer) = &mut answer
        && answer.shown
        && answer.build.is_none()
    {
        events.retain(|event| !matches!(event, Event::Output { .. }));
        answer.shown = false;
    }
    t.replay(events);
    answer
}

fn later(word: &str, origin: Origin<'_>, at: &words::Word) -> Error {
    Error::new(ErrorKind::Unknown, format!("`{word} -t overlay` is not modelled yet"))
        .at(origin.of(at))
        .hint("mount([top, base]) mounts layers")
}

fn show(answer: &Answer, t: &mut Trace) {
    if let Some(picture) = answer.told.as_ref().and_then(|told| told.picture.as_ref()) {
        t.emit(|| picture.clone());
    } else if !answer.shown && (!answer.out.is_empty() || !answer.err.is_empty()) {
        t.emit(|| Event::Printed { out: answer.out.clone(), err: answer.err.clone(), exit: answer.exit });
    }
    // What ran has printed its lines itself; that it failed may show in none of them.
    if answer.shown && answer.build.is_none() && answer.exit != 0 && t.fuel.exhausted().is_none() {
        t.emit(|| Event::Printed { out: String::new(), err: String::new(), exit: answer.exit });
    }
    for event in answer.told.iter().flat_map(|told| &told.after) {
        t.emit(|| event.clone());
    }
    if let Some(next) = &answer.next {
        t.emit(|| Event::Next { text: next.clone() });
    }
}

/// The shell line behind `$ `, if this is one.
fn host_line(line: &str) -> Option<&str> {
    let line = line.trim();
    line.strip_prefix("$ ").or(if line == "$" { Some("") } else { None })
}

/// A shell line on the lab's own host. `cd` stays for the next line.
fn on_host(lab: &mut Lab, script: &str, programs: &mut dyn Programs, t: &mut Trace) -> Answer {
    lab.tick();
    let outcome = host_shell(lab, script, programs, t);
    if let Some(cwd) = changed_directory(lab, script, outcome.exit, t) {
        lab.cwd = cwd;
    }
    for (stream, text) in &outcome.lines {
        t.emit(|| Event::Output { stream: *stream, text: text.clone() });
    }
    report_not_modelled(&outcome, t);
    Answer {
        out: String::from_utf8_lossy(&outcome.out).into_owned(),
        err: String::from_utf8_lossy(&outcome.err).into_owned(),
        exit: outcome.exit,
        shown: true,
        ..Answer::default()
    }
}

/// Says what a process called that the lab does not model.
pub(crate) fn report_not_modelled(outcome: &shell::Outcome, t: &mut Trace) {
    for program in &outcome.not_modelled {
        t.emit(|| Event::not_modelled(program, "it did nothing and succeeded"));
    }
}

fn host_shell(lab: &mut Lab, script: &str, programs: &mut dyn Programs, t: &mut Trace) -> shell::Outcome {
    let process = Process {
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()],
        env: host_env(),
        cwd: lab.cwd.clone(),
        sandbox: Sandbox::Host,
        strict: lab.strict,
        packages: lab.packages.clone(),
        urls: lab.urls.clone(),
        ..Process::default()
    };
    shell::run(&mut lab.host, &process, programs, t)
}

fn host_env() -> indexmap::IndexMap<String, String> {
    [("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/root")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into_iter()
        .collect()
}

/// A line that begins with `cd` changes the directory of the lines after it, as in a terminal.
fn changed_directory(lab: &mut Lab, script: &str, exit: i32, t: &mut Trace) -> Option<String> {
    let target = script.trim().strip_prefix("cd")?;
    if exit != 0
        || !(target.is_empty() || target.starts_with(' '))
        || target.contains(['&', ';', '|', '$', '`'])
    {
        return None;
    }
    let target = target.trim().trim_matches(['"', '\'']);
    let path = crate::fs::path::absolute(&lab.cwd, if target.is_empty() { crate::lab::HOME } else { target });
    let real = t.quietly(|t| lab.host.realpath(path.as_bytes(), t)).ok()?;
    Some(String::from_utf8_lossy(&real).into_owned())
}

/// Lines of text as output events.
pub(crate) fn emit_lines(stream: Stream, text: &str, t: &mut Trace) {
    for line in text.lines() {
        t.emit(|| Event::Output { stream, text: line.to_owned() });
    }
}
