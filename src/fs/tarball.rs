//! Tar archives, read: POSIX ustar, pax records, GNU's long names, numbers and sparse files.
//!
//! One reader for ADD and for image archives. It reads headers and leaves the contents where they are;
//! it never writes and never trusts a size: what an entry claims must be there. Where readers differ it
//! does as Go's `archive/tar`, which Docker uses.

use super::contents::Contents;
use super::stored::Stored;
use super::{path, tar_sparse};

/// One entry of an archive.
#[derive(Clone, Debug)]
pub struct Member {
    /// The name as written.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// The header's type byte; a regular file is `0` in old archives too.
    pub type_flag: u8,
    /// Permission bits, setuid, setgid and sticky.
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Unix seconds.
    pub mtime: i64,
    /// Extended attributes, full name to value (pax `SCHILY.xattr.…`).
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What an entry is.
#[derive(Clone, Debug)]
pub enum MemberKind {
    /// A file; its bytes stay in the archive.
    File(Contents),
    /// A directory.
    Dir,
    /// A symbolic link and its text.
    Symlink(Vec<u8>),
    /// One more name of an earlier entry.
    Link(Vec<u8>),
    /// A named pipe.
    Fifo,
    /// A character device, major and minor number.
    CharDev(u32, u32),
    /// A block device, major and minor number.
    BlockDev(u32, u32),
}

/// Why an archive could not be read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarFault {
    /// The entry, or the one before a header that makes no sense; none at the very beginning.
    pub entry: Option<String>,
    /// In words.
    pub message: String,
}

/// Header and padding come in blocks of this many bytes.
pub(super) const BLOCK: u64 = 512;

/// Bytes of a long name or of an entry's pax records, at most (Go `archive/tar`, `maxSpecialFileSize`).
const MOST_RECORDS: u64 = 1 << 20;

/// Hands out the entries in order until `take` refuses. `most` bounds the size of a sparse file,
/// which may claim more than the archive holds.
///
/// # Errors
/// A header that makes no sense, an entry that is cut short, or what `take` said about an entry.
pub fn members(
    tar: &Stored,
    most: u64,
    take: &mut dyn FnMut(Member) -> Result<(), String>,
) -> Result<(), TarFault> {
    let mut reading = Reading { blocks: Blocks::of(tar), at: 0, last: None };
    loop {
        let member = match reading.next(most) {
            Ok(Some(member)) => member,
            Ok(None) => return Ok(()),
            Err(message) => return Err(TarFault { entry: reading.last, message }),
        };
        if let Err(message) = take(member) {
            return Err(TarFault { entry: reading.last, message });
        }
    }
}

struct Reading<'t> {
    blocks: Blocks<'t>,
    at: u64,
    last: Option<String>,
}

/// What stands before a header and is about it.
#[derive(Default)]
struct Before {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Vec<u8>,
}

impl Reading<'_> {
    fn next(&mut self, most: u64) -> Result<Option<Member>, String> {
        let mut before = Before::default();
        loop {
            let header_at = self.at;
            let Some(block) = self.blocks.block(header_at)?.copied() else { return Ok(None) };
            let header = Header(block);
            if block.iter().all(|byte| *byte == 0) {
                return match self.blocks.block(header_at + BLOCK)? {
                    Some(next) if next.iter().any(|byte| *byte != 0) => {
                        Err("behind it a block of zeros, and more behind that".to_owned())
                    }
                    _ => Ok(None),
                };
            }
            if !header.is_sound() {
                return Err("the header's checksum is wrong".to_owned());
            }
            let kind = header.type_flag();
            self.at = header_at + BLOCK;
            if matches!(kind, b'L' | b'K' | b'x' | b'g') {
                let data = self.special(header.number(124..136, "size")?)?;
                let text = |data: Vec<u8>| until_nul(&data).to_vec();
                match kind {
                    b'L' => before.path = Some(text(data)),
                    b'K' => before.link = Some(text(data)),
                    b'x' => before.records = data,
                    // Records about all entries: Docker leaves them out.
                    _ => {}
                }
                continue;
            }
            let name = before.path.take().unwrap_or_else(|| header.path());
            self.last = Some(shown(&name));
            if let Some(member) = self.entry(&header, name, before, most)? {
                return Ok(Some(member));
            }
            before = Before::default();
        }
    }

    /// The data of an entry that is about the next one.
    fn special(&mut self, size: i64) -> Result<Vec<u8>, String> {
        let size = u64::try_from(size).map_err(|_| "a negative size".to_owned())?;
        if size > MOST_RECORDS {
            return Err(format!("behind it a name or record of {size} bytes, more than {MOST_RECORDS}"));
        }
        let data = self.data(size)?.to_bytes(size).map_err(|error| error.to_string())?;
        Ok(data.unwrap_or_default())
    }

    /// The next `size` bytes with their padding.
    fn data(&mut self, size: u64) -> Result<Stored, String> {
        let data = self.blocks.tar.part(self.at, size);
        let data = data.ok_or_else(|| format!("the archive ends before its {size} bytes do"))?;
        self.at = self.at.saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        Ok(data)
    }

    fn entry(
        &mut self,
        header: &Header,
        name: Vec<u8>,
        before: Before,
        most: u64,
    ) -> Result<Option<Member>, String> {
        let link = before.link.unwrap_or_else(|| until_nul(&header.0[157..257]).to_vec());
        let mut member = Member {
            path: name,
            kind: MemberKind::Dir,
            type_flag: header.type_flag(),
            mode: (header.number(100..108, "mode")? & 0o7777) as u16,
            uid: header.number(108..116, "uid")? as u32,
            gid: header.number(116..124, "gid")? as u32,
            mtime: header.number(136..148, "mtime")?,
            xattrs: Vec::new(),
        };
        let mut said = Said { size: header.number(124..136, "size")?, link, map: Default::default() };
        records(&before.records, &mut member, &mut said)?;
        if let Some(name) = &said.map.name {
            member.path.clone_from(name);
        }
        self.last = Some(shown(&member.path));
        let size = u64::try_from(said.size).map_err(|_| "a negative size".to_owned())?;
        let device = || -> Result<(u32, u32), String> {
            Ok((header.number(329..337, "device")? as u32, header.number(337..345, "device")? as u32))
        };
        member.kind = match member.type_flag {
            // What has no data may claim some (Go `archive/tar`, `isHeaderOnly`).
            b'5' => MemberKind::Dir,
            b'2' => MemberKind::Symlink(said.link),
            b'1' => MemberKind::Link(said.link),
            b'6' => MemberKind::Fifo,
            b'3' => device().map(|(major, minor)| MemberKind::CharDev(major, minor))?,
            b'4' => device().map(|(major, minor)| MemberKind::BlockDev(major, minor))?,
            // Old archives have no type for directories: the name says it.
            0 | b'0' if member.path.ends_with(b"/") => {
                self.data(size)?;
                member.type_flag = b'5';
                MemberKind::Dir
            }
            b'S' => {
                let map = tar_sparse::old(&header.0, || {
                    let at = self.at;
                    self.at += BLOCK;
                    Ok(self.blocks.block(at)?.copied())
                })?;
                MemberKind::File(map.contents(&self.data(size)?, most)?)
            }
            0 | b'0' | b'7' => {
                let data = self.data(size)?;
                match said.map.finished(&data)? {
                    Some((map, data)) => MemberKind::File(map.contents(&data, most)?),
                    None => MemberKind::File(Contents::stored(data)),
                }
            }
            _ => {
                self.data(size)?;
                return Ok(None);
            }
        };
        if member.type_flag == 0 {
            member.type_flag = b'0';
        }
        Ok(Some(member))
    }
}

/// What pax records say beside the fields of a [`Member`].
struct Said {
    size: i64,
    link: Vec<u8>,
    map: tar_sparse::Records,
}

/// Reads an entry's pax records: `LENGTH KEY=VALUE\n` (POSIX `pax`, "pax Header Block").
fn records(mut rest: &[u8], member: &mut Member, said: &mut Said) -> Result<(), String> {
    let bad = || "its pax records make no sense".to_owned();
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(bad)?;
        let length: usize = decimal(&rest[..space]).ok_or_else(bad)?;
        let record = rest.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n"));
        let record = record.ok_or_else(bad)?;
        rest = rest.get(length..).unwrap_or_default();
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(bad)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        let has_nul = value.contains(&0);
        match key {
            b"path" | b"linkpath" if has_nul => return Err("its name holds a zero byte".to_owned()),
            // An empty value takes the record back.
            b"path" if !value.is_empty() => member.path = value.to_vec(),
            b"linkpath" if !value.is_empty() => said.link = value.to_vec(),
            b"size" => said.size = decimal(value).ok_or_else(bad)?,
            b"uid" => member.uid = decimal(value).ok_or_else(bad)?,
            b"gid" => member.gid = decimal(value).ok_or_else(bad)?,
            // Times are kept in whole seconds.
            b"mtime" => {
                let whole = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                member.mtime = decimal(whole).ok_or_else(bad)?;
            }
            key => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    member.xattrs.push((name.to_vec(), value.to_vec()));
                } else if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                    said.map.take(key, value).ok_or_else(bad)?;
                }
            }
        }
    }
    Ok(())
}

/// A decimal number as text.
pub(super) fn decimal<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A name for people, escaped and not without an end.
fn shown(name: &[u8]) -> String {
    const MOST: usize = 256;
    match name.get(..MOST) {
        Some(begin) if name.len() > MOST => format!("{}…", path::show(begin)),
        _ => path::show(name).into_owned(),
    }
}

/// A header block.
struct Header([u8; BLOCK as usize]);

impl Header {
    /// The sum of its bytes, the sum's own field taken as spaces; old programs summed signed bytes.
    fn is_sound(&self) -> bool {
        // The field itself counts as eight spaces.
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte)).sum::<i64>();
        let signed = |bytes: &[u8]| bytes.iter().map(|byte| i64::from(*byte as i8)).sum::<i64>();
        let Some(written) = number(&self.0[148..156]) else { return false };
        written == sum(&self.0) - sum(&self.0[148..156]) + 256
            || written == signed(&self.0) - signed(&self.0[148..156]) + 256
    }

    fn type_flag(&self) -> u8 {
        self.0[156]
    }

    fn number(&self, field: std::ops::Range<usize>, what: &str) -> Result<i64, String> {
        number(&self.0[field]).ok_or_else(|| format!("the {what} in its header is no number"))
    }

    /// The name; POSIX archives have its beginning in a field of its own.
    fn path(&self) -> Vec<u8> {
        let name = until_nul(&self.0[..100]);
        let prefix = if &self.0[257..263] == b"ustar\0" { until_nul(&self.0[345..500]) } else { b"" };
        match prefix.is_empty() {
            true => name.to_vec(),
            false => [prefix, b"/", name].concat(),
        }
    }
}

fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal digits, or GNU's binary form when the first bit is set.
pub(super) fn number(field: &[u8]) -> Option<i64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        // Two's complement, the sign in the second bit.
        let negative = first & 0x40 != 0;
        let begin = if negative { -1i64 } else { 0 };
        return field.iter().enumerate().try_fold(begin, |value, (at, byte)| {
            let byte = if at == 0 { if negative { byte | 0x80 } else { byte & 0x3f } } else { *byte };
            let shifted = value.checked_mul(256)?;
            // Of a negative number's first byte only the sign is left.
            if at == 0 && negative { Some(value) } else { shifted.checked_add(i64::from(byte)) }
        });
    }
    let is_blank = |byte: &u8| matches!(byte, b' ' | 0);
    let begin = field.iter().position(|byte| !is_blank(byte)).unwrap_or(field.len());
    let mut value = 0i64;
    for byte in field[begin..].iter().take_while(|byte| !is_blank(byte)) {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 8)?;
        value = value.checked_mul(8)?.checked_add(i64::from(digit))?;
    }
    Some(value)
}

/// Blocks read one after the other, with leaps over contents.
struct Blocks<'t> {
    tar: &'t Stored,
    window: Vec<u8>,
    begin: u64,
    ahead: usize,
}

impl<'t> Blocks<'t> {
    /// One header and what may be about the next: a leap reads no more.
    const LEAST: usize = 1 << 10;
    const MOST: usize = 128 << 10;

    fn of(tar: &'t Stored) -> Blocks<'t> {
        Blocks { tar, window: Vec::new(), begin: 0, ahead: Blocks::LEAST }
    }

    /// The block at `at`; none behind the end.
    fn block(&mut self, at: u64) -> Result<Option<&[u8; BLOCK as usize]>, String> {
        let inside = |begin: u64| usize::try_from(at.checked_sub(begin)?).ok();
        let end = self.begin + self.window.len() as u64;
        let here = inside(self.begin).filter(|_| at + BLOCK <= end);
        let from = match here {
            Some(from) => from,
            None => {
                // Small files one after the other are read in larger and larger pieces, large ones leapt over.
                let near = at >= end && at - end < 2 * BLOCK;
                self.ahead = if near { (self.ahead * 4).min(Blocks::MOST) } else { Blocks::LEAST };
                self.window.resize(self.ahead, 0);
                let read = self.tar.read_at(at, &mut self.window);
                let n = read.map_err(|error| format!("it can't be read on: {error}"))?;
                self.window.truncate(n);
                self.begin = at;
                0
            }
        };
        match self.window.get(from..from + BLOCK as usize) {
            Some(block) => Ok(block.try_into().ok()),
            None if self.window.len() <= from => Ok(None),
            None => Err("the archive ends inside a header".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   12 \0\0", Some(0o12)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"0000648\0", None),
            (b"77777777777\0", Some(0o77777777777)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (b"\xff\xff\xff\xff\xff\xff\xff\0", Some(-256)),
            (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(field), value, "{field:?}");
        }
    }
}
