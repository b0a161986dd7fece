//! Replaying recorded builds: the same Dockerfiles against the same contexts, with an empty cache at
//! the start of each case.

mod answer;
mod bases;
mod compare;
mod diff;

pub use bases::Bases;
pub(super) use diff::diff as layer_diff;

use super::report::{Answer, Verdict};
use crate::build::{self, Builder, Cache, Context, ContextEntry, EntryKind, Request};
use crate::dockerfile::Version;
use crate::fs::Contents;
use crate::image::Store;
use crate::shell::NoPrograms;
use crate::trace::Trace;
use serde_json::{Value, json};

/// The recorded files' time, Unix seconds.
const EPOCH: i64 = 1_704_067_200;

/// Is it a recorded sequence of builds?
pub fn is_case(case: &Value) -> bool {
    case.get("builds").is_some_and(Value::is_array) && case.get("builder").is_some_and(Value::is_string)
}

/// Is it a recorded ignore file?
pub fn is_ignore_case(case: &Value) -> bool {
    case.get("files").is_some_and(Value::is_array) && case.get("dockerignore").is_some_and(Value::is_string)
}

/// Plays the builds of a case one after the other.
///
/// # Errors
/// What the case lacks.
pub fn replay(case: &Value, bases: &Bases) -> Result<Answer, String> {
    let builder = text(case, "builder")?;
    let builder = Builder::from_name(builder).ok_or_else(|| format!("no builder is called `{builder}`"))?;
    let mut images = bases.store();
    let mut cache = Cache::default();
    let mut numbers = answer::Numbers::default();
    let mut files = Files::default();
    let mut answers = Vec::new();
    let recorded = list(case, "builds")?;
    for given in recorded {
        let request = files.request(given, builder)?;
        let mut t = Trace::silent();
        let built = build::build(&mut images, &mut cache, &request, &mut NoPrograms, &mut t);
        answers.push(numbers.answer(&built, bases));
    }
    let difference = compare::builds(recorded, &answers);
    Ok(Answer {
        name: text(case, "name")?.to_owned(),
        topic: text(case, "topic").unwrap_or("build").to_owned(),
        value: json!({ "name": text(case, "name")?, "builds": answers }),
        verdict: difference.map_or(Verdict::AsRecorded, Verdict::Differs),
    })
}

/// Copies a whole context through an ignore file, with both builders.
///
/// # Errors
/// What the case lacks.
pub fn replay_ignore(case: &Value) -> Result<Answer, String> {
    let mut entries = vec![
        entry("Dockerfile", EntryKind::File(Contents::text(text(case, "dockerfile")?)), 0o644, EPOCH),
        entry(".dockerignore", EntryKind::File(Contents::text(text(case, "dockerignore")?)), 0o644, EPOCH),
    ];
    for path in list(case, "files")?.iter().filter_map(Value::as_str) {
        entries.push(match path.strip_suffix('/') {
            Some(dir) => entry(dir, EntryKind::Dir, 0o755, EPOCH),
            None => entry(path, EntryKind::File(Contents::text(&format!("{path}\n"))), 0o644, EPOCH),
        });
    }
    let context = Context::from_entries(entries);
    let mut answer = serde_json::Map::new();
    for builder in [Builder::BuildKit, Builder::Legacy] {
        let request = Request {
            context: context.clone(),
            builder,
            version: Version::V20_10,
            strict: true,
            ..Request::default()
        };
        let (mut images, mut cache) = (Store::default(), Cache::default());
        let built = build::build(&mut images, &mut cache, &request, &mut NoPrograms, &mut Trace::silent());
        answer.insert(builder.name().to_owned(), answer::copied(&built));
    }
    let answer = Value::Object(answer);
    let expected = case.get("expect").cloned().unwrap_or_default();
    let difference = compare::ignore(&expected, &answer);
    Ok(Answer {
        name: text(case, "name")?.to_owned(),
        topic: "ignore".to_owned(),
        value: json!({ "name": text(case, "name")?, "expect": answer }),
        verdict: difference.map_or(Verdict::AsRecorded, Verdict::Differs),
    })
}

/// The Dockerfile and ignore file of the build before: a changed text has a newer time.
#[derive(Default)]
pub(super) struct Files {
    before: Vec<(String, String, i64)>,
    builds: i64,
}

impl Files {
    pub(super) fn request(&mut self, given: &Value, builder: Builder) -> Result<Request, String> {
        self.builds += 1;
        let path = given.get("dockerfile_path").and_then(Value::as_str).unwrap_or("Dockerfile");
        let mut entries = vec![self.written(path, text(given, "dockerfile")?)];
        if let Some(ignore) = given.get("dockerignore").and_then(Value::as_str) {
            entries.push(self.written(".dockerignore", ignore));
        }
        for (path, value) in given.get("context").and_then(Value::as_object).into_iter().flatten() {
            entries.push(context_entry(path, value)?);
        }
        let pairs = given.get("args").and_then(Value::as_object).into_iter().flatten();
        let args =
            pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned())).collect();
        let labels = given.get("labels").and_then(Value::as_array).into_iter().flatten();
        let labels = labels.filter_map(Value::as_str).map(|label| {
            let (name, value) = label.split_once('=').unwrap_or((label, ""));
            (name.to_owned(), value.to_owned())
        });
        Ok(Request {
            dockerfile_path: path.to_owned(),
            context: Context::from_entries(entries),
            context_name: ".".to_owned(),
            args,
            target: given.get("target").and_then(Value::as_str).map(str::to_owned),
            no_cache: given.get("no_cache").and_then(Value::as_bool).unwrap_or(false),
            labels: labels.collect(),
            tags: given.get("tag").and_then(Value::as_str).map(str::to_owned).into_iter().collect(),
            builder,
            version: Version::V20_10,
            strict: true,
            ..Request::default()
        })
    }

    fn written(&mut self, path: &str, text: &str) -> ContextEntry {
        let known = self.before.iter_mut().find(|(known, _, _)| known == path);
        let mtime = match known {
            Some((_, old, mtime)) if old == text => *mtime,
            Some(known) => {
                *known = (path.to_owned(), text.to_owned(), EPOCH + self.builds);
                EPOCH + self.builds
            }
            None => {
                self.before.push((path.to_owned(), text.to_owned(), EPOCH + self.builds));
                EPOCH + self.builds
            }
        };
        entry(path, EntryKind::File(Contents::text(text)), 0o644, mtime)
    }
}

fn entry(path: &str, kind: EntryKind, mode: u16, mtime: i64) -> ContextEntry {
    ContextEntry { path: path.to_owned(), kind, mode, mtime }
}

fn context_entry(path: &str, value: &Value) -> Result<ContextEntry, String> {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or("file");
    let (kind, default) = match kind {
        "file" => (EntryKind::File(contents(value)?), 0o644),
        "dir" => (EntryKind::Dir, 0o755),
        "symlink" => (EntryKind::Symlink(text(value, "target")?.as_bytes().to_vec()), 0o777),
        other => return Err(format!("the context entry `{path}` is a `{other}`")),
    };
    let mode = mode(value).unwrap_or(default);
    let mtime = value.get("mtime").and_then(Value::as_i64).unwrap_or(EPOCH);
    Ok(entry(path, kind, mode, mtime))
}

/// The bytes of a recorded file: `data`, `fill`, `data_b64` or `program`.
fn contents(value: &Value) -> Result<Contents, String> {
    let size = value.get("size").and_then(Value::as_u64);
    if let Some(name) = value.get("program").and_then(Value::as_str) {
        // The recorded bases hold Debian's busybox, which runs applets that no file names.
        let tag = if name == "busybox" { "busybox standalone" } else { name };
        return Ok(Contents::of_program(tag, size.unwrap_or(0)));
    }
    if let Some(data) = value.get("data").and_then(Value::as_str) {
        return Ok(Contents::text(data));
    }
    if let Some(data) = value.get("data_b64").and_then(Value::as_str) {
        return base64(data).map(Contents::bytes).ok_or_else(|| "`data_b64` is no base64".to_owned());
    }
    if let Some(fill) = value.get("fill") {
        let byte = fill.get("byte").and_then(Value::as_str).and_then(|byte| byte.bytes().next()).unwrap_or(0);
        let count = fill.get("count").and_then(Value::as_u64).unwrap_or(0);
        return Ok(Contents::fill(byte, count));
    }
    Ok(Contents::fill(0, size.unwrap_or(0)))
}

fn mode(value: &Value) -> Option<u16> {
    u16::from_str_radix(value.get("mode")?.as_str()?, 8).ok()
}

/// Standard base64 with padding (RFC 4648).
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for c in text.bytes().filter(|c| !c.is_ascii_whitespace() && *c != b'=') {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, held) = (bits << 6 | u32::from(value), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

fn text<'v>(value: &'v Value, key: &str) -> Result<&'v str, String> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| format!("it has no text `{key}`"))
}

fn list<'v>(value: &'v Value, key: &str) -> Result<&'v [Value], String> {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| format!("it has no list `{key}`"))
}
