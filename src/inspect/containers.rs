//! `docker ps` and `docker container inspect`.

use super::data::{Data, Field};
use super::images::{config_value, written_date};
use super::rows::{Listing, row};
use super::units::{age, ellipsis, human_duration, human_size};
use super::volumes::mount_value;
use crate::fs::EPOCH;
use crate::image::{Container, Store, rfc3339};

const HEADS: [(&str, &str); 9] = [
    ("ID", "CONTAINER ID"),
    ("Image", "IMAGE"),
    ("Command", "COMMAND"),
    ("RunningFor", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Status", "STATUS"),
    ("Ports", "PORTS"),
    ("Names", "NAMES"),
    ("Size", "SIZE"),
];

/// The table of `docker ps` (docker/cli `cli/command/formatter/container.go`). Order and choice are
/// the caller's.
pub fn ps(images: &Store, containers: &[&Container], size: bool, no_trunc: bool) -> String {
    const COLUMNS: &str =
        "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";
    let with_size = format!("{COLUMNS}\t{{{{.Size}}}}");
    let rows: Vec<Data> = containers.iter().map(|container| ps_row(images, container, no_trunc)).collect();
    let listing = Listing {
        heads: &HEADS,
        table: if size { &with_size } else { COLUMNS },
        quiet: None,
        kind: "*formatter.ContainerContext",
    };
    listing.print(&rows, None).out
}

/// The containers of `docker system df -v`: their own bytes, without the image's.
pub(super) fn container_usage(images: &Store, containers: &[&Container]) -> String {
    let rows = containers.iter().map(|container| {
        let size = human_size(container.size_rw(), 3);
        row(vec![
            ("ID", container.id.get(..12).unwrap_or(&container.id).to_owned()),
            ("Image", image_shown(images, container, false)),
            ("Command", format!("{:?}", ellipsis(&argv(container).join(" "), 20))),
            ("LocalVolumes", local_volumes(container).to_string()),
            ("Size", size),
            ("RunningFor", age(container.created, EPOCH)),
            ("Status", status(container)),
            ("Names", container.name.clone()),
        ])
    });
    let mut heads = HEADS.to_vec();
    heads.push(("LocalVolumes", "LOCAL VOLUMES"));
    let listing = Listing {
        heads: &heads,
        table: "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
        quiet: None,
        kind: "*formatter.ContainerContext",
    };
    listing.print(&rows.collect::<Vec<_>>(), None).out
}

/// How many volumes a container mounts (docker/cli `cli/command/formatter/container.go`).
fn local_volumes(container: &Container) -> usize {
    container.mounts.iter().filter(|point| point.kind.word() == "volume").count()
}

/// The name that a container was made from, or the image's id where that name is gone or another image's by now
/// (moby `daemon/list.go`, `refreshImage`).
fn image_shown(images: &Store, container: &Container, no_trunc: bool) -> String {
    let (name, id) = (&container.image_name, container.image.id);
    match images.get(name) {
        Some(image) if image.id == id => name.clone(),
        _ if no_trunc => id.to_string(),
        _ => id.short(12),
    }
}

fn ps_row(images: &Store, container: &Container, no_trunc: bool) -> Data {
    let id = if no_trunc { &container.id } else { container.id.get(..12).unwrap_or(&container.id) };
    let command = argv(container).join(" ");
    let command = if no_trunc { command } else { ellipsis(&command, 20) };
    let size = human_size(container.size_rw(), 3);
    let whole = human_size(container.size_root_fs(), 3);
    row(vec![
        ("ID", id.to_owned()),
        ("Image", image_shown(images, container, no_trunc)),
        ("Command", format!("{command:?}")),
        ("RunningFor", age(container.created, EPOCH)),
        ("CreatedAt", written_date(container.created)),
        ("Status", status(container)),
        ("Ports", if container.running { container.config.exposed_ports.join(", ") } else { String::new() }),
        ("Names", container.name.clone()),
        ("Size", format!("{size} (virtual {whole})")),
    ])
}

/// "Up 3 minutes", "Exited (0) 3 minutes ago".
pub fn status(container: &Container) -> String {
    let since = human_duration(EPOCH.saturating_sub(container.created));
    if container.running { format!("Up {since}") } else { format!("Exited ({}) {since} ago", container.exit) }
}

/// Entrypoint and command.
pub fn argv(container: &Container) -> Vec<String> {
    container.config.entrypoint.iter().chain(&container.config.cmd).flatten().cloned().collect()
}

/// What `docker container inspect` tells, as far as the lab knows it (moby `daemon/inspect.go`).
pub fn container_value(container: &Container) -> Data {
    let argv = argv(container);
    let (program, args) = match argv.split_first() {
        Some((program, args)) => (program.as_str(), args.to_vec()),
        None => ("", Vec::new()),
    };
    let text = |text: &str| Data::text(text);
    let status = if container.running { "running" } else { "exited" };
    let state = vec![
        Field::new("Status", text(status)),
        Field::new("Running", Data::Flag(container.running)),
        Field::new("ExitCode", Data::Number(i64::from(container.exit))),
    ];
    Data::Struct(vec![
        Field::new("Id", text(&container.id)),
        Field::new("Created", Data::text(rfc3339(container.created))),
        Field::new("Path", text(program)),
        Field::new("Args", Data::List(Some(args.iter().map(Data::text).collect()))),
        Field::new("State", Data::Struct(state)),
        Field::new("Image", Data::text(container.image.id.to_string())),
        Field::new("Name", Data::text(format!("/{}", container.name))),
        Field::new("Driver", text(container.mount.storage().name())),
        Field::new("Platform", text("linux")),
        Field::new("SizeRw", Data::number(container.size_rw())),
        Field::new("SizeRootFs", Data::number(container.size_root_fs())),
        Field::new("Mounts", Data::List(Some(container.mounts.iter().map(mount_value).collect()))),
        Field::new("Config", config_value(&container.config)),
    ])
}
