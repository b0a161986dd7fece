//! Random histories on every driver beside a plain directory.

use crate::support::{ALL, seen};
use layerlab::fs::{Contents, Errno, Layer, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Access, Branch, CopyUp, Lower, Mount, Policies, Rename, StorageDriver, flatten};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub enum Op {
    Create(u8, String),
    Append(u8, String),
    Write(u8, String),
    Mkdir(u8),
    Unlink(u8),
    Rmdir(u8),
    Rename(u8, u8),
    Symlink(u8, u8),
    Link(u8, u8),
    Chmod(u8, u16),
    Truncate(u8, i64),
}

/// Few paths, so that they meet.
const PATHS: [&str; 14] = [
    "/a", "/b", "/c", "/a/x", "/a/y", "/b/x", "/b/y", "/c/x", "/a/x/d", "/a/y/d", "/b/x/d", "/b/x/e",
    "/c/x/d", "/a/x/e",
];

fn path(at: u8) -> &'static [u8] {
    PATHS[at as usize % PATHS.len()].as_bytes()
}

pub fn op() -> impl Strategy<Value = Op> {
    let at = || 0..PATHS.len() as u8;
    let text = || "[a-c]{0,3}";
    prop_oneof![
        3 => (at(), text()).prop_map(|(at, text)| Op::Create(at, text)),
        2 => (at(), text()).prop_map(|(at, text)| Op::Append(at, text)),
        1 => (at(), text()).prop_map(|(at, text)| Op::Write(at, text)),
        4 => at().prop_map(Op::Mkdir),
        3 => at().prop_map(Op::Unlink),
        3 => at().prop_map(Op::Rmdir),
        4 => (at(), at()).prop_map(|(from, to)| Op::Rename(from, to)),
        1 => (at(), at()).prop_map(|(to, at)| Op::Symlink(to, at)),
        1 => (at(), at()).prop_map(|(from, to)| Op::Link(from, to)),
        1 => (at(), prop_oneof![Just(0o600u16), Just(0o755)]).prop_map(|(at, mode)| Op::Chmod(at, mode)),
        1 => (at(), 0i64..4).prop_map(|(at, size)| Op::Truncate(at, size)),
    ]
}

pub fn perform(m: &mut Mount, op: &Op) -> Result<(), Errno> {
    let t = &mut Trace::silent();
    match op {
        Op::Create(at, text) => m.create(path(*at), 0o644, Contents::text(text), t),
        Op::Append(at, text) => m.append(path(*at), Contents::text(text), t),
        Op::Write(at, text) => m.write(path(*at), Contents::text(text), t),
        Op::Mkdir(at) => m.mkdir(path(*at), 0o755, t),
        Op::Unlink(at) => m.unlink(path(*at), t),
        Op::Rmdir(at) => m.rmdir(path(*at), t),
        Op::Rename(from, to) => m.rename(path(*from), path(*to), Rename::Plain, t),
        Op::Symlink(to, at) => m.symlink(path(*to), path(*at), t),
        Op::Link(from, to) => m.link(path(*from), path(*to), t),
        Op::Chmod(at, mode) => m.chmod(path(*at), *mode, t),
        Op::Truncate(at, size) => m.truncate(path(*at), *size, t),
    }
}

/// Where the drivers differ: the names that would have to leave their branch.
fn may_differ(op: &Op, said: Result<(), Errno>) -> bool {
    matches!((op, said), (Op::Rename(..) | Op::Link(..), Err(Errno::EXDEV)))
}

/// Layers, top first, made by histories that were committed one after another.
fn layers(histories: &[Vec<Op>]) -> Vec<Layer> {
    let mut m = StorageDriver::Overlay2.mount(Vec::new(), Tree::new(), &mut Trace::silent()).unwrap();
    for history in histories {
        history.iter().for_each(|op| {
            let _ = perform(&mut m, op);
        });
        // A hard link of a lower layer breaks on copy-up: a difference of its own.
        drop(m.commit("", &mut Trace::silent()));
    }
    m.lowers().iter().map(|lower| without_links(&lower.layer)).collect()
}

fn without_links(layer: &Layer) -> Layer {
    use layerlab::fs::Nodes;
    let mut tree = Tree::new();
    layer.walk(&mut |path, _, inode| {
        let kind = match &inode.kind {
            layerlab::fs::Kind::Dir(_) => layerlab::fs::Inode::dir(0).kind,
            other => other.clone(),
        };
        tree.put(path, layerlab::fs::Inode { kind, nlink: 0, ..inode.clone() });
    });
    tree.seal()
}

fn lowers(layers: &[Layer]) -> Vec<Lower> {
    layers.iter().map(|layer| Lower { layer: layer.clone(), label: "".into() }).collect()
}

/// Performs all on both; the views stay equal.
fn same_history(name: &str, mut union: Mount, layers: &[Layer], ops: &[Op]) {
    let whole = flatten(lowers(layers), &mut Trace::silent()).unwrap();
    let mut plain = Mount::native(Tree::from_layer(&whole));
    assert_eq!(seen(&mut union), seen(&mut plain), "{name}: before anything");
    let mut linked = false;
    for (at, op) in ops.iter().enumerate() {
        let said = perform(&mut union, op);
        if may_differ(op, said) {
            continue;
        }
        assert_eq!(said, perform(&mut plain, op), "{name}: {at}: {op:?}");
        assert_eq!(seen(&mut union), seen(&mut plain), "{name}: after {at}: {op:?}");
        if at % 7 == 6 {
            assert_eq!(union.restart(&mut Trace::silent()), Ok(()));
        }
        // A hard link that was committed breaks on copy-up, where the driver has any.
        linked |= matches!(op, Op::Link(..));
        if at % 11 == 10 && !linked {
            union.commit("", &mut Trace::silent()).unwrap();
            assert_eq!(seen(&mut union), seen(&mut plain), "{name}: committed after {at}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(std::env::var("LAYERLAB_DRIVER_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300)))]

    #[test]
    fn every_driver_shows_what_a_plain_directory_shows(
        below in prop::collection::vec(prop::collection::vec(op(), 0..8), 0..4),
        ops in prop::collection::vec(op(), 1..30),
    ) {
        let layers = layers(&below);
        for driver in ALL {
            let union = driver.mount(lowers(&layers), Tree::new(), &mut Trace::silent()).unwrap();
            same_history(driver.name(), union, &layers, &ops);
        }
    }

    /// Several writable branches, in any places, with both policies of aufs and with unionfs.
    #[test]
    fn several_writable_branches_show_what_a_plain_directory_shows(
        below in prop::collection::vec((prop::collection::vec(op(), 0..8), any::<bool>()), 1..5),
        ops in prop::collection::vec(op(), 1..30),
        top_down in any::<bool>(),
    ) {
        let (histories, writable): (Vec<_>, Vec<bool>) = below.into_iter().unzip();
        let layers = layers(&histories);
        for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
            let first = Branch { layer: Layer::empty(), label: "".into(), access: Access::Write };
            let others = layers.iter().zip(&writable).map(|(layer, writable)| Branch {
                layer: layer.clone(),
                label: "".into(),
                access: if *writable { Access::Write } else { Access::Read { whiteouts: true } },
            });
            let copy_up = if top_down { CopyUp::TopDownParent } else { CopyUp::BottomUpParent };
            let policies = Policies { copy_up, ..Policies::default() };
            let union = Mount::of_branches(driver, std::iter::once(first).chain(others).collect(), policies);
            same_history(driver.name(), union.unwrap(), &layers, &ops);
        }
    }

    /// What a commit seals is what the driver showed, whichever driver the layer is mounted with next.
    #[test]
    fn a_layer_means_the_same_to_every_driver(
        below in prop::collection::vec(prop::collection::vec(op(), 0..8), 0..3),
        ops in prop::collection::vec(op(), 1..20),
    ) {
        let layers = layers(&below);
        for driver in ALL {
            let mut union = driver.mount(lowers(&layers), Tree::new(), &mut Trace::silent()).unwrap();
            ops.iter().for_each(|op| {
                let _ = perform(&mut union, op);
            });
            let top = union.diff(&mut Trace::silent()).unwrap();
            let stack: Vec<Layer> = std::iter::once(top).chain(layers.iter().cloned()).collect();
            let shown = seen(&mut union);
            for other in ALL {
                let mut again = other.mount(lowers(&stack), Tree::new(), &mut Trace::silent()).unwrap();
                prop_assert_eq!(&seen(&mut again), &shown, "{} read by {}", driver.name(), other.name());
            }
        }
    }
}
