//! The cache as a file: JSON with every key's ingredients, the layers as lists of entries, digests.

use super::cache::{Cache, Chain, Child, Record, Records};
use super::key::{FileEntry, Key};
use super::persist_tree::{Entry, read_tree, write_layer, write_tree};
use super::sent::Sent;
use crate::error::{Error, ErrorKind, Span};
use crate::fs::{Digest, Layer};
use crate::image::{Config, History, Image, ImageLayer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The format's name; its number grows when old files can't be read any more.
const FORMAT: &str = "layerlab-cache/1";

#[derive(Serialize, Deserialize)]
struct File {
    format: String,
    builds: u64,
    /// What each build was a build of.
    #[serde(default)]
    projects: BTreeMap<u64, String>,
    clock: i64,
    /// Layers by digest and size.
    layers: BTreeMap<String, LayerFile>,
    records: Vec<RecordFile>,
    links: BTreeMap<String, Vec<String>>,
    children: Vec<ChildFile>,
    sent: Option<SentFile>,
    mounts: BTreeMap<String, Vec<Entry>>,
}

#[derive(Serialize, Deserialize)]
struct LayerFile {
    label: String,
    size: u64,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct RecordFile {
    id: String,
    key: Key,
    layer: String,
    created: i64,
    seconds: Option<f64>,
    build: u64,
    instruction: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<Digest>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unsure: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_modelled: bool,
}

#[derive(Serialize, Deserialize)]
struct ChildFile {
    key: Key,
    image: ImageFile,
    seconds: Option<f64>,
    build: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_modelled: bool,
}

#[derive(Serialize, Deserialize)]
struct ImageFile {
    config: Config,
    history: Vec<History>,
    layers: Vec<String>,
    created: i64,
    author: String,
    parent: Option<Digest>,
    placeholder: bool,
}

#[derive(Serialize, Deserialize)]
struct SentFile {
    entries: Vec<Entry>,
    directory_modes: BTreeMap<String, u16>,
    #[serde(default)]
    known: bool,
}

/// Writes a cache.
pub(super) fn to_json(cache: &Cache) -> String {
    let mut layers: BTreeMap<String, LayerFile> = BTreeMap::new();
    let mut keep = |layer: &ImageLayer| {
        // The builders count a layer's bytes differently, so the size belongs to the name.
        let id = format!("{}:{}", layer.diff_id.hex(), layer.size);
        layers.entry(id.clone()).or_insert_with(|| LayerFile {
            label: layer.label.to_string(),
            size: layer.size,
            entries: write_layer(&layer.layer),
        });
        id
    };
    let records = cache.records.list.iter().map(|record| RecordFile {
        id: record.id.clone(),
        key: (*record.key).clone(),
        layer: keep(&record.layer),
        created: record.created,
        seconds: record.seconds,
        build: record.build,
        instruction: record.instruction.clone(),
        chain: record.chain,
        unsure: record.unsure,
        not_modelled: record.not_modelled,
    });
    let records: Vec<RecordFile> = records.collect();
    let children = cache.chain.list.iter().map(|child| ChildFile {
        key: (*child.key).clone(),
        image: ImageFile {
            config: child.image.config.clone(),
            history: child.image.history.iter().cloned().collect(),
            layers: child.image.layers.iter().map(&mut keep).collect(),
            created: child.image.created,
            author: child.image.author.clone(),
            parent: child.image.parent,
            placeholder: child.image.placeholder,
        },
        seconds: child.seconds,
        build: child.build,
        not_modelled: child.not_modelled,
    });
    let children: Vec<ChildFile> = children.collect();
    let sent = cache.sent.as_ref().map(|sent| SentFile {
        entries: write_tree(&sent.tree),
        directory_modes: sent
            .directory_modes
            .iter()
            .map(|(path, mode)| (String::from_utf8_lossy(path).into_owned(), *mode))
            .collect(),
        known: sent.is_known(),
    });
    let links = cache.records.links.iter().map(|(link, ids)| (link.hex(), ids.clone())).collect();
    let mounts = cache.mounts.iter().map(|(id, tree)| (id.clone(), write_tree(tree))).collect();
    let (builds, clock) = (cache.builds, cache.clock);
    let projects = BTreeMap::clone(&cache.projects);
    let file = File {
        format: FORMAT.to_owned(),
        builds,
        projects,
        clock,
        layers,
        records,
        links,
        children,
        sent,
        mounts,
    };
    // These types have text keys only, so writing them can't fail.
    serde_json::to_string(&file).unwrap_or_default()
}

/// Reads a cache.
///
/// # Errors
/// Where the bytes stop being a cache file.
pub(super) fn from_json(bytes: &[u8]) -> Result<Cache, Error> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| not_read(bytes, &error))?;
    if file.format != FORMAT {
        let message = format!("this cache file has the format `{}`, the lab reads `{FORMAT}`", file.format);
        return Err(broken(message));
    }
    let mut layers: BTreeMap<String, ImageLayer> = BTreeMap::new();
    for (id, layer) in file.layers {
        let tree = read_tree(&layer.entries).map_err(|words| broken(format!("layer {id}: {words}")))?;
        let sealed = if tree.is_bare() { Layer::empty() } else { tree.seal() };
        let diff_id = crate::image::diff_id(&sealed);
        if id.split(':').next() != Some(&diff_id.hex()) {
            return Err(broken(format!("layer {id}: its entries give another digest, {}", diff_id.hex())));
        }
        let label = layer.label.into();
        layers.insert(id, ImageLayer { layer: sealed, diff_id, size: layer.size, label, tar: None });
    }
    let find = |id: &String| layers.get(id).cloned().ok_or_else(|| broken(format!("layer {id} is missing")));
    let mut records = Records::default();
    for record in file.records {
        records.put(Record {
            layer: find(&record.layer)?,
            id: record.id,
            key: Arc::new(checked(record.key)?),
            created: record.created,
            seconds: record.seconds,
            build: record.build,
            instruction: record.instruction,
            chain: record.chain,
            unsure: record.unsure,
            not_modelled: record.not_modelled,
        });
    }
    for (link, ids) in file.links {
        let link = Digest::parse(&link).ok_or_else(|| broken(format!("`{link}` is no digest")))?;
        ids.iter().for_each(|id| records.add_link(link, id));
    }
    let mut chain = Chain::default();
    for child in file.children {
        let key = Arc::new(checked(child.key)?);
        let image = child.image;
        let image = Image {
            layers: image.layers.iter().map(&find).collect::<Result<_, _>>()?,
            config: image.config,
            history: image.history.into_iter().collect(),
            created: image.created,
            author: image.author,
            parent: image.parent,
            placeholder: image.placeholder,
            ..Image::default()
        };
        let (digest, image) = (key.digest(), Arc::new(image.sealed()));
        let (seconds, build, not_modelled) = (child.seconds, child.build, child.not_modelled);
        chain.add(Child { key, digest, image, seconds, build, not_modelled });
    }
    let sent = match file.sent {
        None => None,
        Some(sent) => {
            let tree = read_tree(&sent.entries).map_err(|words| broken(format!("the context: {words}")))?;
            let modes =
                sent.directory_modes.into_iter().map(|(path, mode)| (path.into_bytes(), mode)).collect();
            let restored = Sent::restored(tree, modes);
            if sent.known {
                restored.becomes_known();
            }
            Some(Arc::new(restored))
        }
    };
    let mut mounts = BTreeMap::new();
    for (id, entries) in file.mounts {
        let tree = read_tree(&entries).map_err(|words| broken(format!("cache mount {id}: {words}")))?;
        mounts.insert(id, tree);
    }
    let (builds, clock) = (file.builds, file.clock);
    Ok(Cache {
        records: Arc::new(records),
        chain: Arc::new(chain),
        sent,
        mounts: Arc::new(mounts),
        builds,
        projects: Arc::new(file.projects),
        clock,
        ..Cache::default()
    })
}

/// A key whose list of files gives the digest that stands in it.
fn checked(key: Key) -> Result<Key, Error> {
    if let Some(files) = &key.files {
        let entries: Vec<FileEntry> = files.entries.clone();
        if !super::key::Files::holds(&entries, files.digest) {
            return Err(broken("a list of files gives another digest than the one beside it".to_owned()));
        }
    }
    Ok(key)
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::Syntax, message).hint("delete the cache file; the next build writes a new one")
}

fn not_read(bytes: &[u8], error: &serde_json::Error) -> Error {
    let text = String::from_utf8_lossy(bytes);
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or("not JSON").to_owned();
    let mut span = Span::locate("cache", &text, error.line() as u32, error.column() as u32, 1);
    if span.text.chars().count() > 200 {
        span.text = "".into();
    }
    broken(format!("this is no cache file: {words}")).at(span)
}
