//! Contents of files: a rope of bytes, fills and seeded stretches.
//!
//! The big files of the built-in bases are *described*, not held: a fill, or a label from which the
//! bytes can be generated again. Copying contents shares them, so a simulated copy-up never copies.

use super::digest::Digest;
use super::stored::{Stored, U56, Whole};
use std::io;
use std::sync::Arc;

/// A stretch of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// One byte, `len` times. A hole is a fill of zero bytes.
    Fill {
        /// The byte.
        byte: u8,
        /// How often.
        len: u64,
    },
    /// Bytes generated from a label.
    Seeded(Arc<Seeded>),
    /// Bytes that lie elsewhere, in an archive on disk say, and are read when they are asked for: a
    /// [`Stored`], packed so that a file needs no allocation of its own.
    Stored {
        /// What holds them.
        whole: Arc<Whole>,
        /// Where in it they begin.
        offset: U56,
        /// How many bytes.
        len: U56,
    },
}

/// A stretch of bytes that are generated from a label. A label `program:NAME…` makes the file behave as
/// that program when it is executed, wherever it was copied or renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The label; equal labels generate equal bytes.
    pub label: Arc<str>,
    /// Where in the generated stream this stretch begins.
    pub offset: u64,
    /// How many bytes.
    pub len: u64,
}

impl From<Stored> for Piece {
    fn from(stored: Stored) -> Piece {
        Piece::Stored { offset: U56::of(stored.offset), len: U56::of(stored.len), whole: stored.whole }
    }
}

impl PartialEq for Whole {
    fn eq(&self, other: &Whole) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Whole {}

impl Piece {
    /// The stretch of a source that it is.
    fn stored(&self) -> Option<Stored> {
        match self {
            Piece::Stored { whole, offset, len } => {
                Some(Stored { whole: whole.clone(), offset: offset.get(), len: len.get() })
            }
            _ => None,
        }
    }

    fn len(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Fill { len, .. } => *len,
            Piece::Seeded(seeded) => seeded.len,
            Piece::Stored { len, .. } => len.get(),
        }
    }

    fn cut(&self, from: u64, to: u64) -> Piece {
        match self {
            Piece::Bytes(bytes) if from == 0 && to == bytes.len() as u64 => Piece::Bytes(bytes.clone()),
            Piece::Bytes(bytes) => Piece::Bytes(bytes[from as usize..to as usize].into()),
            Piece::Fill { byte, .. } => Piece::Fill { byte: *byte, len: to - from },
            Piece::Seeded(seeded) => Piece::Seeded(Arc::new(Seeded {
                label: seeded.label.clone(),
                offset: seeded.offset + from,
                len: to - from,
            })),
            Piece::Stored { .. } => match self.stored().and_then(|stored| stored.part(from, to - from)) {
                Some(part) => part.into(),
                None => self.clone(),
            },
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Rope {
    len: u64,
    pieces: Vec<Piece>,
}

/// The contents of a file. Cloning shares; an append adds a piece.
#[derive(Clone, Debug, Default)]
pub struct Contents(Held);

/// One piece, as nearly every file has, lies in the inode itself.
#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    Nothing,
    One(Piece),
    Rope(Arc<Rope>),
}

impl Contents {
    /// No bytes.
    pub const EMPTY: Contents = Contents(Held::Nothing);

    /// These bytes.
    pub fn bytes(bytes: impl Into<Arc<[u8]>>) -> Contents {
        let bytes = bytes.into();
        Contents(if bytes.is_empty() { Held::Nothing } else { Held::One(Piece::Bytes(bytes)) })
    }

    /// This text.
    pub fn text(text: &str) -> Contents {
        Contents::bytes(text.as_bytes())
    }

    /// One byte, `len` times.
    pub fn fill(byte: u8, len: u64) -> Contents {
        Contents::from_pieces(vec![Piece::Fill { byte, len }])
    }

    /// `len` bytes generated from a label.
    pub fn seeded(label: impl Into<Arc<str>>, len: u64) -> Contents {
        Contents::from_pieces(vec![Piece::Seeded(Arc::new(Seeded { label: label.into(), offset: 0, len }))])
    }

    /// Bytes that lie elsewhere.
    pub fn stored(stored: Stored) -> Contents {
        match stored.is_empty() {
            true => Contents::EMPTY,
            false => Contents(Held::One(stored.into())),
        }
    }

    /// A program of this name and size; see [`Contents::program`].
    pub fn of_program(name: &str, len: u64) -> Contents {
        Contents::seeded(format!("program:{name}"), len)
    }

    /// A rope of these pieces.
    pub fn from_pieces(mut pieces: Vec<Piece>) -> Contents {
        pieces.retain(|piece| piece.len() > 0);
        if pieces.len() <= 1 {
            return pieces.pop().map_or(Contents::EMPTY, |piece| Contents(Held::One(piece)));
        }
        let len = pieces.iter().map(Piece::len).fold(0, u64::saturating_add);
        Contents(Held::Rope(Arc::new(Rope { len, pieces })))
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        match &self.0 {
            Held::Nothing => &[],
            Held::One(piece) => std::slice::from_ref(piece),
            Held::Rope(rope) => &rope.pieces,
        }
    }

    /// Size in bytes.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Held::Nothing => 0,
            Held::One(piece) => piece.len(),
            Held::Rope(rope) => rope.len,
        }
    }

    /// The stretch of a source that these are, all in one piece.
    pub fn as_stored(&self) -> Option<Stored> {
        match self.pieces() {
            [piece] => piece.stored(),
            _ => None,
        }
    }

    /// A reader from the first byte on.
    pub fn reader(&self) -> impl io::Read + use<> {
        ContentsReader { contents: self.clone(), at: 0 }
    }

    /// No bytes at all?
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Held::Nothing)
    }

    /// The name behind `program:` if this is, from its first byte on, a described program. Options
    /// may follow the name after a space: `program:built go`.
    pub fn program(&self) -> Option<&str> {
        match self.pieces().first()? {
            Piece::Seeded(seeded) if seeded.offset == 0 => seeded.label.strip_prefix("program:"),
            _ => None,
        }
    }

    /// These contents followed by `more`.
    #[must_use]
    pub fn joined(&self, more: &Contents) -> Contents {
        let mut pieces = self.pieces().to_vec();
        pieces.extend_from_slice(more.pieces());
        Contents::from_pieces(pieces)
    }

    /// Appends in place. Many small appends are folded together, so a loop of them stays cheap.
    pub fn append(&mut self, more: &Contents) {
        let mut pieces = match std::mem::take(&mut self.0) {
            Held::Nothing => {
                *self = more.clone();
                return;
            }
            Held::One(piece) => {
                let mut pieces = Vec::with_capacity(2);
                pieces.push(piece);
                pieces
            }
            Held::Rope(rope) => match Arc::try_unwrap(rope) {
                Ok(rope) => rope.pieces,
                Err(shared) => shared.pieces.clone(),
            },
        };
        for piece in more.pieces() {
            match (pieces.last_mut(), piece) {
                (Some(Piece::Bytes(last)), Piece::Bytes(next)) if last.len() + next.len() <= 4096 => {
                    *last = [&last[..], &next[..]].concat().into();
                }
                (Some(Piece::Fill { byte: a, len }), Piece::Fill { byte: b, len: more }) if a == b => {
                    *len = len.saturating_add(*more);
                }
                _ => pieces.push(piece.clone()),
            }
        }
        *self = Contents::from_pieces(pieces);
    }

    /// The bytes from `from` up to, not including, `to` (both cut to the size).
    #[must_use]
    pub fn slice(&self, from: u64, to: u64) -> Contents {
        let to = to.min(self.len());
        if from >= to {
            return Contents::EMPTY;
        }
        if from == 0 && to == self.len() {
            return self.clone();
        }
        let (mut at, mut pieces) = (0u64, Vec::new());
        for piece in self.pieces() {
            let (start, end) = (at, at.saturating_add(piece.len()));
            at = end;
            if end > from && start < to {
                pieces.push(piece.cut(from.saturating_sub(start), to.min(end) - start));
            }
        }
        Contents::from_pieces(pieces)
    }

    /// Exactly `len` bytes: cut, or padded with zero bytes (a hole).
    #[must_use]
    pub fn resized(&self, len: u64) -> Contents {
        if len <= self.len() {
            self.slice(0, len)
        } else {
            let mut longer = self.clone();
            longer.append(&Contents::fill(0, len - self.len()));
            longer
        }
    }

    /// `data` put over these contents at `position`; a gap becomes a hole.
    #[must_use]
    pub fn overwritten(&self, position: u64, data: &Contents) -> Contents {
        let mut result = self.resized(position);
        result.append(data);
        result.append(&self.slice(position.saturating_add(data.len()), self.len()));
        result
    }

    /// All bytes, generated where they are only described. None when there are more than `limit`, or they
    /// lie elsewhere and can no longer be read.
    pub fn to_bytes(&self, limit: u64) -> Option<Vec<u8>> {
        if self.len() > limit {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.len() as usize);
        let take = &mut |chunk: &[u8]| {
            bytes.extend_from_slice(chunk);
            Ok(())
        };
        self.try_each_chunk(take).ok()?;
        Some(bytes)
    }

    /// The text, if the bytes are UTF-8 and not more than `limit`.
    pub fn to_text(&self, limit: u64) -> Option<String> {
        String::from_utf8(self.to_bytes(limit)?).ok()
    }

    /// The first `n` bytes (fewer if there are fewer).
    pub fn head(&self, n: u64) -> Vec<u8> {
        self.slice(0, n).to_bytes(n).unwrap_or_default()
    }

    /// Hands on all bytes in order, in chunks, generating what is described. Bytes that lie elsewhere and
    /// can no longer be read are zero; where that matters, [`Contents::try_each_chunk`] tells it.
    pub fn for_each_chunk(&self, take: &mut dyn FnMut(&[u8])) {
        for piece in self.pieces() {
            let (mut done, whole) = (0, piece.len());
            let read = each_chunk(piece, &mut |chunk| {
                done += chunk.len() as u64;
                take(chunk);
                Ok(())
            });
            if read.is_err() {
                let hole = Piece::Fill { byte: 0, len: whole - done };
                let _ = each_chunk(&hole, &mut |chunk| {
                    take(chunk);
                    Ok(())
                });
            }
        }
    }

    /// Hands on all bytes in order, in chunks of at most 256 KiB, until `take` refuses.
    ///
    /// # Errors
    /// What `take` says, or the host about bytes that lie elsewhere.
    pub fn try_each_chunk(&self, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.pieces().iter().try_for_each(|piece| each_chunk(piece, take))
    }
}

struct ContentsReader {
    contents: Contents,
    at: u64,
}

impl io::Read for ContentsReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(stored) = self.contents.as_stored() {
            let n = stored.read_at(self.at, buffer)?;
            self.at += n as u64;
            return Ok(n);
        }
        let part = self.contents.slice(self.at, self.at.saturating_add(buffer.len() as u64));
        let mut done = 0;
        part.try_each_chunk(&mut |chunk| {
            buffer[done..done + chunk.len()].copy_from_slice(chunk);
            done += chunk.len();
            Ok(())
        })?;
        self.at += done as u64;
        Ok(done)
    }
}

fn each_chunk(piece: &Piece, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    const CHUNK: usize = 64 << 10;
    match piece {
        Piece::Bytes(bytes) => bytes.chunks(CHUNK).try_for_each(take),
        Piece::Fill { byte, len } => {
            let block = vec![*byte; (*len).min(CHUNK as u64) as usize];
            let mut left = *len;
            while left > 0 {
                let n = left.min(block.len() as u64);
                take(&block[..n as usize])?;
                left -= n;
            }
            Ok(())
        }
        Piece::Seeded(seeded) => {
            let Seeded { label, offset, len } = &**seeded;
            let stream = SeededStream::new(label);
            let mut block = vec![0; (*len).min(CHUNK as u64) as usize];
            let mut done = 0;
            while done < *len {
                let n = (*len - done).min(block.len() as u64) as usize;
                stream.fill(offset + done, &mut block[..n]);
                take(&block[..n])?;
                done += n as u64;
            }
            Ok(())
        }
        Piece::Stored { .. } => piece.stored().map_or(Ok(()), |stored| stored.each_chunk(take)),
    }
}

impl PartialEq for Contents {
    fn eq(&self, other: &Contents) -> bool {
        let shared = || match (&self.0, &other.0) {
            (Held::Rope(a), Held::Rope(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        self.len() == other.len()
            && (shared() || self.pieces() == other.pieces() || self.key_digest() == other.key_digest())
    }
}

impl Eq for Contents {}

/// Where a described program has its label, behind what would be a header.
const LABEL_AT: usize = 64;

/// Contents that begin as a described program does are that program, whoever wrote them: a file of one of
/// the lab's own images that was saved and loaded. The bytes stay the same; only the first of them are
/// described again. Anything else is given back as it is.
pub fn recognised(contents: Contents) -> Contents {
    const MOST: u64 = 512;
    let head = contents.head(MOST);
    let label = head.get(LABEL_AT..).and_then(|rest| rest.split(|byte| *byte == 0).next());
    let Some(label) = label.and_then(|label| std::str::from_utf8(label).ok()) else { return contents };
    let end = LABEL_AT + label.len() + 1;
    if !label.starts_with("program:") || end > head.len() {
        return contents;
    }
    let described = Contents::seeded(label, contents.len());
    if described.head(end as u64) != head[..end] {
        return contents;
    }
    described.slice(0, end as u64).joined(&contents.slice(end as u64, contents.len()))
}

/// Bytes from a label, at any offset: eight bytes at a time from a 64-bit mixing function.
struct SeededStream<'l> {
    seed: u64,
    /// The label of a program.
    program: Option<&'l str>,
}

impl<'l> SeededStream<'l> {
    fn new(label: &'l str) -> SeededStream<'l> {
        let digest = Digest::of(label);
        let mut first = [0; 8];
        first.copy_from_slice(&digest.0[..8]);
        let program = label.starts_with("program:").then_some(label);
        SeededStream { seed: u64::from_le_bytes(first), program }
    }

    fn word(&self, index: u64) -> [u8; 8] {
        // A described program begins as every ELF file does, so `head -c 4` tells the truth.
        if self.program.is_some() && index == 0 {
            return *b"\x7fELF\x02\x01\x01\0";
        }
        let mut z = self.seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()
    }

    fn fill(&self, offset: u64, block: &mut [u8]) {
        let mut at = offset;
        let first = ((8 - offset % 8) % 8).min(block.len() as u64) as usize;
        let (begin, rest) = block.split_at_mut(first);
        begin.copy_from_slice(&self.word(at / 8)[(at % 8) as usize..][..first]);
        at += first as u64;
        let mut words = rest.chunks_exact_mut(8);
        for word in &mut words {
            word.copy_from_slice(&self.word(at / 8));
            at += 8;
        }
        let end = words.into_remainder();
        let last = self.word(at / 8);
        end.copy_from_slice(&last[..end.len()]);
        if let Some(label) = self.program {
            let named = label.bytes().chain([0]).zip(LABEL_AT as u64..);
            for (byte, at) in named.filter(|(_, at)| *at >= offset) {
                if let Some(place) = block.get_mut((at - offset) as usize) {
                    *place = byte;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_of_generated_bytes_is_a_slice_of_the_bytes() {
        let all = Contents::seeded("s", 200_000).to_bytes(1 << 20).unwrap();
        let part = Contents::seeded("s", 200_000).slice(65_533, 131_077).to_bytes(1 << 20).unwrap();
        assert_eq!(part, all[65_533..131_077]);
    }

    #[test]
    fn a_program_is_known_again_by_its_bytes() {
        let program = Contents::of_program("busybox --x", 5000);
        let bytes = program.to_bytes(5000).unwrap();
        let again = recognised(Contents::bytes(bytes.clone()));
        assert_eq!((again.program(), again.to_bytes(5000)), (Some("busybox --x"), Some(bytes.clone())));
        assert_eq!(recognised(Contents::of_program("a", 50)).program(), Some("a"));
        for (at, to) in [(0, b'x'), (70, b'x'), (10, b'x')] {
            let mut other = bytes.clone();
            other[at] = to;
            let other = recognised(Contents::bytes(other));
            assert_eq!(other.program(), None, "{at}");
        }
    }

    #[test]
    fn overwriting_past_the_end_leaves_a_hole() {
        let c = Contents::text("ab").overwritten(4, &Contents::text("z"));
        assert_eq!(c.to_bytes(99).unwrap(), b"ab\0\0z");
        assert_eq!(Contents::text("abcd").overwritten(1, &Contents::text("X")).to_text(9).unwrap(), "aXcd");
    }

    #[test]
    fn the_whole_of_contents_is_shared_not_copied() {
        let whole = Contents::text("abc");
        for same in [whole.slice(0, 9), whole.resized(3), whole.joined(&Contents::EMPTY)] {
            let (Piece::Bytes(a), Piece::Bytes(b)) = (&whole.pieces()[0], &same.pieces()[0]) else {
                panic!()
            };
            assert!(Arc::ptr_eq(a, b));
        }
    }
}
