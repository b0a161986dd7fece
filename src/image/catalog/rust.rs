//! Rust: on Debian's slim base, on buildpack-deps, and on alpine.

use super::debian::{self, Added};
use super::recipe::Recipe;
use super::sketch::Sketch;
use super::{alpine, buildpack, listing};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Rust. The tree is 1.75's in all of them.
pub(super) struct Release {
    version: &'static str,
    /// Unix seconds.
    created: i64,
}

pub(super) static V1_73: Release = Release { version: "1.73.0", created: 1_697_500_800 };
pub(super) static V1_74: Release = Release { version: "1.74.1", created: 1_702_944_000 };
pub(super) static V1_75: Release = Release { version: "1.75.0", created: 1_703_894_400 };

/// What an image of it stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Alpine,
    Slim,
    Full,
}

pub(super) fn image(rust: &'static Release, on: On) -> Arc<Image> {
    let (base, word) = match on {
        On::Alpine => (alpine::shared(&alpine::V3_19), "alpine"),
        On::Slim => (debian::slim(), "slim"),
        On::Full => (super::image("buildpack-deps:bookworm").unwrap_or_else(|| buildpack::image(3)), "full"),
    };
    let mut recipe = Recipe::from(&base, rust.created);
    if on == On::Alpine {
        recipe.run(
            "apk add --no-cache         ca-certificates         gcc",
            "RUN apk add",
            "rust/alpine",
            || {
                let mut s = Sketch::new("rust", V1_75.created);
                let (new, world) = (APK, "ca-certificates gcc");
                alpine::install(&mut s, &alpine::Added { base: &alpine::V3_19, before: "", new, world });
                s.done()
            },
        );
    }
    let path = "/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    recipe.envs(&[
        ("RUSTUP_HOME", "/usr/local/rustup"),
        ("CARGO_HOME", "/usr/local/cargo"),
        ("PATH", path),
        ("RUST_VERSION", rust.version),
    ]);
    let run =
        if on == On::Slim { format!("{RUN_APT}{RUN_RUST}; {RUN_APT_AFTER}") } else { RUN_RUST.to_owned() };
    let key = format!("rust/{}/{word}", rust.version);
    recipe.run(&run, "RUN rustup", &key, move || toolchain(rust, on));
    recipe.finish()
}

const RUN_APT: &str = "set -eux;     apt-get update;     apt-get install -y --no-install-recommends         ca-certificates \
    gcc         libc6-dev         wget         ;     ";
const RUN_RUST: &str = "set -eux;     url=\"https://static.rust-lang.org/rustup/archive/1.26.0/${rustArch}/rustup-init\";     \
    wget \"$url\";     chmod +x rustup-init;     ./rustup-init -y --no-modify-path --profile minimal \
    --default-toolchain $RUST_VERSION --default-host ${rustArch};     rm rustup-init;     chmod -R a+w $RUSTUP_HOME $CARGO_HOME;     \
    rustup --version;     cargo --version;     rustc --version";
const RUN_APT_AFTER: &str =
    "    apt-get remove -y --auto-remove         wget         ;     rm -rf /var/lib/apt/lists/*";

const APT: &str = "binutils binutils-common binutils-x86-64-linux-gnu ca-certificates cpp cpp-12 gcc gcc-12 libasan8 libatomic1 \
    libbinutils libc-dev-bin libc6-dev libcc1-0 libcrypt-dev libctf-nobfd0 libctf0 libgcc-12-dev libgomp1 libgprofng0 \
    libgssapi-krb5-2 libisl23 libitm1 libjansson4 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 liblsan0 libmpc3 libmpfr6 \
    libnsl-dev libnsl2 libquadmath0 libssl3 libtirpc-common libtirpc-dev libtirpc3 libtsan2 libubsan1 linux-libc-dev openssl \
    rpcsvc-proto";
const APK: &str = "binutils ca-certificates gcc gmp isl26 jansson libatomic libgcc libgomp libstdc++ mpc1 mpfr4 musl-dev zstd-libs";

/// rustup's own program is the toolchain's in all its names: it asks which one it was called by.
const PROXIES: &str = "cargo-clippy cargo-fmt cargo-miri clippy-driver rls rust-analyzer rust-gdb rust-gdbgui rust-lldb rustc \
    rustdoc rustfmt rustup cargo";

fn toolchain(rust: &Release, on: On) -> Tree {
    let mut s = Sketch::new("rust", rust.created);
    let host = if on == On::Alpine { "x86_64-unknown-linux-musl" } else { "x86_64-unknown-linux-gnu" };
    let listing = listing::RUST.text().replace("1.75.0", rust.version);
    s.listing(&listing.replace("x86_64-unknown-linux-gnu", host));
    s.program("/usr/local/cargo/bin/.rustup", "rustup", 13_641_896);
    s.hard_links("/usr/local/cargo/bin", "/usr/local/cargo/bin/.rustup", PROXIES);
    s.remove("/usr/local/cargo/bin/.rustup");
    s.text("/usr/local/cargo/env", ENV);
    let version = rust.version;
    s.text(
        "/usr/local/rustup/settings.toml",
        &format!(
            "default_host_triple = \"{host}\"\ndefault_toolchain = \"{version}-{host}\"\nprofile = \"minimal\"\n\
             version = \"12\"\n\n[overrides]\n"
        ),
    );
    s.text(&format!("/usr/local/rustup/update-hashes/{version}-{host}"), "5fd2d4ab5ef1f4f8e9c0\n");
    s.dirs(0o777, "/usr/local/cargo /usr/local/cargo/bin /usr/local/rustup /usr/local/rustup/toolchains");
    s.dirs(0o777, "/usr/local/rustup/downloads /usr/local/rustup/tmp /usr/local/rustup/update-hashes");
    if on == On::Slim {
        debian::install(&mut s, &Added { base: &debian::BOOKWORM_SLIM, before: "", new: APT });
    }
    let bytes = match on {
        On::Alpine => 690_000_000,
        On::Slim => 705_000_000,
        On::Full => 539_000_000,
    };
    let driver = "lib/librustc_driver-7362e18a71d883c7.so";
    s.settle(bytes, &format!("/usr/local/rustup/toolchains/{version}-{host}/{driver}"));
    s.done()
}

const ENV: &str = "#!/bin/sh
# Read by shells that want cargo on their PATH.
case \":${PATH}:\" in
  *:\"/usr/local/cargo/bin\":*) ;;
  *) export PATH=\"/usr/local/cargo/bin:$PATH\" ;;
esac
";
