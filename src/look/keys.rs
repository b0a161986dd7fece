//! What each key does.

use super::page::Page;
use super::{Ask, Code, Effect, Key, Look, Pane};
use crate::fs::{Kind, path};
use crate::inspect::dive::{human, parse_size};
use crate::inspect::layers::{At, Mark, Version, View};
use std::ops::Range;

impl Look {
    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Effect {
        self.message.clear();
        if self.asked.is_some() {
            return self.typed(key);
        }
        // Whoever types ahead means what the filter leaves.
        while self.is_busy() {
            self.work();
        }
        if key == Key::ctrl('c') || key == Key::char('q') {
            return Effect::Quit;
        }
        if self.page.is_some() {
            self.on_page(key);
            return Effect::None;
        }
        match (key.code, key.ctrl) {
            (Code::Tab, _) => self.turn(1),
            (Code::BackTab, _) => self.turn(2),
            (Code::Char('f'), true) | (Code::Char('/'), _) => {
                self.asked = Some((Ask::Filter, self.pattern.clone()));
            }
            (Code::Char('s'), false) => {
                let least = self.tree.least;
                let text = if least == 0 { String::new() } else { least.to_string() };
                self.asked = Some((Ask::Size, text));
            }
            (Code::Char('?'), _) => self.page = Some(Page::help()),
            (Code::Esc, _) if !self.pattern.is_empty() => self.search_for(""),
            _ => match self.pane {
                Pane::Layers => self.on_layers(key),
                Pane::Tree => self.on_tree(key),
                Pane::Waste => self.on_waste(key),
            },
        }
        Effect::None
    }

    fn turn(&mut self, by: usize) {
        const PANES: [Pane; 3] = [Pane::Layers, Pane::Tree, Pane::Waste];
        let at = PANES.iter().position(|pane| *pane == self.pane).unwrap_or(0);
        self.pane = PANES.get((at + by) % PANES.len()).copied().unwrap_or(Pane::Layers);
    }

    /// Moves in a list of so many rows; none when the key is no move.
    fn moved(key: Key, at: usize, rows: usize, page: u16) -> Option<usize> {
        let page = usize::from(page.max(2)) - 1;
        let last = rows.saturating_sub(1);
        Some(match (key.code, key.ctrl) {
            (Code::Up | Code::Char('k'), false) => at.saturating_sub(1),
            (Code::Down | Code::Char('j'), false) => (at + 1).min(last),
            (Code::PageUp | Code::Char('u'), false) => at.saturating_sub(page),
            (Code::PageDown | Code::Char('d'), false) => (at + page).min(last),
            (Code::Home | Code::Char('g'), false) => 0,
            (Code::End | Code::Char('G'), false) => last,
            _ => return None,
        })
    }

    fn on_layers(&mut self, key: Key) {
        if let Some(to) = Look::moved(key, self.entry, self.entries(), self.layout().layers.height) {
            if to != self.entry {
                self.entry = to;
                self.renew();
            }
            return;
        }
        match (key.code, key.ctrl) {
            (Code::Char('a'), true) | (Code::Char('l'), true) => {
                let aggregated = key.code == Code::Char('a');
                if aggregated != self.aggregated {
                    self.aggregated = aggregated;
                    self.renew();
                }
            }
            (Code::Enter, _) => {
                if let Some(layer) = self.layer_of(self.entry) {
                    self.page = Some(Page::layer(&self.looked, layer));
                }
            }
            _ => {}
        }
    }

    fn on_tree(&mut self, key: Key) {
        let layers = &self.looked.layers;
        let page = self.tree.page();
        match (key.code, key.ctrl) {
            (Code::Up | Code::Char('k'), false) => self.tree.step(layers, -1),
            (Code::Down | Code::Char('j'), false) => self.tree.step(layers, 1),
            (Code::PageUp | Code::Char('u'), false) => self.tree.step(layers, -page),
            (Code::PageDown | Code::Char('d'), false) => self.tree.step(layers, page),
            (Code::Home | Code::Char('g'), false) => self.tree.home(layers),
            (Code::End | Code::Char('G'), false) => self.tree.end(layers),
            (Code::Left | Code::Char('h'), false) => self.tree.left(layers),
            (Code::Right | Code::Char('l'), false) => self.tree.right(layers),
            (Code::Char(' '), false) => self.tree.toggle(layers),
            (Code::Char(' '), true) => self.tree.toggle_all(layers),
            (Code::Char('a'), true) => self.toggle(Mark::Added),
            (Code::Char('r'), true) => self.toggle(Mark::Removed),
            // In most terminals Ctrl+M is Enter.
            (Code::Char('m'), _) => self.toggle(Mark::Modified),
            (Code::Char('u'), true) => self.toggle(Mark::Unmodified),
            (Code::Char('o'), true) => {
                let by_size = self.tree.toggle_sort(layers);
                self.say(if by_size { "by size, largest first" } else { "by name" });
            }
            (Code::Char('b'), true) => self.attributes = !self.attributes,
            (Code::Char('p'), true) => self.wraps = !self.wraps,
            (Code::Char('e'), true) => self.ask_where(),
            (Code::Enter, _) | (Code::Char('v'), false) => self.show_file(),
            (Code::Char('c'), false) => self.show_difference(),
            (Code::Char('w'), false) => self.show_why(self.tree.at_cursor()),
            _ => {}
        }
    }

    fn toggle(&mut self, mark: Mark) {
        let hidden = self.tree.toggle_mark(&self.looked.layers, mark);
        let word = match mark {
            Mark::Added => "added",
            Mark::Removed => "removed",
            Mark::Modified => "modified",
            Mark::Unmodified | Mark::Absent => "unmodified",
        };
        self.say(format!("{word} files are {}", if hidden { "hidden" } else { "shown" }));
    }

    fn on_waste(&mut self, key: Key) {
        let count = self.looked.waste.found.len();
        if let Some(to) = Look::moved(key, self.waste, count, self.layout().waste.height) {
            self.waste = to;
            return;
        }
        let Some(found) = self.looked.waste.found.get(self.waste) else { return };
        let (at, by) = (found.at, found.by);
        match key.code {
            Code::Enter => self.go_to(at, by),
            Code::Char('w') if !key.ctrl => self.show_why(Some(at)),
            _ => {}
        }
    }

    fn on_page(&mut self, key: Key) {
        let rows = isize::try_from(self.size.1.saturating_sub(4).max(1)).unwrap_or(1);
        let Some(page) = &mut self.page else { return };
        match (key.code, key.ctrl) {
            (Code::Esc | Code::Enter | Code::Char('?' | 'v' | 'c' | 'w'), false) => self.page = None,
            (Code::Up | Code::Char('k'), false) => page.scroll(-1),
            (Code::Down | Code::Char('j'), false) => page.scroll(1),
            (Code::PageUp | Code::Char('u'), false) => page.scroll(-rows),
            (Code::PageDown | Code::Char('d' | ' '), false) => page.scroll(rows),
            (Code::Home | Code::Char('g'), false) => page.top = 0,
            (Code::End | Code::Char('G'), false) => {
                page.top = page.lines.len().saturating_sub(usize::try_from(rows).unwrap_or(1));
            }
            _ => {}
        }
    }

    /// A key while something is typed into the line at the bottom.
    fn typed(&mut self, key: Key) -> Effect {
        /// Characters of a line.
        const LONGEST: usize = 400;
        let Some((ask, mut text)) = self.asked.take() else { return Effect::None };
        match (key.code, key.ctrl) {
            (Code::Char('c'), true) | (Code::Esc, _) => {
                if ask == Ask::Filter {
                    self.search_for("");
                }
                return Effect::None;
            }
            (Code::Enter, _) => return self.answered(ask, &text),
            (Code::Backspace, _) => drop(text.pop()),
            (Code::Char('u'), true) => text.clear(),
            (Code::Char(c), false) if text.len() < LONGEST => text.push(c),
            _ => {}
        }
        if ask == Ask::Filter && text != self.pattern {
            self.search_for(&text);
        }
        self.asked = Some((ask, text));
        Effect::None
    }

    fn answered(&mut self, ask: Ask, text: &str) -> Effect {
        match ask {
            Ask::Filter => self.pane = Pane::Tree,
            Ask::Size if text.trim().is_empty() => self.least(0),
            Ask::Size => match parse_size(text.trim()) {
                Ok(bytes) => self.least(bytes),
                Err(_) => self.say(format!("`{text}` is no size: 500, 20kB, 1.5MB, 1GiB")),
            },
            Ask::Extract(at) => {
                let inode = self.version_shown(at).and_then(|version| self.looked.layers.inode(version));
                if let Some(Kind::File(contents)) = inode.map(|inode| &inode.kind)
                    && !text.is_empty()
                {
                    return Effect::Extract { to: text.to_owned(), contents: contents.clone() };
                }
            }
        }
        Effect::None
    }

    fn least(&mut self, bytes: u64) {
        self.tree.least = bytes;
        self.tree.renew_rows(&self.looked.layers);
        self.pane = Pane::Tree;
        if bytes > 0 {
            self.say(format!("only what has {} or more", human(bytes)));
        }
    }

    /// The layers of the image that the view looks at, up to where it looks.
    fn looked_at(&self) -> Range<usize> {
        self.looked.layers.sides(&self.view()).1
    }

    /// The version of a path that the view shows: of a removed one the one that was there.
    fn version_shown(&self, at: At) -> Option<&Version> {
        let (lower, upper) = self.looked.layers.sides(&self.view());
        self.looked.layers.visible(at, upper).or_else(|| self.looked.layers.visible(at, lower))
    }

    fn show_file(&mut self) {
        let Some(at) = self.tree.at_cursor() else { return };
        let Some(version) = self.version_shown(at) else { return };
        if self.looked.layers.inode(version).is_some_and(|inode| inode.kind.is_dir()) {
            self.tree.toggle(&self.looked.layers);
            return;
        }
        self.page = Some(Page::contents(&self.looked, at, version));
    }

    fn show_difference(&mut self) {
        let Some(at) = self.tree.at_cursor() else { return };
        let layers = &self.looked.layers;
        let (lower, upper) = layers.sides(&self.view());
        let (was, is) = match self.view() {
            View::Images => (layers.visible(at, lower), layers.visible(at, upper)),
            // Of a layer that did nothing to it: the last one that did.
            _ => {
                let versions = layers.versions(at);
                let inside = |version: &Version| upper.contains(&(version.layer as usize));
                let last = versions.iter().rposition(inside);
                let is = last.and_then(|last| versions.get(last));
                let was = last.and_then(|last| versions.get(last.checked_sub(1)?)).filter(|was| inside(was));
                (was.filter(|was| was.ino.is_some()), is)
            }
        };
        match is {
            Some(is) => self.page = Some(Page::difference(&self.looked, at, was, is)),
            None => self.say("only the other image has it"),
        }
    }

    fn show_why(&mut self, at: Option<At>) {
        let Some(at) = at else { return };
        let upper = self.looked_at();
        let images = self.looked.layers.images();
        let image = images.iter().find(|image| image.contains(&upper.start)).cloned();
        self.page = Some(Page::why(&self.looked, at, image.unwrap_or(upper)));
    }

    fn ask_where(&mut self) {
        let Some(at) = self.tree.at_cursor() else { return };
        let inode = self.version_shown(at).and_then(|version| self.looked.layers.inode(version));
        match inode.map(|inode| &inode.kind) {
            Some(Kind::File(_)) => {
                // A name that is no plain text is not written to the host unasked.
                let name = path::show(self.looked.layers.name(at)).into_owned();
                let plain: String =
                    name.chars().map(|c| if c.is_control() || c == '/' { '_' } else { c }).collect();
                self.asked = Some((Ask::Extract(at), plain));
            }
            _ => self.say("only files can be extracted"),
        }
    }
}
