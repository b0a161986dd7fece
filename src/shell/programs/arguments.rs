//! Command lines: flags, options with values, operands.

use super::usage::{self, Known};
use crate::shell::call::Call;

/// A command line taken apart as getopt_long does: options anywhere, `--` ends them.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Options in order: a letter, or a long name; with its value.
    options: Vec<(String, Option<String>)>,
    pub operands: Vec<String>,
}

/// What options there are.
pub(crate) struct Spec {
    /// Letters without a value.
    pub flags: &'static str,
    /// Letters with a value.
    pub values: &'static str,
    /// Long names and the letter (or name) they stand for. `=` at the end: takes a value.
    pub long: &'static [(&'static str, &'static str)],
}

impl Arguments {
    /// Takes the call's arguments apart. A wrong option is complained about, one that is not modelled
    /// is noted: the exit status.
    pub fn parse(call: &mut Call<'_, '_>, spec: &Spec) -> Result<Arguments, i32> {
        let words = call.args();
        Arguments::read(call, words, spec)
    }

    /// [`Arguments::parse`] of other words.
    pub fn read(call: &mut Call<'_, '_>, words: &[String], spec: &Spec) -> Result<Arguments, i32> {
        let known = usage::known(call);
        Arguments::of(words, spec, known).map_err(|wrong| usage::wrong(call, &wrong))
    }

    /// Operands alone.
    pub fn plain(operands: Vec<String>) -> Arguments {
        Arguments { operands, ..Arguments::default() }
    }

    /// Sources and target of `cp`, `mv` and `install`: `-t DIR`, else the last operand. Complains when one is missing:
    /// the exit status.
    pub fn destination(&self, call: &mut Call<'_, '_>) -> Result<(Vec<String>, String), i32> {
        let mut sources = self.operands.clone();
        if let Some(target) = self.value("t") {
            if sources.is_empty() {
                return Err(call.usage("missing file operand"));
            }
            return Ok((sources, target.to_owned()));
        }
        match sources.pop() {
            Some(target) if !sources.is_empty() => Ok((sources, target)),
            Some(target) => Err(call.usage(&format!("missing destination file operand after '{target}'"))),
            None => Err(call.usage("missing file operand")),
        }
    }

    /// [`Arguments::parse`] without a word. `known` are the options that the real program has.
    pub fn of(args: &[String], spec: &Spec, known: Option<Known>) -> Result<Arguments, Wrong> {
        let mut parsed = Arguments::default();
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                parsed.operands.extend(words.cloned());
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                parsed.options.push(spelled_out(long, spec, known, &mut words)?);
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else {
                parsed.operands.push(word.clone());
                continue;
            };
            let mut chars = letters.chars();
            while let Some(letter) = chars.next() {
                if known.is_some_and(|known| !known.letter(letter)) {
                    return Err(Wrong::Unknown(letter.to_string()));
                }
                if spec.flags.contains(letter) {
                    parsed.options.push((letter.to_string(), None));
                } else if spec.values.contains(letter) {
                    let rest: String = chars.by_ref().collect();
                    let value = if rest.is_empty() { words.next().cloned() } else { Some(rest) };
                    let value = value.ok_or_else(|| Wrong::NoValue(letter.to_string()))?;
                    parsed.options.push((letter.to_string(), Some(value)));
                } else if known.is_some() {
                    return Err(Wrong::NotModelled(format!("-{letter}")));
                } else {
                    return Err(Wrong::Unknown(letter.to_string()));
                }
            }
        }
        Ok(parsed)
    }

    /// Was the flag there?
    pub fn has(&self, letter: &str) -> bool {
        self.options.iter().any(|(name, _)| name == letter)
    }

    /// Was any of these letters there?
    pub fn any(&self, letters: &str) -> bool {
        self.options.iter().any(|(name, _)| letters.contains(name.as_str()))
    }

    /// The last value given for an option.
    pub fn value(&self, letter: &str) -> Option<&str> {
        self.options.iter().rev().find(|(name, _)| name == letter).and_then(|(_, value)| value.as_deref())
    }

    /// All values given for an option.
    pub fn values<'a>(&'a self, letter: &'a str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(name, _)| name == letter).filter_map(|(_, value)| value.as_deref())
    }

    /// Of these letters, the one given last.
    pub fn last_of(&self, letters: &str) -> Option<&str> {
        self.options.iter().rev().map(|(name, _)| name.as_str()).find(|name| letters.contains(name))
    }
}

/// A long option (without its `--`), which may be cut short: its letter and its value.
fn spelled_out(
    word: &str,
    spec: &Spec,
    known: Option<Known>,
    words: &mut std::slice::Iter<'_, String>,
) -> Result<(String, Option<String>), Wrong> {
    let (given, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    let name = match known {
        Some(known) => known.name(given, word)?,
        None => given,
    };
    let row = spec.long.iter().find(|(row, _)| row.trim_end_matches('=') == name);
    let Some((row, letter)) = row else {
        return Err(match known {
            Some(_) => Wrong::NotModelled(format!("--{name}")),
            None => Wrong::Unknown(word.to_owned()),
        });
    };
    let value = match value {
        None if row.ends_with('=') => {
            Some(words.next().cloned().ok_or_else(|| Wrong::NoValue(name.to_owned()))?)
        }
        value => value,
    };
    Ok(((*letter).to_owned(), value))
}

/// What is wrong with a command line.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// No such option: its letter, or its name.
    Unknown(String),
    /// A long name that may be any of several.
    Ambiguous(String),
    NoValue(String),
    /// The real program has it.
    NotModelled(String),
}

/// A size as `dd`, `head -c`, `truncate` take it: `10`, `4k`, `2M`, `1GB`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let factor: u64 = match text.get(digits..)? {
        "" | "c" => 1,
        "w" => 2,
        "b" => 512,
        "k" | "K" | "KiB" | "kiB" => 1 << 10,
        "kB" | "KB" => 1000,
        "m" | "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "g" | "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        "t" | "T" | "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Keys as they were written before POSIX: `+1 -2` is `-k 2,2`. GNU's sort still takes them.
pub(super) fn old_keys(words: &[String]) -> Vec<String> {
    let field = |word: &str, sign: char| {
        let digits = word.strip_prefix(sign)?;
        let number: u32 = digits.parse().ok()?;
        number.checked_add(1)
    };
    let mut out = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            out.push(word.clone());
            out.extend(words.cloned());
            break;
        }
        let Some(start) = field(word, '+') else {
            out.push(word.clone());
            continue;
        };
        let end = words.peek().and_then(|next| field(next, '-'));
        out.push(match end {
            Some(end) => format!("-k{start},{}", end - 1),
            None => format!("-k{start}"),
        });
        if end.is_some() {
            words.next();
        }
    }
    out
}
