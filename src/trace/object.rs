//! What the events say of objects in the upper, so that the upper can be told from the events alone.

use super::LayerRef;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// An object as it was made in the upper.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Object {
    /// 12 permission bits; octal text in JSON.
    #[serde(serialize_with = "octal")]
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes that stat shows: of a file or of a symlink's text; else 0.
    pub size: u64,
    /// A symlink's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// A device's major and minor number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rdev: Option<(u32, u32)>,
    /// Extended attributes, under the names the layer keeps them; the overlay's marks are not here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub xattrs: BTreeMap<String, String>,
}

/// A directory that was copied up on the way to something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopiedDirectory {
    /// The topmost layer that had it: its attributes are those of this one.
    pub from: LayerRef,
    /// What was made.
    #[serde(flatten)]
    pub object: Object,
}

/// A place in a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The layer.
    pub layer: LayerRef,
    /// The path there.
    pub path: String,
}

/// Bytes that were written, when they are short to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// A text of at most 512 bytes.
    Data(String),
    /// One character, repeated.
    Fill(char),
}

/// A change of one extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct XattrChange {
    /// Its name as the program wrote it.
    pub name: String,
    /// The name under which the layer keeps it: longer when the overlay escapes it, so that nobody
    /// inside can forge a mark (fs/overlayfs/xattrs.c, `ovl_own_xattr_set`).
    pub stored: String,
    /// Its new value; none: removed.
    pub value: Option<String>,
}

pub(super) fn octal<S: Serializer>(mode: &u16, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{mode:04o}"))
}
