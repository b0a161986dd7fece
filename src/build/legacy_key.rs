//! What the legacy builder compares: the config a step would commit, with its description.

use super::cache::{Cache, Child};
use super::key::{Digesting, Key, PLATFORM};
use super::legacy::{Commit, On};
use super::meta::env_pairs;
use crate::fs::Digest;
use crate::image::registry::Platform;
use crate::trace::{Reason, Verdict};

/// How many earlier children are compared with a key that was not found.
const COMPARED: usize = 512;

/// Hands on what the container config of a step consists of (moby/moby `daemon/internal/image/cache/compare.go`):
/// environment and lists in order, ports, volumes and labels as sets.
fn ingredients(commit: &Commit, platform: &Platform, take: &mut dyn FnMut(&str, &str)) {
    let mut name = String::new();
    let mut named = |before: &str, what: &str, value: &str, take: &mut dyn FnMut(&str, &str)| {
        name.clear();
        name.push_str(before);
        name.push_str(what);
        take(&name, value);
    };
    take("step", &commit.step);
    if let Some(owner) = &commit.owner {
        take("owner", owner);
    }
    for arg in commit.args.iter().flatten() {
        let (key, value) = arg.split_once('=').unwrap_or((arg, ""));
        named("build arg ", key, value, take);
    }
    if let Some(args) = &commit.args {
        take("build args", &format!("|{}", args.len()));
    }
    let config = &commit.config;
    if let Some(shell) = &config.shell {
        take("shell", &list(shell));
    }
    for (key, value) in env_pairs(config) {
        named("environment ", key, value, take);
    }
    let mut labels: Vec<(&String, &String)> = config.labels.iter().collect();
    labels.sort();
    for (key, value) in labels {
        named("label ", key, value, take);
    }
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() && value != "[]" {
            take(name, value);
        }
    };
    add("user", &config.user);
    add("workdir", &config.working_dir);
    if !commit.run {
        add("entrypoint", &config.entrypoint.as_deref().map(list).unwrap_or_default());
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort();
        list(&words)
    };
    add("ports", &sorted(&config.exposed_ports));
    add("volumes", &sorted(&config.volumes));
    add("triggers", &list(&config.on_build));
    add("stop signal", &config.stop_signal);
    let check = config.healthcheck.as_ref().map(|check| format!("{check:?}"));
    add("health check", &check.unwrap_or_default());
    if config.args_escaped {
        add("args escaped", "yes");
    }
    if *platform != Platform::default() {
        add(PLATFORM, &platform.to_string());
    }
}

fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| crate::dockerfile::quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// The key of a step on `parent`.
pub(super) fn key(parent: String, commit: &Commit, platform: &Platform) -> Key {
    let mut key = Key::on(parent);
    ingredients(commit, platform, &mut |name, value| {
        key.part(name, value);
    });
    key.files.clone_from(&commit.files);
    key
}

/// The digest of [`key`], without the key.
pub(super) fn digest(parent: &str, commit: &Commit, platform: &Platform) -> Digest {
    let mut digest = Digesting::on(parent);
    ingredients(commit, platform, &mut |name, value| digest.part(name, value));
    digest.finish(commit.files.as_deref())
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
    based: impl Fn() -> bool,
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
                Some(On::Image(image)) if based() => Reason::BaseChanged { image: image.clone() },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Config;

    #[test]
    fn a_digest_is_that_of_the_key() {
        let words = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut config =
            Config { env: words("PATH=/bin A=b C"), user: "web".to_owned(), ..Config::default() };
        config.labels.insert("b".to_owned(), "1".to_owned());
        config.labels.insert("a".to_owned(), "2".to_owned());
        (config.exposed_ports, config.entrypoint) = (words("80/tcp 22/tcp"), Some(words("sh -c")));
        for run in [false, true] {
            let (args, owner) = (run.then(|| words("X=1 Y")), Some("web".to_owned()));
            let files = Some(std::sync::Arc::new(super::super::key::Files::new(Vec::new())));
            let (step, text) = ("COPY a in /".to_owned(), String::new());
            let config = config.clone();
            let commit = Commit { config, step, files, owner, args, run, text, unseen: None };
            let arm = Platform { architecture: "arm64".to_owned(), ..Platform::default() };
            for platform in [Platform::default(), arm] {
                let key = key("parent".to_owned(), &commit, &platform);
                assert_eq!(key.digest(), digest("parent", &commit, &platform));
                assert_eq!(key.get("entrypoint").is_some(), !run);
            }
        }
    }
}
