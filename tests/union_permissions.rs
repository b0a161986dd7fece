//! What unprivileged users may do. The recorded cases of topic `users` say what the kernel does; here
//! are the settings of the machine, the words of a refusal, and what the recordings can't hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Errno, Inode, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Cred, Lower, Mount, Open, Options, Protected, Rename};

const ALICE: u32 = 1000;
const BOB: u32 = 1001;

fn owned(inode: Inode, uid: u32, gid: u32) -> Inode {
    Inode { uid, gid, ..inode }
}

/// A shared directory with things of Bob's, and directories and files of all sorts.
fn tree() -> Tree {
    let mut tree = Tree::new();
    let file = |mode: u16| Inode::file(Contents::text("x")).with_mode(mode);
    for (path, inode) in [
        ("/tmp", Inode::dir(0o1777)),
        ("/tmp/file", owned(file(0o666), BOB, BOB)),
        ("/tmp/fifo", owned(Inode::new(layerlab::fs::Kind::Fifo, 0o666), BOB, BOB)),
        ("/tmp/link", owned(Inode::symlink(b"/open"), BOB, BOB)),
        ("/tmp/roots", Inode::symlink(b"/open")),
        ("/team", owned(Inode::dir(0o1770), 0, 50)),
        ("/team/file", owned(file(0o660), BOB, 50)),
        ("/team/fifo", owned(Inode::new(layerlab::fs::Kind::Fifo, 0o660), BOB, 50)),
        ("/open", file(0o666)),
        ("/mine", owned(file(0o600), ALICE, ALICE)),
        ("/suid", file(0o4777)),
        ("/secret", file(0o600)),
        ("/vault", Inode::dir(0o700)),
        ("/vault/f", file(0o644)),
        ("/run", file(0o644)),
        ("/any", Inode::dir(0o777)),
        ("/any/d", Inode::dir(0o755)),
    ] {
        tree.put(path.as_bytes(), inode).unwrap();
    }
    tree
}

fn mount() -> Mount {
    Mount::new(vec![Lower { layer: tree().seal(), label: "".into() }], Tree::new(), Options::default())
        .unwrap()
}

fn alice() -> Cred {
    Cred { uid: ALICE, gid: ALICE, groups: vec![50] }
}

type Answer = Result<(), Errno>;
type Call = fn(&mut Mount, &mut Trace) -> Answer;
/// Path, bits, the answer to a user and to root.
type Row = (&'static str, u16, Answer, Answer);

fn open_create(m: &mut Mount, path: &[u8], t: &mut Trace) -> Result<(), Errno> {
    m.open(path, Open { read: true, write: true, create: true, ..Open::default() }, None, false, t).map(drop)
}

/// fs/namei.c: `may_follow_link`, `may_linkat`, `may_create_in_sticky`. Each call as Alice and as root,
/// without protection and with it.
#[test]
fn settings_of_the_machine_guard_shared_directories() {
    let strict = Protected { symlinks: true, hardlinks: true, fifos: 2, regular: 2 };
    let link: Call = |m, t| m.read(b"/tmp/link", t).map(drop);
    let links_parent: Call = |m, t| m.lstat(b"/tmp/link", t).map(drop);
    let roots_link: Call = |m, t| m.read(b"/tmp/roots", t).map(drop);
    let regular: Call = |m, t| open_create(m, b"/tmp/file", t);
    let fifo: Call = |m, t| open_create(m, b"/tmp/fifo", t);
    let plain_open: Call = |m, t| m.append(b"/tmp/file", Contents::text("y"), t);
    let group_regular: Call = |m, t| open_create(m, b"/team/file", t);
    let group_fifo: Call = |m, t| open_create(m, b"/team/fifo", t);
    let second_name: Call = |m, t| m.link(b"/secret", b"/any/s", t);
    let second_suid: Call = |m, t| m.link(b"/suid", b"/any/s", t);
    let second_open: Call = |m, t| m.link(b"/open", b"/any/s", t);
    let (fine, eacces, eperm) = (Ok(()), Err(Errno::EACCES), Err(Errno::EPERM));
    let debian = Protected::default();
    let rows: [(&str, Call, Protected, [Answer; 2]); 22] = [
        ("somebody's symlink", link, Protected::NONE, [fine, fine]),
        ("somebody's symlink", link, debian, [eacces, eacces]),
        ("not followed", links_parent, debian, [fine, fine]),
        ("the directory owner's symlink", roots_link, debian, [fine, fine]),
        ("somebody's file", regular, Protected::NONE, [fine, fine]),
        ("somebody's file", regular, debian, [eacces, eacces]),
        ("somebody's file without O_CREAT", plain_open, debian, [fine, fine]),
        ("somebody's fifo", fifo, Protected::NONE, [fine, fine]),
        ("somebody's fifo", fifo, debian, [eacces, eacces]),
        ("fifos only", regular, Protected { regular: 0, ..debian }, [fine, fine]),
        ("regular files only", fifo, Protected { fifos: 0, ..debian }, [fine, fine]),
        ("open to a group", group_regular, Protected { regular: 1, ..debian }, [fine, fine]),
        ("open to a group", group_regular, debian, [eacces, eacces]),
        ("a fifo, open to a group", group_fifo, debian, [fine, fine]),
        ("a fifo, open to a group", group_fifo, strict, [eacces, eacces]),
        ("a second name for a secret", second_name, Protected::NONE, [fine, fine]),
        ("a second name for a secret", second_name, debian, [eperm, fine]),
        ("a second name for a setuid program", second_suid, debian, [eperm, fine]),
        ("a second name for an open file", second_open, debian, [fine, fine]),
        ("the kernel's own start", second_suid, Protected::NONE, [fine, fine]),
        ("hard links only", second_suid, Protected { hardlinks: true, ..Protected::NONE }, [eperm, fine]),
        ("hard links only", link, Protected { hardlinks: true, ..Protected::NONE }, [fine, fine]),
    ];
    for (what, call, protected, expected) in rows {
        for (user, expected) in [alice(), Cred::default()].into_iter().zip(expected) {
            let mut m = mount();
            m.protect(protected);
            m.become_user(user.clone());
            assert_eq!(call(&mut m, &mut Trace::silent()), expected, "{what}, {protected:?}, {user:?}");
        }
    }
}

/// A refusal says whose, what and why, in the event of a change and of a question.
#[test]
fn a_refusal_is_told_in_plain_words() {
    let rows: [(Call, &str); 12] = [
        (|m, t| m.mkdir(b"/new", 0o755, t), "uid 1000 may not write /: it is 0755 and belongs to 0:0"),
        (
            |m, t| m.append(b"/vault/f", Contents::text("y"), t),
            "uid 1000 may not search /vault: it is 0700 and belongs to 0:0",
        ),
        (
            |m, t| m.read(b"/secret", t).map(drop),
            "uid 1000 may not read /secret: it is 0600 and belongs to 0:0",
        ),
        (
            |m, t| m.readdir(b"/vault", t).map(drop),
            "uid 1000 may not read /vault: it is 0700 and belongs to 0:0",
        ),
        (
            |m, t| m.unlink(b"/tmp/file", t),
            "/tmp is sticky: only root, its owner and the owner of /tmp/file (1001:1001) may take the name away, not uid 1000",
        ),
        (
            |m, t| m.chmod(b"/open", 0o600, t),
            "/open belongs to 0:0: only its owner and root may do this, not uid 1000",
        ),
        (
            |m, t| m.chown(b"/mine", Some(0), None, t),
            "/mine belongs to 1000:1000: only root gives it to another user, its owner only to a group of their own",
        ),
        (|m, t| m.mkchar(b"/any/null", 0o666, 1, 3, t), "only root makes devices, not uid 1000"),
        (
            |m, t| m.setxattr(b"/mine", b"trusted.x", b"1", t),
            "trusted and security attributes are root's, not uid 1000's",
        ),
        (
            |m, t| m.link(b"/suid", b"/any/s", t),
            "uid 1000 neither owns /suid (0:0) nor may read and write it as a plain file (fs.protected_hardlinks)",
        ),
        (
            |m, t| m.append(b"/tmp/link", Contents::text("y"), t),
            "/tmp is sticky and open to all, and the symlink /tmp/link is neither uid 1000's nor the directory owner's (fs.protected_symlinks)",
        ),
        (
            |m, t| open_create(m, b"/tmp/file", t),
            "/tmp is sticky, and /tmp/file is neither uid 1000's nor the directory owner's: it can't be opened with O_CREAT (fs.protected_regular, fs.protected_fifos)",
        ),
    ];
    for (call, why) in rows {
        let mut m = mount();
        m.become_user(alice());
        let mut t = Trace::silent();
        let (result, events) = t.collect(|t| call(&mut m, t));
        assert!(matches!(result, Err(Errno::EACCES | Errno::EPERM)), "{why}");
        let told: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                layerlab::trace::Event::Failed { why, .. } => Some(why.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(told, [why]);
    }
}

/// One refusal does not explain the next failure.
#[test]
fn a_reason_is_not_carried_over() {
    let mut m = mount();
    m.become_user(alice());
    let mut t = Trace::silent();
    assert_eq!(m.mkdir(b"/new", 0o755, &mut t), Err(Errno::EACCES));
    let (result, events) = t.collect(|t| m.rmdir(b"/no/such", t));
    assert_eq!(result, Err(Errno::ENOENT));
    let text = serde_json::to_string(&events).unwrap();
    assert!(!text.contains("uid 1000"), "{text}");
}

/// fs/open.c, `do_faccessat`.
#[test]
fn access_asks_for_all_bits_at_once() {
    let rows: [Row; 10] = [
        ("/open", 6, Ok(()), Ok(())),
        ("/open", 7, Err(Errno::EACCES), Err(Errno::EACCES)),
        ("/secret", 0, Ok(()), Ok(())),
        ("/secret", 4, Err(Errno::EACCES), Ok(())),
        ("/run", 1, Err(Errno::EACCES), Err(Errno::EACCES)),
        ("/suid", 1, Ok(()), Ok(())),
        ("/vault", 1, Err(Errno::EACCES), Ok(())),
        ("/vault/f", 0, Err(Errno::EACCES), Ok(())),
        ("/no", 0, Err(Errno::ENOENT), Err(Errno::ENOENT)),
        ("/open", 8, Err(Errno::EINVAL), Err(Errno::EINVAL)),
    ];
    for (path, mode, user, root) in rows {
        let mut m = mount();
        let mut t = Trace::silent();
        assert_eq!(m.access(path.as_bytes(), mode, &mut t), root, "root, {path}, {mode}");
        m.become_user(alice());
        assert_eq!(m.access(path.as_bytes(), mode, &mut t), user, "{path}, {mode}");
    }
}

/// What the lab shows of a mount is not what its user may see; `which` explains what the user sees.
#[test]
fn the_labs_own_views_are_roots() {
    let mut m = mount();
    let mut t = Trace::silent();
    let paths = [b"/vault/f".to_vec()];
    let as_root = (m.walk(b"/", &mut t).unwrap(), m.stack("m", &paths, &mut t));
    m.become_user(alice());
    assert_eq!((m.walk(b"/", &mut t).unwrap(), m.stack("m", &paths, &mut t)), as_root);
    assert_eq!(m.lstat(b"/vault/f", &mut t).map(drop), Err(Errno::EACCES));
    let why = m.which(b"/vault/f", &mut t).why;
    assert_eq!(why, "uid 1000 may not search /vault: it is 0700 and belongs to 0:0");
}

/// A clone, a restart and a commit go on as the same user.
#[test]
fn the_user_is_state_of_the_mount() {
    let mut m = mount();
    let mut t = Trace::silent();
    m.become_user(alice());
    let mut twin = m.clone();
    m.become_user(Cred::default());
    twin.restart(&mut Trace::silent()).unwrap();
    twin.commit("step", &mut t).unwrap();
    assert_eq!(twin.read(b"/secret", &mut t).map(drop), Err(Errno::EACCES));
    assert_eq!(m.read(b"/secret", &mut t).map(drop), Ok(()));
}

/// A refused operation leaves nothing behind: no copy-up, no whiteout.
#[test]
fn what_is_refused_changes_nothing() {
    let calls: [Call; 6] = [
        |m, t| m.write(b"/secret", Contents::text("y"), t),
        |m, t| m.chmod(b"/open", 0o777, t),
        |m, t| m.unlink(b"/open", t),
        |m, t| m.rename(b"/any/d", b"/tmp/d", Rename::Plain, t),
        |m, t| m.setxattr(b"/secret", b"user.k", b"1", t),
        |m, t| m.utimes(b"/open", 5, t),
    ];
    for (at, call) in calls.into_iter().enumerate() {
        let mut m = mount();
        m.become_user(alice());
        assert!(call(&mut m, &mut Trace::silent()).is_err(), "call {at}");
        assert_eq!(m.sealed_upper().entries(), 0, "call {at}");
    }
}
