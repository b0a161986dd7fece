//! Command lines: `docker …`, `$ …` and what stands behind their pipes.

pub mod options;
pub mod words;
