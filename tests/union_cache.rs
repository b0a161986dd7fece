//! What a mount keeps to answer faster: bounded, not part of a clone, and never seen.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Inode, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Cached, Lower, Mount, Options, Rename};
use proptest::prelude::*;

fn lower(paths: &[&str]) -> Lower {
    let mut tree = Tree::new();
    for path in paths {
        match path.strip_prefix('!') {
            Some(path) => tree.put(path.as_bytes(), Inode::whiteout()),
            None => tree.put(path.as_bytes(), Inode::file(Contents::text("x"))),
        };
    }
    Lower { layer: tree.seal(), label: "".into() }
}

/// Three layers: directories of all, of two and of one of them, whiteouts among the names.
fn mount(metacopy: bool) -> Mount {
    let lowers = vec![
        lower(&["/d/a", "!/d/b", "/e/top"]),
        lower(&["/d/b", "/d/c", "/e/f/a", "!/e/f/b"]),
        lower(&["/d/a", "/d/c", "/d/f/b", "/e/f/c", "/e/f/g/a"]),
    ];
    let options = Options { redirect_dir: true, metacopy, ..Options::default() };
    Mount::new(lowers, Tree::new(), options).unwrap()
}

#[test]
fn the_cache_is_bounded_and_not_cloned() {
    let (mut m, mut t) = (mount(false), Trace::silent());
    let mut most = 0;
    for n in 0..600_000 {
        t.fuel.refill();
        let _ = m.stat(format!("/d/absent{n}").as_bytes(), &mut t);
        most = most.max(m.cached().names);
    }
    assert!(most > 100_000, "{most}");
    assert!(most <= (1 << 18) + 8, "{most}");
    assert_eq!(m.clone().cached(), Cached::default());
    t.fuel.refill();
    m.restart(&mut t).unwrap();
    assert_eq!(m.cached(), Cached::default());
}

/// One operation that visits more than the cache holds does not make it grow without end.
#[test]
fn a_walk_through_everything_keeps_the_bound() {
    let mut tree = Tree::new();
    let mut names = Vec::new();
    for n in 0..400_000 {
        names.push(format!("f{n}"));
    }
    let dir = tree.mkdirs(b"/many").unwrap();
    for name in &names {
        let ino = tree.add(Inode::file(Contents::EMPTY));
        tree.link(dir, name.as_bytes(), ino);
    }
    let lower = Lower { layer: tree.seal(), label: "".into() };
    let (mut m, mut t) = (Mount::new(vec![lower], Tree::new(), Options::default()).unwrap(), Trace::silent());
    assert_eq!(m.walk(b"/", &mut t).unwrap().len(), 400_001);
    assert!(m.cached().names <= (1 << 18) + 8, "{:?}", m.cached());
}

#[derive(Clone, Debug)]
enum Op {
    Create(String),
    Mkdir(String),
    Unlink(String),
    Rmdir(String),
    Append(String),
    Chmod(String),
    Rename(String, String),
    Exchange(String, String),
    Link(String, String),
}

fn path() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c", "f", "g"]);
    let dir = prop::sample::select(vec!["/d", "/e", "/e/f", "/d/f", "/e/f/g", ""]);
    (dir, name()).prop_map(|(dir, name)| format!("{dir}/{name}"))
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        path().prop_map(Op::Create),
        path().prop_map(Op::Mkdir),
        path().prop_map(Op::Unlink),
        path().prop_map(Op::Rmdir),
        path().prop_map(Op::Append),
        path().prop_map(Op::Chmod),
        (path(), path()).prop_map(|(a, b)| Op::Rename(a, b)),
        (path(), path()).prop_map(|(a, b)| Op::Exchange(a, b)),
        (path(), path()).prop_map(|(a, b)| Op::Link(a, b)),
    ]
}

fn perform(m: &mut Mount, op: &Op, t: &mut Trace) {
    let _ = match op {
        Op::Create(p) => m.create(p.as_bytes(), 0o644, Contents::text("x"), t),
        Op::Mkdir(p) => m.mkdir(p.as_bytes(), 0o755, t),
        Op::Unlink(p) => m.unlink(p.as_bytes(), t),
        Op::Rmdir(p) => m.rmdir(p.as_bytes(), t),
        Op::Append(p) => m.append(p.as_bytes(), Contents::text("y"), t),
        Op::Chmod(p) => m.chmod(p.as_bytes(), 0o600, t),
        Op::Rename(a, b) => m.rename(a.as_bytes(), b.as_bytes(), Rename::Plain, t),
        Op::Exchange(a, b) => m.rename(a.as_bytes(), b.as_bytes(), Rename::Exchange, t),
        Op::Link(a, b) => m.link(a.as_bytes(), b.as_bytes(), t),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// A listing that was kept and put right is the listing that a mount makes which knows nothing.
    #[test]
    fn a_kept_listing_is_the_listing(ops in prop::collection::vec(op(), 1..40), metacopy in any::<bool>(), every in 1usize..4) {
        let (mut m, mut t) = (mount(metacopy), Trace::silent());
        for (n, op) in ops.iter().enumerate() {
            perform(&mut m, op, &mut t);
            if n % every > 0 {
                continue;
            }
            for dir in ["/", "/d", "/e", "/e/f", "/d/f", "/e/f/g", "/e/f/f", "/a", "/d/a"] {
                let cold = m.clone().readdir(dir.as_bytes(), &mut t);
                prop_assert_eq!(m.readdir(dir.as_bytes(), &mut t), cold, "{} after {:?}", dir, op);
            }
        }
    }
}
