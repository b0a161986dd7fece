//! Flags of a command, declared as data: parsing, help and completion read the same table.

use super::words::{Origin, Word};
use crate::error::{Error, ErrorKind};

/// A flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Without dashes: "build-arg".
    pub long: &'static str,
    /// One letter, if it has one.
    pub short: Option<char>,
    /// What its value is called in help; none for a switch.
    pub value: Option<&'static str>,
    /// One line of help.
    pub help: &'static str,
}

/// A switch.
pub const fn switch(long: &'static str, short: Option<char>, help: &'static str) -> Flag {
    Flag { long, short, value: None, help }
}

/// A flag with a value.
pub const fn valued(
    long: &'static str,
    short: Option<char>,
    value: &'static str,
    help: &'static str,
) -> Flag {
    Flag { long, short, value: Some(value), help }
}

/// What was given: flags in the order they were written, then operands.
#[derive(Clone, Debug, Default)]
pub struct Given {
    flags: Vec<(&'static str, Word)>,
    /// What is not a flag.
    pub operands: Vec<Word>,
}

impl Given {
    /// Was the switch given (and not as `--x=false`)?
    pub fn is_set(&self, long: &str) -> bool {
        self.last(long).is_some_and(|word| word.text != "false")
    }

    /// The value given last.
    pub fn last(&self, long: &str) -> Option<&Word> {
        self.flags.iter().rev().find(|(name, _)| *name == long).map(|(_, word)| word)
    }

    /// The text given last.
    pub fn text(&self, long: &str) -> Option<&str> {
        self.last(long).map(|word| word.text.as_str())
    }

    /// All values in order.
    pub fn all<'a>(&'a self, long: &'a str) -> impl Iterator<Item = &'a Word> {
        self.flags.iter().filter(move |(name, _)| *name == long).map(|(_, word)| word)
    }
}

/// Parses `words` (behind the command's name) by `flags`. With `stop_at_operand` everything from the
/// first operand on is an operand, as `docker run IMAGE -x` needs it.
///
/// # Errors
/// An unknown flag, a missing value, a value on a switch.
pub fn parse(
    words: &[Word],
    flags: &[Flag],
    stop_at_operand: bool,
    origin: Origin<'_>,
) -> Result<Given, Error> {
    let mut given = Given::default();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let text = word.text.as_str();
        if text == "--" {
            given.operands.extend(rest.cloned());
            break;
        } else if let Some(long) = text.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let flag = flags
                .iter()
                .find(|flag| flag.long == name)
                .ok_or_else(|| unknown(&format!("--{name}"), flags, word, origin))?;
            let value = match (value, flag.value) {
                (Some(value), _) => Word { text: value.to_owned(), ..word.clone() },
                (None, None) => Word { text: "true".to_owned(), ..word.clone() },
                (None, Some(what)) => {
                    rest.next().cloned().ok_or_else(|| missing(text, what, word, origin))?
                }
            };
            given.flags.push((flag.long, value));
        } else if text.len() > 1 && text.starts_with('-') {
            letters(word, flags, &mut rest, &mut given, origin)?;
        } else {
            given.operands.push(word.clone());
            if stop_at_operand {
                given.operands.extend(rest.cloned());
                break;
            }
        }
    }
    Ok(given)
}

/// `-it`, `-n3`, `-t tag`.
fn letters(
    word: &Word,
    flags: &[Flag],
    rest: &mut std::slice::Iter<'_, Word>,
    given: &mut Given,
    origin: Origin<'_>,
) -> Result<(), Error> {
    let letters = &word.text[1..];
    for (at, letter) in letters.char_indices() {
        let flag = flags
            .iter()
            .find(|flag| flag.short == Some(letter))
            .ok_or_else(|| unknown(&format!("-{letter}"), flags, word, origin))?;
        let Some(what) = flag.value else {
            given.flags.push((flag.long, Word { text: "true".to_owned(), ..word.clone() }));
            continue;
        };
        let glued = letters[at + letter.len_utf8()..].trim_start_matches('=');
        let value = if glued.is_empty() {
            rest.next().cloned().ok_or_else(|| missing(&format!("-{letter}"), what, word, origin))?
        } else {
            Word { text: glued.to_owned(), ..word.clone() }
        };
        given.flags.push((flag.long, value));
        return Ok(());
    }
    Ok(())
}

fn unknown(flag: &str, flags: &[Flag], word: &Word, origin: Origin<'_>) -> Error {
    let known: Vec<String> = flags.iter().map(|flag| format!("--{}", flag.long)).collect();
    let error = Error::new(ErrorKind::Usage, format!("unknown flag: {flag}")).at(origin.of(word));
    // Flags of `layerlab build`: the lab has words for them.
    if let "--packages" | "--urls" = flag {
        let name = flag.trim_start_matches('-');
        return error.hint(format!("{name}(\"file.json\") teaches the whole lab; help {name}"));
    }
    let error = error.did_you_mean(flag, known.iter().map(String::as_str));
    if known.is_empty() {
        error.hint("it takes no flags")
    } else {
        error.hint(format!("it takes {}", known.join(", ")))
    }
}

fn missing(flag: &str, what: &str, word: &Word, origin: Origin<'_>) -> Error {
    Error::new(ErrorKind::Usage, format!("{flag} needs a value"))
        .at(origin.of(word))
        .hint(format!("write {flag} {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::words::CommandLine;
    use super::*;

    const FLAGS: &[Flag] = &[
        valued("tag", Some('t'), "NAME", "name the image"),
        valued("build-arg", None, "K=V", "set a build argument"),
        switch("detach", Some('d'), "in the background"),
        switch("interactive", Some('i'), "keep stdin open"),
    ];

    fn given(line: &str, stop: bool) -> Result<Given, Error> {
        let origin = Origin { file: "t", line: 1, column: 1, text: line };
        parse(&CommandLine::parse(line, origin).unwrap().words, FLAGS, stop, origin)
    }

    #[test]
    fn long_short_glued_and_repeated() {
        let g = given("-t a --build-arg X=1 --build-arg=Y=2 -di . -tb", false).unwrap();
        assert_eq!(g.text("tag"), Some("b"));
        assert_eq!(g.all("build-arg").map(|w| w.text.as_str()).collect::<Vec<_>>(), ["X=1", "Y=2"]);
        assert!(g.is_set("detach") && g.is_set("interactive"));
        assert_eq!(g.operands[0].text, ".");
        assert!(!given("--detach=false", false).unwrap().is_set("detach"));
    }

    #[test]
    fn a_command_behind_an_operand_keeps_its_flags() {
        let g = given("-d img ls -d -- x", true).unwrap();
        assert_eq!(
            g.operands.iter().map(|w| w.text.as_str()).collect::<Vec<_>>(),
            ["img", "ls", "-d", "--", "x"]
        );
    }

    #[test]
    fn errors_suggest() {
        let error = given("--tga x", false).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean `--tag`?"));
        assert_eq!(given("-t", false).unwrap_err().hint.as_deref(), Some("write -t NAME"));
        assert!(given("-dé", false).is_err());
    }
}
