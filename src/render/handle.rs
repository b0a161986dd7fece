//! Lines about files that are kept open, and maps of them.

use super::size::bytes;
use super::union::layer;
use crate::trace::{HandleNews, MapNews};

/// The verb and the sentence for news of an open file.
pub fn told(fd: u32, news: &HandleNews) -> (&'static str, String) {
    match news {
        HandleNews::Opened { read, write, append, directory, from } => {
            let how = match (read, write, append) {
                _ if *directory => "as a directory",
                (true, true, true) => "to read, and to write at its end",
                (false, true, true) => "to write at its end",
                (true, true, false) => "to read and write",
                (false, true, false) => "to write",
                (_, false, _) => "to read",
            };
            let place = from.as_ref().map_or(String::new(), |from| format!("; it lies in {}", layer(from)));
            ("open", format!("fd {fd}, {how}{place}"))
        }
        HandleNews::Read { bytes: read, from, nameless } => {
            let nameless = if *nameless { ", of a file that has no name any more" } else { "" };
            ("read", format!("{} from {} through fd {fd}{nameless}", bytes(*read), layer(from)))
        }
        HandleNews::Wrote { bytes: 0, size } => {
            ("write", format!("now {} through fd {fd}, of a file that has no name any more", bytes(*size)))
        }
        HandleNews::Wrote { bytes: written, size } => (
            "write",
            format!(
                "{} through fd {fd}, now {}, to a file that has no name any more",
                bytes(*written),
                bytes(*size)
            ),
        ),
        HandleNews::Attributes { change } => {
            ("attribute", format!("{change}, through fd {fd}, of a file that has no name any more"))
        }
        HandleNews::Followed { from, contents: true } => (
            "follow",
            format!("fd {fd} was opened in {} and reads the upper's copy from now on", layer(from)),
        ),
        HandleNews::Followed { from, contents: false } => (
            "follow",
            format!("fd {fd} has its attributes in the upper now, its contents still in {}", layer(from)),
        ),
        HandleNews::Unlinked { directory: true, .. } => (
            "keep",
            format!("fd {fd} keeps the directory open: nothing can be listed or made in it any more"),
        ),
        HandleNews::Unlinked { from, nameless, .. } => {
            let place = from.as_ref().map_or(String::new(), |from| format!(" in {}", layer(from)));
            let left = if *nameless { "no name any more" } else { "other names" };
            ("keep", format!("fd {fd} keeps the file{place}, which has {left}"))
        }
        HandleNews::Synced { skipped: true, .. } => {
            ("fsync", "done at once, and nothing written out: the mount is volatile".to_owned())
        }
        HandleNews::Synced { in_upper: true, .. } => ("fsync", format!("the upper's file of fd {fd}")),
        HandleNews::Synced { .. } => {
            ("fsync", format!("nothing to be written out: fd {fd} has nothing in the upper"))
        }
        HandleNews::Closed { freed } => ("close", format!("fd {fd}{}", freed_bytes(*freed))),
    }
}

/// The verb and the sentence for news of a map.
pub fn mapped(map: u32, news: &MapNews) -> (&'static str, String) {
    match news {
        MapNews::Made { fd, bytes: size, from, behind } => {
            let behind = if *behind { format!(", where fd {fd} was opened") } else { String::new() };
            (
                "map",
                format!("map {map}, {} of fd {fd}: shows the file of {}{behind}", bytes(*size), layer(from)),
            )
        }
        MapNews::Read { bytes: read, from, behind: false } => {
            ("read", format!("{} from {} through map {map}", bytes(*read), layer(from)))
        }
        MapNews::Read { bytes: read, from, behind: true } => (
            "read",
            format!(
                "{} from {} through map {map}, though the file is in the upper now",
                bytes(*read),
                layer(from)
            ),
        ),
        MapNews::LeftBehind { from } => {
            ("map", format!("map {map} still shows {}; the file now is in the upper", layer(from)))
        }
        MapNews::Unmapped { freed } => ("unmap", format!("map {map}{}", freed_bytes(*freed))),
    }
}

fn freed_bytes(freed: Option<u64>) -> String {
    match freed {
        Some(freed) => format!("; it was the last hold on the file: {} of the upper are free", bytes(freed)),
        None => String::new(),
    }
}
