//! `docker system df` (docker/cli `cli/command/formatter/disk_usage.go`; moby `daemon/disk_usage.go`).

use super::containers::container_usage;
use super::images::image_usage;
use super::rows::{Listing, row};
use super::table::align;
use super::units::{age, human_size};
use super::volumes::{links, volume_usage};
use super::{Printed, data::Data};
use crate::build::CacheRow;
use crate::fs::Digest;
use crate::image::{Container, Image, Store, Usage, Volume, stack};
use std::collections::{BTreeSet, HashMap};

const HEADS: [(&str, &str); 5] = [
    ("Type", "TYPE"),
    ("TotalCount", "TOTAL"),
    ("Active", "ACTIVE"),
    ("Size", "SIZE"),
    ("Reclaimable", "RECLAIMABLE"),
];

/// Which layers the listed images have in common. The legacy builder's steps don't count (moby
/// `daemon/images/images.go`, `Images` with extra attributes).
pub(super) struct Sharing {
    users: HashMap<Digest, usize>,
    /// Bytes of all layers, each once.
    total: u64,
}

impl Sharing {
    pub(super) fn of(images: &Store, usage: &Usage) -> Sharing {
        let mut sharing = Sharing { users: HashMap::new(), total: 0 };
        for image in images.images().filter(|image| !usage.is_step(&image.id)) {
            for (chain, layer) in stack(image) {
                let users = sharing.users.entry(chain).or_default();
                *users += 1;
                if *users == 1 {
                    sharing.total = sharing.total.saturating_add(layer.size);
                }
            }
        }
        sharing
    }

    /// How many bytes of an image's layers other images have too.
    pub(super) fn shared(&self, image: &Image) -> u64 {
        let several = |chain| self.users.get(chain).is_some_and(|users| *users > 1);
        stack(image).iter().filter(|(chain, _)| several(chain)).map(|(_, layer)| layer.size).sum()
    }
}

/// The summary: images (each layer once), containers (their uppers), volumes and build cache.
pub fn system_df(
    images: &Store,
    containers: &[&Container],
    volumes: &[&Volume],
    cache: &[CacheRow],
    format: Option<&str>,
) -> Printed {
    let usage = Usage::of(images, std::iter::empty(), &[]);
    let sharing = Sharing::of(images, &usage);
    let named: Vec<&Image> =
        images.images().map(|image| &**image).filter(|image| !usage.is_step(&image.id)).collect();
    let used: BTreeSet<Digest> = containers.iter().map(|container| container.image.id).collect();
    let active: Vec<&&Image> = named.iter().filter(|image| used.contains(&image.id)).collect();
    let held: u64 = active.iter().map(|image| image.size().saturating_sub(sharing.shared(image))).sum();
    let uppers = |running: Option<bool>| {
        let chosen = containers.iter().filter(|container| running.is_none_or(|r| container.running == r));
        chosen.map(|container| container.size_rw()).sum::<u64>()
    };
    let running = containers.iter().filter(|container| container.running).count();
    let used_volumes = volumes.iter().filter(|volume| links(volume, containers) > 0).count();
    let in_volumes = |unused: bool| {
        let chosen = volumes.iter().filter(|volume| !unused || links(volume, containers) == 0);
        chosen.map(|volume| volume.size()).fold(0, u64::saturating_add)
    };
    let cached = own_bytes(cache);
    let reclaimable = sharing.total.saturating_sub(held);
    let rows = [
        line("Images", named.len(), active.len(), sharing.total, reclaimable, true),
        line("Containers", containers.len(), running, uppers(None), uppers(Some(false)), true),
        line("Local Volumes", volumes.len(), used_volumes, in_volumes(false), in_volumes(true), true),
        line("Build Cache", cache.len(), 0, cached, cached, false),
    ];
    let listing = Listing {
        heads: &HEADS,
        table: "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}",
        quiet: None,
        kind: "*formatter.diskUsageContext",
    };
    listing.print(&rows, format)
}

/// Bytes that only the cache has: what an image has too counts there.
fn own_bytes(cache: &[CacheRow]) -> u64 {
    cache.iter().filter(|row| !row.shared).map(|row| row.size).sum()
}

/// `-v`: every image with its shared and unique bytes, every container with what it wrote, every volume, every
/// record of BuildKit's cache (docker/cli `cli/command/formatter/disk_usage.go`, `verboseWriteTable`). `now` is
/// the lab's time, Unix seconds.
pub fn system_df_verbose(
    images: &Store,
    containers: &[&Container],
    volumes: &[&Volume],
    cache: &[CacheRow],
    now: i64,
) -> Printed {
    Printed::out(format!(
        "Images space usage:\n\n{}\nContainers space usage:\n\n{}\nLocal Volumes space usage:\n\n{}\nBuild cache usage: {}\n\n{}",
        image_usage(images, containers),
        container_usage(images, containers),
        volume_usage(volumes, containers),
        human_size(own_bytes(cache), 4),
        cache_usage(cache, now),
    ))
}

fn cache_usage(cache: &[CacheRow], now: i64) -> String {
    let mut text = "CACHE ID\tCACHE TYPE\tSIZE\tCREATED\tLAST USED\tUSAGE\tSHARED\n".to_owned();
    for row in cache {
        let id: String = row.id.chars().take(12).collect();
        let (created, used) = (age(row.created, now), age(row.last_used, now));
        let size = human_size(row.size, 3);
        text.push_str(&format!(
            "{id}\t{}\t{size}\t{created}\t{used}\t{}\t{}\n",
            row.kind, row.used, row.shared
        ));
    }
    align(&text)
}

fn line(kind: &str, total: usize, active: usize, size: u64, reclaimable: u64, percent: bool) -> Data {
    let mut free = human_size(reclaimable, 4);
    if size > 0 && percent {
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
