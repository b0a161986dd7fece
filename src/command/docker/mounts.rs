//! The flags of `docker run` that mount something.

use super::{Answer, Call};
use crate::command::options::{Flag, switch, valued};
use crate::dockerfile::Version;
use crate::image::mounts::{MountRequest, parse_mount, parse_tmpfs, parse_volume};
use crate::lab::Start;

pub(super) const VOLUME: Flag =
    valued("volume", Some('v'), "NAME:PATH[:ro]", "mount a volume, or a folder of the lab's host (./x, /x)");
pub(super) const MOUNT: Flag = valued("mount", None, "type=…,src=…,dst=…", "mount a volume, bind or tmpfs");
pub(super) const TMPFS: Flag = valued("tmpfs", None, "PATH", "mount an empty filesystem in memory");
pub(super) const VOLUMES_FROM: Flag =
    valued("volumes-from", None, "CONTAINER[:ro]", "mount what another container mounts");
pub(super) const READ_ONLY: Flag = switch("read-only", None, "the union can't be written to");

/// How the flags say that a container starts.
///
/// # Errors
/// Docker's words, those behind `docker: `.
pub(super) fn start(call: &Call<'_, '_>) -> Result<Start, String> {
    let given = &call.given;
    let mut mounts: Vec<MountRequest> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for word in given.all("mount") {
        mounts.push(parse_mount(&word.text, &call.lab.cwd)?);
    }
    for word in given.all("volume") {
        // The client keeps them as a set.
        if !seen.contains(&word.text.as_str()) {
            seen.push(&word.text);
            mounts.push(parse_volume(&word.text, &call.lab.cwd)?);
        }
    }
    for word in given.all("tmpfs") {
        mounts.push(parse_tmpfs(&word.text)?);
    }
    let mut volumes_from = Vec::new();
    for word in given.all("volumes-from") {
        volumes_from.push(match word.text.split_once(':') {
            None => (word.text.clone(), false),
            Some((name, "ro")) => (name.to_owned(), true),
            Some((name, "rw" | "z" | "Z")) => (name.to_owned(), false),
            Some((_, mode)) => return Err(format!("Error response from daemon: invalid mode: {mode}")),
        });
    }
    let name = given.text("name").map(str::to_owned);
    Ok(Start { name, mounts, volumes_from, read_only: given.is_set("read-only") })
}

/// The client's answer to a container that can't be made (docker/cli `cli/command/container/run.go`).
pub(super) fn refused(words: &str, version: Version) -> Answer {
    let usage = words.starts_with("invalid argument");
    let err = match version {
        Version::V20_10 if usage => format!("{words}\nSee 'docker run --help'.\n"),
        Version::V20_10 => format!("docker: {words}.\nSee 'docker run --help'.\n"),
        Version::Current => {
            let usage = if usage { "\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]" } else { "" };
            let docker = if usage.is_empty() { "docker: " } else { "" };
            format!("{docker}{words}{usage}\n\nRun 'docker run --help' for more information\n")
        }
    };
    Answer { err, exit: 125, next: Some("help volumes".to_owned()), ..Answer::default() }
}
