//! The Dockerfile language.

/// Whose rules hold: those of today, or those of the recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Docker as it is now.
    #[default]
    Current,
    /// Docker 20.10.24.
    V20_10,
}
