//! Files kept open: what a 6.18 kernel answered when it was asked, and a POSIX oracle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Errno, Inode, Kind, Nodes, Tree};
use layerlab::trace::{Event, HandleNews, Trace};
use layerlab::union::{Cred, Lower, Mount, Open, Options, Rename, Whence};
use proptest::prelude::*;
use std::collections::BTreeMap;

const R: Open = Open {
    read: true,
    write: false,
    append: false,
    create: false,
    excl: false,
    trunc: false,
    directory: false,
    nofollow: false,
    mode: 0o644,
};
const W: Open = Open { read: false, write: true, ..R };
const RW: Open = Open { write: true, ..R };

fn lower(files: &[(&str, &str)]) -> Lower {
    let mut tree = Tree::new();
    for (path, text) in files {
        match text.strip_prefix('=') {
            Some(existing) => tree.put_link(path.as_bytes(), existing.as_bytes()),
            None if path.ends_with('/') => tree.mkdirs(path.as_bytes()),
            None => tree.put(path.as_bytes(), Inode::file(Contents::text(text))),
        };
    }
    Lower { layer: tree.seal(), label: "".into() }
}

fn mount(files: &[(&str, &str)], options: Options) -> (Mount, Trace) {
    (Mount::new(vec![lower(files)], Tree::new(), options).unwrap(), Trace::silent())
}

fn text(contents: Contents) -> String {
    String::from_utf8(contents.to_bytes(1 << 20).unwrap()).unwrap()
}

fn all(m: &mut Mount, fd: u32) -> String {
    text(m.pread(fd, 0, 1 << 20, &mut Trace::silent()).unwrap())
}

#[test]
fn a_reader_follows_a_copy_up_and_a_map_does_not() {
    let (mut m, mut t) = mount(&[("/f", "lower\n")], Options::default());
    let f = m.open_handle(b"/f", R, &mut t).unwrap();
    let early = m.mmap(f, &mut t).unwrap();
    assert!(m.upper().is_bare(), "reading copies nothing");
    m.append(b"/f", Contents::text("more\n"), &mut t).unwrap();
    assert_eq!(all(&mut m, f), "lower\nmore\n");
    assert_eq!(m.fstat(f, &mut t).unwrap().size, 11);
    assert_eq!(text(m.mread(early, &mut t).unwrap()), "lower\n");
    let late = m.mmap(f, &mut t).unwrap();
    assert_eq!(text(m.mread(late, &mut t).unwrap()), "lower\n\0\0\0\0\0", "of the file that was opened");
    let other = m.open_handle(b"/f", R, &mut t).unwrap();
    let fresh = m.mmap(other, &mut t).unwrap();
    assert_eq!(text(m.mread(fresh, &mut t).unwrap()), "lower\nmore\n");
    assert_eq!((f, other, early, late, fresh), (3, 4, 1, 2, 3));
}

#[test]
fn what_is_open_or_mapped_is_not_unmounted() {
    let (mut m, mut t) = mount(&[("/f", "x")], Options::default());
    let f = m.open_handle(b"/f", R, &mut t).unwrap();
    let map = m.mmap(f, &mut t).unwrap();
    assert_eq!(m.restart(&mut t), Err(Errno::EBUSY));
    m.close(f, &mut t).unwrap();
    assert_eq!(m.commit("c", &mut t).err(), Some(Errno::EBUSY), "a map alone holds it too");
    assert_eq!(m.lowers().len(), 1);
    m.munmap(map, &mut t).unwrap();
    assert_eq!(m.restart(&mut t), Ok(()));
    m.commit("c", &mut t).unwrap();
}

#[test]
fn a_deleted_lower_file_keeps_its_contents_and_its_count_but_takes_no_change() {
    let (mut m, mut t) = mount(&[("/f", "lower\n")], Options::default());
    let f = m.open_handle(b"/f", R, &mut t).unwrap();
    m.unlink(b"/f", &mut t).unwrap();
    assert_eq!(all(&mut m, f), "lower\n");
    assert_eq!(m.fstat(f, &mut t).unwrap().nlink, 1, "the lower's own");
    for attempt in 0..2 {
        assert_eq!(m.fchmod(f, 0o600, &mut t), Err(Errno::EEXIST), "a whiteout, then a file has the name");
        assert_eq!(m.fchown(f, Some(1), None, &mut t), Err(Errno::EEXIST));
        assert_eq!(m.fsetxattr(f, b"user.a", b"1", &mut t), Err(Errno::EEXIST));
        if attempt == 0 {
            m.create(b"/f", 0o644, Contents::text("new"), &mut t).unwrap();
        }
    }
    assert_eq!(all(&mut m, f), "lower\n");
    assert_eq!(text(m.read(b"/f", &mut t).unwrap()), "new");
}

#[test]
fn a_deleted_file_of_the_upper_lives_until_the_last_close() {
    let (mut m, mut t) = mount(&[("/f", "lower\n")], Options::default());
    let f = m.open_handle(b"/f", RW, &mut t).unwrap();
    let map = m.mmap(f, &mut t).unwrap();
    m.unlink(b"/f", &mut t).unwrap();
    assert_eq!(m.fstat(f, &mut t).unwrap().nlink, 0);
    assert_eq!(m.fwrite(f, &Contents::text("XX"), &mut t), Ok(2));
    m.fchmod(f, 0o600, &mut t).unwrap();
    m.fsetxattr(f, b"user.a", b"1", &mut t).unwrap();
    assert_eq!(m.fgetxattr(f, b"user.a", &mut t).unwrap(), b"1");
    m.ftruncate(f, 3, &mut t).unwrap();
    assert_eq!((all(&mut m, f).as_str(), m.fstat(f, &mut t).unwrap().mode), ("XXw", 0o600));
    let names: Vec<Vec<u8>> = listed(&m);
    assert_eq!(names, [b"/f".to_vec()], "the whiteout alone is in the upper");
    assert_eq!(m.sealed_upper().entries(), 1);
    let held = m.upper().inodes();
    m.close(f, &mut t).unwrap();
    assert_eq!(text(m.mread(map, &mut t).unwrap()), "XXw\0\0\0", "the map still holds it");
    m.munmap(map, &mut t).unwrap();
    m.create(b"/g", 0o644, Contents::text("g"), &mut t).unwrap();
    assert_eq!(m.upper().inodes(), held, "the inode is used again");
}

fn listed(m: &Mount) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    m.upper().walk(&mut |path, _, _| names.push(path.to_vec()));
    names
}

#[test]
fn names_move_and_are_replaced_under_an_open_file() {
    let (mut m, mut t) = mount(&[("/a", "A"), ("/b", "B"), ("/d/x", "X")], Options::default());
    let (a, b) = (m.open_handle(b"/a", R, &mut t).unwrap(), m.open_handle(b"/b", R, &mut t).unwrap());
    m.rename(b"/a", b"/b", Rename::Plain, &mut t).unwrap();
    m.append(b"/b", Contents::text("+"), &mut t).unwrap();
    assert_eq!((all(&mut m, a), all(&mut m, b)), ("A+".into(), "B".into()));
    m.fchmod(a, 0o600, &mut t).unwrap();
    assert_eq!(m.stat(b"/b", &mut t).unwrap().mode, 0o600, "it goes by the new name");
    m.create(b"/c", 0o644, Contents::text("C"), &mut t).unwrap();
    m.rename(b"/b", b"/c", Rename::Exchange, &mut t).unwrap();
    m.append(b"/c", Contents::text("!"), &mut t).unwrap();
    assert_eq!(all(&mut m, a), "A+!");
    m.unlink(b"/b", &mut t).unwrap();
    assert_eq!(m.fstat(a, &mut t).unwrap().nlink, 1, "what had its old name was another");
}

#[test]
fn a_file_is_followed_through_its_directorys_rename() {
    let options = Options { redirect_dir: true, ..Options::default() };
    let (mut m, mut t) = mount(&[("/d/e/x", "X")], options);
    let x = m.open_handle(b"/d/e/x", R, &mut t).unwrap();
    m.rename(b"/d", b"/n", Rename::Plain, &mut t).unwrap();
    m.append(b"/n/e/x", Contents::text("+"), &mut t).unwrap();
    assert_eq!(all(&mut m, x), "X+");
    m.fchmod(x, 0o640, &mut t).unwrap();
    assert_eq!(m.stat(b"/n/e/x", &mut t).unwrap().mode, 0o640);
}

#[test]
fn twins_are_one_object_only_with_an_index() {
    for (index, seen) in [(false, "both"), (true, "both+")] {
        let options = Options { index, ..Options::default() };
        let (mut m, mut t) = mount(&[("/a", "both"), ("/b", "=/a")], options);
        let b = m.open_handle(b"/b", R, &mut t).unwrap();
        m.append(b"/a", Contents::text("+"), &mut t).unwrap();
        assert_eq!(all(&mut m, b), seen, "index {index}");
    }
}

#[test]
fn a_metacopy_is_completed_under_an_open_file() {
    let options = Options { metacopy: true, redirect_dir: true, ..Options::default() };
    let (mut m, mut t) = mount(&[("/f", "data")], options);
    m.chmod(b"/f", 0o600, &mut t).unwrap();
    let f = m.open_handle(b"/f", R, &mut t).unwrap();
    let map = m.mmap(f, &mut t).unwrap();
    assert_eq!(all(&mut m, f), "data");
    m.append(b"/f", Contents::text("!"), &mut t).unwrap();
    assert_eq!(all(&mut m, f), "data!");
    assert_eq!(text(m.mread(map, &mut t).unwrap()), "data", "the data were below when it was opened");
}

#[test]
fn positions_and_o_append() {
    let (mut m, mut t) = mount(&[("/f", "0123456789")], Options::default());
    let a = m.open_handle(b"/f", Open { append: true, ..RW }, &mut t).unwrap();
    let (data, t) = (Contents::text("AA"), &mut t);
    assert_eq!(text(m.fread(a, Some(2), t).unwrap()), "01");
    assert_eq!(m.fwrite(a, &data, t), Ok(2));
    assert_eq!(m.lseek(a, 0, Whence::Current, t), Ok(12), "after the end it wrote to");
    assert_eq!(m.lseek(a, 3, Whence::Set, t), Ok(3));
    assert_eq!(m.pwrite(a, 0, &data, t), Ok(2), "to the end all the same");
    assert_eq!(m.lseek(a, 0, Whence::Current, t), Ok(3));
    assert_eq!(all(&mut m, a), "0123456789AAAA");
    assert_eq!(m.lseek(a, -15, Whence::End, t), Err(Errno::EINVAL));
    assert_eq!(m.lseek(a, i64::MAX, Whence::Current, t), Err(Errno::EINVAL));
    assert_eq!(m.lseek(a, 100, Whence::Set, t), Ok(100));
    assert!(m.fread(a, None, t).unwrap().is_empty());
    let w = m.open_handle(b"/f", W, t).unwrap();
    m.lseek(w, 16, Whence::Set, t).unwrap();
    m.fwrite(w, &Contents::text("!"), t).unwrap();
    assert_eq!(all(&mut m, a), "0123456789AAAA\0\0!");
    m.lseek(w, i64::MAX - 1, Whence::Set, t).unwrap();
    assert_eq!(m.fwrite(w, &data, t), Err(Errno::EINVAL));
    assert_eq!(m.fwrite(w, &Contents::EMPTY, t), Ok(0));
}

#[test]
fn every_refusal_in_the_kernels_order() {
    let (mut m, mut t) = mount(&[("/f", "x"), ("/empty", ""), ("/d/", "")], Options::default());
    let t = &mut t;
    let (r, w) = (m.open_handle(b"/f", R, t).unwrap(), m.open_handle(b"/f", W, t).unwrap());
    let (d, e) = (m.open_handle(b"/d", R, t).unwrap(), m.open_handle(b"/empty", R, t).unwrap());
    let data = Contents::text("y");
    let drop_it = |result: Result<Contents, Errno>| result.map(drop);
    let told = [
        ("read of a write-only file", drop_it(m.fread(w, None, t)), Errno::EBADF),
        ("read of a directory", drop_it(m.fread(d, None, t)), Errno::EISDIR),
        ("read of nothing", drop_it(m.fread(99, None, t)), Errno::EBADF),
        ("pread before the beginning of nothing", drop_it(m.pread(99, -1, 1, t)), Errno::EINVAL),
        ("write of a read-only file", m.fwrite(r, &data, t).map(drop), Errno::EBADF),
        ("write of nothing to a read-only file", m.fwrite(r, &Contents::EMPTY, t).map(drop), Errno::EBADF),
        ("pwrite before the beginning", m.pwrite(w, -1, &data, t).map(drop), Errno::EINVAL),
        ("ftruncate of a read-only file", m.ftruncate(r, 0, t), Errno::EINVAL),
        ("ftruncate of nothing", m.ftruncate(99, 0, t), Errno::EBADF),
        ("ftruncate below zero of nothing", m.ftruncate(99, -1, t), Errno::EINVAL),
        ("ftruncate of a directory", m.ftruncate(d, 0, t), Errno::EINVAL),
        ("getdents of a file", m.getdents(r, t).map(drop), Errno::ENOTDIR),
        ("mmap of an empty file", m.mmap(e, t).map(drop), Errno::EINVAL),
        ("mmap of a write-only file", m.mmap(w, t).map(drop), Errno::EACCES),
        ("mmap of a directory", m.mmap(d, t).map(drop), Errno::ENODEV),
        ("munmap of nothing", m.munmap(1, t), Errno::EBADF),
        ("a long name of an attribute of nothing", m.fsetxattr(99, b"", b"", t), Errno::ERANGE),
        ("an attribute of nothing", m.fsetxattr(99, b"user.x", b"", t), Errno::EBADF),
        ("openat in a file", m.open_handle_at(r, b"x", R, t).map(drop), Errno::ENOTDIR),
        ("openat in nothing", m.open_handle_at(99, b"x", R, t).map(drop), Errno::EBADF),
        ("openat of an empty path in nothing", m.open_handle_at(99, b"", R, t).map(drop), Errno::ENOENT),
        ("close of nothing", m.close(99, t), Errno::EBADF),
    ];
    for (what, result, errno) in told {
        assert_eq!(result, Err(errno), "{what}");
    }
    assert!(m.open_handle_at(99, b"/f", R, t).is_ok(), "an absolute path needs no directory");
    assert_eq!(m.fsync(d, t), Ok(()));
}

#[test]
fn a_cut_file_kills_who_touches_its_pages() {
    let (mut m, mut t) = mount(&[], Options::default());
    m.create(b"/g", 0o644, Contents::fill(b'a', 5000), &mut t).unwrap();
    let g = m.open_handle(b"/g", RW, &mut t).unwrap();
    let map = m.mmap(g, &mut t).unwrap();
    m.ftruncate(g, 4100, &mut t).unwrap();
    assert_eq!(m.mread(map, &mut t).unwrap().slice(4098, 4102).to_bytes(9).unwrap(), b"aa\0\0");
    m.ftruncate(g, 10, &mut t).unwrap();
    assert_eq!(m.mread(map, &mut t).map(drop), Err(Errno::EFAULT));
}

#[test]
fn a_directory_stream_ends_until_it_is_rewound() {
    let (mut m, mut t) = mount(&[("/d/a", "1"), ("/e/x", "1")], Options::default());
    let t = &mut t;
    let names = |m: &mut Mount, fd, t: &mut Trace| {
        let names = m.getdents(fd, t)?;
        Ok::<_, Errno>(
            names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>(),
        )
    };
    let (e, late) = (m.open_handle(b"/e", R, t).unwrap(), m.open_handle(b"/e", R, t).unwrap());
    assert_eq!(names(&mut m, e, t).unwrap(), ["x"]);
    m.create(b"/e/y", 0o644, Contents::EMPTY, t).unwrap();
    assert!(names(&mut m, e, t).unwrap().is_empty(), "no rewind, no news");
    assert_eq!(names(&mut m, late, t).unwrap(), ["x", "y"], "read for the first time only now");
    m.lseek(e, 0, Whence::Set, t).unwrap();
    assert_eq!(names(&mut m, e, t).unwrap(), ["x", "y"]);
    let d = m.open_handle(b"/d", R, t).unwrap();
    m.unlink(b"/d/a", t).unwrap();
    m.rmdir(b"/d", t).unwrap();
    assert_eq!(names(&mut m, d, t), Err(Errno::ENOENT));
    for (path, flags, errno) in [
        (&b"x"[..], Open { create: true, ..W }, Errno::ENOENT),
        (b"a", R, Errno::ENOENT),
        (b".", W, Errno::EISDIR),
        (b".", Open { create: true, ..R }, Errno::EISDIR),
        (b".", Open { create: true, excl: true, ..R }, Errno::EEXIST),
        (b"./x/y", R, Errno::ENOENT),
        (b"x/", Open { create: true, ..W }, Errno::EISDIR),
        (b"x/y/", Open { create: true, ..W }, Errno::ENOENT),
        (&[b'n'; 300], Open { create: true, ..W }, Errno::ENOENT),
        (&[b'n'; 4096], R, Errno::ENAMETOOLONG),
    ] {
        assert_eq!(m.open_handle_at(d, path, flags, t), Err(errno), "{}", String::from_utf8_lossy(path));
    }
    assert!(m.open_handle_at(d, b".", R, t).is_ok());
    let up = m.open_handle_at(d, b"..", R, t).unwrap();
    assert_eq!(names(&mut m, up, t).unwrap(), ["e"]);
    m.fchmod(d, 0o700, t).unwrap();
    assert_eq!(m.fstat(d, t).unwrap().mode, 0o700, "it was in the upper");
}

#[test]
fn numbers_are_the_lowest_free_ones_and_end_at_1024() {
    let (mut m, mut t) = mount(&[("/f", "x")], Options::default());
    let first: Vec<u32> = (0..4).map(|_| m.open_handle(b"/f", R, &mut t).unwrap()).collect();
    assert_eq!(first, [3, 4, 5, 6]);
    m.close(4, &mut t).unwrap();
    assert_eq!(m.open_handle(b"/f", R, &mut t), Ok(4));
    for _ in 4..1024 {
        m.open_handle(b"/f", R, &mut t).unwrap();
    }
    assert_eq!(m.open_handle(b"/missing", R, &mut t), Err(Errno::EMFILE), "before the path is looked at");
    assert_eq!(m.open_files().len(), 1024);
}

#[test]
fn a_clone_goes_its_own_way() {
    let (mut m, mut t) = mount(&[("/f", "lower")], Options::default());
    let f = m.open_handle(b"/f", RW, &mut t).unwrap();
    let mut other = m.clone();
    let before = m.generation();
    m.fwrite(f, &Contents::text("UPPER"), &mut t).unwrap();
    m.unlink(b"/f", &mut t).unwrap();
    m.close(f, &mut t).unwrap();
    assert_ne!(m.generation(), before);
    assert_eq!((all(&mut other, f).as_str(), other.fstat(f, &mut t).unwrap().nlink), ("lower", 1));
    assert_eq!(text(other.fread(f, Some(3), &mut t).unwrap()), "low");
    assert_eq!(m.fread(f, None, &mut t).map(drop), Err(Errno::EBADF));
}

#[test]
fn permissions_count_at_open_and_for_the_owner_only() {
    let (mut m, mut t) = mount(&[("/f", "secret")], Options::default());
    m.chmod(b"/f", 0o4600, &mut t).unwrap();
    let f = m.open_handle(b"/f", RW, &mut t).unwrap();
    m.become_user(Cred { uid: 1000, gid: 1000, groups: Vec::new() });
    assert_eq!(m.open_handle(b"/f", R, &mut t), Err(Errno::EACCES));
    assert_eq!(all(&mut m, f), "secret", "what is open stays open");
    assert_eq!(m.fchmod(f, 0o666, &mut t), Err(Errno::EPERM));
    m.fwrite(f, &Contents::text("S"), &mut t).unwrap();
    assert_eq!(m.fstat(f, &mut t).unwrap().mode, 0o600, "a write by another takes setuid away");
}

#[test]
fn a_volatile_mount_is_not_mounted_again_while_its_mark_is_there() {
    let (mut m, mut t) = mount(&[("/f", "x")], Options { volatile: true, ..Options::default() });
    let f = m.open_handle(b"/f", RW, &mut t).unwrap();
    assert_eq!(m.fsync(f, &mut t), Ok(()));
    assert_eq!(m.restart(&mut t), Err(Errno::EBUSY), "unmounting comes first");
    m.close(f, &mut t).unwrap();
    assert_eq!(m.restart(&mut t), Err(Errno::EINVAL));
    m.commit("new work directory", &mut t).unwrap();
    assert_eq!(m.restart(&mut t), Err(Errno::EINVAL), "the new one is marked as well");
    assert!(m.forget_volatile());
    assert_eq!(m.restart(&mut t), Ok(()));
    assert_eq!(m.restart(&mut t), Err(Errno::EINVAL), "every volatile mount leaves the mark");
}

#[test]
fn a_copy_up_says_which_handles_it_moves() {
    let (mut m, mut t) = mount(&[("/f", "lower\n")], Options::default());
    let f = m.open_handle(b"/f", R, &mut t).unwrap();
    m.mmap(f, &mut t).unwrap();
    let ((), events) = t.collect(|t| m.append(b"/f", Contents::text("x"), t).unwrap());
    let kinds: Vec<String> =
        events.iter().map(|event| serde_json::to_value(event).unwrap()["event"].to_string()).collect();
    assert_eq!(kinds, ["\"lookup\"", "\"copy_up\"", "\"handle\"", "\"map\"", "\"write\""]);
    let (_, events) = t.collect(|t| m.fread(f, None, t).unwrap());
    let from = events.iter().find_map(|event| match event {
        Event::Handle { fd, news: HandleNews::Read { bytes, from, .. }, .. } => {
            Some((*fd, *bytes, from.number))
        }
        _ => None,
    });
    assert_eq!(from, Some((3, 7, 0)));
}

#[test]
fn what_is_no_file_comes_back_when_a_deleted_one_is_changed() {
    let mut tree = Tree::new();
    tree.put(b"/d/null", Inode::new(Kind::CharDev(1, 3), 0o644));
    tree.mkdirs(b"/e/s");
    let lower = || vec![Lower { layer: tree.seal(), label: "".into() }];
    let delete = |m: &mut Mount, path: &[u8], t: &mut Trace| m.unlink(path, t).or_else(|_| m.rmdir(path, t));
    type Then = fn(&mut Mount, &mut Trace) -> Result<(), Errno>;
    type Row = (&'static str, &'static [u8], Then, Result<(), Errno>);
    let cases: [Row; 8] = [
        ("a device, over its whiteout", b"/d/null", |_, _| Ok(()), Ok(())),
        ("a device, over a new file", b"/d/null", |m, t| m.mkfifo(b"/d/null", 0o600, t), Ok(())),
        ("a device, a new directory", b"/d/null", |m, t| m.mkdir(b"/d/null", 0o700, t), Err(Errno::EISDIR)),
        ("a device, its directory gone", b"/d/null", |m, t| m.rmdir(b"/d", t), Err(Errno::EIO)),
        ("a directory, its whiteout", b"/e/s", |_, _| Ok(()), Err(Errno::ENOTDIR)),
        ("a directory, over an empty one", b"/e/s", |m, t| m.mkdir(b"/e/s", 0o700, t), Ok(())),
        (
            "a directory, a full one",
            b"/e/s",
            |m, t| m.mkdir(b"/e/s", 0o700, t).and_then(|()| m.mkdir(b"/e/s/y", 0o700, t)),
            Err(Errno::ENOTEMPTY),
        ),
        ("a directory, the one above gone", b"/e/s", |m, t| m.rmdir(b"/e", t), Err(Errno::EIO)),
    ];
    for (what, path, then, answer) in cases {
        let (mut m, mut t) = (Mount::new(lower(), Tree::new(), Options::default()).unwrap(), Trace::silent());
        let fd = m.open_handle(path, R, &mut t).unwrap();
        delete(&mut m, path, &mut t).unwrap();
        then(&mut m, &mut t).unwrap();
        assert_eq!(m.fchmod(fd, 0o640, &mut t), answer, "{what}");
        assert_eq!(m.fchmod(fd, 0o604, &mut t), answer, "{what}, again");
        if answer.is_ok() {
            assert_eq!(m.fstat(fd, &mut t).unwrap().mode, 0o604, "{what}");
            assert_eq!(m.stat(path, &mut t).unwrap().mode, 0o604, "{what}");
        }
        m.close(fd, &mut t).unwrap();
    }
}

// ---- the oracle ----------------------------------------------------------------------------------

/// One step. Names are few, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Open(u8, bool, bool),
    Close(u32),
    Read(u32, u64),
    Write(u32, String),
    Seek(u32, u64),
    Cut(u32, i64),
    Create(u8),
    Put(u8, String),
    Unlink(u8),
    Rename(u8, u8),
    Exchange(u8, u8),
    Link(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (name, fd) = (0u8..4, 3u32..8);
    prop_oneof![
        4 => (name.clone(), any::<bool>(), any::<bool>()).prop_map(|(n, w, a)| Step::Open(n, w, a && w)),
        1 => fd.clone().prop_map(Step::Close),
        4 => (fd.clone(), 0u64..8).prop_map(|(fd, n)| Step::Read(fd, n)),
        4 => (fd.clone(), "[a-z]{0,5}").prop_map(|(fd, text)| Step::Write(fd, text)),
        2 => (fd.clone(), 0u64..12).prop_map(|(fd, at)| Step::Seek(fd, at)),
        1 => (fd, 0i64..12).prop_map(|(fd, size)| Step::Cut(fd, size)),
        1 => name.clone().prop_map(Step::Create),
        3 => (name.clone(), "[A-Z]{0,5}").prop_map(|(n, text)| Step::Put(n, text)),
        3 => name.clone().prop_map(Step::Unlink),
        3 => (name.clone(), name.clone()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (name.clone(), name.clone()).prop_map(|(a, b)| Step::Exchange(a, b)),
        1 => (name.clone(), name).prop_map(|(a, b)| Step::Link(a, b)),
    ]
}

/// A plain POSIX filesystem of one directory: names lead to objects, handles hold objects.
#[derive(Default)]
struct Posix {
    names: BTreeMap<u8, usize>,
    objects: Vec<Vec<u8>>,
    handles: BTreeMap<u32, Held>,
}

#[derive(Clone, Copy)]
struct Held {
    object: usize,
    at: usize,
    write: bool,
    append: bool,
}

fn written(old: &[u8], at: usize, text: &[u8]) -> Vec<u8> {
    let mut new = old.to_vec();
    new.resize(new.len().max(at + text.len()), 0);
    new[at..at + text.len()].copy_from_slice(text);
    new
}

impl Posix {
    fn handle(&mut self, fd: u32) -> Result<&mut Held, Errno> {
        self.handles.get_mut(&fd).ok_or(Errno::EBADF)
    }

    fn named(&self, name: u8) -> Result<usize, Errno> {
        self.names.get(&name).copied().ok_or(Errno::ENOENT)
    }

    fn take(&mut self, step: &Step) -> Result<String, Errno> {
        match step {
            Step::Open(name, write, append) => {
                let object = self.named(*name)?;
                let fd = (3..).find(|fd| !self.handles.contains_key(fd)).unwrap();
                self.handles.insert(fd, Held { object, at: 0, write: *write, append: *append });
                return Ok(fd.to_string());
            }
            Step::Close(fd) => drop(self.handles.remove(fd).ok_or(Errno::EBADF)?),
            Step::Read(fd, size) => {
                let held = *self.handle(*fd)?;
                let data = &self.objects[held.object];
                let from = held.at.min(data.len());
                let read = data[from..(from + *size as usize).min(data.len())].to_vec();
                self.handle(*fd)?.at += read.len();
                return Ok(String::from_utf8(read).unwrap());
            }
            Step::Write(fd, text) => {
                let held = *self.handle(*fd)?;
                if !held.write {
                    return Err(Errno::EBADF);
                }
                if !text.is_empty() {
                    let at = if held.append { self.objects[held.object].len() } else { held.at };
                    self.objects[held.object] = written(&self.objects[held.object], at, text.as_bytes());
                    self.handle(*fd)?.at = at + text.len();
                }
            }
            Step::Seek(fd, at) => self.handle(*fd)?.at = *at as usize,
            Step::Cut(fd, size) => {
                let held = *self.handle(*fd)?;
                if !held.write {
                    return Err(Errno::EINVAL);
                }
                self.objects[held.object].resize(*size as usize, 0);
            }
            Step::Create(name) if self.names.contains_key(name) => return Err(Errno::EEXIST),
            Step::Create(name) => {
                self.objects.push(Vec::new());
                self.names.insert(*name, self.objects.len() - 1);
            }
            Step::Put(name, text) => {
                let object = self.named(*name)?;
                self.objects[object] = text.as_bytes().to_vec();
            }
            Step::Unlink(name) => drop(self.names.remove(name).ok_or(Errno::ENOENT)?),
            Step::Rename(from, to) => {
                let object = self.named(*from)?;
                if self.names.get(to) != Some(&object) {
                    self.names.remove(from);
                    self.names.insert(*to, object);
                }
            }
            Step::Exchange(a, b) => {
                let (x, y) = (self.named(*a)?, self.named(*b)?);
                self.names.extend([(*a, y), (*b, x)]);
            }
            Step::Link(from, to) => {
                let object = self.named(*from)?;
                if self.names.contains_key(to) {
                    return Err(Errno::EEXIST);
                }
                self.names.insert(*to, object);
            }
        }
        Ok(String::new())
    }
}

fn path(name: u8) -> Vec<u8> {
    format!("/{}", char::from(b'a' + name)).into_bytes()
}

fn perform(m: &mut Mount, step: &Step, t: &mut Trace) -> Result<String, Errno> {
    let done = |result: Result<(), Errno>| result.map(|()| String::new());
    match step {
        Step::Open(name, write, append) => {
            let flags = Open { write: *write, append: *append, ..R };
            m.open_handle(&path(*name), flags, t).map(|fd| fd.to_string())
        }
        Step::Close(fd) => done(m.close(*fd, t)),
        Step::Read(fd, size) => m.fread(*fd, Some(*size), t).map(text),
        Step::Write(fd, data) => m.fwrite(*fd, &Contents::text(data), t).map(|_| String::new()),
        Step::Seek(fd, at) => m.lseek(*fd, *at as i64, Whence::Set, t).map(|_| String::new()),
        Step::Cut(fd, size) => done(m.ftruncate(*fd, *size, t)),
        Step::Create(name) => done(m.create(&path(*name), 0o644, Contents::EMPTY, t)),
        Step::Put(name, data) => done(m.write(&path(*name), Contents::text(data), t)),
        Step::Unlink(name) => done(m.unlink(&path(*name), t)),
        Step::Rename(from, to) => done(m.rename(&path(*from), &path(*to), Rename::Plain, t)),
        Step::Exchange(a, b) => done(m.rename(&path(*a), &path(*b), Rename::Exchange, t)),
        Step::Link(from, to) => done(m.link(&path(*from), &path(*to), t)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// With Linux 4.19 and later an open file of an overlay is what it is on any filesystem: it belongs
    /// to one object, whatever its name and layer. (Maps and changes to deleted lower files are not.)
    #[test]
    fn an_open_file_of_a_union_is_posix(
        steps in prop::collection::vec(step(), 1..60),
        options in (any::<bool>(), any::<bool>(), any::<bool>()),
        listening in any::<bool>(),
    ) {
        let (metacopy, index, redirect_dir) = (options.0 && options.2, options.1, options.2);
        let options = Options { metacopy, index, redirect_dir, ..Options::default() };
        let (mut m, _) = mount(&[("/a", "lower a"), ("/b", "B")], options);
        let mut t = if listening { Trace::to(Box::new(Vec::new())) } else { Trace::silent() };
        let mut posix = Posix {
            objects: vec![b"lower a".to_vec(), b"B".to_vec()],
            names: BTreeMap::from([(0, 0), (1, 1)]),
            ..Posix::default()
        };
        for (at, step) in steps.iter().enumerate() {
            if at % 7 == 3 {
                // A clone has no cache: nothing of this may depend on what was looked up.
                m = m.clone();
            }
            prop_assert_eq!(perform(&mut m, step, &mut t), posix.take(step), "step {}: {:?}", at, step);
            for (fd, held) in &posix.handles {
                let data = &posix.objects[held.object];
                prop_assert_eq!(m.fstat(*fd, &mut t).unwrap().size, data.len() as u64, "fd {} after {:?}", fd, step);
                if at % 5 == 0 {
                    prop_assert_eq!(all(&mut m, *fd).into_bytes(), data.clone(), "fd {} after {:?}", fd, step);
                }
            }
        }
        for (name, object) in &posix.names {
            let read = m.read(&path(*name), &mut t).map(text);
            prop_assert_eq!(read, Ok(String::from_utf8(posix.objects[*object].clone()).unwrap()));
        }
        // Everything closed, nothing is held: as many inodes as names need, and those to be used again.
        for fd in m.open_files() {
            m.close(fd, &mut t).unwrap();
        }
        prop_assert_eq!(m.restart(&mut t), Ok(()));
    }
}
