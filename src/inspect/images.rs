//! `docker image ls` and `docker image inspect`.

use super::Printed;
use super::data::{Data, Field};
use super::df::Sharing;
use super::rows::Listing;
use super::units::{age, human_size, short_id};
use crate::fs::{Digest, EPOCH};
use crate::image::{Config, Container, Image, ImageLayer, Store, Usage, chain_id, reference, rfc3339};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What `docker image ls` was asked.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Ids only.
    pub quiet: bool,
    /// Whole ids.
    pub no_trunc: bool,
    /// What other images share, and what is this one's alone: columns of the lab's own.
    pub shared: bool,
    /// Nameless images that others are built on too.
    pub all: bool,
    /// The digests by which images were pushed or pulled.
    pub digests: bool,
    /// Only these images (`--filter`).
    pub chosen: Option<HashSet<Digest>>,
    /// `--format`.
    pub format: Option<String>,
}

const HEADS: [(&str, &str); 11] = [
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("ID", "IMAGE ID"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("Containers", "CONTAINERS"),
    ("VirtualSize", "SIZE"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
];

/// Lists images, newest first, in the classic columns (docker/cli `cli/command/formatter/image.go`).
/// Nameless images that others are built on are left out. `only` is a repository, with or without a
/// tag.
pub fn image_list(images: &Store, only: Option<&str>, options: &ListOptions) -> Printed {
    let sharing = options.shared.then(|| Sharing::of(images, &Usage::of(images, std::iter::empty(), &[])));
    let rows: Vec<Data> = found(images, only, options)
        .iter()
        .map(|row| {
            let usage = sharing.as_ref();
            let usage = usage.map(|sharing| Share { shared: sharing.shared(&row.image), containers: None });
            list_row(row, options.no_trunc, usage)
        })
        .collect();
    let listing = Listing {
        heads: &HEADS,
        table: match (options.shared, options.digests) {
            (true, _) => SHARED,
            (false, true) => DIGESTS,
            (false, false) => CLASSIC,
        },
        quiet: options.quiet.then_some("{{.ID}}"),
        kind: "*formatter.imageContext",
    };
    listing.print(&rows, options.format.as_deref())
}

const CLASSIC: &str =
    "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}";
const DIGESTS: &str = "{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}\t{{.Size}}";
const SHARED: &str =
    "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}";
const VERBOSE: &str = "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}";

/// The images of `docker system df -v`: with what others share, and how many containers use each (docker/cli
/// `cli/command/formatter/disk_usage.go`).
pub(super) fn image_usage(images: &Store, containers: &[&Container]) -> String {
    let sharing = Sharing::of(images, &Usage::of(images, std::iter::empty(), &[]));
    let rows: Vec<Data> = found(images, None, &ListOptions::default())
        .iter()
        .map(|row| {
            let users = containers.iter().filter(|container| container.image.id == row.image.id).count();
            let usage = Share { shared: sharing.shared(&row.image), containers: Some(users) };
            list_row(row, false, Some(usage))
        })
        .collect();
    let listing =
        Listing { heads: &HEADS, table: VERBOSE, quiet: None, kind: "*formatter.diskUsageImageContext" };
    listing.print(&rows, None).out
}

/// What all images together say of one.
struct Share {
    /// Bytes of layers that other images have too.
    shared: u64,
    containers: Option<usize>,
}

/// An image under one of its names.
struct Named {
    image: Arc<Image>,
    repository: String,
    tag: String,
    digest: String,
}

const NONE: &str = "<none>";

/// The images with their names, newest first.
fn found(images: &Store, only: Option<&str>, options: &ListOptions) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    let mut named: HashMap<&Digest, Vec<&str>> = HashMap::new();
    for (name, id) in images.names() {
        named.entry(id).or_default().push(name);
    }
    let mut pulled: HashMap<&Digest, Vec<(&str, &str)>> = HashMap::new();
    for (name, id) in images.digests() {
        pulled.entry(id).or_default().extend(name.split_once('@'));
    }
    let parents: HashSet<Digest> = images.images().filter_map(|image| image.parent).collect();
    let chosen = |image: &&Arc<Image>| options.chosen.as_ref().is_none_or(|ids| ids.contains(&image.id));
    for image in images.images().filter(chosen) {
        let names = named.get(&image.id).map_or(&[][..], Vec::as_slice);
        let digests = pulled.get(&image.id).map_or(&[][..], Vec::as_slice);
        let mut add = |repository: &str, tag: &str, digest: &str| {
            let (repository, tag, digest) = (repository.to_owned(), tag.to_owned(), digest.to_owned());
            found.push(Named { image: image.clone(), repository, tag, digest });
        };
        let steps = options.all || !parents.contains(&image.id);
        if names.is_empty() && digests.is_empty() && only.is_none() && steps {
            add(NONE, NONE, NONE);
        }
        let mut tagged = HashSet::new();
        for name in names {
            let (repository, tag) = split_name(name);
            if only.is_none_or(|only| is_named(only, &repository, name)) {
                let digest = digests.iter().find(|(other, _)| *other == repository);
                add(&repository, &tag, digest.map_or(NONE, |(_, digest)| digest));
            }
            tagged.insert(repository);
        }
        for (repository, digest) in digests.iter().filter(|(repository, _)| !tagged.contains(*repository)) {
            if only.is_none_or(|only| is_named(only, repository, repository)) {
                add(repository, NONE, digest);
            }
        }
    }
    found.sort_by_key(|row| std::cmp::Reverse(row.image.created));
    found
}

fn list_row(row: &Named, no_trunc: bool, usage: Option<Share>) -> Data {
    let Named { image, repository, tag, digest } = row;
    let id = image.id.to_string();
    let size = human_size(image.size(), 3);
    let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "N/A".to_owned());
    let unique = usage.as_ref().map(|usage| image.size().saturating_sub(usage.shared));
    super::rows::row(vec![
        ("Repository", repository.to_owned()),
        ("Tag", tag.to_owned()),
        ("Digest", digest.clone()),
        ("ID", if no_trunc { id } else { short_id(&id).to_owned() }),
        ("CreatedSince", age(image.created, EPOCH)),
        ("CreatedAt", written_date(image.created)),
        ("Size", size.clone()),
        (
            "Containers",
            or_unknown(usage.as_ref().and_then(|usage| usage.containers).map(|users| users.to_string())),
        ),
        ("VirtualSize", size),
        ("SharedSize", or_unknown(usage.map(|usage| human_size(usage.shared, 4)))),
        ("UniqueSize", or_unknown(unique.map(|bytes| human_size(bytes, 4)))),
    ])
}

/// `2024-01-01 00:00:00 +0000 UTC`.
pub(super) fn written_date(seconds: i64) -> String {
    rfc3339(seconds).replace('T', " ").replace('Z', " +0000 UTC")
}

fn split_name(name: &str) -> (String, String) {
    let name = name.split('@').next().unwrap_or(name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository.to_owned(), tag.to_owned()),
        _ => (name.to_owned(), "<none>".to_owned()),
    }
}

/// Does `only` name this repository or this name?
fn is_named(only: &str, repository: &str, name: &str) -> bool {
    let tagged = only.rsplit_once(':').is_some_and(|(_, tag)| !tag.contains('/'));
    match reference::normalise(only) {
        Ok(wanted) if tagged => wanted == name,
        Ok(wanted) => split_name(&wanted).0 == repository,
        Err(_) => false,
    }
}

/// What `docker image inspect` tells (moby `daemon/images/image_inspect.go`; the fields of 20.10, of
/// which later versions show a part).
pub fn image_value(images: &Store, image: &Image) -> Data {
    let comment = image.history.last().map(|entry| entry.comment.clone()).unwrap_or_default();
    let layers: Vec<String> = image.layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let digests = images.digests().filter(|(_, id)| **id == image.id).map(|(name, _)| name.to_owned());
    let digests: Vec<String> = digests.collect();
    let text = |text: &str| Data::text(text);
    Data::Struct(vec![
        Field::new("Id", Data::text(image.id.to_string())),
        Field::new("RepoTags", listed(&images.names_of(&image.id))),
        Field::new("RepoDigests", listed(&digests)),
        Field::new("Parent", Data::text(image.parent.map(|id| id.to_string()).unwrap_or_default())),
        Field::new("Comment", Data::text(comment)),
        Field::new("Created", Data::text(rfc3339(image.created))),
        Field::new("Container", text("")),
        Field::new("ContainerConfig", config_value(&Config::default())),
        Field::new("DockerVersion", text("")),
        Field::new("Author", text(&image.author)),
        Field::new("Config", config_value(&image.config)),
        Field::new("Architecture", text(&image.architecture)),
        Field::new("Os", text(&image.os)),
        Field::new("Size", Data::number(image.size())),
        Field::new("VirtualSize", Data::number(image.size())),
        Field::new("GraphDriver", graph_driver(&image.layers)),
        Field::new(
            "RootFS",
            Data::Struct(vec![
                Field::new("Type", text("layers")),
                Field::optional("Layers", Data::texts(&layers)),
            ]),
        ),
        Field::new("Metadata", Data::Struct(vec![Field::new("LastTagTime", Data::text(rfc3339(EPOCH)))])),
    ])
}

fn listed(texts: &[String]) -> Data {
    Data::List(Some(texts.iter().map(Data::text).collect()))
}

/// Where overlay2 would keep the layers: a directory for each, named after its chain.
fn graph_driver(layers: &[ImageLayer]) -> Data {
    let dir = |count: usize| {
        let chain = chain_id(&layers[..count]).map(|id| id.hex()).unwrap_or_default();
        format!("/var/lib/docker/overlay2/{chain}")
    };
    let mut data = Vec::new();
    if !layers.is_empty() {
        let lowers: Vec<String> =
            (1..layers.len()).rev().map(|count| format!("{}/diff", dir(count))).collect();
        if !lowers.is_empty() {
            data.push(("LowerDir".to_owned(), Data::text(lowers.join(":"))));
        }
        for (name, part) in [("MergedDir", "merged"), ("UpperDir", "diff"), ("WorkDir", "work")] {
            data.push((name.to_owned(), Data::text(format!("{}/{part}", dir(layers.len())))));
        }
    }
    Data::Struct(vec![Field::new("Data", Data::map(data)), Field::new("Name", Data::text("overlay2"))])
}

/// A container config with all of Go's fields, in their order (moby `api/types/container/config.go`).
pub(super) fn config_value(config: &Config) -> Data {
    let text = |text: &str| Data::text(text);
    let list = |list: &Option<Vec<String>>| match list {
        Some(list) => Data::List(Some(list.iter().map(Data::text).collect())),
        None => Data::List(None),
    };
    let labels = config.labels.iter().map(|(key, value)| (key.clone(), Data::text(value)));
    let mut fields = vec![Field::new("Hostname", text("")), Field::new("Domainname", text(""))];
    fields.push(Field::new("User", text(&config.user)));
    fields.extend(
        ["AttachStdin", "AttachStdout", "AttachStderr"].map(|name| Field::new(name, Data::Flag(false))),
    );
    fields.push(Field::optional("ExposedPorts", Data::set(&config.exposed_ports)));
    fields.extend(["Tty", "OpenStdin", "StdinOnce"].map(|name| Field::new(name, Data::Flag(false))));
    fields.extend([
        Field::new("Env", Data::texts(&config.env)),
        Field::new("Cmd", list(&config.cmd)),
        Field::optional("Healthcheck", health_value(config)),
        Field::optional("ArgsEscaped", Data::Flag(config.args_escaped)),
        Field::new("Image", text("")),
        Field::new("Volumes", Data::set(&config.volumes)),
        Field::new("WorkingDir", text(&config.working_dir)),
        Field::new("Entrypoint", list(&config.entrypoint)),
        Field::new("OnBuild", Data::texts(&config.on_build)),
        Field::new("Labels", Data::map(labels)),
        Field::optional("StopSignal", text(&config.stop_signal)),
        Field::optional("StopTimeout", Data::Nil),
        Field::optional("Shell", list(&config.shell)),
    ]);
    Data::Struct(fields)
}

fn health_value(config: &Config) -> Data {
    let Some(health) = &config.healthcheck else { return Data::Nil };
    let mut fields = vec![Field::optional("Test", Data::texts(&health.test))];
    let durations = [
        ("Interval", health.interval),
        ("Timeout", health.timeout),
        ("StartPeriod", health.start_period),
        ("StartInterval", health.start_interval),
        ("Retries", health.retries),
    ];
    fields.extend(durations.map(|(name, number)| Field::optional(name, Data::Number(number))));
    Data::Struct(fields)
}
