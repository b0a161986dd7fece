//! Layers that have a name and don't show: what keeps them out.

use super::cache::{DirId, Entry};
use super::explain::called;
use super::mount::Mount;
use super::which::Search;
use crate::fs::path::{parent, show};
use crate::trace::{Answer, Probe};

impl Mount {
    /// Layers that have the name and don't show.
    pub(super) fn hidden_layers(&self, entry: &Entry, probes: &[Probe]) -> Vec<u32> {
        let speaks = |layer: u32| {
            let number = self.layer_ref(layer).number;
            let probe = probes.iter().find(|probe| probe.layer.number == number);
            probe.is_some_and(|probe| probe.answer != Answer::Whiteout)
        };
        (0..=self.lowers.len() as u32)
            .filter(|layer| speaks(*layer) && !entry.parts().any(|part| self.layer_of(part) == *layer))
            .collect()
    }

    /// What keeps a layer that has the name from showing.
    pub(super) fn what_hides(&self, search: &Search, dir: DirId, layer: u32) -> String {
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
        let in_parent = self.cache.dir(dir).entry.parts().any(|part| self.layer_of(part) == layer);
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
            if here.entry.parts().any(|part| self.layer_of(part) == layer) || here.parent == at {
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
