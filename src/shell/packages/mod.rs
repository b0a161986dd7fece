//! Package managers: deterministic writers of believable trees from a table of packages.
//!
//! Nothing is downloaded. Files are described ([`crate::fs::Contents::seeded`]): a name, a size and what
//! follows from them. What has a meaning is real text: databases, lists of packages, `package.json`.

pub(super) mod apk;
mod apk_db;
mod apk_query;
pub(super) mod apt;
mod apt_install;
mod apt_lists;
pub(super) mod apt_query;
mod apt_remove;
pub(super) mod cargo;
pub(super) mod composer;
pub(super) mod conda;
mod deb_files;
pub(super) mod dnf;
pub(super) mod dpkg;
mod dpkg_db;
pub(super) mod dpkg_dev;
pub(super) mod gem;
pub(super) mod go;
mod go_sum;
pub(super) mod maven;
mod node_locks;
pub(super) mod npm;
mod npm_manage;
pub(super) mod npm_run;
mod npm_tree;
pub(super) mod pip;
mod pip_site;
pub(super) mod pnpm;
pub(super) mod python;
mod scripts;
pub(crate) mod table;
pub(crate) mod teach;
mod version;
pub(super) mod writer;
pub(super) mod yarn;
