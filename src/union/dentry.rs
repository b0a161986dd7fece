//! The table of names in merged directories: one for all directories of a mount.
//!
//! A name takes one line of the processor's cache: short names and what they lead to lie in the table
//! itself. Nothing is listed from it, so its order never shows.

use super::cache::{DirId, Entry, Known, Lowers};
use crate::fs::{fold, name_hash};
use hashbrown::HashTable;

/// Names with the key of their directory, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Table(HashTable<Slot>);

#[derive(Debug)]
struct Slot {
    dir: u32,
    name: Text,
    known: Packed,
}

#[derive(Debug)]
enum Text {
    Short {
        len: u8,
        bytes: [u8; Text::SHORT],
    },
    #[allow(clippy::redundant_allocation)]
    Long(Box<Box<[u8]>>),
}

/// [`Known`], small.
#[derive(Debug)]
enum Packed {
    Dir(DirId),
    /// The upper inode and the lower one; a layer of 0: none.
    Leaf {
        upper: u32,
        ino: u32,
        layer: u16,
        flags: u8,
    },
    Rare(Box<Entry>),
}

impl Table {
    /// Number of names.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Bytes of the table. Those of long names are counted roughly, as none.
    pub fn bytes(&self) -> usize {
        self.0.capacity() * (size_of::<Slot>() + 1)
    }

    #[inline]
    pub fn get(&self, dir: u32, name: &[u8]) -> Option<Known> {
        self.0.find(hash(dir, name), |slot| slot.is(dir, name)).map(|slot| slot.known.open())
    }

    pub fn set(&mut self, dir: u32, name: &[u8], known: Known) {
        let hash = hash(dir, name);
        let known = Packed::of(known);
        match self.0.find_mut(hash, |slot| slot.is(dir, name)) {
            Some(slot) => slot.known = known,
            None => {
                let slot = Slot { dir, name: Text::of(name), known };
                self.0.insert_unique(hash, slot, Slot::hash);
            }
        }
    }

    pub fn remove(&mut self, dir: u32, name: &[u8]) {
        if let Ok(slot) = self.0.find_entry(hash(dir, name), |slot| slot.is(dir, name)) {
            slot.remove();
        }
    }
}

impl Slot {
    #[inline]
    fn is(&self, dir: u32, name: &[u8]) -> bool {
        self.dir == dir && self.name.bytes() == name
    }

    fn hash(&self) -> u64 {
        hash(self.dir, self.name.bytes())
    }
}

impl Text {
    const SHORT: usize = 14;

    fn of(name: &[u8]) -> Text {
        if name.len() > Text::SHORT {
            return Text::Long(Box::new(name.into()));
        }
        let mut bytes = [0; Text::SHORT];
        bytes[..name.len()].copy_from_slice(name);
        Text::Short { len: name.len() as u8, bytes }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match self {
            Text::Short { len, bytes } => &bytes[..usize::from(*len).min(Text::SHORT)],
            Text::Long(name) => name,
        }
    }
}

impl Packed {
    const NO_UPPER: u32 = u32::MAX;
    const OPAQUE: u8 = 1;
    const UNLINKED: u8 = 2;

    fn of(known: Known) -> Packed {
        let entry = match known {
            Known::Dir(id) => return Packed::Dir(id),
            Known::Leaf(entry) => entry,
        };
        let (layer, ino) = entry.lowers.parts().first().copied().unwrap_or_default();
        let opaque = if entry.opaque { Packed::OPAQUE } else { 0 };
        let unlinked = if entry.unlinked { Packed::UNLINKED } else { 0 };
        let upper = entry.upper.unwrap_or(Packed::NO_UPPER);
        let Ok(layer) = u16::try_from(layer) else { return Packed::Rare(Box::new(entry)) };
        let packed = Packed::Leaf { upper, layer, ino, flags: opaque | unlinked };
        // Whatever an entry may have besides is rare.
        match packed.open() {
            Known::Leaf(opened) if opened == entry => packed,
            _ => Packed::Rare(Box::new(entry)),
        }
    }

    #[inline]
    fn open(&self) -> Known {
        match self {
            Packed::Dir(id) => Known::Dir(*id),
            Packed::Leaf { upper, layer, ino, flags } => Known::Leaf(Entry {
                upper: (*upper != Packed::NO_UPPER).then_some(*upper),
                lowers: if *layer == 0 { Lowers::None } else { Lowers::One([(u32::from(*layer), *ino)]) },
                opaque: flags & Packed::OPAQUE != 0,
                unlinked: flags & Packed::UNLINKED != 0,
                ..Entry::default()
            }),
            Packed::Rare(entry) => Known::Leaf((**entry).clone()),
        }
    }
}

#[inline]
fn hash(dir: u32, name: &[u8]) -> u64 {
    fold(name_hash(name), u64::from(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_stays_small() {
        assert_eq!(size_of::<Slot>(), 40);
    }

    #[test]
    fn what_is_kept_comes_back() {
        let mut table = Table::default();
        let entries = [
            Entry::default(),
            Entry { opaque: true, ..Entry::default() },
            Entry { upper: Some(7), unlinked: true, ..Entry::default() },
            Entry { lowers: Lowers::from_parts(&[(3, 9)]), ..Entry::default() },
            Entry { lowers: Lowers::from_parts(&[(3, 9), (4, 1)]), ..Entry::default() },
            Entry { upper: Some(1), redirect: Some(b"x".as_slice().into()), ..Entry::default() },
        ];
        let name = |n: usize| vec![b'n'; n * 9];
        for (n, entry) in entries.iter().enumerate() {
            table.set(5, &name(n), Known::Leaf(entry.clone()));
            table.set(6, &name(n), Known::Dir(n as u32));
        }
        for (n, entry) in entries.iter().enumerate() {
            assert!(matches!(table.get(5, &name(n)), Some(Known::Leaf(kept)) if kept == *entry));
            assert!(matches!(table.get(6, &name(n)), Some(Known::Dir(id)) if id == n as u32));
            table.remove(5, &name(n));
            assert!(table.get(5, &name(n)).is_none());
        }
        assert_eq!(table.len(), entries.len());
    }
}
