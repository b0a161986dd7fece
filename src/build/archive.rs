//! ADD of an archive: what is in it, and putting that into an image.
//!
//! An archive is known by its content, never by its name: what a tar reader takes, plain or inside
//! gzip, bzip2, xz or zstd (moby `pkg/archive/archive.go`, `IsArchivePath`; buildkit `solver/llbsolver/file/unpack.go`).

use super::copy::{mkdir_all, remove_all};
use crate::fs::{Compression, Contents, path};
use crate::trace::Trace;
use crate::union::{Mount, StatKind};
use std::io::Read;

/// Largest archive that is unpacked, packed or not, in bytes.
const MAX_ARCHIVE: u64 = 64 << 20;

/// One member of an archive.
pub(super) struct Member {
    path: Vec<u8>,
    kind: MemberKind,
    mode: u16,
    uid: u32,
    gid: u32,
    mtime: i64,
}

enum MemberKind {
    File(Contents),
    Dir,
    Symlink(Vec<u8>),
    Link(Vec<u8>),
    Fifo,
    CharDev(u32, u32),
}

/// What is in an archive; none when the file is no archive. Docker's words about a broken one.
pub(super) fn members(contents: &Contents, t: &mut Trace) -> Result<Option<Vec<Member>>, String> {
    // Described contents are never archives, and an archive is never shorter than two blocks.
    let packed = Compression::of(&contents.head(6));
    if packed.is_none() && !looks_like_tar(contents) {
        return Ok(None);
    }
    let Some(bytes) = contents.to_bytes(MAX_ARCHIVE) else { return Ok(None) };
    if !t.fuel.spend_bytes(bytes.len() as u64) {
        return Ok(None);
    }
    let Some(packed) = packed else { return read(&bytes, t) };
    match packed.unpack(&bytes, MAX_ARCHIVE) {
        Some(plain) if t.fuel.spend_bytes(plain.len() as u64) => read(&plain, t),
        _ => Ok(None),
    }
}

/// Does the first block's checksum hold (`archive/tar`'s reader takes nothing else)?
fn looks_like_tar(contents: &Contents) -> bool {
    let block = contents.head(512);
    let mut header = tar::Header::new_old();
    if block.len() != 512 || block.iter().all(|byte| *byte == 0) {
        return false;
    }
    header.as_mut_bytes().copy_from_slice(&block);
    let sum = |at: usize, byte: u8| if (148..156).contains(&at) { 32 } else { u32::from(byte) };
    let own: u32 = block.iter().enumerate().map(|(at, byte)| sum(at, *byte)).sum();
    header.cksum().is_ok_and(|written| written == own)
}

fn read(bytes: &[u8], t: &mut Trace) -> Result<Option<Vec<Member>>, String> {
    let mut archive = tar::Archive::new(bytes);
    let mut members = Vec::new();
    let Ok(entries) = archive.entries() else { return Ok(None) };
    for (at, entry) in entries.enumerate() {
        let mut entry = match entry {
            Ok(entry) => entry,
            // A first header that can't be read: no archive at all.
            Err(_) if at == 0 => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        if !t.fuel.spend(10) {
            return Err("the lab's limit was reached".to_owned());
        }
        let header = entry.header().clone();
        let link = entry.link_name_bytes().map(|link| link.into_owned()).unwrap_or_default();
        let kind = match header.entry_type() {
            kind if kind.is_dir() => MemberKind::Dir,
            kind if kind.is_symlink() => MemberKind::Symlink(link),
            kind if kind.is_hard_link() => MemberKind::Link(link),
            kind if kind.is_fifo() => MemberKind::Fifo,
            kind if kind.is_character_special() => {
                let number = |value: std::io::Result<Option<u32>>| value.ok().flatten().unwrap_or(0);
                MemberKind::CharDev(number(header.device_major()), number(header.device_minor()))
            }
            kind if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() => {
                let mut data = Vec::new();
                entry.read_to_end(&mut data).map_err(|error| error.to_string())?;
                MemberKind::File(Contents::bytes(data))
            }
            _ => continue,
        };
        members.push(Member {
            path: entry.path_bytes().into_owned(),
            kind,
            mode: (header.mode().unwrap_or(0o644) & 0o7777) as u16,
            uid: header.uid().unwrap_or(0) as u32,
            gid: header.gid().unwrap_or(0) as u32,
            mtime: header.mtime().unwrap_or(0) as i64,
        });
    }
    Ok(Some(members))
}

/// Puts members below a directory. What is in the way gives place, a directory onto a directory keeps
/// what it holds; owners are those of the archive (moby `pkg/archive/archive.go`, `Unpack`).
pub(super) fn unpack(target: &mut Mount, to: &[u8], members: &[Member], t: &mut Trace) -> Result<(), String> {
    for member in members {
        let inside = path::clean(&member.path);
        if inside == b"/" {
            continue;
        }
        let at = path::clean(&[to, &inside].concat());
        mkdir_all(target, path::parent(&at), 0o755, None, t)?;
        one(target, to, &at, member, t)?;
    }
    Ok(())
}

fn one(target: &mut Mount, to: &[u8], at: &[u8], member: &Member, t: &mut Trace) -> Result<(), String> {
    let failed = |errno: crate::fs::Errno| format!("{}: {}", path::show(at), errno.message().to_lowercase());
    let there = target.lstat(at, t).ok().map(|stat| stat.kind);
    match (there, &member.kind) {
        (Some(StatKind::Dir), MemberKind::Dir) | (None, _) => {}
        (Some(StatKind::Dir), _) => remove_all(target, at, t)?,
        (Some(_), _) => target.unlink(at, t).map_err(failed)?,
    }
    match &member.kind {
        MemberKind::Dir if there == Some(StatKind::Dir) => {}
        MemberKind::Dir => target.mkdir(at, member.mode, t).map_err(failed)?,
        MemberKind::File(contents) => target.create(at, 0o600, contents.clone(), t).map_err(failed)?,
        MemberKind::Symlink(link) => target.symlink(link, at, t).map_err(failed)?,
        MemberKind::Link(link) => {
            let first = path::clean(&[to, &path::clean(link)].concat());
            return target.link(&first, at, t).map_err(failed);
        }
        MemberKind::Fifo => target.mkfifo(at, member.mode, t).map_err(failed)?,
        MemberKind::CharDev(major, minor) => {
            target.mkchar(at, member.mode, *major, *minor, t).map_err(failed)?;
        }
    }
    let now = target.lstat(at, t).map_err(failed)?;
    if (now.uid, now.gid) != (member.uid, member.gid) {
        target.lchown(at, Some(member.uid), Some(member.gid), t).map_err(failed)?;
    }
    if matches!(member.kind, MemberKind::Symlink(_)) {
        return Ok(());
    }
    let now = target.lstat(at, t).map_err(failed)?;
    if now.mode != member.mode {
        target.chmod(at, member.mode, t).map_err(failed)?;
    }
    if !matches!(member.kind, MemberKind::Dir) {
        target.utimes(at, member.mtime, t).map_err(failed)?;
    }
    Ok(())
}
