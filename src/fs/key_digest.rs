//! Digests of contents for cache keys.

use super::contents::{Contents, Piece, Seeded};
use super::digest::{Digest, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

impl Contents {
    /// A digest for cache keys: equal for equal contents however they are cut into pieces, and
    /// cheap for described ones. Long runs of one byte are hashed by their length; seeded stretches
    /// by their label, which is what makes a 60 MB file of a built-in base free to compare. (So it
    /// is not the SHA-256 of the bytes; a layer's archive is hashed byte by byte when it is written.)
    pub fn key_digest(&self) -> Digest {
        // As nearly every file is: its bytes, and no long run among them.
        if let [Piece::Bytes(bytes)] = self.pieces()
            && !may_have_long_run(bytes)
        {
            let mut hasher = Hasher::new();
            hasher.raw(bytes).number(bytes.len() as u64);
            return hasher.finish();
        }
        let mut runs = RunHasher::default();
        let mut after: Option<(Arc<str>, u64)> = None;
        for piece in self.pieces() {
            match piece {
                Piece::Fill { byte, len } => runs.run(*byte, *len),
                Piece::Bytes(bytes) => runs.bytes(bytes),
                stored @ Piece::Stored { .. } => {
                    Contents::from_pieces(vec![stored.clone()]).for_each_chunk(&mut |chunk| runs.bytes(chunk))
                }
                Piece::Seeded(seeded) => {
                    let Seeded { label, offset, len } = &**seeded;
                    let goes_on = after.as_ref().is_some_and(|(l, end)| l == label && end == offset);
                    if !goes_on {
                        runs.mark(label, *offset);
                    }
                    after = Some((label.clone(), offset + len));
                    continue;
                }
            }
            after = None;
        }
        runs.finish(self.len())
    }
}

/// Threads that are worth having for work like this. Asking the system takes a dozen calls, so it is asked once.
pub fn processors() -> usize {
    static KNOWN: OnceLock<usize> = OnceLock::new();
    *KNOWN.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from).min(16))
}

/// [`Contents::key_digest`] of each, on as many threads as there are processors when there is much to hash.
pub fn key_digests(all: &[Contents]) -> Vec<Digest> {
    const MUCH: u64 = 1 << 20;
    let bytes: u64 = all.iter().map(Contents::len).fold(0, u64::saturating_add);
    let processors = if bytes < MUCH { 1 } else { processors() };
    if processors == 1 {
        return all.iter().map(Contents::key_digest).collect();
    }
    let (next, digests) = (AtomicUsize::new(0), Mutex::new(vec![Digest([0; 32]); all.len()]));
    let work = || {
        const TAKEN: usize = 16;
        loop {
            let begin = next.fetch_add(TAKEN, Ordering::Relaxed);
            let Some(some) = all.get(begin..all.len().min(begin + TAKEN)) else { return };
            let done: Vec<Digest> = some.iter().map(Contents::key_digest).collect();
            let mut digests = digests.lock().unwrap_or_else(PoisonError::into_inner);
            digests.iter_mut().skip(begin).zip(done).for_each(|(place, digest)| *place = digest);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..processors {
            // A host without threads to give: this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    digests.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Is a whole block of these bytes one run? A long run fills one, wherever it begins.
fn may_have_long_run(bytes: &[u8]) -> bool {
    const BLOCK: usize = (RunHasher::LONG / 2) as usize;
    let is_one_run = |block: &[u8]| block.first() == block.last() && block[1..] == block[..BLOCK - 1];
    bytes.chunks_exact(BLOCK).any(is_one_run)
}

/// Hashes a stream of runs: short ones as their bytes, long ones as byte and length.
#[derive(Default)]
struct RunHasher {
    hasher: Hasher,
    buffer: Vec<u8>,
    byte: u8,
    count: u64,
}

impl RunHasher {
    const LONG: u64 = 4096;

    fn run(&mut self, byte: u8, count: u64) {
        if byte != self.byte {
            self.flush();
            self.byte = byte;
        }
        self.count += count;
    }

    /// Bytes as the runs they are made of. Those between the first run and the last go on as they are
    /// unless a long run may be among them, which would fill a whole block.
    fn bytes(&mut self, bytes: &[u8]) {
        if may_have_long_run(bytes) {
            for run in bytes.chunk_by(|a, b| a == b) {
                self.run(run[0], run.len() as u64);
            }
            return;
        }
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return };
        let begin = bytes.iter().take_while(|byte| *byte == first).count();
        let end = bytes.len() - bytes.iter().rev().take_while(|byte| *byte == last).count();
        self.run(*first, begin as u64);
        if begin < bytes.len() {
            self.flush();
            let between = &bytes[begin..end];
            match between.len() {
                0..0x4000 => self.buffer.extend_from_slice(between),
                _ => {
                    self.hasher.raw(&self.buffer).raw(between);
                    self.buffer.clear();
                }
            }
            self.run(*last, (bytes.len() - end) as u64);
        }
    }

    fn flush(&mut self) {
        if self.count < RunHasher::LONG {
            self.buffer.resize(self.buffer.len() + self.count as usize, self.byte);
        } else {
            self.buffer.extend_from_slice(b"\0run\0");
            self.buffer.push(self.byte);
            self.buffer.extend_from_slice(&self.count.to_le_bytes());
        }
        self.count = 0;
        if self.buffer.len() > 1 << 16 {
            self.hasher.raw(&self.buffer);
            self.buffer.clear();
        }
    }

    fn mark(&mut self, label: &str, offset: u64) {
        self.flush();
        self.hasher.raw(&self.buffer).raw(b"\0seeded\0").field(label).number(offset);
        self.buffer.clear();
    }

    fn finish(mut self, len: u64) -> Digest {
        self.flush();
        self.hasher.raw(&self.buffer).number(len);
        self.hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_key_digest_does_not_depend_on_how_contents_are_cut() {
        let mut cut = Contents::text("hello ");
        cut = cut.joined(&Contents::text("world")).joined(&Contents::fill(b'x', 9000));
        let whole = Contents::bytes([b"hello world".as_slice(), &[b'x'; 9000]].concat());
        assert_eq!(cut.key_digest(), whole.key_digest());
        assert_eq!(cut, whole);
        let seeded = Contents::seeded("a", 100);
        let halves = seeded.slice(0, 40).joined(&seeded.slice(40, 100));
        assert_eq!(seeded.key_digest(), halves.key_digest());
        assert_ne!(seeded.key_digest(), Contents::seeded("b", 100).key_digest());
        assert_ne!(Contents::text("aab").key_digest(), Contents::text("abb").key_digest());
    }

    /// The digest, a run at a time.
    fn run_by_run(pieces: &[Vec<u8>]) -> Digest {
        let mut runs = RunHasher::default();
        for run in pieces.iter().flat_map(|bytes| bytes.chunk_by(|a, b| a == b)) {
            runs.run(run[0], run.len() as u64);
        }
        runs.finish(pieces.iter().map(|bytes| bytes.len() as u64).sum())
    }

    fn stretch() -> impl Strategy<Value = Vec<u8>> {
        let run = (0u8..3, prop_oneof![0usize..4, 2040usize..2060, 4090usize..4100, 0usize..9000]);
        proptest::collection::vec(run, 0..5).prop_map(|runs| {
            runs.into_iter().flat_map(|(byte, count)| std::iter::repeat_n(byte, count)).collect()
        })
    }

    proptest! {
        #[test]
        fn bytes_are_hashed_as_their_runs(pieces in proptest::collection::vec(stretch(), 0..4)) {
            let whole = pieces.iter().fold(Contents::EMPTY, |whole, bytes| whole.joined(&Contents::bytes(bytes.clone())));
            prop_assert_eq!(whole.key_digest(), run_by_run(&pieces));
        }
    }

    #[test]
    fn many_are_hashed_as_each_by_itself() {
        let all: Vec<Contents> = (0..300).map(|n| Contents::text(&format!("{n} ").repeat(3000))).collect();
        let each: Vec<Digest> = all.iter().map(Contents::key_digest).collect();
        assert_eq!(key_digests(&all), each);
        assert_eq!(key_digests(&all[..3]), &each[..3]);
    }
}
