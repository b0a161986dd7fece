//! What came of a sequence, and where two answers part.

use crate::case::{Case, Op, text};
use serde_json::{Map, Value, json};

/// The answer of one side, in the corpus's shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The errno of a refused mount.
    pub mount: Option<String>,
    /// One per operation.
    pub results: Vec<Value>,
    /// One per operation: what changed in the raw upper.
    pub deltas: Vec<Value>,
    /// The merged tree after the last operation.
    pub merged: Value,
    /// The raw upper after the last operation.
    pub upper: Value,
}

impl Default for Answer {
    fn default() -> Answer {
        let empty = || Value::Object(Map::new());
        Answer { mount: None, results: Vec::new(), deltas: Vec::new(), merged: empty(), upper: empty() }
    }
}

impl Answer {
    /// The fields of a recorded case that hold the answer.
    pub fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        put("results", json!(self.results));
        put("upper_delta", json!(self.deltas));
        put("merged", self.merged.clone());
        put("upper", self.upper.clone());
        if let Some(errno) = &self.mount {
            put("mount", json!({ "errno": errno }));
        }
        fields
    }
}

/// Where two answers part first.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The operation; none at the mount, or at the end.
    pub at: Option<usize>,
    /// What the kernel has there; null when it has nothing.
    pub kernel: Value,
    /// In words.
    pub what: String,
}

/// The first difference, in the order in which one explains those after it.
pub fn difference(case: &Case, kernel: &Answer, lab: &Answer) -> Option<Difference> {
    if kernel.mount != lab.mount {
        let what = format!("the mount: kernel {:?}, lab {:?}", kernel.mount, lab.mount);
        return Some(Difference { at: None, kernel: json!(kernel.mount), what });
    }
    for (at, op) in case.ops.iter().enumerate() {
        let pairs = [("", &kernel.results, &lab.results), (" in the upper", &kernel.deltas, &lab.deltas)];
        for (place, kernel, lab) in pairs {
            let (kernel, lab) = (kernel.get(at), lab.get(at));
            if kernel != lab {
                let what =
                    format!("op {at}, {}{place}: kernel {}, lab {}", said(op), shown(kernel), shown(lab));
                let kernel = kernel.cloned().unwrap_or_default();
                return Some(Difference { at: Some(at), kernel, what });
            }
        }
    }
    trees("upper", &kernel.upper, &lab.upper).or_else(|| trees("merged", &kernel.merged, &lab.merged))
}

fn trees(name: &str, kernel: &Value, lab: &Value) -> Option<Difference> {
    let mut paths: Vec<&String> =
        [kernel, lab].iter().filter_map(|tree| tree.as_object()).flat_map(Map::keys).collect();
    paths.sort();
    let path = paths.into_iter().find(|path| kernel.get(*path) != lab.get(*path))?;
    let (kernel, lab) = (kernel.get(path), lab.get(path));
    let what = format!("at the end, {path} in {name}: kernel {}, lab {}", shown(kernel), shown(lab));
    Some(Difference { at: None, kernel: kernel.cloned().unwrap_or_default(), what })
}

fn shown(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), Value::to_string)
}

/// An operation as one reads it: `rename /a /b`.
pub fn said(op: &Op) -> String {
    let mut words = vec![text(op, "op").to_owned()];
    for (key, value) in op.iter().filter(|(key, _)| *key != "op") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        words.push(if matches!(&key[..], "path" | "src" | "dst" | "target") {
            value
        } else {
            format!("{key}={value}")
        });
    }
    words.join(" ")
}
