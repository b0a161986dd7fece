//! Images: layers with a config and a history, kept in a content-addressed store.

pub mod archive;
pub mod catalog;
mod config;
mod container;
mod layer;
pub mod mounts;
pub mod reference;
pub mod registry;
mod remove;
mod store;
mod usage;
mod volume;

pub use config::{Config, Health, History, HistoryJson, config_json, docker_config, rfc3339, unix_seconds};
pub use container::{Container, MOUNTED, add_init_layer};
pub use layer::{ImageLayer, Origin, diff_id, size};
pub use remove::{Done, PruneImages, Refused, Removed, Remover, labels_match};
pub use store::{Image, Store, chain_id, next_link};
pub use usage::{Keeper, Usage, held, stack};
pub use volume::{MountPoint, Volume};
