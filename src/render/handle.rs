//! Lines about files that are kept open, and maps of them.

use super::size::bytes;
use super::union::layer_of;
use crate::trace::{HandleNews, MapNews};

/// The verb and the sentence for news of an open file; `place` is where its mount writes to.
pub fn told(fd: u32, news: &HandleNews, place: &str) -> (&'static str, String) {
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
            let lies =
                from.as_ref().map_or(String::new(), |from| format!("; it lies in {}", layer_of(from, place)));
            ("open", format!("fd {fd}, {how}{lies}"))
        }
        HandleNews::Read { bytes: read, from, nameless } => {
            let nameless = if *nameless { ", of a file that has no name any more" } else { "" };
            ("read", format!("{} from {} through fd {fd}{nameless}", bytes(*read), layer_of(from, place)))
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
            format!("fd {fd} was opened in {} and reads the upper's copy from now on", layer_of(from, place)),
        ),
        HandleNews::Followed { from, contents: false } => (
            "follow",
            format!(
                "fd {fd} has its attributes in the upper now, its contents still in {}",
                layer_of(from, place)
            ),
        ),
        HandleNews::Unlinked { directory: true, .. } => (
            "keep",
            format!("fd {fd} keeps the directory open: nothing can be listed or made in it any more"),
        ),
        HandleNews::Unlinked { from, nameless, .. } => {
            let lies = from.as_ref().map_or(String::new(), |from| format!(" in {}", layer_of(from, place)));
            let left = if *nameless { "no name any more" } else { "other names" };
            ("keep", format!("fd {fd} keeps the file{lies}, which has {left}"))
        }
        HandleNews::Synced { skipped: true, .. } => {
            ("fsync", "done at once, and nothing written out: the mount is volatile".to_owned())
        }
        HandleNews::Synced { in_upper: true, .. } if place != "upper" => {
            ("fsync", format!("the file of fd {fd}, in {place}"))
        }
        HandleNews::Synced { in_upper: true, .. } => ("fsync", format!("the upper's file of fd {fd}")),
        HandleNews::Synced { .. } => {
            ("fsync", format!("nothing to be written out: fd {fd} has nothing in the upper"))
        }
        HandleNews::Closed { freed } => ("close", format!("fd {fd}{}", freed_bytes(*freed, place))),
    }
}

/// The verb and the sentence for news of a map.
pub fn mapped(map: u32, news: &MapNews, place: &str) -> (&'static str, String) {
    match news {
        MapNews::Made { fd, bytes: size, from, behind } => {
            let behind = if *behind { format!(", where fd {fd} was opened") } else { String::new() };
            (
                "map",
                format!(
                    "map {map}, {} of fd {fd}: shows the file of {}{behind}",
                    bytes(*size),
                    layer_of(from, place)
                ),
            )
        }
        MapNews::Read { bytes: read, from, behind: false } => {
            ("read", format!("{} from {} through map {map}", bytes(*read), layer_of(from, place)))
        }
        MapNews::Read { bytes: read, from, behind: true } => (
            "read",
            format!(
                "{} from {} through map {map}, though the file is in the upper now",
                bytes(*read),
                layer_of(from, place)
            ),
        ),
        MapNews::LeftBehind { from } => {
            ("map", format!("map {map} still shows {}; the file now is in the upper", layer_of(from, place)))
        }
        MapNews::Unmapped { freed } => ("unmap", format!("map {map}{}", freed_bytes(*freed, place))),
    }
}

fn freed_bytes(freed: Option<u64>, place: &str) -> String {
    match freed {
        Some(freed) => {
            let place = if place == "upper" { "the upper" } else { place };
            format!("; it was the last hold on the file: {} of {place} are free", bytes(freed))
        }
        None => String::new(),
    }
}
