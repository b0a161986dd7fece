//! The tree map: every stored byte as a place on a plane, directories in directories, coloured by layer.
//!
//! Rows are laid out as squares as can be (Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000). What would
//! be too small to see is drawn with its neighbours as one place, so the picture's size is bounded.

use super::{COLOURS, Reported, path, text};
use crate::inspect::dive::human;
use crate::inspect::layers::{At, Layers, show};
use std::collections::HashSet;

/// Units of the picture.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 560.0;
/// A place that is narrower or lower stands for all that lies in it.
const LEAST: f64 = 5.0;
/// A directory's own line, where there is room.
const HEAD: f64 = 15.0;
/// Directories in directories that are drawn.
const MOST_DEPTH: usize = 14;

#[derive(Clone, Copy)]
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// What a place stands for.
#[derive(Clone, Copy)]
enum What {
    /// A directory, or a file of several layers.
    Dir(At),
    /// A file as one layer has it.
    File(At, u32, bool),
    /// Small things of a directory, this many.
    Rest(At, usize),
}

struct Map<'a> {
    layers: &'a Layers,
    hidden: HashSet<(u32, u32)>,
    /// For each path the bytes that all layers store at it and below it.
    bytes: Vec<u64>,
    out: String,
}

/// Draws the map, its legend, and the largest files as a list for who does not see it.
pub(super) fn draw(page: &mut String, reported: &Reported<'_>) {
    let layers = reported.layers;
    let mut map = Map { layers, hidden: layers.hidden_files(), bytes: sums(layers), out: String::new() };
    let all = map.bytes.first().copied().unwrap_or(0);
    if all == 0 {
        return;
    }
    page.push_str("<section>\n<h2>Bytes by path and layer</h2>\n<p>Every stored byte. Colour and number tell the layer; what is struck through, a later layer hides.</p>\n<ul class=\"legend\">\n");
    for (number, layer) in layers.layers().iter().enumerate().filter(|(_, layer)| layer.bytes > 0) {
        let command: String = text(&layer.command.chars().take(60).collect::<String>());
        page.push_str(&format!(
            "<li><span class=\"key c{}\">{number}</span> {command}</li>\n",
            number % COLOURS
        ));
    }
    page.push_str("</ul>\n");
    map.lay(0, Place { x: 0.0, y: 0.0, width: WIDTH, height: HEIGHT }, 0);
    page.push_str(&format!(
        "<svg class=\"map\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Tree map of {} by path and layer; the list below has the largest files\">\n\
         <defs><pattern id=\"gone\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\"/></pattern></defs>\n{}</svg>\n",
        human(all),
        map.out
    ));
    largest(page, &map);
    page.push_str("</section>\n");
}

fn sums(layers: &Layers) -> Vec<u64> {
    let mut bytes: Vec<u64> = (0..layers.paths())
        .map(|at| {
            layers.versions(at).iter().map(|version| layers.bytes(version)).fold(0, u64::saturating_add)
        })
        .collect();
    for at in (1..bytes.len()).rev() {
        let own = bytes.get(at).copied().unwrap_or(0);
        if let Some(parent) = bytes.get_mut(layers.parent(at)) {
            *parent = parent.saturating_add(own);
        }
    }
    bytes
}

fn largest(page: &mut String, map: &Map<'_>) {
    const MOST: usize = 20;
    let layers = map.layers;
    let mut files: Vec<(u64, At, u32, bool)> = Vec::new();
    for at in 1..layers.paths() {
        for version in layers.versions(at) {
            let bytes = layers.bytes(version);
            if bytes > 0 {
                let hidden = version.ino.is_some_and(|ino| map.hidden.contains(&(version.layer, ino)));
                files.push((bytes, at, version.layer, hidden));
            }
        }
    }
    files.sort_by(|a, b| (b.0, a.1, a.2).cmp(&(a.0, b.1, b.2)));
    page.push_str("<details>\n<summary>The largest files</summary>\n<table>\n<thead><tr><th>Size</th><th>Layer</th><th>Path</th></tr></thead>\n<tbody>\n");
    for (bytes, at, layer, hidden) in files.iter().take(MOST) {
        let note = if *hidden { " <em>hidden later</em>" } else { "" };
        page.push_str(&format!(
            "<tr><td>{}</td><td>{layer}</td><td><code>{}</code>{note}</td></tr>\n",
            human(*bytes),
            path(layers, *at)
        ));
    }
    page.push_str("</tbody>\n</table>\n</details>\n");
}

impl Map<'_> {
    /// Lays out what is in a directory. As deep as [`MOST_DEPTH`].
    fn lay(&mut self, at: At, place: Place, depth: usize) {
        let mut items: Vec<(u64, What)> = Vec::new();
        for version in self.layers.versions(at) {
            let bytes = self.layers.bytes(version);
            if bytes > 0 {
                let hidden = version.ino.is_some_and(|ino| self.hidden.contains(&(version.layer, ino)));
                items.push((bytes, What::File(at, version.layer, hidden)));
            }
        }
        for child in self.layers.children(at) {
            let bytes = self.bytes.get(child).copied().unwrap_or(0);
            if bytes > 0 {
                items.push((bytes, self.only(child).unwrap_or(What::Dir(child))));
            }
        }
        items.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        let all: u64 = items.iter().map(|(bytes, _)| *bytes).sum();
        // What has less than the least area is put together.
        let scale = place.width * place.height / (all.max(1) as f64);
        let small = items.iter().position(|(bytes, _)| (*bytes as f64) * scale < LEAST * LEAST);
        if let Some(first) = small.filter(|first| items.len() - first > 1) {
            let rest: u64 = items.iter().skip(first).map(|(bytes, _)| *bytes).sum();
            let count = items.len() - first;
            items.truncate(first);
            items.push((rest, What::Rest(at, count)));
            items.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        }
        for (what, place) in squarify(&items, place) {
            self.put(what, place, depth);
        }
    }

    /// A file that one layer alone has is a place of its own.
    fn only(&self, at: At) -> Option<What> {
        let mut stored = self.layers.versions(at).iter().filter(|version| self.layers.bytes(version) > 0);
        let version = stored.next().filter(|_| self.layers.end(at) == at + 1)?;
        let hidden = version.ino.is_some_and(|ino| self.hidden.contains(&(version.layer, ino)));
        stored.next().is_none().then_some(What::File(at, version.layer, hidden))
    }

    fn put(&mut self, what: What, place: Place, depth: usize) {
        match what {
            What::File(at, layer, hidden) => {
                let bytes: u64 = self
                    .layers
                    .versions(at)
                    .iter()
                    .filter(|version| version.layer == layer)
                    .map(|version| self.layers.bytes(version))
                    .sum();
                let note = if hidden { ", hidden by a later layer" } else { "" };
                let title = format!("{}: {}, layer {layer}{note}", path(self.layers, at), human(bytes));
                self.leaf(place, layer, hidden, &title, &show(self.layers.name(at)));
            }
            What::Rest(at, count) => {
                let title = format!("{}: {count} small files and directories", path(self.layers, at));
                self.rect(place, "rest", &title);
            }
            What::Dir(at) if place.width < 14.0 || place.height < 14.0 || depth >= MOST_DEPTH => {
                let bytes = human(self.bytes.get(at).copied().unwrap_or(0));
                let (layer, hidden) = self.most(at);
                let title = format!("{}: {bytes}, most of it from layer {layer}", path(self.layers, at));
                self.leaf(place, layer, hidden, &title, &show(self.layers.name(at)));
            }
            What::Dir(at) => {
                let bytes = human(self.bytes.get(at).copied().unwrap_or(0));
                self.rect(place, "dir", &format!("{}: {bytes}", path(self.layers, at)));
                let headed = place.height > 3.0 * HEAD && place.width > 40.0;
                if headed {
                    let name = format!("{}/ {bytes}", show(self.layers.name(at)));
                    self.label(place.x + 4.0, place.y + 11.0, place.width - 8.0, &name, "head");
                }
                let top = if headed { HEAD } else { 1.0 };
                let inside = Place {
                    x: place.x + 1.0,
                    y: place.y + top,
                    width: place.width - 2.0,
                    height: place.height - top - 1.0,
                };
                self.lay(at, inside, depth + 1);
            }
        }
    }

    /// The layer that stores most below a path, and whether most of that is hidden.
    fn most(&self, at: At) -> (u32, bool) {
        let mut sums: Vec<(u64, u64)> = vec![(0, 0); self.layers.layers().len()];
        for version in (at..self.layers.end(at)).flat_map(|at| self.layers.versions(at)) {
            let bytes = self.layers.bytes(version);
            let hidden = version.ino.is_some_and(|ino| self.hidden.contains(&(version.layer, ino)));
            if let Some((all, gone)) = sums.get_mut(version.layer as usize) {
                *all += bytes;
                *gone += if hidden { bytes } else { 0 };
            }
        }
        let most = sums.iter().enumerate().max_by_key(|(at, (all, _))| (*all, std::cmp::Reverse(*at)));
        most.map_or((0, false), |(layer, (all, gone))| (layer as u32, gone * 2 > *all))
    }

    fn leaf(&mut self, place: Place, layer: u32, hidden: bool, title: &str, name: &str) {
        self.rect(place, &format!("c{}", layer as usize % COLOURS), title);
        if hidden {
            self.rect(place, "gone", title);
        }
        if place.height >= 14.0 && place.width >= 18.0 {
            let named = format!("{layer} {name}");
            let most = fitting(place.width - 6.0);
            let shown = if most < 7 { layer.to_string() } else { named };
            self.label(place.x + 3.0, place.y + 11.0, place.width - 6.0, &shown, "name");
        }
    }

    fn rect(&mut self, place: Place, class: &str, title: &str) {
        self.out.push_str(&format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{title}</title></rect>\n",
            place.x,
            place.y,
            place.width.max(0.5),
            place.height.max(0.5)
        ));
    }

    fn label(&mut self, x: f64, y: f64, width: f64, name: &str, class: &str) {
        let shown = crate::render::cut(name, fitting(width).max(1));
        self.out.push_str(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n",
            text(&shown)
        ));
    }
}

/// Characters that fit in so many units.
fn fitting(width: f64) -> usize {
    (width.max(0.0) / 6.2) as usize
}

/// Places for items, largest first, whose areas are as their bytes.
fn squarify(items: &[(u64, What)], mut free: Place) -> Vec<(What, Place)> {
    let mut left: f64 = items.iter().map(|(bytes, _)| *bytes as f64).sum();
    let mut placed = Vec::with_capacity(items.len());
    let mut rest = items;
    while !rest.is_empty() && left > 0.0 {
        let scale = free.width * free.height / left;
        let side = free.width.min(free.height).max(0.001);
        // As many in one row as make its places squarer.
        let (mut count, mut sum, mut worst) = (0, 0.0, f64::INFINITY);
        for (bytes, _) in rest {
            let area = *bytes as f64 * scale;
            let next = sum + area;
            let thick = next / side;
            let largest = rest.first().map_or(area, |(bytes, _)| *bytes as f64 * scale);
            let ratio = |area: f64| (area / thick / thick).max(thick * thick / area.max(0.000_001));
            let now = ratio(largest).max(ratio(area));
            if now > worst {
                break;
            }
            (count, sum, worst) = (count + 1, next, now);
        }
        let (row, others) = rest.split_at(count.max(1).min(rest.len()));
        let sum: f64 = row.iter().map(|(bytes, _)| *bytes as f64).sum();
        let thick = sum * scale / side;
        let wide = free.width >= free.height;
        let mut at = 0.0;
        for (bytes, what) in row {
            let long = *bytes as f64 / sum.max(1.0) * side;
            let place = match wide {
                true => Place { x: free.x, y: free.y + at, width: thick, height: long },
                false => Place { x: free.x + at, y: free.y, width: long, height: thick },
            };
            placed.push((*what, place));
            at += long;
        }
        match wide {
            true => (free.x, free.width) = (free.x + thick, (free.width - thick).max(0.0)),
            false => (free.y, free.height) = (free.y + thick, (free.height - thick).max(0.0)),
        }
        left -= sum;
        rest = others;
    }
    placed
}
