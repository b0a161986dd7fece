//! Drawing a layer from listings and short tables: names and sizes instead of stored bytes.

use super::listing::{self, Line};
use crate::fs::{Contents, Inode, Kind, Nodes, Tree, path};
use std::borrow::Cow;
use std::collections::HashSet;

/// A layer that is being drawn. Every file gets the sketch's time; big files are described by a
/// label (family and path) and a size, so that equal files of two images stay equal.
pub(super) struct Sketch {
    family: &'static str,
    mtime: i64,
    merged: bool,
    tree: Tree,
}

impl Sketch {
    /// An empty layer whose files carry this time (Unix seconds).
    pub(super) fn new(family: &'static str, mtime: i64) -> Sketch {
        Sketch { family, mtime, merged: false, tree: Tree::new() }
    }

    /// From here on `/bin`, `/sbin` and `/lib…` are links into `/usr`: what a listing has there lies here.
    pub(super) fn merged_usr(&mut self) -> &mut Sketch {
        self.merged = true;
        self
    }

    fn place<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let moved = ["/bin/", "/sbin/", "/lib/", "/lib64/"].iter().any(|dir| path.starts_with(dir));
        let dir = ["/bin", "/sbin", "/lib", "/lib64"].contains(&path);
        if self.merged && (moved || dir) { format!("/usr{path}").into() } else { path.into() }
    }

    /// Puts anything.
    pub(super) fn put(&mut self, path: &str, mut inode: Inode) -> &mut Sketch {
        inode.mtime = self.mtime;
        self.tree.put(path.as_bytes(), inode);
        self
    }

    /// Directories of one mode, paths separated by blanks.
    pub(super) fn dirs(&mut self, mode: u16, paths: &str) -> &mut Sketch {
        for path in paths.split_whitespace() {
            self.put(path, Inode::dir(mode));
        }
        self
    }

    /// One directory with an owner.
    pub(super) fn dir_of(&mut self, path: &str, mode: u16, uid: u32, gid: u32) -> &mut Sketch {
        self.put(path, Inode::dir(mode).owned(uid, gid))
    }

    /// A text file, 0644.
    pub(super) fn text(&mut self, path: &str, text: &str) -> &mut Sketch {
        self.put(path, Inode::file(Contents::text(text)))
    }

    /// A text file with a mode and a group.
    pub(super) fn text_of(&mut self, path: &str, mode: u16, gid: u32, text: &str) -> &mut Sketch {
        self.put(path, Inode::file(Contents::text(text)).with_mode(mode).owned(0, gid))
    }

    /// A script, 0755, made `size` bytes long by a comment line (never shortened).
    pub(super) fn script(&mut self, path: &str, text: &str, size: usize) -> &mut Sketch {
        self.put(path, Inode::file(Contents::text(&padded(text, size))).with_mode(0o755))
    }

    /// A described program.
    pub(super) fn program(&mut self, path: &str, name: &str, size: u64) -> &mut Sketch {
        self.put(path, Inode::file(Contents::of_program(name, size)).with_mode(0o755))
    }

    /// Described files of one directory, 0644: `libm.so.6 907784 …`.
    pub(super) fn files(&mut self, dir: &str, table: &str) -> &mut Sketch {
        for (name, size) in pairs(table) {
            self.described(&format!("{dir}/{name}"), size, 0o644);
        }
        self
    }

    /// One described file.
    pub(super) fn described(&mut self, path: &str, size: u64, mode: u16) -> &mut Sketch {
        let contents = Contents::seeded(format!("{}:{path}", self.family), size);
        self.put(path, Inode::file(contents).with_mode(mode))
    }

    /// One symbolic link.
    pub(super) fn link(&mut self, path: &str, target: &str) -> &mut Sketch {
        self.put(path, Inode::symlink(target.as_bytes()))
    }

    /// More names of one directory for an existing file: hard links.
    pub(super) fn hard_links(&mut self, dir: &str, existing: &str, names: &str) -> &mut Sketch {
        for name in names.split_whitespace() {
            self.tree.put_link(format!("{dir}/{name}").as_bytes(), existing.as_bytes());
        }
        self
    }

    /// Shares `total` bytes unevenly among described files of one directory.
    pub(super) fn spread(&mut self, dir: &str, total: u64, names: &str) -> &mut Sketch {
        let names: Vec<&str> = names.split_whitespace().collect();
        let weights: Vec<u64> = names.iter().map(|name| weight(name)).collect();
        let (mut left, mut weight_left) = (total, weights.iter().sum::<u64>());
        for (name, weight) in names.iter().zip(weights) {
            let size = (u128::from(left) * u128::from(weight) / u128::from(weight_left.max(1))) as u64;
            (left, weight_left) = (left - size, weight_left - weight);
            self.described(&format!("{dir}/{name}"), size, 0o644);
        }
        self
    }

    /// [`Sketch::spread`] over what is missing until the layer has `total` bytes.
    pub(super) fn fill_up(&mut self, total: u64, dir: &str, names: &str) -> &mut Sketch {
        let drawn = self.bytes();
        debug_assert!(drawn <= total, "{}: {drawn} of {total} bytes drawn", self.family);
        self.spread(dir, total.saturating_sub(drawn), names)
    }

    /// Everything of a listing.
    pub(super) fn listing(&mut self, text: &str) -> &mut Sketch {
        listing::read(text, &mut |_, line| {
            self.line(line);
        });
        self
    }

    /// One line of a listing. A file that can be executed is a described program, unless it is a
    /// library or its name says that it is a script.
    pub(super) fn line(&mut self, line: &Line<'_>) -> &mut Sketch {
        match *line {
            Line::Dir { path, mode, uid, gid } => self.dir_of(&self.place(path), mode, uid, gid),
            Line::Link { path, target } if self.merged && target == format!("usr{path}") => {
                self.dirs(0o755, &format!("/usr{path}")).link(path, target)
            }
            Line::Link { path, target } => self.link(&self.place(path), target),
            Line::HardLink { path, existing } => {
                let (path, existing) = (self.place(path), self.place(existing));
                self.tree.put_link(path.as_bytes(), existing.as_bytes());
                self
            }
            Line::File { path, size, mode, uid, gid } => {
                let contents = match program(path).filter(|_| mode & 0o111 != 0) {
                    Some(name) => Contents::of_program(name, size),
                    None => Contents::seeded(format!("{}:{path}", self.family), size),
                };
                self.put(&self.place(path), Inode::file(contents).with_mode(mode).owned(uid, gid))
            }
        }
    }

    /// A mark that what a layer below has here is gone.
    pub(super) fn whiteout(&mut self, path: &str) -> &mut Sketch {
        self.put(path, Inode::whiteout())
    }

    /// The text of a file that was drawn.
    pub(super) fn read(&self, path: &str) -> String {
        let inode = self.tree.at(path.as_bytes()).map(|ino| self.tree.inode(ino));
        match inode.map(|inode| &inode.kind) {
            Some(Kind::File(contents)) => contents.to_text(1 << 22).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, path: &str) -> &mut Sketch {
        let (dir, name) = (path::parent(path.as_bytes()), path::file_name(path.as_bytes()));
        if let Some(dir) = self.tree.at(dir) {
            self.tree.unlink(dir, name);
        }
        self
    }

    /// Changes the size of a described file so that the whole layer has `total` bytes.
    pub(super) fn settle(&mut self, total: u64, path: &str) -> &mut Sketch {
        let (drawn, ino) = (self.bytes(), self.tree.at(path.as_bytes()));
        let Some(ino) = ino else {
            debug_assert!(false, "{}: there is no {path}", self.family);
            return self;
        };
        let inode = self.tree.inode(ino);
        let (now, mode, program) =
            (inode.size(), inode.mode, program(path).filter(|_| inode.mode & 0o111 != 0));
        debug_assert!(total + now >= drawn, "{}: {drawn} of {total} bytes drawn", self.family);
        let size = (total + now).saturating_sub(drawn);
        let contents = match program {
            Some(name) => Contents::of_program(name, size),
            None => Contents::seeded(format!("{}:{path}", self.family), size),
        };
        self.put(path, Inode::file(contents).with_mode(mode))
    }

    /// Bytes drawn so far as `docker history` counts them: a hard-linked file once, a symlink as its text.
    fn bytes(&self) -> u64 {
        let (mut bytes, mut seen) = (0, HashSet::new());
        self.tree.walk(&mut |_, ino, inode| {
            bytes += match &inode.kind {
                Kind::File(contents) if seen.insert(ino) => contents.len(),
                Kind::Symlink(target) => target.len() as u64,
                _ => 0,
            };
        });
        bytes
    }

    /// The tree. Directories that nobody drew get the sketch's time too.
    pub(super) fn done(&mut self) -> Tree {
        let mut dirs = vec![0];
        self.tree.walk(&mut |_, ino, inode| {
            if inode.kind.is_dir() {
                dirs.push(ino);
            }
        });
        for dir in dirs {
            self.tree.inode_mut(dir).mtime = self.mtime;
        }
        self.tree.clone()
    }
}

/// Is this the rest of `python3.12`, or of `python3`?
fn minor(rest: &str) -> bool {
    rest.is_empty() || rest.strip_prefix('.').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The program that an executable file of this path is; none for a library, nor for a script that lies
/// in no `bin`.
fn program(at: &str) -> Option<&str> {
    const SCRIPTS: [&str; 8] = [".sh", ".bash", ".pl", ".py", ".js", ".rc", ".bat", ".cmd"];
    let (dir, name) = at.rsplit_once('/').unwrap_or(("", at));
    let script = !dir.ends_with("bin") && SCRIPTS.iter().any(|end| name.ends_with(end));
    match name {
        "npm-cli.js" => Some("npm"),
        "npx-cli.js" => Some("npx"),
        "corepack.js" => Some("corepack"),
        _ if name.strip_prefix("pip3").is_some_and(minor) => Some("pip"),
        _ if name.strip_prefix("python3").is_some_and(minor) => Some("python3"),
        "ld-musl-x86_64.so.1" => Some("ld-musl"),
        "ld-linux-x86-64.so.2" => Some("ld.so"),
        _ if name.contains(".so") || script => None,
        name => Some(name),
    }
}

/// `text` made `size` bytes long by comment lines at its end; never shortened. One missing byte stays
/// missing: no comment is that short.
pub(super) fn padded(text: &str, size: usize) -> String {
    let missing = size.saturating_sub(text.len());
    let mut padded = text.to_owned();
    if missing >= 2 {
        let mut rule = String::from("#");
        let mut column = 1;
        while rule.len() + 1 < missing {
            let wrap = column >= 72 && missing - rule.len() > 3;
            rule.push_str(if wrap { "\n#" } else { "-" });
            column = if wrap { 1 } else { column + 1 };
        }
        rule.push('\n');
        padded.push_str(&rule);
    }
    padded
}

fn pairs(table: &str) -> impl Iterator<Item = (&str, u64)> {
    let mut words = table.split_whitespace();
    std::iter::from_fn(move || Some((words.next()?, words.next()?.parse().unwrap_or(0))))
}

/// Between 1 and 16, by the name alone.
fn weight(name: &str) -> u64 {
    let sum = name.bytes().fold(5381u64, |sum, b| (sum.wrapping_mul(33)) ^ u64::from(b));
    (sum >> 3) % 16 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_gives_away_every_byte() {
        let mut sketch = Sketch::new("test", 0);
        sketch.text("/a", "12345").fill_up(1_000_003, "/d", "one two three four five");
        let layer = sketch.done().seal();
        assert_eq!((layer.bytes(), layer.entries()), (1_000_003, 7));
    }

    #[test]
    fn a_listing_becomes_a_tree_of_programs_files_and_links() {
        let mut sketch = Sketch::new("test", 0);
        sketch
            .listing("= a\n/usr/bin\nbash 90 4755\nsh > bash\nrbash = /usr/bin/bash\n/lib\nlibc.so 5 755\n");
        sketch.settle(1000, "/lib/libc.so");
        let layer = sketch.done().seal();
        assert_eq!((layer.bytes(), layer.entries()), (996, 7));
        let at = |path: &str| layer.inode(layer.at(path.as_bytes()).unwrap());
        let program = |path: &str| match &at(path).kind {
            Kind::File(contents) => contents.program().map(str::to_owned),
            _ => None,
        };
        assert_eq!((program("/usr/bin/rbash").as_deref(), program("/lib/libc.so")), (Some("bash"), None));
        assert_eq!((at("/usr/bin/bash").mode, at("/lib/libc.so").size()), (0o4755, 906));
    }

    #[test]
    fn padding_reaches_the_size_exactly_and_stays_comments() {
        for size in [4, 20, 21, 90, 95, 96, 97, 98, 99, 700, 1620] {
            let text = padded("#!/bin/sh\nexit 0\n", size);
            assert_eq!(text.len(), size.max(17), "{size}");
            assert!(text.lines().skip(2).all(|line| line.starts_with('#')), "{text}");
        }
    }
}
