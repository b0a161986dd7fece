//! Platforms as `--platform` names them (containerd/platforms `platforms.go`, `database.go`).

/// `os/arch[/variant]`, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Platform {
    pub os: String,
    pub arch: String,
    pub variant: String,
}

const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

const MACHINES: &[&str] = &[
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
    "riscv64", "s390x", "wasm",
];

impl Platform {
    /// Reads a platform; the lab's machine is linux/amd64. None where Docker refuses the text.
    pub fn parse(text: &str) -> Option<Platform> {
        let parts: Vec<&str> = text.split('/').collect();
        let good = |part: &&str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        };
        if !parts.iter().all(good) {
            return None;
        }
        match parts.as_slice() {
            [one] => {
                let os = system(one);
                if SYSTEMS.contains(&os.as_str()) {
                    return Some(Platform { os, arch: "amd64".to_owned(), variant: String::new() });
                }
                let (arch, variant) = machine(one, "");
                MACHINES.contains(&arch.as_str()).then(|| Platform { os: "linux".to_owned(), arch, variant })
            }
            [os, arch] => {
                let (arch, variant) = machine(arch, "");
                Some(Platform { os: system(os), arch, variant })
            }
            [os, arch, variant] => {
                let (arch, variant) = machine(arch, variant);
                Some(Platform { os: system(os), arch, variant })
            }
            _ => None,
        }
    }

    /// As Docker prints it.
    pub fn shown(&self) -> String {
        let Platform { os, arch, variant } = self;
        if variant.is_empty() { format!("{os}/{arch}") } else { format!("{os}/{arch}/{variant}") }
    }
}

fn system(text: &str) -> String {
    match text.to_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        other => other.to_owned(),
    }
}

fn machine(arch: &str, variant: &str) -> (String, String) {
    let (arch, variant) = (arch.to_lowercase(), variant.to_lowercase());
    let (arch, variant) = match (arch.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1" | "") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "") => ("arm64", ""),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        (arch, variant) => (arch, variant),
    };
    (arch.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_normalised() {
        let shown = |text: &str| Platform::parse(text).map(|platform| platform.shown());
        for (text, expected) in [
            ("linux/amd64", Some("linux/amd64")),
            ("linux/aarch64", Some("linux/arm64")),
            ("Linux/arm64/v8", Some("linux/arm64")),
            ("linux/arm", Some("linux/arm/v7")),
            ("arm64", Some("linux/arm64")),
            ("windows", Some("windows/amd64")),
            ("nonsense", None),
            ("linux//amd64", None),
            ("a/b/c/d", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
