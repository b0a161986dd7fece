//! `--secret` and `--ssh`: what a RUN may see and no layer, history or cache key keeps.

use super::step::Failure;
use crate::dockerfile::{Difference, MountType, RunMount, Version, mount_fields};
use crate::fs::{Contents, path};
use crate::union::{Stat, StatKind};
use indexmap::IndexMap;

/// Bytes of a secret, at most (moby/buildkit `session/secrets/secretsprovider/store.go`, `maxSecretSize`).
pub const MOST_SECRET: u64 = 500 * 1024;

/// What a build is given beside its context.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// Secrets by their ids.
    pub values: IndexMap<String, Contents>,
    /// The ids of `--ssh`: agents that could be asked.
    pub agents: Vec<String>,
}

/// Where the value of a `--secret` comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// A file, by its path.
    File(String),
    /// An environment variable, by its name.
    Variable(String),
}

/// Takes `id=NAME[,src=FILE][,env=NAME][,type=file|env]` apart; `is_set` tells whether there is a variable of
/// a name (docker/cli `cli/command/image/build_buildkit.go`, `parseSecret`; moby/buildkit
/// `session/secrets/secretsprovider/store.go`, `NewStore`).
///
/// # Errors
/// The client's words.
pub fn secret(given: &str, is_set: &dyn Fn(&str) -> bool) -> Result<(String, SecretSource), String> {
    let (mut id, mut file, mut variable, mut is_variable) =
        (String::new(), String::new(), String::new(), false);
    let fields = mount_fields(given).map_err(|why| why.replace("csv mounts", "csv secret"))?;
    for field in fields {
        let Some((key, value)) = field.split_once('=') else {
            return Err(format!("invalid field '{field}' must be a key=value pair"));
        };
        match key.to_lowercase().as_str() {
            "type" if !matches!(value, "file" | "env") => {
                return Err(format!("unsupported secret type \"{value}\""));
            }
            "type" => is_variable = value == "env",
            "id" => id = value.to_owned(),
            "source" | "src" => file = value.to_owned(),
            "env" => variable = value.to_owned(),
            key => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
    }
    if is_variable && variable.is_empty() {
        variable = std::mem::take(&mut file);
    }
    if id.is_empty() {
        return Err("secret missing ID".to_owned());
    }
    let source = match (variable.is_empty(), file.is_empty()) {
        (false, _) => SecretSource::Variable(variable),
        (true, false) => SecretSource::File(file),
        (true, true) if is_set(&id) => SecretSource::Variable(id.clone()),
        (true, true) => SecretSource::File(id.clone()),
    };
    Ok((id, source))
}

/// The id of a `--ssh ID[=SOCKET|KEY…]` (docker/cli `build_buildkit.go`, `parseSSH`).
pub fn agent(given: &str) -> String {
    given.split_once('=').map_or(given, |(id, _)| id).to_owned()
}

/// Fills in what a mount leaves to BuildKit: a secret's id and target, an agent's target (moby/buildkit
/// `frontend/dockerfile/dockerfile2llb/convert_secrets.go`, `convert_ssh.go`). `agents`: how many came before.
pub(super) fn complete(mount: &mut RunMount, agents: usize) {
    match mount.kind {
        MountType::Secret => {
            if !mount.source.is_empty() {
                mount.id = std::mem::take(&mut mount.source);
            }
            let base = |text: &str| String::from_utf8_lossy(path::file_name(text.as_bytes())).into_owned();
            if mount.id.is_empty() {
                mount.id = base(&mount.target);
            }
            if mount.target.is_empty() && mount.env.is_none() {
                mount.target = format!("/run/secrets/{}", base(&mount.id));
            }
        }
        MountType::Ssh if mount.target.is_empty() => {
            mount.target = format!("/run/buildkit/ssh_agent.{agents}");
        }
        _ => {}
    }
}

/// A secret that must be there and isn't, in BuildKit's words (`session/secrets/secrets.go`, `GetSecret`;
/// `solver/llbsolver/mounts/mount.go`, `getSSHMountable`).
pub(super) fn missing(mounts: &[&RunMount], given: &Secrets, version: Version) -> Option<Failure> {
    mounts.iter().filter(|mount| mount.required).find_map(|mount| match mount.kind {
        MountType::Secret if !given.values.contains_key(&mount.id) => {
            let today = version.has(Difference::FailurePrefix);
            let found = if today { "" } else { " not found" };
            let mut failure = Failure::new(format!("secret {}{found}: not found", mount.id), 1);
            failure.plain = Some(format!("the build was given no secret `{}`", mount.id));
            failure.hint = Some(format!("give it with --secret id={},src=FILE", mount.id));
            Some(failure)
        }
        MountType::Ssh if !given.agents.contains(&asked(mount)) => {
            let mut failure =
                Failure::new(format!("no SSH key \"{}\" forwarded from the client", mount.id), 1);
            failure.plain = Some("the build was given no SSH agent".to_owned());
            failure.hint = Some(format!("give it with --ssh {}", asked(mount)));
            Some(failure)
        }
        _ => None,
    })
}

/// The agent that a mount asks for.
fn asked(mount: &RunMount) -> String {
    if mount.id.is_empty() { "default".to_owned() } else { mount.id.clone() }
}

/// The variables of `env=`, and where the first agent would answer (moby/buildkit
/// `solver/llbsolver/ops/exec.go`, `loadSecretEnv`; `client/llb/exec.go`, `Marshal`).
pub(super) fn variables(mounts: &[&RunMount], given: &Secrets) -> Vec<(String, String)> {
    let secrets = mounts.iter().filter(|mount| mount.kind == MountType::Secret).filter_map(|mount| {
        let value = given.values.get(&mount.id)?.to_bytes(MOST_SECRET)?;
        Some((mount.env.clone()?, String::from_utf8_lossy(&value).into_owned()))
    });
    let agent = mounts.iter().find(|mount| mount.kind == MountType::Ssh);
    let agent = agent.map(|mount| ("SSH_AUTH_SOCK".to_owned(), mount.target.clone()));
    secrets.chain(agent).collect()
}

/// What the secret's file is: 0400 and root's, if the mount doesn't say otherwise.
pub(super) fn stat(mount: &RunMount, size: u64) -> Stat {
    let number = |given: Option<u64>| given.and_then(|id| u32::try_from(id).ok()).unwrap_or(0);
    let mode = mount.mode.and_then(|mode| u16::try_from(mode & 0o7777).ok()).unwrap_or(0o400);
    Stat {
        kind: StatKind::File,
        mode,
        uid: number(mount.uid),
        gid: number(mount.gid),
        size,
        nlink: 1,
        mtime: 0,
        id: (0, 0),
    }
}
