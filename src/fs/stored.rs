//! Bytes that lie elsewhere and are read when somebody asks: in a file on disk, in shared memory.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// A place that bytes are read from, at any offset and from any thread. It never changes.
pub trait Source: Send + Sync + fmt::Debug {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// No bytes at all?
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads bytes from `offset` on; how many. 0 only at the end, or for an empty buffer.
    ///
    /// # Errors
    /// What the host says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A source in memory.
pub struct Memory(pub Vec<u8>);

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.0.len())
    }
}

impl Source for Memory {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.0.get(from..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

/// A source behind a thin pointer: an archive has a million stretches of it.
#[derive(Debug)]
pub struct Whole(Arc<dyn Source>);

/// A number of bytes in seven bytes: 64 PiB less one at most.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct U56([u8; 7]);

impl U56 {
    /// The largest.
    pub const MAX: u64 = (1 << 56) - 1;

    /// A number that is not greater than [`U56::MAX`]; else that.
    pub fn of(number: u64) -> U56 {
        let [a, b, c, d, e, f, g, _] = number.min(U56::MAX).to_le_bytes();
        U56([a, b, c, d, e, f, g])
    }

    /// The number.
    pub fn get(self) -> u64 {
        let [a, b, c, d, e, f, g] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, 0])
    }
}

impl fmt::Debug for U56 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A stretch of a [`Source`]. Cloning shares.
#[derive(Clone, Debug)]
pub struct Stored {
    pub(super) whole: Arc<Whole>,
    /// With its length it ends at [`U56::MAX`] or before.
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// The same bytes of the same source; equal bytes elsewhere are told by [`super::Contents`].
impl PartialEq for Stored {
    fn eq(&self, other: &Stored) -> bool {
        Arc::ptr_eq(&self.whole.0, &other.whole.0) && (self.offset, self.len) == (other.offset, other.len)
    }
}

impl Eq for Stored {}

impl Stored {
    /// All of a source; of one that claims more than [`U56::MAX`] bytes so many.
    pub fn all(source: Arc<dyn Source>) -> Stored {
        let len = source.len().min(U56::MAX);
        Stored { whole: Arc::new(Whole(source)), offset: 0, len }
    }

    /// These bytes, held in memory.
    pub fn memory(bytes: Vec<u8>) -> Stored {
        Stored::all(Arc::new(Memory(bytes)))
    }

    /// Size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// No bytes at all?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// `len` bytes from `from` on; none when there are not so many.
    pub fn part(&self, from: u64, len: u64) -> Option<Stored> {
        let end = from.checked_add(len)?;
        let offset = self.offset.checked_add(from)?;
        (end <= self.len).then(|| Stored { whole: self.whole.clone(), offset, len })
    }

    /// Reads bytes from `from` on until the buffer is full or the stretch ends; how many.
    ///
    /// # Errors
    /// What the host says; `UnexpectedEof` when the source has become shorter.
    pub fn read_at(&self, from: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.len.saturating_sub(from).min(buffer.len() as u64) as usize;
        let mut done = 0;
        while done < wanted {
            let at = self.offset.saturating_add(from).saturating_add(done as u64);
            match self.whole.0.read_at(at, &mut buffer[done..wanted]) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it has become shorter")),
                Ok(n) => done += n.min(wanted - done),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(wanted)
    }

    /// All bytes, none when there are more than `limit`.
    ///
    /// # Errors
    /// As [`Stored::read_at`].
    pub fn to_bytes(&self, limit: u64) -> io::Result<Option<Vec<u8>>> {
        if self.len > limit {
            return Ok(None);
        }
        let mut bytes = vec![0; self.len as usize];
        self.read_at(0, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// Hands on all bytes in order, in chunks of at most 256 KiB.
    ///
    /// # Errors
    /// As [`Stored::read_at`], and what `take` says.
    pub fn each_chunk(&self, take: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        const CHUNK: u64 = 256 << 10;
        let mut block = vec![0; CHUNK.min(self.len) as usize];
        let mut done = 0;
        while done < self.len {
            let n = self.read_at(done, &mut block)?;
            take(&block[..n])?;
            done += n as u64;
        }
        Ok(())
    }

    /// A reader from the first byte on.
    pub fn reader(&self) -> impl Read + use<> {
        StoredReader { stored: self.clone(), at: 0 }
    }
}

struct StoredReader {
    stored: Stored,
    at: u64,
}

impl Read for StoredReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.stored.read_at(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Room for bytes that are to be kept while the lab lives and not written where anybody looks: what an
/// archive unpacks to.
pub trait Spool: Send + Sync {
    /// An empty place to write to.
    ///
    /// # Errors
    /// What the host says.
    fn begin(&self) -> io::Result<Box<dyn Spooling>>;
}

/// A place of a [`Spool`] that is being written.
pub trait Spooling: Write + Send {
    /// What was written.
    ///
    /// # Errors
    /// What the host says.
    fn finish(self: Box<Self>) -> io::Result<Arc<dyn Source>>;
}

/// Keeps everything in memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemorySpool;

impl Spool for MemorySpool {
    fn begin(&self) -> io::Result<Box<dyn Spooling>> {
        Ok(Box::new(Growing(Vec::new())))
    }
}

struct Growing(Vec<u8>);

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Spooling for Growing {
    fn finish(self: Box<Self>) -> io::Result<Arc<dyn Source>> {
        Ok(Arc::new(Memory(self.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_stays_inside_its_whole() {
        let whole = Stored::memory(b"0123456789".to_vec());
        let part = whole.part(2, 5).unwrap();
        assert_eq!(part.to_bytes(9).unwrap().unwrap(), b"23456");
        assert_eq!(part.part(1, 2).unwrap().to_bytes(9).unwrap().unwrap(), b"34");
        assert_eq!(part.to_bytes(4).unwrap(), None);
        assert!(part.part(5, 1).is_none() && part.part(u64::MAX, 2).is_none() && part.part(5, 0).is_some());
        let mut read = String::new();
        part.reader().read_to_string(&mut read).unwrap();
        assert_eq!(read, "23456");
    }

    #[derive(Debug)]
    struct Shrunk;

    impl Source for Shrunk {
        fn len(&self) -> u64 {
            10
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            Memory(b"0123".to_vec()).read_at(offset, buffer)
        }
    }

    #[test]
    fn a_source_that_became_shorter_is_an_error_not_zero_bytes() {
        let stored = Stored::all(Arc::new(Shrunk));
        assert_eq!(stored.to_bytes(99).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
