//! The tar format, read and written as ropes (POSIX.1-1988 ustar; GNU `L` and `K` for long names, pax `x`
//! records for paths when reading).

use super::mode;
use crate::fs::Contents;
use crate::shell::text;
use crate::trace::Fuel;

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell) enum EntryKind {
    File(Contents),
    Directory,
    Symlink(String),
    Link(String),
    Fifo,
    Device(u32, u32),
}

/// A member.
#[derive(Clone, Debug)]
pub(in crate::shell) struct Entry {
    pub name: String,
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    /// Names of the owner; may be empty.
    pub user: String,
    pub group: String,
    pub mtime: i64,
    pub kind: EntryKind,
}

const BLOCK: u64 = 512;

impl Entry {
    /// The name as lists show it.
    pub fn shown(&self) -> String {
        if self.kind == EntryKind::Directory {
            format!("{}/", self.name.trim_end_matches('/'))
        } else {
            self.name.clone()
        }
    }

    /// A line of `tar tv`.
    pub fn long(&self) -> String {
        let (letter, size) = match &self.kind {
            EntryKind::File(contents) => ('-', contents.len()),
            EntryKind::Directory => ('d', 0),
            EntryKind::Symlink(_) => ('l', 0),
            EntryKind::Link(_) => ('h', 0),
            EntryKind::Fifo => ('p', 0),
            EntryKind::Device(..) => ('c', 0),
        };
        let arrow = match &self.kind {
            EntryKind::Symlink(target) => format!(" -> {target}"),
            EntryKind::Link(target) => format!(" link to {target}"),
            _ => String::new(),
        };
        let named = |name: &str, id: u32| if name.is_empty() { id.to_string() } else { name.to_owned() };
        let (owner, group) = (named(&self.user, self.uid), named(&self.group, self.gid));
        let time = super::date::full_time(self.mtime);
        let time = time.get(..16).unwrap_or("");
        format!(
            "{letter}{} {}/{} {size:>9} {time} {}{arrow}",
            mode::letters(self.mode),
            owner,
            group,
            self.shown()
        )
    }
}

fn put(header: &mut [u8; 512], at: usize, bytes: &[u8]) {
    for (slot, byte) in header.iter_mut().skip(at).zip(bytes) {
        *slot = *byte;
    }
}

fn octal(header: &mut [u8; 512], at: usize, width: usize, value: u64) {
    let digits = width - 1;
    if value < 1 << (3 * digits).min(63) {
        put(header, at, format!("{value:0digits$o}").as_bytes());
    } else {
        // GNU's base-256 numbers, for files above 8 GiB.
        let mut bytes = vec![0u8; width];
        bytes.iter_mut().rev().zip(value.to_le_bytes()).for_each(|(slot, byte)| *slot = byte);
        if let Some(first) = bytes.first_mut() {
            *first |= 0x80;
        }
        put(header, at, &bytes);
    }
}

fn header(name: &[u8], kind: u8, size: u64, entry: &Entry, link: &[u8]) -> [u8; 512] {
    let mut header = [0u8; 512];
    put(&mut header, 0, name.get(..100).unwrap_or(name));
    octal(&mut header, 100, 8, u64::from(entry.mode));
    octal(&mut header, 108, 8, u64::from(entry.uid));
    octal(&mut header, 116, 8, u64::from(entry.gid));
    octal(&mut header, 124, 12, size);
    octal(&mut header, 136, 12, entry.mtime.max(0) as u64);
    put(&mut header, 148, b"        ");
    put(&mut header, 156, &[kind]);
    put(&mut header, 157, link.get(..100).unwrap_or(link));
    put(&mut header, 257, b"ustar  \0");
    put(&mut header, 265, entry.user.as_bytes().get(..31).unwrap_or(entry.user.as_bytes()));
    put(&mut header, 297, entry.group.as_bytes().get(..31).unwrap_or(entry.group.as_bytes()));
    if let EntryKind::Device(major, minor) = entry.kind {
        octal(&mut header, 329, 8, u64::from(major));
        octal(&mut header, 337, 8, u64::from(minor));
    }
    let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    header
}

fn padding(size: u64) -> Contents {
    Contents::fill(0, size.next_multiple_of(BLOCK) - size)
}

/// One member, with its padding.
pub(in crate::shell) fn write(entry: &Entry) -> Contents {
    let mut out = Contents::EMPTY;
    let name = text::encode(&entry.shown()).into_owned();
    let (kind, link) = match &entry.kind {
        EntryKind::File(_) => (b'0', Vec::new()),
        EntryKind::Directory => (b'5', Vec::new()),
        EntryKind::Symlink(target) => (b'2', text::encode(target).into_owned()),
        EntryKind::Link(target) => (b'1', text::encode(target).into_owned()),
        EntryKind::Fifo => (b'6', Vec::new()),
        EntryKind::Device(..) => (b'3', Vec::new()),
    };
    for (long, letter) in [(&link, b'K'), (&name, b'L')] {
        if long.len() > 100 {
            let size = long.len() as u64 + 1;
            let nobody = Entry {
                name: String::new(),
                mode: 0o644,
                uid: 0,
                gid: 0,
                user: String::new(),
                group: String::new(),
                mtime: 0,
                kind: EntryKind::Directory,
            };
            out.append(&Contents::bytes(header(b"././@LongLink", letter, size, &nobody, b"").to_vec()));
            out.append(&Contents::bytes([long, b"\0".as_slice()].concat()));
            out.append(&padding(size));
        }
    }
    let contents = match &entry.kind {
        EntryKind::File(contents) => contents.clone(),
        _ => Contents::EMPTY,
    };
    out.append(&Contents::bytes(header(&name, kind, contents.len(), entry, &link).to_vec()));
    out.append(&contents);
    out.append(&padding(contents.len()));
    out
}

/// The two empty blocks; filled up to a record of 10 KiB, which busybox leaves out.
pub(in crate::shell) fn end(written: u64, bare: bool) -> Contents {
    if bare {
        return Contents::fill(0, 2 * BLOCK);
    }
    let whole = (written + 2 * BLOCK).next_multiple_of(20 * BLOCK);
    Contents::fill(0, whole - written)
}

fn text_field(header: &[u8], at: usize, width: usize) -> String {
    let field = header.get(at..at + width).unwrap_or_default();
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    text::decode(field.get(..end).unwrap_or_default())
}

fn number(header: &[u8], at: usize, width: usize) -> Option<u64> {
    let field = header.get(at..at + width)?;
    if field.first().is_some_and(|b| b & 0x80 != 0) {
        return Some(field.iter().skip(1).fold(0u64, |all, byte| all << 8 | u64::from(*byte)));
    }
    let digits: String = field.iter().map(|b| char::from(*b)).collect();
    let digits = digits.trim_matches(['\0', ' ']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// All members. An archive cut short, or something else altogether, is an error.
pub(in crate::shell) fn read(archive: &Contents, fuel: &mut Fuel) -> Result<Vec<Entry>, ()> {
    let mut entries = Vec::new();
    let (mut at, mut long_name, mut long_link): (u64, Option<String>, Option<String>) = (0, None, None);
    while at < archive.len() {
        if !fuel.spend(4) {
            return Ok(entries);
        }
        let header = archive.slice(at, at + BLOCK).head(BLOCK);
        if header.iter().all(|byte| *byte == 0) {
            return Ok(entries);
        }
        let sum: u64 = header
            .iter()
            .enumerate()
            .map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) })
            .sum();
        if header.len() < 512 || number(&header, 148, 8) != Some(sum) {
            return if entries.is_empty() { Err(()) } else { Ok(entries) };
        }
        let size = number(&header, 124, 12).ok_or(())?;
        let kind = header.get(156).copied().unwrap_or(b'0');
        let start = at.saturating_add(BLOCK);
        let contents = archive.slice(start, start.saturating_add(size));
        if contents.len() < size && matches!(kind, b'0' | 0) {
            return Err(());
        }
        at = start.saturating_add(size.checked_next_multiple_of(BLOCK).ok_or(())?);
        match kind {
            b'L' | b'K' => {
                let bytes = contents.to_bytes(1 << 16).ok_or(())?;
                let value = text_field(&bytes, 0, bytes.len());
                if kind == b'L' {
                    long_name = Some(value);
                } else {
                    long_link = Some(value);
                }
                continue;
            }
            b'x' => {
                let records = text::decode(&contents.to_bytes(1 << 20).ok_or(())?);
                for record in records.lines() {
                    let Some((key, value)) =
                        record.split_once(' ').and_then(|(_, rest)| rest.split_once('='))
                    else {
                        continue;
                    };
                    match key {
                        "path" => long_name = Some(value.to_owned()),
                        "linkpath" => long_link = Some(value.to_owned()),
                        _ => {}
                    }
                }
                continue;
            }
            b'g' => continue,
            _ => {}
        }
        let mut name = text_field(&header, 0, 100);
        let prefix = if header.get(257..263) == Some(b"ustar\0".as_slice()) {
            text_field(&header, 345, 155)
        } else {
            String::new()
        };
        if !prefix.is_empty() {
            name = format!("{prefix}/{name}");
        }
        let name = long_name.take().unwrap_or(name);
        let link = long_link.take().unwrap_or_else(|| text_field(&header, 157, 100));
        let device = |at| number(&header, at, 8).unwrap_or(0) as u32;
        let kind = match kind {
            b'5' => EntryKind::Directory,
            b'2' => EntryKind::Symlink(link),
            b'1' => EntryKind::Link(link),
            b'3' | b'4' => EntryKind::Device(device(329), device(337)),
            b'6' => EntryKind::Fifo,
            _ if name.ends_with('/') => EntryKind::Directory,
            _ => EntryKind::File(contents),
        };
        entries.push(Entry {
            name: name.trim_end_matches('/').to_owned(),
            mode: number(&header, 100, 8).unwrap_or(0o644) as u16 & 0o7777,
            uid: number(&header, 108, 8).unwrap_or(0) as u32,
            gid: number(&header, 116, 8).unwrap_or(0) as u32,
            user: text_field(&header, 265, 32),
            group: text_field(&header, 297, 32),
            mtime: number(&header, 136, 12).unwrap_or(0) as i64,
            kind,
        });
    }
    Ok(entries)
}
