//! A step deletes what a lower layer keeps: whiteouts hide, they free nothing.

use super::played::{Made, listed};
use super::{Look, Said};
use crate::dockerfile::Kind as Word;
use crate::fs::{Kind, Nodes, path};
use crate::image::ImageLayer;
use crate::trace::Fuel;
use std::collections::{BTreeMap, HashSet};

pub(super) const RULE: &str = "DeletedInLaterLayer";

/// Less than this of a base is not worth a word: everybody removes a default page.
const LEAST_OF_BASE: u64 = 64 << 10;

/// What a step hides of one lower layer.
#[derive(Default)]
struct Hidden {
    bytes: u64,
    paths: Vec<String>,
}

pub(super) fn look(look: &mut Look<'_>) {
    let Some(image) = look.played.image else { return };
    for made in &look.played.made {
        for (at, hidden) in hidden(made, &image.layers, &mut look.t.fuel) {
            let own = look.played.own(at);
            let least = if own.is_some() { 1 } else { LEAST_OF_BASE };
            if hidden.bytes < least {
                continue;
            }
            let whose = if own.is_some() { "" } else { " of the base" };
            let message = format!(
                "{} deleted here, but layer {}{whose} keeps the bytes: the image gets no smaller",
                are(&hidden.paths),
                at + 1
            );
            let fix = match own {
                None => "take a smaller base: what a base brings can't be taken away again".to_owned(),
                Some(below) => match below.instruction.kind {
                    Word::Copy(_) | Word::Add(_) => format!(
                        "don't let step {} copy it: name it in .dockerignore, or use RUN --mount=type=bind where it is needed",
                        below.step.number
                    ),
                    _ => format!(
                        "delete it in the RUN that makes it, step {}: RUN … && rm …",
                        below.step.number
                    ),
                },
            };
            let said = Said {
                message,
                layer: look.played.found_layer(at),
                bytes: Some(hidden.bytes),
                paths: hidden.paths,
                fix,
                ..Said::default()
            };
            look.add(RULE, made.step.number, made.instruction, said);
        }
    }
}

fn are(paths: &[String]) -> String {
    format!("{} {}", listed(paths), if paths.len() == 1 { "is" } else { "are" })
}

/// For each lower layer, what this one's whiteouts and opaque directories hide of it.
fn hidden(made: &Made<'_>, layers: &[ImageLayer], fuel: &mut Fuel) -> BTreeMap<usize, Hidden> {
    let mut marks: Vec<Vec<u8>> = Vec::new();
    made.layer.layer.walk(&mut |at, _, inode| {
        if inode.is_whiteout() || (inode.kind.is_dir() && inode.is_opaque()) {
            marks.push(at.to_vec());
        }
    });
    let mut all: BTreeMap<usize, Hidden> = BTreeMap::new();
    for mark in marks {
        let mut seen: HashSet<Vec<u8>> = HashSet::new();
        for (at, lower) in layers.iter().enumerate().take(made.at).rev() {
            if !fuel.spend(2) {
                return all;
            }
            let found = below(lower, &mark, &mut seen, fuel);
            if found.bytes > 0 {
                let hidden = all.entry(at).or_default();
                hidden.bytes = hidden.bytes.saturating_add(found.bytes);
                hidden.paths.push(path::show(&mark).into_owned());
            }
            if found.last {
                break;
            }
        }
    }
    all
}

/// What one layer has at a path.
struct Found {
    bytes: u64,
    /// Layers below it don't show there.
    last: bool,
}

fn below(lower: &ImageLayer, mark: &[u8], seen: &mut HashSet<Vec<u8>>, fuel: &mut Fuel) -> Found {
    let tree = &lower.layer;
    let mut at = 0;
    let mut covers = false;
    for name in path::names(mark) {
        let Some(next) = tree.child(at, name) else { return Found { bytes: 0, last: covers } };
        at = next;
        let inode = tree.inode(at);
        if inode.is_whiteout() {
            return Found { bytes: 0, last: true };
        }
        covers |= inode.is_opaque() || !inode.kind.is_dir();
    }
    if let Kind::File(contents) = &tree.inode(at).kind {
        let new = seen.insert(Vec::new());
        return Found { bytes: if new { contents.len() } else { 0 }, last: true };
    }
    let mut bytes = 0u64;
    let mut whiteouts: Vec<Vec<u8>> = Vec::new();
    tree.walk_from(at, b"", &mut |inside, _, inode| {
        if !fuel.spend(1) {
            return;
        }
        match &inode.kind {
            Kind::Dir(_) => {}
            Kind::File(contents) if !seen.contains(inside) && !is_below(inside, seen) => {
                bytes = bytes.saturating_add(contents.len());
                whiteouts.push(inside.to_vec());
            }
            _ => whiteouts.push(inside.to_vec()),
        }
    });
    seen.extend(whiteouts);
    Found { bytes, last: covers }
}

/// Is a directory above the path hidden already?
fn is_below(inside: &[u8], seen: &HashSet<Vec<u8>>) -> bool {
    if seen.is_empty() {
        return false;
    }
    let ends = inside.iter().enumerate().filter(|(at, byte)| *at > 0 && **byte == b'/').map(|(at, _)| at);
    ends.into_iter().any(|end| inside.get(..end).is_some_and(|above| seen.contains(above)))
}
