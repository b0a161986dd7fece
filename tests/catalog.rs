//! The built-in bases: sizes, history, trees, programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Kind, Nodes};
use layerlab::image::{Container, Image, catalog};
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

/// What `docker image ls` showed for each around the lab's date, in bytes (golang's as the course
/// counts it), and how many entries its history has.
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
        assert!(image.created < layerlab::fs::EPOCH, "{name} is older than anything made in the lab");
    }
    assert_eq!(EXPECTED.len(), catalog::known().count());
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
    assert_eq!(sizes("python:3.12-slim"), "74.8MB 9.21MB 35MB 32B 12.2MB");
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
        ("postgres:15", "postgres=postgres initdb=initdb psql=psql gosu=gosu"),
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

#[test]
fn trees_are_large_and_their_links_lead_somewhere() {
    for name in catalog::known().filter(|name| *name != "scratch") {
        let (mut mount, mut t) = (mount(name), Trace::silent());
        let all = mount.walk(b"/", &mut t).unwrap();
        assert!(all.len() > 400, "{name}: {}", all.len());
        for (path, stat) in &all {
            let target =
                if stat.kind == StatKind::Symlink { mount.readlink(path, &mut t).unwrap() } else { continue };
            // Devices and the process table are mounted only while something runs.
            let elsewhere =
                [b"/dev/".as_slice(), b"/proc/", b"../proc/"].iter().any(|dir| target.starts_with(dir));
            let found = mount.stat(path, &mut t).is_ok();
            assert!(
                found || elsewhere,
                "{name}: {} → {}",
                String::from_utf8_lossy(path),
                String::from_utf8_lossy(&target)
            );
        }
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
