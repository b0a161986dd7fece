//! Python: on Debian's slim base, on buildpack-deps, and on alpine.

use super::listing::{self, Listing};
use super::recipe::{Recipe, words};
use super::sketch::Sketch;
use super::{alpine, buildpack, debian};
use crate::fs::Tree;
use crate::image::Image;
use std::sync::Arc;

/// A release of Python.
pub(super) struct Release {
    version: &'static str,
    /// `3.12`.
    minor: &'static str,
    pip: &'static str,
    gpg_key: &'static str,
    listing: &'static Listing,
    /// Has it setuptools and wheel? Not from 3.12 on.
    setuptools: bool,
    /// Bytes of the layer with the interpreter in the slim variant.
    bytes: u64,
}

const OLDER_KEY: &str = "E3FF2839C048B25C084DEBE9B26995E310250568";
const OLD_KEY: &str = "A035C8C19219BA821ECEA86B64E628F8D684696D";

pub(super) static V3_8: Release = Release {
    version: "3.8.18",
    minor: "3.8",
    pip: "23.0.1",
    gpg_key: OLDER_KEY,
    listing: &listing::PYTHON_3_8,
    setuptools: true,
    bytes: 33_600_000,
};
pub(super) static V3_9: Release = Release {
    version: "3.9.18",
    minor: "3.9",
    pip: "23.0.1",
    gpg_key: OLDER_KEY,
    listing: &listing::PYTHON_3_9,
    bytes: 30_500_000,
    ..V3_8
};
pub(super) static V3_10: Release = Release {
    version: "3.10.13",
    minor: "3.10",
    gpg_key: OLD_KEY,
    listing: &listing::PYTHON_3_10,
    bytes: 31_400_000,
    ..V3_8
};
pub(super) static V3_11: Release = Release {
    version: "3.11.7",
    minor: "3.11",
    pip: "23.2.1",
    gpg_key: OLD_KEY,
    listing: &listing::PYTHON_3_11,
    bytes: 34_300_000,
    ..V3_8
};
pub(super) static V3_12: Release = Release {
    version: "3.12.1",
    minor: "3.12",
    pip: "23.2.1",
    gpg_key: "7169605F62C751356D054A26A821E680E5FA6305",
    listing: &listing::PYTHON_3_12,
    setuptools: false,
    bytes: 35_011_584,
};

/// 2023-12-20.
const CREATED: i64 = 1_703_030_400;

/// What an image of it stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Alpine,
    Slim,
    Full,
}

impl On {
    fn word(self) -> &'static str {
        match self {
            On::Alpine => "alpine",
            On::Slim => "slim",
            On::Full => "full",
        }
    }
}

/// The image of a release on one of the three.
pub(super) fn image(python: &'static Release, on: On) -> Arc<Image> {
    let base = match on {
        On::Alpine => alpine::shared(&alpine::V3_19),
        On::Slim => debian::slim(),
        On::Full => super::image("buildpack-deps:bookworm").unwrap_or_else(|| buildpack::image(3)),
    };
    let mut recipe = Recipe::from(&base, CREATED);
    let env = |text: &str| format!("/bin/sh -c #(nop)  ENV {text}");
    recipe.meta(&env(PATH)).meta(&env("LANG=C.UTF-8"));
    match on {
        On::Alpine => {
            let run = "/bin/sh -c set -eux; \tapk add --no-cache \t\tca-certificates \t\ttzdata \t;";
            recipe.layer(run, "RUN apk add", "python/alpine", on_alpine);
        }
        On::Slim => {
            recipe.layer(RUN_APT, "RUN apt-get", "python/libraries", libraries);
        }
        On::Full => {
            recipe.layer(RUN_TK, "RUN apt-get", "python/tk", tk);
        }
    }
    let key = format!("GPG_KEY={}", python.gpg_key);
    let version = format!("PYTHON_VERSION={}", python.version);
    let pip_version = format!("PYTHON_PIP_VERSION={}", python.pip);
    let word = on.word();
    recipe.meta(&env(&key)).meta(&env(&version));
    let of = |what: &str| format!("python/{}/{word}/{what}", python.minor);
    recipe.layer(RUN_PYTHON, "RUN install python", &of("python"), move || interpreter(python, on));
    recipe.layer(RUN_NAMES, "RUN link python", "python/names", names);
    recipe.meta(&env(&pip_version));
    let mut more = vec![pip_version.as_str()];
    if python.setuptools {
        recipe.meta(&env(SETUPTOOLS));
        more.push(SETUPTOOLS);
    }
    more.extend([GET_PIP, GET_PIP_SUM]);
    recipe.meta(&env(GET_PIP)).meta(&env(GET_PIP_SUM));
    recipe.layer(RUN_PIP, "RUN install pip", &of("pip"), move || pip(python, on));
    recipe.meta("/bin/sh -c #(nop)  CMD [\"python3\"]");
    recipe.config(|config| {
        config.env = words(&[PATH, "LANG=C.UTF-8", &key, &version]);
        config.env.extend(words(&more));
        config.cmd = Some(words(&["python3"]));
    });
    recipe.finish()
}

const PATH: &str = "PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const GET_PIP: &str = "PYTHON_GET_PIP_URL=https://github.com/pypa/get-pip/raw/\
    049c52c665e8c5fd1751f942316e0a5c777d304f/public/get-pip.py";
const GET_PIP_SUM: &str =
    "PYTHON_GET_PIP_SHA256=7cfd4bdc4d475ea971f1c0710a5953bcc704d171f83c797b9529d9974502fcc6";
const SETUPTOOLS: &str = "PYTHON_SETUPTOOLS_VERSION=65.5.1";

const RUN_APT: &str = "/bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \t\tca-certificates \
    \t\tnetbase \t\ttzdata \t; \trm -rf /var/lib/apt/lists/*";

const RUN_TK: &str = "/bin/sh -c set -eux; \tapt-get update; \tapt-get install -y --no-install-recommends \
    \t\tlibbluetooth-dev \t\ttk-dev \t\tuuid-dev \t; \trm -rf /var/lib/apt/lists/*";

const RUN_PYTHON: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends \t\tdpkg-dev \t\tgcc \t\tlibffi-dev \t\tlibssl-dev \t\tmake \t\tzlib1g-dev \t; \
    \twget -O python.tar.xz \"https://www.python.org/ftp/python/${PYTHON_VERSION%%[a-z]*}/Python-$PYTHON_VERSION.tar.xz\"; \
    \t./configure --enable-optimizations --enable-shared; \tmake -j \"$(nproc)\"; \tmake install; \tldconfig; \
    \tapt-get purge -y --auto-remove; \trm -rf /var/lib/apt/lists/*; \t\tpython3 --version";

const RUN_NAMES: &str = "/bin/sh -c set -eux; \tfor src in idle3 pydoc3 python3 python3-config; do \
    \t\tdst=\"$(echo \"$src\" | tr -d 3)\"; \t\tln -svT \"$src\" \"/usr/local/bin/$dst\"; \tdone";

const RUN_PIP: &str = "/bin/sh -c set -eux; \t\tsavedAptMark=\"$(apt-mark showmanual)\"; \tapt-get update; \
    \tapt-get install -y --no-install-recommends wget; \t\twget -O get-pip.py \"$PYTHON_GET_PIP_URL\"; \
    \tpython get-pip.py \"pip==$PYTHON_PIP_VERSION\"; \trm -f get-pip.py; \t\tpip --version";

fn libraries() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    let new = [&listing::NETBASE.text()[..], &listing::DEBIAN_CERTIFICATES.text()];
    debian::add_packages(&mut s, &[&listing::DEBIAN], &new);
    s.described("/etc/ld.so.cache", 4643, 0o644).described("/var/lib/apt/extended_states", 112, 0o644);
    s.fill_up(9_209_856, "/var/cache/debconf", "templates.dat config.dat");
    s.done()
}

/// What tk-dev brings: its size is the published one, its names are left out.
fn tk() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    s.files("/var/log", "alternatives.log 9903 dpkg.log 541236").files("/etc", "ld.so.cache 38213");
    s.fill_up(18_300_000, "/usr/lib/x86_64-linux-gnu", "libtk8.6.a libtcl8.6.a libtk8.6.so libtcl8.6.so");
    s.done()
}

fn on_alpine() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    let files = [alpine::certificates(&mut s), alpine::zones()].concat();
    alpine::add_packages(&mut s, &alpine::V3_19, &files, "ca-certificates tzdata");
    s.done()
}

fn interpreter(python: &Release, on: On) -> Tree {
    let mut s = Sketch::new("python", CREATED);
    let library = format!("/usr/local/lib/libpython{}.so.1.0", python.minor);
    s.listing(&python.listing.text());
    match on {
        On::Slim => {
            let before = [&listing::DEBIAN, &listing::NETBASE, &listing::DEBIAN_CERTIFICATES];
            debian::add_packages(&mut s, &before, &[&listing::PYTHON_LIBRARIES.text()]);
            s.settle(python.bytes, &library);
        }
        On::Alpine => {
            // Its libraries are smaller; the older interpreters are, too.
            let less = if python.setuptools { 3_000_000 } else { 0 };
            s.listing(ALPINE_LIBRARIES).settle(python.bytes - less, &library);
        }
        On::Full => {}
    }
    s.done()
}

fn names() -> Tree {
    let mut s = Sketch::new("python", CREATED);
    s.link("/usr/local/bin/idle", "idle3").link("/usr/local/bin/pydoc", "pydoc3");
    s.link("/usr/local/bin/python", "python3").link("/usr/local/bin/python-config", "python3-config");
    s.done()
}

fn pip(python: &Release, on: On) -> Tree {
    let mut s = Sketch::new("python", CREATED);
    let own = |listing: &Listing| listing.text().replace("3.12", python.minor).replace("23.2.1", python.pip);
    s.listing(&own(&listing::PYTHON_PIP));
    let site = format!("/usr/local/lib/python{}/site-packages", python.minor);
    let metadata =
        |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    s.text(&format!("{site}/pip-{}.dist-info/METADATA", python.pip), &metadata("pip", python.pip));
    if python.setuptools {
        s.listing(&own(&listing::PYTHON_SETUPTOOLS));
        s.text(&format!("{site}/setuptools-65.5.1.dist-info/METADATA"), &metadata("setuptools", "65.5.1"));
        s.text(&format!("{site}/wheel-0.42.0.dist-info/METADATA"), &metadata("wheel", "0.42.0"));
    }
    if on == On::Slim {
        s.files("/var/log", "alternatives.log 7103 dpkg.log 152236")
            .files("/var/lib/apt", "extended_states 520");
        s.files("/var/cache/debconf", "config.dat 16881 templates.dat 781542")
            .files("/etc", "ld.so.cache 8021");
    }
    s.done()
}

/// What the interpreter is linked with in Alpine.
const ALPINE_LIBRARIES: &str = "\
=
/usr/lib
libbz2.so.1 > libbz2.so.1.0.8
libbz2.so.1.0.8 67608 755
libexpat.so.1 > libexpat.so.1.8.10
libexpat.so.1.8.10 141824 755
libffi.so.8 > libffi.so.8.1.2
libffi.so.8.1.2 34864 755
libgdbm.so.6 > libgdbm.so.6.0.0
libgdbm.so.6.0.0 63608 755
liblzma.so.5 > liblzma.so.5.4.5
liblzma.so.5.4.5 178880 755
libncursesw.so.6 > libncursesw.so.6.4
libncursesw.so.6.4 307080 755
libpanelw.so.6 > libpanelw.so.6.4
libpanelw.so.6.4 14144 755
libreadline.so.8 > libreadline.so.8.2
libreadline.so.8.2 285448 755
libsqlite3.so.0 > libsqlite3.so.0.8.6
libsqlite3.so.0.8.6 1141232 755
libuuid.so.1 > libuuid.so.1.3.0
libuuid.so.1.3.0 30472 755
";
