//! Layers that a driver stored, written as real archives and unpacked by another program: the same tree.

use crate::alike::{Op, op, perform};
use crate::support::{ALL, seen};
use layerlab::fs::{Layer, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin, archive};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::{Access, Branch, Mount, Policies, StorageDriver};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// Stacks for each driver.
const STACKS: usize = 6;

fn run(folder: &Path, words: &[&str]) {
    let output = Command::new(words[0]).args(&words[1..]).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
}

/// The lines of [`seen`] for a folder on disk.
fn on_disk(root: &Path) -> Vec<String> {
    fn walk(root: &Path, dir: &Path, lines: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let about = fs::symlink_metadata(&path).unwrap();
            let (kind, inside) = match about.file_type() {
                kind if kind.is_dir() => ("Dir", String::new()),
                kind if kind.is_symlink() => {
                    ("Symlink", fs::read_link(&path).unwrap().to_string_lossy().into_owned())
                }
                _ => ("File", fs::read_to_string(&path).unwrap()),
            };
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            let (mode, uid, gid) = (about.mode() & 0o7777, about.uid(), about.gid());
            lines.push(format!("/{name} {kind} {mode:04o} {uid}:{gid} {inside:?}"));
            if about.is_dir() {
                walk(root, &path, lines);
            }
        }
    }
    let mut lines = Vec::new();
    walk(root, root, &mut lines);
    lines.sort();
    lines
}

fn image(layers: &[Layer]) -> Image {
    let history = |at: usize| History { created_by: format!("layer {at}"), ..History::default() };
    Image {
        layers: layers
            .iter()
            .enumerate()
            .map(|(at, layer)| ImageLayer::new(layer.clone(), Origin::Daemon, format!("layer {at}")))
            .collect(),
        history: (0..layers.len()).map(history).collect(),
        ..Image::default()
    }
    .sealed()
}

/// Unpacks an image with umoci: what lies there then.
fn unpacked(image: Image, folder: &Path) -> Vec<String> {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("layout")).unwrap();
    let fuel = &mut Fuel::new(Limits { operations: u64::MAX, bytes: u64::MAX, depth: 48 });
    let written = archive::archive(&[(Arc::new(image), vec!["t:1".to_owned()])], fuel).unwrap();
    written.write(&mut fs::File::create(folder.join("image.tar")).unwrap()).unwrap();
    run(folder, &["tar", "-xf", "image.tar", "-C", "layout"]);
    run(folder, &["umoci", "unpack", "--image", "layout:1", "bundle"]);
    on_disk(&folder.join("bundle/rootfs"))
}

/// One layer for each history, bottom first, and the mount that has them all.
fn committed(mut m: Mount, histories: &[Vec<Op>]) -> (Vec<Layer>, Mount) {
    let mut t = Trace::silent();
    let mut layers = Vec::new();
    for history in histories {
        for op in history {
            let _ = perform(&mut m, op);
        }
        layers.push(m.commit("", &mut t).unwrap());
    }
    (layers, m)
}

#[test]
fn stacks_of_every_driver_unpack_to_the_view_that_it_showed() {
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    if !is_there("umoci") || !is_there("tar") || !root {
        println!("skipped: stacks of every driver: needs umoci, tar and root");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("drivers_umoci");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let histories = prop::collection::vec(prop::collection::vec(op(), 4..20), 1..5);
    for driver in ALL {
        for at in 0..STACKS {
            let histories = histories.new_tree(&mut runner).unwrap().current();
            let empty = driver.mount(Vec::new(), Tree::new(), &mut Trace::silent()).unwrap();
            let (layers, mut m) = committed(empty, &histories);
            let mut shown = seen(&mut m);
            shown.sort();
            let real = unpacked(image(&layers), &folder.join(format!("{}{at}", driver.name())));
            assert_eq!(real, shown, "{}: {histories:?}", driver.name());
        }
    }
    // And the raw branch of an aufs, whose marks have names already, is a layer as it lies.
    let base = crate::support::layer(&[("/d/x", "x"), ("/d/y", "y"), ("/e/z", "z")]);
    let branches = [(Layer::empty(), Access::Write), (base.clone(), Access::Read { whiteouts: true })];
    let branches = branches.map(|(layer, access)| Branch { layer, label: "".into(), access });
    let mut m = Mount::of_branches(StorageDriver::Aufs, branches.into(), Policies::default()).unwrap();
    let mut t = Trace::silent();
    m.unlink(b"/d/x", &mut t).unwrap();
    m.unlink(b"/e/z", &mut t).unwrap();
    m.rmdir(b"/e", &mut t).unwrap();
    m.mkdir(b"/e", 0o755, &mut t).unwrap();
    // Docker leaves out what begins with `.wh..wh.`, but for the opaque mark (moby `aufs/aufs.go`, `Diff`).
    let mut raw = m.branch(0).unwrap();
    for own in [".wh..wh.aufs", ".wh..wh.orph", ".wh..wh.plnk"] {
        raw.unlink(0, own.as_bytes());
    }
    let mut shown = seen(&mut m);
    shown.sort();
    assert_eq!(unpacked(image(&[base, raw.seal()]), &folder.join("raw")), shown);
}
