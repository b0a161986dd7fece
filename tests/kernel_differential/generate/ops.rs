//! Random operations.

use super::Profile;
use super::handles::Handles;
use crate::case::{Case, Op, text};
use crate::random::Random;
use serde_json::{Value, json};

const KINDS: &[(usize, &str)] = &[
    (9, "mkdir"),
    (9, "rmdir"),
    (9, "create"),
    (3, "write"),
    (4, "append"),
    (2, "open_rw_noop"),
    (6, "open"),
    (4, "truncate"),
    (12, "unlink"),
    (14, "rename"),
    (3, "rename_noreplace"),
    (6, "rename_exchange"),
    (7, "link"),
    (4, "symlink"),
    (2, "readlink"),
    (5, "chmod"),
    (3, "chown"),
    (2, "lchown"),
    (2, "utimes"),
    (4, "setxattr"),
    (2, "getxattr"),
    (3, "removexattr"),
    (2, "listxattr"),
    (2, "mkfifo"),
    (2, "mkchar"),
    (6, "readdir"),
    (4, "stat"),
    (2, "lstat"),
    (4, "read"),
    (1, "touch"),
    (1, "access"),
    (3, "restart"),
    (3, "remount"),
];

const MODES: &[&str] = &["0644", "0755", "0600", "4755", "2755", "1777", "7777", "0000", "2775"];

/// The operations of a sequence.
pub fn ops(profile: Profile, case: &Case, names: &[String], random: &mut Random) -> Vec<Op> {
    let count = random.pick(&[6, 12, 12, 25, 25, 40]);
    let known = case.lowers.iter().chain([&case.upper]).flat_map(|layer| layer.keys().cloned());
    let mut paths = Paths { names, known: known.filter(|path| path != "/").collect() };
    let mut handles = Handles::new(random);
    (0..count)
        .map(|at| {
            if profile == Profile::Users && (at == 0 || random.chance(15)) {
                return user(random);
            }
            let op = match profile {
                Profile::Handles if random.chance(58) || at == 0 => handles.op(&paths, random),
                _ => op(&mut paths, random),
            };
            paths.note(&op);
            op
        })
        .collect()
}

/// Somebody else goes on: mostly without root's rights.
fn user(random: &mut Random) -> Op {
    let ids =
        [(0, 0, json!([])), (1000, 1000, json!([])), (1001, 1000, json!([5])), (1000, 5, json!([1000, 7]))];
    let (uid, gid, groups) = random.weighted(&[
        (1, ids[0].clone()),
        (4, ids[1].clone()),
        (3, ids[2].clone()),
        (2, ids[3].clone()),
    ]);
    let fields = json!({ "op": "as", "uid": uid, "gid": gid, "groups": groups });
    fields.as_object().cloned().unwrap_or_default()
}

/// Paths to work on: mostly such that something is there.
pub struct Paths<'n> {
    names: &'n [String],
    known: Vec<String>,
}

impl Paths<'_> {
    /// Remembers what an operation makes, so that later ones find it.
    fn note(&mut self, op: &Op) {
        for key in ["path", "dst"] {
            let path = text(op, key);
            let made = key == "dst"
                || text(op, "op") == "fopen"
                || matches!(text(op, "op"), "mkdir" | "create" | "symlink" | "mkfifo");
            if made && path.starts_with('/') && path.len() < 500 {
                self.known.push(path.to_owned());
            }
        }
    }

    fn plain(&self, random: &mut Random) -> String {
        let known = !self.known.is_empty();
        match random.below(100) {
            0..=44 if known => random.pick(&self.known),
            45..=59 if known => format!("{}/{}", random.pick(&self.known), random.pick(self.names)),
            _ => {
                let depth = random.pick(&[1, 1, 2, 2, 2, 3]);
                (0..depth).map(|_| format!("/{}", random.pick(self.names))).collect()
            }
        }
    }

    pub fn any(&self, random: &mut Random) -> String {
        let path = self.plain(random);
        match random.below(100) {
            0..=4 => format!("{path}/"),
            5 => format!("{path}/."),
            6 => format!("{path}/.."),
            7 => odd(random),
            _ => path,
        }
    }
}

fn odd(random: &mut Random) -> String {
    let n = |count: usize| "n".repeat(count);
    let odd = [
        "/".to_owned(),
        String::new(),
        ".".to_owned(),
        "//".to_owned(),
        "..".to_owned(),
        "a/b".to_owned(),
        format!("/{}", n(255)),
        format!("/{}", n(256)),
        format!("/a/{}", n(256)),
        format!("/{}a", "q/".repeat(2047)),
        format!("/{}", "q/".repeat(2048)),
    ];
    random.pick(&odd)
}

fn op(paths: &mut Paths<'_>, random: &mut Random) -> Op {
    let kind = random.weighted(KINDS);
    let mut op = Op::new();
    op.insert("op".to_owned(), json!(kind));
    if matches!(kind, "restart" | "remount") {
        return op;
    }
    let mut put = |key: &str, value: Value| op.insert(key.to_owned(), value);
    if kind.starts_with("rename") || kind == "link" {
        let source = paths.any(random);
        let parent = source.rfind('/').map_or("", |at| &source[..at]);
        let near = [source.clone(), format!("{source}/{}", random.pick(paths.names)), format!("{parent}/")];
        let beside = format!("{parent}/{}", random.pick(paths.names));
        let target = match random.below(10) {
            0 => random.pick(&near),
            1..=3 => beside,
            _ => paths.any(random),
        };
        put("src", json!(source));
        put("dst", json!(target));
        return op;
    }
    put("path", json!(paths.any(random)));
    for (key, value) in arguments(kind, random) {
        put(key, value);
    }
    op
}

fn arguments(kind: &str, random: &mut Random) -> Vec<(&'static str, Value)> {
    let mode = ("mode", json!(random.pick(MODES)));
    match kind {
        "mkdir" | "mkfifo" | "chmod" => vec![mode],
        "create" => vec![mode, data(random)],
        "write" | "append" => vec![data(random)],
        "truncate" => vec![("size", json!(random.pick(&[0, 1, 3, 5, 100, -1])))],
        "symlink" => {
            let long = ["t".repeat(4095), "t".repeat(4096)];
            let targets = ["a", "b", "../c", "/a", "x/", "/b/c", ".", "", &long[0], &long[1]];
            let weight = if random.chance(90) { 7 } else { targets.len() };
            vec![("target", json!(targets[random.below(weight)]))]
        }
        "chown" | "lchown" => {
            vec![
                ("uid", json!(random.pick(&[-1, 0, 7, 1000]))),
                ("gid", json!(random.pick(&[-1, 0, 5, 1000]))),
            ]
        }
        "getxattr" | "removexattr" => vec![("name", json!(attribute(random)))],
        "setxattr" => {
            vec![("name", json!(attribute(random))), ("value", json!(random.pick(&["1", "", "y"])))]
        }
        "mkchar" => vec![mode, ("rdev", random.pick(&[json!([1, 3]), json!([1, 3]), json!([0, 0])]))],
        "access" => vec![("mode", json!(random.below(8)))],
        "open" => open(random),
        _ => Vec::new(),
    }
}

fn data(random: &mut Random) -> (&'static str, Value) {
    ("data", json!(random.pick(&["", "n", "new text"])))
}

fn attribute(random: &mut Random) -> String {
    let long = [format!("user.{}", "x".repeat(250)), format!("user.{}", "x".repeat(251))];
    let odd = [
        "user.m",
        "user.",
        "nonsense",
        "trusted.x",
        "trusted.",
        "security.z",
        "",
        "trusted.overlay.opaque",
        "user.overlay.opaque",
        "trusted.overlay.",
        &long[0],
        &long[1],
    ];
    if random.chance(40) {
        random.pick(&odd).to_owned()
    } else {
        random.pick(&["user.k", "user.l"]).to_owned()
    }
}

fn open(random: &mut Random) -> Vec<(&'static str, Value)> {
    let mut flags = vec![random.pick(&["O_RDONLY", "O_WRONLY", "O_RDWR"])];
    for flag in ["O_APPEND", "O_CREAT", "O_EXCL", "O_TRUNC", "O_DIRECTORY", "O_NOFOLLOW"] {
        // Without O_CREAT the kernel says nothing of what O_EXCL means (open(2)).
        if random.chance(22) && (flag != "O_EXCL" || flags.contains(&"O_CREAT")) {
            flags.push(flag);
        }
    }
    let mut arguments = Vec::new();
    if flags.contains(&"O_CREAT") {
        arguments.push(("mode", json!(random.pick(MODES))));
    }
    arguments.push(("flags", json!(flags)));
    if random.chance(50) {
        arguments.push(("data", json!(random.pick(&["", "QQ", "longer data"]))));
    }
    if random.chance(60) {
        arguments.push(("read", json!(true)));
    }
    arguments
}
