//! Which keys a compose file may have (compose-spec `schema/compose-spec.json`), and which of them the lab
//! models.

use super::yaml::{Key, Node, Place, Value};
use crate::error::{Error, suggest};

/// The keys of one kind of mapping.
pub struct Keys {
    /// Those that are read.
    pub modelled: &'static [&'static str],
    /// Those that are named and do nothing.
    pub known: &'static [&'static str],
}

/// The whole file.
pub const TOP: Keys = Keys {
    modelled: &["name", "services", "volumes", "version"],
    known: &["include", "models", "networks", "secrets", "configs"],
};

/// A service.
pub const SERVICE: Keys = Keys {
    modelled: &[
        "build",
        "command",
        "container_name",
        "depends_on",
        "entrypoint",
        "env_file",
        "environment",
        "image",
        "labels",
        "profiles",
        "read_only",
        "tmpfs",
        "user",
        "volumes",
        "working_dir",
    ],
    known: &[
        "develop",
        "deploy",
        "annotations",
        "attach",
        "blkio_config",
        "cap_add",
        "cap_drop",
        "cgroup",
        "cgroup_parent",
        "configs",
        "cpu_count",
        "cpu_percent",
        "cpu_shares",
        "cpu_quota",
        "cpu_period",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpus",
        "cpuset",
        "credential_spec",
        "device_cgroup_rules",
        "devices",
        "dns",
        "dns_opt",
        "dns_search",
        "domainname",
        "label_file",
        "expose",
        "extends",
        "provider",
        "external_links",
        "extra_hosts",
        "gpus",
        "group_add",
        "healthcheck",
        "hostname",
        "init",
        "ipc",
        "isolation",
        "links",
        "logging",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "mem_swappiness",
        "memswap_limit",
        "network_mode",
        "models",
        "networks",
        "oom_kill_disable",
        "oom_score_adj",
        "pid",
        "pids_limit",
        "platform",
        "ports",
        "pre_start",
        "post_start",
        "pre_stop",
        "privileged",
        "pull_policy",
        "pull_refresh_after",
        "restart",
        "runtime",
        "scale",
        "security_opt",
        "shm_size",
        "secrets",
        "sysctls",
        "stdin_open",
        "stop_grace_period",
        "stop_signal",
        "storage_opt",
        "tty",
        "ulimits",
        "use_api_socket",
        "uts",
        "userns_mode",
        "volumes_from",
    ],
};

/// `build:` of a service.
pub const BUILD: Keys = Keys {
    modelled: &["context", "dockerfile", "dockerfile_inline", "target", "args", "labels", "no_cache"],
    known: &[
        "entitlements",
        "ssh",
        "cache_from",
        "cache_to",
        "no_cache_filter",
        "additional_contexts",
        "network",
        "provenance",
        "sbom",
        "pull",
        "shm_size",
        "extra_hosts",
        "isolation",
        "privileged",
        "secrets",
        "tags",
        "ulimits",
        "platforms",
    ],
};

/// A volume of a service, in its long form.
pub const MOUNT: Keys = Keys {
    modelled: &["type", "source", "target", "read_only", "consistency", "bind", "volume", "tmpfs"],
    known: &["image"],
};

/// `bind:` of such a volume.
pub const BIND: Keys =
    Keys { modelled: &["create_host_path"], known: &["propagation", "recursive", "selinux"] };

/// `volume:` of such a volume.
pub const MOUNT_VOLUME: Keys = Keys { modelled: &["nocopy", "labels"], known: &["subpath"] };

/// `tmpfs:` of such a volume.
pub const MOUNT_TMPFS: Keys = Keys { modelled: &["size", "mode"], known: &[] };

/// A volume of the file.
pub const VOLUME: Keys =
    Keys { modelled: &["name", "external", "labels", "driver"], known: &["driver_opts"] };

/// A dependency in its long form.
pub const DEPENDENCY: Keys = Keys { modelled: &["condition", "required"], known: &["restart"] };

/// A file of variables in its long form.
pub const ENV_FILE: Keys = Keys { modelled: &["path", "required"], known: &["format"] };

/// Something that stands in the file and is not modelled.
#[derive(Clone, Debug)]
pub struct Unmodelled {
    /// Where.
    pub at: Place,
    /// "services.web.ports".
    pub path: String,
}

/// The entries that are read; what is not modelled is noted, what nobody knows is refused.
///
/// # Errors
/// An unknown key, in compose's words, with its place and the nearest known one.
pub fn entries<'n>(
    node: &'n Node,
    path: &str,
    keys: &Keys,
    unmodelled: &mut Vec<Unmodelled>,
) -> Result<Vec<(&'n Key, &'n Node)>, Error> {
    let Value::Map(map) = &node.value else {
        return Err(node.error(format!("{path} must be a mapping")));
    };
    let mut read = Vec::new();
    for (key, value) in map {
        let name = key.text.as_str();
        if keys.modelled.contains(&name) {
            read.push((key, value));
        } else if keys.known.contains(&name) {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            unmodelled.push(Unmodelled { at: key.at.clone(), path });
        } else if !name.starts_with("x-") {
            let words = if path.is_empty() { String::new() } else { format!("{path} ") };
            let all = || keys.modelled.iter().chain(keys.known).copied();
            let error = key.error(format!("{words}additional properties '{name}' not allowed"));
            return Err(match suggest(name, all()) {
                Some(_) => error.did_you_mean(name, all()),
                None => error.hint(format!("the lab reads {}", keys.modelled.join(", "))),
            });
        }
    }
    Ok(read)
}
