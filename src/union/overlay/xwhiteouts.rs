//! Whiteouts made of attributes: an empty file marked `whiteout`, in a directory marked `opaque=x`.
//! For whoever can't make a device 0:0: rootless engines, and overlays that are a layer of another.
//!
//! A look-up obeys the mark wherever it stands. A listing does not look every file up; it does so
//! only where the directory's mark says that it must, so without it the name is a ghost: listed and
//! not found (fs/overlayfs/readdir.c, `ovl_cache_entry_new`, `ovl_iterate`).

use crate::union::Mount;
use crate::union::cache::{Entry, Part};
use std::collections::BTreeSet;

/// Layers in which a marked directory was met since the mount (fs/overlayfs/util.c,
/// `ovl_layer_set_xwhiteouts`). State of the mount, not of its cache: it shows.
#[derive(Clone, Debug, Default)]
pub(in crate::union) struct Layers(BTreeSet<u32>);

/// What the mount knows at first: roots are looked at when it is made, all but the lowest
/// (fs/overlayfs/super.c, `ovl_get_root`).
pub(in crate::union) fn at_mount(m: &Mount) -> Layers {
    let above_lowest = 1..m.regular() as u32;
    let marked = |layer: &u32| !m.is_plain(*layer) && m.inode((*layer, 0)).holds_xwhiteouts();
    Layers(above_lowest.filter(marked).collect())
}

/// A look-up in `parent` found a directory with a mark that was read: in the last layer it is not.
pub(super) fn met(m: &mut Mount, parent: &Entry, entry: &Entry) {
    let last = match m.options.userxattr {
        true => parent.lowers.parts().last().map_or(0, |part| part.0),
        false => m.regular() as u32,
    };
    let first = entry.real().filter(|_| m.data > 0);
    let read = |part: &Part| part.0 != last || Some(*part) == first;
    let marked = |part: &&Part| read(part) && m.inode(**part).holds_xwhiteouts();
    let layers: Vec<u32> = entry.lowers.parts().iter().filter(marked).map(|part| part.0).collect();
    m.xwhiteouts.0.extend(layers);
}

/// Does a listing of this directory look up the regular files that come from this layer?
pub(super) fn asks(m: &Mount, dir: &Entry, layer: u32) -> bool {
    dir.xwhiteouts && m.xwhiteouts.0.contains(&layer)
}
