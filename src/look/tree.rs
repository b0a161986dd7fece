//! The rows of the tree. A row is known by its place: for each directory above it, the index in that
//! directory's list of shown names. A step to the next row costs the depth, whatever the image holds.

use crate::inspect::layers::{At, Layers, Mark, Seen};
use std::collections::HashMap;

/// Marks that can be hidden, by their slot.
pub(super) const MARKS: [Mark; 4] = [Mark::Added, Mark::Removed, Mark::Modified, Mark::Unmodified];

/// The slot of a mark.
pub(super) fn slot(mark: Mark) -> usize {
    MARKS.iter().position(|known| *known == mark).unwrap_or(MARKS.len())
}

/// A row's place: directories from the root on, each with an index in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot(Vec<(At, usize)>);

impl Spot {
    /// How deep it lies; what is in the root 0.
    pub(super) fn depth(&self) -> usize {
        self.0.len().saturating_sub(1)
    }
}

/// The tree: what it shows, what is collapsed, where the cursor is.
pub(super) struct Tree {
    pub(super) seen: Vec<Seen>,
    /// Paths that were added, removed, modified, not modified.
    pub(super) counts: [usize; 4],
    shown: Vec<bool>,
    collapsed: Vec<bool>,
    all_collapsed: bool,
    /// Shown children of directories that were looked at.
    lists: HashMap<At, List>,
    /// Paths that fit the filter; none: all do.
    pub(super) matching: Option<Vec<bool>>,
    /// Marks that are not shown.
    pub(super) hidden: [bool; 4],
    /// Only what has at least so many bytes.
    pub(super) least: u64,
    by_size: bool,
    cursor: Spot,
    /// Rows above the cursor in the window.
    above: usize,
    height: usize,
}

/// The shown children of a directory. By size only the front and the back are in order: as far as somebody
/// looked.
#[derive(Default)]
struct List {
    children: Vec<u32>,
    /// So many at the front are in their place.
    sorted: usize,
    /// So many at the back are.
    behind: usize,
}

impl Tree {
    pub(super) fn new(paths: usize) -> Tree {
        Tree {
            seen: Vec::new(),
            counts: [0; 4],
            shown: Vec::new(),
            collapsed: vec![false; paths],
            all_collapsed: false,
            lists: HashMap::new(),
            matching: None,
            hidden: [false; 4],
            least: 0,
            by_size: false,
            cursor: Spot::default(),
            above: 0,
            height: 1,
        }
    }

    pub(super) fn set_height(&mut self, height: usize) {
        self.height = height.max(1);
        self.above = self.above.min(self.height - 1);
    }

    /// Shows another view.
    pub(super) fn show(&mut self, layers: &Layers, seen: Vec<Seen>) {
        self.seen = seen;
        self.counts = [0; 4];
        for seen in self.seen.iter().skip(1) {
            if let Some(count) = self.counts.get_mut(slot(seen.mark)) {
                *count += 1;
            }
        }
        self.renew_rows(layers);
    }

    /// Finds out again what is shown: what passes the filters, and every directory above it. The cursor
    /// stays on its path, or goes to the directory that is left of it.
    pub(super) fn renew_rows(&mut self, layers: &Layers) {
        let kept = self.at_cursor();
        self.shown.clear();
        self.shown.resize(self.seen.len(), false);
        for at in (1..self.seen.len()).rev() {
            let passes = self.passes(at) || self.shown.get(at).copied().unwrap_or(false);
            if passes && let (Some(parent), true) = (self.shown.get_mut(layers.parent(at)), at > 0) {
                *parent = true;
            }
            if let Some(shown) = self.shown.get_mut(at) {
                *shown = passes;
            }
        }
        self.lists.clear();
        self.cursor = Spot::default();
        match kept {
            Some(at) => self.seek(layers, at),
            None => self.home(layers),
        }
    }

    fn passes(&self, at: At) -> bool {
        let Some(seen) = self.seen.get(at) else { return false };
        seen.mark != Mark::Absent
            && !self.hidden.get(slot(seen.mark)).copied().unwrap_or(false)
            && seen.bytes >= self.least
            && self.matching.as_ref().is_none_or(|matching| matching.get(at).copied().unwrap_or(false))
    }

    /// The path under the cursor; none when nothing is shown.
    pub(super) fn at_cursor(&self) -> Option<At> {
        self.node(&self.cursor)
    }

    fn node(&self, spot: &Spot) -> Option<At> {
        let (dir, index) = spot.0.last()?;
        self.lists.get(dir)?.children.get(*index).map(|at| *at as At)
    }

    /// Makes the list of a directory, if need be; its length.
    fn list(&mut self, layers: &Layers, dir: At) -> usize {
        if let Some(list) = self.lists.get(&dir) {
            return list.children.len();
        }
        let shown = |at: &At| self.shown.get(*at).copied().unwrap_or(false);
        let children: Vec<u32> = layers.children(dir).filter(shown).map(|at| at as u32).collect();
        let sorted = if self.by_size { 0 } else { children.len() };
        let length = children.len();
        self.lists.insert(dir, List { children, sorted, behind: 0 });
        length
    }

    /// Puts a list in order around an index: from its front up to there or, if that is nearer, from there to
    /// its back. A part of a long list is found without putting the rest in order.
    fn sort(&mut self, dir: At, index: usize) {
        let seen = &self.seen;
        let Some(list) = self.lists.get_mut(&dir) else { return };
        let (from, to) = (list.sorted, list.children.len() - list.behind);
        let index = index.min(list.children.len().saturating_sub(1));
        if index < from || index >= to {
            return;
        }
        let Some(rest) = list.children.get_mut(from..to) else { return };
        // Sizes beside the numbers: to look each up again and again is what takes the time.
        let size = |at: u32| std::cmp::Reverse(seen.get(at as At).map_or(0, |seen| seen.bytes));
        let mut keyed: Vec<_> = rest.iter().map(|at| (size(*at), *at)).collect();
        if index - from <= to - 1 - index {
            let wanted = (index + 1 - from).max(256).max(from).min(keyed.len());
            if wanted < keyed.len() {
                keyed.select_nth_unstable(wanted);
            }
            if let Some(front) = keyed.get_mut(..wanted) {
                front.sort_unstable();
            }
            list.sorted = from + wanted;
        } else {
            let wanted = (to - index).max(256).max(list.behind).min(keyed.len());
            let begin = keyed.len() - wanted;
            if begin > 0 {
                keyed.select_nth_unstable(begin);
            }
            if let Some(back) = keyed.get_mut(begin..) {
                back.sort_unstable();
            }
            list.behind += wanted;
        }
        rest.iter_mut().zip(keyed).for_each(|(place, (_, at))| *place = at);
    }

    /// Puts the whole list in order: to look for one name in it.
    fn sort_all(&mut self, dir: At) {
        let seen = &self.seen;
        if let Some(list) = self.lists.get_mut(&dir).filter(|list| list.sorted < list.children.len()) {
            list.children.sort_by_cached_key(|at| {
                (std::cmp::Reverse(seen.get(*at as At).map_or(0, |seen| seen.bytes)), *at)
            });
            (list.sorted, list.behind) = (list.children.len(), 0);
        }
    }

    fn spot_in(&mut self, layers: &Layers, mut above: Spot, dir: At, last: bool) -> Option<Spot> {
        let length = self.list(layers, dir);
        let index = if last { length.checked_sub(1)? } else { 0 };
        if length == 0 {
            return None;
        }
        self.sort(dir, index);
        above.0.push((dir, index));
        Some(above)
    }

    /// Is it a directory whose rows follow it?
    fn is_open(&self, layers: &Layers, at: At) -> bool {
        layers.end(at) > at + 1 && !self.is_collapsed(at)
    }

    pub(super) fn is_collapsed(&self, at: At) -> bool {
        self.collapsed.get(at).copied().unwrap_or(false)
    }

    /// Has it rows of its own, shown or not?
    pub(super) fn has_children(&mut self, layers: &Layers, at: At) -> bool {
        layers.end(at) > at + 1 && self.list(layers, at) > 0
    }

    fn next(&mut self, layers: &Layers, spot: &Spot) -> Option<Spot> {
        let at = self.node(spot)?;
        if self.is_open(layers, at)
            && let Some(inside) = self.spot_in(layers, spot.clone(), at, false)
        {
            return Some(inside);
        }
        let mut spot = spot.clone();
        while let Some((dir, index)) = spot.0.pop() {
            if index + 1 < self.list(layers, dir) {
                self.sort(dir, index + 1);
                spot.0.push((dir, index + 1));
                return Some(spot);
            }
        }
        None
    }

    fn previous(&mut self, layers: &Layers, spot: &Spot) -> Option<Spot> {
        let mut spot = spot.clone();
        let (dir, index) = spot.0.pop()?;
        let Some(index) = index.checked_sub(1) else {
            return (!spot.0.is_empty()).then_some(spot);
        };
        self.sort(dir, index);
        spot.0.push((dir, index));
        Some(self.deepest(layers, spot))
    }

    /// The last row inside the one at `spot`, or itself.
    fn deepest(&mut self, layers: &Layers, mut spot: Spot) -> Spot {
        while let Some(at) = self.node(&spot).filter(|at| self.is_open(layers, *at)) {
            match self.spot_in(layers, spot.clone(), at, true) {
                Some(inside) => spot = inside,
                None => break,
            }
        }
        spot
    }

    /// Moves the cursor by rows.
    pub(super) fn step(&mut self, layers: &Layers, rows: isize) {
        for _ in 0..rows.unsigned_abs() {
            let cursor = self.cursor.clone();
            let next = if rows > 0 { self.next(layers, &cursor) } else { self.previous(layers, &cursor) };
            let Some(next) = next else { break };
            self.cursor = next;
            self.above = match rows > 0 {
                true => (self.above + 1).min(self.height.saturating_sub(1)),
                false => self.above.saturating_sub(1),
            };
        }
    }

    pub(super) fn page(&self) -> isize {
        isize::try_from(self.height.saturating_sub(1).max(1)).unwrap_or(1)
    }

    pub(super) fn home(&mut self, layers: &Layers) {
        self.cursor = self.spot_in(layers, Spot::default(), 0, false).unwrap_or_default();
        self.above = 0;
    }

    pub(super) fn end(&mut self, layers: &Layers) {
        let last = self.spot_in(layers, Spot::default(), 0, true).unwrap_or_default();
        self.cursor = self.deepest(layers, last);
        self.above = self.height.saturating_sub(1);
    }

    /// Left: collapses a directory, else goes to the one that the row lies in.
    pub(super) fn left(&mut self, layers: &Layers) {
        let Some(at) = self.at_cursor() else { return };
        if self.is_open(layers, at) && self.has_children(layers, at) {
            self.set_collapsed(at, true);
        } else if self.cursor.0.len() > 1 {
            self.cursor.0.pop();
            self.above = self.rows_above(layers);
        }
    }

    /// Right: opens a directory, else goes into it.
    pub(super) fn right(&mut self, layers: &Layers) {
        let Some(at) = self.at_cursor().filter(|at| layers.end(*at) > at + 1) else { return };
        if self.is_collapsed(at) {
            self.set_collapsed(at, false);
        } else if self.has_children(layers, at) {
            self.step(layers, 1);
        }
    }

    pub(super) fn toggle(&mut self, layers: &Layers) {
        if let Some(at) = self.at_cursor().filter(|at| layers.end(*at) > at + 1) {
            self.set_collapsed(at, !self.is_collapsed(at));
        }
    }

    fn set_collapsed(&mut self, at: At, collapsed: bool) {
        if let Some(place) = self.collapsed.get_mut(at) {
            *place = collapsed;
        }
    }

    /// Collapses every directory, or opens all again.
    pub(super) fn toggle_all(&mut self, layers: &Layers) {
        self.all_collapsed = !self.all_collapsed;
        self.collapsed.fill(self.all_collapsed);
        if self.all_collapsed {
            self.cursor.0.truncate(1);
        }
        self.above = self.rows_above(layers);
    }

    /// By size, largest first, or by name again.
    pub(super) fn toggle_sort(&mut self, layers: &Layers) -> bool {
        self.by_size = !self.by_size;
        let kept = self.at_cursor();
        self.lists.clear();
        self.cursor = Spot::default();
        match kept.filter(|_| !self.by_size) {
            Some(at) => self.seek(layers, at),
            None => self.home(layers),
        }
        self.by_size
    }

    /// Hides or shows a kind of change. Is it hidden now?
    pub(super) fn toggle_mark(&mut self, layers: &Layers, mark: Mark) -> bool {
        let Some(hidden) = self.hidden.get_mut(slot(mark)) else { return false };
        *hidden = !*hidden;
        let now = *hidden;
        self.renew_rows(layers);
        now
    }

    /// Opens all directories above a path and goes there.
    pub(super) fn open(&mut self, layers: &Layers, at: At) {
        let mut dir = layers.parent(at);
        while dir != 0 {
            self.set_collapsed(dir, false);
            dir = layers.parent(dir);
        }
        self.seek(layers, at);
    }

    /// Puts the cursor on a path, or on the last shown directory above it.
    fn seek(&mut self, layers: &Layers, at: At) {
        let mut above = vec![at];
        while let Some(dir) = above.last().copied().filter(|at| *at != 0) {
            above.push(layers.parent(dir));
        }
        let mut spot = Spot::default();
        // From the root down, as far as rows are shown.
        for pair in above.windows(2).rev() {
            let [child, dir] = pair else { break };
            if *dir != 0 && !self.is_open(layers, *dir) {
                break;
            }
            self.list(layers, *dir);
            if self.by_size {
                self.sort_all(*dir);
            }
            let place = self
                .lists
                .get(dir)
                .and_then(|list| list.children.iter().position(|other| *other as At == *child));
            let Some(place) = place else { break };
            spot.0.push((*dir, place));
        }
        if spot.0.is_empty() {
            self.home(layers);
        } else {
            self.cursor = spot;
            self.above = self.rows_above(layers);
        }
    }

    /// Rows in front of the cursor, as many as were above it and no more than there are.
    fn rows_above(&mut self, layers: &Layers) -> usize {
        let wanted = self.above.max(self.height / 2).min(self.height.saturating_sub(1));
        let mut spot = self.cursor.clone();
        for count in 0..wanted {
            match self.previous(layers, &spot) {
                Some(previous) => spot = previous,
                None => return count,
            }
        }
        wanted
    }

    /// The rows of the window, and which of them the cursor is on.
    pub(super) fn window(&mut self, layers: &Layers) -> (Vec<(At, Spot)>, usize) {
        let mut top = self.cursor.clone();
        let mut above = 0;
        while above < self.above {
            let Some(previous) = self.previous(layers, &top) else { break };
            top = previous;
            above += 1;
        }
        let mut rows = Vec::with_capacity(self.height);
        let mut spot = Some(top);
        while let Some(here) = spot
            && rows.len() < self.height
        {
            let Some(at) = self.node(&here) else { break };
            spot = self.next(layers, &here);
            rows.push((at, here));
        }
        (rows, above)
    }

    /// What stands in front of a row's name: `│   ├── `.
    pub(super) fn branches(&self, spot: &Spot) -> String {
        let mut drawn = String::new();
        for (level, (dir, index)) in spot.0.iter().enumerate() {
            let last = self.lists.get(dir).is_none_or(|list| index + 1 >= list.children.len());
            let own = level == spot.depth();
            drawn.push_str(match (own, last) {
                (true, true) => "└── ",
                (true, false) => "├── ",
                (false, true) => "    ",
                (false, false) => "│   ",
            });
        }
        drawn
    }
}
