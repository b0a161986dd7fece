//! Which files of the context a RUN can read, where that can be told from its text.

use crate::build::{self, Request};
use crate::dockerfile::{Command, Instruction, Kind};
use crate::fs::{Kind as FileKind, Nodes};

/// What a RUN reads of what was copied before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads {
    /// Files of the context.
    pub files: Vec<String>,
    /// Names beside them that it writes.
    pub outputs: Vec<&'static str>,
    /// What is taken for granted.
    pub assumes: Vec<String>,
}

/// An installer that reads its manifests only.
struct Installer {
    names: &'static [&'static str],
    /// Files it also reads if they are there.
    also: &'static [&'static str],
    outputs: &'static [&'static str],
    /// Words that a manifest must not have: with them other files are read.
    refuses: &'static [&'static str],
    /// Flags without which other files are read.
    wants: &'static [&'static str],
}

const INSTALLERS: &[Installer] = &[
    Installer {
        names: &["npm", "yarn", "pnpm"],
        also: &[
            "npm-shrinkwrap.json",
            ".npmrc",
            ".yarnrc",
            ".yarnrc.yml",
            "pnpm-workspace.yaml",
            ".pnpmfile.cjs",
            "package.json",
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
        ],
        outputs: &["node_modules"],
        refuses: &[
            "\"workspaces\"",
            "file:",
            "link:",
            "portal:",
            "patch:",
            "\"preinstall\"",
            "\"install\"",
            "\"postinstall\"",
            "\"prepare\"",
            "\"prepublish\"",
            "packages:",
            "yarnPath",
        ],
        wants: &[],
    },
    Installer {
        names: &["pip", "pip3"],
        also: &[],
        outputs: &[],
        refuses: &["-r ", "-c ", "-e ", "--requirement", "--constraint", "--editable", "file:", "./", "../"],
        wants: &[],
    },
    Installer {
        names: &["go"],
        also: &["go.work", "go.work.sum"],
        outputs: &["vendor"],
        refuses: &["=> ./", "=> ../", "use "],
        wants: &[],
    },
    Installer {
        names: &["bundle"],
        also: &[".ruby-version"],
        outputs: &["vendor"],
        refuses: &["gemspec", "path:", "eval_gemfile"],
        wants: &[],
    },
    Installer {
        names: &["composer"],
        also: &[],
        outputs: &["vendor"],
        refuses: &["\"path\""],
        wants: &["--no-scripts", "--no-autoloader"],
    },
    Installer {
        names: &["poetry"],
        also: &[],
        outputs: &[".venv"],
        refuses: &["path ="],
        wants: &["--no-root"],
    },
];

/// Programs that read nothing of what a COPY brings, given words that are no paths.
const SYSTEM: &[&str] = &["apk", "apt-get", "apt", "dnf", "microdnf", "yum", "zypper"];

/// The most that is read of a manifest, in bytes.
const MOST: u64 = 1 << 20;

/// What a RUN reads. None where that can't be told: then it may read anything.
pub(super) fn of(instruction: &Instruction, request: &Request) -> Option<Reads> {
    let Kind::Run(run) = &instruction.kind else { return None };
    let Command::Shell(text) = &run.command else { return None };
    let plain = instruction.heredocs.is_empty()
        && run.mounts.iter().all(|mount| mount.from.is_empty() && is_cache(mount));
    if !plain || text.text.contains(['$', '`', '<', '>', '(', '{']) {
        return None;
    }
    let mut reads = Reads::default();
    for command in text.text.split(['&', ';', '|', '\n']).map(str::trim).filter(|one| !one.is_empty()) {
        let words: Vec<&str> = command.split_whitespace().filter(|word| *word != "\\").collect();
        let (name, rest) = words.split_first()?;
        if SYSTEM.contains(name) {
            if rest.iter().any(|word| word.contains(['/', '*']) || word.starts_with('.')) {
                return None;
            }
            reads.assumes.push(format!("{name} reads nothing that is copied"));
        } else if *name == "rm" && rest.iter().all(|word| word.starts_with('-') || is_list(word)) {
            // Package lists and caches.
        } else if matches!((*name, rest), ("npm" | "yarn" | "pnpm", ["cache", "clean", ..])) {
        } else {
            install(name, rest, instruction, request, &mut reads)?;
        }
    }
    reads.assumes.sort();
    reads.assumes.dedup();
    Some(reads)
}

fn is_cache(mount: &crate::dockerfile::RunMount) -> bool {
    mount.kind == crate::dockerfile::MountType::Cache
}

/// A place where package managers keep what nobody copies.
fn is_list(word: &str) -> bool {
    ["/var/lib/apt/", "/var/cache/", "/root/.npm", "/root/.cache", "/tmp/"]
        .iter()
        .any(|place| word.starts_with(place))
}

fn install(
    name: &str,
    rest: &[&str],
    instruction: &Instruction,
    request: &Request,
    reads: &mut Reads,
) -> Option<()> {
    let installer = INSTALLERS.iter().find(|known| known.names.contains(&name))?;
    let local = |word: &&str| {
        matches!(*word, "." | "-e" | "--editable" | "-C" | "--prefix" | "--cwd" | "--dir")
            || word.starts_with("./")
            || word.starts_with("../")
            || word.contains("file:")
            || word.contains('*')
    };
    // Only what installs, and not from here.
    let installs = ["install", "ci", "i", "download"].iter().any(|word| rest.contains(word))
        || (name == "yarn" && rest.is_empty());
    if !installs || rest.iter().any(local) || !installer.wants.iter().all(|want| rest.contains(want)) {
        return None;
    }
    let needs = build::needs(instruction, request);
    let mut files = needs.map(|(_, files)| files).unwrap_or_default();
    let here = |file: &&str| request.context.tree().at(file.as_bytes()).is_some();
    files.extend(installer.also.iter().filter(|file| here(file)).map(|file| (*file).to_owned()));
    files.sort();
    files.dedup();
    for file in &files {
        let text = text_of(request, file)?;
        if installer.refuses.iter().any(|word| text.contains(word)) {
            return None;
        }
    }
    let list = if files.is_empty() {
        "nothing that is copied".to_owned()
    } else {
        format!("only {}", files.join(", "))
    };
    reads.assumes.push(format!("{name} reads {list}"));
    if name != "pip"
        && name != "pip3"
        && name != "go"
        && !rest.contains(&"ci")
        && !rest.iter().any(|word| word.contains("frozen") || word.contains("immutable"))
    {
        reads.assumes.push(format!("{name} doesn't rewrite its lock file"));
    }
    reads.files.extend(files);
    reads.outputs.extend(installer.outputs);
    Some(())
}

fn text_of(request: &Request, file: &str) -> Option<String> {
    let tree = request.context.tree();
    match &tree.inode(tree.at(file.as_bytes())?).kind {
        FileKind::File(contents) => contents.to_text(MOST),
        _ => None,
    }
}
