//! Which files of the context a RUN needs, where its commands tell: package managers mostly.

use crate::dockerfile::{Command, Instruction, Kind};

/// What a RUN needs of the context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The command to name: "npm ci".
    pub command: String,
    /// Names of files; none when it needs nothing.
    pub files: Vec<String>,
}

impl Needs {
    /// Does it need this file of the context?
    pub fn has(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.files.iter().any(|file| {
            let own = file.rsplit('/').next().unwrap_or(file);
            own == name
        })
    }
}

/// An installer that reads a few files only.
struct Installer {
    program: &'static str,
    words: &'static [&'static str],
    files: &'static [&'static str],
}

const INSTALLERS: &[Installer] = &[
    Installer {
        program: "npm",
        words: &["ci", "install", "i"],
        files: &["package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc"],
    },
    Installer {
        program: "yarn",
        words: &["", "install"],
        files: &["package.json", "yarn.lock", ".yarnrc", ".yarnrc.yml"],
    },
    Installer {
        program: "pnpm",
        words: &["install", "i", "fetch"],
        files: &["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"],
    },
    Installer { program: "go", words: &["mod"], files: &["go.mod", "go.sum"] },
    Installer { program: "bundle", words: &["install"], files: &["Gemfile", "Gemfile.lock"] },
    Installer { program: "composer", words: &["install"], files: &["composer.json", "composer.lock"] },
    Installer { program: "cargo", words: &["fetch"], files: &["Cargo.toml", "Cargo.lock"] },
    Installer {
        program: "mvn",
        words: &["dependency:go-offline", "dependency:resolve"],
        files: &["pom.xml"],
    },
];

/// What a RUN needs; none where nobody can tell, and it may need everything.
pub(super) fn needs(instruction: &Instruction) -> Option<Needs> {
    let Kind::Run(run) = &instruction.kind else { return None };
    if !instruction.heredocs.is_empty() || !run.mounts.iter().all(|mount| mount.kind.word() != "bind") {
        return None;
    }
    let text = match &run.command {
        Command::Shell(text) => text.text.clone(),
        Command::Exec(words) => words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "),
    };
    if text.contains(['<', '`', '(']) {
        return None;
    }
    let mut all: Option<Needs> = None;
    for command in text.split(['&', ';', '|', '\n']) {
        let words: Vec<&str> = command.split_whitespace().skip_while(|word| is_assignment(word)).collect();
        let Some((program, rest)) = words.split_first() else { continue };
        let Some(found) = of_command(program, rest) else {
            if is_harmless(program, rest) {
                continue;
            }
            return None;
        };
        let all = all.get_or_insert_with(Needs::default);
        if all.command.is_empty() || (all.files.is_empty() && !found.files.is_empty()) {
            all.command = found.command;
        }
        all.files.extend(found.files);
    }
    all
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A command that installs something.
fn of_command(program: &str, rest: &[&str]) -> Option<Needs> {
    let plain: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let first = plain.first().copied().unwrap_or("");
    let local = plain.iter().any(|word| is_local(word));
    let command = format!("{program} {first}").trim_end().to_owned();
    let nothing = || Some(Needs { command: command.clone(), files: Vec::new() });
    match program {
        "apt-get" | "apt" | "apk" | "dnf" | "microdnf" | "yum" | "zypper" if !local => nothing(),
        "gem" if first == "install" && !local => nothing(),
        "go" if first == "install" && rest.iter().any(|word| word.contains('@')) => nothing(),
        "npm" | "yarn" | "pnpm"
            if rest.iter().any(|word| matches!(*word, "-g" | "--global" | "global")) && !local =>
        {
            nothing()
        }
        "pip" | "pip3" => pip(&command, rest),
        "python" | "python3" if matches!(rest, ["-m", "pip", ..]) => {
            pip("pip install", rest.get(2..).unwrap_or_default())
        }
        "poetry" if first == "install" && rest.contains(&"--no-root") => {
            Some(Needs { command, files: owned(&["pyproject.toml", "poetry.lock"]) })
        }
        _ => {
            let known =
                INSTALLERS.iter().find(|known| known.program == program && known.words.contains(&first))?;
            let download = program != "go" || plain.get(1) == Some(&"download");
            (download && !local).then(|| Needs { command, files: owned(known.files) })
        }
    }
}

/// `pip install`: the files of -r and -c; a path among the packages may need everything.
fn pip(command: &str, rest: &[&str]) -> Option<Needs> {
    let (at, _) = rest.iter().enumerate().find(|(_, word)| **word == "install")?;
    let mut files = Vec::new();
    let mut words = rest.get(at + 1..)?.iter();
    while let Some(word) = words.next() {
        match *word {
            "-r" | "--requirement" | "-c" | "--constraint" => {
                files.push(words.next()?.trim_start_matches("./").to_owned())
            }
            "-e" | "--editable" => return None,
            word if word.starts_with('-') => {
                if let Some(("--requirement" | "--constraint", file)) = word.split_once('=') {
                    files.push(file.to_owned());
                }
            }
            word if is_local(word) => return None,
            _ => {}
        }
    }
    Some(Needs { command: command.to_owned(), files })
}

/// Is the argument a path, not the name of a package?
fn is_local(word: &str) -> bool {
    word == "."
        || word.starts_with(['.', '/'])
        || [".deb", ".rpm", ".apk", ".whl", ".gem", ".tgz"].iter().any(|end| word.ends_with(end))
}

/// A command that looks at no file of the project.
fn is_harmless(program: &str, rest: &[&str]) -> bool {
    match program {
        "set" | "true" | "echo" | "export" | "adduser" | "addgroup" | "useradd" | "groupadd" | "corepack" => {
            true
        }
        "rm" | "mkdir" => rest
            .iter()
            .filter(|word| !word.starts_with('-'))
            .all(|word| ["/var/", "/tmp/", "/root/.", "/usr/"].iter().any(|begin| word.starts_with(begin))),
        "npm" | "yarn" | "pip" => rest.first() == Some(&"cache") || rest.first() == Some(&"config"),
        _ => false,
    }
}

fn owned(files: &[&str]) -> Vec<String> {
    files.iter().map(|file| (*file).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::{Version, parse_trigger};

    fn of(line: &str) -> Option<(String, Vec<String>)> {
        let instruction = parse_trigger(line, Version::Current).unwrap();
        needs(&instruction).map(|needs| (needs.command, needs.files))
    }

    #[test]
    fn package_managers_tell_what_they_need() {
        let first = |line: &str| of(line).map(|(command, files)| (command, files.first().cloned()));
        let is = |command: &str, file: Option<&str>| Some((command.to_owned(), file.map(str::to_owned)));
        assert_eq!(first("RUN npm ci"), is("npm ci", Some("package.json")));
        assert_eq!(
            first("RUN pip install --no-cache-dir -r requirements/prod.txt"),
            is("pip install", Some("requirements/prod.txt"))
        );
        assert_eq!(
            first("RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*"),
            is("apt-get update", None)
        );
        assert_eq!(first("RUN apk add --no-cache git && npm ci"), is("npm ci", Some("package.json")));
        assert_eq!(first("RUN go mod download"), is("go mod", Some("go.mod")));
        assert_eq!(first("RUN npm install -g serve"), is("npm install", None));
    }

    #[test]
    fn anything_else_may_need_everything() {
        for line in [
            "RUN make",
            "RUN npm ci && npm run build",
            "RUN pip install .",
            "RUN pip install -e .",
            "RUN apt-get install -y ./tool.deb",
            "RUN npm ci < list",
            "RUN apk add $(cat packages)",
            "RUN go build ./...",
            "RUN go mod tidy",
            "COPY a b",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }
}
