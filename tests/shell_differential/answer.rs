//! What a line printed, how it ended and what it changed; and where two answers differ.

use crate::case::Case;
use crate::normal;
use serde_json::{Value, json};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// Longer contents are told by a hash.
const SHOWN: usize = 4096;

/// What one side says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub exit: i32,
    pub out: String,
    pub err: String,
    /// Changed paths: how they are now, None when they are gone.
    pub tree: BTreeMap<String, Option<String>>,
}

impl Answer {
    /// Did the shell refuse to read the line?
    pub fn is_refused(&self) -> bool {
        self.err.to_lowercase().contains("syntax error") || self.err.contains(": -c: line ")
    }

    /// As the corpus writes it.
    pub fn to_json(&self) -> Value {
        json!({ "exit": self.exit, "out": self.out, "err": self.err, "tree": self.tree })
    }

    /// Reads what [`Answer::to_json`] wrote.
    pub fn from_json(value: &Value) -> Option<Answer> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let tree = value["tree"].as_object()?.iter();
        Some(Answer {
            exit: i32::try_from(value["exit"].as_i64()?).ok()?,
            out: text("out")?,
            err: text("err")?,
            tree: tree.map(|(path, entry)| (path.clone(), entry.as_str().map(str::to_owned))).collect(),
        })
    }
}

/// A file in a line of text: mode, owner, links, size and contents.
pub fn file(mode: u32, uid: u32, gid: u32, links: u64, data: &[u8]) -> String {
    let names = if links > 1 { format!(" {links} names") } else { String::new() };
    let size = data.len();
    let data = if size <= SHOWN {
        format!("{:?}", String::from_utf8_lossy(data))
    } else {
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        format!("#{:x}", hasher.finish())
    };
    format!("file {mode:04o} {uid}:{gid}{names} {size} B {data}")
}

/// A directory.
pub fn dir(mode: u32, uid: u32, gid: u32) -> String {
    format!("dir {mode:04o} {uid}:{gid}")
}

/// A symlink.
pub fn symlink(uid: u32, gid: u32, target: &str) -> String {
    format!("symlink {uid}:{gid} -> {target}")
}

/// Another type.
pub fn special(word: &str, mode: u32, uid: u32, gid: u32) -> String {
    format!("{word} {mode:04o} {uid}:{gid}")
}

/// Where two answers differ.
#[derive(Clone, Debug)]
pub struct Difference {
    pub parts: Vec<(String, String, String)>,
}

impl Difference {
    /// What differs: `exit`, `stdout`, `stderr`, or a path of the tree.
    pub fn kinds(&self) -> Vec<&str> {
        self.parts.iter().map(|(what, ..)| what.as_str()).collect()
    }

    /// One line for each thing that differs.
    pub fn told(&self) -> String {
        let mut text = String::new();
        for (what, real, lab) in &self.parts {
            text.push_str(&format!("  {what}:\n    real {real}\n    lab  {lab}\n"));
        }
        text
    }
}

/// What differs after the stated normalisations; none if nothing does.
pub fn difference(case: &Case, real: &Answer, lab: &Answer) -> Option<Difference> {
    let (real, lab) = (normal::normal(case, real), normal::normal(case, lab));
    let mut parts = Vec::new();
    let mut add = |what: &str, real: String, lab: String| {
        if real != lab {
            parts.push((what.to_owned(), real, lab));
        }
    };
    add("exit", real.exit.to_string(), lab.exit.to_string());
    add("stdout", format!("{:?}", real.out), format!("{:?}", lab.out));
    add("stderr", format!("{:?}", real.err), format!("{:?}", lab.err));
    let paths: BTreeSet<&String> = real.tree.keys().chain(lab.tree.keys()).collect();
    for path in paths {
        let entry = |answer: &Answer| match answer.tree.get(path) {
            None => "as before".to_owned(),
            Some(None) => "gone".to_owned(),
            Some(Some(entry)) => entry.clone(),
        };
        add(path, entry(&real), entry(&lab));
    }
    if parts.is_empty() { None } else { Some(Difference { parts }) }
}
