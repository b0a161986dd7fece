//! Random layers.

use super::Profile;
use crate::case::{Entry, Layer, text};
use crate::excluded::target;
use crate::random::Random;
use serde_json::{Value, json};

/// How deep directories go.
const DEPTH: usize = 3;

/// One layer.
pub fn layer(profile: Profile, names: &[String], random: &mut Random) -> Layer {
    let mut layer = Layer::new();
    let mut files = Vec::new();
    fill(&mut layer, &mut files, "", 1, profile, names, random);
    let (often, modes) = match profile {
        Profile::Users => (70, &["1777", "0777", "0775", "2775"][..]),
        _ => (8, &["1777", "0700", "2755"][..]),
    };
    if random.chance(often) {
        let mode = random.pick(modes);
        layer.insert("/".to_owned(), entry(json!({ "type": "dir", "mode": mode })));
    }
    if random.chance(75) {
        cover_targets(&mut layer);
    }
    first_name_first(layer)
}

/// Hides what redirects lead to, as a rename does that leaves a whiteout behind.
fn cover_targets(layer: &mut Layer) {
    let targets: Vec<String> = layer.iter().filter_map(|(path, entry)| target(path, entry)).collect();
    for path in targets {
        let at = path.rfind('/').unwrap_or(0);
        let parent = at == 0 || layer.get(&path[..at]).is_some_and(|entry| text(entry, "type") == "dir");
        let named = path.split('/').skip(1).all(|name| !matches!(name, "" | "." | ".."));
        if parent && named && path.len() < 200 && !layer.contains_key(&path) {
            layer.insert(path, entry(json!({ "type": "whiteout" })));
        }
    }
}

fn fill(
    layer: &mut Layer,
    files: &mut Vec<String>,
    dir: &str,
    depth: usize,
    profile: Profile,
    names: &[String],
    random: &mut Random,
) {
    const KINDS: &[(usize, &str)] =
        &[(42, "dir"), (30, "file"), (8, "symlink"), (3, "fifo"), (2, "chardev"), (15, "whiteout")];
    for name in names {
        if random.chance(50) {
            continue;
        }
        let path = format!("{dir}/{name}");
        let kind = random.weighted(KINDS);
        let linked = if profile == Profile::Links { 60 } else { 25 };
        match kind {
            "whiteout" => {
                layer.insert(path, entry(json!({ "type": kind })));
            }
            "dir" if depth == DEPTH => {}
            "file" | "symlink" | "fifo" if !files.is_empty() && random.chance(linked) => {
                let first = random.pick(files);
                let kind = layer[&first]["type"].clone();
                layer.insert(path, entry(json!({ "type": kind, "hardlink": first })));
            }
            _ => {
                let mut made = object(kind, &path, profile, names, random);
                looks(&mut made, kind, profile, random);
                layer.insert(path.clone(), made);
                match kind {
                    "dir" => fill(layer, files, &path, depth + 1, profile, names, random),
                    // A device of several names has nothing that the others have not.
                    "chardev" => {}
                    _ => files.push(path),
                }
            }
        }
    }
}

fn entry(value: Value) -> Entry {
    value.as_object().cloned().unwrap_or_default()
}

fn object(kind: &str, path: &str, profile: Profile, names: &[String], random: &mut Random) -> Entry {
    let marks = matches!(profile, Profile::Marks | Profile::UserXattr | Profile::Data);
    let mut made = match kind {
        "symlink" => {
            let targets =
                ["a", "b", "../a", "/a/b", "/c", ".", "..", "/", "a/", "b/c", "nope", "./", "../../b"];
            json!({ "type": kind, "target": random.pick(&targets) })
        }
        "chardev" => json!({ "type": kind, "rdev": [1, 3] }),
        "file" if marks && random.chance(25) => {
            json!({ "type": kind, "metacopy": true, "size": random.pick(&[0, 1, 5, 9, 4096]) })
        }
        "file" if profile == Profile::XWhiteouts && random.chance(50) => {
            json!({ "type": kind, "data": "", "whiteout": "xattr" })
        }
        "file" if random.chance(10) => json!({ "type": kind, "size": 5000, "fill": "x" }),
        "file" => json!({ "type": kind, "data": random.pick(&["", "x", "hello", path]) }),
        _ => json!({ "type": kind }),
    };
    if kind == "dir" && profile == Profile::XWhiteouts && random.chance(50) {
        made["opaque"] = json!("x");
    } else if kind == "dir" && random.chance(if marks || profile == Profile::Opaque { 15 } else { 3 }) {
        made["opaque"] = json!(true);
    }
    let redirected =
        kind == "dir" && random.chance(22) || made.get("metacopy").is_some() && random.chance(40);
    if marks && redirected {
        made["redirect"] = json!(redirect(names, random));
    }
    entry(made)
}

fn redirect(names: &[String], random: &mut Random) -> String {
    let mut name = || random.pick(names);
    let (a, b, c) = (name(), name(), name());
    let long = [format!("/{}", "y".repeat(254)), "x".repeat(200)];
    let odd = ["", "/", "//a", "/a/", "/a//b", "a/b", ".", "..", "/a/..", "/./a", &long[0], &long[1]];
    match random.below(12) {
        0..=3 => a,
        4..=5 => format!("/{a}"),
        6..=7 => format!("/{a}/{b}"),
        8..=9 => format!("/{a}/{b}/{c}"),
        _ => random.pick(&odd).to_owned(),
    }
}

const MODES: &[&str] = &["0600", "0700", "4755", "2755", "1777", "2775", "6711", "0444"];

/// Modes that give some users what they refuse to others.
const RIGHTS: &[&str] = &[
    "0000", "0444", "0555", "0600", "0640", "0660", "0700", "0705", "0711", "0750", "0755", "0770", "0777",
    "1777", "2775", "3777", "4711", "6755", "2751", "0751",
];

fn looks(entry: &mut Entry, kind: &str, profile: Profile, random: &mut Random) {
    let users = profile == Profile::Users;
    let mut put = |key: &str, value: Value| entry.insert(key.to_owned(), value);
    if kind != "symlink" && random.chance(if users { 60 } else { 25 }) {
        put("mode", json!(random.pick(if users { RIGHTS } else { MODES })));
    }
    if users && random.chance(60) {
        put("uid", json!(random.pick(&[0, 1000, 1001])));
        put("gid", json!(random.pick(&[0, 5, 1000])));
    } else if random.chance(15) {
        put("uid", json!(random.pick(&[1, 1000])));
        put("gid", json!(random.pick(&[5, 1000])));
    }
    if matches!(kind, "file" | "dir") && random.chance(10) {
        let name = format!("user.{}", random.pick(&["k", "l", "m"]));
        put("xattrs", json!({ name: random.pick(&["1", "2"]) }));
    }
}

/// Of hard links the first path in order carries the entry.
fn first_name_first(mut layer: Layer) -> Layer {
    let linked =
        |layer: &Layer, path: &str| layer[path].get("hardlink").and_then(Value::as_str).map(str::to_owned);
    for path in layer.keys().cloned().collect::<Vec<_>>() {
        let Some(first) = linked(&layer, &path).filter(|first| *first > path) else { continue };
        let kind = layer[&path]["type"].clone();
        if let Some(carrier) = layer.insert(first.clone(), entry(json!({ "type": kind, "hardlink": path }))) {
            layer.insert(path.clone(), carrier);
        }
        for other in layer.keys().cloned().collect::<Vec<_>>() {
            if linked(&layer, &other).is_some_and(|target| target == first) {
                layer.insert(other, entry(json!({ "type": kind, "hardlink": path })));
            }
        }
    }
    layer
}
