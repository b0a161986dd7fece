//! Image archives, read: what `docker save` writes (before and since Docker 25) and OCI layouts.
//!
//! [`read`] is a function of bytes. An archive is taken as hostile: every size is checked against what is
//! there, every digest against the bytes, and a refusal names the part. Sources: moby
//! `image/tarexport/load.go`, OCI image spec `image-layout.md`, `manifest.md`, `layer.md`.

mod config;
mod layer;
mod oci;
mod parts;

pub use layer::{TarEntry, tar_entries};

use super::{Image, ImageLayer};
use crate::error::{Error, ErrorKind};
use crate::fs::Digest;
use crate::trace::Fuel;
use parts::Parts;
use serde_json::Value;
use std::sync::Arc;

/// An image out of an archive.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its id is the SHA-256 of the config's bytes, its diff ids those of the layers' tars.
    pub image: Arc<Image>,
    /// The names it has in the archive.
    pub names: Vec<String>,
    /// What the tars of its layers hold, entry by entry, as dive looks at them; bottom first.
    pub layers: Vec<ArchiveLayer>,
    /// What was left out because the lab does not model it.
    pub notes: Vec<String>,
}

/// A layer as it lies in the archive.
#[derive(Clone, Debug)]
pub struct ArchiveLayer {
    /// The first part of its file's name: the v1 id before Docker 25.
    pub id: String,
    /// The entries of its tar; none when it is a link to an earlier one, as dive reads it.
    pub entries: Arc<Vec<TarEntry>>,
}

/// What one manifest says, with the places of its parts.
struct Manifest {
    config: String,
    names: Vec<String>,
    layers: Vec<String>,
}

/// Reads every image of an archive: plain, or inside gzip, bzip2, xz or zstd. `limit` bounds the bytes of
/// what is unpacked, all parts together; so does the fuel.
///
/// # Errors
/// A lab error that names the part and what is wrong with it.
pub fn read(bytes: &[u8], limit: u64, fuel: &mut Fuel) -> Result<Vec<Loaded>, Error> {
    let plain = parts::unpacked("the archive", bytes, limit, fuel)?;
    let parts = Parts::read(&plain, limit, fuel)?;
    let manifests = match parts.get("manifest.json")? {
        Some(manifest) => docker_manifests(manifest)?,
        None => oci::manifests(&parts)?,
    };
    if manifests.is_empty() {
        return Err(broken("manifest.json", "it lists no image"));
    }
    manifests.iter().map(|manifest| load(manifest, &parts, limit, fuel)).collect()
}

/// `manifest.json`: a list of images (moby `image/tarexport/tarexport.go`, `manifestItem`).
fn docker_manifests(bytes: &[u8]) -> Result<Vec<Manifest>, Error> {
    let value = parts::json("manifest.json", bytes)?;
    let Some(items) = value.as_array() else { return Err(broken("manifest.json", "it is no list")) };
    let texts = |item: &Value, key: &str| -> Vec<String> {
        let list = item.get(key).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let manifest = |item: &Value| {
        let config = item.get("Config").and_then(Value::as_str);
        let config = config.ok_or_else(|| broken("manifest.json", "an image has no Config"))?.to_owned();
        Ok(Manifest { config, names: texts(item, "RepoTags"), layers: texts(item, "Layers") })
    };
    items.iter().map(manifest).collect()
}

fn load(manifest: &Manifest, parts: &Parts<'_>, limit: u64, fuel: &mut Fuel) -> Result<Loaded, Error> {
    let bytes = parts.need(&manifest.config, "the config")?;
    let read = config::read(&manifest.config, bytes)?;
    let (wanted, given) = (read.diff_ids.len(), manifest.layers.len());
    if wanted != given {
        return Err(broken(
            &manifest.config,
            &format!("invalid manifest, layers length mismatch: expected {given}, got {wanted}"),
        ));
    }
    let mut image = Image { id: Digest::of(bytes), ..read.image };
    let labels: Vec<String> =
        image.history.iter().filter(|entry| !entry.empty_layer).map(layer::label).collect();
    let (mut layers, mut notes) = (Vec::new(), Vec::new());
    for (at, (place, diff_id)) in manifest.layers.iter().zip(&read.diff_ids).enumerate() {
        let tar = parts::unpacked(place, parts.need(place, "a layer")?, limit, fuel)?;
        let got = Digest::of(&tar);
        if got != *diff_id {
            let message = format!("invalid diffID for layer {at}: expected \"{diff_id}\", got \"{got}\"");
            return Err(broken(place, &message));
        }
        let read = layer::read(place, &tar, limit, fuel, &mut notes)?;
        let size = super::size(&read.layer, super::Origin::Daemon);
        let label = labels.get(at).filter(|label| !label.is_empty()).cloned();
        let label = label.unwrap_or_else(|| format!("layer {}", at + 1));
        image.layers.push(ImageLayer { layer: read.layer, diff_id: *diff_id, size, label: label.into() });
        let entries = if parts.is_link(place) { Arc::default() } else { Arc::new(read.entries) };
        layers.push(ArchiveLayer { id: place.split('/').next().unwrap_or_default().to_owned(), entries });
    }
    let names = manifest.names.iter().filter_map(|name| super::reference::normalise(name).ok()).collect();
    Ok(Loaded { image: Arc::new(image), names, layers, notes })
}

/// A refusal of a part.
fn broken(part: &str, message: &str) -> Error {
    let part: String = part.chars().take(120).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::Host, format!("`{part}`: {message}"))
        .hint("the archive is damaged or not what `docker save` writes: save it again")
}

/// A refusal for its size.
fn too_big(part: &str, limit: u64) -> Error {
    let part: String = part.chars().take(120).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::Limit, format!("`{part}`: unpacked it is more than the limit of {limit} bytes"))
        .hint("layerlab dive FILE --limit BYTES raises the limit")
}
