//! The layers' tars: unpacked where they are packed, their digests checked, over all processors.

use super::parts::{blob_hex, check_blob};
use super::{Options, broken, too_big};
use crate::error::Error;
use crate::fs::{Compression, Contents, Digest, Hasher, Spooling, Stored, Unpacking};
use crate::trace::Fuel;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A layer as it lies in the archive.
pub(super) struct Packed {
    pub(super) place: String,
    pub(super) bytes: Contents,
}

impl Packed {
    /// What it is packed with.
    pub(super) fn compression(&self) -> Option<Compression> {
        Compression::of(&self.bytes.head(6))
    }

    /// Its bytes where they lie, when these are a plain tar in one piece.
    pub(super) fn plain(&self) -> Option<Stored> {
        if self.compression().is_some() { None } else { self.bytes.as_stored() }
    }
}

/// A layer's tar.
#[derive(Clone, Debug)]
pub(super) struct Plain {
    pub(super) tar: Stored,
    /// None when nobody asked for it.
    pub(super) diff_id: Option<Digest>,
}

/// How much may still be unpacked, all threads together.
pub(super) struct Room {
    left: AtomicU64,
    limit: u64,
    interrupt: Option<Arc<AtomicBool>>,
}

impl Room {
    pub(super) fn of(limit: u64, fuel: &Fuel) -> Room {
        Room { left: AtomicU64::new(limit), limit, interrupt: fuel.interrupt() }
    }

    /// An error once somebody has stopped the run.
    fn go_on(&self) -> io::Result<()> {
        match self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            true => Err(io::Error::other("interrupted")),
            false => Ok(()),
        }
    }

    fn take(&self, n: u64) -> bool {
        let take = |left: u64| left.checked_sub(n);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

/// Every layer's plain tar, in order. Meanwhile this thread does `work`.
pub(super) fn all<T>(
    packed: &[Packed],
    options: &Options,
    room: &Room,
    work: impl FnOnce() -> T,
) -> (Vec<Result<Plain, Error>>, T) {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(packed.len())));
    let unpack = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = packed.get(at) else { return };
            let plain = plain(one, options, room);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((at, plain));
        }
    };
    let processors = crate::fs::processors();
    // Plain tars that nobody sums are no work.
    let nothing = !options.verify && packed.iter().all(|one| one.plain().is_some());
    let processors = if nothing { 1 } else { processors };
    let worked = std::thread::scope(|scope| {
        for _ in 1..processors.min(packed.len() + 1) {
            // A host without threads to give: this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, unpack);
        }
        let worked = work();
        unpack();
        worked
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    (done.into_iter().map(|(_, plain)| plain).collect(), worked)
}

fn plain(one: &Packed, options: &Options, room: &Room) -> Result<Plain, Error> {
    let unreadable = |error: &io::Error| broken(&one.place, &format!("it can't be read: {error}"));
    let hex = blob_hex(&one.place).filter(|_| options.verify);
    let Some(compression) = one.compression() else {
        let tar = match one.bytes.as_stored() {
            Some(stored) => stored,
            // A sparse file inside the archive, whose zeros are nowhere.
            None => {
                let source = one.bytes.clone();
                spooled(one, options, room, |out| {
                    source.try_each_chunk(&mut |chunk| out.write_all(chunk)).map_err(Unpacking::Refused)
                })?
            }
        };
        if !options.verify {
            return Ok(Plain { tar, diff_id: None });
        }
        let mut sum = Hasher::new();
        tar.each_chunk(&mut |chunk| {
            sum.raw(chunk);
            room.go_on()
        })
        .map_err(|error| unreadable(&error))?;
        let digest = sum.finish();
        if let Some(hex) = hex {
            check_blob(&one.place, hex, digest)?;
        }
        return Ok(Plain { tar, diff_id: Some(digest) });
    };
    let mut sum = options.verify.then(Hasher::new);
    let mut packed = Summed { inner: one.bytes.reader(), sum: hex.map(|_| Hasher::new()) };
    let tar = spooled(one, options, room, |out| {
        let mut plain = Summed { inner: out, sum: sum.take() };
        let unpacked = compression.unpack_to(&mut packed, u64::MAX, &mut plain);
        sum = plain.sum;
        unpacked.map(drop)
    })?;
    if let Some(hex) = hex {
        // What stands behind the packed bytes belongs to the blob.
        io::copy(&mut packed, &mut io::sink()).map_err(|error| unreadable(&error))?;
        check_blob(&one.place, hex, packed.sum.map(Hasher::finish).unwrap_or(Digest([0; 32])))?;
    }
    Ok(Plain { tar, diff_id: sum.map(Hasher::finish) })
}

/// What `fill` writes, kept by the spool.
fn spooled(
    one: &Packed,
    options: &Options,
    room: &Room,
    fill: impl FnOnce(&mut dyn Write) -> Result<(), Unpacking>,
) -> Result<Stored, Error> {
    let unwritten = |error: &io::Error| {
        broken(&one.place, &format!("what it unpacks to can't be kept: {error}"))
            .hint("is the folder for temporary files full? TMPDIR names another one")
    };
    let kept = options.spool.begin().map_err(|error| unwritten(&error))?;
    let mut bounded = Bounded { out: kept, room, full: false };
    let filled = fill(&mut bounded);
    if bounded.full {
        return Err(too_big(room.limit, options.raise));
    }
    match filled {
        Ok(()) => {}
        Err(Unpacking::Damaged(words)) => {
            let word = one.compression().map_or("data", Compression::word);
            return Err(broken(&one.place, &format!("its {word} is damaged or cut short ({words})")));
        }
        Err(Unpacking::TooMuch) => return Err(too_big(room.limit, options.raise)),
        Err(Unpacking::Refused(error)) => return Err(unwritten(&error)),
    }
    bounded.out.finish().map(Stored::all).map_err(|error| unwritten(&error))
}

/// The archive itself, plain.
pub(super) fn whole(archive: &Stored, options: &Options, room: &Room) -> Result<Stored, Error> {
    let one = Packed { place: "the archive".to_owned(), bytes: Contents::stored(archive.clone()) };
    if one.compression().is_none() {
        return Ok(archive.clone());
    }
    let unverified = Options { verify: false, ..options.clone() };
    plain(&one, &unverified, room).map(|plain| plain.tar)
}

/// Takes no more than there is room for.
struct Bounded<'r> {
    out: Box<dyn Spooling>,
    room: &'r Room,
    full: bool,
}

impl Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.room.take(bytes.len() as u64) {
            self.full = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.room.go_on()?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Sums what goes through.
struct Summed<I> {
    inner: I,
    sum: Option<Hasher>,
}

impl Write for Summed<&mut dyn Write> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(sum) = &mut self.sum {
            sum.raw(bytes);
        }
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        if let Some(sum) = &mut self.sum {
            sum.raw(&buffer[..n]);
        }
        Ok(n)
    }
}
