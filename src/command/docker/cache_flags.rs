//! `--cache-to` and `--cache-from` of `docker build` (docker/buildx `util/buildflags/cache.go`).

use super::{Answer, Call, push_pull};
use crate::build::{Build, Builder, CacheImport, ExportMode, Request};
use crate::command::words::Word;
use crate::dockerfile::Difference;
use crate::error::{Error, ErrorKind};
use crate::image::reference::Reference;
use crate::image::registry::{Blob, BlobKind, DIRECTORY, Target, What, push_cache};
use crate::image::{Image, ImageLayer};
use crate::trace::{Event, LayerFate, Transfer, TransferLayer};
use std::sync::Arc;

/// Where cache goes to or comes from.
enum Place {
    /// Into the image's own config.
    Inline,
    /// A name in a registry.
    Registry(Reference),
    /// A directory on the lab's host, whole.
    Local(String),
}

/// One `--cache-to` or `--cache-from`.
struct Cache {
    place: Place,
    mode: ExportMode,
    /// As people say it.
    shown: String,
}

/// `type=registry,ref=…,mode=max`, `type=inline`, `type=local,dest=…`; a bare name is a registry's.
fn read(call: &Call<'_, '_>, word: &Word, from: bool) -> Result<Cache, Error> {
    let flag = if from { "--cache-from" } else { "--cache-to" };
    let example = match from {
        true => "--cache-from type=registry,ref=localhost:5000/app:cache",
        false => "--cache-to type=registry,ref=localhost:5000/app:cache,mode=max",
    };
    let refused = |words: String| Error::new(ErrorKind::Usage, words).at(call.origin.of(word)).hint(example);
    let mut kind = None;
    let (mut name, mut place, mut mode) = (None, None, ExportMode::Min);
    if word.text.contains('=') {
        for field in word.text.split(',') {
            let Some((key, value)) = field.split_once('=') else {
                return Err(refused(format!("invalid value {field}")));
            };
            match (key.to_lowercase().as_str(), value) {
                ("type", value) => kind = Some(value.to_owned()),
                ("ref", value) => name = Some(value.to_owned()),
                ("src" | "dest", value) => place = Some(value.to_owned()),
                ("mode", "min") => mode = ExportMode::Min,
                ("mode", "max") => mode = ExportMode::Max,
                ("mode", other) => {
                    return Err(refused(format!("there is no mode `{other}`: min and max are")));
                }
                // They change how the layers are packed, not which travel.
                (
                    "compression" | "compression-level" | "force-compression" | "oci-mediatypes"
                    | "image-manifest" | "ignore-error" | "tag" | "digest",
                    _,
                ) => {}
                (other, _) => return Err(refused(format!("`{other}` is not modelled"))),
            }
        }
    } else {
        name = Some(word.text.clone());
    }
    let kind = kind.unwrap_or_else(|| if name.is_some() { "registry" } else { "" }.to_owned());
    let place = match (kind.as_str(), name, place) {
        ("inline", ..) if !from => Place::Inline,
        ("registry" | "inline", Some(name), _) => {
            let reference = Reference::parse(&name).map_err(|words| refused(words.to_owned()))?;
            Place::Registry(match (&reference.tag, &reference.digest) {
                (None, None) => Reference { tag: Some("latest".to_owned()), ..reference },
                _ => reference,
            })
        }
        ("registry" | "inline", None, _) => return Err(refused("it needs ref=NAME".to_owned())),
        ("local", _, Some(dir)) => Place::Local(crate::fs::path::absolute(&call.lab.cwd, &dir)),
        ("local", _, None) => {
            return Err(refused(format!("it needs {}=DIR", if from { "src" } else { "dest" })));
        }
        ("", ..) => return Err(refused(format!("type required form> {:?}", word.text))),
        (other, ..) => {
            let words = format!("{flag} type={other} is not modelled: inline, registry and local are");
            return Err(refused(words));
        }
    };
    let shown = match &place {
        Place::Inline => "inline".to_owned(),
        Place::Registry(name) => name.shown(),
        Place::Local(dir) => dir.clone(),
    };
    Ok(Cache { place, mode, shown })
}

/// The repository under which a directory's cache is kept.
fn of_directory(dir: &str) -> String {
    format!("{DIRECTORY}{dir}")
}

/// Reads both flags into a request. What is not there is told, and the build goes on.
pub(super) fn request(call: &mut Call<'_, '_>, request: &mut Request) -> Result<(), Error> {
    let words: Vec<Word> = call.given.all("cache-from").cloned().collect();
    let inline = call.given.all("cache-to").cloned().collect::<Vec<_>>();
    let inline = inline.iter().map(|word| read(call, word, false)).collect::<Result<Vec<_>, _>>()?;
    let by_argument = request.args.get("BUILDKIT_INLINE_CACHE").is_some_and(|value| value == "1");
    request.inline_cache = by_argument || inline.iter().any(|cache| matches!(cache.place, Place::Inline));
    if request.builder == Builder::Legacy {
        if !words.is_empty() {
            let mut images = Vec::new();
            for word in &words {
                match call.lab.images.get(&word.text) {
                    Some(image) => images.push((word.text.clone(), image)),
                    None => {
                        let text =
                            format!("--cache-from {}: it is not here; docker pull fetches it", word.text);
                        call.t.emit(|| Event::Hint { text });
                    }
                }
            }
            request.ancestors = Some(images);
        }
        return Ok(());
    }
    for word in words {
        let cache = read(call, &word, true)?;
        let found = kept(call, &cache);
        let text = match found {
            Some((config, layers)) => {
                let import = CacheImport::read(&cache.shown, &config, &layers);
                let import = import.map_err(|error| error.at(call.origin.of(&word)))?;
                let (records, results) = import.records();
                request.imports.push(Arc::new(import));
                format!(
                    "importing cache manifest from {}\n  {records} records, {results} with their layer",
                    cache.shown
                )
            }
            None if is_image(call, &cache) => {
                format!(
                    "{} carries no cache\n  --build-arg BUILDKIT_INLINE_CACHE=1 puts it there",
                    cache.shown
                )
            }
            None => format!("failed to import cache from {}: not found", cache.shown),
        };
        call.t.emit(|| Event::Text { text });
    }
    Ok(())
}

/// What is kept in one place: records, and the layers beside them. An image that is here comes before one in
/// its registry (moby `daemon/internal/builder-next/adapters/localinlinecache`).
fn kept(call: &Call<'_, '_>, cache: &Cache) -> Option<(Arc<[u8]>, Vec<ImageLayer>)> {
    let of_image = |image: &Image| Some((image.inline_cache.clone()?, image.layers.clone()));
    let name = match &cache.place {
        Place::Inline => return None,
        Place::Local(dir) => {
            let manifest = call.lab.registry.at(&of_directory(dir), "latest")?;
            return match &manifest.what {
                What::Cache { config, layers } => {
                    Some((config.clone(), layers.iter().map(|(_, layer)| layer.clone()).collect()))
                }
                _ => None,
            };
        }
        Place::Registry(name) => name,
    };
    if let Some(found) = call.lab.images.named(&name.shown()).and_then(|image| of_image(&image)) {
        return Some(found);
    }
    let manifest = call.lab.registry.find(name).ok()?;
    let manifest = call.lab.registry.for_platform(name, &manifest, &Default::default()).ok()?;
    match &manifest.what {
        What::Cache { config, layers } => {
            Some((config.clone(), layers.iter().map(|(_, layer)| layer.clone()).collect()))
        }
        What::Image { image, .. } => of_image(image),
        What::Index(_) => None,
    }
}

/// Is there an image of this name, with a cache or without?
fn is_image(call: &Call<'_, '_>, cache: &Cache) -> bool {
    let Place::Registry(name) = &cache.place else { return false };
    call.lab.images.named(&name.shown()).is_some() || call.lab.registry.find(name).is_ok()
}

/// Before a build: is any of it refused?
pub(super) fn refused(call: &Call<'_, '_>, builder: Builder) -> Result<Option<Answer>, Error> {
    let words: Vec<Word> = call.given.all("cache-to").cloned().collect();
    if words.is_empty() {
        return Ok(None);
    }
    let failed = |err: &str, next: Option<&str>| {
        let next = next.map(str::to_owned);
        Some(Answer { err: format!("{err}\n"), exit: 1, next, ..Answer::default() })
    };
    if builder == Builder::Legacy {
        return Ok(failed(
            "unknown flag: --cache-to",
            Some("without DOCKER_BUILDKIT=0: BuildKit exports caches"),
        ));
    }
    for word in &words {
        let cache = read(call, word, false)?;
        if !matches!(cache.place, Place::Inline) && !call.lab.version.has(Difference::CacheExport) {
            let words = "error: cache export feature is currently not supported for docker driver. Please switch to a different driver (eg. \"docker buildx create --use\")";
            return Ok(failed(words, Some("--cache-to type=inline")));
        }
        if let Place::Registry(name) = &cache.place
            && let Some(answer) = push_pull::denied(call, name)
        {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// After a build that ended well: writes what `--cache-to` asks for, and tells what travelled.
///
/// # Errors
/// A layer that can't be packed.
pub(super) fn export(call: &mut Call<'_, '_>, build: &Build) -> Result<(), Error> {
    let words: Vec<Word> = call.given.all("cache-to").cloned().collect();
    for word in words {
        let cache = read(call, &word, false)?;
        let (repository, tag) = match &cache.place {
            Place::Inline => continue,
            Place::Registry(name) => (name.repository(), name.tag.clone().unwrap_or_default()),
            Place::Local(dir) => (of_directory(dir), "latest".to_owned()),
        };
        let lab = &mut *call.lab;
        let exported = lab.cache.export(build, cache.mode);
        let (config, layers) = (exported.config, exported.layers);
        let size = config.len() as u64;
        let store = Arc::make_mut(&mut lab.registry);
        let place = Target { repository: &repository, tag: &tag, asks: true };
        let pushed = push_cache(store, place, config, &layers, &mut lab.origins, &mut call.t.fuel);
        let (manifest, fates) = pushed.map_err(|error| error.at(call.origin.of(&word)))?;
        let image = Image { layers, ..Image::default() };
        let beside = manifest.size().saturating_add(size);
        let (records, results) = exported.records;
        let text =
            format!("exporting cache to {}\n  {records} records, {results} with their layer", cache.shown);
        call.t.emit(|| Event::Text { text });
        let told = push_pull::transfer("cache export", &cache.shown, Some(&manifest), &fates, &image, beside);
        call.t.emit(|| Event::Transferred(told));
    }
    Ok(())
}

/// Tells which layers came with imported caches: those that were needed and not here.
pub(super) fn fetched(call: &mut Call<'_, '_>, build: &Build, here: &crate::image::Usage) {
    let mut sources: Vec<&str> = build.fetched.iter().map(|(from, ..)| from.as_str()).collect();
    sources.dedup();
    for source in sources {
        let own = build.fetched.iter().filter(|(from, ..)| from == source);
        let layers: Vec<TransferLayer> = own
            .map(|(_, layer, chain)| {
                let blob = call.lab.registry.blobs.known(layer).unwrap_or(Blob::plain(layer));
                TransferLayer {
                    digest: blob.digest.to_string(),
                    label: layer.label.to_string(),
                    bytes: blob.size,
                    described: blob.kind == BlobKind::Described,
                    fate: if here.is_used(chain) { LayerFate::There } else { LayerFate::Fetched },
                }
            })
            .collect();
        let sum = layers.iter().map(|layer| layer.fate.bytes(layer.bytes));
        let (sent, saved) = sum.fold((0u64, 0u64), |a, b| (a.0.saturating_add(b.0), a.1.saturating_add(b.1)));
        let told = Transfer {
            way: "cache import".to_owned(),
            name: source.to_owned(),
            digest: None,
            layers,
            sent,
            saved,
            beside: 0,
        };
        call.t.emit(|| Event::Transferred(told));
    }
}
