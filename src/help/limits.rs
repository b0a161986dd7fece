//! What the lab does not model, in one place.

use crate::command::docker;

/// By subject; each line is something that a reader could expect and will not find.
const LIMITS: &[(&str, &[&str])] = &[
    (
        "the union",
        &[
            "fs-verity, NFS export, ACLs, layers on different filesystems",
            "marks of fuse-overlayfs alone (the kernel ignores them, too)",
            "the order in which a directory lists; link counts of directories",
            "what the kernel still remembers of two names of one lower object",
        ],
    ),
    (
        "storage drivers",
        &[
            "btrfs, zfs, devicemapper, fuse-overlayfs",
            "aufs: branches added to a mounted union, dirren, exchanging names,",
            "policies that go by free space or turns, a read-only first branch",
            "one store for all drivers: with Docker each has images of its own",
        ],
    ),
    (
        "builds",
        &[
            "steps at the same time: they run one after the other",
            "frontends other than the Dockerfile's own; bake; SBOM, provenance",
            "other platforms than the one a base is known for",
        ],
    ),
    (
        "RUN",
        &[
            "programs that the lab does not know: they do nothing, and the step says",
            "so; what a compiler makes; processes that stay",
            "a network other than the addresses that `urls` teaches",
            "time: seconds are a model, and dates are the lab's own",
        ],
    ),
    (
        "images and the registry",
        &[
            "bytes of built-in bases: names, sizes and modes are real, contents not",
            "so their digests are the lab's own, and say so when they are saved",
            "signatures, tokens, accounts, rate limits; progress bars",
            "block devices in archives",
        ],
    ),
    (
        "containers, volumes, compose",
        &[
            "processes, ports, networks, health checks, restarts, limits of memory",
            "volume drivers other than local and options; a tmpfs that fills up",
            "compose: what concerns neither images nor storage is named when read;",
            "extends and include are refused; the network of a project",
        ],
    ),
];

/// The whole list, at most 80 columns.
pub fn text() -> String {
    let mut text = String::from("What the lab does not model. Whatever meets one of these says so.\n");
    for (subject, lines) in LIMITS {
        text.push_str(&format!("\n{subject}\n"));
        for line in *lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push_str("\ncommands of docker\n");
    for (word, why) in docker::not_modelled() {
        let line = format!("{word}: {why}");
        for (at, part) in super::wrapped(&line, 76).into_iter().enumerate() {
            text.push_str(&format!("  {}{part}\n", if at == 0 { "" } else { "  " }));
        }
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fits_its_screen_and_holds_the_tables() {
        let text = text();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(docker::not_modelled().all(|(word, _)| text.contains(word)));
    }
}
