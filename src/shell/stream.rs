//! What file descriptors lead to.

use crate::fs::{Contents, Piece};
use std::cell::RefCell;
use std::rc::Rc;

/// An open file description, shared by the descriptors that were duplicated from it.
pub(crate) type Stream = Rc<RefCell<Open>>;

/// What is open.
#[derive(Debug)]
pub(crate) enum Open {
    /// Nothing to read, swallows all: `/dev/null`.
    Null,
    /// Never ends: `/dev/zero`, `/dev/urandom`.
    Endless(Endless),
    /// Being read: a file's contents at the time of opening, a pipe's, a here-document.
    Reader(Reader),
    /// Collects: a pipe's write end, `$(…)`.
    Bag(Bag),
    /// A file being written.
    File { path: Vec<u8>, append: bool, position: u64 },
    /// The process's own standard output or error.
    Console(crate::trace::Stream),
    /// A directory that was opened for reading: reading it is what fails.
    Directory,
    /// Refuses to be written: `/dev/full`.
    Full,
}

/// Which endless device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endless {
    Zero,
    Random,
}

/// Contents and how far they were read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub contents: Contents,
    pub position: u64,
    /// The writer was cut off: whoever reads to the end would wait for ever.
    pub endless: bool,
    /// A file's contents, not a pipe's.
    pub file: bool,
}

/// Collects bytes and described contents in order.
#[derive(Debug, Default)]
pub(crate) struct Bag {
    contents: Contents,
    tail: Vec<u8>,
    written: u64,
    writes: u32,
    /// A pipe: full at some point, then its writer is stopped. `$(…)` has no such point.
    pub pipe: bool,
    /// The writer was stopped.
    pub full: bool,
}

impl Bag {
    /// What a pipe takes before its writer is held to be endless: real bytes, and single writes.
    const PIPE: (u64, u32) = (64 << 20, 100_000);

    /// A pipe's write end.
    pub fn pipe() -> Bag {
        Bag { pipe: true, ..Bag::default() }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.count(bytes.len() as u64);
        self.tail.extend_from_slice(bytes);
    }

    pub fn push_contents(&mut self, more: &Contents) {
        let small = more.len() <= 4096;
        let bytes: u64 =
            more.pieces().iter().map(|p| if let Piece::Bytes(b) = p { b.len() as u64 } else { 0 }).sum();
        if small && bytes == more.len() {
            self.push(&more.head(4096));
            return;
        }
        self.settle();
        self.count(bytes);
        self.contents.append(more);
    }

    fn count(&mut self, bytes: u64) {
        self.written = self.written.saturating_add(bytes);
        self.writes = self.writes.saturating_add(1);
        self.full |= self.pipe && (self.written > Bag::PIPE.0 || self.writes > Bag::PIPE.1);
    }

    fn settle(&mut self) {
        if !self.tail.is_empty() {
            self.contents.append(&Contents::bytes(std::mem::take(&mut self.tail)));
        }
    }

    /// All of it.
    pub fn take(&mut self) -> Contents {
        self.settle();
        std::mem::take(&mut self.contents)
    }
}

pub(crate) fn new(open: Open) -> Stream {
    Rc::new(RefCell::new(open))
}

/// A stream that gives these contents.
pub(crate) fn reader(contents: Contents) -> Stream {
    new(Open::Reader(Reader { contents, ..Reader::default() }))
}

/// A stream that gives a file's contents.
pub(crate) fn file(contents: Contents) -> Stream {
    new(Open::Reader(Reader { contents, file: true, ..Reader::default() }))
}

/// The descriptors of a process, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Descriptors(Vec<(u32, Stream)>);

impl Descriptors {
    /// 0, 1 and 2.
    pub fn standard(input: Stream, out: Stream, err: Stream) -> Descriptors {
        Descriptors(vec![(0, input), (1, out), (2, err)])
    }

    pub fn get(&self, number: u32) -> Option<&Stream> {
        self.0.iter().find(|(n, _)| *n == number).map(|(_, stream)| stream)
    }

    pub fn set(&mut self, number: u32, stream: Stream) {
        match self.0.iter_mut().find(|(n, _)| *n == number) {
            Some(slot) => slot.1 = stream,
            None => self.0.push((number, stream)),
        }
    }

    /// Puts back what `before` had under these numbers; others stay as they are now. What a substitution
    /// of a process opened meanwhile (bash takes 63 and downwards) ends with it.
    pub fn put_back(&mut self, numbers: &[u32], before: &Descriptors) {
        let opened = |number: u32| (60..64).contains(&number) && before.get(number).is_none();
        self.0.retain(|(number, _)| !numbers.contains(number) && !opened(*number));
        for number in numbers {
            if let Some(stream) = before.get(*number) {
                self.set(*number, stream.clone());
            }
        }
    }

    pub fn close(&mut self, number: u32) {
        self.0.retain(|(n, _)| *n != number);
    }
}
