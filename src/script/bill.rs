//! `bill`: what each storage driver pays, and what each mount has paid so far.

use super::core::Core;
use crate::command::words::{Origin, Word};
use crate::error::{Error, ErrorKind};
use crate::fs::Layer;
use crate::trace::{Cost, Event};
use crate::union::{self, Mount};

/// `bill IMAGE`: the same things done with every driver; `bill NAME`: one mount's account; `bill`: all accounts.
pub fn line(core: &mut Core, rest: &[Word], origin: Origin<'_>) -> Result<(), Error> {
    match rest {
        [] => accounts(core, origin),
        [word] => {
            if let Some(event) = account_of(core, &word.text) {
                core.emit(event);
                return Ok(());
            }
            let layers = layers_of(core, &word.text).map_err(|error| error.at(origin.of(word)))?;
            let event = standard(core, &word.text, &layers)?;
            core.emit(event);
            Ok(())
        }
        [_, extra, ..] => Err(Error::new(ErrorKind::Usage, "there is one word too many")
            .at(origin.of(extra))
            .hint("bill IMAGE compares the drivers; bill NAME is what a mount or container paid")),
    }
}

/// An image's layers, topmost first.
///
/// # Errors
/// Nobody knows the image.
pub fn layers_of(core: &mut Core, image: &str) -> Result<Vec<Layer>, Error> {
    let image = core.lab.image(image)?;
    Ok(image.lowers().into_iter().map(|lower| lower.layer).collect())
}

/// The bill of these layers.
///
/// # Errors
/// The fuel ran out.
pub fn standard(core: &mut Core, name: &str, layers: &[Layer]) -> Result<Event, Error> {
    union::bill(name, layers, &mut core.trace).map_err(|errno| {
        Error::new(ErrorKind::Limit, format!("the bill can't be drawn up: {}", errno.message()))
            .hint("bill an image with fewer files or layers")
    })
}

fn account_of(core: &Core, name: &str) -> Option<Event> {
    let (label, mount) = match core.variables.get(name) {
        Some((kind, of)) if *kind == "Mount" => (name, core.lab.mounts.get(of)?),
        Some((kind, of)) if *kind == "Container" => (name, &core.lab.containers.get(of)?.mount),
        _ => (name, core.lab.containers.get(name).map(|c| &c.mount).or_else(|| core.lab.mounts.get(name))?),
    };
    Some(table(&[(label.to_owned(), mount)]))
}

fn accounts(core: &mut Core, origin: Origin<'_>) -> Result<(), Error> {
    let called = |name: &str| {
        let known = core.variables.iter().find(|(_, (kind, of))| *kind == "Mount" && of == name);
        known.map_or_else(|| name.to_owned(), |(variable, _)| variable.clone())
    };
    let mounts = core.lab.mounts.iter().map(|(name, mount)| (called(name), mount));
    let containers = core.lab.containers.iter().map(|(name, container)| (name.clone(), &container.mount));
    let volumes = core.lab.volumes.iter().map(|(name, volume)| (format!("volume {name}"), &volume.mount));
    let all: Vec<(String, &Mount)> = mounts.chain(containers).chain(volumes).collect();
    if all.is_empty() {
        return Err(Error::new(ErrorKind::Unknown, "nothing is mounted yet, so nothing was paid")
            .at(origin.span(1, 4))
            .hint("bill postgres:15 compares the drivers on an image"));
    }
    let event = table(&all);
    core.emit(event);
    Ok(())
}

fn table(mounts: &[(String, &Mount)]) -> Event {
    let words = |cost: Cost| {
        [cost.read, cost.written, cost.copied, cost.inodes, cost.links, cost.lookups].map(|n| n.to_string())
    };
    let head = ["", "driver", "read", "written", "copied", "inodes", "links", "look-ups"].map(str::to_owned);
    let rows = mounts.iter().map(|(name, mount)| {
        let names = [name.clone(), mount.storage().name().to_owned()];
        names.into_iter().chain(words(mount.account())).collect()
    });
    Event::Table {
        title: "paid so far, in bytes and numbers".to_owned(),
        head: head.into(),
        rows: rows.collect(),
    }
}
