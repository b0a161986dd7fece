//! Telling what happened: look-ups as a kernel with cold caches makes them, and failures in words.

use super::cache::{DirId, Entry, Known, ROOT, Spot};
use super::driver::Need;
use super::mount::Mount;
use super::why::Call;
use crate::fs::path::{names, show, shown};
use crate::fs::{Contents, Errno, Extra, Ino, Inode, Kind, Name, Nodes, Piece};
use crate::trace::{Answer, Cost, Data, Event, LayerRef, Object, Probe, Trace};
use std::sync::Arc;

/// A call that failed, told.
pub(super) fn failed(op: &str, path: &[u8], errno: Errno, why: String) -> Event {
    Event::Failed {
        op: op.to_owned(),
        path: show(path).into_owned(),
        other: None,
        errno: errno.name().to_owned(),
        why,
    }
}

impl Mount {
    /// A changing system call: what it answers, and an event if it fails.
    pub(super) fn call<R>(
        &mut self,
        op: &str,
        path: &[u8],
        t: &mut Trace,
        run: impl FnOnce(&mut Mount, &mut Trace) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.calls(Call::of(op, path), t, run)
    }

    /// [`Mount::call`] of a call with two paths, or one that needs more words.
    pub(super) fn calls<R>(
        &mut self,
        call: Call<'_>,
        t: &mut Trace,
        run: impl FnOnce(&mut Mount, &mut Trace) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        self.begin(t)?;
        let before = t.listening().then(|| t.paid());
        let result = run(self, t);
        if let Some(before) = before {
            self.account += t.paid() - before;
        }
        if let Err(errno) = result
            && errno != Errno::EINTR
        {
            self.tell_failure(call, errno, t);
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
        let before = t.listening().then(|| t.paid());
        let result = run(self, t);
        if let Some(before) = before {
            self.account += t.paid() - before;
        }
        if let Err(errno) = result
            && self.refused.is_some()
        {
            self.tell_failure(Call::of(op, path), errno, t);
        }
        result
    }

    pub(super) fn tell_failure(&mut self, call: Call<'_>, errno: Errno, t: &mut Trace) {
        let refused = self.refused.take();
        if !t.listening() {
            return;
        }
        let why = match refused {
            Some(refused) => self.why_refused(&refused),
            None => self.why(call, errno, t),
        };
        t.emit(|| Event::Failed {
            op: call.op.to_owned(),
            path: show(call.path).into_owned(),
            other: call.other.map(|other| show(other).into_owned()),
            errno: errno.name().to_owned(),
            why,
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
        // Of a name that is too long no layer is asked.
        if !tell || !t.listening() || name.len() > 255 {
            return;
        }
        if self.native {
            // There is nothing to tell: it is one directory.
            return t.pay(|| Cost { lookups: 1, ..Cost::default() });
        }
        let (probes, found) = self.probes(dir, name);
        let path = shown(self.path_in(dir, name));
        let errno = found.err().map(|errno| errno.name().to_owned());
        t.emit(|| Event::Lookup { path, probes, found: found == Ok(true), errno, aside: false });
    }

    /// The search for a name as a cold kernel makes it: which layers are asked, which can't be, and
    /// where it ends. Independent of what the cache knows.
    pub(super) fn probes(&self, dir: DirId, name: &[u8]) -> (Vec<Probe>, Result<bool, Errno>) {
        if let Some(probes) = self.probes_of_known(dir, name) {
            return probes;
        }
        let entry = &self.cache.dir(dir).entry;
        let mut trail = Vec::new();
        let found = self.driver.search(self, entry, name, Some(&mut trail)).map(|entry| entry.exists());
        let indexed = trail.pop_if(|(_, answer)| matches!(answer, Answer::Indexed { .. }));
        let Some(deepest) = trail.last().map(|(layer, _)| *layer) else { return (Vec::new(), found) };
        let mut probes = self.probes_along(dir, deepest, trail.into_iter());
        debug_assert_eq!(probes.last().map(|probe| probe.layer.clone()), Some(self.layer_ref(deepest)));
        probes.extend(indexed.map(|(layer, answer)| Probe { layer: self.layer_ref(layer), answer }));
        (probes, found)
    }

    /// [`Mount::probes`] without a search, where what is known of a name says what each layer
    /// answered: of a plain file in the upper, of one in a single lower layer, of a whiteout in the
    /// upper. The layers above the one that answered lack the name.
    fn probes_of_known(&self, dir: DirId, name: &[u8]) -> Option<(Vec<Probe>, Result<bool, Errno>)> {
        if self.places.several() {
            return None;
        }
        let Some(Known::Leaf(entry, _)) = self.cache.known(dir, name) else { return None };
        let above = &self.cache.dir(dir).entry;
        let plain = Entry { upper: entry.upper, lowers: entry.lowers.clone(), ..Entry::default() };
        let whiteout = Entry { opaque: true, ..Entry::default() };
        let probes = match (entry.upper, entry.lowers.parts()) {
            (Some(ino), []) if entry == plain => self.only_probe(self.found((0, ino))?),
            (None, [part]) if entry == plain => {
                let found = self.found(*part)?;
                let asked = above.parts().map(|(layer, _)| layer).take_while(|layer| *layer < part.0);
                let answers = asked.map(|layer| (layer, Answer::Absent)).chain([(part.0, found)]);
                self.probes_along(dir, part.0, answers)
            }
            (None, []) if entry == whiteout && above.upper.is_some() => self.only_probe(Answer::Whiteout),
            _ => return None,
        };
        // A marked file that was emptied after it was found is remembered, by the kernel too; a search
        // would take it for a whiteout.
        let remembered = entry.real().is_some_and(|part| self.inode(part).is_xwhiteout());
        debug_assert!(
            remembered || {
                let mut trail = Vec::new();
                let _ = self.driver.search(self, above, name, Some(&mut trail));
                let deepest = trail.last().map_or(0, |(layer, _)| *layer);
                self.probes_along(dir, deepest, trail.into_iter()) == probes
            }
        );
        Some((probes, Ok(entry.exists())))
    }

    /// The upper's answer, where it ends the search.
    fn only_probe(&self, answer: Answer) -> Vec<Probe> {
        vec![Probe { layer: self.layer_ref(0), answer }]
    }

    /// What a layer says that has the object and no more to ask for. A file with the mark of a whiteout
    /// is one or not, depending on its size.
    fn found(&self, part: (u32, Ino)) -> Option<Answer> {
        let inode = self.inode(part);
        let marked = |extra: &Extra| extra.metacopy.is_some() || extra.xwhiteout;
        let whole = !inode.kind.is_dir() && !inode.extra.as_deref().is_some_and(marked);
        whole.then(|| Answer::Found { kind: inode.kind.word(), size: inode.size() })
    }

    /// The answers of the layers that were asked down to the deepest one, top first, and between them
    /// those that were not.
    fn probes_along(
        &self,
        dir: DirId,
        deepest: u32,
        trail: impl Iterator<Item = (u32, Answer)>,
    ) -> Vec<Probe> {
        let (mut trail, mut directory) = (trail.peekable(), None);
        let mut probes = Vec::with_capacity(deepest as usize + 1);
        for layer in 0..=deepest {
            let answer = match trail.next_if(|(asked, _)| *asked == layer) {
                Some((_, answer)) => answer,
                None if layer == 0 => Answer::Absent,
                None if layer as usize > self.regular() => Answer::NotAsked,
                None => self.unasked(layer, directory.get_or_insert_with(|| self.cache.path_of(dir))),
            };
            probes.push(Probe { layer: self.layer_ref(layer), answer });
        }
        probes
    }

    /// Why a layer was passed over: it lacks the directory, or a layer above hides its own.
    fn unasked(&self, layer: u32, directory: &[u8]) -> Answer {
        let (tree, root) = self.root_of(layer);
        let (mut at, mut path): (Ino, Vec<u8>) = (root, Vec::new());
        for name in names(directory) {
            path.push(b'/');
            path.extend_from_slice(name);
            match self.inode((tree, at)).entries().and_then(|entries| entries.get(name)) {
                Some(ino) if self.inode((tree, ino)).kind.is_dir() => at = ino,
                _ => return Answer::NoDirectory { directory: show(&path).into_owned() },
            }
        }
        Answer::NotAsked
    }

    /// Is there no redirect mark that could have led to this object, so that it has the same path in the
    /// lower layers as in the merged view?
    pub(super) fn lies_where_it_shows(&self, spot: &Spot) -> bool {
        let up = std::iter::successors(Some(spot.dir), |id| Some(self.cache.dir(*id).parent));
        spot.node.entry.redirect.is_none()
            && self.lowers.iter().all(|lower| !lower.layer.has_redirects())
            && up.take_while(|id| *id != ROOT).all(|id| self.cache.dir(id).entry.redirect.is_none())
    }

    /// Tells of a second name; `into` is the branch, where that is not the upper.
    pub(super) fn tell_link(
        &self,
        (from, to): (&Spot, &Spot),
        over_whiteout: bool,
        into: Option<LayerRef>,
        t: &mut Trace,
    ) {
        t.emit(|| Event::Created {
            path: shown(self.path_of(to)),
            kind: "link".to_owned(),
            over_whiteout,
            opaque: false,
            of: Some(shown(self.path_of(from))),
            inodes: 0,
            object: None,
            into,
        });
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
                label: lower.label.clone(),
            },
            None => LayerRef { number: 0, label: Arc::default() },
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

/// "the upper", "layer 3".
pub(super) fn called(layer: &LayerRef) -> String {
    match layer.number {
        0 => "the upper".to_owned(),
        number => format!("layer {number}"),
    }
}

/// "layer 3", "layer 3 and layer 1", "the upper, layer 3 and layer 1".
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
