//! Which paths fit a pattern: a search in slices, so that no key waits for it.

use crate::inspect::layers::Layers;
use regex::bytes::{Regex, RegexBuilder};

/// A search that is under way.
pub(super) struct Search {
    regex: Option<Regex>,
    at: usize,
    path: Vec<u8>,
    /// Length of the path of each directory above.
    lengths: Vec<usize>,
    /// For each path: does it fit?
    pub(super) found: Vec<bool>,
}

impl Search {
    /// A regular expression on the absolute path, as dive's filter; what is none is looked for as it stands.
    pub(super) fn new(pattern: &str, paths: usize) -> Search {
        let regex =
            |pattern: &str| RegexBuilder::new(pattern).unicode(false).size_limit(1 << 20).build().ok();
        let regex = regex(pattern).or_else(|| regex(&regex::escape(pattern)));
        Search { regex, at: 1, path: Vec::new(), lengths: vec![0], found: vec![false; paths] }
    }

    /// Looks at so many further paths. Is it done?
    pub(super) fn go_on(&mut self, layers: &Layers, slice: usize) -> bool {
        let end = layers.paths().min(self.at + slice);
        while self.at < end {
            // In the order of a walk the directories above are those of the path before, or fewer.
            let depth = layers.depth(self.at);
            self.lengths.truncate(depth);
            self.path.truncate(self.lengths.last().copied().unwrap_or(0));
            self.path.push(b'/');
            self.path.extend_from_slice(layers.name(self.at));
            self.lengths.push(self.path.len());
            let fits = self.regex.as_ref().is_some_and(|regex| regex.is_match(&self.path));
            if let Some(found) = self.found.get_mut(self.at) {
                *found = fits;
            }
            self.at += 1;
        }
        self.at >= layers.paths()
    }

    /// How far it is, in percent.
    pub(super) fn percent(&self) -> usize {
        self.at * 100 / self.found.len().max(1)
    }
}
