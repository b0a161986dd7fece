//! `git`: what Dockerfiles do with it. Repositories come from the table of addresses.

use super::git_config;
use super::git_tree::{self, Place};
use crate::shell::call::Call;
use crate::shell::text;
use crate::shell::urls::host;
use crate::shell::urls::repository::{Id, Repository, SUBJECT};

const DETACHED: &str = "
You are in 'detached HEAD' state. You can look around, make experimental
changes and commit them, and you can discard any commits you make in this
state without impacting any branches by switching back to a branch.

If you want to create a new branch to retain commits you create, you may
do so (now or later) by using -c with the switch command. Example:

  git switch -c <new-branch-name>

Or undo this operation with:

  git switch -

Turn off this advice by setting config variable advice.detachedHead to false

";

pub(super) fn git(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let mut words = call.args().to_vec();
    loop {
        let (first, second) = (words.first().cloned().unwrap_or_default(), words.get(1).cloned());
        match (first.as_str(), second) {
            ("-C", Some(dir)) => {
                if let Err(errno) = enter(call, &dir) {
                    let message = call.m.message(errno);
                    return fatal(call, &format!("cannot change to '{dir}': {message}"));
                }
                words.drain(..2);
            }
            ("-c", Some(_)) => drop(words.drain(..2)),
            ("--no-pager" | "-p" | "--no-optional-locks" | "--no-advice", _) => drop(words.remove(0)),
            _ => break,
        }
    }
    let Some((command, rest)) = words.split_first() else {
        call.err("usage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]\n           <command> [<args>]\n");
        return 1;
    };
    match command.as_str() {
        "--version" | "-v" | "version" => {
            let version = version(call);
            call.out(&format!("git version {version}\n"));
            0
        }
        "clone" => clone(call, rest),
        "init" => init(call, rest),
        "config" => git_config::config(call, rest),
        "checkout" | "switch" => checkout(call, command, rest),
        "rev-parse" => rev_parse(call, rest),
        "submodule" => submodule(call, rest),
        "fetch" | "pull" | "push" | "ls-remote" => remote(call, command, rest),
        "-" => 0,
        word if word.starts_with('-') => {
            call.err(&format!("unknown option: {word}\nusage: git [-v | --version] [-h | --help] [-C <path>] [-c <name>=<value>]\n           <command> [<args>]\n"));
            129
        }
        word if KNOWN.contains(&word) => call.m.not_modelled(&format!("git {word}")),
        word => {
            call.err(&format!("git: '{word}' is not a git command. See 'git --help'.\n"));
            1
        }
    }
}

/// Commands of git that are not modelled.
const KNOWN: &[&str] = &[
    "add",
    "am",
    "apply",
    "archive",
    "bisect",
    "blame",
    "branch",
    "bundle",
    "cat-file",
    "check-ignore",
    "cherry-pick",
    "clean",
    "commit",
    "count-objects",
    "describe",
    "diff",
    "diff-index",
    "for-each-ref",
    "format-patch",
    "fsck",
    "gc",
    "grep",
    "hash-object",
    "help",
    "lfs",
    "log",
    "ls-files",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "name-rev",
    "notes",
    "prune",
    "rebase",
    "reflog",
    "remote",
    "repack",
    "reset",
    "restore",
    "rev-list",
    "revert",
    "rm",
    "shortlog",
    "show",
    "show-ref",
    "sparse-checkout",
    "stash",
    "status",
    "symbolic-ref",
    "tag",
    "update-index",
    "update-ref",
    "update-server-info",
    "verify-commit",
    "verify-tag",
    "var",
    "whatchanged",
    "worktree",
    "write-tree",
];

pub(super) fn fatal(call: &mut Call<'_, '_>, text: &str) -> i32 {
    call.err(&format!("fatal: {text}\n"));
    128
}

/// Alpine 3.19's; Debian's and Ubuntu's by their release.
fn version(call: &mut Call<'_, '_>) -> &'static str {
    if call.m.musl {
        return "2.43.0";
    }
    let release = call.m.read(b"/etc/os-release").unwrap_or_default();
    let release = call.text_of(&release);
    match () {
        () if release.contains("bullseye") => "2.30.2",
        () if release.contains("jammy") => "2.34.1",
        () => "2.39.5",
    }
}

fn enter(call: &mut Call<'_, '_>, dir: &str) -> Result<(), crate::fs::Errno> {
    let bytes = text::encode(dir).into_owned();
    let real = call.m.realpath(&bytes)?;
    if !call.m.is_dir(&real) {
        return Err(crate::fs::Errno::ENOTDIR);
    }
    call.m.cwd = real;
    Ok(())
}

/// The options of `git clone`.
#[derive(Default)]
struct Cloning {
    quiet: bool,
    single: bool,
    shallow: bool,
    bare: bool,
    no_checkout: bool,
    no_tags: bool,
    branch: Option<String>,
    words: Vec<String>,
}

fn cloning(call: &mut Call<'_, '_>, words: &[String]) -> Result<Cloning, i32> {
    let mut order = Cloning::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = |call: &mut Call<'_, '_>| match value.clone().or_else(|| words.next().cloned()) {
            Some(value) => Ok(value),
            None => {
                call.err(&format!("error: option `{}' requires a value\n", name.trim_start_matches('-')));
                Err(129)
            }
        };
        match name {
            "-q" | "--quiet" => order.quiet = true,
            "-b" | "--branch" => order.branch = Some(value(call)?),
            "--single-branch" => order.single = true,
            "--no-single-branch" => order.single = false,
            "--depth" => {
                let depth = value(call)?;
                if !depth.parse::<u32>().is_ok_and(|depth| depth > 0) {
                    return Err(fatal(call, &format!("depth {depth} is not a positive number")));
                }
                (order.shallow, order.single) = (true, true);
            }
            "-n" | "--no-checkout" => order.no_checkout = true,
            "--no-tags" => order.no_tags = true,
            "--bare" => order.bare = true,
            "-v" | "--verbose" | "--progress" | "--no-progress" | "--no-hardlinks" | "-l" | "--local" => {}
            "-c" | "--config" | "-j" | "--jobs" | "--filter" | "-o" | "--origin" | "--template" => {
                value(call)?;
                if matches!(name, "--filter" | "-o" | "--origin") {
                    call.m.not_modelled(&format!("git clone {name}"));
                }
            }
            "--recurse-submodules"
            | "--recursive"
            | "--shallow-submodules"
            | "--mirror"
            | "--sparse"
            | "--remote-submodules" => {
                call.m.not_modelled(&format!("git clone {name}"));
            }
            "--" => order.words.extend(words.by_ref().cloned()),
            name if name.starts_with('-') && name.len() > 1 => {
                let kind = if name.starts_with("--") { "option" } else { "switch" };
                let name = name.trim_start_matches('-');
                call.err(&format!(
                    "error: unknown {kind} `{name}'\nusage: git clone [<options>] [--] <repo> [<dir>]\n\n"
                ));
                return Err(129);
            }
            _ => order.words.push(word.clone()),
        }
    }
    Ok(order)
}

fn clone(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let order = match cloning(call, words) {
        Ok(order) => order,
        Err(status) => return status,
    };
    let usage = "usage: git clone [<options>] [--] <repo> [<dir>]\n\n";
    let (url, dir) = match &order.words[..] {
        [] => {
            call.err(&format!("fatal: You must specify a repository to clone.\n\n{usage}"));
            return 129;
        }
        [url] => {
            let bare = url.trim_end_matches('/');
            let name = bare.trim_end_matches(".git").rsplit(['/', ':']).next().unwrap_or("");
            (url.clone(), if order.bare { format!("{name}.git") } else { name.to_owned() })
        }
        [url, dir] => (url.clone(), dir.clone()),
        _ => {
            call.err(&format!("fatal: Too many arguments.\n\n{usage}"));
            return 129;
        }
    };
    let at = text::encode(&dir).into_owned();
    let empty = call.m.is_dir(&at) && call.m.readdir(&at).is_ok_and(|names| names.is_empty());
    if call.m.lstat(&at).is_ok() && !empty {
        return fatal(
            call,
            &format!("destination path '{dir}' already exists and is not an empty directory."),
        );
    }
    let local = !url.contains("://") && !url.contains(':');
    if local && !call.m.is_dir(&text::encode(&url)) {
        return fatal(call, &format!("repository '{url}' does not exist"));
    }
    if local || order.bare {
        return call.m.not_modelled(if local { "git clone of a directory" } else { "git clone --bare" });
    }
    if !order.quiet {
        call.err(&format!("Cloning into '{dir}'...\n"));
    }
    let table = call.m.urls.clone();
    let Some(repository) = table.repository(&url) else { return unreachable(call, &table, &url) };
    let (name, commit, branch) = match chosen(repository, order.branch.as_deref()) {
        Some(chosen) => chosen,
        None => {
            let branch = order.branch.unwrap_or_default();
            return fatal(call, &format!("Remote branch {branch} not found in upstream origin"));
        }
    };
    let place = match Place::below(call, &dir) {
        Ok(place) => place,
        Err(errno) => {
            let message = call.m.message(errno);
            return fatal(call, &format!("could not create work tree dir '{dir}': {message}"));
        }
    };
    let fetch = git_tree::Fetch {
        url: &url,
        name: &name,
        commit,
        branch,
        single: order.single,
        tags: !(order.no_tags || order.shallow && branch),
        checkout: !order.no_checkout,
    };
    if let Err(errno) = git_tree::cloned(call, repository, &place, &fetch) {
        let message = call.m.message(errno);
        return fatal(call, &format!("cannot write in '{dir}': {message}"));
    }
    if !branch && !order.quiet {
        call.err(&format!("Note: switching to '{}'.\n{DETACHED}", commit.hex()));
    }
    0
}

/// What HEAD will be: the name, its commit, and whether it is a branch.
fn chosen(repository: &Repository, asked: Option<&str>) -> Option<(String, Id, bool)> {
    let name = asked.unwrap_or(&repository.default);
    let branch = repository.branches.get(name).map(|commit| (name.to_owned(), *commit, true));
    branch.or_else(|| repository.tags.get(name).map(|commit| (name.to_owned(), *commit, false)))
}

/// What git says about an address where no repository is.
fn unreachable(call: &mut Call<'_, '_>, table: &crate::shell::Urls, url: &str) -> i32 {
    call.m.unresolved(url);
    if let Some((user_host, _)) = url.split_once(':').filter(|_| !url.contains("://")) {
        let host = user_host.rsplit('@').next().unwrap_or("");
        call.err(&format!("ssh: Could not resolve hostname {host}: Temporary failure in name resolution\n"));
        return fatal(
            call,
            "Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
        );
    }
    let shown = format!("{}/", url.trim_end_matches('/'));
    if table.page(url).is_some() {
        return fatal(call, &format!("repository '{shown}' not found"));
    }
    fatal(call, &format!("unable to access '{shown}': Could not resolve host: {}", host(url)))
}

fn remote(call: &mut Call<'_, '_>, command: &str, words: &[String]) -> i32 {
    let table = call.m.urls.clone();
    let url = match words.iter().find(|word| word.contains("://")).cloned() {
        Some(url) => url,
        None => match Place::around(call) {
            Some(place) => place.url(call),
            None => return no_repository(call),
        },
    };
    match table.repository(&url) {
        // Nothing changes there, so there is nothing new.
        Some(_) if command == "fetch" && words.iter().all(|word| word.starts_with("--tags")) => 0,
        Some(_) if command == "pull" && words.iter().all(|word| word == "--ff-only") => {
            call.out("Already up to date.\n");
            0
        }
        Some(_) => call.m.not_modelled(&format!("git {command}")),
        None if url.is_empty() => call.m.not_modelled(&format!("git {command}")),
        None => unreachable(call, &table, &url),
    }
}

fn no_repository(call: &mut Call<'_, '_>) -> i32 {
    fatal(call, "not a git repository (or any of the parent directories): .git")
}

fn init(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let quiet = words.iter().any(|word| matches!(word.as_str(), "-q" | "--quiet"));
    let mut branch = None;
    let mut dir = String::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-q" | "--quiet" => {}
            "-b" | "--initial-branch" => branch = words.next().cloned(),
            word if word.starts_with("--initial-branch=") => {
                branch = word.split_once('=').map(|(_, name)| name.to_owned());
            }
            word if word.starts_with('-') => return call.m.not_modelled(&format!("git init {word}")),
            word => word.clone_into(&mut dir),
        }
    }
    let place = match Place::below(call, if dir.is_empty() { "." } else { &dir }) {
        Ok(place) => place,
        Err(errno) => {
            let message = call.m.message(errno);
            return fatal(call, &format!("cannot mkdir {dir}: {message}"));
        }
    };
    let shown = text::decode(&place.git);
    if call.m.exists(&place.at("HEAD")) {
        if !quiet {
            call.out(&format!("Reinitialized existing Git repository in {shown}/\n"));
        }
        return 0;
    }
    let configured = branch.or_else(|| git_config::value(call, "init.defaultbranch"));
    if configured.is_none() && !quiet {
        call.err("hint: Using 'master' as the name for the initial branch. This default branch name\nhint: is subject to change. To configure the initial branch name to use in all\nhint: of your new repositories, which will suppress this warning, call:\nhint:\nhint: \tgit config --global init.defaultBranch <name>\nhint:\nhint: Names commonly chosen instead of 'master' are 'main', 'trunk' and\nhint: 'development'. The just-created branch can be renamed via this command:\nhint:\nhint: \tgit branch -m <name>\n");
    }
    let branch = configured.unwrap_or_else(|| "master".to_owned());
    if let Err(errno) = git_tree::skeleton(call, &place, &branch) {
        let message = call.m.message(errno);
        return fatal(call, &format!("cannot write in {shown}: {message}"));
    }
    if !quiet {
        call.out(&format!("Initialized empty Git repository in {shown}/\n"));
    }
    0
}

fn submodule(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let Some(place) = Place::around(call) else { return no_repository(call) };
    let modules = [place.work.as_slice(), b"/.gitmodules"].concat();
    let none =
        !call.m.exists(&modules) && words.first().is_some_and(|word| word == "update" || word == "init");
    if none { 0 } else { call.m.not_modelled("git submodule") }
}

/// `git checkout NAME`, `-b NEW`; `git switch` likewise.
fn checkout(call: &mut Call<'_, '_>, command: &str, words: &[String]) -> i32 {
    let mut quiet = false;
    let mut create = false;
    let mut names = Vec::new();
    for word in words {
        match word.as_str() {
            "-q" | "--quiet" => quiet = true,
            "-b" if command == "checkout" => create = true,
            "-c" if command == "switch" => create = true,
            "-f" | "--force" | "--detach" | "--progress" => {}
            word if word.starts_with('-') => return call.m.not_modelled(&format!("git {command} {word}")),
            word => names.push(word.to_owned()),
        }
    }
    let Some(place) = Place::around(call) else { return no_repository(call) };
    let table = call.m.urls.clone();
    let url = place.url(call);
    let Some(repository) = table.repository(&url) else {
        return call
            .m
            .not_modelled(&format!("git {command} in a repository that is not in the table of URLs"));
    };
    let [name] = &names[..] else { return call.m.not_modelled(&format!("git {command} of files")) };
    let before = place.head(call, repository);
    match git_tree::switched(call, repository, &place, name, create) {
        Err(git_tree::Fault::Unknown) => {
            if create {
                return fatal(call, &format!("a branch named '{name}' already exists"));
            }
            call.err(&format!("error: pathspec '{name}' did not match any file(s) known to git\n"));
            1
        }
        Err(git_tree::Fault::Errno(errno)) => {
            let message = call.m.message(errno);
            call.err(&format!("error: unable to write the work tree: {message}\n"));
            1
        }
        Ok(now) => {
            if !quiet {
                told(call, name, create, &before, &now);
            }
            0
        }
    }
}

/// What a checkout says.
fn told(call: &mut Call<'_, '_>, name: &str, create: bool, before: &git_tree::Head, now: &git_tree::Head) {
    let short =
        |head: &git_tree::Head| head.commit.map_or(String::new(), |id| id.hex().chars().take(7).collect());
    if before.branch.is_none() && before.commit != now.commit {
        let line = format!("Previous HEAD position was {} {SUBJECT}\n", short(before));
        call.err(&line);
    }
    match &now.branch {
        None if before.branch.is_some() => {
            call.err(&format!(
                "Note: switching to '{name}'.\n{DETACHED}HEAD is now at {} {SUBJECT}\n",
                short(now)
            ));
        }
        None => call.err(&format!("HEAD is now at {} {SUBJECT}\n", short(now))),
        Some(branch) if create || now.fresh => {
            call.err(&format!("Switched to a new branch '{branch}'\n"));
            if !create {
                call.out(&format!("branch '{branch}' set up to track 'origin/{branch}'.\n"));
            }
        }
        Some(branch) if before.branch.as_ref() == Some(branch) => {
            call.err(&format!("Already on '{branch}'\n"));
            call.out(&format!("Your branch is up to date with 'origin/{branch}'.\n"));
        }
        Some(branch) => {
            call.err(&format!("Switched to branch '{branch}'\n"));
            call.out(&format!("Your branch is up to date with 'origin/{branch}'.\n"));
        }
    }
}

fn rev_parse(call: &mut Call<'_, '_>, words: &[String]) -> i32 {
    let Some(place) = Place::around(call) else { return no_repository(call) };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let table = call.m.urls.clone();
    let url = place.url(call);
    let head = table.repository(&url).map(|repository| place.head(call, repository));
    let commit = head.as_ref().and_then(|head| head.commit).map(|id| id.hex());
    let line = match (&words[..], commit) {
        (["--show-toplevel"], _) => text::decode(&place.work),
        (["HEAD"] | ["--verify", "HEAD"], Some(commit)) => commit,
        (["--short", "HEAD"] | ["--short=7", "HEAD"], Some(commit)) => commit.chars().take(7).collect(),
        (["--abbrev-ref", "HEAD"], Some(_)) => {
            head.and_then(|head| head.branch).unwrap_or_else(|| "HEAD".to_owned())
        }
        _ => return call.m.not_modelled("git rev-parse"),
    };
    call.out(&format!("{line}\n"));
    0
}
