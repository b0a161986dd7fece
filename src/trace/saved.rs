//! An archive of images that was written.

use serde::Serialize;

/// An image in an archive that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedImage {
    /// The names it has there.
    pub names: Vec<String>,
    /// Its id there, the SHA-256 of its config: what Docker will call it.
    pub id: String,
    /// Its id in the lab, which names layers without writing their tars.
    pub lab_id: String,
    /// SHA-256 of the layers' tars, bottom first.
    pub layers: Vec<String>,
}
