//! A RUN line and what it starts from.

use serde_json::{Value, json};

/// Who runs the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shell {
    /// `/bin/sh` that is busybox.
    Ash,
    /// `/bin/dash`.
    Dash,
    /// `/bin/bash`.
    Bash,
}

impl Shell {
    pub const ALL: [Shell; 3] = [Shell::Ash, Shell::Dash, Shell::Bash];

    /// Where the program is.
    pub fn path(self) -> &'static str {
        match self {
            Shell::Ash => "/bin/sh",
            Shell::Dash => "/bin/dash",
            Shell::Bash => "/bin/bash",
        }
    }

    /// Its name in the corpus.
    pub fn word(self) -> &'static str {
        match self {
            Shell::Ash => "ash",
            Shell::Dash => "dash",
            Shell::Bash => "bash",
        }
    }

    /// The shell of this name.
    pub fn named(word: &str) -> Option<Shell> {
        Shell::ALL.into_iter().find(|shell| shell.word() == word)
    }
}

/// A file that was COPYed in before the line runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    pub path: String,
    pub mode: u16,
    pub text: String,
}

/// A line to run in `/w` of the small tree of [`crate::rootfs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub shell: Shell,
    pub line: String,
    pub files: Vec<Copied>,
}

impl Case {
    /// As the corpus writes it.
    pub fn to_json(&self) -> Value {
        let mut value = json!({ "name": self.name, "shell": self.shell.word(), "line": self.line });
        if !self.files.is_empty() {
            let files = self.files.iter();
            let files =
                files.map(|f| json!({ "path": f.path, "mode": format!("{:04o}", f.mode), "text": f.text }));
            value["files"] = files.collect();
        }
        value
    }

    /// Reads what [`Case::to_json`] wrote.
    pub fn from_json(value: &Value) -> Option<Case> {
        let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let files = value["files"].as_array().cloned().unwrap_or_default();
        let copied = |file: &Value| {
            let mode = u16::from_str_radix(file["mode"].as_str()?, 8).ok()?;
            Some(Copied { path: text(file, "path")?, mode, text: text(file, "text")? })
        };
        Some(Case {
            name: text(value, "name")?,
            shell: Shell::named(value["shell"].as_str()?)?,
            line: text(value, "line")?,
            files: files.iter().map(copied).collect::<Option<_>>()?,
        })
    }

    /// A Dockerfile that shows it.
    pub fn dockerfile(&self) -> String {
        let base = match self.shell {
            Shell::Ash => "alpine",
            Shell::Dash | Shell::Bash => "debian",
        };
        let mut text = format!("FROM {base}\nWORKDIR /w\n");
        for file in &self.files {
            let chmod = format!("--chmod={:o}", file.mode);
            text.push_str(&format!("COPY {chmod} <<'LAB_EOF' {}\n{}\nLAB_EOF\n", file.path, file.text));
        }
        let argv = json!([self.shell.path(), "-c", self.line]);
        text.push_str(&format!("RUN {argv}\n"));
        text
    }
}
