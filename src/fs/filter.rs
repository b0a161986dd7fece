//! A layer's quick no: which names its directories surely don't have.
//!
//! A look-up that finds nothing cached asks one layer after the other, and most of them say no. A byte
//! for each name of the layer answers that without touching the directory (a Bloom filter whose bits for
//! one name lie in one word).

use super::entries::fold;
use super::tree::Ino;

/// Of which names it may be said that a directory has them. Never wrong about "no".
#[derive(Debug)]
pub(super) struct Filter {
    words: Box<[u64]>,
}

impl Filter {
    /// For this many names.
    pub fn for_names(names: usize) -> Filter {
        Filter { words: vec![0; names.div_ceil(8).next_power_of_two()].into() }
    }

    /// The directory has a name with this hash.
    pub fn add(&mut self, dir: Ino, hash: u64) {
        let (at, bits) = self.place(dir, hash);
        if let Some(word) = self.words.get_mut(at) {
            *word |= bits;
        }
    }

    /// May the directory have a name with this hash?
    #[inline]
    pub fn may_have(&self, dir: Ino, hash: u64) -> bool {
        let (at, bits) = self.place(dir, hash);
        self.words.get(at).is_none_or(|word| word & bits == bits)
    }

    /// The word of a name, and its three bits there.
    #[inline]
    fn place(&self, dir: Ino, hash: u64) -> (usize, u64) {
        let mixed = fold(hash, u64::from(dir));
        let bits = 1 << (mixed & 63) | 1 << (mixed >> 6 & 63) | 1 << (mixed >> 12 & 63);
        ((mixed >> 32) as usize & (self.words.len() - 1), bits)
    }
}

#[cfg(test)]
mod tests {
    use super::super::entries::name_hash;
    use super::*;

    #[test]
    fn it_never_denies_a_name_and_seldom_takes_a_stranger() {
        for names in [0, 1, 7, 8, 9, 5_000, 100_000u32] {
            let hash = |n: u32| name_hash(format!("name {n}").as_bytes());
            let mut filter = Filter::for_names(names as usize);
            (0..names).for_each(|n| filter.add(n / 10, hash(n)));
            assert!((0..names).all(|n| filter.may_have(n / 10, hash(n))));
            let strangers = (0..10_000).filter(|n| filter.may_have(n % 500, hash(1_000_000 + n))).count();
            assert!(strangers < 1_000, "{strangers} of 10,000 among {names}");
        }
    }
}
