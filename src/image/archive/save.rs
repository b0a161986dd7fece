//! `docker save`: one tar that is a docker-archive and an OCI layout at once; or an OCI layout's folder.
//!
//! The layout is that of Docker since version 25 (moby `image/tarexport/save.go`): layers are plain tars
//! named by their digest, `manifest.json` and `repositories` for Docker, `index.json` and `oci-layout`
//! for everybody else. Docker 20.10 loads it too. Names are sorted and times are the epoch: the same
//! images give the same bytes.

use super::tar::{Stoppable, write_layer};
use crate::error::{Error, ErrorKind};
use crate::fs::tar_writer::{Entry, EntryKind, TarWriter};
use crate::fs::{Contents, Digest, FolderForm, FolderWriter, Hasher, Layer, Stored};
use crate::image::{Image, ImageLayer, config_json};
use crate::trace::Fuel;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An image as it will lie in an archive.
#[derive(Clone, Debug)]
pub struct SavedImage {
    /// The names it gets.
    pub names: Vec<String>,
    /// SHA-256 of its config there: what Docker will call it.
    pub id: Digest,
    /// SHA-256 of its layers' tars, bottom first.
    pub diff_ids: Vec<Digest>,
    /// Bytes of its layers' tars.
    pub bytes: u64,
}

/// An archive whose digests are known and whose bytes are not written yet.
#[derive(Debug)]
pub struct Archive {
    /// The images, in the order they were named.
    pub images: Vec<SavedImage>,
    blobs: BTreeMap<Digest, Blob>,
    /// `index.json` and the like, sorted.
    files: Vec<(&'static str, Contents)>,
    interrupt: Option<Arc<AtomicBool>>,
}

#[derive(Clone, Debug)]
enum Blob {
    Json(Contents),
    /// A tar out of an archive, to be copied.
    Kept(Stored),
    /// A layer of the lab and how long its tar is.
    Made(Layer, u64),
}

impl Blob {
    fn len(&self) -> u64 {
        match self {
            Blob::Json(text) => text.len(),
            Blob::Kept(tar) => tar.len(),
            Blob::Made(_, len) => *len,
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Blob::Json(text) => text.try_each_chunk(&mut |chunk| out.write_all(chunk)),
            Blob::Kept(tar) => tar.each_chunk(&mut |chunk| out.write_all(chunk)),
            Blob::Made(layer, _) => write_layer(layer, None, out),
        }
    }
}

/// Computes what an archive of these images and names will hold. Layers that came out of an archive keep
/// their bytes; those of the lab are written once to nowhere to learn their digests, over all processors.
///
/// # Errors
/// A layer that no tar can hold; the fuel.
pub fn archive(images: &[(Arc<Image>, Vec<String>)], fuel: &mut Fuel) -> Result<Archive, Error> {
    let mut layers: BTreeMap<Digest, &ImageLayer> = BTreeMap::new();
    for layer in images.iter().flat_map(|(image, _)| &image.layers) {
        layers.insert(layer.diff_id, layer);
    }
    let made: Vec<&ImageLayer> = layers.values().copied().filter(|layer| layer.tar.is_none()).collect();
    fuel.running("docker save");
    let entries: u64 = made.iter().map(|layer| layer.layer.entries() as u64).sum();
    if !fuel.spend(entries) {
        return Err(Error::new(ErrorKind::Limit, "saving the image takes more than the lab's limit"));
    }
    let interrupt = fuel.interrupt();
    let measured = measure(&made, interrupt.as_ref())?;
    let mut archive = Archive { images: Vec::new(), blobs: BTreeMap::new(), files: Vec::new(), interrupt };
    let (mut manifests, mut descriptors, mut repositories) = (Vec::new(), Vec::new(), Map::new());
    for (image, names) in images {
        let saved = archive.add(image, names, &measured);
        let (manifest, oci) = archive.describe(image, names, &saved);
        manifests.push(manifest);
        descriptors.extend(oci);
        for name in names {
            if let Some((repository, tag)) = name.rsplit_once(':')
                && let Some(top) = saved.diff_ids.last()
                && let Some(tags) =
                    repositories.entry(repository).or_insert_with(|| json!({})).as_object_mut()
            {
                tags.insert(tag.to_owned(), top.hex().into());
            }
        }
        archive.images.push(saved);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors });
    archive.files = vec![
        ("index.json", text(&index)),
        ("manifest.json", text(&Value::Array(manifests))),
        ("oci-layout", text(&json!({ "imageLayoutVersion": "1.0.0" }))),
        ("repositories", text(&Value::Object(repositories))),
    ];
    if images.iter().all(|(_, names)| names.is_empty()) {
        archive.files.pop();
    }
    Ok(archive)
}

/// The folder of an OCI layout (OCI image spec `image-layout.md`), perhaps with what Docker's archive has.
pub const LAYOUT: FolderForm = FolderForm {
    what: "an OCI layout",
    marker: "oci-layout",
    names: &["blobs", "index.json", "oci-layout", "manifest.json", "repositories"],
};

/// Only Docker reads them.
const DOCKERS: [&str; 2] = ["manifest.json", "repositories"];
const BLOBS: &str = "blobs/sha256";
const TAG: &str = "org.opencontainers.image.ref.name";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

fn text(value: &Value) -> Contents {
    Contents::text(&value.to_string())
}

/// Digest and length of the tars, by the lab's own digest of the layer.
type Measured = BTreeMap<Digest, (Digest, u64)>;

fn measure(made: &[&ImageLayer], interrupt: Option<&Arc<AtomicBool>>) -> Result<Measured, Error> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(layer) = made.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut sum = Sum { hasher: Hasher::new(), len: 0 };
            let written = write_layer(&layer.layer, interrupt, &mut sum);
            let written = written.map(|()| (sum.hasher.finish(), sum.len));
            done.lock().unwrap_or_else(PoisonError::into_inner).push((layer.diff_id, written));
        }
    };
    let processors = crate::fs::processors();
    std::thread::scope(|scope| {
        for _ in 1..processors.min(made.len()) {
            // A host without threads to give: this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(diff_id, _)| *diff_id);
    let mut measured = Measured::new();
    for (diff_id, written) in done {
        let label = made.iter().find(|layer| layer.diff_id == diff_id).map_or("", |layer| &*layer.label);
        let refused = |error: io::Error| Error::new(ErrorKind::Usage, format!("layer `{label}`: {error}"));
        measured.insert(diff_id, written.map_err(refused)?);
    }
    Ok(measured)
}

struct Sum {
    hasher: Hasher,
    len: u64,
}

impl Write for Sum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.raw(bytes);
        self.len += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    /// Adds an image's layers and config.
    fn add(&mut self, image: &Image, names: &[String], measured: &Measured) -> SavedImage {
        let mut real = image.clone();
        let mut bytes = 0u64;
        for layer in &mut real.layers {
            let blob = match (&layer.tar, measured.get(&layer.diff_id)) {
                (Some(tar), _) => Blob::Kept(tar.clone()),
                (None, Some((diff_id, len))) => {
                    layer.diff_id = *diff_id;
                    Blob::Made(layer.layer.clone(), *len)
                }
                (None, None) => continue,
            };
            bytes = bytes.saturating_add(blob.len());
            self.blobs.insert(layer.diff_id, blob);
        }
        let as_loaded = image.layers.iter().all(|layer| layer.tar.is_some());
        let config = match image.config_bytes.as_ref().filter(|_| as_loaded) {
            Some(bytes) => Contents::bytes(bytes.clone()),
            None => Contents::text(&config_json(&real)),
        };
        let id = self.blob(config);
        let diff_ids = real.layers.iter().map(|layer| layer.diff_id).collect();
        SavedImage { names: names.to_vec(), id, diff_ids, bytes }
    }

    fn blob(&mut self, contents: Contents) -> Digest {
        let mut sum = Hasher::new();
        contents.for_each_chunk(&mut |chunk| {
            sum.raw(chunk);
        });
        let digest = sum.finish();
        self.blobs.insert(digest, Blob::Json(contents));
        digest
    }

    /// What `manifest.json` and `index.json` say of an image.
    fn describe(&mut self, image: &Image, names: &[String], saved: &SavedImage) -> (Value, Vec<Value>) {
        let len = |digest: &Digest| self.blobs.get(digest).map_or(0, Blob::len);
        let blob = |kind: &str, digest: &Digest| json!({ "mediaType": kind, "digest": digest.to_string(), "size": len(digest) });
        let layers: Vec<Value> = saved.diff_ids.iter().map(|digest| blob(LAYER, digest)).collect();
        let sources: Map<String, Value> =
            saved.diff_ids.iter().map(|digest| (digest.to_string(), blob(LAYER, digest))).collect();
        let place = |digest: &Digest| format!("{BLOBS}/{}", digest.hex());
        let docker = json!({
            "Config": place(&saved.id),
            "RepoTags": if names.is_empty() { Value::Null } else { json!(names) },
            "Layers": saved.diff_ids.iter().map(place).collect::<Vec<_>>(),
            "LayerSources": sources,
        });
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": blob(CONFIG, &saved.id),
            "layers": layers,
        });
        let digest = self.blob(text(&manifest));
        let mut descriptor = json!({
            "mediaType": MANIFEST,
            "digest": digest.to_string(),
            "size": self.blobs.get(&digest).map_or(0, Blob::len),
            "platform": { "architecture": &*image.architecture, "os": &*image.os },
        });
        if names.is_empty() {
            return (docker, vec![descriptor]);
        }
        let each = names.iter().map(|name| {
            descriptor["annotations"] = json!({
                "io.containerd.image.name": crate::image::reference::whole(name),
                TAG: name.rsplit_once(':').map_or("latest", |(_, tag)| tag),
            });
            descriptor.clone()
        });
        (docker, each.collect())
    }

    /// Writes the images as an OCI layout's folder: what the tar has, without the files that only Docker
    /// reads.
    ///
    /// # Errors
    /// As [`Archive::write`].
    pub fn write_folder(&self, folder: &mut dyn FolderWriter) -> io::Result<u64> {
        let mut bytes = 0u64;
        for (digest, blob) in &self.blobs {
            let name = format!("{BLOBS}/{}", digest.hex());
            folder.file(&name, &mut |out| {
                let mut out = Stoppable { out, interrupt: self.interrupt.as_ref() };
                checked(blob, digest, &mut out)
            })?;
            bytes = bytes.saturating_add(blob.len());
        }
        for (name, contents) in self.files.iter().filter(|(name, _)| !DOCKERS.contains(name)) {
            folder.file(name, &mut |out| contents.try_each_chunk(&mut |chunk| out.write_all(chunk)))?;
            bytes = bytes.saturating_add(contents.len());
        }
        Ok(bytes)
    }

    /// Writes the archive. Every layer's digest is compared with the one that was promised.
    ///
    /// # Errors
    /// What `out` says; contents that changed meanwhile.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut tar = TarWriter::new(Stoppable { out, interrupt: self.interrupt.as_ref() });
        for folder in ["blobs", "blobs/sha256"] {
            tar.entry(&Entry::new(folder.as_bytes(), EntryKind::Dir))?;
        }
        for (digest, blob) in &self.blobs {
            let name = format!("{BLOBS}/{}", digest.hex());
            tar.streamed(name.as_bytes(), blob.len(), &mut |out| checked(blob, digest, out))?;
        }
        for (name, contents) in &self.files {
            tar.entry(&Entry::new(name.as_bytes(), EntryKind::File(contents)))?;
        }
        tar.finish().map(drop)
    }
}

/// Writes a blob and compares its digest with the one that was promised.
fn checked(blob: &Blob, digest: &Digest, out: &mut dyn Write) -> io::Result<()> {
    let mut checked = Checked { out, hasher: Hasher::new() };
    blob.write(&mut checked)?;
    match checked.hasher.finish() == *digest {
        true => Ok(()),
        false => Err(io::Error::other("a layer's bytes have changed since its archive was loaded")),
    }
}

/// The tags of a layout's images, out of its `index.json`: empty for an image without one.
pub fn tags_in(index: &[u8]) -> Vec<String> {
    let index: Value = serde_json::from_slice(index).unwrap_or_default();
    let manifests = index.get("manifests").and_then(Value::as_array).into_iter().flatten();
    let tag = |manifest: &Value| Some(manifest.get("annotations")?.get(TAG)?.as_str()?.to_owned());
    manifests.map(|manifest| tag(manifest).unwrap_or_default()).collect()
}

/// Sums what goes through.
struct Checked<'o> {
    out: &'o mut dyn Write,
    hasher: Hasher,
}

impl Write for Checked<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.raw(bytes);
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
