//! The built-in bases: sizes, history, trees, programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::{Contents, Described, Digest, Inode, Kind, Layer, Nodes, Piece, Tree};
use layerlab::image::{Container, Image, ImageLayer, Origin, catalog, diff_id};
use layerlab::trace::Trace;
use layerlab::union::{Mount, Stat, StatKind};
use screen::screen;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

fn image(name: &str) -> Arc<Image> {
    catalog::image(name).unwrap()
}

fn mount(name: &str) -> Mount {
    Container::create("c", name, image(name), 0).unwrap().mount
}

fn text(mount: &mut Mount, path: &str) -> String {
    mount.read(path.as_bytes(), &mut Trace::silent()).unwrap().to_text(1 << 20).unwrap()
}

/// Is `ours` within so many percent of `real`?
fn within(percent: u64, ours: u64, real: u64) -> bool {
    ours.abs_diff(real) * 100 <= real * percent
}

#[test]
fn sizes_and_counts_are_those_of_the_real_images() {
    let mut wrong = Vec::new();
    for name in catalog::known() {
        let (image, facts) = (image(name), catalog::facts_of(name).unwrap());
        if !within(5, image.size(), facts.size) {
            wrong.push(format!("{name}: {} bytes for {}", image.size(), facts.size));
        }
        assert!(facts.size_from.len() > 5 && facts.entries_from.len() > 5, "{name} has no source");
    }
    for name in bases() {
        let facts = catalog::facts_of(name).unwrap();
        let entries = walked(name).len() as u64;
        if !within(20, entries, facts.entries as u64) {
            wrong.push(format!("{name}: {entries} names for {}", facts.entries));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn layers_match_the_history() {
    for name in catalog::known() {
        let image = image(name);
        let with_layer = image.history.iter().filter(|entry| !entry.empty_layer).count();
        assert_eq!(with_layer, image.layers.len(), "{name}");
        assert!(image.created < layerlab::fs::EPOCH, "{name} is older than anything made in the lab");
        for volume in &image.config.volumes {
            assert!(mount(name).stat(volume.as_bytes(), &mut Trace::silent()).is_ok(), "{name}: {volume}");
        }
    }
}

#[test]
fn what_is_known_of_a_layer_is_what_its_tree_has() {
    let before = std::fs::read_to_string("src/image/catalog/measured.txt").unwrap();
    let update = std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always");
    let kinds: BTreeSet<Digest> = bases()
        .flat_map(|name| image(name).layers.iter().map(|layer| layer.diff_id).collect::<Vec<_>>())
        .collect();
    let mut rows = String::new();
    for (key, layer) in catalog::layers() {
        // Of layers that differ by version only, all are drawn when the rows are written anew.
        let known = before.lines().find(|row| row.starts_with(&format!("{key} ")));
        if let Some(row) = known.filter(|_| !update && !kinds.contains(&layer.diff_id)) {
            rows += &format!("{row}\n");
            continue;
        }
        // A copy is sealed anew, so that it is the tree that is measured and not what is known of it.
        let tree = Tree::from_layer(&layer.layer).seal();
        let size = layerlab::image::size(&tree, Origin::Daemon);
        rows += &format!("{key} {} {} {size} {}\n", tree.entries(), tree.bytes(), diff_id(&tree));
    }
    if rows != before && update {
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
    let layers =
        vec![ImageLayer { layer, diff_id: Digest([1; 32]), size: 9, label: "FROM x".into(), tar: None }; 2];
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
/// documentation that slim images leave out, and to the certificates that postgres takes away again. One of Alpine 3.15's own does.
fn dangles_in_the_real_image(path: &str, target: &str) -> bool {
    ["/dev/", "/proc/", "../proc/", "/run/"].iter().any(|dir| target.starts_with(dir))
        || path.ends_with(".gz")
        || target == "gcc-12-base"
        || ["/usr/lib/ssl/cert.pem", "/etc/ssl1.1/ct_log_list.cnf"].contains(&path)
}

#[test]
fn links_lead_somewhere() {
    for name in bases() {
        let (mut mount, mut t) = (mount(name), Trace::silent());
        let mut lost = Vec::new();
        for (path, stat) in walked(name).iter() {
            if stat.kind == StatKind::Symlink && mount.stat(path, &mut t).is_err() {
                let target = String::from_utf8(mount.readlink(path, &mut t).unwrap()).unwrap();
                let path = String::from_utf8_lossy(path);
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
    for name in bases() {
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
    assert_eq!(catalog::suggest("node:21-alpine"), ["node:20-alpine"]);
    assert_eq!(catalog::suggest("golang:1.19-bullseye").len(), 6);
    assert_eq!(catalog::suggest("nginx:1.19"), ["nginx:alpine", "nginx:latest"]);
    assert_eq!(catalog::suggest("pyhton:3.12-slim"), ["python:3.12-slim"]);
    assert!(catalog::suggest("registry.example.com/team/app").is_empty());
    for (name, below) in [
        ("ruby:3.2-slim", Some("debian:bookworm-slim")),
        ("php:8.2-fpm-alpine3.18", Some("alpine:3.19")),
        ("eclipse-temurin:17-jre-jammy", Some("ubuntu:22.04")),
        ("mysql:8", None),
        ("quay.io/team/app:1-alpine", None),
    ] {
        assert_eq!(catalog::stands_on(name), below, "{name}");
    }
}

#[test]
fn a_placeholder_is_known_by_its_name_alone() {
    let (a, b) = (catalog::placeholder("corp/base:1"), catalog::placeholder("corp/base:2"));
    assert!(a.placeholder && a.layers.is_empty() && a.id != b.id);
    assert_eq!(a.id, catalog::placeholder("corp/base:1").id);
}

/// The built-in images that hold something, one of each kind: the big ones differ by version only.
fn bases() -> impl Iterator<Item = &'static str> {
    const ALIKE: &str = "scratch node:16 node:18 node:22 node:16-slim node:18-slim node:22-slim node:16-alpine \
        node:22-alpine python:3.8 python:3.9 python:3.10 python:3.11 python:3.12 python:3.9-slim python:3.10-slim \
        python:3.11-slim python:3.9-alpine python:3.10-alpine golang:1.20 golang:1.21 golang:1.22 \
        golang:1.20-alpine golang:1.22-alpine buildpack-deps:bookworm-curl buildpack-deps:bookworm-scm \
        buildpack-deps:bookworm alpine:3.15 alpine:3.16 alpine:3.17 debian:bookworm redis:6 redis:6-alpine ruby:3.1 \
        ruby:3.2 ruby:3.3 ruby:3.1-slim ruby:3.2-slim ruby:3.1-alpine ruby:3.3-alpine rust:1.75 rust:1.74 rust:1.73 \
        rust:1.74-slim rust:1.73-slim rust:1.74-alpine php:8.1-apache php:8.1-cli php:8.1-fpm php:8.1-cli-alpine \
        php:8.1-fpm-alpine php:8.3-apache php:8.3-cli php:8.3-fpm php:8.3-cli-alpine php:8.3-fpm-alpine php:8.2-cli \
        php:8.2-cli-alpine eclipse-temurin:11-jdk eclipse-temurin:11-jre eclipse-temurin:11-jdk-alpine \
        eclipse-temurin:11-jre-alpine eclipse-temurin:21-jdk eclipse-temurin:21-jre eclipse-temurin:21-jdk-alpine \
        eclipse-temurin:21-jre-alpine eclipse-temurin:17-jdk-alpine openjdk:11-jdk-slim openjdk:11-jre-slim \
        maven:3.9-eclipse-temurin-11 maven:3.9-eclipse-temurin-21 gradle:8-jdk11 gradle:8-jdk21 \
        gcr.io/distroless/static-debian12:nonroot gcr.io/distroless/base-debian12:latest \
        gcr.io/distroless/base-debian12:debug gcr.io/distroless/base-nossl-debian12:latest \
        gcr.io/distroless/base-nossl-debian12:nonroot gcr.io/distroless/cc-debian12:debug \
        gcr.io/distroless/cc-debian12:nonroot gcr.io/distroless/java17-debian12:nonroot \
        gcr.io/distroless/java17-debian12:debug gcr.io/distroless/nodejs20-debian12:nonroot \
        gcr.io/distroless/nodejs20-debian12:debug gcr.io/distroless/python3-debian12:nonroot \
        gcr.io/distroless/python3-debian12:debug mariadb:10.11 eclipse-temurin:8-jdk \
        eclipse-temurin:8-jre-alpine eclipse-temurin:8-jdk-alpine openjdk:8-jdk-slim";
    catalog::known().filter(|name| !ALIKE.split_whitespace().any(|alike| alike == *name))
}

/// Is it an image without a shell, whose packages nobody manages?
fn bare(name: &str) -> bool {
    name.starts_with("gcr.io/distroless/")
}

/// Everything in an image, walked once.
fn walked(name: &str) -> Walk {
    static WALKS: Mutex<BTreeMap<String, Walk>> = Mutex::new(BTreeMap::new());
    let mut walks = WALKS.lock().unwrap();
    let walk = || Arc::new(mount(name).walk(b"/", &mut Trace::silent()).unwrap());
    Arc::clone(walks.entry(name.to_owned()).or_insert_with(walk))
}

/// Paths with what `stat` says of them.
type Walk = Arc<Vec<(Vec<u8>, Stat)>>;

/// PATH of an image.
fn path_of(name: &str) -> Vec<String> {
    let config = &image(name).config;
    let path = config.env.iter().find_map(|entry| entry.strip_prefix("PATH=")).unwrap_or_default();
    path.split(':').map(str::to_owned).collect()
}

#[test]
fn every_name_on_path_is_a_program_or_a_script() {
    for name in bases() {
        let (mut mount, mut t) = (mount(name), Trace::silent());
        let mut programs = 0;
        for dir in path_of(name) {
            for entry in mount.readdir(dir.as_bytes(), &mut t).unwrap_or_default() {
                let at = [dir.as_bytes(), b"/", &entry[..]].concat();
                let stat = mount.stat(&at, &mut t);
                let stat = stat.unwrap_or_else(|_| panic!("{name}: {}", String::from_utf8_lossy(&at)));
                if stat.kind != StatKind::File || stat.mode & 0o111 == 0 {
                    continue;
                }
                let contents = mount.read(&at, &mut t).unwrap();
                let described = matches!(contents.pieces(), [Piece::Seeded { .. }]);
                let known = contents.program().is_some_and(|program| !program.is_empty()) || described;
                assert!(known || contents.head(2) == b"#!", "{name}: {}", String::from_utf8_lossy(&at));
                programs += 1;
            }
        }
        assert!(programs > 100 || bare(name), "{name}: {programs}");
    }
}

#[test]
fn users_and_groups_parse_and_own_what_is_there() {
    for name in bases() {
        let mut mount = mount(name);
        let (passwd, group) = (text(&mut mount, "/etc/passwd"), text(&mut mount, "/etc/group"));
        let mut ids = (BTreeSet::new(), BTreeSet::new());
        for line in group.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            assert_eq!(fields.len(), 4, "{name}: {line}");
            assert!(ids.1.insert(fields[2].parse::<u32>().unwrap()), "{name}: {line}");
        }
        for line in passwd.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            assert_eq!(fields.len(), 7, "{name}: {line}");
            assert!(ids.0.insert(fields[2].parse::<u32>().unwrap()), "{name}: {line}");
            assert!(ids.1.contains(&fields[3].parse::<u32>().unwrap()), "{name}: {line}");
            assert!(fields[5].starts_with('/') && fields[6].starts_with('/'), "{name}: {line}");
        }
        if mount.stat(b"/etc/shadow", &mut Trace::silent()).is_err() {
            assert!(bare(name), "{name} has no shadow file");
            continue;
        }
        let shadow = text(&mut mount, "/etc/shadow");
        assert_eq!(shadow.lines().count(), passwd.lines().count(), "{name}");
        for (path, stat) in walked(name).iter() {
            let known = ids.0.contains(&stat.uid) && ids.1.contains(&stat.gid);
            assert!(known, "{name}: {} {}:{}", String::from_utf8_lossy(path), stat.uid, stat.gid);
        }
    }
}

/// Package and file, as dpkg's and apk's databases have them.
fn packaged(mount: &mut Mount) -> Vec<(String, Vec<String>)> {
    let exists = |mount: &mut Mount, at: &str| mount.stat(at.as_bytes(), &mut Trace::silent()).is_ok();
    if exists(mount, "/lib/apk/db/installed") {
        let database = text(mount, "/lib/apk/db/installed");
        let record = |record: &str| {
            let (mut name, mut dir, mut files) = (String::new(), "", Vec::new());
            for line in record.lines() {
                match line.split_once(':').unwrap() {
                    ("P", value) => value.clone_into(&mut name),
                    ("F", value) => {
                        dir = value;
                        files.push(format!("/{value}"));
                    }
                    ("R", value) => files.push(format!("/{dir}/{value}").replace("//", "/")),
                    _ => {}
                }
            }
            (name, files)
        };
        return database.split("\n\n").filter(|text| !text.trim().is_empty()).map(record).collect();
    }
    if exists(mount, "/var/lib/rpm/rpmdb.sqlite") {
        let database = text(mount, "/var/lib/rpm/rpmdb.sqlite");
        let package = |line: &str| {
            let fields: Vec<&str> = line.split('\t').collect();
            let files = fields[5].split(',').filter(|file| !file.is_empty());
            (fields[0].to_owned(), files.map(str::to_owned).collect())
        };
        return database.lines().map(package).collect();
    }
    if !exists(mount, "/var/lib/dpkg/status") {
        return Vec::new();
    }
    let status = text(mount, "/var/lib/dpkg/status");
    let names = status.lines().filter_map(|line| line.strip_prefix("Package: "));
    let mut found = Vec::new();
    for name in names {
        let lists = [format!("{name}.list"), format!("{name}:amd64.list")];
        let lists = lists.map(|list| format!("/var/lib/dpkg/info/{list}"));
        let list = lists.iter().find(|at| exists(mount, at));
        let list = text(mount, list.unwrap_or_else(|| panic!("{name} has no list of files")));
        found.push((name.to_owned(), list.lines().map(str::to_owned).collect()));
    }
    found
}

#[test]
fn the_files_of_every_package_are_there() {
    for name in bases().filter(|name| *name != "busybox:latest" && !bare(name)) {
        let mut mount = mount(name);
        let packages = packaged(&mut mount);
        assert!(packages.len() > 13, "{name}: {}", packages.len());
        for (package, files) in packages {
            // Packages that only depend on others have no files.
            let empty = ["libc-utils", "ca-certificates-cacert", "basesystem", "glibc-minimal-langpack"]
                .contains(&package.as_str())
                || package.starts_with('.');
            assert!(empty || !files.is_empty(), "{name}: {package} has no files");
            for file in files {
                let there = mount.lstat(file.as_bytes(), &mut Trace::silent()).is_ok();
                // The Dockerfile of mariadb takes it away again.
                let there = there || file == "/etc/mysql/mariadb.conf.d/50-mysqld_safe.cnf";
                assert!(there, "{name}: {file} of {package}");
            }
        }
    }
}

/// `path mode uid:gid` as the real images have them.
const MODES: &[(&str, &str)] = &[
    (
        "alpine:3.19",
        "/etc/passwd 644 0:0, /etc/shadow 640 0:42, /tmp 1777 0:0, /root 700 0:0, /bin/busybox 755 0:0, \
         /etc/crontabs/root 600 0:0, /lib/apk/db/lock 600 0:0, /var/empty 555 0:0, /proc 555 0:0",
    ),
    (
        "debian:bookworm-slim",
        "/etc/passwd 644 0:0, /etc/shadow 640 0:42, /etc/gshadow 640 0:42, /tmp 1777 0:0, /var/tmp 1777 0:0, \
         /root 700 0:0, /usr/bin/passwd 4755 0:0, /usr/bin/chage 2755 0:42, /usr/sbin/unix_chkpwd 2755 0:42, \
         /var/mail 2775 0:8, /var/local 2775 0:50, /var/cache/ldconfig 700 0:0, /usr/sbin/policy-rc.d 755 0:0",
    ),
    (
        "ubuntu:22.04",
        "/etc/shadow 640 0:42, /usr/bin/su 4755 0:0, /usr/bin/expiry 2755 0:42, /var/mail 2775 0:8, /tmp 1777 0:0",
    ),
    ("node:20-alpine", "/home/node 2755 1000:1000, /usr/local/bin/node 755 0:0, /usr/local/bin/npm 777 0:0"),
    ("golang:1.21-alpine", "/go 1777 0:0, /go/src 1777 0:0, /usr/local/go/bin/go 755 0:0"),
    ("nginx:latest", "/var/log/nginx/access.log 777 0:0, /etc/ssl/private 700 0:0, /var/cache/nginx 755 0:0"),
    (
        "postgres:15",
        "/var/lib/postgresql/data 1777 999:999, /run/postgresql 3777 999:999, /usr/local/bin/gosu 755 0:0",
    ),
];

#[test]
fn modes_and_owners_are_those_of_the_real_images() {
    for (name, rows) in MODES {
        let mut mount = mount(name);
        for row in rows.split(", ") {
            let path = row.split(' ').next().unwrap();
            let stat = mount.lstat(path.as_bytes(), &mut Trace::silent()).unwrap();
            assert_eq!(format!("{path} {:o} {}:{}", stat.mode, stat.uid, stat.gid), row, "{name}");
        }
    }
}

/// What the links lead to, up to the file: `sh` in Debian is `dash`.
const LINKS: &[(&str, &str)] = &[
    (
        "alpine:3.19",
        "/bin/sh /bin/busybox, /usr/bin/awk /bin/busybox, /lib/libc.musl-x86_64.so.1 ld-musl-x86_64.so.1",
    ),
    (
        "debian:bookworm-slim",
        "/bin usr/bin, /sbin usr/sbin, /lib usr/lib, /lib64 usr/lib64, /usr/bin/sh dash, \
         /usr/bin/awk /etc/alternatives/awk, /etc/alternatives/awk /usr/bin/mawk, \
         /etc/alternatives/which /usr/bin/which.debianutils, /usr/sbin/addgroup adduser, \
         /usr/lib64/ld-linux-x86-64.so.2 /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2, \
         /etc/os-release ../usr/lib/os-release, /var/run /run, /etc/localtime /usr/share/zoneinfo/Etc/UTC",
    ),
    ("ubuntu:22.04", "/bin usr/bin, /usr/bin/sh dash, /etc/alternatives/awk /usr/bin/mawk, /var/run /run"),
    (
        "node:20-alpine",
        "/usr/local/bin/npm ../lib/node_modules/npm/bin/npm-cli.js, /usr/local/bin/yarn /opt/yarn-v1.22.19/bin/yarn",
    ),
    ("python:3.12-slim", "/usr/local/bin/python python3, /usr/local/bin/python3 python3.12"),
];

#[test]
fn links_are_those_of_the_real_images() {
    for (name, rows) in LINKS {
        let mut mount = mount(name);
        for row in rows.split(", ") {
            let (path, target) = row.split_once(' ').unwrap();
            let found = mount.readlink(path.as_bytes(), &mut Trace::silent()).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), target, "{name}: {path}");
        }
    }
}

#[test]
fn configs_and_histories() {
    let mut text = String::new();
    for name in catalog::known() {
        let image = image(name);
        writeln!(text, "== {name}\n{}", layerlab::image::docker_config(&image.config)).unwrap();
        for (entry, layer) in image.history_layers() {
            let by: String = entry.created_by.chars().take(60).collect();
            let size = layer.map_or(0, |layer| layer.size);
            writeln!(text, "{size:>10}  {}", by.trim_end()).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

/// A walk around a base: each line is run in a container of it.
fn walk(image: &str, lines: &str) -> String {
    let run = format!("docker run -d --name w {image} sleep 1");
    let lines = lines.lines().map(|line| format!("docker exec w {}", line.trim()));
    let lines: Vec<String> = std::iter::once(run).chain(lines).collect();
    screen(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_walk_around_alpine() {
    insta::assert_snapshot!(walk(
        "alpine:3.19",
        "cat /etc/os-release
         cat /etc/alpine-release
         cat /etc/apk/repositories
         ls /
         ls -l /bin/sh /usr/bin/awk
         apk info
         apk info -L musl
         getent passwd www-data
         id nobody
         sh -c 'find / -xdev | wc -l'
         find / -xdev -perm -4000
         du -sh /usr
         which node apk wget
         python3 --version
         sh -c 'cut -d: -f1 /etc/group | head -n 5'"
    ));
}

#[test]
fn a_walk_around_debian() {
    insta::assert_snapshot!(walk(
        "debian:bookworm-slim",
        "cat /etc/os-release
         cat /etc/debian_version
         ls /
         ls -l /bin/sh /usr/bin/awk /etc/alternatives/awk /etc/shadow
         sh -c 'dpkg -l | head -n 9'
         dpkg -L dash
         sh -c 'find / -xdev | wc -l'
         find / -xdev -perm -4000
         du -sh /usr
         id www-data
         getent passwd _apt
         which python3 perl sh
         ls /usr/share/doc/bash
         cat /etc/apt/sources.list.d/debian.sources"
    ));
}

#[test]
fn a_walk_around_the_others() {
    for (image, lines) in [
        (
            "ubuntu:22.04",
            "cat /etc/lsb-release
             sh -c 'dpkg -l | tail -n +6 | wc -l'
             sh -c 'find / -xdev | wc -l'
             getent passwd gnats
             ls -l /bin/sh
             ps",
        ),
        (
            "node:20-alpine",
            "node -v
             npm -v
             yarn -v
             id node
             ls -l /usr/local/bin
             ls /usr/local/lib/node_modules
             sh -c 'find / -xdev | wc -l'
             apk info -L libstdc++",
        ),
        (
            "python:3.12-slim",
            "python3 --version
             pip --version
             ls /usr/local/bin
             sh -c 'ls /usr/local/lib/python3.12 | head -n 5'
             sh -c 'find / -xdev | wc -l'
             du -sh /usr/local",
        ),
        (
            "golang:1.21-alpine",
            "go version
             ls /usr/local/go
             sh -c 'find / -xdev | wc -l'
             du -sh /usr/local/go",
        ),
        (
            "nginx:latest",
            "nginx -v
             ls /etc/nginx
             dpkg -L nginx-module-njs
             ls -l /var/log/nginx
             id nginx
             sh -c 'find / -xdev | wc -l'",
        ),
        ("nginx:alpine", "apk info -L nginx\nls /usr/lib/nginx/modules\nid nginx"),
        (
            "redis:7",
            "which redis-server redis-cli gosu
             redis-server --version
             id redis
             ls -l /usr/local/bin
             ls -ld /data
             sh -c 'dpkg -l libssl3 | tail -n 1'
             sh -c 'find / -xdev | wc -l'",
        ),
        ("redis:7-alpine", "redis-server --version\nid redis\napk info\nsh -c 'find / -xdev | wc -l'"),
        (
            "httpd:2.4",
            "httpd -v
             ls /usr/local/apache2
             sh -c 'ls /usr/local/apache2/modules | wc -l'
             cat /usr/local/apache2/htdocs/index.html
             ls -ld /usr/local/apache2
             sh -c 'find / -xdev | wc -l'",
        ),
        ("httpd:2.4-alpine", "httpd -v\nid www-data\napk info apr-util\nsh -c 'find / -xdev | wc -l'"),
        (
            "ruby:3.3-slim",
            "ruby --version
             which gem bundle irb rake
             ls /usr/local/lib/ruby
             sh -c 'ls /usr/local/lib/ruby/3.3.0 | head -n 5'
             cat /usr/local/etc/gemrc
             sh -c 'find / -xdev | wc -l'
             du -sh /usr/local",
        ),
        (
            "ruby:3.2-alpine",
            "ruby --version\napk info\nls -ld /usr/local/bundle\nsh -c 'find / -xdev | wc -l'",
        ),
        (
            "rust:1.75-slim",
            "rustc --version
             cargo --version
             ls -l /usr/local/cargo/bin
             which gcc cc ld
             readlink -f /usr/bin/cc
             cat /usr/local/rustup/settings.toml
             sh -c 'find / -xdev | wc -l'
             du -sh /usr/local/rustup",
        ),
        ("rust:1.75-alpine", "rustc --version\nwhich gcc\nsh -c 'find / -xdev | wc -l'"),
        (
            "php:8.2-apache",
            "php -v
             which phpize pecl docker-php-ext-install a2enmod apache2ctl
             ls /etc/apache2/mods-enabled
             a2enmod rewrite
             a2enmod nothing
             ls -l /etc/apache2/mods-enabled/rewrite.load /var/log/apache2
             ls -ld /var/www/html
             docker-php-ext-install pdo_mysql
             ls /usr/local/etc/php/conf.d
             sh -c 'find / -xdev | wc -l'",
        ),
        ("php:8.2-fpm", "cat /usr/local/etc/php-fpm.d/zz-docker.conf\nls /usr/local/sbin"),
        ("php:8.2-fpm-alpine", "php -v\nid www-data\nls /usr/local/bin\nsh -c 'find / -xdev | wc -l'"),
        (
            "eclipse-temurin:17-jdk",
            "java -version
             which java javac jshell curl fc-list
             ls /opt/java/openjdk
             cat /opt/java/openjdk/release
             sh -c 'dpkg -l | grep -c ^ii'
             sh -c 'find / -xdev | wc -l'",
        ),
        ("eclipse-temurin:17-jre", "java -version\nls /opt/java/openjdk/bin\nsh -c 'find / -xdev | wc -l'"),
        ("eclipse-temurin:17-jre-alpine", "java -version\nsh -c 'find / -xdev | wc -l'"),
        ("openjdk:17-jdk-slim", "java -version\nls /usr/local\nsh -c 'find / -xdev | wc -l'"),
        (
            "maven:3.9-eclipse-temurin-17",
            "which mvn git java
             mvn --version
             ls /usr/share/maven
             sh -c 'find / -xdev | wc -l'",
        ),
        ("gradle:8-jdk17", "which gradle bzr git-lfs hg svn\nid gradle\nsh -c 'find / -xdev | wc -l'"),
        ("memcached:1.6", "memcached -V\nid\nls -l /entrypoint.sh"),
        (
            "rockylinux:9",
            "cat /etc/os-release
             cat /etc/redhat-release
             rpm -q bash glibc
             sh -c 'rpm -qa | wc -l'
             rpm -qf /usr/bin/bash
             which dnf yum python3 vi
             ls -l /bin/sh
             id nobody
             sh -c 'find / -xdev | wc -l'
             du -sh /usr",
        ),
        (
            "mysql:8.0",
            "which mysqld mysql mysqlsh gosu microdnf
             rpm -q mysql-community-server-minimal
             cat /etc/my.cnf
             ls -ld /var/lib/mysql
             sh -c 'find / -xdev | wc -l'",
        ),
        (
            "mariadb:11.2",
            "which mariadbd mysqld mariadb mysqldump gosu
             sh -c 'dpkg -l mariadb-server | tail -n 1'
             ls -ld /var/lib/mysql /run/mysqld
             id mysql
             sh -c 'find / -xdev | wc -l'",
        ),
        ("composer:2", "which composer git unzip\nls -l /usr/bin/composer"),
        (
            "gcr.io/distroless/static-debian12:debug",
            "cat /etc/os-release\nid\nls /\nsh -c 'find / -xdev | wc -l'",
        ),
        (
            "postgres:15",
            "postgres --version\nid postgres\nls /usr/lib/postgresql/15/bin\nls -ld /var/lib/postgresql/data",
        ),
        ("busybox", "sh -c 'ls /bin | wc -l'\nls -l /lib\nid www-data"),
    ] {
        insta::assert_snapshot!(format!("walk {image}").replace([' ', ':'], "_"), walk(image, lines));
    }
}
