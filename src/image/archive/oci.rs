//! OCI image layouts: `index.json` leads to manifests, these to configs and layers (OCI image spec
//! `image-layout.md`, `image-index.md`, `manifest.md`).

use super::parts::{self, Parts};
use super::{Manifest, broken, escaped};
use crate::error::Error;
use crate::fs::Digest;
use serde_json::Value;

/// Indexes in indexes are followed this deep.
const MOST_DEPTH: usize = 4;

/// The images of a layout. Of several platforms linux/amd64 is taken, else the first.
pub(super) fn manifests(parts: &Parts<'_>) -> Result<Vec<Manifest>, Error> {
    let Some(index) = parts.get("index.json")? else {
        return Err(broken("manifest.json", "it is not in the archive, and neither is an OCI index.json"));
    };
    let index = parts::json("index.json", &index)?;
    list(&index, "manifests").map(|descriptor| manifest(descriptor, parts)).collect()
}

fn manifest(descriptor: &Value, parts: &Parts<'_>) -> Result<Manifest, Error> {
    let annotation = |key: &str| descriptor.get("annotations")?.get(key)?.as_str();
    // containerd writes the whole name; others only what stands in `ref.name`.
    let name = annotation("io.containerd.image.name").or(annotation("org.opencontainers.image.ref.name"));
    let mut place = blob(descriptor, "index.json")?;
    for _ in 0..MOST_DEPTH {
        let value = parts::json(&place, &parts.text(&place, "a manifest")?)?;
        if let Some(config) = value.get("config") {
            let layers = list(&value, "layers").map(|layer| blob(layer, &place)).collect::<Result<_, _>>()?;
            let names = name.map(str::to_owned).into_iter().collect();
            let tag = annotation("org.opencontainers.image.ref.name").map(str::to_owned);
            return Ok(Manifest { config: blob(config, &place)?, names, tag, layers });
        }
        let wanted = |found: &&Value| {
            let says = |key: &str| found.get("platform").and_then(|p| p.get(key)).and_then(Value::as_str);
            says("os") == Some("linux") && says("architecture") == Some("amd64")
        };
        let next = list(&value, "manifests").find(wanted).or(list(&value, "manifests").next());
        let next = next.ok_or_else(|| broken(&place, "it is neither a manifest nor an index"))?;
        place = blob(next, &place)?;
    }
    Err(broken(&place, "indexes lead to indexes without an end"))
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Where a descriptor's blob lies.
fn blob(descriptor: &Value, part: &str) -> Result<String, Error> {
    let Some(written) = descriptor.get("digest").and_then(Value::as_str) else {
        return Err(broken(part, "a descriptor has no digest"));
    };
    let digest = Digest::parse(written).filter(|_| written.starts_with("sha256:"));
    let digest =
        digest.ok_or_else(|| broken(part, &format!("`{}` is no sha256 digest", escaped(written))))?;
    Ok(format!("blobs/sha256/{}", digest.hex()))
}
