//! Images: layers with a config and a history, kept in a content-addressed store.

pub mod catalog;
mod config;
mod store;

pub use config::{Config, Health, History};
pub use store::{Image, ImageLayer, Store};
