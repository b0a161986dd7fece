//! The parts of an image archive, by name.

use super::{broken, too_big};
use crate::error::Error;
use crate::fs::tarball::{self, MemberKind, TarFault};
use crate::fs::{Compression, path};
use crate::trace::Fuel;
use std::borrow::Cow;
use std::collections::HashMap;

/// Links that are followed from one part to another.
const MOST_LINKS: usize = 8;

enum Part<'a> {
    Data(Cow<'a, [u8]>),
    Link(Vec<u8>),
}

/// The files of an archive, by their cleaned names.
pub(super) struct Parts<'a> {
    parts: HashMap<Vec<u8>, Part<'a>>,
}

impl<'a> Parts<'a> {
    /// Reads the outer tar.
    pub(super) fn read(bytes: &'a [u8], limit: u64, fuel: &mut Fuel) -> Result<Parts<'a>, Error> {
        let mut parts: HashMap<Vec<u8>, Part<'a>> = HashMap::new();
        let read = tarball::members(bytes, limit, &mut |member| {
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
            Ok(()) => Ok(Parts { parts }),
            Err(TarFault { entry: Some(entry), message }) => Err(broken(&entry, &message)),
            Err(_) => Err(broken("the archive", "it is no tar archive")),
        }
    }

    /// The bytes of a part, if it is there.
    pub(super) fn get(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        let mut at = path::clean(name.as_bytes());
        for _ in 0..MOST_LINKS {
            match self.parts.get(&at) {
                None => return Ok(None),
                Some(Part::Data(data)) => return Ok(Some(data)),
                Some(Part::Link(to)) => at.clone_from(to),
            }
        }
        Err(broken(name, "its links lead nowhere"))
    }

    /// The bytes of a part that must be there. A blob's digest is checked.
    pub(super) fn need(&self, name: &str, what: &str) -> Result<&[u8], Error> {
        let found = self.get(name)?.ok_or_else(|| broken(name, &format!("{what} is not in the archive")))?;
        if let Some(hex) = name.strip_prefix("blobs/sha256/") {
            let got = crate::fs::Digest::of(found);
            if got.hex() != hex {
                return Err(broken(name, &format!("its bytes have the digest {got}")));
            }
        }
        Ok(found)
    }

    /// Is a part only a link to another?
    pub(super) fn is_link(&self, name: &str) -> bool {
        matches!(self.parts.get(&path::clean(name.as_bytes())), Some(Part::Link(_)))
    }
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

/// Plain bytes, whatever they are packed with.
pub(super) fn unpacked<'a>(
    part: &str,
    bytes: &'a [u8],
    limit: u64,
    fuel: &mut Fuel,
) -> Result<Cow<'a, [u8]>, Error> {
    let Some(packed) = Compression::of(bytes.get(..6).unwrap_or_default()) else {
        return if bytes.len() as u64 <= limit {
            Ok(Cow::Borrowed(bytes))
        } else {
            Err(too_big(part, limit))
        };
    };
    let plain = packed.unpack(bytes, limit).ok_or_else(|| {
        let word = packed.word();
        broken(
            part,
            &format!("its {word} is damaged or cut short, or holds more than the limit of {limit} bytes"),
        )
    })?;
    if !fuel.spend_bytes(plain.len() as u64) {
        return Err(too_big(part, limit));
    }
    Ok(Cow::Owned(plain))
}

/// A part as JSON.
pub(super) fn json(part: &str, bytes: &[u8]) -> Result<serde_json::Value, Error> {
    serde_json::from_slice(bytes).map_err(|error| broken(part, &format!("it is not JSON: {error}")))
}
