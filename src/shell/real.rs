//! Directories that a run has been through.

use crate::fs::{fold, name_hash};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Paths kept at most.
const BOUND: usize = 10_000;

/// Canonical paths of directories: on the way through them there is no symlink. With each, what it drew to
/// find that out, since whoever doesn't ask again draws the same.
#[derive(Debug, Default)]
pub(super) struct Real(HashMap<Vec<u8>, u64, BuildHasherDefault<PathHasher>>);

impl Real {
    pub fn contains(&self, path: &[u8]) -> bool {
        self.0.contains_key(path)
    }

    /// What looking at it draws, if it is known.
    pub fn cost(&self, path: &[u8]) -> Option<u64> {
        self.0.get(path).copied()
    }

    pub fn insert(&mut self, path: &[u8], cost: u64) {
        if self.0.len() < BOUND && !self.0.contains_key(path) {
            self.0.insert(path.to_vec(), cost);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// The hash of a path; nothing is listed from the map, so its order never shows.
#[derive(Default)]
struct PathHasher(u64);

impl Hasher for PathHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = fold(self.0, name_hash(bytes));
    }

    fn write_usize(&mut self, length: usize) {
        self.0 = fold(self.0, length as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
