//! The table of packages: one line each, the same columns for every package manager, read on demand.
//!
//! The lines are facts of the registries, kept as text below `data/`; the first lines of each file say
//! where they come from and of which day they are. What a teacher adds ([`super::teach`]) lies over them.

use super::teach::Packages;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, OnceLock};

/// A word of a table: of a built-in one, or taught.
pub(crate) type Text = Cow<'static, str>;

/// Where packages come from: one for each family of package managers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Registry {
    /// Debian's and Ubuntu's archives.
    Apt,
    /// Alpine's repositories.
    Apk,
    /// The registry of npm, yarn and pnpm.
    Npm,
    /// The Python package index.
    Pip,
    /// Go modules.
    Go,
    /// RPM repositories: dnf, yum, microdnf.
    Dnf,
    /// Rust's crates.
    Cargo,
    /// Ruby's gems.
    Gem,
    /// PHP's packages.
    Composer,
    /// Maven repositories.
    Maven,
    /// Conda channels.
    Conda,
}

impl Registry {
    /// All, with the names that a teacher may use; the first is the one that is shown.
    pub const NAMES: [(Registry, &'static [&'static str]); 11] = [
        (Registry::Apt, &["apt", "apt-get"]),
        (Registry::Apk, &["apk"]),
        (Registry::Npm, &["npm", "yarn", "pnpm"]),
        (Registry::Pip, &["pip", "pip3"]),
        (Registry::Go, &["go"]),
        (Registry::Dnf, &["dnf", "yum", "microdnf"]),
        (Registry::Cargo, &["cargo"]),
        (Registry::Gem, &["gem", "bundle"]),
        (Registry::Composer, &["composer"]),
        (Registry::Maven, &["maven", "mvn", "gradle"]),
        (Registry::Conda, &["conda", "mamba"]),
    ];

    /// The registry of a package manager.
    pub fn named(word: &str) -> Option<Registry> {
        Registry::NAMES.iter().find(|(_, names)| names.contains(&word)).map(|(registry, _)| *registry)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Registry::NAMES.iter().find(|(known, _)| *known == self).map_or("", |(_, names)| names[0])
    }
}

/// A package.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Package {
    pub name: Text,
    pub version: Text,
    /// Bytes when installed.
    pub size: u64,
    /// Bytes of the archive that is downloaded.
    pub archive: u64,
    /// Architecture-independent: `all`, `noarch`.
    pub all: bool,
    /// `Multi-Arch: same`: dpkg names it with its architecture.
    pub same: bool,
    /// A teacher's.
    pub taught: bool,
    /// Files when installed; 0 is unknown.
    pub count: u64,
    pub depends: Vec<Text>,
    pub recommends: Vec<Text>,
    pub suggests: Vec<Text>,
    /// Programs: absolute paths, or bare names where the manager decides on the directory.
    pub programs: Vec<Text>,
    /// Files with known contents: only taught packages have them.
    pub files: Vec<(String, crate::shell::taught::File)>,
}

impl Package {
    /// The architecture's name in Debian's wording.
    pub fn arch(&self) -> &'static str {
        if self.all { "all" } else { "amd64" }
    }

    /// As dpkg and apt name it: with the architecture where several may be installed side by side.
    pub fn full_name(&self) -> String {
        if self.same { format!("{}:amd64", self.name) } else { self.name.to_string() }
    }
}

/// A built-in file of lines, unpacked and indexed by name on first use.
pub(crate) struct Rows {
    packed: &'static [u8],
    text: OnceLock<String>,
    index: OnceLock<HashMap<&'static str, &'static str>>,
}

impl Rows {
    const fn new(packed: &'static [u8]) -> Rows {
        Rows { packed, text: OnceLock::new(), index: OnceLock::new() }
    }

    fn text(&'static self) -> &'static str {
        self.text.get_or_init(|| {
            let mut text = String::new();
            // The build script packed it; a test reads every line.
            match flate2::read::GzDecoder::new(self.packed).read_to_string(&mut text) {
                Ok(_) => text,
                Err(_) => String::new(),
            }
        })
    }

    fn index(&'static self) -> &'static HashMap<&'static str, &'static str> {
        self.index.get_or_init(|| {
            let lines = self.text().lines().filter(|line| !line.starts_with('#'));
            lines.filter_map(|line| Some((line.split(' ').next()?, line))).collect()
        })
    }

    fn get(&'static self, name: &str) -> Option<Package> {
        self.index().get(name).and_then(|line| read(line))
    }
}

/// A table of `data/`, as the build script packed it.
macro_rules! rows {
    ($name:literal) => {
        Rows::new(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")))
    };
}

pub(crate) static BOOKWORM: Rows = rows!("bookworm");
pub(crate) static BULLSEYE: Rows = rows!("bullseye");
pub(crate) static JAMMY: Rows = rows!("jammy");
static ALPINE: Rows = rows!("apk-packages");
static NPM: Rows = rows!("npm");
static PYPI: Rows = rows!("pypi");
static OTHERS: Rows = rows!("others");

/// The packages of one registry: the built-in lines with the taught ones over them.
#[derive(Clone)]
pub(crate) struct Table {
    registry: Registry,
    rows: &'static Rows,
    taught: Packages,
}

impl Table {
    /// Of Debian or Ubuntu, by the lines of the release.
    pub fn of_archive(rows: &'static Rows, taught: &Packages) -> Table {
        Table { registry: Registry::Apt, rows, taught: taught.clone() }
    }

    /// Of any other registry.
    pub fn of(registry: Registry, taught: &Packages) -> Table {
        let rows = match registry {
            Registry::Apk => &ALPINE,
            Registry::Npm => &NPM,
            Registry::Pip => &PYPI,
            Registry::Apt => &BOOKWORM,
            _ => &OTHERS,
        };
        Table { registry, rows, taught: taught.clone() }
    }

    fn key<'n>(&self, name: &'n str) -> Cow<'n, str> {
        match self.registry {
            Registry::Apt | Registry::Apk | Registry::Npm | Registry::Pip => Cow::Borrowed(name),
            other => Cow::Owned(format!("{}:{name}", other.name())),
        }
    }

    /// A package by name.
    pub fn get(&self, name: &str) -> Option<Arc<Package>> {
        if let Some(taught) = self.taught.get(self.registry, name) {
            return Some(taught);
        }
        let mut package = self.rows.get(&self.key(name))?;
        package.name = Text::Owned(name.to_owned());
        Some(Arc::new(package))
    }

    /// Is there a package of this name?
    pub fn has(&self, name: &str) -> bool {
        self.taught.get(self.registry, name).is_some() || self.rows.index().contains_key(&*self.key(name))
    }

    /// All names, sorted.
    pub fn names(&self) -> Vec<String> {
        let prefix = self.key("").into_owned();
        let built_in = self.rows.index().keys().filter_map(|name| name.strip_prefix(prefix.as_str()));
        let mut names: Vec<String> = built_in.map(str::to_owned).collect();
        names.extend(self.taught.names(self.registry).map(str::to_owned));
        names.sort();
        names.dedup();
        names
    }
}

/// `name version KiB bytes flags depends recommends programs suggests`: lists with commas, `-` for none.
fn read(line: &'static str) -> Option<Package> {
    let list = |word: &'static str| -> Vec<Text> {
        if word == "-" { Vec::new() } else { word.split(',').map(Cow::Borrowed).collect() }
    };
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?);
    let size = words.next()?.parse::<u64>().ok()? * 1024;
    let archive = words.next()?.parse().ok()?;
    let flags = words.next()?;
    let count = flags.find('f').and_then(|at| flags[at + 1..].parse().ok()).unwrap_or(0);
    Some(Package {
        name: Cow::Borrowed(name),
        version: Cow::Borrowed(version),
        size,
        archive,
        all: flags.contains('a'),
        same: flags.contains('s'),
        taught: false,
        count,
        depends: list(words.next()?),
        recommends: list(words.next()?),
        programs: list(words.next()?),
        suggests: list(words.next()?),
        files: Vec::new(),
    })
}

/// The path of a program of a distribution's package: in `/usr/bin`; `^` is `/usr/sbin`, `~` `/bin`, `~^` `/sbin`.
pub(super) fn program_path(short: &str) -> String {
    if short.starts_with('/') {
        return short.to_owned();
    }
    let (root, rest) = short.strip_prefix('~').map_or(("/usr", short), |rest| ("", rest));
    match rest.strip_prefix('^') {
        Some(name) => format!("{root}/sbin/{name}"),
        None => format!("{root}/bin/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_sorted_once() {
        for rows in [&BOOKWORM, &BULLSEYE, &JAMMY, &ALPINE, &NPM, &PYPI, &OTHERS] {
            let lines: Vec<&str> = rows.text().lines().filter(|line| !line.starts_with('#')).collect();
            assert_eq!(rows.index().len(), lines.len());
            assert!(rows.text().starts_with("# "), "a table states its source");
            for line in lines {
                assert!(read(line).is_some(), "{line}");
            }
        }
    }

    #[test]
    fn what_a_package_needs_is_in_its_own_table() {
        for registry in [Registry::Apk, Registry::Npm, Registry::Pip] {
            let table = Table::of(registry, &Packages::default());
            for name in table.names() {
                for needed in &table.get(&name).map(|package| package.depends.clone()).unwrap_or_default() {
                    assert!(table.has(needed), "{}: {name} needs {needed}", registry.name());
                }
            }
        }
    }

    #[test]
    fn programs_have_their_directories() {
        assert_eq!(program_path("curl"), "/usr/bin/curl");
        assert_eq!(program_path("^nginx"), "/usr/sbin/nginx");
        assert_eq!(program_path("~bash"), "/bin/bash");
        assert_eq!(program_path("~^ip"), "/sbin/ip");
        assert_eq!(program_path("/opt/x"), "/opt/x");
    }
}
