//! The layers of an image as bars.

use serde::Serialize;

/// The layers of an image, to be drawn as bars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bars {
    /// The image's name.
    pub name: String,
    /// Bytes of all layers together.
    pub bytes: u64,
    /// Newest first.
    pub rows: Vec<Bar>,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Its index from 0, the lowest.
    pub layer: usize,
    /// The number of its instruction in the Dockerfile, if the image was built here.
    pub step: Option<usize>,
    /// HIT, MISS, BASE …; empty if nobody knows.
    pub verdict: String,
    /// Its bytes.
    pub bytes: u64,
    /// Those of them that no container sees: a later layer hides them.
    pub hidden: u64,
    /// What made it.
    pub command: String,
}
