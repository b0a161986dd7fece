//! The lock files of yarn and pnpm, line by line: `yarn.lock` of versions 1 and later, `pnpm-lock.yaml`.
//!
//! Both readers take any text: what they don't understand they skip.

use std::collections::{BTreeMap, BTreeSet};

/// A package of a lock file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Locked {
    pub name: String,
    pub version: String,
    /// Only for development.
    pub dev: bool,
    /// Keys of other entries that it needs.
    pub needs: Vec<String>,
}

/// A lock file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LockFile {
    /// Entries by key: `ms@^2.1.0` for yarn, `ms@2.1.3` for pnpm.
    pub entries: BTreeMap<String, Locked>,
    /// What the project asked for when it was locked: name and range. Only pnpm writes it down.
    pub specifiers: BTreeMap<String, String>,
}

impl LockFile {
    /// The entries that these keys need, themselves included.
    pub fn reachable(&self, keys: impl IntoIterator<Item = String>) -> Vec<Locked> {
        let mut open: Vec<String> = keys.into_iter().collect();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut found: BTreeMap<(String, String), Locked> = BTreeMap::new();
        while let Some(key) = open.pop() {
            if !seen.insert(key.clone()) {
                continue;
            }
            if let Some(entry) = self.entries.get(&key) {
                open.extend(entry.needs.iter().cloned());
                found.insert((entry.name.clone(), entry.version.clone()), entry.clone());
            }
        }
        found.into_values().collect()
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

/// `name@range` → name and range; the name may begin with `@`.
fn at_sign(key: &str) -> Option<(&str, &str)> {
    let start = usize::from(key.starts_with('@'));
    let at = key.get(start..)?.find('@')? + start;
    Some((key.get(..at)?, key.get(at + 1..)?))
}

/// A pattern without the protocol that later yarns write: `ms@npm:^2.1.0` is `ms@^2.1.0`.
fn pattern(key: &str) -> String {
    let key = unquoted(key);
    match at_sign(key) {
        Some((name, range)) => format!("{name}@{}", range.strip_prefix("npm:").unwrap_or(range)),
        None => key.to_owned(),
    }
}

/// Reads a `yarn.lock`: a header of patterns, then indented fields.
pub(super) fn yarn(source: &str) -> LockFile {
    let mut lock = LockFile::default();
    let mut keys: Vec<String> = Vec::new();
    let mut entry = Locked::default();
    let mut needs = false;
    let mut settle = |keys: &mut Vec<String>, entry: &mut Locked| {
        for key in keys.drain(..) {
            if !entry.version.is_empty() {
                lock.entries.insert(key, entry.clone());
            }
        }
        *entry = Locked::default();
    };
    for line in source.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            settle(&mut keys, &mut entry);
            needs = false;
            keys = unquoted(line.trim_end_matches(':')).split(", ").map(pattern).collect();
            let name = keys.first().and_then(|key| at_sign(key)).map(|(name, _)| name.to_owned());
            match name {
                Some(name) => entry.name = name,
                None => keys.clear(),
            }
        } else if indent <= 2 {
            let text = line.trim();
            needs = text == "dependencies:" || text == "optionalDependencies:";
            if let Some(version) = text.strip_prefix("version") {
                unquoted(version.trim_start_matches(':')).clone_into(&mut entry.version);
            }
        } else if needs {
            let text = line.trim();
            let name_end = match text.strip_prefix('"') {
                Some(rest) => rest.find('"').map(|end| end + 2),
                None => text.find([' ', ':']),
            };
            if let Some((name, range)) = name_end.map(|end| text.split_at(end)) {
                let range = unquoted(range.trim_start_matches(':'));
                entry.needs.push(pattern(&format!("{}@{range}", unquoted(name))));
            }
        }
    }
    settle(&mut keys, &mut entry);
    lock
}

/// The key of an entry of pnpm: `/ms@2.1.3(peer@1)` and `/ms/2.1.3_peer` are `ms@2.1.3`.
fn pnpm_key(text: &str) -> Option<(String, String)> {
    let bare = unquoted(text).trim_start_matches('/');
    let bare = bare.split('(').next().unwrap_or(bare);
    // Version 5 writes the version behind a slash.
    let old = bare.rsplit_once('/').filter(|(_, last)| last.starts_with(|c: char| c.is_ascii_digit()));
    let (name, version) = match old {
        Some(split) => split,
        None => at_sign(bare)?,
    };
    let version = version.split('_').next().unwrap_or(version);
    (!name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()))
        .then(|| (name.to_owned(), version.to_owned()))
}

/// Reads a `pnpm-lock.yaml` of versions 5 to 9.
pub(super) fn pnpm(source: &str) -> LockFile {
    let mut lock = LockFile::default();
    let (mut section, mut list, mut name) = ("", "", String::new());
    let mut entry: Option<(String, Locked)> = None;
    for line in source.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim();
        let (key, value) = match text.split_once(": ") {
            Some((key, value)) => (unquoted(key), unquoted(value)),
            None => (unquoted(text.trim_end_matches(':')), ""),
        };
        if indent == 0 {
            (section, list) = (key, "");
            continue;
        }
        let packages = matches!(section, "packages" | "snapshots");
        if packages && indent == 2 {
            keep(&mut lock, entry.take());
            list = "";
            entry = pnpm_key(text.trim_end_matches(": {}").trim_end_matches(':')).map(|(name, version)| {
                let key = format!("{name}@{version}");
                (key, Locked { name, version, ..Locked::default() })
            });
        } else if packages && indent == 4 {
            list = key;
            if let Some((_, entry)) = entry.as_mut().filter(|_| key == "dev") {
                entry.dev = value == "true";
            }
        } else if packages && indent >= 6 && matches!(list, "dependencies" | "optionalDependencies") {
            let version = value.split(['(', '_']).next().unwrap_or(value);
            if let Some((_, entry)) = &mut entry {
                entry.needs.push(format!("{key}@{version}"));
            }
        } else if key == "specifier" {
            lock.specifiers.insert(name.clone(), value.to_owned());
        } else if section == "specifiers" {
            lock.specifiers.insert(key.to_owned(), value.to_owned());
        } else {
            key.clone_into(&mut name);
        }
    }
    keep(&mut lock, entry);
    lock
}

fn keep(lock: &mut LockFile, entry: Option<(String, Locked)>) {
    let Some((key, new)) = entry else { return };
    let known = lock.entries.entry(key).or_default();
    known.needs.extend(new.needs);
    (known.name, known.version) = (new.name, new.version);
    known.dev |= new.dev;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_yarns_are_read() {
        let old = "# yarn lockfile v1\n\n\n\"@a/b@^1.0.0\", \"@a/b@^1.1.0\":\n  version \"1.2.0\"\n  dependencies:\n    ms \"^2.1.0\"\n\nms@^2.1.0:\n  version \"2.1.3\"\n";
        let new = "__metadata:\n  version: 8\n\n\"@a/b@npm:^1.0.0, @a/b@npm:^1.1.0\":\n  version: 1.2.0\n  dependencies:\n    ms: \"npm:^2.1.0\"\n  languageName: node\n\n\"ms@npm:^2.1.0\":\n  version: 2.1.3\n";
        for source in [old, new] {
            let lock = yarn(source);
            let keys: Vec<&str> = lock.entries.keys().map(String::as_str).collect();
            assert_eq!(keys, ["@a/b@^1.0.0", "@a/b@^1.1.0", "ms@^2.1.0"]);
            let all = lock.reachable(["@a/b@^1.1.0".to_owned()]);
            let names: Vec<String> = all.iter().map(|e| format!("{} {}", e.name, e.version)).collect();
            assert_eq!(names, ["@a/b 1.2.0", "ms 2.1.3"]);
        }
    }

    #[test]
    fn pnpm_of_three_versions() {
        let six = "lockfileVersion: '6.0'\n\ndependencies:\n  ms:\n    specifier: ^2.1.0\n    version: 2.1.3\n\npackages:\n\n  /ms@2.1.3:\n    resolution: {integrity: sha512-x}\n    dev: false\n\n  /once@1.4.0:\n    dependencies:\n      wrappy: 1.0.2\n    dev: true\n\n  /wrappy@1.0.2:\n    dev: true\n";
        let lock = pnpm(six);
        assert_eq!(lock.specifiers.get("ms").map(String::as_str), Some("^2.1.0"));
        assert!(
            lock.entries.get("once@1.4.0").is_some_and(|entry| entry.dev && entry.needs == ["wrappy@1.0.2"])
        );
        let nine = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@a/b':\n        specifier: ^1.0.0\n        version: 1.2.0(ms@2.1.3)\n\npackages:\n\n  '@a/b@1.2.0':\n    resolution: {integrity: x}\n\n  ms@2.1.3:\n    resolution: {integrity: x}\n\nsnapshots:\n\n  '@a/b@1.2.0(ms@2.1.3)':\n    dependencies:\n      ms: 2.1.3\n\n  ms@2.1.3: {}\n";
        let lock = pnpm(nine);
        assert_eq!(lock.specifiers.get("@a/b").map(String::as_str), Some("^1.0.0"));
        assert_eq!(lock.reachable(["@a/b@1.2.0".to_owned()]).len(), 2);
        let five = "specifiers:\n  ms: ^2.1.0\n\npackages:\n\n  /ms/2.1.3:\n    dev: false\n  /@a/b/1.0.0_ms@2.1.3:\n    dev: true\n";
        let keys: Vec<String> = pnpm(five).entries.into_keys().collect();
        assert_eq!(keys, ["@a/b@1.0.0", "ms@2.1.3"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "[ a@:/\"'\\n()_0-9.{}é#,^-]{0,300}") {
            let _ = (yarn(&source).entries.len(), pnpm(&source).specifiers.len());
        }

        #[test]
        fn circles_of_needs_end(count in 1usize..40) {
            let source: String = (0..count)
                .map(|at| format!("p{at}@1:\n  version \"1.0.0\"\n  dependencies:\n    p{} \"1\"\n\n", (at + 1) % count))
                .collect();
            let all = yarn(&source).reachable(["p0@1".to_owned()]);
            prop_assert_eq!(all.len(), count);
        }
    }
}
