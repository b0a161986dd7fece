//! The account of an overlay against a real one: after the same operations the real upper has as many inodes
//! and bytes more as the events say. Needs root and overlayfs; says so when it is skipped.

use crate::support::layer;
use layerlab::fs::{Contents, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Rename, StorageDriver};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const FILES: &[(&str, &str)] =
    &[("/etc/app/conf", "0123456789"), ("/etc/app/other", "abc"), ("/srv/data", "the data"), ("/srv/x", "x")];

type Real = fn(&Path) -> std::io::Result<()>;
type Ours = fn(&mut Mount, &mut Trace) -> Result<(), layerlab::fs::Errno>;

/// The same on both sides. Nothing here overwrites or removes what is in the upper: then the account, which
/// never goes down, is what lies there.
const STEPS: &[(&str, Real, Ours)] = &[
    (
        "append to a file of the image",
        |at| append(&at.join("etc/app/conf"), "+1"),
        |m, t| m.append(b"/etc/app/conf", Contents::text("+1"), t),
    ),
    (
        "append to it again",
        |at| append(&at.join("etc/app/conf"), "+2"),
        |m, t| m.append(b"/etc/app/conf", Contents::text("+2"), t),
    ),
    (
        "chmod in a directory that is in the upper already",
        |at| fs::set_permissions(at.join("etc/app/other"), fs::Permissions::from_mode(0o600)),
        |m, t| m.chmod(b"/etc/app/other", 0o600, t),
    ),
    ("mkdir", |at| fs::create_dir(at.join("srv/new")), |m, t| m.mkdir(b"/srv/new", 0o755, t)),
    (
        "a new file",
        |at| fs::write(at.join("srv/new/file"), "text"),
        |m, t| m.create(b"/srv/new/file", 0o644, Contents::text("text"), t),
    ),
    (
        "symlink",
        |at| symlink("file", at.join("srv/new/link")),
        |m, t| m.symlink(b"file", b"/srv/new/link", t),
    ),
    (
        "a hard link",
        |at| fs::hard_link(at.join("srv/new/file"), at.join("srv/new/second")),
        |m, t| m.link(b"/srv/new/file", b"/srv/new/second", t),
    ),
    ("the first whiteout", |at| fs::remove_file(at.join("srv/x")), |m, t| m.unlink(b"/srv/x", t)),
    (
        "a second whiteout, which is a link to the first",
        |at| fs::remove_file(at.join("srv/data")),
        |m, t| m.unlink(b"/srv/data", t),
    ),
    (
        "rename of a file that is in the upper, over nothing",
        |at| fs::rename(at.join("srv/new/file"), at.join("srv/new/renamed")),
        |m, t| m.rename(b"/srv/new/file", b"/srv/new/renamed", Rename::Plain, t),
    ),
];

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    fs::OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
}

/// Inodes below a directory, and the bytes of the regular files among them.
fn counted(dir: &Path) -> (u64, u64) {
    fn walk(dir: &Path, found: &mut BTreeMap<u64, u64>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            found.insert(meta.ino(), if meta.is_file() { meta.len() } else { 0 });
            if meta.is_dir() {
                walk(&path, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, &mut found);
    (found.len() as u64, found.values().sum())
}

/// A real overlay on a tmpfs, in a mount namespace of this thread.
fn real() -> Result<PathBuf, nix::errno::Errno> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    let base = std::env::temp_dir().canonicalize().unwrap_or_else(|_| PathBuf::from("/tmp"));
    mount(Some("tmpfs"), &base, Some("tmpfs"), MsFlags::empty(), Some("size=16m"))?;
    for dir in ["lower", "upper", "work", "merged"] {
        fs::create_dir(base.join(dir)).unwrap();
    }
    for (path, text) in FILES {
        let at = base.join("lower").join(path.trim_start_matches('/'));
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    }
    let at = base.display();
    let options = format!(
        "lowerdir={at}/lower,upperdir={at}/upper,workdir={at}/work,redirect_dir=off,metacopy=off,index=off"
    );
    mount(Some("overlay"), &base.join("merged"), Some("overlay"), MsFlags::empty(), Some(options.as_str()))?;
    Ok(base)
}

#[test]
fn the_account_of_an_overlay_is_what_lies_in_a_real_upper() {
    let compared = std::thread::spawn(|| {
        let base = real()?;
        let lowers = vec![Lower { layer: layer(FILES), label: "".into() }];
        let mut ours = StorageDriver::Overlay2.mount(lowers, Tree::new(), &mut Trace::silent()).unwrap();
        for (what, really, lab) in STEPS {
            really(&base.join("merged")).unwrap_or_else(|why| panic!("{what}: {why}"));
            let mut t = Trace::to(Box::new(Vec::new()));
            assert_eq!(lab(&mut ours, &mut t), Ok(()), "{what}");
            let account = ours.account();
            assert_eq!((account.inodes, account.stored()), counted(&base.join("upper")), "{what}");
        }
        Ok::<usize, nix::errno::Errno>(STEPS.len())
    });
    match compared.join().unwrap() {
        Ok(steps) => println!("the bill against a real overlay: {steps} operations agree"),
        Err(why) => println!("skipped: the bill against a real overlay: needs root and overlayfs ({why})"),
    }
}
