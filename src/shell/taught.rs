//! Reading what a teacher writes as JSON or as a script's map: packages, addresses. Every field is
//! checked, and an error names the place and the field.

use crate::error::{Error, ErrorKind, Span};
use crate::fs::{Contents, path};
use serde_json::{Map, Value};

/// Bytes of the largest thing that can be taught: 1 TiB. It is described, not held.
const MOST_BYTES: u64 = 1 << 40;
/// Entries of one list: what a lab line has the fuel to write.
pub(super) const MOST_ENTRIES: usize = 100_000;
/// Bytes of a JSON file of packages or addresses.
pub const MOST_JSON: u64 = 16 << 20;
/// The fields of a file.
const FILE_FIELDS: [&str; 5] = ["text", "size", "mode", "link", "program"];

/// A file that was taught.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct File {
    pub mode: u16,
    pub kind: Kind,
}

/// What it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Known or described contents.
    File(Contents),
    /// A symbolic link.
    Link(String),
}

impl File {
    /// Bytes it holds.
    pub fn len(&self) -> u64 {
        match &self.kind {
            Kind::File(contents) => contents.len(),
            Kind::Link(target) => target.len() as u64,
        }
    }
}

/// The JSON value of a file's text. The error has line and column.
pub(super) fn json(name: &str, source: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(source).map_err(|error| {
        let message = format!("{name} is no JSON: {error}");
        let text = String::from_utf8_lossy(source);
        let (line, column) = (error.line() as u32, error.column() as u32);
        Error::new(ErrorKind::Syntax, message).at(Span::locate(name, &text, line, column, 1))
    })
}

/// What a value is, for a message.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

pub(super) fn too_many(place: &str, what: &str) -> Error {
    Error::new(ErrorKind::Limit, format!("{place}: more than {MOST_ENTRIES} {what}"))
}

/// Reads the fields of one entry.
pub(super) struct Reader {
    /// How its messages begin: the file or the call, and the entry.
    pub place: String,
}

impl Reader {
    /// A field that is wrong.
    pub fn wrong(&self, field: &str, what: &str) -> Error {
        Error::new(ErrorKind::Usage, format!("{}: `{field}` {what}", self.place))
    }

    /// Refuses fields that nobody knows.
    pub fn known(&self, fields: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            None => Ok(()),
            Some(field) => {
                let message = format!("{}: there is no field `{field}`", self.place);
                let error = Error::new(ErrorKind::Usage, message);
                let error = error.did_you_mean(field, known.iter().copied());
                Err(error.hint(format!("the fields are {}", known.join(", "))))
            }
        }
    }

    /// A text that must be there.
    pub fn word(
        &self,
        fields: &Map<String, Value>,
        field: &str,
        good: fn(&str) -> bool,
    ) -> Result<String, Error> {
        match self.text(fields, field)? {
            Some(text) if good(text) => Ok(text.to_owned()),
            Some(text) => {
                let shown: String = text.chars().take(60).collect();
                Err(self.wrong(field, &format!("can't be \"{shown}\"")))
            }
            None => Err(self.wrong(field, "is missing")),
        }
    }

    /// A text that may be there.
    pub fn text<'a>(&self, fields: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, Error> {
        match fields.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(field, &format!("is a text, not {}", kind(other)))),
        }
    }

    /// A number of bytes.
    pub fn bytes(&self, fields: &Map<String, Value>, field: &str) -> Result<Option<u64>, Error> {
        match fields.get(field) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(bytes) if bytes <= MOST_BYTES => Ok(Some(bytes)),
                Some(_) => Err(self.wrong(field, "is more than 1 TiB")),
                None => Err(self.wrong(field, "is a whole number of bytes")),
            },
        }
    }

    /// A list of texts.
    pub fn list(
        &self,
        fields: &Map<String, Value>,
        field: &str,
        good: fn(&str) -> bool,
    ) -> Result<Vec<String>, Error> {
        match fields.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(words)) if words.len() > MOST_ENTRIES => Err(too_many(&self.place, field)),
            Some(Value::Array(words)) => words
                .iter()
                .map(|word| match word.as_str() {
                    Some(text) if good(text) => Ok(text.to_owned()),
                    _ => Err(self.wrong(field, &format!("can't hold {word}"))),
                })
                .collect(),
            Some(other) => Err(self.wrong(field, &format!("is a list of texts, not {}", kind(other)))),
        }
    }

    /// An object of paths and files. Paths begin with `/` if they are `rooted`.
    pub fn files(
        &self,
        fields: &Map<String, Value>,
        field: &str,
        rooted: bool,
    ) -> Result<Vec<(String, File)>, Error> {
        let files = match fields.get(field) {
            None => return Ok(Vec::new()),
            Some(Value::Object(files)) => files,
            Some(other) => {
                return Err(self.wrong(field, &format!("is an object of paths, not {}", kind(other))));
            }
        };
        if files.len() > MOST_ENTRIES {
            return Err(too_many(&self.place, field));
        }
        let one = |(at, value): (&String, &Value)| {
            self.good_path(field, at, rooted)?;
            Ok((at.clone(), self.file(field, at, value)?))
        };
        files.iter().map(one).collect()
    }

    fn good_path(&self, field: &str, at: &str, rooted: bool) -> Result<(), Error> {
        let inside = at.len() < 4096
            && !at.is_empty()
            && !at.contains('\0')
            && !at.split('/').any(|piece| piece == ".." || piece == ".")
            && path::clean(at.as_bytes()) != b"/";
        if !inside {
            return Err(self.wrong(field, &format!("can't hold the path {at:?}")));
        }
        if rooted && !at.starts_with('/') {
            return Err(self.wrong(field, &format!("holds {at:?}, which must begin with /")));
        }
        Ok(())
    }

    fn file(&self, field: &str, at: &str, value: &Value) -> Result<File, Error> {
        let field = format!("{field}: {at}");
        let described = |size| Contents::seeded(format!("{} {at}", self.place), size);
        match value {
            Value::String(text) => Ok(File { mode: 0o644, kind: Kind::File(Contents::text(text)) }),
            Value::Number(_) => {
                let size = value.as_u64().filter(|size| *size <= MOST_BYTES);
                let size = size.ok_or_else(|| self.wrong(&field, "is no number of bytes up to 1 TiB"))?;
                Ok(File { mode: 0o644, kind: Kind::File(described(size)) })
            }
            Value::Object(fields) => {
                let inner = Reader { place: format!("{}: {field}", self.place) };
                inner.known(fields, &FILE_FIELDS)?;
                let size = inner.bytes(fields, "size")?;
                let mode = inner.mode(fields)?;
                let text = |name| inner.text(fields, name);
                let (kind, usual) = match (text("text")?, text("link")?, text("program")?, size) {
                    (Some(text), None, None, None) => (Kind::File(Contents::text(text)), 0o644),
                    (None, Some(target), None, None) => (Kind::Link(target.to_owned()), 0o777),
                    (None, None, Some(tag), size) if is_name(tag) => {
                        (Kind::File(Contents::of_program(tag, size.unwrap_or(16_384))), 0o755)
                    }
                    (None, None, None, Some(size)) => (Kind::File(described(size)), 0o644),
                    _ => {
                        let message = format!("{}: a file has one of text, size, link, program", inner.place);
                        return Err(Error::new(ErrorKind::Usage, message));
                    }
                };
                Ok(File { mode: mode.unwrap_or(usual), kind })
            }
            other => Err(self.wrong(&field, &format!("is a text, a size or an object, not {}", kind(other)))),
        }
    }

    /// `"0755"`, or the number itself.
    fn mode(&self, fields: &Map<String, Value>) -> Result<Option<u16>, Error> {
        let mode = match fields.get("mode") {
            None => return Ok(None),
            Some(Value::String(text)) => u64::from_str_radix(text.trim_start_matches("0o"), 8).ok(),
            Some(value) => value.as_u64(),
        };
        match mode.filter(|mode| *mode <= 0o7777) {
            Some(mode) => Ok(Some(mode as u16)),
            None => Err(self.wrong("mode", "is octal, \"0755\"")),
        }
    }
}

/// A name in any of the registries: no blanks, nothing that leaves a directory.
pub(super) fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 200
        && word.starts_with(|c: char| c.is_ascii_alphanumeric() || "@._".contains(c))
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._@/~:".contains(c))
        && !word.split('/').any(|piece| piece.is_empty() || piece == ".." || piece == ".")
}
