//! Drawing a layer from short tables: names and sizes instead of stored bytes.

use crate::fs::{Contents, Inode, Kind, Layer, Nodes, Tree};

/// A layer that is being drawn. Every file gets the sketch's time; big files are described by a
/// label (family and path) and a size, so that equal files of two images stay equal.
pub(super) struct Sketch {
    family: &'static str,
    mtime: i64,
    bytes: u64,
    tree: Tree,
}

impl Sketch {
    /// An empty layer whose files carry this time (Unix seconds).
    pub(super) fn new(family: &'static str, mtime: i64) -> Sketch {
        Sketch { family, mtime, bytes: 0, tree: Tree::new() }
    }

    /// Puts anything.
    pub(super) fn put(&mut self, path: &str, mut inode: Inode) -> &mut Sketch {
        inode.mtime = self.mtime;
        self.bytes += match &inode.kind {
            Kind::File(contents) => contents.len(),
            Kind::Symlink(target) => target.len() as u64,
            _ => 0,
        };
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

    /// Described programs of one directory, each behaving by its own name: `cat 35280 ls 138208 …`.
    pub(super) fn programs(&mut self, dir: &str, table: &str) -> &mut Sketch {
        for (name, size) in pairs(table) {
            self.program(&format!("{dir}/{name}"), name, size);
        }
        self
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

    /// Symbolic links of one directory to the same target.
    pub(super) fn links(&mut self, dir: &str, target: &str, names: &str) -> &mut Sketch {
        for name in names.split_whitespace() {
            self.link(&format!("{dir}/{name}"), target);
        }
        self
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
        debug_assert!(self.bytes <= total, "{}: {} of {total} bytes drawn", self.family, self.bytes);
        self.spread(dir, total.saturating_sub(self.bytes), names)
    }

    /// Seals it. Directories that nobody drew get the sketch's time too.
    pub(super) fn seal(&mut self) -> Layer {
        let mut dirs = vec![0];
        self.tree.walk(&mut |_, ino, inode| {
            if inode.kind.is_dir() {
                dirs.push(ino);
            }
        });
        for dir in dirs {
            self.tree.inode_mut(dir).mtime = self.mtime;
        }
        self.tree.seal()
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
        let layer = sketch.seal();
        assert_eq!((layer.bytes(), layer.entries()), (1_000_003, 7));
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
