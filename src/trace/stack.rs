//! The drawn stack as data: layers down, paths across.

use super::LayerRef;
use serde::Serialize;

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
