//! The built-in bases: sizes, history, trees, programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Described, Digest, Inode, Kind, Layer, Nodes, Tree};
use layerlab::image::{Container, Image, ImageLayer, Origin, catalog, diff_id};
use layerlab::trace::Trace;
use layerlab::union::{Mount, StatKind};
use std::sync::Arc;

fn image(name: &str) -> Arc<Image> {
    catalog::image(name).unwrap()
}

fn mount(name: &str) -> Mount {
    Container::create("c", name, image(name), 0).unwrap().mount
}

fn text(mount: &mut Mount, path: &str) -> String {
    mount.read(path.as_bytes(), &mut Trace::silent()).unwrap().to_text(1 << 20).unwrap()
}

/// How many entries the history of each has.
const HISTORY: &[(&str, usize)] = &[
    ("scratch", 0),
    ("busybox:latest", 2),
    ("alpine:3.19", 2),
    ("debian:bookworm-slim", 2),
    ("ubuntu:22.04", 6),
    ("node:20-alpine", 9),
    ("golang:1.21-alpine", 11),
    ("python:3.12-slim", 14),
    ("nginx:alpine", 13),
    ("nginx:latest", 10),
    ("postgres:15", 26),
];

/// Is `ours` within so many percent of `real`?
fn within(percent: u64, ours: u64, real: u64) -> bool {
    ours.abs_diff(real) * 100 <= real * percent
}

#[test]
fn sizes_and_counts_are_those_of_the_real_images() {
    for name in catalog::known() {
        let (image, facts) = (image(name), catalog::facts_of(name).unwrap());
        assert!(within(5, image.size(), facts.size), "{name}: {} for {}", image.size(), facts.size);
        let entries = mount(name).walk(b"/", &mut Trace::silent()).unwrap().len() as u64;
        assert!(within(20, entries, facts.entries as u64), "{name}: {entries} for {}", facts.entries);
        assert!(facts.size_from.len() > 5 && facts.entries_from.len() > 5, "{name} has no source");
    }
}

#[test]
fn layers_match_the_history() {
    for (name, history) in HISTORY {
        let image = image(name);
        assert_eq!(image.history.len(), *history, "{name}");
        let with_layer = image.history.iter().filter(|entry| !entry.empty_layer).count();
        assert_eq!(with_layer, image.layers.len(), "{name}");
        assert!(image.created < layerlab::fs::EPOCH, "{name} is older than anything made in the lab");
    }
    assert_eq!(HISTORY.len(), catalog::known().count());
}

#[test]
fn what_is_known_of_a_layer_is_what_its_tree_has() {
    let before = std::fs::read_to_string("src/image/catalog/measured.txt").unwrap();
    let mut rows = String::new();
    for (key, layer) in catalog::layers() {
        // A copy is sealed anew, so that it is the tree that is measured and not what is known of it.
        let tree = Tree::from_layer(&layer.layer).seal();
        let size = layerlab::image::size(&tree, Origin::Daemon);
        rows += &format!("{key} {} {} {size} {}\n", tree.entries(), tree.bytes(), diff_id(&tree));
    }
    if rows != before && std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        return std::fs::write("src/image/catalog/measured.txt", &rows).unwrap();
    }
    assert_eq!(before, rows, "INSTA_UPDATE=always writes src/image/catalog/measured.txt anew");
}

#[test]
fn an_untouched_base_stays_a_description() {
    let draw = || {
        let mut tree = Tree::new();
        tree.put(b"/bin/sh", Inode::file(Contents::of_program("sh", 9)).with_mode(0o755));
        tree
    };
    let layer = Layer::described(Described { entries: 2, bytes: 9, draw: Arc::new(draw) });
    let layers = vec![ImageLayer { layer, diff_id: Digest([1; 32]), size: 9, label: "FROM x".into() }; 2];
    let image = Arc::new(Image { layers, ..Image::default() }.sealed());
    let untouched = |image: &Image| image.layers.iter().all(|layer| layer.layer.is_untouched());
    let mut container = Container::create("c", "x", Arc::clone(&image), 0).unwrap();
    assert!(untouched(&image) && image.size() == 18 && container.size_rw() == 0);
    assert!(container.mount.stat(b"/bin/sh", &mut Trace::silent()).is_ok());
    assert!(!untouched(&image));
}

#[test]
fn well_known_layers_have_their_well_known_sizes() {
    let sizes = |name: &str| {
        let image = image(name);
        let sizes = image.layers.iter().map(|layer| layerlab::inspect::human_size(layer.size, 3));
        sizes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(sizes("nginx:latest"), "74.8MB 112MB 1.62kB 2.12kB 3.02kB 4.62kB");
    assert_eq!(sizes("node:20-alpine"), "7.38MB 123MB 5.34MB 388B");
    assert_eq!(sizes("python:3.12-slim"), "74.8MB 9.21MB 35MB 32B 8MB");
}

#[test]
fn every_base_tells_what_it_is() {
    for (name, id) in [
        ("alpine:3.19", "ID=alpine\n"),
        ("debian:bookworm-slim", "ID=debian\n"),
        ("ubuntu:22.04", "ID=ubuntu\n"),
        ("node:20-alpine", "ID=alpine\n"),
        ("golang:1.21-alpine", "ID=alpine\n"),
        ("python:3.12-slim", "ID=debian\n"),
        ("nginx:alpine", "ID=alpine\n"),
        ("nginx:latest", "ID=debian\n"),
        ("postgres:15", "ID=debian\n"),
    ] {
        assert!(text(&mut mount(name), "/etc/os-release").contains(id), "{name}");
    }
}

/// The program a command name leads to, by the image's own PATH.
fn program(name: &str, command: &str) -> Option<String> {
    let (mut mount, mut t) = (mount(name), Trace::silent());
    let config = &image(name).config;
    let path = config.env.iter().find_map(|entry| entry.strip_prefix("PATH="))?.to_owned();
    path.split(':').find_map(|dir| {
        let at = format!("{dir}/{command}");
        let stat = mount.stat(at.as_bytes(), &mut t).ok()?;
        (stat.kind == StatKind::File && stat.mode & 0o111 != 0).then_some(())?;
        Some(mount.read(at.as_bytes(), &mut t).ok()?.program()?.to_owned())
    })
}

#[test]
fn commands_lead_to_programs() {
    for (name, commands) in [
        ("busybox:latest", "sh=busybox ls=busybox adduser=busybox wget=busybox"),
        ("alpine:3.19", "sh=busybox ash=busybox ls=busybox adduser=busybox apk=apk wget=busybox su=busybox"),
        (
            "debian:bookworm-slim",
            "sh=dash bash=bash ls=ls apt-get=apt-get dpkg=dpkg useradd=useradd awk=mawk which=which.debianutils addgroup=adduser",
        ),
        ("ubuntu:22.04", "sh=dash bash=bash cat=cat apt-get=apt-get ps=ps apt=apt"),
        ("node:20-alpine", "node=node npm=npm npx=npx yarn=yarn sh=busybox"),
        ("golang:1.21-alpine", "go=go gofmt=gofmt sh=busybox"),
        ("python:3.12-slim", "python=python3 python3=python3 pip=pip pip3=pip bash=bash"),
        ("nginx:alpine", "nginx=nginx curl=curl apk=apk"),
        ("nginx:latest", "nginx=nginx curl=curl apt-get=apt-get"),
        ("postgres:15", "postgres=postgres initdb=initdb psql=pg_wrapper gosu=gosu"),
    ] {
        for (command, want) in commands.split(' ').map(|pair| pair.split_once('=').unwrap()) {
            assert_eq!(program(name, command).as_deref(), Some(want), "{command} in {name}");
        }
    }
    for (name, command) in [
        ("alpine:3.19", "go"),
        ("alpine:3.19", "bash"),
        ("debian:bookworm-slim", "curl"),
        ("debian:bookworm-slim", "ps"),
    ] {
        assert_eq!(program(name, command), None, "{command} in {name}");
    }
}

#[test]
fn the_files_that_lessons_look_at() {
    let mut alpine = mount("alpine:3.19");
    assert_eq!(text(&mut alpine, "/etc/motd").len(), 286);
    assert!(text(&mut alpine, "/lib/apk/db/installed").contains("P:musl\nV:1.2.4"));
    let mut nginx = mount("nginx:alpine");
    assert_eq!(nginx.lowers().len(), 4);
    let labels: Vec<&str> = nginx.lowers().iter().map(|lower| &*lower.label).collect();
    assert_eq!(labels, ["COPY html", "COPY conf", "RUN apk add", "FROM alpine"]);
    assert_eq!(text(&mut nginx, "/etc/nginx/nginx.conf").len(), 648);
    assert!(nginx.lowers()[1].layer.at(b"/etc/nginx/nginx.conf").is_some());
    assert!(nginx.lowers()[0].layer.at(b"/etc").is_none());
    assert!(text(&mut nginx, "/usr/share/nginx/html/index.html").contains("Welcome to nginx!"));
    assert!(
        text(&mut nginx, "/etc/passwd").ends_with("nginx:x:101:101:nginx:/var/cache/nginx:/sbin/nologin\n")
    );
    let mut debian = mount("nginx:latest");
    let status = text(&mut debian, "/var/lib/dpkg/status");
    assert!(status.contains("Package: nginx\n") && status.contains("Package: bash\n"));
    assert!(status.contains("Package: tzdata\n") && !status.contains("Package: ubuntu-keyring\n"));
    assert_eq!(text(&mut debian, "/etc/nginx/nginx.conf").len(), 648);
}

/// Links that lead nowhere in the real images as well: into what is mounted at run time, to
/// documentation that slim images leave out, and to the certificates that postgres takes away again.
fn dangles_in_the_real_image(path: &str, target: &str) -> bool {
    ["/dev/", "/proc/", "../proc/"].iter().any(|dir| target.starts_with(dir))
        || path.ends_with(".gz")
        || path == "/usr/lib/ssl/cert.pem"
}

#[test]
fn links_lead_somewhere() {
    for name in catalog::known() {
        let (mut mount, mut t) = (mount(name), Trace::silent());
        let mut lost = Vec::new();
        for (path, stat) in mount.walk(b"/", &mut t).unwrap() {
            if stat.kind == StatKind::Symlink && mount.stat(&path, &mut t).is_err() {
                let target = mount.readlink(&path, &mut t).unwrap();
                let (path, target) = (String::from_utf8(path).unwrap(), String::from_utf8(target).unwrap());
                if !dangles_in_the_real_image(&path, &target) {
                    lost.push(format!("{path} → {target}"));
                }
            }
        }
        assert!(lost.is_empty(), "{name}: {lost:#?}");
    }
}

#[test]
fn texts_are_texts_and_programs_are_executable() {
    for name in catalog::known() {
        for layer in &image(name).layers {
            layer.layer.walk(&mut |path, _, inode| {
                let path = String::from_utf8_lossy(path);
                if let Kind::File(contents) = &inode.kind
                    && contents.program().is_some()
                {
                    assert!(inode.mode & 0o111 != 0, "{name}: {path}");
                }
            });
        }
    }
}

#[test]
fn names_are_taken_as_docker_takes_them() {
    let same = |a: &str, b: &str| assert_eq!(image(a).id, image(b).id, "{a} {b}");
    same("nginx", "nginx:latest");
    same("docker.io/library/alpine:3.19", "alpine:3.19");
    same("alpine", "library/alpine:3.19");
    same("ubuntu:jammy", "ubuntu:22.04");
    for unknown in
        ["", "alpine:2.1", "nginx@sha256:00", "node", "example.org/alpine:3.19", ":", "scratch:latest"]
    {
        assert!(catalog::image(unknown).is_none(), "{unknown}");
    }
    assert_eq!(catalog::suggest("alpine:3.91"), ["alpine:3.19"]);
    assert_eq!(catalog::suggest("node:18-alpine"), ["node:20-alpine"]);
    assert_eq!(catalog::suggest("nginx:1.19"), ["nginx:alpine", "nginx:latest"]);
    assert_eq!(catalog::suggest("pyhton:3.12-slim"), ["python:3.12-slim"]);
    assert!(catalog::suggest("registry.example.com/team/app").is_empty());
}

#[test]
fn a_placeholder_is_known_by_its_name_alone() {
    let (a, b) = (catalog::placeholder("corp/base:1"), catalog::placeholder("corp/base:2"));
    assert!(a.placeholder && a.layers.is_empty() && a.id != b.id);
    assert_eq!(a.id, catalog::placeholder("corp/base:1").id);
}
