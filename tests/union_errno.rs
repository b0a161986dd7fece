//! The order of the kernel's checks: each row breaks two or more rules at once, and the one that is
//! looked at first gives the errno.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Errno, Inode, Nodes, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Cred, Lower, Mount, Open, Options, Rename};

/// /d (lower, with a file), /d/f, /f, /dangling → /nowhere, /loop → /loop, /new (pure upper, empty).
fn mount() -> Mount {
    let mut tree = Tree::new();
    tree.put(b"/d/f", Inode::file(Contents::text("in"))).unwrap();
    tree.put(b"/f", Inode::file(Contents::text("f"))).unwrap();
    tree.put(b"/dangling", Inode::symlink(b"/nowhere")).unwrap();
    tree.put(b"/loop", Inode::symlink(b"/loop")).unwrap();
    let lower = Lower { layer: tree.seal(), label: "".into() };
    let mut upper = Tree::new();
    upper.put(b"/new", Inode::dir(0o755)).unwrap();
    Mount::new(vec![lower], upper, Options::default()).unwrap()
}

type Call = Box<dyn Fn(&mut Mount, &mut Trace) -> Result<(), Errno>>;

fn rename(src: &'static str, dst: &'static str, how: Rename) -> Call {
    Box::new(move |m, t| m.rename(src.as_bytes(), dst.as_bytes(), how, t))
}

fn open(path: &'static str, flags: Open) -> Call {
    Box::new(move |m, t| m.open(path.as_bytes(), flags, None, false, t).map(|_| ()))
}

fn call(f: impl Fn(&mut Mount, &mut Trace) -> Result<(), Errno> + 'static) -> Call {
    Box::new(f)
}

#[test]
fn the_first_check_gives_the_errno() {
    use Errno::*;
    use Rename::{Exchange, NoReplace, Plain};
    let create = Open { write: true, create: true, ..Open::default() };
    let rows: Vec<(&str, Call, Errno)> = vec![
        ("a file on the way, before a name too long", call(|m, t| m.unlink(&long("/f/"), t)), ENOTDIR),
        ("a missing directory, before a name too long", call(|m, t| m.unlink(&long("/x/"), t)), ENOENT),
        ("an empty path, before anything", call(|m, t| m.mkdir(b"", 0, t)), ENOENT),
        ("a negative size, before a missing path", call(|m, t| m.truncate(b"/nothing", -1, t)), EINVAL),
        ("an empty xattr name, before a missing path", call(|m, t| m.setxattr(b"/no", b"", b"", t)), ERANGE),
        (
            "a value too big, after the name and before a missing path",
            call(|m, t| m.setxattr(b"/no", b"user.k", &[b'v'; 65_537], t)),
            E2BIG,
        ),
        (
            "an empty name, before a value too big",
            call(|m, t| m.setxattr(b"/f", b"", &[0; 65_537], t)),
            ERANGE,
        ),
        (
            "a value too big, before its namespace",
            call(|m, t| m.setxattr(b"/f", b"odd", &[0; 65_537], t)),
            E2BIG,
        ),
        ("an empty target, before an existing path", call(|m, t| m.symlink(b"", b"/f", t)), ENOENT),
        ("an existing name, before the slash behind it", call(|m, t| m.symlink(b"x", b"/f/", t)), EEXIST),
        ("the slash, where the name is free", call(|m, t| m.symlink(b"x", b"/x/", t)), ENOENT),
        ("a dangling symlink exists", call(|m, t| m.mkdir(b"/dangling", 0, t)), EEXIST),
        ("an existing target, before a directory as source", call(|m, t| m.link(b"/d", b"/f", t)), EEXIST),
        ("a directory as source", call(|m, t| m.link(b"/d", b"/x", t)), EPERM),
        ("a missing source, before an existing target", call(|m, t| m.link(b"/no", b"/f", t)), ENOENT),
        ("an existing name, before 0:0", call(|m, t| m.mkchar(b"/f", 0, 0, 0, t)), EEXIST),
        ("0:0", call(|m, t| m.mkchar(b"/x", 0, 0, 0, t)), EPERM),
        ("unlink of a directory, slash or not", call(|m, t| m.unlink(b"/d/", t)), EISDIR),
        ("unlink of a file with a slash", call(|m, t| m.unlink(b"/f/", t)), ENOTDIR),
        ("rmdir of a dot", call(|m, t| m.rmdir(b"/d/.", t)), EINVAL),
        ("rmdir of two dots", call(|m, t| m.rmdir(b"/d/..", t)), ENOTEMPTY),
        ("rmdir of the root", call(|m, t| m.rmdir(b"///", t)), EBUSY),
        ("rename: the root, before a missing target", rename("/", "/x/y/z", Plain), ENOENT),
        ("rename: the root", rename("/", "/x", Plain), EBUSY),
        ("rename: noreplace onto the root", rename("/no", "/", NoReplace), EEXIST),
        ("rename: a missing source, before an existing target", rename("/no", "/f", NoReplace), ENOENT),
        ("rename: noreplace onto itself", rename("/f", "/f", NoReplace), EEXIST),
        ("rename: exchange with nothing, before into itself", rename("/d", "/d/x", Exchange), ENOENT),
        ("rename: into itself, before EXDEV", rename("/d", "/d/x", Plain), EINVAL),
        ("rename: onto its parent, before the type", rename("/d/f", "/d", Plain), ENOTEMPTY),
        ("rename: exchange with its parent", rename("/d/f", "/d", Exchange), EINVAL),
        ("rename: the type, before EXDEV", rename("/d", "/f", Plain), ENOTDIR),
        ("rename: EXDEV, before ENOTEMPTY", rename("/d", "/new", Plain), EXDEV),
        ("rename: not empty", rename("/new", "/d", Plain), ENOTEMPTY),
        ("rename: a file onto a directory", rename("/f", "/new", Plain), EISDIR),
        ("rename: a file with a slash", rename("/f/", "/x", Plain), ENOTDIR),
        (
            "open: O_CREAT and O_DIRECTORY, before a missing path",
            open("/x/y", Open { directory: true, ..create }),
            EINVAL,
        ),
        ("open: O_CREAT with a slash, though missing", open("/x/", create), EISDIR),
        ("open: O_EXCL, before a directory", open("/d", Open { excl: true, ..create }), EEXIST),
        ("open: O_CREAT of a directory", open("/d", create), EISDIR),
        (
            "open: O_CREAT|O_NOFOLLOW of a dangling symlink",
            open("/dangling", Open { nofollow: true, ..create }),
            ELOOP,
        ),
        (
            "open: O_DIRECTORY of a file",
            open("/f", Open { write: true, directory: true, ..Open::default() }),
            ENOTDIR,
        ),
        ("a loop", call(|m, t| m.chmod(b"/loop/x", 0, t)), ELOOP),
        (
            "a user attribute on a symlink's target that is missing",
            call(|m, t| m.setxattr(b"/dangling", b"user.k", b"", t)),
            ENOENT,
        ),
        ("an unknown namespace", call(|m, t| m.setxattr(b"/new", b"odd", b"", t)), EOPNOTSUPP),
        ("a namespace alone", call(|m, t| m.setxattr(b"/new", b"user.", b"", t)), EINVAL),
        ("a missing attribute", call(|m, t| m.removexattr(b"/new", b"user.k", t)), ENODATA),
    ];
    for (row, call, errno) in rows {
        let mut m = mount();
        let state = m.generation();
        assert_eq!(call(&mut m, &mut Trace::silent()), Err(errno), "{row}");
        assert_eq!(m.generation(), state, "{row}: a refusal changes nothing");
    }
}

fn long(before: &str) -> Vec<u8> {
    format!("{before}{}", "n".repeat(256)).into_bytes()
}

#[test]
fn forty_symlinks_are_followed_and_no_more() {
    let mut tree = Tree::new();
    tree.put(b"/0", Inode::file(Contents::text("end"))).unwrap();
    for n in 1..=41 {
        let target = format!("/{}", n - 1);
        tree.put(format!("/{n}").as_bytes(), Inode::symlink(target.as_bytes())).unwrap();
    }
    let mut m = Mount::native(tree);
    let mut t = Trace::silent();
    assert!(m.read(b"/40", &mut t).is_ok());
    assert_eq!(m.read(b"/41", &mut t), Err(Errno::ELOOP));
}

#[test]
fn the_mount_judges_its_options() {
    let lower = || Lower { layer: Tree::new().seal(), label: "".into() };
    let none = Options::default();
    let rows = [
        (none, 1, true),
        (none, 500, true),
        (none, 501, false),
        (Options { metacopy: true, redirect_dir_off: true, ..none }, 1, false),
        (Options { metacopy: true, ..none }, 1, true),
        (Options { metacopy: true, redirect_dir: true, ..none }, 1, true),
        (Options { userxattr: true, ..none }, 1, true),
        (Options { userxattr: true, redirect_dir: true, ..none }, 1, false),
        (Options { userxattr: true, metacopy: true, ..none }, 1, false),
        (Options { index: true, xino: true, ..none }, 1, true),
    ];
    for (options, lowers, mounts) in rows {
        let mount = Mount::new((0..lowers).map(|_| lower()).collect(), Tree::new(), options);
        assert_eq!(mount.err(), (!mounts).then_some(Errno::EINVAL), "{options:?}, {lowers} lowers");
    }
}

#[test]
fn new_objects_belong_to_who_makes_them_or_to_a_setgid_directory() {
    let mut m = mount();
    let mut t = Trace::silent();
    m.chown(b"/new", None, Some(7), &mut t).unwrap();
    m.chmod(b"/new", 0o2777, &mut t).unwrap();
    m.chmod(b"/", 0o777, &mut t).unwrap();
    m.become_user(Cred { uid: 1000, gid: 1000, groups: vec![] });
    m.mkdir(b"/new/d", 0o755, &mut t).unwrap();
    m.create(b"/g", 0o644, Contents::EMPTY, &mut t).unwrap();
    let (d, g) = (m.stat(b"/new/d", &mut t).unwrap(), m.stat(b"/g", &mut t).unwrap());
    assert_eq!((d.uid, d.gid, d.mode), (1000, 7, 0o2755));
    assert_eq!((g.uid, g.gid, g.mode), (1000, 1000, 0o644));
}

#[test]
fn times_of_files_stay_in_a_copy_up_and_move_with_a_write() {
    let mut tree = Tree::new();
    let old = |mut inode: Inode| {
        inode.mtime = 1;
        inode
    };
    tree.put(b"/d", old(Inode::dir(0o755))).unwrap();
    tree.put(b"/d/f", old(Inode::file(Contents::text("x")))).unwrap();
    let now = Inode::dir(0).mtime;
    let lower = Lower { layer: tree.seal(), label: "".into() };
    let mut m = Mount::new(vec![lower], Tree::new(), Options::default()).unwrap();
    let mut t = Trace::silent();
    m.chmod(b"/d/f", 0o600, &mut t).unwrap();
    assert_eq!(m.stat(b"/d/f", &mut t).unwrap().mtime, 1);
    assert_eq!(m.stat(b"/d", &mut t).unwrap().mtime, 1);
    m.append(b"/d/f", Contents::text("y"), &mut t).unwrap();
    assert_eq!(m.stat(b"/d/f", &mut t).unwrap().mtime, now);
    assert_eq!(m.stat(b"/d", &mut t).unwrap().mtime, 1);
    m.unlink(b"/d/f", &mut t).unwrap();
    assert_eq!(m.stat(b"/d", &mut t).unwrap().mtime, now);
    m.utimes(b"/d", 5, &mut t).unwrap();
    assert_eq!(m.upper().inode(m.upper().at(b"/d").unwrap()).mtime, 5);
}
