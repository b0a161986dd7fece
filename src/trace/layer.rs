//! Layers as events speak of them: how each answered a look-up, and the cells of the drawn stack.

use serde::Serialize;
use std::sync::Arc;

/// A layer as people count them: the upper is 0, lowers are counted from the bottom, so the base is 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerRef {
    /// 0 for the upper, else 1 for the bottom, 2 above it …
    pub number: usize,
    /// What made it: "COPY conf", "RUN apk add" …; may be empty.
    pub label: Arc<str>,
}

/// What one layer answered when a name was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// The layer holds the directory, but not the name.
    Absent,
    /// The layer does not hold the directory, so it was not asked.
    NoDirectory {
        /// The directory it lacks.
        directory: String,
    },
    /// A file (or other non-directory) of this size: the search ends.
    Found {
        /// "file", "symlink", "fifo", "chardev".
        kind: &'static str,
        /// Bytes.
        size: u64,
    },
    /// A directory: the search goes on below, unless it is opaque.
    Directory {
        /// Marked opaque: the search ends.
        opaque: bool,
        /// Marked with a redirect: the layers below are asked for this name instead.
        redirect: Option<String>,
    },
    /// A file without contents of its own: the search goes on for them.
    Metacopy {
        /// Bytes, as its mark says.
        size: u64,
    },
    /// A data-only layer: nothing of it is merged, but it has the contents.
    Data {
        /// Where in that layer, as the metacopy's redirect says.
        path: String,
        /// Bytes.
        size: u64,
    },
    /// A whiteout: the name is deleted here, the search ends.
    Whiteout,
    /// Only the upper, and last: it lacks the name, but its index knows the lower object that was
    /// found, and holds a copy of it under another name (`index=on`). The copy wins.
    Indexed {
        /// "file", "symlink", "fifo", "chardev".
        kind: &'static str,
        /// Bytes.
        size: u64,
    },
    /// Not asked: a layer above ended the search.
    NotAsked,
}

/// One step of a look-up: a layer and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Which layer.
    pub layer: LayerRef,
    /// What it answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What a cell of the drawn stack shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellMark {
    /// Visible in the merged view: ●
    Visible,
    /// There, but hidden by a layer above: ○
    Hidden,
    /// A whiteout: ✕
    Whiteout,
    /// An opaque directory: ⊘
    Opaque,
    /// Nothing there: ·
    Absent,
}

/// A cell of the drawn stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The sign.
    pub mark: CellMark,
    /// Words behind it: "656 B", "dir", empty when absent.
    pub text: String,
}

/// A row of the drawn stack: a layer and its cells, one per path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackRow {
    /// Which layer.
    pub layer: LayerRef,
    /// One cell for each path.
    pub cells: Vec<Cell>,
}
