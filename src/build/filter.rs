//! What an ignore file leaves of a context.

use super::context::{View, fresh};
use super::ignore::{Ignore, IgnoreError, Trail, Visit};
use super::request::Builder;
use crate::dockerfile::{Difference, Version};
use crate::fs::{Ino, Kind, Nodes, Tree};
use crate::trace::Fuel;

/// Applies an ignore file to a tree.
///
/// # Errors
/// A pattern that can't be read; or an empty tank.
pub(super) fn view(
    tree: &Tree,
    ignore: &[u8],
    builder: Builder,
    version: Version,
    fuel: &mut Fuel,
) -> Result<View, IgnoreError> {
    let rules = Ignore::parse(ignore, version, fuel)?;
    let mut kept = tree.clone();
    let mut ignored = 0;
    if !rules.is_empty() {
        ignored = cut(&mut kept, &rules, builder, version, fuel);
    }
    let (mut files, mut bytes) = (0, 0u64);
    kept.walk(&mut |_, _, inode| {
        if !inode.kind.is_dir() {
            files += 1;
        }
        if let Kind::File(contents) = &inode.kind {
            bytes = bytes.saturating_add(contents.len());
        }
    });
    Ok(View {
        id: fresh(),
        tree: kept,
        files,
        bytes,
        ignored,
        finer_times: false,
        refused: Vec::new(),
        altered: Vec::new(),
        lists: Default::default(),
    })
}

/// Takes away what the rules exclude; the number of files that are gone.
fn cut(tree: &mut Tree, rules: &Ignore, builder: Builder, version: Version, fuel: &mut Fuel) -> usize {
    let whole = tree.clone();
    let mut gone = 0;
    // Directories that are excluded themselves but were looked into, outermost first.
    let mut entered: Vec<(Ino, Vec<u8>)> = Vec::new();
    let mut open: Vec<(Ino, String, Trail)> = vec![(0, String::new(), Trail::default())];
    while let Some((dir, path, trail)) = open.pop() {
        let Some(entries) = whole.inode(dir).entries() else { continue };
        for (name, ino) in entries.iter() {
            let shown = String::from_utf8_lossy(name);
            let at = if path.is_empty() { shown.into_owned() } else { format!("{path}/{shown}") };
            let is_dir = whole.inode(ino).kind.is_dir();
            let (visit, below) = rules.visit(&at, is_dir, &trail, fuel);
            match visit {
                Visit::Skip => {
                    gone += files_below(&whole, ino);
                    tree.unlink(dir, name);
                    continue;
                }
                Visit::Enter => entered.push((dir, name.to_vec())),
                Visit::Keep => {}
            }
            if is_dir {
                open.push((ino, at, below));
            }
        }
    }
    let sends_anyway = builder == Builder::BuildKit && !version.has(Difference::IgnoreEmptied);
    for (dir, name) in entered.into_iter().rev() {
        let Some(ino) = tree.child(dir, &name) else { continue };
        let empty = tree.inode(ino).entries().is_none_or(|entries| entries.is_empty());
        if empty && !sends_anyway {
            tree.unlink(dir, &name);
        } else if builder == Builder::Legacy {
            // Its entry isn't in the archive: unpacking makes it anew.
            tree.inode_mut(ino).mode = 0o755;
        }
    }
    gone
}

fn files_below(tree: &Tree, ino: Ino) -> usize {
    if !tree.inode(ino).kind.is_dir() {
        return 1;
    }
    let mut files = 0;
    tree.walk_from(ino, b"", &mut |_, _, inode| files += usize::from(!inode.kind.is_dir()));
    files
}
