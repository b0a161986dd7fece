//! OCI layouts as folders: written in one step and never over something else, read without being led out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

mod interrupts;
mod screen;

use layerlab::cli::DiskHost;
use layerlab::fs::{Digest, Host, Kind, MemoryHost, Nodes};
use layerlab::image::archive::{self, Options};
use layerlab::render::{Renderer, Style};
use layerlab::script::Session;
use layerlab::trace::{Fuel, Limits};
use screen::screen_with;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("archive_folders").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn fuel() -> Fuel {
    Fuel::new(Limits { operations: 1 << 40, bytes: 1 << 40, depth: 48 })
}

/// What the program says to these lines.
fn lab(at: &Path, lines: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_layerlab"))
        .current_dir(at)
        .env("LAYERLAB_HISTORY", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
}

/// All files below, with the digests of their bytes.
fn files(root: &Path) -> Vec<(String, Digest)> {
    let (mut open, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() && !path.is_symlink() {
                true => open.push(path),
                false if path.is_symlink() => {}
                false => {
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                    files.push((name, Digest::of(fs::read(&path).unwrap())));
                }
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_folder_is_written_and_read_by_skopeos_name() {
    insta::assert_snapshot!(screen_with(
        MemoryHost::default(),
        &[
            "docker tag alpine:3.19 app:1",
            "docker save -o oci:out app:1",
            "docker load -i oci:out",
            "docker inspect -f '{{.RootFS.Layers}}' app:1",
            "docker save -o oci:again:v2 app:1",
            "docker load -i oci:again:v2",
            "docker inspect -f '{{.RootFS.Layers}}' app:v2",
            "dive oci:again:v2",
            "docker load -i oci:again:v3",
            "docker load -i oci:nothing",
            "docker save -o oci:out:x app:1 busybox:1.36",
            "docker save -o oci:out:NO/tag app:1",
            "docker save -o oci:out busybox:1.36",
            "docker save -o oci: app:1",
        ],
    ));
}

#[test]
fn a_scenario_writes_no_folders() {
    let (mut session, _, paper) = screen::lab();
    session.script("story.rhai", "docker(\"save -o oci:x alpine:3.19\");").unwrap();
    assert!(paper.text().contains("oci:x was not written: a scenario writes no files"), "{}", paper.text());
    assert!(session.script("again.rhai", "docker(\"load -i oci:x\");").is_err());
}

#[test]
fn the_same_image_gives_the_same_folder_and_nothing_else_is_left() {
    let at = folder("same");
    let lines = "docker save -o oci:a alpine:3.19\ndocker save -o oci:b alpine:3.19\ndocker save -o oci:b alpine:3.19\n\
                 docker load -i oci:b\ndocker save -o oci:c alpine:3.19\n";
    let said = lab(&at, lines);
    let (a, b, c) = (files(&at.join("a")), files(&at.join("b")), files(&at.join("c")));
    assert!(a == b && b == c && a.len() == 5, "{said}");
    for (name, digest) in a.iter().filter(|(name, _)| name.starts_with("blobs/")) {
        assert_eq!(name, &format!("blobs/sha256/{}", digest.hex()));
    }
    let names: Vec<_> = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn what_is_no_layout_stays_as_it_is() {
    let at = folder("kept");
    fs::write(at.join("file"), "mine").unwrap();
    for (name, inside) in [("mine", "thesis"), ("half", "blobs")] {
        fs::create_dir(at.join(name)).unwrap();
        fs::write(at.join(name).join(inside), "mine").unwrap();
    }
    // A layout with something beside it.
    let said = lab(&at, "docker save -o oci:mixed alpine:3.19\n");
    assert!(said.contains("mixed   7.67 MB"), "{said}");
    fs::write(at.join("mixed/notes"), "mine").unwrap();
    fs::create_dir(at.join("outside")).unwrap();
    fs::write(at.join("outside/kept"), "mine").unwrap();
    symlink("outside", at.join("link")).unwrap();
    symlink("/nowhere/at/all", at.join("dangling")).unwrap();
    let before = files(&at);
    let lines: String =
        ["file", "mine", "half", "mixed", "link", "dangling", "..", "no/folder", "mine/thesis"]
            .iter()
            .map(|name| format!("docker save -o oci:{name} alpine:3.19\n"))
            .collect();
    insta::assert_snapshot!(lab(&at, &lines));
    assert_eq!(before, files(&at));
    // An empty folder, and a layout behind a link, are replaced.
    fs::create_dir(at.join("empty")).unwrap();
    fs::remove_file(at.join("mixed/notes")).unwrap();
    symlink("mixed", at.join("to")).unwrap();
    let said = lab(&at, "docker save -o oci:empty alpine:3.19\ndocker save -o oci:to alpine:3.19\n");
    assert!(!said.contains("error"), "{said}");
    assert_eq!(files(&at.join("empty")), files(&at.join("mixed")));
    assert!(at.join("to").is_symlink() && at.join("to/index.json").is_file());
}

#[test]
fn hostile_folders_are_named() {
    let at = folder("hostile");
    let said = lab(&at, "docker save -o oci:good alpine:3.19\n");
    let good = files(&at.join("good"));
    let blob = |begins: &[u8]| {
        let is =
            |(name, _): &&(String, Digest)| fs::read(at.join("good").join(name)).unwrap().starts_with(begins);
        good.iter().find(is).unwrap_or_else(|| panic!("{said}")).0.clone()
    };
    let (manifest, layer) =
        (blob(b"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest"), blob(b"bin"));
    fs::write(at.join("secret"), "secret").unwrap();
    let absolute = at.join("secret");
    // Everything the lab may read, and yet not in the layout.
    type Change<'c> = &'c dyn Fn(&Path);
    let swap = |name: &str, change: Change<'_>| -> String {
        let _ = fs::remove_dir_all(at.join("bad"));
        for (file, _) in &good {
            let to = at.join("bad").join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(at.join("good").join(file), to).unwrap();
        }
        change(&at.join("bad"));
        let host = DiskHost::below(&at).unwrap();
        let said = archive::open_folder(&host, "bad", &Options::new(1 << 30), &mut fuel()).unwrap_err();
        let dive =
            Command::new(env!("CARGO_BIN_EXE_layerlab")).args(["dive", "oci:bad"]).current_dir(&at).output();
        let dive = dive.unwrap();
        assert_eq!(dive.status.code(), Some(2), "{name}");
        assert!(dive.stderr.starts_with(b"error: `"), "{name}");
        format!("{name}: {}\n", said.to_string().replace(at.to_str().unwrap(), "AT"))
    };
    let replace = |name: &str, make: Change<'_>| {
        swap(&format!("{name}, a layer"), &|bad| {
            fs::remove_file(bad.join(&layer)).unwrap();
            make(&bad.join(&layer));
        })
    };
    let index = |name: &str, from: &str, to: &str| {
        swap(name, &|bad| {
            let text = fs::read_to_string(bad.join("index.json")).unwrap();
            assert!(text.contains(from));
            fs::write(bad.join("index.json"), text.replacen(from, to, 1)).unwrap();
        })
    };
    let digest = manifest.rsplit('/').next().unwrap();
    let mut told = String::new();
    told += &replace("symlink to outside", &|to| symlink("../../../secret", to).unwrap());
    told += &replace("absolute symlink", &|to| symlink(&absolute, to).unwrap());
    told += &replace("symlink to itself", &|to| symlink(to.file_name().unwrap(), to).unwrap());
    told += &replace("symlink to nothing", &|to| symlink("nothing", to).unwrap());
    told += &replace("fifo", &|to| assert!(Command::new("mkfifo").arg(to).status().unwrap().success()));
    told += &replace("folder", &|to| fs::create_dir(to).unwrap());
    told += &replace("missing", &|_| {});
    told += &replace("other bytes", &|to| fs::write(to, "other").unwrap());
    told += &replace("cut", &|to| {
        let whole = fs::read(at.join("good").join(&layer)).unwrap();
        fs::write(to, &whole[..whole.len() / 2]).unwrap();
    });
    told += &swap("symlink to outside, blobs", &|bad| {
        fs::rename(bad.join("blobs"), at.join("elsewhere")).unwrap();
        symlink("../elsewhere", bad.join("blobs")).unwrap();
    });
    told += &swap("symlink to outside, index.json", &|bad| {
        fs::remove_file(bad.join("index.json")).unwrap();
        symlink("../good/index.json", bad.join("index.json")).unwrap();
    });
    told += &swap("no manifest's blob", &|bad| fs::remove_file(bad.join(&manifest)).unwrap());
    told += &swap("another manifest", &|bad| fs::write(bad.join(&manifest), "{}").unwrap());
    told += &swap("nothing at all", &|bad| {
        fs::remove_dir_all(bad).unwrap();
        fs::create_dir(bad).unwrap();
    });
    told += &swap("an index that is a folder", &|bad| {
        fs::remove_file(bad.join("index.json")).unwrap();
        fs::create_dir(bad.join("index.json")).unwrap();
    });
    told += &index("an index that leads out", &format!("sha256:{digest}"), "sha256:../../../secret");
    told += &index("an index with another kind of digest", "sha256:", "sha512:");
    told += &index("an index that leads to nothing", digest, &"0".repeat(64));
    told += &index("an index without images", "\"manifests\":[", "\"manifest\":[");
    told += &swap("a docker manifest that leads out", &|bad| {
        let text = r#"[{"Config":"../secret","Layers":[]}]"#;
        fs::write(bad.join("manifest.json"), text).unwrap();
    });
    insta::assert_snapshot!(told);
    // Inside, a link is a part like another: old versions of Docker wrote such.
    let _ = fs::remove_dir_all(at.join("elsewhere"));
    let good_layer = at.join("good").join(&layer);
    fs::rename(&good_layer, at.join("good/layer")).unwrap();
    symlink("../../layer", &good_layer).unwrap();
    let said = lab(&at, "docker load -i good\n");
    assert!(said.contains("Loaded image: alpine:3.19"), "{said}");
}

#[test]
fn an_interrupted_save_leaves_the_old_folder() {
    let at = folder("interrupted");
    let said = lab(&at, "docker save -o oci:out alpine:3.19\ndocker save -o app.tar alpine:3.19\n");
    let before = files(&at.join("out"));
    assert_eq!(before.len(), 5, "{said}");
    // A layer is copied out of an archive that has changed meanwhile.
    let mut host = DiskHost::below(&at).unwrap();
    let stored = host.open("app.tar", 1 << 30).unwrap();
    let loaded = archive::open(&stored, &Options::new(1 << 30), &mut fuel()).unwrap().remove(0);
    let saved = archive::archive(&[(loaded.image.clone(), loaded.names)], &mut fuel()).unwrap();
    let mut bytes = fs::read(at.join("app.tar")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(at.join("app.tar"), bytes).unwrap();
    let folder = host.write_folder("out", &archive::LAYOUT, &mut |out| saved.write_folder(out).map(drop));
    let file = host.write_with("app.tar", &mut |out| saved.write(out));
    let folder = folder.unwrap_err().to_string();
    assert_eq!(folder, "out: app.tar has changed since it was opened");
    assert_eq!(file.unwrap_err().to_string(), "app.tar: app.tar has changed since it was opened");
    // What a file holds is asked for later than it was listed.
    let held = loaded.image.layers[0].layer.at(b"/etc/alpine-release").unwrap();
    let Kind::File(contents) = &loaded.image.layers[0].layer.inode(held).kind else { panic!() };
    assert_eq!(contents.to_bytes(1 << 20), None);
    assert_eq!(before, files(&at.join("out")));
    let mut names: Vec<_> = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["app.tar", "out"]);
}

/// Contents are read when they are asked for; by then the file may be another one.
#[test]
fn what_was_loaded_and_has_changed_is_told_and_not_taken_for_zeros() {
    let at = folder("changed");
    lab(&at, "docker save -o app.tar alpine:3.19\n");
    let paper = screen::Paper::default();
    let renderer = Renderer::new(Box::new(paper.clone()), Style::default());
    let mut session = Session::new(Box::new(DiskHost::below(&at).unwrap()), Box::new(renderer));
    session.line("<repl>", "docker load -i app.tar").unwrap();
    session.line("<repl>", "docker run --rm alpine:3.19 cat /etc/alpine-release").unwrap();
    // Another file under its name: the open one is still there.
    fs::rename(at.join("app.tar"), at.join("moved.tar")).unwrap();
    fs::write(at.join("app.tar"), "another").unwrap();
    session.line("<repl>", "docker run --rm alpine:3.19 cat /etc/hostname").unwrap();
    let file = fs::OpenOptions::new().append(true).open(at.join("moved.tar")).unwrap();
    (&file).write_all(b"more").unwrap();
    let error =
        session.line("<repl>", "docker run --name c alpine:3.19 cat /etc/alpine-release").unwrap_err();
    let said = error.to_string();
    assert!(said.contains("app.tar has changed since it was opened"), "{said}");
    // The line did nothing, and the next one is not blamed.
    session.line("<repl>", "docker ps -aq").unwrap();
    let before = paper.text();
    session.line("<repl>", "docker run --name c busybox:1.36 echo there").unwrap();
    assert!(paper.text()[before.len()..].contains("there"), "{}", paper.text());
}

/// Ctrl-C in the middle of a save, of a file and of a folder.
#[test]
fn an_interrupt_leaves_what_was_there() {
    if interrupts::ignores_interrupts() {
        return;
    }
    let at = folder("interrupt");
    lab(&at, "docker save -o oci:lay alpine:3.19\n");
    fs::write(at.join("x.tar"), "old").unwrap();
    let before = files(&at);
    for to in ["x.tar", "oci:lay"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_layerlab"))
            .current_dir(&at)
            .env("LAYERLAB_HISTORY", "")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = format!("docker tag ubuntu:22.04 u:3.19\ndocker save -o {to} u:3.19\ndocker ps\n");
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let begun = || {
            fs::read_dir(&at)
                .unwrap()
                .any(|entry| entry.unwrap().file_name().to_string_lossy().ends_with(".new"))
        };
        while !begun() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{to}");
        assert_eq!(before, files(&at), "{to}");
    }
}
