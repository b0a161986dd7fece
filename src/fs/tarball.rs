//! Tar archives, read: POSIX ustar, pax records and GNU's long names.
//!
//! One reader for ADD and for image archives. It looks at bytes in memory, never writes and never
//! trusts a size: what an entry claims must be there.

use super::path;
use std::borrow::Cow;
use std::io::Read;

/// One entry of an archive.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The name as written.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: MemberKind<'a>,
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
pub enum MemberKind<'a> {
    /// A file with its bytes.
    File(Cow<'a, [u8]>),
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

/// Hands out the entries in order until `take` refuses. `most` bounds the size of a sparse file,
/// which may claim more than the archive holds.
///
/// # Errors
/// A header that makes no sense, an entry that is cut short, or what `take` said about an entry.
pub fn members<'a>(
    bytes: &'a [u8],
    most: u64,
    take: &mut dyn FnMut(Member<'a>) -> Result<(), String>,
) -> Result<(), TarFault> {
    let mut last: Option<String> = None;
    let failed = |entry: &Option<String>, message: String| TarFault { entry: entry.clone(), message };
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().map_err(|error| failed(&None, error.to_string()))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| failed(&last, error.to_string()))?;
        last = Some(path::show(&entry.path_bytes()).into_owned());
        let member = member(bytes, most, &mut entry).map_err(|message| failed(&last, message))?;
        if let Some(member) = member {
            take(member).map_err(|message| failed(&last, message))?;
        }
    }
    Ok(())
}

fn member<'a>(
    bytes: &'a [u8],
    most: u64,
    entry: &mut tar::Entry<'_, &'a [u8]>,
) -> Result<Option<Member<'a>>, String> {
    let header = entry.header().clone();
    let link = entry.link_name_bytes().map(|link| link.into_owned()).unwrap_or_default();
    let path = entry.path_bytes().into_owned();
    let (mut uid, mut gid) = (header.uid().unwrap_or(0) as u32, header.gid().unwrap_or(0) as u32);
    let mut mtime = header.mtime().unwrap_or(0) as i64;
    let mut xattrs = Vec::new();
    for record in entry.pax_extensions().map_err(|error| error.to_string())?.into_iter().flatten() {
        let record = record.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(record.value_bytes());
        match record.key_bytes() {
            b"uid" => uid = text.parse().unwrap_or(uid),
            b"gid" => gid = text.parse().unwrap_or(gid),
            // Times are kept in whole seconds.
            b"mtime" => mtime = text.split('.').next().and_then(|s| s.parse().ok()).unwrap_or(mtime),
            key => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    xattrs.push((name.to_vec(), record.value_bytes().to_vec()));
                }
            }
        }
    }
    let number = |value: std::io::Result<Option<u32>>| value.ok().flatten().unwrap_or(0);
    let device = (number(header.device_major()), number(header.device_minor()));
    let kind = match header.entry_type() {
        kind if kind.is_dir() => MemberKind::Dir,
        kind if kind.is_symlink() => MemberKind::Symlink(link),
        kind if kind.is_hard_link() => MemberKind::Link(link),
        kind if kind.is_fifo() => MemberKind::Fifo,
        kind if kind.is_character_special() => MemberKind::CharDev(device.0, device.1),
        kind if kind.is_block_special() => MemberKind::BlockDev(device.0, device.1),
        // Old archives have no type for directories: the name says it.
        kind if kind.is_file() && path.ends_with(b"/") => MemberKind::Dir,
        kind if kind.is_gnu_sparse() => MemberKind::File(Cow::Owned(sparse(entry, most)?)),
        kind if kind.is_file() || kind.is_contiguous() => {
            MemberKind::File(Cow::Borrowed(data(bytes, entry)?))
        }
        _ => return Ok(None),
    };
    let type_flag = match (&kind, header.entry_type().as_byte()) {
        (MemberKind::Dir, _) => b'5',
        (_, 0) => b'0',
        (_, byte) => byte,
    };
    let mode = (header.mode().unwrap_or(0o644) & 0o7777) as u16;
    Ok(Some(Member { path, kind, type_flag, mode, uid, gid, mtime, xattrs }))
}

/// The bytes of a plain file, where they lie.
fn data<'a>(bytes: &'a [u8], entry: &tar::Entry<'_, &'a [u8]>) -> Result<&'a [u8], String> {
    let range = || {
        let from = usize::try_from(entry.raw_file_position()).ok()?;
        bytes.get(from..from.checked_add(usize::try_from(entry.size()).ok()?)?)
    };
    range().ok_or_else(|| format!("the archive ends before its {} bytes do", entry.size()))
}

fn sparse(entry: &mut tar::Entry<'_, &[u8]>, most: u64) -> Result<Vec<u8>, String> {
    let size = entry.size();
    if size > most {
        return Err(format!("a sparse file of {size} bytes, more than the limit of {most}"));
    }
    let mut data = Vec::new();
    entry.take(size).read_to_end(&mut data).map_err(|error| error.to_string())?;
    if data.len() as u64 == size { Ok(data) } else { Err("the archive ends inside it".to_owned()) }
}
