//! Why the kernel answers an errno, in a sentence: what stood in the way, in which layer, by which rule.

use super::branches;
use super::cache::Entry;
use super::explain::{called, listed};
use super::mount::Mount;
use super::types::{Options, Rename};
use super::walk::Last;
use super::which::FAILS;
use crate::fs::path::{file_name, show};
use crate::fs::{Errno, Name};
use crate::trace::Trace;

/// A system call that failed.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Its name: "rename".
    pub op: &'a str,
    /// Its path; of a rename the old name, of a link the new one.
    pub path: &'a [u8],
    /// The new name of a rename, the old one of a link.
    pub other: Option<&'a [u8]>,
    /// How it renames.
    pub how: Rename,
}

impl<'a> Call<'a> {
    /// A call with one path.
    pub fn of(op: &'a str, path: &'a [u8]) -> Call<'a> {
        Call { op, path, other: None, how: Rename::Plain }
    }

    /// Its paths in the order in which the kernel walks them.
    fn paths(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (first, second) = match (self.op, self.other) {
            ("link", Some(old)) => (old, Some(self.path)),
            (_, other) => (self.path, other),
        };
        std::iter::once(first).chain(second)
    }

    /// Does it follow a symlink at the end of its path?
    fn follows(&self) -> bool {
        !matches!(self.op, "lstat" | "lchown" | "readlink" | "unlink" | "rmdir" | "rename" | "link")
            && !self.makes()
    }

    /// Does it make a name that must be free?
    fn makes(&self) -> bool {
        matches!(self.op, "mkdir" | "mkfifo" | "mkchar" | "symlink" | "create")
    }
}

/// Why mount(2) refuses these options, if it does (fs/overlayfs/params.c, `ovl_fs_params_verify`).
pub(super) fn why_not_mounted(lowers: usize, options: &Options) -> String {
    let mark = if options.redirect_dir { "redirect_dir" } else { "metacopy" };
    if options.userxattr && (options.redirect_dir || options.metacopy) {
        return format!(
            "{mark}=on does not go with userxattr: anybody may write user attributes, so they must not steer the look-up"
        );
    }
    if options.metacopy && options.redirect_dir_off {
        return "metacopy=on does not go with redirect_dir=off: a metacopy that is renamed needs a redirect to find its data"
            .to_owned();
    }
    format!("{lowers} lower layers; an overlay has at most 500")
}

impl Mount {
    /// Why a system call answered with this errno, in one sentence. Looks only, changes nothing.
    pub fn why(&mut self, call: Call<'_>, errno: Errno, t: &mut Trace) -> String {
        if let Some(why) = branches::rule(self, &call, errno) {
            self.refused = None;
            return why;
        }
        let why = t.quietly(|t| {
            let specific = match errno {
                Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP => self.obstacle(&call, errno, t),
                Errno::EPERM | Errno::EIO | Errno::EINVAL | Errno::EACCES => self.obstacle(&call, errno, t),
                Errno::EEXIST => self.taken(&call, t),
                Errno::ENOTEMPTY => self.left(&call, t),
                Errno::EXDEV => self.immovable(&call, t),
                _ => None,
            };
            specific.unwrap_or_else(|| rule(&call, errno).to_owned())
        });
        self.refused = None;
        why
    }

    /// The first name on the way that fails with this errno.
    fn obstacle(&mut self, call: &Call<'_>, errno: Errno, t: &mut Trace) -> Option<String> {
        if call.paths().any(<[u8]>::is_empty) {
            return (errno == Errno::ENOENT).then(|| "an empty path names nothing".to_owned());
        }
        // Of a rename both directories are walked to before the names are looked up.
        for path in call.paths() {
            if let Some(why) = self.on_the_way(path, errno, t) {
                return Some(why);
            }
        }
        for (at, path) in call.paths().enumerate() {
            let new = call.makes() || at == 1 && call.how != Rename::Exchange;
            if let Some(why) = self.at_the_end(call, (path, new), errno, t) {
                return Some(why);
            }
        }
        None
    }

    fn on_the_way(&mut self, path: &[u8], errno: Errno, t: &mut Trace) -> Option<String> {
        let walk = self.parent_of(path, t).err();
        if walk != Some(errno) {
            return None;
        }
        let ends = path.iter().enumerate().filter(|(at, byte)| **byte == b'/' && *at > 0).map(|(at, _)| at);
        for end in ends {
            let prefix = &path[..end];
            match self.resolve(prefix, true, false, t) {
                Ok(spot) if spot.node.dir.is_some() => {}
                Ok(spot) => {
                    return Some(format!(
                        "{} is {}, no directory",
                        show(prefix),
                        self.what(&spot.node.entry)
                    ));
                }
                Err(errno) => return Some(self.why_name(prefix, false, errno, t)),
            }
        }
        None
    }

    fn at_the_end(
        &mut self,
        call: &Call<'_>,
        (path, new): (&[u8], bool),
        errno: Errno,
        t: &mut Trace,
    ) -> Option<String> {
        let follow = call.follows() || path.ends_with(b"/");
        let found = match self.resolve(path, follow, false, t) {
            Ok(spot) if spot.node.entry.dataless == Some(errno) => {
                let name = show(path);
                return Some(format!(
                    "stat knows {name}, but no data-only layer has its contents, and to open or copy it takes those"
                ));
            }
            found => found.err()?,
        };
        // A name that is to be made may be missing.
        if found != errno || (new && errno == Errno::ENOENT) {
            return None;
        }
        if errno != Errno::ENOTDIR {
            return Some(self.why_name(path, path == call.path, errno, t));
        }
        let name = show(trimmed(path)).into_owned();
        if let Ok(end) = self.resolve(trimmed(path), true, false, t) {
            let what = self.what(&end.node.entry);
            return Some(format!("{name} is {what}; a slash behind it asks for a directory"));
        }
        let link = self.resolve(trimmed(path), false, false, t).ok()?;
        let target = self.symlink_target(&link.node)?;
        Some(format!("{name} is a symlink to {}, and something on that way is no directory", show(&target)))
    }

    /// Why a name can't be looked up, or leads nowhere. One that is `known` to the reader is not named.
    fn why_name(&mut self, path: &[u8], known: bool, errno: Errno, t: &mut Trace) -> String {
        if let Some(refused) = self.refused.take() {
            return self.why_refused(&refused);
        }
        let name = if known { "it".to_owned() } else { show(path).into_owned() };
        if errno == Errno::ELOOP {
            return format!("{name} leads through more than 40 symlinks, or in a circle");
        }
        if errno == Errno::ENOTDIR {
            return format!("{name} leads through something that is no directory");
        }
        if let Ok(link) = self.resolve(path, false, false, t)
            && let Some(target) = self.symlink_target(&link.node)
        {
            let end = match errno {
                Errno::ENOENT => "leads nowhere".to_owned(),
                _ => format!("can't be looked up ({errno})"),
            };
            return format!("{name} is a symlink to {}, which {end}", show(&target));
        }
        let why = self.explain(path, errno == Errno::ENOENT, t).why;
        // The errno itself is told beside.
        let why = why.strip_suffix(&format!(" ({errno})")).unwrap_or(&why);
        if known { why.to_owned() } else { named(&name, why) }
    }

    /// "a file of layer 2".
    fn what(&self, entry: &Entry) -> String {
        let kind = self.real(entry).map_or("nothing", |inode| inode.kind.word());
        let layer = entry.real().map_or(0, |(layer, _)| layer);
        format!("a {kind} of {}", called(&self.layer_ref(layer)))
    }

    /// Who has a name that was to be free.
    fn taken(&mut self, call: &Call<'_>, t: &mut Trace) -> Option<String> {
        let path = match call.op {
            "rename" => call.other?,
            _ => call.path,
        };
        let parent = self.parent_of(path, t).ok()?;
        let Last::Normal(name) = parent.last else {
            return Some("`.`, `..` and the root always exist".to_owned());
        };
        let spot = self.spot(parent.dir, &name).ok()?;
        if !spot.node.entry.exists() {
            return None;
        }
        let what = self.what(&spot.node.entry);
        let dangling = self.symlink_target(&spot.node).is_some();
        let symlink = if dangling { "; a symlink takes its name wherever it leads" } else { "" };
        Some(format!("the name is taken by {what}{symlink}"))
    }

    /// What is left in a directory that was to be empty.
    fn left(&mut self, call: &Call<'_>, t: &mut Trace) -> Option<String> {
        let path = call.other.unwrap_or(call.path);
        if matches!(file_name(path), b".." | b".") {
            return None;
        }
        let spot = self.resolve(path, false, false, t).ok()?;
        let id = spot.node.dir?;
        let source = self.resolve(call.path, false, false, t).ok()?;
        let name = show(path);
        if call.op == "rename" && self.cache.holds(id, source.dir) && id != source.dir {
            return Some(format!("{name} holds {}, so it is not empty", show(call.path)));
        }
        let entry = &spot.node.entry;
        let names = self.driver.names(self, entry).ok()?;
        // A name that can't be looked up for an error is there all the same.
        let seen =
            |name: &&Name| self.driver.search(self, entry, name, None).map_or(true, |entry| entry.exists());
        let Some(inside) = names.iter().find(seen) else {
            return Some(match names.len() {
                0 => format!("{name} looks empty, but whiteouts that are files count as files here"),
                1 => format!(
                    "{name} looks empty, but the upper has a whiteout in it, and nothing lies below: it counts"
                ),
                n => format!(
                    "{name} looks empty, but the upper has {n} whiteouts in it, and nothing lies below: they count"
                ),
            });
        };
        let others = match names.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        Some(format!("{name} still holds `{}`{others}", show(inside)))
    }

    /// What of a rename has parts that would stay behind.
    fn immovable(&mut self, call: &Call<'_>, t: &mut Trace) -> Option<String> {
        if self.options.redirect_dir {
            return None;
        }
        for path in
            [Some(call.path), call.other.filter(|_| call.how == Rename::Exchange)].into_iter().flatten()
        {
            let Ok(spot) = self.resolve(path, false, false, t) else { continue };
            if spot.node.dir.is_none() || spot.node.entry.pure_upper() {
                continue;
            }
            let layers: Vec<String> = spot
                .node
                .entry
                .lowers
                .parts()
                .iter()
                .map(|(layer, _)| called(&self.layer_ref(*layer)))
                .collect();
            return Some(format!(
                "{} has parts in {}, which can't move, and redirect_dir is off; mv copies and deletes instead",
                show(path),
                listed(&layers)
            ));
        }
        None
    }
}

/// A sentence about a name that the reader does not have before their eyes.
pub(super) fn named(name: &str, why: &str) -> String {
    match why.strip_prefix(FAILS) {
        Some(why) => format!("{name} can't be looked up: {why}"),
        None => format!("{name} is not there: {why}"),
    }
}

/// A path without the slashes at its end.
fn trimmed(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(1, |at| at + 1);
    path.get(..end).unwrap_or(path)
}

/// The rule, where nothing of this mount's state says more.
pub(super) fn rule(call: &Call<'_>, errno: Errno) -> &'static str {
    let xattr = call.op.ends_with("xattr");
    match (call.op, errno) {
        ("rename", Errno::EXDEV) if call.how == Rename::Exchange => {
            "the redirect of one of the two would be a path of more than 256 bytes"
        }
        (_, Errno::EXDEV) => "its redirect would be a path of more than 256 bytes",
        ("mkchar", Errno::EPERM) => "a character device 0:0 would be a whiteout",
        ("link", Errno::EPERM) => "a directory can't have a second name",
        (_, Errno::EPERM) if xattr => "user attributes exist on files and directories only",
        (_, Errno::EPERM) => "a layer carries a mark that this mount may not follow",
        (_, Errno::EIO) => "a metacopy has no data in the layers below",
        (_, Errno::EACCES) => "a redirect leads to `.` or `..`, or a permission is lacking",
        (_, Errno::ENOENT) if call.makes() || call.op == "link" => {
            "the path ends in a slash, and only a directory can be made under such a name"
        }
        (_, Errno::ENOENT) => "there is no such name",
        ("rename", Errno::ENOTDIR) if call.paths().any(|path| path.ends_with(b"/")) => {
            "only a directory is written with a slash behind its name"
        }
        ("rename", Errno::ENOTDIR) => "a directory can take the place of a directory only",
        ("rmdir", Errno::ENOTDIR) => "rmdir removes directories only; unlink removes everything else",
        ("readdir", Errno::ENOTDIR) => "only a directory has names in it",
        ("open", Errno::ENOTDIR) => "O_DIRECTORY asks for a directory",
        (_, Errno::ENOTDIR) => "it is no directory",
        (_, Errno::EEXIST) => "the name is taken",
        ("unlink", Errno::EISDIR) => "unlink removes everything but directories; rmdir removes those",
        ("rename", Errno::EISDIR) => "a directory stands there, and only a directory may take its place",
        ("create", Errno::EISDIR) => "the path ends in a slash, and only a file can be made with open",
        ("read", Errno::EISDIR) => "a directory has names, not contents; readdir lists them",
        ("open", Errno::EISDIR) => {
            "a directory can't be opened for writing, read as a file, or made with open"
        }
        (_, Errno::EISDIR) => "a directory has no contents to change",
        ("rmdir", Errno::ENOTEMPTY) => "`..` always holds something: the directory it was reached from",
        (_, Errno::ENOTEMPTY) => "something is left in the directory",
        ("rmdir", Errno::EINVAL) => "`.` can't be removed under that name",
        ("rename", Errno::EINVAL) => {
            "a directory can't move into itself, nor change places with what is inside it"
        }
        ("readlink", Errno::EINVAL) => "it is no symlink, so it has no text",
        ("truncate", Errno::EINVAL) => "only a regular file has a size to set, and none is negative",
        ("open", Errno::EINVAL) => "O_CREAT makes files, so it does not go with O_DIRECTORY",
        (_, Errno::EINVAL) if xattr => "the attribute has a namespace, but no name behind it",
        (_, Errno::EINVAL) => "an argument makes no sense here",
        ("rmdir", Errno::EBUSY) => "the root can't be removed: it is mounted",
        (_, Errno::EBUSY) => "`.`, `..` and the root can't be renamed",
        ("open", Errno::ELOOP) => "it is a symlink, and O_NOFOLLOW does not follow it",
        (_, Errno::ELOOP) => "more than 40 symlinks, or a circle of them",
        (_, Errno::ENAMETOOLONG) => "a name has at most 255 bytes, a path at most 4095",
        (_, Errno::ENXIO) => "nobody has the fifo open for reading",
        (_, Errno::EAGAIN) => "the fifo is empty, and nothing waits here",
        ("munmap", Errno::EBADF) => "there is no such map",
        (_, Errno::EBADF) => {
            "the file is not open for that: reading needs O_RDONLY or O_RDWR, writing O_WRONLY or O_RDWR"
        }
        (_, Errno::ENODATA) => "it has no such attribute",
        (_, Errno::EOPNOTSUPP) => "no namespace of attributes begins like that: user., trusted., security.",
        (_, Errno::ERANGE) => "the name of an attribute has 1 to 255 bytes",
        (_, Errno::E2BIG) => "the value of an attribute has at most 65536 bytes",
        (_, Errno::EFBIG) => "no file is that large",
        (_, Errno::ESTALE) => "the object behind the open file is not the one the name leads to any more",
        (_, other) => other.message(),
    }
}
