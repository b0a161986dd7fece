//! The drawn stack: layers down, paths across.

use super::cache::Entry;
use super::mount::Mount;
use super::walk::Last;
use crate::fs::path::{clean, show};
use crate::fs::{Errno, Inode, Kind};
use crate::trace::{Cell, CellMark, Event, StackRow, Trace};

impl Mount {
    /// The stack drawn for these paths: an `Event::Stack` with this name. Not emitted: the caller
    /// decides who sees it.
    pub fn stack(&mut self, name: &str, paths: &[Vec<u8>], t: &mut Trace) -> Event {
        let begun = self.begin(t).is_ok();
        let paths: Vec<Vec<u8>> = paths.iter().map(|path| clean(path)).collect();
        let found: Vec<Option<Seen>> =
            paths.iter().map(|path| begun.then(|| self.as_mounter(|m| m.drawn(path, t)))?).collect();
        let rows = (0..=self.lowers.len() as u32).map(|layer| StackRow {
            layer: self.layer_ref(layer),
            cells: paths.iter().zip(&found).map(|(path, found)| self.cell(layer, path, found)).collect(),
        });
        Event::Stack {
            name: name.to_owned(),
            paths: paths.iter().map(|path| show(path).into_owned()).collect(),
            rows: rows.collect(),
            view: found.iter().map(|found| self.view_cell(found)).collect(),
            svg: false,
        }
    }

    /// What a path leads to; none if there is not even its directory.
    fn drawn(&mut self, path: &[u8], t: &mut Trace) -> Option<Seen> {
        let parent = self.parent_of(path, t).ok()?;
        let Last::Normal(name) = &parent.last else {
            let entry = Ok(self.cache.dir(parent.dir).entry.clone());
            return Some(Seen { entry, path: b"/".to_vec(), listed: true });
        };
        let entry = self.spot(parent.dir, name).map(|spot| spot.node.entry);
        let exists = entry.as_ref().is_ok_and(Entry::exists);
        let listed = exists || self.lists(parent.dir, name);
        Some(Seen { entry, path: self.path_in(parent.dir, name), listed })
    }

    fn cell(&self, layer: u32, path: &[u8], found: &Option<Seen>) -> Cell {
        let entry = found.as_ref().and_then(|seen| seen.entry.as_ref().ok());
        let path = found.as_ref().map_or(path, |seen| &seen.path);
        if let Some(entry) = entry
            && let Some(part) = entry.parts().find(|part| self.layer_of(*part) == layer)
        {
            let inode = self.inode(part);
            let opaque = inode.is_opaque() && path != b"/";
            let mark = if opaque { CellMark::Opaque } else { CellMark::Visible };
            let first = entry.real() == Some(part);
            let text = match words(inode) {
                text if layer == 0 && entry.unlinked => format!("{text} (index)"),
                text if !first && !inode.kind.is_dir() => format!("data {text}"),
                text => text,
            };
            return Cell { mark, text };
        }
        match self.raw(layer, path) {
            None => Cell { mark: CellMark::Absent, text: String::new() },
            Some(inode) if inode.deletes() && !self.native => {
                Cell { mark: CellMark::Whiteout, text: "whiteout".to_owned() }
            }
            Some(inode) => Cell { mark: CellMark::Hidden, text: words(inode) },
        }
    }

    fn view_cell(&self, found: &Option<Seen>) -> Cell {
        let hidden = |text: &str| Cell { mark: CellMark::Hidden, text: text.to_owned() };
        match found {
            Some(Seen { entry: Ok(entry), listed, .. }) => match self.real(entry) {
                Some(inode) => Cell { mark: CellMark::Visible, text: plain(inode) },
                None if *listed => hidden("ghost"),
                None => Cell { mark: CellMark::Absent, text: String::new() },
            },
            Some(Seen { entry: Err(errno), .. }) => hidden(errno.name()),
            None => Cell { mark: CellMark::Absent, text: String::new() },
        }
    }
}

/// A path as it is drawn.
struct Seen {
    /// What the last name leads to.
    entry: Result<Entry, Errno>,
    /// Symlinks on the way resolved.
    path: Vec<u8>,
    /// Does readdir list the name?
    listed: bool,
}

/// What a layer holds, with the marks that steer the look-up.
fn words(inode: &Inode) -> String {
    let text = plain(inode);
    let text = if inode.metacopy().is_some() { format!("metacopy {text}") } else { text };
    match inode.redirect() {
        Some(to) => format!("{text} → {}", show(to)),
        None => text,
    }
}

/// "656 B", "dir", "symlink" …
fn plain(inode: &Inode) -> String {
    match &inode.kind {
        Kind::File(_) => bytes(inode.size()),
        Kind::Dir(_) => "dir".to_owned(),
        other => other.word().to_owned(),
    }
}

/// Decimal units with three digits, as Docker prints sizes.
pub(super) fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let (mut value, mut unit) = (size as f64 / 1000.0, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit])
}
