//! A git repository of the table: each branch and tag has its files, and everything git computes from
//! them is computed: blobs, trees, commits, the pack and its index. Real git reads what a clone leaves.
//!
//! Formats: git's `Documentation/gitformat-pack` and `gitformat-index`. History is not modelled: a commit
//! has no parent.

use crate::fs::{Contents, EPOCH};
use crate::shell::taught::{File, Kind};
use sha1::{Digest, Sha1};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Bytes of all files of a repository.
const MOST: u64 = 64 << 20;
/// Who made every commit, and when.
const AUTHOR: &str = "Layerlab <lab@example.com>";
/// The message of every commit.
pub(crate) const SUBJECT: &str = "Files as taught";

/// Paths and files.
pub(crate) type Tree = Vec<(String, File)>;

/// A SHA-1 of git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id([u8; 20]);

impl Id {
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A repository.
#[derive(Debug, PartialEq)]
pub(crate) struct Repository {
    /// The branch that HEAD is.
    pub default: String,
    pub branches: BTreeMap<String, Id>,
    pub tags: BTreeMap<String, Id>,
    trees: BTreeMap<Id, Tree>,
}

/// An object: its type as a pack numbers it, and what it holds.
struct Object {
    kind: u8,
    id: Id,
    data: Contents,
}

impl Repository {
    /// None: the files are more than 64 MiB.
    pub fn new(
        default: String,
        branches: BTreeMap<String, Tree>,
        tags: BTreeMap<String, Tree>,
    ) -> Option<Repository> {
        let all = branches.values().chain(tags.values()).flatten();
        if all.map(|(_, file)| file.len()).fold(0, u64::saturating_add) > MOST {
            return None;
        }
        let mut trees = BTreeMap::new();
        let mut commits = |refs: BTreeMap<String, Tree>| {
            let mut named = BTreeMap::new();
            for (name, mut tree) in refs {
                for (path, _) in &mut tree {
                    *path = path.trim_matches('/').to_owned();
                }
                tree.sort_by(|a, b| a.0.cmp(&b.0));
                let id = objects(&tree, &mut |_| {});
                named.insert(name, id);
                trees.insert(id, tree);
            }
            named
        };
        let (branches, tags) = (commits(branches), commits(tags));
        Some(Repository { default, branches, tags, trees })
    }

    /// In a few words.
    pub fn shown(&self) -> String {
        let names = |refs: &BTreeMap<String, Id>| refs.keys().cloned().collect::<Vec<_>>().join(", ");
        let tags = if self.tags.is_empty() { String::new() } else { format!("; tags {}", names(&self.tags)) };
        format!("git, branches {}{tags}", names(&self.branches))
    }

    /// The files of a commit, sorted by path.
    pub fn tree(&self, commit: Id) -> &[(String, File)] {
        self.trees.get(&commit).map_or(&[], Vec::as_slice)
    }

    /// The commit that a number means, written out or cut short.
    pub fn commit(&self, number: &str) -> Option<Id> {
        let fits = number.len() >= 4 && number.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = number.to_ascii_lowercase();
        self.trees.keys().find(|id| fits && id.hex().starts_with(&number)).copied()
    }

    /// The pack that holds these commits, its index, and the name both have.
    pub fn pack(&self, commits: &[Id]) -> (Contents, Contents, String) {
        let mut objects_in = Vec::new();
        let mut seen = BTreeSet::new();
        for commit in commits {
            objects(self.tree(*commit), &mut |object| {
                if seen.insert(object.id) {
                    objects_in.push(object);
                }
            });
        }
        objects_in.sort_by_key(|object| (object.kind, object.id));
        write_pack(&objects_in)
    }
}

fn sha1(parts: &[&[u8]]) -> Id {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    Id(hasher.finalize().into())
}

fn object(kind: u8, data: Contents) -> Object {
    let word = match kind {
        1 => "commit",
        2 => "tree",
        _ => "blob",
    };
    let mut hasher = Sha1::new();
    hasher.update(format!("{word} {}\0", data.len()));
    data.for_each_chunk(&mut |chunk| hasher.update(chunk));
    Object { kind, id: Id(hasher.finalize().into()), data }
}

/// Hands out every object of a commit with these files; the commit's name.
fn objects(tree: &[(String, File)], take: &mut dyn FnMut(Object)) -> Id {
    let files: Vec<(&str, &File)> = tree.iter().map(|(path, file)| (path.as_str(), file)).collect();
    let root = tree_objects(&files, take);
    let text = format!(
        "tree {}\nauthor {AUTHOR} {EPOCH} +0000\ncommitter {AUTHOR} {EPOCH} +0000\n\n{SUBJECT}\n",
        root.hex()
    );
    let commit = object(1, Contents::text(&text));
    let id = commit.id;
    take(commit);
    id
}

/// The mode that git keeps of a file.
fn git_mode(file: &File) -> u32 {
    match file.kind {
        Kind::Link(_) => 0o120_000,
        Kind::File(_) if file.mode & 0o100 != 0 => 0o100_755,
        Kind::File(_) => 0o100_644,
    }
}

fn blob(file: &File) -> Object {
    match &file.kind {
        Kind::File(contents) => object(3, contents.clone()),
        Kind::Link(target) => object(3, Contents::text(target)),
    }
}

fn tree_objects(files: &[(&str, &File)], take: &mut dyn FnMut(Object)) -> Id {
    let mut entries: BTreeMap<Vec<u8>, (u32, String, Id)> = BTreeMap::new();
    let mut below: BTreeMap<&str, Vec<(&str, &File)>> = BTreeMap::new();
    for (path, file) in files {
        match path.split_once('/') {
            Some((dir, rest)) => below.entry(dir).or_default().push((rest.trim_start_matches('/'), file)),
            None => {
                let blob = blob(file);
                entries.insert(path.as_bytes().to_vec(), (git_mode(file), (*path).to_owned(), blob.id));
                take(blob);
            }
        }
    }
    for (dir, files) in below {
        let id = tree_objects(&files, take);
        // git sorts a directory as if its name ended in a slash.
        entries.insert([dir.as_bytes(), b"/"].concat(), (0o40_000, dir.to_owned(), id));
    }
    let mut data = Vec::new();
    for (mode, name, id) in entries.values() {
        data.extend_from_slice(format!("{mode:o} {name}\0").as_bytes());
        data.extend_from_slice(&id.0);
    }
    let tree = object(2, Contents::bytes(data));
    let id = tree.id;
    take(tree);
    id
}

fn write_pack(objects: &[Object]) -> (Contents, Contents, String) {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&(objects.len() as u32).to_be_bytes());
    let mut rows: Vec<(Id, u32, u32)> = Vec::new();
    for object in objects {
        let start = pack.len();
        let mut size = object.data.len();
        let mut byte = object.kind << 4 | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        pack.push(byte);
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        // Writing to memory can't fail.
        object.data.for_each_chunk(&mut |chunk| drop(encoder.write_all(chunk)));
        pack.extend(encoder.finish().unwrap_or_default());
        let mut crc = flate2::Crc::new();
        crc.update(pack.get(start..).unwrap_or_default());
        rows.push((object.id, crc.sum(), start as u32));
    }
    let sum = sha1(&[&pack]);
    pack.extend_from_slice(&sum.0);
    rows.sort();
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255u8 {
        let count = rows.iter().filter(|(id, ..)| id.0[0] <= first).count() as u32;
        index.extend_from_slice(&count.to_be_bytes());
    }
    rows.iter().for_each(|(id, ..)| index.extend_from_slice(&id.0));
    rows.iter().for_each(|(_, crc, _)| index.extend_from_slice(&crc.to_be_bytes()));
    rows.iter().for_each(|(.., offset)| index.extend_from_slice(&offset.to_be_bytes()));
    index.extend_from_slice(&sum.0);
    let own = sha1(&[&index]);
    index.extend_from_slice(&own.0);
    (Contents::bytes(pack), Contents::bytes(index), sum.hex())
}

/// The index of a work tree in which these files were just written: `.git/index`.
pub(crate) fn index(tree: &[(String, File)], now: i64) -> Contents {
    let mut out = b"DIRC\0\0\0\x02".to_vec();
    out.extend_from_slice(&(tree.len() as u32).to_be_bytes());
    for (path, file) in tree {
        let start = out.len();
        let seconds = now as u32;
        for number in [seconds, 0, seconds, 0, 0, 0, git_mode(file), 0, 0, file.len() as u32] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&blob(file).id.0);
        out.extend_from_slice(&(path.len().min(0xfff) as u16).to_be_bytes());
        out.extend_from_slice(path.as_bytes());
        let padded = start + (out.len() - start + 8) / 8 * 8;
        out.resize(padded, 0);
    }
    let sum = sha1(&[&out]);
    out.extend_from_slice(&sum.0);
    Contents::bytes(out)
}
