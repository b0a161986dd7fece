//! `which`: who wins a name, who is hidden, and why.

use super::cache::{DirId, Entry};
use super::explain::{called, listed};
use super::mount::Mount;
use super::types::Which;
use super::walk::Last;
use crate::fs::path::{clean, names, parent, show};
use crate::fs::{Errno, Ino, Inode, Kind};
use crate::trace::{Answer, Event, Probe, Trace};

/// The search for one name, with what every asked layer said.
pub(super) struct Search {
    pub trail: Vec<(u32, Answer)>,
    pub entry: Result<Entry, Errno>,
    pub path: Vec<u8>,
}

impl Mount {
    /// Which layer wins for this path, which are hidden, and why. A final symlink is not followed.
    pub fn which(&mut self, path: &[u8], t: &mut Trace) -> Which {
        let path = clean(path);
        let which = match self.begin(t) {
            Ok(()) => self.explain(&path, t),
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

    pub(super) fn explain(&mut self, path: &[u8], t: &mut Trace) -> Which {
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
                Some((layer, _)) => {
                    (Some(self.layer_ref(layer)), self.why_found(&search, entry, place.dir, &probes))
                }
                None => (None, self.why_missing(&search, entry, place.dir, &probes)),
            },
            Err(errno) => (None, self.why_refusing(&search, *errno)),
        };
        if winner.is_none()
            && let Some(ghost) = self.ghost(place.dir, name)
        {
            why.push_str(&ghost);
        }
        Which { path: show(path).into_owned(), probes, winner, shown, why }
    }

    /// The layers of an entry, as people count them.
    fn numbers(&self, entry: &Entry) -> Vec<usize> {
        entry.parts().map(|(layer, _)| self.layer_ref(layer).number).collect()
    }

    fn why_found(&self, search: &Search, entry: &Entry, dir: DirId, probes: &[Probe]) -> String {
        let reason = self.reason(search, entry);
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
        listed(&layers.iter().map(|layer| called(&self.layer_ref(*layer))).collect::<Vec<_>>())
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
                    let why = self.explain(&prefix, t).why;
                    let why = format!("{} is not there: {why}", show(&prefix));
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
    fn reason(&self, search: &Search, entry: &Entry) -> String {
        let (Some((layer, _)), Some(inode)) = (entry.real(), self.real(entry)) else { return String::new() };
        let winner = called(&self.layer_ref(layer));
        if !inode.kind.is_dir() {
            let mut why = match (inode.metacopy(), entry.lowers.parts().last()) {
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
            if let Kind::Symlink(target) = &inode.kind {
                why.push_str(&format!("; it is a symlink to {}", show(target)));
            }
            why.push_str(&self.redirects(search));
            return why;
        }
        let layers: Vec<u32> = entry.parts().map(|(layer, _)| layer).collect();
        let mut why = match layers.len() {
            1 => format!("a directory of {winner} alone"),
            _ => format!("{} merge here; attributes come from {winner}", self.list(&layers)),
        };
        why.push_str(&self.redirects(search));
        why
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
                format!("the look-up fails: {who} has a metacopy, and this mount has metacopy=off (EPERM)")
            }
            (Errno::EPERM, _) => {
                format!(
                    "the look-up fails: {who} has a redirect, and with userxattr none is followed (EPERM)"
                )
            }
            (Errno::EIO, _) => {
                format!("the look-up fails: {who} has a metacopy, and no layer below has its contents (EIO)")
            }
            (Errno::EINVAL, _) => "the look-up fails: a redirect mark is no path (EINVAL)".to_owned(),
            (Errno::EACCES, _) => "the look-up fails: a redirect leads to `.` or `..` (EACCES)".to_owned(),
            (other, _) => format!("the look-up fails: {} ({other})", other.message().to_lowercase()),
        }
    }

    /// Does readdir list this name?
    pub(super) fn lists(&self, dir: DirId, name: &[u8]) -> bool {
        let names = self.driver.names(self, &self.cache.dir(dir).entry).unwrap_or_default();
        names.binary_search_by(|listed| (**listed).cmp(name)).is_ok()
    }

    /// A name that readdir lists and look-up refuses: why it is listed.
    fn ghost(&self, dir: DirId, name: &[u8]) -> Option<String> {
        if !self.lists(dir, name) {
            return None;
        }
        let entry = &self.cache.dir(dir).entry;
        let layers: Vec<u32> = entry.parts().map(|(layer, _)| layer).collect();
        Some(match layers.len() {
            1 => format!(
                ". A ghost: readdir lists it all the same, since the directory comes from {} alone and is listed as it is there, whiteouts too",
                self.list(&layers)
            ),
            _ => ". A ghost: readdir lists it all the same, since it merges the layers' lists without looking any name up".to_owned(),
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
        self.ino_at(layer, path).map(|ino| self.inode((layer, ino)))
    }

    /// [`Mount::raw`], its number.
    pub(super) fn ino_at(&self, layer: u32, path: &[u8]) -> Option<Ino> {
        names(path).try_fold(0, |at, name| self.inode((layer, at)).entries()?.get(name))
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
            None => Answer::Found { kind: inode.kind.word().to_owned(), size: inode.size() },
        }
    }

    /// Layers that have the name and don't show.
    fn hidden_layers(&self, entry: &Entry, probes: &[Probe]) -> Vec<u32> {
        let speaks = |layer: u32| {
            let number = self.layer_ref(layer).number;
            let probe = probes.iter().find(|probe| probe.layer.number == number);
            probe.is_some_and(|probe| probe.answer != Answer::Whiteout)
        };
        (0..=self.lowers.len() as u32)
            .filter(|layer| speaks(*layer) && !entry.parts().any(|(part, _)| part == *layer))
            .collect()
    }

    fn what_hides(&self, search: &Search, dir: DirId, layer: u32) -> String {
        let who = called(&self.layer_ref(layer));
        if let Some((_, answer)) = search.trail.iter().find(|(asked, _)| *asked == layer) {
            if *answer == Answer::Absent
                && let Some(why) = self.asked_elsewhere(search, dir, layer)
            {
                return why;
            }
            return match answer {
                Answer::Absent => {
                    format!("{who} has no directory there, and a directory merges with directories only")
                }
                _ => "it is a metacopy too, and only leads further down".to_owned(),
            };
        }
        let in_parent = self.cache.dir(dir).entry.parts().any(|(part, _)| part == layer);
        let last = search.trail.iter().rfind(|(_, answer)| !matches!(answer, Answer::Indexed { .. }));
        match last {
            Some((end, answer)) if in_parent && *end < layer => {
                let end = called(&self.layer_ref(*end));
                match answer {
                    Answer::Whiteout => format!("{end} has a whiteout"),
                    Answer::Directory { opaque: true, .. } => format!("it is opaque in {end}"),
                    Answer::Directory { redirect: Some(to), .. } => format!("{end} redirects to {to}"),
                    Answer::Absent => format!("{end} has no directory there: a file ends the search"),
                    _ => format!("{end} is above"),
                }
            }
            _ => self.what_cuts(dir, layer),
        }
    }

    /// A layer that has the name, but was asked for another one: the redirect that did it.
    fn asked_elsewhere(&self, search: &Search, dir: DirId, layer: u32) -> Option<String> {
        let own = search.trail.iter().rev().find_map(|(above, answer)| match answer {
            Answer::Directory { redirect: Some(to), .. } if *above < layer => Some((*above, to)),
            _ => None,
        });
        if let Some((above, to)) = own {
            return Some(format!("{} redirects to {to}", called(&self.layer_ref(above))));
        }
        let asked = self.cache.dir(dir).entry.parts().find(|(part, _)| *part == layer)?;
        if self.ino_at(layer, parent(&search.path)) == Some(asked.1) {
            return None;
        }
        let mut at = dir;
        while at != self.cache.dir(at).parent {
            let here = self.cache.dir(at);
            let mut above = here.entry.parts().filter(|(above, _)| *above < layer);
            if let Some((who, to)) = above.find_map(|part| Some((part.0, self.inode(part).redirect()?))) {
                let (path, who) = (self.cache.path_of(at), called(&self.layer_ref(who)));
                return Some(format!("{who} redirects {} to {}", show(&path), show(to)));
            }
            at = here.parent;
        }
        None
    }

    /// The directory that keeps a layer out: the highest one on the way that the layer has, and that
    /// does not merge it.
    fn what_cuts(&self, dir: DirId, layer: u32) -> String {
        let (mut at, mut cut) = (dir, dir);
        loop {
            let here = self.cache.dir(at);
            if here.entry.parts().any(|(part, _)| part == layer) || here.parent == at {
                break;
            }
            cut = at;
            at = here.parent;
        }
        let here = self.cache.dir(cut);
        let path = self.cache.path_of(cut);
        let (path, search) = (show(&path), self.search_for(here.parent, &here.name));
        let opaque = search.trail.iter().find_map(|(layer, answer)| match answer {
            Answer::Directory { opaque: true, .. } => Some(called(&self.layer_ref(*layer))),
            _ => None,
        });
        let redirected = search.trail.iter().find_map(|(layer, answer)| match answer {
            Answer::Directory { redirect: Some(to), .. } => Some((called(&self.layer_ref(*layer)), to)),
            _ => None,
        });
        match (opaque, redirected, search.trail.last()) {
            (Some(who), ..) => format!("its parent {path} is opaque in {who}"),
            (None, Some((who, to)), _) => format!("{who} redirects its parent {path} to {to}"),
            (None, None, Some((end, Answer::Whiteout))) => {
                format!("{} has a whiteout at its parent {path}", called(&self.layer_ref(*end)))
            }
            _ => format!("its directory does not merge into {path}"),
        }
    }
}

fn nobody(path: &[u8], probes: Vec<Probe>, why: String) -> Which {
    Which { path: show(path).into_owned(), probes, winner: None, shown: Vec::new(), why }
}
