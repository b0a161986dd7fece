//! What git writes: the work tree and the files of `.git`.

use crate::fs::{Contents, EPOCH, Errno, path};
use crate::shell::call::Call;
use crate::shell::packages::writer;
use crate::shell::taught::Kind;
use crate::shell::text;
use crate::shell::urls::repository::{Id, Repository, index};

type Result<T> = std::result::Result<T, Errno>;

/// The samples of hooks that git's template has, and their sizes (git 2.39.5).
const HOOKS: [(&str, u64); 13] = [
    ("applypatch-msg", 478),
    ("commit-msg", 896),
    ("fsmonitor-watchman", 4726),
    ("post-update", 189),
    ("pre-applypatch", 424),
    ("pre-commit", 1643),
    ("pre-merge-commit", 416),
    ("pre-push", 1374),
    ("pre-rebase", 4898),
    ("pre-receive", 544),
    ("prepare-commit-msg", 1492),
    ("push-to-checkout", 2783),
    ("update", 3650),
];
const EXCLUDE: &str = "# git ls-files --others --exclude-from=.git/info/exclude\n# Lines that start with '#' are comments.\n# For a project mostly in C, the following would be a good set of\n# exclude patterns (uncomment them if you want to use them):\n# *.[oa]\n# *~\n";
const CONFIG: &str =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n";
const ZERO: &str = "0000000000000000000000000000000000000000";

/// A work tree and its `.git`, absolute.
pub(super) struct Place {
    pub work: Vec<u8>,
    pub git: Vec<u8>,
}

/// Where HEAD is.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub branch: Option<String>,
    pub commit: Option<Id>,
    /// The branch was made just now.
    pub fresh: bool,
}

/// What is fetched.
pub(super) struct Fetch<'a> {
    pub url: &'a str,
    pub name: &'a str,
    pub commit: Id,
    /// The name is a branch's, not a tag's.
    pub branch: bool,
    pub single: bool,
    pub tags: bool,
    pub checkout: bool,
}

/// Why a checkout failed.
pub(super) enum Fault {
    Unknown,
    Errno(Errno),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Fault {
        Fault::Errno(errno)
    }
}

impl Place {
    /// A directory, made with those above it, as a work tree.
    pub fn below(call: &mut Call<'_, '_>, dir: &str) -> Result<Place> {
        let cwd = call.m.cwd.clone();
        let work = path::clean(&path::join(&cwd, &text::encode(dir)));
        writer::directories(call, &work)?;
        let work = call.m.realpath(&work)?;
        let git = [if work == b"/" { b"" } else { work.as_slice() }, b"/.git"].concat();
        Ok(Place { work, git })
    }

    /// The work tree that the working directory is in.
    pub fn around(call: &mut Call<'_, '_>) -> Option<Place> {
        let mut work = call.m.cwd.clone();
        loop {
            let git = [if work == b"/" { b"" } else { work.as_slice() }, b"/.git"].concat();
            if call.m.exists(&[git.as_slice(), b"/HEAD"].concat()) {
                return Some(Place { work, git });
            }
            if work == b"/" || work.is_empty() {
                return None;
            }
            work = path::parent(&work).to_vec();
        }
    }

    /// A path in `.git`.
    pub fn at(&self, inside: &str) -> Vec<u8> {
        [self.git.as_slice(), b"/", inside.as_bytes()].concat()
    }

    fn write(&self, call: &mut Call<'_, '_>, inside: &str, contents: Contents, mode: u16) -> Result<()> {
        let at = text::decode(&self.at(inside));
        writer::file(call, &at, contents, mode)
    }

    fn text(&self, call: &mut Call<'_, '_>, inside: &str) -> String {
        let at = text::decode(&self.at(inside));
        writer::text(call, &at)
    }

    /// The address that was cloned.
    pub fn url(&self, call: &mut Call<'_, '_>) -> String {
        let config = self.text(call, "config");
        let line = config.lines().find_map(|line| line.trim().strip_prefix("url = "));
        line.unwrap_or("").to_owned()
    }

    /// Where HEAD is now.
    pub fn head(&self, call: &mut Call<'_, '_>, repository: &Repository) -> Head {
        let head = self.text(call, "HEAD");
        match head.trim().strip_prefix("ref: refs/heads/") {
            None => Head { branch: None, commit: repository.commit(head.trim()), fresh: false },
            Some(branch) => {
                let number = self.text(call, &format!("refs/heads/{branch}"));
                Head {
                    branch: Some(branch.to_owned()),
                    commit: repository.commit(number.trim()),
                    fresh: false,
                }
            }
        }
    }

    fn log(&self, call: &mut Call<'_, '_>, inside: &str, from: Option<Id>, to: Id, what: &str) -> Result<()> {
        let at = format!("logs/{inside}");
        let before = self.text(call, &at);
        let from = from.map_or(ZERO.to_owned(), |id| id.hex());
        let who = "root <root@buildkitsandbox.(none)>";
        let line = format!("{from} {} {who} {EPOCH} +0000\t{what}\n", to.hex());
        self.write(call, &at, Contents::text(&format!("{before}{line}")), 0o644)
    }
}

/// `.git` as `git init` leaves it.
pub(super) fn skeleton(call: &mut Call<'_, '_>, place: &Place, branch: &str) -> Result<()> {
    for dir in ["branches", "hooks", "info", "objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        writer::directories(call, &place.at(dir))?;
    }
    place.write(call, "HEAD", Contents::text(&format!("ref: refs/heads/{branch}\n")), 0o644)?;
    place.write(call, "config", Contents::text(CONFIG), 0o644)?;
    let description = "Unnamed repository; edit this file 'description' to name the repository.\n";
    place.write(call, "description", Contents::text(description), 0o644)?;
    place.write(call, "info/exclude", Contents::text(EXCLUDE), 0o644)?;
    for (hook, size) in HOOKS {
        let contents = Contents::seeded(format!("git {hook}.sample"), size);
        place.write(call, &format!("hooks/{hook}.sample"), contents, 0o755)?;
    }
    Ok(())
}

/// Writes everything that a clone leaves.
pub(super) fn cloned(
    call: &mut Call<'_, '_>,
    repository: &Repository,
    place: &Place,
    fetch: &Fetch<'_>,
) -> Result<()> {
    skeleton(call, place, fetch.name)?;
    let remote: Vec<(&String, Id)> = repository
        .branches
        .iter()
        .map(|(name, id)| (name, *id))
        .filter(|(name, _)| !fetch.single || fetch.branch && name.as_str() == fetch.name)
        .collect();
    let wanted = |id: &Id| !fetch.single || *id == fetch.commit;
    let tags: Vec<(&String, Id)> = repository
        .tags
        .iter()
        .map(|(name, id)| (name, *id))
        .filter(|(name, id)| fetch.tags && wanted(id) || !fetch.branch && name.as_str() == fetch.name)
        .collect();
    let mut commits: Vec<Id> = remote.iter().chain(&tags).map(|(_, id)| *id).collect();
    commits.push(fetch.commit);
    commits.sort();
    commits.dedup();
    let (pack, pack_index, name) = repository.pack(&commits);
    if !call.m.t.fuel.spend_bytes(pack.len()) {
        return Err(Errno::EINTR);
    }
    super::network::downloads(call, pack.len());
    place.write(call, &format!("objects/pack/pack-{name}.idx"), pack_index, 0o444)?;
    place.write(call, &format!("objects/pack/pack-{name}.pack"), pack, 0o444)?;
    let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for (name, id) in &remote {
        packed.push_str(&format!("{} refs/remotes/origin/{name}\n", id.hex()));
    }
    for (name, id) in &tags {
        packed.push_str(&format!("{} refs/tags/{name}\n", id.hex()));
    }
    place.write(call, "packed-refs", Contents::text(&packed), 0o644)?;
    let spec = match (fetch.single, fetch.branch) {
        (false, _) => "+refs/heads/*:refs/remotes/origin/*".to_owned(),
        (true, true) => format!("+refs/heads/{0}:refs/remotes/origin/{0}", fetch.name),
        (true, false) => format!("+refs/tags/{0}:refs/tags/{0}", fetch.name),
    };
    let mut config = format!("{CONFIG}[remote \"origin\"]\n\turl = {}\n\tfetch = {spec}\n", fetch.url);
    let what = format!("clone: from {}", fetch.url);
    if fetch.branch {
        let name = fetch.name;
        config.push_str(&format!("[branch \"{name}\"]\n\tremote = origin\n\tmerge = refs/heads/{name}\n"));
        let number = Contents::text(&format!("{}\n", fetch.commit.hex()));
        place.write(call, &format!("refs/heads/{name}"), number, 0o644)?;
        place.log(call, &format!("refs/heads/{name}"), None, fetch.commit, &what)?;
    } else {
        place.write(call, "HEAD", Contents::text(&format!("{}\n", fetch.commit.hex())), 0o644)?;
    }
    if remote.iter().any(|(name, _)| **name == repository.default) {
        let head = format!("ref: refs/remotes/origin/{}\n", repository.default);
        place.write(call, "refs/remotes/origin/HEAD", Contents::text(&head), 0o644)?;
        place.log(call, "refs/remotes/origin/HEAD", None, fetch.commit, &what)?;
    }
    place.write(call, "config", Contents::text(&config), 0o644)?;
    place.log(call, "HEAD", None, fetch.commit, &what)?;
    if fetch.checkout {
        work_tree(call, repository, place, None, fetch.commit)?;
    }
    Ok(())
}

/// Makes the work tree that of a commit: files that only the one before had go.
fn work_tree(
    call: &mut Call<'_, '_>,
    repository: &Repository,
    place: &Place,
    before: Option<Id>,
    now: Id,
) -> Result<()> {
    let base = if place.work == b"/" { String::new() } else { text::decode(&place.work) };
    let tree = repository.tree(now);
    let old = before.map_or(&[][..], |before| repository.tree(before));
    for (at, _) in old.iter().filter(|(at, _)| tree.binary_search_by(|(new, _)| new.cmp(at)).is_err()) {
        let full = format!("{base}/{at}");
        let _ = call.m.unlink(full.as_bytes());
        let mut above = path::parent(full.as_bytes()).to_vec();
        while above.len() > place.work.len() && call.m.rmdir(&above).is_ok() {
            above = path::parent(&above).to_vec();
        }
    }
    for (at, file) in tree {
        let same = old.binary_search_by(|(old, _)| old.cmp(at)).ok().and_then(|found| old.get(found));
        let full = format!("{base}/{at}");
        if same.is_some_and(|(_, old)| old == file) && call.m.lstat(full.as_bytes()).is_ok() {
            continue;
        }
        match &file.kind {
            Kind::Link(target) => writer::link(call, &full, target)?,
            Kind::File(contents) => {
                let mode = if file.mode & 0o100 == 0 { 0o644 } else { 0o755 };
                writer::file(call, &full, contents.clone(), mode)?;
            }
        }
    }
    place.write(call, "index", index(tree, EPOCH), 0o644)
}

/// `git checkout NAME`: a branch, one of the remote's, a tag or a commit.
pub(super) fn switched(
    call: &mut Call<'_, '_>,
    repository: &Repository,
    place: &Place,
    name: &str,
    create: bool,
) -> std::result::Result<Head, Fault> {
    let before = place.head(call, repository);
    let local = place.text(call, &format!("refs/heads/{name}"));
    let local = repository.commit(local.trim());
    let packed = place.text(call, "packed-refs");
    let known = |full: &str| {
        packed
            .lines()
            .find_map(|line| line.split_once(' ').filter(|(_, known)| *known == full))
            .and_then(|(number, _)| repository.commit(number))
    };
    let bare = name.strip_prefix("origin/");
    let now = match local {
        Some(_) if create => return Err(Fault::Unknown),
        None if create => Head { branch: Some(name.to_owned()), commit: before.commit, fresh: true },
        Some(commit) => Head { branch: Some(name.to_owned()), commit: Some(commit), fresh: false },
        None => match known(&format!("refs/remotes/origin/{name}")) {
            Some(commit) => Head { branch: Some(name.to_owned()), commit: Some(commit), fresh: true },
            None => {
                let tag = known(&format!("refs/tags/{}", name.trim_start_matches("tags/")));
                let remote = bare.and_then(|bare| known(&format!("refs/remotes/origin/{bare}")));
                let commit = tag.or(remote).or_else(|| repository.commit(name)).ok_or(Fault::Unknown)?;
                Head { branch: None, commit: Some(commit), fresh: false }
            }
        },
    };
    let Some(commit) = now.commit else { return Err(Fault::Unknown) };
    work_tree(call, repository, place, before.commit, commit)?;
    let shown = |head: &Head| match (&head.branch, head.commit) {
        (Some(branch), _) => branch.clone(),
        (None, commit) => commit.map_or(String::new(), |id| id.hex()),
    };
    let to = if now.branch.is_some() { shown(&now) } else { name.to_owned() };
    let what = format!("checkout: moving from {} to {to}", shown(&before));
    place.log(call, "HEAD", before.commit, commit, &what)?;
    match &now.branch {
        None => place.write(call, "HEAD", Contents::text(&format!("{}\n", commit.hex())), 0o644)?,
        Some(branch) => {
            place.write(call, "HEAD", Contents::text(&format!("ref: refs/heads/{branch}\n")), 0o644)?;
            if now.fresh {
                let number = Contents::text(&format!("{}\n", commit.hex()));
                place.write(call, &format!("refs/heads/{branch}"), number, 0o644)?;
                let from = if create { "HEAD".to_owned() } else { format!("refs/remotes/origin/{branch}") };
                let what = format!("branch: Created from {from}");
                place.log(call, &format!("refs/heads/{branch}"), None, commit, &what)?;
                if !create {
                    let config = place.text(call, "config");
                    let more =
                        format!("[branch \"{branch}\"]\n\tremote = origin\n\tmerge = refs/heads/{branch}\n");
                    place.write(call, "config", Contents::text(&format!("{config}{more}")), 0o644)?;
                }
            }
        }
    }
    Ok(now)
}
