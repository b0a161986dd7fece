//! Look-up of one name in one merged directory (fs/overlayfs/namei.c: `ovl_lookup`,
//! `ovl_lookup_layer`, `ovl_lookup_single`, `ovl_check_redirect`).

use crate::fs::{Errno, Ino, Inode, Kind, Nodes, name_hash};
use crate::trace::Answer;
use crate::union::Mount;
use crate::union::cache::{Entry, Lowers, Part, Spot};
use crate::union::driver::Trail;
use std::sync::Arc;

/// Finds a name: first in the upper, then in each lower layer that holds the directory, until
/// something ends the search.
pub(super) fn search(m: &Mount, dir: &Entry, name: &[u8], trail: Trail<'_>) -> Result<Entry, Errno> {
    let mut search = Search::new(m, dir, name, trail);
    let mut entry = Entry::default();
    if let Some(upper) = dir.upper {
        entry.upper = search.probe(0, upper)?;
        entry.opaque = search.opaque;
        entry.redirect = search.redirect.clone();
    }
    let mut lowers = search.lowers()?;
    entry.xwhiteouts = search.xwhiteouts;
    if search.has_its_data_apart(&lowers) {
        search.metacopy = false;
        match search.data() {
            Ok(part) => lowers.push(part),
            Err(errno) => entry.dataless = Some(errno),
        }
    } else {
        search.refuse()?;
    }
    let dataless = |ino| lowers.is_empty() && !m.native && m.upper.inode(ino).metacopy().is_some();
    if search.metacopy || entry.upper.is_some_and(dataless) {
        return Err(Errno::EIO);
    }
    entry.lowers = Lowers::from_parts(&lowers);
    let indexed = super::index::find(m, &mut entry);
    if let (Some(trail), Some(ino), true) = (&mut search.trail, entry.upper, entry.unlinked) {
        let inode = m.upper.inode(ino);
        trail.push((0, Answer::Indexed { kind: inode.kind.word(), size: inode.size() }));
    }
    indexed.map(|()| entry)
}

/// The upper directory that a failing look-up had found to merge before it failed: by then the kernel
/// has left its note there (`ovl_lookup_layers`, which calls `ovl_fix_origin` at the first lower layer
/// that has the name).
pub(super) fn merged_before_failing(m: &Mount, dir: &Entry, name: &[u8]) -> Option<Ino> {
    let mut search = Search::new(m, dir, name, None);
    let upper = search.probe(0, dir.upper?).ok()??;
    let directory = m.upper.inode(upper).kind.is_dir();
    let _ = search.lowers();
    (directory && search.met).then_some(upper)
}

struct Search<'a> {
    m: &'a Mount,
    dir: &'a Entry,
    /// The name to find, or the absolute path that redirects made of it.
    want: Vec<u8>,
    /// Of the name, while it is one.
    hash: u64,
    stop: bool,
    is_dir: bool,
    /// A metacopy was found and waits for its data.
    metacopy: bool,
    /// The last redirect followed.
    redirect: Option<Arc<[u8]>>,
    opaque: bool,
    /// The last mark looked for was an absolute redirect.
    absolute: bool,
    /// A lower directory of the name may hold whiteouts made of attributes.
    xwhiteouts: bool,
    /// No directory was found in the layers above the one that is asked.
    fresh: bool,
    /// A lower layer has it.
    met: bool,
    trail: Trail<'a>,
}

impl<'a> Search<'a> {
    fn new(m: &'a Mount, dir: &'a Entry, name: &[u8], trail: Trail<'a>) -> Search<'a> {
        Search {
            m,
            dir,
            want: name.to_vec(),
            hash: name_hash(name),
            stop: false,
            is_dir: false,
            metacopy: false,
            redirect: None,
            opaque: false,
            absolute: false,
            xwhiteouts: false,
            fresh: true,
            met: false,
            trail,
        }
    }

    /// Asks the lower layers.
    fn lowers(&mut self) -> Result<Vec<Part>, Errno> {
        let (mut found, mut at, mut rooted) = (Vec::new(), 0, self.wants_path());
        while !self.stop {
            let next = if rooted {
                (at < self.m.regular()).then_some((at as u32 + 1, 0))
            } else {
                self.dir.lowers.parts().get(at).copied()
            };
            let Some((layer, dir)) = next else { break };
            self.refuse()?;
            at += 1;
            let Some(ino) = self.probe(layer, dir)? else { continue };
            self.met = true;
            // Of a chain of metacopies the first and the data are kept.
            if !self.metacopy || found.is_empty() {
                found.push((layer, ino));
            }
            if !self.stop && !rooted && self.wants_path() {
                // An absolute redirect: the layers below are asked from their roots.
                rooted = true;
                at = layer as usize;
            }
        }
        Ok(found)
    }

    /// Are the contents to be looked for in data-only layers? That needs no option: neither
    /// `metacopy` nor redirects.
    fn has_its_data_apart(&self, lowers: &[Part]) -> bool {
        self.metacopy && !lowers.is_empty() && self.absolute && self.m.regular() < self.m.lowers.len()
    }

    fn data(&mut self) -> Result<Part, Errno> {
        let found = super::data::find(self.m, &self.want);
        if let (Some(trail), Ok(part)) = (&mut self.trail, &found) {
            let path = crate::fs::path::show(&self.want).into_owned();
            trail.push((part.0, Answer::Data { path, size: self.m.inode(*part).size() }));
        }
        found
    }

    fn wants_path(&self) -> bool {
        self.want.starts_with(b"/")
    }

    /// Marks that this mount may not follow (fs/overlayfs/namei.c, `ovl_lookup`).
    fn refuse(&self) -> Result<(), Errno> {
        let options = &self.m.options;
        let refused = (self.metacopy && !options.metacopy) || (self.redirect.is_some() && options.userxattr);
        if refused { Err(Errno::EPERM) } else { Ok(()) }
    }

    /// Asks one layer.
    fn probe(&mut self, layer: u32, dir: Ino) -> Result<Option<Ino>, Errno> {
        let (stop, redirect) = (self.stop, self.redirect.clone());
        self.fresh = !self.is_dir;
        let found = if self.wants_path() {
            self.path(layer)?
        } else {
            let (name, hash) = (std::mem::take(&mut self.want), self.hash);
            let found = self.step((layer, dir), (&name, hash), 0, b"");
            if self.want.is_empty() {
                self.want = name;
            }
            found?
        };
        if self.trail.is_some() {
            let answer = self.answer(layer, found, stop, redirect);
            if let Some(trail) = &mut self.trail {
                trail.push((layer, answer));
            }
        }
        Ok(found)
    }

    /// Walks the wanted path in one layer. Counted from the end, since what comes before may change on
    /// the way; the components behind stay.
    fn path(&mut self, layer: u32) -> Result<Option<Ino>, Errno> {
        let old = self.want.clone();
        let (mut dir, mut from) = (0, 1);
        loop {
            let end = old[from..].iter().position(|b| *b == b'/').map_or(old.len(), |n| from + n);
            let before = self.want.len().saturating_sub(old.len() - from);
            let name = &old[from..end];
            let found = self.step((layer, dir), (name, name_hash(name)), before, &old[end..])?;
            match found {
                Some(ino) if end < old.len() => dir = ino,
                _ => return Ok(found),
            }
            from = end + 1;
        }
    }

    /// One name (with its hash) in one directory of one layer. `before` bytes of the wanted path come
    /// before the name, `behind` comes after it.
    fn step(
        &mut self,
        dir: Part,
        (name, hash): (&[u8], u64),
        before: usize,
        behind: &[u8],
    ) -> Result<Option<Ino>, Errno> {
        if name == b"." || name == b".." {
            return Err(Errno::EACCES);
        }
        let (m, layer) = (self.m, dir.0);
        let Some(ino) = child_hashed(m, dir, name, hash)? else { return Ok(None) };
        let (inode, last) = (m.inode((layer, ino)), behind.is_empty());
        let ends_here = inode.deletes() && !m.native
            || last && self.metacopy && !matches!(inode.kind, Kind::File(_))
            || !inode.kind.is_dir() && (self.is_dir || !last);
        if ends_here {
            self.stop = true;
            self.opaque |= inode.deletes();
            return Ok(None);
        }
        if inode.kind.is_dir() {
            self.is_dir |= last;
        } else {
            self.metacopy = inode.metacopy().is_some() && !m.native;
            self.stop = !self.metacopy;
        }
        if (!inode.kind.is_dir() && !self.metacopy) || self.nothing_below(layer) {
            return Ok(Some(ino));
        }
        if inode.kind.is_dir() && inode.is_opaque() {
            self.stop = true;
            self.opaque |= last;
            return Ok(Some(ino));
        }
        self.xwhiteouts |= layer > 0 && last && inode.holds_xwhiteouts();
        self.follow(inode, before, behind)?;
        Ok(Some(ino))
    }

    /// In the last layer that is asked the marks are not read. Where contents may lie in data-only
    /// layers there is no last one, until a directory was found.
    fn nothing_below(&self, layer: u32) -> bool {
        if layer > 0 && self.fresh && self.m.regular() < self.m.lowers.len() {
            return false;
        }
        if self.m.options.userxattr {
            return layer == self.dir.lowers.parts().last().map_or(0, |(layer, _)| *layer);
        }
        layer as usize == self.m.regular()
    }

    /// Takes a redirect mark into account for the layers below.
    fn follow(&mut self, inode: &Inode, before: usize, behind: &[u8]) -> Result<(), Errno> {
        self.absolute = false;
        let Some(to) = inode.redirect() else { return Ok(()) };
        let absolute = to.first() == Some(&b'/');
        let sound = match absolute {
            true => to[1..].split(|b| *b == b'/').all(|name| !name.is_empty()),
            false => !to.is_empty() && !to.contains(&b'/'),
        };
        if !sound {
            return Err(Errno::EINVAL);
        }
        let mut want = if absolute { Vec::new() } else { self.want[..before.min(self.want.len())].to_vec() };
        want.extend_from_slice(to);
        want.extend_from_slice(behind);
        if absolute {
            self.stop = false;
        }
        self.absolute = absolute;
        self.hash = name_hash(&want);
        self.want = want;
        self.redirect = Some(to.clone());
        Ok(())
    }

    /// What the layer said, for the event.
    fn answer(&self, layer: u32, found: Option<Ino>, stopped: bool, before: Option<Arc<[u8]>>) -> Answer {
        let Some(ino) = found else {
            return if self.opaque && self.stop && !stopped { Answer::Whiteout } else { Answer::Absent };
        };
        let inode = self.m.inode((layer, ino));
        if inode.kind.is_dir() {
            let redirect = self.redirect.as_ref().filter(|to| before.as_ref() != Some(to));
            return Answer::Directory {
                opaque: inode.is_opaque() && !self.nothing_below(layer),
                redirect: redirect.map(|to| crate::fs::path::show(to).into_owned()),
            };
        }
        match inode.metacopy() {
            Some(size) if !self.m.native => Answer::Metacopy { size },
            _ => Answer::Found { kind: inode.kind.word(), size: inode.size() },
        }
    }
}

/// What a name leads to in a directory of one layer.
///
/// # Errors
/// Where the layer is another overlay's merged directory, the answer of that overlay.
pub(super) fn child(m: &Mount, dir: Part, name: &[u8]) -> Result<Option<Ino>, Errno> {
    child_hashed(m, dir, name, name_hash(name))
}

fn child_hashed(m: &Mount, dir: Part, name: &[u8], hash: u64) -> Result<Option<Ino>, Errno> {
    if !m.may_have(dir, hash) {
        return Ok(None);
    }
    let inode = m.inode(dir);
    let found = inode.entries().and_then(|entries| entries.get_hashed(name, hash));
    match inode.nested().and_then(|nested| nested.ghosts.get(name)) {
        Some(errno) if found.is_none() && *errno != Errno::ENOENT => Err(*errno),
        _ => Ok(found),
    }
}

/// The topmost lower layer that has the name, unless it is a whiteout there
/// (fs/overlayfs/namei.c, `ovl_lower_positive`).
pub(super) fn covered(m: &Mount, dir: &Entry, name: &[u8]) -> Option<Part> {
    let (layer, ino) =
        dir.lowers.parts().iter().find_map(|part| Some((part.0, child(m, *part, name).ok().flatten()?)))?;
    (!m.inode((layer, ino)).deletes()).then_some((layer, ino))
}

/// [`covered`] for a name that was looked up: where only lower layers have it, the first of them was
/// found already.
pub(super) fn covered_by(m: &Mount, spot: &Spot) -> Option<Part> {
    let entry = &spot.node.entry;
    match (entry.upper, entry.lowers.parts().first()) {
        (None, Some(part)) => Some(*part),
        _ => covered(m, &m.cache.dir(spot.dir).entry, &spot.name),
    }
}
