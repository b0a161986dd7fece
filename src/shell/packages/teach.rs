//! Packages that a teacher adds to the tables: from a script or a JSON file.
//!
//! A file is an object: the package manager's name, then a list of packages:
//!
//! ```json
//! { "apt": [ { "name": "acme", "version": "1.2", "size": 40960, "depends": ["libc6"],
//!              "programs": ["acme"], "files": { "/etc/acme.conf": "on\n" } } ] }
//! ```
//!
//! Every field is checked; an error names file, entry and field.

use super::table::{Package, Registry, Text};
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, path};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fields of a package.
const FIELDS: [&str; 10] =
    ["name", "version", "size", "download", "depends", "recommends", "suggests", "programs", "files", "all"];
/// The fields of a file of a package.
const FILE_FIELDS: [&str; 5] = ["text", "size", "mode", "link", "program"];
/// Bytes of the largest package or file: 1 TiB. It is described, not held.
const MOST_BYTES: u64 = 1 << 40;
/// Entries of one list, packages or files: what a lab line has the fuel to write.
const MOST_ENTRIES: usize = 100_000;
/// Bytes of a JSON file of packages.
pub const MOST_JSON: u64 = 16 << 20;

/// A file of a taught package.
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

/// The taught packages of a lab. A clone costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packages {
    all: Arc<BTreeMap<(Registry, String), Arc<Package>>>,
    generation: u64,
}

impl Packages {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How often something was taught: another number is another table.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Manager, name and version of each, sorted.
    pub fn list(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        self.all.iter().map(|((registry, name), package)| (registry.name(), name.as_str(), &*package.version))
    }

    pub(super) fn get(&self, registry: Registry, name: &str) -> Option<Arc<Package>> {
        if self.all.is_empty() {
            return None;
        }
        self.all.get(&(registry, name.to_owned())).cloned()
    }

    pub(super) fn names(&self, registry: Registry) -> impl Iterator<Item = &str> {
        self.all.keys().filter(move |(known, _)| *known == registry).map(|(_, name)| name.as_str())
    }

    /// These and the packages of one list; a package of the same name is replaced. `place` begins the
    /// messages: the file or the call.
    ///
    /// # Errors
    /// Nobody knows the manager, or an entry is wrong; nothing is added then.
    pub fn taught(&self, place: &str, manager: &str, entries: &[Value]) -> Result<Packages, Error> {
        let names = Registry::NAMES.iter().flat_map(|(_, names)| *names).copied();
        let registry = Registry::named(manager).ok_or_else(|| {
            Error::new(ErrorKind::Unknown, format!("{place}: there is no package manager `{manager}`"))
                .did_you_mean(manager, names)
                .hint("there are apt, apk, npm, pip, go, dnf, cargo, gem, composer, maven and conda")
        })?;
        if self.len() + entries.len() > MOST_ENTRIES {
            return Err(too_many(&format!("{place}: {manager}"), "packages"));
        }
        let mut all = (*self.all).clone();
        for (at, entry) in entries.iter().enumerate() {
            let name = entry.get("name").and_then(Value::as_str).map(|name| format!(" \"{name}\""));
            let entry_place = format!("{place}: {manager}[{at}]{}", name.unwrap_or_default());
            let package = Reader { place: entry_place, registry }.package(entry)?;
            all.insert((registry, package.name.to_string()), Arc::new(package));
        }
        Ok(Packages { all: Arc::new(all), generation: self.generation + 1 })
    }

    /// These and the packages of a JSON file.
    ///
    /// # Errors
    /// The text is no JSON (with line and column), or an entry is wrong; nothing is added then.
    pub fn taught_by_file(&self, name: &str, source: &[u8]) -> Result<Packages, Error> {
        let value: Value = serde_json::from_slice(source).map_err(|error| {
            let message = format!("{name} is no JSON: {error}");
            let text = String::from_utf8_lossy(source);
            Error::new(ErrorKind::Syntax, message).at(crate::error::Span::locate(
                name,
                &text,
                error.line() as u32,
                error.column() as u32,
                1,
            ))
        })?;
        let shape = "a file of packages is { \"apt\": [ { \"name\": …, \"version\": … } ] }";
        let Value::Object(managers) = value else {
            return Err(Error::new(ErrorKind::Usage, format!("{name} holds no object")).hint(shape));
        };
        let mut all = self.clone();
        for (manager, list) in &managers {
            let Value::Array(entries) = list else {
                let found = kind(list);
                let message = format!("{name}: {manager} is a list of packages, not {found}");
                return Err(Error::new(ErrorKind::Usage, message).hint(shape));
            };
            all = all.taught(name, manager, entries)?;
        }
        Ok(all)
    }
}

fn too_many(place: &str, what: &str) -> Error {
    Error::new(ErrorKind::Limit, format!("{place}: more than {MOST_ENTRIES} {what}"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Reads one entry.
struct Reader {
    place: String,
    registry: Registry,
}

impl Reader {
    fn wrong(&self, field: &str, what: &str) -> Error {
        Error::new(ErrorKind::Usage, format!("{}: `{field}` {what}", self.place))
    }

    fn package(&self, entry: &Value) -> Result<Package, Error> {
        let Value::Object(fields) = entry else {
            let message = format!("{} is an object with name and version, not {}", self.place, kind(entry));
            return Err(Error::new(ErrorKind::Usage, message));
        };
        self.known(fields, &FIELDS)?;
        let name = self.word(fields, "name", is_name)?;
        let version = self.word(fields, "version", is_version)?;
        let files = self.files(fields)?;
        let held: u64 = files
            .iter()
            .map(|(_, file)| match &file.kind {
                Kind::File(contents) => contents.len(),
                Kind::Link(target) => target.len() as u64,
            })
            .fold(0, u64::saturating_add);
        let size = self.bytes(fields, "size")?.unwrap_or(held);
        if size < held {
            return Err(self.wrong("size", &format!("is {size}, less than its files: {held} bytes")));
        }
        let download = self.bytes(fields, "download")?.unwrap_or(size * 3 / 10);
        let all = match fields.get("all") {
            None => false,
            Some(Value::Bool(all)) => *all,
            Some(other) => return Err(self.wrong("all", &format!("is true or false, not {}", kind(other)))),
        };
        Ok(Package {
            name: Text::Owned(name),
            version: Text::Owned(version),
            size,
            archive: download,
            all,
            same: false,
            taught: true,
            count: 0,
            depends: self.names(fields, "depends")?,
            recommends: self.names(fields, "recommends")?,
            suggests: self.names(fields, "suggests")?,
            programs: self.programs(fields)?,
            files,
        })
    }

    fn known(&self, fields: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
        match fields.keys().find(|field| !known.contains(&field.as_str())) {
            None => Ok(()),
            Some(field) => {
                let message = format!("{}: there is no field `{field}`", self.place);
                let error = Error::new(ErrorKind::Usage, message).did_you_mean(field, known.iter().copied());
                Err(error.hint(format!("the fields are {}", known.join(", "))))
            }
        }
    }

    fn word(
        &self,
        fields: &Map<String, Value>,
        field: &str,
        good: fn(&str) -> bool,
    ) -> Result<String, Error> {
        match fields.get(field) {
            Some(Value::String(text)) if good(text) => Ok(text.clone()),
            Some(Value::String(text)) => {
                let shown: String = text.chars().take(60).collect();
                Err(self.wrong(field, &format!("can't be \"{shown}\"")))
            }
            Some(other) => Err(self.wrong(field, &format!("is a text, not {}", kind(other)))),
            None => Err(self.wrong(field, "is missing")),
        }
    }

    fn bytes(&self, fields: &Map<String, Value>, field: &str) -> Result<Option<u64>, Error> {
        match fields.get(field) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(bytes) if bytes <= MOST_BYTES => Ok(Some(bytes)),
                Some(_) => Err(self.wrong(field, "is more than 1 TiB")),
                None => Err(self.wrong(field, "is a whole number of bytes")),
            },
        }
    }

    fn names(&self, fields: &Map<String, Value>, field: &str) -> Result<Vec<Text>, Error> {
        self.list(fields, field, is_name)
    }

    fn list(
        &self,
        fields: &Map<String, Value>,
        field: &str,
        good: fn(&str) -> bool,
    ) -> Result<Vec<Text>, Error> {
        match fields.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(words)) if words.len() > MOST_ENTRIES => Err(too_many(&self.place, field)),
            Some(Value::Array(words)) => words
                .iter()
                .map(|word| match word.as_str() {
                    Some(text) if good(text) => Ok(Text::Owned(text.to_owned())),
                    _ => Err(self.wrong(field, &format!("can't hold {word}"))),
                })
                .collect(),
            Some(other) => Err(self.wrong(field, &format!("is a list of texts, not {}", kind(other)))),
        }
    }

    fn programs(&self, fields: &Map<String, Value>) -> Result<Vec<Text>, Error> {
        self.list(fields, "programs", |word| {
            is_name(word.trim_start_matches('/')) && (word.starts_with('/') == word.contains('/'))
        })
    }

    fn files(&self, fields: &Map<String, Value>) -> Result<Vec<(String, File)>, Error> {
        let files = match fields.get("files") {
            None => return Ok(Vec::new()),
            Some(Value::Object(files)) => files,
            Some(other) => {
                return Err(self.wrong("files", &format!("is an object of paths, not {}", kind(other))));
            }
        };
        if files.len() > MOST_ENTRIES {
            return Err(too_many(&self.place, "files"));
        }
        files
            .iter()
            .map(|(at, value)| {
                self.good_path(at)?;
                Ok((at.clone(), self.file(at, value)?))
            })
            .collect()
    }

    /// Distributions' packages say where their files go; the others have a folder of their own.
    fn good_path(&self, at: &str) -> Result<(), Error> {
        let rooted = matches!(self.registry, Registry::Apt | Registry::Apk | Registry::Dnf);
        let clean = path::clean(at.as_bytes());
        let inside = at.len() < 4096
            && !at.is_empty()
            && !at.contains('\0')
            && !at.split('/').any(|piece| piece == ".." || piece == ".")
            && clean != b"/";
        if !inside {
            return Err(self.wrong("files", &format!("can't hold the path {at:?}")));
        }
        if rooted && !at.starts_with('/') {
            return Err(self.wrong("files", &format!("holds {at:?}, which must begin with /")));
        }
        Ok(())
    }

    fn file(&self, at: &str, value: &Value) -> Result<File, Error> {
        let field = format!("files: {at}");
        let described = |size| Contents::seeded(format!("{} {at}", self.place), size);
        match value {
            Value::String(text) => Ok(File { mode: 0o644, kind: Kind::File(Contents::text(text)) }),
            Value::Number(_) => {
                let size = value.as_u64().filter(|size| *size <= MOST_BYTES);
                let size = size.ok_or_else(|| self.wrong(&field, "is no number of bytes up to 1 TiB"))?;
                Ok(File { mode: 0o644, kind: Kind::File(described(size)) })
            }
            Value::Object(fields) => {
                let inner = Reader { place: format!("{}: {field}", self.place), registry: self.registry };
                inner.known(fields, &FILE_FIELDS)?;
                let text = |name: &str| match fields.get(name) {
                    None => Ok(None),
                    Some(Value::String(text)) => Ok(Some(text.as_str())),
                    Some(other) => Err(inner.wrong(name, &format!("is a text, not {}", kind(other)))),
                };
                let size = inner.bytes(fields, "size")?;
                let mode = inner.mode(fields)?;
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
fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 200
        && word.starts_with(|c: char| c.is_ascii_alphanumeric() || "@._".contains(c))
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._@/~:".contains(c))
        && !word.split('/').any(|piece| piece.is_empty() || piece == ".." || piece == ".")
}

fn is_version(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 100
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._~:!^".contains(c))
        && !word.contains("..")
}
