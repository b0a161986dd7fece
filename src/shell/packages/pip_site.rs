//! Python's `site-packages`: where it is, what lies in it; and lines of requirements.

use super::table::{Package, Text, program_path};
use super::{version, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;
use crate::shell::taught::Kind;
use std::cmp::Ordering;
use std::sync::Arc;

/// A line of a requirements file, or a word: `name[extra]>=1.0; marker`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Requirement {
    /// As written.
    pub shown: String,
    /// Normal form: lower case, one dash (PEP 503).
    pub name: String,
    /// Operators and versions: `>=` `1.0`.
    pub conditions: Vec<(String, String)>,
    /// Where it was asked for: " (from -r requirements.txt (line 1))".
    pub from: String,
}

/// PEP 503: lower case, runs of `-`, `_` and `.` are one dash.
pub(super) fn normal(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        let c = if matches!(c, '_' | '.' | '-') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !text.ends_with('-') {
            text.push(c);
        }
    }
    text
}

const OPERATORS: [&str; 8] = ["===", "==", "~=", ">=", "<=", "!=", ">", "<"];

/// Reads a requirement; nothing for blank lines, comments and options; an error for what is none.
pub(super) fn requirement(line: &str) -> Result<Option<Requirement>, String> {
    let line = line.split(" #").next().unwrap_or("").trim();
    if line.is_empty() || line.starts_with('#') || line.starts_with('-') {
        return Ok(None);
    }
    let shown = line.split(" --hash").next().unwrap_or(line).trim().trim_end_matches('\\').trim();
    let bare = shown.split(';').next().unwrap_or("").trim();
    let end = bare.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(bare.len());
    let (name, rest) = bare.split_at(end);
    let bad = || format!("Invalid requirement: '{shown}'");
    if name.is_empty() || name.len() > 200 {
        return Err(bad());
    }
    let rest = rest.trim();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').ok_or_else(bad)?.1.trim(),
        None => rest,
    };
    let mut wanted = Requirement {
        shown: bare.split(' ').collect::<String>(),
        name: normal(name),
        ..Requirement::default()
    };
    if rest.starts_with('@') {
        return Ok(Some(wanted));
    }
    let rest = rest.trim_start_matches('(').trim_end_matches(')');
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let operator = OPERATORS.iter().find(|operator| part.starts_with(**operator)).ok_or_else(bad)?;
        let version = part[operator.len()..].trim();
        if version.is_empty() || !version.chars().all(|c| c.is_ascii_alphanumeric() || ".*+-_!".contains(c)) {
            return Err(bad());
        }
        wanted.conditions.push(((*operator).to_owned(), version.to_owned()));
    }
    Ok(Some(wanted))
}

impl Requirement {
    /// Does a version fulfil all conditions? (PEP 440, without the fine print of pre-releases.)
    pub fn allows(&self, candidate: &str) -> bool {
        self.conditions.iter().all(|(operator, wanted)| {
            let prefix = wanted.strip_suffix(".*");
            let order = compare(candidate, prefix.unwrap_or(wanted));
            let begins = |wanted: &str| {
                candidate == wanted
                    || candidate.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
            };
            match operator.as_str() {
                "==" | "===" => prefix.map_or(order.is_eq(), begins),
                "!=" => !prefix.map_or(order.is_eq(), begins),
                ">=" => order.is_ge(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                "<" => order.is_lt(),
                _ => order.is_ge() && begins(wanted.rsplit_once('.').map_or(wanted, |(above, _)| above)),
            }
        })
    }

    /// The version to take when the newest is this: the newest if it fits, else the highest that is named
    /// and older (the index keeps what was ever there). None: nothing fits.
    pub fn choose(&self, newest: &str) -> Option<String> {
        if self.allows(newest) {
            return Some(newest.to_owned());
        }
        let named =
            self.conditions.iter().filter(|(operator, _)| !matches!(operator.as_str(), "!=" | "<" | ">"));
        let mut found: Vec<String> = named
            .map(|(_, version)| version.trim_end_matches(".*").to_owned())
            .filter(|version| self.allows(version) && compare(version, newest).is_le())
            .collect();
        found.sort_by(|a, b| compare(a, b));
        // `<2` with a newest of 2.1: some version before it, which nobody names here.
        found.pop().or_else(|| {
            let below = self.conditions.iter().find(|(operator, _)| operator == "<")?;
            let version = before(&below.1)?;
            self.allows(&version).then_some(version)
        })
    }
}

/// A version just below: `2.0` → `1.9`, `3` → `2.9`.
fn before(version: &str) -> Option<String> {
    let mut numbers: Vec<u64> = version.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    let last = numbers.last_mut()?;
    *last -= 1;
    numbers.push(9);
    Some(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// Numbers part by part; missing ones are zero.
fn compare(left: &str, right: &str) -> Ordering {
    let clean = |version: &str| {
        let mut version = version;
        while let Some(shorter) = version.strip_suffix(".0") {
            version = shorter;
        }
        version.to_owned()
    };
    version::compare(&clean(left), &clean(right))
}

// ---- site-packages --------------------------------------------------------------------------------

/// Where packages go: below the newest Python of the image, or a virtual environment.
pub(super) fn directory(call: &mut Call<'_, '_>, user: bool) -> String {
    let home = super::npm::home(call);
    let mut roots = vec!["/usr/local/lib".to_owned(), "/usr/lib".to_owned()];
    let environment = environment(call);
    if let Some(root) = &environment {
        roots.insert(0, format!("{root}/lib"));
    }
    for root in roots {
        let names = call.m.readdir(root.as_bytes()).unwrap_or_default();
        let python = names
            .iter()
            .rev()
            .find(|name| name.starts_with(b"python3."))
            .map(|name| crate::shell::text::decode(name));
        if let Some(python) = python {
            return match (user, root.as_str()) {
                (true, _) => format!("{home}/.local/lib/{python}/site-packages"),
                // Debian's own pip keeps away from what apt brings.
                (_, "/usr/lib") if call.m.exists(b"/etc/debian_version") => {
                    format!("/usr/local/lib/{python}/dist-packages")
                }
                _ => format!("{root}/{python}/site-packages"),
            };
        }
    }
    "/usr/local/lib/python3.12/site-packages".to_owned()
}

/// The virtual environment that is active, or whose own `pip` was called.
pub(super) fn environment(call: &mut Call<'_, '_>) -> Option<String> {
    if let Some(root) = call.env.get("VIRTUAL_ENV").filter(|root| !root.is_empty()) {
        return Some(root.clone());
    }
    let argv0 = call.argv.first()?.clone();
    let found = if argv0.contains('/') {
        argv0
    } else {
        let search = call.env.get("PATH")?.clone();
        let mut places = search.split(':').map(|dir| format!("{dir}/{argv0}"));
        places.find(|at| call.m.exists(at.as_bytes()))?
    };
    let at = crate::fs::path::absolute(&call.cwd(), &found);
    let root = at.strip_suffix(&format!("/bin/{}", at.rsplit('/').next()?))?.to_owned();
    call.m.exists(format!("{root}/pyvenv.cfg").as_bytes()).then_some(root)
}

/// Where commands go.
pub(super) fn commands(site: &str) -> String {
    match site.rsplit_once("/lib/python") {
        Some((root, _)) => format!("{root}/bin"),
        None => format!("{site}/bin"),
    }
}

/// A package that is to be installed.
pub(super) struct Chosen {
    pub name: String,
    pub version: String,
    pub known: Option<Arc<Package>>,
}

impl Chosen {
    /// Bytes of the unpacked wheel; of a package that the table lacks, a number that follows from its name.
    pub fn size(&self) -> u64 {
        self.known
            .as_ref()
            .map_or_else(|| (60 + writer::weight(&self.name) % 700) * 1024, |package| package.size)
    }

    /// Bytes of the wheel.
    pub fn wheel(&self) -> u64 {
        self.known.as_ref().map_or_else(|| self.size() * 2 / 5, |package| package.archive)
    }

    fn folder(&self) -> String {
        self.name.replace('-', "_")
    }

    pub fn info(&self, site: &str) -> String {
        format!("{site}/{}-{}.dist-info", self.folder(), self.version)
    }
}

/// Writes a package: modules, what is compiled beside them, metadata, commands.
pub(super) fn unpack(
    call: &mut Call<'_, '_>,
    package: &Chosen,
    site: &str,
    compile: bool,
) -> Result<(), Errno> {
    let (folder, bytes) = (package.folder(), package.size());
    let label = format!("pip {}=={}", package.name, package.version);
    let dir = format!("{site}/{folder}");
    let taught = package.known.as_ref().filter(|known| !known.files.is_empty());
    let mut written = Vec::new();
    if let Some(known) = taught {
        for (at, file) in &known.files {
            let at = if at.starts_with('/') { at.clone() } else { format!("{site}/{at}") };
            match &file.kind {
                Kind::File(contents) => writer::file(call, &at, contents.clone(), file.mode)?,
                Kind::Link(target) => writer::link(call, &at, target)?,
            }
            written.push(at);
        }
    } else {
        let count = package.known.as_ref().map_or(0, |known| known.count);
        let count = if count > 0 { count.clamp(1, 400) } else { (bytes / 60_000).clamp(2, 120) };
        let names = ["__init__.py", "core.py", "utils.py", "models.py", "errors.py", "_native.so"];
        written.extend(writer::spread(call, &dir, &label, bytes, count, &names)?);
        if compile {
            // Of each source, beside it: some nine tenths of its size.
            let names = ["__init__.cpython.pyc", "core.cpython.pyc"];
            let (count, size) = (count.min(60), (bytes * 9 / 10).min(20_000_000));
            let cache = format!("{dir}/__pycache__");
            written.extend(writer::spread(call, &cache, &label, size, count, &names)?);
        }
    }
    let info = package.info(site);
    let requires: String =
        package.known.iter().flat_map(|known| &known.depends).fold(String::new(), |mut text, name| {
            text.push_str(&format!("Requires-Dist: {name}\n"));
            text
        });
    let metadata =
        format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n{requires}", package.name, package.version);
    writer::file(call, &format!("{info}/METADATA"), Contents::text(&metadata), 0o644)?;
    writer::file(call, &format!("{info}/INSTALLER"), Contents::text("pip\n"), 0o644)?;
    writer::file(
        call,
        &format!("{info}/WHEEL"),
        Contents::text("Wheel-Version: 1.0\nTag: py3-none-any\n"),
        0o644,
    )?;
    for bin in package.known.iter().flat_map(|known| &known.programs) {
        let at = command_path(site, bin);
        writer::file(call, &at, Contents::of_program(&tag(bin), 240), 0o755)?;
        written.push(at);
    }
    let prefix = format!("{site}/");
    let record: String =
        written.iter().map(|file| format!("{},,\n", file.strip_prefix(&prefix).unwrap_or(file))).collect();
    writer::file(call, &format!("{info}/RECORD"), Contents::text(&record), 0o644)
}

fn command_path(site: &str, bin: &Text) -> String {
    if bin.starts_with('/') { program_path(bin) } else { format!("{}/{bin}", commands(site)) }
}

fn tag(bin: &str) -> String {
    bin.rsplit('/').next().unwrap_or(bin).to_owned()
}

/// Keeps a wheel in the cache, as pip 23.2 does: by the hash of its address.
pub(super) fn keep(call: &mut Call<'_, '_>, package: &Chosen, cache: &str) -> Result<(), Errno> {
    let label = format!("pip {}=={}", package.name, package.version);
    let hash = Digest::of(&label).hex();
    let hash = hash.get(..56).unwrap_or(&hash);
    let folders: Vec<&str> = (0..5).filter_map(|at| hash.get(at..at + 1)).collect();
    let at = format!("{cache}/http/{}/{hash}", folders.join("/"));
    writer::described(call, &at, &label, package.wheel() + 400)
}

/// An installed package: name, version, and its folder of metadata.
pub(super) struct Here {
    pub name: String,
    pub version: String,
    pub info: String,
    pub requires: Vec<String>,
}

/// The packages of a directory, sorted by name.
pub(super) fn installed(call: &mut Call<'_, '_>, site: &str) -> Vec<Here> {
    let names = call.m.readdir(site.as_bytes()).unwrap_or_default();
    let mut found = Vec::new();
    for entry in &names {
        let Ok(entry) = std::str::from_utf8(entry) else { continue };
        let Some((name, version)) = entry.strip_suffix(".dist-info").and_then(|stem| stem.rsplit_once('-'))
        else {
            continue;
        };
        let info = format!("{site}/{entry}");
        let metadata = writer::text(call, &format!("{info}/METADATA"));
        let requires = metadata.lines().filter_map(|line| line.strip_prefix("Requires-Dist: "));
        found.push(Here {
            name: normal(name),
            version: version.to_owned(),
            requires: requires
                .map(|word| normal(word.split([' ', ';', '(']).next().unwrap_or(word)))
                .collect(),
            info,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Removes what RECORD lists, the metadata, and folders that are empty then.
pub(super) fn remove(call: &mut Call<'_, '_>, site: &str, package: &Here) -> Result<(), Errno> {
    let record = writer::text(call, &format!("{}/RECORD", package.info));
    for line in record.lines() {
        let file = line.split(',').next().unwrap_or("");
        let at = if file.starts_with('/') { file.to_owned() } else { format!("{site}/{file}") };
        if file.is_empty() || file.contains("../") || call.m.lstat(at.as_bytes()).is_err() {
            continue;
        }
        call.m.unlink(at.as_bytes())?;
        let mut above = crate::fs::path::parent(at.as_bytes()).to_vec();
        while above.len() > site.len() && call.m.rmdir(&above).is_ok() {
            above = crate::fs::path::parent(&above).to_vec();
        }
    }
    call.start(vec!["rm".to_owned(), "-rf".to_owned(), package.info.clone()]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Requirement {
        requirement(line).ok().flatten().unwrap_or_default()
    }

    #[test]
    fn requirements_are_read() {
        let wanted = read("Flask==2.0.1  # web");
        assert_eq!((wanted.name.as_str(), wanted.choose("3.0.0").as_deref()), ("flask", Some("2.0.1")));
        let wanted = read("uvicorn[standard]>=0.20; python_version > '3'");
        assert_eq!((wanted.name.as_str(), wanted.choose("0.25.0").as_deref()), ("uvicorn", Some("0.25.0")));
        assert_eq!(requirement("# nothing"), Ok(None));
        assert_eq!(requirement("-r other.txt"), Ok(None));
        assert_eq!(requirement("flask=2"), Err("Invalid requirement: 'flask=2'".to_owned()));
        assert_eq!(normal("Django__Rest.framework"), "django-rest-framework");
    }

    #[test]
    fn versions_are_chosen() {
        for (line, newest, chosen) in [
            ("a==99.0", "3.0", None),
            ("a<2", "2.1", Some("1.9")),
            ("a~=1.4.2", "1.9", Some("1.4.2")),
            ("a~=1.4", "1.9", Some("1.9")),
            ("a>=1,<2", "2.1", Some("1")),
            ("a==1.*", "1.5", Some("1.5")),
            ("a!=1.5,>=1", "1.5", Some("1")),
            ("a==1.0", "1.0.0", Some("1.0.0")),
        ] {
            assert_eq!(read(line).choose(newest).as_deref(), chosen, "{line}");
        }
    }
}
