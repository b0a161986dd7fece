//! A look at the stack: every path with its mark and its bytes.

use super::{At, Layers, Version};
use std::collections::HashSet;
use std::ops::Range;

/// Which layers are compared with which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What this layer of the image did to those below it.
    Layer {
        /// Which image.
        image: usize,
        /// Which of its layers, from 0.
        layer: usize,
    },
    /// What all layers from the second up to this one did to the lowest, as dive's aggregated view.
    Aggregated {
        /// Which image.
        image: usize,
        /// Up to which of its layers.
        layer: usize,
    },
    /// What the second image shows, compared with the first.
    Images,
}

/// What became of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Neither side has it.
    #[default]
    Absent,
    /// As before.
    Unmodified,
    /// Only the upper side has it.
    Added,
    /// It differs, or something in it does.
    Modified,
    /// Only the lower side had it.
    Removed,
}

/// A path in a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Bytes of the file, or of all that a directory shows; of what was removed the bytes it had.
    pub bytes: u64,
    /// What became of it.
    pub mark: Mark,
}

impl Layers {
    /// The layers on both sides of a view.
    pub fn sides(&self, view: &View) -> (Range<usize>, Range<usize>) {
        let image = |index: usize| self.images().get(index).cloned().unwrap_or(0..0);
        match *view {
            View::Layer { image: index, layer } => {
                let all = image(index);
                (all.start..all.start + layer, all.start..(all.start + layer + 1).min(all.end))
            }
            View::Aggregated { image: index, layer } => {
                let all = image(index);
                let lowest = all.start..(all.start + 1).min(all.end);
                if layer == 0 {
                    return (all.start..all.start, lowest);
                }
                (lowest, all.start..(all.start + layer + 1).min(all.end))
            }
            View::Images => (image(0), image(1)),
        }
    }

    /// Every path as a view shows it, by number. Linear in the paths; nothing of it is recursive.
    pub fn seen(&self, view: &View) -> Vec<Seen> {
        let (lower, upper) = self.sides(view);
        let mut seen = vec![Seen::default(); self.paths()];
        let mut counted = HashSet::new();
        for (at, place) in seen.iter_mut().enumerate() {
            *place = self.look(at, view, (&lower, &upper), &mut counted);
        }
        if let Some(root) = seen.first_mut() {
            root.mark = Mark::Unmodified;
        }
        // Children stand behind their directory: backwards, each is whole when it is handed up.
        for at in (1..seen.len()).rev() {
            let Some(child) = seen.get(at).copied() else { continue };
            let Some(parent) = seen.get_mut(self.parent(at)) else { continue };
            if child.mark != Mark::Removed || parent.mark == Mark::Removed {
                parent.bytes = parent.bytes.saturating_add(child.bytes);
            }
            if matches!(child.mark, Mark::Added | Mark::Modified | Mark::Removed)
                && parent.mark == Mark::Unmodified
            {
                parent.mark = Mark::Modified;
            }
        }
        seen
    }

    fn look(
        &self,
        at: At,
        view: &View,
        (lower, upper): (&Range<usize>, &Range<usize>),
        counted: &mut HashSet<(u32, u32)>,
    ) -> Seen {
        let (mut was, mut is): (Option<&Version>, Option<&Version>) = (None, None);
        for version in self.versions(at) {
            let layer = version.layer as usize;
            if lower.contains(&layer) {
                was = Some(version);
            }
            if upper.contains(&layer) {
                is = Some(version);
            }
        }
        let (was, is) = (was.filter(|v| v.ino.is_some()), is.filter(|v| v.ino.is_some()));
        let mark = match (was, is) {
            (None, None) => return Seen::default(),
            (None, Some(_)) => Mark::Added,
            (Some(_), None) => Mark::Removed,
            (Some(was), Some(is)) => self.difference(was, is, view),
        };
        let bytes = match (is, was) {
            (Some(is), _) => self.bytes_once(is, counted),
            (None, was) => was.map_or(0, |was| self.bytes(was)),
        };
        Seen { bytes, mark }
    }

    fn difference(&self, was: &Version, is: &Version, view: &View) -> Mark {
        if was == is {
            return Mark::Unmodified;
        }
        let changed = if matches!(view, View::Layer { .. }) { is.changed } else { self.between(was, is) };
        let is_dir = self.inode(is).is_some_and(|inode| inode.kind.is_dir());
        // A file that is there once more takes its bytes once more.
        match changed.is_nothing() && (is_dir || matches!(view, View::Images)) {
            true => Mark::Unmodified,
            false => Mark::Modified,
        }
    }
}
