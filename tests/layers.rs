//! What each layer changed and what could be saved: sessions, and a simple oracle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::{Contents, Inode, Kind, Layer, MemoryHost, Nodes, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin};
use layerlab::inspect::layers::{ChangeOf, Layers, Mark, View, WasteKind};
use proptest::prelude::*;
use screen::{screen, screen_with};
use std::collections::{BTreeMap, BTreeSet};

fn image(layers: &[(&str, Tree)]) -> Image {
    let mut image = Image::default();
    for (command, tree) in layers {
        image.history.push_back_mut(History { created_by: (*command).to_owned(), ..History::default() });
        image.layers.push(ImageLayer::new(tree.seal(), Origin::BuildKit, *command));
    }
    image.sealed()
}

fn tree(entries: &[(&str, Inode)]) -> Tree {
    let mut tree = Tree::new();
    for (path, inode) in entries {
        tree.put(path.as_bytes(), inode.clone());
    }
    tree
}

fn file(byte: u8, len: u64) -> Inode {
    Inode::file(Contents::fill(byte, len))
}

#[test]
fn waste_is_told_with_who_did_it_and_what_to_do() {
    insta::assert_snapshot!(screen(&[
        r#"let big = ""; big.pad(40000, 'b'); let a = ""; a.pad(3000, 'a'); let c = ""; c.pad(2000, 'c')"#,
        r#"context("app", #{
            "Dockerfile": "FROM alpine:3.19\nCOPY big /srv/big\nCOPY data /srv/data/\nRUN chmod 0700 /srv/big\nRUN rm -rf /srv/data\nCOPY big /srv/again\nRUN mv /srv/again /srv/moved\nRUN rm /etc/motd && echo hi > /etc/issue && cp /srv/big /srv/copy\n",
            "big": big, "data/a": a, "data/c": c
        })"#,
        "docker build -q -t app app",
        "dive app",
        "dive app --changes | tail -n 22",
        "dive app --json | tail -n 30",
        "dive app --compare alpine:3.19 | head -n 9",
    ]));
}

#[test]
fn names_that_steer_a_terminal_are_written_out() {
    let evil = tree(&[("/\u{1b}[31mred\u{202e}<script>", file(b'x', 10))]);
    let gone = tree(&[("/\u{1b}[31mred\u{202e}<script>", Inode::whiteout())]);
    let image = image(&[("COPY \u{1b}]0;t\u{7} /", evil), ("RUN rm \u{1b}[31mred", gone)]);
    let layers = Layers::of(&image, 0);
    let text = layerlab::inspect::layers::waste_text(&layers, &layers.waste(0), 9)
        + layerlab::inspect::layers::changes_text(&layers).as_str();
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    insta::assert_snapshot!(text);
}

#[test]
fn an_opaque_directory_and_a_file_in_its_place_hide_what_lay_below() {
    let mut opaque = tree(&[("/d/new", file(b'n', 1))]);
    let dir = opaque.at(b"/d").unwrap();
    opaque.inode_mut(dir).extra_mut().opaque = true;
    let image = image(&[
        ("COPY . /", tree(&[("/d/a", file(b'a', 5)), ("/d/new", file(b'o', 3)), ("/e/f", file(b'f', 7))])),
        ("RUN rm -r d && mkdir d", opaque),
        ("RUN rm -r e && touch e", tree(&[("/e", file(b'e', 2))])),
    ]);
    let layers = Layers::of(&image, 0);
    let waste = layers.waste(0);
    let told: Vec<(WasteKind, Vec<u8>, u64)> =
        waste.found.iter().map(|found| (found.kind, layers.path(found.at), found.bytes)).collect();
    let deleted = WasteKind::DeletedDirectory;
    assert_eq!(told, [(deleted, b"/d".to_vec(), 8), (deleted, b"/e".to_vec(), 7)]);
    let second = View::Layer { image: 0, layer: 1 };
    let seen = layers.seen(&second);
    let mark = |path: &str| seen[layers.find(path.as_bytes()).unwrap()].mark;
    assert_eq!(
        (mark("/d"), mark("/d/a"), mark("/d/new"), mark("/e")),
        (Mark::Modified, Mark::Removed, Mark::Modified, Mark::Unmodified)
    );
}

#[test]
fn one_name_of_a_hard_link_keeps_the_bytes() {
    let mut linked = tree(&[("/a", file(b'a', 100))]);
    linked.put_link(b"/b", b"/a");
    let gone = |name: &str| ("RUN rm", tree(&[(name, Inode::whiteout())]));
    let one = image(&[("COPY . /", linked.clone()), gone("/a")]);
    assert_eq!(Layers::of(&one, 0).waste(0).savable(), 0);
    let both = image(&[("COPY . /", linked), gone("/a"), gone("/b")]);
    let waste = Layers::of(&both, 0).waste(0);
    assert_eq!((waste.hidden, waste.stored, waste.found[0].by), (100, 100, 2));
}

#[test]
fn many_files_become_their_directory() {
    let paths: Vec<String> = (0..50).map(|at| format!("/app/node_modules/p{at}/index.js")).collect();
    let all = |mode: u16| -> Tree {
        let mut tree = Tree::new();
        paths.iter().enumerate().for_each(|(at, path)| {
            tree.put(path.as_bytes(), file(at as u8, 10).with_mode(mode));
        });
        tree
    };
    let image = image(&[("COPY . /app", all(0o644)), ("RUN chmod -R 755 /app", all(0o755))]);
    let layers = Layers::of(&image, 0);
    let waste = layers.waste(0);
    let [found] = waste.found.as_slice() else { panic!("{:?}", waste.found) };
    assert_eq!(
        (layers.path(found.at), found.files, found.bytes, found.fix.as_str()),
        (
            b"/app/node_modules".to_vec(),
            50,
            500,
            "Set it while copying for all of them: COPY --chmod=0755 in layer 0."
        )
    );
}

/// One entry of a made-up layer.
#[derive(Clone, Debug)]
enum Entry {
    File(u8, u16, u16),
    Dir(bool),
    Link,
    Whiteout,
}

fn entries() -> impl Strategy<Value = Vec<Vec<(String, Entry)>>> {
    let path = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4)
        .prop_map(|names| format!("/{}", names.join("/")));
    let entry = prop_oneof![
        4 => (0u8..3, 1u16..4, prop::sample::select(vec![0o644u16, 0o755])).prop_map(|(b, l, m)| Entry::File(b, l, m)),
        2 => any::<bool>().prop_map(Entry::Dir),
        1 => Just(Entry::Link),
        3 => Just(Entry::Whiteout),
    ];
    prop::collection::vec(prop::collection::vec((path, entry), 0..8), 1..6)
}

fn sealed(entries: &[(String, Entry)]) -> Tree {
    let mut tree = Tree::new();
    let mut last = None;
    for (path, entry) in entries {
        // A whiteout or a directory with something in it stays: a tar is refused there too.
        if tree.at(path.as_bytes()).is_some() {
            continue;
        }
        match entry {
            Entry::File(byte, len, mode) => {
                if tree.put(path.as_bytes(), file(*byte, u64::from(*len)).with_mode(*mode)).is_some() {
                    last = Some(path.clone());
                }
            }
            Entry::Dir(opaque) => {
                if let Some(ino) = tree.put(path.as_bytes(), Inode::dir(0o755)) {
                    tree.inode_mut(ino).extra_mut().opaque = *opaque;
                }
            }
            Entry::Link => {
                if let Some(last) = &last {
                    tree.put_link(path.as_bytes(), last.as_bytes());
                }
            }
            Entry::Whiteout => drop(tree.put(path.as_bytes(), Inode::whiteout())),
        }
    }
    tree
}

type Shown = BTreeMap<Vec<u8>, (usize, u32)>;

/// Lays a layer on what is shown, the plain way: whole paths, one after the other.
fn lay(shown: &mut Shown, layer: &Layer, number: usize) {
    let below = |shown: &mut Shown, path: &[u8]| {
        let inside = [path, b"/"].concat();
        shown.retain(|other, _| !other.starts_with(&inside));
    };
    layer.walk(&mut |path, ino, inode| {
        if inode.deletes() {
            shown.remove(path);
            below(shown, path);
            return;
        }
        let was_dir = shown.keys().any(|other| other.starts_with(&[path, b"/"].concat()));
        if was_dir && (!inode.kind.is_dir() || inode.is_opaque()) {
            below(shown, path);
        }
        shown.insert(path.to_vec(), (number, ino));
    });
}

/// Bytes hidden for each reason, file by file.
fn reasons(image: &Image) -> BTreeMap<WasteKind, u64> {
    let mut reasons = BTreeMap::new();
    let mut shown = Shown::new();
    for (number, layer) in image.layers.iter().enumerate() {
        let before = shown.clone();
        lay(&mut shown, &layer.layer, number);
        let inode = |(layer, ino): (usize, u32)| image.layers[layer].layer.inode(ino);
        let contents = |object| match &inode(object).kind {
            Kind::File(contents) => contents.to_bytes(99),
            _ => None,
        };
        let added: BTreeSet<Option<Vec<u8>>> = shown
            .iter()
            .filter(|(path, _)| !before.contains_key(*path))
            .map(|(_, now)| contents(*now))
            .collect();
        for (path, was) in &before {
            let Some(bytes) = contents(*was).filter(|bytes| !bytes.is_empty()) else { continue };
            let now = shown.get(path).copied();
            if now == Some(*was) {
                continue;
            }
            let own = |path: &[u8]| layer.layer.at(path).map(|ino| layer.layer.inode(ino));
            let opaque = (1..path.len())
                .filter(|at| path[*at] == b'/')
                .any(|at| own(&path[..at]).is_some_and(Inode::is_opaque));
            let kind = match now {
                _ if (now.is_none() || opaque) && added.contains(&Some(bytes.clone())) => WasteKind::Moved,
                Some(now) if !opaque => match (contents(now), inode(now).mode == inode(*was).mode) {
                    (Some(other), same) if other == bytes => match same {
                        true => WasteKind::Rewritten,
                        false => WasteKind::Metadata,
                    },
                    _ => WasteKind::Overwritten,
                },
                // Below an opaque directory a whiteout has nothing more to hide.
                None if !opaque && own(path).is_some_and(Inode::is_whiteout) => WasteKind::Deleted,
                _ => WasteKind::DeletedDirectory,
            };
            *reasons.entry(kind).or_insert(0) += bytes.len() as u64;
        }
    }
    reasons
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_lists_and_the_waste_are_those_of_a_plain_oracle(made in entries()) {
        let trees: Vec<(&str, Tree)> = made.iter().map(|entries| ("RUN x", sealed(entries))).collect();
        let image = image(&trees);
        let layers = Layers::of(&image, 0);
        let lists = layers.changes();
        let mut shown = Shown::new();
        for (number, layer) in image.layers.iter().enumerate() {
            let before = shown.clone();
            lay(&mut shown, &layer.layer, number);
            let names = |of: ChangeOf| -> BTreeSet<Vec<u8>> {
                lists[number].iter().filter(|change| change.of == of).map(|change| layers.path(change.at)).collect()
            };
            let added: BTreeSet<Vec<u8>> = shown.keys().filter(|path| !before.contains_key(*path)).cloned().collect();
            let removed: BTreeSet<Vec<u8>> = before.keys().filter(|path| !shown.contains_key(*path)).cloned().collect();
            let inode = |(layer, ino): (usize, u32)| image.layers[layer].layer.inode(ino).clone();
            let modified: BTreeSet<Vec<u8>> = shown.iter().filter(|(path, now)| {
                before.get(*path).is_some_and(|was| was != *now && {
                    let (was, now) = (inode(*was), inode(**now));
                    !(was.kind.is_dir() && now.kind.is_dir() && was.mode == now.mode)
                })
            }).map(|(path, _)| path.clone()).collect();
            prop_assert_eq!(&names(ChangeOf::Added), &added, "layer {}", number);
            prop_assert_eq!(&names(ChangeOf::Removed), &removed, "layer {}", number);
            prop_assert_eq!(&names(ChangeOf::Modified), &modified, "layer {}", number);
            // The view has the same marks.
            let seen = layers.seen(&View::Layer { image: 0, layer: number });
            let marked = |mark: Mark| -> BTreeSet<Vec<u8>> {
                (1..layers.paths()).filter(|at| seen[*at].mark == mark).map(|at| layers.path(at)).collect()
            };
            prop_assert_eq!(marked(Mark::Added), added);
            prop_assert_eq!(marked(Mark::Removed), removed);
            prop_assert!(marked(Mark::Modified).is_superset(&modified));
        }
        // Without hard links the reason of each hidden file can be told from the two views around it.
        if !made.iter().flatten().any(|(_, entry)| matches!(entry, Entry::Link)) {
            let waste = layers.waste(0);
            let told: BTreeMap<WasteKind, u64> = WasteKind::ALL
                .into_iter()
                .filter(|kind| *kind != WasteKind::Duplicate)
                .map(|kind| (kind, waste.of(kind).0))
                .filter(|(_, bytes)| *bytes > 0)
                .collect();
            prop_assert_eq!(told, reasons(&image));
        }
        // Every stored file is shown or hidden, and counted once.
        let size = |layer: usize, ino: u32| match &image.layers[layer].layer.inode(ino).kind {
            Kind::File(contents) => contents.len(),
            _ => 0,
        };
        let mut stored = BTreeSet::new();
        for (number, layer) in image.layers.iter().enumerate() {
            layer.layer.walk(&mut |_, ino, inode| {
                if matches!(inode.kind, Kind::File(_)) {
                    stored.insert((number, ino));
                }
            });
        }
        let visible: BTreeSet<(usize, u32)> = shown.values().copied().filter(|object| stored.contains(object)).collect();
        let bytes = |objects: &BTreeSet<(usize, u32)>| objects.iter().map(|(l, i)| size(*l, *i)).sum::<u64>();
        let waste = layers.waste(0);
        prop_assert_eq!(waste.stored, bytes(&stored));
        prop_assert_eq!(waste.hidden, bytes(&stored) - bytes(&visible));
        prop_assert_eq!(waste.found.iter().map(|found| found.bytes).sum::<u64>(), waste.savable());
        // Of the visible copies all but those of the lowest layer could go.
        let mut copies: BTreeMap<Vec<u8>, Vec<(usize, u64)>> = BTreeMap::new();
        for (layer, ino) in &visible {
            if let Kind::File(contents) = &image.layers[*layer].layer.inode(*ino).kind {
                copies.entry(contents.to_bytes(99).unwrap()).or_default().push((*layer, contents.len()));
            }
        }
        let twice = copies.values().map(|list| {
            let lowest = list.iter().map(|(layer, _)| *layer).min();
            list.iter().filter(|(layer, _)| Some(*layer) != lowest).map(|(_, bytes)| bytes).sum::<u64>()
        });
        prop_assert_eq!(waste.duplicates, twice.sum::<u64>());
    }
}

#[test]
fn an_archive_is_told_as_the_image_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images");
    let mut host = MemoryHost::default();
    for name in ["an_chmod_copy", "an_delete_dir", "an_move"] {
        host.files
            .insert(format!("{name}.tar.gz"), std::fs::read(format!("{folder}/{name}.tar.gz")).unwrap());
    }
    insta::assert_snapshot!(screen_with(
        host,
        &[
            "dive an_chmod_copy.tar.gz",
            "dive an_delete_dir.tar.gz",
            "dive an_move.tar.gz --changes",
            "dive an_chmod_copy.tar.gz --compare an_move.tar.gz",
        ]
    ));
}

#[test]
fn dives_json_gets_the_lists_that_it_lacks() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images");
    let bytes = std::fs::read(format!("{folder}/an_chmod_copy.tar.gz")).unwrap();
    let loaded = layerlab::image::archive::read(&bytes, 1 << 20, &mut layerlab::trace::Fuel::default());
    let subject = layerlab::command::dive::Subject::archive("x.tar", loaded.unwrap().remove(0));
    let mut value: serde_json::Value = serde_json::from_str(&subject.json()).unwrap();
    assert_eq!(value["layer"][0]["changes"]["added"].as_array().unwrap().len(), 13);
    value["layer"].as_array_mut().unwrap().remove(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}
