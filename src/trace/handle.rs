//! News of open files and maps.

use super::LayerRef;
use serde::Serialize;

/// What happened to an open file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum HandleNews {
    /// It was opened and stays open.
    Opened {
        /// For reading.
        read: bool,
        /// For writing.
        write: bool,
        /// Every write goes to the end.
        append: bool,
        /// It is a directory.
        directory: bool,
        /// Where its contents are, or of a directory its attributes.
        from: Option<LayerRef>,
    },
    /// Bytes were read.
    Read {
        /// How many.
        bytes: u64,
        /// The layer they came from.
        from: LayerRef,
        /// The file has no name any more.
        nameless: bool,
    },
    /// Bytes were written, or the size changed, of a file without a name.
    Wrote {
        /// How many.
        bytes: u64,
        /// Size afterwards.
        size: u64,
    },
    /// Attributes of a file without a name changed.
    Attributes {
        /// What changed, in words.
        change: String,
    },
    /// The file was copied up while it was open.
    Followed {
        /// Where its contents were.
        from: LayerRef,
        /// The contents moved too (else only the attributes: a metacopy).
        contents: bool,
    },
    /// Its name went; the handle keeps the object.
    Unlinked {
        /// It is a directory.
        directory: bool,
        /// Where its contents are.
        from: Option<LayerRef>,
        /// It has no other name (hard link) either.
        nameless: bool,
    },
    /// fsync succeeded.
    Synced {
        /// Nothing was done, since the mount is volatile.
        skipped: bool,
        /// There is something in the upper to be written out.
        in_upper: bool,
    },
    /// It was closed.
    Closed {
        /// It was the last hold on a file without a name: these bytes of the upper are free now.
        freed: Option<u64>,
    },
}

/// What happened to a map (mmap).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum MapNews {
    /// It was made.
    Made {
        /// Through which open file.
        fd: u32,
        /// How many bytes.
        bytes: u64,
        /// The layer whose file it shows.
        from: LayerRef,
        /// The file was copied up since it was opened: the map shows what lies below.
        behind: bool,
    },
    /// It was read.
    Read {
        /// How many bytes.
        bytes: u64,
        /// The layer whose file it shows.
        from: LayerRef,
        /// The file was copied up since.
        behind: bool,
    },
    /// The file was copied up: the map goes on showing the lower one.
    LeftBehind {
        /// The layer whose file it shows.
        from: LayerRef,
    },
    /// It was given back.
    Unmapped {
        /// It was the last hold on a file without a name: these bytes of the upper are free now.
        freed: Option<u64>,
    },
}
