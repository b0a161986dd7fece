//! Numbers for states of mounts: no two states of this process share one.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers taken at once, so that a change costs an addition.
const BLOCK: u64 = 1 << 16;

static NEXT: AtomicU64 = AtomicU64::new(BLOCK);

/// The number of a mount's present state.
#[derive(Debug)]
pub(super) struct Generation {
    now: u64,
    /// The block that `now` is from belongs to another mount.
    borrowed: bool,
}

impl Generation {
    /// Of a new mount.
    pub fn new() -> Generation {
        Generation { now: NEXT.fetch_add(BLOCK, Ordering::Relaxed), borrowed: false }
    }

    /// The number.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The state changed.
    #[inline]
    pub fn advance(&mut self) {
        if self.borrowed || self.now % BLOCK == BLOCK - 1 {
            *self = Generation::new();
        } else {
            self.now += 1;
        }
    }
}

impl Clone for Generation {
    /// The same state; what becomes of the copy is its own.
    fn clone(&self) -> Generation {
        Generation { now: self.now, borrowed: true }
    }
}

/// A number that is nobody else's.
pub(super) fn serial() -> u64 {
    NEXT.fetch_add(BLOCK, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_states_share_a_number() {
        let mut one = Generation::new();
        let mut seen = HashSet::from([one.now()]);
        for _ in 0..3 {
            let mut copy = one.clone();
            assert_eq!(copy.now(), one.now());
            for _ in 0..BLOCK + 5 {
                copy.advance();
                one.advance();
                assert!(seen.insert(copy.now()) && seen.insert(one.now()));
            }
            one = copy;
        }
    }
}
