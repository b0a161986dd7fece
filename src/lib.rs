//! Layerlab (tour to be written).
pub mod build;
pub mod dockerfile;
pub mod error;
pub mod fs;
pub mod image;
pub mod replay;
pub mod shell;
pub mod trace;
pub mod union;
