//! The parts of an image archive, by name: entries of a tar, or files of a folder.

use super::broken;
use super::folder::Folder;
use crate::error::Error;
use crate::fs::tarball::{self, MemberKind, TarFault};
use crate::fs::{Contents, Digest, Stored, path};
use crate::trace::Fuel;
use std::collections::HashMap;

/// Links that are followed from one part to another.
const MOST_LINKS: usize = 8;

/// Bytes of a part that is JSON, at most.
const MOST_JSON: u64 = 8 << 20;

/// A part of a tar.
pub(super) enum Part {
    /// Its bytes.
    Data(Contents),
    /// Another part.
    Link(Vec<u8>),
}

/// The files of an archive, by their cleaned names.
pub(super) enum Parts<'a> {
    /// Of a tar.
    Tar(HashMap<Vec<u8>, Part>),
    /// Of a folder of the host.
    Folder(Folder<'a>),
}

impl Parts<'_> {
    /// Reads the outer tar.
    pub(super) fn read(tar: &Stored, limit: u64, fuel: &mut Fuel) -> Result<Parts<'static>, Error> {
        let mut parts: HashMap<Vec<u8>, Part> = HashMap::new();
        let read = tarball::members(tar, limit, &mut |member| {
            if !fuel.spend(10) {
                return Err("the lab's limit was reached".to_owned());
            }
            let name = inside(&member.path)?;
            let part = match member.kind {
                MemberKind::File(data) => Part::Data(data),
                MemberKind::Symlink(link) => {
                    Part::Link(path::clean(&[path::parent(&name), b"/", &link].concat()))
                }
                MemberKind::Link(link) => Part::Link(inside(&link)?),
                _ => return Ok(()),
            };
            // Which of two would be meant depends on the reader.
            if let (Some(Part::Data(old)), Part::Data(new)) = (parts.get(&name), &part)
                && old != new
            {
                return Err("it is there twice, with different bytes".to_owned());
            }
            parts.insert(name, part);
            Ok(())
        });
        match read {
            Ok(()) => Ok(Parts::Tar(parts)),
            Err(TarFault { entry: Some(entry), message }) => Err(broken(&entry, &message)),
            Err(_) => Err(broken("the archive", "it is no tar archive")),
        }
    }

    /// A part, if it is there.
    pub(super) fn find(&self, name: &str) -> Result<Option<Contents>, Error> {
        let cleaned = inside(name.as_bytes()).map_err(|message| broken(name, &message))?;
        match self {
            Parts::Tar(parts) => {
                let mut at = &cleaned;
                for _ in 0..MOST_LINKS {
                    match parts.get(at) {
                        None => return Ok(None),
                        Some(Part::Data(data)) => return Ok(Some(data.clone())),
                        Some(Part::Link(to)) => at = to,
                    }
                }
                Err(broken(name, "its links lead nowhere"))
            }
            Parts::Folder(folder) => folder.find(name, &cleaned),
        }
    }

    /// A part that must be there.
    pub(super) fn need(&self, name: &str, what: &str) -> Result<Contents, Error> {
        self.find(name)?.ok_or_else(|| broken(name, &format!("{what} is not in the archive")))
    }

    /// The bytes of a small part, if it is there.
    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.find(name)?.map(|found| bytes(name, &found)).transpose()
    }

    /// The bytes of a small part that must be there. A blob's digest is checked.
    pub(super) fn text(&self, name: &str, what: &str) -> Result<Vec<u8>, Error> {
        let found = bytes(name, &self.need(name, what)?)?;
        match blob_hex(name) {
            Some(hex) => check_blob(name, hex, Digest::of(&found)).map(|()| found),
            None => Ok(found),
        }
    }

    /// Is a part only a link to another?
    pub(super) fn is_link(&self, name: &str) -> bool {
        match self {
            Parts::Tar(parts) => {
                matches!(parts.get(&path::clean(name.as_bytes())), Some(Part::Link(_)))
            }
            Parts::Folder(..) => false,
        }
    }
}

fn bytes(name: &str, found: &Contents) -> Result<Vec<u8>, Error> {
    if found.len() > MOST_JSON {
        return Err(broken(name, &format!("{} bytes, more than {MOST_JSON} for JSON", found.len())));
    }
    found.to_bytes(MOST_JSON).ok_or_else(|| broken(name, "it can't be read"))
}

/// The digits that a blob's name promises.
pub(super) fn blob_hex(name: &str) -> Option<&str> {
    name.strip_prefix("blobs/sha256/")
}

/// Has a blob the digest of its name?
pub(super) fn check_blob(name: &str, hex: &str, got: Digest) -> Result<(), Error> {
    if got.hex() == hex { Ok(()) } else { Err(broken(name, &format!("its bytes have the digest {got}"))) }
}

/// An entry's name below the root of what is unpacked. An absolute one lies below it too (moby
/// `pkg/archive/diff.go`, `UnpackLayer`); one that leads out is refused.
pub(super) fn inside(name: &[u8]) -> Result<Vec<u8>, String> {
    /// Linux's PATH_MAX.
    const LONGEST: usize = 4096;
    if name.len() > LONGEST {
        return Err(format!("its name has {} bytes, more than {LONGEST}", name.len()));
    }
    if name.contains(&0) {
        return Err("its name holds a zero byte".to_owned());
    }
    let plain = name.strip_suffix(b"/").unwrap_or(name);
    if !plain.split(|byte| *byte == b'/').any(|part| matches!(part, b"" | b"." | b"..")) {
        return Ok([b"/", plain].concat());
    }
    let mut depth = 0usize;
    for part in path::names(name) {
        match part {
            b"." => {}
            b".." => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return Err("it leads out of the archive".to_owned()),
            },
            _ => depth += 1,
        }
    }
    Ok(path::clean(name))
}

/// A part as JSON.
pub(super) fn json(part: &str, bytes: &[u8]) -> Result<serde_json::Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| broken(part, &format!("it is not JSON: {error}")))
}
