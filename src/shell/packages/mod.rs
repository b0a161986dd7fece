//! Package managers: deterministic writers of believable trees from a table of packages.
//!
//! Nothing is downloaded. Files are described ([`crate::fs::Contents::seeded`]): a name, a size and what
//! follows from them. What has a meaning is real text: databases, lists of packages, `package.json`.

pub(super) mod apk;
pub(super) mod apt;
mod apt_lists;
pub(super) mod dpkg;
pub(super) mod go;
pub(super) mod npm;
pub(super) mod npm_tree;
pub(super) mod pip;
mod table;
mod writer;
