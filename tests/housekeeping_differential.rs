//! Tagging, removing and pruning against a real Docker 20.10: random commands, played by the daemon and by the
//! lab; what they print and answer is compared, ids by what they name.
//!
//! So are pushes and pulls, if `LAYERLAB_REGISTRY` names an empty registry that the daemon may push to
//! (`localhost:5000`): which layers are sent, were there, or are taken over.
//!
//! Runs only where `LAYERLAB_DOCKER_HOST` names a daemon of its own: all of its images and containers are
//! removed. `LAYERLAB_DOCKER` names the client. More sequences: `LAYERLAB_DOCKER_SEQUENCES=500`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

// Its callers use all of it together.
#[allow(dead_code)]
#[path = "kernel_differential/random.rs"]
mod random;

use layerlab::fs::MemoryHost;
use layerlab::script::Session;
use layerlab::trace::{Event, Sink};
use random::Random;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

/// Sequences, and commands in each.
const SEQUENCES: u64 = 60;
const LENGTH: usize = 14;

/// Names that images get.
const NAMES: [&str; 5] = ["one:1", "one:2", "two:1", "host.example/two:1", "three"];
/// Names of containers.
const CONTAINERS: [&str; 3] = ["c1", "c2", "c3"];

/// What a command answered: its lines, ids replaced, and its status.
type Answer = (Vec<String>, i32);

struct Real {
    host: String,
    client: String,
    folder: PathBuf,
}

impl Real {
    fn docker(&self, words: &[&str]) -> Answer {
        let mut command = Command::new(&self.client);
        command
            .args(words)
            .env("DOCKER_HOST", &self.host)
            .env("DOCKER_BUILDKIT", "0")
            .current_dir(&self.folder);
        let output = command.output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (lines(&String::from_utf8_lossy(&text)), output.status.code().unwrap_or(-1))
    }

    fn clean(&self) {
        let listed = |list: &str| {
            let ids = Command::new(&self.client).args([list, "-aq"]).env("DOCKER_HOST", &self.host).output();
            let ids = String::from_utf8(ids.unwrap().stdout).unwrap();
            ids.split_whitespace().map(str::to_owned).collect::<Vec<String>>()
        };
        for (list, remove) in [("ps", "rm"), ("images", "rmi")] {
            // An image goes only after those that were built on it.
            for _ in 0..20 {
                let ids = listed(list);
                if ids.is_empty() {
                    break;
                }
                let words: Vec<&str> =
                    [remove, "-f"].into_iter().chain(ids.iter().map(String::as_str)).collect();
                self.docker(&words);
            }
        }
        assert!(listed("images").is_empty(), "the daemon keeps images");
    }
}

/// Lines with each id replaced; what Docker's client adds of its own is left out.
fn lines(text: &str) -> Vec<String> {
    let id = regex::Regex::new("(sha256:)?[0-9a-f]{12,64}").unwrap();
    let dull = |line: &&str| {
        !line.trim().is_empty() && !line.starts_with("DEPRECATED") && !line.starts_with("            ")
    };
    text.lines().filter(dull).map(|line| id.replace_all(line.trim_end(), "ID").into_owned()).collect()
}

/// A lab, and what it told.
struct Lab {
    session: Session,
    told: Rc<RefCell<Vec<Event>>>,
}

/// Keeps events.
struct Kept(Rc<RefCell<Vec<Event>>>);

impl Sink for Kept {
    fn take(&mut self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

impl Lab {
    fn new() -> Lab {
        let told = Rc::new(RefCell::new(Vec::new()));
        let session = Session::new(Box::new(MemoryHost::default()), Box::new(Kept(told.clone())));
        Lab { session, told }
    }

    fn line(&mut self, line: &str) {
        self.session.line("t", line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }

    /// The answer to a docker command.
    fn docker(&mut self, words: &str) -> Answer {
        self.told.borrow_mut().clear();
        self.line(&format!("DOCKER_BUILDKIT=0 docker {words}"));
        let (mut text, mut status) = (String::new(), 0);
        for event in self.told.borrow().iter() {
            if let Event::Printed { out, err, exit } = event {
                text.push_str(out);
                text.push_str(err);
                status = *exit;
            }
        }
        (lines(&text), status)
    }
}

/// A Dockerfile of COPYs and a LABEL: some share their first steps.
fn dockerfile(random: &mut Random) -> String {
    let mut text = String::from("FROM base\nCOPY a /a\n");
    for _ in 0..random.below(3) {
        text.push_str(["COPY b /b\n", "LABEL x=1\n", "COPY c /c\n"][random.below(3)]);
    }
    text
}

#[test]
fn removing_answers_as_docker_does() {
    let Ok(host) = std::env::var("LAYERLAB_DOCKER_HOST") else {
        println!("LAYERLAB_DOCKER_HOST names no daemon: nothing is compared");
        return;
    };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("housekeeping_differential");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("ctx")).unwrap();
    for name in ["a", "b", "c", "base"] {
        std::fs::write(folder.join("ctx").join(name), name.repeat(1_000)).unwrap();
    }
    let client = std::env::var("LAYERLAB_DOCKER").unwrap_or_else(|_| "docker".to_owned());
    let real = Real { host, client, folder };
    let mut told = Vec::new();
    for seed in 0..number("LAYERLAB_DOCKER_SEQUENCES").unwrap_or(SEQUENCES) {
        if let Some(difference) = sequence(&real, seed) {
            told.push(difference);
        }
    }
    real.clean();
    assert!(told.is_empty(), "{} sequences differ:\n{}", told.len(), told.join("\n"));
}

/// Plays one sequence; the first difference.
fn sequence(real: &Real, seed: u64) -> Option<String> {
    let mut random = Random::new(seed, 0);
    real.clean();
    let mut lab = Lab::new();
    lab.line("docker_version(\"20.10\")");
    let text = |name: &str| format!("\"{name}\": \"{}\"", name.repeat(1_000));
    let base = format!("image(\"base\", #{{ {} }});", text("base").replacen("\"base\"", "\"/base\"", 1));
    lab.line(&base);
    let context = format!("let ctx = context(\"ctx\", #{{ {} }});", ["a", "b", "c"].map(text).join(", "));
    lab.line(&context);
    let made = Command::new("sh")
        .args(["-c", "tar -C ctx -c base | $CLIENT import - base"])
        .env("CLIENT", &real.client)
        .env("DOCKER_HOST", &real.host)
        .current_dir(&real.folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut played = Vec::new();
    for _ in 0..LENGTH {
        let name = NAMES[random.below(5)];
        let other = NAMES[random.below(5)];
        let container = CONTAINERS[random.below(3)];
        let force = if random.below(4) == 0 { " -f" } else { "" };
        let line = match random.below(13) {
            0..=2 if real_has(real, "base") => {
                let text = dockerfile(&mut random);
                std::fs::write(real.folder.join("ctx/Dockerfile"), &text).unwrap();
                lab.line(&format!("ctx.write(\"Dockerfile\", {text:?})"));
                format!("build -q -t {name} ctx")
            }
            3 | 4 => format!("tag {name} {other}"),
            5..=7 => format!("rmi{force} {name}"),
            8 => format!("rmi{force} --no-prune {name} {other}"),
            9 => format!("create --name {container} {name} x"),
            10 => format!("rm {container}"),
            11 => format!("image prune -f{}", if random.below(3) == 0 { " -a" } else { "" }),
            _ => "images -a".to_owned(),
        };
        let words: Vec<&str> = line.split(' ').collect();
        // The lab has no container that was never started: one that has ended is the same to an image.
        let in_lab = match words.as_slice() {
            ["create", "--name", container, image, _] => {
                if !real_has(real, image) || real_has_container(real, container) {
                    continue;
                }
                lab.docker(&format!("run -d --name {container} {image}"));
                lab.docker(&format!("stop {container}"));
                real.docker(&words);
                played.push(line);
                continue;
            }
            ["rm", container] if !real_has_container(real, container) => continue,
            _ => lab.docker(&line),
        };
        let docker = real.docker(&words);
        played.push(line.clone());
        if normal(&line, docker.clone()) != normal(&line, in_lab.clone()) {
            return Some(format!(
                "seed {seed}:\n  {}\nDocker: {docker:?}\nthe lab: {in_lab:?}",
                played.join("\n  ")
            ));
        }
    }
    None
}

#[test]
fn pushing_answers_as_docker_does() {
    let (Ok(host), Ok(registry)) =
        (std::env::var("LAYERLAB_DOCKER_HOST"), std::env::var("LAYERLAB_REGISTRY"))
    else {
        println!("LAYERLAB_DOCKER_HOST or LAYERLAB_REGISTRY names nothing: nothing is compared");
        return;
    };
    let sequences = std::env::var("LAYERLAB_DOCKER_SEQUENCES").ok().and_then(|text| text.parse().ok());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry_differential");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("ctx")).unwrap();
    let client = std::env::var("LAYERLAB_DOCKER").unwrap_or_else(|_| "docker".to_owned());
    let real = Real { host, client, folder };
    let mut told = Vec::new();
    for seed in 0..sequences.unwrap_or(SEQUENCES) {
        told.extend(travels(&real, &registry, seed));
    }
    real.clean();
    assert!(told.is_empty(), "{} sequences differ:\n{}", told.len(), told.join("\n"));
}

/// Plays one sequence of builds, pushes and pulls; the first difference.
fn travels(real: &Real, registry: &str, seed: u64) -> Option<String> {
    let mut random = Random::new(seed, 1);
    real.clean();
    let mut lab = Lab::new();
    lab.line("docker_version(\"20.10\")");
    // What a daemon saw travel it remembers for ever, so each sequence has layers and names of its own.
    let stamp = format!("{}-{seed}-", std::process::id());
    let file = |name: &str| format!("{stamp}{name}").repeat(50);
    let mut files = Vec::new();
    for name in ["a", "b", "c"] {
        std::fs::write(real.folder.join("ctx").join(name), file(name)).unwrap();
        files.push(format!("\"{name}\": \"{}\"", file(name)));
    }
    lab.line(&format!("let ctx = context(\"ctx\", #{{ {} }});", files.join(", ")));
    let name = |n: usize| {
        let (repository, tag) = [("one", "1"), ("one", "2"), ("two", "1"), ("deep/two", "x")][n];
        format!("{registry}/{stamp}s/{repository}:{tag}")
    };
    let mut played = Vec::new();
    for _ in 0..LENGTH {
        let (one, other) = (name(random.below(4)), name(random.below(4)));
        let line = match random.below(10) {
            0..=2 => {
                let mut text = String::from("FROM scratch\nCOPY a /a\n");
                for copy in ["COPY b /b\n", "LABEL x=1\n", "COPY c /c\n"] {
                    if random.chance(50) {
                        text.push_str(copy);
                    }
                }
                std::fs::write(real.folder.join("ctx/Dockerfile"), &text).unwrap();
                lab.line(&format!("ctx.write(\"Dockerfile\", {text:?})"));
                format!("build -q -t {one} ctx")
            }
            3 => format!("tag {one} {other}"),
            4 | 5 => format!("push {one}"),
            6 => format!("push -a {}", one.rsplit_once(':').unwrap().0),
            7 => format!("pull {one}"),
            8 => format!("rmi {one}"),
            _ => "image prune -af".to_owned(),
        };
        let words: Vec<&str> = line.split(' ').collect();
        let (docker, in_lab) = (travelled(real.docker(&words)), travelled(lab.docker(&line)));
        played.push(line.clone());
        // A prune takes images in any order; what it took is compared by the test above.
        if !line.starts_with("image prune") && docker != in_lab {
            return Some(format!(
                "seed {seed}:\n  {}\nDocker: {docker:?}\nthe lab: {in_lab:?}",
                played.join("\n  ")
            ));
        }
    }
    None
}

/// What became of the layers, in any order; no progress, and no digests, as gzip's bytes are not Docker's.
fn travelled((lines, exit): Answer) -> Answer {
    let passing = [
        "Preparing",
        "Waiting",
        "Pulling fs layer",
        "Verifying Checksum",
        "Download complete",
        "Layer pending",
    ];
    let fate = |line: String| match line.split_once(": Mounted from") {
        Some(_) => "ID: Mounted".to_owned(),
        None => line.split(" size: ").next().unwrap().to_owned(),
    };
    let mut lines: Vec<String> =
        lines.into_iter().filter(|line| !passing.iter().any(|word| line.ends_with(word))).map(fate).collect();
    lines.sort();
    (lines, exit)
}

/// What is compared of an answer: a prune goes through the images in any order, a list is a set of names.
fn normal(line: &str, (mut lines, exit): Answer) -> Answer {
    if line.starts_with("images") {
        lines =
            lines.iter().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
        lines.sort();
    }
    if line.starts_with("image prune") {
        lines.sort();
    }
    (lines, exit)
}

fn real_has(real: &Real, image: &str) -> bool {
    real.docker(&["image", "inspect", image]).1 == 0
}

fn real_has_container(real: &Real, name: &str) -> bool {
    real.docker(&["container", "inspect", name]).1 == 0
}
