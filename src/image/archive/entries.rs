//! What the headers of a layer's tar say, packed: an archive may have a million entries.

use std::fmt;

/// What the header of an entry says: what dive works on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TarEntry {
    /// Without a slash in front, whiteouts by their raw name.
    pub path: Vec<u8>,
    /// `0` a file, `1` a hard link, `2` a symlink, `3` and `4` devices, `5` a directory, `6` a fifo.
    pub type_flag: u8,
    /// Where a link leads.
    pub link: Vec<u8>,
    /// Bytes of a file, else 0.
    pub size: u64,
    /// Permission bits, setuid, setgid and sticky.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// Entries in the order of the tar, about 20 bytes each. A path says only how it differs from the one
/// before.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TarEntries {
    packed: Vec<u8>,
    count: usize,
    last: Vec<u8>,
}

impl fmt::Debug for TarEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl TarEntries {
    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// None at all?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = TarEntry> {
        let mut rest = self.packed.as_slice();
        let mut path: Vec<u8> = Vec::new();
        std::iter::from_fn(move || unpack(&mut rest, &mut path))
    }

    pub(super) fn push(&mut self, entry: &TarEntry) {
        let shared = entry.path.iter().zip(&self.last).take_while(|(a, b)| a == b).count();
        let rest = &entry.path[shared..];
        put(&mut self.packed, shared as u64);
        put(&mut self.packed, rest.len() as u64);
        self.packed.extend_from_slice(rest);
        self.packed.push(entry.type_flag);
        for number in [entry.mode.into(), entry.uid.into(), entry.gid.into(), entry.size] {
            put(&mut self.packed, number);
        }
        put(&mut self.packed, entry.link.len() as u64);
        self.packed.extend_from_slice(&entry.link);
        self.last.clone_from(&entry.path);
        self.count += 1;
    }

    pub(super) fn finished(mut self) -> TarEntries {
        self.packed.shrink_to_fit();
        self.last = Vec::new();
        self
    }
}

impl FromIterator<TarEntry> for TarEntries {
    fn from_iter<I: IntoIterator<Item = TarEntry>>(entries: I) -> TarEntries {
        let mut packed = TarEntries::default();
        entries.into_iter().for_each(|entry| packed.push(&entry));
        packed.finished()
    }
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn put(packed: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        packed.push(number as u8 | 0x80);
        number >>= 7;
    }
    packed.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0u64, 0);
    loop {
        let (byte, more) = rest.split_first()?;
        *rest = more;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

fn unpack(rest: &mut &[u8], path: &mut Vec<u8>) -> Option<TarEntry> {
    fn bytes<'r>(rest: &mut &'r [u8]) -> Option<&'r [u8]> {
        let length = take(rest)? as usize;
        let (bytes, more) = (rest.get(..length)?, rest.get(length..)?);
        *rest = more;
        Some(bytes)
    }
    let shared = take(rest)? as usize;
    path.truncate(shared);
    path.extend_from_slice(bytes(rest)?);
    let (type_flag, more) = rest.split_first()?;
    *rest = more;
    let (mode, uid, gid, size) = (take(rest)? as u16, take(rest)? as u32, take(rest)? as u32, take(rest)?);
    let link = bytes(rest)?.to_vec();
    Some(TarEntry { path: path.clone(), type_flag: *type_flag, link, size, mode, uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_again() {
        let entry = |path: &str, size: u64| TarEntry {
            path: path.as_bytes().to_vec(),
            type_flag: b'0',
            link: if size == 7 { b"link".to_vec() } else { Vec::new() },
            size,
            mode: 0o4755,
            uid: u32::MAX,
            gid: 1000,
        };
        let all =
            vec![entry("a", 0), entry("a/b", 1 << 40), entry("", u64::MAX), entry("a/b/c", 7), entry("z", 1)];
        let packed: TarEntries = all.clone().into_iter().collect();
        assert_eq!(packed.iter().collect::<Vec<_>>(), all);
        assert_eq!((packed.len(), packed.is_empty()), (5, false));
    }
}
