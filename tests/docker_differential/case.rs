//! A sequence of builds, in the shape of the recorded corpus.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    BuildKit,
    Legacy,
}

impl Builder {
    pub const ALL: [Builder; 2] = [Builder::BuildKit, Builder::Legacy];

    /// Its name in the corpus.
    pub fn word(self) -> &'static str {
        match self {
            Builder::BuildKit => "buildkit",
            Builder::Legacy => "legacy",
        }
    }
}

/// One build of a sequence: what is given, and what was edited since the build before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Build {
    /// The Dockerfile's lines.
    pub lines: Vec<String>,
    /// Path to entry, as in the corpus.
    pub context: BTreeMap<String, Value>,
    pub ignore: Option<Vec<String>>,
    pub args: BTreeMap<String, String>,
    pub target: Option<String>,
    pub no_cache: bool,
    pub edits: String,
}

/// A sequence of builds against a builder that knew nothing before.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub name: String,
    pub builder: Builder,
    pub builds: Vec<Build>,
}

impl Build {
    /// In the corpus's shape, without what came of it.
    pub fn to_json(&self) -> Value {
        let mut row = Map::new();
        row.insert("dockerfile".to_owned(), json!(text(&self.lines)));
        row.insert("context".to_owned(), json!(self.context));
        if let Some(ignore) = &self.ignore {
            row.insert("dockerignore".to_owned(), json!(text(ignore)));
        }
        if !self.args.is_empty() {
            row.insert("args".to_owned(), json!(self.args));
        }
        if let Some(target) = &self.target {
            row.insert("target".to_owned(), json!(target));
        }
        if self.no_cache {
            row.insert("no_cache".to_owned(), json!(true));
        }
        row.insert("edits".to_owned(), json!(self.edits));
        Value::Object(row)
    }
}

fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

impl Case {
    /// In the corpus's shape, without what came of it.
    pub fn to_json(&self) -> Value {
        let builds: Vec<Value> = self.builds.iter().map(Build::to_json).collect();
        let mut bases = vec!["busybox:lab"];
        if self.builds.iter().any(|build| build.lines.iter().any(|line| line.contains("alt:lab"))) {
            bases.push("alt:lab");
        }
        json!({
            "name": format!("{}.{}", self.name, self.builder.word()),
            "topic": "generated",
            "builder": self.builder.word(),
            "bases": bases,
            "builds": builds,
        })
    }

    /// To read: the first Dockerfile and context, and what each further build changes.
    pub fn told(&self) -> String {
        let mut told = String::new();
        let mut before = Build::default();
        for (at, build) in self.builds.iter().enumerate() {
            told.push_str(&format!("-- build {at}: {}\n", build.edits));
            if build.lines != before.lines {
                told.push_str(&text(&build.lines));
            }
            if build.ignore != before.ignore {
                told.push_str(&format!(".dockerignore: {:?}\n", build.ignore.as_deref().unwrap_or_default()));
            }
            for (path, entry) in &build.context {
                if before.context.get(path) != Some(entry) {
                    let shown: String = entry.to_string().chars().take(150).collect();
                    told.push_str(&format!("  {path} {shown}\n"));
                }
            }
            for path in before.context.keys().filter(|path| !build.context.contains_key(*path)) {
                told.push_str(&format!("  {path} is gone\n"));
            }
            let args = build.args.iter().map(|(name, value)| format!(" --build-arg {name}={value}"));
            let target = build.target.iter().map(|target| format!(" --target {target}"));
            let flags: String = args.chain(target).collect();
            let no_cache = if build.no_cache { " --no-cache" } else { "" };
            told.push_str(&format!("$ docker build{flags}{no_cache} .\n"));
            before = build.clone();
        }
        told
    }
}
