//! Redirect marks: where the lower parts of something that moved are to be found
//! (fs/overlayfs/dir.c: `ovl_set_redirect`, `ovl_get_redirect`, `ovl_need_absolute_redirect`).

use crate::fs::path::show;
use crate::fs::{Errno, Nodes};
use crate::trace::{Event, Trace};
use crate::union::Mount;
use crate::union::cache::{Entry, ROOT, Spot};
use std::sync::Arc;

/// Bytes of an absolute redirect (fs/overlayfs/overlayfs.h, `OVL_REDIRECT_MAX`).
const MAX: usize = 256;

/// Marks an object that is in the upper and about to get another name. `moves` says that the two
/// parents differ.
///
/// # Errors
/// `EXDEV` when the absolute path grows too long.
pub(super) fn set(m: &mut Mount, spot: &Spot, moves: bool, t: &mut Trace) -> Result<(), Errno> {
    let entry = &spot.node.entry;
    let absolute = moves || (spot.node.dir.is_none() && has_twins(m, entry));
    if let Some(now) = &entry.redirect
        && (!absolute || now.starts_with(b"/"))
    {
        return Ok(());
    }
    let to: Arc<[u8]> = if absolute { path_below(m, spot)?.into() } else { spot.name.clone() };
    let Some(ino) = entry.upper else { return Ok(()) };
    m.upper_mut().inode_mut(ino).extra_mut().redirect = Some(to.clone());
    match spot.node.dir {
        Some(id) => m.cache.dir_mut(id).entry.redirect = Some(to.clone()),
        None => m.cache.forget(spot.dir, &spot.name),
    }
    t.emit(|| Event::Redirect { path: show(&m.path_of(spot)).into_owned(), to: show(&to).into_owned() });
    Ok(())
}

/// A lower file with several names may be reached through any of them.
fn has_twins(m: &Mount, entry: &Entry) -> bool {
    entry.lowers.parts().first().is_some_and(|lower| {
        let inode = m.inode(*lower);
        inode.nlink > 1 && !inode.nested().is_some_and(|nested| nested.alone)
    })
}

/// The path in the lower layers: the names upwards, or the redirects where a directory has one.
fn path_below(m: &Mount, spot: &Spot) -> Result<Vec<u8>, Errno> {
    let mut names: Vec<Arc<[u8]>> = Vec::new();
    let (mut redirect, mut name, mut parent) =
        (spot.node.entry.redirect.clone(), spot.name.clone(), spot.dir);
    loop {
        let part = redirect.unwrap_or(name);
        let ends = part.starts_with(b"/");
        names.push(part);
        if ends || parent == ROOT {
            break;
        }
        let dir = m.cache.dir(parent);
        (redirect, name, parent) = (dir.entry.redirect.clone(), dir.name.clone(), dir.parent);
    }
    let mut path = Vec::new();
    for part in names.iter().rev() {
        if !part.starts_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(part);
    }
    if path.len() > MAX { Err(Errno::EXDEV) } else { Ok(path) }
}

/// Of an object in the upper: does something of it still lie below, under its own name?
pub(super) fn needed(m: &Mount, spot: &Spot) -> bool {
    let entry = &spot.node.entry;
    let Some(ino) = entry.upper else { return false };
    match spot.node.dir {
        Some(_) => !entry.lowers.parts().is_empty(),
        None => m.upper.inode(ino).metacopy().is_some() && !m.native,
    }
}
