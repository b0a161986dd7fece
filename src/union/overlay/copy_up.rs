//! Copy-up (fs/overlayfs/copy_up.c). Nothing is really copied: contents are shared. The events say
//! how many bytes the kernel would have copied.

use super::{impure, index};
use crate::fs::path::{show, shown};
use crate::fs::{Contents, Errno, Extra, Ino, Inode, Kind, Name, Nodes};
use crate::trace::{CopiedDirectory, Event, Source, Trace};
use crate::union::Mount;
use crate::union::cache::{DirId, Entry, Part, Spot};
use crate::union::driver::Need;

/// Makes a directory and everything above it present in the upper, topmost first; its inode there
/// (`ovl_copy_up_flags`).
pub(super) fn directories(m: &mut Mount, dir: DirId, t: &mut Trace) -> Result<Ino, Errno> {
    let (mut missing, mut at) = (Vec::new(), dir);
    let mut upper = loop {
        match m.cache.dir(at).entry.upper {
            Some(ino) => break ino,
            None => missing.push(at),
        }
        at = m.cache.dir(at).parent;
    };
    if missing.is_empty() {
        return Ok(upper);
    }
    let listening = t.listening();
    let (mut paths, mut made) = (Vec::new(), Vec::new());
    for id in missing.into_iter().rev() {
        let from = m.cache.dir(id).entry.real().map_or(0, |(layer, _)| layer);
        upper = one_directory(m, id, upper)?;
        if listening {
            paths.push(show(&m.cache.path_of(id)).into_owned());
            made.push(CopiedDirectory { from: m.layer_ref(from), object: m.object(upper) });
        }
    }
    t.emit(|| Event::CopyUpDirectories { inodes: paths.len(), paths, made, into: None });
    Ok(upper)
}

/// A directory is copied without what it holds, and keeps its lowers: it merges from now on.
fn one_directory(m: &mut Mount, id: DirId, parent: Ino) -> Result<Ino, Errno> {
    let dir = m.cache.dir(id);
    let name = dir.name.clone();
    let copy = copy_of(m, &dir.entry, None)?;
    let ino = put(m, parent, &name, copy);
    impure::copied(m, parent, ino, true);
    m.cache.dir_mut(id).entry.upper = Some(ino);
    Ok(ino)
}

/// Makes an object present in the upper, with as much of it as is needed; its inode there.
pub(super) fn object(m: &mut Mount, spot: &Spot, need: Need, t: &mut Trace) -> Result<Ino, Errno> {
    let entry = &spot.node.entry;
    // Contents are sought before anything is copied, though they may not be needed.
    if let Some(errno) = entry.dataless {
        return Err(errno);
    }
    if let (Some(ino), false) = (entry.upper, entry.unlinked) {
        if need != Need::Attributes {
            complete(m, spot, ino, need, t);
        }
        return Ok(ino);
    }
    let Some(lower) = entry.real() else { return Err(Errno::ENOENT) };
    let parent = directories(m, spot.dir, t)?;
    let ino = match (entry.upper, spot.node.dir) {
        (Some(ino), _) => {
            link_up(m, spot, parent, ino, t);
            m.handles_copied(spot, None, ino, t);
            if need != Need::Attributes {
                complete(m, spot, ino, need, t);
            }
            ino
        }
        (None, Some(id)) => {
            let ino = one_directory(m, id, parent)?;
            tell(m, spot, ino, Told { from: lower, ..Told::default() }, t);
            ino
        }
        (None, None) => leaf(m, spot, lower, parent, need, t)?,
    };
    Ok(ino)
}

/// Copies anything but a directory (`ovl_do_copy_up`).
fn leaf(
    m: &mut Mount,
    spot: &Spot,
    lower: Part,
    parent: Ino,
    need: Need,
    t: &mut Trace,
) -> Result<Ino, Errno> {
    let entry = &spot.node.entry;
    let inode = m.inode(lower);
    let is_file = matches!(inode.kind, Kind::File(_));
    let size = inode.size();
    let alone = inode.nlink <= 1;
    let shared = m.options.index && !alone;
    if shared && m.options.userxattr && !is_file {
        // The index keeps origin and link count in `user.` attributes, which such an object can't
        // have (fs/overlayfs/util.c, `ovl_set_nlink_lower`; fs/xattr.c, `xattr_permission`).
        index::leave_broken(m);
        return Err(Errno::EPERM);
    }
    let contents = match need {
        _ if !is_file => None,
        Need::Attributes if m.options.metacopy => None,
        Need::Attributes | Need::Contents => Some(exactly(m.contents_of(entry), size)),
        Need::Emptied => Some(Contents::EMPTY),
    };
    let bytes = contents.as_ref().map_or(0, Contents::len);
    let metacopy = is_file && contents.is_none();
    let mut copy = copy_of(m, entry, contents)?;
    if metacopy {
        copy.extra_mut().metacopy = Some(size);
    }
    let ino = put(m, parent, &spot.name, copy);
    impure::copied(m, parent, ino, alone || shared);
    if shared {
        index::enter(m, lower, ino);
    }
    let data = entry.lowers.parts().last().copied();
    let told = Told {
        data: data.filter(|data| bytes > 0 && *data != lower),
        from: lower,
        bytes,
        metacopy,
        metadata_only: metacopy || (is_file && need == Need::Emptied),
        index: shared.then_some(ino),
        completes: false,
    };
    tell(m, spot, ino, told, t);
    m.handles_copied(spot, Some(lower), ino, t);
    m.cache.forget(spot.dir, &spot.name);
    Ok(ino)
}

/// Contents of this size, which they nearly always have.
fn exactly(contents: Contents, size: u64) -> Contents {
    if contents.len() == size { contents } else { contents.resized(size) }
}

/// Type, mode, owner, attributes; no marks of the overlay (`ovl_copy_xattr`).
pub(in crate::union) fn copy_of(
    m: &Mount,
    entry: &Entry,
    contents: Option<Contents>,
) -> Result<Inode, Errno> {
    let inode = m.real(entry).ok_or(Errno::ENOENT)?;
    let kind = match &inode.kind {
        Kind::File(_) => Kind::File(contents.unwrap_or_default()),
        Kind::Dir(_) => Kind::Dir(Default::default()),
        other => other.clone(),
    };
    let xattrs = inode.extra.as_ref().map(|extra| extra.xattrs.clone()).filter(|x| !x.is_empty());
    let extra = xattrs.map(|xattrs| Box::new(Extra { xattrs, ..Extra::default() }));
    Ok(Inode { kind, extra, nlink: 0, ..*inode })
}

/// Adds an inode under a name; a whiteout there goes.
pub(super) fn put(m: &mut Mount, parent: Ino, name: &Name, inode: Inode) -> Ino {
    let upper = m.upper_mut();
    let ino = upper.add(inode);
    upper.link_name(parent, name.clone(), ino);
    impure::made(m, ino);
    ino
}

/// Gives the inode that the index knows this name too (`ovl_link_up`). The number of names in the
/// merged view stays.
fn link_up(m: &mut Mount, spot: &Spot, parent: Ino, ino: Ino, t: &mut Trace) {
    m.upper_mut().link(parent, &spot.name, ino);
    t.emit(|| Event::LinkedUp { path: show(&m.path_of(spot)).into_owned(), index: ino, inodes: 0 });
    impure::copied(m, parent, ino, true);
    m.cache.forget(spot.dir, &spot.name);
}

/// Gives a metacopy its data (`ovl_copy_up_meta_inode_data`). A redirect mark stays, without effect.
///
/// As many bytes are copied as the object below shows (`ovl_copy_up_one` asks its size). They are written
/// over the hole that the mark's size made, so of the two sizes the larger stays.
fn complete(m: &mut Mount, spot: &Spot, ino: Ino, need: Need, t: &mut Trace) {
    let Some(size) = m.upper.inode(ino).metacopy() else { return };
    let below = spot.node.entry.lowers.parts().first().map_or(size, |part| m.inode(*part).size());
    let (data, bytes) = match need {
        Need::Emptied => (Contents::EMPTY, 0),
        _ => (m.contents_of(&spot.node.entry).resized(below).resized(size.max(below)), below),
    };
    let inode = m.upper_mut().inode_mut(ino);
    inode.kind = Kind::File(data);
    inode.extra_mut().metacopy = None;
    let from = spot.node.entry.lowers.parts().last().copied();
    if let Some(from) = from {
        let metadata_only = need == Need::Emptied;
        tell(m, spot, ino, Told { from, bytes, metadata_only, completes: true, ..Told::default() }, t);
    }
    m.handles_completed(ino, from, t);
    m.cache.forget(spot.dir, &spot.name);
}

/// What was copied, for the event.
#[derive(Default)]
struct Told {
    from: Part,
    bytes: u64,
    metacopy: bool,
    metadata_only: bool,
    index: Option<Ino>,
    completes: bool,
    /// Where the contents came from, if not from there.
    data: Option<Part>,
}

/// The path of an object in its layer, where a redirect made it another than in the merged view.
fn elsewhere(m: &Mount, spot: &Spot, (layer, ino): Part, path: &[u8]) -> Option<String> {
    if m.lies_where_it_shows(spot) || m.ino_at(layer, path) == Some(ino) {
        return None;
    }
    let mut found = None;
    let lower = layer.checked_sub(1).and_then(|at| m.lowers.get(at as usize))?;
    lower.layer.walk(&mut |path, at, _| {
        if at == ino && found.is_none() {
            found = Some(show(path).into_owned());
        }
    });
    found
}

fn tell(m: &Mount, spot: &Spot, ino: Ino, told: Told, t: &mut Trace) {
    t.emit(|| Event::CopyUp {
        path: shown(m.path_of(spot)),
        kind: m.inode(told.from).kind.word().to_owned(),
        source: elsewhere(m, spot, told.from, &m.path_of(spot)),
        contents: told.data.map(|data| {
            let path = m.path_of(spot);
            let there = elsewhere(m, spot, data, &path).unwrap_or_else(|| show(&path).into_owned());
            Source { layer: m.layer_ref(data.0), path: there }
        }),
        bytes: told.bytes,
        from: m.layer_ref(told.from.0),
        into: None,
        metadata_only: told.metadata_only,
        completes: told.completes,
        metacopy: told.metacopy,
        index: told.index,
        inodes: usize::from(!told.completes),
        object: m.object(ino),
    });
}
