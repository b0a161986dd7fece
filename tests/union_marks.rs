//! Whiteouts made of attributes, data-only lowers, overlays over overlays: what scripts and callers of
//! the library see. The kernel's own word is in tests/corpus/overlay/corners.json.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::{Contents, Errno, Inode, Layer, Nodes, Tree};
use layerlab::trace::{Answer, Event, Trace};
use layerlab::union::{Lower, Mount, Options};
use screen::lab;

fn lower(layer: Layer) -> Lower {
    Lower { layer, label: "".into() }
}

fn tree(entries: &[(&str, Inode)]) -> Tree {
    let mut tree = Tree::new();
    for (path, inode) in entries {
        tree.put(path.as_bytes(), inode.clone()).unwrap();
    }
    tree
}

fn layer(entries: &[(&str, Inode)]) -> Lower {
    lower(tree(entries).seal())
}

fn file(text: &str) -> Inode {
    Inode::file(Contents::text(text))
}

fn xwhiteout() -> Inode {
    let mut inode = file("");
    inode.extra_mut().xwhiteout = true;
    inode
}

fn marked_x() -> Inode {
    let mut inode = Inode::dir(0o755);
    inode.extra_mut().xwhiteouts = true;
    inode
}

fn metacopy(size: u64, to: &str) -> Inode {
    let mut inode = file("");
    inode.extra_mut().metacopy = Some(size);
    inode.extra_mut().redirect = Some(to.as_bytes().into());
    inode
}

fn names(m: &mut Mount, path: &str) -> Vec<String> {
    let names = m.readdir(path.as_bytes(), &mut Trace::silent()).unwrap();
    names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn text(m: &mut Mount, path: &str) -> Result<String, Errno> {
    m.read(path.as_bytes(), &mut Trace::silent()).map(|data| data.to_text(100).unwrap())
}

#[test]
fn a_listing_obeys_attribute_whiteouts_only_where_the_mount_met_their_mark() {
    let layers = || {
        vec![
            layer(&[("/d", marked_x())]),
            layer(&[("/d", Inode::dir(0o755)), ("/d/f", xwhiteout()), ("/e", marked_x())]),
            layer(&[("/d/f", file("f")), ("/e", Inode::dir(0o755))]),
        ]
    };
    let mut m = Mount::new(layers(), Tree::new(), Options::default()).unwrap();
    assert_eq!(names(&mut m, "/d"), ["f"], "the second layer's mark is on another directory");
    assert_eq!(text(&mut m, "/d/f"), Err(Errno::ENOENT));
    m.stat(b"/e", &mut Trace::silent()).unwrap();
    assert!(names(&mut m, "/d").is_empty(), "now it was met");
    // What a mount has met is kept when the lab is cloned for undo, and lost with a new mount.
    assert!(names(&mut m.clone(), "/d").is_empty());
    m.restart(&mut Trace::silent()).unwrap();
    assert_eq!(names(&mut m, "/d"), ["f"]);
}

#[test]
fn a_whiteout_of_either_make_changes_places_with_what_is_renamed_onto_it() {
    let upper = tree(&[("/gone", xwhiteout())]);
    let mut m = Mount::new(vec![layer(&[("/f", file("f"))])], upper, Options::default()).unwrap();
    m.rename(b"/f", b"/gone", layerlab::union::Rename::Plain, &mut Trace::silent()).unwrap();
    let left = m.upper().inode(m.upper().at(b"/f").unwrap()).clone();
    assert!(left.is_xwhiteout() && !left.is_whiteout());
}

#[test]
fn contents_come_from_the_first_data_only_layer_that_has_the_path() {
    let names_of =
        layer(&[("/f", metacopy(3, "/x")), ("/g", metacopy(3, "/y")), ("/h", metacopy(3, "/z/q"))]);
    let data = vec![
        layer(&[("/x", file("one"))]),
        layer(&[("/x", file("two")), ("/y", file("why")), ("/z", file(""))]),
    ];
    let mut m = Mount::with_data(vec![names_of], data, Tree::new(), Options::default()).unwrap();
    assert_eq!(names(&mut m, "/"), ["f", "g", "h"]);
    assert_eq!(text(&mut m, "/f").unwrap(), "one");
    assert_eq!(text(&mut m, "/g").unwrap(), "why");
    assert_eq!(text(&mut m, "/h"), Err(Errno::ENOTDIR), "the last layer's answer");
    assert_eq!(m.stat(b"/h", &mut Trace::silent()).unwrap().size, 3);
    // Nobody needs to name an option for that.
    assert_eq!(m.options(), Options::default());
}

#[test]
fn events_name_the_layer_that_has_the_contents() {
    let names_of = layer(&[("/f", metacopy(3, "/x"))]);
    let data = vec![layer(&[("/x", file("one"))])];
    let mut m = Mount::with_data(vec![names_of], data, Tree::new(), Options::default()).unwrap();
    let (_, events) = Trace::silent().collect(|t| m.chmod(b"/f", 0o600, t));
    let probe = events.iter().find_map(|event| match event {
        Event::Lookup { probes, .. } => probes.last().cloned(),
        _ => None,
    });
    let probe = probe.unwrap();
    assert_eq!((probe.layer.number, probe.answer), (1, Answer::Data { path: "/x".to_owned(), size: 3 }));
    let source = events.iter().find_map(|event| match event {
        Event::CopyUp { contents, .. } => contents.clone(),
        _ => None,
    });
    let source = source.unwrap();
    assert_eq!((source.layer.number, source.path.as_str()), (1, "/x"));
}

#[test]
fn mounts_that_the_kernel_refuses() {
    let one = || layer(&[("/a", file("a"))]);
    let stacked = |depth: u32| {
        let mut below = one();
        for _ in 0..depth {
            let mut m = Mount::new(vec![below], Tree::new(), Options::default())?;
            below = lower(m.as_lower(false, &mut Trace::silent())?);
        }
        Mount::new(vec![one(), below], Tree::new(), Options::default())
    };
    assert_eq!(stacked(0).unwrap().depth(), 1);
    assert_eq!(stacked(1).unwrap().depth(), 2);
    assert_eq!(stacked(2).unwrap_err(), Errno::EINVAL);
    let only_data = Mount::with_data(Vec::new(), vec![one()], Tree::new(), Options::default());
    assert_eq!(only_data.unwrap_err(), Errno::EINVAL);
    for (lowers, mounts) in [(499, true), (500, false)] {
        let lowers = (0..lowers).map(|_| one()).collect();
        assert_eq!(Mount::with_data(lowers, vec![one()], Tree::new(), Options::default()).is_ok(), mounts);
    }
}

#[test]
fn an_overlay_below_takes_the_index_away() {
    let mut inner = Mount::new(vec![layer(&[("/a", file("a"))])], Tree::new(), Options::default()).unwrap();
    let below = inner.as_lower(false, &mut Trace::silent()).unwrap();
    let options = Options { index: true, ..Options::default() };
    assert!(!Mount::new(vec![lower(below)], Tree::new(), options).unwrap().options().index);
    assert!(Mount::new(vec![layer(&[])], Tree::new(), options).unwrap().options().index);
}

#[test]
fn a_frozen_overlay_is_as_it_was_at_the_mount() {
    let silent = &mut Trace::silent();
    let mut inner = Mount::new(vec![layer(&[("/a", file("a"))])], Tree::new(), Options::default()).unwrap();
    let below = inner.as_lower(false, silent).unwrap();
    inner.write(b"/a", Contents::text("later"), silent).unwrap();
    let mut outer = Mount::new(vec![lower(below)], Tree::new(), Options::default()).unwrap();
    assert_eq!(text(&mut outer, "/a").unwrap(), "a");
    // Which prefix is a mark's depends on who reads it.
    inner.setxattr(b"/a", b"user.overlay.redirect", b"b", silent).unwrap();
    for (userxattr, mark) in [(true, true), (false, false)] {
        let below = inner.as_lower(userxattr, silent).unwrap();
        let inode = below.inode(below.at(b"/a").unwrap());
        assert_eq!(inode.redirect().is_some(), mark);
    }
}

/// Recorded by hand: a case whose stack can't be mounted again has no place in the corpus.
#[test]
fn an_index_that_a_rootless_mount_could_not_keep_is_not_mounted_again() {
    let silent = &mut Trace::silent();
    for (userxattr, changed, again) in
        [(true, Err(Errno::EPERM), Err(Errno::ENODATA)), (false, Ok(()), Ok(()))]
    {
        let mut below = tree(&[("/l", Inode::symlink(b"x"))]);
        below.put_link(b"/twin", b"/l");
        let options = Options { index: true, userxattr, ..Options::default() };
        let mut m = Mount::new(vec![lower(below.seal())], Tree::new(), options).unwrap();
        m.restart(silent).unwrap();
        assert_eq!(m.lchown(b"/l", Some(1), Some(1), silent), changed);
        assert_eq!(m.restart(silent), again);
        assert!(m.commit("a fresh work directory", silent).is_ok());
        m.restart(silent).unwrap();
    }
}

#[test]
fn what_is_not_modelled_is_said_with_a_hint() {
    for option in ["nfs_export", "verity", "uuid", "fsync"] {
        let (mut session, ..) = lab();
        let line = format!("mount([layer()], #{{ {option}: true }})");
        let error = session.line("<repl>", &line).unwrap_err();
        assert!(error.message.contains(&format!("`{option}` is not modelled")), "{}", error.message);
        assert!(error.hint.is_some_and(|hint| hint.contains("help mounting")));
    }
}

#[test]
fn scripts_say_why_a_mount_is_refused() {
    for (line, why) in [
        ("mount([mount([mount([layer()])])])", "3 overlays over one another; the kernel allows 2"),
        ("mount([], #{ data: [layer()] })", "all layers are data-only"),
    ] {
        let (mut session, renderer, paper) = lab();
        renderer.begin(line);
        let _ = session.line("<repl>", line);
        renderer.finish();
        assert!(paper.text().contains(why), "{}", paper.text());
    }
}
