//! Random operations on files that stay open.

use super::ops::Paths;
use crate::case::Op;
use crate::random::Random;
use serde_json::{Value, json};

const KINDS: &[(usize, &str)] = &[
    (14, "fopen"),
    (4, "fclose"),
    (16, "fread"),
    (4, "fpread"),
    (10, "fwrite"),
    (4, "fpwrite"),
    (7, "fseek"),
    (5, "ftruncate"),
    (10, "fstat"),
    (4, "fchmod"),
    (3, "fchown"),
    (3, "fsetxattr"),
    (2, "fgetxattr"),
    (1, "fsync"),
    (7, "freaddir"),
];

/// What may be open.
pub struct Handles {
    /// How many, if all could be opened.
    open: usize,
    /// Files only, for writing: then the position goes anywhere. Else directories too.
    files: bool,
}

impl Handles {
    /// Nothing yet.
    pub fn new(random: &mut Random) -> Handles {
        Handles { open: 0, files: random.chance(40) }
    }

    /// One operation.
    pub fn op(&mut self, paths: &Paths<'_>, random: &mut Random) -> Op {
        let kind = if self.open == 0 { "fopen" } else { random.weighted(KINDS) };
        let mut op = Op::new();
        let mut put = |key: &str, value: Value| drop(op.insert(key.to_owned(), value));
        put("op", json!(kind));
        if kind == "fopen" {
            self.open += 1;
            fopen(paths, self, random, &mut put);
            return op;
        }
        put("fd", json!(3 + random.below(self.open.min(4))));
        match kind {
            "fclose" => self.open = self.open.saturating_sub(1),
            "fread" if random.chance(40) => put("size", json!(random.pick(&[0, 1, 3, 100]))),
            "fpread" => {
                put("offset", json!(random.pick(&[0, 0, 1, 4, 9, -1])));
                put("size", json!(random.pick(&[0, 1, 3, 100])));
            }
            "fwrite" => put("data", json!(random.pick(&["", "Q", "new text"]))),
            "fpwrite" => {
                put("offset", json!(random.pick(&[0, 0, 1, 4, 9, -1])));
                put("data", json!(random.pick(&["", "Q", "new text"])));
            }
            "fseek" => {
                let any =
                    [(0, "SET"), (2, "SET"), (20, "SET"), (0, "END"), (-2, "END"), (0, "CUR"), (-1, "CUR")];
                // What other numbers mean in a directory is the layer's own affair.
                let (offset, whence) = if self.files { random.pick(&any) } else { (0, "SET") };
                put("offset", json!(offset));
                put("whence", json!(whence));
            }
            "ftruncate" => put("size", json!(random.pick(&[0, 1, 3, 12, 4097, -1]))),
            "fchmod" => put("mode", json!(random.pick(&["0644", "0600", "6755"]))),
            "fchown" => {
                put("uid", json!(random.pick(&[-1, 0, 7])));
                put("gid", json!(random.pick(&[-1, 0, 8])));
            }
            "fsetxattr" | "fgetxattr" => {
                put("name", json!(random.pick(&["user.k", "user.l"])));
                if kind == "fsetxattr" {
                    put("value", json!(random.pick(&["1", "2"])));
                }
            }
            _ => {}
        }
        op
    }
}

fn fopen(paths: &Paths<'_>, handles: &Handles, random: &mut Random, put: &mut dyn FnMut(&str, Value)) {
    let access = ["O_WRONLY", "O_RDWR", "O_RDWR", "O_RDONLY", "O_RDONLY", "O_RDONLY"];
    let mut flags = vec![random.pick(if handles.files { &access[..3] } else { &access[..] })];
    for (flag, percent) in [("O_APPEND", 20), ("O_CREAT", 20), ("O_TRUNC", 10)] {
        if random.chance(percent) {
            flags.push(flag);
        }
    }
    let beside = ["a", "b", ".", "..", "../a", "c/a", "/a", "c/"];
    if handles.open > 1 && random.chance(10) {
        put("at", json!(3 + random.below(handles.open.min(4))));
        put("path", json!(random.pick(&beside)));
    } else {
        put("path", json!(paths.any(random)));
    }
    if flags.contains(&"O_CREAT") {
        put("mode", json!("0644"));
    }
    put("flags", json!(flags));
}
