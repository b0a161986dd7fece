//! RUN lines and container commands recorded from Docker: output, exit status and layer.
#![allow(clippy::unwrap_used)]

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use indexmap::IndexMap;
use layerlab::fs::{Contents, Inode, Kind, Layer, Nodes, Tree};
use layerlab::shell::{NoPrograms, Outcome, Process, Sandbox, run};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn contents(entry: &Value) -> Contents {
    if let Some(program) = entry["program"].as_str() {
        return Contents::of_program(program, entry["size"].as_u64().unwrap());
    }
    match (entry["data"].as_str(), &entry["fill"]) {
        (Some(data), _) => Contents::text(data),
        (None, Value::Object(fill)) => {
            Contents::fill(fill["byte"].as_str().unwrap().as_bytes()[0], fill["count"].as_u64().unwrap())
        }
        _ => Contents::EMPTY,
    }
}

fn base(name: &str) -> Option<Layer> {
    let bases = read(Path::new("tests/corpus/docker/bases.json"));
    let mut tree = Tree::new();
    for entry in bases[name]["tree"].as_array()? {
        let mode = u16::from_str_radix(entry["mode"].as_str().unwrap_or("777"), 8).unwrap();
        let inode = match entry["type"].as_str().unwrap() {
            "dir" => Inode::dir(mode),
            "symlink" => Inode::symlink(entry["target"].as_str().unwrap().as_bytes()),
            _ => Inode::file(contents(entry)).with_mode(mode),
        };
        let id = |key: &str| entry[key].as_u64().unwrap_or(0) as u32;
        tree.put(entry["path"].as_str().unwrap().as_bytes(), inode.owned(id("uid"), id("gid")));
    }
    Some(tree.seal())
}

/// An entry in the corpus's shape.
fn entry(path: &str, inode: &Inode, first: Option<&str>) -> Value {
    let mut value = json!({ "path": path, "uid": inode.uid, "gid": inode.gid });
    let mut set = |key: &str, new: Value| value.as_object_mut().unwrap().insert(key.to_owned(), new);
    match &inode.kind {
        Kind::Symlink(target) => {
            set("type", json!("symlink"));
            set("target", json!(String::from_utf8_lossy(target)));
        }
        Kind::File(data) => {
            set("mode", json!(format!("{:04o}", inode.mode)));
            match first {
                Some(first) => {
                    set("type", json!("hardlink"));
                    set("target", json!(first));
                }
                None => {
                    set("type", json!("file"));
                    set("size", json!(data.len()));
                    if let Some(text) = data.to_text(240) {
                        set("data", json!(text));
                    }
                }
            }
        }
        _ => {
            set("type", json!("dir"));
            set("mode", json!(format!("{:04o}", inode.mode)));
        }
    }
    value
}

/// What the upper holds, in the corpus's shape.
fn diff(mount: &Mount, below: &mut Mount) -> Value {
    let mut lists: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut seen: BTreeMap<u32, String> = BTreeMap::new();
    let t = &mut Trace::silent();
    let upper = mount.upper().clone();
    upper.walk(&mut |path, ino, inode| {
        let shown = String::from_utf8_lossy(path).into_owned();
        if inode.is_whiteout() {
            lists.entry("deleted").or_default().push(json!(shown));
            return;
        }
        let first = seen.get(&ino).cloned();
        seen.entry(ino).or_insert_with(|| shown.clone());
        let Ok(old) = below.lstat(path, t) else {
            lists.entry("added").or_default().push(entry(&shown, inode, first.as_deref()));
            return;
        };
        if inode.is_opaque() {
            lists.entry("opaque").or_default().push(json!(shown));
        }
        let new = mount.clone().lstat(path, t).unwrap();
        let mut changed = Vec::new();
        if new.kind != old.kind {
            changed.push("type");
        } else {
            let content = match &inode.kind {
                Kind::File(data) => below.read(path, t).unwrap() != *data,
                _ => false,
            };
            if content {
                changed.push("content");
            }
            if matches!(&inode.kind, Kind::Symlink(target) if below.readlink(path, t).unwrap() != **target) {
                changed.push("target");
            }
            if !matches!(inode.kind, Kind::Symlink(_)) && new.mode != old.mode {
                changed.push("mode");
            }
            if (new.uid, new.gid) != (old.uid, old.gid) {
                changed.push("owner");
            }
        }
        if changed.is_empty() && inode.kind.is_dir() {
            lists.entry("parents").or_default().push(json!(shown));
        } else {
            let mut value = entry(&shown, inode, first.as_deref());
            value.as_object_mut().unwrap().insert("changed".to_owned(), json!(changed));
            lists.entry("modified").or_default().push(value);
        }
    });
    json!(lists)
}

fn shown(outcome: &Outcome) -> Vec<String> {
    outcome.lines.iter().map(|(_, line)| line.clone()).collect()
}

/// The state of a build as far as RUN needs it.
struct Build {
    layers: Vec<Layer>,
    env: IndexMap<String, String>,
    user: String,
    cwd: String,
    sandbox: Sandbox,
}

impl Build {
    fn mount(&self) -> Mount {
        let lower = |layer: &Layer| Lower { layer: layer.clone(), label: "".into() };
        Mount::new(self.layers.iter().rev().map(lower).collect(), Tree::new(), Options::default()).unwrap()
    }

    fn run(&mut self, argv: Vec<String>) -> (Outcome, Value) {
        let mut mount = self.mount();
        let process = Process {
            argv,
            env: self.env.clone(),
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            sandbox: self.sandbox,
            ..Process::default()
        };
        let mut t = Trace::silent();
        let outcome = run(&mut mount, &process, &mut NoPrograms, &mut t);
        assert!(t.fuel.exhausted().is_none());
        let diff = diff(&mount, &mut self.mount());
        if outcome.exit == 0 && !mount.upper().is_bare() {
            self.layers.push(mount.sealed_upper());
        }
        (outcome, diff)
    }
}

/// Replays one build; the differences. None: it has an instruction that is not RUN's business.
fn replay(build: &Value, legacy: bool) -> Option<Vec<String>> {
    let mut wrong = Vec::new();
    let mut state = Build {
        layers: Vec::new(),
        env: IndexMap::from([(
            "PATH".to_owned(),
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        )]),
        user: String::new(),
        cwd: "/".to_owned(),
        sandbox: if legacy { Sandbox::Legacy } else { Sandbox::BuildKit },
    };
    let mut layers = build["expect"]["layers"].as_array().cloned().unwrap_or_default().into_iter();
    for step in build["expect"]["steps"].as_array()? {
        let text = step["instruction"].as_str()?;
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        match word.to_uppercase().as_str() {
            "FROM" => state.layers.push(base(rest)?),
            "USER" => state.user = rest.to_owned(),
            "ENV" => {
                let (name, value) = rest.split_once('=')?;
                state.env.insert(name.to_owned(), value.to_owned());
            }
            "ARG" => {
                if let Some((name, value)) = rest.split_once('=') {
                    state.env.insert(name.to_owned(), value.to_owned());
                }
            }
            "COPY" => {
                let (from, to) = rest.split_once(' ')?;
                let file = build["context"].get(from)?;
                let mut tree = Tree::new();
                let to = if to.ends_with('/') { format!("{to}{from}") } else { to.to_owned() };
                tree.put(to.as_bytes(), Inode::file(contents(file)));
                state.layers.push(tree.seal());
            }
            "RUN" => {
                let status = step["status"].as_str().unwrap_or("");
                if !matches!(status, "done" | "error") {
                    continue;
                }
                let argv = match serde_json::from_str::<Vec<String>>(rest) {
                    Ok(argv) => argv,
                    Err(_) => ["/bin/sh", "-c", rest].map(str::to_owned).to_vec(),
                };
                let (outcome, diff) = state.run(argv);
                if (outcome.exit == 0) != (status == "done") {
                    wrong.push(format!("{rest}: exit {}, recorded {status}", outcome.exit));
                }
                // Where nothing was recorded, BuildKit's console may have swallowed it.
                let output = step["output"].as_array();
                if outcome.start.is_none()
                    && let Some(output) = output
                    && json!(shown(&outcome)) != json!(output)
                {
                    wrong.push(format!("{rest}: printed {:?}, recorded {output:?}", shown(&outcome)));
                }
                if status == "error" {
                    return Some(wrong);
                }
                if build["expect"]["layers"].is_null() {
                    continue;
                }
                let recorded =
                    layers.find(|layer| layer["created_by"].as_str().is_some_and(|by| by.contains(rest)));
                let expected = recorded.as_ref().map_or(json!({}), |layer| layer["diff"].clone());
                let expected = if expected.is_null() { json!({}) } else { expected };
                if diff != expected {
                    wrong.push(format!("{rest}: layer {diff}\n  recorded {expected}"));
                }
            }
            "CMD" | "LABEL" => {}
            _ => return None,
        }
    }
    Some(wrong)
}

fn topic(name: &str) -> (usize, usize, Vec<String>) {
    let (mut good, mut skipped, mut wrong) = (0, 0, Vec::new());
    let dir = format!("tests/corpus/docker/build/{name}");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for file in files {
        let case = read(&file);
        for build in case["builds"].as_array().unwrap() {
            match replay(build, case["builder"] == "legacy") {
                None => skipped += 1,
                Some(mistakes) if mistakes.is_empty() => good += 1,
                Some(mistakes) => {
                    wrong.extend(mistakes.into_iter().map(|m| format!("{}: {m}", case["name"])))
                }
            }
        }
    }
    (good, skipped, wrong)
}

#[test]
fn shell_cases_print_and_leave_what_docker_recorded() {
    let (good, skipped, wrong) = topic("shell");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good >= 40 && skipped == 0, "{good} replayed, {skipped} skipped");
}

#[test]
fn failing_runs_fail_as_recorded() {
    let (good, skipped, wrong) = topic("fail");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good >= 15 && skipped <= 7, "{good} replayed, {skipped} skipped");
}

#[test]
fn layers_hold_what_docker_recorded() {
    let (good, skipped, wrong) = topic("layers");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good >= 60 && skipped <= 20, "{good} replayed, {skipped} skipped");
}

#[test]
fn commands_in_containers_print_what_docker_recorded() {
    let mut count = 0;
    for file in std::fs::read_dir("tests/corpus/docker/container").unwrap() {
        let case = read(&file.unwrap().path());
        let Some(image) = case["image"].as_str() else { continue };
        let built = ["volumes", "dockerfile"].iter().any(|key| case.get(key).is_some_and(|v| !v.is_null()));
        if built {
            continue;
        }
        let lower = Lower { layer: base(image).unwrap(), label: "".into() };
        let mut mount = Mount::new(vec![lower], Tree::new(), Options::default()).unwrap();
        let commands = case["commands"].as_array().unwrap().iter();
        for (command, expected) in commands.zip(case["expect"]["commands"].as_array().unwrap()) {
            let process = Process {
                argv: vec!["sh".to_owned(), "-c".to_owned(), command.as_str().unwrap().to_owned()],
                user: case["user"].as_str().unwrap_or("").to_owned(),
                sandbox: Sandbox::Container,
                ..Process::default()
            };
            let outcome = run(&mut mount, &process, &mut NoPrograms, &mut Trace::silent());
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(
                json!([outcome.exit, text(&outcome.out), text(&outcome.err)]),
                json!([expected["exit"], expected["stdout"], expected["stderr"]]),
                "{}: {command}",
                case["name"]
            );
            count += 1;
        }
    }
    assert!(count > 25, "{count}");
}
