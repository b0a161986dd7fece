//! ADD of an archive: what is in it, and putting that into an image.

use crate::fs::Contents;
use crate::trace::Trace;
use crate::union::Mount;

/// One member of an archive.
pub(super) struct Member {
    /// Its path as written.
    pub path: Vec<u8>,
}

pub(super) fn members(contents: &Contents, t: &mut Trace) -> Result<Option<Vec<Member>>, String> {
    let _ = (contents, t);
    Ok(None)
}

pub(super) fn unpack(target: &mut Mount, to: &[u8], members: &[Member], t: &mut Trace) -> Result<(), String> {
    let _ = (target, to, members, t);
    Ok(())
}
