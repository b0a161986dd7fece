//! What `-v`, `--mount` and `--tmpfs` ask for, and Docker's words where it refuses.
//!
//! The rules are those of docker/cli `opts/mount.go` and `cli/compose/loader/volume.go`, then of moby
//! `volume/mounts/linux_parser.go`. A refusal is the text behind `docker: `; the ones of a `--mount`
//! that the client itself can't read begin with `invalid argument`.

use crate::fs::path;
use indexmap::IndexMap;

/// What kind of thing is mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MountKind {
    /// A volume: a filesystem of its own that outlives containers.
    #[default]
    Volume,
    /// A folder or file of the lab's host.
    Bind,
    /// An empty filesystem in memory, gone when the container stops.
    Tmpfs,
}

impl MountKind {
    /// Docker's word: "volume", "bind", "tmpfs".
    pub fn word(self) -> &'static str {
        match self {
            MountKind::Volume => "volume",
            MountKind::Bind => "bind",
            MountKind::Tmpfs => "tmpfs",
        }
    }
}

/// A mount that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountRequest {
    /// What.
    pub kind: MountKind,
    /// The volume's name or the absolute path on the host; empty: an anonymous volume.
    pub source: String,
    /// Where: absolute and clean.
    pub target: String,
    /// Writes fail with EROFS.
    pub read_only: bool,
    /// `nocopy`: an empty volume stays empty.
    pub no_copy: bool,
    /// A missing folder is made on the host (`-v` does, `--mount` refuses).
    pub make_source: bool,
    /// The mode as `docker inspect` shows it.
    pub mode: String,
    /// What it adds to the config's volumes, as it was written: `-v /path` does.
    pub in_config: Option<String>,
    /// Labels for a volume that is made for it.
    pub labels: IndexMap<String, String>,
    /// Mode of a tmpfs's root.
    pub tmpfs_mode: Option<u16>,
    /// Bytes that a tmpfs may hold, for `mount` and `df`.
    pub tmpfs_size: Option<u64>,
}

const DAEMON: &str = "Error response from daemon: ";

/// `-v SPEC`; `cwd` is where `./` begins.
///
/// # Errors
/// Docker's words.
pub fn parse_volume(spec: &str, cwd: &str) -> Result<MountRequest, String> {
    let source = source_of(spec)?;
    let Some(source) = source else {
        let target = clean(spec);
        if target == "/" {
            return Err(format!("{DAEMON}invalid specification: destination can't be '/'"));
        }
        return Ok(MountRequest { target, in_config: Some(spec.to_owned()), ..MountRequest::default() });
    };
    let raw = match (source.starts_with('.'), spec.split_once(':')) {
        (true, Some((host, rest))) => format!("{}:{rest}", path::absolute(cwd, host)),
        _ => spec.to_owned(),
    };
    let invalid = || format!("{DAEMON}invalid volume specification: '{raw}'");
    let parts: Vec<&str> = raw.split(':').collect();
    let (source, target, mode) = match parts.as_slice() {
        [source, second] if !source.is_empty() && Modes::read(second).is_none() => (*source, *second, ""),
        [source, target, mode] if !source.is_empty() => (*source, *target, *mode),
        _ => return Err(invalid()),
    };
    let modes = Modes::read(mode).ok_or_else(|| format!("{DAEMON}invalid mode: {mode}"))?;
    let kind = if source.starts_with('/') { MountKind::Bind } else { MountKind::Volume };
    let wrong =
        |why: String| format!("{}: invalid mount config for type \"{}\": {why}", invalid(), kind.word());
    check_target(target).map_err(wrong)?;
    match kind {
        MountKind::Bind if modes.no_copy => Err(wrong("field VolumeOptions must not be specified".into())),
        MountKind::Volume if modes.propagation => {
            Err(wrong("field BindOptions must not be specified".into()))
        }
        _ => Ok(()),
    }?;
    Ok(MountRequest {
        kind,
        source: if kind == MountKind::Bind { clean(source) } else { source.to_owned() },
        target: clean(target),
        read_only: modes.read_only,
        no_copy: modes.no_copy,
        make_source: true,
        mode: if mode.is_empty() && kind == MountKind::Volume { "z".to_owned() } else { mode.to_owned() },
        ..MountRequest::default()
    })
}

/// The first part of a `-v` that has more than a path. A letter and a colon are taken for a drive, as the
/// client does on every system.
fn source_of(spec: &str) -> Result<Option<String>, String> {
    match spec.len() {
        0 => return Err("invalid empty volume spec".to_owned()),
        1 | 2 => return Ok(None),
        _ => {}
    }
    let (mut parts, mut part) = (Vec::new(), String::new());
    for letter in spec.chars() {
        let is_drive = part.chars().count() == 1 && part.starts_with(char::is_alphabetic);
        if letter != ':' || is_drive {
            part.push(letter);
        } else {
            parts.push(std::mem::take(&mut part));
        }
    }
    parts.push(part);
    let last = parts.len() - 1;
    for (at, part) in parts.iter().enumerate() {
        if part.is_empty() {
            return Err(format!("invalid spec: {spec}: empty section between colons"));
        }
        if at == 2 && at < last {
            return Err(format!("invalid spec: {spec}: too many colons"));
        }
    }
    Ok(parts.into_iter().next().filter(|first| first != spec))
}

/// The third part of a `-v`.
#[derive(Default)]
struct Modes {
    read_only: bool,
    no_copy: bool,
    propagation: bool,
}

impl Modes {
    /// None: no valid mode.
    fn read(text: &str) -> Option<Modes> {
        let (mut modes, mut seen) = (Modes::default(), [false; 5]);
        for word in text.split(',').filter(|_| !text.is_empty()) {
            let class = match word {
                "rw" | "ro" => 0,
                "z" | "Z" => 1,
                "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate" => 2,
                "nocopy" => 3,
                "consistent" | "cached" | "delegated" => 4,
                _ => return None,
            };
            let slot: &mut bool = seen.get_mut(class)?;
            if std::mem::replace(slot, true) {
                return None;
            }
            modes.read_only |= word == "ro";
            modes.no_copy |= class == 3;
            modes.propagation |= class == 2;
        }
        Some(modes)
    }
}

/// `--mount type=volume,src=…,dst=…`.
///
/// # Errors
/// Docker's words.
pub fn parse_mount(spec: &str, cwd: &str) -> Result<MountRequest, String> {
    let mut given = Given::default();
    given
        .read(spec, cwd)
        .map_err(|why| format!("invalid argument \"{spec}\" for \"--mount\" flag: {why}"))?;
    given
        .check()
        .map_err(|why| format!("{DAEMON}invalid mount config for type \"{}\": {why}", given.kind))?;
    let request = given.request;
    if !matches!(given.driver.as_str(), "" | "local") {
        return Err(format!("{DAEMON}{}", no_driver(&request.source, &given.driver)));
    }
    Ok(MountRequest {
        target: clean(&request.target),
        mode: if request.kind == MountKind::Volume { "z".to_owned() } else { String::new() },
        ..request
    })
}

/// A `--mount` while it is read.
struct Given {
    kind: String,
    request: MountRequest,
    /// Options of each kind that were given.
    of: Vec<&'static str>,
    /// The volume's driver; empty: local.
    driver: String,
    /// `bind-propagation`; nothing here depends on it.
    propagation: String,
}

impl Default for Given {
    fn default() -> Given {
        Given {
            kind: "volume".to_owned(),
            request: MountRequest::default(),
            of: Vec::new(),
            driver: String::new(),
            propagation: String::new(),
        }
    }
}

impl Given {
    fn read(&mut self, spec: &str, cwd: &str) -> Result<(), String> {
        if spec.is_empty() {
            return Err("EOF".to_owned());
        }
        for field in spec.split(',') {
            self.field(field, cwd)?;
        }
        if self.kind.is_empty() {
            return Err("type is required".to_owned());
        }
        if self.request.target.is_empty() {
            return Err("target is required".to_owned());
        }
        match ["volume", "bind", "tmpfs"].iter().find(|of| **of != self.kind && self.of.contains(of)) {
            Some(of) => Err(format!("cannot mix '{of}-*' options with mount type '{}'", self.kind)),
            None => Ok(()),
        }
    }

    fn field(&mut self, field: &str, cwd: &str) -> Result<(), String> {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key.to_lowercase(), Some(value)),
            None => (field.to_lowercase(), None),
        };
        let flag = |value: Option<&str>| match value {
            None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
            Some(other) => Err(format!("invalid value for {key}: {other}")),
        };
        match (key.as_str(), value) {
            ("readonly" | "ro", value) => self.request.read_only = flag(value)?,
            ("volume-nocopy", value) => {
                self.of.push("volume");
                self.request.no_copy = flag(value)?;
            }
            ("bind-nonrecursive", value) => {
                self.of.push("bind");
                flag(value)?;
            }
            (_, None) => return Err(format!("invalid field '{field}' must be a key=value pair")),
            ("type", Some(value)) => {
                self.kind = value.to_lowercase();
            }
            ("source" | "src", Some(value)) => {
                let relative = value == "." || value.starts_with("./") || value.starts_with("../");
                self.request.source = if relative { path::absolute(cwd, value) } else { value.to_owned() };
            }
            ("target" | "dst" | "destination", Some(value)) => value.clone_into(&mut self.request.target),
            ("consistency", Some(_)) => {}
            ("bind-propagation", Some(mode)) => {
                self.of.push("bind");
                mode.clone_into(&mut self.propagation);
            }
            ("bind-recursive", Some(_)) => self.of.push("bind"),
            ("volume-label", Some(value)) => {
                self.of.push("volume");
                let (name, label) = value.split_once('=').unwrap_or((value, ""));
                self.request.labels.insert(name.to_owned(), label.to_owned());
            }
            ("volume-driver", Some(driver)) => {
                self.of.push("volume");
                driver.clone_into(&mut self.driver);
            }
            ("volume-opt" | "volume-subpath", Some(_)) => return Err(format!("{key} is not modelled")),
            ("tmpfs-size", Some(value)) => {
                self.of.push("tmpfs");
                self.request.tmpfs_size =
                    Some(bytes(value).ok_or_else(|| format!("invalid value for {key}: {value}"))?);
            }
            ("tmpfs-mode", Some(value)) => {
                self.of.push("tmpfs");
                let mode = u16::from_str_radix(value, 8).ok();
                self.request.tmpfs_mode =
                    Some(mode.ok_or_else(|| format!("invalid value for {key}: {value}"))?);
            }
            _ => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
        Ok(())
    }

    /// What the daemon says.
    fn check(&mut self) -> Result<(), String> {
        let request = &mut self.request;
        check_target(&request.target)?;
        request.kind = match self.kind.as_str() {
            "volume" => MountKind::Volume,
            "bind" => MountKind::Bind,
            "tmpfs" => MountKind::Tmpfs,
            _ => return Err("mount type unknown".to_owned()),
        };
        let missing = request.source.is_empty();
        match request.kind {
            MountKind::Bind
                if !matches!(
                    self.propagation.as_str(),
                    "" | "shared" | "rshared" | "slave" | "rslave" | "private" | "rprivate"
                ) =>
            {
                Err(format!("invalid propagation mode: {}", self.propagation))
            }
            MountKind::Bind if missing => Err("field Source must not be empty".to_owned()),
            MountKind::Bind if !request.source.starts_with('/') => Err(not_absolute(&request.source)),
            MountKind::Volume if missing && request.read_only => {
                Err("must not set ReadOnly mode when using anonymous volumes".to_owned())
            }
            MountKind::Tmpfs if !missing => Err("field Source must not be specified".to_owned()),
            _ => Ok(()),
        }
    }
}

/// A request that was put together elsewhere, judged as the daemon judges it.
///
/// # Errors
/// Docker's words.
pub fn placed(request: MountRequest) -> Result<MountRequest, String> {
    let kind = request.kind;
    let wrong = |why: String| format!("{DAEMON}invalid mount config for type \"{}\": {why}", kind.word());
    check_target(&request.target).map_err(wrong)?;
    match name_error(&request.source) {
        Some(why) if kind == MountKind::Volume && !request.source.is_empty() => {
            return Err(format!("{DAEMON}{why}"));
        }
        _ => {}
    }
    if kind == MountKind::Bind && request.source.is_empty() {
        return Err(wrong("field Source must not be empty".to_owned()));
    }
    let mode = match kind {
        MountKind::Volume if !request.source.is_empty() => "z".to_owned(),
        _ => request.mode,
    };
    Ok(MountRequest { target: clean(&request.target), mode, ..request })
}

/// `--tmpfs PATH[:OPTIONS]`.
///
/// # Errors
/// Docker's words (moby `daemon/daemon_unix.go`, `volume/mounts/linux_parser.go`).
pub fn parse_tmpfs(spec: &str) -> Result<MountRequest, String> {
    let (target, options) = spec.split_once(':').unwrap_or((spec, ""));
    let judged = if target.is_empty() { Err(not_absolute(target)) } else { check_target(target) };
    judged.map_err(|why| format!("{DAEMON}{why}"))?;
    let mut request =
        MountRequest { kind: MountKind::Tmpfs, target: clean(target), ..MountRequest::default() };
    let mut unknown = Vec::new();
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option.split_once('=').unwrap_or((option, "")) {
            ("ro", _) => request.read_only = true,
            ("size", value) => request.tmpfs_size = bytes(value),
            ("mode", value) => request.tmpfs_mode = u16::from_str_radix(value, 8).ok(),
            (word, _) if TMPFS.contains(&word) => {}
            _ => unknown.push(format!("\"{option}\"")),
        }
    }
    match unknown.is_empty() {
        true => Ok(request),
        false => Err(format!("{DAEMON}invalid tmpfs option [{}]", unknown.join(" "))),
    }
}

/// Options of mount(8) that change nothing that can be seen here.
const TMPFS: [&str; 27] = [
    "rw",
    "exec",
    "noexec",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "sync",
    "async",
    "dirsync",
    "remount",
    "mand",
    "nomand",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "uid",
    "gid",
    "nr_inodes",
    "nr_blocks",
    "mpol",
    "defaults",
];

fn check_target(target: &str) -> Result<(), String> {
    match target {
        _ if !target.is_empty() && clean(target) == "/" && target.starts_with('/') => {
            Err("invalid specification: destination can't be '/'".to_owned())
        }
        "" => Err("field Target must not be empty".to_owned()),
        _ if !target.starts_with('/') => Err(not_absolute(target)),
        _ => Ok(()),
    }
}

fn not_absolute(path: &str) -> String {
    format!("invalid mount path: '{path}' mount path must be absolute")
}

/// Why this can't name a volume of the local driver; none if it can (moby `volume/local/local.go`,
/// `validateName`).
pub fn name_error(name: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if name.len() == 1 {
        return Some(format!(
            "create {name}: volume name is too short, names should be at least two alphanumeric characters"
        ));
    }
    (!first || !name.bytes().all(allowed)).then(|| {
        format!(
            "create {name}: \"{name}\" includes invalid characters for a local volume name, only \
             \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
        )
    })
}

/// What the daemon says of a driver that it has not (moby `volume/drivers/extpoint.go`).
pub fn no_driver(name: &str, driver: &str) -> String {
    format!("create {name}: error looking up volume plugin {driver}: plugin \"{driver}\" not found")
}

/// "64m" in bytes (docker/go-units `RAMInBytes`).
pub fn bytes(text: &str) -> Option<u64> {
    let lower = text.to_lowercase();
    let lower = lower.strip_suffix('b').unwrap_or(&lower).trim_end_matches('i');
    let (number, power) = match lower.char_indices().next_back() {
        Some((at, letter)) if letter.is_ascii_alphabetic() => {
            (lower.get(..at)?, "kmgtp".find(letter)? as u32 + 1)
        }
        _ => (lower, 0),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(1024_u64.pow(power))
}

/// Absolute and without `.`, `..` and doubled slashes.
fn clean(target: &str) -> String {
    path::show(&path::clean(format!("/{target}").as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked of Docker 20.10.24 (client 28.2.2).
    #[test]
    fn refusals_are_dockers() {
        let volume = |spec: &str| parse_volume(spec, "/lab").map(drop).unwrap_err();
        for (spec, words) in [
            ("", "invalid empty volume spec"),
            (":/x", "invalid spec: :/x: empty section between colons"),
            ("/data:", "invalid spec: /data:: empty section between colons"),
            ("vol:/b:", "invalid spec: vol:/b:: empty section between colons"),
            (
                "/a:/",
                "Error response from daemon: invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
            ),
            ("vol:/b:c", "Error response from daemon: invalid mode: c"),
            ("vol:/b:rw,ro", "Error response from daemon: invalid mode: rw,ro"),
            ("vol:/b:ro:z", "invalid spec: vol:/b:ro:z: too many colons"),
            ("vol:/b:c:d", "Error response from daemon: invalid volume specification: 'vol:/b:c:d'"),
            ("/anon:ro", "Error response from daemon: invalid volume specification: '/anon:ro'"),
            (
                "vol:b",
                "Error response from daemon: invalid volume specification: 'vol:b': invalid mount config for type \"volume\": invalid mount path: 'b' mount path must be absolute",
            ),
            (
                "/tmp:/b:nocopy",
                "Error response from daemon: invalid volume specification: '/tmp:/b:nocopy': invalid mount config for type \"bind\": field VolumeOptions must not be specified",
            ),
            (
                "vol:/b:shared",
                "Error response from daemon: invalid volume specification: 'vol:/b:shared': invalid mount config for type \"volume\": field BindOptions must not be specified",
            ),
        ] {
            assert_eq!(volume(spec), words, "{spec}");
        }
        let mount = |spec: &str| parse_mount(spec, "/lab").map(drop).unwrap_err();
        for (spec, words) in [
            ("", "invalid argument \"\" for \"--mount\" flag: EOF"),
            ("type=volume", "invalid argument \"type=volume\" for \"--mount\" flag: target is required"),
            (
                "foo",
                "invalid argument \"foo\" for \"--mount\" flag: invalid field 'foo' must be a key=value pair",
            ),
            (
                "foo=bar",
                "invalid argument \"foo=bar\" for \"--mount\" flag: unexpected key 'foo' in 'foo=bar'",
            ),
            (
                "dst=/b,readonly=maybe",
                "invalid argument \"dst=/b,readonly=maybe\" for \"--mount\" flag: invalid value for readonly: maybe",
            ),
            (
                "type=bind,src=/x,dst=/b,volume-nocopy",
                "invalid argument \"type=bind,src=/x,dst=/b,volume-nocopy\" for \"--mount\" flag: cannot mix 'volume-*' options with mount type 'bind'",
            ),
            (
                "type=bind,src=x,dst=/b",
                "Error response from daemon: invalid mount config for type \"bind\": invalid mount path: 'x' mount path must be absolute",
            ),
            (
                "type=bind,dst=/b",
                "Error response from daemon: invalid mount config for type \"bind\": field Source must not be empty",
            ),
            (
                "type=tmpfs,src=x,dst=/b",
                "Error response from daemon: invalid mount config for type \"tmpfs\": field Source must not be specified",
            ),
            (
                "type=nope,dst=/b",
                "Error response from daemon: invalid mount config for type \"nope\": mount type unknown",
            ),
            (
                "dst=b",
                "Error response from daemon: invalid mount config for type \"volume\": invalid mount path: 'b' mount path must be absolute",
            ),
            (
                "dst=/",
                "Error response from daemon: invalid mount config for type \"volume\": invalid specification: destination can't be '/'",
            ),
            (
                "dst=/b,readonly",
                "Error response from daemon: invalid mount config for type \"volume\": must not set ReadOnly mode when using anonymous volumes",
            ),
        ] {
            assert_eq!(mount(spec), words, "{spec}");
        }
        let tmpfs = |spec: &str| parse_tmpfs(spec).map(drop).unwrap_err();
        assert_eq!(
            tmpfs("b"),
            "Error response from daemon: invalid mount path: 'b' mount path must be absolute"
        );
        assert_eq!(tmpfs("/"), "Error response from daemon: invalid specification: destination can't be '/'");
        assert_eq!(tmpfs("/b:ro,size=1m,foo"), "Error response from daemon: invalid tmpfs option [\"foo\"]");
    }

    #[test]
    fn a_source_is_a_name_or_a_path() {
        let asked = |spec: &str| {
            let request = parse_volume(spec, "/lab/app").unwrap();
            (request.kind, request.source, request.target, request.read_only)
        };
        assert_eq!(asked("db:/var/lib/db"), (MountKind::Volume, "db".into(), "/var/lib/db".into(), false));
        assert_eq!(asked("./src:/app/:ro"), (MountKind::Bind, "/lab/app/src".into(), "/app".into(), true));
        assert_eq!(asked("/a/../b:/b"), (MountKind::Bind, "/b".into(), "/b".into(), false));
        assert_eq!(asked("/cache"), (MountKind::Volume, String::new(), "/cache".into(), false));
        // A letter and a colon are a drive.
        assert_eq!(asked("a:/b"), (MountKind::Volume, String::new(), "/a:/b".into(), false));
        assert_eq!(bytes("64m"), Some(64 << 20));
        assert_eq!(bytes("1KiB"), Some(1024));
        assert_eq!(bytes("zz"), None);
    }
}
