//! Images as archives: a base to import, and what a build made, read from `docker save`.

use super::context::contents;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use tar::{Archive, Builder, EntryType, Header};

/// The time of the files of a base, Unix seconds.
const EPOCH: u64 = 1_704_067_200;

/// Contents up to this size are shown.
const SHOWN: usize = 240;

/// The archive that a base of `bases.json` is imported from; its busybox is this machine's.
pub fn base(base: &Value) -> Result<Vec<u8>, String> {
    let mut archive = Builder::new(Vec::new());
    for entry in base["tree"].as_array().into_iter().flatten() {
        let path = entry["path"].as_str().unwrap_or("").trim_start_matches('/');
        let mut header = Header::new_gnu();
        header.set_mtime(EPOCH);
        header.set_uid(entry["uid"].as_u64().unwrap_or(0));
        header.set_gid(entry["gid"].as_u64().unwrap_or(0));
        let mode = entry["mode"].as_str().unwrap_or("0777");
        header.set_mode(u32::from_str_radix(mode, 8).unwrap_or(0o777));
        let mut data = Vec::new();
        let failed = |why: std::io::Error| format!("{path}: {why}");
        match entry["type"].as_str() {
            Some("dir") => header.set_entry_type(EntryType::Directory),
            Some("symlink") => {
                header.set_entry_type(EntryType::Symlink);
                header.set_link_name(entry["target"].as_str().unwrap_or("")).map_err(failed)?;
            }
            _ if entry["program"].is_string() => {
                data = std::fs::read("/bin/busybox").map_err(|why| format!("/bin/busybox: {why}"))?;
                if Some(data.len() as u64) != entry["size"].as_u64() {
                    return Err(format!(
                        "/bin/busybox has {} bytes; the recorded bases have Debian's busybox-static 1.35",
                        data.len()
                    ));
                }
            }
            _ => data = contents(entry),
        }
        header.set_size(data.len() as u64);
        archive.append_data(&mut header, path, &data[..]).map_err(failed)?;
    }
    archive.into_inner().map_err(|why| why.to_string())
}

/// Images and layers numbered in the order in which a case first shows them.
#[derive(Default)]
pub struct Numbers {
    images: Vec<String>,
    layers: Vec<String>,
}

fn number(list: &mut Vec<String>, id: &str) -> usize {
    list.iter().position(|known| known == id).unwrap_or_else(|| {
        list.push(id.to_owned());
        list.len() - 1
    })
}

/// Image, layers and config, from `docker save` and the sizes of `docker history` (oldest first).
pub fn read(archive: &[u8], sizes: &[u64], numbers: &mut Numbers) -> Result<Map<String, Value>, String> {
    let failed = |why: std::io::Error| why.to_string();
    let mut files: HashMap<String, Vec<u8>> = HashMap::new();
    let mut links: Vec<(String, String)> = Vec::new();
    for entry in Archive::new(archive).entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if let Some(target) = entry.link_name().map_err(failed)? {
            links.push((path, target.to_string_lossy().trim_start_matches("../").to_owned()));
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        files.insert(path, bytes);
    }
    for (path, target) in links {
        let bytes = files.get(&target).cloned().unwrap_or_default();
        files.insert(path, bytes);
    }
    let json = |name: &str| -> Result<Value, String> {
        serde_json::from_slice(files.get(name).map_or(&[], Vec::as_slice))
            .map_err(|why| format!("{name}: {why}"))
    };
    let manifest = json("manifest.json")?;
    let name = manifest[0]["Config"].as_str().unwrap_or("");
    let image = json(name)?;
    let mut found = Map::new();
    found.insert("image".to_owned(), json!(number(&mut numbers.images, name)));
    found.insert("image_size".to_owned(), json!(sizes.iter().sum::<u64>()));
    let blobs: Vec<&str> =
        manifest[0]["Layers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    found.insert("rootfs_layer_count".to_owned(), json!(blobs.len()));
    let mut below = BTreeMap::new();
    let mut rows = Vec::new();
    let mut at = 0;
    for (line, entry) in image["history"].as_array().into_iter().flatten().enumerate() {
        let empty = entry["empty_layer"].as_bool().unwrap_or(false);
        let mut row = Map::new();
        row.insert("created_by".to_owned(), json!(entry["created_by"].as_str().unwrap_or("")));
        row.insert("empty_layer".to_owned(), json!(empty));
        row.insert("size".to_owned(), json!(sizes.get(line).copied().unwrap_or(0)));
        if let Some(comment) = entry["comment"].as_str() {
            row.insert("comment".to_owned(), json!(comment));
        }
        if !empty {
            let blob = blobs.get(at).and_then(|name| files.get(*name)).ok_or("a layer is missing")?;
            let diff = layer(blob, &mut below).map_err(failed)?;
            if entry["comment"] == json!("Imported from -")
                || entry["comment"].as_str().is_some_and(|c| c.starts_with("Imported"))
            {
                row.insert("comment".to_owned(), json!("Imported from -"));
                let base = if below.contains_key("/etc/alt-release") { "alt:lab" } else { "busybox:lab" };
                row.insert("base".to_owned(), json!(base));
            } else {
                let id = image["rootfs"]["diff_ids"][at].as_str().unwrap_or("");
                row.insert("layer".to_owned(), json!(number(&mut numbers.layers, id)));
                row.insert("diff".to_owned(), diff);
            }
            at += 1;
        }
        rows.push(Value::Object(row));
    }
    found.insert("layers".to_owned(), Value::Array(rows));
    found.insert("config".to_owned(), config(&image["config"]));
    Ok(found)
}

/// The same of an image without layers, from `docker inspect` and its history.
pub fn empty(inspected: &Value, rows: Vec<Value>, numbers: &mut Numbers) -> Map<String, Value> {
    let id = inspected["Id"].as_str().unwrap_or("").trim_start_matches("sha256:");
    let mut found = Map::new();
    found.insert("image".to_owned(), json!(number(&mut numbers.images, &format!("{id}.json"))));
    found.insert("image_size".to_owned(), json!(0));
    found.insert("rootfs_layer_count".to_owned(), json!(0));
    found.insert("layers".to_owned(), Value::Array(rows));
    found.insert("config".to_owned(), config(&inspected["Config"]));
    found
}

fn config(all: &Value) -> Value {
    const KEYS: [&str; 13] = [
        "User",
        "ExposedPorts",
        "Env",
        "Cmd",
        "Entrypoint",
        "WorkingDir",
        "Labels",
        "Volumes",
        "StopSignal",
        "Healthcheck",
        "OnBuild",
        "Shell",
        "ArgsEscaped",
    ];
    let empty = [Value::Null, json!(""), json!([]), json!({}), json!(false)];
    let kept = KEYS.iter().filter(|key| !empty.contains(&all[**key]));
    Value::Object(kept.map(|key| ((*key).to_owned(), all[*key].clone())).collect())
}

/// What is at a path.
#[derive(Clone, PartialEq)]
struct Node {
    kind: &'static str,
    mode: u32,
    owner: (u64, u64),
    data: Vec<u8>,
    target: String,
}

/// A layer's `diff` against what is below it, which then becomes what it makes of it.
fn layer(blob: &[u8], below: &mut BTreeMap<String, Node>) -> std::io::Result<Value> {
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut made: Vec<(String, Node)> = Vec::new();
    let mut gone: Vec<(String, bool)> = Vec::new();
    for entry in Archive::new(blob).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().trim_end_matches('/').to_owned();
        let path = format!("/{}", path.trim_start_matches("./"));
        if let Some((above, name)) = path.rsplit_once('/') {
            if name == ".wh..wh..opq" {
                lists.entry("opaque").or_default().push(json!(above));
                gone.push((above.to_owned(), false));
                continue;
            }
            if let Some(name) = name.strip_prefix(".wh.") {
                let path = format!("{above}/{name}");
                lists.entry("deleted").or_default().push(json!(path));
                gone.push((path, true));
                continue;
            }
        }
        let node = node(&mut entry)?;
        let shown = described(&path, &node);
        match below.get(&path) {
            None => lists.entry("added").or_default().push(Value::Object(shown)),
            Some(old) => {
                let changed = changed(&node, old);
                if node.kind == "dir" && changed.is_empty() {
                    lists.entry("parents").or_default().push(json!(path));
                } else {
                    let mut shown = shown;
                    shown.insert("changed".to_owned(), json!(changed));
                    lists.entry("modified").or_default().push(Value::Object(shown));
                }
            }
        }
        made.push((path, node));
    }
    for (path, itself) in gone {
        below.retain(|at, _| !(at.starts_with(&format!("{path}/")) || (itself && *at == path)));
    }
    for (path, node) in made {
        if node.kind != "dir" {
            below.retain(|at, _| !at.starts_with(&format!("{path}/")));
        }
        // A further name of a file is that file.
        let linked = made_of(below, &node);
        below.insert(path, linked.unwrap_or(node));
    }
    let mut diff = Map::new();
    for key in ["added", "modified", "parents", "deleted", "opaque"] {
        if let Some(mut list) = lists.remove(key) {
            list.sort_by_key(|entry| entry["path"].as_str().or(entry.as_str()).unwrap_or("").to_owned());
            diff.insert(key.to_owned(), Value::Array(list));
        }
    }
    Ok(Value::Object(diff))
}

fn made_of(below: &BTreeMap<String, Node>, node: &Node) -> Option<Node> {
    if node.kind != "hardlink" {
        return None;
    }
    below.get(&node.target).cloned()
}

fn node(entry: &mut tar::Entry<'_, &[u8]>) -> std::io::Result<Node> {
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Directory => "dir",
        EntryType::Symlink => "symlink",
        EntryType::Link => "hardlink",
        EntryType::Fifo => "fifo",
        EntryType::Char => "chardev",
        EntryType::Block => "blockdev",
        _ => "file",
    };
    let (mode, owner) = (header.mode()? & 0o7777, (header.uid()?, header.gid()?));
    let target = entry.link_name()?.map_or(String::new(), |name| name.to_string_lossy().into_owned());
    let target = if kind == "hardlink" { format!("/{}", target.trim_start_matches('/')) } else { target };
    let mut data = Vec::new();
    entry.read_to_end(&mut data)?;
    Ok(Node { kind, mode, owner, data, target })
}

fn described(path: &str, node: &Node) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("path".to_owned(), json!(path));
    shown.insert("type".to_owned(), json!(node.kind));
    if node.kind != "symlink" {
        shown.insert("mode".to_owned(), json!(format!("{:04o}", node.mode)));
    }
    shown.insert("uid".to_owned(), json!(node.owner.0));
    shown.insert("gid".to_owned(), json!(node.owner.1));
    match node.kind {
        "file" => {
            shown.insert("size".to_owned(), json!(node.data.len()));
            if let (true, Ok(text)) = (node.data.len() <= SHOWN, std::str::from_utf8(&node.data)) {
                shown.insert("data".to_owned(), json!(text));
            }
        }
        "symlink" | "hardlink" => drop(shown.insert("target".to_owned(), json!(node.target))),
        _ => {}
    }
    shown
}

fn changed(new: &Node, old: &Node) -> Vec<&'static str> {
    if new.kind != old.kind {
        return vec!["type"];
    }
    let differs = [
        ("content", new.kind == "file" && new.data != old.data),
        ("target", new.kind == "symlink" && new.target != old.target),
        ("mode", new.kind != "symlink" && new.mode != old.mode),
        ("owner", new.owner != old.owner),
    ];
    differs.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect()
}
