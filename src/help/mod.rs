//! Topics that `help` prints: short texts, the table of methods, docker's subcommands.
//!
//! `help` lists the subjects in 20 lines; `help surprises` tells each of the kernel's in a sentence; `help
//! WORD` finds a topic, a method, a command or, failing those, every topic that mentions the word.

mod chapters;
mod drivers;
mod limits;
mod overlay;
mod topics;

use crate::command::docker;
use crate::dockerfile::{DIFFERENCES, Version};
use crate::error::{Error, ErrorKind};
use crate::image::catalog;
use crate::script::methods::{self, Method};
use overlay::GROUPS;
use topics::{TOPICS, Topic};

/// The types that scripts see.
const KINDS: &[&str] = &[
    "Mount",
    "Container",
    "Volume",
    "Context",
    "Layer",
    "Image",
    "Host",
    "Registry",
    "Sh",
    "File",
    "MemoryMap",
];

/// The text of a topic, or of everything that mentions it.
///
/// # Errors
/// Nothing mentions the word.
pub fn topic(word: &str) -> Result<String, Error> {
    let word = word.trim().to_lowercase();
    if word.is_empty() {
        return Ok(front_page());
    }
    if ["surprises", "overlayfs", "posix"].contains(&word.as_str()) {
        return Ok(surprises());
    }
    if ["bases", "catalog", "images"].contains(&word.as_str()) {
        return Ok(bases());
    }
    if ["limits", "limit", "unsupported"].contains(&word.as_str()) {
        return Ok(limits::text());
    }
    if ["versions", "version", "docker_version"].contains(&word.as_str()) {
        return Ok(versions());
    }
    if let Some(topic) = topics().find(|topic| topic.name == word || topic.also.contains(&word.as_str())) {
        let members = KINDS.iter().find(|kind| kind.to_lowercase() == word).map(|kind| members(kind));
        let methods = method(&word).map(|lines| format!("\n\n{lines}"));
        let more = members.or(methods).unwrap_or_default();
        let chapter = chapters::of(topic.name);
        return Ok(format!("{}{more}\n\nread on: book/src/{chapter}", topic.text.trim()));
    }
    if let Some(text) = command(&word).or_else(|| kind(&word)).or_else(|| method(&word)) {
        return Ok(text);
    }
    search(&word)
}

/// Every word that `help` answers to, for completion and suggestions.
pub fn words() -> Vec<String> {
    let topics = topics()
        .map(|topic| topic.name.to_owned())
        .chain(["surprises", "bases", "versions", "limits"].map(str::to_owned));
    let commands = docker::subcommands().map(|s| format!("docker {}", s.name));
    let methods = methods::METHODS.iter().map(|method| method.name.to_owned());
    let mut words: Vec<String> = topics.chain(commands).chain(methods).collect();
    words.sort();
    words.dedup();
    words
}

fn topics() -> impl Iterator<Item = &'static Topic> {
    TOPICS.iter().chain(drivers::TOPICS).chain(GROUPS.iter().flat_map(|(_, topics)| *topics))
}

/// The built-in images, and where their figures are from: one letter each, told below the table.
fn bases() -> String {
    let mut text = String::from(
        "Built-in images: FROM takes them, docker pull and docker run too. Names, sizes,\n\
         modes and owners of their files are as in the real ones; what the files hold is\n\
         only described, small texts apart, and scripts are stand-ins. Figures are those\n\
         of the real image where they are known, else estimates that say so.\n\n",
    );
    let width = catalog::known().map(|name| name.len() + 2).max().unwrap_or(0);
    text.push_str(&format!("{:<width$}{:>7}    {:>7}\n", "image", "size", "names"));
    let mut sources: Vec<&str> = Vec::new();
    let mut letter = |source: &'static str| {
        let at = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            sources.push(source);
            sources.len() - 1
        });
        lettered(at)
    };
    for name in catalog::known() {
        let Some(facts) = catalog::facts_of(name) else { continue };
        let (size, names) = (letter(facts.size_from), letter(facts.entries_from));
        let shown = crate::inspect::human_size(facts.size, 3);
        text.push_str(&format!("{name:<width$}{shown:>7} {size:<2} {:>7} {names}\n", facts.entries));
    }
    for (at, source) in sources.iter().enumerate() {
        text.push_str(&format!("\n{:<2} {source}", lettered(at)));
    }
    text
}

/// The letter of a source: `a` to `z`, then `aa`, `ab` …
fn lettered(at: usize) -> String {
    let letter = |at: usize| char::from(b'a'.saturating_add((at % 26) as u8));
    match at / 26 {
        0 => letter(at).to_string(),
        more => format!("{}{}", letter(more - 1), letter(at)),
    }
}

/// Where Docker versions differ: the table that the builders ask.
fn versions() -> String {
    let mut text = String::from(
        "Two Dockers are played: today's (current) and 20.10, with which the recorded\n\
         cases were made. docker_version(\"20.10\") changes it for the builds that follow,\n\
         layerlab build --docker-version 20.10 for one. They differ in this:\n",
    );
    for row in DIFFERENCES {
        text.push_str(&format!("\n{}\n", row.name));
        for (version, does) in [(Version::Current, row.current), (Version::V20_10, row.v20_10)] {
            let lines = wrapped(does, WIDTH - 11).join(&format!("\n{}", " ".repeat(11)));
            text.push_str(&format!("  {:<9}{lines}\n", version.word()));
        }
    }
    text.trim_end().to_owned()
}

fn front_page() -> String {
    let mut text = String::from(
        "Layerlab shows why an image is big, why a step ran again, what a whiteout is.\n\n\
         start    docker run -d --name web nginx:alpine     then  stack web\n\
         mounts   let m = mount([layer(#{ \"/a\": \"1\" })]);   m.rm(\"/a\")   m.upper()\n\
         builds   context(\"app\", #{ \"Dockerfile\": \"…\" });   docker build -t app app\n\
         \x20        explain 3      why step 3 hit or missed      why app --change FILE\n\
         go back  undo · redo · log · save mine.rhai      shell  $ ls /\n\n",
    );
    text.push_str(&group("lab", TOPICS.iter().chain(drivers::TOPICS)));
    for (subject, topics) in GROUPS {
        text.push_str(&group(subject, topics.iter()));
    }
    text.push_str("help whiteout · help surprises · help versions · help docker build · help WORD");
    text
}

/// A subject and the names of its topics, within 80 columns.
fn group<'t>(subject: &str, topics: impl Iterator<Item = &'t Topic>) -> String {
    let names: Vec<&str> = topics.map(|topic| topic.name).collect();
    format!("{subject:<8} {}\n", wrapped(&names.join(" "), WIDTH - 9).join("\n         "))
}

/// The kernel's topics, each with what it says first.
fn surprises() -> String {
    let mut text = String::from(
        "What the kernel's OverlayFS does, and a person who knows POSIX does not expect.\n\
         Each topic has a scenario: layerlab run scenarios/overlay runs them all.\n",
    );
    for (subject, topics) in GROUPS {
        text.push_str(&format!("\n{subject}\n"));
        topics.iter().for_each(|topic| text.push_str(&mention(topic.name, first_sentence(topic.text))));
    }
    text.trim_end().to_owned()
}

fn mention(name: &str, about: String) -> String {
    let column = 23;
    let gap = format!("\n{}", " ".repeat(column));
    format!("  {name:<20} {}\n", wrapped(&about, WIDTH - column).join(&gap))
}

/// A topic's text up to the first full stop.
fn first_sentence(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.split_inclusive(". ").next().unwrap_or_default().trim_end().trim_end_matches('.').to_owned()
}

fn command(word: &str) -> Option<String> {
    let name = word.strip_prefix("docker ")?;
    let found = docker::subcommands().find(|s| s.name == name)?;
    Some(docker::help_text(found).trim_end().to_owned())
}

/// `help mount`: a type and what it has.
fn kind(word: &str) -> Option<String> {
    let name = KINDS.iter().find(|kind| kind.to_lowercase() == word)?;
    let mut text = format!("{name}\n");
    if let Some(function) = methods::functions().find(|f| f.name == word) {
        text.push_str(&line(function));
    }
    methods::of(name).for_each(|method| text.push_str(&line(method)));
    Some(text.trim_end().to_owned())
}

/// What a type has, by name only: for a word that is a topic and a type.
fn members(kind: &str) -> String {
    let mut text = String::from("\n");
    let mut row = format!("\n{kind} has");
    for method in methods::of(kind) {
        if row.trim_start().chars().count() + 1 + method.name.len() > WIDTH {
            text.push_str(&row);
            row = String::from("\n ");
        }
        row.push(' ');
        row.push_str(method.name);
    }
    format!("{text}{row}.\nhelp {}.NAME tells more about one.", kind.to_lowercase())
}

/// `help write`, `help mount.write`, `help c.write` (the session has put the type in for the variable).
fn method(word: &str) -> Option<String> {
    let (kind, name) = word.rsplit_once('.').map_or((None, word), |(kind, name)| (Some(kind), name));
    // A variable that isn't there yet (`help c.write`) says nothing about its type.
    let kind = kind.filter(|kind| KINDS.iter().any(|known| known.to_lowercase() == *kind));
    let name = name.split('(').next().unwrap_or(name);
    let fits = |method: &&Method| {
        method.name == name
            && kind.is_none_or(|kind| {
                method.of.is_empty() || method.of.iter().any(|of| of.to_lowercase() == kind)
            })
    };
    let found: String = methods::METHODS.iter().filter(fits).map(line).collect();
    (!found.is_empty()).then(|| found.trim_end().to_owned())
}

/// Columns of the signature, and of the whole line.
const SIGNATURE: usize = 34;
const WIDTH: usize = 80;

/// The signature and, behind or below it, what it is about, within 80 columns.
fn line(method: &Method) -> String {
    let signature = method.signature();
    let about = wrapped(method.about, WIDTH - SIGNATURE - 3);
    let below = format!("\n{}", " ".repeat(SIGNATURE + 3));
    let gap = if signature.chars().count() > SIGNATURE { below.as_str() } else { " " };
    format!("  {signature:<SIGNATURE$}{gap}{}\n", about.join(&below))
}

/// The words in lines of at most `room` columns.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room);
        if full {
            lines.push(String::new());
        }
        if let Some(last) = lines.last_mut() {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines
}

fn search(word: &str) -> Result<String, Error> {
    let mentions = |text: &str| text.to_lowercase().contains(word);
    let mut text = String::new();
    for topic in topics().filter(|topic| mentions(topic.text)) {
        text.push_str(&mention(topic.name, first_sentence(topic.text)));
    }
    for subcommand in
        docker::subcommands().filter(|s| mentions(s.about) || s.flags.iter().any(|f| mentions(f.help)))
    {
        text.push_str(&format!("  help docker {:<7} {}\n", subcommand.name, subcommand.about));
    }
    for method in methods::METHODS.iter().filter(|m| mentions(m.about) || mentions(m.name)) {
        text.push_str(&line(method));
    }
    if !text.is_empty() {
        return Ok(format!("what mentions `{word}`:\n{}", text.trim_end()));
    }
    let mut known = words();
    known.extend(topics().flat_map(|topic| topic.also).map(|also| (*also).to_owned()));
    Err(Error::new(ErrorKind::Unknown, format!("there is no help on `{word}`"))
        .did_you_mean(word, known.iter().map(String::as_str))
        .hint("help lists the topics"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_page_fits_a_screen() {
        let page = topic("").unwrap();
        assert!(page.lines().count() <= 20, "{}", page.lines().count());
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }

    #[test]
    fn every_topic_fits_80_columns_and_begins_with_its_subject() {
        for topic in topics() {
            for line in topic.text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", topic.name);
            }
            assert!(topic.text.trim().lines().count() >= 3, "{}", topic.name);
            assert!(first_sentence(topic.text).len() > 10, "{}", topic.name);
        }
        for topic in GROUPS.iter().flat_map(|(_, topics)| *topics) {
            let prose = topic.text.trim().lines().take_while(|line| !line.starts_with("    ")).count();
            assert!((5..=9).contains(&prose), "{}: {prose} lines of prose", topic.name);
        }
    }

    #[test]
    fn a_word_leads_to_one_topic() {
        let mut seen = std::collections::BTreeSet::new();
        for topic in topics() {
            for word in topic.also.iter().chain([&topic.name]) {
                assert!(seen.insert(*word), "{word} stands twice");
                assert_eq!(*word, word.to_lowercase(), "{word}");
            }
        }
    }

    #[test]
    fn words_methods_and_search() {
        assert!(topic("whiteout").unwrap().contains("device 0:0"));
        assert!(topic("container.write").unwrap().contains("write(path, text)"));
        assert!(topic("docker build").unwrap().contains("--no-cache"));
        assert!(topic("trusted.").unwrap().starts_with("what mentions"));
        // A word that is a topic and a method tells both.
        assert!(topic("rmdir").unwrap().contains("rmdir(path)"));
        let error = topic("whitout").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `whiteout`?"));
        let error = topic("setuidd").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `setuid`?"));
    }

    #[test]
    fn the_surprises_are_told_in_groups() {
        let page = topic("surprises").unwrap();
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        for topic in GROUPS.iter().flat_map(|(_, topics)| *topics) {
            assert!(page.contains(&format!("  {} ", topic.name)), "{}", topic.name);
        }
    }
}
