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
    let mut specs: Vec<&str> = Vec::new();
    for word in given.all("volume") {
        // The client keeps them as a set.
        if !specs.contains(&word.text.as_str()) {
            specs.push(&word.text);
        }
    }
    let cwd = &call.lab.cwd;
    let mounts = given.all("mount").map(|word| parse_mount(&word.text, cwd));
    let tmpfs = given.all("tmpfs").map(|word| parse_tmpfs(&word.text));
    let binds = specs.iter().map(|spec| parse_volume(spec, cwd));
    let parsed: Vec<Result<MountRequest, String>> = mounts.chain(tmpfs).chain(binds).collect();
    // What the client refuses the daemon never sees.
    let by_client = |one: &&Result<MountRequest, String>| {
        one.as_ref().is_err_and(|words| !words.starts_with("Error response from daemon"))
    };
    if let Some(Err(words)) = parsed.iter().find(by_client) {
        return Err(words.clone());
    }
    let mut mounts = parsed.into_iter().collect::<Result<Vec<MountRequest>, String>>()?;
    // In the order in which the daemon mounts them (moby `daemon/volumes_unix.go`, `registerMountPoints`).
    mounts.rotate_left(given.all("mount").count());
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
