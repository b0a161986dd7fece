//! COPY and ADD: from a source into an image's filesystem.
//!
//! BuildKit's rules are those of fsutil `copy/copy.go` (`Copy`, `prepareTargetDir`,
//! `copyDirectoryOnly`, `ensureEmptyFileTarget`) and buildkit `solver/llbsolver/file/backend.go`; the
//! legacy builder's those of moby `daemon/builder/dockerfile/copy.go` (`performCopyForInfo`).

use super::archive;
use super::ignore::Ignore;
use super::select::Picked;
use crate::fs::{Errno, path};
use crate::trace::Trace;
use crate::union::{Held, Mount, Stat, StatKind};
use std::collections::HashMap;

/// How things are copied.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// Absolute, cleaned; ends in `/` when a directory was asked for.
    pub destination: String,
    /// `--chown`, resolved.
    pub owner: Option<(u32, u32)>,
    /// `--chmod`, as a number.
    pub mode: Option<u16>,
    /// `--chmod` leaves setuid, setgid and sticky as the source has them (BuildKit of Docker 20.10;
    /// tonistiigi/fsutil `copy/copy_linux.go`, `copyFileInfo`).
    pub special_kept: bool,
    /// ADD: unpack what is an archive.
    pub unpack: bool,
    /// The legacy builder's way.
    pub legacy: bool,
    /// Directories made on the way get `--chmod` too (newer BuildKit).
    pub parents_mode: bool,
    /// `--exclude`: what is left out inside a directory source.
    pub exclude: Option<Ignore>,
}

/// Copies everything that was picked. Docker's words when it can't.
pub(super) fn copy(
    source: &mut Mount,
    target: &mut Mount,
    picked: &[Picked],
    manner: &Manner,
    t: &mut Trace,
) -> Result<(), String> {
    let mut copier = Copier { source, target, manner, links: HashMap::new() };
    picked
        .iter()
        .try_for_each(|one| if manner.legacy { copier.legacy(one, t) } else { copier.buildkit(one, t) })
}

/// A file with this text (a heredoc), as if it were a source of this name: 0644, 0:0.
pub(super) fn write(
    target: &mut Mount,
    name: &str,
    body: &str,
    manner: &Manner,
    t: &mut Trace,
) -> Result<(), String> {
    let mut tree = crate::fs::Tree::new();
    tree.put(name.as_bytes(), crate::fs::Inode::file(crate::fs::Contents::text(body)));
    let mut source = Mount::native(tree);
    let at = path::clean(name.as_bytes());
    let stat = source.lstat(&at, t).map_err(|errno| errno.message().to_lowercase())?;
    let named = String::from_utf8_lossy(&at).into_owned();
    copy(&mut source, target, &[Picked { path: at, named, stat }], manner, t)
}

/// A path as Docker prints it, below the directory where the image is mounted.
fn rootfs(at: &[u8]) -> String {
    format!("<rootfs>{}", path::show(at))
}

fn io(op: &str, at: &[u8], errno: Errno) -> String {
    format!("{op} {}: {}", rootfs(at), errno.message().to_lowercase())
}

/// Makes a directory with its parents (0755); those that are there keep everything. Symlinks on the
/// way are followed inside the image. Docker's words when something on the way is no directory.
pub(super) fn mkdir_all(
    target: &mut Mount,
    at: &[u8],
    mode: u16,
    owner: Option<(u32, u32)>,
    t: &mut Trace,
) -> Result<(), String> {
    if !t.fuel.enter() {
        return Err("the lab's limit was reached".to_owned());
    }
    let result = mkdir_each(target, at, mode, owner, t);
    t.fuel.leave();
    result
}

fn mkdir_each(
    target: &mut Mount,
    at: &[u8],
    mode: u16,
    owner: Option<(u32, u32)>,
    t: &mut Trace,
) -> Result<(), String> {
    let mut here: Vec<u8> = Vec::new();
    for name in path::names(&path::clean(at)) {
        let dir = here.clone();
        here.push(b'/');
        here.extend_from_slice(name);
        match target.stat(&here, t) {
            Ok(stat) if stat.kind == StatKind::Dir => continue,
            Ok(_) => return Err(io("mkdir", &here, Errno::ENOTDIR)),
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(io("mkdir", &here, errno)),
        }
        if let Ok(link) = target.readlink(&here, t) {
            mkdir_all(
                target,
                &path::clean(&path::join(if dir.is_empty() { b"/" } else { &dir }, &link)),
                mode,
                owner,
                t,
            )?;
            continue;
        }
        target.mkdir(&here, mode, t).map_err(|errno| io("mkdir", &here, errno))?;
        // mkdir(2) leaves setuid and its kin out; chmod puts them in.
        target.chmod(&here, mode, t).map_err(|errno| io("chmod", &here, errno))?;
        if let Some((uid, gid)) = owner {
            target.lchown(&here, Some(uid), Some(gid), t).map_err(|errno| io("chown", &here, errno))?;
        }
    }
    Ok(())
}

struct Copier<'a> {
    source: &'a mut Mount,
    target: &'a mut Mount,
    manner: &'a Manner,
    /// Objects with several names that were copied already: where to.
    links: HashMap<(u32, u32), Vec<u8>>,
}

impl Copier<'_> {
    fn buildkit(&mut self, one: &Picked, t: &mut Trace) -> Result<(), String> {
        let (owner, mode) = (self.manner.owner, self.manner.mode);
        let made = if self.manner.parents_mode { mode.unwrap_or(0o755) } else { 0o755 };
        let destination = self.manner.destination.as_bytes();
        if self.manner.unpack && self.unpack(one, owner, t)? {
            return Ok(());
        }
        let as_directory = destination.ends_with(b"/");
        let ensure = if as_directory { destination } else { path::parent(destination) };
        mkdir_all(self.target, ensure, made, owner, t)?;
        let mut to = self.resolve(&path::clean(destination), t);
        let there = self.target.stat(&to, t).ok();
        if one.stat.kind == StatKind::Dir {
            if there.is_none() {
                mkdir_all(self.target, &to, made, owner, t)?;
            }
            return self.directory(&one.path, &to, t);
        }
        if there.is_some_and(|stat| stat.kind == StatKind::Dir) {
            to = path::join(&to, one.file_name());
        }
        self.object(&one.path, &one.stat, None, &to, t)
    }

    fn legacy(&mut self, one: &Picked, t: &mut Trace) -> Result<(), String> {
        let owner = self.manner.owner;
        let destination = self.manner.destination.as_bytes();
        let mut to = self.resolve(&path::clean(destination), t);
        let there = self.target.stat(&to, t).ok();
        if one.stat.kind == StatKind::Dir {
            let failed = |words: String| format!("failed to copy files: failed to copy directory: {words}");
            if there.as_ref().is_some_and(|stat| stat.kind != StatKind::Dir) {
                return Err(failed(io("mkdir", &to, Errno::ENOTDIR)));
            }
            match there {
                None => mkdir_all(self.target, &to, 0o755, owner, t).map_err(failed)?,
                // Unpacking into a directory touches it: it is in the layer even if nothing was in the source.
                Some(there) if to != b"/" => {
                    self.target.chmod(&to, there.mode, t).map_err(|errno| failed(io("chmod", &to, errno)))?;
                }
                Some(_) => {}
            }
            return self.directory(&one.path, &to, t).map_err(failed);
        }
        if self.manner.unpack && self.unpack(one, None, t)? {
            return Ok(());
        }
        if destination.ends_with(b"/") || there.is_some_and(|stat| stat.kind == StatKind::Dir) {
            to = path::join(&to, one.file_name());
        }
        let parents = mkdir_all(self.target, path::parent(&to), 0o755, owner, t);
        parents.map_err(|words| format!("failed to copy files: failed to create new directory: {words}"))?;
        self.object(&one.path, &one.stat, None, &to, t)
            .map_err(|words| format!("failed to copy files: {words}"))
    }

    /// Follows symlinks of the destination inside the image (continuity `fs/path.go`, `RootPath`).
    fn resolve(&mut self, to: &[u8], t: &mut Trace) -> Vec<u8> {
        if let Ok(real) = self.target.realpath(to, t) {
            return real;
        }
        let parent = self.target.realpath(path::parent(to), t);
        parent.map_or_else(|_| to.to_vec(), |parent| path::join(&parent, path::file_name(to)))
    }

    /// Copies what is in a directory. Directories inside it bring their mode, also onto ones that are
    /// there.
    fn directory(&mut self, from: &[u8], to: &[u8], t: &mut Trace) -> Result<(), String> {
        let there = self.target.lstat(to, t).map_err(|errno| io("lstat", to, errno))?;
        if there.kind != StatKind::Dir {
            return Err(format!("cannot copy to non-directory: {}", rootfs(to)));
        }
        let members = self.source.walk_held(from, t).map_err(|errno| io("lstat", from, errno))?;
        for member in members {
            let (at, stat) = (&member.path, &member.stat);
            let inside = if from == b"/" { at.as_slice() } else { at.get(from.len()..).unwrap_or(b"") };
            let inside = inside.strip_prefix(b"/").unwrap_or(inside);
            if inside.is_empty() {
                continue;
            }
            let to = path::join(to, inside);
            if let Some(exclude) = &self.manner.exclude {
                if exclude.excludes(&path::show(inside), &mut t.fuel) {
                    continue;
                }
                // What is brought back from an excluded directory needs it.
                mkdir_all(self.target, path::parent(&to), 0o755, self.manner.owner, t)?;
            }
            if stat.kind == StatKind::Dir {
                self.inner_directory(stat, &to, t)?;
            } else {
                self.object(at, stat, Some(&member), &to, t)?;
            }
        }
        Ok(())
    }

    fn inner_directory(&mut self, stat: &Stat, to: &[u8], t: &mut Trace) -> Result<(), String> {
        match self.target.lstat(to, t) {
            Ok(there) if there.kind == StatKind::Dir => {}
            Ok(_) if self.manner.legacy => {
                self.target.unlink(to, t).map_err(|errno| io("unlink", to, errno))?;
                self.target.mkdir(to, 0o755, t).map_err(|errno| io("mkdir", to, errno))?;
            }
            Ok(_) => return Err(format!("cannot copy to non-directory: {}", rootfs(to))),
            Err(_) => self.target.mkdir(to, 0o755, t).map_err(|errno| io("mkdir", to, errno))?,
        }
        self.attributes(stat, to, t)
    }

    /// Owner and mode of a copy.
    fn attributes(&mut self, stat: &Stat, to: &[u8], t: &mut Trace) -> Result<(), String> {
        let (uid, gid) = self.manner.owner.unwrap_or((stat.uid, stat.gid));
        let mut now = self.target.lstat(to, t).map_err(|errno| io("lstat", to, errno))?;
        if (now.uid, now.gid) != (uid, gid) {
            self.target.lchown(to, Some(uid), Some(gid), t).map_err(|errno| io("lchown", to, errno))?;
            // It may have taken setuid and setgid away.
            now = self.target.lstat(to, t).map_err(|errno| io("lstat", to, errno))?;
        }
        let mode = self.mode(stat);
        if stat.kind != StatKind::Symlink && now.mode != mode {
            self.target.chmod(to, mode, t).map_err(|errno| io("chmod", to, errno))?;
        }
        Ok(())
    }

    /// The mode of a copy.
    fn mode(&self, stat: &Stat) -> u16 {
        let mut mode = match self.manner.mode {
            Some(mode) if self.manner.special_kept => stat.mode & 0o7000 | mode & 0o777,
            Some(mode) => mode,
            None => stat.mode,
        };
        if self.manner.legacy && stat.kind != StatKind::Dir {
            mode &= 0o1777; // setuid and setgid are lost on the way through the archive
        }
        mode
    }

    /// Copies anything but a directory, in the place of whatever has that name. `held`: what a walk brought
    /// of it.
    fn object(
        &mut self,
        from: &[u8],
        stat: &Stat,
        held: Option<&Held>,
        to: &[u8],
        t: &mut Trace,
    ) -> Result<(), String> {
        match self.target.lstat(to, t) {
            Ok(there) if there.kind == StatKind::Dir && !self.manner.legacy => {
                return Err(format!("cannot replace to directory {} with file", rootfs(to)));
            }
            Ok(there) if there.kind == StatKind::Dir => remove_all(self.target, to, t)?,
            Ok(_) => self.target.unlink(to, t).map_err(|errno| io("remove", to, errno))?,
            Err(Errno::ENOENT) => {}
            Err(errno) => return Err(io("lstat", to, errno)),
        }
        if stat.nlink > 1 {
            if let Some(first) = self.links.get(&stat.id).cloned() {
                return self.target.link(&first, to, t).map_err(|errno| io("link", to, errno));
            }
            self.links.insert(stat.id, to.to_vec());
        }
        let result = match stat.kind {
            StatKind::File => {
                let data = held.map_or_else(|| self.source.read(from, t), |held| held.data.clone());
                let contents = data.map_err(|errno| io("open", from, errno))?;
                self.target.create(to, self.mode(stat), contents, t)
            }
            StatKind::Symlink => {
                let link = self.source.readlink(from, t).map_err(|errno| io("readlink", from, errno))?;
                self.target.symlink(&link, to, t)
            }
            StatKind::Fifo => self.target.mkfifo(to, stat.mode, t),
            StatKind::CharDev(major, minor) => self.target.mkchar(to, stat.mode, major, minor, t),
            StatKind::Dir => Ok(()),
        };
        result.map_err(|errno| io("open", to, errno))?;
        if held.is_none_or(|held| held.has_xattrs) {
            self.xattrs(from, to, t);
        }
        self.attributes(stat, to, t)?;
        if stat.kind == StatKind::File {
            self.target.utimes(to, stat.mtime, t).map_err(|errno| io("chtimes", to, errno))?;
        }
        Ok(())
    }

    fn xattrs(&mut self, from: &[u8], to: &[u8], t: &mut Trace) {
        for name in self.source.listxattr(from, t).unwrap_or_default() {
            if let Ok(value) = self.source.getxattr(from, &name, t) {
                // fsutil passes over attributes that the target refuses.
                let _ = self.target.setxattr(to, &name, &value, t);
            }
        }
    }

    /// Unpacks an archive into the destination, which is always taken as a directory. False when the
    /// file is none.
    fn unpack(&mut self, one: &Picked, owner: Option<(u32, u32)>, t: &mut Trace) -> Result<bool, String> {
        if one.stat.kind != StatKind::File {
            return Ok(false);
        }
        let contents = self.source.read(&one.path, t).map_err(|errno| io("open", &one.path, errno))?;
        let Some(members) = archive::members(&contents, t)? else { return Ok(false) };
        let to = path::clean(self.manner.destination.as_bytes());
        mkdir_all(self.target, &to, 0o755, owner, t)?;
        let to = self.resolve(&to, t);
        archive::unpack(self.target, &to, &members, t)?;
        Ok(true)
    }
}

/// Removes a directory with everything in it.
pub(super) fn remove_all(target: &mut Mount, at: &[u8], t: &mut Trace) -> Result<(), String> {
    let members = target.walk(at, t).map_err(|errno| io("remove", at, errno))?;
    for (inside, stat) in members.iter().rev().filter(|(inside, _)| inside != at) {
        let result =
            if stat.kind == StatKind::Dir { target.rmdir(inside, t) } else { target.unlink(inside, t) };
        result.map_err(|errno| io("remove", inside, errno))?;
    }
    target.rmdir(at, t).map_err(|errno| io("remove", at, errno))
}
