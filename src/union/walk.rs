//! Walking a path: component by component, symlinks included.

use super::cache::{DirId, Node, ROOT, Spot};
use super::mount::Mount;
use crate::fs::{Errno, Kind, Name};
use crate::trace::Trace;
use std::sync::Arc;

/// Symlinks followed in one walk (include/linux/namei.h, `MAXSYMLINKS`).
const MAX_SYMLINKS: u32 = 40;

/// Bytes of a path with its final NUL (include/uapi/linux/limits.h, `PATH_MAX`).
const PATH_MAX: usize = 4096;

/// What the last component of a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// A name to be looked up.
    Normal(Name),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// The path is nothing but slashes.
    Root,
}

/// Where a walk ended: the directory that holds the last component, not yet looked up.
#[derive(Clone, Debug)]
pub(super) struct Parent {
    /// The directory.
    pub dir: DirId,
    /// The last component.
    pub last: Last,
    /// It was written with a slash behind it.
    pub slash: bool,
}

/// Judges a path before anything is looked up (fs/namei.c, `getname`).
pub(super) fn judge(path: &[u8]) -> Result<(), Errno> {
    match path.len() {
        0 => Err(Errno::ENOENT),
        1..PATH_MAX => Ok(()),
        _ => Err(Errno::ENAMETOOLONG),
    }
}

/// A walk that is under way (fs/namei.c, `link_path_walk`).
pub(super) struct Walk {
    dir: DirId,
    text: Vec<u8>,
    /// How far the text was walked.
    at: usize,
    followed: u32,
}

impl Walk {
    /// A walk along this path from the merged root.
    pub fn new(path: &[u8]) -> Result<Walk, Errno> {
        judge(path)?;
        Ok(Walk { dir: ROOT, text: path.to_vec(), at: 0, followed: 0 })
    }

    /// Goes on to the directory of the last component.
    pub fn go_to_parent(&mut self, m: &mut Mount, t: &mut Trace) -> Result<Parent, Errno> {
        loop {
            // What a look-up may cost, not what it does cost: the cache must not show.
            let layers = m.cache.dir(self.dir).entry.lowers.parts().len() as u64;
            if !t.fuel.spend(1 + layers / 16) {
                return Err(Errno::EINTR);
            }
            let is_slash = |b: &u8| *b == b'/';
            let Some(begin) = self.text[self.at..].iter().position(|b| !is_slash(b)) else {
                return Ok(Parent { dir: self.dir, last: Last::Root, slash: true });
            };
            m.may_search(self.dir)?;
            let begin = self.at + begin;
            let length = self.text[begin..].iter().position(is_slash);
            let end = length.map_or(self.text.len(), |length| begin + length);
            let text = std::mem::take(&mut self.text);
            let (name, behind) = (&text[begin..end], &text[end..]);
            if behind.iter().all(is_slash) {
                let last = match name {
                    b"." => Last::Dot,
                    b".." => Last::DotDot,
                    _ => Last::Normal(name.into()),
                };
                return Ok(Parent { dir: self.dir, last, slash: !behind.is_empty() });
            }
            match self.step(name, m)? {
                None => (self.text, self.at) = (text, end),
                Some(target) => {
                    self.follow(&target)?;
                    self.text.extend_from_slice(behind);
                }
            }
        }
    }

    /// Enters one directory on the way, or finds a symlink there: its text.
    fn step(&mut self, name: &[u8], m: &mut Mount) -> Result<Option<Arc<[u8]>>, Errno> {
        match name {
            b"." => {}
            b".." => self.dir = m.cache.dir(self.dir).parent,
            _ => {
                let node = m.lookup(self.dir, name)?;
                match (node.dir, m.symlink_target(&node)) {
                    (Some(id), _) => self.dir = id,
                    (None, Some(target)) => return Ok(Some(target)),
                    (None, None) if node.entry.exists() => return Err(Errno::ENOTDIR),
                    (None, None) => return Err(Errno::ENOENT),
                }
            }
        }
        Ok(None)
    }

    /// Goes on with the text of a symlink (fs/namei.c, `pick_link`).
    fn follow(&mut self, target: &[u8]) -> Result<(), Errno> {
        self.followed += 1;
        if self.followed > MAX_SYMLINKS {
            return Err(Errno::ELOOP);
        }
        judge(target)?;
        if target.starts_with(b"/") {
            self.dir = ROOT;
        }
        (self.text, self.at) = (target.to_vec(), 0);
        Ok(())
    }

    /// Follows a symlink that is the last component.
    pub fn enter(&mut self, link: &Spot, target: &[u8], m: &mut Mount) -> Result<(), Errno> {
        self.dir = link.dir;
        self.follow(target)?;
        m.may_follow(link)
    }
}

impl Mount {
    /// The text of a symlink, if it is one.
    pub(super) fn symlink_target(&self, node: &Node) -> Option<Arc<[u8]>> {
        match &self.real(&node.entry)?.kind {
            Kind::Symlink(target) => Some(target.clone()),
            _ => None,
        }
    }

    /// Looks a whole path up (fs/namei.c, `path_lookupat`): the object must exist. With `tell` the
    /// look-up of the last name becomes an event.
    pub(super) fn resolve(
        &mut self,
        path: &[u8],
        follow: bool,
        tell: bool,
        t: &mut Trace,
    ) -> Result<Spot, Errno> {
        let mut walk = Walk::new(path)?;
        let mut must_be_dir = false;
        loop {
            let parent = walk.go_to_parent(self, t)?;
            must_be_dir |= parent.slash;
            let name = match parent.last {
                Last::Normal(name) => name,
                Last::DotDot => return Ok(self.spot_of(self.cache.dir(parent.dir).parent)),
                Last::Dot | Last::Root => return Ok(self.spot_of(parent.dir)),
            };
            let spot = self.spot(parent.dir, &name);
            if spot.is_err() {
                self.tell_lookup(parent.dir, &name, tell, t);
            }
            let spot = spot?;
            if (follow || must_be_dir)
                && let Some(target) = self.symlink_target(&spot.node)
            {
                walk.enter(&spot, &target, self)?;
                continue;
            }
            self.tell_lookup(parent.dir, &name, tell, t);
            if !spot.node.entry.exists() {
                return Err(Errno::ENOENT);
            }
            if must_be_dir && spot.node.dir.is_none() {
                return Err(Errno::ENOTDIR);
            }
            return Ok(spot);
        }
    }

    /// Walks to the directory in which a name is to be made, removed or renamed.
    pub(super) fn parent_of(&mut self, path: &[u8], t: &mut Trace) -> Result<Parent, Errno> {
        Walk::new(path)?.go_to_parent(self, t)
    }
}
