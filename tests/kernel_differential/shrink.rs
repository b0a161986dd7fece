//! Makes a failing sequence small: fewer operations, layers and entries, plainer ones.

use crate::case::{Case, Layer, Op, keep_whole, text};
use serde_json::{Value, json};

/// The smallest sequence found that still fails. Asks `fails` at most `budget` times.
pub fn shrink(case: Case, budget: usize, fails: &mut dyn FnMut(&Case) -> bool) -> Case {
    let mut shrinking = Shrinking { best: case, left: budget, fails };
    loop {
        let before = shrinking.best.clone();
        shrinking.ops();
        shrinking.layers();
        shrinking.entries();
        shrinking.switches();
        shrinking.plainer_ops();
        shrinking.plainer_entries();
        if shrinking.best == before || shrinking.left == 0 {
            return shrinking.best;
        }
    }
}

struct Shrinking<'f> {
    best: Case,
    left: usize,
    fails: &'f mut dyn FnMut(&Case) -> bool,
}

impl Shrinking<'_> {
    /// Keeps the change if the sequence still fails with it.
    fn attempt(&mut self, change: impl FnOnce(&mut Case)) -> bool {
        let mut smaller = self.best.clone();
        change(&mut smaller);
        if smaller == self.best || self.left == 0 {
            return false;
        }
        self.left -= 1;
        let still = (self.fails)(&smaller);
        if still {
            self.best = smaller;
        }
        still
    }

    /// Leaves out runs of operations, long ones first.
    fn ops(&mut self) {
        let mut length = self.best.ops.len();
        while length > 0 {
            let mut end = self.best.ops.len();
            while end > 0 {
                let start = end.saturating_sub(length);
                self.attempt(|case| drop(case.ops.drain(start..end)));
                end = start.min(self.best.ops.len());
            }
            length /= 2;
        }
    }

    fn layers(&mut self) {
        for at in (0..self.best.lowers.len()).rev() {
            if self.best.lowers.len() > 1 {
                self.attempt(|case| drop(case.lowers.remove(at)));
            }
        }
        for at in (0..self.best.data.len()).rev() {
            self.attempt(|case| drop(case.data.remove(at)));
        }
        self.attempt(|case| case.upper.clear());
    }

    fn entries(&mut self) {
        for at in 0..=self.best.lowers.len() + self.best.data.len() {
            let paths: Vec<String> = layer(&mut self.best.clone(), at).keys().cloned().collect();
            for path in paths {
                self.attempt(|case| {
                    let layer = layer(case, at);
                    layer.remove(&path);
                    keep_whole(layer);
                });
            }
        }
    }

    fn switches(&mut self) {
        self.attempt(|case| case.options.xino = false);
        self.attempt(|case| case.options.index = false);
        self.attempt(|case| case.options.metacopy = false);
        self.attempt(|case| case.options.redirect_dir = false);
        self.attempt(|case| case.options.userxattr = false);
    }

    fn plainer_ops(&mut self) {
        for at in 0..self.best.ops.len() {
            for change in PLAINER_OP {
                self.attempt(|case| change(&mut case.ops[at]));
            }
            let flags = self.best.ops[at].get("flags").and_then(Value::as_array).cloned().unwrap_or_default();
            for flag in flags.iter().skip(1) {
                self.attempt(|case| {
                    if let Some(Value::Array(flags)) = case.ops[at].get_mut("flags") {
                        flags.retain(|kept| kept != flag);
                    }
                });
            }
        }
    }

    fn plainer_entries(&mut self) {
        for at in 0..=self.best.lowers.len() + self.best.data.len() {
            let paths: Vec<String> = layer(&mut self.best.clone(), at).keys().cloned().collect();
            for path in paths {
                for field in ["mode", "uid", "gid", "xattrs", "opaque", "redirect", "whiteout"] {
                    self.attempt(|case| {
                        if let Some(entry) = layer(case, at).get_mut(&path) {
                            entry.remove(field);
                        }
                    });
                }
                self.attempt(|case| {
                    let layer = layer(case, at);
                    let alone =
                        layer.get(&path).and_then(|entry| layer.get(text(entry, "hardlink"))).cloned();
                    layer.extend(alone.map(|entry| (path.clone(), entry)));
                });
                self.attempt(|case| {
                    let entry = layer(case, at).get_mut(&path);
                    if let Some(entry) = entry.filter(|entry| entry.contains_key("fill")) {
                        *entry =
                            json!({ "type": "file", "data": "x" }).as_object().cloned().unwrap_or_default();
                    }
                });
            }
        }
    }
}

/// The lower of this number, topmost first; after the last one data-only ones, then the upper.
fn layer(case: &mut Case, at: usize) -> &mut Layer {
    let lowers = case.lowers.len();
    match case.lowers.iter_mut().chain(&mut case.data).nth(at) {
        Some(_) if at < lowers => &mut case.lowers[at],
        Some(_) => &mut case.data[at - lowers],
        None => &mut case.upper,
    }
}

const PLAINER_OP: &[fn(&mut Op)] = &[
    |op| put(op, "mode", json!(if text(op, "op") == "mkdir" { "0755" } else { "0644" })),
    |op| put(op, "data", json!("x")),
    |op| drop(op.remove("read")),
    |op| drop(op.remove("groups")),
    |op| {
        for key in ["path", "src", "dst"] {
            let path = text(op, key).trim_end_matches('/').to_owned();
            if !path.is_empty() {
                put(op, key, json!(path));
            }
        }
    },
];

/// Gives a field that is there another value.
fn put(op: &mut Op, key: &str, value: Value) {
    if let Some(field) = op.get_mut(key) {
        *field = value;
    }
}
