//! Lines about volumes, bind mounts and tmpfs.

use super::measure::{clean_line, flow};
use super::size::{bytes, count};
use super::style::{Style, Tone};
use crate::trace::{MountRef, Mounted};

/// "volume db-data", "the host's /lab/app", "a tmpfs".
pub fn name(mount: &MountRef) -> String {
    match mount.kind {
        "volume" => format!("volume {}", short(&mount.source)),
        "bind" => format!("the host's {}", clean_line(&mount.source)),
        _ => "a tmpfs".to_owned(),
    }
}

/// The name of a volume that nobody named is an id, and as long as one.
fn short(name: &str) -> String {
    let anonymous = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    clean_line(if anonymous { name.get(..12).unwrap_or(name) } else { name })
}

/// What a container mounts as it starts.
pub fn draw(news: &Mounted, style: &Style) -> String {
    let made = if news.made { "new " } else { "" };
    let read_only = if news.read_only { ", read-only" } else { "" };
    let mut segments =
        vec![format!("{} is {made}{}{read_only}", clean_line(&news.target), name(&news.mount))];
    if let Some((entries, size)) = news.copied {
        let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        segments.push(format!("empty until now: {entries} of the image copied in, {}", bytes(size)));
    } else if news.hidden > 0 {
        segments.push(format!("hides {} of the image", count(news.hidden, "name")));
    }
    format!("{} {}\n", style.paint(Tone::Accent, "mount"), flow(&segments, 6, style.width))
}
