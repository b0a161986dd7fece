//! The table of names in merged directories: one for all directories of a mount.
//!
//! A name takes one line of the processor's cache: short names and what they lead to lie in the table
//! itself, with what stat tells of a plain file; the rest lies beside it. Nothing is listed from it, so its order never shows.

use super::cache::{Entry, Known, Lowers, Plain};
use crate::fs::{fold, name_hash};
use hashbrown::HashTable;

/// Names with the key of their directory, and what is known of them.
#[derive(Debug, Default)]
pub(super) struct Table {
    slots: HashTable<Slot>,
    /// Names that are too long for a slot.
    long: Beside<Box<[u8]>>,
    /// Entries that a slot can't say.
    rare: Beside<Entry>,
}

/// What the numbers mean depends on `kind`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Slot {
    dir: u32,
    /// Of a directory its number; of a leaf the upper inode; of a rare entry where it lies.
    first: u32,
    /// Of a leaf the lower inode …
    ino: u32,
    /// … and its layer; 0: none.
    layer: u16,
    kind: u8,
    /// Bytes of the name, or [`LONG`].
    len: u8,
    name: [u8; SHORT],
    /// What follows is of a plain file.
    uid: u32,
    gid: u32,
    size: u64,
    mtime: i64,
    mode: u16,
}

/// Bytes of a name that fit.
const SHORT: usize = 16;
/// As the length: the first four bytes of the name say where it lies.
const LONG: u8 = u8::MAX;

/// Kinds: a directory, an entry that lies beside; otherwise a leaf with its marks.
const DIR: u8 = 0x40;
const RARE: u8 = 0x80;
const OPAQUE: u8 = 1;
const UNLINKED: u8 = 2;
const PLAIN: u8 = 4;
const NO_UPPER: u32 = u32::MAX;

/// A name that is looked for, as a slot has it.
struct Wanted<'n> {
    dir: u32,
    text: &'n [u8],
    len: u8,
    name: [u8; SHORT],
}

impl Table {
    /// Number of names.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Bytes of the table. Those of long names are counted roughly, as none.
    pub fn bytes(&self) -> usize {
        self.slots.capacity() * (size_of::<Slot>() + 1)
    }

    #[inline]
    pub fn get(&self, dir: u32, name: &[u8]) -> Option<Known> {
        let wanted = Wanted::new(dir, name);
        self.slots.find(hash(dir, name), |slot| wanted.is(slot, &self.long)).map(|slot| self.open(slot))
    }

    pub fn set(&mut self, dir: u32, name: &[u8], known: Known) {
        let (hash, wanted) = (hash(dir, name), Wanted::new(dir, name));
        let packed = self.pack(known);
        let long = &mut self.long;
        match self.slots.find_mut(hash, |slot| wanted.is(slot, long)) {
            Some(slot) => {
                let before = std::mem::replace(slot, Slot { len: slot.len, name: slot.name, dir, ..packed });
                self.forget_rare(before);
            }
            None => {
                let mut slot = Slot { dir, len: wanted.len, name: wanted.name, ..packed };
                if slot.len == LONG {
                    slot.name[..4].copy_from_slice(&long.put(name.into()).to_le_bytes());
                }
                self.slots.insert_unique(hash, slot, |slot| hash_of(slot, long));
            }
        }
    }

    pub fn remove(&mut self, dir: u32, name: &[u8]) {
        let wanted = Wanted::new(dir, name);
        let Ok(found) = self.slots.find_entry(hash(dir, name), |slot| wanted.is(slot, &self.long)) else {
            return;
        };
        let (slot, _) = found.remove();
        if slot.len == LONG {
            self.long.take(slot.place_of_name());
        }
        self.forget_rare(slot);
    }

    fn forget_rare(&mut self, slot: Slot) {
        if slot.kind == RARE {
            self.rare.take(slot.first);
        }
    }

    /// A slot without a name.
    fn pack(&mut self, known: Known) -> Slot {
        let slot = Slot { kind: DIR, ..Slot::default() };
        let (entry, plain) = match known {
            Known::Dir(id) => return Slot { first: id, ..slot },
            Known::Leaf(entry, plain) => (entry, plain),
        };
        let (layer, ino) = entry.lowers.parts().first().copied().unwrap_or_default();
        let marks = if entry.opaque { OPAQUE } else { 0 } | if entry.unlinked { UNLINKED } else { 0 };
        let first = entry.upper.unwrap_or(NO_UPPER);
        if let Ok(layer) = u16::try_from(layer) {
            let slot = Slot { first, ino, layer, kind: marks, ..slot };
            // Whatever an entry may have besides is rare.
            if slot.leaf() == entry {
                return plain.map_or(slot, |plain| slot.with(plain));
            }
        }
        Slot { first: self.rare.put(entry), kind: RARE, ..slot }
    }

    #[inline]
    fn open(&self, slot: &Slot) -> Known {
        match slot.kind {
            DIR => Known::Dir(slot.first),
            RARE => Known::Leaf(self.rare.get(slot.first).cloned().unwrap_or_default(), None),
            _ => Known::Leaf(slot.leaf(), slot.plain()),
        }
    }
}

impl Slot {
    #[inline]
    fn leaf(&self) -> Entry {
        Entry {
            upper: (self.first != NO_UPPER).then_some(self.first),
            lowers: if self.layer == 0 {
                Lowers::None
            } else {
                Lowers::One([(u32::from(self.layer), self.ino)])
            },
            opaque: self.kind & OPAQUE != 0,
            unlinked: self.kind & UNLINKED != 0,
            ..Entry::default()
        }
    }

    fn with(self, plain: Plain) -> Slot {
        let Plain { mode, uid, gid, size, mtime } = plain;
        Slot { mode, uid, gid, size, mtime, kind: self.kind | PLAIN, ..self }
    }

    #[inline]
    fn plain(&self) -> Option<Plain> {
        let Slot { mode, uid, gid, size, mtime, .. } = *self;
        (self.kind & PLAIN != 0).then_some(Plain { mode, uid, gid, size, mtime })
    }

    #[inline]
    fn place_of_name(&self) -> u32 {
        let [a, b, c, d, ..] = self.name;
        u32::from_le_bytes([a, b, c, d])
    }
}

impl<'n> Wanted<'n> {
    #[inline]
    fn new(dir: u32, text: &'n [u8]) -> Wanted<'n> {
        let mut name = [0; SHORT];
        let len = if text.len() <= SHORT {
            name[..text.len()].copy_from_slice(text);
            text.len() as u8
        } else {
            LONG
        };
        Wanted { dir, text, len, name }
    }

    #[inline]
    fn is(&self, slot: &Slot, long: &Beside<Box<[u8]>>) -> bool {
        if self.dir != slot.dir || self.len != slot.len {
            return false;
        }
        if self.len != LONG {
            return self.name == slot.name;
        }
        long.get(slot.place_of_name()).is_some_and(|name| **name == *self.text)
    }
}

fn hash_of(slot: &Slot, long: &Beside<Box<[u8]>>) -> u64 {
    match slot.len {
        LONG => hash(slot.dir, long.get(slot.place_of_name()).map_or(&[], |name| name)),
        len => hash(slot.dir, &slot.name[..usize::from(len).min(SHORT)]),
    }
}

#[inline]
fn hash(dir: u32, name: &[u8]) -> u64 {
    fold(name_hash(name), u64::from(dir))
}

/// What few slots need, under numbers that are used again.
#[derive(Debug)]
struct Beside<T> {
    kept: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Beside<T> {
    fn default() -> Beside<T> {
        Beside { kept: Vec::new(), free: Vec::new() }
    }
}

impl<T> Beside<T> {
    fn get(&self, at: u32) -> Option<&T> {
        self.kept.get(at as usize)?.as_ref()
    }

    fn put(&mut self, it: T) -> u32 {
        let at = self.free.pop().unwrap_or(self.kept.len() as u32);
        match self.kept.get_mut(at as usize) {
            Some(place) => *place = Some(it),
            None => self.kept.push(Some(it)),
        }
        at
    }

    fn take(&mut self, at: u32) {
        if self.kept.get_mut(at as usize).and_then(Option::take).is_some() {
            self.free.push(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_stays_small() {
        assert_eq!((size_of::<Slot>(), align_of::<Slot>()), (64, 64));
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
        let plain = |n: usize| (n == 3).then_some(Plain { mode: 0o644, uid: 1, gid: 2, size: 3, mtime: 4 });
        for (n, entry) in entries.iter().enumerate() {
            table.set(5, &name(n), Known::Leaf(entry.clone(), plain(n)));
            table.set(6, &name(n), Known::Dir(n as u32));
        }
        for (n, entry) in entries.iter().enumerate() {
            assert!(
                matches!(table.get(5, &name(n)), Some(Known::Leaf(kept, p)) if kept == *entry && (p == plain(n)))
            );
            assert!(matches!(table.get(6, &name(n)), Some(Known::Dir(id)) if id == n as u32));
            table.remove(5, &name(n));
            assert!(table.get(5, &name(n)).is_none());
        }
        assert_eq!(table.len(), entries.len());
        let rare = |table: &Table| table.rare.kept.iter().flatten().count();
        assert_eq!((rare(&table), table.long.kept.iter().flatten().count()), (0, entries.len() - 2));
        for (n, entry) in entries.iter().enumerate() {
            table.set(6, &name(n), Known::Leaf(entry.clone(), None));
        }
        assert_eq!((rare(&table), table.len()), (2, entries.len()));
        for n in 0..entries.len() {
            table.set(6, &name(n), Known::Dir(1));
            table.remove(6, &name(n));
        }
        assert_eq!((rare(&table), table.long.free.len(), table.len()), (0, table.long.kept.len(), 0));
    }
}
