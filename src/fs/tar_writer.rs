//! Tar archives, written: the same entries give the same bytes.
//!
//! POSIX ustar, with pax records where a field is too small for its value (a long name, a name that is
//! not ASCII, a time before 1970, attributes), as Go's `archive/tar` writes them for Docker (moby
//! `pkg/archive/archive.go`, `FileInfoHeader`). Times are whole seconds; owners have no names.

use super::contents::Contents;
use std::io::{self, Write};

/// What an entry is.
#[derive(Clone, Debug)]
pub enum EntryKind<'a> {
    /// A file with its bytes.
    File(&'a Contents),
    /// A directory; its name is written with a slash behind it.
    Dir,
    /// A symbolic link and its text.
    Symlink(&'a [u8]),
    /// One more name of an earlier entry.
    Link(&'a [u8]),
    /// A named pipe.
    Fifo,
    /// A character device, major and minor number.
    CharDev(u32, u32),
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Without a slash in front or behind.
    pub path: &'a [u8],
    /// What it is.
    pub kind: EntryKind<'a>,
    /// Permission bits, setuid, setgid and sticky; Docker adds the bits of the file's type.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Unix seconds.
    pub mtime: i64,
    /// Extended attributes, full name to value.
    pub xattrs: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Entry<'a> {
    /// An entry of root's, 0644 (a directory's is 0755), at the epoch.
    pub fn new(path: &'a [u8], kind: EntryKind<'a>) -> Entry<'a> {
        let mode = if matches!(kind, EntryKind::Dir) { 0o755 } else { 0o644 };
        Entry { path, kind, mode, uid: 0, gid: 0, mtime: 0, xattrs: Vec::new() }
    }
}

const BLOCK: usize = 512;

/// The largest number of an octal field of 12 bytes, and of one of 8.
const MOST: (i64, u32) = (0o77_777_777_777, 0o7_777_777);

/// Writes one archive after the other's rules: entries, then [`TarWriter::finish`].
#[derive(Debug)]
pub struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    /// Begins an archive.
    pub fn new(out: W) -> TarWriter<W> {
        TarWriter { out }
    }

    /// Writes an entry; contents are generated or read while they are written.
    ///
    /// # Errors
    /// What the writer says, or the host about contents that lie elsewhere.
    pub fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.out.write_all(&heading(entry))?;
        if let EntryKind::File(contents) = entry.kind {
            let out = &mut self.out;
            contents.try_each_chunk(&mut |chunk| out.write_all(chunk))?;
            self.pad(contents.len())?;
        }
        Ok(())
    }

    /// Writes a file whose `size` bytes `fill` brings.
    ///
    /// # Errors
    /// What `fill` or the writer says.
    pub fn streamed(
        &mut self,
        path: &[u8],
        size: u64,
        fill: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let described = Contents::fill(0, size);
        self.out.write_all(&heading(&Entry::new(path, EntryKind::File(&described))))?;
        let mut counted = Counted { out: &mut self.out, left: size };
        fill(&mut counted)?;
        if counted.left > 0 {
            return Err(io::Error::other(format!("{} bytes are missing", counted.left)));
        }
        self.pad(size)
    }

    /// Two blocks of zero bytes: the end.
    ///
    /// # Errors
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let over = (size % BLOCK as u64) as usize;
        if over == 0 { Ok(()) } else { self.out.write_all(&[0; BLOCK][over..]) }
    }
}

/// Takes no more than was announced.
struct Counted<'w, W> {
    out: &'w mut W,
    left: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("more bytes than were announced"))?;
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An entry's header, with the pax records before it that it needs.
fn heading(entry: &Entry<'_>) -> Vec<u8> {
    let (type_flag, link, size, device) = match &entry.kind {
        EntryKind::File(contents) => (b'0', &b""[..], contents.len(), None),
        EntryKind::Dir => (b'5', &b""[..], 0, None),
        EntryKind::Symlink(target) => (b'2', *target, 0, None),
        EntryKind::Link(target) => (b'1', *target, 0, None),
        EntryKind::Fifo => (b'6', &b""[..], 0, None),
        EntryKind::CharDev(major, minor) => (b'3', &b""[..], 0, Some((*major, *minor))),
    };
    let mut path = entry.path.to_vec();
    if type_flag == b'5' {
        path.push(b'/');
    }
    let mut records: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut record = |key: &str, value: &[u8]| records.push((key.as_bytes().to_vec(), value.to_vec()));
    let split = split(&path);
    if split.is_none() {
        record("path", &path);
    }
    if link.len() > 100 || !link.is_ascii() {
        record("linkpath", link);
    }
    let number = |number: i64| number.to_string().into_bytes();
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    if size > MOST.0 {
        record("size", &number(size));
    }
    if !(0..=MOST.0).contains(&entry.mtime) {
        record("mtime", &number(entry.mtime));
    }
    for (key, id) in [("uid", entry.uid), ("gid", entry.gid)] {
        if id > MOST.1 {
            record(key, &number(i64::from(id)));
        }
    }
    for (name, value) in &entry.xattrs {
        records.push(([b"SCHILY.xattr.", *name].concat(), value.to_vec()));
    }
    let mut blocks = Vec::with_capacity(BLOCK);
    if !records.is_empty() {
        records.sort();
        let data: Vec<u8> = records.iter().flat_map(|(key, value)| pax(key, value)).collect();
        let name = [parent(&path), b"PaxHeaders.0/", last(&path)].concat();
        let fields = Fields { name: &name, type_flag: b'x', size: data.len() as i64, ..Fields::default() };
        blocks.extend(fields.block());
        blocks.extend(&data);
        blocks.resize(blocks.len().next_multiple_of(BLOCK), 0);
    }
    let (prefix, name) = split.unwrap_or((b"", &path));
    let within = |id: u32| if id > MOST.1 { 0 } else { id };
    let fields = Fields {
        name,
        prefix,
        link,
        type_flag,
        size: if size > MOST.0 { 0 } else { size },
        mode: entry.mode,
        uid: within(entry.uid),
        gid: within(entry.gid),
        mtime: if (0..=MOST.0).contains(&entry.mtime) { entry.mtime } else { 0 },
        device: device.unwrap_or_default(),
    };
    blocks.extend(fields.block());
    blocks
}

/// Prefix and name as they fit into a header; none when they don't (Go `archive/tar`, `splitUSTARPath`).
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if !path.is_ascii() {
        return None;
    }
    if path.len() <= 100 {
        return Some((b"", path));
    }
    // At the last slash that leaves a short enough beginning; the slash at a directory's end is none.
    let body = path.strip_suffix(b"/").unwrap_or(path);
    let slash = body.get(..body.len().min(156))?.iter().rposition(|byte| *byte == b'/')?;
    let (prefix, name) = (&path[..slash], &path[slash + 1..]);
    (slash > 0 && name.len() <= 100).then_some((prefix, name))
}

/// Everything up to the last name, with its slash.
fn parent(path: &[u8]) -> &[u8] {
    let body = path.strip_suffix(b"/").unwrap_or(path);
    &path[..body.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1)]
}

fn last(path: &[u8]) -> &[u8] {
    path[parent(path).len()..].strip_suffix(b"/").unwrap_or(&path[parent(path).len()..])
}

/// `LENGTH KEY=VALUE\n`; the length counts itself.
fn pax(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// The fields of a header block.
#[derive(Default)]
struct Fields<'a> {
    name: &'a [u8],
    prefix: &'a [u8],
    link: &'a [u8],
    type_flag: u8,
    size: i64,
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: i64,
    device: (u32, u32),
}

impl Fields<'_> {
    fn block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, most: usize, text: &[u8]| {
            // What is not ASCII, or too long, stands in a record.
            let text = text.iter().copied().filter(u8::is_ascii).take(most);
            block[at..].iter_mut().zip(text).for_each(|(place, byte)| *place = byte);
        };
        put(0, 100, self.name);
        put(100, 8, octal(self.mode.into(), 7).as_bytes());
        put(108, 8, octal(self.uid.into(), 7).as_bytes());
        put(116, 8, octal(self.gid.into(), 7).as_bytes());
        put(124, 12, octal(self.size, 11).as_bytes());
        put(136, 12, octal(self.mtime, 11).as_bytes());
        put(148, 8, b"        ");
        put(156, 1, &[self.type_flag]);
        put(157, 100, self.link);
        put(257, 8, b"ustar\x0000");
        put(329, 8, octal((self.device.0 & MOST.1).into(), 7).as_bytes());
        put(337, 8, octal((self.device.1 & MOST.1).into(), 7).as_bytes());
        put(345, 155, self.prefix);
        // A cut name that ends in a slash would be taken for a directory.
        if self.type_flag != b'5' && block[99] == b'/' {
            block[99] = 0;
        }
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        block[148..156].copy_from_slice(sum.as_bytes());
        block
    }
}

fn octal(number: i64, digits: usize) -> String {
    format!("{number:0digits$o}")
}

#[cfg(test)]
mod tests {
    use super::super::stored::Stored;
    use super::super::tarball::{self, Member, MemberKind};
    use super::*;

    fn read_back(entries: &[Entry<'_>]) -> Vec<Member> {
        let mut tar = TarWriter::new(Vec::new());
        entries.iter().for_each(|entry| tar.entry(entry).unwrap());
        let bytes = tar.finish().unwrap();
        assert!(bytes.len().is_multiple_of(BLOCK));
        let mut members = Vec::new();
        tarball::members(&Stored::memory(bytes), 1 << 30, &mut |member| {
            members.push(member);
            Ok(())
        })
        .unwrap();
        members
    }

    #[test]
    fn what_does_not_fit_a_field_comes_back_whole() {
        let names: Vec<Vec<u8>> = vec![
            b"short".to_vec(),
            [b"d/".repeat(70), b"n".repeat(90)].concat(),
            [b"d/".repeat(120), b"n".repeat(150)].concat(),
            b"n".repeat(101),
            "na\u{ef}ve".as_bytes().to_vec(),
            b"bytes\xff\xfe".to_vec(),
        ];
        let contents = Contents::text("x");
        for name in &names {
            for (mtime, uid) in [(0, 0), (-5, 5_000_000), (1 << 40, u32::MAX)] {
                for kind in [EntryKind::File(&contents), EntryKind::Dir, EntryKind::Symlink(name)] {
                    let xattrs = vec![(&b"user.a"[..], &b"v\0\n="[..]), (b"user.b", b"")];
                    let entry = Entry { mtime, uid, xattrs, mode: 0o4711, ..Entry::new(name, kind.clone()) };
                    let read = read_back(&[entry]).remove(0);
                    let path = read.path.strip_suffix(b"/").unwrap_or(&read.path);
                    assert_eq!((path, read.mtime, read.uid, read.mode), (&name[..], mtime, uid, 0o4711));
                    assert_eq!(read.xattrs.len(), 2);
                    match (kind, read.kind) {
                        (EntryKind::File(_), MemberKind::File(back)) => assert_eq!(back, contents),
                        (EntryKind::Symlink(_), MemberKind::Symlink(back)) => assert_eq!(&back, name),
                        (EntryKind::Dir, MemberKind::Dir) => {}
                        (given, back) => panic!("{given:?} came back as {back:?}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_stream_is_as_long_as_announced() {
        let write = |size: u64, bytes: &[u8]| {
            TarWriter::new(Vec::new()).streamed(b"f", size, &mut |out| out.write_all(bytes))
        };
        assert!(write(3, b"abc").is_ok());
        assert!(write(3, b"ab").is_err() && write(3, b"abcd").is_err());
    }
}
