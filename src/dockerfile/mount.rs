//! `RUN --mount=type=…,target=…`.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/instructions/commands_runmount.go`
//! (`parseMount`) and Go's `encoding/csv`.

use super::expand::{ExpandError, Lexer, Lookup};
use super::fault::Fault;
use super::instruction::{MountType, RunMount};
use super::quote::quoted;
use super::spans::Word;
use super::suggest::near;
use super::version::{Difference, Version};
use crate::trace::Fuel;

const TYPES: &[(&str, MountType)] = &[
    ("bind", MountType::Bind),
    ("cache", MountType::Cache),
    ("tmpfs", MountType::Tmpfs),
    ("secret", MountType::Secret),
    ("ssh", MountType::Ssh),
];

const SHARING: &[&str] = &["shared", "private", "locked"];

const KEYS: &[&str] = &[
    "type",
    "from",
    "source",
    "target",
    "readonly",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
    "readwrite",
    "env",
];

impl RunMount {
    /// The mount with its values expanded, as a builder needs it. Docker 20.10 takes them as written.
    ///
    /// # Errors
    /// Bad values: the current version looks at them only now.
    pub fn expand(&self, lexer: Lexer, env: Lookup, fuel: &mut Fuel) -> Result<RunMount, ExpandError> {
        if !lexer.version.has(Difference::MountExpansion) {
            return Ok(self.clone());
        }
        read(&self.written, lexer.version, &mut |value| lexer.word(value, env, fuel))
    }
}

/// What the parser makes of a mount before variables are known. Docker 20.10 checks everything
/// here; today's only refuses variables in `from`, and what else is wrong shows in [`RunMount::expand`].
pub(super) fn at_parse_time(written: Word, version: Version) -> Result<RunMount, Fault> {
    let fault = |message: String| Fault::line(message, written.place).hint(advice(&written.text));
    let as_written = read(&written, version, &mut |value| Ok(value.to_owned()));
    if !version.has(Difference::MountExpansion) {
        return as_written.map_err(|error| fault(error.message));
    }
    let fields = fields(&written.text).map_err(&fault)?;
    for (key, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        let dollar = value.find('$').is_some_and(|at| at + 1 != value.len());
        if key.eq_ignore_ascii_case("from") && dollar {
            return Err(Fault::line(
                "'from' doesn't support variable expansion, define alias stage instead",
                written.place,
            )
            .hint("give the image a name with FROM … AS name, and write from=name"));
        }
    }
    Ok(as_written.unwrap_or_else(|_| RunMount { written: written.clone(), ..RunMount::default() }))
}

fn advice(written: &str) -> &'static str {
    if written.contains("type=") {
        "keys and values are parted by `=`, pairs by commas, without blanks"
    } else {
        "write type=bind, cache, tmpfs, secret or ssh first"
    }
}

type Expander<'a> = dyn FnMut(&str) -> Result<String, ExpandError> + 'a;

fn read(written: &Word, version: Version, expand: &mut Expander) -> Result<RunMount, ExpandError> {
    let mut reading = Reading {
        mount: RunMount { written: written.clone(), ..RunMount::default() },
        read_only: None,
        today: version.has(Difference::MountExpansion),
    };
    for field in fields(&written.text).map_err(ExpandError::refused)? {
        reading.field(&field, expand)?;
    }
    reading.finish().map_err(ExpandError::refused)
}

struct Reading {
    mount: RunMount,
    read_only: Option<bool>,
    today: bool,
}

impl Reading {
    fn field(&mut self, field: &str, expand: &mut Expander) -> Result<(), ExpandError> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_lowercase(), Some(value)),
            None => (field.to_lowercase(), None),
        };
        let value = value.map(expand).transpose()?;
        let done = match value {
            None => self.bare(&key, field),
            Some(value) => self.pair(&key, &value, field),
        };
        done.map_err(ExpandError::refused)
    }

    /// A key without a value.
    fn bare(&mut self, key: &str, field: &str) -> Result<(), String> {
        match key {
            "readonly" | "ro" => self.read_only = Some(true),
            "readwrite" | "rw" => self.read_only = Some(false),
            "required" => {
                self.may(key, &[MountType::Secret, MountType::Ssh])?;
                self.mount.required = true;
            }
            _ => return Err(format!("invalid field '{field}' must be a key=value pair")),
        }
        Ok(())
    }

    fn pair(&mut self, key: &str, value: &str, field: &str) -> Result<(), String> {
        let mount = &mut self.mount;
        match key {
            "type" => {
                let found = TYPES.iter().find(|(word, _)| value.eq_ignore_ascii_case(word));
                let Some((_, kind)) = found else {
                    let message = format!("unsupported mount type {}", quoted(value));
                    return Err(self.suggesting(message, value, &mut TYPES.iter().map(|(word, _)| *word)));
                };
                mount.kind = *kind;
            }
            "from" => mount.from = value.to_owned(),
            "source" | "src" => mount.source = value.to_owned(),
            "target" | "dst" | "destination" => mount.target = value.to_owned(),
            "readonly" | "ro" => self.read_only = Some(boolean(key, value)?),
            "readwrite" | "rw" => self.read_only = Some(!boolean(key, value)?),
            "required" => {
                self.may(key, &[MountType::Secret, MountType::Ssh])?;
                self.mount.required = boolean(key, value)?;
            }
            "size" if self.today => {
                self.may(key, &[MountType::Tmpfs])?;
                let bytes = bytes(value).ok_or_else(|| format!("invalid value for {key}: {value}"))?;
                self.mount.size = Some(bytes);
            }
            "id" => mount.id = value.to_owned(),
            "sharing" => {
                let sharing = value.to_lowercase();
                if !SHARING.contains(&sharing.as_str()) {
                    let message = format!("unsupported sharing value {}", quoted(value));
                    return Err(self.suggesting(message, value, &mut SHARING.iter().copied()));
                }
                mount.sharing = sharing;
            }
            "mode" => mount.mode = Some(number(key, value, 8)?),
            "uid" => mount.uid = Some(number(key, value, 10)?),
            "gid" => mount.gid = Some(number(key, value, 10)?),
            "env" if self.today => mount.env = Some(value.to_owned()),
            _ => {
                let message = format!("unexpected key '{key}' in '{field}'");
                return Err(self.suggesting(message, key, &mut KEYS.iter().copied()));
            }
        }
        Ok(())
    }

    /// Is the key allowed for the type given so far?
    fn may(&self, key: &str, kinds: &[MountType]) -> Result<(), String> {
        if kinds.contains(&self.mount.kind) {
            return Ok(());
        }
        Err(format!("unexpected key '{key}' for mount type '{}'", self.mount.kind.word()))
    }

    /// Today's message ends in a suggestion, if there is one.
    fn suggesting(
        &self,
        message: String,
        word: &str,
        options: &mut dyn Iterator<Item = &'static str>,
    ) -> String {
        match near(word, options, true).filter(|_| self.today) {
            Some(near) => format!("{message} (did you mean {near}?)"),
            None => message,
        }
    }

    /// Checks what only the whole can tell.
    fn finish(mut self) -> Result<RunMount, String> {
        let mount = &mut self.mount;
        let kind = mount.kind;
        if !matches!(kind, MountType::Secret | MountType::Ssh | MountType::Cache) {
            let given = [("mode", mount.mode), ("uid", mount.uid), ("gid", mount.gid)];
            if let Some((key, _)) = given.iter().find(|(_, value)| value.is_some()) {
                return Err(format!("{key} not allowed for {} type mounts", quoted(kind.word())));
            }
        }
        let writable = matches!(kind, MountType::Cache | MountType::Tmpfs);
        mount.read_only = self.read_only.unwrap_or(!writable);
        let sharing = || match mount.sharing.is_empty() || kind == MountType::Cache {
            true => Ok(()),
            false => Err(format!("invalid cache sharing set for {} mount", kind.word())),
        };
        // the two versions ask these questions in a different order
        if !self.today {
            sharing()?;
        }
        if kind == MountType::Secret {
            check_secret(mount)?;
        }
        sharing()?;
        Ok(self.mount)
    }
}

fn check_secret(mount: &RunMount) -> Result<(), String> {
    let words = if !mount.from.is_empty() {
        "secret mount should not have a from"
    } else if !mount.sharing.is_empty() {
        "secret mount should not define sharing"
    } else if mount.source.is_empty() && mount.target.is_empty() && mount.id.is_empty() {
        "invalid secret mount. one of source, target required"
    } else if !mount.source.is_empty() && !mount.id.is_empty() {
        "both source and id can't be set"
    } else {
        return Ok(());
    };
    Err(words.to_owned())
}

/// What Go's `strconv.ParseBool` takes.
fn boolean(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("invalid value for {key}: {value}")),
    }
}

fn number(key: &str, value: &str, radix: u32) -> Result<u64, String> {
    let digits = !value.is_empty() && value.chars().all(|c| c.is_digit(radix));
    let number = digits.then(|| u32::from_str_radix(value, radix).ok()).flatten();
    number.map(u64::from).ok_or_else(|| format!("invalid value {value} for {key}"))
}

/// Bytes as go-units' `RAMInBytes` reads them: `64m`, `1.5GiB`, `1024`.
fn bytes(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || c == '.')? + 1;
    let number: f64 = text.get(..end)?.trim_end().parse().ok().filter(|number: &f64| *number >= 0.0)?;
    let suffix = text.get(end..)?.trim_start().to_ascii_lowercase();
    let prefix = suffix.strip_suffix("ib").or(suffix.strip_suffix('b')).unwrap_or(&suffix);
    let power = match prefix {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    Some((number * 1024f64.powi(power)) as u64)
}

/// The fields of a mount or a secret: one CSV record.
///
/// # Errors
/// BuildKit's words about quotes out of place.
pub fn fields(text: &str) -> Result<Vec<String>, String> {
    let wrap = |what: &str, at: usize| {
        format!("failed to parse csv mounts: parse error on line 1, column {}: {what}", at + 1)
    };
    if text.is_empty() {
        return Err("failed to parse csv mounts: EOF".to_owned());
    }
    let (mut found, mut rest) = (Vec::new(), text);
    loop {
        let at = text.len() - rest.len();
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, after) = match rest.split_once(',') {
                Some((field, after)) => (field, Some(after)),
                None => (rest, None),
            };
            if let Some(quote) = field.find('"') {
                return Err(wrap("bare \" in non-quoted field", at + quote));
            }
            found.push(field.to_owned());
            match after {
                Some(after) => rest = after,
                None => return Ok(found),
            }
            continue;
        };
        let (field, after) =
            quoted_field(quoted).ok_or_else(|| wrap("extraneous or missing \" in quoted-field", at))?;
        found.push(field);
        match after {
            Some(after) => rest = after,
            None => return Ok(found),
        }
    }
}

/// A field after its opening quote, and what follows the comma after it.
fn quoted_field(text: &str) -> Option<(String, Option<&str>)> {
    let (mut field, mut rest) = (String::new(), text);
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        rest = match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                after
            }
            None if after.is_empty() => return Some((field, None)),
            None => return after.strip_prefix(',').map(|after| (field, Some(after))),
        };
    }
}
