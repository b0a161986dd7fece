//! The interactive view of `dive`: layers, the tree of files, what is wasted.
//!
//! [`Look`] is a state: keys go in, [`Effect`]s come out, nothing is printed. [`draw`] puts it on a frame.
//! `cli` holds the terminal. Rows of the tree are kept by their place, so a key costs what the window shows
//! and not what the image holds; what must look at every path (a change of layer, a filter) is one linear
//! pass, and a filter's search goes on between the keys ([`Look::work`]).

mod draw;
mod filter;
mod key;
mod keys;
mod layout;
mod page;
mod side;
mod tree;

pub use draw::draw;
pub use key::{Code, Key};

use crate::fs::Contents;
use crate::inspect::dive::Analysis;
use crate::inspect::layers::{At, Layers, Mark, View, Waste};
use filter::Search;
use layout::Layout;
use page::Page;
use tree::Tree;

/// What is looked at.
pub struct Looked {
    /// What it is called: one image, or two that are compared.
    pub names: Vec<String>,
    /// The layers of the image, or of both.
    pub layers: Layers,
    /// What could be saved in the first image.
    pub waste: Waste,
    /// dive's figures of the first image.
    pub analysis: Analysis,
}

/// What a key asks the world for.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Nothing.
    None,
    /// The end.
    Quit,
    /// Write a file's bytes to a file of the host.
    Extract {
        /// Where to, as typed.
        to: String,
        /// The bytes.
        contents: Contents,
    },
}

/// The parts of the screen that keys can go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The list of layers.
    Layers,
    /// The tree of files.
    Tree,
    /// What is wasted.
    Waste,
}

/// What is typed into the line at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// A pattern for paths.
    Filter,
    /// The smallest size.
    Size,
    /// Where to extract a file.
    Extract(At),
}

/// The state of the view. See the module's text.
pub struct Look {
    looked: Looked,
    size: (u16, u16),
    pane: Pane,
    /// Row of the list of layers.
    entry: usize,
    aggregated: bool,
    tree: Tree,
    /// Row of the list of what is wasted, and how many rows of that list are above it on the screen.
    waste: usize,
    pattern: String,
    search: Option<Search>,
    asked: Option<(Ask, String)>,
    page: Option<Page>,
    attributes: bool,
    wraps: bool,
    message: String,
}

impl Look {
    /// Begins with the first layer.
    pub fn new(looked: Looked) -> Look {
        let paths = looked.layers.paths();
        let mut look = Look {
            looked,
            size: (80, 24),
            pane: Pane::Layers,
            entry: 0,
            aggregated: false,
            tree: Tree::new(paths),
            waste: 0,
            pattern: String::new(),
            search: None,
            asked: None,
            page: None,
            attributes: true,
            wraps: false,
            message: String::new(),
        };
        look.renew();
        look
    }

    /// The screen has this many columns and rows.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = (columns, rows);
        self.tree.set_height(self.layout().tree.height as usize);
    }

    /// Something to say in the line at the bottom, until the next key.
    pub fn say(&mut self, message: impl Into<String>) {
        self.message = message.into();
    }

    /// Is there work to go on with between the keys?
    pub fn is_busy(&self) -> bool {
        self.search.is_some()
    }

    /// Goes on with it for a while.
    pub fn work(&mut self) {
        /// Paths that are looked at in one go: some milliseconds.
        const SLICE: usize = 50_000;
        if let Some(search) = &mut self.search
            && search.go_on(&self.looked.layers, SLICE)
        {
            self.tree.matching = Some(std::mem::take(&mut search.found));
            self.search = None;
            self.tree.renew_rows(&self.looked.layers);
        }
    }

    fn layout(&self) -> Layout {
        Layout::of(self.size, self.entries())
    }

    /// Rows of the list of layers: the layers, and in front of those of two images their comparison.
    fn entries(&self) -> usize {
        self.looked.layers.layers().len() + usize::from(self.compares())
    }

    fn compares(&self) -> bool {
        self.looked.layers.images().len() > 1
    }

    /// The layer that a row of the list stands for; none for the comparison.
    fn layer_of(&self, entry: usize) -> Option<usize> {
        if self.compares() { entry.checked_sub(1) } else { Some(entry) }
    }

    /// What the chosen row shows in the tree.
    fn view(&self) -> View {
        let Some(layer) = self.layer_of(self.entry) else { return View::Images };
        let images = self.looked.layers.images();
        let image = images.iter().position(|image| image.contains(&layer)).unwrap_or(0);
        let layer = layer - images.get(image).map_or(0, |image| image.start);
        match self.aggregated {
            true => View::Aggregated { image, layer },
            false => View::Layer { image, layer },
        }
    }

    /// The tree shows another view.
    fn renew(&mut self) {
        let seen = self.looked.layers.seen(&self.view());
        self.tree.show(&self.looked.layers, seen);
    }

    /// Looks for a pattern anew; none is everything.
    fn search_for(&mut self, pattern: &str) {
        pattern.clone_into(&mut self.pattern);
        if pattern.is_empty() {
            self.search = None;
            self.tree.matching = None;
            self.tree.renew_rows(&self.looked.layers);
        } else {
            self.search = Some(Search::new(pattern, self.looked.layers.paths()));
        }
    }

    /// Shows a path in the tree, as this layer left it.
    fn go_to(&mut self, at: At, layer: usize) {
        self.entry = layer + usize::from(self.compares());
        self.aggregated = false;
        self.search_for("");
        self.tree.hidden = [false; 4];
        self.tree.least = 0;
        self.renew();
        self.tree.open(&self.looked.layers, at);
        self.pane = Pane::Tree;
    }

    fn hides(&self, mark: Mark) -> bool {
        self.tree.hidden.get(tree::slot(mark)).copied().unwrap_or(false)
    }
}
