//! Every transcript in the README and the book is replayed.
//!
//! A block marked `lab` is a sitting at the REPL: its lines after `lab> ` are typed into a fresh lab, and the
//! whole screen must come out as printed. A block marked `console` is a shell's: trycmd runs it.
//! `LAYERLAB_UPDATE=1 cargo test --test book` rewrites the `lab` blocks, `TRYCMD=overwrite` the others; read
//! what changed before it is committed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;
use std::path::{Path, PathBuf};

const PROMPT: &str = "lab> ";

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md")];
    let chapters = std::fs::read_dir(root.join("book/src")).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(chapters.filter(|path| path.extension().is_some_and(|end| end == "md")));
    pages.sort();
    pages
}

/// Types the block's lines into a fresh lab; the whole screen.
fn replay(block: &str) -> String {
    let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix(PROMPT)).collect();
    screen(&lines).lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The page with every `lab` block replayed.
fn replayed(page: &str) -> (String, usize) {
    let (mut text, mut rest, mut blocks) = (String::new(), page, 0);
    while let Some(start) = rest.find("```lab\n") {
        let body = start + "```lab\n".len();
        let end = body + rest[body..].find("```").expect("a block is closed");
        text.push_str(&rest[..body]);
        text.push_str(&replay(&rest[body..end]));
        rest = &rest[end..];
        blocks += 1;
    }
    text.push_str(rest);
    (text, blocks)
}

#[test]
fn transcripts_of_the_repl_are_what_the_repl_prints() {
    let update = std::env::var_os("LAYERLAB_UPDATE").is_some();
    let mut blocks = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let (now, count) = replayed(&text);
        // Each block is a sitting of its own.
        assert!(
            !now.contains("error: there is no variable `"),
            "{}: a block lacks what it uses",
            page.display()
        );
        blocks += count;
        if update {
            std::fs::write(&page, now).unwrap();
        } else {
            assert!(
                text == now,
                "{}:\n{}",
                page.display(),
                similar::TextDiff::from_lines(&text, &now).unified_diff()
            );
        }
    }
    assert!(blocks >= 6, "the pages hold only {blocks} transcripts");
}

#[test]
fn console_blocks_do_what_they_show() {
    trycmd::TestCases::new().case("README.md").case("book/src/*.md");
}

#[test]
fn pages_fit_their_reader() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        assert!(text.starts_with("# "), "{}", page.display());
        assert!(!text.contains("/shared"), "{}: a user has no such folder", page.display());
    }
}

#[test]
fn every_chapter_is_in_the_summary_and_every_scenario_in_the_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let summary = std::fs::read_to_string(root.join("book/src/SUMMARY.md")).unwrap();
    for page in pages().iter().filter(|page| page.starts_with(root.join("book"))) {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name}");
    }
    let list = std::fs::read_to_string(root.join("book/src/scenarios.md")).unwrap();
    for entry in std::fs::read_dir(root.join("scenarios")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(list.contains(&name), "{name} is not listed");
    }
    let surprises = std::fs::read_to_string(root.join("book/src/surprises.md")).unwrap();
    for entry in std::fs::read_dir(root.join("scenarios/overlay")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(surprises.contains(&format!("\n| `{name}` |")), "{name} is not listed");
    }
}
