//! The system as programs see it: date, host, memory, disk.

use crate::fs::Contents;
use crate::shell::call::Call;
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
    if call.args().iter().any(|word| word.contains('h')) {
        call.out("Filesystem                Size      Used Available Use% Mounted on\noverlay                  50.0G     25.0G     25.0G  50% /\n");
    } else {
        call.out("Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay               52428800  26214400  26214400  50% /\n");
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
