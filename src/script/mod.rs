//! Scripts.
pub mod rewrite;
