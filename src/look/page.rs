//! What covers the screen for a while: a file's contents, its difference between layers, why it is waste,
//! a layer in full, the keys.

use super::Looked;
use crate::fs::{Contents, Inode, Kind};
use crate::inspect::dive::human;
use crate::inspect::layers::{At, Version, show};
use crate::render::clean;
use similar::{ChangeTag, TextDiff};
use std::ops::Range;

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Dim,
    Strong,
    Added,
    Removed,
    Modified,
}

/// A page, and how far it is scrolled.
pub(super) struct Page {
    pub(super) title: String,
    pub(super) lines: Vec<(Ink, String)>,
    pub(super) top: usize,
}

/// Bytes of a file that are shown, and lines that are compared.
const MOST_BYTES: u64 = 256 << 10;
const MOST_LINES: usize = 4000;

impl Page {
    fn new(title: String) -> Page {
        Page { title, lines: Vec::new(), top: 0 }
    }

    fn put(&mut self, ink: Ink, text: impl Into<String>) {
        self.lines.push((ink, text.into()));
    }

    /// Scrolls, so that the last line may come to the top.
    pub(super) fn scroll(&mut self, rows: isize) {
        self.top = self.top.saturating_add_signed(rows).min(self.lines.len().saturating_sub(1));
    }

    /// The keys.
    pub(super) fn help() -> Page {
        let mut page = Page::new("Keys".to_owned());
        for (keys, what) in KEYS {
            match what.is_empty() {
                true => page.put(Ink::Strong, *keys),
                false => page.put(Ink::Plain, format!("  {keys:<22} {what}")),
            }
        }
        page
    }

    /// A layer with its whole command.
    pub(super) fn layer(looked: &Looked, layer: usize) -> Page {
        let mut page = Page::new(format!("Layer {layer}"));
        if let Some(of) = looked.layers.layers().get(layer) {
            page.put(Ink::Strong, "Command");
            of.command.split('\n').for_each(|line| page.put(Ink::Plain, show(line.as_bytes())));
            page.put(Ink::Plain, "");
            page.put(Ink::Strong, "Digest");
            page.put(Ink::Plain, of.diff_id.clone());
            page.put(Ink::Plain, "");
            let found: Vec<_> =
                looked.waste.found.iter().filter(|found| found.by == layer || found.first == layer).collect();
            if !found.is_empty() {
                page.put(Ink::Strong, "Waste it has a part in");
            }
            for found in found {
                page.put(Ink::Removed, told(looked, found));
                page.put(Ink::Dim, format!("  {}", found.fix));
            }
        }
        page
    }

    /// What a version of a file holds: text, or bytes in hexadecimal.
    pub(super) fn contents(looked: &Looked, at: At, version: &Version) -> Page {
        let path = show(&looked.layers.path(at));
        let mut page = Page::new(format!("{path}   in layer {}", version.layer));
        let Some(inode) = looked.layers.inode(version) else { return page };
        attributes(&mut page, inode);
        page.put(Ink::Plain, "");
        match &inode.kind {
            Kind::File(contents) => file(&mut page, contents),
            Kind::Symlink(to) => page.put(Ink::Plain, format!("→ {}", show(to))),
            kind => page.put(Ink::Dim, format!("a {} holds no bytes", kind.word())),
        }
        page
    }

    /// A version beside the one below it.
    pub(super) fn difference(looked: &Looked, at: At, was: Option<&Version>, is: &Version) -> Page {
        let path = show(&looked.layers.path(at));
        let Some(was) = was else {
            let mut page = Page::contents(looked, at, is);
            page.lines.insert(0, (Ink::Added, "nothing lay here before: the layer added it".to_owned()));
            return page;
        };
        let mut page = Page::new(format!("{path}   layer {} → layer {}", was.layer, is.layer));
        let inode = |version| looked.layers.inode(version);
        let (Some(was), is) = (inode(was), inode(is)) else { return page };
        let Some(is) = is else {
            page.put(Ink::Removed, "the layer deletes it; before it was");
            attributes(&mut page, was);
            return page;
        };
        for (word, old, new) in [
            ("kind", was.kind.word().to_owned(), is.kind.word().to_owned()),
            ("mode", format!("{:04o}", was.mode), format!("{:04o}", is.mode)),
            ("owner", format!("{}:{}", was.uid, was.gid), format!("{}:{}", is.uid, is.gid)),
            ("size", human(was.size()), human(is.size())),
        ] {
            match old == new {
                true => page.put(Ink::Dim, format!("{word:<6} {old}")),
                false => page.put(Ink::Modified, format!("{word:<6} {old} → {new}")),
            }
        }
        page.put(Ink::Plain, "");
        if let (Kind::File(old), Kind::File(new)) = (&was.kind, &is.kind) {
            lines_between(&mut page, old, new);
        }
        page
    }

    /// The story of a path through the layers, and what it wastes.
    pub(super) fn why(looked: &Looked, at: At, image: Range<usize>) -> Page {
        let layers = &looked.layers;
        let mut page = Page::new(format!("Why: {}", show(&layers.path(at))));
        let mut before = false;
        for version in layers.versions(at).iter().filter(|v| image.contains(&(v.layer as usize))) {
            let command = layers.layers().get(version.layer as usize).map_or("", |of| &*of.command);
            let head = format!("layer {:<3}", version.layer);
            let bytes = human(layers.bytes(version));
            let words = version.changed.words().join(", ");
            let (ink, told) = match (version.ino, before) {
                (None, _) if version.with as At == at => (Ink::Removed, "a whiteout hides it".to_owned()),
                (None, _) => {
                    let with = show(&layers.path(version.with as At));
                    (Ink::Removed, format!("hidden with {with}"))
                }
                (Some(_), false) => (Ink::Added, format!("added, {bytes}")),
                (Some(_), true) if words.is_empty() => {
                    (Ink::Modified, format!("the same bytes again, {bytes}"))
                }
                (Some(_), true) => (Ink::Modified, format!("{words} changed; the layer has all {bytes}")),
            };
            before = version.ino.is_some();
            page.put(ink, format!("{head} {told}"));
            page.put(Ink::Dim, format!("          {}", show(command.as_bytes())));
        }
        page.put(Ink::Plain, "");
        let inside = |other: At| {
            other == at || (layers.end(other) > at && at > other) || (other > at && other < layers.end(at))
        };
        let found: Vec<_> = looked.waste.found.iter().filter(|found| inside(found.at)).collect();
        match found.is_empty() {
            true => page.put(Ink::Strong, "It wastes nothing: every byte of it is seen, and seen once."),
            false => page.put(Ink::Strong, "Waste here"),
        }
        for found in found {
            page.put(Ink::Removed, told(looked, found));
            page.put(Ink::Dim, format!("  {}", found.fix));
        }
        page
    }
}

/// A finding in one line.
pub(super) fn told(looked: &Looked, found: &crate::inspect::layers::Wasted) -> String {
    let files = if found.files > 1 { format!("   ({} files)", found.files) } else { String::new() };
    format!(
        "{:>8}  {:<17}  {} → {}   {}{files}",
        human(found.bytes),
        found.kind.word(),
        found.first,
        found.by,
        show(&looked.layers.path(found.at))
    )
}

fn attributes(page: &mut Page, inode: &Inode) {
    let size = human(inode.size());
    let owner = format!("{}:{}", inode.uid, inode.gid);
    page.put(Ink::Dim, format!("{}   {:04o}   {owner}   {size}", inode.kind.word(), inode.mode));
}

const UNREADABLE: &str = "The bytes can't be read any more: the archive has changed. Open it again.";

fn file(page: &mut Page, contents: &Contents) {
    let head = contents.head(MOST_BYTES);
    if (head.len() as u64) < contents.len().min(MOST_BYTES) {
        page.put(Ink::Strong, UNREADABLE);
        return;
    }
    match text(&head) {
        Some(text) => text.lines().for_each(|line| page.put(Ink::Plain, line)),
        None => hex(page, &head),
    }
    if contents.len() > MOST_BYTES {
        page.put(Ink::Dim, format!("… and {} more; Ctrl+E extracts all", human(contents.len() - MOST_BYTES)));
    }
}

/// Text with what a terminal would obey made visible, unless the bytes are none.
fn text(bytes: &[u8]) -> Option<String> {
    // A character may be cut at the end.
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if valid.contains('\0') {
        return None;
    }
    Some(clean(valid).replace('\t', "    "))
}

fn hex(page: &mut Page, bytes: &[u8]) {
    const MOST: usize = 16 << 10;
    for (row, line) in bytes.get(..MOST.min(bytes.len())).unwrap_or_default().chunks(16).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown: String = line
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        page.put(Ink::Plain, format!("{:08x}  {:<47}  {shown}", row * 16, hex.join(" ")));
    }
    if bytes.len() > MOST {
        page.put(Ink::Dim, "… no text; Ctrl+E extracts all of it");
    }
}

fn lines_between(page: &mut Page, was: &Contents, is: &Contents) {
    let unread = |contents: &Contents| contents.head(1).is_empty() && !contents.is_empty();
    if unread(was) || unread(is) {
        page.put(Ink::Strong, UNREADABLE);
        return;
    }
    if was.len() == is.len() && was.key_digest() == is.key_digest() {
        page.put(Ink::Strong, "The bytes are the same: the layer stores them once more.");
        return;
    }
    let (old, new) = (text(&was.head(MOST_BYTES)), text(&is.head(MOST_BYTES)));
    let (Some(old), Some(new)) = (old, new) else {
        page.put(Ink::Strong, "The bytes differ; at least one of the two is no text.");
        return;
    };
    let long = [&old, &new].iter().any(|text| text.lines().count() > MOST_LINES);
    if long || was.len().max(is.len()) > MOST_BYTES {
        page.put(
            Ink::Strong,
            "The bytes differ; both are too long to be compared here. Ctrl+E extracts one.",
        );
        return;
    }
    let diff = TextDiff::from_lines(&old, &new);
    for group in diff.grouped_ops(3) {
        if let Some(first) = group.first() {
            page.put(
                Ink::Dim,
                format!("@@ line {} → {}", first.old_range().start + 1, first.new_range().start + 1),
            );
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            match change.tag() {
                ChangeTag::Delete => page.put(Ink::Removed, format!("- {line}")),
                ChangeTag::Insert => page.put(Ink::Added, format!("+ {line}")),
                ChangeTag::Equal => page.put(Ink::Plain, format!("  {line}")),
            }
        }
    }
}

/// All keys; a heading has no second half.
const KEYS: &[(&str, &str)] = &[
    ("Everywhere", ""),
    ("Tab, Shift+Tab", "next or previous part"),
    ("arrows, h j k l", "move"),
    ("PgUp u, PgDn d", "a page up or down"),
    ("Home g, End G", "first, last"),
    ("Ctrl+F, /", "filter by path: a regular expression; Esc ends it"),
    ("s", "the least size that is shown: 10MB; empty: all"),
    ("?, Esc", "this page; away with a page"),
    ("q, Ctrl+C", "quit"),
    ("Layers", ""),
    ("Ctrl+L, Ctrl+A", "what this layer changed; what all up to it changed"),
    ("Enter", "the whole command, and the waste of the layer"),
    ("Tree", ""),
    ("Space, Ctrl+Space", "collapse or open one directory, all of them"),
    ("Left, Right", "collapse or go out; open or go in"),
    ("Ctrl+A R M U", "hide or show added, removed, modified, unmodified;"),
    ("m", "modified too: Ctrl+M is Enter in most terminals"),
    ("Ctrl+O", "by size or by name"),
    ("Ctrl+B, Ctrl+P", "attributes; wrap long names"),
    ("Enter, v", "what a file holds in this layer"),
    ("c", "compare it with the version below"),
    ("w", "why: the path through all layers, what it wastes, the fix"),
    ("Ctrl+E", "extract the file to this computer"),
    ("Waste", ""),
    ("Enter", "show the path in the tree, in the layer that hid it"),
    ("w", "why, and the fix"),
];
