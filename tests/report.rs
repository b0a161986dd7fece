//! The report: one file of HTML, whatever the image says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::command::dive::Subject;
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin, Store};
use layerlab::inspect::{BuildStage, StageSource, StageStep, history_steps};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const EVIL: &str = "<script>alert(1)</script>\"'&\u{1b}[31m\u{202e}";

fn image() -> Image {
    let tree = |entries: &[(&str, Inode)]| {
        let mut tree = Tree::new();
        for (path, inode) in entries {
            tree.put(path.as_bytes(), inode.clone());
        }
        tree
    };
    let file = |byte: u8, len: u64| Inode::file(Contents::fill(byte, len));
    let evil = format!("/app/{}", EVIL.replace('/', "!"));
    let layers = [
        ("ADD rootfs.tar /".to_owned(), tree(&[("/bin/sh", file(1, 900_000)), ("/etc/motd", file(2, 30))])),
        (
            format!("COPY {EVIL} /app"),
            tree(&[(&evil, file(3, 500_000)), ("/app/big", file(4, 400_000)), ("/app/c/x", file(5, 90_000))]),
        ),
        (
            format!("RUN echo {EVIL}"),
            tree(&[("/app/big", file(4, 400_000).with_mode(0o700)), ("/app/c", Inode::whiteout())]),
        ),
    ];
    let mut image = Image::default();
    for (command, tree) in layers {
        image.history.push_back_mut(History { created_by: command, ..History::default() });
        image.layers.push(ImageLayer::new(tree.seal(), Origin::BuildKit, "x"));
    }
    image.sealed()
}

fn page() -> String {
    let image = Arc::new(image());
    let store = Store::default();
    let steps = history_steps(&store, &[], &image);
    let step =
        |number, verdict: &'static str| StageStep { number, instruction: format!("RUN {EVIL}"), verdict };
    let stage = |name: &str, takes: Vec<(StageSource, &'static str)>, is_target| BuildStage {
        name: name.to_owned(),
        steps: vec![step(1, "MISS"), step(2, "NOT_LOOKED_UP")],
        takes,
        is_target,
        needed: true,
    };
    let stages = [
        stage("build", vec![(StageSource::Image(EVIL.to_owned()), "FROM")], false),
        stage(EVIL, vec![(StageSource::Stage(0), "COPY")], true),
    ];
    layerlab::report::of(&Subject::image(EVIL, image, &store, &[]), &steps, &stages)
}

/// The elements of a page, each closed as it was opened; what stands in no tag is text.
fn elements(page: &str) -> BTreeMap<String, usize> {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let (mut counts, mut open) = (BTreeMap::new(), Vec::new());
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        assert!(!tag.contains('<'), "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap().to_owned();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "after {tag}");
            continue;
        }
        // Attributes: names, and values in double quotes.
        let quotes = tag.matches('"').count();
        assert!(quotes.is_multiple_of(2), "{tag}");
        let attributes = tag.split('"').step_by(2).collect::<String>();
        assert!(!attributes.contains(['\'', '&', ';']), "{tag}");
        assert!(
            !attributes.split(' ').any(|name| name.starts_with("on") || name.starts_with("src")),
            "{tag}"
        );
        *counts.entry(name.clone()).or_insert(0) += 1;
        if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    counts
}

#[test]
fn nothing_in_an_image_becomes_markup() {
    let page = page();
    let counts = elements(&page);
    assert!(!counts.contains_key("script"));
    assert!(!page.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'));
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\x1b[31m\\u{202e}"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_parts_of_a_report() {
    let page = page();
    // Without the style sheet.
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    insta::assert_snapshot!(format!("{head}<style>…</style>{rest}"));
}

#[test]
fn a_report_at_the_prompt() {
    use layerlab::fs::{Host, MemoryHost};
    use layerlab::script::Session;
    let lines = ["docker pull alpine:3.19", "dive alpine:3.19 --report out.html"];
    let mut session = Session::new(Box::new(MemoryHost::default()), Box::new(Vec::new()));
    let error = session.line("t", lines[1]).unwrap_err();
    assert_eq!(error.message, "nobody writes reports here");
    session.set_report(layerlab::report::of);
    for line in lines {
        session.line("t", line).unwrap();
    }
    // The same through the command line.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let run = |of: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerlab"));
        command.args(["report", of, "-o", "out.html"]).current_dir(&folder).output().unwrap()
    };
    assert!(run("alpine:3.19").status.success());
    let page = std::fs::read_to_string(folder.join("out.html")).unwrap();
    assert!(elements(&page)["rect"] > 10);
    // Nothing is left beside it, and a refusal leaves the old file.
    assert_eq!(run("alpine:0.1").status.code(), Some(2));
    let left = layerlab::cli::DiskHost::below(&folder).unwrap().list(".").unwrap();
    assert_eq!(left.iter().map(|entry| entry.name.as_slice()).collect::<Vec<_>>(), [b"out.html"]);
    assert_eq!(std::fs::read_to_string(folder.join("out.html")).unwrap(), page);
}

/// Opens the page in a real browser: what it makes of it has all parts, and no script ran.
#[test]
fn chromium_shows_it() {
    let Some(chromium) = ["chromium", "chromium-browser"].into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    }) else {
        eprintln!("skipped: chromium is not on the PATH");
        return;
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report_chromium");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("report.html");
    std::fs::write(&file, page()).unwrap();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];
    let output = Command::new(chromium)
        .args(quiet)
        .args([&profile, "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success());
    let dom = String::from_utf8(output.stdout).unwrap();
    for part in [
        "<h2>Layers</h2>",
        "<h2>Bytes by path and layer</h2>",
        "<h2>What could be saved</h2>",
        "<h2>The build</h2>",
    ] {
        assert!(dom.contains(part), "{part} is missing in {dom}");
    }
    assert!(!dom.contains("<script"));
    // The browser found as many places and rows as were written.
    for element in ["<rect", "<summary", "<details", "<tr"] {
        assert_eq!(dom.matches(element).count(), page().matches(element).count(), "{element}");
    }
}
