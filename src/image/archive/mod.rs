//! Image archives, read and written: what `docker save` writes (before and since Docker 25) and OCI layouts.
//!
//! An archive is taken as hostile: every size is checked against what is there, every digest against the
//! bytes, and a refusal names the part. Contents of files stay where they are until somebody asks for
//! them. Sources: moby `image/tarexport`, OCI image spec `image-layout.md`, `manifest.md`, `layer.md`.

mod config;
mod entries;
mod folder;
mod layer;
mod oci;
mod parts;
mod place;
mod save;
mod tar;
mod unpack;

pub use entries::{TarEntries, TarEntry};
pub use layer::tar_entries;
pub use place::{Form, Place};
pub use save::{Archive, LAYOUT, SavedImage, archive, tags_in};
pub use tar::write_layer;

use super::{Image, ImageLayer};
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Digest, Host, MemorySpool, Spool, Stored};
use crate::trace::Fuel;
use folder::Folder;
use parts::Parts;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use unpack::{Packed, Room};

/// How to read an archive.
#[derive(Clone)]
pub struct Options {
    /// Bytes that may be unpacked, all parts together, and the size of a sparse file.
    pub limit: u64,
    /// What to type to raise the limit.
    pub raise: &'static str,
    /// Compare digests with the bytes? Without, an archive is read without its contents.
    pub verify: bool,
    /// Keeps what is unpacked.
    pub spool: Arc<dyn Spool>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("limit", &self.limit).field("verify", &self.verify).finish()
    }
}

impl Options {
    /// Everything verified, what is unpacked kept in memory.
    pub fn new(limit: u64) -> Options {
        let raise = "layerlab dive FILE --limit BYTES raises the limit";
        Options { limit, raise, verify: true, spool: Arc::new(MemorySpool) }
    }
}

/// An image out of an archive.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its id is the SHA-256 of the config's bytes, its diff ids those of the layers' tars.
    pub image: Arc<Image>,
    /// The names it has in the archive.
    pub names: Vec<String>,
    /// What an OCI index calls it (`org.opencontainers.image.ref.name`): mostly a tag.
    pub tag: Option<String>,
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
    pub entries: Arc<TarEntries>,
}

/// What one manifest says, with the places of its parts.
struct Manifest {
    config: String,
    names: Vec<String>,
    tag: Option<String>,
    layers: Vec<String>,
}

/// Images of one archive, at most.
const MOST_IMAGES: usize = 1000;

/// Layers of one image, at most (moby `layer/layer_store.go`, `maxLayerDepth`, allows 125).
const MOST_LAYERS: usize = 125;

/// Reads every image of an archive: plain, or inside gzip, bzip2, xz or zstd. `limit` bounds the bytes of
/// what is unpacked, all parts together; the fuel bounds the entries.
///
/// # Errors
/// A lab error that names the part and what is wrong with it.
pub fn read(bytes: &[u8], limit: u64, fuel: &mut Fuel) -> Result<Vec<Loaded>, Error> {
    open(&Stored::memory(bytes.to_vec()), &Options::new(limit), fuel)
}

/// [`read`] of an archive that lies elsewhere; contents of files are left there.
///
/// # Errors
/// As [`read`].
pub fn open(archive: &Stored, options: &Options, fuel: &mut Fuel) -> Result<Vec<Loaded>, Error> {
    let room = Room::of(options.limit, fuel);
    let plain = unpack::whole(archive, options, &room)?;
    images(&Parts::read(&plain, options.limit, fuel)?, options, &room, fuel)
}

/// [`read`] of a folder that an archive was unpacked to, or of an OCI layout.
///
/// # Errors
/// As [`read`].
pub fn open_folder(
    host: &dyn Host,
    folder: &str,
    options: &Options,
    fuel: &mut Fuel,
) -> Result<Vec<Loaded>, Error> {
    let room = Room::of(options.limit, fuel);
    images(&Parts::Folder(Folder::of(host, folder)), options, &room, fuel)
}

/// The images of an archive that a person means: all, or those with a tag or name.
///
/// # Errors
/// There is none; the names that there are.
pub fn chosen(loaded: Vec<Loaded>, tag: Option<&str>) -> Result<Vec<Loaded>, Error> {
    let Some(tag) = tag else { return Ok(loaded) };
    let whole = super::reference::normalise(tag).ok();
    let fits = |image: &Loaded| {
        let of_name = |name: &String| {
            Some(name) == whole.as_ref() || name.rsplit_once(':').is_some_and(|(_, given)| given == tag)
        };
        image.tag.as_deref() == Some(tag) || image.names.iter().any(of_name)
    };
    let known: Vec<String> =
        loaded.iter().filter_map(|image| image.tag.clone().or(image.names.first().cloned())).collect();
    let found: Vec<Loaded> = loaded.into_iter().filter(fits).collect();
    if found.is_empty() {
        let error = Error::new(ErrorKind::Host, format!("the archive has no image `{}`", escaped(tag)));
        let error = error.did_you_mean(tag, known.iter().map(String::as_str));
        return Err(match known.is_empty() {
            true => error.hint("its images have no names: leave the tag away"),
            false => error.hint(format!("it has {}", escaped(&known.join(", ")))),
        });
    }
    Ok(found)
}

/// A tar of files, as `docker export` writes it, as the one layer of an image (`docker import`), and what
/// was left out. Its diff id is the SHA-256 of the plain tar.
///
/// # Errors
/// As [`read`].
pub fn import(
    archive: &Stored,
    options: &Options,
    label: &str,
    fuel: &mut Fuel,
) -> Result<(ImageLayer, Vec<String>), Error> {
    let packed = [Packed { place: "the archive".to_owned(), bytes: Contents::stored(archive.clone()) }];
    let (plain, ()) = unpack::all(&packed, options, &Room::of(options.limit, fuel), || ());
    let missing = || broken("the archive", "it can't be read");
    let plain = plain.into_iter().next().ok_or_else(missing)??;
    let read = layer::read("the archive", &plain.tar, options.limit, fuel)?;
    let size = super::size(&read.layer, super::Origin::Daemon);
    let diff_id = plain.diff_id.ok_or_else(missing)?;
    let (layer, tar) = (read.layer, Some(plain.tar));
    Ok((ImageLayer { layer, diff_id, size, label: label.into(), tar }, read.notes))
}

fn images(parts: &Parts<'_>, options: &Options, room: &Room, fuel: &mut Fuel) -> Result<Vec<Loaded>, Error> {
    let (list, manifests) = match parts.get("manifest.json")? {
        Some(manifest) => ("manifest.json", docker_manifests(&manifest)?),
        None => ("index.json", oci::manifests(parts)?),
    };
    match manifests.len() {
        0 => return Err(broken(list, "it lists no image")),
        1..=MOST_IMAGES => {}
        many => return Err(broken(list, &format!("{many} images, more than {MOST_IMAGES}"))),
    }
    let mut configs = Vec::new();
    for manifest in &manifests {
        let bytes = parts.text(&manifest.config, "the config")?;
        let read = config::read(&manifest.config, &bytes)?;
        let (wanted, given) = (read.diff_ids.len(), manifest.layers.len());
        if wanted != given {
            let message = format!("invalid manifest, layers length mismatch: expected {given}, got {wanted}");
            return Err(broken(&manifest.config, &message));
        }
        if given > MOST_LAYERS {
            return Err(broken(&manifest.config, &format!("max depth exceeded: {given} layers")));
        }
        configs.push((bytes, read));
    }
    let layers = Layers::read(&manifests, parts, options, room, fuel)?;
    let together = manifests.iter().zip(configs);
    together.map(|(manifest, (bytes, read))| assemble(manifest, &bytes, read, parts, &layers)).collect()
}

/// The layers of all images, by their place in the archive.
struct Layers(HashMap<String, (unpack::Plain, layer::Read)>);

impl Layers {
    /// Reads each once. Digests are summed by other threads while this one reads headers.
    fn read(
        manifests: &[Manifest],
        parts: &Parts<'_>,
        options: &Options,
        room: &Room,
        fuel: &mut Fuel,
    ) -> Result<Layers, Error> {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut packed: Vec<Packed> = Vec::new();
        for place in manifests.iter().flat_map(|manifest| &manifest.layers) {
            if !numbers.contains_key(place.as_str()) {
                numbers.insert(place, packed.len());
                packed.push(Packed { place: place.clone(), bytes: parts.need(place, "a layer")? });
            }
        }
        let read =
            |one: &Packed, tar: &Stored, fuel: &mut Fuel| layer::read(&one.place, tar, options.limit, fuel);
        let (plains, early) = unpack::all(&packed, options, room, || {
            packed.iter().map(|one| one.plain().map(|tar| read(one, &tar, fuel))).collect::<Vec<_>>()
        });
        let mut layers = HashMap::new();
        for ((one, plain), early) in packed.iter().zip(plains).zip(early) {
            let plain = plain?;
            let read = early.unwrap_or_else(|| read(one, &plain.tar, fuel))?;
            layers.insert(one.place.clone(), (plain, read));
        }
        Ok(Layers(layers))
    }
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
        Ok(Manifest { config, names: texts(item, "RepoTags"), tag: None, layers: texts(item, "Layers") })
    };
    items.iter().map(manifest).collect()
}

fn assemble(
    manifest: &Manifest,
    config: &[u8],
    read: config::Read,
    parts: &Parts<'_>,
    layers: &Layers,
) -> Result<Loaded, Error> {
    let mut image = Image { id: Digest::of(config), config_bytes: Some(config.into()), ..read.image };
    let labels: Vec<String> =
        image.history.iter().filter(|entry| !entry.empty_layer).map(layer::label).collect();
    let mut loaded = Loaded {
        image: Arc::default(),
        names: Vec::new(),
        tag: manifest.tag.clone(),
        layers: Vec::new(),
        notes: Vec::new(),
    };
    for (at, (place, diff_id)) in manifest.layers.iter().zip(&read.diff_ids).enumerate() {
        let (plain, read) =
            layers.0.get(place).ok_or_else(|| broken(place, "a layer is not in the archive"))?;
        if let Some(got) = plain.diff_id.filter(|got| got != diff_id) {
            let message = format!("invalid diffID for layer {at}: expected \"{diff_id}\", got \"{got}\"");
            return Err(broken(place, &message));
        }
        let size = super::size(&read.layer, super::Origin::Daemon);
        let label = labels.get(at).filter(|label| !label.is_empty()).cloned();
        let label = label.unwrap_or_else(|| format!("layer {}", at + 1)).into();
        let (layer, tar) = (read.layer.clone(), Some(plain.tar.clone()));
        image.layers.push(ImageLayer { layer, diff_id: *diff_id, size, label, tar });
        let entries = if parts.is_link(place) { Arc::default() } else { read.entries.clone() };
        let id = place.split('/').next().unwrap_or_default().to_owned();
        loaded.layers.push(ArchiveLayer { id, entries });
        loaded.notes.extend(read.notes.iter().cloned());
    }
    loaded.names = manifest.names.iter().filter_map(|name| super::reference::normalise(name).ok()).collect();
    loaded.image = Arc::new(image);
    Ok(loaded)
}

/// A refusal of a part.
fn broken(part: &str, message: &str) -> Error {
    Error::new(ErrorKind::Host, format!("`{}`: {message}", escaped(part)))
        .hint("the archive is damaged or not what `docker save` writes: save it again")
}

/// A name out of an archive for people: control characters escaped, and not without an end.
fn escaped(name: &str) -> String {
    const MOST: usize = 160;
    let mut text = String::new();
    for c in name.chars().take(MOST) {
        if c.is_control() { text.extend(c.escape_debug()) } else { text.push(c) }
    }
    if name.chars().nth(MOST).is_some() {
        text.push('…');
    }
    text
}

/// A refusal for the size of what was unpacked. Which part it was depends on what other threads unpacked.
fn too_big(limit: u64, raise: &str) -> Error {
    let message = format!("`the archive`: unpacked, it is more than the limit of {limit} bytes");
    Error::new(ErrorKind::Limit, message).hint(raise)
}
