//! Layerlab (tour to be written).
pub mod build;
pub mod command;
pub mod dockerfile;
pub mod error;
pub mod fs;
pub mod image;
pub mod journal;
pub mod replay;
pub mod script;
pub mod shell;
pub mod trace;
pub mod union;
