//! Walking a path: component by component, symlinks included.

use super::cache::{DirId, Known, Node, ROOT, Spot};
use super::mount::Mount;
use crate::fs::{Errno, Kind, Name};
use crate::trace::Trace;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Symlinks followed in one walk (include/linux/namei.h, `MAXSYMLINKS`).
const MAX_SYMLINKS: u32 = 40;

/// Bytes of a path with its final NUL (include/uapi/linux/limits.h, `PATH_MAX`).
pub(super) const PATH_MAX: usize = 4096;

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
pub(super) struct Walk<'p> {
    dir: DirId,
    text: Cow<'p, [u8]>,
    /// How far the text was walked.
    at: usize,
    followed: u32,
}

/// The last component, where it stands in the walk's text.
enum End {
    Name(Range<usize>),
    Dot,
    DotDot,
    Root,
}

/// What a path leads to.
struct Found {
    /// In which directory and under which name it was looked up; none when `.`, `..` or nothing but
    /// slashes led to a directory.
    name: Option<(DirId, Range<usize>)>,
    node: Node,
}

impl<'p> Walk<'p> {
    /// A walk along this path from the merged root.
    pub fn new(path: &'p [u8]) -> Result<Walk<'p>, Errno> {
        judge(path)?;
        Ok(Walk { dir: ROOT, text: Cow::Borrowed(path), at: 0, followed: 0 })
    }

    /// Goes on to the directory of the last component.
    pub fn go_to_parent(&mut self, m: &mut Mount, t: &mut Trace) -> Result<Parent, Errno> {
        let (end, slash) = self.go(m, t)?;
        let last = match end {
            End::Name(name) => Last::Normal(self.text[name].into()),
            End::Dot => Last::Dot,
            End::DotDot => Last::DotDot,
            End::Root => Last::Root,
        };
        Ok(Parent { dir: self.dir, last, slash })
    }

    /// [`Walk::go_to_parent`]: the last component, and whether a slash is behind it.
    fn go(&mut self, m: &mut Mount, t: &mut Trace) -> Result<(End, bool), Errno> {
        loop {
            // What a look-up may cost, not what it does cost: the cache must not show.
            let layers = m.cache.lowers(self.dir);
            if !t.fuel.spend(1 + layers / 16) {
                return Err(Errno::EINTR);
            }
            let is_slash = |b: &u8| *b == b'/';
            let rest = &self.text[self.at..];
            let Some(slashes) = rest.iter().position(|b| !is_slash(b)) else { return Ok((End::Root, true)) };
            m.may_search(self.dir)?;
            let rest = &rest[slashes..];
            let length = rest.iter().position(is_slash).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(length);
            let begin = self.at + slashes;
            if behind.iter().all(is_slash) {
                let end = match name {
                    b"." => End::Dot,
                    b".." => End::DotDot,
                    _ => End::Name(begin..begin + length),
                };
                return Ok((end, !behind.is_empty()));
            }
            match m.step(self.dir, name)? {
                Step::Into(id) => (self.dir, self.at) = (id, begin + length),
                Step::Symlink(target) => {
                    let behind = behind.to_vec();
                    self.follow(&target)?;
                    self.text.to_mut().extend_from_slice(&behind);
                }
            }
        }
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
        (self.text, self.at) = (Cow::Owned(target.to_vec()), 0);
        Ok(())
    }

    /// Follows a symlink that is the last component.
    pub fn enter(&mut self, link: &Spot, target: &[u8], m: &mut Mount) -> Result<(), Errno> {
        self.dir = link.dir;
        self.follow(target)?;
        m.may_follow(link)
    }
}

/// Where a component leads that is not the last one.
enum Step {
    Into(DirId),
    Symlink(Arc<[u8]>),
}

impl Mount {
    /// Enters one directory on the way, or finds a symlink there.
    fn step(&mut self, dir: DirId, name: &[u8]) -> Result<Step, Errno> {
        match name {
            b"." => return Ok(Step::Into(dir)),
            b".." => return Ok(Step::Into(self.cache.dir(dir).parent)),
            _ => {}
        }
        if let Some(Known::Dir(id)) = self.cache.known(dir, name) {
            return Ok(Step::Into(id));
        }
        let node = self.lookup(dir, name)?;
        match (node.dir, self.symlink_target(&node)) {
            (Some(id), _) => Ok(Step::Into(id)),
            (None, Some(target)) => Ok(Step::Symlink(target)),
            (None, None) if node.entry.exists() => Err(Errno::ENOTDIR),
            (None, None) => Err(Errno::ENOENT),
        }
    }

    /// The text of a symlink, if it is one.
    pub(super) fn symlink_target(&self, node: &Node) -> Option<Arc<[u8]>> {
        if node.plain.is_some() {
            return None;
        }
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
        let Found { name, node } = self.seek(&mut walk, follow, tell, t)?;
        Ok(match (name, node.dir) {
            (Some((dir, name)), _) => Spot { dir, name: walk.text[name].into(), node },
            (None, id) => self.spot_of(id.unwrap_or(ROOT)),
        })
    }

    /// [`Mount::resolve`] for whoever only wants to know what is there, and tells nobody.
    pub(super) fn find(&mut self, path: &[u8], follow: bool, t: &mut Trace) -> Result<Node, Errno> {
        Ok(self.seek(&mut Walk::new(path)?, follow, false, t)?.node)
    }

    fn seek(&mut self, walk: &mut Walk<'_>, follow: bool, tell: bool, t: &mut Trace) -> Result<Found, Errno> {
        let mut must_be_dir = false;
        loop {
            let (end, slash) = walk.go(self, t)?;
            let dir = walk.dir;
            must_be_dir |= slash;
            let range = match end {
                End::Name(range) => range,
                End::DotDot => return Ok(self.found_dir(self.cache.dir(dir).parent)),
                End::Dot | End::Root => return Ok(self.found_dir(dir)),
            };
            let name = &walk.text[range.clone()];
            let node = self.lookup(dir, name);
            if node.is_err() {
                self.tell_lookup(dir, name, tell, t);
            }
            let node = node?;
            if (follow || must_be_dir)
                && let Some(target) = self.symlink_target(&node)
            {
                let link = Spot { dir, name: name.into(), node };
                walk.enter(&link, &target, self)?;
                continue;
            }
            self.tell_lookup(dir, name, tell, t);
            if !node.entry.exists() {
                return Err(Errno::ENOENT);
            }
            if must_be_dir && node.dir.is_none() {
                return Err(Errno::ENOTDIR);
            }
            return Ok(Found { name: Some((dir, range)), node });
        }
    }

    fn found_dir(&self, id: DirId) -> Found {
        Found { name: None, node: Node::of(self.cache.dir(id).entry.clone(), Some(id)) }
    }

    /// Walks to the directory in which a name is to be made, removed or renamed.
    pub(super) fn parent_of(&mut self, path: &[u8], t: &mut Trace) -> Result<Parent, Errno> {
        Walk::new(path)?.go_to_parent(self, t)
    }
}
