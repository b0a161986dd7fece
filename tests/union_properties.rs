//! The union against a naive oracle: a flat map from path to node, as a plain filesystem is. With
//! `redirect_dir=on` no rename is refused for lying in a lower layer, so layers must never show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Errno, Inode, Kind, Nodes, Tree};
use layerlab::trace::{Event, Trace};
use layerlab::union::{Lower, Mount, Options, Rename, StatKind};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq)]
enum Node {
    File { id: usize },
    Dir { mode: u16 },
    Symlink { target: String, id: usize },
}

#[derive(Clone, Debug, PartialEq)]
struct File {
    data: String,
    mode: u16,
}

/// What a filesystem without layers does. Paths have no dots, and no symlink is followed.
#[derive(Clone, Debug, Default)]
struct Oracle {
    nodes: BTreeMap<String, Node>,
    files: Vec<File>,
    symlinks: usize,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl Oracle {
    fn parent_is_dir(&self, path: &str) -> Result<(), Errno> {
        match parent(path) {
            "" => Ok(()),
            up => match self.nodes.get(up) {
                Some(Node::Dir { .. }) => Ok(()),
                Some(Node::File { .. }) => Err(Errno::ENOTDIR),
                Some(Node::Symlink { .. }) => Err(Errno::ENOENT),
                None => self.parent_is_dir(up).and(Err(Errno::ENOENT)),
            },
        }
    }

    fn free(&self, path: &str) -> Result<(), Errno> {
        self.parent_is_dir(path)?;
        if self.nodes.contains_key(path) { Err(Errno::EEXIST) } else { Ok(()) }
    }

    fn get(&self, path: &str) -> Result<&Node, Errno> {
        self.parent_is_dir(path)?;
        self.nodes.get(path).ok_or(Errno::ENOENT)
    }

    fn is_empty(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        !self.nodes.keys().any(|other| other.starts_with(&inside))
    }

    fn file(&mut self, path: &str) -> Result<&mut File, Errno> {
        match *self.get(path)? {
            Node::File { id } => Ok(&mut self.files[id]),
            Node::Dir { .. } => Err(Errno::EISDIR),
            Node::Symlink { .. } => Err(Errno::ENOENT), // All symlinks of the test dangle.
        }
    }

    fn perform(&mut self, op: &Op) -> Result<(), Errno> {
        match op {
            Op::Mkdir(p) => {
                self.free(p)?;
                self.nodes.insert(p.clone(), Node::Dir { mode: 0o755 });
            }
            Op::Create(p, data) => {
                self.free(p)?;
                self.files.push(File { data: data.clone(), mode: 0o644 });
                self.nodes.insert(p.clone(), Node::File { id: self.files.len() - 1 });
            }
            Op::Symlink(p) => {
                self.free(p)?;
                self.symlinks += 1;
                let target = "/dangling/target".to_owned();
                self.nodes.insert(p.clone(), Node::Symlink { target, id: self.symlinks });
            }
            Op::Write(p, data) => self.file(p)?.data = data.clone(),
            Op::Append(p, data) => self.file(p)?.data.push_str(data),
            Op::Chmod(p, mode) => match self.get(p)?.clone() {
                Node::File { id } => self.files[id].mode = *mode,
                Node::Dir { .. } => {
                    self.nodes.insert(p.clone(), Node::Dir { mode: *mode });
                }
                Node::Symlink { .. } => return Err(Errno::ENOENT),
            },
            Op::Unlink(p) => match self.get(p)? {
                Node::Dir { .. } => return Err(Errno::EISDIR),
                _ => {
                    self.nodes.remove(p);
                }
            },
            Op::Rmdir(p) => match self.get(p)? {
                Node::Dir { .. } if !self.is_empty(p) => return Err(Errno::ENOTEMPTY),
                Node::Dir { .. } => {
                    self.nodes.remove(p);
                }
                _ => return Err(Errno::ENOTDIR),
            },
            Op::Link(a, b) => {
                let node = self.get(a)?.clone();
                self.free(b)?;
                match node {
                    Node::Dir { .. } => return Err(Errno::EPERM),
                    node => {
                        self.nodes.insert(b.clone(), node);
                    }
                }
            }
            Op::Rename(a, b) => self.rename(a, b)?,
            Op::Restart | Op::Commit => {}
        }
        Ok(())
    }

    fn rename(&mut self, a: &str, b: &str) -> Result<(), Errno> {
        self.parent_is_dir(a)?;
        self.parent_is_dir(b)?;
        let from = self.get(a)?.clone();
        let to = self.nodes.get(b).cloned();
        if parent(a) != parent(b) {
            if b.starts_with(&format!("{a}/")) {
                return Err(Errno::EINVAL);
            }
            if a.starts_with(&format!("{b}/")) {
                return Err(Errno::ENOTEMPTY);
            }
        }
        match (&from, &to) {
            _ if a == b => return Ok(()),
            (Node::File { id: x }, Some(Node::File { id: y })) if x == y => return Ok(()),
            (Node::Symlink { id: x, .. }, Some(Node::Symlink { id: y, .. })) if x == y => return Ok(()),
            (Node::Dir { .. }, Some(Node::Dir { .. })) if !self.is_empty(b) => return Err(Errno::ENOTEMPTY),
            (Node::Dir { .. }, Some(Node::Dir { .. }) | None) => {}
            (Node::Dir { .. }, Some(_)) => return Err(Errno::ENOTDIR),
            (_, Some(Node::Dir { .. })) => return Err(Errno::EISDIR),
            _ => {}
        }
        let inside = format!("{a}/");
        let moved: Vec<String> = self.nodes.keys().filter(|p| p.starts_with(&inside)).cloned().collect();
        self.nodes.remove(a);
        self.nodes.insert(b.to_owned(), from);
        for path in moved {
            if let Some(node) = self.nodes.remove(&path) {
                self.nodes.insert(format!("{b}{}", &path[a.len()..]), node);
            }
        }
        Ok(())
    }

    /// Path → what stat and read say.
    fn view(&self) -> BTreeMap<String, String> {
        let shown = self.nodes.iter().map(|(path, node)| {
            let text = match node {
                Node::File { id } => format!("file {:o} {}", self.files[*id].mode, self.files[*id].data),
                Node::Dir { mode } => format!("dir {mode:o}"),
                Node::Symlink { target, .. } => format!("symlink {target}"),
            };
            (path.clone(), text)
        });
        shown.collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Mkdir(String),
    Create(String, String),
    Symlink(String),
    Write(String, String),
    Append(String, String),
    Chmod(String, u16),
    Unlink(String),
    Rmdir(String),
    Link(String, String),
    Rename(String, String),
    Restart,
    Commit,
}

fn perform(m: &mut Mount, op: &Op, t: &mut Trace) -> Result<(), Errno> {
    let text = |data: &str| Contents::text(data);
    match op {
        Op::Mkdir(p) => m.mkdir(p.as_bytes(), 0o755, t),
        Op::Create(p, data) => m.create(p.as_bytes(), 0o644, text(data), t),
        Op::Symlink(p) => m.symlink(b"/dangling/target", p.as_bytes(), t),
        Op::Write(p, data) => m.write(p.as_bytes(), text(data), t),
        Op::Append(p, data) => m.append(p.as_bytes(), text(data), t),
        Op::Chmod(p, mode) => m.chmod(p.as_bytes(), *mode, t),
        Op::Unlink(p) => m.unlink(p.as_bytes(), t),
        Op::Rmdir(p) => m.rmdir(p.as_bytes(), t),
        Op::Link(a, b) => m.link(a.as_bytes(), b.as_bytes(), t),
        Op::Rename(a, b) => m.rename(a.as_bytes(), b.as_bytes(), Rename::Plain, t),
        Op::Restart => {
            m.restart(&mut Trace::silent()).unwrap();
            Ok(())
        }
        Op::Commit => {
            m.commit("", t).unwrap();
            Ok(())
        }
    }
}

/// Path → what stat and read say, of a mount.
fn view(m: &mut Mount) -> BTreeMap<String, String> {
    let mut t = Trace::silent();
    let mut shown = BTreeMap::new();
    for (path, stat) in m.walk(b"/", &mut t).unwrap() {
        let text = match stat.kind {
            StatKind::File => {
                let data = m.read(&path, &mut t).unwrap().to_text(1 << 20).unwrap();
                format!("file {:o} {data}", stat.mode)
            }
            StatKind::Dir => format!("dir {:o}", stat.mode),
            StatKind::Symlink => {
                let target = m.readlink(&path, &mut t).unwrap();
                format!("symlink {}", String::from_utf8_lossy(&target))
            }
            other => format!("{other:?}"),
        };
        shown.insert(String::from_utf8(path).unwrap(), text);
    }
    shown
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..=3)
        .prop_map(|names| format!("/{}", names.join("/")))
}

fn op() -> impl Strategy<Value = Op> {
    let data = || prop::sample::select(vec!["", "x", "longer"]).prop_map(str::to_owned);
    prop_oneof![
        4 => path().prop_map(Op::Mkdir),
        4 => (path(), data()).prop_map(|(p, d)| Op::Create(p, d)),
        1 => path().prop_map(Op::Symlink),
        2 => (path(), data()).prop_map(|(p, d)| Op::Write(p, d)),
        2 => (path(), data()).prop_map(|(p, d)| Op::Append(p, d)),
        2 => (path(), prop::sample::select(vec![0o600, 0o755, 0o700])).prop_map(|(p, m)| Op::Chmod(p, m)),
        4 => path().prop_map(Op::Unlink),
        4 => path().prop_map(Op::Rmdir),
        2 => (path(), path()).prop_map(|(a, b)| Op::Link(a, b)),
        5 => (path(), path()).prop_map(|(a, b)| Op::Rename(a, b)),
        1 => Just(Op::Restart),
        1 => Just(Op::Commit),
    ]
}

fn options() -> impl Strategy<Value = Options> {
    (any::<bool>(), any::<bool>()).prop_map(|(metacopy, xino)| Options {
        redirect_dir: true,
        index: true,
        metacopy,
        xino,
        ..Options::default()
    })
}

/// A mount over layers that were made by running `before` in mounts of their own.
fn layered(before: &[Vec<Op>], options: Options) -> (Mount, Oracle) {
    let mut oracle = Oracle::default();
    let base = Lower { layer: Tree::new().seal(), label: "".into() };
    let mut m = Mount::new(vec![base], Tree::new(), options).unwrap();
    let mut t = Trace::silent();
    for ops in before {
        for op in ops {
            assert_eq!(perform(&mut m, op, &mut t), oracle.perform(op), "{op:?}");
        }
        m.commit("", &mut t).unwrap();
    }
    (m, oracle)
}

fn without(ops: Vec<Op>, unwanted: impl Fn(&Op) -> bool) -> Vec<Op> {
    ops.into_iter().filter(|op| !unwanted(op)).collect()
}

fn layers() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop::collection::vec(prop::collection::vec(op(), 0..25), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is done, and however often the upper becomes a layer, the merged view is what a plain
    /// filesystem would hold, and every answer is what it would give.
    #[test]
    fn the_merged_view_is_a_plain_filesystem(before in layers(), ops in prop::collection::vec(op(), 1..40), options in options()) {
        let before: Vec<Vec<Op>> = before.into_iter().map(|ops| without(ops, |op| matches!(op, Op::Link(..)))).collect();
        let ops = without(ops, |op| matches!(op, Op::Link(..)));
        let (mut m, mut oracle) = layered(&before, options);
        let mut t = Trace::silent();
        for op in &ops {
            prop_assert_eq!(perform(&mut m, op, &mut t), oracle.perform(op), "{:?}", op);
        }
        prop_assert_eq!(view(&mut m), oracle.view());
        m.restart(&mut Trace::silent()).unwrap();
        prop_assert_eq!(view(&mut m), oracle.view(), "after a restart");
        m.commit("", &mut t).unwrap();
        prop_assert_eq!(view(&mut m), oracle.view(), "after a commit");
    }

    /// With `index=on` hard links of a lower layer stay one object, as long as the index lives: a
    /// commit leaves it behind.
    #[test]
    fn hard_links_stay_one_object_with_an_index(first in prop::collection::vec(op(), 0..25), ops in prop::collection::vec(op(), 1..40), options in options()) {
        let commits = |op: &Op| matches!(op, Op::Commit);
        let (mut m, mut oracle) = layered(&[without(first, commits)], options);
        let mut t = Trace::silent();
        for op in &without(ops, commits) {
            prop_assert_eq!(perform(&mut m, op, &mut t), oracle.perform(op), "{:?}", op);
        }
        prop_assert_eq!(view(&mut m), oracle.view());
        m.restart(&mut Trace::silent()).unwrap();
        prop_assert_eq!(view(&mut m), oracle.view(), "after a restart");
    }

    /// A plain filesystem answers as the union does.
    #[test]
    fn a_native_mount_is_a_plain_filesystem(ops in prop::collection::vec(op(), 1..60)) {
        let (mut m, mut oracle) = (Mount::native(Tree::new()), Oracle::default());
        let mut t = Trace::silent();
        for op in ops.iter().filter(|op| !matches!(op, Op::Commit)) {
            prop_assert_eq!(perform(&mut m, op, &mut t), oracle.perform(op), "{:?}", op);
        }
        prop_assert_eq!(view(&mut m), oracle.view());
        let whiteouts = std::cell::Cell::new(0);
        m.upper().walk(&mut |_, _, inode| whiteouts.set(whiteouts.get() + usize::from(matches!(inode.kind, Kind::Whiteout))));
        prop_assert_eq!(whiteouts.get(), 0);
    }

    /// With every option off, and any marks in the layers: a mount that has just been cloned or
    /// restarted answers and tells exactly what a warm one does.
    #[test]
    fn nothing_depends_on_what_the_cache_knows(before in layers(), ops in prop::collection::vec(op(), 1..30), redirect_dir in any::<bool>()) {
        let options = Options { redirect_dir, ..Options::default() };
        let base = Lower { layer: Tree::new().seal(), label: "".into() };
        let mut warm = Mount::new(vec![base], Tree::new(), options).unwrap();
        for ops in &before {
            for op in ops {
                let _ = perform(&mut warm, op, &mut Trace::silent());
            }
            warm.commit("", &mut Trace::silent()).unwrap();
        }
        for op in &ops {
            let _ = view_of_anything(&mut warm);
            let mut cold = warm.clone();
            let a = Trace::silent().collect(|t| (perform(&mut warm, op, t), t.fuel.used()));
            let b = Trace::silent().collect(|t| (perform(&mut cold, op, t), t.fuel.used()));
            prop_assert_eq!(a.0.0, b.0.0, "{:?}", op);
            prop_assert_eq!(a.0.1, b.0.1, "fuel of {:?}", op);
            prop_assert_eq!(a.1, b.1, "{:?}", op);
            prop_assert_eq!(raw(&warm), raw(&cold), "{:?}", op);
        }
    }

    /// A clone is a snapshot: what happens afterwards does not reach it.
    #[test]
    fn a_clone_keeps_the_moment(ops in prop::collection::vec(op(), 1..30), more in prop::collection::vec(op(), 1..30), options in options()) {
        let (mut m, _) = layered(&[], options);
        for op in &ops {
            let _ = perform(&mut m, op, &mut Trace::silent());
        }
        let mut kept = m.clone();
        let at = view(&mut kept);
        for op in &more {
            let _ = perform(&mut m, op, &mut Trace::silent());
        }
        prop_assert_eq!(view(&mut kept), at);
    }

    /// Any bytes as paths: an answer, never a panic, and `which` agrees with lstat.
    #[test]
    fn any_bytes_are_answered(paths in prop::collection::vec(prop::collection::vec(prop::sample::select(b"/.ab\0\xff".to_vec()), 0..12), 1..12)) {
        let mut m = Mount::new(vec![Lower { layer: Tree::new().seal(), label: "".into() }], Tree::new(), Options::default()).unwrap();
        let mut t = Trace::silent();
        for pair in paths.windows(2) {
            let _ = m.mkdir(&pair[0], 0o755, &mut t);
            let _ = m.create(&pair[1], 0o644, Contents::text("x"), &mut t);
            let _ = m.rename(&pair[0], &pair[1], Rename::Exchange, &mut t);
            let _ = m.symlink(&pair[0], &pair[1], &mut t);
            let _ = m.stack("m", pair, &mut t);
            let clean = layerlab::fs::path::clean(&pair[0]);
            prop_assert_eq!(m.which(&clean, &mut t).winner.is_some(), m.lstat(&clean, &mut t).is_ok());
        }
    }
}

/// Reads everything there is, errors or not: warms the cache.
fn view_of_anything(m: &mut Mount) -> usize {
    m.walk(b"/", &mut Trace::silent()).map_or(0, |seen| seen.len())
}

fn raw(m: &Mount) -> Vec<String> {
    let mut lines = Vec::new();
    m.upper().walk(&mut |path, _, inode: &Inode| {
        let kind = match &inode.kind {
            Kind::Dir(_) => "dir".to_owned(),
            other => format!("{other:?}"),
        };
        lines.push(format!("{path:?} {kind} {:o} {} {:?}", inode.mode, inode.nlink, inode.extra));
    });
    lines
}

#[test]
fn a_failing_operation_is_told_once() {
    let mut m = Mount::native(Tree::new());
    let (result, events) = Trace::silent().collect(|t| m.rmdir(b"/nothing", t));
    assert_eq!(result, Err(Errno::ENOENT));
    assert!(matches!(&events[..], [Event::Failed { .. }]));
}
