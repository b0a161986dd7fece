//! System calls of a process: paths resolved across the image and everything mounted over it.

use super::machine::Machine;
use super::sandbox::MountPoint;
use crate::fs::{Contents, Errno, Name, path};
use crate::union::{Mount, Open, Rename, Stat, StatKind};
use std::borrow::Cow;
use std::ops::Range;

/// Where a path leads.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The mount point it lies below; none for the image itself.
    point: Option<usize>,
    /// The path for the mount that answers.
    inside: Vec<u8>,
    /// The absolute path, symlinks resolved.
    pub canonical: Vec<u8>,
    /// What is there; none if nothing is.
    pub stat: Option<Stat>,
    /// It is the root of a mount.
    pub is_point: bool,
}

type Result<T> = std::result::Result<T, Errno>;

const LINKS: u32 = 40;

/// The bit of access(2) for searching a directory.
const SEARCH: u16 = 1;

impl Machine<'_> {
    /// The mount that holds this canonical path.
    fn point_of(&self, canonical: &[u8]) -> Option<usize> {
        let holds = |p: &MountPoint| {
            canonical
                .strip_prefix(&p.target[..])
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let found = self.points.iter().enumerate().filter(|(_, p)| holds(p));
        found.max_by_key(|(i, p)| (p.target.len(), *i)).map(|(i, _)| i)
    }

    /// The mount point that a path leads below; none for the root.
    pub(super) fn point_at(&mut self, path: &[u8]) -> Result<Option<usize>> {
        let place = self.locate(path, true)?;
        place.stat.ok_or(Errno::ENOENT)?;
        Ok(place.point)
    }

    fn mount_of(&mut self, point: Option<usize>) -> (&mut Mount, &mut crate::trace::Trace) {
        let point = point.and_then(|p| self.points.get(p));
        self.t.set_mounted(point.and_then(|point| point.told.clone()));
        let mount = match point.and_then(|point| self.extra.get_mut(point.mount)) {
            Some(mount) => mount,
            None => &mut *self.root,
        };
        (mount, &mut *self.t)
    }

    fn inside<'p>(&self, point: Option<usize>, canonical: &'p [u8]) -> Cow<'p, [u8]> {
        match point.and_then(|p| self.points.get(p)) {
            None => Cow::Borrowed(canonical),
            Some(p) => {
                let rest = canonical.get(p.target.len()..).unwrap_or(b"");
                let whole = [&p.inside[..], rest].concat();
                Cow::Owned(if whole.is_empty() { b"/".to_vec() } else { whole })
            }
        }
    }

    /// Resolves a path as the kernel does, mount points and all. `follow`: also a symlink at its end.
    pub(crate) fn locate(&mut self, given: &[u8], follow: bool) -> Result<Place> {
        if given.is_empty() {
            return Err(Errno::ENOENT);
        }
        if given.contains(&0) {
            return Err(Errno::EINVAL);
        }
        let slash = given.len() > 1 && given.ends_with(b"/");
        let mut text = match given.starts_with(b"/") {
            true => Cow::Borrowed(given),
            false => Cow::Owned(path::join(&self.cwd, given)),
        };
        let mut at: Vec<u8> = Vec::with_capacity(text.len() + 16);
        let mut walked = 0;
        let parent = path::parent(&text);
        if self.cred.uid == 0 && parent.len() > 1 && !slash && self.real.contains(parent) {
            at.extend_from_slice(parent);
            walked = parent.len();
        }
        self.may_enter(None, b"/")?;
        let mut links = 0;
        while let Some(range) = next_name(&text, walked) {
            if !self.t.fuel.spend(1) {
                return Err(Errno::EINTR);
            }
            walked = range.end;
            let last = next_name(&text, walked).is_none();
            let before = at.len();
            match &text[range] {
                b"." => continue,
                b".." => {
                    at.truncate(at.iter().rposition(|b| *b == b'/').unwrap_or(0));
                    continue;
                }
                name => {
                    at.push(b'/');
                    at.extend_from_slice(name);
                }
            }
            if let (false, 0, Some(cost)) = (last, self.cred.uid, self.real.cost(&at)) {
                if !self.t.fuel.spend(cost) {
                    return Err(Errno::EINTR);
                }
                continue;
            }
            let point = self.point_of(&at);
            let inside = self.inside(point, &at);
            if at.starts_with(b"/proc/self/fd/") && point.is_some() {
                let inside = inside.into_owned();
                return Ok(Place { point, inside, canonical: at, stat: None, is_point: false });
            }
            let (mount, t) = self.mount_of(point);
            let drawn = t.fuel.used();
            let stat = match mount.lstat(&inside, t) {
                Ok(stat) => stat,
                Err(Errno::ENOENT) if last => {
                    let inside = if slash { [&inside[..], b"/"].concat() } else { inside.into_owned() };
                    return Ok(Place { point, inside, canonical: at, stat: None, is_point: false });
                }
                Err(errno) => return Err(errno),
            };
            match stat.kind {
                StatKind::Symlink if !last || follow || slash => {
                    links += 1;
                    if links > LINKS {
                        return Err(Errno::ELOOP);
                    }
                    let target = mount.readlink(&inside, t)?;
                    at.truncate(if target.starts_with(b"/") { 0 } else { before });
                    text = Cow::Owned([&target[..], b"/", text.get(walked..).unwrap_or_default()].concat());
                    walked = 0;
                }
                StatKind::Dir if !last => {
                    let cost = t.fuel.used().saturating_sub(drawn);
                    self.may_enter(point, &inside)?;
                    self.real.insert(&at, cost);
                }
                StatKind::Dir => {
                    let inside = inside.into_owned();
                    let is_point = self.is_target(point, &at);
                    return Ok(Place { point, inside, canonical: at, stat: Some(stat), is_point });
                }
                _ if !last || slash => return Err(Errno::ENOTDIR),
                _ => {
                    let inside = inside.into_owned();
                    let is_point = self.is_target(point, &at);
                    return Ok(Place { point, inside, canonical: at, stat: Some(stat), is_point });
                }
            }
        }
        // The path ended in `.`, `..` or at the root: a directory.
        if at.is_empty() {
            at.push(b'/');
        }
        let point = self.point_of(&at);
        let inside = self.inside(point, &at).into_owned();
        let (mount, t) = self.mount_of(point);
        let stat = mount.lstat(&inside, t)?;
        let is_point = at == b"/" || self.is_target(point, &at);
        Ok(Place { point, inside, canonical: at, stat: Some(stat), is_point })
    }

    /// Is it where this mount begins?
    fn is_target(&self, point: Option<usize>, canonical: &[u8]) -> bool {
        point.and_then(|p| self.points.get(p)).is_some_and(|p| p.target == canonical)
    }

    /// Is something mounted on a name of this directory?
    fn is_crossed(&self, canonical: &[u8]) -> bool {
        self.points.iter().any(|point| path::parent(&point.target) == canonical)
    }

    /// May the current user search this directory? The mount below a mount point doesn't judge what
    /// lies above it.
    fn may_enter(&mut self, point: Option<usize>, inside: &[u8]) -> Result<()> {
        if self.cred.uid == 0 {
            return Ok(());
        }
        let (mount, t) = self.mount_of(point);
        mount.access(inside, SEARCH, t)
    }

    fn writable(&self, place: &Place) -> Result<()> {
        match place.point.and_then(|p| self.points.get(p)) {
            Some(point) if point.read_only => Err(Errno::EROFS),
            None if self.read_only => Err(Errno::EROFS),
            _ => Ok(()),
        }
    }

    fn at<R>(
        &mut self,
        place: &Place,
        call: impl FnOnce(&mut Mount, &[u8], &mut crate::trace::Trace) -> Result<R>,
    ) -> Result<R> {
        let (mount, t) = self.mount_of(place.point);
        call(mount, &place.inside, t)
    }

    pub fn stat(&mut self, path: &[u8]) -> Result<Stat> {
        self.locate(path, true)?.stat.ok_or(Errno::ENOENT)
    }

    pub fn lstat(&mut self, path: &[u8]) -> Result<Stat> {
        self.locate(path, false)?.stat.ok_or(Errno::ENOENT)
    }

    /// [`Machine::lstat`] of names in a directory, the last first, as far as the fuel goes; none of what
    /// isn't there. None: each has to be asked for by its own path.
    pub fn lstat_each(&mut self, dir: &[u8], names: &[Name]) -> Option<Vec<Option<Stat>>> {
        let whole = path::join(&self.cwd, dir);
        let known = self.cred.uid == 0 && self.real.contains(&whole);
        if !known || self.is_crossed(&whole) || whole.starts_with(b"/proc") {
            return None;
        }
        let point = self.point_of(&whole);
        let inside = self.inside(point, &whole);
        let (mount, t) = self.mount_of(point);
        mount.lstat_each(&inside, names, 1, t)
    }

    /// Is there anything (symlinks followed)?
    pub fn exists(&mut self, path: &[u8]) -> bool {
        self.stat(path).is_ok()
    }

    pub fn is_dir(&mut self, path: &[u8]) -> bool {
        self.stat(path).is_ok_and(|stat| stat.kind == StatKind::Dir)
    }

    /// A regular file's contents. Devices: nothing to read.
    pub fn read(&mut self, path: &[u8]) -> Result<Contents> {
        let place = self.locate(path, true)?;
        self.read_at(&place)
    }

    /// [`Machine::read`] of what was located.
    pub fn read_at(&mut self, place: &Place) -> Result<Contents> {
        match place.stat.as_ref().ok_or(Errno::ENOENT)?.kind {
            StatKind::CharDev(..) | StatKind::Fifo => Ok(Contents::EMPTY),
            StatKind::Dir => Err(Errno::EISDIR),
            _ => self.at(place, |mount, path, t| mount.read(path, t)),
        }
    }

    /// May the user execute what was located?
    pub fn may_execute(&mut self, place: &Place) -> bool {
        // Root may when anybody may (fs/namei.c, `generic_permission`).
        match (&place.stat, self.cred.uid) {
            (Some(stat), 0) => stat.mode & 0o111 != 0,
            _ => self.at(place, |mount, path, t| mount.access(path, 1, t)).is_ok(),
        }
    }

    pub fn readlink(&mut self, path: &[u8]) -> Result<Vec<u8>> {
        let place = self.locate(path, false)?;
        place.stat.as_ref().ok_or(Errno::ENOENT)?;
        self.at(&place, |mount, path, t| mount.readlink(path, t))
    }

    /// Names in byte order, mount points included.
    pub fn readdir(&mut self, path: &[u8]) -> Result<Vec<Name>> {
        let place = self.locate(path, true)?;
        place.stat.as_ref().ok_or(Errno::ENOENT)?;
        let names = self.at(&place, |mount, path, t| mount.readdir(path, t))?;
        let mut names: Vec<Name> = names.to_vec();
        if !self.t.fuel.spend(names.len() as u64) {
            return Err(Errno::EINTR);
        }
        let mut added = false;
        for point in &self.points {
            if path::parent(&point.target) == &place.canonical[..] {
                let name = path::file_name(&point.target);
                if !names.iter().any(|n| **n == *name) {
                    names.push(name.into());
                    added = true;
                }
            }
        }
        if added {
            names.sort();
        }
        Ok(names)
    }

    pub fn realpath(&mut self, path: &[u8]) -> Result<Vec<u8>> {
        let place = self.locate(path, true)?;
        place.stat.ok_or(Errno::ENOENT)?;
        Ok(place.canonical)
    }

    pub fn mkdir(&mut self, path: &[u8], mode: u16) -> Result<()> {
        let trimmed = trim_slashes(path);
        let place = self.locate(trimmed, false)?;
        if place.stat.is_some() {
            return Err(Errno::EEXIST);
        }
        self.writable(&place)?;
        let mode = mode & !self.umask;
        self.at(&place, |mount, path, t| mount.mkdir(path, mode, t))
    }

    pub fn rmdir(&mut self, path: &[u8]) -> Result<()> {
        if matches!(path::file_name(path), b".") {
            return Err(Errno::EINVAL);
        }
        if matches!(path::file_name(path), b"..") {
            return Err(Errno::ENOTEMPTY);
        }
        let place = self.locate(trim_slashes(path), false)?;
        place.stat.as_ref().ok_or(Errno::ENOENT)?;
        if place.is_point {
            return Err(Errno::EBUSY);
        }
        // The mount point itself is in it.
        if self.below(&place.canonical) {
            return Err(Errno::ENOTEMPTY);
        }
        self.writable(&place)?;
        self.real.clear();
        self.at(&place, |mount, path, t| mount.rmdir(path, t))
    }

    /// Is something mounted below this directory?
    fn below(&self, canonical: &[u8]) -> bool {
        let inside =
            |p: &MountPoint| p.target.strip_prefix(canonical).is_some_and(|rest| rest.starts_with(b"/"));
        self.points.iter().any(inside)
    }

    pub fn unlink(&mut self, path: &[u8]) -> Result<()> {
        let place = self.locate(path, false)?;
        place.stat.as_ref().ok_or(Errno::ENOENT)?;
        if place.is_point {
            return Err(Errno::EBUSY);
        }
        self.writable(&place)?;
        self.at(&place, |mount, path, t| mount.unlink(path, t))
    }

    /// Makes or replaces a regular file as `open(O_CREAT|O_TRUNC)` and a write do.
    pub fn write(&mut self, path: &[u8], contents: Contents, mode: u16) -> Result<()> {
        let flags = Open { write: true, create: true, trunc: true, mode, ..Open::default() };
        self.open(path, flags, Some(contents)).map(drop)
    }

    /// Writes files of one directory, as [`Machine::write`] does for each: the way to the directory is gone
    /// once. The paths are `directory/name`, and the directory exists; `fresh`: nothing is in it yet.
    pub fn write_files(
        &mut self,
        dir: &[u8],
        files: &[(Contents, String)],
        mode: u16,
        fresh: bool,
    ) -> Result<()> {
        let place = self.locate(dir, true)?;
        if place.stat.as_ref().is_none_or(|stat| stat.kind != StatKind::Dir) {
            return Err(Errno::ENOTDIR);
        }
        let crossed = self.is_crossed(&place.canonical);
        let flags =
            Open { write: true, create: true, trunc: true, mode: mode & !self.umask, ..Open::default() };
        let mut left = files;
        loop {
            if !crossed && self.writable(&place).is_ok() {
                let (mount, t) = self.mount_of(place.point);
                let made = mount.create_each(&place.inside, left, flags.mode, (2, !fresh), t)?;
                left = left.get(made..).unwrap_or_default();
            }
            let Some(((contents, at), others)) = left.split_first() else { return Ok(()) };
            left = others;
            if !self.t.fuel.spend(2) {
                return Err(Errno::EINTR);
            }
            let name = path::file_name(at.as_bytes());
            let there = [&place.canonical[..], b"/", name].concat();
            // A link in the way, or another mount: the long way knows what to do.
            if crossed || !fresh && self.is_link(&place, &there) {
                self.write(&there, contents.clone(), mode)?;
                continue;
            }
            let inside = [&place.inside[..], b"/", name].concat();
            self.writable(&place)?;
            let (mount, t) = self.mount_of(place.point);
            mount.open(&inside, flags, Some(contents.clone()), false, t)?;
        }
    }

    fn is_link(&mut self, dir: &Place, path: &[u8]) -> bool {
        let inside = self.inside(dir.point, path);
        let (mount, t) = self.mount_of(dir.point);
        mount.lstat(&inside, t).is_ok_and(|stat| matches!(stat.kind, StatKind::Symlink))
    }

    /// Adds to the end of a file, which is made when missing.
    pub fn append(&mut self, path: &[u8], contents: Contents, mode: u16) -> Result<()> {
        let flags = Open { write: true, create: true, append: true, mode, ..Open::default() };
        self.open(path, flags, Some(contents)).map(drop)
    }

    /// open(2), at most one write, close. Devices swallow what is written. The canonical path.
    pub fn open(&mut self, path: &[u8], mut flags: Open, data: Option<Contents>) -> Result<Vec<u8>> {
        let place = self.locate(path, !flags.nofollow)?;
        match &place.stat {
            None if !flags.create => return Err(Errno::ENOENT),
            None if path.ends_with(b"/") => return Err(Errno::EISDIR),
            Some(stat) if flags.write && stat.kind == StatKind::Dir => return Err(Errno::EISDIR),
            Some(stat) if matches!(stat.kind, StatKind::CharDev(..) | StatKind::Fifo) => {
                let mode = if flags.write { 2 } else { 4 };
                self.at(&place, |mount, path, t| mount.access(path, mode, t))?;
                return Ok(place.canonical);
            }
            _ => {}
        }
        if flags.write {
            self.writable(&place)?;
        }
        flags.mode &= !self.umask;
        self.at(&place, |mount, path, t| mount.open(path, flags, data, false, t))?;
        Ok(place.canonical)
    }

    pub fn rename(&mut self, from: &[u8], to: &[u8], how: Rename) -> Result<()> {
        let source = self.locate(trim_slashes(from), false)?;
        source.stat.as_ref().ok_or(Errno::ENOENT)?;
        let target = self.locate(trim_slashes(to), false)?;
        // A mount point is a name in the mount above it (fs/namei.c, `do_renameat2`, `vfs_rename`).
        if self.holder(&source) != self.holder(&target) {
            return Err(Errno::EXDEV);
        }
        if source.is_point || target.is_point {
            return Err(Errno::EBUSY);
        }
        self.writable(&source)?;
        self.real.clear();
        let to = &target.inside;
        self.at(&source, |mount, from, t| mount.rename(from, to, how, t))?;
        self.carry_points(&source.canonical, &target.canonical);
        Ok(())
    }

    /// The mount that has the name of a place in one of its directories.
    fn holder(&self, place: &Place) -> Option<usize> {
        if place.is_point { self.point_of(path::parent(&place.canonical)) } else { place.point }
    }

    /// What is mounted below a directory moves with it.
    fn carry_points(&mut self, from: &[u8], to: &[u8]) {
        for point in &mut self.points {
            if let Some(rest) = point.target.strip_prefix(from).filter(|rest| rest.starts_with(b"/")) {
                point.target = [to, rest].concat();
            }
        }
    }

    pub fn link(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        let source = self.locate(from, false)?;
        source.stat.as_ref().ok_or(Errno::ENOENT)?;
        let target = self.locate(to, false)?;
        if target.stat.is_some() {
            return Err(Errno::EEXIST);
        }
        if source.point != target.point || source.is_point {
            return Err(Errno::EXDEV);
        }
        self.writable(&source)?;
        let to = target.inside;
        self.at(&source, |mount, from, t| mount.link(from, &to, t))
    }

    pub fn symlink(&mut self, target: &[u8], path: &[u8]) -> Result<()> {
        let place = self.locate(path, false)?;
        if place.stat.is_some() {
            return Err(Errno::EEXIST);
        }
        self.writable(&place)?;
        self.at(&place, |mount, path, t| mount.symlink(target, path, t))
    }

    pub fn chmod(&mut self, path: &[u8], mode: u16) -> Result<()> {
        let place = self.existing(path, true)?;
        self.at(&place, |mount, path, t| mount.chmod(path, mode, t))
    }

    pub fn chown(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>, follow: bool) -> Result<()> {
        let place = self.existing(path, follow)?;
        self.at(&place, |mount, path, t| mount.lchown(path, uid, gid, t))
    }

    pub fn utimes(&mut self, path: &[u8], mtime: i64) -> Result<()> {
        let place = self.existing(path, true)?;
        self.at(&place, |mount, path, t| mount.utimes(path, mtime, t))
    }

    /// Sets a file's time to now.
    pub fn touch(&mut self, path: &[u8]) -> Result<()> {
        let place = self.existing(path, true)?;
        self.at(&place, |mount, path, t| mount.touch(path, t))
    }

    pub fn truncate(&mut self, path: &[u8], size: i64) -> Result<()> {
        let place = self.existing(path, true)?;
        self.at(&place, |mount, path, t| mount.truncate(path, size, t))
    }

    fn existing(&mut self, path: &[u8], follow: bool) -> Result<Place> {
        let place = self.locate(path, follow)?;
        place.stat.as_ref().ok_or(Errno::ENOENT)?;
        self.writable(&place)?;
        Ok(place)
    }

    pub fn mkfifo(&mut self, path: &[u8], mode: u16) -> Result<()> {
        let mode = mode & !self.umask;
        let place = self.missing(path)?;
        self.at(&place, |mount, path, t| mount.mkfifo(path, mode, t))
    }

    pub fn mkchar(&mut self, path: &[u8], mode: u16, major: u32, minor: u32) -> Result<()> {
        let mode = mode & !self.umask;
        let place = self.missing(path)?;
        self.at(&place, |mount, path, t| mount.mkchar(path, mode, major, minor, t))
    }

    fn missing(&mut self, path: &[u8]) -> Result<Place> {
        let place = self.locate(path, false)?;
        if place.stat.is_some() {
            return Err(Errno::EEXIST);
        }
        self.writable(&place)?;
        Ok(place)
    }

    /// access(2) with `r`, `w` or `x`.
    pub(crate) fn access(&mut self, path: &[u8], want: u8) -> bool {
        let Ok(place) = self.locate(path, true) else { return false };
        let mode = match want {
            b'r' => 4,
            b'w' => 2,
            _ => 1,
        };
        let writable = want != b'w' || self.writable(&place).is_ok();
        writable && self.at(&place, |mount, path, t| mount.access(path, mode, t)).is_ok()
    }
}

/// Where the next name of a path stands, from `at` on.
fn next_name(path: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = path.get(at..)?;
    let start = at + rest.iter().position(|b| *b != b'/')?;
    let length = path.get(start..)?.iter().position(|b| *b == b'/');
    Some(start..length.map_or(path.len(), |length| start + length))
}

/// A path without slashes at its end (the root keeps its own).
fn trim_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b != b'/').map_or(1, |i| i + 1);
    path.get(..end).unwrap_or(path)
}
