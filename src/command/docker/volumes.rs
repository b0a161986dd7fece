//! `docker volume …`.

use super::images::from;
use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::dockerfile::Version;
use crate::error::Error;
use crate::image::Volume;
use crate::inspect;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "volume create",
        usage: "[FLAGS] [NAME]",
        about: "Make a volume: files beside the union that outlive containers",
        flags: &[
            valued("driver", Some('d'), "DRIVER", "only local"),
            valued("label", None, "NAME=VALUE", "a label"),
            valued("name", None, "NAME", "its name, the old way"),
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
        usage: "[-a] -f",
        about: "Remove volumes without a name that no container uses",
        flags: &[
            switch("all", Some('a'), "also those with a name"),
            switch("force", Some('f'), "without a question"),
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
        return Ok(refused(format!(
            "Error response from daemon: create {name}: error looking up volume plugin {driver}: plugin \
             \"{driver}\" not found"
        )));
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
    let mut chosen: Vec<&Volume> = call.lab.volumes.values().collect();
    for word in call.given.all("filter") {
        let (key, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        match key {
            "dangling" => {
                let Some(dangling) = truth(value) else {
                    return Ok(refused(format!(
                        "Error response from daemon: Invalid filter 'dangling=[{value}]'"
                    )));
                };
                chosen.retain(|volume| call.lab.users_of(&volume.name).is_empty() == dangling);
            }
            "name" => chosen.retain(|volume| volume.name.contains(value)),
            "driver" => chosen.retain(|_| value == "local"),
            "label" => chosen.retain(|volume| has_label(volume, value)),
            _ => return Ok(refused(format!("Error response from daemon: Invalid filter '{key}'"))),
        }
    }
    let rows = chosen.iter().map(|volume| inspect::volume_value(volume).json()).collect();
    let printed = inspect::volume_list(&chosen, call.given.is_set("quiet"), call.given.text("format"));
    Ok(Answer { rows, ..from(printed) })
}

fn truth(value: &str) -> Option<bool> {
    match value {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn has_label(volume: &Volume, wanted: &str) -> bool {
    match wanted.split_once('=') {
        Some((name, value)) => volume.labels.get(name).is_some_and(|label| label == value),
        None => volume.labels.contains_key(wanted),
    }
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
    let old = call.lab.version != Version::Current;
    if old && call.given.is_set("all") {
        return Ok(refused(
            "\"--all\" requires API version 1.42, but the Docker daemon API version is 1.41".to_owned(),
        ));
    }
    let mut all = old || call.given.is_set("all");
    let mut labels: Vec<(bool, String)> = Vec::new();
    for word in call.given.all("filter") {
        match word.text.split_once('=').unwrap_or((&word.text, "")) {
            ("label", label) => labels.push((true, label.to_owned())),
            ("label!", label) => labels.push((false, label.to_owned())),
            ("all", value) => all |= truth(value).unwrap_or_default(),
            (key, _) => {
                return Ok(refused(format!("Error response from daemon: invalid filter '{key}'")));
            }
        }
    }
    if !call.given.is_set("force") {
        let which = if all { "local volumes" } else { "anonymous local volumes" };
        let question = format!(
            "WARNING! This will remove {which} not used by at least one container.\nAre you sure you want to \
             continue? [y/N] \n"
        );
        return Ok(Answer { next: Some("docker volume prune -f".to_owned()), ..Answer::printed(question) });
    }
    let unused = |volume: &&Volume| call.lab.users_of(&volume.name).is_empty();
    let chosen = call.lab.volumes.values().filter(|volume| all || volume.anonymous).filter(unused);
    let chosen = chosen.filter(|volume| labels.iter().all(|(want, label)| has_label(volume, label) == *want));
    let chosen: Vec<(String, u64)> = chosen.map(|volume| (volume.name.clone(), volume.size())).collect();
    let mut out = String::new();
    if !chosen.is_empty() {
        out.push_str("Deleted Volumes:\n");
        chosen.iter().for_each(|(name, _)| out.push_str(&format!("{name}\n")));
        out.push('\n');
    }
    let freed: u64 = chosen.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
    for (name, _) in &chosen {
        call.lab.volumes.shift_remove(name);
    }
    out.push_str(&format!("Total reclaimed space: {}\n", inspect::human_size(freed, 4)));
    Ok(Answer::printed(out))
}

/// The daemon says no.
fn refused(words: String) -> Answer {
    Answer { err: format!("{words}\n"), exit: 1, next: Some("help volumes".to_owned()), ..Answer::default() }
}
