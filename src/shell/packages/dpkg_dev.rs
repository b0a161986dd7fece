//! Programs of `dpkg-dev` that build scripts ask: names of the machine, flags of the compiler (Debian 12,
//! amd64).

use crate::shell::call::Call;

/// `dpkg-architecture`: all names of the machine, or those that are asked for.
pub(in super::super) fn architecture(call: &mut Call<'_, '_>) -> i32 {
    let values = [
        ("ABI", "base"),
        ("ARCH", "amd64"),
        ("BITS", "64"),
        ("CPU", "amd64"),
        ("ENDIAN", "little"),
        ("GNU_CPU", "x86_64"),
        ("GNU_SYSTEM", "linux-gnu"),
        ("GNU_TYPE", "x86_64-linux-gnu"),
        ("LIBC", "gnu"),
        ("MULTIARCH", "x86_64-linux-gnu"),
        ("OS", "linux"),
    ];
    let value = |name: &str| {
        let kinds = [
            "DEB_BUILD_ARCH_",
            "DEB_HOST_ARCH_",
            "DEB_TARGET_ARCH_",
            "DEB_BUILD_",
            "DEB_HOST_",
            "DEB_TARGET_",
        ];
        let inner = kinds.iter().find_map(|kind| name.strip_prefix(kind))?;
        values.iter().find(|(known, _)| *known == inner).map(|(_, value)| *value)
    };
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        let asked = match word.as_str() {
            "-q" | "--query" => words.next().cloned(),
            word => word.strip_prefix("-q").filter(|name| !name.is_empty()).map(str::to_owned),
        };
        let Some(asked) = asked else { continue };
        let Some(value) = value(&asked) else {
            call.err(&format!("dpkg-architecture: error: {asked} is not a supported variable name\n"));
            return 25;
        };
        call.out(&format!("{value}\n"));
        return 0;
    }
    for kind in ["BUILD", "HOST", "TARGET"] {
        for (name, value) in values {
            let inner =
                if matches!(name, "ABI" | "BITS" | "CPU" | "ENDIAN" | "LIBC" | "OS") { "ARCH_" } else { "" };
            call.out(&format!("DEB_{kind}_{inner}{name}={value}\n"));
        }
    }
    0
}

/// `dpkg-buildflags --get NAME`: what Debian 12 builds with, for the working directory.
pub(in super::super) fn buildflags(call: &mut Call<'_, '_>) -> i32 {
    let map = format!("-ffile-prefix-map={}=.", call.cwd());
    let hardened = "-fstack-protector-strong -Wformat -Werror=format-security";
    let compiler = format!("-g -O2 {map} {hardened}");
    let all = [
        ("CFLAGS", compiler.clone()),
        ("CPPFLAGS", "-Wdate-time -D_FORTIFY_SOURCE=2".to_owned()),
        ("CXXFLAGS", compiler.clone()),
        ("LDFLAGS", "-Wl,-z,relro".to_owned()),
    ];
    match call.args() {
        [option, name] if option == "--get" => {
            let found = all.iter().find(|(known, _)| known == name).map(|(_, flags)| flags.clone());
            let Some(flags) = found else { return 1 };
            call.out(&format!("{flags}\n"));
            0
        }
        _ => call.m.not_modelled("dpkg-buildflags but with --get"),
    }
}
