//! Removing what is no longer needed: `rmi`, the prunes, `system df`; and who still uses a layer.

use super::filters::Filters;
use super::{Answer, Call, Subcommand};
use crate::build::{CacheRow, PruneCache};
use crate::command::options::{Flag, switch, valued};
use crate::dockerfile::Difference;
use crate::error::{Error, ErrorKind};
use crate::image::{
    Container, Done, ImageLayer, PruneImages, Refused, Removed, Remover, Volume, held, labels_match, stack,
};
use crate::inspect::{self, human_duration, human_size};
use crate::lab::Lab;
use crate::trace::{Event, FreedLayer, Reclaimed};
use serde_json::{Value, json};
use std::collections::HashSet;

const FORCE: Flag = switch("force", Some('f'), "ask nothing");
const FILTER: Flag = valued("filter", None, "KEY=VALUE", "only what fits: until=24h, label=NAME[=VALUE]");
const KEEP: &str = "stop when no more than this is left: 512MB";

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "system df",
        usage: "[-v]",
        about: "Bytes of images (each layer once), containers, volumes and build cache; -v: one by one",
        flags: &[
            switch("verbose", Some('v'), "every image, container, volume and cache record"),
            valued("format", None, "TEMPLATE", "print by a template"),
        ],
        stop_at_operand: false,
        run: system_df,
    },
    Subcommand {
        name: "rmi",
        usage: "[-f] IMAGE…",
        about: "Take a name away; the image goes with its last name, a layer with its last user",
        flags: &[
            switch("force", Some('f'), "also when a stopped container uses it"),
            switch("no-prune", None, "keep the nameless images it was built on"),
        ],
        stop_at_operand: false,
        run: rmi,
    },
    Subcommand {
        name: "image prune",
        usage: "[FLAGS]",
        about: "Remove images without a name; -a: all that no container uses",
        flags: &[switch("all", Some('a'), "all that no container uses"), FORCE, FILTER],
        stop_at_operand: false,
        run: |call| prune(call, &[Kind::Images]),
    },
    Subcommand {
        name: "container prune",
        usage: "[FLAGS]",
        about: "Remove containers that have ended, with their uppers",
        flags: &[FORCE, FILTER],
        stop_at_operand: false,
        run: |call| prune(call, &[Kind::Containers]),
    },
    Subcommand {
        name: "builder prune",
        usage: "[FLAGS]",
        about: "Remove BuildKit's cached results that no image has; -a: all",
        flags: &[
            switch("all", Some('a'), "also results that are layers of images"),
            FORCE,
            valued("filter", None, "KEY=VALUE", "only what fits: until=24h, id=…, type=…"),
            valued("keep-storage", None, "BYTES", KEEP),
        ],
        stop_at_operand: false,
        run: |call| prune(call, &[Kind::Cache]),
    },
    Subcommand {
        name: "buildx prune",
        usage: "[FLAGS]",
        about: "The same in buildx's words",
        flags: &[
            switch("all", Some('a'), "also results that are layers of images"),
            FORCE,
            valued("filter", None, "KEY=VALUE", "only what fits: until=24h, id=…, type=…"),
            valued("keep-storage", None, "BYTES", KEEP),
            valued("reserved-space", None, "BYTES", KEEP),
        ],
        stop_at_operand: false,
        run: |call| prune(call, &[Kind::Buildx]),
    },
    Subcommand {
        name: "system prune",
        usage: "[FLAGS]",
        about: "Container, image and builder prune in one",
        flags: &[
            switch("all", Some('a'), "all images that no container uses, all of the build cache"),
            FORCE,
            FILTER,
            switch("volumes", None, "volumes without a name too"),
        ],
        stop_at_operand: false,
        run: |call| match call.given.is_set("volumes") {
            true => prune(call, &[Kind::Containers, Kind::Volumes, Kind::Images, Kind::Cache]),
            false => prune(call, &[Kind::Containers, Kind::Images, Kind::Cache]),
        },
    },
];

/// What a prune is about.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Containers,
    Volumes,
    Images,
    Cache,
    Buildx,
}

/// What one prune did: Docker's lines, its bytes, and what the layers say.
#[derive(Default)]
struct Report {
    out: String,
    bytes: u64,
    rows: Vec<Value>,
    freed: Vec<FreedLayer>,
    done: Done,
}

fn system_df(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    if !call.given.operands.is_empty() {
        return Err(call.usage("it takes no name"));
    }
    let lab = &*call.lab;
    let containers: Vec<&Container> = lab.containers.values().collect();
    let volumes: Vec<&Volume> = lab.volumes.values().collect();
    let cache = lab.cache.rows(&lab.image_usage());
    let printed = match call.given.is_set("verbose") && call.given.text("format").is_none() {
        true => inspect::system_df_verbose(&lab.images, &containers, &volumes, &cache, lab.now()),
        false => inspect::system_df(&lab.images, &containers, &volumes, &cache, call.given.text("format")),
    };
    Ok(Answer { out: printed.out, err: printed.err, exit: printed.exit, ..Answer::default() })
}

fn rmi(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the image")?.to_vec();
    let (force, prune) = (call.given.is_set("force"), !call.given.is_set("no-prune"));
    let mut usage = call.lab.usage();
    let (mut report, mut refused, mut next) = (Report::default(), Vec::<(String, Refused)>::new(), None);
    for word in &words {
        let mut remover = Remover::new(&call.lab.images, &mut usage);
        match remover.remove(&word.text, force, prune) {
            Ok(records) => {
                report.told(&records, "Untagged: ", "Deleted: ");
                let done = remover.finish();
                call.lab.take_away(&done);
                report.done.add(done);
            }
            Err(error) => {
                if error.unknown {
                    unknown(call, &word.text);
                }
                next = next.or_else(|| error.next.clone());
                refused.push((word.text.clone(), error));
            }
        }
    }
    let today = call.lab.version.has(Difference::NoSuchImage);
    let err = refused.iter().map(|(name, error)| match error.unknown && !today {
        true => format!("Error: No such image: {name}\n"),
        false => format!("Error response from daemon: {}\n", error.message),
    });
    let err: String = err.collect();
    // `-f` makes no failure of images that are not there (docker/cli `cli/command/image/remove.go`).
    let failed = refused.iter().any(|(_, error)| !error.unknown || !force);
    report.done.kept.retain(|chain, _| usage.is_used(chain));
    let reclaimed = reclaimed(call, &report);
    let stays = reclaimed.as_ref().is_some_and(|told| !told.kept.is_empty());
    let next = next.or_else(|| {
        let kept = report.done.kept.keys().next();
        kept.filter(|_| stays).map(|chain| format!("why layer {}", chain.short(12)))
    });
    let after = reclaimed.map(Event::Reclaimed).into_iter().collect();
    let answer = Answer {
        out: report.out,
        err,
        exit: i32::from(failed),
        rows: report.rows,
        next,
        ..Answer::default()
    };
    Ok(answer.telling(after))
}

/// A name that nobody has: which one was meant?
fn unknown(call: &mut Call<'_, '_>, name: &str) {
    let known: Vec<&str> = call.lab.images.names().map(|(name, _)| name).collect();
    if let Some(near) = crate::error::suggest(name, known.iter().copied()) {
        let text = format!("did you mean `{near}`?");
        call.t.emit(|| Event::Hint { text });
    }
}

impl Report {
    fn told(&mut self, records: &[Removed], untagged: &str, deleted: &str) {
        for record in records {
            let (words, text, key) = match record {
                Removed::Untagged(name) => (untagged, name.clone(), "untagged"),
                Removed::Deleted(id) => (deleted, id.to_string(), "deleted"),
                Removed::Layer(chain) => (deleted, chain.to_string(), "layer"),
            };
            self.out.push_str(&format!("{words}{text}\n"));
            self.rows.push(json!({ key: text }));
        }
    }
}

fn prune(call: &mut Call<'_, '_>, kinds: &[Kind]) -> Result<Answer, Error> {
    if !call.given.operands.is_empty() {
        let words = format!("'docker {}' accepts no arguments", call.subcommand.name);
        return Err(call.usage(words).at(call.origin.of(&call.given.operands[0])));
    }
    let accepted: &[&str] = match kinds {
        [Kind::Cache | Kind::Buildx] => &["until", "unused-for", "id", "type"],
        _ => &["label", "label!", "until"],
    };
    let filters = match Filters::read(call, accepted)? {
        Ok(filters) => filters,
        Err(refused) => return Ok(refused),
    };
    let now = call.lab.now();
    let until =
        match filters.until("until", now).and_then(|one| Ok(one.or(filters.until("unused-for", now)?))) {
            Ok(until) => until,
            Err(refused) => return Ok(refused),
        };
    if kinds.contains(&Kind::Volumes) && until.is_some() {
        let err = "ERROR: The \"until\" filter is not supported with \"--volumes\"\n".to_owned();
        return Ok(Answer { err, exit: 1, ..Answer::default() });
    }
    let keep = call.given.last("keep-storage").or(call.given.last("reserved-space"));
    let keep = match keep {
        Some(word) => Some(bytes(&word.text).ok_or_else(|| {
            let words = format!("invalid size: '{}'", word.text);
            Error::new(ErrorKind::Usage, words).at(call.origin.of(word)).hint("--keep-storage 512MB")
        })?),
        None => None,
    };
    let all = call.given.is_set("all");
    let mut out = String::new();
    if !call.given.is_set("force") {
        let asked = question(kinds, all, &filters);
        out.push_str(&match call.lab.version.has(Difference::NamedVolumesStay) {
            true => asked,
            false => asked.replace("all anonymous volumes", "all volumes"),
        });
    }
    let (mut total, mut sum) = (0u64, Report::default());
    for kind in kinds {
        let done = match kind {
            Kind::Containers => containers(call.lab, until, &filters),
            Kind::Volumes => volumes_of_nobody(call.lab, &filters),
            Kind::Images => images(call.lab, all, until, &filters),
            Kind::Cache | Kind::Buildx => {
                let order = PruneCache {
                    all,
                    until,
                    keep,
                    id: filters.all("id").last().map(str::to_owned),
                    kind: filters.all("type").last().map(str::to_owned),
                };
                cache(call.lab, &order, *kind == Kind::Buildx)
            }
        };
        total = total.saturating_add(done.bytes);
        out.push_str(&done.out);
        sum.rows.extend(done.rows);
        sum.freed.extend(done.freed);
        sum.done.add(done.done);
    }
    out.push_str(&match kinds {
        [Kind::Buildx] => format!("Total:\t{}\n", human_size(total, 4)),
        _ => format!("Total reclaimed space: {}\n", human_size(total, 4)),
    });
    let mut after: Vec<Event> = reclaimed(call, &sum).map(Event::Reclaimed).into_iter().collect();
    if !call.given.is_set("force") {
        let text = "nobody can be asked here, so the lab said y; undo brings everything back".to_owned();
        after.push(Event::Hint { text });
    }
    Ok(Answer { rows: sum.rows, ..Answer::printed(out) }.telling(after))
}

/// What Docker asks before it prunes, with the lab's answer.
fn question(kinds: &[Kind], all: bool, filters: &Filters) -> String {
    const SURE: &str = "Are you sure you want to continue? [y/N] y";
    let what = |kind: &Kind| match (kind, all) {
        (Kind::Containers, _) => "all stopped containers",
        (Kind::Volumes, _) => "all anonymous volumes not used by at least one container",
        (Kind::Images, true) => "all images without at least one container associated to them",
        (Kind::Images, false) => "all dangling images",
        (Kind::Cache | Kind::Buildx, true) => "all build cache",
        (Kind::Cache | Kind::Buildx, false) if kinds.len() > 1 => "unused build cache",
        (Kind::Cache | Kind::Buildx, false) => "all dangling build cache",
    };
    match kinds {
        [kind @ (Kind::Cache | Kind::Buildx)] => {
            format!("WARNING! This will remove {}. {SURE}\n", what(kind))
        }
        [kind] => format!("WARNING! This will remove {}.\n{SURE}\n", what(kind)),
        _ => {
            let mut list: Vec<&str> = kinds.iter().map(what).collect();
            list.insert(1, "all networks not used by at least one container");
            let list: String = list.iter().map(|what| format!("  - {what}\n")).collect();
            let mut told: String = filters.told().iter().map(|one| format!("  - {one}\n")).collect();
            if !told.is_empty() {
                told = format!("\n  Items to be pruned will be filtered with:\n{told}");
            }
            format!("WARNING! This will remove:\n{list}{told}\n{SURE}\n")
        }
    }
}

/// `docker container prune` (moby `daemon/prune.go`): what has ended, with its upper.
fn containers(lab: &mut Lab, until: Option<i64>, filters: &Filters) -> Report {
    let labels = filters.labels();
    let goes = |container: &Container| {
        !container.running
            && until.is_none_or(|until| container.created <= until)
            && labels_match(&container.config.labels, &labels)
    };
    let mut report = Report::default();
    let gone: Vec<Container> = lab.containers.values().filter(|one| goes(one)).cloned().collect();
    lab.containers.retain(|_, container| !goes(container));
    for container in &gone {
        report.bytes = report.bytes.saturating_add(container.size_rw());
        report.out.push_str(&format!("{}\n", container.id));
        report.rows.push(json!({ "container": container.id, "name": container.name }));
    }
    if !gone.is_empty() {
        report.out = format!("Deleted Containers:\n{}\n", report.out);
    }
    report.freed = let_go(lab, &gone);
    report
}

/// `docker system prune --volumes`: volumes that nobody named and no container uses; until 23.0 those with a name,
/// too (moby `daemon/volume/service/service.go`, `Prune`).
fn volumes_of_nobody(lab: &mut Lab, filters: &Filters) -> Report {
    let all = !lab.version.has(Difference::NamedVolumesStay);
    let gone = super::volumes::pruned(lab, all, &filters.labels());
    let rows = gone.iter().map(|(name, size)| json!({ "volume": name, "size": size })).collect();
    let bytes = gone.iter().map(|(_, size)| *size).fold(0, u64::saturating_add);
    Report { out: super::volumes::told(&gone), bytes, rows, ..Report::default() }
}

/// What is told of layers that only these containers, gone now, still had.
pub(super) fn orphaned(lab: &Lab, gone: &[Container]) -> Vec<Event> {
    let freed = let_go(lab, gone);
    let bytes = freed.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
    let told = Reclaimed { freed, bytes, ..Reclaimed::default() };
    if told.is_empty() { Vec::new() } else { vec![Event::Reclaimed(told)] }
}

/// The layers that only these containers, gone now, still had.
fn let_go(lab: &Lab, gone: &[Container]) -> Vec<FreedLayer> {
    // As long as the image is there it has them.
    let orphans: Vec<&Container> =
        gone.iter().filter(|container| lab.images.by_id(&container.image.id).is_none()).collect();
    if orphans.is_empty() {
        return Vec::new();
    }
    let (usage, mut seen) = (lab.usage(), HashSet::new());
    let layers = orphans.iter().flat_map(|container| stack(&container.image));
    layers.filter(|(chain, _)| !usage.is_used(chain) && seen.insert(*chain)).map(freed).collect()
}

fn freed((chain, layer): (crate::fs::Digest, ImageLayer)) -> FreedLayer {
    FreedLayer { chain_id: chain.to_string(), label: layer.label.to_string(), bytes: layer.size }
}

/// `docker image prune`.
fn images(lab: &mut Lab, all: bool, until: Option<i64>, filters: &Filters) -> Report {
    let mut usage = lab.usage();
    let mut remover = Remover::new(&lab.images, &mut usage);
    let records = remover.prune(&PruneImages { all, until, labels: filters.labels() });
    let done = remover.finish();
    lab.take_away(&done);
    let mut report = Report::default();
    report.told(&records, "untagged: ", "deleted: ");
    if !records.is_empty() {
        report.out = format!("Deleted Images:\n{}\n", report.out);
    }
    report.bytes = done.freed.values().map(|layer| layer.size).fold(0, u64::saturating_add);
    report.done = done;
    report
}

/// `docker builder prune`, `docker buildx prune`.
fn cache(lab: &mut Lab, order: &PruneCache, buildx: bool) -> Report {
    let now = lab.now();
    let gone: Vec<CacheRow> = lab.cache.prune(order, &lab.image_usage());
    let mut report = Report { bytes: gone.iter().map(|row| row.size).sum(), ..Report::default() };
    for row in &gone {
        let line = match buildx {
            true => {
                let size = format!("{}{}", human_size(row.size, 4), if row.shared { "*" } else { "" });
                let used = human_duration(now.saturating_sub(row.last_used));
                format!("{:<40}\ttrue \t{size:<10}\t{used} ago\n", row.short())
            }
            false => format!("{}\n", row.short()),
        };
        report.out.push_str(&line);
        report.rows.push(json!({ "id": row.short(), "type": row.kind, "step": row.description, "size": row.size, "shared": row.shared }));
    }
    if !gone.is_empty() {
        report.out = match buildx {
            true => format!("ID\t\t\t\t\t\tRECLAIMABLE\tSIZE\t\tLAST ACCESSED\n{}", report.out),
            false => format!("Deleted build cache objects:\n{}\n", report.out),
        };
    }
    let (usage, mut seen) = (lab.usage(), HashSet::new());
    for (chain, layer) in gone.iter().flat_map(|row| &row.layers).filter(|(chain, _)| seen.insert(*chain)) {
        if usage.is_used(chain) {
            report.done.kept.insert(*chain, layer.clone());
        } else {
            report.freed.push(freed((*chain, layer.clone())));
        }
    }
    report
}

/// How many layers are told one by one.
const MOST_TOLD: usize = 12;

/// What the layers say of a removal; nothing where nothing was removed, or nobody listens.
fn reclaimed(call: &Call<'_, '_>, report: &Report) -> Option<Reclaimed> {
    if !call.t.listening() {
        return None;
    }
    let lab = &*call.lab;
    let removed = report.done.freed.iter().map(|(chain, layer)| freed((*chain, layer.clone())));
    let mut all: Vec<FreedLayer> = removed.chain(report.freed.iter().cloned()).collect();
    let bytes = all.iter().map(|layer| layer.bytes).fold(0, u64::saturating_add);
    let more_freed = all.len().saturating_sub(MOST_TOLD);
    all.truncate(MOST_TOLD);
    let gone: HashSet<&str> = all.iter().map(|layer| layer.chain_id.as_str()).collect();
    let kept: Vec<_> = report.done.kept.iter().map(|(chain, layer)| (*chain, layer.clone())).collect();
    let wanted: Vec<_> = kept
        .iter()
        .filter(|(chain, _)| !gone.contains(chain.to_string().as_str()))
        .take(MOST_TOLD)
        .cloned()
        .collect();
    let told = Reclaimed {
        freed: all,
        more_freed,
        bytes,
        kept: held(&wanted, &lab.images, lab.containers.values(), &lab.cache.keepers()),
        more_kept: kept.len().saturating_sub(MOST_TOLD),
        staying: report.done.staying.values().take(MOST_TOLD).cloned().collect(),
    };
    (!told.is_empty()).then_some(told)
}

/// `512MB` as docker/go-units reads it (`RAMInBytes`: the letter counts by 1024).
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = lower[digits.len()..].trim();
    let power = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return None,
    };
    let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    Some((number * 1024f64.powi(power)) as u64)
}

/// Who uses the layers that a word names: all of an image, or one by the first digits of its chain or diff
/// id. Topmost first.
///
/// # Errors
/// Nothing has this name.
pub fn why_layer(lab: &Lab, name: &str) -> Result<Event, Error> {
    let wanted = named_layers(lab, name);
    if wanted.is_empty() {
        let known: Vec<&str> = lab.images.names().map(|(name, _)| name).collect();
        return Err(Error::new(ErrorKind::Unknown, format!("there is no layer or image `{name}`"))
            .did_you_mean(name, known.iter().copied())
            .hint(
                "why layer IMAGE, or the first digits of a layer's digest: docker inspect IMAGE lists them",
            ));
    }
    let layers = held(&wanted, &lab.images, lab.containers.values(), &lab.cache.keepers());
    Ok(Event::Held { layers })
}

fn named_layers(lab: &Lab, name: &str) -> Vec<(crate::fs::Digest, ImageLayer)> {
    if let Some(image) = lab.images.get(name) {
        return stack(&image);
    }
    let digits = name.strip_prefix("sha256:").unwrap_or(name).to_lowercase();
    if digits.len() < 4 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        let container = lab.containers.get(name);
        return container.map(|container| stack(&container.image)).unwrap_or_default();
    }
    let mut seen = HashSet::new();
    let here = lab.images.images().flat_map(|image| stack(image));
    let mounted = lab.containers.values().flat_map(|container| stack(&container.image));
    let cached = lab.cache.layers();
    here.chain(mounted)
        .chain(cached)
        .filter(|(chain, layer)| chain.hex().starts_with(&digits) || layer.diff_id.hex().starts_with(&digits))
        .filter(|(chain, _)| seen.insert(*chain))
        .collect()
}
