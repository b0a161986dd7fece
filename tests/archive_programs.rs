//! What the lab writes, read by the real programs: `docker load`, `skopeo` and `umoci`; and what Docker
//! writes, read by the lab. Trees are compared name by name.
//!
//! skopeo and umoci run where they are installed (Debian: `apt-get install skopeo umoci`; umoci needs root),
//! Docker where `LAYERLAB_DOCKER_HOST` names a daemon, of which the first is asked (`LAYERLAB_DOCKER` names a
//! client, default `docker`). Where one is missing the test says that it was skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

use layerlab::fs::tarball::{self, MemberKind};
use layerlab::fs::{Digest, Stored};
use layerlab::image::{Image, archive};
use layerlab::trace::{Fuel, Limits};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

/// What is done in the container whose changes are saved: every kind of entry and of deletion.
const CHANGES: &str = "
rm -rf /etc/nginx/conf.d /usr/share/nginx/html/50x.html /etc/motd /etc/alpine-release
mkdir /etc/nginx/conf.d
echo opaque > /etc/nginx/conf.d/new.conf
rm -r /var/cache/apk
echo 'a file now' > /var/cache/apk
rm /etc/os-release
mkdir /etc/os-release
mkdir -p /srv/deep/er
echo one > /srv/one
ln /srv/one /srv/deep/two
ln -s ../one /srv/deep/link
ln -s /nowhere /srv/dangling
mkfifo -m 640 /srv/pipe
mknod /srv/null c 1 3
chown 12345:54321 /srv/one
chmod 6711 /srv/one
chmod 1777 /srv/deep
chown 7:8 /srv/deep
echo long > /srv/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
echo name > /srv/näme
touch -d '1999-12-31 23:59:59' /srv/dangling.old
chmod 600 /usr/sbin/nginx
mv /bin/arch /srv/arch
true";

/// The archive of the image, and what the container saw as the lab tells it.
struct Written {
    folder: PathBuf,
    image: Arc<Image>,
    tree: Listing,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("archive_programs")
}

/// Writes them once, with the program itself.
fn written() -> &'static Written {
    static WRITTEN: OnceLock<Written> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let folder = folder();
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let script: String = CHANGES.trim().lines().map(|line| format!("{}; ", line.replace('"', "\\\""))).collect();
        let lines = format!(
            "docker run -d --name c nginx:alpine\ndocker exec c sh -c \"{script}\"\ndocker commit -m 'all kinds' c app:1\n\
             docker save -o app.tar app:1\ndocker export -o c.tar c\n"
        );
        let out = run(command("layerlab", &folder), lines.as_bytes()).unwrap();
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|_| panic!("{out}"));
        let fuel = &mut Fuel::new(Limits { operations: u64::MAX, bytes: u64::MAX, depth: 48 });
        let image = archive::read(&read("app.tar"), 1 << 30, fuel).unwrap().remove(0).image;
        let tree = listing(&read("c.tar"));
        assert!(tree.len() > 2000 && tree.contains_key(b"srv/deep/two".as_slice()), "{out}");
        assert!(!tree.contains_key(b"etc/motd".as_slice()), "{out}");
        let kind = |name: &str| tree.get(name.as_bytes()).map_or(' ', |row| row.0);
        assert_eq!(["srv/null", "srv/pipe", "srv/dangling", "etc/os-release"].map(kind), ['c', 'p', 'l', 'd']);
        assert_eq!((tree[b"srv/one".as_slice()].1, tree[b"srv/one".as_slice()].5), (0o6711, 2));
        Written { folder, image, tree }
    })
}

fn command(program: &str, folder: &Path) -> Command {
    let program = if program == "layerlab" { env!("CARGO_BIN_EXE_layerlab") } else { program };
    let mut command = Command::new(program);
    command.current_dir(folder).env("LAYERLAB_HISTORY", "");
    command
}

/// What it prints, or what went wrong.
fn run(mut command: Command, input: &[u8]) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let shown = format!("{command:?}");
    let mut child = command.spawn().map_err(|why| format!("{shown}: {why}"))?;
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(format!("{shown}: {}{}", text(&output.stdout), text(&output.stderr))),
    }
}

fn ask(program: &str, words: &[&str]) -> Result<String, String> {
    let mut command = command(program, &folder());
    command.args(words);
    run(command, b"")
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A name's kind, mode, owner, size or target, time, contents and how many names it has.
type Row = (char, u32, (u32, u32), Vec<u8>, i64, usize);
type Listing = BTreeMap<Vec<u8>, Row>;

/// The entries of a tar.
fn listing(tar: &[u8]) -> Listing {
    let mut rows = Listing::new();
    let mut links: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    tarball::members(&Stored::memory(tar.to_vec()), 1 << 30, &mut |member| {
        let path = member.path.strip_suffix(b"/").unwrap_or(&member.path).to_vec();
        let (kind, what) = match member.kind {
            MemberKind::File(contents) => ('f', Digest::of(contents.to_bytes(1 << 30).unwrap()).0.to_vec()),
            MemberKind::Dir => ('d', Vec::new()),
            MemberKind::Symlink(target) => ('l', target),
            MemberKind::Link(target) => {
                links.push((path, target));
                return Ok(());
            }
            MemberKind::Fifo => ('p', Vec::new()),
            MemberKind::CharDev(major, minor) => ('c', format!("{major}:{minor}").into_bytes()),
            MemberKind::BlockDev(..) => ('b', Vec::new()),
        };
        rows.insert(path, (kind, member.mode.into(), (member.uid, member.gid), what, member.mtime, 1));
        Ok(())
    })
    .unwrap();
    for (path, target) in &links {
        let names = 1 + links.iter().filter(|(_, other)| other == target).count();
        let mut row = rows[target].clone();
        row.5 = names;
        rows.get_mut(target).unwrap().5 = names;
        rows.insert(path.clone(), row);
    }
    rows
}

/// What lies on disk.
fn on_disk(root: &Path) -> Listing {
    let mut rows = Listing::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let about = std::fs::symlink_metadata(&path).unwrap();
            let kind = about.file_type();
            let (kind, what) = if kind.is_dir() {
                open.push(path.clone());
                ('d', Vec::new())
            } else if kind.is_symlink() {
                ('l', std::fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec())
            } else if kind.is_fifo() {
                ('p', Vec::new())
            } else if kind.is_char_device() {
                ('c', format!("{}:{}", about.rdev() >> 8 & 0xfff, about.rdev() & 0xff).into_bytes())
            } else {
                ('f', Digest::of(std::fs::read(&path).unwrap()).0.to_vec())
            };
            let names = if kind == 'd' { 1 } else { about.nlink() as usize };
            let at = path.strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            let owner = (about.uid(), about.gid());
            rows.insert(at, (kind, about.mode() & 0o7777, owner, what, about.mtime(), names));
        }
    }
    rows
}

/// What the runtime puts into every container, and the folders that get names by it.
const INIT: [&str; 10] = [
    ".dockerenv",
    "etc/resolv.conf",
    "etc/hosts",
    "etc/hostname",
    "etc/mtab",
    "dev/console",
    "dev/pts",
    "dev/shm",
    "dev",
    "etc",
];

/// The two trees are the same, what the runtime made left out.
fn same(mut lab: Listing, mut real: Listing, what: &str) {
    for path in INIT.iter().map(|path| path.as_bytes()) {
        for tree in [&mut lab, &mut real] {
            tree.remove(path);
        }
    }
    let names: std::collections::BTreeSet<_> = lab.keys().chain(real.keys()).collect();
    let mut told = String::new();
    for name in names {
        let (a, b) = (lab.get(name), real.get(name));
        if a != b {
            told.push_str(&format!("{}: lab {a:?}, {what} {b:?}\n", String::from_utf8_lossy(name)));
        }
    }
    assert!(told.is_empty(), "{told}");
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn diff_ids(image: &Image) -> Vec<String> {
    image.layers.iter().map(|layer| layer.diff_id.to_string()).collect()
}

#[test]
fn skopeo_reads_both_forms() {
    if !is_there("skopeo") {
        eprintln!("skipped: skopeo is not installed");
        return;
    }
    let written = written();
    for source in ["docker-archive:app.tar", "docker-archive:app.tar:app:1", "oci-archive:app.tar:1"] {
        let told: Value = serde_json::from_str(&ask("skopeo", &["inspect", source]).unwrap()).unwrap();
        assert_eq!(texts(&told["Layers"]), diff_ids(&written.image), "{source}");
        let config: Value =
            serde_json::from_str(&ask("skopeo", &["inspect", "--config", source]).unwrap()).unwrap();
        assert_eq!(texts(&config["rootfs"]["diff_ids"]), diff_ids(&written.image), "{source}");
        // A copy is read by the lab again: packed with gzip now, in a folder.
        let _ = std::fs::remove_dir_all(written.folder.join("copy"));
        ask("skopeo", &["--insecure-policy", "copy", source, "oci:copy:1"]).unwrap();
        let out =
            run(command("layerlab", &written.folder), b"docker load -i copy\ndocker save -o back.tar 1\n")
                .unwrap();
        assert!(out.contains("Loaded image: "), "{out}");
    }
}

/// The layout that the lab writes as a folder, without a tar between.
#[test]
fn skopeo_and_umoci_read_the_folder_that_the_lab_writes() {
    let written = written();
    for name in ["direct", "direct-bundle", "direct-copy"] {
        let _ = std::fs::remove_dir_all(written.folder.join(name));
    }
    let lines = b"docker load -i app.tar\ndocker save -o oci:direct:v1 app:1\n";
    let out = run(command("layerlab", &written.folder), lines).unwrap();
    assert!(out.contains("oci:direct:v1"), "{out}");
    if is_there("skopeo") {
        let told: Value =
            serde_json::from_str(&ask("skopeo", &["inspect", "oci:direct:v1"]).unwrap()).unwrap();
        assert_eq!(texts(&told["Layers"]), diff_ids(&written.image));
        ask("skopeo", &["--insecure-policy", "copy", "oci:direct:v1", "oci:direct-copy:v1"]).unwrap();
        let lines = b"docker load -i oci:direct-copy:v1\ndocker inspect -f '{{json .RootFS.Layers}}' v1\n";
        let out = run(command("layerlab", &written.folder), lines).unwrap();
        assert!(out.contains(&diff_ids(&written.image).join("\",\"")), "{out}");
    } else {
        eprintln!("skipped: skopeo is not installed");
    }
    if is_there("umoci") && std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0) {
        ask("umoci", &["unpack", "--image", "direct:v1", "direct-bundle"]).unwrap();
        same(written.tree.clone(), on_disk(&written.folder.join("direct-bundle/rootfs")), "umoci");
    } else {
        eprintln!("skipped: umoci is not installed, or not root");
    }
}

#[test]
fn umoci_unpacks_the_tree_that_the_container_saw() {
    if !is_there("umoci") || !is_there("tar") {
        eprintln!("skipped: umoci is not installed");
        return;
    }
    let written = written();
    if std::fs::metadata("/proc/self").is_ok_and(|about| about.uid() != 0) {
        eprintln!("skipped: owners need root");
        return;
    }
    for name in ["layout", "bundle"] {
        let _ = std::fs::remove_dir_all(written.folder.join(name));
    }
    std::fs::create_dir_all(written.folder.join("layout")).unwrap();
    ask("tar", &["-xf", "app.tar", "-C", "layout"]).unwrap();
    ask("umoci", &["unpack", "--image", "layout:1", "bundle"]).unwrap();
    same(written.tree.clone(), on_disk(&written.folder.join("bundle/rootfs")), "umoci");
}

#[test]
fn docker_loads_it_and_writes_it_back() {
    let Some(host) = std::env::var("LAYERLAB_DOCKER_HOST")
        .ok()
        .and_then(|hosts| hosts.split(',').next().map(str::to_owned))
    else {
        eprintln!("skipped: LAYERLAB_DOCKER_HOST names no daemon");
        return;
    };
    let written = written();
    let client = std::env::var("LAYERLAB_DOCKER").unwrap_or_else(|_| "docker".to_owned());
    let docker = |words: &[&str]| {
        let mut command = command(&client, &written.folder);
        command.args(words).env("DOCKER_HOST", &host);
        run(command, b"").unwrap()
    };
    assert!(docker(&["load", "-i", "app.tar"]).contains("Loaded image: app:1"));
    let id = docker(&["image", "inspect", "-f", "{{.Id}}", "app:1"]);
    assert_eq!(id.trim(), written.image.id.to_string());
    let layers = docker(&["image", "inspect", "-f", "{{json .RootFS.Layers}}", "app:1"]);
    assert_eq!(texts(&serde_json::from_str(&layers).unwrap()), diff_ids(&written.image));
    let size = docker(&["image", "inspect", "-f", "{{.Size}}", "app:1"]);
    assert_eq!(size.trim(), written.image.size().to_string());
    let container = docker(&["create", "app:1"]);
    docker(&["export", "-o", "real.tar", container.trim()]);
    docker(&["rm", container.trim()]);
    let exported = std::fs::read(written.folder.join("real.tar")).unwrap();
    same(written.tree.clone(), listing(&exported), "docker");
    // Docker's own archive of it: the lab reads the same image, and imports the same files.
    docker(&["save", "-o", "docker.tar", "app:1"]);
    let imported = docker(&["import", "c.tar", "flat:1"]);
    let flat = docker(&["image", "inspect", "-f", "{{json .RootFS.Layers}}", imported.trim()]);
    docker(&["rmi", "app:1", "flat:1"]);
    let lines = b"docker load -i docker.tar\ndocker inspect -f '{{.Id}} {{json .RootFS.Layers}}' app:1\n\
                  docker import c.tar flat:1\ndocker inspect -f '{{json .RootFS.Layers}}' flat:1\n";
    let out = run(command("layerlab", &written.folder), lines).unwrap();
    assert!(out.contains(&diff_ids(&written.image).join("\",\"")), "{out}");
    assert!(out.contains(flat.trim()), "{out}\n{flat}");
}
