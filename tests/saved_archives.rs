//! Archives that the lab writes: read back they are the same, and the same image gives the same bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::tarball::{self, MemberKind};
use layerlab::fs::{Compression, Contents, Digest, Inode, Kind, Layer, MemoryHost, Nodes, Stored, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin, archive, catalog, diff_id};
use layerlab::trace::{Fuel, Limits};
use proptest::prelude::*;
use screen::screen_with;
use std::sync::Arc;

fn fuel() -> Fuel {
    Fuel::new(Limits { operations: u64::MAX, bytes: u64::MAX, depth: 48 })
}

fn saved(images: &[(Arc<Image>, Vec<String>)]) -> Vec<u8> {
    let archive = archive::archive(images, &mut fuel()).unwrap();
    let mut bytes = Vec::new();
    archive.write(&mut bytes).unwrap();
    for (saved, (image, _)) in archive.images.iter().zip(images) {
        assert_eq!(saved.diff_ids.len(), image.layers.len());
    }
    bytes
}

fn one(image: &Arc<Image>) -> Vec<u8> {
    saved(&[(image.clone(), vec!["app:1".to_owned()])])
}

fn loaded(bytes: &[u8]) -> Arc<Image> {
    archive::read(bytes, 1 << 30, &mut fuel()).unwrap().remove(0).image
}

fn diff_ids(image: &Image) -> Vec<Digest> {
    image.layers.iter().map(|layer| layer.diff_id).collect()
}

/// The lab's digest of a layer, equal exactly when every entry is; described contents taken as the bytes
/// that they stand for.
fn entries(layer: &Layer) -> Digest {
    let mut tree = Tree::from_layer(layer);
    for ino in 0..tree.inodes() as u32 {
        if let Kind::File(contents) = &tree.inode(ino).kind {
            let bytes = contents.to_bytes(1 << 30).unwrap();
            tree.inode_mut(ino).kind = Kind::File(Contents::bytes(bytes));
        }
    }
    diff_id(&tree.seal())
}

fn image_of(layers: Vec<Layer>) -> Arc<Image> {
    let layers: Vec<ImageLayer> =
        layers.into_iter().map(|layer| ImageLayer::new(layer, Origin::Daemon, "made")).collect();
    let history = layers.iter().map(|_| History { created_by: "made".to_owned(), ..History::default() });
    Arc::new(Image { history: history.collect(), layers, ..Image::default() }.sealed())
}

#[test]
fn an_image_is_saved_loaded_and_saved_again() {
    insta::assert_snapshot!(screen_with(
        MemoryHost::default(),
        &[
            "docker run -d --name c alpine:3.19",
            "trace off",
            "docker exec c sh -c 'echo one > /srv/a; ln /srv/a /srv/b; rm /etc/motd; rm -r /opt; mkdir /opt; touch /opt/new'",
            "docker commit -m changed c app:1",
            "docker tag alpine:3.19 app:base",
            "docker save -o app.tar app",
            "docker load -i app.tar",
            "docker save -o again.tar app:1",
            "docker save app:1",
            "docker save -o x.tar nothing-like-it",
            "docker export -o c.tar c",
            "docker import -c 'CMD [\"sh\"]' -m 'all of c' c.tar flat",
            "docker history flat",
            "docker run --rm flat cat /srv/b",
            "docker run --rm app:1 ls -l /srv /opt",
            "dive again.tar",
        ],
    ));
}

#[test]
fn a_scenario_writes_no_files() {
    let (mut session, _, paper) = screen::lab();
    session.script("story.rhai", "docker(\"save -o x.tar alpine:3.19\");").unwrap();
    assert!(paper.text().contains("x.tar was not written: a scenario writes no files"), "{}", paper.text());
    assert!(session.script("again.rhai", "docker(\"load -i x.tar\");").is_err());
    session.set_report(layerlab::report::of);
    session.script("report.rhai", "dive(\"alpine:3.19 --report r.html\");").unwrap();
    assert!(paper.text().contains("r.html was not written: a scenario writes no files"), "{}", paper.text());
}

#[test]
fn a_layout_in_a_folder_is_loaded() {
    let bytes = one(&catalog::image("alpine:3.19").unwrap());
    let mut host = MemoryHost::default();
    tarball::members(&Stored::memory(bytes), 1 << 30, &mut |member| {
        if let MemberKind::File(contents) = member.kind {
            let name = String::from_utf8(member.path).unwrap();
            host.files.insert(format!("layout/{name}"), contents.to_bytes(1 << 30).unwrap());
        }
        Ok(())
    })
    .unwrap();
    host.files.shift_remove("layout/manifest.json");
    let mut broken = host.clone();
    let blob = broken.files.iter_mut().find(|(name, _)| name.contains("/blobs/")).unwrap();
    blob.1.push(b' ');
    let said =
        screen_with(host, &["docker load -i layout/", "docker run --rm app:1 cat /etc/alpine-release"]);
    assert!(said.contains("Loaded image: app:1") && said.contains("\n3.19"), "{said}");
    let said = screen_with(broken, &["docker load -i layout"]);
    assert!(said.contains("error: `blobs/sha256/"), "{said}");
}

#[test]
fn the_same_image_gives_the_same_bytes_and_keeps_its_digests() {
    let image = catalog::image("alpine:3.19").unwrap();
    let first = one(&image);
    assert_eq!(first, one(&image));
    let back = loaded(&first);
    // Every digest is that of the bytes in the archive.
    for layer in &back.layers {
        let tar = layer.tar.as_ref().unwrap().to_bytes(1 << 30).unwrap().unwrap();
        assert_eq!(Digest::of(&tar), layer.diff_id);
    }
    // What was only described has become bytes, the same ones.
    assert_eq!(entries(&back.layers[0].layer), entries(&image.layers[0].layer));
    let second = one(&back);
    assert_eq!(first, second);
    assert_eq!((loaded(&second).id, diff_ids(&loaded(&second))), (back.id, diff_ids(&back)));
    // An image built on a loaded one keeps the layers below as they are.
    let mut tree = Tree::new();
    tree.put(b"/new", Inode::file(Contents::text("new\n")));
    let mut child = Image::clone(&back);
    child.layers.push(ImageLayer::new(tree.seal(), Origin::BuildKit, "COPY new /"));
    let child = loaded(&one(&Arc::new(child.sealed())));
    assert_eq!(diff_ids(&child)[0], diff_ids(&back)[0]);
    assert_eq!(child.layers.len(), 2);
}

#[test]
fn every_recorded_archive_keeps_its_digests() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/docker/analyze/images");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for given in archive::read(&bytes, 1 << 30, &mut fuel()).unwrap() {
            let image = given.image;
            if image.layers.is_empty() {
                continue;
            }
            let again = one(&image);
            let back = loaded(&again);
            assert_eq!((back.id, diff_ids(&back)), (image.id, diff_ids(&image)));
            assert_eq!(loaded(&Compression::Zstd.pack(&again).unwrap()).id, image.id);
            // Its entries, written anew, say the same as its own tar.
            let layers = image.layers.iter().map(|layer| ImageLayer { tar: None, ..layer.clone() });
            let anew = Arc::new(Image { layers: layers.collect(), ..Image::clone(&image) }.sealed());
            let anew = loaded(&one(&anew));
            for (a, b) in image.layers.iter().zip(&anew.layers) {
                assert_eq!(entries(&a.layer), entries(&b.layer));
            }
            seen += 1;
        }
    }
    assert!(seen >= 25, "{seen}");
}

#[test]
fn what_a_tar_can_not_say_is_refused() {
    let mut tree = Tree::new();
    let mut dir = Inode::dir(0o755);
    dir.extra_mut().redirect = Some(b"/elsewhere".as_slice().into());
    tree.put(b"/moved", dir);
    let error =
        archive::archive(&[(image_of(vec![tree.seal()]), Vec::new())], &mut fuel()).unwrap_err().to_string();
    assert!(error.contains("moved has a redirect"), "{error}");
    let mut short = Fuel::new(Limits { operations: 3, ..Limits::LINE });
    assert!(archive::archive(&[(catalog::image("alpine:3.19").unwrap(), Vec::new())], &mut short).is_err());
}

/// Something that a layer may hold.
#[derive(Clone, Debug)]
enum Thing {
    File(Vec<u8>, u64, u8),
    Seeded(String, u64),
    Dir(bool),
    Symlink(Vec<u8>),
    Link(usize),
    Fifo,
    CharDev(u32, u32),
    Whiteout,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_map(|byte| if matches!(byte, 0 | b'/') { b'x' } else { byte });
    let any_bytes = proptest::collection::vec(byte, 1..12);
    let long = (90usize..180).prop_map(|length| vec![b'n'; length]);
    let plain = "[a-e]{1,2}".prop_map(String::into_bytes);
    prop_oneof![6 => plain, 2 => any_bytes, 1 => long, 1 => "[\u{e4}\u{4e2d}a]{1,3}".prop_map(String::into_bytes)]
        .prop_map(|name| match name.as_slice() {
            b"." | b".." => b"dot".to_vec(),
            name if name.starts_with(b".wh.") => b"wh".to_vec(),
            name => name.to_vec(),
        })
}

fn thing() -> impl Strategy<Value = Thing> {
    prop_oneof![
        4 => (proptest::collection::vec(any::<u8>(), 0..700), 0u64..2000, any::<u8>())
            .prop_map(|(bytes, fill, byte)| Thing::File(bytes, fill, byte)),
        1 => ("[a-z]{1,4}", 0u64..200_000).prop_map(|(seed, len)| Thing::Seeded(seed, len)),
        3 => any::<bool>().prop_map(Thing::Dir),
        1 => name().prop_map(Thing::Symlink),
        1 => (0usize..8).prop_map(Thing::Link),
        1 => Just(Thing::Fifo),
        1 => (1u32..4096, 0u32..0o7_777_777).prop_map(|(major, minor)| Thing::CharDev(major, minor)),
        2 => Just(Thing::Whiteout),
    ]
}

type Made = (Vec<Vec<u8>>, Thing, u16, (u32, u32), i64, Option<(String, Vec<u8>)>);

fn made() -> impl Strategy<Value = Made> {
    let id = prop_oneof![Just(0u32), 0u32..70_000, any::<u32>()];
    let time = prop_oneof![Just(1_700_000_000i64), any::<i32>().prop_map(i64::from), 0i64..1 << 40];
    let xattr = proptest::option::of(("user\\.[a-z.]{1,5}", proptest::collection::vec(any::<u8>(), 0..20)));
    let path = proptest::collection::vec(name(), 1..5);
    (path, thing(), 0u16..0o10_000, (id.clone(), id), time, xattr)
}

fn layer(all: &[Made]) -> Layer {
    let mut tree = Tree::new();
    let mut files: Vec<Vec<u8>> = Vec::new();
    for (path, thing, mode, (uid, gid), mtime, xattr) in all {
        let at: Vec<u8> = path.iter().flat_map(|name| [b"/", name.as_slice()].concat()).collect();
        // A deletion has nothing below it, in any layer.
        let above_is_dir = (1..path.len()).all(|n| {
            let above: Vec<u8> = path[..n].iter().flat_map(|name| [b"/", name.as_slice()].concat()).collect();
            tree.at(&above).is_none_or(|ino| tree.inode(ino).kind.is_dir())
        });
        if !above_is_dir || at.len() > 4000 || tree.at(&at).is_some() {
            continue;
        }
        let kind = match thing {
            Thing::File(bytes, fill, byte) => {
                files.push(at.clone());
                Kind::File(Contents::bytes(bytes.clone()).joined(&Contents::fill(*byte, *fill)))
            }
            Thing::Seeded(seed, len) => {
                files.push(at.clone());
                Kind::File(Contents::seeded(seed.as_str(), *len))
            }
            Thing::Dir(_) => Inode::dir(0).kind,
            Thing::Symlink(target) => Kind::Symlink(target.as_slice().into()),
            Thing::Link(to) if files.is_empty() => {
                let _ = to;
                continue;
            }
            Thing::Link(to) => {
                let to = files[to % files.len()].clone();
                tree.put_link(&at, &to);
                continue;
            }
            Thing::Fifo => Kind::Fifo,
            Thing::CharDev(major, minor) => Kind::CharDev(*major, *minor),
            Thing::Whiteout => {
                tree.put(&at, Inode::whiteout());
                continue;
            }
        };
        let mut inode = Inode { mtime: *mtime, ..Inode::new(kind, *mode) }.owned(*uid, *gid);
        if let Some((name, value)) = xattr {
            inode.extra_mut().xattrs.insert(name.as_bytes().into(), value.as_slice().into());
        }
        if matches!(thing, Thing::Dir(true)) {
            inode.extra_mut().opaque = true;
        }
        tree.put(&at, inode);
    }
    tree.seal()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_layers_come_back_as_they_were(
        layers in proptest::collection::vec(proptest::collection::vec(made(), 1..14), 1..4)
    ) {
        let image = image_of(layers.iter().map(|all| layer(all)).collect());
        let bytes = one(&image);
        let back = loaded(&bytes);
        for (before, after) in image.layers.iter().zip(&back.layers) {
            prop_assert_eq!(entries(&before.layer), entries(&after.layer));
            prop_assert_eq!(before.size, after.size);
        }
        prop_assert_eq!(&image.config, &back.config);
        prop_assert_eq!(&image.history, &back.history);
        prop_assert_eq!(bytes, one(&back));
    }
}
