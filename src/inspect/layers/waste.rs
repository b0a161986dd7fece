//! Honest waste: bytes that the image carries and no container can ever see, or sees twice.
//!
//! Each stored file is counted at most once: when its last name is hidden, under the reason that hid it; or,
//! if it is still visible, as a copy of an earlier one. dive counts otherwise: see [`super::super::dive`].

use super::fix::fix;
use super::{At, Cause, Changed, Hidden, Layers, MadeBy, beginning, stored};
use crate::fs::{Contents, Digest, Inode, Kind, Nodes, key_digests};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Why bytes are wasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WasteKind {
    /// A whiteout hides the file.
    Deleted,
    /// A directory above it was deleted, replaced or made opaque: one whiteout hides all that lay in it.
    DeletedDirectory,
    /// Deleted here and there again, with the same bytes, under another name: it was moved.
    Moved,
    /// Other contents took its place.
    Overwritten,
    /// Only mode, owner or extended attributes changed; the layer has all of its bytes again.
    Metadata,
    /// The same bytes with the same attributes were written again.
    Rewritten,
    /// Visible, and an earlier layer has the same bytes under another name that is visible too.
    Duplicate,
}

impl WasteKind {
    /// All of them.
    pub const ALL: [WasteKind; 7] = [
        WasteKind::Deleted,
        WasteKind::DeletedDirectory,
        WasteKind::Moved,
        WasteKind::Overwritten,
        WasteKind::Metadata,
        WasteKind::Rewritten,
        WasteKind::Duplicate,
    ];

    /// The word in JSON and in tables.
    pub fn word(self) -> &'static str {
        match self {
            WasteKind::Deleted => "deleted",
            WasteKind::DeletedDirectory => "deleted-directory",
            WasteKind::Moved => "moved",
            WasteKind::Overwritten => "overwritten",
            WasteKind::Metadata => "metadata",
            WasteKind::Rewritten => "rewritten",
            WasteKind::Duplicate => "duplicate",
        }
    }
}

/// A finding: a file, or files of one directory that were wasted in the same way by the same two layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wasted {
    /// Why.
    pub kind: WasteKind,
    /// The file or the directory.
    pub at: At,
    /// How many files.
    pub files: usize,
    /// Bytes that would be saved.
    pub bytes: u64,
    /// The lowest layer that put them there; of a duplicate the one with the first copy.
    pub first: usize,
    /// The layer that hid them; of a duplicate the one with the later copy.
    pub by: usize,
    /// Where else the bytes are: of what was moved the new path, of a duplicate the first copy's.
    pub other: Option<At>,
    /// What to do, in one sentence.
    pub fix: String,
}

/// What could be saved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waste {
    /// Most bytes first.
    pub found: Vec<Wasted>,
    /// Bytes of all files that no view shows.
    pub hidden: u64,
    /// Bytes of visible copies.
    pub duplicates: u64,
    /// Bytes of all files of all layers.
    pub stored: u64,
}

impl Waste {
    /// All that could be saved, in bytes.
    pub fn savable(&self) -> u64 {
        self.hidden.saturating_add(self.duplicates)
    }

    /// Bytes and files of one kind.
    pub fn of(&self, kind: WasteKind) -> (u64, usize) {
        let found = self.found.iter().filter(|found| found.kind == kind);
        found.fold((0, 0), |(bytes, files), found| (bytes + found.bytes, files + found.files))
    }
}

/// Up to this many files are told one by one; more become their directory.
const FEW: usize = 8;

/// One wasted file.
#[derive(Clone, Copy)]
struct File {
    at: At,
    bytes: u64,
    other: Option<At>,
}

/// What makes files one finding: kind, first layer, the layer that hid them, the directory they went with.
type Group = (WasteKind, usize, usize, Option<At>);

impl Layers {
    /// What could be saved in an image.
    pub fn waste(&self, image: usize) -> Waste {
        let Some(all) = self.images().get(image).cloned() else { return Waste::default() };
        let hidden: Vec<&Hidden> =
            self.hidden.iter().filter(|hidden| all.contains(&(hidden.layer as usize))).collect();
        let moved = self.moved(&hidden);
        let mut groups: BTreeMap<Group, Vec<File>> = BTreeMap::new();
        let mut waste = Waste::default();
        for (hidden, moved) in hidden.iter().zip(moved) {
            let bytes = self.inode_of(hidden.layer, hidden.ino).map_or(0, stored);
            let (kind, with) = match (hidden.cause, moved) {
                (Cause::Gone(_), Some(_)) => (WasteKind::Moved, None),
                (Cause::Gone(with), None) if with == hidden.at => (WasteKind::Deleted, None),
                (Cause::Gone(with), None) => (WasteKind::DeletedDirectory, Some(with as At)),
                (Cause::Replaced(changed), _) => (replaced(changed), None),
            };
            let group = (kind, hidden.layer as usize, hidden.by as usize, with);
            groups.entry(group).or_default().push(File { at: hidden.at as At, bytes, other: moved });
            waste.hidden = waste.hidden.saturating_add(bytes);
        }
        for (group, file) in self.duplicates(all.clone()) {
            waste.duplicates = waste.duplicates.saturating_add(file.bytes);
            groups.entry(group).or_default().push(file);
        }
        for ((kind, first, by, with), mut files) in groups {
            files.sort_by_key(|file| file.at);
            let mut folded = Vec::new();
            match with {
                Some(with) => folded.push((with, files.as_slice())),
                None => self.fold(&files, &mut folded),
            }
            for (at, files) in folded {
                let bytes = files.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
                let others: Vec<At> = files.iter().filter_map(|file| file.other).collect();
                let other = others.iter().copied().reduce(|a, b| self.common(a, b));
                let mut found =
                    Wasted { kind, at, files: files.len(), bytes, first, by, other, fix: String::new() };
                found.fix = fix(self, &found);
                waste.found.push(found);
            }
        }
        waste.found.sort_by(|a, b| {
            (b.bytes, a.at, a.kind, a.first, a.by).cmp(&(a.bytes, b.at, b.kind, b.first, b.by))
        });
        let layers = self.layers().get(all).unwrap_or_default();
        waste.stored = layers.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
        waste
    }

    fn inode_of(&self, layer: u32, ino: u32) -> Option<&Inode> {
        Some(self.layers().get(layer as usize)?.layer.inode(ino))
    }

    /// Files of one way of waste: told one by one while they are few, else by directories. All below `/` is
    /// no place to look at, so there the directories in it are told.
    fn fold<'f>(&self, files: &'f [File], folded: &mut Vec<(At, &'f [File])>) {
        let common = |files: &[File]| files.iter().map(|file| file.at).reduce(|a, b| self.common(a, b));
        if files.len() <= FEW {
            folded.extend(files.chunks(1).filter_map(|one| Some((one.first()?.at, one))));
        } else if let Some(at) = common(files).filter(|at| *at != 0) {
            folded.push((at, files));
        } else {
            // In the order of the paths, those of one top-level directory stand together.
            for part in files.chunk_by(|a, b| self.top(a.at) == self.top(b.at)) {
                match part.len() > FEW {
                    true => folded.extend(common(part).map(|at| (at, part))),
                    false => folded.extend(part.chunks(1).filter_map(|one| Some((one.first()?.at, one)))),
                }
            }
        }
    }

    fn top(&self, mut at: At) -> At {
        while self.depth(at) > 1 {
            at = self.parent(at);
        }
        at
    }

    fn common(&self, mut a: At, mut b: At) -> At {
        while a != b {
            if self.depth(a) >= self.depth(b) { a = self.parent(a) } else { b = self.parent(b) }
        }
        a
    }

    /// For each hidden file the path at which the layer that deleted it has the same bytes anew.
    fn moved(&self, hidden: &[&Hidden]) -> Vec<Option<At>> {
        let gone = |hidden: &Hidden| matches!(hidden.cause, Cause::Gone(_));
        let mut wanted: HashMap<(u32, u64), Vec<usize>> = HashMap::new();
        for (index, hidden) in hidden.iter().enumerate().filter(|(_, hidden)| gone(hidden)) {
            let bytes = self.inode_of(hidden.layer, hidden.ino).map_or(0, stored);
            wanted.entry((hidden.by, bytes)).or_default().push(index);
        }
        let mut moved = vec![None; hidden.len()];
        if wanted.is_empty() {
            return moved;
        }
        let mut added: Vec<(u32, At, &Contents)> = Vec::new();
        for at in 1..self.paths() {
            for version in self.versions(at).iter().filter(|version| version.changed == Changed::ADDED) {
                let bytes = self.bytes(version);
                if let Some(Kind::File(contents)) = self.inode(version).map(|inode| &inode.kind)
                    && wanted.contains_key(&(version.layer, bytes))
                {
                    added.push((version.layer, at, contents));
                }
            }
        }
        let sized: HashSet<(u32, u64)> =
            added.iter().map(|(layer, _, contents)| (*layer, contents.len())).collect();
        let digests =
            key_digests(&added.iter().map(|(.., contents)| (*contents).clone()).collect::<Vec<_>>());
        let mut places: HashMap<(u32, Digest), At> = HashMap::new();
        for ((layer, at, _), digest) in added.iter().zip(digests) {
            places.entry((*layer, digest)).or_insert(*at);
        }
        let asked: Vec<usize> =
            wanted.iter().filter(|(key, _)| sized.contains(*key)).flat_map(|(_, all)| all.clone()).collect();
        for index in asked {
            if let Some(hidden) = hidden.get(index)
                && let Some(Kind::File(contents)) =
                    self.inode_of(hidden.layer, hidden.ino).map(|inode| &inode.kind)
                && let Some(place) = moved.get_mut(index)
            {
                *place = places.get(&(hidden.by, contents.key_digest())).copied();
            }
        }
        moved
    }

    /// Every visible file that holds bytes, once: its size, its layer and its first path.
    fn visible_files(&self, all: std::ops::Range<usize>, take: &mut dyn FnMut(u64, u32, At)) {
        let mut linked = HashSet::new();
        for at in 1..self.paths() {
            if let Some(version) = self.visible(at, all.clone())
                && let bytes @ 1.. = self.bytes_once(version, &mut linked)
            {
                take(bytes, version.layer, at);
            }
        }
    }

    /// Visible files whose bytes an earlier layer shows under another name.
    fn duplicates(&self, all: std::ops::Range<usize>) -> Vec<(Group, File)> {
        // Which layer has files of a size; none where several have.
        let mut layers_of: HashMap<u64, Option<u32>> = HashMap::new();
        self.visible_files(all.clone(), &mut |bytes, layer, _| {
            let known = layers_of.entry(bytes).or_insert(Some(layer));
            *known = known.filter(|known| *known == layer);
        });
        let mut by_size: HashMap<u64, Vec<(u32, u32)>> = HashMap::new();
        self.visible_files(all.clone(), &mut |bytes, layer, at| {
            if layers_of.get(&bytes) == Some(&None) {
                by_size.entry(bytes).or_default().push((layer, at as u32));
            }
        });
        drop(layers_of);
        let contents_of = |at: At| match self.visible(at, all.clone()).and_then(|version| self.inode(version))
        {
            Some(Inode { kind: Kind::File(contents), .. }) => contents.clone(),
            _ => Contents::EMPTY,
        };
        let mut candidates: Vec<(u64, usize, At)> = Vec::new();
        for (bytes, list) in by_size {
            let mut alike: HashMap<Vec<u8>, Vec<(usize, At)>> = HashMap::new();
            for (layer, at) in list.into_iter().map(|(layer, at)| (layer as usize, at as At)) {
                alike.entry(beginning(&contents_of(at))).or_default().push((layer, at));
            }
            for list in alike.into_values().filter(|list| list.len() > 1) {
                candidates.extend(list.into_iter().map(|(layer, at)| (bytes, layer, at)));
            }
        }
        let contents: Vec<Contents> = candidates.iter().map(|(.., at)| contents_of(*at)).collect();
        let mut same: HashMap<Digest, Vec<(u64, usize, At)>> = HashMap::new();
        for (candidate, digest) in candidates.into_iter().zip(key_digests(&contents)) {
            same.entry(digest).or_default().push(candidate);
        }
        let mut found = Vec::new();
        for mut copies in same.into_values() {
            copies.sort_by_key(|(_, layer, at)| (*layer, *at));
            let Some((_, first, original)) = copies.first().copied() else { continue };
            // Copies inside one layer are that step's own business.
            for (bytes, layer, at) in copies.into_iter().filter(|(_, layer, _)| *layer != first) {
                let group = (WasteKind::Duplicate, first, layer, None);
                found.push((group, File { at, bytes, other: Some(original) }));
            }
        }
        found
    }

    /// What made a layer.
    pub(super) fn made_by(&self, layer: usize) -> MadeBy {
        self.layers().get(layer).map_or(MadeBy::Other, |layer| layer.made_by)
    }
}

fn replaced(changed: Changed) -> WasteKind {
    match changed {
        changed if changed.is_contents() => WasteKind::Overwritten,
        changed if changed.is_metadata() => WasteKind::Metadata,
        _ => WasteKind::Rewritten,
    }
}
