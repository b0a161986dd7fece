//! What every layer of an image did, path by path: what it added, changed and removed, and which bytes
//! nobody can see any more.
//!
//! The rules are those of the union, not dive's: a whiteout hides, an opaque directory hides all that lies
//! below it, a file in a directory's place hides the directory (OCI image spec `layer.md`). [`Layers`] is
//! one tree of paths over all layers; [`Layers::seen`] is a look at it, [`Layers::changes`] are lists,
//! [`Layers::waste`] says what could be saved. It works on an image, whether it was built here or comes out
//! of an archive. Memory: about 32 bytes a path and 20 an entry; time: linear in the entries, whatever is
//! deleted.

mod changes;
mod fix;
mod json;
mod stack;
mod text;
mod view;
mod waste;

pub use changes::{Change, ChangeOf, Changed};
pub(super) use json::layer_changes;
pub use json::{ChangeLists, WasteRows, comparison_json, waste_json};
pub(super) use stack::told;
pub use text::{changes_text, comparison_text, show, waste_text};
pub use view::{Mark, Seen, View};
pub use waste::{Waste, WasteKind, Wasted};

use crate::fs::{Contents, Inode, Layer, Name, Nodes};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// A layer and what made it.
#[derive(Clone, Debug)]
pub struct OfLayer {
    /// The files, whiteouts included.
    pub layer: Layer,
    /// `sha256:…`.
    pub diff_id: String,
    /// Its history text, without what the builders put around the instruction; `(missing)` without one.
    pub command: Arc<str>,
    /// What the history says of who made it.
    pub made_by: MadeBy,
    /// Bytes of its files: each hard-linked one once.
    pub bytes: u64,
}

/// What kind of step made a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// It belongs to the base image.
    Base,
    /// `RUN`.
    Run,
    /// `COPY` or `ADD`.
    Copy,
    /// Anything else: `WORKDIR`, a commit, an import, nothing known.
    Other,
}

/// Number of a path. The root is 0; the rest stands in the order of a walk: parents first, names in byte
/// order, so that all below a path follows it.
pub type At = usize;

/// A path.
#[derive(Clone, Debug)]
struct Node {
    name: Name,
    parent: u32,
    /// Behind the last path below it.
    end: u32,
    /// Its first version.
    first: u32,
    depth: u32,
}

/// What one layer did to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The layer's index.
    pub layer: u32,
    /// The inode in that layer; none when the path went.
    pub ino: Option<u32>,
    /// What differs from what was visible before. Nothing visible before: [`Changed::ADDED`].
    pub changed: Changed,
    /// The path went with this one: itself, or a directory above it.
    pub with: u32,
    /// Another name of a file that this layer has under an earlier name: no bytes of its own.
    pub linked: bool,
}

/// A file that a layer stores and that no later view shows.
#[derive(Clone, Copy, Debug)]
struct Hidden {
    at: u32,
    layer: u32,
    ino: u32,
    /// The layer that hid its last name.
    by: u32,
    cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The path went with this one, or itself.
    Gone(u32),
    /// Another version took its place.
    Replaced(Changed),
}

/// The layers of an image, or of two that are compared, as one tree of paths. See the module's text.
#[derive(Clone, Debug)]
pub struct Layers {
    nodes: Vec<Node>,
    versions: Vec<Version>,
    layers: Vec<OfLayer>,
    /// Which layers belong to which image.
    images: Vec<Range<usize>>,
    hidden: Vec<Hidden>,
}

impl Layers {
    /// All layers, those of a first image before those of a second; bottom first.
    pub fn layers(&self) -> &[OfLayer] {
        &self.layers
    }

    /// The layers of each image.
    pub fn images(&self) -> &[Range<usize>] {
        &self.images
    }

    /// How many paths any layer has, the root included.
    pub fn paths(&self) -> usize {
        self.nodes.len()
    }

    /// The last name of a path; empty for the root.
    pub fn name(&self, at: At) -> &[u8] {
        self.nodes.get(at).map_or(b"", |node| &node.name)
    }

    /// The directory that a path lies in; the root's is the root.
    pub fn parent(&self, at: At) -> At {
        self.nodes.get(at).map_or(0, |node| node.parent as usize)
    }

    /// Behind the last path below this one: `at + 1..end(at)` lies in it.
    pub fn end(&self, at: At) -> At {
        self.nodes.get(at).map_or(0, |node| node.end as usize)
    }

    /// How deep a path lies; the root 0.
    pub fn depth(&self, at: At) -> usize {
        self.nodes.get(at).map_or(0, |node| node.depth as usize)
    }

    /// The paths that lie directly in a directory, in byte order.
    pub fn children(&self, at: At) -> impl Iterator<Item = At> + '_ {
        let end = self.end(at);
        let first = Some(at + 1).filter(|first| *first < end);
        std::iter::successors(first, move |child| Some(self.end(*child)).filter(|next| *next < end))
    }

    /// A path, absolute.
    pub fn path(&self, at: At) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = at;
        while at != 0 {
            names.push(self.name(at));
            at = self.parent(at);
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }

    /// The path with this text, if any layer has it.
    pub fn find(&self, path: &[u8]) -> Option<At> {
        crate::fs::path::names(path).try_fold(0, |at, name| self.children(at).find(|c| self.name(*c) == name))
    }

    /// What the layers did to a path, bottom first.
    pub fn versions(&self, at: At) -> &[Version] {
        let first = self.nodes.get(at).map_or(0, |node| node.first as usize);
        let end = self.nodes.get(at + 1).map_or(self.versions.len(), |node| node.first as usize);
        self.versions.get(first..end).unwrap_or_default()
    }

    /// The inode of a version.
    pub fn inode(&self, version: &Version) -> Option<&Inode> {
        Some(self.layers.get(version.layer as usize)?.layer.inode(version.ino?))
    }

    /// What a view of these layers shows of a path.
    pub fn visible(&self, at: At, layers: Range<usize>) -> Option<&Version> {
        let inside = |version: &&Version| layers.contains(&(version.layer as usize));
        self.versions(at).iter().rev().find(inside).filter(|version| version.ino.is_some())
    }

    /// Bytes of the file that a version shows, none if one of its other names was `counted` before.
    pub(super) fn bytes_once(&self, version: &Version, counted: &mut HashSet<(u32, u32)>) -> u64 {
        let (Some(inode), Some(ino)) = (self.inode(version), version.ino) else { return 0 };
        match inode.nlink < 2 || counted.insert((version.layer, ino)) {
            true => stored(inode),
            false => 0,
        }
    }

    /// The files that no view shows: layer and inode.
    pub fn hidden_files(&self) -> HashSet<(u32, u32)> {
        self.hidden.iter().map(|hidden| (hidden.layer, hidden.ino)).collect()
    }

    /// For each file that no view shows its layer and its bytes.
    pub fn hidden_bytes(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.hidden.iter().filter_map(|hidden| {
            let layer = self.layers.get(hidden.layer as usize)?;
            Some((hidden.layer as usize, stored(layer.layer.inode(hidden.ino))))
        })
    }

    /// Bytes that a version stores.
    pub fn bytes(&self, version: &Version) -> u64 {
        match self.inode(version) {
            Some(inode) if !version.linked => stored(inode),
            _ => 0,
        }
    }
}

/// The first bytes of a file: files of one size nearly always differ there, so few have to be read whole.
fn beginning(contents: &Contents) -> Vec<u8> {
    contents.head(128)
}

/// Bytes that an inode takes in its layer: a file's.
fn stored(inode: &Inode) -> u64 {
    if matches!(inode.kind, crate::fs::Kind::File(_)) { inode.size() } else { 0 }
}
