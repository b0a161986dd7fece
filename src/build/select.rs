//! Which files a COPY or ADD names, and what of them goes into a cache key.

use super::glob;
use super::ignore::Ignore;
use super::key::{FileEntry, Files};
use super::pattern::split_wildcards;
use crate::fs::{Contents, Errno, key_digests, path};
use crate::trace::Trace;
use crate::union::{Held, Mount, Stat, StatKind};

/// One file or directory that a source names.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// Where it lies in the source, symlinks resolved.
    pub path: Vec<u8>,
    /// Its path as written or as a wildcard found it, absolute in the source.
    pub named: String,
    /// What it is.
    pub stat: Stat,
}

impl Picked {
    /// The last name as written: what a copy into a directory is called.
    pub fn base(&self) -> &str {
        self.named.rsplit('/').next().unwrap_or("")
    }

    /// The same as bytes: a name that is no text is shown otherwise than it is, and can't be asked for but
    /// by a wildcard, so that no link was followed to it.
    pub fn file_name(&self) -> &[u8] {
        let own = path::file_name(&self.path);
        if std::str::from_utf8(own).is_err() && path::show(own) == self.base() {
            return own;
        }
        self.base().as_bytes()
    }
}

/// Why a source names nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// A path without wildcards leads nowhere: the path asked for, and where its links lead.
    Path {
        /// As asked for, absolute and clean.
        asked: String,
        /// What is really not there.
        absent: String,
    },
    /// Its links lead in circles.
    Loop {
        /// As asked for, absolute and clean.
        asked: String,
    },
    /// The tank is empty.
    Exhausted,
}

/// Finds what one source names. A path without wildcards must exist; a top-level symlink is followed
/// (buildkit `cache/contenthash/checksum.go` `ChecksumWildcard`, fsutil `copy/copy.go`
/// `ResolveWildcards`; moby `daemon/builder/dockerfile/copy.go`, `copyWithWildcards`).
///
/// # Errors
/// See [`Missing`].
pub(super) fn pick(source: &mut Mount, written: &str, t: &mut Trace) -> Result<Vec<Picked>, Missing> {
    let asked = path::clean(written.as_bytes());
    let asked = String::from_utf8_lossy(&asked).into_owned();
    if !glob::has_wildcard(written) {
        return picked(source, asked.as_bytes(), t).map(|picked| vec![picked]);
    }
    // Names need not be text: they are compared as people read them, and kept as they are.
    let mut found: Vec<Vec<u8>> = vec![Vec::new()];
    for segment in asked.split('/').filter(|segment| !segment.is_empty()) {
        let mut next = Vec::new();
        for dir in &found {
            if !glob::has_wildcard(segment) {
                let plain = segment.replace('\\', "");
                let at = [dir.as_slice(), b"/", plain.as_bytes()].concat();
                if source.lstat(&at, t).is_ok() {
                    next.push(at);
                }
                continue;
            }
            let names =
                source.readdir(if dir.is_empty() { b"/" } else { dir.as_slice() }, t).unwrap_or_default();
            for name in names {
                if !t.fuel.spend(1 + segment.len() as u64 / 8) {
                    return Err(Missing::Exhausted);
                }
                if glob::matches(segment, &String::from_utf8_lossy(&name)) {
                    next.push([dir.as_slice(), b"/", &name].concat());
                }
            }
        }
        found = next;
    }
    found.iter().map(|at| picked(source, at, t)).collect()
}

/// BuildKit walks the folder before a source's first wildcard, and fails where there is none: what it says of
/// it (tonistiigi/fsutil `copy/copy.go`, `ResolveWildcards`).
///
/// `root`: where the source is mounted, as errors name it.
pub(super) fn walk_failure(source: &mut Mount, written: &str, root: &str, t: &mut Trace) -> Option<String> {
    if !glob::has_wildcard(written) {
        return None;
    }
    let asked = path::clean(written.as_bytes());
    let (folder, _) = split_wildcards(&asked);
    let said = |at: &str, errno: Errno| Some(format!("lstat {root}{at}: {}", errno.message().to_lowercase()));
    match source.stat(folder, t) {
        Err(Errno::ENOENT) => match picked(source, folder, t) {
            Err(Missing::Path { absent, .. }) => said(&absent, Errno::ENOENT),
            _ => None,
        },
        Err(errno @ Errno::ENOTDIR) => said(&path::show(folder), errno),
        _ => None,
    }
}

fn picked(source: &mut Mount, at: &[u8], t: &mut Trace) -> Result<Picked, Missing> {
    let asked = &*path::show(at);
    let missing = |absent: &str| Missing::Path { asked: asked.to_owned(), absent: absent.to_owned() };
    match source.realpath(at, t).and_then(|real| Ok((source.lstat(&real, t)?, real))) {
        Ok((stat, path)) => Ok(Picked { path, named: asked.to_owned(), stat }),
        Err(Errno::EINTR) => Err(Missing::Exhausted),
        Err(Errno::ELOOP) => Err(Missing::Loop { asked: asked.to_owned() }),
        Err(_) => {
            let target = source.readlink(at, t).ok();
            let absent = target.map(|target| {
                let parent = path::parent(at);
                String::from_utf8_lossy(&path::clean(&path::join(parent, &target))).into_owned()
            });
            Err(missing(absent.as_deref().unwrap_or(asked)))
        }
    }
}

/// How names and modes enter a key.
#[derive(Clone, Copy)]
pub(super) struct Naming<'a> {
    /// Legacy: the whole path is hashed; BuildKit: the base name and what is below it.
    pub whole_path: bool,
    /// The mode to hash for a directory of this path and mode.
    pub directory_mode: &'a dyn Fn(&[u8], u16) -> u16,
    /// `--exclude`: what does not count inside a directory.
    pub exclude: Option<&'a Ignore>,
}

/// The list of everything below what was picked, for a cache key: kind, mode, owner and content of
/// every member; modification times are not part of it (buildkit `cache/contenthash/filehash.go`
/// `NewFromStat`; moby `daemon/builder/remotecontext/internal/tarsum/versioning.go`).
///
/// # Errors
/// The errno of what could not be read (`EINTR` when the tank is empty).
pub(super) fn files(
    source: &mut Mount,
    picked: &[Picked],
    naming: Naming<'_>,
    t: &mut Trace,
) -> Result<Files, Errno> {
    let mut members = Members { source, naming, list: Vec::new(), contents: Vec::new() };
    for one in picked {
        let shown = one.named.trim_start_matches('/');
        let base = if naming.whole_path { shown } else { one.base() };
        if one.stat.kind != StatKind::Dir {
            members.add((base.to_owned(), shown.to_owned()), &one.path, &one.stat, None, t)?;
            continue;
        }
        if one.path != b"/" {
            members.add((base.to_owned(), shown.to_owned()), &one.path, &one.stat, None, t)?;
        }
        for Held { path: at, stat, data, .. } in members.source.walk_held(&one.path, t)? {
            let inside =
                if one.path == b"/" { at.as_slice() } else { at.get(one.path.len()..).unwrap_or(b"") };
            let inside = path::show(inside.strip_prefix(b"/").unwrap_or(inside)).into_owned();
            if inside.is_empty() || naming.exclude.is_some_and(|rules| rules.excludes(&inside, &mut t.fuel)) {
                continue;
            }
            let join = |dir: &str| if dir.is_empty() { inside.clone() } else { format!("{dir}/{inside}") };
            members.add((join(base), join(shown)), &at, &stat, Some(data), t)?;
        }
    }
    Ok(members.finish())
}

/// Members of a list; what the files hold is hashed at the end, all at once.
struct Members<'s, 'n> {
    source: &'s mut Mount,
    naming: Naming<'n>,
    /// The entry without a file's digest, which comes behind it.
    list: Vec<(FileEntry, bool)>,
    contents: Vec<Contents>,
}

impl Members<'_, '_> {
    fn add(
        &mut self,
        (name, shown): (String, String),
        at: &[u8],
        stat: &Stat,
        data: Option<Result<Contents, Errno>>,
        t: &mut Trace,
    ) -> Result<(), Errno> {
        if !t.fuel.spend(1) {
            return Err(Errno::EINTR);
        }
        let (kind, mode, what) = match stat.kind {
            StatKind::File => {
                self.contents.push(data.unwrap_or_else(|| self.source.read(at, t))?);
                ("file", stat.mode, String::new())
            }
            StatKind::Dir => ("dir", (self.naming.directory_mode)(at, stat.mode), "-".to_owned()),
            StatKind::Symlink => ("link", 0o777, path::show(&self.source.readlink(at, t)?).into_owned()),
            StatKind::Fifo => ("fifo", stat.mode, "-".to_owned()),
            StatKind::CharDev(major, minor) => ("chardev", stat.mode, format!("{major}:{minor}")),
        };
        let value = format!("{kind} {mode:04o} {}:{} {what}", stat.uid, stat.gid);
        self.list.push((FileEntry { name, shown, value }, stat.kind == StatKind::File));
        Ok(())
    }

    fn finish(self) -> Files {
        let mut digests = key_digests(&self.contents).into_iter();
        let whole = |(mut entry, is_file): (FileEntry, bool)| {
            if is_file && let Some(digest) = digests.next() {
                entry.value.push_str(&digest.hex());
            }
            entry
        };
        Files::new(self.list.into_iter().map(whole).collect())
    }
}
