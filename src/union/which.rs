//! `which`: who wins a name, who is hidden, and why.

use super::cache::{DirId, Entry};
use super::explain::{called, listed};
use super::mount::Mount;
use super::types::Which;
use super::walk::Last;
use super::why::named;
use crate::fs::path::{clean, names, show};
use crate::fs::{Errno, Ino, Inode, Kind};
use crate::trace::{Answer, Event, Probe, Trace};

/// The search for one name, with what every asked layer said.
pub(super) struct Search {
    pub trail: Vec<(u32, Answer)>,
    pub entry: Result<Entry, Errno>,
    pub path: Vec<u8>,
}

/// How a sentence begins about a search that fails.
pub(super) const FAILS: &str = "the look-up fails: ";

/// More layers than this are counted, not listed.
const MANY: usize = 4;

impl Mount {
    /// Which layer wins for this path, which are hidden, and why. A final symlink is not followed.
    pub fn which(&mut self, path: &[u8], t: &mut Trace) -> Which {
        let path = clean(path);
        let which = match self.begin(t) {
            Ok(()) => self.explain(&path, true, t),
            Err(errno) => nobody(&path, Vec::new(), errno.message().to_owned()),
        };
        t.emit(|| Event::Which {
            path: which.path.clone(),
            probes: which.probes.clone(),
            winner: which.winner.clone(),
            shown: which.shown.clone(),
            why: which.why.clone(),
        });
        which
    }

    /// [`Mount::which`] without an event. With `ghosts` it is said of a name that is not found whether
    /// readdir lists it.
    pub(super) fn explain(&mut self, path: &[u8], ghosts: bool, t: &mut Trace) -> Which {
        let place = match self.parent_of(path, t) {
            Ok(place) => place,
            Err(errno) => return self.explain_parent(path, errno, t),
        };
        let Last::Normal(name) = &place.last else { return self.explain_root() };
        if name.len() > 255 {
            return nobody(path, Vec::new(), "a name has at most 255 bytes: no layer is asked".to_owned());
        }
        let search = self.search_for(place.dir, name);
        let probes = self.spoken(&search);
        let shown = search.entry.as_ref().map_or_else(|_| Vec::new(), |entry| self.numbers(entry));
        let (winner, mut why) = match &search.entry {
            Ok(entry) => match entry.real() {
                Some(part) => {
                    let why = self.why_found(&search, entry, place.dir, &probes);
                    (Some(self.layer_ref(self.layer_of(part))), why + self.leads(&search, entry).as_str())
                }
                None => (None, self.why_missing(&search, entry, place.dir, &probes)),
            },
            Err(errno) => (None, self.why_refusing(&search, *errno)),
        };
        if ghosts
            && winner.is_none()
            && let Some(ghost) = self.ghost(place.dir, name, search.entry.is_err())
        {
            why.push_str(&ghost);
        }
        Which { path: show(path).into_owned(), probes, winner, shown, why }
    }

    /// The layers of an entry, as people count them.
    fn numbers(&self, entry: &Entry) -> Vec<usize> {
        entry.parts().map(|part| self.layer_ref(self.layer_of(part)).number).collect()
    }

    fn why_found(&self, search: &Search, entry: &Entry, dir: DirId, probes: &[Probe]) -> String {
        let reason = self.reason(entry);
        let hidden = self.hidden_layers(entry, probes);
        let Some(first) = hidden.first().filter(|_| !entry.unlinked) else { return reason };
        let covered = self.list(&hidden);
        if self.real(entry).is_some_and(|inode| inode.kind.is_dir()) {
            return format!("{reason}; hidden: {covered}, since {}", self.what_hides(search, dir, *first));
        }
        // A file ends the search: what lies below it was never asked.
        let parts = entry.parts().last().map_or(0, |(layer, _)| layer);
        let below: Vec<u32> = hidden.iter().copied().filter(|layer| *layer > parts).collect();
        match below.len() == hidden.len() && self.holds_dir(dir, &below) {
            true => format!("{reason}, and hides {covered}"),
            false => format!("{reason}; hidden: {covered}, since {}", self.what_hides(search, dir, *first)),
        }
    }

    fn why_missing(&self, search: &Search, entry: &Entry, dir: DirId, probes: &[Probe]) -> String {
        let hidden = self.hidden_layers(entry, probes);
        let whiteout = search.trail.iter().find(|(_, answer)| *answer == Answer::Whiteout);
        match (whiteout, hidden.first()) {
            (Some((layer, _)), first) => {
                let mut who = called(&self.layer_ref(*layer));
                if self.raw(*layer, &search.path).is_some_and(Inode::is_xwhiteout) {
                    who.push_str(" (an empty file with the whiteout attribute)");
                }
                match first {
                    Some(_) => format!("deleted: a whiteout in {who} hides {}", self.list(&hidden)),
                    None => format!("a stray whiteout in {who}: no layer below has the name"),
                }
            }
            (None, Some(first)) => {
                format!("hidden: {}, since {}", self.list(&hidden), self.what_hides(search, dir, *first))
            }
            (None, None) => "no layer has it".to_owned(),
        }
    }

    fn list(&self, layers: &[u32]) -> String {
        let mut words: Vec<String> =
            layers.iter().take(MANY).map(|layer| called(&self.layer_ref(*layer))).collect();
        if layers.len() > MANY {
            words.truncate(1);
            words.push(format!("{} more below it", layers.len() - 1));
        }
        listed(&words)
    }

    /// Does the merged directory reach into all these layers?
    fn holds_dir(&self, dir: DirId, layers: &[u32]) -> bool {
        let entry = &self.cache.dir(dir).entry;
        layers.iter().all(|layer| entry.parts().any(|(part, _)| part == *layer))
    }

    pub(super) fn search_for(&self, dir: DirId, name: &[u8]) -> Search {
        let mut trail = Vec::new();
        let entry = self.driver.search(self, &self.cache.dir(dir).entry, name, Some(&mut trail));
        Search { trail, entry, path: self.path_in(dir, name) }
    }

    /// The path does not even lead to a directory: the first name on the way that fails is explained.
    fn explain_parent(&mut self, path: &[u8], errno: Errno, t: &mut Trace) -> Which {
        let mut prefix = Vec::new();
        for name in names(path) {
            prefix.push(b'/');
            prefix.extend_from_slice(name);
            match self.resolve(&prefix, true, false, t) {
                Ok(spot) if spot.node.dir.is_some() => {}
                Ok(_) => {
                    let why = format!("{} is no directory", show(&prefix));
                    return nobody(path, self.raw_probes(path), why);
                }
                Err(_) if let Some(refused) = self.refused.take() => {
                    return nobody(path, self.raw_probes(path), self.why_refused(&refused));
                }
                Err(_) if self.resolve(&prefix, false, false, t).is_ok() => {
                    let why = format!("{} is a symlink that leads nowhere", show(&prefix));
                    return nobody(path, self.raw_probes(path), why);
                }
                Err(_) if prefix != path => {
                    let why = self.explain(&prefix, false, t).why;
                    let why = named(&show(&prefix), &why);
                    return nobody(path, self.raw_probes(path), why);
                }
                Err(_) => break,
            }
        }
        let why = match self.refused.take() {
            Some(refused) => self.why_refused(&refused),
            None => errno.message().to_owned(),
        };
        nobody(path, self.raw_probes(path), why)
    }

    fn explain_root(&self) -> Which {
        let layers = 0..=self.lowers.len() as u32;
        let probes = layers.clone().map(|layer| Probe {
            layer: self.layer_ref(layer),
            answer: Answer::Directory { opaque: false, redirect: None },
        });
        let marked: Vec<u32> = layers
            .filter(|layer| {
                let root = self.inode((*layer, 0));
                root.is_opaque() || root.redirect().is_some()
            })
            .collect();
        let mut why = "the root is never looked up: it is made of the roots of all layers, with the attributes of the upper's"
            .to_owned();
        if !marked.is_empty() {
            why.push_str(&format!("; the mark on the root of {} means nothing", self.list(&marked)));
        }
        let shown = self.numbers(&self.root_entry());
        Which { path: "/".to_owned(), probes: probes.collect(), winner: Some(self.layer_ref(0)), shown, why }
    }

    /// Why the winner wins.
    fn reason(&self, entry: &Entry) -> String {
        let (Some((layer, _)), Some(inode)) = (entry.real(), self.real(entry)) else { return String::new() };
        let winner = called(&self.layer_ref(layer));
        if !inode.kind.is_dir() {
            return match (inode.metacopy(), entry.lowers.parts().last()) {
                _ if entry.unlinked => {
                    "the index of the upper knows it: another of its hard links was copied up, and \
                                        the copy stands for all of them"
                        .to_owned()
                }
                (Some(_), _) if entry.dataless.is_some() => {
                    format!("{winner} has its attributes (a metacopy), no data-only layer its contents")
                }
                (Some(_), Some((data, _))) if *data as usize > self.regular() => format!(
                    "{winner} has its attributes (a metacopy), the data-only {} its contents",
                    called(&self.layer_ref(*data))
                ),
                (Some(_), Some((data, _))) => format!(
                    "{winner} has its attributes (a metacopy), {} its contents",
                    called(&self.layer_ref(*data))
                ),
                _ => format!("{winner} is the topmost layer that has it"),
            };
        }
        let layers: Vec<u32> = entry.parts().map(|(layer, _)| layer).collect();
        match layers.len() {
            1 => format!("a directory of {winner} alone"),
            n if n > MANY => format!("{n} layers merge here; attributes come from {winner}"),
            _ => format!("{} merge here; attributes come from {winner}", self.list(&layers)),
        }
    }

    /// Where the winner leads further.
    fn leads(&self, search: &Search, entry: &Entry) -> String {
        match self.real(entry).map(|inode| &inode.kind) {
            Some(Kind::Symlink(target)) => format!("; it is a symlink to {}", show(target)),
            _ => self.redirects(search),
        }
    }

    /// "; below layer 2 it is looked for as /old".
    fn redirects(&self, search: &Search) -> String {
        let mut said = String::new();
        for (layer, _) in &search.trail {
            let Some(inode) = self.found_in(search, *layer) else { continue };
            if let Some(to) = inode
                .redirect()
                .filter(|_| !inode.is_opaque() && inode.metacopy().is_some() | inode.kind.is_dir())
                && *layer as usize != self.lowers.len()
            {
                let layer = called(&self.layer_ref(*layer));
                said.push_str(&format!("; below {layer} it goes by the name {} (redirect)", show(to)));
            }
        }
        said
    }

    fn found_in(&self, search: &Search, layer: u32) -> Option<&Inode> {
        let entry = search.entry.as_ref().ok()?;
        entry.parts().find(|(part, _)| *part == layer).map(|part| self.inode(part))
    }

    /// Why the search itself fails.
    fn why_refusing(&self, search: &Search, errno: Errno) -> String {
        let marked = search.trail.iter().rev().find(|(_, answer)| {
            matches!(
                answer,
                Answer::Metacopy { .. }
                    | Answer::Directory { redirect: Some(_), .. }
                    | Answer::Indexed { .. }
            )
        });
        let who = marked.map_or_else(|| "a layer".to_owned(), |(layer, _)| called(&self.layer_ref(*layer)));
        match (errno, marked) {
            (Errno::EPERM, Some((_, Answer::Metacopy { .. } | Answer::Indexed { .. })))
                if !self.options.metacopy =>
            {
                format!("{FAILS}{who} has a metacopy, and this mount has metacopy=off (EPERM)")
            }
            (Errno::EPERM, _) => {
                format!("{FAILS}{who} has a redirect, and with userxattr none is followed (EPERM)")
            }
            (Errno::EIO, _) => {
                format!("{FAILS}{who} has a metacopy, and no layer below has its contents (EIO)")
            }
            (Errno::EINVAL, _) => format!("{FAILS}a redirect mark is no path (EINVAL)"),
            (Errno::EACCES, _) => format!("{FAILS}a redirect leads to `.` or `..` (EACCES)"),
            (other, _) => format!("{FAILS}{} ({other})", other.message().to_lowercase()),
        }
    }

    /// Does readdir list this name?
    pub(super) fn lists(&self, dir: DirId, name: &[u8]) -> bool {
        let names = self.driver.names(self, &self.cache.dir(dir).entry).unwrap_or_default();
        names.binary_search_by(|listed| (**listed).cmp(name)).is_ok()
    }

    /// A name that readdir lists and look-up refuses: why it is listed.
    fn ghost(&self, dir: DirId, name: &[u8], fails: bool) -> Option<String> {
        if !self.lists(dir, name) {
            return None;
        }
        let entry = &self.cache.dir(dir).entry;
        let layers: Vec<u32> = entry.parts().map(|(layer, _)| layer).collect();
        Some(match layers.len() {
            1 if !fails => format!(
                ". A ghost: readdir lists it all the same, since the directory comes from {} alone and is listed as it is there, whiteouts too",
                self.list(&layers)
            ),
            _ => ". A ghost: readdir lists it all the same, since it looks no name up".to_owned(),
        })
    }

    /// What each layer has to say: its answer when it was asked, else what it holds under this path.
    fn spoken(&self, search: &Search) -> Vec<Probe> {
        let mut probes = Vec::new();
        for layer in 0..=self.lowers.len() as u32 {
            // The last answer of the upper may be its index's.
            let asked = search.trail.iter().rfind(|(asked, _)| *asked == layer).map(|(_, answer)| answer);
            let answer = match asked {
                Some(answer) if *answer != Answer::Absent => Some(answer.clone()),
                // Names of data-only layers take no part.
                _ if layer as usize > self.regular() => None,
                _ => self.raw(layer, &search.path).map(|inode| self.raw_answer(inode)),
            };
            probes.extend(answer.map(|answer| Probe { layer: self.layer_ref(layer), answer }));
        }
        probes
    }

    fn raw_probes(&self, path: &[u8]) -> Vec<Probe> {
        self.spoken(&Search { trail: Vec::new(), entry: Err(Errno::ENOENT), path: path.to_vec() })
    }

    /// What one layer holds under a path, by name alone.
    pub(super) fn raw(&self, layer: u32, path: &[u8]) -> Option<&Inode> {
        self.ino_at(layer, path).map(|ino| self.inode((self.root_of(layer).0, ino)))
    }

    /// [`Mount::raw`], its number.
    pub(super) fn ino_at(&self, layer: u32, path: &[u8]) -> Option<Ino> {
        let (tree, root) = self.root_of(layer);
        names(path).try_fold(root, |at, name| self.inode((tree, at)).entries()?.get(name))
    }

    fn raw_answer(&self, inode: &Inode) -> Answer {
        if inode.deletes() && !self.native {
            return Answer::Whiteout;
        }
        if inode.kind.is_dir() {
            let redirect = inode.redirect().map(|to| show(to).into_owned());
            return Answer::Directory { opaque: inode.is_opaque(), redirect };
        }
        match inode.metacopy() {
            Some(size) => Answer::Metacopy { size },
            None => Answer::Found { kind: inode.kind.word(), size: inode.size() },
        }
    }
}

fn nobody(path: &[u8], probes: Vec<Probe>, why: String) -> Which {
    Which { path: show(path).into_owned(), probes, winner: None, shown: Vec::new(), why }
}
