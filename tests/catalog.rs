//! The built-in bases: sizes, history, trees.

use layerlab::fs::{Kind, Nodes};
use layerlab::image::{Image, catalog};
use std::sync::Arc;

fn image(name: &str) -> Arc<Image> {
    catalog::image(name).unwrap_or_else(|| panic!("{name} is not built in"))
}

/// Text of a file, looked up layer by layer from the top, symlinks of the last name followed once.
fn text(image: &Image, path: &str) -> String {
    for layer in image.layers.iter().rev() {
        let Some(ino) = layer.layer.at(path.as_bytes()) else { continue };
        match &layer.layer.inode(ino).kind {
            Kind::File(contents) => return contents.to_text(1 << 20).expect("text"),
            Kind::Symlink(target) => {
                let beside = layerlab::fs::path::join(layerlab::fs::path::parent(path.as_bytes()), target);
                let target = layerlab::fs::path::clean(&beside);
                return text(image, &String::from_utf8(target).unwrap());
            }
            _ => {}
        }
    }
    panic!("no {path}")
}

/// What `docker image ls` showed for each around the lab's date, in bytes, and how many entries its
/// history has.
const EXPECTED: &[(&str, u64, usize)] = &[
    ("scratch", 0, 0),
    ("busybox:latest", 4_260_000, 2),
    ("alpine:3.19", 7_380_000, 2),
    ("debian:bookworm-slim", 74_800_000, 2),
    ("ubuntu:22.04", 77_900_000, 6),
    ("node:20-alpine", 136_000_000, 9),
    ("golang:1.21-alpine", 300_000_000, 11),
    ("python:3.12-slim", 131_000_000, 12),
    ("nginx:alpine", 42_600_000, 13),
    ("nginx:latest", 187_000_000, 10),
    ("postgres:15", 425_000_000, 25),
];

#[test]
fn sizes_are_within_three_percent_and_layers_match_the_history() {
    for (name, size, history) in EXPECTED {
        let image = image(name);
        let (least, most) = (size * 97 / 100, size * 103 / 100);
        assert!((least..=most).contains(&image.size()), "{name}: {} for {size}", image.size());
        assert_eq!(image.history.len(), *history, "{name}");
        let with_layer = image.history.iter().filter(|entry| !entry.empty_layer).count();
        assert_eq!(with_layer, image.layers.len(), "{name}");
    }
    assert_eq!(EXPECTED.len(), catalog::known().count());
}

#[test]
fn alpine_answers_the_lessons_questions() {
    let alpine = image("alpine:3.19");
    assert!(text(&alpine, "/etc/os-release").contains("ID=alpine\n"));
    assert_eq!(text(&alpine, "/etc/motd").len(), 286);
    assert!(text(&alpine, "/lib/apk/db/installed").contains("P:musl\nV:1.2.4"));
    assert!(alpine.layers[0].layer.entries() > 400);
}

#[test]
#[ignore]
fn show_the_biggest() {
    let d = image("debian:bookworm-slim");
    let mut all = Vec::new();
    let mut dirs = std::collections::BTreeMap::new();
    d.layers[0].layer.walk(&mut |p, _, i| {
        let p = String::from_utf8_lossy(p).into_owned();
        let up = p.rsplit_once('/').unwrap().0.to_owned();
        *dirs.entry(up).or_insert(0) += i.size();
        all.push((i.size(), p));
    });
    println!("{}", all.len());
    let mut dirs: Vec<_> = dirs.into_iter().collect();
    dirs.sort_by_key(|d| std::cmp::Reverse(d.1));
    println!("{:#?}", &dirs[..12]);
}
