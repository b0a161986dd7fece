//! `which`: who wins a name, who is hidden, and why.

use super::cache::{DirId, Entry};
use super::mount::Mount;
use super::types::Which;
use super::walk::Last;
use crate::fs::path::{clean, names, show};
use crate::fs::{Errno, Ino, Inode};
use crate::trace::{Answer, Event, LayerRef, Probe, Trace};

/// The search for one name, with what every asked layer said.
struct Search {
    trail: Vec<(u32, Answer)>,
    entry: Result<Entry, Errno>,
    path: Vec<u8>,
}

impl Mount {
    /// Which layer wins for this path, which are hidden, and why. A final symlink is not followed.
    pub fn which(&mut self, path: &[u8], t: &mut Trace) -> Which {
        let path = clean(path);
        let which = match self.begin(t) {
            Ok(()) => self.as_mounter(|m| m.explain(&path, t)),
            Err(errno) => nobody(&path, Vec::new(), errno.message().to_owned()),
        };
        t.emit(|| Event::Which {
            path: which.path.clone(),
            probes: which.probes.clone(),
            winner: which.winner.clone(),
            why: which.why.clone(),
        });
        which
    }

    fn explain(&mut self, path: &[u8], t: &mut Trace) -> Which {
        let parent = match self.parent_of(path, t) {
            Ok(parent) => parent,
            Err(errno) => return self.explain_parent(path, errno, t),
        };
        let Last::Normal(name) = &parent.last else { return self.explain_root() };
        let search = self.search_for(parent.dir, name);
        let probes = self.spoken(&search);
        let entry = match &search.entry {
            Ok(entry) => entry,
            Err(errno) => return nobody(path, probes, format!("the look-up fails: {}", refusal(*errno))),
        };
        let winner = entry.real().map(|(layer, _)| self.layer_ref(layer));
        let hidden = self.hidden_layers(entry, &probes);
        let covered = hidden.first().map(|first| (*first, self.list(&hidden)));
        let whiteout = search.trail.iter().find(|(_, answer)| *answer == Answer::Whiteout);
        let why = match (&winner, whiteout, covered) {
            (Some(winner), _, Some((_, covered))) if !self.is_dir(entry) => {
                format!("{}, and hides {covered}", self.reason(entry, winner))
            }
            (Some(winner), _, None) => self.reason(entry, winner),
            (Some(winner), _, Some((first, covered))) => {
                let why = self.what_hides(&search, parent.dir, first);
                format!("{}; hidden: {covered}, since {why}", self.reason(entry, winner))
            }
            (None, Some((layer, _)), covered) => {
                let covered = covered.map_or(String::new(), |(_, covered)| format!(" hides {covered}"));
                format!("deleted: a whiteout in {}{covered}", called(&self.layer_ref(*layer)))
            }
            (None, None, Some((first, covered))) => {
                format!("hidden: {covered}, since {}", self.what_hides(&search, parent.dir, first))
            }
            (None, None, None) => "no layer has it".to_owned(),
        };
        Which { path: show(path).into_owned(), probes, winner, why }
    }

    fn is_dir(&self, entry: &Entry) -> bool {
        self.real(entry).is_some_and(|inode| inode.kind.is_dir())
    }

    fn list(&self, layers: &[u32]) -> String {
        layers.iter().map(|layer| called(&self.layer_ref(*layer))).collect::<Vec<_>>().join(", ")
    }

    fn search_for(&self, dir: DirId, name: &[u8]) -> Search {
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
        nobody(path, self.raw_probes(path), errno.message().to_owned())
    }

    fn explain_root(&self) -> Which {
        let probes = (0..=self.lowers.len() as u32).map(|layer| Probe {
            layer: self.layer_ref(layer),
            answer: Answer::Directory { opaque: false, redirect: None },
        });
        Which {
            path: "/".to_owned(),
            probes: probes.collect(),
            winner: Some(self.layer_ref(0)),
            why: "the root is made of all roots, whatever marks they carry; attributes come from the upper"
                .to_owned(),
        }
    }

    /// Why the winner wins.
    fn reason(&self, entry: &Entry, winner: &LayerRef) -> String {
        let winner = called(winner);
        let Some(inode) = self.real(entry) else { return String::new() };
        if !inode.kind.is_dir() {
            return match (inode.metacopy(), entry.lowers.parts().last()) {
                (Some(_), Some((data, _))) => {
                    format!("{winner} has its attributes, {} its contents", called(&self.layer_ref(*data)))
                }
                _ => format!("{winner} is the topmost layer that has it"),
            };
        }
        let mut why = match entry.parts().count() {
            1 => format!("a directory of {winner} alone"),
            n => format!("{n} layers merge here; attributes come from {winner}"),
        };
        for part in entry.parts() {
            let inode = self.inode(part);
            let layer = called(&self.layer_ref(part.0));
            if let Some(to) = inode.redirect() {
                why.push_str(&format!("; {layer} redirects to {}", show(to)));
            }
        }
        why
    }

    /// What each layer has to say: its answer when it was asked, else what it holds under this path.
    fn spoken(&self, search: &Search) -> Vec<Probe> {
        let mut probes = Vec::new();
        for layer in 0..=self.lowers.len() as u32 {
            // The last answer of the upper may be its index's.
            let asked = search.trail.iter().rfind(|(asked, _)| *asked == layer).map(|(_, answer)| answer);
            let answer = match asked {
                Some(answer) if *answer != Answer::Absent => Some(answer.clone()),
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
        if inode.is_whiteout() && !self.native {
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
            let probe = probes.iter().find(|probe| probe.layer == self.layer_ref(layer));
            probe.is_some_and(|probe| probe.answer != Answer::Whiteout)
        };
        (0..=self.lowers.len() as u32)
            .filter(|layer| speaks(*layer) && !entry.parts().any(|(part, _)| part == *layer))
            .collect()
    }

    fn what_hides(&self, search: &Search, dir: DirId, layer: u32) -> String {
        if search.trail.iter().any(|(asked, _)| *asked == layer) {
            return "a directory and a file don't merge".to_owned();
        }
        let in_parent = self.cache.dir(dir).entry.parts().any(|(part, _)| part == layer);
        let last = search.trail.last();
        match last {
            Some((end, answer)) if in_parent && *end < layer => {
                let end = called(&self.layer_ref(*end));
                match answer {
                    Answer::Whiteout => format!("{end} has a whiteout"),
                    Answer::Directory { opaque: true, .. } => format!("it is opaque in {end}"),
                    Answer::Directory { redirect: Some(to), .. } => format!("{end} redirects to {to}"),
                    Answer::Absent => "a directory and a file don't merge".to_owned(),
                    _ => format!("{end} is above"),
                }
            }
            _ => self.what_cuts(dir, layer),
        }
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
        match (opaque, search.trail.last()) {
            (Some(who), _) => format!("its parent {path} is opaque in {who}"),
            (None, Some((end, Answer::Whiteout))) => {
                format!("{} has a whiteout at its parent {path}", called(&self.layer_ref(*end)))
            }
            _ => format!("its directory does not merge into {path}"),
        }
    }
}

fn nobody(path: &[u8], probes: Vec<Probe>, why: String) -> Which {
    Which { path: show(path).into_owned(), probes, winner: None, why }
}

fn refusal(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => "a mark that this mount may not follow (EPERM)",
        Errno::EIO => "a metacopy without data below (EIO)",
        Errno::EINVAL => "a redirect that is no path (EINVAL)",
        other => other.message(),
    }
}

/// "upper", "layer 3".
fn called(layer: &LayerRef) -> String {
    match layer.number {
        0 => "the upper".to_owned(),
        number => format!("layer {number}"),
    }
}
