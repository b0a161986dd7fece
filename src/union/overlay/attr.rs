//! Extended attributes (fs/overlayfs/xattrs.c). A program inside can neither see nor forge marks:
//! names with their prefix are escaped (`ovl_own_xattr_set`).

use crate::fs::{Errno, Ino};
use crate::trace::Trace;
use crate::union::Mount;
use crate::union::cache::Spot;
use crate::union::driver::Need;
use std::borrow::Cow;

/// Where the marks of this mount live.
fn prefix(m: &Mount) -> &'static [u8] {
    if m.options.userxattr { b"user.overlay." } else { b"trusted.overlay." }
}

const ESCAPE: &[u8] = b"overlay.";

/// # Errors
/// `EINVAL` for the bare prefix: it belongs to the overlay's own handler, which wants a name behind
/// it (fs/xattr.c, `xattr_resolve_name`).
pub(super) fn stored<'n>(m: &Mount, name: &'n [u8]) -> Result<Cow<'n, [u8]>, Errno> {
    let prefix = prefix(m);
    match name.strip_prefix(prefix) {
        Some([]) if !m.native => Err(Errno::EINVAL),
        Some(own) if !m.native => Ok(Cow::Owned([prefix, ESCAPE, own].concat())),
        _ => Ok(Cow::Borrowed(name)),
    }
}

pub(super) fn shown<'n>(m: &Mount, name: &'n [u8]) -> Option<Cow<'n, [u8]>> {
    let prefix = prefix(m);
    match name.strip_prefix(prefix) {
        Some(own) if !m.native => Some(Cow::Owned([prefix, own.strip_prefix(ESCAPE)?].concat())),
        _ => Some(Cow::Borrowed(name)),
    }
}

/// The inode that takes a change of an extended attribute. One found through the index takes it
/// there, without getting the name.
pub(super) fn inode_for_xattr(m: &mut Mount, spot: &Spot, t: &mut Trace) -> Result<Ino, Errno> {
    match spot.node.entry.upper {
        Some(ino) if spot.node.entry.unlinked => Ok(ino),
        _ => super::copy_up::object(m, spot, Need::Attributes, t),
    }
}
