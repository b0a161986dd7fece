//! `docker …`: one table of subcommands; help and completion read it too.

mod archives;
mod build;
mod cache_flags;
mod compose;
mod compose_up;
mod containers;
mod filters;
mod housekeeping;
mod images;
mod info;
mod mounts;
mod push_pull;
mod registry;
mod volumes;

use super::options::{self, Flag, Given};
use super::words::{CommandLine, Origin, Word};
use super::{Answer, Outside};
use crate::error::{Error, ErrorKind};
use crate::fs::Digest;
use crate::lab::Lab;
use crate::shell::Programs;
use crate::trace::Trace;

pub use build::judge;
pub use housekeeping::why_layer;

/// A subcommand.
pub struct Subcommand {
    /// "build", "image ls" …
    pub name: &'static str,
    /// What follows the name in the usage line.
    pub usage: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// Its flags.
    pub flags: &'static [Flag],
    /// Everything behind the first operand belongs to another command (`docker run IMAGE ls -l`).
    stop_at_operand: bool,
    run: fn(&mut Call<'_, '_>) -> Result<Answer, Error>,
}

/// A subcommand being run.
struct Call<'a, 'o> {
    lab: &'a mut Lab,
    given: Given,
    env: &'a [(String, String)],
    subcommand: &'static Subcommand,
    origin: Origin<'a>,
    /// The subcommand's own word, to point at.
    name: Word,
    outside: &'a mut Outside<'o>,
    programs: &'a mut dyn Programs,
    t: &'a mut Trace,
}

impl Call<'_, '_> {
    /// The only operand.
    fn operand(&self, what: &str) -> Result<&Word, Error> {
        match self.given.operands.as_slice() {
            [only] => Ok(only),
            [] => Err(self.usage(format!("{what} is missing"))),
            [_, extra, ..] => Err(self.usage("there is one word too many").at(self.origin.of(extra))),
        }
    }

    /// Gives a new image the name that a word asks for.
    fn name_image(&mut self, id: Digest, word: Option<&Word>) -> Result<(), Error> {
        match word {
            Some(word) if !self.lab.images.tag(&word.text, id) => {
                Err(Error::new(ErrorKind::Usage, format!("`{}` can't name an image", word.text))
                    .at(self.origin.of(word))
                    .hint("names are lower case: name or name:tag"))
            }
            _ => Ok(()),
        }
    }

    /// At least one operand.
    fn operands(&self, what: &str) -> Result<&[Word], Error> {
        match self.given.operands.as_slice() {
            [] => Err(self.usage(format!("{what} is missing"))),
            words => Ok(words),
        }
    }

    fn usage(&self, message: impl Into<String>) -> Error {
        let Subcommand { name, usage, .. } = self.subcommand;
        Error::new(ErrorKind::Usage, message)
            .at(self.origin.of(&self.name))
            .hint(format!("usage: docker {name} {usage}").trim_end().to_owned())
    }

    /// Points an error about a word at that word.
    fn about<T>(&self, word: &Word, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| error.at(self.origin.of(word)))
    }
}

/// All subcommands, by name.
pub fn subcommands() -> impl Iterator<Item = &'static Subcommand> {
    build::SUBCOMMANDS
        .iter()
        .chain(containers::SUBCOMMANDS)
        .chain(images::SUBCOMMANDS)
        .chain(registry::SUBCOMMANDS)
        .chain(housekeeping::SUBCOMMANDS)
        .chain(archives::SUBCOMMANDS)
        .chain(info::SUBCOMMANDS)
        .chain(volumes::SUBCOMMANDS)
        .chain(compose::SUBCOMMANDS)
}

/// Other spellings of a subcommand.
const SAME: &[(&str, &str)] = &[
    ("system info", "info"),
    ("image build", "build"),
    ("buildx build", "build"),
    ("builder build", "build"),
    ("container run", "run"),
    ("container exec", "exec"),
    ("container ls", "ps"),
    ("container ps", "ps"),
    ("container list", "ps"),
    ("container rm", "rm"),
    ("container remove", "rm"),
    ("container diff", "diff"),
    ("container commit", "commit"),
    ("container inspect", "inspect"),
    ("image ls", "images"),
    ("image list", "images"),
    ("image rm", "rmi"),
    ("image remove", "rmi"),
    ("image tag", "tag"),
    ("image pull", "pull"),
    ("image push", "push"),
    ("image history", "history"),
    ("image inspect", "inspect"),
    ("image load", "load"),
    ("image save", "save"),
    ("image import", "import"),
    ("container export", "export"),
    ("volume list", "volume ls"),
    ("volume remove", "volume rm"),
];

/// Docker's words that the lab knows of but does not model, and why.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("--debug", "`docker build --check` shows every warning with its lines"),
    ("search", "help bases lists what Docker Hub has here"),
    ("network", "the lab has no network"),
    ("logs", "containers run no process of their own; `docker exec` prints what it runs"),
    ("cp", "`docker exec` and the container's own write, read and append work"),
    ("swarm", "one host is enough for layers"),
];

/// The words that [`run`] refuses, and why.
pub fn not_modelled() -> impl Iterator<Item = (&'static str, &'static str)> {
    NOT_MODELLED.iter().copied()
}

/// Runs `docker …`.
pub(super) fn run(
    lab: &mut Lab,
    line: &CommandLine,
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Answer, Error> {
    let (host, words) = host(line, origin)?;
    let Some((name, at)) = host else {
        return on_host(lab, (words, &line.env), origin, outside, programs, t);
    };
    let before = lab.go_to(&name).map_err(|error| match &at {
        Some(word) => error.at(origin.of(word)),
        None => error,
    })?;
    let answer = on_host(lab, (words, &line.env), origin, outside, programs, t);
    lab.go_to(&before)?;
    answer
}

/// The host that a line names, and the word that does.
type Named = Option<(String, Option<Word>)>;

/// `docker -H NAME …`, `docker --context NAME …` or `DOCKER_HOST=NAME docker …`: the host that is meant, the word
/// that says so, and the words behind it. Of an address only the host counts.
fn host<'l>(line: &'l CommandLine, origin: Origin<'_>) -> Result<(Named, &'l [Word]), Error> {
    let variable = |name: &str| line.env.iter().find(|(key, _)| key == name);
    let mut host =
        variable("DOCKER_HOST").or(variable("DOCKER_CONTEXT")).map(|(_, value)| (value.clone(), None));
    let mut words = &line.words[1..];
    while let Some(first) = words.first() {
        let (flag, glued) = match first.text.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => (first.text.as_str(), None),
        };
        if !matches!(flag, "-H" | "--host" | "-c" | "--context") {
            break;
        }
        words = &words[1..];
        let (value, word) = match (glued, words.first()) {
            (Some(value), _) => (value, first.clone()),
            (None, Some(word)) => {
                words = &words[1..];
                (word.text.clone(), word.clone())
            }
            (None, None) => {
                let missing = Error::new(ErrorKind::Usage, format!("{flag} needs a value"));
                return Err(missing.at(origin.of(first)).hint("docker -H ci images"));
            }
        };
        host = Some((value, Some(word)));
    }
    let named = host.map(|(value, word)| {
        let address = value.split_once("://").map_or(value.as_str(), |(_, rest)| rest);
        let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
        let name = address.split([':', '/']).next().unwrap_or_default();
        // A socket of this machine, and Docker's own word for it.
        let name = if name.is_empty() || name == "default" { crate::lab::FIRST } else { name };
        (name.to_owned(), word)
    });
    Ok((named, words))
}

/// Runs `docker …` on the host at hand, with the storage driver that it names.
fn on_host(
    lab: &mut Lab,
    (mut words, env): (&[Word], &[(String, String)]),
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Answer, Error> {
    let before = lab.storage;
    let mut driver = before;
    while let Some((named, used)) = info::storage_flag(words, origin)? {
        (driver, words) = (named, &words[used..]);
    }
    lab.storage = driver;
    let answer = subcommand(lab, (words, env), origin, outside, programs, t);
    lab.storage = before;
    answer
}

/// The words behind `docker` and its own flags.
fn subcommand(
    lab: &mut Lab,
    (words, env): (&[Word], &[(String, String)]),
    origin: Origin<'_>,
    outside: &mut Outside<'_>,
    programs: &mut dyn Programs,
    t: &mut Trace,
) -> Result<Answer, Error> {
    let Some(first) = words.first() else {
        return Ok(Answer::printed(overview()));
    };
    if matches!(first.text.as_str(), "help" | "--help" | "-h") {
        return match words.get(1) {
            Some(word) => help(find(&words[1..], origin).map_err(|e| e.at(origin.of(word)))?.0),
            None => Ok(Answer::printed(overview())),
        };
    }
    if matches!(first.text.as_str(), "--version" | "-v") {
        return Ok(Answer::printed("Layerlab's docker: BuildKit and the legacy builder, in memory\n"));
    }
    let (subcommand, used) = find(words, origin)?;
    let rest = &words[used..];
    if rest.first().is_some_and(|word| word.text == "--help") {
        return help(subcommand);
    }
    let given = options::parse(rest, subcommand.flags, subcommand.stop_at_operand, origin)?;
    let name = words[used - 1].clone();
    (subcommand.run)(&mut Call { lab, given, env, subcommand, origin, name, outside, programs, t })
}

/// The subcommand that the words begin with, and how many words it took.
fn find(words: &[Word], origin: Origin<'_>) -> Result<(&'static Subcommand, usize), Error> {
    let first = words[0].text.as_str();
    let two = words.get(1).map(|second| format!("{first} {}", second.text));
    let three = two.as_ref().zip(words.get(2)).map(|(two, third)| format!("{two} {}", third.text));
    if let Some(found) = three.and_then(|three| subcommands().find(|s| s.name == three)) {
        return Ok((found, 3));
    }
    let real = |name: &str| {
        SAME.iter().find(|(other, _)| *other == name).map_or(name.to_owned(), |(_, same)| (*same).to_owned())
    };
    if let Some(two) = &two
        && let Some(found) = subcommands().find(|s| s.name == real(two))
    {
        return Ok((found, 2));
    }
    if let Some(found) = subcommands().find(|s| s.name == first) {
        return Ok((found, 1));
    }
    if let Some((word, why)) = NOT_MODELLED.iter().find(|(word, _)| *word == first) {
        return Err(Error::new(ErrorKind::Unknown, format!("`docker {word}` is not modelled: {why}"))
            .at(origin.of(&words[0]))
            .hint("`docker help` lists what is"));
    }
    let known = subcommands().map(|s| s.name).chain(["image", "container", "system", "volume"]);
    let wrong = match (first, words.get(1)) {
        ("image" | "container" | "buildx" | "builder" | "system" | "manifest" | "volume", Some(second)) => {
            second
        }
        _ => &words[0],
    };
    Err(Error::new(ErrorKind::Unknown, format!("docker has no command `{}` here", wrong.text))
        .at(origin.of(wrong))
        .did_you_mean(&wrong.text, known)
        .hint("`docker help` lists the commands"))
}

fn overview() -> String {
    let mut text = String::from("Usage: docker COMMAND\n\nCommands:\n");
    for subcommand in subcommands() {
        // A long name has a line of its own, so that what is said of all stands below each other.
        let gap = if subcommand.name.len() > 12 { format!("\n{}", " ".repeat(15)) } else { String::new() };
        text.push_str(&format!("  {:<12} {gap}{}\n", subcommand.name, subcommand.about).replace(" \n", "\n"));
    }
    text.push_str(
        "\nOn another Docker host of the lab: docker -H NAME COMMAND\nMore about one: docker help COMMAND\n",
    );
    text
}

fn help(subcommand: &Subcommand) -> Result<Answer, Error> {
    Ok(Answer::printed(help_text(subcommand)))
}

/// What `docker help NAME` prints.
pub fn help_text(subcommand: &Subcommand) -> String {
    let mut text =
        format!("Usage: docker {} {}\n\n{}\n", subcommand.name, subcommand.usage, subcommand.about);
    if !subcommand.flags.is_empty() {
        text.push_str("\nFlags:\n");
    }
    for flag in subcommand.flags {
        let short = flag.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
        let value = flag.value.map_or(String::new(), |value| format!(" {value}"));
        text.push_str(&format!("  {short}{:<24} {}\n", format!("--{}{value}", flag.long), flag.help));
    }
    text
}
