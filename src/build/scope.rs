//! Which variables an instruction sees: ARG and ENV, as each builder has them.

use super::meta::env_pairs;
use crate::image::Config;
use indexmap::IndexMap;
use std::sync::Arc;

/// Build args that need no ARG and stay out of keys and histories unless they are declared (moby
/// `daemon/builder/dockerfile/buildargs.go`, `builtinAllowedBuildArgs`).
const PROXIES: [&str; 10] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "FTP_PROXY",
    "ftp_proxy",
    "NO_PROXY",
    "no_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// Is it one of the proxy variables?
pub(super) fn is_proxy(name: &str) -> bool {
    PROXIES.contains(&name)
}

/// BuildKit's automatic global args (moby/buildkit `frontend/dockerfile/dockerfile2llb/platform.go`).
pub(super) fn platform_args(target: &str) -> Vec<(String, Option<String>)> {
    let pairs = [
        ("BUILDPLATFORM", "linux/amd64"),
        ("BUILDOS", "linux"),
        ("BUILDARCH", "amd64"),
        ("BUILDVARIANT", ""),
        ("BUILDOSVERSION", ""),
        ("TARGETPLATFORM", "linux/amd64"),
        ("TARGETOS", "linux"),
        ("TARGETARCH", "amd64"),
        ("TARGETVARIANT", ""),
        ("TARGETOSVERSION", ""),
        ("TARGETSTAGE", target),
    ];
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
}

/// A variable's value among global args: the last declaration wins.
pub(super) fn global(args: &[(String, Option<String>)], name: &str) -> Option<String> {
    args.iter().rev().find(|(key, _)| key == name).and_then(|(_, value)| value.clone())
}

/// BuildKit's environment of a stage: ENV and ARG in one list. A key that is set again moves to the
/// end (moby/buildkit `client/llb/meta.go`, `EnvList`). Cloning shares it until one of both changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment(pub Arc<IndexMap<String, String>>);

impl Environment {
    /// Sets a variable.
    pub fn set(&mut self, key: &str, value: &str) {
        let all = Arc::make_mut(&mut self.0);
        all.shift_remove(key);
        all.insert(key.to_owned(), value.to_owned());
    }

    /// Takes over a config's environment.
    pub fn take(&mut self, config: &Config) {
        for (key, value) in env_pairs(config) {
            self.set(key, value);
        }
    }
}

/// The legacy builder's args: declared in this stage, with their defaults; the global ones; those from
/// the command line (moby `daemon/builder/dockerfile/buildargs.go`).
#[derive(Clone, Debug, Default)]
pub(super) struct LegacyArgs {
    /// Declared above the first FROM.
    pub global: Vec<(String, Option<String>)>,
    /// Declared in this stage.
    pub declared: IndexMap<String, Option<String>>,
    /// Declared anywhere so far.
    pub used: Vec<String>,
}

impl LegacyArgs {
    /// The value of a declared arg: the command line's, else its default, else the global one's.
    fn value(&self, name: &str, given: &IndexMap<String, String>) -> Option<String> {
        let default = self.declared.get(name)?;
        let own = given.get(name).cloned().or_else(|| default.clone());
        own.or_else(|| global(&self.global, name))
    }

    /// Every arg that has a value and may be used here, sorted; ENV always wins, so names in `config`
    /// are left out.
    pub fn allowed(&self, config: &Config, given: &IndexMap<String, String>) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> = Vec::new();
        for name in self.declared.keys() {
            all.extend(self.value(name, given).map(|value| (name.clone(), value)));
        }
        let builtin = given.iter().filter(|(name, _)| is_proxy(name) && !self.declared.contains_key(*name));
        all.extend(builtin.map(|(name, value)| (name.clone(), value.clone())));
        all.retain(|(name, _)| !env_pairs(config).any(|(key, _)| key == name));
        all.sort();
        all
    }
}
