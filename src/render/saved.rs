//! A file that was written on the real host.

use super::{Style, Tone, bytes, clean_line, count, hang};
use crate::trace::SavedImage;

/// The file, and a line for each image in it.
pub(super) fn draw(file: &str, size: u64, images: &[SavedImage], style: &Style) -> String {
    let mut drawn = format!("{}   {}\n", style.paint(Tone::Strong, &clean_line(file)), bytes(size));
    for image in images {
        let name = if image.names.is_empty() { "no name".to_owned() } else { image.names.join(" ") };
        let layers = count(image.layers.len(), "layer");
        let mut said = format!("{}   id {}, {layers}", clean_line(&name), short(&image.id));
        if image.id != image.lab_id {
            let why = "the lab names layers by their entries, the archive by the bytes of their tars";
            said.push_str(&format!("; {} in the lab: {why}", short(&image.lab_id)));
        }
        drawn.push_str(&hang("  ", &said, style.width));
        drawn.push('\n');
    }
    drawn
}

/// 12 digits, as Docker shows ids.
fn short(id: &str) -> String {
    clean_line(id.strip_prefix("sha256:").unwrap_or(id)).chars().take(12).collect()
}
