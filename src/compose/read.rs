//! Reading the parts of a service: short and long forms become one.

use super::keys::{self, Unmodelled};

use super::project::{Build, Dependency, Mount, Service};
use super::yaml::{Node, Place, Scalar, Value};
use crate::error::Error;
use crate::fs::path;
use crate::image::mounts::{MountKind, MountRequest};
use indexmap::IndexMap;

/// The home directory on the lab's host, for `~`.
const HOME: &str = "/root";

/// What reading needs: where relative paths begin, and where what is not modelled is noted.
pub struct Reading<'a> {
    /// The project's directory.
    pub directory: &'a str,
    /// Noted so far.
    pub unmodelled: &'a mut Vec<Unmodelled>,
}

impl Reading<'_> {
    /// A service as one file describes it.
    ///
    /// # Errors
    /// Unknown keys and wrong types, in compose's words.
    pub fn service(&mut self, name: &str, node: &Node) -> Result<Service, Error> {
        let path = format!("services.{name}");
        let mut service = Service::new(node.at.clone());
        for (key, value) in keys::entries(node, &path, &keys::SERVICE, self.unmodelled)? {
            let here = format!("{path}.{}", key.text);
            match key.text.as_str() {
                "command" => service.command = words(value, &here)?,
                "entrypoint" => service.entrypoint = words(value, &here)?,
                "image" => service.image = Some(string(value, &here)?).filter(|name| !name.is_empty()),
                "build" => service.build = Some(self.build(value, &here)?),
                "container_name" => service.container_name = Some(string(value, &here)?),
                "depends_on" => service.depends_on = self.depends_on(value, &here)?,
                "env_file" => service.env_files = self.env_files(value, &here)?,
                "environment" => service.environment = pairs(value, &here)?,
                "labels" => service.labels = labels(value, &here)?,
                "profiles" => service.profiles = strings(value, &here)?,
                "read_only" => service.read_only = Some(flag(value, &here)?),
                "tmpfs" => service.tmpfs = one_or_more(value, &here)?,
                "user" => service.user = Some(string(value, &here)?),
                "volumes" => service.mounts = self.mounts(value, &here)?,
                "working_dir" => service.working_dir = Some(string(value, &here)?),
                _ => {}
            }
        }
        Ok(service)
    }

    fn build(&mut self, node: &Node, path: &str) -> Result<Build, Error> {
        if let Value::Scalar(Scalar::Text(context)) = &node.value {
            return Ok(Build { context: Some(self.absolute(context)), ..Build::default() });
        }
        let mut build = Build::default();
        for (key, value) in keys::entries(node, path, &keys::BUILD, self.unmodelled)? {
            let here = format!("{path}.{}", key.text);
            match key.text.as_str() {
                "context" => build.context = Some(self.absolute(&string(value, &here)?)),
                "dockerfile" => build.dockerfile = Some(string(value, &here)?),
                "dockerfile_inline" => build.inline = Some(string(value, &here)?),
                "target" => build.target = Some(string(value, &here)?),
                "args" => build.args = pairs(value, &here)?,
                "labels" => build.labels = labels(value, &here)?,
                "no_cache" => build.no_cache = flag(value, &here)?,
                _ => {}
            }
        }
        Ok(build)
    }

    fn depends_on(&mut self, node: &Node, path: &str) -> Result<IndexMap<String, Dependency>, Error> {
        let mut found = IndexMap::new();
        if let Value::List(list) = &node.value {
            for (number, item) in list.iter().enumerate() {
                let name = string(item, &format!("{path}[{number}]"))?;
                let condition = "service_started".to_owned();
                found.insert(name, Dependency { condition, required: true, at: item.at.clone() });
            }
            return Ok(found);
        }
        let Value::Map(map) = &node.value else {
            return Err(node.error(format!("{path} must be a array or mapping")));
        };
        for (key, value) in map {
            let here = format!("{path}.{}", key.text);
            let mut dependency =
                Dependency { condition: "service_started".to_owned(), required: true, at: key.at.clone() };
            for (inner, value) in keys::entries(value, &here, &keys::DEPENDENCY, self.unmodelled)? {
                let here = format!("{here}.{}", inner.text);
                match inner.text.as_str() {
                    "condition" => {
                        const KNOWN: [&str; 3] =
                            ["service_started", "service_healthy", "service_completed_successfully"];
                        let condition = string(value, &here)?;
                        if !KNOWN.contains(&condition.as_str()) {
                            let words = KNOWN.map(|word| format!("'{word}'")).join(", ");
                            return Err(value
                                .error(format!("{here} value must be one of {words}"))
                                .did_you_mean(&condition, KNOWN));
                        }
                        dependency.condition = condition;
                    }
                    "required" => dependency.required = flag(value, &here)?,
                    _ => {}
                }
            }
            found.insert(key.text.clone(), dependency);
        }
        Ok(found)
    }

    fn env_files(&mut self, node: &Node, path: &str) -> Result<Vec<(String, bool)>, Error> {
        let single = std::slice::from_ref(node);
        let list = if let Value::List(list) = &node.value { list.as_slice() } else { single };
        let mut files = Vec::new();
        for (number, item) in list.iter().enumerate() {
            let here = format!("{path}[{number}]");
            if let Value::Scalar(_) = &item.value {
                files.push((self.absolute(&string(item, &here)?), true));
                continue;
            }
            let (mut file, mut required) = (None, true);
            for (key, value) in keys::entries(item, &here, &keys::ENV_FILE, self.unmodelled)? {
                match key.text.as_str() {
                    "path" => file = Some(self.absolute(&string(value, &format!("{here}.path"))?)),
                    _ => required = flag(value, &format!("{here}.required"))?,
                }
            }
            let file = file.ok_or_else(|| item.error(format!("{here} missing property 'path'")))?;
            files.push((file, required));
        }
        Ok(files)
    }

    fn mounts(&mut self, node: &Node, path: &str) -> Result<Vec<Mount>, Error> {
        let Value::List(list) = &node.value else {
            return Err(node.error(format!("{path} must be a array")));
        };
        let mut mounts = Vec::new();
        for (number, item) in list.iter().enumerate() {
            let here = format!("{path}[{number}]");
            let (request, options) = match &item.value {
                Value::Scalar(Scalar::Text(spec)) => {
                    let request = self.short_mount(spec, &here, &item.at).map_err(|why| item.error(why))?;
                    (request, spec.len() > 2)
                }
                Value::Map(_) => self.long_mount(item, &here)?,
                _ => return Err(item.error(format!("{here} must be a string or mapping"))),
            };
            mounts.push(Mount { request, options, at: item.at.clone() });
        }
        Ok(mounts)
    }

    /// `SOURCE:TARGET[:MODE]` (compose-go `format/volume.go`).
    fn short_mount(&mut self, spec: &str, path: &str, at: &Place) -> Result<MountRequest, String> {
        /// Said to the host's mount, and to SELinux: nothing that the lab has.
        const TO_THE_HOST: [&str; 8] =
            ["z", "Z", "private", "rprivate", "shared", "rshared", "slave", "rslave"];
        let refused = |why: &str| format!("invalid spec: {spec}: {why}");
        let parts = match spec.len() {
            0 => return Err("invalid empty volume spec".to_owned()),
            1 | 2 => vec![spec],
            _ => sections(spec),
        };
        if parts.iter().any(|part| part.is_empty()) {
            return Err(refused("empty section between colons"));
        }
        let (source, target, mode) = match parts.as_slice() {
            [target] => ("", *target, ""),
            [source, target] => (*source, *target, ""),
            [source, target, mode] => (*source, *target, *mode),
            _ => return Err(refused("too many colons")),
        };
        let bind = source.starts_with(['.', '/', '~']) || windows(source);
        let kind = if bind { MountKind::Bind } else { MountKind::Volume };
        let mut request = MountRequest {
            kind,
            source: if bind { self.absolute(source) } else { source.to_owned() },
            target: target.to_owned(),
            make_source: true,
            in_config: source.is_empty().then(|| target.to_owned()),
            ..MountRequest::default()
        };
        // Words that compose doesn't know it passes over.
        for word in mode.split(',') {
            match word {
                "ro" => request.read_only = true,
                "rw" => request.read_only = false,
                "nocopy" => request.no_copy = true,
                _ if TO_THE_HOST.contains(&word) => {
                    self.unmodelled.push(Unmodelled { at: at.clone(), path: format!("{path}: {word}") });
                }
                _ => {}
            }
        }
        Ok(request)
    }

    /// The mount, and whether options of its own kind stand in the file.
    fn long_mount(&mut self, node: &Node, path: &str) -> Result<(MountRequest, bool), Error> {
        let mut request = MountRequest { make_source: true, ..MountRequest::default() };
        let (mut kind, mut given) = (None, Vec::new());
        for (key, value) in keys::entries(node, path, &keys::MOUNT, self.unmodelled)? {
            let here = format!("{path}.{}", key.text);
            given.push(key.text.as_str());
            match key.text.as_str() {
                "type" => kind = Some((string(value, &here)?, value)),
                "source" => request.source = string(value, &here)?,
                "target" => request.target = string(value, &here)?,
                "read_only" => request.read_only = flag(value, &here)?,
                "bind" => {
                    for (_, value) in keys::entries(value, &here, &keys::BIND, self.unmodelled)? {
                        request.make_source = flag(value, &format!("{here}.create_host_path"))?;
                    }
                }
                "volume" => {
                    for (inner, value) in keys::entries(value, &here, &keys::MOUNT_VOLUME, self.unmodelled)? {
                        match inner.text.as_str() {
                            "nocopy" => request.no_copy = flag(value, &format!("{here}.nocopy"))?,
                            _ => request.labels = labels(value, &format!("{here}.labels"))?,
                        }
                    }
                }
                "tmpfs" => {
                    for (inner, value) in keys::entries(value, &here, &keys::MOUNT_TMPFS, self.unmodelled)? {
                        let here = format!("{here}.{}", inner.text);
                        let number = text(value, &here)?;
                        match inner.text.as_str() {
                            "size" => {
                                request.tmpfs_size = crate::image::mounts::bytes(&number);
                            }
                            // YAML's octal numbers have become decimal ones.
                            _ => request.tmpfs_mode = number.parse().ok(),
                        }
                    }
                }
                _ => {}
            }
        }
        if !given.contains(&"target") {
            // compose-go `override/uncity.go`.
            let item = path.replace('[', ".[");
            return Err(node.error(format!("service volume {item} is missing a mount target")));
        }
        let Some((word, at)) = kind else {
            return Err(node.error(format!("{path} missing property 'type'")));
        };
        request.kind = match word.as_str() {
            "volume" => MountKind::Volume,
            "bind" => MountKind::Bind,
            "tmpfs" => MountKind::Tmpfs,
            "cluster" | "npipe" | "image" => {
                return Err(at
                    .error(format!("{path}: mounts of type {word} are not modelled"))
                    .hint("types are volume, bind and tmpfs"));
            }
            _ => {
                return Err(at
                    .error(format!(
                        "{path}.type value must be one of 'bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image'"
                    ))
                    .did_you_mean(&word, ["bind", "volume", "tmpfs"]));
            }
        };
        if request.kind == MountKind::Bind {
            request.source = self.absolute(&request.source);
        }
        let anonymous = request.kind == MountKind::Volume && request.source.is_empty();
        request.in_config = anonymous.then(|| request.target.clone());
        let options = given.contains(&request.kind.word());
        Ok((request, options))
    }

    /// A path of the file: from the project's directory on, or from home.
    fn absolute(&self, given: &str) -> String {
        match given.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                path::absolute(HOME, &format!("./{rest}"))
            }
            _ if windows_absolute(given) => given.to_owned(),
            _ => path::absolute(self.directory, given),
        }
    }
}

// ---- types ----------------------------------------------------------------------------------------

/// A string.
pub fn string(node: &Node, path: &str) -> Result<String, Error> {
    match &node.value {
        Value::Scalar(Scalar::Text(text)) => Ok(text.clone()),
        _ => Err(node.error(format!("{path} must be a string"))),
    }
}

/// A string or a number.
pub fn text(node: &Node, path: &str) -> Result<String, Error> {
    match &node.value {
        Value::Scalar(Scalar::Text(text) | Scalar::Number(text)) => Ok(text.clone()),
        _ => Err(node.error(format!("{path} must be a number or string"))),
    }
}

/// True or false; a string that says so, too.
pub fn flag(node: &Node, path: &str) -> Result<bool, Error> {
    match &node.value {
        Value::Scalar(Scalar::Bool(flag)) => Ok(*flag),
        // compose-go `loader/interpolate.go`, `toBoolean`.
        Value::Scalar(Scalar::Text(text)) => match text.to_lowercase().as_str() {
            "true" | "y" | "yes" | "on" => Ok(true),
            "false" | "n" | "no" | "off" => Ok(false),
            _ => Err(node.error(format!("{path}: invalid boolean: {text}"))),
        },
        _ => Err(node.error(format!("{path} must be a boolean or string"))),
    }
}

/// The parts between colons, but that a single letter and its colon are a drive of Windows, everywhere.
fn sections(spec: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, _) in spec.match_indices(':') {
        if !drive(&spec[from..=at]) {
            parts.push(&spec[from..at]);
            from = at + 1;
        }
    }
    parts.push(&spec[from..]);
    parts
}

/// Does a path begin like one of Windows?
fn windows(path: &str) -> bool {
    path.starts_with(r"\\") || path.find(':').is_some_and(|colon| drive(&path[..=colon]))
}

/// Does it begin at the root there? (compose-go `paths/windows_path.go`)
fn windows_absolute(path: &str) -> bool {
    let rest = path.find(':').filter(|colon| drive(&path[..=*colon])).map_or("", |colon| &path[colon + 1..]);
    path.starts_with(r"\\") || rest.starts_with(['/', '\\'])
}

/// Is this one letter and a colon?
fn drive(text: &str) -> bool {
    let mut letter = text.strip_suffix(':').unwrap_or_default().chars();
    letter.next().is_some_and(char::is_alphabetic) && letter.next().is_none()
}

fn strings(node: &Node, path: &str) -> Result<Vec<String>, Error> {
    let Value::List(list) = &node.value else {
        return Err(node.error(format!("{path} must be a array")));
    };
    list.iter().enumerate().map(|(number, item)| string(item, &format!("{path}.{number}"))).collect()
}

fn one_or_more(node: &Node, path: &str) -> Result<Vec<String>, Error> {
    match &node.value {
        Value::Scalar(Scalar::Text(one)) => Ok(vec![one.clone()]),
        Value::List(_) => strings(node, path),
        _ => Err(node.error(format!("{path} must be a array or string"))),
    }
}

/// `command` and `entrypoint`: a list, or a line that is split as a shell does. None: not said.
fn words(node: &Node, path: &str) -> Result<Option<Vec<String>>, Error> {
    match &node.value {
        Value::Scalar(Scalar::Null) => Ok(None),
        Value::Scalar(Scalar::Text(line)) => split(line).map(Some).ok_or_else(|| {
            node.error(format!("{path}: invalid command line string")).hint("a quote is open")
        }),
        Value::List(_) => strings(node, path).map(Some),
        _ => Err(node.error(format!("{path} must be a array, null or string"))),
    }
}

/// Words of a line: quotes and backslashes, nothing is expanded (mattn/go-shellwords). None: an open quote.
fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut escaped) = (Vec::new(), None::<String>, None, false);
    for letter in line.chars() {
        if escaped {
            word.get_or_insert_default().push(letter);
            escaped = false;
        } else if letter == '\\' && quote != Some('\'') {
            word.get_or_insert_default();
            escaped = true;
        } else if quote == Some(letter) {
            quote = None;
        } else if quote.is_none() && matches!(letter, '\'' | '"') {
            word.get_or_insert_default();
            quote = Some(letter);
        } else if quote.is_none() && letter.is_whitespace() {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(letter);
        }
    }
    words.extend(word);
    (quote.is_none() && !escaped).then_some(words)
}

/// `NAME: value` or `- NAME=value`; none where no value is given.
fn pairs(node: &Node, path: &str) -> Result<IndexMap<String, Option<String>>, Error> {
    match &node.value {
        Value::List(_) => Ok(strings(node, path)?
            .into_iter()
            .map(|entry| match entry.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (entry, None),
            })
            .collect()),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| {
                let value = match &value.value {
                    Value::Scalar(Scalar::Null) => None,
                    Value::Scalar(Scalar::Bool(flag)) => Some(flag.to_string()),
                    Value::Scalar(Scalar::Number(text) | Scalar::Text(text)) => Some(text.clone()),
                    _ => {
                        let here = format!("{path}.{}", key.text);
                        return Err(value.error(format!("{here} must be a boolean, null, number or string")));
                    }
                };
                Ok((key.text.clone(), value))
            })
            .collect(),
        _ => Err(node.error(format!("{path} must be a array or mapping"))),
    }
}

/// Labels: a missing value is an empty one.
pub fn labels(node: &Node, path: &str) -> Result<IndexMap<String, String>, Error> {
    Ok(pairs(node, path)?.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_command_line_is_split_as_a_shell_does() {
        let words = |line: &str| split(line).map(|words| words.join("|"));
        assert_eq!(words("sh -c 'echo \"a b\"' c\\ d"), Some("sh|-c|echo \"a b\"|c d".to_owned()));
        assert_eq!(words("  a\t\"\"  b "), Some("a||b".to_owned()));
        assert_eq!(words("a 'b"), None);
        assert_eq!(words(""), Some(String::new()));
    }
}
