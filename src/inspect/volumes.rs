//! `docker volume ls`, `docker volume inspect`, and the volumes of `docker system df`.

use super::Printed;
use super::data::{Data, Field};
use super::rows::{Listing, row};
use super::units::human_size;
use crate::image::{Container, MountPoint, Volume, rfc3339};

const HEADS: [(&str, &str); 11] = [
    ("Name", "VOLUME NAME"),
    ("Driver", "DRIVER"),
    ("Scope", "SCOPE"),
    ("Mountpoint", "MOUNTPOINT"),
    ("Labels", "LABELS"),
    ("Links", "LINKS"),
    ("Size", "SIZE"),
    ("Availability", "AVAILABILITY"),
    ("Group", "GROUP"),
    ("Status", "STATUS"),
    ("Label", "LABEL"),
];

/// The table of `docker volume ls`, sorted by name as the client does (docker/cli
/// `cli/command/formatter/volume.go`).
pub fn volume_list(volumes: &[&Volume], quiet: bool, format: Option<&str>) -> Printed {
    let mut sorted = volumes.to_vec();
    sorted.sort_by(|a, b| natural(&a.name, &b.name));
    let rows: Vec<Data> = sorted.iter().map(|volume| volume_row(volume, None)).collect();
    let listing = Listing {
        heads: &HEADS,
        table: "{{.Driver}}\t{{.Name}}",
        quiet: quiet.then_some("{{.Name}}"),
        kind: "*formatter.volumeContext",
    };
    listing.print(&rows, format)
}

/// Numbers in names count as numbers (fvbommel/sortorder, which the client sorts with).
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (digits_a, digits_b) = (leading(a), leading(b));
        if digits_a.is_empty() || digits_b.is_empty() {
            match (a.split_first(), b.split_first()) {
                (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
                (x, y) => return x.map(|x| x.0).cmp(&y.map(|y| y.0)),
            }
            continue;
        }
        let (number_a, number_b) = (trimmed(digits_a), trimmed(digits_b));
        let by_number = number_a.len().cmp(&number_b.len()).then(number_a.cmp(number_b));
        let by_zeros = digits_a.len().cmp(&digits_b.len());
        match by_number.then(by_zeros) {
            std::cmp::Ordering::Equal => {
                (a, b) = (
                    a.get(digits_a.len()..).unwrap_or_default(),
                    b.get(digits_b.len()..).unwrap_or_default(),
                );
            }
            other => return other,
        }
    }
}

fn leading(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn trimmed(digits: &[u8]) -> &[u8] {
    let start = digits.iter().position(|byte| *byte != b'0').unwrap_or(digits.len());
    digits.get(start..).unwrap_or_default()
}

fn volume_row(volume: &Volume, usage: Option<(usize, u64)>) -> Data {
    let labels: Vec<String> = volume.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "N/A".to_owned());
    row(vec![
        ("Name", volume.name.clone()),
        ("Driver", "local".to_owned()),
        ("Scope", "local".to_owned()),
        ("Mountpoint", volume.mountpoint()),
        ("Labels", labels.join(",")),
        ("Links", or_unknown(usage.map(|(links, _)| links.to_string()))),
        ("Size", or_unknown(usage.map(|(_, bytes)| human_size(bytes, 4)))),
        ("Availability", "N/A".to_owned()),
        ("Group", "N/A".to_owned()),
        ("Status", "N/A".to_owned()),
    ])
}

/// What `docker volume inspect` tells (moby `api/types/volume.go`).
pub fn volume_value(volume: &Volume) -> Data {
    let labels = volume.labels.iter().map(|(name, value)| (name.clone(), Data::text(value)));
    Data::Struct(vec![
        Field::new("CreatedAt", Data::text(rfc3339(volume.created))),
        Field::new("Driver", Data::text("local")),
        Field::new("Labels", Data::map(labels)),
        Field::new("Mountpoint", Data::text(volume.mountpoint())),
        Field::new("Name", Data::text(&volume.name)),
        Field::new("Options", Data::Map(None)),
        Field::new("Scope", Data::text("local")),
    ])
}

/// A container's mount as `docker inspect` shows it (moby `api/types/types.go`, `MountPoint`).
pub(super) fn mount_value(point: &MountPoint) -> Data {
    let kind = point.kind.word();
    let is_volume = kind == "volume";
    let source = match kind {
        "volume" => Volume::new(&point.source, false).mountpoint(),
        _ => point.source.clone(),
    };
    let named = |text: &str| Data::text(if is_volume { text } else { "" });
    Data::Struct(vec![
        Field::new("Type", Data::text(kind)),
        Field::optional("Name", named(&point.source)),
        Field::new("Source", Data::text(source)),
        Field::new("Destination", Data::text(&point.target)),
        Field::optional("Driver", named("local")),
        Field::new("Mode", Data::text(&point.mode)),
        Field::new("RW", Data::Flag(!point.read_only)),
        Field::new("Propagation", Data::text(if kind == "bind" { "rprivate" } else { "" })),
    ])
}

/// How many containers mount a volume.
pub(super) fn links(volume: &Volume, containers: &[&Container]) -> usize {
    let mounts = |point: &MountPoint| point.kind.word() == "volume" && point.source == volume.name;
    containers.iter().filter(|container| container.mounts.iter().any(mounts)).count()
}

/// The volumes of `docker system df -v`, the largest first (docker/cli
/// `cli/command/formatter/disk_usage.go`).
pub(super) fn volume_usage(volumes: &[&Volume], containers: &[&Container]) -> String {
    let mut sorted = volumes.to_vec();
    sorted.sort_by_key(|volume| std::cmp::Reverse(volume.size()));
    let rows: Vec<Data> = sorted
        .iter()
        .map(|volume| volume_row(volume, Some((links(volume, containers), volume.size()))))
        .collect();
    let listing = Listing {
        heads: &HEADS,
        table: "{{.Name}}\t{{.Links}}\t{{.Size}}",
        quiet: None,
        kind: "*formatter.diskUsageVolumeContext",
    };
    listing.print(&rows, None).out
}
