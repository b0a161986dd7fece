//! What dive 0.13.1 tells about an image: sizes, efficiency, waste.
//!
//! The formulas are dive's own, oddities included (wagoodman/dive `dive/filetree/efficiency.go`,
//! `dive/image/analysis.go`): every copy of a file counts as waste, the needed one too; a directory that one
//! whiteout removes is not waste; what an opaque directory hides is not seen. One difference: the stack of
//! layers is kept while walking up, so the time does not grow with the number of deletions.

mod ci;
mod export;
mod rules;
mod table;
mod tree;

pub use ci::{ci, is_true};
pub use export::{export, summary};
pub use rules::size as parse_size;
pub use table::{human, table};
pub(super) use table::{row, shown};

use crate::image::archive::{Loaded, tar_entries};
use crate::image::{Image, ImageLayer};
use hashbrown::HashTable;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use tree::FileTree;

/// A layer as dive shows it.
#[derive(Clone, Debug)]
pub struct DiveLayer {
    /// First part of its file's name in the archive; of an image in the lab the digits of its diff id.
    pub id: String,
    /// `sha256:…`.
    pub diff_id: String,
    /// Sum of the sizes in its tar's headers, in bytes.
    pub size: u64,
    /// Its history text without a leading `/bin/sh -c `; `(missing)` without history.
    pub command: String,
    tree: FileTree,
}

impl DiveLayer {
    /// Names in its tree: entries, and directories that only a deeper name implies.
    pub fn files(&self) -> usize {
        self.tree.len()
    }
}

/// A path that several layers hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inefficiency {
    /// Absolute.
    pub path: Vec<u8>,
    /// In how many places it was seen.
    pub count: usize,
    /// Bytes of all of them together.
    pub bytes: u64,
    /// Bytes of the smallest.
    pub least: i64,
}

/// The figures of an image.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Bottom first.
    pub layers: Vec<DiveLayer>,
    /// 0 to 1.
    pub efficiency: f64,
    /// Bytes of all copies of what is inefficient.
    pub wasted_bytes: u64,
    /// Bytes that would do for the inefficient paths less: all copies but the smallest.
    pub savable_bytes: u64,
    /// Largest first.
    pub inefficiencies: Vec<Inefficiency>,
}

impl Analysis {
    /// All layers, in bytes.
    pub fn size(&self) -> u64 {
        self.layers.iter().map(|layer| layer.size).fold(0, u64::saturating_add)
    }

    /// All layers but the lowest, in bytes.
    pub fn user_bytes(&self) -> u64 {
        self.layers.iter().skip(1).map(|layer| layer.size).fold(0, u64::saturating_add)
    }

    /// Waste by what was added above the lowest layer; not a number when that is nothing and so is the waste.
    pub fn wasted_ratio(&self) -> f64 {
        self.wasted_bytes as f64 / self.user_bytes() as f64
    }
}

/// Analyses an image out of an archive: what its tars hold, entry by entry.
pub fn of_archive(loaded: &Loaded) -> Analysis {
    let layers = loaded.layers.iter().map(|layer| (layer.id.clone(), FileTree::of(&layer.entries)));
    analyse(&loaded.image, layers)
}

/// [`of_archive`] of what nobody asks for again: each layer's entries go when its tree is made.
pub fn into_analysis(loaded: Loaded) -> Analysis {
    let layers = loaded.layers.into_iter().map(|layer| (layer.id, FileTree::of(&layer.entries)));
    analyse(&loaded.image, layers)
}

/// Analyses an image of the lab: what the tars of its layers would hold.
pub fn of_image(image: &Image) -> Analysis {
    let tree = |layer: &ImageLayer| FileTree::of(&tar_entries(&layer.layer));
    analyse(image, image.layers.iter().map(|layer| (layer.diff_id.hex(), tree(layer))))
}

/// The layers' ids, trees and bytes, bottom first.
fn analyse(image: &Image, layers: impl Iterator<Item = (String, (FileTree, u64))>) -> Analysis {
    let mut commands = image.history.iter().filter(|entry| !entry.empty_layer).map(|entry| &entry.created_by);
    let layers: Vec<DiveLayer> = layers
        .zip(&image.layers)
        .map(|((id, (tree, size)), layer)| {
            let command = commands.next().map_or("(missing)", |command| command.as_str());
            DiveLayer {
                id,
                diff_id: layer.diff_id.to_string(),
                size,
                command: command.strip_prefix("/bin/sh -c ").unwrap_or(command).to_owned(),
                tree,
            }
        })
        .collect();
    let (efficiency, inefficiencies) = efficiency(&layers);
    let sum = |of: &dyn Fn(&Inefficiency) -> u64| inefficiencies.iter().map(of).fold(0, u64::saturating_add);
    Analysis {
        wasted_bytes: sum(&|path| path.bytes),
        savable_bytes: sum(&|path| path.bytes.saturating_sub(path.least.max(0) as u64)),
        layers,
        efficiency,
        inefficiencies,
    }
}

/// What was seen of a path.
#[derive(Default)]
struct Seen {
    visits: usize,
    sum: u64,
    least: i64,
}

impl Seen {
    fn once(bytes: u64) -> Seen {
        Seen { visits: 1, sum: bytes, least: signed(bytes) }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn path_hash(path: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(path);
    hasher.finish()
}

/// The nodes of all layers, numbered through.
struct Numbers<'l> {
    layers: &'l [DiveLayer],
    /// The number of each layer's root.
    roots: Vec<u32>,
}

impl<'l> Numbers<'l> {
    fn of(layers: &'l [DiveLayer]) -> (Numbers<'l>, usize) {
        let (mut roots, mut nodes) = (Vec::new(), 0);
        for layer in layers {
            roots.push(nodes as u32);
            nodes += layer.tree.nodes();
        }
        (Numbers { layers, roots }, nodes)
    }

    /// The tree of a node, and its number there.
    fn node(&self, number: u32) -> (&FileTree, u32) {
        let layer = self.roots.partition_point(|root| *root <= number).saturating_sub(1);
        (&self.layers[layer].tree, number - self.roots[layer])
    }
}

/// Score and inefficient paths (`efficiency.go`, `Efficiency`).
fn efficiency(layers: &[DiveLayer]) -> (f64, Vec<Inefficiency>) {
    let (numbers, nodes) = Numbers::of(layers);
    // Where each path was seen first. Of nearly all nothing more is to be told than the size there.
    let mut by_path: HashTable<u32> = HashTable::with_capacity(nodes);
    let mut more: HashMap<u32, Seen> = HashMap::new();
    let (mut least, mut all) = (0i128, 0i128);
    let mut twice: Vec<u32> = Vec::new();
    // Only a whiteout asks what lies below it.
    let mut deleting = layers.iter().filter(|layer| layer.tree.deletes()).count();
    let first = layers.first().filter(|_| deleting > 0);
    let mut stack = first.map(|layer| layer.tree.stack()).unwrap_or_default();
    for (layer, root) in layers.iter().zip(&numbers.roots) {
        layer.tree.each(&mut |visited| {
            if !visited.is_leaf {
                return true;
            }
            let hash = path_hash(visited.path);
            let same = |first: &u32| {
                let (tree, at) = numbers.node(*first);
                tree.is_at(at, visited.path)
            };
            let known = by_path.find(hash, same).copied();
            let at = known.unwrap_or(root + visited.at);
            if known.is_none() {
                // There is room for all: nothing is moved.
                by_path.insert_unique(hash, at, |_| 0);
                if !visited.is_whiteout {
                    let bytes = visited.node.size();
                    (least, all) = (least + i128::from(signed(bytes)), all + i128::from(bytes));
                    return true;
                }
            }
            let seen = more.entry(at).or_insert_with(|| match known {
                None => Seen { least: -1, ..Seen::default() },
                Some(first) => {
                    let (tree, at) = numbers.node(first);
                    let bytes = tree.size(at);
                    (least, all) = (least - i128::from(signed(bytes)), all - i128::from(bytes));
                    Seen::once(bytes)
                }
            });
            let bytes = match visited.is_whiteout {
                true => stack.removed_bytes(visited.path),
                false => Some(visited.node.size()),
            };
            // A whiteout of nothing ends the walk of its layer; its key stays behind.
            let Some(bytes) = bytes else { return false };
            seen.sum = seen.sum.saturating_add(bytes);
            seen.least = if seen.least < 0 { signed(bytes) } else { seen.least.min(signed(bytes)) };
            seen.visits += 1;
            if seen.visits == 2 {
                twice.push(at);
            }
            true
        });
        // The lowest layer is where the stack began; dive puts it onto itself once more.
        deleting -= usize::from(layer.tree.deletes());
        if deleting > 0 {
            stack.put_on(&layer.tree);
        }
    }
    for seen in more.values() {
        (least, all) = (least + i128::from(seen.least), all + i128::from(seen.sum));
    }
    let least = least.min(i64::MAX.into());
    let all = all.min(u64::MAX.into());
    let score = if all == 0 { 1.0 } else { least as f64 / all as f64 };
    let listed = twice.into_iter().filter_map(|at| Some((at, more.get(&at)?)));
    let mut list: Vec<Inefficiency> = listed
        .map(|(first, seen)| {
            let (tree, at) = numbers.node(first);
            let path = tree.path(at, tree::hidden);
            Inefficiency { path, count: seen.visits, bytes: seen.sum, least: seen.least }
        })
        .collect();
    // Shown backwards: of equal ones the path that was found last stands first.
    list.sort_by_key(|path| path.bytes);
    list.reverse();
    (score, list)
}
