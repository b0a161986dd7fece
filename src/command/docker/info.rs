//! `docker info`, and the storage driver of a single command.

use super::{Answer, Call, Subcommand};
use crate::command::options::valued;
use crate::command::words::{Origin, Word};
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::inspect::{self, Data, Field};
use crate::lab::Lab;
use crate::union::{DRIVERS, StorageDriver};

pub(super) const SUBCOMMANDS: &[Subcommand] = &[Subcommand {
    name: "info",
    usage: "[--format TEMPLATE]",
    about: "What the lab's Docker is: its storage driver, images and containers",
    flags: &[valued("format", Some('f'), "TEMPLATE", "print this of it")],
    stop_at_operand: false,
    run: info,
}];

/// Flags in front of the subcommand: `docker --storage-driver=vfs run …`. With Docker it is the daemon's
/// flag, and each driver has images of its own; here one command runs with the driver, on the lab's images.
/// How many words it took.
///
/// # Errors
/// There is no such driver.
pub(super) fn storage_flag(
    words: &[Word],
    origin: Origin<'_>,
) -> Result<Option<(StorageDriver, usize)>, Error> {
    let Some(first) = words.first() else { return Ok(None) };
    let (name, used) = match (first.text.as_str(), first.text.split_once('=')) {
        ("--storage-driver" | "-s", _) => match words.get(1) {
            Some(name) => (name.text.as_str(), 2),
            None => {
                return Err(Error::new(ErrorKind::Usage, format!("{} needs a driver", first.text))
                    .at(origin.of(first))
                    .hint("docker --storage-driver=aufs run -d --name c alpine:3.19"));
            }
        },
        (_, Some(("--storage-driver", name))) => (name, 1),
        _ => return Ok(None),
    };
    let known = || DRIVERS.iter().filter(|row| row.driver != StorageDriver::Native).map(|row| row.name);
    match StorageDriver::of_docker(name) {
        Some(driver) => Ok(Some((driver, used))),
        None => Err(Error::new(ErrorKind::Unknown, format!("there is no storage driver `{name}`"))
            .at(origin.of(words.get(used - 1).unwrap_or(first)))
            .did_you_mean(name, known())
            .hint(format!("there are {}", known().collect::<Vec<_>>().join(", ")))),
    }
}

/// docker/cli `cli/command/system/info.go`; what the daemon says of its driver: moby
/// `daemon/graphdriver/*/`, `Status`.
fn info(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    if let Some(extra) = call.given.operands.first() {
        return Err(call.usage("it takes no name").at(call.origin.of(extra)));
    }
    let lab = &*call.lab;
    let value = value(lab);
    if let Some(template) = call.given.text("format") {
        let printed = inspect::inspect(&[value], Some(template));
        return Ok(Answer { out: printed.out, err: printed.err, exit: printed.exit, ..Answer::default() });
    }
    let running = lab.containers.values().filter(|container| container.running).count();
    let mut out = format!(
        "Server:\n Containers: {}\n  Running: {running}\n  Paused: 0\n  Stopped: {}\n Images: {}\n Server Version: {}\n \
         Storage Driver: {}\n",
        lab.containers.len(),
        lab.containers.len() - running,
        lab.images.images().count(),
        version(lab),
        lab.storage.name(),
    );
    for (name, value) in status(lab) {
        out.push_str(&format!("  {name}: {value}\n"));
    }
    out.push_str(" OSType: linux\n Architecture: x86_64\n Name: lab\n Docker Root Dir: /var/lib/docker\n");
    let mut err = String::new();
    if matches!(lab.storage, StorageDriver::Overlay | StorageDriver::Aufs) {
        err = format!(
            "WARNING: the {} storage-driver is deprecated, and will be removed in a future release.\n         \
             Refer to the documentation for more information: https://docs.docker.com/go/storage-driver/\n",
            lab.storage.name()
        );
    }
    let hint = (!lab.storage.row().docker)
        .then(|| format!("Docker never had a driver {}; the lab has it for comparison", lab.storage.name()));
    if let Some(text) = hint {
        call.t.emit(|| crate::trace::Event::Hint { text });
    }
    Ok(Answer { out, err, ..Answer::default() })
}

fn version(lab: &Lab) -> &'static str {
    match lab.version {
        Version::V20_10 => "20.10.24",
        Version::Current => "current",
    }
}

/// What the driver tells of itself.
fn status(lab: &Lab) -> Vec<(&'static str, String)> {
    let text = str::to_owned;
    match lab.storage {
        StorageDriver::Overlay2 => vec![
            ("Backing Filesystem", text("extfs")),
            ("Supports d_type", text("true")),
            ("Native Overlay Diff", text("true")),
            ("userxattr", text("false")),
        ],
        StorageDriver::Overlay => {
            vec![("Backing Filesystem", text("extfs")), ("Supports d_type", text("true"))]
        }
        StorageDriver::Aufs => {
            let layers: usize = lab.images.images().map(|image| image.layers.len()).sum();
            vec![
                ("Root Dir", text("/var/lib/docker/aufs")),
                ("Backing Filesystem", text("extfs")),
                ("Dirs", (layers + lab.containers.len()).to_string()),
                ("Dirperm1 Supported", text("true")),
            ]
        }
        StorageDriver::Unionfs | StorageDriver::Vfs | StorageDriver::Native => Vec::new(),
    }
}

fn value(lab: &Lab) -> Data {
    let count = |n: usize| Data::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let running = lab.containers.values().filter(|container| container.running).count();
    let pair =
        |(name, value): (&'static str, String)| Data::List(Some(vec![Data::text(name), Data::text(value)]));
    Data::Struct(vec![
        Field::new("Containers", count(lab.containers.len())),
        Field::new("ContainersRunning", count(running)),
        Field::new("ContainersPaused", count(0)),
        Field::new("ContainersStopped", count(lab.containers.len() - running)),
        Field::new("Images", count(lab.images.images().count())),
        Field::new("Driver", Data::text(lab.storage.name())),
        Field::new("DriverStatus", Data::List(Some(status(lab).into_iter().map(pair).collect()))),
        Field::new("ServerVersion", Data::text(version(lab))),
        Field::new("OSType", Data::text("linux")),
        Field::new("Architecture", Data::text("x86_64")),
        Field::new("Name", Data::text("lab")),
        Field::new("DockerRootDir", Data::text("/var/lib/docker")),
    ])
}
