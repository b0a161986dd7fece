//! `docker system df` (docker/cli `cli/command/formatter/disk_usage.go`; moby `daemon/disk_usage.go`).

use super::containers::container_usage;
use super::images::image_usage;
use super::rows::{Listing, row};
use super::table::align;
use super::units::human_size;
use super::volumes::{links, volume_usage};
use super::{Printed, data::Data};
use crate::fs::Digest;
use crate::image::{Container, Image, Store, Volume, chain_id};
use std::collections::{BTreeMap, BTreeSet};

const HEADS: [(&str, &str); 5] = [
    ("Type", "TYPE"),
    ("TotalCount", "TOTAL"),
    ("Active", "ACTIVE"),
    ("Size", "SIZE"),
    ("Reclaimable", "RECLAIMABLE"),
];

/// How many bytes of an image's layers other images have too.
pub fn shared_size(images: &Store, image: &Image) -> u64 {
    let users = users_of_chains(images);
    chains(image).filter(|(chain, _)| users.get(chain).is_some_and(|n| *n > 1)).map(|(_, bytes)| bytes).sum()
}

/// The summary: images (each layer once), containers (their uppers), volumes and build cache.
pub fn system_df(
    images: &Store,
    containers: &[&Container],
    volumes: &[&Volume],
    format: Option<&str>,
) -> Printed {
    let named: Vec<&Image> =
        images.images().map(|image| &**image).filter(|i| !is_hidden(images, i)).collect();
    let mut layers: BTreeMap<Digest, u64> = BTreeMap::new();
    named.iter().for_each(|image| layers.extend(chains(image)));
    let used: BTreeSet<Digest> = containers.iter().map(|container| container.image.id).collect();
    let unused = named.iter().filter(|image| !used.contains(&image.id));
    let reclaimable = unused.map(|image| image.size().saturating_sub(shared_size(images, image))).sum();
    let active = named.iter().filter(|image| used.contains(&image.id)).count();
    let uppers = |running: Option<bool>| {
        let chosen = containers.iter().filter(|container| running.is_none_or(|r| container.running == r));
        chosen.map(|container| container.size_rw()).sum::<u64>()
    };
    let running = containers.iter().filter(|container| container.running).count();
    let used = volumes.iter().filter(|volume| links(volume, containers) > 0).count();
    let held = |unused: bool| {
        let chosen = volumes.iter().filter(|volume| !unused || links(volume, containers) == 0);
        chosen.map(|volume| volume.size()).fold(0, u64::saturating_add)
    };
    let rows = [
        line("Images", named.len(), active, layers.values().sum(), reclaimable),
        line("Containers", containers.len(), running, uppers(None), uppers(Some(false))),
        line("Local Volumes", volumes.len(), used, held(false), held(true)),
        line("Build Cache", 0, 0, 0, 0),
    ];
    let listing = Listing {
        heads: &HEADS,
        table: "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
        quiet: None,
        kind: "*formatter.diskUsageContext",
    };
    listing.print(&rows, format)
}

/// `-v`: every image with its shared and unique bytes, every container with what it wrote (docker/cli
/// `cli/command/formatter/disk_usage.go`, `verboseWriteTable`). BuildKit's cache is no store of the lab's.
pub fn system_df_verbose(images: &Store, containers: &[&Container], volumes: &[&Volume]) -> Printed {
    Printed::out(format!(
        "Images space usage:\n\n{}\nContainers space usage:\n\n{}\nLocal Volumes space usage:\n\n{}\nBuild cache usage: 0B\n\n{}",
        image_usage(images, containers),
        container_usage(containers),
        volume_usage(volumes, containers),
        align("CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED\n"),
    ))
}

fn line(kind: &str, total: usize, active: usize, size: u64, reclaimable: u64) -> Data {
    let mut free = human_size(reclaimable, 4);
    if size > 0 {
        let percent = u128::from(reclaimable) * 100 / u128::from(size);
        free.push_str(&format!(" ({percent}%)"));
    }
    row(vec![
        ("Type", kind.to_owned()),
        ("TotalCount", total.to_string()),
        ("Active", active.to_string()),
        ("Size", human_size(size, 4)),
        ("Reclaimable", free),
    ])
}

/// A step of the legacy builder that nobody named.
fn is_hidden(images: &Store, image: &Image) -> bool {
    images.names_of(&image.id).is_empty() && images.has_children(&image.id)
}

/// Each layer of an image under the name of the stack up to it, with its size.
fn chains(image: &Image) -> impl Iterator<Item = (Digest, u64)> + '_ {
    (1..=image.layers.len()).filter_map(|n| Some((chain_id(&image.layers[..n])?, image.layers[n - 1].size)))
}

/// How many images have each stack of layers.
fn users_of_chains(images: &Store) -> BTreeMap<Digest, usize> {
    let mut users = BTreeMap::new();
    for image in images.images() {
        for (chain, _) in chains(image) {
            *users.entry(chain).or_insert(0) += 1;
        }
    }
    users
}
