//! Stacking: the layers are laid on each other, bottom first, and every path keeps what each did to it.

use super::changes::Changed;
use super::{Cause, Hidden, Layers, MadeBy, Node, OfLayer, Version, stored};
use crate::fs::{Entries, Ino, Layer, Name, Nodes};
use crate::image::{History, Image};
use std::collections::HashMap;
use std::sync::Arc;

impl Layers {
    /// Stacks an image's layers. The lowest `base` of them belong to the image it was built on; with 0 the
    /// history decides: a lowest layer that is an `ADD` of a whole root filesystem is a base.
    pub fn of(image: &Image, base: usize) -> Layers {
        let mut stacking = Stacking::new();
        stacking.image(image, base);
        stacking.done()
    }

    /// Stacks the layers of two images beside each other, to compare what they show.
    pub fn of_two(first: &Image, second: &Image) -> Layers {
        let mut stacking = Stacking::new();
        stacking.image(first, 0);
        stacking.image(second, 0);
        stacking.done()
    }
}

/// A path while the layers are being stacked.
#[derive(Default)]
struct Growing {
    parent: u32,
    /// One more than the place of its last version in the log.
    last: u32,
    /// Of a directory; most paths are files.
    inside: Option<Box<Inside>>,
    /// Stands in its parent's list.
    is_listed: bool,
}

/// What lies in a directory.
#[derive(Default)]
struct Inside {
    /// In the order of their names.
    children: Vec<(Name, u32)>,
    /// Children that are visible, and perhaps some that no longer are.
    alive: Vec<u32>,
}

impl Growing {
    fn inside(&mut self) -> &mut Inside {
        self.inside.get_or_insert_default()
    }
}

struct Stacking {
    nodes: Vec<Growing>,
    /// Versions as they came, each with the `last` that its path had before.
    log: Vec<(Version, u32)>,
    layers: Vec<OfLayer>,
    images: Vec<std::ops::Range<usize>>,
    hidden: Vec<Hidden>,
    /// For each layer the visible names of each hard-linked inode.
    names: Vec<HashMap<Ino, u32>>,
    /// The first layer of the image that is being stacked.
    since: u32,
}

impl Stacking {
    fn new() -> Stacking {
        Stacking {
            nodes: vec![Growing::default()],
            log: Vec::new(),
            layers: Vec::new(),
            images: Vec::new(),
            hidden: Vec::new(),
            names: Vec::new(),
            since: 0,
        }
    }

    fn image(&mut self, image: &Image, base: usize) {
        self.since = self.layers.len() as u32;
        for node in &mut self.nodes {
            if let Some(inside) = &mut node.inside {
                inside.alive.clear();
            }
            node.is_listed = false;
        }
        let mut entries = image.history.iter().filter(|entry| !entry.empty_layer);
        for (index, layer) in image.layers.iter().enumerate() {
            let (command, mut made_by) = entries.next().map_or(("(missing)".into(), MadeBy::Other), told);
            if index < base || (base == 0 && index == 0 && is_rootfs(&command)) {
                made_by = MadeBy::Base;
            }
            let number = self.layers.len() as u32;
            self.layers.push(OfLayer {
                layer: layer.layer.clone(),
                diff_id: layer.diff_id.to_string(),
                command: command.into(),
                made_by,
                bytes: layer.layer.bytes(),
            });
            self.names.push(HashMap::new());
            self.lay(&layer.layer, number);
        }
        self.images.push(self.since as usize..self.layers.len());
    }

    /// The last version of a path.
    fn last(&self, at: u32) -> Option<Version> {
        let last = self.nodes.get(at as usize)?.last;
        self.log.get((last as usize).checked_sub(1)?).map(|(version, _)| *version)
    }

    /// The version of a path that this image's layers so far show.
    fn visible(&self, at: u32) -> Option<Version> {
        self.last(at).filter(|version| version.layer >= self.since && version.ino.is_some())
    }

    fn push(&mut self, at: u32, version: Version) {
        let Some(node) = self.nodes.get_mut(at as usize) else { return };
        self.log.push((version, node.last));
        node.last = self.log.len() as u32;
    }

    /// Takes the last version back.
    fn pop(&mut self, at: u32) {
        let Some(node) = self.nodes.get_mut(at as usize) else { return };
        let before = (node.last as usize).checked_sub(1).and_then(|last| self.log.get(last));
        node.last = before.map_or(0, |(_, before)| *before);
    }

    /// Lays a layer on those below it.
    fn lay(&mut self, layer: &Layer, number: u32) {
        let Some(entries) = layer.inode(0).entries() else { return };
        let mut open = vec![self.children(0, entries).into_iter()];
        while let Some(entries) = open.last_mut() {
            let Some((at, ino)) = entries.next() else {
                open.pop();
                continue;
            };
            let inode = layer.inode(ino);
            if inode.deletes() {
                self.remove(at, at, number);
                continue;
            }
            self.set(at, number, ino, layer);
            if let Some(inside) = inode.entries() {
                open.push(self.children(at, inside).into_iter());
            }
        }
    }

    /// The paths of a directory's entries, made where they are new; both lists are in the order of the names.
    fn children(&mut self, dir: u32, entries: &Entries) -> Vec<(u32, Ino)> {
        let wanted: Vec<(&Name, Ino)> = entries.iter().collect();
        let Some(node) = self.nodes.get_mut(dir as usize) else { return Vec::new() };
        let known = std::mem::take(&mut node.inside().children);
        let mut found = Vec::with_capacity(wanted.len());
        let mut new: Vec<(Name, u32)> = Vec::new();
        // Few names in a large directory are looked up, many are walked beside it.
        let few = wanted.len() * 16 < known.len();
        let mut from = 0;
        for (name, ino) in wanted {
            let place = match few {
                true => known.binary_search_by(|(other, _)| other.cmp(name)).ok(),
                false => {
                    while known.get(from).is_some_and(|(other, _)| other < name) {
                        from += 1;
                    }
                    Some(from).filter(|from| known.get(*from).is_some_and(|(other, _)| other == name))
                }
            };
            let at = place.and_then(|place| known.get(place)).map_or_else(
                || {
                    let at = self.nodes.len() as u32;
                    self.nodes.push(Growing { parent: dir, ..Growing::default() });
                    new.push((name.clone(), at));
                    at
                },
                |(_, at)| *at,
            );
            found.push((at, ino));
        }
        new.shrink_to_fit();
        if let Some(node) = self.nodes.get_mut(dir as usize) {
            node.inside().children = merged(known, new);
        }
        found
    }

    /// A layer has an object at a path.
    fn set(&mut self, at: u32, layer: u32, ino: Ino, tree: &Layer) {
        // What the same layer took away just before, because the directory is opaque.
        let gone = self.last(at).is_some_and(|last| last.layer == layer);
        if gone {
            self.pop(at);
        }
        let before = self.visible(at);
        let inode = tree.inode(ino);
        let was = before.and_then(|v| Some(self.layers.get(v.layer as usize)?.layer.inode(v.ino?)));
        let changed = was.map_or(Changed::ADDED, |was| Changed::between(was, inode));
        let stays = was.is_some_and(|was| was.kind.is_dir()) && inode.kind.is_dir() && !inode.is_opaque();
        let had_children = was.is_some_and(|was| was.kind.is_dir());
        if let Some(before) = before.filter(|_| !gone) {
            self.hide(at, before, layer, Cause::Replaced(changed));
        }
        if had_children && !stays && !gone {
            self.empty(at, at, layer);
        }
        let names = self.names.get_mut(layer as usize).filter(|_| inode.nlink > 1 && !inode.kind.is_dir());
        let linked = names.is_some_and(|names| {
            let names = names.entry(ino).or_insert(0);
            *names += 1;
            *names > 1
        });
        self.push(at, Version { layer, ino: Some(ino), changed, with: at, linked });
        let Some(node) = self.nodes.get_mut(at as usize) else { return };
        if !std::mem::replace(&mut node.is_listed, true) {
            let parent = node.parent;
            if let Some(parent) = self.nodes.get_mut(parent as usize) {
                parent.inside().alive.push(at);
            }
        }
    }

    /// A path goes, with all below it.
    fn remove(&mut self, at: u32, with: u32, layer: u32) {
        let Some(before) = self.visible(at) else { return };
        self.hide(at, before, layer, Cause::Gone(with));
        self.push(at, Version { layer, ino: None, changed: Changed::NOTHING, with, linked: false });
        self.empty(at, with, layer);
    }

    /// All below a path goes. No recursion: a deep tree can't overflow the stack. Each list of visible
    /// children is taken once, so the time is that of what was added.
    fn empty(&mut self, at: u32, with: u32, layer: u32) {
        let mut open = vec![at];
        while let Some(dir) = open.pop() {
            let Some(node) = self.nodes.get_mut(dir as usize) else { continue };
            let alive = node.inside.as_mut().map(|inside| std::mem::take(&mut inside.alive));
            for child in alive.unwrap_or_default() {
                if let Some(node) = self.nodes.get_mut(child as usize) {
                    node.is_listed = false;
                }
                let Some(before) = self.visible(child) else { continue };
                self.push(
                    child,
                    Version { layer, ino: None, changed: Changed::NOTHING, with, linked: false },
                );
                self.hide(child, before, layer, Cause::Gone(with));
                open.push(child);
            }
        }
    }

    /// One name fewer shows this inode; with the last its bytes are hidden.
    fn hide(&mut self, at: u32, before: Version, by: u32, cause: Cause) {
        let Some(ino) = before.ino else { return };
        let names = self.names.get_mut(before.layer as usize).and_then(|names| names.get_mut(&ino));
        let left = names.map_or(0, |names| {
            *names = names.saturating_sub(1);
            *names
        });
        let bytes = self.layers.get(before.layer as usize).map_or(0, |of| stored(of.layer.inode(ino)));
        if left == 0 && bytes > 0 {
            self.hidden.push(Hidden { at, layer: before.layer, ino, by, cause });
        }
    }

    /// The paths in the order of a walk.
    fn done(mut self) -> Layers {
        let count = self.nodes.len();
        let mut place = vec![0u32; count];
        let mut nodes: Vec<Node> = Vec::with_capacity(count);
        let mut versions = Vec::with_capacity(self.log.len());
        let empty: Name = Arc::from(&b""[..]);
        nodes.push(Node { name: empty, parent: 0, end: count as u32, first: 0, depth: 0 });
        let taken = |node: &mut Growing| node.inside.take().map(|inside| inside.children).unwrap_or_default();
        let root = self.nodes.first_mut().map(taken).unwrap_or_default();
        let mut open = vec![(root.into_iter(), 0u32)];
        while let Some((children, parent)) = open.last_mut() {
            let Some((name, old)) = children.next() else {
                open.pop();
                continue;
            };
            let (parent, at) = (*parent, nodes.len() as u32);
            let Some(growing) = self.nodes.get_mut(old as usize) else { continue };
            if let Some(place) = place.get_mut(old as usize) {
                *place = at;
            }
            let first = versions.len();
            let mut last = growing.last;
            while let Some((version, before)) = (last as usize).checked_sub(1).and_then(|at| self.log.get(at))
            {
                versions.push(*version);
                last = *before;
            }
            if let Some(own) = versions.get_mut(first..) {
                own.reverse();
            }
            let first = first as u32;
            let children = taken(growing);
            nodes.push(Node { name, parent, end: at + 1, first, depth: open.len() as u32 });
            open.push((children.into_iter(), at));
        }
        (self.nodes, self.log) = Default::default();
        // What lies in a directory ends where its last child's does.
        for at in (1..nodes.len()).rev() {
            let (parent, end) = nodes.get(at).map_or((0, 0), |node| (node.parent, node.end));
            if let Some(parent) = nodes.get_mut(parent as usize) {
                parent.end = parent.end.max(end);
            }
        }
        versions.shrink_to_fit();
        let new = |old: u32| place.get(old as usize).copied().unwrap_or(0);
        versions.iter_mut().for_each(|version: &mut Version| version.with = new(version.with));
        for hidden in &mut self.hidden {
            hidden.at = new(hidden.at);
            if let Cause::Gone(with) = &mut hidden.cause {
                *with = new(*with);
            }
        }
        Layers { nodes, versions, layers: self.layers, images: self.images, hidden: self.hidden }
    }
}

/// Two lists in the order of their names, as one.
fn merged(known: Vec<(Name, u32)>, new: Vec<(Name, u32)>) -> Vec<(Name, u32)> {
    if new.is_empty() || known.is_empty() {
        return if new.is_empty() { known } else { new };
    }
    let mut all = Vec::with_capacity(known.len() + new.len());
    let mut new = new.into_iter().peekable();
    for old in known {
        while let Some(before) = new.next_if(|(name, _)| *name < old.0) {
            all.push(before);
        }
        all.push(old);
    }
    all.extend(new);
    all
}

/// What a history entry says without what the builders put around it, and what kind of step it was
/// (moby `builder/dockerfile/dispatchers.go`, buildkit `dockerfile2llb/convert.go`, `withShell`).
pub(in crate::inspect) fn told(entry: &History) -> (String, MadeBy) {
    // As `docker history` prints it.
    let text = entry.created_by.replace('\t', " ");
    let text = text.trim();
    if text.is_empty() {
        let told = if entry.comment.is_empty() { "(missing)" } else { entry.comment.trim() };
        return (told.to_owned(), MadeBy::Other);
    }
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    if let Some(nop) = text.strip_prefix("/bin/sh -c #(nop)") {
        let text = nop.trim();
        return (text.to_owned(), if is_copy(text) { MadeBy::Copy } else { MadeBy::Other });
    }
    if let Some(run) = text.strip_prefix("/bin/sh -c ") {
        return (format!("RUN {}", run.trim()), MadeBy::Run);
    }
    if let Some(run) = text.strip_prefix("RUN /bin/sh -c ") {
        return (format!("RUN {}", run.trim()), MadeBy::Run);
    }
    // `|1 NAME=value`: build arguments that the RUN was given.
    if let Some((_, run)) = text
        .strip_prefix("RUN ")
        .unwrap_or(text)
        .strip_prefix('|')
        .and_then(|given| given.split_once(" /bin/sh -c "))
    {
        return (format!("RUN {}", run.trim()), MadeBy::Run);
    }
    let made_by = match text {
        text if is_copy(text) => MadeBy::Copy,
        text if text.starts_with("RUN ") || text.starts_with('|') => MadeBy::Run,
        _ => MadeBy::Other,
    };
    (text.to_owned(), made_by)
}

fn is_copy(text: &str) -> bool {
    text.starts_with("COPY ") || text.starts_with("ADD ")
}

/// `ADD file:… in /`, or `ADD alpine-minirootfs… /`: how the official bases begin.
fn is_rootfs(command: &str) -> bool {
    command.starts_with("ADD ") && command.trim_end().ends_with(" /")
}
