//! Layerlab (tour to be written).
pub mod build;
#[cfg(feature = "cli")]
pub mod cli;
pub mod command;
pub mod dockerfile;
pub mod error;
pub mod fs;
pub mod image;
pub mod journal;
pub mod render;
#[cfg(feature = "cli")]
pub mod repl;
pub mod replay;
pub mod script;
pub mod shell;
pub mod trace;
pub mod union;
