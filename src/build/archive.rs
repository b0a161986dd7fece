//! ADD of an archive: what is in it, and putting that into an image.
//!
//! An archive is known by its content, never by its name: what a tar reader takes, plain or inside
//! gzip, bzip2, xz or zstd (moby `pkg/archive/archive.go`, `IsArchivePath`; buildkit `solver/llbsolver/file/unpack.go`).

use super::copy::{mkdir_all, remove_all};
use crate::fs::tarball::{self, Member, MemberKind};
use crate::fs::{Compression, Contents, Stored, path};
use crate::trace::Trace;
use crate::union::{Mount, StatKind};

/// Largest archive that is unpacked, packed or not, in bytes.
const MAX_ARCHIVE: u64 = 64 << 20;

/// What is in an archive; none when the file is no archive. Docker's words about a broken one.
pub(super) fn members(contents: &Contents, t: &mut Trace) -> Result<Option<Vec<Member>>, String> {
    // Described contents are never archives, and an archive is never shorter than two blocks.
    let packed = Compression::of(&contents.head(6));
    if packed.is_none() && !looks_like_tar(contents) {
        return Ok(None);
    }
    if packed.is_none() && contents.len() > MAX_ARCHIVE {
        return Err(too_big());
    }
    let Some(bytes) = contents.to_bytes(MAX_ARCHIVE) else { return Ok(None) };
    if !t.fuel.spend_bytes(bytes.len() as u64) {
        return Ok(None);
    }
    let Some(packed) = packed else { return read(bytes, t) };
    match packed.unpack(&bytes, MAX_ARCHIVE) {
        Some(plain) if t.fuel.spend_bytes(plain.len() as u64) => read(plain, t),
        Some(_) => Ok(None),
        // Told apart only now: what has a whole tar header at its beginning is an archive, and damaged
        // or too big; anything else is a file like others.
        None => match packed.beginning(&bytes, MAX_ARCHIVE) {
            (head, whole)
                if !looks_like_tar(&Contents::bytes(head.get(..512).unwrap_or_default().to_vec())) =>
            {
                let _ = whole;
                Ok(None)
            }
            (_, true) => Err(too_big()),
            (_, false) => Err(broken("unexpected EOF")),
        },
    }
}

/// The lab's limit, said where Docker would go on.
fn too_big() -> String {
    format!("the archive holds more than {} MiB, which is all that the lab unpacks", MAX_ARCHIVE >> 20)
}

/// Docker's words about an archive that can't be unpacked (moby `pkg/chrootarchive/archive_unix.go`).
fn broken(words: &str) -> String {
    format!("Error processing tar file(exit status 1): {words}")
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

fn read(bytes: Vec<u8>, t: &mut Trace) -> Result<Option<Vec<Member>>, String> {
    let mut members = Vec::new();
    let mut stopped = false;
    let read = tarball::members(&Stored::memory(bytes), MAX_ARCHIVE, &mut |member| {
        stopped = !t.fuel.spend(10);
        if stopped {
            return Err("the lab's limit was reached".to_owned());
        }
        // Block devices are not modelled: left out.
        if !matches!(member.kind, MemberKind::BlockDev(..)) {
            members.push(member);
        }
        Ok(())
    });
    match read {
        Ok(()) => Ok(Some(members)),
        // A first header that can't be read: no archive at all.
        Err(fault) if fault.entry.is_none() => Ok(None),
        Err(fault) if stopped => Err(fault.message),
        Err(_) => Err(broken("unexpected EOF")),
    }
}

/// Puts members below a directory. What is in the way gives place, a directory onto a directory keeps
/// what it holds; owners are those of the archive (moby `pkg/archive/archive.go`, `Unpack`).
pub(super) fn unpack(target: &mut Mount, to: &[u8], members: &[Member], t: &mut Trace) -> Result<(), String> {
    for member in members {
        let inside = path::clean(&member.path);
        if inside == b"/" {
            continue;
        }
        let Some(parent) = confined(target, to, path::parent(&inside), t) else {
            let at = path::show(&inside).into_owned();
            return Err(broken(&format!("open {at}: no such file or directory")));
        };
        mkdir_all(target, &parent, 0o755, None, t)?;
        let at = path::clean(&[&parent, b"/".as_slice(), path::file_name(&inside)].concat());
        one(target, to, &at, member, t)?;
    }
    Ok(())
}

/// Where a folder of the archive lies, `to` being the root of everything: no link leads out of it (moby
/// `pkg/chrootarchive`). None where links lead in circles or to what isn't there: nothing is made there.
fn confined(target: &mut Mount, to: &[u8], folder: &[u8], t: &mut Trace) -> Option<Vec<u8>> {
    const LINKS: usize = 40;
    let mut links = 0;
    let mut left: Vec<Vec<u8>> = parts(folder).rev().map(<[u8]>::to_vec).collect();
    // Inside `to`, without links.
    let mut inside: Vec<Vec<u8>> = Vec::new();
    let mut through_link = false;
    while let Some(part) = left.pop() {
        match part.as_slice() {
            b"." => continue,
            b".." => {
                inside.pop();
                continue;
            }
            _ => inside.push(part),
        }
        let at = path::clean(&[to, b"/", &inside.join(b"/".as_slice())].concat());
        match target.readlink(&at, t) {
            Ok(link) => {
                links += 1;
                through_link = true;
                if links > LINKS || !t.fuel.spend(1 + link.len() as u64) {
                    return None;
                }
                inside.pop();
                if link.first() == Some(&b'/') {
                    inside.clear();
                }
                left.extend(parts(&link).rev().map(<[u8]>::to_vec));
            }
            // What a link leads to is not made.
            Err(_) if through_link && target.lstat(&at, t).is_err() => return None,
            Err(_) => {}
        }
    }
    Some(path::clean(&[to, b"/", &inside.join(b"/".as_slice())].concat()))
}

fn parts(of: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    of.split(|byte| *byte == b'/').filter(|part| !part.is_empty())
}

/// A path as it is seen from inside `to`.
fn inside_of<'p>(to: &[u8], at: &'p [u8]) -> &'p [u8] {
    if to == b"/" { at } else { at.strip_prefix(to).unwrap_or(at) }
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
        MemberKind::File(data) => target.create(at, 0o600, data.clone(), t).map_err(failed)?,
        MemberKind::Symlink(link) => target.symlink(link, at, t).map_err(failed)?,
        MemberKind::Link(link) => {
            let link = path::clean(link);
            let first = path::clean(&[to, &link].concat());
            return target.link(&first, at, t).map_err(|errno| {
                let (link, at) = (path::show(&link), path::show(inside_of(to, at)));
                broken(&format!("link {link} {at}: {}", errno.message().to_lowercase()))
            });
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
