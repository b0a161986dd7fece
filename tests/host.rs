//! The real host: confined to its folders, bounded, replacing files in one step.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::cli::DiskHost;
use layerlab::fs::{Host, HostKind};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// A fresh folder with `inside/` (the host's base) and `outside/` beside it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("host").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("inside/sub")).unwrap();
    fs::create_dir_all(folder.join("outside")).unwrap();
    fs::write(folder.join("inside/a"), "a").unwrap();
    fs::write(folder.join("outside/secret"), "secret").unwrap();
    folder
}

fn refused<T: std::fmt::Debug>(result: Result<T, layerlab::fs::HostError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn paths_stay_inside() {
    let folder = folder("stay");
    let host = DiskHost::below(&folder.join("inside")).unwrap();
    symlink("../outside/secret", folder.join("inside/link")).unwrap();
    symlink("../outside", folder.join("inside/folder")).unwrap();
    symlink("a", folder.join("inside/fine")).unwrap();

    assert_eq!(host.read("a", 10).unwrap(), b"a");
    assert_eq!(host.read("./sub/../a", 10).unwrap(), b"a");
    assert_eq!(host.read("fine", 10).unwrap(), b"a");
    let outside = "outside the folder `inside`, which is all that may be read here";
    let absolute = folder.join("outside/secret");
    for path in
        ["link", "folder/secret", "../outside/secret", "../outside/nothing", "sub/../../outside/secret"]
    {
        assert_eq!(refused(host.read(path, 10)), format!("{path}: {outside}"));
    }
    assert!(refused(host.read(absolute.to_str().unwrap(), 10)).ends_with(outside));
    assert_eq!(refused(host.list("folder")), format!("folder: {outside}"));
    assert_eq!(refused(host.list("..")), format!("..: {outside}"));
    assert!(refused(host.clone().write("../outside/new", b"x")).ends_with(outside));
    assert!(refused(host.clone().write("link", b"x")).ends_with(outside));
    assert_eq!(fs::read(folder.join("outside/secret")).unwrap(), b"secret");
}

#[test]
fn a_named_folder_is_admitted() {
    let folder = folder("admit");
    let mut host = DiskHost::below(&folder.join("inside")).unwrap();
    assert_eq!(refused(host.admit("../nowhere")), "../nowhere: no such file or folder");
    assert_eq!(refused(host.admit("a")), "a: not a folder");
    host.admit("../outside").unwrap();
    assert_eq!(host.read("../outside/secret", 10).unwrap(), b"secret");
    assert!(host.read("../inside/../outside/secret", 10).is_ok());
    assert!(refused(host.list("..")).contains("outside the folder"));
}

#[test]
fn a_listing_is_sorted_and_follows_nothing() {
    let folder = folder("list");
    let host = DiskHost::below(&folder.join("inside")).unwrap();
    symlink("../outside", folder.join("inside/l")).unwrap();
    fs::set_permissions(folder.join("inside/a"), fs::Permissions::from_mode(0o4750)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("inside/s")).unwrap();
    let entries = host.list(".").unwrap();
    let shown: Vec<(String, HostKind)> = entries
        .iter()
        .map(|entry| (String::from_utf8(entry.name.clone()).unwrap(), entry.kind.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            ("a".into(), HostKind::File { size: 1 }),
            ("l".into(), HostKind::Symlink { target: b"../outside".to_vec() }),
            ("s".into(), HostKind::Socket),
            ("sub".into(), HostKind::Directory),
        ]
    );
    assert_eq!(entries[0].mode, 0o4750);
    assert!(entries[0].mtime > 1_600_000_000);
    assert_eq!(refused(host.read("s", 10)), "s: not a regular file");
    assert_eq!(refused(host.read("sub", 10)), "sub: a folder, not a file");
    assert_eq!(refused(host.list("a")), "a: not a folder");
    assert_eq!(refused(host.list("gone")), "gone: no such file or folder");
    assert_eq!(refused(host.read("a\0b", 10)), "a\0b: not a possible path");
}

#[test]
fn reading_is_bounded() {
    let folder = folder("bounded");
    let host = DiskHost::below(&folder.join("inside")).unwrap();
    fs::write(folder.join("inside/big"), vec![0; 1000]).unwrap();
    assert_eq!(host.read("big", 1000).unwrap().len(), 1000);
    assert_eq!(refused(host.read("big", 999)), "big: more than 999 bytes");
}

#[test]
fn a_file_is_replaced_in_one_step() {
    let folder = folder("replace");
    let mut host = DiskHost::below(&folder.join("inside")).unwrap();
    host.write("sub/new", b"one").unwrap();
    assert_eq!(host.read("sub/new", 10).unwrap(), b"one");

    fs::set_permissions(folder.join("inside/a"), fs::Permissions::from_mode(0o600)).unwrap();
    host.write("a", b"two").unwrap();
    assert_eq!(fs::read(folder.join("inside/a")).unwrap(), b"two");
    assert_eq!(fs::metadata(folder.join("inside/a")).unwrap().permissions().mode() & 0o777, 0o600);

    symlink("a", folder.join("inside/fine")).unwrap();
    host.write("fine", b"three").unwrap();
    assert_eq!(fs::read(folder.join("inside/a")).unwrap(), b"three");
    assert!(fs::symlink_metadata(folder.join("inside/fine")).unwrap().is_symlink());

    assert_eq!(refused(host.write("sub", b"x")), "sub: something that is not a file has this name");
    assert_eq!(refused(host.write("gone/x", b"x")), "gone: no such file or folder");
    for path in ["", ".", "..", "sub/.."] {
        assert!(host.write(path, b"x").is_err(), "{path:?}");
    }
    let left: Vec<String> =
        host.list(".").unwrap().into_iter().map(|entry| String::from_utf8(entry.name).unwrap()).collect();
    assert_eq!(left, ["a", "fine", "sub"], "nothing is left beside the files");
}

#[test]
fn a_file_that_is_not_written_to_its_end_leaves_the_old_one() {
    let folder = folder("interrupted");
    let mut host = DiskHost::below(&folder.join("inside")).unwrap();
    let said = refused(host.write_with("a", &mut |out| {
        out.write_all(&vec![b'x'; 1 << 20])?;
        Err(std::io::Error::other("interrupted"))
    }));
    assert_eq!(said, "a: interrupted");
    assert_eq!(host.read("a", 10).unwrap(), b"a");
    assert_eq!(fs::read_dir(folder.join("inside")).unwrap().count(), 2, "nothing is left beside it");
    host.write_with("a", &mut |out| out.write_all(b"new")).unwrap();
    assert_eq!(host.read("a", 10).unwrap(), b"new");
    assert!(refused(host.write_with("../outside/secret", &mut |_| Ok(()))).contains("outside the folder"));
}

#[test]
fn an_open_file_is_read_where_it_lies_and_must_not_change() {
    let folder = folder("open");
    let host = DiskHost::below(&folder.join("inside")).unwrap();
    symlink("../outside/secret", folder.join("inside/link")).unwrap();
    fs::write(folder.join("inside/big"), vec![b'x'; 1 << 20]).unwrap();
    let stored = host.open("big", 1).unwrap();
    assert_eq!(stored.part(1000, 3).unwrap().to_bytes(9).unwrap().unwrap(), b"xxx");
    // Replaced by another file: the old one is still what is read.
    fs::write(folder.join("inside/other"), "y").unwrap();
    fs::rename(folder.join("inside/other"), folder.join("inside/big")).unwrap();
    assert_eq!(stored.part(1000, 3).unwrap().to_bytes(9).unwrap().unwrap(), b"xxx");
    let stored = host.open("a", 1).unwrap();
    fs::write(folder.join("inside/a"), "another").unwrap();
    assert!(stored.to_bytes(9).unwrap_err().to_string().contains("has changed"));
    for (path, words) in [("sub", "a folder"), ("link", "outside the folder"), ("none", "no such file")] {
        assert!(refused(host.open(path, 1)).contains(words), "{path}");
    }
}

#[test]
fn what_is_unpacked_is_kept_without_a_name() {
    let folder = folder("spool");
    let host = DiskHost::below(&folder.join("inside")).unwrap();
    let mut kept = host.spool().begin().unwrap();
    std::io::Write::write_all(&mut kept, b"0123456789").unwrap();
    let source = kept.finish().unwrap();
    let mut two = [0; 2];
    assert_eq!((source.len(), source.read_at(4, &mut two).unwrap(), &two), (10, 2, b"45"));
}

/// A host that is only asked name by name.
struct OneByOne(DiskHost);

impl Host for OneByOne {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, layerlab::fs::HostError> {
        self.0.read(path, limit)
    }

    fn list(&self, path: &str) -> Result<Vec<layerlab::fs::HostEntry>, layerlab::fs::HostError> {
        self.0.list(path)
    }

    fn read_at(&self, path: &[u8], limit: u64) -> Result<Vec<u8>, layerlab::fs::HostError> {
        self.0.read_at(path, limit)
    }

    fn list_at(&self, path: &[u8]) -> Result<Vec<layerlab::fs::HostEntry>, layerlab::fs::HostError> {
        self.0.list_at(path)
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), layerlab::fs::HostError> {
        self.0.write(path, bytes)
    }
}

/// Everything of a context, or why there is none.
fn context(host: &dyn Host, limits: layerlab::build::Limits) -> Result<Vec<String>, String> {
    use layerlab::fs::Nodes;
    let context =
        layerlab::build::Context::from_host(host, ".", limits).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    context.tree().walk(&mut |path, _, inode| {
        let path = String::from_utf8_lossy(path);
        let held = match &inode.kind {
            layerlab::fs::Kind::File(contents) => contents.key_digest().short(8),
            layerlab::fs::Kind::Symlink(target) => String::from_utf8_lossy(target).into_owned(),
            _ => String::new(),
        };
        all.push(format!("{path} {} {:o} {} {held}", inode.kind.word(), inode.mode, inode.mtime));
    });
    Ok(all)
}

#[test]
fn a_folder_read_at_once_is_what_it_is_name_by_name() {
    use layerlab::build::Limits;
    let folder = folder("whole");
    let inside = folder.join("inside");
    for at in 0..700 {
        fs::write(inside.join(format!("sub/f{at}")), format!("{at}").repeat(at)).unwrap();
        let deep = inside.join(format!("d{}/e{}/empty", at % 40, at % 7));
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("../f"), format!("{at}")).unwrap();
    }
    fs::set_permissions(inside.join("d1"), fs::Permissions::from_mode(0o1700)).unwrap();
    fs::set_permissions(inside.join("sub/f1"), fs::Permissions::from_mode(0o4711)).unwrap();
    // Links lead outside, in circles and to a folder; none is followed.
    for (target, name) in [("../outside", "out"), ("loop", "loop"), ("sub", "sub/link"), ("gone", "gone")] {
        symlink(target, inside.join(name)).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(inside.join("s")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(inside.join("sub/pipe")).status();
    assert!(pipe.is_ok_and(|status| status.success()));

    let at_once = DiskHost::below(&inside).unwrap();
    let one_by_one = OneByOne(at_once.clone());
    if cfg!(target_os = "linux") {
        let whole = at_once.whole(".", Limits::default()).unwrap();
        assert!(whole.iter().all(|part| !part.path.starts_with(b"/out")));
    }
    let whole = context(&at_once, Limits::default()).unwrap();
    assert_eq!(whole, context(&one_by_one, Limits::default()).unwrap());
    assert_eq!(whole.iter().filter(|line| line.starts_with("/sub/")).count(), 702);
    assert!(
        whole.iter().any(|line| line.starts_with("/out symlink") && line.ends_with(" ../outside")),
        "{whole:?}"
    );

    // What is too much is told as it is name by name.
    for limits in [
        Limits { entries: 100, ..Limits::default() },
        Limits { bytes: 5_000, ..Limits::default() },
        Limits { depth: 1, ..Limits::default() },
    ] {
        assert_eq!(at_once.whole(".", limits), None);
        assert_eq!(context(&at_once, limits).unwrap_err(), context(&one_by_one, limits).unwrap_err());
    }
    for outside in ["../outside", "out", "gone", "a"] {
        assert_eq!(at_once.whole(outside, Limits::default()), None, "{outside}");
    }
}
