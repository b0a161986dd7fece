//! What a removal freed, what stays, and who uses a layer.

use super::{Style, Tone, bytes, clean_line, count, hang};
use crate::trace::{FreedLayer, HeldLayer, LayerFate, LayerHolder, Reclaimed, Transfer, TransferLayer};

/// Width of the word that each line begins with.
const WORD: usize = 7;

/// What was freed, what stays, and why.
pub(super) fn reclaimed(told: &Reclaimed, style: &Style) -> String {
    let mut drawn = String::new();
    if !told.freed.is_empty() {
        let number = told.freed.len().saturating_add(told.more_freed);
        let names: Vec<String> = told.freed.iter().map(freed).collect();
        let mut said = format!("{}, {}: {}", count(number, "layer"), bytes(told.bytes), names.join(", "));
        said.push_str(&more(told.more_freed));
        line(&mut drawn, "freed", &said, Tone::Good, style);
    }
    for layer in &told.kept {
        let said = format!("{}, {}: {}", clean_line(&layer.label), bytes(layer.bytes), users(layer));
        line(&mut drawn, "kept", &said, Tone::Strong, style);
    }
    if told.more_kept > 0 {
        let said = format!("{} that somebody uses", count(told.more_kept, "more layer"));
        line(&mut drawn, "kept", &said, Tone::Strong, style);
    }
    for image in &told.staying {
        let said = format!("image {}: {}", clean_line(&image.id), clean_line(&image.why));
        line(&mut drawn, "stays", &said, Tone::Strong, style);
    }
    drawn
}

/// What travelled between a host and a registry, and what need not.
pub(super) fn transferred(told: &Transfer, style: &Style) -> String {
    let of = |wanted: fn(&LayerFate) -> bool| -> Vec<&TransferLayer> {
        told.layers.iter().filter(|layer| wanted(&layer.fate)).collect()
    };
    let sum = |layers: &[&TransferLayer], part: fn((u64, u64)) -> u64| -> u64 {
        layers.iter().map(|layer| part(layer.fate.bytes(layer.bytes))).fold(0, u64::saturating_add)
    };
    let moved: Vec<&TransferLayer> =
        told.layers.iter().filter(|layer| layer.fate.bytes(layer.bytes).0 > 0).collect();
    let cut =
        told.layers.iter().any(|layer| matches!(layer.fate, LayerFate::Cut { .. } | LayerFate::Waiting));
    let verb = if told.way.contains("push") || told.way.contains("export") { "sent" } else { "fetched" };
    let about =
        |layers: &[&TransferLayer]| if layers.iter().any(|layer| layer.described) { "≈ " } else { "" };
    let mut said = match moved.len() {
        0 => format!("no layer {verb}"),
        number => format!("{}{} {verb} in {}", about(&moved), bytes(told.sent), count(number, "layer")),
    };
    if cut {
        let waiting = of(|fate| matches!(fate, LayerFate::Waiting)).len();
        said.push_str(", then the connection broke");
        if waiting > 0 {
            said.push_str(&format!(" ({} not begun)", count(waiting, "layer")));
        }
    }
    let there = of(|fate| matches!(fate, LayerFate::There));
    let mounted = of(|fate| matches!(fate, LayerFate::Mounted { .. }));
    let begun = of(|fate| matches!(fate, LayerFate::Resumed { .. } | LayerFate::Cut { had: 1.., .. }));
    let mut reasons = Vec::new();
    if !there.is_empty() {
        let where_ = if verb == "sent" { "there" } else { "here" };
        reasons.push(format!(
            "{} in {} already {where_}",
            bytes(sum(&there, |both| both.1)),
            count(there.len(), "layer")
        ));
    }
    if !mounted.is_empty() {
        reasons.push(format!(
            "{} in {} taken over from another repository",
            bytes(sum(&mounted, |both| both.1)),
            count(mounted.len(), "layer")
        ));
    }
    if !begun.is_empty() {
        reasons.push(format!(
            "{} of {} left by the pull that broke off",
            bytes(sum(&begun, |both| both.1)),
            count(begun.len(), "layer")
        ));
    }
    if !reasons.is_empty() {
        let all = of(|_| true);
        said.push_str(&format!("; saved {}{}: {}", about(&all), bytes(told.saved), reasons.join(", ")));
    }
    let mut drawn = String::new();
    line(&mut drawn, "wire", &said, Tone::Strong, style);
    if moved.iter().any(|layer| layer.described) {
        let note = "≈ some layers are only described: counted unpacked, and named by the lab";
        line(&mut drawn, "", note, Tone::Dim, style);
    }
    drawn
}

/// Who uses each layer.
pub(super) fn held(layers: &[HeldLayer], style: &Style) -> String {
    let mut drawn = String::new();
    for (at, layer) in layers.iter().enumerate() {
        let number = layers.len() - at;
        let name = match layers.len() {
            1 => "layer".to_owned(),
            _ => format!("{number:>5}"),
        };
        let id = match layer.chain_id == layer.diff_id {
            true => short(&layer.diff_id),
            false => format!("{} (chain {})", short(&layer.diff_id), short(&layer.chain_id)),
        };
        let said = format!("{}, {}   {id}", clean_line(&layer.label), bytes(layer.bytes));
        line(&mut drawn, &name, &said, Tone::Strong, style);
        let said = match layer.holders.is_empty() {
            true => "nobody uses it".to_owned(),
            false => format!("used by {}", users(layer)),
        };
        line(&mut drawn, "", &said, Tone::Plain, style);
    }
    drawn
}

fn line(drawn: &mut String, word: &str, said: &str, tone: Tone, style: &Style) {
    let first = format!("{word:<WORD$}");
    let text = hang(&first, said, style.width);
    let rest = text.strip_prefix(&first).unwrap_or(&text);
    drawn.push_str(&format!("{}{rest}\n", style.paint(tone, &first)));
}

fn freed(layer: &FreedLayer) -> String {
    clean_line(&layer.label)
}

fn users(layer: &HeldLayer) -> String {
    let steps = layer.holders.iter().filter_map(|holder| match holder {
        LayerHolder::Image { id, step: true, .. } => Some(clean_line(id)),
        _ => None,
    });
    let steps: Vec<String> = steps.collect();
    let mut names: Vec<String> = layer.holders.iter().filter_map(holder).collect();
    if !steps.is_empty() {
        let images = layer.holders.iter().filter(|holder| matches!(holder, LayerHolder::Image { .. }));
        let at = images.count().saturating_sub(steps.len()).min(names.len());
        let some = if steps.len() == 1 { "image" } else { "images" };
        names.insert(at, format!("nameless {some} {} that others were built on", steps.join(" ")));
    }
    format!("{}{}", names.join(", "), more(layer.more))
}

/// One holder; nothing for a step, as all of these are told together.
fn holder(holder: &LayerHolder) -> Option<String> {
    Some(match holder {
        LayerHolder::Image { step: true, .. } => return None,
        LayerHolder::Image { id, names, .. } if names.is_empty() => {
            format!("image {} (no name)", clean_line(id))
        }
        LayerHolder::Image { names, .. } => format!("image {}", clean_line(&names.join(" "))),
        LayerHolder::Container { name, running } => {
            let state = if *running { "running" } else { "stopped" };
            format!("container {} ({state})", clean_line(name))
        }
        LayerHolder::Cache { step, .. } => format!("build cache ({})", clean_line(step)),
    })
}

fn more(number: usize) -> String {
    if number == 0 { String::new() } else { format!(" and {number} more") }
}

fn short(digest: &str) -> String {
    clean_line(digest.strip_prefix("sha256:").unwrap_or(digest)).chars().take(12).collect()
}
