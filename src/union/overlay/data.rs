//! Data-only lowers (`lowerdir=a:b::c`): nothing of them is merged. A metacopy of a regular lower finds
//! its contents there, by an absolute redirect (Documentation/filesystems/overlayfs.rst, "Data-only
//! lower layers"; fs/overlayfs/namei.c, `ovl_lookup_data_layers`).

use super::namei;
use crate::fs::{Errno, Ino, Kind};
use crate::union::Mount;
use crate::union::cache::Part;

/// The file under this path in the topmost data-only layer that has one.
///
/// The kernel looks when the file is opened; layers don't change, so the answer is the same now.
///
/// # Errors
/// What the last layer answered: opening the file gives this, though stat knows it.
pub(super) fn find(m: &Mount, path: &[u8]) -> Result<Part, Errno> {
    let mut answer = Errno::ENOENT;
    for layer in m.regular()..m.lowers.len() {
        let layer = layer as u32 + 1;
        match walk(m, layer, path) {
            Ok(ino) => return Ok((layer, ino)),
            Err(errno) => answer = errno,
        }
    }
    Err(answer)
}

/// Walks in one layer. Marks and whiteouts mean nothing here; symlinks are not followed, and no path
/// leads above the layer's root (`ovl_lookup_data_layer`: `LOOKUP_BENEATH`, `LOOKUP_NO_SYMLINKS`).
fn walk(m: &Mount, layer: u32, path: &[u8]) -> Result<Ino, Errno> {
    let mut above: Vec<Ino> = Vec::new();
    let mut at: Ino = 0;
    for name in crate::fs::path::names(path) {
        match &m.inode((layer, at)).kind {
            Kind::Dir(_) => {}
            Kind::Symlink(_) => return Err(Errno::ELOOP),
            _ => return Err(Errno::ENOTDIR),
        }
        match name {
            b"." => {}
            b".." => at = above.pop().ok_or(Errno::EXDEV)?,
            _ if name.len() > 255 => return Err(Errno::ENAMETOOLONG),
            _ => {
                above.push(at);
                at = namei::child(m, (layer, at), name)?.ok_or(Errno::ENOENT)?;
            }
        }
    }
    match m.inode((layer, at)).kind {
        Kind::File(_) => Ok(at),
        _ => Err(Errno::ENOENT),
    }
}
