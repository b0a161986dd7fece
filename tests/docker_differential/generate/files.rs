//! Context files.

use crate::base64;
use crate::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tar::{Builder, EntryType, Header};

/// Where context files are.
pub const PATHS: [&str; 10] = [
    "a.txt",
    "b.txt",
    "run.sh",
    "src/a.txt",
    "src/main.c",
    "src/lib/x.txt",
    "src/lib/y.txt",
    "conf/app.conf",
    "conf/b.txt",
    ".env",
];

/// Directories that may be listed with a mode of their own.
pub const DIRS: [&str; 4] = ["src", "src/lib", "conf", "empty"];

const MODES: [&str; 5] = ["0644", "0755", "0600", "0664", "4755"];

pub fn context(random: &mut Random) -> BTreeMap<String, Value> {
    let mut context = BTreeMap::new();
    for path in PATHS {
        if random.chance(70) {
            let entry = file(random, path, 0);
            context.insert(path.to_owned(), entry);
        }
    }
    for dir in DIRS {
        if random.chance(20) {
            let mode = random.pick(&["0755", "0700", "0775", "1777"]);
            context.insert(dir.to_owned(), json!({ "type": "dir", "mode": mode }));
        }
    }
    if random.chance(30) {
        let target = random.pick(&["a.txt", "src", "nowhere", "/etc/passwd", "src/lib/x.txt"]);
        context.insert("link".to_owned(), json!({ "type": "symlink", "target": target }));
    }
    if random.chance(20) && context.keys().any(|path| path.starts_with("src/lib/")) {
        let target = random.pick(&["lib", "lib/x.txt", "../a.txt"]);
        context.insert("src/ln".to_owned(), json!({ "type": "symlink", "target": target }));
    }
    if random.chance(25) {
        let entry = archive(random, 0);
        context.insert("pack.tar".to_owned(), entry);
    }
    context
}

/// A file; its content names the edit that made it.
pub fn file(random: &mut Random, path: &str, edit: i64) -> Value {
    let mut entry = match random.chance(6) {
        true => json!({ "type": "file", "fill": { "byte": "x", "count": 1000 + random.below(4000) } }),
        false => json!({ "type": "file", "data": format!("{path} {edit}\n") }),
    };
    let mode =
        if path.ends_with(".sh") { "0755" } else { random.pick(&["0644", "0644", "0644", "0600", "0755"]) };
    entry["mode"] = json!(mode);
    if edit > 0 {
        entry["mtime"] = json!(time(edit));
    }
    entry
}

/// The time of what an edit writes, Unix seconds.
pub fn time(edit: i64) -> i64 {
    1_704_067_200 + 3600 * edit
}

pub fn mode(random: &mut Random) -> &'static str {
    random.pick(&MODES)
}

/// A tar archive with a few members.
pub fn archive(random: &mut Random, edit: i64) -> Value {
    let mut tar = Builder::new(Vec::new());
    let mut member = |path: &str, kind: EntryType, mode: u32, owner: u64, data: &[u8], link: &str| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(1_704_067_200);
        header.set_uid(owner);
        header.set_gid(owner / 2);
        header.set_size(data.len() as u64);
        if !link.is_empty() {
            header.set_link_name(link).unwrap();
        }
        tar.append_data(&mut header, path, data).unwrap();
    };
    let owner = if random.chance(40) { 1000 } else { 0 };
    if random.chance(60) {
        member("inner/", EntryType::Directory, 0o750, owner, b"", "");
    }
    member("inner/a.txt", EntryType::Regular, 0o644, owner, format!("in {edit}\n").as_bytes(), "");
    if random.chance(50) {
        member("top.sh", EntryType::Regular, 0o755, 0, b"echo top\n", "");
    }
    if random.chance(40) {
        member("inner/l", EntryType::Symlink, 0o777, owner, b"", "a.txt");
    }
    if random.chance(30) {
        member("inner/h", EntryType::Link, 0o644, owner, b"", "inner/a.txt");
    }
    if random.chance(20) {
        member("etc/passwd", EntryType::Regular, 0o600, 0, b"root:x:0:0::/:/bin/sh\n", "");
    }
    let bytes = tar.into_inner().unwrap();
    let mut entry = json!({ "type": "file", "mode": "0644", "data_b64": base64::encode(&bytes) });
    if edit > 0 {
        entry["mtime"] = json!(time(edit));
    }
    entry
}

pub fn ignore(random: &mut Random) -> Vec<String> {
    (0..1 + random.below(3)).map(|_| ignored(random)).collect()
}

pub fn ignored(random: &mut Random) -> String {
    random
        .pick(&[
            "*.txt",
            "src/lib",
            "**/x.txt",
            "conf/*.conf",
            "Dockerfile",
            ".dockerignore",
            "!src/a.txt",
            "# note",
            ".env",
            "*",
            "!a.txt",
            "src/*",
            "!src/lib",
            "empty",
            "/b.txt",
            "link",
        ])
        .to_owned()
}
