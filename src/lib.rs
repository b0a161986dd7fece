//! Layerlab (tour to be written).
pub mod error;
pub mod fs;
pub mod image;
pub mod render;
pub mod shell;
pub mod trace;
pub mod union;
