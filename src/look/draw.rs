//! The whole screen on a frame. What is drawn is what the window shows; nothing depends on colour alone.

use super::page::Ink;
use super::tree::MARKS;
use super::{Ask, Look, Pane, side};
use crate::fs::Kind;
use crate::inspect::dive::human;
use crate::inspect::layers::{At, Mark, Version, View, show};
use crate::render::{columns, cut, wrap};
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// Draws the view.
pub fn draw(frame: &mut Frame<'_>, look: &mut Look) {
    let area = frame.area();
    look.resize(area.width, area.height);
    let buffer = frame.buffer_mut();
    if look.page.is_some() {
        page(buffer, area, look);
    } else {
        let layout = look.layout();
        side::layers(buffer, layout.layers, look);
        side::details(buffer, layout.details, look);
        tree(buffer, layout.tree, look);
        side::waste(buffer, layout.waste, look);
        for y in 0..layout.waste.y.saturating_sub(1) {
            text(buffer, layout.tree.x.saturating_sub(1), y, 1, "│", dim());
        }
    }
    line(buffer, look.layout().line, look);
    keys(buffer, look.layout().keys, look);
}

pub(super) fn dim() -> Style {
    Style::new().fg(Color::DarkGray)
}

pub(super) fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// The colour of what became of a path.
pub(super) fn of_mark(mark: Mark) -> Style {
    match mark {
        Mark::Added => Style::new().fg(Color::Green),
        Mark::Removed => Style::new().fg(Color::Red),
        Mark::Modified => Style::new().fg(Color::Yellow),
        Mark::Unmodified | Mark::Absent => Style::new(),
    }
}

fn sign(mark: Mark) -> char {
    match mark {
        Mark::Added => '+',
        Mark::Removed => '-',
        Mark::Modified => '~',
        Mark::Unmodified | Mark::Absent => ' ',
    }
}

/// Text within `width` columns; what does not fit ends in `…`.
pub(super) fn text(buffer: &mut Buffer, x: u16, y: u16, width: u16, text: &str, style: Style) {
    if width > 0 && y < buffer.area.height && x < buffer.area.width {
        buffer.set_stringn(x, y, cut(text, usize::from(width)), usize::from(width), style);
    }
}

/// The line above a part: its name, and whether keys go to it.
pub(super) fn heading(buffer: &mut Buffer, part: Rect, name: &str, has_keys: bool) {
    let Some(y) = part.y.checked_sub(1) else { return };
    let (sign, style) = if has_keys { ("●", strong().fg(Color::Cyan)) } else { ("○", strong()) };
    let rule = "─".repeat(usize::from(part.width));
    text(buffer, part.x, y, part.width, &rule, dim());
    text(buffer, part.x, y, part.width, &format!("{sign} {name} "), style);
}

/// The background of the row that the cursor is on.
pub(super) fn cursor(buffer: &mut Buffer, part: Rect, y: u16, has_keys: bool) {
    let style = match has_keys {
        true => Style::new().add_modifier(Modifier::REVERSED),
        false => Style::new().add_modifier(Modifier::UNDERLINED),
    };
    buffer.set_style(Rect { x: part.x, y, width: part.width, height: 1 }, style);
}

fn tree(buffer: &mut Buffer, part: Rect, look: &mut Look) {
    let has_keys = look.pane == Pane::Tree;
    let name = match look.view() {
        View::Images => "Files: what differs".to_owned(),
        View::Layer { .. } => "Files: this layer's changes".to_owned(),
        View::Aggregated { .. } => "Files: changes of all layers so far".to_owned(),
    };
    heading(buffer, part, &name, has_keys);
    let (rows, at_cursor) = look.tree.window(&look.looked.layers);
    if rows.is_empty() {
        text(buffer, part.x, part.y, part.width, "nothing passes the filters", dim());
    }
    let (mut y, bottom) = (part.y, part.y.saturating_add(part.height));
    for (index, (at, spot)) in rows.iter().enumerate() {
        if y >= bottom {
            break;
        }
        let seen = look.tree.seen.get(*at).copied().unwrap_or_default();
        let branches = look.tree.branches(spot);
        let head = format!("{}{:>7} ", attributes(look, *at), human(seen.bytes));
        let first = format!("{head}{branches}");
        let name = name_of(look, *at, seen.mark);
        let room = usize::from(part.width).saturating_sub(columns(&first)).max(8);
        let lines = if look.wraps { wrap(&name, room) } else { vec![name] };
        let start = y;
        for (number, line) in lines.iter().enumerate() {
            if y >= bottom {
                break;
            }
            if number == 0 {
                text(buffer, part.x, y, part.width, &first, dim());
            }
            let x = u16::try_from(columns(&first)).unwrap_or(u16::MAX).min(part.width);
            text(buffer, part.x + x, y, part.width - x, line, of_mark(seen.mark));
            y += 1;
        }
        if index == at_cursor {
            cursor(buffer, part, start, has_keys);
        }
    }
}

fn name_of(look: &mut Look, at: At, mark: Mark) -> String {
    let mut name = format!("{} {}", sign(mark), show(look.looked.layers.name(at)));
    match version(look, at).and_then(|version| look.looked.layers.inode(version)).map(|inode| &inode.kind) {
        Some(Kind::Dir(_)) => name.push('/'),
        Some(Kind::Symlink(to)) => name.push_str(&format!(" → {}", show(to))),
        _ => {}
    }
    if look.tree.is_collapsed(at) && look.tree.has_children(&look.looked.layers, at) {
        name.push_str(" ⊕");
    }
    name
}

fn version(look: &Look, at: At) -> Option<&Version> {
    let (lower, upper) = look.looked.layers.sides(&look.view());
    look.looked.layers.visible(at, upper).or_else(|| look.looked.layers.visible(at, lower))
}

/// `drwxr-xr-x    0:0 `
fn attributes(look: &Look, at: At) -> String {
    // A narrow screen needs its columns for the names.
    if !look.attributes || look.layout().tree.width < 60 {
        return String::new();
    }
    let Some(inode) = version(look, at).and_then(|version| look.looked.layers.inode(version)) else {
        return " ".repeat(22);
    };
    let kind = match inode.kind {
        Kind::Dir(_) => 'd',
        Kind::Symlink(_) => 'l',
        Kind::CharDev(..) | Kind::Whiteout => 'c',
        Kind::Fifo => 'p',
        Kind::File(_) => '-',
    };
    let mut shown = String::from(kind);
    for bit in (0..9).rev() {
        let letter = ['x', 'w', 'r'].get(bit % 3).copied().unwrap_or('-');
        let special = [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')];
        let set = inode.mode & (1 << bit) != 0;
        let named = special.iter().find(|(at, mask, _)| *at == bit && inode.mode & mask != 0);
        shown.push(match (named, set) {
            (Some((.., letter)), true) => *letter,
            (Some((.., letter)), false) => letter.to_ascii_uppercase(),
            (None, true) => letter,
            (None, false) => '-',
        });
    }
    format!("{shown} {:>10} ", format!("{}:{}", inode.uid, inode.gid))
}

fn page(buffer: &mut Buffer, area: Rect, look: &Look) {
    let Some(page) = &look.page else { return };
    let part = Rect { x: 0, y: 1, width: area.width, height: area.height.saturating_sub(3) };
    heading(buffer, part, &page.title, true);
    let mut y = part.y;
    for (ink, line) in page.lines.iter().skip(page.top) {
        let style = match ink {
            Ink::Plain => Style::new(),
            Ink::Dim => dim(),
            Ink::Strong => strong(),
            Ink::Added => of_mark(Mark::Added),
            Ink::Removed => of_mark(Mark::Removed),
            Ink::Modified => of_mark(Mark::Modified),
        };
        // Nothing is cut: a long line goes on below.
        for line in wrap(line, usize::from(part.width)) {
            if y >= part.y + part.height {
                return;
            }
            text(buffer, part.x, y, part.width, &line, style);
            y += 1;
        }
    }
}

/// The line at the bottom: what is typed, what was said, which filters are on.
fn line(buffer: &mut Buffer, part: Rect, look: &Look) {
    if let Some((ask, typed)) = &look.asked {
        let word = match ask {
            Ask::Filter => "filter",
            Ask::Size => "at least (10MB)",
            Ask::Extract(_) => "extract to",
        };
        let word = format!("{word}: ");
        text(buffer, part.x, part.y, part.width, &word, strong());
        let x = u16::try_from(columns(&word)).unwrap_or(0).min(part.width);
        // The end of a long line is where somebody types.
        let room = usize::from(part.width - x).saturating_sub(1);
        let mut shown = show(typed.as_bytes());
        while columns(&shown) > room && !shown.is_empty() {
            shown.remove(0);
        }
        text(buffer, x, part.y, part.width - x, &format!("{shown}▏"), Style::new());
        return;
    }
    if !look.message.is_empty() {
        text(buffer, part.x, part.y, part.width, &show(look.message.as_bytes()), strong());
        return;
    }
    let mut filters = Vec::new();
    if !look.pattern.is_empty() {
        filters.push(format!("path: {}", show(look.pattern.as_bytes())));
    }
    if look.tree.least > 0 {
        filters.push(format!("at least {}", human(look.tree.least)));
    }
    let words = ["added", "removed", "modified", "unmodified"];
    for (mark, word) in MARKS.iter().zip(words) {
        if look.hides(*mark) {
            filters.push(format!("{word} hidden"));
        }
    }
    if let Some(search) = &look.search {
        filters.push(format!("searching, {} %", search.percent()));
    }
    text(buffer, part.x, part.y, part.width, &filters.join("   "), dim());
}

fn keys(buffer: &mut Buffer, part: Rect, look: &Look) {
    let words = match (look.page.is_some(), look.asked.is_some(), look.pane) {
        (_, true, _) => "Enter done   Esc away",
        (true, ..) => "Esc back   ↑↓ PgUp PgDn scroll   q quit",
        (_, _, Pane::Layers) => "? keys  Tab next  ↑↓ layer  ^L this ^A all  Enter command  / filter  q quit",
        (_, _, Pane::Tree) => "? keys  Tab next  Space fold  Enter show  c compare  w why  / filter  s size",
        (_, _, Pane::Waste) => "? keys  Tab next  ↑↓ finding  Enter show in tree  w why  q quit",
    };
    text(buffer, part.x, part.y, part.width, words, dim());
}
