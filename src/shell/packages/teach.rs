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
use crate::shell::taught::{self, MOST_ENTRIES, Reader, is_name, kind, too_many};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The fields of a package.
const FIELDS: [&str; 10] =
    ["name", "version", "size", "download", "depends", "recommends", "suggests", "programs", "files", "all"];
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
            let package = package(&Reader { place: entry_place }, registry, entry)?;
            all.insert((registry, package.name.to_string()), Arc::new(package));
        }
        Ok(Packages { all: Arc::new(all), generation: self.generation + 1 })
    }

    /// These and the packages of a JSON file.
    ///
    /// # Errors
    /// The text is no JSON (with line and column), or an entry is wrong; nothing is added then.
    pub fn taught_by_file(&self, name: &str, source: &[u8]) -> Result<Packages, Error> {
        let value = taught::json(name, source)?;
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

/// Reads one entry. Distributions' packages say where their files go; the others have a folder of their own.
fn package(reader: &Reader, registry: Registry, entry: &Value) -> Result<Package, Error> {
    let Value::Object(fields) = entry else {
        let message = format!("{} is an object with name and version, not {}", reader.place, kind(entry));
        return Err(Error::new(ErrorKind::Usage, message));
    };
    let rooted = matches!(registry, Registry::Apt | Registry::Apk | Registry::Dnf);
    reader.known(fields, &FIELDS)?;
    let name = reader.word(fields, "name", is_name)?;
    let version = reader.word(fields, "version", is_version)?;
    let files = reader.files(fields, "files", rooted)?;
    let held: u64 = files.iter().map(|(_, file)| file.len()).fold(0, u64::saturating_add);
    let size = reader.bytes(fields, "size")?.unwrap_or(held);
    if size < held {
        return Err(reader.wrong("size", &format!("is {size}, less than its files: {held} bytes")));
    }
    let download = reader.bytes(fields, "download")?.unwrap_or(size * 3 / 10);
    let all = match fields.get("all") {
        None => false,
        Some(Value::Bool(all)) => *all,
        Some(other) => return Err(reader.wrong("all", &format!("is true or false, not {}", kind(other)))),
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
        depends: owned(reader.list(fields, "depends", is_name)?),
        recommends: owned(reader.list(fields, "recommends", is_name)?),
        suggests: owned(reader.list(fields, "suggests", is_name)?),
        programs: owned(reader.list(fields, "programs", is_program)?),
        files,
    })
}

fn owned(words: Vec<String>) -> Vec<Text> {
    words.into_iter().map(Text::Owned).collect()
}

fn is_version(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 100
        && word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._~:!^".contains(c))
        && !word.contains("..")
}

fn is_program(word: &str) -> bool {
    is_name(word.trim_start_matches('/')) && (word.starts_with('/') == word.contains('/'))
}
