//! What the legacy builder compares: the config a step would commit, with its description.

use super::cache::{Cache, Child};
use super::key::{Files, Key};
use super::legacy::On;
use super::meta::env_pairs;
use crate::image::Config;
use crate::trace::{Reason, Verdict};
use std::sync::Arc;

/// How many earlier children are compared with a key that was not found.
const COMPARED: usize = 512;

/// The container config that a step is looked up by.
pub(super) struct Probe {
    /// Everything that is compared but Cmd.
    pub config: Config,
    /// The description in Cmd, without the files' checksum.
    pub step: String,
    /// What a COPY or ADD takes.
    pub files: Option<Arc<Files>>,
    /// `--chown`.
    pub owner: Option<String>,
    /// RUN: what stands behind `|N`; none when there is no bar.
    pub args: Option<Vec<String>>,
    /// RUN: Entrypoint is left out of the comparison.
    pub run: bool,
}

/// The key of a step on `parent` (moby/moby `daemon/internal/image/cache/compare.go`): environment and
/// lists in order, ports, volumes and labels as sets.
pub(super) fn key(parent: String, probe: &Probe) -> Key {
    let mut key = Key::on(parent);
    key.part("step", probe.step.as_str());
    if let Some(owner) = &probe.owner {
        key.part("owner", owner.as_str());
    }
    for arg in probe.args.iter().flatten() {
        let (name, value) = arg.split_once('=').unwrap_or((arg, ""));
        key.part(format!("build arg {name}"), value);
    }
    if let Some(args) = &probe.args {
        key.part("build args", format!("|{}", args.len()));
    }
    let config = &probe.config;
    let list = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| crate::dockerfile::quoted(word)).collect();
        format!("[{}]", words.join(", "))
    };
    if let Some(shell) = &config.shell {
        key.part("shell", list(shell));
    }
    for (name, value) in env_pairs(config) {
        key.part(format!("environment {name}"), value);
    }
    let mut labels: Vec<(&String, &String)> = config.labels.iter().collect();
    labels.sort();
    for (name, value) in labels {
        key.part(format!("label {name}"), value.as_str());
    }
    let mut add = |name: &str, value: String| {
        if !value.is_empty() && value != "[]" {
            key.part(name, value);
        }
    };
    add("user", config.user.clone());
    add("workdir", config.working_dir.clone());
    if !probe.run {
        add("entrypoint", config.entrypoint.as_deref().map(list).unwrap_or_default());
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        list(&words)
    };
    add("ports", sorted(&config.exposed_ports));
    add("volumes", sorted(&config.volumes));
    add("triggers", list(&config.on_build));
    add("stop signal", config.stop_signal.clone());
    add("health check", config.healthcheck.as_ref().map(|check| format!("{check:?}")).unwrap_or_default());
    if config.args_escaped {
        add("args escaped", "yes".to_owned());
    }
    key.files.clone_from(&probe.files);
    key
}

/// The earlier child whose key is least unlike this one; it must share the step or the parent.
pub(super) fn nearest(cache: &Cache, key: &Key) -> Option<Child> {
    let word = |key: &Key| {
        let step = key.parts.first().map_or("", |(_, step)| step.as_str());
        step.split(' ').next().unwrap_or("").to_owned()
    };
    let (own, mut best): (String, Option<(usize, &Child)>) = (word(key), None);
    for child in cache.chain.list.iter().rev().take(COMPARED).filter(|child| cache.is_earlier(child.build)) {
        let akin = child.key.parts.first() == key.parts.first()
            || (child.key.parent == key.parent && word(&child.key) == own);
        if !akin {
            continue;
        }
        let distance = key.distance(&child.key);
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, child));
        }
    }
    best.map(|(_, child)| child.clone())
}

/// The verdict of a step that was not found, or not looked up. `on` is what the stage begins with, if this
/// is its first step; `based` says that the earlier child stood on a base image too.
pub(super) fn missed(
    key: &Key,
    earlier: Option<&Child>,
    no_cache: bool,
    busted: Option<usize>,
    on: Option<&On>,
    based: bool,
) -> Verdict {
    if no_cache {
        return Verdict::Miss { reason: Reason::NoCache };
    }
    if let Some(step) = busted {
        return Verdict::NotLookedUp {
            reason: format!("not looked up: step {step} already missed in this stage"),
        };
    }
    let moved = earlier.filter(|earlier| earlier.key.parent != key.parent);
    let reason = match earlier {
        None => Reason::FirstBuild,
        Some(_) if moved.is_some() && matches!(on, Some(On::Stage(Some(_)))) => match on {
            Some(On::Stage(Some(step))) => Reason::ParentRebuilt { step: *step },
            _ => Reason::ParentDiffers,
        },
        Some(earlier)
            if moved.is_some() && key.parts.first() == earlier.key.parts.first() && on.is_some() =>
        {
            match on {
                Some(On::Image(image)) if based => Reason::BaseChanged { image: image.clone() },
                _ => Reason::ParentDiffers,
            }
        }
        Some(earlier) => match key.difference(&earlier.key) {
            Some(reason) => reason,
            None if earlier.key.parent != key.parent => Reason::ParentDiffers,
            None => Reason::FirstBuild,
        },
    };
    Verdict::Miss { reason }
}
