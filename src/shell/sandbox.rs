//! What is mounted over an image while a process runs.
//!
//! The devices are those of runc's default spec (`libcontainer/specconv`, `opencontainers/runtime-spec`
//! config-linux.md "Default Devices"). Nothing written below these mounts reaches the image.

use super::{Sandbox, Submount, text};
use crate::fs::{Contents, Inode, Kind, Tree, path};
use crate::trace::MountedAt;
use crate::union::Mount;
use std::sync::{Arc, OnceLock};

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
    /// How events tell what happens below it.
    pub told: Option<Arc<MountedAt>>,
    /// Bytes that fit, if that is limited.
    pub size: Option<u64>,
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

const PROC_AND_DEV: &str = "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\ntmpfs /dev tmpfs rw,nosuid,size=65536k,mode=755 0 0\n";

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
    // The kernel gives it to the process that looks.
    tree.put(b"/self/fd", Inode::dir(0o555));
    tree.put(b"/self/mounts", file(&format!("overlay / overlay rw,relatime 0 0\n{PROC_AND_DEV}")));
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

/// The trees and mount points of a sandbox. `locked`: its root is read-only, so the network's files are
/// too (moby `container/container_unix.go`, `NetworkMounts`).
pub(super) fn mounts(sandbox: Sandbox, locked: bool) -> (Vec<Mount>, Vec<MountPoint>) {
    let at = |target: &str, number: usize, inside: &str, read_only| MountPoint {
        target: target.into(),
        mount: number,
        inside: inside.into(),
        read_only,
        told: None,
        size: None,
    };
    let mut trees = vec![shared(0), shared(1)];
    let mut points = vec![at("/dev", 0, "", false), at("/proc", 1, "", true)];
    if sandbox == Sandbox::Host {
        return (trees, points);
    }
    trees.push(shared(2));
    let is_build = sandbox == Sandbox::BuildKit;
    let read_only = is_build || locked;
    trees.push(shared(if is_build { 3 } else { 4 }));
    points.push(at("/sys", 2, "", true));
    points.push(at("/etc/hosts", 3, "/hosts", read_only));
    points.push(at("/etc/resolv.conf", 3, "/resolv.conf", read_only));
    if !is_build {
        points.push(at("/etc/hostname", 3, "/hostname", read_only));
    }
    (trees, points)
}

/// Mounts what a run brings, and takes its trees for as long as it lasts.
pub(super) fn add(submounts: &mut [Submount], trees: &mut Vec<Mount>, points: &mut Vec<MountPoint>) {
    let first = trees.len();
    for submount in submounts {
        let target = path::clean(submount.target.as_bytes());
        let told = submount.told.as_ref().map(|told| {
            Arc::new(MountedAt {
                mount: told.mount.clone(),
                inside: text::decode(&submount.file),
                target: text::decode(&target),
            })
        });
        points.push(MountPoint {
            target,
            mount: submount.shares.map_or(trees.len(), |earlier| first + earlier),
            inside: submount.file.clone(),
            read_only: submount.read_only,
            told,
            size: submount.told.as_ref().and_then(|told| told.size),
        });
        trees.push(std::mem::replace(&mut submount.mount, Mount::native(Tree::new())));
    }
}

/// Adds to `/proc/self/mounts` what a container has of its own.
pub(super) fn list_mounts(trees: &mut [Mount], points: &[MountPoint], read_only: bool) {
    let own: String = points.iter().filter_map(line).collect();
    if own.is_empty() && !read_only {
        return;
    }
    let root = if read_only { "ro" } else { "rw" };
    let text = format!("overlay / overlay {root},relatime 0 0\n{PROC_AND_DEV}{own}");
    let shown = points.iter().find(|point| point.target == b"/proc").and_then(|p| trees.get_mut(p.mount));
    if let Some(processes) = shown {
        let mut tree = processes.upper().clone();
        tree.put(b"/self/mounts", Inode::file(Contents::text(&text)).with_mode(0o444));
        *processes = Mount::native(tree);
    }
}

/// What `/proc/self/mounts` says of something mounted in a container. The host's disk holds volumes and
/// folders alike.
fn line(point: &MountPoint) -> Option<String> {
    let told = point.told.as_ref()?;
    let mode = if point.read_only { "ro" } else { "rw" };
    let size = point.size.map_or(String::new(), |size| format!(",size={}k", size / 1024));
    Some(match told.mount.kind {
        "tmpfs" => {
            format!("tmpfs {} tmpfs {mode},nosuid,nodev,noexec,relatime{size} 0 0\n", told.target)
        }
        _ => format!("{DISK} {} ext4 {mode},relatime 0 0\n", told.target),
    })
}

/// The disk of the lab's host.
pub(super) const DISK: &str = "/dev/vda1";
