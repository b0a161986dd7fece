//! Telling what happened: look-ups as a kernel with cold caches makes them, and failures in words.

use super::cache::{DirId, Entry, Spot};
use super::driver::Need;
use super::mount::Mount;
use crate::fs::path::{names, show};
use crate::fs::{Contents, Errno, Ino, Inode, Kind, Name, Nodes, Piece};
use crate::trace::{Answer, Data, Event, LayerRef, Object, Probe, Trace};

impl Mount {
    /// A changing system call: what it answers, and an event if it fails.
    pub(super) fn call<R>(
        &mut self,
        op: &str,
        path: &[u8],
        t: &mut Trace,
        run: impl FnOnce(&mut Mount, &mut Trace) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.begin(t)?;
        let result = run(self, t);
        if let Err(errno) = result
            && errno != Errno::EINTR
        {
            self.tell_failure(op, path, errno, t);
        }
        result
    }

    /// A system call that changes nothing: what it answers, and an event if a permission is lacking.
    pub(super) fn ask<R>(
        &mut self,
        op: &str,
        path: &[u8],
        t: &mut Trace,
        run: impl FnOnce(&mut Mount, &mut Trace) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.begin(t)?;
        let result = run(self, t);
        if let Err(errno) = result
            && self.refused.is_some()
        {
            self.tell_failure(op, path, errno, t);
        }
        result
    }

    fn tell_failure(&mut self, op: &str, path: &[u8], errno: Errno, t: &mut Trace) {
        let refused = self.refused.take();
        t.emit(|| Event::Failed {
            op: op.to_owned(),
            path: show(path).into_owned(),
            errno: errno.name().to_owned(),
            why: refused.map_or_else(|| why(op, errno).to_owned(), |refused| self.why_refused(&refused)),
        });
    }

    /// Looks up the last name of a path and tells it.
    pub(super) fn told(&mut self, dir: DirId, name: &Name, t: &mut Trace) -> Result<Spot, Errno> {
        let spot = self.spot(dir, name);
        self.tell_lookup(dir, name, true, t);
        spot
    }

    /// Emits the search for a name.
    pub(super) fn tell_lookup(&self, dir: DirId, name: &[u8], tell: bool, t: &mut Trace) {
        if !tell || !t.listening() || self.native {
            return;
        }
        let (probes, found) = self.probes(dir, name);
        let path = show(&self.path_in(dir, name)).into_owned();
        let errno = found.err().map(|errno| errno.name().to_owned());
        t.emit(|| Event::Lookup { path, probes, found: found == Ok(true), errno, aside: false });
    }

    /// The search for a name as a cold kernel makes it: which layers are asked, which can't be, and
    /// where it ends. Independent of what the cache knows.
    pub(super) fn probes(&self, dir: DirId, name: &[u8]) -> (Vec<Probe>, Result<bool, Errno>) {
        let entry = &self.cache.dir(dir).entry;
        let mut trail = Vec::new();
        let found = self.driver.search(self, entry, name, Some(&mut trail)).map(|entry| entry.exists());
        let indexed = trail.pop_if(|(_, answer)| matches!(answer, Answer::Indexed { .. }));
        let Some((deepest, _)) = trail.last() else { return (Vec::new(), found) };
        let directory = self.cache.path_of(dir);
        let mut probes = Vec::new();
        for layer in 0..=*deepest {
            let answer = match trail.iter().find(|(asked, _)| *asked == layer) {
                Some((_, answer)) => answer.clone(),
                None if layer == 0 => Answer::Absent,
                None => self.unasked(layer, &directory),
            };
            probes.push(Probe { layer: self.layer_ref(layer), answer });
        }
        probes.extend(indexed.map(|(layer, answer)| Probe { layer: self.layer_ref(layer), answer }));
        (probes, found)
    }

    /// Why a layer was passed over: it lacks the directory, or a layer above hides its own.
    fn unasked(&self, layer: u32, directory: &[u8]) -> Answer {
        let (mut at, mut path): (Ino, Vec<u8>) = (0, Vec::new());
        for name in names(directory) {
            path.push(b'/');
            path.extend_from_slice(name);
            match self.inode((layer, at)).entries().and_then(|entries| entries.get(name)) {
                Some(ino) if self.inode((layer, ino)).kind.is_dir() => at = ino,
                _ => return Answer::NoDirectory { directory: show(&path).into_owned() },
            }
        }
        Answer::NotAsked
    }

    /// What an upper inode is, for an event.
    pub(super) fn object(&self, ino: Ino) -> Object {
        object_of(self.upper.inode(ino))
    }

    /// Bytes that the kernel has to copy before this much of the object is in the upper.
    pub(super) fn bytes_to_copy(&self, entry: &Entry, need: Need) -> u64 {
        let there = entry.upper.map(|ino| self.upper.inode(ino));
        let copied = match (there, need) {
            (_, Need::Emptied) => false,
            (Some(inode), _) => need == Need::Contents && inode.metacopy().is_some(),
            (None, Need::Attributes) => !self.options.metacopy,
            (None, Need::Contents) => true,
        };
        let real = self.real(entry).filter(|inode| copied && matches!(inode.kind, Kind::File(_)));
        real.map_or(0, Inode::size)
    }

    /// A layer as people count them: the upper is 0, the base is 1.
    pub(super) fn layer_ref(&self, layer: u32) -> LayerRef {
        match layer.checked_sub(1).and_then(|at| self.lowers.get(at as usize)) {
            Some(lower) => LayerRef {
                number: (self.lowers.len() + 1).saturating_sub(layer as usize),
                label: lower.label.to_string(),
            },
            None => LayerRef { number: 0, label: String::new() },
        }
    }
}

fn object_of(inode: &Inode) -> Object {
    let (target, rdev) = match &inode.kind {
        Kind::Symlink(target) => (Some(show(target).into_owned()), None),
        Kind::CharDev(major, minor) => (None, Some((*major, *minor))),
        _ => (None, None),
    };
    let xattrs = inode.extra.iter().flat_map(|extra| &extra.xattrs);
    Object {
        mode: inode.mode,
        uid: inode.uid,
        gid: inode.gid,
        size: inode.size(),
        target,
        rdev,
        xattrs: xattrs.map(|(name, value)| (show(name).into_owned(), show(value).into_owned())).collect(),
    }
}

/// Contents as an event shows them, if they are short.
pub(super) fn short(contents: &Contents) -> Option<Data> {
    match contents.pieces() {
        [Piece::Fill { byte, .. }] if byte.is_ascii() => Some(Data::Fill(char::from(*byte))),
        _ => contents.to_text(512).map(Data::Data),
    }
}

/// Why the kernel answers so, where the bare name of the error does not say it.
fn why(op: &str, errno: Errno) -> &'static str {
    match (op, errno) {
        ("rename", Errno::EXDEV) => {
            "it has parts in lower layers and redirect_dir is off; mv copies and deletes instead"
        }
        (_, Errno::EXDEV) => "the path of a redirect grew longer than 256 bytes",
        ("mkchar", Errno::EPERM) => "a character device 0:0 would be a whiteout",
        ("link", Errno::EPERM) => "a directory can't have a second name",
        ("setxattr" | "removexattr", Errno::EPERM) => "user attributes exist on files and directories only",
        (_, Errno::EPERM) => "a layer carries a mark that this mount may not follow",
        (_, Errno::EIO) => "a metacopy has no data in the layers below",
        (_, Errno::ENOTEMPTY) => "something is left in the directory",
        (_, Errno::ENXIO) => "nobody reads from the fifo",
        (_, Errno::ENODATA) => "there is no such attribute",
        ("rename", Errno::EINVAL) => "a directory can't move into itself",
        ("rename" | "rmdir", Errno::EBUSY) => "the root, `.` and `..` stay where they are",
        (_, Errno::ELOOP) => "more than 40 symlinks, or one that may not be followed",
        (_, Errno::ENAMETOOLONG) => "a name has at most 255 bytes, a path 4095",
        _ => "",
    }
}
