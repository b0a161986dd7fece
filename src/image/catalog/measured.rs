//! What is known of the described layers before they are drawn: entries, bytes, size, digest.
//!
//! `measured.txt` is made by a test: `INSTA_UPDATE=always cargo test --test catalog known_of_a_layer`.

use crate::fs::{Described, Digest, Draw, Layer};
use crate::image::ImageLayer;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Rows of `key entries bytes size digest`.
const MEASURED: &str = include_str!("measured.txt");

/// One row: entries, bytes of regular files, bytes with symlinks, digest.
#[derive(Clone, Copy)]
struct Row {
    entries: usize,
    bytes: u64,
    size: u64,
    diff_id: Digest,
}

static ROWS: LazyLock<BTreeMap<&str, Row>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [key, entries, bytes, size, digest] = words[..] else { return None };
        let (entries, bytes, size) = (entries.parse().ok()?, bytes.parse().ok()?, size.parse().ok()?);
        Some((key, Row { entries, bytes, size, diff_id: Digest::parse(digest)? }))
    };
    MEASURED.lines().filter_map(row).collect()
});

/// Layers that were handed out, so that images share them.
static LAYERS: Mutex<BTreeMap<String, ImageLayer>> = Mutex::new(BTreeMap::new());

/// The layer of this key, the same for everybody who asks; `label` is what people call it.
pub(super) fn layer(key: &str, label: &str, draw: Draw) -> ImageLayer {
    let mut layers = LAYERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(layer) = layers.get(key) {
        return ImageLayer { label: label.into(), ..layer.clone() };
    }
    let layer = match ROWS.get(key) {
        Some(&Row { entries, bytes, size, diff_id }) => {
            let layer = Layer::described(Described { entries, bytes, draw });
            ImageLayer { layer, diff_id, size, label: label.into(), tar: None }
        }
        // A layer that nobody has measured is measured now; a test asks for its row.
        None => measure(&draw, label),
    };
    layers.insert(key.to_owned(), layer.clone());
    layer
}

fn measure(draw: &Draw, label: &str) -> ImageLayer {
    ImageLayer::new(draw().seal(), crate::image::Origin::Daemon, Arc::<str>::from(label))
}

/// Every layer that was handed out, with its key.
pub(super) fn handed_out() -> Vec<(String, ImageLayer)> {
    let layers = LAYERS.lock().unwrap_or_else(PoisonError::into_inner);
    layers.iter().map(|(key, layer)| (key.clone(), layer.clone())).collect()
}
