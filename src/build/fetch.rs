//! ADD of an address: what the lab's table of addresses answers, or a stand-in for what nobody knows.
//!
//! Follows moby/buildkit `dockerfile2llb/convert_copy.go` (which sources are fetched, and under which
//! name), `source/http/source.go` (mode, time, cache key, checksum) and `source/git`; the legacy builder's
//! side is moby `daemon/builder/dockerfile/copy.go` (`downloadSource`).

use super::copy::{self, Manner};
use super::key::FileEntry;
use super::play::Player;
use super::request::Request;
use super::select::{Naming, Picked, files};
use super::step::Failure;
use crate::dockerfile::Version;
use crate::fs::{Contents, Digest, Hasher, Inode, Tree, path};
use crate::shell::{Outcome, urls};
use crate::trace::Trace;
use crate::union::Mount;

/// Redirects that Go's HTTP client follows.
const MOST_REDIRECTS: usize = 10;

/// One address that an ADD names.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    /// As written, expanded.
    pub address: String,
    /// What the file is called in a directory.
    pub name: String,
    /// `--checksum`.
    pub checksum: Option<String>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// A web server's answer.
    File { contents: Contents, mtime: i64, status: u16, body: String },
    /// The files of a git reference, without `.git`.
    Tree(Tree),
    /// Too many redirects.
    Circle,
    /// Nobody knows.
    Unknown,
}

/// Takes the addresses out of the sources of an ADD and looks them up.
pub(super) fn addresses(
    sources: Vec<String>,
    request: &Request,
    checksum: Option<&str>,
) -> (Vec<String>, Vec<Fetched>) {
    let (remote, local): (Vec<String>, Vec<String>) = sources.into_iter().partition(|one| is_address(one));
    let fetched = remote.into_iter().map(|address| Fetched {
        name: match urls::path_of(&address).trim_end_matches('/').rsplit('/').next() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => "__unnamed__".to_owned(),
        },
        what: asked(&address, request),
        checksum: checksum.map(str::to_owned),
        address,
    });
    (local, fetched.collect())
}

/// An address that ADD fetches (moby/buildkit `dockerfile2llb/convert.go`, `isHTTPSource`).
pub(super) fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

fn asked(address: &str, request: &Request) -> What {
    let table = &request.urls;
    if let Some(tree) = git(address, request) {
        return What::Tree(tree);
    }
    let mut at = address.to_owned();
    for _ in 0..=MOST_REDIRECTS {
        let Some(page) = table.page(&at) else { return What::Unknown };
        match &page.to {
            Some(to) => at.clone_from(to),
            None => {
                let body = if page.status >= 400 { page.body.to_text(4096) } else { None };
                return What::File {
                    contents: page.body.clone(),
                    mtime: page.modified.unwrap_or(0),
                    status: page.status,
                    body: format!("{}: {}", page.status_line(), body.unwrap_or_default().trim()),
                };
            }
        }
    }
    What::Circle
}

/// `https://….git#REF:SUBDIR`: 20.10 has no git sources in ADD.
fn git(address: &str, request: &Request) -> Option<Tree> {
    let (url, fragment) = address.split_once('#').unwrap_or((address, ""));
    if request.version != Version::Current || !url.ends_with(".git") {
        return None;
    }
    let repository = request.urls.repository(url)?;
    let (name, dir) = fragment.split_once(':').unwrap_or((fragment, ""));
    let name = if name.is_empty() { repository.default.as_str() } else { name };
    let commit = repository.branches.get(name).or_else(|| repository.tags.get(name)).copied();
    let commit = commit.or_else(|| repository.commit(name))?;
    let mut tree = Tree::new();
    let below = format!("{}/", dir.trim_matches('/'));
    for (at, file) in repository.tree(commit) {
        let inside = if below == "/" { Some(at.as_str()) } else { at.strip_prefix(&below) };
        let Some(inside) = inside else { continue };
        let inode = match &file.kind {
            urls::Kind::Link(target) => Inode::symlink(target.as_bytes()),
            urls::Kind::File(contents) => {
                let mode = if file.mode & 0o100 == 0 { 0o644 } else { 0o755 };
                Inode::file(contents.clone()).with_mode(mode)
            }
        };
        tree.put(inside.as_bytes(), inode);
    }
    Some(tree)
}

impl Fetched {
    /// Does nobody know what is there?
    pub fn is_unknown(&self) -> bool {
        matches!(self.what, What::Unknown)
    }

    /// The key of the source itself: name, time and content, or the checksum alone, which needs no
    /// request (`formatCacheKey`; the address is not in it).
    pub fn definition(&self) -> String {
        match (&self.checksum, &self.what) {
            (Some(checksum), _) => format!("http {} {checksum}", self.name),
            (None, What::File { contents, mtime, .. }) => {
                format!("http {} {} {mtime}", self.name, contents.key_digest().hex())
            }
            (None, _) => format!("fetch {}", self.address),
        }
    }

    /// What is wrong before anything is copied: a status that is no success, when no checksum speaks for
    /// the content.
    pub fn refused(&self) -> Option<Failure> {
        let failed = |words: String| {
            Some(Failure::new(format!("failed to solve: failed to load cache key: {words}"), 1))
        };
        match &self.what {
            What::File { status, .. } if self.checksum.is_none() && !(200..400).contains(status) => {
                failed(format!("invalid response status {status}"))
            }
            What::Circle => failed(format!("Get \"{}\": stopped after 10 redirects", self.address)),
            _ => None,
        }
    }

    /// The same in the words of the legacy builder (moby `builder/remotecontext/remote.go`).
    pub fn refused_by_legacy(&self) -> Option<Failure> {
        let words = match &self.what {
            What::File { status, body, .. } if *status >= 400 => {
                format!("ADD failed: failed to GET {} with status {body}", self.address)
            }
            What::Circle => format!("ADD failed: Get \"{}\": stopped after 10 redirects", self.address),
            _ => return None,
        };
        Some(Failure::new(words, 1))
    }

    /// Is the content what `--checksum` says?
    pub fn verified(&self) -> Result<(), Failure> {
        let (Some(asked), What::File { contents, .. }) = (&self.checksum, &self.what) else { return Ok(()) };
        let mut hasher = Hasher::new();
        contents.for_each_chunk(&mut |chunk| {
            hasher.raw(chunk);
        });
        let got = format!("sha256:{}", hasher.finish().hex());
        match got == *asked {
            true => Ok(()),
            false => {
                let mut failure = Failure::new(format!("failed to solve: digest mismatch {got}: {asked}"), 1);
                failure.plain = Some(format!("{} is not what --checksum says it is", self.address));
                Err(failure)
            }
        }
    }

    fn tree(&self) -> (Tree, Vec<u8>) {
        let (contents, mtime) = match &self.what {
            What::Tree(tree) => return (tree.clone(), b"/".to_vec()),
            What::File { contents, mtime, .. } => (contents.clone(), *mtime),
            What::Unknown | What::Circle => (Contents::EMPTY, 0),
        };
        let mut tree = Tree::new();
        let mut inode = Inode::file(contents).with_mode(0o600);
        inode.mtime = mtime;
        tree.put(self.name.as_bytes(), inode);
        (tree, path::clean(self.name.as_bytes()))
    }

    /// Its files, mounted, and what is to be copied of them.
    fn picked(&self, t: &mut Trace) -> Result<(Mount, Picked), String> {
        let (tree, at) = self.tree();
        let mut source = Mount::native(tree);
        let stat = source.lstat(&at, t).map_err(|errno| errno.message().to_lowercase())?;
        let named = String::from_utf8_lossy(&at).into_owned();
        Ok((source, Picked { path: at, named, stat }))
    }

    /// What of it goes into a key: the content of every file, not the time.
    pub fn entries(&self, t: &mut Trace) -> Vec<FileEntry> {
        if self.is_unknown() {
            let value = format!("address {}", Digest::of(&self.address).hex());
            return vec![FileEntry { name: self.name.clone(), shown: self.address.clone(), value }];
        }
        let naming = Naming { whole_path: false, directory_mode: &|_, mode| mode, exclude: None };
        let list = t.quietly(|t| {
            let (mut source, one) = self.picked(t).ok()?;
            files(&mut source, &[one], naming, t).ok()
        });
        let mut entries = list.map(|list| list.entries).unwrap_or_default();
        for entry in &mut entries {
            entry.shown = match &self.what {
                What::Tree(_) => format!("{}: {}", self.address, entry.shown),
                _ => self.address.clone(),
            };
        }
        entries
    }

    /// Puts it where the ADD says.
    pub fn copy(&self, target: &mut Mount, manner: &Manner, t: &mut Trace) -> Result<(), String> {
        let (mut source, one) = self.picked(t)?;
        copy::copy(&mut source, target, &[one], manner, t)
    }
}

/// Is a `--checksum` one that BuildKit takes? Its words if not.
pub(super) fn checksum_fault(checksum: &str, sources: &[String]) -> Option<&'static str> {
    if sources.len() != 1 {
        return Some("checksum can't be specified for multiple sources");
    }
    if !sources.iter().all(|source| is_address(source)) {
        return Some("checksum requires HTTP(S) or Git sources");
    }
    let hex = |text: &str, long: usize| {
        text.len() == long && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if sources.iter().any(|source| source.contains(".git")) {
        return None;
    }
    match checksum.split_once(':') {
        Some(("sha256", digest)) if hex(digest, 64) => None,
        Some(("sha256" | "sha512" | "sha384", _)) => Some("invalid checksum digest length"),
        Some(_) => Some("unsupported digest algorithm"),
        None => Some("invalid checksum digest format"),
    }
}

/// Says that a stand-in takes the place of what nobody knows. Is there one?
pub(super) fn tell_unknown(fetched: &[Fetched], player: &mut Player, step: usize, t: &mut Trace) -> bool {
    let unknown: Vec<&Fetched> = fetched.iter().filter(|fetched| fetched.is_unknown()).collect();
    for one in &unknown {
        let what = format!("what {} answers", one.address);
        player.not_modelled(step, what, "an empty file stands for it; urls(…) or --urls teach it", t);
    }
    !unknown.is_empty()
}

/// What to do about a RUN that failed for want of an address.
pub(super) fn hint(outcome: &Outcome) -> Option<String> {
    let url = outcome.unresolved.as_ref()?;
    let row = if url.ends_with(".git") { "#{ files: #{ \"README\": \"hi\" } }" } else { "\"text\"" };
    Some(format!("the lab has no network; urls(#{{ \"{url}\": {row} }}) says what the address answers"))
}
