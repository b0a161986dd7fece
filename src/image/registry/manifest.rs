//! Manifests: what a tag or a digest names. Their digests are those of their JSON.

use super::blob::Blob;
use crate::fs::Digest;
use crate::image::{Image, ImageLayer, config_json};
use crate::trace::Fuel;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

const IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const CONFIG: &str = "application/vnd.docker.container.image.v1+json";
/// The config of a cache that BuildKit exported (moby/buildkit `cache/remotecache/v1/spec.go`).
pub const CACHE_CONFIG: &str = "application/vnd.buildkit.cacheconfig.v0";

/// `linux/amd64`, `linux/arm/v7`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Platform {
    /// `linux`.
    pub os: String,
    /// `amd64`.
    pub architecture: String,
    /// `v7`; empty for none.
    pub variant: String,
}

impl Default for Platform {
    fn default() -> Platform {
        Platform { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: String::new() }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

/// Operating systems and architectures that Docker knows of (containerd/platforms `database.go`), as far as
/// images are made for them.
const SYSTEMS: [&str; 3] = ["linux", "windows", "darwin"];
const ARCHITECTURES: [&str; 9] =
    ["amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "mips64le", "loong64"];

impl Platform {
    /// Reads `linux/arm64`, `arm64`, `linux/arm/v7`; other spellings of an architecture become Docker's.
    ///
    /// # Errors
    /// The daemon's words.
    pub fn parse(text: &str) -> Result<Platform, String> {
        let unknown = || format!("{text:?}: unknown operating system or architecture: invalid argument");
        let parts: Vec<String> = text.split('/').map(str::to_lowercase).collect();
        let (os, architecture, variant) = match parts.as_slice() {
            [one] if SYSTEMS.contains(&one.as_str()) => (one.as_str(), "amd64", ""),
            [one] => ("linux", one.as_str(), ""),
            [os, architecture] => (os.as_str(), architecture.as_str(), ""),
            [os, architecture, variant] => (os.as_str(), architecture.as_str(), variant.as_str()),
            _ => return Err(format!("{text:?}: cannot parse platform specifier: invalid argument")),
        };
        let (architecture, variant) = match (architecture, variant) {
            ("x86_64" | "x86-64", variant) => ("amd64", variant),
            ("aarch64", variant) => ("arm64", variant),
            ("armhf", "") => ("arm", "v7"),
            ("armel", "") => ("arm", "v6"),
            ("i386", variant) => ("386", variant),
            other => other,
        };
        let variant = if (architecture, variant) == ("arm64", "v8") { "" } else { variant };
        if !SYSTEMS.contains(&os) || !ARCHITECTURES.contains(&architecture) {
            return Err(unknown());
        }
        let plain = variant.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain {
            return Err(unknown());
        }
        let (os, architecture) = (os.to_owned(), architecture.to_owned());
        Ok(Platform { os, architecture, variant: variant.to_owned() })
    }

    /// An image's.
    pub fn of(image: &Image) -> Platform {
        let (os, architecture) = (image.os.to_string(), image.architecture.to_string());
        Platform { os, architecture, variant: String::new() }
    }
}

/// An image that an index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its manifest.
    pub digest: Digest,
    /// Bytes of that manifest.
    pub size: u64,
    /// What it is for.
    pub platform: Platform,
}

/// What a manifest names.
#[derive(Clone, Debug)]
pub enum What {
    /// One image.
    Image {
        /// The image; its id is the digest of its config.
        image: Arc<Image>,
        /// Bytes of its config.
        config: u64,
        /// Its layers, bottom first.
        layers: Vec<Blob>,
    },
    /// An image for each platform.
    Index(Vec<Part>),
    /// What a build exported for later builds.
    Cache {
        /// Records and keys.
        config: Arc<[u8]>,
        /// The layers of its results.
        layers: Vec<(Blob, ImageLayer)>,
    },
}

/// A manifest as a registry keeps it.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// SHA-256 of its JSON.
    pub digest: Digest,
    /// Its JSON, as Docker writes it.
    pub json: Arc<str>,
    /// What it names.
    pub what: What,
}

impl Manifest {
    /// An image's (distribution `manifest/schema2/manifest.go`). The image loses what a registry does not
    /// keep: what it was built on.
    pub fn image(image: &Arc<Image>, layers: Vec<Blob>) -> Manifest {
        let config = match &image.config_bytes {
            Some(bytes) => bytes.len() as u64,
            None => config_json(image).len() as u64,
        };
        let image = match image.parent {
            None => image.clone(),
            Some(_) => Arc::new(Image { parent: None, ..Image::clone(image) }),
        };
        let json = written(IMAGE, &descriptor(CONFIG, config, &image.id), layers.iter());
        Manifest::of(json, What::Image { image, config, layers })
    }

    /// A built-in image's.
    pub fn built_in(image: &Arc<Image>) -> Manifest {
        let mut fuel = Fuel::default();
        let layers = image.layers.iter();
        let layers = layers.map(|layer| Blob::packed(layer, &mut fuel).unwrap_or(Blob::plain(layer)));
        Manifest::image(image, layers.collect())
    }

    /// An index over images (distribution `manifest/manifestlist/manifestlist.go`).
    pub fn index(parts: Vec<Part>) -> Manifest {
        let mut json =
            format!("{{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"{INDEX}\",\n   \"manifests\": [");
        for (at, part) in parts.iter().enumerate() {
            let Platform { os, architecture, variant } = &part.platform;
            let variant = match variant.as_str() {
                "" => String::new(),
                variant => format!(",\n            \"variant\": {}", json!(variant)),
            };
            json.push_str(&format!(
                "{}\n      {{\n         \"mediaType\": \"{IMAGE}\",\n         \"size\": {},\n         \"digest\": \"{}\",\n         \"platform\": {{\n            \"architecture\": {},\n            \"os\": {}{variant}\n         }}\n      }}",
                if at > 0 { "," } else { "" },
                part.size,
                part.digest,
                json!(architecture),
                json!(os),
            ));
        }
        json.push_str("\n   ]\n}");
        Manifest::of(json, What::Index(parts))
    }

    /// A cache's: records and keys as its config, the layers of results below.
    pub fn cache(config: Arc<[u8]>, layers: Vec<(Blob, ImageLayer)>) -> Manifest {
        let of = descriptor(CACHE_CONFIG, config.len() as u64, &Digest::of(&config));
        let json = written(IMAGE, &of, layers.iter().map(|(blob, _)| blob));
        Manifest::of(json, What::Cache { config, layers })
    }

    fn of(json: String, what: What) -> Manifest {
        Manifest { digest: Digest::of(&json), json: json.into(), what }
    }

    /// Bytes of the manifest itself.
    pub fn size(&self) -> u64 {
        self.json.len() as u64
    }

    /// The digests of the layers that it names.
    pub fn blobs(&self) -> impl Iterator<Item = Digest> {
        self.layers().map(|blob| blob.digest)
    }

    /// The layers that it names, bottom first.
    pub fn layers(&self) -> impl Iterator<Item = &Blob> {
        let (own, cached): (&[Blob], &[(Blob, ImageLayer)]) = match &self.what {
            What::Image { layers, .. } => (layers, &[]),
            What::Cache { layers, .. } => (&[], layers),
            What::Index(_) => (&[], &[]),
        };
        own.iter().chain(cached.iter().map(|(blob, _)| blob))
    }

    /// As JSON values, for people and scripts.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }
}

/// A descriptor as Docker's manifests indent it.
fn descriptor(kind: &str, size: u64, digest: &Digest) -> String {
    format!(
        "{{\n      \"mediaType\": \"{kind}\",\n      \"size\": {size},\n      \"digest\": \"{digest}\"\n   }}"
    )
}

fn written<'b>(kind: &str, config: &str, layers: impl Iterator<Item = &'b Blob>) -> String {
    let mut json = format!(
        "{{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"{kind}\",\n   \"config\": {config},\n   \"layers\": ["
    );
    for (at, blob) in layers.enumerate() {
        json.push_str(&format!(
            "{}\n      {{\n         \"mediaType\": \"{}\",\n         \"size\": {},\n         \"digest\": \"{}\"\n      }}",
            if at > 0 { "," } else { "" },
            blob.media_type(),
            blob.size,
            blob.digest
        ));
    }
    json.push_str("\n   ]\n}");
    json
}
