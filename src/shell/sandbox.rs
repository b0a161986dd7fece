//! What is mounted over an image while a process runs.
//!
//! The devices are those of runc's default spec (`libcontainer/specconv`, `opencontainers/runtime-spec`
//! config-linux.md "Default Devices"). Nothing written below these mounts reaches the image.

use super::Sandbox;
use crate::fs::{Contents, Inode, Kind, Tree};
use crate::union::Mount;
use std::sync::OnceLock;

/// A place where something is mounted: a directory or a single file.
#[derive(Clone, Debug)]
pub(super) struct MountPoint {
    /// Absolute and clean.
    pub target: Vec<u8>,
    /// Index of the mounted tree.
    pub mount: usize,
    /// The path inside that tree that appears at the target; empty for its root.
    pub inside: Vec<u8>,
    pub read_only: bool,
}

/// Names in `/dev` and their device numbers.
const DEVICES: [(&str, u32, u32); 7] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
    ("ptmx", 5, 2),
];

fn devices() -> Tree {
    let mut tree = Tree::new();
    for (name, major, minor) in DEVICES {
        tree.put(format!("/{name}").as_bytes(), Inode::new(Kind::CharDev(major, minor), 0o666));
    }
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        tree.put(format!("/{name}").as_bytes(), Inode::symlink(target.as_bytes()));
    }
    tree.put(b"/core", Inode::symlink(b"/proc/kcore"));
    tree.put(b"/shm", Inode::dir(0o1777));
    tree.put(b"/mqueue", Inode::dir(0o1777));
    tree.put(b"/pts", Inode::dir(0o755));
    tree
}

fn processes() -> Tree {
    let mut tree = Tree::new();
    let file = |text: &str| Inode::file(Contents::text(text)).with_mode(0o444);
    tree.put(
        b"/cpuinfo",
        file("processor\t: 0\nmodel name\t: Layerlab\n\nprocessor\t: 1\nmodel name\t: Layerlab\n\n"),
    );
    tree.put(
        b"/meminfo",
        file("MemTotal:        4028416 kB\nMemFree:         3120124 kB\nMemAvailable:    3520124 kB\n"),
    );
    tree.put(b"/version", file("Linux version 6.1.0 (layerlab) #1 SMP\n"));
    tree.put(b"/uptime", file("60.00 120.00\n"));
    tree.put(b"/loadavg", file("0.00 0.00 0.00 1/1 1\n"));
    tree.put(b"/mounts", Inode::symlink(b"self/mounts"));
    tree.put(b"/1", Inode::symlink(b"self"));
    tree.put(b"/self", Inode::dir(0o555));
    tree.put(b"/self/fd", Inode::dir(0o500));
    tree.put(b"/self/mounts", file("overlay / overlay rw,relatime 0 0\nproc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0\n"));
    tree.put(b"/self/status", file("Name:\tsh\nState:\tR (running)\nPid:\t1\nPPid:\t0\n"));
    tree.put(b"/sys/kernel/ostype", file("Linux\n"));
    tree.put(b"/sys/kernel/osrelease", file("6.1.0\n"));
    tree
}

fn system() -> Tree {
    let mut tree = Tree::new();
    for name in ["block", "bus", "class", "dev", "devices", "firmware", "fs", "kernel", "module", "power"] {
        tree.put(format!("/{name}").as_bytes(), Inode::dir(0o755));
    }
    tree.put(b"/fs/cgroup", Inode::dir(0o755));
    tree
}

/// Files that the runtimes mount one by one.
fn network(hostname: &str) -> Tree {
    let mut tree = Tree::new();
    let hosts = format!(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n127.0.0.1\t{hostname}\n"
    );
    tree.put(b"/hosts", Inode::file(Contents::text(&hosts)));
    tree.put(b"/resolv.conf", Inode::file(Contents::text("nameserver 192.0.2.1\n")));
    tree.put(b"/hostname", Inode::file(Contents::text(&format!("{hostname}\n"))));
    tree
}

/// The name the process sees as its host's.
pub(super) fn hostname(sandbox: Sandbox) -> &'static str {
    match sandbox {
        Sandbox::BuildKit => "buildkitsandbox",
        Sandbox::Legacy | Sandbox::Container => "c0ffee5afe00",
        Sandbox::Host => "lab",
    }
}

/// The trees are the same in every run: each is made once.
fn shared(kind: usize) -> Mount {
    static TREES: [OnceLock<Tree>; 5] = [const { OnceLock::new() }; 5];
    let make: [fn() -> Tree; 5] = [
        devices,
        processes,
        system,
        || network(hostname(Sandbox::BuildKit)),
        || network(hostname(Sandbox::Container)),
    ];
    match (TREES.get(kind), make.get(kind)) {
        (Some(cell), Some(make)) => Mount::native(cell.get_or_init(make).clone()),
        _ => Mount::native(Tree::new()),
    }
}

/// The trees and mount points of a sandbox; indices count from `first`.
pub(super) fn mounts(sandbox: Sandbox, first: usize) -> (Vec<Mount>, Vec<MountPoint>) {
    let at = |target: &str, number: usize, inside: &str, read_only| MountPoint {
        target: target.into(),
        mount: first + number,
        inside: inside.into(),
        read_only,
    };
    let mut trees = vec![shared(0), shared(1)];
    let mut points = vec![at("/dev", 0, "", false), at("/proc", 1, "", true)];
    if sandbox == Sandbox::Host {
        return (trees, points);
    }
    trees.push(shared(2));
    let read_only = sandbox == Sandbox::BuildKit;
    trees.push(shared(if read_only { 3 } else { 4 }));
    points.push(at("/sys", 2, "", true));
    points.push(at("/etc/hosts", 3, "/hosts", read_only));
    points.push(at("/etc/resolv.conf", 3, "/resolv.conf", read_only));
    if sandbox != Sandbox::BuildKit {
        points.push(at("/etc/hostname", 3, "/hostname", false));
    }
    (trees, points)
}
