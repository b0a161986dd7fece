//! The drawn stack: layers down, paths across.

use super::cache::Entry;
use super::mount::Mount;
use super::walk::Last;
use crate::fs::path::{clean, show};
use crate::fs::{Inode, Kind};
use crate::trace::{Cell, CellMark, Event, StackRow, Trace};

impl Mount {
    /// The stack drawn for these paths: an `Event::Stack` with this name. Not emitted: the caller
    /// decides who sees it.
    pub fn stack(&mut self, name: &str, paths: &[Vec<u8>], t: &mut Trace) -> Event {
        let begun = self.begin(t).is_ok();
        let paths: Vec<Vec<u8>> = paths.iter().map(|path| clean(path)).collect();
        let found: Vec<Option<(Entry, Vec<u8>)>> = paths
            .iter()
            .map(|path| if begun { self.as_mounter(|m| m.drawn(path, t)) } else { None })
            .collect();
        let rows = (0..=self.lowers.len() as u32).map(|layer| StackRow {
            layer: self.layer_ref(layer),
            cells: paths.iter().zip(&found).map(|(path, found)| self.cell(layer, path, found)).collect(),
        });
        Event::Stack {
            name: name.to_owned(),
            paths: paths.iter().map(|path| show(path).into_owned()).collect(),
            rows: rows.collect(),
            view: found.iter().map(|found| self.view_cell(found)).collect(),
        }
    }

    /// What a path leads to, and its physical path (symlinks on the way resolved).
    fn drawn(&mut self, path: &[u8], t: &mut Trace) -> Option<(Entry, Vec<u8>)> {
        let parent = self.parent_of(path, t).ok()?;
        let Last::Normal(name) = &parent.last else {
            return Some((self.cache.dir(parent.dir).entry.clone(), b"/".to_vec()));
        };
        let spot = self.spot(parent.dir, name).ok()?;
        Some((spot.node.entry.clone(), self.path_of(&spot)))
    }

    fn cell(&self, layer: u32, path: &[u8], found: &Option<(Entry, Vec<u8>)>) -> Cell {
        if let Some((entry, _)) = found
            && let Some(part) = entry.parts().find(|(part, _)| *part == layer)
        {
            let inode = self.inode(part);
            let mark = if inode.is_opaque() { CellMark::Opaque } else { CellMark::Visible };
            return Cell { mark, text: words(inode) };
        }
        let path = found.as_ref().map_or(path, |(_, physical)| physical);
        match self.raw(layer, path) {
            None => Cell { mark: CellMark::Absent, text: String::new() },
            Some(inode) if inode.deletes() && !self.native => {
                Cell { mark: CellMark::Whiteout, text: "whiteout".to_owned() }
            }
            Some(inode) => Cell { mark: CellMark::Hidden, text: words(inode) },
        }
    }

    fn view_cell(&self, found: &Option<(Entry, Vec<u8>)>) -> Cell {
        match found.as_ref().and_then(|(entry, _)| self.real(entry)) {
            Some(inode) => Cell { mark: CellMark::Visible, text: words(inode) },
            None => Cell { mark: CellMark::Absent, text: String::new() },
        }
    }
}

/// "656 B", "dir", "symlink" …
fn words(inode: &Inode) -> String {
    match &inode.kind {
        Kind::File(_) => bytes(inode.size()),
        Kind::Dir(_) => "dir".to_owned(),
        other => other.word().to_owned(),
    }
}

/// Decimal units with three digits, as Docker prints sizes.
fn bytes(size: u64) -> String {
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
