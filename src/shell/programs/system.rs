//! The system as programs see it: date, host, memory, disk.

use crate::fs::{Contents, Inode, Nodes, Tree};
use crate::shell::call::Call;
use crate::shell::sandbox::DISK;
use crate::shell::{sandbox_hostname, text};

pub(super) fn quiet(_: &mut Call<'_, '_>) -> i32 {
    0
}

pub(super) fn fails(_: &mut Call<'_, '_>) -> i32 {
    1
}

pub(super) fn uname(call: &mut Call<'_, '_>) -> i32 {
    let host = sandbox_hostname(call.m.sandbox);
    let parts = [
        ('s', "Linux"),
        ('n', host),
        ('r', "6.1.0"),
        ('v', "#1 SMP"),
        ('m', "x86_64"),
        ('o', if call.busybox { "Linux" } else { "GNU/Linux" }),
    ];
    let mut letters: String =
        call.args().iter().filter(|w| w.starts_with('-')).map(|w| w.trim_start_matches('-')).collect();
    for (long, letter) in
        [("machine", "m"), ("kernel-name", "s"), ("kernel-release", "r"), ("nodename", "n"), ("all", "a")]
    {
        letters = letters.replace(long, letter);
    }
    if letters.contains('a') {
        letters = "snrvmo".to_owned();
    } else if letters.contains(['p', 'i']) {
        call.out(if call.busybox { "x86_64\n" } else { "unknown\n" });
        return 0;
    } else if letters.is_empty() {
        letters = "s".to_owned();
    }
    let shown: Vec<&str> =
        parts.iter().filter(|(l, _)| letters.contains(*l)).map(|(_, text)| *text).collect();
    call.out(&format!("{}\n", shown.join(" ")));
    0
}

pub(super) fn hostname(call: &mut Call<'_, '_>) -> i32 {
    if call.args().iter().any(|word| !word.starts_with('-')) {
        return call
            .either("sethostname: Operation not permitted", "you must be root to change the host name");
    }
    let host = sandbox_hostname(call.m.sandbox);
    call.out(&format!("{host}\n"));
    0
}

pub(super) fn nproc(call: &mut Call<'_, '_>) -> i32 {
    call.out("2\n");
    0
}

pub(super) fn pwd(call: &mut Call<'_, '_>) -> i32 {
    let cwd = call.cwd();
    call.out(&format!("{cwd}\n"));
    0
}

pub(super) fn free(call: &mut Call<'_, '_>) -> i32 {
    call.out("              total        used        free      shared  buff/cache   available\nMem:        4028416      508292     3120124        1024      400000     3520124\nSwap:             0           0           0\n");
    0
}

pub(super) fn df(call: &mut Call<'_, '_>) -> i32 {
    let human = call.args().iter().any(|word| word.starts_with('-') && word.contains('h'));
    let paths: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let head = match human {
        true => "Filesystem                Size      Used Available Use% Mounted on\n",
        false => "Filesystem           1K-blocks      Used Available Use% Mounted on\n",
    };
    let (mut rows, mut status) = (String::new(), 0);
    if paths.is_empty() {
        let all = std::iter::once(None).chain((0..call.m.points.len()).map(Some));
        rows = all.filter_map(|point| row(call, point, human)).collect();
    }
    for path in paths {
        match call.m.point_at(&text::encode(&path)) {
            Ok(point) => rows.extend(row(call, point, human).or_else(|| row(call, None, human))),
            Err(errno) => status = call.fail_errno(&path, errno),
        }
    }
    if !rows.is_empty() {
        call.out(&format!("{head}{rows}"));
    }
    status
}

/// A row of `df`; none for what every sandbox mounts.
fn row(call: &Call<'_, '_>, point: Option<usize>, human: bool) -> Option<String> {
    let point = point.map(|point| call.m.points.get(point)).unwrap_or_default();
    let (device, target, tmpfs) = match point {
        None => ("overlay", "/", None),
        Some(point) => {
            let told = point.told.as_ref()?;
            match told.mount.kind {
                "tmpfs" => ("tmpfs", told.target.as_str(), Some(point)),
                _ => (DISK, told.target.as_str(), None),
            }
        }
    };
    // In blocks of 1 KiB. The disk is half full; a tmpfs may take half of the memory.
    let (size, used) = match tmpfs {
        None => (52_428_800, 26_214_400),
        Some(point) => {
            let held = call.m.extra.get(point.mount).map_or(0, |mount| bytes_in(mount.upper()));
            (point.size.map_or(2_014_208, |size| size / 1024), held.div_ceil(1024))
        }
    };
    let free = u64::saturating_sub(size, used);
    let percent = (used * 100).div_ceil(size.max(1));
    Some(match human {
        true => {
            let [size, used, free] = [size, used, free].map(shown);
            format!("{device:<20} {size:>9} {used:>9} {free:>9} {percent:>3}% {target}\n")
        }
        false => format!("{device:<20} {size:>9} {used:>9} {free:>9} {percent:>3}% {target}\n"),
    })
}

/// Blocks of 1 KiB as busybox's `df -h` writes them.
fn shown(blocks: u64) -> String {
    match blocks {
        0 => "0".to_owned(),
        1..1024 => format!("{blocks}.0K"),
        1024..1_048_576 => format!("{:.1}M", blocks as f64 / 1024.0),
        _ => format!("{:.1}G", blocks as f64 / 1_048_576.0),
    }
}

fn bytes_in(tree: &Tree) -> u64 {
    let inodes = (0..tree.inodes() as u32).map(|ino| tree.inode(ino));
    inodes.filter(|inode| inode.nlink > 0).map(Inode::size).fold(0, u64::saturating_add)
}

/// `mount` without a word: the table.
pub(super) fn mount(call: &mut Call<'_, '_>) -> i32 {
    if !call.args().is_empty() {
        return match call.m.cred.uid {
            0 => call.fail("permission denied (are you root?)"),
            _ => call.fail("must be superuser to use mount"),
        };
    }
    let table = call.m.read(b"/proc/mounts").ok().and_then(|table| table.to_bytes(1 << 20));
    let table = text::decode(&table.unwrap_or_default());
    for line in table.lines() {
        if let [device, target, kind, options, ..] = line.split(' ').collect::<Vec<_>>()[..] {
            call.out(&format!("{device} on {target} type {kind} ({options})\n"));
        }
    }
    0
}

pub(super) fn ps(call: &mut Call<'_, '_>) -> i32 {
    if call.busybox {
        call.out("PID   USER     TIME  COMMAND\n    1 root      0:00 sh\n");
    } else {
        call.out("    PID TTY          TIME CMD\n      1 ?        00:00:00 sh\n");
    }
    0
}

/// Writes the linker's cache, whose contents follow from nothing the lab looks at.
pub(super) fn ldconfig(call: &mut Call<'_, '_>) -> i32 {
    if call.m.cred.uid != 0 {
        return call.fail("Can't create temporary cache file /etc/ld.so.cache~: Permission denied");
    }
    if call.m.musl {
        return 0;
    }
    let cache = Contents::seeded("ld.so.cache", 5_000);
    match call.m.write(b"/etc/ld.so.cache", cache, 0o644) {
        Ok(()) => 0,
        Err(errno) => call.fail_errno("/etc/ld.so.cache", errno),
    }
}

pub(super) fn certificates(call: &mut Call<'_, '_>) -> i32 {
    let mut whole = Contents::EMPTY;
    for dir in ["/usr/share/ca-certificates", "/usr/local/share/ca-certificates"] {
        for name in call.m.readdir(dir.as_bytes()).unwrap_or_default() {
            let path = format!("{dir}/{}", text::decode(&name));
            if let Ok(contents) = call.m.read(&text::encode(&path)) {
                whole.append(&contents);
            }
        }
    }
    if whole.is_empty() {
        whole = Contents::seeded("ca-certificates.crt", 214_000);
    }
    let made = call.m.mkdir(b"/etc/ssl/certs", 0o755);
    if made.is_err() && !call.m.is_dir(b"/etc/ssl/certs") {
        return call.fail("/etc/ssl/certs: No such file or directory");
    }
    if let Err(errno) = call.m.write(b"/etc/ssl/certs/ca-certificates.crt", whole, 0o644) {
        return call.fail_errno("/etc/ssl/certs/ca-certificates.crt", errno);
    }
    if !call.m.musl {
        call.out("Updating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\n");
    }
    0
}
