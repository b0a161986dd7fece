//! An archive that was unpacked, or an OCI layout: files of a folder of the host.

use super::broken;
use crate::error::Error;
use crate::fs::{Contents, Host, HostEntry, HostKind, path};
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};

/// Links that are followed from one name to another.
const MOST_LINKS: usize = 8;

/// A folder whose names never lead out of it.
pub(super) struct Folder<'a> {
    host: &'a dyn Host,
    root: &'a str,
    /// What was listed before.
    listed: RefCell<HashMap<String, Vec<HostEntry>>>,
}

impl<'a> Folder<'a> {
    pub(super) fn of(host: &'a dyn Host, root: &'a str) -> Folder<'a> {
        Folder { host, root, listed: RefCell::default() }
    }

    /// A file, if it is there. What is there and is no file, or can't be read, is refused; so is a link that
    /// leads out of the folder, even to where the host may read.
    pub(super) fn find(&self, name: &str, cleaned: &[u8]) -> Result<Option<Contents>, Error> {
        let refused = |message: &str| Err(broken(name, message));
        let mut open: VecDeque<Vec<u8>> = path::names(cleaned).map(<[u8]>::to_vec).collect();
        let (mut at, mut links): (Vec<String>, usize) = (Vec::new(), 0);
        while let Some(next) = open.pop_front() {
            match next.as_slice() {
                b"." => continue,
                b".." if at.pop().is_some() => continue,
                b".." => return refused("its link leads out of the folder"),
                _ => {}
            }
            let Some(kind) = self.kind(&at, &next) else { return Ok(None) };
            let is_last = open.is_empty();
            match kind {
                HostKind::Symlink { target } if target.starts_with(b"/") => {
                    return refused(&format!("its link leads out of the folder, to {}", path::show(&target)));
                }
                HostKind::Symlink { target } => {
                    links += 1;
                    if links > MOST_LINKS {
                        return refused("its links lead nowhere");
                    }
                    path::names(&target).rev().for_each(|part| open.push_front(part.to_vec()));
                }
                HostKind::Directory if is_last => return refused("it is a folder, not a file"),
                HostKind::File { .. } if !is_last => return refused("what it lies in is no folder"),
                HostKind::Directory | HostKind::File { .. } => match String::from_utf8(next) {
                    Ok(part) => at.push(part),
                    Err(_) => return refused("its link leads to a name that is no text"),
                },
                HostKind::Fifo => return refused("it is a named pipe, not a file"),
                HostKind::CharDev(..) | HostKind::BlockDev => return refused("it is a device, not a file"),
                HostKind::Socket | HostKind::Other => return refused("it is not a regular file"),
            }
        }
        let stored = self.host.open(&self.place(&at), u64::MAX);
        stored.map(|stored| Some(Contents::stored(stored))).map_err(|error| broken(name, &error.message))
    }

    fn place(&self, at: &[String]) -> String {
        let root = self.root.trim_end_matches('/');
        at.iter().fold(root.to_owned(), |place, part| format!("{place}/{part}"))
    }

    /// What a name of a folder is. What can't be listed has no names.
    fn kind(&self, folder: &[String], name: &[u8]) -> Option<HostKind> {
        let place = match folder {
            [] => self.root.to_owned(),
            _ => self.place(folder),
        };
        let mut listed = self.listed.borrow_mut();
        let list = |place: &String| self.host.list(place).unwrap_or_default();
        let entries = listed.entry(place).or_insert_with_key(list);
        entries.iter().find(|entry| entry.name == name).map(|entry| entry.kind.clone())
    }
}
