//! `packages("apt", #{ … })`, `packages("file.json")`: packages that a teacher adds to the package managers.

use super::objects::{lab, with};
use crate::error::{Error, ErrorKind};
use crate::fs::Kind;
use crate::script::core::{Core, Shared};
use crate::script::handle::{Answer, EntryValue};
use crate::shell::{MOST_JSON, Packages};
use crate::trace::Event;
use rhai::{Array, Dynamic, Engine, Map};
use serde_json::{Value, json};

/// Registers `packages`.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("packages", move |manager: &str, package: Map| {
        teach(&shared, manager, &[Dynamic::from_map(package)])
    });
    let shared = core.clone();
    engine.register_fn("packages", move |manager: &str, list: Array| teach(&shared, manager, &list));
    let shared = core.clone();
    engine.register_fn("packages", move |file: &str| {
        lab(&shared, |core| {
            let source = core
                .host
                .read(file, MOST_JSON)
                .map_err(|error| Error::new(ErrorKind::Host, error.to_string()))?;
            let taught = core.lab.packages.taught_by_file(file, &source)?;
            replace(core, taught);
            Ok(())
        })
    });
    let shared = core.clone();
    engine.register_fn("packages", move || -> Answer<Array> {
        with(&shared, |core| {
            let rows = core.lab.packages.list().map(|(manager, name, version)| {
                let row = [("manager", manager), ("name", name), ("version", version)];
                Dynamic::from_map(row.map(|(key, value)| (key.into(), value.into())).into_iter().collect())
            });
            Ok(rows.collect())
        })
    });
}

fn teach(core: &Shared, manager: &str, list: &[Dynamic]) -> Answer<()> {
    lab(core, |core| {
        let place = format!("packages(\"{manager}\")");
        let entries: Vec<Value> = list.iter().map(|value| as_json(value, 0)).collect();
        let taught = core.lab.packages.taught(&place, manager, &entries)?;
        replace(core, taught);
        Ok(())
    })
}

/// Puts the new table in place and tells what is new in it.
fn replace(core: &mut Core, taught: Packages) {
    let before: Vec<String> = rows(&core.lab.packages);
    let new: Vec<String> = rows(&taught).into_iter().filter(|row| !before.contains(row)).collect();
    core.lab.packages = taught;
    let text = match &new[..] {
        [] => return,
        rows if rows.len() > 6 => format!("taught {} packages", rows.len()),
        rows => format!("taught {}", rows.join(", ")),
    };
    core.emit(Event::Text { text });
}

fn rows(packages: &Packages) -> Vec<String> {
    packages.list().map(|(manager, name, version)| format!("{manager} {name} {version}")).collect()
}

/// A script's value as the readers of packages and addresses take it.
pub(super) fn as_json(value: &Dynamic, depth: u32) -> Value {
    if depth > 8 {
        return Value::Null;
    }
    if let Some(entry) = value.clone().try_cast::<EntryValue>() {
        return entry_json(&entry);
    }
    if let Some(map) = value.clone().try_cast::<Map>() {
        let fields = map.iter().map(|(key, value)| (key.to_string(), as_json(value, depth + 1)));
        return Value::Object(fields.collect());
    }
    if let Some(list) = value.clone().try_cast::<Array>() {
        return Value::Array(list.iter().map(|value| as_json(value, depth + 1)).collect());
    }
    if let Ok(number) = value.as_int() {
        return json!(number);
    }
    if let Ok(number) = value.as_float() {
        return json!(number);
    }
    if let Ok(truth) = value.as_bool() {
        return json!(truth);
    }
    value.clone().into_string().map_or(Value::Null, Value::String)
}

/// `file("text", #{ mode: 0o600 })`, `filled(size)`, `symlink("target")` in a package's files.
fn entry_json(entry: &EntryValue) -> Value {
    let EntryValue::Inode(inode) = entry else { return Value::Null };
    match &inode.kind {
        Kind::File(contents) => match contents.to_bytes(1 << 20).map(String::from_utf8) {
            Some(Ok(text)) => json!({ "text": text, "mode": inode.mode }),
            _ => json!({ "size": contents.len(), "mode": inode.mode }),
        },
        Kind::Symlink(target) => json!({ "link": String::from_utf8_lossy(target) }),
        _ => Value::Null,
    }
}
