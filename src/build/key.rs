//! Cache keys: ingredients beside each other, a digest over them, and what tells two apart.

use crate::fs::{Digest, Hasher};
use crate::trace::{CacheKey, Part, Reason};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The ingredient under which the digest of all files stands; the files follow it.
const FILES: &str = "files";

/// The ingredient of a platform other than the usual one.
pub(super) const PLATFORM: &str = "platform";

/// [`crate::image::registry::Platform`]'s default, in words.
const USUAL_PLATFORM: &str = "linux/amd64";

/// How the value of a file begins that would come from something that isn't modelled.
pub(super) const UNKNOWN: &str = "unknown";

/// What a step consists of. Parent and parts are few; the files that a COPY names can be many and are
/// shared between builds of an unchanged context.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Key of the step below (BuildKit), or the image so far (legacy); empty for none.
    pub(super) parent: String,
    /// Ingredient and value, in the order they are hashed.
    pub(super) parts: Vec<(String, String)>,
    /// What is copied.
    pub(super) files: Option<Arc<Files>>,
}

/// The files that a step copies, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    /// Over all names and values.
    pub digest: Digest,
    /// One for each file and directory.
    pub entries: Vec<FileEntry>,
}

/// One file that a step copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// The name that is hashed.
    pub name: String,
    /// Where it lies, for people.
    pub shown: String,
    /// Kind, mode, owner and content, as hashed: `file 0644 0:0 <digest>`.
    pub value: String,
}

impl Files {
    /// Digests a list. A name that would read like another ingredient is written `./name`.
    pub fn new(mut entries: Vec<FileEntry>) -> Files {
        let mut seen: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
        let mut hasher = Hasher::new();
        for entry in &mut entries {
            if is_ingredient(&entry.name) {
                entry.name.insert_str(0, "./");
            }
            let count = seen.entry(entry.name.clone()).or_insert(0);
            *count += 1;
            if *count > 1 {
                entry.name.push_str(&format!(" ({count})"));
            }
            hasher.field(&entry.name).field(&entry.value);
        }
        Files { digest: hasher.finish(), entries }
    }
}

impl Files {
    /// Are there files among them that nobody knows?
    pub fn has_unknown(&self) -> bool {
        self.entries.iter().any(|entry| entry.value.starts_with(UNKNOWN))
    }

    /// Do these entries, as they stand, give this digest?
    pub fn holds(entries: &[FileEntry], digest: Digest) -> bool {
        let mut hasher = Hasher::new();
        for entry in entries {
            hasher.field(&entry.name).field(&entry.value);
        }
        hasher.finish() == digest
    }
}

/// Could a file's name be taken for another ingredient?
fn is_ingredient(name: &str) -> bool {
    matches!(name, FILES | "step" | "command" | "user" | "workdir" | "parent" | "owner" | "mode" | "shell")
        || name.contains(' ')
        || name.starts_with("./")
}

impl Key {
    /// A key on `parent`.
    pub(super) fn on(parent: impl Into<String>) -> Key {
        Key { parent: parent.into(), ..Key::default() }
    }

    /// Adds an ingredient.
    pub(super) fn part(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Key {
        self.parts.push((name.into(), value.into()));
        self
    }

    /// The digest of the ingredients without the parent and without the files: BuildKit's op digest.
    pub(super) fn op_digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for (name, value) in &self.parts {
            hasher.field(name).field(value);
        }
        hasher.finish()
    }

    /// The digest of the whole.
    pub fn digest(&self) -> Digest {
        let mut digest = Digesting::on(&self.parent);
        for (name, value) in &self.parts {
            digest.part(name, value);
        }
        digest.finish(self.files.as_deref())
    }

    /// All ingredients in one list, for people and for JSON.
    pub fn flat(&self) -> CacheKey {
        let mut key = CacheKey::on(&self.parent);
        for (name, value) in &self.parts {
            key.parts.insert(Part(name.clone()), value.clone());
        }
        if let Some(files) = &self.files {
            key.parts.insert(Part(FILES.to_owned()), files.digest.hex());
            for entry in &files.entries {
                key.parts.insert(Part(entry.name.clone()), entry.value.clone());
            }
        }
        key
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parts.iter().find(|(part, _)| part == name).map(|(_, value)| value.as_str())
    }

    /// How unlike two keys are; 0 for equal ones.
    pub(super) fn distance(&self, other: &Key) -> usize {
        let differing = |a: &Key, b: &Key| a.parts.iter().filter(|(n, v)| b.get(n) != Some(v)).count();
        let step = usize::from(self.get("step") != other.get("step"));
        let files =
            usize::from(self.files.as_ref().map(|f| f.digest) != other.files.as_ref().map(|f| f.digest));
        step * 8
            + usize::from(self.parent != other.parent) * 4
            + differing(self, other)
            + differing(other, self)
            + files * 2
    }

    /// The first thing that tells this key from an earlier one, in words; none when only the parent
    /// does or nothing.
    pub(super) fn difference(&self, earlier: &Key) -> Option<Reason> {
        for (name, now) in &self.parts {
            match earlier.get(name) {
                Some(old) if old == now => {}
                old => return Some(changed(name, old.unwrap_or(unsaid(name)), now)),
            }
        }
        let gone = earlier.parts.iter().find(|(name, _)| self.get(name).is_none());
        if let Some((name, old)) = gone {
            return Some(changed(name, old, unsaid(name)));
        }
        let files = match (&self.files, &earlier.files) {
            (Some(now), Some(old)) if now.digest != old.digest => file_difference(old, now),
            _ => None,
        };
        files.or_else(|| self.order_difference(earlier))
    }

    /// The same ingredients in another order.
    fn order_difference(&self, earlier: &Key) -> Option<Reason> {
        let moved = self.parts.iter().zip(&earlier.parts).find(|(now, old)| now.0 != old.0)?;
        let short = |name: &str| name.rsplit(' ').next().unwrap_or(name).to_owned();
        let (old, new) = (short(&moved.1.0), short(&moved.0.0));
        Some(Reason::StepChanged { part: "environment order".to_owned(), old, new })
    }
}

/// What a key without this ingredient means: the usual platform is not said.
fn unsaid(name: &str) -> &'static str {
    if name == PLATFORM { USUAL_PLATFORM } else { "" }
}

/// The platform that follows a base's digest in a key, or the usual one.
pub(super) fn platform_of(base: &str) -> &str {
    base.split(' ').nth(2).unwrap_or(USUAL_PLATFORM)
}

fn changed(name: &str, old: &str, new: &str) -> Reason {
    let part = if name == "step" { "instruction" } else { name };
    Reason::StepChanged { part: part.to_owned(), old: old.to_owned(), new: new.to_owned() }
}

/// The first file that differs between two lists.
fn file_difference(old: &Files, now: &Files) -> Option<Reason> {
    let index = |files: &Files| -> std::collections::HashMap<String, String> {
        files.entries.iter().map(|e| (e.name.clone(), e.value.clone())).collect()
    };
    let before = index(old);
    // A changed file says more than an added or removed one.
    let changed = now.entries.iter().find(|e| before.get(&e.name).is_some_and(|value| *value != e.value));
    if let Some(entry) = changed {
        return Some(file_changed(entry, before.get(&entry.name).map_or("", String::as_str)));
    }
    let after = index(now);
    let added = now.entries.iter().find(|e| !before.contains_key(&e.name));
    let gone = old.entries.iter().find(|e| !after.contains_key(&e.name));
    match (added, gone) {
        (Some(new), Some(old)) if new.value == old.value => {
            let (path, what) = (new.shown.clone(), "name".to_owned());
            return Some(Reason::FileChanged { path, what, old: old.shown.clone(), new: new.shown.clone() });
        }
        (Some(new), _) => return Some(Reason::FileAdded { path: new.shown.clone() }),
        _ => {}
    }
    gone.map(|entry| Reason::FileRemoved { path: entry.shown.clone() })
        .or(Some(Reason::Other { words: "the copied files come in another order".to_owned() }))
}

/// What differs between two values `kind mode owner content`.
fn file_changed(entry: &FileEntry, before: &str) -> Reason {
    if entry.value.starts_with(UNKNOWN) {
        let words = format!("what makes {} ran again, and isn't modelled", entry.shown);
        return Reason::Other { words };
    }
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.splitn(4, ' ').collect(), entry.value.splitn(4, ' ').collect());
    // Content first: it is what people look for when several things changed.
    for (at, what) in [(0, "type"), (3, "content"), (1, "mode"), (2, "owner")] {
        if let (old, Some(new)) = (old.get(at).copied().unwrap_or_default(), new.get(at))
            && old != *new
        {
            let what = if at == 3 && !is_digest(new) { "target" } else { what };
            let (old, new) = (short(old), short(new));
            return Reason::FileChanged { path: entry.shown.clone(), what: what.to_owned(), old, new };
        }
    }
    Reason::Other { words: format!("{} changed", entry.shown) }
}

fn is_digest(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A digest as people tell it apart: its first four digits.
pub(super) fn short(value: &str) -> String {
    if is_digest(value) { value.get(..4).unwrap_or(value).to_owned() } else { value.to_owned() }
}

/// The digest of a key whose ingredients come one after the other.
pub(super) struct Digesting(Hasher);

impl Digesting {
    pub fn on(parent: &str) -> Digesting {
        let mut hasher = Hasher::new();
        hasher.field(parent);
        Digesting(hasher)
    }

    pub fn part(&mut self, name: &str, value: &str) {
        self.0.field(name).field(value);
    }

    pub fn finish(mut self, files: Option<&Files>) -> Digest {
        if let Some(files) = files {
            self.part(FILES, &files.digest.hex());
        }
        self.0.finish()
    }
}

/// Recomputes the digest of a printed key: parent and ingredients up to `files`, each preceded by its
/// length; the entries after `files` must give the digest that stands there. None when they don't.
pub fn recompute(key: &CacheKey) -> Option<Digest> {
    let at = key.parts.get_index_of(&Part(FILES.to_owned()));
    let own = at.map_or(key.parts.len(), |at| at + 1);
    if at.is_some() {
        let mut hasher = Hasher::new();
        for (name, value) in key.parts.iter().skip(own) {
            hasher.field(&name.0).field(value);
        }
        let files = hasher.finish().hex();
        if key.parts.get(&Part(FILES.to_owned())) != Some(&files) {
            return None;
        }
    }
    let mut digest = Digesting::on(&key.parent);
    for (name, value) in key.parts.iter().take(own) {
        digest.part(&name.0, value);
    }
    Some(digest.finish(None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, value: &str) -> FileEntry {
        FileEntry { name: name.to_owned(), shown: format!("src/{name}"), value: value.to_owned() }
    }

    fn key(parts: &[(&str, &str)], files: &[(&str, &str)]) -> Key {
        let mut key = Key::on("base");
        for (name, value) in parts {
            key.part(*name, *value);
        }
        key.files = Some(Arc::new(Files::new(files.iter().map(|(n, v)| file(n, v)).collect())));
        key
    }

    #[test]
    fn a_printed_key_gives_its_digest_again() {
        let mut odd =
            key(&[("step", "COPY . .")], &[("step", "1"), ("files", "2"), ("a b", "3"), ("x", "4")]);
        assert_eq!(recompute(&odd.flat()), Some(odd.digest()));
        let mut wrong = odd.flat();
        wrong.parts.insert(Part("x".to_owned()), "5".to_owned());
        assert_eq!(recompute(&wrong), None);
        odd.files = None;
        assert_eq!(recompute(&odd.flat()), Some(odd.digest()));
    }

    #[test]
    fn the_usual_platform_is_named() {
        let usual = crate::image::registry::Platform::default();
        assert_eq!(platform_of(&format!("image abc {usual}")), platform_of("image abc"));
        let (amd, arm) = (key(&[], &[]), key(&[(PLATFORM, "linux/arm64")], &[]));
        let words = |a: &Key, b: &Key| a.difference(b).map(|reason| reason.words());
        assert_eq!(words(&arm, &amd).as_deref(), Some("platform changed, linux/amd64 → linux/arm64"));
        assert_eq!(words(&amd, &arm).as_deref(), Some("platform changed, linux/arm64 → linux/amd64"));
    }

    #[test]
    fn the_difference_is_told_in_words() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let (old, new) = (format!("file 0644 0:0 {a}"), format!("file 0644 0:0 {b}"));
        let (exec, link) = (format!("file 0755 0:0 {a}"), "link 0777 0:0 there".to_owned());
        let step = [("step", "COPY . ."), ("environment A", "1")];
        let base = key(&step, &[("f", &old)]);
        for (other, words) in [
            (key(&step, &[("f", &new)]), "src/f changed, aaaa → bbbb"),
            (key(&step, &[("f", &exec)]), "mode of src/f changed, 0644 → 0755"),
            (key(&step, &[("f", &link)]), "type of src/f changed, file → link"),
            (key(&step, &[("f", &old), ("g", &old)]), "src/g was added"),
            (key(&step, &[]), "src/f was removed"),
            (
                key(&[("step", "COPY . ."), ("environment A", "2")], &[("f", &old)]),
                "environment A changed, 1 → 2",
            ),
            (key(&[("step", "COPY . .")], &[("f", &old)]), "environment A removed, was 1"),
            (key(&[step[1], step[0]], &[("f", &old)]), "environment order changed, step → A"),
        ] {
            assert_eq!(other.difference(&base).map(|reason| reason.words()).as_deref(), Some(words));
        }
        assert_eq!(base.difference(&base), None);
    }
}
