//! `docker volume …`.

use super::filters::{Filters, Label};
use super::images::from;
use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::dockerfile::Difference;
use crate::error::Error;
use crate::image::mounts::no_driver;
use crate::image::{Volume, labels_match};
use crate::inspect;
use crate::lab::Lab;
use crate::trace::Event;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "volume create",
        usage: "[FLAGS] [NAME]",
        about: "Make a volume: files beside the union that outlive containers",
        flags: &[
            valued("driver", Some('d'), "DRIVER", "only local"),
            valued("label", None, "NAME=VALUE", "a label"),
            valued("name", None, "NAME", "its name, the old way"),
            valued("opt", Some('o'), "NAME=VALUE", "named, and not modelled"),
        ],
        stop_at_operand: false,
        run: create,
    },
    Subcommand {
        name: "volume ls",
        usage: "[FLAGS]",
        about: "List volumes",
        flags: &[
            valued("filter", Some('f'), "KEY=VALUE", "dangling=true, name=…, driver=…, label=…"),
            valued("format", None, "TEMPLATE", "a Go template, table or json"),
            switch("quiet", Some('q'), "names only"),
        ],
        stop_at_operand: false,
        run: list,
    },
    Subcommand {
        name: "volume inspect",
        usage: "[--format TEMPLATE] NAME…",
        about: "Show a volume as JSON",
        flags: &[valued("format", Some('f'), "TEMPLATE", "a Go template")],
        stop_at_operand: false,
        run: show,
    },
    Subcommand {
        name: "volume rm",
        usage: "[-f] NAME…",
        about: "Remove volumes that no container uses",
        flags: &[switch("force", Some('f'), "don't mind those that are gone")],
        stop_at_operand: false,
        run: remove,
    },
    Subcommand {
        name: "volume prune",
        usage: "[FLAGS]",
        about: "Remove volumes without a name that no container uses",
        flags: &[
            switch("all", Some('a'), "also those with a name"),
            switch("force", Some('f'), "ask nothing"),
            valued("filter", None, "KEY=VALUE", "label=…, label!=…, all=true"),
        ],
        stop_at_operand: false,
        run: prune,
    },
];

fn create(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let name = match call.given.operands.as_slice() {
        [] => call.given.text("name").map(str::to_owned),
        [only] => Some(only.text.clone()),
        [_, extra, ..] => {
            return Err(call.usage("there is one word too many").at(call.origin.of(extra)));
        }
    };
    if let Some(driver) = call.given.text("driver").filter(|driver| *driver != "local") {
        let name = name.unwrap_or_default();
        return Ok(refused(format!("Error response from daemon: {}", no_driver(&name, driver))));
    }
    let options: Vec<String> = call.given.all("opt").map(|word| format!("--opt {}", word.text)).collect();
    for what in options {
        call.t.emit(|| Event::NotModelled { what, instead: "it does nothing here".to_owned() });
    }
    let labels: Vec<(String, String)> = call
        .given
        .all("label")
        .map(|word| word.text.split_once('=').unwrap_or((&word.text, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let known = name.as_ref().is_some_and(|name| call.lab.volumes.contains_key(name));
    match call.lab.create_volume(name.as_deref().filter(|name| !name.is_empty())) {
        Ok(name) => {
            if let (false, Some(volume)) = (known, call.lab.volumes.get_mut(&name)) {
                volume.labels.extend(labels);
            }
            Ok(Answer {
                next: Some(format!("docker run -d --name db -v {name}:/data alpine:3.19")),
                ..Answer::printed(format!("{name}\n"))
            })
        }
        Err(words) => Ok(refused(words)),
    }
}

fn list(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let filters = match Filters::read(call, &["dangling", "name", "driver", "label"])? {
        Ok(filters) => filters,
        Err(refused) => return Ok(refused),
    };
    let dangling = match filters.flag("dangling") {
        Ok(dangling) => dangling,
        Err(refused) => return Ok(refused),
    };
    let (labels, lab) = (filters.labels(), &*call.lab);
    let any = |key: &str, fits: &dyn Fn(&str) -> bool| {
        let mut values = filters.all(key).peekable();
        values.peek().is_none() || values.any(fits)
    };
    let chosen = lab.volumes.values().filter(|volume| {
        dangling.is_none_or(|wanted| lab.users_of(&volume.name).is_empty() == wanted)
            && any("name", &|part| volume.name.contains(part))
            && any("driver", &|driver| driver == "local")
            && labels_match(&volume.labels, &labels)
    });
    let chosen: Vec<&Volume> = chosen.collect();
    let rows = chosen.iter().map(|volume| inspect::volume_value(volume).json()).collect();
    let printed = inspect::volume_list(&chosen, call.given.is_set("quiet"), call.given.text("format"));
    Ok(Answer { rows, ..from(printed) })
}

fn show(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the volume")?.to_vec();
    let mut found = Vec::new();
    let (mut err, mut exit) = (String::new(), 0);
    for word in &words {
        match call.lab.volumes.get(&word.text) {
            Some(volume) => found.push(inspect::volume_value(volume)),
            None => {
                err.push_str(&format!("Error response from daemon: get {}: no such volume\n", word.text));
                exit = 1;
            }
        }
    }
    let rows = found.iter().map(inspect::Data::json).collect();
    let printed = inspect::inspect(&found, call.given.text("format"));
    let answer = from(printed);
    Ok(Answer { rows, err: format!("{}{err}", answer.err), exit: answer.exit.max(exit), ..answer })
}

fn remove(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("the volume")?.to_vec();
    let mut answer = Answer::default();
    for word in &words {
        match call.lab.remove_volume(&word.text, call.given.is_set("force")) {
            Ok(()) => answer.out.push_str(&format!("{}\n", word.text)),
            Err(words) => {
                answer.err.push_str(&format!("{words}\n"));
                answer.exit = 1;
                let users = call.lab.users_of(&word.text);
                answer.next = users.first().map(|user| format!("docker rm -f {}", user.name));
            }
        }
    }
    Ok(answer)
}

/// Since 23.0 volumes with a name stay unless `--all` asks for them too (docker/cli 23.0.0).
fn prune(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let old = !call.lab.version.has(Difference::NamedVolumesStay);
    if old && call.given.is_set("all") {
        return Ok(refused(
            "\"--all\" requires API version 1.42, but the Docker daemon API version is 1.41".to_owned(),
        ));
    }
    let filters = match Filters::read(call, &["label", "label!", "all"])? {
        Ok(filters) => filters,
        Err(refused) => return Ok(refused),
    };
    let all = match filters.flag("all") {
        Ok(all) => old || call.given.is_set("all") || all.unwrap_or_default(),
        Err(refused) => return Ok(refused),
    };
    let (mut out, mut after) = (String::new(), Vec::new());
    if !call.given.is_set("force") {
        let which = if all { "local volumes" } else { "anonymous local volumes" };
        out.push_str(&format!(
            "WARNING! This will remove {which} not used by at least one container.\nAre you sure you want to \
             continue? [y/N] y\n"
        ));
        let text = "nobody can be asked here, so the lab said y; undo brings everything back".to_owned();
        after.push(Event::Hint { text });
    }
    let gone = pruned(call.lab, all, &filters.labels());
    let bytes = gone.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
    out.push_str(&told(&gone));
    out.push_str(&format!("Total reclaimed space: {}\n", inspect::human_size(bytes, 4)));
    Ok(Answer::printed(out).telling(after))
}

/// Removes the volumes that no container uses: their names and bytes.
pub(super) fn pruned(lab: &mut Lab, all: bool, labels: &[Label]) -> Vec<(String, u64)> {
    let goes = |volume: &&Volume| {
        (all || volume.anonymous)
            && lab.users_of(&volume.name).is_empty()
            && labels_match(&volume.labels, labels)
    };
    let gone: Vec<(String, u64)> =
        lab.volumes.values().filter(goes).map(|volume| (volume.name.clone(), volume.size())).collect();
    for (name, _) in &gone {
        lab.volumes.shift_remove(name);
    }
    gone
}

/// What Docker prints of them.
pub(super) fn told(gone: &[(String, u64)]) -> String {
    let names: String = gone.iter().map(|(name, _)| format!("{name}\n")).collect();
    if gone.is_empty() { String::new() } else { format!("Deleted Volumes:\n{names}\n") }
}

/// The daemon says no.
fn refused(words: String) -> Answer {
    Answer { err: format!("{words}\n"), exit: 1, next: Some("help volumes".to_owned()), ..Answer::default() }
}
