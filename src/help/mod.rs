//! Topics that `help` prints: short texts, the table of methods, docker's subcommands.
//!
//! `help` lists the subjects in under 20 lines; `help WORD` finds a topic, a method, a command or, failing
//! those, every topic that mentions the word.

mod topics;

use crate::command::docker;
use crate::error::{Error, ErrorKind};
use crate::script::methods::{self, Method};
use topics::TOPICS;

/// The types that scripts see.
const KINDS: &[&str] = &["Mount", "Container", "Context", "Layer", "Image", "Sh", "File", "MemoryMap"];

/// The text of a topic, or of everything that mentions it.
///
/// # Errors
/// Nothing mentions the word.
pub fn topic(word: &str) -> Result<String, Error> {
    let word = word.trim().to_lowercase();
    if word.is_empty() {
        return Ok(front_page());
    }
    if let Some(topic) = TOPICS.iter().find(|topic| topic.name == word || topic.also.contains(&word.as_str()))
    {
        let members = KINDS.iter().find(|kind| kind.to_lowercase() == word).map(|kind| members(kind));
        return Ok(format!("{}{}", topic.text.trim(), members.unwrap_or_default()));
    }
    if let Some(text) = command(&word).or_else(|| kind(&word)).or_else(|| method(&word)) {
        return Ok(text);
    }
    search(&word)
}

/// Every word that `help` answers to, for completion and suggestions.
pub fn words() -> Vec<String> {
    let topics = TOPICS.iter().map(|topic| topic.name.to_owned());
    let commands = docker::subcommands().map(|s| format!("docker {}", s.name));
    let methods = methods::METHODS.iter().map(|method| method.name.to_owned());
    let mut words: Vec<String> = topics.chain(commands).chain(methods).collect();
    words.sort();
    words.dedup();
    words
}

fn front_page() -> String {
    let mut text = String::from(
        "Layerlab shows why an image is big, why a step ran again, what a whiteout is.\n\n\
         start    docker run -d --name web nginx:alpine     then  stack web\n\
         \x20        docker history nginx:latest\n\
         files    let m = mount([layer(#{ \"/a\": \"1\" })]);   m.rm(\"/a\")   m.upper()\n\
         builds   context(\"app\", #{ \"Dockerfile\": \"…\" });   docker build -t app app\n\
         \x20        explain 3      why step 3 hit or missed\n\
         go back  undo · redo · log · save mine.rhai\n\
         shell    $ ls /         the lab's own host\n\n\
         topics ",
    );
    let mut column = 8;
    for topic in TOPICS {
        if column + topic.name.len() + 1 > 78 {
            text.push_str("\n       ");
            column = 7;
        }
        text.push(' ');
        text.push_str(topic.name);
        column += topic.name.len() + 1;
    }
    text.push_str("\n\nhelp whiteout · help docker build · help mount.write · help WORD searches");
    text
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
    let room = WIDTH - SIGNATURE - 3;
    let mut about: Vec<String> = vec![String::new()];
    for word in method.about.split(' ') {
        let full = about.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() > room);
        if full {
            about.push(String::new());
        }
        if let Some(last) = about.last_mut() {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    let below = format!("\n{}", " ".repeat(SIGNATURE + 3));
    let gap = if signature.chars().count() > SIGNATURE { below.as_str() } else { " " };
    format!("  {signature:<SIGNATURE$}{gap}{}\n", about.join(&below))
}

fn search(word: &str) -> Result<String, Error> {
    let mentions = |text: &str| text.to_lowercase().contains(word);
    let mut text = String::new();
    for topic in TOPICS.iter().filter(|topic| mentions(topic.text)) {
        text.push_str(&format!(
            "  help {:<14} {}\n",
            topic.name,
            topic.text.trim().lines().next().unwrap_or("")
        ));
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
    let known = words();
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
        for topic in TOPICS {
            for line in topic.text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", topic.name);
            }
            assert!(topic.text.trim().lines().count() >= 3, "{}", topic.name);
        }
    }

    #[test]
    fn words_methods_and_search() {
        assert!(topic("whiteout").unwrap().contains("device 0:0"));
        assert!(topic("container.write").unwrap().contains("write(path, text)"));
        assert!(topic("docker build").unwrap().contains("--no-cache"));
        assert!(topic("hard link").unwrap().starts_with("what mentions"));
        let error = topic("whitout").unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `whiteout`?"));
    }
}
