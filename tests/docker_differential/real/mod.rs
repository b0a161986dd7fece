//! A real daemon: base images, builds through its client, and what came of them in the corpus's shape.

mod console;
mod context;
mod image;
pub mod instruction;

use crate::case::Builder;
use instruction::Triggers;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// The daemon, and a folder for contexts.
pub struct Daemon {
    host: String,
    client: String,
    folder: PathBuf,
}

/// Names of contexts: BuildKit knows a context again by the name of its folder.
static CONTEXTS: AtomicU64 = AtomicU64::new(0);

impl Daemon {
    /// Asks the daemon at `host` for its version, and gives it the base images of `bases.json`.
    ///
    /// # Errors
    /// Why no sequence can be played.
    pub fn begin(host: &str, bases: &Value) -> Result<Daemon, String> {
        let client = std::env::var("LAYERLAB_DOCKER").unwrap_or_else(|_| "docker".to_owned());
        let folder = std::env::temp_dir().join(format!("docker-differential-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|why| why.to_string())?;
        let daemon = Daemon { host: host.to_owned(), client, folder };
        let version = daemon.ask(&["version", "--format", "{{.Server.Version}}"])?;
        if !version.starts_with("20.10.") {
            return Err(format!("the daemon is a {}, the lab's word is 20.10's", version.trim()));
        }
        for (name, base) in bases.as_object().into_iter().flatten() {
            let archive =
                daemon.folder.join(format!("base-{}.tar", CONTEXTS.fetch_add(1, Ordering::Relaxed)));
            std::fs::write(&archive, image::base(base)?).map_err(|why| why.to_string())?;
            let changes: Vec<&str> =
                base["changes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut words = vec!["import"];
            words.extend(changes.iter().flat_map(|change| ["-c", *change]));
            let path = archive.to_string_lossy().into_owned();
            words.extend([path.as_str(), name]);
            daemon.ask(&words)?;
        }
        daemon.forget()?;
        Ok(daemon)
    }

    /// Plays the builds of a case and puts what came of each beside it, as `expect`.
    ///
    /// # Errors
    /// The daemon could not be asked.
    pub fn record(&self, case: &Value) -> Result<Value, String> {
        let builder = match case["builder"].as_str() {
            Some("legacy") => Builder::Legacy,
            _ => Builder::BuildKit,
        };
        let context = self.folder.join(format!("c{}", CONTEXTS.fetch_add(1, Ordering::Relaxed)));
        let mut player = Player {
            daemon: self,
            builder,
            context: context.clone(),
            times: context::Times::default(),
            triggers: Triggers::default(),
            numbers: image::Numbers::default(),
        };
        let mut case = case.clone();
        let mut played = Ok(());
        let builds = case["builds"].as_array_mut().into_iter().flatten();
        for (at, build) in builds.enumerate() {
            match player.build(at, build) {
                Ok(expect) => build["expect"] = expect,
                Err(why) => played = Err(why),
            }
        }
        let _ = std::fs::remove_dir_all(&context);
        self.forget()?;
        played.map(|()| case)
    }

    /// Removes every image but the bases, and BuildKit's cache.
    fn forget(&self) -> Result<(), String> {
        let listed = self.ask(&["images", "--format", "{{.Repository}}:{{.Tag}}"])?;
        let made: Vec<&str> =
            listed.lines().filter(|name| !name.ends_with(":lab") && !name.contains('<')).collect();
        if !made.is_empty() {
            self.ask(&[&["rmi", "-f"], made.as_slice()].concat())?;
        }
        self.ask(&["image", "prune", "-f"])?;
        self.ask(&["builder", "prune", "-af"]).map(drop)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.client);
        command.args(words).env("DOCKER_HOST", &self.host).stdin(Stdio::null());
        command
    }

    /// What the client prints.
    fn ask(&self, words: &[&str]) -> Result<String, String> {
        self.bytes(words).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn bytes(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let Output { status, stdout, stderr } =
            self.command(words).output().map_err(|why| format!("{}: {why}", self.client))?;
        match status.success() {
            true => Ok(stdout),
            false => Err(format!("docker {}: {}", words.join(" "), String::from_utf8_lossy(&stderr).trim())),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.forget();
    }
}

/// One sequence at the daemon.
struct Player<'d> {
    daemon: &'d Daemon,
    builder: Builder,
    context: PathBuf,
    times: context::Times,
    triggers: Triggers,
    numbers: image::Numbers,
}

impl Player<'_> {
    /// One build's `expect`.
    fn build(&mut self, at: usize, given: &Value) -> Result<Value, String> {
        context::write(&self.context, given, &mut self.times).map_err(|why| format!("the context: {why}"))?;
        let own = format!("built:{at}");
        let tag = given["tag"].as_str().unwrap_or(&own);
        let output = self.run(given, tag)?;
        let instructions = instruction::all(given, self.builder, &self.triggers);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let ok = output.status.success();
        let mut expect = Map::new();
        expect.insert("ok".to_owned(), json!(ok));
        let (steps, error) = match self.builder {
            Builder::BuildKit => console::buildkit(&stderr, &instructions),
            Builder::Legacy => console::legacy(&stdout, &stderr, &instructions, ok),
        };
        expect.insert("steps".to_owned(), steps);
        if !ok {
            expect.insert("exit".to_owned(), json!(output.status.code()));
            expect.insert("error".to_owned(), json!(error));
            return Ok(Value::Object(expect));
        }
        let archive = match self.daemon.bytes(&["save", tag]) {
            // Docker can't save an image without layers.
            Err(why) if why.contains("empty export") => {
                expect.extend(self.without_layers(tag)?);
                return Ok(Value::Object(expect));
            }
            archive => archive?,
        };
        let history =
            self.daemon.ask(&["history", "--no-trunc", "--human=false", "--format", "{{.Size}}", tag])?;
        let sizes: Vec<u64> = history.lines().rev().map(|size| size.parse().unwrap_or(0)).collect();
        expect.extend(image::read(&archive, &sizes, &mut self.numbers)?);
        if given["tag"].is_string() {
            self.triggers.built(tag, &expect);
        }
        Ok(Value::Object(expect))
    }

    /// What is known of an image that has no layers.
    fn without_layers(&mut self, tag: &str) -> Result<Map<String, Value>, String> {
        let inspected = self.daemon.ask(&["inspect", "--type", "image", tag])?;
        let inspected: Value = serde_json::from_str(&inspected).map_err(|why| why.to_string())?;
        let words = ["history", "--no-trunc", "--format", "{{json .CreatedBy}}", tag];
        let history = self.daemon.ask(&words)?;
        let rows = history.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let rows = rows.map(|by| json!({ "created_by": by, "empty_layer": true, "size": 0 }));
        Ok(image::empty(&inspected[0], rows.collect(), &mut self.numbers))
    }

    fn run(&self, given: &Value, tag: &str) -> Result<Output, String> {
        let mut command = self.daemon.command(&["build", "--network", "none", "-t", tag]);
        command.current_dir(&self.context);
        command.env("DOCKER_BUILDKIT", if self.builder == Builder::BuildKit { "1" } else { "0" });
        match self.builder {
            Builder::BuildKit => command.arg("--progress=plain"),
            Builder::Legacy => command.arg("--force-rm"),
        };
        for (name, value) in given["args"].as_object().into_iter().flatten() {
            command.args(["--build-arg", &format!("{name}={}", value.as_str().unwrap_or(""))]);
        }
        for label in given["labels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            command.args(["--label", label]);
        }
        if let Some(target) = given["target"].as_str() {
            command.args(["--target", target]);
        }
        if given["no_cache"] == json!(true) {
            command.arg("--no-cache");
        }
        if let Some(path) = given["dockerfile_path"].as_str() {
            command.args([Path::new("-f"), Path::new(path)]);
        }
        command.arg(".").output().map_err(|why| why.to_string())
    }
}
