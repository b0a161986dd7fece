//! Lists for people, within 80 columns; nothing is cut.

use super::{Change, ChangeOf, Layers, Waste, WasteKind};
use crate::inspect::dive::{human, row, shown};
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// A path as text: what a terminal would obey is written out.
pub fn show(path: &[u8]) -> String {
    shown(path)
}

/// What each layer added, changed and removed.
pub fn changes_text(layers: &Layers) -> String {
    let mut out = String::new();
    for (number, (layer, list)) in layers.layers().iter().zip(layers.changes()).enumerate() {
        if number > 0 {
            out.push('\n');
        }
        row(&mut out, &format!("layer {number}   "), &shown(layer.command.as_bytes()));
        out.push_str(&format!("          {}\n", counts(&list)));
        list.iter().for_each(|change| out.push_str(&line(layers, change)));
    }
    out
}

/// What differs between two images.
pub fn comparison_text(layers: &Layers, names: [&str; 2], list: &[Change]) -> String {
    let sum = |of: &dyn Fn(&Change) -> u64| list.iter().map(of).fold(0, u64::saturating_add);
    let mut out =
        format!("{} → {}: {}\n", shown(names[0].as_bytes()), shown(names[1].as_bytes()), counts(list));
    let (more, less) = (sum(&|change| change.after), sum(&|change| change.before));
    out.push_str(&format!("{} came, {} went\n\n", human(more), human(less)));
    list.iter().for_each(|change| out.push_str(&line(layers, change)));
    out
}

fn counts(list: &[Change]) -> String {
    let count = |of: ChangeOf| list.iter().filter(|change| change.of == of).count();
    let parts =
        [(ChangeOf::Added, "added"), (ChangeOf::Modified, "modified"), (ChangeOf::Removed, "removed")];
    parts.map(|(of, word)| format!("{} {word}", count(of))).join(", ")
}

fn line(layers: &Layers, change: &Change) -> String {
    let bytes = match change.of {
        ChangeOf::Removed => change.before,
        _ => change.after,
    };
    let mut text = show(&layers.path(change.at));
    if change.of == ChangeOf::Modified {
        let words = change.changed.words();
        text.push_str(&match words.is_empty() {
            true => "   (the same again)".to_owned(),
            false => format!("   ({})", words.join(", ")),
        });
    } else if change.with != change.at {
        text.push_str(&format!("   (with {})", show(&layers.path(change.with))));
    }
    let mut out = String::new();
    row(&mut out, &format!("  {} {:>8}   ", change.of.letter(), human(bytes)), &text);
    out
}

/// A sentence behind `head`, going on below itself between words; a longer word is broken.
fn sentence(out: &mut String, head: &str, text: &str) {
    let room = 80usize.saturating_sub(head.len());
    let mut line = String::new();
    let mut first = true;
    let mut end = |line: &mut String| {
        let blank = " ".repeat(head.len());
        row(out, if std::mem::take(&mut first) { head } else { &blank }, line);
        line.clear();
    };
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            end(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    end(&mut line);
}

/// Columns of an instruction that is told again and again.
const ONE_LINE: usize = 48;

/// What could be saved: the sums of each kind, then each finding with its layers and its fix. At most `most`
/// findings.
pub fn waste_text(layers: &Layers, waste: &Waste, most: usize) -> String {
    if waste.found.is_empty() {
        return "could be saved   nothing: every byte is seen, and seen once\n".to_owned();
    }
    let percent = waste.savable() as f64 / waste.stored.max(1) as f64 * 100.0;
    let all = format!(
        "{} of {} ({percent:.1} %), each byte counted once\n",
        human(waste.savable()),
        human(waste.stored)
    );
    let mut out = format!("could be saved   {all}");
    for kind in WasteKind::ALL {
        let (bytes, files) = waste.of(kind);
        if files > 0 {
            let s = if files == 1 { "" } else { "s" };
            out.push_str(&format!("  {:>11}   {:<17}   {files} file{s}\n", human(bytes), kind.word()));
        }
    }
    // A long instruction is told where its layer is first named.
    let mut named = BTreeSet::new();
    for found in waste.found.iter().take(most) {
        out.push('\n');
        let mut path = show(&layers.path(found.at));
        if found.files > 1 {
            path.push_str(&format!("   ({} files)", found.files));
        }
        row(&mut out, &format!("{:>8}   {:<17}   ", human(found.bytes), found.kind.word()), &path);
        let command = |layer: usize| layers.layers().get(layer).map_or("", |of| &*of.command);
        let mut told = |layer: usize, word: &str| {
            let text = shown(command(layer).as_bytes());
            let again = !named.insert(layer) && text.width() > ONE_LINE;
            let text = if again { "(above)".to_owned() } else { text };
            row(&mut out, &format!("           layer {layer:<3} {word:<9} "), &text);
        };
        match found.kind {
            WasteKind::Duplicate => {
                told(found.first, "has it");
                told(found.by, "again");
            }
            _ => {
                told(found.first, "put it");
                told(found.by, "hid it");
            }
        }
        sentence(&mut out, "           fix       ", &found.fix);
    }
    if waste.found.len() > most {
        out.push_str(&format!("\nand {} more; --json has all\n", waste.found.len() - most));
    }
    out
}
