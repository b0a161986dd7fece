//! The lab's side: the same tree as the lower of a mount, the same line through `shell::run`.

use crate::answer::{self, Answer};
use crate::case::{Case, Copied};
use crate::rootfs::{APPLETS, ENTRIES, ENVIRONMENT, Entry, FOLDER};
use layerlab::fs::{Contents, Inode, Layer, Nodes, Tree};
use layerlab::shell::{NoPrograms, Process, Sandbox, run};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options, StatKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Mounted over the image: not part of it.
const MOUNTED: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Contents above this size are told by their size.
const READ: u64 = 1 << 24;

fn tree() -> Tree {
    let mut tree = Tree::new();
    for (path, entry, owner) in ENTRIES {
        let inode = match entry {
            Entry::Dir(mode) => Inode::dir(*mode),
            Entry::File(mode, text) => Inode::file(Contents::text(text)).with_mode(*mode),
            Entry::Symlink(target) => Inode::symlink(target.as_bytes()),
        };
        tree.put(path.as_bytes(), inode.owned(*owner, *owner));
    }
    for shell in ["busybox", "dash", "bash"] {
        let program = Inode::file(Contents::of_program(shell, 1_000_000)).with_mode(0o755);
        tree.put(format!("/bin/{shell}").as_bytes(), program);
    }
    for applet in APPLETS {
        tree.put(format!("/bin/{applet}").as_bytes(), Inode::symlink(b"busybox"));
    }
    tree
}

static BASE: LazyLock<Layer> = LazyLock::new(|| tree().seal());

/// How every path of the base is told.
static TOLD: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut mount = mounted(&[]);
    let mut paths = Vec::new();
    BASE.walk(&mut |path, _, _| paths.push(String::from_utf8_lossy(path).into_owned()));
    paths.into_iter().filter_map(|path| Some((path.clone(), told(&mut mount, &path)?))).collect()
});

fn mounted(files: &[Copied]) -> Mount {
    let lower = |layer: Layer| Lower { layer, label: String::new().into() };
    let mut lowers = vec![lower(BASE.clone())];
    if !files.is_empty() {
        let mut copied = tree();
        for file in files {
            let inode = Inode::file(Contents::text(&file.text)).with_mode(file.mode);
            copied.put(file.path.as_bytes(), inode);
        }
        lowers = vec![lower(copied.seal())];
    }
    Mount::new(lowers, Tree::new(), Options::default()).unwrap()
}

fn told(mount: &mut Mount, path: &str) -> Option<String> {
    let (at, t) = (path.as_bytes(), &mut Trace::silent());
    let stat = mount.lstat(at, t).ok()?;
    let (mode, uid, gid) = (u32::from(stat.mode), stat.uid, stat.gid);
    Some(match stat.kind {
        StatKind::Dir => answer::dir(mode, uid, gid),
        StatKind::Symlink => {
            let target = mount.readlink(at, t).unwrap_or_default();
            answer::symlink(uid, gid, &String::from_utf8_lossy(&target))
        }
        StatKind::File => {
            let contents = mount.read(at, t).unwrap_or_default();
            match contents.to_bytes(READ) {
                Some(data) => answer::file(mode, uid, gid, u64::from(stat.nlink), &data),
                None => format!("file {mode:04o} {uid}:{gid} {} B", contents.len()),
            }
        }
        StatKind::Fifo => answer::special("fifo", mode, uid, gid),
        _ => answer::special("device", mode, uid, gid),
    })
}

/// The names of the merged tree, but what is mounted.
fn names(mount: &mut Mount) -> BTreeSet<String> {
    let (mut all, mut open) = (BTreeSet::new(), vec![String::new()]);
    while let Some(dir) = open.pop() {
        let at = if dir.is_empty() { "/" } else { &dir };
        for name in mount.readdir(at.as_bytes(), &mut Trace::silent()).unwrap_or_default().iter() {
            let path = format!("{dir}/{}", String::from_utf8_lossy(name));
            let stat = mount.lstat(path.as_bytes(), &mut Trace::silent());
            if stat.is_ok_and(|stat| stat.kind == StatKind::Dir) && !MOUNTED.contains(&path.as_str()) {
                open.push(path.clone());
            }
            all.insert(path);
        }
    }
    all
}

/// What the lab answers.
pub fn answer(case: &Case) -> Answer {
    let mut mount = mounted(&case.files);
    let process = Process {
        argv: vec![case.shell.path().to_owned(), "-c".to_owned(), case.line.clone()],
        env: ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        cwd: FOLDER.to_owned(),
        sandbox: Sandbox::Host,
        ..Process::default()
    };
    let mut t = Trace::silent();
    let outcome = run(&mut mount, &process, &mut NoPrograms, &mut t);
    let mut tree = BTreeMap::new();
    if !mount.upper().is_bare() {
        let before: BTreeMap<String, String> = if case.files.is_empty() {
            TOLD.clone()
        } else {
            let mut mount = mounted(&case.files);
            names(&mut mount).into_iter().filter_map(|p| Some((p.clone(), told(&mut mount, &p)?))).collect()
        };
        let after = names(&mut mount);
        for path in before.keys().filter(|path| path.as_str() != "/" && !after.contains(*path)) {
            tree.insert(path.clone(), None);
        }
        for path in after {
            let entry = told(&mut mount, &path);
            if entry.as_ref() != before.get(&path) {
                tree.insert(path, entry);
            }
        }
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut err = text(&outcome.err);
    if !outcome.not_modelled.is_empty() {
        err.push_str(&format!("(not modelled: {})\n", outcome.not_modelled.join(", ")));
    }
    if let Some(limit) = t.fuel.exhausted() {
        err.push_str(&format!("(stopped: {limit:?})\n"));
    }
    Answer { exit: outcome.exit, out: text(&outcome.out), err, tree }
}
