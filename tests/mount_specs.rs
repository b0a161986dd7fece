//! `-v`, `--mount` and `--tmpfs` of any shape: what Docker 20.10.24 (client 28.2.2) answered to `docker create`,
//! recorded, against what the lab answers. The recorded cases were made at random; left out are a path alone that
//! is not absolute (Docker keeps it as it is, and then can't start), what Docker judges only at the start, and two
//! `-v` that are both wrong (the client keeps them in a map: which one is told is chance).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::command::{self, Outside, words::Origin};
use layerlab::fs::{Contents, Inode, NoHost, Tree};
use layerlab::image::{Image, ImageLayer, Origin as LayerOrigin};
use layerlab::lab::Lab;
use layerlab::shell::NoPrograms;
use layerlab::trace::Trace;
use serde_json::Value;

fn lab() -> Lab {
    let mut lab = Lab::new();
    let mut tree = Tree::new();
    for path in ["/bin/ls", "/data/f", "/data/sub/g"] {
        tree.put(path.as_bytes(), Inode::file(Contents::text("x")));
    }
    let layer = ImageLayer::new(tree.seal(), LayerOrigin::Daemon, "base");
    let id = lab.images.insert(Image { layers: vec![layer], ..Image::default() });
    assert!(lab.images.tag("base", id));
    lab.host.mkdir(b"/hostd", 0o755, &mut Trace::silent()).unwrap();
    lab
}

/// The first line of what the client says, or the container's mounts as the corpus writes them.
fn answer(flags: &[String]) -> Result<Value, String> {
    let mut lab = lab();
    let quoted: Vec<String> = flags.iter().map(|flag| format!("'{}'", flag.replace('\'', "'\\''"))).collect();
    let line = format!("docker run -d --name c {} base", quoted.join(" "));
    let origin = Origin { file: "test", line: 1, column: 1, text: &line };
    let mut host = NoHost;
    let mut outside = Outside { host: &mut host, typed: false, screen: None, report: None };
    let answer =
        command::run(&mut lab, &line, origin, &mut outside, &mut NoPrograms, &mut Trace::silent()).unwrap();
    if answer.exit != 0 {
        let first = answer.err.lines().next().unwrap_or_default();
        assert!(lab.containers.is_empty() && lab.volumes.is_empty(), "a refusal changes nothing: {line}");
        return Err(first.strip_prefix("docker: ").unwrap_or(first).to_owned());
    }
    let container = &lab.containers["c"];
    let mut mounts: Vec<Value> = container
        .mounts
        .iter()
        .map(|point| {
            let kind = point.kind.word();
            let mut row = serde_json::json!({
                "type": kind, "target": point.target, "rw": !point.read_only, "mode": point.mode,
            });
            let anonymous = lab.volumes.get(&point.source).is_some_and(|volume| volume.anonymous);
            match kind {
                "volume" if !anonymous => row["name"] = point.source.clone().into(),
                "bind" => row["source"] = point.source.clone().into(),
                _ => {}
            }
            row
        })
        .collect();
    mounts.sort_by_key(|row| row["target"].as_str().unwrap().to_owned());
    Ok(Value::from(mounts))
}

#[test]
fn every_recorded_spec_is_answered_as_docker_answered() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/mounts/create.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() > 290);
    let mut wrong = Vec::new();
    for case in &cases {
        let flags: Vec<String> =
            case["flags"].as_array().unwrap().iter().map(|flag| flag.as_str().unwrap().to_owned()).collect();
        let got = answer(&flags);
        let same = match (&got, case["error"].as_str()) {
            (Err(words), Some(recorded)) => words == recorded,
            (Ok(mounts), None) => {
                // Docker lists what `--tmpfs` asks for elsewhere.
                let tmpfs: Vec<&str> = case["tmpfs"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|target| target.as_str().unwrap().trim_end_matches('/'))
                    .collect();
                let listed = |row: &&Value| {
                    !(row["type"] == "tmpfs" && tmpfs.contains(&row["target"].as_str().unwrap()))
                };
                let mut recorded = case["mounts"].as_array().unwrap().clone();
                recorded.sort_by_key(|row| row["target"].as_str().unwrap().to_owned());
                mounts.as_array().unwrap().iter().filter(listed).cloned().collect::<Vec<_>>() == recorded
            }
            _ => false,
        };
        if !same {
            wrong.push(format!("{flags:?}\n  recorded {case}\n  here     {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
