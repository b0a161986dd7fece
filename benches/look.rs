//! How long dive's interactive view takes to answer a key, drawn, over an image of a million files.
//!
//! Not a benchmark against a peer: it prints for each kind of key the slowest of some tries.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::{Contents, Inode, Tree};
use layerlab::image::{History, Image, ImageLayer, Origin};
use layerlab::inspect::dive;
use layerlab::inspect::layers::Layers;
use layerlab::look::{Code, Key, Look, Looked, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::time::{Duration, Instant};

const FILES: usize = 1_000_000;

fn main() {
    for (name, flat) in
        [("1,000,000 files in 1,000 directories", false), ("1,000,000 files in one directory", true)]
    {
        println!("{name}");
        let image = image(flat);
        let begin = Instant::now();
        let layers = Layers::of(&image, 0);
        say("stacking the layers", begin.elapsed());
        let begin = Instant::now();
        let waste = layers.waste(0);
        say("looking for waste", begin.elapsed());
        let analysis = dive::of_image(&Image::default());
        let begin = Instant::now();
        let mut look = Look::new(Looked { names: vec!["big".into()], layers, waste, analysis });
        say("opening the view", begin.elapsed());
        keys(&mut look);
    }
}

fn keys(look: &mut Look) {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    let mut press = |look: &mut Look, what: &str, keys: &[Key]| {
        let mut slowest = Duration::ZERO;
        for key in keys {
            let begin = Instant::now();
            look.key(*key);
            terminal.draw(|frame| draw(frame, look)).unwrap();
            slowest = slowest.max(begin.elapsed());
        }
        say(what, slowest);
        // What a key has set going, in slices between which the next key is looked for.
        let (mut slices, mut slowest, begin) = (0, Duration::ZERO, Instant::now());
        while look.is_busy() {
            let begin = Instant::now();
            look.work();
            slowest = slowest.max(begin.elapsed());
            slices += 1;
        }
        if slices > 0 {
            println!(
                "    and a search of {:.1} ms in {slices} slices, the longest {:.1} ms",
                ms(begin.elapsed()),
                ms(slowest)
            );
        }
    };
    press(
        look,
        "another layer",
        &[Key::char('j'), Key::char('k'), Key::char('j'), Key::ctrl('a'), Key::ctrl('l')],
    );
    press(look, "to the tree", &[Key::plain(Code::Tab)]);
    press(look, "a row down", &[Key::char('j'); 50]);
    press(look, "a page down", &[Key::char('d'); 50]);
    press(look, "the last row", &[Key::char('G')]);
    press(look, "the first row", &[Key::char('g')]);
    press(look, "collapse one", &[Key::char(' '), Key::char(' ')]);
    press(look, "collapse all", &[Key::ctrl(' '), Key::ctrl(' ')]);
    press(look, "hide unmodified", &[Key::ctrl('u'), Key::ctrl('u')]);
    press(look, "by size", &[Key::ctrl('o')]);
    press(look, "a page down", &[Key::char('d'); 20]);
    press(look, "the last row by size", &[Key::char('G')]);
    press(look, "by name", &[Key::ctrl('o')]);
    press(look, "open the filter", &[Key::char('/')]);
    press(look, "type into it", &"f99".chars().map(Key::char).collect::<Vec<_>>());
    press(look, "end it", &[Key::plain(Code::Enter)]);
}

fn say(what: &str, took: Duration) {
    println!("  {what:<24} {:>9.1} ms", ms(took));
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

/// Three layers: all files, every tenth changed, every hundredth deleted.
fn image(flat: bool) -> Image {
    let path = |at: usize| if flat { format!("/d/f{at}") } else { format!("/d{}/f{}", at / 1000, at % 1000) };
    let mut image = Image::default();
    for step in [1, 10, 100] {
        let mut tree = Tree::new();
        for at in (0..FILES).step_by(step) {
            let inode = match step {
                100 => Inode::whiteout(),
                step => Inode::file(Contents::fill(step as u8, 1 + at as u64 % 5000)),
            };
            tree.put(path(at).as_bytes(), inode);
        }
        image.history.push_back_mut(History { created_by: format!("COPY {step} /"), ..History::default() });
        image.layers.push(ImageLayer::new(tree.seal(), Origin::BuildKit, "COPY"));
    }
    image
}
