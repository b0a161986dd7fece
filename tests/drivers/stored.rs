//! What each driver leaves on its disk for the same few changes, what it refuses, and what it pays.

use crate::support::{ALL, layer, mount, names, seen};
use layerlab::fs::{Contents, Errno, Inode, Layer, Nodes, Tree};
use layerlab::trace::{Cost, Trace};
use layerlab::union::{Lower, Mount, Rename, StorageDriver, stored, stored_layer};
use std::fmt::Write as _;

fn base() -> Layer {
    layer(&[("/etc/motd", "hello\n"), ("/srv/a/x", "x"), ("/srv/a/y", "y"), ("/srv/old", "old")])
}

/// One of each: an append, a deletion, a directory emptied, removed and made again.
fn changed(driver: StorageDriver) -> Mount {
    let (mut m, t) = (mount(driver, &[base()]), &mut Trace::silent());
    m.append(b"/etc/motd", Contents::text("more\n"), t).unwrap();
    m.unlink(b"/srv/old", t).unwrap();
    m.unlink(b"/srv/a/x", t).unwrap();
    m.unlink(b"/srv/a/y", t).unwrap();
    m.rmdir(b"/srv/a", t).unwrap();
    m.mkdir(b"/srv/a", 0o755, t).unwrap();
    m
}

/// Names of a tree with what they are where that is a mark.
fn disk(tree: &Tree) -> String {
    let mut text = String::new();
    tree.walk(&mut |path, _, inode| {
        let mark = match inode {
            inode if inode.is_whiteout() => "  char device 0:0",
            inode if inode.is_opaque() => "  trusted.overlay.opaque=y",
            inode if inode.nlink > 1 => "  hard link",
            inode if inode.kind.is_dir() => "/",
            _ => "",
        };
        writeln!(text, "{}{mark}", String::from_utf8_lossy(path)).unwrap();
    });
    text
}

#[test]
fn each_driver_marks_deletions_in_its_own_way() {
    let mut text = String::new();
    let mut views: Vec<Vec<String>> = Vec::new();
    for driver in ALL {
        let mut m = changed(driver);
        writeln!(text, "-- {}\n{}", driver.name(), disk(&m.stored_upper())).unwrap();
        views.push(seen(&mut m));
    }
    assert!(views.iter().all(|view| *view == views[0]), "{views:#?}");
    insta::assert_snapshot!(text);
}

#[test]
fn all_whiteouts_of_an_aufs_branch_are_one_inode() {
    let (mut m, t) = (mount(StorageDriver::Aufs, &[base()]), &mut Trace::silent());
    m.unlink(b"/srv/old", t).unwrap();
    m.unlink(b"/srv/a/x", t).unwrap();
    let stored = m.stored_upper();
    let inodes: Vec<_> = ["/.wh..wh.aufs", "/srv/.wh.old", "/srv/a/.wh.x"]
        .map(|name| stored.at(name.as_bytes()).unwrap())
        .into();
    assert!(inodes.iter().all(|ino| *ino == inodes[0]));
    assert_eq!(stored.inode(inodes[0]).nlink, 3);
    // unionfs spends one on each.
    let mut m = mount(StorageDriver::Unionfs, &[base()]);
    m.unlink(b"/srv/old", t).unwrap();
    m.unlink(b"/srv/a/x", t).unwrap();
    let stored = m.stored_upper();
    assert_ne!(stored.at(b"/srv/.wh.old"), stored.at(b"/srv/a/.wh.x"));
}

#[test]
fn marks_that_are_names_are_read_as_marks() {
    let top = layer(&[("/srv/.wh.old", ""), ("/srv/a/.wh..wh..opq", ""), ("/srv/a/z", "z")]);
    for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
        let mut m = mount(driver, &[top.clone(), base()]);
        let names: Vec<String> =
            seen(&mut m).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["/etc", "/etc/motd", "/srv", "/srv/a", "/srv/a/z"]);
    }
    // To overlay they are files with odd names.
    let mut m = mount(StorageDriver::Overlay2, &[top, base()]);
    assert!(m.stat(b"/srv/old", &mut Trace::silent()).is_ok());
    assert!(m.stat(b"/srv/.wh.old", &mut Trace::silent()).is_ok());
}

#[test]
fn the_names_of_marks_are_nobodys() {
    for (driver, longest) in [(StorageDriver::Aufs, 242), (StorageDriver::Unionfs, 251)] {
        let (mut m, t) = (mount(driver, &[base()]), &mut Trace::silent());
        assert_eq!(m.create(b"/.wh.x", 0o644, Contents::EMPTY, t), Err(Errno::EPERM));
        assert_eq!(m.stat(b"/.wh..wh.aufs", t), Err(Errno::EPERM));
        assert_eq!(m.rename(b"/etc/motd", b"/etc/.wh.motd", Rename::Plain, t), Err(Errno::EPERM));
        let name = |length: usize| format!("/{}", "n".repeat(length)).into_bytes();
        assert_eq!(m.create(&name(longest), 0o644, Contents::EMPTY, t), Ok(()));
        assert_eq!(m.create(&name(longest + 1), 0o644, Contents::EMPTY, t), Err(Errno::ENAMETOOLONG));
    }
}

#[test]
fn a_directory_of_the_image_moves_only_where_nothing_is_layered() {
    for driver in ALL {
        let (mut m, t) = (mount(driver, &[base()]), &mut Trace::silent());
        let expected = if driver == StorageDriver::Vfs { Ok(()) } else { Err(Errno::EXDEV) };
        assert_eq!(m.rename(b"/srv/a", b"/srv/b", Rename::Plain, t), expected, "{}", driver.name());
        // One that was made here moves everywhere.
        m.mkdir(b"/new", 0o755, t).unwrap();
        assert_eq!(m.rename(b"/new", b"/srv/new", Rename::Plain, t), Ok(()), "{}", driver.name());
    }
}

/// A hard link of the image, written through one of its names: where copies are made the other name keeps
/// the old contents, but for aufs, which remembers the two (its pseudo-links).
#[test]
fn a_hard_link_of_the_image_breaks_with_some_drivers() {
    let mut tree = Tree::new();
    tree.put(b"/one", Inode::file(Contents::text("old")));
    tree.put_link(b"/two", b"/one");
    let base = tree.seal();
    for driver in ALL {
        let (mut m, t) = (mount(driver, std::slice::from_ref(&base)), &mut Trace::silent());
        m.append(b"/one", Contents::text("+new"), t).unwrap();
        let other = m.read(b"/two", t).unwrap().to_text(100).unwrap();
        let kept = matches!(driver, StorageDriver::Aufs | StorageDriver::Vfs);
        assert_eq!(other, if kept { "old+new" } else { "old" }, "{}", driver.name());
        // And what is written through the other name afterwards.
        m.append(b"/two", Contents::text("!"), t).unwrap();
        let first = m.read(b"/one", t).unwrap().to_text(100).unwrap();
        assert_eq!(first, if kept { "old+new!" } else { "old+new" }, "{}", driver.name());
    }
}

/// chmod to the mode that a file has: a copy where there are layers, and a layer of its own on commit; to
/// a driver that compares whole trees nothing happened.
#[test]
fn only_drivers_with_layers_take_a_change_to_the_same_for_a_change() {
    for driver in ALL {
        let (mut m, t) = (mount(driver, &[base()]), &mut Trace::silent());
        m.chmod(b"/etc/motd", 0o644, t).unwrap();
        let layer = m.diff(t).unwrap();
        let compares = matches!(driver, StorageDriver::Overlay | StorageDriver::Vfs);
        let expected: &[&str] = if compares { &[] } else { &["/etc", "/etc/motd"] };
        assert_eq!(names(&Tree::from_layer(&layer)), expected, "{}", driver.name());
    }
}

#[test]
fn too_many_layers_are_refused_by_those_who_count() {
    let many = |count: usize| -> Vec<Lower> {
        (0..count).map(|at| Lower { layer: layer(&[("/f", &at.to_string())]), label: "".into() }).collect()
    };
    for (driver, most) in
        [(StorageDriver::Aufs, 126), (StorageDriver::Unionfs, 127), (StorageDriver::Overlay2, 500)]
    {
        let t = &mut Trace::silent();
        assert!(driver.mount(many(most), Tree::new(), t).is_ok(), "{}", driver.name());
        assert_eq!(
            driver.mount(many(most + 1), Tree::new(), t).err(),
            Some(Errno::EINVAL),
            "{}",
            driver.name()
        );
    }
    for driver in [StorageDriver::Overlay, StorageDriver::Vfs] {
        assert!(driver.mount(many(300), Tree::new(), &mut Trace::silent()).is_ok(), "{}", driver.name());
    }
}

/// A base of 3 files and 2 directories (110 bytes), and a layer that changes one and deletes one.
#[test]
fn what_a_layer_takes_on_the_disk() {
    let base = layer(&[("/a/one", &"1".repeat(100)), ("/a/two", "22222"), ("/b/three", "33333")]);
    let mut top = Tree::new();
    top.put(b"/a/two", Inode::file(Contents::text("changed")));
    top.put(b"/b/three", Inode::whiteout());
    let layers = [top.seal(), base];
    let bill = |copied, inodes, links| Cost { copied, inodes, links, ..Cost::default() };
    let expected = [
        // The change and its two directories, and the whiteout.
        (StorageDriver::Overlay2, bill(7, 4, 0)),
        // The whole tree's directories again, the changed file, and a link to the one that stays.
        (StorageDriver::Overlay, bill(7, 3, 1)),
        // The whiteout is a link to the branch's one empty file.
        (StorageDriver::Aufs, bill(7, 4, 1)),
        (StorageDriver::Unionfs, bill(7, 4, 0)),
        // Everything that is left, again.
        (StorageDriver::Vfs, bill(107, 4, 0)),
    ];
    for (driver, cost) in expected {
        let t = &mut Trace::silent();
        assert_eq!(stored_layer(driver, &layers, t), Ok(cost), "{}", driver.name());
        let whole = stored(driver, &layers, t).unwrap();
        assert_eq!(whole.copied, cost.copied + 110, "{}", driver.name());
    }
}
