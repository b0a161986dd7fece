//! The first screen.

use crate::image::catalog;
use crate::render::{Style, Tone, columns, pad};

const DRIVER: &str = "driver overlay2";

/// The banner, within the width of the terminal.
pub fn text(style: &Style) -> String {
    let title = style.paint(Tone::Strong, "Layerlab: take image layers apart.");
    let mut banner = format!("{title} Nothing leaves memory.\n");
    let mut row = |word: &str, text: &str| {
        banner.push_str(&format!("  {} {text}\n", style.paint(Tone::Accent, &format!("{word:<8}"))));
    };
    let room = style.width.saturating_sub(11 + 2 + DRIVER.len());
    row("images", &format!("{}  {DRIVER}", pad(&images(room), room)));
    row("look", "docker run -d --name web nginx:alpine");
    row("build", "open FOLDER as app   then   docker build -t app app");
    row("learn", "course");
    row("ask", "help · help whiteout · help c.write     undo works on everything");
    banner
}

/// Names of the built-in images, as many as fit; the rest is an ellipsis.
fn images(room: usize) -> String {
    let mut line = String::new();
    let mut names = catalog::known().filter(|name| *name != "scratch").peekable();
    while let Some(name) = names.next() {
        let after = if names.peek().is_some() { 2 } else { 0 };
        let gap = if line.is_empty() { "" } else { "  " };
        if columns(&line) + gap.len() + columns(name) + after > room {
            line.push_str(" …");
            break;
        }
        line.push_str(gap);
        line.push_str(name);
    }
    line
}
