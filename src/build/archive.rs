//! ADD of an archive: what is in it, and putting that into an image.
//!
//! An archive is known by its content, never by its name: what a tar reader takes, plain or inside
//! gzip, bzip2, xz or zstd (moby `pkg/archive/archive.go`, `IsArchivePath`; buildkit `solver/llbsolver/file/unpack.go`).

use super::copy::{mkdir_all, remove_all};
use crate::fs::tarball::{self, Member, MemberKind};
use crate::fs::{Compression, Contents, path};
use crate::trace::Trace;
use crate::union::{Mount, StatKind};

/// Largest archive that is unpacked, packed or not, in bytes.
const MAX_ARCHIVE: u64 = 64 << 20;

/// What is in an archive; none when the file is no archive. Docker's words about a broken one.
pub(super) fn members(contents: &Contents, t: &mut Trace) -> Result<Option<Vec<Member<'static>>>, String> {
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

fn read(bytes: &[u8], t: &mut Trace) -> Result<Option<Vec<Member<'static>>>, String> {
    let mut members = Vec::new();
    let read = tarball::members(bytes, MAX_ARCHIVE, &mut |member| {
        if !t.fuel.spend(10) {
            return Err("the lab's limit was reached".to_owned());
        }
        let kind = match member.kind {
            MemberKind::File(data) => MemberKind::File(data.into_owned().into()),
            MemberKind::Dir => MemberKind::Dir,
            MemberKind::Symlink(link) => MemberKind::Symlink(link),
            MemberKind::Link(link) => MemberKind::Link(link),
            MemberKind::Fifo => MemberKind::Fifo,
            MemberKind::CharDev(major, minor) => MemberKind::CharDev(major, minor),
            // Not modelled: left out.
            MemberKind::BlockDev(..) => return Ok(()),
        };
        members.push(Member { kind, ..member });
        Ok(())
    });
    match read {
        Ok(()) => Ok(Some(members)),
        // A first header that can't be read: no archive at all.
        Err(fault) if fault.entry.is_none() => Ok(None),
        Err(fault) => Err(fault.message),
    }
}

/// Puts members below a directory. What is in the way gives place, a directory onto a directory keeps
/// what it holds; owners are those of the archive (moby `pkg/archive/archive.go`, `Unpack`).
pub(super) fn unpack(
    target: &mut Mount,
    to: &[u8],
    members: &[Member<'_>],
    t: &mut Trace,
) -> Result<(), String> {
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

fn one(target: &mut Mount, to: &[u8], at: &[u8], member: &Member<'_>, t: &mut Trace) -> Result<(), String> {
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
        MemberKind::File(data) => {
            target.create(at, 0o600, Contents::bytes(data.as_ref()), t).map_err(failed)?
        }
        MemberKind::Symlink(link) => target.symlink(link, at, t).map_err(failed)?,
        MemberKind::Link(link) => {
            let first = path::clean(&[to, &path::clean(link)].concat());
            return target.link(&first, at, t).map_err(failed);
        }
        MemberKind::Fifo => target.mkfifo(at, member.mode, t).map_err(failed)?,
        MemberKind::CharDev(major, minor) => {
            target.mkchar(at, member.mode, *major, *minor, t).map_err(failed)?;
        }
        MemberKind::BlockDev(..) => return Ok(()),
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
