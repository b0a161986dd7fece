//! An overlay's merged directory as a lower layer of another (Documentation/filesystems/overlayfs.rst,
//! "Nesting overlayfs mounts").

use super::cache::{DirId, Entry, ROOT};
use super::mount::Mount;
use crate::fs::{Contents, Errno, Extra, Ino, Inode, Kind, Layer, Name, Nested, Tree};
use crate::trace::Trace;
use std::sync::Arc;

/// A directory that is being copied: its number here, its inode there, the names still to come.
type Open = (DirId, Ino, std::vec::IntoIter<Name>);

impl Mount {
    /// The merged view as it is now, as the layer that an overlay above sees. What changes here later is
    /// not in it: the kernel says that what then happens is undefined.
    ///
    /// This overlay's own marks are not seen from above. What programs set under the marks' names is
    /// stored with an escape (fs/overlayfs/xattrs.c, `ovl_own_xattr_set`); from above it reads as a
    /// mark. `userxattr` says which of the two names for marks the overlay above has. A name that is
    /// listed here and not found stays so. Every name is an object of its own with the link count that
    /// stat shows: without file handles the overlay above can't tell that two are one.
    ///
    /// # Errors
    /// `EINTR` when there is no more to draw on; the errno of a directory that can't be listed.
    pub fn as_lower(&mut self, userxattr: bool, t: &mut Trace) -> Result<Layer, Errno> {
        self.begin(t)?;
        let mut tree = Tree::new();
        let root = self.root_entry();
        let mut inode = self.seen_from_above(&root, userxattr)?;
        inode.extra_mut().nested = Some(Box::new(Nested { depth: self.depth(), ..Nested::default() }));
        tree.put(b"/", inode);
        let mut open = vec![self.listed(ROOT, 0)?];
        while let Some((dir, at, names)) = open.last_mut() {
            let (dir, at) = (*dir, *at);
            let Some(name) = names.next() else {
                open.pop();
                continue;
            };
            if !t.fuel.spend(1) {
                return Err(Errno::EINTR);
            }
            let node = match self.lookup(dir, &name) {
                Ok(node) if node.entry.exists() => node,
                answer => {
                    let errno = answer.err().unwrap_or(Errno::ENOENT);
                    let nested = tree.inode_mut(at).extra_mut().nested.get_or_insert_default();
                    nested.ghosts.insert(name, errno);
                    continue;
                }
            };
            let inode = self.seen_from_above(&node.entry, userxattr)?;
            let nlink = if node.dir.is_some() { 1 } else { self.driver.nlink(self, &node.entry) };
            let ino = tree.add(inode);
            tree.link(at, &name, ino);
            tree.inode_mut(ino).nlink = nlink;
            if let Some(id) = node.dir {
                open.push(self.listed(id, ino)?);
            }
        }
        Ok(tree.seal())
    }

    fn listed(&self, id: DirId, ino: Ino) -> Result<Open, Errno> {
        Ok((id, ino, self.driver.names(self, &self.cache.dir(id).entry)?.into_iter()))
    }

    /// One object as a program, or an overlay above, sees it.
    fn seen_from_above(&self, entry: &Entry, userxattr: bool) -> Result<Inode, Errno> {
        let inode = self.real(entry).ok_or(Errno::ENOENT)?;
        let kind = match &inode.kind {
            Kind::Dir(_) => Kind::Dir(Default::default()),
            Kind::File(_) if entry.dataless.is_some() => Kind::File(Contents::fill(0, inode.size())),
            Kind::File(_) => Kind::File(self.contents_of(entry)),
            other => other.clone(),
        };
        let mut extra = Extra::default();
        let size = inode.size();
        for (name, value) in inode.extra.iter().flat_map(|extra| &extra.xattrs) {
            if let Some(name) = self.driver.shown_xattr(self, name) {
                take_attribute(&mut extra, &name, value, userxattr, size);
            }
        }
        if entry.upper.is_none() && !self.options.index && !inode.kind.is_dir() && inode.nlink > 1 {
            extra.nested = Some(Box::new(Nested { alone: true, ..Nested::default() }));
        }
        let extra = (extra != Extra::default()).then(|| Box::new(extra));
        Ok(Inode { kind, extra, nlink: 0, ..*inode })
    }
}

/// An attribute that this overlay shows is a mark to the one above, if it has a mark's name.
fn take_attribute(extra: &mut Extra, name: &[u8], value: &Arc<[u8]>, userxattr: bool, size: u64) {
    let prefix: &[u8] = if userxattr { b"user.overlay." } else { b"trusted.overlay." };
    match name.strip_prefix(prefix) {
        Some(b"opaque") if **value == *b"y" => extra.opaque = true,
        Some(b"opaque") if **value == *b"x" => extra.xwhiteouts = true,
        Some(b"whiteout") => extra.xwhiteout = true,
        Some(b"redirect") => extra.redirect = Some(value.clone()),
        Some(b"metacopy") => extra.metacopy = Some(size),
        _ => {
            extra.xattrs.insert(name.into(), value.clone());
        }
    }
}
